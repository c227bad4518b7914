"""Acceptance: somebody who neither bought nor received looks at what arrived and decides.

Why the receiver, too, is kept out: an inspection checks the count and the labels that he recorded.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.purchasing.kinds import CHECKS, FINDINGS, REJECT_REASONS, sample_size
from kintsugi.purchasing.models import Acceptance, AcceptanceLine, Order, Receipt, ReceiptLine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.selectors import units_of
from kintsugi.purchasing.services.receiving import place_in
from kintsugi.purchasing.services.scanning import NAME
from kintsugi.purchasing.services.steps import change, locked, once, person_of
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as ledger

INSPECTED = ("received", "inspecting")


@dataclass(frozen=True)
class Finding:
    """What was found of a line, named by its number on the receipt. ``sample`` None: as planned.
    ``checks``: one of pass, fail, none for each of CHECKS. Serial units that are rejected are
    named."""

    line: int
    qualified: Decimal
    rejected: Decimal = Decimal(0)
    checks: Mapping[str, str] = field(default_factory=dict)
    sample: Decimal | None = None
    sample_reason: str = ""
    reject_reason: str = ""
    rejected_serials: Sequence[str] = ()
    note: str = ""


def planned_sample(line: ReceiptLine, tracking: str) -> Decimal:
    """How many of a line are looked at: every one of an implant or of what has a serial, else by
    the plan for so many."""
    every = bool(line.product.is_implant) or tracking in ("serial", "lot_and_serial")
    return sample_size(line.qty, every_piece=every)


def accept(
    *, actor: Any, receipt: UUID, findings: Sequence[Finding], key: str, at: dt.datetime,
    note: str = "",
) -> Acceptance:  # fmt: skip
    """Decide about lines of a receipt: qualified goods stay where they are and may be put away,
    rejected ones go to the zone for them; lines left out wait for another inspection.

    Raises KintsugiError ``purchasing.bought-it``, ``purchasing.received-it``,
    ``purchasing.not-to-inspect``, ``purchasing.inspected-already``, ``purchasing.sum-differs``,
    ``purchasing.sample``, ``purchasing.checks-missing``, ``purchasing.reject-reason``,
    ``purchasing.serials-rejected``, ``purchasing.finding-unanswered``,
    ``purchasing.qualifies-expired`` with the line, and those of the ledger.
    """
    if not findings:
        raise refuse("no-lines", field="findings")
    payload = {"receipt": receipt, "findings": list(findings), "note": note}

    def work() -> dict[str, Any]:
        found = locked(Receipt, receipt, NAME)
        if found.status not in INSPECTED:
            raise refuse("not-to-inspect", receipt=found.number)
        _another(actor, found)
        day = timezone.localtime(at).date()
        lines = _lines(found)
        judged = [_judged(one, lines, day) for one in findings]
        if len({line.pk for line, *_ in judged}) != len(judged):
            raise refuse("inspected-already", line=findings[-1].line)
        made = Acceptance.objects.create(
            number=next_number(prefix="QA", on=day), warehouse_id=found.warehouse_id,
            receipt=found, inspector_id=person_of(actor), inspector_name=str(actor),
            inspected_at=at, inspected_on=day, note=note.strip(),
        )  # fmt: skip
        AcceptanceLine.objects.bulk_create(
            AcceptanceLine(
                id=uuid7(), acceptance=made, receipt_line=line, arrived=line.qty,
                sample_planned=planned, sample_size=size,
                sample_reason=one.sample_reason.strip() if size != planned else "",
                checks=dict(one.checks), qualified=one.qualified, rejected=one.rejected,
                reject_reason=one.reject_reason if one.rejected else "",
                rejected_serials=serials, note=one.note.strip(),
            )
            for one, (line, planned, size, serials) in zip(findings, judged, strict=True)
        )  # fmt: skip
        posting = ledger.post(
            actor=actor, kind="acceptance", key=f"acceptance {made.pk}", at=at,
            lines=_moves(found, findings, judged),
            document=ledger.Document("purchasing.acceptance", made.number, made.pk),
        )  # fmt: skip
        change(made, posting_id=posting.pk)
        _progress(found)
        events.emit("purchasing.accepted", subject=made.number, at=at,
                    facts={"receipt": found.number})  # fmt: skip
        return {"id": str(made.pk)}

    done = once(actor=actor, command="accept", key=key, payload=payload, work=work, reason=note)
    return Acceptance.objects.get(pk=done["id"])


def _another(actor: Any, found: Receipt) -> None:
    """Invariant 6; the database asks the same."""
    person = person_of(actor)
    if person is None:
        return
    if person == Order.objects.values_list("buyer_id", flat=True).get(pk=found.order_id):
        raise refuse("bought-it", receipt=found.number)
    if person == found.receiver_id:
        raise refuse("received-it", receipt=found.number)


def _lines(found: Receipt) -> dict[int, tuple[ReceiptLine, str]]:
    rows = ReceiptLine.objects.filter(receipt=found).select_related("product", "lot")
    lines = list(rows.select_for_update(of=("self",)).order_by("line"))
    tracking = stock.tracking_of([one.product_id for one in lines])
    return {one.line: (one, tracking[one.product_id]) for one in lines}


Judged = tuple[ReceiptLine, Decimal, Decimal, list[str]]


def _judged(one: Finding, lines: Mapping[int, tuple[ReceiptLine, str]], day: dt.date) -> Judged:
    """The line, the planned and the real sample, and the serials that are rejected; or why the
    finding is none."""
    if one.line not in lines:
        raise refuse("inspected-already", line=one.line)
    line, tracking = lines[one.line]
    if line.qualified or line.rejected:
        raise refuse("inspected-already", line=one.line)
    if one.qualified < 0 or one.rejected < 0 or one.qualified + one.rejected != line.qty:
        raise refuse("sum-differs", line=one.line, qualified=one.qualified, rejected=one.rejected,
                     arrived=line.qty, field="qualified")  # fmt: skip
    planned = planned_sample(line, tracking)
    size = planned if one.sample is None else one.sample
    whole = planned == line.qty
    if not 0 < size <= line.qty or (
        size != planned and (not one.sample_reason.strip() or (whole and size < planned))
    ):
        raise refuse("sample", line=one.line, planned=planned, field="sample")
    if set(one.checks) != set(CHECKS) or not set(one.checks.values()) <= set(FINDINGS):
        raise refuse("checks-missing", line=one.line, field="checks")
    if one.rejected and one.reject_reason not in REJECT_REASONS:
        raise refuse("reject-reason", line=one.line, field="reject_reason")
    said = one.note.strip()
    if "fail" in one.checks.values() and not one.rejected and not said:
        raise refuse("failed-but-qualified", line=one.line, field="note")
    if line.finding and one.qualified and not said:
        raise refuse("finding-unanswered", line=one.line, finding=line.finding, field="note")
    if one.qualified and line.expiry_date and line.expiry_date < day:
        raise refuse("qualifies-expired", line=one.line, expiry=line.expiry_date)
    serials = ["".join(serial.split()).upper() for serial in one.rejected_serials]
    if tracking in ("serial", "lot_and_serial") and len(set(serials)) != one.rejected:
        raise refuse("serials-rejected", line=one.line, rejected=one.rejected,
                     field="rejected_serials")  # fmt: skip
    return line, planned, size, serials


def _moves(
    found: Receipt, findings: Sequence[Finding], judged: Sequence[Judged]
) -> list[ledger.Line]:
    units = units_of([line.pk for line, *_ in judged])
    moves = []
    bad: dict[str, Any] = {}
    for one, (line, _planned, _size, serials) in zip(findings, judged, strict=True):
        stored = line.product.storage_condition or ""
        if one.rejected and stored not in bad:
            bad[stored] = place_in(found.warehouse_id, "rejected", stored)
        mine = units.get(line.pk, {})
        for serial in serials:
            if mine and serial not in mine:
                raise refuse("not-of-line", serial_no=serial, line=line.line,
                             field="rejected_serials")  # fmt: skip
        if mine:
            moves += [
                _move(line, Decimal(1), unit, bad.get(stored) if serial in serials else None)
                for serial, unit in mine.items()
            ]
            continue
        if one.qualified:
            moves.append(_move(line, one.qualified, None, None))
        if one.rejected:
            moves.append(_move(line, one.rejected, None, bad[stored]))
    return moves


def _move(line: ReceiptLine, qty: Decimal, unit: UUID | None, bad: Any) -> ledger.Line:
    """Qualified where it lies; rejected (``bad``) into the zone for it."""
    return ledger.Line(
        product=line.product_id, source=line.location_id,
        target=bad.pk if bad else line.location_id, qty=qty, lot=line.lot_id, unit=unit,
        source_quality="pending", target_quality="rejected" if bad else "qualified",
        document_line=line.pk,
    )  # fmt: skip


def _progress(found: Receipt) -> None:
    """The state of a locked receipt by what was found of its lines."""
    rows = list(
        ReceiptLine.objects.filter(receipt=found).values_list("qty", "qualified", "rejected")
    )
    if any(qty != good + bad for qty, good, bad in rows):
        target = "inspecting"
    elif not any(bad for _, _, bad in rows):
        target = "qualified"
    else:
        target = "part_qualified" if any(good for _, good, _ in rows) else "rejected"
    if target != found.status:
        change(found, status=target)
