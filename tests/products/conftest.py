"""Parties and products that may trade."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def trade(db: None) -> Iterator[Any]:
    """People and what they register, all inside one recorded transaction."""
    from kintsugi.audit.services import recorded
    from tests.products.trade import Trade

    with recorded(actor="test", command="test"):
        yield Trade()
