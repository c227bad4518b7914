"""The log-in by hand: authenticator app, recovery code, passkey, sessions; both languages."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kintsugi.audit.services import recorded
from tests.browser.languages import journeys
from tests.identity.door import PASSWORD, totp
from tests.identity.people import create_user

CHROMIUM = os.environ.get("KINTSUGI_CHROMIUM") or shutil.which("chromium")
SHOTS = os.environ.get("KINTSUGI_SHOTS", "")  # a folder for pictures of all pages, for people
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 30_000
WIDTHS = (360, 1440)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]


class Words(NamedTuple):
    """What the pages say in one language."""

    language: str
    log_in: str
    go_on: str
    add_app: str
    add: str
    kept: str
    add_key: str
    by_key: str
    use_key: str
    end: str
    wrong: str


ZH = Words("zh-hans", "登录", "继续", "添加动态口令应用", "添加", "我已保存", "添加通行密钥",
           "用通行密钥登录", "使用通行密钥", "结束", "不正确")  # fmt: skip
EN = Words("en", "Log in", "Continue", "Add an authenticator app", "Add", "I have kept them",
           "Add a passkey", "Log in with a passkey", "Use a passkey", "End",
           "not correct")  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)  # a loaded machine is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    expect.set_options(timeout=5_000)


@pytest.fixture
def served(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The address of a web process on the test's database, by name: passkeys belong to a name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path / "web.log").open("w")
    command = ["uvicorn", "kintsugi.config.asgi:application", "--port", str(port)]
    child = subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)
    try:
        until = time.monotonic() + PATIENCE_MS / 1000
        while True:
            assert child.poll() is None, (tmp_path / "web.log").read_text()[-4000:]
            assert time.monotonic() < until, "the web process does not answer"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        child.terminate()
        child.wait(timeout=30)
        log.close()


class Person:
    """Somebody at a browser of their own, who looks at each page."""

    def __init__(self, browser: Browser, url: str, words: Words, pictures: Path) -> None:
        self.context = browser.new_context(
            locale="zh-CN" if words is ZH else "en-GB",
            accept_downloads=True,
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.url, self.words, self.pictures = url, words, pictures
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, line: Any) -> None:
        if line.type == "error":
            self.complaints.append(line.text)

    def look(self, name: str) -> None:
        """Axe, nothing sticking out, no complaint; a picture if asked for. At both widths."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            if SHOTS:
                self.page.screenshot(path=self.pictures / f"{name}-{width}.png", full_page=True)
            # After a click the next page may be there in part only.
            self.page.wait_for_load_state()
            found = Axe().run(self.page).response["violations"]
            problems = [
                (f["id"], [n["target"] for n in f["nodes"]])
                for f in found
                if f["impact"] in ("serious", "critical")
            ]
            assert problems == [], (name, width)
            sticking = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert sticking <= 0, (name, width)
        assert self.complaints == []

    def send_password(self) -> None:
        """The first step of the log-in."""
        self.page.goto(f"{self.url}/accounts/login/")
        self.page.fill("#id_login", "li")
        self.page.fill("#id_password", PASSWORD)
        self.page.get_by_role("button", name=self.words.log_in, exact=True).click()

    def confirm(self) -> None:
        """The password again, where a step asks for it."""
        if "/reauthenticate/" in self.page.url:
            self.page.fill("input[type=password]", PASSWORD)
            self.page.get_by_role("button", name=self.words.go_on).click()

    def is_in(self) -> bool:
        """Whether the product lets this browser in."""
        self.page.goto(f"{self.url}/search/")
        return "/accounts/login/" not in self.page.url

    def security_key(self) -> None:
        """A virtual authenticator that knows its owner (CDP WebAuthn)."""
        devices = self.context.new_cdp_session(self.page)
        devices.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }  # fmt: skip
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture(params=journeys(ZH, EN), ids=lambda words: words.language)
def words(request: pytest.FixtureRequest, transactional_db: None) -> Words:
    chosen: Words = request.param
    with recorded(actor="test", command="test"):
        create_user(username="li", password=PASSWORD, display_name="李明", language=chosen.language)
    return chosen


@pytest.fixture
def pictures(tmp_path: Path, words: Words) -> Path:
    folder = Path(SHOTS or tmp_path) / words.language
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_an_authenticator_app_and_a_recovery_code(chromium, served, words, pictures):
    li = Person(chromium, served, words, pictures)
    page = li.page
    page.goto(f"{served}/accounts/login/")
    li.look("login")
    li.send_password()
    page.goto(f"{served}/accounts/security/")
    li.look("security")
    page.get_by_role("link", name=words.add_app).click()
    li.look("confirm")
    li.confirm()
    li.look("app")
    drawn = page.evaluate("document.querySelector('.k-qr img').naturalWidth")
    assert drawn > 0, "the QR code is shown under the content security policy"
    secret = page.inner_text("#totp-secret")
    page.fill("input[name=code]", totp(secret, time.time() - 30))
    page.get_by_role("button", name=words.add, exact=True).click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    li.look("codes")
    codes = page.locator("#recovery-codes li").all_inner_texts()
    with page.expect_download() as download:
        page.locator("a[download]").click()
    assert download.value.path().read_text().split() == codes
    page.get_by_role("link", name=words.kept).click()
    li.look("security-with-app")

    other = Person(chromium, served, words, pictures)
    other.send_password()
    other.page.fill("#id_code", "000000")
    other.page.get_by_role("button", name=words.go_on).click()
    expect(other.page.locator("#id_code_error")).to_contain_text(words.wrong)
    other.look("second-step")
    other.page.fill("#id_code", totp(secret))
    other.page.get_by_role("button", name=words.go_on).click()
    assert other.is_in()

    third = Person(chromium, served, words, pictures)
    third.send_password()
    third.page.fill("#id_code", codes[0])
    third.page.get_by_role("button", name=words.go_on).click()
    assert third.is_in()

    page.goto(f"{served}/accounts/security/")
    page.get_by_role("button", name=words.end, exact=True).first.click()
    expect(page.get_by_role("button", name=words.end, exact=True)).to_have_count(1)
    assert [other.is_in(), third.is_in()].count(True) == 1
    assert li.is_in()


def test_a_passkey_is_the_second_step_and_the_whole_log_in(chromium, served, words, pictures):
    li = Person(chromium, served, words, pictures)
    page = li.page
    li.security_key()
    li.send_password()
    page.goto(f"{served}/accounts/security/")
    page.get_by_role("link", name=words.add_key).click()
    li.confirm()
    li.look("passkey")
    page.fill("#id_name", "Laptop")
    page.get_by_role("button", name=words.add, exact=True).click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.get_by_role("link", name=words.kept).click()
    expect(page.locator("main")).to_contain_text("Laptop")
    li.look("security-with-passkey")

    li.context.clear_cookies()
    li.send_password()
    li.look("second-step-passkey")
    page.get_by_role("button", name=words.use_key).click()
    page.wait_for_url(re.compile(r"^[^?]*//[^/]+/$"))
    assert li.is_in()

    li.context.clear_cookies()
    page.goto(f"{served}/accounts/login/")
    page.get_by_role("button", name=words.by_key).click()
    page.wait_for_url(re.compile(r"^[^?]*//[^/]+/$"))
    assert li.is_in()
    assert li.complaints == []


def test_a_passkey_of_nobody_says_so_and_opens_nothing(chromium, served, words, pictures):
    stranger = Person(chromium, served, words, pictures)
    stranger.security_key()
    stranger.page.goto(f"{served}/accounts/login/")
    stranger.page.get_by_role("button", name=words.by_key).click()
    expect(stranger.page.locator("#passkey-failed")).to_be_visible()
    stranger.look("passkey-failed")
    assert not stranger.is_in()


def test_an_administrator_looks_after_log_ins(chromium, served, words, pictures):
    with recorded(actor="test", command="test"):
        create_user(
            roles=("administrator",),
            username="chief",
            password=PASSWORD,
            display_name="Chief",
            language=words.language,
            is_staff=True,
        )
    stranger = Person(chromium, served, words, pictures)
    for _ in range(6):
        stranger.page.goto(f"{served}/accounts/login/")
        stranger.page.fill("#id_login", "li")
        stranger.page.fill("#id_password", "not-this-one")
        stranger.page.get_by_role("button", name=words.log_in, exact=True).click()
    stranger.look("locked-out")
    chief = Person(chromium, served, words, pictures)
    page = chief.page
    page.goto(f"{served}/accounts/login/")
    page.fill("#id_login", "chief")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name=words.log_in, exact=True).click()
    for name, path in (
        ("log-ins", "/accounts/log-ins/"),
        ("sessions", "/accounts/sessions/"),
        ("refusals", "/audit/refusals/"),
    ):
        page.goto(f"{served}{path}")
        chief.look(name)
    page.goto(f"{served}/accounts/log-ins/")
    page.get_by_role("link", name="李明").first.click()
    chief.look("account")
    page.locator("a[href$='/unlock/']").click()
    chief.look("unlock")
    page.fill("textarea", "Called and named the badge number")
    page.locator("form.card .btn-primary").click()
    page.wait_for_url(re.compile(r"/people/[0-9a-f-]+/$"))
    stranger.send_password()
    assert stranger.is_in()
