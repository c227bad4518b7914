"""Billing: invoices, payments, and the journal for a general ledger."""

from kintsugi.billing.models.invoice import Instalment, Invoice, InvoiceLine
from kintsugi.billing.models.journal import JournalBatch, JournalLine, LedgerAccount
from kintsugi.billing.models.money import BankStatement, Match, Payment

__all__ = [
    "BankStatement",
    "Instalment",
    "Invoice",
    "InvoiceLine",
    "JournalBatch",
    "JournalLine",
    "LedgerAccount",
    "Match",
    "Payment",
]
