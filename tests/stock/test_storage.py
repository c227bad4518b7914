"""Storage checks and temperature logs: excursions, what lay there, holds, and who judges.

The fridge C-01-01 is for cold goods: 2–8 °C. Readings come every 30 minutes; more than 60 minutes
without one is a gap. Lot V1 of the reagent (cold) lies there since before the first reading.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.stock.models import Block, Excursion, Reading, Sensor, StorageCheck
from kintsugi.stock.storing import selectors, services
from kintsugi.stock.storing.chart import chart
from kintsugi.stock.storing.reading_in import rows_of_csv
from tests.api.asking import refused
from tests.stock.house import House
from tests.stock.shop import AT, TODAY

pytestmark = pytest.mark.django_db
V1 = "/api/v1/stock"
NIGHT = dt.datetime(2026, 11, 25, 6, tzinfo=dt.UTC)


class Cold:
    """The house with a sensor in its fridge and a lot of reagent."""

    def __init__(self, house: House) -> None:
        self.house = house
        with recorded(actor="test", command="test"):
            self.lot = house.lot(house.vaccine, "V1", "2027-12-31")
            house.receive(house.vaccine, 5, lot=self.lot, to=house.fridge)
            self.sensor = services.add_sensor(
                actor=house.account, code="t-1", place=str(house.fridge)
            )

    def rows(self, *values: str | None, begin: int = 0) -> list[dict[str, str]]:
        """One reading each 30 minutes from NIGHT on; None: there is none."""
        return [
            {"sensor": "T-1", "temperature": value, "humidity": "",
             "at": (NIGHT + dt.timedelta(minutes=30 * n)).isoformat()}
            for n, value in enumerate(values, begin)
            if value is not None
        ]  # fmt: skip

    def load(self, *values: str | None, who: Any = None, begin: int = 0) -> dict[str, int]:
        return services.record_readings(
            actor=who or self.house.account, rows=self.rows(*values, begin=begin),
            at=NIGHT + dt.timedelta(days=1),
        )  # fmt: skip


@pytest.fixture
def cold(house: House) -> Cold:
    return Cold(house)


def found_of() -> list[tuple[str, int, int, Decimal | None]]:
    """Kind, minutes after NIGHT at which it began, minutes outside, degrees beyond the limit."""
    return [
        (one.kind, int((one.started_at - NIGHT).total_seconds() / 60), one.minutes, one.deviation)
        for one in Excursion.objects.order_by("started_at")
    ]


def test_the_range_is_that_of_the_temperature_zone(cold: Cold) -> None:
    assert (cold.sensor.code, cold.sensor.low, cold.sensor.high) == ("T-1", 2, 8)
    with pytest.raises(KintsugiError) as caught:
        services.add_sensor(actor="x", code="T-2", place=str(cold.house.quarantine))
    assert caught.value.code == "storage.range"


def test_within_the_range_there_is_no_excursion(cold: Cold) -> None:
    assert cold.load("2", "5.5", "8.00", "4") == {"new": 4, "excursions": 0}
    assert not Block.objects.exists()


def test_an_excursion_has_begin_end_minutes_and_deviation(cold: Cold) -> None:
    """9.5 and 11 are too warm: from minute 30 until the good reading at minute 90."""
    assert cold.load("5", "9.5", "11", "7", "5") == {"new": 5, "excursions": 1}
    assert found_of() == [("high", 30, 60, Decimal("3.00"))]
    one = Excursion.objects.get()
    assert (one.worst, one.ended_at) == (11, NIGHT + dt.timedelta(minutes=90))


def test_warm_and_cold_are_two_excursions(cold: Cold) -> None:
    cold.load("5", "9", "1", "5")
    assert found_of() == [("high", 30, 30, Decimal(1)), ("low", 60, 30, Decimal(1))]


def test_a_silence_is_an_excursion_of_its_own(cold: Cold) -> None:
    """Nothing from minute 30 until minute 150: 120 minutes are more than 60; 60 are not."""
    cold.load("5", "5", None, "5", "5")
    assert found_of() == []
    cold.load("5", None, None, None, "5", begin=4)
    assert found_of() == [("no_data", 120, 120, None)]


def test_a_warm_reading_before_a_silence_counts_no_longer_than_the_longest_gap(
    cold: Cold,
) -> None:
    cold.load("5", "9", None, None, None, "5")
    assert found_of() == [("high", 30, 60, Decimal(1)), ("no_data", 30, 120, None)]


def test_readings_that_come_later_lengthen_the_same_excursion(cold: Cold) -> None:
    cold.load("5", "9")
    assert found_of() == [("high", 30, 0, Decimal(1))]
    cold.load("10", "5", begin=2)
    assert found_of() == [("high", 30, 60, Decimal(2))]
    assert Block.objects.count() == 1


def test_the_same_readings_again_change_nothing(cold: Cold) -> None:
    cold.load("5", "9", "5")
    assert cold.load("5", "9", "5") == {"new": 0, "excursions": 0}
    assert (Reading.objects.count(), Excursion.objects.count()) == (3, 1)


def test_another_value_for_the_same_time_is_refused(cold: Cold) -> None:
    cold.load("5", "9")
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        cold.load("5", "6")
    assert caught.value.facts["wrong"] == [
        {"row": 2, "field": "temperature", "value": "6", "why": "9.00 °C is kept for this time"}
    ]


def test_what_lay_there_is_listed_and_cold_goods_are_held_at_once(cold: Cold) -> None:
    """The lot was there; two of another lot came in the middle; a third lot left before."""
    house = cold.house
    with recorded(actor="test", command="test"):
        later, gone = house.lot(house.vaccine, "V2"), house.lot(house.vaccine, "V3")
        house.receive(house.vaccine, 1, lot=gone, to=house.fridge, at=NIGHT)
        other = house.bin("C-02", house.main, temp_zone="cold")
        house.move("transfer", house.vaccine, 1, house.fridge, other, lot=gone,
                   at=NIGHT + dt.timedelta(minutes=10))  # fmt: skip
        house.receive(house.vaccine, 2, lot=later, to=house.fridge,
                      at=NIGHT + dt.timedelta(minutes=45))  # fmt: skip
    cold.load("5", "9", "9", "5")
    one = Excursion.objects.get()
    assert {(g["lot_no"], g["at_start"], g["came"]) for g in one.goods} == {
        ("V1", "5.0000", ""), ("V2", "", "2.0000"),
    }  # fmt: skip
    held = {block.lot.lot_no for block in Block.objects.select_related("lot") if block.lot}
    assert held == {"V1", "V2"}
    with (
        pytest.raises(KintsugiError) as caught,
        transaction.atomic(),
        recorded(actor="test", command="test"),
    ):
        house.move("ship", house.vaccine, 1, house.fridge, house.site, lot=cold.lot)
    assert caught.value.code == "stock.hold"


def test_goods_that_need_no_cold_are_listed_and_not_held(cold: Cold) -> None:
    house = cold.house
    with recorded(actor="test", command="test"):
        services.add_sensor(actor=house.account, code="T-9", place=str(house.shelf))
    row = {"sensor": "t-9", "at": NIGHT.isoformat(), "temperature": "35", "humidity": "60"}
    services.record_readings(actor=house.account, rows=[row], at=NIGHT)
    one = Excursion.objects.get()
    assert {g["product_code"] for g in one.goods} == {
        house.gloves.product_code, house.stent.product_code, house.monitor.product_code,
    }  # fmt: skip
    assert (one.blocks, Block.objects.count()) == ([], 0)


def judged(cold: Cold, who: Any, decision: str = "release") -> Excursion:
    return services.judge_excursion(
        actor=who, excursion=Excursion.objects.get().pk, decision=decision,
        reason="stability data", at=NIGHT,
    )  # fmt: skip


def test_who_loaded_does_not_judge_and_the_database_says_so_too(cold: Cold) -> None:
    cold.load("5", "9", "5")
    with pytest.raises(KintsugiError) as caught:
        judged(cold, cold.house.account)
    assert caught.value.code == "storage.same-person"
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="excursion_judged_by_another"),
        transaction.atomic(),
    ):
        Excursion.objects.update(judged_by=cold.house.account.person)


@pytest.mark.parametrize(("decision", "standing"), [("release", 0), ("hold", 1), ("reject", 1)])
def test_to_release_ends_the_holds_and_nothing_else_does(
    cold: Cold, decision: str, standing: int
) -> None:
    cold.load("5", "9", "5")
    done = judged(cold, cold.house.checker, decision)
    assert (done.status, done.decision) == ("judged", decision)
    assert Block.objects.filter(released_at=None).count() == standing
    with pytest.raises(KintsugiError) as caught:
        judged(cold, cold.house.checker)
    assert caught.value.code == "storage.judged"


def test_one_that_was_judged_goes_on_as_a_new_one(cold: Cold) -> None:
    cold.load("5", "9", "9")
    judged(cold, cold.house.checker)
    cold.load("9", "5", begin=3)
    kinds = [(one.kind, one.status) for one in Excursion.objects.order_by("started_at")]
    assert kinds == [("high", "judged"), ("high", "open")]
    assert Block.objects.filter(released_at=None).count() == 1


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"sensor": "NOBODY"}, "sensor"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2030-01-01T00:00"}, "at"),
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": "100.01"}, "temperature"),
        ({"temperature": "NaN"}, "temperature"),
        ({"humidity": "101"}, "humidity"),
        ({"temperature": "5; drop table"}, "temperature"),
    ],
)
def test_a_wrong_value_is_named_by_row_and_field_and_nothing_is_kept(
    cold: Cold, row: dict[str, str], field: str
) -> None:
    rows = cold.rows("5", "6")
    rows[1] |= row
    with pytest.raises(KintsugiError) as caught:
        services.record_readings(
            actor=cold.house.account, rows=rows, at=NIGHT + dt.timedelta(days=1)
        )
    (wrong, *_) = caught.value.facts["wrong"]
    assert (caught.value.code, wrong["row"], wrong["field"]) == ("storage.readings-wrong", 2, field)
    assert not Reading.objects.exists()


def test_many_readings_take_as_many_statements_as_few(cold: Cold) -> None:
    def statements(count: int, begin: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            cold.load(*["5"] * count, begin=begin)
        return len(asked)

    few = statements(5, -400)
    assert statements(300, -395) == few
    assert Reading.objects.count() == 305


def test_readings_stay_as_they_were(cold: Cold) -> None:
    cold.load("5")
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
    ):
        Reading.objects.update(temperature=6)


def test_a_csv_file_is_read_with_or_without_humidity() -> None:
    text = "\ufeffSensor,At,Temperature\nT-1,2026-11-25 06:00,5.5\n"
    (row,) = rows_of_csv(text.encode())
    assert (row["sensor"], row["temperature"], row["humidity"]) == ("T-1", "5.5", "")
    for wrong in (b"\xff\xfe\x00", b"a,b\n1,2\n", b""):
        with pytest.raises(KintsugiError) as caught:
            rows_of_csv(wrong)
        assert caught.value.code == "storage.file-wrong"


def test_the_mean_kinetic_temperature_is_above_the_mean(cold: Cold) -> None:
    """Two readings, 5 and 25 °C. exp(-10000/278.15) = 2.4297e-16, exp(-10000/298.15) = 2.7111e-15;
    their mean is 1.4770e-15; 10000 / -ln of it is 292.84 K: 19.69 °C (worked with a calculator)."""
    cold.load("5", "25")
    means = selectors.kinetic_mean(cold.sensor.pk, NIGHT, NIGHT + dt.timedelta(hours=1))
    assert float(means["mean"]) == 15
    assert abs(means["kinetic"] - 19.69) < 0.05


def test_a_log_is_drawn_with_a_break_where_there_is_no_data() -> None:
    points = [
        {"at": NIGHT + dt.timedelta(minutes=m), "low": t, "mean": t, "high": t}
        for m, t in ((0, 5), (30, 6), (60, 7), (300, 5))
    ]
    made = chart(points, low=2, high=8, gap_s=3600, zone=dt.UTC)
    assert made is not None
    assert [len(line.split()) for line in made.lines] == [3, 2]
    assert made.band[3] > 0
    assert chart([], low=2, high=8, gap_s=1, zone=dt.UTC) is None


# -- checks ----------------------------------------------------------------------------------------


def looked(house: House, who: Any = None, **given: Any) -> StorageCheck:
    what = {"place": str(house.shelf), "finding": "sound", "key": uuid7().hex, "at": AT, **given}
    return services.record_check(actor=who or house.account, **what)


def due_lots(day: dt.date) -> dict[str, str]:
    return {row["lot_no"]: row["rule"] for row in selectors.due(day) if row["lot_no"]}


def test_what_is_due_follows_the_shortest_rule(cold: Cold) -> None:
    """SOON (2027-01-31) expires within 180 days; V1 is cold. Looked at on 25 November they are due
    again on 25 December, the gloves 90 days after."""
    house = cold.house
    assert due_lots(TODAY) == {"SOON": "near_expiry", "V1": "cold"}
    looked(house)
    looked(house, place=str(house.fridge), product_code=house.vaccine.product_code, lot_no="V1")
    assert due_lots(TODAY) == {}
    assert due_lots(dt.date(2026, 12, 24)) == {}
    assert set(due_lots(dt.date(2026, 12, 25))) == {"SOON", "V1"}
    rows = {row["product_code"] for row in selectors.due(dt.date(2027, 2, 22))
            if row["location"] == "A-01-01"}  # fmt: skip
    assert house.gloves.product_code not in rows
    rows = {row["product_code"] for row in selectors.due(dt.date(2027, 2, 23))
            if row["location"] == "A-01-01"}  # fmt: skip
    assert house.gloves.product_code in rows


def test_a_finding_holds_the_lot_at_once(house: House) -> None:
    given = {"product_code": house.stent.product_code, "lot_no": "SOON", "finding": "packaging",
             "action": "put aside", "is_held": True, "key": "k"}  # fmt: skip
    one, again = looked(house, **given), looked(house, **given)
    assert one.pk == again.pk
    block = Block.objects.get()
    assert (one.block, block.lot, block.kind) == (block, house.soon, "hold")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"finding": "label"}, "storage.reason-missing"),
        ({"is_held": True}, "storage.nothing-wrong"),
        ({"place": "NOWHERE"}, "stock.unknown-place"),
        ({"lot_no": "SOON"}, "stock.unknown-product-code"),
    ],
)
def test_a_check_that_does_not_hang_together_is_refused(
    house: House, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(KintsugiError) as caught:
        looked(house, **given)
    assert caught.value.code == code


# -- pages and API ---------------------------------------------------------------------------------


def test_a_file_is_loaded_and_its_excursion_judged_on_pages(cold: Cold) -> None:
    house = cold.house
    keeper, quality = house.of("warehouse"), house.of("quality")
    text = "sensor,at,temperature,humidity\n" + "\n".join(
        f"T-1,{(NIGHT + dt.timedelta(minutes=30 * n)).isoformat()},{value},55"
        for n, value in enumerate(("5", "12", "5"))
    )
    file = SimpleUploadedFile("log.csv", text.encode(), "text/csv")
    with_time = timezone.now() > NIGHT
    assert with_time, "the readings of this test lie in the past"
    done = keeper.post("/stock/sensors/load/", {"file": file})
    assert done["Location"] == "/stock/excursions/"
    one = Excursion.objects.get()
    page = f"/stock/excursions/{one.pk}/"
    assert "V1" in keeper.get(page).content.decode()
    assert keeper.get(f"{page}judge/").status_code == 403
    given = {"decision": "release", "reason": "stable", "version": one.version}
    assert quality.post(f"{page}judge/", given).status_code == 302
    sensor = keeper.get(f"/stock/sensors/{cold.sensor.pk}/").content.decode()
    assert "k-chart-line" in sensor
    assert 'style="' not in sensor
    wrong = SimpleUploadedFile("log.csv", b"sensor,at,temperature\nT-1,x,5\n", "text/csv")
    answer = keeper.post("/stock/sensors/load/", {"file": wrong})
    assert answer.status_code == 422
    assert "of row 1" in answer.content.decode()


def test_readings_over_the_api(cold: Cold) -> None:
    client = cold.house.of("warehouse")
    body = {"readings": [{"sensor": "T-1", "at": NIGHT.isoformat(), "temperature": "9.25"}]}

    def send(what: Any) -> Any:
        return client.post(f"{V1}/readings", what, content_type="application/json")

    assert send(body).json() == {"new": 1, "excursions": 1}
    assert send(body).json() == {"new": 0, "excursions": 0}
    body["readings"][0]["temperature"] = "7"
    refused(send(body), 422, "storage.readings-wrong")
    (row,) = client.get(f"{V1}/excursions").json()["items"]
    refused(
        client.post(f"{V1}/excursions/{row['id']}/judge", {"decision": "hold", "reason": "x"},
                    content_type="application/json"), 403, "access.denied",
    )  # fmt: skip
    assert client.get(f"{V1}/sensors").json()["items"][0]["last_value"] in ("9.25", 9.25)
    assert client.get(f"{V1}/checks-due").status_code == 200
    assert client.get("/stock/checks/due/").status_code == 200


def test_a_sensor_of_another_warehouse_is_not_there(cold: Cold) -> None:
    house = cold.house
    with recorded(actor="test", command="test"):
        far = services.add_sensor(actor=house.account, code="T-FAR", place=str(house.far))
    limited = house.by(house.limited)
    assert limited.get(f"/stock/sensors/{far.pk}/").status_code == 404
    assert limited.get(f"{V1}/sensors").json()["count"] == 1
    body = {"readings": [{"sensor": "T-FAR", "at": NIGHT.isoformat(), "temperature": "9"}]}
    answer = limited.post(f"{V1}/readings", body, content_type="application/json")
    refused(answer, 422, "storage.readings-wrong")
    own = {"readings": [{"sensor": "T-1", "at": NIGHT.isoformat(), "temperature": "9"}]}
    answer = limited.post(f"{V1}/readings", own, content_type="application/json")
    assert answer.json() == {"new": 1, "excursions": 1}
    assert Sensor.objects.count() == 2
