"""What holds for every page: headers, log-in, languages, failures, search, home."""

import re
from http import HTTPStatus

import pytest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from kintsugi.config.urls import (  # noqa: F401  (the failure pages are found by these names)
    handler400,
    handler403,
    handler404,
    handler500,
)
from kintsugi.config.urls import urlpatterns as product
from kintsugi.core import home, search
from kintsugi.core.access import OPEN, requires
from kintsugi.core.errors import KintsugiError, NotFound, StaleVersion, Text


@requires(OPEN)
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


@requires(OPEN)
def refused(request: HttpRequest) -> HttpResponse:
    raise KintsugiError(
        "test.refused",
        Text("文件太大。", "The file is too large."),
        Text("请拆分。", "Split it."),
        file="<b>a.xlsx</b>",
        row=17,
    )


@requires(OPEN)
def missing(request: HttpRequest) -> HttpResponse:
    raise NotFound(Text("设备", "device"), "SN1")


urlpatterns = [
    path("broken/", broken),
    path("refused/", refused),
    path("missing/", missing),
    *product,
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


# -- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/accounts/login/", "/healthz", "/nowhere/"])
def test_every_answer_carries_the_strict_policy(address, zh):
    policy = zh.get(address).headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["object-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "address", ["/", "/search/?q=x", "/accounts/password/change/", "/refused/"]
)
def test_no_page_needs_what_the_policy_forbids(address, en):
    page = en.get(address).content.decode()
    assert not re.search(r"<[^>]+\sstyle=", page), "an inline style"
    assert not re.search(r"<[^>]+\son[a-z]+=", page), "an inline handler"
    assert "<style" not in page
    for script in re.findall(r"<script[^>]*>", page):
        assert "src=" in script
    for address in re.findall(r'(?:src|href)="(//|https?:)', page):
        pytest.fail(f"something is fetched from elsewhere: {address}")


# -- log-in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/search/", "/accounts/password/change/"])
def test_a_stranger_is_sent_to_the_log_in(address, client):
    response = client.get(address)
    assert response.status_code == HTTPStatus.FOUND
    assert response.url.startswith("/accounts/login/?next=")


def test_a_lost_session_in_a_partial_request_opens_the_log_in_as_a_page(client):
    response = client.get("/search/?q=x", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/accounts/login/"
    assert response.content == b""


def test_health_answers_without_log_in_and_tells_nothing_else(client):
    response = client.get("/healthz")
    assert response.json() == {"status": "ok", "database": "ok"}


@pytest.mark.django_db(transaction=True)
def test_health_says_503_when_the_database_is_gone(client, monkeypatch):
    def gone(*_args: object) -> None:
        raise DatabaseError("no server")

    monkeypatch.setattr(connection._connections[connection._alias], "ensure_connection", gone)
    response = client.get("/healthz")
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json()["database"] == "unreachable"


# -- languages -----------------------------------------------------------------------------------


def test_an_account_decides_its_language_not_the_browser(zh, en):
    headers = {"Accept-Language": "en"}
    assert 'lang="zh-Hans"' in zh.get("/", headers=headers).content.decode()
    page = en.get("/", headers={"Accept-Language": "zh-CN"}).content.decode()
    assert 'lang="en"' in page
    assert "Find anything" in page


def test_a_stranger_sees_chinese_unless_the_browser_asks_for_english(client):
    assert "登录" in client.get("/accounts/login/").content.decode()
    english = client.get("/accounts/login/", headers={"Accept-Language": "en"}).content.decode()
    assert "Log in" in english


def test_the_skip_link_and_one_main_heading_are_there(zh):
    page = zh.get("/").content.decode()
    assert 'class="k-skip" href="#content"' in page
    assert 'id="content"' in page
    assert page.count("<h1") == 1


# -- failures ------------------------------------------------------------------------------------


def test_an_unknown_address_is_a_page_in_both_languages(zh, en):
    for browser, words in ((zh, "没有这个页面"), (en, "There is no such page")):
        response = browser.get("/nowhere/")
        assert response.status_code == HTTPStatus.NOT_FOUND
        assert words in response.content.decode()


def test_a_fault_of_ours_shows_no_detail(en):
    en.raise_request_exception = False
    response = en.get("/broken/")
    page = response.content.decode()
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Something broke on our side" in page
    assert "secret detail" not in page


def test_a_refusal_names_what_where_and_what_to_do(zh, en):
    page = zh.get("/refused/").content.decode()
    assert "文件太大。" in page
    assert "请拆分。" in page
    response = en.get("/refused/")
    page = response.content.decode()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Split it." in page
    assert "test.refused" in page
    assert "&lt;b&gt;a.xlsx" in page, "what came from a file is escaped"
    assert "17" in page


def test_a_refusal_is_json_for_a_client_that_asks_for_it(en):
    response = en.get("/missing/", headers={"Accept": "application/json"})
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert response.json()["code"] == "core.not-found"
    assert response.json()["facts"] == {"key": "SN1"}


def test_a_stale_version_is_a_conflict():
    from kintsugi.core.middleware import status_of

    assert status_of(StaleVersion("x", read=1, now=2)) == HTTPStatus.CONFLICT


def test_a_form_without_its_token_is_refused_with_a_reason(li):
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/preferences/", {"theme": "dark"})
    assert response.status_code == HTTPStatus.FORBIDDEN


# -- search and home -----------------------------------------------------------------------------


@pytest.fixture
def shelf(monkeypatch):
    """A search provider over nine serial numbers, and what it was asked."""
    asked: list[tuple[str, int]] = []

    def find(query: str, user: object, limit: int) -> list[search.Hit]:
        asked.append((query, limit))
        hits = [search.Hit(f"SN-{i}", "<i>pump</i>", f"/d/{i}/", code=True) for i in range(9)]
        return [hit for hit in hits if query.upper() in hit.title]

    provider = search.SearchProvider(
        "shelf", "box", "Shelf", find, more=lambda q: f"/d/?q={q}", permission="search.read"
    )
    monkeypatch.setattr(search, "PROVIDERS", {"shelf": provider})
    return asked


def test_search_works_as_a_page_without_script(en, shelf):
    page = en.get("/search/?q=SN-3").content.decode()
    assert 'href="/d/3/"' in page
    assert "&lt;i&gt;pump" in page


def test_the_palette_gets_options_only_and_at_most_eight_a_kind(en, shelf):
    page = en.get("/search/?q=sn", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert len(re.findall(r'id="hit-shelf-\d', page)) == search.HITS_PER_KIND
    assert 'href="/d/?q=sn"' in page


def test_the_palette_finds_pages_by_their_name(en, zh, shelf):
    assert 'href="/search/"' in en.get("/search/?q=sear", headers={"HX-Request": "true"}).text
    assert 'href="/search/"' in zh.get("/search/?q=搜", headers={"HX-Request": "true"}).text


def test_nothing_found_says_so_and_escapes_what_was_typed(en, shelf):
    page = en.get("/search/?q=<script>").content.decode()
    assert "Nothing found for “&lt;script&gt;”" in page


def test_a_very_long_query_is_cut(en, shelf):
    en.get("/search/?q=" + "x" * 5000)
    assert len(shelf[0][0]) == search.QUERY_MAX_LENGTH


def test_an_empty_installation_offers_the_first_step(en, monkeypatch):
    step = home.FirstStep("Bring your first file", "A register.", "Upload", lambda: "/up/")
    for registry in ("TILES", "PANELS"):
        monkeypatch.setattr(home, registry, {})
    monkeypatch.setattr(home, "FIRST_STEPS", [step])
    page = en.get("/").content.decode()
    assert "Bring your first file" in page
    assert 'href="/up/"' in page


def test_a_tile_opens_its_rows_and_an_empty_one_stays_away(en, monkeypatch):
    def tile(name: str, value: int | None) -> home.Tile:
        return home.Tile(
            name,
            name,
            "box",
            lambda: f"/{name}/",
            lambda _: home.TileValue(value),
            permission="search.read",
        )

    monkeypatch.setattr(home, "TILES", {"a": tile("full", 1234567), "b": tile("none", None)})
    page = en.get("/").content.decode()
    assert 'href="/full/"' in page
    assert "1,234,567" in page
    assert "/none/" not in page
