"""Records as tables: every value with the cell it came from and what other sources say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kintsugi.audit.explaining import Cell, FieldOrigin, explain
from kintsugi.audit.packs.registry import PackColumn, PackTable
from kintsugi.core.errors import Text
from kintsugi.core.masks import mask
from kintsugi.core.models import BusinessModel
from kintsugi.engine.contract import Field, load_contract

BY_HAND = Text("手工录入", "entered by hand")
COLUMNS = (
    PackColumn("record", Text("记录", "Record"), "code", 0),
    PackColumn("record_id", Text("记录 ID", "Record id"), "code", 0),
    PackColumn("field", Text("字段名", "Field name"), "code", 0),
    PackColumn("label", Text("字段", "Field"), width=1.1),
    PackColumn("value", Text("值", "Value"), "value", 1.6),
    PackColumn("cell", Text("来源单元格", "Source cell"), "gold", 2.1),
    PackColumn("source", Text("来源", "Source"), width=0),
    PackColumn("authority", Text("权威度", "Authority"), "number", 0),
    PackColumn("mapping", Text("映射版本", "Mapping version"), "code", 0),
    PackColumn("snapshot", Text("快照", "Snapshot"), "code", 0),
    PackColumn("run_id", Text("导入运行 ID", "Run id"), "code", 0),
    PackColumn("others", Text("其他来源", "Other sources"), width=1.5),
    PackColumn("edited", Text("最近手工更改", "Last edit by hand"), width=1.2),
)


@dataclass(frozen=True)
class RecordValues:
    """A record to be shown: its contract, and its columns where they differ from its fields."""

    entity: str
    record: BusinessModel
    columns: Mapping[str, str]
    title: str


def value_table(name: str, title: Text, records: Sequence[RecordValues]) -> PackTable:
    """One row for each field that has a value or a source."""
    rows: list[tuple[Any, ...]] = []
    for one in records:
        origins = explain(gid=one.record.pk, columns=one.columns)
        for known in load_contract(one.entity).fields:
            value = mask(one.entity, known.name, getattr(one.record, known.name))
            origin = origins.get(known.name)
            if value is None and (origin is None or origin.winner is None):
                continue
            rows.append(_row(one, known, value, origin))
    return PackTable(name, title, COLUMNS, rows)


def _row(
    one: RecordValues, known: Field, value: Any, origin: FieldOrigin | None
) -> tuple[Any, ...]:
    cell = origin.winner if origin else None
    stored = getattr(one.record, known.name)
    said = str(cell.value if cell else stored)
    others = [c for c in origin.losers if str(c.value) != said] if origin else []
    return (
        one.title,
        str(one.record.pk),
        known.name,
        Text(known.zh, known.en),
        _said(known, value),
        cell.place if cell else BY_HAND,
        _source(cell) if cell else None,
        cell.authority if cell else None,
        cell.mapping_version if cell else None,
        cell.snapshot if cell else None,
        str(cell.run_id) if cell else None,
        "; ".join(f"{mask(one.entity, known.name, c.value)} ({c.place})" for c in others) or None,
        _edited(origin),
    )


def _source(cell: Cell) -> Text:
    names = cell.source_name or {}
    return Text(names.get("zh") or cell.source, names.get("en") or cell.source)


def _edited(origin: FieldOrigin | None) -> str | None:
    """Who changed it by hand last, and why; nothing where only imports wrote it."""
    newest = origin.changes[0] if origin and origin.changes else None
    if newest is None or newest["run_id"] is not None:
        return None
    why = f": {newest['reason']}" if newest["reason"] else ""
    return f"{newest['actor']}, {newest['at']:%Y-%m-%d %H:%M} UTC{why}"


def _said(known: Field, value: Any) -> Any:
    """A code with its name, a number without empty decimals; the rest as it is stored."""
    for allowed in known.allowed:
        if allowed.code == value:
            return Text(f"{allowed.zh} ({value})", f"{allowed.en} ({value})")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, list):
        said = [_said(known, one) for one in value]
        parts = [one if isinstance(one, Text) else Text(str(one), str(one)) for one in said]
        return Text("; ".join(p.zh for p in parts), "; ".join(p.en for p in parts))
    return value if value is None else str(value)
