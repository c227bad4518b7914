"""Pages of no single app: home, search, health, and what to say when something fails."""

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe

from kintsugi.core import files
from kintsugi.core import home as home_page
from kintsugi.core import search as searching
from kintsugi.core.access import OPEN, SIGNED_IN, may_open, requires

log = structlog.get_logger(__name__)


@requires(SIGNED_IN)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Tiles and panels of all apps; the first step on an empty installation."""
    steps = [
        {"icon": s.icon, "title": s.title, "text": s.text, "action": s.action, "url": s.url()}
        for s in home_page.FIRST_STEPS
        if may_open(s.url())
    ]
    return render(
        request,
        "core/home.html",
        {
            "page_title": gettext("Home"),
            "tiles": home_page.tiles(request),
            "panels": home_page.panels(request),
            "first_steps": steps,
        },
    )


@requires("search.read")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """``?q=``: a page; for the palette (``HX-Request``) only the options of its list."""
    query = " ".join(request.GET.get("q", "").split())[: searching.QUERY_MAX_LENGTH]
    partial = request.headers.get("HX-Request") == "true"
    found = searching.find(request, query) if query or partial else []
    template = "core/parts/palette_hits.html" if partial else "core/search.html"
    context = {"page_title": gettext("Search"), "query": query, "found": found}
    return render(request, template, context)


@requires(OPEN)
@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process answers and reaches its database: 200 or 503. Tells nothing else."""
    try:
        connection.ensure_connection()
        reachable = connection.is_usable()
    except DatabaseError:
        log.warning("health.database-unreachable", exc_info=True)
        reachable = False
    if not reachable:
        return JsonResponse({"status": "fault", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    title, text = gettext("This request makes no sense here"), gettext("Go back and try again.")
    return _failure(request, 400, title, text)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    title = gettext("You may not open this")
    return _failure(
        request, 403, title, gettext("Ask your administrator if you need it for your work.")
    )


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 because the page was too old or came from elsewhere."""
    title = gettext("This page was open for too long")
    return _failure(request, 403, title, gettext("Go back, reload the page and send it again."))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    """404."""
    title = gettext("There is no such page")
    return _failure(request, 404, title, gettext("Check the address, or look for it with search."))


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """500: ours to mend. Shows the request's number, never a traceback."""
    title = gettext("Something broke on our side")
    text = gettext("Nothing was changed. Try again; if it stays, give this number to support.")
    reference = request.META.get("HTTP_X_REQUEST_ID", "")
    return _failure(request, 500, title, text, reference)


def _failure(
    request: HttpRequest, status: int, title: str, text: str, reference: str = ""
) -> HttpResponse:
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse(
            {"code": f"http.{status}", "message": title, "remedy": text}, status=status
        )
    # Drawn without the request's navigation: a failing database must not fail the failure page.
    context = {"title": title, "text": text, "reference": reference}
    return render(request, "core/failure.html", context, status=status)


def paper_response(sha256: str, name: str) -> HttpResponse:
    """A kept paper for download: never drawn by the browser as part of this site. 404 for none."""
    if not sha256:
        raise Http404
    content = files.read(sha256)
    response = HttpResponse(content, content_type=files.kind_of(content))
    response["Content-Disposition"] = content_disposition_header(True, name or sha256)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox"
    return response
