"""Sources, connectors and arrivals on pages, over HTTP and on the command line."""

import html
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.services import recorded
from kintsugi.devices.models import Device
from kintsugi.identity.control.models import Act
from kintsugi.onboarding import tasks
from kintsugi.onboarding.models import Connector, Fetch, Source
from kintsugi.onboarding.services import describe_source
from tests.identity.control.people import account
from tests.identity.control.test_pages_and_api import browser, form, hidden
from tests.identity.people import create_user
from tests.onboarding.fetched import AT, MINUTE, connector, fetched, put, register
from tests.onboarding.test_source_gate import photo
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connectors that were handed to the job queue."""
    found: list[str] = []

    def ask_for(connector_id: str, actor: str = "system") -> bool:
        found.append(connector_id)
        return True

    monkeypatch.setattr(tasks, "ask_for", ask_for)
    return found


SAID = {
    "name_zh": "华东台账", "name_en": "East register", "system": "Excel", "owner": "设备科",
    "steward": "李明", "contact": "010-5555", "refresh_days": "7", "delivery": "full",
    "shrink_max": "20", "personal_data": "none", "high_risk": "serial_no, lot_no",
    "authority": "60",
}  # fmt: skip


def test_a_source_goes_from_registered_to_live_on_its_pages(
    incoming: Path, asked: list[str], settings: Any
) -> None:
    settings.REQUIRE_SOURCE_APPROVAL = True
    li, wang = browser(account("李明"), "zh-hans"), browser(account("王芳"))
    made = li.post("/onboarding/new-source/", {"code": "东区", "kind": "csv", **SAID})
    assert made.url == "/onboarding/sources/%E4%B8%9C%E5%8C%BA/arrivals/"
    source = Source.objects.get(code="东区")
    assert (source.status, source.high_risk) == ("proposed", ["serial_no", "lot_no"])
    again = li.post("/onboarding/new-source/", {"code": "东区", "kind": "csv", **SAID})
    assert again.status_code == 422
    assert "已使用" in again.text
    page = li.get(made.url).text
    for kind in ("监看文件夹", "数据库", "纸质文件夹"):
        assert kind in page
    # The connector is tried before it is saved; nothing of the try is kept.
    new = "/onboarding/sources/东区/connect/folder/"
    typed = {"name": "收件箱", "path": str(incoming), "pattern": "*.csv", "marker": ".done",
             "cron": "0 6 * * *", "time_zone": "Asia/Shanghai", "is_active": "on"}  # fmt: skip
    nothing = li.post(new, {**typed, "do": "try"})
    assert "没有可读取的内容" in nothing.text
    put(incoming, "a.csv", register(10))
    put(incoming, "a.csv.done", "")
    tried = li.post(new, {**typed, "do": "try"})
    assert "SN10" in tried.text
    assert 'value="收件箱"' in tried.text, "nothing typed is lost"
    assert not Connector.objects.exists()
    outside = li.post(new, {**typed, "path": "/etc", "do": "save"})
    assert outside.status_code == 422
    assert "不允许监看" in outside.text
    saved = li.post(new, {**typed, "do": "save"})
    one = Connector.objects.get()
    assert saved.url == f"/onboarding/connectors/{one.pk}/"
    assert li.post(f"{saved.url}fetch").status_code == 302
    assert asked == [str(one.pk)]
    assert fetched(one) == ["held"]
    [held] = Fetch.objects.all()
    shown = wang.get(f"/onboarding/arrivals/{held.pk}/").text
    assert "not approved" in shown
    assert "a.csv" in li.get("/onboarding/arrivals/").text

    standard = "/onboarding/sources/东区/standard/"
    page = li.get(standard).text
    assert "7 天" in page or ">7<" in page
    refused = li.post(standard, {"do": "assess", "sign_sample": "看过 20 行", "reason": "新系统",
                                 "key": hidden(page, "key")})  # fmt: skip
    assert refused.status_code == 422
    assert "映射已核对" in refused.text
    assert 'value="看过 20 行"' in refused.text
    signs = {"sign_sample": "看过 20 行", "sign_mapping": "逐列核对"}
    said = {"do": "assess", "reason": "新系统", "key": hidden(page, "key")}
    response = li.post(standard, said | signs)
    act = Act.objects.get()
    assert response.url == f"/acts/{act.pk}/"
    assert "looked through" in wang.get(response.url).text
    for client, step in ((wang, "approve"), (li, "execute")):
        signed = client.post(f"/acts/{act.pk}/sign/", form(client, act, step=step))
        assert signed.status_code == 302, signed.text
    assert "Approved by act" in wang.get(standard).text
    early = li.post(standard, {"do": "live", "reason": "好"})
    assert early.status_code == 422
    assert "试点" in early.text
    silent = li.post(f"/onboarding/arrivals/{held.pk}/decide", {"do": "go", "reason": " "})
    assert silent.status_code == 422
    li.post(f"/onboarding/arrivals/{held.pk}/decide", {"do": "go", "reason": "已批准"})
    assert fetched(one, AT + MINUTE) == ["imported"]
    assert Device.objects.count() == 10
    assert li.post(standard, {"do": "live", "reason": "试点通过"}).status_code == 302
    source.refresh_from_db()
    assert source.status == "live"
    profile = wang.get("/onboarding/sources/东区/profile/").text
    for told in ("Completeness", "序列号", "100"):
        assert told in profile
    listed = wang.get("/onboarding/sources/").text
    assert "东区" in listed
    assert "100" in listed


def test_a_delivery_that_shrank_shows_what_changed_and_goes_on_with_a_reason(
    incoming: Path, asked: list[str]
) -> None:
    one = connector("folder", path=str(incoming), marker=".done")
    for name, rows in (("a.csv", 10), ("b.csv", 3)):
        put(incoming, name, register(rows))
        put(incoming, f"{name}.done", "")
        fetched(one, AT if name == "a.csv" else AT + MINUTE)
        if name == "a.csv":
            describe_source(actor="x", source_id=one.source_id, delivery="full", shrink_max=20)
    held = Fetch.objects.get(item="b.csv")
    assert held.status == "held"
    li = browser(account("李明"))
    page = li.get(f"/onboarding/arrivals/{held.pk}/").text
    assert "3 rows" in page
    assert "far fewer rows" in page
    left = li.post(f"/onboarding/arrivals/{held.pk}/decide", {"do": "leave", "reason": ""})
    assert left.status_code == 422
    li.post(f"/onboarding/arrivals/{held.pk}/decide", {"do": "go", "reason": "拆分了台账"})
    assert asked == [str(one.pk)]
    assert fetched(one, AT + 2 * MINUTE) == ["imported"]
    held.refresh_from_db()
    assert "拆分了台账" in li.get(f"/onboarding/arrivals/{held.pk}/").text
    assert "拆分了台账" in json.dumps(held.run.notes, ensure_ascii=False)


def test_an_upload_that_shrank_asks_why_before_it_is_loaded(
    world: World, incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first] = world.load(world.file("台账.csv", register(10)))
    source = Source.objects.get(code=first["source"])
    describe_source(actor="x", source_id=source.pk, delivery="full", shrink_max=20)
    started: list[Any] = []
    monkeypatch.setattr(tasks.import_files, "defer", lambda **given: started.append(given))
    li = browser(account("李明"))
    path = world.file("台账.csv", register(4))
    with Path(path).open("rb") as file:
        page = li.post("/onboarding/upload/", {"files": [file]}).url
    shown = li.get(page).text
    assert "60 % fewer" in shown
    assert "shrunk_0" in shown
    refused = li.post(page, {"do": "import", "shrunk_0": " "})
    assert (refused.status_code, started) == (422, [])
    assert li.post(page, {"do": "import", "shrunk_0": "two wards moved"}).status_code == 302
    assert len(started) == 1


def test_paper_is_confirmed_beside_its_picture(incoming: Path, asked: list[str]) -> None:
    one = connector("paper", path=str(incoming), marker=".done")
    photo(incoming / "register.png")
    put(incoming, "register.png.done", "")
    assert fetched(one) == ["waiting"]
    waiting = Fetch.objects.get()
    li = browser(account("李明"), "zh-hans")
    url = f"/onboarding/arrivals/{waiting.pk}/"
    page = li.get(url).text
    names = re.findall(r'name="text:([^"]*)"', page)
    assert names
    pictures = [html.unescape(one) for one in re.findall(r'<img src="([^"]*)"', page)]
    assert len(set(pictures)) == len(names), "each cell has a picture of its own address"
    picture = li.get(pictures[0])
    assert picture.content.startswith(b"\x89PNG")
    assert li.get(f"{url}picture?cell=nowhere").status_code == 404
    texts = dict(re.findall(r'name="text:([^"]*)" value="([^"]*)"', page))
    # One alone: the rest still waits, and nothing is loaded.
    first = names[0]
    one_alone = {"do": "answer", f"ok:{first}": "on", f"text:{first}": texts[first]}
    assert li.post(f"{url}decide", one_alone).status_code == 302
    assert (fetched(one, AT + MINUTE), asked) == ([], [])
    assert Device.objects.count() == 0
    page = li.get(url).text
    # What is left keeps its picture; that of the answered cell is not shown as another's.
    assert [html.unescape(one) for one in re.findall(r'<img src="([^"]*)"', page)] == pictures[1:]
    assert li.get(pictures[0]).status_code == 404
    rest = dict(re.findall(r'name="text:([^"]*)" value="([^"]*)"', page))
    assert set(rest) == set(texts) - {first}
    answers = {f"text:{name}": text for name, text in rest.items()}
    answers |= {f"ok:{name}": "on" for name in rest}
    assert li.post(f"{url}decide", {"do": "answer", **answers}).status_code == 302
    assert fetched(one, AT + 2 * MINUTE) == ["imported"]
    assert Device.objects.filter(serial_no__in=("SN20417", "SN20418", "SN20522")).count() == 3


def test_the_same_over_http(incoming: Path, asked: list[str]) -> None:
    li = browser(account("李明"))
    api = "/api/v1"

    def send(method: str, path: str, **body: Any) -> Any:
        call = getattr(li, method)
        headers = {"Idempotency-Key": "k-1"}
        return call(f"{api}{path}", body, content_type="application/json", headers=headers)

    made = send("post", "/sources", code="东/区", kind="csv", owner="设备科")
    assert made.status_code == 201, made.text
    assert send("post", "/sources", code="东/区", kind="csv").status_code == 409
    stale = send("patch", "/sources/东/区", version=99, steward="李明")
    assert stale.status_code == 409
    said = send("patch", "/sources/东/区", version=made.json()["version"], steward="李明",
                refresh_days=7, is_governed=True)  # fmt: skip
    assert (said.json()["steward"], said.json()["owner"]) == ("李明", "设备科")
    back = send("patch", "/sources/东/区", version=said.json()["version"], is_governed=False)
    assert (back.status_code, back.json()["error"]["code"]) == (409, "source.stays-governed")
    missing = li.get(f"{api}/sources/东/区/standard").json()["missing"]
    assert missing == ["contact", "delivery", "personal", "keys", "profile"]
    body = {"name": "收件箱", "kind": "folder", "settings": {"path": str(incoming)}}
    one = send("post", "/sources/东/区/connectors", **body)
    assert one.status_code == 201, one.text
    assert send("post", "/sources/东/区/connectors", **body).status_code == 409
    pk = one.json()["id"]
    changed = send("put", f"/connectors/{pk}", version=1, cron="0 6 * * *", **body)
    assert changed.json()["next_at"]
    assert send("put", f"/connectors/{pk}", version=1, **body).status_code == 409
    wrong = send("put", f"/connectors/{pk}", version=2, **{**body, "settings": {"path": "/etc"}})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "connector.folder")
    put(incoming, "a.csv", register(2))
    assert send("post", f"/connectors/{pk}/try").json()["count"] == 2
    assert send("post", f"/connectors/{pk}/fetch").json() == {"queued": True}
    found = Connector.objects.get()
    fetched(found)
    assert fetched(found, AT + MINUTE) == ["imported"], "twice the same size and time"
    [arrival] = li.get(f"{api}/arrivals").json()["items"]
    assert (arrival["item"], arrival["status"]) == ("a.csv", "imported")
    run = Fetch.objects.get().run
    assert run is not None
    assert run.status == "rehearsed", "the source asks for two persons"
    again = send("post", f"/arrivals/{arrival['id']}/let-go", reason="x")
    assert again.status_code == 409
    assert li.get(f"{api}/arrivals/{arrival['id']}/paper").json() == []
    gone = send("post", f"/connectors/{pk}/void", reason="改用接口")
    assert gone.status_code == 200
    assert li.get(f"{api}/sources/东/区/connectors").json() == []


def test_who_may_only_read_changes_nothing(incoming: Path) -> None:
    one = connector("folder", path=str(incoming))
    with recorded(actor="test", command="test"):
        zhou = {"username": "zhou", "password": "gold-seam-2026", "display_name": "周审"}
        auditor = browser(create_user(roles=("auditor",), **zhou))
    assert auditor.get("/onboarding/sources/台账/arrivals/").status_code == 200
    assert "Add a connector" not in auditor.get("/onboarding/sources/台账/arrivals/").text
    for path in ("/onboarding/sources/台账/connect/folder/", "/onboarding/new-source/"):
        assert auditor.get(path).status_code == 403
    assert auditor.post(f"/onboarding/connectors/{one.pk}/", {"do": "save"}).status_code == 404
    assert auditor.post(f"/onboarding/connectors/{one.pk}/fetch").status_code == 403
    posted = auditor.post("/onboarding/sources/台账/standard/", {"do": "retire", "reason": "x"})
    assert posted.status_code == 404


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``kintsugi fetch`` in this process, on the database of the test."""
    from contextlib import nullcontext

    import typer

    from kintsugi.config.cli import database as place
    from kintsugi.config.cli import make_app

    monkeypatch.setattr(place, "database", nullcontext)

    def run(*arguments: str) -> tuple[int, Any]:
        try:
            code = make_app()(["fetch", *arguments, "--json"], standalone_mode=False) or 0
        except typer.Exit as left:
            code = left.exit_code
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_command_fetches_now(incoming: Path, command: Any, tmp_path: Path) -> None:
    from kintsugi.core.errors import NotFound

    register_db = incoming / "r.db"
    with sqlite3.connect(register_db) as link:
        link.execute('create table d ("序列号" text, "产品编码" text, "医院" text)')
        link.execute("insert into d values ('SN-9', 'P-1', '市一医院')")
    connector("database", name="库", url=f"sqlite:///{register_db}", table="d")
    code, told = command("台账")
    assert (code, told["ok"]) == (0, True)
    assert [(a["connector"], a["status"], a["rows"]) for a in told["arrivals"]] == [
        ("库", "imported", 1)
    ]
    assert Device.objects.get().serial_no == "SN-9"
    register_db.unlink()
    code, told = command("台账", "--connector", "库")
    assert (code, told["ok"]) == (1, False)
    assert told["arrivals"][0]["error"]["remedy"]
    with pytest.raises(NotFound):
        command("没有")
