"""Words, addresses and ways back that the pages of a project share."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens.parts import Words
from kintsugi.engine.text import Text
from kintsugi.projects.models import Contingency, Kpi, Milestone, Project, Risk

OWNER = Text("负责人", "Owner")
STATE = Text("状态", "State")
NAME = Text("名称", "Name")
UNKNOWN = Text("未知", "unknown")
BY = Text("记录人", "By")
UNIT = Text("单位", "Unit")
NOTE = Text("说明", "Note")
WITHDRAW = Text("撤回", "Withdraw")
REMOVE = Text("移除", "Remove")
ROLE = Text("角色", "Role")
PLANNED = Text("计划", "Planned")
CATEGORY = Text("类别", "Category")
VALUE = Text("值", "Value")


def project_url(row: Project) -> str:
    """The project's page."""
    return reverse("projects:project", args=[row.code])


def money_url(row: Project) -> str:
    """The page of the project's money."""
    return reverse("projects:money", args=[row.code])


def milestone_url(row: Milestone) -> str:
    """The milestone's page."""
    return reverse("projects:milestone", args=[row.pk])


def kpi_url(row: Kpi) -> str:
    """The key figure's page."""
    return reverse("projects:kpi", args=[row.pk])


def risk_url(row: Risk) -> str:
    """The risk's page."""
    return reverse("projects:risk", args=[row.pk])


def contingency_url(row: Contingency) -> str:
    """The contingency plan's page."""
    return reverse("projects:contingency", args=[row.pk])


def crumbs(project: Project) -> list[tuple[Words, str]]:
    """Where a part of the project lies."""
    return [(_("Projects"), reverse("projects:list")), (project.title, project_url(project))]


def home_crumbs(_record: Any) -> list[tuple[Words, str]]:
    """Where a project lies."""
    return [(_("Projects"), reverse("projects:list"))]
