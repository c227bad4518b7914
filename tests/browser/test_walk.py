"""From a file to the source cell of a value on the passport, by hand, in both languages."""

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
from typing import NamedTuple

import pytest
import xlsxwriter
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kintsugi.audit.services import recorded
from tests.browser.languages import journeys
from tests.identity.people import create_user

CHROMIUM = os.environ.get("KINTSUGI_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "gold-seam-2026"
#: A folder for pictures of all pages, for people; drawing them takes a third of the time.
SHOTS = os.environ.get("KINTSUGI_SHOTS", "")
PATIENCE_MS = 120_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]

CATALOGUE = """产品编码,产品名称,型号,生产企业
HF-100,高频电刀,HF100,示例医疗器械有限公司
MN-200,监护仪,MN200,示例医疗器械有限公司
"""
REGISTER = [
    ["医院", "科室", "产品编码", "序列号", "安装日期", "保修截止"],
    ["虚构市第一医院", "手术室", "HF-100", "ＳＮ－１００１", "2023年5月6日", "2031-05"],
    ["虚构市第一医院", "重症医学科", "MN-200", "SN-2002", "2022.3.1", "2024-03-01"],
    ["虚构市第二医院", "手术室", "HF-100", "见铭牌", "2023-02-30", "2025-01-01"],
]


class Words(NamedTuple):
    """What the pages say in one language."""

    language: str
    upload: str
    do_import: re.Pattern[str]
    closes: str
    verified: str
    devices: str
    understood: str


ZH = Words(
    "zh-hans", "上传并查看", re.compile("导入 2 个文件"), "收支平衡", "已核对", "设备", "理解为"
)
EN = Words(
    "en", "Upload and look", re.compile("Import 2 files"), "closes", "verified", "Devices",
    "understood as",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)  # a loaded machine is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    expect.set_options(timeout=5_000)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A catalogue in GB18030 and a register in Excel with a full-width serial number in D2."""
    catalogue = tmp_path / "产品目录.csv"
    catalogue.write_bytes(CATALOGUE.encode("gb18030"))
    register = tmp_path / "装机台账.xlsx"
    with xlsxwriter.Workbook(register) as book:
        sheet = book.add_worksheet("台账")
        for number, row in enumerate(REGISTER):
            sheet.write_row(number, 0, row)
    return [catalogue, register]


@pytest.fixture
def served(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The address of a web process and a worker on the test's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path / "processes.log").open("w")
    web = ["uvicorn", "kintsugi.config.asgi:application", "--port", str(port)]
    worker = ["django", "procrastinate", "worker", "--fetch-job-polling-interval", "0.3"]
    children = [
        subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)
        for command in (web, worker)
    ]
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/healthz", children[0])
        yield url
    except AssertionError as error:
        raise AssertionError((tmp_path / "processes.log").read_text()[-4000:]) from error
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=30)
        log.close()


def _wait_for(address: str, child: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        assert child.poll() is None, "the web process ended"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")


class Walk:
    """A person's browser that looks at every page it comes by."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, line: object) -> None:
        if getattr(line, "type", "") == "error":
            self.complaints.append(str(getattr(line, "text", "")))

    def look(self, name: str) -> None:
        """Axe, no complaint, nothing sticking out; a picture if asked for. At both widths."""
        for width in (390, 1440):
            self.page.set_viewport_size({"width": width, "height": 900})
            if SHOTS:
                self.page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)
            found = Axe().run(self.page).response["violations"]
            serious = [
                (f["id"], [n["target"] for n in f["nodes"]])
                for f in found
                if f["impact"] in ("serious", "critical")
            ]
            assert serious == [], f"{name} at {width}"
            wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} sticks out {wide} px at {width}"
        assert self.complaints == [], name


def log_in(page: Page, words: Words) -> None:
    with recorded(actor="test", command="test"):
        create_user(username="li", password=PASSWORD, display_name="李明", language=words.language)
    page.goto("/accounts/login/")
    page.fill("#id_login", "li")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#content h1")).to_be_visible()


@pytest.mark.parametrize("words", journeys(EN, ZH), ids=lambda words: words.language)
def test_from_upload_to_the_source_cell_on_the_passport(
    words: Words, chromium: Browser, served: str, files: list[Path], tmp_path: Path
):
    shots = Path(SHOTS or tmp_path / "shots")
    folder = shots / words.language
    folder.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", base_url=served
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    walk = Walk(page, folder)
    log_in(page, words)
    walk.look("home-empty")

    page.goto("/onboarding/upload/")
    page.set_input_files("#files", files)
    walk.look("upload")
    page.get_by_role("button", name=words.upload).click()
    page.wait_for_url(re.compile(r"/onboarding/upload/[0-9a-f]{32}/$"))
    expect(page.get_by_text("gb18030", exact=False).first).to_be_visible()
    walk.look("preview")

    page.get_by_role("button", name=words.do_import).click()
    page.wait_for_url(re.compile(r"/onboarding/$"))
    walk.look("runs")
    register = page.get_by_role("row").filter(has_text="装机台账.xlsx")
    register.get_by_role("link").first.click()
    # The page follows the run by server-sent events, without a reload.
    page.evaluate("window.seen = 'the same page'")
    expect(page.locator("#live").get_by_text(words.closes)).to_be_visible()
    expect(page.locator(".o-status")).to_contain_text(words.verified)
    assert page.evaluate("window.seen") == "the same page"
    terms = page.locator(".o-terms .o-n").all_inner_texts()
    assert [int(term) for term in terms] == [3, 2, 0, 0, 0, 0, 1]
    walk.look("run")
    page.locator("a.o-quarantined").click()
    expect(page.get_by_text("见铭牌").first).to_be_visible()
    walk.look("rows")
    page.go_back()
    page.locator(".o-path a").last.click()
    expect(page.get_by_text("SN-1001").first).to_be_visible()
    walk.look("step")

    page.goto("/devices/")
    walk.look("devices")
    page.fill(".k-bar input[type=search]", "1001")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="SN-1001").click()
    expect(page.locator("#content h1")).to_contain_text("SN-1001")
    walk.look("passport")

    line = page.locator("dl > div").filter(has=page.locator("code", has_text="SN-1001")).first
    line.locator("a.k-gold").click()
    drawer = page.locator("#drawer")
    expect(drawer.locator("[data-here]")).to_have_text("ＳＮ－１００１")
    expect(drawer.locator("tbody th.is-axis")).to_have_text("2")
    expect(drawer.locator("thead th.is-axis")).to_have_text("D")
    expect(drawer.locator(".a-understood")).to_contain_text(words.understood)
    expect(drawer.locator(".a-understood")).to_contain_text("SN-1001")
    walk.look("drawer")
    page.keyboard.press("Escape")
    # An end known to the month is shown as it is known.
    expect(page.get_by_text("2031-05", exact=True).first).to_be_visible()

    page.goto("/onboarding/issues/")
    walk.look("issues")
    page.goto("/products/")
    page.get_by_role("link", name="HF-100").first.click()
    walk.look("product")
    page.goto("/parties/role/customer/")
    page.get_by_role("link", name="虚构市第一医院").click()
    walk.look("party")
    page.goto("/")
    expect(page.get_by_role("link", name=words.devices).first).to_be_visible()
    walk.look("home")
    context.close()


def test_a_file_that_cannot_be_read_is_refused_with_its_name_and_a_remedy(
    chromium: Browser, served: str, tmp_path: Path
):
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    context = chromium.new_context(base_url=served, color_scheme="dark")
    page = context.new_page()
    log_in(page, EN)
    page.goto("/onboarding/upload/")
    page.set_input_files("#files", [empty])
    page.get_by_role("button", name=EN.upload).click()
    panel = page.get_by_role("alert")
    expect(panel).to_contain_text("empty.csv")
    expect(page).to_have_url(re.compile("/onboarding/upload/$"))
    page.goto("/onboarding/")
    expect(page.locator("tbody tr")).to_have_count(0)
    context.close()
