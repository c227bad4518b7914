"""The page of what is due to be looked at."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from kintsugi.core.access import requires
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.stock.pages import crumbs
from kintsugi.stock.storing import selectors
from kintsugi.stock.storing.rules import RULES
from kintsugi.stock.storing.screens import CHECKS_TITLE
from kintsugi.stock.views import today


@requires("storage.read")
@require_safe
def due(request: HttpRequest) -> HttpResponse:
    """Goods to look at, the longest unseen first, each with its rule."""
    titles = {one.name: f"{say(one.title)} · {one.days}" for one in RULES}
    rows = [
        {**row, "title": titles[row["rule"]], "url": _record_url(row)}
        for row in selectors.due(today())
    ]
    context = {
        "page_title": say(Text("待养护检查", "Due to be looked at")),
        "page_subtitle": say(Text("按规则的周期(天),最久未看的在前;最多 500 行。",
                                  "By rule, every so many days; the longest unseen first, at most "
                                  "500.")),
        "breadcrumbs": [
            (say(words), url) for words, url in crumbs((CHECKS_TITLE, "stock:storage-checks"))
        ],
        "rows": rows,
    }  # fmt: skip
    return render(request, "stock/due.html", context)


def _record_url(row: dict[str, Any]) -> str:
    place = f"{row['warehouse']}/{row['location']}" if row["warehouse"] else str(row["location"])
    given = {"place": place, "product_code": row["product_code"], "lot_no": row["lot_no"] or ""}
    return f"{reverse('stock:record-check')}?{urlencode(given)}"
