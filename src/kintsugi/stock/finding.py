"""How lots and serials are found by search, what home shows, and the names of warehouses."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, scope_names, search
from kintsugi.stock import screens, selectors
from kintsugi.stock.views import today

NEAR = "90"


def find_lots(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Lots by the beginning of their number."""
    rows = selectors.lots_numbered(query)[:limit]
    return [
        search.Hit(
            row.lot_no,
            f"{row.product.product_code} {row.product.name}",
            reverse("stock:lot", args=[row.pk]),
            code=True,
        )
        for row in rows
    ]


def find_units(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Units by the beginning of their serial number, with the place they are at."""
    rows = selectors.units_numbered(query)[:limit]
    return [
        search.Hit(
            row.serial_no,
            f"{row.product.name} · {screens.place(row.location)}",
            reverse("stock:unit", args=[row.pk]),
            code=True,
        )
        for row in rows
    ]


def tile(_user: Any) -> home.TileValue:
    """How many lots are in stock, and how many of these rows expire within 90 days."""
    rows = selectors.stocked(today=today())
    count = rows.count()
    if not count:
        return home.TileValue(None)
    near = selectors.expiring(rows, "lot__expiry_date", NEAR, today=today()).count()
    note = gettext("%(n)s expire within 90 days") % {"n": near} if near else ""
    return home.TileValue(count, note, "warn" if near else "")


def _listed(page: str) -> Callable[[str], str]:
    return lambda query: f"{reverse(page)}?{urlencode({'q': query})}"


def register() -> None:
    """Add search, tile, and the names of warehouses that limit somebody's rows."""
    scope_names.register(
        "warehouse", scope_names.Named(selectors.warehouse_names, selectors.warehouses_called)
    )
    home.register(
        home.Tile(
            "stock", _("Stock"), "packages", lambda: reverse("stock:list"), tile, 40, "stock.read"
        )
    )
    for kind, icon, title, find, page in (
        ("lot", "tag", _("Lots"), find_lots, "stock:lots"),
        ("unit", "barcode", _("Serial units"), find_units, "stock:units"),
    ):
        search.register(
            search.SearchProvider(
                kind,
                icon,
                title,
                find,
                more=_listed(page),
                permission="stock.read",
            )
        )
