"""The page of a run's acceptance, and its certificate as PDF."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kintsugi.core.access import may, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.masks import mask
from kintsugi.core.middleware import status_of
from kintsugi.core.printing import Column, Paper, document
from kintsugi.core.printing.paper import Cell
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.onboarding import live, tasks, views
from kintsugi.onboarding.accept_act import FOUND
from kintsugi.onboarding.cells import record_url
from kintsugi.onboarding.load_views import found_import
from kintsugi.onboarding.models import Acceptance, Run
from kintsugi.onboarding.services import acceptance, propose_acceptance
from kintsugi.onboarding.services.comparing import REASONS
from kintsugi.onboarding.services.proposing import act_under_way
from kintsugi.onboarding.titles import entity_title, field_title

REASON_TONES = {"unexplained": "bad", "asked": "warn", "corrected": "gold"}


@requires("run.read")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: str) -> HttpResponse:
    """The newest comparison; POST has a job compare, or asks another person to accept."""
    run = found_import(number)
    error: KintsugiError | None = None
    if request.method == "POST":
        try:
            return _step(request, run)
        except KintsugiError as refused:
            error = refused
    made = acceptance.newest(run)
    context = {
        **views.below_run(run, _("Acceptance")),
        "error": error,
        "made": made,
        "can_compare": may("run.import") and run.status in acceptance.COMPARED,
        "can_propose": bool(made and made.passes and not made.act) and may("act.create"),
        "streams": [_stream(name, one) for name, one in acceptance.streams_of(made).items()],
        "differences": _differences(made) if may("row.read") else [],
        "act": Act.objects.filter(number=made.act).first() if made and made.act else None,
        "open_act": act_under_way(acceptance.KIND, run.pk),
        "reason": request.POST.get("reason", "")[:400],
        "key": request.POST.get("key") or uuid7().hex,
    }
    status = status_of(error) if error else 200
    return render(request, "onboarding/acceptance.html", context, status=status)


def _step(request: HttpRequest, run: Run) -> HttpResponse:
    what = request.POST.get("do", "")
    if what == "compare" and may("run.import"):
        acceptance.refuse_not_loaded(run)
        tasks.compare.defer(run_id=str(run.pk), actor=str(request.user))
        messages.success(request, _("It is compared in the background; nothing is changed by it."))
        return HttpResponseRedirect(request.path)
    if what == "propose" and may("act.create"):
        act = propose_acceptance(
            account=request.user,
            run_id=run.pk,
            reason=request.POST.get("reason", "").strip()[:400],
            at=views.now(),
            key=request.POST.get("key", "")[:100] or uuid7().hex,
        )
        messages.success(request, _("Proposed. Another person approves it with a signature."))
        return HttpResponseRedirect(reverse("acts:detail", args=[act.pk]))
    raise Http404


def _stream(name: str, one: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": entity_title(one["entity"]),
        "totals": acceptance.totals(one),
        "is_equal": one["source"] == one["target"],
        "source": one["source"],
        "target": one["target"],
        "fields": [
            {
                "title": field_title(one["entity"], field),
                "told": counts["told"],
                "same": counts["same"],
                "reasons": [
                    (FOUND[reason], counts[reason], REASON_TONES.get(reason, ""))
                    for reason in REASONS
                    if counts[reason]
                ],
                "sum_source": counts.get("sum_source"),
                "sum_target": counts.get("sum_target"),
            }
            for field, counts in one["fields"].items()
        ],
    }


def _differences(made: Acceptance | None) -> list[dict[str, Any]]:
    """Cells that differ, what has no reason first; at most 200."""
    lines = []
    for stream in acceptance.streams_of(made).values():
        for one in stream["differences"]:
            entity = stream["entity"]
            lines.append(
                {
                    "key": one["key"],
                    "record": record_url(entity, one["gid"]),
                    "field": field_title(entity, one["field"]),
                    "said": mask(entity, one["field"], one["said"]),
                    "stands": mask(entity, one["field"], one["stands"]),
                    "reason": FOUND[one["reason"]],
                    "tone": REASON_TONES.get(one["reason"], ""),
                    "first": one["reason"] != "unexplained",
                }
            )
    return sorted(lines, key=lambda line: bool(line["first"]))[:200]


@requires("run.read")
@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate of an accepted run as PDF; of one that is not, a draft that says so."""
    run = found_import(number)
    made = acceptance.newest(run)
    if made is None:
        raise Http404
    pdf = document(
        certificate_of(run, made),
        at=made.compared_at,
        printed_by=made.compared_by,
        language="en" if (translation.get_language() or "zh").startswith("en") else "zh",
    )
    name = f"{run.number}-acceptance.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def certificate_of(run: Run, made: Acceptance) -> Paper:
    """What was compared, what was found, and who signed."""
    rows: list[list[Cell]] = []
    for one in acceptance.streams_of(made).values():
        for field, counts in one["fields"].items():
            differ = sum(int(counts[reason]) for reason in REASONS)
            rows.append(
                [
                    entity_title(one["entity"]), field_title(one["entity"], field),
                    int(counts["told"]), int(counts["same"]), differ, int(counts["unexplained"]),
                    counts.get("sum_source") or "", counts.get("sum_target") or "",
                ]
            )  # fmt: skip
    counts = run.counts or {}
    outcomes = {"read": Text("读入", "read"), **live.OUTCOMES}
    return Paper(
        title=Text("数据导入验收证书", "Certificate of acceptance"),
        number=run.number,
        state=None if made.act else Text("未验收", "Not accepted"),
        facts=[
            (Text("来源", "Source"), run.source.code),
            (Text("文件", "File"), run.file_name),
            (Text("文件 SHA-256", "SHA-256 of the file"),
             run.snapshot.sha256 if run.snapshot else ""),
            (Text("比对时间", "Compared"), made.compared_at.isoformat(timespec="minutes")),
            (Text("比对摘要", "Digest of the comparison"), made.sha256),
            (Text("结论", "Result"),
             Text("通过", "passed") if made.passes else Text("未通过", "not passed")),
        ],
        columns=[
            Column(Text("记录", "Records"), 1.2), Column(Text("字段", "Field"), 1.6),
            Column(Text("源单元格", "Told"), 0.9, "number"),
            Column(Text("一致", "Same"), 0.9, "number"),
            Column(Text("不同", "Differ"), 0.8, "number"),
            Column(Text("无法解释", "No reason"), 0.9, "number"),
            Column(Text("源合计", "Sum, source"), 1.2), Column(Text("库合计", "Sum, here"), 1.2),
        ],
        rows=rows,
        totals=[(title, counts.get(name, 0)) for name, title in outcomes.items()],
        signatures=_signatures(made.act),
        is_wide=True,
    )  # fmt: skip


def _signatures(act: str) -> list[tuple[Text, str]]:
    """The boxes for those who proposed, approved and carried out; filled from the act."""
    people = ("author", "execution__executor", "execution__approver", "execution__approval")
    done = Act.objects.select_related(*people).filter(number=act).first() if act else None
    execution = getattr(done, "execution", None)
    if done is None or execution is None:
        who = ("", "", "")
    else:
        who = (
            done.author.name,
            f"{execution.approver.name} {execution.approval.decided_at:%Y-%m-%d}",
            f"{execution.executor.name} {execution.started_at:%Y-%m-%d}",
        )
    titles = (Text("提交", "Proposed by"), Text("批准", "Approved by"),
              Text("执行", "Carried out by"))  # fmt: skip
    return list(zip(titles, who, strict=True))
