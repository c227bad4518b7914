"""Fixtures of the verifiers' tests."""

from tests.core.committed import committed

__all__ = ["committed"]
