"""The evidence behind one row as a page shows it: source records, who won, what changed and why.

Three queries a row (four where a value was kept from an earlier file), whatever its size.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Expression, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from django.urls import NoReverseMatch, reverse

from kintsugi.audit.mended import Mended, act_of, mended_fields
from kintsugi.audit.models import Change, Origin, Provenance
from kintsugi.audit.places import columns_read
from kintsugi.core.masks import mask
from kintsugi.core.screens.parts import language
from kintsugi.engine.contract import Contract, Field, load_contract
from kintsugi.engine.text import Text

RECORDS_MAX = 200
CHANGES_MAX = 200
#: Columns of every business table that say nothing about the thing itself.
PLUMBING = frozenset(
    {"id", "version", "created_at", "updated_at", "name_sort", "partial_dates", "is_void"}
)
#: What people call a command; apps add theirs with ``name_commands``.
COMMAND_NAMES: dict[str, Text] = {
    "audit.ask-for-pack": Text("申请证据包", "Evidence pack asked for"),
    "audit.make-pack": Text("生成证据包", "Evidence pack begun"),
    "audit.finish-pack": Text("完成证据包", "Evidence pack finished"),
    "audit.note-refusal": Text("记录被拒操作", "Refusal kept"),
    "audit.place-hold": Text("设置法律保全", "Legal hold placed"),
    "audit.release-hold": Text("解除法律保全", "Legal hold released"),
    "audit.save-report": Text("保存报表定义", "Report saved"),
    "audit.void-report": Text("作废报表定义", "Report voided"),
    "migrate": Text("安装新版本", "Release installed"),
    "secrets.rotate": Text("更换密钥", "Keys rotated"),
}

NameOf = Callable[[str, Sequence[str]], Mapping[str, str]]


def name_commands(names: Mapping[str, Text]) -> None:
    """Say what people call these commands."""
    COMMAND_NAMES.update(names)


def cell_url(
    snapshot: str, table_no: int, row: int, ordinal: int, **query: Any
) -> str:  # ordinal 0: the row
    """The address of a source cell's page; empty where onboarding is not installed."""
    try:
        url = reverse("onboarding:cell", args=[snapshot, table_no, row, ordinal])
    except NoReverseMatch:
        return ""
    given = {name: value for name, value in query.items() if value}
    return f"{url}?{urlencode(given)}" if given else url


@dataclass(frozen=True)
class SourceRecord:
    """One source record behind the row. ``number`` is its place in the evidence, from 1."""

    number: int
    stream: str
    source: str
    source_name: Text
    file_name: str
    table_name: str
    table_no: int
    snapshot: str
    row: int
    rows: Sequence[int]
    mapping_version: str
    authority: int
    observed_at: Any
    run_id: UUID
    source_key: str
    won: frozenset[str]
    values: Mapping[str, Any]
    differs: Sequence[str] = ()


@dataclass(frozen=True)
class Witness:
    """What one source record says of one field. ``state``: won, agrees, differs, or silent."""

    state: str
    value: Any = None
    place: str = ""
    url: str = ""


@dataclass(frozen=True)
class FieldEvidence:
    """One field over all source records, in their order."""

    name: str
    label: str
    witnesses: Sequence[Witness]
    disputed: bool
    edited: bool


@dataclass(frozen=True)
class Entry:
    """One transaction in the row's time line. ``changes``: (label, before, after)."""

    at: Any
    title: Text | str
    who: str
    why: str
    op: str
    run_id: UUID | None
    run_url: str
    changes: Sequence[tuple[str, object, object]]
    act: Mended | None = None


@dataclass
class Evidence:
    """All that stands behind one row."""

    gid: UUID
    contract: Contract
    records: Sequence[SourceRecord]
    fields: Sequence[FieldEvidence]
    entries: Sequence[Entry]
    gold: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    mended: Mapping[str, Mended] = field(default_factory=dict)

    @property
    def disputed(self) -> Sequence[FieldEvidence]:
        """Fields on which sources disagree."""
        return [one for one in self.fields if one.disputed]

    @cached_property
    def sources(self) -> Sequence[str]:
        """Codes of the sources, each once."""
        return list(dict.fromkeys(record.source for record in self.records))


def evidence_of(
    *,
    gid: UUID,
    entity: str,
    columns: Mapping[str, str] | None = None,
    names: NameOf | None = None,
) -> Evidence:
    """The evidence behind a row of ``entity``.

    ``columns`` maps contract fields to table columns where they differ; ``names(column, ids)``
    gives the names of the rows that a reference column points to, for the time line.
    """
    contract = load_contract(entity)
    found = list(
        Provenance.objects.filter(gid=gid, entity=entity)
        .select_related("origin", "won")
        .order_by("-origin__authority", "-origin__observed_at", "source", "source_key")[
            :RECORDS_MAX
        ]
    )
    elsewhere = _elsewhere(found)
    changes = list(
        Change.objects.filter(row_id=gid)
        .select_related("transaction")
        .order_by("-id")[:CHANGES_MAX]
    )
    fields = {column: name for name, column in (columns or {}).items()}
    records = [_record(number, one) for number, one in enumerate(found, start=1)]
    edited = _edited(changes, fields)
    rows, gold, texts = [], {}, {}
    for known in contract.fields:
        witnesses = _witnesses(known, found, records, elsewhere, gid)
        if not any(w.state != "silent" for w in witnesses):
            continue
        disputed = any(w.state == "differs" for w in witnesses)
        is_edited = known.name in edited
        rows.append(FieldEvidence(known.name, _label(known), witnesses, disputed, is_edited))
        winner = next((w for w in witnesses if w.state == "won"), None)
        if winner:
            gold[known.name] = winner.url
            texts[known.name] = str(mask(entity, known.name, _golden(known.name, records)))
    rows.sort(key=lambda one: not one.disputed)
    records = [
        dataclasses.replace(
            record,
            differs=[one.label for one in rows if one.witnesses[index].state == "differs"],
        )
        for index, record in enumerate(records)
    ]
    entries = _entries(changes, contract, fields, names)
    mended = mended_fields(changes, fields)
    return Evidence(gid, contract, records, rows, entries, gold, texts, mended)


def _label(known: Any) -> str:
    return str(known.zh if language().startswith("zh") else known.en)


def _elsewhere(found: Sequence[Provenance]) -> dict[int, Origin]:
    """Origins of values that were kept from earlier files, because a blank erases nothing."""
    ids = {
        place["origin"]
        for one in found
        for place in (one.field_rows or {}).values()
        if isinstance(place, dict)
    }
    return Origin.objects.in_bulk(ids) if ids else {}


def _record(number: int, one: Provenance) -> SourceRecord:
    origin = one.origin
    name = origin.source_name or {}
    return SourceRecord(
        number=number,
        stream=one.source,
        source=origin.source,
        source_name=Text(name.get("zh") or origin.source, name.get("en") or origin.source),
        file_name=origin.file_name,
        table_name=origin.table_name,
        table_no=origin.table_no,
        snapshot=origin.snapshot,
        row=one.row,
        rows=one.rows or [one.row],
        mapping_version=origin.mapping_version,
        authority=origin.authority,
        observed_at=origin.observed_at,
        run_id=origin.run_id,
        source_key=one.source_key,
        won=frozenset(one.won.fields),
        values=one.values,
    )


def _witnesses(
    known: Field,
    found: Sequence[Provenance],
    records: Sequence[SourceRecord],
    elsewhere: Mapping[int, Origin],
    gid: UUID,
) -> list[Witness]:
    name = known.name
    golden = _golden(name, records)
    has_winner = False
    witnesses = []
    for one, record in zip(found, records, strict=True):
        value = record.values.get(name)
        if value is None or value == "":
            witnesses.append(Witness("silent"))
            continue
        state = "agrees" if value == golden else "differs"
        if name in record.won and not has_winner:
            state, has_winner = "won", True
        origin, row = _cell(one, name, elsewhere)
        columns = columns_read(origin, name, row)
        letters = "+".join(str(c["letter"]) for c in columns)
        ordinal = columns[0]["ordinal"] if columns else 0
        url = cell_url(origin.snapshot, origin.table_no, row, ordinal, gid=gid, field=name)
        place = f"{origin.file_name} › {origin.table_name} › {letters}{row}"
        shown = mask(one.entity, name, value)
        witnesses.append(Witness(state, _said(known, shown), place, url))
    return witnesses


def _golden(name: str, records: Sequence[SourceRecord]) -> Any:
    """The canonical value that stands."""
    return next((r.values.get(name) for r in records if name in r.won), None)


def _cell(one: Provenance, name: str, elsewhere: Mapping[int, Origin]) -> tuple[Origin, int]:
    place = (one.field_rows or {}).get(name)
    if isinstance(place, dict):
        return elsewhere.get(place["origin"], one.origin), int(place["row"])
    return one.origin, one.row if place is None else int(place)


def _said(known: Field, value: Any) -> Any:
    """A canonical value in words: names of codes, yes and no, the items of a list."""
    if known.type == "list" and isinstance(value, str) and value.startswith("["):
        try:
            return [_word(known, item) for item in json.loads(value)]
        except ValueError:
            return value
    return _word(known, value)


def _word(known: Field, value: Any) -> Any:
    for allowed in known.allowed:
        if allowed.code == value:
            return _label(allowed)
    if known.type == "boolean" or isinstance(value, bool):
        return Text("是", "yes") if value in (True, "true") else Text("否", "no")
    if isinstance(value, float):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".")
    return value


def _edited(changes: Sequence[Change], fields: Mapping[str, str]) -> set[str]:
    """Fields whose newest change was made by a person, not by an import."""
    newest: dict[str, bool] = {}
    for change in changes:
        for column in change.after or {}:
            newest.setdefault(fields.get(column, column), change.transaction.run_id is None)
    return {name for name, by_person in newest.items() if by_person}


def _entries(
    changes: Sequence[Change],
    contract: Contract,
    fields: Mapping[str, str],
    names: NameOf | None,
) -> list[Entry]:
    called = _names_of_references(changes, contract, fields, names)
    entries = []
    for change in changes:
        transaction = change.transaction
        lines = []
        for column in dict.fromkeys([*(change.after or {}), *(change.before or {})]):
            name = fields.get(column, column)
            if column in PLUMBING or name not in contract.names:
                continue
            pair = [
                _value(contract, name, column, side.get(column), called)
                for side in (change.before or {}, change.after or {})
            ]
            if pair[0] in (None, "") and pair[1] in (None, ""):
                continue
            lines.append((_label(contract.field(name)), pair[0], pair[1]))
        act = act_of(transaction)
        entries.append(
            Entry(
                at=transaction.at,
                title=COMMAND_NAMES.get(transaction.command, transaction.command),
                who=transaction.actor,
                why=transaction.reason.removeprefix(f"{act.act}: ") if act else transaction.reason,
                op=change.op,
                run_id=transaction.run_id,
                run_url=_run_url(transaction.run_id),
                changes=lines,
                act=act,
            )
        )
    return entries


def _names_of_references(
    changes: Sequence[Change],
    contract: Contract,
    fields: Mapping[str, str],
    names: NameOf | None,
) -> dict[str, str]:
    if names is None:
        return {}
    wanted: dict[str, set[str]] = {}
    for change in changes:
        for side in (change.before, change.after):
            for column, value in (side or {}).items():
                name = fields.get(column, column)
                if value and name in contract.names and contract.field(name).reference:
                    wanted.setdefault(column, set()).add(str(value))
    called: dict[str, str] = {}
    for column, ids in wanted.items():
        called.update(names(column, sorted(ids)))
    return called


def _value(
    contract: Contract, name: str, column: str, value: Any, called: Mapping[str, str]
) -> Any:
    if value is None:
        return None
    known = contract.field(name)
    if known.reference:
        return called.get(str(value), value)
    return _said(known, mask(contract.entity, name, value))


def _run_url(run_id: UUID | None) -> str:
    if run_id is None:
        return ""
    try:
        return reverse("onboarding:run", args=[run_id])
    except NoReverseMatch:
        return ""


# -- for lists -----------------------------------------------------------------------------------


def source_count(entity: str) -> Expression:
    """How many source records stand behind a row of a list (an annotation)."""
    counted = (
        Provenance.objects.filter(gid=OuterRef("pk"), entity=entity)
        .order_by()
        .values("gid")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())


def golden_cells(*, gids: Sequence[UUID], entity: str, field_name: str) -> dict[UUID, str]:
    """For each row: the address of the cell its golden value of this field came from."""
    found: dict[UUID, str] = {}
    records = (
        Provenance.objects.filter(
            gid__in=list(gids), entity=entity, won__fields__contains=[field_name]
        )
        .select_related("origin", "won")
        .order_by("-origin__authority", "-origin__observed_at")[: RECORDS_MAX * 10]
    )
    rows = list(records)
    elsewhere = _elsewhere(rows)
    for one in rows:
        if one.gid in found:
            continue
        origin, row = _cell(one, field_name, elsewhere)
        columns = columns_read(origin, field_name, row)
        ordinal = columns[0]["ordinal"] if columns else 0
        found[one.gid] = cell_url(
            origin.snapshot, origin.table_no, row, ordinal, gid=one.gid, field=field_name
        )
    return found


def gid_of_key(*, entity: str, source: str, table: str, key: str) -> Subquery:
    """The row behind a source key, as an annotation; the arguments are paths of the outer query.

    A source with several tables keeps a stream for each: both spellings are tried.
    """
    streams = [OuterRef(source), Concat(OuterRef(source), Value("/"), OuterRef(table))]
    rows = Provenance.objects.filter(
        entity=OuterRef(entity), source__in=streams, source_key=OuterRef(key)
    )
    return Subquery(rows.order_by().values("gid")[:1])


def records_by_key(*, entity: str, streams: Sequence[str], keys: Sequence[str]) -> list[Provenance]:
    """Source records by key, with their origins."""
    return list(
        Provenance.objects.filter(
            entity=entity, source__in=list(streams), source_key__in=list(keys)
        ).select_related("origin")
    )


def records_by_row(*, gids: Sequence[UUID], run_id: UUID) -> list[Provenance]:
    """Source records of one run behind these rows, in the order they were added."""
    return list(
        Provenance.objects.filter(gid__in=list(gids), origin__run_id=run_id)
        .select_related("origin")
        .order_by("pk")[: RECORDS_MAX * 20]
    )


def record_at(*, gid: UUID, snapshot: str, table_no: int, row: int) -> Provenance | None:
    """The source record behind ``gid`` that was read at this row of this table."""
    of_table = Provenance.objects.filter(
        gid=gid, origin__snapshot=snapshot, origin__table_no=table_no
    ).select_related("origin")
    found = list(of_table[:RECORDS_MAX])
    return next((one for one in found if row == one.row or row in (one.rows or [])), None) or next(
        iter(found), None
    )


def is_row_of(*, gid: UUID, snapshot: str, table_no: int, row: int) -> bool:
    """Whether this row of a snapshot's table was read for ``gid`` or one of its fields."""
    found = Provenance.objects.filter(gid=gid, origin__snapshot=snapshot, origin__table_no=table_no)
    return any(
        row == one.row or row in (one.rows or []) or row in (one.field_rows or {}).values()
        for one in found[:RECORDS_MAX]
    )


def origins_of(*, snapshot: str, table_no: int) -> list[Origin]:
    """How a table of a snapshot was read by the runs that loaded it, newest first."""
    found = Origin.objects.filter(snapshot=snapshot, table_no=table_no).order_by("-observed_at")
    return list(found[:20])


def operations(*, run_id: UUID, row_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What a run did to these rows: I (inserted) or U (updated); rows it left alone are absent."""
    done: dict[UUID, str] = {}
    changes = Change.objects.filter(
        row_id__in=list(row_ids), transaction__run_id=run_id
    ).values_list("row_id", "op")
    for row_id, op in changes:
        done[row_id] = "I" if "I" in (op, done.get(row_id)) else op
    return done


def updates_of(
    *, run_id: UUID, tables: Sequence[str], after: int = 0, limit: int = 50
) -> list[Change]:
    """Updates that a run made to rows of these tables, oldest first, from change id ``after``."""
    return list(
        Change.objects.filter(
            transaction__run_id=run_id, table__in=list(tables), op="U", id__gt=after
        )
        .select_related("transaction")
        .order_by("id")[:limit]
    )
