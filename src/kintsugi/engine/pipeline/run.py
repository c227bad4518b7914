"""Run a mapping over a snapshot: raw → filled → trimmed → mapped → cleaned → checked → keyed →
merged, every step a named file."""

import time
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.backends import Backend, DuckDbBackend
from kintsugi.engine.contract import Contract
from kintsugi.engine.mapping import drift, find_table, refuse_drift, validate_mapping
from kintsugi.engine.mapping.drift import mapped_headers
from kintsugi.engine.mapping.model import EntityMapping, Mapping, TableMapping, headers_of
from kintsugi.engine.pipeline import titles
from kintsugi.engine.pipeline.cells import Cells, fill_cells, fills, raw_cells, trim_cells
from kintsugi.engine.pipeline.clean import Cleaned, clean_fields
from kintsugi.engine.pipeline.inspect import (
    cell_issues,
    contract_issues,
    issue_frame,
    quantity_issues,
    total_issues,
    unmapped_issues,
    warranty_issues,
)
from kintsugi.engine.pipeline.kernels import header_args
from kintsugi.engine.pipeline.merge import Keyed, Merged, key_rows, merge_rows
from kintsugi.engine.pipeline.model import (
    ISSUE_SCHEMA,
    RESULT_FILE,
    Counts,
    EntityResult,
    PipelineResult,
    Progress,
    Progressed,
    Step,
)
from kintsugi.engine.pipeline.project import Mapped, ValueMaps, map_cells
from kintsugi.engine.pipeline.store import Store, digest, ruleset_sha256, sink, write_text
from kintsugi.engine.snapshot import Snapshot, SnapshotTable

_TABLE_STEPS = 3
_ENTITY_STEPS = 5


@dataclass
class _Run:
    """What the steps of one run share."""

    snapshot: Snapshot
    contracts: Map[str, Contract]
    value_maps: ValueMaps
    store: Store
    backend: Backend
    progress: Progress | None
    as_of: date | None
    total: int
    steps: list[Step] = field(default_factory=list)
    started: float = 0.0

    def begin(self) -> None:
        self.started = time.monotonic()

    def end(
        self,
        name: str,
        table: SnapshotTable,
        path: Path,
        *,
        entity: str | None = None,
        kind: str,
        text: str,
        rows: int | None = None,
        select: dict[str, str] | None = None,
        reused: bool = False,
    ) -> None:
        """Record a step that ended."""
        if rows is None:
            rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
        columns = list(select) if select else pl.scan_parquet(path).collect_schema().names()
        title = titles.STEPS[name]
        self.steps.append(
            Step.model_validate(
                {
                    "name": name,
                    "title": title,
                    "kind": kind,
                    "text": text,
                    "table": table.name,
                    "entity": entity,
                    "rows": rows,
                    "columns": columns,
                    "seconds": round(time.monotonic() - self.started, 4),
                    "path": path,
                    "select": select,
                    "reused": reused,
                }
            )
        )
        if self.progress is not None:
            done = len(self.steps)
            self.progress(Progressed(table.name, entity or "", name, title, rows, done, self.total))
        self.begin()


def run_pipeline(
    *,
    snapshot: Snapshot,
    mapping: Mapping,
    contracts: Map[str, Contract],
    workdir: Path,
    value_maps: ValueMaps | None = None,
    backend: Backend | None = None,
    progress: Progress | None = None,
    as_of: date | None = None,
) -> PipelineResult:
    """Clean, check and merge every mapped entity of a snapshot into files under ``workdir``.

    A step is reused when its file is whole and all it depends on is unchanged (snapshot, mapping,
    contract, value maps, and the code of the rules), so a run that was killed goes on where it was.
    The manifest ``result.json`` is written last. ``as_of`` is the day on which a warranty counts
    as running; without it that one check is left out.

    Raises KintsugiError: ``mapping.drift`` when a mapped column is missing or its content moved,
    the codes of ``validate_mapping``, and ``pipeline.no-room`` when a file cannot be written.
    """
    begun = time.monotonic()
    maps = value_maps or {}
    validate_entities(mapping, snapshot, contracts, maps)
    entities = sum(len(table.entities) for table in mapping.tables)
    mapped_tables = [table for table in mapping.tables if table.entities]
    store = Store(workdir)
    engine = backend or DuckDbBackend(temp_directory=workdir / "spill")
    run = _Run(
        snapshot,
        contracts,
        maps,
        store,
        engine,
        progress,
        as_of,
        _TABLE_STEPS * len(mapped_tables) + _ENTITY_STEPS * entities,
    )
    results: list[EntityResult] = []
    try:
        for table in mapped_tables:
            results += _run_table(run, table)
    finally:
        if backend is None:
            engine.close()
    result = PipelineResult(
        sha256=run_sha256(snapshot, mapping, contracts, maps),
        snapshot=snapshot.sha256,
        mapping=mapping.sha256,
        ruleset=ruleset_sha256(),
        contracts={r.entity: contracts[r.entity].sha256 for r in results},
        entities=results,
        steps=run.steps,
        unknown_columns=_unknown(mapping, snapshot),
        unmapped_tables=_unmapped(mapping, snapshot),
        seconds=round(time.monotonic() - begun, 4),
        workdir=workdir,
    )
    write_text(workdir / RESULT_FILE, result.model_dump_json(indent=1))
    return result


def run_sha256(
    snapshot: Snapshot, mapping: Mapping, contracts: Map[str, Contract], value_maps: ValueMaps
) -> str:
    """Digest of everything a run is a function of."""
    used = {e.entity for table in mapping.tables for e in table.entities}
    versions = {entity: contracts[entity].sha256 for entity in sorted(used)}
    maps = {name: dict(value_map) for name, value_map in value_maps.items()}
    return digest(
        snapshot.sha256, snapshot.parser_version, mapping.sha256, versions, maps, ruleset_sha256()
    )


def validate_entities(
    mapping: Mapping, snapshot: Snapshot, contracts: Map[str, Contract], value_maps: ValueMaps
) -> None:
    """Drift first: it explains a missing column better than "unknown column" does."""
    if any(table.signatures for table in mapping.tables):
        refuse_drift(drift(mapping, snapshot), file=snapshot.file_name)
    validate_mapping(mapping, snapshot, contracts, value_maps=value_maps)


def _run_table(run: _Run, mapping: TableMapping) -> list[EntityResult]:
    index = find_table(run.snapshot, mapping.table)
    assert index is not None, "validated before"
    table = run.snapshot.tables[index]
    headers = {f"c{c.ordinal}": c.name for c in table.columns}
    shown = {"_row": "_row"} | {name: key for key, name in headers.items()}
    folder = f"t{index}"
    run.begin()
    raw = raw_cells(run.snapshot, index)
    run.end("raw", table, raw.path, kind="view", text=titles.RAW, select=shown, rows=table.rows)
    filled = fills(run.snapshot, index)
    cells = fill_cells(run.store, raw, filled, name=folder)
    _end_cells(run, "filled", table, raw, cells, shown, titles.FILLED)
    trimmed = trim_cells(run.store, cells, name=folder)
    _end_cells(run, "trimmed", table, cells, trimmed, shown, titles.TRIMMED)
    results = []
    for position, entity in enumerate(mapping.entities):
        name = f"{folder}/{position}-{entity.entity}"
        results.append(_run_entity(run, table, trimmed, filled, entity, name))
    return results


def _end_cells(
    run: _Run,
    name: str,
    table: SnapshotTable,
    before: Cells,
    after: Cells,
    shown: dict[str, str],
    text: str,
) -> None:
    same = after.path == before.path
    run.end(
        name,
        table,
        after.path,
        kind="view" if same else "kernel",
        text=titles.UNCHANGED if same else f"{text}\n{after.changed:,} cells",
        select=shown,
        rows=table.rows,
        reused=after.reused and not same,
    )


def _run_entity(
    run: _Run,
    table: SnapshotTable,
    cells: Cells,
    filled: pl.DataFrame,
    entity: EntityMapping,
    name: str,
) -> EntityResult:
    contract = run.contracts[entity.entity]
    ordinals = {column.name: column.ordinal for column in table.columns}
    columns = {
        f: [ordinals[h] for h in headers_of(expression)] for f, expression in entity.columns.items()
    }
    args = header_args(entity, contract)
    mapped = map_cells(run.store, cells, table, entity, contract, run.value_maps, name=name)
    run.end(
        "mapped",
        table,
        mapped.path,
        entity=entity.entity,
        kind="view" if mapped.select else "kernel",
        text=mapped.text,
        select=mapped.select,
        rows=mapped.rows,
        reused=mapped.reused and not mapped.select,
    )
    cleaned = clean_fields(run.store, mapped, contract, args=args, columns=columns, name=name)
    run.end(
        "cleaned",
        table,
        cleaned.path,
        entity=entity.entity,
        kind="kernel",
        text=titles.cleaned(contract, cleaned.columns, args),
        rows=mapped.rows,
        reused=cleaned.reused,
    )
    issues, checked_key = _check(run, table, entity, contract, mapped, cleaned, columns, args, name)
    keyed = key_rows(
        run.store,
        run.backend,
        cleaned,
        contract,
        key=entity.key or contract.key,
        table="cleaned",
        folder=name,
    )
    run.end(
        "keyed",
        table,
        keyed.path,
        entity=entity.entity,
        kind="sql",
        text=keyed.sql,
        rows=mapped.rows,
        reused=keyed.reused,
    )
    quarantined = quarantined_rows(issues, contract)
    merged = merge_rows(
        run.store,
        run.backend,
        cleaned,
        keyed,
        quarantined,
        _filled_fields(filled, columns),
        contract,
        folder=name,
    )
    run.end(
        "merged",
        table,
        merged.path,
        entity=entity.entity,
        kind="sql",
        text=merged.sql,
        rows=merged.facts["records"],
        reused=merged.reused,
    )
    path, by_rule = _write_issues(
        run, entity, contract, mapped, keyed, merged, issues, columns, checked_key, name
    )
    return EntityResult(
        entity=entity.entity,
        table=table.index,
        table_name=table.name,
        primary=entity.primary,
        fields=[c for c in cleaned.columns if not c.endswith("__precision")],
        columns=columns,
        records=merged.path,
        issues=path,
        counts=_counts(table, entity, mapped, merged, quarantined),
        values=cleaned.values,
        issue_counts=by_rule,
    )


def quarantined_rows(issues: pl.DataFrame, contract: Contract) -> pl.Series:
    """Rows that wait for a person: a blocking issue on a key or required field."""
    vital = [f.name for f in contract.fields if f.required or f.name in contract.key]
    return (
        issues.filter(
            (pl.col("severity") == "block")
            & pl.col("field").is_in(vital)
            & pl.col("_row").is_not_null()
        )
        .select(pl.col("_row").unique().sort())
        .to_series()
    )


def _check(
    run: _Run,
    table: SnapshotTable,
    entity: EntityMapping,
    contract: Contract,
    mapped: Mapped,
    cleaned: Cleaned,
    columns: dict[str, list[int]],
    args: Map[str, Map[str, Any]],
    name: str,
) -> tuple[pl.DataFrame, str]:
    """The checked step: cleaning's issues, the contract's checks, marked cells, totals."""
    run.backend.register("cleaned", cleaned.path)
    text_path = run.store.root / name / "checked.sql"

    def make(path: Path) -> None:
        found, sql = contract_issues(run.backend, "cleaned", cleaned, contract, columns, mapped)
        parts = [cleaned.issues, found, unmapped_issues(contract, tuple(entity.columns))]
        if entity.primary:
            index = table.index
            parts.append(quantity_issues(mapped, columns))
            if run.as_of is not None:
                parts.append(warranty_issues(mapped, cleaned, columns, run.as_of))
            parts.append(
                cell_issues(run.snapshot, index, entity, contract, columns, cleaned.issues)
            )
            parts.append(total_issues(run.snapshot, index, cleaned.path, contract, columns, args))
        write_text(text_path, sql)
        everything = pl.concat(parts).sort("_row", "field", "rule", nulls_last=True)
        sink(everything.lazy(), path)

    key = digest(
        "checked", cleaned.key, entity.model_dump(mode="json"), ruleset_sha256(), run.as_of
    )
    path, _, reused = run.store.file(f"{name}/checked.parquet", key, make)
    issues = pl.read_parquet(path)
    run.end(
        "checked",
        table,
        path,
        entity=entity.entity,
        kind="sql",
        text=text_path.read_text(encoding="utf-8"),
        rows=issues.height,
        reused=reused,
    )
    return issues, key


def _filled_fields(filled: pl.DataFrame, columns: dict[str, list[int]]) -> pl.DataFrame:
    """Fills by field: ``_row, field, anchor_row``, where the anchor is another row."""
    pairs = [(f, o) for f, used in columns.items() for o in used]
    names = pl.DataFrame(pairs, schema={"field": pl.String, "col": pl.Int32}, orient="row")
    return (
        filled.join(names, on="col", how="inner", maintain_order="left")
        .filter(pl.col("anchor_row").is_not_null() & (pl.col("anchor_row") != pl.col("row")))
        .select(pl.col("row").alias("_row"), "field", "anchor_row")
    )


def _write_issues(
    run: _Run,
    entity: EntityMapping,
    contract: Contract,
    mapped: Mapped,
    keyed: Keyed,
    merged: Merged,
    issues: pl.DataFrame,
    columns: dict[str, list[int]],
    checked_key: str,
    name: str,
) -> tuple[Path, dict[str, int]]:
    """issues.parquet: all issues of the entity, with the key of their row where it has one."""

    def make(path: Path) -> dict[str, Any]:
        keys = pl.read_parquet(keyed.path, columns=["_row", "_key", "_weak"])
        conflicts = pl.read_parquet(merged.conflicts).with_columns(
            pl.lit("merge.conflict").alias("rule"),
            # Mentions differ in spelling only; the entity's own source decides what it is called.
            pl.lit("ask" if entity.primary else "warn").alias("severity"),
        )
        weak = keys.filter(pl.col("_weak")).select(
            "_row",
            "_key",
            pl.lit(contract.key[0]).alias("field"),
            pl.lit("key.weak").alias("rule"),
            pl.lit("ask").alias("severity"),
            pl.lit("").alias("value"),
        )
        waiting = quarantined_rows(issues, contract)
        weak = weak.filter(~pl.col("_row").is_in(waiting.implode()))
        named = keys.filter(~pl.col("_weak")).select("_row", "_key")
        wanted = named.join(issues.select("_row").unique(), on="_row", how="semi")
        first = wanted.unique(subset="_row", keep="first", maintain_order=True)
        own = issues.drop("_key").join(first, on="_row", how="left", maintain_order="left")
        parts = [
            own.select(ISSUE_SCHEMA.keys()),
            issue_frame(conflicts, columns, mapped),
            issue_frame(weak, columns, mapped),
        ]
        everything = pl.concat(parts).sort("_row", "field", "rule", "value", nulls_last=True)
        sink(everything.lazy(), path)
        counted = everything.group_by("rule").len().sort("rule")
        return {"by_rule": dict(counted.iter_rows())}

    key = digest("issues", merged.key, keyed.key, entity.primary, checked_key)
    path, facts, _ = run.store.file(f"{name}/issues.parquet", key, make)
    return path, facts["by_rule"]


def _counts(
    table: SnapshotTable,
    entity: EntityMapping,
    mapped: Mapped,
    merged: Merged,
    quarantined: pl.Series,
) -> Counts:
    """The row arithmetic, from numbers that were counted apart from each other."""
    records, anchors = merged.facts["records"], merged.facts["anchors"]
    return Counts(
        read=table.read if entity.primary else mapped.rows,
        excluded=(table.excluded if entity.primary else 0) + mapped.excluded,
        quarantined=(table.quarantined if entity.primary else 0) + len(quarantined),
        merged=merged.facts["rows"] - anchors,
        records=records,
        expanded=records - anchors,
    ).close()


def _unknown(mapping: Mapping, snapshot: Snapshot) -> dict[str, list[str]]:
    """Columns nothing reads: they stay in the snapshot."""
    found: dict[str, list[str]] = {}
    for table in mapping.tables:
        index = find_table(snapshot, table.table)
        if index is None or not table.entities:
            continue
        used = set(mapped_headers(table.entities))
        source = snapshot.tables[index]
        if left := [c.name for c in source.columns if c.name not in used]:
            found[source.name] = left
    return found


def _unmapped(mapping: Mapping, snapshot: Snapshot) -> list[str]:
    used = {find_table(snapshot, t.table) for t in mapping.tables if t.entities}
    return [table.name for table in snapshot.tables if table.index not in used]
