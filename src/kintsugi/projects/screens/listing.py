"""The list of projects."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import (
    Action,
    Column,
    Empty,
    Filter,
    ListScreen,
)
from kintsugi.core.screens.parts import say
from kintsugi.projects import selectors
from kintsugi.projects.kinds import (
    PROJECT,
    TONES,
)
from kintsugi.projects.screens.parts import (
    NAME,
    OWNER,
    STATE,
    project_url,
)

PROJECTS = ListScreen(
    name="projects",
    title=_("Projects"),
    subtitle=_("Migrations against their plan: milestones, key figures, risks, money."),
    rows=lambda _user: selectors.projects(),
    permission="project.read",
    export_permission="project.export",
    columns=(
        Column("code", label=_("Code"), kind="code", link=project_url),
        Column("title", label=NAME, value=lambda row: say(row.title), sort=("title_zh",)),
        Column("status", label=STATE, kind="state", choices=PROJECT, tones=TONES),
        Column("owner_name", label=OWNER),
        Column("planned_end", label=_("Planned end"), kind="date"),
        Column("reached", label=_("Milestones reached"), sort=(),
               value=lambda row: f"{row.reached} / {row.stones}"),
    ),
    search=("code", "title_zh", "title_en", "owner_name"),
    search_hint=_("Code, name, owner"),
    filters=(Filter("status", label=STATE, choices=PROJECT),),
    order=("-planned_end", "code"),
    actions=(Action(_("New project"), lambda _r: reverse("projects:new"), "plus", True),),
    empty=Empty(
        _("No projects yet"),
        _("Start with a ready plan: its milestones, figures, risks and ways back are filled in."),
        icon="timeline",
        action=_("New project"),
        url=lambda: reverse("projects:new"),
    ),
)  # fmt: skip
