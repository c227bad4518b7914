"""The only writer of log-in events, sessions, old passwords and request counts.

As in ``services``, the caller opens the transaction context for events: they are business rows.
"""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.db import connection
from django.db.models import Q, QuerySet

from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.queries import query
from kintsugi.identity.lockout import claim, lock_of, name_key
from kintsugi.identity.models import User
from kintsugi.identity.records import (
    ADDRESS_CHARS,
    AGENT_CHARS,
    LoginEvent,
    PasswordRecord,
    Session,
)

Kind = LoginEvent.Kind
PASSWORDS_KEPT = 5
REASON_CHARS = 400


def note_event(
    *,
    kind: str,
    at: datetime,
    account: User | None = None,
    username: str = "",
    address: str = "",
    agent: str = "",
    method: str = "",
    reason: str = "",
) -> LoginEvent:
    """Keep what happened at the door. ``username`` is what was typed, of which only a keyed hash is
    stored; without it the account's name counts."""
    typed = username or (account.username if account else "")
    event = LoginEvent(
        kind=kind,
        at=at,
        account=account,
        name_key=name_key(typed) if typed else "",
        address=address[:ADDRESS_CHARS],
        agent=agent[:AGENT_CHARS],
        method=method,
        reason=reason[:REASON_CHARS],
    )
    event.save(force_insert=True)
    return event


def admit_attempt(*, username: str, address: str, agent: str, at: datetime) -> None:
    """Let one attempt at a log-in be looked at, alone for its name until the transaction ends.

    Raises KintsugiError ``identity.locked-out`` (facts: minutes) while the name or the address has
    to wait; the first refusal of a pause is recorded.
    """
    key = name_key(username)
    if not claim(key):
        raise _locked(1)
    lock = lock_of(key=key, address=address, at=at)
    if lock is None:
        return
    if lock.is_new:
        note_event(
            kind=Kind.LOCKED,
            at=at,
            account=User.objects.filter(username__iexact=username).first(),
            username=username,
            address=address,
            agent=agent,
            reason="address" if lock.by_address else "name",
        )
    raise _locked(lock.minutes(at))


def _locked(minutes: int) -> KintsugiError:
    return KintsugiError(
        "identity.locked-out",
        Text(
            f"登录失败次数过多,请在 {minutes} 分钟后重试。",
            f"Too many failed attempts. Try again in {minutes} min.",
        ),
        Text("或请管理员解锁。", "Or ask your administrator to unlock it."),
        minutes=minutes,
    )


def unlock(*, account: User, by: User, reason: str, at: datetime) -> None:
    """Forget the failed attempts on an account's name.

    Raises KintsugiError ``identity.reason-missing``.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise _no_reason()
    note_event(kind=Kind.UNLOCKED, at=at, account=account, reason=f"{by}: {reason}")


def _no_reason() -> KintsugiError:
    return KintsugiError(
        "identity.reason-missing",
        Text("请说明原因。", "Say why."),
        Text("原因会记入登录记录。", "The reason is kept with the log-in events."),
        field="reason",
    )


def sessions_of(account_id: UUID) -> QuerySet[Session]:
    """An account's open sessions, last seen first."""
    return Session.objects.filter(account=account_id).order_by("-seen_at")


def end_session(*, session_id: str, account: User | None, at: datetime, reason: str) -> Session:
    """End one log-in; ``account`` limits it to a person's own. Raises NotFound."""
    allowed = Q(session_key=session_id) & (Q(account=account) if account else Q())
    found = Session.objects.filter(allowed, account__isnull=False).select_related("account").first()
    if found is None:
        raise NotFound(Text("会话", "session"), session_id)
    Session.objects.filter(pk=found.pk).delete()
    _note_ended(found, at, reason)
    return found


def end_sessions(*, account: User, at: datetime, reason: str, keep: str = "") -> int:
    """End all log-ins of an account but the one named ``keep``; how many were ended. For a changed
    password, a person who leaves, a lost device."""
    found = list(sessions_of(account.pk).exclude(session_key=keep))
    Session.objects.filter(pk__in=[session.pk for session in found]).delete()
    for session in found:
        session.account = account
        _note_ended(session, at, reason)
    return len(found)


def _note_ended(session: Session, at: datetime, reason: str) -> None:
    note_event(
        kind=Kind.SESSION_ENDED,
        at=at,
        account=session.account,
        address=session.address,
        agent=session.agent,
        reason=reason,
    )


def remember_password(*, user: User, must_change: bool) -> None:
    """Keep the account's present hash among its last five. ``must_change``: an administrator set
    it, so its owner has to choose another one at the next log-in."""
    PasswordRecord.objects.bulk_create(
        [PasswordRecord(account=user, password=user.password, must_change=must_change)]
    )
    kept = PasswordRecord.objects.filter(account=user).order_by("-id")[:PASSWORDS_KEPT]
    ids = [record.pk for record in kept]
    PasswordRecord.objects.filter(account=user).exclude(pk__in=ids).delete()


def was_used(*, user: User, password: str) -> bool:
    """Whether this is the account's password or one of the last five."""
    if user._state.adding:
        return False
    hashes = [
        user.password,
        *PasswordRecord.objects.filter(account=user).values_list("password", flat=True),
    ]
    return any(check_password(password, known) for known in dict.fromkeys(hashes) if known)


def must_change_password(user: User) -> bool:
    """Whether the present password was set by an administrator."""
    last = PasswordRecord.objects.filter(account=user).order_by("-id").first()
    return bool(last and last.must_change)


def count_request(*, key: str, window: int) -> int:
    """One more request under this key in this window of time; how many there are now."""
    with connection.cursor() as cursor:
        cursor.execute(query("identity", "count_request"), [key, window])
        return int(cursor.fetchone()[0])
