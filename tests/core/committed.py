"""A database that a module's tests really commit to, made anew once at the module's end.

Contexts, locks and outboxes show only between transactions that end; a copy of the template after
each such test would cost most of the suite's time. Tests use keys of their own instead.
"""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Django may use the database; what is committed stays until the module ends."""
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        yield
        # The suite's own way back to the migrated template (tests/conftest.py).
        TransactionTestCase._fixture_teardown(None)
