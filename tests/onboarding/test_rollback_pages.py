"""A rollback on pages and over HTTP: two people, Chinese and English, and who may do what."""

import json

import pytest
from django.test import Client

from kintsugi.core import events
from kintsugi.devices.models import Device
from kintsugi.identity.control.models import Act
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import apply_rollback
from tests.identity.control.people import account
from tests.identity.control.test_pages_and_api import browser, form, hidden
from tests.onboarding.test_rollback import MORE
from tests.onboarding.undone import AT, edit, planned
from tests.scenarios.world import DEVICES, PRODUCTS, World, device, tables

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loaded(world: World) -> tuple[dict[str, str], str]:
    """The checksums before the second import, and its run."""
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    before = tables()
    [second] = world.load(world.file("d.csv", MORE))
    return before, second["run"]


def test_two_people_take_an_import_back_on_its_pages(loaded: tuple[dict[str, str], str]) -> None:
    before, number = loaded
    author, second = browser(account("李明")), browser(account("王芳"), "zh-hans")
    run_page = author.get(f"/onboarding/runs/{number}/").text
    assert f"/onboarding/runs/{number}/roll-back/" in run_page
    assert "Roll back…" in run_page
    assert "回退…" in second.get(f"/onboarding/runs/{number}/").text
    response = author.post(f"/onboarding/runs/{number}/roll-back/")
    assert response.status_code == 302, response.text
    plan = Run.objects.get(reverts__number=number)
    assert response.url == f"/onboarding/runs/{plan.number}/rollback/"
    page = author.get(response.url)
    assert page.status_code == 200
    assert "New records made void" in page.text
    assert "作废的新记录" in second.get(response.url).text
    assert tables() != before, "the plan changes nothing"
    response = author.post(
        f"/onboarding/runs/{plan.number}/rollback/propose",
        {"reason": "the wrong ward", "key": hidden(page.text, "key")},
    )
    act = Act.objects.get()
    assert (response.url, act.status) == (f"/acts/{act.pk}/", "submitted")
    shown = second.get(f"/acts/{act.pk}/").text
    assert "设备:撤回新建" in shown
    assert 'name="plan_sha256"' not in author.get(f"/acts/{act.pk}/").text, "not his to approve"
    for client, step in ((second, "approve"), (author, "execute")):
        response = client.post(f"/acts/{act.pk}/sign/", form(client, act, step=step))
        assert response.status_code == 302, response.text
    plan.refresh_from_db()
    assert plan.status == "approved"
    events.deliver(at=AT)
    apply_rollback(actor="worker", rollback_id=plan.pk)
    assert tables() == before
    result = author.get(f"/onboarding/runs/{plan.number}/rollback/").text
    assert "Proof" in result
    assert "differs" not in result
    assert "一致" in second.get(f"/onboarding/runs/{plan.number}/rollback/").text
    response = second.post(f"/acts/{act.pk}/sign/", form(second, act, step="verify"))
    assert response.status_code == 302, response.text
    act.refresh_from_db()
    assert act.status == "verified"
    assert author.get(f"/devices/{device('SN1').pk}/").status_code == 200
    assert "SN4" not in author.get("/devices/").text, "what was taken back is in no list"


def test_what_stays_is_listed_with_its_values_and_comes_whole_as_a_file(
    loaded: tuple[dict[str, str], str],
) -> None:
    _before, number = loaded
    edit(Device, device("SN1").pk, actor="张工", department="放射科")
    plan = planned(number)
    client = browser(account("李明"))
    page = client.get(f"/onboarding/runs/{plan.number}/conflicts/")
    assert page.status_code == 200, page.text
    for text in ("ICU", "手术室", "放射科", "张工", "edited, kept"):
        assert text in page.text
    file = client.get(f"/onboarding/runs/{plan.number}/conflicts/?export=csv")
    assert file.status_code == 200
    whole = b"".join(file) if file.streaming else file.content
    assert "放射科" in whole.decode("utf-8-sig")
    chinese = browser(account("王芳"), "zh-hans").get(f"/onboarding/runs/{plan.number}/conflicts/")
    assert "已被修改,保留" in chinese.text


def test_over_http_a_rollback_is_planned_proposed_followed_and_given_up(
    loaded: tuple[dict[str, str], str],
) -> None:
    _before, number = loaded
    edit(Device, device("SN1").pk, actor="张工", department="放射科")
    client = browser(account("李明"))
    made = client.post(f"/api/v1/runs/{number}/rollback", content_type="application/json")
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["reverts"], body["status"], body["conflicts"]) == (number, "planned", 1)
    again = client.post(f"/api/v1/runs/{number}/rollback", content_type="application/json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "rollback.open")
    found = client.get(f"/api/v1/rollbacks/{body['number']}/conflicts").json()["items"]
    assert [(i["field"], i["before"], i["loaded"], i["current"]) for i in found] == [
        ("department", "ICU", "手术室", "放射科")
    ]
    given_up = client.post(f"/api/v1/rollbacks/{body['number']}/withdraw")
    assert given_up.json()["status"] == "withdrawn"
    second = client.post(f"/api/v1/runs/{number}/rollback", content_type="application/json").json()
    proposed = client.post(
        f"/api/v1/rollbacks/{second['number']}/propose",
        json.dumps({"reason": "wrong ward"}),
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )
    assert (proposed.status_code, proposed.json()["status"]) == (201, "submitted")
    assert client.get(f"/api/v1/rollbacks/{second['number']}").json()["acts"]
    assert client.get(f"/api/v1/rollbacks/{number}").status_code == 404, "a run is no rollback"


def test_who_does_not_import_neither_plans_nor_sees_the_button(
    loaded: tuple[dict[str, str], str],
) -> None:
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user

    _before, number = loaded
    with recorded(actor="test", command="test"):
        desk = create_user(
            roles=("desk",), username="desk1", password="gold-seam-2026", display_name="赵强"
        )
    client: Client = browser(desk)
    assert client.post(f"/onboarding/runs/{number}/roll-back/").status_code == 403
    assert (
        client.post(f"/api/v1/runs/{number}/rollback", content_type="application/json").status_code
        == 403
    )
    plan = planned(number)
    assert client.get(f"/onboarding/runs/{plan.number}/conflicts/").status_code == 403
    assert client.get(f"/api/v1/rollbacks/{plan.number}/conflicts").status_code == 403
