"""Single sign-on against a real, small OpenID provider on loopback."""

import sys
from collections.abc import Iterator
from importlib import reload
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import clear_url_caches

from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent
from tests.identity.door import is_in, kinds
from tests.identity.oidc_provider import CLIENT, SECRET, Provider, running

pytestmark = pytest.mark.django_db
BACK = "/accounts/oidc/main/login/callback/"


def _urls_anew() -> None:
    clear_url_caches()
    for name in ("kintsugi.identity.urls", "kintsugi.config.urls"):
        if name in sys.modules:
            reload(sys.modules[name])


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running() as made:
        settings.OIDC_ISSUER = made.url
        settings.OIDC_NAME = "Hospital ID"
        app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
        one = {**app, "client_id": CLIENT, "secret": SECRET, "settings": {"server_url": made.url}}
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [one]}
        }
        _urls_anew()
        made.claims = {"sub": "u-1", "email": "li@example.org", "email_verified": True,
                       "preferred_username": "li", "name": "李明"}  # fmt: skip
        yield made
    settings.OIDC_ISSUER = ""
    _urls_anew()


def sign_on(client: Client, provider: Provider, **changes: str) -> Any:
    """Through the provider and back, as a browser goes."""
    away = client.post("/accounts/oidc/main/login/")
    assert away.url.startswith(f"{provider.url}/authorize?"), away
    query = dict(parse_qsl(urlsplit(away.url).query))
    assert query["code_challenge_method"] == "S256"
    code = provider.authorize(query)
    return client.get(BACK, {"code": code, "state": query["state"], **changes})


@pytest.fixture
def known(person: Any) -> User:
    return person("li", email="Li@example.org")


def test_the_log_in_page_offers_it_only_where_it_is_configured(client, provider):
    assert "Hospital ID" in client.get("/accounts/login/").text


def test_a_verified_address_opens_the_account_and_links_it_for_good(provider, known):
    client = Client()
    assert sign_on(client, provider).url == "/"
    assert is_in(client)
    assert SocialAccount.objects.get().user == known
    assert not SocialToken.objects.exists(), "the provider's tokens are not kept"
    assert kinds() == ["success"]
    provider.claims |= {"email": "renamed@example.org", "preferred_username": "other"}
    again = Client()
    sign_on(again, provider)
    assert is_in(again), "the subject counts from now on"


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "nobody@example.org"},
        {"email": ""},
    ],
)
def test_an_unverified_or_unknown_address_opens_nothing(provider, known, claims):
    provider.claims |= claims
    client = Client(headers={"Accept-Language": "en"})
    assert "no account of this installation belongs to you" in sign_on(client, provider).text
    assert not is_in(client)
    assert LoginEvent.objects.get(kind="failure").method == "single-sign-on"
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1, "nobody signs up by himself"


def test_an_address_that_two_accounts_have_opens_neither(provider, known, person):
    person("wu", email="li@example.org")
    client = Client()
    sign_on(client, provider)
    assert not is_in(client)


def test_a_switched_off_account_stays_outside(provider, known):
    from kintsugi.audit.services import recorded

    with recorded(actor="test", command="test"):
        User.objects.filter(pk=known.pk).update(is_active=False)
    client = Client()
    sign_on(client, provider)
    assert not is_in(client)


def test_the_user_name_may_be_the_claim(provider, known, settings):
    settings.OIDC_CLAIM = "preferred_username"
    provider.claims |= {"email": "", "email_verified": False}
    client = Client()
    sign_on(client, provider)
    assert is_in(client)


def test_a_stranger_gets_an_account_where_that_is_allowed(provider, settings):
    settings.OIDC_SIGN_UP = True
    client = Client()
    sign_on(client, provider)
    assert client.get("/accounts/security/").status_code == 200
    assert not is_in(client), "without a grant there is nothing to see"
    made = User.objects.get()
    assert made.person.name == "李明"
    assert (made.username, made.display_name, made.is_staff) == ("li", "李明", False)
    assert not made.has_usable_password()


def test_an_answer_that_was_not_asked_for_is_refused(provider, known):
    client = Client(headers={"Accept-Language": "en"})
    answer = sign_on(client, provider, state="forged")
    assert "did not work" in answer.text
    assert not is_in(client)


def test_a_code_counts_once(provider, known):
    client = Client()
    away = client.post("/accounts/oidc/main/login/")
    query = dict(parse_qsl(urlsplit(away.url).query))
    sent = {"code": provider.authorize(query), "state": query["state"]}
    client.get(BACK, sent)
    other = Client()
    other.get(BACK, sent)
    assert is_in(client)
    assert not is_in(other)


def test_a_link_alone_starts_nothing(client, provider):
    answer = client.get("/accounts/oidc/main/login/")
    assert answer.url == "/accounts/login/"
    assert not provider.asked
