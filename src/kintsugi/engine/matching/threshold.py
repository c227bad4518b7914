"""From which probability on two records are one, told from the probabilities themselves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from kintsugi.engine.matching.clusters import components

Floats = npt.NDArray[np.float64]
LOWEST, HIGHEST = 0.5, 0.99
_STEP = 0.01
#: A part of the best expected F1 that is no difference.
_AS_GOOD = 0.005
_ROUNDS = 200
_SETTLED = 1e-4
#: Fewer pairs that are one than this are never expected: their share would be none.
_FEWEST = 0.5
_MOST_SHARE = 0.5


@dataclass(frozen=True)
class Cut:
    """A threshold and the F1 of pairs that is expected from it, both 0–1."""

    sure: float
    f1: float


def share_of_matches(weights: Floats, prior: float, pairs: float) -> float:
    """How many of all ``pairs`` are one (0–0.5), as the compared pairs tell: the share that their
    probabilities add up to, sought until it stands still. ``weights``: log2 of the odds of the
    pairs compared, with ``prior`` in them.

    The likelihood has a single peak in this share, so no start leads astray.
    """
    evidence = np.exp2(np.clip(weights - np.log2(prior / (1 - prior)), -500, 500))
    share = prior
    for _ in range(_ROUNDS):
        odds = share / (1 - share) * evidence
        found = float((odds / (1 + odds)).sum())
        new = min(max(found, _FEWEST) / max(pairs, 1.0), _MOST_SHARE)
        if abs(new - share) <= _SETTLED * share:
            return new
        share = new
    return share


def best_cut(links: pl.DataFrame, sides: pl.Series | None, mass: float) -> Cut:
    """The threshold at which the groups are expected to be best: F1 over pairs of records, where a
    pair that only a chain joins counts as wrong as its own probability says. ``mass``: what the
    probabilities of all compared pairs add up to. Of thresholds as good the highest.

    For single pairs the best threshold is half the F1 that can be had, so never above 0.5: it is
    the chains that ask for more.
    """
    useful = links.filter(pl.col("probability") >= LOWEST)
    if useful.is_empty() or mass <= 0:
        return Cut(HIGHEST, 0.0)
    left, right, probability = (links[name].to_numpy() for name in ("left", "right", "probability"))
    # Only rows with a link that may count: a long list has few of them.
    touched, flat = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = flat[: len(left)], flat[len(left) :]
    second = None if sides is None else sides.gather(touched.tolist()).to_numpy()
    steps = (np.arange(round(LOWEST / _STEP), round(HIGHEST / _STEP) + 1) * _STEP).round(2)
    expected: list[float] = []
    seen = -1
    for sure in steps.tolist():
        strong = probability >= sure
        if int(strong.sum()) != seen:
            seen = int(strong.sum())
            labels = components(len(touched), left[strong], right[strong])
            right_ones = float(probability[labels[left] == labels[right]].sum())
            f1 = 2 * right_ones / (_pairs(labels, second) + mass)
        expected.append(f1)
    best = int(np.argmax(expected))
    low = high = best
    enough = expected[best] * (1 - _AS_GOOD)
    while low > 0 and expected[low - 1] >= enough:
        low -= 1
    while high + 1 < len(expected) and expected[high + 1] >= enough:
        high += 1
    middle = (low + high + 1) // 2
    return Cut(float(steps[middle]), round(expected[middle], 4))


def _pairs(labels: npt.NDArray[np.int64], second: npt.NDArray[np.bool_] | None) -> float:
    sizes = np.bincount(labels).astype(np.float64)
    if second is None:
        return float((sizes * (sizes - 1) / 2).sum())
    others = np.bincount(labels, weights=second, minlength=len(sizes))
    return float((others * (sizes - others)).sum())
