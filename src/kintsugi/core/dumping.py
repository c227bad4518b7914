"""The rows of a loader's table as the records its contract describes: what an import would read."""

from collections.abc import Callable

from django.db import connection
from psycopg import sql

from kintsugi.core.loading import TableLoader, table_columns
from kintsugi.engine.contract import Contract


def records_of(loader: TableLoader, contract: Contract) -> sql.Composed:
    """A SELECT of all rows that stand, one column a contract field, in the order of their keys.

    References are what a source would call them, lists are JSON arrays, and a date that is known
    to the month or year only is written so.
    """
    kept = table_columns(loader.table)
    parts = [
        sql.SQL("{} as {}").format(_value(loader, contract, name, kept), sql.Identifier(name))
        for name in fields_of(loader, contract)
    ]
    return sql.SQL("select {} from {} t where {} order by {}").format(
        sql.SQL(", ").join(parts),
        sql.Identifier(loader.table),
        sql.SQL("not t.is_void" if "is_void" in kept else "true"),
        sql.SQL(", ").join(sql.Identifier("t", name) for name in loader.key),
    )


def fields_of(loader: TableLoader, contract: Contract) -> list[str]:
    """The contract's fields that the table keeps, in the contract's order."""
    known = set(loader.fields)
    return [one.name for one in contract.fields if one.name in known]


def copy_csv(statement: sql.Composed, write: Callable[[bytes], object]) -> int:
    """Hand the rows on as CSV with a header, piece by piece; nothing is an empty cell. Returns how
    many rows these were."""
    copy = sql.SQL("copy ({}) to stdout with (format csv, header)").format(statement)
    wrapped = connection.wrap_database_errors
    with connection.cursor() as cursor, wrapped:
        with cursor.copy(copy) as pieces:
            for piece in pieces:
                write(bytes(piece))
        return int(cursor.rowcount)


def _value(loader: TableLoader, contract: Contract, name: str, kept: list[str]) -> sql.Composable:
    column, known = loader.column(name), contract.field(name)
    here = sql.Identifier("t", column)
    if column in loader.references_to:
        table, key = loader.references_to[column]
        told = loader.told_as.get(column, key)
        return sql.SQL("(select r.{} from {} r where r.id = {})").format(
            sql.Identifier(told), sql.Identifier(table), here
        )
    if name in loader.arrays:
        return sql.SQL("to_json({})::text").format(here)
    if known.type == "date" and "partial_dates" in kept:
        # One known to the year only holds its first day too: a month of it says the same.
        return sql.SQL(
            "case when {} = any(t.partial_dates) then to_char({}, 'YYYY-MM') else {}::text end"
        ).format(sql.Literal(name), here, here)
    return sql.SQL("{}::text").format(here)
