"""Pages and API of stocktakes: blind to the end, each step by who may take it."""

from typing import Any

import pytest

from kintsugi.core.ids import uuid7
from kintsugi.stock.counting import selectors
from kintsugi.stock.models import Adjustment, Stocktake, StocktakeLine
from tests.api.asking import refused
from tests.stock.house import House
from tests.stock.shop import TODAY

pytestmark = pytest.mark.django_db
V1 = "/api/v1/stock"


def send(client: Any, path: str, body: Any = None) -> Any:
    return client.post(
        f"{V1}/{path}", body or {}, content_type="application/json",
        headers={"Idempotency-Key": uuid7().hex},
    )  # fmt: skip


def counted(house: House, client: Any, take: str, gloves: int) -> None:
    body = {
        "place": str(house.shelf), "is_complete": True,
        "found": [
            {"product_code": house.gloves.product_code, "qty": gloves},
            {"product_code": house.stent.product_code, "lot_no": "SOON", "qty": 10},
            {"product_code": house.monitor.product_code, "serial_no": "sn-a"},
        ],
    }  # fmt: skip
    assert send(client, f"stocktakes/{take}/counts", body).status_code == 201


def test_from_plan_to_posting_over_the_api(house: House) -> None:
    keeper, second, quality = house.of("warehouse"), house.by(house.second), house.of("quality")
    made = send(keeper, "stocktakes", {"warehouse": house.main.code})
    assert made.status_code == 201
    take = made.json()["id"]
    assert send(keeper, f"stocktakes/{take}/start").json()["progress"]["open"] == 3
    counted(house, keeper, take, 92)
    refused(send(keeper, f"stocktakes/{take}/finish"), 409, "stocktake.open")
    counted(house, second, take, 92)
    done = send(keeper, f"stocktakes/{take}/finish").json()
    assert (done["status"], done["progress"]["confirmed"]) == ("review", 1)
    (line,) = quality.get(f"{V1}/stocktakes/{take}/lines?state=confirmed").json()["items"]
    assert [float(line[n]) for n in ("expected", "book", "counted", "difference")] == [
        95, 95, 92, -3,
    ]  # fmt: skip
    refused(send(keeper, f"stocktakes/{take}/approve", {"reason": "x"}), 403, "access.denied")
    refused(send(quality, f"stocktakes/{take}/approve", {"reason": "x"}), 409,
            "stocktake.not-ready")  # fmt: skip
    told = send(keeper, f"stocktake-lines/{line['id']}/explain", {"reason": "picking"})
    assert told.json()["reason"] == "picking"
    posted = send(quality, f"stocktakes/{take}/approve", {"reason": "seen"}).json()
    assert posted["status"] == "posted"
    assert posted["posting"].startswith("ST-")
    assert house.on_hand(house.gloves, house.shelf) == 92


def test_while_it_is_counted_nobody_is_shown_what_is_expected(house: House) -> None:
    """Expected are 95 gloves and the serial SN-A: on no page, in no answer, in no export."""
    keeper = house.of("warehouse")
    take = send(keeper, "stocktakes", {"warehouse": house.main.code}).json()["id"]
    send(keeper, f"stocktakes/{take}/start")
    counted(house, keeper, take, 59)
    for role in ("warehouse", "quality", "finance", "auditor"):
        client = house.of(role)
        for address in (
            f"/stock/stocktakes/{take}/", f"/stock/stocktakes/{take}/sheet/",
            f"/stock/stocktakes/{take}/print/", f"/stock/stocktakes/{take}/lines/",
            f"/stock/stocktakes/{take}/sheet/?export=csv",
            f"/stock/stocktakes/{take}/lines/?export=csv",
            f"{V1}/stocktakes/{take}", f"{V1}/stocktakes/{take}/sheet",
            f"{V1}/stocktakes/{take}/lines",
        ):  # fmt: skip
            response = client.get(address)
            body = text_of(response)
            if response.status_code == 403:
                assert role == "finance"
                assert "export" in address
                continue
            assert response.status_code == 200, address
            words = body.replace("-", " ").replace('"', " ").replace("<", " ").replace(">", " ")
            assert not {"95", "95.0000", "SN", "36"} & set(words.split()), (role, address)
    assert keeper.get(f"{V1}/stocktakes/{take}/lines").json()["count"] == 0
    sheet = keeper.get(f"{V1}/stocktakes/{take}/sheet").json()
    assert sorted(row["work"] for row in sheet["items"]) == ["again", "done", "done"]
    assert set(sheet["items"][0]) == {"location", "product", "lot_no", "work"}
    refused(send(keeper, f"stocktake-lines/{StocktakeLine.objects.first().pk}/explain",
                 {"reason": "lost"}), 409, "stocktake.not-in-review")  # fmt: skip
    assert (
        keeper.get(
            f"/stock/stocktake-lines/{StocktakeLine.objects.first().pk}/explain/"
        ).status_code
        == 404
    )


def text_of(response: Any) -> str:
    parts = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts).decode()


def test_by_hand_on_pages(house: House) -> None:
    keeper, second = house.of("warehouse"), house.by(house.second)
    given = {"warehouse": str(house.main.pk), "zones": ["qualified"],
             "products": house.gloves.product_code, "key": "p1"}  # fmt: skip
    page = keeper.post("/stock/stocktakes/new/", given)["Location"]
    assert "Start: freeze" in keeper.get(page).content.decode()
    assert keeper.post(f"{page}start/").status_code == 302
    for client, key in ((keeper, "c1"), (second, "c2")):
        typed = {"place": "a-01-01", "product_code": house.gloves.product_code, "qty": "97",
                 "version": Stocktake.objects.get().version, "key": key,
                 "is_complete": "on"}  # fmt: skip
        assert client.post(f"{page}count/", typed).status_code == 302
    assert keeper.post(f"{page}finish/").status_code == 302
    assert "Differences without a reason: 1" in house.of("quality").get(page).content.decode()
    line = StocktakeLine.objects.get()
    keeper.post(f"/stock/stocktake-lines/{line.pk}/explain/",
                {"reason": "receiving", "version": line.version})  # fmt: skip
    version = Stocktake.objects.get().version
    done = house.of("quality").post(
        f"{page}approve/", {"reason": "seen", "key": "a", "version": version}
    )
    assert done.status_code == 302
    assert house.on_hand(house.gloves, house.shelf) == 97
    result = keeper.get(f"{page}lines/").content.decode()
    assert "received wrongly" in result


def test_a_wrong_count_keeps_what_was_typed(house: House) -> None:
    keeper = house.of("warehouse")
    take = send(keeper, "stocktakes", {"warehouse": house.main.code}).json()["id"]
    send(keeper, f"stocktakes/{take}/start")
    typed = {"place": "A-99", "product_code": house.gloves.product_code, "qty": "7", "key": "k",
             "version": Stocktake.objects.get().version}  # fmt: skip
    answer = keeper.post(f"/stock/stocktakes/{take}/count/", typed)
    assert answer.status_code == 422
    assert 'value="A-99"' in answer.content.decode()
    assert "no location" in answer.content.decode()


def test_an_adjustment_is_asked_for_and_approved_on_pages(house: House) -> None:
    keeper, quality = house.of("warehouse"), house.of("quality")
    given = {"kind": "scrap", "product_code": house.gloves.product_code, "qty": "5",
             "place": str(house.shelf), "reason": "torn", "key": "k1"}  # fmt: skip
    page = keeper.post("/stock/adjustments/new/", given)["Location"]
    assert keeper.post("/stock/adjustments/new/", given)["Location"] == page
    assert "Who asked for it cannot decide" in keeper.get(page).content.decode()
    assert keeper.get(f"{page}decide/").status_code == 403
    version = Adjustment.objects.get().version
    done = quality.post(
        f"{page}decide/", {"decision": "approve", "reason": "seen", "version": version}
    )
    assert done.status_code == 302
    assert house.on_hand(house.gloves, house.shelf) == 90


def test_nothing_is_scrapped_by_one_person_over_the_api(house: House) -> None:
    line = {"product_code": house.gloves.product_code, "qty": 3, "source": str(house.shelf)}
    body = {"kind": "scrap", "lines": [line], "reason": "torn"}
    refused(send(house.of("warehouse"), "postings", body), 422, "api.invalid")
    made = send(house.of("warehouse"), "adjustments", body).json()
    assert (made["status"], house.on_hand(house.gloves, house.shelf)) == ("requested", 95)
    refused(send(house.of("warehouse"), f"adjustments/{made['id']}/decide",
                 {"is_approved": True, "reason": "x"}), 403, "access.denied")  # fmt: skip
    done = send(house.of("finance"), f"adjustments/{made['id']}/decide",
                {"is_approved": True, "reason": "seen"}).json()  # fmt: skip
    assert (done["status"], house.on_hand(house.gloves, house.shelf)) == ("posted", 92)


def test_what_is_due_to_be_counted_is_proposed_by_value(house: House) -> None:
    """Gloves cost nothing here; a probe worth 90 of 100 is class A (the first 80 % end within it),
    a cable worth 10 begins at 90 % and is class B. Never counted: due now."""
    from kintsugi.audit.services import recorded

    with recorded(actor="test", command="test"):
        probe = house._product("PRB-1", "探头", tracking="none")
        cable = house._product("CBL-1", "导线", tracking="none")
        house.receive(probe, 9, cost="10")
        house.receive(cable, 10, cost="1")
    assert house.of("warehouse").get("/stock/stocktakes/due/").status_code == 200
    found = selectors.proposals(warehouse=house.main.pk, today=TODAY)
    rows = {row["product_code"]: (row["abc"], float(row["value"])) for row in found}
    assert rows["PRB-1"] == ("A", 90.0)
    assert rows["CBL-1"] == ("B", 10.0)
    assert rows[house.gloves.product_code] == ("C", 0.0)
    assert [row["product_code"] for row in found][:2] == ["PRB-1", "CBL-1"]


def test_a_stocktake_of_another_warehouse_is_not_there(house: House) -> None:
    keeper = house.of("warehouse")
    take = send(keeper, "stocktakes", {"warehouse": house.other.code}).json()["id"]
    limited = house.by(house.limited)
    assert limited.get(f"/stock/stocktakes/{take}/").status_code == 404
    assert limited.get(f"{V1}/stocktakes").json()["count"] == 0
    assert limited.post(f"/stock/stocktakes/{take}/start/").status_code == 404
    assert send(limited, "stocktakes", {"warehouse": house.other.code}).status_code == 404
    assert send(limited, "stocktakes", {"warehouse": house.main.code}).status_code == 201
