"""Pages and API of deliveries and returns, by scanning on a phone."""

from typing import Any

import pytest

from kintsugi.audit.services import recorded
from kintsugi.core.ids import uuid7
from kintsugi.sales.models import Delivery, Return
from kintsugi.stock.models import Location
from tests.api.asking import logged_in
from tests.sales.dispatch import Dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard(db: None) -> Any:
    """Goods, people, and an order of two monitors and thirty gloves; written."""
    with recorded(actor="test", command="test"):
        made = Dispatch()
        shop = made.shop
        made.order_made = made.reserved(
            made.line(shop.monitor, 2, "9000"), made.line(shop.gloves, 30, "1")
        )
        return made


def scripted(client: Any, url: str, raw: str, key: str = "") -> dict[str, Any]:
    """What the scan field's script sends and gets."""
    answer = client.post(
        url, {"raw": raw}, headers={"X-Requested-With": "fetch", "Idempotency-Key": key or raw}
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def step(client: Any, url: str, record: Any, **given: Any) -> Any:
    """A form of a step, sent as its page draws it: with the version that was read and a key."""
    record.refresh_from_db()
    return client.post(url, {"version": record.version, "key": uuid7().hex, **given})


def shows_our_shelves_only(page: Any, shop: Any) -> None:
    """Goods go back to the warehouse that sent them."""
    shown = page.content.decode()
    assert str(shop.shelf.pk) in shown
    for elsewhere in Location.objects.filter(warehouse=shop.other):
        assert str(elsewhere.pk) not in shown


def test_goods_go_out_by_pages_alone(yard: Any) -> None:
    """Wave, pick, check, ship, sign and return, each by the form or the scan field."""
    keeper, checker = logged_in(yard.keeper), logged_in(yard.checker)
    shop = yard.shop
    answer = keeper.post(
        "/sales/waves/new/",
        {"warehouse": str(shop.main.pk), "wanted_by": "2026-12-01", "key": uuid7().hex,
         "picker": str(yard.keeper.person_id)},
    )  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    assert "SN-01" in keeper.get(answer["Location"]).content.decode()
    made = Delivery.objects.get()
    base = f"/sales/deliveries/{made.pk}/"
    for path in ("", "pick/"):
        page = keeper.get(base + path)
        assert page.status_code == 200
        assert made.number in page.content.decode()

    wrong = scripted(keeper, f"{base}pick/", "SN-05x")
    assert wrong["tone"] == "bad"
    place = scripted(keeper, f"{base}pick/", f"{shop.main.code}/A-01-01")
    assert (place["tone"], place["what"]) == ("good", "Location")
    first = scripted(keeper, f"{base}pick/", "SN-01", "k1")
    assert (first["tone"], first["remedy"]) == ("good", "1 / 32")
    assert scripted(keeper, f"{base}pick/", "SN-01", "k1") == first
    assert scripted(keeper, f"{base}pick/", "SN-01", "k2")["tone"] == "bad"
    scripted(keeper, f"{base}pick/", "SN-02")
    page = keeper.post(
        f"{base}pick/", {"raw": shop.gloves.product_code, "qty": "30", "key": uuid7().hex}
    )
    assert "32 / 32" in page.content.decode()
    assert step(keeper, f"{base}finish/", made).status_code == 302

    refused = step(keeper, f"{base}start-check/", made)
    assert refused.status_code in (403, 409, 422)
    assert "cannot check" in refused.content.decode()
    step(checker, f"{base}start-check/", made)
    for raw in ("SN-01", "SN-02"):
        assert scripted(checker, f"{base}check/", raw)["tone"] == "good"
    short = step(checker, f"{base}pass-check/", made)
    assert short.status_code in (409, 422)
    assert "30 too few" in short.content.decode()
    checker.post(
        f"{base}check/", {"raw": shop.gloves.product_code, "qty": "30", "key": uuid7().hex}
    )
    assert step(checker, f"{base}pass-check/", made).status_code == 302

    missing = step(keeper, f"{base}ship/", made, mode="self", serials="SN-01")
    assert "missing: SN-02" in missing.content.decode()
    assert step(keeper, f"{base}ship/", made, mode="self").status_code == 302
    for kind in ("note", "packing", "check"):
        paper = keeper.get(f"{base}paper/{kind}/")
        assert (paper.status_code, paper["Content-Type"]) == (200, "application/pdf")
        assert paper.content.startswith(b"%PDF")

    signed = keeper.post(
        f"{base}sign/",
        {"signer": "吴护士长", "signed_at": "2026-11-26T10:00", "rest": "on", "key": uuid7().hex,
         "lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0", "lines-0-thing": "SN-02",
         "lines-0-outcome": "refused", "lines-0-reason": "外箱压坏",  # and an untouched line:
         "lines-1-outcome": "signed"},
    )  # fmt: skip
    assert signed.status_code == 302, signed.content.decode()
    made.refresh_from_db()
    assert made.status == "part_signed"

    seller, quality = logged_in(yard.seller), logged_in(yard.quality)
    asked = seller.post(
        f"{base}return/",
        {"kind": "refund", "reason": "quality", "key": uuid7().hex, "lines-TOTAL_FORMS": "1",
         "lines-INITIAL_FORMS": "0", "lines-0-thing": "sn-01"},
    )  # fmt: skip
    assert asked.status_code == 302, asked.content.decode()
    back = Return.objects.get(kind="refund")
    there = f"/sales/returns/{back.pk}/"
    assert step(quality, f"{there}approve/", back).status_code == 302
    received = step(keeper, f"{there}receive/", back, scans="SN-01\n")
    assert received.status_code == 302, received.content.decode()
    shows_our_shelves_only(quality.get(f"{there}inspect/"), shop)
    decided = quality.post(
        f"{there}inspect/",
        {"key": uuid7().hex, "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "1",
         "lines-0-line": str(back.lines.get().pk), "lines-0-decision": "restock",
         "lines-0-finding": "完好", "lines-0-place": str(shop.shelf.pk)},
    )  # fmt: skip
    assert decided.status_code == 302, decided.content.decode()
    assert "完好" in quality.get(there).content.decode()
    for path in ("deliveries/", "waves/", "returns/", "deliveries/to-do/to_sign/"):
        assert keeper.get(f"/sales/{path}").status_code == 200
    assert made.number in keeper.get("/sales/deliveries/?q=SN-01").content.decode()


def test_the_api_does_the_same_and_each_key_once(yard: Any) -> None:
    keeper, checker = logged_in(yard.keeper), logged_in(yard.checker)

    def post(client: Any, path: str, body: dict[str, Any], key: str = "") -> Any:
        return client.post(
            f"/api/v1/sales/{path}", body, content_type="application/json",
            headers={"Idempotency-Key": key or uuid7().hex},
        )  # fmt: skip

    body = {"warehouse_id": str(yard.shop.main.pk), "orders": [str(yard.order_made.pk)]}
    first = post(keeper, "deliveries", body, "once")
    assert first.status_code == 201, first.content
    assert post(keeper, "deliveries", body, "once").json()["id"] == first.json()["id"]
    base = f"deliveries/{first.json()['id']}"
    post(keeper, f"{base}/assign", {"picker_id": str(yard.keeper.person_id)})
    scans = {"scans": [{"raw": "SN-01"}, {"raw": "SN-04"}, {"raw": "nowhere"},
                       {"raw": yard.shop.gloves.product_code, "qty": "30"}]}  # fmt: skip
    answers = post(keeper, f"{base}/pick", scans).json()["answers"]
    assert [one["accepted"] for one in answers] == [True, True, False, True]
    assert answers[2]["code"] == "scan.unknown"
    post(keeper, f"{base}/finish", {})
    own = post(keeper, f"{base}/start-check", {})
    assert own.json()["error"]["code"] == "sales.same-person"
    post(checker, f"{base}/start-check", {})
    scans["scans"].pop(2)
    told = post(checker, f"{base}/check", scans).json()["answers"]
    assert all(one["accepted"] and one["wanted"] is None for one in told)
    assert post(checker, f"{base}/pass-check", {}).json()["status"] == "checked"
    lost = post(keeper, f"{base}/ship", {"mode": "self", "serials": ["SN-01"]})
    assert (lost.status_code, lost.json()["error"]["facts"]["missing"]) == (409, ["SN-04"])
    assert post(keeper, f"{base}/ship", {"mode": "self"}).json()["status"] == "shipped"
    signed = post(
        keeper, f"{base}/sign",
        {"signer": "吴", "signed_at": "2026-11-26T10:00:00+08:00", "rest": "signed"},
    )  # fmt: skip
    assert signed.status_code == 201, signed.content
    detail = keeper.get(f"/api/v1/sales/{base}").json()
    assert (detail["status"], len(detail["items"]), len(detail["receipts"])) == ("signed", 3, 1)
    items = {one["serial_no"]: one["id"] for one in detail["items"]}
    asked = post(
        logged_in(yard.seller), "returns",
        {"delivery_id": detail["id"], "kind": "refund", "reason": "quality",
         "lines": [{"item_id": items["SN-01"], "qty": "1"}]},
    )  # fmt: skip
    assert asked.status_code == 201, asked.content
    assert (
        keeper.get("/api/v1/sales/returns").json()["items"][0]["number"] == asked.json()["number"]
    )
