"""Licences, certificates, first reviews and the radar on pages and over HTTP."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.ids import uuid7
from kintsugi.parties.models import Qualification, Unlock
from kintsugi.products.models import Certificate, FirstReview
from tests.api.asking import logged_in
from tests.products.trade import Trade

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def world(db: None) -> Iterator[Any]:
    """The people and their maker, written; what follows comes through pages."""
    with recorded(actor="test", command="test"):
        yield Trade()


def the_day(days: int = 0) -> str:
    return (timezone.localdate() + dt.timedelta(days=days)).isoformat()


def filled(client: Any, name: str, *args: Any, **values: Any) -> Any:
    """The form as its page gives it, with these values."""
    address = reverse(name, args=args)
    page = client.get(address)
    version = re.search(r'name="version" value="(\d+)"', page.content.decode())
    read = {"version": version.group(1)} if version else {}
    return client.post(address, {"key": uuid7().hex, **read, **values})


def send(client: Any, name: str, *args: Any, **values: Any) -> Any:
    answer = filled(client, name, *args, **values)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))
    assert answer.status_code == 302, text[-1500:]
    return answer


def test_a_customer_goes_from_its_paper_to_an_approved_first_review_by_three_persons(
    world: Trade, settings: Any, tmp_path: Any
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.FILE_ROOT = tmp_path
    hospital = world.party("示例医院", "customer", customer_type="hospital")
    asker, reviewer, approver = (
        logged_in(who) for who in (world.asker, world.reviewer, world.approver)
    )
    send(
        asker, "parties:add-licence", hospital.pk, kind="medical_institution_permit",
        number="yl 001", valid_from=the_day(-10), valid_to=the_day(20),
        file=SimpleUploadedFile("许可证.pdf", PDF),
    )  # fmt: skip
    licence = Qualification.objects.get(party=hospital)
    assert (licence.number, licence.file_name) == ("YL001", "许可证.pdf")
    paper = asker.get(reverse("parties:licence-file", args=[licence.pk]))
    assert paper.content == PDF
    assert paper["Content-Disposition"].startswith("attachment")

    send(asker, "products:ask-review", "customer", hospital.pk, classes=["III"], reason="首次购货")
    review = FirstReview.objects.get(party=hospital)
    page = asker.get(reverse("products:review", args=[review.pk])).content.decode()
    assert "medical institution permit" in page
    send(asker, "products:submit-review", review.pk)
    refused = asker.post(reverse("products:check-review", args=[review.pk]), {"reason": "ok"})
    assert refused.status_code == 403
    send(reviewer, "products:check-review", review.pk, reason="资料齐全")
    again = filled(reviewer, "products:approve-review", review.pk, reason="ok")
    assert again.status_code == 422
    assert "different persons" in again.content.decode()
    send(approver, "products:approve-review", review.pk, reason="同意")
    review.refresh_from_db()
    assert review.status == "effective"
    assert review.checklist[0]["passed"] is True

    party = asker.get(reverse("parties:detail", args=[hospital.pk])).content.decode()
    assert "ends soon" in party
    radar = asker.get(reverse("products:radar-within", args=["30"])).content.decode()
    assert "YL001" in radar
    assert "sales to it" in radar
    assert (
        "YL001" not in asker.get(reverse("products:radar-within", args=["ended"])).content.decode()
    )
    for name in ("parties:licences", "products:radar", "products:reviews", "home"):
        assert asker.get(reverse(name)).status_code == 200, name
    assert "Licence radar" in asker.get(reverse("home")).content.decode()


def test_a_certificate_is_registered_for_products_by_code_and_unknown_ones_are_named(
    world: Trade,
) -> None:
    product = world.product("P-77")
    client = logged_in(world.asker)
    values = {
        "number": "国械注准20263010001", "kind": "registration", "holder": "金桥医疗",
        "valid_from": "2026-01-01", "valid_to": "2030-12-31", "key": "k",
    }  # fmt: skip
    wrong = client.post(reverse("products:add-certificate"), {**values, "products": "p-77, P-78"})
    assert wrong.status_code == 422
    assert "P-78" in wrong.content.decode()
    assert not Certificate.objects.exists()
    send(client, "products:add-certificate", **{**values, "products": "p-77"})
    certificate = Certificate.objects.get()
    page = client.get(reverse("products:certificate", args=[certificate.pk])).content.decode()
    assert "P-77" in page
    product_page = client.get(reverse("products:detail", args=[product.pk])).content.decode()
    assert "国械注准20263010001" in product_page
    assert "not reviewed" in product_page


def test_an_unlock_goes_through_two_hands_on_pages(world: Trade) -> None:
    hospital = world.party("医院", "customer", customer_type="hospital")
    licence = world.licence(hospital, "medical_institution_permit", until=the_day(-3))
    asker, approver = logged_in(world.asker), logged_in(world.approver)
    send(
        asker, "parties:ask-unlock", licence.pk, first_day=the_day(), last_day=the_day(29),
        reason="换证受理中",
    )  # fmt: skip
    unlock = Unlock.objects.get()
    own = filled(asker, "parties:decide-unlock", unlock.pk, decision="approved", reason="x")
    assert own.status_code == 403
    send(approver, "parties:decide-unlock", unlock.pk, decision="approved", reason="同意")
    unlock.refresh_from_db()
    assert (unlock.status, unlock.decided_by_name) == ("approved", "郑负责")


def test_what_is_no_paper_is_refused_and_nothing_is_registered(
    world: Trade, settings: Any, tmp_path: Any
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.FILE_ROOT = tmp_path
    answer = filled(
        logged_in(world.asker), "parties:add-licence", world.maker.pk, kind="quality_agreement",
        number="Q1", valid_from="2026-01-01", valid_to="2027-01-01",
        file=SimpleUploadedFile("x.pdf", b"<script>alert(1)</script>"),
    )  # fmt: skip
    assert answer.status_code == 422
    assert "Only PDF, PNG and JPEG" in answer.content.decode()
    assert not Qualification.objects.exists()
    assert not list(tmp_path.rglob("*"))


def test_the_api_says_of_each_product_whether_it_may_be_traded_and_why_not(world: Trade) -> None:
    hospital, product = world.hospital(), world.traded("P-1")
    client = logged_in(world.asker)
    address = f"/api/v1/trade/trade-check?party={hospital.pk}&product={product.pk}&role=customer"
    assert client.get(address).json()["passed"] is True
    other = world.product("P-2")
    found = client.get(f"{address}&product={other.pk}").json()
    assert found["passed"] is False
    failed = [v for item in found["items"] for v in item["verdicts"] if not v["passed"]]
    assert {v["facts"]["reason"] for v in failed} == {"product-not-reviewed", "certificate-missing"}
    assert all(v["remedy"]["zh"] and v["remedy"]["en"] for v in failed)
    for path in ("licences", "trade/certificates", "trade/reviews", "trade/radar"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.content
    review = FirstReview.objects.get(party=hospital)
    detail = client.get(f"/api/v1/trade/reviews/{review.pk}").json()
    assert detail["status"] == "effective"
    assert all(one["passed"] for one in detail["checklist"])


def test_the_api_registers_asks_and_approves_with_the_same_refusals(world: Trade) -> None:
    import json

    party = world.party("诊所", "customer", customer_type="clinic")
    asker, reviewer, approver = (
        logged_in(who) for who in (world.asker, world.reviewer, world.approver)
    )

    def post(client: Any, path: str, body: dict[str, Any]) -> Any:
        return client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json",
            headers={"Idempotency-Key": uuid7().hex},
        )  # fmt: skip

    made = post(asker, "licences", {
        "party": str(party.pk), "kind": "medical_institution_permit", "number": "ZS1",
        "valid_from": "2026-01-01", "valid_to": "2030-01-01",
    })  # fmt: skip
    assert made.status_code == 201, made.content
    asked = post(asker, "trade/reviews", {
        "role": "customer", "subject": str(party.pk), "classes": ["II"], "reason": "x",
    })  # fmt: skip
    assert asked.status_code == 201, asked.content
    pk = asked.json()["id"]
    twice = post(asker, "trade/reviews", {
        "role": "customer", "subject": str(party.pk), "classes": ["II"], "reason": "x",
    })  # fmt: skip
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "review.open")
    assert post(asker, f"trade/reviews/{pk}/submit", {}).json()["status"] == "in_review"
    check = post(reviewer, f"trade/reviews/{pk}/quality/check", {"reason": "ok"})
    assert check.json()["status"] == "in_approval"
    same = post(reviewer, f"trade/reviews/{pk}/quality/approve", {"reason": "ok"})
    assert (same.status_code, same.json()["error"]["code"]) == (403, "review.same-person")
    done = post(approver, f"trade/reviews/{pk}/quality/approve", {"reason": "ok"})
    assert done.json()["status"] == "effective"
