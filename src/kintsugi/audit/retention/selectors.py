"""Reads of holds and of what retention rules say."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from kintsugi.audit.models import Change
from kintsugi.audit.retention.models import LegalHold
from kintsugi.audit.retention.rules import RULES, Clause
from kintsugi.core.errors import NotFound, Text
from kintsugi.core.lookups import by_number

HOLDS_MAX = 50


@dataclass(frozen=True)
class Kept:
    """How long one record is kept. ``until`` None: for ever. A hold goes before the date."""

    until: dt.date | None
    clause: Clause
    holds: list[LegalHold]


def holds() -> QuerySet[LegalHold]:
    """All holds, those in force first, then the newest."""
    return LegalHold.objects.filter(is_void=False).order_by("-placed_at")


def hold_by_number(number: str) -> LegalHold:
    """A hold by its number or id. Raises NotFound."""
    found = by_number(holds(), number)
    if found is None:
        raise NotFound(Text("法律保全", "legal hold"), number)
    return found


def holds_on(*, entity: str, record: Any) -> list[LegalHold]:
    """Holds in force that cover a record: by itself, its lot, its parties, or a period in which it
    changed. At most 50."""
    rule = RULES.get(entity)
    if rule is None or rule.subjects is None:
        return []
    named = Q(pk__in=[])
    for kind, subject, lot in rule.subjects(record):
        if subject is not None and (kind != "lot" or lot):
            named |= Q(kind=kind, subject_id=subject, lot_no=lot)
    in_force = holds().filter(released_at__isnull=True)
    found = list(in_force.filter(named)[:HOLDS_MAX])
    for hold in in_force.filter(kind="period")[:HOLDS_MAX]:
        changed = Change.objects.filter(
            row_id=record.pk,
            transaction__at__gte=hold.since,
            transaction__at__lt=hold.until,
        )
        if changed.exists():
            found.append(hold)
    return found[:HOLDS_MAX]


def kept(*, entity: str, record: Any) -> Kept | None:
    """How long a record is kept, with the reason and the holds on it; None without a rule."""
    rule = RULES.get(entity)
    if rule is None:
        return None
    if rule.rows is None:
        return Kept(None, rule.clauses[0], holds_on(entity=entity, record=record))
    row = rule.rows().filter(pk=record.pk).values("keep_until", "keep_clause").first()
    if row is None:
        return None
    found = holds_on(entity=entity, record=record)
    return Kept(row["keep_until"], rule.clause(row["keep_clause"]), found)


def due(*, entity: str, on: dt.date) -> QuerySet[Any]:
    """Records of a kind whose time is over on a day, the longest over first; holds not counted."""
    rule = RULES.get(entity)
    if rule is None or rule.rows is None:
        raise NotFound(Text("保存规则", "retention rule"), entity)
    return rule.rows().filter(keep_until__lte=on).order_by("keep_until", "pk")
