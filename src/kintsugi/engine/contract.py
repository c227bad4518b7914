"""Data contracts: what each field means, may hold and is called in the wild.

A contract is an Open Data Contract Standard v3.0.2 YAML file. What the standard has a place for
(names, logical types, required, unique, key, descriptions) stands there; everything that is ours
(Chinese names, aliases, normaliser, survivorship, …) stands in the one custom property
``kintsugi``, an object, at contract and at field level.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Slot

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

FieldType = Literal[
    "text", "code", "integer", "decimal", "boolean", "date", "enum", "reference", "list"
]
OnInvalid = Literal["quarantine", "null_and_ask", "warn"]

_M = TypeVar("_M", bound=BaseModel)

API_VERSION = "v3.0.2"
SUFFIX = ".odcs.yaml"

# Which logical type of the standard each of our types must declare.
_LOGICAL: dict[str, str] = {
    "text": "string",
    "code": "string",
    "integer": "integer",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "enum": "string",
    "reference": "string",
    "list": "array",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Allowed(_Strict):
    """One allowed value: its code, its names, and how sources write it."""

    code: str
    zh: str = Slot(min_length=1)
    en: str = Slot(min_length=1)
    aliases: list[str] = Slot(default_factory=list)


class Field(_Strict):
    """One field of an entity. ``norm_args`` holds all that the normaliser ``norm`` needs:
    the declared arguments, and those that follow from the field (allowed values, length, range)."""

    name: str = Slot(pattern=r"^[a-z][a-z0-9_]*$")
    zh: str = Slot(min_length=1)
    en: str = Slot(min_length=1)
    description: Text
    type: FieldType
    norm: str
    norm_args: dict[str, Any] = Slot(default_factory=dict)
    required: bool = False
    unique: bool = False
    max_length: int | None = Slot(default=None, ge=1)
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    allowed: list[Allowed] = Slot(default_factory=list)
    aliases: list[str] = Slot(default_factory=list)
    reference: str | None = Slot(default=None, pattern=r"^[a-z_]+\.[a-z_]+$")
    #: Fields whose column also feeds this one when no header of its own is found.
    fed_by: tuple[str, ...] = ()
    survivorship: Literal["authority", "newest", "most_complete"] = "authority"
    write_policy: Literal["source", "target", "newest", "manual"] = "source"
    risk: Literal["high", "medium", "low"] = "medium"
    owner: str = Slot(min_length=1)
    steward: str = Slot(min_length=1)
    on_invalid: OnInvalid = "null_and_ask"
    blank_erases: bool = False
    #: Says something of a person: masked for whoever may not read personal data.
    personal: bool = False

    def allowed_value(self, code: str) -> Allowed:
        """The allowed value with this code. Raises KeyError."""
        for value in self.allowed:
            if value.code == code:
                return value
        raise KeyError(code)


class Dependency(_Strict):
    """A rule over two or more fields, by name; the checks package holds the SELECT."""

    name: str
    fields: tuple[str, ...] = Slot(min_length=2)
    zh: str = Slot(min_length=1)
    en: str = Slot(min_length=1)


class Contract(_Strict):
    """The contract of one entity. ``sha256`` is that of the file's bytes."""

    entity: str
    version: str
    zh: str = Slot(min_length=1)
    en: str = Slot(min_length=1)
    description: Text
    key: tuple[str, ...] = Slot(min_length=1)
    alternate_keys: tuple[tuple[str, ...], ...] = ()
    #: Header names that may feed more than one field (a GUDID primary DI is product code and DI).
    shared_aliases: tuple[str, ...] = ()
    fields: list[Field] = Slot(min_length=1)
    dependencies: list[Dependency] = Slot(default_factory=list)
    sha256: str

    def field(self, name: str) -> Field:
        """The field with this name. Raises KintsugiError ``contract.unknown-field``."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KintsugiError(
            "contract.unknown-field",
            Text(
                f"数据契约「{self.zh}」没有字段 {name}。",
                f"The contract of {self.en} has no field {name}.",
            ),
            Text("请检查映射中的字段名。", "Check the field name in the mapping."),
            entity=self.entity,
            field=name,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Field names in contract order."""
        return tuple(field.name for field in self.fields)

    def headers(self) -> dict[str, tuple[str, ...]]:
        """``header_key`` of every alias, name, zh and en → the fields it stands for.

        A field's declared aliases win over another field's own names.
        """
        declared: dict[str, list[str]] = {}
        for field in self.fields:
            for alias in field.aliases:
                owners = declared.setdefault(header_key(alias), [])
                if field.name not in owners:
                    owners.append(field.name)
        index = dict(declared)
        for field in self.fields:
            for name in (field.name, field.zh, field.en):
                if header_key(name) not in declared:
                    index.setdefault(header_key(name), []).append(field.name)
        return {key: tuple(dict.fromkeys(owners)) for key, owners in index.items()}


def header_key(header: str) -> str:
    """A header without what differs by habit only: width, case, spaces, punctuation, brackets."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\W_]+", "", folded)


def load_contract(entity: str, *, directory: Path | None = None) -> Contract:
    """The contract of ``entity`` from ``<entity>.odcs.yaml``; the packaged ones by default.

    Raises KintsugiError ``contract.missing`` or ``contract.invalid`` naming file and place.
    """
    return _packaged(entity) if directory is None else read_contract(directory / (entity + SUFFIX))


def load_contracts(*, directory: Path | None = None) -> dict[str, Contract]:
    """All contracts of a directory by entity, checked against each other (references resolve)."""
    if directory is None:
        names = [p.name for p in resources.files("kintsugi.contracts").iterdir()]
    else:
        names = [p.name for p in directory.iterdir()]
    entities = sorted(n.removesuffix(SUFFIX) for n in names if n.endswith(SUFFIX))
    contracts = {entity: load_contract(entity, directory=directory) for entity in entities}
    for contract in contracts.values():
        for field in contract.fields:
            if field.reference is None:
                continue
            target, _, name = field.reference.partition(".")
            if target not in contracts or name not in contracts[target].names:
                raise _invalid(
                    contract.entity + SUFFIX,
                    f"{field.name}.reference",
                    Text(
                        f"引用 {field.reference} 不存在。",
                        f"the reference {field.reference} does not exist.",
                    ),
                )
    return contracts


@cache
def _packaged(entity: str) -> Contract:
    source = resources.files("kintsugi.contracts") / (entity + SUFFIX)
    if not re.fullmatch(r"[a-z_]+", entity) or not source.is_file():
        raise _missing(entity + SUFFIX)
    return parse_contract(source.read_bytes(), file=entity + SUFFIX)


def read_contract(path: Path) -> Contract:
    """The contract in one file. Raises KintsugiError as ``load_contract`` does."""
    if not path.is_file():
        raise _missing(str(path))
    return parse_contract(path.read_bytes(), file=str(path))


def parse_contract(content: bytes, *, file: str) -> Contract:
    """The contract in YAML bytes; ``file`` names them in errors."""
    document = _yaml(content, file)
    for key, expected in (("kind", "DataContract"), ("apiVersion", API_VERSION)):
        if document.get(key) != expected:
            raise _invalid(file, key, Text(f"应为 {expected}。", f"must be {expected}."))
    schemas = document.get("schema")
    if not isinstance(schemas, list) or len(schemas) != 1 or not isinstance(schemas[0], dict):
        raise _invalid(
            file, "schema", Text("应恰好描述一个实体。", "must describe exactly one entity.")
        )
    schema = schemas[0]
    entity = str(schema.get("name", ""))
    ours = _ours(document, file, "customProperties")
    defaults = ours.pop("defaults", {})
    properties = schema.get("properties")
    if not isinstance(properties, list):
        raise _invalid(file, "schema[0].properties", Text("应为列表。", "must be a list."))
    fields = [
        _field(item, defaults, file, f"schema[0].properties[{i}]")
        for i, item in enumerate(properties)
    ]
    description = document.get("description")
    purpose = description.get("purpose", "") if isinstance(description, dict) else ""
    contract = _model(
        Contract,
        {
            "entity": entity,
            "version": str(document.get("version", "")),
            "en": document.get("name", ""),
            "description": Text(str(ours.pop("description_zh", "")), str(purpose)),
            "fields": fields,
            "key": _key(properties),
            "sha256": hashlib.sha256(content).hexdigest(),
            **ours,
        },
        file,
        "customProperties.kintsugi",
    )
    _cohere(contract, file)
    return contract


def _key(properties: list[Any]) -> tuple[str, ...]:
    parts = [p for p in properties if isinstance(p, dict) and p.get("primaryKey")]
    parts.sort(key=lambda p: int(p.get("primaryKeyPosition", 1)))
    return tuple(str(p.get("name")) for p in parts)


def _field(item: Any, defaults: dict[str, Any], file: str, place: str) -> Field:
    """One ``properties`` entry of the standard as our Field."""
    if not isinstance(item, dict) or "name" not in item:
        raise _invalid(file, place, Text("缺少字段名 name。", "the field has no name."))
    place = f"{place} ({item['name']})"
    ours = _ours(item, file, place)
    options = item.get("logicalTypeOptions") or {}
    values: dict[str, Any] = {
        **defaults,
        "name": item["name"],
        "en": item.get("businessName", ""),
        "required": item.get("required", False),
        "unique": item.get("unique", False),
        "max_length": options.get("maxLength"),
        "minimum": options.get("minimum"),
        "maximum": options.get("maximum"),
        "description": Text(str(ours.pop("description_zh", "")), str(item.get("description", ""))),
        **ours,
    }
    values.setdefault("norm", values.get("type", "text"))
    args: dict[str, Any] = dict(values.get("norm_args") or {})
    if values.get("max_length") is not None:
        args.setdefault("max_length", values["max_length"])
    for bound in ("minimum", "maximum"):
        if values[bound] is not None:
            args.setdefault(bound, values[bound])
    if values.get("unit") is not None:
        args.setdefault("unit", values["unit"])
    field = _model(Field, {**values, "norm_args": args}, file, place)
    if field.allowed:
        # Codes, names in both languages and aliases all stand for the code.
        spelled = {v.code: [v.zh, v.en, *v.aliases] for v in field.allowed}
        field.norm_args.setdefault("allowed", spelled)
    if item.get("logicalType") != _LOGICAL[field.type]:
        raise _invalid(
            file,
            f"{place}.logicalType",
            Text(f"应为 {_LOGICAL[field.type]}。", f"must be {_LOGICAL[field.type]}."),
        )
    return field


def _cohere(contract: Contract, file: str) -> None:
    """Refuse a contract that contradicts itself."""

    def refuse(place: str, zh: str, en: str) -> KintsugiError:
        return _invalid(file, place, Text(zh, en))

    names = contract.names
    if len(set(names)) != len(names):
        raise refuse("schema[0].properties", "字段名重复。", "a field name occurs twice.")
    mentioned: list[tuple[str, tuple[str, ...]]] = [("key", contract.key)]
    mentioned += [("alternate_keys", key) for key in contract.alternate_keys]
    mentioned += [(f"dependencies.{d.name}", d.fields) for d in contract.dependencies]
    mentioned += [(f"{f.name}.fed_by", f.fed_by) for f in contract.fields]
    for place, used in mentioned:
        for name in used:
            if name not in names:
                raise refuse(place, f"没有字段 {name}。", f"there is no field {name}.")
    for field in contract.fields:
        if not field.description.zh or not field.description.en:
            raise refuse(field.name, "缺少中文或英文说明。", "a description is missing.")
        if (field.type == "enum") != bool(field.allowed) and field.type != "list":
            raise refuse(field.name, "枚举必须且仅枚举列出值。", "only an enum lists values.")
        if (field.type == "reference") != (field.reference is not None):
            raise refuse(field.name, "引用字段必须指明目标。", "a reference names its target.")
        codes = [value.code for value in field.allowed]
        if len(set(codes)) != len(codes):
            raise refuse(f"{field.name}.allowed", "取值代码重复。", "a code occurs twice.")
        spelled: dict[str, str] = {}
        for value in field.allowed:
            for word in {header_key(w) for w in (value.code, value.zh, value.en, *value.aliases)}:
                if word and spelled.setdefault(word, value.code) != value.code:
                    raise refuse(
                        f"{field.name}.allowed.{value.code}",
                        f"写法「{word}」同时指两个值。",
                        f"the spelling {word!r} stands for two values.",
                    )
    shared = {header_key(alias) for alias in contract.shared_aliases}
    for alias, owners in contract.headers().items():
        if len(owners) > 1 and alias not in shared:
            raise refuse(
                f"{owners[1]}.aliases",
                f"表头「{alias}」同时属于 {owners[0]}。",
                f"the header {alias!r} belongs to {owners[0]} as well.",
            )


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader that refuses a key written twice (the later one would silently win)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"duplicate key {key!r}", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _yaml(content: bytes, file: str) -> dict[str, Any]:
    try:
        document = yaml.load(content, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1"
        problem = str(getattr(error, "problem", None) or error)
        raise _invalid(file, place, Text(f"不是有效的 YAML：{problem}", problem)) from None
    if not isinstance(document, dict):
        raise _invalid(file, "1", Text("应为一个 YAML 映射。", "must be a YAML mapping."))
    return document


def _ours(item: dict[str, Any], file: str, place: str) -> dict[str, Any]:
    """A copy of the object in the custom property ``kintsugi``."""
    custom = item.get("customProperties")
    for entry in custom if isinstance(custom, list) else []:
        if isinstance(entry, dict) and entry.get("property") == "kintsugi":
            value = entry.get("value")
            if isinstance(value, dict):
                return dict(value)
    raise _invalid(
        file,
        place,
        Text("缺少自定义属性 kintsugi。", "the custom property kintsugi is missing."),
    )


def _model(model: type[_M], values: dict[str, Any], file: str, place: str) -> _M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(
            file,
            f"{place}.{where}",
            Text(f"无效：{first['msg']}", f"invalid: {first['msg']}"),
        ) from None


def _missing(file: str) -> KintsugiError:
    return KintsugiError(
        "contract.missing",
        Text(f"找不到数据契约 {file}。", f"There is no data contract {file}."),
        Text(
            "请检查实体名；契约文件名为 <实体>.odcs.yaml。",
            "Check the entity; contract files are called <entity>.odcs.yaml.",
        ),
        file=file,
    )


def _invalid(file: str, place: str, problem: Text) -> KintsugiError:
    return KintsugiError(
        "contract.invalid",
        Text(
            f"数据契约 {file} 的 {place}：{problem.zh}",
            f"Data contract {file}, {place}: {problem.en}",
        ),
        Text(
            "请按 Open Data Contract Standard v3.0.2 与本项目的 kintsugi 属性改正该处。",
            "Correct that place: Open Data Contract Standard v3.0.2 with our property kintsugi.",
        ),
        file=file,
        place=place,
    )
