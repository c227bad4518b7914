"""Rows that are not in the table as their log has them, looked at one by one.

Most differences are none: a column that a migration added, renamed or gave another type since.
What is left is named with its columns.
"""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg import sql

from kintsugi.audit.findings import Finding
from kintsugi.audit.verifying.reading import run_sql
from kintsugi.core.errors import Text
from kintsugi.core.queries import query

TEXTS = {
    "row-unlogged": Text(
        "表中有此行,日志却没有它(或记载它已删除):它绕过触发器写入。",
        "The row is in the table, but not in the log (or deleted there): it was written behind "
        "the triggers.",
    ),
    "row-missing": Text(
        "日志记载此行存在,表中却没有:它绕过触发器被删除。",
        "The log has the row, the table does not: it was deleted behind the triggers.",
    ),
    "row-differs": Text(
        "此行与日志折叠的结果不符:表或日志被改动过。",
        "The row is not what its changes make of it: table or log was edited.",
    ),
}


@dataclass
class Columns:
    """How a table's columns were called and filled.

    ``renamed``: older name, newer name and the entry of the log before which it was the older one,
    in that order. ``fills``: column → value, and the entry from which on a row has its own.
    """

    renamed: list[tuple[str, str, int]] = field(default_factory=list)
    fills: dict[str, tuple[str, int]] = field(default_factory=dict)

    def now_called(self, name: str, change_id: int) -> str:
        """The name today of a column that a change of this id calls so."""
        for older, newer, until in self.renamed:
            if change_id < until and name == older:
                name = newer
        return name


@dataclass
class Folded:
    """A row as its log makes it; ``state`` None where it says there is none."""

    state: dict[str, str] | None = None  # column → JSON text
    mentioned: set[str] = field(default_factory=set)
    made_by: int = 0
    at: dt.datetime | None = None


def judge(table: str, row_ids: Sequence[UUID]) -> Iterator[Finding]:
    """Findings about rows of one table that look different; none for what a migration explains."""
    columns = columns_of(table)
    logged = _folded(table, row_ids, columns)
    live = _live(table, row_ids)
    for row_id in row_ids:
        folded = logged.get(row_id, Folded())
        if folded.state is None and row_id in live:
            yield _finding("row-unlogged", table, row_id, folded.at)
        elif folded.state is not None and row_id not in live:
            yield _finding("row-missing", table, row_id, folded.at)
        elif folded.state is not None:
            state = dict(folded.state)
            for name, (value, since) in columns.fills.items():
                if name not in folded.mentioned and folded.made_by < since:
                    state[name] = json.dumps(value)
            differing = _differing(table, row_id, state)
            if differing:
                yield _finding("row-differs", table, row_id, folded.at, columns=differing)


def columns_of(table: str) -> Columns:
    """What the record says about the columns of a table."""
    entries = run_sql(query("audit", "fold_columns"), table=table)
    found = Columns()
    known: dict[str, str] = {}
    for change_id, kept in entries:
        after = json.loads(kept) if isinstance(kept, str) else kept
        for number, name in after["names"].items():
            if number not in known and name in after["fills"]:
                found.fills[name] = (after["fills"][name], change_id)
            elif known.get(number, name) != name:
                found.renamed.append((known[number], name, change_id))
                if known[number] in found.fills:
                    found.fills[name] = found.fills.pop(known[number])
        known = after["names"]
    return found


def _folded(table: str, row_ids: Sequence[UUID], columns: Columns) -> dict[UUID, Folded]:
    rows = run_sql(query("audit", "fold_history"), table=table, rows=[str(one) for one in row_ids])
    folded = {}
    for row_id, changes in groupby(rows, key=lambda row: row[0]):
        one = Folded()
        for _, change_id, op, text, at in changes:
            one.at = at
            values = json.loads(text or "{}")
            after = {columns.now_called(k, change_id): v for k, v in values.items()}
            if op == "I":
                one.state, one.mentioned, one.made_by = after, set(after), change_id
            elif op == "D":
                one.state = None
            else:
                one.state = {**(one.state or {}), **after}
                one.mentioned |= after.keys()
        folded[row_id] = one
    return folded


def _live(table: str, row_ids: Sequence[UUID]) -> set[UUID]:
    statement = sql.SQL("select id from {} where id = any(%(rows)s::uuid[])").format(
        sql.Identifier(table)
    )
    return {row_id for (row_id,) in run_sql(statement, rows=[str(one) for one in row_ids])}


def _differing(table: str, row_id: UUID, state: dict[str, str]) -> list[str]:
    statement = sql.SQL(query("audit", "fold_typed")).format(table=sql.Identifier(table))
    body = ",".join(f"{json.dumps(name)}:{value}" for name, value in state.items())
    ((columns,),) = run_sql(statement, state="{" + body + "}", row=row_id)
    return list(columns)


def _finding(kind: str, table: str, row_id: UUID, at: dt.datetime | None, **facts: Any) -> Finding:
    return Finding("fold", f"fold.{kind}", table, str(row_id), at, TEXTS[kind], facts)
