"""Projects over HTTP: the plan, what became of it, and the commands that write it."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from django.db import models
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Words
from kintsugi.core.api.writing import KEY, Line, codes_of
from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text
from kintsugi.projects import selectors, services
from kintsugi.projects.kinds import CATEGORIES, MILESTONE, PROJECT, RESPONSES, RISK
from kintsugi.projects.models import Contingency, Drill, Kpi, Measurement, Milestone, Project, Risk
from kintsugi.projects.roi import Summary
from kintsugi.projects.screens import PROJECTS
from kintsugi.projects.views import now, today

router = Router(tags=["Projects"])
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Evidence = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]
Value = Annotated[Decimal, Field(max_digits=18, decimal_places=4)]
Row = TypeVar("Row", bound=models.Model)
#: Nobody plans more parts of one kind; what is beyond is on the pages.
PARTS_MAX = 500


class ProjectOut(Schema):
    """A project and where it stands."""

    id: UUID
    version: int
    code: str
    title_zh: str
    title_en: str
    goal_zh: str
    goal_en: str
    status: str = Field(description=codes_of(dict(PROJECT.states)))
    owner_name: str
    sponsor_name: str
    planned_start: dt.date
    planned_end: dt.date
    started_at: dt.datetime | None
    accepted_at: dt.datetime | None
    boundaries: dict[str, Any] = Field(description="inside, outside, never: pairs of zh and en")


class ProjectKpiOut(Schema):
    """A key figure: its target is the plan, its newest value the actual."""

    id: UUID
    code: str
    title: Words
    unit: Words
    direction: str = Field(description="up: higher is better; down: lower is better")
    baseline: Decimal | None
    target: Decimal
    metric: str = Field(description="what measures it; empty: people enter it")
    actual: Decimal | None = Field(description="the newest value; null is unknown")
    as_of: dt.datetime | None
    reached: bool | None = Field(description="whether the target is met; null is unknown")
    why_unknown: list[str] = Field(description="zh and en, where the newest value is unknown")


class ProjectMeasurementOut(Schema):
    """One value of a key figure."""

    id: UUID
    at: dt.datetime
    value: Decimal | None
    origin: str = Field(description="measured or hand")
    evidence: str
    by_name: str


class ProjectMilestoneOut(Schema):
    """A milestone against its plan."""

    id: UUID
    title: Words
    status: str = Field(description=codes_of(dict(MILESTONE.states)))
    planned_on: dt.date = Field(description="first planned; never moves")
    due_on: dt.date
    reached_at: dt.datetime | None
    late_days: int
    moved_days: int
    criteria: int
    criteria_passed: int


class ProjectRiskOut(Schema):
    """A risk of the register."""

    id: UUID
    version: int
    number: int
    title: Words
    category: str = Field(description=codes_of(CATEGORIES))
    probability: int
    impact: int
    exposure: int
    response: str = Field(description=codes_of(RESPONSES))
    status: str = Field(description=codes_of(dict(RISK.states)))
    owner_name: str
    review_on: dt.date | None
    raised_at: dt.datetime | None = Field(description="a value crossed its threshold")


class ProjectContingencyOut(Schema):
    """A contingency plan."""

    id: UUID
    title: Words
    back: Words
    decider_name: str
    limit_min: int
    steps: list[list[str]] = Field(description="pairs of zh and en")


class ProjectDrillOut(Schema):
    """One drill of a contingency plan; whether it passed follows from time and steps."""

    id: UUID
    held_on: dt.date
    minutes: int
    limit_min: int
    steps_done: int
    steps_all: int
    passed: bool


class ProjectSumsOut(Schema):
    """What costs and benefits come to. Months that nobody knows are counted, not guessed."""

    cost: Decimal
    benefit: Decimal
    net: Decimal
    npv: Decimal
    payback: int | None = Field(description="months until the money is back; null: never")
    roi_pct: Decimal | None
    unknown: int = Field(description="months of lines without a known amount")


class ProjectMoneyOut(Schema):
    """Plan in three cases, and plan against actual to this month."""

    currency: str
    rate_pct: Decimal
    worst: ProjectSumsOut | None
    base: ProjectSumsOut | None
    best: ProjectSumsOut | None
    planned_to_date: ProjectSumsOut | None
    actual_to_date: ProjectSumsOut | None


class ProjectIn(Schema):
    """A project to plan."""

    code: Slug
    title_zh: Title
    title_en: Title
    planned_start: dt.date
    planned_end: dt.date | None = None
    template: Literal["", "device-register", "old-erp", "orders-and-stock"] = ""
    sponsor_name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""


class ProjectKpiIn(Schema):
    """A key figure that people enter."""

    code: Slug
    title_zh: Title
    title_en: Title
    direction: Literal["up", "down"]
    target: Value
    baseline: Value | None = None


class ProjectValueIn(Schema):
    """A value with where it can be seen."""

    value: Value
    as_of: dt.datetime
    evidence: Evidence


class ProjectMilestoneIn(Schema):
    """A milestone to plan."""

    title_zh: Title
    title_en: Title
    due_on: dt.date


class ProjectRiskIn(Schema):
    """A risk to enter."""

    title_zh: Title
    title_en: Title
    category: Literal[
        "data", "operations", "compliance", "privacy", "technology", "people", "money"
    ]
    probability: int = Field(ge=1, le=5)
    impact: int = Field(ge=1, le=5)
    response: Literal["avoid", "reduce", "transfer", "accept"]


class ProjectContingencyIn(Schema):
    """A contingency plan to write."""

    title_zh: Title
    title_en: Title
    limit_min: int = Field(ge=1, le=100_000)
    steps: list[tuple[Line, Line]] = Field(min_length=1, max_length=60)


class ProjectDrillIn(Schema):
    """A drill that was held."""

    held_on: dt.date
    minutes: int = Field(ge=1, le=100_000)
    steps_done: int = Field(ge=0, le=60)
    findings: Line = ""


add_list(router, "", PROJECTS, ProjectOut, name="projects", summary="Projects")


def _project(code: str) -> Project:
    found = selectors.project(code)
    if found is None:
        raise NotFound(Text("项目", "project"), code)
    return found


def _part(model: type[Row], pk: UUID, kind: Text) -> Row:
    found = model._default_manager.filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(kind, str(pk))
    return found


def _kpi_out(one: selectors.Figure) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.pk, "code": row.code, "title": row.title,
        "unit": Text(row.unit_zh, row.unit_en), "direction": row.direction,
        "baseline": row.baseline, "target": row.target, "metric": row.metric,
        "actual": one.value, "as_of": one.last.at if one.last else None,
        "reached": one.reached, "why_unknown": one.last.why if one.last else [],
    }  # fmt: skip


def _stone_out(one: selectors.Stone) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.pk, "title": row.title, "status": row.status, "planned_on": row.planned_on,
        "due_on": row.due_on, "reached_at": row.reached_at, "late_days": one.late_days,
        "moved_days": one.moved_days, "criteria": one.criteria, "criteria_passed": one.passed,
    }  # fmt: skip


def _contingency_out(row: Contingency) -> dict[str, Any]:
    return {
        "id": row.pk, "title": row.title, "back": Text(row.back_zh, row.back_en),
        "decider_name": row.decider_name, "limit_min": row.limit_min, "steps": row.steps,
    }  # fmt: skip


@router.get("/{code}", response={200: ProjectOut, **READ}, summary="One project")
@requires("project.read")
def project(request: HttpRequest, code: Slug) -> Project:
    """With its goal and boundaries."""
    return _project(code)


@router.get("/{code}/kpis", response={200: list[ProjectKpiOut], **READ}, summary="Key figures")
@requires("project.read")
def project_kpis(request: HttpRequest, code: Slug) -> list[dict[str, Any]]:
    """Each with its plan (target) and its actual (newest value)."""
    rows = selectors.kpis(_project(code).pk)[:PARTS_MAX]
    return [_kpi_out(one) for one in selectors.figures(rows)]


@router.get(
    "/kpis/{id}/values", response={200: list[ProjectMeasurementOut], **READ}, summary="Values"
)
@requires("project.read")
def project_kpi_values(request: HttpRequest, id: UUID) -> list[Measurement]:
    """The newest 90 of a key figure, oldest first."""
    [found] = selectors.figures([_part(Kpi, id, Text("指标", "key figure"))])
    return found.series


@router.get(
    "/{code}/milestones", response={200: list[ProjectMilestoneOut], **READ}, summary="Milestones"
)
@requires("project.read")
def project_milestones(request: HttpRequest, code: Slug) -> list[dict[str, Any]]:
    """By the day they are due."""
    return [_stone_out(one) for one in selectors.stones(_project(code).pk, on=today())][:PARTS_MAX]


@router.get("/{code}/risks", response={200: list[ProjectRiskOut], **READ}, summary="Risks")
@requires("project.read")
def project_risks(request: HttpRequest, code: Slug) -> list[Risk]:
    """The greatest exposure first."""
    found = selectors.risks(_project(code).pk).order_by("-exposure", "number")
    return list(found[:PARTS_MAX])


@router.get(
    "/{code}/contingencies",
    response={200: list[ProjectContingencyOut], **READ},
    summary="Contingency plans",
)
@requires("project.read")
def project_contingencies(request: HttpRequest, code: Slug) -> list[dict[str, Any]]:
    """In order."""
    found = selectors.contingencies(_project(code).pk)[:PARTS_MAX]
    return [_contingency_out(one) for one in found]


@router.get("/{code}/money", response={200: ProjectMoneyOut, **READ}, summary="Cost and benefit")
@requires("project.read")
def project_money(request: HttpRequest, code: Slug) -> dict[str, Any]:
    """ROI, net present value and payback; plan against actual to this month."""
    row = _project(code)
    found = selectors.money(row, on=today())
    sums: dict[str, Summary | None] = {
        **found.cases,
        "planned_to_date": found.planned_to_date,
        "actual_to_date": found.actual_to_date,
    }
    return {"currency": row.currency, "rate_pct": row.rate_pct, **sums}


@router.post("", response={201: ProjectOut, **WRITE}, summary="Plan a project")
@requires("project.create")
def plan_project(request: HttpRequest, body: ProjectIn, key: str = KEY) -> Status[Project]:
    """A draft; a template fills in milestones, key figures, risks and contingency plans. 409
    `project.code-taken`, `project.ends-before-start`."""
    made = services.create_project(actor=request.user, key=key, **body.model_dump())
    return Status(201, made)


@router.post("/{code}/kpis", response={201: ProjectKpiOut, **WRITE}, summary="Add a key figure")
@requires("project.edit")
def add_project_kpi(
    request: HttpRequest, code: Slug, body: ProjectKpiIn, key: str = KEY
) -> Status[dict[str, Any]]:
    """One that people enter. Refuses `kpi.code-taken`."""
    made = services.add_kpi(
        actor=request.user, project=_project(code).pk, key=key, **body.model_dump()
    )
    [figure] = selectors.figures([made])
    return Status(201, _kpi_out(figure))


@router.post(
    "/kpis/{id}/values", response={201: ProjectMeasurementOut, **WRITE}, summary="Enter a value"
)
@requires("project.edit")
def record_project_value(
    request: HttpRequest, id: UUID, body: ProjectValueIn, key: str = KEY
) -> Status[Measurement]:
    """Of a key figure that people enter. Refuses `kpi.measured-by-system`, `kpi.future`,
    `kpi.moment-taken`."""
    kpi = _part(Kpi, id, Text("指标", "key figure"))
    made = services.record_measurement(
        actor=request.user, kpi=kpi.pk, key=key, at=now(), **body.model_dump()
    )
    return Status(201, made)


@router.post(
    "/{code}/milestones", response={201: ProjectMilestoneOut, **WRITE}, summary="Add a milestone"
)
@requires("project.edit")
def add_project_milestone(
    request: HttpRequest, code: Slug, body: ProjectMilestoneIn, key: str = KEY
) -> Status[dict[str, Any]]:
    """What is agreed first stays its plan."""
    found = _project(code)
    made: Milestone = services.add_milestone(
        actor=request.user, project=found.pk, key=key, **body.model_dump()
    )
    [shown] = [one for one in selectors.stones(found.pk, on=today()) if one.row.pk == made.pk]
    return Status(201, _stone_out(shown))


@router.post("/{code}/risks", response={201: ProjectRiskOut, **WRITE}, summary="Enter a risk")
@requires("project.edit")
def add_project_risk(
    request: HttpRequest, code: Slug, body: ProjectRiskIn, key: str = KEY
) -> Status[Risk]:
    """With the next number; exposure is probability × impact."""
    made = services.add_risk(
        actor=request.user, project=_project(code).pk, key=key, at=now(), **body.model_dump()
    )
    return Status(201, made)


@router.post(
    "/{code}/contingencies",
    response={201: ProjectContingencyOut, **WRITE},
    summary="Write a contingency plan",
)
@requires("project.edit")
def add_project_contingency(
    request: HttpRequest, code: Slug, body: ProjectContingencyIn, key: str = KEY
) -> Status[dict[str, Any]]:
    """Behind those there are."""
    made = services.add_contingency(
        actor=request.user, project=_project(code).pk, key=key, **body.model_dump()
    )
    return Status(201, _contingency_out(made))


@router.post(
    "/contingencies/{id}/drills",
    response={201: ProjectDrillOut, **WRITE},
    summary="Record a drill",
)
@requires("project.edit")
def record_project_drill(
    request: HttpRequest, id: UUID, body: ProjectDrillIn, key: str = KEY
) -> Status[Drill]:
    """Refuses `drill.future`, `drill.steps`."""
    plan = _part(Contingency, id, Text("应急预案", "contingency plan"))
    made = services.record_drill(
        actor=request.user, contingency=plan.pk, key=key, at=now(), **body.model_dump()
    )
    return Status(201, made)
