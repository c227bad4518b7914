"""The lineage of an import as OpenLineage run events: which column of which file fed which column.

The events follow version 2-0-2 of the OpenLineage specification and may be sent to any catalogue
that reads it. They name tables and columns and count values; no value of a cell is in them.
"""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid5

import polars as pl
from django.conf import settings
from django.db.models import Max, Min, Sum

from kintsugi import __version__
from kintsugi.core.errors import KintsugiError
from kintsugi.engine.contract import Field, load_contract
from kintsugi.engine.pipeline import EntityResult, PipelineResult, open_result
from kintsugi.engine.snapshot import Snapshot, SnapshotTable, open_snapshot
from kintsugi.engine.text import Text
from kintsugi.onboarding.entities import LOADERS
from kintsugi.onboarding.models import Chunk, Run
from kintsugi.onboarding.services import workdir
from kintsugi.onboarding.services.loading import streams
from kintsugi.onboarding.services.runs import base_of

PRODUCER = f"urn:kintsugi:onboarding:{__version__}"
NAMESPACE = "kintsugi"
SPEC = "https://openlineage.io/spec"
EVENT_SCHEMA = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
#: Facet → version and name of its published definition.
FACETS = {
    "schema": ("1-1-1", "SchemaDatasetFacet"),
    "dataSource": ("1-0-1", "DatasourceDatasetFacet"),
    "columnLineage": ("1-2-0", "ColumnLineageDatasetFacet"),
    "dataQualityMetrics": ("1-0-2", "DataQualityMetricsInputDatasetFacet"),
    "outputStatistics": ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
    "parent": ("1-0-1", "ParentRunFacet"),
    "errorMessage": ("1-0-1", "ErrorMessageRunFacet"),
    "documentation": ("1-0-1", "DocumentationJobFacet"),
}
#: States in which a run has loaded what it read, whatever became of it later.
LOADED = ("applied", "verified", "reverted", "partly-reverted")

Event = dict[str, Any]


class NoLineage(KintsugiError):
    """The run has read nothing yet, or it is a rollback, which reads no file."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "lineage.nothing-read",
            Text("此运行没有读取过来源文件。", "This run has read no source."),
            Text("请选择已完成读取的导入运行。", "Choose an import that has been read."),
            run=number,
        )


def has_lineage(run: Run) -> bool:
    """Whether the run began to read a source: neither a rollback nor a run still waiting."""
    return bool(not run.reverts_id and run.snapshot_id and run.mapping_id and run.started_at)


def lineage_lines(run: Run) -> Iterator[str]:
    """The events of a run as JSON lines, oldest first. Raises NoLineage."""
    for event in lineage_events(run):
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def lineage_events(run: Run) -> list[Event]:
    """START and COMPLETE or FAIL of the run, its steps and the loading of each record stream.

    The run's own events hold the datasets: tables of the snapshot in, business tables out with
    the source columns of each column. A run that is still working has only its START. Raises
    NoLineage.
    """
    if not has_lineage(run):
        raise NoLineage(run.number)
    assert run.snapshot, "has_lineage asked for it"
    assert run.started_at, "has_lineage asked for it"
    snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
    inputs = [_input(snapshot, table, run) for table in snapshot.tables]
    whole = _job(run)
    events = [_event("START", run.started_at, {"runId": str(run.pk)}, whole, inputs)]
    # The steps of a run that stopped while it was read are not whole.
    result = open_result(workdir(base_of(run))) if run.steps else None
    if result:
        events += _steps(run)
        events += _loads(run, snapshot, result)
    if run.status == "failed":
        error = _facet("errorMessage", message=_reason(run), programmingLanguage="Python")
        failed = {"runId": str(run.pk), "facets": {"errorMessage": error}}
        events.append(_event("FAIL", run.updated_at, failed, whole, inputs))
    elif run.status in LOADED:
        assert result, "a run that was loaded has steps"
        outputs = _outputs(run, snapshot, result)
        ended = run.ended_at or run.updated_at
        events.append(
            _event("COMPLETE", ended, {"runId": str(run.pk)}, whole, inputs, outputs),
        )
    return sorted(events, key=lambda e: e["eventTime"])


def _reason(run: Run) -> str:
    """The code of the refusal: its sentence may quote a cell, and no cell leaves by this way."""
    return str((run.error or {}).get("code", "run.stopped"))


def _facet(kind: str, **facts: Any) -> dict[str, Any]:
    version, name = FACETS[kind]
    url = f"{SPEC}/facets/{version}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": url, **facts}


def _event(
    kind: str,
    at: dt.datetime,
    run: dict[str, Any],
    job: dict[str, Any],
    inputs: list[dict[str, Any]] | None = None,
    outputs: list[dict[str, Any]] | None = None,
) -> Event:
    return {
        "eventType": kind,
        "eventTime": at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "producer": PRODUCER,
        "schemaURL": EVENT_SCHEMA,
        "run": run,
        "job": job,
        "inputs": inputs or [],
        "outputs": outputs or [],
    }


def _job(run: Run, part: str = "", title: str = "") -> dict[str, Any]:
    name = f"import.{run.source.code}" + (f".{part}" if part else "")
    text = title or f"Import of {run.source.name_en or run.source.code}"
    return {
        "namespace": NAMESPACE,
        "name": name,
        "facets": {"documentation": _facet("documentation", description=text)},
    }


def _part(run: Run, part: str) -> dict[str, Any]:
    """A run within the run; its id follows from the run's and its name, so it stays the same."""
    whole = {"namespace": NAMESPACE, "name": _job(run)["name"]}
    parent = _facet("parent", run={"runId": str(run.pk)}, job=whole)
    return {"runId": str(uuid5(run.pk, part)), "facets": {"parent": parent}}


def _steps(run: Run) -> list[Event]:
    """The steps of reading and cleaning: measured lengths, one after another from the start."""
    events = []
    assert run.started_at, "lineage_events asked for it"
    begun = run.started_at
    for step in run.steps:
        ended = begun + dt.timedelta(seconds=step["seconds"])
        part = f"step/{step['id']}"
        job = _job(run, part, step["en"])
        events += [
            _event("START", begun, _part(run, part), job),
            _event("COMPLETE", ended, _part(run, part), job),
        ]
        begun = ended
    return events


def _loads(run: Run, snapshot: Snapshot, result: PipelineResult) -> list[Event]:
    """The loading of each record stream, from the ledger: no chunk, no event."""
    events = []
    for stream, entity in streams(run.source.code, result):
        ledger = Chunk.objects.filter(run=run, entity=entity.entity, stream=stream).aggregate(
            first=Min("at"), last=Max("at"), created=Sum("created"), updated=Sum("updated")
        )
        if ledger["first"] is None:
            continue
        part = f"load/{stream}/{entity.entity}"
        job = _job(run, part, f"Load {load_contract(entity.entity).en} from {stream}")
        source = [_dataset(snapshot, snapshot.table(entity.table))]
        written = ledger["created"] + ledger["updated"]
        output = _output(entity.entity, _lineage(snapshot, entity)) | {
            "outputFacets": {"outputStatistics": _facet("outputStatistics", rowCount=written)}
        }
        started = _event("START", ledger["first"], _part(run, part), job, source)
        events.append(started)
        # A stopped run may have loaded a part of the stream only.
        kind = "COMPLETE" if run.status in LOADED else "FAIL" if run.status == "failed" else None
        if kind:
            events.append(_event(kind, ledger["last"], _part(run, part), job, source, [output]))
    return events


def _dataset(snapshot: Snapshot, table: SnapshotTable) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "name": f"snapshot/{snapshot.sha256}/{table.name}"}


def _input(snapshot: Snapshot, table: SnapshotTable, run: Run) -> dict[str, Any]:
    fields = [{"name": column.name, "type": "text"} for column in table.columns]
    metrics = _metrics(snapshot, table)
    return {
        **_dataset(snapshot, table),
        "facets": {
            "schema": _facet("schema", fields=fields),
            "dataSource": _facet(
                "dataSource", name=run.file_name, uri=f"urn:sha256:{snapshot.sha256}"
            ),
        },
        "inputFacets": {"dataQualityMetrics": _facet("dataQualityMetrics", **metrics)},
    }


def _metrics(snapshot: Snapshot, table: SnapshotTable) -> dict[str, Any]:
    """Rows, and per column how many cells are blank and how many texts differ."""
    frame = pl.scan_parquet(snapshot.path / f"t{table.index}.parquet")
    asked: list[pl.Expr] = []
    for column in table.columns:
        text = pl.col(column.key)
        blank = text.is_null() | (text.str.strip_chars() == "")
        filled = text.filter(~blank)
        asked.append(blank.sum().cast(pl.Int64).alias(f"blank {column.key}"))
        asked.append(filled.n_unique().cast(pl.Int64).alias(f"distinct {column.key}"))
    counted = frame.select(asked).collect().row(0, named=True) if asked else {}
    return {
        "rowCount": table.rows,
        "columnMetrics": {
            column.name: {
                "nullCount": counted[f"blank {column.key}"],
                "distinctCount": counted[f"distinct {column.key}"],
            }
            for column in table.columns
        },
    }


def _outputs(run: Run, snapshot: Snapshot, result: PipelineResult) -> list[dict[str, Any]]:
    """One dataset per business table; a table that several streams fed names all their columns."""
    fed: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for _stream, entity in streams(run.source.code, result):
        columns = fed.setdefault(entity.entity, {})
        for name, sources in _lineage(snapshot, entity).items():
            known = columns.setdefault(name, [])
            known += [source for source in sources if source not in known]
    return [_output(entity, columns) for entity, columns in fed.items()]


def _output(entity: str, lineage: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    contract, loader = load_contract(entity), LOADERS[entity]
    fields = [
        {"name": loader.columns.get(f.name, f.name), "type": f.type, "description": f.en}
        for f in contract.fields
        if f.name in loader.fields
    ]
    return {
        "namespace": NAMESPACE,
        "name": loader.table,
        "facets": {
            "schema": _facet("schema", fields=fields),
            "columnLineage": _facet(
                "columnLineage",
                fields={name: {"inputFields": sources} for name, sources in lineage.items()},
            ),
        },
    }


def _lineage(snapshot: Snapshot, entity: EntityResult) -> dict[str, list[dict[str, Any]]]:
    """Column of the business table → the source columns it was read from, and how."""
    contract, loader = load_contract(entity.entity), LOADERS[entity.entity]
    table = snapshot.table(entity.table)
    names = {column.ordinal: column.name for column in table.columns}
    found = {}
    for field in contract.fields:
        ordinals = [o for o in entity.columns.get(field.name, []) if o in names]
        if field.name in loader.fields and ordinals:
            change = _transformation(field, entity)
            found[loader.columns.get(field.name, field.name)] = [
                {
                    **_dataset(snapshot, table),
                    "field": names[ordinal],
                    "transformations": [change],
                }
                for ordinal in ordinals
            ]
    return found


def _transformation(field: Field, entity: EntityResult) -> dict[str, Any]:
    """How a field comes from its columns: found by them in another table, cleaned, or as read."""
    if field.reference:
        words = f"names the {field.reference} that is referred to"
        return {"type": "INDIRECT", "subtype": "JOIN", "description": words, "masking": False}
    differs = entity.values.get(field.name)
    changed = differs is not None and pl.scan_parquet(differs).select(pl.len()).collect().item()
    subtype, words = ("TRANSFORMATION", f"cleaned as {field.norm}") if changed else ("IDENTITY", "")
    return {"type": "DIRECT", "subtype": subtype, "description": words, "masking": False}
