"""Deliveries over HTTP: waves, picking and checking by scan, shipment, receipts."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Words
from kintsugi.sales import services
from kintsugi.sales.api.shapes import KEY, Code, Line400, Qty, SalesProductRef, SalesReasonIn, codes
from kintsugi.sales.kinds_delivery import DELIVERY, MODES, OUTCOMES
from kintsugi.sales.models import Delivery, DeliveryItem, DeliveryLine, Receipt, Wave
from kintsugi.sales.screens_delivery import DELIVERIES, WAVES
from kintsugi.sales.selectors import deliveries
from kintsugi.sales.services import Arrived, Scan, Signature, Transport
from kintsugi.sales.services.picking import SCANS_MAX
from kintsugi.sales.views import now

router = Router()
LINES_MAX = 5_000
Temperature = Annotated[Decimal, Field(ge=-200, le=100, max_digits=5, decimal_places=2)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class DeliveryOut(Schema):
    """A delivery and how far it is."""

    id: UUID
    number: str = Field(examples=["DN-20261125-0001"])
    customer_id: UUID
    customer_name: str
    warehouse_id: UUID
    wave_id: UUID | None
    is_consignment: bool
    status: str = Field(description=codes(dict(DELIVERY.states)))
    version: int
    wanted_on: dt.date
    needs_cold: str = Field(description="empty, cold or frozen")
    picker_name: str
    checker_name: str
    mode: str = Field(description=f"empty, or {codes(MODES)}")
    carrier: str
    waybill: str
    cold_box: str
    start_temp: Decimal | None
    log_interval_min: int | None
    shipped_on: dt.date | None


class DeliveryLineOut(Schema):
    """A line: what is to be picked and what has happened to it, in base units."""

    id: UUID
    line_no: int
    product: SalesProductRef
    order: str | None = Field(description="number of the order; null for an exchange")
    order_line_no: int | None
    qty: Decimal
    picked: Decimal
    shipped: Decimal
    signed: Decimal
    refused: Decimal
    lost: Decimal
    returned: Decimal

    @staticmethod
    def resolve_order(row: DeliveryLine) -> str | None:
        """The order's number."""
        return row.order_line.order.number if row.order_line else None

    @staticmethod
    def resolve_order_line_no(row: DeliveryLine) -> int | None:
        """The line's number in the order."""
        return row.order_line.line_no if row.order_line else None


class DeliveryItemOut(Schema):
    """A thing: one serial unit, or so much of a lot."""

    id: UUID
    line_no: int
    product: SalesProductRef
    lot_no: str | None
    serial_no: str | None
    box_no: str
    picked: Decimal
    shipped: Decimal
    signed: Decimal
    refused: Decimal
    lost: Decimal
    returned: Decimal

    @staticmethod
    def resolve_line_no(row: DeliveryItem) -> int:
        """Its line."""
        return row.line.line_no

    @staticmethod
    def resolve_lot_no(row: DeliveryItem) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_serial_no(row: DeliveryItem) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None


class SalesReceiptOut(Schema):
    """What somebody signed for."""

    id: UUID
    number: str = Field(examples=["RC-20261125-0001"])
    kind: str
    signer: str
    signed_at: dt.datetime
    arrival_temp: Decimal | None
    photo_sha256: str
    signature_sha256: str
    note: str


class DeliveryDetail(DeliveryOut):
    """A delivery with its lines, things and receipts."""

    lines: list[DeliveryLineOut]
    items: list[DeliveryItemOut]
    receipts: list[SalesReceiptOut]

    @staticmethod
    def resolve_lines(row: Delivery) -> list[DeliveryLine]:
        """Its lines in order."""
        return list(deliveries.lines_of(row.pk)[:LINES_MAX])

    @staticmethod
    def resolve_items(row: Delivery) -> list[DeliveryItem]:
        """What was picked."""
        return list(deliveries.items_of(row.pk)[:LINES_MAX])

    @staticmethod
    def resolve_receipts(row: Delivery) -> list[Receipt]:
        """What was signed for."""
        return list(deliveries.receipts_of(row.pk)[:LINES_MAX])


class WaveOut(Schema):
    """Deliveries of one walk."""

    id: UUID
    number: str = Field(examples=["WV-20261125-0001"])
    warehouse_id: UUID
    picker_name: str
    wanted_by: dt.date | None
    region: str
    made_at: dt.datetime


class PickOut(Schema):
    """What to take next, and where."""

    location: str
    product: SalesProductRef
    lot_no: str
    serial_no: str
    expiry: dt.date | None
    qty: Decimal
    delivery: str
    line: int

    @staticmethod
    def resolve_location(row: Any) -> str:
        """The place as people type it."""
        return str(row["location"])

    @staticmethod
    def resolve_delivery(row: Any) -> str:
        """The delivery's number."""
        return str(row["delivery"])


class WaveDetail(WaveOut):
    """A wave with its walk."""

    walk: list[PickOut]

    @staticmethod
    def resolve_walk(row: Wave) -> list[dict[str, Any]]:
        """Zone by zone, shelf by shelf."""
        return deliveries.pick_list(Delivery.objects.filter(wave=row))


class DeliveryIn(Schema):
    """What to make a delivery of."""

    warehouse_id: UUID
    orders: list[UUID] = Field(min_length=1, max_length=200)


class WaveIn(Schema):
    """Which orders to pick on one walk."""

    warehouse_id: UUID
    wanted_by: dt.date | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,6}$")] = ""
    orders: list[UUID] = Field(default_factory=list, max_length=200)
    picker_id: UUID | None = None


class SalesAssignIn(Schema):
    """Who picks it."""

    picker_id: UUID


class ScanIn(Schema):
    """One scan."""

    raw: Annotated[str, StringConstraints(min_length=1, max_length=7_089)]
    qty: Qty | None = None
    location_id: UUID | None = Field(None, description="the place scanned before it")
    box: Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")] = ""


class SalesScansIn(Schema):
    """Scans in their order."""

    scans: list[ScanIn] = Field(min_length=1, max_length=SCANS_MAX)
    device: Code = ""


class ScanOut(Schema):
    """What was said to one scan; a refused one is no error of the request."""

    raw: str
    accepted: bool
    code: str = Field(examples=["accepted", "sales.wrong-product", "scan.expired"])
    said: Words
    remedy: Words = Field(description="the nearest right action")
    line: int | None
    product_code: str
    what: str
    qty: Decimal
    picked: Decimal | None = Field(None, description="of the delivery; not at the blind check")
    wanted: Decimal | None = None


class SalesScansOut(Schema):
    """An answer to each scan."""

    answers: list[ScanOut]


class FinishIn(Schema):
    """Why less was picked, where it was."""

    short_reason: Line400 = ""


class ShipIn(Schema):
    """How it travels."""

    mode: Literal["self", "carrier", "cold"]
    carrier: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    waybill: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] = ""
    cold_box: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] = ""
    start_temp: Temperature | None = None
    log_interval_min: int | None = Field(None, ge=1, le=1440)
    serials: list[Annotated[str, StringConstraints(max_length=60)]] | None = Field(
        None, max_length=LINES_MAX, description="scanned while loading: all of them, or refused"
    )


class HandOverIn(Schema):
    """The carrier's number, where it was not known."""

    waybill: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] = ""


class ArrivedIn(Schema):
    """What became of so much of a thing."""

    item_id: UUID
    outcome: Literal["signed", "damaged", "refused", "lost"] = Field(description=codes(OUTCOMES))
    qty: Qty
    reason: Line400 = ""


class SalesReceiptIn(Schema):
    """Who signed for what."""

    signer: Code = Field(min_length=1)
    signed_at: AwareDatetime
    arrival_temp: Temperature | None = None
    photo_sha256: Sha256 = ""
    signature_sha256: Sha256 = ""
    note: Line400 = ""
    lines: list[ArrivedIn] = Field(default_factory=list, max_length=LINES_MAX)
    rest: Literal["", "signed"] = Field("", description="signed: everything else arrived well")


def _to_do(rows: QuerySet[Delivery], params: Any) -> QuerySet[Delivery]:
    return deliveries.deliveries_to_do(rows, params.to_do) if params.to_do else rows


add_list(
    router, "/deliveries", DELIVERIES, DeliveryOut, name="deliveries", summary="Deliveries",
    extra={
        "to_do": (
            Literal[tuple(deliveries.DELIVERY_TABS)] | None,
            Field(None, description="what is to be done"),
        )
    },
    also=_to_do,
)  # fmt: skip
add_list(router, "/waves", WAVES, WaveOut, name="waves", summary="Waves")


@router.get("/deliveries/{id}", response={200: DeliveryDetail, **READ}, summary="One delivery")
@requires("delivery.read")
def delivery(request: HttpRequest, id: UUID) -> Delivery:
    """With its lines, its things and what was signed for."""
    return deliveries.delivery(id)


@router.get("/waves/{id}", response={200: WaveDetail, **READ}, summary="One wave")
@requires("delivery.read")
def wave(request: HttpRequest, id: UUID) -> Wave:
    """With what is still to be taken, in the order of a walk."""
    return deliveries.waves().get(pk=id)


@router.post("/deliveries", response={201: DeliveryDetail, **WRITE}, summary="Make a delivery")
@requires("delivery.create")
def make_delivery(request: HttpRequest, body: DeliveryIn, key: str = KEY) -> Status[Delivery]:
    """Of what is reserved in a warehouse for orders of one customer."""
    made = services.create_delivery(
        actor=request.user, orders=body.orders, warehouse=body.warehouse_id, key=key, at=now()
    )
    return Status(201, deliveries.delivery(made.pk))


@router.post("/waves", response={201: WaveDetail, **WRITE}, summary="Plan a wave")
@requires("delivery.create")
def make_wave(request: HttpRequest, body: WaveIn, key: str = KEY) -> Status[Wave]:
    """Deliveries of everything that is reserved and wanted by a day; one for each customer."""
    made = services.create_wave(
        actor=request.user, warehouse=body.warehouse_id, wanted_by=body.wanted_by,
        region=body.region, orders=body.orders, picker=body.picker_id, key=key, at=now(),
    )  # fmt: skip
    return Status(201, deliveries.waves().get(pk=made.pk))


def _scans(body: SalesScansIn) -> list[Scan]:
    return [Scan(one.raw, one.qty, one.location_id, one.box) for one in body.scans]


@router.post("/deliveries/{id}/assign", response={200: DeliveryDetail, **WRITE},
             summary="Assign a delivery")  # fmt: skip
@requires("delivery.create")
def assign(request: HttpRequest, id: UUID, body: SalesAssignIn, key: str = KEY) -> Delivery:
    """To the person who picks it."""
    deliveries.delivery(id)
    services.assign_delivery(
        actor=request.user, delivery=id, picker=body.picker_id, key=key, at=now()
    )
    return deliveries.delivery(id)


@router.post(
    "/deliveries/{id}/pick", response={200: SalesScansOut, **WRITE}, summary="Pick by scanning"
)
@requires("delivery.create")
def pick(request: HttpRequest, id: UUID, body: SalesScansIn, key: str = KEY) -> dict[str, Any]:
    """Each scan is decided at once; what is accepted lies in the shipping zone. The same key gives
    the same answers: send a scan again when its answer was lost."""
    deliveries.delivery(id)
    answers = services.pick_scan(
        actor=request.user, delivery=id, scans=_scans(body), device=body.device, key=key, at=now()
    )
    return {"answers": answers}


@router.post("/deliveries/{id}/put-back", response={200: SalesScansOut, **WRITE},
             summary="Put picked goods back")  # fmt: skip
@requires("delivery.create")
def put_back(request: HttpRequest, id: UUID, body: SalesScansIn, key: str = KEY) -> dict[str, Any]:
    """On the shelf they came from, kept for the order; held or expired goods into quarantine."""
    deliveries.delivery(id)
    answers = services.put_back_scan(
        actor=request.user, delivery=id, scans=_scans(body), device=body.device, key=key, at=now()
    )
    return {"answers": answers}


@router.post("/deliveries/{id}/finish", response={200: DeliveryDetail, **WRITE},
             summary="Finish picking")  # fmt: skip
@requires("delivery.create")
def finish(request: HttpRequest, id: UUID, body: FinishIn, key: str = KEY) -> Delivery:
    """409 `sales.not-all-picked` names what is missing; with a reason less may be picked."""
    deliveries.delivery(id)
    services.finish_picking(
        actor=request.user, delivery=id, short_reason=body.short_reason, key=key, at=now()
    )
    return deliveries.delivery(id)


@router.post("/deliveries/{id}/reopen", response={200: DeliveryDetail, **WRITE},
             summary="Pick again")  # fmt: skip
@requires("delivery.create")
def reopen(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Delivery:
    """From picked or checked back to picking; it is checked anew."""
    deliveries.delivery(id)
    services.reopen_picking(actor=request.user, delivery=id, reason=body.reason, key=key, at=now())
    return deliveries.delivery(id)


@router.post("/deliveries/{id}/start-check", response={200: DeliveryDetail, **WRITE},
             summary="Begin the check")  # fmt: skip
@requires("delivery.approve")
def start_check(request: HttpRequest, id: UUID, key: str = KEY) -> Delivery:
    """By somebody who picked nothing of it (403 `sales.same-person`)."""
    deliveries.delivery(id)
    services.start_check(actor=request.user, delivery=id, key=key, at=now())
    return deliveries.delivery(id)


@router.post(
    "/deliveries/{id}/check", response={200: SalesScansOut, **WRITE}, summary="Scan at the check"
)
@requires("delivery.approve")
def check(request: HttpRequest, id: UUID, body: SalesScansIn, key: str = KEY) -> dict[str, Any]:
    """Blind: the answer does not say how many there should be."""
    deliveries.delivery(id)
    answers = services.check_scan(
        actor=request.user, delivery=id, scans=_scans(body), device=body.device, key=key, at=now()
    )
    return {"answers": answers}


@router.post("/deliveries/{id}/pass-check", response={200: DeliveryDetail, **WRITE},
             summary="Pass the check")  # fmt: skip
@requires("delivery.approve")
def pass_check(request: HttpRequest, id: UUID, key: str = KEY) -> Delivery:
    """409 `sales.check-differs` names each thing that differs in `facts`."""
    deliveries.delivery(id)
    services.pass_check(actor=request.user, delivery=id, key=key, at=now())
    return deliveries.delivery(id)


@router.post("/deliveries/{id}/fail-check", response={200: DeliveryDetail, **WRITE},
             summary="Fail the check")  # fmt: skip
@requires("delivery.approve")
def fail_check(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Delivery:
    """Back to the picker; the next check scans everything."""
    deliveries.delivery(id)
    services.fail_check(actor=request.user, delivery=id, reason=body.reason, key=key, at=now())
    return deliveries.delivery(id)


@router.post("/deliveries/{id}/ship", response={200: DeliveryDetail, **WRITE}, summary="Ship")
@requires("delivery.create")
def ship(request: HttpRequest, id: UUID, body: ShipIn, key: str = KEY) -> Delivery:
    """All or nothing. 409 `sales.serials-differ` names every missing serial, `sales.not-allowed` a
    licence or certificate, `sales.cold-chain` what cold goods lack."""
    deliveries.delivery(id)
    given = body.model_dump()
    serials = given.pop("serials")
    services.ship_delivery(
        actor=request.user, delivery=id, transport=Transport(**given), serials=serials, key=key,
        at=now(),
    )  # fmt: skip
    return deliveries.delivery(id)


@router.post("/deliveries/{id}/hand-over", response={200: DeliveryDetail, **WRITE},
             summary="Hand over to the carrier")  # fmt: skip
@requires("delivery.create")
def hand_over(request: HttpRequest, id: UUID, body: HandOverIn, key: str = KEY) -> Delivery:
    """It is in transit from now on."""
    deliveries.delivery(id)
    services.hand_over(actor=request.user, delivery=id, waybill=body.waybill, key=key, at=now())
    return deliveries.delivery(id)


@router.post("/deliveries/{id}/reverse", response={200: DeliveryDetail, **WRITE},
             summary="Reverse a shipment")  # fmt: skip
@requires("delivery.approve")
def reverse(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Delivery:
    """While nothing of it arrived, by somebody else than who shipped."""
    deliveries.delivery(id)
    services.reverse_shipment(
        actor=request.user, delivery=id, reason=body.reason, key=key, at=now()
    )
    return deliveries.delivery(id)


def _signature(body: SalesReceiptIn) -> Signature:
    return Signature(
        signer=body.signer, signed_at=body.signed_at, arrival_temp=body.arrival_temp,
        photo_sha256=body.photo_sha256, signature_sha256=body.signature_sha256, note=body.note,
    )  # fmt: skip


def _arrived(body: SalesReceiptIn) -> list[Arrived]:
    return [Arrived(one.item_id, one.outcome, one.qty, one.reason) for one in body.lines]


@router.post(
    "/deliveries/{id}/sign", response={201: SalesReceiptOut, **WRITE}, summary="Record a receipt"
)
@requires("delivery.create")
def sign(request: HttpRequest, id: UUID, body: SalesReceiptIn, key: str = KEY) -> Status[Receipt]:
    """Signed goods are the customer's; refused and damaged ones come back to be inspected."""
    deliveries.delivery(id)
    made = services.sign_delivery(
        actor=request.user, delivery=id, signature=_signature(body), lines=_arrived(body),
        rest=body.rest, key=key, at=now(),
    )  # fmt: skip
    return Status(201, made)


@router.post("/deliveries/{id}/use", response={201: SalesReceiptOut, **WRITE},
             summary="Report what was used of a consignment")  # fmt: skip
@requires("delivery.create")
def use(request: HttpRequest, id: UUID, body: SalesReceiptIn, key: str = KEY) -> Status[Receipt]:
    """From now on it is the customer's."""
    deliveries.delivery(id)
    made = services.report_use(
        actor=request.user, delivery=id, signature=_signature(body), lines=_arrived(body), key=key,
        at=now(),
    )  # fmt: skip
    return Status(201, made)


@router.post("/deliveries/{id}/take-back", response={201: SalesReceiptOut, **WRITE},
             summary="Take a consignment back")  # fmt: skip
@requires("delivery.create")
def take_back(
    request: HttpRequest, id: UUID, body: SalesReceiptIn, key: str = KEY
) -> Status[Receipt]:
    """Into the returns zone, to be inspected."""
    deliveries.delivery(id)
    made = services.take_back(
        actor=request.user, delivery=id, signature=_signature(body), lines=_arrived(body), key=key,
        at=now(),
    )  # fmt: skip
    return Status(201, made)


@router.post("/deliveries/{id}/cancel", response={200: DeliveryDetail, **WRITE},
             summary="Cancel a delivery")  # fmt: skip
@requires("delivery.create")
def cancel(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Delivery:
    """While nothing of it is picked; the goods stay reserved."""
    deliveries.delivery(id)
    services.cancel_delivery(actor=request.user, delivery=id, reason=body.reason, key=key, at=now())
    return deliveries.delivery(id)
