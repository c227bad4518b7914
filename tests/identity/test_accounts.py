"""Accounts, log-in, preferences."""

from http import HTTPStatus

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.identity import selectors
from kintsugi.identity.models import User
from kintsugi.identity.services import create_user, set_password, set_preferences

PASSWORD = "gold-seam-2026"
pytestmark = pytest.mark.django_db


@pytest.fixture
def li() -> User:
    with recorded(actor="test", command="test"):
        return create_user(username="li", password=PASSWORD, display_name="李明")


@pytest.fixture
def browser(li) -> Client:
    client = Client()
    client.force_login(li, backend="django.contrib.auth.backends.ModelBackend")
    return client


# -- accounts ------------------------------------------------------------------------------------


def test_an_account_has_a_time_ordered_id_and_no_last_login(li):
    assert li.pk.version == 7
    assert "last_login" not in {field.name for field in User._meta.get_fields()}


def test_a_name_is_taken_whatever_its_case(li):
    with recorded(actor="test", command="test"), pytest.raises(KintsugiError) as caught:
        create_user(username="LI", password=PASSWORD, display_name="Other")
    assert caught.value.code == "identity.username-taken"
    with pytest.raises(IntegrityError), recorded(actor="test", command="test"):
        User.objects.bulk_create([User(username="Li", display_name="Past the service")])


@pytest.mark.parametrize("weak", ["short", "password1234", "li-li-li"])
def test_a_weak_password_is_refused_in_both_languages(weak):
    with recorded(actor="test", command="test"), pytest.raises(KintsugiError) as caught:
        create_user(username="li", password=weak, display_name="李明")
    assert caught.value.code == "identity.weak-password"
    assert caught.value.message.zh != caught.value.message.en
    assert not User.objects.filter(username="li").exists()


def test_an_account_cannot_be_written_without_a_context():
    with pytest.raises(DatabaseError), transaction.atomic():
        create_user(username="li", password=PASSWORD, display_name="李明")


def test_a_new_password_counts_and_the_old_one_does_not(li):
    with recorded(actor="test", command="test"):
        set_password(user=li, password="another-seam-2026")
    fresh = selectors.user_by_name("LI")
    assert fresh is not None
    assert fresh.check_password("another-seam-2026")
    assert not fresh.check_password(PASSWORD)
    assert fresh.version == 2


def test_an_unknown_preference_is_named_and_nothing_changes(li):
    with recorded(actor="test", command="test"), pytest.raises(KintsugiError) as caught:
        set_preferences(user=li, language="en", theme="neon")
    assert caught.value.facts["field"] == "theme"
    assert User.objects.get(pk=li.pk).language == "zh-hans"


# -- log-in --------------------------------------------------------------------------------------


def test_log_in_leads_to_the_page_that_was_asked_for(li, client):
    page = client.get("/accounts/login/?next=/search/")
    assert 'value="/search/"' in page.text
    data = {"login": "Li", "password": PASSWORD, "next": "/search/"}
    response = client.post("/accounts/login/", data)
    assert response.status_code == HTTPStatus.FOUND
    assert response.url == "/search/"


def test_log_in_never_leads_elsewhere(li, client):
    data = {"login": "li", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/accounts/login/", data).url == "/"


def test_a_wrong_password_keeps_the_name_and_says_so(li, client):
    response = client.post("/accounts/login/", {"login": "li", "password": "wrong"})
    assert 'value="li"' in response.text
    assert 'role="alert"' in response.text
    assert "wrong" not in response.text


def test_a_switched_off_account_stays_outside(li, client):
    with recorded(actor="test", command="test"):
        User.objects.filter(pk=li.pk).update(is_active=False)
    response = client.post("/accounts/login/", {"login": "li", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert response.status_code in (HTTPStatus.OK, HTTPStatus.FOUND)


def test_log_out_needs_a_form_not_a_link(browser):
    assert "确定要退出登录吗" in browser.get("/accounts/logout/").text
    assert "_auth_user_id" in browser.session
    browser.post("/accounts/logout/")
    assert "_auth_user_id" not in browser.session


def test_nobody_signs_up_or_resets_by_mail(client):
    for address in ("/accounts/signup/", "/accounts/password/reset/", "/accounts/email/"):
        assert client.get(address).status_code == HTTPStatus.NOT_FOUND


def test_a_password_is_changed_on_the_page(browser, li):
    data = {"oldpassword": PASSWORD, "password1": "another-seam-2026"}
    response = browser.post(
        "/accounts/password/change/", {**data, "password2": "another-seam-2026"}
    )
    assert response.status_code == HTTPStatus.FOUND
    assert User.objects.get(pk=li.pk).check_password("another-seam-2026")


# -- preferences ---------------------------------------------------------------------------------


def test_the_chosen_language_is_kept_with_the_account(browser, li):
    response = browser.post("/preferences/", {"language": "en", "next": "/search/"})
    assert response.url == "/search/"
    assert User.objects.get(pk=li.pk).language == "en"
    assert 'lang="en"' in browser.get("/").text


def test_the_chosen_theme_stands_in_the_page_before_any_script(browser, li):
    answer = browser.post("/preferences/", {"theme": "dark"}, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == HTTPStatus.NO_CONTENT
    assert 'data-bs-theme="dark"' in browser.get("/").text


def test_a_stranger_may_choose_too(client):
    client.post("/preferences/", {"language": "en", "theme": "dark"})
    page = client.get("/accounts/login/").text
    assert 'lang="en"' in page
    assert 'data-theme="dark"' in page


@pytest.mark.parametrize("field", ["language", "theme"])
def test_an_unknown_choice_of_a_stranger_is_refused(client, field):
    response = client.post("/preferences/", {field: "klingon"})
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert not response.cookies


def test_preferences_never_lead_elsewhere(browser):
    response = browser.post("/preferences/", {"theme": "dark", "next": "//evil.example/"})
    assert response.url == "/"
