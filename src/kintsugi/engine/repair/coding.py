"""A text table as integers: each column's distinct texts, their counts, and a code per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MAX_CELLS: Final = 50_000_000


@dataclass(frozen=True)
class Coded:
    """One column. ``values`` are its distinct texts in code point order ('' for null), ``counts``
    how many rows hold each, ``codes`` (one a row) the place in ``values``."""

    name: str
    values: tuple[str, ...]
    counts: Ints
    codes: Ints

    @property
    def blank(self) -> int:
        """The code of the empty text, -1 where every cell has one."""
        return 0 if self.values and self.values[0] == "" else -1


def code_table(table: pl.DataFrame) -> list[Coded]:
    """Every column coded; nulls count as empty, other types as their text.

    Raises KintsugiError ``repair.too-large``.
    """
    if table.height * table.width > MAX_CELLS:
        raise KintsugiError(
            "repair.too-large",
            Text("表太大,无法一次检查。", "The table is too large to be checked at once."),
            Text("请分成几部分,或只保留需要的列。", "Split it, or keep only the columns needed."),
            cells=table.height * table.width,
            limit=MAX_CELLS,
        )
    return [code_column(table[name]) for name in table.columns]


def code_column(series: pl.Series) -> Coded:
    """One column coded."""
    texts = series.cast(pl.String).fill_null("")
    if not len(texts):
        return Coded(series.name, (), np.zeros(0, np.int64), np.zeros(0, np.int64))
    codes = texts.rank("dense").to_numpy().astype(np.int64) - 1
    values = tuple(texts.unique().sort().to_list())
    return Coded(series.name, values, np.bincount(codes, minlength=len(values)), codes)


def decode(columns: Sequence[Coded]) -> pl.DataFrame:
    """The table the codes stand for, all text."""
    return pl.DataFrame(
        [
            pl.Series(c.name, c.values, dtype=pl.String).gather(c.codes)
            if c.values
            else pl.Series(c.name, [], dtype=pl.String)
            for c in columns
        ]
    )
