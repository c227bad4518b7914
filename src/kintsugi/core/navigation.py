"""The side navigation: one explicit list, in the order people see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class NavEntry:
    """A page that deserves a place in the side navigation.

    ``key`` is the second key of the shortcut ``g …``. An entry whose URL does not exist in this
    installation is left out.
    """

    url_name: str
    label: str | Promise
    icon: str
    key: str
    group: str | Promise = ""


RECORDS = _("Records")
INTAKE = _("Intake")
RECORD = _("Audit")
TOOLS = _("Tools")

ENTRIES: list[NavEntry] = [
    NavEntry("home", _("Home"), "home", "h"),
    NavEntry("devices:list", _("Devices"), "device-heart-monitor", "d", RECORDS),
    NavEntry("products:list", _("Products"), "package", "p", RECORDS),
    NavEntry("parties:list", _("Parties"), "building-hospital", "c", RECORDS),
    NavEntry("onboarding:list", _("Sources and runs"), "database-import", "r", INTAKE),
    NavEntry("audit:desk", _("Auditor's desk"), "shield-check", "u", RECORD),
    NavEntry("audit:reports", _("Reports"), "report", "t", RECORD),
    NavEntry("audit:packs", _("Evidence packs"), "package", "e", RECORD),
    NavEntry("audit:holds", _("Retention and holds"), "lock", "l", RECORD),
    NavEntry("search", _("Search"), "search", "s", TOOLS),
    NavEntry("api-1.0.0:openapi-view", _("API documents"), "api", "a", TOOLS),
]


@dataclass(frozen=True)
class NavLink:
    """An entry ready to be drawn."""

    url: str
    label: str
    icon: str
    key: str
    active: bool


@dataclass(frozen=True)
class NavGroup:
    """Links under one title; the first group has none."""

    title: str
    links: Sequence[NavLink]


def groups(request: HttpRequest) -> list[NavGroup]:
    """The navigation of this request, with the page people are on marked."""
    drawn: dict[str, list[NavLink]] = {}
    for entry in ENTRIES:
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        active = request.path == url if url == "/" else request.path.startswith(url)
        link = NavLink(url, str(entry.label), entry.icon, entry.key, active)
        drawn.setdefault(str(entry.group), []).append(link)
    return [NavGroup(title, links) for title, links in drawn.items()]
