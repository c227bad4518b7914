"""Shipment: one action that locks, judges and posts, all or nothing. Afterwards only a reversal or
a return changes anything."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.sales.kinds_delivery import COLD_RANGES, DELIVERY, MODES
from kintsugi.sales.models import Delivery, DeliveryItem
from kintsugi.sales.services.common import must_step, need_another, need_reason, once, person_of
from kintsugi.sales.services.delivering import locked_delivery, shipping_zone, step_delivery
from kintsugi.sales.services.picking import DOCUMENT, items_of
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as goods

#: Things named in a refusal; the rest are counted.
NAMED_MAX = 50


@dataclass(frozen=True)
class Transport:
    """How goods travel. ``start_temp`` in °C and ``log_interval_min`` belong to the cold chain."""

    mode: str = "self"
    carrier: str = ""
    waybill: str = ""
    cold_box: str = ""
    start_temp: Decimal | None = None
    log_interval_min: int | None = None


def ship_delivery(
    *,
    actor: Any,
    delivery: UUID,
    transport: Transport,
    key: str,
    at: dt.datetime,
    serials: Sequence[str] | None = None,
) -> Delivery:
    """Ship a checked delivery: its goods leave the shipping zone for the way to the customer, or
    for the customer's consignment. ``serials`` are those that were scanned while loading; where
    they are given they are all that the delivery has, and each that is missing is named. The number
    of statements does not grow with the serials.

    Raises KintsugiError ``sales.serials-differ`` (facts: missing, strange), ``sales.cold-chain``,
    ``sales.carrier-missing``, what the ledger refuses, or IllegalTransition.
    """
    _check_transport(transport)
    payload = {
        "delivery": delivery, "transport": transport,
        "serials": sorted(serials) if serials is not None else None,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "shipped")
        _check_cold(found, transport)
        items = items_of(found)
        if serials is not None:
            _check_serials(items, serials)
        source = shipping_zone(found.warehouse_id)
        target = (
            goods.place_of(found.customer_id, "consignment")
            if found.is_consignment
            else goods.place_of_warehouse(found.warehouse_id, "in_transit")
        )
        goods.post(
            actor=actor, kind="ship", key=f"ship {found.pk} {found.version}", at=at,
            document=goods.Document(DOCUMENT, found.number, found.pk),
            lines=[
                goods.Line(
                    product=one.product_id, lot=one.lot_id, unit=one.unit_id, source=source.pk,
                    target=target.pk, qty=one.picked, document_line=one.line_id,
                )
                for one in items
            ],
        )  # fmt: skip
        found.items.filter(is_void=False).update(shipped=F("picked"), version=F("version") + 1)
        step_delivery(
            found, "shipped", mode=transport.mode, carrier=transport.carrier.strip(),
            waybill=transport.waybill.strip(), cold_box=transport.cold_box.strip(),
            start_temp=transport.start_temp, log_interval_min=transport.log_interval_min,
            goes_to=target, shipped_by_id=person_of(actor), shipped_by_name=str(actor),
            shipped_at=at, shipped_on=timezone.localtime(at).date(),
        )  # fmt: skip
        events.emit("sales.shipped", subject=found.number, at=at, facts=_facts(found, items))
        return {"delivery": str(found.pk)}

    done = once(actor=actor, command="ship-delivery", key=key, payload=payload, work=work)
    return Delivery.objects.get(pk=done["delivery"])


def hand_over(
    *, actor: Any, delivery: UUID, key: str, at: dt.datetime, waybill: str = ""
) -> Delivery:
    """The carrier took the goods: it is in transit. ``waybill`` where it was not known before."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "in_transit")
        more = {"waybill": waybill.strip()} if waybill.strip() else {}
        step_delivery(found, "in_transit", left_at=at, **more)
        return {"delivery": str(found.pk)}

    payload = {"delivery": delivery, "waybill": waybill}
    done = once(actor=actor, command="hand-over", key=key, payload=payload, work=work)
    return Delivery.objects.get(pk=done["delivery"])


def reverse_shipment(
    *, actor: Any, delivery: UUID, reason: str, key: str, at: dt.datetime
) -> Delivery:
    """Take a shipment back while nothing of it has arrived: the goods are in the shipping zone
    again and are checked anew. By somebody else than who shipped. Raises KintsugiError
    ``sales.same-person`` or IllegalTransition."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "picked", begins=("shipped", "in_transit"))
        need_another(
            actor, found.shipped_by_id, zh="出库的人不能自己冲销。",
            en="Who shipped goods cannot reverse it.",
        )  # fmt: skip
        posting = (
            stock.postings()
            .filter(document_id=found.pk, kind="ship", reversed_by=None)
            .order_by("-posted_at")
            .first()
        )
        assert posting is not None, "a shipped delivery has a posting"
        goods.reverse(actor=actor, posting=posting.pk, reason=said, at=at,
                      key=f"reverse {posting.pk}", taken_back_by=DOCUMENT)  # fmt: skip
        found.items.filter(is_void=False).update(shipped=0, version=F("version") + 1)
        step_delivery(
            found, "picked", checked_at=None, checker=None, checker_name="", shipped_at=None,
            shipped_on=None, shipped_by=None, shipped_by_name="", end_reason=said[:400],
        )  # fmt: skip
        events.emit("sales.shipment-reversed", subject=found.number, at=at,
                    facts={"delivery": str(found.pk), "reason": said})  # fmt: skip
        return {"delivery": str(found.pk)}

    payload = {"delivery": delivery, "reason": said}
    done = once(
        actor=actor, command="reverse-shipment", key=key, payload=payload, work=work, reason=said
    )
    return Delivery.objects.get(pk=done["delivery"])


# -- inside ----------------------------------------------------------------------------------------


def _facts(delivery: Delivery, items: Sequence[DeliveryItem]) -> dict[str, Any]:
    """What others need to know of a shipment."""
    return {
        "delivery": str(delivery.pk), "customer": str(delivery.customer_id),
        "shipped_on": str(delivery.shipped_on), "is_consignment": delivery.is_consignment,
        "items": [
            {"line": str(one.line_id), "product": str(one.product_id),
             "lot": str(one.lot_id or ""), "unit": str(one.unit_id or ""),
             "serial_no": one.unit.serial_no if one.unit else "", "qty": f"{one.picked:f}"}
            for one in items
        ],
    }  # fmt: skip


def _check_transport(transport: Transport) -> None:
    if transport.mode not in MODES:
        raise KintsugiError(
            "sales.transport-unknown",
            Text("没有选择运输方式。", "No way of transport was chosen."),
            Text("选择自送、承运商或冷链。", "Choose own transport, a carrier or the cold chain."),
            field="mode",
        )
    if transport.mode != "self" and not transport.carrier.strip():
        raise KintsugiError(
            "sales.carrier-missing",
            Text("没有写承运商。", "No carrier was named."),
            Text("写明承运商。", "Name the carrier."),
            field="carrier",
        )


def _check_cold(delivery: Delivery, transport: Transport) -> None:
    """Cold goods leave cold: the mode, a box, a logger, and a temperature within their range."""
    if not delivery.needs_cold:
        return
    missing = [
        field
        for field, is_there in (
            ("mode", transport.mode == "cold"),
            ("cold_box", bool(transport.cold_box.strip())),
            ("log_interval_min", bool(transport.log_interval_min)),
            ("start_temp", transport.start_temp is not None),
        )
        if not is_there
    ]
    low, high = COLD_RANGES[delivery.needs_cold]
    range_said = f"{low}–{high} °C" if low is not None else f"≤ {high} °C"
    if missing:
        raise KintsugiError(
            "sales.cold-chain",
            Text(f"冷链产品须冷链运输,并写明箱号、记录间隔与启运温度({range_said})。",
                 "Cold goods travel in the cold chain, with a box, a logging interval and the "
                 f"temperature at departure ({range_said})."),
            Text("补全冷链信息。", "Give what is missing."),
            field=missing[0],
            missing=missing,
        )  # fmt: skip
    temp = transport.start_temp
    assert temp is not None, "it was asked for"
    if temp > high or (low is not None and temp < low):
        raise KintsugiError(
            "sales.cold-chain",
            Text(f"启运温度 {temp:f} °C 不在 {range_said}。",
                 f"{temp:f} °C at departure is not within {range_said}."),
            Text("预冷或更换冷链箱后再出库。", "Cool or change the box, then ship."),
            field="start_temp",
            temperature=temp,
        )  # fmt: skip


def _check_serials(items: Sequence[DeliveryItem], serials: Sequence[str]) -> None:
    """What was scanned while loading is all the serials there are, each once."""
    expected = {one.unit.serial_no for one in items if one.unit is not None}
    scanned = Counter("".join(one.split()).upper() for one in serials)
    missing = sorted(expected - set(scanned))
    strange = sorted(set(scanned) - expected)
    doubled = sorted(one for one, n in scanned.items() if n > 1)
    if missing or strange or doubled:
        zh, en = [], []
        for names, said_zh, said_en in (
            (missing, "缺", "missing"), (strange, "不在本单", "not of this delivery"),
            (doubled, "重复", "twice"),
        ):  # fmt: skip
            if names:
                more = "…" if len(names) > NAMED_MAX else ""
                zh.append(f"{said_zh} {'、'.join(names[:NAMED_MAX])}{more}")
                en.append(f"{said_en}: {', '.join(names[:NAMED_MAX])}{more}")
        raise KintsugiError(
            "sales.serials-differ",
            Text(f"装车扫描与复核不符:{';'.join(zh)}。",
                 f"What was loaded is not what was checked: {'; '.join(en)}."),
            Text("找齐后再出库;没有任何货被过账。",
                 "Find them and ship then; nothing was posted."),
            missing=missing, strange=strange, doubled=doubled,
        )  # fmt: skip
