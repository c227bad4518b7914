"""The change log: no write without a context, every write recorded, the record only grows."""

import json
from uuid import UUID, uuid4

import polars as pl
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from kintsugi import __version__
from kintsugi.audit.models import Change, Transaction
from kintsugi.audit.services import business_tables, recorded, set_context
from kintsugi.core.bulk import copy_frame
from kintsugi.core.ids import uuid7, uuid7_series
from kintsugi.core.models import BusinessModel
from tests.audit.rows import (
    NEVER_DELETED,
    ONLY_GROW,
    RELEASED_ONCE,
    ROWS,
    fold,
    insert,
    party,
    stored,
)

# What even the owner of the tables is refused, nobody else may.
pytestmark = pytest.mark.usefixtures("committed", "table_owner")
TABLES = business_tables()


def execute(statement: str, params: list[object] | None = None, **names: str) -> int:
    composed = sql.SQL(statement).format(**{k: sql.Identifier(v) for k, v in names.items()})
    with connection.cursor() as cursor:
        cursor.execute(composed, params or [])
        return cursor.rowcount


def refused(code: str, statement: str, params: list[object] | None = None, **names: str) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        execute(statement, params, **names)
    assert caught.value.__cause__.sqlstate == code


def changes_of(row_id: UUID) -> list[Change]:
    return list(Change.objects.filter(row_id=row_id).select_related("transaction").order_by("id"))


# -- coverage --------------------------------------------------------------------------------------


def uncovered() -> dict[str, set[str]]:
    """Business tables that miss a trigger of the record, or have it switched off."""
    wanted = {"audit_context", "audit_insert", "audit_update", "audit_delete"}
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
            " where not t.tgisinternal and t.tgenabled in ('O', 'A')"
        )
        found: dict[str, set[str]] = {}
        for table, trigger in cursor.fetchall():
            found.setdefault(table, set()).add(trigger)
    missing = {table: wanted - found.get(table, set()) for table in TABLES}
    return {table: lost for table, lost in missing.items() if lost}


def test_every_business_table_is_covered_by_the_record() -> None:
    assert len(TABLES) >= 10
    assert uncovered() == {}


@pytest.mark.parametrize(
    "trigger", ["audit_context", "audit_insert", "audit_update", "audit_delete"]
)
def test_a_dropped_or_disabled_trigger_is_noticed(trigger: str) -> None:
    with transaction.atomic():
        execute("drop trigger {t} on devices_device", t=trigger)
        assert uncovered() == {"devices_device": {trigger}}
        transaction.set_rollback(True)
    with transaction.atomic():
        execute("alter table parties_party disable trigger {t}", t=trigger)
        assert uncovered() == {"parties_party": {trigger}}
        transaction.set_rollback(True)
    assert uncovered() == {}


def test_every_business_model_counts_as_a_business_table() -> None:
    def leaves(model: type) -> set[str]:
        own = {model._meta.db_table} if not model._meta.abstract else set()
        return own.union(*(leaves(child) for child in model.__subclasses__()))

    assert set(TABLES) == leaves(BusinessModel)


def test_every_business_table_has_a_row_by_hand() -> None:
    assert set(ROWS) == set(TABLES)


# -- no context, no write --------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_without_a_context_no_business_row_is_written_by_any_statement(table: str) -> None:
    with recorded(actor="tester", command="test.make"):
        row_id = ROWS[table]()
    before = stored(table, row_id)
    refused("KT001", "insert into {t} default values", t=table)
    refused("KT001", "insert into {t} select * from {t}", t=table)
    refused("KT001", "update {t} set version = version + 1 where id = %s", [row_id], t=table)
    refused("KT001", "update {t} set version = version where false", t=table)
    refused("KT001", "delete from {t} where id = %s", [row_id], t=table)
    refused("KT001", "copy {t} from program 'true'", t=table)
    refused("KT002", "truncate {t} cascade", t=table)
    assert stored(table, row_id) == before
    assert [change.op for change in changes_of(row_id)] == ["I"]


def test_not_even_with_a_context_is_a_business_table_truncated() -> None:
    with recorded(actor="tester", command="test.make"):
        row_id = party()
    with pytest.raises(DatabaseError) as caught, recorded(actor="a", command="c"):
        execute("truncate parties_party cascade")
    assert caught.value.__cause__.sqlstate == "KT002"
    assert stored("parties_party", row_id) is not None


@pytest.mark.parametrize("context", [{"actor": "", "command": "c"}, {"actor": "a", "command": ""}])
def test_a_context_without_actor_or_command_is_none(context: dict[str, str]) -> None:
    with transaction.atomic():
        set_context(**context)
        refused("KT001", "insert into parties_party default values")


def test_a_copy_without_a_context_is_refused_too() -> None:
    frame = pl.DataFrame({"id": uuid7_series(2), "party_key": ["x1", "x2"], "name": ["甲", "乙"]})
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        copy_frame(table="parties_party", frame=frame)
    assert caught.value.__cause__.sqlstate == "KT001"


# -- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", sorted(ONLY_GROW | NEVER_DELETED))
def test_rows_of_evidence_are_added_and_logged_and_never_touched_again(table: str) -> None:
    with recorded(actor="李四", command="test.evidence"):
        row_id = ROWS[table]()
        first = stored(table, row_id)
        if table not in NEVER_DELETED:
            refused("KT004", "update {t} set void_reason = 'x' where id = %s", [row_id], t=table)
        refused("KT004", "delete from {t} where id = %s", [row_id], t=table)
    assert stored(table, row_id) == fold(table, row_id) == first


@pytest.mark.parametrize("table", sorted(set(TABLES) - ONLY_GROW - NEVER_DELETED - RELEASED_ONCE))
def test_insert_and_update_are_logged_with_before_and_after_and_delete_is_refused(
    table: str,
) -> None:
    run_id = uuid4()
    facts = {"actor": "李四", "command": "test.life", "reason": "试验", "run_id": run_id}
    with recorded(**facts, chunk=3):
        row_id = ROWS[table]()
        first = stored(table, row_id)
        execute(
            "update {t} set version = 7, void_reason = %s where id = %s", ["旧", row_id], t=table
        )
        refused("KT006", "delete from {t} where id = %s", [row_id], t=table)
    made, updated = changes_of(row_id)
    assert (made.op, made.before, made.after) == ("I", None, first)
    assert updated.op == "U"
    assert updated.before == {"version": 1, "void_reason": ""}
    assert updated.after == {"version": 7, "void_reason": "旧"}
    (cause,) = {change.transaction for change in (made, updated)}
    assert (cause.actor, cause.command, cause.reason) == ("李四", "test.life", "试验")
    assert cause.run_id == run_id
    assert cause.facts == {"chunk": 3, "release": __version__}
    assert Transaction.objects.filter(run_id=run_id).count() == 1


def test_a_row_that_is_deleted_after_its_guard_was_taken_away_is_logged_all_the_same() -> None:
    with recorded(actor="tester", command="test.make"):
        row_id = party()
    first = stored("parties_party", row_id)
    with recorded(actor="intruder", command="test.delete"):
        execute("alter table parties_party disable trigger row_stays")
        execute("delete from parties_party where id = %s", [row_id])
        deleted = changes_of(row_id)[-1]
        transaction.set_rollback(True)
    assert (deleted.op, deleted.before, deleted.after) == ("D", first, None)
    assert deleted.transaction.actor == "intruder"


def test_a_bulk_copy_is_logged_row_by_row() -> None:
    ids = uuid7_series(1000)
    frame = pl.DataFrame(
        {
            "id": ids,
            "party_key": [f"bulk-{n}" for n in range(1000)],
            "name": [f'第{n}医院 "O\'K" \\N' for n in range(1000)],
        }
    )
    with recorded(actor="tester", command="test.copy"):
        copy_frame(table="parties_party", frame=frame)
    found = Change.objects.filter(op="I", transaction__command="test.copy")
    logged = dict(found.values_list("row_id", "after"))
    assert len(logged) == 1000
    for n in (0, 1, 499, 999):
        assert logged[UUID(ids[n])]["name"] == f'第{n}医院 "O\'K" \\N'
    assert Transaction.objects.filter(command="test.copy").count() == 1


def test_one_statement_over_many_rows_logs_only_those_that_changed() -> None:
    with recorded(actor="tester", command="test.make"):
        same, other = party(), party()
        execute("update parties_party set country = 'CN' where id = %s", [same])
    with recorded(actor="tester", command="test.update"):
        touched = execute(
            "update parties_party set country = 'CN' where id = any(%s)", [[same, other]]
        )
    assert touched == 2
    rows = Change.objects.filter(transaction__command="test.update").order_by("op")
    assert [(row.op, row.row_id, row.before) for row in rows] == [
        ("N", UUID(int=0), None),  # touched and left as it was: counted, not logged as a change
        ("U", other, {"country": None}),
    ]
    assert rows[0].after["rows"] == 1
    assert rows[1].after == {"country": "CN"}


def test_an_update_that_changes_nothing_logs_nothing() -> None:
    with recorded(actor="tester", command="test.make"):
        row_id = party()
    with recorded(actor="tester", command="test.nothing"):
        execute("update parties_party set name = name, version = version where id = %s", [row_id])
    assert [change.op for change in changes_of(row_id)] == ["I"]


def test_an_update_of_many_rows_after_many_of_one_is_planned_for_many() -> None:
    """A plan kept for single rows takes the square of the time: minutes here."""
    with recorded(actor="tester", command="test.many"):
        row_id = party()
        execute(
            "insert into parties_party (id, party_key, name, roles) select gen_random_uuid(),"
            " 'many-' || n, 'many', '{{customer}}' from generate_series(1, 20000) n"
        )
        for n in range(20):
            execute("update parties_party set version = %s where id = %s", [n + 2, row_id])
        execute("set local statement_timeout = '20s'")
        execute("update parties_party set country = 'CN' where name = 'many'")
    logged = Change.objects.filter(transaction__command="test.many", after={"country": "CN"})
    assert logged.count() == 20_000


def test_a_value_that_only_looks_different_is_no_change() -> None:
    """The first pass looks at bytes, the second at what the log would say."""
    with recorded(actor="tester", command="test.make"):
        row_id = party()
        execute("set constraints all immediate")  # a table with checks pending is not altered
        execute("alter table parties_party add column weight numeric")
        execute("update parties_party set weight = 1.0, country = 'CN' where id = %s", [row_id])
    with recorded(actor="tester", command="test.same"):
        execute("update parties_party set weight = 1.00, country = 'CN' where id = %s", [row_id])
    last = changes_of(row_id)[-1]
    assert last.after == {"weight": 1, "country": "CN"}
    (silent,) = Change.objects.filter(transaction__command="test.same")
    assert (silent.op, silent.after["rows"]) == ("N", 1)
    connection.cursor().execute("alter table parties_party drop column weight")


def test_the_id_of_a_row_never_changes() -> None:
    with recorded(actor="tester", command="test.make"):
        row_id = party()
    with pytest.raises(DatabaseError) as caught, recorded(actor="a", command="c"):
        execute("update parties_party set id = %s where id = %s", [uuid7(), row_id])
    assert caught.value.__cause__.sqlstate == "KT003"


def test_two_rows_cannot_swap_their_ids() -> None:
    with recorded(actor="tester", command="test.make"):
        one, two = party(), party()
    with pytest.raises(IntegrityError), recorded(actor="tester", command="test.swap"):
        execute(
            "update parties_party set id = case when id = %s then %s::uuid else %s::uuid end"
            " where id in (%s, %s)",
            [one, two, one, one, two],
        )


# -- the record only grows -------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["audit_change"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {t} set id = id",
        "delete from {t}",
        "delete from {t} where false",
        "truncate {t} cascade",
    ],
)
def test_the_change_log_only_grows(table: str, statement: str) -> None:
    with recorded(actor="tester", command="test.make"):
        party()
    with pytest.raises(DatabaseError) as caught, recorded(actor="a", command="c"):
        execute(statement, t=table)
    assert caught.value.__cause__.sqlstate == "KT004"


@pytest.mark.parametrize(
    "statement",
    ["update audit_transaction set actor = 'nobody'", "delete from audit_transaction",
     "truncate audit_transaction cascade"],
)  # fmt: skip
def test_who_did_it_cannot_be_rewritten(statement: str) -> None:
    with recorded(actor="tester", command="test.make"):
        party()
    with pytest.raises(DatabaseError) as caught, recorded(actor="a", command="c"):
        execute(statement)
    assert caught.value.__cause__.sqlstate == "KT004"


# -- fold(log) = table -----------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12
)
WRITE = st.one_of(
    st.tuples(st.just("insert"), st.none(), TEXTS),
    st.tuples(st.just("update"), st.integers(0, 9), TEXTS),
    st.tuples(st.just("null"), st.integers(0, 9), st.none()),
    st.tuples(st.just("same"), st.integers(0, 9), st.none()),
    st.tuples(st.just("all"), st.none(), TEXTS),
    st.tuples(st.just("list"), st.integers(0, 9), st.lists(TEXTS, max_size=3)),
    st.tuples(st.just("copy"), st.none(), TEXTS),
)
#: A transaction: its writes, and how each group of them ends.
BLOCK = st.lists(st.tuples(st.lists(WRITE, max_size=4), st.booleans()), max_size=3)


def write(known: list[UUID], kind: str, at: int | None, value: object) -> None:
    row = known[at % len(known)] if at is not None and known else None
    if kind == "insert":
        mark = uuid7()
        known.append(
            insert("parties_party", id=mark, party_key=mark.hex, name=mark.hex, contact=value)
        )
    elif kind == "copy":
        ids = uuid7_series(2)
        known.extend(UUID(i) for i in ids)
        frame = pl.DataFrame({"id": ids, "party_key": ids, "name": ids, "address": [value, None]})
        copy_frame(table="parties_party", frame=frame)
    elif kind == "all":
        execute(
            "update parties_party set contact = %s, version = version + 1 where id = any(%s)",
            [value, known],
        )
    elif row is None:
        return
    elif kind == "same":
        execute("update parties_party set contact = contact where id = %s", [row])
    else:
        column = "phone" if kind == "list" else "contact"
        execute("update parties_party set {c} = %s where id = %s", [value, row], c=column)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(blocks=st.lists(st.tuples(BLOCK, st.booleans()), min_size=1, max_size=4))
def test_the_log_folds_to_the_table_whatever_was_written_and_rolled_back(
    blocks: list[tuple[list[tuple[list[tuple[str, int | None, object]], bool]], bool]],
) -> None:
    known: list[UUID] = []
    for number, (block, whole_stands) in enumerate(blocks):
        with recorded(actor="tester", command=f"test.block-{number}"):
            for writes, stands in block:
                with transaction.atomic():
                    for one in writes:
                        write(known, *one)
                    if not stands:
                        transaction.set_rollback(True)
            if not whole_stands:
                transaction.set_rollback(True)
    for row in known:
        assert fold("parties_party", row) == stored("parties_party", row)


# -- contexts and transactions ---------------------------------------------------------------------


def test_a_savepoint_rolled_back_takes_its_changes_and_leaves_the_context() -> None:
    with recorded(actor="李四", command="test.outer"):
        with transaction.atomic():
            lost = party()
            transaction.set_rollback(True)
        kept = party()
        with transaction.atomic():
            execute("update parties_party set country = 'US' where id = %s", [kept])
            transaction.set_rollback(True)
        execute("update parties_party set country = 'CN' where id = %s", [kept])
    assert changes_of(lost) == []
    assert [(c.op, (c.after or {}).get("country")) for c in changes_of(kept)] == [
        ("I", None),
        ("U", "CN"),
    ]
    assert {c.transaction.command for c in changes_of(kept)} == {"test.outer"}
    assert Transaction.objects.filter(command="test.outer").count() == 1


def test_a_context_set_inside_a_savepoint_ends_with_its_rollback() -> None:
    with transaction.atomic():
        with recorded(actor="lost", command="test.first"):
            party()
            transaction.set_rollback(True)
        with recorded(actor="second", command="test.second"):
            row_id = party()
    assert [c.transaction.actor for c in changes_of(row_id)] == ["second"]
    assert not Transaction.objects.filter(actor="lost").exists()


def test_a_recorded_block_inside_another_joins_its_transaction_and_cause() -> None:
    with recorded(actor="outer", command="test.outer"):
        one = party()
        with recorded(actor="inner", command="test.inner"):
            two = party()
    (cause,) = {c.transaction for row in (one, two) for c in changes_of(row)}
    assert cause.actor == "outer"


@pytest.mark.parametrize("commit", [True, False])
def test_the_context_of_one_transaction_is_gone_in_the_next_of_the_same_connection(
    commit: bool,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        backend = cursor.fetchone()
    with recorded(actor="first", command="test.first"):
        party()
        transaction.set_rollback(not commit)
    refused("KT001", "insert into parties_party default values")
    with recorded(actor="second", command="test.second"):
        row_id = party()
        cursor = connection.cursor()
        cursor.execute("select pg_backend_pid()")
        assert cursor.fetchone() == backend, "it is the pooled connection that is tried"
    assert [c.transaction.actor for c in changes_of(row_id)] == ["second"]


def test_a_failed_block_leaves_neither_row_nor_log() -> None:
    made: list[UUID] = []

    def work() -> None:
        with recorded(actor="tester", command="test.fail"):
            made.append(party())
            raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError):
        work()
    (row_id,) = made
    assert stored("parties_party", row_id) is None
    assert changes_of(row_id) == []
    assert not Transaction.objects.filter(command="test.fail").exists()


def test_a_session_wide_transaction_number_is_not_believed() -> None:
    """A value that outlived its transaction must not claim the next one's writes."""
    with recorded(actor="first", command="test.first"):
        party()
        cursor = connection.cursor()
        cursor.execute("select current_setting('kintsugi.transaction')")
        (stale,) = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("select set_config('kintsugi.transaction', %s, false)", [stale])
    try:
        with recorded(actor="second", command="test.second"):
            row_id = party()
    finally:
        connection.close()
    assert [c.transaction.actor for c in changes_of(row_id)] == ["second"]


def test_a_transaction_never_joins_the_row_of_an_older_one_with_its_number() -> None:
    """As after a dump was restored into another cluster, whose numbers start over."""
    old = (
        "insert into audit_transaction (xid, at, actor, command, reason, facts) values"
        " (pg_current_xact_id()::text::bigint, now() - interval '1 year', 'old', 'x', '', '{{}}')"
    )

    def write() -> None:
        with recorded(actor="new", command="test.new"):
            execute(old)
            party()

    with pytest.raises(DatabaseError) as caught:
        write()
    assert caught.value.__cause__.sqlstate == "KT006"
    assert "recover.md" in caught.value.__cause__.diag.message_hint
    with recorded(actor="new", command="test.new"):  # numbers that are free go on working
        row_id = party()
    assert [c.transaction.actor for c in changes_of(row_id)] == ["new"]


def test_odd_facts_survive_as_they_are() -> None:
    facts = {"file": '台账 "1".csv', "path": "a\\b", "emoji": "🩺", "nested": {"n": 1}}
    with recorded(actor="O'Brien \\ 张三", command="test.facts", reason="第1行\n第2行", **facts):
        row_id = party()
    (change,) = changes_of(row_id)
    assert change.transaction.actor == "O'Brien \\ 张三"
    assert change.transaction.reason == "第1行\n第2行"
    kept = json.loads(json.dumps(change.transaction.facts))
    assert kept.pop("release") == __version__
    assert kept == facts
