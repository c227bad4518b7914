"""The witness cosigns consistent growth only; a restored database is named and begins an epoch."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.models import Change, Checkpoint, Cosignature, Epoch, LeafRun, SealKey
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.export import export_log
from kintsugi.audit.sealing.keys import seal_key_file
from kintsugi.audit.sealing.verifiers import TreeVerifier
from kintsugi.audit.sealing.verify_export import verify
from kintsugi.audit.sealing.witness import Witness, WitnessVerifier
from kintsugi.audit.verification import run
from kintsugi.core.errors import KintsugiError
from kintsugi.core.scope import as_owner
from kintsugi.runtime.home import Home
from tests.audit.sealing.tampering import behind, no_triggers
from tests.audit.sealing.writing import write

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Log = Callable[..., list[Any]]


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """The witness's folder, on "another machine"."""
    return tmp_path / "witness"


@pytest.fixture
def rows(log: Log, storage: Path) -> list[Any]:
    """Two checkpoints over 3 and 2 rows, cosigned."""
    ids = log(3)
    services.seal(at=AT)
    ids += log(2)
    services.seal(at=AT + MINUTE)
    assert Witness(storage).watch(at=AT + MINUTE).cosigned == 2
    return ids


def refused(storage: Path, **how: Any) -> str:
    with pytest.raises(KintsugiError) as found:
        Witness(storage, **how).watch(at=AT + dt.timedelta(hours=1))
    return str(found.value.facts.get("why", found.value.code))


def verdict(storage: Path) -> list[tuple[str, str]]:
    return [(f.kind, f.key) for f in run(WitnessVerifier(storage)).findings]


def forge_tail(rows: list[Any]) -> None:
    """Everything a superuser who stole the sealing key can do: rewrite the last checkpoint."""
    with no_triggers() as cursor:
        cursor.execute("update audit_change set op = 'D' where row_id = %s", [rows[4]])
        for table in ("cosignature where checkpoint_id", "leaf_run where checkpoint_id"):
            cursor.execute(f"delete from audit_{table} = 2")
        cursor.execute("delete from audit_checkpoint where number = 2")
    memory = services.sealer_memory(services.home())
    memory.path.write_text(memory.path.read_text("utf-8").split("\n")[0] + "\n", "utf-8")
    services.seal(at=AT + MINUTE)
    assert run(TreeVerifier()).state == "clean"  # nothing inside gives it away


def test_the_witness_cosigns_growth_and_says_it_once(rows: list[Any], storage: Path) -> None:
    assert Cosignature.objects.count() == 2
    assert Witness(storage).watch(at=AT).cosigned == 0
    assert verdict(storage) == []
    assert run(WitnessVerifier(storage)).state == "clean"
    assert (storage / "witness-key").stat().st_mode & 0o777 == 0o600
    assert (storage / "epoch-1.leaves").stat().st_size == 5 * 32


def test_a_log_rewritten_with_the_stolen_key_is_refused_and_the_row_is_named(
    rows: list[Any], storage: Path
) -> None:
    forge_tail(rows)
    assert refused(storage) == "rewritten"
    found = verdict(storage)
    assert ("witness.checkpoint-replaced", "2") in found
    assert ("witness.leaf-changed", str(rows[4])) in found


def test_a_rolled_back_database_is_refused(rows: list[Any], storage: Path) -> None:
    with no_triggers() as cursor:
        for table in ("cosignature where checkpoint_id", "leaf_run where checkpoint_id"):
            cursor.execute(f"delete from audit_{table} = 2")
        cursor.execute("delete from audit_checkpoint where number = 2")
    assert refused(storage) == "rolled-back"
    assert ("witness.rolled-back", "2") in verdict(storage)


def test_growth_that_does_not_continue_is_not_cosigned(rows: list[Any], storage: Path) -> None:
    behind("update audit_leaf_run set hashes = sha256('x') where first = 0")
    behind("update audit_checkpoint set peaks = sha256('x') || sha256('y') where number = 2")
    write(2)
    services.seal(at=AT + 2 * MINUTE)
    assert refused(storage) == "inconsistent"
    assert ("witness.inconsistent", "3") in verdict(storage)
    assert Cosignature.objects.count() == 2


def test_a_forged_signature_and_an_unknown_key_are_refused(
    rows: list[Any], storage: Path, place: Home
) -> None:
    seal_key_file(place).unlink()
    key = services.make_key(seal_key_file(place))
    with as_owner():
        services._register(key, at=AT + MINUTE, endorser=None)
    write(1)
    made = services.seal(at=AT + 2 * MINUTE).checkpoint
    assert refused(storage) == "unknown-key"
    assert Witness(storage, frozenset({key.fingerprint})).watch(at=AT).cosigned == 1
    write(1)
    services.seal(at=AT + 3 * MINUTE)
    behind("update audit_checkpoint set signature = %s where number = 4", [made.signature])
    assert refused(storage) == "forged"


def test_a_changed_key_is_known_by_its_endorsement(rows: list[Any], storage: Path) -> None:
    services.rotate_key(at=AT + MINUTE)
    write(1)
    services.seal(at=AT + 2 * MINUTE)
    assert Witness(storage).watch(at=AT + 2 * MINUTE).cosigned == 1


def test_a_second_witness_does_not_slip_in(rows: list[Any], storage: Path, tmp_path: Path) -> None:
    assert refused(tmp_path / "other") == "witness.key-replaced"
    (storage / "witness-key").unlink()
    assert refused(storage) == "witness.key-replaced"
    assert SealKey.objects.filter(role="witness").count() == 1


def test_a_forged_cosignature_is_named(rows: list[Any], storage: Path) -> None:
    behind("update audit_cosignature set body = body || 'x' where checkpoint_id = 1")
    assert verdict(storage) == [("witness.cosignature-forged", "1")]


def test_without_any_witness_nothing_can_be_told(log: Log, storage: Path) -> None:
    log(1)
    services.seal(at=AT)
    told = run(WitnessVerifier(storage))
    assert told.state == "inconclusive"
    assert told.reason is not None


def test_a_witness_that_died_between_its_file_and_the_database_says_it_again(
    rows: list[Any], storage: Path
) -> None:
    behind("delete from audit_cosignature where checkpoint_id = 2")
    with (storage / "epoch-1.leaves").open("ab") as file:
        file.write(b"half a leaf")
    Witness(storage).watch(at=AT)
    assert Cosignature.objects.count() == 2
    assert verdict(storage) == []


# -- epochs ---------------------------------------------------------------------------------------


def begin_epoch(**how: Any) -> Checkpoint:
    """As the owner of the tables, as the command line does."""
    with as_owner():
        return services.new_epoch(actor="管理员", **how)


def restore_to_first(rows: list[Any]) -> None:
    """The database as its backup of after the first checkpoint has it: three rows sealed, the
    fourth written but not sealed, the fifth lost."""
    with no_triggers() as cursor:
        for table in ("cosignature where checkpoint_id", "leaf_run where checkpoint_id"):
            cursor.execute(f"delete from audit_{table} = 2")
        cursor.execute("delete from audit_checkpoint where number = 2")
        cursor.execute("delete from audit_change where row_id = %s", [rows[4]])


def test_a_restore_is_refused_until_somebody_begins_an_epoch_with_a_reason(
    rows: list[Any], storage: Path, tmp_path: Path
) -> None:
    lost = Checkpoint.objects.get(number=2).fingerprint
    restore_to_first(rows)
    with pytest.raises(KintsugiError) as found:
        services.seal(at=AT + 2 * MINUTE)
    assert found.value.code == "audit.rolled-back"
    with pytest.raises(KintsugiError) as found:
        begin_epoch(reason=" ", at=AT)
    assert found.value.code == "audit.no-reason"
    made = begin_epoch(reason="从备份恢复", at=AT + 3 * MINUTE)
    epoch = Epoch.objects.get(number=2)
    assert (made.number, made.size, epoch.lost_number, epoch.lost_hash) == (3, 1, 2, lost)
    assert f"previous {lost}" in made.body
    write(2)
    assert services.seal(at=AT + 4 * MINUTE).checkpoint.size == 3
    assert run(TreeVerifier()).findings == []
    assert refused(storage) == "new-epoch"
    assert Witness(storage, frozenset({"epoch-2"})).watch(at=AT + 5 * MINUTE).cosigned == 2
    assert verdict(storage) == []
    path = tmp_path / "log.txt"
    assert export_log(path, since=None, at=AT) == {"changes": 6, "checkpoints": 3}
    assert verify(str(path))["findings"] == []


def test_a_copy_in_another_cluster_keeps_both_orders_of_transaction_numbers(
    rows: list[Any],
) -> None:
    """Old transactions have numbers far above the new cluster's."""
    shift = 10**9
    with no_triggers() as cursor:
        cursor.execute("truncate audit_checkpoint, audit_leaf_run, audit_cosignature cascade")
        cursor.execute("truncate audit_epoch, audit_seal_key cascade")
        cursor.execute("update audit_transaction set xid = xid + %s", [shift])
    services.sealer_memory(services.home()).path.unlink()
    # As the old cluster sealed them: its horizon lay above its own numbers.
    real = services.horizon
    services.horizon = lambda: 2 * shift  # type: ignore[assignment]
    try:
        services.seal(at=AT)
    finally:
        services.horizon = real  # type: ignore[assignment]
    behind("update audit_epoch set system = '1'")
    write(1)  # written in the new cluster before anybody noticed
    with pytest.raises(KintsugiError) as found:
        services.seal(at=AT + MINUTE)
    assert found.value.code == "audit.rolled-back"
    begin_epoch(reason="迁到新服务器", at=AT + 2 * MINUTE)
    write(2)
    services.seal(at=AT + 3 * MINUTE)
    assert sum(LeafRun.objects.values_list("count", flat=True)) == Change.objects.count() == 8
    assert run(TreeVerifier()).findings == []
    behind("update audit_change set op = 'D' where id = (select max(id) from audit_change)")
    assert [f.kind for f in run(TreeVerifier()).findings] == ["tree.leaf-changed"]


def test_a_lost_key_ends_with_a_new_epoch(rows: list[Any], place: Home) -> None:
    seal_key_file(place).unlink()
    made = begin_epoch(reason="密钥随磁盘丢失", at=AT + 2 * MINUTE)
    assert SealKey.objects.filter(role="sealer").count() == 2
    assert made.size == 0
    assert run(TreeVerifier()).findings == []
