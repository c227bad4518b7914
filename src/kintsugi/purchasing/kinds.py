"""The lives of purchasing's documents, their names in both languages, and the sampling plan."""

from decimal import Decimal

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text


def _steps(text: str) -> frozenset[tuple[str, str]]:
    """``a>b|c`` means: from a to b or to c."""
    pairs = (one.partition(">") for one in text.split())
    return frozenset((a, b) for a, _, many in pairs for b in many.split("|"))


REQUEST = StateMachine(
    name="purchasing.request",
    table="purchasing_request",
    column="status",
    states={
        "submitted": Text("待批", "waiting for approval"),
        "approved": Text("已批准", "approved"),
        "ordered": Text("已下单", "ordered"),
        "rejected": Text("已驳回", "rejected"),
        "cancelled": Text("已取消", "cancelled"),
    },
    # What was ordered comes back when the order is cancelled.
    steps=_steps(
        "submitted>approved|rejected|cancelled approved>ordered|cancelled ordered>approved"
    ),
)
ORDER = StateMachine(
    name="purchasing.order",
    table="purchasing_order",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "submitted": Text("审批中", "waiting for approval"),
        "ordered": Text("已下单", "ordered"),
        "part_received": Text("部分到货", "partly received"),
        "received": Text("到货完", "received"),
        "closed": Text("已关闭", "closed"),
        "cancelled": Text("已取消", "cancelled"),
    },
    # Back from (partly) received: a receipt was reversed.
    steps=_steps(
        "draft>submitted|cancelled submitted>ordered|draft|cancelled"
        " ordered>part_received|received|cancelled part_received>received|ordered|closed"
        " received>part_received|ordered|closed"
    ),
)
NOTICE = StateMachine(
    name="purchasing.notice",
    table="purchasing_notice",
    column="status",
    states={
        "announced": Text("在途", "on its way"),
        "arrived": Text("已到货", "arrived"),
        "cancelled": Text("已取消", "cancelled"),
    },
    steps=_steps("announced>arrived|cancelled arrived>announced"),
)
RECEIPT = StateMachine(
    name="purchasing.receipt",
    table="purchasing_receipt",
    column="status",
    states={
        "draft": Text("收货中", "being received"),
        "received": Text("已收待验", "to be inspected"),
        "inspecting": Text("验收中", "being inspected"),
        "qualified": Text("合格", "qualified"),
        "part_qualified": Text("部分合格", "partly qualified"),
        "rejected": Text("不合格", "rejected"),
        "done": Text("上架完成", "put away"),
        "reversed": Text("已冲销", "reversed"),
        "cancelled": Text("已取消", "cancelled"),
    },
    steps=_steps(
        "draft>received|cancelled received>inspecting|qualified|part_qualified|rejected|reversed"
        " inspecting>qualified|part_qualified|rejected qualified>done part_qualified>done"
    ),
)
RETURN = StateMachine(
    name="purchasing.return",
    table="purchasing_return",
    column="status",
    states={
        "submitted": Text("待批", "waiting for approval"),
        "approved": Text("已批准", "approved"),
        "shipped": Text("已退出", "sent back"),
        "credited": Text("已红冲", "credited"),
        "rejected": Text("已驳回", "rejected"),
        "cancelled": Text("已取消", "cancelled"),
    },
    steps=_steps(
        "submitted>approved|rejected|cancelled approved>shipped|cancelled shipped>credited"
    ),
)
INVOICE = StateMachine(
    name="purchasing.invoice",
    table="purchasing_invoice",
    column="status",
    states={
        "entered": Text("已录入", "entered"),
        "approved": Text("已审核", "approved"),
        "rejected": Text("已退票", "sent back"),
    },
    steps=_steps("entered>approved|rejected"),
)

TONES = {
    "submitted": "warn", "approved": "good", "ordered": "live", "rejected": "bad",
    "part_received": "warn", "received": "live", "announced": "live", "arrived": "good",
    "inspecting": "live", "qualified": "good", "part_qualified": "warn", "done": "good",
    "reversed": "warn", "shipped": "live", "credited": "good", "entered": "warn",
}  # fmt: skip

SOURCES: dict[str, Text] = {
    "manual": Text("手工", "by hand"),
    "demand": Text("需求计划", "demand plan"),
    "work_order": Text("工单", "work order"),
}
#: What an acceptance looks at; ``pass``, ``fail`` or ``none`` (does not apply).
CHECKS: dict[str, Text] = {
    "appearance": Text("外观", "appearance"),
    "label": Text("标签", "label"),
    "certificate": Text("合格证明", "certificate of conformity"),
    "package": Text("包装", "package"),
    "expiry": Text("有效期", "expiry"),
    "documents": Text("随货文件", "accompanying documents"),
}
FINDINGS: dict[str, Text] = {
    "pass": Text("合格", "pass"),
    "fail": Text("不合格", "fail"),
    "none": Text("不适用", "does not apply"),
}
REJECT_REASONS: dict[str, Text] = {
    "damaged": Text("破损", "damaged"),
    "label": Text("标签不符", "label wrong"),
    "documents": Text("证明文件不齐", "documents missing"),
    "temperature": Text("温度超标", "temperature exceeded"),
    "expiry": Text("有效期不符", "expiry not as agreed"),
    "quality": Text("质量问题", "quality"),
}
RETURN_REASONS: dict[str, Text] = {
    "rejected": Text("验收不合格", "rejected on acceptance"),
    "held": Text("冻结", "on hold"),
    "recalled": Text("召回", "recalled"),
    "expired": Text("过期", "expired"),
    "agreed": Text("与供应商商定退货", "agreed with the supplier"),
}
MATCHES: dict[str, Text] = {
    "matched": Text("一致", "matched"),
    "price": Text("单价不符", "price differs"),
    "quantity": Text("数量不符", "quantity differs"),
    "not_received": Text("未验收入库", "not received"),
}
MATCH_TONES = {"matched": "good", "price": "bad", "quantity": "bad", "not_received": "bad"}

#: (from this many on, how many are looked at). Implants and what has a serial: every piece.
SAMPLING: tuple[tuple[int, int], ...] = (
    (1, 2), (9, 3), (16, 5), (26, 8), (51, 13), (91, 20), (151, 32), (281, 50), (501, 80),
    (1_201, 125), (3_201, 200), (10_001, 315),
)  # fmt: skip

#: What an invoice may differ by and still match: of the price in percent, of a line's net amount.
PRICE_TOLERANCE_PERCENT = Decimal("0.5")
AMOUNT_TOLERANCE = Decimal("1.00")

#: Degrees Celsius (from, to) on arrival by storage condition; None: no limit on that side.
ARRIVAL_C: dict[str, tuple[Decimal | None, Decimal | None]] = {
    "cool": (None, Decimal(20)),
    "cold": (Decimal(2), Decimal(8)),
    "frozen": (None, Decimal(-15)),
}
#: Their temperature on arrival is always taken down.
CHILLED = ("cold", "frozen")


def sample_size(quantity: Decimal, *, every_piece: bool) -> Decimal:
    """How many of so many are looked at: by the plan, or all of them."""
    if every_piece:
        return quantity
    planned = max((size for least, size in SAMPLING if quantity >= least), default=1)
    return min(quantity, Decimal(planned))
