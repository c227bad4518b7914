"""The interactive documentation in a real browser, under its content security policy."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

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


def test_a_route_can_be_tried_and_nothing_breaks_the_policy(live_server):
    with recorded(actor="test", command="test"):
        create_user(username="li", password=PASSWORD, display_name="李明")
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=live_server.url)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda line: complaints.append(line.text) if line.type == "error" else None
        )
        page.goto("/api/v1/docs")  # leads to the log-in page and back
        page.fill("#id_login", "li")
        page.fill("#id_password", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("h1,h2").filter(has_text="Kintsugi").first).to_be_visible(
            timeout=60_000
        )
        route = page.locator("#operations-Dictionary-kintsugi_core_api_dictionary_contract")
        route.locator(".opblock-summary-control").click()
        route.get_by_role("button", name="Try it out").click()
        route.get_by_placeholder("entity").fill("device")
        route.get_by_role("button", name="Execute").click()
        answer = route.locator(".live-responses-table tbody .response-col_status").first
        expect(answer).to_contain_text("200", timeout=60_000)
        if folder := os.environ.get("KINTSUGI_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/api-docs.png")
        browser.close()
    assert complaints == []
