"""Data of barcode symbols: symbology identifiers, composite symbols, plain GTINs.

A scanner that is told to sends three characters in front, ``]d2`` for a GS1 DataMatrix: they say
what the rest is. Source: GS1 General Specifications, symbology identifiers, and
ISO/IEC 15424.

A *message* is what a symbol holds, as text: ``^…`` for element strings, the digits of a GTIN, or
other text; a composite part follows behind ``|``. Other text that begins with ``^`` has a
backslash in front.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from kintsugi.engine.gs1.elements import (
    FNC1,
    GS,
    STRICT,
    Element,
    Options,
    element,
    joined,
    parse_unbracketed,
    split,
    unbracketed,
)
from kintsugi.engine.gs1.errors import RESCAN, GS1Error
from kintsugi.engine.gs1.link import SCHEMES, parse_link
from kintsugi.engine.gs1.linters import check_digit, has_check_digit
from kintsugi.engine.text import Text

COMPOSITE = "|"
_COMPOSITE_DATA = COMPOSITE + "]e0"
_ESCAPED = re.compile(r"\\*\^")


class Carrier(StrEnum):
    """A kind of symbol."""

    QR = "QR Code"
    DATA_MATRIX = "Data Matrix"
    DOT_CODE = "DotCode"
    GS1_128 = "GS1-128"
    DATABAR_EXPANDED = "GS1 DataBar Expanded"
    DATABAR_OMNI = "GS1 DataBar"
    DATABAR_LIMITED = "GS1 DataBar Limited"
    EAN_13 = "EAN-13"
    EAN_8 = "EAN-8"
    UPC_A = "UPC-A"
    UPC_E = "UPC-E"
    ITF_14 = "ITF-14"


class Symbol(NamedTuple):
    """One symbol as read. ``elements`` is empty for text that is not GS1's."""

    carrier: Carrier
    message: str
    elements: tuple[Element, ...]


# Carriers that hold either element strings or other text: the identifier of each.
_TWO_KINDS = {
    Carrier.QR: ("]Q3", "]Q1"),
    Carrier.DATA_MATRIX: ("]d2", "]d1"),
    Carrier.DOT_CODE: ("]J1", "]J0"),
}
_ELEMENTS = {
    **{pair[0]: carrier for carrier, pair in _TWO_KINDS.items()},
    "]C1": Carrier.GS1_128,
    "]e0": Carrier.DATABAR_EXPANDED,
}
_TEXT = {pair[1]: carrier for carrier, pair in _TWO_KINDS.items()}
_GTIN = {"]E0": Carrier.EAN_13, "]E4": Carrier.EAN_8, "]I1": Carrier.ITF_14}
# How many digits stand in the symbol.
_DIGITS = {
    Carrier.EAN_13: 13,
    Carrier.EAN_8: 8,
    Carrier.UPC_A: 12,
    Carrier.UPC_E: 12,
    Carrier.ITF_14: 14,
    Carrier.DATABAR_OMNI: 14,
    Carrier.DATABAR_LIMITED: 14,
}


def gtin(number: str) -> Element:
    """A bare GTIN of 8, 12, 13 or 14 digits as the element (01). Raises GS1Error."""
    if len(number) not in (8, 12, 13, 14):
        raise _not_a_gtin(number)
    return element("01", number.zfill(14))


def _not_a_gtin(number: str, digits: int | None = None) -> GS1Error:
    return GS1Error(
        "gs1.not-a-gtin",
        Text("不是带正确校验位的 GTIN。", "Not a GTIN with its right check digit."),
        RESCAN,
        value=number[:80],
        digits=digits,
    )


def read_symbol(text: str, options: Options = STRICT) -> Symbol:
    """What a scanner sends with a symbology identifier. Raises GS1Error.

    A QR code, Data Matrix or DotCode that holds a web address must hold a Digital Link.
    """
    identifier, data = text[:3], text[3:]
    if carrier := _ELEMENTS.get(identifier):
        elements = split(data, GS, options)
        return Symbol(carrier, unbracketed(elements), elements)
    if carrier := _GTIN.get(identifier):
        number, bar, added = data.partition(_COMPOSITE_DATA)
        if len(number) != _DIGITS[carrier]:
            raise _not_a_gtin(number, _DIGITS[carrier])
        trade_item = gtin(number)
        if not bar:
            return Symbol(carrier, number, (trade_item,))
        elements = split(added, GS, options)
        message = number + COMPOSITE + unbracketed(elements)
        return Symbol(carrier, message, (trade_item, *elements))
    if carrier := _TEXT.get(identifier):
        if data.startswith(SCHEMES):
            return Symbol(carrier, data, parse_link(data, options))
        return Symbol(carrier, "\\" + data if _ESCAPED.match(data) else data, ())
    raise GS1Error(
        "gs1.symbology",
        Text(
            "不是 GS1 使用的条码类型。",
            "The symbology identifier is none that GS1 uses.",
        ),
        Text(
            "请扫描标签上的 GS1 条码（GS1-128、GS1 DataMatrix 等）。",
            "Scan the label's GS1 barcode (GS1-128, GS1 DataMatrix, …).",
        ),
        identifier=identifier,
    )


def read_message(message: str, options: Options = STRICT) -> tuple[Element, ...]:
    """Elements of a message without a symbology identifier, composite part included.

    Raises GS1Error; text that is not GS1's is ``gs1.not-gs1``.
    """
    linear, bar, added = message.partition(COMPOSITE)
    if linear.startswith(FNC1):
        elements = parse_unbracketed(linear, options)
    elif linear.isascii() and linear.isdigit():
        elements = (gtin(linear),)
    else:
        raise not_gs1(message)
    return elements + (parse_unbracketed(added, options) if bar else ())


def not_gs1(text: str) -> GS1Error:
    """The refusal of text that has no GS1 form."""
    return GS1Error(
        "gs1.not-gs1",
        Text("内容不是 GS1 数据。", "The content is not GS1 data."),
        Text(
            "请扫描标签上带 (01) 的条码；其他编码（HIBC、MA 码）请用 UDI 识别。",
            "Scan the barcode that has (01) beside it; other agencies' codes (HIBC, MA) are read "
            "as UDI.",
        ),
        text=text[:80],
    )


def write_symbol(
    carrier: Carrier,
    message: str,
    *,
    add_check_digit: bool = False,
    options: Options = STRICT,
) -> str:
    """What a scanner sends for a symbol that holds the message. Raises GS1Error.

    ``add_check_digit`` completes a GTIN that lacks its last digit.
    """
    if pair := _TWO_KINDS.get(carrier):
        if message.startswith(FNC1):
            return pair[0] + _data(message, options)
        if message.startswith(SCHEMES):
            parse_link(message, options)
        return pair[1] + (message[1:] if re.match(r"\\+\^", message) else message)
    linear, bar, added = message.partition(COMPOSITE)
    composite = _data(added, options) if bar else ""
    if carrier in _DIGITS:
        number = _number(carrier, linear, add_check_digit=add_check_digit, options=options)
        if carrier in (Carrier.DATABAR_OMNI, Carrier.DATABAR_LIMITED):
            return "]e001" + number + composite
        if carrier is Carrier.EAN_8:
            identified = "]E4" + number
        elif carrier is Carrier.ITF_14:
            identified = "]I1" + number
        else:
            identified = "]E0" + number.zfill(13)
        return identified + (_COMPOSITE_DATA + composite if bar else "")
    elements = parse_unbracketed(linear, options)
    if not bar:
        start = "]C1" if carrier is Carrier.GS1_128 else "]e0"
        return start + _data(linear, options)
    # The composite part goes on where the linear part ends: one string of elements.
    return "]e0" + joined(elements + parse_unbracketed(added, options), GS)


def _data(message: str, options: Options) -> str:
    """A checked unbracketed message as sent: GS for the separators that are in it."""
    parse_unbracketed(message, options)
    return message[1:].replace(FNC1, GS)


def _number(carrier: Carrier, linear: str, *, add_check_digit: bool, options: Options) -> str:
    """The digits in a symbol that holds nothing but a GTIN."""
    size = _DIGITS[carrier]
    number = linear
    if linear.startswith(FNC1):
        elements = parse_unbracketed(linear, options)
        number = elements[0].value
        if [e.ai for e in elements] != ["01"] or number[: 14 - size].strip("0"):
            raise _not_a_gtin(linear, size)
        number = number[14 - size :]
    if add_check_digit and len(number) == size - 1 and number.isascii() and number.isdigit():
        number += check_digit(number)
    limited = carrier is Carrier.DATABAR_LIMITED
    if len(number) != size or not has_check_digit(number) or (limited and number[0] not in "01"):
        raise _not_a_gtin(number, size)
    return number
