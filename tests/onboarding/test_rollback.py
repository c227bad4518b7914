"""A load that is already in use is rolled back: what nobody touched is as before, what somebody
touched stays and is named, and the same file can be loaded again."""

from typing import Any

import pytest

from kintsugi.audit.models import Provenance
from kintsugi.devices.models import Device
from kintsugi.onboarding.models import RollbackItem, Run
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from tests.onboarding.undone import edit, items, planned, rolled_back
from tests.scenarios.world import DEVICES, PRODUCTS, World, device, tables

pytestmark = pytest.mark.django_db(transaction=True)

MORE = """序列号,产品编码,医院,科室,采购日期,备注
SN1,P-1,市一医院,手术室,2023-05-06,第一台
SN4,P-3,市九医院,门诊,2024-01-02,新
"""


def crosswalk() -> set[tuple[Any, ...]]:
    """What the open crosswalk says, without ids of rows and runs."""
    return {
        (p.entity, p.source, p.source_key, str(p.values), str(p.values_hash), tuple(p.won.fields))
        for p in Provenance.objects.select_related("won")
    }


def arithmetic(report: dict[str, Any]) -> dict[str, Any]:
    names = ("read", "created", "updated", "merged", "unchanged", "quarantined")
    return {name: report[name] for name in names}


def test_a_first_load_rolled_back_leaves_the_tables_as_they_were_and_loads_again_alike(
    world: World,
) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    before, crossed = tables(), crosswalk()
    register = world.file("d.csv", DEVICES)
    [first] = world.load(register)
    loaded, crossed_loaded = tables(), crosswalk()
    done = rolled_back(first["run"], size=2)
    assert tables() == before
    assert crosswalk() == crossed
    assert items(done) == []
    assert Run.objects.get(number=first["run"]).status == "reverted"
    assert Device.objects.count() == 3, "nothing is deleted"
    assert Device.objects.filter(is_void=False).count() == 0
    for one in done.rollback.proof.values():
        assert one["before"] == one["now"]
    ids = set(Device.objects.values_list("pk", flat=True))
    [second] = world.load(register)
    assert second["run"] != first["run"]
    assert arithmetic(second) == arithmetic(first)
    assert tables() == loaded
    assert crosswalk() == crossed_loaded
    assert set(Device.objects.values_list("pk", flat=True)) == ids, "a key keeps its id for ever"
    rolled_back(second["run"])
    assert tables() == before
    assert crosswalk() == crossed


def test_an_update_rolled_back_puts_values_and_crosswalk_back(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    before, crossed = tables(), crosswalk()
    [second] = world.load(world.file("d.csv", MORE))
    assert device("SN1").department == "手术室"
    loaded = tables()
    done = rolled_back(second["run"], size=1)
    assert tables() == before
    assert crosswalk() == crossed
    assert device("SN1").department == "ICU"
    assert items(done) == []
    [third] = world.load(world.file("d.csv", MORE))
    assert arithmetic(third) == arithmetic(second)
    assert tables() == loaded


def test_a_rollback_is_a_run_and_can_be_rolled_back(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    [second] = world.load(world.file("d.csv", MORE))
    loaded, crossed = tables(), crosswalk()
    once = rolled_back(second["run"])
    assert tables() != loaded
    twice = rolled_back(once.number)
    assert tables() == loaded
    assert crosswalk() == crossed
    run = Run.objects.get(number=second["run"])
    once.refresh_from_db()
    assert (run.status, once.status, twice.status) == ("verified", "reverted", "verified")


def test_what_people_changed_stays_and_is_named_and_all_else_is_put_back(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    [second] = world.load(world.file("d.csv", MORE))
    one, new = device("SN1"), device("SN4")
    edit(Device, one.pk, actor="张工", department="放射科")
    edit(Device, new.pk, actor="李工", notes="看过")
    plan = planned(second["run"])
    found = {
        (i.field, i.outcome): (i.before, i.loaded, i.current, i.changed_by)
        for i in RollbackItem.objects.filter(rollback__run=plan)
    }
    customer = ("", "referenced")
    assert found.pop(("department", "changed")) == ("ICU", "手术室", "放射科", "张工")
    assert found.pop(("notes", "edited")) == (None, "新", "看过", "李工")
    assert found.pop(customer)[1] == "devices_device.customer_id", "the new device's hospital"
    assert found == {}
    from kintsugi.onboarding.services import apply_rollback
    from tests.onboarding.undone import released

    released(plan)
    apply_rollback(actor="tester", rollback_id=plan.pk)
    assert sorted(items(plan)) == sorted(items(plan, "plan"))
    assert (device("SN1").department, device("SN4").notes) == ("放射科", "看过")
    assert not Device.objects.get(pk=new.pk).is_void
    assert Party.objects.get(name="市九医院").is_void is False
    assert Run.objects.get(number=second["run"]).status == "partly-reverted"


def test_a_field_that_a_later_run_wrote_stays_and_that_run_learns_what_was_before(
    world: World,
) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    [second] = world.load(world.file("d.csv", MORE))
    before_third = MORE.replace("手术室", "门诊部").replace(
        "SN4,P-3,市九医院,门诊", "SN3,P-1,市二医院,急诊"
    )
    [third] = world.load(world.file("d.csv", before_third))
    done = rolled_back(second["run"])
    assert ("device", "department", "later_run") in items(done)
    assert device("SN1").department == "门诊部"
    rolled_back(third["run"])
    assert device("SN1").department == "ICU", "not the value of the run that was rolled back"


def test_a_product_of_the_run_that_a_device_points_to_is_kept_and_reported(world: World) -> None:
    [products] = world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    done = rolled_back(products["run"])
    kept = set(Product.objects.filter(is_void=False).values_list("product_code", flat=True))
    assert kept == {"P-1", "P-2"}, "P-3 has no device"
    assert items(done).count(("product", "", "referenced")) == 2
    assert Run.objects.get(number=products["run"]).status == "partly-reverted"
