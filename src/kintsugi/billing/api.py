"""Billing over HTTP: invoices, payments, matches, what is due, and the export."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.params.functions import Header
from pydantic import Field, StringConstraints

from kintsugi.billing import services
from kintsugi.billing.files import download_batch
from kintsugi.billing.kinds import (
    AGES,
    DIRECTIONS,
    DOCUMENTS,
    DUE_RULES,
    INVOICE,
    INVOICE_KINDS,
    ROLES,
)
from kintsugi.billing.models import Instalment, Invoice, InvoiceLine, JournalBatch, Match, Payment
from kintsugi.billing.screens import BATCHES, INVOICES, PAYMENTS
from kintsugi.billing.selectors import invoices, reports
from kintsugi.billing.services import Billed, Pair, Taken
from kintsugi.billing.views import now, today
from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE

router = Router(tags=["Billing"])

Line400 = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
Short = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")]
Cents = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=120,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every command; the same one again when a request is repeated",
)


def _codes(names: dict[str, Any]) -> str:
    return "; ".join(f"`{code}` {text.en} {text.zh}" for code, text in names.items())


class BillingInvoiceOut(Schema):
    """An invoice or a credit note; amounts with two decimals."""

    id: UUID
    number: str = Field(examples=["IV-20261125-0001"])
    kind: str = Field(description=_codes(INVOICE_KINDS))
    status: str = Field(description=_codes(dict(INVOICE.states)))
    customer_id: UUID
    customer_name: str
    currency: str
    tax_code: str
    tax_number: str = Field(description="of the tax invoice; empty before it is issued")
    invoiced_on: dt.date | None
    net: Decimal
    tax: Decimal
    gross: Decimal
    settled: Decimal = Field(description="covered by payments and credit notes")
    credited: Decimal = Field(description="taken off by credit notes")
    open_amount: Decimal
    original_id: UUID | None = Field(description="what a credit note credits")
    reason: str


class BillingInvoiceLineOut(Schema):
    """A line: a signed receipt's goods at the order's price."""

    id: UUID
    line_no: int
    receipt_line_id: UUID
    product_id: UUID
    order_no: str
    qty: Decimal
    price: Decimal = Field(description="of one, with tax, before the discount")
    discount: Decimal
    tax_rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    original_id: UUID | None

    @staticmethod
    def resolve_order_no(row: InvoiceLine) -> str:
        """The order's number."""
        return row.order_line.order.number


class InstalmentOut(Schema):
    """A part of an invoice and when it falls due."""

    id: UUID
    name: str
    rule: str = Field(description=_codes(DUE_RULES))
    amount: Decimal
    due_on: dt.date | None
    is_retention: bool


class MatchOut(Schema):
    """What covers what; an undoing has a negative amount."""

    id: UUID
    payment_id: UUID | None
    credit_note_id: UUID | None
    invoice_id: UUID | None
    paid_back_id: UUID | None
    amount: Decimal
    undoes_id: UUID | None
    reason: str
    matched_by_name: str
    matched_at: dt.datetime


class BillingInvoiceDetail(BillingInvoiceOut):
    """With its lines, what falls due when, and what covers it."""

    lines: list[BillingInvoiceLineOut]
    instalments: list[InstalmentOut]
    matches: list[MatchOut]

    @staticmethod
    def resolve_lines(row: Invoice) -> list[InvoiceLine]:
        """Its lines in order."""
        return list(invoices.lines_of(row.pk)[: services.LINES_MAX])

    @staticmethod
    def resolve_instalments(row: Invoice) -> list[Instalment]:
        """What falls due when."""
        return list(invoices.instalments_of(row.pk)[:200])

    @staticmethod
    def resolve_matches(row: Invoice) -> list[Match]:
        """The newest first, at most 200."""
        return list(invoices.matches_of_invoice(row.pk)[:200])


class BillableOut(Schema):
    """A line of a signed receipt and how much of it can be invoiced."""

    receipt_line: UUID
    order_no: str
    receipt_no: str
    delivery_no: str
    signed_on: dt.date
    product_code: str
    product_name: str
    lot_no: str
    serial_no: str
    qty: Decimal
    price: Decimal
    discount: Decimal
    tax_rate: Decimal
    currency: str


class BilledIn(Schema):
    """So much of a line of a receipt."""

    receipt_line: UUID
    qty: Qty | None = Field(None, description="null: all that is left of it")


class BillingInvoiceIn(Schema):
    """What to invoice: given lines, or all that can be of an order or up to a day."""

    customer_id: UUID
    kind: Literal["vat_special", "vat_general"]
    lines: list[BilledIn] = Field(default_factory=list, max_length=services.LINES_MAX)
    order_id: UUID | None = None
    until: dt.date | None = Field(None, description="signed up to this day")
    note: Line400 = ""


class BillingReasonIn(Schema):
    """Why it is done."""

    reason: Line400 = Field(min_length=1)


class IssueIn(Schema):
    """The tax invoice's number and day."""

    tax_number: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    tax_code: Annotated[str, StringConstraints(max_length=20)] = ""
    invoiced_on: dt.date


class TakenIn(Schema):
    """What is taken off a line: goods, an amount with tax, or both."""

    line: UUID
    qty: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)] = Decimal(0)
    gross: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2)] | None = None


class BillingCreditIn(BillingReasonIn):
    """Lines to credit; none: all that is left."""

    lines: list[TakenIn] = Field(default_factory=list, max_length=services.LINES_MAX)


class CreditReturnIn(Schema):
    """The settled return."""

    return_id: UUID


class BillingPaymentOut(Schema):
    """Money received or paid back."""

    id: UUID
    number: str
    direction: str = Field(description=_codes(DIRECTIONS))
    customer_id: UUID | None
    customer_name: str
    payer: str
    paid_on: dt.date
    amount: Decimal
    settled: Decimal
    open_amount: Decimal = Field(description="not matched: on account")
    currency: str
    account: str
    bank_ref: str
    text: str


class BillingPaymentIn(Schema):
    """A payment to record; once by account and bank reference."""

    direction: Literal["in", "out"]
    customer_id: UUID | None = None
    amount: Cents
    currency: Currency = "CNY"
    paid_on: dt.date
    account: Short = Field(min_length=1)
    bank_ref: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    payer: Name = ""
    text: Line400 = ""


class StatementOut(Schema):
    """A bank statement that was read."""

    id: UUID
    number: str
    row_count: int
    new_count: int = Field(description="payments that were not known before")
    sha256: str


class BillingAssignIn(Schema):
    """Whose it is."""

    customer_id: UUID


class PairIn(Schema):
    """A payment received or a credit note, and the invoice or payment out that it covers."""

    amount: Cents
    payment_id: UUID | None = None
    credit_note_id: UUID | None = None
    invoice_id: UUID | None = None
    paid_back_id: UUID | None = None


class MatchIn(Schema):
    """All of them or none."""

    pairs: list[PairIn] = Field(min_length=1, max_length=200)


class BillingDueOut(Schema):
    """An open instalment and how late it is."""

    invoice_id: UUID
    number: str
    tax_number: str
    customer_id: UUID
    customer_name: str
    currency: str
    name: str
    rule: str = Field(description=_codes(DUE_RULES))
    amount: Decimal
    open_amount: Decimal
    due_on: dt.date | None
    age: str = Field(description=_codes(AGES))
    days_late: int | None


class MarginOut(Schema):
    """Revenue without tax, cost and margin."""

    id: UUID
    name: str
    about: str
    qty: Decimal
    revenue: Decimal
    cost: Decimal
    margin: Decimal
    unknown: int = Field(description="lines whose cost the ledger does not know")


class BatchOut(Schema):
    """An export to the general ledger."""

    id: UUID
    number: str
    until: dt.date
    line_count: int
    debit: Decimal
    credit: Decimal
    sha256: str = Field(description="of the CSV file")
    made_by_name: str
    made_at: dt.datetime


class JournalLineOut(Schema):
    """One side of an entry."""

    document_kind: str = Field(description=_codes(DOCUMENTS))
    document_no: str
    document_id: UUID
    line_no: int
    booked_on: dt.date
    role: str = Field(description=_codes({code: words for code, (words, _usual) in ROLES.items()}))
    account: str
    party_id: UUID | None
    party_name: str
    debit: Decimal
    credit: Decimal
    currency: str
    tax_code: str


class ExportIn(Schema):
    """Up to which day."""

    until: dt.date


add_list(router, "/invoices", INVOICES, BillingInvoiceOut, name="invoices", summary="Invoices")
add_list(router, "/payments", PAYMENTS, BillingPaymentOut, name="payments", summary="Payments")
add_list(router, "/ledger/batches", BATCHES, BatchOut, name="batches", summary="Exports")

ANSWER = {200: BillingInvoiceDetail, **WRITE}
MADE = {201: BillingInvoiceDetail, **WRITE}


@router.get("/billable", response={200: list[BillableOut], **READ}, summary="What can be invoiced")
@requires("invoice.read")
def billable(
    request: HttpRequest, customer_id: UUID, order_id: UUID | None = None,
    until: dt.date | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """What a customer signed for, did not return and was not asked to pay; at most 2,000 lines."""
    return services.billable(customer_id, order=order_id, until=until)


@router.get("/invoices/{id}", response={200: BillingInvoiceDetail, **READ}, summary="One invoice")
@requires("invoice.read")
def invoice(request: HttpRequest, id: UUID) -> Invoice:
    """With its lines, what falls due when, and what covers it."""
    return invoices.invoice(id)


@router.post("/invoices", response=MADE, summary="Write an invoice")
@requires("invoice.create")
def create_invoice(request: HttpRequest, body: BillingInvoiceIn, key: str = KEY) -> Status[Invoice]:
    """As a draft. 409 `billing.more-than-signed` where less was signed for, not returned and not
    invoiced; 409 `billing.nothing-billable`."""
    made = services.create_invoice(
        actor=request.user, customer=body.customer_id, kind=body.kind, order=body.order_id,
        until=body.until, note=body.note, key=key, at=now(),
        lines=[Billed(one.receipt_line, one.qty) for one in body.lines],
    )  # fmt: skip
    return Status(201, invoices.invoice(made.pk))


@router.post("/invoices/{id}/approve", response=ANSWER, summary="Approve an invoice")
@requires("invoice.approve")
def approve_invoice(request: HttpRequest, id: UUID, key: str = KEY) -> Invoice:
    """By somebody else than who wrote it (`billing.same-person`)."""
    invoices.invoice(id)
    services.approve_invoice(actor=request.user, invoice=id, key=key, at=now())
    return invoices.invoice(id)


@router.post("/invoices/{id}/send-back", response=ANSWER, summary="Send an invoice back")
@requires("invoice.approve")
def send_back_invoice(
    request: HttpRequest, id: UUID, body: BillingReasonIn, key: str = KEY
) -> Invoice:
    """It is a draft again."""
    invoices.invoice(id)
    services.send_back_invoice(
        actor=request.user, invoice=id, reason=body.reason, key=key, at=now()
    )
    return invoices.invoice(id)


@router.post("/invoices/{id}/void", response=ANSWER, summary="Void a draft")
@requires("invoice.create")
def void_invoice(request: HttpRequest, id: UUID, body: BillingReasonIn, key: str = KEY) -> Invoice:
    """Its goods can be invoiced again."""
    invoices.invoice(id)
    services.void_invoice(actor=request.user, invoice=id, reason=body.reason, key=key, at=now())
    return invoices.invoice(id)


@router.post("/invoices/{id}/issue", response=ANSWER, summary="Issue an invoice or credit note")
@requires("invoice.create")
def issue_invoice(request: HttpRequest, id: UUID, body: IssueIn, key: str = KEY) -> Invoice:
    """Under the number of its tax invoice (409 `billing.number-taken`); the journal has it."""
    found = invoices.invoice(id)
    issue = services.issue_credit if found.kind == "credit" else services.issue_invoice
    issue(actor=request.user, invoice=id, key=key, at=now(), **body.model_dump())
    return invoices.invoice(id)


@router.post("/invoices/{id}/credit", response=MADE, summary="Write a credit note")
@requires("invoice.create")
def credit_invoice(
    request: HttpRequest, id: UUID, body: BillingCreditIn, key: str = KEY
) -> Status[Invoice]:
    """For lines of an issued invoice, never beyond what is left of them (409
    `billing.credit-beyond`)."""
    invoices.invoice(id)
    made = services.credit_invoice(
        actor=request.user, invoice=id, reason=body.reason, key=key, at=now(),
        lines=[Taken(one.line, one.qty, one.gross) for one in body.lines],
    )  # fmt: skip
    return Status(201, invoices.invoice(made.pk))


@router.post("/invoices/{id}/credit-return", response=MADE, summary="Credit a settled return")
@requires("invoice.create")
def credit_return(
    request: HttpRequest, id: UUID, body: CreditReturnIn, key: str = KEY
) -> Status[Invoice]:
    """The goods that came back and stand on this invoice, worth what the return says; once."""
    invoices.invoice(id)
    made = services.credit_return(
        actor=request.user, returned=body.return_id, invoice=id, key=key, at=now()
    )
    return Status(201, invoices.invoice(made.pk))


@router.get("/payments/{id}", response={200: BillingPaymentOut, **READ}, summary="One payment")
@requires("invoice.read")
def payment(request: HttpRequest, id: UUID) -> Payment:
    """And what of it is on account."""
    return invoices.payment(id)


@router.post("/payments", response={201: BillingPaymentOut, **WRITE}, summary="Record a payment")
@requires("invoice.create")
def record_payment(request: HttpRequest, body: BillingPaymentIn, key: str = KEY) -> Status[Payment]:
    """The same bank reference again gives the payment that is there; with another amount or day
    409 `billing.reference-taken`."""
    given = body.model_dump()
    made = services.record_payment(
        actor=request.user, customer=given.pop("customer_id"), key=key, at=now(), **given
    )
    return Status(201, made)


@router.post(
    "/payments/{id}/assign", response={200: BillingPaymentOut, **WRITE}, summary="Whose it is"
)
@requires("invoice.create")
def assign_payment(
    request: HttpRequest, id: UUID, body: BillingAssignIn, key: str = KEY
) -> Payment:
    """Said once; 409 `billing.payment-fixed` afterwards."""
    invoices.payment(id)
    return services.assign_payment(
        actor=request.user, payment=id, customer=body.customer_id, key=key, at=now()
    )


@router.post("/statements", response={201: StatementOut, **WRITE}, summary="Read a bank statement")
@requires("invoice.create")
def read_statement(
    request: HttpRequest, account: Form[Short], file: File[UploadedFile], key: str = KEY
) -> Status[Any]:
    """CSV with date, amount and reference. The same file twice changes nothing; one bad cell
    refuses the file (`billing.statement` with `faults`: row, field, value)."""
    data = file.read(services.STATEMENT_BYTES_MAX + 1)
    made = services.read_statement(
        actor=request.user, account=account, file_name=file.name or "", data=data, key=key, at=now()
    )
    return Status(201, made)


@router.post("/matches", response={201: list[MatchOut], **WRITE}, summary="Match")
@requires("invoice.create")
def match(request: HttpRequest, body: MatchIn, key: str = KEY) -> Status[list[Match]]:
    """Payments and credit notes with invoices and payments out. 409 `billing.too-much` where more
    would be matched than is open, `billing.not-together` for another customer or currency."""
    pairs = [
        Pair(one.amount, one.payment_id, one.credit_note_id, one.invoice_id, one.paid_back_id)
        for one in body.pairs
    ]
    return Status(201, services.match(actor=request.user, pairs=pairs, key=key, at=now()))


@router.post("/matches/{id}/undo", response={201: MatchOut, **WRITE}, summary="Undo a match")
@requires("invoice.create")
def undo_match(
    request: HttpRequest, id: UUID, body: BillingReasonIn, key: str = KEY
) -> Status[Match]:
    """By another record of the negative amount; once (409 `billing.undone`)."""
    invoices.matched(id)
    made = services.unmatch(actor=request.user, matched=id, reason=body.reason, key=key, at=now())
    return Status(201, made)


@router.get("/due", response={200: list[BillingDueOut], **READ}, summary="What is due")
@requires("invoice.read")
def due(
    request: HttpRequest, on: dt.date | None = None, customer_id: UUID | None = None
) -> list[dict[str, Any]]:
    """Open instalments with their age on a day (today), the oldest first; at most 5,000."""
    return reports.due_list(on=on or today(), customer=customer_id)


@router.get("/margin/{by}", response={200: list[MarginOut], **READ}, summary="Margin")
@requires("ledger.read")
def margin(
    request: HttpRequest, by: Literal["customer", "order", "product"], since: dt.date | None = None,
    until: dt.date | None = None, currency: Currency = "CNY",
) -> list[dict[str, Any]]:  # fmt: skip
    """Issued invoices less credit notes against the ledger's cost; at most 5,000 rows."""
    return reports.margin(by=by, since=since, until=until, currency=currency)


@router.post("/ledger/batches", response={201: BatchOut, **WRITE}, summary="Export the journal")
@requires("ledger.create")
def export_journal(request: HttpRequest, body: ExportIn, key: str = KEY) -> Status[JournalBatch]:
    """Every line up to a day that has not left yet, each once. 409 `billing.nothing-to-export`."""
    made = services.export_journal(actor=request.user, until=body.until, key=key, at=now())
    return Status(201, made)


@router.get(
    "/ledger/batches/{id}/lines", response={200: list[JournalLineOut], **READ},
    summary="The lines of an export",
)  # fmt: skip
@requires("ledger.export")
def batch_lines(request: HttpRequest, id: UUID) -> list[Any]:
    """In the order of the file; at most 50,000."""
    return list(invoices.batch_lines(invoices.batch(id)))


@router.get(
    "/ledger/batches/{id}/file", response={200: bytes, **READ}, summary="The file of an export",
    openapi_extra={
        "responses": {
            200: {
                "description": "the file",
                "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)  # fmt: skip
@requires("ledger.export")
def batch_file(request: HttpRequest, id: UUID) -> HttpResponse:
    """CSV after RFC 4180; the same bytes every time."""
    return download_batch(request, id)
