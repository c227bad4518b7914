"""Reconciling in stages: the same, within tolerance, parts of one; what is left is a break."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl

from kintsugi.engine.reconcile import classify, groups, pairs
from kintsugi.engine.reconcile.model import Break, Match, MatchKind, Plan, Reconciliation
from kintsugi.engine.reconcile.pairs import Limits
from kintsugi.engine.reconcile.sides import NONE, Ints, Side, read_sides


def reconcile(left: pl.DataFrame, right: pl.DataFrame, plan: Plan) -> Reconciliation:
    """Match the rows of two lists and say what is different about the rest.

    ``left`` and ``right`` hold text as it was read. Every row is in exactly one match or break.
    Same lists and plan, same result. Raises KintsugiError ``reconcile.*``.
    """
    mine, theirs, places = read_sides(left, right, plan)
    limits = Limits(int(plan.amount_tolerance.scaleb(places)), plan.days, plan.likeness)
    work = _Work(mine, theirs, places, plan, limits)
    work.match_exactly()
    work.match_within_tolerance()
    work.match_parts()
    matches = tuple(sorted(work.matches, key=lambda one: (one.left, one.right)))
    breaks = tuple(_Breaks(work).all())
    return Reconciliation(
        left_rows=mine.rows,
        right_rows=theirs.rows,
        matches=matches,
        breaks=breaks,
        left_total=work.total(mine),
        right_total=work.total(theirs),
        explained=_explained(matches, breaks, work),
        unread=tuple(
            (side, *one)
            for side, found in (("left", mine.unread), ("right", theirs.unread))
            for one in found
        ),
        searched=work.searched,
    )


def _explained(
    matches: tuple[Match, ...], breaks: tuple[Break, ...], work: "_Work"
) -> Decimal | None:
    if work.left.amount is None:
        return None
    said = [one.difference for one in matches] + [one.difference for one in breaks]
    return sum((off for off in said if off is not None), Decimal(0))


class _Work:
    """The state of one reconciliation: which rows are still free, and the matches so far."""

    def __init__(self, left: Side, right: Side, places: int, plan: Plan, limits: Limits) -> None:
        self.left, self.right, self.places = left, right, places
        self.plan, self.limits = plan, limits
        self.matches: list[Match] = []
        self.searched = True
        self._free = (np.ones(left.rows, dtype=np.bool_), np.ones(right.rows, dtype=np.bool_))
        for side, free in zip((left, right), self._free, strict=True):
            for row, _column, _text in side.unread:
                free[row] = False

    def free(self) -> tuple[Ints, Ints]:
        """Rows of both sides that have no counterpart yet."""
        return np.flatnonzero(self._free[0]), np.flatnonzero(self._free[1])

    def match_exactly(self) -> None:
        """Rows that say the same."""
        at, to = pairs.exact_pairs(self.left, self.right, self.free())
        for a, b in zip(at.tolist(), to.tolist(), strict=True):
            self._take((a,), (b,), "exact")

    def match_within_tolerance(self) -> None:
        """Pairs within the tolerances, the cheapest choice of all of them at once."""
        found = pairs.candidates(self.left, self.right, self.free(), self.limits)
        at, to, chosen = pairs.cheapest(found)
        alike = found.likeness[chosen] if found.likeness is not None else None
        for n, (a, b) in enumerate(zip(at.tolist(), to.tolist(), strict=True)):
            self._take((a,), (b,), "within-tolerance", None if alike is None else float(alike[n]))

    def match_parts(self) -> None:
        """One row of a side that several of the other make up."""
        parts = self.plan.parts
        mine, theirs = self.free()
        search = groups.Search(self.left, self.right, (mine, theirs), self.limits, parts)
        for row, found in search.found():
            self._take((row,), found, "one-to-many")
        mine, theirs = self.free()
        back = groups.Search(self.right, self.left, (theirs, mine), self.limits, parts)
        for row, found in back.found():
            self._take(found, (row,), "many-to-one")
        self.searched = search.complete and back.complete

    def _take(
        self,
        left: tuple[int, ...],
        right: tuple[int, ...],
        kind: MatchKind,
        alike: float | None = None,
    ) -> None:
        self._free[0][list(left)] = False
        self._free[1][list(right)] = False
        one = Match(left, right, kind, self.difference(left, right), self.days(left, right))
        self.matches.append(replace(one, likeness=None if alike is None else round(alike, 3)))

    def difference(self, left: tuple[int, ...], right: tuple[int, ...]) -> Decimal | None:
        """Left minus right, as an amount."""
        if self.left.amount is None or self.right.amount is None:
            return None
        a = sum(int(self.left.amount[row]) for row in left if self.left.amount[row] != NONE)
        b = sum(int(self.right.amount[row]) for row in right if self.right.amount[row] != NONE)
        return Decimal(a - b).scaleb(-self.places)

    def days(self, left: tuple[int, ...], right: tuple[int, ...]) -> int | None:
        """Right minus left, by the first rows of each."""
        if self.left.day is None or self.right.day is None or not left or not right:
            return None
        a, b = int(self.left.day[left[0]]), int(self.right.day[right[0]])
        return None if NONE in (a, b) else b - a

    def total(self, side: Side) -> Decimal | None:
        """The sum of a side's amounts."""
        if side.amount is None:
            return None
        # As Python's integers: a sum of many large amounts leaves 64 bits.
        return Decimal(sum(v for v in side.amount.tolist() if v != NONE)).scaleb(-self.places)


class _Breaks:
    """What is left: rows that belong together and differ, and rows that stand alone."""

    def __init__(self, work: _Work) -> None:
        self._work = work
        self._left, self._right = work.left, work.right
        mine, theirs = work.free()
        self._mine, self._theirs = set(mine.tolist()), set(theirs.tolist())

    def all(self) -> list[Break]:
        """Every break, in the order of the left list, then of the right."""
        found = [*self._unread(), *self._differing(), *self._late(), *self._alone()]
        last = self._left.rows
        return sorted(
            found,
            key=lambda b: (last if b.left is None else b.left, -1 if b.right is None else b.right),
        )

    def _unread(self) -> list[Break]:
        found = []
        for at, side in enumerate((self._left, self._right)):
            for row in sorted({row for row, _column, _text in side.unread}):
                mine, other = (row, None) if at == 0 else (None, row)
                found.append(self._break("unread", mine, other))
        return found

    def _break(self, kind: str, left: int | None, right: int | None, **facts: str) -> Break:
        a = () if left is None else (left,)
        b = () if right is None else (right,)
        work = self._work
        return Break(kind, left, right, work.difference(a, b), work.days(a, b), dict(facts))

    def _differing(self) -> list[Break]:
        """Rows with one key, or texts that are the same, once on each side: what differs."""
        couples = self._couples()
        amounts: list[tuple[int, int]] = []
        shapes: dict[tuple[int, int], str] = {}
        for a, b in couples:
            shapes[a, b] = self._shape(a, b)
            if shapes[a, b] == "amount":
                amounts.append(self._amounts(a, b))
        patterns = classify.shared(amounts, self._work.places)
        found = []
        for a, b in couples:
            kind, facts = shapes[a, b], {}
            if kind == "amount" and self._amounts(a, b) in patterns:
                kind, value = patterns[self._amounts(a, b)]
                facts = {kind: value}
            elif kind == "amount" and self._is_part(a, b):
                kind = "partial"
            found.append(self._break(kind, a, b, **facts))
            self._mine.discard(a)
            self._theirs.discard(b)
        return found

    def _couples(self) -> list[tuple[int, int]]:
        sides = []
        for side, rows in ((self._left, self._mine), (self._right, self._theirs)):
            by_name: dict[object, list[int]] = {}
            for row in sorted(rows):
                by_name.setdefault(self._name(side, row), []).append(row)
            sides.append({name: rows for name, rows in by_name.items() if name is not None})
        return [
            (mine[0], sides[1][name][0])
            for name, mine in sides[0].items()
            if len(mine) == 1 and len(sides[1].get(name, ())) == 1
        ]

    def _name(self, side: Side, row: int) -> object:
        if side.key is not None:
            return int(side.key[row]) if side.key[row] >= 0 else None
        return side.text[row] or None if side.text is not None else None

    def _amounts(self, a: int, b: int) -> tuple[int, int]:
        assert self._left.amount is not None
        assert self._right.amount is not None
        return int(self._left.amount[a]), int(self._right.amount[b])

    def _shape(self, a: int, b: int) -> str:
        if self._left.amount is None:
            days = self._work.days((a,), (b,))
            return (
                "timing" if days is not None and abs(days) > self._work.limits.days else "not-alike"
            )
        x, y = self._amounts(a, b)
        if NONE in (x, y):
            return "amount" if x != y else "timing"
        if abs(x - y) <= self._work.limits.amount:
            days = self._work.days((a,), (b,))
            return (
                "timing" if days is not None and abs(days) > self._work.limits.days else "not-alike"
            )
        return classify.shape(x, y, self._work.places)

    def _is_part(self, a: int, b: int) -> bool:
        x, y = self._amounts(a, b)
        return NONE not in (x, y) and y != 0 and (x < 0) == (y < 0) and abs(y) < abs(x)

    def _late(self) -> list[Break]:
        """The same amount on both sides, once each, too far apart in time."""
        if self._left.amount is None or self._left.day is None:
            return []
        sides = []
        for side, rows in ((self._left, self._mine), (self._right, self._theirs)):
            by_amount: dict[int, list[int]] = {}
            for row in sorted(rows):
                keyed = side.key is not None and side.key[row] >= 0
                if side.amount is not None and side.amount[row] != NONE and not keyed:
                    by_amount.setdefault(int(side.amount[row]), []).append(row)
            sides.append(by_amount)
        found = []
        for amount, mine in sides[0].items():
            theirs = sides[1].get(amount, [])
            if len(mine) == len(theirs) == 1:
                found.append(self._break("timing", mine[0], theirs[0]))
                self._mine.discard(mine[0])
                self._theirs.discard(theirs[0])
        return found

    def _alone(self) -> list[Break]:
        seen = Counter[tuple[object, ...]]()
        for one in self._work.matches:
            for side, rows in ((self._left, one.left), (self._right, one.right)):
                for row in rows:
                    seen[(id(side), *self._said(side, row))] += 1
        found = []
        for row in sorted(self._mine):
            again = seen[(id(self._left), *self._said(self._left, row))] > 0
            found.append(self._break("repeated-left" if again else "only-left", row, None))
        for row in sorted(self._theirs):
            again = seen[(id(self._right), *self._said(self._right, row))] > 0
            found.append(self._break("repeated-right" if again else "only-right", None, row))
        return found

    @staticmethod
    def _said(side: Side, row: int) -> tuple[object, ...]:
        return (
            None if side.key is None else int(side.key[row]),
            None if side.amount is None else int(side.amount[row]),
            None if side.day is None else int(side.day[row]),
            None if side.text is None else side.text[row],
        )
