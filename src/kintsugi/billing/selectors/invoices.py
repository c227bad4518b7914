"""Reads of invoices, payments, matches and batches."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from kintsugi.billing.models import (
    BankStatement,
    Instalment,
    Invoice,
    InvoiceLine,
    JournalBatch,
    JournalLine,
    Match,
    Payment,
)
from kintsugi.core.lookups import occurs, starts


def invoices() -> QuerySet[Invoice]:
    """All invoices and credit notes within the scope at work."""
    return Invoice.objects.filter(is_void=False).select_related("original")


def invoice(pk: UUID) -> Invoice:
    """One invoice. Raises ``Invoice.DoesNotExist``."""
    return invoices().select_related("returned").get(pk=pk)


def found_invoices(rows: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Invoices by the beginning of their number or the tax invoice's, or by customer."""
    return rows.filter(
        starts("number", text.upper())
        | starts("tax_number", text.upper())
        | occurs("customer_name", text)
    )


def lines_of(invoice: UUID) -> QuerySet[InvoiceLine]:
    """Its lines in order."""
    return (
        InvoiceLine.objects.filter(invoice=invoice, is_void=False)
        .select_related(
            "product", "order_line__order", "receipt_line__receipt", "receipt_line__item__lot",
            "receipt_line__item__unit",
        )
        .order_by("line_no")
    )  # fmt: skip


def instalments_of(invoice: UUID) -> QuerySet[Instalment]:
    """What falls due of it and when."""
    return Instalment.objects.filter(invoice=invoice).order_by("line_no")


def instalment(pk: UUID) -> Instalment:
    """One instalment. Raises ``Instalment.DoesNotExist``."""
    return Instalment.objects.select_related("invoice").get(pk=pk)


def credits_of(invoice: UUID) -> QuerySet[Invoice]:
    """Its credit notes, the newest first."""
    return invoices().filter(original=invoice).order_by("-number")


def _matches() -> QuerySet[Match]:
    return Match.objects.select_related(
        "payment", "credit_note", "invoice", "paid_back", "undoes", "undone_by"
    ).order_by("-matched_at", "-pk")


def matches_of_invoice(invoice: UUID) -> QuerySet[Match]:
    """What covers it, or what it covers; the newest first."""
    return _matches().filter(Q(invoice=invoice) | Q(credit_note=invoice))


def matches_of_payment(payment: UUID) -> QuerySet[Match]:
    """What it covers, or what covers it; the newest first."""
    return _matches().filter(Q(payment=payment) | Q(paid_back=payment))


def matched(pk: UUID) -> Match:
    """One match. Raises ``Match.DoesNotExist``."""
    return _matches().get(pk=pk)


def payments() -> QuerySet[Payment]:
    """All payments within the scope at work."""
    return Payment.objects.filter(is_void=False).select_related("statement")


def payment(pk: UUID) -> Payment:
    """One payment. Raises ``Payment.DoesNotExist``."""
    return payments().get(pk=pk)


def found_payments(rows: QuerySet[Payment], text: str) -> QuerySet[Payment]:
    """Payments by the beginning of their number or the bank's reference, by customer or payer."""
    return rows.filter(
        starts("number", text.upper())
        | starts("bank_ref", text)
        | occurs("customer_name", text)
        | occurs("payer", text)
    )


def statements() -> QuerySet[BankStatement]:
    """Bank statements that were read, the newest first."""
    return BankStatement.objects.order_by("-number")


def batches() -> QuerySet[JournalBatch]:
    """Exports to the general ledger."""
    return JournalBatch.objects.all()


def batch(pk: UUID) -> JournalBatch:
    """One export. Raises ``JournalBatch.DoesNotExist``."""
    return batches().get(pk=pk)


def batch_lines(batch: Any) -> QuerySet[JournalLine]:
    """Its lines in the order of its file."""
    return JournalLine.objects.filter(batch=batch).order_by(
        "booked_on", "document_no", "document_kind", "line_no"
    )
