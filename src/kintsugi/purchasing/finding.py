"""How documents of purchasing are found by search, and what waits, on the home page."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, search
from kintsugi.core.lookups import starts
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.purchasing import selectors
from kintsugi.purchasing.kinds import ORDER, RECEIPT


def _finder(
    rows: Callable[[], QuerySet[Any]], page: str, about: Callable[[Any], str]
) -> Callable[[str, Any, int], list[search.Hit]]:
    """Documents by the beginning of their number."""

    def find(query: str, _user: Any, limit: int) -> list[search.Hit]:
        found = rows().filter(starts("number", query.upper())).order_by("-number")[:limit]
        return [
            search.Hit(
                one.number, about(one), reverse(f"purchasing:{page}", args=[one.pk]), code=True
            )
            for one in found
        ]

    return find


def _listed(page: str) -> Callable[[str], str]:
    return lambda query: f"{reverse(f'purchasing:{page}')}?{urlencode({'q': query})}"


def tile(_user: Any) -> home.TileValue:
    """How many receipts wait for inspection or a shelf."""
    waiting = selectors.receipts().filter(status__in=("received", "inspecting")).count()
    shelf = selectors.receipts().filter(status__in=("qualified", "part_qualified")).count()
    if not waiting and not shelf:
        return home.TileValue(None)
    note = say(Text(f"{shelf} 单待上架", f"{shelf} wait for a shelf")) if shelf else ""
    return home.TileValue(waiting, note, "warn" if waiting else "")


def register() -> None:
    """Add search and the tile."""
    home.register(
        home.Tile(
            "inbound", _("To be inspected"), "clipboard-check",
            lambda: f"{reverse('purchasing:receipts')}?status=received", tile, 45, "inbound.read",
        )
    )  # fmt: skip
    for kind, icon, title, permission, find, page in (
        (
            "purchase", "file-text", _("Purchase orders"), "purchase.read",
            _finder(selectors.orders, "order",
                    lambda one: f"{one.supplier_name} · {say(ORDER.states[one.status])}"),
            "orders",
        ),
        (
            "receipt", "packages", _("Goods receipts"), "inbound.read",
            _finder(selectors.receipts, "receipt",
                    lambda one: f"{one.order.supplier_name} · {say(RECEIPT.states[one.status])}"),
            "receipts",
        ),
    ):  # fmt: skip
        search.register(
            search.SearchProvider(
                kind, icon, title, find, more=_listed(page), permission=permission
            )
        )
