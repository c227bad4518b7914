"""What a learner sees of a cell: how its value is formed, how frequent it is, what rules said."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kintsugi.engine.repair.coding import Coded, Floats, Ints, code_table
from kintsugi.engine.repair.detect import Studied
from kintsugi.engine.repair.missing import is_disguise
from kintsugi.engine.repair.model import RULES
from kintsugi.engine.repair.patterns import loose, shape

_TOP_SHAPES: Final = 8
_STEPS: Final = (0.05, 0.3, 0.5, 0.75)
_RULES: Final = tuple(RULES)


@dataclass(frozen=True)
class Features:
    """One column: ``matrix`` (rows by features), ``cluster`` per row: cells of one cluster look
    alike in all that matters, and ``detected``, the confidence found without labels."""

    matrix: Floats
    cluster: Ints
    clusters: int
    detected: Floats


def features(studied: Studied) -> list[Features]:
    """The features of every column, in the table's order."""
    found = []
    columns = code_table(studied.table)
    for column in columns:
        mine = studied.findings.filter(studied.findings["column"] == column.name)
        n = len(column.codes)
        detected, confidence = np.zeros(n), np.zeros(n)
        rule = np.full(n, -1, np.int64)
        rows = mine["row"].to_numpy()
        detected[rows] = mine["detected"].to_numpy()
        confidence[rows] = np.where(mine["proposed"].is_not_null(), mine["confidence"], 0.0)
        rule[rows] = [_RULES.index(r) for r in mine["rule"]]
        found.append(_column(column, detected, confidence, rule))
    return found


def _column(column: Coded, detected: Floats, confidence: Floats, rule: Ints) -> Features:
    n = len(column.codes)
    if not n:
        return Features(np.zeros((0, 1)), np.zeros(0, np.int64), 0, detected)
    place, share = _shapes(column)
    lengths = np.array([min(len(v), 400) for v in column.values], dtype=np.float64)
    often = np.log10(column.counts + 0.0)
    missing = np.array([v == "" or is_disguise(v) for v in column.values])
    codes = column.codes
    bucket = np.digitize(detected, _STEPS)
    frequency = np.digitize(column.counts[codes], (1.5, 4.5, 0.01 * n + 5))
    keys = np.stack(
        [bucket, rule, place[codes], frequency, missing[codes].astype(np.int64)], axis=1
    )
    # One number for the five: numpy finds equal numbers far quicker than equal rows.
    joint = np.zeros(n, np.int64)
    for part in keys.T:
        joint = joint * (int(part.max()) + 2) + part + 1
    _, cluster = np.unique(joint, return_inverse=True)
    shapes = np.eye(_TOP_SHAPES + 1)[place[codes]]
    said = np.eye(len(_RULES) + 1)[rule]
    matrix = np.column_stack(
        [detected, confidence, often[codes], lengths[codes], share[codes], missing[codes],
         shapes, said]
    )  # fmt: skip
    return Features(matrix, cluster.astype(np.int64), int(cluster.max()) + 1, detected)


def _shapes(column: Coded) -> tuple[Ints, Floats]:
    """Per distinct value: the place of its shape among the most frequent (last: others), and the
    share of rows with that shape."""
    total = max(int(column.counts.sum()), 1)
    keys = [loose(v) for v in column.values]
    if len(set(keys)) <= 2:
        keys = [shape(v, lengths=True) for v in column.values]
    rows: dict[str, int] = {}
    for key, count in zip(keys, column.counts.tolist(), strict=True):
        rows[key] = rows.get(key, 0) + count
    top = sorted(rows, key=lambda k: (-rows[k], k))[:_TOP_SHAPES]
    places = {key: i for i, key in enumerate(top)}
    return (
        np.array([places.get(k, _TOP_SHAPES) for k in keys], dtype=np.int64),
        np.array([rows[k] / total for k in keys], dtype=np.float64),
    )
