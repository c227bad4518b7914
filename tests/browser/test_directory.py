"""People, roles, the matrix, tokens and a refusal, seen by an administrator in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from kintsugi.audit.services import recorded
from tests.browser.languages import journeys
from tests.browser.test_walk import CHROMIUM, PASSWORD, SHOTS, Walk, chromium, served
from tests.identity.people import create_user

__all__ = ["chromium", "served"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]


@pytest.mark.parametrize("language", journeys("zh-hans", "en"))
def test_an_administrator_gives_a_role_and_a_token_and_is_refused_the_devices(
    language: str, chromium: Browser, served: str, tmp_path: Path
):
    shots = Path(SHOTS or tmp_path / "shots") / language
    shots.mkdir(parents=True, exist_ok=True)
    with recorded(actor="test", command="test"):
        create_user(
            username="admin", password=PASSWORD, display_name="管理员", language=language,
            roles=("administrator",),
        )  # fmt: skip
        li = create_user(
            username="li", password=PASSWORD, display_name="李明", roles=("desk", "sales")
        ).person
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=served)
    context.set_default_timeout(60_000)
    page = context.new_page()
    walk = Walk(page, shots)
    page.goto("/accounts/login/")
    page.fill("#id_login", "admin")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#content h1")).to_be_visible()
    walk.look("home-administrator")
    for name, url in (
        ("people", "/people/"), ("join", "/people/join/"), ("person", f"/people/{li.pk}/"),
        ("leave", f"/people/{li.pk}/leave/"), ("review", "/access/review/"),
        ("matrix", "/access/matrix/"), ("all-tokens", "/tokens/everybody/"),
        ("tokens-empty", "/tokens/"), ("new-token", "/tokens/new/"),
    ):  # fmt: skip
        page.goto(url)
        walk.look(name)

    page.goto(f"/people/{li.pk}/grant/")
    page.select_option("#id_role", "technician")
    page.select_option("#id_scope_kind", "region")
    page.fill("#id_scope_values", "4403")
    page.fill("#id_reason", "Shenzhen district")
    walk.look("grant")
    page.locator(".k-form-foot button").click()
    page.wait_for_url(f"**/people/{li.pk}/")
    expect(page.get_by_text("Shenzhen district")).to_be_visible()

    page.goto("/tokens/new/")
    page.fill("#id_name", "nightly export")
    page.select_option("#id_scopes", "person.read")
    page.fill("#id_expires_on", "2099-01-01")
    page.locator(".k-form-foot button").click()
    expect(page.locator("form.card")).to_contain_text("365")
    walk.complaints.clear()  # the browser speaks of the answer 422
    page.evaluate(
        "document.querySelector('#id_expires_on').value ="
        " new Date(Date.now() + 864e5 * 30).toISOString().slice(0, 10)"
    )
    page.locator(".k-form-foot button").click()
    expect(page.locator(".k-token")).to_contain_text("kgi_")
    walk.look("token-made")

    page.goto("/devices/")
    expect(page.locator("#content")).to_contain_text("access.denied")
    walk.complaints.clear()  # the browser speaks of the answer 403
    walk.look("refused")
    context.close()
