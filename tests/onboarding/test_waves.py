"""Waves of one run: chosen by rule, each counted, stopped and rolled back alone."""

import datetime as dt
from typing import Any

import pytest

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.onboarding.models import Chunk, LoadWindow, Run
from kintsugi.onboarding.services import (
    add_wave,
    apply_run,
    ask,
    loading,
    pacing,
    rehearse_run,
)
from kintsugi.onboarding.services import (
    apply as applying,
)
from tests.onboarding.governed import AT, prepared, released, sums
from tests.onboarding.undone import rolled_back
from tests.scenarios.world import PRODUCTS, World, table_text, tables

pytestmark = pytest.mark.django_db(transaction=True)

HOSPITALS = ("市一医院", "市二医院", "市三医院")
#: Twelve devices in three hospitals, four each; one row too many and a total below.
ROWS = [
    [f"SN{n:02}", "P-1" if n % 2 else "P-2", HOSPITALS[n % 3], "ICU", "2023-05-06", ""]
    for n in range(12)
]
LIST = table_text(
    ["序列号", "产品编码", "医院", "科室", "采购日期", "备注"],
    [*ROWS, ROWS[0], ["合计", "", "", "", "", ""]],
)


@pytest.fixture
def run(world: World) -> Run:
    """The list, prepared and not loaded."""
    world.load(world.file("p.csv", PRODUCTS))
    return prepared(world.file("d.csv", LIST))


def of(*hospitals: str) -> dict[str, Any]:
    """Rows of these hospitals."""
    return {"by": "values", "entity": "device", "field": "customer", "values": list(hospitals)}


def wave(run: Run, name: str, rule: dict[str, Any], kind: str = "widened", **more: Any) -> Run:
    return add_wave(actor="tester", run_id=run.pk, name=name, kind=kind, rule=rule, **more)


def load(made: Run) -> Run:
    """Rehearsed, let go by two persons, loaded."""
    rehearse_run(actor="tester", run_id=made.pk, at=AT)
    made.refresh_from_db()
    released(made)
    return apply_run(actor="worker", run_id=made.pk, at=AT)


def serials() -> list[str]:
    return sorted(Device.objects.filter(is_void=False).values_list("serial_no", flat=True))


def standing(run: Run) -> dict[str, int]:
    """The parent's arithmetic of devices, proven to close."""
    run.refresh_from_db()
    counts = run.counts["entities"]["device"]
    names = ("created", "updated", "merged", "unchanged", "excluded", "quarantined", "waiting")
    assert counts["read"] == sum(counts[name] for name in names)
    return {name: counts[name] for name in names}


def test_waves_by_customer_close_the_arithmetic_one_after_the_other(run: Run) -> None:
    first = wave(run, "市二", of("市二医院"), kind="pilot")
    rest = wave(run, "其余", {"by": "rest"}, kind="full")
    run.refresh_from_db()
    assert run.status == "waves"
    # Fourteen lines: a repeated one and a total beside twelve devices.
    assert standing(run)["waiting"] == 12
    load(first)
    assert serials() == ["SN01", "SN04", "SN07", "SN10"]
    assert first.number == f"{run.number}-W1"
    assert standing(run) | {"excluded": 0} == {
        "created": 4, "updated": 0, "merged": 1, "unchanged": 0, "excluded": 0, "quarantined": 0,
        "waiting": 8,
    }  # fmt: skip
    assert run.status == "waves"
    load(rest)
    assert len(serials()) == 12
    assert standing(run)["waiting"] == 0
    run.refresh_from_db()
    assert run.status == "verified"


def test_the_sum_of_waves_is_one_load(run: Run, world: World) -> None:
    for hospital in HOSPITALS:
        load(wave(run, hospital, of(hospital)))
    parts = tables()
    [again] = world.load(world.file("d.csv", LIST), source=("again", 50))
    assert again["updated"] + again["created"] == 0, "nothing was left to be done"
    assert tables() == parts


def test_a_record_named_in_two_waves_is_loaded_by_the_first(run: Run) -> None:
    one = load(wave(run, "a", of("市一医院", "市二医院")))
    two = load(wave(run, "b", of("市二医院", "市三医院")))
    assert one.counts["created"] == 8
    assert two.counts["read"] == two.counts["created"] == 4


def test_a_pilot_is_a_sample_that_is_always_the_same(run: Run) -> None:
    rule = {"by": "sample", "share": 0.25, "at_least": 1}
    made = wave(run, "试点", rule, kind="pilot")
    assert wave(run, "试点", rule, kind="pilot").pk == made.pk, "asked twice, made once"
    rehearse_run(actor="tester", run_id=made.pk, at=AT)
    made.refresh_from_db()
    assert sums(made, "device")["created"] == 3
    assert made.wave.rows == 3 or made.wave.rows == 4, "the repeated line may be among them"


def test_a_range_of_keys(run: Run) -> None:
    keys = sorted(_keys(run))
    made = load(wave(run, "a–d", {"by": "range", "from": keys[0], "to": keys[3]}))
    assert made.counts["created"] == 4


def _keys(run: Run) -> list[str]:
    import polars as pl

    from kintsugi.engine.pipeline import open_result
    from kintsugi.onboarding.services import workdir

    own = open_result(workdir(run)).entity("device")
    return list(pl.read_parquet(own.records)["_key"])


def test_one_wave_is_rolled_back_and_loaded_again_while_another_stands(run: Run) -> None:
    first, second = (load(wave(run, name, of(name))) for name in HOSPITALS[:2])
    both = tables()
    rolled_back(first.number)
    assert all(device.customer.name == "市二医院" for device in _devices())
    assert standing(run)["waiting"] == 8
    third = load(wave(run, HOSPITALS[0], of(HOSPITALS[0])))
    assert third.number.endswith("-W3")
    assert tables() == both
    assert standing(run)["waiting"] == 4
    second.refresh_from_db()
    assert second.status == "verified"


def _devices() -> list[Device]:
    return list(Device.objects.filter(is_void=False).select_related("customer"))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"by": "moon"}, "by"),
        ({"by": "values", "entity": "device", "field": "nothing", "values": ["x"]}, "field"),
        ({"by": "values", "entity": "work_order", "field": "x", "values": ["x"]}, "entity"),
        ({"by": "values", "entity": "device", "field": "customer", "values": []}, "values"),
        ({"by": "sample", "share": 2, "at_least": 0}, "share"),
        ({"by": "sample", "share": True, "at_least": 0}, "share"),
        ({"by": "range"}, "from"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(run: Run, rule: dict[str, Any], field: str) -> None:
    with pytest.raises(KintsugiError) as refused:
        wave(run, "x", rule)
    assert (refused.value.code, refused.value.facts["field"]) == ("wave.rule", field)
    assert not run.waves.exists()


def test_an_empty_wave_is_refused(run: Run) -> None:
    with pytest.raises(KintsugiError) as refused:
        wave(run, "x", of("没有这家"))
    assert refused.value.code == "wave.empty"


def test_the_whole_run_is_not_loaded_beside_its_waves(run: Run) -> None:
    wave(run, "a", of(HOSPITALS[0]))
    with pytest.raises(KintsugiError) as refused:
        apply_run(actor="tester", run_id=run.pk, at=AT)
    assert refused.value.code == "run.in-waves"


# -- windows, pauses -------------------------------------------------------------------------------


def window(**given: Any) -> LoadWindow:
    with recorded(actor="tester", command="test.window"):
        return LoadWindow.objects.create(
            code="night", name_zh="夜间", name_en="Night", time_zone="Asia/Shanghai", **given
        )


NIGHT = [{"days": [0, 1, 2, 3, 4], "from": "22:00", "to": "06:00"}]


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T13:59+00:00", False),  # Monday 21:59 in Shanghai
        ("2026-11-23T14:00+00:00", True),  # 22:00
        ("2026-11-23T21:59+00:00", True),  # Tuesday 05:59
        ("2026-11-23T22:00+00:00", False),  # Tuesday 06:00
        ("2026-11-27T21:00+00:00", True),  # Saturday 05:00, begun on Friday
        ("2026-11-28T14:30+00:00", False),  # Saturday 22:30
        ("2026-11-24T15:30+00:00", False),  # black-out
    ],
)
def test_a_window_over_midnight(moment: str, is_open: bool) -> None:
    blackout = {
        "from": "2026-11-24T23:00:00+08:00", "to": "2026-11-25T01:00:00+08:00", "why": "盘点",
    }  # fmt: skip
    night = LoadWindow(time_zone="Asia/Shanghai", hours=NIGHT, blackouts=[blackout])
    at = dt.datetime.fromisoformat(moment)
    assert pacing.is_open(night, at) is is_open


def test_the_next_opening_steps_over_weekends_and_blackouts() -> None:
    night = LoadWindow(time_zone="Asia/Shanghai", hours=NIGHT, blackouts=[])
    friday_noon_after = dt.datetime(2026, 11, 28, 4, tzinfo=dt.UTC)  # Saturday 12:00 in Shanghai
    opens = pacing.next_opening(night, friday_noon_after)
    assert opens == dt.datetime(2026, 11, 30, 14, tzinfo=dt.UTC), "Monday 22:00"


def test_a_load_waits_for_its_window_and_goes_on_in_it(run: Run) -> None:
    made = wave(run, "a", of(*HOSPITALS), window=window(hours=NIGHT))
    rehearse_run(actor="tester", run_id=made.pk, at=AT)
    made.refresh_from_db()
    released(made)
    waits = apply_run(actor="worker", run_id=made.pk, at=AT)  # Monday 16:00 in Shanghai
    assert (waits.status, waits.error["code"]) == ("approved", "run.window-closed")
    assert waits.resume_at == dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)
    assert not waits.chunks.exists()
    assert pacing.due(AT) == []
    later = dt.datetime(2026, 11, 23, 14, 0, 30, tzinfo=dt.UTC)
    assert [one.pk for one in pacing.due(later)] == [made.pk]
    assert apply_run(actor="worker", run_id=made.pk, at=later).status == "verified"


def _small_chunks(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(applying, "CHUNK_ROWS", rows)
    monkeypatch.setattr(loading, "CHUNK_ROWS", rows)


def test_a_person_pauses_a_load_between_two_chunks_and_it_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small_chunks(monkeypatch, 2)
    made = wave(run, "a", of(*HOSPITALS))
    rehearse_run(actor="tester", run_id=made.pk, at=AT)
    made.refresh_from_db()
    released(made)
    chunks = 0

    def tell(_phase: Any, _done: int, _total: int) -> None:
        nonlocal chunks
        if Chunk.objects.filter(run=made).count() == 3 and not chunks:
            chunks = 3
            ask(actor="李明", run_id=made.pk, what="pause", at=AT)

    paused = apply_run(actor="worker", run_id=made.pk, at=AT, listener=tell)
    assert (paused.status, paused.error["code"], paused.asked) == ("paused", "run.pause", "")
    assert Chunk.objects.filter(run=made).count() == 3
    done = apply_run(actor="worker", run_id=made.pk, at=AT)
    assert (done.status, done.error) == ("verified", None)
    assert len(serials()) == 12
    assert standing(run)["waiting"] == 0


def test_a_paused_load_is_stopped_and_rolled_back(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small_chunks(monkeypatch, 2)
    before = tables()
    made = wave(run, "a", of(*HOSPITALS))
    rehearse_run(actor="tester", run_id=made.pk, at=AT)
    made.refresh_from_db()
    released(made)

    def tell(_phase: Any, done: int, _total: int) -> None:
        if done == 4 and Device.objects.exists():
            ask(actor="李明", run_id=made.pk, what="pause", at=AT)

    paused = apply_run(actor="worker", run_id=made.pk, at=AT, listener=tell)
    assert paused.status == "paused"
    stopped = ask(actor="李明", run_id=made.pk, what="stop", at=AT)
    assert stopped.status == "failed"
    rolled_back(made.number)
    assert tables() == before


def test_a_limit_pauses_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _small_chunks(monkeypatch, 5)
    world.load(world.file("p.csv", PRODUCTS))
    # Half of the devices name a product that nobody knows.
    rows = [
        [f"SN{n:03}", "P-1" if n % 2 else "P-9", "市一医院", "ICU", "2023-05-06", ""]
        for n in range(40)
    ]
    text = table_text(["序列号", "产品编码", "医院", "科室", "采购日期", "备注"], rows)
    run = prepared(world.file("d.csv", text))
    night = window(limits={"created": 0.3})
    made = wave(run, "a", {"by": "rest"}, window=night)
    rehearse_run(actor="tester", run_id=made.pk, at=AT)
    made.refresh_from_db()
    released(made)
    halted = apply_run(actor="worker", run_id=made.pk, at=AT)
    assert (halted.status, halted.error["code"]) == ("paused", "run.limit")


def test_a_full_window_lets_the_next_one_wait(run: Run) -> None:
    night = window(at_once=1)
    one, two = (wave(run, name, of(name), window=night) for name in HOSPITALS[:2])
    for made in (one, two):
        rehearse_run(actor="tester", run_id=made.pk, at=AT)
        made.refresh_from_db()
        released(made)
    with recorded(actor="tester", command="test.applying"):
        Run.objects.filter(pk=one.pk).update(status="applying")
    waits = apply_run(actor="worker", run_id=two.pk, at=AT)
    assert (waits.status, waits.error["code"]) == ("approved", "run.window-full")
    assert waits.resume_at is not None
