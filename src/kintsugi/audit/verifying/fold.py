"""The verifier "fold": is every business table exactly what its log, folded in order, makes of it?

A full fold folds the whole log, slice by slice of row ids. An incremental one folds the rows with
changes since the last clean fold, and the next slice of a round that never ends: it costs by what
changed and a constant, and every row gets its turn. What is edited behind the log between two turns
is the decoding witness's to see (docs/explanation/verifiers.md).
"""

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.tables import business_tables
from kintsugi.audit.verifying.foldstate import NIL, Kept, keep, load, system_name
from kintsugi.audit.verifying.judging import judge
from kintsugi.audit.verifying.reading import run_sql
from kintsugi.core import scope
from kintsugi.core.errors import Text
from kintsugi.core.queries import query

#: Changes folded at a time: bounds a full fold's memory, and is an incremental one's constant.
SLICE_CHANGES = 50_000
#: Differing rows looked at one by one at a time.
JUDGED_AT_ONCE = 500
FORGED_STATE = Text(
    "上次核验的进度记录被改动,已改为完整核验。",
    "The note of how far the last fold came was changed; the whole log is folded instead.",
)
NOT_ALL_ROWS = Text(
    "当前人员看不到全部数据,无法核验。",
    "The fold compares all rows, and the person at work may not see them all.",
)


class FoldVerifier:
    """Compares tables with their log under one snapshot of both.

    ``verify(since=None)`` folds everything. With a time it folds the rows with changes since the
    last clean fold or since then, whichever is earlier, and the next slice of about
    ``slice_changes`` entries of the log. While something is found, the slice stays where it is.
    ``checked`` counts rows that were compared, a row with changes in the slice twice.
    """

    name = "fold"

    def __init__(self, *, slice_changes: int | None = None) -> None:
        self.slice_changes = slice_changes or SLICE_CHANGES
        self.checked = 0

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Findings fold.row-differs (facts: columns), .row-missing, .row-unlogged and
        .state-forged. Must run outside a transaction: it needs a snapshot of its own."""
        assert not connection.in_atomic_block, "a fold needs a snapshot of its own"
        if not scope.current().everything:
            raise Inconclusive(NOT_ALL_ROWS)
        found = 0
        with transaction.atomic():
            horizon = _begin()
            before = load()
            if before is not None and not before.sound:
                found += 1
                yield _forged_state()
            usable = before if before is not None and _usable(before, horizon) else None
            place = usable.place if usable else NIL
            if since is None or usable is None:
                findings = self._full()
            else:
                high = self._slice_end(place)
                findings = self._since(_start(usable.horizon, since), place, high)
                place = high or NIL
            for finding in findings:
                found += 1
                yield finding
        if not found:
            keep(Kept(system_name(), horizon, place))

    def _full(self) -> Iterator[Finding]:
        """All rows, slice by slice of their ids."""
        low: UUID | None = NIL
        while low is not None:
            high = self._slice_end(low)
            yield from self._slice(low, high)
            low = high

    def _since(self, start: int, low: UUID, high: UUID | None) -> Iterator[Finding]:
        """Rows with changes of transactions from ``start`` on, then a slice; a row in both is named
        once."""
        # Whatever the planner's statistics say: nothing here may read a whole table, or the whole
        # block ranges of the log that its index for the auditor's desk would hand over.
        run_sql("set local enable_seqscan = off")
        run_sql("set local enable_bitmapscan = off")
        named = set()
        for finding in self._touched(start):
            named.add((finding.table, finding.key))
            yield finding
        for finding in self._slice(low, high):
            if (finding.table, finding.key) not in named:
                yield finding

    def _touched(self, start: int) -> Iterator[Finding]:
        run_sql(query("audit", "fold_prepare"))
        run_sql(query("audit", "fold_touched"), horizon=start, tables=business_tables())
        run_sql("analyze fold_row")
        run_sql(query("audit", "fold_candidates"))
        run_sql("analyze fold_row")
        counts = run_sql("select table_name, count(*) from fold_row group by 1 order by 1")
        for table, count in counts:
            self.checked += count
            yield from _differences(table, "left", sql.Identifier(table))

    def _slice(self, low: UUID, high: UUID | None) -> Iterator[Finding]:
        """Rows whose ids lie from (included) below to (None: no end), whoever knows of them: log,
        table or both."""
        tables = business_tables()
        run_sql(query("audit", "fold_prepare"))
        run_sql(query("audit", "fold_slice"), tables=tables, low=low, high=high)
        run_sql("analyze fold_row")
        self.checked += run_sql("select count(*) from fold_row")[0][0]
        below = sql.SQL(" and id < {}").format(sql.Literal(high)) if high else sql.SQL("")
        for table in tables:
            live = sql.SQL("(select * from {} where id >= {}{})").format(
                sql.Identifier(table), sql.Literal(low), below
            )
            yield from _differences(table, "full", live)

    def _slice_end(self, low: UUID) -> UUID | None:
        rows = run_sql(query("audit", "fold_slice_end"), low=low, size=self.slice_changes)
        end: UUID | None = rows[0][0] if rows else None
        # A row with more changes than a slice has room for makes a slice of its own.
        return UUID(int=end.int + 1) if end is not None and end <= low else end


def _differences(table: str, join: str, live: sql.Composable) -> Iterator[Finding]:
    statement = sql.SQL(query("audit", "fold_differences")).format(join=sql.SQL(join), live=live)
    differing = [row_id for (row_id,) in run_sql(statement, table=table)]
    for begin in range(0, len(differing), JUDGED_AT_ONCE):
        yield from judge(table, differing[begin : begin + JUDGED_AT_ONCE])


def _begin() -> int:
    """One snapshot of log and tables for the whole fold, and the zone the log is written in;
    returns the horizon: transactions below it have ended."""
    run_sql("set transaction isolation level repeatable read")
    run_sql("set local timezone = 'UTC'")
    run_sql("set local bytea_output = 'hex'")
    run_sql("set local work_mem = '64MB'")
    run_sql("set local jit = off")
    ((horizon,),) = run_sql(query("audit", "horizon"))
    return int(horizon)


def _usable(before: Kept, horizon: int) -> bool:
    return before.sound and before.system == system_name() and before.horizon <= horizon


def _start(horizon: int, since: dt.datetime) -> int:
    """The horizon, or the first transaction recorded at or after a time if it is lower."""
    ((first,),) = run_sql(query("audit", "fold_horizon"), since=since)
    return horizon if first is None else min(horizon, int(first))


def _forged_state() -> Finding:
    return Finding("fold", "fold.state-forged", "audit_fold_state", "1", None, FORGED_STATE)
