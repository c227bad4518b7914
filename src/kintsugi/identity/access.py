"""What one person may do at an instant: grants and delegations in force, by the matrix."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from kintsugi.core.access import NOBODY, Access
from kintsugi.core.queries import query
from kintsugi.identity.matrix import ROLES, is_whole
from kintsugi.identity.models import User


@dataclass(frozen=True)
class Duty:
    """A role in force: the person's own or delegated to it."""

    role: str
    scope_kind: str
    scope_values: tuple[str, ...]


def duties_of(*, person_id: UUID, at: dt.datetime) -> list[Duty]:
    """The roles a person has at ``at``, own and delegated; one query."""
    with connection.cursor() as cursor:
        cursor.execute(query("identity", "duties_in_force"), [person_id, at, at])
        return [Duty(role, kind, tuple(values)) for role, kind, values in cursor.fetchall()]


def access_of(user: User, *, at: dt.datetime, only: Iterable[str] | None = None) -> Access:
    """What the account's person may do at ``at``; of an API token only its scopes ``only``.

    An account that is switched off may do nothing.
    """
    if not user.is_active or user.is_void:
        return NOBODY
    limit = None if only is None else frozenset(only)
    reach: dict[str, list[Duty]] = {}
    for duty in duties_of(person_id=user.person_id, at=at):
        role = ROLES.get(duty.role)
        for permission in role.permissions if role else ():
            if limit is not None and permission not in limit:
                continue
            if is_whole(permission) and duty.scope_kind != "all":
                continue
            reach.setdefault(permission, []).append(duty)
    return Access(reach, is_signed_in=True)
