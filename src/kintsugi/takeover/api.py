"""Takeovers over HTTP: what a system states, what is wrong with it, ask, approve, withdraw."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Header
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.core.errors import NotFound, Text
from kintsugi.takeover import selectors, services
from kintsugi.takeover.kinds import DIFFERENCES, FAULTS
from kintsugi.takeover.models import Takeover
from kintsugi.takeover.views import now

router = Router(tags=["Takeover of stock"])

Reason = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]
System = Annotated[str, StringConstraints(max_length=30, pattern=r"^[^\x00]*$")]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=120,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every request; the same one again when it is repeated",
)


class SystemOut(Schema):
    """What a system states."""

    system: str
    levels: int
    taken: int = Field(description="rows that came over")
    empty: int = Field(description="rows with quantity 0, which have nothing to bring")
    movements: int
    counted_on: dt.date | None


class Systems(Schema):
    """All systems that state stock."""

    items: list[SystemOut]


class StatedFaultOut(Schema):
    """Why a row does not come over."""

    level: UUID
    item_ref: str
    product_code: str | None
    code: str = Field(description="; ".join(f"`{c}` {t.en} {t.zh}" for c, (t, _) in FAULTS.items()))
    value: str | None


class StatedDifferenceOut(Schema):
    """What does not agree within a system's own data."""

    code: str = Field(description="; ".join(f"`{c}` {t.en} {t.zh}" for c, t in DIFFERENCES.items()))
    item_ref: str
    movement_ref: str | None
    product_code: str | None
    stated: Decimal | None
    other: Decimal | None


class Review(Schema):
    """Everything that a person looks at before asking for a takeover; at most 5,000 of each."""

    faults: list[StatedFaultOut]
    differences: list[StatedDifferenceOut]


class TakeoverOut(Schema):
    """A takeover."""

    number: str
    system: str
    status: str
    levels: int
    reason: str
    requested_by_name: str
    requested_at: dt.datetime
    decided_by_name: str
    decided_at: dt.datetime | None


class DisagreementOut(Schema):
    """A quantity that was posted otherwise than stated."""

    product_code: str
    place: str
    lot_no: str
    serial_no: str
    stated: Decimal | None
    posted: Decimal | None


class TakeoverDetail(TakeoverOut):
    """A takeover with what was posted otherwise than stated: nothing, when all came over."""

    disagreements: list[DisagreementOut]

    @staticmethod
    def resolve_disagreements(row: Takeover) -> list[dict[str, Any]]:
        """Only a posted one has any."""
        return selectors.disagreements(row) if row.status == "posted" else []


class Why(Schema):
    """The reason."""

    reason: Reason


@router.get("/systems", response={200: Systems} | READ)
@requires("takeover.read")
def takeover_systems(request: HttpRequest) -> dict[str, Any]:
    """Systems that state stock."""
    return {"items": selectors.systems()}


@router.get("/systems/{system}/review", response={200: Review} | READ)  # fmt: skip
@requires("takeover.read")
def takeover_review(request: HttpRequest, system: System) -> dict[str, Any]:
    """What is wrong with the rows that wait, and what differs within the system's own data."""
    _known(system)
    faults = selectors.faults(system)[: selectors.LISTED_MAX]
    return {
        "faults": [{**one, "level": one["id"]} for one in faults],
        "differences": selectors.differences(system),
    }


@router.post("/systems/{system}/propose", response={201: TakeoverOut} | WRITE)  # fmt: skip
@requires("takeover.create")
def takeover_propose(request: HttpRequest, system: System, body: Why, key: str = KEY) -> Any:
    """Ask that the sound rows become an opening balance."""
    _known(system)
    made = services.propose(
        actor=request.user, system=system, reason=body.reason, key=key, at=now()
    )
    return Status(201, made)


@router.get("/{number}", response={200: TakeoverDetail} | READ)
@requires("takeover.read")
def takeover_read(request: HttpRequest, number: System) -> Takeover:
    """One takeover."""
    return _found(number)


@router.post("/{number}/approve", response={200: TakeoverDetail} | WRITE)  # fmt: skip
@requires("takeover.approve")
def takeover_approve(request: HttpRequest, number: System, body: Why) -> Takeover:
    """Post it; by another person than who asked. A second time changes nothing."""
    found = _found(number)
    return services.approve(actor=request.user, takeover=found.pk, reason=body.reason, at=now())


@router.post("/{number}/withdraw", response={200: TakeoverDetail} | WRITE)  # fmt: skip
@requires("takeover.create")
def takeover_withdraw(request: HttpRequest, number: System, body: Why) -> Takeover:
    """Take it back before it is approved."""
    found = _found(number)
    return services.withdraw(actor=request.user, takeover=found.pk, reason=body.reason, at=now())


def _known(system: str) -> None:
    if selectors.system(system) is None:
        raise NotFound(Text("来源系统", "system"), system)


def _found(number: str) -> Takeover:
    found = selectors.takeover(number)
    if found is None:
        raise NotFound(Text("库存接管", "takeover"), number)
    return found
