"""One scan, in whatever form it comes, to checked elements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kintsugi.engine.gs1 import elements as form
from kintsugi.engine.gs1.associations import check_item
from kintsugi.engine.gs1.dates import day_of
from kintsugi.engine.gs1.elements import FNC1, GS, STRICT, Element, Options
from kintsugi.engine.gs1.errors import GS1Error
from kintsugi.engine.gs1.link import parse_link, write_link
from kintsugi.engine.gs1.symbols import (
    COMPOSITE,
    Carrier,
    gtin,
    not_gs1,
    read_message,
    read_symbol,
    write_symbol,
)
from kintsugi.engine.text import Text

# The digits that the largest QR code holds: no symbol holds more.
LONGEST = 7089

_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_RAW = re.compile(r"[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Scan:
    """Checked elements in the order they were read; ``carrier`` when the scanner named it."""

    elements: tuple[Element, ...]
    carrier: Carrier | None = None

    def get(self, ai: str) -> str | None:
        """The value of an application identifier, or None."""
        return next((e.value for e in self.elements if e.ai == ai), None)

    @property
    def gtin14(self) -> str | None:
        """The trade item: GTIN (01), or that of a piece (8006)."""
        return self.get("01") or (self.get("8006") or "")[:14] or None

    @property
    def lot(self) -> str | None:
        """Batch or lot number (10)."""
        return self.get("10")

    @property
    def serial(self) -> str | None:
        """Serial number (21)."""
        return self.get("21")

    def expiry(self, *, today_year: int | None = None) -> date | None:
        """The last day of use (17), or the day of (7003); ``today_year`` decides the century."""
        text = self.get("17") or (self.get("7003") or "")[:6]
        return day_of(text, today_year=today_year)

    def bracketed(self) -> str:
        """``(01)…(10)…``, canonical: reading it gives the same elements."""
        return form.bracketed(self.elements)

    def unbracketed(self) -> str:
        """``^01…10…`` with ``^`` for FNC1."""
        return form.unbracketed(self.elements)

    def hri(self) -> str:
        """The text printed beside a symbol."""
        return form.hri(self.elements)

    def link(self, *, stem: str | None = None) -> str:
        """The Digital Link URI. Raises GS1Error when the elements have no key for one."""
        return write_link(self.elements, stem=stem)

    def data(self, carrier: Carrier) -> str:
        """What a scanner sends for such a symbol. Raises GS1Error when it cannot hold them."""
        return write_symbol(carrier, self.unbracketed())


def scan(text: str, *, whole: bool = True, options: Options = STRICT) -> Scan:
    """Reads one scanned, typed or printed GS1 text and checks all rules. Raises GS1Error.

    Read are: data with a symbology identifier, ``(01)…``, ``^01…``, Digital Links, a bare GTIN of
    8, 12, 13 or 14 digits, and raw element strings with GS as the separator. With ``whole`` off,
    the text is one symbol of several of a label (see ``combine``).
    """
    # Scanners that act as a keyboard end with Enter or Tab; GS is data, although Python strips it.
    text = text.strip(" \t\r\n")
    if len(text) > LONGEST:
        raise GS1Error(
            "gs1.too-long",
            Text(
                f"超过 {LONGEST} 个字符，没有条码能容纳。",
                f"More than {LONGEST} characters: no barcode holds that much.",
            ),
            Text("请逐个扫描条码。", "Scan one barcode at a time."),
            length=len(text),
        )
    carrier, elements = _read(text, options)
    return Scan(check_item(elements, whole=whole), carrier)


def combine(scans: Iterable[Scan]) -> Scan:
    """One item out of the scans of all its symbols. Raises GS1Error as ``scan`` does."""
    return Scan(check_item(element for one in scans for element in one.elements))


def _read(text: str, options: Options) -> tuple[Carrier | None, tuple[Element, ...]]:
    if text.startswith("]"):
        symbol = read_symbol(text, options)
        if not symbol.elements:
            raise not_gs1(text)
        return symbol.carrier, symbol.elements
    if text.startswith("("):
        return None, form.parse_bracketed(text, options)
    if re.match(r"https?://", text, re.IGNORECASE):
        return None, parse_link(text, options)
    if text.startswith(FNC1) or COMPOSITE in text:
        return None, read_message(text, options)
    if _GTIN.fullmatch(text):
        return None, (gtin(text),)
    raw = text.removeprefix(GS)
    if raw and not _RAW.match(raw):
        raise not_gs1(text)
    return None, form.split(raw, GS, options)
