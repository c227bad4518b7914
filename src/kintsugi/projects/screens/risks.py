"""The register of risks with its matrix, and one risk."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    ListScreen,
    Related,
    Value,
)
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.projects import selectors
from kintsugi.projects.kinds import (
    CATEGORIES,
    IMPACTS,
    LIMITS,
    PROBABILITIES,
    RESPONSES,
    RISK,
    TONES,
    band,
)
from kintsugi.projects.models import Risk
from kintsugi.projects.screens.parts import (
    BY,
    CATEGORY,
    NOTE,
    OWNER,
    STATE,
    crumbs,
    kpi_url,
    risk_url,
)
from kintsugi.projects.views import found_project


def _matrix(project_id: UUID, code: str) -> dict[str, Any]:
    """The 5 × 5 matrix of what is not closed, the highest impact on top."""
    counts: dict[tuple[int, int], list[str]] = {}
    for one in selectors.risks(project_id).exclude(status="closed").order_by("number"):
        counts.setdefault((one.probability, one.impact), []).append(str(one))
    base = reverse("projects:risks", args=[code])
    return {
        "probabilities": list(PROBABILITIES.items()),
        "lines": [
            {
                "impact": impact,
                "name": IMPACTS[impact],
                "cells": [
                    {
                        "names": counts.get((p, impact), []),
                        "exposure": p * impact,
                        "band": band(p * impact),
                        "probability": p,
                        "url": f"{base}?probability={p}&impact={impact}",
                    }
                    for p in PROBABILITIES
                ],
            }
            for impact in reversed(IMPACTS)
        ],
    }


RISK_COLUMNS = (
    Column("number", label=Text("编号", "Number"), kind="code", value=str, link=risk_url,
           sort=("number",)),
    Column("title", label=Text("风险", "Risk"), value=lambda row: say(row.title), link=risk_url,
           sort=("title_zh",)),
    Column("category", label=CATEGORY, choices=CATEGORIES),
    Column("probability", label=Text("可能性", "Probability"), kind="number"),
    Column("impact", label=Text("影响", "Impact"), kind="number"),
    Column("exposure", label=Text("敞口", "Exposure"), kind="number"),
    Column("status", label=STATE, kind="state", choices=RISK, tones=TONES),
    Column("raised_at", label=Text("告警", "Alert"), kind="moment"),
    Column("owner_name", label=OWNER),
    Column("review_on", label=_("Next review"), kind="date"),
)  # fmt: skip


def _risk_page(_request: HttpRequest, code: str) -> dict[str, Any]:
    project = found_project(code)
    return {
        "page_title": gettext("Risks"),
        "page_subtitle": say(project.title),
        "breadcrumbs": [(say(words), url) for words, url in crumbs(project)],
        "top": "projects/parts/matrix.html",
        "matrix": _matrix(project.pk, code),
        "add_url": reverse("projects:add-risk", args=[code]),
    }


def _risk_rows(_user: Any, code: str) -> QuerySet[Risk]:
    return selectors.risks(found_project(code).pk)


RISKS = ListScreen(
    name="project-risks",
    title=_("Risks"),
    rows=_risk_rows,
    permission="project.read",
    export_permission="project.export",
    columns=RISK_COLUMNS,
    search=("title_zh", "title_en", "owner_name"),
    search_hint=_("Risk, owner"),
    filters=(
        Filter("status", label=STATE, choices=RISK),
        Filter("category", label=CATEGORY, choices=CATEGORIES),
        Filter("probability", label=Text("可能性", "Probability"),
               choices={str(n): Text(f"{n} {t.zh}", f"{n} {t.en}")
                        for n, t in PROBABILITIES.items()}),
        Filter("impact", label=Text("影响", "Impact"),
               choices={str(n): Text(f"{n} {t.zh}", f"{n} {t.en}") for n, t in IMPACTS.items()}),
    ),
    order=("-exposure", "number"),
    empty=Empty(_("No risk matches"), icon="circle-check"),
    page=_risk_page,
    template="projects/risks.html",
)  # fmt: skip


def find_risk(_user: Any, pk: UUID) -> Risk:
    """The risk."""
    return Risk.objects.select_related("project", "kpi").get(pk=pk, is_void=False)


def _threshold(record: Risk) -> str:
    if record.kpi is None or record.threshold is None:
        return ""
    words = LIMITS[record.limit]
    amount = f"{record.threshold.normalize():f}"
    return say(
        Text(f"{record.kpi.title_zh} {words.zh} {amount}",
             f"{record.kpi.title_en} {words.en} {amount}")
    )  # fmt: skip


RISK_PAGE = DetailScreen(
    permission="project.read",
    find=find_risk,
    title=lambda record: f"{record} {say(record.title)}",
    pills=lambda record: [
        (RISK.states[record.status], TONES[record.status]),
        *([(Text("告警", "alert"), "bad")] if record.raised_at else []),
    ],
    breadcrumbs=lambda record: [
        *crumbs(record.project),
        (_("Risks"), reverse("projects:risks", args=[record.project.code])),
    ],
    actions=lambda record: (
        Action(_("Assess"), reverse("projects:assess-risk", args=[record.pk]), "gauge", True),
        Action(_("Change"), reverse("projects:edit-risk", args=[record.pk]), "edit"),
    ),
    panels=(
        Fields(
            _("Risk"),
            (
                Value("exposure", label=Text("敞口", "Exposure"),
                      value=lambda r: f"{r.probability} × {r.impact} = {r.exposure}"),
                Value("category", label=CATEGORY, choices=CATEGORIES),
                Value("trigger", label=_("Trigger"), value=lambda r: say(r.trigger)),
                Value("response", label=_("Response"), choices=RESPONSES),
                Value("plan", label=_("Measures"), value=lambda r: say(r.plan)),
                Value("owner_name", label=OWNER),
                Value("review_on", label=_("Next review"), kind="date"),
                Value("kpi", label=_("Raised by itself when"), value=_threshold,
                      link=lambda r: kpi_url(r.kpi) if r.kpi else ""),
                Value("raised_at", label=_("Alert since"), kind="moment"),
            ),
            hide_empty=True,
        ),
        Related(
            _("Assessments"),
            lambda record: record.reviews.filter(is_void=False).order_by("-at", "-id"),
            (
                Column("at", label=_("When"), kind="moment"),
                Column("probability", label=Text("可能性", "Probability"), kind="number"),
                Column("impact", label=Text("影响", "Impact"), kind="number"),
                Column("status", label=STATE, kind="state", choices=RISK, tones=TONES),
                Column("note", label=NOTE, value=lambda row: say(Text(*row.note))),
                Column("by_name", label=BY),
            ),
            empty=_("Not assessed since it was entered."),
        ),
    ),
)  # fmt: skip
