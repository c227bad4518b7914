"""Full UDIs, device and production part, as printed or scanned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from kintsugi.engine.udi import gs1, hibcc, other
from kintsugi.engine.udi.check import CHECK_DIGIT, Issuer


class UdiError(ValueError):
    """A text that is no readable UDI."""


@dataclass(frozen=True, slots=True)
class Udi:
    """A parsed UDI. ``canonical`` prints it in one form; parsing that gives the same again.

    ``issue`` is ``udi.check-digit`` when it can be read but its check does not agree, then
    ``expected_check`` holds the right one.
    """

    di: str
    issuer: Issuer
    lot: str | None
    serial: str | None
    expiry: date | None
    mfg: date | None
    raw: str
    canonical: str
    issue: str | None = None
    expected_check: str | None = None


def parse_udi(text: str, *, today_year: int | None = None) -> Udi:
    """Take a full UDI apart: GS1 with brackets or separators, HIBC, ISBT 128, MA.

    A bare 14-digit GTIN counts as a UDI without production part. ``today_year`` decides the
    century of GS1 two-digit years. Raises UdiError.
    """
    raw = text
    # Printed forms come with blanks after brackets, full-width brackets, a label in front.
    text = text.strip().translate(str.maketrans("（）", "()"))
    text = re.sub(r"^(?:UDI(?:-DI)?|UDI码)\s*[:：]\s*", "", text, flags=re.IGNORECASE)
    try:
        if text.startswith("("):
            return _gs1(
                gs1.parse_bracketed(re.sub(r"\)\s+", ")", text), lenient=True), raw, today_year
            )
        if text.startswith("+") or (text.startswith("*+") and text.endswith("*")):
            return _hibc(text.upper(), raw)
        if text.startswith(("=/", "=+")) or (text.startswith("=") and "=/" in text):
            parts = other.parse_iccbba(text)
            return _parts(parts, "ICCBBA", text, raw)
        if text.upper().startswith("MA."):
            return _parts(other.parse_ma(text), "MA", _ma_canonical(text), raw)
        if re.fullmatch(r"[0-9]{14}", text):
            text = "01" + text
        if re.match(r"(?:\](?:C1|d2|Q3|e0|J1))?[\^|\x1d]?0[123][0-9]{14}", text):
            return _gs1(gs1.parse_scanned(text, lenient=True), raw, today_year)
    except (gs1.Gs1Error, hibcc.HibcError, other.CodeError) as error:
        raise UdiError(str(error)) from None
    raise UdiError("no form of a known issuing agency")


def _gs1(elements: gs1.ElementString, raw: str, today_year: int | None) -> Udi:
    di = elements.get("01")
    if di is None:
        raise UdiError("no (01) device identifier")
    # A broken label can put anything between the brackets; only digits have a check digit.
    if not re.fullmatch(r"[0-9]{14}", di):
        raise UdiError("a (01) device identifier is 14 digits")
    expected = gs1.check_digit(di[:-1])
    sound = expected == di[-1]
    ends, made = elements.get("17"), elements.get("11")
    # Identifier first, predefined lengths next, the rest as read: GS1 section 7.8.5.3.
    ordered = sorted(elements.elements, key=lambda e: (e[0] != "01", not gs1.AIS[e[0]].predefined))
    return Udi(
        di=di,
        issuer="GS1",
        lot=elements.get("10"),
        serial=elements.get("21"),
        expiry=gs1.day_of(ends, today_year=today_year) if ends else None,
        mfg=gs1.day_of(made, today_year=today_year) if made else None,
        raw=raw,
        canonical=_bracketed(ordered),
        issue=None if sound else CHECK_DIGIT,
        expected_check=None if sound else expected,
    )


def _bracketed(elements: list[tuple[str, str]]) -> str:
    """Human-readable form in which an opening bracket inside data is escaped."""
    unique = dict.fromkeys(elements)
    return "".join(f"({code}){data.replace('(', chr(92) + '(')}" for code, data in unique)


def _hibc(text: str, raw: str) -> Udi:
    parsed = hibcc.parse(text)
    if parsed.di is None:
        raise UdiError("secondary data without a device identifier")
    return Udi(
        di=parsed.di,
        issuer="HIBCC",
        lot=parsed.lot,
        serial=parsed.serial,
        expiry=parsed.expiry,
        mfg=parsed.mfg,
        raw=raw,
        canonical=text.strip("*"),
        issue=None if parsed.check_ok else CHECK_DIGIT,
        expected_check=None if parsed.check_ok else parsed.expected_check,
    )


def _parts(parts: other.Parts, issuer: Issuer, canonical: str, raw: str) -> Udi:
    return Udi(
        di=parts.di,
        issuer=issuer,
        lot=parts.lot,
        serial=parts.serial,
        expiry=parts.expiry,
        mfg=parts.mfg,
        raw=raw,
        canonical=canonical,
    )


def _ma_canonical(text: str) -> str:
    """The five parts of the DI in upper case, production data as written."""
    pieces = text.split(".")
    return ".".join([*(p.upper() for p in pieces[:5]), *pieces[5:]])
