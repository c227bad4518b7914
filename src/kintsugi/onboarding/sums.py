"""Rows and checksum of every table that is onboarded."""

from typing import Any

from django.db import connection
from psycopg import sql

from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.onboarding.entities import LOADERS


def checksums() -> dict[str, dict[str, Any]]:
    """Rows and checksum of every business table that is onboarded.

    The checksum is over business columns, with references as natural keys, and does not depend
    on row order, surrogate ids or time stamps: equal content gives equal checksums anywhere.
    """
    found = {}
    with connection.cursor() as cursor:
        for loader in LOADERS.values():
            cursor.execute(_checksum_query(loader))
            rows, checksum = cursor.fetchone()
            found[loader.table] = {"rows": rows, "checksum": checksum}
    return found


def _checksum_query(loader: TableLoader) -> sql.Composed:
    keys = sql.SQL(", ").join(
        sql.SQL("{}, (select r.{}::text from {} r where r.id = t.{})").format(
            sql.Literal(column), sql.Identifier(key), sql.Identifier(table), sql.Identifier(column)
        )
        for column, (table, key) in loader.references_to.items()
    )
    return sql.SQL(query("onboarding", "checksum")).format(
        table=sql.Identifier(loader.table), references=keys
    )
