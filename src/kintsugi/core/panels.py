"""Panels that higher apps add to the page of a lower app's record, and panels side by side.

The device's page lies below onboarding and must not import it; onboarding registers its panel here
and the device's page draws whatever is registered for ``device``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from kintsugi.core.access import may, within
from kintsugi.core.screens.detail import Panel


@dataclass(frozen=True)
class RecordPanel:
    """A part of a record's page, for those who have the permission. Its panel reads a bounded
    number of rows in a bounded number of queries, and draws nothing where there is nothing to show.
    """

    name: str
    entity: str
    panel: Panel
    order: int = 100
    permission: str = ""


PANELS: dict[str, RecordPanel] = {}


def register(panel: RecordPanel) -> None:
    """Add a panel; called from ``AppConfig.ready``. A name twice is a mistake of ours."""
    assert panel.name not in PANELS, f"record panel {panel.name} registered twice"
    PANELS[panel.name] = panel


@dataclass(frozen=True)
class Registered:
    """A screen's panel that draws all registered panels of an entity, in order."""

    entity: str
    side: bool = True

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panels, or nothing."""
        drawn = SafeString("")
        for one in sorted(PANELS.values(), key=lambda p: (p.order, p.name)):
            if (one.entity, one.panel.side) != (self.entity, self.side) or not may(one.permission):
                continue
            with within(one.permission):
                drawn += one.panel.draw(request, record)
        return drawn


@dataclass(frozen=True)
class Together:
    """Panels beside each other where the window is wide enough."""

    panels: Sequence[Panel]
    side: bool = False

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panels in columns."""
        drawn = [(panel.draw(request, record),) for panel in self.panels]
        inner = format_html_join("", "{}", (one for one in drawn if one[0]))
        return SafeString(f'<div class="k-columns">{inner}</div>') if inner else inner
