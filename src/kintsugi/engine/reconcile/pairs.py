"""One-to-one: pairs that may be meant, what each costs, and the cheapest choice of all at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.reconcile.sides import NONE, Ints, Side
from kintsugi.engine.text import Text

Floats = npt.NDArray[np.float64]
#: Pairs within tolerance that are weighed at once.
PAIRS_MAX = 20_000_000
_AMOUNT_WEIGHT, _DAY_WEIGHT, _TEXT_WEIGHT = 2.0, 1.0, 1.0
#: No pair costs as much as two rows without counterpart.
_ALONE = 100.0


@dataclass(frozen=True)
class Limits:
    """How far two rows may differ: ``amount`` in the sides' own counts, ``days``, ``likeness``."""

    amount: int
    days: int
    likeness: float


@dataclass(frozen=True)
class Candidates:
    """Pairs within the limits, as positions in both lists, and what each costs (0 is the same)."""

    left: Ints
    right: Ints
    cost: Floats
    likeness: Floats | None


def exact_pairs(left: Side, right: Side, free: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Rows that say the same in every column asked for, in the order of the lists; a row that is
    there twice takes two of the other side."""
    frames = [
        pl.DataFrame(
            {
                "row": rows,
                **{
                    name: value[rows]
                    for name, value in (("key", s.key), ("amount", s.amount), ("day", s.day))
                    if value is not None
                },
                **({"text": [s.text[row] for row in rows]} if s.text is not None else {}),
            }
        )
        for s, rows in ((left, free[0]), (right, free[1]))
    ]
    names = [name for name in frames[0].columns if name != "row"]
    said = pl.all_horizontal(
        pl.col(name) != (-1 if name == "key" else NONE) for name in names if name != "text"
    )
    if not [name for name in names if name != "text"]:
        said = pl.col("text") != ""
    counted = [
        frame.filter(said).with_columns(pl.int_range(pl.len()).over(names).alias("nth"))
        for frame in frames
    ]
    found = counted[0].join(counted[1], on=[*names, "nth"], how="inner").sort("row")
    return found["row"].cast(pl.Int64).to_numpy(), found["row_right"].cast(pl.Int64).to_numpy()


def candidates(left: Side, right: Side, free: tuple[Ints, Ints], limits: Limits) -> Candidates:
    """Every pair of free rows within the limits.

    Raises KintsugiError ``reconcile.too-many-pairs`` where the limits say next to nothing.
    """
    at, to = _within(left, right, free, limits)
    keep = np.ones(len(at), dtype=np.bool_)
    cost = np.zeros(len(at))
    if left.key is not None and right.key is not None:
        a, b = left.key[at], right.key[to]
        keep &= (a == b) | (a < 0) | (b < 0)
        cost += np.where(a == b, 0.0, 1.0)
    if left.amount is not None and right.amount is not None:
        a, b = left.amount[at], right.amount[to]
        both = (a != NONE) & (b != NONE)
        off = np.abs(np.where(both, a, 0) - np.where(both, b, 0))
        keep &= both & (off <= limits.amount)
        cost += _AMOUNT_WEIGHT * off / max(limits.amount, 1)
    if left.day is not None and right.day is not None:
        a, b = left.day[at], right.day[to]
        both = (a != NONE) & (b != NONE)
        off = np.abs(np.where(both, a, 0) - np.where(both, b, 0))
        keep &= ~both | (off <= limits.days)
        cost += np.where(both, _DAY_WEIGHT * off / max(limits.days, 1), _DAY_WEIGHT)
    at, to, cost = at[keep], to[keep], cost[keep]
    if left.text is None or right.text is None:
        return Candidates(at, to, cost, None)
    alike = likeness(left.text, right.text, at, to)
    keep = alike >= limits.likeness
    cost = cost + _TEXT_WEIGHT * (1 - alike)
    return Candidates(at[keep], to[keep], cost[keep], alike[keep])


def likeness(left: list[str], right: list[str], at: Ints, to: Ints) -> Floats:
    """How much the texts of each pair have in common, 0–1, whatever the order of their words."""
    scores = process.cpdist(
        [left[i] for i in at.tolist()],
        [right[i] for i in to.tolist()],
        scorer=fuzz.token_sort_ratio,
    )
    return np.asarray(scores, dtype=np.float64) / 100


def _within(left: Side, right: Side, free: tuple[Ints, Ints], limits: Limits) -> tuple[Ints, Ints]:
    """Pairs by the column that tells most rows apart: a range of amounts, else equal keys, else of
    days, else all with all."""
    mine, theirs = free
    if left.amount is not None and right.amount is not None:
        return _range_join(left.amount, right.amount, mine, theirs, limits.amount)
    if left.key is not None and right.key is not None:
        return _range_join(left.key, right.key, mine, theirs, 0)
    if left.day is not None and right.day is not None:
        return _range_join(left.day, right.day, mine, theirs, limits.days)
    _bounded(len(mine) * len(theirs))
    return np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))


def _range_join(a: Ints, b: Ints, mine: Ints, theirs: Ints, reach: int) -> tuple[Ints, Ints]:
    """Positions (i, j) with |a[i] − b[j]| ≤ reach, for what says something."""
    mine, theirs = mine[a[mine] != NONE], theirs[b[theirs] != NONE]
    order = theirs[np.argsort(b[theirs], kind="stable")]
    values = b[order]
    first = np.searchsorted(values, a[mine] - reach, side="left")
    last = np.searchsorted(values, a[mine] + reach, side="right")
    count = last - first
    total = int(count.sum())
    _bounded(total)
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(count)[:-1])), count)
    return np.repeat(mine, count), order[starts + np.arange(total)]


def _bounded(pairs: int) -> None:
    if pairs > PAIRS_MAX:
        raise KintsugiError(
            "reconcile.too-many-pairs",
            Text(
                f"在容差内的配对有 {pairs:,} 个,超过 {PAIRS_MAX:,}。",
                f"{pairs:,} pairs lie within the tolerances, more than {PAIRS_MAX:,}.",
            ),
            Text("请缩小容差,或再给出编号列。", "Use smaller tolerances, or name a key as well."),
            pairs=pairs,
            limit=PAIRS_MAX,
        )


def cheapest(found: Candidates) -> tuple[Ints, Ints, Ints]:
    """The choice of pairs in which as many rows as can be have one counterpart, at the least cost
    in all: positions in both lists, and in ``found``. The optimum, not one pair after the other."""
    if len(found.left) == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing
    lefts, i = np.unique(found.left, return_inverse=True)
    rights, j = np.unique(found.right, return_inverse=True)
    chosen = _unrivalled(len(lefts), len(rights), i, j)
    rest = np.flatnonzero(~chosen[0])
    picked = [np.flatnonzero(chosen[1])]
    if len(rest):
        picked.append(_assigned(i[rest], j[rest], found.cost[rest], rest))
    at = np.sort(np.concatenate(picked))
    return found.left[at], found.right[at], at


def _unrivalled(
    lefts: int, rights: int, i: Ints, j: Ints
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Candidates of components that are one pair: (in such a component, chosen)."""
    edges = csr_matrix((np.ones(len(i)), (i, j + lefts)), shape=(lefts + rights, lefts + rights))
    _count, label = connected_components(edges, directed=False)
    size = np.bincount(label)
    alone = size[label[i]] == 2
    return alone, alone


def _assigned(i: Ints, j: Ints, cost: Floats, origin: Ints) -> Ints:
    """Minimum-weight matching in which every left row may also stay alone, at a price."""
    _, i = np.unique(i, return_inverse=True)
    rights, j = np.unique(j, return_inverse=True)
    count, columns = int(i.max()) + 1, len(rights)
    # Nothing may weigh 0: an explicit zero is no edge to the solver.
    weights = np.concatenate((cost + 1.0, np.full(count, _ALONE)))
    rows = np.concatenate((i, np.arange(count)))
    cols = np.concatenate((j, columns + np.arange(count)))
    matrix = csr_matrix((weights, (rows, cols)), shape=(count, columns + count))
    left, right = min_weight_full_bipartite_matching(matrix)
    paired = right < columns
    where = {(a, b): n for n, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True))}
    at = [where[a, b] for a, b in zip(left[paired].tolist(), right[paired].tolist(), strict=True)]
    return np.asarray(origin[at], dtype=np.int64)
