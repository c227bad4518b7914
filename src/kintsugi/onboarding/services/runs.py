"""Runs: one file or table extract from its bytes to the tables, resumable at every step."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.numbering import next_number
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import (
    Mapping,
    complete_mapping,
    drift,
    refuse_drift,
    suggest_mapping,
    validate_mapping,
)
from kintsugi.engine.paper.confirm import Answer, confirmed, to_confirm
from kintsugi.engine.pipeline import PipelineResult, open_result, run_pipeline
from kintsugi.engine.reading import ReadHints, read_source
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import open_snapshot
from kintsugi.onboarding.entities import ORDER
from kintsugi.onboarding.models import LoadWindow, Run, Snapshot, Source
from kintsugi.onboarding.services import loading, pacing, selection, waves
from kintsugi.onboarding.services.guards import refuse_shrunk, refuse_unapproved
from kintsugi.onboarding.services.progress import Listener, Reporter
from kintsugi.onboarding.services.running import (
    FINISHED,
    contracts_digest,
    get_run,
    move_run,
    owned,
    refuse_other_contracts,
    set_run,
    stopping,
)
from kintsugi.onboarding.services.selection import workdir
from kintsugi.onboarding.services.sources import (
    code_for,
    current_mapping,
    keep_mapping,
    layout_of,
    recognise,
    refuse_unlike,
    register_source,
)

#: States in which a run may be prepared, or prepared once more.
PREPARES = ("created", "reading", "staged", "validated", "rehearsed", "failed")


def take_snapshot(
    *,
    actor: Any,
    location: str,
    hints: ReadHints | None = None,
    answers: Sequence[Answer] = (),
) -> EngineSnapshot:
    """Read a file or database address into the snapshot store and register it; of a photo or scan
    with a person's ``answers`` in it.

    Raises KintsugiError of the reader, and ``import.paper-unconfirmed``; then nothing is
    registered.
    """
    found = read_source(location, into=settings.SNAPSHOT_ROOT, hints=hints)
    return keep_snapshot(actor=actor, found=found, answers=answers)


def keep_snapshot(
    *, actor: Any, found: EngineSnapshot, answers: Sequence[Answer] = ()
) -> EngineSnapshot:
    """Register a snapshot that was read into the store; of a photo or scan with a person's
    ``answers`` in it. Raises KintsugiError ``import.paper-unconfirmed``."""
    if answers:
        found = confirmed(found, answers, into=settings.SNAPSHOT_ROOT).snapshot
    _refuse_unconfirmed(found)
    with recorded(actor=actor, command="onboarding.take-snapshot", reason=found.file_name):
        Snapshot.objects.get_or_create(
            folder=found.path.name,
            defaults={
                "sha256": found.sha256,
                "file_name": found.file_name[:400],
                "kind": found.kind,
                "bytes": found.bytes,
                "encoding": found.encoding or "",
                "parser_version": found.parser_version,
                "tables": [
                    {"index": t.index, "name": t.name, "rows": t.rows, "hidden": t.hidden}
                    for t in found.tables
                ],
            },
        )
    return found


def _refuse_unconfirmed(found: EngineSnapshot) -> None:
    """What OCR read of serial numbers, lots or dates is nobody's word: it is not imported before
    a person looked at it. Barcodes and the text of a PDF itself are as good as any file."""
    waiting = [cell for cell in to_confirm(found) if cell.is_key]
    if waiting:
        first = waiting[0]
        raise KintsugiError(
            "import.paper-unconfirmed",
            Text(
                f"{len(waiting)} 个由图像识别的关键单元格尚未有人确认。",
                f"{len(waiting)} cells that matter were read by OCR, and nobody confirmed them.",
            ),
            Text(
                "用 kintsugi read --confirm 列出并核对,再用 kintsugi import --confirmed 导入。",
                "List them with kintsugi read --confirm, answer them, and give the answers to "
                "kintsugi import --confirmed.",
            ),
            file=found.file_name,
            table=first.table,
            row=first.row,
            column=first.column,
            value=first.text[:200],
            cells=len(waiting),
        )


def start_run(
    *,
    actor: Any,
    location: str,
    snapshot: EngineSnapshot,
    source: Source | None = None,
    mapping: Mapping | None = None,
    at: dt.datetime,
    observed_at: dt.datetime | None = None,
    is_governed: bool = False,
    shrunk: str = "",
) -> Run:
    """A run for a snapshot, or the unfinished one of the same snapshot, source and mapping.

    ``is_governed``: it is rehearsed first and let go by two persons, as every run of a source
    that asks for it.

    Without ``source`` the layout decides which source the file belongs to, else a new one is
    made. Without ``mapping`` the source's current one is used, else one is suggested.
    ``observed_at`` is when the source said so, ``at`` when it is imported; ``shrunk`` is the reason
    why fewer rows than before are right. Raises KintsugiError when columns drifted, a key column is
    missing, the source is not approved (where it has to be) or a full delivery shrank; then no run
    is made.
    """
    contracts = load_contracts()
    source = source or recognise(snapshot)
    refuse_unapproved(source, file=snapshot.file_name, at=at)
    if source is not None and not shrunk:
        refuse_shrunk(source, snapshot)
    kept = current_mapping(source) if source else None
    if mapping is not None:
        origin = "given"
        # One that tells what its columns held is held against what they hold now; one by hand is
        # taken at its word.
        if any(table.signatures for table in mapping.tables):
            refuse_drift(drift(mapping, snapshot), file=snapshot.file_name)
    elif kept is not None and source is not None:
        mapping, origin = Mapping.model_validate(kept.content), kept.origin
        refuse_unlike(source, mapping, snapshot)
    else:
        mapping, origin = _suggested(snapshot, contracts), "suggested"
    mapping = complete_mapping(mapping, contracts)
    validate_mapping(mapping, snapshot, contracts, value_maps=source.value_maps if source else None)
    if source is None:
        source = register_source(
            actor=actor,
            code=code_for(snapshot.file_name),
            kind=snapshot.kind,
            layout=layout_of(snapshot),
        )
    elif not source.layout:
        source = register_source(
            actor=actor, code=source.code, kind=source.kind, layout=layout_of(snapshot)
        )
    version = keep_mapping(actor=actor, source=source, mapping=mapping, origin=origin)
    stored = Snapshot.objects.get(folder=snapshot.path.name)
    with recorded(actor=actor, command="onboarding.start-run", reason=snapshot.file_name):
        waiting = (
            Run.objects.filter(source=source, snapshot=stored, mapping=version, parent=None)
            .exclude(status__in=FINISHED)
            .order_by("-created_at")
            .first()
        )
        if waiting is not None and _can_go_on(waiting):
            return waiting
        return Run.objects.create(
            number=next_number(prefix="RUN", on=at.date()),
            source=source,
            snapshot=stored,
            mapping=version,
            location=location[:1000],
            file_name=snapshot.file_name[:400],
            started_by=str(actor)[:200],
            observed_at=observed_at or at,
            is_governed=is_governed or source.is_governed,
            notes=[*_notes(snapshot, mapping), *_let_go(shrunk, str(actor))],
        )


def _let_go(reason: str, actor: str) -> list[dict[str, Any]]:
    """That somebody let a delivery with fewer rows go on, and why; it stands with the run."""
    if not reason:
        return []
    return [
        {
            "code": "source.shrunk-let-go",
            "zh": f"{actor} 放行了行数减少的交付:{reason}",
            "en": f"{actor} let a delivery with fewer rows go on: {reason}",
            "facts": {"by": actor, "reason": reason[:400]},
        }
    ]


def _can_go_on(run: Run) -> bool:
    """Whether an unfinished run may be taken up: its chunks are only as good as the plan in its
    folder, so one that wrote chunks and lost its folder is left as it stands."""
    return not run.chunks.exists() or next(workdir(run).rglob("plan-*.json"), None) is not None


def _suggested(snapshot: EngineSnapshot, contracts: Any) -> Mapping:
    """The engine's proposal. Raises KintsugiError ``mapping.not-understood`` or
    ``mapping.missing-key-column``."""
    found = suggest_mapping(snapshot, contracts)
    if found.mapping.tables:
        return found.mapping
    if found.missing_keys:
        raise found.missing_keys[0].error
    headers = [column.name for table in snapshot.tables for column in table.columns][:60]
    raise KintsugiError(
        "mapping.not-understood",
        Text(
            "无法从列名看出这个文件讲的是什么。",
            "The column names do not tell what this file is about.",
        ),
        Text(
            "请用 --mapping 给出映射文件,或改用数据字典中的列名。",
            "Give a mapping file with --mapping, or use column names of the data dictionary.",
        ),
        file=snapshot.file_name,
        headers=headers,
    )


def _notes(snapshot: EngineSnapshot, mapping: Mapping) -> list[dict[str, Any]]:
    """What the reader remarked and which columns or tables nobody mapped."""
    notes = [
        {"code": n.code, "zh": n.message.zh, "en": n.message.en, "facts": n.facts}
        for n in snapshot.notes
    ]
    mapped_tables = {table.table for table in mapping.tables}
    for table in snapshot.tables:
        if table.name in mapped_tables or table.index in mapped_tables:
            continue
        notes.append(
            {
                "code": "table.not-mapped",
                "zh": f"表“{table.name}”({table.rows} 行)没有映射,留在快照中。",
                "en": f"Table “{table.name}” ({table.rows} rows) is not mapped; it stays in the "
                "snapshot.",
                "facts": {"table": table.name, "rows": table.rows, "hidden": table.hidden},
            }
        )
    return notes


def _unknown_columns(found: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Columns that nothing was read from, named, so that nobody thinks they were loaded."""
    return [
        {
            "code": "column.unknown",
            "zh": f"列“{header}”({table})不在映射中,没有载入;它留在快照里。"
            "若需要,请在映射中指明它是哪个字段。",
            "en": f"The column “{header}” ({table}) is not in the mapping and was not loaded; it "
            "stays in the snapshot. If you need it, say in the mapping which field it is.",
            "facts": {"table": table, "column": header},
        }
        for table, headers in found.items()
        for header in headers
    ]


def prepare_run(*, actor: Any, run_id: UUID, listener: Listener | None = None) -> PipelineResult:
    """Read → map → clean → check a run's snapshot; nothing is written to business tables.

    Steps that were completed before (a killed process) are taken from the run's folder. A refusal
    stops the run with its error kept, and is raised.
    """
    run = get_run(run_id)
    reporter = Reporter(run_id, listener)
    with owned(run_id), stopping(actor, run_id):
        if run.parent_id is not None or run.status not in PREPARES or run.chunks.exists():
            return open_result(workdir(base_of(run)))
        # What was let go was another reading of it.
        move_run(actor, run, "reading", started_at=Now(), error=None, rehearsal=None, act="")
        assert run.snapshot, "start_run gives every run its snapshot"
        assert run.mapping, "start_run gives every run its mapping"
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
        result = run_pipeline(
            snapshot=snapshot,
            mapping=Mapping.model_validate(run.mapping.content),
            contracts=load_contracts(),
            workdir=workdir(run),
            value_maps=run.source.value_maps or None,
            as_of=run.observed_at.date(),
            progress=lambda p: reporter(p.title, p.done, p.total),
        )
        steps = [
            {
                "id": step.id,
                "name": step.name,
                "zh": step.title.zh,
                "en": step.title.en,
                "kind": step.kind,
                "rows": step.rows,
                "seconds": round(step.seconds, 3),
            }
            for step in result.steps
        ]
        unknown = _unknown_columns(result.unknown_columns)
        notes = [note for note in run.notes if note["code"] != "column.unknown"]
        move_run(actor, run, "staged", steps=steps, notes=[*notes, *unknown])
        loading.keep_found(actor=actor, run=run, snapshot=snapshot, result=result)
        move_run(actor, run, "validated", contracts=contracts_digest())
    return result


def apply_run(
    *, actor: Any, run_id: UUID, at: dt.datetime, listener: Listener | None = None
) -> Run:
    """Load a prepared run into the tables, chunk by chunk, and verify it.

    Chunks that the ledger knows are skipped, so this may be called again after a kill. Returns the
    run with its closed counts; or paused, between two chunks, because a person, its window or its
    limits said so. Raises KintsugiError ``run.needs-approval``, ``run.in-waves``,
    ``run.contract-changed``, ``run.withdrawn``, ``rollback.open`` or ``run.busy``.
    """
    run = get_run(run_id)
    if run.status in FINISHED:
        return run
    _refuse_under_rollback(run)
    pacing.refuse_ungoverned(run)
    if not run.chunks.exists():
        refuse_other_contracts(run)
    reporter = Reporter(run_id, listener)
    with owned(run_id), stopping(actor, run_id):
        run.refresh_from_db()
        result = open_result(workdir(base_of(run)))
        assert run.snapshot, "start_run gives every run its snapshot"
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
        part = selection.part_of(run, result)
        if run.status != "applied":
            pace = pacing.Pace(run, at=at)
            try:
                _begin(actor, run, result, pace)
                pacing.keep_restore_point(actor=actor, run=run, at=at)
                _load(actor, run, result, snapshot, part, reporter, pace)
            except pacing.Halted as halted:
                return pacing.halt(actor=actor, run=run, halted=halted)
            move_run(actor, run, "applied")
        counts = loading.closed_counts(run, result, part)
        with recorded(actor=actor, command="onboarding.verify-run", run_id=run.pk):
            set_run(run, status="verified", counts=counts, ended_at=Now())
            events.emit(
                "onboarding.run-verified",
                subject=run.number,
                at=at,
                facts={"run": str(run.pk), "source": run.source.code, "counts": counts},
            )
            waves.close_parent(run_id=run.pk, at=at)
        reporter(Text("已完成", "Finished"), 1, 1)
    run.refresh_from_db()
    return run


def _begin(actor: Any, run: Run, result: PipelineResult, pace: pacing.Pace) -> None:
    """Take the run to ``applying``. Raises Halted; of two that want the last place of a window
    one gets it."""
    with recorded(actor=actor, command="onboarding.run-applying", run_id=run.pk):
        if run.window_id is not None:
            LoadWindow.objects.select_for_update().get(pk=run.window_id)
        pace.begin(total=sum(entity.counts.records for entity in result.entities))
        if run.status != "applying":
            set_run(
                run, status="applying", error=None, resume_at=None,
                started_at=run.started_at or Now(),
            )  # fmt: skip


def _load(
    actor: Any,
    run: Run,
    result: PipelineResult,
    snapshot: EngineSnapshot,
    part: loading.Part,
    reporter: Reporter,
    pace: pacing.Pace,
) -> None:
    named = loading.streams(run.source.code, result)
    for stream, entity in sorted(named, key=lambda n: ORDER[n[1].entity]):
        loading.apply_entity(
            actor=actor,
            run=run,
            stream=stream,
            entity=entity,
            snapshot=snapshot,
            reporter=reporter,
            part=part,
            checkpoint=pace,
        )


def _refuse_under_rollback(run: Run) -> None:
    """A stopped import that is being rolled back does not go on meanwhile."""
    waiting = run.rollbacks.filter(status__in=("approved", "applying", "failed")).first()
    if waiting is not None:
        raise KintsugiError(
            "rollback.open",
            Text(f"{waiting.number} 已在回退此运行。", f"{waiting.number} is open for this run."),
            Text("请先完成回退。", "Finish the rollback first."),
            rollback=waiting.number,
        )


def base_of(run: Run) -> Run:
    """The run whose steps were prepared: the parent of a wave, else the run itself."""
    return run.parent or run
