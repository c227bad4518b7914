"""The page of a trace: one field for everything that can be typed or scanned."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from kintsugi.core.access import may, require, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.middleware import status_of
from kintsugi.core.screens import Column
from kintsugi.core.screens.columns import table_class
from kintsugi.core.screens.export import csv_response
from kintsugi.core.screens.parts import language, say
from kintsugi.engine.text import Text
from kintsugi.stock.kinds import LOCATION_KINDS, QUALITIES
from kintsugi.stock.pages import crumbs, holder, party_url
from kintsugi.stock.screens import MOVE_COLUMNS, MOVE_HEAD, QUALITY_TONES
from kintsugi.stock.tracing.asking import KINDS, Subject, meanings, subject
from kintsugi.stock.tracing.following import DIRECTIONS, Trace, moves_of, trace
from kintsugi.stock.tracing.graph import drawing

TITLE = Text("追溯", "Trace")
TEXT_MAX = 200
#: Rows of each table on the page; the export has all of them.
SHOWN_MAX = 200
DIRECTION_NAMES = {
    "both": Text("两个方向", "both ways"),
    "backward": Text("来源", "where it came from"),
    "forward": Text("去向", "where it went"),
}
WAY_COLUMNS = (
    Column("source", label=Text("从", "From"), value=lambda way: way.source.name(language())),
    Column("target", label=Text("到", "To"), value=lambda way: way.target.name(language())),
    Column("qty", label=Text("数量", "Quantity"), kind="number"),
    Column("moves", label=Text("次数", "Moves"), kind="number"),
    Column("first_on", label=Text("首次", "First"), kind="date"),
    Column("last_on", label=Text("末次", "Last"), kind="date"),
)
NOW_COLUMNS = (
    Column("place", label=Text("库位", "Location"), value=holder, link=party_url),
    Column("kind", label=Text("类型", "Kind"), choices=LOCATION_KINDS),
    Column("quality", label=Text("质量", "Quality"), kind="state", choices=QUALITIES,
           tones=QUALITY_TONES),
    Column("qty", label=Text("数量", "Quantity"), kind="number"),
)  # fmt: skip
PARTY_COLUMNS = (
    Column("party", label=Text("单位", "Party"), link=party_url),
    Column("to", label=Text("发往", "Went there"), kind="number"),
    Column("from", label=Text("来自", "Came from there"), kind="number"),
    Column("first_on", label=Text("首次", "First"), kind="date"),
    Column("last_on", label=Text("末次", "Last"), kind="date"),
)
THING_COLUMNS = (
    Column("product", label=Text("产品", "Product"), value=lambda row: str(row["product"])),
    Column("lot", label=Text("批号", "Lot"), kind="code",
           value=lambda row: row["lot"] and row["lot"].lot_no,
           link=lambda row: reverse("stock:lot", args=[row["lot"].pk]) if row["lot"] else ""),
    Column("unit", label=Text("序列号", "Serial number"), kind="code",
           value=lambda row: row["unit"] and row["unit"].serial_no,
           link=lambda row: reverse("stock:unit", args=[row["unit"].pk]) if row["unit"] else ""),
)  # fmt: skip


def trace_url(kind: str, key: Any) -> str:
    """The trace of a record; its page links here."""
    return f"{reverse('stock:trace')}?{urlencode({'kind': kind, 'id': str(key)})}"


@requires("stock.read")
@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """What was typed, what it may mean, and the trace of the one meaning."""
    text = request.GET.get("q", "")[:TEXT_MAX].replace("\x00", "")
    kind, key = request.GET.get("kind", ""), request.GET.get("id", "")[:TEXT_MAX]
    direction = request.GET.get("direction", "both")
    direction = direction if direction in DIRECTIONS else "both"
    at = moment_of(request.GET.get("at", ""))
    context: dict[str, Any] = {
        "page_title": say(TITLE),
        "page_subtitle": say(Text("在哪里、去过哪里、谁用过:序列号、批号、单据、客户、库位都可以。",
                                  "Where is it, where was it, who had it: a serial, lot, document, "
                                  "customer or location.")),
        "breadcrumbs": [(say(words), url) for words, url in crumbs()],
        "text": text, "at": request.GET.get("at", "")[:30] if at else "", "direction": direction,
        "directions": [(name, say(words)) for name, words in DIRECTION_NAMES.items()],
        "kind": kind, "key": key,
    }  # fmt: skip
    try:
        found, choices = _found(text, kind, key)
    except KintsugiError as error:
        response = render(
            request, "stock/trace.html", {**context, "refused": error}, status=status_of(error)
        )
        response.refusal = error  # type: ignore[attr-defined]  # for the log of refused acts
        return response
    if found is None:
        return render(request, "stock/trace.html", {**context, "choices": choices})
    answer = trace(found, direction=direction, at=at)
    if request.GET.get("export") == "csv":
        require("stock.export")
        name = f"{say(TITLE)}-{found.title}"
        return csv_response(request, answer.ways, WAY_COLUMNS, entity="", file_name=name)
    return _page(request, context, answer)


def _found(text: str, kind: str, key: str) -> tuple[Subject | None, list[dict[str, str]] | None]:
    if kind:
        return subject(kind, key), None
    if not text.strip():
        return None, None
    every = meanings(text)
    if len(every) == 1:
        return every[0], None
    return None, [
        {"title": one.title, "about": one.about, "kind": say(KINDS[one.kind]),
         "url": trace_url(one.kind, one.id)}
        for one in every
    ]  # fmt: skip


def _page(request: HttpRequest, context: dict[str, Any], answer: Trace) -> HttpResponse:
    found = answer.subject
    given = {"kind": found.kind, "id": found.id, "direction": answer.direction}
    given |= {"at": context["at"]} if context["at"] else {}
    picture = drawing(answer.ways, language())
    tables = [
        _table(Text("当时在哪里" if answer.at else "现在在哪里",
                    "Where it was then" if answer.at else "Where it is now"),
               answer.now, NOW_COLUMNS),
        _table(Text("谁用过", "Who had it"), answer.parties("customer"), PARTY_COLUMNS),
        _table(Text("从哪里来", "Who it came from"), answer.parties("supplier"), PARTY_COLUMNS),
        _table(Text("路径", "Ways"), answer.ways, WAY_COLUMNS),
        _table(Text("追溯的货物", "What was followed"), answer.things(), THING_COLUMNS),
        _table(Text("流水", "Moves"), list(moves_of(answer)[: SHOWN_MAX + 1]),
               (*MOVE_HEAD, *MOVE_COLUMNS)),
    ]  # fmt: skip
    context |= {
        "subject": found, "subject_kind": say(KINDS[found.kind]), "kind": found.kind,
        "key": found.id, "picture": picture if answer.ways else None, "tables": tables,
        "is_cut": answer.is_cut, "nothing": not answer.ways,
        "export_url": f"{reverse('stock:trace')}?{urlencode({**given, 'export': 'csv'})}"
        if may("stock.export") else "",
        "drill_url": f"{reverse('stock:new-drill')}?{_drill_of(answer)}"
        if found.kind == "lot" else "",
    }  # fmt: skip
    return render(request, "stock/trace.html", context)


def _drill_of(answer: Trace) -> str:
    things = answer.things()
    if not things:
        return ""
    lot = things[0]["lot"]
    return urlencode({"product_code": things[0]["product"].product_code, "lot_no": lot.lot_no})


def _table(title: Text, rows: Any, columns: Any) -> dict[str, Any]:
    shown = list(rows[:SHOWN_MAX])
    return {
        "title": say(title), "table": table_class(columns, "")(shown, orderable=False),
        "count": len(rows), "has_rows": bool(shown), "cut": len(rows) > SHOWN_MAX,
    }  # fmt: skip


def moment_of(text: str) -> dt.datetime | None:
    """An instant as the browser's field gives it, in local time; none where it is not one."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        return None
    if found is None:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)
