"""Stock over HTTP: postings once, typed refusals, holds by two persons, the trace of a lot."""

from typing import Any

import pytest

from kintsugi.core.ids import uuid7
from kintsugi.stock.models import Block, Posting, Unit
from tests.api.asking import refused
from tests.stock.house import House

pytestmark = pytest.mark.django_db
V1 = "/api/v1/stock"


def send(client: Any, path: str, body: Any, key: str | None = None) -> Any:
    return client.post(
        f"{V1}/{path}", body, content_type="application/json",
        headers={"Idempotency-Key": key or uuid7().hex},
    )  # fmt: skip


def transfer(house: House, qty: int = 3, **line: Any) -> dict[str, Any]:
    given = {
        "product_code": house.gloves.product_code, "qty": qty, "source": str(house.shelf),
        "target": str(house.shelf2), **line,
    }  # fmt: skip
    return {"kind": "transfer", "lines": [given]}


def test_the_same_key_gives_the_same_posting_and_another_body_is_refused(house: House) -> None:
    client = house.of("warehouse")
    first = send(client, "postings", transfer(house), "k1")
    assert first.status_code == 201
    again = send(client, "postings", transfer(house), "k1")
    assert again.json() == first.json()
    refused(send(client, "postings", transfer(house, 4), "k1"), 422, "core.key-reused")
    assert house.on_hand(house.gloves, house.shelf) == 92
    assert house.on_hand(house.gloves, house.shelf2) == 3


def test_a_key_is_each_person_s_own(house: House) -> None:
    one = send(house.of("warehouse"), "postings", transfer(house), "k1").json()
    two = send(house.by(house.second), "postings", transfer(house), "k1").json()
    assert one["number"] != two["number"]
    assert house.on_hand(house.gloves, house.shelf2) == 6


def test_a_posting_without_a_key_is_refused(house: House) -> None:
    response = house.of("warehouse").post(
        f"{V1}/postings", transfer(house), content_type="application/json"
    )
    refused(response, 400, "api.header-missing")


def test_a_posting_answers_with_its_lines(house: House) -> None:
    body = send(house.of("warehouse"), "postings", transfer(house)).json()
    (line,) = body["lines"]
    assert (line["source"]["code"], line["target"]["code"]) == (
        str(house.shelf),
        str(house.shelf2),
    )
    assert float(line["qty"]) == 3
    assert body["reversed_by"] is None


def test_an_opening_balance_registers_lots_and_units(house: House) -> None:
    lines = [
        {"product_code": house.stent.product_code, "lot_no": "L 9", "qty": 4,
         "target": str(house.shelf), "expiry_date": "2028-02-29", "unit_cost": "12.5"},
        {"product_code": house.monitor.product_code, "serial_no": "sn-9",
         "target": str(house.shelf), "quality": "pending"},
    ]  # fmt: skip
    client = house.of("warehouse")
    assert send(client, "postings", {"kind": "opening", "lines": lines}).status_code == 201
    found = client.get(f"{V1}/balances?q=L 9").json()["items"]
    assert [(b["lot_no"], float(b["on_hand"]), b["expiry_date"]) for b in found] == [
        ("L 9", 4.0, "2028-02-29")
    ]
    assert Unit.objects.get(serial_no="SN-9").quality == "pending"


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ({"qty": 96}, 409, "stock.not-enough"),
        ({"product_code": "NOBODY"}, 422, "stock.unknown-product-code"),
        ({"source": "SZ/NOWHERE"}, 422, "stock.unknown-source"),
        ({"lot_no": "NONE"}, 422, "stock.unknown-lot-no"),
        ({"product": "monitor", "serial_no": "SN-B", "qty": 1}, 409, "stock.unit-elsewhere"),
        ({"product": "monitor", "serial_no": "SN-X", "qty": 1}, 422, "stock.unknown-serial-no"),
        ({"product": "monitor", "qty": 1}, 422, "stock.not-tracked"),
        ({"target": "SUPPLIER"}, 422, "stock.unknown-target"),
        ({"qty": 0}, 422, "api.invalid"),
    ],
)
def test_a_refusal_names_the_rule_and_moves_nothing(
    house: House, line: dict[str, Any], status: int, code: str
) -> None:
    product = getattr(house, line.pop("product", "gloves")).product_code
    body = transfer(house, **{"product_code": product, **line})
    before = Posting.objects.count()
    refused(send(house.of("warehouse"), "postings", body), status, code)
    assert Posting.objects.count() == before
    assert house.on_hand(house.gloves, house.shelf) == 95


def test_one_wrong_line_of_two_stops_both_and_is_named(house: House) -> None:
    body = transfer(house)
    body["lines"].append({**body["lines"][0], "product_code": "NOBODY"})
    error = refused(
        send(house.of("warehouse"), "postings", body), 422, "stock.unknown-product-code"
    )
    assert error["facts"]["line"] == 2
    assert house.on_hand(house.gloves, house.shelf2) == 0


def test_goods_do_not_go_to_a_customer_by_hand(house: House) -> None:
    body = transfer(house, target=house.site.code)
    refused(send(house.of("warehouse"), "postings", body), 422, "stock.place-not-ours")


def test_who_posted_does_not_reverse_and_it_is_reversed_once(house: House) -> None:
    keeper, second = house.of("warehouse"), house.by(house.second)
    made = send(keeper, "postings", transfer(house)).json()
    path = f"postings/{made['id']}/reverse"
    refused(send(keeper, path, {"reason": "x"}), 403, "stock.own-posting")
    done = send(second, path, {"reason": "wrong shelf"}, "r1")
    assert done.status_code == 201
    assert done.json()["reverses"] == made["number"]
    assert send(second, path, {"reason": "wrong shelf"}, "r1").json() == done.json()
    refused(send(second, path, {"reason": "again"}), 409, "stock.reversed")
    assert house.on_hand(house.gloves, house.shelf) == 95
    number = keeper.get(f"{V1}/postings/{made['id']}").json()["reversed_by"]
    assert number == done.json()["number"]


def test_a_hold_stops_the_lot_until_another_person_releases_it(house: House) -> None:
    quality, checker = house.of("quality"), house.by(house.checker)
    body = {"kind": "hold", "product_code": house.stent.product_code, "lot_no": "SOON",
            "reason": "complaint"}  # fmt: skip
    made = send(quality, "blocks", body)
    assert made.status_code == 201
    move = transfer(house, 1, product_code=house.stent.product_code, lot_no="SOON")
    refused(send(house.of("warehouse"), "postings", move), 409, "stock.hold")
    (row,) = quality.get(f"{V1}/balances?q=SOON").json()["items"]
    assert (float(row["on_hand"]), float(row["free"]), row["is_blocked"]) == (10, 0, True)
    release = f"blocks/{made.json()['id']}/release"
    refused(send(quality, release, {"reason": "fine"}), 403, "stock.same-person")
    assert send(checker, release, {"reason": "examined"}).status_code == 200
    refused(send(checker, release, {"reason": "examined"}), 409, "stock.released")
    assert send(house.of("warehouse"), "postings", move).status_code == 201
    (row,) = quality.get(f"{V1}/balances?q=SOON&sort=-on_hand").json()["items"][:1]
    assert float(row["free"]) == 9


def test_only_quality_holds(house: House) -> None:
    body = {"kind": "hold", "product_code": house.stent.product_code, "reason": "x"}
    for role in ("warehouse", "finance", "sales", "steward", "auditor"):
        refused(send(house.of(role), "blocks", body), 403, "access.denied")
    assert not Block.objects.exists()


def test_the_trace_of_a_lot_says_where_it_is_and_who_got_it(house: House) -> None:
    from kintsugi.audit.services import recorded

    with recorded(actor="test", command="test"):
        house.move("ship", house.stent, 4, house.shelf, house.site, lot=house.soon)
        house.move("return_in", house.stent, 1, house.site, house.quarantine, lot=house.soon,
                   to_quality="pending")  # fmt: skip
    client = house.of("quality")
    held = client.get(f"{V1}/lots/{house.soon.pk}/holders").json()["items"]
    assert {(h["code"], float(h["on_hand"])) for h in held} == {
        ("A-01-01", 6.0), ("QUARANTINE", 1.0), (house.site.code, 3.0),
    }  # fmt: skip
    (got,) = client.get(f"{V1}/lots/{house.soon.pk}/receivers").json()["items"]
    assert (got["party"], float(got["received"]), float(got["returned"])) == (
        "示例市第一医院", 4.0, 1.0,
    )  # fmt: skip


def test_lists_count_by_hand(house: House) -> None:
    client = house.of("warehouse")
    for name, count in (("balances", 5), ("lots", 1), ("units", 2), ("postings", 6),
                        ("moves", 6), ("warehouses", 2), ("blocks", 0)):  # fmt: skip
        assert client.get(f"{V1}/{name}").json()["count"] == count, name
    # 5 zones of each of two warehouses, four shelves, the hospital's site; not the supplier's.
    assert client.get(f"{V1}/locations").json()["count"] == 15
