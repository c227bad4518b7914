"""What the system can check about a milestone, by name, each with a sentence that says what it saw.

A verdict None is unknown: there is nothing to judge by. It does not pass.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.engine.text import Text
from kintsugi.onboarding.selectors import runs_of_sources, sources
from kintsugi.projects import metrics
from kintsugi.projects.models import Drill, Project


@dataclass(frozen=True)
class Verdict:
    """Whether it holds, and what was seen."""

    passed: bool | None
    finding: Text


@dataclass(frozen=True)
class Check:
    """A check with its parameters' defaults; ``judge(project, params, at)``."""

    name: str
    title: Text
    params: Mapping[str, Any]
    judge: Callable[[Project, Mapping[str, Any], dt.datetime], Verdict]


def _sources_of(project: Project) -> list[Any]:
    ids = project.sources.filter(is_void=False).values_list("source_id", flat=True)
    return list(sources().filter(pk__in=list(ids)).order_by("code"))


def _sources_listed(project: Project, params: Mapping[str, Any], _at: dt.datetime) -> Verdict:
    count = len(_sources_of(project))
    return Verdict(
        count >= params["least"],
        Text(f"已登记 {count} 个来源,要求至少 {params['least']} 个",
             f"{count} sources listed, {params['least']} asked for"),
    )  # fmt: skip


def _sources_owned(project: Project, _params: Mapping[str, Any], _at: dt.datetime) -> Verdict:
    found = _sources_of(project)
    if not found:
        return Verdict(None, Text("项目没有来源", "The project has no source"))
    without = [one.code for one in found if not (one.owner and one.steward)]
    if without:
        return Verdict(
            False,
            Text(f"没有责任人或数据管家:{'、'.join(without[:5])}",
                 f"Without owner or data steward: {', '.join(without[:5])}"),
        )  # fmt: skip
    return Verdict(
        True,
        Text(f"{len(found)} 个来源都有责任人和数据管家",
             f"All {len(found)} sources have an owner and a data steward"),
    )  # fmt: skip


def _verified_run(project: Project, params: Mapping[str, Any], _at: dt.datetime) -> Verdict:
    found = _sources_of(project)
    if not found:
        return Verdict(None, Text("项目没有来源", "The project has no source"))
    runs = runs_of_sources([one.pk for one in found]).filter(status="verified")
    having = set(runs.values_list("source__code", flat=True))
    lacking = [one.code for one in found if one.code not in having]
    passed = not lacking if params["every"] else bool(having)
    if lacking:
        finding = Text(
            f"{len(having)}/{len(found)} 个来源有已核对的导入;没有的:{'、'.join(lacking[:5])}",
            f"{len(having)} of {len(found)} sources have a verified import; not: "
            f"{', '.join(lacking[:5])}",
        )
    else:
        finding = Text(f"{len(found)} 个来源都有已核对的导入", f"All {len(found)} sources have one")
    return Verdict(passed, finding)


def _metric(
    name: str, project: Project, at: dt.datetime, **params: Any
) -> tuple[Decimal | None, Text | None]:
    seen = metrics.read(name, project=project, params=params, at=at)
    return seen.value, seen.why


def _loaded_share(project: Project, params: Mapping[str, Any], at: dt.datetime) -> Verdict:
    value, why = _metric("rows_loaded", project, at)
    if value is None:
        return Verdict(None, why or metrics.NO_RUN)
    least = Decimal(str(params["least_pct"]))
    return Verdict(
        value >= least,
        Text(f"已写入 {value.normalize():f}%,要求至少 {least:f}%",
             f"{value.normalize():f}% of the rows are loaded, {least:f}% asked for"),
    )  # fmt: skip


def _open_issues(project: Project, params: Mapping[str, Any], at: dt.datetime) -> Verdict:
    value, why = _metric("open_issues", project, at, severity=params["severity"])
    if value is None:
        return Verdict(None, why or metrics.NO_RUN)
    return Verdict(
        value <= params["most"],
        Text(f"未处理 {int(value)} 个,最多允许 {params['most']} 个",
             f"{int(value)} open, {params['most']} allowed"),
    )  # fmt: skip


def _kpi_reached(project: Project, params: Mapping[str, Any], _at: dt.datetime) -> Verdict:
    kpi = project.kpis.filter(code=params["kpi"], is_void=False).first()
    if kpi is None:
        return Verdict(None, Text(f"没有指标 {params['kpi']}", f"No figure {params['kpi']}"))
    last = kpi.measurements.filter(is_void=False).order_by("-at").first()
    if last is None or last.value is None:
        return Verdict(None, Text(f"{kpi.title_zh}:未知", f"{kpi.title_en}: unknown"))
    return Verdict(
        kpi.reaches(last.value),
        Text(f"{kpi.title_zh} {last.value.normalize():f} {kpi.unit_zh},"
             f"目标 {kpi.target.normalize():f}",
             f"{kpi.title_en} {last.value.normalize():f} {kpi.unit_en}, "
             f"target {kpi.target.normalize():f}"),
    )  # fmt: skip


def _drill_passed(project: Project, params: Mapping[str, Any], at: dt.datetime) -> Verdict:
    since = at.date() - dt.timedelta(days=params["days"])
    held = Drill.objects.filter(
        contingency__project=project, contingency__is_void=False, is_void=False,
        held_on__gte=since, held_on__lte=at.date(),
    ).order_by("-held_on", "-id")  # fmt: skip
    passed = [one for one in held if one.passed]
    if passed:
        one = passed[0]
        return Verdict(
            True,
            Text(f"{one.held_on:%Y-%m-%d} 演练用时 {one.minutes} 分钟,时限 {one.limit_min} 分钟",
                 f"Drilled on {one.held_on:%Y-%m-%d} in {one.minutes} of {one.limit_min} minutes"),
        )  # fmt: skip
    if held:
        return Verdict(False, Text("演练未通过", "No drill passed"))
    return Verdict(
        False,
        Text(f"最近 {params['days']} 天没有演练", f"No drill in the last {params['days']} days"),
    )


def _risks_below(project: Project, params: Mapping[str, Any], _at: dt.datetime) -> Verdict:
    high = project.risks.filter(is_void=False, exposure__gte=params["exposure"]).exclude(
        status="closed"
    )
    named = [str(one) for one in high.order_by("-exposure", "number")]
    if named:
        return Verdict(
            False,
            Text(f"{len(named)} 个风险敞口 ≥ {params['exposure']}:{'、'.join(named[:5])}",
                 f"{len(named)} risks with an exposure of {params['exposure']} or more: "
                 f"{', '.join(named[:5])}"),
        )  # fmt: skip
    return Verdict(
        True,
        Text(f"没有敞口 ≥ {params['exposure']} 的未关闭风险",
             f"No open risk with an exposure of {params['exposure']} or more"),
    )  # fmt: skip


_LISTED = (
    Check("sources_listed", Text("来源已登记到项目", "sources belong to the project"),
          {"least": 1}, _sources_listed),
    Check("sources_owned", Text("来源有责任人和数据管家", "sources have owner and steward"),
          {}, _sources_owned),
    Check("verified_run", Text("有已核对的导入", "verified imports exist"),
          {"every": False}, _verified_run),
    Check("loaded_share", Text("行写入率", "share of rows loaded"), {"least_pct": 99},
          _loaded_share),
    Check("open_issues", Text("未处理的问题不超过", "open issues at most"),
          {"severity": "error", "most": 0}, _open_issues),
    Check("kpi_reached", Text("指标达到目标", "a key figure reaches its target"), {"kpi": ""},
          _kpi_reached),
    Check("drill_passed", Text("应急演练通过", "a contingency drill passed"), {"days": 60},
          _drill_passed),
    Check("risks_below", Text("没有高敞口风险", "no risk with a high exposure"),
          {"exposure": 12}, _risks_below),
)  # fmt: skip
CHECKS: dict[str, Check] = {check.name: check for check in _LISTED}
#: What each parameter may be.
_SOUND: dict[str, Callable[[Any], bool]] = {
    "least": lambda v: _whole(v, 1, 1000),
    "every": lambda v: isinstance(v, bool),
    "least_pct": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v <= 100,
    "severity": lambda v: v in metrics.SEVERITIES,
    "most": lambda v: _whole(v, 0, 1_000_000),
    "kpi": lambda v: isinstance(v, str) and 0 < len(v) <= 60,
    "days": lambda v: _whole(v, 1, metrics.DAYS_MAX),
    "exposure": lambda v: _whole(v, 1, 25),
}


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def check_params(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a check, defaults filled in. Raises NotFound for the check, KintsugiError
    ``check.params`` for a parameter or value that it does not take."""
    if name not in CHECKS:
        raise NotFound(Text("检查", "check"), name)
    known = CHECKS[name].params
    found = {**known, **given}
    wrong = [key for key, value in found.items() if key not in known or not _SOUND[key](value)]
    if wrong:
        raise KintsugiError(
            "check.params",
            Text(f"检查不接受参数“{wrong[0][:60]}”或其取值。",
                 f"The check does not take “{wrong[0][:60]}”, or not this value."),
            Text(f"可用参数:{'、'.join(known) or '无'}。",
                 f"It takes: {', '.join(known) or 'nothing'}."),
            field="params",
            check=name,
        )  # fmt: skip
    return found


def judge(name: str, project: Project, params: Mapping[str, Any], at: dt.datetime) -> Verdict:
    """Check now."""
    check = CHECKS[name]
    return check.judge(project, {**check.params, **params}, at)
