"""The first three steps, on whole tables: raw → filled → trimmed.

A step that would change nothing writes nothing: it is a view of the file before it.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kintsugi.engine.pipeline.store import Store, digest, sink
from kintsugi.engine.snapshot import Snapshot, cells_frame

# Unicode White_Space, and what is invisible without being whitespace: zero-width characters,
# word joiner, byte-order mark, soft hyphen, direction marks.
INVISIBLE = (
    " \t\n\r\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
)


@dataclass(frozen=True)
class Cells:
    """The text cells of one table after a step: ``_row, c1 … cn``."""

    path: Path
    key: str
    reused: bool
    changed: int

    def scan(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.path)


def raw_cells(snapshot: Snapshot, table: int) -> Cells:
    """The cells exactly as they were read."""
    key = digest("raw", snapshot.sha256, snapshot.parser_version, table)
    return Cells(snapshot.path / f"t{table}.parquet", key, True, 0)


def fills(snapshot: Snapshot, table: int) -> pl.DataFrame:
    """Cells that stand for another one (merged cells, 同上), and garbled ones whose text could be
    regained: row, col, value, anchor_row (null where the text is the cell's own)."""
    if not (snapshot.path / f"t{table}.cells.parquet").is_file():
        return pl.DataFrame(
            schema={"row": pl.Int32, "col": pl.Int32, "value": pl.String, "anchor_row": pl.Int32}
        )
    return (
        cells_frame(snapshot, table)
        .filter(
            (pl.col("kind").is_in(["merged", "ditto"]) & pl.col("value").is_not_null())
            | ((pl.col("kind") == "mojibake") & (pl.col("value") != ""))
        )
        .select("row", "col", "value", "anchor_row")
        .unique(subset=["row", "col"], keep="last", maintain_order=True)
        .collect()
    )


def fill_cells(store: Store, before: Cells, filled: pl.DataFrame, *, name: str) -> Cells:
    """Put the anchor's text where a merged or ditto cell stands, the regained where a garbled."""
    if filled.is_empty():
        return before

    def make(path: Path) -> None:
        frame = before.scan()
        present = frame.collect_schema().names()
        for column in sorted(filled["col"].unique()):
            target = f"c{column}"
            if target not in present:
                continue
            values = filled.filter(pl.col("col") == column).select(
                pl.col("row").alias("_row"), pl.col("value").alias("_fill")
            )
            frame = (
                frame.join(values.lazy(), on="_row", how="left", maintain_order="left")
                .with_columns(pl.coalesce("_fill", target).alias(target))
                .drop("_fill")
            )
        sink(frame, path)

    key = digest("filled", before.key)
    path, _, reused = store.file(f"{name}/filled.parquet", key, make)
    return Cells(path, key, reused, filled.height)


def trim_cells(store: Store, before: Cells, *, name: str) -> Cells:
    """Take invisible characters off both ends of every cell; those inside stay."""
    columns = [c for c in before.scan().collect_schema().names() if c != "_row"]
    if not columns:
        return before
    trimmed = {c: pl.col(c).str.strip_chars(INVISIBLE) for c in columns}
    counts = (
        before.scan()
        .select((trimmed[c] != pl.col(c)).sum().alias(c) for c in columns)
        .collect(engine="streaming")
    )
    changed = {c: int(counts[c][0] or 0) for c in columns}
    if not any(changed.values()):
        return before

    def make(path: Path) -> None:
        touched = [trimmed[c].alias(c) for c in columns if changed[c]]
        sink(before.scan().with_columns(touched), path)

    key = digest("trimmed", before.key)
    path, _, reused = store.file(f"{name}/trimmed.parquet", key, make)
    return Cells(path, key, reused, sum(changed.values()))
