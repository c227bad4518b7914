"""Pages of onboarding that are not plain lists: upload, preview, run, live progress, cells."""

import asyncio
import contextlib
import datetime as dt
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.db import connection
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kintsugi.core.access import NOBODY, Access, bound, current, may, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.middleware import status_of
from kintsugi.engine.pipeline import open_result, show_step
from kintsugi.engine.text import Text
from kintsugi.onboarding import cells, live, load_live, rollback_live, tasks, uploads
from kintsugi.onboarding.lineage import has_lineage
from kintsugi.onboarding.models import Issue, Run, Snapshot, Source
from kintsugi.onboarding.preview import NEW, Preview, error_to_store, preview
from kintsugi.onboarding.run_rows import rows_behind, run_streams
from kintsugi.onboarding.selectors import run_by_number
from kintsugi.onboarding.services import start_run, take_snapshot, workdir
from kintsugi.onboarding.services.rollbacks import REVERTABLE as ROLLS_BACK
from kintsugi.onboarding.services.runs import base_of
from kintsugi.onboarding.services.sources import (
    code_for,
    layout_of,
    register_source,
)

TICK_S = 0.7
#: A stream ends after this and the browser connects again, so that none lives for ever.
STREAM_MAX_S = 600
QUIET_TICKS = 20
STEP_ROWS = 50
SOURCES_MAX = 300


def now() -> dt.datetime:
    """This instant."""
    return timezone.now()


# -- upload and preview --------------------------------------------------------------------------


@requires("run.import")
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take files in. They are written straight into a folder of their own; the CSRF check follows
    inside, because it reads the form and the place of the files must be known before that."""
    batch = None
    if request.method == "POST":
        batch = uploads.new_batch(str(request.user.pk))
        request.upload_handlers = [uploads.StoreHandler(request, batch)]
    response = _upload(request, batch)
    if batch is not None and response.status_code >= 400:
        batch.discard()
    return response


@csrf_protect
def _upload(request: HttpRequest, batch: uploads.Batch | None) -> HttpResponse:
    if batch is None:
        return _upload_page(request)
    stored = [f for f in request.FILES.getlist("files") if isinstance(f, uploads.StoredFile)]
    handler = request.upload_handlers[0]
    try:
        if refused := getattr(handler, "refused", None):
            raise refused
        if not stored:
            raise uploads.nothing_chosen()
        if len(stored) > uploads.FILES_MAX:
            raise uploads.too_many(len(stored))
    except KintsugiError as error:
        return _upload_page(request, [error])
    uploads.forget_old(now_s=time.time())
    refused = []
    for file in stored:
        item = uploads.Item(file.path.name, file.size or 0)
        try:
            taken = take_snapshot(actor=request.user, location=str(file.path))
            item.snapshot = taken.path.name
        except KintsugiError as error:
            item.error = error_to_store(error)
            refused.append(error)
        batch.items.append(item)
    if len(refused) == len(stored):
        return _upload_page(request, refused)
    batch.write()
    return HttpResponseRedirect(reverse("onboarding:preview", args=[batch.id]))


def _upload_page(request: HttpRequest, errors: list[KintsugiError] | None = None) -> HttpResponse:
    context = {
        "page_title": _("Upload files"),
        "breadcrumbs": [(_("Sources and runs"), reverse("onboarding:list"))],
        "errors": errors or [],
        "files_max": uploads.FILES_MAX,
    }
    status = status_of(errors[0]) if errors else 200
    return render(request, "onboarding/upload.html", context, status=status)


@requires("run.import")
@require_http_methods(["GET", "HEAD", "POST"])
def preview_upload(request: HttpRequest, batch_id: str) -> HttpResponse:
    """What was recognised; POST starts the import of all files that are ready."""
    batch = uploads.open_batch(batch_id, user=str(request.user.pk))
    if batch is None:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and given.get("do") == "discard":
        batch.discard()
        messages.info(request, _("The upload was discarded; nothing was loaded."))
        return HttpResponseRedirect(reverse("onboarding:upload"))
    previews = [
        preview(
            index=index,
            item=item,
            choice=given.get(f"source_{index}", ""),
            at=now(),
            shrunk=given.get(f"shrunk_{index}", "").strip()[:400],
        )
        for index, item in enumerate(batch.items)
    ]
    ready = [one for one in previews if one.is_ready]
    if request.method == "POST" and ready:
        runs = []
        for one in ready:
            try:
                runs.append(_start(request, one))
            except KintsugiError as error:
                one.error = error
        if all(one.is_ready for one in ready):
            return _imported(request, batch, runs)
    context = {
        "page_title": _("Before loading"),
        "page_subtitle": _("What was recognised. Nothing has been loaded yet."),
        "breadcrumbs": [
            (_("Sources and runs"), reverse("onboarding:list")),
            (_("Upload files"), reverse("onboarding:upload")),
        ],
        "batch": batch,
        "previews": previews,
        "ready": len([one for one in previews if one.is_ready or one.asks_why]),
        "sources": list(
            Source.objects.filter(is_void=False)
            .exclude(status="retired")
            .order_by("code")[:SOURCES_MAX]
        ),
        "new": NEW,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "onboarding/preview.html", context, status=status)


def _start(request: HttpRequest, one: Preview) -> Run:
    assert one.snapshot is not None, "a file that is ready has a snapshot"
    source = one.source
    if source is None and one.choice == NEW:
        source = register_source(
            actor=request.user,
            code=code_for(one.snapshot.file_name),
            kind=one.snapshot.kind,
            layout=layout_of(one.snapshot),
        )
    return start_run(
        actor=request.user,
        location=f"upload:{one.item.name}",
        snapshot=one.snapshot,
        source=source,
        at=timezone.now(),
        is_governed=request.POST.get("governed") == "on",
        shrunk=one.shrunk,
    )


def _imported(request: HttpRequest, batch: uploads.Batch, runs: list[Run]) -> HttpResponse:
    """Hand the runs to the job queue in this transaction; the bytes live on in the snapshots."""
    tasks.import_files.defer(run_ids=[str(run.pk) for run in runs], actor=str(request.user))
    batch.discard()
    if len(runs) == 1:
        return HttpResponseRedirect(reverse("onboarding:run", args=[runs[0].number]))
    started = ngettext("%(n)s run started.", "%(n)s runs started.", len(runs)) % {"n": len(runs)}
    messages.success(request, started)
    return HttpResponseRedirect(reverse("onboarding:list"))


# -- a run ---------------------------------------------------------------------------------------


def found_run(number: str) -> Run:
    """The run with this number or id. Raises Http404."""
    run = run_by_number(number)
    if run is None:
        raise Http404
    return run


def run_head(run: Run) -> dict[str, Any]:
    """Title and way back of a page about a run."""
    return {
        "run": run,
        "page_title": run.number,
        "page_subtitle": f"{run.file_name} · {_source_name(run.source)}",
        "breadcrumbs": [(_("Sources and runs"), reverse("onboarding:list"))],
    }


def below_run(run: Run, title: str) -> dict[str, Any]:
    """The same for a page below the run's."""
    head = run_head(run)
    head["page_title"] = title
    head["breadcrumbs"] = [
        *head["breadcrumbs"],
        (run.number, reverse("onboarding:run", args=[run.number])),
    ]
    return head


def _source_name(source: Source) -> str:
    return Text(source.name_zh, source.name_en).get(translation.get_language() or "zh-hans")


@requires("run.read")
@require_safe
def run_page(request: HttpRequest, number: str) -> HttpResponse:
    """One run: its path, its arithmetic, what is wrong, live while it runs."""
    run = found_run(number)
    if run.reverts_id is not None:
        return HttpResponseRedirect(reverse("onboarding:rollback", args=[run.number]))
    return run_page_of(request, run)


def run_page_of(
    request: HttpRequest, run: Run, *, error: KintsugiError | None = None, status: int = 200
) -> HttpResponse:
    """The page of a run, with a refusal on top where there is one."""
    context = {
        **run_head(run),
        "error": error,
        "rollbacks": list(run.rollbacks.order_by("-created_at")[:20]),
        "can_roll_back": run.status in ROLLS_BACK and may("run.import"),
        "has_lineage": has_lineage(run),
        "can_accept": run.status == "verified",
        "state": live.run_state(run),
        "load": load_live.load_state(run),
        "csrf": get_token(request),
        "live_url": reverse("onboarding:live", args=[run.number]),
        "snapshot": run.snapshot,
    }
    return render(request, "onboarding/run.html", context, status=status)


@requires("run.import")
@require_POST
def go_on(request: HttpRequest, number: str) -> HttpResponse:
    """Take a stopped run up again; it goes on from its last complete step."""
    run = found_run(number)
    if run.status not in live.RESUMABLE:
        messages.info(request, _("This run is finished; there is nothing left to do."))
    elif run.reverts_id is not None:
        tasks.roll_back.defer(rollback_id=str(run.pk), actor=str(request.user))
        messages.success(request, _("The run goes on in the background."))
    else:
        tasks.import_files.defer(run_ids=[str(run.pk)], actor=str(request.user))
        messages.success(request, _("The run goes on in the background."))
    return HttpResponseRedirect(reverse("onboarding:run", args=[run.number]))


def live_frame(
    run_id: UUID, *, csrf: str, language: str, access: Access = NOBODY
) -> tuple[str, bool]:
    """The live part of a run's page, and whether the run has ended. Gives its connection back."""
    try:
        run = Run.objects.select_related("source", "snapshot", "mapping", "parent", "window").get(
            pk=run_id
        )
        with bound(access), translation.override(language):
            is_rollback = run.reverts_id is not None
            state = rollback_live.rollback_state(run) if is_rollback else live.run_state(run)
            shown: dict[str, Any] = {"state": state, "run": run, "csrf": csrf}
            if not is_rollback:
                shown["load"] = load_live.load_state(run)
            html = render_to_string(
                f"onboarding/parts/{'rollback_live' if is_rollback else 'live'}.html", shown
            )
        return html, state.is_ended
    finally:
        if not connection.in_atomic_block:
            connection.close()


def event(name: str, text: str) -> bytes:
    """A server-sent event; every line of the text is a data line."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()


async def run_events(
    run_id: UUID,
    *,
    csrf: str,
    language: str,
    access: Access = NOBODY,
    tick_s: float = TICK_S,
    max_s: float = STREAM_MAX_S,
) -> AsyncIterator[bytes]:
    """The run's progress as events: ``progress`` whenever something changed, ``done`` at the end.

    Ends after ``max_s``; the browser connects again by itself.
    """
    read = sync_to_async(live_frame)
    until, sent, quiet = time.monotonic() + max_s, "", 0
    yield b"retry: 1500\n\n"
    while time.monotonic() < until:
        html, is_ended = await read(run_id, csrf=csrf, language=language, access=access)
        if html != sent:
            sent, quiet = html, 0
            yield event("progress", html)
        else:
            quiet += 1
            if quiet % QUIET_TICKS == 0:
                yield b": still here\n\n"
        if is_ended:
            yield event("done", "")
            return
        await asyncio.sleep(tick_s)


@requires("run.read")
@require_safe
async def live_run(request: HttpRequest, number: str) -> HttpResponseBase:
    """Server-sent events of one run."""
    run = await sync_to_async(found_run)(number)
    language = translation.get_language() or "zh-hans"
    csrf = get_token(request)
    return StreamingHttpResponse(
        run_events(run.pk, csrf=csrf, language=language, access=current()),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@requires("row.read")
@require_safe
def step_page(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """The rows of one materialised step, with what made them."""
    run = found_run(number)
    result = open_result(workdir(base_of(run)))
    named = [s for s in result.steps if step in (s.name, s.id)]
    if not named:
        raise Http404
    chosen = named[0]
    offset = max(0, whole(request.GET.get("from")))
    rows = show_step(result, chosen.id, limit=STEP_ROWS, offset=offset)
    siblings = [s for s in result.steps if s.name == chosen.name]
    context = {
        **below_run(run, chosen.title.get(translation.get_language() or "zh-hans")),
        "page_subtitle": chosen.id,
        "step": chosen,
        "columns": list(rows[0]) if rows else chosen.columns,
        "rows": [[_cell(value) for value in row.values()] for row in rows],
        "first": offset + 1,
        "last": offset + len(rows),
        "before": max(0, offset - STEP_ROWS) if offset else None,
        "after": offset + STEP_ROWS if offset + STEP_ROWS < chosen.rows else None,
        "path": [
            (s.title, reverse("onboarding:step", args=[run.number, s.id]), s.name == chosen.name)
            for s in result.steps
            if (s.table, s.entity or chosen.entity) == (chosen.table, chosen.entity)
            or (s.table == chosen.table and s.entity is None)
        ],
        "tabs": [
            {
                "label": f"{s.table}{' › ' + s.entity if s.entity else ''}",
                "url": reverse("onboarding:step", args=[run.number, s.id]),
                "active": s.id == chosen.id,
                "count": s.rows,
            }
            for s in siblings
        ]
        if len(siblings) > 1
        else [],
    }
    return render(request, "onboarding/step.html", context)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)[:400]
    return str(value)[:400]


@requires("row.read")
@require_safe
def rows_page(request: HttpRequest, number: str, outcome: str) -> HttpResponse:
    """The rows behind one number of the run's arithmetic."""
    run = found_run(number)
    if outcome not in live.OUTCOMES:
        raise Http404
    _result, streams = run_streams(run)
    wanted = request.GET.get("stream", "")
    stream = next((s for s in streams if s.name + s.result.entity == wanted), streams[0])
    page = rows_behind(run, stream, outcome, after=max(0, whole(request.GET.get("after"))))
    language = translation.get_language() or "zh-hans"
    context = {
        **below_run(run, f"{live.OUTCOMES[outcome].get(language)}"),
        "outcome": outcome,
        "outcomes": [
            {
                "label": text,
                "url": reverse("onboarding:rows", args=[run.number, name]),
                "active": name == outcome,
                "count": run.counts.get(name) if run.counts else None,
            }
            for name, text in live.OUTCOMES.items()
        ],
        "streams": [(s.name + s.result.entity, s.title, s is stream) for s in streams],
        "stream": stream,
        "page": page,
    }
    return render(request, "onboarding/rows.html", context)


def whole(text: str | None) -> int:
    """A number out of an address; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


# -- a cell ------------------------------------------------------------------------------------


@requires("cell.read")
@require_safe
def cell(request: HttpRequest, snapshot: str, table: int, row: int, ordinal: int) -> HttpResponse:
    """A source cell among its neighbours: a page, or for the drawer its content alone."""
    stored = Snapshot.objects.filter(folder=snapshot[:80]).first()
    if stored is None:
        raise Http404
    gid = None
    with contextlib.suppress(ValueError):
        gid = UUID(request.GET.get("gid", ""))
    issue = None
    with contextlib.suppress(ValueError):
        found = Issue.objects.filter(pk=UUID(request.GET.get("issue", "")))
        issue = found.filter(run__snapshot=stored).first()
    context = cells.cell_context(
        stored=stored,
        table_no=table,
        row=row,
        ordinal=ordinal,
        gid=gid,
        field=request.GET.get("field", "")[:63],
        issue=issue,
    )
    if not context["rows"]:
        raise Http404
    if request.headers.get("HX-Request") == "true":
        return render(request, "onboarding/parts/cell.html", context)
    context |= {
        "page_title": context["place"],
        "page_subtitle": f"{stored.file_name} › {context['table'].name}",
        "breadcrumbs": [(_("Sources and runs"), reverse("onboarding:list"))],
    }
    return render(request, "onboarding/cell.html", context)
