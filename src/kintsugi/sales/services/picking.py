"""Picking by scanning: each scan is decided here and now, kept with what was said to it, and moves
the goods to the shipping zone."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.sales.kinds_delivery import DELIVERY
from kintsugi.sales.models import Delivery, DeliveryItem, DeliveryLine, PickScan
from kintsugi.sales.services.common import must_step, need_reason, once, person_of
from kintsugi.sales.services.deciding import Bench, Found, Kept, Pick, among, pick
from kintsugi.sales.services.delivering import (
    locked_delivery,
    shipping_zone,
    step_delivery,
    zone_of,
)
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as goods
from kintsugi.stock.selectors import Scanned

DOCUMENT = "sales.delivery"
NOTHING = Decimal(0)
#: Scans of one command.
SCANS_MAX = 2_000
#: Faults of goods that may still be put back.
HARMLESS = ("scan.expired", "scan.held", "scan.recalled", "scan.rejected")


@dataclass(frozen=True)
class Scan:
    """One scan as it came. ``location`` is the place scanned before it; ``qty`` of goods without
    serials in base units, None for what the label says or one; ``box`` what it is put into."""

    raw: str
    qty: Decimal | None = None
    location: UUID | None = None
    box: str = ""


def pick_scan(
    *,
    actor: Any,
    delivery: UUID,
    scans: Sequence[Scan],
    key: str,
    at: dt.datetime,
    device: str = "",
) -> list[dict[str, Any]]:
    """Pick what was scanned, by the person the delivery is assigned to. Each scan gets an answer:
    ``accepted``, ``code``, ``said`` and ``remedy`` in both languages, and what is left; a refused
    one moves nothing and is kept too. The same key gives the same answers, so a scan whose answer
    was lost is sent again. However many scans, the number of statements is the same.

    Raises KintsugiError ``sales.picked-by-another``, ``sales.too-many-scans`` or IllegalTransition.
    """

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        _refuse_another(actor, found)
        if found.status != "picking":
            must_step(DELIVERY, found.status, "picking", begins=("assigned",))
        bench = _bench(found, on=timezone.localtime(at).date())
        meant = stock.understand_many([one.raw for one in scans], on=bench.on)
        _look_around(bench, meant)

        def decide(scan: Scan, one: Scanned) -> list[Pick]:
            if one.kind == "location":
                one.sound()
                _refuse_other_warehouse(found, one)
                return []
            return pick(bench, one, qty=scan.qty, location=scan.location)

        decided = [
            decided_by(lambda s=s, m=m: decide(s, m)) for s, m in zip(scans, meant, strict=True)
        ]
        _apply(decided, lambda picks, n: _move(actor, found, picks, n, scans, key, at))
        kept = keep_scans(
            actor, found, "pick", scans, meant, decided, key=key, at=at, device=device
        )
        if any(isinstance(one, list) and one for one in decided) and found.status == "assigned":
            step_delivery(found, "picking")
        return {"answers": answers_of(found, kept)}

    return run_scans(actor, "pick-scan", delivery, scans, key, work)


def put_back_scan(
    *,
    actor: Any,
    delivery: UUID,
    scans: Sequence[Scan],
    key: str,
    at: dt.datetime,
    device: str = "",
) -> list[dict[str, Any]]:
    """Put picked goods back to where they were taken; they stay reserved for the order. Goods that
    are held, recalled or expired go to the quarantine zone and are let go of instead."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        _refuse_another(actor, found)
        DELIVERY.check(found.status, "picking")
        if found.status != "picking":
            step_delivery(found, "picking", checked_at=None)
        items = items_of(found)
        meant = stock.understand_many([one.raw for one in scans], on=timezone.localtime(at).date())
        done: dict[tuple[UUID, UUID | None, UUID | None], Decimal] = defaultdict(Decimal)

        def decide(scan: Scan, one: Scanned) -> list[Found]:
            chosen = among(items, one, qty=scan.qty, done=done, passed=HARMLESS)
            for part in chosen:
                done[part.item.line_id, part.item.lot_id, part.item.unit_id] += part.qty
            return chosen

        decided = [
            decided_by(lambda s=s, m=m: decide(s, m)) for s, m in zip(scans, meant, strict=True)
        ]
        sick = [bool(one.stops()) for one in meant]
        _apply(decided, lambda parts, n: _return(actor, found, parts, sick, n, key, at))
        kept = keep_scans(
            actor, found, "put_back", scans, meant, decided, key=key, at=at, device=device
        )
        return {"answers": answers_of(found, kept)}

    return run_scans(actor, "put-back-scan", delivery, scans, key, work)


def finish_picking(
    *, actor: Any, delivery: UUID, key: str, at: dt.datetime, short_reason: str = ""
) -> Delivery:
    """Say that everything is picked. With ``short_reason`` less may be: what is missing stays kept
    for another delivery. Raises KintsugiError ``sales.not-all-picked`` (facts: missing)."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        _refuse_another(actor, found)
        must_step(DELIVERY, found.status, "picked", begins=("picking",))
        lines = list(found.lines.filter(is_void=False).select_related("product"))
        missing = [line for line in lines if line.picked < line.qty]
        if all(line.picked == NOTHING for line in lines) or (missing and not short_reason.strip()):
            said = [f"{one.product.product_code} × {one.qty - one.picked:g}" for one in missing]
            raise KintsugiError(
                "sales.not-all-picked",
                Text(f"还缺:{'、'.join(said)}。", f"Still missing: {', '.join(said)}."),
                Text("继续拣货;若确实缺货,写明原因。", "Pick on; if it is not there, say why."),
                missing=said,
            )
        step_delivery(found, "picked", picked_at=at, short_reason=short_reason.strip()[:400])
        return {"delivery": str(found.pk)}

    payload = {"delivery": delivery, "short_reason": short_reason}
    done = once(actor=actor, command="finish-picking", key=key, payload=payload, work=work)
    return Delivery.objects.get(pk=done["delivery"])


def reopen_picking(
    *, actor: Any, delivery: UUID, reason: str, key: str, at: dt.datetime
) -> Delivery:
    """Go back to picking from a delivery that was picked or checked; it is checked anew."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "picking", begins=("picked", "checked"))
        step_delivery(found, "picking", checked_at=None, end_reason=said[:400])
        return {"delivery": str(found.pk)}

    payload = {"delivery": delivery, "reason": said}
    done = once(
        actor=actor, command="reopen-picking", key=key, payload=payload, work=work, reason=said
    )
    return Delivery.objects.get(pk=done["delivery"])


# -- shared with checking --------------------------------------------------------------------------


def run_scans(
    actor: Any, command: str, delivery: UUID, scans: Sequence[Scan], key: str, work: Any
) -> list[dict[str, Any]]:
    """A command of scans: once, and the same answers for the same key."""
    if not scans or len(scans) > SCANS_MAX:
        raise KintsugiError(
            "sales.too-many-scans",
            Text(f"一次 1 至 {SCANS_MAX:,} 条扫描。", f"1 to {SCANS_MAX:,} scans at a time."),
            Text("分几次提交。", "Send them in several parts."),
            scans=len(scans),
        )
    payload = {"delivery": delivery, "scans": list(scans)}
    done = once(actor=actor, command=command, key=f"{delivery} {key}", payload=payload, work=work)
    return list(done["answers"])


def decided_by(decide: Any) -> list[Any] | KintsugiError:
    """What a scan means, or the refusal in words."""
    try:
        found: list[Any] = decide()
    except KintsugiError as refusal:
        return refusal
    return found


def keep_scans(
    actor: Any,
    delivery: Delivery,
    phase: str,
    scans: Sequence[Scan],
    meant: Sequence[Scanned],
    decided: Sequence[Any],
    *,
    key: str,
    at: dt.datetime,
    device: str,
) -> list[PickScan]:
    """Every scan with what was said to it; one that was about several lines is kept in parts."""
    rows: list[PickScan] = []
    for number, (scan, one, what) in enumerate(zip(scans, meant, decided, strict=True)):
        name = key if len(scans) == 1 else f"{key}/{number}"
        facts: dict[str, Any] = {
            "delivery": delivery, "phase": phase, "round": delivery.check_round,
            "raw": scan.raw[:500], "person_id": person_of(actor), "person_name": str(actor),
            "device": device[:120], "scanned_at": at,
            "product_id": one.product.pk if one.product is not None else None,
            "lot_id": one.lot.pk if one.lot is not None else None,
            "unit_id": one.unit.pk if one.unit is not None else None,
            "location_id": one.location.pk if one.location is not None else scan.location,
            "parsed": {"kind": one.kind, "lot_no": one.lot_no, "serial_no": one.serial_no,
                       "expiry": str(one.expiry_date or ""), "sscc": one.sscc},
        }  # fmt: skip
        if isinstance(what, KintsugiError):
            said = {"zh": what.message.zh, "en": what.message.en,
                    "remedy_zh": what.remedy.zh, "remedy_en": what.remedy.en}  # fmt: skip
            rows.append(PickScan(key=name, accepted=False, code=what.code, said=said, **facts))
            continue
        parts = [_part(part) for part in what] or [{}]
        for n, part in enumerate(parts):
            rows.append(
                PickScan(
                    key=name if n == 0 else f"{name}#{n}", accepted=True,
                    code="accepted" if part else "location", **{**facts, **part},
                )
            )  # fmt: skip
    return PickScan.objects.bulk_create(rows)


def answers_of(delivery: Delivery, rows: Sequence[PickScan], *, blind: bool = False) -> list[Any]:
    """What is told to whoever scanned; ``blind`` leaves out how many there should be."""
    lines = list(
        DeliveryLine.objects.filter(delivery=delivery, is_void=False).select_related("product")
    )
    numbers = {line.pk: line for line in lines}
    wanted, picked = sum(one.qty for one in lines), sum(one.picked for one in lines)
    answers = []
    for row in rows:
        line = numbers.get(row.line_id) if row.line_id else None
        answer: dict[str, Any] = {
            "raw": row.raw, "accepted": row.accepted, "code": row.code,
            "said": {"zh": row.said.get("zh", ""), "en": row.said.get("en", "")},
            "remedy": {"zh": row.said.get("remedy_zh", ""), "en": row.said.get("remedy_en", "")},
            "line": line.line_no if line else None,
            "product_code": line.product.product_code if line else "",
            "what": row.parsed.get("serial_no") or row.parsed.get("lot_no") or "",
            "qty": f"{row.qty:f}", "location": str(row.location_id or ""),
        }  # fmt: skip
        if not blind:
            answer |= {"picked": f"{picked:f}", "wanted": f"{wanted:f}"}
        answers.append(answer)
    return answers


def items_of(delivery: Delivery) -> list[DeliveryItem]:
    """What lies picked, in the order it was."""
    rows = delivery.items.filter(is_void=False).select_related("line", "product", "lot", "unit")
    return list(rows.order_by("line__line_no", "pk"))


# -- inside ----------------------------------------------------------------------------------------


def _part(part: Pick | Found) -> dict[str, Any]:
    if isinstance(part, Pick):
        return {"line": part.line, "product_id": part.product, "lot_id": part.lot,
                "unit_id": part.unit, "location_id": part.location, "qty": part.qty}  # fmt: skip
    item = part.item
    return {"line": item.line, "product_id": item.product_id, "lot_id": item.lot_id,
            "unit_id": item.unit_id, "qty": part.qty}  # fmt: skip


def _refuse_another(actor: Any, delivery: Delivery) -> None:
    person = person_of(actor)
    if delivery.picker_id is not None and person != delivery.picker_id:
        raise KintsugiError(
            "sales.picked-by-another",
            Text(f"{delivery.number} 由 {delivery.picker_name} 拣货。",
                 f"{delivery.picker_name} picks {delivery.number}."),
            Text("请其继续,或在开始前改派。",
                 "Let them go on, or assign it to somebody else before it begins."),
            picker=delivery.picker_name,
        )  # fmt: skip


def _refuse_other_warehouse(delivery: Delivery, scan: Scanned) -> None:
    place = scan.location
    if place is None or place.warehouse_id != delivery.warehouse_id:
        raise KintsugiError(
            "sales.other-warehouse",
            Text(
                f"{place} 不属于本单的仓库。", f"{place} is not in the warehouse of this delivery."
            ),
            Text("扫本仓库的库位。", "Scan a place of this warehouse."),
        )


def _bench(delivery: Delivery, *, on: dt.date) -> Bench:
    """What is to be picked and what is kept for it; four queries."""
    lines = list(
        delivery.lines.filter(is_void=False)
        .select_related("product", "order_line")
        .order_by("line_no")
    )
    by_document = {line.kept_for: line for line in lines}
    kept = [
        Kept(
            id=one.pk, line=by_document[one.document_line], product=one.product_id,
            lot=one.lot_id, lot_no=one.lot.lot_no if one.lot else "", unit=one.unit_id,
            serial_no=one.unit.serial_no if one.unit else "",
            expires=(one.unit.expiry_date if one.unit else None)
            or (one.lot.expiry_date if one.lot else None),
            location=one.location_id, place=str(one.location), left=one.qty,
        )
        for one in stock.kept_goods(by_document, warehouse=delivery.warehouse_id)
    ]  # fmt: skip
    return Bench(
        warehouse=delivery.warehouse_id, on=on, lines=lines, kept=kept, items=items_of(delivery)
    )


def _look_around(bench: Bench, meant: Sequence[Scanned]) -> None:
    """What else may be taken than what is kept: for whom scanned units are kept, and where goods of
    scanned lots that nothing is kept of lie free."""
    own = {one.unit for one in bench.kept}
    strange = [one.unit.pk for one in meant if one.unit is not None and one.unit.pk not in own]
    if strange:
        bench.holders = stock.holders_of_units(strange)
    wanted = {line.product_id for line in bench.lines}
    free = {}
    for one in meant:
        if one.product is None or one.product.pk not in wanted or one.unit is not None:
            continue
        spot = (one.product.pk, one.lot.pk if one.lot and one.tracking == "lot" else None)
        if spot not in free and one.tracking in ("lot", "none"):
            free[spot] = stock.free_at(
                product=spot[0], lot=spot[1], warehouse=bench.warehouse, on=bench.on
            )
    bench.free = free


def _apply(decided: list[Any], move: Any) -> None:
    """Move what was decided, all of it in one posting; where the ledger refuses, what it says is
    the answer to every scan of this command."""
    chosen = [(n, part) for n, one in enumerate(decided) if isinstance(one, list) for part in one]
    if not chosen:
        return
    try:
        with transaction.atomic():
            move([part for _, part in chosen], [n for n, _ in chosen])
    except KintsugiError as refusal:
        for n, _ in chosen:
            decided[n] = refusal


def _move(
    actor: Any,
    delivery: Delivery,
    picks: Sequence[Pick],
    numbers: Sequence[int],
    scans: Sequence[Scan],
    key: str,
    at: dt.datetime,
) -> None:
    """Reservations are used up, the goods go to the shipping zone, the items are written."""
    target = shipping_zone(delivery.warehouse_id)
    units = [one.unit for one in picks if one.unit]
    for swapped, status in ((False, "consumed"), (True, "released")):
        taken: dict[UUID, Decimal] = defaultdict(Decimal)
        for one in picks:
            if one.is_swap == swapped:
                taken[one.kept] += one.qty
        goods.take_reserved(taken, units=units, status=status)
        units = []
    goods.post(
        actor=actor, kind="pick", key=f"pick {delivery.pk} {key}"[:200], at=at,
        document=goods.Document(DOCUMENT, delivery.number, delivery.pk),
        lines=[
            goods.Line(
                product=one.product, lot=one.lot, unit=one.unit, source=one.location,
                target=target.pk, qty=one.qty, document_line=one.line.pk,
            )
            for one in picks
        ],
    )  # fmt: skip
    there = {
        (one.line_id, one.lot_id, one.taken_from_id, one.box_no): one
        for one in items_of(delivery)
        if one.unit_id is None
    }
    new: dict[Any, DeliveryItem] = {}
    grown: dict[UUID, Decimal] = defaultdict(Decimal)
    for one, n in zip(picks, numbers, strict=True):
        spot = (one.line.pk, one.lot, one.location, scans[n].box.strip()[:40])
        known = there.get(spot) if one.unit is None else None
        if known is not None:
            grown[known.pk] += one.qty
        elif one.unit is None and spot in new:
            new[spot].picked += one.qty
        else:
            new[one.unit or spot] = DeliveryItem(
                delivery=delivery, line=one.line, product_id=one.product, lot_id=one.lot,
                unit_id=one.unit, taken_from_id=one.location, box_no=spot[3], picked=one.qty,
            )  # fmt: skip
    for pk, qty in grown.items():
        DeliveryItem.objects.filter(pk=pk).update(
            picked=F("picked") + qty, version=F("version") + 1
        )
    DeliveryItem.objects.bulk_create(new.values())


def _return(
    actor: Any,
    delivery: Delivery,
    parts: Sequence[Found],
    sick: Sequence[bool],
    numbers: Sequence[int],
    key: str,
    at: dt.datetime,
) -> None:
    """The goods go back to their shelves, or apart where they must not go out."""
    source = shipping_zone(delivery.warehouse_id)
    apart = zone_of(delivery.warehouse_id, "quarantine") if any(sick) else None
    bad = [sick[n] for n in numbers]
    goods.post(
        actor=actor, kind="put_away", key=f"put back {delivery.pk} {key}"[:200], at=at,
        document=goods.Document(DOCUMENT, delivery.number, delivery.pk),
        lines=[
            goods.Line(
                product=one.item.product_id, lot=one.item.lot_id, unit=one.item.unit_id,
                source=source.pk, qty=one.qty, document_line=one.item.line_id,
                target=apart.pk if is_bad and apart is not None else one.item.taken_from_id,
            )
            for one, is_bad in zip(parts, bad, strict=True)
        ],
    )  # fmt: skip
    back: dict[UUID, Decimal] = defaultdict(Decimal)
    for one in parts:
        back[one.item.pk] += one.qty
    items = {one.item.pk: one.item for one in parts}
    for pk, qty in back.items():
        item = items[pk]
        left = item.picked - qty
        DeliveryItem.objects.filter(pk=pk).update(
            picked=left, is_void=left == NOTHING, version=item.version + 1,
            void_reason="put back" if left == NOTHING else "",
        )  # fmt: skip
    again: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for one, is_bad in zip(parts, bad, strict=True):
        if not is_bad:
            item = one.item
            again[item.line.kept_for].append(
                {"product_id": item.product_id, "lot_id": item.lot_id, "unit_id": item.unit_id,
                 "location_id": item.taken_from_id, "qty": one.qty}
            )  # fmt: skip
    _keep_again(delivery, again)


def _keep_again(delivery: Delivery, again: dict[UUID, list[dict[str, Any]]]) -> None:
    """What was put back is kept again for the document it was kept for."""
    lines = {
        line.kept_for: line
        for line in delivery.lines.filter(is_void=False).select_related("order_line__order")
    }
    for document_line, picks in again.items():
        order_line = lines[document_line].order_line
        paper = (
            goods.Document("sales.order", order_line.order.number, order_line.order_id)
            if order_line is not None
            else goods.Document(DOCUMENT, delivery.number, delivery.pk)
        )
        goods.reserve(document=paper, document_line=document_line, picks=picks)
