"""Traces in both directions, as of any time; the drawing; the drill of a recall.

The flow, worked out by hand. Lot L1 of stents: 10 come from the supplier to A-01-01, 4 go to the
hospital, 1 comes back to quarantine, 2 go to the clinic, 1 is scrapped. So: 3 on the shelf, 1 in
quarantine, 3 with the hospital, 2 with the clinic, 1 scrapped.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.scope import Scope, bound
from kintsugi.parties.models import Party
from kintsugi.stock import services
from kintsugi.stock.models import Block, RecallDrill
from kintsugi.stock.tracing.asking import Subject, meanings
from kintsugi.stock.tracing.following import Place, Trace, Way, trace
from kintsugi.stock.tracing.graph import NODES_MAX, drawing
from kintsugi.stock.tracing.services import drill_recall
from tests.api.asking import refused
from tests.stock.house import House
from tests.stock.shop import AT, Document, Shop

pytestmark = pytest.mark.django_db
V1 = "/api/v1/stock"


class Flow:
    """The flow above, one hour a step."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.lot = shop.lot(shop.stent, "L1", "2028-12-31")
        self.clinic = Party.objects.create(
            party_key=uuid7().hex, name="示例诊所", roles=["customer"], phone=["0755-1234"]
        )
        self.office = services.place_of(self.clinic.pk)
        hours = iter(range(9))

        def when() -> dt.datetime:
            return AT + dt.timedelta(hours=next(hours))

        given = {"lot": self.lot}
        self.receipt = shop.receive(shop.stent, 10, at=when(), **given)
        self.sent = shop.move("ship", shop.stent, 4, shop.shelf, shop.site, at=when(),
                              document=Document("delivery", "DN-7"), **given)  # fmt: skip
        shop.move("return_in", shop.stent, 1, shop.site, shop.quarantine, at=when(),
                  to_quality="pending", **given)  # fmt: skip
        shop.move("ship", shop.stent, 2, shop.shelf, self.office, at=when(), **given)
        shop.move("scrap", shop.stent, 1, shop.shelf, services.world("scrap"), at=when(),
                  reason="x", **given)  # fmt: skip


@pytest.fixture
def flow(shop: Shop) -> Flow:
    return Flow(shop)


def now_of(found: Trace) -> dict[str, Decimal]:
    return {row["party"] or row["code"]: row["qty"] for row in found.now}


def ways_of(found: Trace) -> set[tuple[str, str, int]]:
    return {(w.source.name("en"), w.target.name("en"), int(w.qty)) for w in found.ways}


def of(kind: str, key: Any) -> Subject:
    return Subject(kind, str(key), "x")


def test_a_lot_is_found_at_all_its_places(flow: Flow) -> None:
    found = trace(of("lot", flow.lot.pk))
    assert now_of(found) == {
        "A-01-01": 3, "QUARANTINE": 1, "示例市第一医院": 3, "示例诊所": 2, "SCRAP": 1,
    }  # fmt: skip
    house = flow.shop.main.code
    assert ways_of(found) == {
        ("示例医疗设备公司", f"{house}/A-01-01", 10),
        (f"{house}/A-01-01", "示例市第一医院", 4),
        ("示例市第一医院", f"{house}/QUARANTINE", 1),
        (f"{house}/A-01-01", "示例诊所", 2),
        (f"{house}/A-01-01", "scrap", 1),
    }
    had = {row["party"]: (row["to"], row["from"]) for row in found.parties("customer")}
    assert had == {"示例市第一医院": (4, 1), "示例诊所": (2, 0)}
    assert [(row["party"], row["from"]) for row in found.parties("supplier")] == [
        ("示例医疗设备公司", 10)
    ]


def test_as_of_an_earlier_time_it_was_where_it_was(flow: Flow) -> None:
    """Half an hour after the shipment to the hospital."""
    found = trace(of("lot", flow.lot.pk), at=AT + dt.timedelta(hours=1, minutes=30))
    assert now_of(found) == {"A-01-01": 6, "示例市第一医院": 4}
    assert len(found.ways) == 2
    assert trace(of("lot", flow.lot.pk), at=AT - dt.timedelta(days=1)).ways == []


def test_from_a_receipt_forward_to_every_customer(flow: Flow) -> None:
    found = trace(of("posting", flow.receipt.pk), direction="forward")
    assert {row["party"] for row in found.parties("customer")} == {"示例市第一医院", "示例诊所"}
    assert found.parties("supplier") == []


def test_from_a_customer_back_to_the_supplier_and_not_to_other_customers(flow: Flow) -> None:
    found = trace(of("party", flow.clinic.pk), direction="backward")
    assert [row["party"] for row in found.parties("supplier")] == ["示例医疗设备公司"]
    assert [row["party"] for row in found.parties("customer")] == ["示例诊所"]
    assert found.lots == [flow.lot.pk]


def test_what_left_before_it_came_is_not_of_it(flow: Flow) -> None:
    """A later receipt of the same lot: what went to the hospital before is not of it."""
    shop = flow.shop
    late = shop.receive(shop.stent, 5, lot=flow.lot, to=shop.shelf2,
                        at=AT + dt.timedelta(hours=8))  # fmt: skip
    found = trace(of("posting", late.pk), direction="forward")
    assert found.parties("customer") == []


def test_a_document_is_followed_by_its_number(flow: Flow) -> None:
    found = trace(of("document", "DN-7"), direction="forward")
    names = {end for way in ways_of(found) for end in way[:2]}
    assert names == {"示例市第一医院", f"{flow.shop.main.code}/QUARANTINE"}
    back = trace(of("document", "DN-7"), direction="backward")
    assert [row["party"] for row in back.parties("supplier")] == ["示例医疗设备公司"]


def test_a_serial_is_followed_alone(shop: Shop) -> None:
    one, two = shop.units("T-1", "T-2")
    shop.move_units("receipt", [one, two], shop.outside, shop.shelf)
    shop.move_units("ship", [one], shop.shelf, shop.site)
    found = trace(of("unit", one.pk))
    assert now_of(found) == {"示例市第一医院": 1}
    assert now_of(trace(of("unit", two.pk))) == {"A-01-01": 1}
    assert trace(of("place", shop.shelf.pk)).units == [one.pk, two.pk]


def test_many_moves_take_as_many_statements_as_few(flow: Flow) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            trace(of("lot", flow.lot.pk))
        return len(asked)

    few = statements()
    for _ in range(5):
        flow.shop.move("transfer", flow.shop.stent, 1, flow.shop.shelf, flow.shop.shelf2,
                       lot=flow.lot)  # fmt: skip
        flow.shop.move("transfer", flow.shop.stent, 1, flow.shop.shelf2, flow.shop.shelf,
                       lot=flow.lot)  # fmt: skip
    assert statements() == few <= 4


def test_what_is_typed_may_mean_several_things(flow: Flow) -> None:
    shop = flow.shop
    shop.units("L1")
    unit = shop.units("L1")[0]
    shop.move_units("receipt", [unit], shop.outside, shop.shelf)
    assert {one.kind for one in meanings("l1")} == {"unit", "lot"}
    assert [one.kind for one in meanings(flow.receipt.number.lower())] == ["posting"]
    assert [one.kind for one in meanings("dn-7")] == ["document"]
    assert [one.kind for one in meanings("诊所")] == ["party"]
    assert [one.kind for one in meanings(f"{shop.main.code}/a-01-01")] == ["place"]
    assert meanings("nothing like it") == meanings("  ") == []


def test_a_scanned_label_names_its_serial_or_lot(flow: Flow) -> None:
    shop = flow.shop
    type(shop.stent).objects.filter(pk=shop.stent.pk).update(primary_di="06901234567892")
    found = meanings("(01)06901234567892(17)281231(10)L1")
    assert [(one.kind, one.title) for one in found] == [("lot", "L1")]


# -- the drawing -----------------------------------------------------------------------------------


def way(source: int, target: int, qty: int = 1, seq: int = 1, kind: str = "bin") -> Way:
    from uuid import UUID

    def end(number: int) -> Place:
        return Place(UUID(int=number), kind, f"B{number}", f"W{number % 3}")

    day = dt.date(2026, 11, 1)
    return Way(end(source), end(target), Decimal(qty), 1, seq, seq, day, day)


def test_places_stand_from_left_to_right_in_the_order_they_were_reached() -> None:
    made = drawing([way(1, 2, 10, 1), way(2, 3, 4, 2), way(3, 2, 1, 3)], "en")
    across = {node.name: node.x for node in made.nodes}
    assert across["W1/B1"] < across["W2/B2"] < across["W0/B3"]
    assert [line.qty for line in made.lines] == ["10", "4", "1"]
    assert [line.is_back for line in made.lines] == [False, False, True]
    assert not made.is_merged


def test_more_than_fifty_places_are_drawn_together() -> None:
    made = drawing([way(1, number, 1, number) for number in range(2, 3 + NODES_MAX)], "en")
    assert made.is_merged
    assert len(made.nodes) <= NODES_MAX
    assert any("× " in node.name for node in made.nodes)
    assert drawing([], "zh-hans").nodes == []


def test_a_long_name_is_cut_where_the_box_ends() -> None:
    made = drawing([way(1, 2)], "en")
    node = made.nodes[0]
    long = type(node)("k", "中华人民共和国示例市第一人民医院", "", "", 0, 0)
    assert long.short == "中华人民共和国示例市…"
    assert node.short == node.name


# -- pages and API ---------------------------------------------------------------------------------


def test_the_page_answers_what_is_scanned_and_offers_what_is_meant(house: House) -> None:
    client = house.of("quality")
    page = client.get("/stock/trace/?q=sn-b").content.decode()
    assert "k-graph-box" in page
    assert f"{house.other.code}/B-01-01" in page
    assert 'style="' not in page
    page = client.get("/stock/trace/?q=示例").content.decode()
    assert "Which one?" in page
    page = client.get("/stock/trace/?q=没有这个").content.decode()
    assert "Nothing is called so" in page
    gone = client.get("/stock/trace/?kind=lot&id=nonsense")
    assert gone.status_code == 422
    answer = client.get(f"/stock/trace/?kind=lot&id={house.soon.pk}&export=csv")
    text = b"".join(answer.streaming_content).decode()
    assert "A-01-01,10" in text
    assert client.get("/stock/trace/?kind=lot&id=%00&at=not-a-time").status_code == 422


def test_the_api_gives_the_same(house: House) -> None:
    client = house.of("quality")
    (meant,) = client.get(f"{V1}/trace/meanings?q=SOON").json()["items"]
    body = client.get(f"{V1}/trace?kind=lot&id={meant['id']}&direction=backward").json()
    assert [float(row["qty"]) for row in body["now"]] == [10]
    assert body["suppliers"][0]["party"] == "示例医疗设备公司"
    refused(client.get(f"{V1}/trace?kind=lot&id={uuid7()}"), 404, "trace.unknown")


def test_a_limited_person_sees_the_ways_of_his_warehouse_only(house: House) -> None:
    with bound(Scope(warehouses=frozenset({house.main.pk}))):
        found = trace(of("lot", house.soon.pk))
        assert now_of(found) == {"A-01-01": 10}
        assert trace(of("unit", house.sn_b.pk)).ways == []
        assert meanings("SN-B") == []
    page = house.by(house.limited).get(f"/stock/trace/?kind=posting&id={house.transfer.pk}")
    assert house.far.code not in page.content.decode()


# -- drills ----------------------------------------------------------------------------------------


def drilled(house: Shop, **given: Any) -> RecallDrill:
    what = {"product_code": house.stent.product_code, "reason": "yearly drill", **given}
    return drill_recall(actor=house.account, key=uuid7().hex, at=AT, **what)


def test_a_drill_says_who_has_what_and_blocks_nothing(flow: Flow) -> None:
    made = drilled(flow.shop, lot_no="L1")
    figures = {name: int(Decimal(text)) for name, text in made.figures.items() if text != "0"}
    assert figures == {
        "received": 10, "found": 10, "in_stock": 4, "with_customers": 5,
        "back_from_customers": 1, "scrapped": 1, "unreachable": 3,
    } | {name: 0 for name in figures if figures[name] == 0}  # fmt: skip
    assert (made.received, made.found) == (10, 10)
    assert not Block.objects.exists()
    assert {row["party"] for row in made.holders if row["party"]} == {
        "示例市第一医院", "示例诊所",
    }  # fmt: skip


def test_what_was_lost_is_not_found(flow: Flow) -> None:
    """Two of ten are lost: eight are found. One turns up again: nine."""
    shop = flow.shop
    shop.move("issue", shop.stent, 2, shop.shelf, services.world("loss"), lot=flow.lot)
    made = drilled(shop, lot_no="L1")
    assert (made.received, made.found, made.figures["lost"]) == (10, 8, "2.0000")
    shop.move("issue", shop.stent, 1, services.world("loss"), shop.shelf, lot=flow.lot)
    made = drilled(shop, lot_no="L1")
    assert (made.received, made.found) == (10, 9)


def test_a_range_of_serials_is_drilled(shop: Shop) -> None:
    units = shop.units("R-001", "R-002", "R-003", "R-0010")
    shop.move_units("receipt", units, shop.outside, shop.shelf)
    shop.move_units("ship", units[:1], shop.shelf, shop.site)
    given = {"product_code": shop.monitor.product_code, "serial_from": "r-001",
             "serial_to": "R-002"}  # fmt: skip
    made = drilled(shop, **given)
    assert (made.received, made.figures["in_stock"], made.figures["with_customers"]) == (
        2, "1.0000", "1.0000",
    )  # fmt: skip
    for wrong in ({"serial_to": "R-1"}, {"serial_from": "", "serial_to": ""}):
        with pytest.raises(KintsugiError) as caught:
            drilled(shop, **{**given, **wrong})
        assert caught.value.code == "trace.range"


def test_a_drill_stays_as_it_came_out(flow: Flow) -> None:
    made = drilled(flow.shop, lot_no="L1")
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        RecallDrill.objects.filter(pk=made.pk).update(found=1)


def test_a_drill_is_one_button_away_from_the_recall_for_whoever_may(house: House) -> None:
    quality = house.of("quality")
    given = {"product_code": house.stent.product_code, "lot_no": "SOON", "reason": "drill",
             "key": "k1"}  # fmt: skip
    page = quality.post("/stock/drills/new/", given)["Location"]
    assert quality.post("/stock/drills/new/", given)["Location"] == page
    assert "/stock/blocks/new/?kind=recall" in quality.get(page).content.decode()
    assert "100.0 %" in quality.get(page).content.decode()
    assert "/stock/blocks/new/" not in house.of("auditor").get(page).content.decode()
    assert house.of("auditor").post("/stock/drills/new/", given).status_code == 403
    assert house.by(house.limited).get("/stock/drills/").status_code == 403
    body = {"product_code": house.stent.product_code, "lot_no": "SOON", "reason": "drill"}
    made = quality.post(f"{V1}/drills", body, content_type="application/json",
                        headers={"Idempotency-Key": "k9"}).json()  # fmt: skip
    assert (float(made["received"]), float(made["found"])) == (10, 10)
    assert quality.get(f"{V1}/drills").json()["count"] == 2
