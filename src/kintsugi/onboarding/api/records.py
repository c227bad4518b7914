"""The evidence behind a record: each value's source cell, and every change."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import Field

from kintsugi.audit.selectors import history
from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ
from kintsugi.core.masks import mask
from kintsugi.core.models import BusinessModel
from kintsugi.devices import selectors as devices
from kintsugi.onboarding.explain import explain_record
from kintsugi.parties import selectors as parties
from kintsugi.products import selectors as products

router = Router(tags=["Evidence"])

HISTORY_MAX = 200


class CellColumn(Schema):
    """A source column that a value was read from."""

    letter: str = Field(examples=["C"])
    header: str = Field(examples=["设备信息/序列号"])


class ExplainedCell(Schema):
    """One source cell, and what was understood from it."""

    source: str
    name: dict[str, str] = Field(description="the source's name in both languages")
    file: str
    sheet: str
    row: int
    columns: list[CellColumn]
    place: str = Field(description="as people write it", examples=["台账.xlsx › 设备 › C12"])
    value: Any = Field(description="canonical value of this source record")
    snapshot: str = Field(description="for `cells/{snapshot}/{table}/{row}/{column}`")
    table: int
    run: UUID
    mapping: str
    authority: int = Field(description="0 to 1000; the higher wins")


class FieldChange(Schema):
    """One change of a field."""

    at: dt.datetime
    actor: str
    command: str
    reason: str
    run_id: UUID | None
    before: Any
    after: Any


class ExplainedField(Schema):
    """A field: its value, the cell that won, what other sources say, and its changes."""

    field: str
    zh: str
    en: str
    value: Any
    cell: ExplainedCell | None = Field(description="null where a person entered the value")
    others: list[ExplainedCell]
    changes: list[FieldChange]


class Explained(Schema):
    """A record, field by field."""

    id: UUID
    kind: str
    key: str
    fields: list[ExplainedField]


class ColumnChange(Schema):
    """A column before and after."""

    column: str
    before: Any
    after: Any


class Entry(Schema):
    """One transaction that changed the record."""

    id: int
    at: dt.datetime
    actor: str
    command: str
    reason: str
    op: str = Field(description="I inserted, U updated, D deleted")
    run_id: UUID | None = Field(description="the import that did it")
    request_id: str
    changes: list[ColumnChange]


class History(Schema):
    """Changes of a record, newest first."""

    id: UUID
    items: list[Entry]
    is_more: bool


def _history(entity: str, row: BusinessModel, limit: int) -> dict[str, Any]:
    found = history(row_id=row.pk, limit=limit + 1)
    items = [
        {
            "id": change.pk,
            "at": change.transaction.at,
            "actor": change.transaction.actor,
            "command": change.transaction.command,
            "reason": change.transaction.reason,
            "op": change.op,
            "run_id": change.transaction.run_id,
            "request_id": change.transaction.request_id,
            "changes": [
                {
                    "column": column,
                    "before": mask(entity, column, (change.before or {}).get(column)),
                    "after": mask(entity, column, (change.after or {}).get(column)),
                }
                for column in dict.fromkeys([*(change.after or {}), *(change.before or {})])
            ],
        }
        for change in found[:limit]
    ]
    return {"id": row.pk, "items": items, "is_more": len(found) > limit}


def _device(pk: UUID) -> BusinessModel:
    return devices.device(pk=pk, today=timezone.localdate())


LIMIT = Query(50, ge=1, le=HISTORY_MAX, description="changes, newest first")
EXPLAIN: dict[int, Any] = {200: Explained, **READ}
CHANGES: dict[int, Any] = {200: History, **READ}


@router.get("/devices/{id}/explain", response=EXPLAIN, summary="Where a device's values came from")
@requires("evidence.read")
def explain_device(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Each field with its winning source cell, what other sources say, and its changes."""
    return explain_record(kind="device", record=_device(id))


@router.get(
    "/products/{id}/explain", response=EXPLAIN, summary="Where a product's values came from"
)
@requires("evidence.read")
def explain_product(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Each field with its winning source cell, what other sources say, and its changes."""
    return explain_record(kind="product", record=products.product(id))


@router.get("/parties/{id}/explain", response=EXPLAIN, summary="Where a party's values came from")
@requires("evidence.read")
def explain_party(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Each field with its winning source cell, what other sources say, and its changes."""
    return explain_record(kind="party", record=parties.party(id))


@router.get("/devices/{id}/history", response=CHANGES, summary="Changes of a device")
@requires("history.read")
def history_of_device(request: HttpRequest, id: UUID, limit: int = LIMIT) -> dict[str, Any]:
    """Who changed what, when, by which command and why."""
    return _history("device", _device(id), limit)


@router.get("/products/{id}/history", response=CHANGES, summary="Changes of a product")
@requires("history.read")
def history_of_product(request: HttpRequest, id: UUID, limit: int = LIMIT) -> dict[str, Any]:
    """Who changed what, when, by which command and why."""
    return _history("product", products.product(id), limit)


@router.get("/parties/{id}/history", response=CHANGES, summary="Changes of a party")
@requires("history.read")
def history_of_party(request: HttpRequest, id: UUID, limit: int = LIMIT) -> dict[str, Any]:
    """Who changed what, when, by which command and why."""
    return _history("party", parties.party(id), limit)
