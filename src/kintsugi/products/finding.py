"""How products are found by search, and what they show on other pages."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, panels, search
from kintsugi.products import screens, selectors


def find(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Products by name, model, code or any UDI-DI."""
    rows = selectors.searched(selectors.products(), query).order_by("name_sort", "pk")[:limit]
    return [
        search.Hit(
            str(row),
            " · ".join(part for part in (row.product_code, _maker(row)) if part),
            screens.url_of(row),
        )
        for row in rows
    ]


def _maker(row: Any) -> str:
    return row.manufacturer.name if row.manufacturer else ""


def count(_user: Any) -> home.TileValue:
    """How many products there are; nothing to show for none."""
    return home.TileValue(selectors.products().count() or None)


def register() -> None:
    """Add search, tile and panel."""
    search.register(
        search.SearchProvider(
            "product",
            "package",
            _("Products"),
            find,
            more=lambda query: f"{reverse('products:list')}?{urlencode({'q': query})}",
            permission="product.read",
        )
    )
    home.register(
        home.Tile(
            "products",
            _("Products"),
            "package",
            lambda: reverse("products:list"),
            count,
            20,
            "product.read",
        )
    )
    panels.register(screens.MADE_BY_PARTY)
