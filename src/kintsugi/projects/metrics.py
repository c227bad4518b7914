"""What the system can measure for a key figure, each by one SELECT over its own tables.

A reading is a share, a count or a number of days; where there is nothing to measure it is unknown,
with the reason, and never 0 or 100.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.db import connection
from django.urls import reverse
from django.utils.http import urlencode

from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.core.queries import query
from kintsugi.engine.text import Text
from kintsugi.projects.models import Project

SEVERITIES = ("", "error", "warn", "info")
DAYS_MAX = 3650
Behind = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Reading:
    """One value, or why there is none; ``part`` of ``whole`` is what it was made of."""

    value: Decimal | None
    part: Decimal | None
    whole: Decimal | None
    why: Text | None = None


@dataclass(frozen=True)
class Metric:
    """A measure. ``shape``: ``share`` is part ÷ whole in percent; ``count`` and ``days`` are the
    part itself, known once ``whole`` is above 0. ``behind`` is the page with the rows."""

    name: str
    title: Text
    about: Text
    shape: Literal["share", "count", "days"]
    nothing: Text
    behind: Behind
    params: Mapping[str, Any]


NO_RUN = Text("项目的来源还没有已核对的导入。", "No source of the project has a verified import.")
NO_DEVICE = Text("还没有设备。", "There is no device yet.")


def _to(name: str, **found: Any) -> Behind:
    def behind(_params: Mapping[str, Any]) -> str:
        return reverse(name) + (f"?{urlencode(found)}" if found else "")

    return behind


def _issues(params: Mapping[str, Any]) -> str:
    severity = params.get("severity", "")
    return reverse("onboarding:issues") + (
        f"?{urlencode({'severity': severity})}" if severity else ""
    )


_LISTED = (
    Metric(
        "register_completeness",
        Text("设备档案完整率", "completeness of the device register"),
        Text("七项售后必需信息(客户、地点、采购日期、保修截止、型号、生产商、注册证号)中已填的比例。",
             "Filled of seven things after-sales work needs of a device: customer, place, purchase "
             "date, end of warranty, model, maker, registration."),
        "share", NO_DEVICE, _to("devices:list"), {},
    ),
    Metric(
        "rows_loaded",
        Text("行写入率", "share of rows loaded"),
        Text("各来源最近一次已核对导入中,已写入的记录占应写入记录的比例;隔离的算未写入。",
             "Of the newest verified import of each source: records in the tables, of those not "
             "left out on purpose. What is set aside counts as not loaded."),
        "share", NO_RUN, _to("onboarding:list"), {},
    ),
    Metric(
        "duplicate_rate",
        Text("重复率", "duplicate rate"),
        Text("各来源最近一次已核对导入中,与同源其他记录合并的比例。",
             "Of the newest verified import of each source: records joined with another."),
        "share", NO_RUN, _to("onboarding:list"), {},
    ),
    Metric(
        "open_issues",
        Text("未处理的问题", "open issues"),
        Text("项目来源中未处理的问题数;可按严重程度。",
             "Open issues of the project's sources, of one severity if asked."),
        "count", NO_RUN, _issues, {"severity": ""},
    ),
    Metric(
        "consistency",
        Text("跨来源一致率", "consistency across sources"),
        Text("同一台设备由两个以上来源给出的字段中,各来源说法一致的比例。",
             "Of the fields that several sources state about one device: those where all agree."),
        "share",
        Text("还没有两个来源说到同一台设备。", "No device is known to two sources yet."),
        _to("devices:list"), {},
    ),
    Metric(
        "fix_days",
        Text("问题解决中位天数", "median days to mend an issue"),
        Text("从问题出现到源头改正的中位天数,取最近若干天内改正的问题。",
             "From an issue's appearance to its mending at the source, of those mended lately."),
        "days", Text("这段时间没有被改正的问题。", "No issue was mended in that time."),
        _to("onboarding:issues"), {"days": 90},
    ),
    Metric(
        "source_age",
        Text("最旧来源的天数", "age of the oldest source"),
        Text("距最久未读取的来源上次读取的天数。",
             "Days since the source that was read longest ago was last read."),
        "days", Text("有来源从未读取,或没有来源。", "A source was never read, or there is none."),
        _to("onboarding:sources"), {},
    ),
    Metric(
        "on_time_shipment",
        Text("准时发货率", "on-time shipment"),
        Text("最近若干天发出的货中,不晚于要求日发出的比例。",
             "Of the deliveries that left lately: those that left by the day they were wanted."),
        "share", Text("这段时间没有发货。", "Nothing was shipped in that time."),
        _to("sales:deliveries"), {"days": 30},
    ),
    Metric(
        "stock_deviation",
        Text("库存偏差率", "stock deviation"),
        Text("最近若干天盘点的差异绝对值占账面数量的比例。",
             "What the stocktakes of the last days found missing or too much, of the book."),
        "share", Text("这段时间没有盘点结果。", "No stocktake has a result in that time."),
        _to("stock:stocktakes"), {"days": 90},
    ),
)  # fmt: skip
METRICS: dict[str, Metric] = {metric.name: metric for metric in _LISTED}


def metric_params(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a metric, its defaults filled in. Raises NotFound for the metric, and
    KintsugiError ``metric.params`` for one that it does not take."""
    if name not in METRICS:
        raise NotFound(Text("指标", "metric"), name)
    known = METRICS[name].params
    wrong = [key for key in given if key not in known]
    days, severity = given.get("days", 30), given.get("severity", "")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= DAYS_MAX:
        wrong.append("days")
    if severity not in SEVERITIES:
        wrong.append("severity")
    if wrong:
        raise KintsugiError(
            "metric.params",
            Text(f"指标不接受参数“{wrong[0][:60]}”或其取值。",
                 f"The metric does not take “{wrong[0][:60]}”, or not this value."),
            Text(f"可用参数:{'、'.join(known) or '无'};天数为 1–{DAYS_MAX}。",
                 f"It takes: {', '.join(known) or 'nothing'}; days from 1 to {DAYS_MAX}."),
            field="params",
            metric=name,
        )  # fmt: skip
    return {**known, **given}


def read(name: str, *, project: Project, params: Mapping[str, Any], at: dt.datetime) -> Reading:
    """Measure now. Shares are percent with four decimals."""
    metric = METRICS[name]
    with connection.cursor() as cursor:
        cursor.execute(
            query("projects", name), {**metric.params, **params, "project": project.pk, "at": at}
        )
        part, whole, *more = cursor.fetchone()
    part = None if part is None else Decimal(part)
    whole = None if whole is None else Decimal(whole)
    missing = not whole or part is None or (bool(more) and whole < more[0])
    if missing:
        return Reading(None, None, None, metric.nothing)
    assert part is not None, "told above"
    assert whole, "told above"
    value = part * 100 / whole if metric.shape == "share" else part
    return Reading(_four(value), _four(part), _four(whole))


def _four(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.0001"))
