"""From the pipeline's records to chunks: references, natural keys, chunk order, counts."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from django.db.models import Sum

from kintsugi.audit import services as audit
from kintsugi.core.bulk import fetch_frame
from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.engine.contract import Contract, load_contract
from kintsugi.engine.pipeline import EntityResult, PipelineResult
from kintsugi.engine.pipeline.model import raw_hash
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.text import Text
from kintsugi.onboarding.entities import LOADERS
from kintsugi.onboarding.models import Chunk, Run
from kintsugi.onboarding.services.apply import CHUNK_ROWS, Target, apply_chunk
from kintsugi.onboarding.services.issues import close_fixed, store_issues
from kintsugi.onboarding.services.progress import Reporter
from kintsugi.onboarding.services.records import as_text
from kintsugi.onboarding.services.rules import severity_of

OUTCOMES = ("created", "updated", "merged", "unchanged", "quarantined")


def streams(source: str, result: PipelineResult) -> list[tuple[str, EntityResult]]:
    """The results with the name of the record stream each one is: ``source``, the table where
    there are several, and a number where a table speaks of one entity in several roles.

    Source keys are unique within a stream and entity: a hospital in the customer table and the
    same one mentioned in the device table are two records of one party.
    """
    tables = {entity.table for entity in result.entities}
    met: dict[tuple[int, str], int] = {}
    named = []
    for entity in result.entities:
        times = met[entity.table, entity.entity] = met.get((entity.table, entity.entity), -1) + 1
        name = source + (f"/{entity.table_name}" if len(tables) > 1 else "")
        named.append((f"{name}#{times + 1}" if times else name, entity))
    return named


def stem(stream: str, entity: str) -> str:
    """A file name part for one stream of one entity."""
    return f"{entity}-{raw_hash(stream)[:12]}"


@dataclass(frozen=True)
class Part:
    """What of a prepared run is loaded: all of it, or the rows of a wave.

    ``folder`` keeps the plans of this load. ``rows``: table number → its source rows, for a table
    that is not named none. ``taken``: folders of waves that stand; what they loaded is left out.
    """

    folder: Path
    rows: dict[int, pl.Series] | None = None
    taken: tuple[Path, ...] = ()

    def choose(self, stream: str, entity: EntityResult, records: pl.DataFrame) -> pl.DataFrame:
        """The records (``_key, _row, _rows``) that belong to this part."""
        if self.rows is None:
            return records
        wanted = self.rows.get(entity.table)
        if wanted is None:
            return records.clear()
        rows = pl.concat_list(pl.col("_row"), pl.col("_rows").fill_null([]))
        chosen = (
            records.select("_key", rows.alias("_any"))
            .explode("_any")
            .filter(pl.col("_any").is_in(wanted.implode()))
            .select("_key")
            .unique()
        )
        found = records.join(chosen, on="_key", how="semi")
        for folder in self.taken:
            path = folder / f"chosen-{stem(stream, entity.entity)}.parquet"
            if path.exists():
                found = found.join(pl.read_parquet(path), on="_key", how="anti")
        return found


def headers_of(snapshot: EngineSnapshot, table: int) -> dict[int, str]:
    """Ordinal → header path of a snapshot's table."""
    return {column.ordinal: column.name for column in snapshot.table(table).columns}


def keep_found(*, actor: Any, run: Run, snapshot: EngineSnapshot, result: PipelineResult) -> None:
    """Store and count what the pipeline found; repeatable, since a rerun finds the same.

    A run that has chunks already was counted before: nothing is counted twice or forgotten.
    """
    if run.chunks.exists():
        return
    with audit.recorded(actor=actor, command="onboarding.keep-issues", run_id=run.pk):
        run.issue_counts.all().delete()
        for entity in result.entities:
            store_issues(
                run_id=run.pk,
                source_id=run.source_id,
                entity=entity.entity,
                table_no=entity.table,
                table_name=entity.table_name,
                headers=headers_of(snapshot, entity.table),
                issues=pl.read_parquet(entity.issues),
            )
        for found in result.table_issues:
            store_issues(
                run_id=run.pk,
                source_id=run.source_id,
                # A sheet nobody mapped has no entity: the question goes to what the source tells.
                entity=result.entities[0].entity,
                table_no=found.table,
                table_name=found.table_name,
                headers={},
                issues=found.frame(),
            )


def apply_entity(
    *,
    actor: Any,
    run: Run,
    stream: str,
    entity: EntityResult,
    snapshot: EngineSnapshot,
    reporter: Reporter,
    part: Part,
    checkpoint: Callable[[int], None],
) -> None:
    """Apply all chunks of one stream of one entity that the ledger does not know yet.

    ``checkpoint`` is called before each chunk with the records written last; what it raises stops
    the load between two chunks.
    """
    contract, loader = load_contract(entity.entity), LOADERS[entity.entity]

    def keep(found: pl.DataFrame) -> None:
        with audit.recorded(actor=actor, command="onboarding.keep-issues", run_id=run.pk):
            keep_issues(run, entity, snapshot, found, again=True)

    plan = plan_stream(stream, entity, part=part, keep=keep)
    target = target_of(actor, run, stream, entity, snapshot, contract, loader)
    ledger = Chunk.objects.filter(run=run, entity=entity.entity, stream=stream)
    done = set(ledger.values_list("number", flat=True))
    total = plan["rows"]
    phase = Text(f"写入{contract.zh}", f"Loading {contract.en}")
    offset = written = 0
    records = pl.scan_parquet(plan["path"])
    for number, size in enumerate(plan["chunks"]):
        if number not in done:
            checkpoint(written)
            chunk = records.slice(offset, size).collect()
            apply_chunk(
                target,
                number=number,
                records=as_text(chunk, contract),
                keep_issues=lambda found: keep_issues(run, entity, snapshot, found),
            )
            written = size
        offset += size
        reporter(phase, offset, total)
    with audit.recorded(actor=actor, command="onboarding.link", run_id=run.pk):
        loader.after_load()
        for rule, (app, name) in loader.checks.items():
            _run_check(run, stream, entity.entity, rule, query(app, name, "checks"))
        taken = records.select("_key", "_rows").collect()
        close_fixed(
            run_id=run.pk,
            source_id=run.source_id,
            entity=entity.entity,
            keys=taken["_key"],
            table_no=entity.table,
            rows=taken["_rows"].explode().drop_nulls(),
            standing=loader.checks.keys(),
        )


def _run_check(run: Run, stream: str, entity: str, rule: str, statement: str) -> None:
    """Keep what a check over the loaded tables returns as issues.

    A check may blame records of earlier runs too (two devices that look alike): such an issue
    belongs to the run and source of its own record.
    """
    found = fetch_frame(statement, [str(run.pk), stream])
    if found.is_empty():
        return
    runs = {str(r.pk): r for r in Run.objects.filter(pk__in=found["_run"].unique().to_list())}
    for (run_id, table_no), part in found.group_by("_run", "_table_no", maintain_order=True):
        headers = part.filter(pl.col("_ordinal").is_not_null()).select("_ordinal", "_header")
        issues = part.select(
            pl.col("_row").cast(pl.Int32),
            "_key",
            "field",
            pl.col("_ordinal").cast(pl.Int32).alias("column"),
            pl.lit(rule).alias("rule"),
            pl.lit(severity_of(rule)).alias("severity"),
            "value",
            "proposal",
            pl.col("value").map_elements(raw_hash, return_dtype=pl.String).alias("raw_hash"),
            "gid",
        )
        store_issues(
            run_id=runs[str(run_id)].pk,
            source_id=runs[str(run_id)].source_id,
            entity=entity,
            table_no=int(str(table_no)),
            table_name=part["_table_name"][0],
            headers={int(o): h for o, h in headers.iter_rows()},
            issues=issues,
            again=True,
        )


def plan_stream(
    stream: str,
    entity: EntityResult,
    *,
    part: Part,
    keep: Callable[[pl.DataFrame], None],
) -> dict[str, Any]:
    """Decide which records are loaded, in which chunks; kept on disk, so a resumed run has the
    same chunks.

    Records whose required reference points to nothing are quarantined with an issue; other
    unresolved references are asked about and left empty: ``keep`` is given both. Records with one
    natural key share a chunk.
    """
    contract, loader = load_contract(entity.entity), LOADERS[entity.entity]
    name = stem(stream, entity.entity)
    manifest = part.folder / f"plan-{name}.json"
    if manifest.exists():
        return dict(json.loads(manifest.read_text("utf-8")))
    part.folder.mkdir(parents=True, exist_ok=True)
    references = [
        f.name
        for f in contract.fields
        if f.reference or f.name in contract.key or f.name in loader.identifying
    ]
    names = pl.scan_parquet(entity.records).collect_schema().names()
    columns = ["_key", "_row", "_rows", *(r for r in references if r in names)]
    every = pl.read_parquet(entity.records, columns=columns).with_row_index("_at")
    chosen = part.choose(stream, entity, every)
    if part.rows is not None:
        chosen.select("_key").write_parquet(part.folder / f"chosen-{name}.parquet")
    slim = as_text(chosen.drop("_at", "_rows"), contract)
    resolved = loader.resolve(slim)
    required = [f.name for f in contract.fields if f.required]
    lost = resolved.unresolved.filter(pl.col("field").is_in(required))["_key"].unique()
    if resolved.unresolved.height:
        keep(_unresolved(resolved.unresolved, slim, required))
    order = (
        resolved.frame.select("_key", loader.natural(resolved.frame))
        .join(chosen.select("_key", "_at"), on="_key", how="left", maintain_order="left")
        .filter(~pl.col("_key").is_in(lost.implode()))
        .with_columns(pl.col("_at").min().over("_natural").alias("_first"))
        .sort("_first", "_at")
    )
    whole = order.height == every.height
    path = _in_order(entity, order, whole=whole, folder=part.folder, name=name)
    plan = {
        "path": str(path),
        "rows": order.height,
        "chosen": slim.height,
        "quarantined": slim.height - order.height,
        "chunks": _chunks(order),
    }
    temporary = manifest.with_suffix(".tmp")
    temporary.write_text(json.dumps(plan), "utf-8")
    temporary.rename(manifest)
    return plan


def _in_order(
    entity: EntityResult, order: pl.DataFrame, *, whole: bool, folder: Path, name: str
) -> Path:
    """The records in chunk order; the pipeline's own file when that is the order already."""
    if whole and order["_at"].is_sorted():
        return entity.records
    path = folder / f"planned-{name}.parquet"
    records = pl.read_parquet(entity.records)
    records[order["_at"]].write_parquet(path)
    return path


def _chunks(order: pl.DataFrame) -> list[int]:
    """Sizes of chunks of about CHUNK_ROWS; records of one natural key are never parted."""
    sizes: list[int] = []
    start, rows = 0, order.height
    first = order["_first"]
    while start < rows:
        end = min(start + CHUNK_ROWS, rows)
        while end < rows and first[end] == first[end - 1]:
            end += 1
        sizes.append(end - start)
        start = end
    return sizes


def _unresolved(
    unresolved: pl.DataFrame, records: pl.DataFrame, required: list[str]
) -> pl.DataFrame:
    """Unresolved references as issues: what must be known blocks, the rest asks."""
    severity = pl.when(pl.col("field").is_in(required)).then(pl.lit("block"))
    return unresolved.join(records.select("_key", "_row"), on="_key", how="left").with_columns(
        severity.otherwise(pl.lit("ask")).alias("severity"),
        pl.lit(None, pl.String).alias("proposal"),
    )


def keep_issues(
    run: Run,
    entity: EntityResult,
    snapshot: EngineSnapshot,
    found: pl.DataFrame,
    again: bool = False,
) -> None:
    """Store issues that loading found: ``_key, _row, field, rule, value, proposal`` and, where
    it is not the rule's own, ``severity``."""
    ordinals = {name: places[0] for name, places in entity.columns.items() if places}
    column = pl.col("field").replace_strict(ordinals, default=None, return_dtype=pl.Int32)
    issues = found.with_columns(
        column.alias("column"),
        pl.col("value").map_elements(raw_hash, return_dtype=pl.String).alias("raw_hash"),
    )
    if "severity" not in issues.columns:
        rules = {rule: severity_of(rule) for rule in issues["rule"].unique().to_list()}
        severity = pl.col("rule").replace_strict(rules, return_dtype=pl.String)
        issues = issues.with_columns(severity.alias("severity"))
    store_issues(
        run_id=run.pk,
        source_id=run.source_id,
        entity=entity.entity,
        table_no=entity.table,
        table_name=entity.table_name,
        headers=headers_of(snapshot, entity.table),
        issues=issues,
        again=again,
    )


def _choices(run: Run, entity: EntityResult) -> dict[str, list[str]]:
    """Fields that the mapping reads from the first of several columns that is not blank, with
    these columns in the mapping's order."""
    assert run.mapping, "start_run gives every run its mapping"
    found: dict[str, list[str]] = {}
    for table in run.mapping.content["tables"]:
        if table["table"] not in (entity.table, entity.table_name):
            continue
        for mapped in table["entities"]:
            for name, expression in mapped["columns"].items():
                if mapped["entity"] == entity.entity and isinstance(expression, dict):
                    headers = expression.get("first_of")
                    if headers and len(entity.columns.get(name, [])) == len(set(headers)):
                        found[name] = list(headers)
    return found


def target_of(
    actor: Any,
    run: Run,
    stream: str,
    entity: EntityResult,
    snapshot: EngineSnapshot,
    contract: Contract,
    loader: TableLoader,
) -> Target:
    table = snapshot.table(entity.table)
    choices = _choices(run, entity)
    columns = {
        name: [
            {"ordinal": c.ordinal, "letter": c.letter, "header": c.name}
            | ({"either": True} if name in choices else {})
            for ordinal in places
            for c in table.columns
            if c.ordinal == ordinal
        ]
        for name, places in entity.columns.items()
    }
    for name, headers in choices.items():
        columns.get(name, []).sort(key=lambda c: headers.index(str(c["header"])))
    origin = audit.register_origin(
        audit.OriginFacts(
            run_id=run.pk,
            stream=stream,
            source=run.source.code,
            source_name={"zh": run.source.name_zh, "en": run.source.name_en},
            authority=run.source.authority,
            entity=entity.entity,
            file_name=run.file_name,
            snapshot=snapshot.path.name,
            table_no=entity.table,
            table_name=entity.table_name,
            mapping_version=f"v{run.mapping.number}" if run.mapping else "",
            columns=columns,
            observed_at=run.observed_at,
        )
    )
    return Target(
        run_id=run.pk,
        source_id=run.source_id,
        actor=str(actor),
        stream=stream,
        authority=run.source.authority,
        observed_at=run.observed_at,
        entity=entity.entity,
        origin_id=origin.pk,
        contract=contract,
        loader=loader,
    )


def closed_counts(run: Run, result: PipelineResult, part: Part) -> dict[str, Any]:
    """The run's arithmetic per entity and in all, proven to close.

    ``read = created + updated + merged + unchanged + excluded + quarantined`` for every entity
    and for the source, whose counts are those of the primary entities of its tables. A row that
    holds several serial numbers counts once for each.
    """
    return summed(run, result, lambda stream, entity: _entity_counts(run, stream, entity, part))


def summed(
    run: Run, result: PipelineResult, count: Callable[[str, EntityResult], dict[str, int]]
) -> dict[str, Any]:
    """Counts of all streams, by ``entities``, and their sums over the tables' own entities."""
    entities: dict[str, dict[str, Any]] = {}
    total: Counter[str] = Counter()
    for stream, entity in streams(run.source.code, result):
        counts = count(stream, entity)
        entities[entity.entity + stream.removeprefix(run.source.code)] = {
            **counts,
            "entity": entity.entity,
            "table": entity.table_name,
            "primary": entity.primary,
        }
        total.update(counts if entity.primary else dict.fromkeys(counts, 0))
    return {**total, "entities": entities}


def _entity_counts(run: Run, stream: str, entity: EntityResult, part: Part) -> dict[str, int]:
    ledger = Chunk.objects.filter(run=run, entity=entity.entity, stream=stream).aggregate(
        **{name: Sum(name, default=0) for name in (*OUTCOMES, "cells", "records")}
    )
    plan = json.loads((part.folder / f"plan-{stem(stream, entity.entity)}.json").read_text("utf-8"))
    # A wave is counted in records; what reading put aside belongs to the prepared run.
    whole = part.rows is None
    counts = {
        "rows": entity.counts.read if whole else plan["chosen"],
        "read": entity.counts.read + entity.counts.expanded if whole else plan["chosen"],
        "excluded": entity.counts.excluded if whole else 0,
        "quarantined": plan["quarantined"] + ledger["quarantined"],
        "merged": ledger["merged"],
        "created": ledger["created"],
        "updated": ledger["updated"],
        "unchanged": ledger["unchanged"],
        "cells": ledger["cells"],
    }
    if whole:
        counts["quarantined"] += entity.counts.quarantined
        counts["merged"] += entity.counts.merged
    accounted = sum(counts[name] for name in ("excluded", *OUTCOMES))
    assert counts["read"] == accounted, f"row arithmetic does not close: {counts}"
    return counts
