"""What deliveries, scans, receipts and returns there are, in both languages; kinds of contracts and
orders stand in ``kinds``."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

MODES: dict[str, Text] = {
    "self": Text("自送", "own transport"),
    "carrier": Text("承运商", "carrier"),
    "cold": Text("冷链", "cold chain"),
}
#: What the goods of a delivery need on their way; °C at departure and arrival.
COLD_RANGES: dict[str, tuple[int | None, int]] = {"cold": (2, 8), "frozen": (None, -15)}
PHASES: dict[str, Text] = {
    "pick": Text("拣货", "picking"),
    "check": Text("复核", "check"),
    "put_back": Text("放回", "putting back"),
}
RECEIPT_KINDS: dict[str, Text] = {
    "delivery": Text("签收", "receipt"),
    "use": Text("寄售使用", "consignment used"),
    "take_back": Text("寄售收回", "consignment taken back"),
}
#: What became of goods on their way. Damaged goods come back like refused ones; whoever keeps a
#: damaged thing signs for it and asks for a return.
OUTCOMES: dict[str, Text] = {
    "signed": Text("实收", "received"),
    "damaged": Text("破损退回", "damaged, comes back"),
    "refused": Text("拒收", "refused"),
    "lost": Text("丢失", "lost"),
}
COMING_BACK = ("damaged", "refused")

DELIVERY = StateMachine(
    name="sales.delivery",
    table="sales_delivery",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "assigned": Text("已分配", "assigned"),
        "picking": Text("拣货中", "being picked"),
        "picked": Text("已拣", "picked"),
        "checking": Text("复核中", "being checked"),
        "checked": Text("复核通过", "checked"),
        "shipped": Text("已出库", "shipped"),
        "in_transit": Text("在途", "in transit"),
        "part_signed": Text("部分签收", "partly signed"),
        "signed": Text("已签收", "signed"),
        "refused": Text("拒收", "refused"),
        "closed": Text("关闭", "closed"),
        "cancelled": Text("取消", "cancelled"),
    },
    steps=frozenset(
        {
            ("draft", "assigned"),
            ("assigned", "draft"),
            ("assigned", "picking"),
            ("picking", "picked"),
            ("picked", "picking"),
            ("picked", "checking"),
            ("checking", "checked"),
            # A check that finds a difference sends the goods back to the picker.
            ("checking", "picking"),
            ("checked", "picking"),
            ("checked", "shipped"),
            # The shipment is reversed: the goods are in the shipping zone and are checked again.
            ("shipped", "picked"),
            ("in_transit", "picked"),
            ("shipped", "in_transit"),
            ("part_signed", "closed"),
            ("signed", "closed"),
            ("refused", "closed"),
        }
        | {
            (way, end)
            for way in ("shipped", "in_transit", "part_signed")
            for end in ("part_signed", "signed", "refused")
            if way != end
        }
        | {(one, "cancelled") for one in ("draft", "assigned", "picking")}
    ),
)
#: Deliveries whose goods are still to be picked.
BEFORE_PICKED = ("draft", "assigned", "picking")
#: Deliveries whose goods are with us.
BEFORE_SHIPPED = (*BEFORE_PICKED, "picked", "checking", "checked")
ON_THE_WAY = ("shipped", "in_transit", "part_signed")
SHIPPED = (*ON_THE_WAY, "signed", "refused", "closed")
DELIVERY_TONES = {
    "assigned": "live",
    "picking": "live",
    "picked": "live",
    "checking": "live",
    "checked": "live",
    "shipped": "live",
    "in_transit": "live",
    "part_signed": "warn",
    "signed": "good",
    "refused": "bad",
    "cancelled": "bad",
}

#: What somebody may ask for.
ASKED_KINDS: dict[str, Text] = {
    "refund": Text("退货退款", "refund"),
    "exchange": Text("换货", "exchange"),
    "repair": Text("返修", "repair"),
    "scrap": Text("报废", "scrap"),
}
#: With those that a receipt makes: of goods that nobody signed for.
UNSIGNED = "unsigned"
RETURN_KINDS: dict[str, Text] = {
    **ASKED_KINDS,
    UNSIGNED: Text("未签收退回", "came back unsigned"),
}
ASKED_REASONS: dict[str, Text] = {
    "quality": Text("质量问题", "quality"),
    "wrong_item": Text("发错货", "wrong item"),
    "transport_damage": Text("运输损坏", "damaged on the way"),
    "near_expiry": Text("近效期", "near expiry"),
    "recall": Text("召回", "recall"),
    "repair": Text("维修", "repair"),
    "trial_end": Text("试用结束", "end of a trial"),
}
RETURN_REASONS: dict[str, Text] = {
    **ASKED_REASONS,
    "refused": Text("拒收", "refused"),
    "taken_back": Text("寄售收回", "consignment taken back"),
}
#: What quality decides about goods that came back.
DECISIONS: dict[str, Text] = {
    "restock": Text("回合格库", "back to stock"),
    "repair": Text("返修", "to repair"),
    "exchange": Text("换货,旧品不合格", "exchanged, the old one rejected"),
    "refund": Text("退款,货不合格", "refunded, the goods rejected"),
    "reject": Text("不合格", "rejected"),
    "scrap": Text("报废", "scrapped"),
    "to_maker": Text("退厂", "to the maker"),
}
#: Goods that nobody signed for are neither paid back nor exchanged; those that were are not merely
#: rejected.
DECISIONS_UNSIGNED = {k: v for k, v in DECISIONS.items() if k not in ("exchange", "refund")}
DECISIONS_SIGNED = {k: v for k, v in DECISIONS.items() if k != "reject"}
RETURN = StateMachine(
    name="sales.return",
    table="sales_return",
    column="status",
    states={
        "requested": Text("申请", "requested"),
        "rejected": Text("驳回", "rejected"),
        "awaited": Text("待收", "awaited"),
        "received": Text("退回待验", "came back, to be inspected"),
        "inspected": Text("已验收", "inspected"),
        "closed": Text("关闭", "closed"),
    },
    steps=frozenset(
        {
            ("requested", "awaited"),
            ("requested", "rejected"),
            # Approved and nothing came.
            ("awaited", "rejected"),
            ("awaited", "received"),
            ("received", "inspected"),
            ("inspected", "closed"),
        }
    ),
)
RETURN_TONES = {
    "requested": "warn",
    "awaited": "live",
    "received": "live",
    "inspected": "live",
    "closed": "good",
    "rejected": "bad",
}
