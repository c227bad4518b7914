"""The pages that change a project; each a form, or a reason, over one service."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.parts import Words, say
from kintsugi.projects import forms, services
from kintsugi.projects.kinds import MILESTONE, PROJECT
from kintsugi.projects.models import (
    Contact,
    Contingency,
    Criterion,
    Kpi,
    Measurement,
    Member,
    Milestone,
    MoneyActual,
    MoneyLine,
    Project,
    Risk,
)
from kintsugi.projects.screens.parts import (
    contingency_url,
    kpi_url,
    milestone_url,
    money_url,
    project_url,
    risk_url,
)
from kintsugi.projects.typed import lines_of, pairs_of, params_of
from kintsugi.projects.views import found_project, now

EDIT = "project.edit"
Crumb = tuple[Words, str]


@dataclass(frozen=True)
class Below(FormScreen):
    """A form about a record, whose fields may depend on it."""

    form_of: Callable[[Any], type[Form]] | None = None

    def respond(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Answer one request."""
        if self.form_of is None:
            return super().respond(request, **arguments)
        assert self.find, "a form about a record finds it"
        record = self.find(request.user, **arguments)
        kind = self.form_of(record)
        plain = dataclasses.replace(self, form=kind, form_of=None)
        return plain.respond(request, **arguments)


def find_project(_user: Any, code: str) -> Project:
    """The project."""
    return found_project(code)


def finder(model: Any, *related: str) -> Callable[..., Any]:
    """Finds the row of a model by its id; voided rows are not found."""

    def find(_user: Any, pk: UUID) -> Any:
        return model.objects.select_related(*related).get(pk=pk, is_void=False)

    return find


def _key(_record: Any) -> dict[str, Any]:
    return {"key": uuid7().hex}


def _crumbs(*, of: Callable[[Any], Project], also: Callable[[Any], Crumb] | None = None) -> Any:
    def crumbs(record: Any) -> list[Crumb]:
        project = of(record)
        found: list[Crumb] = [
            (_("Projects"), reverse("projects:list")),
            (project.title, project_url(project)),
        ]
        return [*found, also(record)] if also else found

    return crumbs


def _titled(words: Any) -> Callable[[Any], str]:
    return lambda record: str(words)


def _new(
    title: Any, form_of: Callable[[Any], type[Form]], save: Callable[..., Any],
    done: Callable[[Any], str], *, find: Callable[..., Any] = find_project,
    of: Callable[[Any], Project] = lambda record: record,
    cancel: Callable[[Any], str] = project_url, permission: str = EDIT,
    values: Callable[[Any], Mapping[str, Any]] = _key,
) -> Below:  # fmt: skip
    return Below(
        permission=permission, find=find, title=_titled(title), form=Form, form_of=form_of,
        values=values, save=save, done=done, cancel=cancel, breadcrumbs=_crumbs(of=of),
    )  # fmt: skip


# -- the project -----------------------------------------------------------------------------------


def _create(*, user: Any, record: Any, version: Any, **typed: Any) -> Project:
    return services.create_project(actor=user, **typed)


NEW = FormScreen(
    permission="project.create", title=_titled(_("New project")), form=forms.new_project,
    save=_create, done=project_url, submit=_("Create"),
    cancel=lambda _record: reverse("projects:list"),
    breadcrumbs=lambda _record: [(_("Projects"), reverse("projects:list"))],
)  # fmt: skip
_PLAIN = (
    "title_zh", "title_en", "goal_zh", "goal_en", "sponsor_name", "owner_name", "planned_start",
    "planned_end", "currency", "rate_pct",
)  # fmt: skip
_BOUNDS = ("inside", "outside", "never")


def _project_values(record: Project) -> dict[str, Any]:
    bounds = {name: lines_of(record.boundaries.get(name, [])) for name in _BOUNDS}
    return {**{name: getattr(record, name) for name in _PLAIN}, **bounds}


def _edit(*, user: Any, record: Project, version: int | None, **typed: Any) -> Project:
    bounds = {name: pairs_of(typed.pop(name)) for name in _BOUNDS}
    return services.edit_project(
        actor=user, project=record.pk, version=version, boundaries=bounds, **typed
    )


PROJECT_EDIT = _new(
    _("Change the project"), lambda _r: forms.project_form(), _edit, project_url,
    values=_project_values,
)  # fmt: skip


def _step_finder(*steps: str) -> Callable[..., Project]:
    def find(user: Any, code: str, to: str) -> Project:
        if to not in steps:
            raise Http404
        found = find_project(user, code)
        found.to = to  # type: ignore[attr-defined]  # the step that the address names
        return found

    return find


def _step(*, user: Any, record: Any, version: Any, reason: str, key: str) -> Project:
    return services.step_project(
        actor=user, project=record.pk, to=record.to, reason=reason, at=now()
    )


def _step_title(record: Any) -> str:
    return gettext("%(what)s → %(state)s") % {
        "what": record, "state": say(STATES_OF[type(record)].states[record.to])
    }  # fmt: skip


STATES_OF: dict[Any, Any] = {Project: PROJECT, Milestone: MILESTONE}
#: Accepting, closing and cancelling are decisions of others than who does the work.
STEP = FormScreen(
    permission=EDIT, find=_step_finder("running"), title=_step_title, form=forms.step_form,
    values=_key, save=_step, done=project_url, cancel=project_url,
    breadcrumbs=_crumbs(of=lambda r: r),
)  # fmt: skip
DECIDE = dataclasses.replace(
    STEP,
    permission="project.approve",
    find=_step_finder("accepted", "closed", "cancelled"),
)


def _set_sources(*, user: Any, record: Project, version: Any, codes: list[str]) -> Project:
    return services.set_sources(actor=user, project=record.pk, codes=codes)


def _source_values(record: Project) -> dict[str, Any]:
    kept = record.sources.filter(is_void=False).select_related("source")
    return {"codes": [one.source.code for one in kept]}


SOURCES = _new(
    _("Sources of the project"), lambda _r: forms.sources_form(), _set_sources, project_url,
    values=_source_values,
)  # fmt: skip


def _add_member(*, user: Any, record: Project, version: Any, **typed: Any) -> Project:
    services.add_member(actor=user, project=record.pk, **typed)
    return record


ADD_MEMBER = _new(_("Add a member"), lambda _r: forms.member_form(), _add_member, project_url)


def _removal(
    title: Any, find: Callable[..., Any], work: Callable[[Any, Any, str], Any],
    of: Callable[[Any], Project], back: Callable[[Any], str],
) -> Below:  # fmt: skip
    def save(*, user: Any, record: Any, version: Any, reason: str, key: str) -> Any:
        work(user, record, reason)
        return record

    return _new(title, lambda _r: forms.step_form(), save, back, find=find, of=of, cancel=back)


REMOVE_MEMBER = _removal(
    _("Remove a member"), finder(Member, "project"),
    lambda user, one, why: services.remove_member(actor=user, member=one.pk, reason=why),
    lambda one: one.project, lambda one: project_url(one.project),
)  # fmt: skip


# -- milestones ------------------------------------------------------------------------------------


def _add_milestone(*, user: Any, record: Project, version: Any, **typed: Any) -> Milestone:
    return services.add_milestone(actor=user, project=record.pk, **typed)


ADD_MILESTONE = _new(
    _("Add a milestone"), lambda _r: forms.milestone_form(), _add_milestone, milestone_url
)
_find_milestone = finder(Milestone, "project")


def _edit_milestone(*, user: Any, record: Milestone, version: Any, **typed: Any) -> Milestone:
    return services.edit_milestone(actor=user, milestone=record.pk, version=version, **typed)


EDIT_MILESTONE = _new(
    _("Change the milestone"), lambda _r: forms.edit_milestone_form(), _edit_milestone,
    milestone_url, find=_find_milestone, of=lambda one: one.project, cancel=milestone_url,
    values=lambda one: {
        name: getattr(one, name) for name in ("title_zh", "title_en", "due_on", "owner_name")
    },
)  # fmt: skip


def _find_milestone_step(user: Any, pk: UUID, to: str) -> Milestone:
    if to not in MILESTONE.states:
        raise Http404
    found: Milestone = _find_milestone(user, pk=pk)
    found.to = to  # type: ignore[attr-defined]  # the step that the address names
    return found


def _step_milestone(*, user: Any, record: Any, version: Any, reason: str, key: str) -> Milestone:
    return services.step_milestone(
        actor=user, milestone=record.pk, to=record.to, reason=reason, at=now()
    )


STEP_MILESTONE = FormScreen(
    permission=EDIT, find=_find_milestone_step, title=_step_title, form=forms.step_form,
    values=_key, save=_step_milestone, done=milestone_url, cancel=milestone_url,
    breadcrumbs=_crumbs(of=lambda one: one.project),
)  # fmt: skip


def _add_criterion(
    *, user: Any, record: Milestone, version: Any, params: str, **typed: Any
) -> Milestone:
    services.add_criterion(actor=user, milestone=record.pk, params=params_of(params), **typed)
    return record


ADD_CRITERION = _new(
    _("Add a criterion"), lambda _r: forms.criterion_form(), _add_criterion, milestone_url,
    find=_find_milestone, of=lambda one: one.project, cancel=milestone_url,
)  # fmt: skip


def _sign(*, user: Any, record: Criterion, version: Any, holds: str, evidence: str) -> Criterion:
    return services.sign_criterion(
        actor=user, criterion=record.pk, holds=holds == "yes", evidence=evidence, at=now()
    )


def _of_criterion(one: Criterion) -> Project:
    return one.milestone.project


_find_criterion = finder(Criterion, "milestone__project")
SIGN = _new(
    _("Sign the criterion"), lambda _r: forms.sign_form(), _sign,
    lambda one: milestone_url(one.milestone), find=_find_criterion, of=_of_criterion,
    cancel=lambda one: milestone_url(one.milestone), permission="project.approve",
    values=lambda _one: {},
)  # fmt: skip
SIGN = dataclasses.replace(SIGN, title=lambda one: say(one.title))
REMOVE_CRITERION = _removal(
    _("Remove a criterion"), _find_criterion,
    lambda user, one, why: services.remove_criterion(actor=user, criterion=one.pk, reason=why),
    _of_criterion, lambda one: milestone_url(one.milestone),
)  # fmt: skip


# -- key figures -----------------------------------------------------------------------------------


def _add_kpi(*, user: Any, record: Project, version: Any, params: str, **typed: Any) -> Kpi:
    return services.add_kpi(actor=user, project=record.pk, params=params_of(params), **typed)


ADD_KPI = _new(_("Add a key figure"), lambda _r: forms.kpi_form(), _add_kpi, kpi_url)
_find_kpi = finder(Kpi, "project")


def _edit_kpi(*, user: Any, record: Kpi, version: Any, **typed: Any) -> Kpi:
    return services.edit_kpi(actor=user, kpi=record.pk, version=version, **typed)


_KPI = ("title_zh", "title_en", "unit_zh", "unit_en", "baseline", "target", "owner_name")
EDIT_KPI = _new(
    _("Change the key figure"), lambda _r: forms.edit_kpi_form(), _edit_kpi, kpi_url,
    find=_find_kpi, of=lambda one: one.project, cancel=kpi_url,
    values=lambda one: {name: getattr(one, name) for name in _KPI},
)  # fmt: skip


def _record_value(*, user: Any, record: Kpi, version: Any, **typed: Any) -> Kpi:
    services.record_measurement(actor=user, kpi=record.pk, at=now(), **typed)
    return record


RECORD_VALUE = _new(
    _("Enter a value"), lambda _r: forms.value_form(), _record_value, kpi_url, find=_find_kpi,
    of=lambda one: one.project, cancel=kpi_url,
)  # fmt: skip
WITHDRAW_VALUE = _removal(
    _("Withdraw a value"), finder(Measurement, "kpi__project"),
    lambda user, one, why: services.withdraw_measurement(
        actor=user, measurement=one.pk, reason=why
    ),
    lambda one: one.kpi.project, lambda one: kpi_url(one.kpi),
)  # fmt: skip


# -- risks -----------------------------------------------------------------------------------------


def _risk_values(typed: dict[str, Any]) -> dict[str, Any]:
    typed["kpi"] = Kpi.objects.get(pk=typed["kpi"]) if typed["kpi"] else None
    return typed


def _add_risk(*, user: Any, record: Project, version: Any, **typed: Any) -> Risk:
    return services.add_risk(actor=user, project=record.pk, at=now(), **_risk_values(typed))


ADD_RISK = _new(
    _("Enter a risk"), lambda project: forms.risk_form(project, is_new=True), _add_risk, risk_url
)
_find_risk = finder(Risk, "project", "kpi")
_RISK = (
    "title_zh", "title_en", "category", "response", "owner_name", "trigger_zh", "trigger_en",
    "plan_zh", "plan_en", "limit", "threshold",
)  # fmt: skip


def _edit_risk(*, user: Any, record: Risk, version: Any, **typed: Any) -> Risk:
    return services.edit_risk(actor=user, risk=record.pk, version=version, **_risk_values(typed))


EDIT_RISK = _new(
    _("Change the risk"), lambda one: forms.risk_form(one.project, is_new=False), _edit_risk,
    risk_url, find=_find_risk, of=lambda one: one.project, cancel=risk_url,
    values=lambda one: {
        **{name: getattr(one, name) for name in _RISK}, "kpi": str(one.kpi_id or "")
    },
)  # fmt: skip


def _assess(*, user: Any, record: Risk, version: Any, **typed: Any) -> Risk:
    return services.assess_risk(actor=user, risk=record.pk, version=version, at=now(), **typed)


ASSESS = _new(
    _("Assess the risk"), forms.assess_form, _assess, risk_url, find=_find_risk,
    of=lambda one: one.project, cancel=risk_url,
    values=lambda one: {
        name: getattr(one, name) for name in ("probability", "impact", "status", "review_on")
    },
)  # fmt: skip


# -- contingency plans -----------------------------------------------------------------------------


def _plan_values(typed: dict[str, Any]) -> dict[str, Any]:
    typed["run_id"] = typed.pop("run") or None
    typed["steps"] = pairs_of(typed["steps"])
    return typed


def _add_contingency(*, user: Any, record: Project, version: Any, **typed: Any) -> Contingency:
    return services.add_contingency(actor=user, project=record.pk, **_plan_values(typed))


ADD_CONTINGENCY = _new(
    _("Add a contingency plan"), forms.contingency_form, _add_contingency, contingency_url
)
_find_contingency = finder(Contingency, "project")
_PLAN = ("title_zh", "title_en", "decider_name", "limit_min", "back_zh", "back_en")


def _edit_contingency(
    *, user: Any, record: Contingency, version: Any, key: str, **typed: Any
) -> Contingency:
    return services.edit_contingency(
        actor=user, contingency=record.pk, version=version, **_plan_values(typed)
    )


EDIT_CONTINGENCY = _new(
    _("Change the contingency plan"), lambda one: forms.contingency_form(one.project),
    _edit_contingency, contingency_url, find=_find_contingency, of=lambda one: one.project,
    cancel=contingency_url,
    values=lambda one: {
        **{name: getattr(one, name) for name in _PLAN}, "steps": lines_of(one.steps),
        "run": str(one.run_id or ""), **_key(one),
    },
)  # fmt: skip


def _add_contact(*, user: Any, record: Contingency, version: Any, **typed: Any) -> Contingency:
    services.add_contact(actor=user, contingency=record.pk, **typed)
    return record


def _drill(*, user: Any, record: Contingency, version: Any, **typed: Any) -> Contingency:
    services.record_drill(actor=user, contingency=record.pk, at=now(), **typed)
    return record


ADD_CONTACT = _new(
    _("Add somebody to call"), lambda _r: forms.contact_form(), _add_contact, contingency_url,
    find=_find_contingency, of=lambda one: one.project, cancel=contingency_url,
)  # fmt: skip
DRILL = _new(
    _("Record a drill"), forms.drill_form, _drill, contingency_url, find=_find_contingency,
    of=lambda one: one.project, cancel=contingency_url,
)  # fmt: skip
REMOVE_CONTACT = _removal(
    _("Remove a contact"), finder(Contact, "contingency__project"),
    lambda user, one, why: services.remove_contact(actor=user, contact=one.pk, reason=why),
    lambda one: one.contingency.project, lambda one: contingency_url(one.contingency),
)  # fmt: skip


# -- money -----------------------------------------------------------------------------------------


def _add_line(*, user: Any, record: Project, version: Any, **typed: Any) -> Project:
    typed["kpi"] = UUID(typed["kpi"]) if typed["kpi"] else None
    services.add_line(actor=user, project=record.pk, **typed)
    return record


ADD_LINE = _new(
    _("Add a cost or benefit"), forms.line_form, _add_line, money_url, cancel=money_url,
    values=lambda record: {**_key(record), "months": 1, "best_pct": 100, "worst_pct": 100},
)  # fmt: skip
_find_line = finder(MoneyLine, "project")
REMOVE_LINE = _removal(
    _("Remove a line"), _find_line,
    lambda user, one, why: services.remove_line(actor=user, line=one.pk, reason=why),
    lambda one: one.project, lambda one: money_url(one.project),
)  # fmt: skip


def _actual(*, user: Any, record: MoneyLine, version: Any, **typed: Any) -> MoneyLine:
    services.record_actual(actor=user, line=record.pk, at=now(), **typed)
    return record


RECORD_ACTUAL = _new(
    _("Enter an actual amount"), lambda _r: forms.actual_form(), _actual,
    lambda one: money_url(one.project), find=_find_line, of=lambda one: one.project,
    cancel=lambda one: money_url(one.project),
)  # fmt: skip
WITHDRAW_ACTUAL = _removal(
    _("Withdraw an amount"), finder(MoneyActual, "line__project"),
    lambda user, one, why: services.withdraw_actual(actor=user, actual=one.pk, reason=why),
    lambda one: one.line.project, lambda one: money_url(one.line.project),
)  # fmt: skip
