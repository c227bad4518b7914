"""Credit notes: from a return that was settled, or to correct a price; each line takes off a line
of one issued invoice, never more than is left of it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.billing.models import Invoice, InvoiceLine
from kintsugi.billing.services import journal
from kintsugi.billing.services.common import (
    CENT,
    NOTHING,
    locked_invoice,
    need_reason,
    once,
    person_of,
    rows_of,
)
from kintsugi.billing.services.invoicing import check_tax_number, emit, follow, split, step
from kintsugi.billing.services.matching import cover
from kintsugi.core.errors import IllegalTransition, KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number


@dataclass(frozen=True)
class Taken:
    """What is taken off a line of an invoice: so much of the goods, or only an amount with tax."""

    line: UUID
    qty: Decimal = NOTHING
    gross: Decimal | None = None


def credit_invoice(
    *,
    actor: Any,
    invoice: UUID,
    lines: Sequence[Taken],
    reason: str,
    key: str,
    at: dt.datetime,
) -> Invoice:
    """Write a credit note for lines of an issued invoice, or for all that is left of it where no
    lines are given. A quantity without an amount takes its share of the line.

    Raises KintsugiError ``billing.credit-beyond``, ``billing.not-issued``,
    ``billing.nothing-left``, ``billing.reason-missing`` or NotFound.
    """
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_invoice(invoice)
        made = _write(actor, found, _chosen(found, lines), said, at, returned=None)
        return {"invoice": str(made.pk)}

    payload = {"invoice": invoice, "lines": list(lines), "reason": said}
    done = once(
        actor=actor, command="credit-invoice", key=key, payload=payload, work=work, reason=said
    )
    return Invoice.objects.get(pk=done["invoice"])


def credit_return(
    *, actor: Any, returned: UUID, invoice: UUID, key: str, at: dt.datetime
) -> Invoice:
    """Write the credit note of a settled return that was to be refunded, against one invoice: the
    goods that came back and stand on it, worth what the return says.

    Raises KintsugiError ``billing.not-refunded``, ``billing.not-on-invoice``,
    ``billing.return-credited``, ``billing.credit-beyond`` or NotFound.
    """

    def work() -> dict[str, Any]:
        found = locked_invoice(invoice)
        rows = rows_of("returned_lines", {"returned": returned, "invoice": invoice})
        taken = _worth_of_return(rows)
        made = _write(
            actor, found, taken, f"{rows[0]['return_no']}: {rows[0]['reason']}", at,
            returned=returned,
        )  # fmt: skip
        return {"invoice": str(made.pk)}

    payload = {"returned": returned, "invoice": invoice}
    done = once(actor=actor, command="credit-return", key=key, payload=payload, work=work)
    return Invoice.objects.get(pk=done["invoice"])


def issue_credit(
    *,
    actor: Any,
    invoice: UUID,
    tax_number: str,
    invoiced_on: dt.date,
    key: str,
    at: dt.datetime,
    tax_code: str = "",
) -> Invoice:
    """Issue an approved credit note under the number of the red-letter invoice. It covers what is
    open of its original at once; the rest stays on account.

    Raises KintsugiError ``billing.number-missing``, ``billing.number-taken``,
    ``billing.day-ahead`` or ``billing.not-a-credit``, IllegalTransition or NotFound.
    """
    number, code = check_tax_number(tax_number, tax_code, invoiced_on, at)

    def work() -> dict[str, Any]:
        # The original first, as its own commands do.
        row = Invoice.objects.filter(pk=invoice).first()
        if row is None or row.original_id is None:
            raise KintsugiError(
                "billing.not-a-credit",
                Text("这不是红字发票。", "This is no credit note."),
                Text("打开要开具的红字发票。", "Open the credit note that is to be issued."),
            )
        original = locked_invoice(row.original_id)
        found = locked_invoice(invoice)
        if found.status != "approved":
            raise IllegalTransition("billing.invoice", found.status, "issued", [])
        step(found, "issued", tax_number=number, tax_code=code, invoiced_on=invoiced_on,
             issued_by_name=str(actor), issued_at=at)  # fmt: skip
        original.refresh_from_db()
        both = min(original.open_amount, found.gross)
        if both > NOTHING:
            cover(actor=actor, customer=found.customer_id, at=at, credit_note=found.pk,
                  invoice=original.pk, amount=both)  # fmt: skip
        journal.book_invoice(found)
        follow(found)
        emit(found, "billing.credited", at)
        return {"invoice": str(found.pk)}

    payload = {"invoice": invoice, "tax_number": number, "tax_code": code,
               "invoiced_on": invoiced_on}  # fmt: skip
    once(actor=actor, command="issue-credit", key=key, payload=payload, work=work)
    return Invoice.objects.get(pk=invoice)


# -- inside ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Left:
    """What is left of an invoice's line, and the line."""

    line: InvoiceLine
    qty: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


def left_of(invoice: Invoice) -> dict[UUID, _Left]:
    """What credit notes, drafts included, have left of each line of an invoice."""
    found = {
        one.pk: [one.qty, one.net, one.tax, one.gross, one]
        for one in invoice.lines.select_related("product").order_by("line_no")
    }
    taken = InvoiceLine.objects.filter(original__invoice=invoice).exclude(invoice__status="voided")
    for one in taken:
        assert one.original_id is not None
        row = found[one.original_id]
        for place, name in enumerate(("qty", "net", "tax", "gross")):
            row[place] -= getattr(one, name)
    return {
        pk: _Left(line, qty, net, tax, gross) for pk, (qty, net, tax, gross, line) in found.items()
    }


def _chosen(invoice: Invoice, lines: Sequence[Taken]) -> list[Taken]:
    left = left_of(invoice)
    if lines:
        for number, one in enumerate(lines, 1):
            if one.line not in left:
                raise NotFound(Text("发票明细", "line of the invoice"), str(one.line), line=number)
        return list(lines)
    return [
        Taken(pk, one.qty, one.gross) for pk, one in left.items() if one.qty or one.gross
    ]  # fmt: skip


def _write(
    actor: Any, original: Invoice, lines: Sequence[Taken], reason: str, at: dt.datetime,
    *, returned: UUID | None,
) -> Invoice:  # fmt: skip
    if original.kind == "credit" or original.status not in ("issued", "part_paid", "paid"):
        raise KintsugiError(
            "billing.not-issued",
            Text(f"{original.number} 未开出或已全部红冲,不能红冲。",
                 f"{original.number} is not issued, or is reversed already."),
            Text("草稿请作废。", "Void a draft instead."),
        )  # fmt: skip
    left = left_of(original)
    worths = [(one, _worth(left[one.line], one)) for one in lines]
    worths = [(one, money) for one, money in worths if one.qty or money[2]]
    if not worths or len({one.line for one in lines}) != len(lines):
        raise KintsugiError(
            "billing.nothing-left",
            Text("没有可红冲的数量或金额。", "Nothing is left to credit, or a line stands twice."),
            Text("每行写一次,数量或金额大于 0。",
                 "Name each line once, with a quantity or an amount."),
            field="lines",
        )  # fmt: skip
    made = Invoice.objects.create(
        number=next_number(prefix="CN", on=timezone.localtime(at).date()), kind="credit",
        status="draft", customer_id=original.customer_id, customer_name=original.customer_name,
        currency=original.currency, original=original, returned_id=returned, reason=reason[:400],
        written_by_id=person_of(actor), written_by_name=str(actor), written_at=at,
    )  # fmt: skip
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=made, line_no=number, original_id=one.line, qty=one.qty, net=net, tax=tax,
            gross=gross,
            **{
                name: getattr(left[one.line].line, name)
                for name in ("receipt_line_id", "root_item_id", "order_line_id", "product_id",
                             "price", "discount", "tax_rate", "unit_cost")
            },
        )
        for number, (one, (net, tax, gross)) in enumerate(worths, 1)
    )  # fmt: skip
    return made


def _worth(left: _Left, one: Taken) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and gross of what is taken; whatever takes the rest takes the rest of each, so that
    a line that is credited whole leaves no cent behind."""
    line = left.line
    if one.gross is not None:
        gross = one.gross.quantize(CENT, ROUND_HALF_UP)
    elif one.qty == left.qty:
        gross = left.gross
    else:
        gross = (line.gross * one.qty / line.qty).quantize(CENT, ROUND_HALF_UP)
    if one.qty < NOTHING or one.qty > left.qty or gross < NOTHING or gross > left.gross:
        raise KintsugiError(
            "billing.credit-beyond",
            Text(f"第 {line.line_no} 行可红冲数量 {left.qty.normalize():f}、"
                 f"金额 {left.gross:.2f}。",
                 f"Line {line.line_no} has {left.qty.normalize():f} and {left.gross:.2f} left to"
                 " credit."),
            Text("减少数量或金额。", "Credit less."),
            field="lines",
            line=line.line_no,
        )  # fmt: skip
    if gross == left.gross:
        return left.net, left.tax, gross
    money = split(gross, line.tax_rate)
    # A cent of rounding may not go beyond what is left of either side.
    net = min(max(money.net, gross - left.tax), left.net)
    return net, gross - net, gross


def _worth_of_return(rows: Sequence[dict[str, Any]]) -> list[Taken]:
    """What came back of the invoice's lines; the amount that the return says, by the lines'
    worth, the last one taking the rest."""
    if not rows or rows[0]["credit_amount"] is None:
        raise KintsugiError(
            "billing.not-refunded",
            Text("该退货未结算、不退款,或货物不在这张发票上。",
                 "This return is not settled, is not refunded, or its goods are not on this"
                 " invoice."),
            Text("先结算退货;若尚未开票,退回的数量不会再开,无需红字。",
                 "Settle the return first; goods that were never invoiced need no credit note."),
        )  # fmt: skip
    total = Decimal(rows[0]["credit_amount"])
    left: dict[UUID, Decimal] = {row["item"]: row["received"] for row in rows}
    taken: list[tuple[UUID, Decimal, Decimal]] = []
    for row in rows:
        qty = min(left[row["item"]], row["qty"])
        if qty > NOTHING:
            left[row["item"]] -= qty
            taken.append((row["line"], qty, row["gross"] * qty / row["line_qty"]))
    if any(qty > NOTHING for qty in left.values()) or not taken:
        raise KintsugiError(
            "billing.not-on-invoice",
            Text("退回的货不都在这张发票上。", "Not all that came back stands on this invoice."),
            Text("选择开过这些货的发票。", "Choose the invoice that these goods stand on."),
        )
    worth = sum((one[2] for one in taken), NOTHING)
    shares = [
        ((total * one[2] / worth) if worth else NOTHING).quantize(CENT, ROUND_HALF_UP)
        for one in taken
    ]
    shares[-1] += total - sum(shares)
    return [
        Taken(line, qty, gross) for (line, qty, _w), gross in zip(taken, shares, strict=True)
    ]  # fmt: skip
