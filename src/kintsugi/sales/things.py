"""Things of a delivery as people name them: by serial number, lot or product code."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.sales.models import Delivery, DeliveryItem
from kintsugi.sales.selectors import deliveries
from kintsugi.sales.services import Arrived, Asked

NOTHING = Decimal(0)


def arrived(delivery: Delivery, rows: Sequence[dict[str, Any]]) -> list[Arrived]:
    """What a form says of things on their way, item by item."""
    found: dict[tuple[UUID, str], Arrived] = {}
    taken: dict[UUID, Decimal] = {}
    items = list(deliveries.items_of(delivery.pk))
    for number, row in enumerate(rows, 1):
        for item, qty in _spread(items, row, number, taken, lambda one: one.on_the_way):
            before = found.get((item.pk, row["outcome"]))
            found[item.pk, row["outcome"]] = Arrived(
                item.pk, row["outcome"], qty + (before.qty if before else NOTHING), row["reason"]
            )
    return list(found.values())


def asked(delivery: Delivery, rows: Sequence[dict[str, Any]]) -> list[Asked]:
    """What a form asks back of signed things, item by item."""
    found: dict[UUID, Decimal] = {}
    taken: dict[UUID, Decimal] = {}
    items = list(deliveries.items_of(delivery.pk))
    for number, row in enumerate(rows, 1):
        for item, qty in _spread(items, row, number, taken, lambda one: one.signed - one.returned):
            found[item.pk] = found.get(item.pk, NOTHING) + qty
    return [Asked(pk, qty) for pk, qty in found.items()]


def name_of(item: DeliveryItem) -> str:
    """A thing in one word: serial, lot, else product code."""
    if item.unit is not None:
        return item.unit.serial_no
    return item.lot.lot_no if item.lot is not None else item.product.product_code


def _spread(
    items: Sequence[DeliveryItem], row: dict[str, Any], number: int,
    taken: dict[UUID, Decimal], room: Any,
) -> list[tuple[DeliveryItem, Decimal]]:  # fmt: skip
    """A row's quantity over the items that it names, as far as there is room in each."""
    said = " ".join(row["thing"].split())
    mine = [one for one in items if name_of(one).upper() == said.upper()]
    if not mine:
        raise KintsugiError(
            "sales.not-of-delivery",
            Text(f"“{said}”不在该出库单中。", f"“{said}” is not in this delivery."),
            Text("写序列号、批号;都没有时写产品编码。",
                 "Give its serial number or lot; the product code where it has neither."),
            field="thing",
            line=number,
        )  # fmt: skip
    left = row["qty"] or Decimal(1)
    found = []
    for one in mine:
        part = min(left, room(one) - taken.get(one.pk, NOTHING))
        if part > NOTHING:
            taken[one.pk] = taken.get(one.pk, NOTHING) + part
            found.append((one, part))
            left -= part
    if left > NOTHING:
        # More than there is: the service says how much there is.
        found.append((mine[0], left))
    return found
