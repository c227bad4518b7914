"""The list of refused acts."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.refusals import Refusal
from kintsugi.core.screens import Column, Empty, Filter, ListScreen


def refusals(_user: Any) -> QuerySet[Refusal]:
    """Refused acts, newest first."""
    return Refusal.objects.order_by("-at", "-id")


def facts_of(row: Refusal) -> str:
    """Facts in one line."""
    return ", ".join(f"{name}={value}" for name, value in row.facts.items())[:300]


REFUSALS = ListScreen(
    name="refusals",
    title=_("Refused acts"),
    subtitle=_("What somebody tried and a rule refused. Nothing of it took effect."),
    permission="refusal.read",
    export_permission="refusal.export",
    rows=refusals,
    columns=(
        Column("at", _("Time"), kind="moment"),
        Column("actor", _("Person")),
        Column("command", _("Command"), kind="code"),
        Column("rule", _("Rule"), kind="code"),
        Column("facts", _("Facts"), value=facts_of),
        Column("status", _("Status"), kind="number"),
        Column("address", _("Address"), kind="code"),
        Column("request_id", _("Request"), kind="code", sort=()),
    ),
    search=("actor", "command", "rule", "message", "request_id"),
    search_hint=_("Person, command, rule, request"),
    filters=(
        Filter("rule", "exact", label=_("Rule")),
        Filter("actor_id", "exact", label=_("Person's id")),
        Filter("at", "days", label=_("Time"), lookup="at__date"),
    ),
    order=("-at",),
    empty=Empty(_("Nothing was refused yet"), icon="shield-check"),
)
