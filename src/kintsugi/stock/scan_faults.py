"""What may be wrong with a scan, in words: one function a fault, and ``judge`` for goods that are
known."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kintsugi.core.errors import Text
from kintsugi.stock.models import Block
from kintsugi.stock.reading import NOTE, STOP, WARN, Fault

if TYPE_CHECKING:
    from kintsugi.stock.scanning import Scanned

SHOWN = 90
NAMED = 5


def unknown(raw: str) -> Fault:
    """Nothing has this code."""
    said = raw.strip()[:SHOWN]
    return Fault(
        "scan.unknown",
        STOP,
        Text(f"“{said}”不是已知的产品、批号、序列号或库位。",
             f"“{said}” is no product, lot, serial number or location known here."),
        Text("再扫描一次;手工输入的请核对;新产品请先登记。",
             "Scan it again; compare what was typed; register a new product first."),
        {"value": said},
    )  # fmt: skip


def unknown_di(di: str, issuer: str) -> Fault:
    """A device identifier of no product."""
    return Fault(
        "scan.unknown-di",
        STOP,
        Text(f"没有产品使用标识 {di}({issuer})。",
             f"No product has the identifier {di} ({issuer})."),
        Text("核对是否扫对了标签;新产品请先登记产品及其 UDI-DI。",
             "See that the right label was scanned; register a new product with its UDI-DI first."),
        {"di": di, "issuer": issuer},
    )  # fmt: skip


def unknown_product(code: str) -> Fault:
    """A label of ours with a product code that is none."""
    return Fault(
        "scan.unknown-product",
        STOP,
        Text(f"没有产品编码 {code[:SHOWN]}。", f"There is no product {code[:SHOWN]}."),
        Text("标签可能已旧;请重新打印。", "The label may be an old one; print it anew."),
        {"code": code[:SHOWN]},
    )


def unknown_place(place: str) -> Fault:
    """A location that is none, or not of this person's warehouses."""
    return Fault(
        "scan.unknown-place",
        STOP,
        Text(f"库位 {place[:SHOWN]} 不存在,或不在您的权限范围。",
             f"There is no location {place[:SHOWN]} within your reach."),
        Text("标签可能已旧;请查看库位列表。",
             "The label may be an old one; see the list of places."),
        {"place": place[:SHOWN]},
    )  # fmt: skip


def no_item() -> Fault:
    """Half of a label."""
    return Fault(
        "scan.no-item",
        WARN,
        Text("这个条码只有批号、效期等,没有产品标识。",
             "This barcode carries lot, dates and the like, but says not of what."),
        Text("再扫描同一标签上带 (01) 的条码。",
             "Scan the other barcode of the same label too, the one with (01)."),
    )  # fmt: skip


def several(raw: str, names: Sequence[Text]) -> Fault:
    """A text that means more than one thing."""
    shown = names[:NAMED]
    rest = len(names) - len(shown)
    zh, en = ";".join(n.zh for n in shown), "; ".join(n.en for n in shown)
    return Fault(
        "scan.several",
        STOP,
        Text(f"“{raw.strip()[:SHOWN]}”可能是:{zh}{f';另有 {rest} 个' if rest else ''}。",
             f"“{raw.strip()[:SHOWN]}” may be: {en}{f'; and {rest} more' if rest else ''}."),
        Text("选择其中之一,或扫描带产品标识的条码。",
             "Choose one of them, or scan the barcode that names the product."),
        {"value": raw.strip()[:SHOWN], "count": len(names)},
    )  # fmt: skip


def judge(one: "Scanned", blocks: Sequence[Block], on: dt.date, last: dt.date) -> Iterator[Fault]:
    """Everything a person must know about goods of a known product, the gravest first."""
    yield from _contradictions(one)
    yield from _blocked(blocks)
    yield from _expiry(one, on, last)
    yield from _quality(one)
    yield from _package(one)
    yield from _incomplete(one)


def _contradictions(one: "Scanned") -> Iterator[Fault]:
    """The label against what is registered: lot of the unit, dates of the lot."""
    if one.unit and one.lot_no and one.unit.lot and one.unit.lot.lot_no != one.lot_no:
        its = one.unit.lot.lot_no
        yield Fault(
            "scan.lot-differs",
            STOP,
            Text(f"序列号 {one.serial_no} 登记的批号是 {its},标签为 {one.lot_no}。",
                 f"Serial {one.serial_no} is registered with lot {its}; the label says "
                 f"{one.lot_no}."),
            Text("核对实物;不符则隔离并通知质量。",
                 "Look at the thing; if it differs, set it aside and tell quality."),
            {"serial_no": one.serial_no, "lot_no": one.lot_no, "registered": its},
        )  # fmt: skip
    thing = one.unit if one.unit and one.unit.expiry_date else one.lot
    for field, zh, en in (("expiry_date", "有效期至", "expires"), ("mfg_date", "生产日期", "made")):
        said = getattr(one, field)
        known = getattr(thing, field, None)
        if said and known and said != known:
            yield Fault(
                "scan.dates-differ",
                STOP,
                Text(f"{thing} 登记的{zh}是 {known},标签为 {said}。",
                     f"{thing} is registered as {en} {known}; the label says {said}."),
                Text("隔离并通知质量;登记有误的请走更正。",
                     "Set it aside and tell quality; a wrong record is corrected by a case."),
                {"field": field, "label": str(said), "registered": str(known)},
            )  # fmt: skip
    if one.serial_no and one.qty is not None and one.qty != 1:
        yield Fault(
            "scan.serial-quantity",
            STOP,
            Text(f"标签有序列号 {one.serial_no},数量却是 {one.qty.normalize():f}。",
                 f"The label has serial {one.serial_no} and the quantity {one.qty.normalize():f}."),
            Text("扫描单件自己的标签。", "Scan the label of the single unit."),
            {"serial_no": one.serial_no, "qty": str(one.qty)},
        )  # fmt: skip


_RECALLED = Text(
    "不要发出;按召回退回或报废。", "Do not send it out; return or scrap it as the recall says."
)
_HELD = Text("放着不动;由质量解除冻结。", "Leave it where it is; quality releases the hold.")


def _blocked(blocks: Sequence[Block]) -> Iterator[Fault]:
    for block in blocks:
        is_recall = block.kind == "recall"
        yield Fault(
            "scan.recalled" if is_recall else "scan.held",
            STOP,
            Text(f"{'已召回' if is_recall else '已冻结'}:{block.reason}",
                 f"{'Recalled' if is_recall else 'On hold'}: {block.reason}"),
            _RECALLED if is_recall else _HELD,
            {"reason": block.reason, "block": str(block.pk)},
        )  # fmt: skip


def expiry_of(one: "Scanned") -> dt.date | None:
    """The last day of use: the earliest of what unit, lot and label say."""
    days = [
        one.unit.expiry_date if one.unit else None,
        one.lot.expiry_date if one.lot else None,
        one.expiry_date,
    ]
    return min((day for day in days if day), default=None)


def _expiry(one: "Scanned", on: dt.date, last: dt.date) -> Iterator[Fault]:
    day = expiry_of(one)
    if day is None or day > last:
        return
    left = (day - on).days
    if left < 0:
        yield Fault(
            "scan.expired",
            STOP,
            Text(f"已于 {day} 过有效期({-left} 天前)。", f"It expired on {day}, {-left} days ago."),
            Text("换一个批次;过期品退供应商或报废。",
                 "Take another lot; return or scrap what has expired."),
            {"expiry_date": str(day), "days": left},
        )  # fmt: skip
    else:
        yield Fault(
            "scan.near-expiry",
            WARN,
            Text(f"近效期:可用至 {day}(还有 {left} 天)。",
                 f"Near its expiry: usable through {day}, {left} days left."),
            Text("先用先到期的;发货前看客户要求的最小剩余效期。",
                 "Use it first; before shipping see what remaining life the customer asks for."),
            {"expiry_date": str(day), "days": left},
        )  # fmt: skip


def _quality(one: "Scanned") -> Iterator[Fault]:
    if one.unit is None:
        return
    if one.unit.quality == "rejected":
        yield Fault(
            "scan.rejected",
            STOP,
            Text("验收不合格。", "It was rejected."),
            Text("退供应商或报废。", "Return it to the supplier or scrap it."),
        )
    elif one.unit.quality == "pending":
        yield Fault(
            "scan.pending",
            WARN,
            Text("待验,尚未验收。", "It awaits inspection."),
            Text("验收合格后才能发出。", "It goes out only after it was accepted."),
        )


def _package(one: "Scanned") -> Iterator[Fault]:
    if one.labelled is None or one.qty is not None:
        return
    if one.labelled.is_part:
        yield Fault(
            "scan.part-of-package",
            WARN,
            Text("这是使用单元的标识,库存按最小销售单元计。",
                 "This identifies a single piece; stock is counted in primary packages."),
            Text("扫描包装上的标签。", "Scan the label of its package."),
            {"di": one.labelled.di},
        )  # fmt: skip
    else:
        yield Fault(
            "scan.package-size",
            WARN,
            Text(f"包装 {one.labelled.di} 内装多少未登记。",
                 f"How many the package {one.labelled.di} holds is not registered."),
            Text("请补全产品的包装关系,或扫描单件标签。",
                 "Complete the package levels of the product, or scan the single labels."),
            {"di": one.labelled.di},
        )  # fmt: skip


def _incomplete(one: "Scanned") -> Iterator[Fault]:
    """What the product's tracking asks for and the label does not say; what is new here."""
    wants_lot = one.tracking in ("lot", "lot_and_serial")
    wants_serial = one.tracking in ("serial", "lot_and_serial")
    # A scanner that swallows the separator runs the serial number into the value before it.
    swallowed = one.reading.form == "gs1" and any(
        "21" in e.value[1:] for e in one.elements if e.ai in ("10", "240", "250", "30", "37")
    )
    if wants_serial and not one.serial_no:
        remedy = Text("扫描单件标签上带 (21) 的条码。", "Scan the barcode that has (21) beside it.")
        if swallowed:
            remedy = Text(
                "若标签上有 (21):扫描枪没有传送分隔符 GS(0x1D),请在其设置中打开。",
                "If the label does show (21), the scanner drops the separator GS (0x1D): switch it "
                "on in its settings.",
            )
        yield Fault(
            "scan.serial-missing",
            WARN,
            Text("此产品按序列号管理,条码里没有序列号。",
                 "This product is tracked by serial number; the barcode has none."),
            remedy,
        )  # fmt: skip
    if wants_lot and not one.lot_no and one.lot is None:
        yield Fault(
            "scan.lot-missing",
            WARN,
            Text("此产品按批号管理,条码里没有批号。",
                 "This product is tracked by lot; the barcode has none."),
            Text("扫描标签上带 (10) 的条码。", "Scan the barcode that has (10) beside it."),
        )  # fmt: skip
    if one.serial_no and one.unit is None:
        yield Fault(
            "scan.unit-new",
            NOTE,
            Text(f"序列号 {one.serial_no} 未登记,或不在您的权限范围。",
                 f"Serial {one.serial_no} is not registered, or not within your reach."),
            Text("新到的货请先收货。", "Goods that have just come are received first."),
            {"serial_no": one.serial_no},
        )  # fmt: skip
    elif one.lot_no and one.lot is None and one.unit is None:
        yield Fault(
            "scan.lot-new",
            NOTE,
            Text(f"批号 {one.lot_no} 未登记。", f"Lot {one.lot_no} is not registered."),
            Text("新到的货请先收货。", "Goods that have just come are received first."),
            {"lot_no": one.lot_no},
        )  # fmt: skip
