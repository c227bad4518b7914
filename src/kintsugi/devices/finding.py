"""How devices are found by search, and what they show on other pages."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, panels, search
from kintsugi.devices import screens, views


def find(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Devices by serial number, scanned UDI or device number."""
    return [
        search.Hit(
            row.serial_no,
            " · ".join(str(part) for part in (row.product, row.customer, row.department) if part),
            screens.url_of(row),
            code=True,
        )
        for row in views.search(query, limit)
    ]


def tile(_user: Any) -> home.TileValue:
    """How many devices there are, and how many are out of warranty."""
    count = views.count()
    if not count:
        return home.TileValue(None)
    out = views.out_of_warranty()
    return home.TileValue(count, gettext("%(n)s out of warranty") % {"n": out} if out else "")


def register() -> None:
    """Add search, tile and panels."""
    search.register(
        search.SearchProvider(
            "device",
            "device-heart-monitor",
            _("Devices"),
            find,
            more=lambda query: f"{reverse('devices:list')}?{urlencode({'q': query})}",
            permission="device.read",
        )
    )
    home.register(
        home.Tile(
            "devices",
            _("Devices"),
            "device-heart-monitor",
            lambda: reverse("devices:list"),
            tile,
            10,
            "device.read",
        )
    )
    panels.register(screens.AT_PARTY)
    panels.register(screens.OF_PRODUCT)
