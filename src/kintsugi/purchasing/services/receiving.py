"""Receipts: opened for an order, filled by scanning, posted whole, reversed by another person."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.purchasing.kinds import ARRIVAL_C, CHILLED, NOTICE, ORDER, RECEIPT
from kintsugi.purchasing.models import Notice, Order, OrderLine, Receipt, ReceiptLine, Scan
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.services.notices import NAME as NOTICE_NAME
from kintsugi.purchasing.services.notices import OPEN, not_open
from kintsugi.purchasing.services.orders import NAME as ORDER_NAME
from kintsugi.purchasing.services.scanning import NAME, open_one, room
from kintsugi.purchasing.services.steps import (
    change,
    locked,
    may_become,
    need_reason,
    once,
    other_than,
    person_of,
)
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as ledger


def open_receipt(
    *, actor: Any, order_no: str, delivery_note: str, key: str, at: dt.datetime,
    arrived_on: dt.date | None = None, notice: UUID | None = None,
    arrival_temp: Decimal | None = None, transport_hours: Decimal | None = None,
    late_reason: str = "",
) -> Receipt:  # fmt: skip
    """Open a receipt for an order by its number. Nothing is received without one.

    Raises KintsugiError ``purchasing.no-order``, ``purchasing.order-not-open``,
    ``purchasing.day-to-come``, ``purchasing.late-reason``, ``purchasing.other-order``.
    """
    today = timezone.localtime(at).date()
    day = arrived_on or today
    delivery_note = need_reason(delivery_note, "delivery_note")[:80]
    if day > today:
        raise refuse("day-to-come", day=day, field="arrived_on")
    if day < today and not late_reason.strip():
        raise refuse("late-reason", day=day, field="late_reason")
    payload = {
        "order": order_no, "note": delivery_note, "day": arrived_on, "notice": notice,
        "temp": arrival_temp, "hours": transport_hours, "late": late_reason,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        found = Order.objects.filter(number=order_no.strip().upper()).first()
        if found is None:
            raise refuse("no-order", order=order_no.strip()[:40], field="order_no")
        found = locked(Order, found.pk, ORDER_NAME)
        if found.status not in OPEN:
            raise not_open(found)
        told = locked(Notice, notice, NOTICE_NAME) if notice else None
        if told is not None and (told.order_id != found.pk or told.status != "announced"):
            raise refuse("other-order", order=found.number, field="notice")
        made = Receipt.objects.create(
            number=next_number(prefix="GR", on=today), warehouse_id=found.warehouse_id,
            order=found, notice=told, delivery_note=delivery_note, arrived_on=day,
            arrival_temp=arrival_temp, transport_hours=transport_hours,
            late_reason=late_reason.strip(), receiver_id=person_of(actor),
            receiver_name=str(actor),
        )  # fmt: skip
        return {"id": str(made.pk)}

    done = once(actor=actor, command="open-receipt", key=key, payload=payload, work=work,
                reason=late_reason)  # fmt: skip
    return Receipt.objects.get(pk=done["id"])


def describe_arrival(
    *, actor: Any, receipt: UUID, key: str, arrival_temp: Decimal | None,
    transport_hours: Decimal | None,
) -> Receipt:  # fmt: skip
    """Write down temperature (°C) and hours of transport while the receipt is open."""

    def work() -> dict[str, Any]:
        found = open_one(receipt)
        change(found, arrival_temp=arrival_temp, transport_hours=transport_hours)
        return {}

    payload = {"receipt": receipt, "temp": arrival_temp, "hours": transport_hours}
    once(actor=actor, command="describe-arrival", key=key, payload=payload, work=work)
    return Receipt.objects.get(pk=receipt)


def cancel_receipt(*, actor: Any, receipt: UUID, reason: str, key: str) -> Receipt:
    """Give up an open receipt; nothing has moved."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        change(open_one(receipt), status="cancelled", void_reason=reason)
        return {}

    payload = {"receipt": receipt, "reason": reason}
    once(actor=actor, command="cancel-receipt", key=key, payload=payload, work=work, reason=reason)
    return Receipt.objects.get(pk=receipt)


def post_receipt(*, actor: Any, receipt: UUID, key: str, at: dt.datetime) -> Receipt:
    """Post an open receipt: everything scanned comes in from the supplier's place, to be inspected,
    at the order's net price; all of it or nothing. Chilled goods that arrive too warm or too cold
    are set apart in quarantine with a finding.

    Raises KintsugiError ``purchasing.receipt-closed``, ``purchasing.nothing-scanned``,
    ``purchasing.order-not-open``, ``purchasing.temperature-missing``, ``purchasing.over-receipt``,
    ``purchasing.serial-ours``, ``stock.lot-differs`` and those of the ledger.
    """

    def work() -> dict[str, Any]:
        order = locked(Order, _order_of(receipt), ORDER_NAME)
        found = open_one(receipt)
        if order.status not in OPEN:
            raise not_open(order)
        scans = list(
            Scan.objects.filter(receipt=found, is_void=False)
            .select_related("product")
            .order_by("scanned_at", "pk")
        )
        if not scans:
            raise refuse("nothing-scanned", receipt=found.number)
        order_lines = _with_room(order, scans)
        outside = ledger.place_of(order.supplier_id, "supplier")
        lots, units = _registered(scans, outside)
        lines, moves = _lines(found, scans, order_lines, lots, units, outside)
        ReceiptLine.objects.bulk_create(lines)
        posting = ledger.post(
            actor=actor, kind="receipt", lines=moves, key=f"receipt {found.pk}", at=at,
            business_date=found.arrived_on, reason=found.late_reason,
            document=ledger.Document("purchasing.receipt", found.number, found.pk),
        )  # fmt: skip
        change(found, status="received", posting_id=posting.pk)
        progress(order)
        if found.notice_id:
            told = locked(Notice, found.notice_id, NOTICE_NAME)
            may_become(NOTICE, told.status, "arrived")
            change(told, status="arrived")
        events.emit("purchasing.received", subject=found.number, at=at,
                    facts={"order": order.number})  # fmt: skip
        return {}

    payload = {"receipt": receipt}
    once(actor=actor, command="receive", key=key, payload=payload, work=work)
    return Receipt.objects.get(pk=receipt)


def reverse_receipt(
    *, actor: Any, receipt: UUID, reason: str, key: str, at: dt.datetime
) -> Receipt:
    """Take a posted receipt back while nothing of it was inspected or moved, by somebody other than
    who received it; the order's lines are open again. Raises KintsugiError
    ``purchasing.same-person``, ``purchasing.lines-moved-on``."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        order = locked(Order, _order_of(receipt), ORDER_NAME)
        found = locked(Receipt, receipt, NAME)
        if found.status in ("inspecting", "qualified", "part_qualified", "rejected", "done"):
            raise refuse("lines-moved-on", receipt=found.number)
        may_become(RECEIPT, found.status, "reversed")
        other_than(actor, found.receiver_id, did=("收货", "received it"),
                   does=("冲销", "reverse it"))  # fmt: skip
        if order.status not in (*OPEN, "received"):
            raise not_open(order)
        assert found.posting_id is not None, "what was received was posted"
        back = ledger.reverse(actor=actor, posting=found.posting_id, reason=reason,
                              key=f"receipt {found.pk} reversed", at=at,
                              taken_back_by="purchasing.receipt")  # fmt: skip
        change(found, status="reversed", reversal_id=back.pk, void_reason=reason)
        progress(order)
        if found.notice_id:
            told = locked(Notice, found.notice_id, NOTICE_NAME)
            if told.status == "arrived":
                change(told, status="announced")
        return {}

    payload = {"receipt": receipt, "reason": reason}
    once(actor=actor, command="reverse-receipt", key=key, payload=payload, work=work, reason=reason)
    return Receipt.objects.get(pk=receipt)


def progress(order: Order) -> None:
    """The state of a locked order by what its lines have received."""
    lines = list(OrderLine.objects.filter(order=order).values_list("qty", "received"))
    if all(received >= qty for qty, received in lines):
        target = "received"
    else:
        target = "part_received" if any(received for _, received in lines) else "ordered"
    if target != order.status:
        may_become(ORDER, order.status, target)
        change(order, status=target)


def too_warm(product: Any, found: Receipt) -> str:
    """What is wrong with the temperature on arrival; empty when nothing is. Chilled goods must have
    one: raises ``purchasing.temperature-missing``."""
    stored = product.storage_condition or ""
    if stored in CHILLED and None in (found.arrival_temp, found.transport_hours):
        raise refuse("temperature-missing", product_code=product.product_code,
                     field="arrival_temp")  # fmt: skip
    low, high = ARRIVAL_C.get(stored, (None, None))
    read = found.arrival_temp
    if read is None or ((low is None or read >= low) and (high is None or read <= high)):
        return ""
    return f"{read.normalize():f} °C"


def place_in(warehouse: UUID, zone: str, stored: str) -> Any:
    """A place of a zone of the warehouse that suits how a product is stored: one made for it, else
    one for any temperature. Raises ``purchasing.no-location``."""
    rows = stock.locations().filter(warehouse_id=warehouse, zone=zone, kind="bin")
    rows = rows.filter(temp_zone__in=("", stored))
    found = rows.order_by("-temp_zone", "code").first()
    if found is None:
        zones = {"receiving": ("收货区", "receiving zone"), "quarantine": ("待验区", "quarantine"),
                 "rejected": ("不合格区", "zone for rejected goods")}  # fmt: skip
        named = next((one.code for one in stock.warehouses().filter(pk=warehouse)), "")
        raise refuse("no-location", warehouse=named, zone_zh=zones[zone][0],
                     zone_en=zones[zone][1])  # fmt: skip
    return found


def _order_of(receipt: UUID) -> UUID:
    """The order is locked before its receipt: everybody goes that way."""
    found = Receipt.objects.filter(pk=receipt).values_list("order_id", flat=True).first()
    return found if found is not None else receipt  # unknown: locked() says so


def _with_room(order: Order, scans: Sequence[Scan]) -> dict[UUID, OrderLine]:
    """The order's lines, locked; what was scanned still fits, whoever received meanwhile."""
    rows = OrderLine.objects.select_for_update(of=("self",)).filter(order=order).order_by("line")
    found = {one.pk: one for one in rows}
    wanted: dict[UUID, Decimal] = {}
    for scan in scans:
        wanted[scan.order_line_id] = wanted.get(scan.order_line_id, Decimal(0)) + scan.qty
    for pk, qty in wanted.items():
        if qty > room(found[pk]):
            code = next(s.product.product_code for s in scans if s.order_line_id == pk)
            raise refuse("over-receipt", product_code=code, qty=qty, open=room(found[pk]))
    return found


def _registered(
    scans: Sequence[Scan], outside: Any
) -> tuple[dict[tuple[UUID, str], Any], dict[tuple[UUID, str], Any]]:
    lots = ledger.register_lots([
        ledger.LotLabel(one.product_id, one.lot_no, one.mfg_date, one.expiry_date)
        for one in scans if one.lot_no
    ])  # fmt: skip
    labels = [
        ledger.UnitLabel(
            one.product_id, one.serial_no,
            lots[one.product_id, one.lot_no].pk if one.lot_no else None,
            one.mfg_date, one.expiry_date,
        )
        for one in scans if one.serial_no
    ]  # fmt: skip
    units = ledger.register_labelled(labels, outside=outside)
    for label in labels:
        unit = units.get((label.product, label.serial_no))
        if unit is None or unit.location_id != outside.pk or unit.lot_id != label.lot:
            raise refuse("serial-ours", serial_no=label.serial_no, where_zh="", where_en="")
    return lots, units


def _lines(
    found: Receipt, scans: Sequence[Scan], order_lines: dict[UUID, OrderLine],
    lots: dict[tuple[UUID, str], Any], units: dict[tuple[UUID, str], Any], outside: Any,
) -> tuple[list[ReceiptLine], list[Any]]:  # fmt: skip
    """One line for each order line, lot and dates; and a move for each, or for each serial."""
    made: dict[tuple[Any, ...], ReceiptLine] = {}
    moves = []
    places: dict[tuple[str, str], Any] = {}
    for scan in scans:
        key = (scan.order_line_id, scan.lot_no, scan.mfg_date, scan.expiry_date)
        line = made.get(key)
        if line is None:
            finding = too_warm(scan.product, found)
            stored = scan.product.storage_condition or ""
            zone = "quarantine" if finding else "receiving"
            if (zone, stored) not in places:
                places[zone, stored] = place_in(found.warehouse_id, zone, stored)
            lot = lots.get((scan.product_id, scan.lot_no))
            line = made[key] = ReceiptLine(
                id=uuid7(), receipt=found, line=len(made) + 1, order_line_id=scan.order_line_id,
                product_id=scan.product_id, lot=lot, mfg_date=scan.mfg_date,
                expiry_date=scan.expiry_date or (lot.expiry_date if lot else None),
                qty=Decimal(0), unit_cost=order_lines[scan.order_line_id].unit_price,
                location=places[zone, stored], finding=finding,
            )  # fmt: skip
        line.qty += scan.qty
        if scan.serial_no:
            unit = units[scan.product_id, scan.serial_no]
            moves.append(_move(line, outside, Decimal(1), unit))
    by_unit = {one.document_line for one in moves}
    moves += [
        _move(line, outside, line.qty, None) for line in made.values() if line.pk not in by_unit
    ]
    return list(made.values()), moves


def _move(line: ReceiptLine, outside: Any, qty: Decimal, unit: Any) -> Any:
    quality = unit.quality if unit else "pending"
    return ledger.Line(
        product=line.product_id, source=outside.pk, target=line.location_id, qty=qty,
        lot=line.lot_id, unit=unit.pk if unit else None, source_quality=quality,
        target_quality="pending", unit_cost=line.unit_cost, document_line=line.pk,
    )  # fmt: skip
