"""Steps of a stocktake that ask nothing more, its sheet on paper, and what is due to be counted."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from kintsugi.core.access import requires
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.stock import selectors as stock
from kintsugi.stock.counting import selectors, services
from kintsugi.stock.counting.screens import STOCKTAKES_TITLE, stocktake_url
from kintsugi.stock.models import Stocktake, Warehouse
from kintsugi.stock.pages import crumbs
from kintsugi.stock.views import now, today

#: Lines of a printed sheet; a larger stocktake is printed by zone or exported.
PRINTED_MAX = 2_000


@requires("stocktake.create")
@require_POST
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Freeze what the ledger says."""
    done = services.start_stocktake(actor=request.user, stocktake=pk, at=now())
    messages.success(request, say(Text("账面已冻结,可以开始盘点。", "Frozen; counting may begin.")))
    return HttpResponseRedirect(stocktake_url(done))


@requires("stocktake.create")
@require_POST
def finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Counting is over."""
    done = services.finish_counting(actor=request.user, stocktake=pk, at=now())
    messages.success(request, say(Text("盘点结束,等待批准。", "Counted; it waits for approval.")))
    return HttpResponseRedirect(stocktake_url(done))


@requires("stocktake.read")
@require_safe
def paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The sheet to print: places, products and lots with room to write; no quantities."""
    try:
        one = selectors.stocktake(pk)
    except Stocktake.DoesNotExist:
        raise Http404 from None
    order = ("location__code", "product__product_code", "lot__lot_no", "pk")
    rows = list(selectors.sheet(pk).order_by(*order)[: PRINTED_MAX + 1])
    context = {
        "page_title": f"{one.number} · {say(Text('盘点表', 'Counting sheet'))}",
        "page_subtitle": str(one.warehouse),
        "breadcrumbs": _way(one),
        "rows": rows[:PRINTED_MAX],
        "cut": len(rows) > PRINTED_MAX,
        "stocktake": one,
    }
    return render(request, "stock/sheet.html", context)


@requires("stocktake.read")
@require_safe
def proposed(request: HttpRequest) -> HttpResponse:
    """What is due to be counted in a warehouse, by value and by when it was counted last."""
    houses = list(stock.warehouses().order_by("code")[:200])
    chosen = next((w for w in houses if str(w.pk) == request.GET.get("warehouse")), None)
    chosen = chosen or (houses[0] if houses else None)
    rows: list[dict[str, Any]] = []
    if chosen is not None:
        rows = selectors.proposals(warehouse=chosen.pk, today=today())
    context = {
        "page_title": say(Text("循环盘点建议", "Due for a cycle count")),
        "page_subtitle": say(
            Text("A 类每 30 天、B 类每 90 天、C 类每 180 天盘一次。",
                 "Class A every 30 days, B every 90, C every 180.")
        ),
        "breadcrumbs": [(say(w), u) for w, u in crumbs((STOCKTAKES_TITLE, "stock:stocktakes"))],
        "tabs": [_tab(one, chosen) for one in houses],
        "rows": rows,
        "plan_url": _plan_url(chosen, rows) if chosen and rows else "",
    }  # fmt: skip
    return render(request, "stock/proposals.html", context)


def _tab(one: Warehouse, chosen: Warehouse | None) -> dict[str, Any]:
    address = f"{reverse('stock:stocktake-proposals')}?warehouse={one.pk}"
    return {"label": str(one), "url": address, "active": one == chosen}


def _plan_url(warehouse: Warehouse, rows: list[dict[str, Any]]) -> str:
    """The form, filled with the first of what is due."""
    codes = "\n".join(row["product_code"] for row in rows[:30])
    given = urlencode({"warehouse": str(warehouse.pk), "products": codes})
    return f"{reverse('stock:plan-stocktake')}?{given}"


def _way(one: Stocktake) -> list[tuple[str, str]]:
    way = [*crumbs((STOCKTAKES_TITLE, "stock:stocktakes")), (one.number, stocktake_url(one))]
    return [(say(words), url) for words, url in way]
