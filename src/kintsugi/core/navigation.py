"""The side navigation: one explicit list, in the order people see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kintsugi.core.access import may_open


@dataclass(frozen=True)
class NavEntry:
    """A page that deserves a place in the side navigation.

    ``key`` is the second key of the shortcut ``g …``. An entry whose URL does not exist in this
    installation is left out, and so is one that the person may not open.
    """

    url_name: str
    label: str | Promise
    icon: str
    key: str
    group: str | Promise = ""


RECORDS = _("Records")
WAREHOUSE = _("Warehouse")
INTAKE = _("Intake")
CONTROL = _("Control")
TOOLS = _("Tools")
ACCESS = _("Access")
AUDIT = _("Audit")

ENTRIES: list[NavEntry] = [
    NavEntry("home", _("Home"), "home", "h"),
    NavEntry("devices:list", _("Devices"), "device-heart-monitor", "d", RECORDS),
    NavEntry("products:list", _("Products"), "package", "p", RECORDS),
    NavEntry("parties:list", _("Parties"), "building-hospital", "c", RECORDS),
    NavEntry("stock:list", _("Stock"), "packages", "w", WAREHOUSE),
    NavEntry("stock:move", _("Move goods"), "transform", "i", WAREHOUSE),
    NavEntry("stock:lots", _("Lots"), "tag", "f", WAREHOUSE),
    NavEntry("stock:units", _("Serial units"), "barcode", "y", WAREHOUSE),
    NavEntry("stock:postings", _("Postings"), "list-details", "g", WAREHOUSE),
    NavEntry("stock:blocks", _("Holds and recalls"), "alert-triangle", "q", WAREHOUSE),
    NavEntry("stock:warehouses", _("Warehouses"), "building-warehouse", "z", WAREHOUSE),
    NavEntry("stock:months", _("Closed months"), "calendar", "1", WAREHOUSE),
    NavEntry("onboarding:list", _("Sources and runs"), "database-import", "r", INTAKE),
    NavEntry("people:list", _("People"), "users", "u", ACCESS),
    NavEntry("people:review", _("Access review"), "checklist", "v", ACCESS),
    NavEntry("people:matrix", _("Permission matrix"), "table", "m", ACCESS),
    NavEntry("acts:list", _("Acts"), "checklist", "t", CONTROL),
    NavEntry("signatures:list", _("Signatures"), "pencil", "n", CONTROL),
    NavEntry("audit:desk", _("Auditor's desk"), "history", "j", AUDIT),
    NavEntry("audit:reports", _("Reports"), "report", "o", AUDIT),
    NavEntry("audit:packs", _("Evidence packs"), "package", "k", AUDIT),
    NavEntry("audit:holds", _("Retention and holds"), "lock", "b", AUDIT),
    NavEntry("search", _("Search"), "search", "s", TOOLS),
    NavEntry("audit:record", _("Audit record"), "shield-check", "e", AUDIT),
    NavEntry("identity:events", _("Log-ins"), "fingerprint", "l", ACCESS),
    NavEntry("audit:refusals", _("Refused acts"), "shield", "x", ACCESS),
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
    found: list[tuple[NavEntry, str]] = []
    for entry in ENTRIES:
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        if may_open(url):
            found.append((entry, url))
    # One page lies below another (/audit/ and /audit/packs/): only the nearest is where people are.
    here = max((url for _, url in found if _holds(url, request.path)), key=len, default="")
    drawn: dict[str, list[NavLink]] = {}
    for entry, url in found:
        link = NavLink(url, str(entry.label), entry.icon, entry.key, url == here)
        drawn.setdefault(str(entry.group), []).append(link)
    return [NavGroup(title, links) for title, links in drawn.items()]


def _holds(url: str, path: str) -> bool:
    """Whether a page lies at or below an entry; below the home page lies nothing."""
    return path == url if url == "/" else path.startswith(url)
