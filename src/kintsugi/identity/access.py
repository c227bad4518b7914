"""What one person may do and see at an instant: grants and delegations in force, by the matrix."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.access import NOBODY, Access
from kintsugi.core.queries import query
from kintsugi.core.scope import EVERYTHING, NOTHING, Scope
from kintsugi.identity.matrix import ROLES, is_whole


@dataclass(frozen=True)
class Duty:
    """A role in force: the person's own or delegated to it."""

    role: str
    scope_kind: str
    scope_values: tuple[str, ...] = ()

    def rows(self, person_id: UUID) -> Scope:
        """The rows of the duty; ``own`` means those of the person at work."""
        if self.scope_kind == "all":
            return EVERYTHING
        if self.scope_kind == "own":
            return Scope(own=person_id)
        if self.scope_kind == "region":
            return Scope(regions=frozenset(self.scope_values))
        ids = frozenset(UUID(value) for value in self.scope_values)
        return Scope(customers=ids) if self.scope_kind == "customer" else Scope(warehouses=ids)


def duties_of(*, person_id: UUID, at: dt.datetime) -> list[Duty]:
    """The roles a person has at ``at``, own and delegated; one query."""
    with connection.cursor() as cursor:
        cursor.execute(query("identity", "duties_in_force"), [person_id, at, at])
        return [Duty(role, kind, tuple(values)) for role, kind, values in cursor.fetchall()]


def access_of(user: Any, *, at: dt.datetime, only: Iterable[str] | None = None) -> Access:
    """What the account's person may do at ``at``; of an API token only its scopes ``only``.

    Nobody where the account is not logged in or switched off.
    """
    if not user.is_authenticated or not user.is_active or user.is_void:
        return NOBODY
    duties = duties_of(person_id=user.person_id, at=at)
    return combined(duties, person_id=user.person_id, only=only)


def combined(
    duties: Iterable[Duty], *, person_id: UUID, only: Iterable[str] | None = None
) -> Access:
    """The access that these duties give together. For each permission the rows are the union over
    the duties that give it; what cannot be split by customer needs a duty without a limit."""
    limit = None if only is None else frozenset(only)
    reach: dict[str, Scope] = {}
    for duty in duties:
        role = ROLES.get(duty.role)
        rows = duty.rows(person_id)
        for permission in role.permissions if role else ():
            if limit is not None and permission not in limit:
                continue
            if is_whole(permission) and not rows.everything:
                continue
            known = reach.get(permission, NOTHING)
            reach[permission] = EVERYTHING if EVERYTHING in (known, rows) else known | rows
    return Access(reach, is_signed_in=True)


def scope_of(user: Any, *, at: dt.datetime, permission: str) -> Scope:
    """The rows that the account's person may treat so at ``at``."""
    return access_of(user, at=at).rows(permission)
