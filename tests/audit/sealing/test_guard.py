"""The guard: what protects the record is watched, and its changes are named."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate

from kintsugi.audit.sealing import notes, services
from kintsugi.audit.sealing.guard import guard_text
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


def _make_function(**_: Any) -> None:
    """What the migrations of a release do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "create or replace function audit_of_a_release() returns int language sql as 'select 1'"
        )


def _migrate() -> None:
    with as_owner():
        call_command("migrate", verbosity=0, interactive=False)


def test_a_migrate_does_not_stand_behind_what_it_found_altered(fresh: list[Any]) -> None:
    expected = [("guard.role-added", "role", "kt_intruder")]
    with superuser() as cursor:
        cursor.execute("create role kt_intruder superuser")
    try:
        services.seal(at=AT + MINUTE)
        assert guard() == expected
        _migrate()
        assert guard() == expected
    finally:
        with superuser() as cursor:
            cursor.execute("drop role kt_intruder")


def test_an_acceptance_that_only_the_database_knows_accepts_nothing(fresh: list[Any]) -> None:
    with superuser() as cursor:
        cursor.execute("alter table parties_party disable trigger audit_update")
    text = guard_text()
    with superuser() as cursor:
        cursor.execute(
            "insert into audit_guard (fingerprint, text, actor, reason)"
            " values (%s, %s, 'system', 'migrate')",
            [notes.hash_of(text), text],
        )
    altered = ("guard.trigger-changed", "parties_party", "audit_update")
    forged = ("guard.acceptance-forged", "audit_guard", notes.hash_of(text))
    assert sorted(guard()) == sorted([altered, forged])
    with as_owner():  # a person who stands behind it says so beside the database, too
        assert services.accept_guard(actor="管理员", reason="维护窗口 8")
    assert guard() == []


def test_a_release_with_new_functions_is_no_finding_after_an_ordinary_installation(
    fresh_log: Log,
) -> None:
    with superuser() as cursor:  # the installation's account, made after its migrate
        cursor.execute("create role kt_installed login")
    try:
        fresh_log(1)
        services.seal(at=AT)
        assert guard() == []
        pre_migrate.connect(_make_function)
        _migrate()
        assert "audit_of_a_release()" in guard_text()
        services.seal(at=AT + MINUTE)
        assert guard() == []
    finally:
        pre_migrate.disconnect(_make_function)
        with superuser() as cursor:
            cursor.execute("drop role kt_installed")
