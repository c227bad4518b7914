"""Fixtures of the scenario tests."""

from tests.scenarios.world import world

__all__ = ["world"]
