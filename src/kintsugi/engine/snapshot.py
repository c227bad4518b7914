"""The immutable snapshot of one source: its bytes, its tables as text, and what was seen.

A snapshot is a directory ``<into>/<sha256>/``:

- ``raw.bin``: the bytes as they came (absent for a database address, which has no bytes);
- ``snapshot.json``: the :class:`Snapshot` model;
- ``t{i}.parquet``: data rows, ``_row`` Int32 (1-based line or sheet row where the record starts)
  and ``c1`` … ``cn`` text, exactly as read, ``''`` for blank;
- ``t{i}.cells.parquet``: sparse sidecar of remarkable cells, columns ``row, col, kind, value,
  anchor_row, anchor_col``. ``col`` is the ordinal of the column (``c{col}``). A hidden row has
  ``col`` 0, a hidden column ``row`` 0. Kinds ``merged`` and ``ditto`` are *fills*: ``value`` is
  what stands there and the anchor is the cell it came from. Of paper (a picture, a PDF) every
  cell has one of ``ocr``, ``textlayer`` and ``barcode``, and ``confirmed`` besides once a person
  has looked: their ``value`` is compact JSON,
  ``{"page":1,"box":[x0,y0,x1,y1],"confidence":0.93}``: page from 1 on, box in fractions 0–1 of
  the page as the file shows it (left, top, right, bottom), confidence 0–1. A barcode adds
  ``symbol`` (its kind), ``data`` (all it holds) and, where text was read in its place, ``read``
  and ``read_confidence``; an answer adds ``by`` (the person) and ``read``. ``_row`` of paper
  counts lines through all its pages: each row of a table and each line above it is one, a form
  is two (its names, its values);
- ``t{i}.aside.parquet``: rows that are not data, columns ``_row, disposition, rule, text, values``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

MANIFEST: Final = "snapshot.json"
RAW: Final = "raw.bin"

CELL_SCHEMA: Final[dict[str, pl.DataType]] = {
    "row": pl.Int32(),
    "col": pl.Int32(),
    "kind": pl.String(),
    "value": pl.String(),
    "anchor_row": pl.Int32(),
    "anchor_col": pl.Int32(),
}
ASIDE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "_row": pl.Int32(),
    "disposition": pl.String(),
    "rule": pl.String(),
    "text": pl.String(),
    "values": pl.List(pl.String()),
}


class HeaderCell(NamedTuple):
    """One cell of the header: 1-based sheet row (or line), 1-based sheet column, its text."""

    row: int
    col: int
    text: str


class Dialect(BaseModel):
    """How a text file separates its fields. ``line_end`` is LF, CRLF, CR or, where they are mixed,
    MIXED. ``close`` ends a quoted field where that is another sign than ``quote``."""

    model_config = ConfigDict(frozen=True)

    delimiter: str = ","
    quote: str | None = '"'
    close: str | None = None
    escape: str | None = None
    line_end: str = "LF"
    skip_space: bool = False
    pad_short: bool = False


class Note(BaseModel):
    """Something the reader saw that a person may want to know; it stops nothing."""

    code: str
    message: Text
    facts: dict[str, Any] = Field(default_factory=dict)


class SourceColumn(BaseModel):
    """A column of a table. ``ordinal`` k is ``ck`` in the Parquet file, ``letter`` its place in
    the sheet, ``name`` the header path ("采购信息/日期"), ``header_cells`` where it was read."""

    ordinal: int
    letter: str
    name: str
    header_cells: list[HeaderCell] = Field(default_factory=list)

    @property
    def key(self) -> str:
        """The name of the column in the Parquet file."""
        return f"c{self.ordinal}"


class SnapshotTable(BaseModel):
    """One table of a source. ``rows`` counts the data rows in ``t{index}.parquet``;
    ``header_rows`` are the first and last header row, None when there is none. ``date1904``: plain
    day numbers in it count from 1904-01-01, as the workbook says."""

    index: int
    name: str
    header_rows: tuple[int, int] | None = None
    columns: list[SourceColumn] = Field(default_factory=list)
    rows: int = 0
    excluded: int = 0
    quarantined: int = 0
    hidden: bool = False
    date1904: bool = False
    first_row: int = 1
    last_row: int = 1
    preamble: list[HeaderCell] = Field(default_factory=list)

    @property
    def read(self) -> int:
        """Records met: data, excluded and quarantined (not blank rows, preamble or header)."""
        return self.rows + self.excluded + self.quarantined

    def column(self, name: str) -> SourceColumn | None:
        """The column of this header path, or None."""
        return next((c for c in self.columns if c.name == name), None)


class Snapshot(BaseModel):
    """What one source held when it was read. ``bytes`` is the size of the source in bytes (0 for
    a database address); ``sha256`` is of those bytes, or of the rows for a database address."""

    sha256: str
    location: str
    file_name: str
    kind: str
    bytes: int
    encoding: str | None = None
    encoding_confidence: float | None = None
    dialect: Dialect | None = None
    parser_version: str
    tables: list[SnapshotTable] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)
    path: Path = Field(default=Path("."), exclude=True)

    def table(self, which: int | str) -> SnapshotTable:
        """A table by index or name. Raises KintsugiError ``snapshot.no-table``."""
        for table in self.tables:
            if which == table.index or which == table.name:
                return table
        names = [t.name for t in self.tables]
        raise KintsugiError(
            "snapshot.no-table",
            Text("快照中没有这张表。", "The snapshot has no such table."),
            Text("请从列出的表中选择。", "Choose one of the tables listed."),
            file=self.file_name,
            table=which,
            tables=names,
        )


def open_snapshot(path: str | Path) -> Snapshot:
    """The snapshot in a directory. Raises KintsugiError ``snapshot.missing`` or ``.damaged``."""
    folder = Path(path)
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise KintsugiError(
            "snapshot.missing",
            Text("此处没有可读的快照。", "There is no readable snapshot here."),
            Text("请重新读取来源文件。", "Read the source again."),
            path=str(folder),
        ) from error
    try:
        snapshot = Snapshot.model_validate_json(data)
    except ValueError as error:
        raise KintsugiError(
            "snapshot.damaged",
            Text("快照清单已损坏。", "The manifest of the snapshot is damaged."),
            Text("请删除该目录后重新读取来源。", "Remove the directory and read the source again."),
            path=str(folder),
        ) from error
    return snapshot.model_copy(update={"path": folder})


def table_frame(snapshot: Snapshot, index: int | str) -> pl.LazyFrame:
    """Data rows of a table: ``_row`` and one text column ``ck`` per listed column."""
    table = snapshot.table(index)
    frame = pl.scan_parquet(snapshot.path / f"t{table.index}.parquet")
    return frame.select("_row", *(c.key for c in table.columns))


def cells_frame(snapshot: Snapshot, index: int | str) -> pl.LazyFrame:
    """The sidecar of a table: row, col, kind, value, anchor_row, anchor_col."""
    return pl.scan_parquet(snapshot.path / f"t{snapshot.table(index).index}.cells.parquet")


def aside_frame(snapshot: Snapshot, index: int | str) -> pl.LazyFrame:
    """Rows put aside: _row, disposition (excluded, quarantined), rule, text, values."""
    return pl.scan_parquet(snapshot.path / f"t{snapshot.table(index).index}.aside.parquet")


def cell_with_neighbours(
    snapshot: Snapshot, table: int | str, row: int, col: int, around: int = 3
) -> list[dict[str, Any]]:
    """The cell at sheet row ``row`` and column ordinal ``col`` among its neighbours.

    Rows in order: ``{"row", "place": header|data|excluded|quarantined, "rule", "cells"}``; cells
    ``{"col", "letter", "header", "text", "marks", "here"}`` where marks are the sidecar entries
    ``{"kind", "value", "anchor_row", "anchor_col"}``. Columns and rows reach ``around`` each side.
    """
    meta = snapshot.table(table)
    columns = [c for c in meta.columns if abs(c.ordinal - col) <= around]
    near = pl.col("_row").is_between(row - around, row + around)
    marks = _marks(snapshot, meta.index, row - around, row + around)
    rows: dict[int, dict[str, Any]] = {}

    def put(number: int, place: str, rule: str | None, texts: Mapping[int, str]) -> None:
        cells = [
            {
                "col": c.ordinal,
                "letter": c.letter,
                "header": c.name,
                "text": texts.get(c.ordinal, ""),
                "marks": marks.get((number, c.ordinal), [])
                + marks.get((number, 0), [])
                + marks.get((0, c.ordinal), []),
                "here": number == row and c.ordinal == col,
            }
            for c in columns
        ]
        rows[number] = {"row": number, "place": place, "rule": rule, "cells": cells}

    for number, texts in _header_texts(meta).items():
        if abs(number - row) <= around:
            put(number, "header", None, texts)
    for record in aside_frame(snapshot, meta.index).filter(near).collect().iter_rows(named=True):
        values = dict(enumerate(record["values"] or [record["text"]], start=1))
        put(record["_row"], record["disposition"], record["rule"], values)
    data = table_frame(snapshot, meta.index).filter(near)
    for record in data.collect().iter_rows(named=True):
        put(record["_row"], "data", None, {c.ordinal: record[c.key] for c in columns})
    return [rows[number] for number in sorted(rows)]


def _header_texts(table: SnapshotTable) -> dict[int, dict[int, str]]:
    """Texts of the header by sheet row and column ordinal."""
    texts: dict[int, dict[int, str]] = {}
    for column in table.columns:
        for cell in column.header_cells:
            texts.setdefault(cell.row, {})[column.ordinal] = cell.text
    return texts


def _marks(
    snapshot: Snapshot, index: int, first: int, last: int
) -> dict[tuple[int, int], list[dict[str, Any]]]:
    near = pl.col("row").is_between(first, last) | (pl.col("row") == 0)
    marks: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for mark in cells_frame(snapshot, index).filter(near).collect().iter_rows(named=True):
        place = (mark.pop("row"), mark.pop("col"))
        marks.setdefault(place, []).append(mark)
    return marks
