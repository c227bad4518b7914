"""Rehearsal, proposal, pace, waves and windows over HTTP.

Approving and letting go are steps of the act (`/acts/{id}`), each with a signature.
"""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.params.functions import Query
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Number, Words
from kintsugi.core.api.writing import KEY
from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text
from kintsugi.onboarding import load_live, tasks, window_screens
from kintsugi.onboarding.api.rollbacks import LoadProposalIn, LoadProposalOut
from kintsugi.onboarding.api.runs import RunNumber, found_run
from kintsugi.onboarding.models import LoadWindow, Run
from kintsugi.onboarding.services import add_wave, propose_run
from kintsugi.onboarding.services.rehearsal import refuse_unprepared
from kintsugi.onboarding.services.windows import (
    save_window,
    typed_blackouts,
    typed_hours,
    typed_limits,
)

router = Router(tags=["Sources and runs"])


class RehearsedStream(Schema):
    """What a rehearsal would do to the records of one kind."""

    name: str = Field(description="names the stream in `of`")
    title: Words
    counts: dict[str, int]
    issues: dict[str, int] = Field(description="issues by rule that loading would raise")


class LoadWaveOut(Schema):
    """One wave of a run."""

    number: str
    name: str
    kind: str
    rule: Words
    status: str
    records: int
    done: int
    errors: float | None = Field(description="share that was left alone, 0 to 1")
    consistency: float | None = Field(description="share without a conflict, 0 to 1")
    rate: float | None = Field(description="records a second")
    remaining_s: float | None


class LoadOut(Schema):
    """Where a run stands between being checked and being loaded."""

    number: str
    status: str
    is_governed: bool
    act: str
    asked: str
    resume_at: dt.datetime | None
    parent: str | None
    rehearsed_at: str | None
    digest: str | None = Field(description="what the second person signs")
    streams: list[RehearsedStream]
    waves: list[LoadWaveOut]
    waiting: int = Field(description="records that no wave has loaded yet")


class ChangedOut(Schema):
    """One value that would change, or one record of an outcome."""

    key: str | None
    row: int | None
    gid: str | None
    field: str | None = None
    before: str | None = None
    after: str | None = None


class ChangesOut(Schema):
    """A window of a rehearsal's list."""

    items: list[ChangedOut]
    total: int
    next_after: int | None


class LoadWaveIn(Schema):
    """A wave: which rows, and in which window."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")
    kind: Literal["pilot", "widened", "full"]
    rule: dict[str, Any] = Field(
        examples=[{"by": "values", "entity": "device", "field": "customer", "values": ["…"]}],
        description="`by` is values, range, sample or rest",
    )
    window: str | None = Field(default=None, max_length=60)


class AskIn(Schema):
    """What is asked of a run."""

    what: Literal["pause", "stop", "go-on", "withdraw"]


class WindowIn(Schema):
    """A load window; lists are texts with one entry a line, as on the screen."""

    name_zh: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")
    name_en: str = Field(default="", max_length=200, pattern=r"^[^\x00]*$")
    time_zone: str = Field(max_length=60, examples=["Asia/Shanghai"])
    hours: str = Field(default="", max_length=4000, examples=["mon-fri 22:00-06:00"])
    blackouts: str = Field(default="", max_length=8000)
    at_once: int = Field(default=1, ge=1, le=16)
    rows_a_second: int = Field(default=0, ge=0, le=1_000_000)
    limits: str = Field(default="", max_length=400, examples=["quarantined 5%"])


class WindowOut(WindowIn):
    """A load window as it is kept."""

    id: UUID
    code: str

    @staticmethod
    def resolve_hours(window: LoadWindow) -> str:
        """One slot a line."""
        return typed_hours(window)

    @staticmethod
    def resolve_blackouts(window: LoadWindow) -> str:
        """One a line."""
        return typed_blackouts(window)

    @staticmethod
    def resolve_limits(window: LoadWindow) -> str:
        """One a line."""
        return typed_limits(window)


def found_load(number: str) -> Run:
    """The import of this number. Raises NotFound, for a rollback too."""
    found = found_run(number)
    if found.reverts_id is not None:
        raise NotFound(Text("导入运行", "run"), number)
    return found


def _out(run: Run) -> dict[str, Any]:
    state = load_live.load_state(run)
    return {
        "number": run.number,
        "status": run.status,
        "is_governed": run.is_governed,
        "act": run.act,
        "asked": run.asked,
        "resume_at": run.resume_at,
        "parent": run.parent.number if run.parent else None,
        "rehearsed_at": (run.rehearsal or {}).get("at"),
        "digest": (run.rehearsal or {}).get("digest"),
        "streams": [vars(line) for line in state.rehearsal],
        "waves": [
            {**vars(one), "number": one.run.number, "kind": one.run.wave.kind,
             "status": one.run.status}
            for one in state.waves
        ],
        "waiting": int((run.counts or {}).get("waiting") or 0),
    }  # fmt: skip


@router.get("/runs/{number}/load", response={200: LoadOut, **READ}, summary="How a run is loaded")
@requires("run.read")
def run_load(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """Rehearsal, act, pace and waves."""
    return _out(found_load(number))


@router.post("/runs/{number}/rehearse", response={202: LoadOut, **WRITE}, summary="Rehearse a run")
@requires("run.import")
def rehearse_a_run(request: HttpRequest, number: Number = RunNumber) -> Status[dict[str, Any]]:
    """Have a job work out what loading would do; ask `/runs/{number}/load` until `digest` is
    there. 409 where the run is not prepared, or loads already."""
    run = found_load(number)
    refuse_unprepared(run)
    tasks.rehearse.defer(run_id=str(run.pk), actor=str(request.user))
    return Status(202, _out(run))


@router.get(
    "/runs/{number}/changes", response={200: ChangesOut, **READ}, summary="What would change"
)
@requires("row.read")
def run_changes(
    request: HttpRequest,
    number: Number = RunNumber,
    of: str = Query("", max_length=400, description="a stream's name; else the first"),
    show: Literal["changed", "created", "merged", "quarantined"] = "changed",
    field: str = Query("", max_length=63),
    after: int = Query(0, ge=0, le=10**9),
) -> dict[str, Any]:
    """A window of 100 of what the last rehearsal would do."""
    run = found_load(number)
    lines = load_live.stream_lines(run)
    line = next((one for one in lines if of in ("", one.name)), None)
    if line is None:
        raise NotFound(Text("预演", "rehearsal"), number)
    page = load_live.diff_page(run, line, show, field=field, after=after)
    items = [
        {
            "key": row["_key"],
            "row": row["_row"],
            "gid": row.get("gid") or row.get("_gid"),
            **{name: row.get(name) for name in ("field", "before", "after")},
        }
        for row in page.rows
    ]
    return {"items": items, "total": page.total, "next_after": page.next_after}


@router.post(
    "/runs/{number}/propose",
    response={201: LoadProposalOut, **WRITE},
    summary="Propose to load a run",
)
@requires("act.create")
def propose_to_load(
    request: HttpRequest, body: LoadProposalIn, number: Number = RunNumber, key: str = KEY
) -> Status[dict[str, Any]]:
    """Ask another person to let a rehearsed run go. It goes on at `/acts/{id}`."""
    act = propose_run(
        account=request.user,
        run_id=found_load(number).pk,
        reason=body.reason,
        at=timezone.now(),
        key=key,
    )
    return Status(201, {"act": act.number, "id": act.pk, "status": act.status})


@router.post("/runs/{number}/ask", response={200: LoadOut, **WRITE}, summary="Pause, stop, go on")
@requires("run.import")
def ask_a_run(request: HttpRequest, body: AskIn, number: Number = RunNumber) -> dict[str, Any]:
    """Between two chunks. 409 where the run is not loading; asking twice is asking once."""
    run = found_load(number)
    at = timezone.now()
    return _out(tasks.tell_run(actor=request.user, run_id=run.pk, what=body.what, at=at))


@router.post("/runs/{number}/waves", response={201: LoadOut, **WRITE}, summary="Add a wave")
@requires("run.import")
def add_a_wave(
    request: HttpRequest, body: LoadWaveIn, number: Number = RunNumber
) -> Status[dict[str, Any]]:
    """A part of a prepared run, as a run of its own. The same rule twice is one wave."""
    window = None
    if body.window:
        window = LoadWindow.objects.filter(code=body.window, is_void=False).first()
        if window is None:
            raise NotFound(Text("时间窗", "load window"), body.window)
    made = add_wave(
        actor=request.user,
        run_id=found_load(number).pk,
        name=body.name,
        kind=body.kind,
        rule=body.rule,
        window=window,
    )
    return Status(201, _out(found_load(made.number)))


add_list(
    router,
    "/load-windows",
    window_screens.WINDOWS,
    WindowOut,
    name="load_windows",
    summary="Load windows",
)


@router.put(
    "/load-windows/{code}", response={200: WindowOut, **WRITE}, summary="Keep a load window"
)
@requires("run.approve")
def keep_window(request: HttpRequest, body: WindowIn, code: str) -> LoadWindow:
    """Make it, or bring it up to date; the same again changes nothing."""
    return save_window(actor=request.user, code=code[:60], **body.dict())
