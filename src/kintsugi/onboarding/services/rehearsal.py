"""A rehearsal: what a run would do to the tables, worked out by the very code that loads.

Everything happens in one transaction that is undone. A small run works on the tables themselves
for a moment; a large one on private copies of them, so that nobody waits for a row it touches.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db import connection
from psycopg import sql

from kintsugi.audit import services as audit
from kintsugi.audit.selectors import last_entry
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.engine.contract import load_contract
from kintsugi.engine.pipeline import EntityResult, PipelineResult, open_result
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import open_snapshot
from kintsugi.onboarding.entities import LOADERS, ORDER
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import loading, selection
from kintsugi.onboarding.services.apply import Target, bring_in
from kintsugi.onboarding.services.progress import Elsewhere, Listener
from kintsugi.onboarding.services.records import as_text, with_days
from kintsugi.onboarding.services.running import (
    get_run,
    lock_entity,
    owned,
    refuse_other_contracts,
    set_run,
    stopping,
)
from kintsugi.onboarding.services.runs import base_of
from kintsugi.onboarding.services.selection import workdir

#: Records above which a rehearsal works on private copies.
COPIES_ABOVE = 20_000
#: States in which a run can be rehearsed.
REHEARSES = ("validated", "rehearsed", "approved", "failed")
CHANGED = {"gid": pl.String, "field": pl.String, "before": pl.String, "after": pl.String}
RECORDS = {"_key": pl.String, "_row": pl.Int32, "_gid": pl.String, "_op": pl.String}


class _Undone(Exception):
    """Takes the rehearsal's transaction back."""


class Notes:
    """What one stream's rehearsal saw: a ``apply.Watch``."""

    def __init__(self) -> None:
        self.records: list[pl.DataFrame] = []
        self.changed: list[pl.DataFrame] = []
        self.issues: list[pl.DataFrame] = []
        self._ids: list[str] = []
        self._columns: list[str] = []
        self._before = pl.DataFrame()

    def before(self, loader: TableLoader, ids: pl.Series, columns: list[str]) -> None:
        """Keep the rows that are about to change."""
        self._ids, self._columns = ids.to_list(), columns
        self._before = loader.values(ids=self._ids, columns=columns)

    def after(self, loader: TableLoader) -> None:
        """Keep which cells became something else."""
        now = loader.values(ids=self._ids, columns=self._columns)
        both = [
            frame.unpivot(on=self._columns, index="id", variable_name="field", value_name=name)
            for frame, name in ((self._before, "before"), (now, "after"))
        ]
        cells = both[0].join(both[1], on=["id", "field"])
        found = cells.filter(pl.col("before").ne_missing(pl.col("after")))
        names = {loader.column(name): name for name in loader.fields}
        self.changed.append(
            found.select(
                pl.col("id").alias("gid"),
                pl.col("field").replace(names),
                "before",
                "after",
            )
        )

    def done(self, records: pl.DataFrame, held: list[str]) -> None:
        """Keep what became of the records."""
        kept = pl.col("_gid").is_in(held) & (pl.col("_op") == "updated")
        op = pl.when(kept).then(pl.lit("quarantined")).otherwise(pl.col("_op"))
        self.records.append(records.with_columns(op.alias("_op")).select(list(RECORDS)))


def rehearse_run(
    *, actor: Any, run_id: UUID, at: dt.datetime, listener: Listener | None = None
) -> Run:
    """Work out what loading the run would do, and keep it with the run; nothing else is changed.

    ``Run.rehearsal``: ``at``, ``position`` in the change log, ``digest``, ``entities`` (per stream
    read, created, updated, merged, unchanged, quarantined, cells, fields and issues by rule). The
    changed cells lie in the run's folder. A run that was approved and is rehearsed again with
    another outcome has to be approved again. Raises KintsugiError ``run.not-prepared``,
    ``run.contract-changed`` or ``run.busy``.
    """
    run = get_run(run_id)
    refuse_unprepared(run)
    refuse_other_contracts(run)
    with owned(run_id), stopping(actor, run_id):
        result = open_result(workdir(base_of(run)))
        assert run.snapshot, "start_run gives every run its snapshot"
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
        folder = folder_of(run)
        _empty(folder)
        position = last_entry()
        part = replace(selection.part_of(run, result), folder=folder)
        with Elsewhere(run_id, listener) as reporter:
            found = _rehearsed(actor, run, result, snapshot, part, reporter)
            reporter(Text("预演完成", "Rehearsed"), 1, 1)
        kept = {
            "at": at.isoformat(),
            "position": position,
            "digest": _digest(run, found),
            "entities": found,
        }
        changed = run.rehearsal is None or run.rehearsal["digest"] != kept["digest"]
        with audit.recorded(actor=actor, command="onboarding.rehearse", run_id=run.pk):
            if run.status == "approved" and changed:
                set_run(run, status="rehearsed", rehearsal=kept, act="")
            elif run.status in ("validated", "failed"):
                set_run(run, status="rehearsed", rehearsal=kept, act="", error=None)
            else:
                set_run(run, rehearsal=kept)
    run.refresh_from_db()
    return run


def refuse_unprepared(run: Run) -> None:
    """Raise KintsugiError ``run.not-prepared`` unless the run is checked and has loaded nothing."""
    # One that stopped before it was checked has no contracts.
    if run.status not in REHEARSES or run.chunks.exists() or not run.contracts:
        raise KintsugiError(
            "run.not-prepared",
            Text(f"{run.number} 现在不能预演。", f"{run.number} cannot be rehearsed now."),
            Text(
                "只有已校验、尚未写入的运行可以预演。",
                "A run is rehearsed once it is checked and before it loads.",
            ),
            run=run.number,
            status=run.status,
        )


def folder_of(run: Run) -> Path:
    """Where a rehearsal keeps its frames: ``changed-*.parquet`` (gid, field, before, after, _key,
    _row) and ``records-*.parquet`` (_key, _row, _gid, _op) by stream."""
    return workdir(run) / "rehearsal"


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()


def _digest(run: Run, found: Mapping[str, Any]) -> str:
    """What two persons sign: the bytes, the mapping and all that would be done."""
    text = json.dumps(
        {
            "snapshot": run.snapshot.sha256 if run.snapshot else "",
            "mapping": run.mapping.sha256 if run.mapping else "",
            "wave": run.wave.rule if run.parent_id else None,
            "entities": found,
        },
        sort_keys=True,
        ensure_ascii=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _rehearsed(
    actor: Any,
    run: Run,
    result: PipelineResult,
    snapshot: EngineSnapshot,
    part: loading.Part,
    reporter: Callable[[Text, int, int], None],
) -> dict[str, Any]:
    named = sorted(loading.streams(run.source.code, result), key=lambda one: ORDER[one[1].entity])
    copies = sum(entity.counts.records for _, entity in named) > COPIES_ABOVE
    found: dict[str, Any] = {}
    try:
        with audit.recorded(actor=actor, command="onboarding.rehearse", run_id=run.pk):
            if copies:
                _hide_tables(dict.fromkeys(entity.entity for _, entity in named))
            for stream, entity in named:
                found[stream.removeprefix(run.source.code) + "/" + entity.entity] = _stream(
                    actor, run, stream, entity, snapshot, part, reporter, copies
                )
            raise _Undone
    except _Undone:
        return found


def _stream(
    actor: Any,
    run: Run,
    stream: str,
    entity: EntityResult,
    snapshot: EngineSnapshot,
    part: loading.Part,
    reporter: Callable[[Text, int, int], None],
    copies: bool,
) -> dict[str, Any]:
    contract, loader = load_contract(entity.entity), LOADERS[entity.entity]
    notes = Notes()
    plan = loading.plan_stream(stream, entity, part=part, keep=notes.issues.append)
    target = replace(
        loading.target_of(actor, run, stream, entity, snapshot, contract, loader), watch=notes
    )
    if not copies:
        lock_entity(entity.entity)
    sums = dict.fromkeys((*loading.OUTCOMES, "cells"), 0)
    records, offset = pl.scan_parquet(plan["path"]), 0
    for size in plan["chunks"]:
        chunk = as_text(records.slice(offset, size).collect(), contract)
        if copies:
            _bring_crosswalk(target, chunk)
        outcome = bring_in(target, chunk)
        if outcome.issues is not None and outcome.issues.height:
            notes.issues.append(outcome.issues)
        for name in sums:
            sums[name] += getattr(outcome, name)
        offset += size
        reporter(Text(f"预演{contract.zh}", f"Rehearsing {contract.en}"), offset, plan["rows"])
    sums["quarantined"] += plan["quarantined"]
    fields = _keep(notes, loading.stem(stream, entity.entity), part.folder)
    return {
        "stream": stream,
        "entity": entity.entity,
        "table": entity.table_name,
        "table_no": entity.table,
        "primary": entity.primary,
        "read": plan["chosen"],
        **sums,
        "fields": fields["fields"],
        "sha256": fields["sha256"],
        "issues": _by_rule(notes.issues),
    }


def _keep(notes: Notes, name: str, folder: Path) -> dict[str, Any]:
    """Write what was seen; counts per field and a digest of all changes."""
    records = pl.concat([pl.DataFrame(schema=RECORDS), *notes.records])
    changed = pl.concat([pl.DataFrame(schema=CHANGED), *notes.changed]).sort("gid", "field")
    places = records.unique("_gid", keep="first").select(
        pl.col("_gid").alias("gid"), "_key", "_row"
    )
    changed = changed.join(places, on="gid", how="left", maintain_order="left")
    # A new row has no id yet that would mean anything later.
    gid = pl.when(pl.col("_op") != "created").then(pl.col("_gid")).alias("_gid")
    records.with_columns(gid).write_parquet(folder / f"records-{name}.parquet")
    changed.write_parquet(folder / f"changed-{name}.parquet")
    counted = changed.group_by("field").len().sort("field")
    sha = hashlib.sha256(changed.select("gid", "field", "before", "after").write_csv().encode())
    ops = records.select("_key", "_op").sort("_key").write_csv().encode()
    return {
        "fields": {str(field): int(count) for field, count in counted.iter_rows()},
        "sha256": hashlib.sha256(sha.digest() + ops).hexdigest(),
    }


def _by_rule(issues: list[pl.DataFrame]) -> dict[str, int]:
    found: dict[str, int] = {}
    for frame in issues:
        for rule, count in frame.group_by("rule").len().sort("rule").iter_rows():
            found[str(rule)] = found.get(str(rule), 0) + int(count)
    return found


# -- private copies --------------------------------------------------------------------------------


def _hide_tables(entities: Mapping[str, Any]) -> None:
    for entity in entities:
        _hide(LOADERS[entity].table, sql.SQL("true"))
    _hide("audit_provenance", sql.SQL("false"))
    with connection.cursor() as cursor:
        # Its own numbers, far from those that stand in it.
        cursor.execute(query("onboarding", "shadow_numbers"))


def _hide(table: str, rows: sql.Composable) -> None:
    columns = _columns(table)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(query("onboarding", "shadow_table")).format(
                table=sql.Identifier(table), columns=columns, rows=rows
            )
        )


def _columns(table: str) -> sql.Composed:
    with connection.cursor() as cursor:
        cursor.execute(query("onboarding", "shadow_columns"), [table])
        return sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor.fetchall())


def _bring_crosswalk(target: Target, records: pl.DataFrame) -> None:
    """Take the crosswalk's records that this chunk meets into the private copy: those of its keys,
    then all that stand behind the rows they or their natural keys lead to."""
    columns = _columns("audit_provenance")
    keys = records["_key"].to_list()
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(query("onboarding", "shadow_known")).format(columns=columns),
            [target.entity, target.stream, keys],
        )
    known = audit.known_records(entity=target.entity, source=target.stream, keys=keys)
    resolved = target.loader.resolve(with_days(records, target.contract)).frame
    rows = {*known["gid"].to_list(), *target.loader.find(resolved)["id"].to_list()}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(query("onboarding", "shadow_records")).format(columns=columns), [list(rows)]
        )
