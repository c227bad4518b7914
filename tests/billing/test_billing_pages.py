"""Pages and API of billing: the whole way from the signed receipt to the settled invoice."""

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.billing.models import BankStatement, Invoice, JournalBatch, Match, Payment
from kintsugi.core.ids import uuid7
from tests.api.asking import logged_in, refused
from tests.billing.desk import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Any:
    """Ten pairs of gloves that were signed for, written: pages are asked for afterwards."""
    with recorded(actor="test", command="test"):
        made = Desk()
        made.gloves_signed(10)
        return made


def post(client: Any, url: str, **given: Any) -> Any:
    """A form sent once under a key of its own; where it leads."""
    record = {"version": given.pop("version")} if "version" in given else {}
    answer = client.post(url, {"key": uuid7().hex, **record, **given})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def test_from_the_signed_receipt_to_the_settled_invoice_by_pages(desk: Desk) -> None:
    clerk, boss = logged_in(desk.clerk), logged_in(desk.finance)
    today = timezone.localdate().isoformat()
    page = post(clerk, "/billing/invoices/new/", customer=desk.hospital.name, kind="vat_special")
    made = Invoice.objects.get()
    mine = clerk.post(f"{page}approve/", {"key": "k", "version": made.version})
    assert mine.status_code == 422
    assert "cannot approve" in mine.content.decode()
    post(boss, f"{page}approve/", version=made.version)
    made.refresh_from_db()
    post(clerk, f"{page}issue/", version=made.version, tax_number="26440001", invoiced_on=today)
    text = clerk.get(page).content.decode()
    assert "26440001" in text
    assert desk.shop.gloves.product_code in text
    statement = f"date,amount,reference,payer\n{today},100,B-1,{desk.hospital.name}\n"
    file = SimpleUploadedFile("s.csv", statement.encode(), "text/csv")
    post(clerk, "/billing/payments/statement/", account="1", file=file)
    money = Payment.objects.get()
    page_of_money = f"/billing/payments/{money.pk}/"
    assert made.number in clerk.get(page_of_money).content.decode()  # as proposed
    post(clerk, f"{page_of_money}match-proposed/", version=money.version)
    made.refresh_from_db()
    assert made.status == "paid"
    match = Match.objects.get()
    post(clerk, f"/billing/matches/{match.pk}/undo/", version=match.version, reason="错")
    post(clerk, f"{page}credit/", version=made.version, line="1", gross="10", reason="价格有误")
    post(clerk, "/billing/ledger/export/", until=today)
    batch = JournalBatch.objects.get()
    file = clerk.get(f"/billing/ledger/{batch.pk}/file/")
    assert hashlib.sha256(file.content).hexdigest() == batch.sha256
    for url in ("invoices/", "payments/", "due/", "ledger/", "ledger/accounts/", "payments/new/",
                f"ledger/{batch.pk}/", "margin/customer/", "margin/order/", "margin/product/",
                f"invoices/{made.pk}/credit-return/"):  # fmt: skip
        assert clerk.get(f"/billing/{url}").status_code == 200, url
    paper = clerk.get(f"{page}print/")
    assert paper.content.startswith(b"%PDF")
    assert logged_in(desk.seller).get("/billing/margin/customer/").status_code == 403
    assert logged_in(desk.seller).get(page).status_code == 200


def test_the_api_writes_once_and_says_why_not(desk: Desk) -> None:
    client = logged_in(desk.clerk)
    base = "/api/v1/billing"

    def send(path: str, body: dict[str, Any], key: str = "") -> Any:
        return client.post(
            f"{base}{path}", body, content_type="application/json",
            headers={"Idempotency-Key": key or uuid7().hex},
        )  # fmt: skip

    [row] = client.get(f"{base}/billable?customer_id={desk.hospital.pk}").json()
    assert (row["qty"], row["product_code"]) == ("10.0000", desk.shop.gloves.product_code)
    body = {"customer_id": str(desk.hospital.pk), "kind": "vat_general",
            "lines": [{"receipt_line": row["receipt_line"], "qty": "4"}]}  # fmt: skip
    first, again = send("/invoices", body, "one"), send("/invoices", body, "one")
    assert first.status_code == 201, first.content
    assert first.json()["id"] == again.json()["id"]
    body["lines"][0]["qty"] = "7"
    refused(send("/invoices", body), 409, "billing.more-than-signed")
    refused(send(f"/invoices/{first.json()['id']}/approve", {}), 403, "billing.same-person")
    refused(send("/matches", {"pairs": [{"amount": "1"}]}), 422, "billing.sides")
    refused(send("/ledger/batches", {"until": "2026-11-25"}), 409, "billing.nothing-to-export")
    file = SimpleUploadedFile("s.csv", b"date,amount,reference\nx,1,B\n", "text/csv")
    answer = client.post(f"{base}/statements", {"account": "1", "file": file},
                         headers={"Idempotency-Key": "s"})  # fmt: skip
    error = refused(answer, 422, "billing.statement")
    assert error["facts"]["faults"] == [{"row": 2, "field": "date", "value": "x"}]
    assert not BankStatement.objects.exists()
    assert client.get(f"{base}/due").json() == []
