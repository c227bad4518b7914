"""The crosswalk: which source record stands behind which business row, and with which values.

One row per source record, not per field: the winning fields are an interned set and the cell is
found as column × row, so a million records cost a million narrow rows.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection
from psycopg import sql

from kintsugi.audit.models import FieldSet, Origin
from kintsugi.core.bulk import copy_frame, fetch_frame, temporary_table
from kintsugi.core.queries import query

TABLE = "audit_provenance"


@dataclass(frozen=True)
class OriginFacts:
    """Where a run's records of one entity come from; see ``audit.models.Origin``."""

    run_id: UUID
    stream: str
    source: str
    source_name: Mapping[str, str]
    authority: int
    entity: str
    file_name: str
    snapshot: str
    table_no: int
    table_name: str
    mapping_version: str
    columns: Mapping[str, Sequence[Mapping[str, Any]]]
    observed_at: dt.datetime


def register_origin(facts: OriginFacts) -> Origin:
    """The origin row of a run's table and entity, made once."""
    values = {name: getattr(facts, name) for name in facts.__dataclass_fields__}
    key = {name: values.pop(name) for name in ("run_id", "entity", "stream")}
    origin, _ = Origin.objects.get_or_create(**key, defaults=values)
    return origin


def known_records(*, entity: str, source: str, keys: Sequence[str]) -> pl.DataFrame:
    """What is known of these source keys: ``_key, gid, known_hash`` (32 hex digits)."""
    found = fetch_frame(query("audit", "known_records"), [entity, source, list(keys)])
    return _or_empty(found, ("_key", "gid", "known_hash"))


def records_of(*, gids: Sequence[str], fields: Sequence[str]) -> pl.DataFrame:
    """All source records behind these rows: ``_gid, _source, _key, _authority, _observed,
    _origin, _row, _id`` and the fields as text."""
    columns = ("_id", "_gid", "_source", "_key", "_authority", "_observed", "_origin", "_row",
               "_field_rows", "_won", "values")  # fmt: skip
    found = _or_empty(fetch_frame(query("audit", "records_of"), [list(gids)]), columns)
    return _open_values(found, fields)


def _open_values(found: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """``values`` (JSON text) as one text column per field."""
    shape = pl.Struct(dict.fromkeys(fields, pl.String))
    opened = found.with_columns(pl.col("values").str.json_decode(shape))
    return opened.unnest("values").with_columns(
        pl.col("_authority").cast(pl.Int32), pl.col("_observed").str.to_datetime(time_zone="UTC")
    )


def _or_empty(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    return frame if frame.width else pl.DataFrame(schema=dict.fromkeys(columns, pl.String))


def field_set_ids(sets: pl.Series) -> pl.DataFrame:
    """Ids of interned field sets: ``fields`` (names joined by comma, sorted), ``won_id``."""
    distinct = sets.unique().to_list()
    known: dict[str, int] = {}
    for text in distinct:
        names = [name for name in (text or "").split(",") if name]
        stored, _ = FieldSet.objects.get_or_create(fields=names)
        known[text] = stored.pk
    return pl.DataFrame(
        {"fields": list(known), "won_id": list(known.values())},
        schema={"fields": pl.String, "won_id": pl.Int64},
    )


def add_records(frame: pl.DataFrame) -> int:
    """Append source records. Columns: those of ``audit_provenance`` except ``id``."""
    return copy_frame(table=TABLE, frame=frame)


def change_records(frame: pl.DataFrame) -> int:
    """Rewrite known source records by (entity, source, source_key) with the frame's columns."""
    if frame.is_empty():
        return 0
    return _update("changing_provenance", frame, ("entity", "source", "source_key"))


def set_winners(frame: pl.DataFrame) -> int:
    """Set which fields other records win now: ``id, won_id``."""
    if frame.is_empty():
        return 0
    return _update("winning_provenance", frame, ("id",))


def _update(staging: str, frame: pl.DataFrame, key: Sequence[str]) -> int:
    columns = [name for name in frame.columns if name not in key]
    parts = {
        "s": sql.Identifier(staging),
        "t": sql.Identifier(TABLE),
        "set": sql.SQL(", ").join(
            sql.SQL("{0} = s.{0}").format(sql.Identifier(c)) for c in columns
        ),
        "on": sql.SQL(" AND ").join(
            sql.SQL("t.{0} = s.{0}").format(sql.Identifier(c)) for c in key
        ),
    }
    temporary_table(name=staging, like=TABLE, columns=frame.columns)
    copy_frame(table=staging, frame=frame)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "UPDATE {t} t SET {set} FROM {s} s WHERE {on} AND t.closed_run_id IS NULL"
            ).format(**parts)
        )
        return int(cursor.rowcount)
