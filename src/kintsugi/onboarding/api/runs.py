"""Runs over HTTP: state, steps, rows behind each number, issues, and going on."""

import dataclasses
import datetime as dt
import json
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Path, Query
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api import api_url
from kintsugi.core.api.lists import LIMIT_MAX, add_list
from kintsugi.core.api.schemas import READ, WRITE, Number, Words
from kintsugi.core.errors import IllegalTransition, KintsugiError, NotFound
from kintsugi.engine.pipeline import open_result, show_step
from kintsugi.engine.text import Text
from kintsugi.onboarding import live, screens, tasks
from kintsugi.onboarding.api.sources import IssueOut
from kintsugi.onboarding.models import Issue, Run
from kintsugi.onboarding.run_rows import rows_behind, run_streams
from kintsugi.onboarding.selectors import run_by_number, run_report
from kintsugi.onboarding.services import workdir
from kintsugi.onboarding.services.runs import base_of

router = Router(tags=["Sources and runs"])

CELL_CHARS = 400
OFFSET_MAX = 1_000_000
Outcome = Literal["created", "updated", "merged", "unchanged", "excluded", "quarantined"]
RunNumber = Path(..., description="number or id of the run")


class RunLinks(Schema):
    """Where to go from a run."""

    api: str
    page: str
    progress: str
    steps: str
    issues: str


class RunOut(Schema):
    """One passage of a file through reading, cleaning, checking and loading."""

    id: UUID
    number: str = Field(examples=["RUN-20261122-0001"])
    source: str = Field(description="code of the source")
    file: str
    status: str = Field(
        description="created, reading, staged, validated, applying, applied, verified or failed"
    )
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    started_by: str
    counts: dict[str, Any] = Field(
        description="closes: read = created + updated + merged + unchanged + excluded + quarantined"
    )
    links: RunLinks

    @staticmethod
    def resolve_source(run: Run) -> str:
        """Code of the source."""
        return run.source.code

    @staticmethod
    def resolve_file(run: Run) -> str:
        """Name of the file."""
        return run.file_name

    @staticmethod
    def resolve_links(run: Run) -> dict[str, str]:
        """Where to go from here."""
        return run_links(run)


class RuleCount(Schema):
    """How often a rule was broken."""

    entity: str
    rule: str
    severity: str
    count: int
    examples: list[str]
    title: Words


class RunDetail(Schema):
    """A run as `kintsugi import --json` prints it."""

    run: str
    id: UUID
    source: str
    file: str
    status: str
    mapping: str | None
    snapshot: str | None
    read: int | None
    created: int | None
    updated: int | None
    merged: int | None
    unchanged: int | None
    excluded: int | None
    quarantined: int | None
    cells_changed: int | None
    entities: dict[str, Any]
    issues: list[RuleCount]
    notes: list[dict[str, Any]]
    error: dict[str, Any] | None
    seconds: float | None
    links: RunLinks


class ProgressNode(Schema):
    """One step of the path."""

    name: str
    title: Words
    state: str = Field(description="done, now, failed or next")
    rows: int | None
    seconds: float | None


class ProgressOut(Schema):
    """What a run is doing right now."""

    number: str
    status: str
    status_text: Words
    is_ended: bool
    phase: Words | None
    done: int
    total: int
    rate: float | None = Field(description="rows a second")
    remaining_s: float | None
    read: int | None
    closes: bool = Field(description="whether the arithmetic of the ended run closes")
    path: list[ProgressNode]
    can_go_on: bool


class StepOut(Schema):
    """One named step of a run."""

    id: str = Field(examples=["设备/device/cleaned"])
    name: str
    title: Words
    kind: str = Field(description="sql, kernel or view")
    rows: int
    seconds: float
    url: str


class Steps(Schema):
    """The steps of a run in order."""

    items: list[StepOut]


class StepRows(Schema):
    """A window of the rows that a step made, with what made them."""

    id: str
    title: Words
    kind: str
    text: str = Field(description="its SQL, or what the kernel does in words")
    columns: list[str]
    rows: int = Field(description="rows in all")
    offset: int
    items: list[dict[str, Any]]


class RowOut(Schema):
    """A source row behind a number."""

    table: str
    row: int
    rows: list[int]
    key: str
    summary: str
    reasons: list[Words]
    record_url: str
    cell_url: str


class RowsOut(Schema):
    """A window of the rows behind one number of the arithmetic."""

    stream: str
    streams: list[str]
    outcome: str
    total: int = Field(description="records looked through in all")
    next_after: int | None = Field(description="`after` of the next window; null at the end")
    items: list[RowOut]


class Resumed(Schema):
    """A run that goes on in the background."""

    number: str
    status: str
    links: RunLinks


def run_links(run: Run) -> dict[str, str]:
    """Where to go from a run."""
    return {
        "api": api_url("run", number=run.number),
        "page": screens.run_url(run),
        "progress": api_url("run_progress", number=run.number),
        "steps": api_url("run_steps", number=run.number),
        "issues": api_url("run_issues", number=run.number),
    }


def found_run(number: str) -> Run:
    """The run with this number or id. Raises NotFound."""
    run = run_by_number(number)
    if run is None:
        raise NotFound(Text("导入运行", "run"), number)
    return run


def _issues(user: Any, number: str) -> QuerySet[Issue]:
    return screens.with_record(Issue.objects.filter(run=found_run(number)))


add_list(router, "/runs", screens.RUNS, RunOut, name="runs", summary="Runs, newest first")
add_list(
    router,
    "/runs/{number}/issues",
    screens.RUN_ISSUES,
    IssueOut,
    name="run_issues",
    summary="Issues that a run found",
    rows=_issues,
    arguments={"number": Number},
)


@router.get("/runs/{number}", response={200: RunDetail, **READ}, summary="One run")
@requires("run.read")
def run(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """Its arithmetic, which closes, how often each rule was broken, notes and refusal."""
    found = found_run(number)
    folder = found.snapshot.folder if found.snapshot else None
    return {**run_report(found), "snapshot": folder, "links": run_links(found)}


@router.get("/runs/{number}/progress", response={200: ProgressOut, **READ}, summary="Progress")
@requires("run.read")
def run_progress(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """What the run is doing right now. Ask again every second or so until `is_ended`."""
    found = found_run(number)
    state = live.run_state(found)
    own = {name: getattr(state, name) for name in ProgressOut.model_fields if hasattr(state, name)}
    own["path"] = [dataclasses.asdict(node) | {"title": node.title} for node in state.path]
    return {**own, "number": found.number, "status": found.status, "status_text": state.status}


@router.get("/runs/{number}/steps", response={200: Steps, **READ}, summary="Steps of a run")
@requires("run.read")
def run_steps(request: HttpRequest, number: Number = RunNumber) -> dict[str, Any]:
    """Each step was materialised and can be looked into."""
    found = found_run(number)
    items = [
        {
            **{name: step[name] for name in ("id", "name", "kind", "rows", "seconds")},
            "title": {"zh": step["zh"], "en": step["en"]},
            "url": api_url("step_rows", number=found.number, step=step["id"]),
        }
        for step in found.steps
    ]
    return {"items": items}


@router.get(
    "/runs/{number}/steps/{path:step}", response={200: StepRows, **READ}, summary="Rows of a step"
)
@requires("row.read")
def step_rows(
    request: HttpRequest,
    number: Number = RunNumber,
    step: str = Path(..., max_length=400, pattern=r"^[^\x00]+$", description="id of the step"),
    limit: int = Query(50, ge=1, le=LIMIT_MAX, description="rows"),
    offset: int = Query(0, ge=0, le=OFFSET_MAX, description="rows to skip"),
) -> dict[str, Any]:
    """A window of what the step left behind, and what made it."""
    result = open_result(workdir(base_of(found_run(number))))
    rows = show_step(result, step, limit=limit, offset=offset)
    chosen = result.step(step)
    return {
        "id": chosen.id,
        "title": chosen.title,
        "kind": chosen.kind,
        "text": chosen.text,
        "columns": chosen.columns,
        "rows": chosen.rows,
        "offset": offset,
        "items": [{name: _plain(value) for name, value in row.items()} for row in rows],
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)[:CELL_CHARS]
    return str(value)[:CELL_CHARS]


@router.get(
    "/runs/{number}/rows/{outcome}", response={200: RowsOut, **READ}, summary="Rows behind a number"
)
@requires("row.read")
def run_rows(
    request: HttpRequest,
    outcome: Outcome,
    number: Number = RunNumber,
    stream: str = Query("", max_length=450, pattern=r"^[^\x00]*$", description="from `streams`"),
    after: int = Query(0, ge=0, le=2**31 - 1, description="`next_after` of the window before"),
) -> dict[str, Any]:
    """The source rows that were created, updated, merged, left unchanged, excluded or quarantined;
    a window at a time. The windows of `created` to `unchanged` may be sparse."""
    found = found_run(number)
    _result, streams = run_streams(found)
    names = {f"{one.name}/{one.result.entity}": one for one in streams}
    if stream and stream not in names:
        raise KintsugiError(
            "run.no-stream",
            Text("此运行没有这个数据流。", "The run has no such stream."),
            Text("请从列出的数据流中选择。", "Choose one of the streams listed."),
            stream=stream,
            streams=list(names),
        )
    if not streams:
        return {"stream": "", "streams": [], "outcome": outcome, "total": 0, "next_after": None,
                "items": []}  # fmt: skip
    name = stream or next(iter(names))
    page = rows_behind(found, names[name], outcome, after=after)
    return {
        "stream": name,
        "streams": list(names),
        "outcome": outcome,
        "total": page.total,
        "next_after": page.next_after,
        "items": page.lines,
    }


@router.post("/runs/{number}/resume", response={202: Resumed, **WRITE}, summary="Let a run go on")
@requires("run.import")
def resume_run(request: HttpRequest, number: Number = RunNumber) -> Status[dict[str, Any]]:
    """Take a stopped or interrupted run up again; it goes on from its last complete step.

    Safe to repeat: a run that is being worked on is not touched twice. 409 when it is finished.
    """
    found = found_run(number)
    if found.status not in live.RESUMABLE:
        raise IllegalTransition("onboarding.run", found.status, "reading", [])
    tasks.import_files.defer(run_ids=[str(found.pk)], actor=str(request.user))
    return Status(202, {"number": found.number, "status": found.status, "links": run_links(found)})
