"""What a spreadsheet's number format makes of a number: dates, padded codes, exact digits.

Serial dates follow ECMA-376 part 1, 18.17.4: the 1900 system counts a 29 February 1900 that never
was (serial 60), the 1904 system starts at 1904-01-01 = 0.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

_BUILTIN: Final = {
    9: "0%",
    10: "0.00%",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    49: "@",
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
}
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKET: Final = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)
_LAST_SERIAL: Final = 2_958_465  # 9999-12-31
_SHOWN_DIGITS: Final = 15
_FIFTEEN: Final = Context(prec=_SHOWN_DIGITS, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Style:
    """What a cell style means for its text. ``kind``: number, date, time, duration, pad.
    ``note`` is the format code where it changes how the number is to be read, else ''."""

    kind: str = "number"
    pad: int = 0
    note: str = ""
    strike: bool = False


def style(format_id: int, code: str | None, *, strike: bool = False) -> Style:
    """The meaning of a number format: built-in id, or its own code."""
    text = code if code is not None else _BUILTIN.get(format_id, "")
    first = text.split(";")[0]
    if re.fullmatch("0{2,}", first):
        return Style("pad", len(first), text, strike)
    plain = _BRACKET.sub("", _LITERAL.sub("", first)).lower()
    if re.search(r"\[(?:h+|m+|s+)\]", plain):
        return Style("duration", 0, "", strike)
    if re.search("[yd]", plain) or ("m" in plain and not re.search("[hs]", plain)):
        if "general" not in plain and not re.search("[0#?]", plain):
            return Style("date", 0, "", strike)
    elif re.search("[hs]", plain) and not re.search("[#?]", plain):
        return Style("time", 0, "", strike)
    remarkable = "%" in plain or bool(re.search(r'"[^"]+"|[¥￥$€£]|\[\$', text))
    return Style("number", 0, text if remarkable else "", strike)


def serial_text(value: str, kind: str, *, date1904: bool) -> str | None:
    """ISO text of a serial date, time or duration; None when the number is out of range."""
    try:
        serial = Decimal(value)
    except InvalidOperation:
        return None
    if serial < 0 or serial > _LAST_SERIAL:
        return None
    seconds = int((serial * 86400).quantize(Decimal(1)))
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    if kind == "duration":
        return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    if kind == "time" and days == 0:
        return clock
    day = _day(days, date1904)
    return day if rest == 0 else f"{day}T{clock}"


def cell_number(raw: str, style: Style, *, date1904: bool) -> tuple[str, list[tuple[str, str]]]:
    """(text, remarks) of a number in a cell of this style, remarks as (kind, value) of sidecar
    entries in their order.

    >>> cell_number("7", Style("pad", 3, "000"), date1904=False)
    ('007', [('number_format', '000')])
    """
    if style.kind in ("date", "time", "duration"):
        shown = serial_text(raw, style.kind, date1904=date1904)
        if shown is not None:
            marks = [("type", style.kind)]
            return shown, [*marks, ("date1904", raw)] if date1904 else marks
    text, lost = number_text(raw)
    marks = [("precision_lost", raw)] if lost else []
    if style.note:
        marks.append(("number_format", style.note))
    if style.kind == "pad" and text.isdigit():
        text = text.zfill(style.pad)
    return text, marks


def _day(days: int, date1904: bool) -> str:
    if date1904:
        return (date(1904, 1, 1) + timedelta(days)).isoformat()
    if days == 0:
        return "1900-01-00"
    if days == 60:
        return "1900-02-29"
    base = date(1899, 12, 31) if days < 60 else date(1899, 12, 30)
    return (base + timedelta(days)).isoformat()


def number_text(lexical: str) -> tuple[str, bool]:
    """(plain text of a number as stored, whether digits were lost).

    Spreadsheets show 15 digits. An exponent that needs more digits than are there, or a whole
    number of more than 15 digits that ends in zeros, has lost some; digits that are there stay.
    A fraction is written to 17 digits in the file, the last two of which are noise of the binary
    number: it is rounded to the 15 the spreadsheet shows.

    >>> number_text("12345678901234567890"), number_text("1.23457E+17"), number_text("1.5E-3")
    (('12345678901234567890', False), ('1.23457E+17', True), ('0.0015', False))
    >>> number_text("8.5500000000000007"), number_text("9.800000000000001")
    (('8.55', False), ('9.8', False))
    """
    if "e" in lexical or "E" in lexical:
        try:
            value = Decimal(lexical)
        except InvalidOperation:
            return lexical, False
        if value.adjusted() >= 15:
            return lexical, True
        return (_shown(format(value, "f")) if value.adjusted() > -30 else lexical), False
    digits = lexical.lstrip("-+")
    if len(digits) > _SHOWN_DIGITS and digits.isdigit():
        return lexical, digits[_SHOWN_DIGITS:].strip("0") == ""
    return _shown(lexical), False


def _shown(plain: str) -> str:
    """A number with a fraction rounded to 15 significant digits; others as they stand."""
    whole, point, fraction = plain.lstrip("-+").partition(".")
    if not point or not (whole + fraction).isdigit() or len(whole) > _SHOWN_DIGITS:
        return plain
    if len((whole + fraction).lstrip("0")) <= _SHOWN_DIGITS:
        return plain
    try:
        text = format(_FIFTEEN.plus(Decimal(plain)), "f")
    except InvalidOperation:  # two signs, say, or raised digits
        return plain
    return text.rstrip("0").rstrip(".") if "." in text else text
