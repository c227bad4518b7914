"""Purchase requests: asked for by one person, decided by another."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core.errors import Text
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.purchasing.kinds import REQUEST
from kintsugi.purchasing.models import Request, RequestLine
from kintsugi.purchasing.services.steps import (
    change,
    check_lines,
    locked,
    may_become,
    need_reason,
    once,
    other_than,
    person_of,
)

NAME = Text("请购单", "purchase request")


@dataclass(frozen=True)
class RequestLineIn:
    """So much of a product, in base units, by a day."""

    product: UUID
    qty: Decimal
    wanted_by: dt.date | None = None
    why: str = ""


def make_request(
    *, actor: Any, warehouse: UUID, lines: Sequence[RequestLineIn], why: str, key: str,
    at: dt.datetime, source: str = "manual", source_ref: str = "",
) -> Request:  # fmt: skip
    """Ask for something to be bought for a warehouse; it waits for approval. Raises KintsugiError
    ``purchasing.no-lines``, ``purchasing.quantity``, ``purchasing.reason-missing``."""
    check_lines(lines)
    why = need_reason(why, "why")
    payload = {
        "warehouse": warehouse, "lines": list(lines), "why": why, "source": source,
        "ref": source_ref,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        made = Request.objects.create(
            number=next_number(prefix="PR", on=timezone.localtime(at).date()),
            warehouse_id=warehouse, source=source, source_ref=source_ref.strip(), why=why,
            requested_by_id=person_of(actor), requested_by_name=str(actor),
        )  # fmt: skip
        RequestLine.objects.bulk_create(
            RequestLine(
                id=uuid7(), request=made, line=number, product_id=one.product, qty=one.qty,
                wanted_by=one.wanted_by, why=one.why.strip(),
            )
            for number, one in enumerate(lines, 1)
        )  # fmt: skip
        return {"id": str(made.pk)}

    done = once(actor=actor, command="request", key=key, payload=payload, work=work, reason=why)
    return Request.objects.get(pk=done["id"])


def decide_request(
    *, actor: Any, request: UUID, approve: bool, key: str, at: dt.datetime, note: str = ""
) -> Request:
    """Approve or reject a request, by somebody other than who asked; a rejection says why. Raises
    ``purchasing.same-person``, ``purchasing.reason-missing``."""
    if not approve:
        note = need_reason(note, "note")

    def work() -> dict[str, Any]:
        found = locked(Request, request, NAME)
        target = "approved" if approve else "rejected"
        may_become(REQUEST, found.status, target)
        other_than(actor, found.requested_by_id, did=("申请", "asks for it"),
                   does=("审批", "decide it"))  # fmt: skip
        change(
            found, status=target, decided_by_id=person_of(actor), decided_by_name=str(actor),
            decided_at=at, decision_note=note.strip(),
        )  # fmt: skip
        return {}

    payload = {"request": request, "approve": approve, "note": note}
    once(actor=actor, command="decide-request", key=key, payload=payload, work=work, reason=note)
    return Request.objects.get(pk=request)


def cancel_request(*, actor: Any, request: UUID, reason: str, key: str) -> Request:
    """Take a request back before it is ordered."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked(Request, request, NAME)
        may_become(REQUEST, found.status, "cancelled")
        change(found, status="cancelled", decision_note=reason)
        return {}

    payload = {"request": request, "reason": reason}
    once(actor=actor, command="cancel-request", key=key, payload=payload, work=work, reason=reason)
    return Request.objects.get(pk=request)
