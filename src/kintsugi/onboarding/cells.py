"""The source cell among its neighbours, and what was understood from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from kintsugi.audit.selectors import columns_read, is_row_of, origins_of, record_at
from kintsugi.core import scope
from kintsugi.core.errors import NotFound
from kintsugi.core.masks import mask, mask_text, personal_fields, style_of_header
from kintsugi.devices.selectors import is_device_within
from kintsugi.engine.contract import load_contract
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import SnapshotTable, cell_with_neighbours, open_snapshot
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding.models import Issue, Snapshot
from kintsugi.onboarding.readable import mark_text
from kintsugi.parties.selectors import is_customer_within

AROUND = 3
PAGES = {
    "device": "devices:detail",
    "product": "products:detail",
    "party": "parties:detail",
}


def record_url(entity: str, gid: UUID | str | None) -> str:
    """The page of a record; empty for an entity without one."""
    name = PAGES.get(entity)
    return reverse(name, args=[gid]) if name and gid else ""


def permitted_rows(
    stored: Snapshot,
    table: SnapshotTable,
    row: int,
    rows: list[dict[str, Any]],
    *,
    gid: UUID | None,
) -> list[dict[str, Any]]:
    """Of a neighbourhood what whoever is at work may see: with a limit of rows the asked row alone,
    and only as the row of a record within the limit; personal columns masked.

    Raises NotFound where the row is beyond the limit.
    """
    if not scope.current().everything:
        if gid is None or not _is_within(gid, stored.folder, table.index, row):
            place = f"{stored.file_name} › {table.name} › {row}"
            raise NotFound(Text("您范围内的单元格", "cell within your scope"), place)
        rows = [line for line in rows if line["row"] == row or line["place"] == "header"]
    styles = {c.ordinal: style_of_header(c.name) for c in table.columns}
    for origin in origins_of(snapshot=stored.folder, table_no=table.index):
        for name, style in personal_fields(origin.entity).items():
            for column in origin.columns.get(name, []):
                styles[int(column["ordinal"])] = style
    for line in rows:
        if line["place"] != "header":
            for one in line["cells"]:
                one["text"] = mask_text(styles.get(one["col"]), one["text"])
    return rows


def _is_within(gid: UUID, folder: str, table_no: int, row: int) -> bool:
    """Whether the row was read for this record, and all it speaks of is the record's own.

    A row of a register names a device and its customer, whoever made it: only a device or a
    customer within the scope opens it. A product opens rows of a table about products only.
    """
    if not is_row_of(gid=gid, snapshot=folder, table_no=table_no, row=row):
        return False
    if is_device_within(gid) or is_customer_within(gid):
        return True
    about = {origin.entity for origin in origins_of(snapshot=folder, table_no=table_no)}
    return about <= {"product", "udi_identifier"}


@dataclass(frozen=True)
class Understood:
    """What a record took from the cell."""

    field: Text
    entity: Text
    raw: str
    value: Any
    url: str
    together: tuple[str, ...]


def cell_context(
    *,
    stored: Snapshot,
    table_no: int,
    row: int,
    ordinal: int,
    gid: UUID | None,
    field: str,
    issue: Issue | None,
) -> dict[str, Any]:
    """What the cell's page shows. Raises KintsugiError of the snapshot, when its files or the
    table are gone. ``ordinal`` 0 means the whole row."""
    snapshot = open_snapshot(Path(settings.SNAPSHOT_ROOT) / stored.folder)
    table = snapshot.table(table_no)
    rows = cell_with_neighbours(snapshot, table_no, row, ordinal or 1, around=AROUND)
    rows = permitted_rows(stored, table, row, rows, gid=gid)
    letters = {column.ordinal: column.letter for column in table.columns}
    read = _columns_read(stored.folder, table_no, row, gid, field)
    marks: list[tuple[str, Text]] = []
    for line in rows:
        for cell in line["cells"]:
            cell["here"] = cell["here"] and bool(ordinal)
            cell["read"] = line["row"] == row and (not ordinal or cell["col"] in read)
            # The type of a cell is told of the cell asked for only: a column of dates has them all.
            cell["notes"] = [
                mark_text(m, letters) for m in cell["marks"] if cell["here"] or m["kind"] != "type"
            ]
            kinds = {m["kind"] for m in cell["marks"]}
            cell["struck"] = "strike" in kinds
            if cell["here"]:
                marks = [(m["kind"], mark_text(m, letters)) for m in cell["marks"]]
        line["here"] = line["row"] == row
        if line["rule"] in RULES:
            line["why"] = RULES[line["rule"]].describe(None)
    columns = [c for c in table.columns if abs(c.ordinal - (ordinal or 1)) <= AROUND]
    column = next((c for c in table.columns if c.ordinal == ordinal), None)
    header_shown = any(line["place"] == "header" for line in rows)
    return {
        "snapshot": stored,
        "table": table,
        "row": row,
        "column": column,
        "place": f"{column.letter if column else ''}{row}",
        "columns": columns,
        "header": [] if header_shown else [c.name for c in columns],
        "header_row": table.header_rows[1] if table.header_rows else None,
        "rows": rows,
        "marks": marks,
        "understood": _understood(stored, snapshot, table_no, row, ordinal, gid, field, rows),
        "issue": issue,
        "issue_rule": RULES.get(issue.rule) if issue else None,
    }


def _columns_read(folder: str, table_no: int, row: int, gid: UUID | None, field: str) -> set[int]:
    """Ordinals that the field was read from, by the record's own mapping."""
    if gid is None:
        return set()
    record = record_at(gid=gid, snapshot=folder, table_no=table_no, row=row)
    if record is None:
        return set()
    return {int(c["ordinal"]) for c in columns_read(record.origin, field, row)}


def _understood(
    stored: Snapshot,
    snapshot: EngineSnapshot,
    table_no: int,
    row: int,
    ordinal: int,
    gid: UUID | None,
    field: str,
    rows: list[dict[str, Any]],
) -> list[Understood]:
    """By the record asked for; without one, the fields that this column feeds in the last run."""
    raw = next((c["text"] for line in rows if line["here"] for c in line["cells"] if c["here"]), "")
    if gid is not None:
        record = record_at(gid=gid, snapshot=stored.folder, table_no=table_no, row=row)
        if record is None:
            return []
        names = (
            [field]
            if field in record.values
            else [
                name
                for name, columns in record.origin.columns.items()
                if any(c["ordinal"] == ordinal for c in columns) and name in record.values
            ]
        )
        return [
            _line(
                record.origin.entity,
                name,
                raw,
                mask(record.origin.entity, name, record.values[name]),
                gid,
                {name: columns_read(record.origin, name, row)},
            )
            for name in names
        ]
    found: dict[tuple[str, str], Understood] = {}
    for origin in origins_of(snapshot=stored.folder, table_no=table_no):
        for name, columns in origin.columns.items():
            if any(c["ordinal"] == ordinal for c in columns):
                line = _line(origin.entity, name, raw, None, None, origin.columns)
                found.setdefault((origin.entity, name), line)
    return list(found.values())


def _line(
    entity: str, name: str, raw: str, value: Any, gid: UUID | None, columns: dict[str, Any]
) -> Understood:
    contract = load_contract(entity)
    known = contract.field(name) if name in contract.names else None
    shown = value
    if known is not None:
        for allowed in known.allowed:
            if allowed.code == value:
                shown = Text(f"{allowed.zh}({value})", f"{allowed.en} ({value})")
    return Understood(
        field=Text(known.zh, known.en) if known else Text(name, name),
        entity=Text(contract.zh, contract.en),
        raw=raw,
        value=shown,
        url=record_url(entity, gid),
        together=tuple(str(c["header"]) for c in columns.get(name, [])[1:]),
    )
