"""Lock-out: growing pauses by name and address, the same for names that do not exist."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from kintsugi.audit.models import Change
from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.identity.lockout import lock_of, name_key, pause_s
from kintsugi.identity.records import LoginEvent
from kintsugi.identity.services import note_event, unlock
from tests.identity.door import PASSWORD, is_in, kinds, log_in

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def fail(times: int, *, at: datetime = NOON, name: str = "li", address: str = "10.0.0.9") -> None:
    """So many failures, a second apart, the last one at ``at``."""
    with recorded(actor="test", command="test"):
        for number in reversed(range(times)):
            when = at - timedelta(seconds=number)
            note_event(kind="failure", at=when, username=name, address=address)


def pause(name: str = "li", address: str = "10.0.0.9") -> timedelta | None:
    found = lock_of(key=name_key(name), address=address, at=NOON)
    return found.until - NOON if found else None


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 60), (6, 120), (7, 240), (10, 1920), (11, 3600), (400, 3600)],
)
def test_the_pause_doubles_from_a_minute_to_an_hour(failures, seconds):
    assert pause_s(failures, free=5) == seconds


def test_four_failures_lock_nobody_and_the_fifth_a_minute():
    fail(4)
    assert pause() is None
    fail(5, name="wu")
    assert pause("wu") == timedelta(seconds=60)
    assert pause("WU ") == timedelta(seconds=60), "whatever its case"


def test_a_log_in_or_a_day_forgives():
    fail(9)
    with recorded(actor="test", command="test"):
        note_event(kind="success", at=NOON + timedelta(seconds=1), username="li")
    later = NOON + timedelta(seconds=2)
    assert lock_of(key=name_key("li"), address="", at=later) is None
    fail(9, name="wu", at=NOON - timedelta(hours=25))
    assert pause("wu") is None


def test_one_address_that_tries_many_names_is_locked_too():
    for number in range(50):
        fail(1, name=f"name-{number}", address="203.0.113.7")
    assert pause("somebody", "203.0.113.7") == timedelta(seconds=60)
    assert pause("somebody", "203.0.113.8") is None


def test_after_five_wrong_passwords_the_right_one_does_not_open(li):
    client = Client(headers={"Accept-Language": "en"})
    for _ in range(5):
        assert log_in(client, password="not-this-one").status_code == 200
    answer = log_in(client)
    assert "Too many failed attempts. Try again in 1 min." in answer.text
    assert "administrator" in answer.text
    assert not is_in(client)
    assert not is_in(Client())
    assert kinds() == ["failure"] * 5 + ["locked"]
    log_in(client)
    assert kinds().count("locked") == 1, "a pause is recorded once"


def test_a_name_that_does_not_exist_answers_like_one_that_does(li):
    said = {}
    for name in ("li", "nobody"):
        client = Client(headers={"Accept-Language": "en"})
        said[name] = [
            log_in(client, name, "not-this-one").text.replace(name, "NAME") for _ in range(7)
        ]

    def notices(pages: list[str]) -> list[str]:
        return [page.split('role="alert">')[1:][-1].split("</div>")[0] for page in pages]

    assert notices(said["li"]) == notices(said["nobody"])
    assert "Too many" in notices(said["nobody"])[5]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_asking_for_json_does_not_avoid_the_count(li, accept):
    client = Client(headers={"Accept": accept, "X-Requested-With": "XMLHttpRequest"})
    for _ in range(5):
        log_in(client, password="not-this-one")
    log_in(client)
    assert not is_in(client)
    assert kinds() == ["failure"] * 5 + ["locked"]


def test_what_was_typed_as_a_name_is_not_stored(li, client):
    log_in(client, "my-Secret-phrase-77", "x")
    row = LoginEvent.objects.get()
    assert row.account is None
    assert row.name_key == name_key("MY-secret-phrase-77")
    stored = str(LoginEvent.objects.values().get()) + str(list(Change.objects.values("after")))
    assert "ecret-phrase" not in stored


def test_an_administrator_unlocks_with_a_reason(li, office, client):
    for _ in range(6):
        log_in(client, password="not-this-one")
    page = f"/accounts/people/{li.pk}/unlock/"
    assert office.post(page, {"reason": " ", "version": 1}).status_code == 422
    assert not (log_in(client) and is_in(client))
    assert (
        office.post(page, {"reason": "Called, knows the badge number", "version": 1}).status_code
        == 302
    )
    log_in(client)
    assert is_in(client)
    row = LoginEvent.objects.get(kind="unlocked")
    assert row.reason == "Chief: Called, knows the badge number"


def test_only_administrators_unlock(inside, li):
    answer = inside.post(f"/accounts/people/{li.pk}/unlock/", {"reason": "it is me"})
    assert answer.status_code == 403
    assert not LoginEvent.objects.filter(kind="unlocked").exists()


def test_an_unlock_without_a_reason_is_refused_by_service_and_database(li, chief):
    with recorded(actor=chief, command="test"), pytest.raises(KintsugiError) as caught:
        unlock(account=li, by=chief, reason="  ", at=NOON)
    assert caught.value.code == "identity.reason-missing"
    with pytest.raises(DatabaseError), recorded(actor=chief, command="test"):
        note_event(kind="unlocked", at=NOON, account=li)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_events_stay_as_they_were_written(li, change):
    fail(1)
    rows = LoginEvent.objects.all()
    with pytest.raises(DatabaseError, match="only grows"), recorded(actor="t", command="t"):
        rows.update(kind="success") if change == "update" else rows.delete()
    assert transaction.get_connection().is_usable()


def test_a_reauthentication_counts_like_a_log_in(inside):
    for _ in range(5):
        inside.post("/accounts/reauthenticate/", {"password": "not-this-one"})
    answer = inside.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert "Too many failed attempts" in answer.text
