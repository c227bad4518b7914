"""Fixtures of the audit tests."""

from tests.core.committed import committed

__all__ = ["committed"]
