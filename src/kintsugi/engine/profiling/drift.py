"""What changed between two profiles of the same table, worst first."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kintsugi.engine.profiling.model import ColumnProfile, Numbers, Profile
from kintsugi.engine.text import Text

Grade = Literal["stop", "ask", "note"]
#: Population stability index: below 0.1 nothing changed, above 0.25 the population did.
PSI_CHANGED = 0.25
_SHRUNK = 0.2
_BLANKS = 0.05
_EPSILON = 1e-4

DRIFTS: dict[str, tuple[Grade, Text]] = {
    "column-gone": ("stop", Text("列不见了", "a column is gone")),
    "column-renamed": ("ask", Text("列改了名", "a column has another name")),
    "column-new": ("ask", Text("新增一列", "a new column")),
    "type": ("stop", Text("类型变了", "another type")),
    "meaning": ("stop", Text("含义变了", "another meaning")),
    "key-lost": ("stop", Text("不再唯一", "no longer unique")),
    "rows-shrunk": ("ask", Text("行数明显减少", "far fewer rows")),
    "blanks": ("ask", Text("空值增多", "more cells are blank")),
    "patterns": ("ask", Text("写法变了", "written differently")),
    "spread": ("ask", Text("数值分布变了", "numbers spread differently")),
    "values-new": ("note", Text("出现新取值", "values not seen before")),
    "order": ("note", Text("列的顺序变了", "columns in another order")),
}
_ORDER: dict[Grade, int] = {"stop": 0, "ask": 1, "note": 2}


@dataclass(frozen=True)
class Drift:
    """One change. ``kind`` is one of ``DRIFTS``; ``size`` what was measured: a share, or the
    stability index."""

    kind: str
    column: str | None
    before: str
    after: str
    size: float | None = None

    @property
    def grade(self) -> Grade:
        """stop: a load with the old mapping would go wrong; ask: a person looks; note."""
        return DRIFTS[self.kind][0]


def drift(earlier: Profile, later: Profile) -> list[Drift]:
    """The changes from one profile to the next, worst first."""
    found = list(_columns(earlier, later))
    if earlier.rows and later.rows < (1 - _SHRUNK) * earlier.rows:
        share = 1 - later.rows / earlier.rows
        found.append(
            Drift("rows-shrunk", None, str(earlier.rows), str(later.rows), round(share, 4))
        )
    unique = {key.columns for key in later.keys if key.repeated == 0}
    for key in earlier.keys:
        there = all(later.column(name) is not None for name in key.columns)
        smaller = any(set(other) <= set(key.columns) for other in unique)
        if key.repeated == 0 and there and not smaller and later.rows > 1:
            found.append(Drift("key-lost", ", ".join(key.columns), "unique", "repeated"))
    for name in [one.name for one in earlier.columns]:
        before, after = earlier.column(name), later.column(name)
        if before is not None and after is not None:
            found += _changed(before, after)
    return sorted(found, key=lambda one: (_ORDER[one.grade], one.kind, one.column or ""))


def _columns(earlier: Profile, later: Profile) -> Iterator[Drift]:
    before, after = [c.name for c in earlier.columns], [c.name for c in later.columns]
    gone = [c for c in earlier.columns if c.name not in after]
    fresh = [c for c in later.columns if c.name not in before]
    for old in gone:
        twin = next((new for new in fresh if _alike(old, new)), None)
        if twin is None:
            yield Drift("column-gone", old.name, old.name, "")
        else:
            fresh.remove(twin)
            yield Drift("column-renamed", old.name, old.name, twin.name)
    for new in fresh:
        yield Drift("column-new", new.name, "", new.name)
    shared = [name for name in before if name in after]
    if shared != [name for name in after if name in before]:
        yield Drift("order", None, ", ".join(before)[:200], ", ".join(after)[:200])


def _alike(old: ColumnProfile, new: ColumnProfile) -> bool:
    """Whether a new column holds what a column that is gone held."""
    kind = [c.meaning.kind if c.meaning else None for c in (old, new)]
    if old.type != new.type or kind[0] != kind[1] or old.type == "empty":
        return False
    common = {text for text, _ in old.top} & {text for text, _ in new.top}
    if len(common) >= 0.5 * max(1, min(len(old.top), len(new.top))):
        return True
    if old.numbers is not None and new.numbers is not None:
        return _numbers_psi(old.numbers, new.numbers) < 0.1
    return old.patterns_in_all <= 20 and _psi(old.patterns, new.patterns) < 0.1


def _changed(before: ColumnProfile, after: ColumnProfile) -> Iterator[Drift]:
    name = before.name
    if before.filled and after.filled and before.type != after.type:
        yield Drift("type", name, before.type, after.type)
    kinds = [c.meaning.kind if c.meaning else "" for c in (before, after)]
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        yield Drift("meaning", name, kinds[0], kinds[1])
    blank = [1 - c.filled / c.rows if c.rows else 0.0 for c in (before, after)]
    if blank[1] - blank[0] > _BLANKS and _telling(before, after, blank):
        yield Drift("blanks", name, f"{blank[0]:.1%}", f"{blank[1]:.1%}", round(blank[1], 4))
    if not before.filled or not after.filled or before.type != after.type:
        return
    if before.numbers is not None and after.numbers is not None:
        index = _numbers_psi(before.numbers, after.numbers)
        if index > PSI_CHANGED:
            middle = [f"{c.quartiles[2]:g}" for c in (before.numbers, after.numbers)]
            yield Drift("spread", name, middle[0], middle[1], round(index, 3))
        return
    if max(before.patterns_in_all, after.patterns_in_all) <= 20:
        index = _psi(before.patterns, after.patterns)
        if index > PSI_CHANGED:
            yield Drift(
                "patterns", name, before.patterns[0][0], after.patterns[0][0], round(index, 3)
            )
    if before.distinct <= len(before.top) and after.distinct <= len(after.top):
        known = {text for text, _ in before.top}
        fresh = [text for text, _ in after.top if text not in known]
        if fresh:
            yield Drift("values-new", name, f"{before.distinct}", ", ".join(fresh)[:200])


def _telling(before: ColumnProfile, after: ColumnProfile, blank: Sequence[float]) -> bool:
    """Whether so many more blanks are unlikely by chance (two proportions, 3 standard errors)."""
    rows = before.rows + after.rows
    share = (blank[0] * before.rows + blank[1] * after.rows) / rows
    error = math.sqrt(share * (1 - share) * (1 / before.rows + 1 / after.rows))
    return error == 0 or (blank[1] - blank[0]) / error > 3


def _psi(before: Sequence[tuple[str, int]], after: Sequence[tuple[str, int]]) -> float:
    old, new = dict(before), dict(after)
    totals = sum(old.values()), sum(new.values())
    return _index(
        [(old.get(p, 0) / totals[0], new.get(p, 0) / totals[1]) for p in sorted({*old, *new})]
    )


def _numbers_psi(before: Numbers, after: Numbers) -> float:
    """The later histogram poured into the earlier one's steps."""
    poured = [0.0] * len(before.counts)
    low, high = before.edges[0], before.edges[-1]
    step = (high - low) / len(before.counts) or 1.0
    for count, left, right in zip(after.counts, after.edges, after.edges[1:], strict=False):
        middle = (left + right) / 2
        at = min(max(int((middle - low) // step), 0), len(poured) - 1)
        poured[at] += count
    totals = sum(before.counts) or 1, sum(poured) or 1.0
    # Steps with hardly a row make an index of noise: neighbours together.
    pairs = [
        (sum(before.counts[at : at + 4]) / totals[0], sum(poured[at : at + 4]) / totals[1])
        for at in range(0, len(poured), 4)
    ]
    return _index(pairs)


def _index(pairs: Sequence[tuple[float, float]]) -> float:
    return sum((b - a) * math.log(max(b, _EPSILON) / max(a, _EPSILON)) for a, b in pairs)
