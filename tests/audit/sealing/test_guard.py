"""The guard: what protects the record is watched, and its changes are named."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.verifiers import GuardVerifier
from kintsugi.audit.verification import run
from kintsugi.core.scope import as_owner
from tests.audit.sealing.tampering import superuser

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Log = Callable[..., list[Any]]
# Roles belong to the whole server, which other workers share.
pytestmark = pytest.mark.xdist_group("roles")


@pytest.fixture
def fresh(fresh_log: Log) -> list[Any]:
    """One row, sealed, in a database that may be altered."""
    ids = fresh_log(1)
    services.seal(at=AT)
    return ids


def guard() -> list[tuple[str, str, str]]:
    return [(f.kind, f.table, f.key) for f in run(GuardVerifier()).findings]


def test_a_disabled_trigger_is_named_now_and_after_it_was_sealed(fresh: list[Any]) -> None:
    assert guard() == []
    with superuser() as cursor:
        cursor.execute("alter table parties_party disable trigger audit_update")
    expected = [("guard.trigger-changed", "parties_party", "audit_update")]
    assert guard() == expected
    services.seal(at=AT + 2 * MINUTE)
    with superuser() as cursor:
        cursor.execute("alter table parties_party enable trigger audit_update")
    services.seal(at=AT + 3 * MINUTE)
    assert guard() == expected  # what was once sealed stays on record


def test_a_replaced_function_and_a_new_superuser_are_named(fresh: list[Any]) -> None:
    with superuser() as cursor:
        cursor.execute(
            "create or replace function audit_append_only() returns trigger language plpgsql"
            " as $$ begin return null; end $$"
        )
        cursor.execute("create role kt_intruder superuser")
    try:
        assert guard() == [
            ("guard.function-changed", "function", "audit_append_only()"),
            ("guard.role-added", "role", "kt_intruder"),
        ]
    finally:
        with superuser() as cursor:
            cursor.execute("drop role kt_intruder")


def test_a_change_that_somebody_stands_behind_is_no_finding(fresh: list[Any]) -> None:
    with superuser() as cursor:
        cursor.execute("alter table parties_party disable trigger audit_update")
    with as_owner():
        assert services.accept_guard(actor="管理员", reason="维护窗口 7")
        assert not services.accept_guard(actor="管理员", reason="again")
    assert guard() == []
