"""The pages of projects in both languages: each opens, each form saves, nothing invented shows."""

import datetime as dt
import io
import re
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from kintsugi.projects import services
from kintsugi.projects.models import Contact, Contingency, Kpi, Milestone, Project, Risk
from tests.projects.people import AT, browser, planned, running, somebody
from tests.scenarios.world import DEVICES, PRODUCTS, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(world: World) -> Project:
    """A running project from a ready plan over two imports."""
    world.load(world.file("p.csv", PRODUCTS), source=("catalogue", 50))
    world.load(world.file("d.csv", DEVICES), source=("register", 50))
    made = running(planned(template="device-register"))
    services.set_sources(actor="tester", project=made.pk, codes=["catalogue", "register"])
    services.measure_project(actor="tester", project=made.pk, at=AT)
    services.add_line(
        actor="tester", project=made.pk, side="cost", category="people", title_zh="人力",
        title_en="People", first_month=dt.date(2026, 11, 1), months=3, amount=Decimal(10_000),
        key="c",
    )  # fmt: skip
    return made


def addresses(project: Project) -> list[str]:
    """Every page that only shows, and every form."""
    code = [project.code]
    stone = [project.milestones.order_by("position").first().pk]
    signed = project.milestones.order_by("position").first().criteria.get(check_name="").pk
    kpi, hand = project.kpis.exclude(metric="").first().pk, project.kpis.get(metric="").pk
    risk, plan = [project.risks.first().pk], [project.contingencies.first().pk]
    line = [project.money.first().pk]
    named = [
        *((name, code) for name in (
            "project", "edit", "set-sources", "add-member", "add-milestone", "add-kpi", "risks",
            "add-risk", "money", "add-line", "add-contingency")),
        *((name, stone) for name in ("milestone", "edit-milestone", "add-criterion")),
        ("sign-criterion", [signed]), ("remove-criterion", [signed]),
        ("kpi", [kpi]), ("kpi", [hand]), ("edit-kpi", [kpi]), ("record-value", [hand]),
        *((name, risk) for name in ("risk", "edit-risk", "assess-risk")),
        *((name, plan) for name in (
            "contingency", "edit-contingency", "add-contact", "record-drill")),
        ("remove-line", line), ("record-actual", line),
        ("step-milestone", [*stone, "reached"]),
    ]  # fmt: skip
    return ["/projects/", "/projects/new/", *(reverse(f"projects:{n}", args=a) for n, a in named)]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_and_form_opens(project: Project, language: str) -> None:
    client = browser(somebody("Amy", "steward", "quality"), language)
    for address in addresses(project):
        response = client.get(address)
        assert response.status_code == 200, (address, response.text[:400])


def test_the_home_of_a_project_shows_what_is_known_and_what_is_not(project: Project) -> None:
    page = browser(somebody("Amy")).get(f"/projects/p/{project.code}/").text
    chinese = browser(somebody("王芳"), "zh-hans").get(f"/projects/p/{project.code}/").text
    assert "Customer satisfaction" in page
    assert "entered by hand" in page
    assert "No device is known to two sources yet." in page, "consistency says why it is unknown"
    assert "还没有两个来源说到同一台设备" in chinese
    assert "客户满意度" in chinese
    assert "R-01" in page
    assert "RUN-" in page, "its imports"


def test_a_project_is_made_from_a_ready_plan_and_started_on_its_pages(world: World) -> None:
    client = browser(somebody("Amy"))
    page = client.get("/projects/new/").text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    form = {
        "code": "ERP-2027", "template": "old-erp", "title_zh": "旧系统", "title_en": "Old ERP",
        "planned_start": "2027-01-01", "sponsor_name": "Boss", "key": key[1],
    }  # fmt: skip
    for _again in range(2):
        response = client.post("/projects/new/", form)
        assert (response.status_code, response["Location"]) == (302, "/projects/p/ERP-2027/")
    made = Project.objects.get()
    assert (made.owner_name, made.planned_end) == ("Amy", dt.date(2027, 6, 30)), "180 days"
    assert made.milestones.count() == 5
    refused = client.post("/projects/new/", {**form, "key": "another", "title_en": "Twice"})
    assert refused.status_code >= 400
    assert "is taken" in refused.text
    assert "Twice" in refused.text, "what was typed is kept"
    step = client.post("/projects/p/ERP-2027/step/running/", {
        "reason": "agreed", "key": "s", "version": made.version,
    })  # fmt: skip
    assert step.status_code == 302, step.text
    made.refresh_from_db()
    assert made.status == "running"


def test_boundaries_keep_both_languages(project: Project) -> None:
    client = browser(somebody("Amy"))
    page = client.get(f"/projects/p/{project.code}/edit/").text
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    project.refresh_from_db()
    form |= {"goal_zh": "目标", "goal_en": "Goal", "inside": "台账 | Registers\n合同",
             "outside": "", "never": "<b>x</b>", "version": str(project.version)}  # fmt: skip
    response = client.post(f"/projects/p/{project.code}/edit/", form)
    assert response.status_code == 302, response.text
    project.refresh_from_db()
    assert project.boundaries == {
        "inside": [["台账", "Registers"], ["合同", "合同"]],
        "outside": [],
        "never": [["<b>x</b>", "<b>x</b>"]],
    }
    shown = client.get(f"/projects/p/{project.code}/").text
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "<b>x</b>" not in shown


def test_forms_of_the_parts_save(project: Project) -> None:
    client = browser(somebody("Amy", "steward", "quality"))
    risk, plan = Risk.objects.get(number=1), Contingency.objects.first()
    hand, stone = Kpi.objects.get(metric=""), Milestone.objects.order_by("position").first()
    assert plan
    assert stone
    signed = stone.criteria.get(check_name="")
    code = [project.code]
    forms = [
        ("assess-risk", [risk.pk], {"probability": 5, "impact": 4, "status": "watched",
                                    "note": "seen", "version": risk.version}),
        ("add-contact", [plan.pk], {"name": "王小明", "role": "it", "phone": "13800138001",
                                    "key": "k", "version": plan.version}),
        ("record-drill", [plan.pk], {"held_on": "2026-11-20", "minutes": 100, "steps_done": 6,
                                     "findings": "", "key": "k", "version": plan.version}),
        ("record-value", [hand.pk], {"value": "87.5", "as_of": "2026-11-20T10:00",
                                     "evidence": "survey 7", "key": "k", "version": hand.version}),
        ("sign-criterion", [signed.pk], {"holds": "yes", "evidence": "minutes 3",
                                         "version": signed.version}),
        ("add-criterion", [stone.pk], {"title_zh": "行", "title_en": "Rows",
                                       "check_name": "loaded_share", "params": "least_pct=98.5",
                                       "key": "k", "version": stone.version}),
        ("add-member", code, {"name": "李明", "role": "steward", "key": "k",
                              "version": project.version}),
        ("add-milestone", code, {"title_zh": "新", "title_en": "New", "due_on": "2027-01-05",
                                 "owner_name": "", "key": "k", "version": project.version}),
        ("add-line", code, {"side": "benefit", "category": "time", "title_zh": "省",
                            "title_en": "Saved", "first_month": "2026-12", "months": 12,
                            "amount": "5000", "best_pct": 120, "worst_pct": 60, "basis": "",
                            "key": "k", "version": project.version}),
        ("add-kpi", code, {"code": "hours", "title_zh": "时长", "title_en": "Hours",
                           "direction": "down", "target": "24", "key": "k",
                           "version": project.version}),
        ("add-risk", code, {"title_zh": "险", "title_en": "Risk", "category": "data",
                            "probability": 2, "impact": 2, "response": "accept", "key": "k",
                            "version": project.version}),
        ("add-contingency", code, {"title_zh": "断网", "title_en": "Offline", "limit_min": 30,
                                   "steps": "一 | one", "key": "k", "version": project.version}),
    ]  # fmt: skip
    project.refresh_from_db()
    for name, args, typed in forms:
        typed["version"] = project.version if args == code else typed["version"]
        response = client.post(reverse(f"projects:{name}", args=args), typed)
        assert response.status_code == 302, (name, response.text[-3000:])
    risk.refresh_from_db()
    assert (risk.exposure, risk.status) == (20, "watched")
    assert stone.criteria.get(check_name="loaded_share").params == {"least_pct": 98.5}
    drill = plan.drills.get()
    assert drill.passed, "100 of 120 minutes, 6 of 6 steps"
    assert project.risks.count() == 7
    # A drill in time that left a step out has not passed; the page says so.
    services.record_drill(
        actor="t", contingency=plan.pk, held_on=dt.date(2026, 11, 21), minutes=5, steps_done=5,
        findings="", key="k2", at=AT,
    )  # fmt: skip
    assert "failed" in client.get(reverse("projects:contingency", args=[plan.pk])).text


def test_telephones_are_masked_for_who_may_not_read_personal_data(project: Project) -> None:
    plan = Contingency.objects.first()
    assert plan
    services.add_contact(
        actor="t", contingency=plan.pk, name="王小明", role="it", phone="13800138001", key="c"
    )
    address = reverse("projects:contingency", args=[plan.pk])
    assert "13800138001" in browser(somebody("Amy", "steward")).get(address).text
    masked = browser(somebody("Eve", "auditor")).get(address).text
    assert "13800138001" not in masked
    assert "王小明" not in masked
    assert "138****8001" not in address
    assert "****8001" in masked
    assert Contact.objects.count() == 1


def test_the_report_comes_on_paper_and_as_a_workbook(project: Project) -> None:
    client = browser(somebody("Amy"))
    paper = client.get(f"/projects/p/{project.code}/report.pdf")
    assert paper.status_code == 200, paper.text
    assert paper.content.startswith(b"%PDF")
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/projects/p/{project.code}/report.xlsx").content)
    )
    assert book.sheetnames == [
        "Milestones", "Key figures", "Risks", "Sources and imports", "Cost and benefit"
    ]  # fmt: skip
    loaded = {row[0]: row[3:7] for row in book["Sources and imports"].values}
    assert loaded["register"] == (3, 3, 0, 100), "three devices to load, three loaded"
    figures = {row[0]: row[4] for row in book["Key figures"].values}
    assert figures["Consistency across sources"] == "unknown", "never 0"


def test_who_only_reads_neither_changes_nor_accepts(project: Project) -> None:
    auditor, steward = browser(somebody("Eve", "auditor")), browser(somebody("Amy", "steward"))
    assert auditor.get(f"/projects/p/{project.code}/").status_code == 200
    for path in ("edit/", "measure", "milestones/new/", "step/running/", "decide/closed/"):
        assert auditor.post(f"/projects/p/{project.code}/{path}").status_code == 403, path
    assert steward.post(f"/projects/p/{project.code}/decide/accepted/").status_code == 403
    assert steward.get(f"/projects/p/{project.code}/step/accepted/").status_code == 404
    technician = browser(somebody("Tom", "warehouse"))
    assert technician.get(f"/projects/p/{project.code}/").status_code == 403
