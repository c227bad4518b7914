"""Fixtures of the scenario tests."""

from tests.sales.conftest import dispatch
from tests.scenarios.world import world

__all__ = ["dispatch", "world"]
