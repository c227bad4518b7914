"""Invoices: written from signed receipts, approved by another person, issued under the number of
the tax invoice. Never edited: a draft is voided, an issued one is corrected by a credit note."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.billing.kinds import CHARGES, INVOICE
from kintsugi.billing.models import Instalment, Invoice, InvoiceLine
from kintsugi.billing.services import journal
from kintsugi.billing.services.common import (
    CENT,
    NOTHING,
    customer_of,
    locked_invoice,
    need_reason,
    once,
    person_of,
    rows_of,
    tell_sales,
)
from kintsugi.billing.services.instalments import plan_of
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.numbering import next_number
from kintsugi.sales import services as sales

#: Lines of one invoice.
LINES_MAX = 2_000


@dataclass(frozen=True)
class Billed:
    """So much of a line of a signed receipt; without a quantity all that is left of it."""

    receipt_line: UUID
    qty: Decimal | None = None


@dataclass(frozen=True)
class Worth:
    """An amount with tax, split."""

    net: Decimal
    tax: Decimal
    gross: Decimal


def worth(*, qty: Decimal, price: Decimal, discount: Decimal, tax_rate: Decimal) -> Worth:
    """What a line is worth: gross = quantity × price × (1 − discount), net = gross ÷ (1 + rate),
    each half up to the cent; tax is the difference, so that the three always add up."""
    return split((qty * price * (1 - discount)).quantize(CENT, ROUND_HALF_UP), tax_rate)


def split(gross: Decimal, tax_rate: Decimal) -> Worth:
    """An amount with tax as net and tax, half up to the cent."""
    net = (gross / (1 + tax_rate)).quantize(CENT, ROUND_HALF_UP)
    return Worth(net, gross - net, gross)


def billable(
    customer: UUID, *, order: UUID | None = None, until: dt.date | None = None,
    lines: Sequence[UUID] | None = None, limit: int = LINES_MAX,
) -> list[dict[str, Any]]:  # fmt: skip
    """What a customer signed for, did not return and was not asked to pay: by line of a receipt,
    at most ``limit`` of them, with price, tax and cost."""
    params = {"customer": customer, "order": order, "until": until, "limit": limit,
              "lines": None if lines is None else list(lines)}  # fmt: skip
    return rows_of("billable", params)


def create_invoice(
    *,
    actor: Any,
    customer: UUID,
    kind: str,
    key: str,
    at: dt.datetime,
    lines: Sequence[Billed] = (),
    order: UUID | None = None,
    until: dt.date | None = None,
    note: str = "",
) -> Invoice:
    """Write a draft: of the given lines, or of all that can be invoiced of one order or up to a
    day. Price, discount and tax are those of the order.

    Raises KintsugiError ``billing.nothing-billable``, ``billing.more-than-signed``,
    ``billing.too-many-lines``, ``billing.two-currencies``, ``billing.unknown-kind`` or NotFound.
    """
    if kind not in CHARGES:
        raise KintsugiError(
            "billing.unknown-kind",
            Text(f"“{kind}”不是发票类型。", f"“{kind}” is no kind of invoice."),
            Text("可选:专用发票、普通发票。", "Choose a special or a general VAT invoice."),
            field="kind",
        )

    def work() -> dict[str, Any]:
        party = customer_of(customer)
        chosen = {one.receipt_line: one.qty for one in lines}
        rows = billable(
            customer, order=order, until=until, lines=list(chosen) or None, limit=LINES_MAX + 1
        )
        _check(rows, chosen, len(lines))
        made = Invoice.objects.create(
            number=next_number(prefix="IV", on=timezone.localtime(at).date()), kind=kind,
            status="draft", customer=party, customer_name=party.name, currency=rows[0]["currency"],
            note=note.strip(), written_by_id=person_of(actor), written_by_name=str(actor),
            written_at=at,
        )  # fmt: skip
        InvoiceLine.objects.bulk_create(
            _line(made, number, row, chosen.get(row["receipt_line"]))
            for number, row in enumerate(rows, 1)
        )
        return {"invoice": str(made.pk)}

    payload = {"customer": customer, "kind": kind, "lines": list(lines), "order": order,
               "until": until, "note": note}  # fmt: skip
    done = once(actor=actor, command="create-invoice", key=key, payload=payload, work=work)
    return Invoice.objects.get(pk=done["invoice"])


def approve_invoice(*, actor: Any, invoice: UUID, key: str, at: dt.datetime) -> Invoice:
    """Agree to an invoice or a credit note; not who wrote it. Raises KintsugiError
    ``billing.same-person``, IllegalTransition or NotFound."""

    def work() -> dict[str, Any]:
        found = locked_invoice(invoice)
        INVOICE.step(found.status, "approved")
        if found.written_by_id is not None and found.written_by_id == person_of(actor):
            raise KintsugiError(
                "billing.same-person",
                Text("开单人不能批准自己的发票。", "Who wrote an invoice cannot approve it."),
                Text("请另一位有权限的同事批准。", "Ask a colleague who may do this."),
            )
        step(found, "approved", approved_by_id=person_of(actor), approved_by_name=str(actor),
             approved_at=at)  # fmt: skip
        return {"invoice": str(found.pk)}

    return _done(actor, "approve-invoice", invoice, key, {}, work)


def send_back_invoice(
    *, actor: Any, invoice: UUID, reason: str, key: str, at: dt.datetime
) -> Invoice:
    """Take an approval back before it is issued, with the reason."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_invoice(invoice)
        INVOICE.step(found.status, "draft")
        step(found, "draft", approved_by_id=None, approved_by_name="", approved_at=None)
        return {"invoice": str(found.pk)}

    return _done(actor, "send-back-invoice", invoice, key, {"reason": said}, work, said)


def void_invoice(*, actor: Any, invoice: UUID, reason: str, key: str, at: dt.datetime) -> Invoice:
    """Void a draft: what it would have asked for can be invoiced again."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_invoice(invoice)
        INVOICE.step(found.status, "voided")
        step(found, "voided", end_reason=said)
        return {"invoice": str(found.pk)}

    return _done(actor, "void-invoice", invoice, key, {"reason": said}, work, said)


def issue_invoice(
    *,
    actor: Any,
    invoice: UUID,
    tax_number: str,
    invoiced_on: dt.date,
    key: str,
    at: dt.datetime,
    tax_code: str = "",
) -> Invoice:
    """Issue an approved invoice under the number of its tax invoice. From here on the customer
    owes it: its instalments fall due as the contract says, and the journal has it.

    Raises KintsugiError ``billing.number-missing``, ``billing.number-taken``,
    ``billing.day-ahead`` or ``billing.not-a-charge``, IllegalTransition or NotFound.
    """
    number, code = check_tax_number(tax_number, tax_code, invoiced_on, at)

    def work() -> dict[str, Any]:
        found = locked_invoice(invoice)
        if found.kind == "credit":
            raise KintsugiError(
                "billing.not-a-charge",
                Text("红字发票用自己的步骤开具。", "A credit note is issued by its own step."),
                Text("打开红字发票,选择开具。", "Open the credit note and issue it there."),
            )
        INVOICE.step(found.status, "issued")
        step(found, "issued", tax_number=number, tax_code=code, invoiced_on=invoiced_on,
             issued_by_name=str(actor), issued_at=at)  # fmt: skip
        Instalment.objects.bulk_create(
            Instalment(invoice=found, line_no=n, **part) for n, part in enumerate(plan_of(found), 1)
        )
        journal.book_invoice(found)
        follow(found)
        emit(found, "billing.issued", at)
        return {"invoice": str(found.pk)}

    payload = {"tax_number": number, "tax_code": code, "invoiced_on": invoiced_on}
    return _done(actor, "issue-invoice", invoice, key, payload, work)


def set_due_day(
    *, actor: Any, instalment: UUID, due_on: dt.date, reason: str, key: str, at: dt.datetime
) -> Instalment:
    """Say when an instalment falls due (goods were accepted, another day was agreed), and why."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = Instalment.objects.select_for_update(of=("self",)).get(pk=instalment)
        Instalment.objects.filter(pk=found.pk).update(
            due_on=due_on, reason=said, version=found.version + 1
        )
        return {"instalment": str(found.pk)}

    payload = {"instalment": instalment, "due_on": due_on, "reason": said}
    once(actor=actor, command="set-due-day", key=key, payload=payload, work=work, reason=said)
    return Instalment.objects.get(pk=instalment)


# -- shared with credit notes ----------------------------------------------------------------------


def check_tax_number(
    tax_number: str, tax_code: str, invoiced_on: dt.date, at: dt.datetime
) -> tuple[str, str]:
    """Number and code without spaces. Raises KintsugiError ``billing.number-missing`` or
    ``billing.day-ahead``."""
    number, code = "".join(tax_number.split()).upper(), "".join(tax_code.split()).upper()
    if not number:
        raise KintsugiError(
            "billing.number-missing",
            Text("没有写发票号码。", "The number of the tax invoice is missing."),
            Text("填写税务发票的号码。", "Give the number of the tax invoice."),
            field="tax_number",
        )
    if invoiced_on > timezone.localtime(at).date():
        raise KintsugiError(
            "billing.day-ahead",
            Text("开票日期在今天之后。", "The day of the invoice lies ahead."),
            Text("填写实际的开票日期。", "Give the day it was issued on."),
            field="invoiced_on",
        )
    return number, code


def step(found: Invoice, status: str, **columns: Any) -> None:
    """Write a state and what goes with it; the row is locked."""
    Invoice.objects.filter(pk=found.pk).update(status=status, version=found.version + 1, **columns)
    found.refresh_from_db()


def follow(found: Invoice) -> None:
    """Tell sales what was invoiced of its order lines, and what the customer owes."""
    sales.set_billed(
        lines=set(found.lines.values_list("order_line_id", flat=True)),
        quantities=lambda: {
            row["order_line_id"]: row["qty"] for row in rows_of("billed_lines", [found.pk])
        },
    )
    tell_sales(found.customer_id)


def emit(found: Invoice, what: str, at: dt.datetime) -> None:
    """Say that an invoice was issued or settled."""
    events.emit(what, subject=found.number, at=at, facts={
        "invoice": str(found.pk), "kind": found.kind, "customer": str(found.customer_id),
        "tax_number": found.tax_number, "gross": f"{found.gross:.2f}", "currency": found.currency,
        "invoiced_on": str(found.invoiced_on),
    })  # fmt: skip


# -- inside ----------------------------------------------------------------------------------------


def _done(
    actor: Any, command: str, invoice: UUID, key: str, payload: dict[str, Any], work: Any,
    reason: str = "",
) -> Invoice:  # fmt: skip
    once(actor=actor, command=command, key=key, payload={"invoice": invoice, **payload}, work=work,
         reason=reason)  # fmt: skip
    return Invoice.objects.get(pk=invoice)


def _check(rows: Sequence[dict[str, Any]], chosen: dict[UUID, Decimal | None], given: int) -> None:
    if len(rows) > LINES_MAX or given > LINES_MAX:
        raise KintsugiError(
            "billing.too-many-lines",
            Text(
                f"一张发票最多 {LINES_MAX:,} 行。", f"An invoice has {LINES_MAX:,} lines at most."
            ),
            Text("按订单或按期间分开开票。", "Invoice order by order, or a shorter time."),
        )
    found = {row["receipt_line"]: row["qty"] for row in rows}
    if not rows or set(chosen) - set(found) or given != len(chosen):
        raise KintsugiError(
            "billing.nothing-billable",
            Text("没有可开票的签收明细,或选中的已开完。",
                 "Nothing can be invoiced, or what was chosen is invoiced already."),
            Text("看待开票清单:须已签收、未退、未开票。",
                 "Look at what can be invoiced: signed for, not returned, not invoiced."),
            field="lines",
        )  # fmt: skip
    if len({row["currency"] for row in rows}) > 1:
        raise KintsugiError(
            "billing.two-currencies",
            Text("所选明细有不同币种。", "The lines are of different currencies."),
            Text("按订单分开开票。", "Invoice order by order."),
        )
    for number, (pk, qty) in enumerate(chosen.items(), 1):
        if qty is not None and not NOTHING < qty <= found[pk]:
            left = found[pk].normalize()
            raise KintsugiError(
                "billing.more-than-signed",
                Text(f"第 {number} 行:还可开 {left:f},要开 {qty.normalize():f}。",
                     f"Line {number}: {left:f} can be invoiced, {qty.normalize():f} was asked."),
                Text("减少数量。", "Invoice less."),
                field="lines",
                line=number,
            )  # fmt: skip


def _line(
    invoice: Invoice, number: int, row: dict[str, Any], wanted: Decimal | None
) -> InvoiceLine:
    terms = {name: row[name] for name in ("price", "discount", "tax_rate")}
    qty = row["qty"] if wanted is None else wanted
    money = worth(qty=qty, **terms)
    return InvoiceLine(
        invoice=invoice, line_no=number, receipt_line_id=row["receipt_line"],
        root_item_id=row["root_item"], order_line_id=row["order_line"], product_id=row["product"],
        qty=qty, unit_cost=None if row["unit_cost"] is None else round(row["unit_cost"], 6),
        net=money.net, tax=money.tax, gross=money.gross, **terms,
    )  # fmt: skip
