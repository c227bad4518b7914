"""What the routes of purchasing share: types, the key of a command, who and what is named."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from ninja.params.functions import Header
from pydantic import Field, StringConstraints

from kintsugi.core.errors import NotFound, Text
from kintsugi.products import selectors as products
from kintsugi.purchasing.refusals import refuse
from kintsugi.stock import selectors as stock

Word = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Serial = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]
Raw = Annotated[str, StringConstraints(max_length=7_089, pattern=r"^[^\x00]*$")]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)]
Count = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]
Price = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]
Rate = Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4)]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=120,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every command; the same one again when a request is repeated",
)


class PurchaseReasonIn(Schema):
    """Why."""

    reason: Reason = Field(min_length=1)


class PurchaseDecisionIn(Schema):
    """Yes or no, by another person than who asked."""

    approve: bool
    note: Reason = Field("", description="needed to reject")


class PurchaseProductRef(Schema):
    """A product as lines name it."""

    id: UUID
    product_code: str
    name: str


class DocumentOut(Schema):
    """What every document has."""

    id: UUID
    number: str
    status: str
    created_at: dt.datetime


def codes(machine: Any) -> str:
    """The states of a document, for the API's description."""
    names = machine if isinstance(machine, dict) else machine.states
    return "; ".join(f"`{code}` {text.en} {text.zh}" for code, text in names.items())


def products_of(named: Iterable[str]) -> list[Any]:
    """Products by code, in order. Raises ``purchasing.unknown-product``."""
    wanted = [one.strip() for one in named]
    known = products.by_codes({*wanted, *(one.upper() for one in wanted)})
    found = []
    for code in wanted:
        one = known.get(code) or known.get(code.upper())
        if one is None:
            raise refuse("unknown-product", value=code, field="product_code")
        found.append(one)
    return found


def warehouse_of(code: str) -> Any:
    """A warehouse by its code, within the person's reach. Raises NotFound."""
    found = stock.warehouses().filter(code=code.strip().upper()).first()
    if found is None:
        raise NotFound(Text("仓库", "warehouse"), code)
    return found


def one_of(rows: Any, pk: UUID, zh: str, en: str) -> Any:
    """A document within the person's reach. Raises NotFound."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(Text(zh, en), str(pk))
    return found


def numbers(rows: Sequence[Any]) -> list[str]:
    """The numbers of documents."""
    return [str(one.number) for one in rows]
