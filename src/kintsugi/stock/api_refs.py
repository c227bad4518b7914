"""What several operations of stock name: products and places."""

from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from kintsugi.stock.kinds import LOCATION_KINDS, ZONES
from kintsugi.stock.models import Location
from kintsugi.stock.screens import place


def codes(names: dict[str, Any]) -> str:
    """Codes with their names, for a description."""
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
    kind: str = Field(description=codes(LOCATION_KINDS))
    zone: str = Field(description=f"empty, or {codes(ZONES)}")
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
