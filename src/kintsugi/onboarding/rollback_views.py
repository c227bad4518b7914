"""Pages about rolling a run back: the plan, who lets it go, what became of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kintsugi.core.access import may, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.middleware import status_of
from kintsugi.onboarding import live, rollback_live, views
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import plan_rollback, propose_rollback, withdraw_rollback
from kintsugi.onboarding.services.rollbacks import REVERTABLE


def page_url(run: Run) -> str:
    """The rollback's page."""
    return reverse("onboarding:rollback", args=[run.number])


def found_rollback(number: str) -> Run:
    """The rollback of this number or id. Raises Http404."""
    run = views.found_run(number)
    if run.reverts_id is None:
        raise Http404
    return run


@requires("run.import")
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, number: str) -> HttpResponse:
    """What rolling back means; POST works the plan out. Nothing is changed by it."""
    run = views.found_run(number)
    error = None
    if request.method == "POST":
        try:
            made = plan_rollback(actor=request.user, run_id=run.pk, at=views.now())
            return HttpResponseRedirect(page_url(made))
        except KintsugiError as refused:
            error = refused
    context = {
        **views.below_run(run, _("Roll back")),
        "error": error,
        "can": run.status in REVERTABLE,
        "open": run.rollbacks.filter(status__in=("planned", "approved", "applying")).first(),
    }
    status = status_of(error) if error else 200
    return render(request, "onboarding/roll_back.html", context, status=status)


@requires("run.read")
@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    """The plan of a rollback, the act it needs, its progress, its result and its proof."""
    return _page(request, found_rollback(number))


def _page(
    request: HttpRequest, run: Run, error: KintsugiError | None = None, reason: str = ""
) -> HttpResponse:
    assert run.reverts, "a rollback names its run"
    context: dict[str, Any] = {
        **views.below_run(run.reverts, run.number),
        "run": run,
        "page_subtitle": f"{run.reverts.number} · {run.file_name}",
        "state": rollback_live.rollback_state(run),
        "csrf": get_token(request),
        "live_url": reverse("onboarding:live", args=[run.number]),
        "may_propose": may("act.create") and may("run.import"),
        "error": error,
        "reason": reason,
        "key": uuid7().hex,
    }
    status = status_of(error) if error else 200
    return render(request, "onboarding/rollback.html", context, status=status)


@requires("act.create")
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Ask another person to approve the plan."""
    run = found_rollback(number)
    reason = request.POST.get("reason", "").strip()[:400]
    try:
        act = propose_rollback(
            account=request.user,
            rollback_id=run.pk,
            reason=reason,
            at=views.now(),
            key=request.POST.get("key", "")[:100] or uuid7().hex,
        )
    except KintsugiError as error:
        return _page(request, run, error, reason)
    messages.success(request, _("Proposed. Another person approves it with a signature."))
    return HttpResponseRedirect(reverse("acts:detail", args=[act.pk]))


@requires("run.import")
@require_POST
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Give a plan up that nobody approved."""
    run = found_rollback(number)
    try:
        withdraw_rollback(actor=request.user, rollback_id=run.pk)
    except KintsugiError as error:
        return _page(request, run, error)
    messages.info(request, _("The plan was given up; nothing was changed."))
    assert run.reverts, "a rollback names its run"
    return HttpResponseRedirect(reverse("onboarding:run", args=[run.reverts.number]))


def is_live(run: Run) -> bool:
    """Whether a rollback is on its way, so that its page follows it."""
    return run.status in ("approved", *live.WORKING)
