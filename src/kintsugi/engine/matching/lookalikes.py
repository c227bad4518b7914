"""Codes that differ only in letters and digits that look alike: never one by themselves."""

from collections.abc import Sequence

import polars as pl

from kintsugi.engine.matching.model import Compared

#: What is mistyped or misread for a digit, as ``folded`` writes it.
_ALIKE = {"o": "0", "i": "1", "l": "1", "b": "8", "s": "5", "z": "2"}
#: The most such a pair can be believed: a person has to look.
MOST = 0.5


def doubted(
    links: pl.DataFrame, table: pl.DataFrame, columns: Sequence[Compared], sure: float
) -> pl.DataFrame:
    """The links, with those whose codes only look alike (SNO12 and SN012) below ``sure``, whatever
    else agrees. ``by`` says ``look-alike`` then."""
    codes = [one.column for one in columns if one.kind == "code"]
    if not codes or links.is_empty():
        return links
    left, right = links["left"].to_list(), links["right"].to_list()
    alike = pl.Series([False] * links.height)
    for name in codes:
        plain = table[name]
        shape = plain.str.replace_many(list(_ALIKE), list(_ALIKE.values()))
        differ = (plain.gather(left) != plain.gather(right)).fill_null(value=False)
        same = (shape.gather(left) == shape.gather(right)).fill_null(value=False)
        alike = alike | (differ & same)
    most = min(MOST, sure / 2)
    doubt = alike & (links["probability"] > most)
    return links.with_columns(
        pl.when(doubt).then(most).otherwise(pl.col("probability")).alias("probability"),
        pl.when(doubt).then(pl.lit("look-alike")).otherwise(pl.col("by")).alias("by"),
    )
