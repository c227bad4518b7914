"""Fixtures of the architecture tests."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """Two hospitals with a row for every address."""
    from tests.architecture.access_world import make_world

    yield from make_world(django_db_blocker, tmp_path_factory)
