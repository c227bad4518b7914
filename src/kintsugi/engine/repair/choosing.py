"""Which rows a person should answer: few rows that show many kinds of cells of uncertain worth."""

from typing import Final

import numpy as np

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.repair.detect import Studied
from kintsugi.engine.repair.features import features
from kintsugi.engine.text import Text

MAX_ROWS: Final = 200


def choose(studied: Studied, budget: int) -> list[int]:
    """At most ``budget`` rows (from 0 on, in the order chosen), each next one the row whose cells
    stand for the most cells not yet shown: large and doubtful clusters first.

    Raises KintsugiError ``repair.bad-budget``.
    """
    if not 1 <= budget <= MAX_ROWS:
        raise KintsugiError(
            "repair.bad-budget",
            Text("要回答的行数不合适。", "That many rows cannot be asked about."),
            Text("请给出 1 到 200 之间的数。", "Give a number from 1 to 200."),
            field="budget",
            value=budget,
            limit=MAX_ROWS,
        )
    n = studied.table.height
    every = features(studied)
    worth = []
    for one in every:
        size = np.bincount(one.cluster, minlength=one.clusters).astype(float)
        doubt = np.bincount(one.cluster, weights=one.detected, minlength=one.clusters)
        mean = doubt / np.maximum(size, 1)
        worth.append(np.sqrt(size) * (0.15 + 4 * mean * (1 - mean) + 0.5 * mean))
    shown = [np.zeros(one.clusters) for one in every]
    chosen: list[int] = []
    free = np.ones(n, bool)
    for _ in range(min(budget, n)):
        gain = np.zeros(n)
        for one, value, seen in zip(every, worth, shown, strict=True):
            gain += (value / (1 + seen) ** 2)[one.cluster]
        row = int(np.argmax(np.where(free, gain, -1.0)))
        chosen.append(row)
        free[row] = False
        for one, seen in zip(every, shown, strict=True):
            seen[one.cluster[row]] += 1
    return chosen
