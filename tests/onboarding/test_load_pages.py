"""Rehearsal, proposal, waves and windows on pages and over HTTP: two people, two languages."""

import json

import pytest

from kintsugi.identity.control.models import Act
from kintsugi.onboarding import tasks
from kintsugi.onboarding.models import LoadWindow, Run
from kintsugi.onboarding.services import apply_run, rehearse_run
from tests.identity.control.people import account
from tests.identity.control.test_pages_and_api import browser, form, hidden
from tests.onboarding.governed import AT, prepared
from tests.onboarding.test_rehearsal import LATER
from tests.onboarding.test_waves import LIST, load
from tests.scenarios.world import DEVICES, PRODUCTS, World, tables

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What was handed to the job queue."""
    asked: list[dict[str, str]] = []
    for task in (tasks.rehearse, tasks.load_run):
        monkeypatch.setattr(task, "defer", lambda **given: asked.append(given))
    return asked


@pytest.fixture
def run(world: World) -> Run:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", DEVICES))
    return prepared(world.file("d.csv", LATER))


def test_two_people_let_an_import_go_on_its_pages(run: Run, jobs: list[dict[str, str]]) -> None:
    author, second = browser(account("李明")), browser(account("王芳"), "zh-hans")
    page = f"/onboarding/runs/{run.number}/"
    assert "Rehearse" in author.get(page).text
    assert "预演" in second.get(page).text
    assert author.post(page + "rehearse").status_code == 302
    assert [job["run_id"] for job in jobs] == [str(run.pk)]
    before = tables()
    rehearse_run(actor="worker", run_id=run.pk, at=AT)
    text = author.get(page).text
    assert "Changed values" in text
    assert "Propose to load…" in text
    diff = second.get(page + "diff/?of=%2Fdevice").text
    for told in ("手术室", "换过电池", "2023-06-09", "将变为", "采购日期"):
        assert told in diff
    proposal = author.get(page + "propose/")
    response = author.post(
        page + "propose/", {"reason": "the ward's own list", "key": hidden(proposal.text, "key")}
    )
    act = Act.objects.get()
    assert response.url == f"/acts/{act.pk}/"
    shown = second.get(response.url).text
    assert "设备:新建" in shown
    for client, step in ((second, "approve"), (author, "execute")):
        response = client.post(f"/acts/{act.pk}/sign/", form(client, act, step=step))
        assert response.status_code == 302, response.text
    run.refresh_from_db()
    assert (run.status, run.act) == ("approved", act.number)
    assert tables() == before
    apply_run(actor="worker", run_id=run.pk, at=AT)
    response = second.post(f"/acts/{act.pk}/sign/", form(second, act, step="verify"))
    assert response.status_code == 302, response.text
    act.refresh_from_db()
    assert act.status == "verified"


def test_waves_are_made_on_a_page(world: World) -> None:
    world.load(world.file("p.csv", PRODUCTS))
    run = prepared(world.file("d.csv", LIST))
    author = browser(account("李明"), "zh-hans")
    page = f"/onboarding/runs/{run.number}/waves/"
    shown = author.get(page + "?field=device.customer").text
    for hospital in ("市一医院", "市二医院", "市三医院"):
        assert f'value="{hospital}"' in shown
    empty = {"name": "试点", "kind": "pilot", "by": "values", "field": "device.customer"}
    refused = author.post(page, empty)
    assert refused.status_code == 422
    assert "批次规则" in refused.text
    assert 'value="试点"' in refused.text, "nothing typed is lost"
    made = author.post(page, {**empty, "values": ["市一医院"]})
    assert made.url == f"/onboarding/runs/{run.number}-W1/"
    text = author.get(f"/onboarding/runs/{run.number}/").text
    assert "试点" in text
    assert "12 条记录等待批次" in text
    wave = f"/onboarding/runs/{run.number}-W1/"
    done = load(Run.objects.get(number=f"{run.number}-W1"))
    assert "4" in author.get(wave).text
    rows = author.get(wave + "rows/created/").text
    assert "SN00" in rows
    assert "SN01" not in rows, "a device of another hospital is not of this wave"
    assert author.get(wave + "steps/cleaned/").status_code == 200
    events = author.get(f"/api/v1/runs/{done.number}/lineage").text
    assert "products_product" not in events.splitlines()[0]
    assert '"COMPLETE"' in events
    for hostile in ({"by": "sample", "share": "x", "at_least": "-1"}, {"by": "range"}, {"by": "?"}):
        assert author.post(page, {"name": "x", "kind": "full", **hostile}).status_code == 422


def test_a_window_is_typed_in_lines(world: World) -> None:
    author = browser(account("李明"))
    typed = {
        "code": "night", "name_zh": "夜间", "name_en": "Night", "time_zone": "Asia/Shanghai",
        "hours": "周一至周五 22:00-06:00\nsat,sun 00:00-23:59", "at_once": "2",
        "blackouts": "2026-12-01 08:00 - 2026-12-01 18:00 盘点", "rows_a_second": "500",
        "limits": "quarantined 5%",
    }  # fmt: skip
    response = author.post("/onboarding/windows/new/", {**typed, "hours": "tomorrow"})
    assert response.status_code == 422
    assert "tomorrow" in response.text
    assert author.post("/onboarding/windows/new/", typed).status_code == 302
    window = LoadWindow.objects.get()
    assert window.hours == [
        {"days": [0, 1, 2, 3, 4], "from": "22:00", "to": "06:00"},
        {"days": [5, 6], "from": "00:00", "to": "23:59"},
    ]
    assert window.blackouts == [
        {"from": "2026-12-01T08:00:00+08:00", "to": "2026-12-01T18:00:00+08:00", "why": "盘点"}
    ]
    assert window.limits == {"quarantined": 0.05}
    shown = author.get("/onboarding/windows/night/").text
    assert "mon,tue,wed,thu,fri 22:00-06:00" in shown
    assert "夜间" in browser(account("王芳"), "zh-hans").get("/onboarding/windows/").text


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("hours", "mon 24:00-25:00"), ("hours", "mon 08:00-08:00"), ("hours", "xyz 01:00-02:00"),
        ("blackouts", "2026-02-30 08:00 - 2026-03-01 08:00"),
        ("blackouts", "2026-03-02 08:00 - 2026-03-01 08:00"),
        ("limits", "quarantined 101%"), ("limits", "moon 5%"), ("time_zone", "Mars/Base"),
    ],
)  # fmt: skip
def test_a_line_that_means_nothing_is_named(world: World, field: str, line: str) -> None:
    author = browser(account("李明"))
    typed = {
        "code": "n", "name_zh": "夜", "time_zone": "Asia/Shanghai", "at_once": "1",
        "rows_a_second": "0", field: line,
    }  # fmt: skip
    response = author.post("/onboarding/windows/new/", typed)
    assert response.status_code == 422
    assert line in response.text
    assert not LoadWindow.objects.exists()


def test_the_same_over_http(run: Run, jobs: list[dict[str, str]]) -> None:
    author = browser(account("李明"))
    base = f"/api/v1/runs/{run.number}"
    assert author.post(base + "/rehearse").status_code == 202
    rehearse_run(actor="worker", run_id=run.pk, at=AT)
    state = author.get(base + "/load").json()
    assert (state["status"], len(state["digest"])) == ("rehearsed", 64)
    changes = author.get(base + "/changes?of=/device").json()
    assert changes["total"] == 3
    assert {item["field"] for item in changes["items"]} == {"department", "purchase_date", "notes"}
    wave = {"name": "a", "kind": "pilot", "rule": {"by": "sample", "share": 0.5, "at_least": 1}}
    made = author.post(base + "/waves", json.dumps(wave), content_type="application/json")
    assert made.status_code == 201, made.text
    assert made.json()["parent"] == run.number
    wrong = {**wave, "rule": {"by": "moon"}}
    refused = author.post(base + "/waves", json.dumps(wrong), content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "wave.rule"
    body = json.dumps(
        {"name_zh": "夜间", "time_zone": "Asia/Shanghai", "hours": "daily 22:00-06:00"}
    )
    for _twice in range(2):
        kept = author.put("/api/v1/load-windows/n", body, content_type="application/json")
        assert kept.status_code == 200, kept.text
    assert LoadWindow.objects.get().version == 1, "the same again changes nothing"
    paused = author.post(
        base + "/ask", json.dumps({"what": "pause"}), content_type="application/json"
    )
    assert (paused.status_code, paused.json()["error"]["code"]) == (409, "run.cannot-pause")
