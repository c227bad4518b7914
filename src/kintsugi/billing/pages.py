"""The pages of an invoice, a payment and an export: what is in it, what may be done, what
happened."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.billing.kinds import (
    DIRECTIONS,
    DUE_RULES,
    INVOICE,
    INVOICE_KINDS,
    PAYMENT_STATES,
    TONES,
)
from kintsugi.billing.models import Instalment, Invoice, InvoiceLine, JournalBatch, Payment
from kintsugi.billing.screens import (
    ACCOUNT,
    AMOUNT,
    CUSTOMER,
    DOCUMENT,
    DUE_RULE,
    INSTALMENT,
    INVOICE_COLUMNS,
    MATCH_COLUMNS,
    OPEN,
    ORDER,
    PAYMENT,
    ROLE,
    TAX,
    TOTAL,
    customer_url,
    invoice_url,
)
from kintsugi.billing.selectors import invoices
from kintsugi.billing.services import propose
from kintsugi.core.panels import RecordPanel, Registered
from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Fields,
    NextSteps,
    Related,
    Step,
    Timeline,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text

INVOICES_CRUMB = (_("Invoices"), "billing:invoices")
PAYMENTS_CRUMB = (_("Payments"), "billing:payments")
BATCHES_CRUMB = (_("Export to the general ledger"), "billing:batches")


def _percent(row: InvoiceLine) -> str:
    return f"{(row.tax_rate * 100).normalize():f} %"


def _thing(row: InvoiceLine) -> str:
    item = row.receipt_line.item
    return str(item.unit.serial_no if item.unit else item.lot.lot_no if item.lot else "")


LINE_COLUMNS = (
    Column("line_no", label="#", kind="number"),
    Column("product__product_code", label=_("Product code"), kind="code",
           link=lambda row: reverse("products:detail", args=[row.product_id])),
    Column("product__name", label=_("Product")),
    Column("thing", label=_("Lot or serial"), kind="code", value=_thing),
    Column("qty", label=_("Quantity"), kind="number"),
    Column("price", label=_("Price with tax"), kind="number"),
    Column("tax_rate", label=_("Tax rate"), value=_percent),
    Column("net", label=_("Net"), kind="number"),
    Column("tax", label=TAX, kind="number"),
    Column("gross", label=TOTAL, kind="number"),
    Column("order", label=ORDER, kind="code", value=lambda row: row.order_line.order.number,
           link=lambda row: reverse("sales:order", args=[row.order_line.order_id])),
    Column("receipt", label=_("Receipt"), kind="code",
           value=lambda row: row.receipt_line.receipt.number),
)  # fmt: skip


def _due_url(row: Instalment) -> str:
    return reverse("billing:due-day", args=[row.pk])


INSTALMENT_COLUMNS = (
    Column("name", label=INSTALMENT),
    Column("rule", label=DUE_RULE, choices=DUE_RULES),
    Column("due_on", label=_("Due on"), kind="date", link=_due_url,
           value=lambda row: row.due_on or gettext("not known yet")),
    Column("amount", label=AMOUNT, kind="number"),
    Column("reason", label=_("Reason")),
)  # fmt: skip


def invoice_steps(record: Invoice) -> list[Step]:
    """What may be done from its state, and why not."""

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"billing:{name}", args=[record.pk]), icon, **more)

    if record.status == "draft":
        return [
            step(_("Approve"), "approve", "check", primary=True),
            step(_("Void"), "void", "x"),
        ]
    if record.status == "approved":
        issue = "issue-credit" if record.kind == "credit" else "issue"
        return [
            step(_("Issue"), issue, "send", primary=True),
            step(_("Send back"), "send-back", "arrow-back-up"),
        ]
    if record.status == "voided" or (record.kind == "credit" and not record.open_amount):
        return []
    if record.kind == "credit":
        return [step(_("Match"), "match-credit", "link", primary=True)]
    reversed_ = [_("It is reversed already.")] if record.status == "reversed" else []
    return [
        step(_("Credit note"), "credit", "arrow-back-up", why_not=reversed_),
        step(_("Credit note of a return"), "credit-return", "arrow-back-up", why_not=reversed_),
    ]


def invoice_happened(record: Invoice) -> list[Mapping[str, Any]]:
    """Who did what, the newest first."""
    found = [
        {"at": one.matched_at, "title": gettext("Undone") if one.undoes_id else gettext("Matched"),
         "who": one.matched_by_name,
         "why": f"{one.payment or one.credit_note}: {one.amount:.2f} {one.reason}".strip()}
        for one in invoices.matches_of_invoice(record.pk)[:50]
    ]  # fmt: skip
    for at, title, who, why in (
        (record.written_at, say(Text("开单", "Written")), record.written_by_name, record.reason),
        (record.approved_at, gettext("Approved"), record.approved_by_name, ""),
        (record.issued_at, gettext("Issued"), record.issued_by_name, record.tax_number),
    ):
        if at is not None:
            found.append({"at": at, "title": title, "who": who, "why": why})
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _original_url(record: Invoice) -> str:
    return invoice_url(record.original) if record.original else ""


INVOICE_PAGE = DetailScreen(
    permission="invoice.read",
    find=lambda _user, pk: invoices.invoice(pk),
    title=lambda record: record.number,
    subtitle=lambda record: record.customer_name,
    pills=lambda record: [
        (INVOICE.states[record.status], TONES[record.status]),
        (INVOICE_KINDS[record.kind], ""),
    ],
    breadcrumbs=lambda _record: [(INVOICES_CRUMB[0], reverse(INVOICES_CRUMB[1]))],
    actions=lambda record: [
        Action(_("Print"), reverse("billing:invoice-pdf", args=[record.pk]), "printer")
    ],
    panels=(
        Related(_("Lines"), lambda record: invoices.lines_of(record.pk), LINE_COLUMNS),
        Fields(
            _("Invoice"),
            (
                Value("customer_name", label=CUSTOMER, link=customer_url),
                Value("tax_code", label=_("Code of the tax invoice"), kind="code"),
                Value("tax_number", label=_("Tax invoice"), kind="code"),
                Value("invoiced_on", label=_("Invoiced on"), kind="date"),
                Value("net", label=_("Net"), kind="number"),
                Value("tax", label=TAX, kind="number"),
                Value("gross", label=TOTAL, kind="number"),
                Value("settled", label=_("Settled"), kind="number"),
                Value("credited", label=_("Taken off by credit notes"), kind="number"),
                Value("open", label=OPEN, kind="number", value=lambda record: record.open_amount),
                Value("currency", label=_("Currency")),
                Value("original__number", label=_("Credits"), kind="code", link=_original_url),
                Value("returned__number", label=_("Return"), kind="code"),
                Value("reason", label=_("Reason")),
                Value("note", label=_("Note")),
                Value("end_reason", label=_("Voided because")),
                Value("written_by_name", label=_("Written by")),
                Value("approved_by_name", label=_("Approved by")),
                Value("issued_by_name", label=_("Issued by")),
            ),
            hide_empty=True,
        ),
        Related(_("When it falls due"), lambda record: invoices.instalments_of(record.pk),
                INSTALMENT_COLUMNS, empty=_("Known once it is issued.")),
        Related(_("Matches"), lambda record: invoices.matches_of_invoice(record.pk),
                MATCH_COLUMNS, empty=_("Nothing covers it yet.")),
        Related(_("Credit notes"), lambda record: invoices.credits_of(record.pk), INVOICE_COLUMNS,
                empty=_("None.")),
        Registered("invoice", side=False),
        NextSteps(invoice_steps),
        Registered("invoice"),
        Timeline(_("Time line"), invoice_happened, side=True),
    ),
)  # fmt: skip


# -- payments --------------------------------------------------------------------------------------


def payment_steps(record: Payment) -> list[Step]:
    """What may be done with a payment, and why not."""

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"billing:{name}", args=[record.pk]), icon, **more)

    if record.customer_id is None:
        return [step(_("Say whose it is"), "assign", "user", primary=True)]
    if not record.open_amount:
        return []
    if record.direction == "out":
        return [step(_("Match"), "match-out", "link", primary=True)]
    nothing = [] if propose(record) else [_("No open invoice of the customer.")]
    return [
        step(_("Match as proposed"), "match-proposed", "check", primary=True, why_not=nothing),
        step(_("Match with one invoice"), "match", "link", why_not=nothing),
    ]


PROPOSAL_COLUMNS = (
    Column("invoice", label=_("Invoice"), kind="code", value=lambda row: row.invoice.number,
           link=lambda row: invoice_url(row.invoice)),
    Column("tax_number", label=_("Tax invoice"), kind="code",
           value=lambda row: row.invoice.tax_number),
    Column("open", label=OPEN, kind="number", value=lambda row: row.invoice.open_amount),
    Column("amount", label=_("To match"), kind="number", value=lambda row: row.amount),
    Column("why", label=_("Because"), value=lambda row: say(row.why)),
)  # fmt: skip

PAYMENT_PAGE = DetailScreen(
    permission="invoice.read",
    find=lambda _user, pk: invoices.payment(pk),
    title=lambda record: record.number,
    subtitle=lambda record: record.customer_name or record.payer,
    pills=lambda record: [
        (PAYMENT_STATES[record.state], TONES[record.state]),
        (DIRECTIONS[record.direction], ""),
    ],
    breadcrumbs=lambda _record: [(PAYMENTS_CRUMB[0], reverse(PAYMENTS_CRUMB[1]))],
    panels=(
        Fields(
            PAYMENT,
            (
                Value("customer_name", label=CUSTOMER, link=customer_url),
                Value("payer", label=_("Payer")),
                Value("paid_on", label=_("Date"), kind="date"),
                Value("amount", label=AMOUNT, kind="number"),
                Value("settled", label=_("Matched"), kind="number"),
                Value("open", label=_("On account"), kind="number",
                      value=lambda record: record.open_amount),
                Value("currency", label=_("Currency")),
                Value("account", label=_("Bank account"), kind="code"),
                Value("bank_ref", label=_("Bank reference"), kind="code"),
                Value("text", label=_("Text")),
                Value("statement__number", label=_("Statement"), kind="code"),
                Value("recorded_by_name", label=_("Recorded by")),
                Value("recorded_at", label=_("Recorded"), kind="moment"),
            ),
            hide_empty=True,
        ),
        Related(_("Proposed"), propose, PROPOSAL_COLUMNS, empty=_("Nothing to propose.")),
        Related(_("Matches"), lambda record: invoices.matches_of_payment(record.pk),
                MATCH_COLUMNS, empty=_("Nothing is matched yet.")),
        NextSteps(payment_steps),
        Registered("payment"),
    ),
)  # fmt: skip


# -- exports ---------------------------------------------------------------------------------------

JOURNAL_COLUMNS = (
    Column("booked_on", label=_("Date"), kind="date"),
    Column("document_no", label=DOCUMENT, kind="code"),
    Column("role", label=ROLE, kind="code"),
    Column("account", label=ACCOUNT, kind="code"),
    Column("party_name", label=_("Party")),
    Column("debit", label=_("Debit"), kind="number"),
    Column("credit", label=_("Credit"), kind="number"),
    Column("tax_code", label=_("Tax code"), kind="code"),
)


def find_batch(_user: Any, pk: UUID) -> JournalBatch:
    """The batch."""
    return invoices.batch(pk)


BATCH_PAGE = DetailScreen(
    permission="ledger.read",
    find=find_batch,
    title=lambda record: record.number,
    subtitle=lambda record: f"≤ {record.until}",
    breadcrumbs=lambda _record: [(BATCHES_CRUMB[0], reverse(BATCHES_CRUMB[1]))],
    actions=lambda record: [
        Action(_("Download"), reverse("billing:batch-file", args=[record.pk]), "download", True)
    ],
    panels=(
        Fields(
            _("Batch"),
            (
                Value("until", label=_("Up to"), kind="date"),
                Value("line_count", label=_("Lines"), kind="number"),
                Value("debit", label=_("Debit"), kind="number"),
                Value("credit", label=_("Credit"), kind="number"),
                Value("sha256", label=_("Hash of the file"), kind="code"),
                Value("made_by_name", label=_("Made by")),
                Value("made_at", label=_("Made"), kind="moment"),
            ),
        ),
        Related(_("Lines"), lambda record: invoices.batch_lines(record.pk), JOURNAL_COLUMNS),
    ),
)


def of_customer_panel() -> RecordPanel:
    """Invoices on the page of a customer."""
    columns = tuple(one for one in INVOICE_COLUMNS if one.name != "customer_name")
    return RecordPanel(
        "billing.invoices",
        "party",
        Related(
            _("Invoices"),
            lambda party: invoices.invoices().filter(customer=party.pk).order_by("-number"),
            columns,
            empty=_("No invoice of it is known."),
            more=lambda party: f"{reverse('billing:invoices')}?q={party.name}",
        ),
        permission="invoice.read",
        order=42,
    )
