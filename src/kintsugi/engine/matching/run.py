"""Records of one list, or of two, matched as a whole."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching.blocking import block_keys, find_blocks, refuse_too_many
from kintsugi.engine.matching.clusters import cluster_ids, decided, join, one_to_one
from kintsugi.engine.matching.learned import Learned, candidates, learned_links
from kintsugi.engine.matching.lookalikes import doubted
from kintsugi.engine.matching.model import Explanation, Matching, Plan
from kintsugi.engine.matching.prepare import compared_columns, folded
from kintsugi.engine.matching.probabilities import Model
from kintsugi.engine.text import Text

ROWS_MAX = 20_000_000


def match(
    table: pl.DataFrame,
    plan: Plan,
    *,
    second: int = 0,
    known: Sequence[str | None] = (),
    explain: int = 0,
    learned: Learned | None = None,
) -> tuple[Matching, list[Explanation]]:
    """Match the records of a table. ``second``: how many of its last rows are the second list (0:
    one list). ``known``: ids of clusters that records have already. ``explain``: so many pairs get
    their waterfall, those nearest to even odds first. ``learned``: a model that judges the pairs in
    place of the one without labels; then 0.5 is where it was best, and there is no waterfall.

    Same records, plan and order, same result. Raises KintsugiError ``match.*``.
    """
    if table.height > ROWS_MAX or table.height < 2 or (plan.link and not 0 < second < table.height):
        raise KintsugiError(
            "match.size",
            Text(f"有 {table.height:,} 条记录,须为 2 至 {ROWS_MAX:,} 条,且每份清单都有。",
                 f"There are {table.height:,} records; from 2 to {ROWS_MAX:,}, and some in each."),
            Text("请检查输入。", "Check the input."),
            rows=table.height,
            second=second,
        )  # fmt: skip
    sides = None
    if plan.link:
        sides = pl.Series([False]).extend_constant(False, table.height - second - 1)
        sides = sides.extend_constant(True, second)
    plain = folded(table)
    columns = compared_columns(plain, plan)
    explained: list[Explanation] = []
    blocks: tuple[tuple[str, ...], ...] = ()
    if learned is not None:
        pairs = candidates(plain.select(c.column for c in columns), sides)
        links = learned_links(plain, learned, pairs, plan.ask)
        links = decided(doubted(links, plain, columns, plan.sure), plan.decisions)
        compared = pairs.height
    else:
        keyed = block_keys(plain, columns)
        blocks = tuple(plan.blocks) or find_blocks(keyed, columns, sides)
        compared = refuse_too_many(keyed, blocks, sides)
        model = Model(keyed, columns, blocks, plan, sides)
        try:
            links = doubted(model.links(), plain, columns, plan.sure)
            links = decided(links, plan.decisions)
            explained = model.explain(_doubtful(links, explain), plain) if explain else []
        finally:
            model.close()
    if plan.one_to_one and plan.link:
        links = one_to_one(links)
    labels, issues = join(table.height, links, plan.decisions, plan.sure)
    ids = cluster_ids(labels, _keys(table, plan), list(known) or [None] * table.height)
    found = Matching(
        links=links,
        clusters=pl.DataFrame({"row": np.arange(table.height), "cluster": ids}),
        compared=columns,
        blocks=blocks,
        pairs=compared,
        issues=tuple(issues),
    )
    return found, explained


def _doubtful(links: pl.DataFrame, count: int) -> list[tuple[int, int]]:
    near = links.sort((pl.col("probability") - 0.5).abs(), "left", "right").head(count)
    return [(int(a), int(b)) for a, b in near.select("left", "right").rows()]


def _keys(table: pl.DataFrame, plan: Plan) -> list[str]:
    """What names a record whatever its place: its identifier, else all it says."""
    if plan.key is not None and plan.key in table.columns:
        return [text or "" for text in table[plan.key].cast(pl.String).to_list()]
    return ["\x1f".join(text or "" for text in row) for row in table.cast(pl.String).iter_rows()]
