"""What a superuser may do behind the triggers' back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def superuser() -> Iterator[Any]:
    """A committed transaction of the server's superuser; gives a cursor."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local role none")
        yield cursor


@contextmanager
def no_triggers() -> Iterator[Any]:
    """The same, and no trigger fires: neither those that a setting switches off, nor those that
    refuse the removal of rows whatever the settings, which are put back before the end."""
    with superuser() as cursor:
        cursor.execute("set local session_replication_role = replica")
        switch_keepers(cursor, "disable trigger")
        yield cursor
        switch_keepers(cursor, "enable always trigger")


def switch_keepers(cursor: Any, how: str) -> None:
    """Disable or enable the rules that hold whatever the settings: rows stay, ledgers only grow.
    The change log's own triggers are not among them."""
    cursor.execute(
        "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where t.tgenabled in ('A', 'D') and not t.tgisinternal and t.tgname not like 'audit%'"
    )
    for table, trigger in cursor.fetchall():
        cursor.execute(f'alter table "{table}" {how} "{trigger}"')


def behind(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Runs one statement without triggers; the number of rows it touched."""
    with no_triggers() as cursor:
        cursor.execute(statement, list(parameters))
        return cursor.rowcount
