"""Orders that change, wait, or end: every change keeps how it read before, and why."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, StaleVersion, Text
from kintsugi.sales.kinds import BEFORE_SHIPMENT, FLOW, HOLD_REASONS, ORDER
from kintsugi.sales.models import Order, OrderLine, OrderRevision
from kintsugi.sales.services.common import (
    locked_order,
    must_step,
    need_reason,
    once,
    person_of,
)
from kintsugi.sales.services.orders import (
    LineWanted,
    built_lines,
    check_lines,
    keep_judgement,
    step,
)
from kintsugi.sales.services.pricing import amount
from kintsugi.sales.services.reserving import let_go
from kintsugi.stock.services import end_reservations_of

#: An order may be written anew until somebody picks for it.
WRITABLE = ("draft", "submitted", "approved", "reserved")


def change_order(
    *,
    actor: Any,
    order: UUID,
    lines: Sequence[LineWanted],
    reason: str,
    key: str,
    at: dt.datetime,
    version: int | None = None,
    wanted_on: dt.date | None = None,
    warehouse: UUID | None = None,
    note: str | None = None,
) -> Order:
    """Write the lines of an order anew, before anything of it was picked.

    How it read is kept as a revision. What was kept of goods is let go of; past submission it
    waits for approval again. A draft changes without a reason. Raises KintsugiError
    ``sales.too-late``, ``sales.reason-missing`` or StaleVersion.
    """
    check_lines(lines)
    payload = {
        "order": order, "lines": list(lines), "reason": reason, "version": version,
        "wanted_on": wanted_on, "warehouse": warehouse, "note": note,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        found = locked_order(order)
        if version is not None and version != found.version:
            raise StaleVersion(found.number, read=version, now=found.version)
        if found.status not in WRITABLE:
            raise _too_late(found)
        said = reason.strip()
        if found.status != "draft":
            said = need_reason(reason)
        let_go(found)
        if said:
            _keep_revision(actor, found, said, at)
        _rewrite(found, lines)
        status = "draft" if found.status == "draft" else "submitted"
        step(
            found, status, revision=found.revision + (1 if said else 0),
            approved_by=None, approved_by_name="", approved_at=None, approved_on=None,
            credit_by=None, credit_by_name="", credit_reason="",
            wanted_on=wanted_on or found.wanted_on, warehouse_id=warehouse or found.warehouse_id,
            note=found.note if note is None else note.strip(),
        )  # fmt: skip
        if status == "submitted":
            keep_judgement(actor, found, "change", at)
        return {"order": str(found.pk)}

    return _done(actor, "change-order", key, payload, work, reason)


def reduce_order(
    *,
    actor: Any,
    order: UUID,
    quantities: dict[int, Decimal],
    reason: str,
    key: str,
    at: dt.datetime,
) -> Order:
    """Take quantities down, by line number, to no less than what has been picked: what remains is
    given up. It stays approved, since it asks for less. Raises KintsugiError
    ``sales.below-picked``, ``sales.not-less`` or ``sales.too-late``."""
    said = need_reason(reason)
    payload = {"order": order, "quantities": quantities, "reason": said}

    def work() -> dict[str, Any]:
        found = locked_order(order)
        if found.status in ("closed", "cancelled", "signed"):
            raise _too_late(found)
        rows = {
            one.line_no: one
            for one in found.lines.select_for_update(of=("self",)).filter(is_void=False)
        }
        for number, qty in quantities.items():
            _refuse_reduction(rows.get(number), number, qty)
        if all(quantities.get(number) == 0 for number in rows):
            raise KintsugiError(
                "sales.nothing-left",
                Text("减少后订单没有任何行。", "Nothing of the order would be left."),
                Text("改为取消订单。", "Cancel the order instead."),
                field="qty",
            )
        _keep_revision(actor, found, said, at)
        # What fits into the smaller quantity stays kept.
        end_reservations_of([rows[n].pk for n, qty in quantities.items() if rows[n].reserved > qty])
        for number, qty in sorted(quantities.items()):
            row = rows[number]
            columns: dict[str, Any] = {"qty": qty, "amount": amount(qty, row.price, row.discount)}
            if qty == 0:
                columns = {"is_void": True, "void_reason": said[:400]}
            OrderLine.objects.filter(pk=row.pk).update(version=row.version + 1, **columns)
        found.refresh_from_db()
        step(found, found.status, revision=found.revision + 1)
        return {"order": str(found.pk)}

    return _done(actor, "reduce-order", key, payload, work, said)


def cancel_order(*, actor: Any, order: UUID, reason: str, key: str, at: dt.datetime) -> Order:
    """End an order of which nothing was shipped; everything kept for it is free again.

    Raises KintsugiError ``sales.too-late`` where goods are picked or shipped.
    """
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_order(order)
        must_step(ORDER, found.status, "cancelled")
        if found.lines.filter(picked__gt=0).exists():
            raise _too_late(found)
        let_go(found)
        found.refresh_from_db()
        step(found, "cancelled", end_reason=said, held_from="")
        events.emit("sales.order-cancelled", subject=found.number, at=at,
                    facts={"order": str(found.pk), "reason": said})  # fmt: skip
        return {"order": str(found.pk)}

    return _done(actor, "cancel-order", key, {"order": order, "reason": said}, work, said)


def hold_order(
    *, actor: Any, order: UUID, kind: str, reason: str, key: str, at: dt.datetime
) -> Order:
    """Stop an order where it is; what is kept for it and not picked is free for others."""
    said = need_reason(reason)
    assert kind in HOLD_REASONS, f"unknown reason of a hold {kind}"

    def work() -> dict[str, Any]:
        found = locked_order(order)
        must_step(ORDER, found.status, "on_hold")
        before = found.status
        step(found, "on_hold", held_from=before, hold_kind=kind, hold_reason=said)
        let_go(found)
        events.emit("sales.order-held", subject=found.number, at=at,
                    facts={"order": str(found.pk), "kind": kind, "reason": said})  # fmt: skip
        return {"order": str(found.pk)}

    payload = {"order": order, "kind": kind, "reason": said}
    return _done(actor, "hold-order", key, payload, work, said)


def resume_order(*, actor: Any, order: UUID, reason: str, key: str, at: dt.datetime) -> Order:
    """Let an order go on from where its quantities say it is."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_order(order)
        back = found.held_from or found.status
        if back in FLOW:
            back = state_of(found)
        must_step(ORDER, found.status, back)
        step(found, back, held_from="", hold_kind="", hold_reason="")
        return {"order": str(found.pk)}

    return _done(actor, "resume-order", key, {"order": order, "reason": said}, work, said)


def close_order(*, actor: Any, order: UUID, key: str, at: dt.datetime) -> Order:
    """End an order whose goods were signed for. Raises IllegalTransition or KintsugiError
    ``sales.open-differences`` while goods are shipped that nobody signed or refused for good."""

    def work() -> dict[str, Any]:
        found = locked_order(order)
        must_step(ORDER, found.status, "closed")
        if found.status == "part_signed":
            raise KintsugiError(
                "sales.open-differences",
                Text(f"{found.number} 还有未签收或拒收未处理的货。",
                     f"Goods of {found.number} are neither signed for nor taken back."),
                Text("先处理差异:签收、退回,或减少数量。",
                     "Settle the difference first: a receipt, a return, or a smaller quantity."),
            )  # fmt: skip
        step(found, "closed")
        return {"order": str(found.pk)}

    return _done(actor, "close-order", key, {"order": order}, work)


def state_of(order: Order) -> str:
    """The state that the lines' quantities say."""
    with connection.cursor() as cursor:
        cursor.execute("select sales_order_state(%s)", [order.pk])
        return str(cursor.fetchone()[0])


# -- inside ----------------------------------------------------------------------------------------


def _rewrite(order: Order, lines: Sequence[LineWanted]) -> None:
    """The new lines in place of the old ones: numbers that are gone are voided, never deleted."""
    group = order.customer.customer_type or ""
    known = {one.line_no: one for one in order.lines.all()}
    made = built_lines(order, lines, group=group)
    fresh = []
    for row in made:
        old = known.pop(row.line_no, None)
        if old is None:
            fresh.append(row)
            continue
        row.pk, row.version, row.is_void, row.void_reason = old.pk, old.version + 1, False, ""
        columns = {
            field.attname: getattr(row, field.attname)
            for field in OrderLine._meta.concrete_fields
            if field.attname not in ("id", "created_at", "updated_at", "reserved", "order_id")
        }
        OrderLine.objects.filter(pk=old.pk).update(**columns)
    OrderLine.objects.filter(pk__in=[one.pk for one in known.values()], is_void=False).update(
        is_void=True, void_reason="changed"
    )
    OrderLine.objects.bulk_create(fresh)
    order.refresh_from_db()


def content_of(order: Order) -> dict[str, Any]:
    """How an order reads: what people see, by names and codes."""
    lines = order.lines.filter(is_void=False).select_related("product", "lot").order_by("line_no")
    return {
        "wanted_on": order.wanted_on.isoformat(),
        "total": str(order.total),
        "note": order.note,
        "lines": [
            {
                "line_no": one.line_no,
                "product_code": one.product.product_code,
                "qty": f"{one.qty.normalize():f}",
                "price": f"{one.price.normalize():f}",
                "discount": f"{one.discount.normalize():f}",
                "amount": f"{one.amount:.2f}",
                "lot_no": one.lot.lot_no if one.lot else "",
                "serials": list(one.serials),
            }
            for one in lines
        ],
    }


def _keep_revision(actor: Any, order: Order, reason: str, at: dt.datetime) -> None:
    OrderRevision.objects.create(
        order=order, no=order.revision, content=content_of(order), reason=reason[:400],
        changed_by_id=person_of(actor), changed_by_name=str(actor), changed_at=at,
    )  # fmt: skip


def _refuse_reduction(row: OrderLine | None, number: int, qty: Decimal) -> None:
    if row is None or qty >= row.qty or qty < 0:
        had = f"{row.qty.normalize():f}" if row else "–"
        raise KintsugiError(
            "sales.not-less",
            Text(f"第 {number} 行现为 {had},{qty:f} 不是减少。",
                 f"Line {number} is for {had}; {qty:f} is not less."),
            Text("要增加或换产品,请变更订单。", "To ask for more, change the order."),
            field="qty",
            line=number,
        )  # fmt: skip
    if qty < row.picked:
        raise KintsugiError(
            "sales.below-picked",
            Text(f"第 {number} 行已拣 {row.picked.normalize():f},不能减到 {qty:f}。",
                 f"{row.picked.normalize():f} of line {number} is picked; {qty:f} is less."),
            Text("先放回已拣的货。", "Put back what was picked first."),
            field="qty",
            line=number,
        )  # fmt: skip


def _too_late(order: Order) -> KintsugiError:
    before = order.status in BEFORE_SHIPMENT
    return KintsugiError(
        "sales.too-late",
        Text(f"{order.number} 已{ORDER.states[order.status].zh}。",
             f"{order.number} is {ORDER.states[order.status].en} already."),
        Text("先放回已拣的货。", "Put back what was picked first.")
        if before
        else Text("可减少未发数量;已发的走退货。",
                  "Reduce what is not shipped; what is shipped comes back as a return."),
        status=order.status,
    )  # fmt: skip


def _done(
    actor: Any, command: str, key: str, payload: dict[str, Any], work: Any, reason: str = ""
) -> Order:
    answer = once(actor=actor, command=command, key=key, payload=payload, work=work, reason=reason)
    return Order.objects.get(pk=answer["order"])
