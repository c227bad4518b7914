"""A project against its plan: its milestones, figures, risks and money on one page."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Fields,
    NextSteps,
    Related,
    Step,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text
from kintsugi.projects import charts, selectors
from kintsugi.projects.kinds import (
    MILESTONE,
    PROJECT,
    ROLES,
    TONES,
)
from kintsugi.projects.models import Project
from kintsugi.projects.screens.figures import drawn
from kintsugi.projects.screens.money import money_view
from kintsugi.projects.screens.parts import (
    NAME,
    OWNER,
    REMOVE,
    ROLE,
    home_crumbs,
)
from kintsugi.projects.screens.risks import RISK_COLUMNS
from kintsugi.projects.views import found_project, today

SHOWN_RISKS = 5


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
            lambda record: {"figures": [drawn(one) for one in record.shown_figures]},
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
