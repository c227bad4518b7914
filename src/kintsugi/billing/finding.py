"""How invoices and payments are found by search, and what home shows of them."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.billing.kinds import INVOICE
from kintsugi.billing.pages import of_customer_panel
from kintsugi.billing.reports import LATE
from kintsugi.billing.selectors import invoices, reports
from kintsugi.billing.views import today
from kintsugi.core import home, panels, search
from kintsugi.core.lookups import starts
from kintsugi.core.screens.parts import say


def find_invoices(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Invoices by the beginning of their number or the tax invoice's."""
    rows = invoices.invoices().filter(
        starts("number", query.upper()) | starts("tax_number", query.upper())
    )
    return [
        search.Hit(
            row.number,
            f"{row.customer_name} · {say(INVOICE.states[row.status])}",
            reverse("billing:invoice", args=[row.pk]),
            code=True,
        )
        for row in rows.order_by("-number")[:limit]
    ]


def tile(_user: Any) -> home.TileValue:
    """How many invoices are open, and how many amounts of them are late."""
    count = invoices.invoices().filter(status__in=("issued", "part_paid")).count()
    if not count:
        return home.TileValue(None)
    late = sum(1 for row in reports.due_list(on=today()) if row["age"] in LATE)
    note = gettext("%(n)s late") % {"n": late} if late else ""
    return home.TileValue(count, note, "warn" if late else "")


def register() -> None:
    """Add search, the tile, and the invoices on a customer's page."""
    panels.register(of_customer_panel())
    home.register(
        home.Tile("invoices", _("Open invoices"), "file-text", lambda: reverse("billing:due"), tile,
                  36, "invoice.read")
    )  # fmt: skip
    search.register(
        search.SearchProvider(
            "invoice", "file-text", _("Invoices"), find_invoices,
            more=lambda query: f"{reverse('billing:invoices')}?{urlencode({'q': query})}",
            permission="invoice.read",
        )
    )  # fmt: skip
