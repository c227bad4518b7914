"""Reads for whoever takes goods for a document: what is kept for it, and what else lies there."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Avg, F, Q, QuerySet

from kintsugi.stock.models import Balance, Block, Move, Reservation


def kept_goods(lines: Iterable[UUID], *, warehouse: UUID | None = None) -> QuerySet[Reservation]:
    """What is kept now for lines of documents, in the order of a walk: zone, then shelf."""
    rows = Reservation.objects.filter(document_line__in=list(lines), status="active")
    if warehouse is not None:
        rows = rows.filter(location__warehouse_id=warehouse)
    return rows.select_related("product", "lot", "unit", "location__warehouse").order_by(
        "location__zone", "location__code", "product__product_code", "lot__lot_no",
        "unit__serial_no", "pk",
    )  # fmt: skip


def holders_of_units(units: Iterable[UUID]) -> Mapping[UUID, Reservation]:
    """For which document each of these units is kept, where one is."""
    found = Reservation.objects.filter(unit__in=list(units), status="active")
    return {one.unit_id: one for one in found if one.unit_id}


def free_at(
    *, product: UUID, lot: UUID | None, warehouse: UUID, on: dt.date
) -> list[tuple[UUID, Decimal]]:
    """Where qualified goods of a product and lot lie in a warehouse and may be promised: location
    and free quantity, the fullest shelf last. Nothing where a hold stands or the lot expired."""
    concerned = Q(lot=None) if lot is None else Q(lot=None) | Q(lot_id=lot)
    blocked = Block.objects.filter(
        concerned, product_id=product, unit=None, released_at=None, is_void=False
    )
    if blocked.exists():
        return []
    rows = (
        Balance.objects.filter(
            Q(lot__expiry_date=None) | Q(lot__expiry_date__gte=on),
            Q(lot=None) if lot is None else Q(lot_id=lot),
            product_id=product, quality="qualified", is_ours=True,
            location__warehouse_id=warehouse, location__kind="bin", location__zone="qualified",
        )
        .annotate(free=F("on_hand") - F("reserved"))
        .filter(free__gt=0)
        .order_by("free", "location__code")
    )  # fmt: skip
    return [(one.location_id, one.free) for one in rows]


def signed_costs(lines: Sequence[UUID]) -> dict[tuple[UUID, UUID | None, UUID | None], Decimal]:
    """What one thing was worth when the customer signed for it: by document line, lot and unit."""
    rows: Any = (
        Move.objects.filter(
            document_line__in=list(lines), posting__kind="sign", unit_cost__isnull=False
        )
        .values("document_line", "lot_id", "unit_id")
        .annotate(cost=Avg("unit_cost"))
        .order_by()
    )
    return {(one["document_line"], one["lot_id"], one["unit_id"]): one["cost"] for one in rows}
