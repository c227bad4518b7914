"""Pages of stock: who may open them, what they say, and that a refusal keeps what was typed."""

import datetime as dt
import re
from typing import Any

import pytest
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.stock import selectors, services
from kintsugi.stock.models import Period, Posting
from tests.stock.house import House
from tests.stock.shop import AT, TODAY

pytestmark = pytest.mark.django_db

STOCK = ("/stock/", "/stock/expiring/30/", "/stock/lots/", "/stock/lots/expiring/expired/",
         "/stock/units/", "/stock/units/expiring/90/", "/stock/postings/", "/stock/moves/",
         "/stock/lots/{lot}/", "/stock/units/{unit}/", "/stock/postings/{posting}/")  # fmt: skip
#: Who opens what, by hand.
MAY = {
    STOCK: {"warehouse", "quality", "finance", "steward", "sales", "auditor"},
    ("/stock/move/", "/stock/postings/{posting}/reverse/"): {"warehouse"},
    ("/stock/blocks/",): {"warehouse", "quality", "steward", "sales", "auditor"},
    ("/stock/blocks/new/", "/stock/blocks/{block}/release/"): {"quality"},
    ("/stock/warehouses/", "/stock/places/"): {
        "warehouse", "quality", "finance", "steward", "auditor"
    },
    ("/stock/warehouses/new/", "/stock/places/new/"): {"steward"},
    ("/stock/months/",): {"finance", "auditor"},
    ("/stock/months/close/",): {"finance"},
}  # fmt: skip


@pytest.mark.parametrize(
    "role", ["warehouse", "quality", "finance", "steward", "sales", "auditor", "it_operations"]
)
def test_each_page_opens_for_the_right_roles_only(house: House, role: str) -> None:
    with recorded(actor="test", command="test"):
        block = services.place_block(
            actor=house.account, kind="hold", product=house.stent.pk, reason="x", at=AT
        )
    client = house.of(role)
    named = {"lot": house.soon.pk, "unit": house.sn_a.pk, "posting": house.transfer.pk,
             "block": block.pk}  # fmt: skip
    for pages, roles in MAY.items():
        for page in pages:
            wanted = 200 if role in roles else 403
            assert client.get(page.format(**named)).status_code == wanted, page


def form_key(client: Any) -> str:
    found = re.search(r'name="key" value="(\w+)"', client.get("/stock/move/").content.decode())
    assert found is not None
    return found.group(1)


def typed(house: House, **given: Any) -> dict[str, Any]:
    return {
        "kind": "transfer", "product_code": house.gloves.product_code, "qty": "3",
        "source": str(house.shelf), "target": str(house.shelf2),
        "business_date": timezone.localdate().isoformat(), "serial_no": "", "lot_no": "", **given,
    }  # fmt: skip


def test_a_form_sent_twice_posts_once(house: House) -> None:
    client = house.of("warehouse")
    given = typed(house, key=form_key(client))
    first, again = client.post("/stock/move/", given), client.post("/stock/move/", given)
    assert (first.status_code, again.status_code) == (302, 302)
    assert first["Location"] == again["Location"]
    assert house.on_hand(house.gloves, house.shelf2) == 3


def test_serials_one_a_line_move_together(house: House) -> None:
    client = house.of("warehouse")
    given = typed(house, product_code=house.monitor.product_code, qty="",
                  serial_no="sn-a\n\n", key=form_key(client))  # fmt: skip
    assert client.post("/stock/move/", given).status_code == 302
    page = client.get(f"/stock/units/{house.sn_a.pk}/").content.decode()
    assert str(house.shelf2) in page


@pytest.mark.parametrize(
    ("given", "words", "remedy"),
    [
        ({"qty": "96"}, "95 of", "Take less"),
        ({"source": "SZ/NOWHERE"}, "no location", "Check what was typed"),
        ({"qty": ""}, "neither a quantity", "Give one of the two"),
        ({"serial_no": "A\nB"}, "does not fit 2", "Leave the quantity empty"),
        ({"target": ""}, "location is missing", "Scan or type it"),
        ({"business_date": "2026-01-01"}, "lies before today", "Say why"),
    ],
)
def test_a_refused_move_says_why_and_keeps_what_was_typed(
    house: House, given: dict[str, str], words: str, remedy: str
) -> None:
    client = house.of("warehouse")
    before = Posting.objects.count()
    sent = typed(house, key=form_key(client), lot_no="KEPT-9" if "source" in given else "", **given)
    response = client.post("/stock/move/", sent)
    page = response.content.decode()
    assert response.status_code in (409, 422)
    assert words in page
    assert remedy in page
    for name, value in sent.items():
        if value and name not in ("kind", "serial_no"):
            assert f'value="{value}"' in page, name
    assert Posting.objects.count() == before


def test_a_posting_is_reversed_from_its_page_by_somebody_else(house: House) -> None:
    path = f"/stock/postings/{house.transfer.pk}/reverse/"
    own = house.of("warehouse").post(
        path, {"reason": "wrong", "key": "k", "version": house.transfer.version}
    )
    assert own.status_code == 422
    assert "Ask a colleague" in own.content.decode()
    client = house.by(house.second)
    done = client.post(path, {"reason": "wrong shelf", "key": "k", "version": "1"})
    assert done.status_code == 302
    assert house.on_hand(house.gloves, house.shelf) == 100
    page = client.get(f"/stock/postings/{house.transfer.pk}/").content.decode()
    assert Posting.objects.get(reverses=house.transfer).number in page
    assert "/reverse/" not in page


def test_a_recall_from_the_lot_s_page_is_released_by_another(house: House) -> None:
    quality, checker = house.of("quality"), house.by(house.checker)
    page = quality.get(f"/stock/lots/{house.soon.pk}/").content.decode()
    assert f"kind=recall&amp;product_code={house.stent.product_code}&amp;lot_no=SOON" in page
    given = {"kind": "recall", "product_code": house.stent.product_code, "lot_no": "SOON",
             "serial_no": "", "reason": "maker's notice 7"}  # fmt: skip
    done = quality.post("/stock/blocks/new/", given)
    assert done["Location"] == f"/stock/lots/{house.soon.pk}/"
    (block,) = selectors.blocks()
    release = f"/stock/blocks/{block.pk}/release/"
    own = quality.post(release, {"reason": "fine", "version": "1"})
    assert "cannot release" in own.content.decode()
    assert checker.post(release, {"reason": "examined", "version": "1"}).status_code == 302
    assert "maker&#x27;s notice 7" in checker.get("/stock/blocks/").content.decode()


def test_a_warehouse_is_opened_with_zones_and_gets_a_shelf(house: House) -> None:
    client = house.of("steward")
    done = client.post("/stock/warehouses/new/", {"code": "bj", "name": "北京仓"})
    assert client.get(done["Location"]).content.decode().count("BJ 北京仓") >= 5
    warehouse = done["Location"].rpartition("=")[2]
    given = {"warehouse": warehouse, "code": "a-1", "kind": "bin", "zone": "qualified"}
    assert client.post("/stock/places/new/", given).status_code == 302
    again = client.post("/stock/places/new/", given)
    assert again.status_code == 422
    assert "Choose another code" in again.content.decode()


def test_a_month_is_closed_once_and_then_refuses_postings(house: House) -> None:
    client = house.of("finance")
    assert client.post("/stock/months/close/", {"month": "2026-09"}).status_code == 302
    assert Period.objects.get().month == dt.date(2026, 9, 1)
    again = client.post("/stock/months/close/", {"month": "2026-09"})
    assert "closed already" in again.content.decode()
    running = client.post("/stock/months/close/", {"month": f"{timezone.localdate():%Y-%m}"})
    assert "not over yet" in running.content.decode()
    keeper = house.of("warehouse")
    sent = typed(house, key="k", business_date="2026-09-30", reason="late")
    assert "is closed" in keeper.post("/stock/move/", sent).content.decode()


def near(house: House, within: str, today: str) -> set[str]:
    day = dt.date.fromisoformat(today)
    rows = selectors.expiring(selectors.stocked(today=day), "lot__expiry_date", within, today=day)
    return {row.lot.lot_no for row in rows}


def test_near_expiry_counts_from_today_through_the_last_day(house: House) -> None:
    """SOON is usable through 2027-01-31: 30 days before is 2027-01-01, 60 days is 2026-12-02."""
    assert near(house, "30", "2027-01-01") == {"SOON"}
    assert near(house, "30", "2026-12-31") == set()
    assert near(house, "60", "2026-12-02") == {"SOON"}
    assert near(house, "60", "2026-12-01") == set()
    assert near(house, "90", "2026-11-02") == {"SOON"}
    assert near(house, "90", "2026-11-01") == set()
    assert near(house, "30", "2027-01-31") == {"SOON"}
    assert near(house, "expired", "2027-01-31") == set()
    assert near(house, "30", "2027-02-01") == set()
    assert near(house, "expired", "2027-02-01") == {"SOON"}


def free(house: House, product: Any, today: dt.date = TODAY) -> list[float]:
    rows = selectors.stocked(today=today).filter(product=product)
    return sorted(float(row.free) for row in rows)


def test_free_is_what_may_be_promised(house: House) -> None:
    assert free(house, house.gloves) == [45, 95]
    assert free(house, house.stent) == [10]
    assert free(house, house.stent, dt.date(2027, 2, 1)) == [0]
    assert free(house, house.monitor) == [1, 1]
    with recorded(actor="test", command="test"):
        services.place_block(actor=house.account, kind="hold", product=house.monitor.pk,
                             unit=house.sn_a.pk, reason="x", at=AT)  # fmt: skip
        house.receive(house.gloves, 8, to=house.quarantine)
    assert free(house, house.monitor) == [0, 1]
    assert free(house, house.gloves) == [0, 45, 95]


def test_search_finds_lots_and_serials(house: House) -> None:
    found = house.of("warehouse").get("/search/?q=SN-A").content.decode()
    assert f"/stock/units/{house.sn_a.pk}/" in found
    found = house.of("sales").get("/search/?q=SOON").content.decode()
    assert f"/stock/lots/{house.soon.pk}/" in found
    found = house.of("it_operations").get("/search/?q=SN-A").content.decode()
    assert "/stock/units/" not in found
