"""How products are found by search, and what they show on other pages."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, panels, search
from kintsugi.products import screens, selectors, selectors_trade, trade_screens
from kintsugi.products.views import today


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


# -- licences and what they lock -------------------------------------------------------------------


def find_certificates(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Certificates by the beginning of their number."""
    rows = selectors_trade.certificates(on=today()).filter(number__startswith=query.upper())
    return [
        search.Hit(row.number, row.holder.name, trade_screens.certificate_url(row), code=True)
        for row in rows.order_by("number")[:limit]
    ]


def radar(_user: Any) -> home.TileValue:
    """How many licences end within 90 days or ended and lock something, and how many ended."""
    rows = selectors_trade.ending("90", on=today())
    count = rows.count()
    ended = selectors_trade.ending("ended", on=today()).count() if count else 0
    note = gettext("%(n)s ended") % {"n": ended} if ended else gettext("within 90 days")
    return home.TileValue(count or None, note if count else "", "bad" if ended else "warn")


def register_trade() -> None:
    """Add search for certificates and the radar's tile."""
    search.register(
        search.SearchProvider(
            "certificate",
            "report-medical",
            _("Certificates"),
            find_certificates,
            more=lambda query: f"{reverse('products:certificates')}?{urlencode({'q': query})}",
            permission="licence.read",
        )
    )
    home.register(
        home.Tile(
            "radar",
            _("Licence radar"),
            "bell",
            lambda: reverse("products:radar"),
            radar,
            45,
            "licence.read",
        )
    )
