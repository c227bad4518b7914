"""Fill in what a mapping leaves to the contract: key fields that other fields' columns feed."""

from collections.abc import Mapping as Map

from kintsugi.engine.contract import Contract
from kintsugi.engine.mapping.model import (
    EntityMapping,
    Expression,
    FirstOf,
    Mapping,
    headers_of,
    value_map_of,
)


def complete_mapping(mapping: Mapping, contracts: Map[str, Contract]) -> Mapping:
    """The mapping with every key field the contract can feed from a mapped field.

    A party needs no column of its own for its key: the contract feeds it from the credit code and
    the name. What the mapping says itself is never changed.
    """
    tables = tuple(
        table.model_copy(
            update={"entities": tuple(_completed(entity, contracts) for entity in table.entities)}
        )
        for table in mapping.tables
    )
    return mapping.model_copy(update={"tables": tables})


def _completed(entity: EntityMapping, contracts: Map[str, Contract]) -> EntityMapping:
    contract = contracts.get(entity.entity)
    if contract is None:
        return entity  # named by validate_mapping
    columns: dict[str, Expression] = dict(entity.columns)
    for name in contract.key:
        feeding = [columns[f] for f in contract.field(name).fed_by if f in columns]
        if name in columns or not feeding:
            continue
        headers = tuple(h for expression in feeding for h in headers_of(expression))
        maps = [m for expression in feeding if (m := value_map_of(expression))]
        if len(feeding) == 1:
            columns[name] = feeding[0]
        elif headers and len(set(maps)) <= 1:
            columns[name] = FirstOf(first_of=headers, value_map=maps[0] if maps else None)
    return entity.model_copy(update={"columns": columns})
