"""One table of a source as a frame of texts under its own headers, and such frames as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.export import Kind, chosen_tables, write_frame
from kintsugi.engine.pipeline.fills import filled, fills
from kintsugi.engine.reading import ReadHints, read_source
from kintsugi.engine.snapshot import table_frame
from kintsugi.engine.text import Text


@dataclass(frozen=True)
class PlainTable:
    """A table as it stands in its source: ``frame`` has one text column per header, blank cells
    null; ``rows`` is the sheet row or line of each; ``aside`` counts the rows that are no data."""

    file: str
    name: str
    frame: pl.DataFrame
    rows: pl.Series
    aside: int


def read_plain(
    file: str, *, into: Path, table: str | None = None, hints: ReadHints | None = None
) -> PlainTable:
    """The one table of a source, or the one named (by name, or by number from 1 on).

    Raises KintsugiError ``reading.*``, ``read.no-table`` and ``plain.several-tables``.
    """
    snapshot = read_source(file, into=into, hints=hints or ReadHints())
    tables = chosen_tables(snapshot, () if table is None else (table,))
    if len(tables) != 1:
        raise KintsugiError(
            "plain.several-tables",
            Text(f"有 {len(tables)} 张表。", f"There are {len(tables)} tables."),
            Text("请用 --table 选一张。", "Choose one with --table."),
            file=snapshot.file_name,
            tables=[f"{one.index + 1} {one.name}" for one in tables][:50],
        )
    (chosen,) = tables
    rows = table_frame(snapshot, chosen.index)
    standing = fills(snapshot, chosen.index)
    if not standing.is_empty():
        rows = filled(rows, standing)
    whole = rows.collect()
    texts = [
        pl.when(pl.col(column.key).str.strip_chars() != "").then(pl.col(column.key)).alias(name)
        for column, name in zip(
            chosen.columns, _once([c.name for c in chosen.columns]), strict=True
        )
    ]
    return PlainTable(
        file=file,
        name=chosen.name,
        frame=whole.select(texts),
        rows=whole["_row"].rename("row"),
        aside=chosen.excluded + chosen.quarantined,
    )


def _once(names: Sequence[str]) -> list[str]:
    """Each name once: one that is there already gets its ordinal."""
    taken: set[str] = set()
    found = []
    for name in names:
        own, number = name, 1
        while own in taken:
            number += 1
            own = f"{name} #{number}"
        taken.add(own)
        found.append(own)
    return found


def write_plain(frame: pl.DataFrame, path: Path) -> None:
    """A frame as CSV (RFC 4180, UTF-8), or Parquet where the name ends so; whole or not at all.

    Raises KintsugiError ``read.unwritable``.
    """
    kind: Kind = "parquet" if path.suffix.lower() == ".parquet" else "csv"
    write_frame(frame.lazy(), frame.columns, path, kind)
