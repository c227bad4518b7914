"""The same value in another dress: case, spaces, punctuation, full-width and control characters."""

import re
import unicodedata
from collections import defaultdict
from typing import Final

from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.model import ValueSignal

_SPACE: Final = re.compile(r"\s+")
_SIGNS: Final = re.compile(r"[\W_]+")
_MAX_CHARS: Final = 500


def tidy(text: str) -> str:
    """Without space at the ends and control characters; full-width letters and digits narrowed."""
    narrow = "".join(
        chr(ord(c) - 0xFEE0) if "\uff10" <= c <= "\uff19" or "\uff21" <= c <= "\uff5a" else c
        for c in text
        if c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cf")
    )
    return narrow.replace("\u3000", " ").strip()


def space_signals(column: Coded) -> list[ValueSignal]:
    """Space at an end and characters nobody meant to write."""
    total = int(column.counts.sum())
    found = []
    for code, text in enumerate(column.values):
        if len(text) <= _MAX_CHARS and (clean := tidy(text)) != text:
            found.append(ValueSignal(code, clean, "space", 0.95, int(column.counts[code]), total))
    share = sum(s.support for s in found)
    # A column that is written so throughout has its reason, e.g. a fixed width.
    return found if share <= 0.5 * total else []


def variant_signals(column: Coded) -> list[ValueSignal]:
    """Values that differ from a far more frequent one in case, inner spaces or punctuation only."""
    classes: dict[str, list[int]] = defaultdict(list)
    for code, text in enumerate(column.values):
        if 1 < len(text) <= _MAX_CHARS:
            key = _SIGNS.sub("", unicodedata.normalize("NFKC", text)).casefold()
            # Without letters what is left of a number or code could be another one.
            if any(c.isalpha() for c in key):
                classes[key].append(code)
    found = []
    for codes in classes.values():
        if len(codes) < 2:
            continue
        top = max(codes, key=lambda c: (int(column.counts[c]), -c))
        many = int(column.counts[top])
        for code in codes:
            few = int(column.counts[code])
            if code == top or many < 5 * few:
                continue
            same = _SPACE.sub(" ", column.values[code]).casefold()
            only_case = same.strip() == _SPACE.sub(" ", column.values[top]).casefold().strip()
            sure = (0.8 if only_case else 0.62) + min(many / few, 100) / 1000
            found.append(ValueSignal(code, column.values[top], "variant", sure, many, few))
    return found
