"""Pages of projects: the list, a project against its plan, and each of its parts."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from kintsugi.core.masks import mask_text
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text
from kintsugi.projects import charts, metrics, selectors
from kintsugi.projects.checks import CHECKS
from kintsugi.projects.kinds import (
    CATEGORIES,
    DIRECTIONS,
    IMPACTS,
    LIMITS,
    MILESTONE,
    MONEY,
    ORIGINS,
    PROBABILITIES,
    PROJECT,
    RESPONSES,
    RISK,
    ROLES,
    SIDES,
    TONES,
    band,
)
from kintsugi.projects.models import Contingency, Kpi, Milestone, MoneyActual, Project, Risk
from kintsugi.projects.typed import typed_params
from kintsugi.projects.views import found_project, today

OWNER = Text("负责人", "Owner")
STATE = Text("状态", "State")
NAME = Text("名称", "Name")
UNKNOWN = Text("未知", "unknown")
BY = Text("记录人", "By")
UNIT = Text("单位", "Unit")
NOTE = Text("说明", "Note")
WITHDRAW = Text("撤回", "Withdraw")
REMOVE = Text("移除", "Remove")
ROLE = Text("角色", "Role")
PLANNED = Text("计划", "Planned")
CATEGORY = Text("类别", "Category")
VALUE = Text("值", "Value")
SHOWN_RISKS = 5


def project_url(row: Project) -> str:
    """The project's page."""
    return reverse("projects:project", args=[row.code])


def money_url(row: Project) -> str:
    """The page of the project's money."""
    return reverse("projects:money", args=[row.code])


def milestone_url(row: Milestone) -> str:
    """The milestone's page."""
    return reverse("projects:milestone", args=[row.pk])


def kpi_url(row: Kpi) -> str:
    """The key figure's page."""
    return reverse("projects:kpi", args=[row.pk])


def risk_url(row: Risk) -> str:
    """The risk's page."""
    return reverse("projects:risk", args=[row.pk])


def contingency_url(row: Contingency) -> str:
    """The contingency plan's page."""
    return reverse("projects:contingency", args=[row.pk])


def crumbs(project: Project) -> list[tuple[Words, str]]:
    """Where a part of the project lies."""
    return [(_("Projects"), reverse("projects:list")), (project.title, project_url(project))]


def home_crumbs(_record: Any) -> list[tuple[Words, str]]:
    """Where a project lies."""
    return [(_("Projects"), reverse("projects:list"))]


# -- the list --------------------------------------------------------------------------------------

PROJECTS = ListScreen(
    name="projects",
    title=_("Projects"),
    subtitle=_("Migrations against their plan: milestones, key figures, risks, money."),
    rows=lambda _user: selectors.projects(),
    permission="project.read",
    export_permission="project.export",
    columns=(
        Column("code", label=_("Code"), kind="code", link=project_url),
        Column("title", label=NAME, value=lambda row: say(row.title), sort=("title_zh",)),
        Column("status", label=STATE, kind="state", choices=PROJECT, tones=TONES),
        Column("owner_name", label=OWNER),
        Column("planned_end", label=_("Planned end"), kind="date"),
        Column("reached", label=_("Milestones reached"), sort=(),
               value=lambda row: f"{row.reached} / {row.stones}"),
    ),
    search=("code", "title_zh", "title_en", "owner_name"),
    search_hint=_("Code, name, owner"),
    filters=(Filter("status", label=STATE, choices=PROJECT),),
    order=("-planned_end", "code"),
    actions=(Action(_("New project"), lambda _r: reverse("projects:new"), "plus", True),),
    empty=Empty(
        _("No projects yet"),
        _("Start with a ready plan: its milestones, figures, risks and ways back are filled in."),
        icon="timeline",
        action=_("New project"),
        url=lambda: reverse("projects:new"),
    ),
)  # fmt: skip


# -- a project against its plan --------------------------------------------------------------------


def find_project(_user: Any, code: str) -> Any:
    """The project, with everything its page shows read once."""
    found: Any = found_project(code)
    found.on = today()
    found.stone_rows = selectors.stones(found.pk, on=found.on)
    found.shown_figures = selectors.figures(selectors.kpis(found.pk))
    return found


def project_steps(record: Any) -> list[Step]:
    """What may happen to the project now."""
    made = []
    words = {
        "running": (Text("开始", "Start"), "player-play"),
        "accepted": (Text("验收", "Accept"), "check"),
        "closed": (Text("结束", "Close"), "archive"),
        "cancelled": (Text("取消项目", "Cancel the project"), "x"),
    }
    for to in PROJECT.next(record.status):
        label, icon = words[to]
        if record.status == "accepted" and to == "running":
            label = Text("重新进行", "Take up again")
        why: list[Words] = []
        waiting = sum(one.row.status == "open" for one in record.stone_rows)
        if to == "accepted" and waiting:
            why.append(Text(f"还有 {waiting} 个里程碑未达成。", f"{waiting} milestones are open."))
        name = "projects:step" if to == "running" else "projects:decide"
        url = reverse(name, args=[record.code, to])
        made.append(Step(label, url, icon, to in ("running", "accepted"), why_not=why))
    if record.status not in ("closed", "cancelled"):
        url = reverse("projects:measure", args=[record.code])
        made.append(Step(Text("立即测量与检查", "Measure and check now"), url, "gauge", post=True))
    return made


def _timeline(record: Any) -> dict[str, Any]:
    rows = record.stone_rows
    first, last = record.planned_start, record.planned_end
    return {
        "tracks": charts.tracks(rows, first, last, on=record.on),
        "states": MILESTONE.states,
        "late": Text("逾期", "late"),
        "tones": TONES,
        "reached": sum(one.row.status == "reached" for one in rows),
        "all": sum(one.row.status != "dropped" for one in rows),
    }


def _drawn(figure: selectors.Figure) -> dict[str, Any]:
    metric = metrics.METRICS.get(figure.row.metric)
    tone = {True: "good", False: "warn", None: ""}[figure.reached]
    return {
        "row": figure.row,
        "last": figure.last,
        "value": figure.value,
        "why": Text(*figure.last.why) if figure.last and figure.last.why else None,
        "spark": charts.spark(figure.series, figure.row.target),
        "tone": tone,
        "state": {
            True: Text("达标", "on target"), False: Text("未达标", "off target"), None: UNKNOWN,
        }[figure.reached],
        "origin": ORIGINS["measured" if metric else "hand"],
        "count": len(figure.series),
        "behind": metric.behind(figure.row.params) if metric else "",
    }  # fmt: skip


def _matrix(project_id: UUID, code: str) -> dict[str, Any]:
    """The 5 × 5 matrix of what is not closed, the highest impact on top."""
    counts: dict[tuple[int, int], list[str]] = {}
    for one in selectors.risks(project_id).exclude(status="closed").order_by("number"):
        counts.setdefault((one.probability, one.impact), []).append(str(one))
    base = reverse("projects:risks", args=[code])
    return {
        "probabilities": list(PROBABILITIES.items()),
        "lines": [
            {
                "impact": impact,
                "name": IMPACTS[impact],
                "cells": [
                    {
                        "names": counts.get((p, impact), []),
                        "exposure": p * impact,
                        "band": band(p * impact),
                        "probability": p,
                        "url": f"{base}?probability={p}&impact={impact}",
                    }
                    for p in PROBABILITIES
                ],
            }
            for impact in reversed(IMPACTS)
        ],
    }


def _boundaries(record: Project) -> dict[str, Any]:
    words = (
        ("inside", Text("范围之内", "In scope")),
        ("outside", Text("范围之外", "Out of scope")),
        ("never", Text("绝不允许", "Must not happen")),
    )
    return {
        "parts": [
            (title, [Text(*pair) for pair in record.boundaries.get(name, [])])
            for name, title in words
        ]
    }


def _next(record: Any) -> dict[str, Any] | None:
    made = []
    for words, kind, pk in selectors.next_actions(
        record, record.stone_rows, record.shown_figures, on=record.on
    ):
        url = (
            reverse(f"projects:{kind}", args=[pk]) if pk
            else reverse("projects:set-sources", args=[record.code]) if kind == "sources"
            else reverse("projects:step", args=[record.code, "running"])
        )  # fmt: skip
        made.append((words, url))
    return {"actions": made} if made else None


def money_view(record: Any) -> dict[str, Any]:
    """The money, for its page and in short for the project's."""
    found = selectors.money(record, on=today())
    names = {
        "worst": Text("最差", "worst"), "base": Text("基准", "base"), "best": Text("最好", "best"),
    }  # fmt: skip
    return {
        "project": record,
        "money": found,
        "cases": [(names[name], one) for name, one in found.cases.items() if one],
        "rows": found.rows,
        "sides": SIDES,
        "kinds": MONEY,
        "origins": ORIGINS,
        "url": money_url(record),
    }


RISK_COLUMNS = (
    Column("number", label=Text("编号", "Number"), kind="code", value=str, link=risk_url,
           sort=("number",)),
    Column("title", label=Text("风险", "Risk"), value=lambda row: say(row.title), link=risk_url,
           sort=("title_zh",)),
    Column("category", label=CATEGORY, choices=CATEGORIES),
    Column("probability", label=Text("可能性", "Probability"), kind="number"),
    Column("impact", label=Text("影响", "Impact"), kind="number"),
    Column("exposure", label=Text("敞口", "Exposure"), kind="number"),
    Column("status", label=STATE, kind="state", choices=RISK, tones=TONES),
    Column("raised_at", label=Text("告警", "Alert"), kind="moment"),
    Column("owner_name", label=OWNER),
    Column("review_on", label=_("Next review"), kind="date"),
)  # fmt: skip

PROJECT_PAGE = DetailScreen(
    permission="project.read",
    find=find_project,
    title=lambda record: say(record.title),
    subtitle=lambda record: say(record.goal),
    pills=lambda record: [(PROJECT.states[record.status], TONES[record.status])],
    breadcrumbs=home_crumbs,
    actions=lambda record: (
        Action(_("Change"), reverse("projects:edit", args=[record.code]), "edit"),
        Action(_("Report (PDF)"), reverse("projects:status-pdf", args=[record.code]), "printer"),
        Action(_("Report (XLSX)"), reverse("projects:status-workbook", args=[record.code]),
               "file-spreadsheet"),
    ),
    template="projects/page.html",
    panels=(
        NextSteps(project_steps),
        Custom("projects/parts/next.html", _next, side=True),
        Custom("projects/parts/timeline.html", _timeline),
        Custom(
            "projects/parts/figures.html",
            lambda record: {"figures": [_drawn(one) for one in record.shown_figures]},
        ),
        Related(
            _("Greatest risks"),
            lambda record: selectors.risks(record.pk)
            .exclude(status="closed")
            .order_by("-exposure", "number")[:SHOWN_RISKS],
            RISK_COLUMNS,
            empty=_("No open risk."),
            more=lambda record: reverse("projects:risks", args=[record.code]),
        ),
        Custom(
            "projects/parts/sources.html",
            lambda record: {"sources": selectors.source_rows(record.pk)},
        ),
        Custom("projects/parts/money_short.html", money_view),
        Custom(
            "projects/parts/contingencies.html",
            lambda record: {"plans": list(selectors.contingencies(record.pk))},
        ),
        Fields(
            _("Project"),
            (
                Value("code", label=_("Code"), kind="code"),
                Value("owner_name", label=OWNER),
                Value("sponsor_name", label=_("Sponsor")),
                Value("planned_start", label=_("Planned start"), kind="date"),
                Value("planned_end", label=_("Planned end"), kind="date"),
                Value("started_at", label=_("Started"), kind="moment"),
                Value("accepted_at", label=_("Accepted"), kind="moment"),
                Value("accepted_by_name", label=_("Accepted by")),
                Value("step_reason", label=_("Reason of the last step")),
            ),
            hide_empty=True,
            side=True,
        ),
        Related(
            _("Members"),
            lambda record: record.members.filter(is_void=False).order_by("role", "name"),
            (
                Column("name", label=NAME),
                Column("role", label=ROLE, choices=ROLES),
                Column("remove", label=REMOVE, value=lambda _row: say(REMOVE),
                       link=lambda row: reverse("projects:remove-member", args=[row.pk])),
            ),
            empty=_("Nobody is listed yet."),
            more=lambda record: reverse("projects:add-member", args=[record.code]),
            side=True,
        ),
        Custom("projects/parts/boundaries.html", _boundaries, side=True),
    ),
)  # fmt: skip


# -- a milestone -----------------------------------------------------------------------------------


def find_milestone(_user: Any, pk: UUID) -> Milestone:
    """The milestone."""
    return Milestone.objects.select_related("project").get(pk=pk, is_void=False)


def _criteria(record: Milestone) -> dict[str, Any]:
    found = []
    for one in record.criteria.filter(is_void=False).order_by("position"):
        state, tone = {
            True: (Text("满足", "holds"), "good"),
            False: (Text("未满足", "does not hold"), "bad"),
            None: (UNKNOWN, ""),
        }[one.passed]
        check = CHECKS.get(one.check_name)
        found.append(
            {
                "row": one, "state": state, "tone": tone, "check": check and check.title,
                "params": typed_params(one.params),
                "finding": Text(*one.finding) if one.finding else None,
            }
        )  # fmt: skip
    return {"criteria": found, "settled": record.status == "reached"}


def milestone_steps(record: Milestone) -> list[Step]:
    """To check, reach, drop or take up again."""
    if record.status == "reached":
        return []
    made = []
    if record.status == "open":
        url = reverse("projects:judge", args=[record.pk])
        made.append(Step(Text("立即检查", "Check now"), url, "refresh", post=True))
    words = {
        "reached": (Text("达成", "Note as reached"), "flag"),
        "dropped": (Text("撤销", "Drop"), "x"),
        "open": (Text("恢复", "Take up again"), "arrow-back-up"),
    }
    lives = record.criteria.filter(is_void=False)
    failing = lives.exclude(passed=True).count()
    for to in MILESTONE.next(record.status):
        why: list[Words] = []
        if to == "reached" and record.project.status != "running":
            why.append(Text("项目尚未开始。", "The project is not running."))
        if to == "reached" and failing:
            why.append(Text(f"{failing} 条标准未满足。", f"{failing} criteria do not hold."))
        label, icon = words[to]
        url = reverse("projects:step-milestone", args=[record.pk, to])
        made.append(Step(label, url, icon, to == "reached", why_not=why))
    return made


MILESTONE_PAGE = DetailScreen(
    permission="project.read",
    find=find_milestone,
    title=lambda record: say(record.title),
    pills=lambda record: [(MILESTONE.states[record.status], TONES[record.status])],
    breadcrumbs=lambda record: crumbs(record.project),
    actions=lambda record: (
        Action(_("Change"), reverse("projects:edit-milestone", args=[record.pk]), "edit"),
        Action(_("Add a criterion"), reverse("projects:add-criterion", args=[record.pk]), "plus"),
    ),
    template="projects/page.html",
    panels=(
        NextSteps(milestone_steps),
        Custom("projects/parts/criteria.html", _criteria),
        Fields(
            _("Milestone"),
            (
                Value("owner_name", label=OWNER),
                Value("planned_on", label=_("First planned"), kind="date"),
                Value("due_on", label=pgettext_lazy("milestone", "Due"), kind="date"),
                Value("reached_at", label=_("Reached"), kind="moment"),
                Value("reached_by_name", label=_("Noted by")),
                Value("step_reason", label=_("Reason of the last step")),
            ),
            hide_empty=True,
            side=True,
        ),
    ),
)


# -- a key figure ----------------------------------------------------------------------------------


def find_kpi(_user: Any, pk: UUID) -> Kpi:
    """The key figure."""
    return Kpi.objects.select_related("project").get(pk=pk, is_void=False)


def _about_kpi(record: Kpi) -> dict[str, Any]:
    [figure] = selectors.figures([record])
    metric = metrics.METRICS.get(record.metric)
    return {
        **_drawn(figure), "metric": metric, "params": typed_params(record.params),
        "direction": DIRECTIONS[record.direction],
    }  # fmt: skip


def _withdrawal(row: Any) -> str:
    return reverse("projects:withdraw-value", args=[row.pk]) if row.origin == "hand" else ""


KPI_PAGE = DetailScreen(
    permission="project.read",
    find=find_kpi,
    title=lambda record: say(record.title),
    breadcrumbs=lambda record: crumbs(record.project),
    actions=lambda record: (
        Action(_("Change"), reverse("projects:edit-kpi", args=[record.pk]), "edit"),
        *(
            ()
            if record.metric
            else (
                Action(_("Enter a value"), reverse("projects:record-value", args=[record.pk]),
                       "plus", True),
            )
        ),
    ),
    template="projects/page.html",
    panels=(
        Custom("projects/parts/kpi.html", _about_kpi),
        Related(
            _("Measurements"),
            lambda record: record.measurements.filter(is_void=False).order_by("-at", "-id"),
            (
                Column("at", label=_("As of"), kind="moment"),
                Column("value", label=VALUE, kind="number",
                       value=lambda row: say(UNKNOWN) if row.value is None else row.value),
                Column("part", label=_("Part"), kind="number"),
                Column("whole", label=_("of"), kind="number"),
                Column("origin", label=_("Origin"), choices=ORIGINS),
                Column("evidence", label=NOTE,
                       value=lambda row: row.evidence or (say(Text(*row.why)) if row.why else "")),
                Column("by_name", label=BY),
                Column("withdraw", label=WITHDRAW, link=_withdrawal,
                       value=lambda row: say(WITHDRAW) if row.origin == "hand" else ""),
            ),
            empty=_("Not measured yet."),
        ),
    ),
)  # fmt: skip


# -- risks -----------------------------------------------------------------------------------------


def _risk_page(_request: HttpRequest, code: str) -> dict[str, Any]:
    project = found_project(code)
    return {
        "page_title": gettext("Risks"),
        "page_subtitle": say(project.title),
        "breadcrumbs": [(say(words), url) for words, url in crumbs(project)],
        "top": "projects/parts/matrix.html",
        "matrix": _matrix(project.pk, code),
        "add_url": reverse("projects:add-risk", args=[code]),
    }


def _risk_rows(_user: Any, code: str) -> QuerySet[Risk]:
    return selectors.risks(found_project(code).pk)


RISKS = ListScreen(
    name="project-risks",
    title=_("Risks"),
    rows=_risk_rows,
    permission="project.read",
    export_permission="project.export",
    columns=RISK_COLUMNS,
    search=("title_zh", "title_en", "owner_name"),
    search_hint=_("Risk, owner"),
    filters=(
        Filter("status", label=STATE, choices=RISK),
        Filter("category", label=CATEGORY, choices=CATEGORIES),
        Filter("probability", label=Text("可能性", "Probability"),
               choices={str(n): Text(f"{n} {t.zh}", f"{n} {t.en}")
                        for n, t in PROBABILITIES.items()}),
        Filter("impact", label=Text("影响", "Impact"),
               choices={str(n): Text(f"{n} {t.zh}", f"{n} {t.en}") for n, t in IMPACTS.items()}),
    ),
    order=("-exposure", "number"),
    empty=Empty(_("No risk matches"), icon="circle-check"),
    page=_risk_page,
    template="projects/risks.html",
)  # fmt: skip


def find_risk(_user: Any, pk: UUID) -> Risk:
    """The risk."""
    return Risk.objects.select_related("project", "kpi").get(pk=pk, is_void=False)


def _threshold(record: Risk) -> str:
    if record.kpi is None or record.threshold is None:
        return ""
    words = LIMITS[record.limit]
    amount = f"{record.threshold.normalize():f}"
    return say(
        Text(f"{record.kpi.title_zh} {words.zh} {amount}",
             f"{record.kpi.title_en} {words.en} {amount}")
    )  # fmt: skip


RISK_PAGE = DetailScreen(
    permission="project.read",
    find=find_risk,
    title=lambda record: f"{record} {say(record.title)}",
    pills=lambda record: [
        (RISK.states[record.status], TONES[record.status]),
        *([(Text("告警", "alert"), "bad")] if record.raised_at else []),
    ],
    breadcrumbs=lambda record: [
        *crumbs(record.project),
        (_("Risks"), reverse("projects:risks", args=[record.project.code])),
    ],
    actions=lambda record: (
        Action(_("Assess"), reverse("projects:assess-risk", args=[record.pk]), "gauge", True),
        Action(_("Change"), reverse("projects:edit-risk", args=[record.pk]), "edit"),
    ),
    panels=(
        Fields(
            _("Risk"),
            (
                Value("exposure", label=Text("敞口", "Exposure"),
                      value=lambda r: f"{r.probability} × {r.impact} = {r.exposure}"),
                Value("category", label=CATEGORY, choices=CATEGORIES),
                Value("trigger", label=_("Trigger"), value=lambda r: say(r.trigger)),
                Value("response", label=_("Response"), choices=RESPONSES),
                Value("plan", label=_("Measures"), value=lambda r: say(r.plan)),
                Value("owner_name", label=OWNER),
                Value("review_on", label=_("Next review"), kind="date"),
                Value("kpi", label=_("Raised by itself when"), value=_threshold,
                      link=lambda r: kpi_url(r.kpi) if r.kpi else ""),
                Value("raised_at", label=_("Alert since"), kind="moment"),
            ),
            hide_empty=True,
        ),
        Related(
            _("Assessments"),
            lambda record: record.reviews.filter(is_void=False).order_by("-at", "-id"),
            (
                Column("at", label=_("When"), kind="moment"),
                Column("probability", label=Text("可能性", "Probability"), kind="number"),
                Column("impact", label=Text("影响", "Impact"), kind="number"),
                Column("status", label=STATE, kind="state", choices=RISK, tones=TONES),
                Column("note", label=NOTE, value=lambda row: say(Text(*row.note))),
                Column("by_name", label=BY),
            ),
            empty=_("Not assessed since it was entered."),
        ),
    ),
)  # fmt: skip


# -- contingency plans -----------------------------------------------------------------------------


def find_contingency(_user: Any, pk: UUID) -> Contingency:
    """The contingency plan."""
    return Contingency.objects.select_related("project", "run").get(pk=pk, is_void=False)


def contacts_of(record: Contingency) -> list[dict[str, Any]]:
    """Whom to call, as whoever is at work may see it."""
    return [
        {
            "id": one.pk, "role": ROLES.get(one.role, Text(one.role, one.role)),
            "name": mask_text("name", one.name), "phone": mask_text("phone", one.phone),
        }
        for one in record.contacts.filter(is_void=False).order_by("position")
    ]  # fmt: skip


def _plan(record: Contingency) -> dict[str, Any]:
    run = record.run
    return {
        "steps": [Text(*pair) for pair in record.steps],
        "contacts": contacts_of(record),
        "run": run,
        "run_url": reverse("onboarding:roll-back", args=[run.number]) if run else "",
        "point": getattr(run, "restore_point", None) if run else None,
    }


CONTINGENCY_PAGE = DetailScreen(
    permission="project.read",
    find=find_contingency,
    title=lambda record: say(record.title),
    subtitle=lambda record: record.project.code,
    breadcrumbs=lambda record: crumbs(record.project),
    actions=lambda record: (
        Action(_("Record a drill"), reverse("projects:record-drill", args=[record.pk]), "check"),
        Action(_("Add somebody to call"), reverse("projects:add-contact", args=[record.pk]),
               "phone"),
        Action(_("Change"), reverse("projects:edit-contingency", args=[record.pk]), "edit"),
    ),
    template="projects/page.html",
    panels=(
        Custom("projects/parts/contingency.html", _plan),
        Related(
            _("Drills"),
            lambda record: record.drills.filter(is_void=False).order_by("-held_on", "-id"),
            (
                Column("held_on", label=_("Held"), kind="date"),
                Column("passed", label=_("Result"), kind="state", value=lambda row: str(row.passed),
                       choices={"True": Text("通过", "passed"), "False": Text("未通过", "failed")},
                       tones={"True": "good", "False": "bad"}),
                Column("minutes", label=_("Minutes"),
                       value=lambda row: f"{row.minutes} / {row.limit_min}"),
                Column("steps_done", label=_("Steps done"),
                       value=lambda row: f"{row.steps_done} / {row.steps_all}"),
                Column("findings", label=_("Findings")),
                Column("by_name", label=BY),
            ),
            empty=_("Never drilled: nobody knows how long it takes."),
        ),
    ),
)  # fmt: skip


# -- money -----------------------------------------------------------------------------------------


def find_money(_user: Any, code: str) -> Project:
    """The project."""
    return found_project(code)


def _actuals(record: Project) -> QuerySet[MoneyActual]:
    found = MoneyActual.objects.filter(line__project=record, is_void=False, line__is_void=False)
    return found.select_related("line").order_by("-month", "line__title_zh")


MONEY_PAGE = DetailScreen(
    permission="project.read",
    find=find_money,
    title=lambda record: gettext("Cost and benefit"),
    subtitle=lambda record: say(record.title),
    breadcrumbs=crumbs,
    actions=lambda record: (
        Action(_("Add a cost or benefit"), reverse("projects:add-line", args=[record.code]),
               "plus", True),
    ),
    template="projects/page.html",
    panels=(
        Custom("projects/parts/money.html", money_view),
        Related(
            _("Actual amounts entered"),
            _actuals,
            (
                Column("month", label=_("Month"), value=lambda row: f"{row.month:%Y-%m}"),
                Column("line", label=NAME, value=lambda row: say(row.line.title)),
                Column("amount", label=_("Amount"), kind="number"),
                Column("evidence", label=_("Source and evidence")),
                Column("by_name", label=BY),
                Column("withdraw", label=WITHDRAW, value=lambda _row: say(WITHDRAW),
                       link=lambda row: reverse("projects:withdraw-actual", args=[row.pk])),
            ),
            empty=_("None yet."),
        ),
    ),
)  # fmt: skip
