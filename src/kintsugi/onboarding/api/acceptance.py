"""Acceptance of a run over HTTP. Approving and accepting are steps of the act (`/acts/{id}`)."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ, WRITE, Number
from kintsugi.core.api.writing import KEY
from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text
from kintsugi.onboarding import tasks
from kintsugi.onboarding.api.loads import found_load
from kintsugi.onboarding.api.rollbacks import LoadProposalIn, LoadProposalOut
from kintsugi.onboarding.api.runs import RunNumber
from kintsugi.onboarding.services import acceptance, propose_acceptance

router = Router(tags=["Sources and runs"])


class LoadAcceptanceField(Schema):
    """Cells of one field: how many the source told, how many stand the same, why others differ."""

    told: int
    same: int
    other_source: int = Field(description="another source holds the field")
    corrected: int = Field(description="people changed it since")
    asked: int = Field(description="an issue asks about it")
    unexplained: int
    sum_source: str | None = None
    sum_target: str | None = None


class AcceptanceStream(Schema):
    """One kind of record of a run against the tables."""

    entity: str
    table: str
    records: int
    absent: int = Field(description="records without a row")
    fields: dict[str, LoadAcceptanceField]
    source: str = Field(description="digest of the cells as the source told them")
    target: str = Field(description="digest of the same cells as they stand")


class LoadAcceptanceOut(Schema):
    """The newest comparison of a run with the tables."""

    run: str
    compared_at: dt.datetime
    compared_by: str
    passes: bool
    sha256: str
    act: str = Field(description="the act that accepted it; empty before")
    streams: dict[str, AcceptanceStream]


class AcceptanceAsked(Schema):
    """A comparison was queued."""

    queued: bool


@router.get(
    "/runs/{number}/acceptance",
    response={200: LoadAcceptanceOut, **READ},
    summary="How a run compares",
)
@requires("run.read")
def run_acceptance(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """404 before the first comparison."""
    run = found_load(number)
    made = acceptance.newest(run)
    if made is None:
        raise NotFound(Text("比对", "comparison"), number)
    streams = {}
    for name, one in acceptance.streams_of(made).items():
        fields = {
            field: {key.replace("-", "_"): value for key, value in counts.items()}
            for field, counts in one["fields"].items()
        }
        streams[name] = {**one, "fields": fields}
    return {
        "run": run.number,
        "compared_at": made.compared_at,
        "compared_by": made.compared_by,
        "passes": made.passes,
        "sha256": made.sha256,
        "act": made.act,
        "streams": streams,
    }


@router.post(
    "/runs/{number}/acceptance",
    response={202: AcceptanceAsked, **WRITE},
    summary="Compare a run with its source",
)
@requires("run.import")
def compare_a_run(request: HttpRequest, number: Number = RunNumber) -> Status[dict[str, bool]]:
    """In the background; nothing is changed by it. 409 where the run is not loaded."""
    run = found_load(number)
    acceptance.refuse_not_loaded(run)
    tasks.compare.defer(run_id=str(run.pk), actor=str(request.user))
    return Status(202, {"queued": True})


@router.post(
    "/runs/{number}/accept",
    response={201: LoadProposalOut, **WRITE},
    summary="Ask another person to accept a load",
)
@requires("act.create")
def accept_a_run(
    request: HttpRequest, body: LoadProposalIn, number: Number = RunNumber, key: str = KEY
) -> Status[dict[str, Any]]:
    """409 where nothing was compared, or a difference has no reason."""
    act = propose_acceptance(
        account=request.user,
        run_id=found_load(number).pk,
        reason=body.reason,
        at=timezone.now(),
        key=key,
    )
    return Status(201, {"act": act.number, "id": act.pk, "status": act.status})
