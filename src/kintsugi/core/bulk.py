"""Set-based loading of columnar frames into tables, in the caller's transaction.

COPY takes a whole chunk in one statement, so the statement-level change log fires once.
"""

from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow as pa
from django.db import connection
from psycopg import sql
from pyarrow import csv

#: Rows turned into COPY text at a time; bounds memory, not the statement.
SLICE_ROWS = 20_000


def copy_frame(*, table: str, frame: pl.DataFrame, columns: Sequence[str] | None = None) -> int:
    """Append the frame's rows to a table by one COPY; returns the number of rows.

    Column names of the frame are column names of the table. Lists are PostgreSQL array text,
    JSON is text. Raises the database's error and leaves nothing when a row is refused.
    """
    names = list(columns or frame.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, NULL '')").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    selected = frame.select(names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in selected.iter_slices(SLICE_ROWS):
            # Text is quoted always, null is nothing: "" and null stay apart in CSV.
            copy.write(
                part.write_csv(include_header=False, quote_style="non_numeric", null_value="")
            )
    return frame.height


def temporary_table(*, name: str, like: str, columns: Iterable[str]) -> None:
    """An empty temporary table with some columns of another one, dropped at the end of the
    transaction."""
    statement = sql.SQL(
        "DROP TABLE IF EXISTS pg_temp.{0};"
        " CREATE TEMPORARY TABLE {0} ON COMMIT DROP AS SELECT {1} FROM {2} WITH NO DATA"
    ).format(
        sql.Identifier(name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(like),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)


def update_frame(*, table: str, frame: pl.DataFrame) -> int:
    """Update rows by ``id`` with the frame's other columns; returns the number of rows changed.

    ``version`` counts up and ``updated_at`` is set. Rows in which nothing differs are not touched.
    """
    columns = [name for name in frame.columns if name != "id"]
    if not columns or frame.is_empty():
        return 0
    staging = f"incoming_{table}"[:63]
    temporary_table(name=staging, like=table, columns=frame.columns)
    copy_frame(table=staging, frame=frame)
    target = sql.Identifier(table)
    pairs = [sql.SQL("{0} = n.{0}").format(sql.Identifier(c)) for c in columns]
    differs = [
        sql.SQL("t.{0} IS DISTINCT FROM n.{0}").format(sql.Identifier(c)) for c in columns
    ]
    statement = sql.SQL(
        "UPDATE {} AS t SET {}, version = t.version + 1, updated_at = now()"
        " FROM {} AS n WHERE t.id = n.id AND ({})"
    ).format(
        target, sql.SQL(", ").join(pairs), sql.Identifier(staging), sql.SQL(" OR ").join(differs)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def fetch_frame(statement: str | sql.Composable, params: Sequence[object] = ()) -> pl.DataFrame:
    """The rows of a SELECT as a frame of text columns (null stays null), by COPY.

    Meant for sets that the caller has bounded, such as one chunk of a run.
    """
    with connection.cursor() as cursor:
        query = sql.SQL(statement) if isinstance(statement, str) else statement
        composed = sql.SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER true, FORCE_QUOTE *)")
        buffer = bytearray()
        with cursor.copy(composed.format(query), params or None) as copy:
            for block in copy:
                buffer += block
    if not buffer:
        return pl.DataFrame()
    table = csv.read_csv(
        pa.py_buffer(buffer),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            # Every value was quoted by the server; only an unquoted nothing is null.
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            default_column_type=pa.string(),
        ),
    )
    return pl.DataFrame(pl.from_arrow(table))
