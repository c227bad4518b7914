"""Reads of stock shared with other apps, and those of its pages."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from kintsugi.core.queries import query
from kintsugi.stock.models import Balance, Block, Location, Lot, Move, Posting, Unit

#: Rows of stock looked at for one line of an order.
CANDIDATES_MAX = 5_000
HOLDERS_MAX = 10_000


def first_expiring(
    *,
    product: UUID,
    qty: Decimal,
    on: dt.date,
    warehouse: UUID | None = None,
    min_remaining_days: int = 0,
    by_unit: bool = False,
) -> list[dict[str, Any]]:
    """What to take for a quantity, first expiring first (FEFO): rows with product_id, lot_id,
    location_id, unit_id, qty. Together less than ``qty`` where there is not enough.

    ``min_remaining_days``: what a customer wants a thing to be usable after ``on``.
    """
    statement = query("stock", "free_units" if by_unit else "free_stock")
    found = _rows(
        statement,
        product=product,
        warehouse=warehouse,
        usable_on=on + dt.timedelta(days=min_remaining_days),
        limit=min(int(qty), CANDIDATES_MAX) if by_unit else CANDIDATES_MAX,
    )
    picks = []
    left = qty
    for row in found:
        if left <= 0:
            break
        taken = min(left, row["free"])
        picks.append({**row, "qty": taken})
        left -= taken
    return picks


def holders_of_lot(lot: UUID) -> list[dict[str, Any]]:
    """Where a lot is now: kind, code, warehouse, party, quality and on_hand."""
    return _rows(query("stock", "holders_of_lot"), lot=lot, limit=HOLDERS_MAX)


def receivers_of_lot(lot: UUID) -> list[dict[str, Any]]:
    """Who ever got any of a lot, and how much came back."""
    return _rows(query("stock", "receivers_of_lot"), lot=lot, limit=HOLDERS_MAX)


def balances() -> QuerySet[Balance]:
    """What is where, without empty rows."""
    return Balance.objects.exclude(on_hand=0).select_related(
        "product", "lot", "location", "location__warehouse", "location__party"
    )


def postings() -> QuerySet[Posting]:
    """All postings."""
    return Posting.objects.select_related("reverses")


def moves_of(posting: Posting) -> QuerySet[Move]:
    """The lines of a posting."""
    return posting.moves.select_related(
        "product", "lot", "unit", "source", "target", "source__warehouse", "target__warehouse"
    ).order_by("line")


def moves_of_unit(unit: UUID) -> QuerySet[Move]:
    """Where a unit has been, newest first."""
    return Move.objects.filter(unit_id=unit).select_related(
        "posting", "source", "target", "source__warehouse", "target__warehouse",
        "source__party", "target__party",
    ).order_by("-seq")  # fmt: skip


def moves_of_lot(lot: UUID) -> QuerySet[Move]:
    """Every move of a lot, newest first."""
    return Move.objects.filter(lot_id=lot).select_related(
        "posting", "source", "target", "source__warehouse", "target__warehouse",
        "source__party", "target__party",
    ).order_by("-seq")  # fmt: skip


def unit_of(product: UUID, serial_no: str) -> Unit | None:
    """The unit of a product with a serial number."""
    return (
        Unit.objects.filter(product_id=product, serial_no=serial_no)
        .select_related("location", "location__warehouse", "lot")
        .first()
    )


def blocks_of(
    product: UUID, *, lot: UUID | None = None, unit: UUID | None = None
) -> Sequence[Block]:
    """Blocks that stand on a thing: its own, its lot's and its product's."""
    found = Block.objects.filter(product_id=product, released_at=None, is_void=False)
    return [
        one
        for one in found.order_by("placed_at")
        if one.lot_id in (None, lot) and one.unit_id in (None, unit)
    ]


def lots() -> QuerySet[Lot]:
    """All lots."""
    return Lot.objects.filter(is_void=False).select_related("product")


def locations() -> QuerySet[Location]:
    """All places."""
    return Location.objects.filter(is_void=False).select_related("warehouse", "party")


def _rows(statement: str, **params: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
