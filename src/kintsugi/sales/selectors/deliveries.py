"""Reads of deliveries, scans and receipts."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from kintsugi.core.lookups import occurs, starts
from kintsugi.core.queries import query
from kintsugi.sales.models import (
    CheckRecord,
    Delivery,
    DeliveryItem,
    DeliveryLine,
    PickScan,
    Receipt,
    Wave,
)
from kintsugi.stock import selectors as stock

#: Things of one delivery that a page or a paper lists.
ITEMS_MAX = 5_000


def deliveries() -> QuerySet[Delivery]:
    """All deliveries within the scope at work."""
    return Delivery.objects.filter(is_void=False).select_related("wave").annotate(house=_code_of())


def _code_of() -> Subquery:
    """The code of a document's warehouse. Not a join: whoever sees a delivery to their customer
    need not see the warehouse, and the delivery must not vanish with it."""
    return Subquery(stock.warehouses().filter(pk=OuterRef("warehouse_id")).values("code")[:1])


#: What is to be done with deliveries: those whose next step somebody owes.
DELIVERY_TABS = {
    "to_assign": ("draft",),
    "to_pick": ("assigned", "picking"),
    "to_check": ("picked", "checking"),
    "to_ship": ("checked",),
    "to_sign": ("shipped", "in_transit", "part_signed"),
}


def deliveries_to_do(rows: QuerySet[Delivery], what: str) -> QuerySet[Delivery]:
    """Those for which that is to be done."""
    return rows.filter(status__in=DELIVERY_TABS[what])


def found_deliveries(rows: QuerySet[Delivery], text: str) -> QuerySet[Delivery]:
    """By the beginning of their number, waybill or order, by customer, or by a serial or lot."""
    items = DeliveryItem.objects.filter(is_void=False)
    things = items.filter(starts("unit__serial_no", text.upper()) | starts("lot__lot_no", text))
    ordered = DeliveryLine.objects.filter(starts("order_line__order__number", text.upper()))
    return rows.filter(
        starts("number", text.upper())
        | starts("waybill", text)
        | occurs("customer_name", text)
        | Q(pk__in=things.values("delivery_id"))
        | Q(pk__in=ordered.values("delivery_id"))
    )


def deliveries_of_order(order: UUID) -> QuerySet[Delivery]:
    """The deliveries that carry goods of an order."""
    lines = DeliveryLine.objects.filter(order_line__order_id=order, is_void=False)
    return deliveries().filter(pk__in=lines.values("delivery_id")).order_by("-number")


def scans_of(delivery: UUID) -> QuerySet[PickScan]:
    """Every scan of a delivery, the newest first."""
    return PickScan.objects.filter(delivery_id=delivery).order_by("-scanned_at", "-pk")


def check_record_of(delivery: UUID) -> CheckRecord | None:
    """The record of the last check that passed."""
    return CheckRecord.objects.filter(delivery_id=delivery).order_by("-round").first()


def delivery(pk: UUID) -> Delivery:
    """One delivery. Raises ``Delivery.DoesNotExist``."""
    return deliveries().get(pk=pk)


def lines_of(delivery: UUID) -> QuerySet[DeliveryLine]:
    """The lines of a delivery with their orders."""
    return (
        DeliveryLine.objects.filter(delivery_id=delivery, is_void=False)
        .select_related("product", "order_line__order")
        .order_by("line_no")
    )


def items_of(delivery: UUID) -> QuerySet[DeliveryItem]:
    """The things of a delivery."""
    return (
        DeliveryItem.objects.filter(delivery_id=delivery, is_void=False)
        .select_related("line", "product", "lot", "unit")
        .annotate(shelf=Subquery(_shelves().values("name_of")[:1]))
        .order_by("line__line_no", "unit__serial_no", "lot__lot_no", "pk")
    )


def _shelves() -> QuerySet[Any]:
    """The shelf that a thing was taken from, as the warehouse names it; hidden where that is."""
    code = Concat("warehouse__code", Value("/"), "code")
    return stock.locations().filter(pk=OuterRef("taken_from_id")).values(name_of=code)


def receipts_of(delivery: UUID) -> QuerySet[Receipt]:
    """What was signed for of a delivery, first one first."""
    return Receipt.objects.filter(delivery_id=delivery).order_by("signed_at", "number")


def waves() -> QuerySet[Wave]:
    """All waves within the scope at work."""
    return Wave.objects.filter(is_void=False).annotate(house=_code_of())


def pick_list(deliveries: QuerySet[Delivery]) -> list[dict[str, Any]]:
    """What is still to be taken for deliveries of one warehouse, in the order of a walk: zone, then
    shelf. Rows: location, product, lot_no, serial_no, expiry, qty, delivery, line."""
    lines = {
        line.kept_for: line
        for line in DeliveryLine.objects.filter(delivery__in=deliveries, is_void=False)
        .select_related("delivery")
        .order_by("-delivery__number")
    }
    warehouses = {line.delivery.warehouse_id for line in lines.values()}
    rows = []
    for one in stock.kept_goods(lines)[:ITEMS_MAX]:
        if one.location.warehouse_id not in warehouses:
            continue
        line = lines[one.document_line]
        rows.append(
            {
                "location": one.location, "product": one.product, "qty": one.qty,
                "lot_no": one.lot.lot_no if one.lot else "",
                "serial_no": one.unit.serial_no if one.unit else "",
                "expiry": (one.unit.expiry_date if one.unit else None)
                or (one.lot.expiry_date if one.lot else None),
                "delivery": line.delivery, "line": line.line_no,
            }
        )  # fmt: skip
    return rows


def check_differences(delivery: UUID) -> list[dict[str, Any]]:
    """What the running check and the picking differ in: product_code, lot_no, serial_no, picked,
    scanned."""
    return _rows("check_differences", [delivery])


def checked_rows(delivery: UUID) -> list[dict[str, Any]]:
    """The things of a delivery with the fields of a check record, dates as text."""
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in _rows("checked_rows", [delivery])
    ]


def ledger_differences(deliveries: list[UUID]) -> list[dict[str, Any]]:
    """Where the items of deliveries and the ledger differ; nothing where all is well."""
    return _rows("ledger_differences", [deliveries])


def _rows(name: str, params: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query("sales", name), params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return value if value is None or isinstance(value, str) else f"{value:f}"
