"""A source in the browser: registered, connected, tried, fetched by a job, stopped where it should
be, and paper confirmed beside its picture."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from kintsugi.audit.services import recorded
from tests.browser.languages import journeys
from tests.browser.test_onboarding_journey import HEAD, PRODUCTS, Person
from tests.browser.test_walk import CHROMIUM, PASSWORD, SHOTS, chromium, served
from tests.identity.people import create_user
from tests.onboarding.test_source_gate import photo

__all__ = ["chromium", "served"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]


class Words(NamedTuple):
    """What people press, written by hand."""

    language: str
    save: str
    folder: str
    paper: str
    attempt: str
    fetch: str
    answers: str
    imported: str
    waiting: str


ZH = Words("zh-hans", "保存", "监看文件夹", "纸质文件夹(照片、PDF)", "试连", "立即取回", "保存确认",
           "已导入", "待人工确认")  # fmt: skip
EN = Words("en", "Save", "Watched folder", "Paper folder (photos, PDF)", "Try it", "Fetch now",
           "Keep the answers", "imported", "waits for a person")  # fmt: skip


def connect(li: Person, words: Words, kind: str, incoming: Path) -> None:
    """A connector of this kind, tried and saved."""
    li.press(kind, "link")
    li.page.fill("#id_path", str(incoming))
    li.page.fill("#id_marker", ".done")
    li.send(words.attempt)
    if kind == words.folder:
        expect(li.page.get_by_text("SN-1001")).to_be_visible()
        li.look("connector-tried")
    li.send(words.save)


def fetched(li: Person, words: Words, code: str, item: str, state: str) -> None:
    """Ask for it, and look until the job has dealt with it."""
    li.page.goto(f"/onboarding/sources/{code}/arrivals/")
    li.send(words.fetch)
    row = li.page.get_by_role("row").filter(has_text=item)
    for _ in range(100):
        if row.filter(has_text=state).count():
            break
        li.page.wait_for_timeout(300)
        li.page.reload()
    expect(row).to_contain_text(state)


@pytest.mark.parametrize(
    ("words", "width"),
    journeys((EN, 360), (ZH, 1280)),
    ids=lambda one: getattr(one, "language", ""),
)
def test_a_source_is_connected_and_its_paper_confirmed(
    words: Words, width: int, chromium: Browser, served: str, tmp_path: Path
) -> None:
    incoming = Path(os.environ["KINTSUGI_HOME"]) / "incoming" / tmp_path.name
    incoming.mkdir(parents=True)
    folder = Path(SHOTS or tmp_path / "shots") / f"sources-{words.language}"
    folder.mkdir(parents=True, exist_ok=True)
    with recorded(actor="test", command="test"):
        create_user(username="li", password=PASSWORD, display_name="李明", language=words.language)
    li = Person(chromium, served, "li", width, folder)
    page = li.page
    for name, kind in (("产品", words.folder), ("台账", words.folder), ("纸质", words.paper)):
        page.goto("/onboarding/new-source/")
        page.fill("#id_code", name)
        page.fill("#id_owner", "设备科")
        if name == "台账":
            page.select_option("#id_delivery", "full")
            li.look("new-source")
        li.send(words.save)
        where = incoming / name
        where.mkdir()
        if name == "产品":
            (where / "a.csv").write_text(
                PRODUCTS.replace("HF-100", "P-1") + "P-2,x,y,z\nSN-1001,,,\n"
            )
        elif name == "台账":
            rows = "".join(
                f"虚构市第一医院,手术室,P-1,SN-1{n:03},2031-05-31\n" for n in range(1, 9)
            )
            (where / "a.csv").write_text(HEAD + rows, "utf-8")
        else:
            photo(where / "a.png")
        file = next(where.iterdir())
        file.with_name(file.name + ".done").touch()
        connect(li, words, kind, where)
        state = words.waiting if name == "纸质" else words.imported
        fetched(li, words, name, file.name, state)
    page.goto("/onboarding/sources/台账/arrivals/")
    li.look("arrivals")
    # The next file has far fewer rows than the one before.
    where = incoming / "台账"
    (where / "b.csv").write_text(HEAD + "虚构市第一医院,手术室,P-1,SN-1001,2031-05-31\n", "utf-8")
    (where / "b.csv.done").touch()
    fetched(li, words, "台账", "b.csv", "b.csv")
    page.get_by_role("link", name="b.csv").click()
    expect(page.get_by_role("alert")).to_contain_text("b.csv")
    li.look("held")
    page.goto("/onboarding/sources/台账/profile/")
    li.look("profile")
    page.goto("/onboarding/sources/台账/standard/")
    li.look("standard")

    page.goto("/onboarding/sources/纸质/arrivals/")
    page.get_by_role("link", name="a.png").click()
    picture = page.locator(".o-paper img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.complete && one.naturalWidth > 20")
    li.look("paper")
    for box in page.locator(".o-answer input[type=checkbox]").all():
        box.check()
    li.send(words.answers)
    for _ in range(100):
        if page.get_by_text(words.imported, exact=True).count():
            break
        page.wait_for_timeout(300)
        page.reload()
    expect(page.get_by_text(words.imported, exact=True).first).to_be_visible()
    page.goto("/onboarding/sources/")
    li.look("inventory")
    expect(page.get_by_role("link", name="台账").first).to_be_visible()
    assert li.walk.complaints == []
    page.context.close()
