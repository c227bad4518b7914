"""Rules that only loading can break, registered with the engine's."""

from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES, Rule, register


def severity_of(rule: str) -> str:
    """block, ask or warn; a rule nobody registered asks."""
    known = RULES.get(rule)
    return known.severity if known else "ask"


for _rule in (
    Rule(
        id="reference.unknown",
        severity="ask",
        title=Text("“{value}”指向不存在的记录", "“{value}” points to no record"),
        remedy=Text(
            "请先导入它所指的记录,或在来源的对照表中写明它是什么。",
            "Import the record it points to first, or say what it is in the source's value map.",
        ),
        dirt=(51,),
    ),
    Rule(
        id="reference.ambiguous",
        severity="ask",
        title=Text("“{value}”可能指多条记录", "“{value}” may be any of several records"),
        remedy=Text(
            "请在对照表中写明是哪一条,或改用 UDI-DI。",
            "Say which one in the value map, or use the UDI-DI.",
        ),
        dirt=(51,),
    ),
    Rule(
        id="conflict.overwritten",
        severity="warn",
        title=Text(
            "来源与人工都改过此值,已采用来源的值",
            "Both the source and a person changed this value; the source's was taken",
        ),
        remedy=Text(
            "请核对;原值在变更记录中。", "Check it; the value before is in the change log."
        ),
        dirt=(),
    ),
    Rule(
        id="conflict.kept",
        severity="ask",
        title=Text(
            "来源与人工都改过此值,保留了人工的值",
            "Both the source and a person changed this value; the person's was kept",
        ),
        remedy=Text("请决定采用哪一个。", "Decide which one is right."),
        dirt=(),
    ),
    Rule(
        id="conflict.voided",
        severity="ask",
        title=Text(
            "来源仍提供已作废的记录,未作更改",
            "The source still brings a record that was made void; nothing was changed",
        ),
        remedy=Text(
            "请确认作废是否正确:恢复记录,或在源中移除。",
            "Find out whether it is void for good: restore the record, or take it out of the "
            "source.",
        ),
        dirt=(),
    ),
    Rule(
        id="serial.lookalike",
        severity="ask",
        title=Text(
            "序列号“{value}”与同一产品的另一台只差易混字符(O/0、I/1、B/8)",
            "The serial “{value}” differs from another one of the same product only in characters "
            "that are easily confused (O/0, I/1, B/8)",
        ),
        remedy=Text(
            "请核对铭牌:若是同一台,请在源中更正;若是两台,请豁免此问题。",
            "Check the label: correct the source if it is one device, waive this if it is two.",
        ),
        dirt=(25,),
    ),
    Rule(
        id="merge.date-order",
        severity="ask",
        title=Text(
            "合并后“{value}”晚于其后的日期,已留空",
            "Taken together, “{value}” lies behind the date it should precede; it was left empty",
        ),
        remedy=Text(
            "请比较各来源的日期,更正其中之一。",
            "Compare the dates of the sources and correct one of them.",
        ),
        dirt=(),
    ),
    Rule(
        id="identity.collision",
        severity="ask",
        title=Text(
            "新的编号已属于另一条记录,未作更改",
            "The new key belongs to another record already; nothing was changed",
        ),
        remedy=Text(
            "请确认两条记录是否为同一个。", "Find out whether the two records are the same thing."
        ),
        dirt=(),
    ),
):
    if _rule.id not in RULES:
        register(_rule)
