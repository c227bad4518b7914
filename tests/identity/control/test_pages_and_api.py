"""Acts and signatures on pages and over HTTP: nothing typed is lost, every refusal has its rule."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.ids import uuid7
from kintsugi.devices.models import Device
from kintsugi.identity.control import services as control
from kintsugi.identity.control.models import Act
from kintsugi.identity.models import FailedReauthentication, Signature
from kintsugi.products.models import Product
from tests.identity.control.people import PASSWORD, decided, executed, submitted, verified

pytestmark = pytest.mark.django_db(transaction=True)


def browser(user, language: str = "en") -> Client:
    with recorded(actor="test", command="test"):
        type(user).objects.filter(pk=user.pk).update(language=language)
    client = Client(raise_request_exception=False, headers={"Accept-Language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def device(db) -> Device:
    with recorded(actor="test", command="test"):
        product = Product.objects.create(product_code="P-1", name="监护仪", tracking="serial")
        return Device.objects.create(serial_no="SN-1", product=product, lot_no="A1")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def form(client: Client, act: Act, **typed: str) -> dict[str, str]:
    page = client.get(f"/acts/{act.pk}/").text
    return {"plan_sha256": hidden(page, "plan_sha256"), "key": hidden(page, "key"),
            "method": "password", "secret": PASSWORD, **typed}  # fmt: skip


# -- pages -----------------------------------------------------------------------------------------


def test_a_correction_goes_all_the_way_through_the_pages(device, li, wang):
    author, second = browser(li), browser(wang)
    page = author.get(f"/devices/{device.pk}/correct/").text
    values = {name: hidden(page, name) for name in ("serial_no", "product", "lot_no", "version")}
    assert values["lot_no"] == "A1"
    response = author.post(
        f"/devices/{device.pk}/correct/", {**values, "lot_no": "A7", "reason": "name plate"}
    )
    assert response.status_code == 302, response.text
    act = Act.objects.get()
    assert response.url == f"/acts/{act.pk}/"
    author.post(f"/acts/{act.pk}/step/", {"step": "submit"})
    for client, step in ((second, "approve"), (author, "execute"), (second, "verify")):
        response = client.post(f"/acts/{act.pk}/sign/", form(client, act, step=step))
        assert response.status_code == 302, response.text
    device.refresh_from_db()
    act.refresh_from_db()
    assert (act.status, device.lot_no) == ("verified", "A7")
    passport = author.get(f"/devices/{device.pk}/").text
    assert f"corrected by {act.number}, approved by 王芳" in passport
    assert f"由 {act.number} 更正,王芳 批准" in browser(li, "zh-hans").get(
        f"/devices/{device.pk}/"
    ).text  # fmt: skip


def test_a_refused_value_comes_back_with_everything_that_was_typed(device, li):
    client = browser(li)
    page = client.get(f"/devices/{device.pk}/correct/").text
    values = {name: hidden(page, name) for name in ("serial_no", "product", "version")}
    response = client.post(
        f"/devices/{device.pk}/correct/",
        {**values, "lot_no": "A7", "reason": "name plate", "expiry_date": "2023-02-30"},
    )
    assert response.status_code == 422
    assert "There is no day" in response.text
    assert 'value="A7"' in response.text
    assert "name plate" in response.text
    assert not Act.objects.exists()


def test_a_wrong_password_signs_nothing_keeps_the_reason_and_is_counted(note, li, wang):
    act, client = submitted(li, note), browser(wang)
    data = form(client, act, step="approve", reason="agrees with the plate", secret="nope-nope")
    response = client.post(f"/acts/{act.pk}/sign/", data)
    assert response.status_code == 422
    assert "agrees with the plate" in response.text
    assert "nope-nope" not in response.text
    assert "signing.wrong-secret" in response.text
    assert FailedReauthentication.objects.count() == 1, "the refusal is kept although refused"
    assert not Signature.objects.exists()


def test_the_author_is_told_why_he_cannot_approve(note, li):
    act, client = submitted(li, note), browser(li)
    page = client.get(f"/acts/{act.pk}/").text
    assert "You wrote the plan." in page
    assert 'value="approve"' not in page
    forged = {"step": "approve", "secret": PASSWORD, "plan_sha256": act.plan_sha256, "key": "k"}
    response = client.post(f"/acts/{act.pk}/sign/", forged)
    assert response.status_code == 422
    assert "control.self-approval" in response.text
    act.refresh_from_db()
    assert act.status == "submitted"


def test_the_same_form_twice_signs_once(note, li, wang):
    act, client = submitted(li, note), browser(wang)
    data = form(client, act, step="approve")
    assert [client.post(f"/acts/{act.pk}/sign/", data).status_code for _ in "12"] == [302, 302]
    assert Signature.objects.count() == 1


def test_the_register_lists_filters_and_exports_signatures(note, li, wang):
    act = decided(submitted(li, note), wang)
    client = browser(li, "zh-hans")
    page = client.get("/signatures/").text
    assert "王芳" in page
    assert "批准" in page
    assert "王芳" not in client.get("/signatures/?meaning=refused").text
    table = b"".join(client.get("/signatures/?export=csv").streaming_content).decode("utf-8-sig")
    assert act.number in table
    found = Signature.objects.get()
    one = client.get(f"/signatures/{found.pk}/").text
    assert "内容未变,签名有效" in one
    assert found.content_sha256 in one
    assert re.search(r"\d\d:\d\d:\d\d UTC\+08:00", one)


def test_the_inbox_and_home_say_what_waits(note, li, wang):
    act = submitted(li, note)
    assert act.number in browser(wang).get("/acts/").text
    assert act.number not in browser(li).get("/acts/").text
    assert act.number in browser(li).get("/acts/mine/").text
    assert "Signatures to give" in browser(wang).get("/").text


def test_every_state_of_an_act_has_its_page(note, li, wang):
    client = browser(li)
    act = submitted(li, note)
    for step in (
        lambda: decided(act, wang),
        lambda: executed(act, li),
        lambda: verified(act, wang),
    ):
        assert client.get(f"/acts/{act.pk}/").status_code == 200
        act.refresh_from_db()
        step()
    assert "It came out as planned." in client.get(f"/acts/{act.pk}/").text
    note.fails = "note.locked"
    note.text = "old"
    failed = executed(decided(submitted(li, note), wang), li)
    assert "The execution failed" in client.get(f"/acts/{failed.pk}/").text
    assert client.get(f"/acts/{uuid7()}/").status_code == 404


# -- API -------------------------------------------------------------------------------------------


class Caller:
    """A person at the API."""

    def __init__(self, user) -> None:
        self.client = browser(user)

    def post(self, path: str, body=None, key: str = "", method: str = "post"):
        send = getattr(self.client, method)
        return send(
            f"/api/v1{path}", body or {}, content_type="application/json",
            headers={"Idempotency-Key": key or uuid7().hex},
        )  # fmt: skip

    def sign(self, act: dict, step: str, secret: str = PASSWORD, key: str = "", **more):
        body = {"plan_sha256": act["plan_sha256"], "authentication": {"secret": secret}, **more}
        return self.post(f"/acts/{act['id']}/sign/{step}", body, key)


def drafted(caller: Caller, device: Device, **values) -> dict:
    body = {"kind": "device.correct", "subject_id": str(device.pk), "values": values,
            "reason": "name plate"}  # fmt: skip
    response = caller.post("/acts", body)
    assert response.status_code == 201, response.text
    return response.json()


def test_an_act_goes_all_the_way_over_http(device, li, wang):
    author, second = Caller(li), Caller(wang)
    act = drafted(author, device, lot_no="A7")
    assert act["differences"] == [
        {"label": {"zh": "批号", "en": "Lot"}, "before": "A1", "after": "A7"}
    ]
    assert author.post(f"/acts/{act['id']}/step/submit").json()["status"] == "submitted"
    waiting = second.client.get("/api/v1/acts/waiting").json()
    assert [one["number"] for one in waiting["items"]] == [act["number"]]
    assert second.sign(act, "approve", reason="agreed").json()["status"] == "approved"
    assert author.sign(act, "execute").json()["status"] == "executed"
    done = second.sign(act, "verify").json()
    assert done["status"] == "verified"
    assert [(s["printed_name"], s["meaning"]) for s in done["signatures"]] == [
        ("王芳", "approved"), ("李明", "executed"), ("王芳", "verified"),
    ]  # fmt: skip
    one = second.client.get(done["signatures"][0]["links"]["api"]).json()
    assert one["verdict"]["state"] == "holds"
    assert second.client.get("/api/v1/signatures?meaning=executed").json()["count"] == 1
    device.refresh_from_db()
    assert device.lot_no == "A7"


@pytest.mark.parametrize(
    ("who", "step", "secret", "status", "code"),
    [
        ("li", "approve", PASSWORD, 403, "control.self-approval"),
        ("wang", "approve", "wrong", 403, "signing.wrong-secret"),
        ("wang", "execute", PASSWORD, 409, "control.unapproved"),
        ("wang", "verify", PASSWORD, 409, "control.not-executed"),
        ("wang", "refuse", PASSWORD, 400, "signing.reason-missing"),
    ],
)
def test_a_refused_step_names_its_rule_over_http(note, li, wang, who, step, secret, status, code):
    act = submitted(li, note)
    caller = Caller({"li": li, "wang": wang}[who])
    response = caller.sign({"id": act.pk, "plan_sha256": act.plan_sha256}, step, secret)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert FailedReauthentication.objects.count() == (code == "signing.wrong-secret")
    assert not Signature.objects.exists()


def test_a_repeated_request_gives_the_same_answer_and_another_content_422(note, li, wang):
    act = submitted(li, note)
    caller, body = Caller(wang), {"id": act.pk, "plan_sha256": act.plan_sha256}
    first, again = (caller.sign(body, "approve", key="once") for _ in "12")
    assert first.status_code == again.status_code == 200
    assert Signature.objects.count() == 1
    other = caller.sign(body, "refuse", key="once", reason="no")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "core.key-reused")


def test_a_plan_changed_meanwhile_is_409(note, li, wang):
    act = submitted(li, note)
    body = {"id": act.pk, "plan_sha256": "0" * 64}
    response = Caller(wang).sign(body, "approve")
    assert (response.status_code, response.json()["error"]["code"]) == (
        409, "signing.content-changed",
    )  # fmt: skip


def test_a_record_that_moved_on_is_409_with_what_changed(device, li, wang):
    author, second = Caller(li), Caller(wang)
    act = drafted(author, device, lot_no="A7")
    author.post(f"/acts/{act['id']}/step/submit")
    second.sign(act, "approve")
    with recorded(actor="import", command="test"):
        Device.objects.filter(pk=device.pk).update(lot_no="B2", version=2)
    response = author.sign(act, "execute")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (409, "core.stale-version")
    assert error["facts"]["changed"] == {"lot_no": {"planned_from": "A1", "now": "B2"}}


def test_the_author_changes_his_plan_and_nobody_else(device, li, wang):
    author = Caller(li)
    act = drafted(author, device, lot_no="A7")
    body = {"values": {"lot_no": "A8"}, "reason": "read again"}
    changed = author.post(f"/acts/{act['id']}/plan", body, method="put").json()
    assert (changed["revision"], changed["plan"]["changes"]["lot_no"]["to"]) == (2, "A8")
    other = Caller(wang).post(f"/acts/{act['id']}/plan", body, method="put")
    assert (other.status_code, other.json()["error"]["code"]) == (403, "control.not-author")
    author.post(f"/acts/{act['id']}/step/submit")
    back = author.post(f"/acts/{act['id']}/step/withdraw").json()
    assert (back["status"], author.post(f"/acts/{act['id']}/step/cancel").json()["status"]) == (
        "draft", "cancelled",
    )  # fmt: skip


def test_a_wrong_value_and_an_unknown_record_are_named_over_http(device, li):
    caller = Caller(li)
    body = {"kind": "device.correct", "subject_id": str(device.pk), "reason": "r",
            "values": {"expiry_date": "2023-02-30"}}  # fmt: skip
    error = caller.post("/acts", body).json()["error"]
    assert (error["code"], error["facts"]["field"]) == ("correction.invalid", "expiry_date")
    assert caller.post("/acts", {**body, "subject_id": str(uuid7())}).status_code == 404
    assert caller.post("/acts", {**body, "kind": "nothing"}).status_code == 404


def test_an_act_is_undone_over_http(note, li, wang):
    act = executed(decided(submitted(li, note), wang), li)
    response = Caller(li).post(f"/acts/{act.pk}/undo", {"reason": "wrong plate"})
    assert response.status_code == 201
    undo = Act.objects.get(pk=response.json()["id"])
    assert (undo.compensates, undo.status) == (act, "draft")
    with recorded(actor=li, command="test"):
        control.submit_act(act_id=undo.pk, account=li, at=timezone.now())
    undo.refresh_from_db()
    executed(decided(undo, wang), li)
    assert note.text == "old"
