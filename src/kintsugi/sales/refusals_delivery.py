"""The database's refusals of deliveries, receipts and returns in words."""

from kintsugi.core.errors import Text
from kintsugi.core.refusals import Facts, Words
from kintsugi.sales.kinds import ORDER
from kintsugi.sales.kinds_delivery import DELIVERY, RETURN


def _thing(f: Facts) -> str:
    return " ".join(str(f[k]) for k in ("product_code", "lot_no", "serial_no") if f.get(k))


def _number(value: object) -> str:
    return f"{float(str(value)):g}"


def _order_not_open(f: Facts) -> tuple[str, Text, Text]:
    state = ORDER.states.get(str(f["status"]), Text(str(f["status"]), str(f["status"])))
    return (
        "sales.order-not-open",
        Text(f"订单 {f['number']} 为“{state.zh}”,{f['delivery']} 不能继续。",
             f"Order {f['number']} is {state.en}; {f['delivery']} cannot go on."),
        Text("先解除挂起或重新批准。", "Take it off hold, or have it approved, first."),
    )  # fmt: skip


def _differs(f: Facts) -> tuple[str, Text, Text]:
    return (
        "sales.check-differs",
        Text(f"{_thing(f)}:已拣 {_number(f['picked'])},复核 {_number(f['scanned'])}。",
             f"{_thing(f)}: {_number(f['picked'])} picked, {_number(f['scanned'])} at the check."),
        Text("补扫或退回拣货。", "Scan the rest, or send it back to the picker."),
    )  # fmt: skip


def _ledger(f: Facts) -> tuple[str, Text, Text]:
    return (
        "sales.ledger-differs",
        Text(f"{f['number']} 与库存流水不符:{_thing(f)} 记 {_number(f['said'])},流水为 "
             f"{_number(f['ledger'])}。",
             f"{f['number']} differs from the stock ledger: {_thing(f)} {_number(f['said'])} said, "
             f"{_number(f['ledger'])} posted."),
        Text("用出库单的步骤移动这些货,不要手工过账。",
             "Move these goods by the steps of the delivery, not by hand."),
    )  # fmt: skip


def _too_much_back(f: Facts) -> tuple[str, Text, Text]:
    if not f.get("of_delivery", True):
        return (
            "sales.return-of-another",
            Text(f"{_thing(f)} 不是该出库单发的。", f"{_thing(f)} was not in that delivery."),
            Text("选择发出它的出库单。", "Choose the delivery that brought it."),
        )
    left = float(f["signed"]) - float(f["asked"])
    return (
        "sales.return-too-much",
        Text(f"{_thing(f)} 可退 {left:g},申请 {_number(f['qty'])}。",
             f"{left:g} of {_thing(f)} can come back, {_number(f['qty'])} was asked."),
        Text("减少数量;已退或已申请的不能再退。",
             "Ask for less; what came back or was asked back does not come twice."),
    )  # fmt: skip


def _not_allowed(f: Facts) -> tuple[str, Text, Text]:
    what = _thing(f) or str(f["number"])
    return (
        "sales.not-allowed",
        Text(f"{f['number']} 不能出库:{what} 当日不符合销售条件({f['finding']})。",
             f"{f['number']} is not shipped: {what} may not be sold that day ({f['finding']})."),
        Text("补齐客户资质、首营或注册证后再出库。",
             "Complete the licence, first review or certificate, then ship."),
    )  # fmt: skip


def _state(f: Facts) -> tuple[str, Text, Text]:
    states = {**RETURN.states, **DELIVERY.states}
    said = states.get(str(f["said"]), Text(str(f["said"]), str(f["said"])))
    return (
        "sales.state-differs",
        Text(f"{f['number']} 的数量表明其状态应为“{said.zh}”。",
             f"The quantities of {f['number']} say “{said.en}”."),
        Text("先完成缺少的步骤。", "Do the steps that are missing first."),
    )  # fmt: skip


DELIVERY_STATES: dict[str, Words] = {
    "KT13H": lambda f: (
        "sales.counted",
        Text("数量由扫描、回执和退货得出,不能直接改。",
             "Quantities follow from scans, receipts and returns; they are not typed."),
        Text("登记扫描、回执或退货。", "Record the scan, receipt or return."),
    ),
    "KT13I": _order_not_open,
    "KT13A": _differs,
    "KT13B": _ledger,
    "KT13C": lambda f: (
        "sales.cold-mixed",
        Text("冷藏与冷冻产品不能同一张出库单。", "Cold and frozen goods do not travel together."),
        Text("分两张出库单。", "Make two deliveries of it."),
    ),
    "KT13D": _too_much_back,
    "KT13E": _not_allowed,
    "KT13F": _state,
    "KT13G": lambda f: (
        "sales.same-person",
        Text("拣货人不能复核自己拣的货。", "Who picked goods cannot check them."),
        Text("请另一位有权限的同事处理。", "Ask a colleague who may do this."),
    ),
}  # fmt: skip
