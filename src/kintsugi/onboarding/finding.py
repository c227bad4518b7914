"""How runs and sources are found, and what onboarding shows on home and on records' pages."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.selectors import name_commands
from kintsugi.core import home, panels, search
from kintsugi.engine.text import Text
from kintsugi.onboarding import live, screens
from kintsugi.onboarding.models import Issue, Run, Source
from kintsugi.onboarding.states import RUN

LATEST = 6

COMMANDS = {
    "onboarding.apply": Text("由导入写入", "Loaded by an import"),
    "onboarding.link": Text("由导入关联", "Linked by an import"),
    "onboarding.register-source": Text("登记来源", "Source registered"),
}


def runs(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Runs by number or file."""
    found = (
        Run.objects.filter(Q(number__icontains=query) | Q(file_name__icontains=query))
        .select_related("source")
        .order_by("-created_at")[:limit]
    )
    return [
        search.Hit(
            run.number,
            f"{run.file_name} · {screens.source_name(run.source)}",
            screens.run_url(run),
            code=True,
        )
        for run in found
    ]


def sources(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Sources by code or name."""
    found = Source.objects.filter(
        Q(code__icontains=query) | Q(name_zh__icontains=query) | Q(name_en__icontains=query)
    ).order_by("code")[:limit]
    return [
        search.Hit(screens.source_name(source), source.code, screens.source_url(source))
        for source in found
    ]


def open_issues(_user: Any) -> home.TileValue:
    """How many issues wait for somebody; nothing where no run was made yet."""
    if not Run.objects.exists():
        return home.TileValue(None)
    count = Issue.objects.filter(status="open").count()
    return home.TileValue(count, tone="warn" if count else "good")


def latest(_user: Any) -> dict[str, Any] | None:
    """The newest runs."""
    found = list(Run.objects.select_related("source").order_by("-created_at")[:LATEST])
    if not found:
        return None
    return {
        "runs": [
            {
                "run": run,
                "url": screens.run_url(run),
                "source": screens.source_name(run.source),
                "status": RUN.states[run.status],
                "tone": live.TONES[run.status],
                "read": (run.counts or {}).get("read"),
                "quarantined": (run.counts or {}).get("quarantined"),
            }
            for run in found
        ],
        "all": reverse("onboarding:list"),
    }


def register() -> None:
    """Add search, home and panels."""
    search.register(
        search.SearchProvider("run", "database-import", _("Runs"), runs, permission="run.read")
    )
    search.register(
        search.SearchProvider("source", "database", _("Sources"), sources, permission="source.read")
    )
    home.register(
        home.Tile(
            "issues",
            _("Open issues"),
            "checklist",
            screens.issues_link,
            open_issues,
            40,
            "issue.read",
        ),
        home.HomePanel("latest-runs", "onboarding/parts/latest.html", latest, 10, "run.read"),
        home.FirstStep(
            _("Bring in the first file"),
            _(
                "A product catalogue, a device register, a service export: as it is. You see what "
                "was recognised before anything is loaded."
            ),
            _("Upload files"),
            lambda: reverse("onboarding:upload"),
        ),
    )
    for panel in screens.panels():
        panels.register(panel)
    name_commands(COMMANDS)
