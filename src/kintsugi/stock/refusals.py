"""The database's refusals of the ledger in words: which rule, which row, what to do."""

from kintsugi.core.errors import Text
from kintsugi.core.refusals import Facts, Refusals, Words


def _elsewhere(f: Facts) -> tuple[str, Text, Text]:
    if f.get("twice"):
        return (
            "stock.unit-twice",
            Text(f"序列号 {f['serial_no']} 在同一单中出现两次。",
                 f"Serial {f['serial_no']} is there twice."),
            Text("删除重复的一行。", "Take one of the two lines out."),
        )  # fmt: skip
    place = "/".join(str(f[k]) for k in ("at_warehouse", "at") if f.get(k))
    return (
        "stock.unit-elsewhere",
        Text(f"序列号 {f['serial_no']} 在 {place},不在 {f['expected']}。",
             f"Serial {f['serial_no']} is at {place}, not at {f['expected']}."),
        Text("核对实物;若确在此处,先登记差异再移动。",
             "Look at the thing itself; if it is here, record the difference first."),
    )  # fmt: skip


def _too_little(f: Facts) -> tuple[str, Text, Text]:
    what = f"{f['product_code']} {f.get('lot_no') or ''}".strip()
    free = float(f["on_hand"]) - float(f["reserved"])
    return (
        "stock.not-enough",
        Text(f"{f['location']} 的 {what} 可用 {free:g},需要 {float(f['wanted']):g}。",
             f"{free:g} of {what} is free at {f['location']}, {float(f['wanted']):g} is wanted."),
        Text("减少数量、换一个库位,或释放预留。",
             "Take less, take it from another location, or release a reservation."),
    )  # fmt: skip


_WHY = {
    "recall": (
        Text("已召回", "recalled"),
        Text("按召回退回或报废。", "Return or scrap it under the recall."),
    ),
    "hold": (
        Text("已冻结", "on hold"),
        Text("先由质量解除冻结。", "Quality releases the hold first."),
    ),
    "rejected": (
        Text("不合格", "rejected"),
        Text("退供应商或报废。", "Return it to the supplier or scrap it."),
    ),
    "expired": (
        Text("已过有效期", "expired"),
        Text(
            "换一个批次;过期品报废或退供应商。",
            "Take another lot; scrap or return what has expired.",
        ),
    ),
}


def _blocked(f: Facts) -> tuple[str, Text, Text]:
    thing = f.get("serial_no") or f.get("lot_no") or f["product_code"]
    why, remedy = _WHY[str(f["why"])]
    return (
        f"stock.{f['why']}",
        Text(f"{thing} {why.zh},不能出库。", f"{thing} is {why.en} and may not leave."),
        remedy,
    )


def _wrong_store(f: Facts) -> tuple[str, Text, Text]:
    return (
        "stock.temperature",
        Text(f"{f['product_code']} 的贮存条件与库位 {f['location']} 的温区不符。",
             f"{f['product_code']} must not be stored at the temperature of {f['location']}."),
        Text("换一个温区相符的库位。", "Choose a location of the right temperature."),
    )  # fmt: skip


def _wrong_day(f: Facts) -> tuple[str, Text, Text]:
    if f.get("why") == "future":
        return (
            "stock.day-to-come",
            Text(f"{f['business_date']} 还没到。", f"{f['business_date']} has not come yet."),
            Text("用今天或更早的日期。", "Use today or an earlier day."),
        )
    return (
        "stock.month-closed",
        Text(
            f"{f['business_date']} 所在月份已结账。",
            f"The month of {f['business_date']} is closed.",
        ),
        Text("用未结账月份的日期,并写明原因。", "Use a day of an open month and say why."),
    )


def _reserved(f: Facts) -> tuple[str, Text, Text]:
    return (
        "stock.unit-reserved",
        Text(f"序列号 {f.get('serial_no', '')} 已为 {f.get('document_no', '')} 预留。",
             f"Serial {f.get('serial_no', '')} is reserved for {f.get('document_no', '')}."),
        Text("换一台,或先释放预留。", "Take another, or release the reservation first."),
    )  # fmt: skip


def _untracked(f: Facts) -> tuple[str, Text, Text]:
    needs = {"serial": Text("序列号", "serial number"), "lot": Text("批号", "lot number")}.get(
        str(f["tracking"]), Text("批号和序列号", "lot and serial number")
    )
    return (
        "stock.not-tracked",
        Text(f"第 {f['line']} 行的 {f['product_code']} 缺{needs.zh}。",
             f"Line {f['line']}: {f['product_code']} needs a {needs.en}."),
        Text("扫描标签,或手工输入。", "Scan the label, or type it."),
    )  # fmt: skip


def _counting(f: Facts) -> tuple[str, Text, Text]:
    if f.get("why") == "state":
        return (
            "stocktake.not-counting",
            Text("这次盘点不在盘点状态。", "This stocktake is not being counted."),
            Text(
                "先开始盘点;已结束的另建一次。", "Start it first; plan another one if it is over."
            ),
        )
    return (
        "stocktake.not-ready",
        Text("盘点还不能过账。", "The stocktake cannot be posted yet."),
        Text("盘完每一行,并为每处差异写明原因。", "Count every line and explain every difference."),
    )


STATES: dict[str, Words] = {
    "KT100": _elsewhere,
    "KT101": _too_little,
    "KT102": _blocked,
    "KT103": _wrong_store,
    "KT104": _wrong_day,
    "KT105": lambda f: (
        "stock.no-reversal",
        Text("冲销必须与原过账完全相反。", "A reversal turns the whole posting round."),
        Text("用“冲销”,不要手工编写。", "Use “Reverse” instead of writing it by hand."),
    ),
    "KT106": lambda f: (
        "stock.unit-fixed",
        Text(f"序列号 {f.get('serial_no', '')} 只能由台账移动。",
             f"Serial {f.get('serial_no', '')} is moved by the ledger only."),
        Text("请过账。", "Post a move."),
    ),
    "KT107": _reserved,
    "KT108": _untracked,
    "KT140": lambda f: (
        "stocktake.counter",
        Text("参与盘点的人不能批准。", "Who counted in it cannot approve it."),
        Text("请没有参与盘点的人批准。", "Ask somebody who counted nothing of it."),
    ),
    "KT141": _counting,
    "KT143": lambda f: (
        "stock.goods-too-warm",
        Text(f"{f.get('product_code', '')} 在 {f.get('location', '')},不能改为这个温区。",
             f"{f.get('product_code', '')} lies at {f.get('location', '')}, and must not be kept "
             "so."),
        Text("先把货物移走,再改温区。", "Move the goods away first."),
    ),
    "KT142": lambda f: (
        "stock.not-approved",
        Text("没有他人批准,不能过账。", "Nobody else approved this posting."),
        Text("先申请,再由另一人批准。", "Ask for it, and let another person approve."),
    ),
}  # fmt: skip

#: A block whose refusal by a rule of the ledger is raised in words.
explained = Refusals(STATES).explained
