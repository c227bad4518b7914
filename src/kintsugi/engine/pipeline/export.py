"""The tables of a source as plain files: clean CSV (RFC 4180) or Parquet, and what was put aside.

For each table up to three files: the rows, ``<name>.aside.<kind>`` with the rows that are no data
(``row, disposition, rule, text``), and ``<name>.cells.<kind>`` with what a cell showed beside its
text (a comment, a strike-through, the cell a merged one came from). Read = rows + put aside.
"""

import csv
import os
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.fills import filled, fills
from kintsugi.engine.snapshot import (
    Snapshot,
    SnapshotTable,
    SourceColumn,
    aside_frame,
    cells_frame,
)
from kintsugi.engine.text import Text

Kind = Literal["csv", "parquet"]
KINDS: Final[tuple[Kind, ...]] = ("csv", "parquet")
_LINE_END: Final = "\r\n"  # RFC 4180
_UNSAFE: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|\s]+')
_NAME_CHARS: Final = 80


@dataclass(frozen=True)
class TableFiles:
    """One table as files. ``rows`` are in ``data``; ``aside`` and ``cells`` are None where there is
    nothing to say. ``filled`` counts the cells that stand for another one."""

    table: str
    index: int
    data: Path
    rows: int
    excluded: int
    quarantined: int
    columns: tuple[str, ...]
    header_rows: tuple[int, int] | None
    preamble: tuple[str, ...]
    rules: dict[str, int] = field(default_factory=dict)
    filled: int = 0
    aside: Path | None = None
    cells: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """For a report: paths as text."""
        return {
            "table": self.table,
            "index": self.index + 1,
            "file": str(self.data),
            "read": self.rows + self.excluded + self.quarantined,
            "rows": self.rows,
            "excluded": self.excluded,
            "quarantined": self.quarantined,
            "rules": self.rules,
            "columns": list(self.columns),
            "header_rows": list(self.header_rows) if self.header_rows else None,
            "preamble": list(self.preamble),
            "cells_filled": self.filled,
            "aside_file": str(self.aside) if self.aside else None,
            "cells_file": str(self.cells) if self.cells else None,
        }


def chosen_tables(snapshot: Snapshot, wanted: Sequence[str] = ()) -> list[SnapshotTable]:
    """The tables of a snapshot, or those named: by name, or by number from 1 on.

    Raises KintsugiError ``read.no-table`` with the names there are.
    """
    if not wanted:
        return list(snapshot.tables)
    found = []
    for one in wanted:
        named = [t for t in snapshot.tables if t.name == one]
        numbered = [t for t in snapshot.tables if one.isascii() and str(t.index + 1) == one]
        if not (named or numbered):
            raise KintsugiError(
                "read.no-table",
                Text(f"没有名为“{one}”的表。", f"There is no table “{one}”."),
                Text("请从列出的表中选择名称或序号。", "Choose a name or number of those listed."),
                file=snapshot.file_name,
                tables=[f"{t.index + 1} {t.name}" for t in snapshot.tables][:50],
            )
        found += named or numbered
    return found


def file_names(files: Sequence[str], tables: Sequence[Sequence[SnapshotTable]]) -> list[list[str]]:
    """A name without ending for each table: that of its file, and the table's own where a file has
    several. No name is given twice; those that differ only in case count as the same."""
    taken: set[str] = set()
    names = []
    for file, of in zip(files, tables, strict=True):
        stem = _safe(Path(file).name.removesuffix(".gz").rpartition(".")[0] or Path(file).name)
        mine = []
        for table in of:
            base = stem if len(of) == 1 else f"{stem}.{_safe(table.name)}"
            name, number = base, 1
            while name.casefold() in taken:
                number += 1
                name = f"{base}-{number}"
            taken.add(name.casefold())
            mine.append(name)
        names.append(mine)
    return names


def write_table(
    snapshot: Snapshot, table: SnapshotTable, path: Path, *, kind: Kind, fill: bool = True
) -> TableFiles:
    """Writes one table to ``path`` and what belongs to it beside. Memory stays bounded; each file
    is there whole or not at all. ``fill``: cells of a merged range and ditto marks get the text
    they stand for, garbled texts the one that could be regained.

    Raises KintsugiError ``read.unwritable``.
    """
    standing = fills(snapshot, table.index) if fill else None
    rows = pl.scan_parquet(snapshot.path / f"t{table.index}.parquet")
    if standing is not None and not standing.is_empty():
        rows = filled(rows, standing)
    columns = written_columns(snapshot, table)
    names = header_names(table, columns, kind)
    aside, cells = aside_frame(snapshot, table.index), cells_frame(snapshot, table.index)
    put_aside = aside.select("_row", "disposition", "rule", "text").sort("_row")
    marks = cells.sort("row", "col", maintain_order=True)
    write_frame(rows.select(c.key for c in columns), names, path, kind)
    rules = dict(aside.group_by("rule").len().sort("rule").collect().iter_rows())
    has_marks = bool(cells.select(pl.len()).collect().item())
    return TableFiles(
        table=table.name,
        index=table.index,
        data=path,
        rows=table.rows,
        excluded=table.excluded,
        quarantined=table.quarantined,
        columns=tuple(names),
        header_rows=table.header_rows,
        preamble=tuple(cell.text for cell in table.preamble),
        rules=rules,
        filled=0 if standing is None else standing.height,
        aside=_beside(
            put_aside, ["row", *put_aside.collect_schema().names()[1:]], path, "aside", kind
        )
        if rules
        else None,
        cells=_beside(marks, marks.collect_schema().names(), path, "cells", kind)
        if has_marks
        else None,
    )


def _beside(frame: pl.LazyFrame, names: list[str], path: Path, part: str, kind: Kind) -> Path:
    target = path.with_name(f"{path.stem}.{part}.{kind}")
    write_frame(frame, names, target, kind)
    return target


def write_frame(frame: pl.LazyFrame, names: Sequence[str], path: Path, kind: Kind) -> None:
    """A frame under these headers, into a file beside it first: nobody sees half of it.

    Raises KintsugiError ``read.unwritable``."""
    work = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "csv":
            _sink_csv(frame, names, work)
        else:
            keys = frame.collect_schema().names()
            frame.rename(dict(zip(keys, names, strict=True))).sink_parquet(work, compression="zstd")
        work.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            work.unlink()


def unwritable(place: Path | None, error: OSError) -> KintsugiError:
    """The refusal of a place that takes no file, in the system's words why."""
    return KintsugiError(
        "read.unwritable",
        Text("无法写入结果文件。", "The result cannot be written."),
        Text("请检查目录权限与磁盘空间。", "Check the folder's permissions and free space."),
        file=str(place),
        reason=os.strerror(error.errno) if error.errno else str(error)[:200],
    )


def _sink_csv(frame: pl.LazyFrame, names: Sequence[str], path: Path) -> None:
    """Header first, by ourselves: polars wants names that differ, a file's may not."""
    present = frame.collect_schema()
    # An empty text would be written as "", which says nothing more than nothing.
    texts = [c for c, t in present.items() if t == pl.String]
    frame = frame.with_columns(pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in texts)
    if len(present) == 1:
        # A blank line would be no record to most readers.
        frame = frame.with_columns(pl.all().fill_null(""))
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator=_LINE_END).writerow(names)
    with path.open("ab") as out:
        frame.sink_csv(
            out, include_header=False, line_terminator=_LINE_END, quote_style="necessary"
        )


def written_columns(snapshot: Snapshot, table: SnapshotTable) -> list[SourceColumn]:
    """The columns of a table; of a text also those without header and data between and behind
    them, for its delimiters say that they are there."""
    if snapshot.kind != "text":
        return list(table.columns)
    known = {c.ordinal: c for c in table.columns}
    width = len(pl.read_parquet_schema(snapshot.path / f"t{table.index}.parquet")) - 1
    return [
        known.get(n) or SourceColumn(ordinal=n, letter="", name=f"#{n}")
        for n in range(1, width + 1)
    ]


def header_names(table: SnapshotTable, columns: Sequence[SourceColumn], kind: Kind) -> list[str]:
    """What heads the columns: in CSV as it stands in a header of one row, equal names, blanks and
    all; in Parquet, and where rows of a header were joined, each name once. Without a header the
    columns are ``c1`` … ``cn``."""
    if table.header_rows is None:
        return [c.key if c.name == f"#{c.ordinal}" else c.name for c in columns]
    one_row = table.header_rows[0] == table.header_rows[1]
    if kind == "parquet":
        return [c.name for c in columns]
    if not one_row:
        return [c.name if c.header_cells else "" for c in columns]
    return [c.header_cells[0].text if c.header_cells else "" for c in columns]


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip("._")[:_NAME_CHARS] or "table"
