"""The OpenAPI document, the routes it lists, and random requests made from it."""

import json
import re
from contextlib import closing
from functools import cache

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema_rs import Draft202012Validator, meta
from ninja import Schema

from kintsugi.config.api import api
from tests.api.asking import logged_in

V1 = "/api/v1"


DOCUMENT = json.loads(json.dumps(api.get_openapi_schema()))


@pytest.fixture
def document() -> dict:
    return DOCUMENT


def test_the_document_is_served_to_whoever_is_logged_in(client, document):
    served = client.get(f"{V1}/openapi.json")
    assert served.status_code == 200
    assert served.json()["info"] == {
        "title": "Kintsugi",
        "version": "1.0.0",
        "description": document["info"]["description"],
    }
    assert set(served.json()["paths"]) == set(document["paths"])


def test_the_document_is_openapi_3_1_and_its_types_are_json_schema(document):
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document)  # refuses a document that is no OpenAPI
    for name, described in document["components"]["schemas"].items():
        assert meta.is_valid(described), name
        Draft202012Validator({**described, "components": document["components"]})


def test_every_reference_in_the_document_leads_somewhere(document):
    known = set(document["components"]["schemas"])
    wanted = set(re.findall(r"#/components/schemas/([A-Za-z0-9_]+)", str(document)))
    assert wanted <= known


def test_every_route_is_in_the_document(document):
    listed = set()
    for pattern in api.urls[0]:
        if pattern.name and pattern.name not in ("openapi-json", "openapi-view", "api-root"):
            route = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", str(pattern.pattern))
            listed.add(f"{V1}/{route}")
    assert listed == set(document["paths"])


def test_every_operation_says_what_it_is_and_how_it_refuses(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["security"], where
            assert {"400", "401", "404", "422"} <= set(operation["responses"]), where
            if method != "get":
                assert {"403", "409", "413"} <= set(operation["responses"]), where


def test_operations_have_names_of_their_own(document):
    names = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(names) == len(set(names))


def test_types_have_names_of_their_own(document):
    """Two types of one name would silently stand for each other in the document."""
    homes: dict[str, set[str]] = {}
    todo = [Schema]
    while todo:
        for made in todo.pop().__subclasses__():
            todo.append(made)
            if made.__module__.startswith("kintsugi.") and made.__name__ in str(document):
                homes.setdefault(made.__name__, set()).add(f"{made.__module__}.{made.__qualname__}")
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_a_field_is_described_in_both_languages_by_its_contract(document):
    serial = document["components"]["schemas"]["DeviceOut"]["properties"]["serial_no"]
    assert "Serial number 序列号" in serial["description"]


def test_the_documentation_page_loads_nothing_from_elsewhere(client):
    page = client.get(f"{V1}/docs")
    assert page.status_code == 200
    policy = dict(part.split(" ", 1) for part in page["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'self'"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert loaded
    for address in loaded:
        assert address.startswith("/static/"), address
        with closing(client.get(address)) as served:
            assert served.status_code == 200, address


def test_elsewhere_the_policy_stays_as_strict_as_ever(client):
    assert "unsafe-inline" not in client.get(f"{V1}/devices")["Content-Security-Policy"]


def test_the_root_of_the_api_leads_to_its_documentation(client):
    response = client.get(f"{V1}/")
    assert (response.status_code, response["Location"]) == (302, f"{V1}/docs")


# -- random requests, made from the document -----------------------------------------------------

random_requests = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def ask(person):
    return logged_in(person)


@cache
def answer_of(path: str) -> Draft202012Validator:
    """What a GET of this path may answer."""
    answer = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return Draft202012Validator({**answer["schema"], "components": DOCUMENT["components"]})


@random_requests.include(method="GET").parametrize()
@settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_request_breaks_the_server_and_answers_are_as_described(case, ask):
    query = case.as_transport_kwargs(base_url="http://localhost").get("params") or {}
    response = ask.get(case.formatted_path, query)
    assert response.status_code < 500, response.content
    described = DOCUMENT["paths"][case.operation.path]["get"]["responses"]
    assert str(response.status_code) in described
    if response.status_code == 200:
        answer_of(case.operation.path).validate(response.json())
    else:
        assert response.json()["ok"] is False
