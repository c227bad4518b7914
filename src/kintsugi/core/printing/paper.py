"""Documents on paper in one frame: letterhead, number with its barcode, parties, lines, totals,
signatures, who printed it when, page x of y; headings in both languages."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings
from django.utils import timezone

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.printing.symbols import Symbol, Symbology
from kintsugi.core.printing.typesetting import typeset

#: Lines of one document.
ROWS_MAX = 5_000

Kind = Literal["text", "code", "number", "money"]
#: What a line holds; days and quantities are written as people write them, None as a dash.
Cell = str | int | Decimal | dt.date | Text | None


@dataclass(frozen=True)
class Column:
    """A column of the lines: ``width`` is its share of the page."""

    title: Text
    width: float = 1
    kind: Kind = "text"


@dataclass(frozen=True)
class Parties:
    """A box at the top: ``title`` says whose (seller, ship to), ``lines`` is name, address, …"""

    title: Text
    lines: Sequence[str]


@dataclass(frozen=True)
class Paper:
    """A document as data. ``facts`` and ``totals`` are (name, value); ``signatures`` are boxes
    with room for a name and a date, filled where the value is known; ``state`` (draft, void) is
    printed across the number. ``is_wide`` turns the page."""

    title: Text
    number: str
    parties: Sequence[Parties] = ()
    facts: Sequence[tuple[Text, Cell]] = ()
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Cell]] = ()
    totals: Sequence[tuple[Text, Cell]] = ()
    signatures: Sequence[tuple[Text, str]] = ()
    notes: Sequence[Text | str] = ()
    state: Text | None = None
    is_wide: bool = False
    empty: Text = field(default=Text("没有明细行。", "There are no lines."))


def document(paper: Paper, *, at: dt.datetime, printed_by: str, language: str) -> bytes:
    """The document as PDF/A-2b; ``language`` stands first in the headings. The same paper, time
    and person give the same bytes.

    Raises KintsugiError ``print.too-many-lines``, ``label.symbol`` or ``pack.no-chinese-font``.
    """
    if len(paper.rows) > ROWS_MAX:
        raise KintsugiError(
            "print.too-many-lines",
            Text(f"一份单据最多打印 {ROWS_MAX:,} 行,现有 {len(paper.rows):,} 行。",
                 f"A document is printed with at most {ROWS_MAX:,} lines; this one has "
                 f"{len(paper.rows):,}."),
            Text("请导出为表格,或按箱、按批分开打印。",
                 "Export it as a table, or print it in parts."),
            lines=len(paper.rows),
            limit=ROWS_MAX,
        )  # fmt: skip
    for row in paper.rows:
        assert len(row) == len(paper.columns), "a line has a cell for each column"
    first, second = ("zh", "en") if language.startswith("zh") else ("en", "zh")

    def both(words: Text) -> list[str]:
        return [getattr(words, first), getattr(words, second)]

    local = timezone.localtime(at)
    printed = Text(f"{printed_by} 打印于 {local:%Y-%m-%d %H:%M}",
                   f"Printed by {printed_by} on {local:%Y-%m-%d %H:%M}")  # fmt: skip
    data: dict[str, Any] = {
        "title": paper.title.get(language),
        "titles": both(paper.title),
        "author": settings.LETTERHEAD["name"] or "Kintsugi",
        "running": paper.title.get(language),
        "footer": printed.get(language),
        "number": paper.number,
        "barcode": Symbol(Symbology.CODE_128, paper.number).svg() if paper.number else None,
        "head": {name: text for name, text in settings.LETTERHEAD.items() if text},
        "state": both(paper.state) if paper.state else None,
        "wide": paper.is_wide,
        "parties": [
            {"title": both(one.title), "lines": [line for line in one.lines if line]}
            for one in paper.parties
        ],
        "facts": [
            [*both(name), written(value, language)]
            for name, value in paper.facts
            if value is not None and value != ""
        ],
        "columns": [
            {"title": both(one.title), "width": one.width, "kind": one.kind}
            for one in paper.columns
        ],
        "rows": [
            [
                written(cell, language, one.kind)
                for cell, one in zip(row, paper.columns, strict=True)
            ]
            for row in paper.rows
        ],
        "totals": [[*both(name), written(value, language)] for name, value in paper.totals],
        "signatures": [[*both(name), who] for name, who in paper.signatures],
        "notes": [one.get(language) if isinstance(one, Text) else one for one in paper.notes],
        "empty": paper.empty.get(language),
    }
    return typeset("kintsugi.core.printing", "paper", data, at=at, language=language)


def written(value: Cell, language: str, kind: Kind = "text") -> str | None:
    """A value as it stands on paper: ISO days, quantities without idle zeros, money with two
    decimals at least, thousands apart; None for nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, Text):
        return value.get(language)
    if isinstance(value, Decimal) and value.is_finite():
        plain = f"{value:,f}"
        whole, _, decimals = plain.partition(".")
        decimals = decimals.rstrip("0")
        if kind == "money":
            decimals = decimals.ljust(2, "0")
        return f"{whole}.{decimals}" if decimals else whole
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
