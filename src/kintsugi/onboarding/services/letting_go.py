"""Two persons let a governed run go: one proposes what was rehearsed, another approves it."""

import datetime as dt
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services.proposing import propose
from kintsugi.onboarding.services.running import get_run, refuse_other_contracts, set_run
from kintsugi.onboarding.states import RUN

KIND = "onboarding.load"


def propose_run(*, account: Any, run_id: UUID, reason: str, at: dt.datetime, key: str) -> Any:
    """Ask another person to let a rehearsed run go: an act under two persons. The same key gives
    the same act. Raises KintsugiError ``run.not-rehearsed``, ``run.contract-changed`` or
    ``run.proposed``."""
    run = get_run(run_id)
    with recorded(actor=account, command="onboarding.propose-run", reason=reason[:400]):
        Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
        plan = plan_of(run)
        check_plan(run.pk, plan)
        if not run.is_governed:
            set_run(run, is_governed=True)
        return propose(
            kind=KIND,
            subject_id=run.pk,
            plan=plan,
            reason=reason,
            account=account,
            at=at,
            key=key,
            refusal=_proposed,
        )


def _proposed(act: Any) -> KintsugiError:
    return KintsugiError(
        "run.proposed",
        Text(f"{act.number} 已提交此运行。", f"{act.number} proposes this run already."),
        Text("请等待审批,或先取消它。", "Wait for its approval, or cancel it first."),
        act=act.number,
    )


def plan_of(run: Run) -> dict[str, Any]:
    """What is signed: the digest of the rehearsal, and the counts it stands for."""
    found = run.rehearsal or {"digest": "", "entities": {}}
    return {
        "run": run.number,
        "file": run.file_name,
        "snapshot": run.snapshot.sha256 if run.snapshot else "",
        "mapping": f"v{run.mapping.number}" if run.mapping else "",
        "wave": run.wave.name if run.parent_id else "",
        "digest": found["digest"],
        "entities": {name: {k: one[k] for k in COUNTED} for name, one in found["entities"].items()},
    }


COUNTED = ("entity", "read", "created", "updated", "merged", "unchanged", "quarantined", "cells")


def check_plan(run_id: UUID, plan: Any) -> None:
    """Raise KintsugiError ``run.not-rehearsed``, ``run.other-rehearsal`` or
    ``run.contract-changed`` where what was signed cannot be carried out now."""
    run = get_run(run_id)
    if run.status != "rehearsed" or not run.rehearsal:
        raise KintsugiError(
            "run.not-rehearsed",
            Text(f"{run.number} 没有待批准的预演。", f"{run.number} has no rehearsal to approve."),
            Text("请先预演。", "Rehearse it first."),
            run=run.number,
            status=run.status,
        )
    refuse_other_contracts(run)
    if plan.get("digest") != run.rehearsal["digest"]:
        raise KintsugiError(
            "run.other-rehearsal",
            Text("所签的不是最近一次预演。", "This is not what was rehearsed last."),
            Text("请从运行页面重新提交。", "Propose it again from the run's page."),
            run=run.number,
        )


def release_run(*, run_id: UUID, act: str, at: dt.datetime) -> dict[str, Any]:
    """Let an approved run go, inside the execution of its act; a job loads it."""
    Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    run = get_run(run_id)
    RUN.step(run.status, "approved")
    set_run(run, status="approved", act=act)
    events.emit(
        "onboarding.run-approved",
        subject=run.number,
        at=at,
        facts={"run": str(run.pk), "act": act},
    )
    return {"run": run.number}


def withdraw_run(*, actor: Any, run_id: UUID) -> Run:
    """Give a prepared run up that has loaded nothing; it stays on record. Raises
    IllegalTransition, KintsugiError ``run.has-waves``."""
    with recorded(actor=actor, command="onboarding.withdraw-run", run_id=run_id):
        Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        run = get_run(run_id)
        if run.status == "waves" and run.waves.exclude(status="withdrawn").exists():
            raise KintsugiError(
                "run.has-waves",
                Text(f"{run.number} 还有批次。", f"{run.number} has waves."),
                Text("请先放弃或回退它的批次。", "Give its waves up or roll them back first."),
                run=run.number,
            )
        RUN.step(run.status, "withdrawn")
        set_run(run, status="withdrawn", resume_at=None)
    return run
