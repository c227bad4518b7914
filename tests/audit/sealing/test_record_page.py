"""The record's page and API, over a sealed and a falsified log."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from kintsugi.audit.models import Change
from kintsugi.audit.sealing import verify_export
from kintsugi.audit.sealing.rounds import seal_round, verify_round
from tests.audit.sealing.tampering import behind

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
Log = Callable[..., list[Any]]


@pytest.fixture
def client(log: Log) -> Client:
    """A person of IT operations after the log's first round; his account is sealed with it."""
    from kintsugi.audit.services import recorded
    from kintsugi.identity.models import User
    from tests.api.asking import logged_in
    from tests.identity.people import create_user

    user = User.objects.filter(username="keeper").first()
    if user is None:
        with recorded(actor="test", command="test"):
            user = create_user(
                roles=("it_operations",), username="keeper", password="gold-seam-2026",
                display_name="Keeper", language="en",
            )  # fmt: skip
    log(3)
    seal_round(at=AT)
    return logged_in(user)


def test_the_page_shows_seal_witness_keys_and_what_was_found(client: Client) -> None:
    body = client.get("/audit/record/").content.decode()
    assert "Nothing has been verified yet." in body
    assert "up to checkpoint 1" in body
    assert "rolled back" not in body
    row = Change.objects.filter(table="parties_party").order_by("id")[1].row_id
    behind("update audit_change set op = 'D' where row_id = %s", [row])
    verify_round(at=AT, since=None, actor="test", only=["tree", "witness"])
    body = client.get("/audit/record/").content.decode()
    assert str(row) in body
    assert "A change was altered after it was sealed." in body
    chinese = client.get("/audit/record/", headers={"Accept-Language": "zh"}).content.decode()
    assert "tree.leaf-changed" in chinese


def test_the_api_tells_the_same(client: Client) -> None:
    verify_round(at=AT, since=None, actor="test", only=["tree"])
    told = client.get("/api/v1/record").json()
    assert told["checkpoint"]["number"] == 1
    assert told["unsealed"] == 0
    assert told["witness"]["behind"] == 0
    assert told["verification"]["state"] == "clean"
    assert [key["role"] for key in told["keys"]] == ["sealer", "witness"]


def test_a_proof_needs_the_right_to_export_and_then_verifies(
    client: Client, log: Log, tmp_path: Any
) -> None:
    change = Change.objects.order_by("id")[0].pk
    assert client.get(f"/api/v1/record/changes/{change}").status_code == 403
    assert client.get(f"/audit/record/proof?change={change}").status_code == 403
    auditor = _auditor()
    log_client = auditor
    answer = log_client.get(f"/audit/record/proof?change={change}")
    if answer.status_code == 409:  # his own account came after the seal
        seal_round(at=AT)
        answer = log_client.get(f"/audit/record/proof?change={change}")
    assert answer["Content-Disposition"] == f'attachment; filename="proof-{change}.json"'
    path = tmp_path / "proof.json"
    path.write_bytes(answer.content)
    assert verify_export.verify(str(path))["ok"]
    over_http = log_client.get(f"/api/v1/record/changes/{change}").json()
    assert over_http["line"] == json.loads(answer.content)["line"]
    assert log_client.get("/api/v1/record/changes/999999999").status_code == 404
    for nonsense in ("", "x", "-1", "٣", "9" * 30):
        page = log_client.get("/audit/record/proof", {"change": nonsense})
        assert page.status_code == 404
        assert "audit.no-such-change" in page.content.decode()


def _auditor() -> Client:
    from kintsugi.audit.services import recorded
    from kintsugi.identity.models import User
    from tests.api.asking import logged_in
    from tests.identity.people import create_user

    user = User.objects.filter(username="auditor").first()
    if user is None:
        with recorded(actor="test", command="test"):
            user = create_user(
                roles=("auditor",), username="auditor", password="gold-seam-2026",
                display_name="Auditor", language="zh-hans",
            )  # fmt: skip
    return logged_in(user)


def test_verify_now_is_asked_for_once(client: Client) -> None:
    first = client.post("/audit/record/verify", follow=True).content.decode()
    again = client.post("/audit/record/verify", follow=True).content.decode()
    assert "The verification begins" in first
    assert "A verification is waiting already." in again
    assert client.post("/api/v1/record/verify").json() == {"ok": True, "waiting": True}
