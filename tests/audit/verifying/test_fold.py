"""The fold: a table is what its log makes of it, and every edit behind the log is named."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import F

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.models import Change, FoldState
from kintsugi.audit.services import business_tables, cover_tables, recorded
from kintsugi.audit.verifying import fold
from kintsugi.audit.verifying.fold import FoldVerifier
from kintsugi.audit.verifying.foldstate import NIL, load
from kintsugi.core.scope import Scope, bound
from tests.audit.rows import (
    NEVER_DELETED,
    ONLY_GROW,
    ROWS,
    TABLES_OF,
    insert,
    party,
    product,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rows_may_go"),
]

RECENT = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)  # later than the last fold: what moved since then


def execute(statement: str, params: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or [])
        return cursor.rowcount


def behind(statement: str, params: list[Any] | None = None) -> None:
    """A superuser's statement with all triggers of the session switched off."""
    with transaction.atomic():
        execute("set local role none")
        execute("set local session_replication_role = replica")
        assert execute(statement, params) != 0


def as_owner(statement: str) -> None:
    """What a migration does."""
    execute("set role none")
    execute(statement)
    execute("set role kintsugi_system")


def found(since: dt.datetime | None, slice_changes: int | None = None) -> list[Finding]:
    return list(FoldVerifier(slice_changes=slice_changes).verify(since=since))


def named(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.table, one.key) for one in findings]


def both() -> list[Finding]:
    """What an incremental fold finds; a full one must find the same."""
    incremental = found(RECENT)
    assert named(found(None)) == named(incremental)
    return incremental


@pytest.fixture
def rows() -> list[UUID]:
    """Three parties, of which one was changed, and a clean fold over them."""
    with recorded(actor="张三", command="test.make"):
        made = [party() for _ in range(3)]
    with recorded(actor="张三", command="test.change"):
        execute("update parties_party set country = 'CN', version = 2 where id = %s", [made[1]])
    assert found(None) == []
    return made


# -- clean -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", TABLES_OF)
def test_rows_of_every_business_table_fold_clean(app: str) -> None:
    third = {}
    for table in TABLES_OF[app]:
        with recorded(actor="张三", command="test.life"):
            first, second, third[table] = (ROWS[table]() for _ in range(3))
            if table not in ONLY_GROW | NEVER_DELETED:  # else the database refuses all of this
                execute(
                    f"update {table} set version = 7, void_reason = '旧' where id = %s", [first]
                )
                execute(f"update {table} set version = version", [])
                execute(f"delete from {table} where id = %s", [second])
    assert both() == []
    for table in TABLES_OF[app]:
        with recorded(actor="张三", command="test.life"):
            if table in ONLY_GROW | NEVER_DELETED:
                ROWS[table]()
            else:
                change = f"update {table} set void_reason = '', version = 8 where id = %s"
                execute(change, [third[table]])
    verifier = FoldVerifier()
    assert list(verifier.verify(since=RECENT)) == []
    assert verifier.checked >= len(third)
    assert both() == []


def test_values_survive_any_zone_and_precision(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.zone"):
        execute("set local timezone = 'Asia/Shanghai'")
        execute("update parties_party set updated_at = '2026-03-01 00:00:00.123456+08'")
        execute("set local bytea_output = 'escape'")
        party()
    assert both() == []


def test_a_row_that_lived_twice_is_folded_from_its_last_life(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.again"):
        execute("update parties_party set country = 'CN' where id = %s", [rows[0]])
        execute("delete from parties_party where id = %s", [rows[0]])
        insert("parties_party", id=rows[0], party_key="again", name="again", roles=["customer"])
    assert both() == []


def test_an_open_transaction_below_the_horizon_is_folded_once_it_ends(rows: list[UUID]) -> None:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("select pg_current_xact_id()")
        with recorded(actor="张三", command="test.later"):
            party()
        assert found(RECENT) == []
        with other.cursor() as cursor:
            context = json.dumps({"actor": "张三", "command": "test.long"})
            cursor.execute("select set_config('kintsugi.context', %s, true)", [context])
            cursor.execute("update parties_party set country = 'FR' where id = %s", [rows[2]])
        other.commit()
    finally:
        other.close()
    verifier = FoldVerifier()
    assert list(verifier.verify(since=RECENT)) == []
    assert verifier.checked >= 1
    behind(
        "update audit_change set after = '{\"country\": \"DE\"}' where row_id = %s and op = 'U'",
        [rows[2]],
    )
    assert named(found(None)) == [("fold.row-differs", "parties_party", str(rows[2]))]


@pytest.mark.parametrize("more", [40, 400])
def test_an_incremental_fold_costs_by_changes_and_a_slice_not_by_the_table(
    rows: list[UUID], more: int
) -> None:
    with recorded(actor="张三", command="test.many"):
        for _ in range(more):
            party()
    assert found(None) == []
    with recorded(actor="张三", command="test.three"):
        execute("update parties_party set country = 'FR' where id = any(%s)", [rows])
    for _ in range(3):
        verifier = FoldVerifier(slice_changes=10)
        assert list(verifier.verify(since=RECENT)) == []
        assert verifier.checked <= 3 + 10


def test_an_incremental_fold_reads_nothing_of_a_table_that_it_does_not_compare(
    rows: list[UUID],
) -> None:
    """By the server's own count of the rows it read, in the table and in the log."""
    with recorded(actor="张三", command="test.many"):
        execute(
            "insert into parties_party (id, party_key, name, roles) select gen_random_uuid(),"
            " 'many-' || n, 'many', '{customer}' from generate_series(1, 3000) n"
        )
    assert found(None) == []
    as_owner("analyze")
    with recorded(actor="张三", command="test.three"):
        execute("update parties_party set country = 'FR' where id = any(%s)", [rows])
    before = _rows_read()
    assert found(RECENT, slice_changes=10) == []
    assert 0 < _rows_read() - before < 200


def _rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_force_next_flush()")
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select sum(seq_tup_read + idx_tup_fetch) from pg_stat_user_tables"
            " where relname in ('parties_party', 'audit_change', 'audit_transaction')"
        )
        return int(cursor.fetchone()[0])


def test_a_round_of_slices_looks_at_every_row_exactly_once(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.many"):
        for _ in range(20):
            product()
        for n in range(20):  # more than a slice has room for
            execute("update parties_party set version = %s where id = %s", [n + 3, rows[0]])
    assert found(None) == []
    seen, runs = 0, 0
    while runs == 0 or (place := load()) is None or place.place != NIL:
        verifier = FoldVerifier(slice_changes=7)
        assert list(verifier.verify(since=RECENT)) == []
        seen, runs = seen + verifier.checked, runs + 1
    assert seen == _rows_of_all_tables()
    assert runs >= 4
    # Round again: the second takes as many runs, and finds what was edited since the first.
    behind("update products_product set model = 'x'")
    keys = []
    for _ in range(runs):
        keys += found(RECENT, slice_changes=7)
        if keys:
            break
    assert {one.kind for one in keys} == {"fold.row-differs"}


def _rows_of_all_tables() -> int:
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(f"select count(*) from {t}" for t in business_tables()))
        return sum(count for (count,) in cursor.fetchall())


@pytest.mark.parametrize("which", ["nil", "first", "middle", "last", "beyond"])
def test_an_unlogged_edit_of_an_old_row_is_found_within_one_round(
    rows: list[UUID], which: str
) -> None:
    """And by a full fold at once. ``nil`` and ``beyond``: before and behind all logged ids."""
    with recorded(actor="张三", command="test.many"):
        made = [party() for _ in range(20)]
    assert found(None) == []
    ids = {"nil": UUID(int=0), "beyond": UUID(int=2**128 - 2)}
    if which in ids:
        with transaction.atomic():
            execute("set local role none")
            execute("set local session_replication_role = replica")
            key = insert("parties_party", id=ids[which], party_key="b", name="b", roles=[])
    else:
        key = {"first": rows[0], "middle": made[10], "last": made[-1]}[which]
        behind("update parties_party set name = 'x' where id = %s", [key])
    named_at = [bool(found(RECENT, slice_changes=5)) for _ in range(8)]
    assert True in named_at, "one whole round"
    assert all(named_at[named_at.index(True) :]), "a finding stays until it is mended"
    assert [one[2] for one in named(found(None))] == [str(key)]


def test_slices_cover_every_row_and_no_row_twice(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.many"):
        for _ in range(20):
            product()
        for n in range(20):
            execute("update parties_party set version = %s where id = %s", [n + 3, rows[0]])
    assert found(None, slice_changes=7) == []
    behind("update products_product set model = 'x'")
    keys = [one.key for one in found(None, slice_changes=7)]
    assert len(keys) == len(set(keys)) == 20


# -- edits behind the log --------------------------------------------------------------------------


def test_an_edited_row_is_named_with_its_columns_and_its_last_logged_time(rows: list[UUID]) -> None:
    behind("update parties_party set name = 'x', country = null where id = %s", [rows[1]])
    (finding,) = both()
    assert named([finding]) == [("fold.row-differs", "parties_party", str(rows[1]))]
    assert finding.facts["columns"] == ["country", "name"]
    logged = Change.objects.filter(row_id=rows[1]).order_by("-id").first()
    assert logged is not None
    assert finding.at == logged.transaction.at


def test_a_row_inserted_behind_the_log_is_named(rows: list[UUID]) -> None:
    with transaction.atomic():
        execute("set local role none")
        execute("set local session_replication_role = replica")
        made = party()
    assert named(both()) == [("fold.row-unlogged", "parties_party", str(made))]


def test_a_row_deleted_behind_the_log_is_named(rows: list[UUID]) -> None:
    behind("delete from parties_party where id = %s", [rows[0]])
    assert named(both()) == [("fold.row-missing", "parties_party", str(rows[0]))]


def test_a_row_taken_away_for_another_is_named_though_the_count_is_right(rows: list[UUID]) -> None:
    with transaction.atomic():
        execute("set local role none")
        execute("set local session_replication_role = replica")
        execute("delete from parties_party where id = %s", [rows[0]])
        made = party()
    assert sorted(named(both())) == sorted(
        [("fold.row-missing", "parties_party", str(rows[0])),
         ("fold.row-unlogged", "parties_party", str(made))]
    )  # fmt: skip


def test_a_deleted_row_brought_back_behind_the_log_is_named(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.delete"):
        execute("create temporary table kept on commit drop as select * from parties_party")
        execute("delete from parties_party where id = %s", [rows[0]])
        execute("set local role none")
        execute("set local session_replication_role = replica")
        execute("insert into parties_party select * from kept where id = %s", [rows[0]])
    assert named(both()) == [("fold.row-unlogged", "parties_party", str(rows[0]))]


def test_an_edit_of_the_log_alone_is_seen_as_well(rows: list[UUID]) -> None:
    behind(
        'update audit_change set after = after || \'{"name": "x"}\' where row_id = %s', [rows[0]]
    )
    assert named(both()) == [("fold.row-differs", "parties_party", str(rows[0]))]


def test_a_changed_row_that_lies_in_the_slice_is_named_once(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.change"):
        execute("update parties_party set country = 'FR' where id = %s", [rows[0]])
    behind("update parties_party set name = 'x' where id = %s", [rows[0]])
    assert named(found(RECENT)) == [("fold.row-differs", "parties_party", str(rows[0]))]


def test_while_something_is_found_the_horizon_stays(rows: list[UUID]) -> None:
    before = load()
    behind("update parties_party set name = 'x' where id = %s", [rows[0]])
    assert len(found(RECENT)) == 1
    assert load() == before
    assert len(found(RECENT)) == 1
    behind("update parties_party set name = %s where id = %s", [_logged_name(rows[0]), rows[0]])
    assert found(RECENT) == []
    after = load()
    assert after is not None
    assert before is not None
    assert after.horizon > before.horizon


def _logged_name(row_id: UUID) -> str:
    made = Change.objects.get(row_id=row_id, op="I")
    return str(made.after["name"])


# -- the state of the last fold --------------------------------------------------------------------


def test_a_horizon_set_behind_the_edit_is_named_and_everything_is_folded(rows: list[UUID]) -> None:
    behind("update parties_party set name = 'x' where id = %s", [rows[0]])
    FoldState.objects.update(horizon=F("horizon") + 1)
    assert named(found(RECENT)) == [
        ("fold.state-forged", "audit_fold_state", "1"),
        ("fold.row-differs", "parties_party", str(rows[0])),
    ]


def test_a_place_set_behind_the_edit_is_named_and_everything_is_folded(rows: list[UUID]) -> None:
    assert found(RECENT, slice_changes=1) == []
    behind("update parties_party set name = 'x' where id = %s", [rows[0]])
    state = FoldState.objects.get()
    kept = load()
    assert kept is not None
    FoldState.objects.update(body=state.body.replace(str(kept.place), str(rows[2])))
    assert [one.kind for one in found(RECENT)] == ["fold.state-forged", "fold.row-differs"]


def test_a_full_fold_leaves_the_round_where_it_is(rows: list[UUID]) -> None:
    assert found(RECENT, slice_changes=2) == []
    before = load()
    assert found(None) == []
    after = load()
    assert before is not None
    assert after is not None
    assert before.place == after.place != NIL


def test_the_state_of_another_database_is_not_taken_over(
    rows: list[UUID], monkeypatch: Any
) -> None:
    monkeypatch.setattr(fold, "system_name", lambda: "another server")
    verifier = FoldVerifier(slice_changes=1)
    assert list(verifier.verify(since=RECENT)) == []
    assert verifier.checked == 3


# -- migrations ------------------------------------------------------------------------------------


@pytest.fixture
def migrate() -> Callable[[str], None]:
    def run(statement: str) -> None:
        as_owner(statement)
        with transaction.atomic():
            execute("set local role none")
            cover_tables()

    return run


def test_a_column_added_with_a_default_is_no_difference(
    rows: list[UUID], migrate: Callable[[str], None]
) -> None:
    migrate("alter table parties_party add column grade text not null default '甲“'")
    as_owner("alter table parties_party alter column grade drop default")
    assert found(RECENT) == []
    assert found(None) == []
    with recorded(actor="张三", command="test.new"):
        fresh = insert("parties_party", party_key="n", name="n", roles=["customer"], grade="乙")
        execute("update parties_party set grade = '丙' where id = %s", [rows[0]])
    as_owner("vacuum full parties_party")
    assert both() == []
    behind("update parties_party set grade = '丁' where id in (%s, %s)", [rows[1], fresh])
    assert sorted(named(both())) == sorted(
        ("fold.row-differs", "parties_party", str(one)) for one in (rows[1], fresh)
    )


def test_a_renamed_column_and_one_of_another_type_are_no_difference(
    rows: list[UUID], migrate: Callable[[str], None]
) -> None:
    migrate("alter table parties_party rename column country to nation")
    migrate("alter table parties_party rename column nation to land")
    migrate("alter table parties_party alter column version type numeric(12,2)")
    with recorded(actor="张三", command="test.new"):
        execute("update parties_party set land = 'FR' where id = %s", [rows[2]])
    assert both() == []
    behind("update parties_party set land = 'DE' where id = %s", [rows[1]])
    (finding,) = both()
    assert finding.facts["columns"] == ["land"]


def test_a_dropped_column_is_no_difference(
    rows: list[UUID], migrate: Callable[[str], None]
) -> None:
    migrate("alter table parties_party drop column country")
    assert both() == []


def test_columns_are_recorded_once(rows: list[UUID]) -> None:
    before = Change.objects.filter(op="S").count()
    assert before == len(business_tables())
    with transaction.atomic():
        execute("set local role none")
        cover_tables()
    assert Change.objects.filter(op="S").count() == before


def test_a_statement_without_effect_leaves_one_entry_for_its_rows(rows: list[UUID]) -> None:
    with recorded(actor="张三", command="test.nothing"):
        execute("update parties_party set name = name")
    (entry,) = Change.objects.filter(transaction__command="test.nothing")
    low = sum(int.from_bytes(one.bytes[8:], "big", signed=True) for one in rows)
    assert (entry.op, entry.row_id) == ("N", UUID(int=0))
    assert entry.after == {"rows": 3, "ids": str(low)}


def test_who_sees_only_some_rows_cannot_tell(rows: list[UUID]) -> None:
    with bound(Scope(regions=frozenset({"44"}))), pytest.raises(Inconclusive, match="all rows"):
        found(None)


def test_a_fold_inside_a_transaction_is_our_mistake() -> None:
    with transaction.atomic(), pytest.raises(AssertionError, match="snapshot of its own"):
        found(None)
