"""Lots and serial units of a whole delivery, registered in a fixed number of statements."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.queries import query
from kintsugi.stock.models import Location, Lot, Unit


@dataclass(frozen=True)
class LotLabel:
    """A lot as its label says it."""

    product: UUID
    lot_no: str
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None


@dataclass(frozen=True)
class UnitLabel:
    """A serial unit as its label says it; ``lot`` is one that is registered."""

    product: UUID
    serial_no: str
    lot: UUID | None = None
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None


def lot_differs(lot_no: str, field: str, known: dt.date, read: dt.date) -> KintsugiError:
    """The refusal of a label whose date contradicts what is known of its lot."""
    return KintsugiError(
        "stock.lot-differs",
        Text(f"批号 {lot_no} 的日期原为 {known},标签为 {read}。",
             f"Lot {lot_no} has the date {known}, its label says {read}."),
        Text("核对标签;若原记录有误,先更正批次。",
             "Look at the label; if the record is wrong, correct the lot first."),
        field=field,
        known=known,
        read=read,
        lot_no=lot_no,
    )  # fmt: skip


def register_lots(labels: Sequence[LotLabel]) -> dict[tuple[UUID, str], Lot]:
    """Lots by product and number, made on first sight, inside a recorded transaction; dates that
    were not known are filled in. Three statements whatever their number.

    Raises KintsugiError ``stock.lot-differs`` where a label contradicts the record.
    """
    wanted = {(one.product, one.lot_no): one for one in labels}
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            query("stock", "register_lots"),
            [
                [uuid7() for _ in wanted],
                [one.product for one in wanted.values()],
                [one.lot_no for one in wanted.values()],
                [one.mfg_date for one in wanted.values()],
                [one.expiry_date for one in wanted.values()],
            ],
        )
    rows = Lot.objects.select_for_update().filter(
        product_id__in={product for product, _ in wanted},
        lot_no__in={lot_no for _, lot_no in wanted},
    )
    lots = {(one.product_id, one.lot_no): one for one in rows.order_by("product_id", "lot_no")}
    filled: list[tuple[UUID, dt.date | None, dt.date | None]] = []
    for one in labels:
        lot = lots[one.product, one.lot_no]
        news = False
        for field in ("mfg_date", "expiry_date"):
            known, read = getattr(lot, field), getattr(one, field)
            if read is None or known == read:
                continue
            if known is not None:
                raise lot_differs(one.lot_no, field, known, read)
            setattr(lot, field, read)
            news = True
        if news:
            filled.append((lot.pk, lot.mfg_date, lot.expiry_date))
    if filled:
        with connection.cursor() as cursor:
            cursor.execute(
                query("stock", "fill_lot_dates"), [list(x) for x in zip(*filled, strict=True)]
            )
    return {key: lots[key] for key in wanted}


def register_labelled(
    labels: Sequence[UnitLabel], *, outside: Location, quality: str = "pending"
) -> dict[tuple[UUID, str], Unit]:
    """Units by product and serial number, those that are new made at a place outside; inside a
    recorded transaction. Three statements whatever their number; one that somebody limited to
    other places does not see is missing from the answer."""
    if not labels:
        return {}
    which = Q(
        product_id__in={one.product for one in labels},
        serial_no__in=[one.serial_no for one in labels],
    )
    known = set(Unit.objects.filter(which).values_list("product_id", "serial_no"))
    made: list[Any] = [
        Unit(
            product_id=one.product, serial_no=one.serial_no, lot_id=one.lot, location=outside,
            quality=quality, mfg_date=one.mfg_date, expiry_date=one.expiry_date,
        )
        for one in labels
        if (one.product, one.serial_no) not in known
    ]  # fmt: skip
    Unit.objects.bulk_create(made, ignore_conflicts=True)
    found = {(one.product_id, one.serial_no): one for one in Unit.objects.filter(which)}
    wanted = {(one.product, one.serial_no) for one in labels}
    return {key: unit for key, unit in found.items() if key in wanted}
