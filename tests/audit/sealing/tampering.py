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
    """The same, and no trigger fires."""
    with superuser() as cursor:
        cursor.execute("set local session_replication_role = replica")
        yield cursor


def behind(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Runs one statement without triggers; the number of rows it touched."""
    with no_triggers() as cursor:
        cursor.execute(statement, list(parameters))
        return cursor.rowcount
