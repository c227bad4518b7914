"""The home page is made of tiles and panels that apps register."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from kintsugi.core.access import may, within


@dataclass(frozen=True)
class TileValue:
    """What a tile shows now. ``value`` None means nothing to count yet: the tile stays away.

    ``tone``: "", "good", "warn", "bad" or "live"; ``note`` is one short line under the number.
    """

    value: int | str | None
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Tile:
    """A number on the home page that opens the rows behind it (``url`` lists exactly these), for
    those who have the permission and within its rows."""

    name: str
    label: str | Promise
    icon: str
    url: Callable[[], str]
    read: Callable[[Any], TileValue]
    order: int = 100
    permission: str = ""


@dataclass(frozen=True)
class HomePanel:
    """A larger part of the home page: ``read(user)`` gives the template's context, or None when
    there is nothing to show."""

    name: str
    template: str
    read: Callable[[Any], dict[str, Any] | None]
    order: int = 100
    permission: str = ""


@dataclass(frozen=True)
class FirstStep:
    """What a new, empty installation offers: the one thing to do first."""

    title: str | Promise
    text: str | Promise
    action: str | Promise
    url: Callable[[], str]
    icon: str = "upload"


@dataclass(frozen=True)
class DrawnTile:
    """A tile with its value read."""

    label: str
    icon: str
    url: str
    value: int | str
    note: str
    tone: str


TILES: dict[str, Tile] = {}
PANELS: dict[str, HomePanel] = {}
FIRST_STEPS: list[FirstStep] = []


def register(*parts: Tile | HomePanel | FirstStep) -> None:
    """Add parts of the home page; called from ``AppConfig.ready``. A name twice is our mistake."""
    for part in parts:
        if isinstance(part, FirstStep):
            FIRST_STEPS.append(part)
            continue
        if isinstance(part, Tile):
            assert part.name not in TILES, f"home tile {part.name} registered twice"
            TILES[part.name] = part
        else:
            assert part.name not in PANELS, f"home panel {part.name} registered twice"
            PANELS[part.name] = part


def tiles(request: HttpRequest) -> list[DrawnTile]:
    """The tiles that have something to say, in order."""
    drawn = []
    for tile in sorted(TILES.values(), key=lambda t: t.order):
        if not may(tile.permission):
            continue
        with within(tile.permission):
            now = tile.read(request.user)
        if now.value is not None:
            drawn.append(
                DrawnTile(str(tile.label), tile.icon, tile.url(), now.value, now.note, now.tone)
            )
    return drawn


def panels(request: HttpRequest) -> Sequence[tuple[str, dict[str, Any]]]:
    """Template and context of the panels that have something to show, in order."""
    drawn = []
    for panel in sorted(PANELS.values(), key=lambda p: p.order):
        if not may(panel.permission):
            continue
        with within(panel.permission):
            context = panel.read(request.user)
        if context is not None:
            drawn.append((panel.template, context))
    return drawn
