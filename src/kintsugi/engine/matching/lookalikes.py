"""Codes that differ only in letters and digits that look alike: never one by themselves."""

from collections.abc import Sequence

import polars as pl

from kintsugi.engine.matching.model import Compared

#: What is mistyped or misread for a digit, as ``folded`` writes it.
_ALIKE = {"o": "0", "i": "1", "l": "1", "b": "8", "s": "5", "z": "2"}
#: The most such a pair can be believed, below any threshold that is chosen: a person has to look.
MOST = 0.45


def shape(text: pl.Expr) -> pl.Expr:
    """A folded code with one sign for all that look alike: sno12 and sn012 are 5n012."""
    return text.str.replace_many(list(_ALIKE), list(_ALIKE.values()))


def doubted(
    links: pl.DataFrame, table: pl.DataFrame, columns: Sequence[Compared], sure: float | None
) -> pl.DataFrame:
    """The links, with those whose codes only look alike (SNO12 and SN012) below ``sure`` (None: one
    that is chosen later), whatever else agrees. ``by`` says ``look-alike`` then."""
    codes = [one.column for one in columns if one.kind == "code"]
    if not codes or links.is_empty():
        return links
    left, right = links["left"].to_list(), links["right"].to_list()
    alike = pl.Series([False] * links.height)
    for name in codes:
        plain = table[name]
        bare = table.select(shape(pl.col(name))).to_series()
        differ = (plain.gather(left) != plain.gather(right)).fill_null(value=False)
        same = (bare.gather(left) == bare.gather(right)).fill_null(value=False)
        alike = alike | (differ & same)
    most = MOST if sure is None else min(MOST, sure / 2)
    doubt = alike & (links["probability"] > most)
    return links.with_columns(
        pl.when(doubt).then(most).otherwise(pl.col("probability")).alias("probability"),
        pl.when(doubt).then(pl.lit("look-alike")).otherwise(pl.col("by")).alias("by"),
    )
