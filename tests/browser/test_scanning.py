"""The scan field in a real browser: wedge, stop, lost network, camera."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

CHROMIUM = os.environ.get("KINTSUGI_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "gold-seam-2026"
PATIENCE_MS = 60_000
MONITOR, STENT = "09506000134352", "06901234567892"
EXPIRED = f"(01){STENT}(17)200131(10)OLD"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE_MS)  # a loaded machine is no failure
    with sync_playwright() as driver:
        yield driver
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


def furnish() -> Any:
    """The shop with a monitor SN-A on a shelf, GTINs for monitors and stents, and its keeper."""
    from kintsugi.audit.services import recorded
    from kintsugi.products.models import UdiIdentifier
    from tests.identity.people import create_user
    from tests.stock.shop import Shop

    with recorded(actor="test", command="test"):
        account = create_user(
            username="keeper", password=PASSWORD, display_name="王库管", roles=["warehouse"]
        )
        shop = Shop(account)
        units = shop.units("SN-A", "SN-B", "SN-C")
        shop.move_units("receipt", units, shop.outside, shop.shelf)
        for product, di in ((shop.monitor, MONITOR), (shop.stent, STENT)):
            UdiIdentifier.objects.create(
                product=product, device_identifier=di, issuer="GS1", kind="primary"
            )
    return shop


def open_page(browser: Browser, server: Any, complaints: list[str], **options: Any) -> Page:
    """The keeper's scan page on a phone."""
    context = browser.new_context(
        viewport={"width": 360, "height": 780}, base_url=server.url, **options
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/accounts/login/")
    page.fill("#id_login", "keeper")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#content h1")).to_have_text("首页")
    page.goto("/stock/scan/")
    return page


@pytest.fixture
def page(chromium: Browser, live_server: Any) -> Iterator[Page]:
    furnish()
    complaints: list[str] = []
    page = open_page(chromium, live_server, complaints)
    yield page
    page.context.close()
    assert complaints == []


def wedge(page: Page, text: str, end: str = "Enter") -> None:
    """Keys as a wedge sends them: fast, GS as Ctrl+]."""
    for part in re.split("(\x1d)", text):
        if part == "\x1d":
            page.keyboard.press("Control+]")
        elif part:
            page.keyboard.type(part)
    page.keyboard.press(end)


def test_a_wedge_is_answered_a_stop_holds_and_only_a_person_goes_on(page: Page) -> None:
    field, band = page.locator("#scan-raw"), page.locator("[data-scan-band]")
    lines = page.locator("[data-scan-lines] > li")
    root = page.locator("[data-scan]")
    expect(field).to_be_focused()
    # The separator that a keyboard cannot type arrives, and Tab ends a burst.
    wedge(page, f"]d201{MONITOR}10L1\x1d21SN-A", end="Tab")
    expect(lines.first).to_have_class(re.compile("k-tone-(good|warn)"))
    expect(lines.first.locator("code").first).to_have_text(f"]d201{MONITOR}10L1␝21SN-A")
    expect(lines.first).to_contain_text("A-01-01")
    expect(field).to_be_focused()
    # A person's Tab leaves the field.
    page.keyboard.press("Tab")
    expect(field).not_to_be_focused()
    field.focus()
    # An expired thing stops everything, with sound and words.
    wedge(page, EXPIRED)
    expect(band).to_be_visible()
    expect(band).to_contain_text("过有效期")
    expect(root).to_have_attribute("data-sounded", "bad")
    # The next scan is not taken, and its Enter does not confirm.
    page.locator("[data-scan-seen]").focus()
    wedge(page, "SN-B")
    expect(band).to_be_visible()
    expect(page.locator("[data-scan-state]")).to_contain_text("没有接收")
    expect(lines).to_have_count(2)
    page.locator("[data-scan-seen]").click()
    expect(band).to_be_hidden()
    wedge(page, "SN-B")
    expect(lines).to_have_count(3)
    expect(lines.first).to_have_class(re.compile("k-tone-good"))
    expect(root).to_have_attribute("data-sounded", "good")
    # Two symbols of one label.
    wedge(page, "]C117300131" + "10NEU")
    expect(page.locator("[data-scan-state]")).to_contain_text("另一个条码")
    wedge(page, f"]C101{STENT}")
    expect(lines.first).to_contain_text("NEU")
    expect(lines.first).to_contain_text("2030-01-31")


def test_scans_of_a_lost_network_wait_and_are_sent_in_order_once_each(page: Page) -> None:
    lines = page.locator("[data-scan-lines] > li")
    arrived: list[tuple[str, str]] = []
    lost = {"answers": True}

    def between(route: Route) -> None:
        request = route.request
        if request.method != "POST":
            route.continue_()
        elif lost["answers"]:
            # The first comes through, but its answer is lost; then nothing does.
            if not arrived:
                route.fetch()
                arrived.append((request.headers["idempotency-key"], str(request.post_data)))
            route.abort("connectionreset")
        else:
            arrived.append((request.headers["idempotency-key"], str(request.post_data)))
            route.continue_()

    page.route("**/stock/scan/", between)
    for raw in ("SN-A", "SN-B", "NOBODY", "SN-C"):
        wedge(page, raw)
    expect(lines).to_have_count(4)
    expect(page.locator(".is-waiting")).to_have_count(4)
    expect(page.locator("[data-scan-state]")).to_contain_text("服务器没有应答")
    # Leaving warns, and a reload keeps what waits.
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator(".is-waiting")).to_have_count(4)
    lost["answers"] = False
    page.evaluate("dispatchEvent(new Event('online'))")
    # The one that is refused says so at its line and holds those behind it until it was seen.
    expect(page.locator("[data-scan-band]")).to_be_visible()
    expect(lines.nth(1)).to_have_class(re.compile("k-tone-bad"))
    expect(page.locator(".is-waiting")).to_have_count(1)
    page.locator("[data-scan-seen]").click()
    expect(page.locator(".is-waiting")).to_have_count(0)
    keys = [key for key, _ in arrived]
    assert keys[0] == keys[1], "what may have arrived is repeated with its own key"
    assert len(set(keys)) == 4
    assert [raw for _, raw in arrived[1:]] == [
        "raw=SN-A", "raw=SN-B", "raw=NOBODY", "raw=SN-C",
    ]  # fmt: skip
    page.reload()
    expect(lines).to_have_count(0)


def test_a_pasted_block_is_taken_line_by_line(page: Page) -> None:
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text", "SN-A\\r\\nSN-B\\n\\nSN-C\\n");
            const event = { clipboardData: data, bubbles: true, cancelable: true };
            document.querySelector("#scan-raw").dispatchEvent(new ClipboardEvent("paste", event));
        }"""
    )
    expect(page.locator(".k-scan-line.k-tone-good")).to_have_count(3)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_is_accessible_and_fits_a_phone(page: Page, language: str) -> None:
    if language == "en":
        page.goto("/")
        page.get_by_role("link", name="菜单", exact=True).click()
        page.locator(".k-me > summary").click()
        page.get_by_role("button", name="English").click()
        expect(page.locator("#content h1")).to_have_text("Home")
        page.goto("/stock/scan/")
    wedge(page, "SN-A")
    expect(page.locator(".k-scan-line.k-tone-good")).to_have_count(1)
    wedge(page, EXPIRED)
    expect(page.locator("[data-scan-band]")).to_be_visible()
    page.wait_for_timeout(700)  # the band's flash is over
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # After a click the next page may be there in part only.
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_camera_reads_data_matrix_qr_and_code_128(
    playwright: Playwright, live_server: Any, tmp_path: Path
) -> None:
    import zxingcpp

    from kintsugi.core.middleware import csp_header
    from tests.browser.filmed import film, picture

    furnish()
    scenes = [
        picture(f"(01){MONITOR}(21)SN-A", zxingcpp.DataMatrix, module=7, turned=8, gs1=True),
        picture(f"(01){MONITOR}(10)L1(21)SN-B", zxingcpp.QRCode, module=6, turned=-12, gs1=True),
        picture(f"(01){MONITOR}(21)SN-C", zxingcpp.Code128, module=3, turned=3, gs1=True),
    ]
    recorded = film(tmp_path / "labels.y4m", scenes, seconds=2)
    complaints: list[str] = []
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            *ARGUMENTS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={recorded}",
        ],
    )  # fmt: skip
    page = open_page(browser, live_server, complaints, permissions=["camera"])
    # The test server sends files without headers; the worker gets those of the real one.
    policy = csp_header(script_src="'wasm-unsafe-eval'")

    def guarded(route: Route) -> None:
        route.fulfill(response=route.fetch(), headers={
            "content-type": "text/javascript", "content-security-policy": policy,
        })  # fmt: skip

    page.context.route("**/core/scan-worker.js", guarded)
    page.locator("[data-scan-camera]").click()
    for serial in ("SN-A", "SN-B", "SN-C"):
        line = page.locator(".k-scan-line.k-tone-good", has_text=serial)
        expect(line.first).to_be_visible()
    expect(page.locator("[data-scan-lines] code").first).to_contain_text(f"01{MONITOR}")
    page.locator("[data-scan-camera]").click()
    expect(page.locator("[data-scan-picture]")).to_be_hidden()
    browser.close()
    assert complaints == []
