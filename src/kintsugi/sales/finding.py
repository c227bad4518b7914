"""How orders and contracts are found by search, and what home shows of them."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, panels, search
from kintsugi.core.lookups import starts
from kintsugi.core.screens.parts import say
from kintsugi.sales.kinds import CONTRACT, ORDER
from kintsugi.sales.kinds_delivery import BEFORE_SHIPPED, DELIVERY, ON_THE_WAY, RETURN
from kintsugi.sales.pages_order import of_customer_panel
from kintsugi.sales.selectors import contracts, deliveries, orders, returns


def find_orders(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Orders by the beginning of their number or of the customer's own."""
    rows = orders.orders().filter(
        starts("number", query.upper()) | starts("customer_ref", query)
    )  # fmt: skip
    return [
        search.Hit(
            row.number,
            f"{row.customer_name} · {say(ORDER.states[row.status])}",
            reverse("sales:order", args=[row.pk]),
            code=True,
        )
        for row in rows.order_by("-number")[:limit]
    ]


def find_contracts(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Contracts by the beginning of their number."""
    rows = contracts.contracts().filter(starts("number", query.upper())).order_by("number")
    return [
        search.Hit(
            row.number,
            f"{row.customer_name} · {say(CONTRACT.states[row.status])}",
            reverse("sales:contract", args=[row.pk]),
            code=True,
        )
        for row in rows[:limit]
    ]


def find_deliveries(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Deliveries by the beginning of their number or waybill."""
    rows = deliveries.deliveries().filter(
        starts("number", query.upper()) | starts("waybill", query)
    )  # fmt: skip
    return [
        search.Hit(
            row.number,
            f"{row.customer_name} · {say(DELIVERY.states[row.status])}",
            reverse("sales:delivery", args=[row.pk]),
            code=True,
        )
        for row in rows.order_by("-number")[:limit]
    ]


def find_returns(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Returns by the beginning of their number."""
    rows = returns.returns().filter(starts("number", query.upper())).order_by("-number")
    return [
        search.Hit(
            row.number,
            f"{row.customer_name} · {say(RETURN.states[row.status])}",
            reverse("sales:return", args=[row.pk]),
            code=True,
        )
        for row in rows[:limit]
    ]


def delivery_tile(_user: Any) -> home.TileValue:
    """How many deliveries are not at their customers yet."""
    rows = deliveries.deliveries().filter(status__in=(*BEFORE_SHIPPED, *ON_THE_WAY))
    count = rows.count()
    return home.TileValue(count or None)


def tile(_user: Any) -> home.TileValue:
    """How many orders are open, and how many of them wait for approval."""
    rows = orders.orders().exclude(status__in=["draft", "closed", "cancelled"])
    count = rows.count()
    if not count:
        return home.TileValue(None)
    waiting = orders.orders_to_do(rows, "to_approve").count()
    note = gettext("%(n)s wait for approval") % {"n": waiting} if waiting else ""
    return home.TileValue(count, note, "warn" if waiting else "")


def _listed(page: str) -> Callable[[str], str]:
    return lambda query: f"{reverse(page)}?{urlencode({'q': query})}"


def register() -> None:
    """Add search, the tile, and the orders on a customer's page."""
    panels.register(of_customer_panel())
    home.register(
        home.Tile(
            "orders", _("Open sales orders"), "clipboard-list", lambda: reverse("sales:orders"),
            tile, 35, "order.read",
        )
    )  # fmt: skip
    home.register(
        home.Tile(
            "deliveries", _("Open deliveries"), "truck",
            lambda: reverse("sales:deliveries"), delivery_tile, 36, "delivery.read",
        )
    )  # fmt: skip
    for kind, icon, title, find, page, permission in (
        ("delivery", "truck", _("Deliveries"), find_deliveries, "sales:deliveries",
         "delivery.read"),
        ("return", "arrow-back-up", _("Returns and exchanges"), find_returns, "sales:returns",
         "return.read"),
        ("order", "clipboard-list", _("Sales orders"), find_orders, "sales:orders", "order.read"),
        ("contract", "file-text", _("Sales contracts"), find_contracts, "sales:contracts",
         "contract.read"),
    ):  # fmt: skip
        search.register(
            search.SearchProvider(
                kind, icon, title, find, more=_listed(page), permission=permission
            )
        )
