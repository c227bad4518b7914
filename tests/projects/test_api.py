"""Projects over HTTP: what was planned and what became of it; the same services, once each."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from kintsugi.projects.models import Project
from tests.projects.people import browser, planned, running, somebody

pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects"


@pytest.fixture
def client() -> Client:
    return browser(somebody("Amy", "steward"))


def post(client: Client, path: str, body: dict[str, Any], key: str = "") -> Any:
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(
        f"{BASE}{path}", json.dumps(body), content_type="application/json", headers=headers
    )


def got(client: Client, path: str) -> Any:
    answer = client.get(f"{BASE}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


PLAN = {"code": "REG", "title_zh": "档案", "title_en": "Register", "planned_start": "2026-11-01"}


def test_a_project_from_a_template_reads_back_whole(client: Client) -> None:
    made = post(client, "", {**PLAN, "template": "device-register"}, "one")
    assert made.status_code == 201, made.text
    again = post(client, "", {**PLAN, "template": "device-register"}, "one")
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
    assert Project.objects.count() == 1
    other = post(client, "", {**PLAN, "title_en": "Else"}, "one")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "core.key-reused")
    assert got(client, "")["count"] == 1
    row = Project.objects.get()
    assert got(client, "/REG")["boundaries"]["never"]
    for part, rows in (("kpis", row.kpis), ("milestones", row.milestones), ("risks", row.risks),
                       ("contingencies", row.contingencies)):  # fmt: skip
        assert len(got(client, f"/REG/{part}")) == rows.count() > 0, part
    exposures = [one["exposure"] for one in got(client, "/REG/risks")]
    assert exposures == sorted(exposures, reverse=True)
    assert got(client, "/REG/money")["base"] is None, "no line yet: nothing is invented"


def test_plan_and_actual_of_a_key_figure(client: Client) -> None:
    running(planned())
    body = {"code": "csat", "title_zh": "满意度", "title_en": "Satisfaction", "direction": "up",
            "target": "90"}  # fmt: skip
    made = post(client, "/REG/kpis", body)
    assert made.status_code == 201, made.text
    kpi = made.json()["id"]
    assert (made.json()["actual"], made.json()["reached"]) == (None, None)
    value = {"value": "91.5", "as_of": "2026-11-20T09:00:00Z", "evidence": "survey 4"}
    first = post(client, f"/kpis/{kpi}/values", value, "v")
    assert first.status_code == 201, first.text
    assert post(client, f"/kpis/{kpi}/values", value, "v").json()["id"] == first.json()["id"]
    [shown] = got(client, "/REG/kpis")
    assert (float(shown["target"]), float(shown["actual"])) == (90, 91.5)
    assert shown["reached"] is True
    assert len(got(client, f"/kpis/{kpi}/values")) == 1
    late = post(client, f"/kpis/{kpi}/values", {**value, "as_of": "2999-01-01T00:00:00Z"})
    assert late.json()["error"]["code"] == "kpi.future"


def test_milestones_risks_and_drills_are_written(client: Client) -> None:
    running(planned())
    names = {"title_zh": "名", "title_en": "Name"}
    stone = post(client, "/REG/milestones", {**names, "due_on": "2026-11-09"})
    assert (stone.status_code, stone.json()["planned_on"]) == (201, "2026-11-09"), stone.text
    risk = post(client, "/REG/risks", {**names, "category": "data", "probability": 3, "impact": 4,
                                       "response": "reduce"})  # fmt: skip
    assert (risk.status_code, risk.json()["exposure"]) == (201, 12), risk.text
    plan = post(client, "/REG/contingencies", {**names, "limit_min": 60, "steps": [["一", "one"]]})
    assert plan.status_code == 201, plan.text
    drill = {"held_on": "2026-11-20", "minutes": 61, "steps_done": 1}
    held = post(client, f"/contingencies/{plan.json()['id']}/drills", drill)
    assert (held.status_code, held.json()["passed"]) == (201, False), held.text


@pytest.mark.parametrize(
    ("change", "field"),
    [({"code": "no blanks"}, "code"), ({"title_en": ""}, "title_en"),
     ({"planned_start": "2026-02-30"}, "planned_start"), ({"template": "else"}, "template")],
)  # fmt: skip
def test_bad_input_names_its_field(client: Client, change, field) -> None:
    answer = post(client, "", {**PLAN, **change})
    assert answer.status_code == 422
    assert field in answer.text


def test_what_is_not_there_and_who_may_not(client: Client) -> None:
    assert client.get(f"{BASE}/NONE").status_code == 404
    assert client.get(f"{BASE}/kpis/{uuid4()}/values").status_code == 404
    body = {"code": "x", "title_zh": "x", "title_en": "x", "direction": "up", "target": 1}
    assert post(client, "/NONE/kpis", body).status_code == 404
    assert Client().get(f"{BASE}/NONE").status_code == 401
    reader = browser(somebody("Kim", "auditor"))
    planned()
    assert reader.get(f"{BASE}/REG").status_code == 200
    assert post(reader, "", {**PLAN, "code": "ELSE"}).status_code == 403
