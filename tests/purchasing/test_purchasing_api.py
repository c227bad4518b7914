"""Purchasing over HTTP: typed refusals with their status, scans judged one by one, the way in."""

from typing import Any

import pytest
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.ids import uuid7
from kintsugi.purchasing.kinds import CHECKS
from kintsugi.purchasing.models import Receipt
from tests.api.asking import logged_in, refused
from tests.purchasing.depot import CASE, Depot, typed

pytestmark = pytest.mark.django_db
V1 = "/api/v1/purchasing"


def send(account: Any, path: str, body: Any = None, key: str | None = None) -> Any:
    """A command of this person."""
    return logged_in(account).post(
        f"{V1}/{path}", body, content_type="application/json",
        headers={"Idempotency-Key": key or uuid7().hex},
    )  # fmt: skip


def ok(response: Any, status: int = 200) -> dict[str, Any]:
    """The body of an answer that is none of a refusal."""
    assert response.status_code == status, response.content.decode()[:2000]
    body: dict[str, Any] = response.json()
    return body


def test_the_whole_way_over_http(yard: Depot) -> None:
    day = timezone.localdate().isoformat()
    order = ok(send(yard.buyer, "orders", {
        "supplier_id": str(yard.supplier.pk), "warehouse": yard.main.code,
        "lines": [{"product_code": yard.gloves.product_code, "qty": 20, "unit_price": 10}],
    }), 201)  # fmt: skip
    oid = order["id"]
    ok(send(yard.buyer, f"orders/{oid}/submit"))
    refused(send(yard.buyer, f"orders/{oid}/approve", {}), 403, "purchasing.same-person")
    assert ok(send(yard.chief, f"orders/{oid}/approve", {}))["status"] == "ordered"
    notice = ok(send(yard.buyer, f"orders/{oid}/notices", {
        "shipment_no": "S-1", "expected_on": day, "lines": [{"order_line": 1, "qty": 20}],
    }), 201)  # fmt: skip
    receipt = ok(send(yard.keeper, "receipts", {
        "order_no": order["number"], "delivery_note": "DN-1", "notice_id": notice["id"],
    }), 201)  # fmt: skip
    rid = receipt["id"]
    scans = {"readings": [{"raw": f"(01){CASE}"}, {"raw": "(01)09999999999994"}, {"raw": "?"},
                          {"product_code": yard.gloves.product_code, "qty": 10}]}  # fmt: skip
    first = ok(send(yard.keeper, f"receipts/{rid}/scans", scans, "k1"))
    assert [one["code"] for one in first["items"]] == [
        None, "purchasing.unknown-product", "purchasing.unknown-product", None
    ]  # fmt: skip
    assert ok(send(yard.keeper, f"receipts/{rid}/scans", scans, "k1")) == first
    posted = ok(send(yard.keeper, f"receipts/{rid}/post", key="p"))
    assert [line["qty"] for line in posted["lines"]] == ["20.0000"]
    finding = {"line": 1, "qualified": 19, "rejected": 0, "checks": dict.fromkeys(CHECKS, "pass")}
    found = refused(
        send(yard.inspector, f"receipts/{rid}/acceptances", {"findings": [finding]}), 422,
        "purchasing.sum-differs",
    )  # fmt: skip
    assert found["facts"]["line"] == 1
    whole = {"findings": [{**finding, "qualified": 20}]}
    # Whoever may not accept at all is refused by the matrix; a buyer who may, by his own order.
    refused(send(yard.keeper, f"receipts/{rid}/acceptances", whole), 403, "access.denied")
    ok(send(yard.inspector, f"receipts/{rid}/acceptances", whole), 201)
    shelves = logged_in(yard.keeper).get(f"{V1}/receipts/{rid}/shelves").json()["items"]
    assert shelves[0]["shelves"][0] == f"{yard.main.code}/A-01-01"
    done = ok(send(yard.keeper, f"receipts/{rid}/put-away", {
        "placings": [{"line": 1, "place": shelves[0]["shelves"][0], "qty": 20}],
    }))  # fmt: skip
    assert done["status"] == "done"
    bill = ok(send(yard.payer, "invoices", {
        "order_id": oid, "invoice_no": "F-1", "invoiced_on": day,
        "lines": [{"order_line": 1, "qty": 20, "unit_price": 11}],
    }), 201)  # fmt: skip
    assert bill["lines"][0]["result"] == "price"
    iid = bill["id"]
    refused(
        send(yard.auditing, f"invoices/{iid}/decide", {"approve": True}), 409,
        "purchasing.differences-open",
    )  # fmt: skip
    ok(
        send(
            yard.payer, f"invoice-lines/{bill['lines'][0]['id']}/resolve", {"resolution": "调价函"}
        )
    )
    assert ok(send(yard.auditing, f"invoices/{iid}/decide", {"approve": True}))["status"] == (
        "approved"
    )


def test_hostile_bodies_are_refused_with_words(yard: Depot) -> None:
    with recorded(actor="test", command="test"):
        receipt = yard.open(yard.order(yard.line(yard.gloves, 5)))
    path = f"receipts/{receipt.pk}/scans"
    for reading in ({"qty": -1}, {"qty": "NaN"}, {"raw": "a\x00b"}, {"qty": 1e30}, {"raw": 5}):
        refused(send(yard.keeper, path, {"readings": [reading]}), 422, "api.invalid")
    refused(send(yard.keeper, path, {"readings": []}), 422, "api.invalid")
    odd = {
        "readings": [{"raw": "'; drop table x; --"}, {"raw": "\x1d\x1d"}, {"raw": "🙂" * 50}, {}]
    }
    codes = [one["code"] for one in ok(send(yard.keeper, path, odd))["items"]]
    assert all(codes), codes
    missing = send(yard.keeper, f"receipts/{uuid7()}/post")
    refused(missing, 404, "core.not-found")


def test_an_order_number_that_is_none_is_refused_with_what_to_do(yard: Depot) -> None:
    error = refused(
        send(yard.keeper, "receipts", {"order_no": "PO-NONE", "delivery_note": "x"}), 422,
        "purchasing.no-order",
    )  # fmt: skip
    assert "purchasing" in error["remedy"]
    assert not Receipt.objects.exists()


def test_a_receipt_is_reversed_by_another_keeper_only(yard: Depot) -> None:
    with recorded(actor="test", command="test"):
        receipt = yard.received(yard.order(yard.line(yard.gloves, 5)), typed(yard.gloves, 5))
    why = {"reason": "送错"}
    refused(send(yard.keeper, f"receipts/{receipt.pk}/reverse", why), 403, "purchasing.same-person")
    assert ok(send(yard.second, f"receipts/{receipt.pk}/reverse", why))["status"] == "reversed"
