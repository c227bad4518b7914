"""How often goods are looked at, what a temperature zone allows, and what findings there are."""

from dataclasses import dataclass
from decimal import Decimal

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text


@dataclass(frozen=True)
class Rule:
    """Goods of a kind are looked at every so many days; of several rules the shortest counts."""

    name: str
    title: Text
    days: int


#: The conditions are in ``sql/storage_due.sql``, under the same names.
RULES = (
    Rule("near_expiry", Text("近效期(180 天内)", "expires within 180 days"), 30),
    Rule("cold", Text("冷藏、冷冻", "cold and frozen"), 30),
    Rule("implant", Text("植入类", "implants"), 90),
    Rule("all", Text("其他", "all others"), 90),
)
#: °C that a temperature zone allows; None: no limit.
RANGES: dict[str, tuple[Decimal | None, Decimal | None]] = {
    "normal": (Decimal(10), Decimal(30)),
    "cool": (None, Decimal(20)),
    "cold": (Decimal(2), Decimal(8)),
    "frozen": (None, Decimal(-15)),
}
#: Products that are held at once where their store was out of range or nobody knows.
COLD_CHAIN = ("cold", "frozen")

FINDINGS: dict[str, Text] = {
    "sound": Text("正常", "sound"),
    "packaging": Text("包装破损", "packaging damaged"),
    "appearance": Text("外观异常", "looks wrong"),
    "label": Text("标签不清", "label unreadable"),
    "climate": Text("温湿度超限", "temperature or humidity out of range"),
    "other": Text("其他", "other"),
}
EXCURSION_KINDS: dict[str, Text] = {
    "high": Text("超上限", "too warm"),
    "low": Text("超下限", "too cold"),
    "no_data": Text("无数据", "no data"),
}
DECISIONS: dict[str, Text] = {
    "release": Text("放行", "release"),
    "hold": Text("继续冻结", "keep on hold"),
    "reject": Text("不合格", "reject"),
}
EXCURSION = StateMachine(
    name="stock.excursion",
    table="stock_excursion",
    column="status",
    states={"open": Text("待判定", "to be judged"), "judged": Text("已判定", "judged")},
    steps=frozenset({("open", "judged")}),
)
EXCURSION_TONES = {"open": "warn", "judged": "good"}
