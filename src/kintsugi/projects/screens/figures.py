"""A key figure with its measurements."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Related,
)
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.projects import charts, metrics, selectors
from kintsugi.projects.kinds import (
    DIRECTIONS,
    ORIGINS,
)
from kintsugi.projects.models import Kpi
from kintsugi.projects.screens.parts import (
    BY,
    NOTE,
    UNKNOWN,
    VALUE,
    WITHDRAW,
    crumbs,
)
from kintsugi.projects.typed import typed_params


def drawn(figure: selectors.Figure) -> dict[str, Any]:
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


def find_kpi(_user: Any, pk: UUID) -> Kpi:
    """The key figure."""
    return Kpi.objects.select_related("project").get(pk=pk, is_void=False)


def _about_kpi(record: Kpi) -> dict[str, Any]:
    [figure] = selectors.figures([record])
    metric = metrics.METRICS.get(record.metric)
    return {
        **drawn(figure), "metric": metric, "params": typed_params(record.params),
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
