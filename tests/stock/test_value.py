"""What stock was worth and when it came; and each check of the projections, broken by hand.

Probes, worked out by hand: 10 at 3.00 on 1 November, 30 at 5.00 on the 10th (average 4.50), 8 sent
out on the 15th.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from kintsugi.audit.services import recorded
from kintsugi.core.models import Event
from kintsugi.core.scope import Scope, bound
from kintsugi.stock import services
from kintsugi.stock.models import Cost
from kintsugi.stock.services_checks import check_projections
from kintsugi.stock.valuing.selectors import CHECKS, ageing, broken, every_broken, value_as_of
from tests.stock.house import House
from tests.stock.shop import AT, TODAY, Document, Shop

pytestmark = pytest.mark.django_db
V1 = "/api/v1/stock"


def november(day: int) -> dt.date:
    return dt.date(2026, 11, day)


@pytest.fixture
def probe(shop: Shop) -> Any:
    made = shop._product("PRB-1", "探头", tracking="none")
    late = {"reason": "recorded late"}
    shop.receive(made, 10, cost="3", business_date=november(1), **late)
    shop.receive(made, 30, cost="5", business_date=november(10), **late)
    shop.move("ship", made, 8, shop.shelf, shop.site, business_date=november(15), **late)
    return made


@pytest.mark.parametrize(
    ("day", "qty", "cost", "value"),
    [(1, 10, "3", "30"), (9, 10, "3", "30"), (10, 40, "4.5", "180"), (15, 32, "4.5", "144")],
)
def test_the_value_of_a_day_is_the_fold_up_to_it(
    probe: Any, day: int, qty: int, cost: str, value: str
) -> None:
    (row,) = value_as_of(november(day))
    assert (row["qty"], row["unit_cost"], row["value"]) == (qty, Decimal(cost), Decimal(value))


def test_before_the_first_receipt_there_was_nothing(probe: Any) -> None:
    assert value_as_of(dt.date(2026, 10, 31)) == []


def test_todays_value_is_the_one_that_is_kept(probe: Any, shop: Shop) -> None:
    shop.move("transfer", probe, 12, shop.shelf, shop.far)
    rows = value_as_of(TODAY)
    assert {row["warehouse"]: row["value"] for row in rows} == {
        shop.main.code: Decimal(90), shop.other.code: Decimal(54),
    }  # fmt: skip
    assert sum(row["value"] for row in rows) == Cost.objects.get(product=probe).value == 144
    (far,) = value_as_of(TODAY, warehouse=shop.other.pk)
    assert far["qty"] == 12


def test_the_turnover_is_what_went_out_over_the_mean_value(probe: Any) -> None:
    """8 × 4.50 = 36 went out; a year ago 0, now 144: 36 ÷ 72 = 0.50."""
    (row,) = value_as_of(TODAY)
    assert (row["out_qty"], row["out_value"], row["turns"]) == (8, 36, Decimal("0.50"))


def test_what_is_left_is_taken_to_be_what_came_last(probe: Any, shop: Shop) -> None:
    """32 are left: 30 of the 10th (15 days ago), 2 of the 1st (24 days ago); in December both are
    older than 30 days from the 11th on."""
    (row,) = [row for row in ageing(TODAY) if row["product_code"] == "PRB-1"]
    assert (row["to_30"], row["to_90"]) == (32, 0)
    (row,) = [row for row in ageing(dt.date(2026, 12, 5)) if row["product_code"] == "PRB-1"]
    assert (row["to_30"], row["to_90"]) == (30, 2)
    (row,) = [row for row in ageing(dt.date(2027, 11, 5)) if row["product_code"] == "PRB-1"]
    assert (row["to_365"], row["older"]) == (30, 2)


def test_goods_without_a_price_come_in_at_the_average(probe: Any, shop: Shop) -> None:
    shop.receive(probe, 8)
    (row,) = value_as_of(TODAY)
    assert (row["qty"], row["value"]) == (40, 180)
    assert every_broken() == {}


# -- checks ----------------------------------------------------------------------------------------

BREAK = {
    "balances": "update stock_balance set on_hand = on_hand + 1 where on_hand = 95",
    "positions": "update stock_unit set quality = 'rejected' where serial_no = 'SN-A'",
    "values": "update stock_cost set value = value + 5 where qty = 140",
    "reservations": "update stock_balance set reserved = reserved + 1 where on_hand = 95",
}


def test_all_checks_hold_and_each_can_be_broken(house: House) -> None:
    assert set(BREAK) == set(CHECKS)
    assert every_broken() == {}


@pytest.mark.parametrize("name", sorted(BREAK))
def test_a_projection_changed_by_hand_is_named(house: House, name: str, table_owner: None) -> None:
    """By the tables' owner, with the trigger that would refuse it taken off."""
    with recorded(actor="test", command="test"), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table stock_unit disable trigger check_unit")
        cursor.execute(BREAK[name])
        assert cursor.rowcount == 1
    rows = broken(name)
    assert [row.get("serial_no") or row["product_code"] for row in rows] == [
        "SN-A" if name == "positions" else house.gloves.product_code
    ]
    assert set(every_broken()) == {name}
    assert set(check_projections(at=AT)) == {name}
    event = Event.objects.get(type="stock.check-broken")
    assert (event.subject, event.facts["rows"]) == (name, 1)
    page = house.of("finance").get("/stock/value/checks/").content.decode()
    assert page.count(">broken<") == 1
    assert page.count(">holds<") == 3


def test_value_is_for_those_who_may_see_all_of_it(house: House) -> None:
    for role, status in (("finance", 200), ("auditor", 200), ("warehouse", 403), ("sales", 403)):
        client = house.of(role)
        for page in ("/stock/value/", "/stock/value/age/", "/stock/value/checks/",
                     f"{V1}/value", f"{V1}/age", f"{V1}/checks"):  # fmt: skip
            assert client.get(page).status_code == status, (role, page)
    client = house.of("finance")
    body = client.get(f"{V1}/value?day=2026-11-25").json()
    assert {float(row["qty"]) for row in body["items"]} == {95.0, 45.0, 10.0, 1.0}
    text = b"".join(client.get("/stock/value/?export=csv").streaming_content).decode()
    assert house.gloves.product_code in text
    assert client.get("/stock/value/?day=nonsense&warehouse=x").status_code == 200
    assert all(one["holds"] for one in client.get(f"{V1}/checks").json()["items"])


def test_a_document_of_another_app_scraps_at_the_average(shop: Shop, probe: Any) -> None:
    shop.move("scrap", probe, 2, shop.shelf, services.world("scrap"), reason="x",
              document=Document("recall", "R-1"))  # fmt: skip
    (row,) = value_as_of(TODAY)
    assert row["value"] == 135
    with bound(Scope(warehouses=frozenset({shop.other.pk}))):
        assert value_as_of(TODAY) == []
