"""Formats: what character classes a column's values are made of, and which values are unlike it."""

import re
from collections import defaultdict
from typing import Final

import numpy as np

from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.missing import is_disguise
from kintsugi.engine.repair.model import ValueSignal

_RUN: Final = re.compile(r"(.)\1+")
_DIGITS: Final = re.compile("9+")
_WORDS: Final = re.compile(r"(?:[aA]a*[ '.\-]*)+")
_MAX_DISTINCT: Final = 200_000
_CONCENTRATED: Final = 0.9
_TOP: Final = 0.02
_PLAIN: Final = frozenset({"9", "9.9", "-9", "-9.9", "+9", "9e-9"})
_ENDS: Final = re.compile(r"^\D+|\D+$")
_JUNK: Final = re.compile(r"[\s*~^#|_`'\"!?\-]+$|^[\s*~^|_`'\"!?]+")
_STRAY: Final = re.compile(r"^[\s*~^#|;:_\-.,`'\"!?]+|[\s*~^#|;:_\-,`'\"!?]+$")


def shape(text: str, *, lengths: bool = False) -> str:
    """A text by character class: 9 digit, A upper, a lower, 文 other letters, signs as they are.
    Runs are joined; with ``lengths`` only those of digits."""
    found = "".join(
        "9" if c.isdecimal()
        else ("A" if c.isupper() else "a" if c.islower() else "文") if c.isalpha()
        else " " if c.isspace()
        else c
        for c in text[:200]
    )  # fmt: skip
    # How many digits a number has says little of its form.
    return _DIGITS.sub("9", found) if lengths else _RUN.sub(r"\1", found)


def loose(text: str) -> str:
    """The shape with all runs of words as one: names differ in how many words they have."""
    return _WORDS.sub("w", shape(text))


def numeric_share(column: Coded) -> float:
    """Share of filled rows (without stand-ins for empty) that hold digits and no
    letter at their beginning."""
    good = total = 0
    for text, count in zip(column.values, column.counts.tolist(), strict=True):
        if text and not is_disguise(text):
            total += count
            head = text.strip()[:24]
            good += (
                0 if any(c.isalpha() for c in head) or not any(map(str.isdigit, head)) else count
            )
    return good / total if total else 0.0


def pattern_signals(column: Coded) -> list[ValueSignal]:
    """Values whose shape is rare in a column of few shapes, most of which hold digits or have one
    fixed length. Where taking characters off an end gives a common shape, that is proposed."""
    if not 2 <= len(column.values) <= _MAX_DISTINCT:
        return []
    best: list[ValueSignal] = []
    shapes: list[str] = []
    rows: dict[str, int] = defaultdict(int)
    # Shapes with lengths say most; without them the column may be as regular, but more freely.
    for with_lengths in (True, False):
        shapes = [shape(v, lengths=True) if with_lengths else loose(v) for v in column.values]
        rows = defaultdict(int)
        total = 0
        for text, key, count in zip(column.values, shapes, column.counts.tolist(), strict=True):
            if text and not is_disguise(text):
                rows[key] += count
                total += count
        least = max((0.05 if with_lengths else _TOP) * total, 3)
        common = {k: n for k, n in rows.items() if n >= least}
        cover = sum(common.values()) / total if total else 0.0
        telling = sum(n for k, n in common.items() if _telling(k)) if not with_lengths else total
        enough = len(common) <= (3 if with_lengths else 6) and cover >= (
            0.93 if with_lengths else _CONCENTRATED
        )
        if total < 20 or not enough or telling < 0.5 * total:
            continue
        doubt = 0.5 + 0.45 * (cover - 0.85) / 0.15
        for code, (text, key) in enumerate(zip(column.values, shapes, strict=True)):
            if not text or is_disguise(text) or key in common or key in _PLAIN:
                continue
            best.append(ValueSignal(code, None, "pattern", doubt, rows[key], total))
            # Signs that no one writes on purpose may go; of a letter nobody can know.
            bare = _JUNK.sub("", text)
            sure = 0.85
            if bare == text:
                bare, sure = (
                    _ENDS.sub("", text) if any(c.isdigit() for c in text) else text[:-1],
                    0.5,
                )
            if 0 < len(bare) < len(text) and _fits(column, bare, len(text), common, with_lengths):
                best.append(ValueSignal(code, bare, "stray", sure, total - rows[key], total))
        break
    return best + _stray(column, shapes, rows)


def _fits(
    column: Coded, bare: str, length: int, common: dict[str, int], with_lengths: bool
) -> bool:
    """Whether what is left is like the column's values, and they are not as long as the whole."""
    key = shape(bare, lengths=True) if with_lengths else loose(bare)
    if key not in common:
        return False
    rows = np.array([len(v) for v in column.values])
    alike, whole = (int(column.counts[rows == n].sum()) for n in (len(bare), length))
    return alike > 2 * whole


def _telling(key: str) -> bool:
    """Shapes of plain words say nothing; those with digits or signs do."""
    return "9" in key or key not in ("w", "文", "w文", "文w")


def _stray(column: Coded, shapes: list[str], rows: dict[str, int]) -> list[ValueSignal]:
    """Characters at an end that no common value has there; without them the value is a known one,
    or at least has a common shape."""
    known = {v: int(n) for v, n in zip(column.values, column.counts, strict=True)}
    total = sum(rows.values())
    touched = {
        code: _STRAY.sub("", v)
        for code, v in enumerate(column.values)
        if v and _STRAY.search(v) and not is_disguise(v)
    }
    share = sum(known[column.values[c]] for c in touched)
    if not touched or share > 0.2 * total:
        return []
    added: dict[str, list[bool]] = defaultdict(list)
    for code, bare in touched.items():
        if bare:
            added[column.values[code].replace(bare, "", 1)].append(bare in known)
    # What comes at the end of many values that are known without it belongs to none of them.
    worn = {
        sign
        for sign, hits in added.items()
        if len(hits) >= 3 and 2 * sum(hits) >= len(hits) and not _JUNK.sub("", sign)
    }
    found = []
    for code, bare in touched.items():
        count = int(column.counts[code])
        often = known.get(bare, 0)
        if bare and column.values[code].replace(bare, "", 1) in worn:
            found.append(ValueSignal(code, bare, "stray", 0.92, often, total))
        elif bare and often >= max(2, 2 * count):
            found.append(ValueSignal(code, bare, "stray", 0.9, known[bare], total))
    return found
