"""Run a mapping over a snapshot: raw → filled → trimmed → mapped → cleaned → checked → keyed →
merged, every step a named file."""

import time
from collections.abc import Mapping as Map
from datetime import date
from pathlib import Path

from kintsugi.engine.backends import Backend, DuckDbBackend
from kintsugi.engine.contract import Contract
from kintsugi.engine.mapping import drift, find_table, refuse_drift, validate_mapping
from kintsugi.engine.mapping.drift import mapped_headers
from kintsugi.engine.mapping.model import Mapping, TableMapping
from kintsugi.engine.pipeline import titles
from kintsugi.engine.pipeline.cells import Cells, fill_cells, raw_cells, trim_cells
from kintsugi.engine.pipeline.context import Run
from kintsugi.engine.pipeline.entity import run_entity
from kintsugi.engine.pipeline.fills import fills
from kintsugi.engine.pipeline.model import (
    RESULT_FILE,
    EntityResult,
    PipelineResult,
    Progress,
    TableIssue,
)
from kintsugi.engine.pipeline.project import ValueMaps
from kintsugi.engine.pipeline.store import Store, digest, ruleset_sha256, write_text
from kintsugi.engine.snapshot import Snapshot, SnapshotTable
from kintsugi.engine.values.rules import RULES

_TABLE_STEPS = 3
_ENTITY_STEPS = 5


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
    run = Run(
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
        unmapped_tables=[table.name for table in _unmapped(mapping, snapshot)],
        table_issues=_hidden(mapping, snapshot),
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


def _run_table(run: Run, mapping: TableMapping) -> list[EntityResult]:
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
        results.append(run_entity(run, table, trimmed, filled, entity, name))
    return results


def _end_cells(
    run: Run,
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


def _unmapped(mapping: Mapping, snapshot: Snapshot) -> list[SnapshotTable]:
    used = {find_table(snapshot, t.table) for t in mapping.tables if t.entities}
    return [table for table in snapshot.tables if table.index not in used]


def _hidden(mapping: Mapping, snapshot: Snapshot) -> list[TableIssue]:
    """A hidden sheet that nobody mapped is asked about; to map it is to have decided."""
    rule = RULES["sheet.hidden"]
    return [
        TableIssue(
            table=table.index,
            table_name=table.name,
            rule=rule.id,
            severity=rule.severity,
            text=table.name,
        )
        for table in _unmapped(mapping, snapshot)
        if table.hidden
    ]
