"""The check before shipment, by somebody who picked nothing of it: everything is scanned again,
blind, and passes only when what was scanned is what was picked."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.sales.kinds_delivery import DELIVERY
from kintsugi.sales.models import CheckRecord, Delivery
from kintsugi.sales.selectors.deliveries import check_differences, checked_rows
from kintsugi.sales.services.common import must_step, need_another, need_reason, once, person_of
from kintsugi.sales.services.deciding import Found, among
from kintsugi.sales.services.delivering import locked_delivery, step_delivery
from kintsugi.sales.services.picking import (
    Scan,
    answers_of,
    decided_by,
    items_of,
    keep_scans,
    run_scans,
)
from kintsugi.stock import selectors as stock

#: Differences named in a refusal; the rest are counted.
NAMED_MAX = 50


def start_check(*, actor: Any, delivery: UUID, key: str, at: dt.datetime) -> Delivery:
    """Begin the check of a picked delivery. Raises KintsugiError ``sales.same-person`` for whoever
    picked any of it, or IllegalTransition."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "checking")
        refuse_picker(actor, found)
        step_delivery(
            found, "checking", checker_id=person_of(actor), checker_name=str(actor),
            check_round=found.check_round + 1,
        )  # fmt: skip
        return {"delivery": str(found.pk)}

    return _done(actor, "start-check", key, {"delivery": delivery}, work)


def check_scan(
    *,
    actor: Any,
    delivery: UUID,
    scans: Sequence[Scan],
    key: str,
    at: dt.datetime,
    device: str = "",
) -> list[dict[str, Any]]:
    """Scan goods at the check. The answer does not say how many there should be; what was not
    picked, or is scanned twice, is refused at once. The same key gives the same answers."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        _refuse_other_checker(actor, found)
        items = items_of(found)
        done: dict[tuple[UUID, UUID | None, UUID | None], Decimal] = defaultdict(Decimal)
        for row in found.scans.filter(phase="check", round=found.check_round, accepted=True):
            if row.line_id:
                done[row.line_id, row.lot_id, row.unit_id] += row.qty
        meant = stock.understand_many([one.raw for one in scans], on=timezone.localtime(at).date())

        def decide(scan: Scan, one: Any) -> list[Found]:
            chosen = among(items, one, qty=scan.qty, done=done)
            for part in chosen:
                done[part.item.line_id, part.item.lot_id, part.item.unit_id] += part.qty
            return chosen

        decided = [
            decided_by(lambda s=s, m=m: decide(s, m)) for s, m in zip(scans, meant, strict=True)
        ]
        kept = keep_scans(
            actor, found, "check", scans, meant, decided, key=key, at=at, device=device
        )
        return {"answers": answers_of(found, kept, blind=True)}

    return run_scans(actor, "check-scan", delivery, scans, key, work)


def pass_check(*, actor: Any, delivery: UUID, key: str, at: dt.datetime) -> Delivery:
    """Pass the check and write its record, as the rules for distributors ask for it. Raises
    KintsugiError ``sales.check-differs`` (facts: differences), each thing named."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "checked")
        _refuse_other_checker(actor, found)
        differing = check_differences(found.pk)
        if differing:
            raise differs(differing)
        step_delivery(found, "checked", checked_at=at)
        CheckRecord.objects.create(
            delivery=found, round=found.check_round, customer_name=found.customer_name,
            rows=checked_rows(found.pk), result="qualified", picker_name=found.picker_name,
            checker_name=str(actor), checked_at=at,
        )  # fmt: skip
        return {"delivery": str(found.pk)}

    return _done(actor, "pass-check", key, {"delivery": delivery}, work)


def fail_check(*, actor: Any, delivery: UUID, reason: str, key: str, at: dt.datetime) -> Delivery:
    """Send a delivery back to its picker; the next check scans everything again."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        _refuse_other_checker(actor, found)
        must_step(DELIVERY, found.status, "picking")
        step_delivery(found, "picking", checked_at=None, end_reason=said[:400])
        return {"delivery": str(found.pk)}

    return _done(actor, "fail-check", key, {"delivery": delivery, "reason": said}, work, said)


# -- inside ----------------------------------------------------------------------------------------


def refuse_picker(actor: Any, delivery: Delivery) -> None:
    """Raise KintsugiError ``sales.same-person`` for whoever picked any of a delivery."""
    said = {"zh": "拣货人不能复核自己拣的货。", "en": "Who picked goods cannot check them."}
    need_another(actor, delivery.picker_id, **said)
    person = person_of(actor)
    if person is not None:
        own = delivery.scans.filter(phase="pick", accepted=True, person_id=person)
        need_another(actor, person if own.exists() else None, **said)


def differs(differing: Sequence[dict[str, Any]]) -> KintsugiError:
    """The refusal that names what is missing and what is too much."""
    said_zh, said_en = [], []
    for one in differing[:NAMED_MAX]:
        what = f"{one['product_code']} {one['serial_no'] or one['lot_no'] or ''}".strip()
        more = one["scanned"] - one["picked"]
        said_zh.append(f"{what} {'多' if more > 0 else '少'} {abs(more).normalize():f}")
        said_en.append(f"{what}: {abs(more).normalize():f} too {'many' if more > 0 else 'few'}")
    rest = len(differing) - NAMED_MAX
    if rest > 0:
        said_zh.append(f"另有 {rest} 项")
        said_en.append(f"and {rest} more")
    return KintsugiError(
        "sales.check-differs",
        Text(f"复核与拣货不符:{';'.join(said_zh)}。",
             f"The check differs from what was picked: {'; '.join(said_en)}."),
        Text("补扫漏扫的货;若实物不符,退回拣货。",
             "Scan what was left out; if the goods differ, send it back to the picker."),
        differences=[
            {"product": one["product_code"], "lot": one["lot_no"], "serial": one["serial_no"],
             "picked": f"{one['picked']:f}", "scanned": f"{one['scanned']:f}"}
            for one in differing
        ],
    )  # fmt: skip


def _refuse_other_checker(actor: Any, delivery: Delivery) -> None:
    if delivery.status != "checking":
        must_step(DELIVERY, delivery.status, "checking")
        raise KintsugiError(
            "sales.check-not-begun",
            Text("复核还没有开始。", "The check has not begun."),
            Text("先开始复核。", "Begin it first."),
        )
    if delivery.checker_id is not None and person_of(actor) != delivery.checker_id:
        raise KintsugiError(
            "sales.checked-by-another",
            Text(f"{delivery.number} 由 {delivery.checker_name} 复核。",
                 f"{delivery.checker_name} checks {delivery.number}."),
            Text("请其继续。", "Let them go on."),
            checker=delivery.checker_name,
        )  # fmt: skip


def _done(
    actor: Any, command: str, key: str, payload: dict[str, Any], work: Any, reason: str = ""
) -> Delivery:
    answer = once(actor=actor, command=command, key=key, payload=payload, work=work, reason=reason)
    return Delivery.objects.get(pk=answer["delivery"])
