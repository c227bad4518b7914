"""Context tokens: what the product wrote is known from what somebody wrote in its name."""

import datetime as dt
import hashlib
import hmac
import json
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.audit.context import set_context, surrounded
from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.models import Transaction
from kintsugi.audit.services import recorded
from kintsugi.audit.verifying.contexts import ContextVerifier
from kintsugi.audit.verifying.keys import ContextKey, context_keys, key_file, rotate
from kintsugi.audit.verifying.tokens import (
    canonical,
    from_json,
    issue_token,
    issued,
    mac_of,
    plain,
    token_fault,
)
from kintsugi.core.errors import KintsugiError
from tests.audit.rows import party

pytestmark = pytest.mark.django_db(transaction=True)

CONTEXT = {
    "actor": "张三",
    "actor_id": None,
    "command": "test.token",
    "reason": "",
    "request_id": "",
    "run_id": None,
    "facts": {"chunk": 3},
}


@pytest.fixture(autouse=True)
def home(transactional_db: None, settings: Any, tmp_path: Path) -> None:
    """A key file of its own for every test, and no transaction of a migration with another key."""
    settings.HOME = tmp_path
    as_superuser("truncate audit_transaction, audit_change")


def found() -> list[Finding]:
    return list(ContextVerifier().verify(since=None))


def kinds() -> list[str]:
    return [one.kind for one in found()]


def execute(statement: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or [])


def as_superuser(statement: str, params: list[Any] | None = None) -> None:
    """One statement with every trigger of the session switched off."""
    with transaction.atomic():
        execute("set local role none")
        execute("set local session_replication_role = replica")
        execute(statement, params)


def write(**facts: Any) -> Transaction:
    with recorded(actor="张三", command="test.token", **facts):
        row_id = party()
    return Transaction.objects.get(pk__in=_transactions_of(row_id))


def _transactions_of(row_id: UUID) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select transaction_id from audit_change where row_id = %s", [row_id])
        return [one for (one,) in cursor.fetchall()]


# -- a sound token ---------------------------------------------------------------------------------


def test_what_services_write_is_clean() -> None:
    write(
        chunk=3,
        ratio=0.1 + 0.2,
        big=1e22,
        small=-0.0,
        text="“引号”\n\\u0041",
        nested={"b": [1, None]},
    )
    write(reason="更正 “O'K” %s")
    verifier = ContextVerifier()
    assert list(verifier.verify(since=None)) == []
    assert verifier.checked == 2


def test_a_token_is_the_documented_hash_of_nonce_and_context() -> None:
    key = context_keys()[-1]
    key_id, nonce, mac = issue_token(CONTEXT).split(".")
    text = (
        f'["kintsugi-context-1","{nonce}","\\u5f20\\u4e09",null,"test.token","","",null,'
        '{"chunk":3,},]'
    )
    assert key_id == hashlib.sha256(key.secret).hexdigest()[:8]
    assert mac == hmac.new(key.secret, text.encode(), "sha256").hexdigest()


def test_the_nonce_says_when_it_was_issued() -> None:
    token = issue_token(CONTEXT)
    age = dt.datetime.now(dt.UTC) - issued(token.split(".")[1])
    assert abs(age) < dt.timedelta(seconds=5)


def test_a_context_takes_over_release_and_surroundings() -> None:
    with surrounded(endpoint="POST /x/", session="ab"), surrounded(job=7):
        made = write(chunk=1)
    assert made.facts == {
        "release": made.facts["release"], "endpoint": "POST /x/", "session": "ab", "job": 7,
        "chunk": 1,
    }  # fmt: skip
    assert write().facts == {"release": made.facts["release"]}
    assert kinds() == []


# -- not sound -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "李四"),
        ("actor_id", "0193a5b0-0000-7000-8000-000000000001"),
        ("command", "other.command"),
        ("reason", "x"),
        ("request_id", "r"),
        ("run_id", "0193a5b0-0000-7000-8000-000000000001"),
        ("facts", '{"chunk": 4}'),
    ],
)
def test_each_part_of_a_context_is_covered(column: str, value: str) -> None:
    made = write(chunk=3)
    as_superuser(f"update audit_transaction set {column} = %s where id = %s", [value, made.pk])
    (finding,) = found()
    assert (finding.kind, finding.key, finding.at) == ("token.forged", str(made.xid), made.at)


def test_a_context_written_by_hand_has_no_token_and_is_named() -> None:
    write()
    with transaction.atomic():
        execute(
            "select set_config('kintsugi.context', %s, true)",
            [json.dumps({"actor": "张三", "command": "device.change"})],
        )
        party()
    (finding,) = found()
    assert (finding.kind, finding.facts["actor"]) == ("token.missing", "张三")


def test_contexts_older_than_the_first_token_are_not_named() -> None:
    made = write()
    older = "insert into audit_transaction (xid, actor, command, facts) values (%s, 'a', 'c', '{}')"
    as_superuser(older, [made.xid - 1])
    assert kinds() == []
    as_superuser(older, [made.xid + 1])
    assert kinds() == ["token.missing"]


def test_a_token_is_used_once() -> None:
    made = write()
    with transaction.atomic():
        execute(
            "select set_config('kintsugi.context', %s, true)",
            [json.dumps({**CONTEXT, "token": made.token})],
        )
        with pytest.raises(IntegrityError, match="context_token_once"), transaction.atomic():
            party()


def test_a_replayed_token_is_named_even_where_the_index_was_dropped() -> None:
    made = write()
    as_superuser("alter table audit_transaction drop constraint context_token_once")
    with transaction.atomic():
        context = {**CONTEXT, "facts": made.facts, "token": made.token}
        execute("select set_config('kintsugi.context', %s, true)", [json.dumps(context)])
        party()
    (finding,) = found()
    assert finding.kind == "token.replayed"
    assert finding.facts["earlier_xid"] == made.xid < int(finding.key)


def test_a_time_far_from_the_token_s_is_named() -> None:
    made = write()
    as_superuser(
        "update audit_transaction set at = at - interval '23 hours' where id = %s", [made.pk]
    )
    assert kinds() == []
    as_superuser(
        "update audit_transaction set at = at - interval '2 hours' where id = %s", [made.pk]
    )
    assert kinds() == ["token.stale"]


def test_a_change_without_its_transaction_is_named() -> None:
    made = write()
    as_superuser("delete from audit_transaction where id = %s", [made.pk])
    (finding,) = [one for one in found() if one.table == "parties_party"]
    assert finding.kind == "token.no-context"
    assert finding.facts["transaction"] == made.pk


def test_since_leaves_older_findings_out_but_not_backdated_ones() -> None:
    made = write()
    as_superuser("update audit_transaction set reason = 'x' where id = %s", [made.pk])
    since = Transaction.objects.get(pk=write().pk).at
    later = write()
    as_superuser("update audit_transaction set at = '2020-01-01' where id = %s", [later.pk])
    named = [one.key for one in ContextVerifier().verify(since=since)]
    assert named == [str(later.xid)]


# -- keys ------------------------------------------------------------------------------------------


def test_the_key_file_is_its_owner_s_alone() -> None:
    context_keys()
    assert stat.S_IMODE(key_file().stat().st_mode) == 0o600


def test_after_a_rotation_old_tokens_stay_valid_and_new_ones_have_the_new_key() -> None:
    old = write()
    key = rotate(at=dt.datetime.now(dt.UTC))
    new = write()
    assert old.token
    assert new.token
    assert new.token.startswith(key.key_id)
    assert not old.token.startswith(key.key_id)
    assert kinds() == []
    assert stat.S_IMODE(key_file().stat().st_mode) == 0o600


def test_a_replaced_key_makes_no_more_tokens() -> None:
    old = context_keys()[-1]
    rotate(at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    token = issue_token(CONTEXT)
    stolen = ContextKey(old.key_id, old.secret, old.made_at)
    ring: dict[str, tuple[ContextKey, dt.datetime | None]] = {
        old.key_id: (stolen, context_keys()[-1].made_at)
    }
    nonce = token.split(".")[1]
    forged = f"{old.key_id}.{nonce}.{mac_of(stolen, nonce, plain(CONTEXT))}"
    assert token_fault(forged, CONTEXT, at=issued(nonce), keys=ring) == "retired-key"


def test_a_token_of_a_key_nobody_knows_is_named() -> None:
    made = write()
    key_file().unlink()
    write()
    named = {one.key: one.kind for one in found()}
    assert named == {str(made.xid): "token.unknown-key"}


def test_without_keys_the_verifier_cannot_tell_and_makes_none() -> None:
    write()
    key_file().unlink()
    with pytest.raises(Inconclusive, match="no context keys"):
        list(ContextVerifier().verify(since=None))
    assert not key_file().exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '[{"id": "x", "secret": "00", "made_at": "2026-01-01"}]']
)
def test_a_damaged_key_file_is_refused_not_replaced(content: str) -> None:
    context_keys()
    key_file().unlink()
    key_file().write_text(content)
    with pytest.raises(KintsugiError) as caught:
        context_keys()
    assert caught.value.code == "audit.context-keys-damaged"
    assert key_file().read_text() == content


# -- the canonical form ----------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON)
def test_the_canonical_form_survives_the_database(value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select %s::jsonb::text", [json.dumps(value)])
        back = cursor.fetchone()[0]
    assert canonical(from_json(back)) == canonical(plain(value))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, "1"), (True, 1), (None, ""), ([], {}), ([1, 2], [12]), ({"a": 1}, {"a": "1"})],
)
def test_different_values_have_different_forms(one: Any, other: Any) -> None:
    assert canonical(plain(one)) != canonical(plain(other))


def test_set_context_belongs_to_a_transaction() -> None:
    with pytest.raises(AssertionError, match="one transaction"):
        set_context(actor="a", command="c")
