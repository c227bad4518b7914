"""Three people and a note that acts change. Django is set up after this file is read."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def note(monkeypatch) -> Any:
    from kintsugi.identity.control.kinds import KINDS
    from tests.identity.control.people import Note

    note = Note()
    monkeypatch.setitem(KINDS, "test.note", note.kind())
    return note


def _person(name: str) -> Any:
    from tests.identity.control.people import account

    return account(name)


@pytest.fixture
def li(db) -> Any:
    return _person("李明")


@pytest.fixture
def wang(db) -> Any:
    return _person("王芳")


@pytest.fixture
def zhao(db) -> Any:
    return _person("赵强")
