"""Every refused act is kept with the rule that refused it; nothing else of it stays."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from kintsugi.audit.refusals import Refusal
from kintsugi.audit.services import recorded
from kintsugi.core.access import SIGNED_IN, requires
from kintsugi.core.errors import Conflict, KintsugiError, Text
from kintsugi.parties.models import Party
from tests.audit.rows import party
from tests.identity.people import create_user

pytestmark = pytest.mark.django_db
RULE = KintsugiError(
    "test.rule", Text("不行。", "No."), Text("请改。", "Change it."), serial="SN-1", count=3
)


@requires(SIGNED_IN)
def act(request: HttpRequest) -> HttpResponse:
    """Writes a row, then is refused as it is told."""
    if request.method == "POST":
        party()
    what = request.GET.get("what")
    if what == "rule":
        raise RULE
    if what == "conflict":
        raise Conflict("test", "key")
    if what == "forbidden":
        raise PermissionDenied
    return HttpResponse(status=int(what or "200"))


urlpatterns = [path("act/", act), path("", include("kintsugi.config.urls"))]


@pytest.fixture
def user() -> Any:
    with recorded(actor="tester", command="test.user"):
        return create_user(username="lisi", password="a long enough phrase", display_name="李四")


@pytest.fixture
def client(user: Any, settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    return browser


@pytest.mark.parametrize(
    ("what", "status", "rule"),
    [
        ("rule", 422, "test.rule"),
        ("conflict", 409, "core.key-reused"),
        ("forbidden", 403, "http.forbidden"),
        ("409", 409, "http.409"),
        ("422", 422, "form.invalid"),
    ],
)
def test_a_refused_act_is_kept_and_its_rows_are_not(client, user, what, status, rule):
    answer = client.post(f"/act/?what={what}", headers={"X-Request-ID": "req-7"})
    assert answer.status_code == status
    assert not Party.objects.exists()
    kept = Refusal.objects.get()
    assert (kept.rule, kept.status, kept.command) == (rule, status, "POST /act/")
    assert (kept.actor, kept.actor_id) == ("李四", user.pk)
    assert (kept.request_id, kept.address) == ("req-7", "127.0.0.1")


def test_the_facts_of_the_rule_are_kept(client):
    client.post("/act/?what=rule")
    kept = Refusal.objects.get()
    assert kept.facts == {"serial": "SN-1", "count": 3}
    assert kept.message == "不行。"


def test_being_kept_out_of_a_page_is_an_act_reading_it_wrongly_is_none(client):
    client.get("/act/?what=422")
    client.get("/act/?what=rule")
    assert not Refusal.objects.exists()
    client.get("/act/?what=forbidden")
    assert Refusal.objects.get().command == "GET /act/"


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 405, 413, 429, 500, 503])
def test_what_is_no_refused_act_is_not_kept(client, status):
    client.post(f"/act/?what={status}")
    assert not Refusal.objects.exists()


def test_the_api_keeps_the_same(client):
    answer = client.delete("/api/v1/sessions/nothing")
    assert answer.status_code == 404
    assert not Refusal.objects.exists()
    answer = client.get("/api/v1/refusals")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "access.denied")
    assert Refusal.objects.get().rule == "access.denied"


def test_a_missing_csrf_token_is_kept(user):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.post("/preferences/", {"theme": "dark"}).status_code == 403
    assert Refusal.objects.get().command == "POST /preferences/"


def test_a_flood_is_bounded_and_says_so(client):
    for _ in range(40):
        client.post("/act/?what=rule")
    # A minute may have turned in between: then the second minute kept some, too.
    kept = Refusal.objects.count()
    assert 30 <= kept < 40 or Refusal.objects.filter(suppressed=True).count() == 0
    assert Refusal.objects.filter(suppressed=True).count() == (1 if kept == 30 else 0)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_what_was_kept_stays(client, change):
    client.post("/act/?what=rule")
    rows = Refusal.objects.all()
    with pytest.raises(DatabaseError, match="only grows"), recorded(actor="t", command="t"):
        rows.update(rule="another") if change == "update" else rows.delete()


def test_auditors_see_the_list_and_export_it(client, user, settings):
    client.post("/act/?what=rule")
    assert client.get("/audit/refusals/").status_code == 403
    with recorded(actor="tester", command="test.user"):
        chief = create_user(
            roles=("auditor",), username="chief", password="a long enough phrase", display_name="C"
        )
    office = Client()
    office.force_login(chief)
    assert "test.rule" in office.get("/audit/refusals/").text
    lines = b"".join(office.get("/audit/refusals/?export=csv").streaming_content).decode()
    assert "test.rule" in lines
    found = office.get("/api/v1/refusals?rule=test.rule").json()
    assert [row["facts"] for row in found["items"]] == [{"serial": "SN-1", "count": 3}]
