"""What the other rows of a cell's groups say: the value most of them have, and how surely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kintsugi.engine.repair.coding import Coded, Floats, Ints
from kintsugi.engine.repair.dependencies import Dependency, group, left_codes, spread
from kintsugi.engine.repair.model import SIGNAL_SCHEMA
from kintsugi.engine.repair.spelling import like_error

_MAX_LEFTS: Final = 12  # the strongest per column; more say the same again
_CONTRADICTED: Final = 0.8  # agreement of two rows, below which sources contradict each other
_SELECTIVE: Final = 5.0  # values of a part, as spread() counts
_OUTVOTED: Final = 3
_DOUBTED: Final = 0.5
_SYSTEMATIC_ROWS: Final = 4
_CAP: Final = 4.0  # votes beyond this add nothing


@dataclass(frozen=True)
class Votes:
    """Per row of one column: ``candidate`` code (-1: none), ``chance`` that it is right instead of
    what stands there, the ``support``/``total`` rows, the ``lead`` dependency's number,
    and whether the row is ``excused``: its deviation is an exception with a reason."""

    column: int
    candidate: Ints
    chance: Floats
    support: Ints
    total: Ints
    lead: Ints
    excused: NDArray[np.bool_]
    leads: tuple[Dependency, ...]


def vote(columns: Sequence[Coded], dependencies: Sequence[Dependency], right: int) -> Votes | None:
    """The votes on one column, None where nothing determines it."""
    mine = sorted((d for d in dependencies if d.right == right), key=lambda d: (-d.score, d.left))
    if any(d.claims and d.left == (right,) for d in dependencies):
        # What sources make claims about is what the rows are of: no claim changes that.
        return None
    # A source that errs in one cell errs in others with it: only the thing itself is asked.
    mine = [d for d in mine if d.claims] or mine[:_MAX_LEFTS]
    if not mine:
        return None
    column = columns[right]
    n, k = len(column.codes), len(mine)
    margin, candidates = np.zeros((k, n)), np.full((k, n), -1, np.int64)
    heard, weights = np.zeros((k, n), bool), np.zeros(k)
    own = np.zeros((k, n), np.int64)
    support, total = np.zeros((k, n), np.int64), np.zeros((k, n), np.int64)
    for i, one in enumerate(mine):
        groups = group(left_codes(columns, one.left), column)
        heard[i] = groups.size > 0
        own[i] = groups.own
        if len(one.left) > 1:
            heard[i] &= ~_belongs(columns, one.left, column)
        candidates[i] = groups.other
        margin[i] = np.clip(groups.rival - groups.own, -_CAP, _CAP)
        margin[i][groups.other < 0] = -np.minimum(groups.own, _CAP)[groups.other < 0]
        support[i], total[i] = groups.rival, groups.size
        weights[i] = min(one.score / (1.02 - one.score), 20.0)
    strength = np.where(heard, margin, 0.0) * weights[:, None]
    lead = np.argmax(np.where(candidates >= 0, strength, -np.inf), axis=0)
    rows = np.arange(n)
    chosen = candidates[lead, rows]
    agreeing = candidates == chosen
    # A side whose favourite is another value, or the cell's own, speaks against the change.
    signed = np.where(agreeing, strength, -np.abs(strength))
    sums = np.where(heard, weights[:, None], 0.0).sum(axis=0)
    mean = np.divide(signed.sum(axis=0), sums, out=np.zeros(n), where=sums > 0)
    beliefs = np.array([d.belief for d in mine])
    accuracy = np.sqrt(np.clip([d.agree for d in mine], 0.0, 0.999))
    step = np.clip(np.log(accuracy / (1 - accuracy)), 0.9, 3.0)
    chance = beliefs[lead] / (1 + np.exp(-step[lead] * mean))
    # The same deviation again and again is an exception with a reason, not noise, unless so much
    # disagrees that wrong values meet by chance.
    expected = np.maximum((1 - accuracy[lead]) * total[lead, rows] * 0.6, 1.0)
    systematic = np.where(accuracy[lead] > 0.9, 0.45, 0.6)
    # Of sources that copy each other the greater part is believed, where it is far greater.
    outvoted = support[lead, rows] >= _OUTVOTED * (own[lead, rows] + 1)
    claims = np.array([d.claims for d in mine])[lead]
    systematic = np.where(claims, np.where(outvoted, 0.92, 0.7), systematic)
    chance = np.where(own[lead, rows] > expected, np.minimum(chance, systematic), chance)
    protected = (heard & (own >= 2) & (margin < 0)).any(axis=0)
    chance = np.where(protected, np.minimum(chance, 0.6), chance)
    # One against one says that a cell is wrong, but not which of the two.
    backed = np.where(agreeing & heard, support, 0).max(axis=0) >= 2
    blank = column.codes == column.blank
    chance = np.where(backed, chance, np.minimum(chance, np.where(blank, 0.85, 0.49)))
    # A row that most left sides have never met is of an entity of its own.
    met = np.minimum(sums / max(weights.sum(), 1e-9) / 0.5, 1.0)
    chance = chance * met
    if any(d.claims for d in mine):
        limit, whole = 1.0, True
    else:
        limit, whole = _alien_limit(mine[0]), False
    chance, excused = _excepted(columns, right, chance, chosen, limit, claims=whole)
    if column.blank == 0:
        empty = column.codes == 0
        chance = np.where(empty, chance * (1 - 0.3 * empty.mean()), chance)
    chance = np.where((chosen >= 0) & (mean > 0), chance, 0.0)
    return Votes(
        right, chosen, chance, support[lead, rows], total[lead, rows], lead, excused, tuple(mine)
    )


def _belongs(columns: Sequence[Coded], left: tuple[int, ...], right: Coded) -> NDArray[np.bool_]:
    """Rows whose right side goes with a part of a pair wherever else it is seen: it is no stranger
    there, however rare the pair."""
    found = np.zeros(len(right.codes), bool)
    for part in left:
        if spread(columns[part]) >= _SELECTIVE:
            own = group(left_codes(columns, (part,)), right).own
            found |= (own >= 2) & (own >= 0.5 * (right.counts[right.codes] - 1))
    return found


def _alien_limit(best: Dependency) -> float:
    """How sure one can be that a value seen nowhere else is wrong: hardly, where values of the
    right side belong to one left side; as sure as ever, where sources contradict each other."""
    if best.agree < _CONTRADICTED:
        return 1.0
    return 0.7 if best.score > 0.97 else 0.45


def _excepted(
    columns: Sequence[Coded],
    right: int,
    chance: Floats,
    chosen: Ints,
    limit: float,
    *,
    claims: bool,
) -> tuple[Floats, NDArray[np.bool_]]:
    """The chances, and which rows are excused.

    Two kinds of deviation look like exceptions with a reason: those shared by nearly all rows of
    some value of another column, and values that are seen nowhere else and are unlike the group's
    (another member of it rather than an error).
    """
    column = columns[right]
    doubted = chance > _DOUBTED
    if not doubted.any():
        return chance, doubted
    found, excused = chance.copy(), np.zeros(len(chance), bool)
    for index, other in enumerate(columns):
        # That one source is often wrong is no reason to believe it.
        if claims or index == right or len(other.values) > 0.5 * len(other.codes):
            continue
        hits = np.bincount(other.codes[doubted], minlength=len(other.values))
        filled = np.bincount(other.codes[column.codes != column.blank], minlength=len(other.values))
        whole = (hits >= _SYSTEMATIC_ROWS) & (hits >= 0.8 * filled)
        whole &= _kinds(other.codes[doubted], column.codes[doubted], len(other.values)) >= 3
        excused |= doubted & whole[other.codes]
    found = np.where(excused, np.minimum(found, 0.45), found)
    rows = np.flatnonzero(found > _DOUBTED)
    pairs, inverse, seen = np.unique(
        column.codes[rows] * len(column.values) + chosen[rows],
        return_inverse=True,
        return_counts=True,
    )
    alien = np.zeros(len(pairs), bool)
    for place, pair in enumerate(pairs.tolist()):
        mine, theirs = divmod(pair, len(column.values))
        alien[place] = (
            mine != column.blank
            and seen[place] == column.counts[mine]
            and not like_error(column.values[mine], column.values[theirs])
        )
    found[rows] = np.where(alien[inverse], np.minimum(found[rows], limit), found[rows])
    return found, excused


def _kinds(left: Ints, right: Ints, size: int) -> Ints:
    """How many different right sides each left side has."""
    if not len(left):
        return np.zeros(size, np.int64)
    width = int(right.max()) + 1
    return np.bincount(np.unique(left * width + right) // width, minlength=size)


def blank_signals(columns: Sequence[Coded], votes: Votes) -> pl.DataFrame:
    """Empty cells whose group nearly always has a value: one is missing, whichever it is."""
    column = columns[votes.column]
    best = max(votes.leads, key=lambda d: d.belief)
    empty = column.codes == column.blank
    if not empty.any() or empty.mean() > 0.5 or best.belief < 0.6:
        return pl.DataFrame(schema=SIGNAL_SCHEMA)
    left = left_codes(columns, best.left)
    groups = group(left, column)
    whole = np.bincount(left[left >= 0], minlength=int(left.max(initial=0)) + 1)
    others = np.where(left >= 0, whole[np.maximum(left, 0)] - 1, 0)
    rows = np.flatnonzero(empty & (others >= 3) & (groups.size >= 0.6 * others))
    return pl.DataFrame(
        {
            "row": rows,
            "col": np.full(len(rows), votes.column),
            "proposed": pl.repeat(None, len(rows), dtype=pl.String, eager=True),
            "rule": pl.repeat("blank", len(rows), dtype=pl.String, eager=True),
            "confidence": np.full(len(rows), 0.65),
            "support": groups.size[rows],
            "total": others[rows],
            "because": pl.repeat(
                " + ".join(columns[i].name for i in best.left),
                len(rows),
                dtype=pl.String,
                eager=True,
            ),
        },
        schema=SIGNAL_SCHEMA,
    )


def vote_signals(columns: Sequence[Coded], votes: Votes) -> pl.DataFrame:
    """The votes against what stands in a cell as signals."""
    rows = np.flatnonzero(votes.chance > 0.3)
    if not len(rows):
        return pl.DataFrame(schema=SIGNAL_SCHEMA)
    names = [" + ".join(columns[i].name for i in d.left) for d in votes.leads]
    values = pl.Series(columns[votes.column].values, dtype=pl.String)
    return pl.DataFrame(
        {
            "row": rows,
            "col": np.full(len(rows), votes.column),
            "proposed": values.gather(votes.candidate[rows]),
            "rule": pl.repeat("dependency", len(rows), eager=True),
            "confidence": votes.chance[rows],
            "support": votes.support[rows],
            "total": votes.total[rows],
            "because": pl.Series(names, dtype=pl.String).gather(votes.lead[rows]),
        },
        schema=SIGNAL_SCHEMA,
    )
