"""Projects with their people, sources, milestones, figures, risks, ways back and money."""

from kintsugi.projects.models.contingency import Contact, Contingency, Drill
from kintsugi.projects.models.figures import Kpi, Measurement
from kintsugi.projects.models.money import MoneyActual, MoneyLine
from kintsugi.projects.models.plan import Criterion, Member, Milestone, Project, ProjectSource
from kintsugi.projects.models.risks import Risk, RiskReview

__all__ = [
    "Contact",
    "Contingency",
    "Criterion",
    "Drill",
    "Kpi",
    "Measurement",
    "Member",
    "Milestone",
    "MoneyActual",
    "MoneyLine",
    "Project",
    "ProjectSource",
    "Risk",
    "RiskReview",
]
