"""Traces and recall drills over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Query
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Word
from kintsugi.stock import selectors
from kintsugi.stock.models import RecallDrill
from kintsugi.stock.schemas import KEY, Code, ProductRef, Reason, codes_in_words
from kintsugi.stock.tracing.asking import KINDS, meanings, subject
from kintsugi.stock.tracing.following import Place, trace
from kintsugi.stock.tracing.screens import DRILLS
from kintsugi.stock.tracing.services import drill_recall
from kintsugi.stock.views import now

router = Router(tags=["Trace"])
TEXT: Any = Query(..., min_length=1)
ASKED: Any = Query(...)
Id = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]+$")]


class MeaningOut(Schema):
    """Something that is called so."""

    kind: str = Field(description=codes_in_words(KINDS))
    id: str = Field(description="for `GET /stock/trace`")
    title: str
    about: str


class Meanings(Schema):
    """Everything that is called so."""

    items: list[MeaningOut]


class EndOut(Schema):
    """An end of a way; empty where the person asking does not see it."""

    id: UUID
    kind: str
    code: str
    warehouse: str
    party_id: UUID | None
    party: str


class WayOut(Schema):
    """All moves from one place to another."""

    source: EndOut
    target: EndOut
    qty: Decimal
    moves: int
    first_on: dt.date
    last_on: dt.date


class NowOut(Schema):
    """Where some of it is, or was at the instant asked for."""

    kind: str
    code: str
    warehouse: str | None
    party_id: UUID | None
    party: str | None
    quality: str
    qty: Decimal


class WhoOut(Schema):
    """A customer or supplier among its places."""

    party_id: UUID
    party: str
    to: Decimal = Field(description="how much went there")
    back: Decimal = Field(description="how much came from there")
    first_on: dt.date
    last_on: dt.date


class TraceOut(Schema):
    """The trace of something."""

    subject: MeaningOut
    direction: str
    at: dt.datetime | None
    lots: list[UUID]
    units: list[UUID]
    ways: list[WayOut]
    now: list[NowOut]
    customers: list[WhoOut]
    suppliers: list[WhoOut]
    is_cut: bool = Field(description="there is more than one answer can hold")


class TraceQuery(Schema):
    """What to follow."""

    kind: Literal["unit", "lot", "posting", "document", "party", "place"]
    id: Id
    direction: Literal["both", "forward", "backward"] = "both"
    at: dt.datetime | None = Field(None, description="as of this instant, with its zone")


@router.get("/trace/meanings", response={200: Meanings, **READ},
            summary="What a typed or scanned text may mean")  # fmt: skip
@requires("stock.read")
def trace_meanings(request: HttpRequest, q: Word = TEXT) -> dict[str, Any]:
    """Serial units, lots, postings, documents, parties and places; a UDI names a unit or a lot."""
    return {"items": meanings(q)}


@router.get("/trace", response={200: TraceOut, **READ}, summary="Where something was and went")
@requires("stock.read")
def trace_of(request: HttpRequest, params: TraceQuery = ASKED) -> dict[str, Any]:
    """In both directions or one, now or as of an instant; a fixed number of statements."""
    found = trace(subject(params.kind, params.id), direction=params.direction, at=params.at)
    people = {
        name: [{**row, "back": row["from"]} for row in found.parties(kind)]
        for name, kind in (("customers", "customer"), ("suppliers", "supplier"))
    }
    return {
        "subject": found.subject, "direction": found.direction, "at": found.at,
        "lots": found.lots, "units": found.units, "now": found.now, "is_cut": found.is_cut,
        "ways": [
            {"source": _end(way.source), "target": _end(way.target), "qty": way.qty,
             "moves": way.moves, "first_on": way.first_on, "last_on": way.last_on}
            for way in found.ways
        ],
        **people,
    }  # fmt: skip


def _end(place: Place) -> dict[str, Any]:
    return dict(vars(place))


class DrillOut(Schema):
    """A recall that was tried out."""

    id: UUID
    number: str = Field(examples=["YL-20261126-0001"])
    product: ProductRef
    lot_no: str | None
    serial_from: str
    serial_to: str
    reason: str
    received: Decimal
    found: Decimal
    figures: dict[str, str]
    taken_ms: int
    made_by_name: str
    made_at: dt.datetime

    @staticmethod
    def resolve_lot_no(row: RecallDrill) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None


class DrillDetail(DrillOut):
    """With who had what at that moment."""

    holders: list[dict[str, str]]


class DrillIn(Schema):
    """A lot, or serial numbers from … to."""

    product_code: Code = Field(min_length=1)
    lot_no: Code = ""
    serial_from: Code = ""
    serial_to: Code = ""
    reason: Reason = Field(min_length=1)


add_list(router, "/drills", DRILLS, DrillOut, name="drills", summary="Recall drills")


@router.get("/drills/{pk}", response={200: DrillDetail, **READ}, summary="One recall drill")
@requires("drill.read")
def drill(request: HttpRequest, pk: UUID) -> RecallDrill:
    """With who had what."""
    return selectors.drill(pk)


@router.post("/drills", response={201: DrillDetail, **WRITE}, summary="Drill a recall")
@requires("drill.create")
def make_drill(request: HttpRequest, body: DrillIn, key: str = KEY) -> Status[RecallDrill]:
    """Nothing is blocked; the figures are kept."""
    made = drill_recall(actor=request.user, key=key, at=now(), **body.model_dump())
    return Status(201, selectors.drill(made.pk))
