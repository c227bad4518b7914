"""A seller, an approver and a house with goods for every test."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def market(db: None) -> Iterator[Any]:
    """A market inside one recorded transaction."""
    from kintsugi.audit.services import recorded
    from tests.sales.market import Market

    with recorded(actor="test", command="test"):
        yield Market()


@pytest.fixture
def dispatch(db: None) -> Iterator[Any]:
    """A market with goods and people who ship them."""
    from kintsugi.audit.services import recorded
    from tests.sales.dispatch import Dispatch

    with recorded(actor="test", command="test"):
        yield Dispatch()
