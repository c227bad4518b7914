"""Returns to suppliers and suppliers' invoices over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.core.errors import NotFound, Text
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.api.parts import (
    KEY,
    Code,
    DocumentOut,
    Price,
    PurchaseDecisionIn,
    PurchaseReasonIn,
    Qty,
    Rate,
    Reason,
    Serial,
    Word,
    codes,
    one_of,
)
from kintsugi.purchasing.kinds import INVOICE, MATCHES, RETURN, RETURN_REASONS
from kintsugi.purchasing.models import Invoice, InvoiceLine, Return
from kintsugi.purchasing.screens import INVOICES, RETURNS
from kintsugi.purchasing.services import InvoiceLineIn, ReturnLineIn
from kintsugi.purchasing.views import now

router = Router()


class PurchaseReturnLineOut(Schema):
    """So much of a line that arrived."""

    line: int
    receipt_line_id: UUID
    product_code: str
    serial_no: str | None
    location: str
    quality: str
    qty: Decimal

    @staticmethod
    def resolve_product_code(row: Any) -> str:
        """The product."""
        return str(row.receipt_line.product.product_code)

    @staticmethod
    def resolve_serial_no(row: Any) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None

    @staticmethod
    def resolve_location(row: Any) -> str:
        """Where it lies."""
        return str(row.location)


class PurchaseReturnOut(DocumentOut):
    """A return to a supplier."""

    status: str = Field(description=codes(RETURN))
    supplier_name: str
    reason: str = Field(description=codes(RETURN_REASONS))
    why: str
    requested_by_name: str
    decided_by_name: str
    shipped_on: dt.date | None
    credit_expected: Decimal
    credit_no: str
    credited_on: dt.date | None


class PurchaseReturnDetail(PurchaseReturnOut):
    """A return with its lines."""

    carrier: str
    waybill: str
    lines: list[PurchaseReturnLineOut]

    @staticmethod
    def resolve_lines(row: Return) -> list[Any]:
        """In order."""
        found = row.lines.select_related("receipt_line__product", "location__warehouse", "unit")
        return list(found.order_by("line"))


class ReturnLineBody(Schema):
    """So much of a line of a receipt, from where it lies now; serial units are named."""

    receipt_line_id: UUID
    place: Code
    quality: Literal["pending", "qualified", "rejected"]
    qty: Qty = Decimal(1)
    serials: list[Serial] = Field([], max_length=5_000)


class PurchaseReturnIn(Schema):
    """What goes back."""

    reason: Literal["rejected", "held", "recalled", "expired", "agreed"]
    why: Reason = Field(min_length=1)
    lines: list[ReturnLineBody] = Field(min_length=1, max_length=500)


class ShipmentIn(Schema):
    """With whom it goes."""

    carrier: Word = ""
    waybill: Word = Field("", max_length=80)


class PurchaseCreditIn(Schema):
    """The supplier's credit note."""

    credit_no: Code = Field(max_length=80)
    credited_on: dt.date


class PurchaseInvoiceLineOut(Schema):
    """A line of an invoice and how it matches."""

    id: UUID
    line: int
    order_line: int
    qty: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    price_ordered: Decimal
    qty_open: Decimal = Field(description="accepted, not gone back, on no other invoice")
    result: str = Field(description=codes(MATCHES))
    resolution: str
    resolved_by_name: str

    @staticmethod
    def resolve_order_line(row: InvoiceLine) -> int:
        """Its number on the order."""
        return int(row.order_line.line)


class PurchaseInvoiceOut(DocumentOut):
    """A supplier's invoice."""

    status: str = Field(description=codes(INVOICE))
    order: str
    supplier_id: UUID
    invoice_no: str
    invoiced_on: dt.date
    currency: str
    entered_by_name: str
    decided_by_name: str

    @staticmethod
    def resolve_order(row: Invoice) -> str:
        """Its number."""
        return str(row.order.number)


class PurchaseInvoiceDetail(PurchaseInvoiceOut):
    """An invoice with its lines."""

    decision_note: str
    lines: list[PurchaseInvoiceLineOut]

    @staticmethod
    def resolve_lines(row: Invoice) -> list[Any]:
        """In order."""
        return list(row.lines.select_related("order_line").order_by("line"))


class InvoiceLineBody(Schema):
    """A line, by the line's number on the order."""

    order_line: int = Field(ge=1)
    qty: Qty
    unit_price: Price
    tax_rate: Rate = Decimal("0.13")


class PurchaseInvoiceIn(Schema):
    """What the supplier wants to be paid."""

    order_id: UUID
    invoice_no: Code = Field(max_length=80)
    invoiced_on: dt.date
    lines: list[InvoiceLineBody] = Field(min_length=1, max_length=500)


class ResolutionIn(Schema):
    """How a difference is settled."""

    resolution: Reason = Field(min_length=1)


add_list(router, "/returns", RETURNS, PurchaseReturnOut, name="supplier_returns",
         summary="Returns to suppliers")  # fmt: skip
add_list(router, "/invoices", INVOICES, PurchaseInvoiceOut, name="supplier_invoices",
         summary="Suppliers' invoices")  # fmt: skip


# -- returns ---------------------------------------------------------------------------------------


@router.get("/returns/{id}", response={200: PurchaseReturnDetail, **READ}, summary="One return")
@requires("inbound.read")
def supplier_return(request: HttpRequest, id: UUID) -> Return:
    """With its lines."""
    return _return(id)


@router.post("/returns", response={201: PurchaseReturnDetail, **WRITE}, summary="Ask for a return")
@requires("inbound.create")
def ask_supplier_return(
    request: HttpRequest, body: PurchaseReturnIn, key: str = KEY
) -> Status[Return]:
    """Tied to lines of receipts of one supplier and one warehouse; not more than came."""
    lines = [
        ReturnLineIn(one.receipt_line_id, one.place, one.quality, one.qty, tuple(one.serials))
        for one in body.lines
    ]
    made = services.request_return(
        actor=request.user, lines=lines, reason=body.reason, why=body.why, key=key, at=now()
    )
    return Status(201, _return(made.pk))


@router.post(
    "/returns/{id}/decide", response={200: PurchaseReturnDetail, **WRITE}, summary="Decide a return"
)
@requires("purchase.approve")
def decide_supplier_return(
    request: HttpRequest, id: UUID, body: PurchaseDecisionIn, key: str = KEY
) -> Return:
    """403 for whoever asked."""
    _return(id)
    services.decide_return(
        actor=request.user, goods_return=id, approve=body.approve, note=body.note, key=key, at=now()
    )
    return _return(id)


@router.post(
    "/returns/{id}/cancel", response={200: PurchaseReturnDetail, **WRITE}, summary="Cancel a return"
)
@requires("inbound.create")
def cancel_supplier_return(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Return:
    """Before the goods have left."""
    _return(id)
    services.cancel_return(actor=request.user, goods_return=id, reason=body.reason, key=key)
    return _return(id)


@router.post(
    "/returns/{id}/ship", response={200: PurchaseReturnDetail, **WRITE}, summary="Send goods back"
)
@requires("inbound.create")
def ship_supplier_return(
    request: HttpRequest, id: UUID, body: ShipmentIn, key: str = KEY
) -> Return:
    """The ledger moves them to the supplier; a credit is expected."""
    _return(id)
    services.ship_return(
        actor=request.user, goods_return=id, carrier=body.carrier, waybill=body.waybill, key=key,
        at=now(),
    )  # fmt: skip
    return _return(id)


@router.post(
    "/returns/{id}/credit",
    response={200: PurchaseReturnDetail, **WRITE},
    summary="Record the credit note",
)
@requires("payable.create")
def credit_supplier_return(
    request: HttpRequest, id: UUID, body: PurchaseCreditIn, key: str = KEY
) -> Return:
    """The supplier's credit note has come."""
    _return(id)
    services.credit_return(
        actor=request.user, goods_return=id, credit_no=body.credit_no,
        credited_on=body.credited_on, key=key,
    )  # fmt: skip
    return _return(id)


def _return(id: UUID) -> Return:
    found: Return = one_of(selectors.returns(), id, "退供单", "return to a supplier")
    return found


# -- invoices --------------------------------------------------------------------------------------


@router.get(
    "/invoices/{id}",
    response={200: PurchaseInvoiceDetail, **READ},
    summary="One supplier's invoice",
)
@requires("payable.read")
def supplier_invoice(request: HttpRequest, id: UUID) -> Invoice:
    """With its match."""
    return _invoice(id)


@router.post(
    "/invoices", response={201: PurchaseInvoiceDetail, **WRITE}, summary="Enter an invoice"
)
@requires("payable.create")
def enter_supplier_invoice(
    request: HttpRequest, body: PurchaseInvoiceIn, key: str = KEY
) -> Status[Invoice]:
    """Every line is matched at once against price and accepted quantity."""
    one_of(selectors.orders(), body.order_id, "采购订单", "purchase order")
    made = services.enter_invoice(
        actor=request.user, order=body.order_id, invoice_no=body.invoice_no,
        invoiced_on=body.invoiced_on, key=key, at=now(),
        lines=[
            InvoiceLineIn(one.order_line, one.qty, one.unit_price, one.tax_rate)
            for one in body.lines
        ],
    )  # fmt: skip
    return Status(201, _invoice(made.pk))


@router.post(
    "/invoice-lines/{id}/resolve",
    response={200: PurchaseInvoiceDetail, **WRITE},
    summary="Resolve a difference",
)
@requires("payable.create")
def resolve_invoice_line(
    request: HttpRequest, id: UUID, body: ResolutionIn, key: str = KEY
) -> Invoice:
    """Who resolved it, when and how stays on the line."""
    row = InvoiceLine.objects.filter(pk=id).first()
    if row is None:
        raise NotFound(Text("发票行", "line of an invoice"), str(id))
    services.resolve_difference(
        actor=request.user, line=id, resolution=body.resolution, key=key, at=now()
    )
    return _invoice(row.invoice_id)


@router.post(
    "/invoices/{id}/match", response={200: PurchaseInvoiceDetail, **WRITE}, summary="Match again"
)
@requires("payable.create")
def match_supplier_invoice(request: HttpRequest, id: UUID, key: str = KEY) -> Invoice:
    """By what was accepted, went back and was invoiced since."""
    _invoice(id)
    services.match_again(actor=request.user, invoice=id, key=key)
    return _invoice(id)


@router.post(
    "/invoices/{id}/decide",
    response={200: PurchaseInvoiceDetail, **WRITE},
    summary="Decide an invoice",
)
@requires("payable.approve")
def decide_supplier_invoice(
    request: HttpRequest, id: UUID, body: PurchaseDecisionIn, key: str = KEY
) -> Invoice:
    """403 for whoever entered it; 409 while a difference is open."""
    _invoice(id)
    services.decide_invoice(
        actor=request.user, invoice=id, approve=body.approve, note=body.note, key=key, at=now()
    )
    return _invoice(id)


def _invoice(id: UUID) -> Invoice:
    found: Invoice = one_of(selectors.invoices(), id, "供应商发票", "supplier's invoice")
    return found
