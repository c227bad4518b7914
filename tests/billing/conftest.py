"""A house that ships and invoices, for every test."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def desk(db: None) -> Iterator[Any]:
    """A dispatch with people of finance, inside one recorded transaction."""
    from kintsugi.audit.services import recorded
    from tests.billing.desk import Desk

    with recorded(actor="test", command="test"):
        yield Desk()
