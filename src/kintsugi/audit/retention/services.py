"""The only writer of legal holds."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from psycopg import sql

from kintsugi.audit.context import recorded
from kintsugi.audit.packs.registry import Scope, resolve_scope
from kintsugi.audit.retention.models import LegalHold
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.numbering import next_number
from kintsugi.core.queries import query

#: What a hold may be about.
KINDS = {
    "device": Text("设备", "Device"),
    "product": Text("产品", "Product"),
    "lot": Text("批次", "Lot"),
    "party": Text("单位", "Party"),
    "period": Text("时段", "Period"),
}
REASON_CHARS = 400
#: Tables that are no business tables and are kept all the same: what explains where values came
#: from. The change log refuses by triggers of its own.
EVIDENCE_TABLES = (
    "audit_crosswalkchange", "audit_fieldset", "audit_origin", "audit_provenance",
)  # fmt: skip


def keep_tables(*, using: str = "default") -> None:
    """Let the database refuse the removal of rows of every business table and of the evidence;
    safe to repeat."""
    from kintsugi.audit.services import business_tables

    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_proc where proname = 'audit_refuse_delete'")
        if cursor.fetchone() is None:
            return  # the audit migrations have not run yet (a partial migrate)
    existing = set(connection.introspection.table_names())
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table in (*business_tables(), *EVIDENCE_TABLES):
            if table in existing:
                cursor.execute(
                    sql.SQL(query("audit", "keep_table")).format(table=sql.Identifier(table))
                )


def person_of(actor: Any) -> UUID:
    """The person behind an account: two accounts of one person count as one."""
    person: UUID = getattr(actor, "person_id", None) or actor.pk
    return person


def place_hold(*, actor: Any, kind: str, key: str, reason: str, at: dt.datetime) -> LegalHold:
    """Order that everything about a device, a product, a lot, a party or a period is kept.

    ``key`` as for an evidence pack of that scope. Raises KintsugiError ``hold.kind``,
    ``hold.no-reason``, NotFound, and what the scope's resolver refuses (facts: field).
    """
    if kind not in KINDS:
        raise KintsugiError(
            "hold.kind",
            Text(f"不能对“{kind}”设置法律保全。", f"A “{kind}” cannot be put on legal hold."),
            Text(f"可用:{'、'.join(KINDS)}。", f"Use one of: {', '.join(KINDS)}."),
            field="kind",
            kind=kind,
        )
    reason = _reason(reason)
    scope = resolve_scope(kind, key)
    with recorded(actor=actor, command="audit.place-hold", reason=reason):
        return LegalHold.objects.create(
            number=next_number(prefix="LH", on=timezone.localdate(at)),
            kind=kind,
            subject_id=_subject(scope),
            lot_no=scope.key.partition("/")[2] if kind == "lot" else "",
            since=scope.since,
            until=scope.until,
            title=_title(scope),
            reason=reason,
            placed_by_id=person_of(actor),
            placed_by=str(actor),
            placed_at=at,
        )


def release_hold(*, actor: Any, hold: LegalHold, reason: str, at: dt.datetime) -> LegalHold:
    """Release a hold, by a person other than the one who placed it.

    Raises KintsugiError ``hold.released``, ``hold.same-person`` or ``hold.no-reason``.
    """
    reason = _reason(reason)
    with recorded(actor=actor, command="audit.release-hold", reason=reason):
        current = LegalHold.objects.select_for_update().get(pk=hold.pk)
        if current.released_at is not None:
            raise KintsugiError(
                "hold.released",
                Text(f"{current.number} 已解除。", f"{current.number} is released already."),
                Text("无需再操作。", "There is nothing left to do."),
                hold=current.number,
                by=current.released_by,
            )
        if person_of(actor) == current.placed_by_id:
            raise KintsugiError(
                "hold.same-person",
                Text(
                    "设置保全的人不能自己解除。",
                    "Who placed a hold cannot release it.",
                ),
                Text("请由另一人解除。", "Let another person release it."),
                hold=current.number,
                placed_by=current.placed_by,
            )
        LegalHold.objects.filter(pk=current.pk).update(
            released_by_id=person_of(actor),
            released_by=str(actor),
            released_at=at,
            release_reason=reason,
            version=F("version") + 1,
            updated_at=Now(),
        )
        current.refresh_from_db()
        return current


def _reason(text: str) -> str:
    reason = " ".join(text.split())[:REASON_CHARS]
    if not reason:
        raise KintsugiError(
            "hold.no-reason",
            Text("没有写明原因。", "No reason was given."),
            Text("请写明案由或依据。", "Name the matter or the order behind it."),
            field="reason",
        )
    return reason


def _subject(scope: Scope) -> UUID | None:
    """The device, the party, or the product of the lot."""
    if scope.kind == "lot":
        return next(one.id for one in scope.subjects if one.entity == "product")
    return scope.subjects[0].id if scope.subjects else None


def _title(scope: Scope) -> str:
    if scope.kind == "lot":
        return scope.key[:300]
    return (scope.subjects[0].title if scope.subjects else scope.title.en)[:300]
