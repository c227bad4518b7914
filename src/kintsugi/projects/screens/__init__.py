"""Pages of projects: the list, a project against its plan, and each of its parts."""

from kintsugi.projects.screens.contingencies import CONTINGENCY_PAGE
from kintsugi.projects.screens.figures import KPI_PAGE
from kintsugi.projects.screens.home import PROJECT_PAGE
from kintsugi.projects.screens.listing import PROJECTS
from kintsugi.projects.screens.milestones import MILESTONE_PAGE
from kintsugi.projects.screens.money import MONEY_PAGE
from kintsugi.projects.screens.risks import RISK_PAGE, RISKS

__all__ = [
    "CONTINGENCY_PAGE",
    "KPI_PAGE",
    "MILESTONE_PAGE",
    "MONEY_PAGE",
    "PROJECTS",
    "PROJECT_PAGE",
    "RISKS",
    "RISK_PAGE",
]
