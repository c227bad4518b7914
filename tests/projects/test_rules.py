"""What the database itself refuses of projects, tried with plain SQL past every service."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.audit.services import recorded
from kintsugi.projects import services
from kintsugi.projects.models import Criterion, Milestone, Project
from tests.projects.people import AT, START, planned, running

pytestmark = pytest.mark.django_db


def sql(text: str, *values: Any) -> int:
    """Rows that the statement changed."""
    with transaction.atomic(), recorded(actor="x", command="x"), connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.rowcount


def refusal(text: str, *values: Any) -> str:
    """The SQLSTATE with which the database refuses the statement."""
    with pytest.raises(DatabaseError) as caught:
        sql(text, *values)
    return str(getattr(caught.value.__cause__, "sqlstate", ""))


def stone(project: Project) -> tuple[Milestone, Criterion]:
    made = services.add_milestone(
        actor="t", project=project.pk, title_zh="试", title_en="Pilot", due_on=START, key="m"
    )
    one = services.add_criterion(
        actor="t", milestone=made.pk, title_zh="签", title_en="Signed", key="c"
    )
    return made, one


REACH = "update projects_milestone set status='reached', reached_at=now() where id=%s"
ACCEPT = (
    "update projects_project set status='accepted', accepted_at=now(), accepted_by_name='x'"
    " where id=%s"
)


@pytest.mark.parametrize("passed", [None, False])
def test_a_milestone_is_not_reached_past_a_criterion_that_does_not_hold(db: None, passed) -> None:
    made, one = stone(running(planned()))
    if passed is not None:
        services.sign_criterion(
            actor="t", criterion=one.pk, holds=passed, evidence="minutes", at=AT
        )
    assert refusal(REACH, made.pk) == "KT190"
    services.sign_criterion(actor="t", criterion=one.pk, holds=True, evidence="minutes", at=AT)
    assert sql(REACH, made.pk) == 1, "what holds is not in the way"


def test_a_criterion_that_was_removed_is_not_in_the_way(db: None) -> None:
    made, one = stone(running(planned()))
    services.remove_criterion(actor="t", criterion=one.pk, reason="not asked for")
    assert sql(REACH, made.pk) == 1


def test_a_project_is_not_accepted_while_a_milestone_is_open(db: None) -> None:
    project = running(planned())
    made, _one = stone(project)
    assert refusal(ACCEPT, project.pk) == "KT191"
    services.step_milestone(actor="t", milestone=made.pk, to="dropped", reason="x", at=AT)
    assert sql(ACCEPT, project.pk) == 1, "dropped is not open"


def past(project: Project) -> dict[str, tuple[UUID, str]]:
    """One row of each table of the past, with a change that would falsify it."""
    kpi = services.add_kpi(
        actor="t", project=project.pk, code="f", title_zh="指", title_en="F", direction="up",
        target=Decimal(95), key="k",
    )  # fmt: skip
    seen = services.record_measurement(
        actor="t", kpi=kpi.pk, value=Decimal(80), as_of=AT, evidence="survey", key="v", at=AT
    )
    risk = services.add_risk(
        actor="t", project=project.pk, key="r", title_zh="险", title_en="R", category="data",
        probability=3, impact=4, response="reduce", at=AT,
    )  # fmt: skip
    plan = services.add_contingency(
        actor="t", project=project.pk, title_zh="断", title_en="Off", limit_min=60,
        steps=[["一", "one"]], key="p",
    )  # fmt: skip
    drill = services.record_drill(
        actor="t", contingency=plan.pk, held_on=dt.date(2026, 11, 20), minutes=61, steps_done=1,
        findings="", key="d", at=AT,
    )  # fmt: skip
    line = services.add_line(
        actor="t", project=project.pk, side="cost", category="people", title_zh="人",
        title_en="P", first_month=START, months=1, amount=Decimal(5), key="l",
    )  # fmt: skip
    paid = services.record_actual(
        actor="t", line=line.pk, month=START, amount=Decimal(6), evidence="bill", key="a", at=AT
    )
    review = risk.reviews.get()
    return {
        "projects_measurement": (seen.pk, "value = 99"),
        "projects_riskreview": (review.pk, "impact = 1"),
        "projects_drill": (drill.pk, "minutes = 10"),
        "projects_moneyactual": (paid.pk, "amount = 1"),
    }


def test_what_was_recorded_is_voided_and_never_rewritten(db: None) -> None:
    for table, (pk, lie) in past(running(planned())).items():
        assert refusal(f"update {table} set {lie} where id=%s", pk) == "KT192", table
        assert refusal(f"update {table} set {lie}, is_void=true where id=%s", pk) == "KT192", table
        void = f"update {table} set is_void=true, void_reason='wrong' where id=%s"
        assert sql(void, pk) == 1, table


def test_the_rules_hold_for_a_replica_as_well(db: None) -> None:
    """``session_replication_role = replica`` silences common triggers and not these."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgname, tgrelid::regclass::text from pg_trigger where tgenabled = 'A'"
            " and tgname in ('check_milestone', 'check_accepted', 'keep_past')"
            " and tgrelid::regclass::text like 'projects!_%%' escape '!'"
        )
        assert len(cursor.fetchall()) == 6
