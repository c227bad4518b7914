"""Reports: kept and run as designed, the same rows everywhere, nobody's other rows, no formulas."""

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest

from kintsugi.audit.models import Change
from kintsugi.audit.refusals import Refusal
from kintsugi.audit.reports import running
from kintsugi.audit.reports.models import ReportDefinition
from kintsugi.audit.services import recorded
from kintsugi.devices.models import Device
from kintsugi.identity.matrix import ACTIONS, OBJECTS, ROLES, SCOPES, lines
from kintsugi.identity.models import MatrixEntry
from kintsugi.parties.models import Party
from tests.api.asking import logged_in, refused

pytestmark = pytest.mark.django_db
DATASETS = [
    "trail", "signatures", "acts", "log-ins", "access-review", "permission-matrix", "refusals",
    "packs", "holds",
]  # fmt: skip
#: The trail of S-001 as one report: its one insertion, three columns.
S001 = {"q": "S-001", "columns": ["record", "op", "transaction__actor"]}


@pytest.fixture
def auditor(examiner: Any) -> Any:
    """A browser of the auditor, who may not read personal data."""
    return logged_in(examiner)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was handed to the printer; it is printed all the same."""
    seen: list[Any] = []
    real = running.typeset

    def spy(template: str, data: Any, **how: Any) -> bytes:
        seen.append(json.loads(json.dumps(data, default=str)))
        return real(template, data, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "typeset", spy)
    return seen


def asked(path: str, params: dict[str, Any]) -> str:
    return f"{path}?{urlencode(params, doseq=True)}"


def api_rows(client: Any, dataset: str, **params: Any) -> list[list[str]]:
    answer = client.get(asked(f"/api/v1/datasets/{dataset}/rows", {"limit": 200, **params}))
    assert answer.status_code == 200, answer.content
    assert answer.json()["is_more"] is False
    rows: list[list[str]] = answer.json()["rows"]
    return rows


def file_of(client: Any, dataset: str, form: str, **params: Any) -> Any:
    return client.get(asked(f"/api/v1/datasets/{dataset}/file", {"format": form, **params}))


def csv_rows(client: Any, dataset: str, **params: Any) -> list[list[str]]:
    answer = file_of(client, dataset, "csv", **params)
    assert answer.status_code == 200, answer.content
    text = answer.getvalue().decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(text)))
    return found[1 : found.index([])]


def xlsx_cells(client: Any, dataset: str, **params: Any) -> tuple[list[list[str]], list[Any]]:
    """The rows below the headings, and every cell of the sheet."""
    answer = file_of(client, dataset, "xlsx", **params)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    head = 6  # five lines about the report and an empty one
    rows = [["" if c.value is None else str(c.value) for c in row] for row in sheet.iter_rows()]
    width = sum(1 for title in rows[head] if title)
    return [row[:width] for row in rows[head + 1 :]], [
        cell for row in sheet.iter_rows() for cell in row
    ]


def page_rows(client: Any, dataset: str, **params: Any) -> int:
    """The rows of the page."""
    answer = client.get(asked(f"/audit/reports/{dataset}/", {"per_page": 200, **params}))
    assert answer.status_code == 200
    return len(answer.context["page"].object_list)


def everywhere(
    client: Any, printed: list[Any], dataset: str, **params: Any
) -> tuple[list[list[str]], int]:
    """The rows of the API, after it was seen that all files have the very same and the page as
    many."""
    rows = api_rows(client, dataset, **params)
    assert csv_rows(client, dataset, **params) == rows
    assert xlsx_cells(client, dataset, **params)[0] == rows
    answer = file_of(client, dataset, "pdf", **params)
    assert answer.content.startswith(b"%PDF-1.7")
    data = printed[-1]
    assert [[cell or "" for cell in row] for row in data["table"]["rows"]] == rows
    assert dict(data["facts"])["Rows"] == f"{len(rows):,}"
    return rows, page_rows(client, dataset, **params)


# -- the same rows everywhere ----------------------------------------------------------------------


def test_a_report_has_the_same_rows_on_the_page_in_the_api_and_in_every_file(
    auditor: Any, printed: list[Any]
) -> None:
    rows, on_page = everywhere(auditor, printed, "trail", **S001)
    assert rows == [["device S-001", "created", "test"]]
    assert on_page == 1
    assert dict(printed[-1]["facts"])["Filters"] == "Search = S-001"


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_can_be_read_and_taken_away_by_the_auditor(
    auditor: Any, printed: list[Any], dataset: str
) -> None:
    params = {"q": "S-001"} if dataset == "trail" else {}
    if dataset == "permission-matrix":
        params = {"role": "auditor"}
    rows, on_page = everywhere(auditor, printed, dataset, **params)
    assert len(rows) == on_page


def test_the_datasets_are_listed_with_columns_and_filters(auditor: Any, client: Any) -> None:
    listed = {one["name"]: one for one in auditor.get("/api/v1/datasets").json()["items"]}
    assert list(listed) == DATASETS
    assert {"at_from", "at_to", "table", "op", "actor", "command", "field"} == set(
        listed["trail"]["filters"]
    )
    # A quality manager examines neither log-ins nor grants.
    mine = [one["name"] for one in client.get("/api/v1/datasets").json()["items"]]
    assert mine == ["trail", "signatures", "acts", "packs", "holds"]


def test_filters_and_order_narrow_and_turn_the_rows(auditor: Any) -> None:
    devices = {"table": "devices_device", "op": "I", "columns": ["record"]}
    newest = api_rows(auditor, "trail", **devices)
    assert sorted(newest) == [["device S-001"], ["device S-002"], ["device S-003"]]
    assert api_rows(auditor, "trail", **devices, sort="transaction__at") == newest[::-1]
    assert api_rows(auditor, "trail", **devices, at_to="2020-01-01") == []
    assert api_rows(auditor, "trail", **devices, field="lot_no") == []
    assert len(api_rows(auditor, "trail", **devices, field="serial_no")) == 3


def test_the_permission_matrix_is_a_report_of_what_is_enforced(
    auditor: Any, printed: list[Any]
) -> None:
    """The rows in the database are the lines of the matrix, and read in its words."""
    known = MatrixEntry.objects.order_by("position")
    assert list(known.values_list("role", "object", "action", "scope")) == list(lines())
    rows, on_page = everywhere(auditor, printed, "permission-matrix", role="desk", object="act")
    # desk: everything, region, customer; acts: read, create
    assert rows == [
        [
            ROLES["desk"].title.en,
            OBJECTS["act"].name.en,
            ACTIONS[action].en,
            SCOPES[scope].en,
            f"act.{action}",
        ]
        for action in ("read", "create")
        for scope in ("all", "region", "customer")
    ]
    assert on_page == 6
    # What cannot be split by customer is given over everything only.
    assert {row[3] for row in api_rows(auditor, "permission-matrix", object="issue")} == {
        "everything"
    }


def test_entries_about_a_table_are_shown_without_a_link_to_a_record(auditor: Any) -> None:
    rows = api_rows(
        auditor, "trail", op="S", table="devices_device", columns=["record", "op", "what"]
    )
    [[record, operation, what]] = rows
    assert (record, operation) == ("device (the whole table)", "columns of the table")
    assert "serial_no" in what
    nil = "ffffffff-ffff-ffff-ffff-ffffffffffff"
    page = auditor.get(f"/audit/records/devices_device/{nil}/")
    assert "(the whole table)" in page.content.decode()


# -- kept reports ----------------------------------------------------------------------------------


def keep(client: Any, name: str, **given: Any) -> Any:
    body = {
        "name": name,
        "dataset": "trail",
        "columns": ["op", "record"],
        "filters": {"table": "devices_device", "op": "I"},
        "sort": "transaction__at",
        **given,
    }
    return client.post("/api/v1/reports", body, content_type="application/json")


def test_a_kept_report_runs_with_its_columns_filters_and_order(auditor: Any, examiner: Any) -> None:
    made = keep(auditor, "New devices")
    assert made.status_code == 201, made.content
    [listed] = [r for r in auditor.get("/api/v1/reports").json()["items"] if r["owner"] == "沈计"]
    assert (listed["name"], listed["columns"]) == ("New devices", ["op", "record"])
    page = auditor.get(listed["page"])
    assert page.status_code == 200
    table = page.context["table"]
    assert [column.name for column in table.columns] == ["op", "record"]
    serials = [row.record.row_id for row in page.context["page"].object_list]
    wanted = Change.objects.filter(table="devices_device", op="I").order_by("pk")
    assert serials == list(wanted.values_list("row_id", flat=True))
    file = auditor.get(f"{listed['page']}&format=csv").getvalue().decode("utf-8-sig")
    assert file.splitlines()[:2] == ["Operation,Record", "created,device S-001"]
    assert "Report,New devices" in file
    # The same name again changes it: it stays one.
    assert keep(auditor, "New devices", columns=["record"]).status_code == 201
    one = ReportDefinition.objects.get(owner_id=examiner.pk, is_void=False)
    assert (one.columns, one.version) == (["record"], 2)
    # The log keeps it as it keeps any business row.
    assert Change.objects.filter(row_id=one.pk).count() == 2


def test_a_private_report_is_its_owners_a_shared_one_is_run_and_not_changed_by_others(
    auditor: Any, client: Any
) -> None:
    private, shared = keep(client, "mine").json(), keep(client, "ours", is_shared=True).json()
    names = [one["name"] for one in auditor.get("/api/v1/reports").json()["items"]]
    assert names == ["ours"]
    # Asked for by its id, a private one gives its owner's name and title to nobody else.
    page = auditor.get(f"/audit/reports/trail/?saved={private['id']}")
    assert page.context["saved"] is None
    assert auditor.get(shared["page"]).context["page_title"] == "ours"
    assert auditor.post(f"/audit/reports/{shared['id']}/take-away").status_code == 404
    assert client.post(f"/audit/reports/{shared['id']}/take-away").status_code == 302
    assert auditor.get("/api/v1/reports").json()["items"] == []


def test_a_shared_report_of_rows_that_one_may_not_read_is_not_listed(
    auditor: Any, client: Any
) -> None:
    assert keep(auditor, "who has what", dataset="access-review", columns=[], filters={}, sort="",
                is_shared=True).status_code == 201  # fmt: skip
    assert client.get("/api/v1/reports").json()["items"] == []


# -- what is refused -------------------------------------------------------------------------------


def test_what_is_not_understood_is_refused_with_field_value_and_remedy(auditor: Any) -> None:
    rows = "/api/v1/datasets/trail/rows"
    error = refused(auditor.get("/api/v1/datasets/nothing/rows"), 404, "core.not-found")
    assert (error["facts"]["field"], error["facts"]["key"]) == ("dataset", "nothing")
    error = refused(auditor.get(f"{rows}?columns=op&columns=planet"), 400, "report.no-column")
    assert (error["facts"]["field"], error["facts"]["columns"]) == ("columns", ["planet"])
    for name, value in (("op", "X"), ("at_from", "yesterday"), ("planet", "earth")):
        error = refused(auditor.get(f"{rows}?{name}={value}"), 400, "report.filter")
        assert (error["facts"]["field"], error["facts"]["value"]) == (name, value)
    error = refused(auditor.get(f"{rows}?sort=what"), 400, "report.no-order")
    assert error["facts"]["field"] == "sort"
    refused(auditor.get(f"{rows}?limit=100000"), 422, "api.invalid")
    refused(auditor.get("/api/v1/datasets/trail/file?format=doc"), 422, "api.invalid")


@pytest.mark.parametrize(
    ("given", "status", "code", "field"),
    [
        ({"dataset": "nothing"}, 404, "core.not-found", "dataset"),
        ({"columns": ["planet"]}, 400, "report.no-column", "columns"),
        ({"filters": {"planet": "earth"}}, 400, "report.filter", "planet"),
        ({"filters": {"op": "X"}}, 400, "report.filter", "op"),
        ({"sort": "what"}, 400, "report.no-order", "sort"),
        ({"name": "  "}, 400, "report.no-name", "name"),
    ],
)
def test_a_report_that_could_not_run_is_not_kept(
    auditor: Any, given: dict[str, Any], status: int, code: str, field: str
) -> None:
    error = refused(keep(auditor, **{"name": "x", **given}), status, code)
    assert error["facts"]["field"] == field
    assert not ReportDefinition.objects.filter(name="x").exists()


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_a_file_that_would_be_too_long_is_refused_with_its_count(
    auditor: Any, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setitem(running.ROWS_MAX, form, 2)
    devices = {"table": "devices_device", "op": "I"}
    error = refused(file_of(auditor, "trail", form, **devices), 400, "report.too-long")
    assert (error["facts"]["limit"], error["facts"]["rows"]) == (2, 3)
    assert file_of(auditor, "trail", form, q="S-001").getvalue()


def test_whoever_may_not_gets_403_and_the_refusal_is_kept(
    client: Any, person: Any, owner_of_nothing: Any
) -> None:
    nobody = logged_in(owner_of_nothing)
    for url in (
        "/audit/reports/trail/",
        "/api/v1/datasets/trail/rows",
        "/api/v1/datasets/trail/file?format=csv",
        "/audit/reports/trail/?format=pdf",
    ):
        assert nobody.get(url).status_code == 403
    kept = Refusal.objects.filter(actor_id=owner_of_nothing.pk)
    assert {(one.rule, one.status) for one in kept} == {("access.denied", 403)}
    assert {one.facts["permission"] for one in kept} == {"report.read", "report.export"}
    # Reports may be made by this one, but not of everything.
    error = refused(client.get("/api/v1/datasets/access-review/rows"), 403, "access.denied")
    assert error["facts"]["permission"] == "grant.read"
    refused(client.get("/api/v1/datasets/access-review/file?format=csv"), 403, "access.denied")
    assert client.get("/audit/reports/access-review/").status_code == 403
    assert keep(client, "x", dataset="access-review").status_code == 403
    mine = Refusal.objects.filter(actor_id=person.pk, rule="access.denied")
    assert {one.facts["permission"] for one in mine} == {"grant.read"}
    assert mine.count() == 4


def test_whoever_may_read_but_not_take_away_gets_the_page_and_no_file(client: Any) -> None:
    """The quality manager reads acts and has no export of them."""
    assert client.get("/audit/reports/acts/").status_code == 200
    for form in ("csv", "xlsx", "pdf"):
        error = refused(file_of(client, "acts", form), 403, "access.denied")
        assert error["facts"]["permission"] == "act.export"


# -- whose rows, and masks -------------------------------------------------------------------------


@pytest.fixture
def limited(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody who makes reports of everything he may read, and may read and take away the acts of
    one hospital only. No role of the matrix gives both; these two would."""
    import dataclasses

    from kintsugi.core.ids import uuid7
    from tests.identity.people import create_user, give

    for name, more in (
        ("reader", {"report.read", "report.export"}),
        ("desk", {"act.export"}),
    ):
        role = ROLES[name]
        wider = dataclasses.replace(role, permissions=role.permissions | more)
        monkeypatch.setitem(ROLES, name, wider)
    hospital = Party.objects.get(name="第一医院")
    with recorded(actor="test", command="test"):
        user = create_user(
            roles=("reader",), username=f"d-{uuid7().hex[-8:]}", password="gold-seam-2026",
            display_name="台", language="en",
        )  # fmt: skip
        give(user, "desk", "customer", [str(hospital.pk)])
    return logged_in(user)


def test_whoever_is_limited_to_a_customer_has_his_rows_only_and_the_same_everywhere(
    limited: Any, auditor: Any, person: Any, printed: list[Any]
) -> None:
    from django.utils import timezone

    from kintsugi.core.access import SYSTEM, bound
    from kintsugi.identity.control.kinds import kind_of
    from kintsugi.identity.control.services import draft_act

    with bound(SYSTEM), recorded(actor=person, command="test"):
        for serial in ("S-001", "S-002", "S-003"):  # the first two at the first hospital
            device = Device.objects.get(serial_no=serial)
            plan = kind_of("device.correct").plan(device.pk, {"department": f"新科 {serial}"})
            draft_act(kind="device.correct", subject_id=device.pk, plan=plan, reason=serial,
                      account=person, at=timezone.now(), key=serial)  # fmt: skip
    asked_for = {"columns": ["reason", "subject_title"], "sort": "reason"}
    rows, on_page = everywhere(limited, printed, "acts", **asked_for)
    assert [row[0] for row in rows] == ["S-001", "S-002"]
    assert on_page == 2
    all_rows, on_page = everywhere(auditor, printed, "acts", **asked_for)
    assert ([row[0] for row in all_rows], on_page) == (["S-001", "S-002", "S-003"], 3)
    assert limited.get("/audit/reports/trail/").status_code == 403  # the log cannot be split


def test_what_is_masked_on_the_page_is_masked_in_every_file(
    auditor: Any, client: Any, printed: list[Any]
) -> None:
    with recorded(actor="test", command="test.call"):
        Party.objects.filter(name="第一医院").update(phone=["13800138001"], contact="王小明")
    asked_for = {"command": "test.call", "columns": ["what"]}
    [[what]], on_page = everywhere(auditor, printed, "trail", **asked_for)
    assert on_page == 1
    assert "138****8001" in what
    assert "王**" in what
    assert "13800138001" not in what
    page = auditor.get(asked("/audit/reports/trail/", asked_for)).content.decode()
    assert "138****8001" in page
    assert "13800138001" not in page
    # Who may read them has them in all three.
    [[what]], _ = everywhere(client, printed, "trail", **asked_for)
    assert "13800138001" in what
    assert "王小明" in what


# -- formulas --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", '=HYPERLINK("http://x")']
)
def test_a_cell_that_looks_like_a_formula_is_text_in_every_file(
    auditor: Any, printed: list[Any], formula: str
) -> None:
    with recorded(actor=formula, command="test.formula", reason=formula):
        Device.objects.filter(serial_no="S-001").update(department="x")
    asked_for = {"command": "test.formula", "columns": ["transaction__reason"]}
    assert api_rows(auditor, "trail", **asked_for) == [[formula]]
    assert csv_rows(auditor, "trail", **asked_for) == [[f"'{formula}"]]
    rows, cells = xlsx_cells(auditor, "trail", **asked_for)
    assert rows == [[formula]]
    assert {cell.data_type for cell in cells if cell.value == formula} == {"s"}
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
