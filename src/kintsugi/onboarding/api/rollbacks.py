"""Rollbacks over HTTP: plan, propose, follow, and what stays as it is.

Approving and letting go are steps of the act (`/acts/{id}`), each with a signature.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api import api_url
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Number, Words
from kintsugi.core.api.writing import KEY
from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text
from kintsugi.onboarding import rollback_live, rollback_screens
from kintsugi.onboarding.api.runs import RunNumber, found_run
from kintsugi.onboarding.models import RollbackItem, Run
from kintsugi.onboarding.services import plan_rollback, propose_rollback, withdraw_rollback

router = Router(tags=["Sources and runs"])


class RollbackLine(Schema):
    """What a rollback does to the records of one kind."""

    title: Words
    fields: int = Field(description="values put back")
    rows: int = Field(description="records put back")
    taken_back: int = Field(description="new records made void")
    kept_fields: int
    kept_rows: int


class RollbackProof(Schema):
    """Checksums of the records nobody else touched."""

    title: Words
    touched: int
    alone: int = Field(description="records compared")
    before: str
    now: str
    holds: bool


class RollbackOut(Schema):
    """A rollback: its plan, the act it needs, its progress and its proof."""

    number: str = Field(examples=["RB-20261122-0001"])
    reverts: str = Field(description="number of the run that is rolled back")
    status: str
    status_text: Words
    is_ended: bool
    sha256: str = Field(description="hash of the plan, which the second person signs")
    acts: list[str] = Field(description="numbers of the acts about it")
    lines: list[RollbackLine]
    conflicts: int = Field(description="fields and records that stay as they are")
    done: int = Field(description="chunks done")
    total: int = Field(description="chunks in all")
    result: dict[str, int]
    proofs: list[RollbackProof]
    conflicts_url: str


class LoadProposalIn(Schema):
    """Why the run is rolled back."""

    reason: str = Field(min_length=1, max_length=400, pattern=r"^[^\x00]*$")


class LoadProposalOut(Schema):
    """The act that waits for another person."""

    act: str
    id: UUID
    status: str


class ConflictOut(Schema):
    """A field or record that a rollback leaves as it is."""

    id: UUID
    entity: str
    row_id: UUID
    field: str = Field(description="empty for a whole record")
    outcome: str = Field(description="edited, changed, referenced, later_run, refused or gone")
    outcome_text: str
    before: str | None
    loaded: str | None
    current: str | None
    changed_by: str
    changed_at: dt.datetime | None
    later_run_id: UUID | None

    @staticmethod
    def resolve_outcome_text(item: RollbackItem) -> str:
        """Why it stays, in words."""
        return rollback_screens.outcome_text(item)

    @staticmethod
    def resolve_before(item: RollbackItem) -> str | None:
        """The value before the run."""
        return rollback_screens.shown(item, "before")

    @staticmethod
    def resolve_loaded(item: RollbackItem) -> str | None:
        """What the run loaded."""
        return rollback_screens.shown(item, "loaded")

    @staticmethod
    def resolve_current(item: RollbackItem) -> str | None:
        """What stands now."""
        return rollback_screens.shown(item, "current")


def _found(number: str) -> Run:
    found = found_run(number)
    if found.reverts_id is None:
        raise NotFound(Text("回退", "rollback"), number)
    return found


def _out(found: Run) -> dict[str, Any]:
    state = rollback_live.rollback_state(found)
    assert found.reverts, "a rollback names its run"
    own = {name: getattr(state, name) for name in RollbackOut.model_fields if hasattr(state, name)}
    return {
        **own,
        "number": found.number,
        "reverts": found.reverts.number,
        "status": found.status,
        "status_text": state.status,
        "acts": [act.number for act in state.acts],
        "lines": [vars(one) for one in state.lines],
        "proofs": [{**vars(one), "holds": one.holds} for one in state.proofs],
        "done": found.chunks.count(),
        "conflicts_url": api_url("rollback_conflicts", number=found.number),
    }


def _items(user: Any, number: str) -> QuerySet[RollbackItem]:
    return rollback_screens.items_of_run(_found(number))


add_list(
    router,
    "/rollbacks/{number}/conflicts",
    rollback_screens.CONFLICTS,
    ConflictOut,
    name="rollback_conflicts",
    summary="What a rollback leaves as it is",
    rows=_items,
    arguments={"number": Number},
)


@router.post(
    "/runs/{number}/rollback", response={201: RollbackOut, **WRITE}, summary="Plan a rollback"
)
@requires("run.import")
def plan_run_rollback(request: HttpRequest, number: Number = RunNumber) -> Status[dict[str, Any]]:
    """Work out what rolling the run back would do. Nothing is changed by it; 409 while another
    plan is open for the run."""
    made = plan_rollback(actor=request.user, run_id=found_run(number).pk, at=timezone.now())
    return Status(201, _out(_found(made.number)))


@router.get("/rollbacks/{number}", response={200: RollbackOut, **READ}, summary="One rollback")
@requires("run.read")
def rollback(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """Plan, act, progress and proof. Ask again every second or so until `is_ended`."""
    return _out(_found(number))


@router.post(
    "/rollbacks/{number}/propose",
    response={201: LoadProposalOut, **WRITE},
    summary="Propose a rollback",
)
@requires("act.create")
def propose_run_rollback(
    request: HttpRequest, body: LoadProposalIn, number: Number = RunNumber, key: str = KEY
) -> Status[dict[str, Any]]:
    """Ask another person to approve the plan. It goes on at `/acts/{id}`: approve, then execute,
    each with a signature; who approves is neither who proposes nor who executes."""
    act = propose_rollback(
        account=request.user,
        rollback_id=_found(number).pk,
        reason=body.reason,
        at=timezone.now(),
        key=key,
    )
    return Status(201, {"act": act.number, "id": act.pk, "status": act.status})


@router.post(
    "/rollbacks/{number}/withdraw", response={200: RollbackOut, **WRITE}, summary="Give a plan up"
)
@requires("run.import")
def withdraw_run_rollback(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """Give up a plan that nobody approved; it stays on record. 409 for any other."""
    withdraw_rollback(actor=request.user, rollback_id=_found(number).pk)
    return _out(_found(number))
