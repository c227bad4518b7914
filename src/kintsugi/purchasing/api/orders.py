"""Requests, orders and advance notices over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.core.errors import NotFound, Text
from kintsugi.parties import selectors as parties
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.api.parts import (
    KEY,
    Code,
    DocumentOut,
    Price,
    PurchaseDecisionIn,
    PurchaseProductRef,
    PurchaseReasonIn,
    Qty,
    Rate,
    Reason,
    Serial,
    Word,
    codes,
    one_of,
    products_of,
    warehouse_of,
)
from kintsugi.purchasing.kinds import NOTICE, ORDER, REQUEST, SOURCES
from kintsugi.purchasing.models import Notice, Order, Request
from kintsugi.purchasing.screens import NOTICES, ORDERS, REQUESTS
from kintsugi.purchasing.services import NoticeLineIn, OrderLineIn, RequestLineIn
from kintsugi.purchasing.views import now

router = Router()
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class RequestLineOut(Schema):
    """A line of a purchase request."""

    line: int
    product: PurchaseProductRef
    qty: Decimal
    wanted_by: dt.date | None
    why: str


class RequestOut(DocumentOut):
    """A purchase request."""

    status: str = Field(description=codes(REQUEST))
    source: str = Field(description=codes(SOURCES))
    source_ref: str
    why: str
    requested_by_name: str
    decided_by_name: str
    decided_at: dt.datetime | None
    decision_note: str


class RequestDetail(RequestOut):
    """A purchase request with its lines."""

    lines: list[RequestLineOut]

    @staticmethod
    def resolve_lines(row: Request) -> list[Any]:
        """In order."""
        return list(row.lines.select_related("product").order_by("line"))


class RequestLineBody(Schema):
    """So much of a product."""

    product_code: Code
    qty: Qty
    wanted_by: dt.date | None = None
    why: Reason = ""


class RequestIn(Schema):
    """What is needed."""

    warehouse: Code = Field(description="its code")
    source: Literal["manual", "demand", "work_order"] = "manual"
    source_ref: Word = ""
    why: Reason = Field(min_length=1)
    lines: list[RequestLineBody] = Field(min_length=1, max_length=500)


class PurchaseOrderLineOut(Schema):
    """A line of an order."""

    line: int
    product: PurchaseProductRef
    qty: Decimal
    unit_price: Decimal = Field(description="net, for one base unit")
    tax_rate: Decimal
    expected_on: dt.date | None
    over_percent: Decimal
    min_remaining_days: int
    received: Decimal


class PurchaseOrderOut(DocumentOut):
    """A purchase order."""

    status: str = Field(description=codes(ORDER))
    supplier_id: UUID
    supplier_name: str
    warehouse: str
    request: str | None
    currency: str
    expected_on: dt.date | None
    ordered_on: dt.date | None
    buyer_name: str
    decided_by_name: str

    @staticmethod
    def resolve_warehouse(row: Order) -> str:
        """Its code."""
        return str(row.warehouse.code)

    @staticmethod
    def resolve_request(row: Order) -> str | None:
        """The number of the request it comes from."""
        return row.request.number if row.request else None


class PurchaseOrderDetail(PurchaseOrderOut):
    """An order with lines and the verdicts of when it was last judged."""

    terms: str
    decision_note: str
    end_reason: str
    verdicts: list[dict[str, Any]]
    lines: list[PurchaseOrderLineOut]

    @staticmethod
    def resolve_lines(row: Order) -> list[Any]:
        """In order."""
        return list(row.lines.select_related("product").order_by("line"))


class OrderLineBody(Schema):
    """A product to be bought."""

    product_code: Code
    qty: Qty
    unit_price: Price
    tax_rate: Rate = Decimal("0.13")
    expected_on: dt.date | None = None
    over_percent: Percent = Decimal(0)
    min_remaining_days: int = Field(0, ge=0, le=10_000)


class PurchaseOrderIn(Schema):
    """From whom, for which warehouse, what."""

    supplier_id: UUID
    warehouse: Code
    request_id: UUID | None = None
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    expected_on: dt.date | None = None
    terms: Reason = ""
    lines: list[OrderLineBody] = Field(min_length=1, max_length=500)


class NoteIn(Schema):
    """A word about it."""

    note: Reason = ""


class NoticeLineOut(Schema):
    """What is on its way of a line of the order."""

    line: int
    order_line: int
    qty: Decimal
    lot_no: str
    mfg_date: dt.date | None
    expiry_date: dt.date | None
    serials: list[str]

    @staticmethod
    def resolve_order_line(row: Any) -> int:
        """The line's number on the order."""
        return int(row.order_line.line)


class NoticeOut(DocumentOut):
    """An advance notice."""

    status: str = Field(description=codes(NOTICE))
    order: str
    shipment_no: str
    carrier: str
    waybill: str
    shipped_on: dt.date | None
    expected_on: dt.date

    @staticmethod
    def resolve_order(row: Notice) -> str:
        """Its number."""
        return str(row.order.number)


class NoticeDetail(NoticeOut):
    """A notice with its lines."""

    lines: list[NoticeLineOut]

    @staticmethod
    def resolve_lines(row: Notice) -> list[Any]:
        """In order."""
        return list(row.lines.select_related("order_line").order_by("line"))


class NoticeLineBody(Schema):
    """What is on its way of a line of the order, by the line's number there."""

    order_line: int = Field(ge=1)
    qty: Qty
    lot_no: Word = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    serials: list[Serial] = Field([], max_length=5_000)


class NoticeIn(Schema):
    """What a supplier has sent."""

    shipment_no: Code
    carrier: Word = ""
    waybill: Word = ""
    shipped_on: dt.date | None = None
    expected_on: dt.date
    lines: list[NoticeLineBody] = Field(min_length=1, max_length=500)


add_list(router, "/requests", REQUESTS, RequestOut, name="requisitions",
         summary="Purchase requests")  # fmt: skip
add_list(
    router, "/orders", ORDERS, PurchaseOrderOut, name="purchase_orders", summary="Purchase orders"
)
add_list(router, "/notices", NOTICES, NoticeOut, name="advance_notices", summary="Advance notices")


# -- requests --------------------------------------------------------------------------------------


@router.get("/requests/{id}", response={200: RequestDetail, **READ}, summary="One request")
@requires("requisition.read")
def requisition(request: HttpRequest, id: UUID) -> Request:
    """With its lines."""
    return _request(id)


@router.post("/requests", response={201: RequestDetail, **WRITE}, summary="Ask for a purchase")
@requires("requisition.create")
def make_requisition(request: HttpRequest, body: RequestIn, key: str = KEY) -> Status[Request]:
    """It waits for the approval of another person."""
    found = products_of(line.product_code for line in body.lines)
    made = services.make_request(
        actor=request.user, warehouse=warehouse_of(body.warehouse).pk, why=body.why, key=key,
        at=now(), source=body.source, source_ref=body.source_ref,
        lines=[
            RequestLineIn(product.pk, line.qty, line.wanted_by, line.why)
            for product, line in zip(found, body.lines, strict=True)
        ],
    )  # fmt: skip
    return Status(201, made)


@router.post(
    "/requests/{id}/decide", response={200: RequestDetail, **WRITE}, summary="Decide a request"
)
@requires("requisition.approve")
def decide_requisition(
    request: HttpRequest, id: UUID, body: PurchaseDecisionIn, key: str = KEY
) -> Request:
    """403 for whoever asked (`purchasing.same-person`)."""
    _request(id)
    return services.decide_request(
        actor=request.user, request=id, approve=body.approve, note=body.note, key=key, at=now()
    )


@router.post(
    "/requests/{id}/cancel", response={200: RequestDetail, **WRITE}, summary="Cancel a request"
)
@requires("requisition.create")
def cancel_requisition(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Request:
    """Before it is ordered."""
    _request(id)
    return services.cancel_request(actor=request.user, request=id, reason=body.reason, key=key)


def _request(id: UUID) -> Request:
    found: Request = one_of(selectors.requests(), id, "请购单", "purchase request")
    return found


# -- orders ----------------------------------------------------------------------------------------


@router.get("/orders/{id}", response={200: PurchaseOrderDetail, **READ}, summary="One order")
@requires("purchase.read")
def purchase_order(request: HttpRequest, id: UUID) -> Order:
    """With lines and verdicts."""
    return _order(id)


@router.post("/orders", response={201: PurchaseOrderDetail, **WRITE}, summary="Draft an order")
@requires("purchase.create")
def draft_purchase(request: HttpRequest, body: PurchaseOrderIn, key: str = KEY) -> Status[Order]:
    """Whoever sends this is its buyer."""
    supplier = parties.parties().filter(pk=body.supplier_id).first()
    if supplier is None:
        raise NotFound(Text("供应商", "supplier"), str(body.supplier_id))
    found = products_of(line.product_code for line in body.lines)
    made = services.draft_order(
        actor=request.user, supplier=supplier, warehouse=warehouse_of(body.warehouse).pk, key=key,
        at=now(), expected_on=body.expected_on, currency=body.currency, terms=body.terms,
        request=body.request_id,
        lines=[
            OrderLineIn(
                product.pk, line.qty, line.unit_price, line.tax_rate, line.expected_on,
                line.over_percent, line.min_remaining_days,
            )
            for product, line in zip(found, body.lines, strict=True)
        ],
    )  # fmt: skip
    return Status(201, _order(made.pk))


@router.post(
    "/orders/{id}/submit", response={200: PurchaseOrderDetail, **WRITE}, summary="Hand an order in"
)
@requires("purchase.edit")
def submit_purchase(request: HttpRequest, id: UUID, key: str = KEY) -> Order:
    """409 while a check fails (`purchasing.not-passed`, with the reasons)."""
    _order(id)
    services.submit_order(actor=request.user, order=id, key=key, at=now())
    return _order(id)


@router.post(
    "/orders/{id}/approve",
    response={200: PurchaseOrderDetail, **WRITE},
    summary="Approve and place",
)
@requires("purchase.approve")
def approve_purchase(request: HttpRequest, id: UUID, body: NoteIn, key: str = KEY) -> Order:
    """403 for its buyer (`purchasing.same-person`); the checks are made again."""
    _order(id)
    services.approve_order(actor=request.user, order=id, note=body.note, key=key, at=now())
    return _order(id)


@router.post(
    "/orders/{id}/send-back",
    response={200: PurchaseOrderDetail, **WRITE},
    summary="Send an order back",
)
@requires("purchase.approve")
def send_back_purchase(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Order:
    """To its buyer, as a draft."""
    _order(id)
    services.send_back_order(actor=request.user, order=id, reason=body.reason, key=key)
    return _order(id)


@router.post("/orders/{id}/cancel", response={200: PurchaseOrderDetail, **WRITE}, summary="Cancel")
@requires("purchase.edit")
def cancel_purchase(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Order:
    """409 while goods are on their way or being received."""
    _order(id)
    services.cancel_order(actor=request.user, order=id, reason=body.reason, key=key)
    return _order(id)


@router.post("/orders/{id}/close", response={200: PurchaseOrderDetail, **WRITE}, summary="Close")
@requires("purchase.edit")
def close_purchase(request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY) -> Order:
    """What has not come is not waited for any more."""
    _order(id)
    services.close_order(actor=request.user, order=id, reason=body.reason, key=key)
    return _order(id)


def _order(id: UUID) -> Order:
    found: Order = one_of(selectors.orders(), id, "采购订单", "purchase order")
    return found


# -- notices ---------------------------------------------------------------------------------------


@router.get("/notices/{id}", response={200: NoticeDetail, **READ}, summary="One advance notice")
@requires("purchase.read")
def advance_notice(request: HttpRequest, id: UUID) -> Notice:
    """With its lines."""
    return _notice(id)


@router.post(
    "/orders/{id}/notices", response={201: NoticeDetail, **WRITE}, summary="Announce a shipment"
)
@requires("purchase.edit")
def announce_shipment(
    request: HttpRequest, id: UUID, body: NoticeIn, key: str = KEY
) -> Status[Notice]:
    """A supplier's shipment number comes once for an order; nothing moves."""
    _order(id)
    lines = [
        NoticeLineIn(one.order_line, one.qty, one.lot_no, one.mfg_date, one.expiry_date,
                     tuple(one.serials))
        for one in body.lines
    ]  # fmt: skip
    made = services.announce(
        actor=request.user, order=id, shipment_no=body.shipment_no, carrier=body.carrier,
        waybill=body.waybill, shipped_on=body.shipped_on, expected_on=body.expected_on,
        lines=lines, key=key, at=now(),
    )  # fmt: skip
    return Status(201, _notice(made.pk))


@router.post(
    "/notices/{id}/cancel", response={200: NoticeDetail, **WRITE}, summary="Cancel a notice"
)
@requires("purchase.edit")
def cancel_advance_notice(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Notice:
    """The goods do not come."""
    _notice(id)
    services.cancel_notice(actor=request.user, notice=id, reason=body.reason, key=key)
    return _notice(id)


def _notice(id: UUID) -> Notice:
    found: Notice = one_of(selectors.notices(), id, "到货通知", "advance notice")
    return found
