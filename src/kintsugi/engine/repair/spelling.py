"""Rare values a few characters from a frequent one of their column: typing errors.

A value counts as a typing error only where it is rare, is at home in no group of rows, holds a
sequence of characters that frequent values do not have, and no digit stands for another digit.
"""

import re
from collections import defaultdict
from typing import Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from kintsugi.engine.repair.coding import Coded, Floats
from kintsugi.engine.repair.model import ValueSignal

_RUN: Final = re.compile(r"[^\W_]+")
_MAX_RARE: Final = 20_000
_MAX_FREQUENT: Final = 1_500
_MAX_CHARS: Final = 300
_BLOCK: Final = 1_000
_ALIKE: Final = 0.75
_ALIKE_BY_NOISE: Final = 0.5
_AT_HOME: Final = 0.25


def spelling_signals(column: Coded, home: Floats, noise: str = "") -> list[ValueSignal]:
    """``home`` is :func:`at_home` of the column's values, greatest over all left sides; ``noise`` a
    character that typing errors of this table are known to bring in."""
    texts, counts = column.values, column.counts
    able = [c for c, v in enumerate(texts) if 1 < len(v) <= _MAX_CHARS]
    frequent = sorted((c for c in able if counts[c] >= 3), key=lambda c: (-int(counts[c]), c))
    frequent = frequent[:_MAX_FREQUENT]
    if not frequent:
        return []
    most = int(counts[frequent[0]])
    rare = [c for c in able if counts[c] * 3 <= most and home[c] <= _AT_HOME]
    rare = sorted(rare, key=lambda c: (int(counts[c]), c))[:_MAX_RARE]
    grams = _grams(column, frequent)
    found = []
    targets = [texts[c] for c in frequent]
    weight = np.array([int(counts[c]) for c in frequent])
    for start in range(0, len(rare), _BLOCK):
        block = rare[start : start + _BLOCK]
        near = process.cdist(
            [texts[c] for c in block], targets, scorer=Levenshtein.normalized_similarity,
            score_cutoff=_ALIKE_BY_NOISE if noise else _ALIKE, dtype=np.float32,
        )  # fmt: skip
        for place, code in enumerate(block):
            fits = np.flatnonzero((near[place] > 0) & (weight >= 3 * int(counts[code])))
            one = _judge(
                column, code, [(frequent[j], float(near[place, j])) for j in fits], grams, noise
            )
            if one is not None:
                found.append(one)
    return found


def _grams(column: Coded, frequent: list[int]) -> dict[str, int]:
    """Rows of frequent values by each three-character sequence in them."""
    found: dict[str, int] = defaultdict(int)
    for code in frequent:
        for gram in _cut(column.values[code]):
            found[gram] += int(column.counts[code])
    return found


def _cut(text: str) -> set[str]:
    edged = f"\x02{text}\x03"
    return {edged[i : i + 3] for i in range(len(edged) - 2)}


def _judge(
    column: Coded, code: int, near: list[tuple[int, float]], grams: dict[str, int], noise: str
) -> ValueSignal | None:
    text, few = column.values[code], int(column.counts[code])
    scored = []
    for target, likeness in near:
        other, many = column.values[target], int(column.counts[target])
        gone = _explained(text, other, noise)
        if target == code or (likeness < _ALIKE and not gone) or _means_another(text, other):
            continue
        fresh = _cut(text) - _cut(other)
        # Sequences that frequent values have too make the value a word in its own right.
        odd = sum(grams.get(g, 0) <= few for g in fresh) / len(fresh) if fresh else 0.0
        if odd < 0.5 or (not gone and not like_error(text, other)):
            continue
        ratio = min(many / (few * 20), 1.0)
        sure = 0.2 + 0.3 * likeness + 0.15 * odd + 0.3 * ratio
        if gone:
            sure = max(sure, 0.95)
        elif _shortest_changed(text, other) <= 4:
            # In a short word or code one letter may be all that tells two values apart.
            sure = min(sure - 0.1, 0.8)
        scored.append((sure, likeness, many, target))
    if not scored:
        return None
    scored.sort(key=lambda s: (-s[1], -s[2], s[3]))
    sure, likeness, many, target = scored[0]
    proposed: str | None = column.values[target]
    if len(scored) > 1:
        rival = scored[1]
        close = rival[1] >= likeness - 0.02
        if close and rival[2] * 4 > many:
            return ValueSignal(code, None, "spelling", sure, many, few)
        if close:
            sure = min(sure, 0.9 * many / (many + rival[2]) + 0.05)
    return ValueSignal(code, proposed, "spelling", min(sure, 0.97), many, few)


def _shortest_changed(text: str, other: str) -> int:
    """Length of the shortest run of letters and digits that differs."""
    ours, theirs = _RUN.findall(text), _RUN.findall(other)
    if len(ours) != len(theirs):
        return min(len(text), len(other))
    return min((len(a) for a, b in zip(ours, theirs, strict=True) if a != b), default=len(text))


def like_error(text: str, other: str) -> bool:
    """Whether one text could be the other mistyped: digits the same, word by word alike."""
    if _means_another(text, other):
        return False
    ours, theirs = text.split(), other.split()
    if len(ours) != len(theirs):
        return Levenshtein.normalized_similarity(text, other) >= 0.8
    return all(
        a == b
        or Levenshtein.normalized_similarity(a, b) >= 0.6
        or Levenshtein.distance(a, b, score_cutoff=1) <= 1
        for a, b in zip(ours, theirs, strict=True)
    )


def word_signals(column: Coded) -> list[ValueSignal]:
    """Typing errors in a word that the column's other values hold too (82 patientx): for values
    that are not frequent as a whole. A word counts as frequent from a twentieth of the rows on."""
    if not 2 <= len(column.values) <= _MAX_RARE:
        return []
    rows: dict[str, int] = defaultdict(int)
    cut = [v.split() if len(v) <= _MAX_CHARS else [] for v in column.values]
    for words, count in zip(cut, column.counts.tolist(), strict=True):
        for word in set(words):
            rows[word] += count
    total = int(column.counts.sum())
    able = [w for w in rows if len(w) >= 4 and w.isalpha()]
    frequent = sorted(w for w in able if rows[w] >= max(0.05 * total, 10))[:200]
    rare = sorted(w for w in able if rows[w] <= 0.005 * total)
    if not frequent or not rare or len(rare) > _MAX_RARE:
        return []
    near = process.cdist(
        rare, frequent, scorer=Levenshtein.normalized_similarity, score_cutoff=0.7, dtype=np.float32
    )
    best = near.argmax(axis=1)
    known = {g for w in rows if rows[w] > 0.005 * total for g in _cut(w)}
    mends = {
        word: frequent[int(j)]
        for word, j, likeness in zip(rare, best, near.max(axis=1), strict=True)
        if likeness > 0
        and not (_cut(word) - _cut(frequent[int(j)])) & known
        and not _means_another(word, frequent[int(j)])
        and (
            len(word) == len(frequent[int(j)])
            or Levenshtein.distance(word, frequent[int(j)], score_cutoff=1) <= 1
        )
    }
    found = []
    for code, words in enumerate(cut):
        if len(words) > 1 and (hits := [w for w in words if w in mends]):
            text = column.values[code]
            for word in hits:
                text = text.replace(word, mends[word])
            top = max(rows[mends[w]] for w in hits)
            sure = 0.92 if top >= 0.3 * total else 0.45
            found.append(ValueSignal(code, text, "spelling", sure, top, rows[hits[0]]))
    return found


def _means_another(text: str, other: str) -> bool:
    """Whether the difference may carry meaning: digits changed, or a character of a script where
    one is a word."""
    # Aligned place by place where lengths agree: a character that stands for another stays there.
    for op, i1, i2, j1, j2 in _steps(text, other):
        gone, come = text[i1:i2], other[j1:j2]
        if op == "equal":
            continue
        if any(c.isdigit() for c in gone):
            return True
        if any(c.isdigit() for c in come) and not gone:
            return True
        if any(c >= "\u2e80" for c in gone + come):
            return True
    return False


def _explained(text: str, other: str, noise: str) -> bool:
    """Whether all that differs is the known noise character standing for another."""
    return (
        bool(noise)
        and len(text) == len(other)
        and text != other
        and all(a in (b, noise) for a, b in zip(text, other, strict=True))
    )


def _steps(text: str, other: str) -> list[tuple[str, int, int, int, int]]:
    if len(text) == len(other):
        return [
            ("replace" if a != b else "equal", i, i + 1, i, i + 1)
            for i, (a, b) in enumerate(zip(text, other, strict=True))
        ]
    return [tuple(step) for step in Levenshtein.opcodes(text, other)]  # type: ignore[misc]


def noise_character(pairs: list[tuple[str, str]]) -> str:
    """The character that stands for others in most of these (wrong, right) texts, '' if none."""
    seen: dict[str, int] = defaultdict(int)
    told = 0
    for wrong, right in pairs:
        if len(wrong) != len(right) or wrong == right:
            continue
        put = {a for a, b in zip(wrong, right, strict=True) if a != b}
        told += 1
        if len(put) == 1:
            seen[next(iter(put))] += 1
    if told < 10:
        return ""
    top = max(seen, key=lambda c: (seen[c], c), default="")
    return top if top and seen[top] >= 0.6 * told else ""
