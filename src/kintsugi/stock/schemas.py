"""Types that the routes of stock share."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from ninja.params.functions import Header
from pydantic import Field, StringConstraints

from kintsugi.stock.kinds import LOCATION_KINDS, ZONES
from kintsugi.stock.models import Location
from kintsugi.stock.screens import place

Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=120,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every posting; the same one again when a request is repeated",
)


def codes_in_words(names: dict[str, Any]) -> str:
    """Codes with their meaning, for the document of the API."""
    return "; ".join(f"`{code}` {text.en} {text.zh}" for code, text in names.items())


class ProductRef(Schema):
    """A product as lines name it."""

    id: UUID
    product_code: str
    name: str


class PlaceOut(Schema):
    """A place."""

    id: UUID
    code: str = Field(description="as a posting names it: WAREHOUSE/LOCATION, or the code alone")
    warehouse: str | None
    kind: str = Field(description=codes_in_words(LOCATION_KINDS))
    zone: str = Field(description=f"empty, or {codes_in_words(ZONES)}")
    temp_zone: str
    name: str

    @staticmethod
    def resolve_code(row: Location) -> str:
        """As people type it."""
        return str(row)

    @staticmethod
    def resolve_warehouse(row: Location) -> str | None:
        """The warehouse's code."""
        return row.warehouse.code if row.warehouse else None

    @staticmethod
    def resolve_name(row: Location) -> str:
        """Its own name, else what it is called on pages."""
        return row.name or place(row)


class LineIn(Schema):
    """One move, by the codes on the labels."""

    product_code: Code
    qty: Qty = Field(Decimal(1), description="1 for a serial number")
    lot_no: Code = ""
    serial_no: Code = ""
    source: Code = Field("", description="WAREHOUSE/LOCATION; empty for an opening balance")
    target: Code = Field("", description="WAREHOUSE/LOCATION")
    quality: Literal["", "pending", "qualified", "rejected"] = Field(
        "", description="empty: the unit's own, else qualified"
    )
    mfg_date: dt.date | None = Field(None, description="of a new lot or unit (opening)")
    expiry_date: dt.date | None = Field(None, description="of a new lot or unit (opening)")
    unit_cost: Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6)] | None = Field(
        None, description="what one is worth (opening)"
    )
