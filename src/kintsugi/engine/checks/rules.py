"""Issue texts of the checks and of the pipeline, entered in the engine's one registry."""

from typing import Literal

from kintsugi.engine.reading.rules import READING_RULES
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES, Rule, register

Severity = Literal["block", "warn", "ask"]

_RULES: tuple[tuple[str, Severity, tuple[int, ...], Text, Text], ...] = (
    (
        "check.required",
        "block",
        (),
        Text("缺少必填值", "A required value is missing"),
        Text("请在来源中补上该值。", "Supply the value in the source."),
    ),
    (
        "check.unique",
        "ask",
        (),
        Text("不应重复的值出现多次", "A value that must be unique occurs more than once"),
        Text("请确认哪一行正确。", "Say which row is right."),
    ),
    (
        "check.max-length",
        "block",
        (),
        Text("超过最大长度", "Longer than allowed"),
        Text(
            "请缩短该值,或检查是否粘连了其他列。", "Shorten it, or look for text of another column."
        ),
    ),
    (
        "check.range",
        "block",
        (),
        Text("超出允许范围", "Outside the allowed range"),
        Text("请核对数值和单位。", "Check the number and its unit."),
    ),
    (
        "check.allowed",
        "block",
        (59,),
        Text("不在取值表中", "Not among the allowed values"),
        Text(
            "请选择对应的取值,或提请增加别名。", "Choose the value it stands for, or add an alias."
        ),
    ),
    (
        "check.date-order",
        "ask",
        (43,),
        Text("日期先后颠倒", "Dates in the wrong order"),
        Text(
            "请核对两个日期,或检查两列是否互换。",
            "Check both dates; perhaps the columns changed places.",
        ),
    ),
    (
        "check.companion",
        "ask",
        (),
        Text("相关字段缺失或不一致", "A field that belongs to this one is missing or disagrees"),
        Text("请补齐相关字段。", "Supply the field that belongs to it."),
    ),
    (
        "key.weak",
        "ask",
        (63,),
        Text(
            "没有可用的业务主键,按内容识别", "No natural key: the row is known by its content only"
        ),
        Text(
            "请补上主键字段;内容一改即视为新记录。",
            "Supply the key; a change of content makes a new record.",
        ),
    ),
    (
        "merge.conflict",
        "ask",
        (63,),
        Text("同一主键的两行内容不一致", "Two rows with the same key disagree"),
        Text(
            "请选择正确的值;未选之前采用建议值。",
            "Choose the right value; until then the proposal stands.",
        ),
    ),
    (
        "total.mismatch",
        "warn",
        (11,),
        Text("合计与明细之和不符", "The total does not equal the sum of the details"),
        Text(
            "请核对是否缺行、重行或金额有误。",
            "Look for missing or repeated rows or a wrong amount.",
        ),
    ),
    (
        "mapping.required-unmapped",
        "ask",
        (),
        Text("来源没有提供必填字段", "The source supplies no column for a required field"),
        Text("请映射一列或给出固定值。", "Map a column or a fixed value."),
    ),
    (
        "cell.out-of-use",
        "ask",
        (15,),
        Text("删除线或批注表明可能已停用或报废", "Struck out or commented as out of use"),
        Text(
            "请确认状态;确认前不载入来源所写的状态。",
            "Confirm the status; until then the one in the source is not loaded.",
        ),
    ),
    (
        "row.hidden",
        "ask",
        (6,),
        Text("该行在工作表中是隐藏的", "The row is hidden in the sheet"),
        Text(
            "该行已照常载入;请确认它是否仍然有效。",
            "The row was loaded all the same; say whether it still counts.",
        ),
    ),
    (
        "sheet.hidden",
        "ask",
        (6,),
        Text("隐藏的工作表,未载入", "A hidden sheet that was not loaded"),
        Text(
            "请决定是否采用该表:采用则为其建立映射。",
            "Decide whether to use the sheet; if so, map it.",
        ),
    ),
)


def register_check_rules() -> None:
    """Enter the rules once; the registry refuses a second text for the same id."""
    for rule_id, severity, dirt, title, remedy in _RULES:
        if rule_id not in RULES:
            register(Rule(rule_id, severity, title, remedy, dirt))
    for reading in READING_RULES:
        if reading.id not in RULES:
            register(Rule(*reading))
