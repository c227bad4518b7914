"""A house that buys, for every test."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def depot(db: None, settings: Any) -> Iterator[Any]:
    """The house, all inside one recorded transaction. Nobody guesses the passwords of tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user
    from tests.purchasing.depot import PASSWORD, Depot

    with recorded(actor="test", command="test"):
        account = create_user(
            username="keeper", password=PASSWORD, display_name="王库管", roles=["warehouse"],
            language="en",
        )  # fmt: skip
        yield Depot(account)


@pytest.fixture
def yard(db: None, settings: Any) -> Any:
    """The same house, open for requests: what was put into it is written."""
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user
    from tests.purchasing.depot import PASSWORD, Depot

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with recorded(actor="test", command="test"):
        account = create_user(
            username="keeper", password=PASSWORD, display_name="王库管", roles=["warehouse"],
            language="en",
        )  # fmt: skip
        return Depot(account)
