"""Sign: prove who you are, then put your name under one state of one object.

Identity lies below audit: the caller opens the transaction context, as for every business row.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.core.exceptions import ObjectDoesNotExist

from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.engine.text import Text
from kintsugi.identity.models import User
from kintsugi.identity.signing.content import SIGNABLE, canonical, digest
from kintsugi.identity.signing.models import (
    METHODS,
    FailedReauthentication,
    Reauthentication,
    Signature,
)
from kintsugi.identity.signing.refusals import explained

#: So many wrong secrets within this time close signing for the account until the time is over.
FAILURES_MAX = 5
#: How old an authentication may be when it signs; the database says the same.
FRESH = dt.timedelta(minutes=2)
FAILURES_WINDOW = dt.timedelta(minutes=15)


class WrongSecret(KintsugiError):
    """The secret was wrong. That it happened is kept although the request is refused."""

    keeps_writes = True


@dataclass(frozen=True)
class Proof:
    """Somebody has just proven to be the person of this account."""

    account: User
    method: str
    at: dt.datetime
    session_hash: str


def session_hash(session_key: str | None) -> str:
    """What tells sessions apart in the record without giving one away."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def has_totp(account: User) -> bool:
    """Whether this account has a one-time code device."""
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


def has_passkey(account: User) -> bool:
    """Whether this account has a passkey."""
    return bool(
        Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN).exists()
    )


def authenticate(
    *, account: User, method: str, secret: str, session_key: str | None, at: dt.datetime
) -> Proof:
    """Check a password or one-time code of the account whose session this is.

    Raises KintsugiError ``signing.wrong-secret`` (recorded), ``signing.locked`` after five of
    these within a quarter of an hour, ``signing.unknown-method``. Call it outside of an inner
    atomic block: the failure is written and must stand.
    """
    if method not in ("password", "totp"):
        raise KintsugiError(
            "signing.unknown-method",
            Text(f"不支持“{method}”验证方式。", f"“{method}” is no way to prove who you are."),
            Text("请使用密码或动态口令。", "Use your password or a one-time code."),
            field="method",
        )
    _refuse_while_locked(account, at)
    seen = session_hash(session_key)
    if method == "password":
        right = account.is_active and account.check_password(secret)
    else:
        right = account.is_active and _totp_is_right(account, secret.strip())
    if not right:
        FailedReauthentication.objects.create(
            account=account, at=at, method=method, session_hash=seen
        )
        name = METHODS[method]
        raise WrongSecret(
            "signing.wrong-secret",
            Text(f"{name.zh}不正确,没有签名。", f"The {name.en} is wrong; nothing was signed."),
            Text(
                "请重新输入;其他内容已保留。", "Type it again; everything else you typed is kept."
            ),
            field="secret",
        )
    return Proof(account, method, at, seen)


def passkey_proof(
    *,
    account: User,
    records: Sequence[Mapping[str, Any]],
    session_key: str | None,
    at: dt.datetime,
) -> Proof | None:
    """The proof of a passkey that the log-in pages of this session asked for again at most two
    minutes ago; None without one, and when it has served a signature. ``records`` are what those
    pages keep in the session."""
    for record in reversed(records):
        if record.get("type") != "webauthn" or not record.get("reauthenticated"):
            continue
        proven_at = dt.datetime.fromtimestamp(float(record["at"]), dt.UTC)
        used = Reauthentication.objects.filter(account=account, method="passkey", at=proven_at)
        if dt.timedelta(0) <= at - proven_at <= FRESH and not used.exists():
            return Proof(account, "passkey", proven_at, session_hash(session_key))
    return None


def _totp_is_right(account: User, code: str) -> bool:
    device = Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).first()
    return device is not None and bool(code) and bool(device.wrap().validate_code(code))


def _refuse_while_locked(account: User, at: dt.datetime) -> None:
    since = at - FAILURES_WINDOW
    failures = list(
        FailedReauthentication.objects.filter(account=account, at__gt=since)
        .order_by("-at")
        .values_list("at", flat=True)[:FAILURES_MAX]
    )
    if len(failures) == FAILURES_MAX:
        again = failures[-1] + FAILURES_WINDOW
        minutes = max(1, round((again - at).total_seconds() / 60))
        raise KintsugiError(
            "signing.locked",
            Text("多次输入错误,暂停签名。", "Too many wrong secrets: signing is paused."),
            Text(
                f"请在 {minutes} 分钟后重试;若非本人操作,请立即通知管理员。",
                f"Try again in {minutes} min; if it was not you, tell your administrator at once.",
            ),
            retry_minutes=minutes,
        )


def sign(
    *,
    proof: Proof,
    meaning: str,
    kind: str,
    object_id: UUID,
    at: dt.datetime,
    reason: str = "",
    expected_sha256: str = "",
) -> Signature:
    """Sign the present content of an object with this meaning.

    ``expected_sha256`` is the hash of what the person saw: another content by now is refused.
    Raises KintsugiError: ``core.not-found``, ``signing.content-changed``, or the rule by which the
    database refused (``signing.stale-authentication``, ``signing.authentication-used`` …).
    """
    title, text = content_of(kind=kind, object_id=object_id)
    found = digest(text)
    if expected_sha256 and expected_sha256 != found:
        raise KintsugiError(
            "signing.content-changed",
            Text(
                "您打开之后,内容已被修改。", "The content changed after you opened it."
            ),
            Text("请核对新内容后再签名。", "Read the new content, then sign."),
            seen=expected_sha256,
            now=found,
        )  # fmt: skip
    with explained(meaning=meaning, object=title):
        return _write(proof, meaning, kind, object_id, title, text, at, reason)


def _write(
    proof: Proof,
    meaning: str,
    kind: str,
    object_id: UUID,
    title: str,
    text: str,
    at: dt.datetime,
    reason: str,
) -> Signature:
    account = proof.account
    person = User.objects.select_related("person").get(pk=account.pk).person
    fresh = Reauthentication.objects.create(
        account=account,
        person=person,
        at=proof.at,
        method=proof.method,
        session_hash=proof.session_hash,
    )
    return Signature.objects.create(
        person=person,
        account=account,
        printed_name=person.name,
        meaning=meaning,
        object_kind=kind,
        object_id=object_id,
        object_title=title[:300],
        content=text,
        content_sha256=digest(text),
        signed_at=at,
        authenticated_at=proof.at,
        method=proof.method,
        reauthentication=fresh,
        reason=reason.strip(),
    )


def content_of(*, kind: str, object_id: UUID) -> tuple[str, str]:
    """Title and canonical text of an object as it is now. Raises NotFound."""
    signable = SIGNABLE.get(kind)
    if signable is None:
        raise NotFound(Text("可签名的对象类别", "kind of object to sign"), kind)
    try:
        title, content = signable.content(object_id)
    except (LookupError, ObjectDoesNotExist):
        raise NotFound(signable.title, str(object_id)) from None
    return title, canonical(content)
