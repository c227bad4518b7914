"""Mappings and reader's marks in words people read."""

from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Any

from kintsugi.engine.contract import Contract, load_contracts
from kintsugi.engine.mapping import Mapping
from kintsugi.engine.mapping.model import (
    Column,
    Concat,
    Const,
    Expression,
    FirstOf,
    Split,
    Udi,
    headers_of,
    value_map_of,
)
from kintsugi.engine.text import Text

_PARTS = {
    "di": Text("DI", "DI"),
    "lot": Text("批号", "lot"),
    "serial": Text("序列号", "serial number"),
    "expiry": Text("失效日期", "expiry"),
    "mfg": Text("生产日期", "manufacturing date"),
}


def expression_text(expression: Expression) -> Text:
    """Where a field's text is taken from."""
    text = _plain(expression)
    named = value_map_of(expression)
    if named is None:
        return text
    return Text(f"{text.zh}(经对照表 {named})", f"{text.en} (through value map {named})")


def _plain(expression: Expression) -> Text:
    if isinstance(expression, str):
        return Text(expression, expression)
    if isinstance(expression, Column):
        return Text(expression.column, expression.column)
    if isinstance(expression, Const):
        return Text(f"固定为“{expression.const}”", f"always “{expression.const}”")
    if isinstance(expression, FirstOf):
        every = ", ".join(expression.first_of)
        return Text(f"{every} 中第一个有值的", f"the first of {every} that is filled")
    if isinstance(expression, Concat):
        joined = " + ".join(expression.concat)
        return Text(joined, joined)
    if isinstance(expression, Split):
        return Text(
            f"{expression.split} 中符合 {expression.pattern} 的部分",
            f"the part of {expression.split} that matches {expression.pattern}",
        )
    assert isinstance(expression, Udi)
    part = _PARTS[expression.part]
    return Text(f"{expression.udi} 中的{part.zh}", f"{part.en} in {expression.udi}")


@dataclass(frozen=True)
class Line:
    """One field of a mapping: from which columns, to which field, with samples and the reason."""

    source: Text
    headers: tuple[str, ...]
    field: str
    field_name: Text
    description: Text
    is_key: bool
    required: bool
    samples: tuple[str, ...] = ()
    reason: Text | None = None
    score: int | None = None  # percent


@dataclass(frozen=True)
class EntityLines:
    """One entity that a table speaks of."""

    entity: str
    name: Text
    primary: bool
    lines: tuple[Line, ...]
    where: str


@dataclass(frozen=True)
class TableLines:
    """One table of a mapping."""

    table: str
    entities: tuple[EntityLines, ...]


def mapping_lines(
    mapping: Mapping,
    *,
    samples: Map[tuple[str, str], tuple[str, ...]] | None = None,
    reasons: Map[tuple[str, str, str], tuple[Text, float]] | None = None,
) -> list[TableLines]:
    """A mapping as two columns. ``samples`` by (table, header), ``reasons`` by (table, entity,
    field)."""
    contracts = load_contracts()
    tables = []
    for table in mapping.tables:
        name = str(table.table)
        entities = []
        for entity in table.entities:
            contract = contracts[entity.entity]
            key = entity.key or contract.key
            lines = [
                _line(name, contract, field, expression, key, samples or {}, reasons or {})
                for field, expression in entity.columns.items()
                if field in contract.names
            ]
            where = "; ".join(
                f"{header} = {' | '.join(values)}"
                for header, values in (entity.where or {}).items()
            )
            entities.append(
                EntityLines(
                    entity.entity,
                    Text(contract.zh, contract.en),
                    entity.primary,
                    tuple(lines),
                    where,
                )
            )
        tables.append(TableLines(name, tuple(entities)))
    return tables


def _line(
    table: str,
    contract: Contract,
    field: str,
    expression: Expression,
    key: tuple[str, ...],
    samples: Map[tuple[str, str], tuple[str, ...]],
    reasons: Map[tuple[str, str, str], tuple[Text, float]],
) -> Line:
    known = contract.field(field)
    headers = headers_of(expression)
    seen = dict.fromkeys(s for header in headers for s in samples.get((table, header), ()))
    reason = reasons.get((table, contract.entity, field))
    return Line(
        source=expression_text(expression),
        headers=headers,
        field=field,
        field_name=Text(known.zh, known.en),
        description=known.description,
        is_key=field in key,
        required=known.required,
        samples=tuple(seen)[:3],
        reason=reason[0] if reason else None,
        score=round(100 * reason[1]) if reason else None,
    )


#: What the reader's marks mean; ``{value}`` and ``{anchor}`` are filled in.
MARKS: dict[str, Text] = {
    "merged": Text("合并单元格,内容在 {anchor}", "merged cell, its text stands in {anchor}"),
    "ditto": Text("写着同上,取自 {anchor}", "says ditto, taken from {anchor}"),
    "hidden_row": Text("隐藏行", "hidden row"),
    "hidden_col": Text("隐藏列", "hidden column"),
    "strike": Text("有删除线", "struck through"),
    "comment": Text("批注:{value}", "comment: {value}"),
    "formula_uncached": Text("公式没有保存结果", "formula without a saved result"),
    "error": Text("错误值 {value}", "error value {value}"),
    "number_format": Text("数字格式 {value}", "number format {value}"),
    "date1904": Text("1904 日期系统", "1904 date system"),
    "precision_lost": Text("末尾数字已丢失", "last digits are lost"),
    "type": Text("类型 {value}", "type {value}"),
    "mojibake": Text("乱码,已修复", "garbled text, repaired"),
}


def mark_text(mark: Map[str, Any], letters: Map[int, str]) -> Text:
    """A mark of a cell in words; the id where no words are known."""
    kind = str(mark["kind"])
    text = MARKS.get(kind, Text(kind, kind))
    anchor = ""
    if mark.get("anchor_row"):
        letter = letters.get(mark.get("anchor_col") or 0, "")
        anchor = f"{letter}{mark['anchor_row']}"
    value = str(mark.get("value") or "")[:200]
    return Text(*(part.replace("{anchor}", anchor).replace("{value}", value) for part in text))
