"""Apply, then roll back, is as before: for registers made up by chance, with a share of the rows
edited by people in between. What they edited is listed, all else is as it was."""

import random
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.services import recorded
from kintsugi.devices.models import Device
from kintsugi.devices.services import correct_device
from kintsugi.onboarding.models import RollbackItem
from kintsugi.onboarding.selectors import checksums
from kintsugi.onboarding.services import apply_rollback
from tests.onboarding.test_rollback import arithmetic, crosswalk
from tests.onboarding.undone import planned, released, rolled_back
from tests.scenarios.world import PRODUCTS, World, table_text, tables

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = ["序列号", "产品编码", "医院", "科室", "采购日期", "保修截止日期", "备注"]


def made_up(chance: random.Random, world: World, name: str, serials: range) -> Path:
    """A register with blanks, dates known to the month, serials twice and unknown products."""
    rows = []
    for n in serials:
        if chance.random() < 0.15:
            continue
        row = [
            f"SN{n:04d}",
            chance.choice(["P-1", "P-2", "P-3", "P-3", "P-无"] if n % 9 == 0 else ["P-1", "P-2"]),
            chance.choice(["", f"第{chance.randrange(6)}医院"]),
            chance.choice(["ICU", "急诊", "手术室", ""]),
            chance.choice(["2023-05-06", "2023年5月", "2024-02-30", ""]),
            chance.choice(["2029-01-01", "2030年3月", ""]),
            chance.choice(["", "新", "“旧”, 备用", "a\\b"]),
        ]
        rows += [row] * (2 if chance.random() < 0.05 else 1)
    return world.file(name, table_text(HEAD, rows))


@pytest.mark.parametrize("seed", [3, 11])
def test_apply_then_rollback_is_as_before_and_a_second_import_is_as_the_first(
    world: World, seed: int
) -> None:
    """Two sources that overlap, the second one rolled back, loaded, and rolled back again."""
    chance = random.Random(seed)
    world.load(world.file("p.csv", PRODUCTS), source=("catalogue", 50))
    world.load(made_up(chance, world, "a.csv", range(80)), source=("one", 40))
    before, crossed = tables(), crosswalk()
    second = made_up(chance, world, "b.csv", range(40, 120))
    [first] = world.load(second, source=("two", 60))
    loaded, crossed_loaded = tables(), crosswalk()
    assert loaded != before
    done = rolled_back(first["run"], size=chance.randrange(3, 30))
    assert tables() == before
    assert crosswalk() == crossed
    assert all(one["before"] == one["now"] for one in done.rollback.proof.values())
    [again] = world.load(second, source=("two", 60))
    assert arithmetic(again) == arithmetic(first)
    assert tables() == loaded
    assert crosswalk() == crossed_loaded
    rolled_back(again["run"])
    assert tables() == before
    assert crosswalk() == crossed


def test_after_one_in_a_hundred_was_corrected_each_is_listed_and_all_else_is_put_back(
    world: World,
) -> None:
    """300 devices updated, 3 corrected by the service that corrects devices, each another field."""
    rows = [[f"SN{n:04d}", "P-1", "市一医院", "ICU", "2023-05-06", "", "一"] for n in range(300)]
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", table_text(HEAD, rows)))
    state = checksums()["devices_device"]
    changed = [[*row[:3], "手术室", row[4], row[5], "二"] for row in rows]
    [second] = world.load(world.file("d.csv", table_text(HEAD, changed)))
    chosen = dict(
        zip(("SN0007", "SN0123", "SN0288"), ("department", "notes", "lot_no"), strict=True)
    )
    for serial, field in chosen.items():
        with recorded(actor="王工", command="device.correct"):
            correct_device(device=Device.objects.get(serial_no=serial), values={field: "更正"})
    plan = planned(second["run"])
    released(plan)
    apply_rollback(actor="tester", rollback_id=plan.pk)
    found = {
        i.row_id: (i.field, i.outcome, i.before, i.loaded, i.current, i.changed_by)
        for i in RollbackItem.objects.filter(rollback__run=plan, stage="apply")
    }
    ids = {d.serial_no: d.pk for d in Device.objects.filter(serial_no__in=chosen)}
    assert found == {
        ids["SN0007"]: ("department", "changed", "ICU", "手术室", "更正", "王工"),
        ids["SN0123"]: ("notes", "changed", "一", "二", "更正", "王工"),
    }, "the lot number was no field of the run: nothing of it is in conflict"
    values: dict[str, tuple[Any, ...]] = {
        d.serial_no: (d.department, d.notes, d.lot_no) for d in Device.objects.all()
    }
    assert values.pop("SN0007") == ("更正", "一", None)
    assert values.pop("SN0123") == ("ICU", "更正", None)
    assert values.pop("SN0288") == ("ICU", "一", "更正")
    assert set(values.values()) == {("ICU", "一", None)}
    assert checksums()["devices_device"]["rows"] == state["rows"]
