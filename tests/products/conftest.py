"""Parties and products that may trade."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Hashing that takes no time: no test here is about passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def trade(db: None) -> Iterator[Any]:
    """People and what they register, all inside one recorded transaction."""
    from kintsugi.audit.services import recorded
    from tests.products.trade import Trade

    with recorded(actor="test", command="test"):
        yield Trade()
