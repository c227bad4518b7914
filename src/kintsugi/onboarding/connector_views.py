"""Pages of connectors and of what they brought: form with a try, fetch now, decisions, answers."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kintsugi.core.access import may, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.middleware import status_of
from kintsugi.core.screens.parts import say
from kintsugi.engine.paper.confirm import BLANK, ToConfirm, to_confirm
from kintsugi.engine.paper.cut import cut_out
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import table_frame
from kintsugi.onboarding import source_views, tasks, views
from kintsugi.onboarding.models import Connector, Fetch, Source
from kintsugi.onboarding.preview import stored_error
from kintsugi.onboarding.services import (
    answer_paper,
    leave_out,
    let_go,
    save_connector,
    tried,
    void_connector,
)
from kintsugi.onboarding.services.connectors import KINDS
from kintsugi.onboarding.services.fetching import waiting_snapshot
from kintsugi.onboarding.services.profiles import compared
from kintsugi.onboarding.services.registering import prepared
from kintsugi.onboarding.states import FETCH

SAMPLE_ROWS = 20
SAMPLE_COLUMNS = 60
ANSWERS_SHOWN = 100
LONG = ("query",)


def found_connector(pk: UUID) -> Connector:
    """The connector. Raises Http404."""
    found = Connector.objects.select_related("source").filter(pk=pk, is_void=False).first()
    if found is None:
        raise Http404
    return found


def _arrivals(source: Source) -> HttpResponse:
    return HttpResponseRedirect(reverse("onboarding:source-arrivals", args=[source.code]))


# -- the form --------------------------------------------------------------------------------------


def connector_form(kind: str) -> type[forms.Form]:
    """Name, the settings of the kind, the log-in, the schedule."""
    made: dict[str, forms.Field] = {
        "name": forms.CharField(label=_("Name"), max_length=120, initial=say(KINDS[kind].title)),
    }
    for one in KINDS[kind].settings:
        area = forms.Textarea(attrs={"rows": 4}) if one.name in LONG else None
        made[one.name] = forms.CharField(
            label=say(one.title), help_text=say(one.help), required=one.required,
            max_length=4000, initial=one.default, widget=area,
        )  # fmt: skip
    if kind not in ("folder", "paper"):
        made["secret"] = forms.CharField(
            label=_("Secret"), max_length=120, required=False,
            help_text=_("A reference: env:KINTSUGI_SOURCE_… or file:… in the home's secrets."),
        )  # fmt: skip
        made["allow_private"] = forms.BooleanField(
            label=_("The address is inside the house"), required=False,
            help_text=_("Otherwise addresses of this network are refused."),
        )  # fmt: skip
    made["cron"] = forms.CharField(
        label=_("Schedule"), max_length=120, required=False,
        help_text=_("*/15 * * * * every quarter of an hour, 0 6 * * * daily at six; empty: only "
                    "when asked."),
    )  # fmt: skip
    made["time_zone"] = forms.CharField(
        label=_("Time zone"), max_length=60, initial="Asia/Shanghai"
    )
    made["is_active"] = forms.BooleanField(label=_("Active"), required=False, initial=True)
    return type("ConnectorForm", (forms.Form,), made)


def _present(one: Connector) -> dict[str, Any]:
    plain = ("name", "secret", "cron", "time_zone", "allow_private", "is_active")
    return {**{name: getattr(one, name) for name in plain}, **one.settings}


def _split(kind: str, cleaned: dict[str, Any]) -> dict[str, Any]:
    given = {one.name: cleaned.pop(one.name, "") for one in KINDS[kind].settings}
    return {"kind": kind, "given": given, **cleaned}


@requires("source.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def new_connector(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """A connector for a source."""
    if kind not in KINDS:
        raise Http404
    return _connector(request, source_views.found_source(code), kind, None)


@requires("source.read")
@require_http_methods(["GET", "HEAD", "POST"])
def connector_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One connector; POST changes it, tries it or gives it up."""
    one = found_connector(pk)
    if request.method == "POST" and not may("source.edit"):
        raise Http404
    if request.POST.get("do") == "void":
        reason = request.POST.get("void_reason", "").strip()
        if reason:
            void_connector(actor=request.user, connector_id=one.pk, reason=reason)
            messages.success(request, _("The connector was given up; what it brought stays."))
            return _arrivals(one.source)
        messages.error(request, _("Say why."))
        return HttpResponseRedirect(request.path)
    return _connector(request, one.source, one.kind, one)


def _connector(
    request: HttpRequest, source: Source, kind: str, one: Connector | None
) -> HttpResponse:
    """The form; what is typed can be tried before it is saved, and nothing typed is lost."""
    form_class = connector_form(kind)
    sample: dict[str, Any] | None = None
    error: KintsugiError | None = None
    if request.method == "POST":
        form = form_class(request.POST)
        if form.is_valid():
            said = _split(kind, dict(form.cleaned_data))
            try:
                if request.POST.get("do") == "try":
                    sample = _tried(source, said)
                else:
                    return _saved(request, source, one, said)
            except KintsugiError as refused:
                field = str(refused.facts.get("field", ""))
                if field in form.fields:
                    form.add_error(field, f"{say(refused.message)} {say(refused.remedy)}")
                else:
                    error = refused
    else:
        form = form_class(initial=_present(one) if one else None)
    context = {
        **source_views.below_source(source, one.name if one else say(KINDS[kind].title)),
        "connector": one,
        "kind": KINDS[kind].title,
        "form": form,
        "sample": sample,
        "error": error,
        "version": request.POST.get("version") or (one.version if one else ""),
        "lines": [
            source_views.fetch_line(f)
            for f in source_views.fetches_of(source).filter(connector=one)[:10]
        ],
        "can_edit": may("source.edit"),
        "can_fetch": may("run.import"),
    }
    status = 200
    if request.method == "POST" and sample is None:
        status = status_of(error) if error else 422
    return render(request, "onboarding/connector.html", context, status=status)


def _tried(source: Source, said: dict[str, Any]) -> dict[str, Any]:
    plain = {name: said[name] for name in ("name", "kind", "given", "cron", "time_zone")}
    one = prepared(
        **plain, secret=said.get("secret", ""), allow_private=said.get("allow_private", False)
    )
    one.source = source
    with tried(one) as snapshot:
        return sample_of(snapshot)


def sample_of(snapshot: EngineSnapshot) -> dict[str, Any]:
    """The first table's head, bounded."""
    table = next((t for t in snapshot.tables if t.columns and not t.hidden), None)
    if table is None:
        return {"columns": [], "rows": [], "count": 0, "file": snapshot.file_name}
    columns = table.columns[:SAMPLE_COLUMNS]
    frame = table_frame(snapshot, table.index).select(c.key for c in columns)
    rows = frame.head(SAMPLE_ROWS).collect().rows()
    return {
        "columns": [c.name for c in columns],
        "rows": [[("" if v is None else str(v))[:120] for v in row] for row in rows],
        "count": table.rows,
        "file": snapshot.file_name,
    }


def _saved(
    request: HttpRequest, source: Source, one: Connector | None, said: dict[str, Any]
) -> HttpResponse:
    version = request.POST.get("version", "")
    saved = save_connector(
        actor=request.user,
        source=source,
        at=views.now(),
        connector_id=one.pk if one else None,
        version=views.whole(version) if version else None,
        **said,
    )
    messages.success(request, _("The connector was saved."))
    return HttpResponseRedirect(reverse("onboarding:connector", args=[saved.pk]))


@requires("run.import")
@require_POST
def fetch_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have a job fetch what the connector has."""
    one = found_connector(pk)
    if tasks.ask_for(str(one.pk), str(request.user)):
        messages.success(request, _("It is fetched in the background."))
    else:
        messages.info(request, _("A fetch waits already."))
    return _arrivals(one.source)


# -- a delivery ------------------------------------------------------------------------------------


def found_fetch(pk: UUID) -> Fetch:
    """The delivery. Raises Http404."""
    found = (
        Fetch.objects.select_related("connector__source", "run", "snapshot").filter(pk=pk).first()
    )
    if found is None:
        raise Http404
    return found


@requires("source.read")
@require_safe
def arrival_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What came, why it was stopped, what changed, and what a person may do."""
    return _arrival(request, found_fetch(pk))


def _arrival(request: HttpRequest, one: Fetch, error: KintsugiError | None = None) -> HttpResponse:
    source = one.connector.source
    changes = compared(source, one.snapshot) if one.snapshot and may("row.read") else {}
    waiting = _waiting(one) if one.status == "waiting" and may("row.read") else []
    context = {
        **source_views.below_source(source, one.item),
        "one": one,
        "error": error,
        "refusal": stored_error({**one.error, "facts": _facts(one)}) if one.error else None,
        "state": (FETCH.states[one.status], source_views.fetch_line(one)["tone"]),
        "changes": source_views.changed_lines(changes),
        "aside": list(one.facts.get("aside") or [])[:50],
        "let_go": one.facts.get("let_go"),
        "may_go": may("run.import") and ("arrived" in FETCH.next(one.status)),
        "may_leave": may("run.import") and ("left" in FETCH.next(one.status)),
        "waiting": waiting[:ANSWERS_SHOWN],
        "waits": len(waiting),
        "reason": request.POST.get("reason", "")[:400],
    }
    status = status_of(error) if error else 200
    return render(request, "onboarding/arrival.html", context, status=status)


def _facts(one: Fetch) -> dict[str, Any]:
    shown = ("file", "table", "missing", "shifted", "field", "value", "limit")
    facts = (one.error or {}).get("facts") or {}
    return {name: value for name, value in facts.items() if name in shown and value != "[]"}


def _waiting(one: Fetch) -> list[dict[str, Any]]:
    """The cells that wait for a person, each with the picture of where it was read."""
    found = waiting_snapshot(one)
    picture = reverse("onboarding:arrival-picture", args=[one.pk])
    return [
        {
            "cell": cell,
            "name": _field_name(cell),
            "sure": round(100 * cell.confidence),
            "picture": f"{picture}?{urlencode({'cell': _field_name(cell)})}" if cell.box else "",
        }
        for cell in to_confirm(found)
    ]


def _field_name(cell: ToConfirm) -> str:
    return f"{cell.table}\x1f{cell.row}\x1f{cell.column}"


@requires("row.read")
@require_safe
def picture(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The piece of paper that a waiting cell was read from. It is asked for by the cell's name: its
    place among those that wait changes with each answer, and a browser keeps pictures."""
    found = waiting_snapshot(found_fetch(pk))
    asked = request.GET.get("cell", "")
    cell = next((one for one in to_confirm(found) if _field_name(one) == asked), None)
    if cell is None:
        raise Http404
    png = cut_out(found, cell.page, cell.box)
    headers = {"Cache-Control": "private, max-age=600"}
    return HttpResponse(png, content_type="image/png", headers=headers)


DECIDED = {
    "go": lambda: _("It is tried again in the background."),
    "leave": lambda: _("Left out; nothing of it is imported."),
    "answer": lambda: _("Your answers are kept."),
}


@requires("run.import")
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a delivery go on, leave it out, or answer what OCR could not read."""
    one, what = found_fetch(pk), request.POST.get("do", "")
    if what not in DECIDED:
        raise Http404
    reason, at = request.POST.get("reason", ""), views.now()
    try:
        if what == "go":
            let_go(actor=request.user, fetch_id=one.pk, reason=reason, at=at)
        elif what == "leave":
            leave_out(actor=request.user, fetch_id=one.pk, reason=reason, at=at)
        else:
            answer_paper(actor=request.user, fetch_id=one.pk, answers=_answers(request, one), at=at)
    except KintsugiError as error:
        return _arrival(request, found_fetch(pk), error)
    one = found_fetch(pk)
    if one.status == "arrived":
        tasks.ask_for(str(one.connector_id), str(request.user))
    messages.success(request, DECIDED[what]())
    return HttpResponseRedirect(reverse("onboarding:arrival", args=[one.pk]))


def _answers(request: HttpRequest, one: Fetch) -> dict[tuple[str, int, str], str]:
    """What was typed for the cells that the page showed; of those a person ticked as read."""
    answers: dict[tuple[str, int, str], str] = {}
    for cell in to_confirm(waiting_snapshot(one)):
        name = _field_name(cell)
        if request.POST.get(f"ok:{name}") == "on":
            # An empty answer would mean "as read".
            typed = request.POST.get(f"text:{name}", cell.text).strip()[:400]
            answers[cell.place] = typed or BLANK[0]
    return answers
