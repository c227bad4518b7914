"""One-to-many: rows of one side that add up to one row of the other."""

from collections.abc import Iterator

import numpy as np

from kintsugi.engine.reconcile.model import POOL_MAX
from kintsugi.engine.reconcile.pairs import Limits, likeness
from kintsugi.engine.reconcile.sides import NONE, Ints, Side

Found = tuple[int, tuple[int, ...]]
#: Rows looked at, in all, and what the search of one pool weighs against them.
_LOOKED_AT_MAX = 200_000_000
_SEARCH_COST = 20_000


class Search:
    """The search for parts: ``one`` holds the sums, ``many`` the parts; ``free`` are the rows of
    each that have no counterpart. ``complete`` turns False when rows were left untried."""

    def __init__(
        self, one: Side, many: Side, free: tuple[Ints, Ints], limits: Limits, parts: int
    ) -> None:
        self._one, self._many, self._limits, self._parts = one, many, limits, parts
        self._mine = free[0]
        theirs = free[1]
        if many.day is not None:
            theirs = theirs[np.argsort(many.day[theirs], kind="stable")]
        self._theirs = theirs
        self._used: set[int] = set()
        self.complete = True

    def found(self) -> Iterator[Found]:
        """(row, its parts): first all rows with the same key, then the smallest number of rows
        near it that add up. Each part is used once."""
        one, many = self._one, self._many
        if one.amount is None or many.amount is None or self._parts < 2:
            return
        whole = dict(_whole_keys(one, many, (self._mine, self._theirs), self._limits))
        for row, found in whole.items():
            self._used.update(found)
            yield row, found
        # The largest first: they have the fewest choices that add up by chance.
        order = np.argsort(-np.abs(one.amount[self._mine]), kind="stable")
        looked_at = 0
        for row in self._mine[order].tolist():
            if row in whole or one.amount[row] == NONE:
                continue
            near = self._near(row)
            looked_at += len(near) + _SEARCH_COST
            if looked_at > _LOOKED_AT_MAX:
                self.complete = False
                return
            pool = _pool(one, many, row, near, self._limits)
            pool = [p for p in pool if p not in self._used]
            pool = pool[:POOL_MAX]
            amounts = [int(many.amount[p]) for p in pool]
            chosen = _subset(amounts, int(one.amount[row]), self._limits, self._parts)
            if chosen is not None:
                found = tuple(sorted(pool[at] for at in chosen))
                self._used.update(found)
                yield row, found

    def _near(self, row: int) -> Ints:
        """Rows of the other side within the days, by their sorted order."""
        if self._one.day is None or self._many.day is None or self._one.day[row] == NONE:
            return self._theirs
        days = self._many.day[self._theirs]
        day, reach = self._one.day[row], self._limits.days
        first = np.searchsorted(days, day - reach, side="left")
        last = np.searchsorted(days, day + reach, side="right")
        undated = np.searchsorted(days, NONE, side="right")
        return np.concatenate((self._theirs[:undated], self._theirs[max(first, undated) : last]))


def _whole_keys(one: Side, many: Side, free: tuple[Ints, Ints], limits: Limits) -> Iterator[Found]:
    """Rows whose key the other side has on several rows that add up to it, however many."""
    if one.key is None or many.key is None or one.amount is None or many.amount is None:
        return
    rows: dict[int, list[int]] = {}
    for row in free[1].tolist():
        if many.key[row] >= 0 and many.amount[row] != NONE:
            rows.setdefault(int(many.key[row]), []).append(row)
    mine: dict[int, list[int]] = {}
    for row in free[0].tolist():
        if one.key[row] >= 0 and one.amount[row] != NONE:
            mine.setdefault(int(one.key[row]), []).append(row)
    for key, alone in mine.items():
        found = rows.get(key, [])
        if len(alone) != 1 or len(found) < 2:
            continue
        total = sum(int(many.amount[row]) for row in found)
        if abs(total - int(one.amount[alone[0]])) <= limits.amount:
            yield alone[0], tuple(found)


def _pool(one: Side, many: Side, row: int, free: Ints, limits: Limits) -> list[int]:
    """Rows that may be parts of one: same key where both have one, near in days, alike in text,
    of the same sign and not larger. Nearest days first."""
    assert one.amount is not None
    assert many.amount is not None
    target = one.amount[row]
    amount = many.amount[free]
    keep = (amount != NONE) & (amount != 0)
    keep &= np.sign(amount) == np.sign(target)
    keep &= np.abs(amount) <= abs(target) + limits.amount
    keyed = one.key is not None and many.key is not None and one.key[row] >= 0
    if keyed and one.key is not None and many.key is not None:
        keep &= (many.key[free] == one.key[row]) | (many.key[free] < 0)
    distance = np.zeros(len(free))
    if one.day is not None and many.day is not None and one.day[row] != NONE:
        known = many.day[free] != NONE
        distance = np.abs(np.where(known, many.day[free], one.day[row]) - one.day[row])
    pool = free[keep]
    near = distance[keep]
    if one.text is not None and many.text is not None and len(pool):
        alike = likeness(one.text, many.text, np.full(len(pool), row), pool)
        near, pool = near[alike >= limits.likeness], pool[alike >= limits.likeness]
    elif not keyed and one.day is None:
        # Nothing but amounts: whatever adds up would be chance.
        return []
    found: list[int] = pool[np.lexsort((pool, near))].tolist()
    return found


def _subset(amounts: list[int], target: int, limits: Limits, parts: int) -> list[int] | None:
    """Positions of the fewest amounts that add up to ``target`` within the tolerance; None where
    none do or several choices of that number do, since then nobody can say which is meant."""
    half = len(amounts) // 2
    low = _sums(amounts[:half], parts, 0)
    high = _sums(amounts[half:], parts, half)
    by_sum = sorted(high, key=lambda found: (found[0], len(found[1])))
    values = np.array([total for total, _ in by_sum], dtype=np.int64)
    best: list[tuple[int, ...]] = []
    fewest = parts + 1
    for total, chosen in low:
        first = np.searchsorted(values, target - total - limits.amount, side="left")
        last = np.searchsorted(values, target - total + limits.amount, side="right")
        for _, others in by_sum[first:last]:
            count = len(chosen) + len(others)
            if 2 <= count < fewest:
                fewest, best = count, [chosen + others]
            elif count == fewest and count <= parts:
                best.append(chosen + others)
    if len(best) != 1 and len({tuple(sorted(amounts[at] for at in one)) for one in best}) != 1:
        return None
    # Equal amounts may stand for one another: the first of them.
    return list(min(best))


def _sums(amounts: list[int], parts: int, offset: int) -> list[tuple[int, tuple[int, ...]]]:
    """Every sum of at most ``parts`` amounts with the positions that make it up."""
    found: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    for at, amount in enumerate(amounts):
        found += [
            (total + amount, (*chosen, at + offset))
            for total, chosen in found
            if len(chosen) < parts
        ]
    return found
