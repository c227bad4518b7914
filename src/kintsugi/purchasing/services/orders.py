"""Purchase orders: drafted by the buyer, approved by another person, ended with a reason."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import Text
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.core.verdicts import Verdict, failed
from kintsugi.purchasing.kinds import ORDER, REQUEST
from kintsugi.purchasing.models import Notice, Order, OrderLine, Receipt, Request
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.services.steps import (
    change,
    check_lines,
    locked,
    may_become,
    need_reason,
    once,
    other_than,
    person_of,
)
from kintsugi.purchasing.verdicts import order_verdicts

NAME = Text("采购订单", "purchase order")


@dataclass(frozen=True)
class OrderLineIn:
    """A product to be bought; ``qty`` in base units, ``unit_price`` net for one of them."""

    product: UUID
    qty: Decimal
    unit_price: Decimal
    tax_rate: Decimal = Decimal("0.13")
    expected_on: dt.date | None = None
    over_percent: Decimal = Decimal(0)
    min_remaining_days: int = 0


def draft_order(
    *, actor: Any, supplier: Any, warehouse: UUID, lines: Sequence[OrderLineIn], key: str,
    at: dt.datetime, expected_on: dt.date | None = None, currency: str = "CNY", terms: str = "",
    request: UUID | None = None,
) -> Order:  # fmt: skip
    """Draft an order at a supplier (a party) for a warehouse; the actor is its buyer. With a
    ``request`` that is approved, the request counts as ordered. Raises KintsugiError
    ``purchasing.not-a-supplier``, ``purchasing.no-lines``, ``purchasing.quantity``."""
    check_lines(lines)
    if "supplier" not in (supplier.roles or []):
        raise refuse("not-a-supplier", name=supplier.name, field="supplier")
    payload = {
        "supplier": supplier.pk, "warehouse": warehouse, "lines": list(lines), "terms": terms,
        "expected": expected_on, "currency": currency, "request": request,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        asked = locked(Request, request, Text("请购单", "purchase request")) if request else None
        if asked is not None:
            may_become(REQUEST, asked.status, "ordered")
            change(asked, status="ordered")
        made = Order.objects.create(
            number=next_number(prefix="PO", on=timezone.localtime(at).date()),
            supplier=supplier, supplier_name=supplier.name[:200], warehouse_id=warehouse,
            request=asked, currency=currency,
            expected_on=expected_on, terms=terms.strip(), buyer_id=person_of(actor),
            buyer_name=str(actor),
        )  # fmt: skip
        OrderLine.objects.bulk_create(
            OrderLine(
                id=uuid7(), order=made, line=number, product_id=one.product, qty=one.qty,
                unit_price=one.unit_price, tax_rate=one.tax_rate,
                expected_on=one.expected_on or expected_on, over_percent=one.over_percent,
                min_remaining_days=one.min_remaining_days,
            )
            for number, one in enumerate(lines, 1)
        )  # fmt: skip
        return {"id": str(made.pk)}

    done = once(actor=actor, command="order", key=key, payload=payload, work=work)
    return Order.objects.get(pk=done["id"])


def submit_order(*, actor: Any, order: UUID, key: str, at: dt.datetime) -> Order:
    """Hand a draft in for approval. Raises ``purchasing.not-passed`` while a check fails."""

    def work() -> dict[str, Any]:
        found = locked(Order, order, NAME)
        may_become(ORDER, found.status, "submitted")
        verdicts = _passed(found, timezone.localtime(at).date())
        change(found, status="submitted", verdicts=[one.kept() for one in verdicts])
        return {}

    once(actor=actor, command="submit-order", key=key, payload={"order": order}, work=work)
    return Order.objects.get(pk=order)


def approve_order(*, actor: Any, order: UUID, key: str, at: dt.datetime, note: str = "") -> Order:
    """Approve an order: from now on it is placed with the supplier. By somebody other than the
    buyer; every check has to pass on that day. Raises KintsugiError ``purchasing.same-person``,
    ``purchasing.not-passed``."""

    def work() -> dict[str, Any]:
        found = locked(Order, order, NAME)
        may_become(ORDER, found.status, "ordered")
        other_than(actor, found.buyer_id, did=("采购", "buys"), does=("批准", "approve it"))
        day = timezone.localtime(at).date()
        verdicts = _passed(found, day)
        change(
            found, decided_by_id=person_of(actor), decided_by_name=str(actor), decided_at=at,
            decision_note=note.strip(), ordered_on=day, status="ordered",
            verdicts=[one.kept() for one in verdicts],
        )  # fmt: skip
        events.emit("purchasing.ordered", subject=found.number, at=at)
        return {}

    payload = {"order": order, "note": note}
    once(actor=actor, command="approve-order", key=key, payload=payload, work=work, reason=note)
    return Order.objects.get(pk=order)


def send_back_order(*, actor: Any, order: UUID, reason: str, key: str) -> Order:
    """Give an order back to its buyer, with the reason."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked(Order, order, NAME)
        may_become(ORDER, found.status, "draft")
        change(found, status="draft", decision_note=reason)
        return {}

    payload = {"order": order, "reason": reason}
    once(actor=actor, command="send-back-order", key=key, payload=payload, work=work, reason=reason)
    return Order.objects.get(pk=order)


def cancel_order(*, actor: Any, order: UUID, reason: str, key: str) -> Order:
    """Cancel an order of which nothing was received. Raises ``purchasing.notice-open`` while goods
    are on their way and ``purchasing.receipt-open`` while some are being received."""
    return _end(actor, order, "cancelled", reason, key)


def close_order(*, actor: Any, order: UUID, reason: str, key: str) -> Order:
    """Close an order: what has not come is not waited for any more."""
    return _end(actor, order, "closed", reason, key)


def _end(actor: Any, order: UUID, target: str, reason: str, key: str) -> Order:
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked(Order, order, NAME)
        may_become(ORDER, found.status, target)
        underway = Notice.objects.filter(order=found, status="announced").first()
        if underway is not None:
            raise refuse("notice-open", order=found.number, notice=underway.number)
        receipt = Receipt.objects.filter(order=found, status="draft").first()
        if receipt is not None:
            raise refuse("receipt-open", order=found.number, receipt=receipt.number)
        change(found, status=target, end_reason=reason, ended_by_name=str(actor))
        if target == "cancelled" and found.request_id:
            asked = locked(Request, found.request_id, Text("请购单", "purchase request"))
            if asked.status == "ordered":
                change(asked, status="approved")
        return {}

    payload = {"order": order, "reason": reason}
    command = "cancel-order" if target == "cancelled" else "close-order"
    once(actor=actor, command=command, key=key, payload=payload, work=work, reason=reason)
    return Order.objects.get(pk=order)


def _passed(order: Order, on: dt.date) -> list[Verdict]:
    """The verdicts of an order, all of them good. Raises ``purchasing.not-passed``."""
    verdicts = order_verdicts(order, on=on)
    bad = failed(verdicts)
    if bad:
        raise refuse(
            "not-passed",
            failed=len(bad),
            why_zh=" ".join(one.why.zh for one in bad[:3]),
            why_en=" ".join(one.why.en for one in bad[:3]),
            remedy_zh=" ".join(dict.fromkeys(one.remedy.zh for one in bad[:3])),
            remedy_en=" ".join(dict.fromkeys(one.remedy.en for one in bad[:3])),
            checks=[one.check for one in bad],
        )
    return verdicts
