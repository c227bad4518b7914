"""Matches: which payment or credit note covers which invoice. Undone by another record."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.billing.models import Invoice, Match, Payment
from kintsugi.billing.services.common import NOTHING, need_reason, once, person_of, tell_sales
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.engine.text import Text as Words

#: Invoices that a proposal looks at, the oldest first.
PROPOSED_MAX = 200


@dataclass(frozen=True)
class Pair:
    """What covers what: a payment received or a credit note; an invoice or a payment out."""

    amount: Decimal
    payment: UUID | None = None
    credit_note: UUID | None = None
    invoice: UUID | None = None
    paid_back: UUID | None = None


@dataclass(frozen=True)
class Proposal:
    """An invoice that a payment may be meant for, how much of it, and why we think so."""

    invoice: Invoice
    amount: Decimal
    why: Words


def match(*, actor: Any, pairs: list[Pair], key: str, at: dt.datetime) -> list[Match]:
    """Match payments and credit notes with invoices and payments out, all or none of them. What is
    left over stays on account.

    Raises KintsugiError ``billing.too-much``, ``billing.not-together``, ``billing.amount``,
    ``billing.sides`` or NotFound.
    """
    for number, pair in enumerate(pairs, 1):
        sides = (pair.payment, pair.credit_note), (pair.invoice, pair.paid_back)
        if any(sum(one is not None for one in side) != 1 for side in sides):
            raise KintsugiError(
                "billing.sides",
                Text(f"第 {number} 行:一边是收款或红字发票,另一边是发票或退款,各一个。",
                     f"Line {number}: one payment or credit note, and one invoice or payment out."),
                Text("更正两边的单据。", "Correct the documents on both sides."),
                line=number,
            )  # fmt: skip
        if pair.amount <= NOTHING or pair.amount != round(pair.amount, 2):
            raise KintsugiError(
                "billing.amount",
                Text(f"第 {number} 行金额须大于 0,最多两位小数。",
                     f"Line {number}: an amount is more than 0, with two decimals at most."),
                Text("更正金额。", "Correct the amount."),
                field="amount",
                line=number,
            )  # fmt: skip

    def work() -> dict[str, Any]:
        made = []
        owners = set()
        for pair in pairs:
            customer = _owner(pair)
            owners.add(customer)
            made.append(
                cover(
                    actor=actor, customer=customer, at=at, amount=pair.amount, payment=pair.payment,
                    credit_note=pair.credit_note, invoice=pair.invoice, paid_back=pair.paid_back,
                )
            )  # fmt: skip
        for customer in sorted(owners):
            tell_sales(customer)
        _say_paid({pair.invoice for pair in pairs if pair.invoice}, at)
        return {"matches": [str(one.pk) for one in made]}

    done = once(actor=actor, command="match", key=key, payload={"pairs": pairs}, work=work)
    return list(Match.objects.filter(pk__in=done["matches"]).order_by("matched_at", "pk"))


def unmatch(*, actor: Any, matched: UUID, reason: str, key: str, at: dt.datetime) -> Match:
    """Undo a match by a new record with the reason; the old one stays as it is.

    Raises KintsugiError ``billing.undone``, ``billing.not-a-match`` or NotFound.
    """
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = Match.objects.select_for_update(of=("self",)).filter(pk=matched).first()
        if found is None:
            raise NotFound(Text("核销", "match"), str(matched))
        if found.undoes_id is not None:
            raise KintsugiError(
                "billing.not-a-match",
                Text("这是一条撤销记录。", "This record is an undoing itself."),
                Text("要恢复,重新核销。", "To match again, match again."),
            )
        made = cover(
            actor=actor, customer=found.customer_id, at=at, amount=-found.amount,
            payment=found.payment_id, credit_note=found.credit_note_id, invoice=found.invoice_id,
            paid_back=found.paid_back_id, undoes=found.pk, reason=said,
        )  # fmt: skip
        tell_sales(found.customer_id)
        return {"match": str(made.pk)}

    payload = {"match": matched, "reason": said}
    done = once(actor=actor, command="unmatch", key=key, payload=payload, work=work, reason=said)
    return Match.objects.get(pk=done["match"])


def cover(
    *,
    actor: Any,
    customer: UUID,
    at: dt.datetime,
    amount: Decimal,
    payment: UUID | None = None,
    credit_note: UUID | None = None,
    invoice: UUID | None = None,
    paid_back: UUID | None = None,
    undoes: UUID | None = None,
    reason: str = "",
) -> Match:
    """Write one match inside a running command; the database checks and counts it."""
    return Match.objects.create(
        customer_id=customer, payment_id=payment, credit_note_id=credit_note, invoice_id=invoice,
        paid_back_id=paid_back, amount=amount, undoes_id=undoes, reason=reason,
        matched_by_id=person_of(actor), matched_by_name=str(actor), matched_at=at,
    )  # fmt: skip


def propose(payment: Payment) -> list[Proposal]:
    """Which invoices a payment received may be meant for: those its text names, else the one with
    just that amount open, else the oldest first. Nothing is written."""
    left = payment.open_amount
    if payment.customer_id is None or payment.direction != "in" or left <= NOTHING:
        return []
    rows = list(
        Invoice.objects.filter(
            customer=payment.customer_id, currency=payment.currency,
            status__in=("issued", "part_paid"), is_void=False,
        )
        .exclude(kind="credit")
        .order_by("invoiced_on", "number")[:PROPOSED_MAX]
    )  # fmt: skip
    text = payment.text.upper()
    named = [
        one for one in rows
        if one.number in text or (len(one.tax_number) >= 6 and one.tax_number in text)
    ]  # fmt: skip
    why = Words("附言写有发票号", "its text names the invoice")
    if not named:
        named = [one for one in rows if one.open_amount == left][:1]
        why = Words("金额相同", "the same amount is open")
    if not named:
        named, why = rows, Words("先开先结", "the oldest first")
    found = []
    for one in named:
        part = min(left, one.open_amount)
        if part <= NOTHING:
            break
        found.append(Proposal(one, part, why))
        left -= part
    return found


# -- inside ----------------------------------------------------------------------------------------


def _owner(pair: Pair) -> UUID:
    """Whose it is that covers. Raises NotFound, or KintsugiError where nobody is known."""
    owner: UUID | None = None
    if pair.payment is not None:
        found = Payment.objects.filter(pk=pair.payment).first()
        if found is None:
            raise NotFound(Text("收款", "payment"), str(pair.payment))
        owner = found.customer_id
    elif pair.credit_note is not None:
        note = Invoice.objects.filter(pk=pair.credit_note).first()
        if note is None:
            raise NotFound(Text("红字发票", "credit note"), str(pair.credit_note))
        owner = note.customer_id
    if owner is None:
        raise KintsugiError(
            "billing.nobody-s",
            Text("该款项尚未认领客户。", "Nobody has said yet whose payment this is."),
            Text("先认领客户。", "Say whose it is first."),
        )
    return owner


def _say_paid(invoices: set[UUID], at: dt.datetime) -> None:
    for one in Invoice.objects.filter(pk__in=invoices, status="paid").order_by("number"):
        events.emit("billing.paid", subject=one.number, at=at, facts={
            "invoice": str(one.pk), "customer": str(one.customer_id), "gross": f"{one.gross:.2f}",
            "currency": one.currency,
        })  # fmt: skip
