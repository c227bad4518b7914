"""Pages of one source: its mapping, its profile, what it delivered, and the standard it meets."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kintsugi.core.access import may, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.middleware import status_of
from kintsugi.core.screens.parts import say
from kintsugi.engine.mapping import Mapping
from kintsugi.engine.profiling import DRIFTS
from kintsugi.engine.profiling.page import WORDS
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.onboarding import live, screens, views
from kintsugi.onboarding.arrival_screens import FETCH_TONES, fetch_url
from kintsugi.onboarding.models import Fetch, Profile, Source
from kintsugi.onboarding.readable import mapping_lines
from kintsugi.onboarding.services import assess_source, retire_source, standard, take_live
from kintsugi.onboarding.services.connectors import KINDS
from kintsugi.onboarding.services.profiles import compared, is_late, measured, scores_of
from kintsugi.onboarding.services.proposing import act_under_way
from kintsugi.onboarding.services.registering import DELIVERIES, PERSONAL
from kintsugi.onboarding.services.sources import current_mapping
from kintsugi.onboarding.states import FETCH, SOURCE

SHOWN = 30
GRADES: dict[str, tuple[Text, str]] = {
    "stop": (Text("须停止", "must stop"), "bad"),
    "ask": (Text("需确认", "ask"), "warn"),
    "note": (Text("提示", "note"), ""),
}
SCORES: dict[str, Text] = {
    "completeness": Text("完整性", "Completeness"),
    "consistency": Text("一致性", "Consistency"),
    "accuracy": Text("准确性", "Accuracy"),
    "timeliness": Text("及时性", "Timeliness"),
}
SOURCE_TONES = {"proposed": "warn", "assessed": "warn", "approved": "live", "live": "good"}


def found_source(code: str) -> Source:
    """The source of this code. Raises Http404."""
    source = Source.objects.filter(code=code).first()
    if source is None:
        raise Http404
    return source


def source_head(source: Source, active: str) -> dict[str, Any]:
    """Title, way back and tabs of a page of a source."""
    pages = (
        ("source", _("Mapping"), None),
        ("source-profile", _("Profile"), None),
        ("source-arrivals", _("Arrivals"), source.connectors.filter(is_void=False).count()),
        ("source-standard", _("Standard"), None),
    )
    return {
        "page_title": screens.source_name(source),
        "page_subtitle": source.code,
        "breadcrumbs": screens.source_crumbs(),
        "source": source,
        "state": (SOURCE.states[source.status], SOURCE_TONES.get(source.status, "")),
        "can_edit": may("source.edit"),
        "source_tabs": [
            {"label": label, "url": reverse(f"onboarding:{name}", args=[source.code]),
             "active": name == active, "count": count}
            for name, label, count in pages
        ],
    }  # fmt: skip


def below_source(source: Source, title: str) -> dict[str, Any]:
    """Title and way back of a page below the source's deliveries."""
    head = source_head(source, "source-arrivals")
    return {
        "source": source,
        "page_title": title,
        "page_subtitle": head["page_title"],
        "breadcrumbs": [
            *head["breadcrumbs"],
            (source.code, reverse("onboarding:source-arrivals", args=[source.code])),
        ],
    }


@requires("source.read")
@require_safe
def source_page(request: HttpRequest, code: str) -> HttpResponse:
    """One source: what is known of it, its mapping in words, its runs."""
    source = found_source(code)
    versions = list(source.mappings.order_by("-number")[:50])
    number = views.whole(request.GET.get("mapping"))
    shown = next((v for v in versions if v.number == number), None) or current_mapping(source)
    context = {
        **source_head(source, "source"),
        "versions": versions,
        "shown": shown,
        "tables": mapping_lines(Mapping.model_validate(shown.content)) if shown else [],
        "runs": list(source.runs.order_by("-created_at")[:20]),
        "tones": live.TONES,
        "delivery": DELIVERIES.get(source.delivery),
        "personal": PERSONAL.get(source.personal_data),
        "is_late": is_late(source, views.now()),
        "value_maps": {
            name: list(entries.items())[:200]
            for name, entries in (source.value_maps or {}).items()
            if isinstance(entries, dict)
        },
    }
    return render(request, "onboarding/source.html", context)


@requires("row.read")
@require_safe
def profile_page(request: HttpRequest, code: str) -> HttpResponse:
    """What the newest delivery holds, column by column, and what changed since the one before."""
    source = found_source(code)
    newest = Profile.objects.filter(source=source).order_by("-at", "-snapshot__created_at").first()
    profiles = (
        list(Profile.objects.filter(source=source, snapshot=newest.snapshot).order_by("table_no"))
        if newest
        else []
    )
    changes = compared(source, newest.snapshot) if newest else {}
    scores = scores_of(source, views.now())
    context = {
        **source_head(source, "source-profile"),
        "snapshot": newest.snapshot if newest else None,
        "at": newest.at if newest else None,
        "scores": [(SCORES[name], scores.get(name)) for name in SCORES],
        "tables": [_table(one, source) for one in profiles],
        "changes": changed_lines(changes),
    }
    return render(request, "onboarding/source_profile.html", context)


def _table(one: Profile, source: Source) -> dict[str, Any]:
    found = measured(one)
    risks = {risk.column: risk for risk in found.risks}
    return {
        "name": one.table_name,
        "rows": one.rows,
        "columns": [
            {
                "name": column.name,
                "type": WORDS.get(column.type, Text(column.type, column.type)),
                "meaning": WORDS.get(column.meaning.kind, column.meaning.kind)
                if column.meaning
                else "",
                "filled": column.filled / column.rows if column.rows else None,
                "distinct": column.distinct,
                "odd": [(WORDS.get(o.why, o.why), o.value[:40]) for o in column.odd[:3]],
                "risk": round(risks[column.name].value, 1) if column.name in risks else None,
            }
            for column in found.columns[:500]
        ],
        "keys": [key for key in found.keys if not key.repeated][:SHOWN],
        "broken": [key for key in found.keys if key.repeated][:SHOWN],
    }


def changed_lines(changes: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Changes against what was accepted last, worst first, for a table."""
    lines = [
        {
            "table": table,
            "column": one.column or "",
            "what": DRIFTS[one.kind][1],
            "before": one.before[:200],
            "after": one.after[:200],
            "grade": GRADES[one.grade][0],
            "tone": GRADES[one.grade][1],
        }
        for table, found in changes.items()
        for one in found
    ]
    return lines[:200]


@requires("source.read")
@require_safe
def arrivals_page(request: HttpRequest, code: str) -> HttpResponse:
    """How the source's data come by themselves, and what came."""
    source = found_source(code)
    connectors = source.connectors.filter(is_void=False).annotate(
        came_last=Max("fetches__started_at")
    )
    context = {
        **source_head(source, "source-arrivals"),
        "connectors": [
            {
                "one": one,
                "kind": KINDS[one.kind].title if one.kind in KINDS else one.kind,
                "url": reverse("onboarding:connector", args=[one.pk]),
            }
            for one in connectors.order_by("name")[:100]
        ],
        "kinds": [(name, kind.title) for name, kind in KINDS.items()],
        "fetches": [
            fetch_line(one)
            for one in fetches_of(source)[:SHOWN]
        ],
        "can_fetch": may("run.import"),
    }  # fmt: skip
    return render(request, "onboarding/source_arrivals.html", context)


def fetches_of(source: Source) -> QuerySet[Fetch]:
    """What the source's connectors brought, newest first."""
    return (
        Fetch.objects.filter(connector__source=source)
        .select_related("connector", "run")
        .order_by("-started_at", "-id")
    )


def fetch_line(one: Fetch) -> dict[str, Any]:
    """A delivery as a list shows it."""
    return {
        "one": one,
        "url": fetch_url(one),
        "state": FETCH.states[one.status],
        "tone": FETCH_TONES.get(one.status, ""),
        "why": Text(*one.error["message"]) if one.error else None,
    }


# -- the standard ----------------------------------------------------------------------------------

STEPS: dict[str, Callable[[], str]] = {
    "assess": lambda: _("Assessed. Another person approves it with a signature."),
    "live": lambda: _("The source is live."),
    "retire": lambda: _("The source is retired; nothing of it is imported any more."),
    "again": lambda: _("The source is in use again."),
}


@requires("source.read")
@require_http_methods(["GET", "HEAD", "POST"])
def standard_page(request: HttpRequest, code: str) -> HttpResponse:
    """What is asked of a source, what is there, and the steps from registered to live."""
    source = found_source(code)
    error: KintsugiError | None = None
    if request.method == "POST":
        what = request.POST.get("do", "")
        if (
            what not in STEPS
            or not may("source.edit")
            or (what == "assess" and not may("act.create"))
        ):
            raise Http404
        try:
            act = _step(request, source, what)
            messages.success(request, STEPS[what]())
            if act is not None:
                return HttpResponseRedirect(reverse("acts:detail", args=[act.pk]))
            return HttpResponseRedirect(request.path)
        except KintsugiError as refused:
            error = refused
    seen = standard.evidence(source, views.now())
    signed = {item.name: request.POST.get(f"sign_{item.name}", "") for item in standard.STANDARD}
    made = standard.latest(source)
    lines = [
        {
            "item": item,
            "ok": None if item.signed else seen[item.name]["ok"],
            "seen": "" if item.signed else shown_evidence(seen[item.name]["seen"]),
            "typed": signed[item.name],
        }
        for item in standard.STANDARD
    ]
    context = {
        **source_head(source, "source-standard"),
        "error": error,
        "lines": lines,
        "met": sum(1 for line in lines if line["ok"]),
        "of": sum(1 for line in lines if line["ok"] is not None),
        "made": made,
        "act": Act.objects.filter(number=made.act).first() if made and made.act else None,
        "open_act": act_under_way(standard.KIND, source.pk),
        "pilot": standard.pilot_of(source),
        "reason": request.POST.get("reason", "")[:400],
        "key": request.POST.get("key") or uuid7().hex,
        "can_assess": may("source.edit")
        and may("act.create")
        and source.status in ("proposed", "assessed", "live"),
        "can_retire": may("source.edit") and source.status in ("approved", "live"),
    }
    status = status_of(error) if error else 200
    return render(request, "onboarding/source_standard.html", context, status=status)


def _step(request: HttpRequest, source: Source, what: str) -> Any:
    reason = request.POST.get("reason", "").strip()[:400]
    if what == "assess":
        signed = {
            item.name: request.POST.get(f"sign_{item.name}", "")
            for item in standard.STANDARD
            if item.signed
        }
        return assess_source(
            account=request.user,
            source_id=source.pk,
            signed=signed,
            at=views.now(),
            reason=reason,
            key=request.POST.get("key", "")[:100] or uuid7().hex,
        )
    if what == "retire":
        retire_source(actor=request.user, source_id=source.pk, reason=reason)
    else:
        take_live(actor=request.user, source_id=source.pk, note=reason)
    return None


def shown_evidence(seen: Any) -> str:
    """What the system saw, as a line."""
    if isinstance(seen, dict):
        parts = []
        for name, value in seen.items():
            title = SCORES.get(name)
            said = "–" if value is None else "✓" if value == [] else value
            said = ", ".join(said) if isinstance(said, list) else said
            parts.append(f"{say(title) if title else name} {said}")
        return " · ".join(parts)
    return "" if seen is None else str(seen)
