"""What records and fields are called in both languages."""

from kintsugi.engine.contract import load_contracts
from kintsugi.engine.text import Text


def entity_title(entity: str) -> Text:
    """The kind of record; its name as it is where no contract knows it."""
    contract = load_contracts().get(entity)
    return Text(contract.zh, contract.en) if contract else Text(entity, entity)


def field_title(entity: str, name: str) -> Text:
    """The field, also by the column of a reference; the name as it is where the contract does not
    have it."""
    contract = load_contracts().get(entity)
    field = name.removesuffix("_id")
    if contract is None or field not in contract.names:
        return Text(name, name)
    known = contract.field(field)
    return Text(known.zh, known.en)
