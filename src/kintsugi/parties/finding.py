"""How parties are found by search."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, panels, scope_names, search
from kintsugi.core.screens.parts import language
from kintsugi.parties import screens, selectors
from kintsugi.parties.kinds import LICENCE_KINDS
from kintsugi.parties.licence_screens import OF_PARTY, licence_url
from kintsugi.parties.views import today


def find(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Parties by name, pinyin or credit code, in the order of their names."""
    rows = selectors.searched(selectors.parties(), query).order_by("name_sort", "pk")[:limit]
    return [
        search.Hit(row.name, row.uscc or ", ".join(screens.roles_of(row)), screens.url_of(row))
        for row in rows
    ]


def find_licences(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Licences by the beginning of their number."""
    rows = selectors.licences(on=today()).filter(number__startswith=query.upper())
    return [
        search.Hit(
            row.number, f"{row.party.name} · {LICENCE_KINDS[row.kind].get(language())}",
            licence_url(row), code=True,
        )
        for row in rows.order_by("number")[:limit]
    ]  # fmt: skip


def count(_user: Any) -> home.TileValue:
    """How many parties there are; nothing to show for none."""
    return home.TileValue(selectors.parties().count() or None)


def _named(name: str) -> list[str]:
    return [str(party.pk) for party in selectors.by_name(name)]


def register() -> None:
    """Add search, tile and panel, and the names of customers that limit somebody's rows."""
    panels.register(OF_PARTY)
    scope_names.register("customer", scope_names.Named(selectors.party_names, _named))
    home.register(
        home.Tile(
            "parties",
            _("Parties"),
            "building-hospital",
            lambda: reverse("parties:list"),
            count,
            30,
            "party.read",
        )
    )
    search.register(
        search.SearchProvider(
            "party",
            "building-hospital",
            _("Parties"),
            find,
            more=lambda query: f"{reverse('parties:list')}?{urlencode({'q': query})}",
            permission="party.read",
        )
    )
    search.register(
        search.SearchProvider(
            "licence",
            "certificate",
            _("Licences"),
            find_licences,
            more=lambda query: f"{reverse('parties:licences')}?{urlencode({'q': query})}",
            permission="licence.read",
        )
    )
