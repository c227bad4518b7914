"""Barcodes before print: what a barcode says takes the place of what was read beside it.

A record (a row of a table, a form, a label) and the barcodes that stand in it: each element of a
GS1 barcode goes to the cell that has its name, to the cell that says the same, or to a column of
its own. The text that was read stays in the cell's mark.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from kintsugi.engine.gs1.dates import day_of
from kintsugi.engine.paper.barcodes import OTHER, element_name
from kintsugi.engine.paper.grid import Piece
from kintsugi.engine.paper.model import BARCODE, Symbol

_DATES: Final = ("11", "12", "13", "15", "16", "17")
#: Headers that name an element. Quantities are not among them: a list's is another than a pack's.
_HEADERS: Final = {
    "01": re.compile(r"udi(?!.*pi)|gtin|条码|barcode", re.I),
    "10": re.compile(r"批号|批次|\blot\b|batch", re.I),
    "11": re.compile(r"生产日期|制造日期|\bmf[gd]\b|manufactur", re.I),
    "17": re.compile(r"有效期|效期|失效|\bexp", re.I),
    "21": re.compile(r"序列号|出厂编?号|机身号|\bs/?n\b|serial", re.I),
}
_BARCODES: Final = re.compile(r"条码|条形码|barcode|二维码", re.I)
#: So much alike, a text longer than a few signs says the same as the barcode.
_ALIKE: Final = 0.8
_LEAST: Final = 5
_CONFUSED: Final = str.maketrans("OILBSZ", "011852")


@dataclass(frozen=True)
class Difference:
    """A cell where print and barcode do not say the same."""

    column: str
    printed: str
    barcode: str


def shown(ai: str, value: str) -> str:
    """An element's value as a person reads it: dates as 2026-03-31, the rest as it is."""
    day = day_of(value) if ai in _DATES else None
    return day.isoformat() if day is not None else value


def apply(
    names: Sequence[str], pieces: list[Piece | None], symbols: Sequence[Symbol]
) -> tuple[list[tuple[str, Piece]], list[Difference]]:
    """Puts barcodes into the cells of one record, in place. Returns what found no cell, as pairs
    of a column and its cell, and where print and barcode differ."""
    beside: list[tuple[str, Piece]] = []
    differences: list[Difference] = []
    taken: set[int] = set()

    def put(at: int, value: str, symbol: Symbol, *, agree: bool) -> None:
        old = pieces[at]
        if old is not None and not agree:
            differences.append(Difference(names[at], old.text, value))
        pieces[at] = _piece(value, symbol, old)
        taken.add(at)

    for symbol in symbols:
        elements = [] if symbol.scan is None else symbol.scan.elements
        if symbol.scan is not None:
            text = symbol.scan.bracketed()
            for at in _whole(text, names, pieces, taken):
                put(at, text, symbol, agree=_unspaced(pieces[at]) == text)
        wanted = [(e.ai, shown(e.ai, e.value)) for e in elements] or [("", symbol.data)]
        for ai, value in wanted:
            cells = _cells_for(ai, value, names, pieces, taken)
            for at in cells:
                old = pieces[at]
                put(at, value, symbol, agree=old is not None and same(ai, old.text, value))
            if not cells:
                beside.append((_name(symbol, ai), _piece(value, symbol, None)))
    return beside, differences


def _name(symbol: Symbol, ai: str) -> str:
    if symbol.scan is None:
        return OTHER
    title = next(e.title for e in symbol.scan.elements if e.ai == ai)
    return element_name(ai, title)


def _unspaced(piece: Piece | None) -> str:
    text = piece.text if piece is not None else ""
    return re.sub(r"\s", "", text.replace("（", "(").replace("）", ")"))


def _whole(
    text: str, names: Sequence[str], pieces: Sequence[Piece | None], taken: set[int]
) -> list[int]:
    """Cells that hold the whole text beside a symbol, ``(01)…(10)…``, whatever was misread."""
    found = []
    for at in range(len(names)):
        plain = _unspaced(pieces[at])
        if at not in taken and plain.count("(") >= 1 and plain.count(")") >= 1:
            named = bool(_HEADERS["01"].search(names[at])) and plain.startswith("(")
            if named or _likeness(plain, text) >= _ALIKE:
                found.append(at)
    return found


def _cells_for(
    ai: str, value: str, names: Sequence[str], pieces: Sequence[Piece | None], taken: set[int]
) -> list[int]:
    """The cells that an element belongs to: by their names, else by what they say."""
    free = [i for i in range(len(names)) if i not in taken]
    exact = [i for i in free if ai and f"({ai})" in names[i]]
    pattern = _HEADERS.get(ai) if ai else _BARCODES
    named = [i for i in free if pattern is not None and pattern.search(names[i])]
    if len(named) > 1:
        # Several of one name, of which those count that say the same.
        named = [i for i in named if _says(ai, pieces[i], value)]
    if exact or named:
        return sorted({*exact, *named})
    return [i for i in free if _says(ai, pieces[i], value)][:1]


def _says(ai: str, piece: Piece | None, value: str) -> bool:
    if piece is None:
        return False
    if same(ai, piece.text, value):
        return True
    long = min(len(_plain(piece.text)), len(value)) >= _LEAST
    return long and _likeness(piece.text, value) >= _ALIKE


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text)


def same(ai: str, printed: str, value: str) -> bool:
    """Whether a printed text says what an element says; dates in any usual form."""
    plain = _plain(printed)
    if ai in _DATES:
        return re.sub(r"\D", "", plain) in (value.replace("-", ""), value.replace("-", "")[2:])
    if ai == "01":
        return plain.isdigit() and plain.zfill(14) == value
    return plain == value


def _likeness(one: str, other: str) -> float:
    def folded(text: str) -> str:
        return re.sub(r"[\s\-_.]", "", text.upper()).translate(_CONFUSED)

    return SequenceMatcher(None, folded(one), folded(other), autojunk=False).ratio()


def _piece(value: str, symbol: Symbol, old: Piece | None) -> Piece:
    data = symbol.scan.bracketed() if symbol.scan is not None else symbol.data
    facts: dict[str, object] = {"symbol": symbol.format, "data": data}
    if old is not None:
        facts |= {"read": old.text, "read_confidence": round(old.confidence, 3)}
    return Piece(value, old.box if old is not None else symbol.box, 1.0, BARCODE, facts)
