"""The only writer of key figures, measurements and the verdicts of criteria."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.projects import checks, metrics
from kintsugi.projects.models import Criterion, Kpi, Measurement, Milestone, Project
from kintsugi.projects.services.risks import raise_risks
from kintsugi.projects.services.writing import alive, change, once


def add_kpi(
    *, actor: Any, project: UUID, code: str, title_zh: str, title_en: str, direction: str,
    target: Decimal, key: str, unit_zh: str = "", unit_en: str = "", metric: str = "",
    params: Mapping[str, Any] | None = None, baseline: Decimal | None = None,
    owner_name: str = "",
) -> Kpi:  # fmt: skip
    """A key figure; without ``metric`` people enter it. Raises ``metric.params``,
    ``kpi.code-taken``."""
    sound = metrics.metric_params(metric, params or {}) if metric else {}

    def work() -> Kpi:
        found = alive(project)
        if found.kpis.filter(code=code).exists():
            raise KintsugiError(
                "kpi.code-taken",
                Text(f"指标编号 {code} 已被使用。", f"The figure's code {code} is taken."),
                Text("换一个编号。", "Choose another code."),
                field="code",
            )
        return Kpi.objects.create(
            project=found, code=code, position=found.kpis.count() + 1, title_zh=title_zh,
            title_en=title_en, unit_zh=unit_zh, unit_en=unit_en, direction=direction,
            baseline=baseline, target=target, metric=metric, params=sound, owner_name=owner_name,
        )  # fmt: skip

    payload = {"project": project, "code": code, "metric": metric, "target": target}
    return once(Kpi, actor=actor, command="kpi.add", key=key, payload=payload, work=work)


def edit_kpi(*, actor: Any, kpi: UUID, version: int | None, **values: Any) -> Kpi:
    """Change name, unit, baseline, target or owner; what it is measured by stays."""
    with recorded(actor=actor, command="kpi.edit"):
        found = Kpi.objects.get(pk=kpi)
        alive(found.project_id)
        return change(found, version=version, **values)


def record_measurement(
    *, actor: Any, kpi: UUID, value: Decimal, as_of: dt.datetime, evidence: str, key: str,
    at: dt.datetime,
) -> Measurement:  # fmt: skip
    """A value that a person enters, with where it can be seen. Raises ``kpi.measured-by-system``,
    ``kpi.future``, ``kpi.moment-taken``."""

    def work() -> Measurement:
        found = Kpi.objects.get(pk=kpi)
        alive(found.project_id)
        if found.metric:
            raise KintsugiError(
                "kpi.measured-by-system",
                Text("这个指标由系统测量,不能手工录入。", "The system measures this figure."),
                Text("需要手工指标时,另建一个。", "Add another figure for values by hand."),
                kpi=found.code,
            )
        if as_of > at:
            raise KintsugiError(
                "kpi.future",
                Text("时间在将来。", "That moment has not come."),
                Text("填写实际测量的时间。", "Give the moment it was measured."),
                field="as_of",
            )
        _free(found, as_of)
        made = Measurement.objects.create(
            kpi=found, at=as_of, value=value, origin="hand", evidence=evidence,
            by_name=str(actor)[:200],
        )  # fmt: skip
        raise_risks(found, made)
        return made

    payload = {"kpi": kpi, "value": value, "as_of": as_of, "evidence": evidence}
    return once(Measurement, actor=actor, command="kpi.record", key=key, payload=payload, work=work)


def withdraw_measurement(*, actor: Any, measurement: UUID, reason: str) -> Measurement:
    """A value entered by mistake no longer counts; it stays on record. Raises
    ``kpi.measured-by-system``."""
    with recorded(actor=actor, command="kpi.withdraw", reason=reason[:400]):
        found = Measurement.objects.select_related("kpi").get(pk=measurement)
        alive(found.kpi.project_id)
        if found.origin != "hand":
            raise KintsugiError(
                "kpi.measured-by-system",
                Text("系统测得的值不能撤回。", "What the system measured stays."),
                Text("改正数据后重新测量。", "Mend the data and measure again."),
                kpi=found.kpi.code,
            )
        return change(found, version=None, is_void=True, void_reason=reason[:400])


def measure_project(*, actor: Any, project: UUID, at: dt.datetime) -> list[Measurement]:
    """Measure all figures that the system can, judge the criteria of open milestones, and raise
    risks whose threshold was crossed. The same moment again changes nothing."""
    with recorded(actor=actor, command="project.measure"):
        found = alive(project)
        made = []
        for kpi in found.kpis.filter(is_void=False).exclude(metric="").order_by("position"):
            known = kpi.measurements.filter(at=at).first()
            made.append(known or _measure(found, kpi, at))
        _judge(found, None, at)
        return made


def judge_milestone(*, actor: Any, milestone: UUID, at: dt.datetime) -> list[Criterion]:
    """Check the criteria of one milestone that the system can check. Returns them."""
    with recorded(actor=actor, command="milestone.judge"):
        found = Milestone.objects.get(pk=milestone)
        return _judge(alive(found.project_id), found, at)


def _measure(project: Project, kpi: Kpi, at: dt.datetime) -> Measurement:
    seen = metrics.read(kpi.metric, project=project, params=kpi.params, at=at)
    made = Measurement.objects.create(
        kpi=kpi, at=at, value=seen.value, part=seen.part, whole=seen.whole, origin="measured",
        why=list(seen.why) if seen.why else [],
    )  # fmt: skip
    raise_risks(kpi, made)
    return made


def _judge(project: Project, milestone: Milestone | None, at: dt.datetime) -> list[Criterion]:
    rows = Criterion.objects.filter(
        milestone__project=project, milestone__status="open", milestone__is_void=False,
        is_void=False,
    ).exclude(check_name="")  # fmt: skip
    if milestone is not None:
        rows = rows.filter(milestone=milestone)
    judged = []
    for one in rows.order_by("milestone__position", "position"):
        verdict = checks.judge(one.check_name, project, one.params, at)
        judged.append(
            change(
                one, version=None, passed=verdict.passed, finding=list(verdict.finding),
                judged_at=at,
            )
        )  # fmt: skip
    return judged


def _free(kpi: Kpi, at: dt.datetime) -> None:
    if kpi.measurements.filter(at=at).exists():
        raise KintsugiError(
            "kpi.moment-taken",
            Text("这个时间已有一个值。", "There is a value for this moment already."),
            Text("换一个时间;录错的值先撤回,再用另一个时间录入。",
                 "Give another moment; withdraw a wrong value first."),
            field="as_of",
            kpi=kpi.code,
        )  # fmt: skip
