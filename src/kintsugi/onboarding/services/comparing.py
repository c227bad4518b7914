"""A loaded run against the tables, cell by cell: what the source said, and what stands.

The source side is read from the files of the run's steps, the other from the tables; the crosswalk
only says which record is which row. Both are brought to the column's own type by the database.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connection
from psycopg import sql

from kintsugi.audit import services as audit
from kintsugi.core.bulk import copy_frame, fetch_frame, temporary_table
from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.engine.contract import Contract, load_contract
from kintsugi.engine.pipeline import EntityResult
from kintsugi.onboarding.entities import LOADERS
from kintsugi.onboarding.services.loading import stem
from kintsugi.onboarding.services.records import as_text, with_days

ROWS = 50_000
#: Cells that differ are listed up to this many per stream, and looked into up to that many per
#: ``ROWS`` records.
LISTED = 500
LOOKED_INTO = 20_000
BUCKETS = 64
#: Why a cell differs from what the source said; what is none of these has no reason.
REASONS = ("other-source", "corrected", "asked", "unexplained")


@dataclass
class Stream:
    """What was found of one stream of records. ``absent``: records that have no row."""

    entity: str
    table: str
    records: int = 0
    absent: int = 0
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)
    source: str = ""
    target: str = ""

    def of(self, name: str) -> dict[str, Any]:
        """The counts of a field."""
        return self.fields.setdefault(name, {"told": 0, "same": 0, **dict.fromkeys(REASONS, 0)})

    @property
    def passes(self) -> bool:
        """Whether each record has its row and each difference its reason."""
        return not self.absent and not any(one["unexplained"] for one in self.fields.values())


def compare_stream(*, stream: str, entity: EntityResult, folder: Path) -> Stream:
    """Hold the records that one load wrote against the tables.

    ``folder`` holds the plan of the load: which records, in which order.
    """
    contract, loader = load_contract(entity.entity), LOADERS[entity.entity]
    found = Stream(entity.entity, entity.table_name)
    plan = folder / f"plan-{stem(stream, entity.entity)}.json"
    if not plan.exists():
        return found
    told = json.loads(plan.read_text("utf-8"))
    sums: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
    for records in _slices(Path(told["path"])):
        _compare(stream, as_text(records, contract), contract, loader, found, sums)
    found.source = _digest(sums, 0)
    found.target = _digest(sums, 1)
    return found


def _slices(path: Path) -> Iterator[pl.DataFrame]:
    lazy, offset = pl.scan_parquet(path), 0
    while (part := lazy.slice(offset, ROWS).collect()).height:
        yield part
        offset += part.height


def _compare(
    stream: str,
    records: pl.DataFrame,
    contract: Contract,
    loader: TableLoader,
    found: Stream,
    sums: dict[tuple[str, int], tuple[Decimal, Decimal]],
) -> None:
    known = audit.known_records(
        entity=contract.entity, source=stream, keys=records["_key"].to_list()
    )
    found.records += records.height
    placed = records.join(known.select("_key", "gid"), on="_key", how="inner")
    found.absent += records.height - placed.height
    if placed.is_empty():
        return
    resolved = loader.resolve(with_days(placed.drop("gid"), contract)).frame
    columns = {
        loader.column(f.name): f.name
        for f in contract.fields
        if loader.column(f.name) in resolved.columns and f.name in loader.fields
    }
    staging = _staged(loader, resolved.select("_key", *columns), placed, list(columns))
    names = {
        "s": sql.Identifier(staging),
        "t": sql.Identifier(loader.table),
        "cells": _cells(columns),
    }
    numeric = [f.name for f in contract.fields if f.type in ("integer", "decimal")]
    if _count(names, numeric, found, sums):
        _look_into(stream, names, loader, contract, found)


def _staged(
    loader: TableLoader, frame: pl.DataFrame, placed: pl.DataFrame, columns: list[str]
) -> str:
    """The source's values in a temporary table of the columns' own types, with key, row and id."""
    staging = f"comparing_{loader.table}"[:63]
    temporary_table(name=staging, like=loader.table, columns=columns)
    with connection.cursor() as cursor:
        add = sql.SQL(query("onboarding", "compare_table"))
        cursor.execute(add.format(sql.Identifier(staging)))
    whole = frame.join(
        placed.select("_key", "_row", pl.col("gid").alias("_gid")), on="_key", how="left"
    )
    copy_frame(table=staging, frame=whole, columns=["_key", "_row", "_gid", *columns])
    return staging


def _cells(columns: dict[str, str]) -> sql.Composable:
    """The cells of a row of both sides as (field, source, target)."""
    cell = sql.SQL("({}, s.{c}::text, t.{c}::text)")
    rows = [
        cell.format(sql.Literal(name), c=sql.Identifier(column)) for column, name in columns.items()
    ]
    return sql.SQL("(values {}) v(field, said, stands)").format(sql.SQL(", ").join(rows))


def _count(
    names: dict[str, Any],
    numeric: list[str],
    found: Stream,
    sums: dict[tuple[str, int], tuple[Decimal, Decimal]],
) -> bool:
    """Count the cells of both sides; whether any of these differ."""
    differ = False
    counted = fetch_frame(
        sql.SQL(query("onboarding", "compare_count")).format(
            **names, buckets=sql.Literal(BUCKETS), numeric=sql.Literal(numeric)
        )
    )
    for one in counted.iter_rows(named=True) if counted.width else ():
        counts = found.of(one["field"])
        counts["told"] += int(one["told"])
        counts["same"] += int(one["same"])
        differ = differ or one["told"] != one["same"]
        place = (one["field"], int(one["bucket"]))
        left, right = sums.get(place, (Decimal(0), Decimal(0)))
        sums[place] = (left + Decimal(one["left_sum"]), right + Decimal(one["right_sum"]))
        for side, total in (("sum_source", "said_sum"), ("sum_target", "stands_sum")):
            if one["field"] in numeric:
                before = Decimal(counts.get(side, 0))
                counts[side] = str(before + Decimal(one[total] or 0))
    return differ


def _look_into(
    stream: str,
    names: dict[str, Any],
    loader: TableLoader,
    contract: Contract,
    found: Stream,
) -> None:
    """Why cells differ: another source holds the field, a person corrected it since, or an issue
    asks about it."""
    differing = fetch_frame(
        sql.SQL(query("onboarding", "compare_differing")).format(
            **names,
            limit=sql.Literal(LOOKED_INTO),
            table=sql.Literal(loader.table),
            entity=sql.Literal(contract.entity),
            stream=sql.Literal(stream),
            columns=sql.Literal(json.dumps({f: loader.column(f) for f in loader.fields})),
        )
    )
    for one in differing.iter_rows(named=True) if differing.width else ():
        found.of(one["field"])[one["reason"]] += 1
        if len(found.differences) < LISTED or one["reason"] == "unexplained":
            found.differences.append(
                {"key": one["_key"], "row": int(one["_row"]) if one["_row"] else None,
                 "gid": one["_gid"], "field": one["field"], "said": (one["said"] or "")[:200],
                 "stands": (one["stands"] or "")[:200], "reason": one["reason"]}
            )  # fmt: skip
    found.differences.sort(key=lambda line: line["reason"] != "unexplained")
    del found.differences[LISTED:]
    for name, counts in found.fields.items():
        # What lies beyond the bound was not looked into: it has no reason until somebody looks.
        told = counts["same"] + sum(counts[reason] for reason in REASONS)
        counts["unexplained"] += counts["told"] - told
        assert counts["unexplained"] >= 0, f"{name}: more reasons than differences"


def _digest(sums: dict[tuple[str, int], tuple[Decimal, Decimal]], side: int) -> str:
    lines = [f"{name}:{bucket}:{sums[name, bucket][side]}" for name, bucket in sorted(sums)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
