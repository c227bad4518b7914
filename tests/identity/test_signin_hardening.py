"""Every answer carries its guards; nothing that changes something goes without CSRF or a log-in."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters

from kintsugi.audit.services import recorded
from kintsugi.identity.rates import RATES, Rate
from tests.identity.door import PASSWORD, log_in
from tests.identity.people import create_user

pytestmark = pytest.mark.django_db

SAMPLES = {
    "uuid": str(UUID(int=7)), "int": "1", "slug": "unlock", "str": "x", "path": "x/y",
}  # fmt: skip


def sample(kind: str) -> str:
    """A value for a parameter; of a converter of our own the first one it takes."""
    return SAMPLES.get(kind) or str(get_converters()[kind].regex).split("|")[0]


def routes(
    patterns: list[Any] | None = None, prefix: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    """Every address of the product with its view; parameters are filled with samples."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        here = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, here)
        else:
            yield re.sub(r"<(?:(\w+):)?\w+>", lambda m: sample(m[1] or "str"), here), one


EVERY = sorted({path for path, _view in routes()})


def test_the_walk_finds_pages_api_and_log_in():
    assert len(EVERY) > 80
    for known in ("/accounts/login/", "/preferences/", "/onboarding/upload/", "/audit/refusals/"):
        assert known in EVERY
    assert any(path.startswith("/api/v1/runs") for path in EVERY)


@pytest.mark.parametrize(
    ("method", "role"),
    [
        *[("post", role) for role in ("administrator", "steward", "quality", "auditor", "desk")],
        ("put", "steward"),
        ("patch", "quality"),
        ("delete", "administrator"),
    ],
)
def test_no_route_takes_an_unsafe_request_without_a_csrf_token(method, role):
    """With the session cookie alone, as another site would have a browser send it. Whoever has the
    permission can be refused for the missing token only."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    with recorded(actor="test", command="test"):
        account = create_user(
            roles=(role,), username="x", password="gold-seam-2026", display_name="X"
        )
    client.force_login(account)
    open_ones = {}
    for path in EVERY:
        answer = getattr(client, method)(path, {"theme": "dark"} if method == "post" else "")
        if answer.status_code not in (403, 404, 405):
            open_ones[path] = answer.status_code
    assert open_ones == {}


def test_a_login_form_without_a_token_is_refused_too(li):
    client = Client(enforce_csrf_checks=True)
    assert log_in(client).status_code == 403


def test_no_api_route_answers_a_stranger(client):
    answers = {}
    for path in EVERY:
        if path.startswith("/api/v1/"):
            for method in ("get", "post", "put", "patch", "delete"):
                answers[f"{method} {path}"] = getattr(client, method)(path).status_code
    assert len(answers) > 150
    wrong = {k: v for k, v in answers.items() if v not in (302, 401, 404, 405)}
    assert wrong == {}


# -- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/", "/accounts/login/", "/accounts/security/", "/search/?q=x", "/nothing/", "/healthz",
        "/static/core/app.js", "/static/mfa/js/webauthn.js", "/api/v1/devices", "/api/v1/nothing",
        "/api/v1/openapi.json", "/devices/?export=csv", "/accounts/people/x/",
    ],
)  # fmt: skip
def test_every_class_of_answer_carries_the_guards(inside, path):
    answer = inside.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    if not path.startswith("/static/"):
        assert answer["X-Frame-Options"] == "DENY"
    answer.close()


def test_refusals_and_faults_carry_them_too(inside):
    for answer in (
        inside.post("/accounts/security/sessions/nothing/end/"),
        Client(enforce_csrf_checks=True).post("/preferences/"),
        inside.put("/search/"),
    ):
        assert answer.status_code >= 400
        assert "script-src 'self'" in answer["Content-Security-Policy"]


PAGES = [
    "/", "/accounts/login/", "/accounts/security/", "/accounts/password/change/",
    "/accounts/reauthenticate/", "/accounts/log-ins/", "/audit/refusals/", "/devices/",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_code_or_style_inside(office, path):
    page = office.get(path).text
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", page)
    assert [s for s in scripts if "application/json" not in s] == []
    assert re.findall(r"<style|\son[a-z]+=\"|javascript:", page) == []


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(li):
    client = Client()
    log_in(client)
    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert client.cookies["csrftoken"]["samesite"] == "Lax"


def test_over_https_cookies_are_secure_and_hsts_is_sent():
    import os
    import subprocess
    import sys

    code = (
        "from kintsugi.config import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"
    )
    environment = {**os.environ, "KINTSUGI_HTTPS": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["True", "True", "31536000"]


# -- limits ----------------------------------------------------------------------------------------


@pytest.fixture
def limits(settings):
    settings.RATE_LIMITS_ON = True


def few(monkeypatch, name: str) -> None:
    """The limit of one kind cut to three, so that the test is short."""
    cut = [Rate(r.name, r.applies, 3, 2, r.window_s * 1440) if r.name == name else r for r in RATES]
    monkeypatch.setattr("kintsugi.identity.rates.RATES", tuple(cut))


@pytest.mark.parametrize(
    ("name", "path"),
    [("search", "/search/?q=x"), ("export", "/devices/?export=csv"), ("api", "/api/v1/devices")],
)
def test_what_one_account_asks_too_often_is_refused_with_the_time_to_wait(
    limits, monkeypatch, inside, person, name, path
):
    few(monkeypatch, name)
    assert [inside.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = inside.get(path, headers={"Accept": "application/json"})
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["error"]["code"] == "core.too-many-requests"
    other = Client()
    other.force_login(person("wang"))
    assert other.get(path).status_code == 200, "another account is not held up"


def test_log_ins_are_limited_by_address(limits, monkeypatch, person):
    few(monkeypatch, "log-in")
    person("li")
    said = [log_in(Client(), f"name-{n}", PASSWORD).status_code for n in range(3)]
    assert said == [200, 200, 429]
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert log_in(elsewhere).status_code == 302


def test_the_address_is_taken_from_a_proxy_only_where_one_is_trusted(rf, settings):
    from kintsugi.identity.sessions import address_of

    request = rf.get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.5", REMOTE_ADDR="10.0.0.1")
    assert address_of(request) == "10.0.0.1"
    settings.TRUSTED_PROXIES = 1
    assert address_of(request) == "203.0.113.5"
    settings.TRUSTED_PROXIES = 3
    assert address_of(request) == "10.0.0.1", "fewer hops than proxies: nobody is believed"
