"""Licences over HTTP: what there is, registering, revoking, and unlocks."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Reference
from kintsugi.core.api.writing import KEY, Code, Line, codes_of
from kintsugi.parties import selectors, services
from kintsugi.parties.kinds import LICENCE_KINDS, LICENCE_STATES, UNLOCK
from kintsugi.parties.licence_screens import LICENCES
from kintsugi.parties.models import Qualification, Unlock
from kintsugi.parties.services import LicenceFacts
from kintsugi.parties.views import now, today

router = Router(tags=["Licences"])


class LicenceOut(Schema):
    """A licence of a party."""

    id: UUID
    version: int
    party: Reference
    kind: str = Field(description=codes_of(LICENCE_KINDS))
    number: str
    issuer: str
    valid_from: dt.date
    valid_to: dt.date | None = Field(description="counts through this day; null: without end")
    status: str = Field(description=f"today: {codes_of(LICENCE_STATES)}")
    classes: list[str]
    categories: list[str]
    territory: list[str]
    revoked_on: dt.date | None
    file_sha256: str = Field(description="of the scanned paper; empty for none")
    note: str
    page: str = Field(description="its page for people")

    @staticmethod
    def resolve_page(row: Qualification) -> str:
        """Where people read it."""
        return reverse("parties:licence", args=[row.pk])


class LicenceIn(Schema):
    """A licence to register."""

    party: UUID
    kind: str = Field(max_length=30, description=codes_of(LICENCE_KINDS))
    number: Code
    valid_from: dt.date
    valid_to: dt.date | None = None
    issuer: Line = ""
    classes: list[Literal["I", "II", "III"]] = Field(default=[], max_length=3)
    categories: list[Code] = Field(default=[], max_length=200)
    territory: list[Code] = Field(default=[], max_length=50)
    note: Line = ""


class RevocationIn(Schema):
    """Since when and why."""

    on: dt.date
    reason: Line = Field(min_length=1)


class UnlockIn(Schema):
    """From when to when and why; at most 30 days."""

    first_day: dt.date
    last_day: dt.date
    reason: Line = Field(min_length=1)


class UnlockDecision(Schema):
    """Yes or no, and why."""

    decision: Literal["approved", "refused"]
    reason: Line = Field(min_length=1)


class UnlockOut(Schema):
    """A licence that ended, put up with for a while."""

    id: UUID
    number: str
    licence: UUID
    status: str = Field(description=codes_of(dict(UNLOCK.states)))
    ended_on: dt.date
    first_day: dt.date
    last_day: dt.date
    reason: str
    requested_by: str
    decided_by: str

    @staticmethod
    def resolve_licence(row: Unlock) -> UUID:
        """The licence."""
        return row.qualification_id

    @staticmethod
    def resolve_requested_by(row: Unlock) -> str:
        """Who asked."""
        return row.requested_by_name

    @staticmethod
    def resolve_decided_by(row: Unlock) -> str:
        """Who decided."""
        return row.decided_by_name


add_list(
    router,
    "",
    LICENCES,
    LicenceOut,
    name="licences",
    summary="Licences of parties, with their state today",
)


@router.get("/{id}", response={200: LicenceOut, **READ}, summary="One licence")
@requires("licence.read")
def licence(request: HttpRequest, id: UUID) -> Qualification:
    """With its state today."""
    return selectors.licence(id, on=today())


@router.post("", response={201: LicenceOut, **WRITE}, summary="Register a licence of a party")
@requires("licence.create")
def register_licence(
    request: HttpRequest, body: LicenceIn, key: str = KEY
) -> Status[Qualification]:
    """409 `licence.needs-approval` for a party whose first review is in force: its licences change
    by an act under two persons. 400 with `field` for what cannot be right."""
    made = services.register_licence(
        actor=request.user, party=selectors.party(body.party).pk, key=key, at=now(),
        facts=LicenceFacts(**body.model_dump(exclude={"party"})),
    )  # fmt: skip
    return Status(201, selectors.licence(made.pk, on=today()))


@router.post("/{id}/revoke", response={200: LicenceOut, **WRITE}, summary="Revoke a licence")
@requires("licence.edit")
def revoke_licence(request: HttpRequest, id: UUID, body: RevocationIn) -> Qualification:
    """It counts for nothing from that day on, for good."""
    services.revoke_licence(
        actor=request.user, licence=id, on=body.on, reason=body.reason, at=now()
    )
    return selectors.licence(id, on=today())


@router.post(
    "/{id}/unlocks",
    response={201: UnlockOut, **WRITE},
    summary="Ask for an unlock of a licence that ended",
)
@requires("licence.create")
def request_unlock(
    request: HttpRequest, id: UUID, body: UnlockIn, key: str = KEY
) -> Status[Unlock]:
    """Another person decides. Once for each end of a licence."""
    made = services.request_unlock(
        actor=request.user, licence=id, key=key, at=now(), **body.model_dump()
    )
    return Status(201, made)


@router.post(
    "/unlocks/{id}/decide", response={200: UnlockOut, **WRITE}, summary="Decide on an unlock"
)
@requires("licence.approve")
def decide_unlock(request: HttpRequest, id: UUID, body: UnlockDecision) -> Any:
    """403 `licence.same-person` for whoever asked."""
    return services.decide_unlock(actor=request.user, unlock=id, at=now(), **body.model_dump())
