"""The list of what a rollback leaves as it is; whole as a download."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.masks import mask
from kintsugi.core.screens import Column, Empty, Filter, ListScreen
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.onboarding import rollback_views, screens, views
from kintsugi.onboarding.cells import record_url
from kintsugi.onboarding.models import RollbackItem, Run
from kintsugi.onboarding.rollback_act import OUTCOMES
from kintsugi.onboarding.titles import entity_title, field_title


def shown(item: RollbackItem, which: str) -> str | None:
    """One of the three values, as whoever is at work may see it."""
    value = getattr(item, which)
    if value is None:
        return None
    text = mask(item.entity, item.field.removesuffix("_id"), value)
    return str(text)[:400]


def items_of(user: Any, number: str) -> QuerySet[RollbackItem]:
    """What was kept when the rollback was carried out, or before, what the plan says."""
    run = rollback_views.found_rollback(number)
    return items_of_run(run)


def items_of_run(run: Run) -> QuerySet[RollbackItem]:
    """The same of a run that was found."""
    stage = "apply" if run.chunks.exists() else "plan"
    return RollbackItem.objects.filter(rollback__run=run, stage=stage)


def _page(request: HttpRequest, number: str) -> dict[str, Any]:
    run = rollback_views.found_rollback(number)
    head = views.below_run(run.reverts or run, gettext("What stays as it is"))
    head["breadcrumbs"] = [*head["breadcrumbs"], (run.number, rollback_views.page_url(run))]
    return head


CONFLICTS = ListScreen(
    name="rollback-conflicts",
    title=_("What stays as it is"),
    rows=items_of,
    permission="row.read",
    export_permission="issue.export",
    columns=(
        Column("entity", label=_("About"), value=lambda item: say(entity_title(item.entity)),
               link=lambda item: record_url(item.entity, item.row_id)),
        Column("field", label=_("Field"), sort=("field",),
               value=lambda item: say(field_title(item.entity, item.field))),
        Column("outcome", label=_("Why"), kind="state", choices=OUTCOMES),
        Column("before", label=_("Before"), value=lambda item: shown(item, "before")),
        Column("loaded", label=_("Loaded"), value=lambda item: shown(item, "loaded")),
        Column("current", label=_("Now"), value=lambda item: shown(item, "current")),
        Column("changed_by", label=_("By")),
        Column("changed_at", label=_("When"), kind="moment", sort=("changed_at",)),
    ),
    search=("field", "changed_by"),
    search_hint=_("Field, person"),
    filters=(
        Filter("outcome", label=_("Why"), choices=OUTCOMES),
        Filter("entity", label=_("About"), choices_of=lambda user: screens.entity_choices()),
    ),
    order=("entity", "field"),
    empty=Empty(_("Nothing stays: all of it is as before"), icon="circle-check"),
    page=_page,
)  # fmt: skip


def outcome_text(item: RollbackItem) -> str:
    """Why it stays, in words."""
    return say(OUTCOMES.get(item.outcome, Text(item.outcome, item.outcome)))
