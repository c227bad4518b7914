"""Workbooks: text as text, numbers as numbers, never a formula."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

#: What one cell of a workbook holds.
CELL_CHARS = 32_767
SHEET_ROWS = 1_048_576
CUT = "…"


@dataclass(frozen=True)
class Sheet:
    """A table: ``columns`` are (title, width in characters); rows hold text, int, float or None."""

    name: str
    columns: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[str | int | float | None]]
    head: Sequence[tuple[str, str]] = ()


def write_workbook(path: Path, sheets: Iterable[Sheet], *, title: str, at: dt.datetime) -> int:
    """Write the sheets row by row; memory does not grow with their length. Returns the rows.

    Text that looks like a formula, a link or a number stays text. ``at`` is the date in the
    file's properties: the same content and date give the same bytes.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    written = 0
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {"title": title, "created": at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)}
        )
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        top = book.add_format({"valign": "top", "text_wrap": True})
        number = book.add_format({"valign": "top"})
        small = book.add_format({"font_color": "#57606a"})
        taken: set[str] = set()
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.name, taken))
            for place, (_, width) in enumerate(sheet.columns):
                page.set_column(place, place, width)
            line = 0
            for name, value in sheet.head:
                page.write_string(line, 0, name, small)
                page.write_string(line, 1, _fitting(value))
                line += 1
            line += 1 if sheet.head else 0
            for place, (label, _) in enumerate(sheet.columns):
                page.write_string(line, place, label, bold)
            page.freeze_panes(line + 1, 0)
            for row in sheet.rows:
                line += 1
                assert line < SHEET_ROWS, "the caller bounds the rows of a sheet"
                written += 1
                for place, cell in enumerate(row):
                    if cell is None:
                        continue
                    if isinstance(cell, str):
                        page.write_string(line, place, _fitting(cell), top)
                    else:
                        page.write_number(line, place, cell, number)
    return written


def _fitting(text: str) -> str:
    return text if len(text) <= CELL_CHARS else text[: CELL_CHARS - 1] + CUT


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name a workbook accepts, once."""
    clean = "".join("_" if c in "[]:*?/\\" else c for c in name).strip("' ")[:28] or "sheet"
    free, number = clean, 2
    while free.casefold() in taken:
        free, number = f"{clean} {number}", number + 1
    taken.add(free.casefold())
    return free


def plain_cell(value: Any) -> str | int | float | None:
    """A value as a workbook's cell: numbers as they are, ids and large whole numbers as text."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int) and abs(value) >= 10**15:
        return str(value)  # a workbook keeps fifteen digits
    return value if isinstance(value, int | float | str) else str(value)
