"""The cost and benefit of a project."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Related,
)
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.projects import selectors
from kintsugi.projects.kinds import (
    MONEY,
    ORIGINS,
    SIDES,
)
from kintsugi.projects.models import MoneyActual, Project
from kintsugi.projects.screens.parts import (
    BY,
    NAME,
    WITHDRAW,
    crumbs,
    money_url,
)
from kintsugi.projects.views import found_project, today


def money_view(record: Any) -> dict[str, Any]:
    """The money, for its page and in short for the project's."""
    found = selectors.money(record, on=today())
    names = {
        "worst": Text("最差", "worst"), "base": Text("基准", "base"), "best": Text("最好", "best"),
    }  # fmt: skip
    return {
        "project": record,
        "money": found,
        "cases": [(names[name], one) for name, one in found.cases.items() if one],
        "rows": found.rows,
        "sides": SIDES,
        "kinds": MONEY,
        "origins": ORIGINS,
        "url": money_url(record),
    }


def find_money(_user: Any, code: str) -> Project:
    """The project."""
    return found_project(code)


def _actuals(record: Project) -> QuerySet[MoneyActual]:
    found = MoneyActual.objects.filter(line__project=record, is_void=False, line__is_void=False)
    return found.select_related("line").order_by("-month", "line__title_zh")


MONEY_PAGE = DetailScreen(
    permission="project.read",
    find=find_money,
    title=lambda record: gettext("Cost and benefit"),
    subtitle=lambda record: say(record.title),
    breadcrumbs=crumbs,
    actions=lambda record: (
        Action(_("Add a cost or benefit"), reverse("projects:add-line", args=[record.code]),
               "plus", True),
    ),
    template="projects/page.html",
    panels=(
        Custom("projects/parts/money.html", money_view),
        Related(
            _("Actual amounts entered"),
            _actuals,
            (
                Column("month", label=_("Month"), value=lambda row: f"{row.month:%Y-%m}"),
                Column("line", label=NAME, value=lambda row: say(row.line.title)),
                Column("amount", label=_("Amount"), kind="number"),
                Column("evidence", label=_("Source and evidence")),
                Column("by_name", label=BY),
                Column("withdraw", label=WITHDRAW, value=lambda _row: say(WITHDRAW),
                       link=lambda row: reverse("projects:withdraw-actual", args=[row.pk])),
            ),
            empty=_("None yet."),
        ),
    ),
)  # fmt: skip
