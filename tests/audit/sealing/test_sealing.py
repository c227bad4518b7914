"""The sealer over a real database: order, growth, crash, rivals, slow transactions."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import Error, connection

from kintsugi.audit.models import Change, Checkpoint, LeafRun, SealKey
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.keys import read_key, seal_key_file
from kintsugi.audit.sealing.lines import LAST, Place, hashed, lines, position
from kintsugi.audit.sealing.memory import sealer_memory
from kintsugi.audit.sealing.services import SEAL_LOCK
from kintsugi.audit.sealing.store import Nodes, inclusion_of
from kintsugi.audit.sealing.tree import (
    Growth,
    consistency_proof,
    is_consistent,
    leaf_hash,
    root_of_inclusion,
)
from kintsugi.audit.sealing.verifiers import TreeVerifier
from kintsugi.audit.verification import run
from kintsugi.core.errors import KintsugiError
from kintsugi.runtime.home import Home
from tests.audit.sealing.tampering import superuser

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Log = Callable[..., list[Any]]

WRITE = """
select set_config('kintsugi.context', '{"actor": "慢", "command": "test.slow"}', true);
insert into parties_party (id, party_key, name, roles)
values (gen_random_uuid(), gen_random_uuid(), '慢速医院', '{customer}');
"""


def everything() -> list[bytes]:
    return [line for some in lines(Place(0, 0, LAST, LAST)) for line in some]


def test_sealing_takes_every_finished_change_once_and_goes_on_where_it_stopped(log: Log) -> None:
    log(3)
    assert services.seal(at=AT).added == 3
    assert services.seal(at=AT).added == 0
    log(2)
    log(4)
    second = services.seal(at=AT + MINUTE)
    assert second.added == 6
    assert second.checkpoint.size == Change.objects.count() == 9
    growth = Growth()
    growth.extend(hashed(everything()))
    assert growth.root().hex() == second.checkpoint.root
    assert sum(LeafRun.objects.values_list("count", flat=True)) == 9
    assert Checkpoint.objects.count() == 2
    verdict = run(TreeVerifier())
    assert (verdict.state, verdict.checked) == ("clean", 9), verdict.findings


def test_a_line_survives_quotes_backslashes_and_line_breaks(log: Log) -> None:
    log(1, actor='斜\\"杠', reason="第一行\n第二行\t制表 \\n \u2028")
    (line,) = everything()
    import json

    leaf = json.loads(line)
    assert leaf["transaction"]["actor"] == '斜\\"杠'
    assert leaf["transaction"]["reason"] == "第一行\n第二行\t制表 \\n \u2028"
    change = Change.objects.get()
    assert leaf["after"] == change.after
    assert leaf["id"] == change.pk
    whole = leaf["transaction"]["at"]
    moment = change.transaction.at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert whole == moment // dt.timedelta(microseconds=1)


def test_a_slow_transaction_holds_the_horizon_and_is_sealed_in_the_order_of_ids(log: Log) -> None:
    log(1)
    with psycopg.connect(os.environ["DATABASE_URL"]) as slow:
        slow.execute(WRITE)
        log(2)  # later transaction, finished first
        assert services.seal(at=AT).added == 1
        slow.commit()
    assert services.seal(at=AT + MINUTE).added == 3
    places = [position(line) for line in everything()]
    assert places == sorted(places)
    actors = list(
        Change.objects.order_by("transaction__xid", "id").values_list(
            "transaction__actor", flat=True
        )
    )
    assert actors == ["仓库 王", "慢", "仓库 王", "仓库 王"]
    assert run(TreeVerifier()).state == "clean"


def test_a_clock_that_steps_back_changes_no_order(log: Log) -> None:
    log(1)
    services.seal(at=AT)
    log(1)
    services.seal(at=AT - dt.timedelta(days=400))
    log(1)
    services.seal(at=AT + MINUTE)
    assert list(Checkpoint.objects.order_by("number").values_list("size", flat=True)) == [1, 2, 3]
    assert run(TreeVerifier()).state == "clean"


def test_two_sealers_at_once_seal_everything_once(log: Log) -> None:
    log(50)
    outcomes: list[Any] = []
    begin = threading.Barrier(4)

    def work() -> None:
        begin.wait()
        try:
            outcomes.append(services.seal(at=AT).added)
        except KintsugiError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one for one in outcomes if isinstance(one, int)) == 50
    assert {one for one in outcomes if isinstance(one, str)} <= {"audit.sealer-busy"}
    assert Checkpoint.objects.count() == 1


CRASH = """
import datetime as dt, os, signal, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
settings.HOME = Path(sys.argv[1])
from kintsugi.audit.sealing import services
from kintsugi.audit.models import Checkpoint, LeafRun, Node

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

step = sys.argv[2]
if step == "after-key":
    services.guard_text = die
elif step == "before-checkpoint":
    services.notes.checkpoint_note = die
elif step == "before-runs":
    LeafRun.objects.bulk_create = die
elif step == "before-nodes":
    Node.objects.bulk_create = die
elif step == "after-commit":
    services._remember = die
elif step == "rotate-before-database":
    services._register = die
elif step == "rotate-before-file":
    real = services._finish_rotation
    services._finish_rotation = lambda place: die() if services.read_key(
        services.next_key_file(place)) else real(place)
if step.startswith("rotate"):
    services.rotate_key(at=dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC))
services.seal(at=dt.datetime(2026, 11, 25, 8, tzinfo=dt.UTC))
"""


def die_at(step: str, place: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(place.root), step],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "kintsugi.config.settings"},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    # The server notices a moment later that nobody is there any more, and lets go of the lock.
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s), pg_advisory_unlock(%s)", [SEAL_LOCK] * 2)


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("after-key", 0),
        ("before-checkpoint", 0),
        ("before-runs", 0),
        ("before-nodes", 0),
        ("after-commit", 1),
    ],
)
def test_a_sealer_killed_at_any_step_is_followed_as_if_it_had_not_been(
    step: str, left: int, log: Log, place: Home
) -> None:
    log(300)
    die_at(step, place)
    assert Checkpoint.objects.count() == left
    done = services.seal(at=AT + MINUTE)
    assert done.added == (0 if left else 300)
    assert Checkpoint.objects.count() == 1
    known = sealer_memory(place).last()
    assert known is not None
    assert known["hash"] == Checkpoint.objects.get().fingerprint
    assert run(TreeVerifier()).state == "clean"
    log(1)
    assert services.seal(at=AT + 2 * MINUTE).added == 1


@pytest.mark.parametrize("step", ["rotate-before-database", "rotate-before-file"])
def test_a_key_change_killed_half_way_loses_no_key(step: str, log: Log, place: Home) -> None:
    log(1)
    services.seal(at=AT)
    before = read_key(seal_key_file(place))
    die_at(step, place)
    log(1)
    services.seal(at=AT + dt.timedelta(hours=2))
    after = read_key(seal_key_file(place))
    assert before is not None
    assert after is not None
    assert (before.fingerprint != after.fingerprint) == (step == "rotate-before-file")
    assert Checkpoint.objects.order_by("-number")[0].key == after.fingerprint
    assert run(TreeVerifier()).state == "clean"


def test_a_new_key_is_endorsed_by_the_one_before_and_signs_from_then_on(
    log: Log, place: Home
) -> None:
    log(1)
    first = services.seal(at=AT).checkpoint
    new = services.rotate_key(at=AT + MINUTE)
    log(1)
    second = services.seal(at=AT + 2 * MINUTE).checkpoint
    assert new.endorsed_by == first.key
    assert second.key == new.fingerprint != first.key
    assert seal_key_file(place).stat().st_mode & 0o777 == 0o600
    assert SealKey.objects.count() == 2
    assert run(TreeVerifier()).state == "clean"


def test_a_lost_key_is_refused_by_name(log: Log, place: Home) -> None:
    log(1)
    services.seal(at=AT)
    seal_key_file(place).unlink()
    log(1)
    with pytest.raises(KintsugiError) as refused:
        services.seal(at=AT)
    assert refused.value.code == "audit.seal-key-lost"
    assert Checkpoint.objects.count() == 1


def test_proofs_over_many_seals_lead_to_the_signed_root(log: Log) -> None:
    sizes = []
    for count in (1, 255, 300, 1, 700):
        log(count)
        sizes.append(services.seal(at=AT).checkpoint)
    newest = sizes[-1]
    ids = list(Change.objects.order_by("transaction__xid", "id").values_list("id", flat=True))
    for index in (0, 1, 255, 256, 511, 555, 556, 557, 1255, 1256):
        proof = inclusion_of(ids[index])
        assert (proof.index, proof.checkpoint.pk) == (index, newest.pk)
        root = root_of_inclusion(leaf_hash(proof.line), index, newest.size, proof.path)
        assert root is not None
        assert root.hex() == newest.root
    for older in sizes:
        path = consistency_proof(older.size, newest.size, Nodes(1))
        assert is_consistent(
            older.size, bytes.fromhex(older.root), newest.size, bytes.fromhex(newest.root), path
        )


def test_an_unsealed_change_has_no_proof_and_an_unknown_one_neither(log: Log) -> None:
    log(1)
    services.seal(at=AT)
    log(1)
    with pytest.raises(KintsugiError) as refused:
        inclusion_of(Change.objects.order_by("-id")[0].pk)
    assert refused.value.code == "audit.not-sealed-yet"
    with pytest.raises(KintsugiError) as refused:
        inclusion_of(2**40)
    assert refused.value.code == "audit.no-such-change"


def test_sealed_tables_only_grow(log: Log) -> None:
    tables = [
        *("audit_epoch", "audit_seal_key", "audit_guard", "audit_checkpoint", "audit_leaf_run"),
        *("audit_node", "audit_cosignature", "audit_time_stamp", "audit_verification"),
    ]
    for table in tables:
        for what in ("delete from {}", "truncate {} cascade"):
            with pytest.raises(Error, match="only grows"), superuser() as cursor:
                cursor.execute(what.format(table))
            with pytest.raises(Error, match="permission denied"), connection.cursor() as cursor:
                cursor.execute(what.format(table))
