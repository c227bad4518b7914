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
PURCHASING = _("Purchasing")
SALES = _("Sales")
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
    NavEntry("parties:licences", _("Licences"), "certificate", "2", RECORDS),
    NavEntry("products:certificates", _("Certificates"), "report-medical", "3", RECORDS),
    NavEntry("products:reviews", _("First reviews"), "clipboard-check", "4", RECORDS),
    NavEntry("products:radar", _("Licence radar"), "bell", "5", RECORDS),
    NavEntry("stock:list", _("Stock"), "packages", "w", WAREHOUSE),
    NavEntry("stock:scan", _("Look at a thing"), "scan", "9", WAREHOUSE),
    NavEntry("stock:labels", _("Print labels"), "printer", "8", WAREHOUSE),
    NavEntry("stock:move", _("Move goods"), "transform", "i", WAREHOUSE),
    NavEntry("stock:lots", _("Lots"), "tag", "f", WAREHOUSE),
    NavEntry("stock:units", _("Serial units"), "barcode", "y", WAREHOUSE),
    NavEntry("stock:postings", _("Postings"), "list-details", "g", WAREHOUSE),
    NavEntry("stock:stocktakes", _("Stocktakes"), "clipboard-check", "K", WAREHOUSE),
    NavEntry(
        "stock:adjustments",
        _("Scrapping and adjustments"),
        "adjustments-horizontal",
        "J",
        WAREHOUSE,
    ),
    NavEntry("stock:trace", _("Trace"), "route", "T", WAREHOUSE),
    NavEntry("stock:drills", _("Recall drills"), "flag", "D", WAREHOUSE),
    NavEntry("stock:storage-checks", _("Storage checks"), "eye", "S", WAREHOUSE),
    NavEntry("stock:sensors", _("Temperatures"), "gauge", "M", WAREHOUSE),
    NavEntry("stock:blocks", _("Holds and recalls"), "alert-triangle", "q", WAREHOUSE),
    NavEntry("stock:warehouses", _("Warehouses"), "building-warehouse", "z", WAREHOUSE),
    NavEntry("stock:value", _("Value of stock"), "chart-bar", "V", WAREHOUSE),
    NavEntry("stock:months", _("Closed months"), "calendar", "1", WAREHOUSE),
    NavEntry("purchasing:requests", _("Purchase requests"), "clipboard-list", "R", PURCHASING),
    NavEntry("purchasing:orders", _("Purchase orders"), "file-text", "P", PURCHASING),
    NavEntry("purchasing:notices", _("Advance notices"), "truck", "N", PURCHASING),
    NavEntry("purchasing:receipts", _("Receipts and acceptance"), "packages", "G", PURCHASING),
    NavEntry("purchasing:returns", _("Returns to suppliers"), "arrow-back-up", "B", PURCHASING),
    NavEntry("purchasing:invoices", _("Suppliers' invoices"), "report", "I", PURCHASING),
    NavEntry("sales:orders", _("Sales orders"), "clipboard-list", "6", SALES),
    NavEntry("sales:deliveries", _("Deliveries"), "truck", "L", SALES),
    NavEntry("sales:waves", _("Waves"), "route", "W", SALES),
    NavEntry("sales:returns", _("Returns and exchanges"), "arrow-back-up", "U", SALES),
    NavEntry("sales:contracts", _("Sales contracts"), "file-text", "7", SALES),
    NavEntry("sales:prices", _("Price list"), "tags", "0", SALES),
    NavEntry("takeover:list", _("Take over stock"), "database-import", "O", WAREHOUSE),
    NavEntry("billing:invoices", _("Invoices"), "file-text", "F", SALES),
    NavEntry("billing:payments", _("Payments"), "list-details", ",", SALES),
    NavEntry("billing:due", _("What is due"), "calendar", ";", SALES),
    NavEntry("billing:batches", _("Ledger export"), "table", ".", SALES),
    NavEntry("onboarding:list", _("Sources and runs"), "database-import", "r", INTAKE),
    NavEntry("projects:list", _("Projects"), "timeline", "E", INTAKE),
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
