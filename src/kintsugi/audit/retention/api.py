"""Legal holds and retention over HTTP."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Path
from pydantic import Field

from kintsugi.audit.retention import screens, selectors, services
from kintsugi.audit.retention.models import LegalHold
from kintsugi.audit.retention.rules import rules
from kintsugi.audit.retention.views import now, today
from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Number, Word, Words

router = Router(tags=["Retention and holds"])
HoldNumber = Path(..., description="number or id of the hold")


class HoldOut(Schema):
    """An order to keep everything about something."""

    id: UUID
    number: str = Field(examples=["LH-20261122-0001"])
    kind: str = Field(description="device, product, lot, party or period")
    subject_id: UUID | None = Field(
        description="the device, the product (a lot's too) or the party"
    )
    lot_no: str
    since: dt.datetime | None
    until: dt.datetime | None
    title: str
    reason: str
    placed_by: str
    placed_at: dt.datetime
    released_by: str
    released_at: dt.datetime | None = Field(description="null while it is in force")
    release_reason: str


class HoldIn(Schema):
    """What shall be kept, and why."""

    kind: Literal["device", "product", "lot", "party", "period"]
    key: Word = Field(description="as for an evidence pack of that scope")
    reason: Word = Field(min_length=1)


class ReleaseIn(Schema):
    """Why the hold ends."""

    reason: Word = Field(min_length=1)


class ClauseOut(Schema):
    """One case of a rule."""

    code: str
    rule: Words
    reason: Words


class RetentionRuleOut(Schema):
    """How long one kind of record is kept."""

    entity: str
    title: Words
    clauses: list[ClauseOut]
    due: int | None = Field(description="records whose time is over today, counted up to 1,000")


class RetentionRules(Schema):
    """All rules."""

    items: list[RetentionRuleOut]


add_list(router, "/holds", screens.HOLDS, HoldOut, name="holds", summary="Legal holds")


@router.post("/holds", response={201: HoldOut, **WRITE}, summary="Place a legal hold")
@requires("hold.create")
def place_hold(request: HttpRequest, given: HoldIn) -> Status[LegalHold]:
    """In force at once; another person releases it."""
    made = services.place_hold(actor=request.user, at=now(), **given.model_dump())
    return Status(201, made)


@router.get("/holds/{number}", response={200: HoldOut, **READ}, summary="One legal hold")
@requires("hold.read")
def hold(request: HttpRequest, number: Number = HoldNumber) -> LegalHold:
    """The order and its release."""
    return selectors.hold_by_number(number)


@router.post("/holds/{number}/release", response={200: HoldOut, **WRITE}, summary="Release a hold")
@requires("hold.approve")
def release_hold(request: HttpRequest, given: ReleaseIn, number: Number = HoldNumber) -> LegalHold:
    """By a person other than the one who placed it (else 403); 409 when it is released already."""
    found = selectors.hold_by_number(number)
    return services.release_hold(actor=request.user, hold=found, reason=given.reason, at=now())


@router.get("/retention", response={200: RetentionRules, **READ}, summary="Retention rules")
@requires("hold.read")
def retention_rules(request: HttpRequest) -> dict[str, Any]:
    """How long each kind of record is kept and why. Nothing is deleted by itself."""
    items = [
        {
            "entity": rule.entity,
            "title": rule.title,
            "clauses": [vars(one) for one in rule.clauses],
            "due": selectors.due(entity=rule.entity, on=today())[:1000].count()
            if rule.rows
            else None,
        }
        for rule in rules()
    ]
    return {"items": items}
