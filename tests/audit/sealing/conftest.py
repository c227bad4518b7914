"""Fixtures: a database that is really committed to, with a home folder of its own."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.runtime.home import Home
from tests.audit.sealing.writing import write
from tests.core.committed import committed

__all__ = ["committed"]

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Home:
    """A home folder that knows of no earlier seal."""
    settings.HOME = tmp_path / "home"
    return Home(settings.HOME)


def _empty() -> None:
    """As after a migrate: no changes, nothing sealed. Far quicker than a new copy of the database,
    and only a superuser without triggers can do it."""
    from tests.audit.sealing.tampering import no_triggers

    with no_triggers() as cursor:
        cursor.execute(
            "truncate audit_change, audit_transaction, audit_epoch, audit_seal_key,"
            " audit_checkpoint, audit_leaf_run, audit_node, audit_cosignature, audit_time_stamp,"
            " audit_verification, parties_party cascade"
        )


@pytest.fixture
def log(committed: None, place: Home) -> Callable[..., list[Any]]:
    """Writes parties in one transaction, for good, and returns their ids."""
    _empty()
    return write


@pytest.fixture
def fresh_log(transactional_db: None, place: Home) -> Callable[..., list[Any]]:
    """The same over a copy of the database that the test may alter as it likes."""
    return write
