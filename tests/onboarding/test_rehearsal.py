"""A rehearsal says what a run would do, changes nothing, and two persons let the run go."""

from typing import Any

import polars as pl
import pytest
from django.db import DatabaseError

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.core.models import Event
from kintsugi.devices.models import Device
from kintsugi.onboarding import handlers, tasks
from kintsugi.onboarding.models import Issue, RestorePoint, Run, Source
from kintsugi.onboarding.selectors import checksums
from kintsugi.onboarding.services import (
    Fragment,
    apply_run,
    import_fragments,
    prepare_run,
    rehearsal,
    rehearse_run,
    running,
)
from kintsugi.onboarding.services.letting_go import check_plan, plan_of
from tests.identity.control.people import account, verified
from tests.onboarding.governed import AT, loaded, prepared, rehearsed, released, sums
from tests.onboarding.undone import edit
from tests.scenarios.world import DEVICES, PRODUCTS, World, device, tables

pytestmark = pytest.mark.django_db(transaction=True)

#: SN1 moves to another ward, SN2 stays, SN3 gets a note and another date, SN4 is new, SN5 has no
#: product that anybody knows.
LATER = """序列号,产品编码,医院,科室,采购日期,备注
SN1,P-1,市一医院,手术室,2023-05-06,第一台
SN2,P-2,市二医院,急诊,2023-05-07,
SN3,P-1,市二医院,急诊,2023-06-09,换过电池
SN4,P-2,市三医院,ICU,2024-01-02,
SN5,P-9,市三医院,ICU,2024-01-02,
"""


def _begin(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))


def _changed(run: Run) -> set[tuple[str, str, str | None, str | None]]:
    """(key, field, before, after) of all cells a rehearsal would change."""
    found = set()
    for path in rehearsal.folder_of(run).glob("changed-*.parquet"):
        for row in pl.read_parquet(path).iter_rows(named=True):
            found.add((row["_key"], row["field"], row["before"], row["after"]))
    return found


@pytest.mark.parametrize("copies", [False, True], ids=["on the tables", "on copies"])
def test_a_rehearsal_is_the_diff_and_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, copies: bool
) -> None:
    _begin(world)
    monkeypatch.setattr(rehearsal, "COPIES_ABOVE", 0 if copies else 10**6)
    before, issues = tables(), Issue.objects.count()
    run = prepared(world.file("d.csv", LATER))
    kept = Issue.objects.count()
    run = rehearse_run(actor="tester", run_id=run.pk, at=AT)
    assert run.status == "rehearsed"
    assert tables() == before, "nothing is changed by it"
    assert Issue.objects.count() == kept >= issues
    # By hand: four of five lines can be loaded; SN2 says what it said.
    assert sums(run, "device") == {
        "read": 5, "created": 1, "updated": 2, "merged": 0, "unchanged": 1, "quarantined": 1,
    }  # fmt: skip
    # The third hospital is new and named twice; the two known ones say nothing new.
    assert sums(run, "party")["created"] == 1
    assert {(key[-3:].upper(), field, b, a) for key, field, b, a in _changed(run)} == {
        ("SN1", "department", "ICU", "手术室"),
        ("SN3", "purchase_date", "2023-05-08", "2023-06-09"),
        ("SN3", "notes", "第三台", "换过电池"),
    }


@pytest.mark.parametrize("copies", [False, True])
def test_what_was_rehearsed_is_what_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch, copies: bool
) -> None:
    _begin(world)
    monkeypatch.setattr(rehearsal, "COPIES_ABOVE", 0 if copies else 10**6)
    run = rehearsed(world.file("d.csv", LATER))
    act = released(run)
    run = apply_run(actor="worker", run_id=run.pk, at=AT)
    assert run.status == "verified"
    for name, one in run.rehearsal["entities"].items():
        table, _, entity = name.rpartition("/")
        done = run.counts["entities"][entity + table]
        for outcome in ("created", "updated", "merged", "unchanged", "cells"):
            assert done[outcome] == one[outcome], (name, outcome)
    act = verified(act, account("张工"))
    assert act.status == "verified"


def test_both_ways_of_rehearsing_say_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _begin(world)
    run = prepared(world.file("d.csv", LATER))
    digests = []
    for copies in (0, 10**6):
        monkeypatch.setattr(rehearsal, "COPIES_ABOVE", copies)
        run = rehearse_run(actor="tester", run_id=run.pk, at=AT)
        digests.append(run.rehearsal["digest"])
    assert digests[0] == digests[1]


def test_a_governed_run_is_not_loaded_by_one_person(world: World) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    before = tables()
    with pytest.raises(KintsugiError) as refused:
        apply_run(actor="tester", run_id=run.pk, at=AT)
    assert refused.value.code == "run.needs-approval"
    # Nor past the services: the database asks for the act.
    for change in ({"status": "approved"}, {"act": "ACT-1"}, {"is_governed": False}):
        with (
            pytest.raises(DatabaseError),
            recorded(actor="mallory", command="test.trick"),
        ):
            Run.objects.filter(pk=run.pk).update(**change)
    assert tables() == before


def test_a_rehearsal_that_no_longer_holds_is_not_let_go(world: World) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    old = plan_of(run)
    edit(Device, device("SN1").pk, department="手术室")
    run = rehearse_run(actor="tester", run_id=run.pk, at=AT)
    assert plan_of(run)["digest"] != old["digest"], "a cell fewer would change"
    with pytest.raises(KintsugiError) as refused:
        check_plan(run.pk, old)
    assert refused.value.code == "run.other-rehearsal"


def test_an_approved_run_rehearsed_to_another_end_is_approved_anew(world: World) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    released(run)
    run.refresh_from_db()
    assert run.status == "approved"
    run = rehearse_run(actor="tester", run_id=run.pk, at=AT)
    assert run.status == "approved", "the same outcome stays approved"
    edit(Device, device("SN1").pk, department="手术室")
    run = rehearse_run(actor="tester", run_id=run.pk, at=AT)
    assert (run.status, run.act) == ("rehearsed", "")
    with pytest.raises(KintsugiError) as refused:
        apply_run(actor="worker", run_id=run.pk, at=AT)
    assert refused.value.code == "run.needs-approval"


def test_a_changed_contract_asks_for_preparing_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    monkeypatch.setattr(running, "contracts_digest", lambda: "f" * 64)
    for refused_by in (rehearse_run, apply_run):
        with pytest.raises(KintsugiError) as refused:
            refused_by(actor="tester", run_id=run.pk, at=AT)
        assert refused.value.code in ("run.contract-changed", "run.needs-approval")
    run.refresh_from_db()
    assert run.status == "rehearsed"


def test_a_source_can_ask_for_two_persons_always(world: World) -> None:
    _begin(world)
    source = Source.objects.get(code="d")
    with recorded(actor="tester", command="test.govern"):
        Source.objects.filter(pk=source.pk).update(is_governed=True)
    before = tables()
    [run] = import_fragments(
        actor="tester", fragments=[Fragment(location=str(world.file("d.csv", LATER)))], at=AT
    )
    assert run.status == "rehearsed"
    assert tables() == before


def test_a_restore_point_is_kept_before_the_first_chunk(world: World) -> None:
    _begin(world)
    before = checksums()
    run = loaded(rehearsed(world.file("d.csv", LATER)))
    point = RestorePoint.objects.get(run=run)
    assert point.tables == before
    with pytest.raises(DatabaseError), recorded(actor="mallory", command="test.trick"):
        RestorePoint.objects.filter(pk=point.pk).update(position=1)


def test_a_voided_record_is_not_brought_back_by_its_source(world: World) -> None:
    _begin(world)
    edit(Device, device("SN1").pk, is_void=True, void_reason="报废")
    world.load(world.file("d.csv", LATER.replace("SN5,P-9", "SN5,P-2")))
    kept = Device.objects.get(serial_no="SN1")
    assert (kept.is_void, kept.department) == (True, "ICU")
    assert Issue.objects.filter(rule="conflict.voided", status="open").count() == 1


def test_an_approved_run_is_handed_to_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    released(run)
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.load_run, "defer", lambda **given: asked.append(given))
    handlers.load(Event.objects.get(type="onboarding.run-approved"))
    assert [one["run_id"] for one in asked] == [str(run.pk)]


def test_a_run_of_another_dictionary_is_prepared_again_and_approved_anew(world: World) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    with recorded(actor="tester", command="test.older"):
        Run.objects.filter(pk=run.pk).update(contracts="f" * 64)
    assert running.is_outdated(run.pk)
    tasks.rehearse.func(run_id=str(run.pk), actor="worker")
    run.refresh_from_db()
    assert (run.status, running.is_outdated(run.pk)) == ("rehearsed", False)
    assert loaded(run).status == "verified"


def test_what_was_let_go_is_not_carried_over_to_another_reading(world: World) -> None:
    _begin(world)
    run = rehearsed(world.file("d.csv", LATER))
    released(run)
    with recorded(actor="tester", command="test.stopped"):
        Run.objects.filter(pk=run.pk).update(status="applying")
        Run.objects.filter(pk=run.pk).update(status="failed")
    prepare_run(actor="tester", run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.act, run.rehearsal) == ("validated", "", None)
    with pytest.raises(KintsugiError) as refused:
        apply_run(actor="worker", run_id=run.pk, at=AT)
    assert refused.value.code == "run.needs-approval"
