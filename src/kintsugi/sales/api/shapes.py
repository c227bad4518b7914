"""Types that the routes of sales share."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from ninja.params.functions import Header
from pydantic import Field, StringConstraints

from kintsugi.core.api.schemas import Words
from kintsugi.core.verdicts import from_kept

Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
Line400 = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Long = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)]
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=120,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every command; the same one again when a request is repeated",
)


def codes(names: dict[str, Any]) -> str:
    """The values of an enumeration with their names."""
    return "; ".join(f"`{code}` {text.en} {text.zh}" for code, text in names.items())


class SalesProductRef(Schema):
    """A product as lines name it."""

    id: UUID
    product_code: str
    name: str


class SalesVerdictOut(Schema):
    """What one check found."""

    check: str = Field(examples=["credit"])
    passed: bool
    title: Words
    why: Words
    remedy: Words
    facts: dict[str, Any]


def verdicts_out(kept: Any) -> list[dict[str, Any]]:
    """Kept verdicts as the API gives them."""
    return [one.kept() for one in from_kept(kept)]


class SalesReasonIn(Schema):
    """Why it is done."""

    reason: Line400 = Field(min_length=1)
