"""The desk, reports on the screen and as files. A search that would read too much is stopped."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError, connection, transaction
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from psycopg.errors import QueryCanceled

from kintsugi.audit.reports import desk, running, selectors, services
from kintsugi.core import scope
from kintsugi.core.access import current, may, requires, within
from kintsugi.core.datasets import Dataset, datasets
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.screens.export import under
from kintsugi.core.screens.parts import say

READ_MAX_MS = 8_000
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
FORMATS = tuple(KINDS)


def in_time(read: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer, unless one of its queries takes more than eight seconds.

    Raises KintsugiError ``report.too-wide``.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"set local statement_timeout = {READ_MAX_MS:d}")
            return read()
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise KintsugiError(
            "report.too-wide",
            Text(
                f"此查询需要超过 {READ_MAX_MS // 1000} 秒,已停止。",
                f"This search takes more than {READ_MAX_MS // 1000} seconds and was stopped.",
            ),
            Text(
                "请给出较短的时间、一条记录或一个人员。",
                "Give a shorter time, one record or one person.",
            ),
        ) from error


@requires("trail.read")
@require_safe
def desk_page(request: HttpRequest) -> HttpResponseBase:
    """Who changed what."""
    return in_time(lambda: desk.DESK.respond(request))


@requires("trail.read")
@require_safe
def record_page(request: HttpRequest, table: str, row_id: UUID) -> HttpResponseBase:
    """Every change of one row."""
    return in_time(lambda: desk.RECORD.respond(request, table=table, row_id=row_id))


@requires("report.read")
@require_safe
def reports_page(request: HttpRequest) -> HttpResponse:
    """All datasets and saved reports."""
    known = datasets()
    titles = {one.name: one.title for one in known}
    saved = [
        (one, selectors.report_url(one), titles[one.dataset])
        for one in selectors.reports(request.user)[:200]
        if one.dataset in titles
    ]
    context = {
        "page_title": _("Reports"),
        "page_subtitle": _("For an inspector: on the screen, as CSV, workbook or PDF/A."),
        "datasets": [(one, reverse("audit:report", args=[one.name])) for one in known],
        "saved": saved,
    }
    return render(request, "audit/reports/list.html", context)


@requires("report.read")
@require_safe
def report_page(request: HttpRequest, dataset: str) -> HttpResponseBase:
    """A dataset with the columns and filters of the address; ``format`` gives a file."""
    form = request.GET.get("format", "")
    if form in FORMATS:
        return report_file(request, dataset, form)
    found = selectors.dataset_by_name(dataset)
    with within(found.permission):
        return in_time(lambda: _report_on_screen(request, found))


def _report_on_screen(request: HttpRequest, found: Dataset) -> HttpResponse:
    names = request.GET.getlist("columns")
    screen = running.screen_of(found, names, request.GET.get("sort", ""))
    context = screen.context(request, screen.rows(request.user))
    if request.headers.get("HX-Target") == context["list_id"]:
        return render(request, "core/parts/list_rows.html", {**context, "partial": True})
    saved = _saved(request)
    shown = {column.name for column in screen.columns}
    entity = found.screen.entity
    context |= {
        "page_title": saved.name if saved else say(found.title),
        "page_subtitle": say(found.about),
        "breadcrumbs": [(_("Reports"), reverse("audit:reports"))],
        "top": "audit/reports/top.html",
        "dataset": found,
        "saved": saved,
        "is_mine": saved is not None and saved.owner_id == request.user.pk,
        "may_export": may("report.export") and may(found.export_permission),
        "may_keep": may("report.create"),
        "choices": [(c.name, c.heading(entity)[0], c.name in shown) for c in found.screen.columns],
        "columns": names,
        "kept": [
            (name, value)
            for name, value in request.GET.items()
            if value and name not in ("columns", "saved", "page", "format")
        ],
    }
    return render(request, "core/list.html", context)


def _saved(request: HttpRequest) -> Any:
    try:
        return selectors.report_by_id(UUID(request.GET.get("saved", "")), request.user)
    except (ValueError, KintsugiError):
        return None


def report_file(request: HttpRequest, dataset: str, form: str) -> HttpResponseBase:
    """The report as a file that says who made it, when, with which filters and how many rows.

    Raises AccessDenied for whoever may read the dataset but not take it away.
    """
    found = selectors.dataset_by_name(dataset)
    found.require_export()
    # For good: the rows of a CSV file are read after this function has returned.
    scope.bind(current().rows(found.export_permission))
    return in_time(lambda: _written(request, found, form))


def _written(request: HttpRequest, found: Dataset, form: str) -> HttpResponseBase:
    saved = _saved(request)
    report = running.report_of(
        found, user=request.user, params=request.GET.copy(), title=saved.name if saved else ""
    )
    at, person = timezone.now(), str(request.user)
    count = running.checked_count(report, form)
    head = running.head_of(report, person=person, at=at, count=count)
    name = f"{report.title}-{timezone.localtime(at):%Y%m%d-%H%M}.{form}"
    if form == "csv":
        blocks = under(current(), running.csv_blocks(report, head))
        content = _following(blocks) if isinstance(request, ASGIRequest) else blocks
        response: HttpResponseBase = StreamingHttpResponse(content)
    elif form == "xlsx":
        # The file lives as long as the answer is read: the handle outlives its folder.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xlsx"
            running.write_xlsx(path, report, head, at=at)
            file = path.open("rb")
        response = FileResponse(file)
    else:
        response = HttpResponse(running.pdf(report, head, person=person, at=at))
    response["Content-Type"] = KINDS[form]
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response


async def _following(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same blocks for an asynchronous server, read in the thread of the request."""

    def one() -> bytes | None:
        return next(blocks, None)

    while (block := await sync_to_async(one)()) is not None:
        yield block


@requires("report.create")
@require_POST
def save(request: HttpRequest, dataset: str) -> HttpResponse:
    """Keep the report under a name."""
    filters = {
        name[2:]: str(value)
        for name, value in request.POST.items()
        if name.startswith("f-") and value
    }
    sort = filters.pop("sort", "")
    made = services.save_report(
        actor=request.user,
        name=request.POST.get("name", ""),
        dataset=dataset,
        columns=request.POST.getlist("columns"),
        filters=filters,
        sort=sort,
        is_shared=request.POST.get("is_shared") == "on",
    )
    messages.success(request, _("The report is kept."))
    return HttpResponseRedirect(selectors.report_url(made))


@requires("report.create")
@require_POST
def take_away(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Void a report of one's own."""
    services.void_report(actor=request.user, report_id=report_id)
    messages.success(request, _("The report was taken away."))
    return HttpResponseRedirect(reverse("audit:reports"))
