"""One transaction as the write-ahead log has it, and what of it the change log does not explain.

The text is that of PostgreSQL's output plugin test_decoding::

    table public.parties_party: UPDATE: id[uuid]:'…' version[integer]:2 name[character varying]:'…'
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from uuid import UUID

#: Tables of the record; they only grow.
RECORD_TABLES = frozenset(
    f"audit_{name}"
    for name in (
        *("change", "transaction", "epoch", "seal_key", "guard", "checkpoint", "leaf_run"),
        *("node", "cosignature", "time_stamp", "verification"),
    )
)
#: Characters of a line that are read: the columns before the id must fit.
LINE_CHARACTERS = 1500
STALE_AFTER = dt.timedelta(hours=24)
NEVER = dt.datetime(1, 1, 1, tzinfo=dt.UTC)

_LINE = re.compile(r'table public\."?(\w+)"?: (INSERT|UPDATE|DELETE): ', re.ASCII)
_TRUNCATE = re.compile(r"table (.+): TRUNCATE: ", re.ASCII)
# A text cannot pretend to be a column: a quote inside of it is doubled, and never before a space.
_COLUMN = re.compile(
    r"(?P<name>\"(?:[^\"]|\"\")+\"|[^\s\[]+)\[(?P<type>[^:]*)\]:"
    r"(?P<value>B?'(?:[^']|'')*'|[^\s']+)(?: |$)",
)
_OPS = {"INSERT": "I", "UPDATE": "U", "DELETE": "D"}

Row = tuple[str, str, str]  # table, id, operation


@dataclass
class Entry:
    """One entry of the change log as it was inserted."""

    change_id: int
    table: str
    row_id: str
    op: str


@dataclass
class Unaccounted:
    """Something in a transaction that the change log does not account for."""

    kind: str
    table: str
    key: str


@dataclass
class WalTransaction:
    """What one committed transaction did to business tables and to the record.

    ``business`` are the names of the business tables, ``xid`` the whole id of the transaction,
    ``end`` the position behind its commit.
    """

    xid: int
    business: Collection[str]
    done: Counter[Row] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)
    untouched: dict[str, list[int]] = field(default_factory=dict)  # table: rows, sum of ids
    contexts: list[tuple[int, dt.datetime]] = field(default_factory=list)
    broken: list[Unaccounted] = field(default_factory=list)
    end: int = 0
    committed_at: dt.datetime = NEVER

    def read(self, line: str) -> None:
        """Take in one line of the plugin; lines about other tables say nothing here."""
        head = _LINE.match(line)
        if head is None:
            self._truncated(line)
            return
        table, verb = head.groups()
        if table in RECORD_TABLES:
            columns = _columns(line, head.end())
            if verb != "INSERT":
                key = columns.get("id") or columns.get("number") or columns.get("fingerprint", "?")
                self.broken.append(Unaccounted("log-rewritten", table, key))
            elif table == "audit_change":
                self._entry(columns)
            elif table == "audit_transaction":
                moment = dt.datetime.fromisoformat(columns["at"])
                self.contexts.append((int(columns["xid"]), moment))
        elif table in self.business:
            row_id = _columns(line, head.end()).get("id", "?")
            self.done[table, row_id, _OPS[verb]] += 1

    def _truncated(self, line: str) -> None:
        head = _TRUNCATE.match(line)
        for name in head.group(1).split(", ") if head else ():
            table = name.removeprefix("public.").strip('"')
            if table in RECORD_TABLES:
                self.broken.append(Unaccounted("log-rewritten", table, "*"))
            elif table in self.business:
                self.broken.append(Unaccounted("truncated", table, "*"))

    def _entry(self, columns: dict[str, str]) -> None:
        entry = Entry(int(columns["id"]), columns["table_name"], columns["row_id"], columns["op"])
        self.entries.append(entry)
        if entry.op == "N":
            rows = re.search(r'"rows": (\d+)', columns["after"])
            ids = re.search(r'"ids": "(-?\d+)"', columns["after"])
            if rows and ids:
                total = self.untouched.setdefault(entry.table, [0, 0])
                total[0] += int(rows.group(1))
                total[1] += int(ids.group(1))

    def unaccounted(self) -> Iterator[Unaccounted]:
        """What does not fit, once the transaction has been read to its end."""
        yield from self.broken
        logged = Counter((e.table, e.row_id, e.op) for e in self.entries if e.op in "IUD")
        missing = self.done - logged
        silent: dict[str, list[str]] = {}
        for (table, row_id, op), times in sorted(missing.items()):
            if op == "U":
                silent.setdefault(table, []).extend([row_id] * times)
            else:
                yield Unaccounted("unlogged", table, row_id)
        for table in sorted({*silent, *self.untouched}):
            rows = silent.get(table, [])
            if [len(rows), sum(map(_low, rows))] != self.untouched.get(table, [0, 0]):
                for row_id in dict.fromkeys(rows):
                    yield Unaccounted("unlogged", table, row_id)
                if not rows:
                    yield Unaccounted("log-invented", table, "*")
        for table, row_id, _ in sorted(logged - self.done):
            yield Unaccounted("log-invented", table, row_id)
        yield from self._context_faults()

    def _context_faults(self) -> Iterator[Unaccounted]:
        own = False
        for xid, at in self.contexts:
            own = own or xid == self.xid
            if xid != self.xid:
                yield Unaccounted("context-forged", "audit_transaction", str(xid))
            elif abs(self.committed_at - at) > STALE_AFTER:
                yield Unaccounted("backdated", "audit_transaction", str(xid))
        if self.entries and not own:
            yield Unaccounted("context-borrowed", "audit_transaction", str(self.xid))


def _columns(line: str, start: int) -> dict[str, str]:
    """The columns of a line by name, quotes removed, as far as the line was read."""
    for mark in ("old-key: ", "(no-tuple-data)"):
        if line.startswith(mark, start):
            start += len(mark)
    found: dict[str, str] = {}
    while (column := _COLUMN.match(line, start)) is not None:
        value = column["value"]
        if value.startswith("'"):
            value = value[1:-1].replace("''", "'")
        found.setdefault(column["name"].strip('"'), value)
        start = column.end()
    return found


def _low(row_id: str) -> int:
    """The last eight bytes of an id as the database sums them (sql/log_functions.sql)."""
    try:
        return int.from_bytes(UUID(row_id).bytes[8:], "big", signed=True)
    except ValueError:
        return 0
