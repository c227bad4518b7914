"""The list of what connectors brought."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Column, Empty, Filter, ListScreen
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.onboarding import screens
from kintsugi.onboarding.models import Fetch
from kintsugi.onboarding.services.connectors import KINDS
from kintsugi.onboarding.states import FETCH

FETCH_TONES = {
    "arrived": "live", "imported": "good", "waiting": "warn", "held": "warn", "failed": "bad",
}  # fmt: skip


def fetch_url(one: Fetch) -> str:
    """The page of an arrival."""
    return reverse("onboarding:arrival", args=[one.pk])


def kind_names() -> dict[str, Text]:
    """Kinds of connectors."""
    return {name: kind.title for name, kind in KINDS.items()}


def _why(one: Fetch) -> str:
    return say(Text(*one.error["message"])) if one.error else ""


def _arrivals(user: Any) -> QuerySet[Fetch]:
    return Fetch.objects.filter(is_void=False).select_related("connector__source", "run")


ARRIVALS = ListScreen(
    name="arrivals",
    title=_("Arrivals"),
    subtitle=_("What connectors brought, and what was stopped before it was written."),
    rows=_arrivals,
    permission="source.read",
    export_permission="source.export",
    columns=(
        Column("item", label=_("Arrival"), link=fetch_url),
        Column("source", label=_("Source"), value=lambda one: one.connector.source.code,
               link=lambda one: reverse("onboarding:source-arrivals",
                                        args=[one.connector.source.code]),
               sort=("connector__source__code",)),
        Column("connector", label=_("Connector"), value=lambda one: one.connector.name,
               link=lambda one: reverse("onboarding:connector", args=[one.connector_id]),
               sort=("connector__name",)),
        Column("status", label=_("Status"), kind="state", choices=FETCH, tones=FETCH_TONES),
        Column("why", label=_("Why"), value=_why, sort=()),
        Column("run", label=_("Run"), kind="code", sort=("run__number",),
               value=lambda one: one.run.number if one.run else None,
               link=lambda one: screens.run_url(one.run) if one.run else ""),
        Column("attempts", label=_("Tries"), kind="number"),
        Column("started_at", label=_("Arrived"), kind="moment"),
        Column("ended_at", label=_("Dealt with"), kind="moment"),
    ),
    search=("item", "connector__name", "connector__source__code"),
    search_hint=_("File, connector, source"),
    filters=(
        Filter("status", label=_("Status"), choices=FETCH),
        Filter("kind", label=_("Kind"), lookup="connector__kind", choices=kind_names()),
        Filter("source", label=_("Source"), lookup="connector__source__code", kind="exact"),
        Filter("started_at", label=_("Arrived"), kind="days", lookup="started_at__date"),
    ),
    order=("-started_at",),
    empty=Empty(
        _("No connector has brought anything yet"),
        _("A source's page of arrivals has its connectors: folder, database, web, queue, paper."),
        icon="database-import",
        action=_("Sources"),
        url=lambda: reverse("onboarding:sources"),
    ),
    page=lambda request: {"tabs": screens.tabs("arrivals")},
)  # fmt: skip
