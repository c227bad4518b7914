"""A record explained field by field, for the command line and the API."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from kintsugi.audit.selectors import Cell, explain
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.masks import mask
from kintsugi.core.models import BusinessModel
from kintsugi.devices import selectors as devices
from kintsugi.engine.contract import load_contract
from kintsugi.onboarding.entities import LOADERS
from kintsugi.parties import selectors as parties
from kintsugi.products import selectors as products

#: How a record of each kind is found by what people call it; at most 20 are given.
FINDERS: dict[str, Callable[[str, str | None], Sequence[BusinessModel]]] = {
    "device": lambda key, product: devices.by_serial(key, product=product),
    "product": lambda key, _: products.by_code(key),
    "party": lambda key, _: parties.by_name(key),
}


def explain_records(*, kind: str, key: str, product: str | None = None) -> list[dict[str, Any]]:
    """All records that the key names, each with every field's value, cell, rivals and changes.

    Raises KintsugiError ``explain.unknown-kind`` and NotFound.
    """
    finder = FINDERS.get(kind)
    if finder is None:
        raise KintsugiError(
            "explain.unknown-kind",
            Text(f"没有“{kind}”这种记录。", f"There is no kind of record “{kind}”."),
            Text(f"可用:{'、'.join(FINDERS)}。", f"Use one of: {', '.join(FINDERS)}."),
            kind=kind,
        )
    found = finder(key, product)
    if not found:
        contract = load_contract(kind)
        raise NotFound(Text(contract.zh, contract.en), key)
    return [explain_record(kind=kind, record=record) for record in found]


def explain_record(*, kind: str, record: BusinessModel) -> dict[str, Any]:
    """One record: ``id, kind, key, fields``; a field has value, cell, others and changes."""
    contract, loader = load_contract(kind), LOADERS[kind]
    columns = {f.name: loader.column(f.name) for f in contract.fields}
    origins = explain(gid=record.pk, columns=columns)
    fields = []
    for field in contract.fields:
        origin = origins.get(field.name)
        value = mask(kind, field.name, getattr(record, field.name))
        shown = partial(mask, kind, field.name)
        if value is None and origin is None:
            continue
        fields.append(
            {
                "field": field.name,
                "zh": field.zh,
                "en": field.en,
                "value": str(value) if isinstance(value, BusinessModel | UUID) else value,
                "cell": _cell(origin.winner, shown) if origin and origin.winner else None,
                "others": [_cell(cell, shown) for cell in origin.losers] if origin else [],
                "changes": [
                    {**one, "before": shown(one["before"]), "after": shown(one["after"])}
                    for one in (origin.changes if origin else [])
                ],
            }
        )
    return {"id": str(record.pk), "kind": kind, "key": str(record), "fields": fields}


def _cell(cell: Cell, shown: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        "source": cell.source,
        "name": dict(cell.source_name),
        "file": cell.file_name,
        "sheet": cell.table_name,
        "row": cell.row,
        "columns": [{"letter": c["letter"], "header": c["header"]} for c in cell.columns],
        "place": cell.place,
        "value": shown(cell.value),
        "snapshot": cell.snapshot,
        "table": cell.table_no,
        "run": str(cell.run_id),
        "mapping": cell.mapping_version,
        "authority": cell.authority,
    }
