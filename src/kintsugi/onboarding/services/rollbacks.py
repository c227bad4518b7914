"""Rolling a run back: planned, approved by a second person, carried out in chunks as a run.

A plan names every field that stays as it is and why; what is clean is only counted, and worked out
again under lock when the rollback comes to it.
"""

import datetime as dt
import hashlib
import json
import time
from typing import Any
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Now
from psycopg import sql

from kintsugi.audit.services import recorded
from kintsugi.core import events, scope
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.engine.contract import load_contract
from kintsugi.onboarding.entities import LOADERS
from kintsugi.onboarding.models import Chunk, Rollback, RollbackItem, Run
from kintsugi.onboarding.services import undoing, waves
from kintsugi.onboarding.services.progress import Listener, Reporter
from kintsugi.onboarding.services.proposing import propose
from kintsugi.onboarding.services.running import lock_entity, move_run, owned, set_run, stopping
from kintsugi.onboarding.services.undoing import HIGHEST, LOWEST, PHASES, Undoing, ask
from kintsugi.onboarding.states import RUN

KIND = "onboarding.rollback"
#: Runs in one of these states can be rolled back.
REVERTABLE = ("verified", "failed", "partly-reverted")
#: Rows of one transaction.
CHUNK_ROWS = 10_000


def plan_rollback(*, actor: Any, run_id: UUID, at: dt.datetime, size: int = CHUNK_ROWS) -> Run:
    """Work out what rolling a run back would do, and keep it as a run of its own, ``planned``.

    Changes nothing else. Raises KintsugiError ``rollback.state``, ``rollback.nothing``,
    ``rollback.open``, ``rollback.scope``, ``rollback.no-index`` or ``rollback.no-history``.
    """
    _whole_scope()
    run = _get(run_id)
    with recorded(actor=actor, command="onboarding.plan-rollback", reason=run.number):
        Run.objects.select_for_update().get(pk=run.pk)
        run.refresh_from_db()
        _may_begin(run)
        made = Run.objects.create(
            number=next_number(prefix="RB", on=at.date()),
            source=run.source,
            location="",
            file_name=run.file_name,
            status="planned",
            observed_at=at,
            started_by=str(actor)[:200],
            reverts=run,
        )
        plan = Rollback(run=made, plan_sha256="", planned_at=at)
        plan.counts, plan.chunks = _worked_out(_undoing(made, plan), size)
        plan.plan_sha256 = digest_of(run.number, plan.counts)
        plan.save(force_insert=True)
        _store_items(_undoing(made, plan), plan)
        return made


def digest_of(number: str, counts: Any) -> str:
    """What the second person signs: the run and all outcomes with their digests."""
    text = json.dumps({"run": number, "counts": counts}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _undoing(made: Run, plan: Rollback) -> Undoing:
    assert made.reverts, "a rollback names its run"
    return Undoing(
        run=made.reverts.pk,
        number=made.reverts.number,
        by=made.pk,
        by_number=made.number,
        rollback=plan.pk,
        stands=made.reverts.reverts_id,
    )


def _may_begin(run: Run) -> None:
    if run.status not in REVERTABLE:
        raise KintsugiError(
            "rollback.state",
            Text(
                f"运行 {run.number} 现在不能回退。", f"The run {run.number} cannot be rolled back."
            ),
            Text(
                "只有已核对、已停止或部分回退的运行可以回退。",
                "Only a verified, stopped or partly rolled back run can be.",
            ),
            run=run.number,
            status=run.status,
        )
    if not run.chunks.exists():
        raise KintsugiError(
            "rollback.nothing",
            Text(f"运行 {run.number} 没有写入任何行。", f"The run {run.number} wrote no row."),
            Text("无需回退。", "There is nothing to roll back."),
            run=run.number,
        )
    waiting = run.rollbacks.filter(status__in=("planned", "approved", "applying", "failed")).first()
    if waiting is not None:
        raise KintsugiError(
            "rollback.open",
            Text(f"{waiting.number} 已在回退此运行。", f"{waiting.number} is open for this run."),
            Text(
                "请完成或放弃它,再另行拟定。",
                "Finish it or give it up before another one is planned.",
            ),
            rollback=waiting.number,
        )
    _has_history(run)
    _has_indexes()


def _has_history(run: Run) -> None:
    """Refuse a run of before the crosswalk kept its past, where it rewrote records."""
    rewritten = run.chunks.aggregate(n=Sum(F("updated") + F("merged"), default=0))["n"]
    if rewritten and ask("undo_without_history", {"run": str(run.pk)}):
        raise KintsugiError(
            "rollback.no-history",
            Text(
                "这次运行早于来源对照历史的建立,无法还原被它改写的来源记录。",
                "This run is older than the crosswalk's history, so the source records it rewrote "
                "cannot be put back.",
            ),
            Text(
                "请逐条更正,或用正确的文件再次导入。",
                "Correct the records, or import the right file once more.",
            ),
            run=run.number,
        )


def _has_indexes() -> None:
    lacking = [
        f"{one.table}.{one.column}"
        for loader in LOADERS.values()
        for one in undoing.references_to(loader.table)
        if not one.has_index
    ]
    if lacking:
        raise KintsugiError(
            "rollback.no-index",
            Text(
                f"引用列没有索引,无法快速确认引用:{'、'.join(lacking)}。",
                f"A column that refers to loaded rows has no index: {', '.join(lacking)}.",
            ),
            Text("请先为该列建立索引。", "Give the column an index first."),
            columns=lacking,
        )


def _whole_scope() -> None:
    if not scope.current().everything:
        raise KintsugiError(
            "rollback.scope",
            Text(
                "回退涉及全部行,您的权限范围有限。",
                "A rollback touches all rows, and you may see some only.",
            ),
            Text("请有全部范围的同事办理。", "Ask a colleague without limits to do it."),
        )


def _worked_out(undo: Undoing, size: int) -> tuple[dict[str, Any], list[list[str]]]:
    """Counts by entity and outcome, and the chunks; the outcomes stay in ``undo_plan``."""
    touched = [loader for loader in LOADERS.values() if undoing.ranges(undo, loader, size=2**31)]
    for loader in touched:
        undoing.look(undo, loader, low=LOWEST, high=HIGHEST)
        ask("undo_held_by_sources", undo.facts(loader))
        ask("undo_planned", undo.facts(loader))
    if touched:
        _close_over_references(undo)
    counts: dict[str, Any] = {}
    chunks: list[list[str]] = []
    for loader in touched:
        undoing.look(undo, loader, low=LOWEST, high=HIGHEST)
        ask("undo_planned_outcomes", undo.facts(loader))
        counts[loader.entity] = undoing.counts(undo, loader)
        chunks += [
            [phase, loader.entity, str(low), str(high)]
            for low, high in undoing.ranges(undo, loader, size=size)
            for phase in PHASES
        ]
    order = {entity: place for place, entity in enumerate(LOADERS)}
    # All fields first, so that no old reference is left; then new rows, those that refer first.
    chunks.sort(
        key=lambda c: (
            PHASES.index(c[0]),
            order[c[1]] if c[0] == PHASES[0] else -order[c[1]],
            c[2],
        )
    )
    return counts, chunks


def _close_over_references(undo: Undoing) -> None:
    """What a row that stays points to stays too, as often as that leads to another row."""
    references = {loader.entity: undoing.references_to(loader.table) for loader in LOADERS.values()}
    for _ in range(len(LOADERS) * undoing.STEPS_BACK):
        before = ask("undo_plan_taken", {})
        for entity, columns in references.items():
            for one in columns:
                loaded = one.table in {loader.table for loader in LOADERS.values()}
                ask(
                    "undo_plan_held_by_loaded" if loaded else "undo_plan_held_by",
                    undo.facts(LOADERS[entity]),
                    name=sql.Literal(f"{one.table}.{one.column}"),
                    referring=sql.Identifier(one.table),
                    referring_name=sql.Literal(one.table),
                    column=sql.Identifier(one.column),
                    column_name=sql.Literal(one.column),
                    stands=sql.SQL("not x.is_void" if one.has_void else "true"),
                )
        if ask("undo_plan_taken", {}) == before:
            return


def _store_items(undo: Undoing, plan: Rollback) -> None:
    for entity in plan.counts:
        loader = LOADERS[entity]
        undoing.look(undo, loader, low=LOWEST, high=HIGHEST)
        ask("undo_planned_outcomes", undo.facts(loader))
        for born in (False, True):
            undoing.keep_items(undo, loader, stage="plan", born=born)


# -- two persons -----------------------------------------------------------------------------------


def propose_rollback(
    *, account: Any, rollback_id: UUID, reason: str, at: dt.datetime, key: str
) -> Any:
    """Ask another person to approve a plan: an act under two persons. The same key gives the same
    act. Raises what the kind's check and ``control`` raise."""
    made = _get(rollback_id)
    with recorded(actor=account, command="onboarding.propose-rollback", reason=reason[:400]):
        Run.objects.select_for_update(of=("self",)).get(pk=made.pk)
        return propose(
            kind=KIND,
            subject_id=made.pk,
            plan=plan_of(made),
            reason=reason,
            account=account,
            at=at,
            key=key,
            refusal=_proposed,
        )


def _proposed(act: Any) -> KintsugiError:
    return KintsugiError(
        "rollback.proposed",
        Text(f"{act.number} 已提交这份方案。", f"{act.number} proposes this plan already."),
        Text("请等待审批,或先取消它。", "Wait for its approval, or cancel it first."),
        act=act.number,
    )


def plan_of(made: Run) -> dict[str, Any]:
    """What is signed: the plan's hash, the run, and the counts it stands for."""
    return {
        "rollback": made.number,
        "run": made.reverts.number if made.reverts else "",
        "file": made.file_name,
        "sha256": made.rollback.plan_sha256,
        "kept": RollbackItem.objects.filter(rollback=made.rollback, stage="plan").count(),
        "counts": {
            entity: {"fields": one["fields"], "rows": one["rows"]}
            for entity, one in made.rollback.counts.items()
        },
    }


def check_plan(rollback_id: UUID, plan: Any) -> None:
    """Raise KintsugiError ``rollback.not-planned`` or ``rollback.other-plan`` where the plan
    cannot be carried out now."""
    made = _get(rollback_id)
    assert made.reverts, "a rollback names its run"
    if made.status != "planned" or made.reverts.status not in REVERTABLE:
        raise KintsugiError(
            "rollback.not-planned",
            Text(
                f"{made.number} 已不在待批准状态。", f"{made.number} no longer waits for approval."
            ),
            Text("请另行拟定回退。", "Plan the rollback anew."),
            rollback=made.number,
            status=made.status,
        )
    if plan.get("sha256") != made.rollback.plan_sha256:
        raise KintsugiError(
            "rollback.other-plan",
            Text("所签的不是这份方案。", "This is not the plan that was worked out."),
            Text("请从回退页面重新提交。", "Propose it again from the rollback's page."),
            rollback=made.number,
        )


def release_rollback(*, rollback_id: UUID, act: str, at: dt.datetime) -> dict[str, Any]:
    """Let an approved rollback go, inside the execution of its act; it is carried out by a job."""
    Run.objects.select_for_update(of=("self",)).get(pk=rollback_id)
    made = _get(rollback_id)
    RUN.step(made.status, "approved")
    set_run(made, status="approved")
    Rollback.objects.filter(run=made).update(act=act, version=F("version") + 1, updated_at=Now())
    events.emit(
        "onboarding.rollback-approved",
        subject=made.number,
        at=at,
        facts={"rollback": str(made.pk), "act": act},
    )
    return {"rollback": made.number}


def withdraw_rollback(*, actor: Any, rollback_id: UUID) -> Run:
    """Give a plan up that nobody approved; it stays on record. Raises IllegalTransition."""
    made = _get(rollback_id)
    move_run(actor, made, "withdrawn")
    return made


# -- carrying it out -------------------------------------------------------------------------------


def apply_rollback(*, actor: Any, rollback_id: UUID, listener: Listener | None = None) -> Run:
    """Carry an approved rollback out, chunk by chunk, and prove it.

    Chunks that the ledger knows are skipped, so this may be called again after a kill. Returns the
    rollback's run. Raises KintsugiError ``rollback.not-approved`` or ``run.busy``.
    """
    made = _get(rollback_id)
    if made.status == "verified":
        return made
    if made.status not in ("approved", "applying", "applied", "failed"):
        raise KintsugiError(
            "rollback.not-approved",
            Text(f"{made.number} 尚未批准。", f"{made.number} is not approved."),
            Text("请先由另一人批准。", "Another person approves it first."),
            rollback=made.number,
            status=made.status,
        )
    reporter = Reporter(made.pk, listener)
    with owned(made.pk), stopping(actor, made.pk):
        made.refresh_from_db()
        if made.status == "verified":
            return made
        plan = made.rollback
        undo = _undoing(made, plan)
        if made.status in ("approved", "failed"):
            move_run(actor, made, "applying", started_at=made.started_at or Now(), error=None)
        done = set(Chunk.objects.filter(run=made).values_list("number", flat=True))
        for number, (phase, entity, low, high) in enumerate(plan.chunks):
            contract = load_contract(entity)
            reporter(
                Text(f"回退{contract.zh}", f"Rolling back {contract.en}"), number, len(plan.chunks)
            )
            if number not in done:
                undo_chunk(
                    undo, actor=actor, number=number, phase=phase, entity=entity, low=UUID(low),
                    high=UUID(high),
                )  # fmt: skip
        if made.status == "applying":
            move_run(actor, made, "applied")
        finish_rollback(actor, made, undo)
        reporter(Text("已完成", "Finished"), 1, 1)
    made.refresh_from_db()
    return made


def undo_chunk(
    undo: Undoing, *, actor: Any, number: int, phase: str, entity: str, low: UUID, high: UUID
) -> None:
    """One range of one table: rows, crosswalk, what was kept and the ledger, in one transaction."""
    begun = time.perf_counter()
    loader = LOADERS[entity]
    born = phase == PHASES[1]
    with recorded(actor=str(actor), command=KIND, run_id=undo.by, chunk=number):
        lock_entity(entity)
        if Chunk.objects.filter(run_id=undo.by, number=number).exists():
            return
        undoing.look(undo, loader, low=low, high=high, lock=True)
        if born:
            undoing.hold_referenced(undo, loader)
        written = undoing.write(undo, loader, outcome="take_back" if born else "change")
        undoing.undo_crosswalk(undo, loader, low=low, high=high, born=born)
        undoing.keep_items(undo, loader, stage="apply", born=born)
        [(rows, kept, fields)] = ask("undo_ledger", undo.facts(loader, born=born))
        Chunk.objects.create(
            run_id=undo.by,
            entity=entity,
            stream=phase,
            number=number,
            records=rows,
            updated=0 if born else written,
            merged=written if born else 0,
            unchanged=max(0, rows - written - kept),
            quarantined=kept,
            cells=fields,
            seconds=time.perf_counter() - begun,
        )


def finish_rollback(actor: Any, made: Run, undo: Undoing) -> None:
    """Prove the rollback, and say of the run it is about what became of it."""
    plan = made.rollback
    proof = {entity: undoing.proof(undo, LOADERS[entity]) for entity in plan.counts}
    kept = RollbackItem.objects.filter(rollback=plan, stage="apply").count()
    ledger = Chunk.objects.filter(run=made).aggregate(
        restored=Sum("updated", default=0), taken_back=Sum("merged", default=0),
        kept=Sum("quarantined", default=0), fields=Sum("cells", default=0),
    )  # fmt: skip
    with recorded(actor=actor, command="onboarding.verify-rollback", run_id=made.pk):
        Rollback.objects.filter(pk=plan.pk).update(
            proof=proof, result={**ledger, "items": kept}, version=F("version") + 1,
            updated_at=Now(),
        )  # fmt: skip
        set_run(made, status="verified", ended_at=Now())
        run = _get(undo.run)
        set_run(run, status="partly-reverted" if kept else "reverted")
        waves.close_parent(run_id=run.pk, at=made.observed_at)
        if run.reverts is not None:
            # A rollback was rolled back: what it had undone stands again.
            set_run(_get(run.reverts.pk), status="partly-reverted" if kept else "verified")


def _get(run_id: UUID) -> Run:
    run = (
        Run.objects.select_related("source", "reverts", "rollback", "reverts__rollback")
        .filter(pk=run_id)
        .first()
    )
    if run is None:
        raise NotFound(Text("导入运行", "run"), str(run_id))
    return run
