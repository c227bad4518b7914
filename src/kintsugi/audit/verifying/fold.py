"""The verifier "fold": is every business table exactly what its log, folded in order, makes of it?

A full fold folds the whole log, slice by slice of row ids. An incremental one looks at what moved
since the last clean fold: rows with changes since, and, by one glance at the header of every row,
rows whose version is younger and the number and ids of the rows. What only the full fold sees is
said in docs/explanation/verifiers.md.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.tables import business_tables
from kintsugi.audit.verifying.foldstate import Kept, Totals, keep, load, system_name
from kintsugi.audit.verifying.judging import judge
from kintsugi.core import scope
from kintsugi.core.errors import Text
from kintsugi.core.queries import query

#: Changes folded at a time by a full fold; bounds its memory.
SLICE_CHANGES = 50_000
#: Differing rows looked at one by one at a time.
JUDGED_AT_ONCE = 500
#: Transaction ids are compared by age, which ends at 2**31; after longer than this all is folded.
MAX_SPAN = 2**30
NIL = UUID(int=0)
FORGED_STATE = Text(
    "上次核验的进度记录被改动,已改为完整核验。",
    "The note of how far the last fold came was changed; the whole log is folded instead.",
)
NOT_ALL_ROWS = Text(
    "当前人员看不到全部数据,无法核验。",
    "The fold compares all rows, and the person at work may not see them all.",
)


@dataclass(frozen=True)
class Instant:
    """The snapshot a fold looks at: transactions below ``horizon`` have ended; ``now`` is the
    fold's own, from which ages of row versions count."""

    horizon: int
    now: int


class FoldVerifier:
    """Compares tables with their log under one snapshot of both.

    ``verify(since=None)`` folds everything. With a time it folds what moved since the last clean
    fold or since then, whichever is earlier, and what the time does not reach stays unlooked at.
    ``checked`` counts rows that were compared in full.
    """

    name = "fold"

    def __init__(self) -> None:
        self.checked = 0

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Findings fold.row-differs (facts: columns), .row-missing, .row-unlogged and
        .state-forged. Must run outside a transaction: it needs a snapshot of its own."""
        assert not connection.in_atomic_block, "a fold needs a snapshot of its own"
        if not scope.current().everything:
            raise Inconclusive(NOT_ALL_ROWS)
        found = 0
        with transaction.atomic():
            moment = _begin()
            tables = business_tables()
            before = load()
            if before is not None and not before.sound:
                found += 1
                yield _forged_state()
            if since is None or not _usable(before, moment):
                findings, after = self._full(tables), _after_full(moment)
            else:
                assert before is not None
                start = min(before.horizon, _horizon_at(since, moment))
                findings = self._since(tables, moment, before, start)
                after = _after(before, moment)
            for finding in findings:
                found += 1
                yield finding
        if not found:
            keep(after)

    # -- full ------------------------------------------------------------------------------------

    def _full(self, tables: Sequence[str]) -> Iterator[Finding]:
        """All rows of the tables, slice by slice of their ids."""
        low: UUID | None = NIL
        while low is not None:
            high = _slice_end(low)
            _run(query("audit", "fold_prepare"))
            _run(query("audit", "fold_slice"), tables=list(tables), low=low, high=high)
            _run("analyze fold_row")
            for table in tables:
                limits = sql.SQL("(select * from {} where id >= {}{})").format(
                    sql.Identifier(table),
                    sql.Literal(low),
                    sql.SQL(" and id < {}").format(sql.Literal(high)) if high else sql.SQL(""),
                )
                yield from self._differences(table, "full", limits)
            self.checked += _run("select count(*) from fold_row")[0][0]
            low = high

    # -- incremental -----------------------------------------------------------------------------

    def _since(
        self, tables: Sequence[str], moment: Instant, before: Kept, start: int
    ) -> Iterator[Finding]:
        """Rows that moved from transaction ``start`` on. A table whose number or ids of rows are
        not those of the log is folded in full, to name what is missing."""
        _run(query("audit", "fold_prepare"))
        _run(query("audit", "fold_touched"), horizon=start, tables=list(tables))
        span = moment.now - start
        expected = before.plus(_totals(before.horizon, None))
        suspect = []
        for table in tables:
            glance = sql.SQL(query("audit", "fold_glance")).format(table=sql.Identifier(table))
            ((rows, ids),) = _run(glance, table=table, span=span)
            if Totals(rows, int(ids)) != expected.get(table, Totals(0, 0)):
                suspect.append(table)
        _run("analyze fold_row")
        _run(query("audit", "fold_candidates"))
        self.checked += _run("select count(*) from fold_row")[0][0]
        for table in tables:
            if table not in suspect:
                yield from self._differences(table, "left", sql.Identifier(table))
        if suspect:
            yield from self._full(suspect)

    # -- comparing -------------------------------------------------------------------------------

    def _differences(self, table: str, join: str, live: sql.Composable) -> Iterator[Finding]:
        statement = sql.SQL(query("audit", "fold_differences")).format(
            join=sql.SQL(join), live=live
        )
        differing = [row_id for (row_id,) in _run(statement, table=table)]
        for begin in range(0, len(differing), JUDGED_AT_ONCE):
            yield from judge(table, differing[begin : begin + JUDGED_AT_ONCE])


def _begin() -> Instant:
    """One snapshot of log and tables for the whole fold, and the zone the log is written in."""
    _run("set transaction isolation level repeatable read")
    _run("set local timezone = 'UTC'")
    _run("set local bytea_output = 'hex'")
    _run("set local work_mem = '64MB'")
    ((horizon,),) = _run(query("audit", "horizon"))
    ((now,),) = _run("select pg_current_xact_id()::text::bigint")
    return Instant(horizon, now)


def _usable(before: Kept | None, moment: Instant) -> bool:
    return (
        before is not None
        and before.sound
        and before.system == system_name()
        and before.horizon <= moment.horizon
        and moment.now - before.horizon < MAX_SPAN
    )


def _horizon_at(since: dt.datetime, moment: Instant) -> int:
    """The first transaction that the record has at or after a time."""
    first = _run("select min(xid) from audit_transaction where at >= %(since)s", since=since)
    return int(first[0][0] or moment.now)


def _totals(first: int, below: int | None) -> dict[str, Totals]:
    """What transactions from ``first`` on (and below ``below``) added to each table."""
    rows = _run(query("audit", "fold_totals"), **{"from": first, "below": below})
    return {table: Totals(int(count), int(ids)) for table, count, ids in rows}


def _after_full(moment: Instant) -> Kept:
    return Kept(system_name(), moment.horizon, _totals(0, moment.horizon))


def _after(before: Kept, moment: Instant) -> Kept:
    new = before.plus(_totals(before.horizon, moment.horizon))
    return Kept(before.system, moment.horizon, new)


def _slice_end(low: UUID) -> UUID | None:
    rows = _run(query("audit", "fold_slice_end"), low=low, size=SLICE_CHANGES)
    end: UUID | None = rows[0][0] if rows else None
    # A row with more changes than a slice has room for makes a slice of its own.
    return UUID(int=end.int + 1) if end is not None and end <= low else end


def _forged_state() -> Finding:
    return Finding("fold", "fold.state-forged", "audit_fold_state", "1", None, FORGED_STATE)


def _run(statement: Any, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []
