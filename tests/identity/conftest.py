"""Accounts and browsers for the tests of the log-in; models are imported once Django is there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person() -> Callable[..., Any]:
    """Make an account: ``person("li", is_staff=True)``."""

    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user

    def make(username: str, **facts: Any) -> Any:
        with recorded(actor="test", command="test"):
            # Administrators do not read the business: one role or the other.
            role = "administrator" if facts.get("is_staff") else "steward"
            return create_user(
                roles=(role,),
                username=username,
                password="gold-seam-2026",
                display_name=facts.pop("display_name", username.title()),
                language=facts.pop("language", "en"),
                **facts,
            )

    return make


@pytest.fixture
def li(person: Callable[..., Any]) -> Any:
    return person("li")


@pytest.fixture
def chief(person: Callable[..., Any]) -> Any:
    return person("chief", is_staff=True)


@pytest.fixture
def inside(li: Any) -> Client:
    """A browser in which li logged in by the form."""
    from tests.identity.door import log_in

    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    log_in(client)
    return client


@pytest.fixture
def office(chief: Any) -> Client:
    """A browser in which the administrator logged in."""
    from tests.identity.door import log_in

    client = Client()
    log_in(client, "chief")
    return client
