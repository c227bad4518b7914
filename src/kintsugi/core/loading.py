"""How an app takes in records in bulk: resolve references, find by key, insert, update.

An import hands an app frames of *records* (contract fields, text and typed) and the app's loader
turns them into *columns* of its table. A loader is the only bulk writer of its table.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from django.db import connection
from psycopg import sql

from kintsugi.core.bulk import Merged, copy_frame, fetch_frame, merge_frame, temporary_table

#: How the reason begins with which a rollback makes a row void.
TAKEN_BACK = "import.rollback "

UNRESOLVED_SCHEMA = {
    "_key": pl.String,
    "field": pl.String,
    "value": pl.String,
    "rule": pl.String,
}


@dataclass(frozen=True)
class Resolved:
    """Records as columns of the table.

    ``frame`` has the records' ``_key`` and one column per table column. ``unresolved`` names
    values that point to nothing or to several rows: ``_key, field, value, rule``.
    """

    frame: pl.DataFrame
    unresolved: pl.DataFrame


@dataclass(frozen=True)
class TableLoader:
    """Loads one entity's records into one table.

    ``columns`` maps contract fields to table columns; fields of one name need no entry.
    ``key`` are the table columns of the natural key. ``arrays`` are columns of list fields.
    """

    entity: str
    table: str
    fields: Sequence[str]
    key: Sequence[str]
    columns: Mapping[str, str] = field(default_factory=dict)
    arrays: frozenset[str] = frozenset()
    #: Contract fields beside the key that help to tell whether two records are one thing.
    identifying: Sequence[str] = ()
    #: Pairs of date fields of which the first may not lie behind the second.
    ordered: Sequence[tuple[str, str]] = ()
    #: Table columns that ``derive`` adds.
    derived: Sequence[str] = ()
    #: Rule → (app, name) of a SELECT in the app's ``checks`` folder that returns offending source
    #: records for one stream of a run: parameters run id and stream; columns ``_run, _table_no,
    #: _table_name, _ordinal, _header, _key, _row, field, value, proposal, gid``.
    checks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    #: Reference column → the table it points to and that table's natural key column.
    references_to: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    #: Reference column → the column of its table that a source would write, where it is not the
    #: natural key.
    told_as: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """The table column of a contract field."""
        return self.columns.get(name, name)

    def references(self, records: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """For each reference field of the records: a frame ``value, id, rule`` with one row per
        distinct value; ``id`` is null and ``rule`` says why when it cannot be told.
        """
        return {}

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add columns that follow from others, such as a sort key."""
        return frame

    def resolve(self, records: pl.DataFrame) -> Resolved:
        """Records (``_key`` and contract fields) as table columns."""
        looked_up = self.references(records)
        known = {*self.fields, *(f"{name}__precision" for name in self.fields)}
        frame = records.select("_key", *(name for name in records.columns if name in known))
        missing: list[pl.DataFrame] = []
        for name, found in looked_up.items():
            frame = frame.join(
                found.rename({"value": name, "id": "_id", "rule": "_rule"}), on=name, how="left"
            )
            wrong = frame.filter(pl.col(name).is_not_null() & pl.col("_id").is_null())
            missing.append(
                wrong.select(
                    "_key",
                    pl.lit(name).alias("field"),
                    pl.col(name).alias("value"),
                    pl.col("_rule").fill_null("reference.unknown").alias("rule"),
                )
            )
            frame = frame.with_columns(pl.col("_id").alias(name)).drop("_id", "_rule")
        arrays = [name for name in frame.columns if name in self.arrays]
        frame = frame.with_columns(_array_text(pl.col(name)).alias(name) for name in arrays)
        frame = frame.rename({name: self.column(name) for name in frame.columns if name != "_key"})
        derived = self.derive(frame)
        return Resolved(
            derived.drop(name for name in derived.columns if name.endswith("__precision")),
            pl.concat(missing) if missing else pl.DataFrame(schema=UNRESOLVED_SCHEMA),
        )

    def natural(self, columns: pl.DataFrame) -> pl.Series:
        """The natural key of each row as text: rows of one key are one thing."""
        parts = [pl.col(name).cast(pl.String).fill_null("") for name in self.key]
        return columns.select(pl.concat_str(parts, separator="\x1f").alias("_natural"))["_natural"]

    def find(self, columns: pl.DataFrame) -> pl.DataFrame:
        """Rows of the table with the same natural key: ``_key, id``. Null keys find nothing."""
        condition = sql.SQL(" AND ").join(
            sql.SQL("t.{0} = w.{0}").format(sql.Identifier(name)) for name in self.key
        )
        statement = sql.SQL("SELECT w._n, t.id FROM {} w JOIN {} t ON {}").format(
            sql.Identifier(self._wanted), sql.Identifier(self.table), condition
        )
        return self._find(columns.select("_key", *self.key).drop_nulls(), statement)

    @property
    def _wanted(self) -> str:
        """The temporary table of what is looked for: columns and their number ``_n``."""
        return f"wanted_{self.table}"

    def _find(self, wanted: pl.DataFrame, statement: sql.Composable) -> pl.DataFrame:
        """Rows found by a statement ``_n, id`` over the temporary table of what is wanted."""
        columns = [name for name in wanted.columns if name != "_key"]
        temporary_table(name=self._wanted, like=self.table, columns=columns)
        add = sql.SQL("ALTER TABLE {} ADD COLUMN _n int").format(sql.Identifier(self._wanted))
        with connection.cursor() as cursor:
            cursor.execute(add)
        copy_frame(table=self._wanted, frame=wanted.drop("_key").with_row_index("_n"))
        found = fetch_frame(statement)
        if found.is_empty():
            return pl.DataFrame(schema={"_key": pl.String, "id": pl.String})
        keys = wanted.select("_key").with_row_index("_n")
        return (
            found.with_columns(pl.col("_n").cast(pl.UInt32))
            .join(keys, on="_n")
            .select("_key", "id")
        )

    def empty(self, *, ids: Sequence[str], column: str) -> list[str]:
        """Those of the rows in which the column is null."""
        found = fetch_frame(
            sql.SQL("SELECT t.id FROM {} t WHERE t.id = ANY(%s::uuid[]) AND t.{} IS NULL").format(
                sql.Identifier(self.table), sql.Identifier(column)
            ),
            [list(ids)],
        )
        return found["id"].to_list() if found.width else []

    def taken_back(self, *, ids: Sequence[str]) -> list[str]:
        """Those of the rows that a rollback took back: they stand again when their natural key is
        loaded once more."""
        found = fetch_frame(
            sql.SQL(
                "SELECT t.id FROM {} t WHERE t.id = ANY(%s::uuid[]) AND t.is_void"
                " AND starts_with(t.void_reason, {})"
            ).format(sql.Identifier(self.table), sql.Literal(TAKEN_BACK)),
            [list(ids)],
        )
        return found["id"].to_list() if found.width else []

    def voided(self, *, ids: Sequence[str]) -> list[str]:
        """Those of the rows that somebody made void; a rollback is nobody's word."""
        found = fetch_frame(
            sql.SQL(
                "SELECT t.id FROM {} t WHERE t.id = ANY(%s::uuid[]) AND t.is_void"
                " AND NOT starts_with(t.void_reason, {})"
            ).format(sql.Identifier(self.table), sql.Literal(TAKEN_BACK)),
            [list(ids)],
        )
        return found["id"].to_list() if found.width else []

    def values(self, *, ids: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        """Rows as text: ``id`` and the columns, references as the natural key they stand for."""
        parts = [
            sql.SQL("(select r.{}::text from {} r where r.id = t.{}) as {}").format(
                *map(sql.Identifier, (self.references_to[c][1], self.references_to[c][0], c, c))
            )
            if c in self.references_to
            else sql.SQL("t.{0}::text as {0}").format(sql.Identifier(c))
            for c in columns
        ]
        found = fetch_frame(
            sql.SQL("SELECT {} FROM {} t WHERE t.id = ANY(%s::uuid[])").format(
                sql.SQL(", ").join([sql.SQL("t.id::text as id"), *parts]),
                sql.Identifier(self.table),
            ),
            [list(ids)],
        )
        names = ["id", *columns]
        return found if found.width else pl.DataFrame(schema=dict.fromkeys(names, pl.String))

    def revive(self, columns: pl.DataFrame) -> int:
        """Let rows stand again as if they were new: columns that the frame lacks get their
        defaults, and the version counts on."""
        if columns.is_empty():
            return 0
        staging = f"reviving_{self.table}"[:63]
        temporary_table(name=staging, like=self.table, columns=columns.columns)
        copy_frame(table=staging, frame=columns)
        with connection.cursor() as cursor:
            kept = {"id", "version", "created_at", "updated_at"}
            names = [name for name in table_columns(self.table) if name not in kept]
            given = set(columns.columns)
            values = [
                sql.SQL("{0} = s.{0}" if name in given else "{0} = DEFAULT").format(
                    sql.Identifier(name)
                )
                for name in names
            ]
            cursor.execute(
                sql.SQL(
                    "UPDATE {t} AS t SET {set}, version = t.version + 1, updated_at = now()"
                    " FROM {s} AS s WHERE t.id = s.id"
                ).format(
                    t=sql.Identifier(self.table),
                    s=sql.Identifier(staging),
                    set=sql.SQL(", ").join(values),
                )
            )
            return int(cursor.rowcount)

    def insert(self, columns: pl.DataFrame) -> int:
        """Append rows (``id`` and table columns) by one COPY."""
        return copy_frame(table=self.table, frame=columns)

    def update(
        self, *, ours: pl.DataFrame, base: pl.DataFrame, keep_theirs: frozenset[str] = frozenset()
    ) -> Merged:
        """Change rows by ``id`` with a three-way merge; see ``core.bulk.merge_frame``."""
        return merge_frame(
            table=self.table,
            ours=ours,
            base=base,
            keep_theirs=keep_theirs,
            derived=frozenset(self.derived),
        )

    def after_load(self) -> int:
        """Link rows of this table with each other once a table is loaded; rows touched."""
        return 0


def table_columns(table: str) -> list[str]:
    """The columns that a table has, whoever fills them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select attname from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _array_text(column: pl.Expr) -> pl.Expr:
    """A JSON array of texts (as the engine gives lists) as PostgreSQL array text.

    Both quote elements with double quotes and escape with a backslash; only the brackets differ.
    JSON's control and unicode escapes are undone first, since an array has none.
    """
    return (
        pl.when(column.str.contains(r"\\[nrtbfu/]"))
        .then(column.map_elements(_array_from_json, return_dtype=pl.String))
        .otherwise("{" + column.str.slice(1, column.str.len_chars() - 2) + "}")
    )


def _array_from_json(text: str) -> str:
    parts = ('"' + str(v).replace("\\", "\\\\").replace('"', '\\"') + '"' for v in json.loads(text))
    return "{" + ",".join(parts) + "}"
