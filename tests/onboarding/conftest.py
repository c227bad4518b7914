"""Fixtures of the onboarding tests."""

from pathlib import Path
from typing import Any

import pytest

from tests.core.committed import committed
from tests.scenarios.world import PRODUCTS, World, world

__all__ = ["committed", "world"]


@pytest.fixture
def incoming(world: World, settings: Any, tmp_path: Path) -> Path:
    """A folder that may be watched, in a house of its own; the three products are known already."""
    settings.HOME = tmp_path / "home"
    settings.WATCH_ROOTS = [tmp_path / "incoming"]
    settings.UPLOAD_ROOT = tmp_path / "home" / "uploads"
    (tmp_path / "incoming").mkdir()
    world.load(world.file("p.csv", PRODUCTS))
    return tmp_path / "incoming"
