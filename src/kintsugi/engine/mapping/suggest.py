"""Propose a mapping from header names and column content; a person approves it."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from kintsugi.engine.contract import Contract, Field
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.content import PERIOD, Content, read_content, recognised, spans
from kintsugi.engine.mapping.headers import EXACT, named_fields
from kintsugi.engine.mapping.model import (
    Const,
    EntityMapping,
    Expression,
    FirstOf,
    Mapping,
    Split,
    TableMapping,
    Udi,
    headers_of,
)
from kintsugi.engine.mapping.signature import fingerprint, suits
from kintsugi.engine.mapping.validate import missing_key_column, missing_key_fields
from kintsugi.engine.snapshot import Snapshot
from kintsugi.engine.text import Text

# Below this a likeness of names is chance.
ACCEPT = 0.55
# An exact name with content that suits it.
SURE = 0.85
# The role a party plays is told by the field that names it.
ROLES = {
    "customer": "customer",
    "supplier": "supplier",
    "manufacturer": "manufacturer",
    "mah": "mah",
}
# Fields a full UDI can supply, and the part of it.
_UDI_PARTS = {
    "product": "di",
    "serial_no": "serial",
    "lot_no": "lot",
    "mfg_date": "mfg",
    "expiry_date": "expiry",
}
_IDENTIFIERS = frozenset(("product_code", "primary_di", "device_identifier", "product"))
# Facts of a catalogue entry that a register of devices may carry beside each device.
_CATALOGUE_TYPES = {"text", "code", "reference"}


@dataclass(frozen=True)
class Reason:
    """Why a column is proposed for a field. ``score`` is 0–1."""

    table: str
    entity: str
    header: str
    field: str
    score: float
    why: Text


@dataclass(frozen=True)
class MissingKey:
    """A table that looks like an entity but lacks the column that tells its rows apart."""

    table: int
    entity: str
    fields: list[str]
    error: KintsugiError


@dataclass(frozen=True)
class Suggestion:
    """A proposed mapping. ``unknown_columns`` (table → headers) stay in the snapshot, unloaded.
    ``score`` is the mean score of the proposed columns, 0 when there are none."""

    mapping: Mapping
    reasons: list[Reason] = field(default_factory=list)
    unknown_columns: dict[str, list[str]] = field(default_factory=dict)
    missing_keys: list[MissingKey] = field(default_factory=list)
    score: float = 0.0


@dataclass(frozen=True)
class _Fit:
    contract: Contract
    columns: dict[str, Expression]
    reasons: list[Reason]

    @property
    def headers(self) -> set[str]:
        return {h for x in self.columns.values() for h in headers_of(x)}


def suggest_mapping(snapshot: Snapshot, contracts: Map[str, Contract]) -> Suggestion:
    """Propose one primary entity per visible table, and the entities its rows mention.

    The primary entity is the one whose key columns are all there and which explains most columns.
    Hidden tables are left to a person. Never raises: a table without a key is reported in
    ``missing_keys`` with the refusal that running it would give.
    """
    tables: list[TableMapping] = []
    reasons: list[Reason] = []
    unknown: dict[str, list[str]] = {}
    missing: list[MissingKey] = []
    for table in snapshot.tables:
        headers = [column.name for column in table.columns]
        if table.hidden or not headers:
            continue
        content = read_content(snapshot, table.index)
        kinds = content.kinds
        fits = [_fit(table.name, headers, content, contract) for contract in contracts.values()]
        primary = _primary(fits, len(headers))
        if primary is None:
            best = max(fits, key=_coverage)
            if len(best.headers) >= 2 or len(best.headers) * 3 >= len(headers):
                lacking = _missing(best)
                error = missing_key_column(lacking, headers, best.contract, snapshot, table.index)
                missing.append(MissingKey(table.index, best.contract.entity, lacking, error))
            unknown[table.name] = headers
            continue
        entities, why = _entities(primary, table.name, headers, content, contracts)
        used = {h for e in entities for x in e.columns.values() for h in headers_of(x)}
        if left := [header for header in headers if header not in used]:
            unknown[table.name] = left
        tables.append(
            TableMapping(
                table=table.name,
                fingerprint=fingerprint(kinds),
                signatures=kinds,
                entities=tuple(entities),
            )
        )
        reasons += why
    scores = [reason.score for reason in reasons]
    return Suggestion(
        Mapping(source=snapshot.file_name, tables=tuple(tables)),
        reasons,
        unknown,
        missing,
        sum(scores) / len(scores) if scores else 0.0,
    )


def _primary(fits: list[_Fit], columns: int) -> _Fit | None:
    """The entity a table is about: its key is whole and it explains most columns.

    A row that names a serial number and its product is a device, however much it says about the
    product. An entity that explains a name or two of a table that is mostly about something else
    (the hospital column of a device list without serial numbers) is not what the table is about.
    """
    whole = [fit for fit in fits if fit.columns and not _missing(fit)]
    if not whole:
        return None
    primary = max(whole, key=_coverage)
    for fit in whole:
        own = [r for r in fit.reasons if r.field in fit.contract.key and r.field == "serial_no"]
        refers = any(
            (f.reference or "").partition(".")[0] == primary.contract.entity
            for f in fit.contract.fields
            if f.name in fit.contract.key
        )
        if refers and own and own[0].score >= SURE:
            primary = fit
    best = max(len(fit.headers) for fit in fits)
    if 2 * len(primary.headers) < min(best, columns):
        return None
    return primary


def _missing(fit: _Fit) -> list[str]:
    return missing_key_fields(
        EntityMapping(entity=fit.contract.entity, columns=fit.columns), fit.contract
    )


def _coverage(fit: _Fit) -> tuple[int, float, int, str]:
    """How much of a table an entity explains; the name makes ties deterministic."""
    required = sum(f.required and f.name in fit.columns for f in fit.contract.fields)
    strength = sum(reason.score for reason in fit.reasons)
    return len(fit.headers), strength, required, fit.contract.entity


def _fit(
    table: str,
    headers: list[str],
    content: Content,
    contract: Contract,
    allowed: set[str] | None = None,
) -> _Fit:
    """Assign columns to fields, best score first, one column to one field."""
    candidates: list[tuple[float, int, str, Reason]] = []
    for position, header in enumerate(headers):
        for name, (score, how) in _named(header, contract, content).items():
            if allowed is not None and name not in allowed:
                continue
            reason = _reason(table, contract, header, contract.field(name), score, how, content)
            if reason is not None:
                candidates.append((-reason.score, position, name, reason))
    columns: dict[str, Expression] = {}
    reasons: list[Reason] = []
    taken: set[str] = set()
    for _, _, name, reason in sorted(candidates, key=lambda c: c[:3]):
        if name not in columns and reason.header not in taken:
            columns[name] = reason.header
            taken.add(reason.header)
            reasons.append(reason)
    for name, expression in columns.items():
        # A scanned code in the column of an identifier: the identifier is a part of it.
        if content.kinds[str(expression)] == "udi" and name in _IDENTIFIERS:
            columns[name] = Udi(udi=str(expression), part="di")
    _feed(contract, columns, allowed, content)
    ordered = {name: columns[name] for name in contract.names if name in columns}
    return _Fit(contract, ordered, reasons)


def _named(header: str, contract: Contract, content: Content) -> dict[str, tuple[float, str]]:
    """The fields a header names; a column of full UDIs names itself by its content."""
    found = named_fields(header, contract)
    if content.kinds[header] == "udi" and "udi_full" in contract.names:
        found = {"udi_full": (0.95, "full UDIs as content")}
    return found


def _reason(
    table: str,
    contract: Contract,
    header: str,
    target: Field,
    name_score: float,
    how: str,
    content: Content,
) -> Reason | None:
    kind = content.kinds[header]
    fits = suits(target, kind)
    if target.type == "enum" and kind != "blank":
        spelled = recognised(content.choices.get(header, []), target)
        # A status of stock is not the status of a product: most words must be known ones.
        fits = spelled > 0.34
        name_score *= 1.0 if fits else 0.5
    # A known name with odd content is a dirty column; a vague name with odd content is another one.
    score = name_score if fits else name_score * (0.75 if name_score >= 0.9 * EXACT else 0.4)
    if score < ACCEPT:
        return None
    zh = f"表头「{header}」对应{target.zh}({how}),内容为 {kind}" + ("" if fits else ",与类型不符")
    en = f"header “{header}” names {target.en} ({how}); its content is {kind}" + (
        "" if fits else ", which does not suit the type"
    )
    return Reason(table, contract.entity, header, target.name, round(score, 4), Text(zh, en))


def _feed(
    contract: Contract,
    columns: dict[str, Expression],
    allowed: set[str] | None,
    content: Content,
) -> None:
    """Fill fields that have no header of their own from the columns the contract names, and let
    those columns stand in where a required field's own cell is blank."""
    for target in contract.fields:
        if allowed is not None and target.name not in allowed:
            continue
        own = columns.get(target.name)
        if own is not None and not (target.required and isinstance(own, str)):
            continue
        feeding = [columns[name] for name in target.fed_by if name in columns]
        headers = [h for expression in feeding for h in headers_of(expression)]
        listed = list(dict.fromkeys([own, *headers] if isinstance(own, str) else headers))
        if len(listed) == 1:
            columns[target.name] = listed[0]
        elif listed:
            columns[target.name] = FirstOf(first_of=tuple(listed))
    udi = columns.get("udi_full")
    if isinstance(udi, str):
        # A register of scanned codes alone still names the product, the lot and the serial.
        for name, part in _UDI_PARTS.items():
            supplied = name in content.udi_parts.get(udi, ())
            if supplied and name in contract.names and name not in columns:
                columns[name] = Udi.model_validate({"udi": udi, "part": part})
    for first, last in spans(contract):
        end = columns.get(last)
        if first not in columns and isinstance(end, str) and end in content.periods:
            # 2023.5-2026.5 in the column of the end: the start stands in the same cell.
            columns[first] = Split(split=end, pattern=PERIOD)


def _entities(
    primary: _Fit,
    table: str,
    headers: list[str],
    content: Content,
    contracts: Map[str, Contract],
) -> tuple[list[EntityMapping], list[Reason]]:
    """The primary entity first, then products and parties that its rows mention."""
    entities = [EntityMapping(entity=primary.contract.entity, columns=primary.columns)]
    reasons = list(primary.reasons)
    mentions = [primary]
    product = _mentioned_product(primary, table, headers, content, contracts)
    if product is not None:
        entities.append(EntityMapping(entity="product", primary=False, columns=product.columns))
        reasons += [r for r in product.reasons if r.header not in primary.headers]
        mentions.append(product)
    named: set[tuple[str, str]] = set()
    for fit in mentions:
        for target in fit.contract.fields:
            expression = fit.columns.get(target.name)
            if expression is None or target.reference is None:
                continue
            entity, _, field_name = target.reference.partition(".")
            if entity != "party" or entity not in contracts:
                continue
            role = ROLES.get(target.name)
            if (str(expression), target.name) in named:
                continue
            named.add((str(expression), target.name))
            entities.append(_party(contracts[entity], field_name, expression, role))
    return entities, reasons


def _party(
    contract: Contract, field_name: str, expression: Expression, role: str | None
) -> EntityMapping:
    columns: dict[str, Expression] = {field_name: expression}
    for target in contract.fields:
        if target.name in contract.key and field_name in target.fed_by:
            columns[target.name] = expression
    if role is not None and "roles" in contract.names:
        columns["roles"] = Const(const=role)
    return EntityMapping(entity=contract.entity, primary=False, columns=columns)


def _mentioned_product(
    primary: _Fit,
    table: str,
    headers: list[str],
    content: Content,
    contracts: Map[str, Contract],
) -> _Fit | None:
    """The catalogue entry that each row of a device register carries beside the device."""
    contract = contracts.get("product")
    referring = [f.name for f in primary.contract.fields if f.reference == "product.product_code"]
    if contract is None or primary.contract.entity != "device" or not referring:
        return None
    reference = primary.columns.get(referring[0])
    # A column that the device explains as its own (its status, its lot) is not the product's;
    # what names the product or its maker serves both.
    shared = {
        h
        for name in (*referring, "product_model", "udi_full")
        if name in primary.columns
        for h in headers_of(primary.columns[name])
    }
    free = [h for h in headers if h not in primary.headers or h in shared]
    allowed = {f.name for f in contract.fields if f.type in _CATALOGUE_TYPES} | {"warranty_months"}
    fit = _fit(table, free, content, contract, allowed)
    if reference is not None:
        # Both sides must name the product by the same text, or the reference would dangle.
        fit.columns["product_code"] = reference
    if "name" not in fit.columns and "model" in fit.columns:
        fit.columns["name"] = fit.columns["model"]
    if "product_code" not in fit.columns or "name" not in fit.columns:
        return None
    if fit.columns["name"] == fit.columns["product_code"]:
        # A model alone describes no product: it refers to one of the catalogue, and an entry made
        # from it would stand beside that one and draw the devices to itself.
        return None
    return fit
