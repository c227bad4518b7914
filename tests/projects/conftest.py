"""Fixtures of the projects tests."""

from tests.core.committed import committed
from tests.scenarios.world import world

__all__ = ["committed", "world"]
