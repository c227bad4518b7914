"""The inbox and the list of acts."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Column, Empty, Filter, ListScreen
from kintsugi.core.screens.parts import say
from kintsugi.identity.control import selectors
from kintsugi.identity.control.kinds import kind_titles
from kintsugi.identity.control.models import Act
from kintsugi.identity.control.states import ACT, TONES


def url_of(row: Act) -> str:
    """The act's page."""
    return reverse("acts:detail", args=[row.pk])


def rows(user: Any, which: str = "waiting") -> QuerySet[Act]:
    """Acts that wait for this person's signature, that he wrote, or all."""
    if which == "waiting":
        return selectors.waiting_for(user.person)
    return selectors.written_by(user.person) if which == "mine" else selectors.acts()


TITLES = {"waiting": _("Waiting for me"), "mine": _("Written by me"), "all": _("All")}


def tabs(request: HttpRequest, which: str = "waiting") -> dict[str, Any]:
    """One tab a question: what must I sign, what did I ask for, what is there."""
    assert request.user.is_authenticated, "acts are shown to people who are logged in"
    count = selectors.waiting_for(request.user.person).count()
    return {
        "tabs": [
            {
                "label": str(title),
                "url": reverse("acts:list") if name == "waiting" else reverse(f"acts:{name}"),
                "active": name == which,
                "count": count if name == "waiting" else None,
            }
            for name, title in TITLES.items()
        ]
    }


ACTS = ListScreen(
    name="acts",
    title=_("Acts and signatures"),
    subtitle=_("Done under two persons: one plans, another approves, a third eye verifies."),
    permission="act.read",
    export_permission="act.export",
    rows=rows,
    columns=(
        Column("number", label=_("Number"), kind="code", link=url_of),
        Column("kind", label=_("Kind"), value=lambda row: say(kind_titles()[row.kind]),
               sort=("kind",)),
        Column("subject_title", label=_("Record")),
        Column("status", label=_("State"), kind="state", choices=ACT, tones=TONES),
        Column("author__name", label=_("Author")),
        Column("reason", label=_("Reason")),
        Column("created_at", label=_("Written"), kind="moment"),
    ),
    search=("number", "subject_title", "reason", "author__name"),
    search_hint=_("Number, record, author, reason"),
    filters=(
        Filter("status", label=_("State"), choices=ACT),
        Filter(
            "kind",
            label=_("Kind"),
            choices_of=lambda _user: [(name, say(t)) for name, t in kind_titles().items()],
        ),
        Filter("created_at", kind="days", label=_("Written"), lookup="created_at__date"),
    ),
    order=("-created_at", "-number"),
    page=tabs,
    empty=Empty(
        _("Nothing here"),
        _("A correction starts on a record's page; what waits for your signature appears here."),
        icon="checklist",
    ),
)  # fmt: skip
