"""The web's transaction context: who asked is in the log, a refusal leaves nothing."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from kintsugi.audit.models import Change
from kintsugi.audit.services import recorded
from kintsugi.core.access import OPEN, requires
from kintsugi.core.errors import Conflict
from tests.audit.rows import party
from tests.identity.people import create_user

pytestmark = pytest.mark.usefixtures("committed")


@requires(OPEN)
def written(request: HttpRequest) -> HttpResponse:
    """Writes a party and answers as it is told."""
    row_id = party()
    if request.GET.get("raise") == "refusal":
        raise Conflict("test", "key")
    if request.GET.get("raise") == "bug":
        raise RuntimeError("a fault of the program")
    return HttpResponse(str(row_id), status=int(request.GET.get("status", "200")))


@requires(OPEN)
def recorded_inside(request: HttpRequest) -> HttpResponse:
    """A service that opens its own recorded block."""
    with recorded(actor="somebody else", command="service.own"):
        return HttpResponse(str(party()))


urlpatterns = [
    path("written/", written),
    path("inside/", recorded_inside),
    path("accounts/login/", written, name="account_login"),
]


@pytest.fixture(scope="module")
def user(committed: None) -> Any:
    with recorded(actor="tester", command="test.user"):
        return create_user(username="lisi", password="a long enough phrase", display_name="李四")


@pytest.fixture
def client(user: Any, settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    # A refusal is asked for as JSON: the page around it needs the real addresses.
    browser = Client(raise_request_exception=False, headers={"Accept": "application/json"})
    browser.force_login(user)
    return browser


@pytest.fixture(autouse=True)
def last(committed: None) -> int:
    """The newest change before the test."""
    SEEN["last"] = Change.objects.aggregate(last=Max("id", default=0))["last"]
    return SEEN["last"]


SEEN: dict[str, int] = {}


def parties() -> list[Change]:
    """Parties that the test wrote, as the log says."""
    found = Change.objects.filter(table="parties_party", id__gt=SEEN["last"])
    return list(found.select_related("transaction").order_by("id"))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_unsafe_request_is_logged_under_the_person_and_the_path(
    client: Client, user: Any, method: str
) -> None:
    response = getattr(client, method)("/written/", headers={"X-Request-ID": "req-42"})
    assert response.status_code == 200
    (change,) = parties()
    assert str(change.row_id) == response.content.decode()
    cause = change.transaction
    assert (cause.actor, cause.actor_id) == ("李四", user.pk)
    assert cause.command == f"{method.upper()} /written/"
    assert cause.request_id == "req-42" == response["X-Request-ID"]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500, 503])
def test_an_answer_of_400_and_above_leaves_nothing(client: Client, status: int) -> None:
    assert client.post(f"/written/?status={status}").status_code == status
    assert parties() == []


@pytest.mark.parametrize(("what", "status"), [("refusal", 409), ("bug", 500)])
def test_a_view_that_raises_leaves_nothing(client: Client, what: str, status: int) -> None:
    assert client.post(f"/written/?raise={what}").status_code == status
    assert parties() == []


@pytest.mark.parametrize("status", [200, 302, 399])
def test_an_answer_below_400_stands(client: Client, status: int) -> None:
    client.post(f"/written/?status={status}")
    assert len(parties()) == 1


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_safe_request_cannot_write(user: Any, settings: Any, method: str) -> None:
    settings.ROOT_URLCONF = __name__
    browser = Client()
    browser.force_login(user)
    with pytest.raises(DatabaseError) as caught:
        getattr(browser, method)("/written/")
    assert caught.value.__cause__.sqlstate == "KT001"
    assert parties() == []


def test_a_service_s_own_block_keeps_the_person_who_asked(client: Client) -> None:
    client.post("/inside/")
    (change,) = parties()
    assert (change.transaction.actor, change.transaction.command) == ("李四", "POST /inside/")


def test_the_request_after_a_post_has_no_context_left(client: Client) -> None:
    client.post("/written/")
    assert client.get("/written/").status_code == 500
    assert len(parties()) == 1


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "<script>"])
def test_a_request_id_that_is_none_is_replaced(client: Client, given: str) -> None:
    response = client.post("/written/", headers={"X-Request-ID": given})
    (change,) = parties()
    assert change.transaction.request_id == response["X-Request-ID"]
    assert len(response["X-Request-ID"]) == 32
