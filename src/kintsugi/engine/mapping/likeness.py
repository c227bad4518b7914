"""How alike the content of two columns is: its values, the shape of its numbers, its patterns."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from kintsugi.engine.mapping.columns import ColumnFacts, number
from kintsugi.engine.mapping.names import Matrix, stem, words

#: Distinct values of a source column that are compared, the most frequent first.
SOURCE_VALUES = 150
_OTHER = re.compile(r"[^0-9a-z\u3400-\u9fff]+")
# A value is found in a target from this likeness on; below it is chance.
_FOUND = 0.35
_BLOCK = 2_000
# A pattern of a code has this many places at least, half of them digits.
_CODE = 6
# A short list of words, as a vocabulary is.
_LISTED = 30
# How ill a column fits a target whose values are not known, and more so a short list of words.
_OPEN, _OPEN_WORDS = 0.15, 0.35
# From this share of values found on, two columns of words do not disagree.
_AGREES = 0.2


def value_overlap(sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts]) -> Matrix:
    """Sources × targets, 0–1: how well the values of a source are found in the target.

    Each value goes to its likest value of the target, by words and by three-letter pieces. A value
    that many targets hold (yes, unknown, 1) says little; one that a single target holds says all.
    """
    found = np.zeros((len(sources), len(targets)))
    asked = [list(c.values[:SOURCE_VALUES]) for c in sources]
    mine = list(dict.fromkeys(v for one in asked for v in one if not _plain_number(v)))
    theirs = list(dict.fromkeys(v for c in targets for v in c.values if not _plain_number(v)))
    if not mine or not theirs:
        return found
    at = {v: i for i, v in enumerate(mine)}
    to = {v: i for i, v in enumerate(theirs)}
    left, right = _features(mine, theirs)
    owners = [np.array([to[v] for v in c.values if v in to], dtype=np.int64) for c in targets]
    best = np.zeros((len(mine), len(targets)), dtype=np.float32)
    for start in range(0, len(mine), _BLOCK):
        block = left[start : start + _BLOCK].dot(right.T).tocsc()
        for j, held in enumerate(owners):
            if len(held):
                part = block[:, held].max(axis=1)
                best[start : start + _BLOCK, j] = np.asarray(part.todense()).ravel()
    best[best < _FOUND] = 0.0
    spread = best.sum(axis=1)
    weight = np.log1p(len(targets) / (1 + spread)) / np.log1p(len(targets))
    for i, values in enumerate(asked):
        rows = [at[v] for v in values if v in at]
        if rows:
            w = weight[rows]
            found[i] = (best[rows] * (w * w)[:, None]).sum(axis=0) / w.sum()
    return found


def header_as_values(sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts]) -> Matrix:
    """A header that lists what the column holds ("Leased/Owned") against the values of targets:
    the share of its words that are values there, when there are two at least."""
    found = np.zeros((len(sources), len(targets)))
    held = [{stem(v) for v in c.values if " " not in v} for c in targets]
    for i, column in enumerate(sources):
        parts = {stem(w) for w in words(column.name)}
        if len(parts) >= 2:
            shared = [len(parts & one) for one in held]
            found[i] = [count / len(parts) if count > 1 else 0.0 for count in shared]
    return found


def type_fit(sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts]) -> Matrix:
    """Sources × targets, 0–1: numbers, dates and words against each other.

    A target without known values holds numbers or free texts rather than a short list of words.
    """
    found = np.ones((len(sources), len(targets)))
    numeric, dates = _shares(targets)
    free = np.array([c.free for c in targets])
    for i, column in enumerate(sources):
        if column.numeric is None or column.dated is None:
            continue
        gap = np.maximum(np.abs(column.numeric - numeric), np.abs(column.dated - dates))
        listed = column.worded and column.distinct <= _LISTED
        open_ = _OPEN + (_OPEN_WORDS * (1 - column.numeric) if listed else 0.0)
        found[i] = 1 - np.where(free, 0.0, np.where(np.isnan(numeric), open_, gap))
    return found


def disagreement(
    sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts], values: Matrix
) -> Matrix:
    """Sources × targets, 0–1: both sides hold known words, and few are found in the other.

    A source of codes or free texts, nearly all different, is no vocabulary to disagree with.
    """
    listed = [c.worded and c.distinct <= max(_LISTED, c.filled / 2) for c in sources]
    both = np.outer(listed, [c.worded for c in targets]).astype(np.float64)
    apart: Matrix = both * (1 - np.minimum(1.0, values / _AGREES))
    return apart


def number_fit(sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts]) -> Matrix:
    """Sources × targets, 0–1: how far the middle ranges of two columns of numbers overlap."""
    found = np.zeros((len(sources), len(targets)))
    for i, a in enumerate(sources):
        for j, b in enumerate(targets):
            if not a.quantiles or not b.quantiles or min(a.numeric or 0, b.numeric or 0) < 0.5:
                continue
            low = max(a.quantiles[0], b.quantiles[0])
            high = min(a.quantiles[-1], b.quantiles[-1])
            wide = max(a.quantiles[-1], b.quantiles[-1]) - min(a.quantiles[0], b.quantiles[0])
            found[i, j] = 1.0 if wide == 0 else max(0.0, high - low) / wide
    return found


def pattern_fit(sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts]) -> Matrix:
    """Sources × targets, 0–1: the share of character patterns in common, by how rare each is.

    Only patterns of codes tell columns apart: words and numbers stand anywhere, and short codes
    (T1, G3) are words of a vocabulary, which are compared as values.
    """
    spread = Counter(shape for c in targets for shape, _ in c.patterns)
    theirs = [dict(c.patterns) for c in targets]
    found = np.zeros((len(sources), len(targets)))
    for i, column in enumerate(sources):
        for shape, share in column.patterns:
            if not _coded(shape) or not spread[shape]:
                continue
            rare = np.log1p(len(targets) / (1 + spread[shape])) / np.log1p(len(targets))
            found[i] += [min(share, one.get(shape, 0.0)) * rare for one in theirs]
    return np.minimum(found, 1.0)


def _coded(shape: str) -> bool:
    return number(shape) is None and len(shape) >= _CODE and shape.count("9") >= _CODE // 2


def _shares(columns: Sequence[ColumnFacts]) -> tuple[Matrix, Matrix]:
    numeric = [np.nan if c.numeric is None else c.numeric for c in columns]
    dates = [np.nan if c.dated is None else c.dated for c in columns]
    return np.array(numeric, dtype=np.float64), np.array(dates, dtype=np.float64)


def _plain_number(text: str) -> bool:
    return not any(c.isalpha() for c in text)


def _features(mine: list[str], theirs: list[str]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Values as unit vectors of words and pieces, by how rare each is among the targets'."""
    counts = [Counter(_pieces(text)) for text in (*mine, *theirs)]
    at: dict[str, int] = {}
    for one in counts:
        for piece in one:
            at.setdefault(piece, len(at))
    rows = [i for i, one in enumerate(counts) for _ in one]
    cols = [at[p] for one in counts for p in one]
    data = np.ones(len(rows), dtype=np.float32)
    whole = sparse.csr_matrix((data, (rows, cols)), shape=(len(counts), len(at)))
    spread = np.asarray(whole[len(mine) :].sum(axis=0)).ravel()
    whole = whole.multiply(np.log1p(len(theirs) / (1 + spread))).tocsr().astype(np.float32)
    length = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1)).ravel())
    whole = sparse.diags(1 / np.maximum(length, 1e-9)).dot(whole).tocsr().astype(np.float32)
    return whole[: len(mine)], whole[len(mine) :]


def _pieces(text: str) -> list[str]:
    plain = f" {_OTHER.sub(' ', text).strip()} "
    return [plain[i : i + 3] for i in range(len(plain) - 2)] + ["w:" + stem(w) for w in words(text)]
