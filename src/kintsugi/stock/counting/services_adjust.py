"""Scrapping and adjustments by hand: one person asks, another approves, then it is posted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.stock import services
from kintsugi.stock.counting.services import person_of
from kintsugi.stock.counting.states import ADJUSTMENT, ADJUSTMENTS
from kintsugi.stock.lines import Document, Line, check_quantities, check_size
from kintsugi.stock.models import Adjustment, AdjustmentLine, Location
from kintsugi.stock.typed import INWARD, Reader, TypedLine


def request_adjustment(
    *,
    actor: Any,
    kind: str,
    lines: Sequence[TypedLine],
    reason: str,
    key: str,
    at: dt.datetime,
) -> Adjustment:
    """Ask for goods to be scrapped or a quantity to be put right; nothing moves yet. All lines are
    of one warehouse. Raises KintsugiError ``stock.*`` with field and line."""
    assert kind in ADJUSTMENTS, f"unknown kind of adjustment {kind}"
    person = person_of(actor)
    if not reason.strip():
        raise _no_reason()
    check_size(lines)

    def work() -> dict[str, Any]:
        read = Reader(kind, lines).lines()
        check_quantities(read)
        ends = [one.target if kind in INWARD else one.source for one in read]
        made = Adjustment.objects.create(
            number=next_number(prefix="TZ", on=timezone.localtime(at).date()), kind=kind,
            warehouse_id=_one_warehouse(ends), status="requested", reason=reason.strip(),
            requested_by_id=person, requested_by_name=str(actor), requested_at=at,
        )  # fmt: skip
        AdjustmentLine.objects.bulk_create(
            AdjustmentLine(
                adjustment=made, line=number, location_id=end, product_id=one.product,
                lot_id=one.lot, unit_id=one.unit, quality=one.source_quality, qty=one.qty,
            )
            for number, (one, end) in enumerate(zip(read, ends, strict=True), 1)
        )  # fmt: skip
        return {"adjustment": str(made.pk)}

    payload = {"kind": kind, "lines": [asdict(one) for one in lines], "reason": reason}
    with recorded(actor=actor, command="stock.request-adjustment", reason=reason[:400]):
        done = run_once(scope="adjustment", key=f"{person}:{key}", payload=payload, work=work)
    return Adjustment.objects.get(pk=done["adjustment"])


def decide_adjustment(
    *, actor: Any, adjustment: UUID, is_approved: bool, reason: str, at: dt.datetime
) -> Adjustment:
    """Approve and post it, or refuse it; by another person than who asked. The same decision again
    changes nothing. Raises KintsugiError ``stock.same-person``, ``stock.reason-missing`` and what
    the ledger refuses."""
    person = person_of(actor)
    if not reason.strip():
        raise _no_reason()
    wanted = "posted" if is_approved else "refused"
    with recorded(actor=actor, command=f"stock.{wanted}-adjustment", reason=reason[:400]):
        found = Adjustment.objects.select_for_update(of=("self",)).filter(pk=adjustment).first()
        if found is None:
            raise NotFound(Text("调整单", "adjustment"), str(adjustment))
        if (found.status, found.decided_by_id) == (wanted, person):
            return found
        ADJUSTMENT.step(found.status, wanted)
        if person == found.requested_by_id:
            raise KintsugiError(
                "stock.same-person",
                Text("申请人不能自己批准。", "Who asked for it cannot decide."),
                Text("请另一位有批准权限的人处理。", "Ask somebody else who may approve."),
            )
        posting = None
        if is_approved:
            posting = services.post(
                actor=actor, kind="scrap" if found.kind == "scrap" else "adjustment",
                lines=_lines(found), key=f"adjustment:{found.pk}", at=at, reason=found.reason,
                document=Document("adjustment", found.number, found.pk),
            )  # fmt: skip
        Adjustment.objects.filter(pk=found.pk).update(
            status=wanted, posting=posting, decided_by_id=person, decided_by_name=str(actor),
            decided_at=at, decision_reason=reason.strip(), version=found.version + 1,
        )  # fmt: skip
        found.refresh_from_db()
        return found


def _lines(adjustment: Adjustment) -> list[Line]:
    outside = services.world("scrap" if adjustment.kind == "scrap" else "loss").pk
    inward = adjustment.kind in INWARD
    return [
        Line(
            product=one.product_id, lot=one.lot_id, unit=one.unit_id, qty=one.qty,
            source=outside if inward else one.location_id,
            target=one.location_id if inward else outside,
            source_quality=one.quality, document_line=one.pk,
        )
        for one in adjustment.lines.order_by("line")
    ]  # fmt: skip


def _one_warehouse(places: Sequence[UUID]) -> UUID:
    found = set(Location.objects.filter(pk__in=places).values_list("warehouse", flat=True))
    if len(found) != 1 or None in found:
        raise KintsugiError(
            "stock.several-warehouses",
            Text("一张调整单只能涉及一个仓库。", "An adjustment concerns one warehouse."),
            Text("按仓库分开申请。", "Ask for each warehouse apart."),
            field="source",
        )
    return UUID(str(found.pop()))


def _no_reason() -> KintsugiError:
    return KintsugiError(
        "stock.reason-missing",
        Text("没有写明原因。", "No reason was given."),
        Text("写明为何报废或调整。", "Say why."),
        field="reason",
    )
