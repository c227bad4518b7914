"""Receipts: what the customer got, what comes back from the way and what was lost; and of goods on
consignment what was used or taken back. Each moves its goods at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.sales.kinds_delivery import (
    COLD_RANGES,
    COMING_BACK,
    DELIVERY,
    ON_THE_WAY,
    OUTCOMES,
    UNSIGNED,
)
from kintsugi.sales.models import (
    Delivery,
    DeliveryItem,
    Receipt,
    ReceiptLine,
    Return,
    ReturnLine,
)
from kintsugi.sales.services.common import must_step, once, person_of
from kintsugi.sales.services.delivering import locked_delivery, step_delivery, zone_of
from kintsugi.sales.services.picking import DOCUMENT
from kintsugi.sales.services.warranties import warranty_facts
from kintsugi.stock import services as goods

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Arrived:
    """What became of so much of an item: ``signed``, ``damaged``, ``refused`` or ``lost``."""

    item: UUID
    outcome: str
    qty: Decimal
    reason: str = ""


@dataclass(frozen=True)
class Signature:
    """Who signed, and when; the hashes are those of the photo's and the signature's bytes."""

    signer: str
    signed_at: dt.datetime
    arrival_temp: Decimal | None = None
    photo_sha256: str = ""
    signature_sha256: str = ""
    note: str = ""


def sign_delivery(
    *,
    actor: Any,
    delivery: UUID,
    signature: Signature,
    key: str,
    at: dt.datetime,
    lines: Sequence[Arrived] = (),
    rest: str = "",
) -> Receipt:
    """Record what a customer signed for. ``lines`` say what became of what; ``rest="signed"`` that
    everything else on the way arrived well, ``rest=""`` that it is still on the way.

    Signed goods move to the customer, damaged and refused ones to the returns zone to be inspected,
    lost ones out of stock with the reason. Raises KintsugiError ``sales.more-than-shipped``,
    ``sales.reason-missing``, ``sales.arrival-temperature``, ``sales.nothing-received``, NotFound or
    IllegalTransition.
    """

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        if found.status not in ON_THE_WAY:
            must_step(DELIVERY, found.status, "signed")
        if found.is_consignment:
            raise KintsugiError(
                "sales.on-consignment",
                Text(f"{found.number} 为寄售,货仍是我们的。",
                     f"{found.number} is on consignment; the goods are still ours."),
                Text("登记使用或收回。", "Record what was used or taken back."),
            )  # fmt: skip
        _check_temperature(
            found,
            signature,
            accepts=rest == "signed" or any(one.outcome == "signed" for one in lines),
        )
        made = _receipt(actor, found, "delivery", signature, lines, rest=rest, at=at, key=key)
        return {"receipt": str(made.pk)}

    return _done(actor, "sign-delivery", key, delivery, signature, lines, rest, work)


def report_use(
    *,
    actor: Any,
    delivery: UUID,
    signature: Signature,
    lines: Sequence[Arrived],
    key: str,
    at: dt.datetime,
) -> Receipt:
    """Record what a customer used of goods on consignment: it is sold and billed from now on; what
    is lost there is said too."""

    def work() -> dict[str, Any]:
        found = _consignment(delivery)
        _refuse_outcomes(lines, ("signed", "lost"))
        made = _receipt(actor, found, "use", signature, lines, rest="", at=at, key=key)
        return {"receipt": str(made.pk)}

    return _done(actor, "report-use", key, delivery, signature, lines, "", work)


def take_back(
    *,
    actor: Any,
    delivery: UUID,
    signature: Signature,
    lines: Sequence[Arrived],
    key: str,
    at: dt.datetime,
) -> Receipt:
    """Take goods on consignment back into the returns zone, to be inspected."""

    def work() -> dict[str, Any]:
        found = _consignment(delivery)
        _refuse_outcomes(lines, COMING_BACK)
        made = _receipt(actor, found, "take_back", signature, lines, rest="", at=at, key=key)
        return {"receipt": str(made.pk)}

    return _done(actor, "take-back", key, delivery, signature, lines, "", work)


# -- inside ----------------------------------------------------------------------------------------


def _done(
    actor: Any, command: str, key: str, delivery: UUID, signature: Signature,
    lines: Sequence[Arrived], rest: str, work: Any,
) -> Receipt:  # fmt: skip
    if not signature.signer.strip():
        raise KintsugiError(
            "sales.signer-missing",
            Text("没有写签收人。", "Nobody is named who signed."),
            Text("写明签收人。", "Name who signed."),
            field="signer",
        )
    payload = {"delivery": delivery, "signature": signature, "lines": list(lines), "rest": rest}
    done = once(actor=actor, command=command, key=key, payload=payload, work=work)
    return Receipt.objects.get(pk=done["receipt"])


def _receipt(
    actor: Any,
    delivery: Delivery,
    kind: str,
    signature: Signature,
    lines: Sequence[Arrived],
    *,
    rest: str,
    at: dt.datetime,
    key: str,
) -> Receipt:
    items = {
        one.pk: one
        for one in DeliveryItem.objects.select_for_update(of=("self",))
        .filter(delivery=delivery, is_void=False)
        .select_related("line__order_line", "product", "lot", "unit")
        .order_by("pk")
    }
    arrived = _checked(items, lines, rest)
    made = Receipt.objects.create(
        number=next_number(prefix="RC", on=timezone.localtime(at).date()), kind=kind,
        delivery=delivery, signer=signature.signer.strip(), signed_at=signature.signed_at,
        signed_on=timezone.localtime(signature.signed_at).date(),
        arrival_temp=signature.arrival_temp, photo_sha256=signature.photo_sha256,
        signature_sha256=signature.signature_sha256, note=signature.note.strip(),
        recorded_by_id=person_of(actor), recorded_by_name=str(actor),
    )  # fmt: skip
    _post(actor, delivery, made, items, arrived, at)
    ReceiptLine.objects.bulk_create(
        ReceiptLine(
            receipt=made,
            delivery=delivery,
            item_id=one.item,
            outcome=one.outcome,
            qty=one.qty,
            reason=one.reason.strip(),
        )
        for one in arrived
    )
    _open_return(actor, delivery, made, arrived, at)
    _step(delivery)
    signed = [one for one in arrived if one.outcome == "signed"]
    if signed:
        events.emit("sales.signed", subject=made.number, at=at,
                    facts=_facts(delivery, made, items, signed))  # fmt: skip
    return made


def _open_return(
    actor: Any, delivery: Delivery, receipt: Receipt, arrived: Sequence[Arrived], at: dt.datetime
) -> None:
    """What comes back unsigned lies in the returns zone already; a return asks quality about it.
    That it comes back was nobody's to approve: the receipt says so."""
    back: dict[UUID, Decimal] = defaultdict(Decimal)
    for one in arrived:
        if one.outcome in COMING_BACK:
            back[one.item] += one.qty
    if not back:
        return
    came = {one.outcome for one in arrived if one.outcome in COMING_BACK}
    reason = "transport_damage" if came == {"damaged"} else "refused"
    made = Return.objects.create(
        number=next_number(prefix="RT", on=timezone.localtime(at).date()), delivery=delivery,
        customer_id=delivery.customer_id, customer_name=delivery.customer_name, kind=UNSIGNED,
        reason="taken_back" if receipt.kind == "take_back" else reason,
        note="; ".join(dict.fromkeys(one.reason.strip() for one in arrived if one.reason))[:400],
        status="received", requested_at=at, requested_by_id=person_of(actor),
        requested_by_name=str(actor), approved_at=at, approved_by_name=receipt.number,
        received_at=at, received_by_name=str(actor),
    )  # fmt: skip
    ReturnLine.objects.bulk_create(
        ReturnLine(return_of=made, item_id=item, qty=qty, received=qty)
        for item, qty in back.items()
    )


def _checked(
    items: Mapping[UUID, DeliveryItem], lines: Sequence[Arrived], rest: str
) -> list[Arrived]:
    """What arrived, with the rest; nothing more than is on its way."""
    left = {pk: one.on_the_way for pk, one in items.items()}
    said: dict[tuple[UUID, str], Arrived] = {}
    for number, one in enumerate(lines, 1):
        if one.item not in items:
            raise NotFound(Text("出库明细", "delivered item"), str(one.item), line=number)
        if one.outcome not in OUTCOMES or one.qty <= NOTHING or (one.item, one.outcome) in said:
            raise KintsugiError(
                "sales.quantity",
                Text(f"第 {number} 行的结果或数量不成立。",
                     f"Line {number}: the outcome or quantity cannot be."),
                Text("每项每种结果写一行,数量大于 0。",
                     "Give one line for each thing and outcome, with more than 0."),
                field="qty",
                line=number,
            )  # fmt: skip
        if one.outcome != "signed" and not one.reason.strip():
            raise KintsugiError(
                "sales.reason-missing",
                Text(f"第 {number} 行没有写差异原因。", f"Line {number} does not say why."),
                Text("写明破损、拒收或丢失的原因。", "Say why it was damaged, refused or lost."),
                field="reason",
                line=number,
            )
        left[one.item] -= one.qty
        if left[one.item] < NOTHING:
            item = items[one.item]
            what, way = item.unit or item.lot or item.product, f"{item.on_the_way:g}"
            raise KintsugiError(
                "sales.more-than-shipped",
                Text(f"{what} 在途 {way},登记多了。",
                     f"{way} of {what} is on its way; more was recorded."),
                Text("核对回执上的数量。", "Look at the quantities of the receipt again."),
                field="qty",
                line=number,
            )  # fmt: skip
        said[one.item, one.outcome] = one
    if rest == "signed":
        for pk, qty in left.items():
            if qty > NOTHING:
                before = said.get((pk, "signed"))
                more = qty + (before.qty if before else NOTHING)
                said[pk, "signed"] = Arrived(pk, "signed", more)
    if not said:
        raise KintsugiError(
            "sales.nothing-received",
            Text("回执没有任何货。", "The receipt is about nothing."),
            Text("写明实收、拒收或丢失的数量。", "Say what was received, refused or lost."),
            field="lines",
        )
    return list(said.values())


def _post(
    actor: Any,
    delivery: Delivery,
    receipt: Receipt,
    items: Mapping[UUID, DeliveryItem],
    arrived: Sequence[Arrived],
    at: dt.datetime,
) -> None:
    """Goods go where they are now: one posting for each way they went."""
    ways: dict[str, list[Arrived]] = defaultdict(list)
    for one in arrived:
        ways["return_in" if one.outcome in COMING_BACK else one.outcome].append(one)
    places: dict[str, tuple[str, Callable[[], Any], str]] = {
        "signed": ("sign", lambda: goods.place_of(delivery.customer_id), ""),
        "return_in": ("return_in", lambda: zone_of(delivery.warehouse_id, "return"), "pending"),
        "lost": ("adjustment", lambda: goods.world("loss"), ""),
    }
    for way, (kind, place, quality) in places.items():
        chosen = ways.get(way)
        if not chosen:
            continue
        target = place()
        assert delivery.goes_to_id is not None, "what was shipped is somewhere"
        goods.post(
            actor=actor, kind=kind, key=f"{way} {receipt.pk}", at=at,
            reason="; ".join(dict.fromkeys(one.reason for one in chosen if one.reason))[:400],
            document=goods.Document(DOCUMENT, delivery.number, delivery.pk),
            lines=[
                goods.Line(
                    product=items[one.item].product_id, lot=items[one.item].lot_id,
                    unit=items[one.item].unit_id, source=delivery.goes_to_id, target=target.pk,
                    qty=one.qty, target_quality=quality, document_line=items[one.item].line_id,
                )
                for one in chosen
            ],
        )  # fmt: skip


def _step(delivery: Delivery) -> None:
    """The state that what arrived says."""
    rows = list(delivery.items.filter(is_void=False))
    on_the_way = sum((one.on_the_way for one in rows), NOTHING)
    signed = sum((one.signed for one in rows), NOTHING)
    gone = sum((one.refused + one.lost for one in rows), NOTHING)
    if on_the_way > NOTHING or (signed > NOTHING and gone > NOTHING):
        status = "part_signed"
    else:
        status = "signed" if signed > NOTHING else "refused"
    step_delivery(delivery, status)


def _facts(
    delivery: Delivery,
    receipt: Receipt,
    items: Mapping[UUID, DeliveryItem],
    signed: Sequence[Arrived],
) -> dict[str, Any]:
    """What others need to know: each thing with where it is and how long it is warranted."""
    warranties = warranty_facts(delivery, receipt, [items[one.item] for one in signed])
    rows = []
    for one in signed:
        item = items[one.item]
        dated = item.unit or item.lot
        rows.append(
            {
                "item": str(item.pk), "line": str(item.line_id), "product": str(item.product_id),
                "serial_no": item.unit.serial_no if item.unit else "",
                "lot_no": item.lot.lot_no if item.lot else "", "qty": f"{one.qty:f}",
                "mfg_date": str(dated.mfg_date or "") if dated else "",
                "expiry_date": str(dated.expiry_date or "") if dated else "",
                "warranty": warranties[item.line_id],
            }
        )  # fmt: skip
    return {
        "receipt": str(receipt.pk), "delivery": str(delivery.pk), "delivery_no": delivery.number,
        "customer": str(delivery.customer_id), "department": delivery.department,
        "ship_to": delivery.ship_to, "signed_on": str(receipt.signed_on),
        "shipped_on": str(delivery.shipped_on), "kind": receipt.kind, "items": rows,
    }  # fmt: skip


def _check_temperature(delivery: Delivery, signature: Signature, *, accepts: bool) -> None:
    """Cold goods say how warm they arrived; outside their range nobody signs for them as good."""
    if not delivery.needs_cold:
        return
    if signature.arrival_temp is None:
        raise KintsugiError(
            "sales.arrival-temperature",
            Text("冷链货物须登记到货温度。", "Cold goods need the temperature at arrival."),
            Text("读取温度记录仪后填写。", "Read it from the logger."),
            field="arrival_temp",
        )
    low, high = COLD_RANGES[delivery.needs_cold]
    temp = signature.arrival_temp
    if accepts and (temp > high or (low is not None and temp < low)):
        range_said = f"{low}–{high} °C" if low is not None else f"≤ {high} °C"
        raise KintsugiError(
            "sales.arrival-temperature",
            Text(f"到货温度 {temp:f} °C 不在 {range_said},不能按合格签收。",
                 f"{temp:f} °C at arrival is not within {range_said}; it is not received as good."),
            Text("按拒收登记,货退回待验。", "Record it as refused; it comes back to be inspected."),
            field="arrival_temp",
            temperature=temp,
        )  # fmt: skip


def _consignment(pk: UUID) -> Delivery:
    found = locked_delivery(pk)
    if found.status not in ON_THE_WAY or not found.is_consignment:
        raise KintsugiError(
            "sales.not-on-consignment",
            Text(
                f"{found.number} 没有寄售在客户处的货。",
                f"{found.number} has no goods on consignment.",
            ),
            Text("选择已出库的寄售单。", "Choose a consignment delivery that was shipped."),
        )
    return found


def _refuse_outcomes(lines: Sequence[Arrived], allowed: Sequence[str]) -> None:
    for number, one in enumerate(lines, 1):
        if one.outcome not in allowed:
            raise KintsugiError(
                "sales.outcome",
                Text(f"第 {number} 行的结果在此处不适用。",
                     f"Line {number}: this outcome does not belong here."),
                Text(f"可选:{'、'.join(OUTCOMES[name].zh for name in allowed)}。",
                     f"Choose: {', '.join(OUTCOMES[name].en for name in allowed)}."),
                line=number,
            )  # fmt: skip
