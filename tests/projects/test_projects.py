"""Projects over a small real import: checks, figures, risks, acceptance; values worked by hand."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, StaleVersion
from kintsugi.core.models import Event
from kintsugi.onboarding.models import Source
from kintsugi.projects import metrics, selectors, services
from kintsugi.projects.checks import CHECKS, check_params, judge
from kintsugi.projects.metrics import METRICS
from kintsugi.projects.models import Kpi, Measurement, Milestone, Project, Risk
from kintsugi.projects.plans import plans
from kintsugi.projects.tasks import measure_projects
from kintsugi.projects.typed import lines_of, pairs_of, params_of
from tests.projects.people import AT, START, planned, running, somebody
from tests.scenarios.world import DEVICES, PRODUCTS, World

pytestmark = pytest.mark.django_db
D = Decimal
#: A second register that agrees about SN1's day and not about its ward.
OTHER = """序列号,产品编码,医院,科室,采购日期
SN1,P-1,市一医院,手术室,2023-05-06
"""


def loaded(world: World) -> Project:
    """A running project over a catalogue and a register of three devices."""
    world.load(world.file("p.csv", PRODUCTS), source=("catalogue", 50))
    world.load(world.file("d.csv", DEVICES), source=("register", 50))
    made = running(planned())
    return services.set_sources(actor="tester", project=made.pk, codes=["catalogue", "register"])


def figure(project: Project, code: str = "f", **more: Any) -> Kpi:
    given = {"title_zh": "指标", "title_en": "Figure", "direction": "up", "target": D(95), **more}
    key = f"{project.code}/{code}"
    return services.add_kpi(actor="tester", project=project.pk, code=code, key=key, **given)


def value(kpi: Kpi, amount: str, day: int) -> Measurement:
    return services.record_measurement(
        actor="tester", kpi=kpi.pk, value=D(amount), evidence="survey", at=AT,
        as_of=dt.datetime(2026, 11, day, tzinfo=dt.UTC), key=f"{kpi.code}{day}",
    )  # fmt: skip


def refused(code: str) -> Any:
    return pytest.raises(KintsugiError, check=lambda error: error.code == code)


# -- ready plans -----------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", plans(), ids=lambda one: one.name)
def test_a_ready_plan_fills_a_project_that_can_be_measured(plan) -> None:
    made = planned(code=plan.name, template=plan.name)
    assert made.milestones.count() == len(plan.milestones)
    assert made.risks.count() == len(plan.risks)
    first = made.milestones.order_by("position").first()
    assert first
    assert first.planned_on == START + dt.timedelta(days=plan.milestones[0].day)
    assert services.measure_project(actor="tester", project=made.pk, at=AT)
    unknown = Measurement.objects.filter(kpi__project=made, value__isnull=True)
    assert all(one.why for one in unknown), "what is unknown says why"


def test_ready_plans_refer_to_their_own_figures_only() -> None:
    for plan in plans():
        codes = {one.code for one in plan.kpis}
        for stone in plan.milestones:
            for one in stone.criteria:
                if one.check_name == "kpi_reached":
                    assert one.params["kpi"] in codes, (plan.name, one.zh)
        assert {one.kpi for one in plan.risks if one.kpi} <= codes


# -- figures ---------------------------------------------------------------------------------------


def test_an_empty_system_has_no_figure_but_reasons(db: None) -> None:
    project = planned()
    for name, metric in METRICS.items():
        seen = metrics.read(name, project=project, params=metric.params, at=AT)
        assert (seen.value, seen.why) == (None, metric.nothing), name


def test_figures_over_three_devices_by_hand(world: World) -> None:
    """Three devices × 7 things: all have customer, ward, purchase date, model and maker by their
    product; none has an end of warranty or a registration: 15 of 21."""
    project = loaded(world)
    seen = metrics.read("register_completeness", project=project, params={}, at=AT)
    assert (seen.part, seen.whole, seen.value) == (D(15), D(21), D("71.4286"))
    rows = metrics.read("rows_loaded", project=project, params={}, at=AT)
    assert (rows.part, rows.whole, rows.value) == (D(6), D(6), D(100))
    doubled = metrics.read("duplicate_rate", project=project, params={}, at=AT)
    assert doubled.value == D(0), "known, and nothing is double"


def test_consistency_counts_fields_that_two_sources_state(world: World) -> None:
    """Of SN1 both registers state serial, product, customer, ward and day; they differ about the
    ward: what agrees is all but one."""
    project = loaded(world)
    world.load(world.file("o.csv", OTHER), source=("other", 40))
    seen = metrics.read("consistency", project=project, params={}, at=AT)
    assert seen.whole is not None
    assert seen.whole - (seen.part or 0) == 1
    assert seen.value == (seen.part * 100 / seen.whole).quantize(D("0.0001"))  # type: ignore[operator]


def test_open_issues_are_those_of_the_projects_sources(world: World) -> None:
    project = loaded(world)
    bad = DEVICES.replace("2023-05-08", "2023-02-30")
    world.load(world.file("x.csv", bad), source=("elsewhere", 30))
    before = metrics.read("open_issues", project=project, params={}, at=AT)
    services.set_sources(
        actor="t", project=project.pk, codes=["catalogue", "register", "elsewhere"]
    )
    after = metrics.read("open_issues", project=project, params={}, at=AT)
    assert before.value is not None
    assert after.value is not None
    assert after.value > before.value


def test_a_measurement_is_kept_and_the_same_moment_measures_once(world: World) -> None:
    project = loaded(world)
    kpi = figure(project, metric="rows_loaded")
    for _again in range(2):
        services.measure_project(actor="tester", project=project.pk, at=AT)
    one = Measurement.objects.get(kpi=kpi)
    assert (one.value, one.origin) == (D(100), "measured")
    with pytest.raises(DatabaseError), transaction.atomic(), recorded(actor="x", command="x"):
        Measurement.objects.filter(pk=one.pk).update(value=1)
    with refused("kpi.measured-by-system"):
        value(kpi, "1", 3)
    with refused("kpi.measured-by-system"):
        services.withdraw_measurement(actor="t", measurement=one.pk, reason="no")


def test_a_value_by_hand_needs_its_moment_and_can_be_withdrawn(db: None) -> None:
    kpi = figure(running(planned()))
    made = value(kpi, "88.5", 20)
    assert made.pk == value(kpi, "88.5", 20).pk, "the same key and content acts once"
    with refused("kpi.future"):
        value(kpi, "90", 30)
    services.withdraw_measurement(actor="t", measurement=made.pk, reason="wrong survey")
    [shown] = selectors.figures([kpi])
    assert shown.value is None, "withdrawn is unknown, not the value before"


def test_the_nightly_job_measures_running_projects_only(world: World) -> None:
    project = loaded(world)
    figure(project, metric="rows_loaded")
    draft = planned(code="DRAFT")
    figure(draft, metric="rows_loaded")
    measure_projects(timestamp=int(AT.timestamp()))
    assert {one.kpi.project.code for one in Measurement.objects.all()} == {"REG"}


# -- checks and milestones -------------------------------------------------------------------------


def test_checks_over_a_real_import(world: World) -> None:
    project = loaded(world)
    truth = {
        "sources_listed": ({"least": 2}, True), "sources_owned": ({}, False),
        "verified_run": ({"every": True}, True), "loaded_share": ({"least_pct": 100}, True),
        "open_issues": ({"severity": "error", "most": 0}, True),
        "kpi_reached": ({"kpi": "f"}, None), "drill_passed": ({"days": 30}, False),
        "risks_below": ({"exposure": 12}, True),
    }  # fmt: skip
    assert set(truth) == set(CHECKS)
    for name, (params, passed) in truth.items():
        verdict = judge(name, project, check_params(name, params), AT)
        assert verdict.passed is passed, (name, verdict.finding)
    assert judge("sources_listed", project, {"least": 3}, AT).passed is False
    with recorded(actor="t", command="t"):
        Source.objects.filter(code__in=["catalogue", "register"]).update(owner="a", steward="b")
    assert judge("sources_owned", project, {}, AT).passed is True


def test_checks_know_nothing_before_an_import(db: None) -> None:
    project = running(planned())
    for name in ("verified_run", "sources_owned", "loaded_share", "open_issues"):
        assert judge(name, project, {}, AT).passed is None, "unknown does not pass"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("loaded_share", {"least_pct": 101}), ("loaded_share", {"least_pct": True}),
        ("open_issues", {"severity": "'; drop table x; --"}), ("open_issues", {"most": -1}),
        ("verified_run", {"every": "yes"}), ("drill_passed", {"days": 0}),
        ("risks_below", {"unknown": 1}), ("kpi_reached", {"kpi": ""}),
    ],
)  # fmt: skip
def test_a_check_refuses_parameters_it_does_not_take(name, params) -> None:
    with refused("check.params"):
        check_params(name, params)


def test_a_milestone_is_reached_when_all_holds_and_not_before(world: World) -> None:
    project = loaded(world)
    stone = services.add_milestone(
        actor="t", project=project.pk, title_zh="试点", title_en="Pilot",
        due_on=dt.date(2026, 11, 15), key="m",
    )  # fmt: skip
    with refused("milestone.no-criteria"):
        services.step_milestone(actor="t", milestone=stone.pk, to="reached", reason="x", at=AT)
    checked = services.add_criterion(
        actor="t", milestone=stone.pk, title_zh="写入", title_en="Loaded",
        check_name="loaded_share", params={"least_pct": 99}, key="c",
    )  # fmt: skip
    signed = services.add_criterion(
        actor="t", milestone=stone.pk, title_zh="抽查", title_en="Sample", key="s"
    )
    with refused("criterion.checked-by-system"):
        services.sign_criterion(
            actor="t", criterion=checked.pk, holds=True, evidence="trust me", at=AT
        )
    services.sign_criterion(
        actor="Wang", criterion=signed.pk, holds=True, evidence="minutes 12", at=AT
    )
    with refused("milestone.criteria-fail"):
        services.step_milestone(actor="t", milestone=stone.pk, to="reached", reason="x", at=AT)
    with pytest.raises(DatabaseError), transaction.atomic(), recorded(actor="x", command="x"):
        Milestone.objects.filter(pk=stone.pk).update(status="reached", reached_at=AT)
    services.judge_milestone(actor="t", milestone=stone.pk, at=AT)
    services.step_milestone(actor="Li", milestone=stone.pk, to="reached", reason="done", at=AT)
    [row] = selectors.stones(project.pk, on=dt.date(2026, 12, 31))
    assert (row.row.status, row.late_days, row.passed, row.criteria) == ("reached", 7, 2, 2)
    with refused("milestone.settled"):
        services.remove_criterion(actor="t", criterion=signed.pk, reason="x")


def test_lateness_counts_from_the_day_agreed_now_and_the_first_plan_stays(db: None) -> None:
    project = running(planned())
    stone = services.add_milestone(
        actor="t", project=project.pk, title_zh="a", title_en="a", due_on=dt.date(2026, 11, 10),
        key="m",
    )  # fmt: skip
    [row] = selectors.stones(project.pk, on=dt.date(2026, 11, 22))
    assert (row.state, row.late_days, row.moved_days) == ("late", 12, 0)
    with refused("milestone.reason-missing"):
        services.edit_milestone(
            actor="t", milestone=stone.pk, version=None, reason=" ", due_on=dt.date(2026, 11, 20)
        )
    services.edit_milestone(
        actor="t", milestone=stone.pk, version=None, reason="vendor", due_on=dt.date(2026, 11, 20)
    )
    [row] = selectors.stones(project.pk, on=dt.date(2026, 11, 22))
    assert (row.late_days, row.moved_days) == (2, 10)
    assert row.row.planned_on == dt.date(2026, 11, 10)
    [row] = selectors.stones(project.pk, on=dt.date(2026, 11, 20))
    assert row.state == "open", "the day itself is not late"


def test_who_owns_a_project_does_not_accept_it(db: None) -> None:
    owner, second = somebody("Li"), somebody("Wang", "quality")
    project = running(planned(actor=owner), actor=owner)
    with refused("project.nothing-reached"):
        services.step_project(actor=second, project=project.pk, to="accepted", reason="x", at=AT)
    stone = services.add_milestone(
        actor=owner, project=project.pk, title_zh="a", title_en="a", due_on=START, key="m"
    )
    one = services.add_criterion(
        actor=owner, milestone=stone.pk, title_zh="b", title_en="b", key="c"
    )
    with refused("project.milestones-open"):
        services.step_project(actor=second, project=project.pk, to="accepted", reason="x", at=AT)
    with pytest.raises(DatabaseError), transaction.atomic(), recorded(actor="x", command="x"):
        Project.objects.filter(pk=project.pk).update(
            status="accepted", accepted_at=AT, accepted_by_name="x"
        )
    services.sign_criterion(actor=second, criterion=one.pk, holds=True, evidence="e", at=AT)
    services.step_milestone(actor=owner, milestone=stone.pk, to="reached", reason="x", at=AT)
    with refused("project.same-person"):
        services.step_project(actor=owner, project=project.pk, to="accepted", reason="x", at=AT)
    done = services.step_project(
        actor=second, project=project.pk, to="accepted", reason="good", at=AT
    )
    assert (done.status, done.accepted_by_name) == ("accepted", "Wang")
    services.step_project(actor=second, project=project.pk, to="closed", reason="end", at=AT)
    with refused("project.ended"):
        services.set_sources(actor=owner, project=project.pk, codes=[])


def test_somebody_elses_change_is_not_overwritten(db: None) -> None:
    project = planned()
    services.edit_project(actor="a", project=project.pk, version=1, goal_zh="一")
    with pytest.raises(StaleVersion):
        services.edit_project(actor="b", project=project.pk, version=1, goal_zh="二")
    with refused("project.ends-before-start"):
        services.edit_project(
            actor="b", project=project.pk, version=2, planned_end=dt.date(2020, 1, 1)
        )
    with refused("project.code-taken"):
        services.create_project(
            actor="b", code="REG", title_zh="x", title_en="x", planned_start=START, key="other"
        )
    with refused("core.key-reused"):
        planned(title_en="another")


# -- risks -----------------------------------------------------------------------------------------


def risk(project: Project, **more: Any) -> Risk:
    given = {"category": "data", "probability": 3, "impact": 4, "response": "reduce", **more}
    return services.add_risk(
        actor="tester", project=project.pk, key="r", title_zh="险", title_en="Risk", at=AT, **given
    )


def test_exposure_is_worked_out_by_the_database_and_each_assessment_is_kept(db: None) -> None:
    made = risk(running(planned()))
    assert (str(made), made.exposure) == ("R-01", 12)
    after = services.assess_risk(
        actor="Li", risk=made.pk, version=made.version, probability=5, impact=5, status="watched",
        note="worse", at=AT,
    )  # fmt: skip
    assert after.exposure == 25
    assert [one.probability * one.impact for one in after.reviews.order_by("id")] == [12, 25]
    for wrong in (0, 6):
        with refused("risk.off-the-scale"):
            services.assess_risk(
                actor="Li", risk=made.pk, version=None, probability=wrong, impact=1,
                status="open", note="x", at=AT,
            )  # fmt: skip
    with refused("risk.threshold-half"):
        services.edit_risk(actor="Li", risk=made.pk, version=None, limit="below")


def test_a_value_that_crosses_the_threshold_raises_the_risk_once(db: None) -> None:
    project = running(planned())
    kpi = figure(project)
    made = risk(project, kpi=kpi, limit="below", threshold=D(95))
    value(kpi, "95", 1)
    made.refresh_from_db()
    assert made.raised_at is None, "the threshold itself is not beyond"
    value(kpi, "94.9", 2)
    made.refresh_from_db()
    assert made.raised_at == dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    assert Event.objects.filter(type="projects.risk-raised").count() == 1
    services.assess_risk(
        actor="Li", risk=made.pk, version=None, probability=4, impact=4, status="watched",
        note="known", at=AT,
    )  # fmt: skip
    value(kpi, "94", 3)
    made.refresh_from_db()
    assert made.raised_at is None, "still beyond and answered: no new alert"
    value(kpi, "97", 4)
    value(kpi, "90", 5)
    made.refresh_from_db()
    assert made.raised_at is not None, "crossed anew"


# -- contingency and money -------------------------------------------------------------------------


def test_a_drill_passes_in_time_with_all_steps_and_not_otherwise(db: None) -> None:
    project = running(planned())
    plan = services.add_contingency(
        actor="t", project=project.pk, title_zh="断", title_en="Off", limit_min=60,
        steps=[["一", "one"], ["二", "two"]], key="p",
    )  # fmt: skip

    def drilled(minutes: int, steps: int, day: int = 20) -> bool:
        return services.record_drill(
            actor="t", contingency=plan.pk, held_on=dt.date(2026, 11, day), minutes=minutes,
            steps_done=steps, findings="", key=f"{minutes}/{steps}/{day}", at=AT,
        ).passed  # fmt: skip

    assert [drilled(61, 2), drilled(60, 1), drilled(60, 2)] == [False, False, True]
    with refused("drill.steps"):
        drilled(5, 3)
    with refused("drill.future"):
        drilled(5, 2, 30)
    with refused("contingency.no-steps"):
        services.edit_contingency(actor="t", contingency=plan.pk, version=None, steps=[])
    assert judge("drill_passed", project, {"days": 2}, AT).passed is True
    assert judge("drill_passed", project, {"days": 1}, AT).passed is False, "two days ago"


def test_money_planned_measured_entered_and_unknown(db: None) -> None:
    """Hours fall from 40 to a target of 30, each hour worth 100 a month: 1 000 planned. November
    is measured at 36: 400. December has come and has no value: unknown, not nothing."""
    project = running(planned())
    kpi = figure(project, direction="down", target=D(30), baseline=D(40))
    services.add_line(
        actor="t", project=project.pk, side="cost", category="people", title_zh="人",
        title_en="People", first_month=dt.date(2026, 11, 15), months=2, amount=D(500), key="c",
    )  # fmt: skip
    services.add_line(
        actor="t", project=project.pk, side="benefit", category="time", title_zh="省",
        title_en="Saved", first_month=dt.date(2026, 11, 1), months=3, kpi=kpi.pk,
        unit_value=D(100), key="b",
    )  # fmt: skip
    value(kpi, "38", 5)
    value(kpi, "36", 21)
    cost = project.money.get(side="cost")
    services.record_actual(
        actor="t", line=cost.pk, month=dt.date(2026, 11, 9), amount=D(650), evidence="payroll",
        key="a", at=AT,
    )  # fmt: skip
    found = selectors.money(project, on=dt.date(2026, 12, 3))
    base = found.cases["base"]
    assert base
    assert (base.cost, base.benefit) == (D(1000), D(3000))
    assert found.actual_to_date
    assert (found.actual_to_date.cost, found.actual_to_date.benefit) == (D(650), D(400))
    assert found.actual_to_date.unknown == 2, "December of both lines"
    assert found.planned_to_date
    assert (found.planned_to_date.cost, found.planned_to_date.benefit) == (D(1000), D(2000))
    for month, code in ((dt.date(2027, 1, 1), "money.month"), (dt.date(2026, 12, 1), "money.month"),
                        (dt.date(2026, 11, 1), "money.actual-twice")):  # fmt: skip
        with refused(code):
            services.record_actual(
                actor="t", line=cost.pk, month=month, amount=D(1), evidence="x", key=str(month),
                at=AT,
            )  # fmt: skip
    saved = project.money.get(side="benefit")
    with refused("money.measured"):
        services.record_actual(
            actor="t", line=saved.pk, month=START, amount=D(1), evidence="x", key="z", at=AT
        )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"side": "cost"}, "money.entered-or-measured"),
        ({"side": "cost", "amount": D(1), "best_pct": 120}, "money.cases"),
        ({"side": "benefit", "amount": D(1), "worst_pct": 120}, "money.cases"),
    ],
)
def test_a_line_that_says_too_little_or_too_much_is_refused(db: None, given, code) -> None:
    with refused(code):
        services.add_line(
            actor="t", project=planned().pk, category="other", title_zh="x", title_en="x",
            first_month=START, months=1, key="k", **given,
        )  # fmt: skip


# -- what people type ------------------------------------------------------------------------------


def test_lines_in_two_languages_come_back_as_typed() -> None:
    assert pairs_of("一 | one\n\n 二 \n| three") == [
        ["一", "one"],
        ["二", "二"],
        ["three", "three"],
    ]
    assert lines_of(pairs_of("一 | one\n二")) == "一 | one\n二"


def test_parameters_are_values_and_nothing_else() -> None:
    assert params_of("least_pct=98.5 every=yes kpi=a-b most=0") == {
        "least_pct": 98.5, "every": True, "kpi": "a-b", "most": 0
    }  # fmt: skip
    for wrong in ("nonsense", "A=1", "__class__.x=1", "=1"):
        with refused("check.params"):
            params_of(wrong)
