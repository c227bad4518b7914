"""HIBCC: labeler code, primary and secondary data structures, modulo-43 check character.

Source: ANSI/HIBC 2.6, Supplier Labeling Standard. Primary: ``+``, labeler identification code
(a letter and three letters or digits), product code of 1–18 characters, unit-of-measure digit,
check character. Secondary data follow after ``/`` or stand alone after ``+``.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_VALUE = {character: i for i, character in enumerate(_ALPHABET)}

DI_RE = re.compile(r"[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9]")


class HibcError(ValueError):
    """A string that is no sound HIBC."""


def check_character(body: str) -> str:
    """Modulo-43 check character of everything before it, the leading ``+`` included."""
    try:
        return _ALPHABET[sum(_VALUE[c] for c in body) % 43]
    except KeyError as error:
        raise HibcError(f"character not allowed: {error.args[0]}") from None


@dataclass(frozen=True, slots=True)
class Hibc:
    """Parsed HIBC. ``di`` is labeler code, product code and unit of measure, without check."""

    di: str | None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None
    mfg: date | None = None
    quantity: int | None = None
    check_ok: bool = True
    expected_check: str = ""


def parse(text: str) -> Hibc:
    """A whole HIBC string, primary with or without secondary data.

    A wrong check character is reported in ``check_ok``, not raised. Raises HibcError.
    """
    text = text.strip("*")
    if not text.startswith("+") or len(text) < 3:
        raise HibcError("does not start with +")
    expected = check_character(text[:-1])
    sound = expected == text[-1]
    body = text[1:-1]
    if body[:1].isalpha():
        primary, *supplements = body.split("/")
        if not DI_RE.fullmatch(primary):
            raise HibcError("no primary data structure")
        parts: dict[str, object] = {"di": primary}
    else:
        supplements = body.split("/")
        parts = {"di": None}
    for supplement in supplements:
        parts.update(_secondary(supplement))
    return Hibc(check_ok=sound, expected_check=expected, **parts)  # type: ignore[arg-type]


def _secondary(text: str) -> dict[str, object]:
    """One data structure after a slash: lot or serial with dates and quantity."""
    if text.startswith("$$"):
        is_serial = text.startswith("$$+")
        return _flagged(text[3:] if is_serial else text[2:], "serial" if is_serial else "lot")
    if text.startswith("$+"):
        return {"serial": text[2:]}
    if text.startswith("$"):
        return {"lot": text[1:]}
    if text.startswith("S"):
        return {"serial": text[1:]}
    if match := re.fullmatch(r"14D([0-9]{8})", text):
        return {"expiry": _ymd(match[1][:4], match[1][4:6], match[1][6:])}
    if match := re.fullmatch(r"16D([0-9]{8})", text):
        return {"mfg": _ymd(match[1][:4], match[1][4:6], match[1][6:])}
    if match := re.fullmatch(r"Q([0-9]{1,5})", text):
        return {"quantity": int(match[1])}
    if match := re.fullmatch(r"([0-9]{5})(.*)", text):
        return {"expiry": _julian(match[1]), "lot": match[2] or None}
    raise HibcError(f"unknown secondary data: {text[:8]}")


def _flagged(text: str, field: str) -> dict[str, object]:
    """Quantity flag 8 or 9, then the date flag, then the lot or serial number."""
    found: dict[str, object] = {}
    if match := re.match(r"8([0-9]{2})|9([0-9]{5})", text):
        found["quantity"] = int(match[1] or match[2])
        text = text[match.end() :]
    forms = (
        (r"7", lambda m: None),
        (r"2([0-9]{2})([0-9]{2})([0-9]{2})", lambda m: _ymd("20" + m[3], m[1], m[2])),
        (r"3([0-9]{2})([0-9]{2})([0-9]{2})", lambda m: _ymd("20" + m[1], m[2], m[3])),
        (r"4([0-9]{2})([0-9]{2})([0-9]{2})[0-9]{2}", lambda m: _ymd("20" + m[1], m[2], m[3])),
        (r"5([0-9]{5})", lambda m: _julian(m[1])),
        (r"6([0-9]{5})[0-9]{2}", lambda m: _julian(m[1])),
        # No flag: MMYY, usable to the end of that month.
        (r"([01][0-9])([0-9]{2})", lambda m: _ymd("20" + m[2], m[1], "00")),
    )
    for pattern, read in forms:
        if match := re.match(pattern, text):
            found["expiry"] = read(match)
            text = text[match.end() :]
            break
    else:
        if text and "quantity" not in found:
            raise HibcError("no date flag")
    found[field] = text or None
    return found


def _ymd(year: str, month: str, day: str) -> date:
    try:
        last = calendar.monthrange(int(year), int(month))[1]
        return date(int(year), int(month), int(day) or last)
    except (ValueError, calendar.IllegalMonthError):
        raise HibcError(f"no such day: {year}-{month}-{day}") from None


def _julian(text: str) -> date:
    year, day = 2000 + int(text[:2]), int(text[2:])
    if not 1 <= day <= 365 + calendar.isleap(year):
        raise HibcError(f"no such day: {text}")
    return date(year, 1, 1) + timedelta(days=day - 1)
