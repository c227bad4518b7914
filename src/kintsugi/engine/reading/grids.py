"""Sheets to tables: one sheet may hold several, under each other or side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.delimited import header_notes
from kintsugi.engine.reading.headers import (
    HEAD_ROWS,
    Header,
    Line,
    Merge,
    find_header,
    header_like,
    is_value,
)
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.mojibake import repaired, scan
from kintsugi.engine.reading.sheetxml import Sheet
from kintsugi.engine.reading.sieve import Cell, Fill, Sieve
from kintsugi.engine.reading.writer import TableWriter
from kintsugi.engine.snapshot import Note, SnapshotTable
from kintsugi.engine.text import Text

_BATCH: Final = 50_000
_MAX_FILLS: Final = 2_000_000


@dataclass(frozen=True)
class Block:
    """A rectangle of a sheet that is one table: sheet rows and columns, both ends included."""

    top: int
    bottom: int
    left: int
    right: int


def write_sheet(
    sheet: Sheet, *, into: Path, index: int, limits: ReadLimits, file: str
) -> tuple[list[SnapshotTable], list[Note]]:
    """Writes the tables of a sheet from ``index`` on. A blank sheet gives none, and a note."""
    frame = _filled(pl.DataFrame(pl.from_arrow(sheet.table)))
    if not frame["_row"].is_sorted():
        # No program writes rows out of order; tables are told apart by the order of their rows.
        frame = frame.sort("_row", maintain_order=True)
    if frame.height == 0:
        return [], [_note("sheet.blank", "工作表为空。", "The sheet is blank.", sheet=sheet.name)]
    tables: list[SnapshotTable] = []
    notes: list[Note] = []
    for block in split_blocks(frame, sheet.merges):
        if index + len(tables) >= limits.max_tables:
            raise errors.too_many(
                file, Text("表", "tables"), count=index + len(tables) + 1, limit=limits.max_tables
            )
        name = sheet.name if not tables else f"{sheet.name} #{len(tables) + 1}"
        writing = _BlockWriter(sheet, frame, block, name, limits, file)
        table, more = writing.write(into, index + len(tables))
        tables.append(table)
        notes += more
    if len(tables) > 1:
        notes.append(
            _note(
                "sheet.several-tables",
                "一张工作表中有多个表格，已分开读取。",
                "The sheet holds several tables; each was read on its own.",
                sheet=sheet.name,
                tables=len(tables),
            )
        )
    return tables, notes


def _note(code: str, zh: str, en: str, **facts: Any) -> Note:
    return Note(code=code, message=Text(zh, en), facts=facts)


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    keys = frame.columns[1:]
    if not keys:
        return frame.head(0)
    return frame.filter(pl.any_horizontal(pl.col(k).str.strip_chars() != "" for k in keys))


def split_blocks(frame: pl.DataFrame, merges: Sequence[Merge] = ()) -> list[Block]:
    """The tables of a sheet. ``frame``: ``_row, c1 … cn`` without blank rows."""
    blocks: list[Block] = []
    for left, right in _side_by_side(frame):
        keys = [f"c{i}" for i in range(left, right + 1)]
        part = _filled(frame.select("_row", *keys))
        for top, bottom in _stacked(part):
            rows = part.filter(pl.col("_row").is_between(top, bottom))
            used = [i for i in range(left, right + 1) if _any_text(rows, f"c{i}")]
            blocks.append(Block(top, bottom, min(used), max(used)))
    return blocks


def _any_text(frame: pl.DataFrame, key: str) -> bool:
    return bool((frame[key].str.strip_chars() != "").any())


def _side_by_side(frame: pl.DataFrame) -> list[tuple[int, int]]:
    """Column ranges. A blank column parts two tables only if their lengths differ plainly or
    their headers are the same; else it is a spacer within one table."""
    width = frame.width - 1
    used = [i for i in range(1, width + 1) if _any_text(frame, f"c{i}")]
    runs: list[list[int]] = []
    for i in used:
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    if len(runs) < 2 or any(r[1] == r[0] for r in runs):
        return [(used[0], used[-1])]
    heights, heads = [], []
    for left, right in runs:
        keys = [f"c{i}" for i in range(left, right + 1)]
        part = _filled(frame.select("_row", *keys))
        full = [r for r in part.head(HEAD_ROWS).iter_rows() if sum(bool(c) for c in r[1:]) >= 2]
        if len(full) < 2:
            return [(used[0], used[-1])]
        heights.append(part.height)
        heads.append(full[0][1:])
    differ = max(heights) - min(heights) > max(2, max(heights) // 10)
    if differ or len(set(heads)) < len(heads):
        return [(r[0], r[1]) for r in runs]
    return [(used[0], used[-1])]


def _stacked(part: pl.DataFrame) -> Iterator[tuple[int, int]]:
    """Row ranges of tables under each other, parted by blank rows and a header of their own."""
    rows = part["_row"].to_list()
    starts = [0] + [i for i in range(1, len(rows)) if rows[i] != rows[i - 1] + 1]
    current = 0
    for at in starts[1:]:
        if _new_table(part, current, at):
            yield rows[current], rows[at - 1]
            current = at
    yield rows[current], rows[-1]


def _lines(part: pl.DataFrame, start: int, count: int) -> list[Line]:
    return [Line(r[0], list(r[1:])) for r in part.slice(start, count).iter_rows()]


def _new_table(part: pl.DataFrame, current: int, at: int) -> bool:
    above = _lines(part, current, min(at - current, HEAD_ROWS))
    wide = [line for line in above if sum(bool(c.strip()) for c in line.cells) >= 2]
    if len(wide) < 2:
        return False
    head = find_header(above, width=part.width - 1)
    if head.last is None:
        return False
    body = [line for line in above if line.row > head.last]
    if not body:
        return False
    kinds = {}
    for i in range(part.width - 1):
        texts = [line.cells[i] for line in body if line.cells[i].strip()]
        kinds[i] = bool(texts) and sum(map(is_value, texts)) * 5 >= len(texts) * 4
    below = _lines(part, at, 30)
    known = [[c.strip() for c in line] for line in head.lines]
    for i in range(min(4, len(below))):
        if [c.strip() for c in below[i].cells] in known:
            return False
        if header_like(below, i, kinds):
            return True
    return False


class _BlockWriter:
    def __init__(
        self,
        sheet: Sheet,
        frame: pl.DataFrame,
        block: Block,
        name: str,
        limits: ReadLimits,
        file: str,
    ) -> None:
        self.sheet, self.block, self.name = sheet, block, name
        self.limits, self.file = limits, file
        self.shift = block.left - 1
        self.width = block.right - block.left + 1
        keys = {f"c{i}": f"c{i - self.shift}" for i in range(block.left, block.right + 1)}
        rows = frame.filter(pl.col("_row").is_between(block.top, block.bottom))
        self.frame = rows.select("_row", *keys).rename(keys)
        self.merges = [
            m
            for m in sheet.merges
            if m.bottom >= block.top
            and m.top <= block.bottom
            and m.right >= block.left
            and m.left <= block.right
        ]

    def write(self, into: Path, index: int) -> tuple[SnapshotTable, list[Note]]:
        head_lines = _lines(self.frame, 0, HEAD_ROWS)
        repair = {
            text: fixed for line in head_lines for text in line.cells if (fixed := repaired(text))
        }
        header = find_header(
            head_lines,
            width=self.width,
            merges=[m for m in self.merges if m.top <= head_lines[-1].row],
            left=self.block.left,
            repair=repair,
        )
        above = header.last or max((c.row for c in header.preamble), default=0)
        data = self.frame.filter(pl.col("_row") > above)
        fills, dropped = self._fills(above, data)
        sieve = Sieve(header, sections=self._sections(), fills=fills)
        lost = 0
        with TableWriter(into, index, self.width) as writer:
            writer.cells(self._sidecar())
            writer.cells(
                [Cell(row, col, "merged", f.value, f.row, f.col) for (row, col), f in fills.items()]
            )
            for start in range(0, data.height, _BATCH):
                batch = data.slice(start, _BATCH).to_arrow(compat_level=pl.CompatLevel.oldest())
                kept, aside, ditto = sieve.part(batch)
                garbled = scan(kept)
                lost += len(garbled)
                writer.data(kept)
                writer.cells(ditto + garbled)
                writer.aside(aside)
        used = {i for i in range(1, self.width + 1) if _any_text(data, f"c{i}")}
        table = SnapshotTable(
            index=index,
            name=self.name,
            header_rows=None
            if header.first is None or header.last is None
            else (header.first, header.last),
            columns=[c for c in header.columns if c.header_cells or c.ordinal in used],
            rows=writer.rows,
            excluded=writer.excluded,
            quarantined=writer.quarantined,
            hidden=self.sheet.hidden,
            date1904=self.sheet.date1904,
            first_row=writer.first_row or above + 1,
            last_row=writer.last_row or above + 1,
            preamble=header.preamble,
        )
        return table, self._notes(header, table, lost, dropped)

    def _notes(
        self, header: Header, table: SnapshotTable, garbled: int, dropped: int
    ) -> list[Note]:
        notes = header_notes(header, table)
        if table.hidden:
            notes.append(
                _note(
                    "sheet.hidden",
                    "该工作表是隐藏的，请明确是否采用。",
                    "The sheet is hidden; decide whether to use it.",
                    sheet=self.sheet.name,
                )
            )
        if table.read == 0:
            notes.append(
                _note(
                    "sheet.no-rows",
                    "该表只有表头，没有数据行。",
                    "The table has a header but no rows.",
                    sheet=self.sheet.name,
                    table=table.name,
                )
            )
        if garbled:
            notes.append(
                _note("mojibake", "有乱码单元格。", "Some cells are garbled.", cells=garbled)
            )
        if dropped:
            notes.append(
                _note(
                    "merge.too-large",
                    "合并区域过大，部分未填充。",
                    "Merged ranges are too large; some were not filled.",
                    table=table.name,
                    cells=dropped,
                )
            )
        return notes

    def _sections(self) -> list[int]:
        return [
            m.top
            for m in self.merges
            if m.top == m.bottom and (m.right - m.left + 1) * 10 >= self.width * 6
        ]

    def _sidecar(self) -> list[Cell]:
        """The sheet's entries that lie within this table, by its column ordinals."""
        block, shift = self.block, self.shift
        top, bottom, left, right = block.top, block.bottom, block.left, block.right
        found = [
            cell
            for cell in self.sheet.cells
            if (top <= cell[0] <= bottom or cell[0] == 0)
            and (left <= cell[1] <= right or cell[1] == 0)
        ]
        if not shift:
            return found
        return [c if c.col == 0 else Cell(c.row, c.col - shift, *c[2:]) for c in found]

    def _fills(self, above: int, data: pl.DataFrame) -> tuple[dict[tuple[int, int], Fill], int]:
        """Values that merged ranges of the data put into their blank cells; and how many cells
        were left out because the ranges are too large."""
        rows = data["_row"].to_list()
        places = {row: at for at, row in enumerate(rows)}
        sections = set(self._sections())
        fills: dict[tuple[int, int], Fill] = {}
        dropped = 0
        for merge in self.merges:
            left, right = merge.left - self.shift, min(merge.right - self.shift, self.width)
            if merge.top <= above or merge.top not in places or left < 1:
                continue
            if merge.top in sections:
                cells = [c for c in data.row(places[merge.top])[1:] if str(c).strip()]
                if len(cells) == 1:
                    continue
            value = str(data[f"c{left}"][places[merge.top]])
            if not value.strip():
                continue
            bottom = min(merge.bottom, self.block.bottom)
            area = (bottom - merge.top + 1) * (right - left + 1)
            if len(fills) + area > _MAX_FILLS:
                dropped += area
                continue
            origin = Fill(value, merge.top, left)
            for row in range(merge.top, bottom + 1):
                if row not in places:
                    continue
                for col in range(left, right + 1):
                    if (row, col) != (merge.top, left):
                        fills[(row, col)] = origin
        return fills, dropped
