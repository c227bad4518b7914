"""People at the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # a conftest is read before Django is set up
    from django.test import Client

    from kintsugi.identity.models import User

PASSWORD = "gold-seam-2026"


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """A slow hash is right for people and half a second for each test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def li(db) -> User:
    """An account that works in Chinese."""
    return _account(username="li", display_name="李明")


@pytest.fixture
def amy(db) -> User:
    """An account that works in English."""
    return _account(username="amy", display_name="Amy", language="en")


def _account(**facts: str) -> User:
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user

    with recorded(actor="test", command="test"):
        return create_user(password=PASSWORD, **facts)


def logged_in(user: User) -> Client:
    from django.test import Client

    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def zh(li) -> Client:
    """A browser with the Chinese account."""
    return logged_in(li)


@pytest.fixture
def en(amy) -> Client:
    """A browser with the English account."""
    return logged_in(amy)
