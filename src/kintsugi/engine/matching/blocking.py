"""Which pairs are compared at all: sets of columns that records of one thing agree on.

Found from the data: every column, the beginning of every name, and every two of them are
candidates; taken are those with the fewest pairs, so that no column has to be right in all of them.
"""

import itertools
from collections.abc import Sequence

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching.model import Compared
from kintsugi.engine.text import Text

RULES_MAX = 12
PAIRS_MAX = 60_000_000
#: Pairs for each record that all rules together may bring.
_PER_RECORD = 40
_RULE_PER_RECORD = 8
_START = 4
#: The key of the beginning of a column.
STARTS = "^"


def block_keys(table: pl.DataFrame, columns: Sequence[Compared]) -> pl.DataFrame:
    """The table with a column ``name^`` for the beginning of each name and long text."""
    return table.with_columns(
        pl.col(one.column).str.slice(0, _START).alias(one.column + STARTS)
        for one in columns
        if one.kind in ("name", "text")
    )


def find_blocks(
    table: pl.DataFrame, columns: Sequence[Compared], sides: pl.Series | None
) -> tuple[tuple[str, ...], ...]:
    """Sets of columns of ``block_keys`` to block on. ``sides``: False for the first of two lists.

    Raises KintsugiError ``match.no-blocks`` when every set brings too many pairs.
    """
    keys = [c.column for c in columns if c.kind != "number"]
    keys += [c.column + STARTS for c in columns if c.kind in ("name", "text")]
    limit = max(_RULE_PER_RECORD * table.height, 20_000)
    counted: list[tuple[int, tuple[str, ...]]] = []
    for key in keys:
        pairs = count_pairs(table, (key,), sides)
        if 0 < pairs <= limit:
            counted.append((pairs, (key,)))
    alone = {key for _, (key,) in counted}
    for two in itertools.combinations(keys, 2):
        if two[0].rstrip(STARTS) == two[1].rstrip(STARTS) or set(two) & alone:
            continue
        pairs = count_pairs(table, two, sides)
        if 0 < pairs <= limit:
            counted.append((pairs, two))
    chosen = _spread(counted, max(_PER_RECORD * table.height, 100_000))
    if not chosen:
        raise KintsugiError(
            "match.no-blocks",
            Text("没有一组列能把比较控制在可行的数量。",
                 "No set of columns keeps the number of comparisons within reason."),
            Text("用 --block 指定,例如 --block 姓名,生日。",
                 "Name them with --block, such as --block surname,birthday."),
            columns=[c.column for c in columns],
        )  # fmt: skip
    return chosen


def _spread(counted: list[tuple[int, tuple[str, ...]]], budget: int) -> tuple[tuple[str, ...], ...]:
    """Few pairs first, but columns used before count against a set: what one mistake in a column
    hides from one rule, another has to find."""
    used: dict[str, int] = {}
    chosen: list[tuple[str, ...]] = []
    rest = sorted(counted)
    spent = 0
    while rest and len(chosen) < RULES_MAX:
        best = min(
            rest,
            key=lambda one: (one[0] * (1 + sum(used.get(k.rstrip(STARTS), 0) for k in one[1])),
                             one[1]),
        )  # fmt: skip
        rest.remove(best)
        if spent + best[0] > budget and chosen:
            continue
        spent += best[0]
        chosen.append(best[1])
        for key in best[1]:
            used[key.rstrip(STARTS)] = used.get(key.rstrip(STARTS), 0) + 1
    return tuple(chosen)


def count_pairs(table: pl.DataFrame, keys: Sequence[str], sides: pl.Series | None) -> int:
    """How many pairs agree on all of these, without making them."""
    frame = table.select(*dict.fromkeys(keys))
    if sides is not None:
        frame = frame.with_columns(sides.alias("__side"))
    groups = (
        frame.drop_nulls(list(keys))
        .group_by(list(dict.fromkeys(keys)))
        .agg(
            pl.len().cast(pl.Float64).alias("__n"),
            (pl.col("__side").sum() if sides is not None else pl.lit(0))
            .cast(pl.Float64)
            .alias("__b"),
        )
    )
    pairs = (
        pl.col("__b") * (pl.col("__n") - pl.col("__b"))
        if sides is not None
        else pl.col("__n") * (pl.col("__n") - 1) / 2
    )
    return int(groups.select(pairs.sum()).item() or 0)


def refuse_too_many(
    table: pl.DataFrame, blocks: Sequence[Sequence[str]], sides: pl.Series | None
) -> int:
    """How many pairs the sets bring, one counted once for each. KintsugiError
    ``match.too-many-pairs`` before anything is compared."""
    pairs = sum(count_pairs(table, block, sides) for block in blocks)
    if pairs > PAIRS_MAX:
        raise KintsugiError(
            "match.too-many-pairs",
            Text(f"要比较的配对有 {pairs:,} 个,最多 {PAIRS_MAX:,} 个。",
                 f"There are {pairs:,} pairs to compare; {PAIRS_MAX:,} at most."),
            Text("用更有区分力的 --block。", "Block on columns that tell more records apart."),
            pairs=pairs,
            limit=PAIRS_MAX,
        )  # fmt: skip
    return pairs
