"""Duplicates made one, and taken apart again: every reference that the catalogue knows.

A merge is carried out by an act under two persons; the database refuses any other
(``sql/merges.sql``). Rows that only grow cannot be re-pointed: a record they name is not merged
away. Whatever refuses one row refuses the whole merge.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model
from django.db.models.functions import Now
from psycopg import sql

from kintsugi.core import scope
from kintsugi.core.errors import KintsugiError, NotFound, StaleVersion, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.queries import query
from kintsugi.parties.models import Merge, MergedRows

#: More rows than this of one column are re-pointed by a migration of data, not on a page.
ROWS_MAX = 500_000


class Mergeable(Protocol):
    """A record that can be merged away."""

    pk: UUID
    version: int
    is_void: bool
    merged_into_id: UUID | None


def references_to(table: str) -> list[tuple[str, str, bool]]:
    """(table, column, counts versions) of every column that points to the table."""
    with connection.cursor() as cursor:
        cursor.execute(query("parties", "references_to"), [table])
        return [(name, column, counted) for name, column, counted in cursor.fetchall()]


def pointing_to(table: str, pk: UUID) -> dict[str, int]:
    """How many rows of each column point to a record; columns without any are left out."""
    found = {}
    for name, column, _counted in references_to(table):
        with connection.cursor() as cursor:
            cursor.execute(_statement("count_pointing", name, column), [pk])
            (count,) = cursor.fetchone()
        if count:
            found[f"{name}.{column}"] = int(count)
    return found


def merge_records(
    *, model: type[Model], keep: UUID, drop: UUID, version: int, reason: str, act: str, actor: str,
    at: dt.datetime,
) -> Merge:  # fmt: skip
    """Point everything that points to ``drop`` to ``keep`` and make ``drop`` void, inside the
    transaction of an act. Raises KintsugiError ``merge.void``, ``merge.refused`` (facts: table,
    column, rule), StaleVersion or NotFound; then nothing has changed."""
    if not scope.current().everything:
        raise KintsugiError(
            "merge.scope",
            Text("合并涉及全部行,您的权限范围有限。",
                 "A merge touches all rows, and you may see some only."),
            Text("请有全部范围的同事执行。", "Ask a colleague without limits to carry it out."),
        )  # fmt: skip
    table = str(model._meta.db_table)
    kept, dropped = _both(model, keep, drop)
    if kept.is_void or dropped.is_void:
        raise KintsugiError(
            "merge.void",
            Text("已作废的记录不能合并。", "A void record is not merged."),
            Text("选择仍有效的两条记录。", "Choose two records that stand."),
        )
    if dropped.version != version:
        raise StaleVersion(str(dropped), read=version, now=dropped.version)
    made = Merge.objects.create(
        table_name=table, keep_id=keep, drop_id=drop, keep_title=str(kept)[:300],
        drop_title=str(dropped)[:300], reason=reason, act=act, merged_by_name=actor,
        merged_at=at,
    )  # fmt: skip
    _rows(model).filter(pk=drop).update(
        merged_into_id=keep, is_void=True, void_reason=f"{act}: {reason}"[:400],
        version=F("version") + 1, updated_at=Now(),
    )  # fmt: skip
    parts = []
    for name, column, counted in references_to(table):
        moved = _moved(name, column, keep, drop, counted=counted)
        if moved:
            parts.append(
                MergedRows(id=uuid7(), merge=made, table_name=name, column_name=column, rows=moved)
            )
    MergedRows.objects.bulk_create(parts)
    return made


def unmerge_records(
    *, model: type[Model], merge: UUID, act: str, actor: str, at: dt.datetime
) -> Merge:
    """Put exactly the rows back that a merge re-pointed, and let the dropped record stand again.
    Raises KintsugiError ``merge.changed`` (facts: rows by column) where some point elsewhere by
    now; then nothing has changed."""
    made = Merge.objects.select_for_update().filter(pk=merge, undone_at__isnull=True).first()
    if made is None:
        raise NotFound(Text("合并", "merge"), str(merge))
    parts = list(made.parts.order_by("table_name", "column_name"))
    changed: dict[str, list[str]] = {}
    for part in parts:
        with connection.cursor() as cursor:
            cursor.execute(
                _statement("moved_on", part.table_name, part.column_name),
                [part.rows, made.keep_id],
            )
            ids = [str(row[0]) for row in cursor.fetchall()]
        if ids:
            changed[f"{part.table_name}.{part.column_name}"] = ids
    if changed:
        some = ", ".join(f"{name}: {len(ids)}" for name, ids in changed.items())
        raise KintsugiError(
            "merge.changed",
            Text(f"合并后有些行已改指别处,不能撤销:{some}。",
                 f"Some rows point elsewhere by now, so it is not undone: {some}."),
            Text("先把这些行改回,或逐条更正。",
                 "Point these rows back first, or correct them one by one."),
            rows=changed,
        )  # fmt: skip
    for part in parts:
        with _explained(part.table_name, part.column_name), connection.cursor() as cursor:
            cursor.execute(
                _statement("point_back", part.table_name, part.column_name),
                [made.drop_id, made.keep_id, part.rows],
            )
    with _explained(made.table_name, "merged_into_id"):
        _rows(model).filter(pk=made.drop_id).update(
            merged_into_id=None, is_void=False, void_reason="", version=F("version") + 1,
            updated_at=Now(),
        )  # fmt: skip
    Merge.objects.filter(pk=made.pk).update(
        undone_at=at, undone_by_name=actor, undone_act=act, version=F("version") + 1,
        updated_at=Now(),
    )  # fmt: skip
    made.refresh_from_db()
    return made


# -- inside ----------------------------------------------------------------------------------------


def _rows(model: type[Model]) -> Any:
    return model._default_manager


def _both(model: type[Model], keep: UUID, drop: UUID) -> tuple[Mergeable, Mergeable]:
    """Both records, locked in the order of their ids."""
    found = {
        one.pk: one
        for one in _rows(model).select_for_update(of=("self",)).filter(pk__in=[keep, drop])
        .order_by("pk")
    }  # fmt: skip
    for pk in (keep, drop):
        if pk not in found:
            raise NotFound(Text("记录", "record"), str(pk))
    return found[keep], found[drop]


def _statement(name: str, table: str, column: str) -> sql.Composed:
    return sql.SQL(query("parties", name)).format(
        table=sql.Identifier(table), column=sql.Identifier(column)
    )


def _moved(table: str, column: str, keep: UUID, drop: UUID, *, counted: bool) -> Sequence[UUID]:
    with connection.cursor() as cursor:
        # A statement that would change nothing still fires what refuses every change.
        cursor.execute(_statement("count_pointing", table, column), [drop])
        (count,) = cursor.fetchone()
        if not count:
            return []
        if count > ROWS_MAX:
            raise _refused(table, column, f"{count} > {ROWS_MAX}")
        name = "repoint_counted" if counted else "repoint"
        with _explained(table, column):
            cursor.execute(_statement(name, table, column), [keep, drop])
            return [row[0] for row in cursor.fetchall()]


@contextmanager
def _explained(table: str, column: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        cause = error.__cause__
        rule = getattr(getattr(cause, "diag", None), "constraint_name", None)
        raise _refused(table, column, str(rule or getattr(cause, "sqlstate", ""))) from error


def _refused(table: str, column: str, rule: str) -> KintsugiError:
    return KintsugiError(
        "merge.refused",
        Text(f"{table}.{column} 的行不能改指({rule}),未合并。",
             f"Rows of {table}.{column} cannot be re-pointed ({rule}); nothing was merged."),
        Text("有库存台账、成交或审核记录的产品不能合并;先处理冲突的行。",
             "A record in the ledger or in decisions that stand is not merged; settle the rows "
             "in conflict first."),
        table=table,
        column=column,
        rule=rule,
    )  # fmt: skip
