"""Which goods each line gets: decided here without a database, first expiring first."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

LATER = dt.date.max


@dataclass(frozen=True)
class Need:
    """What a line still lacks, and what of it the customer chose."""

    line: UUID
    product: UUID
    qty: Decimal
    usable_on: dt.date
    lot: UUID | None = None
    serials: frozenset[str] = frozenset()


@dataclass
class Taken:
    """What a line gets: rows of free goods with ``qty``. ``passed_over`` is a row that expires
    earlier and was left for the sake of the customer's choice."""

    need: Need
    picks: list[dict[str, Any]] = field(default_factory=list)
    passed_over: Mapping[str, Any] | None = None

    @property
    def qty(self) -> Decimal:
        """How much it gets."""
        return sum((one["qty"] for one in self.picks), Decimal(0))


def allocate(needs: Sequence[Need], free: Iterable[Mapping[str, Any]]) -> list[Taken]:
    """What each line gets of the free rows, which come first expiring first; together never more
    than there is. Lines with a choice come first, so that another line does not take it away."""
    rows: dict[UUID, list[dict[str, Any]]] = {}
    for row in free:
        rows.setdefault(row["product_id"], []).append(dict(row))
    found = {}
    for need in sorted(needs, key=lambda one: not (one.serials or one.lot)):
        found[need.line] = _take(need, rows.get(need.product, []))
    return [found[need.line] for need in needs]


def _take(need: Need, rows: list[dict[str, Any]]) -> Taken:
    taken, left = Taken(need), need.qty
    usable = [
        row for row in rows if row["free"] > 0 and (row["expiry_date"] or LATER) >= need.usable_on
    ]
    # Serials that were named, then whatever else the line may have.
    chosen = [row for row in usable if row["serial_no"] in need.serials]
    named = {id(row) for row in chosen}
    others = [
        row
        for row in usable
        if id(row) not in named and (need.lot is None or row["lot_id"] == need.lot)
    ]
    for row in [*chosen, *others]:
        if left <= 0:
            break
        qty = min(left, Decimal(row["free"]))
        row["free"] -= qty
        left -= qty
        taken.picks.append({**row, "qty": qty})
    if need.lot or need.serials:
        last = max((row["expiry_date"] or LATER for row in taken.picks), default=None)
        taken.passed_over = next(
            (
                row
                for row in usable
                if last is not None and row["free"] > 0 and (row["expiry_date"] or LATER) < last
            ),
            None,
        )
    return taken
