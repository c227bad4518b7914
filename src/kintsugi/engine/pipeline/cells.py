"""The first three steps, on whole tables: raw → filled → trimmed.

A step that would change nothing writes nothing: it is a view of the file before it.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kintsugi.engine.pipeline.fills import filled as put_in
from kintsugi.engine.pipeline.store import Store, digest, sink
from kintsugi.engine.snapshot import Snapshot

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


def fill_cells(store: Store, before: Cells, filled: pl.DataFrame, *, name: str) -> Cells:
    """Put the anchor's text where a merged or ditto cell stands, the regained where a garbled."""
    if filled.is_empty():
        return before

    def make(path: Path) -> None:
        sink(put_in(before.scan(), filled), path)

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
