"""Runs: one file or table extract from its bytes to the tables, resumable at every step."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, NotFound, Text
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
from kintsugi.onboarding.models import Run, Snapshot, Source
from kintsugi.onboarding.services import loading
from kintsugi.onboarding.services.guards import refuse_shrunk, refuse_unapproved
from kintsugi.onboarding.services.progress import Listener, Reporter
from kintsugi.onboarding.services.sources import (
    code_for,
    current_mapping,
    keep_mapping,
    layout_of,
    recognise,
    register_source,
)
from kintsugi.onboarding.states import RUN

#: A run in one of these states has nothing left to do.
FINISHED = ("verified", "reverted", "partly-reverted")


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
    shrunk: str = "",
) -> Run:
    """A run for a snapshot, or the unfinished one of the same snapshot, source and mapping.

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
    elif kept is not None:
        mapping, origin = Mapping.model_validate(kept.content), kept.origin
        refuse_drift(drift(mapping, snapshot), file=snapshot.file_name)
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
            Run.objects.filter(source=source, snapshot=stored, mapping=version)
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


@contextmanager
def owned(run_id: UUID) -> Iterator[None]:
    """One process works on a run at a time; the lock ends with the connection."""
    key = int.from_bytes(hashlib.sha256(run_id.bytes).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise KintsugiError(
                "run.busy",
                Text("另一个进程正在处理这次导入。", "Another process is working on this run."),
                Text("请等它结束;进度见运行页面。", "Wait for it; its page shows the progress."),
                run=str(run_id),
            )
    try:
        yield
    finally:
        # A connection that is gone has let go of the lock already.
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [key])


def prepare_run(*, actor: Any, run_id: UUID, listener: Listener | None = None) -> PipelineResult:
    """Read → map → clean → check a run's snapshot; nothing is written to business tables.

    Steps that were completed before (a killed process) are taken from the run's folder. A refusal
    stops the run with its error kept, and is raised.
    """
    run = _get(run_id)
    reporter = Reporter(run_id, listener)
    with owned(run_id), stopping(actor, run_id):
        if run.status in ("applying", "applied", "verified"):
            return open_result(workdir(run))
        move_run(actor, run, "reading", started_at=Now(), error=None)
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
        move_run(actor, run, "validated")
    return result


def apply_run(
    *, actor: Any, run_id: UUID, at: dt.datetime, listener: Listener | None = None
) -> Run:
    """Load a prepared run into the tables, chunk by chunk, and verify it.

    Chunks that the ledger knows are skipped, so this may be called again after a kill. Returns the
    run with its closed counts.
    """
    run = _get(run_id)
    if run.status in FINISHED:
        return run
    _refuse_under_rollback(run)
    reporter = Reporter(run_id, listener)
    with owned(run_id), stopping(actor, run_id):
        result = open_result(workdir(run))
        assert run.snapshot, "start_run gives every run its snapshot"
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
        if run.status != "applied":
            if run.status != "applying":
                move_run(actor, run, "applying")
            named = loading.streams(run.source.code, result)
            for stream, entity in sorted(named, key=lambda n: ORDER[n[1].entity]):
                loading.apply_entity(
                    actor=actor,
                    run=run,
                    stream=stream,
                    entity=entity,
                    snapshot=snapshot,
                    reporter=reporter,
                )
            move_run(actor, run, "applied")
        counts = loading.closed_counts(run, result)
        with recorded(actor=actor, command="onboarding.verify-run", run_id=run.pk):
            set_run(run, status="verified", counts=counts, ended_at=Now())
            events.emit(
                "onboarding.run-verified",
                subject=run.number,
                at=at,
                facts={"run": str(run.pk), "source": run.source.code, "counts": counts},
            )
        reporter(Text("已完成", "Finished"), 1, 1)
    run.refresh_from_db()
    return run


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


def workdir(run: Run) -> Path:
    """The folder of a run's materialised steps."""
    return Path(settings.RUN_ROOT) / str(run.pk)


def _get(run_id: UUID) -> Run:
    run = Run.objects.select_related("source", "snapshot", "mapping").filter(pk=run_id).first()
    if run is None:
        raise NotFound(Text("导入运行", "run"), str(run_id))
    return run


def set_run(run: Run, **changes: Any) -> None:
    """Write columns of a run; must run inside ``recorded``."""
    if "status" in changes:
        RUN.check(run.status, changes["status"])
    Run.objects.filter(pk=run.pk).update(**changes, updated_at=Now())
    run.refresh_from_db(fields=["status"])


def move_run(actor: Any, run: Run, status: str, **changes: Any) -> None:
    """Take a run to a state, in a context of its own. Raises IllegalTransition."""
    with recorded(actor=actor, command=f"onboarding.run-{status}", run_id=run.pk):
        set_run(run, status=status, **changes)


class Interrupted(KintsugiError):
    """The database, the disk or another resource gave way; the run goes on where it stopped."""

    retryable = True

    def __init__(self, cause: Exception) -> None:
        text = str(cause).splitlines()[0][:400] if str(cause) else type(cause).__name__
        super().__init__(
            "run.interrupted",
            Text(f"运行中断:{text}", f"The run was interrupted: {text}"),
            Text(
                "排除原因后再次执行,将从中断处继续。",
                "Remove the cause and run again; it goes on where it stopped.",
            ),
            type=type(cause).__name__,
        )


#: What is nobody's mistake: a session the server ended, a full disk. A wrong value that the
#: database refuses is a fault of the program and stays one.
AWAY = (OperationalError, InterfaceError, OSError)


@contextmanager
def stopping(actor: Any, run_id: UUID) -> Iterator[None]:
    """A refusal or a lost resource stops the run visibly, with the reason, and is raised.

    Raises Interrupted for a database, disk or file that gave way.
    """
    try:
        yield
    except KintsugiError as error:
        _stop(actor, run_id, error)
        raise
    except AWAY as error:
        interrupted = Interrupted(error)
        _stop(actor, run_id, interrupted)
        raise interrupted from error
    except DatabaseError as error:
        _stop(actor, run_id, Interrupted(error))
        raise


def _stop(actor: Any, run_id: UUID, error: KintsugiError) -> None:
    facts = {
        "code": error.code,
        "message": error.message._asdict(),
        "remedy": error.remedy._asdict(),
        "facts": {k: str(v)[:400] for k, v in error.facts.items()},
    }
    # Where the database itself is away the run is taken up again from its ledger.
    with suppress(DatabaseError, InterfaceError):
        if connection.connection is not None and not connection.is_usable():
            connection.close()
        run = _get(run_id)
        if run.status not in (*FINISHED, "failed", "applied"):
            move_run(actor, run, "failed", error=facts)
