"""Grants, delegations and reviews. The caller opens the transaction context.

What a person at the screen must hear in words is said here; the database refuses the same again
(``sql/duties.sql`` and the constraints of the tables).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.matrix import CONFLICTS, ROLES, SCOPES, lines
from kintsugi.identity.models import (
    Delegation,
    DutyConflict,
    GrantReview,
    MatrixEntry,
    Person,
    RoleGrant,
)


def grant_role(
    *,
    person: Person,
    role: str,
    by: Person | None,
    reason: str,
    at: dt.datetime,
    scope_kind: str = "all",
    scope_values: Iterable[str] = (),
    valid_from: dt.datetime | None = None,
    valid_to: dt.datetime | None = None,
) -> RoleGrant:
    """Give a person a role over some rows, from ``valid_from`` (default ``at``) on.

    ``by`` None is the system itself. Raises KintsugiError ``access.unknown-role``,
    ``access.scope``, ``access.dates``, ``access.no-reason``, ``access.self-grant``,
    ``access.granted-already`` or ``access.conflicting-duties`` (facts: field).
    """
    begins = valid_from or at
    known = ROLES.get(role)
    if known is None:
        raise _refused("unknown-role", "role", f"没有角色“{role}”。", f"There is no role “{role}”.")
    values = _scope_values(known.scopes, scope_kind, scope_values)
    _check_dates(begins, valid_to, at)
    _check_reason(reason)
    if by is not None and by.pk == person.pk:
        raise _refused("self-grant", "role", "不能给自己授权。", "Nobody gives a role to himself.")
    _lock(person)
    same = _overlapping(
        RoleGrant.objects.filter(person=person, role=role, is_void=False), begins, valid_to
    )
    if same.exists():
        raise _refused(
            "granted-already", "role",
            f"此人在这段时间已有角色“{known.title.zh}”。",
            f"The person has the role “{known.title.en}” in that time already.",
        )  # fmt: skip
    _check_conflicts(person, role, begins, valid_to)
    grant = RoleGrant(
        person=person,
        role=role,
        scope_kind=scope_kind,
        scope_values=values,
        valid_from=begins,
        valid_to=valid_to,
        granted_by=by,
        reason=reason.strip()[:400],
    )
    grant.save(force_insert=True)
    return grant


def end_grant(*, grant: RoleGrant, at: dt.datetime, until: dt.datetime | None = None) -> None:
    """Let a grant end at ``until`` (default ``at``), and what was delegated of it no later.

    A grant that has not begun is voided. Raises KintsugiError ``access.ended-already`` and
    ``access.dates``.
    """
    end = until or at
    if grant.valid_to is not None and grant.valid_to <= end:
        raise _refused(
            "ended-already", "until", "此授权届时已经结束。", "The grant has ended by then already."
        )
    if end < at:
        raise _refused("dates", "until", "不能在过去结束。", "It cannot end in the past.")
    _lock(grant.person)
    for delegation in grant.delegations.filter(is_void=False, valid_to__gt=end):
        _end(Delegation.objects.filter(pk=delegation.pk), delegation.valid_from, end)
    _end(RoleGrant.objects.filter(pk=grant.pk), grant.valid_from, end)


def _end(
    row: QuerySet[RoleGrant] | QuerySet[Delegation], begun: dt.datetime, end: dt.datetime
) -> None:
    changes = (
        {"valid_to": end}
        if begun < end
        else {"is_void": True, "void_reason": "Ended before it began"}
    )
    row.update(**changes, version=F("version") + 1, updated_at=Now())


def delegate(
    *,
    grant: RoleGrant,
    person: Person,
    by: Person,
    valid_from: dt.datetime,
    valid_to: dt.datetime,
    reason: str,
    at: dt.datetime,
) -> Delegation:
    """Let another person stand in for a grant for a time, with the same rows.

    Raises KintsugiError ``access.dates``, ``access.no-reason``, ``access.delegation-to-self``,
    ``access.delegation-too-long``, ``access.granted-already`` or ``access.conflicting-duties``.
    """
    _check_dates(valid_from, valid_to, at)
    _check_reason(reason)
    if person.pk == grant.person_id:
        raise _refused(
            "delegation-to-self", "person", "不能委托给本人。", "Nobody stands in for himself."
        )
    if (
        grant.is_void
        or valid_from < grant.valid_from
        or (grant.valid_to and valid_to > grant.valid_to)
    ):
        raise _refused(
            "delegation-too-long", "until",
            "委托不能超出原授权的期限。", "A delegation stays within the time of its grant.",
        )  # fmt: skip
    _lock(person)
    there = Delegation.objects.filter(grant=grant, person=person, is_void=False)
    if _overlapping(there, valid_from, valid_to).exists():
        raise _refused(
            "granted-already", "person",
            "此人在这段时间已代行此职。", "The person stands in for it in that time already.",
        )  # fmt: skip
    _check_conflicts(person, grant.role, valid_from, valid_to)
    made = Delegation(
        grant=grant,
        person=person,
        valid_from=valid_from,
        valid_to=valid_to,
        given_by=by,
        reason=reason.strip()[:400],
    )
    made.save(force_insert=True)
    return made


def end_delegation(*, delegation: Delegation, at: dt.datetime) -> None:
    """Let a delegation end now; one that ended already stays as it is."""
    if delegation.valid_to > at and not delegation.is_void:
        _end(Delegation.objects.filter(pk=delegation.pk), delegation.valid_from, at)


def review_grant(
    *, grant: RoleGrant, decision: str, by: Person, reason: str, at: dt.datetime
) -> GrantReview:
    """Keep down that a grant was looked at; ``end`` ends it. Nobody reviews his own.

    Raises KintsugiError ``access.self-review``, ``access.no-reason`` or ``access.ended-already``.
    """
    _check_reason(reason)
    if by.pk == grant.person_id:
        raise _refused(
            "self-review", "decision", "不能复核自己的授权。", "Nobody reviews his own grants."
        )
    if decision == GrantReview.Decision.END:
        end_grant(grant=grant, at=at)
    review = GrantReview(
        grant=grant, decision=decision, reason=reason.strip()[:400], reviewed_by=by, at=at
    )
    review.save(force_insert=True)
    return review


def publish_conflicts(*, using: str = "default") -> None:
    """Write the conflicting duties of the matrix into the database, where a trigger reads them."""
    known = DutyConflict.objects.using(using)
    wanted = {pair for first, second in CONFLICTS for pair in ((first, second), (second, first))}
    have = set(known.values_list("first", "second"))
    for first, second in have - wanted:
        known.filter(first=first, second=second).delete()
    known.bulk_create(DutyConflict(first=a, second=b) for a, b in sorted(wanted - have))


def publish_matrix(*, using: str = "default") -> None:
    """Write the permission matrix into the database, for reports."""
    wanted = [MatrixEntry(position=n, role=role, object=name, action=action, scope=rows)
              for n, (role, name, action, rows) in enumerate(lines(), start=1)]  # fmt: skip
    known = MatrixEntry.objects.using(using)
    fields = ("position", "role", "object", "action", "scope")
    if list(known.order_by("position").values_list(*fields)) != [
        tuple(getattr(one, field) for field in fields) for one in wanted
    ]:
        known.all().delete()
        known.bulk_create(wanted)


# -- what is refused in words ----------------------------------------------------------------------


def _refused(code: str, field: str, zh: str, en: str, remedy: Text | None = None) -> KintsugiError:
    return KintsugiError(
        f"access.{code}",
        Text(zh, en),
        remedy or Text("请改正后重试。", "Correct this and try again."),
        field=field,
    )


def _scope_values(allowed: Sequence[str], kind: str, values: Iterable[str]) -> list[str]:
    given = sorted({value.strip() for value in values if value.strip()})
    if kind not in allowed:
        names = [SCOPES[one] for one in allowed]
        raise _refused(
            "scope", "scope_kind",
            f"此角色的行范围可选:{'、'.join(n.zh for n in names)}。",
            f"The rows of this role can be: {', '.join(n.en for n in names)}.",
        )  # fmt: skip
    if kind in ("all", "own") and given:
        raise _refused(
            "scope", "scope_values", "此范围不需要列出值。", "This kind of rows takes no values."
        )
    if kind not in ("all", "own") and not given:
        raise _refused("scope", "scope_values", "请至少列出一个值。", "Name at least one of them.")
    if kind == "region" and not all(v.isdigit() and len(v) in (2, 4, 6) for v in given):
        raise _refused(
            "scope", "scope_values",
            "地区应为 2、4 或 6 位行政区划代码。",
            "A region is a division code of 2, 4 or 6 digits.",
        )  # fmt: skip
    if kind in ("customer", "warehouse") and not all(map(_is_id, given)):
        raise _refused("scope", "scope_values", "应为记录的编号。", "These must be ids of records.")
    return given


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _check_dates(begins: dt.datetime, ends: dt.datetime | None, at: dt.datetime) -> None:
    if ends is not None and not (begins < ends and at < ends):
        raise _refused(
            "dates", "until",
            "结束应晚于开始,且不在过去。", "It must end after it begins, and not in the past.",
        )  # fmt: skip


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise _refused("no-reason", "reason", "请说明理由。", "Say why.")


Rows = TypeVar("Rows", QuerySet[RoleGrant], QuerySet[Delegation])


def _overlapping(rows: Rows, begins: dt.datetime, ends: dt.datetime | None) -> Rows:
    found = rows.filter(Q(valid_to=None) | Q(valid_to__gt=begins))
    return found if ends is None else found.filter(valid_from__lt=ends)


def _check_conflicts(
    person: Person, role: str, begins: dt.datetime, ends: dt.datetime | None
) -> None:
    against = {b for a, b in CONFLICTS if a == role} | {a for a, b in CONFLICTS if b == role}
    own = RoleGrant.objects.filter(person=person, is_void=False, role__in=against)
    lent = Delegation.objects.filter(person=person, is_void=False, grant__role__in=against)
    held = [
        *_overlapping(own, begins, ends).values_list("role", flat=True),
        *_overlapping(lent, begins, ends).values_list("grant__role", flat=True),
    ]
    if held:
        one, other = ROLES[role].title, ROLES[held[0]].title
        raise _refused(
            "conflicting-duties", "role",
            f"“{one.zh}”与此人的“{other.zh}”是不相容的职责。",
            f"“{one.en}” is in conflict with the person's “{other.en}”.",
            Text("请先结束其中之一。", "End one of them first."),
        )  # fmt: skip


def _lock(person: Person) -> None:
    """One change of a person's duties at a time."""
    Person.objects.select_for_update().get(pk=person.pk)
