"""States of a stocktake and of an adjustment, and what lines and reasons there are."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

STOCKTAKE = StateMachine(
    name="stock.stocktake",
    table="stock_stocktake",
    column="status",
    states={
        "planned": Text("已计划", "planned"),
        "counting": Text("盘点中", "being counted"),
        "review": Text("待批准", "waits for approval"),
        "posted": Text("已过账", "posted"),
        "cancelled": Text("已取消", "cancelled"),
    },
    steps=frozenset(
        {
            ("planned", "counting"),
            ("planned", "cancelled"),
            ("counting", "review"),
            ("counting", "cancelled"),
            ("review", "posted"),
            ("review", "cancelled"),
        }
    ),
)
ADJUSTMENT = StateMachine(
    name="stock.adjustment",
    table="stock_adjustment",
    column="status",
    states={
        "requested": Text("待批准", "waits for approval"),
        "posted": Text("已过账", "posted"),
        "refused": Text("已拒绝", "refused"),
    },
    steps=frozenset({("requested", "posted"), ("requested", "refused")}),
)
TONES = {
    "counting": "live", "review": "warn", "requested": "warn", "posted": "good", "refused": "bad",
}  # fmt: skip

#: Where a line stands. A difference is confirmed when two people found the same one.
LINE_STATES: dict[str, Text] = {
    "open": Text("未盘", "not counted"),
    "matched": Text("相符", "agrees"),
    "recount": Text("待复盘", "to be counted again"),
    "confirmed": Text("差异已确认", "difference confirmed"),
}
LINE_TONES = {"matched": "good", "recount": "warn", "confirmed": "bad"}
#: Why the record and the shelf differ. ``document`` is left alone: another document settles it.
REASONS: dict[str, Text] = {
    "picking": Text("拣货差错", "picked wrongly"),
    "receiving": Text("收货差错", "received wrongly"),
    "put_away": Text("放错库位", "put in the wrong place"),
    "label": Text("标签或批号错误", "wrong label or lot"),
    "unposted": Text("已发生未过账", "moved without a posting"),
    "damage": Text("损坏未登记", "damaged and not recorded"),
    "lost": Text("丢失或被盗", "lost or stolen"),
    "unknown": Text("原因不明", "not known"),
    "document": Text("由其他单据处理,不过账", "another document settles it; not posted"),
}
LEFT_ALONE = "document"
ADJUSTMENTS: dict[str, Text] = {
    "scrap": Text("报废", "scrapping"),
    "loss": Text("调减", "adjustment down"),
    "gain": Text("调增", "adjustment up"),
}
