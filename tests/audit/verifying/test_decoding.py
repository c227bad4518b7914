"""The decoding witness: what was written is known from the write-ahead log."""

import os
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.models import Change
from kintsugi.audit.services import business_tables, recorded
from kintsugi.audit.verifying import decoding
from kintsugi.audit.verifying.decoding import collect
from kintsugi.audit.verifying.wal import WalTransaction, _columns
from kintsugi.audit.verifying.walverifier import DecodingVerifier
from kintsugi.core.errors import KintsugiError
from tests.audit.rows import NEVER_DELETED, ONLY_GROW, ROWS, TABLES_OF, party
from tests.audit.sealing.tampering import no_triggers as superuser

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rows_may_go"),
]


def execute(statement: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or [])


def url() -> str:
    return os.environ["DATABASE_URL"]


def found(storage: Path) -> list[Finding]:
    collect(storage, url=url())
    return list(DecodingVerifier(storage).verify(since=None))


def named(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.table, one.key) for one in findings]


def make(count: int = 1) -> list[Any]:
    with recorded(actor="张三", command="test.make"):
        return [party() for _ in range(count)]


# -- clean -----------------------------------------------------------------------------------------


def test_everything_services_do_is_accounted_for(witness: Path) -> None:
    for table in sorted(ROWS):
        with recorded(actor="张三", command="test.life"):
            first, second = ROWS[table](), ROWS[table]()
            if table in ONLY_GROW | NEVER_DELETED:
                continue  # the database refuses everything else
            execute(f"update {table} set version = 7 where id = %s", [first])
            execute(f"update {table} set version = 7, void_reason = 'it''s' where id = %s", [first])
            execute(f"update {table} set version = version")
            execute(f"delete from {table} where id = %s", [second])
        with recorded(actor="张三", command="test.savepoint"):
            with transaction.atomic():
                execute(f"update {table} set version = 8 where id = %s", [first])
            with transaction.atomic():
                execute(f"update {table} set version = 9 where id = %s", [first])
                transaction.set_rollback(True)
    verifier = DecodingVerifier(witness)
    read = collect(witness, url=url())
    assert list(verifier.verify(since=None)) == []
    assert read.unaccounted == 0
    assert read.entries == Change.objects.filter(op__in="IUDN").exclude(
        transaction__command="migrate").count()  # fmt: skip
    assert verifier.checked == Change.objects.count()


def test_batches_are_read_once_each_and_all(witness: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(decoding, "BATCH_LINES", 3)
    for _ in range(5):
        make(3)
    assert collect(witness, url=url()).entries == 15
    assert collect(witness, url=url()).entries == 0
    make(2)
    assert collect(witness, url=url()).entries == 2
    assert found(witness) == []


def test_what_was_read_but_not_acknowledged_is_kept_once(witness: Path, monkeypatch: Any) -> None:
    make(3)
    with superuser():
        hidden = party()
    monkeypatch.setattr(
        decoding, "_advance", lambda *_: (_ for _ in ()).throw(RuntimeError("died"))
    )
    with pytest.raises(RuntimeError, match="died"):
        collect(witness, url=url())
    monkeypatch.undo()
    assert named(found(witness)) == [("decoding.unlogged", "parties_party", str(hidden))]


# -- not accounted for -----------------------------------------------------------------------------


@pytest.mark.parametrize("app", TABLES_OF)
def test_a_write_behind_the_triggers_is_named_though_it_was_undone(witness: Path, app: str) -> None:
    written = []
    for table in TABLES_OF[app]:
        with recorded(actor="张三", command="test.make"):
            row_id = ROWS[table]()
        for reason in ("x", ""):
            with superuser():
                execute(f"update {table} set void_reason = '{reason}' where id = %s", [row_id])
            written.append(("decoding.unlogged", table, str(row_id)))
    findings = found(witness)
    assert named(findings) == written
    transactions = [one.facts["xid"] for one in findings]
    assert transactions == sorted(set(transactions))
    assert all(one.at is not None for one in findings)


def test_unlogged_inserts_deletes_and_truncation_are_named(witness: Path) -> None:
    (kept,) = make()
    with superuser():
        added = party()
        execute("delete from parties_party where id = %s", [kept])
    with superuser():
        execute("truncate parties_party cascade")
    rows = named(found(witness))
    assert set(rows[:2]) == {
        ("decoding.unlogged", "parties_party", str(one)) for one in (kept, added)
    }
    assert ("decoding.truncated", "parties_party", "*") in rows[2:]


def test_a_real_edit_beside_a_touch_without_effect_is_named(witness: Path) -> None:
    first, second = make(2)
    with recorded(actor="张三", command="test.touch"):
        execute("update parties_party set name = name where id = %s", [first])
        execute("set local role none")
        execute("set local session_replication_role = replica")
        execute("update parties_party set name = 'x' where id = %s", [second])
        execute("set local session_replication_role = origin")
    assert ("decoding.unlogged", "parties_party", str(second)) in named(found(witness))


def test_an_entry_about_rows_left_as_they_were_speaks_for_no_other_row(witness: Path) -> None:
    (row_id,) = make(1)
    with superuser():
        execute("update parties_party set name = 'x' where id = %s", [row_id])
        execute(
            "insert into audit_change (transaction_id, table_name, row_id, op, after)"
            " select max(id), 'parties_party', '00000000-0000-0000-0000-000000000000', 'N',"
            ' \'{"rows": 1, "ids": "7"}\' from audit_transaction'
        )
    assert ("decoding.unlogged", "parties_party", str(row_id)) in named(found(witness))


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        (
            "update audit_change set after = after || '{\"name\": \"x\"}' where op = 'I'",
            "audit_change",
        ),
        ("delete from audit_change where op = 'I'", "audit_change"),
        (
            "update audit_transaction set actor = 'x' where command = 'test.make'",
            "audit_transaction",
        ),
        ("truncate audit_change", "audit_change"),
    ],
)
def test_an_edit_of_the_record_is_named(witness: Path, statement: str, table: str) -> None:
    make()
    with superuser():
        execute(statement)
    kinds = [(kind, where) for kind, where, _ in named(found(witness))]
    assert ("decoding.log-rewritten", table) in kinds


def test_an_invented_log_entry_under_a_true_context_is_named(witness: Path) -> None:
    (row_id,) = make()
    with superuser():
        execute(
            "insert into audit_change (transaction_id, table_name, row_id, op, before, after)"
            " select transaction_id, table_name, row_id, 'U', '{}', '{\"name\": \"b\"}'"
            " from audit_change where row_id = %s",
            [row_id],
        )
        execute("update parties_party set name = 'b' where id = %s", [row_id])
    assert [one.kind for one in found(witness)] == ["decoding.context-borrowed"]


def test_a_context_of_another_transaction_or_time_is_named(witness: Path) -> None:
    with superuser():
        execute(
            "insert into audit_transaction (xid, at, actor, command, facts)"
            " values (3, now(), 'x', 'x', '{}'),"
            " (pg_current_xact_id()::text::bigint, now() - interval '2 days', 'x', 'x', '{}')"
        )
    assert [one.kind for one in found(witness)] == ["decoding.context-forged", "decoding.backdated"]


def test_log_entries_removed_behind_the_write_ahead_log_are_named(witness: Path) -> None:
    (row_id,) = make()
    make()
    assert found(witness) == []
    with transaction.atomic():
        execute("set local role none")
        execute("set local session_replication_role = replica")
        execute("create table rest as select * from audit_change where row_id <> %s", [row_id])
        execute("alter table audit_change rename to gone")
        execute("alter table rest rename to audit_change")
    execute("set role none")
    (finding,) = found(witness)
    assert named([finding]) == [("decoding.log-missing", "parties_party", str(row_id))]
    execute("set role kintsugi_system")


# -- the slot --------------------------------------------------------------------------------------


def _as_superuser(statement: str) -> None:
    with psycopg.connect(url(), autocommit=True) as database:
        database.execute(statement)


SLOT = "'kintsugi_witness_' || (select oid from pg_database where datname = current_database())"


def test_a_dropped_slot_is_named_before_and_after_a_new_one_is_made(witness: Path) -> None:
    make()
    assert found(witness) == []
    _as_superuser(f"select pg_drop_replication_slot({SLOT})")
    assert [o.kind for o in DecodingVerifier(witness).verify(since=None)] == ["decoding.slot-gap"]
    with superuser():
        party()
    assert [one.kind for one in found(witness)] == ["decoding.slot-gap"]
    make()
    assert [one.kind for one in found(witness)] == ["decoding.slot-gap"]


def test_a_slot_moved_or_made_anew_by_another_hand_is_named(witness: Path) -> None:
    make()
    with superuser():
        party()
    _as_superuser("checkpoint")  # flushes what lies before; the tests' server commits lazily
    _as_superuser(f"select pg_replication_slot_advance({SLOT}, pg_current_wal_flush_lsn())")
    assert "decoding.slot-gap" in [one.kind for one in found(witness)]


def test_a_second_set_up_keeps_slot_and_storage(witness: Path) -> None:
    make()
    decoding.set_up(witness, url=url())
    assert collect(witness, url=url()).entries == 1
    assert found(witness) == []


def test_the_storage_is_its_owner_s_alone(witness: Path) -> None:
    assert stat.S_IMODE((witness / decoding.FILE).stat().st_mode) == 0o600


# -- cannot tell -----------------------------------------------------------------------------------


def test_without_set_up_it_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(Inconclusive, match="not set up"):
        list(DecodingVerifier(tmp_path).verify(since=None))
    with pytest.raises(KintsugiError) as caught:
        collect(tmp_path, url=url())
    assert caught.value.code == "audit.witness-not-set-up"


def test_while_changes_are_unread_it_cannot_tell(witness: Path) -> None:
    collect(witness, url=url())
    make(3)
    with pytest.raises(Inconclusive, match="not read 3 changes"):
        list(DecodingVerifier(witness).verify(since=None))


# -- the plugin's text -----------------------------------------------------------------------------


def test_columns_are_read_exactly_and_a_text_cannot_pretend_to_be_one() -> None:
    line = (
        "table public.t: UPDATE: note[character varying]:'x'' id[uuid]:''b'''"
        " n[numeric]:-1.5 tags[character varying[]]:'{a,b}' gone[jsonb]:null"
        " \"o d\"[text]:'' id[uuid]:'c'"
    )
    start = line.index("note[")
    assert _columns(line, start) == {
        "note": "x' id[uuid]:'b'",
        "n": "-1.5",
        "tags": "{a,b}",
        "gone": "null",
        "o d": "",
        "id": "c",
    }


def test_lines_about_other_tables_say_nothing() -> None:
    one = WalTransaction(9, business_tables())
    one.read("table public.django_session: DELETE: session_key[character varying]:'x'")
    one.read("table other.parties_party2: INSERT: id[uuid]:'x'")
    assert list(one.unaccounted()) == []
