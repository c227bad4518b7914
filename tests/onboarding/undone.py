"""A rollback from plan to end, by two persons, for the tests."""

import datetime as dt
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.onboarding.models import RollbackItem, Run
from kintsugi.onboarding.services import apply_rollback, plan_rollback, propose_rollback
from tests.identity.control.people import account, decided, executed

AT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)


def planned(run: str | UUID, *, size: int = 10_000) -> Run:
    """The plan to roll back the run of this number."""
    found = Run.objects.get(number=run)
    return plan_rollback(actor="tester", run_id=found.pk, at=AT, size=size)


def released(plan: Run, *, people: tuple[Any, Any] | None = None) -> Any:
    """The plan, proposed by one person, approved by another and let go by the first."""
    li, wang = people or (account("李明"), account("王芳"))
    act = propose_rollback(
        account=li, rollback_id=plan.pk, reason="wrong file", at=AT, key=f"k-{plan.number}"
    )
    act = decided(act, wang)
    return executed(act, li)


def rolled_back(run: str, *, size: int = 10_000) -> Run:
    """Plan, two persons, and the whole rollback; its run."""
    plan = planned(run, size=size)
    released(plan)
    return apply_rollback(actor="tester", rollback_id=plan.pk)


def items(plan: Run, stage: str = "apply") -> list[tuple[str, str, str]]:
    """(entity, field, outcome) of what stayed."""
    found = RollbackItem.objects.filter(rollback__run=plan, stage=stage)
    return sorted(found.values_list("entity", "field", "outcome"))


def edit(model: Any, pk: UUID, actor: str = "张工", **values: Any) -> None:
    """Somebody changes a row by hand, through a recorded block as services do."""
    from django.db.models import F

    with recorded(actor=actor, command="test.edit"):
        model.objects.filter(pk=pk).update(**values, version=F("version") + 1)
