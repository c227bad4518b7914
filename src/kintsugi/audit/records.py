"""What people call tables, columns and rows of the change log, and where their pages are."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation

from kintsugi.core.access import PERSONAL, may
from kintsugi.core.masks import HIDDEN, mask
from kintsugi.core.models import BusinessModel
from kintsugi.engine.contract import load_contract
from kintsugi.engine.text import Text

#: How the log writes a time.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
#: Pages by table: the address of a row's page.
PAGES: dict[str, Callable[[UUID], str]] = {}
#: Data contracts by table, for the names of columns.
ENTITIES: dict[str, str] = {}
#: Columns by table that quote values of any field, personal ones among them.
QUOTING: dict[str, frozenset[str]] = {
    "audit_refusal": frozenset({"facts"}),
    "audit_reportdefinition": frozenset({"filters"}),
    "identity_actrevision": frozenset({"content"}),
    "identity_execution": frozenset({"result"}),
    "identity_signature": frozenset({"content"}),
    "identity_user": frozenset({"email"}),
    "identity_verification": frozenset({"findings"}),
}
#: Columns by table from which a secret could be tried out: hidden from everybody, and in all packs.
SECRETS: dict[str, frozenset[str]] = {
    "identity_apitoken": frozenset({"sha256"}),
    "identity_failedreauthentication": frozenset({"session_hash"}),
    "identity_reauthentication": frozenset({"session_hash"}),
    "identity_user": frozenset({"password"}),
}
#: How a typed key is found: the ids of rows with this number, serial or name.
FINDERS: list[Callable[[str], Iterable[UUID]]] = []


def record_kind(
    table: str,
    *,
    page: str = "",
    entity: str = "",
    quoting: Iterable[str] = (),
    find: Callable[[str], Iterable[UUID]] | None = None,
) -> None:
    """Tell the record about a table: the name of its page's URL (which takes the id), its data
    contract, columns that quote values of any field, and how a typed key is found. Called from
    ``AppConfig.ready``."""
    if page:
        PAGES[table] = lambda pk: reverse(page, args=[pk])
    if entity:
        ENTITIES[table] = entity
    if quoting:
        QUOTING[table] = frozenset(quoting)
    if find:
        FINDERS.append(find)


@cache
def model_of(table: str) -> type[Model] | None:
    """The model of a table; None for one that no longer exists."""
    return next((m for m in apps.get_models() if m._meta.db_table == table), None)


def _both(words: Callable[[], str]) -> Text:
    sentences = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            sentences.append(words())
    return Text(*sentences)


@cache
def table_title(table: str) -> Text:
    """What one row of a table is called."""
    model = model_of(table)
    if model is None:
        return Text(table, table)
    return _both(lambda: str(model._meta.verbose_name))


@cache
def field_label(table: str, column: str) -> Text:
    """What a column is called: by the data contract, else by the model, else as it is."""
    name = column.removesuffix("_id")
    if entity := ENTITIES.get(table):
        contract = load_contract(entity)
        for known in (column, name):
            if known in contract.names:
                field = contract.field(known)
                return Text(field.zh, field.en)
    model = model_of(table)
    if model is not None:
        for known in (column, name):
            try:
                found = model._meta.get_field(known)
            except FieldDoesNotExist:
                continue
            return _both(lambda: str(getattr(found, "verbose_name", column)))  # noqa: B023
    return Text(column, column)


def value_text(table: str, column: str, value: Any, language: str) -> str:
    """A value of the log in words: codes by the names of the data contract, yes and no, whole
    numbers without decimals; ∅ for nothing."""
    if value is None:
        return "∅"
    if isinstance(value, bool):
        return (Text("是", "yes") if value else Text("否", "no")).get(language)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value_text(table, column, one, language) for one in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, str):
        return str(value)
    name = _code_names(table, column).get(value)
    if name:
        return name.get(language)
    return moment(dt.datetime.fromisoformat(value)) if INSTANT.fullmatch(value) else value


def moment(at: dt.datetime) -> str:
    """A time as packs and reports write it: to the second, in the installation's zone, with its
    offset."""
    local = at.astimezone(timezone.get_default_timezone())
    return local.strftime("%Y-%m-%d %H:%M:%S %z")


@cache
def _code_names(table: str, column: str) -> Mapping[str, Text]:
    contract = load_contract(ENTITIES[table]) if table in ENTITIES else None
    if contract is None or column not in contract.names:
        return {}
    return {one.code: Text(one.zh, one.en) for one in contract.field(column).allowed}


def shown(table: str, column: str, value: Any) -> Any:
    """A value of the log as whoever is at work may see it: personal data masked, and hidden where
    a column quotes values of unknown fields. Hashes of secrets are hidden from everybody."""
    if column in SECRETS.get(table, ()):
        return value if value in (None, "") else HIDDEN
    if column in QUOTING.get(table, ()):
        return value if may(PERSONAL) or value in (None, "") else HIDDEN
    return mask(ENTITIES.get(table, ""), column, value)


def shown_row(table: str, row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """One side of a change, ``before`` or ``after``, in the same way."""
    return None if row is None else {name: shown(table, name, v) for name, v in row.items()}


@cache
def reference_of(table: str, column: str) -> str | None:
    """The business table that a column points to; None where it points to none."""
    model = model_of(table)
    if model is None or not column.endswith("_id"):
        return None
    try:
        target = model._meta.get_field(column.removesuffix("_id")).related_model
    except FieldDoesNotExist:
        return None
    if isinstance(target, type) and issubclass(target, BusinessModel):
        return target._meta.db_table
    return None


def record_names(keys: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    """What the rows are called now; one query a table. Rows that are gone are left out."""
    wanted: dict[str, set[UUID]] = {}
    for table, row_id in keys:
        wanted.setdefault(table, set()).add(row_id)
    names: dict[UUID, str] = {}
    for table, ids in wanted.items():
        model = model_of(table)
        if model is not None:
            found = model._base_manager.in_bulk(list(ids))
            names.update({pk: str(row) for pk, row in found.items()})
    return names


def record_url(table: str, row_id: UUID) -> str:
    """The address of a row's page; empty where it has none."""
    page = PAGES.get(table)
    try:
        return page(row_id) if page else ""
    except NoReverseMatch:
        return ""


def found_ids(text: str, *, limit: int = 50) -> list[UUID]:
    """Ids of rows that a typed key names: an id, or what the apps find by it."""
    try:
        return [UUID(text.strip())]
    except ValueError:
        found = (row_id for find in FINDERS for row_id in find(text))
        return list(dict.fromkeys(found))[:limit]


def titles() -> Mapping[str, Text]:
    """All business tables with what their rows are called, for a filter."""
    from kintsugi.audit.services import business_tables

    return {table: table_title(table) for table in business_tables()}
