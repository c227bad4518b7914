"""Receipts, scans, acceptances and put-away over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.auth import language_of
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.core.errors import NotFound, Text
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.api.parts import (
    KEY,
    Code,
    Count,
    DocumentOut,
    PurchaseProductRef,
    PurchaseReasonIn,
    Qty,
    Raw,
    Reason,
    Serial,
    Word,
    codes,
    one_of,
)
from kintsugi.purchasing.kinds import CHECKS, FINDINGS, RECEIPT, REJECT_REASONS
from kintsugi.purchasing.models import Acceptance, Receipt, Scan
from kintsugi.purchasing.screens import ACCEPTANCES, RECEIPTS
from kintsugi.purchasing.services import Finding, Placing, Reading
from kintsugi.purchasing.services.scanning import Outcome
from kintsugi.purchasing.shelving import open_lines
from kintsugi.purchasing.views import now

router = Router()
Celsius = Annotated[Decimal, Field(ge=-273, le=200, max_digits=5, decimal_places=2)]
Hours = Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=1)]


class ReceiptLineOut(Schema):
    """A line that arrived."""

    id: UUID
    line: int
    product: PurchaseProductRef
    lot_no: str | None
    expiry_date: dt.date | None
    qty: Decimal
    qualified: Decimal
    rejected: Decimal
    put_away: Decimal
    returned: Decimal
    location: str
    finding: str

    @staticmethod
    def resolve_lot_no(row: Any) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_location(row: Any) -> str:
        """Where it was put down."""
        return str(row.location)


class PurchaseReceiptOut(DocumentOut):
    """A goods receipt."""

    status: str = Field(description=codes(RECEIPT))
    order: str
    supplier_name: str
    delivery_note: str
    arrived_on: dt.date
    arrival_temp: Decimal | None = Field(description="°C")
    transport_hours: Decimal | None
    receiver_name: str

    @staticmethod
    def resolve_order(row: Receipt) -> str:
        """Its number."""
        return str(row.order.number)

    @staticmethod
    def resolve_supplier_name(row: Receipt) -> str:
        """As the order names it."""
        return str(row.order.supplier_name)


class ReceiptDetail(PurchaseReceiptOut):
    """A receipt with its lines (once it is posted) and acceptances."""

    lines: list[ReceiptLineOut]
    acceptances: list[str]
    posting_id: UUID | None

    @staticmethod
    def resolve_lines(row: Receipt) -> list[Any]:
        """In order."""
        return list(selectors.receipt_lines(row))

    @staticmethod
    def resolve_acceptances(row: Receipt) -> list[str]:
        """Their numbers."""
        return list(row.acceptances.order_by("number").values_list("number", flat=True))


class PurchaseReceiptIn(Schema):
    """What arrives."""

    order_no: Code
    notice_id: UUID | None = None
    delivery_note: Code = Field(description="the supplier's", max_length=80)
    arrived_on: dt.date | None = Field(None, description="today unless said")
    arrival_temp: Celsius | None = Field(None, description="°C; chilled goods need it")
    transport_hours: Hours | None = None
    late_reason: Reason = ""


class ArrivalIn(Schema):
    """How the goods travelled."""

    arrival_temp: Celsius | None
    transport_hours: Hours | None


class PurchaseReadingIn(Schema):
    """One thing: `raw` as scanned, or typed words, which also fill in what a label lacks."""

    raw: Raw = ""
    product_code: Word = ""
    lot_no: Word = ""
    serial_no: Word = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    qty: Qty = Field(Decimal(1), description="packages of what was scanned, or pieces")


class PurchaseScansIn(Schema):
    """Several things, each judged on its own."""

    readings: list[PurchaseReadingIn] = Field(min_length=1, max_length=5_000)


class OutcomeOut(Schema):
    """What became of a reading, in the order they came."""

    counted: Decimal = Field(description="base units; 0 where it was refused")
    product_code: str
    code: str | None = Field(description="why it was refused, stable")
    message: str | None
    remedy: str | None


class OutcomesOut(Schema):
    """What became of all of them."""

    items: list[OutcomeOut]


class FindingIn(Schema):
    """What was found of a line. Qualified and rejected are what arrived."""

    line: int = Field(ge=1)
    qualified: Count
    rejected: Count = Decimal(0)
    checks: dict[
        Literal["appearance", "label", "certificate", "package", "expiry", "documents"],
        Literal["pass", "fail", "none"],
    ] = Field(description=f"all of them: {codes(CHECKS)}; each {codes(FINDINGS)}")
    sample: Count | None = Field(None, description="as planned unless said")
    sample_reason: Reason = ""
    reject_reason: str = Field("", description=codes(REJECT_REASONS))
    rejected_serials: list[Serial] = Field([], max_length=5_000)
    note: Reason = ""

    def plain_checks(self) -> dict[str, str]:
        """The checks as texts."""
        return {str(name): str(found) for name, found in self.checks.items()}


class AcceptanceIn(Schema):
    """The lines that were inspected."""

    findings: list[FindingIn] = Field(min_length=1, max_length=500)
    note: Reason = ""


class AcceptanceLineOut(Schema):
    """What was found of a line."""

    line: int
    product_code: str
    arrived: Decimal
    sample_planned: Decimal
    sample_size: Decimal
    checks: dict[str, str]
    qualified: Decimal
    rejected: Decimal
    reject_reason: str
    rejected_serials: list[str]
    note: str

    @staticmethod
    def resolve_line(row: Any) -> int:
        """Its number on the receipt."""
        return int(row.receipt_line.line)

    @staticmethod
    def resolve_product_code(row: Any) -> str:
        """The product."""
        return str(row.receipt_line.product.product_code)


class AcceptanceOut(Schema):
    """An acceptance."""

    id: UUID
    number: str
    receipt: str
    inspected_on: dt.date
    inspected_at: dt.datetime
    inspector_name: str
    note: str

    @staticmethod
    def resolve_receipt(row: Acceptance) -> str:
        """The number of the receipt."""
        return str(row.receipt.number)


class AcceptanceDetail(AcceptanceOut):
    """An acceptance with its lines."""

    lines: list[AcceptanceLineOut]

    @staticmethod
    def resolve_lines(row: Acceptance) -> list[Any]:
        """In order."""
        found = row.lines.select_related("receipt_line__product")
        return list(found.order_by("receipt_line__line"))


class PlacingIn(Schema):
    """So much of a line onto a shelf; serial units may be named."""

    line: int = Field(ge=1)
    place: Code = Field(description="WAREHOUSE/LOCATION, or the code alone")
    qty: Qty = Decimal(1)
    serials: list[Serial] = Field([], max_length=5_000)


class PlacingsIn(Schema):
    """All of them or none."""

    placings: list[PlacingIn] = Field(min_length=1, max_length=5_000)


class ProposalOut(Schema):
    """Where goods of a line may be put, the best first."""

    line: int
    open: Decimal
    shelves: list[str]


class ProposalsOut(Schema):
    """Lines of which goods wait for a shelf."""

    items: list[ProposalOut]


add_list(
    router,
    "/receipts",
    RECEIPTS,
    PurchaseReceiptOut,
    name="goods_receipts",
    summary="Goods receipts",
)
add_list(router, "/acceptances", ACCEPTANCES, AcceptanceOut, name="goods_acceptances",
         summary="Acceptances")  # fmt: skip


@router.get("/receipts/{id}", response={200: ReceiptDetail, **READ}, summary="One receipt")
@requires("inbound.read")
def goods_receipt(request: HttpRequest, id: UUID) -> Receipt:
    """With lines and acceptances."""
    return _receipt(id)


@router.post("/receipts", response={201: ReceiptDetail, **WRITE}, summary="Open a receipt")
@requires("inbound.create")
def open_goods_receipt(
    request: HttpRequest, body: PurchaseReceiptIn, key: str = KEY
) -> Status[Receipt]:
    """For an order that is placed: nothing is received without one (`purchasing.no-order`)."""
    made = services.open_receipt(
        actor=request.user, order_no=body.order_no, delivery_note=body.delivery_note, key=key,
        at=now(), arrived_on=body.arrived_on, notice=body.notice_id,
        arrival_temp=body.arrival_temp, transport_hours=body.transport_hours,
        late_reason=body.late_reason,
    )  # fmt: skip
    return Status(201, _receipt(made.pk))


@router.post(
    "/receipts/{id}/arrival",
    response={200: ReceiptDetail, **WRITE},
    summary="Temperature and hours",
)
@requires("inbound.create")
def describe_arrival(request: HttpRequest, id: UUID, body: ArrivalIn, key: str = KEY) -> Receipt:
    """While the receipt is open."""
    _receipt(id)
    services.describe_arrival(actor=request.user, receipt=id, key=key, **body.model_dump())
    return _receipt(id)


@router.post(
    "/receipts/{id}/scans",
    response={200: OutcomesOut, **WRITE},
    summary="Count things into a receipt",
)
@requires("inbound.create")
def scan_goods(
    request: HttpRequest, id: UUID, body: PurchaseScansIn, key: str = KEY
) -> dict[str, Any]:
    """Each is counted or refused on its own; what was counted stays. The same key gives the same
    answer and counts nothing twice."""
    _receipt(id)
    readings = [Reading(**dict(one)) for one in body.readings]
    outcomes = services.scan(actor=request.user, receipt=id, readings=readings, key=key, at=now())
    language = language_of(request)
    return {"items": [_outcome(one, language) for one in outcomes]}


def _outcome(one: Outcome, language: str) -> dict[str, Any]:
    error = one.refusal
    return {
        "counted": one.counted,
        "product_code": one.product_code,
        "code": error.code if error else None,
        "message": error.message.get(language) if error else None,
        "remedy": error.remedy.get(language) if error else None,
    }


@router.post(
    "/scans/{id}/take-out", response={200: ReceiptDetail, **WRITE}, summary="Take a scan out"
)
@requires("inbound.create")
def take_out_scan(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Receipt:
    """It stays on record, voided, with the reason."""
    row = Scan.objects.filter(pk=id).first()
    if row is None:
        raise NotFound(Text("扫描", "scan"), str(id))
    services.take_out(actor=request.user, scan=id, reason=body.reason, key=key)
    return _receipt(row.receipt_id)


@router.post(
    "/receipts/{id}/post", response={200: ReceiptDetail, **WRITE}, summary="Post a receipt"
)
@requires("inbound.create")
def post_goods_receipt(request: HttpRequest, id: UUID, key: str = KEY) -> Receipt:
    """Everything scanned comes in, to be inspected; all of it or nothing."""
    _receipt(id)
    services.post_receipt(actor=request.user, receipt=id, key=key, at=now())
    return _receipt(id)


@router.post(
    "/receipts/{id}/cancel", response={200: ReceiptDetail, **WRITE}, summary="Cancel a receipt"
)
@requires("inbound.create")
def cancel_goods_receipt(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Receipt:
    """While it is open; nothing has moved."""
    _receipt(id)
    services.cancel_receipt(actor=request.user, receipt=id, reason=body.reason, key=key)
    return _receipt(id)


@router.post(
    "/receipts/{id}/reverse", response={200: ReceiptDetail, **WRITE}, summary="Reverse a receipt"
)
@requires("inbound.create")
def reverse_goods_receipt(
    request: HttpRequest, id: UUID, body: PurchaseReasonIn, key: str = KEY
) -> Receipt:
    """While nothing of it was inspected or moved; 403 for whoever received it."""
    _receipt(id)
    services.reverse_receipt(actor=request.user, receipt=id, reason=body.reason, key=key, at=now())
    return _receipt(id)


@router.post(
    "/receipts/{id}/acceptances", response={201: AcceptanceDetail, **WRITE}, summary="Accept"
)
@requires("inbound.approve")
def accept_goods(
    request: HttpRequest, id: UUID, body: AcceptanceIn, key: str = KEY
) -> Status[Acceptance]:
    """403 for buyer (`purchasing.bought-it`) and receiver (`purchasing.received-it`); lines that
    are left out wait for another inspection."""
    _receipt(id)
    made = services.accept(
        actor=request.user, receipt=id, key=key, at=now(), note=body.note,
        findings=[
            Finding(
                one.line, one.qualified, one.rejected, one.plain_checks(), one.sample,
                one.sample_reason, one.reject_reason, tuple(one.rejected_serials), one.note,
            )
            for one in body.findings
        ],
    )  # fmt: skip
    return Status(201, _acceptance(made.pk))


@router.get("/acceptances/{id}", response={200: AcceptanceDetail, **READ}, summary="One acceptance")
@requires("inbound.read")
def goods_acceptance(request: HttpRequest, id: UUID) -> Acceptance:
    """With its lines."""
    return _acceptance(id)


@router.get(
    "/receipts/{id}/shelves", response={200: ProposalsOut, **READ}, summary="Where goods may be put"
)
@requires("inbound.read")
def proposed_shelves(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Where the lot lies first, then the product, then what is empty; the temperature fits."""
    return {
        "items": [
            {
                "line": one.line,
                "open": one.open,
                "shelves": [f"{bin['warehouse']}/{bin['code']}" for bin in one.bins],
            }
            for one in open_lines(_receipt(id))
        ]
    }


@router.post("/receipts/{id}/put-away", response={200: ReceiptDetail, **WRITE}, summary="Put away")
@requires("inbound.create")
def put_goods_away(request: HttpRequest, id: UUID, body: PlacingsIn, key: str = KEY) -> Receipt:
    """Accepted goods onto shelves for qualified goods of the receipt's own warehouse."""
    _receipt(id)
    placings = [Placing(one.line, one.place, one.qty, tuple(one.serials)) for one in body.placings]
    services.put_away(actor=request.user, receipt=id, placings=placings, key=key, at=now())
    return _receipt(id)


def _receipt(id: UUID) -> Receipt:
    found: Receipt = one_of(selectors.receipts(), id, "收货单", "goods receipt")
    return found


def _acceptance(id: UUID) -> Acceptance:
    found: Acceptance = one_of(selectors.acceptances(), id, "验收记录", "acceptance")
    return found
