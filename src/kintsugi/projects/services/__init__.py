"""The only writer of projects and everything that belongs to them."""

from kintsugi.projects.services.contingencies import (
    add_contact,
    add_contingency,
    edit_contingency,
    record_drill,
    remove_contact,
)
from kintsugi.projects.services.measuring import (
    add_kpi,
    edit_kpi,
    judge_milestone,
    measure_project,
    record_measurement,
    withdraw_measurement,
)
from kintsugi.projects.services.money import (
    add_line,
    record_actual,
    remove_line,
    withdraw_actual,
)
from kintsugi.projects.services.planning import (
    add_criterion,
    add_member,
    add_milestone,
    create_project,
    edit_milestone,
    edit_project,
    remove_criterion,
    remove_member,
    set_sources,
    sign_criterion,
    step_milestone,
    step_project,
)
from kintsugi.projects.services.risks import add_risk, assess_risk, edit_risk

__all__ = [
    "add_contact",
    "add_contingency",
    "add_criterion",
    "add_kpi",
    "add_line",
    "add_member",
    "add_milestone",
    "add_risk",
    "assess_risk",
    "create_project",
    "edit_contingency",
    "edit_kpi",
    "edit_milestone",
    "edit_project",
    "edit_risk",
    "judge_milestone",
    "measure_project",
    "record_actual",
    "record_drill",
    "record_measurement",
    "remove_contact",
    "remove_criterion",
    "remove_line",
    "remove_member",
    "set_sources",
    "sign_criterion",
    "step_milestone",
    "step_project",
    "withdraw_actual",
    "withdraw_measurement",
]
