"""Approximate functional dependencies mined from the data: who determines whom, and how surely.

The score is the chance that two different rows with the same left side agree on the right side
(a leave-one-out pdep), corrected for the chance that any two rows agree (as Goodman and Kruskal's
tau is): it is 0 for independence, also with many small groups, and 1 for an exact dependency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kintsugi.engine.repair.coding import Coded, Floats, Ints

SAMPLE: Final = 20_000
MAX_COLUMNS: Final = 60
_MIN_SHARED: Final = 0.1  # of rows whose group has another row
_MIN_CROSSED: Final = 0.3  # of all things told of by all sources
_ATTRIBUTE: Final = 0.3  # score from which a column says something of another
_MIN_PAIR_SCORE: Final = 0.85
_MAX_PAIR_COLUMNS: Final = 12


@dataclass(frozen=True)
class Dependency:
    """``left`` (one or two column numbers) determines ``right``. ``score`` is chance corrected,
    ``agree`` the raw chance that two rows agree, ``belief`` how likely the dependency is real;
    ``claims`` that the rows of a group are what several sources claim of one thing."""

    left: tuple[int, ...]
    right: int
    score: float
    agree: float
    belief: float
    claims: bool = False


@dataclass(frozen=True)
class Groups:
    """Rows by left-side value and their right sides, one entry a row: ``own`` other rows of the
    group with the same right side, ``size`` others in the group with any, ``other`` the right side
    most frequent among those that differ (-1: none) and ``rival`` its count, ``most`` whether no
    right side of the group is more frequent than the row's own."""

    own: Ints
    size: Ints
    other: Ints
    rival: Ints
    most: NDArray[np.bool_]


def left_codes(columns: Sequence[Coded], left: tuple[int, ...]) -> Ints:
    """One number per row for the value of the left side; -1 where a part of it is empty."""
    first = columns[left[0]]
    found = np.where(first.codes == first.blank, -1, first.codes)
    for index in left[1:]:
        nxt = columns[index]
        empty = (found < 0) | (nxt.codes == nxt.blank)
        found = np.where(empty, -1, found * len(nxt.values) + nxt.codes)
    if len(left) > 1 and len(found):
        _, dense = np.unique(found, return_inverse=True)
        found = np.where(found < 0, -1, dense.astype(np.int64))
    return found


def group(left: Ints, right: Coded) -> Groups:
    """The groups of a left side over all rows; empty sides take no part."""
    n = len(left)
    use = np.flatnonzero((left >= 0) & (right.codes != right.blank))
    width = max(len(right.values), 1)
    key = left[use] * width + right.codes[use]
    pairs, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    owner, value = pairs // width, pairs % width
    groups = int(left.max(initial=-1)) + 1
    size = np.zeros(groups, np.int64)
    np.add.at(size, owner, counts)
    # Pairs by group, most frequent first: the first two of a group are its top and runner-up.
    order = np.lexsort((value, -counts, owner))
    first = np.full(groups, -1, np.int64)
    ranked = owner[order]
    # The end that matches no group makes the first pair a start.
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    first[ranked[starts]] = starts
    second = np.where(first >= 0, first + 1, -1)
    inside = (second >= 0) & (second < len(order))
    same = np.zeros(groups, bool)
    same[inside] = owner[order][second[inside]] == np.flatnonzero(inside)
    top = np.full(groups, -1, np.int64)
    top_n, next_n = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    runner = np.full(groups, -1, np.int64)
    there = first >= 0
    top[there] = value[order][first[there]]
    top_n[there] = counts[order][first[there]]
    runner[same] = value[order][second[same]]
    next_n[same] = counts[order][second[same]]
    mine = np.zeros(n, np.int64)
    mine[use] = counts[inverse]
    known = left >= 0
    at = np.where(known, left, 0)
    if not groups:
        zero = np.zeros(n, np.int64)
        return Groups(zero, zero, zero - 1, zero, np.zeros(n, bool))
    is_top = known & (right.codes == top[at]) & (mine > 0)
    other = np.where(known, np.where(is_top, runner[at], top[at]), -1)
    rival = np.where(known, np.where(is_top, next_n[at], top_n[at]), 0)
    own = np.maximum(mine - 1, 0)
    total = np.where(known, size[at] - (mine > 0), 0)
    return Groups(own, total, other, rival, (mine > 0) & (mine >= rival))


def score(groups: Groups, right: Coded) -> tuple[float, float, float]:
    """(chance-corrected score, raw agreement, share of rows with another row in their group)."""
    use = (groups.size > 0) & (right.codes != right.blank)
    filled = int((right.codes != right.blank).sum())
    if filled < 2 or not use.any():
        return 0.0, 0.0, 0.0
    # A large group counts for less than its rows: one big group is one witness of the rule.
    weight = 1 / np.sqrt(groups.size[use] + 1.0)
    agree = float((groups.own[use] / groups.size[use] * weight).sum() / weight.sum())
    counts = right.counts.astype(float).copy()
    if right.blank == 0:
        counts[0] = 0
    chance = float((counts * (counts - 1)).sum() / (filled * (filled - 1)))
    if chance >= 1:
        return 0.0, agree, float(use.mean())
    return (agree - chance) / (1 - chance), agree, float(use.mean())


def _margin(groups: Groups, right: Coded, value: float, agree: float) -> float:
    """1.5 standard errors of a score; a group counts as the root of its rows in witnesses."""
    use = (groups.size > 0) & (right.codes != right.blank)
    witnesses = float((1 / np.sqrt(groups.size[use] + 1.0)).sum())
    if not witnesses:
        return 1.0
    error = float(np.sqrt(max(agree * (1 - agree), 1 / witnesses) / witnesses))
    # The score stretches what is beyond chance to the whole scale, and the error with it.
    stretch = (1 - value) / (1 - agree) if agree < 1 else 1.0
    return 1.5 * error * stretch


def decisive(groups: Groups, left: Ints, right: Coded) -> float:
    """Share of groups whose most frequent right side is twice as frequent as the next. Where a left
    side has several right sides of its own (a state its area codes) it is low, whatever the score.
    Groups of four rows and more are asked, smaller ones where there are few of those."""
    use = (left >= 0) & (right.codes != right.blank) & groups.most & (groups.size >= 1)
    for least in (4, 2):
        rows = np.flatnonzero(use & (groups.size + 1 >= least))
        _, first = np.unique(left[rows], return_index=True)
        if len(first) >= 5 or least == 2:
            one = rows[first]
            break
    if not len(one):
        return 0.0
    return float((groups.own[one] + 1 >= 2 * groups.rival[one]).mean())


def _noisiness(groups: Groups, right: Coded) -> float:
    """From 1, where what deviates looks like noise, down to 0.45: where several rows of a group
    share their deviation, the group has several true values and there is only a tendency."""
    heard = (groups.size >= 2) & (right.codes != right.blank)
    minority = heard & (groups.own < groups.rival)
    shared = int((minority & (groups.own >= 1)).sum())
    if shared <= 0.005 * int(heard.sum()):
        return 1.0
    clump = shared / int(minority.sum())
    return 1 - 0.55 * min(max((clump - 0.4) / 0.5, 0.0), 1.0)


def spread(column: Coded) -> float:
    """How many equally frequent values would make two rows agree as often as here."""
    counts = column.counts.astype(float).copy()
    if column.blank == 0:
        counts[0] = 0
    total = counts.sum()
    return float(total * total / (counts * counts).sum()) if total else 1.0


def belief(score_: float, right: Coded) -> float:
    """How likely a dependency is real. Where the right side takes few values a tendency alone gives
    a high score, so more is asked; where it takes many, agreement can hardly be anything else."""
    width = min(max(np.log(max(spread(right), 1.0) / 3.0) / np.log(10.0), 0.0), 1.0)
    low, high = 0.75 - 0.45 * width, 0.92 - 0.42 * width
    return float(min(max(0.5 + 0.49 * (score_ - low) / (high - low), 0.0), 0.99))


def usable_left(column: Coded) -> bool:
    """Whether a column can group rows: not constant, and not a different value in each row."""
    filled = int(column.counts.sum()) - (int(column.counts[0]) if column.blank == 0 else 0)
    kinds = len(column.values) - (column.blank == 0)
    return kinds >= 2 and kinds <= 0.9 * filled


def mine(columns: Sequence[Coded], before: Sequence[Dependency] | None = None) -> list[Dependency]:
    """The dependencies that hold, single left sides first, then pairs for right sides that no
    single column determines. Pairs are looked for in at most SAMPLE evenly spaced rows, or only
    among those of ``before``, found in the same table with more errors."""
    found: list[Dependency] = []
    if not columns or not len(columns[0].codes):
        return found
    wide = range(min(len(columns), MAX_COLUMNS))
    lefts = [i for i in wide if usable_left(columns[i])]
    rights = [i for i in wide if len(columns[i].values) - (columns[i].blank == 0) >= 2]
    sampled = _sampled(columns)
    told = claimed(sampled, lefts)
    for right in rights:
        for left in lefts:
            if left == right:
                continue
            one = _judged(columns, sampled, (left,), right, claims=left in told)
            if one is not None:
                found.append(one)
    settled = {d.right for d in found}
    for right in (r for r in rights if r not in settled):
        if before is None:
            found += _pairs(columns, sampled, lefts, right)
            continue
        for pair in (d.left for d in before if d.right == right and len(d.left) > 1):
            one = _judged(columns, sampled, pair, right)
            found += [] if one is None else [one]
    return found


def _sampled(columns: Sequence[Coded]) -> list[Coded]:
    n = len(columns[0].codes)
    if n <= SAMPLE:
        return list(columns)
    rows = np.linspace(0, n - 1, SAMPLE).astype(np.int64)
    return [
        Coded(c.name, c.values, np.bincount(c.codes[rows], minlength=len(c.values)), c.codes[rows])
        for c in columns
    ]


def claimed(columns: Sequence[Coded], lefts: Sequence[int]) -> dict[int, int]:
    """Columns that name what several sources make claims about, each with its column of sources:
    the two together are a key, most things are told of by a good part of the sources, and nothing
    else depends on the source: it is no thing itself."""
    found: dict[int, int] = {}
    n = len(columns[0].codes)
    for source in lefts:
        tellers = len(columns[source].values)
        # Each source tells of many things: the column itself is far from a key.
        if not 3 <= tellers <= n / 10 or _has_attributes(columns, source):
            continue
        for thing in lefts:
            things = len(columns[thing].values)
            if thing in (source, *found) or not 3 <= things <= n / 3 or things < tellers / 4:
                continue
            if n < _MIN_CROSSED * tellers * things:
                continue
            pairs = np.unique(columns[source].codes * things + columns[thing].codes)
            if len(pairs) >= 0.98 * n:
                found[thing] = source
    return found


def _has_attributes(columns: Sequence[Coded], left: int) -> bool:
    """Whether a column determines another to some degree."""
    codes = left_codes(columns, (left,))
    return any(
        score(group(codes, right), right)[0] > _ATTRIBUTE
        for i, right in enumerate(columns)
        if i != left
    )


def _judged(
    columns: Sequence[Coded],
    sampled: Sequence[Coded],
    left: tuple[int, ...],
    right: int,
    *,
    claims: bool = False,
) -> Dependency | None:
    """Judged on the sample first: most pairs of columns have nothing to do with each other."""
    if len(columns[0].codes) != len(sampled[0].codes):
        part = group(left_codes(sampled, left), sampled[right])
        quick, _, shared = score(part, sampled[right])
        if shared > _MIN_SHARED and quick < 0.2:
            return None
    sides = left_codes(columns, left)
    groups = group(sides, columns[right])
    value, agree, shared = score(groups, columns[right])
    # Of many pairs of columns some agree by accident: a score counts by its lower bound.
    trust = belief(value - _margin(groups, columns[right], value, agree), columns[right])
    if shared < _MIN_SHARED or trust < 0.5:
        return None
    if not claims:
        trust *= min(max((decisive(groups, sides, columns[right]) - 0.4) / 0.4, 0.0), 1.0)
        trust *= _noisiness(groups, columns[right])
    if trust < 0.5:
        return None
    return Dependency(left, right, value, agree, trust, claims)


def _pairs(
    columns: Sequence[Coded], sampled: Sequence[Coded], lefts: Sequence[int], right: int
) -> list[Dependency]:
    """The best three pairs that determine what neither column does alone."""
    alone = {
        i: score(group(left_codes(sampled, (i,)), sampled[right]), sampled[right])[0]
        for i in lefts
        if i != right
    }
    best = sorted(alone, key=lambda i: (-alone[i], i))[:_MAX_PAIR_COLUMNS]
    found = []
    for pair in combinations(sorted(best), 2):
        one = _judged(columns, sampled, pair, right)
        gain = one.score - max(alone[i] for i in pair) if one is not None else 0.0
        # Small groups of near keys agree by accident: of a pair a nearly exact rule is asked.
        if one is not None and gain > 0.1 and one.score >= _MIN_PAIR_SCORE:
            found.append(one)
    return sorted(found, key=lambda d: (-d.score, d.left))[:3]


def at_home(groups: Groups, right: Coded) -> Floats:
    """Per distinct right side: the share of its rows that lie in a group of three or more where it
    is the most frequent. A value that is at home under some left side is no typing error."""
    inside = groups.most & (groups.own >= 1) & (groups.size >= 2)
    hits = np.bincount(right.codes[inside], minlength=len(right.values))
    return np.asarray(hits / np.maximum(right.counts, 1), dtype=np.float64)
