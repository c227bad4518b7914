"""The palette, themes, languages and lists in a real browser under the strict policy."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kintsugi.audit.services import recorded
from tests.identity.people import create_user

CHROMIUM = os.environ.get("KINTSUGI_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "gold-seam-2026"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, live_server, request) -> Iterator[Page]:
    """Li's browser on the home page; any complaint of the browser fails the test."""
    with recorded(actor="test", command="test"):
        create_user(username="li", password=PASSWORD, display_name="李明")
    width = getattr(request, "param", 1440)
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, color_scheme="light", base_url=live_server.url
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto("/accounts/login/")
    page.fill("#id_login", "li")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#content h1")).to_have_text("首页")
    yield page
    context.close()
    assert complaints == []


def test_the_palette_opens_by_key_finds_a_page_and_goes_there(page: Page):
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    box.fill("搜")
    chosen = page.locator("#palette-list [aria-selected=true]")
    expect(chosen).to_have_text("搜索")
    expect(box).to_have_attribute("aria-activedescendant", "hit-page-1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/search/$"))


def test_escape_closes_the_palette_and_control_k_opens_it_again(page: Page):
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_question_mark_lists_the_shortcuts_and_g_s_goes_to_search(page: Page):
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="键盘快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("/search/$"))


def test_a_theme_is_kept_over_a_new_page_without_a_flash(page: Page):
    page.locator(".k-me > summary").click()
    with page.expect_response("**/preferences/") as kept:
        page.get_by_role("button", name="深色").click()
    assert kept.value.status == 204
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    with page.expect_response("**/search/") as response:
        page.goto("/search/")
    assert 'data-bs-theme="dark"' in response.value.text()


def test_a_page_asked_for_before_the_server_kept_the_theme_has_it_all_the_same(page: Page):
    page.route("**/preferences/", lambda _request: None)  # the answer never comes
    page.locator(".k-me > summary").click()
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/search/")
    assert page.evaluate("document.documentElement.dataset.theme") != "dark"  # the server's word
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_language_changes_with_one_click(page: Page):
    page.locator(".k-me > summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("#content h1")).to_have_text("Home")


@pytest.mark.parametrize("page", [390], indirect=True)
def test_on_a_phone_the_menu_opens_and_nothing_sticks_out(page: Page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="菜单", exact=True).click()
    page.locator("#side").get_by_role("link", name="搜索", exact=True).click()
    expect(page).to_have_url(re.compile("/search/$"))


@pytest.mark.parametrize("page", [390, 1440], indirect=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, theme: str):
    page.emulate_media(color_scheme=theme)
    for address in ("/", "/search/?q=x", "/accounts/password/change/"):
        page.goto(address)
        found = Axe().run(page).response["violations"]
        serious = [f["id"] for f in found if f["impact"] in ("serious", "critical")]
        assert serious == [], address
