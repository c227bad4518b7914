"""Which source columns a value was read from, in one particular row.

A mapping may say "the first of these columns that is not blank". Then the columns differ from row
to row, and the snapshot itself says which one it was.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import polars as pl
from django.conf import settings

from kintsugi.audit.models import Origin
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.snapshot import cells_frame, open_snapshot, table_frame


def columns_read(origin: Origin, name: str, row: int) -> Sequence[Mapping[str, Any]]:
    """The columns a field's value was read from in this row; all candidates where the snapshot is
    not at hand."""
    columns = origin.columns.get(name, [])
    if len(columns) < 2 or not columns[0].get("either"):
        return list(columns)
    filled = filled_ordinals(origin.snapshot, origin.table_no, row)
    return next(([c] for c in columns if c["ordinal"] in filled), list(columns))


@lru_cache(maxsize=4096)
def filled_ordinals(snapshot: str, table_no: int, row: int) -> frozenset[int]:
    """Ordinals of the columns that are not blank in a row, merged and ditto cells included.

    A snapshot never changes, so the answer is kept.
    """
    try:
        opened = open_snapshot(settings.SNAPSHOT_ROOT / snapshot)
        here = pl.col("_row") == row
        texts = table_frame(opened, table_no).filter(here).collect().drop("_row")
        fills = (
            cells_frame(opened, table_no)
            .filter((pl.col("row") == row) & pl.col("kind").is_in(["merged", "ditto"]))
            .collect()
        )
    except (KintsugiError, OSError):
        return frozenset()
    filled = {
        int(key[1:]) for line in texts.iter_rows(named=True) for key, t in line.items() if t.strip()
    }
    return frozenset(filled | set(fills["col"].to_list()))
