"""The type of a record, made from its data contract, so that the two cannot disagree."""

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.urls import reverse
from ninja import Schema
from pydantic import AfterValidator, Field, create_model

from kintsugi.core.api import api_url
from kintsugi.core.api.schemas import Reference
from kintsugi.core.masks import mask
from kintsugi.engine.contract import Field as ContractField
from kintsugi.engine.contract import load_contract

TYPES: dict[str, Any] = {
    "text": str,
    "code": str,
    "enum": str,
    "integer": int,
    "decimal": Decimal,
    "boolean": bool,
    "date": dt.date,
    "reference": Reference,
    "list": list[str],
}


class Record(Schema):
    """What every business record has."""

    id: UUID
    version: int = Field(description="counts up with every change")
    created_at: dt.datetime
    updated_at: dt.datetime


def record_schema(name: str, *, entity: str, base: type[Record] = Record) -> type[Schema]:
    """The type of a record of ``entity``: the base's fields and those of the contract.

    Key fields are always there, all others may be null. Names, meanings, units and allowed values
    come from the contract in both languages.
    """
    contract = load_contract(entity)
    fields: dict[str, Any] = {}
    for field in contract.fields:
        kind = TYPES[field.type]
        if field.personal:
            kind = Annotated[kind | None, AfterValidator(partial(mask, entity, field.name))]
        required = field.name in contract.key
        fields[field.name] = (
            kind if required else kind | None,
            Field(
                ... if required else None,
                title=f"{field.en} {field.zh}",
                description=_meaning(field),
            ),
        )
    made = create_model(
        name,
        __base__=base,
        __doc__=f"{contract.description.en} {contract.description.zh}",
        __module__=__name__,
        **fields,
    )
    assert issubclass(made, Schema)
    return made


def _meaning(field: ContractField) -> str:
    parts = [f"{field.en} {field.zh}. {field.description.en} {field.description.zh}"]
    if field.personal:
        parts.append("Masked without the permission personal.read. 无权限时脱敏。")
    if field.unit:
        parts.append(f"Unit 单位: {field.unit}.")
    if field.allowed:
        parts.append("; ".join(f"`{a.code}` {a.en} {a.zh}" for a in field.allowed))
    return " ".join(parts)


def links_of(kind: str, plural: str, pk: UUID) -> dict[str, str]:
    """Where to go from a record; ``plural`` is the name of its pages and of its routes."""
    return {
        "api": api_url(kind, id=pk),
        "page": reverse(f"{plural}:detail", args=[pk]),
        "explain": api_url(f"explain_{kind}", id=pk),
        "history": api_url(f"history_of_{kind}", id=pk),
    }
