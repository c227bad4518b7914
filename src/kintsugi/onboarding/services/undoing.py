"""What undoing a run means for a range of rows, worked out in temporary tables.

Everything is set-based and comes from the change log and the crosswalk's history. A plan and the
rollback itself go through the same statements; the rollback locks the rows first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from psycopg import sql

from kintsugi.core.loading import TAKEN_BACK, TableLoader
from kintsugi.core.queries import query

LOWEST = UUID(int=0)
HIGHEST = UUID(int=2**128 - 1)
#: A record whose runs were rolled back one after the other goes back at most so many steps.
STEPS_BACK = 50
#: How the restoring of rows and the taking back of new ones are called in the ledger.
PHASES = ("restore", "take-back")


@dataclass(frozen=True)
class Undoing:
    """Which run is undone, by which rollback: ids, and the number for the reason of voiding.

    ``stands``: the run that stands again where a rollback is rolled back.
    """

    run: UUID
    number: str
    by: UUID
    by_number: str
    rollback: UUID
    stands: UUID | None = None

    def facts(self, loader: TableLoader, **more: Any) -> dict[str, Any]:
        """The parameters of all statements."""
        return {
            "run": str(self.run),
            "by": str(self.by),
            "rollback": str(self.rollback),
            "stands": str(self.stands) if self.stands else None,
            "table": loader.table,
            "entity": loader.entity,
            "reason": f"{TAKEN_BACK}{self.number} ({self.by_number})"[:400],
            **more,
        }


@dataclass(frozen=True)
class Reference:
    """A column that points to a table."""

    table: str
    column: str
    has_void: bool
    has_index: bool


def ask(
    statement: str, facts: Mapping[str, Any], /, **names: sql.Composable
) -> list[tuple[Any, ...]]:
    """Run a statement of onboarding; its rows, where it gives any."""
    text = sql.SQL(query("onboarding", statement))
    with connection.cursor() as cursor:
        cursor.execute(text.format(**names) if names else text, facts)
        return list(cursor.fetchall()) if cursor.description else []


def references_to(table: str) -> list[Reference]:
    """Every column that points to the table, as the catalogue knows them."""
    with connection.cursor() as cursor:
        cursor.execute(query("onboarding", "undo_references"), [table])
        return [Reference(*row) for row in cursor.fetchall()]


def look(
    undoing: Undoing, loader: TableLoader, *, low: UUID, high: UUID, lock: bool = False
) -> None:
    """Fill ``undo_row`` and ``undo_field`` with what undoing does to a range of rows."""
    facts = undoing.facts(loader, low=str(low), high=str(high))
    table = sql.Identifier(loader.table)
    ask("undo_rows", facts)
    if lock:
        ask("undo_lock", facts, table=table)
    ask("undo_fields", facts, table=table)
    ask("undo_outcomes", facts)


def hold_referenced(undoing: Undoing, loader: TableLoader) -> None:
    """Keep the new rows that something else points to now."""
    facts = undoing.facts(loader)
    ask("undo_held_by_sources", facts)
    for one in references_to(loader.table):
        ask(
            "undo_held_within" if one.table == loader.table else "undo_held_by",
            facts,
            name=sql.Literal(f"{one.table}.{one.column}"),
            referring=sql.Identifier(one.table),
            column=sql.Identifier(one.column),
            stands=sql.SQL("not x.is_void" if one.has_void else "true"),
        )


def write(undoing: Undoing, loader: TableLoader, *, outcome: str) -> int:
    """Put back the rows of this outcome; how many were written. Rows that a rule of the database
    refuses as they were become ``refused``."""
    facts = undoing.facts(loader, outcome=outcome)
    ask("undo_patches", facts)
    columns = [name for (name,) in ask("undo_columns", facts)]
    if not columns:
        return 0
    rows = [row_id for (row_id,) in ask("undo_patch_rows", facts)]
    values = [
        sql.SQL("{0} = case when jsonb_exists(p.patch, {1}) then r.{0} else t.{0} end").format(
            sql.Identifier(name), sql.Literal(name)
        )
        for name in columns
    ]
    return _write(loader, sql.SQL(", ").join(values), rows)


def _write(loader: TableLoader, values: sql.Composable, rows: list[UUID]) -> int:
    """Write all, or where the database refuses, halves of them, down to the row it is about."""
    text = sql.SQL(query("onboarding", "undo_write"))
    statement = text.format(table=sql.Identifier(loader.table), values=values)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"rows": rows})
            return int(cursor.rowcount)
    except IntegrityError as error:
        if len(rows) > 1:
            half = len(rows) // 2
            return _write(loader, values, rows[:half]) + _write(loader, values, rows[half:])
        rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        ask("undo_refused", {"row": str(rows[0]), "rule": rule or ""})
        return 0


def undo_crosswalk(
    undoing: Undoing, loader: TableLoader, *, low: UUID, high: UUID, born: bool
) -> None:
    """Close the records that the run brought and put back those it rewrote, behind these rows."""
    facts = undoing.facts(loader, low=str(low), high=str(high), born=born)
    ask("undo_records", facts)
    with connection.cursor() as cursor:
        for _ in range(STEPS_BACK):
            cursor.execute(query("onboarding", "undo_deeper"), facts)
            if not cursor.rowcount:
                break
    ask("undo_crosswalk", facts)


def keep_items(undoing: Undoing, loader: TableLoader, *, stage: str, born: bool) -> None:
    """Store what stays as it is, with who changed it."""
    ask("undo_keep_items", undoing.facts(loader, stage=stage, born=born))


def counts(undoing: Undoing, loader: TableLoader) -> dict[str, Any]:
    """Rows and fields by outcome, and a digest of all of it."""
    [(text,)] = ask("undo_counts", undoing.facts(loader))
    return dict(json.loads(text))


def ranges(undoing: Undoing, loader: TableLoader, *, size: int) -> list[tuple[UUID, UUID]]:
    """Ranges of row ids, each of about so many rows the run had to do with."""
    ends = [end for (end,) in ask("undo_ids", undoing.facts(loader, size=size))]
    return list(zip([LOWEST, *ends[:-1]], ends, strict=True)) if ends else []


def proof(undoing: Undoing, loader: TableLoader) -> dict[str, Any]:
    """Rows nobody else touched: how many, and their checksums before the run and now."""
    with transaction.atomic():
        ask("undo_proof_rows", undoing.facts(loader))
        [row] = ask("undo_proof", undoing.facts(loader), table=sql.Identifier(loader.table))
    names = ("touched", "alone", "rows_before", "rows_now", "before", "now")
    return dict(zip(names, row, strict=True))
