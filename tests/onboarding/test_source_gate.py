"""A new source passes the standard and two persons before its data come in."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from PIL import Image, ImageDraw, ImageFont

from kintsugi.audit.services import recorded
from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.devices.models import Device
from kintsugi.engine.paper.confirm import to_confirm
from kintsugi.onboarding.models import Assessment, Connector, Fetch, Profile, Source
from kintsugi.onboarding.services import (
    answer_paper,
    assess_source,
    due_connectors,
    let_go,
    propose_source,
    take_live,
    void_connector,
)
from kintsugi.onboarding.services.connectors import next_due
from kintsugi.onboarding.services.fetching import waiting_snapshot
from kintsugi.onboarding.services.profiles import compared, is_late, scores_of
from kintsugi.onboarding.services.registering import describe_source
from tests.identity.control.people import account, decided, executed
from tests.onboarding.fetched import AT, MINUTE, connector, fetched, put, register
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db(transaction=True)
SIGNED = {"sample": "看过 20 行", "mapping": "逐列核对"}
SAID: dict[str, Any] = {
    "owner": "设备科", "steward": "李明", "contact": "010-5555", "refresh_days": 7,
    "delivery": "full", "personal_data": "none",
}  # fmt: skip


def proposed(incoming: Path) -> tuple[Source, Connector]:
    """A registered source whose first file was held."""
    source = propose_source(actor="tester", code="台账", kind="csv", at=AT)
    one = connector("folder", source, path=str(incoming), marker=".done")
    put(incoming, "a.csv", register(10))
    put(incoming, "a.csv.done", "")
    return source, one


def assess(source: Source, person: Any, key: str = "k") -> Any:
    return assess_source(
        account=person, source_id=source.pk, signed=SIGNED, at=AT, reason="新系统", key=key
    )


def test_from_proposed_to_live_by_two_persons(incoming: Path, settings: Any) -> None:
    settings.REQUIRE_SOURCE_APPROVAL = True
    source, one = proposed(incoming)
    assert fetched(one) == ["held"]
    held = Fetch.objects.get()
    assert held.error["code"] == "source.not-approved"
    assert "有负责人" in held.error["facts"]["missing"]
    assert Device.objects.count() == 0
    assert Profile.objects.get().rows == 10, "it was measured all the same"
    li, wang = account("李明"), account("王芳")
    with pytest.raises(KintsugiError) as refused:
        assess(source, li)
    assert refused.value.code == "source.incomplete"
    assert refused.value.facts["missing"] == [
        "owner", "steward", "contact", "refresh", "delivery", "personal",
    ]  # fmt: skip
    assert Assessment.objects.count() == 0
    describe_source(actor="tester", source_id=source.pk, **SAID)
    act = assess(source, li, "k2")
    source.refresh_from_db()
    assert (source.status, source.origin) == ("assessed", "proposed")
    with pytest.raises(KintsugiError):
        decided(act, li)
    executed(decided(act, wang), li)
    source.refresh_from_db()
    assert source.status == "approved"
    with pytest.raises(KintsugiError) as refused:
        take_live(actor=li, source_id=source.pk, note="")
    assert refused.value.code == "source.no-pilot"
    let_go(actor=li, fetch_id=held.pk, reason="已批准", at=AT)
    assert fetched(one, AT + MINUTE) == ["imported"]
    assert Device.objects.count() == 10
    assert take_live(actor=li, source_id=source.pk, note="试点通过").status == "live"


def test_the_database_lets_nobody_approve_alone(incoming: Path) -> None:
    source, _ = proposed(incoming)
    with recorded(actor="x", command="x"):
        Source.objects.filter(pk=source.pk).update(status="assessed")
    with pytest.raises(DatabaseError, match="two persons"), recorded(actor="x", command="x"):
        Source.objects.filter(pk=source.pk).update(status="approved")
    with pytest.raises(DatabaseError, match="stays"), recorded(actor="x", command="x"):
        Source.objects.filter(pk=source.pk).update(origin="quick")
    with pytest.raises(DatabaseError, match="begins"), recorded(actor="x", command="x"):
        Source.objects.create(code="x", name_zh="x", name_en="x", kind="csv", origin="proposed")
    with pytest.raises(IllegalTransition):
        take_live(actor="x", source_id=source.pk, note="")


def test_a_quick_source_is_refused_where_approval_is_asked_for(
    world: World, incoming: Path, settings: Any
) -> None:
    [first] = world.load(world.file("d.csv", register(3)))
    source = Source.objects.get(code=first["source"])
    assert (source.status, source.origin) == ("live", "quick")
    settings.REQUIRE_SOURCE_APPROVAL = True
    for name in ("d.csv", "new.csv"):
        text = register(4) if name == "d.csv" else register(4).replace("备注", "说明")
        with pytest.raises(KintsugiError) as refused:
            world.load(world.file(name, text))
        assert refused.value.code == "source.not-approved"
    assert Device.objects.count() == 3


def test_scores_are_unknown_until_they_are_measured(incoming: Path) -> None:
    source, one = proposed(incoming)
    assert set(scores_of(source, AT).values()) == {None}
    assert fetched(one) == ["imported"]
    found = scores_of(source, AT)
    # Every cell of the ten rows is filled; no column carries a check digit.
    assert (found["completeness"], found["accuracy"]) == (100.0, None)
    assert found["timeliness"] is None, "nobody said how fresh it has to be"
    source = describe_source(actor="tester", source_id=source.pk, refresh_days=5)
    late = AT + dt.timedelta(days=10)
    assert scores_of(source, AT + dt.timedelta(days=5))["timeliness"] == 100.0
    assert scores_of(source, late)["timeliness"] == 50.0
    assert (is_late(source, AT), is_late(source, late)) == (False, True)


def test_what_came_is_held_against_what_was_accepted_last(incoming: Path) -> None:
    source, one = proposed(incoming)
    fetched(one)
    put(incoming, "b.csv", register(7))
    put(incoming, "b.csv.done", "")
    describe_source(actor="tester", source_id=source.pk, delivery="full", shrink_max=20)
    assert fetched(one, AT + MINUTE) == ["held"]
    held = Fetch.objects.get(item="b.csv")
    assert held.snapshot is not None
    [changes] = compared(source, held.snapshot).values()
    shrunk = next(c for c in changes if c.kind == "rows-shrunk")
    assert (shrunk.before, shrunk.after) == ("10", "7")


@pytest.mark.parametrize(
    ("cron", "zone", "after", "due"),
    [
        ("0 6 * * *", "Asia/Shanghai", "2026-11-23T08:00Z", "2026-11-23T22:00Z"),
        ("*/15 * * * *", "Asia/Shanghai", "2026-11-23T08:01Z", "2026-11-23T08:15Z"),
        # 02:30 is not there on 2026-03-29 in Berlin: it is due the day after, in summer time.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T00:30Z"),
        # 02:30 is there twice on 2026-10-25: the first counts.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30Z", "2026-10-26T01:30Z"),
    ],
)
def test_when_a_schedule_is_due(cron: str, zone: str, after: str, due: str) -> None:
    at = dt.datetime.fromisoformat(after)
    assert next_due(cron, zone, at) == dt.datetime.fromisoformat(due)


def test_due_connectors_are_those_whose_time_has_come(incoming: Path) -> None:
    one = connector("folder", path=str(incoming), cron="0 6 * * *")
    connector("folder", one.source, name="by hand", path=str(incoming))
    at = dt.datetime(2026, 11, 23, 22, 0, tzinfo=dt.UTC)
    assert due_connectors(at - MINUTE) == []
    assert due_connectors(at) == [one.pk]
    fetched(one, at)
    one.refresh_from_db()
    assert one.next_at == at + dt.timedelta(days=1)
    void_connector(actor="tester", connector_id=one.pk, reason="改用接口")
    assert due_connectors(at + dt.timedelta(days=9)) == []


def photo(path: Path) -> None:
    page = Image.new("L", (900, 420), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(30)
    rows = [
        ("Serial No", "Product Code", "Department"),
        ("SN20417", "P-1", "Radiology"),
        ("SN20418", "P-1", "Surgery"),
        ("SN20522", "P-2", "Surgery"),
    ]
    for line, row in enumerate(rows):
        for place, text in enumerate(row):
            draw.text((40 + 290 * place, 60 + 80 * line), text, font=font, fill=0)
    page.save(path)


def test_a_photo_waits_for_a_person_and_goes_on_with_the_answers(incoming: Path) -> None:
    one = connector("paper", path=str(incoming), marker=".done")
    photo(incoming / "register.png")
    put(incoming, "register.png.done", "")
    assert fetched(one) == ["waiting"]
    waiting = Fetch.objects.get()
    assert Device.objects.count() == 0
    cells = to_confirm(waiting_snapshot(waiting))
    answers = {(c.table, c.row, c.column): c.text for c in cells}
    answer_paper(actor="李明", fetch_id=waiting.pk, answers=answers, at=AT)
    assert fetched(one, AT + MINUTE) == ["imported"]
    assert sorted(Device.objects.values_list("serial_no", flat=True)) == [
        "SN20417", "SN20418", "SN20522",
    ]  # fmt: skip
