"""Joiners, movers, leavers: what belongs together happens together, or not at all.

The caller opens the transaction context; each of these is one transaction.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.models import Delegation, Person, RoleGrant, User
from kintsugi.identity.services import create_person, create_user
from kintsugi.identity.services_duties import end_delegation, end_grant, grant_role
from kintsugi.identity.services_sign_in import end_sessions
from kintsugi.identity.services_tokens import revoke_tokens_of


@dataclass(frozen=True)
class NewGrant:
    """A role to be given, as ``grant_role`` takes it."""

    role: str
    scope_kind: str = "all"
    scope_values: Sequence[str] = field(default_factory=tuple)
    valid_to: dt.datetime | None = None


def _grant(person: Person, wanted: Iterable[NewGrant], **facts: object) -> list[RoleGrant]:
    return [
        grant_role(
            person=person,
            role=one.role,
            scope_kind=one.scope_kind,
            scope_values=one.scope_values,
            valid_to=one.valid_to,
            **facts,  # type: ignore[arg-type]
        )
        for one in wanted
    ]


@transaction.atomic
def join(
    *,
    name: str,
    username: str,
    password: str,
    grants: Iterable[NewGrant],
    by: Person | None,
    reason: str,
    at: dt.datetime,
    kind: str = Person.Kind.EMPLOYEE,
    emp_no: str | None = None,
    email: str = "",
    language: str = User.Language.ZH_HANS,
) -> User:
    """A new person with an account and roles; returns the account.

    Raises what ``create_person``, ``create_user`` and ``grant_role`` raise; then nothing was made.
    """
    person = create_person(name=name, kind=kind, emp_no=emp_no or None)
    Person.objects.filter(pk=person.pk).update(joined_on=at.date())
    account = create_user(
        username=username,
        password=password,
        display_name=name,
        email=email,
        language=language,
        person=person,
    )
    _grant(person, grants, by=by, reason=reason, at=at)
    return account


@transaction.atomic
def move(
    *,
    person: Person,
    grants: Iterable[NewGrant],
    by: Person,
    reason: str,
    at: dt.datetime,
    on: dt.datetime | None = None,
) -> list[RoleGrant]:
    """Another job: all grants of the person end at ``on`` (default ``at``), others begin then."""
    begins = on or at
    for grant in person.grants.filter(is_void=False).filter(
        Q(valid_to=None) | Q(valid_to__gt=begins)
    ):
        end_grant(grant=grant, at=at, until=begins)
    return _grant(person, grants, by=by, reason=reason, at=at, valid_from=begins)


@dataclass(frozen=True)
class Left:
    """What leaving ended."""

    accounts: int
    sessions: int
    tokens: int
    grants: int
    delegations: int


@transaction.atomic
def leave(*, person: Person, by: Person, reason: str, at: dt.datetime) -> Left:
    """The person leaves now: accounts off, sessions ended, tokens revoked, grants and delegations
    in both directions ended, all at once.

    Raises KintsugiError ``access.self-leave`` and ``access.left-already``.
    """
    if by.pk == person.pk:
        raise _refused("self-leave", "不能为自己办理离职。", "Nobody sees himself out.")
    if person.left_on is not None:
        raise _refused("left-already", "此人已离职。", "The person has left already.")
    accounts = list(person.accounts.all())
    off = User.objects.filter(person=person, is_active=True).update(
        is_active=False, version=F("version") + 1, updated_at=Now()
    )
    tokens = revoke_tokens_of(accounts=accounts, reason=reason, at=at)
    lent = Delegation.objects.filter(
        Q(person=person) | Q(given_by=person) | Q(grant__person=person),
        is_void=False,
        valid_to__gt=at,
    )
    delegations = list(lent)
    for delegation in delegations:
        end_delegation(delegation=delegation, at=at)
    grants = list(person.grants.filter(is_void=False).filter(Q(valid_to=None) | Q(valid_to__gt=at)))
    for grant in grants:
        end_grant(grant=grant, at=at)
    Person.objects.filter(pk=person.pk).update(
        left_on=max(at.date(), person.joined_on or at.date()),
        version=F("version") + 1,
        updated_at=Now(),
    )
    ended = sum(end_sessions(account=one, at=at, reason=reason) for one in accounts)
    return Left(off, ended, tokens, len(grants), len(delegations))


def set_account_active(
    *, account: User, active: bool, by: Person, reason: str, at: dt.datetime
) -> None:
    """Switch one account off or on again; off ends its sessions and tokens.

    Raises KintsugiError ``access.own-account`` and ``access.left-already``.
    """
    if account.person_id == by.pk:
        raise _refused(
            "own-account", "不能停用自己的账户。", "Nobody switches his own account off."
        )
    if active and account.person.left_on is not None:
        raise _refused("left-already", "此人已离职。", "The person has left already.")
    User.objects.filter(pk=account.pk).update(
        is_active=active, version=F("version") + 1, updated_at=Now()
    )
    if not active:
        revoke_tokens_of(accounts=[account], reason=reason, at=at)
        end_sessions(account=account, at=at, reason=reason)


def _refused(code: str, zh: str, en: str) -> KintsugiError:
    return KintsugiError(
        f"access.{code}",
        Text(zh, en),
        Text("请由其他管理员办理。", "Let another administrator do it."),
    )
