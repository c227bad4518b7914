"""The clock of the pages and of the API, and what is not a screen: measure, check, files."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kintsugi.core.access import requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.screens.parts import language, say
from kintsugi.projects import report, selectors, services
from kintsugi.projects.models import Milestone, Project


def now() -> dt.datetime:
    """This moment."""
    return timezone.now()


def today() -> dt.date:
    """This day where the installation is."""
    return timezone.localdate()


def found_project(code: str) -> Project:
    """The project. Raises Http404."""
    found = selectors.project(code)
    if found is None:
        raise Http404
    return found


@requires("project.edit")
@require_POST
def measure(request: HttpRequest, code: str) -> HttpResponse:
    """Measure every figure now and check the criteria."""
    found = found_project(code)
    try:
        made = services.measure_project(actor=request.user, project=found.pk, at=now())
        messages.success(request, _("%(n)s figures measured.") % {"n": len(made)})
    except KintsugiError as error:
        messages.error(request, f"{say(error.message)} {say(error.remedy)}")
    return HttpResponseRedirect(reverse("projects:project", args=[code]))


@requires("project.edit")
@require_POST
def judge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Check the criteria of one milestone now."""
    if not Milestone.objects.filter(pk=pk).exists():
        raise Http404
    try:
        services.judge_milestone(actor=request.user, milestone=pk, at=now())
        messages.success(request, _("Checked."))
    except KintsugiError as error:
        messages.error(request, f"{say(error.message)} {say(error.remedy)}")
    return HttpResponseRedirect(reverse("projects:milestone", args=[pk]))


@requires("project.export")
@require_safe
def status_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The status report on paper."""
    found = found_project(code)
    data = report.status_pdf(
        found, at=now(), on=today(), printed_by=str(request.user), language=language()
    )
    return _file(data, "application/pdf", f"{found.code}.pdf", "inline")


@requires("project.export")
@require_safe
def status_workbook(request: HttpRequest, code: str) -> HttpResponse:
    """The status report as a workbook."""
    found = found_project(code)
    data = report.status_workbook(found, at=now(), on=today(), language=language())
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(data, kind, f"{found.code}.xlsx", "attachment")


def _file(data: bytes, kind: str, name: str, how: str) -> HttpResponse:
    headers = {"Content-Disposition": f'{how}; filename="{name}"'}
    return HttpResponse(data, content_type=kind, headers=headers)
