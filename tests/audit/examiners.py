"""People of these tests: a quality manager who may read personal data too, an auditor who may not,
and somebody without any role."""

from typing import Any

import pytest


def _account(name: str, *roles: str) -> Any:
    from kintsugi.audit.services import recorded
    from kintsugi.core.ids import uuid7
    from tests.identity.people import create_user

    with recorded(actor="test", command="test"):
        return create_user(
            roles=roles,
            username=f"{name}-{uuid7().hex[-8:]}",
            password="gold-seam-2026",
            display_name={"li": "李明", "shen": "沈计"}.get(name, name),
            language="en",
        )


@pytest.fixture(scope="module")
def person(world: Any) -> Any:
    """Makes packs, reports and holds, and brings data in."""
    return _account("li", "quality", "steward")


@pytest.fixture(scope="module")
def examiner(world: Any) -> Any:
    """Reads every record, personal data masked."""
    return _account("shen", "auditor")


@pytest.fixture(scope="module")
def owner_of_nothing(world: Any) -> Any:
    """Somebody without a role."""
    return _account("nobody")


@pytest.fixture
def client(person: Any) -> Any:
    """A browser in which the first is logged in."""
    from tests.api.asking import logged_in

    return logged_in(person)
