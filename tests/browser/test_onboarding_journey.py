"""An import under two persons in the browser: rehearsed, proposed, approved, loaded in waves,
rolled back. One maker, one checker; Chinese and English, wide and 360 px."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from kintsugi.audit.services import recorded
from tests.browser.test_walk import (
    CHROMIUM,
    PASSWORD,
    PATIENCE_MS,
    SHOTS,
    Walk,
    chromium,
    served,
)
from tests.identity.people import create_user

__all__ = ["chromium", "served"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]

PRODUCTS = "产品编码,产品名称,型号,生产企业\nHF-100,高频电刀,HF100,示例医疗器械有限公司\n"
HEAD = "医院,科室,产品编码,序列号,保修截止\n"
FIRST = HEAD + "虚构市第一医院,手术室,HF-100,SN-1001,2031-05-31\n"
SECOND = FIRST.replace("手术室", "急诊科") + "".join(
    f"虚构市第二医院,手术室,HF-100,SN-20{n:02},2031-05-31\n" for n in range(4)
)


class Words(NamedTuple):
    """What people press, written by hand."""

    language: str
    upload: str
    rehearse_first: str
    do_import: re.Pattern[str]
    propose_to: str
    propose: str
    approve: str
    execute: str
    verified: str
    waves: str
    make: str
    rehearse: str
    pilot: str


ZH = Words(
    "zh-hans", "上传并查看", "先预演,由另一人批准后写入", re.compile("导入 1 个文件"),
    "提交写入…", "提交", "批准", "执行", "已核对", "分批写入…", "建立此批", "预演", "试点",
)  # fmt: skip
EN = Words(
    "en", "Upload and look", "Rehearse first: another person lets it load",
    re.compile("Import 1 file"), "Propose to load…", "Propose", "Approve", "Execute",
    "verified", "Load in waves…", "Make the wave", "Rehearse", "pilot",
)  # fmt: skip


class Person:
    """Somebody at a browser."""

    def __init__(self, browser: Browser, served: str, name: str, width: int, folder: Path) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="light", base_url=served
        )
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.width, self.name, self.shown = width, name, 0
        self.walk = Walk(self.page, folder)
        self.folder = folder
        self.page.goto("/accounts/login/")
        self.page.fill("#id_login", name)
        self.page.fill("#id_password", PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#content h1")).to_be_visible()

    def look(self, name: str) -> None:
        """Axe, both widths, a picture; and back to one's own width."""
        self.page.wait_for_load_state()
        self.walk.look(f"{self.name}-{name}")
        self.page.set_viewport_size({"width": self.width, "height": 900})

    def press(self, name: str | re.Pattern[str], kind: Any = "button") -> None:
        """A button or link of the page."""
        place = self.page.locator("#content")
        place.get_by_role(kind, name=name, exact=isinstance(name, str)).first.click()

    def sign(self, step: str) -> None:
        """The act that is shown, with one's password."""
        self.page.fill("#secret", PASSWORD)
        self.send(step)

    def send(self, name: str) -> None:
        """A button that leads to another page, and that page: what follows must not overtake it."""
        with self.page.expect_navigation():
            self.press(name)


def _upload(maker: Person, words: Words, path: Path, *, governed: bool) -> None:
    page = maker.page
    page.goto("/onboarding/upload/")
    page.set_input_files("#files", [path])
    maker.press(words.upload)
    page.wait_for_url(re.compile(r"/onboarding/upload/[0-9a-f]{32}/$"))
    if governed:
        page.get_by_label(words.rehearse_first).check()
        maker.look("preview")
    maker.press(words.do_import)
    page.wait_for_url(re.compile(r"/onboarding/runs/"))


def _through(words: Words, maker: Person, checker: Person, name: str) -> None:
    """From a rehearsed run to one that is loaded."""
    page, run = maker.page, maker.page.url
    maker.press(words.propose_to, "link")
    page.fill("#reason", "HF-100")
    maker.look(f"propose-{name}")
    maker.press(words.propose)
    page.wait_for_url(re.compile(r"/acts/"))
    checker.page.goto(page.url)
    checker.look(f"act-{name}")
    checker.sign(words.approve)
    page.reload()
    maker.sign(words.execute)
    page.goto(run)
    expect(page.locator(".o-status")).to_contain_text(words.verified)


@pytest.mark.parametrize(("words", "width"), [(ZH, 1280), (EN, 360)], ids=["zh, wide", "en, phone"])
def test_two_people_load_a_register(
    words: Words, width: int, chromium: Browser, served: str, tmp_path: Path
) -> None:
    folder = Path(SHOTS or tmp_path / "shots") / f"onboarding-{words.language}"
    folder.mkdir(parents=True, exist_ok=True)
    with recorded(actor="test", command="test"):
        for name, shown in (("li", "李明"), ("wang", "王芳")):
            create_user(
                username=name, password=PASSWORD, display_name=shown, language=words.language
            )
    maker, checker = (Person(chromium, served, name, width, folder) for name in ("li", "wang"))
    page = maker.page
    for name, text in (("products.csv", PRODUCTS), ("register.csv", FIRST)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        _upload(maker, words, tmp_path / name, governed=False)
        expect(page.locator(".o-status")).to_contain_text(words.verified)

    # The next file of the same register is rehearsed by the job, without a reload.
    (tmp_path / "register.csv").write_text(SECOND, encoding="utf-8")
    _upload(maker, words, tmp_path / "register.csv", governed=True)
    expect(page.locator("#rehearsal-title")).to_be_visible()
    run = page.url
    maker.look("rehearsed")
    page.goto(run + "diff/")
    for told in ("手术室", "急诊科"):
        expect(page.locator("table").get_by_text(told)).to_be_visible()
    maker.look("diff")

    # A pilot first, by customer; then all the rest.
    page.goto(run)
    maker.press(words.waves, "link")
    page.select_option("#field", "device.customer")
    maker.page.locator("form.o-pick button").click()
    page.get_by_label("虚构市第一医院").check()
    page.fill("#name", "第一医院")
    maker.look("waves")
    maker.press(words.make)
    page.wait_for_url(re.compile(r"-W1/$"))
    maker.send(words.rehearse)
    page.reload()
    expect(page.locator("#rehearsal-title")).to_be_visible()
    _through(words, maker, checker, "pilot")
    maker.look("wave-loaded")
    page.goto(run)
    expect(page.locator("#waves-title")).to_be_visible()
    maker.look("parent")
    for person in (maker, checker):
        assert person.walk.complaints == []
        person.page.context.close()
