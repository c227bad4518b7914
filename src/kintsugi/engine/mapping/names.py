"""How alike the names of two columns are: words, abbreviations, initials, spelling, pinyin."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

Matrix = NDArray[np.float64]

#: Labels of one column that are looked at: its name, its names in other languages, its aliases.
MAX_LABELS = 64
_MAX_HEADER = 200
# How much of a word an abbreviation says: it may stand for others too.
_PREFIX, _SKIPS, _INITIALS = 0.8, 0.6, 0.8
# Below this a likeness of spelling is chance.
_SPELT = 0.75

_CAMEL = re.compile(
    r"(?<=[a-z]{2})(?=[A-Z][a-z])|(?<=[a-z]{3})(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z])"
)
_WORD = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+|%|#")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Endings that make another form of the same word, longest first.
_ENDINGS = (
    "ational", "ations", "ation", "ically", "ical", "ions", "ion", "ings", "ing", "ness", "ment",
    "ies", "ity", "ive", "ous", "ed", "es", "er", "al", "ic", "ly", "s", "y", "e",
)  # fmt: skip
# Short forms that neither begin nor abridge their word, and words for one thing in any trade.
_SAME = {
    "no": "number", "num": "number", "nr": "number", "#": "number", "%": "percent",
    "pct": "percent", "qty": "quantity", "amt": "amount", "dob": "birth", "tel": "phone",
    "sex": "gender", "id": "identifier", "dt": "date", "yr": "year", "wt": "weight",
    "ht": "height", "mfr": "manufacturer", "vendor": "supplier", "cnt": "count",
}  # fmt: skip
# Words that often stand for one another in any trade; they are near, not the same.
_KIN = 0.6
_NEAR = (
    ("size", "dimension", "diameter", "length", "extent"),
    ("length", "height", "width", "depth", "thickness", "distance"),
    ("weight", "mass"), ("place", "site", "location", "region", "area"),
    ("country", "nation", "nationality"), ("cost", "price", "fee"), ("amount", "sum", "total"),
    ("type", "kind", "class", "category", "sort"), ("status", "state", "condition"),
    ("fraction", "percent", "share", "ratio", "proportion", "rate"),
    ("maker", "manufacturer", "producer", "brand"), ("customer", "client", "buyer"),
    ("serial", "series"), ("remark", "comment", "note", "description"),
    ("result", "outcome", "finding"), ("begin", "start", "onset", "commence"),
    ("end", "finish", "stop"),
    ("department", "division", "unit", "ward"), ("model", "specification"),
)  # fmt: skip
# A unit names the quantity it measures, though less surely than a word does.
_UNITS = {
    "mm": "length", "cm": "length", "km": "length", "mg": "weight", "kg": "weight",
    "ml": "volume", "mmhg": "pressure", "kpa": "pressure", "mpa": "pressure", "kw": "power",
    "usd": "price", "eur": "price", "cny": "price", "rmb": "price", "元": "price", "万元": "price",
}  # fmt: skip
_UNIT = 0.2
_LEAST_WEIGHT = 0.05
# Words that join others and name nothing.
_JOINS = frozenset(
    ("of", "the", "a", "an", "in", "at", "for", "to", "or", "and", "is", "by", "on", "this")
)


@lru_cache(maxsize=20_000)
def words(header: str) -> tuple[str, ...]:
    """The words of a header in lower case, in order: ``Path_Stage-pT`` → path, stage, pt.

    Chinese stands as its pairs of characters, for it has no spaces to go by.
    """
    plain = _CAMEL.sub(" ", unicodedata.normalize("NFKC", header[:_MAX_HEADER])).lower()
    found: list[str] = []
    for word in _WORD.findall(plain):
        if not _HAN.match(word):
            found.append(_SAME.get(word, word))
        elif len(word) == 1:
            found.append(word)
        else:
            found += [word[i : i + 2] for i in range(len(word) - 1)]
    telling = [word for word in found if word not in _JOINS]
    return tuple(telling or found)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending, at least three letters of it: positive, positivity → posit."""
    if not word.isascii():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return stem(word[: -len(ending)])
    return word


def spoken(label: str) -> tuple[str, ...]:
    """A Chinese label in Latin letters, whole and by initials: 设备名称 → shebeimingcheng, sbmc."""
    if not _HAN.search(label):
        return ()
    sounds = lazy_pinyin("".join(_HAN.findall(label)))
    return ("".join(sounds), "".join(sound[0] for sound in sounds))


def name_likeness(sources: Sequence[str], targets: Sequence[Sequence[str]]) -> Matrix:
    """Sources × targets, each 0–1: the best label of each target against the source's header.

    Words count by how rare they are among the targets: what every column says tells little.
    """
    labels = [list(dict.fromkeys(one))[:MAX_LABELS] for one in targets]
    owner = np.array([i for i, one in enumerate(labels) for _ in one], dtype=np.int64)
    flat = [words(label) for label in chain.from_iterable(labels)]
    mine = [words(header) for header in sources]
    likeness = np.zeros((len(sources), len(targets)))
    if not flat or not mine:
        return likeness
    seen: list[set[str]] = [set() for _ in targets]
    for index, parts in zip(owner, flat, strict=True):
        seen[index].update(map(stem, parts))
    rare = _Rarity(seen)
    left = list(dict.fromkeys(chain.from_iterable(mine)))
    right = list(dict.fromkeys(chain.from_iterable(flat)))
    pairs = word_likeness(left, right)
    at = {word: i for i, word in enumerate(left)}
    to = {word: i for i, word in enumerate(right)}
    where = [np.array([to[w] for w in parts], dtype=np.int64) for parts in flat]
    weights = [np.array([rare(w) for w in parts]) for parts in flat]
    for row, parts in enumerate(mine):
        if not parts:
            continue
        own = np.array([rare(w) for w in parts])
        grid = pairs[[at[w] for w in parts]]
        for index, columns, weight, theirs in zip(owner, where, weights, flat, strict=True):
            if not len(columns):
                continue
            block = grid[:, columns]
            initials = _initials(parts, theirs)
            if not block.any() and initials is None:
                continue
            gain, back = block.max(axis=1), block.max(axis=0)
            if initials is not None:
                said, covered = initials
                gain, back = np.maximum(gain, said), np.maximum(back, covered)
            score = (gain @ own + back @ weight) / (own.sum() + weight.sum())
            likeness[row, index] = max(likeness[row, index], score)
    return np.maximum(likeness, _spelt(sources, labels))


class _Rarity:
    """The weight of a word, 0–1: how few of the targets say it."""

    def __init__(self, targets: Sequence[set[str]]) -> None:
        self._said = Counter(chain.from_iterable(targets))
        self._n = len(targets)

    def __call__(self, word: str) -> float:
        if word in _UNITS:
            return _UNIT
        rare = np.log1p(self._n / (1 + self._said[stem(word)])) / np.log1p(self._n)
        return float(max(_LEAST_WEIGHT, rare))


def word_likeness(left: Sequence[str], right: Sequence[str]) -> Matrix:
    """Words × words, each 0–1: the same stem, one an abbreviation of the other, like spelling."""
    spelt = cdist(left, right, scorer=Levenshtein.normalized_similarity, score_cutoff=_SPELT)
    found = np.where(spelt >= _SPELT, spelt.astype(np.float64) * 0.9, 0.0)
    roots = [stem(word) for word in right]
    kin: dict[str, set[int]] = {}
    for group, near in enumerate(_NEAR):
        for word in near:
            kin.setdefault(stem(word), set()).add(group)
    for unit, quantity in _UNITS.items():
        kin.setdefault(unit, set()).update(kin.get(stem(quantity), set()))
    groups = [kin.get(root, set()) for root in roots]
    for i, a in enumerate(left):
        root = stem(a)
        own = kin.get(a if a in _UNITS else root, set())
        if not a.isascii() or a.isdigit():
            found[i] = [1.0 if a == b else 0.0 for b in right]
            continue
        for j, b in enumerate(right):
            if a == b or root == roots[j]:
                found[i, j] = 1.0
            elif b.isdigit():
                found[i, j] = 0.0
            elif own & groups[j]:
                found[i, j] = _KIN
            elif a[0] == b[0]:
                short, long = (a, b) if len(a) < len(b) else (b, a)
                found[i, j] = max(found[i, j], _abridged(short, long))
    return found


def _abridged(short: str, long: str) -> float:
    """How surely the short word stands for the long one: its beginning, or letters of it."""
    if len(short) < 2:
        return 0.0
    if long.startswith(short):
        return _PREFIX if len(short) >= 3 else _PREFIX / 2
    if short == long[0] + re.sub(r"[aeiouy]", "", long[1:]):
        return _SKIPS
    if len(long) < len(short) + 2 or len(short) > 5:
        return 0.0
    letters = iter(long)
    return _SKIPS if all(c in letters for c in short) and len(short) >= 3 else 0.0


def _initials(a: Sequence[str], b: Sequence[str]) -> tuple[Matrix, Matrix] | None:
    """What words of each side are covered when one word holds the initials of a run of others."""
    mine, theirs = np.zeros(len(a)), np.zeros(len(b))
    for ones, cover, others, covered in ((a, mine, b, theirs), (b, theirs, a, mine)):
        run = "".join(word[0] for word in others)
        for i, word in enumerate(ones):
            if not 2 <= len(word) <= 6 or not word.isascii() or len(word) > len(run):
                continue
            start = run.find(word)
            if start >= 0:
                cover[i] = _INITIALS
                covered[start : start + len(word)] = _INITIALS
    return (mine, theirs) if mine.any() or theirs.any() else None


def _spelt(sources: Sequence[str], labels: Sequence[Sequence[str]]) -> Matrix:
    """Names run together: the letters of the header against the letters of each label, and
    against its sound when it is Chinese."""
    found = np.zeros((len(sources), len(labels)))
    known: dict[str, set[int]] = {}
    for j, one in enumerate(labels):
        for label in one:
            for text in (_letters(label), *spoken(label)):
                if len(text) >= 3:
                    known.setdefault(text, set()).add(j)
    for i, header in enumerate(sources):
        letters = _letters(header)
        for j in known.get(letters, ()):
            found[i, j] = 0.95 if len(letters) > 4 else 0.8
        if letters in {_letters(one) for j in known.get(letters, ()) for one in labels[j]}:
            for j in known[letters]:
                if any(_letters(one) == letters for one in labels[j]):
                    found[i, j] = 1.0
    return found


@lru_cache(maxsize=50_000)
def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:_MAX_HEADER]).casefold()
    return "".join(c for c in plain if c.isalnum())
