"""Ready plans of migration projects: YAML in both languages, read once and checked."""

from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text

NAMES = ("device-register", "orders-and-stock", "old-erp")


class Part(BaseModel):
    """What every part of a plan is made of."""

    model_config = ConfigDict(extra="forbid")


class Words(Part):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)


class CriterionPlan(Words):
    """A criterion: a named check with its parameters, or a statement to sign."""

    check_name: str = Field(default="", alias="check")
    params: dict[str, Any] = {}


class MilestonePlan(Words):
    """A milestone so many days after the start."""

    day: int = Field(ge=0, le=2000)
    criteria: list[CriterionPlan]


class KpiPlan(Words):
    """A key figure."""

    code: str
    unit: Words
    direction: Literal["up", "down"]
    target: Decimal
    metric: str = ""
    params: dict[str, Any] = {}


class RiskPlan(Words):
    """A risk with its trigger and measures."""

    category: str
    probability: int = Field(ge=1, le=5)
    impact: int = Field(ge=1, le=5)
    response: Literal["avoid", "reduce", "transfer", "accept"]
    trigger: Words
    plan: Words
    kpi: str = ""
    limit: Literal["", "above", "below"] = ""
    threshold: Decimal | None = None


class ContingencyPlan(Words):
    """A scenario with its way back."""

    limit_min: int
    back: Words
    steps: list[Words]


class Boundaries(Part):
    """What the project covers, what not, and what must never happen."""

    inside: list[Words]
    outside: list[Words]
    never: list[Words]


class Plan(Words):
    """A ready plan."""

    name: str
    goal: Words
    days: int
    boundaries: Boundaries
    milestones: list[MilestonePlan]
    kpis: list[KpiPlan]
    risks: list[RiskPlan]
    contingencies: list[ContingencyPlan]

    @property
    def title(self) -> Text:
        """Its name."""
        return Text(self.zh, self.en)


@cache
def plan(name: str) -> Plan:
    """A ready plan by its name. Raises NotFound."""
    if name not in NAMES:
        raise NotFound(Text("项目模板", "project template"), name)
    text = files("kintsugi.projects").joinpath("plans", f"{name}.yml").read_text("utf-8")
    return Plan(name=name, **yaml.safe_load(text))


def plans() -> list[Plan]:
    """All ready plans, in listed order."""
    return [plan(name) for name in NAMES]
