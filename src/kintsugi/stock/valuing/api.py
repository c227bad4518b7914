"""Value, age and checks of stock over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ
from kintsugi.stock.schemas import codes_in_words
from kintsugi.stock.valuing import selectors
from kintsugi.stock.views import today

router = Router(tags=["Stock"])
ASKED: Any = Query(...)


class ValueRow(Schema):
    """A product in a warehouse at the end of a day."""

    product_id: UUID
    product_code: str
    name: str
    warehouse: str | None
    qty: Decimal
    unit_cost: Decimal | None = Field(description="moving average of the whole house, CNY")
    value: Decimal | None = Field(description="CNY")
    out_qty: Decimal = Field(description="of the product, in the 365 days before")
    out_value: Decimal
    turns: Decimal | None = Field(description="out_value ÷ mean value a year ago and now")


class Values(Schema):
    """Value by product and warehouse, the most valuable first; at most 10,000 rows."""

    day: dt.date
    items: list[ValueRow]


class ValueQuery(Schema):
    """Which day and warehouse."""

    day: dt.date | None = Field(None, description="its end; empty: today")
    warehouse: UUID | None = None


class AgeRow(Schema):
    """A product by days since it came in."""

    product_id: UUID
    product_code: str
    name: str
    to_30: Decimal
    to_90: Decimal
    to_180: Decimal
    to_365: Decimal
    older: Decimal
    value: Decimal | None


class Ages(Schema):
    """Age of what is here now."""

    items: list[AgeRow]


class CheckOut(Schema):
    """A check and the rows that break it."""

    name: str = Field(description=codes_in_words(selectors.CHECKS))
    holds: bool
    rows: list[dict[str, Any]]


class Checks(Schema):
    """All checks of the ledger's projections."""

    items: list[CheckOut]


@router.get("/value", response={200: Values, **READ}, summary="What stock was worth on a day")
@requires("value.read")
def stock_value(request: HttpRequest, params: ValueQuery = ASKED) -> dict[str, Any]:
    """The fold of the ledger up to the end of the day."""
    day = params.day or today()
    return {"day": day, "items": selectors.value_as_of(day, warehouse=params.warehouse)}


@router.get("/age", response={200: Ages, **READ}, summary="How old stock is")
@requires("value.read")
def stock_age(request: HttpRequest) -> dict[str, Any]:
    """First in, first out: what is left is taken to be what came last."""
    return {"items": selectors.ageing(today())}


@router.get("/checks", response={200: Checks, **READ}, summary="Whether the projections agree")
@requires("value.read")
def stock_checks(request: HttpRequest) -> dict[str, Any]:
    """Balances, positions, values and reservations against the ledger, asked now."""
    found = {name: selectors.broken(name) for name in selectors.CHECKS}
    return {
        "items": [{"name": name, "holds": not rows, "rows": rows} for name, rows in found.items()]
    }
