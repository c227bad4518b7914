"""What a repair says: the rules with their reasons, the signals, and the options."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from kintsugi.engine.text import Text

DETECT_AT: Final = 0.5
APPLY_AT: Final = 0.9

RULES: Final[dict[str, Text]] = {
    "dependency": Text(
        "“{because}”相同的行中,有 {support}/{total} 行的值是“{proposed}”",
        "{support} of {total} other rows with the same {because} have “{proposed}”",
    ),
    "blank": Text(
        "空单元格,而“{because}”相同的 {total} 行中有 {support} 行有值",
        "empty, while {support} of {total} other rows with the same {because} have a value",
    ),
    "spelling": Text(
        "与常见值“{proposed}”(出现 {support} 次)只差几个字符,而本值只出现 {total} 次",
        "a few characters from the frequent value “{proposed}” (seen {support} times); this one is "
        "seen {total} times",
    ),
    "unit": Text(
        "数字后带有单位或符号,而本列 {total} 个数字中有 {support} 个写法不同",
        "a number with a unit or sign, where {support} of the column's {total} numbers are written "
        "differently",
    ),
    "number": Text(
        "数字的写法与本列其余 {support}/{total} 个不同(千分位或浮点误差)",
        "a number written unlike {support} of the column's {total} (thousands separator or "
        "floating-point residue)",
    ),
    "padding": Text(
        "本列 {total} 个代码中有 {support} 个位数相同,本值少了前导零",
        "{support} of the column's {total} codes have one length; this one lacks leading zeros",
    ),
    "pattern": Text(
        "字符格式罕见:本列 {total} 个值中只有 {support} 个如此",
        "a rare character pattern: {support} of the column's {total} values have it",
    ),
    "stray": Text(
        "首尾带有多余字符;去掉后与本列其余 {support}/{total} 个值一致",
        "stray characters at an end; without them it is like {support} of {total} values",
    ),
    "date": Text(
        "日期或时间的格式与本列 {support}/{total} 个值不同",
        "a date or time written unlike {support} of the column's {total}",
    ),
    "missing": Text(
        "这个词表示“没有值”(本列共 {support} 处,{total} 行)",
        "a word that stands for no value ({support} of the column's {total} rows)",
    ),
    "variant": Text(
        "与常见值“{proposed}”(出现 {support} 次)只有大小写、空格或标点的差别",
        "differs from the frequent value “{proposed}” (seen {support} times) only in case, spaces "
        "or punctuation",
    ),
    "space": Text(
        "首尾有空白,或含有全角/控制字符",
        "space at an end, or full-width or control characters",
    ),
    "shifted": Text(
        "值中含有“{because}”列的内容,而该列为空(共 {support} 行)",
        "holds what belongs in {because}, which is empty ({support} rows)",
    ),
    "learned": Text(
        "按已回答的行学到的改法({support} 个例子)",
        "a change learned from the answered rows ({support} examples)",
    ),
    "answered": Text("由人回答", "answered by a person"),
    "filled": Text(
        "单元格属于合并区域、写着“同上”或为乱码,由读取时补全",
        "part of a merged range, a ditto mark or garbled text; filled when it was read",
    ),
    "contract": Text("按契约字段类型规范写法", "written as the contract's field asks"),
}

SIGNAL_SCHEMA: Final[dict[str, pl.DataType]] = {
    "row": pl.Int64(),
    "col": pl.Int32(),
    "proposed": pl.String(),
    "rule": pl.String(),
    "confidence": pl.Float64(),
    "support": pl.Int64(),
    "total": pl.Int64(),
    "because": pl.String(),
}

FINDING_SCHEMA: Final[dict[str, pl.DataType]] = {
    "row": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "proposed": pl.String(),
    "rule": pl.String(),
    "confidence": pl.Float64(),
    "detected": pl.Float64(),
    "support": pl.Int64(),
    "total": pl.Int64(),
    "because": pl.String(),
}


@dataclass(frozen=True)
class ValueSignal:
    """What a rule says about one distinct text of a column: every cell holding it is meant.
    ``proposed`` is None where the rule only doubts; ``confidence`` is from 0 to 1."""

    code: int
    proposed: str | None
    rule: str
    confidence: float
    support: int
    total: int
    because: str = ""


def reason(finding: dict[str, object]) -> Text:
    """The sentence of a finding (a row of FINDING_SCHEMA) in both languages."""
    text = RULES[str(finding["rule"])]
    facts = {
        name: str(finding.get(name) if finding.get(name) is not None else "")
        for name in ("proposed", "support", "total", "because")
    }
    return text.fill(**facts)
