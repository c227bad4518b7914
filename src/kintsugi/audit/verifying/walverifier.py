"""The verifier "decoding": the change log beside what the witness read in the write-ahead log."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.sealing.memory import witness_storage
from kintsugi.audit.verifying.decoding import FILE, NOT_SET_UP, NOT_SET_UP_REMEDY, is_set_up
from kintsugi.audit.verifying.reading import run_sql
from kintsugi.core.errors import Text
from kintsugi.core.queries import query
from kintsugi.runtime.home import Home

PAGE = 5000
TEXTS = {
    "unlogged": Text(
        "预写日志中有对此行的写入,变更日志没有记录它(即使事后已改回)。",
        "The write-ahead log has a write of this row that the change log does not have, even if "
        "it was undone since.",
    ),
    "truncated": Text("业务表被清空。", "A business table was truncated."),
    "log-rewritten": Text(
        "记录本身被修改或删除。", "The record itself was updated, deleted from or truncated."
    ),
    "log-invented": Text(
        "变更日志的条目没有对应的写入。", "An entry of the change log has no write behind it."
    ),
    "log-missing": Text(
        "预写日志中有此条目,变更日志里却没有或已不同。",
        "The write-ahead log has this entry of the change log, which lacks it or has another.",
    ),
    "context-forged": Text(
        "事务上下文冒用了另一事务的编号。", "The context claims the number of another transaction."
    ),
    "context-borrowed": Text(
        "变更被记在另一事务的名下。", "Changes were put under the context of another transaction."
    ),
    "backdated": Text(
        "事务上下文的时间与提交时间相差超过 24 小时。",
        "The time of the context is more than 24 hours from that of the commit.",
    ),
    "slot-gap": Text(
        "复制槽被删除、失效或移动:其间的写入没有见证。",
        "The replication slot was dropped, lost or moved: what was written meanwhile was not "
        "witnessed.",
    ),
}


def default_storage() -> Path:
    """The witness's folder on this machine."""
    return witness_storage(Home(settings.HOME))


def decoding_is_set_up() -> bool:
    """Whether there is a decoding witness on this machine."""
    return is_set_up(default_storage())


class DecodingVerifier:
    """Compares what the witness read with the log as it is now.

    ``checked`` counts log entries. What was written before the witness was set up it cannot know.
    """

    name = "decoding"

    def __init__(self, storage: Path | None = None) -> None:
        self.storage = storage or default_storage()
        self.checked = 0

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Findings decoding.unlogged, .truncated, .log-rewritten, .log-invented, .log-missing,
        .context-forged, .context-borrowed, .backdated and .slot-gap. Inconclusive where the
        witness is not set up or has not read all that ended.
        """
        if not is_set_up(self.storage):
            raise Inconclusive(
                Text(
                    NOT_SET_UP.zh + NOT_SET_UP_REMEDY.zh, f"{NOT_SET_UP.en} {NOT_SET_UP_REMEDY.en}"
                )
            )
        with closing(sqlite3.connect(f"file:{self.storage / FILE}?mode=ro", uri=True)) as kept:
            facts = dict(kept.execute("select name, value from fact").fetchall())
            yield from _noted(kept, since)
            if not _slot_stands(int(facts["position"])):
                yield _finding("slot-gap", "", facts["position"], None)
            first = _first_change(since)
            yield from self._entries(kept, int(facts["begun"]), int(facts["horizon"]), first)
            unread = _unread(int(facts["horizon"]))
        if unread:
            raise Inconclusive(
                Text(
                    f"见证人尚有 {unread} 条变更未读;请运行 kintsugi witness --once。",
                    f"The witness has not read {unread} changes yet; run kintsugi witness --once.",
                )
            )

    def _entries(
        self, kept: sqlite3.Connection, begun: int, horizon: int, first: int
    ) -> Iterator[Finding]:
        """Both sides page by page, in the order of their ids."""
        after = first - 1
        while True:
            witnessed = _page(kept, after)
            logged = _logged(after)
            if not witnessed and not logged:
                return
            full = [rows[-1][0] for rows in (witnessed, logged) if len(rows) == PAGE]
            upto = min(full) if full else max(rows[-1][0] for rows in (witnessed, logged) if rows)
            seen = {row[0]: row[1:] for row in witnessed if row[0] <= upto}
            now = {row[0]: row[1:] for row in logged if row[0] <= upto}
            self.checked += len(now)
            for change_id in sorted(seen.keys() | now.keys()):
                was = seen.get(change_id)
                table, row_id, op, xid, at = now.get(change_id, (None, None, None, None, None))
                if was is not None and was != (table, row_id, op):
                    yield _finding("log-missing", was[0], was[1], at, change=change_id)
                elif was is None and (xid is None or begun <= xid < horizon):
                    yield _finding("log-invented", str(table), str(row_id), at, change=change_id)
            after = upto


def _noted(kept: sqlite3.Connection, since: dt.datetime | None) -> Iterator[Finding]:
    rows = kept.execute("select xid, at, kind, tab, key from unaccounted order by rowid")
    for xid, at, kind, table, key in rows:
        moment = dt.datetime.fromisoformat(at) if at else None
        if since is None or moment is None or moment >= since:
            yield _finding(kind, table, key, moment, xid=xid)


def _page(kept: sqlite3.Connection, after: int) -> list[tuple[Any, ...]]:
    return kept.execute(
        "select id, tab, row, op from entry where id > ? order by id limit ?", [after, PAGE]
    ).fetchall()


def _logged(after: int) -> list[tuple[Any, ...]]:
    return run_sql(query("audit", "logged_entries"), after=after, page=PAGE)


def _first_change(since: dt.datetime | None) -> int:
    ((first,),) = run_sql(query("audit", "first_change"), since=since)
    return int(first)


def _slot_stands(position: int) -> bool:
    """Whether the slot is there and where the witness left it."""
    ((_name, at, lost),) = run_sql(query("audit", "witness_slot"))
    return at is not None and not lost and at <= position


def _unread(horizon: int) -> int:
    ((ended,),) = run_sql(query("audit", "horizon"))
    ((count,),) = run_sql(query("audit", "unread_changes"), horizon=horizon, ended=ended)
    return int(count)


def _finding(kind: str, table: str, key: str, at: dt.datetime | None, **facts: Any) -> Finding:
    return Finding("decoding", f"decoding.{kind}", table, key, at, TEXTS[kind], facts)
