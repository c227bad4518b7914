"""Writes one table of a snapshot in batches: data, sidecar and rows put aside."""

from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kintsugi.engine.reading.sieve import Aside, Cell
from kintsugi.engine.snapshot import SnapshotTable

_FLUSH: Final = 50_000
_DICTIONARY_BYTES: Final = 1 << 15
_CELLS: Final = pa.schema(
    [
        ("row", pa.int32()),
        ("col", pa.int32()),
        ("kind", pa.string()),
        ("value", pa.string()),
        ("anchor_row", pa.int32()),
        ("anchor_col", pa.int32()),
    ]
)
_ASIDE: Final = pa.schema(
    [
        ("_row", pa.int32()),
        ("disposition", pa.string()),
        ("rule", pa.string()),
        ("text", pa.string()),
        ("values", pa.list_(pa.string())),
    ]
)


def data_schema(width: int) -> Any:
    """Arrow schema of a data file with this many columns."""
    return pa.schema([("_row", pa.int32()), *((f"c{i}", pa.string()) for i in range(1, width + 1))])


class TableWriter:
    """Three Parquet files of one table; counts what it writes. Use it with ``with``."""

    def __init__(self, folder: Path, index: int, width: int) -> None:
        self.schema = data_schema(width)
        self.rows = self.excluded = self.quarantined = 0
        self.first_row: int | None = None
        self.last_row: int | None = None
        self._paths = [folder / f"t{index}{part}.parquet" for part in ("", ".cells", ".aside")]
        # Statistics only where a reader filters. Small dictionaries only: a large one costs the
        # writer more than half of its time, and lz4 makes a smaller file without it.
        self._data = pq.ParquetWriter(
            self._paths[0],
            self.schema,
            compression="lz4",
            write_statistics=["_row"],
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
        )
        self._cells = pq.ParquetWriter(self._paths[1], _CELLS, compression="zstd")
        self._aside = pq.ParquetWriter(self._paths[2], _ASIDE, compression="zstd")
        self._cell_buffer: list[Cell] = []
        self._aside_buffer: list[Aside] = []

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def batch(self, table: Any, cells: list[Cell], aside: list[Aside]) -> None:
        """Appends data rows, their sidecar entries and the rows put aside."""
        self.data(table)
        self.cells(cells)
        self.aside(aside)

    def data(self, table: Any) -> None:
        """Appends data rows (an Arrow table of this writer's schema) as one row group."""
        if table.num_rows == 0:
            return
        self._data.write_table(table.cast(self.schema), row_group_size=1 << 18)
        self.rows += table.num_rows
        self._seen(table["_row"][0].as_py(), table["_row"][-1].as_py())

    def aside(self, rows: list[Aside]) -> None:
        for row in rows:
            self.excluded += row.disposition == "excluded"
            self.quarantined += row.disposition == "quarantined"
            self._seen(row.row, row.row)
        self._aside_buffer += rows
        if len(self._aside_buffer) >= _FLUSH:
            self._flush_aside()

    def cells(self, cells: list[Cell]) -> None:
        self._cell_buffer += cells
        if len(self._cell_buffer) >= _FLUSH:
            self._flush_cells()

    def close(self) -> None:
        self._flush_cells()
        self._flush_aside()
        for writer in (self._data, self._cells, self._aside):
            writer.close()

    def _seen(self, first: int, last: int) -> None:
        self.first_row = first if self.first_row is None else min(self.first_row, first)
        self.last_row = last if self.last_row is None else max(self.last_row, last)

    def _flush_cells(self) -> None:
        if self._cell_buffer:
            columns = list(zip(*self._cell_buffer, strict=True))
            self._cells.write_table(_arrow(columns, _CELLS))
            self._cell_buffer = []

    def _flush_aside(self) -> None:
        if self._aside_buffer:
            columns = list(zip(*sorted(self._aside_buffer), strict=True))
            self._aside.write_table(_arrow(columns, _ASIDE))
            self._aside_buffer = []


def _arrow(columns: list[Any], schema: Any) -> Any:
    arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def add_aside(
    folder: Path, table: SnapshotTable, rows: list[Aside], cells: list[Cell]
) -> SnapshotTable:
    """Puts further rows aside in the files of a finished table, with their sidecar entries, and
    returns the table with its new counts."""
    for part, more, schema in (("aside", rows, _ASIDE), ("cells", cells, _CELLS)):
        if not more:
            continue
        path = folder / f"t{table.index}.{part}.parquet"
        known = pq.read_table(path)
        added = _arrow(list(zip(*more, strict=True)), schema)
        pq.write_table(pa.concat_tables([known, added]), path, compression="zstd")
    numbers = [row.row for row in rows]
    return table.model_copy(
        update={
            "excluded": table.excluded + sum(r.disposition == "excluded" for r in rows),
            "quarantined": table.quarantined + sum(r.disposition == "quarantined" for r in rows),
            "first_row": min(table.first_row, *numbers),
            "last_row": max(table.last_row, *numbers),
        }
    )
