"""Refuse a mapping that cannot be run, naming what a person must change."""

from collections.abc import Mapping as Map

from kintsugi.engine.contract import Contract
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.drift import find_table
from kintsugi.engine.mapping.headers import nearest
from kintsugi.engine.mapping.model import EntityMapping, Mapping, headers_of, value_map_of
from kintsugi.engine.snapshot import Snapshot
from kintsugi.engine.text import Text


def validate_mapping(
    mapping: Mapping,
    snapshot: Snapshot,
    contracts: Map[str, Contract],
    *,
    value_maps: Map[str, Map[str, str]] | None = None,
) -> None:
    """Raise KintsugiError for the first thing in a mapping that its snapshot or contracts lack.

    Codes: ``mapping.unknown-table``, ``mapping.unknown-entity``, ``contract.unknown-field``,
    ``mapping.unknown-column``, ``mapping.missing-key-column``, ``mapping.unknown-value-map``.
    """
    for table in mapping.tables:
        index = find_table(snapshot, table.table)
        if index is None:
            raise _unknown_table(table.table, snapshot)
        headers = [column.name for column in snapshot.tables[index].columns]
        for entity in table.entities:
            contract = contracts.get(entity.entity)
            if contract is None:
                raise _unknown_entity(entity.entity, contracts)
            for field, expression in entity.columns.items():
                contract.field(field)
                for header in headers_of(expression):
                    if header not in headers:
                        raise unknown_column(header, headers, snapshot, index, field)
                wanted = value_map_of(expression)
                if wanted is not None and wanted not in (value_maps or {}):
                    raise _unknown_value_map(wanted, field)
            for header in entity.where or {}:
                if header not in headers:
                    raise unknown_column(header, headers, snapshot, index, "where")
            for field in entity.key or ():
                contract.field(field)
            missing = missing_key_fields(entity, contract)
            if missing:
                raise missing_key_column(missing, headers, contract, snapshot, index)


def missing_key_fields(entity: EntityMapping, contract: Contract) -> list[str]:
    """Key fields an entity mapping does not supply; none when an alternate key is whole."""
    missing = [f for f in entity.key or contract.key if f not in entity.columns]
    if missing and entity.key is None:
        for key in contract.alternate_keys:
            if all(field in entity.columns for field in key):
                return []
    return missing


def unknown_column(
    header: str, headers: list[str], snapshot: Snapshot, table: int, field: str
) -> KintsugiError:
    """The refusal for a mapped header that the table does not have."""
    near = nearest(header, headers)
    name = snapshot.tables[table].name
    return KintsugiError(
        "mapping.unknown-column",
        Text(
            f"「{name}」中没有列「{header}」。"
            + (f"最接近的列:{'、'.join(near)}。" if near else ""),
            f"The table “{name}” has no column “{header}”."
            + (f" Nearest: {', '.join(near)}." if near else ""),
        ),
        Text("请在映射中改用实际的列名。", "Use a header of the table in the mapping."),
        file=snapshot.file_name,
        sheet=name,
        column=header,
        field=field,
        nearest=near,
        headers=headers,
    )


def missing_key_column(
    missing: list[str], headers: list[str], contract: Contract, snapshot: Snapshot, table: int
) -> KintsugiError:
    """The refusal for a table without the column that tells its rows apart."""
    fields = [contract.field(name) for name in missing]
    aliases = {field.name: field.aliases for field in fields}
    zh = "、".join(f"「{field.zh}」" for field in fields)
    en = ", ".join(f"“{field.en}”" for field in fields)
    known = "; ".join(", ".join([field.zh, field.en, *field.aliases][:8]) for field in fields)
    name = snapshot.tables[table].name
    return KintsugiError(
        "mapping.missing-key-column",
        Text(
            f"「{name}」缺少{contract.zh}的关键列 {zh}。表中的列:{'、'.join(headers) or '(无)'}。",
            f"The table “{name}” lacks the key column {en} of {contract.en}. "
            f"Its columns: {', '.join(headers) or '(none)'}.",
        ),
        Text(
            f"请补上该列,或在映射中指明哪一列是它(常见写法:{known})。",
            f"Add the column, or say in the mapping which one it is (known as: {known}).",
        ),
        file=snapshot.file_name,
        sheet=name,
        entity=contract.entity,
        fields=missing,
        headers=headers,
        aliases=aliases,
    )


def _unknown_table(table: str | int, snapshot: Snapshot) -> KintsugiError:
    names = [t.name for t in snapshot.tables]
    return KintsugiError(
        "mapping.unknown-table",
        Text(
            f"{snapshot.file_name} 中没有表「{table}」,只有:{'、'.join(names) or '(无)'}。",
            f"{snapshot.file_name} has no table “{table}”, only: {', '.join(names) or '(none)'}.",
        ),
        Text("请在映射中改用实际的表名。", "Use the name of a table that is there."),
        file=snapshot.file_name,
        table=table,
        tables=names,
    )


def _unknown_entity(entity: str, contracts: Map[str, Contract]) -> KintsugiError:
    known = ", ".join(sorted(contracts))
    return KintsugiError(
        "mapping.unknown-entity",
        Text(f"没有实体 {entity} 的数据契约。", f"There is no data contract for {entity}."),
        Text(f"可用的实体:{known}。", f"Known entities: {known}."),
        entity=entity,
    )


def _unknown_value_map(wanted: str, field: str) -> KintsugiError:
    return KintsugiError(
        "mapping.unknown-value-map",
        Text(
            f"字段 {field} 引用了不存在的值映射「{wanted}」。",
            f"Field {field} names the value map “{wanted}”, which is not there.",
        ),
        Text("请先建立该值映射。", "Create that value map first."),
        field=field,
        value_map=wanted,
    )
