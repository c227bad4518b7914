"""What a scan of a picker or checker means for a delivery: decided here, purely, from what was read
before. Whoever decides writes nothing, and raises KintsugiError ``sales.*`` with the nearest right
action where the scan may not be."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.sales.models import DeliveryItem, DeliveryLine
from kintsugi.stock.selectors import Scanned

NOTHING = Decimal(0)
ONE = Decimal(1)


@dataclass
class Kept:
    """What is left of a reservation for a line of the delivery."""

    id: UUID
    line: DeliveryLine
    product: UUID
    lot: UUID | None
    lot_no: str
    unit: UUID | None
    serial_no: str
    expires: dt.date | None
    location: UUID
    place: str
    left: Decimal


@dataclass(frozen=True)
class Pick:
    """So much to be taken for a line. ``kept`` is the reservation that it uses up; where
    ``is_swap`` the reservation was for other goods and is let go of."""

    line: DeliveryLine
    product: UUID
    lot: UUID | None
    unit: UUID | None
    location: UUID
    qty: Decimal
    kept: UUID
    is_swap: bool = False


@dataclass
class Bench:
    """What a picker has before him: open lines, what is kept for them, what lies picked."""

    warehouse: UUID
    on: dt.date
    lines: Sequence[DeliveryLine]
    kept: list[Kept]
    items: Sequence[DeliveryItem]
    holders: Mapping[UUID, Any] = field(default_factory=dict)
    free: Mapping[tuple[UUID, UUID | None], Sequence[tuple[UUID, Decimal]]] = field(
        default_factory=dict
    )
    open: dict[UUID, Decimal] = field(default_factory=dict)
    units: set[UUID] = field(default_factory=set)
    moved: dict[tuple[UUID, UUID | None, UUID], Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open = {line.pk: line.qty - line.picked for line in self.lines}
        self.units = {one.unit_id for one in self.items if one.unit_id}

    def next_kept(self, product: UUID | None = None) -> Kept | None:
        """What to take next on the walk."""
        found = (
            one
            for one in self.kept
            if one.left > NOTHING
            and self.open[one.line.pk] > NOTHING
            and (product is None or one.product == product)
        )
        return next(found, None)

    def take(self, kept: Kept, qty: Decimal) -> None:
        """Count so much of it as taken."""
        kept.left -= qty
        self.open[kept.line.pk] -= qty


def pick(bench: Bench, scan: Scanned, *, qty: Decimal | None, location: UUID | None) -> list[Pick]:
    """What a scan takes for the delivery."""
    scan.sound()
    if scan.product is None:
        raise _refuse("scan-goods", "扫到的不是货物。", "This is no label of goods.",
                      "扫货物的标签。", "Scan the label of the goods.")  # fmt: skip
    lines = [line for line in bench.lines if line.product_id == scan.product.pk]
    if not lines:
        raise _wrong_product(bench, scan)
    if scan.tracking in ("serial", "lot_and_serial"):
        return [_unit(bench, scan, location)]
    return _lots(bench, scan, qty, location)


def _unit(bench: Bench, scan: Scanned, location: UUID | None) -> Pick:
    assert scan.product is not None
    unit = scan.unit
    if unit is None:
        raise _refuse(
            "serial-unknown" if scan.serial_no else "scan-serial",
            f"序列号 {scan.serial_no} 不在库。" if scan.serial_no else "该产品按序列号管理。",
            f"No unit {scan.serial_no} is in stock." if scan.serial_no
            else "This product is told apart by serial number.",
            "扫带序列号的标签;若实物确在此处,先登记差异。",
            "Scan the label with its serial number; if the thing is here, record the difference.",
            serial_no=scan.serial_no,
        )  # fmt: skip
    if unit.pk in bench.units:
        raise _refuse(
            "doubled", f"{unit.serial_no} 已经扫过。", f"{unit.serial_no} was scanned already.",
            "无需重扫,继续下一件。", "Go on with the next one.", serial_no=unit.serial_no,
        )  # fmt: skip
    place = unit.location
    if (
        place.warehouse_id != bench.warehouse
        or place.kind != "bin"
        or (location is not None and place.pk != location)
    ):
        raise _refuse(
            "elsewhere",
            f"账上 {unit.serial_no} 在 {place},不在此处。",
            f"By the records {unit.serial_no} is at {place}, not here.",
            "放回原处;若账实不符,先登记差异。",
            "Leave it; if it really is here, record the difference first.",
            serial_no=unit.serial_no, location=str(place),
        )  # fmt: skip
    own = next((one for one in bench.kept if one.unit == unit.pk and one.left > NOTHING), None)
    if own is not None:
        if bench.open[own.line.pk] < ONE:
            raise _too_many(bench, scan, ONE)
        bench.take(own, ONE)
        bench.units.add(unit.pk)
        return Pick(own.line, own.product, unit.lot_id, unit.pk, place.pk, ONE, own.id)
    other = bench.holders.get(unit.pk)
    if other is not None:
        raise _refuse(
            "kept-for-another",
            f"{unit.serial_no} 为 {other.document_no} 预留。",
            f"{unit.serial_no} is kept for {other.document_no}.",
            *_instead(bench, scan.product.pk), serial_no=unit.serial_no, document=other.document_no,
        )  # fmt: skip
    if unit.quality != "qualified" or place.zone != "qualified":
        raise _refuse(
            "not-qualified", f"{unit.serial_no} 未验收合格。", f"{unit.serial_no} is not released.",
            *_instead(bench, scan.product.pk), serial_no=unit.serial_no,
        )  # fmt: skip
    swapped = _swappable(bench, scan.product.pk, unit.expiry_date, scan)
    bench.take(swapped, ONE)
    bench.units.add(unit.pk)
    return Pick(
        swapped.line, swapped.product, unit.lot_id, unit.pk, place.pk, ONE, swapped.id, is_swap=True
    )


def _lots(bench: Bench, scan: Scanned, qty: Decimal | None, location: UUID | None) -> list[Pick]:
    assert scan.product is not None
    product, lot = scan.product.pk, scan.lot
    if scan.tracking == "lot" and lot is None:
        raise _refuse(
            "lot-unknown" if scan.lot_no else "scan-lot",
            f"批号 {scan.lot_no} 不在库。" if scan.lot_no else "该产品按批号管理。",
            f"No lot {scan.lot_no} is in stock." if scan.lot_no
            else "This product is told apart by lot.",
            "扫带批号的标签。", "Scan the label with its lot number.", lot_no=scan.lot_no,
        )  # fmt: skip
    lot_id = lot.pk if lot is not None and scan.tracking == "lot" else None
    wanted = qty if qty is not None else (scan.qty or ONE)
    if wanted <= NOTHING:
        raise _refuse("quantity", f"数量 {wanted:f} 不成立。", f"{wanted:f} is no quantity.",
                      "输入大于 0 的数量。", "Give more than 0.")  # fmt: skip
    _refuse_too_many(bench, scan, product, wanted)
    same = [
        one
        for one in bench.kept
        if one.product == product
        and one.lot == lot_id
        and one.unit is None
        and one.left > NOTHING
        and (location is None or one.location == location)
    ]
    if location is None and len({one.location for one in same}) > 1:
        raise _refuse(
            "scan-location", "该货在多个库位,先扫库位。", "It lies at several places.",
            "先扫所在库位,再扫货。", "Scan the place first, then the goods.",
        )  # fmt: skip
    found: list[Pick] = []
    left = wanted
    for one in same:
        taken = min(left, one.left, bench.open[one.line.pk])
        if taken > NOTHING:
            bench.take(one, taken)
            found.append(Pick(one.line, product, lot_id, None, one.location, taken, one.id))
            left -= taken
    while left > NOTHING:
        one_swap = _swapped_lot(bench, scan, lot_id, left, location)
        found.append(one_swap)
        left -= one_swap.qty
    return found


def _swapped_lot(
    bench: Bench, scan: Scanned, lot: UUID | None, wanted: Decimal, location: UUID | None
) -> Pick:
    """Goods that are free and expire no later, instead of what was kept."""
    assert scan.product is not None
    product = scan.product.pk
    expires = scan.lot.expiry_date if scan.lot is not None and lot is not None else None
    instead = _swappable(bench, product, expires, scan)
    for place, free in bench.free.get((product, lot), ()):
        there = free - bench.moved.get((product, lot, place), NOTHING)
        if there > NOTHING and location in (None, place):
            taken = min(wanted, there, instead.left, bench.open[instead.line.pk])
            bench.take(instead, taken)
            spot = (product, lot, place)
            bench.moved[spot] = bench.moved.get(spot, NOTHING) + taken
            return Pick(instead.line, product, lot, None, place, taken, instead.id, is_swap=True)
    raise _refuse(
        "not-here",
        f"此处没有可用的 {scan.product.product_code} {scan.lot_no}。",
        f"No {scan.product.product_code} {scan.lot_no} is free here.",
        *_instead(bench, product), lot_no=scan.lot_no,
    )  # fmt: skip


def _swappable(bench: Bench, product: UUID, expires: dt.date | None, scan: Scanned) -> Kept:
    """What may be let go of for goods that expire on a day: kept goods that expire no earlier, of a
    line whose lot or serials nobody chose; the last to expire. FEFO holds."""
    chosen = False
    found: list[Kept] = []
    for one in bench.kept:
        if one.product != product or one.left <= NOTHING or bench.open[one.line.pk] <= NOTHING:
            continue
        order_line = one.line.order_line
        if order_line is not None and (order_line.lot_id or order_line.serials):
            chosen = True
            continue
        least = order_line.min_remaining_days if order_line is not None else 0
        if expires is not None and expires < bench.on + dt.timedelta(days=least):
            continue
        if expires is None and one.expires is not None:
            continue
        if one.expires is None or (expires is not None and expires <= one.expires):
            found.append(one)
    if found:
        return max(found, key=lambda one: one.expires or dt.date.max)
    if bench.next_kept(product) is None:
        raise _too_many(bench, scan, ONE)
    what = scan.serial_no or scan.lot_no or (scan.product.product_code if scan.product else "")
    raise _refuse(
        "not-reserved" if chosen else "expires-later",
        f"客户指定了批号或序列号,不能换成 {what}。" if chosen
        else f"{what} 不是先到期的货,或剩余效期不够。",
        f"The customer chose which; {what} does not do." if chosen
        else f"{what} is not what expires first, or does not last long enough.",
        *_instead(bench, product), expires=expires,
    )  # fmt: skip


# -- checking and putting back ---------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """So much of a picked item that a scan is about."""

    item: DeliveryItem
    qty: Decimal


def among(
    items: Sequence[DeliveryItem],
    scan: Scanned,
    *,
    qty: Decimal | None,
    done: Mapping[tuple[UUID, UUID | None, UUID | None], Decimal],
    passed: Iterable[str] = (),
) -> list[Found]:
    """Which of the picked things a scan is about; ``done`` is what was counted before by line, lot
    and unit, ``passed`` the faults that do not matter here. Raises ``sales.not-picked``,
    ``sales.doubled`` or ``sales.more-than-picked``."""
    scan.sound(but=passed)
    if scan.product is None:
        raise _refuse("scan-goods", "扫到的不是货物。", "This is no label of goods.",
                      "扫货物的标签。", "Scan the label of the goods.")  # fmt: skip
    serial = scan.tracking in ("serial", "lot_and_serial")
    lot = scan.lot.pk if scan.lot is not None else None
    mine = [
        one
        for one in items
        if one.product_id == scan.product.pk
        and (
            scan.unit is not None and one.unit_id == scan.unit.pk
            if serial
            else one.lot_id == (lot if scan.tracking == "lot" else None)
        )
    ]
    what = scan.serial_no or scan.lot_no or scan.product.product_code
    if not mine:
        raise _refuse(
            "not-picked", f"{what} 不在本单已拣的货中。", f"{what} was not picked for it.",
            "取出,放到一边并通知拣货员。", "Take it out and tell the picker.", what=what,
        )  # fmt: skip
    wanted = ONE if serial else (qty if qty is not None else (scan.qty or ONE))
    if wanted <= NOTHING:
        raise _refuse("quantity", f"数量 {wanted:f} 不成立。", f"{wanted:f} is no quantity.",
                      "输入大于 0 的数量。", "Give more than 0.")  # fmt: skip
    room = dict(done)
    found: list[Found] = []
    left = wanted
    for one in mine:
        spot = (one.line_id, one.lot_id, one.unit_id)
        used = min(room.get(spot, NOTHING), one.picked)
        room[spot] = room.get(spot, NOTHING) - used
        taken = min(left, one.picked - used)
        if taken > NOTHING:
            found.append(Found(one, taken))
            left -= taken
    if left > NOTHING:
        raise _refuse(
            "doubled" if serial else "more-than-picked",
            f"{what} 已经扫过。" if serial else f"{what} 多于已拣数量。",
            f"{what} was scanned already." if serial else f"That is more {what} than was picked.",
            "无需重扫。" if serial else "数清后取出多的。",
            "Go on with the next one." if serial else "Count again and take out what is too much.",
            what=what,
        )  # fmt: skip
    return found


# -- refusals --------------------------------------------------------------------------------------


def _refuse(
    code: str, zh: str, en: str, remedy_zh: str, remedy_en: str, **facts: Any
) -> KintsugiError:
    return KintsugiError(f"sales.{code}", Text(zh, en), Text(remedy_zh, remedy_en), **facts)


def _instead(bench: Bench, product: UUID | None = None) -> tuple[str, str]:
    """The nearest right action: what to take, and where it lies."""
    one = bench.next_kept(product) or bench.next_kept()
    if one is None:
        return "已全部拣完,结束拣货。", "Everything is picked; finish picking."
    what = one.serial_no or one.lot_no or one.line.product.product_code
    return f"去 {one.place} 取 {what}。", f"Take {what} at {one.place}."


def _wrong_product(bench: Bench, scan: Scanned) -> KintsugiError:
    assert scan.product is not None
    code = scan.product.product_code
    return _refuse(
        "wrong-product", f"本单没有 {code}。", f"{code} is not in this delivery.",
        *_instead(bench), product_code=code,
    )  # fmt: skip


def _too_many(bench: Bench, scan: Scanned, wanted: Decimal) -> KintsugiError:
    assert scan.product is not None
    code = scan.product.product_code
    left = sum(
        (bench.open[one.pk] for one in bench.lines if one.product_id == scan.product.pk), NOTHING
    )
    return _refuse(
        "too-many",
        f"{code} 还需 {left.normalize():f},扫了 {wanted.normalize():f}。",
        f"{left.normalize():f} of {code} is still wanted, not {wanted.normalize():f}.",
        *_instead(bench), product_code=code, wanted=left,
    )  # fmt: skip


def _refuse_too_many(bench: Bench, scan: Scanned, product: UUID, wanted: Decimal) -> None:
    left = sum((bench.open[one.pk] for one in bench.lines if one.product_id == product), NOTHING)
    if wanted > left:
        raise _too_many(bench, scan, wanted)
