"""Goods kept for orders: first expiring first, never more than there is, and let go of again."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.sales.models import Order, OrderLine
from kintsugi.sales.selectors.checks import stops
from kintsugi.sales.services.allocating import Need, Taken, allocate
from kintsugi.sales.services.common import (
    locked_order,
    need_another,
    once,
    person_of,
)
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as goods

DOCUMENT = "sales.order"
#: States in which goods are kept for an order.
KEEPS = ("approved", "reserved", "picking", "part_shipped")
#: Orders let go of in one round of the daily job.
ORDERS_PER_ROUND = 200


def reserve_order(
    *,
    actor: Any,
    order: UUID,
    key: str,
    at: dt.datetime,
    lines: Sequence[int] = (),
    expires_at: dt.datetime | None = None,
) -> Order:
    """Keep what there is for what an order still lacks, all lines or those with these numbers.
    What is not there stays open. The number of statements does not grow with the lines.

    Raises KintsugiError ``sales.not-to-reserve`` (state), ``sales.stopped`` (a licence, hold or
    recall stands against it), ``sales.deviation-not-agreed`` or ``sales.nothing-free``.
    """
    payload = {"order": order, "lines": list(lines), "expires_at": expires_at}

    def work() -> dict[str, Any]:
        found = locked_order(order)
        day = timezone.localtime(at).date()
        _refuse_state(found)
        refuse_stopped(found, on=day)
        rows = {
            one.pk: one
            for one in found.lines.select_for_update(of=("self",))
            .filter(is_void=False)
            .order_by("line_no")
            if (not lines or one.line_no in lines) and one.qty > one.reserved
        }
        if not rows:
            raise KintsugiError(
                "sales.nothing-to-reserve",
                Text(f"{found.number} 已全部预留。", f"Everything of {found.number} is kept."),
                Text("无需再预留。", "There is nothing left to reserve."),
            )
        needs = [need_of(one, on=day) for one in rows.values()]
        taken = choose(found, needs)
        _refuse_deviation(taken, rows)
        if not any(one.picks for one in taken):
            raise KintsugiError(
                "sales.nothing-free",
                Text("没有可预留的合格库存。", "Nothing of it is free."),
                Text("等待到货、换仓库,或与客户商量。",
                     "Wait for goods, choose another warehouse, or ask the customer."),
                order=found.number,
            )  # fmt: skip
        deviating = [one.need.line for one in taken if one.passed_over is not None]
        OrderLine.objects.filter(pk__in=deviating).update(deviates=True)
        _keep(found, taken, expires_at)
        return {"order": str(found.pk)}

    done = once(actor=actor, command="reserve-order", key=key, payload=payload, work=work)
    return Order.objects.get(pk=done["order"])


def release_order(*, actor: Any, order: UUID, key: str, at: dt.datetime, reason: str = "") -> Order:
    """Let go of everything that is kept for an order and not picked yet."""

    def work() -> dict[str, Any]:
        found = locked_order(order)
        let_go(found)
        return {"order": str(found.pk)}

    payload = {"order": order, "reason": reason}
    done = once(
        actor=actor, command="release-order", key=key, payload=payload, work=work, reason=reason
    )
    return Order.objects.get(pk=done["order"])


def agree_choice(*, actor: Any, order: UUID, line: int, key: str, at: dt.datetime) -> Order:
    """Agree that a line gets the lot or serials the customer chose although others expire first;
    not the seller. Raises NotFound, KintsugiError ``sales.same-person`` or ``sales.no-choice``."""

    def work() -> dict[str, Any]:
        found = locked_order(order)
        row = found.lines.filter(line_no=line, is_void=False).first()
        if row is None:
            raise NotFound(Text("订单行", "order line"), str(line))
        if not row.choice_reason:
            raise KintsugiError(
                "sales.no-choice",
                Text(
                    f"第 {line} 行没有指定批号或序列号。", f"Line {line} asks for no lot or serial."
                ),
                Text("无需批准。", "There is nothing to agree to."),
                line=line,
            )
        need_another(
            actor, found.seller_id, zh="接单人不能批准自己的指定。",
            en="Who took an order cannot agree to its choice.",
        )  # fmt: skip
        OrderLine.objects.filter(pk=row.pk).update(
            choice_by_id=person_of(actor), choice_by_name=str(actor), choice_at=at,
            version=row.version + 1,
        )  # fmt: skip
        return {"order": str(found.pk)}

    payload = {"order": order, "line": line}
    done = once(actor=actor, command="agree-choice", key=key, payload=payload, work=work)
    return Order.objects.get(pk=done["order"])


def release_lapsed(*, actor: Any, at: dt.datetime) -> int:
    """End the reservations that were to end by now, order by order; how many orders they were."""
    lines = {one.document_line for one in stock.lapsed_reservations(DOCUMENT, at=at)[:5_000]}
    orders = sorted(set(OrderLine.objects.filter(pk__in=lines).values_list("order_id", flat=True)))
    for pk in orders[:ORDERS_PER_ROUND]:

        def work(pk: UUID = pk) -> dict[str, Any]:
            found = locked_order(pk)
            goods.end_reservations_of(_ids(found), due_by=at)
            return {"order": str(found.pk)}

        once(
            actor=actor, command="release-lapsed", key=f"{pk} {at.isoformat()}",
            payload={"order": pk}, work=work,
        )  # fmt: skip
    return len(orders[:ORDERS_PER_ROUND])


# -- shared ----------------------------------------------------------------------------------------


def need_of(line: OrderLine, *, on: dt.date) -> Need:
    """What a line still lacks on a day."""
    return Need(
        line=line.pk, product=line.product_id, qty=line.qty - line.reserved,
        usable_on=on + dt.timedelta(days=line.min_remaining_days), lot=line.lot_id,
        serials=frozenset(line.serials),
    )  # fmt: skip


def choose(order: Order, needs: Sequence[Need]) -> list[Taken]:
    """What each need gets; others who choose among the same products wait until we are done."""
    usable: dict[UUID, dt.date] = {}
    for need in needs:
        usable[need.product] = min(usable.get(need.product, need.usable_on), need.usable_on)
    goods.queue_for_goods(usable)
    free = stock.free_of(
        usable_on=usable,
        warehouse=order.warehouse_id,
        lots=[need.lot for need in needs if need.lot],
        serials=[serial for need in needs for serial in need.serials],
    )
    return allocate(needs, free)


def let_go(order: Order) -> None:
    """Let go of what is kept and not picked; the order is locked."""
    goods.end_reservations_of(_ids(order))


def refuse_stopped(order: Order, *, on: dt.date) -> None:
    """Raise KintsugiError ``sales.stopped`` while a licence, hold or recall stands against it."""
    found = stops(order, on=on)
    if found:
        raise KintsugiError(
            "sales.stopped",
            Text(" ".join(one.why.zh for one in found), " ".join(one.why.en for one in found)),
            Text(
                " ".join(dict.fromkeys(one.remedy.zh for one in found)),
                " ".join(dict.fromkeys(one.remedy.en for one in found)),
            ),
            order=order.number,
            failed=[one.check for one in found],
        )


def _ids(order: Order) -> list[UUID]:
    return list(order.lines.values_list("pk", flat=True))


def _keep(order: Order, taken: Sequence[Taken], expires_at: dt.datetime | None) -> None:
    """All reservations of all lines in one statement."""
    paper = goods.Document(DOCUMENT, order.number, order.pk)
    goods.reserve_lines(
        document=paper, picks={one.need.line: one.picks for one in taken}, expires_at=expires_at
    )


def _refuse_state(order: Order) -> None:
    if order.status not in KEEPS:
        raise KintsugiError(
            "sales.not-to-reserve",
            Text(f"{order.number} 未批准、已挂起或已结束。",
                 f"{order.number} is not approved, on hold, or over."),
            Text("先批准或解除挂起。", "Approve it, or take it off hold, first."),
            status=order.status,
        )  # fmt: skip


def _refuse_deviation(taken: Sequence[Taken], rows: dict[UUID, OrderLine]) -> None:
    for one in taken:
        line, earlier = rows[one.need.line], one.passed_over
        if earlier is not None and line.choice_at is None:
            what = earlier["serial_no"] or earlier["lot_no"]
            raise KintsugiError(
                "sales.deviation-not-agreed",
                Text(f"第 {line.line_no} 行:{what}({earlier['expiry_date']})更早到期。",
                     f"Line {line.line_no}: {what} ({earlier['expiry_date']}) expires earlier."),
                Text("由另一人批准客户的指定,或去掉指定。",
                     "Somebody else agrees to the choice, or the line goes without it."),
                line=line.line_no,
            )  # fmt: skip
