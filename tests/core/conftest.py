"""Fixtures of the core tests."""

from tests.core.committed import committed

__all__ = ["committed"]
