"""Storage checks, readings and excursions over HTTP."""

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
from kintsugi.stock.models import Excursion, Sensor, StorageCheck
from kintsugi.stock.schemas import KEY, Code, PlaceOut, ProductRef, Reason, codes_in_words
from kintsugi.stock.storing import selectors, services
from kintsugi.stock.storing.rules import DECISIONS, EXCURSION_KINDS, FINDINGS
from kintsugi.stock.storing.screens import CHECK_LIST, EXCURSION_LIST, SENSOR_LIST
from kintsugi.stock.views import now, today

router = Router(tags=["Storage"])
READINGS_MAX = 10_000
Degrees = Annotated[Decimal, Field(ge=-100, le=100, max_digits=5, decimal_places=2)]


class StorageCheckOut(Schema):
    """What somebody saw at a place."""

    id: UUID
    checked_on: dt.date
    location: PlaceOut
    product: ProductRef | None
    lot_no: str | None
    temperature: Decimal | None
    humidity: Decimal | None
    finding: str = Field(description=codes_in_words(FINDINGS))
    action: str
    checked_by_name: str

    @staticmethod
    def resolve_lot_no(row: StorageCheck) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None


class CheckIn(Schema):
    """What was seen; of a product or lot, or of all that lies there."""

    place: Code = Field(min_length=1)
    product_code: Code = ""
    lot_no: Code = ""
    temperature: Degrees | None = None
    humidity: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)] | None = None
    finding: Literal["sound", "packaging", "appearance", "label", "climate", "other"]
    action: Reason = ""
    is_held: bool = Field(False, description="place a hold on the goods at once")


class StorageDueOut(Schema):
    """Goods that are due to be looked at."""

    warehouse: str | None
    location: str
    product_code: str
    name: str
    lot_no: str | None
    expiry_date: dt.date | None
    qty: Decimal
    rule: str
    days: int
    checked_on: dt.date | None
    due_on: dt.date | None


class Dues(Schema):
    """The longest unseen first; at most 500."""

    items: list[StorageDueOut]


class SensorOut(Schema):
    """A thermometer."""

    id: UUID
    code: str
    location: PlaceOut
    low: Decimal | None
    high: Decimal | None
    gap_minutes: int
    last_at: dt.datetime | None
    last_value: Decimal | None


class SensorReadingIn(Schema):
    """What a sensor read."""

    sensor: Code = Field(min_length=1)
    at: dt.datetime
    temperature: Degrees
    humidity: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)] | None = None


class ReadingsIn(Schema):
    """Readings, all or none of them kept."""

    readings: list[SensorReadingIn] = Field(min_length=1, max_length=READINGS_MAX)


class LoadedOut(Schema):
    """What came of it."""

    new: int = Field(description="readings that were not kept before")
    excursions: int = Field(description="excursions that were found or grew")


class ExcursionOut(Schema):
    """A time out of range, or without data."""

    id: UUID
    number: str
    sensor: str
    kind: str = Field(description=codes_in_words(EXCURSION_KINDS))
    started_at: dt.datetime
    ended_at: dt.datetime
    minutes: int
    worst: Decimal | None
    deviation: Decimal | None
    status: str
    decision: str = Field(description=codes_in_words(DECISIONS))
    reason: str
    loaded_by_name: str
    judged_by_name: str
    judged_at: dt.datetime | None

    @staticmethod
    def resolve_sensor(row: Excursion) -> str:
        """The sensor's code."""
        return str(row.sensor.code)


class ExcursionDetail(ExcursionOut):
    """With what lay there and the holds it placed."""

    goods: list[dict[str, str]]
    blocks: list[UUID]


class JudgeIn(Schema):
    """What it means for the goods."""

    decision: Literal["release", "hold", "reject"]
    reason: Reason = Field(min_length=1)


add_list(router, "/checks-made", CHECK_LIST, StorageCheckOut, name="storage_checks",
         summary="Storage checks")  # fmt: skip
add_list(router, "/sensors", SENSOR_LIST, SensorOut, name="sensors", summary="Sensors")
add_list(router, "/excursions", EXCURSION_LIST, ExcursionOut, name="excursions",
         summary="Temperature excursions")  # fmt: skip


@router.get("/checks-due", response={200: Dues, **READ}, summary="Goods due to be looked at")
@requires("storage.read")
def checks_due(request: HttpRequest) -> dict[str, Any]:
    """By rule, today."""
    return {"items": selectors.due(today())}


@router.post(
    "/checks-made", response={201: StorageCheckOut, **WRITE}, summary="Record a storage check"
)
@requires("storage.create")
def record_check(request: HttpRequest, body: CheckIn, key: str = KEY) -> Status[StorageCheck]:
    """A finding may hold the goods at once."""
    made = services.record_check(actor=request.user, key=key, at=now(), **body.model_dump())
    return Status(201, selectors.checks().get(pk=made.pk))


@router.get("/sensors/{pk}", response={200: SensorOut, **READ}, summary="One sensor")
@requires("storage.read")
def sensor(request: HttpRequest, pk: UUID) -> Sensor:
    """With its last reading."""
    return selectors.sensor(pk)


@router.post("/readings", response={201: LoadedOut, **WRITE}, summary="Keep readings of sensors")
@requires("storage.create")
def record_readings(request: HttpRequest, body: ReadingsIn) -> Status[dict[str, int]]:
    """Each sensor and time is kept once: the same again changes nothing, another value for it is
    refused (`storage.readings-wrong`, with `wrong` in the facts)."""
    rows = [
        {"sensor": one.sensor, "at": one.at.isoformat(), "temperature": f"{one.temperature:f}",
         "humidity": "" if one.humidity is None else f"{one.humidity:f}"}
        for one in body.readings
    ]  # fmt: skip
    return Status(201, services.record_readings(actor=request.user, rows=rows, at=now()))


@router.get("/excursions/{pk}", response={200: ExcursionDetail, **READ}, summary="One excursion")
@requires("storage.read")
def excursion(request: HttpRequest, pk: UUID) -> Excursion:
    """With what lay there."""
    return selectors.excursion(pk)


@router.post("/excursions/{pk}/judge", response={200: ExcursionDetail, **WRITE},
             summary="Judge an excursion")  # fmt: skip
@requires("storage.approve")
def judge_excursion(request: HttpRequest, pk: UUID, body: JudgeIn) -> Excursion:
    """By another person than who loaded the readings (else `storage.same-person`)."""
    services.judge_excursion(
        actor=request.user, excursion=pk, decision=body.decision, reason=body.reason, at=now()
    )
    return selectors.excursion(pk)
