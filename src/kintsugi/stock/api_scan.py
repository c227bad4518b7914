"""Scans over HTTP: any text of a wedge or camera, and what it is."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import WRITE
from kintsugi.core.screens.parts import language
from kintsugi.core.screens.scan import RAW_CHARS
from kintsugi.stock.models import Location
from kintsugi.stock.scan_faults import expiry_of
from kintsugi.stock.scanning import SCANS_MAX, Candidate, Fault, Scanned, understand_many
from kintsugi.stock.schemas import PlaceOut, ProductRef
from kintsugi.stock.views import today

router = Router()


class ScansIn(Schema):
    """Texts as they come from a wedge or camera, one for each label."""

    raws: list[Annotated[str, Field(max_length=RAW_CHARS)]] = Field(
        min_length=1,
        max_length=SCANS_MAX,
        description="symbology identifier and the separator GS (0x1D) as sent; two symbols of one "
        "label with a line feed between them",
        examples=[["]d201095060001343521726050010ABC1\u001d21S-9"]],
    )


class FaultOut(Schema):
    """Something a person must know about a scan."""

    code: str = Field(examples=["scan.expired"])
    weight: str = Field(description="`stop` do not use it; `warn` look first; `note` information")
    message: str
    remedy: str
    facts: dict[str, Any]

    @staticmethod
    def resolve_message(fault: Fault) -> str:
        """In the language of the request."""
        return fault.what.get(language())

    @staticmethod
    def resolve_remedy(fault: Fault) -> str:
        """In the language of the request."""
        return fault.remedy.get(language())


class ElementOut(Schema):
    """One element of what the symbol holds."""

    ai: str = Field(description="GS1 application identifier; empty for other standards")
    title: str
    value: str


class CandidateOut(Schema):
    """One thing that a text may mean."""

    kind: str = Field(description="`product`, `lot`, `unit`, `location`")
    id: UUID
    name: str

    @staticmethod
    def resolve_id(one: Candidate) -> UUID:
        """Of the thing itself."""
        return one.key

    @staticmethod
    def resolve_name(one: Candidate) -> str:
        """In the language of the request."""
        return one.name.get(language())


class ScannedOut(Schema):
    """A scan understood."""

    raw: str
    form: str = Field(
        description="`gs1`, `link`, `gtin`, `hibcc`, `iccbba`, `ma`, `own` (our labels), `plain`"
    )
    kind: str = Field(description="`goods`, `location`, `package` (SSCC), `several`, `unknown`")
    product: ProductRef | None
    tracking: str
    lot_no: str
    lot_id: UUID | None = Field(description="null for a lot that is not registered")
    serial_no: str
    unit_id: UUID | None = Field(description="null for a unit that is not registered or not yours")
    unit_location: PlaceOut | None
    unit_quality: str
    mfg_date: dt.date | None
    expiry_date: dt.date | None = Field(description="the earliest of unit, lot and label")
    qty: Decimal | None = Field(description="in base units; null where the package is not known")
    sscc: str
    location: PlaceOut | None = Field(description="the location whose label was scanned")
    elements: list[ElementOut]
    candidates: list[CandidateOut]
    faults: list[FaultOut]

    @staticmethod
    def resolve_form(one: Scanned) -> str:
        """How it was read."""
        return one.reading.form

    @staticmethod
    def resolve_lot_id(one: Scanned) -> UUID | None:
        """The registered lot."""
        return one.lot.pk if one.lot else None

    @staticmethod
    def resolve_unit_id(one: Scanned) -> UUID | None:
        """The registered unit."""
        return one.unit.pk if one.unit else None

    @staticmethod
    def resolve_unit_location(one: Scanned) -> Location | None:
        """Where the unit is."""
        return one.unit.location if one.unit else None

    @staticmethod
    def resolve_unit_quality(one: Scanned) -> str:
        """What was found of the unit."""
        return one.unit.quality if one.unit else ""

    @staticmethod
    def resolve_expiry_date(one: Scanned) -> dt.date | None:
        """The last day of use."""
        return expiry_of(one)


class ScansOut(Schema):
    """Scans in the order they were given."""

    items: list[ScannedOut]


@router.post("/scan", response={200: ScansOut, **WRITE}, summary="What scans are")
@requires("stock.read")
def read_scans(request: HttpRequest, body: ScansIn) -> dict[str, Any]:
    """Changes nothing. What is wrong with one scan stands in its `faults`; the others are answered
    all the same. What the person may not see is not found."""
    return {"items": understand_many(body.raws, on=today())}
