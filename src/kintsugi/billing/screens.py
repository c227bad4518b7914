"""Lists of billing: invoices, payments, exports."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.billing.kinds import DIRECTIONS, INVOICE, INVOICE_KINDS, PAYMENT_STATES, TONES
from kintsugi.billing.models import Invoice, JournalBatch, Match, Payment
from kintsugi.billing.selectors import invoices
from kintsugi.core.screens import Action, Column, Empty, Filter, ListScreen
from kintsugi.engine.text import Text

#: Not ``_``: elsewhere the same English words mean something else in Chinese.
CUSTOMER = Text("客户", "Customer")
TOTAL = Text("价税合计", "Total with tax")
OPEN = Text("未结", "Open")
AMOUNT = Text("金额", "Amount")
ORDER = Text("订单", "Order")
TAX = Text("税额", "Tax")
DUE_RULE = Text("到期条件", "Due")
COVERS = Text("核销到", "Covers")
SOURCE = Text("来源", "From")
PAYMENT = Text("收付款", "Payment")
ABOUT = Text("说明", "About")
ROLE = Text("用途", "Role")
ACCOUNT = Text("科目", "Account")
ACCOUNTS_SET = Text("科目", "Accounts")
DOCUMENT = Text("单据", "Document")
NAME = Text("名称", "Name")
INSTALMENT = Text("分期", "Payment")


def invoice_url(row: Invoice) -> str:
    """The invoice's page."""
    return reverse("billing:invoice", args=[row.pk])


def payment_url(row: Payment) -> str:
    """The payment's page."""
    return reverse("billing:payment", args=[row.pk])


def batch_url(row: JournalBatch) -> str:
    """The batch's page."""
    return reverse("billing:batch", args=[row.pk])


def customer_url(row: Any) -> str:
    """The page of the customer, where there is one."""
    return reverse("parties:detail", args=[row.customer_id]) if row.customer_id else ""


INVOICE_COLUMNS = (
    Column("number", label=DOCUMENT, kind="code", link=invoice_url),
    Column("customer_name", label=CUSTOMER, link=customer_url),
    Column("status", label=_("State"), kind="state", choices=INVOICE, tones=TONES),
    Column("kind", label=_("Kind"), choices=INVOICE_KINDS),
    Column("tax_number", label=_("Tax invoice"), kind="code"),
    Column("invoiced_on", label=_("Invoiced on"), kind="date"),
    Column("net", label=_("Net"), kind="number"),
    Column("tax", label=TAX, kind="number"),
    Column("gross", label=TOTAL, kind="number"),
    Column("open", label=OPEN, kind="number", value=lambda row: row.open_amount),
    Column("currency", label=_("Currency")),
)
INVOICES = ListScreen(
    name="invoices",
    title=_("Invoices"),
    subtitle=_("From signed receipts; corrected only by credit notes."),
    rows=lambda _user: invoices.invoices(),
    permission="invoice.read",
    export_permission="invoice.export",
    columns=INVOICE_COLUMNS,
    find=invoices.found_invoices,
    search_hint=_("Number, tax invoice, customer"),
    filters=(
        Filter("status", label=_("State"), choices=INVOICE),
        Filter("kind", label=_("Kind"), choices=INVOICE_KINDS),
        Filter("invoiced_on", kind="days", label=_("Invoiced on")),
    ),
    order=("-number",),
    actions=(
        Action(_("Write an invoice"), lambda _r: reverse("billing:write"), "plus", True),
        Action(_("What is due"), lambda _r: reverse("billing:due"), "calendar"),
    ),
    empty=Empty(
        _("No invoices yet"),
        _("Write one for what a customer signed for."),
        icon="file-text",
        action=_("Write an invoice"),
        url=lambda: reverse("billing:write"),
    ),
)

PAYMENT_COLUMNS = (
    Column("number", label=PAYMENT, kind="code", link=payment_url),
    Column("paid_on", label=_("Date"), kind="date"),
    Column("direction", label=_("Direction"), choices=DIRECTIONS),
    Column("customer_name", label=CUSTOMER, link=customer_url),
    Column("payer", label=_("Payer")),
    Column("amount", label=AMOUNT, kind="number"),
    Column("open", label=OPEN, kind="number", value=lambda row: row.open_amount),
    Column("currency", label=_("Currency")),
    Column("state", label=_("State"), kind="state", choices=PAYMENT_STATES, tones=TONES,
           value=lambda row: row.state),
    Column("bank_ref", label=_("Bank reference"), kind="code"),
)  # fmt: skip
PAYMENTS = ListScreen(
    name="payments",
    title=_("Payments"),
    subtitle=_("Received and paid back, and what of them is matched."),
    rows=lambda _user: invoices.payments(),
    permission="invoice.read",
    export_permission="invoice.export",
    columns=PAYMENT_COLUMNS,
    find=invoices.found_payments,
    search_hint=_("Number, bank reference, customer, payer"),
    filters=(
        Filter("direction", label=_("Direction"), choices=DIRECTIONS),
        Filter("paid_on", kind="days", label=_("Date")),
    ),
    order=("-paid_on", "-number"),
    actions=(
        Action(_("Record a payment"), lambda _r: reverse("billing:record"), "plus", True),
        Action(_("Read a bank statement"), lambda _r: reverse("billing:statement"), "upload"),
    ),
    empty=Empty(
        _("No payments yet"),
        _("Record one, or read a bank statement."),
        icon="list-details",
        action=_("Read a bank statement"),
        url=lambda: reverse("billing:statement"),
    ),
)

BATCHES = ListScreen(
    name="journal-batches",
    title=_("Export to the general ledger"),
    subtitle=_("Each journal line leaves once, in one batch; its file stays the same."),
    rows=lambda _user: invoices.batches(),
    permission="ledger.read",
    export_permission="ledger.export",
    columns=(
        Column("number", label=_("Batch"), kind="code", link=batch_url),
        Column("until", label=_("Up to"), kind="date"),
        Column("line_count", label=_("Lines"), kind="number"),
        Column("debit", label=_("Debit"), kind="number"),
        Column("credit", label=_("Credit"), kind="number"),
        Column("made_by_name", label=_("Made by")),
        Column("made_at", label=_("Made"), kind="moment"),
    ),
    order=("-number",),
    actions=(
        Action(_("Export"), lambda _r: reverse("billing:export"), "download", True),
        Action(ACCOUNTS_SET, lambda _r: reverse("billing:accounts"), "table"),
        Action(_("Margin"), lambda _r: reverse("billing:margin", args=["customer"]), "report"),
    ),
    empty=Empty(
        _("Nothing was exported yet"),
        _("Issued invoices and payments wait here."),
        icon="table",
        action=_("Export"),
        url=lambda: reverse("billing:export"),
    ),
)


def takes(row: Match) -> str:
    """The number of what covers."""
    return str(row.payment or row.credit_note)


def takes_url(row: Match) -> str:
    """The page of what covers."""
    if row.payment is not None:
        return payment_url(row.payment)
    return invoice_url(row.credit_note) if row.credit_note is not None else ""


def covers(row: Match) -> str:
    """The number of what is covered."""
    return str(row.invoice or row.paid_back)


def covers_url(row: Match) -> str:
    """The page of what is covered."""
    if row.invoice is not None:
        return invoice_url(row.invoice)
    return payment_url(row.paid_back) if row.paid_back is not None else ""


def undo_url(row: Match) -> str:
    """Where a match is undone; nowhere where it was, or is an undoing itself."""
    if row.undoes_id is not None or hasattr(row, "undone_by"):
        return ""
    return reverse("billing:unmatch", args=[row.pk])


MATCH_COLUMNS = (
    Column("takes", label=SOURCE, kind="code", value=takes, link=takes_url),
    Column("covers", label=COVERS, kind="code", value=covers, link=covers_url),
    Column("amount", label=AMOUNT, kind="number"),
    Column("matched_by_name", label=_("By")),
    Column("matched_at", label=_("When"), kind="moment"),
    Column("reason", label=_("Reason")),
    Column(
        "undo", label=_("Undo"), value=lambda row: _("Undo") if undo_url(row) else "", link=undo_url
    ),
)
