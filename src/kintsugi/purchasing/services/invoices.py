"""Suppliers' invoices: held against the price ordered and the quantity accepted, line by line."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import NotFound, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.purchasing.kinds import AMOUNT_TOLERANCE, INVOICE, PRICE_TOLERANCE_PERCENT
from kintsugi.purchasing.models import Invoice, InvoiceLine, Order, OrderLine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.selectors import accepted_net, invoiced
from kintsugi.purchasing.services.notices import not_open
from kintsugi.purchasing.services.orders import NAME as ORDER_NAME
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

NAME = Text("供应商发票", "supplier's invoice")
BILLED = ("ordered", "part_received", "received", "closed")


@dataclass(frozen=True)
class InvoiceLineIn:
    """A line of the invoice for a line of the order, by its number there; ``unit_price`` is net,
    ``qty`` in base units."""

    order_line: int
    qty: Decimal
    unit_price: Decimal
    tax_rate: Decimal = Decimal("0.13")


def matched(
    *, qty: Decimal, price: Decimal, qty_open: Decimal, price_ordered: Decimal,
    percent: Decimal, amount: Decimal,
) -> str:  # fmt: skip
    """How a line matches: nothing of it accepted, more than is open, another price, or well. A
    price matches within ``percent`` of the one ordered and within ``amount`` over the whole line.
    """
    if qty_open <= 0:
        return "not_received"
    if qty > qty_open:
        return "quantity"
    off = abs(price - price_ordered)
    if off * 100 > price_ordered * percent or off * qty > amount:
        return "price"
    return "matched"


def enter_invoice(
    *, actor: Any, order: UUID, invoice_no: str, invoiced_on: dt.date,
    lines: Sequence[InvoiceLineIn], key: str, at: dt.datetime,
) -> Invoice:  # fmt: skip
    """Enter a supplier's invoice for an order; every line is matched at once. Raises KintsugiError
    ``purchasing.invoice-known``, ``purchasing.other-order``, ``purchasing.line-twice``,
    ``purchasing.order-not-open``."""
    check_lines(lines)
    invoice_no = need_reason(invoice_no, "invoice_no")[:80]
    payload = {"order": order, "no": invoice_no, "day": invoiced_on, "lines": list(lines)}

    def work() -> dict[str, Any]:
        found = locked(Order, order, ORDER_NAME)
        if found.status not in BILLED:
            raise not_open(found)
        known = Invoice.objects.filter(supplier_id=found.supplier_id, invoice_no=invoice_no)
        twin = known.exclude(status="rejected").first()
        if twin is not None:
            raise refuse("invoice-known", invoice_no=invoice_no, number=twin.number,
                         field="invoice_no")  # fmt: skip
        placed = {one.line: one for one in found.lines.all()}
        for one in lines:
            if one.order_line not in placed:
                raise refuse("other-order", order=found.number, line=one.order_line)
            if sum(other.order_line == one.order_line for other in lines) > 1:
                raise refuse("line-twice", line=one.order_line)
        made = Invoice.objects.create(
            number=next_number(prefix="PI", on=timezone.localtime(at).date()),
            supplier_id=found.supplier_id, order=found, invoice_no=invoice_no,
            invoiced_on=invoiced_on, currency=found.currency,
            price_tolerance_percent=PRICE_TOLERANCE_PERCENT, amount_tolerance=AMOUNT_TOLERANCE,
            entered_by_id=person_of(actor), entered_by_name=str(actor),
        )  # fmt: skip
        open_now = _open([placed[one.order_line] for one in lines], made)
        InvoiceLine.objects.bulk_create(
            _matched_line(made, number, one, placed[one.order_line], open_now)
            for number, one in enumerate(lines, 1)
        )
        return {"id": str(made.pk)}

    done = once(actor=actor, command="enter-invoice", key=key, payload=payload, work=work,
                reason=invoice_no)  # fmt: skip
    return Invoice.objects.get(pk=done["id"])


def resolve_difference(
    *, actor: Any, line: UUID, resolution: str, key: str, at: dt.datetime
) -> InvoiceLine:
    """Say how the difference of a line was settled (a credit note, a changed price). Raises
    ``purchasing.no-difference``, ``purchasing.reason-missing``."""
    resolution = need_reason(resolution, "resolution")

    def work() -> dict[str, Any]:
        row = InvoiceLine.objects.filter(pk=line).first()
        if row is None:
            raise NotFound(Text("发票行", "line of an invoice"), str(line))
        paper = locked(Invoice, row.invoice_id, NAME)
        if paper.status != "entered" or row.result == "matched" or row.resolved_by_name:
            raise refuse("no-difference", line=row.line)
        change(row, resolution=resolution, resolved_by_id=person_of(actor),
               resolved_by_name=str(actor), resolved_at=at)  # fmt: skip
        return {}

    payload = {"line": line, "resolution": resolution}
    once(actor=actor, command="resolve-difference", key=key, payload=payload, work=work,
         reason=resolution)  # fmt: skip
    return InvoiceLine.objects.get(pk=line)


def match_again(*, actor: Any, invoice: UUID, key: str) -> Invoice:
    """Match the lines of an invoice anew, by what was accepted, went back and was invoiced since;
    what differs now can be resolved."""

    def work() -> dict[str, Any]:
        found = _locked(invoice)
        may_become(INVOICE, found.status, "approved")
        return {"open": _match_again(found)}

    once(actor=actor, command="match-again", key=key, payload={"invoice": invoice}, work=work)
    return Invoice.objects.get(pk=invoice)


def decide_invoice(
    *, actor: Any, invoice: UUID, approve: bool, key: str, at: dt.datetime, note: str = ""
) -> Invoice:
    """Approve an invoice for payment, or send it back to the supplier; by somebody other than who
    entered it. What was matched is matched anew first: what was accepted, returned or invoiced
    meanwhile counts. Raises KintsugiError ``purchasing.same-person``,
    ``purchasing.differences-open``."""
    if not approve:
        note = need_reason(note, "note")

    def work() -> dict[str, Any]:
        found = _locked(invoice)
        target = "approved" if approve else "rejected"
        may_become(INVOICE, found.status, target)
        other_than(actor, found.entered_by_id, did=("录入发票", "entered the invoice"),
                   does=("审核", "decide it"))  # fmt: skip
        if approve:
            left = _match_again(found)
            if left:
                raise refuse("differences-open", open=left, invoice=found.number)
        change(
            found, status=target, decided_by_id=person_of(actor), decided_by_name=str(actor),
            decided_at=at, decision_note=note.strip(),
        )  # fmt: skip
        events.emit(f"purchasing.invoice-{target}", subject=found.number, at=at)
        return {}

    payload = {"invoice": invoice, "approve": approve, "note": note}
    once(actor=actor, command="decide-invoice", key=key, payload=payload, work=work, reason=note)
    return Invoice.objects.get(pk=invoice)


def _locked(invoice: UUID) -> Invoice:
    """The invoice, locked after its order: everybody goes that way."""
    order = Invoice.objects.filter(pk=invoice).values_list("order_id", flat=True).first()
    if order is not None:
        locked(Order, order, ORDER_NAME)
    return locked(Invoice, invoice, NAME)


def _open(lines: Sequence[OrderLine], but: Invoice) -> dict[UUID, Decimal]:
    """What of the order's lines was accepted, has not gone back and is on no other invoice."""
    ids = [one.pk for one in lines]
    good, billed = accepted_net(ids), invoiced(ids, but=but.pk)
    return {pk: good.get(pk, Decimal(0)) - billed.get(pk, Decimal(0)) for pk in ids}


def _matched_line(
    made: Invoice, number: int, one: InvoiceLineIn, ordered: OrderLine,
    open_now: dict[UUID, Decimal],
) -> InvoiceLine:  # fmt: skip
    qty_open = open_now[ordered.pk]
    return InvoiceLine(
        id=uuid7(), invoice=made, line=number, order_line=ordered, qty=one.qty,
        unit_price=one.unit_price, tax_rate=one.tax_rate, price_ordered=ordered.unit_price,
        qty_open=qty_open,
        result=matched(
            qty=one.qty, price=one.unit_price, qty_open=qty_open,
            price_ordered=ordered.unit_price, percent=made.price_tolerance_percent,
            amount=made.amount_tolerance,
        ),
    )  # fmt: skip


def _match_again(found: Invoice) -> int:
    """Match the lines of a locked invoice anew; how many differences are open. A difference that
    was resolved stays resolved unless it is another one now."""
    lines = list(found.lines.select_related("order_line").order_by("line"))
    open_now = _open([one.order_line for one in lines], found)
    left = 0
    for one in lines:
        qty_open = open_now[one.order_line_id]
        result = matched(
            qty=one.qty, price=one.unit_price, qty_open=qty_open, price_ordered=one.price_ordered,
            percent=found.price_tolerance_percent, amount=found.amount_tolerance,
        )  # fmt: skip
        if result != one.result:
            change(one, result=result, qty_open=qty_open, resolution="", resolved_by_id=None,
                   resolved_by_name="", resolved_at=None)  # fmt: skip
        left += result != "matched" and not one.resolved_by_name
    return left
