"""What somebody found at a place, as lines of the stocktake; what was not expected gets a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.stock import services
from kintsugi.stock.models import Location, Lot, Stocktake, StocktakeLine, Unit
from kintsugi.stock.typed import clean_lot_no, clean_serial, place_named, product_of, products_of

#: Which quality the things of a zone have, where nobody says otherwise.
OF_ZONE = {
    "receiving": "pending", "quarantine": "pending", "return": "pending", "rejected": "rejected",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Some of a product, or one serial unit, in the words of its label."""

    product_code: str
    qty: Decimal = Decimal(1)
    lot_no: str = ""
    serial_no: str = ""
    quality: str = ""


def found_lines(stocktake: Stocktake, place: str, found: Sequence[Found]) -> dict[UUID, Decimal]:
    """Quantity by line. Registers lots and serials that nobody knew, inside a recorded transaction;
    a fixed number of statements for each product. Raises KintsugiError ``stocktake.not-in-plan``,
    ``stock.serial-twice``, ``stock.not-tracked`` or ``stock.unknown-*``."""
    at = _place(stocktake, place)
    products = products_of(one.product_code for one in found)
    lines: dict[tuple[UUID, UUID | None, UUID | None, str], Decimal] = {}
    groups: dict[tuple[UUID, str], list[tuple[int, Found, Any]]] = {}
    for number, one in enumerate(found, 1):
        product = product_of(one.product_code, products, number)
        if stocktake.products and product.product_code not in stocktake.products:
            raise _not_in_plan(product.product_code, "product_code", number)
        if one.qty < 0 or (one.serial_no and one.qty not in (0, 1)):
            raise _no_quantity(one.qty, number)
        groups.setdefault((product.pk, clean_lot_no(one.lot_no)), []).append((number, one, product))
    usual = OF_ZONE.get(at.zone, "qualified")
    for (product_id, lot_no), members in groups.items():
        lot = services.register_lot(product=product_id, lot_no=lot_no) if lot_no else None
        units = _units(product_id, lot, [one for _, one, _ in members], usual)
        for number, one, product in members:
            unit = units.get(clean_serial(one.serial_no)) if one.serial_no else None
            _check_tracking(product, one, number)
            quality = unit.quality if unit else one.quality or usual
            owner = unit.lot_id if unit else (lot.pk if lot else None)
            name = (product_id, owner, unit.pk if unit else None, quality)
            lines[name] = lines.get(name, Decimal(0)) + one.qty
    return _lines(stocktake, at, lines)


def _place(stocktake: Stocktake, text: str) -> Location:
    typed = text if "/" in text else f"{stocktake.warehouse.code}/{text}"
    at = place_named(typed, "place")
    outside = (
        at.warehouse_id != stocktake.warehouse_id
        or at.kind not in ("bin", "van")
        or (stocktake.zones and at.zone not in stocktake.zones)
        or (stocktake.places and at.code not in stocktake.places)
    )
    if outside:
        raise _not_in_plan(text, "place", 1)
    return at


def _units(
    product: UUID, lot: Lot | None, members: Sequence[Found], quality: str
) -> dict[str, Unit]:
    serials = [one.serial_no for one in members if one.serial_no]
    if not serials:
        return {}
    return services.register_units(
        product=product, serials=serials, outside=services.world("loss"), lot=lot, quality=quality
    )


def _lines(
    stocktake: Stocktake,
    at: Location,
    wanted: dict[tuple[UUID, UUID | None, UUID | None, str], Decimal],
) -> dict[UUID, Decimal]:
    """The lines of these things at the place; those that are not there are added with 0 expected.
    A unit has one line at a place, whatever its quality was when it was frozen."""

    def known() -> dict[Any, UUID]:
        rows = StocktakeLine.objects.filter(stocktake=stocktake, location=at)
        return {
            line.unit_id or (line.product_id, line.lot_id, line.quality): line.pk for line in rows
        }

    def name(of: tuple[UUID, UUID | None, UUID | None, str]) -> Any:
        product, lot, unit, quality = of
        return unit or (product, lot, quality)

    there = known()
    StocktakeLine.objects.bulk_create(
        StocktakeLine(
            stocktake=stocktake, location=at, product_id=one[0], lot_id=one[1], unit_id=one[2],
            quality=one[3], expected=0,
        )
        for one in wanted
        if name(one) not in there
    )  # fmt: skip
    there = known()
    return {there[name(one)]: qty for one, qty in wanted.items()}


def _check_tracking(product: Any, one: Found, number: int) -> None:
    # As the ledger asks (``stock_tracking``): as somebody said, else as its UDI carries it.
    carried = "serial" if product.serial_in_udi else "lot" if product.lot_in_udi else "none"
    tracking = product.tracking or carried
    if "serial" in tracking and not one.serial_no:
        needs = Text("序列号", "a serial number")
    elif tracking == "lot" and not one.lot_no.strip():
        needs = Text("批号", "a lot number")
    else:
        return
    raise KintsugiError(
        "stock.not-tracked",
        Text(f"第 {number} 行的 {product.product_code} 缺{needs.zh}。",
             f"Line {number}: {product.product_code} needs {needs.en}."),
        Text("扫描标签,或手工输入。", "Scan the label, or type it."),
        field="serial_no" if "serial" in tracking else "lot_no",
        line=number,
    )  # fmt: skip


def _not_in_plan(value: str, field: str, line: int) -> KintsugiError:
    return KintsugiError(
        "stocktake.not-in-plan",
        Text(f"“{value}”不在这次盘点的范围内。", f"“{value}” is not part of this stocktake."),
        Text("核对输入;若确需盘点,另建一次。",
             "Look at what was typed; plan another stocktake for it."),
        field=field,
        line=line,
        value=value,
    )  # fmt: skip


def _no_quantity(qty: Decimal, line: int) -> KintsugiError:
    return KintsugiError(
        "stock.quantity",
        Text(f"第 {line} 行的数量 {qty} 不成立。", f"The quantity {qty} of line {line} is none."),
        Text("数量不小于 0;有序列号的为 0 或 1。",
             "Give 0 or more, and 0 or 1 for a serial number."),
        field="qty",
        line=line,
        value=qty,
    )  # fmt: skip
