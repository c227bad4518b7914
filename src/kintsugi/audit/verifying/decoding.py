"""The decoding witness: what the database's write-ahead log says was done, whatever its tables say.

Triggers can be switched off and log entries removed; the write-ahead log is written before either.
``set_up`` makes a replication slot, from which on PostgreSQL keeps what was not read yet (as much
as ``max_slot_wal_keep_size`` allows; what it throws away then is a finding). ``collect`` reads it
into the witness's own storage and notes, for good, what the change log does not account for, were
it undone a moment later.
"""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from kintsugi.audit.tables import business_tables
from kintsugi.audit.verifying.wal import LINE_CHARACTERS, RECORD_TABLES, WalTransaction
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.queries import query

FILE = "decoding.sqlite3"
#: Lines asked for at a time; a larger transaction comes whole.
BATCH_LINES = 50_000
SCHEMA = """
create table if not exists fact (name text primary key, value text not null);
create table if not exists entry (
    id integer primary key, xid integer not null, tab text not null, row text not null,
    op text not null);
create table if not exists unaccounted (
    xid integer not null, at text not null, kind text not null, tab text not null,
    key text not null, unique (xid, kind, tab, key));
"""
ADD_UNACCOUNTED = "insert or ignore into unaccounted values (?, ?, ?, ?, ?)"
WAL_LEVEL = Text(
    "数据库的 wal_level 不是 logical,无法读取预写日志。",
    "The database's wal_level is not logical, so its write-ahead log cannot be read.",
)
WAL_LEVEL_REMEDY = Text(
    "请由数据库管理员设置 wal_level = logical 并重启 PostgreSQL。",
    "Have the database administrator set wal_level = logical and restart PostgreSQL.",
)
NOT_SET_UP = Text("解码见证人尚未设置。", "The decoding witness is not set up.")
NOT_SET_UP_REMEDY = Text(
    "请以有复制权限的账户运行 kintsugi witness --decoding。",
    "Run kintsugi witness --decoding as an account that may replicate.",
)
MAY_NOT = Text(
    "该数据库账户没有复制权限,无法读取预写日志。",
    "This account of the database may not replicate, so it cannot read the write-ahead log.",
)
MAY_NOT_REMEDY = Text(
    "请由数据库管理员为见证方的账户授予 REPLICATION 属性。",
    "Have the database administrator give the witness's account the attribute REPLICATION.",
)


@dataclass(frozen=True)
class Slot:
    """The replication slot as the database has it; ``at`` is the position read up to in bytes,
    None where there is no slot."""

    name: str
    at: int | None
    lost: bool


@dataclass(frozen=True)
class Collected:
    """What one call of ``collect`` read: transactions, entries of the change log, and what was
    not accounted for."""

    transactions: int
    entries: int
    unaccounted: int


def is_set_up(storage: Path) -> bool:
    """Whether the witness has a storage for what it reads."""
    return (storage / FILE).exists()


def set_up(storage: Path, *, url: str) -> None:
    """Make the slot and the storage; nothing where both are there.

    ``url`` is the database, as a role that may replicate. Waits for the transactions that run now.
    Raises KintsugiError ``audit.wal-level`` and ``audit.may-not-replicate``.
    """
    storage.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _database(url) as database:
        slot = _slot(database)
        if slot.at is not None and not slot.lost and is_set_up(storage):
            return
        with _storage(storage) as kept:
            _make_slot(database, kept, slot)


def remove(storage: Path, *, url: str, at: dt.datetime) -> Path | None:
    """End the witness: drop the slot, so that the database keeps nothing for it, and set its
    storage aside as ``decoding-<time>.sqlite3``; returns where, None where there was none.

    Raises KintsugiError as ``set_up`` does.
    """
    with _database(url) as database:
        slot = _slot(database)
        if slot.at is not None:
            database.execute("select pg_drop_replication_slot(%s)", [slot.name])
    if not is_set_up(storage):
        return None
    return (storage / FILE).rename(storage / f"decoding-{at:%Y%m%dT%H%M%S}.sqlite3")


def collect(storage: Path, *, url: str) -> Collected:
    """Read on to the present, batch by batch, each kept on disk before the slot moves on.

    Raises KintsugiError as ``set_up`` does, and ``audit.witness-not-set-up``. A slot that is gone,
    lost or was moved by somebody else is kept as unaccounted for, and reading goes on behind it.
    """
    if not is_set_up(storage):
        raise _not_set_up()
    transactions = entries = unaccounted = 0
    with _database(url) as database, _storage(storage) as kept:
        slot = _slot(database)
        if slot.at is None or slot.lost:
            _make_slot(database, kept, slot)
            slot = _slot(database)
        elif slot.at > int(_fact(kept, "position") or 0):
            _gap(kept)
        horizon, until = _present(database)
        position: int | None = slot.at
        while position is not None:
            read = _batch(database, slot.name, until)
            for one in read:
                transactions += 1
                entries += len(one.entries)
                unaccounted += _keep(kept, one)
            position = read[-1].end if read else None
            # On disk first; what is read twice after a crash is kept once.
            _remember(kept, position=position or until)
            kept.commit()
            _advance(database, slot.name, position or until)
        _remember(kept, position=_slot(database).at or until, horizon=horizon)
        kept.commit()
    return Collected(transactions, entries, unaccounted)


# -- the database ----------------------------------------------------------------------------------


@contextmanager
def _database(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the witness's own. Raises KintsugiError ``audit.wal-level`` and
    ``audit.may-not-replicate``."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("set timezone = 'UTC'")
        database.execute("set synchronous_commit = on")
        asked = database.execute(
            "select current_setting('wal_level'), rolsuper or rolreplication"
            " from pg_roles where rolname = session_user"
        ).fetchone()
        assert asked is not None
        level, may = asked
        if level != "logical":
            raise KintsugiError("audit.wal-level", WAL_LEVEL, WAL_LEVEL_REMEDY)
        if not may:
            raise KintsugiError("audit.may-not-replicate", MAY_NOT, MAY_NOT_REMEDY)
        yield database


def _slot(database: psycopg.Connection[Any]) -> Slot:
    """The slot of the witness in this database; slots belong to the server, so its number is in
    the name."""
    row = database.execute(query("audit", "witness_slot")).fetchone()
    assert row is not None
    name, at, lost = row
    return Slot(name, at, lost)


def _make_slot(database: psycopg.Connection[Any], kept: sqlite3.Connection, slot: Slot) -> None:
    """A new slot. Where one was before, the time between is a gap, which stays named."""
    if _fact(kept, "position") is not None:
        _gap(kept)
    if slot.at is not None:
        database.execute("select pg_drop_replication_slot(%s)", [slot.name])
    database.execute("select pg_create_logical_replication_slot(%s, 'test_decoding')", [slot.name])
    row = database.execute("select pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
    assert row is not None
    _remember(kept, position=_slot(database).at, begun=row[0], horizon=row[0])
    kept.commit()


def _present(database: psycopg.Connection[Any]) -> tuple[int, int]:
    """The horizon below which all transactions have ended, and a position behind all of these."""
    row = database.execute(query("audit", "horizon")).fetchone()
    # Commits of sessions that do not wait for the disk are in the log before they are on it; this
    # one waits, and they lie before it.
    database.execute("select pg_logical_emit_message(true, 'kintsugi', '')")
    flushed = database.execute("select (pg_current_wal_flush_lsn() - '0/0')::bigint").fetchone()
    assert row is not None
    assert flushed is not None
    return row[0], flushed[0]


def _batch(database: psycopg.Connection[Any], name: str, until: int) -> list[WalTransaction]:
    """The next transactions behind the slot's position, at least one, none: there are no more."""
    business = frozenset(business_tables())
    row = database.execute("select pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    now = row[0]
    found: list[WalTransaction] = []
    with database.transaction(), database.cursor("wal") as lines:
        lines.itersize = 5_000
        lines.execute(
            query("audit", "witness_lines"),
            {
                "slot": name,
                "until": until,
                "lines": BATCH_LINES,
                "characters": LINE_CHARACTERS,
                "tables": [*sorted(business), *sorted(RECORD_TABLES)],
            },
        )
        for position, xid, line in lines:
            if line.startswith("BEGIN"):
                found.append(WalTransaction(_whole(xid, now), business))
            elif line.startswith("COMMIT"):
                found[-1].end = position
                found[-1].committed_at = _moment(line)
            else:
                found[-1].read(line)
    return found


def _moment(commit: str) -> dt.datetime:
    """The time in ``COMMIT (at 2026-11-25 18:55:44.195728+00)``."""
    return dt.datetime.fromisoformat(commit.partition("(at ")[2].rstrip(")"))


def _whole(xid: int, now: int) -> int:
    """A transaction id of 32 bits as the whole one that lies nearest before ``now``."""
    whole = (now & ~0xFFFFFFFF) | xid
    return whole if whole <= now else whole - 2**32


def _advance(database: psycopg.Connection[Any], name: str, position: int) -> None:
    database.execute(
        "select pg_replication_slot_advance(%s, '0/0'::pg_lsn + %s::numeric)"
        " where exists (select 1 from pg_replication_slots where slot_name = %s"
        " and confirmed_flush_lsn < '0/0'::pg_lsn + %s::numeric)",
        [name, position, name, position],
    )


# -- the witness's own storage ---------------------------------------------------------------------


@contextmanager
def _storage(storage: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(storage / FILE)) as kept:
        (storage / FILE).chmod(0o600)
        kept.execute("pragma synchronous = full")
        kept.executescript(SCHEMA)
        yield kept
        kept.commit()


def _fact(kept: sqlite3.Connection, name: str) -> str | None:
    row = kept.execute("select value from fact where name = ?", [name]).fetchone()
    return row[0] if row else None


def _remember(kept: sqlite3.Connection, **facts: object) -> None:
    kept.executemany(
        "insert or replace into fact values (?, ?)", [(k, str(v)) for k, v in facts.items()]
    )


def _gap(kept: sqlite3.Connection) -> None:
    """Note that something between the position read and the slot's was never seen."""
    note = (0, "", "slot-gap", "", _fact(kept, "position"))
    kept.execute(ADD_UNACCOUNTED, note)


def _keep(kept: sqlite3.Connection, one: WalTransaction) -> int:
    """Keep a transaction's log entries and what it does not account for; how much that is."""
    kept.executemany(
        "insert or ignore into entry values (?, ?, ?, ?, ?)",
        [(e.change_id, one.xid, e.table, e.row_id, e.op) for e in one.entries],
    )
    found = list(one.unaccounted())
    at = one.committed_at.isoformat()
    kept.executemany(ADD_UNACCOUNTED, [(one.xid, at, u.kind, u.table, u.key) for u in found])
    return len(found)


def _not_set_up() -> KintsugiError:
    return KintsugiError("audit.witness-not-set-up", NOT_SET_UP, NOT_SET_UP_REMEDY)
