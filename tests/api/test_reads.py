"""Every read of the API, over a small world worked through by hand."""

import pytest
from django.test import Client

from tests.api.asking import logged_in, refused

V1 = "/api/v1"


def get(client, path, **query):
    response = client.get(f"{V1}{path}", query)
    assert response.status_code == 200, response.content[:500]
    return response.json()


@pytest.fixture
def device(client):
    return get(client, "/devices", q="S-001")["items"][0]


# -- log-in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/devices",
        "/runs",
        "/search?q=x",
        "/contracts",
        "/openapi.json",
        "/devices/00000000-0000-7000-8000-000000000001",
    ],
)
def test_without_a_log_in_there_is_only_401_as_json(stranger, path):
    refused(stranger.get(V1 + path), 401, "api.unauthenticated")


def test_the_documentation_asks_for_a_log_in_as_a_page_does(stranger):
    response = stranger.get(f"{V1}/docs")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


# -- records -------------------------------------------------------------------------------------


def test_devices_are_listed_with_what_they_point_to(client):
    answer = get(client, "/devices", sort="serial_no")
    assert answer["count"] == 3
    assert [one["serial_no"] for one in answer["items"]] == ["S-001", "S-002", "S-003"]
    first = answer["items"][0]
    assert first["product"]["name"] == "氧气机"
    assert first["customer"]["name"] == "第一医院"
    assert first["warranty_end"] == "2027-05-01"


def test_a_device_is_the_same_alone_as_in_the_list(client, device):
    assert get(client, f"/devices/{device['id']}") == device
    assert device["links"]["page"] == f"/devices/{device['id']}/"
    assert client.get(device["links"]["api"]).json() == device


def test_filters_narrow_as_on_the_page(client):
    def serials(**query):
        return [one["serial_no"] for one in get(client, "/devices", **query)["items"]]

    assert serials(warranty="out") == ["S-002"]
    assert serials(warranty="unknown") == ["S-003"]
    assert serials(customer="第二医院") == ["S-003"]
    assert serials(product="P-100", sort="-serial_no") == ["S-002", "S-001"]
    assert serials(warranty_end_from="2027-01-01", warranty_end_to="2027-12-31") == ["S-001"]


def test_pages_link_to_their_neighbours(client):
    first = get(client, "/devices", limit=2, sort="serial_no")
    assert (first["page"], first["count"], first["previous"]) == (1, 3, None)
    second = client.get(first["next"]).json()
    assert [one["serial_no"] for one in second["items"]] == ["S-003"]
    assert second["next"] is None
    assert client.get(second["previous"]).json() == first


def test_beyond_the_last_page_there_is_nothing(client):
    answer = get(client, "/devices", page=200, limit=200)
    assert answer["items"] == []
    assert answer["previous"] is not None


def test_where_a_value_came_from_is_told_with_its_rivals(client, device):
    told = client.get(device["links"]["explain"]).json()
    fields = {one["field"]: one for one in told["fields"]}
    department = fields["department"]
    assert department["value"] == "ICU"  # the register has the higher authority
    assert department["cell"]["place"] == "register.csv › register › C2"
    assert [other["value"] for other in department["others"]] == ["手术室"]


def test_a_value_leads_to_its_cell(client, device):
    told = client.get(device["links"]["explain"]).json()
    cell = next(one["cell"] for one in told["fields"] if one["field"] == "department")
    there = get(client, f"/cells/{cell['snapshot']}/{cell['table']}/{cell['row']}/3")
    assert (there["text"], there["header"], there["letter"]) == ("ICU", "使用科室", "C")
    here = [c for row in there["rows"] for c in row["cells"] if c["here"]]
    assert [c["text"] for c in here] == ["ICU"]
    assert there["rows"][0]["place"] == "header"


def test_the_history_names_who_what_and_by_which_run(client, device, world):
    history = client.get(device["links"]["history"]).json()
    first = history["items"][-1]
    assert (first["op"], first["actor"]) == ("I", "test")
    assert first["run_id"] == str(world.runs["register.csv"].pk)
    assert {"column": "serial_no", "before": None, "after": "S-001"} in first["changes"]
    assert get(client, f"/devices/{device['id']}/history", limit=1)["items"] == history["items"][:1]


def test_products_with_identifiers_and_packages(client):
    product = get(client, "/products", q="OX-1")["items"][0]
    assert (product["product_code"], product["manufacturer"]["name"]) == ("P-100", "金桥医疗")
    assert client.get(product["links"]["api"]).json() == product
    for part in ("explain", "history", "identifiers", "packages"):
        assert get(client, f"/products/{product['id']}/{part}")
    assert get(client, f"/products/{product['id']}/identifiers") == {"items": [], "is_more": False}


def test_parties_by_role_and_pinyin(client):
    hospital = get(client, "/parties", q="di yi")["items"][0]
    assert hospital["name"] == "第一医院"
    names = {one["name"] for one in get(client, "/parties", role="customer")["items"]}
    assert {"第一医院", "第二医院"} <= names
    assert "金桥医疗" not in names
    for part in ("api", "explain", "history"):
        assert client.get(hospital["links"][part]).status_code == 200


# -- sources and runs ----------------------------------------------------------------------------


def test_a_source_shows_its_mapping_in_words(client):
    codes = [one["code"] for one in get(client, "/sources")["items"]]
    assert codes == ["catalogue", "register", "second"]
    source = get(client, "/sources/register")
    assert source["authority"] == 50
    lines = source["mapping"]["tables"][0]["entities"][0]["lines"]
    assert any(line["field"] == "serial_no" and line["headers"] == ["序列号"] for line in lines)


def test_a_run_closes_and_is_the_same_by_number_and_id(client, world):
    run = world.runs["register.csv"]
    told = get(client, f"/runs/{run.number}")
    assert told == get(client, f"/runs/{run.pk}")
    assert (told["status"], told["read"]) == ("verified", 3)
    outcomes = ("created", "updated", "merged", "unchanged", "excluded", "quarantined")
    assert sum(told[name] for name in outcomes) == 3
    assert {one["number"] for one in get(client, "/runs", source="register")["items"]} == {
        run.number
    }


def test_progress_says_that_a_run_has_ended(client, world):
    told = get(client, f"/runs/{world.runs['register.csv'].number}/progress")
    assert told["is_ended"]
    assert told["closes"]
    assert {node["state"] for node in told["path"]} == {"done"}


def test_the_issues_of_a_run_name_the_cell(client, world):
    number = world.runs["register.csv"].number
    issues = get(client, f"/runs/{number}/issues")["items"]
    [bad] = [one for one in issues if one["value"] == "not a day"]
    assert (bad["field"], bad["row"], bad["column"]) == ("warranty_end", 4, 5)
    assert bad["title"]["zh"] != bad["title"]["en"]
    only = get(client, f"/runs/{number}/issues", rule=bad["rule"], severity=bad["severity"])
    assert [one["id"] for one in only["items"]] == [bad["id"]]
    assert get(client, f"/runs/{number}/issues", status="gone")["items"] == []
    there = get(client, f"/cells/{bad['snapshot']}/{bad['table']}/{bad['row']}/{bad['column']}")
    assert there["text"] == "not a day"


def test_every_step_of_a_run_can_be_looked_into(client, world):
    steps = get(client, f"/runs/{world.runs['register.csv'].number}/steps")["items"]
    assert {"raw", "mapped", "cleaned", "merged"} <= {step["name"] for step in steps}
    for step in steps:
        rows = client.get(step["url"], {"limit": 2}).json()
        assert rows["rows"] == step["rows"]
        assert len(rows["items"]) <= 2


@pytest.mark.parametrize(("outcome", "rows"), [("created", 3), ("updated", 0), ("excluded", 0)])
def test_the_rows_behind_a_number(client, world, outcome, rows):
    number = world.runs["register.csv"].number
    told = get(client, f"/runs/{number}/rows/{outcome}")
    assert len(told["items"]) == rows
    assert get(client, f"/runs/{number}/rows/{outcome}", stream=told["stream"]) == told


def test_a_snapshot_tells_its_tables_and_columns(client, world):
    folder = get(client, f"/runs/{world.runs['register.csv'].number}")["snapshot"]
    told = get(client, f"/snapshots/{folder}")
    assert [column["name"] for column in told["tables"][0]["columns"]][:2] == ["序列号", "产品编码"]


# -- search, home, dictionary --------------------------------------------------------------------


def test_search_finds_by_kind(client):
    found = {one["kind"]: one for one in get(client, "/search", q="S-001")["found"]}
    assert [hit["title"] for hit in found["device"]["hits"]] == ["S-001"]
    run = {one["kind"] for one in get(client, "/search", q="register.csv")["found"]}
    assert "run" in run


def test_the_home_page_counts_devices(client):
    assert 3 in [tile["value"] for tile in get(client, "/home")["tiles"]]


def test_the_dictionary_explains_a_field_in_both_languages(client):
    assert {one["entity"] for one in get(client, "/contracts")["items"]} == {
        "device",
        "party",
        "product",
        "udi_identifier",
        "stated_level",
        "stated_movement",
        "stated_place",
    }
    device = get(client, "/contracts/device")
    serial = next(one for one in device["fields"] if one["name"] == "serial_no")
    assert serial["title"] == {"zh": "序列号", "en": "Serial number"}
    assert "udi.check-digit" in {rule["id"] for rule in get(client, "/rules")["items"]}


# -- refusals ------------------------------------------------------------------------------------

UNKNOWN = "0190d3c2-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "path",
    [
        f"/devices/{UNKNOWN}",
        f"/devices/{UNKNOWN}/explain",
        f"/products/{UNKNOWN}/packages",
        f"/parties/{UNKNOWN}/history",
        "/runs/RUN-19000101-0001",
        "/runs/RUN-19000101-0001/issues",
        "/sources/nobody",
        "/contracts/ghost",
        f"/snapshots/{'0' * 64}",
        f"/cells/{'0' * 64}/0/1/1",
        "/no/such/route",
    ],
)
def test_what_does_not_exist_is_404_in_the_one_shape(client, path):
    refused(client.get(V1 + path), 404, "core.not-found")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/devices?page=0", "page"),
        ("/devices?page=201", "page"),
        ("/devices?page=99999999999999999999", "page"),
        ("/devices?limit=201", "limit"),
        ("/devices?limit=-1", "limit"),
        ("/devices?limit=many", "limit"),
        ("/devices?sort=password", "sort"),
        ("/devices?status=broken", "status"),
        ("/devices?warranty_end_from=2026-13-01", "warranty_end_from"),
        ("/devices?stauts=installed", "stauts"),
        ("/devices?status=installed&status=recalled", "status"),
        ("/devices?q=a%00b", "q"),
        ("/devices?department=%00", "department"),
        (f"/devices?q={'x' * 201}", "q"),
        ("/devices/not-an-id", "id"),
        ("/products?is_implant=perhaps", "is_implant"),
        ("/products?manufacturer=nobody", "manufacturer"),
        ("/search?q=", "q"),
        ("/search", "q"),
        ("/search?q=%00", "q"),
        ("/runs/%00", "number"),
        ("/runs/RUN-1/rows/stolen", "outcome"),
        (f"/cells/{'0' * 64}/0/0/1", "row"),
        (f"/cells/{'0' * 64}/0/1/99999999999999999999", "column"),
        (f"/cells/{'0' * 64}/-1/1/1", "table"),
        ("/sources/%00", "code"),
    ],
)
def test_a_wrong_parameter_is_named(client, path, field):
    error = refused(client.get(V1 + path), 422, "api.invalid")
    assert field in [one["field"] for one in error["facts"]["fields"]]


@pytest.mark.parametrize(
    "snapshot",
    ["..", "%2e%2e", "..%2f..%2fetc", "%2e%2e%2f%2e%2e%2fsecret_key", "." * 64, "a/../b", "C:%5C"],
)
def test_no_path_leads_out_of_the_snapshots(client, snapshot):
    response = client.get(f"{V1}/cells/{snapshot}/0/1/1")
    assert response.status_code in (404, 422)
    assert response.json()["ok"] is False
    assert client.get(f"{V1}/snapshots/{snapshot}").status_code in (404, 422)


@pytest.mark.parametrize("step", ["../../secret_key", "no/such/step", "..%2f..%2fsecret_key"])
def test_no_path_leads_out_of_a_run(client, world, step):
    number = world.runs["register.csv"].number
    response = client.get(f"{V1}/runs/{number}/steps/{step}")
    refused(response, 404, "pipeline.no-step")


def test_a_cell_beyond_the_table_is_404(client, world):
    folder = get(client, f"/runs/{world.runs['register.csv'].number}")["snapshot"]
    refused(client.get(f"{V1}/cells/{folder}/0/4000/1"), 404, "core.not-found")
    refused(client.get(f"{V1}/cells/{folder}/0/2/400"), 404, "core.not-found")
    refused(client.get(f"{V1}/cells/{folder}/7/2/1"), 404, "snapshot.no-table")


def test_an_unknown_stream_is_refused_with_the_known_ones(client, world):
    number = world.runs["register.csv"].number
    response = client.get(f"{V1}/runs/{number}/rows/created", {"stream": "elsewhere"})
    assert refused(response, 400, "run.no-stream")["facts"]["streams"]


def test_another_method_is_405_with_what_is_allowed(client):
    response = client.delete(f"{V1}/devices")
    refused(response, 405, "api.method")
    assert response["Allow"] == "GET"


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.1", "zh"), ("en-GB", "en"), ("fr, de", "en"), (None, "en")],
)
def test_refusals_speak_the_language_that_was_asked_for(client, header, language):
    headers = {"Accept-Language": header} if header else {}
    message = client.get(f"{V1}/runs/RUN-1", headers=headers).json()["error"]["message"]
    assert ("找不到" in message) is (language == "zh")


def test_a_failure_of_ours_is_500_without_a_trace(client, monkeypatch):
    def broken(**_kwargs):
        raise RuntimeError("secret detail in core/secret.py")

    monkeypatch.setattr("kintsugi.devices.selectors.device", broken)
    response = client.get(f"{V1}/devices/{UNKNOWN}")
    refused(response, 500, "api.unexpected")
    assert "secret" not in response.content.decode()
    assert response["X-Request-ID"]


def test_reading_needs_no_csrf_token_but_changing_does(person, world):
    strict = logged_in(person, enforce_csrf_checks=True)
    assert strict.get(f"{V1}/devices").status_code == 200
    number = world.runs["register.csv"].number
    refused(strict.post(f"{V1}/runs/{number}/resume"), 403, "api.csrf")


def test_a_list_takes_the_same_few_queries_however_long(client, django_assert_max_num_queries):
    # session, account, its duties, count, rows with all they point to; the scope bound and let go
    with django_assert_max_num_queries(8):
        client.get(f"{V1}/devices", {"limit": 200})
    assert isinstance(client, Client)
