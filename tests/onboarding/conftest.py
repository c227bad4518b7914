"""Fixtures of the onboarding tests."""

from tests.core.committed import committed
from tests.scenarios.world import world

__all__ = ["committed", "world"]
