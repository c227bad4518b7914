"""Search over everything: each app registers how its records are found by words people type."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kintsugi.core import navigation
from kintsugi.core.access import may, within

HITS_PER_KIND = 8
QUERY_MAX_LENGTH = 120


@dataclass(frozen=True)
class Hit:
    """One thing found. ``title`` is what people recognise it by, ``subtitle`` tells twins apart."""

    title: str
    subtitle: str
    url: str
    code: bool = False  # the title is a number or code, shown in a fixed-width face


Find = Callable[[str, Any, int], Sequence[Hit]]


@dataclass(frozen=True)
class SearchProvider:
    """How one kind of record is found.

    ``find(query, user, limit)`` returns at most ``limit`` hits, best first, in a bounded number of
    queries, within the rows of ``permission``. ``more`` gives the address of the full list for a
    query, if there is one.
    """

    kind: str
    icon: str
    title: str | Promise
    find: Find
    more: Callable[[str], str] | None = None
    permission: str = ""


@dataclass(frozen=True)
class Found:
    """The hits of one kind."""

    kind: str
    icon: str
    title: str
    hits: Sequence[Hit] = field(default_factory=tuple)
    more: str = ""


PROVIDERS: dict[str, SearchProvider] = {}


def register(provider: SearchProvider) -> None:
    """Add a kind; called from ``AppConfig.ready``. The same kind twice is a mistake of ours."""
    assert provider.kind not in PROVIDERS, f"search provider {provider.kind} registered twice"
    PROVIDERS[provider.kind] = provider


def find(request: HttpRequest, query: str, *, limit: int = HITS_PER_KIND) -> list[Found]:
    """Everything that matches, by kind in registration order, pages last.

    At most ``limit`` hits a kind, of kinds the person may read; an empty query finds only pages.
    """
    query = " ".join(query.split())[:QUERY_MAX_LENGTH]
    found: list[Found] = []
    if query:
        for provider in PROVIDERS.values():
            if not may(provider.permission):
                continue
            with within(provider.permission):
                hits = list(provider.find(query, request.user, limit))[:limit]
            if hits:
                more = provider.more(query) if provider.more and len(hits) == limit else ""
                found.append(Found(provider.kind, provider.icon, str(provider.title), hits, more))
    pages = _pages(request, query, limit)
    if pages:
        found.append(Found("page", "corner-down-left", str(_("Pages")), pages))
    return found


def _pages(request: HttpRequest, query: str, limit: int) -> list[Hit]:
    words = query.casefold().split()
    links = [link for group in navigation.groups(request) for link in group.links]
    return [
        Hit(link.label, "", link.url)
        for link in links
        if all(word in link.label.casefold() for word in words)
    ][:limit]
