"""Pages of value and age, and of the checks."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from kintsugi.core.access import may, require, requires
from kintsugi.core.screens import Column
from kintsugi.core.screens.columns import table_class
from kintsugi.core.screens.export import csv_response
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.stock import selectors as stock
from kintsugi.stock.pages import crumbs
from kintsugi.stock.screens import product_url
from kintsugi.stock.valuing import selectors
from kintsugi.stock.views import today

VALUE, AGE = Text("库存金额", "Value of stock"), Text("库龄", "Age of stock")
CHECKED = Text("对账检查", "Checks")
SHOWN_MAX = 500


class _Row:
    """A row of a query with its values as attributes, as links of columns read them."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


PRODUCT = (
    Column("product_code", label=Text("产品编码", "Product code"), kind="code", link=product_url),
    Column("name", label=Text("产品", "Product")),
)
VALUE_COLUMNS = (
    *PRODUCT,
    Column("warehouse", label=Text("仓库", "Warehouse"), kind="code"),
    Column("qty", label=Text("数量", "Quantity"), kind="number"),
    Column("unit_cost", label=Text("平均成本(元)", "Average cost, CNY"), kind="number"),
    Column("value", label=Text("金额(元)", "Value, CNY"), kind="number"),
    Column("out_qty", label=Text("一年出库数量", "Went out in a year"), kind="number",
           help=Text("全部仓库合计。", "Of all warehouses together.")),
    Column("out_value", label=Text("一年出库金额(元)", "Its cost, CNY"), kind="number"),
    Column("turns", label=Text("周转次数", "Turns a year"), kind="number",
           help=Text("一年出库成本 ÷ 期初期末平均金额。",
                     "Cost of what went out ÷ mean of the value a year ago and now.")),
)  # fmt: skip
AGE_COLUMNS = (
    *PRODUCT,
    *(
        Column(name, label=label, kind="number")
        for name, label in (
            ("to_30", Text("≤30 天", "≤30 days")), ("to_90", Text("31–90", "31–90")),
            ("to_180", Text("91–180", "91–180")), ("to_365", Text("181–365", "181–365")),
            ("older", Text("超过一年", "over a year")),
            ("value", Text("金额(元)", "Value, CNY")),
        )
    ),
)  # fmt: skip


def day_of(request: HttpRequest) -> dt.date:
    """The day that was asked for; today where it is none or has not come yet."""
    try:
        given = parse_date(request.GET.get("day", ""))
    except ValueError:
        given = None
    return min(given, today()) if given else today()


@requires("value.read")
@require_safe
def value(request: HttpRequest) -> HttpResponseBase:
    """What stock was worth at the end of a day, as the ledger says."""
    day = day_of(request)
    houses = list(stock.warehouses().order_by("code")[:200])
    chosen = next((w for w in houses if str(w.pk) == request.GET.get("warehouse")), None)
    rows = selectors.value_as_of(day, warehouse=chosen.pk if chosen else None)
    given = {"day": day.isoformat(), **({"warehouse": str(chosen.pk)} if chosen else {})}
    return _page(
        request, VALUE, rows, VALUE_COLUMNS, given=given, name="stock:value",
        subtitle=Text(f"{day} 日终,移动平均;由流水逐笔累计。",
                      f"At the end of {day}, moving average; summed from the ledger."),
        extra={"day": day.isoformat(), "houses": houses, "chosen": chosen,
               "total": sum((row["value"] or 0 for row in rows), 0)},
    )  # fmt: skip


@requires("value.read")
@require_safe
def age(request: HttpRequest) -> HttpResponseBase:
    """How long what is here has been here."""
    rows = selectors.ageing(today())
    return _page(
        request, AGE, rows, AGE_COLUMNS, given={}, name="stock:age",
        subtitle=Text("先进先出推算:现存货物视为最近入库的。",
                      "First in, first out: what is left is taken to be what came last."),
        extra={"total": sum((row["value"] or 0 for row in rows), 0)},
    )  # fmt: skip


@requires("value.read")
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """Whether balances, positions and values are the fold of the ledger, asked now."""
    found = [
        {"title": say(title), "rows": [list(row.values()) for row in rows],
         "names": list(rows[0]) if rows else []}
        for title, rows in (
            (title, selectors.broken(name)) for name, title in selectors.CHECKS.items()
        )
    ]  # fmt: skip
    context = {
        "page_title": say(CHECKED), "breadcrumbs": _way(), "tabs": _tabs("stock:checks"),
        "page_subtitle": say(Text("每条检查都是一个查询,返回不符的行;没有行即相符。",
                                  "Each check is a query that returns the rows that break it.")),
        "checks": found,
    }  # fmt: skip
    return render(request, "stock/checks.html", context)


def _page(
    request: HttpRequest, title: Text, rows: list[dict[str, Any]], columns: Any, *,
    given: dict[str, str], name: str, subtitle: Text, extra: dict[str, Any],
) -> HttpResponseBase:  # fmt: skip
    shown = [_Row(row) for row in rows]
    if request.GET.get("export") == "csv":
        require("value.export")
        return csv_response(request, shown, columns, entity="", file_name=say(title))
    address = f"{reverse(name)}?{urlencode({**given, 'export': 'csv'})}"
    context = {
        "page_title": say(title), "page_subtitle": say(subtitle), "breadcrumbs": _way(),
        "tabs": _tabs(name), "table": table_class(columns, "")(shown[:SHOWN_MAX], orderable=False),
        "has_rows": bool(rows), "count": len(rows), "cut": len(rows) > SHOWN_MAX,
        "export_url": address if may("value.export") else "", "label": say(title), **extra,
    }  # fmt: skip
    return render(request, "stock/value.html", context)


def _tabs(here: str) -> list[dict[str, Any]]:
    return [
        {"label": say(title), "url": reverse(name), "active": name == here}
        for name, title in (
            ("stock:value", VALUE), ("stock:age", AGE), ("stock:checks", CHECKED),
        )
    ]  # fmt: skip


def _way() -> list[tuple[str, str]]:
    return [(say(words), url) for words, url in crumbs()]
