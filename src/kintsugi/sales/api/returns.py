"""Returns and exchanges over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.sales import services
from kintsugi.sales.api.deliveries import DeliveryDetail, ScanIn
from kintsugi.sales.api.shapes import (
    KEY,
    Line400,
    Money,
    Qty,
    SalesProductRef,
    SalesReasonIn,
    codes,
)
from kintsugi.sales.kinds_delivery import DECISIONS, RETURN, RETURN_KINDS, RETURN_REASONS
from kintsugi.sales.models import Delivery, Return, ReturnLine
from kintsugi.sales.screens_delivery import RETURNS
from kintsugi.sales.selectors import deliveries, returns
from kintsugi.sales.services import Asked, Back, Decision
from kintsugi.sales.views import now

router = Router()
LINES_MAX = 2_000


class SalesReturnOut(Schema):
    """A return and how far it is."""

    id: UUID
    number: str = Field(examples=["RT-20261125-0001"])
    delivery_id: UUID
    customer_id: UUID
    customer_name: str
    kind: str = Field(description=codes(RETURN_KINDS))
    reason: str = Field(description=codes(RETURN_REASONS))
    status: str = Field(description=codes(dict(RETURN.states)))
    note: str
    requested_by_name: str
    requested_at: dt.datetime
    approved_by_name: str
    inspected_by_name: str
    credit_amount: Decimal | None
    end_reason: str


class SalesReturnLineOut(Schema):
    """So much of a thing that comes back, and what was decided."""

    id: UUID
    item_id: UUID
    product: SalesProductRef
    lot_no: str | None
    serial_no: str | None
    qty: Decimal
    received: Decimal
    decision: str = Field(description=f"empty, or {codes(DECISIONS)}")
    finding: str

    @staticmethod
    def resolve_product(row: ReturnLine) -> object:
        """The product."""
        return row.item.product

    @staticmethod
    def resolve_lot_no(row: ReturnLine) -> str | None:
        """The lot's number."""
        return row.item.lot.lot_no if row.item.lot else None

    @staticmethod
    def resolve_serial_no(row: ReturnLine) -> str | None:
        """The unit's serial number."""
        return row.item.unit.serial_no if row.item.unit else None


class SalesReturnDetail(SalesReturnOut):
    """A return with its lines."""

    lines: list[SalesReturnLineOut]

    @staticmethod
    def resolve_lines(row: Return) -> list[ReturnLine]:
        """Its lines in order."""
        return list(returns.return_lines(row.pk)[:LINES_MAX])


class AskedIn(Schema):
    """So much of a delivered thing."""

    item_id: UUID
    qty: Qty


class SalesReturnIn(Schema):
    """What is to come back, and why."""

    delivery_id: UUID
    kind: Literal["refund", "exchange", "repair", "scrap"]
    reason: Literal[
        "quality", "wrong_item", "transport_damage", "near_expiry", "recall", "repair", "trial_end"
    ]
    lines: list[AskedIn] = Field(min_length=1, max_length=LINES_MAX)
    note: Line400 = ""


class BackIn(Schema):
    """What came back, scanned."""

    scans: list[ScanIn] = Field(min_length=1, max_length=LINES_MAX)


class SalesDecisionIn(Schema):
    """What quality decides about a line."""

    line_id: UUID
    decision: Literal["restock", "repair", "exchange", "refund", "reject", "scrap", "to_maker"]
    finding: Line400 = Field(min_length=1)
    place_id: UUID | None = Field(None, description="the shelf, or the repairer's place")


class InspectIn(Schema):
    """A decision for each line that came back."""

    decisions: list[SalesDecisionIn] = Field(min_length=1, max_length=LINES_MAX)


class ExchangeIn(Schema):
    """Where the replacement comes from; null: the warehouse of the first delivery."""

    warehouse_id: UUID | None = None


class CloseIn(Schema):
    """What is credited, with tax."""

    credit_amount: Money | None = None


add_list(
    router, "/returns", RETURNS, SalesReturnOut, name="returns", summary="Returns and exchanges"
)


@router.get("/returns/{id}", response={200: SalesReturnDetail, **READ}, summary="One return")
@requires("return.read")
def return_of(request: HttpRequest, id: UUID) -> Return:
    """With its lines."""
    return returns.return_of(id)


@router.post("/returns", response={201: SalesReturnDetail, **WRITE}, summary="Ask for a return")
@requires("return.create")
def ask(request: HttpRequest, body: SalesReturnIn, key: str = KEY) -> Status[Return]:
    """Of goods that a delivery brought. 409 `sales.return-too-much`."""
    deliveries.delivery(body.delivery_id)
    made = services.request_return(
        actor=request.user, delivery=body.delivery_id, kind=body.kind, reason=body.reason,
        lines=[Asked(one.item_id, one.qty) for one in body.lines], note=body.note, key=key,
        at=now(),
    )  # fmt: skip
    return Status(201, returns.return_of(made.pk))


@router.post("/returns/{id}/approve", response={200: SalesReturnDetail, **WRITE},
             summary="Approve a return")  # fmt: skip
@requires("return.approve")
def approve(request: HttpRequest, id: UUID, key: str = KEY) -> Return:
    """By somebody else than who asked."""
    returns.return_of(id)
    services.approve_return(actor=request.user, return_of=id, key=key, at=now())
    return returns.return_of(id)


@router.post("/returns/{id}/reject", response={200: SalesReturnDetail, **WRITE},
             summary="Reject a return")  # fmt: skip
@requires("return.approve")
def reject(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Return:
    """Or end one of which nothing came."""
    returns.return_of(id)
    services.reject_return(actor=request.user, return_of=id, reason=body.reason, key=key, at=now())
    return returns.return_of(id)


@router.post("/returns/{id}/receive", response={200: SalesReturnDetail, **WRITE},
             summary="Receive what came back")  # fmt: skip
@requires("return.create")
def receive(request: HttpRequest, id: UUID, body: BackIn, key: str = KEY) -> Return:
    """Into the returns zone, to be inspected; what was not asked back is refused and named."""
    returns.return_of(id)
    services.receive_return(
        actor=request.user, return_of=id, scans=[Back(one.raw, one.qty) for one in body.scans],
        key=key, at=now(),
    )  # fmt: skip
    return returns.return_of(id)


@router.post("/returns/{id}/inspect", response={200: SalesReturnDetail, **WRITE},
             summary="Inspect a return")  # fmt: skip
@requires("return.approve")
def inspect(request: HttpRequest, id: UUID, body: InspectIn, key: str = KEY) -> Return:
    """A decision about each line; the goods go where it says."""
    returns.return_of(id)
    services.inspect_return(
        actor=request.user, return_of=id, key=key, at=now(),
        decisions=[
            Decision(one.line_id, one.decision, one.finding, one.place_id)
            for one in body.decisions
        ],
    )  # fmt: skip
    return returns.return_of(id)


@router.post("/returns/{id}/exchange", response={201: DeliveryDetail, **WRITE},
             summary="Make the delivery of an exchange")  # fmt: skip
@requires("delivery.create")
def exchange(request: HttpRequest, id: UUID, body: ExchangeIn, key: str = KEY) -> Status[Delivery]:
    """As many of the same products, kept for it at once."""
    returns.return_of(id)
    made = services.exchange(
        actor=request.user, return_of=id, warehouse=body.warehouse_id, key=key, at=now()
    )
    return Status(201, deliveries.delivery(made.pk))


@router.post("/returns/{id}/close", response={200: SalesReturnDetail, **WRITE},
             summary="Settle a return")  # fmt: skip
@requires("return.approve")
def close(request: HttpRequest, id: UUID, body: CloseIn, key: str = KEY) -> Return:
    """What was refunded says how much is credited."""
    returns.return_of(id)
    services.close_return(
        actor=request.user, return_of=id, credit_amount=body.credit_amount, key=key, at=now()
    )
    return returns.return_of(id)
