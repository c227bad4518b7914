"""Every role at every address: what the matrix says is what happens, and nobody sees the other's.

Two hospitals in two regions, each with a device; every text of a hospital carries its mark. Each
role, in each scope it may have, asks for every page, export and API operation. What should be
answered follows from the matrix, read as data, and from ``PLACES``: the hand-written list of whose
rows stand at which address. An address that is not listed, or has no rule, fails the suite.
"""

import json
import re
from typing import Any

import pytest

from kintsugi.config.api import api
from kintsugi.core.access import OPEN, PERSONAL, SIGNED_IN, rule_of
from kintsugi.identity.matrix import ROLES, is_whole, permissions
from tests.architecture.access_world import OTHER, OWN, PHONE, World
from tests.architecture.addresses import EVERY, OWNED, PLACES, REACHED, STREAMS, address, is_allowed

# -- the tests -------------------------------------------------------------------------------------


def test_every_address_is_walked():
    assert set(EVERY) == set(PLACES) | set(OWNED)


def test_every_address_has_a_rule_that_the_matrix_knows():
    known = {OPEN, SIGNED_IN, *permissions()}
    for name, (_route, view) in EVERY.items():
        for method in ("GET", "POST"):
            assert rule_of(view, method) in known, name


def test_every_operation_of_the_document_names_its_permission():
    document = json.loads(json.dumps(api.get_openapi_schema()))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("x-permission") in {SIGNED_IN, *permissions()}, (method, path)
            assert "403" in operation["responses"], (method, path)


def client_of(world: World, role: str, kind: str) -> Any:
    from tests.api.asking import logged_in

    return logged_in(world.users[role, kind])


COMBINATIONS = [(role.name, kind) for role in ROLES.values() for kind in role.scopes] + [
    ("", "all")
]


def body_of(response: Any) -> str:
    parts = response.streaming_content if response.streaming else [response.content]
    text: str = b"".join(parts).decode("utf-8", "replace")
    return text


def _is_walked(role: str, kind: str, rule: str) -> bool:
    """What a role is not given at all is asked for in its first scope only: scopes limit what was
    given. It saves a third of the requests."""
    if not role or rule in (OPEN, SIGNED_IN) or rule in ROLES[role].permissions:
        return True
    return kind == next(iter(ROLES[role].scopes))


def _as_what(role: str, kind: str, rule: str) -> dict[str, str]:
    """Headers of a request. The page of a refusal is the same for everybody: who has no role gets
    it drawn, others get the same refusal as JSON, in a fifth of the time."""
    return {} if not role or is_allowed(role, kind, rule) else {"Accept": "application/json"}


@pytest.mark.parametrize(("role", "kind"), COMBINATIONS)
def test_a_role_reads_what_the_matrix_gives_and_nothing_of_the_other(world, role, kind):
    client = client_of(world, role, kind)
    wrong = []
    for name, (_route, view) in EVERY.items():
        rule = rule_of(view, "GET")
        assert rule is not None
        if not _is_walked(role, kind, rule):
            continue
        for mark in (OWN, OTHER) if name in OWNED else (OWN,):
            if name in STREAMS and is_allowed(role, kind, rule):
                continue
            url = address(world, name, mark)
            response = client.get(url, headers=_as_what(role, kind, rule))
            body = body_of(response)
            where = (name, mark, response.status_code)
            if response.status_code >= 500:
                wrong.append(where)
            elif not is_allowed(role, kind, rule):
                if response.status_code != 403 or OWN in body or OTHER in body:
                    wrong.append(where)
            elif kind != "all":
                # A person with a limit: the other's record is not there, and its mark nowhere.
                reached = REACHED.get(name, ("region", "customer"))
                others = mark == OTHER or (kind not in reached and name in OWNED)
                if others and response.status_code != 404:
                    wrong.append(where)
                if not others and response.status_code not in (200, 302, 400, 404, 405, 422):
                    wrong.append(where)
                if not others and name in OWNED and response.status_code != 200:
                    wrong.append(where)
                # An error page may repeat the address that was asked for, nothing else.
                if OTHER in body.replace(url, ""):
                    wrong.append((*where, "shows the other's mark"))
            elif name in OWNED and (response.status_code != 200 or mark not in body):
                wrong.append(where)
            if not (role and PERSONAL in ROLES[role].permissions) and PHONE[3:7] in re.sub(
                r"\D", "", "".join(re.findall(r"1380013\d+", body))
            ):
                wrong.append((*where, "shows a telephone number"))
    assert wrong == []


LISTS = (
    "devices:list", "products:list", "parties:list", "onboarding:list", "onboarding:sources",
    "onboarding:issues", "people:list", "people:review", "people:matrix", "identity:events",
    "identity:sessions", "audit:refusals", "acts:all", "signatures:list",
    "stock:list", "stock:lots", "stock:units", "stock:postings", "stock:moves",
    "purchasing:requests", "purchasing:orders", "purchasing:notices", "purchasing:receipts",
    "purchasing:acceptances", "purchasing:returns", "purchasing:invoices",
    "sales:orders", "sales:contracts", "sales:prices", "sales:deliveries", "sales:waves",
    "sales:returns",
    "stock:stocktakes", "stock:adjustments", "stock:storage-checks", "stock:sensors",
    "stock:excursions", "stock:drills",
    "sales:returns", "billing:invoices", "billing:payments", "billing:batches",
)  # fmt: skip


@pytest.mark.parametrize(("role", "kind"), COMBINATIONS)
def test_exports_search_and_counts_follow_the_same_rule(world, role, kind):
    client = client_of(world, role, kind)
    for name in LISTS:
        reads = rule_of(EVERY[name][1], "GET")
        assert reads is not None
        exports = reads.replace(".read", ".export")
        both = is_allowed(role, kind, reads) and is_allowed(role, kind, exports)
        response = client.get(f"{address(world, name, OWN)}?export=csv")
        body = body_of(response)
        assert response.status_code == (200 if both else 403), name
        if not both or kind != "all":
            assert OTHER not in body, name
        if both and kind == "all" and name in ("devices:list", "parties:list"):
            assert OWN in body
            assert OTHER in body
    for url in ("/search/?q=", "/api/v1/search?q=", "/devices/?q=", "/api/v1/parties?q="):
        body = body_of(client.get(f"{url}SN-{OTHER}")) + body_of(client.get(f"{url}{OTHER}医院"))
        if kind != "all" or not role:
            left = body.replace(f"SN-{OTHER}", "").replace(f"{OTHER}医院", "")
            assert f"{OTHER}科" not in left
            assert str(world.device[OTHER]) not in body
            assert str(world.party[OTHER]) not in body
    if is_allowed(role, kind, "device.read"):
        count = client.get("/api/v1/devices").json()["count"]
        tiles = {t["label"]: t["value"] for t in client.get("/api/v1/home").json()["tiles"]}
        expected = 2 if kind == "all" else 1 if kind in ("region", "customer") else 0
        assert count == expected
        assert tiles.get("Devices", 0) == expected


def _refused_by_the_act(response: Any) -> bool:
    """Whoever may take steps may still be the wrong person for this one."""
    if "json" not in response["Content-Type"]:
        return False
    # A page's refusal, asked for as JSON, has its code at the top; an operation's is in "error".
    answer = response.json()
    return str(answer.get("error", answer).get("code", "")).startswith("control.")


def _may_differ(role: str, kind: str, name: str, rule: str) -> bool:
    """Whether the scope has a say in what an empty request is answered: in the first scope all are
    sent, in others those about rows of somebody, and those that only the whole is given."""
    return (
        not role
        or kind == next(iter(ROLES[role].scopes))
        or name in OWNED
        or (rule not in (OPEN, SIGNED_IN) and is_whole(rule))
    )


@pytest.mark.parametrize(("role", "kind"), COMBINATIONS)
def test_a_role_changes_only_what_the_matrix_gives(world, role, kind):
    """Empty requests: whoever may is told what is missing, whoever may not is refused before."""
    client = client_of(world, role, kind)
    wrong = []
    for name, (_route, view) in EVERY.items():
        rule = rule_of(view, "POST")
        assert rule is not None
        if not _is_walked(role, kind, rule) or not _may_differ(role, kind, name, rule):
            continue
        response = client.post(address(world, name, OWN), headers=_as_what(role, kind, rule))
        may = is_allowed(role, kind, rule)
        denied = response.status_code == 403 and not _refused_by_the_act(response)
        if response.status_code >= 500 or denied == may:
            wrong.append((name, response.status_code))
    assert wrong == []


def test_whoever_is_not_logged_in_gets_the_log_in_or_401(world):
    from django.test import Client

    client = Client(raise_request_exception=False)
    for name, (_route, view) in EVERY.items():
        if rule_of(view, "GET") == OPEN:
            continue
        response = client.get(address(world, name, OWN))
        assert response.status_code in (302, 401, 405), name
        assert OWN not in body_of(response).replace(address(world, name, OWN), ""), name
