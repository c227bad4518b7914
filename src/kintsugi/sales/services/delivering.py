"""Deliveries before anything is picked: made from reserved orders, alone or as a wave, given to a
person, and cancelled."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.core.scope import widen
from kintsugi.identity.selectors import active_users
from kintsugi.sales.kinds import FLOW
from kintsugi.sales.kinds_delivery import BEFORE_PICKED, DELIVERY
from kintsugi.sales.models import Delivery, DeliveryLine, Order, OrderLine, Wave
from kintsugi.sales.services.common import must_step, need_reason, once
from kintsugi.stock import selectors as stock

#: Orders looked at for one wave, and deliveries it makes at most.
ORDERS_MAX = 200
NOTHING = Decimal(0)


def create_delivery(
    *, actor: Any, orders: Sequence[UUID], warehouse: UUID, key: str, at: dt.datetime
) -> Delivery:
    """Make a delivery of what is reserved in a warehouse for orders of one customer, as far as no
    other delivery is about to pick it.

    Raises NotFound, KintsugiError ``sales.several-customers``, ``sales.order-not-open`` or
    ``sales.nothing-reserved``.
    """

    def work() -> dict[str, Any]:
        check_warehouse(warehouse)
        found = _locked_orders(orders)
        for order in found:
            _refuse_unless_open(order)
        made = _made(found, warehouse, at=at)
        if made is None:
            raise KintsugiError(
                "sales.nothing-reserved",
                Text("该仓库没有为这些订单预留、尚未拣货的货。",
                     "This warehouse keeps nothing for these orders that is still to be picked."),
                Text("先预留,或选择另一个仓库。", "Reserve goods, or choose another warehouse."),
                field="orders",
            )  # fmt: skip
        return {"delivery": str(made.pk)}

    payload = {"orders": sorted(map(str, orders)), "warehouse": warehouse}
    done = once(actor=actor, command="create-delivery", key=key, payload=payload, work=work)
    return Delivery.objects.get(pk=done["delivery"])


def create_wave(
    *,
    actor: Any,
    warehouse: UUID,
    key: str,
    at: dt.datetime,
    wanted_by: dt.date | None = None,
    region: str = "",
    orders: Sequence[UUID] = (),
    picker: UUID | None = None,
) -> Wave:
    """Make deliveries of everything that is reserved in a warehouse and wanted by a day, for
    customers of a region, or of these orders; one for each customer and address. The oldest wanted
    day first, at most 200 orders. With ``picker`` they are assigned at once.

    Raises KintsugiError ``sales.nothing-reserved`` or NotFound.
    """

    def work() -> dict[str, Any]:
        check_warehouse(warehouse)
        rows = Order.objects.filter(status__in=FLOW, is_void=False)
        if orders:
            rows = rows.filter(pk__in=list(orders))
        if wanted_by is not None:
            rows = rows.filter(wanted_on__lte=wanted_by)
        if region:
            rows = rows.filter(customer__region_code__startswith=region)
        waiting = rows.filter(lines__reserved__gt=F("lines__picked")).distinct()
        ids = list(
            waiting.order_by("wanted_on", "number").values_list("pk", flat=True)[:ORDERS_MAX]
        )
        groups: dict[tuple[Any, ...], list[Order]] = defaultdict(list)
        for order in _locked_orders(ids) if ids else ():
            whose = (order.customer_id, order.ship_to, order.department, order.kind)
            groups[whose].append(order)
        wave = Wave.objects.create(
            number=next_number(prefix="WV", on=timezone.localtime(at).date()),
            warehouse_id=warehouse, wanted_by=wanted_by, region=region, made_at=at,
        )  # fmt: skip
        made = [
            one for group in groups.values() if (one := _made(group, warehouse, at=at, wave=wave))
        ]
        if not made:
            raise KintsugiError(
                "sales.nothing-reserved",
                Text("没有符合条件、已预留而未拣的订单。",
                     "No order of that kind has reserved goods that are still to be picked."),
                Text("放宽条件,或先预留。", "Ask for more orders, or reserve goods first."),
            )  # fmt: skip
        if picker is not None:
            _assign(Delivery.objects.filter(wave=wave), picker)
            Wave.objects.filter(pk=wave.pk).update(picker_id=picker, picker_name=_named(picker))
        return {"wave": str(wave.pk)}

    payload = {
        "warehouse": warehouse, "wanted_by": wanted_by, "region": region,
        "orders": sorted(map(str, orders)), "picker": picker,
    }  # fmt: skip
    done = once(actor=actor, command="create-wave", key=key, payload=payload, work=work)
    return Wave.objects.get(pk=done["wave"])


def assign_delivery(
    *, actor: Any, delivery: UUID, picker: UUID, key: str, at: dt.datetime
) -> Delivery:
    """Give a delivery to a person, or to another one before the first thing is picked."""

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        if found.status != "assigned":
            must_step(DELIVERY, found.status, "assigned")
        _assign(Delivery.objects.filter(pk=found.pk), picker)
        return {"delivery": str(found.pk)}

    payload = {"delivery": delivery, "picker": picker}
    done = once(actor=actor, command="assign-delivery", key=key, payload=payload, work=work)
    return Delivery.objects.get(pk=done["delivery"])


def cancel_delivery(
    *, actor: Any, delivery: UUID, reason: str, key: str, at: dt.datetime
) -> Delivery:
    """Cancel a delivery of which nothing lies in the shipping zone; the goods stay reserved for
    their orders. Raises KintsugiError ``sales.put-back-first`` or IllegalTransition."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_delivery(delivery)
        must_step(DELIVERY, found.status, "cancelled")
        if found.items.filter(is_void=False).exists():
            raise KintsugiError(
                "sales.put-back-first",
                Text(
                    f"{found.number} 已有拣出的货。", f"Goods of {found.number} have been picked."
                ),
                Text("先把已拣的货放回货架。", "Put them back on their shelves first."),
            )
        step_delivery(found, "cancelled", end_reason=said[:400])
        return {"delivery": str(found.pk)}

    payload = {"delivery": delivery, "reason": said}
    done = once(
        actor=actor, command="cancel-delivery", key=key, payload=payload, work=work, reason=said
    )
    return Delivery.objects.get(pk=done["delivery"])


# -- shared with the other services of deliveries --------------------------------------------------


def locked_delivery(pk: UUID) -> Delivery:
    """A delivery to be changed, within the scope at work, with its orders and their lines: others
    wait. Documents are locked before goods, deliveries before orders. From here on the command sees
    everything. Raises NotFound."""
    found = Delivery.objects.select_for_update(of=("self",)).filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("出库单", "delivery"), str(pk))
    widen()
    lines = DeliveryLine.objects.filter(delivery=found, order_line__isnull=False)
    of_orders = OrderLine._base_manager.filter(pk__in=lines.values("order_line_id"))
    _lock(Order._base_manager.filter(pk__in=of_orders.values("order_id")))
    _lock(of_orders)
    return found


def step_delivery(delivery: Delivery, status: str, **columns: Any) -> None:
    """Write a state and what goes with it; the row is locked."""
    Delivery.objects.filter(pk=delivery.pk).update(
        status=status, version=delivery.version + 1, **columns
    )
    delivery.refresh_from_db()


def shipping_zone(warehouse: UUID) -> Any:
    """Where picked goods of a warehouse wait. Raises KintsugiError ``sales.no-shipping-zone``."""
    return zone_of(warehouse, "shipping")


def zone_of(warehouse: UUID, zone: str) -> Any:
    """The place of a zone in a warehouse. Raises KintsugiError ``sales.no-zone``."""
    found = stock.locations().filter(warehouse_id=warehouse, kind="bin", zone=zone)
    place = found.order_by("code").first()
    if place is None:
        raise KintsugiError(
            "sales.no-zone",
            Text(f"仓库没有 {zone} 库位。", f"The warehouse has no place in the zone {zone}."),
            Text("先建立该库区的库位。", "Add a place of that zone first."),
            zone=zone,
        )
    return place


def check_warehouse(pk: UUID) -> None:
    """Raise NotFound unless the warehouse is within the scope at work."""
    if not stock.warehouses().filter(pk=pk).exists():
        raise NotFound(Text("仓库", "warehouse"), str(pk))


# -- inside ----------------------------------------------------------------------------------------


def _lock(rows: Any) -> None:
    list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def _locked_orders(ids: Iterable[UUID]) -> list[Order]:
    wanted = set(ids)
    found = list(Order.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))
    if len(found) != len(wanted):
        lacking = wanted - {one.pk for one in found}
        raise NotFound(Text("订单", "order"), ", ".join(map(str, sorted(lacking, key=str))))
    widen()
    return sorted(found, key=lambda one: (one.wanted_on, one.number))


def _refuse_unless_open(order: Order) -> None:
    if order.status not in FLOW:
        raise KintsugiError(
            "sales.order-not-open",
            Text(f"{order.number} 未批准、已挂起或已结束,不能出库。",
                 f"{order.number} is not approved, on hold, or over; nothing of it is shipped."),
            Text("先批准或解除挂起。", "Approve it, or take it off hold, first."),
            order=order.number,
            status=order.status,
        )  # fmt: skip


def _made(
    orders: Sequence[Order], warehouse: UUID, *, at: dt.datetime, wave: Wave | None = None
) -> Delivery | None:
    """One delivery of what is kept for these orders and claimed by no other; None for nothing."""
    first = orders[0]
    if len({(one.customer_id, one.kind) for one in orders}) > 1:
        raise KintsugiError(
            "sales.several-customers",
            Text(
                "这些订单属于不同的客户或类型。",
                "These orders are of different customers or kinds.",
            ),
            Text("每个客户分别出库。", "Make one delivery for each customer."),
            field="orders",
        )
    ids = [one.pk for one in orders]
    lines = list(
        OrderLine.objects.filter(order__in=ids, is_void=False)
        .select_related("order")
        .order_by("order__wanted_on", "order__number", "line_no")
    )
    kept: dict[UUID, Decimal] = defaultdict(Decimal)
    for one in stock.kept_goods([line.pk for line in lines], warehouse=warehouse):
        kept[one.document_line] += one.qty
    for other in DeliveryLine.objects.filter(
        order_line__in=lines, is_void=False, delivery__warehouse_id=warehouse,
        delivery__status__in=BEFORE_PICKED,
    ):  # fmt: skip
        if other.order_line_id:
            kept[other.order_line_id] -= other.qty - other.picked
    wanted = [(line, kept[line.pk]) for line in lines if kept[line.pk] > NOTHING]
    if not wanted:
        return None
    made = Delivery.objects.create(
        number=next_number(prefix="DN", on=timezone.localtime(at).date()),
        customer_id=first.customer_id, customer_name=first.customer_name, warehouse_id=warehouse,
        wave=wave, is_consignment=first.kind == "consignment", ship_to=first.ship_to,
        ship_contact=first.ship_contact, ship_phone=first.ship_phone, department=first.department,
        wanted_on=min(one.wanted_on for one in orders), status="draft",
    )  # fmt: skip
    DeliveryLine.objects.bulk_create(
        DeliveryLine(
            delivery=made, line_no=number, order_line=line, product_id=line.product_id, qty=qty
        )
        for number, (line, qty) in enumerate(wanted, 1)
    )
    return made


def _assign(rows: Any, picker: UUID) -> None:
    rows.update(status="assigned", picker_id=picker, picker_name=_named(picker))


def _named(person: UUID) -> str:
    """The name of somebody who may log in. Raises NotFound."""
    account = active_users().filter(person_id=person).first()
    if account is None:
        raise NotFound(Text("人员", "person"), str(person))
    return str(account)
