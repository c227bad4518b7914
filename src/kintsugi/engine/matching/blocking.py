"""Which pairs are compared at all: sets of keys that records of one thing agree on.

Found from the data: every column, what ``keys`` makes of it, and every two of them are candidates;
taken are those with the fewest pairs, so that no column has to be right in all of them.
"""

import itertools
from collections.abc import Sequence

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching.keys import Keyed
from kintsugi.engine.text import Text

Block = tuple[str, ...]
RULES_MAX = 12
PAIRS_MAX = 60_000_000
#: Pairs for each record that all rules together may bring.
_PER_RECORD = 40
_RULE_PER_RECORD = 8
NOTHING_SHARED = Text(
    "没有两条记录在可供比较的列上相同,因此没有配对。",
    "No two records agree on anything they could be compared by: there are no matches.",
)
NOTHING_ELSE = Text(
    "除各列都相同的记录外,没有两条记录在可供比较的列上相同。",
    "Besides those that are the same in every column no two records agree on anything they could "
    "be compared by.",
)
_TOO_COMMON = Text(
    "各列的值都太常见,没有一组列能把比较控制在可行的数量;只合并按规则相同的记录。"
    "可用 --block 指定。",
    "What the columns say is too common: no set of them keeps the comparisons within reason, so "
    "only records that are one by rule were joined. Name columns with --block.",
)


def find_blocks(
    keyed: Keyed, sides: pl.Series | None
) -> tuple[tuple[Block, ...], int, Text | None]:
    """Sets of keys to block on, and how many pairs they bring, one counted once for each set;
    where there are none, why. ``sides``: False for the first of two lists."""
    coded = _coded(keyed)
    limit = min(max(_RULE_PER_RECORD * coded.height, 20_000), PAIRS_MAX)
    counted: list[tuple[int, Block]] = []
    shared = False
    for key in keyed.keys:
        pairs = count_pairs(coded, (key,), sides)
        shared = shared or pairs > 0
        if 0 < pairs <= limit:
            counted.append((pairs, (key,)))
    alone = {key for _, (key,) in counted}
    # A key that no two records share is shared by none together with another.
    common = [key for key in keyed.keys if key not in alone and not keyed.listed(key)]
    common = [key for key in common if count_pairs(coded, (key,), sides)]
    for two in itertools.combinations(common, 2):
        if keyed.base(two[0]) == keyed.base(two[1]):
            continue
        pairs = count_pairs(coded, two, sides)
        if 0 < pairs <= limit:
            counted.append((pairs, two))
    budget = min(max(_PER_RECORD * coded.height, 100_000), PAIRS_MAX)
    chosen = _spread(counted, keyed, budget)
    if not chosen:
        return (), 0, _TOO_COMMON if shared else NOTHING_SHARED
    return tuple(block for _, block in chosen), sum(pairs for pairs, _ in chosen), None


def _coded(keyed: Keyed) -> pl.DataFrame:
    """Each key as a number: equal texts are equal numbers, and quicker to count."""
    return keyed.frame.select(
        pl.col(key)
        if keyed.listed(key)
        else pl.when(pl.col(key).is_not_null()).then(pl.col(key).hash()).alias(key)
        for key in keyed.keys
    )


def _spread(counted: list[tuple[int, Block]], keyed: Keyed, budget: int) -> list[tuple[int, Block]]:
    """Few pairs first, but columns used before count against a set: what one mistake in a column
    hides from one rule, another has to find. A set whose pairs another brings too is left out."""
    used: dict[str, int] = {}
    chosen: list[tuple[int, Block]] = []
    rest = sorted(counted)
    spent = 0
    while rest and len(chosen) < RULES_MAX:
        best = min(
            rest,
            key=lambda one: (one[0] * (1 + sum(used.get(keyed.base(k), 0) for k in one[1])),
                             one[1]),
        )  # fmt: skip
        rest.remove(best)
        within = [one for one in chosen if finer(keyed, one[1], best[1])]
        spared = sum(pairs for pairs, _ in within)
        if any(finer(keyed, best[1], one) for _, one in chosen):
            continue
        if spent - spared + best[0] > budget and chosen:
            continue
        for one in within:
            chosen.remove(one)
        spent += best[0] - spared
        chosen.append(best)
        for _, block in within:
            for key in block:
                used[keyed.base(key)] -= 1
        for key in best[1]:
            used[keyed.base(key)] = used.get(keyed.base(key), 0) + 1
    return chosen


def finer(keyed: Keyed, one: Block, other: Block) -> bool:
    """Whether every pair of set ``one`` is a pair of set ``other``."""
    return all(any(keyed.keys[a].finer(keyed.keys[b]) for a in one) for b in other)


def count_pairs(table: pl.DataFrame, keys: Sequence[str], sides: pl.Series | None) -> int:
    """How many pairs agree on all of these, without making them. Of a column of lists one value in
    common is enough; a pair with several counts for each."""
    frame = table.select(*dict.fromkeys(keys))
    if sides is not None:
        frame = frame.with_columns(sides.alias("__side"))
    for key in dict.fromkeys(keys):
        if isinstance(frame.schema[key], pl.List):
            frame = frame.explode(key)
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


def refuse_declared(
    table: pl.DataFrame, blocks: Sequence[Sequence[str]], sides: pl.Series | None
) -> int:
    """How many pairs the sets that a person named bring, one counted once for each set.

    Raises KintsugiError ``match.too-many-pairs`` before anything is compared, and
    ``match.no-blocks`` where no two records agree on any of them.
    """
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
    if not pairs:
        raise KintsugiError(
            "match.no-blocks",
            Text("没有两条记录在 --block 指定的列上相同。",
                 "No two records agree on the columns that --block names."),
            Text("指定重复记录会相同的列,或去掉 --block,由数据得出。",
                 "Name columns that records of one thing agree on, or leave --block out."),
            blocks=[list(block) for block in blocks],
        )  # fmt: skip
    return pairs
