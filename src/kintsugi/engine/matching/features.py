"""What two records have in common, as numbers: for models that learn from a person's answers.

Records are texts by column, the same columns on both sides. Nothing here knows a column by its
name: designations, rare words, numbers with units and amounts are told by how they are written.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

Floats = npt.NDArray[np.float64]
_WORD = re.compile(r"[a-z0-9]+(?:[-./][a-z0-9]+)*|[\u4e00-\u9fff]")
_DESIGNATION = re.compile(r"(?=.*[0-9])(?=.*[a-z])[a-z0-9][a-z0-9\-./]{2,}|[0-9]{5,}")
_MEASURE = re.compile(
    r"([0-9]+(?:\.[0-9]+)?)[ -]?(gb|tb|mb|ghz|mhz|khz|hz|inch|in|mm|cm|ft|oz|lb|kg|mg|ml|mah|ma|kw|"
    r"w|v|mp|megapixel|dpi|rpm|pack|pk|ct|count|pcs|piece|port|bit|x|t|寸|英寸|升|毫升|克|公斤|瓦|伏|支|只|片|盒)"
    r"(?![a-z])|([0-9]+(?:\.[0-9]+)?)[ -]?[\"”″]"
)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Weights:
    """How telling each word is, by the records it stands in: log(records ÷ records with it)."""

    by_word: dict[str, float]
    rarest: float

    def of(self, word: str) -> float:
        """The weight of a word; one never seen is as telling as the rarest."""
        return self.by_word.get(word, self.rarest)


def weigh(tables: Iterable[pl.DataFrame]) -> Weights:
    """Weights over all records of the tables."""
    counts: Counter[str] = Counter()
    records = 0
    for table in tables:
        for row in table.iter_rows():
            records += 1
            counts.update(set(words(" ".join(text or "" for text in row))))
    rarest = math.log(max(records, 2))
    return Weights({w: math.log(max(records, 2) / n) for w, n in counts.items()}, rarest)


def words(text: str) -> list[str]:
    """The words of a text, lower case; a Chinese character is one."""
    return _WORD.findall(text.lower())


def feature_names(columns: Sequence[str]) -> list[str]:
    """What ``features`` measures, in its order."""
    per_column = ("same", "spelling", "words", "contained", "start", "one-missing", "none", "ratio")
    return [f"{c}: {what}" for c in columns for what in per_column] + [f"all: {n}" for n in _ALL]


_ALL = (
    "common weight", "left weight kept", "right weight kept", "rarest common", "rarest left alone",
    "rarest right alone", "common words", "spelling", "words alike", "contained",
    "designations common", "designations near", "designations apart", "designation rare",
    "measures common", "measures apart", "numbers common", "numbers apart", "bigrams common",
    "first word", "length ratio", "designation across", "designation squeezed", "longest common",
)  # fmt: skip


def features(left: pl.DataFrame, right: pl.DataFrame, weights: Weights) -> Floats:
    """One row for each pair of rows at the same place; columns as ``feature_names``."""
    assert left.columns == right.columns, "both sides have the same columns"
    parts: list[Floats] = []
    for column in left.columns:
        a = left[column].fill_null("").str.to_lowercase().to_list()
        b = right[column].fill_null("").str.to_lowercase().to_list()
        parts.append(_column(a, b))
    whole = [
        [" ".join(text for text in row if text).lower() for row in side.iter_rows()]
        for side in (left, right)
    ]
    parts.append(_whole(whole[0], whole[1], weights))
    return np.hstack(parts)


def _column(a: list[str], b: list[str]) -> Floats:
    present = np.array([bool(x) and bool(y) for x, y in zip(a, b, strict=True)])

    def alike(scorer: object) -> Floats:
        found = np.asarray(process.cpdist(a, b, scorer=scorer), dtype=np.float64)  # type: ignore[arg-type]
        return np.where(present, found, np.nan)

    same = np.array([x == y for x, y in zip(a, b, strict=True)], dtype=np.float64)
    one = np.array([bool(x) != bool(y) for x, y in zip(a, b, strict=True)], dtype=np.float64)
    none = np.array([not x and not y for x, y in zip(a, b, strict=True)], dtype=np.float64)
    return np.column_stack(
        [
            np.where(present, same, np.nan),
            alike(fuzz.ratio),
            alike(fuzz.token_sort_ratio),
            alike(fuzz.partial_ratio),
            alike(JaroWinkler.normalized_similarity),
            one,
            none,
            [_ratio(x, y) for x, y in zip(a, b, strict=True)],
        ]
    )


def _ratio(a: str, b: str) -> float:
    """The smaller of two amounts as a part of the larger; not a number for what is none."""
    x, y = _amount(a), _amount(b)
    if not x or not y:
        return math.nan
    return min(x, y) / max(x, y)


def _amount(text: str) -> float:
    bare = text.replace(",", "").strip(" $€£¥￥")
    return float(bare) if _NUMBER.fullmatch(bare) else 0.0


def _whole(a: list[str], b: list[str], weights: Weights) -> Floats:
    seen: dict[str, _Seen] = {}
    rows = []
    for x, y in zip(a, b, strict=True):
        for text in (x, y):
            if text not in seen:
                seen[text] = _look(text)
        rows.append(_pair(seen[x], seen[y], weights))
    found = np.array(rows, dtype=np.float64).reshape(len(a), -1)
    spelled = [
        np.asarray(process.cpdist(a, b, scorer=s), dtype=np.float64)
        for s in (fuzz.ratio, fuzz.token_sort_ratio, fuzz.partial_token_sort_ratio)
    ]
    return np.column_stack([found[:, :7], *spelled, found[:, 7:]])


@dataclass(frozen=True)
class _Seen:
    """A record as words, designations (CT-660), measures (15.6 in) and numbers."""

    words: tuple[str, ...]
    designations: frozenset[str]
    measures: dict[str, frozenset[float]]
    numbers: frozenset[str]
    squeezed: str


def _look(text: str) -> _Seen:
    found = words(text)
    measures: dict[str, set[float]] = {}
    for match in _MEASURE.finditer(text):
        unit = match[2] or "inch"
        unit = {"in": "inch", "pk": "pack", "ct": "pack", "count": "pack"}.get(unit, unit)
        measures.setdefault(unit, set()).add(float(match[1] or match[3]))
    measured = {m[0].replace(" ", "") for m in _MEASURE.finditer(text)}
    designations = frozenset(
        re.sub(r"[-./]", "", w)
        for w in found
        if _DESIGNATION.fullmatch(w) and w not in measured and not _MEASURE.fullmatch(w)
    )
    return _Seen(
        tuple(found),
        designations,
        {unit: frozenset(values) for unit, values in measures.items()},
        frozenset(_NUMBER.findall(text)),
        re.sub(r"[^a-z0-9\u4e00-\u9fff]", "", text),
    )


def _pair(a: _Seen, b: _Seen, weights: Weights) -> list[float]:
    x, y = set(a.words), set(b.words)
    common, alone, others = x & y, x - y, y - x
    of = weights.of
    shared = sum(map(of, common))
    left, right = shared + sum(map(of, alone)), shared + sum(map(of, others))
    both = a.designations & b.designations
    near = _near(a.designations - both, b.designations - both)
    apart = min(len(a.designations - both), len(b.designations - both)) - near
    units = set(a.measures) & set(b.measures)
    agreeing = sum(bool(a.measures[u] & b.measures[u]) for u in units)
    numbers = a.numbers & b.numbers
    pairs = _bigrams(a.words) & _bigrams(b.words)
    across = sum(d in b.squeezed for d in a.designations if len(d) >= 4)
    across += sum(d in a.squeezed for d in b.designations if len(d) >= 4)
    return [
        shared / max(left + right - shared, 1e-9),
        shared / max(left, 1e-9),
        shared / max(right, 1e-9),
        max(map(of, common), default=0.0),
        max(map(of, alone), default=0.0),
        max(map(of, others), default=0.0),
        float(len(common)),
        float(len(both)),
        float(near),
        float(apart),
        max(map(of, both), default=0.0),
        float(agreeing),
        float(len(units) - agreeing),
        len(numbers) / max(len(a.numbers | b.numbers), 1),
        float(min(len(a.numbers - numbers), len(b.numbers - numbers))),
        len(pairs) / max(min(len(a.words), len(b.words)) - 1, 1),
        float(bool(a.words and b.words and a.words[0] == b.words[0])),
        min(len(a.words), len(b.words)) / max(len(a.words), len(b.words), 1),
        float(across),
        max((float(len(d)) for d in a.designations | b.designations
             if d in a.squeezed and d in b.squeezed), default=0.0),
        max((float(len(d)) for d in both), default=0.0),
    ]  # fmt: skip


def _near(left: frozenset[str], right: frozenset[str]) -> int:
    """Designations of which one goes on where the other ends: CT660 and CT660A."""
    return sum(
        any(min(len(x), len(y)) >= 4 and (x.startswith(y) or y.startswith(x)) for y in right)
        for x in left
    )


def _bigrams(found: Sequence[str]) -> set[tuple[str, str]]:
    return set(itertools.pairwise(found))
