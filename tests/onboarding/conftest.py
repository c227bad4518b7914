"""Fixtures of the onboarding tests."""

from tests.scenarios.world import world

__all__ = ["world"]
