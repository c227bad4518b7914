"""A house with stock for every test."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def house(db: None) -> Any:
    """The same house, open for requests: what was put into it is written, as by the keeper."""
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user
    from tests.stock.house import House

    with recorded(actor="test", command="test"):
        account = create_user(
            username="keeper", password="gold-seam-2026", display_name="王库管",
            roles=["warehouse"], language="en",
        )  # fmt: skip
        return House(account)


@pytest.fixture
def shop(db: None) -> Iterator[Any]:
    """The house, kept by a person of the warehouse; all inside one recorded transaction."""
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user
    from tests.stock.shop import Shop

    with recorded(actor="test", command="test"):
        account = create_user(
            username="keeper", password="gold-seam-2026", display_name="王库管", roles=["warehouse"]
        )
        yield Shop(account)
