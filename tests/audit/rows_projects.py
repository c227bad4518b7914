"""One row of every table of projects, by hand; a part of ``rows``."""

from typing import Any
from uuid import UUID

from kintsugi.core.ids import uuid7

MOMENT = "2026-11-22T08:00:00Z"
MONTH = "2026-11-01"


def _rows() -> Any:
    """The other makers; they load this file."""
    from tests.audit import rows

    return rows


def project(status: str = "draft") -> UUID:
    """One that says everything that its state asks for."""
    return _rows().insert(
        "projects_project", code=uuid7().hex, status=status, accepted_at=MOMENT,
        accepted_by_name="x", rate_pct=8,
    )  # fmt: skip


def milestone(status: str = "open") -> UUID:
    return _rows().insert(
        "projects_milestone", project_id=project(), position=1, status=status, reached_at=MOMENT
    )


def kpi() -> UUID:
    return _rows().insert(
        "projects_kpi", project_id=project(), code=uuid7().hex, position=1, direction="up",
        target=1,
    )  # fmt: skip


def risk(status: str = "open") -> UUID:
    return _rows().insert(
        "projects_risk", project_id=project(), number=1, probability=2, impact=3, status=status
    )


def contingency() -> UUID:
    return _rows().insert("projects_contingency", project_id=project(), position=1, limit_min=30)


def line() -> UUID:
    return _rows().insert(
        "projects_moneyline", project_id=project(), side="cost", first_month=MONTH, months=1,
        amount=1, best_pct=100, worst_pct=100,
    )  # fmt: skip


ROWS = {
    "projects_project": project,
    "projects_member": lambda: _rows().insert("projects_member", project_id=project()),
    "projects_projectsource": lambda: _rows().insert(
        "projects_projectsource", project_id=project(), source_id=_rows().source()
    ),
    "projects_milestone": milestone,
    "projects_criterion": lambda: _rows().insert(
        "projects_criterion", milestone_id=milestone(), position=1
    ),
    "projects_kpi": kpi,
    "projects_measurement": lambda: _rows().insert(
        "projects_measurement", kpi_id=kpi(), origin="measured"
    ),
    "projects_risk": risk,
    "projects_riskreview": lambda: _rows().insert(
        "projects_riskreview", risk_id=risk(), probability=1, impact=1
    ),
    "projects_contingency": contingency,
    "projects_contact": lambda: _rows().insert(
        "projects_contact", contingency_id=contingency(), position=1
    ),
    "projects_drill": lambda: _rows().insert(
        "projects_drill", contingency_id=contingency(), minutes=1, limit_min=1, steps_done=1,
        steps_all=1,
    ),
    "projects_moneyline": line,
    "projects_moneyactual": lambda: _rows().insert(
        "projects_moneyactual", line_id=line(), month=MONTH, amount=1
    ),
}  # fmt: skip
