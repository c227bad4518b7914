"""Returns to a supplier: asked for, approved by another person, sent back, credited."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import Text
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.purchasing.kinds import RETURN, RETURN_REASONS
from kintsugi.purchasing.models import Receipt, ReceiptLine, Return, ReturnLine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.selectors import units_of
from kintsugi.purchasing.services.put_away import finish
from kintsugi.purchasing.services.scanning import NAME as RECEIPT_NAME
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
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as ledger

NAME = Text("退供单", "return to a supplier")
UNDERWAY = ("submitted", "approved")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class ReturnLineIn:
    """So much of a line that arrived, from where it lies now: ``place`` as WAREHOUSE/LOCATION.
    Serial units are named one by one."""

    receipt_line: UUID
    place: str
    quality: str
    qty: Decimal = Decimal(1)
    serials: Sequence[str] = ()


def request_return(
    *, actor: Any, lines: Sequence[ReturnLineIn], reason: str, why: str, key: str, at: dt.datetime
) -> Return:
    """Ask to send goods back to the supplier they came from. Raises KintsugiError
    ``purchasing.other-supplier``, ``purchasing.returns-too-much``, ``purchasing.not-of-line``,
    ``purchasing.wrong-place``, ``purchasing.reason-missing``."""
    check_lines(lines)
    why = need_reason(why, "why")
    assert reason in RETURN_REASONS, f"unknown reason {reason}"
    payload = {"lines": list(lines), "reason": reason, "why": why}

    def work() -> dict[str, Any]:
        rows = ReceiptLine.objects.select_related("receipt__order", "receipt__warehouse")
        rows = rows.filter(pk__in=[one.receipt_line for one in lines]).order_by("pk")
        arrived = {one.pk: one for one in rows.select_for_update(of=("self",))}
        papers = {
            (one.receipt.order.supplier_id, one.receipt.warehouse_id) for one in arrived.values()
        }
        if len(papers) != 1 or any(one.receipt_line not in arrived for one in lines):
            raise refuse("other-supplier", field="lines")
        [(supplier, warehouse)] = papers
        called = next(iter(arrived.values())).receipt.order.supplier_name
        _check_amounts(lines, arrived)
        day = timezone.localtime(at).date()
        made = Return.objects.create(
            number=next_number(prefix="RS", on=day), warehouse_id=warehouse, supplier_id=supplier,
            supplier_name=called,
            reason=reason, why=why, requested_by_id=person_of(actor),
            requested_by_name=str(actor),
        )  # fmt: skip
        ReturnLine.objects.bulk_create(_lines(made, lines, arrived))
        return {"id": str(made.pk)}

    done = once(actor=actor, command="return", key=key, payload=payload, work=work, reason=why)
    return Return.objects.get(pk=done["id"])


def decide_return(
    *, actor: Any, goods_return: UUID, approve: bool, key: str, at: dt.datetime, note: str = ""
) -> Return:
    """Approve or reject a return, by somebody other than who asked for it. Raises
    ``purchasing.same-person``; a rejection says why (``purchasing.reason-missing``)."""
    if not approve:
        note = need_reason(note, "note")

    def work() -> dict[str, Any]:
        found = locked(Return, goods_return, NAME)
        target = "approved" if approve else "rejected"
        may_become(RETURN, found.status, target)
        other_than(actor, found.requested_by_id, did=("申请退货", "asks for the return"),
                   does=("审批", "decide it"))  # fmt: skip
        change(
            found, status=target, decided_by_id=person_of(actor), decided_by_name=str(actor),
            decided_at=at, decision_note=note.strip(),
        )  # fmt: skip
        return {}

    payload = {"return": goods_return, "approve": approve, "note": note}
    once(actor=actor, command="decide-return", key=key, payload=payload, work=work, reason=note)
    return Return.objects.get(pk=goods_return)


def cancel_return(*, actor: Any, goods_return: UUID, reason: str, key: str) -> Return:
    """Give up a return before the goods have left."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked(Return, goods_return, NAME)
        may_become(RETURN, found.status, "cancelled")
        change(found, status="cancelled", decision_note=reason)
        return {}

    payload = {"return": goods_return, "reason": reason}
    once(actor=actor, command="cancel-return", key=key, payload=payload, work=work, reason=reason)
    return Return.objects.get(pk=goods_return)


def ship_return(
    *, actor: Any, goods_return: UUID, key: str, at: dt.datetime, carrier: str = "",
    waybill: str = "",
) -> Return:  # fmt: skip
    """Send an approved return back: the ledger moves the goods to the supplier's place, held,
    recalled, expired and rejected ones too. A credit over their price with tax is expected.
    Raises ``purchasing.returns-too-much`` and the refusals of the ledger."""

    def work() -> dict[str, Any]:
        receipts = (
            Receipt.objects.filter(lines__returns__goods_return=goods_return)
            .order_by("pk").distinct().values_list("pk", flat=True)
        )  # fmt: skip
        papers = [locked(Receipt, pk, RECEIPT_NAME) for pk in list(receipts)]
        found = locked(Return, goods_return, NAME)
        may_become(RETURN, found.status, "shipped")
        lines = list(found.lines.select_related("receipt_line__order_line").order_by("line"))
        outside = ledger.place_of(found.supplier_id, "supplier")
        moves = [
            ledger.Line(
                product=one.receipt_line.product_id, source=one.location_id, target=outside.pk,
                qty=one.qty, lot=one.receipt_line.lot_id, unit=one.unit_id,
                source_quality=one.quality, document_line=one.pk,
            )
            for one in lines
        ]  # fmt: skip
        posting = ledger.post(
            actor=actor, kind="supplier_return", lines=moves, key=f"return {found.pk}", at=at,
            reason=found.why,
            document=ledger.Document("purchasing.return", found.number, found.pk),
        )  # fmt: skip
        back: dict[UUID, Decimal] = defaultdict(Decimal)
        credit = Decimal(0)
        for one in lines:
            back[one.receipt_line_id] += one.qty
            taxed = 1 + one.receipt_line.order_line.tax_rate
            credit += one.qty * one.receipt_line.unit_cost * taxed
        rows = ReceiptLine.objects.select_for_update(of=("self",)).filter(pk__in=back)
        for line in rows.order_by("pk"):
            change(line, returned=line.returned + back[line.pk])
        day = timezone.localtime(at).date()
        change(
            found, status="shipped", posting_id=posting.pk, shipped_on=day,
            carrier=carrier.strip(), waybill=waybill.strip(),
            credit_expected=credit.quantize(CENT, ROUND_HALF_UP),
        )  # fmt: skip
        for paper in papers:
            finish(paper)
        events.emit("purchasing.returned", subject=found.number, at=at)
        return {}

    payload = {"return": goods_return, "carrier": carrier, "waybill": waybill}
    once(actor=actor, command="ship-return", key=key, payload=payload, work=work)
    return Return.objects.get(pk=goods_return)


def credit_return(
    *, actor: Any, goods_return: UUID, credit_no: str, credited_on: dt.date, key: str
) -> Return:
    """The supplier's credit note has come."""
    credit_no = need_reason(credit_no, "credit_no")[:80]

    def work() -> dict[str, Any]:
        found = locked(Return, goods_return, NAME)
        may_become(RETURN, found.status, "credited")
        change(found, status="credited", credit_no=credit_no, credited_on=credited_on)
        return {}

    payload = {"return": goods_return, "credit": credit_no, "day": credited_on}
    once(actor=actor, command="credit-return", key=key, payload=payload, work=work)
    return Return.objects.get(pk=goods_return)


def _check_amounts(lines: Sequence[ReturnLineIn], arrived: Mapping[UUID, ReceiptLine]) -> None:
    """Not more than arrived, less what went back and what is on its way back."""
    underway = dict(
        ReturnLine.objects.filter(receipt_line__in=arrived, goods_return__status__in=UNDERWAY)
        .values("receipt_line").annotate(n=Sum("qty")).values_list("receipt_line", "n")
    )  # fmt: skip
    left = {
        pk: one.qty - one.returned - underway.get(pk, Decimal(0)) for pk, one in arrived.items()
    }
    for number, one in enumerate(lines, 1):
        wanted = Decimal(len(one.serials)) if one.serials else one.qty
        if wanted > left[one.receipt_line]:
            raise refuse("returns-too-much", line=number, open=left[one.receipt_line], field="qty")
        left[one.receipt_line] -= wanted


def _lines(
    made: Return, lines: Sequence[ReturnLineIn], arrived: Mapping[UUID, ReceiptLine]
) -> list[ReturnLine]:
    spelt = {"".join(one.place.split()).upper().rpartition("/")[2] for one in lines}
    rows = stock.locations().filter(warehouse_id=made.warehouse_id, code__in=spelt)
    places = {one.code: one for one in rows}
    units = units_of(list(arrived))
    rows_made: list[ReturnLine] = []
    for one in lines:
        place = places.get("".join(one.place.split()).upper().rpartition("/")[2])
        if place is None:
            warehouse = arrived[one.receipt_line].receipt.warehouse.code
            raise refuse("wrong-place", place=one.place[:80], warehouse=warehouse, field="place")
        mine = units.get(one.receipt_line, {})
        serials = ["".join(serial.split()).upper() for serial in one.serials]
        if mine and not serials:
            raise refuse("serial-missing", product_code="", field="serials")
        for serial in serials:
            if serial not in mine:
                raise refuse("not-of-line", serial_no=serial, field="serials",
                             line=arrived[one.receipt_line].line)  # fmt: skip
        parts: list[tuple[Decimal, UUID | None]] = [(Decimal(1), mine[x]) for x in serials]
        parts = parts or [(one.qty, None)]
        rows_made += [
            ReturnLine(
                id=uuid7(), goods_return=made, line=0, receipt_line_id=one.receipt_line,
                location=place, quality=one.quality, unit_id=unit, qty=qty,
            )
            for qty, unit in parts
        ]  # fmt: skip
    for number, row in enumerate(rows_made, 1):
        row.line = number
    return rows_made
