"""Contracts and models say the same, in both directions.

A field that a contract names has a column of its kind and room; a column that no contract names
stands in a list here with the reason why.
"""

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from kintsugi.core.models import BusinessModel
from kintsugi.engine.contract import Contract, load_contracts
from kintsugi.onboarding.entities import LOADERS

CONTRACTS = load_contracts()

#: Columns every business row has.
SYSTEM = {field.name for field in BusinessModel._meta.get_fields()}
#: Columns that follow from others, and from what.
DERIVED = {
    "party": {
        "name_sort": "the name's sound",
        "name_key": "the name without spelling differences",
        "merged_into": "a merge under two persons",
    },
    "product": {"name_sort": "the name's sound", "merged_into": "a merge under two persons"},
    "udi_identifier": {"contains": "the row that contains_identifier names"},
    "device": {"partial_dates": "precision of the date fields"},
    "stated_level": {"takeover": "what posted it"},
    "stated_movement": {},
    "stated_place": {},
}
#: Contract type → kinds of column that hold it.
KINDS: dict[str, tuple[type[models.Field], ...]] = {
    "text": (models.CharField, models.TextField),
    "code": (models.CharField,),
    "enum": (models.CharField,),
    "integer": (models.IntegerField, models.BigIntegerField),
    "decimal": (models.DecimalField,),
    "boolean": (models.BooleanField,),
    "date": (models.DateField,),
    "reference": (models.ForeignKey,),
    "list": (ArrayField,),
}


def model_of(entity: str) -> type[models.Model]:
    (found,) = [m for m in apps.get_models() if m._meta.db_table == LOADERS[entity].table]
    return found


def disagreements(contract: Contract) -> list[str]:
    """What contract and model of an entity say differently, in words."""
    model = model_of(contract.entity)
    columns = {f.name: f for f in model._meta.get_fields() if getattr(f, "column", None)}
    found = []
    for field in contract.fields:
        column = columns.get(field.name)
        if column is None:
            found.append(f"{field.name}: no column")
            continue
        if not isinstance(column, KINDS[field.type]) or (
            field.type == "date" and isinstance(column, models.DateTimeField)
        ):
            found.append(f"{field.name}: {field.type} in a {type(column).__name__}")
        room = getattr(column, "max_length", None)
        longest = max(
            [field.max_length or 0, *(len(allowed.code) for allowed in field.allowed)], default=0
        )
        if field.type not in ("reference", "list") and room is not None and room < longest:
            found.append(f"{field.name}: room for {room}, the contract allows {longest}")
        if field.type == "list" and field.allowed:
            room = column.base_field.max_length
            longest = max(len(allowed.code) for allowed in field.allowed)
            if room is not None and room < longest:
                found.append(f"{field.name}: elements of {longest} do not fit {room}")
        if field.type in ("text", "code") and field.max_length is None:
            found.append(f"{field.name}: a text without a greatest length")
        if field.type in ("integer", "decimal"):
            greatest = 2**31 - 1
            if isinstance(column, models.DecimalField):
                greatest = 10 ** (column.max_digits - column.decimal_places) - 1
            if field.maximum is None or field.maximum > greatest:
                found.append(f"{field.name}: greatest {field.maximum}, the column {greatest}")
        if field.required and column.null:
            found.append(f"{field.name}: required, but the column may be null")
        if not field.required and not column.null and not column.has_default():
            found.append(f"{field.name}: optional, but the column may not be null")
        if field.reference:
            target = field.reference.split(".")[0]
            if column.related_model is not model_of(target):
                found.append(f"{field.name}: refers to {target}, the column does not")
    known = {field.name for field in contract.fields} | SYSTEM | set(DERIVED[contract.entity])
    found += [f"{name}: a column of no contract" for name in sorted(set(columns) - known)]
    found += [
        f"{name}: listed as derived, but no column"
        for name in sorted(set(DERIVED[contract.entity]) - set(columns))
    ]
    return found


def without(contract: Contract, name: str) -> Contract:
    """A copy of a contract that lacks one field."""
    return contract.model_copy(update={"fields": [f for f in contract.fields if f.name != name]})


@pytest.mark.parametrize("entity", sorted(CONTRACTS))
def test_contract_and_model_agree(entity: str) -> None:
    assert disagreements(CONTRACTS[entity]) == []


@pytest.mark.parametrize("entity", sorted(CONTRACTS))
def test_deleting_any_field_of_a_contract_is_noticed(entity: str) -> None:
    contract = CONTRACTS[entity]
    for field in contract.fields:
        assert disagreements(without(contract, field.name)) == [
            f"{field.name}: a column of no contract"
        ]


def changed(contract: Contract, name: str, /, **values: object) -> Contract:
    fields = [f.model_copy(update=values) if f.name == name else f for f in contract.fields]
    return contract.model_copy(update={"fields": fields})


@pytest.mark.parametrize(
    ("field", "values", "told"),
    [
        ("serial_no", {"max_length": 61}, "room for 60, the contract allows 61"),
        ("mfg_date", {"type": "text", "max_length": 10}, "text in a DateField"),
        ("purchase_price", {"type": "integer"}, "integer in a DecimalField"),
        ("purchase_price", {"maximum": None}, "greatest None, the column 99999999999999"),
        ("department", {"name": "ward"}, "no column"),
        ("department", {"required": True}, "required, but the column may be null"),
        ("serial_no", {"required": False}, "optional, but the column may not be null"),
        ("customer", {"reference": "product.product_code"}, "refers to product"),
    ],
)
def test_a_changed_contract_is_noticed(field: str, values: dict[str, object], told: str) -> None:
    found = disagreements(changed(CONTRACTS["device"], field, **values))
    assert any(told in line for line in found), found


def test_an_enum_s_codes_and_a_text_s_length_are_looked_at() -> None:
    status = CONTRACTS["device"].field("status")
    longer = [*status.allowed, status.allowed[0].model_copy(update={"code": "x" * 21})]
    found = disagreements(changed(CONTRACTS["device"], "status", allowed=longer))
    assert found == ["status: room for 20, the contract allows 21"]


@pytest.mark.parametrize("entity", sorted(CONTRACTS))
def test_the_loader_carries_every_field_of_the_contract_and_its_key(entity: str) -> None:
    loader, contract = LOADERS[entity], CONTRACTS[entity]
    assert set(loader.fields) == {field.name for field in contract.fields}
    assert {loader.column(name) for name in contract.key} == set(loader.key)
    assert loader.arrays == {f.name for f in contract.fields if f.type == "list"}


@pytest.mark.parametrize("entity", sorted(CONTRACTS))
def test_the_key_of_a_contract_is_unique_in_the_database(entity: str) -> None:
    model, contract = model_of(entity), CONTRACTS[entity]
    sets = [frozenset(c.fields) for c in model._meta.constraints if hasattr(c, "fields")]
    sets += [frozenset([f.name]) for f in model._meta.get_fields() if getattr(f, "unique", False)]
    assert frozenset(contract.key) in sets


def test_every_contract_has_a_loader_and_every_loader_a_contract() -> None:
    assert set(CONTRACTS) == set(LOADERS)
