"""Reads of projects: how they stand against their plan."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from kintsugi.engine.text import Text
from kintsugi.onboarding.selectors import runs_of_sources
from kintsugi.projects.kinds import MILESTONE
from kintsugi.projects.models import (
    Contingency,
    Kpi,
    Measurement,
    Milestone,
    MoneyLine,
    Project,
    ProjectSource,
    Risk,
)
from kintsugi.projects.roi import Line, Summary, months_from, summary

RUNS_SHOWN = 10
SERIES_MAX = 90


def projects() -> QuerySet[Project]:
    """All projects, with how many milestones each has and has reached."""
    live = Q(milestones__is_void=False) & ~Q(milestones__status="dropped")
    return Project.objects.filter(is_void=False).annotate(
        stones=Count("milestones", filter=live, distinct=True),
        reached=Count("milestones", filter=live & Q(milestones__status="reached"), distinct=True),
    )


def project(code: str) -> Project | None:
    """The project with this code."""
    return Project.objects.filter(code=code, is_void=False).first()


def risks(project_id: UUID) -> QuerySet[Risk]:
    """The register of a project."""
    return Risk.objects.filter(project_id=project_id, is_void=False).select_related("kpi")


def contingencies(project_id: UUID) -> QuerySet[Contingency]:
    """The contingency plans of a project in order."""
    return Contingency.objects.filter(project_id=project_id, is_void=False).order_by("position")


# -- milestones ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stone:
    """A milestone against its plan. ``late_days`` counts from the day it is due to the day it was
    reached, or to today; ``moved_days`` from the day first planned to the day it is due now."""

    row: Milestone
    passed: int
    criteria: int
    late_days: int
    moved_days: int

    @property
    def words(self) -> Text:
        """The state in words."""
        return MILESTONE.states[self.row.status]

    @property
    def state(self) -> str:
        """The state, ``late`` where it is open beyond its day."""
        return "late" if self.row.status == "open" and self.late_days > 0 else self.row.status


def stones(project_id: UUID, *, on: dt.date) -> list[Stone]:
    """The milestones in order, as of a day."""
    live = Q(criteria__is_void=False)
    rows = (
        Milestone.objects.filter(project_id=project_id, is_void=False)
        .annotate(
            all=Count("criteria", filter=live),
            held=Count("criteria", filter=live & Q(criteria__passed=True)),
        )
        .order_by("due_on", "position")
    )
    return [
        Stone(
            row=row, passed=row.held, criteria=row.all, late_days=_late(row, on),
            moved_days=(row.due_on - row.planned_on).days,
        )
        for row in rows
    ]  # fmt: skip


def _late(row: Milestone, on: dt.date) -> int:
    if row.status == "dropped":
        return 0
    end = row.reached_at.date() if row.reached_at else on
    return max((end - row.due_on).days, 0)


# -- key figures -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A key figure with its series, oldest first; ``value`` None is unknown."""

    row: Kpi
    series: list[Measurement] = field(default_factory=list)

    @property
    def last(self) -> Measurement | None:
        """The newest measurement."""
        return self.series[-1] if self.series else None

    @property
    def value(self) -> Decimal | None:
        """The newest value; None is unknown."""
        return self.last.value if self.last else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None is unknown."""
        return self.row.reaches(self.value)


def figures(rows: Iterable[Kpi]) -> list[Figure]:
    """Figures with their newest measurements, in one query more."""
    listed = list(rows)
    series: dict[UUID, list[Measurement]] = {one.pk: [] for one in listed}
    found = Measurement.objects.filter(kpi__in=listed, is_void=False).order_by("at", "id")
    for one in found:
        series[one.kpi_id].append(one)
    return [Figure(one, series[one.pk][-SERIES_MAX:]) for one in listed]


def kpis(project_id: UUID) -> QuerySet[Kpi]:
    """The key figures of a project in order."""
    return Kpi.objects.filter(project_id=project_id, is_void=False).order_by("position")


# -- money -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MoneyRow:
    """A line with its plan and what became of it by month; None is unknown."""

    row: MoneyLine
    planned: dict[dt.date, Decimal | None]
    actual: dict[dt.date, Decimal | None]

    @property
    def planned_sum(self) -> Decimal:
        """The whole plan."""
        return sum((one for one in self.planned.values() if one is not None), Decimal(0))

    @property
    def actual_sum(self) -> Decimal | None:
        """What is known so far; None when nothing is."""
        known = [one for one in self.actual.values() if one is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def unknown(self) -> int:
        """Months that have come and that nobody knows."""
        return sum(one is None for one in self.actual.values())


@dataclass(frozen=True)
class Money:
    """The money of a project: the plan in three cases, and plan and actual to date."""

    rows: list[MoneyRow]
    cases: Mapping[str, Summary | None]
    planned_to_date: Summary | None
    actual_to_date: Summary | None


def money(found: Project, *, on: dt.date) -> Money:
    """Plan and actual as of a day; the month of that day counts."""
    lines = list(
        found.money.filter(is_void=False)
        .select_related("kpi")
        .order_by("side", "first_month", "id")
    )
    actuals: dict[UUID, dict[dt.date, Decimal]] = {line.pk: {} for line in lines}
    for line in lines:
        for one in line.actuals.filter(is_void=False):
            actuals[line.pk][one.month] = one.amount
    series = {one.row.pk: one.series for one in figures({x.kpi for x in lines if x.kpi})}
    this_month = on.replace(day=1)
    rows = []
    for line in lines:
        months = months_from(line.first_month, line.months)
        come = [month for month in months if month <= this_month]
        if line.kpi:
            steady = _improvement(line, line.kpi.target)
            actual = {m: _measured(line, series[line.kpi.pk], m) for m in come}
        else:
            steady = line.amount
            actual = {m: actuals[line.pk].get(m) for m in come}
        rows.append(MoneyRow(line, dict.fromkeys(months, steady), actual))

    def of(which: str, case: str = "base", until: dt.date | None = None) -> Summary | None:
        return summary(
            (
                Line(
                    one.row.side,
                    {m: v for m, v in getattr(one, which).items() if until is None or m <= until},
                    one.row.best_pct,
                    one.row.worst_pct,
                )
                for one in rows
            ),
            rate_pct=found.rate_pct,
            case=case,
        )

    return Money(
        rows=rows,
        cases={case: of("planned", case) for case in ("worst", "base", "best")},
        planned_to_date=of("planned", until=this_month),
        actual_to_date=of("actual"),
    )


def _improvement(line: MoneyLine, value: Decimal) -> Decimal | None:
    assert line.kpi, "only of measured lines"
    if line.kpi.baseline is None or line.unit_value is None:
        return None
    way = value - line.kpi.baseline
    signed = way if line.kpi.direction == "up" else -way
    return (signed * line.unit_value).quantize(Decimal("0.01"))


def _measured(line: MoneyLine, series: list[Measurement], month: dt.date) -> Decimal | None:
    """The month's last known value; None where none was measured in it."""
    within = [
        one.value
        for one in series
        if one.value is not None and (one.at.year, one.at.month) == (month.year, month.month)
    ]
    return _improvement(line, within[-1]) if within else None


# -- the sources and what to do next ---------------------------------------------------------------


@dataclass(frozen=True)
class SourceRow:
    """A source of the project with its newest import; rates are None where nothing was read."""

    source: Any
    run: Any | None
    read: int | None
    loaded: int | None
    quarantined: int | None

    @property
    def state(self) -> str:
        """The import's state, as the pages of imports say it."""
        return str(self.run.get_status_display()) if self.run else ""

    @property
    def loaded_pct(self) -> Decimal | None:
        """Share of the rows loaded; None before anything was read."""
        if not self.read or self.loaded is None:
            return None
        return (Decimal(self.loaded) * 100 / self.read).quantize(Decimal("0.1"))


def source_rows(project_id: UUID) -> list[SourceRow]:
    """The project's sources, each with its newest import."""
    kept = ProjectSource.objects.filter(project_id=project_id, is_void=False)
    found = []
    for one in kept.select_related("source").order_by("source__code"):
        run = runs_of_sources([one.source_id]).order_by("-created_at").first()
        counts = (run.counts or {}) if run else {}
        known = "read" in counts
        loaded = sum(counts.get(n, 0) for n in ("created", "updated", "merged", "unchanged"))
        found.append(
            SourceRow(
                source=one.source, run=run,
                read=counts["read"] - counts.get("excluded", 0) if known else None,
                loaded=loaded if known else None, quarantined=counts.get("quarantined"),
            )
        )  # fmt: skip
    return found


def next_actions(
    found: Project, rows: list[Stone], shown: list[Figure], *, on: dt.date
) -> list[tuple[Text, str, UUID | None]]:
    """What waits for somebody: (words, kind, id); the most pressing first, at most twelve."""
    actions: list[tuple[Text, str, UUID | None]] = []
    if not found.sources.filter(is_void=False).exists():
        actions.append((Text("登记项目的数据来源", "List the project's sources"), "sources", None))
    if found.status == "draft":
        actions.append((Text("开始项目", "Start the project"), "start", None))
    for risk in risks(found.pk).filter(raised_at__isnull=False).order_by("-exposure"):
        words = Text(
            f"处理告警:{risk} {risk.title_zh}", f"Answer the alert: {risk} {risk.title_en}"
        )
        actions.append((words, "risk", risk.pk))
    for one in rows:
        if one.state == "late":
            words = Text(
                f"里程碑“{one.row.title_zh}”已逾期 {one.late_days} 天",
                f"Milestone “{one.row.title_en}” is {one.late_days} days late",
            )
            actions.append((words, "milestone", one.row.pk))
    due = risks(found.pk).filter(review_on__lte=on).exclude(status="closed")
    for risk in due.order_by("review_on", "number"):
        words = Text(f"复核风险 {risk}:{risk.title_zh}", f"Review {risk}: {risk.title_en}")
        actions.append((words, "risk", risk.pk))
    for figure in shown:
        if not figure.row.metric and figure.value is None:
            words = Text(
                f"录入“{figure.row.title_zh}”", f"Enter a value of “{figure.row.title_en}”"
            )
            actions.append((words, "kpi", figure.row.pk))
    return actions[:12]
