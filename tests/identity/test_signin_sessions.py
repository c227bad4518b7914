"""Sessions: listed, ended, aged; passwords that end them."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent, PasswordRecord, Session
from kintsugi.identity.services import end_session, end_sessions, set_password
from kintsugi.identity.sessions import stored_key
from tests.identity.door import PASSWORD, is_in, kinds, log_in

pytestmark = pytest.mark.django_db
NEW = "another-seam-2026"


def cookie(client: Client) -> str:
    return client.cookies["sessionid"].value


def test_the_cookie_is_not_in_the_table(inside):
    row = Session.objects.get(account__username="li")
    assert cookie(inside) not in (row.pk, row.session_data)
    assert row.pk == stored_key(cookie(inside))
    assert (row.address, row.agent.split()[-1]) == ("127.0.0.1", "Firefox/140.0")


def test_the_key_changes_at_the_log_in(li):
    client = Client()
    client.get("/accounts/login/")
    store = client.session
    store["planted"] = "1"
    store.save()
    client.cookies["sessionid"] = store.session_key
    planted = store.session_key
    log_in(client)
    assert is_in(client)
    assert cookie(client) != planted
    assert not Session.objects.filter(pk=stored_key(planted)).exists()


def test_the_page_shows_each_session_and_ends_one(li, inside):
    other = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537"})
    log_in(other)
    page = inside.get("/accounts/security/").text
    assert "Firefox · Linux" in page
    assert "Chrome · Windows" in page
    assert cookie(other) not in page
    inside.post(f"/accounts/security/sessions/{stored_key(cookie(other))}/end/")
    assert not is_in(other)
    assert is_in(inside)
    assert kinds()[-1] == "session-ended"


def test_nobody_ends_a_session_of_somebody_else(inside, office):
    answer = inside.post(f"/accounts/security/sessions/{stored_key(cookie(office))}/end/")
    assert answer.status_code == 404
    assert is_in(office)


def test_all_others_are_ended_at_once(inside):
    others = [Client(), Client()]
    for other in others:
        log_in(other)
    inside.post("/accounts/security/sessions/end-others/")
    assert [is_in(other) for other in others] == [False, False]
    assert is_in(inside)


def test_an_administrator_ends_anybody_s_sessions_with_a_reason(li, inside, office):
    page = f"/accounts/people/{li.pk}/sessions/"
    assert office.get(page).status_code == 200
    assert office.post(page, {"reason": "Lost laptop", "version": 1}).status_code == 302
    assert not is_in(inside)
    assert LoginEvent.objects.get(kind="session-ended").reason == "Chief: Lost laptop"


def test_a_running_request_does_not_bring_an_ended_session_back(inside):
    store = inside.session
    assert store["_auth_user_id"]
    Session.objects.all().delete()
    store["late"] = "1"
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


@pytest.mark.parametrize(("field", "setting"), [("since", "LIFETIME"), ("seen_at", "IDLE")])
def test_a_session_that_lasted_or_rested_too_long_is_over(inside, settings, field, setting):
    limit = timedelta(seconds=getattr(settings, f"SESSION_{setting}_S"))
    rows = Session.objects.filter(account__username="li")
    rows.update(**{field: timezone.now() - limit + timedelta(seconds=30)})
    assert is_in(inside)
    rows.update(**{field: timezone.now() - limit - timedelta(seconds=30)})
    assert not is_in(inside)
    assert not rows.exists()


def test_last_seen_is_written_at_most_once_a_minute(inside):
    row = Session.objects.get(account__username="li")
    seen = row.seen_at
    is_in(inside)
    row.refresh_from_db()
    assert row.seen_at == seen
    Session.objects.update(seen_at=seen - timedelta(seconds=61))
    is_in(inside)
    row.refresh_from_db()
    assert row.seen_at > seen - timedelta(seconds=61)


def test_a_changed_password_ends_the_other_sessions_and_is_kept_as_an_event(li, inside):
    other = Client()
    log_in(other)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert inside.post("/accounts/password/change/", data).status_code == 302
    assert is_in(inside)
    assert not is_in(other)
    assert "password-changed" in kinds()


def test_a_person_who_leaves_is_out_at_once(li, inside):
    with recorded(actor="test", command="test"):
        assert end_sessions(account=li, at=timezone.now(), reason="left") == 1
        User.objects.filter(pk=li.pk).update(is_active=False)
    assert not is_in(inside)
    log_in(inside)
    assert not is_in(inside)


def test_a_session_that_is_not_there_is_not_found(li):
    with recorded(actor="test", command="test"), pytest.raises(NotFound):
        end_session(session_id="0" * 40, account=li, at=timezone.now(), reason="")


# -- passwords -----------------------------------------------------------------------------------


def test_the_last_five_passwords_are_refused_and_the_sixth_is_free(li):
    with recorded(actor="test", command="test"):
        for number in range(1, 6):
            set_password(user=li, password=f"seam-of-gold-no-{number}")
        for number in range(1, 6):
            with pytest.raises(KintsugiError) as caught:
                set_password(user=li, password=f"seam-of-gold-no-{number}")
            assert caught.value.code == "identity.weak-password"
        set_password(user=li, password=PASSWORD)
    assert PasswordRecord.objects.filter(account=li).count() == 5


def test_argon2_is_what_new_passwords_are_kept_with(settings, person):
    from django.conf import global_settings

    from kintsugi.config import settings as ours

    assert ours.PASSWORD_HASHERS != global_settings.PASSWORD_HASHERS
    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS
    made = person("wu")
    assert made.password.startswith("argon2$argon2id$")


def test_an_old_hash_is_replaced_at_the_log_in(li, client, settings):
    from kintsugi.config import settings as ours

    settings.PASSWORD_HASHERS = [*ours.PASSWORD_HASHERS, *settings.PASSWORD_HASHERS]
    assert li.password.startswith("md5$")
    log_in(client)
    assert User.objects.get(pk=li.pk).password.startswith("argon2$")


def test_a_given_password_is_changed_before_anything_else(person):
    person("wu", must_change_password=True)
    client = Client()
    log_in(client, "wu")
    assert client.get("/search/").url == "/accounts/password/change/?first=1"
    api = client.get("/api/v1/devices")
    assert api.status_code == 403
    assert api.json()["error"]["code"] == "identity.password-to-change"
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post("/accounts/password/change/", data)
    assert is_in(client)
    again = Client()
    log_in(again, "wu", NEW)
    assert is_in(again)


def test_a_password_set_by_an_administrator_has_to_be_changed(li):
    with recorded(actor="test", command="test"):
        set_password(user=li, password=NEW, must_change=True)
    client = Client()
    log_in(client, "li", NEW)
    assert not is_in(client)
