"""The papers of a delivery as PDF: delivery note, packing list, check record."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from kintsugi.core.access import requires
from kintsugi.core.errors import Text
from kintsugi.core.printing import Paper, Parties, document
from kintsugi.core.printing.papers import (
    BUYER,
    CARRIER,
    SHIP_TO,
    GoodsLine,
    check_record,
    delivery_note,
    packing_list,
)
from kintsugi.core.scope import restored, widen
from kintsugi.sales.kinds_delivery import BEFORE_SHIPPED, MODES
from kintsugi.sales.models import CheckRecord, Delivery
from kintsugi.sales.selectors import deliveries
from kintsugi.sales.views import now

NOT_SHIPPED = Text("未出库", "Not shipped")
QUALIFIED = Text("合格", "qualified")


def goods_lines(rows: list[dict[str, Any]], *, quality: Text | str = "") -> list[GoodsLine]:
    """Things as lines of a paper: serials of one product, lot and box share a line."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        whose = ("line_no", "product_code", "lot_no", "expiry", "made_on", "box_no")
        groups[tuple(row[name] for name in whose)].append(row)
    return [
        GoodsLine(
            product_code=first["product_code"], name=first["product"], spec=first["model"],
            maker=first["manufacturer"], cert_no=first["registration_no"],
            lot_no=first["lot_no"], mfg_date=_day(first["made_on"]),
            serials=[one["serial_no"] for one in group if one["serial_no"]],
            expiry_date=_day(first["expiry"]), storage=first["storage"], uom=first["uom"],
            qty=sum((Decimal(one["qty"]) for one in group), Decimal(0)),
            box=first["box_no"], quality=quality,
        )
        for group in groups.values()
        for first in group[:1]
    ]  # fmt: skip


def note_of(record: Delivery) -> Paper:
    """What travels with the goods."""
    return delivery_note(
        number=record.number,
        parties=_parties(record),
        facts=_facts(record),
        lines=goods_lines(deliveries.checked_rows(record.pk)),
        signed={"Shipped by": record.shipped_by_name, "Checked by": record.checker_name},
        state=NOT_SHIPPED if record.status in BEFORE_SHIPPED else None,
    )


def packing_of(record: Delivery) -> Paper:
    """What lies in which box."""
    rows = sorted(deliveries.checked_rows(record.pk), key=lambda one: one["box_no"])
    return packing_list(
        number=record.number,
        parties=_parties(record),
        facts=_facts(record),
        lines=goods_lines(rows),
        state=NOT_SHIPPED if record.status in BEFORE_SHIPPED else None,
    )


def check_of(record: Delivery) -> Paper:
    """The record of the check that passed, as it was kept. Raises Http404 before there is one."""
    kept: CheckRecord | None = deliveries.check_record_of(record.pk)
    if kept is None:
        raise Http404
    return check_record(
        number=record.number, buyer=kept.customer_name, shipped_on=record.shipped_on,
        checked_by=kept.checker_name, picked_by=kept.picker_name,
        lines=goods_lines(kept.rows, quality=QUALIFIED),
        facts=[(Text("复核时间", "Checked at"), f"{kept.checked_at:%Y-%m-%d %H:%M}Z")],
    )  # fmt: skip


PAPERS: dict[str, Callable[[Delivery], Paper]] = {
    "note": note_of,
    "packing": packing_of,
    "check": check_of,
}


@requires("delivery.read")
@require_safe
def paper(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """A paper of a delivery to be printed."""
    try:
        record = deliveries.delivery(pk)
    except Delivery.DoesNotExist:
        raise Http404 from None
    with restored():
        # A keeper prints the serials that have gone to a customer beyond their warehouse.
        widen()
        made = document(
            PAPERS[kind](record), at=now(), printed_by=str(request.user),
            language=get_language() or "",
        )  # fmt: skip
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{record.number}-{kind}.pdf"'
    return answer


def _parties(record: Delivery) -> list[Parties]:
    where = [record.ship_to, record.department, f"{record.ship_contact} {record.ship_phone}"]
    return [Parties(BUYER, [record.customer_name]), Parties(SHIP_TO, where)]


def _facts(record: Delivery) -> list[tuple[Text, Any]]:
    orders = dict.fromkeys(
        line.order_line.order.number
        for line in deliveries.lines_of(record.pk)
        if line.order_line is not None
    )
    return [
        (Text("订单", "Orders"), ", ".join(orders)),
        (Text("出库日期", "Shipped on"), record.shipped_on),
        (Text("运输方式", "Transport"), MODES.get(record.mode)),
        (CARRIER, record.carrier),
        (Text("运单号", "Waybill"), record.waybill),
        (Text("冷链箱号", "Cold box"), record.cold_box),
        (Text("启运温度 °C", "Departure °C"), record.start_temp),
        (Text("记录间隔(分钟)", "Logging interval, min"), record.log_interval_min),
    ]


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
