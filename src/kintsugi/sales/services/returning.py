"""Returns and exchanges: asked for, approved by another person, received by scan into the returns
zone, inspected by quality, and settled. Only what a delivery brought comes back, and only once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.core.scope import widen
from kintsugi.sales.kinds_delivery import (
    ASKED_KINDS,
    ASKED_REASONS,
    DECISIONS_SIGNED,
    DECISIONS_UNSIGNED,
    RETURN,
    UNSIGNED,
)
from kintsugi.sales.models import (
    Delivery,
    DeliveryItem,
    DeliveryLine,
    Return,
    ReturnLine,
)
from kintsugi.sales.services.common import must_step, need_another, need_reason, once, person_of
from kintsugi.sales.services.delivering import check_warehouse, zone_of
from kintsugi.sales.services.picking import DOCUMENT as DELIVERY_DOCUMENT
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as goods

DOCUMENT = "sales.return"
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Asked:
    """So much of a delivered item that is to come back."""

    item: UUID
    qty: Decimal


@dataclass(frozen=True)
class Back:
    """What came back of a line: scanned text, and how many of goods without serials."""

    raw: str
    qty: Decimal | None = None


@dataclass(frozen=True)
class Decision:
    """What quality decides about a line. ``place`` is the shelf for goods that are good again, or
    the repairer's place."""

    line: UUID
    decision: str
    finding: str
    place: UUID | None = None


def request_return(
    *,
    actor: Any,
    delivery: UUID,
    kind: str,
    reason: str,
    lines: Sequence[Asked],
    key: str,
    at: dt.datetime,
    note: str = "",
) -> Return:
    """Ask for goods of a delivery to come back. Raises KintsugiError ``sales.return-too-much`` for
    more than the customer has of what that delivery brought, ``sales.no-lines`` or NotFound."""
    _known(kind, ASKED_KINDS, "kind")
    _known(reason, ASKED_REASONS, "reason")
    if not lines:
        raise KintsugiError(
            "sales.no-lines",
            Text("没有要退的货。", "Nothing is to come back."),
            Text("选择出库明细。", "Choose things of the delivery."),
            field="lines",
        )

    def work() -> dict[str, Any]:
        found = Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery).first()
        if found is None:
            raise NotFound(Text("出库单", "delivery"), str(delivery))
        items = set(
            DeliveryItem.objects.select_for_update(of=("self",))
            .filter(delivery=found, pk__in=[one.item for one in lines])
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        for number, one in enumerate(lines, 1):
            if one.item not in items:
                raise NotFound(Text("出库明细", "delivered item"), str(one.item), line=number)
        made = Return.objects.create(
            number=next_number(prefix="RT", on=timezone.localtime(at).date()), delivery=found,
            customer_id=found.customer_id, customer_name=found.customer_name, kind=kind,
            reason=reason, note=note.strip(), status="requested", requested_at=at,
            requested_by_id=person_of(actor), requested_by_name=str(actor),
        )  # fmt: skip
        ReturnLine.objects.bulk_create(
            ReturnLine(return_of=made, item_id=one.item, qty=one.qty) for one in lines
        )
        return {"return": str(made.pk)}

    payload = {"delivery": delivery, "kind": kind, "reason": reason, "lines": list(lines),
               "note": note}  # fmt: skip
    return _done(actor, "request-return", key, payload, work)


def approve_return(*, actor: Any, return_of: UUID, key: str, at: dt.datetime) -> Return:
    """Agree that goods come back; not who asked. Raises KintsugiError ``sales.same-person``."""

    def work() -> dict[str, Any]:
        found = locked_return(return_of)
        must_step(RETURN, found.status, "awaited")
        need_another(
            actor, found.requested_by_id, zh="申请人不能批准自己的退货。",
            en="Who asked for a return cannot approve it.",
        )  # fmt: skip
        step_return(
            found, "awaited", approved_by_id=person_of(actor), approved_by_name=str(actor),
            approved_at=at,
        )  # fmt: skip
        return {"return": str(found.pk)}

    return _done(actor, "approve-return", key, {"return": return_of}, work)


def reject_return(*, actor: Any, return_of: UUID, reason: str, key: str, at: dt.datetime) -> Return:
    """Refuse a return, or end one that was approved and of which nothing came."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_return(return_of)
        must_step(RETURN, found.status, "rejected")
        step_return(found, "rejected", end_reason=said[:400])
        return {"return": str(found.pk)}

    return _done(actor, "reject-return", key, {"return": return_of, "reason": said}, work, said)


def receive_return(
    *, actor: Any, return_of: UUID, scans: Sequence[Back], key: str, at: dt.datetime
) -> Return:
    """Receive goods that were asked back, all of them scanned: they go into the returns zone and
    wait for inspection, expired and recalled ones too. What was not asked for is refused and named;
    less than asked for may come.

    Raises KintsugiError ``sales.return-strange``, ``sales.return-too-much`` or IllegalTransition.
    """

    def work() -> dict[str, Any]:
        found = locked_return(return_of)
        must_step(RETURN, found.status, "received")
        lines = list(
            found.lines.select_for_update(of=("self",))
            .select_related("item__product", "item__lot", "item__unit", "item__line")
            .order_by("pk")
        )
        came = _came(lines, scans, on=timezone.localtime(at).date())
        costs = stock.signed_costs([one.item.line_id for one in lines])
        source = goods.place_of(found.customer_id)
        target = zone_of(found.delivery.warehouse_id, "return")
        goods.post(
            actor=actor, at=at, key=f"return {found.pk}", reason=found.get_reason_display(),
            kind="recall_return" if found.reason == "recall" else "return_in",
            document=goods.Document(DOCUMENT, found.number, found.pk),
            lines=[
                goods.Line(
                    product=one.item.product_id, lot=one.item.lot_id, unit=one.item.unit_id,
                    source=source.pk, target=target.pk, qty=qty, target_quality="pending",
                    document_line=one.item.line_id,
                    unit_cost=costs.get((one.item.line_id, one.item.lot_id, one.item.unit_id)),
                )
                for one, qty in came
            ],
        )  # fmt: skip
        for one, qty in came:
            one.received, one.version = qty, one.version + 1
        ReturnLine.objects.bulk_update([one for one, _ in came], ["received", "version"])
        step_return(found, "received", received_at=at, received_by_name=str(actor))
        events.emit(
            "sales.returned", subject=found.number, at=at,
            facts={
                "return": str(found.pk), "delivery": str(found.delivery_id),
                "customer": str(found.customer_id), "reason": found.reason, "kind": found.kind,
                "items": [
                    {"product": str(one.item.product_id), "qty": f"{qty:f}",
                     "serial_no": one.item.unit.serial_no if one.item.unit else ""}
                    for one, qty in came
                ],
            },
        )  # fmt: skip
        return {"return": str(found.pk)}

    payload = {"return": return_of, "scans": list(scans)}
    return _done(actor, "receive-return", key, payload, work)


def inspect_return(
    *, actor: Any, return_of: UUID, decisions: Sequence[Decision], key: str, at: dt.datetime
) -> Return:
    """Decide about every line that came back, by somebody else than who asked: back to a shelf as
    qualified, to a repairer, rejected for exchange or refund, scrapped, or back to the maker.

    Raises KintsugiError ``sales.same-person``, ``sales.decision-missing``, ``sales.place-missing``,
    ``sales.other-warehouse`` or what the ledger refuses (what expired goes back to no shelf).
    """

    def work() -> dict[str, Any]:
        found = locked_return(return_of)
        must_step(RETURN, found.status, "inspected")
        need_another(
            actor, found.requested_by_id, zh="申请人不能验收自己的退货。",
            en="Who asked for a return cannot inspect it.",
        )  # fmt: skip
        lines = list(
            found.lines.filter(received__gt=0)
            .select_related("item__product__manufacturer")
            .order_by("pk")
        )
        said = _decided(found.kind, lines, decisions)
        _check_places(found.delivery.warehouse_id, lines, said)
        _post_decisions(actor, found, lines, said, at)
        for one in lines:
            what = said[one.pk]
            one.decision, one.finding = what.decision, what.finding.strip()[:400]
            one.version += 1
        ReturnLine.objects.bulk_update(lines, ["decision", "finding", "version"])
        step_return(
            found, "inspected", inspected_by_id=person_of(actor), inspected_by_name=str(actor),
            inspected_at=at,
        )  # fmt: skip
        return {"return": str(found.pk)}

    payload = {"return": return_of, "decisions": list(decisions)}
    return _done(actor, "inspect-return", key, payload, work)


def exchange(
    *,
    actor: Any,
    return_of: UUID,
    key: str,
    at: dt.datetime,
    warehouse: UUID | None = None,
) -> Delivery:
    """Make the delivery that replaces what came back for exchange: as many of the same products,
    first expiring first, kept for it at once. It is picked, checked, shipped and signed for like
    any other; its lines point to the lines of the return.

    Raises KintsugiError ``sales.nothing-to-exchange``, ``sales.exchanged`` or
    ``sales.nothing-free`` (facts: product).
    """

    def work() -> dict[str, Any]:
        if warehouse is not None:
            check_warehouse(warehouse)
        found = locked_return(return_of)
        lines = list(
            found.lines.filter(decision="exchange").select_related("item__product").order_by("pk")
        )
        if found.status != "inspected" or not lines:
            raise KintsugiError(
                "sales.nothing-to-exchange",
                Text("没有判定换货的行。", "No line was decided to be exchanged."),
                Text("先验收并判定换货。", "Inspect it and decide for an exchange first."),
            )
        if DeliveryLine.objects.filter(return_line__in=lines).exclude(
            delivery__status="cancelled"
        ).exists():  # fmt: skip
            raise KintsugiError(
                "sales.exchanged",
                Text("已为这些行换货。", "These lines were exchanged already."),
                Text("无需再操作。", "There is nothing left to do."),
            )
        first = found.delivery
        day = timezone.localtime(at).date()
        made = Delivery.objects.create(
            number=next_number(prefix="DN", on=day), customer_id=first.customer_id,
            customer_name=first.customer_name, warehouse_id=warehouse or first.warehouse_id,
            ship_to=first.ship_to, ship_contact=first.ship_contact, ship_phone=first.ship_phone,
            department=first.department, wanted_on=day, status="draft",
        )  # fmt: skip
        rows = DeliveryLine.objects.bulk_create(
            DeliveryLine(
                delivery=made, line_no=number, return_line=one, qty=one.received,
                product_id=one.item.product_id,
            )
            for number, one in enumerate(lines, 1)
        )  # fmt: skip
        paper = goods.Document(DELIVERY_DOCUMENT, made.number, made.pk)
        for row, one in zip(rows, lines, strict=True):
            picks = stock.first_expiring(
                product=row.product_id, qty=row.qty, on=day, warehouse=made.warehouse_id,
                by_unit=one.item.unit_id is not None,
            )  # fmt: skip
            if sum((p["qty"] for p in picks), NOTHING) < row.qty:
                raise KintsugiError(
                    "sales.nothing-free",
                    Text(f"{one.item.product.product_code} 没有足够的合格库存可换。",
                         f"Not enough of {one.item.product.product_code} is free to exchange."),
                    Text("等待到货,或换一个仓库。", "Wait for goods, or choose another warehouse."),
                    product=one.item.product.product_code,
                )  # fmt: skip
            goods.reserve(document=paper, document_line=row.pk, picks=picks)
        return {"delivery": str(made.pk)}

    payload = {"return": return_of, "warehouse": warehouse}
    done = once(actor=actor, command="exchange", key=key, payload=payload, work=work)
    return Delivery.objects.get(pk=done["delivery"])


def close_return(
    *,
    actor: Any,
    return_of: UUID,
    key: str,
    at: dt.datetime,
    credit_amount: Decimal | None = None,
) -> Return:
    """Settle a return: what was refunded is worth ``credit_amount`` with tax; what was to be
    exchanged has its delivery. Raises KintsugiError ``sales.credit-missing`` or
    ``sales.not-exchanged``."""

    def work() -> dict[str, Any]:
        found = locked_return(return_of)
        must_step(RETURN, found.status, "closed")
        lines = list(found.lines.filter(received__gt=0))
        refunded = any(one.decision == "refund" for one in lines)
        if refunded and credit_amount is None:
            raise KintsugiError(
                "sales.credit-missing",
                Text("有退款行,没有写贷项金额。", "Something is refunded; the credit is missing."),
                Text("写明贷项金额。", "Say how much is credited."),
                field="credit_amount",
            )
        exchanged = [one.pk for one in lines if one.decision == "exchange"]
        done = set(
            DeliveryLine.objects.filter(return_line__in=exchanged)
            .exclude(delivery__status="cancelled")
            .values_list("return_line_id", flat=True)
        )
        if set(exchanged) - done:
            raise KintsugiError(
                "sales.not-exchanged",
                Text("换货尚未发出。", "What was to be exchanged has no delivery yet."),
                Text("先生成换货出库单。", "Make the delivery of the exchange first."),
            )
        step_return(found, "closed", credit_amount=credit_amount)
        return {"return": str(found.pk)}

    payload = {"return": return_of, "credit_amount": credit_amount}
    return _done(actor, "close-return", key, payload, work)


# -- inside ----------------------------------------------------------------------------------------


def locked_return(pk: UUID) -> Return:
    """A return to be changed, within the scope at work, and its delivery: others wait. From here on
    the command sees everything. Raises NotFound."""
    found = Return.objects.filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("退货单", "return"), str(pk))
    widen()
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=found.delivery_id)
    found = Return.objects.select_for_update(of=("self",)).get(pk=pk)
    found.delivery = delivery
    return found


def step_return(found: Return, status: str, **columns: Any) -> None:
    """Write a state and what goes with it; the row is locked."""
    Return.objects.filter(pk=found.pk).update(status=status, version=found.version + 1, **columns)


def _done(
    actor: Any, command: str, key: str, payload: dict[str, Any], work: Any, reason: str = ""
) -> Return:
    answer = once(actor=actor, command=command, key=key, payload=payload, work=work, reason=reason)
    return Return.objects.get(pk=answer["return"])


def _known(value: str, names: dict[str, Any], field: str) -> None:
    if value not in names:
        raise KintsugiError(
            "sales.unknown-choice",
            Text(f"“{value}”不是可选的值。", f"“{value}” is none of the choices."),
            Text(f"可选:{'、'.join(one.zh for one in names.values())}。",
                 f"Choose: {', '.join(one.en for one in names.values())}."),
            field=field,
        )  # fmt: skip


def _came(
    lines: Sequence[ReturnLine], scans: Sequence[Back], *, on: dt.date
) -> list[tuple[ReturnLine, Decimal]]:
    """How much of each line was scanned; anything else is named and nothing is received."""
    came: dict[UUID, Decimal] = defaultdict(Decimal)
    for back, one in zip(
        scans, stock.understand_many([s.raw for s in scans], on=on) if scans else [], strict=True
    ):
        left = back.qty if back.qty is not None else (one.qty or Decimal(1))
        product = one.product.pk if one.product is not None else None
        if left <= NOTHING:
            raise _strange(back, "sales.quantity")
        for line in lines:
            item = line.item
            is_it = item.product_id == product and (
                (one.unit is not None and item.unit_id == one.unit.pk)
                if item.unit_id
                else item.lot_id in (None, one.lot.pk if one.lot is not None else None)
            )
            taken = min(left, line.qty - came[line.pk]) if is_it else NOTHING
            if taken > NOTHING:
                came[line.pk] += taken
                left -= taken
        if left > NOTHING:
            raise _strange(back, "sales.return-strange")
    if not came:
        raise KintsugiError(
            "sales.no-lines",
            Text("没有扫任何货。", "Nothing was scanned."),
            Text("逐件扫描退回的货。", "Scan what came back, thing by thing."),
            field="scans",
        )
    return [(line, came[line.pk]) for line in lines if came[line.pk] > NOTHING]


def _strange(back: Back, code: str) -> KintsugiError:
    return KintsugiError(
        code,
        Text(f"“{back.raw[:80]}”不在申请退回的货中,或多于申请数量。",
             f"“{back.raw[:80]}” was not asked back, or is more than was."),
        Text("放到一边;若客户退了别的货,另建退货申请。",
             "Put it aside; if the customer sent something else, ask for another return."),
        raw=back.raw[:200],
    )  # fmt: skip


def _decided(
    kind: str, lines: Sequence[ReturnLine], decisions: Sequence[Decision]
) -> dict[UUID, Decision]:
    allowed = DECISIONS_UNSIGNED if kind == UNSIGNED else DECISIONS_SIGNED
    said = {one.line: one for one in decisions}
    for line in lines:
        one = said.get(line.pk)
        if one is not None and one.decision:
            _known(one.decision, allowed, "decision")
        if one is None or not one.decision or not one.finding.strip():
            raise KintsugiError(
                "sales.decision-missing",
                Text("有的行没有判定或没有写检查所见。", "A line has no decision or no finding."),
                Text("为每一行写明判定和所见。", "Decide about every line and say what was found."),
                field="decision",
                line=str(line.pk),
            )
        if one.decision in ("restock", "repair") and one.place is None:
            raise KintsugiError(
                "sales.place-missing",
                Text("没有选择库位或维修商。", "No shelf or repairer was chosen."),
                Text("选择放到哪里。", "Choose where it goes."),
                field="place",
                line=str(line.pk),
            )
    return said


def _check_places(warehouse: UUID, lines: Sequence[ReturnLine], said: dict[UUID, Decision]) -> None:
    """Good goods go back to the warehouse that sent them; moving them on is a transfer."""
    chosen = {line.pk: place for line in lines if (place := said[line.pk].place) is not None}
    shelves = stock.locations().filter(pk__in=chosen.values())
    ours = set(
        shelves.filter(Q(kind="bin", warehouse=warehouse) | Q(kind="vendor_repair")).values_list(
            "pk", flat=True
        )
    )
    for line, place in chosen.items():
        if place not in ours:
            raise KintsugiError(
                "sales.other-warehouse",
                Text("这个库位不在发出该货的仓库里,也不是维修商。",
                     "This shelf is not of the warehouse that sent the goods, nor a repairer."),
                Text("选择该仓库的库位;需要换仓库时再调拨。",
                     "Choose a shelf of that warehouse; move the goods on by a transfer."),
                field="place",
                line=str(line),
            )  # fmt: skip


def _post_decisions(
    actor: Any,
    found: Return,
    lines: Sequence[ReturnLine],
    said: dict[UUID, Decision],
    at: dt.datetime,
) -> None:
    """Goods leave the returns zone as quality decided; one posting for each kind of decision."""
    warehouse = found.delivery.warehouse_id
    source = zone_of(warehouse, "return")
    chosen: dict[str, list[ReturnLine]] = defaultdict(list)
    for line in lines:
        chosen[said[line.pk].decision].append(line)
    kinds = {
        "restock": ("acceptance", "qualified"), "repair": ("repair", "pending"),
        "exchange": ("acceptance", "rejected"), "refund": ("acceptance", "rejected"),
        "reject": ("acceptance", "rejected"),
        "scrap": ("scrap", "pending"), "to_maker": ("supplier_return", "pending"),
    }  # fmt: skip
    rejected = (
        zone_of(warehouse, "rejected") if {"exchange", "refund", "reject"} & set(chosen) else None
    )
    for decision, group in sorted(chosen.items()):
        kind, quality = kinds[decision]
        goods.post(
            actor=actor, kind=kind, key=f"{decision} {found.pk}", at=at,
            reason=said[group[0].pk].finding.strip()[:400],
            document=goods.Document(DOCUMENT, found.number, found.pk),
            lines=[
                goods.Line(
                    product=one.item.product_id, lot=one.item.lot_id, unit=one.item.unit_id,
                    source=source.pk, qty=one.received, source_quality="pending",
                    target_quality=quality, document_line=one.item.line_id,
                    target=_place(said[one.pk], one, rejected),
                )
                for one in group
            ],
        )  # fmt: skip


def _place(decision: Decision, line: ReturnLine, rejected: Any) -> UUID:
    """Where goods go by a decision."""
    if decision.decision == "scrap":
        return UUID(str(goods.world("scrap").pk))
    if decision.decision == "to_maker":
        maker = line.item.product.manufacturer_id
        place = goods.place_of(maker, "supplier") if maker else goods.world("supplier")
        return UUID(str(place.pk))
    if decision.place is not None:
        return decision.place
    assert rejected is not None, "rejected goods have their zone"
    return UUID(str(rejected.pk))
