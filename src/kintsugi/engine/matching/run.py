"""Records of one list, or of two, matched as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching.blocking import (
    NOTHING_ELSE,
    NOTHING_SHARED,
    find_blocks,
    refuse_declared,
)
from kintsugi.engine.matching.clusters import (
    cluster_ids,
    decided,
    held_together,
    join,
    one_to_one,
    with_rules,
)
from kintsugi.engine.matching.keys import Keyed, keyed
from kintsugi.engine.matching.learned import Learned, candidates, learned_links
from kintsugi.engine.matching.lookalikes import doubted
from kintsugi.engine.matching.model import (
    LEARNED_SURE,
    LINKS,
    Compared,
    Explanation,
    Matching,
    Plan,
)
from kintsugi.engine.matching.prepare import compared_columns, folded
from kintsugi.engine.matching.probabilities import Model
from kintsugi.engine.matching.same import Same, identical, same_serials
from kintsugi.engine.matching.threshold import Cut, best_cut
from kintsugi.engine.text import Text

ROWS_MAX = 20_000_000
#: Why two records are one where no model was asked, by ``by`` of their link.
RULES = {
    "same": Text("各列都相同", "the same in every column"),
    "serial": Text("厂家与序列号相同", "the same maker and serial number"),
    "known": Text("已在同一分组", "in one group before"),
    "must": Text("人工决定", "a person's word"),
}


@dataclass(frozen=True)
class _Judged:
    """What a model makes of the pairs: its links, the threshold and what is worth telling."""

    links: pl.DataFrame
    cut: Cut
    chosen: bool = False
    blocks: tuple[tuple[str, ...], ...] = ()
    pairs: int = 0
    explained: list[Explanation] = field(default_factory=list)
    notes: tuple[Text, ...] = ()


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
    one list). ``known``: ids of clusters that records have already; they stay together unless the
    plan decides otherwise. ``explain``: so many pairs get their waterfall, those nearest to even
    odds first. ``learned``: a model that judges the pairs in place of the one without labels; then
    there is no waterfall.

    Records the same in every compared column, or with one maker and serial number, are one before
    any model is asked. Same records, plan and order, same result. Raises KintsugiError ``match.*``.
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
    same = identical(plain, columns, sides, plan.decisions, one_to_one=plan.one_to_one)
    if learned is not None:
        judged = _by_answers(plain, columns, sides, plan, same, learned)
    else:
        judged = _without_labels(plain, columns, sides, plan, same, explain)
    headers = plan.columns or [name for name in plain.columns if name != plan.key]
    serials = doubted(same_serials(plain, headers, sides), plain, columns, plan.sure)
    links = with_rules(judged.links, same.links, serials)
    links = held_together(links, list(known))
    links = decided(links, plan.decisions)
    if plan.one_to_one and plan.link:
        links = one_to_one(links)
    labels, issues = join(table.height, links, plan.decisions, judged.cut.sure)
    ids, merged = cluster_ids(labels, _keys(table, plan), list(known) or [None] * table.height)
    found = Matching(
        links=links,
        clusters=pl.DataFrame({"row": np.arange(table.height), "cluster": ids}),
        compared=columns,
        blocks=judged.blocks,
        pairs=judged.pairs,
        issues=tuple(issues),
        sure=judged.cut.sure,
        f1=judged.cut.f1 if judged.chosen else None,
        merged=tuple(merged),
        notes=judged.notes,
    )
    return found, _explained(judged.explained, links, explain)


def _by_answers(
    plain: pl.DataFrame,
    columns: Sequence[Compared],
    sides: pl.Series | None,
    plan: Plan,
    same: Same,
    learned: Learned,
) -> _Judged:
    seen = plain[same.seen.tolist()]
    pairs = candidates(seen.select(c.column for c in columns), sides)
    links = learned_links(seen, learned, pairs, plan.ask)
    links = doubted(_placed(links, same), plain, columns, plan.sure)
    return _Judged(links, Cut(plan.sure or LEARNED_SURE, learned.f1), pairs=pairs.height)


def _without_labels(
    plain: pl.DataFrame,
    columns: Sequence[Compared],
    sides: pl.Series | None,
    plan: Plan,
    same: Same,
    explain: int,
) -> _Judged:
    seen = plain[same.seen.tolist()]
    nothing = pl.DataFrame(schema=LINKS)
    note = None
    if plan.blocks:
        found = Keyed(seen)
        compared, blocks = refuse_declared(seen, plan.blocks, sides), plan.blocks
    else:
        found = keyed(seen, columns)
        blocks, compared, note = find_blocks(found, sides)
    if note is NOTHING_SHARED and same.links.height:
        note = NOTHING_ELSE
    if not compared:
        sure = plan.sure if plan.sure is not None else best_cut(nothing, sides, 0.0).sure
        return _Judged(nothing, Cut(sure, 0.0), blocks=blocks, notes=(note,) if note else ())
    model = Model(found, columns, blocks, plan, sides)
    try:
        links = doubted(_placed(model.links(), same), plain, columns, plan.sure)
        cut = Cut(plan.sure, 0.0) if plan.sure is not None else _cut(links, sides, plan, model.mass)
        explained = []
        if explain:
            near = _doubtful(links, explain)
            rows = np.searchsorted(same.seen, np.array(near, dtype=np.int64).reshape(-1, 2))
            made = model.explain([(int(a), int(b)) for a, b in rows], seen)
            explained = [
                Explanation(left, right, one.prior, one.steps)
                for (left, right), one in zip(near, made, strict=True)
            ]
    finally:
        model.close()
    return _Judged(links, cut, plan.sure is None, blocks, compared, explained)


def _cut(links: pl.DataFrame, sides: pl.Series | None, plan: Plan, mass: float) -> Cut:
    if plan.one_to_one and plan.link:
        links = one_to_one(links)
    return best_cut(links, sides, mass)


def _placed(links: pl.DataFrame, same: Same) -> pl.DataFrame:
    """Links between rows that were seen, as links between rows of the table."""
    at = pl.Series(same.seen)
    return links.with_columns(
        at.gather(links[side].to_list()).cast(pl.Int64).alias(side) for side in ("left", "right")
    )


def _explained(judged: list[Explanation], links: pl.DataFrame, count: int) -> list[Explanation]:
    """The waterfalls of pairs that are still links, then pairs that are one by rule."""
    said = (
        {(a, b): by for a, b, by in links.select("left", "right", "by").iter_rows()}
        if count
        else {}
    )
    found = [one for one in judged if said.get((one.left, one.right)) in ("model", "look-alike")]
    for (left, right), by in said.items():
        if len(found) >= count:
            break
        if by in RULES:
            found.append(Explanation(left, right, 0.0, rule=RULES[by]))
    return found


def _doubtful(links: pl.DataFrame, count: int) -> list[tuple[int, int]]:
    near = links.sort((pl.col("probability") - 0.5).abs(), "left", "right").head(count)
    return [(int(a), int(b)) for a, b in near.select("left", "right").rows()]


def _keys(table: pl.DataFrame, plan: Plan) -> list[str]:
    """What names a record whatever its place: its identifier, else all it says."""
    if plan.key is not None and plan.key in table.columns:
        return [text or "" for text in table[plan.key].cast(pl.String).to_list()]
    return ["\x1f".join(text or "" for text in row) for row in table.cast(pl.String).iter_rows()]
