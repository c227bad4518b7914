"""What a rollback's page shows: counts by outcome, its act, its progress, its proof."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import acts_about
from kintsugi.onboarding import live
from kintsugi.onboarding.models import Chunk, Progress, RollbackItem, Run
from kintsugi.onboarding.rollback_act import OUTCOMES
from kintsugi.onboarding.states import RUN
from kintsugi.onboarding.titles import entity_title


@dataclass(frozen=True)
class Line:
    """One entity's share of a plan."""

    title: Text
    fields: int
    rows: int
    taken_back: int
    kept_fields: int
    kept_rows: int


@dataclass(frozen=True)
class Proof:
    """Checksums of one entity's rows that nobody else touched, before the run and now."""

    title: Text
    touched: int
    alone: int
    before: str
    now: str

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return self.before == self.now


@dataclass
class RollbackState:
    """All that the live part of a rollback's page shows."""

    run: Run
    status: Text
    tone: str
    is_ended: bool
    lines: list[Line]
    conflicts: int
    acts: list[Any]
    sha256: str
    phase: Text | None = None
    done: int = 0
    total: int = 0
    rate: float | None = None
    remaining_s: float | None = None
    result: dict[str, int] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)
    error: KintsugiError | None = None
    can_go_on: bool = False


def _line(entity: str, counts: dict[str, Any]) -> Line:
    fields, rows = counts["fields"], counts["rows"]
    return Line(
        title=entity_title(entity),
        fields=int(fields.get("restore", 0)),
        rows=int(counts["rows_restored"]),
        taken_back=int(rows.get("take_back", 0)),
        kept_fields=sum(int(fields.get(n, 0)) for n in ("changed", "later_run", "gone")),
        kept_rows=sum(int(rows.get(n, 0)) for n in ("edited", "referenced")),
    )


def rollback_state(run: Run) -> RollbackState:
    """The state of a rollback in a few queries."""
    plan = run.rollback
    progress = Progress.objects.filter(run=run).first()
    stage = "apply" if run.chunks.exists() else "plan"
    state = RollbackState(
        run=run,
        status=RUN.states[run.status],
        tone=live.TONES[run.status],
        is_ended=run.status in live.ENDED or run.status in ("planned", "withdrawn"),
        lines=[_line(entity, counts) for entity, counts in plan.counts.items()],
        conflicts=RollbackItem.objects.filter(rollback=plan, stage=stage).count(),
        acts=acts_about([run.pk], limit=20),
        sha256=plan.plan_sha256,
        error=live.error_of(run),
        can_go_on=run.status == "failed",
        total=len(plan.chunks),
        result=plan.result,
    )
    state.proofs = [
        Proof(entity_title(entity), one["touched"], one["alone"], one["before"], one["now"])
        for entity, one in plan.proof.items()
    ]
    if progress is not None and not state.is_ended:
        ledger = Chunk.objects.filter(run=run).aggregate(s=Sum("seconds", default=0.0))
        state.phase = Text(progress.phase_zh, progress.phase_en)
        state.done = run.chunks.count()
        if state.done and ledger["s"]:
            state.remaining_s = (state.total - state.done) * ledger["s"] / state.done
    return state


def outcome_title(outcome: str) -> Text:
    """An outcome in words."""
    return OUTCOMES.get(outcome, Text(outcome, outcome))
