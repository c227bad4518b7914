"""The tables and forms of a paper into the snapshot's files, with a mark for every cell."""

from pathlib import Path
from typing import Any

from kintsugi.engine.paper.model import PaperCell
from kintsugi.engine.paper.records import Paper, PaperForm, PaperTable
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import to_table
from kintsugi.engine.reading.delimited import Read
from kintsugi.engine.reading.grids import write_sheet
from kintsugi.engine.reading.headers import Merge, letter, tidy
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.sheetxml import Sheet
from kintsugi.engine.reading.sieve import Aside, Cell
from kintsugi.engine.reading.writer import TableWriter, add_aside
from kintsugi.engine.snapshot import HeaderCell, SnapshotTable, SourceColumn
from kintsugi.engine.text import Text

#: The column of a paper that holds no table and no form: its lines.
_LINES = "文字"


def write_paper(
    paper: Paper, read: Read, *, into: Path, name: str, file: str, limits: ReadLimits
) -> None:
    """Writes every part as a table of ``read``. Raises ``reading.too-many``."""
    row = 1
    for at, part in enumerate(paper.parts):
        if len(read.tables) >= limits.max_tables:
            raise errors.too_many(
                file, Text("表", "tables"), count=len(paper.parts), limit=limits.max_tables
            )
        shown = name if len(paper.parts) == 1 else f"{name} {at + 1}"
        last = at == len(paper.parts) - 1
        below = paper.left if last else []
        if isinstance(part, PaperForm):
            row = _write_form(part, below, read, into, shown, row)
        else:
            row = _write_table(part, below, read, into, shown, row, limits, file)
    if not paper.parts:
        _write_lines(paper.left, read, into, name)


def _mark(row: int, col: int, cell: PaperCell) -> Cell:
    return Cell(row, col, cell.kind, cell.mark())


def _write_table(
    part: PaperTable,
    below: list[PaperCell],
    read: Read,
    into: Path,
    name: str,
    row: int,
    limits: ReadLimits,
    file: str,
) -> int:
    """Returns the number of the next row."""
    numbers, texts, marks = [], [], []
    width = part.width
    for line in part.above:
        numbers.append(row)
        texts.append([line.text] + [""] * (width - 1))
        marks.append(_mark(row, 1, line))
        row += 1
    between: list[Aside] = []
    places: list[int] = []
    aside = list(part.aside)
    for at, cells in enumerate(part.rows):
        while aside and aside[0][0] <= at:
            between.append(_aside(row, aside.pop(0)[1], marks))
            row += 1
        places.append(row)
        numbers.append(row)
        texts.append([c.text if c is not None else "" for c in cells] + [""] * (width - len(cells)))
        marks += [_mark(row, i, c) for i, c in enumerate(cells, 1) if c is not None]
        row += 1
    for line in [cell for _, cell in aside] + below:
        between.append(_aside(row, line, marks))
        row += 1
    merges = [
        Merge(places[top], left + 1, places[bottom], right + 1)
        for top, left, bottom, right in part.merges
    ]
    sheet = Sheet(name, to_table(numbers, texts, width), marks, merges)
    start = len(read.tables)
    tables, notes = write_sheet(sheet, into=into, index=start, limits=limits, file=file)
    if between and tables:
        # Beside the last of them; it is the only one unless a sheet was parted.
        tables[-1] = add_aside(into, tables[-1], between, _beside(between, marks, tables))
    read.tables += tables
    read.notes += notes
    return row


def _aside(row: int, line: PaperCell, marks: list[Cell]) -> Aside:
    marks.append(_mark(row, 1, line))
    return Aside(row, "excluded", "row.footer", line.text, [line.text])


def _beside(rows: list[Aside], marks: list[Cell], tables: list[SnapshotTable]) -> list[Cell]:
    """Marks of rows that lie beyond what the sheet's own rows cover."""
    low, high = tables[-1].first_row, tables[-1].last_row
    wanted = {row.row for row in rows if not low <= row.row <= high}
    return [mark for mark in marks if mark.row in wanted]


def _write_form(
    part: PaperForm, below: list[PaperCell], read: Read, into: Path, name: str, row: int
) -> int:
    names, columns = _unique([tidy(n.text) for n in part.names]), []
    loose = part.above + below
    marks: list[Cell] = []
    preamble = []
    for line in loose:
        marks.append(_mark(row, 1, line))
        preamble.append(HeaderCell(row, 1, line.text))
        row += 1
    head = row
    for i, (label, cell) in enumerate(zip(names, part.names, strict=True), start=1):
        columns.append(SourceColumn(
            ordinal=i, letter=letter(i), name=label, header_cells=[HeaderCell(head, i, cell.text)]
        ))  # fmt: skip
        marks.append(_mark(head, i, cell))
    rows = list(range(head + 1, head + 1 + len(part.records)))
    for number, record in zip(rows, part.records, strict=True):
        marks += [_mark(number, i, c) for i, c in enumerate(record, 1) if c is not None]
    texts = [[c.text if c is not None else "" for c in record] for record in part.records]
    index = len(read.tables)
    with TableWriter(into, index, len(columns)) as writer:
        writer.data(to_table(rows, texts, len(columns)))
        writer.cells(marks)
    read.tables.append(SnapshotTable(
        index=index, name=name, header_rows=(head, head), columns=columns, rows=len(rows),
        first_row=rows[0], last_row=rows[-1], preamble=preamble,
    ))  # fmt: skip
    return rows[-1] + 1


def _write_lines(lines: list[PaperCell], read: Read, into: Path, name: str) -> None:
    """A paper of plain text: a table of one column without a header."""
    rows = list(range(1, len(lines) + 1))
    index = len(read.tables)
    with TableWriter(into, index, 1) as writer:
        writer.data(to_table(rows, [[line.text] for line in lines], 1))
        writer.cells([_mark(row, 1, line) for row, line in zip(rows, lines, strict=True)])
    column: dict[str, Any] = {"ordinal": 1, "letter": "A", "name": _LINES}
    read.tables.append(SnapshotTable(
        index=index, name=name, columns=[SourceColumn(**column)], rows=len(rows), last_row=rows[-1]
    ))  # fmt: skip


def _unique(names: list[str]) -> list[str]:
    """Names given once each: a second one gets a number."""
    seen: dict[str, int] = {}
    out = []
    for i, name in enumerate(names, start=1):
        name = name or f"#{i}"
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return out
