"""Pages of purchasing: the whole way by a browser, who may open what, and that nothing typed is
lost."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.ids import uuid7
from kintsugi.purchasing import services
from kintsugi.purchasing.kinds import CHECKS
from kintsugi.purchasing.models import (
    Acceptance,
    Invoice,
    Notice,
    Order,
    Receipt,
    Request,
    Return,
    Scan,
)
from kintsugi.purchasing.services import InvoiceLineIn, NoticeLineIn, RequestLineIn, ReturnLineIn
from tests.api.asking import logged_in
from tests.identity.people import create_user, give
from tests.purchasing.depot import CASE, PASSWORD, Depot, Placing, finding, typed

pytestmark = pytest.mark.django_db
BASE = "/purchasing"


def key() -> str:
    """Another one each time."""
    return uuid7().hex


def today() -> dt.date:
    """The day of requests that read the clock."""
    return timezone.localdate()


def sent(client: Any, path: str, status: int = 302, **given: Any) -> Any:
    """A form that was sent, with the version that its page showed."""
    page = client.get(f"{BASE}/{path}")
    shown = re.search(r'name="version" value="(\d+)"', page.content.decode())
    version = {"version": shown.group(1)} if shown else {}
    response = client.post(f"{BASE}/{path}", {"key": key(), **version, **given})
    refusals = r"(?s)(?:invalid-feedback|k-notice-body)[^>]*>(.*?)</div>"
    said = re.findall(refusals, response.content.decode())
    assert response.status_code == status, said
    return response


def text_of(client: Any, path: str) -> str:
    """A page without its tags."""
    response = client.get(f"{BASE}/{path}")
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def ordered(yard: Depot) -> tuple[Order, Notice]:
    """Asked for, ordered, approved and announced, by the pages."""
    keeper, buyer, chief = logged_in(yard.keeper), logged_in(yard.buyer), logged_in(yard.chief)
    sent(keeper, "requests/new/", warehouse=str(yard.main.pk), source="manual", why="快用完了",
         **{"lines-0-product_code": yard.gloves.product_code, "lines-0-qty": "20"})  # fmt: skip
    asked = Request.objects.get()
    assert "does not decide it" in text_of(keeper, f"requests/{asked.pk}/")
    sent(buyer, f"requests/{asked.pk}/decide/", decision="yes", note="")
    filled = buyer.get(f"{BASE}/requests/{asked.pk}/order/").content.decode()
    assert f'value="{yard.gloves.product_code}"' in filled
    sent(buyer, f"requests/{asked.pk}/order/", supplier=str(yard.supplier.pk),
         warehouse=str(yard.main.pk), currency="CNY", request=asked.number, terms="",
         **{"lines-0-product_code": f" {yard.gloves.product_code} ", "lines-0-qty": "20",
            "lines-0-unit_price": "10", "lines-0-tax_percent": "13"})  # fmt: skip
    order = Order.objects.get()
    assert order.lines.get().tax_rate == Decimal("0.13")
    sent(buyer, f"orders/{order.pk}/submit/")
    page = text_of(buyer, f"orders/{order.pk}/")
    assert "The buyer does not approve his own order." in page
    assert "226.00" in page  # 20 × 10 × 1.13
    sent(chief, f"orders/{order.pk}/approve/", said="")
    sent(buyer, f"orders/{order.pk}/announce/", shipment_no="S-1", expected_on=str(today()),
         **{"lines-0-order_line": "1", "lines-0-qty": "20"})  # fmt: skip
    return order, Notice.objects.get()


def test_from_the_request_to_the_invoice_by_the_pages(yard: Depot) -> None:
    order, notice = ordered(yard)
    keeper, buyer, chief = logged_in(yard.keeper), logged_in(yard.buyer), logged_in(yard.chief)
    inspector, payer = logged_in(yard.inspector), logged_in(yard.payer)
    sent(keeper, "receipts/new/", order_no=order.number, notice=notice.number, delivery_note="DN-1",
         arrived_on=str(today()))  # fmt: skip
    receipt = Receipt.objects.get()
    for _ in range(2):
        answer = keeper.post(
            f"{BASE}/receipts/{receipt.pk}/scan/", {"raw": f"(01){CASE}"},
            headers={"X-Requested-With": "fetch", "Idempotency-Key": key()},
        ).json()  # fmt: skip
        assert answer["tone"] == "good", answer
    over = keeper.post(f"{BASE}/receipts/{receipt.pk}/scan/", {"raw": f"(01){CASE}"})
    assert 'role="alert"' in over.content.decode()
    assert 'data-sound="bad"' in over.content.decode()
    sent(keeper, f"receipts/{receipt.pk}/post/")
    sent(keeper, f"receipts/{receipt.pk}/post/")
    line = {"l1-sample": "5", "l1-qualified": "18", "l1-rejected": "2",
            "l1-reject_reason": "damaged", "l1-note": ""}  # fmt: skip
    wrong = sent(inspector, f"receipts/{receipt.pk}/accept/", 422, all_passed="on", head_note="",
                 secret="guess", **line)  # fmt: skip
    assert "nothing was signed" in wrong.content.decode()
    assert not Acceptance.objects.exists()
    sent(
        inspector,
        f"receipts/{receipt.pk}/accept/",
        all_passed="on",
        head_note="",
        secret=PASSWORD,
        **line,
    )
    made = Acceptance.objects.get()
    assert set(made.lines.get().checks) == set(CHECKS)
    page = text_of(inspector, f"acceptances/{made.pk}/")
    assert "appearance: pass" in page
    assert "吴质量 · checked" in page
    shelf = keeper.post(f"{BASE}/receipts/{receipt.pk}/put-away/", {"raw": str(yard.shelf)})
    assert "now scan the goods" in shelf.content.decode()
    one = keeper.post(
        f"{BASE}/receipts/{receipt.pk}/put-away/", {"raw": f"(01){CASE}"},
        headers={"X-Requested-With": "fetch", "Idempotency-Key": key()},
    ).json()  # fmt: skip
    assert one["tone"] == "good", one
    sent(keeper, f"receipts/{receipt.pk}/put-away/", 200, line="1", place="A-01-01", qty="8")
    receipt.refresh_from_db()
    assert receipt.status == "done"
    assert yard.on_hand(yard.gloves, yard.shelf) == 18
    sent(keeper, f"receipts/{receipt.pk}/return/", reason="rejected", why="破损",
         **{"lines-0-line": "1", "lines-0-place": "REJECTED", "lines-0-quality": "rejected",
            "lines-0-qty": "2"})  # fmt: skip
    back = Return.objects.get()
    sent(chief, f"returns/{back.pk}/decide/", decision="yes", note="")
    sent(keeper, f"returns/{back.pk}/ship/", carrier="顺丰", waybill="SF1")
    sent(payer, f"returns/{back.pk}/credit/", credit_no="C-1", credited_on=str(today()))
    sent(payer, f"orders/{order.pk}/invoice/", invoice_no="F-1", invoiced_on=str(today()),
         **{"lines-0-order_line": "1", "lines-0-qty": "20", "lines-0-unit_price": "10",
            "lines-0-tax_percent": "13"})  # fmt: skip
    bill = Invoice.objects.get()
    checker = logged_in(yard.auditing)
    assert "1 differences are open" in text_of(checker, f"invoices/{bill.pk}/")
    sent(payer, f"invoice-lines/{bill.lines.get().pk}/resolve/", resolution="补红字发票")
    sent(payer, f"invoices/{bill.pk}/match/")
    sent(checker, f"invoices/{bill.pk}/approve/", said="")
    bill.refresh_from_db()
    assert bill.status == "approved"
    for path in ("requests", "orders", "notices", "receipts", "acceptances", "returns", "invoices"):
        client = payer if path == "invoices" else buyer
        assert "Previous" in text_of(client, f"{path}/") or text_of(client, f"{path}/")
    for path, client in (("orders", buyer), ("receipts", keeper)):
        pk = order.pk if path == "orders" else receipt.pk
        paper = client.get(f"{BASE}/{path}/{pk}/paper/")
        assert paper["Content-Type"] == "application/pdf"
        assert paper.content.startswith(b"%PDF")


def everything(yard: Depot) -> dict[str, Any]:
    """One document of each kind."""
    with recorded(actor="test", command="test"):
        asked = services.make_request(
            actor=yard.keeper, warehouse=yard.main.pk, why="x", key=key(), at=timezone.now(),
            lines=[RequestLineIn(yard.gloves.pk, Decimal(1))],
        )  # fmt: skip
        order = yard.order(yard.line(yard.gloves, 100))
        notice = services.announce(
            actor=yard.buyer, order=order.pk, shipment_no="S", expected_on=today(), key=key(),
            lines=[NoticeLineIn(1, Decimal(1))], at=timezone.now(),
        )  # fmt: skip
        receipt = yard.received(order, typed(yard.gloves, 50))
        made = yard.accept(receipt, finding(1, 40, 10))
        yard.put_away(receipt, Placing(1, "A-01-01", Decimal(30)))
        draft = yard.open(order)
        yard.scan(draft, typed(yard.gloves, 5))
        back = services.request_return(
            actor=yard.keeper, reason="rejected", why="x", key=key(), at=timezone.now(),
            lines=[ReturnLineIn(receipt.lines.get().pk, "REJECTED", "rejected", Decimal(1))],
        )  # fmt: skip
        bill = services.enter_invoice(
            actor=yard.payer, order=order.pk, invoice_no="F", invoiced_on=today(), key=key(),
            at=timezone.now(), lines=[InvoiceLineIn(1, Decimal(1), Decimal(10))],
        )  # fmt: skip
    return {
        "request": asked.pk, "order": order.pk, "notice": notice.pk, "receipt": receipt.pk,
        "draft": draft.pk, "acceptance": made.pk, "return": back.pk, "invoice": bill.pk,
        "line": bill.lines.get().pk,
    }  # fmt: skip


READERS = {"buyer", "keeper", "inspector", "payer"}
#: Who opens what, by hand.
MAY = {
    ("requests/", "requests/{request}/", "orders/", "orders/{order}/", "orders/{order}/paper/",
     "notices/", "notices/{notice}/", "receipts/", "receipts/{receipt}/",
     "receipts/{receipt}/paper/", "acceptances/", "acceptances/{acceptance}/", "returns/",
     "returns/{return}/"): READERS,
    ("requests/new/", "requests/{request}/cancel/"): {"buyer", "keeper", "inspector"},
    ("requests/{request}/decide/", "orders/new/", "orders/{order}/cancel/",
     "orders/{order}/close/", "orders/{order}/announce/", "notices/{notice}/cancel/"): {"buyer"},
    ("orders/{order}/approve/", "orders/{order}/send-back/", "returns/{return}/decide/"):
        {"buyer", "inspector"},
    ("receipts/new/", "receipts/{draft}/scan/", "receipts/{draft}/cancel/",
     "receipts/{receipt}/reverse/", "receipts/{receipt}/put-away/", "receipts/{receipt}/return/",
     "returns/{return}/cancel/", "returns/{return}/ship/"): {"keeper"},
    ("receipts/{receipt}/accept/",): {"inspector"},
    ("returns/{return}/credit/", "orders/{order}/invoice/", "invoices/{invoice}/approve/",
     "invoices/{invoice}/reject/", "invoice-lines/{line}/resolve/"): {"payer"},
    ("invoices/", "invoices/{invoice}/"): {"buyer", "payer"},
}  # fmt: skip


def test_each_page_opens_for_the_right_people_only(yard: Depot) -> None:
    named = {name: str(pk) for name, pk in everything(yard).items()}
    for who in sorted(READERS):
        client = logged_in(getattr(yard, who))
        for pages, people in MAY.items():
            for page in pages:
                wanted = 200 if who in people else 403
                got = client.get(f"{BASE}/{page.format(**named)}").status_code
                assert got == wanted, (who, page, got)


def test_somebody_of_another_warehouse_sees_none_of_it(yard: Depot) -> None:
    named = everything(yard)
    with recorded(actor="test", command="test"):
        far = create_user(username="far", password=PASSWORD, display_name="远仓", roles=(),
                          language="en")  # fmt: skip
        give(far, "warehouse", "warehouse", [str(yard.other.pk)])
    client = logged_in(far)
    for name, path in (("request", "requests"), ("order", "orders"), ("notice", "notices"),
                       ("receipt", "receipts"), ("acceptance", "acceptances"),
                       ("return", "returns")):  # fmt: skip
        assert client.get(f"{BASE}/{path}/{named[name]}/").status_code == 404, path
        body = client.get(f"/api/v1/purchasing/{path}").json()
        assert body["count"] == 0, path
    assert client.get(f"{BASE}/receipts/{named['draft']}/scan/").status_code == 404
    assert client.get(f"{BASE}/invoices/").status_code == 403


def test_somebody_of_this_warehouse_receives_here(yard: Depot) -> None:
    with recorded(actor="test", command="test"):
        near = create_user(username="near", password=PASSWORD, display_name="本仓", roles=(),
                           language="en")  # fmt: skip
        give(near, "warehouse", "warehouse", [str(yard.main.pk)])
        order = yard.order(yard.line(yard.monitor, 2))
        [unit] = yard.units("SN-9")
        yard.move_units("receipt", [unit], yard.outside, yard.far)
    client = logged_in(near)
    sent(client, "receipts/new/", order_no=order.number, notice="", delivery_note="DN-2",
         arrived_on=str(today()))  # fmt: skip
    receipt = Receipt.objects.get()
    page = sent(client, f"receipts/{receipt.pk}/scan/", 200,
                product_code=yard.monitor.product_code, serials="SN-1\nSN-9")  # fmt: skip
    assert "SN-9 is on record already" in page.content.decode()
    assert list(Scan.objects.values_list("serial_no", flat=True)) == ["SN-1"]
    sent(client, f"receipts/{receipt.pk}/post/")
    receipt.refresh_from_db()
    assert receipt.status == "received"


def test_a_form_that_is_refused_keeps_what_was_typed(yard: Depot) -> None:
    buyer = logged_in(yard.buyer)
    given = {"lines-0-product_code": "NOBODY", "lines-0-qty": "7", "lines-0-unit_price": "10",
             "lines-0-tax_percent": "13", "lines-1-product_code": "", "lines-1-tax_percent": "13",
             "terms": "款到发货"}  # fmt: skip
    page = sent(buyer, "orders/new/", 422, supplier=str(yard.supplier.pk),
                warehouse=str(yard.main.pk), currency="CNY", **given)  # fmt: skip
    said = page.content.decode()
    assert "No product has “NOBODY”" in said
    for kept in ('value="NOBODY"', 'value="7"', "款到发货"):
        assert kept in said
    for bad in ("x", "NaN", "1e99", "-3"):
        sent(buyer, "orders/new/", 422, supplier=str(yard.supplier.pk), currency="CNY",
             warehouse=str(yard.main.pk), **{**given, "lines-0-qty": bad})  # fmt: skip
    assert not Order.objects.exists()


def test_the_page_says_in_chinese_what_stops_a_step(yard: Depot) -> None:
    with recorded(actor="test", command="test"):
        receipt = yard.received(yard.order(yard.line(yard.gloves, 5)), typed(yard.gloves, 5))
        yard.keeper.language = "zh-hans"
        type(yard.keeper).objects.filter(pk=yard.keeper.pk).update(language="zh-hans")
    page = text_of(logged_in(yard.keeper), f"receipts/{receipt.pk}/")
    assert "收货人不能验收自己收的货物。" in page
    assert "已收待验" in page
