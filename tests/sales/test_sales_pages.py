"""Pages and API of sales: who may open them, what they say, and that nothing typed is lost."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.ids import uuid7
from kintsugi.sales import services
from kintsugi.sales.entry import pasted_rows
from kintsugi.sales.models import Contract, Order
from tests.api.asking import logged_in, refused
from tests.sales.market import AT, Market

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_market(db: None) -> Any:
    """A market that is written: its pages are asked for afterwards."""
    with recorded(actor="test", command="test"):
        return Market()


def take(market: Any, **more: str) -> dict[str, str]:
    """The form of an order with two lines typed and three blank."""
    given = {
        "customer": market.shop.hospital.name, "wanted_on": timezone.localdate().isoformat(),
        "kind": "sale", "key": uuid7().hex, "lines-TOTAL_FORMS": "5", "lines-INITIAL_FORMS": "0",
        "lines-0-product_code": market.shop.gloves.product_code, "lines-0-qty": "3",
        "lines-0-price": "10.5", "lines-0-tax_rate": "13",
        "lines-1-product_code": f" {market.shop.stent.product_code} ", "lines-1-qty": "1",
        "lines-1-price": "1000", "lines-1-tax_rate": "13", "lines-1-discount": "10",
    }  # fmt: skip
    return {**given, **more}


def test_an_order_typed_line_by_line_is_taken_and_blank_lines_are_left_out(
    open_market: Any,
) -> None:
    client = logged_in(open_market.seller)
    answer = client.post("/sales/orders/new/", take(open_market))
    assert answer.status_code == 302, answer.content.decode()
    made = Order.objects.get()
    assert (made.status, made.total, made.lines.count()) == ("draft", 931.5, 2)
    page = client.get(answer["Location"]).content.decode()
    assert made.number in page
    assert "示例市第一医院" in page
    # Sent twice, taken once.
    given = take(open_market)
    client.post("/sales/orders/new/", given)
    client.post("/sales/orders/new/", given)
    assert Order.objects.count() == 2


def test_more_lines_and_pasted_lines_keep_what_was_typed_and_save_nothing(
    open_market: Any,
) -> None:
    client = logged_in(open_market.seller)
    page = client.post("/sales/orders/new/", take(open_market, add="lines")).content.decode()
    assert 'value="10.5"' in page
    assert page.count('name="lines-') > 100  # two typed and ten blank lines
    pasted = f"编码\t数量\t单价\n{open_market.shop.gloves.product_code}\t1,200\t¥9.90"
    page = client.post(
        "/sales/orders/new/", take(open_market, take="lines", **{"paste-lines": pasted})
    ).content.decode()
    assert 'name="lines-2-qty" value="1200"' in page
    assert 'name="lines-2-price" value="9.90"' in page
    assert 'value="10.5"' in page
    assert Order.objects.count() == 0


def test_a_refused_line_says_why_at_its_place(open_market: Any) -> None:
    client = logged_in(open_market.seller)
    given = take(open_market, **{"lines-1-product_code": "NOBODY"})
    answer = client.post("/sales/orders/new/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'id="id_lines-1-product_code_error">[^<]*NOBODY', page)
    assert 'value="1000"' in page
    given = take(open_market, **{"lines-0-qty": "x"})
    assert client.post("/sales/orders/new/", given).status_code == 422
    answer = client.post("/sales/orders/new/", take(open_market, customer="无此医院"))
    assert "No customer is called" in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A-1\t2\t3.5\nB-2\t4", [{"product_code": "A-1", "qty": "2", "price": "3.5"},
                                  {"product_code": "B-2", "qty": "4"}]),
        ("code;qty;price\nA-1;2;1000", [{"product_code": "A-1", "qty": "2", "price": "1000"}]),
        ("A-1 2 3", [{"product_code": "A-1", "qty": "2", "price": "3"}]),
        ("\n \n", []),
        ("A-1\tx\t3", []),
    ],
)  # fmt: skip
def test_rows_of_a_spreadsheet_are_understood(text: str, wanted: list[dict[str, str]]) -> None:
    assert pasted_rows(text, ("product_code", "qty", "price")) == wanted


def test_an_order_goes_through_its_steps_on_pages(open_market: Any) -> None:
    """Seller takes and submits, quality approves, the seller reserves."""
    with recorded(actor="test", command="test"):
        open_market.shop.receive(open_market.shop.gloves, 10)
        made = open_market.order(open_market.line(open_market.shop.gloves, 4))
    page = f"/sales/orders/{made.pk}/"

    def step(person: Any, name: str, **given: str) -> int:
        client = logged_in(person)
        version = Order.objects.get(pk=made.pk).version
        form = {"key": uuid7().hex, "version": str(version), **given}
        return client.post(f"{page}{name}/", form).status_code

    assert step(open_market.seller, "submit") == 302
    assert step(open_market.seller, "approve") == 403  # his roles do not approve
    assert step(open_market.quality, "approve") == 302
    assert step(open_market.seller, "reserve", expires_at="") == 302
    made.refresh_from_db()
    assert made.status == "reserved"
    shown = logged_in(open_market.seller).get(page).content.decode()
    assert '<progress value="4.0000" max="4.0000"' in shown
    assert "Everything is kept." in shown
    assert step(open_market.seller, "hold", kind="credit", reason="") == 422
    assert step(open_market.seller, "cancel", reason="客户取消") == 302


def test_the_page_says_why_an_order_cannot_be_approved(open_market: Any) -> None:
    with recorded(actor="test", command="test"):
        bare = open_market.trade.product("BARE-7")
        made = open_market.submitted(open_market.line(bare, 1))
    shown = logged_in(open_market.quality).get(f"/sales/orders/{made.pk}/").content.decode()
    assert "BARE-7" in shown
    assert "k-step-closed" in shown


def test_a_contract_is_written_and_put_in_force_on_pages(open_market: Any) -> None:
    client = logged_in(open_market.seller)
    given = {
        "customer": open_market.shop.hospital.name, "kind": "sale", "number": "ht-2026-1",
        "signed_on": "2026-11-01", "effective_on": "2026-11-01", "expires_on": "2027-10-31",
        "currency": "CNY", "warranty_start": "install_accept", "warranty_months": "24",
        "warranty_covers": ["labour", "parts"], "retention": "5", "file_sha256": "ab" * 32,
        "key": uuid7().hex, "lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0",
        "lines-0-product_code": open_market.shop.gloves.product_code, "lines-0-qty": "10",
        "lines-0-price": "5", "lines-0-tax_rate": "13", "payments-TOTAL_FORMS": "2",
        "payments-INITIAL_FORMS": "0", "payments-0-name": "全款", "payments-0-share": "100",
        "payments-0-due_rule": "delivered", "payments-0-due_days": "30",
    }  # fmt: skip
    answer = client.post("/sales/contracts/new/", {**given, "payments-0-share": "90"})
    assert "90 %" in answer.content.decode()
    answer = client.post("/sales/contracts/new/", given)
    assert answer.status_code == 302, answer.content.decode()
    made = Contract.objects.get()
    page = f"/sales/contracts/{made.pk}/"
    assert (made.number, made.versions.get().retention_share) == (
        "HT-2026-1", Decimal("0.05"),
    )  # fmt: skip
    for person, name in ((open_market.seller, "submit"), (open_market.finance, "approve")):
        made.refresh_from_db()
        form = {"key": uuid7().hex, "version": str(made.version)}
        assert logged_in(person).post(f"{page}{name}/", form).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.version_no) == ("effective", 1)
    for url in (page, f"{page}versions/1/", f"{page}change/"):
        assert "HT-2026-1" in client.get(url).content.decode()


def test_the_api_takes_approves_and_reserves_once_for_each_key(open_market: Any) -> None:
    with recorded(actor="test", command="test"):
        open_market.shop.receive(open_market.shop.gloves, 10)
    seller, quality = logged_in(open_market.seller), logged_in(open_market.quality)
    body = {
        "customer_id": str(open_market.shop.hospital.pk), "wanted_on": "2027-01-31",
        "lines": [{"product_code": open_market.shop.gloves.product_code, "qty": "4",
                   "price": "10", "tax_rate": "0.13"}],
    }  # fmt: skip

    def send(client: Any, path: str, given: Any = None, key: str = "") -> Any:
        return client.post(
            f"/api/v1/sales/orders{path}", given or {}, content_type="application/json",
            headers={"Idempotency-Key": key or uuid7().hex},
        )  # fmt: skip

    first, again = send(seller, "", body, "k1"), send(seller, "", body, "k1")
    assert first.status_code == 201, first.content
    assert first.json()["number"] == again.json()["number"]
    other = {**body, "wanted_on": "2027-02-01"}
    refused(send(seller, "", other, "k1"), 422, "core.key-reused")
    one = f"/{first.json()['id']}"
    assert send(seller, f"{one}/submit").json()["status"] == "submitted"
    refused(send(seller, f"{one}/approve"), 403, "access.denied")
    approved = send(quality, f"{one}/approve")
    assert approved.json()["status"] == "approved"
    assert {one["check"] for one in approved.json()["checks"]} >= {"credit", "stock", "blocks"}
    kept = send(seller, f"{one}/reserve", {"lines": []}).json()
    assert (kept["status"], kept["lines"][0]["reserved"]) == ("reserved", "4.0000")
    refused(send(seller, f"{one}/hold", {"kind": "credit", "reason": ""}), 422, "api.invalid")
    assert send(seller, f"{one}/cancel", {"reason": "x"}).json()["status"] == "cancelled"
    found = seller.get("/api/v1/sales/orders?q=SO-").json()
    assert found["count"] == 1


def test_the_keeper_of_a_warehouse_sees_its_orders_and_no_others(open_market: Any) -> None:
    from tests.identity.people import create_user, give

    with recorded(actor="test", command="test"):
        keeper = create_user(
            username="main.only", password="gold-seam-2026", display_name="x", roles=(),
            language="en",
        )  # fmt: skip
        give(keeper, "warehouse", "warehouse", [str(open_market.shop.main.pk)])
        mine = open_market.order(
            open_market.line(open_market.shop.gloves, 1), warehouse=open_market.shop.main.pk
        )
        others = open_market.order(
            open_market.line(open_market.shop.gloves, 1), warehouse=open_market.shop.other.pk
        )
        nobodys = open_market.order(open_market.line(open_market.shop.gloves, 1))
    client = logged_in(keeper)
    listed = client.get("/sales/orders/").content.decode()
    assert mine.number in listed
    assert others.number not in listed
    assert nobodys.number not in listed
    assert client.get(f"/sales/orders/{others.pk}/").status_code == 404
    shown = client.get(f"/sales/orders/{mine.pk}/")
    assert shown.status_code == 200, shown.content.decode()
    assert services is not None
    assert AT is not None
