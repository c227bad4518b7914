"""Advance notices: what the supplier says is on its way. They move nothing."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from kintsugi.core.errors import Text
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.purchasing.kinds import NOTICE, ORDER
from kintsugi.purchasing.models import Notice, NoticeLine, Order, OrderLine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.services.orders import NAME as ORDER_NAME
from kintsugi.purchasing.services.scanning import room
from kintsugi.purchasing.services.steps import (
    change,
    check_lines,
    locked,
    may_become,
    need_reason,
    once,
)

NAME = Text("到货通知", "advance notice")
#: Orders that goods may come for.
OPEN = ("ordered", "part_received")


@dataclass(frozen=True)
class NoticeLineIn:
    """What is on its way of a line of the order, by the line's number there; ``qty`` in base units.
    Lot, dates and serials as far as the supplier sends them."""

    order_line: int
    qty: Decimal
    lot_no: str = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    serials: Sequence[str] = field(default_factory=tuple)


def announce(
    *, actor: Any, order: UUID, shipment_no: str, expected_on: dt.date,
    lines: Sequence[NoticeLineIn], key: str, at: dt.datetime, carrier: str = "", waybill: str = "",
    shipped_on: dt.date | None = None,
) -> Notice:  # fmt: skip
    """Record what a supplier says is on its way. The same shipment number of an order comes once.
    Raises KintsugiError ``purchasing.order-not-open``, ``purchasing.other-order``,
    ``purchasing.announced-too-much``, ``purchasing.serials-and-quantity``,
    ``purchasing.shipment-announced``."""
    check_lines(lines)
    shipment_no = need_reason(shipment_no, "shipment_no")[:80]
    payload = {
        "order": order, "shipment": shipment_no, "expected": expected_on, "lines": list(lines),
        "carrier": carrier, "waybill": waybill, "shipped": shipped_on,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        found = locked(Order, order, ORDER_NAME)
        if found.status not in OPEN:
            raise not_open(found)
        known = Notice.objects.filter(order=found, shipment_no=shipment_no)
        known_one = known.exclude(status="cancelled").first()
        if known_one is not None:
            raise refuse("shipment-announced", shipment_no=shipment_no, notice=known_one.number,
                         field="shipment_no")  # fmt: skip
        placed = _checked(found, lines)
        made = Notice.objects.create(
            number=next_number(prefix="AN", on=timezone.localtime(at).date()),
            warehouse_id=found.warehouse_id, order=found, shipment_no=shipment_no,
            carrier=carrier.strip(), waybill=waybill.strip(), shipped_on=shipped_on,
            expected_on=expected_on, announced_by_name=str(actor),
        )  # fmt: skip
        NoticeLine.objects.bulk_create(
            NoticeLine(
                id=uuid7(), notice=made, line=number, order_line=placed[one.order_line],
                qty=one.qty, lot_no=" ".join(one.lot_no.split()), mfg_date=one.mfg_date,
                expiry_date=one.expiry_date, serials=cleaned(one.serials),
            )
            for number, one in enumerate(lines, 1)
        )  # fmt: skip
        return {"id": str(made.pk)}

    done = once(actor=actor, command="announce", key=key, payload=payload, work=work,
                reason=shipment_no)  # fmt: skip
    return Notice.objects.get(pk=done["id"])


def cancel_notice(*, actor: Any, notice: UUID, reason: str, key: str) -> Notice:
    """The goods do not come after all."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked(Notice, notice, NAME)
        may_become(NOTICE, found.status, "cancelled")
        change(found, status="cancelled", end_reason=reason)
        return {}

    payload = {"notice": notice, "reason": reason}
    once(actor=actor, command="cancel-notice", key=key, payload=payload, work=work, reason=reason)
    return Notice.objects.get(pk=notice)


def not_open(order: Order) -> Exception:
    """The refusal of an order that nothing is received for in its state."""
    state = ORDER.states[order.status]
    return refuse("order-not-open", order=order.number, status=order.status, status_zh=state.zh,
                  status_en=state.en)  # fmt: skip


def cleaned(serials: Sequence[str]) -> list[str]:
    """Serial numbers without blanks, in capitals, as units carry them."""
    return [one for one in ("".join(serial.split()).upper() for serial in serials) if one]


def _checked(order: Order, lines: Sequence[NoticeLineIn]) -> dict[int, OrderLine]:
    placed = {one.line: one for one in order.lines.all()}
    underway = dict(
        NoticeLine.objects.filter(notice__order=order, notice__status="announced")
        .values("order_line_id")
        .annotate(n=Sum("qty"))
        .values_list("order_line_id", "n")
    )
    for number, one in enumerate(lines, 1):
        line = placed.get(one.order_line)
        if line is None:
            raise refuse("other-order", order=order.number, line=number)
        serials = cleaned(one.serials)
        if serials and (len(serials) != one.qty or len(set(serials)) != len(serials)):
            raise refuse("serials-and-quantity", line=number, field="serials")
        left = room(line) - underway.get(line.pk, Decimal(0))
        if one.qty > left:
            raise refuse("announced-too-much", line=number, qty=one.qty, open=max(left, Decimal(0)))
        underway[line.pk] = underway.get(line.pk, Decimal(0)) + one.qty
    return placed
