"""A load is held against the tables to the cell, and accepted by two persons."""

import random
from typing import Any

import pytest
from django.db import DatabaseError, connection

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.devices.services import correct_device
from kintsugi.identity.control.models import Act
from kintsugi.onboarding import tasks
from kintsugi.onboarding.models import Acceptance, Run
from kintsugi.onboarding.services import add_wave, compare_run, propose_acceptance
from tests.identity.control.people import account, decided, executed
from tests.identity.control.test_pages_and_api import browser, form, hidden
from tests.onboarding.fetched import AT, MINUTE
from tests.onboarding.test_rollback_property import made_up
from tests.onboarding.test_waves import LIST, load, prepared
from tests.onboarding.undone import rolled_back
from tests.scenarios.world import PRODUCTS, World, table_text, tables

pytestmark = pytest.mark.django_db(transaction=True)


def register(rows: int = 6, ward: str = "ICU") -> str:
    """Devices with a price, so that there is something to add up."""
    head = ["序列号", "产品编码", "医院", "科室", "采购价", "保修截止日期"]
    return table_text(
        head, [[f"SN{n}", "P-1", "市一医院", ward, f"{100 + n}.50", "2030年3月"]
               for n in range(1, rows + 1)]
    )  # fmt: skip


def compared(number: str) -> Acceptance:
    return compare_run(actor="tester", run_id=Run.objects.get(number=number).pk, at=AT)


def device_stream(made: Acceptance) -> dict[str, Any]:
    [one] = [s for s in made.results["streams"].values() if s["entity"] == "device"]
    return one


def test_a_load_is_the_same_to_the_cell(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    [report] = world.load(world.file("d.csv", register()))
    before = tables()
    made = compared(report["run"])
    assert tables() == before, "comparing changes nothing"
    one = device_stream(made)
    assert (made.passes, one["records"], one["absent"]) == (True, 6, 0)
    told = ("serial_no", "product", "customer", "department", "purchase_price", "warranty_end")
    assert {n: (c["told"], c["same"]) for n, c in one["fields"].items()} == dict.fromkeys(
        told, (6, 6)
    )
    # 101.5 + 102.5 + … + 106.5, added up by hand.
    price = one["fields"]["purchase_price"]
    assert float(price["sum_source"]) == float(price["sum_target"]) == 624.0
    assert one["source"] == one["target"]
    parties = [s for s in made.results["streams"].values() if s["entity"] == "party"]
    assert [s["records"] for s in parties] == [1], "the hospital that the rows mention"


def test_each_difference_has_its_reason_or_stops_the_acceptance(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    [low] = world.load(world.file("d.csv", register()), source=("low", 20))
    world.load(world.file("e.csv", register(2, ward="手术室")), source=("high", 90))
    with recorded(actor="王工", command="device.correct"):
        correct_device(device=Device.objects.get(serial_no="SN4"), values={"department": "急诊"})
    made = compared(low["run"])
    one = device_stream(made)
    ward = one["fields"]["department"]
    assert (ward["told"], ward["same"], ward["other-source"], ward["corrected"]) == (6, 3, 2, 1)
    assert made.passes
    assert one["source"] != one["target"]
    assert {(d["key"][-3:], d["said"], d["stands"], d["reason"]) for d in one["differences"]} == {
        ("SN1", "ICU", "手术室", "other-source"), ("SN2", "ICU", "手术室", "other-source"),
        ("SN4", "ICU", "急诊", "corrected"),
    }  # fmt: skip
    # Somebody writes past everything: the comparison sees a cell without a reason.
    with connection.cursor() as cursor:
        cursor.execute("set role none; alter table devices_device disable trigger all")
        cursor.execute("update devices_device set purchase_price = 1 where serial_no = 'SN6'")
        cursor.execute("alter table devices_device enable trigger all")
    connection.close()
    made = compared(low["run"])
    one = device_stream(made)
    assert not made.passes
    assert one["fields"]["purchase_price"]["unexplained"] == 1
    assert one["differences"][0]["reason"] == "unexplained", "what has no reason stands first"
    assert (one["differences"][0]["said"], one["differences"][0]["stands"]) == (
        "106.5000",
        "1.0000",
    )
    run = Run.objects.get(number=low["run"])
    with pytest.raises(KintsugiError) as refused:
        propose_acceptance(account=account("李明"), run_id=run.pk, reason="x", at=AT, key="k")
    assert refused.value.code == "acceptance.differs"


@pytest.mark.parametrize("seed", [4, 9])
def test_registers_made_up_by_chance_compare_with_nothing_unexplained(
    world: World, seed: int
) -> None:
    """Blanks, months, doubles, unknown products, two sources that overlap, corrections."""
    chance = random.Random(seed)
    world.load(world.file("p.csv", PRODUCTS), source=("catalogue", 50))
    [first] = world.load(made_up(chance, world, "a.csv", range(80)), source=("one", 40))
    [second] = world.load(made_up(chance, world, "b.csv", range(40, 120)), source=("two", 60))
    for one in Device.objects.order_by("serial_no")[10:60:7]:
        with recorded(actor="王工", command="device.correct"):
            correct_device(device=one, values={"department": "更正", "warranty_end": "2033-02"})
    for report in (first, second):
        made = compared(report["run"])
        assert made.passes, made.results
        for stream in made.results["streams"].values():
            for counts in stream["fields"].values():
                reasons = ("same", "other-source", "corrected", "asked", "unexplained")
                assert counts["told"] == sum(counts[name] for name in reasons)


def test_a_run_in_waves_is_compared_wave_by_wave(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    run = prepared(world.file("d.csv", LIST))
    rules = ({"by": "values", "entity": "device", "field": "customer", "values": ["市一医院"]},
             {"by": "rest"})  # fmt: skip
    for name, rule in zip(("试点", "其余"), rules, strict=True):
        load(add_wave(actor="tester", run_id=run.pk, name=name, kind="pilot", rule=rule))
    run.refresh_from_db()
    assert run.status == "verified"
    made = compared(run.number)
    assert made.passes
    devices = {n: s["records"] for n, s in made.results["streams"].items()
               if s["entity"] == "device"}  # fmt: skip
    assert sorted(devices.values()) == [4, 8]


def test_two_people_accept_a_load_on_its_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(tasks.compare, "defer", lambda **given: asked.append(given))
    world.load(world.file("p.csv", PRODUCTS))
    [report] = world.load(world.file("d.csv", register()))
    run = Run.objects.get(number=report["run"])
    li, wang = browser(account("李明"), "zh-hans"), browser(account("王芳"))
    url = f"/onboarding/runs/{run.number}/acceptance/"
    assert "尚未比对" in li.get(url).text
    assert li.get(f"/api/v1/runs/{run.number}/acceptance").status_code == 404
    assert li.post(url, {"do": "compare"}).status_code == 302
    assert [job["run_id"] for job in asked] == [str(run.pk)]
    compared(run.number)
    page = li.get(url).text
    for told in ("624.0", "每个单元格一致", "序列号"):
        assert told in page, told
    draft = li.get(f"{url}certificate.pdf")
    assert draft.content.startswith(b"%PDF")
    response = li.post(url, {"do": "propose", "reason": "试点通过", "key": hidden(page, "key")})
    act = Act.objects.get()
    assert response.url == f"/acts/{act.pk}/"
    assert "Device: the same" in wang.get(response.url).text
    for client, step in ((wang, "approve"), (li, "execute")):
        signed = client.post(f"/acts/{act.pk}/sign/", form(client, act, step=step))
        assert signed.status_code == 302, signed.text
    made = Acceptance.objects.get()
    assert made.act == act.number
    told = li.get(f"/api/v1/runs/{run.number}/acceptance").json()
    assert (told["passes"], told["act"]) == (True, act.number)
    [one] = [s for s in told["streams"].values() if s["entity"] == "device"]
    assert one["fields"]["serial_no"]["same"] == 6
    final = li.get(f"{url}certificate.pdf")
    assert final.content.startswith(b"%PDF")
    assert final.content != draft.content
    again = li.post(f"/api/v1/runs/{run.number}/accept", {"reason": "x"},
                    content_type="application/json", headers={"Idempotency-Key": "k"})  # fmt: skip
    assert (again.status_code, again.json()["error"]["code"]) == (409, "acceptance.none")


def test_the_database_lets_nobody_accept_alone_or_change_a_comparison(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    [report] = world.load(world.file("d.csv", register()))
    made = compared(report["run"])
    with pytest.raises(DatabaseError, match="two persons"), recorded(actor="x", command="x"):
        Acceptance.objects.filter(pk=made.pk).update(act="ACT-1")
    with pytest.raises(DatabaseError, match="does not change"), recorded(actor="x", command="x"):
        Acceptance.objects.filter(pk=made.pk).update(passes=False)
    with pytest.raises(DatabaseError, match="after it was made"), recorded(actor="x", command="x"):
        Acceptance.objects.create(
            run=made.run, compared_at=AT, compared_by="x", results={}, sha256="0", passes=True,
            act="ACT-1",
        )  # fmt: skip


def test_what_is_signed_is_the_newest_comparison_of_a_run_that_stands(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    [report] = world.load(world.file("d.csv", register()))
    run = Run.objects.get(number=report["run"])
    li, wang = account("李明"), account("王芳")
    with pytest.raises(KintsugiError) as refused:
        propose_acceptance(account=li, run_id=run.pk, reason="x", at=AT, key="k0")
    assert refused.value.code == "acceptance.none"
    compared(run.number)
    act = propose_acceptance(account=li, run_id=run.pk, reason="好", at=AT, key="k1")
    assert propose_acceptance(account=li, run_id=run.pk, reason="好", at=AT, key="k1").pk == act.pk
    with recorded(actor="王工", command="device.correct"):
        correct_device(device=Device.objects.get(serial_no="SN4"), values={"department": "急诊"})
    compare_run(actor="tester", run_id=run.pk, at=AT + MINUTE)
    with pytest.raises(KintsugiError):
        executed(decided(act, wang), li)
    assert not Acceptance.objects.exclude(act="").exists()
    rolled_back(run.number)
    with pytest.raises(KintsugiError) as refused:
        compared(run.number)
    assert refused.value.code == "run.not-loaded"
