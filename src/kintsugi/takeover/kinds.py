"""What may be wrong with what another system states, in both languages with the way out."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

TAKEOVER = StateMachine(
    name="takeover.takeover",
    table="takeover_takeover",
    column="status",
    states={
        "proposed": Text("待批准", "waiting for approval"),
        "posted": Text("已过账", "posted"),
        "withdrawn": Text("已撤回", "withdrawn"),
    },
    steps=frozenset({("proposed", "posted"), ("proposed", "withdrawn")}),
)
TONES = {"proposed": "warn", "posted": "good", "withdrawn": ""}

#: Why a stated level does not come over, and what helps.
FAULTS: dict[str, tuple[Text, Text]] = {
    "product-unknown": (
        Text("没有这个产品", "no such product"),
        Text("先导入产品,再重新导入库存。", "Import the product first, then the levels again."),
    ),
    "product-void": (
        Text("产品已作废", "the product is void"),
        Text("改用有效的产品编码。", "Use the code of a product that stands."),
    ),
    "no-warehouse": (
        Text("没有仓库", "no warehouse"),
        Text("在映射中给出仓库。", "Give the warehouse in the mapping."),
    ),
    "no-place": (
        Text("没有库位", "no location"),
        Text(
            "不在库中的(已售、已装配、生产中)不接管;在库的请补库位。",
            "What is not in stock (sold, built in, in production) stays; else give its location.",
        ),
    ),
    "negative": (
        Text("数量为负", "a quantity below nothing"),
        Text("在原系统查清后重新导出。", "Clear it up in the other system and export again."),
    ),
    "serial-quantity": (
        Text("一个序列号,数量却不是 1", "one serial number, but not a quantity of 1"),
        Text("逐个序列号列出。", "List each serial number by itself."),
    ),
    "serial-missing": (
        Text("按序列号追踪的产品没有序列号", "a product tracked by serial has none here"),
        Text("盘点并补序列号,或改产品的追踪方式。",
             "Count and give the serials, or change how the product is tracked."),
    ),
    "lot-missing": (
        Text("按批号追踪的产品没有批号", "a product tracked by lot has none here"),
        Text("按标签补批号。", "Give the lot from the label."),
    ),
    "serial-twice": (
        Text("同一序列号出现两次", "the same serial number twice"),
        Text("核对实物,留下真的一条。", "Look at the goods and keep the true one."),
    ),
    "serial-known": (
        Text("该序列号已在我们的库存中", "this serial number is in our stock already"),
        Text("核对实物;可能已接管或已收货。",
             "Look at the goods; it may have been taken over or received."),
    ),
    "lot-dates-differ": (
        Text("同一批号的日期不一致", "the dates of the lot differ"),
        Text("按标签更正后重新导入。", "Correct them by the label and import again."),
    ),
    "dates-reversed": (
        Text("失效早于生产", "expires before it was made"),
        Text("按标签更正后重新导入。", "Correct them by the label and import again."),
    ),
    "code-too-long": (
        Text("仓库或库位编码超过 30 个字符", "a warehouse or location code beyond 30 characters"),
        Text("在映射中换成短编码。", "Map it to a shorter code."),
    ),
}  # fmt: skip

#: What does not agree within the other system's own data.
DIFFERENCES: dict[str, Text] = {
    "level-and-last-movement": Text(
        "库存与最后一笔流水不符", "the level differs from the last movement"
    ),
    "chain-breaks": Text(
        "流水前后接不上", "a movement does not start where the one before it ended"
    ),
    "movement-without-item": Text(
        "流水所指的条目不存在", "a movement of an item that is not there"
    ),
    "no-movement-with-quantity": Text(
        "没有一笔流水说明数量", "no movement states a quantity"
    ),
}  # fmt: skip
