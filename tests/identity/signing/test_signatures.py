"""Signing: who may, what it hashes, when it no longer holds, and what a wrong secret costs."""

import datetime as dt

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.core.ids import uuid7
from kintsugi.engine.text import Text
from kintsugi.identity.models import User
from kintsugi.identity.signing import content
from kintsugi.identity.signing.content import Signable, canonical, digest
from kintsugi.identity.signing.models import FailedReauthentication, Reauthentication, Signature
from kintsugi.identity.signing.selectors import verify_signature
from kintsugi.identity.signing.services import (
    FAILURES_MAX,
    FAILURES_WINDOW,
    authenticate,
    passkey_proof,
    session_hash,
    sign,
)
from tests.identity.control.people import PASSWORD, account, proof

pytestmark = pytest.mark.django_db
PAPER = uuid7()
PAPER_SHA256 = "3a77b36410b588bc3d35c96195318ae3ea715353259fa8e3ff1fc5d2ba18a28d"


@pytest.fixture
def li() -> User:
    return account("李明")


@pytest.fixture
def paper(monkeypatch) -> dict:
    """A paper that can be signed."""
    known = {"text": "原文", "pages": 2}

    def read(pk):
        if pk != PAPER:
            raise LookupError
        return "Paper 1", known

    monkeypatch.setitem(
        content.SIGNABLE,
        "paper",
        Signable("paper", Text("文件", "paper"), read, lambda _pk: "/", User.objects.none),
    )
    return known


def signed(user: User, **given) -> Signature:
    values = {"proof": proof(user), "meaning": "reviewed", "kind": "paper", "object_id": PAPER,
              "at": timezone.now(), **given}  # fmt: skip
    with recorded(actor=user, command="test"):
        return sign(**values)


def refused(code: str, attempt, *args, **kwargs) -> KintsugiError:
    with pytest.raises(KintsugiError) as caught:
        attempt(*args, **kwargs)
    assert caught.value.code == code
    return caught.value


def enter(user: User, secret: str, *, method: str = "password", at=None):
    with recorded(actor=user, command="test"):
        return authenticate(
            account=user, method=method, secret=secret, session_key="k", at=at or timezone.now()
        )


# -- what is signed --------------------------------------------------------------------------------


def test_a_signature_carries_name_time_meaning_and_the_hash_of_the_content(li, paper):
    found = signed(li, reason="已阅")
    # SHA-256 of {"pages":2,"text":"原文"} in UTF-8, computed with sha256sum.
    assert found.content == '{"pages":2,"text":"原文"}'
    assert found.content_sha256 == PAPER_SHA256
    assert (found.printed_name, found.meaning, found.method) == ("李明", "reviewed", "password")
    assert dt.timedelta(0) <= found.signed_at - found.authenticated_at < dt.timedelta(minutes=2)
    assert Reauthentication.objects.get().session_hash == session_hash("s")


def test_the_canonical_text_does_not_depend_on_the_order_of_keys():
    one = canonical({"b": 1, "a": {"d": [1, 2], "c": "文"}})
    two = canonical({"a": {"c": "文", "d": [1, 2]}, "b": 1})
    assert one == two == '{"a":{"c":"文","d":[1,2]},"b":1}'


def test_a_changed_content_is_named_and_the_same_content_again_holds(li, paper):
    found = signed(li)
    assert verify_signature(found).state == "holds"
    paper["pages"] = 3
    verdict = verify_signature(found)
    assert (verdict.state, verdict.signed_sha256) == ("content-changed", found.content_sha256)
    assert verdict.present_sha256 == digest('{"pages":3,"text":"原文"}')
    paper["pages"] = 2
    assert verify_signature(found).state == "holds"


def test_a_signature_whose_own_text_was_changed_is_broken(li, paper):
    found = signed(li)
    found.content = found.content.replace("2", "9")
    assert verify_signature(found).state == "record-broken"


def test_what_is_gone_is_said_so(li, paper, monkeypatch):
    found = signed(li)
    monkeypatch.delitem(content.SIGNABLE, "paper")
    assert verify_signature(found).state == "object-missing"


def test_the_name_stays_as_it_was_signed(li, paper):
    found = signed(li)
    with recorded(actor="test", command="test"):
        type(li.person).objects.filter(pk=li.person_id).update(name="李明明")
    found.refresh_from_db()
    assert (found.printed_name, found.person.name) == ("李明", "李明明")
    assert signed(li).printed_name == "李明明"


def test_nothing_unknown_is_signed(li, paper):
    with recorded(actor="t", command="t"):
        with pytest.raises(NotFound):
            sign(proof=proof(li), meaning="reviewed", kind="paper", object_id=uuid7(),
                 at=timezone.now())  # fmt: skip
        with pytest.raises(NotFound):
            sign(proof=proof(li), meaning="reviewed", kind="x", object_id=PAPER, at=timezone.now())
    refused("signing.unknown-meaning", signed, li, meaning="liked")
    refused("signing.reason-missing", signed, li, meaning="refused", reason="  ")
    refused("signing.content-changed", signed, li, expected_sha256="0" * 64)


# -- proof -----------------------------------------------------------------------------------------


def test_an_authentication_serves_one_signature(li, paper):
    once = proof(li)
    signed(li, proof=once)
    refused("signing.authentication-used", signed, li, proof=once)
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(("age_s", "fresh"), [(110, True), (121, False)])
def test_an_authentication_signs_for_two_minutes(li, paper, age_s, fresh):
    if fresh:
        assert signed(li, proof=proof(li, age_s=age_s)).pk
    else:
        refused("signing.stale-authentication", signed, li, proof=proof(li, age_s=age_s))


def test_a_time_that_is_not_now_signs_nothing(li, paper):
    later = timezone.now() + dt.timedelta(minutes=5)
    refused("signing.clock", signed, li, at=later)


def test_an_account_that_is_off_signs_nothing(li, paper):
    with recorded(actor="t", command="t"):
        User.objects.filter(pk=li.pk).update(is_active=False)
    refused("signing.foreign-account", signed, li)
    li.refresh_from_db()
    refused("signing.wrong-secret", enter, li, PASSWORD)


def test_a_wrong_secret_is_recorded_and_five_of_them_close_signing_for_a_while(li):
    now = timezone.now()
    for number in range(FAILURES_MAX):
        at = now + dt.timedelta(seconds=number)
        with recorded(actor=li, command="test"):
            refused("signing.wrong-secret", authenticate, account=li, method="password",
                    secret="no", session_key="k", at=at)  # fmt: skip
    assert FailedReauthentication.objects.count() == FAILURES_MAX
    later = now + dt.timedelta(minutes=1)
    error = refused("signing.locked", enter, li, PASSWORD, at=later)
    assert error.facts["retry_minutes"] == 14
    open_again = now + FAILURES_WINDOW + dt.timedelta(seconds=1)
    assert enter(li, PASSWORD, at=open_again).method == "password"


def test_a_one_time_code_proves_a_person_once(li):
    secret = "JBSWY3DPEHPK3PXP"
    refused("signing.wrong-secret", enter, li, "123456", method="totp")
    Authenticator.objects.create(
        user=li, type="totp", data={"secret": get_adapter().encrypt(secret)}
    )
    assert isinstance(Authenticator.objects.get(user=li).wrap(), TOTP)
    code = format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))
    assert enter(li, code, method="totp").method == "totp"
    refused("signing.wrong-secret", enter, li, code, method="totp")


def test_an_unknown_method_proves_nothing(li):
    refused("signing.unknown-method", enter, li, PASSWORD, method="smile")


def test_a_passkey_just_asked_for_in_this_session_signs_once(li, paper):
    now = timezone.now()
    record = {"method": "mfa", "type": "webauthn", "reauthenticated": True}
    asked = [{"method": "password", "at": 1.0}, {**record, "at": now.timestamp() - 30}]

    def found(records):
        return passkey_proof(account=li, records=records, session_key="k", at=now)

    fresh = found(asked)
    assert fresh is not None
    assert signed(li, proof=fresh).method == "passkey"
    assert found(asked) is None
    assert found([{**record, "at": now.timestamp() - 121}]) is None
    assert found([{**record, "reauthenticated": False, "at": now.timestamp()}]) is None
