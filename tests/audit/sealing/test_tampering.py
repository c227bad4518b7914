"""Each way to falsify the log is found and named: table, key, time and kind."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from kintsugi.audit.findings import Finding, Verdict
from kintsugi.audit.models import Change, Checkpoint, LeafRun, Transaction
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.keys import read_key, seal_key_file
from kintsugi.audit.sealing.verifiers import TreeVerifier
from kintsugi.audit.verification import run
from kintsugi.core.scope import as_owner
from kintsugi.runtime.home import Home
from tests.audit.sealing.tampering import behind, no_triggers

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Log = Callable[..., list[Any]]


def tree(since: dt.datetime | None = None) -> Verdict:
    return run(TreeVerifier(), since=since)


def kinds(verdict: Verdict) -> list[str]:
    return [finding.kind for finding in verdict.findings]


def only(verdict: Verdict) -> Finding:
    assert len(verdict.findings) == 1, [f.as_dict("en") for f in verdict.findings]
    return verdict.findings[0]


@pytest.fixture
def rows(log: Log) -> list[Any]:
    """Three transactions of 2, 3 and 2 rows under two checkpoints; the rows' ids in order."""
    ids = log(2)
    ids += log(3)
    services.seal(at=AT)
    ids += log(2)
    services.seal(at=AT + MINUTE)
    assert tree().state == "clean"
    return ids


def test_an_edited_change_is_named(rows: list[Any]) -> None:
    change = Change.objects.get(row_id=rows[3])
    behind('update audit_change set after = after || \'{"name": "假"}\' where id = %s', [change.pk])
    found = only(tree())
    assert (found.kind, found.table, found.key) == (
        "tree.leaf-changed",
        "parties_party",
        str(rows[3]),
    )
    assert found.at == change.transaction.at
    assert found.facts["change"] == change.pk


def test_one_edited_change_among_many_runs_is_named(log: Log) -> None:
    from kintsugi.audit.services import recorded

    with recorded(actor="bulk", command="test.bulk"), connection.cursor() as cursor:
        cursor.execute(
            "insert into parties_party (id, party_key, name, roles) select gen_random_uuid(),"
            " 'bulk-' || n, '医院', '{customer}' from generate_series(1, 9000) n"
        )
    services.seal(at=AT)
    assert LeafRun.objects.count() == 3
    first = Change.objects.order_by("id")[10]
    last = Change.objects.order_by("-id")[10]
    behind("update audit_change set op = 'D' where id = any(%s)", [[first.pk, last.pk]])
    found = tree().findings
    assert [f.key for f in found] == [str(first.row_id), str(last.row_id)]
    behind("delete from audit_change where id = any(%s)", [[first.pk, last.pk]])
    assert [f.key for f in tree().findings] == [str(first.pk), str(last.pk)]


def test_an_edited_person_reason_or_time_names_every_change_of_the_transaction(
    rows: list[Any],
) -> None:
    transaction = Change.objects.get(row_id=rows[2]).transaction
    behind("update audit_transaction set actor = '别人' where id = %s", [transaction.pk])
    found = tree().findings
    assert [finding.key for finding in found] == [str(row) for row in rows[2:5]]
    assert {finding.kind for finding in found} == {"tree.leaf-changed"}
    assert {finding.facts["actor"] for finding in found} == {"别人"}


def test_a_deleted_change_is_named_by_its_number(rows: list[Any]) -> None:
    change = Change.objects.get(row_id=rows[3])
    behind("delete from audit_change where id = %s", [change.pk])
    found = only(tree())
    assert (found.kind, found.table, found.key) == (
        "tree.leaf-missing",
        "audit_change",
        str(change.pk),
    )


def test_a_cut_off_tail_is_found_although_nothing_follows_it(rows: list[Any]) -> None:
    behind("delete from audit_change where row_id = any(%s)", [rows[5:]])
    found = only(tree())
    assert (found.kind, found.facts["count"]) == ("tree.leaf-missing", 2)


def test_a_deleted_transaction_leaves_orphans_that_are_named(rows: list[Any]) -> None:
    transaction = Change.objects.get(row_id=rows[0]).transaction
    behind("delete from audit_transaction where id = %s", [transaction.pk])
    found = tree().findings
    orphans = [f for f in found if f.kind == "tree.transaction-missing"]
    assert [f.key for f in orphans] == [str(row) for row in rows[:2]]
    assert "tree.leaf-missing" in {f.kind for f in found}


def test_an_added_change_with_an_old_place_is_named(rows: list[Any]) -> None:
    first = Transaction.objects.order_by("xid")[0]
    behind(
        "insert into audit_change (transaction_id, table_name, row_id, op, after)"
        " values (%s, 'parties_party', %s, 'I', '{}')",
        [first.pk, rows[6]],
    )
    for since in (None, AT + dt.timedelta(seconds=30), AT + dt.timedelta(days=1)):
        found = only(tree(since))
        assert (found.kind, found.table, found.key) == (
            "tree.leaf-added",
            "parties_party",
            str(rows[6]),
        )
    # Sealing more does not hide it.
    services.seal(at=AT + 3 * MINUTE)
    assert kinds(tree()) == ["tree.leaf-added"]


def test_a_change_of_a_transaction_number_of_the_future_is_named(rows: list[Any]) -> None:
    with no_triggers() as cursor:
        cursor.execute(
            "insert into audit_transaction (xid, actor, command, facts)"
            " values (%s, '谁', 'x', '{}') returning id",
            [2**50],
        )
        (made,) = cursor.fetchone()
        cursor.execute(
            "insert into audit_change (transaction_id, table_name, row_id, op, after)"
            " values (%s, 'parties_party', %s, 'I', '{}')",
            [made, rows[1]],
        )
    assert kinds(tree()) == ["tree.transaction-impossible"]


def test_swapped_changes_are_found(rows: list[Any]) -> None:
    one, two = (Change.objects.get(row_id=row).pk for row in rows[2:4])
    with no_triggers() as cursor:
        for old, new in ((one, -1), (two, one), (-1, two)):
            cursor.execute("update audit_change set id = %s where id = %s", [new, old])
    assert kinds(tree()) == ["tree.leaf-changed"] * 2


def test_edited_leaf_hashes_are_told_apart_from_edited_changes(rows: list[Any]) -> None:
    behind("update audit_leaf_run set hashes = sha256(hashes) || substring(hashes from 33)")
    assert kinds(tree()) == ["tree.hashes-changed"] * 2


def test_a_change_edited_together_with_its_hash_breaks_the_signed_root(rows: list[Any]) -> None:
    from kintsugi.audit.sealing.lines import hashed, lines
    from kintsugi.audit.sealing.store import place_of

    behind("update audit_change set op = 'D' where row_id = %s", [rows[6]])
    last = LeafRun.objects.order_by("-first")[0]
    forged = b"".join(h for some in lines(place_of(last)) for h in hashed(some))
    behind("update audit_leaf_run set hashes = %s where id = %s", [forged, last.pk])
    found = only(tree())
    assert (found.kind, found.table, found.key) == ("tree.root-differs", "audit_checkpoint", "2")
    assert found.facts["sealed"] == 2


def test_a_deleted_run_of_hashes_is_found(rows: list[Any]) -> None:
    behind("delete from audit_leaf_run where first = 0")
    assert kinds(tree()) == ["tree.root-differs"]


def test_changed_subtrees_are_found(log: Log) -> None:
    log(600)
    services.seal(at=AT)
    behind("update audit_node set hash = sha256(hash) where number = 1")
    assert kinds(tree()) == ["tree.nodes-changed"]
    behind("update audit_checkpoint set peaks = sha256(peaks)")
    assert kinds(tree()) == ["tree.peaks-changed", "tree.nodes-changed"]


def test_an_edited_checkpoint_is_named(rows: list[Any]) -> None:
    behind("update audit_checkpoint set at = at - interval '1 day' where number = 1")
    found = only(tree())
    assert (found.kind, found.key, found.facts["fields"]) == (
        "tree.checkpoint-changed",
        "1",
        ["at"],
    )


def test_a_forged_checkpoint_is_named(rows: list[Any]) -> None:
    behind("update audit_checkpoint set body = replace(body, 'size 5', 'size 6') where number = 1")
    assert kinds(tree())[0] == "tree.checkpoint-forged"


def test_a_checkpoint_taken_out_of_the_middle_is_missed(rows: list[Any], log: Log) -> None:
    log(1)
    services.seal(at=AT + 2 * MINUTE)
    behind("delete from audit_checkpoint where number = 2")
    found = kinds(tree())
    assert "tree.checkpoint-missing" in found
    assert "tree.checkpoint-replaced" in found


def test_a_rolled_back_log_is_named(rows: list[Any]) -> None:
    with no_triggers() as cursor:
        cursor.execute("delete from audit_leaf_run where checkpoint_id = 2")
        cursor.execute("delete from audit_checkpoint where number = 2")
        cursor.execute("delete from audit_change where row_id = any(%s)", [rows[5:]])
    found = only(tree())
    assert (found.kind, found.table, found.key) == ("tree.rolled-back", "audit_checkpoint", "2")
    assert found.at == AT + MINUTE
    with pytest.raises(services.refusals.KintsugiError) as refused:
        services.seal(at=AT + 2 * MINUTE)
    assert refused.value.code == "audit.rolled-back"
    assert refused.value.facts["known_by"] == "home"


def test_a_log_signed_anew_with_a_foreign_key_is_found(rows: list[Any], place: Home) -> None:
    seal_key_file(place).rename(place.secrets / "away")
    with no_triggers() as cursor:
        for table in ("leaf_run", "node", "checkpoint", "epoch", "seal_key"):
            cursor.execute(f"delete from audit_{table}")
    (place.root / "seal/checkpoints.jsonl").rename(place.root / "kept.jsonl")
    behind("update audit_change set op = 'D' where row_id = %s", [rows[6]])
    services.seal(at=AT)  # the attacker's own key
    (place.secrets / "away").rename(seal_key_file(place))
    (place.root / "kept.jsonl").rename(place.root / "seal/checkpoints.jsonl")
    found = kinds(tree())
    assert "tree.key-foreign" in found
    assert "tree.checkpoint-replaced" in found


def test_a_key_nobody_endorsed_is_found(rows: list[Any], place: Home, log: Log) -> None:
    seal_key_file(place).unlink()
    key = services.make_key(seal_key_file(place))
    with as_owner():
        services._register(key, at=AT + MINUTE, endorser=None)
    log(1)
    services.seal(at=AT + 2 * MINUTE)
    found = only(tree())
    assert (found.kind, found.key) == ("tree.key-forged", key.fingerprint)
    assert read_key(seal_key_file(place)) is not None


def test_verifying_since_a_time_reads_only_what_came_later(rows: list[Any]) -> None:
    verdict = tree(AT + dt.timedelta(seconds=30))
    assert (verdict.state, verdict.checked) == ("clean", 2)
    change = Change.objects.get(row_id=rows[6])
    behind("update audit_change set op = 'D' where id = %s", [change.pk])
    assert only(tree(AT + dt.timedelta(seconds=30))).key == str(rows[6])


def test_a_log_without_a_seal_is_neither_clean_nor_broken(log: Log) -> None:
    log(1)
    verdict = tree()
    assert verdict.state == "inconclusive"
    assert verdict.reason is not None
    assert "audit seal" in verdict.reason.en


def test_a_database_in_another_cluster_is_named(rows: list[Any]) -> None:
    behind("update audit_epoch set system = '1'")
    assert kinds(tree()) == ["tree.rolled-back"]


def test_findings_can_be_told_as_json(rows: list[Any]) -> None:
    behind("update audit_change set op = 'D' where row_id = %s", [rows[6]])
    told = tree().as_dict("zh-hans")
    assert json.loads(json.dumps(told))["findings"][0]["message"] == "更改在封存之后被改动。"
    assert Checkpoint.objects.count() == 2
