"""A rollback that is killed, that people work beside, that is asked for twice: it ends as if it had
been alone and undisturbed, and what people did meanwhile stays."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.onboarding.models import Chunk, Run
from kintsugi.onboarding.services import apply_rollback, propose_rollback, rollbacks
from tests.identity.control.people import account, decided, executed
from tests.onboarding.test_rollback import MORE, crosswalk
from tests.onboarding.undone import AT, edit, items, planned, released
from tests.scenarios.world import DEVICES, PRODUCTS, World, device, table_text, tables

pytestmark = pytest.mark.django_db(transaction=True)

CRASH = Path(__file__).with_name("rollback_crash.py")
#: More kills: ``KINTSUGI_ROLLBACK_KILLS=100 pytest …``.
KILLS = int(os.environ.get("KINTSUGI_ROLLBACK_KILLS", "4"))
POINTS = ("rows written", "before the ledger", "between chunks", "before the end")


def register(world: World, room: str) -> Path:
    """Sixty devices; 40 of them are known after the first load."""
    head = ["序列号", "产品编码", "医院", "科室", "采购日期", "备注"]
    count = 40 if room == "ICU" else 60
    rows = [
        [f"SN{n:03d}", f"P-{n % 3 + 1}", f"第{n % 7}医院", room, "2023-05-06", f"第{n}台"]
        for n in range(count)
    ]
    return world.file("d.csv", table_text(head, rows))


def crash(world: World, point: str, count: int, plan: Run) -> int:
    """Carry the rollback out until the named point is reached the n-th time; the exit code."""
    environment = {
        **os.environ,
        "KINTSUGI_HOME": str(world.folder / "home"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = subprocess.run(
        [sys.executable, str(CRASH), point, str(count), str(plan.pk)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in process.stderr, process.stderr
    return process.returncode


def test_killed_at_random_points_and_taken_up_again_it_ends_as_if_undisturbed(
    world: World,
) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(register(world, "ICU"))
    before, crossed = tables(), crosswalk()
    [second] = world.load(register(world, "手术室"))
    plan = planned(second["run"], size=7)
    released(plan)
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    codes = []
    for _ in range(KILLS):
        point = chance.choice(POINTS)
        count = 1 if point == "before the end" else chance.randrange(1, 6)
        code = crash(world, point, count, plan)
        assert code in (-9, 0), (seed, point, count)
        codes.append(code)
    assert codes[0] == -9, "killed at least once"
    apply_rollback(actor="tester", rollback_id=plan.pk)
    assert (tables(), crosswalk()) == (before, crossed), seed
    assert items(plan) == []
    numbers = sorted(Chunk.objects.filter(run=plan).values_list("number", flat=True))
    plan.refresh_from_db()
    assert numbers == list(range(len(plan.rollback.chunks))), "each chunk once"
    assert plan.rollback.result["restored"] == 40
    assert plan.rollback.result["taken_back"] == 20


def test_who_edits_while_it_is_carried_out_keeps_his_value(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edited between approval and its chunk: found under lock, kept and named."""
    world.load(world.file("p.csv", PRODUCTS))
    world.load(register(world, "ICU"))
    [second] = world.load(register(world, "手术室"))
    plan = planned(second["run"], size=7)
    released(plan)
    assert items(plan, "plan") == []
    chosen = [device(f"SN{n:03d}").pk for n in (5, 39, 55)]
    real, done = rollbacks.undo_chunk, []

    def between(*args: Any, **more: Any) -> None:
        if not done:
            for pk in chosen:
                edit(Device, pk, actor="赵工", department="急诊")
        done.append(1)
        real(*args, **more)

    monkeypatch.setattr(rollbacks, "undo_chunk", between)
    apply_rollback(actor="tester", rollback_id=plan.pk)
    kept = items(plan)
    assert [one for one in kept if one[0] == "device"] == [
        ("device", "department", "changed"),
        ("device", "department", "changed"),
        ("device", "department", "edited"),
    ]
    rooms = dict(Device.objects.filter(is_void=False).values_list("serial_no", "department"))
    assert {serial for serial, room in rooms.items() if room == "急诊"} == {
        "SN005", "SN039", "SN055",
    }  # fmt: skip
    assert set(rooms.values()) == {"急诊", "ICU"}
    assert Run.objects.get(number=second["run"]).status == "partly-reverted"


def test_a_writer_in_the_middle_waits_for_the_chunk_or_the_chunk_for_him(world: World) -> None:
    """An uncommitted edit holds the chunk back; once it is committed it is a conflict."""
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    [second] = world.load(world.file("d.csv", MORE))
    plan = planned(second["run"])
    released(plan)
    one = device("SN1")
    errors: list[Exception] = []

    def carry_out() -> None:
        try:
            apply_rollback(actor="tester", rollback_id=plan.pk)
        except Exception as error:  # shown below
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=carry_out)
    with recorded(actor="赵工", command="test.edit"):
        Device.objects.filter(pk=one.pk).update(department="急诊")
        thread.start()
        thread.join(timeout=1.5)
        assert thread.is_alive(), "the chunk waits for the row"
    thread.join(timeout=60)
    assert errors == []
    assert device("SN1").department == "急诊"
    assert ("device", "department", "changed") in items(plan)


def test_of_two_plans_and_two_proposals_at_once_one_stands(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    [first] = world.load(world.file("d.csv", DEVICES))
    plan = planned(first["run"])
    with pytest.raises(KintsugiError) as caught:
        planned(first["run"])
    assert caught.value.code == "rollback.open"
    li, wang = account("李明"), account("王芳")
    propose_rollback(account=li, rollback_id=plan.pk, reason="wrong", at=AT, key="one")
    again = propose_rollback(account=li, rollback_id=plan.pk, reason="wrong", at=AT, key="one")
    assert again.status == "submitted", "the same request again gives the same act"
    with pytest.raises(KintsugiError) as caught:
        propose_rollback(account=wang, rollback_id=plan.pk, reason="me too", at=AT, key="two")
    assert caught.value.code == "rollback.proposed"


def test_one_person_alone_cannot_let_a_rollback_go(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    [first] = world.load(world.file("d.csv", DEVICES))
    before = tables()
    plan = planned(first["run"])
    with pytest.raises(KintsugiError) as caught:
        apply_rollback(actor="tester", rollback_id=plan.pk)
    assert caught.value.code == "rollback.not-approved"
    li, wang = account("李明"), account("王芳")
    act = propose_rollback(account=li, rollback_id=plan.pk, reason="wrong", at=AT, key="k")
    with pytest.raises(KintsugiError) as caught:
        decided(act, li)
    assert caught.value.code == "control.self-approval"
    with pytest.raises(DatabaseError, match="two persons"), recorded(actor="x", command="hand"):
        Run.objects.filter(pk=plan.pk).update(status="approved")
    with pytest.raises(DatabaseError, match="no step"), recorded(actor="x", command="hand"):
        Run.objects.filter(pk=plan.pk).update(status="applying")
    with pytest.raises(DatabaseError, match="does not change"), recorded(actor="x", command="h"):
        type(plan.rollback).objects.filter(run=plan).update(plan_sha256="f" * 64)
    act = decided(act, wang)
    with pytest.raises(KintsugiError) as caught:
        executed(act, wang)
    assert caught.value.code == "control.checker-executes"
    assert tables() == before
    executed(act, li)
    plan.refresh_from_db()
    assert plan.status == "approved"
