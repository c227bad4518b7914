"""A contingency plan with its drills."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.masks import mask_text
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Related,
)
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.projects.kinds import (
    ROLES,
)
from kintsugi.projects.models import Contingency
from kintsugi.projects.screens.parts import (
    BY,
    crumbs,
)


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
