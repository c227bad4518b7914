"""Search and home: projects by code and name; what of running projects is late or raised."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, search
from kintsugi.core.screens.parts import say
from kintsugi.projects import selectors
from kintsugi.projects.kinds import PROJECT
from kintsugi.projects.models import Milestone, Risk
from kintsugi.projects.views import today


def find_projects(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Projects by code or name."""
    rows = selectors.projects().filter(
        Q(code__icontains=query) | Q(title_zh__icontains=query) | Q(title_en__icontains=query)
    )
    return [
        search.Hit(
            row.code,
            f"{say(row.title)} · {say(PROJECT.states[row.status])}",
            reverse("projects:project", args=[row.code]),
            code=True,
        )
        for row in rows.order_by("code")[:limit]
    ]


def tile(_user: Any) -> home.TileValue:
    """How many projects are running, with what of them is late and what was raised."""
    running = selectors.projects().filter(status="running").count()
    if not running:
        return home.TileValue(None)
    late = Milestone.objects.filter(
        project__status="running", status="open", is_void=False, due_on__lt=today()
    ).count()
    raised = Risk.objects.filter(
        project__status="running", is_void=False, raised_at__isnull=False
    ).count()
    note = gettext("%(late)s late, %(raised)s alerts") % {"late": late, "raised": raised}
    return home.TileValue(running, note if late or raised else "", "warn" if late or raised else "")


def register() -> None:
    """Add search and the tile."""
    home.register(
        home.Tile(
            "projects", _("Running projects"), "timeline",
            lambda: f"{reverse('projects:list')}?status=running", tile, 45, "project.read",
        )
    )  # fmt: skip
    search.register(
        search.SearchProvider(
            "project", "timeline", _("Projects"), find_projects, permission="project.read"
        )
    )
