"""Snapshots and their cells over HTTP."""

from pathlib import Path as FilePath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Path, Query
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ, Words
from kintsugi.core.errors import NotFound
from kintsugi.engine.snapshot import cell_with_neighbours, open_snapshot
from kintsugi.engine.text import Text
from kintsugi.onboarding.cells import permitted_rows
from kintsugi.onboarding.models import Snapshot
from kintsugi.onboarding.readable import mark_text

router = Router(tags=["Source cells"])

ROW_MAX = 2_000_000_000
RECORD = Query(
    None, description="the record the row was read for; needed where the person's rows are limited"
)
Folder = Path(
    ..., max_length=80, pattern=r"^[0-9a-z.-]{64,80}$", description="folder of the snapshot"
)


class ColumnOut(Schema):
    """A column of a table."""

    ordinal: int
    letter: str
    name: str


class TableOut(Schema):
    """A table of a snapshot."""

    index: int
    name: str
    rows: int
    excluded: int
    quarantined: int
    hidden: bool
    first_row: int
    last_row: int
    columns: list[ColumnOut]


class SnapshotOut(Schema):
    """The bytes of a file as they were received, and how they were read."""

    snapshot: str
    sha256: str
    file: str
    kind: str
    bytes: int
    encoding: str
    parser_version: str
    tables: list[TableOut]


class Mark(Schema):
    """What was seen at a cell: merged, hidden, struck through, an error value …"""

    kind: str
    value: str | None
    anchor_row: int | None
    anchor_col: int | None
    text: Words


class CellOut(Schema):
    """A cell exactly as read."""

    col: int
    letter: str
    header: str
    text: str
    here: bool = Field(description="the cell that was asked for")
    marks: list[Mark]


class SourceRow(Schema):
    """A row of the neighbourhood."""

    row: int
    place: str = Field(description="header, data, excluded or quarantined")
    rule: str | None = Field(description="why it is no data")
    cells: list[CellOut]


class Neighbourhood(Schema):
    """A source cell among its neighbours."""

    snapshot: str
    file: str
    table: int
    sheet: str
    row: int
    column: int
    letter: str
    header: str
    text: str
    rows: list[SourceRow]


def _stored(snapshot: str) -> Snapshot:
    """A registered snapshot: nothing else in the file system can be named."""
    found = Snapshot.objects.filter(folder=snapshot, is_void=False).first()
    if found is None:
        raise NotFound(Text("快照", "snapshot"), snapshot)
    return found


@router.get("/snapshots/{snapshot}", response={200: SnapshotOut, **READ}, summary="One snapshot")
@requires("row.read")
def snapshot(request: HttpRequest, snapshot: str = Folder) -> dict[str, Any]:
    """A file's tables and columns as they were read."""
    stored = _stored(snapshot)
    read = open_snapshot(FilePath(settings.SNAPSHOT_ROOT) / stored.folder)
    return {
        "snapshot": stored.folder,
        "sha256": stored.sha256,
        "file": stored.file_name,
        "kind": stored.kind,
        "bytes": stored.bytes,
        "encoding": stored.encoding,
        "parser_version": stored.parser_version,
        "tables": read.tables,
    }


@router.get(
    "/cells/{snapshot}/{table}/{row}/{column}",
    response={200: Neighbourhood, **READ},
    summary="A source cell among its neighbours",
)
@requires("cell.read")
def cell(
    request: HttpRequest,
    snapshot: str = Folder,
    table: int = Path(..., ge=0, le=10_000, description="index of the table"),
    row: int = Path(..., ge=1, le=ROW_MAX, description="row or line as the source counts, from 1"),
    column: int = Path(..., ge=1, le=20_000, description="ordinal of the column, from 1"),
    around: int = Query(3, ge=0, le=10, description="rows and columns on each side"),
    record: UUID | None = RECORD,
) -> dict[str, Any]:
    """The text exactly as read, with what the reader saw there (merged, hidden, struck …).

    Personal columns are masked without `personal.read`; whose rows are limited sees only the row of
    the record itself.
    """
    stored = _stored(snapshot)
    read = open_snapshot(FilePath(settings.SNAPSHOT_ROOT) / stored.folder)
    of = read.table(table)
    rows = cell_with_neighbours(read, table, row, column, around=around)
    rows = permitted_rows(stored, of, row, rows, gid=record)
    here = [one for line in rows for one in line["cells"] if one["here"]]
    if not here:
        place = f"{stored.file_name} › {of.name} › {row}:{column}"
        raise NotFound(Text("单元格", "cell"), place)
    letters = {one.ordinal: one.letter for one in of.columns}
    for line in rows:
        for one in line["cells"]:
            one["marks"] = [{**mark, "text": mark_text(mark, letters)} for mark in one["marks"]]
    return {
        "snapshot": stored.folder,
        "file": stored.file_name,
        "table": of.index,
        "sheet": of.name,
        "row": row,
        "column": column,
        "letter": here[0]["letter"],
        "header": here[0]["header"],
        "text": here[0]["text"],
        "rows": rows,
    }
