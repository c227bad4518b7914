"""The data dictionary and the rules, as the engine holds them."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Path
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ, Words
from kintsugi.core.errors import NotFound
from kintsugi.engine.contract import Contract, load_contracts
from kintsugi.engine.contract import Field as ContractField
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import ACTIONS, RULES

router = Router(tags=["Dictionary"])


class Allowed(Schema):
    """One allowed value."""

    code: str
    name: Words
    aliases: list[str] = Field(description="how sources write it")


class FieldOut(Schema):
    """What a field means and may hold."""

    name: str = Field(examples=["serial_no"])
    title: Words
    description: Words
    type: str = Field(examples=["code"])
    required: bool
    unique: bool
    max_length: int | None
    minimum: float | None
    maximum: float | None
    unit: str | None
    allowed: list[Allowed]
    aliases: list[str] = Field(description="headers it is recognised under")
    reference: str | None = Field(description="`entity.field` that a value names")
    survivorship: str = Field(description="which source wins: authority, newest, most_complete")
    risk: str
    owner: str
    steward: str
    on_invalid: str = Field(description="quarantine, null_and_ask or warn")


class Dependency(Schema):
    """A rule over several fields."""

    name: str
    fields: list[str]
    title: Words


class ContractHead(Schema):
    """A data contract without its fields."""

    entity: str = Field(examples=["device"])
    version: str
    title: Words
    description: Words
    key: list[str] = Field(description="fields that identify a record")


class ContractOut(ContractHead):
    """A data contract."""

    sha256: str = Field(description="digest of the contract's file")
    fields: list[FieldOut]
    dependencies: list[Dependency]


class Contracts(Schema):
    """All data contracts."""

    items: list[ContractHead]


class RuleOut(Schema):
    """What an issue means and what to do about it."""

    id: str = Field(examples=["udi.check-digit"])
    severity: str = Field(description="block, ask or warn")
    title: Words
    remedy: Words


class ActionOut(Schema):
    """What the engine does to a value that can be read in one way only."""

    id: str
    title: Words


class Rules(Schema):
    """All rules, and all that is mended without asking."""

    items: list[RuleOut]
    actions: list[ActionOut]


def _names(thing: Any) -> Text:
    return Text(thing.zh, thing.en)


def _head(contract: Contract) -> dict[str, Any]:
    return {
        "entity": contract.entity,
        "version": contract.version,
        "title": _names(contract),
        "description": contract.description,
        "key": list(contract.key),
    }


def _field(field: ContractField) -> dict[str, Any]:
    plain = {name: getattr(field, name) for name in FieldOut.model_fields if name != "title"}
    allowed = [{"code": a.code, "name": _names(a), "aliases": a.aliases} for a in field.allowed]
    return {**plain, "title": _names(field), "allowed": allowed}


@router.get("/contracts", response={200: Contracts, **READ}, summary="Data contracts")
@requires("dictionary.read")
def contracts(request: HttpRequest) -> dict[str, Any]:
    """One contract per kind of record: the only place where meaning and rules are declared."""
    return {"items": [_head(one) for _name, one in sorted(load_contracts().items())]}


@router.get("/contracts/{entity}", response={200: ContractOut, **READ}, summary="One data contract")
@requires("dictionary.read")
def contract(
    request: HttpRequest,
    entity: str = Path(
        ..., pattern=r"^[a-z_]{1,40}$", description="device, product, party or udi_identifier"
    ),
) -> dict[str, Any]:
    """Every field with its meaning, type, allowed values and the headers it is recognised under."""
    known = load_contracts().get(entity)
    if known is None:
        raise NotFound(Text("数据契约", "data contract"), entity)
    return {
        **_head(known),
        "sha256": known.sha256,
        "fields": [_field(field) for field in known.fields],
        "dependencies": [
            {"name": d.name, "fields": list(d.fields), "title": _names(d)}
            for d in known.dependencies
        ],
    }


@router.get("/rules", response={200: Rules, **READ}, summary="Rules that issues name")
@requires("dictionary.read")
def rules(request: HttpRequest) -> dict[str, Any]:
    """What each rule means, how grave it is, and what to do; and what is mended without asking."""
    return {
        "items": [
            {
                "id": rule.id,
                "severity": rule.severity,
                "title": rule.title,
                "remedy": rule.remedy,
            }
            for _id, rule in sorted(RULES.items())
        ],
        "actions": [{"id": name, "title": title} for name, title in sorted(ACTIONS.items())],
    }
