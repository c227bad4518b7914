"""One target for one column: the assignment with the greatest sum of scores."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from kintsugi.engine.mapping.names import Matrix

# A column takes another target than its likest only if that one is nearly as like.
_NEAR = 0.9


def assigned(score: Matrix) -> Matrix:
    """1 where a pair (source × target) is of the mapping, else 0.

    A column whose likest target went to another column is given its next one only when that is
    nearly as like; otherwise it stays without.
    """
    rows, columns = linear_sum_assignment(-score)
    best = score.max(axis=1)
    held = np.zeros_like(score)
    near = (score[rows, columns] >= _NEAR * best[rows]) & (score[rows, columns] > 0)
    held[rows[near], columns[near]] = 1.0
    return held
