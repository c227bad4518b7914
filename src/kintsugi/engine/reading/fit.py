"""Whether the fields of a line stand in the columns they belong to.

A comma inside a text that nobody quoted shifts all fields behind it by one. If the line ends with a
blank column it still has blank fields at its end, so counting fields does not tell; what stands in
the columns does.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_SAMPLE_ROWS: Final = 2_000
#: A column has a kind when so many of its filled cells are of one; the rest are its own flaws.
_MOST: Final = 0.9
_ENOUGH_CELLS: Final = 3
_DATE: Final = re.compile(
    r"\d{1,4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*(?:\d{1,4}日?)?)?(?:[T ].*)?|\d{4}年"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp][Mm])?"  # a time
)
_NUMBER: Final = re.compile(r"[-+(]?[¥￥$€]?\s*\d[\d,]*(?:\.\d+)?%?\)?")
_CODE: Final = re.compile(r"(?=.*\d)[A-Za-z0-9][\w\-./#]*", re.ASCII)


def kind_of(text: str) -> str:
    """date, number, code, sign (one character such as √), text; ``''`` for a blank."""
    text = text.strip()
    if not text:
        return ""
    if len(text) == 1 and not text.isdigit():
        return "sign"
    for kind, pattern in (("number", _NUMBER), ("date", _DATE), ("code", _CODE)):
        if pattern.fullmatch(text):
            return kind
    return "text"


@dataclass(frozen=True)
class Fit:
    """The kinds of content of each column (empty: any), and how many cells of a whole line may
    contradict them, since some do in lines that are right."""

    kinds: tuple[frozenset[str], ...]
    allowed: int

    def misfits(self, fields: Sequence[str]) -> int:
        """Filled fields whose content is not of their column's kinds."""
        pairs = zip(fields, self.kinds, strict=False)
        return sum(bool(kinds and (k := kind_of(f)) and k not in kinds) for f, kinds in pairs)

    def shifted(self, fields: Sequence[str]) -> bool:
        """Whether a line with blank surplus fields at its end is one whose fields were shifted: it
        contradicts its columns more than other lines, or joining two neighbours mends it."""
        width = len(self.kinds)
        here = self.misfits(fields[:width])
        if here > self.allowed:
            return True
        joined = (
            [*fields[:at], f"{fields[at]},{fields[at + 1]}", *fields[at + 2 :]]
            for at in range(width - 1)
            if fields[at].strip() and fields[at + 1].strip()
        )
        return here > 0 and any(self.misfits(line[:width]) < here for line in joined)


def learn(lines: Iterable[Sequence[str]], width: int) -> Fit:
    """What the columns hold, by the first lines that have exactly ``width`` fields."""
    sample = [line for line in lines if len(line) == width][:_SAMPLE_ROWS]
    columns = [Counter(filter(None, (kind_of(line[i]) for line in sample))) for i in range(width)]
    fit = Fit(tuple(_kinds(found) for found in columns), 0)
    misfits = sorted(fit.misfits(line) for line in sample)
    # One line in a hundred may be odder than the rest without making oddness the rule.
    allowed = misfits[(len(misfits) * 99 - 1) // 100] if misfits else 0
    return Fit(fit.kinds, allowed)


def _kinds(found: Counter[str]) -> frozenset[str]:
    """The fewest kinds that cover most of a column, none where that is more than two."""
    total = found.total()
    if total < _ENOUGH_CELLS:
        return frozenset()
    for count in (1, 2):
        common = found.most_common(count)
        if sum(n for _, n in common) >= _MOST * total:
            return frozenset(kind for kind, _ in common)
    return frozenset()
