"""Connectors, what they brought, and the standard for sources over HTTP."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.params.functions import Path
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Words
from kintsugi.core.api.writing import KEY, Line
from kintsugi.core.errors import NotFound
from kintsugi.engine.paper.confirm import to_confirm
from kintsugi.engine.text import Text
from kintsugi.onboarding import arrival_screens, connector_views, tasks
from kintsugi.onboarding.api.rollbacks import LoadProposalOut
from kintsugi.onboarding.models import Connector, Fetch, Source
from kintsugi.onboarding.services import (
    answer_paper,
    assess_source,
    leave_out,
    let_go,
    retire_source,
    save_connector,
    standard,
    take_live,
    tried,
    void_connector,
)
from kintsugi.onboarding.services.fetching import waiting_snapshot

router = Router(tags=["Sources and runs"])

SourceCode = Path(..., max_length=120, pattern=r"^[^\x00]+$", description="code of the source")
NULL_FREE = r"^[^\x00]*$"


class ConnectorIn(Schema):
    """How data of a source come by themselves. Settings by kind:

    folder, paper: path, pattern, marker; database: url, table or query, watermark; rest: url,
    header, prefix; queue: server, stream, consumer, user, batch.
    """

    name: str = Field(min_length=1, max_length=120, pattern=NULL_FREE)
    kind: Literal["folder", "paper", "database", "rest", "queue"]
    settings: dict[str, str] = Field(default_factory=dict, max_length=20)
    secret: str = Field(default="", max_length=120, description="`env:…` or `file:…`, never itself")
    cron: str = Field(default="", max_length=120, examples=["0 6 * * *"])
    time_zone: str = Field(default="Asia/Shanghai", max_length=60)
    allow_private: bool = Field(default=False, description="whether the address is inside")
    is_active: bool = True


class ConnectorPut(ConnectorIn):
    """A connector with the version that was read."""

    version: int = Field(ge=1)


class ConnectorOut(ConnectorIn):
    """A connector as it is kept; an address holds no password."""

    id: UUID
    version: int
    source: str
    next_at: dt.datetime | None
    failures: int = Field(description="in a row")

    @staticmethod
    def resolve_source(one: Connector) -> str:
        """Code of the source."""
        return one.source.code


class SampleOut(Schema):
    """What a connector would bring; nothing of it was kept."""

    file: str
    columns: list[str]
    rows: list[list[str]]
    count: int


class AskedOut(Schema):
    """Whether a fetch was queued; false where one waits already."""

    queued: bool


class ArrivalOut(Schema):
    """What a connector brought, and what became of it."""

    id: UUID
    source: str
    connector: str
    item: str
    status: str = Field(description="arrived, imported, same, waiting, held, failed or left")
    run: str | None
    attempts: int
    started_at: dt.datetime
    ended_at: dt.datetime | None
    error: dict[str, Any] | None = Field(description="the refusal that stopped it")

    @staticmethod
    def resolve_source(one: Fetch) -> str:
        """Code of the source."""
        return one.connector.source.code

    @staticmethod
    def resolve_connector(one: Fetch) -> str:
        """Name of the connector."""
        return one.connector.name

    @staticmethod
    def resolve_run(one: Fetch) -> str | None:
        """Number of the run."""
        return one.run.number if one.run else None


class PaperCellOut(Schema):
    """A cell that OCR read and a person has to confirm."""

    table: str
    row: int
    column: str
    page: int
    box: list[float] = Field(description="fractions of the page; empty where nothing was read")
    confidence: float
    text: str
    reason: str


class PaperAnswerIn(Schema):
    """What stands on the paper."""

    table: str = Field(max_length=200)
    row: int = Field(ge=0)
    column: str = Field(max_length=200)
    text: str = Field(max_length=400, pattern=NULL_FREE, description="empty: as it was read")


class PaperAnswersIn(Schema):
    """Answers of one person."""

    answers: list[PaperAnswerIn] = Field(min_length=1, max_length=1000)


class WhyIn(Schema):
    """Why something is done."""

    reason: Line = Field(min_length=1)


class StandardLine(Schema):
    """One thing that is asked of a source."""

    name: str
    title: Words
    signed: bool = Field(description="a person answers for it, else the system sees it")
    ok: bool | None
    seen: Any = None


class StandardOut(Schema):
    """The standard for new sources, and where a source stands."""

    source: str
    status: str
    lines: list[StandardLine]
    missing: list[str]


class AssessIn(WhyIn):
    """An assessment: a note for each item that is signed for."""

    signed: dict[str, Line] = Field(examples=[{"sample": "20 rows", "mapping": "all columns"}])


def _source(code: str) -> Source:
    found = Source.objects.filter(code=code).first()
    if found is None:
        raise NotFound(Text("来源", "source"), code)
    return found


def _connector(pk: UUID) -> Connector:
    found = Connector.objects.select_related("source").filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("连接器", "connector"), str(pk))
    return found


def _arrival(pk: UUID) -> Fetch:
    found = Fetch.objects.select_related("connector__source", "run").filter(pk=pk).first()
    if found is None:
        raise NotFound(Text("到达记录", "arrival"), str(pk))
    return found


def _said(body: ConnectorIn) -> dict[str, Any]:
    facts = body.dict()
    facts.pop("version", None)
    return {"given": facts.pop("settings"), **facts}


# -- connectors ------------------------------------------------------------------------------------


@router.get(
    "/sources/{path:code}/connectors",
    response={200: list[ConnectorOut], **READ},
    summary="Connectors of a source",
)
@requires("source.read")
def source_connectors(request: HttpRequest, code: str = SourceCode) -> list[Connector]:
    """At most 100, by name."""
    found = _source(code).connectors.filter(is_void=False).select_related("source")
    return list(found.order_by("name")[:100])


@router.post(
    "/sources/{path:code}/connectors",
    response={201: ConnectorOut, **WRITE},
    summary="Add a connector",
)
@requires("source.edit")
def add_connector(
    request: HttpRequest, body: ConnectorIn, code: str = SourceCode
) -> Status[Connector]:
    """409 where the source has one of this name: a request sent twice adds one."""
    made = save_connector(
        actor=request.user, source=_source(code), at=timezone.now(), **_said(body)
    )
    return Status(201, made)


@router.put("/connectors/{pk}", response={200: ConnectorOut, **WRITE}, summary="Change a connector")
@requires("source.edit")
def change_connector(request: HttpRequest, body: ConnectorPut, pk: UUID) -> Connector:
    """409 where somebody changed it since `version` was read."""
    one = _connector(pk)
    return save_connector(
        actor=request.user,
        source=one.source,
        at=timezone.now(),
        connector_id=one.pk,
        version=body.version,
        **_said(body),
    )


@router.post("/connectors/{pk}/try", response={200: SampleOut, **WRITE}, summary="Try a connector")
@requires("source.edit")
def try_connector(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """The first rows it would bring; nothing is kept, marked or acknowledged."""
    with tried(_connector(pk)) as snapshot:
        return connector_views.sample_of(snapshot)


@router.post("/connectors/{pk}/fetch", response={202: AskedOut, **WRITE}, summary="Fetch now")
@requires("run.import")
def fetch_connector(request: HttpRequest, pk: UUID) -> Status[dict[str, bool]]:
    """Queue a fetch; what it brings is listed at `/arrivals`."""
    one = _connector(pk)
    return Status(202, {"queued": tasks.ask_for(str(one.pk), str(request.user))})


@router.post(
    "/connectors/{pk}/void", response={200: ConnectorOut, **WRITE}, summary="Give a connector up"
)
@requires("source.edit")
def give_connector_up(request: HttpRequest, body: WhyIn, pk: UUID) -> Connector:
    """What it brought stays."""
    one = _connector(pk)
    return void_connector(actor=request.user, connector_id=one.pk, reason=body.reason)


# -- arrivals --------------------------------------------------------------------------------------

add_list(
    router,
    "/arrivals",
    arrival_screens.ARRIVALS,
    ArrivalOut,
    name="arrivals",
    summary="What connectors brought",
)


@router.get("/arrivals/{pk}", response={200: ArrivalOut, **READ}, summary="One arrival")
@requires("source.read")
def arrival(request: HttpRequest, pk: UUID) -> Fetch:
    """What became of it."""
    return _arrival(pk)


@router.get(
    "/arrivals/{pk}/paper",
    response={200: list[PaperCellOut], **READ},
    summary="Cells that wait for a person",
)
@requires("row.read")
def arrival_paper(request: HttpRequest, pk: UUID) -> list[dict[str, Any]]:
    """At most 1,000 cells that OCR read and nobody confirmed; none where none wait."""
    one = _arrival(pk)
    if one.status != "waiting":
        return []
    return [cell.as_dict() for cell in to_confirm(waiting_snapshot(one))[:1000]]


@router.post(
    "/arrivals/{pk}/answers", response={200: ArrivalOut, **WRITE}, summary="Confirm what OCR read"
)
@requires("run.import")
def answer_arrival(request: HttpRequest, body: PaperAnswersIn, pk: UUID) -> Fetch:
    """In as many goes as it takes; with the last one that matters the arrival goes on in the
    background. 409 where it does not wait."""
    one = answer_paper(
        actor=request.user,
        fetch_id=_arrival(pk).pk,
        answers={(a.table, a.row, a.column): a.text for a in body.answers},
        at=timezone.now(),
    )
    if one.status == "arrived":
        tasks.ask_for(str(one.connector_id), str(request.user))
    return _arrival(pk)


@router.post(
    "/arrivals/{pk}/let-go", response={200: ArrivalOut, **WRITE}, summary="Let an arrival go on"
)
@requires("run.import")
def let_arrival_go(request: HttpRequest, body: WhyIn, pk: UUID) -> Fetch:
    """It is tried again; one that shrank passes with this reason. 409 where it was not stopped."""
    one = let_go(
        actor=request.user, fetch_id=_arrival(pk).pk, reason=body.reason, at=timezone.now()
    )
    tasks.ask_for(str(one.connector_id), str(request.user))
    return _arrival(pk)


@router.post(
    "/arrivals/{pk}/leave-out", response={200: ArrivalOut, **WRITE}, summary="Leave an arrival out"
)
@requires("run.import")
def leave_arrival_out(request: HttpRequest, body: WhyIn, pk: UUID) -> Fetch:
    """Nothing of it is imported. 409 where it was imported, or left out before."""
    leave_out(actor=request.user, fetch_id=_arrival(pk).pk, reason=body.reason, at=timezone.now())
    return _arrival(pk)


# -- the standard ----------------------------------------------------------------------------------


def _standard(source: Source) -> dict[str, Any]:
    seen = standard.evidence(source, timezone.now())
    lines = [
        {"name": item.name, "title": item.title, "signed": item.signed,
         "ok": None if item.signed else seen[item.name]["ok"],
         "seen": None if item.signed else seen[item.name]["seen"]}
        for item in standard.STANDARD
    ]  # fmt: skip
    missing = [str(line["name"]) for line in lines if line["ok"] is False]
    return {"source": source.code, "status": source.status, "lines": lines, "missing": missing}


@router.get(
    "/sources/{path:code}/standard",
    response={200: StandardOut, **READ},
    summary="What a source still lacks",
)
@requires("source.read")
def source_standard(request: HttpRequest, code: str = SourceCode) -> dict[str, Any]:
    """The standard for new sources, item by item."""
    return _standard(_source(code))


@router.post(
    "/sources/{path:code}/assess",
    response={201: LoadProposalOut, **WRITE},
    summary="Ask another person to approve a source",
)
@requires("act.create")
def assess(
    request: HttpRequest, body: AssessIn, code: str = SourceCode, key: str = KEY
) -> Status[dict[str, Any]]:
    """422 naming what is missing. Approving is a step of the act."""
    act = assess_source(
        account=request.user,
        source_id=_source(code).pk,
        signed=body.signed,
        at=timezone.now(),
        reason=body.reason,
        key=key,
    )
    return Status(201, {"act": act.number, "id": act.pk, "status": act.status})


@router.post(
    "/sources/{path:code}/live", response={200: StandardOut, **WRITE}, summary="Take a source live"
)
@requires("source.edit")
def source_live(request: HttpRequest, body: WhyIn, code: str = SourceCode) -> dict[str, Any]:
    """After its approval and a verified pilot run; also takes up a retired one."""
    source = _source(code)
    return _standard(take_live(actor=request.user, source_id=source.pk, note=body.reason))


@router.post(
    "/sources/{path:code}/retire", response={200: StandardOut, **WRITE}, summary="Retire a source"
)
@requires("source.edit")
def source_retired(request: HttpRequest, body: WhyIn, code: str = SourceCode) -> dict[str, Any]:
    """Nothing of it is imported any more."""
    source = _source(code)
    return _standard(retire_source(actor=request.user, source_id=source.pk, reason=body.reason))
