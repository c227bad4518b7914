"""A milestone with its criteria."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.screens import (
    Action,
    Custom,
    DetailScreen,
    Fields,
    NextSteps,
    Step,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text
from kintsugi.projects.checks import CHECKS
from kintsugi.projects.kinds import (
    MILESTONE,
    TONES,
)
from kintsugi.projects.models import Milestone
from kintsugi.projects.screens.parts import (
    OWNER,
    UNKNOWN,
    crumbs,
)
from kintsugi.projects.typed import typed_params


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
