"""Every linter of the GS1 syntax dictionary, by name.

A linter looks at one component of a value and returns the first fault or None. They are written
after the GS1 General Specifications: character sets (7.11), check digits and characters (7.9),
formats of single application identifiers (3), and the lists in ``codes``. ``gcppos1`` and
``gcppos2`` can tell only that a company prefix may stand there: which prefixes GS1 has given away
is in no table that ships.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kintsugi.engine.gs1 import codes, coupons, dates
from kintsugi.engine.gs1.finding import Finding, first_bad, whole

Linter = Callable[[str], Finding | None]

CSET82 = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
CSET39 = r"[#\-/0-9A-Z]"
_CSET82_ORDER = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
_CSET32_ORDER = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = re.compile(r"[0-9]*")
_CSET82_RE = re.compile(CSET82 + "*")
_CSET39_RE = re.compile(CSET39 + "*")
_CSET64_RE = re.compile(r"[A-Za-z0-9_-]*")
_CSET32_RE = re.compile(r"[2-9A-HJ-NP-Z]*")
_IBAN_RE = re.compile(r"[0-9A-Z]*")
# Fewer cannot hold a country, two check digits and an account.
_IBAN_SHORTEST = 11
# The shortest GS1 company prefix (definition of the linter gcppos1).
_GCP_SHORTEST = 4


def _primes(count: int) -> tuple[int, ...]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return tuple(found)


# One weight for each character before the check pair: no value is longer than 97 + 2.
_WEIGHTS = _primes(97)


def check_digit(body: str) -> str:
    """Modulo-10 check digit of ``body``, the digits before it (GTIN, SSCC, GLN). Section 7.9.

    Raises ValueError when ``body`` is not all digits.
    """
    if not (body.isascii() and body.isdigit()):
        raise ValueError("only digits have a GS1 check digit")
    total = 3 * sum(map(int, body[::-2])) + sum(map(int, body[-2::-2]))
    return str(-total % 10)


def has_check_digit(number: str) -> bool:
    """Whether the last digit of an all-digit number is the check digit of the others."""
    if len(number) < 2 or not (number.isascii() and number.isdigit()):
        return False
    return check_digit(number[:-1]) == number[-1]


def check_pair(body: str) -> str:
    """The two check characters of ``body``, the characters of set 82 before them.

    Section 7.9, check characters of alphanumeric keys.
    """
    weighted = zip(reversed(body), _WEIGHTS, strict=False)
    total = sum(_CSET82_ORDER.index(char) * weight for char, weight in weighted) % 1021
    return _CSET32_ORDER[total >> 5] + _CSET32_ORDER[total & 31]


def csetnumeric(data: str) -> Finding | None:
    """Digits only."""
    return first_bad("non-digit-character", _DIGITS, data)


def cset82(data: str) -> Finding | None:
    """Characters of set 82, section 7.11."""
    return first_bad("invalid-cset82-character", _CSET82_RE, data)


def cset39(data: str) -> Finding | None:
    """Characters of set 39, section 7.11."""
    return first_bad("invalid-cset39-character", _CSET39_RE, data)


def cset64(data: str) -> Finding | None:
    """Characters of set 64, section 7.11; ``=`` only pads the end to a multiple of three."""
    body = data.rstrip("=")
    if bad := first_bad("invalid-cset64-character", _CSET64_RE, body):
        return bad
    padding = len(data) - len(body)
    if padding and (padding > 2 or len(data) % 3):
        return Finding("invalid-cset64-padding", len(body), padding)
    return None


def csum(data: str) -> Finding | None:
    """The last digit is the modulo-10 check digit of the others."""
    if not data:
        return whole("too-short-for-check-digit", data)
    if bad := csetnumeric(data):
        return bad
    sound = check_digit(data[:-1] or "0") == data[-1]
    return None if sound else Finding("incorrect-check-digit", len(data) - 1, 1)


def csumalpha(data: str) -> Finding | None:
    """The last two characters are the check characters of the others."""
    if len(data) < 2:
        return whole("too-short-for-check-pair", data)
    if len(data) - 2 > len(_WEIGHTS):
        return whole("too-long-for-check-pair-implementation", data)
    body, pair = data[:-2], data[-2:]
    if bad := cset82(body):
        return bad
    if bad := first_bad("invalid-cset32-character", _CSET32_RE, pair):
        return Finding(bad.fault, len(body) + bad.start, 1)
    return None if check_pair(body) == pair else Finding("incorrect-check-pair", len(body), 2)


def gcppos1(data: str) -> Finding | None:
    """A company prefix can stand at the beginning."""
    if bad := csetnumeric(data[:_GCP_SHORTEST]):
        return Finding("invalid-gcp-prefix", bad.start, 1)
    return whole("too-short-for-gcp", data) if len(data) < _GCP_SHORTEST else None


def gcppos2(data: str) -> Finding | None:
    """A company prefix can stand after the first character, an indicator or extension digit."""
    if not data:
        return whole("too-short-for-gcp", data)
    found = gcppos1(data[1:])
    return Finding(found.fault, found.start + 1, found.length) if found else None


def hasnondigit(data: str) -> Finding | None:
    """At least one character is no digit."""
    return None if csetnumeric(data) else whole("requires-non-digit-character", data)


def nonzero(data: str) -> Finding | None:
    """Digits, and not all of them zero."""
    if bad := csetnumeric(data):
        return bad
    return None if data.strip("0") else whole("illegal-zero-value", data)


def zero(data: str) -> Finding | None:
    """Zeros only."""
    return None if data and not data.strip("0") else whole("not-zero", data)


def nozeroprefix(data: str) -> Finding | None:
    """Digits that do not begin with zero."""
    if bad := csetnumeric(data):
        return bad
    return Finding("illegal-zero-prefix", 0, 1) if data.startswith("0") else None


def hyphen(data: str) -> Finding | None:
    """Hyphens only."""
    return None if data and not data.strip("-") else whole("not-hyphen", data)


def importeridx(data: str) -> Finding | None:
    """One character of set 64: the importer index of AI (7040)."""
    if len(data) != 1:
        return whole("importer-idx-must-be-one-character", data)
    return first_bad("invalid-import-idx-character", _CSET64_RE, data)


def _member(fault: str, members: frozenset[str]) -> Linter:
    def check(data: str) -> Finding | None:
        return None if data in members else whole(fault, data)

    return check


def _degrees(name: str, highest: int) -> Linter:
    def check(data: str) -> Finding | None:
        if len(data) != 10:
            return whole(f"{name}-invalid-length", data)
        if bad := csetnumeric(data):
            return bad
        return whole(f"invalid-{name}", data) if int(data) > highest else None

    return check


def iban(data: str) -> Finding | None:
    """An account number after ISO 13616: country, and ISO 7064 modulo 97 over the whole is 1."""
    if len(data) < _IBAN_SHORTEST:
        return whole("iban-too-short", data)
    if bad := first_bad("invalid-iban-character", _IBAN_RE, data):
        return bad
    if data[:2] not in codes.COUNTRIES_ALPHA2:
        return Finding("illegal-iban-country-code", 0, 2)
    remainder = 0
    for char in data[4:] + data[:4]:
        value = int(char, 36)
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
    return None if remainder == 1 else Finding("incorrect-iban-checksum", 2, 2)


def pcenc(data: str) -> Finding | None:
    """Every percent sign begins two hexadecimal digits."""
    if bad := re.search(r"%(?![0-9A-Fa-f]{2})", data):
        return Finding("invalid-percent-sequence", bad.start(), min(3, len(data) - bad.start()))
    return None


def pieceoftotal(data: str) -> Finding | None:
    """Two numbers of equal length: a piece, and of how many."""
    half, odd = divmod(len(data), 2)
    if not data or odd:
        return whole("invalid-length-for-piece-of-total", data)
    if bad := csetnumeric(data):
        return bad
    piece, total = data[:half], data[half:]
    if not piece.strip("0"):
        return Finding("zero-piece-number", 0, half)
    if not total.strip("0"):
        return Finding("zero-total-pieces", half, half)
    return whole("piece-number-exceeds-total", data) if piece > total else None


def posinseqslash(data: str) -> Finding | None:
    """A position, a slash and the end of the sequence, such as 1/3."""
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", data)
    if match is None:
        return whole("position-in-sequence-malformed", data)
    for group in (1, 2):
        if match[group].startswith("0"):
            return Finding("illegal-zero-prefix", match.start(group), len(match[group]))
    # Neither begins with zero: the longer is the larger.
    position, end = match[1], match[2]
    exceeds = (len(position), position) > (len(end), end)
    return whole("position-exceeds-end", data) if exceeds else None


LINTERS: Mapping[str, Linter] = {
    "couponcode": coupons.couponcode,
    "couponposoffer": coupons.couponposoffer,
    "cset39": cset39,
    "cset64": cset64,
    "cset82": cset82,
    "csetnumeric": csetnumeric,
    "csum": csum,
    "csumalpha": csumalpha,
    "gcppos1": gcppos1,
    "gcppos2": gcppos2,
    "hasnondigit": hasnondigit,
    "hh": dates.hh,
    "hhmi": dates.hhmi,
    "hyphen": hyphen,
    "iban": iban,
    "importeridx": importeridx,
    "iso3166": _member("not-iso3166", codes.COUNTRIES_NUMERIC),
    "iso3166999": _member("not-iso3166-or-999", codes.COUNTRIES_NUMERIC | {"999"}),
    "iso3166alpha2": _member("not-iso3166-alpha2", codes.COUNTRIES_ALPHA2),
    "iso4217": _member("not-iso4217", codes.CURRENCIES),
    "iso5218": _member("invalid-biological-sex-code", frozenset("0129")),
    "latitude": _degrees("latitude", 1_800_000_000),
    "longitude": _degrees("longitude", 3_600_000_000),
    "mediatype": _member("invalid-media-type", codes.MEDIA_TYPES),
    "mi": dates.mi,
    "nonzero": nonzero,
    "nozeroprefix": nozeroprefix,
    "packagetype": _member("invalid-package-type", codes.PACKAGE_TYPES),
    "pcenc": pcenc,
    "pieceoftotal": pieceoftotal,
    "posinseqslash": posinseqslash,
    "ss": dates.ss,
    "winding": _member("invalid-winding-direction", frozenset("019")),
    "yesno": _member("not-zero-or-one", frozenset("01")),
    "yymmd0": dates.yymmd0,
    "yymmdd": dates.yymmdd,
    "yyyymmd0": dates.yyyymmd0,
    "yyyymmdd": dates.yyyymmdd,
    "zero": zero,
}
