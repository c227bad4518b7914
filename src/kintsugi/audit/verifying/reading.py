"""SQL of the verifiers, run and read."""

from typing import Any

from django.db import connection


def run_sql(statement: Any, **params: Any) -> list[tuple[Any, ...]]:
    """Run a statement (text or composed) with named parameters: its rows, or none."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []
