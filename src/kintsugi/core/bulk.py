"""Set-based loading of columnar frames into tables, in the caller's transaction.

COPY takes a whole chunk in one statement, so the statement-level change log fires once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    if _rows_are_limited(table):
        return _insert_by_way(table, frame, names)
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, NULL '')").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    selected = frame.select(names)
    # A cursor's copy() goes past Django: without the wrapper its errors would be the driver's.
    wrapped = connection.wrap_database_errors
    with connection.cursor() as cursor, wrapped, cursor.copy(statement) as copy:
        for part in selected.iter_slices(SLICE_ROWS):
            # Text is quoted always, null is nothing: "" and null stay apart in CSV.
            copy.write(
                part.write_csv(include_header=False, quote_style="non_numeric", null_value="")
            )
    return frame.height


def _rows_are_limited(table: str) -> bool:
    """Whether row-level security holds for us here: COPY into such a table is not supported."""
    with connection.cursor() as cursor:
        cursor.execute("select row_security_active(%s::regclass)", [f'"{table}"'])
        return bool(cursor.fetchone()[0])


def _insert_by_way(table: str, frame: pl.DataFrame, names: list[str]) -> int:
    """COPY into a temporary table, then one INSERT that the policies check."""
    staging = f"loading_{table}"[:63]
    temporary_table(name=staging, like=table, columns=names)
    rows = copy_frame(table=staging, frame=frame, columns=names)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
                sql.Identifier(table), columns, columns, sql.Identifier(staging)
            )
        )
    return rows


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


@dataclass(frozen=True)
class Merged:
    """What a three-way merge did: rows and cells written, and the conflicts it met.

    ``conflicts``: ``id, field, base, theirs, ours, kept`` as text; kept is ours or theirs.
    """

    rows: int
    cells: int
    conflicts: pl.DataFrame


def merge_frame(
    *,
    table: str,
    ours: pl.DataFrame,
    base: pl.DataFrame,
    keep_theirs: frozenset[str] = frozenset(),
    derived: frozenset[str] = frozenset(),
) -> Merged:
    """Bring changed values into rows that people may have edited meanwhile.

    Per column, with base = the value last loaded, theirs = the table now, ours = the new value:
    ours = base → nothing; theirs = base → ours; theirs = ours → nothing; all differ → a conflict,
    in which ours is written, or theirs stays for the columns in ``keep_theirs``. Columns in
    ``derived`` follow from others and are not counted as cells. Both frames have ``id`` and the
    same columns. ``version`` counts up and ``updated_at`` is set on rows written.
    """
    columns = [name for name in ours.columns if name != "id"]
    none = Merged(0, 0, pl.DataFrame(schema=dict.fromkeys(CONFLICT_COLUMNS, pl.String)))
    if not columns or ours.is_empty():
        return none
    staging = f"merging_{table}"[:63]
    _staging_for_merge(staging, table, columns)
    pairs = ours.join(base.select("id", *columns), on="id", how="left", suffix="_base__")
    copy_frame(table=staging, frame=pairs)
    names = {
        "s": sql.Identifier(staging),
        "t": sql.Identifier(table),
        "set": sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(c), _effective(c, keep_theirs))
            for c in columns
        ),
        "changed": _changed(columns, keep_theirs),
        "counted": _changed([c for c in columns if c not in derived], keep_theirs),
    }
    conflicts = fetch_frame(
        sql.SQL(
            "SELECT s.id, v.field, v.base, v.theirs, v.ours, v.kept FROM {s} s"
            " JOIN {t} t ON t.id = s.id CROSS JOIN LATERAL (VALUES {values})"
            " AS v (field, base, theirs, ours, kept)"
            " WHERE v.ours IS DISTINCT FROM v.base AND v.theirs IS DISTINCT FROM v.base"
            " AND v.theirs IS DISTINCT FROM v.ours"
        ).format(
            **names,
            values=sql.SQL(", ").join(
                sql.SQL("({}, s.{}::text, t.{}::text, s.{}::text, {})").format(
                    sql.Literal(c),
                    sql.Identifier(c + "_base__"),
                    sql.Identifier(c),
                    sql.Identifier(c),
                    sql.Literal("theirs" if c in keep_theirs else "ours"),
                )
                for c in columns
            ),
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT coalesce(sum({counted}), 0) FROM {s} s JOIN {t} t ON t.id = s.id"
            ).format(**names)
        )
        (cells,) = cursor.fetchone()
        cursor.execute(
            sql.SQL(
                "UPDATE {t} AS t SET {set}, version = t.version + 1, updated_at = now()"
                " FROM {s} AS s WHERE t.id = s.id AND ({changed}) > 0"
            ).format(**names)
        )
        rows = int(cursor.rowcount)
    return Merged(rows, int(cells), conflicts if conflicts.height else none.conflicts)


CONFLICT_COLUMNS = ("id", "field", "base", "theirs", "ours", "kept")


def _staging_for_merge(staging: str, table: str, columns: Sequence[str]) -> None:
    """A temporary table ``id``, the columns, and each again as its base value."""
    selected = [sql.SQL("{0}").format(sql.Identifier(c)) for c in ("id", *columns)] + [
        sql.SQL("{} AS {}").format(sql.Identifier(c), sql.Identifier(c + "_base__"))
        for c in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "DROP TABLE IF EXISTS pg_temp.{0};"
                " CREATE TEMPORARY TABLE {0} ON COMMIT DROP AS SELECT {1} FROM {2} WITH NO DATA"
            ).format(sql.Identifier(staging), sql.SQL(", ").join(selected), sql.Identifier(table))
        )


def _changed(columns: Sequence[str], keep_theirs: frozenset[str]) -> sql.Composable:
    """How many of the columns get another value."""
    if not columns:
        return sql.SQL("0")
    return sql.SQL(" + ").join(
        sql.SQL("(t.{} IS DISTINCT FROM {})::int").format(
            sql.Identifier(c), _effective(c, keep_theirs)
        )
        for c in columns
    )


def _effective(column: str, keep_theirs: frozenset[str]) -> sql.Composable:
    """The value a column gets by the three-way rule."""
    rule = (
        "CASE WHEN s.{0} IS NOT DISTINCT FROM s.{1} THEN t.{0}"
        " WHEN t.{0} IS NOT DISTINCT FROM s.{1} THEN s.{0} ELSE t.{0} END"
        if column in keep_theirs
        else "CASE WHEN s.{0} IS NOT DISTINCT FROM s.{1} THEN t.{0} ELSE s.{0} END"
    )
    return sql.SQL(rule).format(sql.Identifier(column), sql.Identifier(column + "_base__"))


def fetch_frame(statement: str | sql.Composable, params: Sequence[object] = ()) -> pl.DataFrame:
    """The rows of a SELECT as a frame of text columns (null stays null), by COPY.

    Meant for sets that the caller has bounded, such as one chunk of a run.
    """
    with connection.cursor() as cursor:
        query = sql.SQL(statement) if isinstance(statement, str) else statement
        composed = sql.SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER true, FORCE_QUOTE *)")
        buffer = bytearray()
        wrapped = connection.wrap_database_errors
        with wrapped, cursor.copy(composed.format(query), params or None) as copy:
            for block in copy:
                buffer += block
    if not buffer:
        return pl.DataFrame()
    table = csv.read_csv(
        pa.py_buffer(buffer),
        # An empty line is a row too: one column, and no value in it.
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            # Every value was quoted by the server; only an unquoted nothing is null.
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            default_column_type=pa.string(),
        ),
    )
    return pl.DataFrame(pl.from_arrow(table))
