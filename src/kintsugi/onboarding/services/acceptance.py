"""Acceptance: a load is compared with the tables to the cell, and two persons sign for it."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.pipeline import open_result
from kintsugi.onboarding.models import Acceptance, Run
from kintsugi.onboarding.services.comparing import REASONS, compare_stream
from kintsugi.onboarding.services.loading import streams
from kintsugi.onboarding.services.proposing import propose
from kintsugi.onboarding.services.running import get_run, owned
from kintsugi.onboarding.services.runs import base_of
from kintsugi.onboarding.services.selection import plans_of, workdir

KIND = "onboarding.accept-run"
#: Runs that stand in the tables whole.
COMPARED = ("verified",)


def compare_run(*, actor: Any, run_id: UUID, at: dt.datetime) -> Acceptance:
    """Hold a loaded run against the tables, cell by cell, and keep what was found.

    A run that was loaded in waves is compared wave by wave. Nothing is changed by it. Raises
    KintsugiError ``run.not-loaded`` or ``run.busy``.
    """
    run = get_run(run_id)
    refuse_not_loaded(run)
    with owned(run_id):
        # One moment for all of it; the temporary tables go with the transaction.
        with transaction.atomic():
            found = {
                f"{'' if part.pk == run.pk else part.number + ' '}{stream}/{entity.entity}":
                    compare_stream(stream=stream, entity=entity, folder=plans_of(part))
                for part in _parts(run)
                for stream, entity in streams(
                    run.source.code, open_result(workdir(base_of(part)))
                )
            }  # fmt: skip
        kept = {name: one for name, one in found.items() if one.records}
        results = {
            "counts": run.counts or {},
            "streams": {name: asdict(one) for name, one in kept.items()},
        }
        text = json.dumps([run.number, results], sort_keys=True, ensure_ascii=False)
        with recorded(actor=actor, command="onboarding.compare-run", run_id=run.pk):
            return Acceptance.objects.create(
                run=run,
                compared_at=at,
                compared_by=str(actor)[:200],
                results=results,
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                passes=bool(kept) and all(one.passes for one in kept.values()),
            )


def _parts(run: Run) -> list[Run]:
    """The loads that a run consists of: its waves that stand, or itself."""
    waves = list(run.waves.filter(status__in=COMPARED).select_related("source", "parent"))
    return waves or [run]


def refuse_not_loaded(run: Run) -> None:
    """Raise KintsugiError ``run.not-loaded`` for one that does not stand whole in the tables."""
    if run.status not in COMPARED or run.reverts_id is not None:
        raise KintsugiError(
            "run.not-loaded",
            Text(f"{run.number} 没有完整写入。", f"{run.number} does not stand in the tables."),
            Text("请先完成写入与核对。", "Finish loading it first."),
            run=run.number,
            status=run.status,
        )


def newest(run: Run) -> Acceptance | None:
    """The run's newest comparison."""
    return Acceptance.objects.filter(run=run).order_by("-compared_at", "-created_at").first()


def propose_acceptance(
    *, account: Any, run_id: UUID, reason: str, at: dt.datetime, key: str
) -> Any:
    """Ask another person to accept a load whose comparison passed: the act.

    Raises KintsugiError ``acceptance.none``, ``acceptance.differs``, ``acceptance.proposed``.
    """
    with recorded(actor=account, command="onboarding.propose-acceptance", reason=reason[:400]):
        Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        run = get_run(run_id)
        plan = plan_of(run)
        check_plan(run_id, plan)
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
        "acceptance.proposed",
        Text(f"{act.number} 已提交验收。", f"{act.number} asks for it already."),
        Text("请等待审批,或先取消它。", "Wait for its approval, or cancel it first."),
        act=act.number,
    )


def plan_of(run: Run) -> dict[str, Any]:
    """What is signed: the comparison's digest, and what it found."""
    made = newest(run)
    return {
        "run": run.number,
        "file": run.file_name,
        "snapshot": run.snapshot.sha256 if run.snapshot else "",
        "sha256": made.sha256 if made else "",
        "compared_at": made.compared_at.isoformat() if made else "",
        "streams": {name: totals(one) for name, one in streams_of(made).items()},
    }


def streams_of(made: Acceptance | None) -> dict[str, dict[str, Any]]:
    """The streams of a comparison as they were kept."""
    return dict(made.results["streams"]) if made else {}


def totals(stream: Mapping[str, Any]) -> dict[str, Any]:
    """Records and cells of a stream in all."""
    fields = stream["fields"].values()
    names = ("told", "same", *REASONS)
    return {
        "entity": stream["entity"],
        "records": stream["records"],
        "absent": stream["absent"],
        **{name: sum(int(one[name]) for one in fields) for name in names},
    }


def check_plan(run_id: UUID, plan: Mapping[str, Any]) -> None:
    """Raise KintsugiError ``acceptance.none`` or ``acceptance.differs`` where what was signed
    cannot be accepted now."""
    run = get_run(run_id)
    refuse_not_loaded(run)
    made = newest(run)
    if made is None or made.act or plan.get("sha256") != made.sha256:
        raise KintsugiError(
            "acceptance.none",
            Text("没有待验收的比对。", "There is no comparison to accept."),
            Text("请先与源数据比对。", "Compare the run with its source first."),
            run=run.number,
        )
    if not made.passes:
        raise KintsugiError(
            "acceptance.differs",
            Text(
                f"{run.number} 与源数据存在无法解释的差异。",
                f"{run.number} differs from its source without a reason.",
            ),
            Text("请查明差异后再比对。", "Find out why, then compare it again."),
            run=run.number,
        )


def accept_run(*, run_id: UUID, act: str) -> dict[str, Any]:
    """Accept a load, inside the execution of its act."""
    Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    run = get_run(run_id)
    made = newest(run)
    assert made, "check_plan found one"
    Acceptance.objects.filter(pk=made.pk).update(
        act=act, version=F("version") + 1, updated_at=Now()
    )
    return {"run": run.number, "sha256": made.sha256}
