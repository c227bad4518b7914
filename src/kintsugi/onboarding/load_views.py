"""Pages about letting a run go: its rehearsal as a diff, the proposal, pace, waves."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kintsugi.audit.selectors import cell_url
from kintsugi.core.access import may, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.middleware import status_of
from kintsugi.onboarding import load_live, tasks, views
from kintsugi.onboarding.cells import record_url
from kintsugi.onboarding.models import LoadWindow, Run
from kintsugi.onboarding.selectors import rule_title
from kintsugi.onboarding.services import add_wave, propose_run
from kintsugi.onboarding.services.rehearsal import REHEARSES
from kintsugi.onboarding.titles import field_title


def found_import(number: str) -> Run:
    """The import of this number or id. Raises Http404, for a rollback too."""
    run = views.found_run(number)
    if run.reverts_id is not None:
        raise Http404
    return run


def _back(run: Run) -> HttpResponse:
    return HttpResponseRedirect(reverse("onboarding:run", args=[run.number]))


def _refused(request: HttpRequest, run: Run, error: KintsugiError) -> HttpResponse:
    """The run's page with the refusal on top."""
    return views.run_page_of(request, run, error=error, status=status_of(error))


@requires("run.import")
@require_POST
def rehearse(request: HttpRequest, number: str) -> HttpResponse:
    """Have a job work out what the run would do."""
    run = found_import(number)
    if run.status not in REHEARSES:
        messages.info(request, _("This run cannot be rehearsed in its present state."))
        return _back(run)
    tasks.rehearse.defer(run_id=str(run.pk), actor=str(request.user))
    messages.success(request, _("The rehearsal goes on in the background; it changes nothing."))
    return _back(run)


PACE: dict[str, Callable[[], str]] = {
    "pause": lambda: _("It pauses after the part it is loading now."),
    "stop": lambda: _("It stops after the part it is loading now."),
    "go-on": lambda: _("The run goes on in the background."),
    "withdraw": lambda: _("The run was given up; nothing was changed."),
}


@requires("run.import")
@require_POST
def pace(request: HttpRequest, number: str) -> HttpResponse:
    """Pause, stop, go on or give up."""
    run = found_import(number)
    what = request.POST.get("do", "")
    if what not in PACE:
        raise Http404
    try:
        tasks.tell_run(actor=request.user, run_id=run.pk, what=what, at=views.now())
    except KintsugiError as error:
        return _refused(request, run, error)
    messages.success(request, PACE[what]())
    return _back(run)


@requires("act.create")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Ask another person to let a rehearsed run go."""
    run = found_import(number)
    reason, error = request.POST.get("reason", "").strip()[:400], None
    if request.method == "POST":
        try:
            act = propose_run(
                account=request.user,
                run_id=run.pk,
                reason=reason,
                at=views.now(),
                key=request.POST.get("key", "")[:100] or uuid7().hex,
            )
            messages.success(request, _("Proposed. Another person approves it with a signature."))
            return HttpResponseRedirect(reverse("acts:detail", args=[act.pk]))
        except KintsugiError as refused:
            error = refused
    state = load_live.load_state(run)
    context = {
        **views.below_run(run, _("Propose to load")),
        "error": error,
        "reason": reason,
        "key": request.POST.get("key") or uuid7().hex,
        "lines": state.rehearsal,
        "digest": (run.rehearsal or {}).get("digest", ""),
        "can": state.can_propose,
    }
    status = status_of(error) if error else 200
    return render(request, "onboarding/propose_run.html", context, status=status)


@requires("row.read")
@require_safe
def diff(request: HttpRequest, number: str) -> HttpResponse:
    """What the last rehearsal would do, cell by cell."""
    run = found_import(number)
    lines = load_live.stream_lines(run)
    if not lines:
        raise Http404
    chosen = request.GET.get("of", "")
    line = next((one for one in lines if one.name == chosen), lines[0])
    show = request.GET.get("show", "")
    show = show if show in load_live.SHOWS else _first_shown(line)
    field = request.GET.get("field", "")[:63]
    after = views.whole(request.GET.get("after"))
    page = load_live.diff_page(run, line, show, field=field, after=after)
    folder = run.snapshot.folder if run.snapshot else ""
    for row in page.rows:
        row["key"], row["row_no"] = row["_key"], row["_row"]
        row["cell"] = (
            cell_url(folder, line.table_no, row["_row"], 0) if row["_row"] is not None else ""
        )
        gid = row.get("gid") or row.get("_gid")
        row["record"] = record_url(line.entity, gid) if gid else ""
        if "field" in row:
            row["title"] = field_title(line.entity, row["field"])
    language = translation.get_language() or "zh-hans"
    base = {"of": line.name}
    context = {
        **views.below_run(run, _("What would change")),
        "lines": lines,
        "line": line,
        "show": show,
        "shows": [
            {
                "label": text.get(language),
                "url": f"?{urlencode({**base, 'show': name})}",
                "active": name == show,
                "count": _count(line, name),
            }
            for name, text in load_live.SHOWS.items()
        ],
        "field": field,
        "page": page,
        "issues": [(rule_title(rule), count) for rule, count in line.issues.items()],
    }
    return render(request, "onboarding/diff.html", context)


def _first_shown(line: load_live.StreamLine) -> str:
    return next((name for name in load_live.SHOWS if _count(line, name)), "changed")


def _count(line: load_live.StreamLine, name: str) -> int:
    return line.counts["cells" if name == "changed" else name]


# -- waves -----------------------------------------------------------------------------------------


@requires("run.import")
@require_http_methods(["GET", "HEAD", "POST"])
def waves(request: HttpRequest, number: str) -> HttpResponse:
    """The waves of a prepared run, and a form for the next one."""
    run = found_import(number)
    given = request.POST if request.method == "POST" else request.GET
    error = None
    if request.method == "POST":
        try:
            made = add_wave(
                actor=request.user,
                run_id=run.pk,
                name=given.get("name", "").strip()[:200] or _("Load wave"),
                kind=given.get("kind", ""),
                rule=typed_rule(given),
                window=LoadWindow.objects.filter(
                    code=given.get("window", ""), is_void=False
                ).first(),
            )
            messages.success(
                request, _("The wave was made. Rehearse it, then propose it to another person.")
            )
            return HttpResponseRedirect(reverse("onboarding:run", args=[made.number]))
        except KintsugiError as refused:
            error = refused
    state = load_live.load_state(run)
    fields = load_live.rule_fields(run) if state.can_divide else []
    chosen = given.get("field", "")
    entity, _dot, field = chosen.partition(".")
    known = any((entity, field) == one[:2] for one in fields)
    context = {
        **views.below_run(run, _("Load waves")),
        "error": error,
        "shown": {"waves": state.waves},
        "fields": [
            {"value": f"{of}.{name}", "title": title, "active": f"{of}.{name}" == chosen}
            for of, name, title in fields
        ],
        "values": load_live.field_values(run, entity, field) if known else [],
        "picked": set(given.getlist("values")),
        "kinds": load_live.KINDS.items(),
        "by": given.get("by") or ("values" if known else "sample"),
        "typed": {name: given.get(name, "") for name in ("name", "kind", "window", "share",
                                                         "at_least", "from", "to")},
        "windows": list(LoadWindow.objects.filter(is_void=False).order_by("code")[:200]),
        "can": bool(fields),
        "may_edit_windows": may("run.approve"),
    }  # fmt: skip
    status = status_of(error) if error else 200
    return render(request, "onboarding/waves.html", context, status=status)


def typed_rule(given: Any) -> dict[str, Any]:
    """A wave's rule as a form gives it; what is wrong with it ``add_wave`` says."""
    by = given.get("by", "")
    if by == "values":
        entity, _dot, field = given.get("field", "").partition(".")
        return {"by": by, "entity": entity, "field": field, "values": given.getlist("values")}
    if by == "range":
        return {"by": by, "from": given.get("from", "").strip(), "to": given.get("to", "").strip()}
    if by == "sample":
        share, least = _number(given.get("share", "")), _number(given.get("at_least", "") or "0")
        return {
            "by": by,
            "share": share / 100 if isinstance(share, float) else share,
            "at_least": int(least) if isinstance(least, float) else least,
        }
    return {"by": by}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
