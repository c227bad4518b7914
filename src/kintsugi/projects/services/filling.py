"""What a ready plan puts into a new project; inside ``recorded``."""

import datetime as dt

from kintsugi.projects.checks import check_params
from kintsugi.projects.metrics import metric_params
from kintsugi.projects.models import Contingency, Criterion, Kpi, Milestone, Project, Risk
from kintsugi.projects.plans import Plan, Words


def _pairs(words: list[Words]) -> list[list[str]]:
    return [[one.zh, one.en] for one in words]


def fill(project: Project, plan: Plan) -> None:
    """Write the plan's parts, its days counted from the project's planned start."""
    bounds = plan.boundaries
    project.goal_zh, project.goal_en = plan.goal.zh, plan.goal.en
    project.boundaries = {
        "inside": _pairs(bounds.inside),
        "outside": _pairs(bounds.outside),
        "never": _pairs(bounds.never),
    }
    project.save(update_fields=["goal_zh", "goal_en", "boundaries"])
    for number, stone in enumerate(plan.milestones, 1):
        day = project.planned_start + dt.timedelta(days=stone.day)
        made = Milestone.objects.create(
            project=project, position=number, title_zh=stone.zh, title_en=stone.en,
            planned_on=day, due_on=day,
        )  # fmt: skip
        for place, one in enumerate(stone.criteria, 1):
            params = check_params(one.check_name, one.params) if one.check_name else {}
            Criterion.objects.create(
                milestone=made, position=place, title_zh=one.zh, title_en=one.en,
                check_name=one.check_name, params=params,
            )  # fmt: skip
    kpis = {}
    for number, figure in enumerate(plan.kpis, 1):
        params = metric_params(figure.metric, figure.params) if figure.metric else {}
        kpis[figure.code] = Kpi.objects.create(
            project=project, code=figure.code, position=number, title_zh=figure.zh,
            title_en=figure.en, unit_zh=figure.unit.zh, unit_en=figure.unit.en,
            direction=figure.direction, target=figure.target, metric=figure.metric, params=params,
        )  # fmt: skip
    for number, risk in enumerate(plan.risks, 1):
        Risk.objects.create(
            project=project, number=number, category=risk.category, title_zh=risk.zh,
            title_en=risk.en, probability=risk.probability, impact=risk.impact,
            response=risk.response, trigger_zh=risk.trigger.zh, trigger_en=risk.trigger.en,
            plan_zh=risk.plan.zh, plan_en=risk.plan.en, kpi=kpis[risk.kpi] if risk.kpi else None,
            limit=risk.limit, threshold=risk.threshold,
            review_on=project.planned_start + dt.timedelta(days=14),
        )  # fmt: skip
    for number, way in enumerate(plan.contingencies, 1):
        Contingency.objects.create(
            project=project, position=number, title_zh=way.zh, title_en=way.en,
            back_zh=way.back.zh, back_en=way.back.en, limit_min=way.limit_min,
            steps=_pairs(way.steps),
        )  # fmt: skip
