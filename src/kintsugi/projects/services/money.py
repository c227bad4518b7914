"""The only writer of costs, benefits and their actual amounts."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.projects.models import Kpi, MoneyActual, MoneyLine
from kintsugi.projects.roi import months_from
from kintsugi.projects.services.writing import alive, change, once


def add_line(
    *, actor: Any, project: UUID, side: str, category: str, title_zh: str, title_en: str,
    first_month: dt.date, months: int, key: str, amount: Decimal | None = None,
    kpi: UUID | None = None, unit_value: Decimal | None = None, best_pct: int = 100,
    worst_pct: int = 100, basis: str = "",
) -> MoneyLine:  # fmt: skip
    """A cost or benefit by month: entered, or by the way a figure goes from its baseline. Raises
    ``money.entered-or-measured``, ``money.cases``, ``money.no-baseline``."""
    _entered_or_measured(side, amount, kpi, unit_value)
    _cases(side, best_pct, worst_pct)

    def work() -> MoneyLine:
        found = alive(project)
        if kpi is not None:
            _has_baseline(Kpi.objects.get(pk=kpi, project=found))
        return MoneyLine.objects.create(
            project=found, side=side, category=category, title_zh=title_zh, title_en=title_en,
            first_month=first_month.replace(day=1), months=months, amount=amount, kpi_id=kpi,
            unit_value=unit_value, best_pct=best_pct, worst_pct=worst_pct, basis=basis,
        )  # fmt: skip

    payload = {"project": project, "side": side, "zh": title_zh, "month": first_month,
               "months": months, "amount": amount, "kpi": kpi, "value": unit_value}  # fmt: skip
    return once(MoneyLine, actor=actor, command="money.add", key=key, payload=payload, work=work)


def remove_line(*, actor: Any, line: UUID, reason: str) -> MoneyLine:
    """A line no longer counts; it stays on record."""
    with recorded(actor=actor, command="money.remove", reason=reason[:400]):
        found = MoneyLine.objects.get(pk=line)
        alive(found.project_id)
        return change(found, version=None, is_void=True, void_reason=reason[:400])


def record_actual(
    *, actor: Any, line: UUID, month: dt.date, amount: Decimal, evidence: str, key: str,
    at: dt.datetime,
) -> MoneyActual:  # fmt: skip
    """What an entered line came to in a month. Raises ``money.measured``, ``money.month``,
    ``money.actual-twice``."""
    first = month.replace(day=1)

    def work() -> MoneyActual:
        found = MoneyLine.objects.get(pk=line)
        alive(found.project_id)
        if found.kpi_id:
            raise KintsugiError(
                "money.measured",
                Text("这一行由指标测得,不能录入实际金额。", "This line follows a measured figure."),
                Text("请更新对应的指标。", "Measure the figure itself."),
                field="amount",
            )
        if first not in months_from(found.first_month, found.months) or first > at.date():
            raise KintsugiError(
                "money.month",
                Text("月份不在这一行的范围内,或在将来。",
                     "The month is not one of the line's, or has not come."),
                Text("选择该行范围内已到的月份。", "Choose one of its months that has come."),
                field="month",
            )  # fmt: skip
        if found.actuals.filter(month=first, is_void=False).exists():
            raise KintsugiError(
                "money.actual-twice",
                Text("这个月已有实际金额。", "That month has an actual amount."),
                Text("先撤回原来的金额。", "Withdraw the other amount first."),
                field="month",
            )
        return MoneyActual.objects.create(
            line=found, month=first, amount=amount, evidence=evidence, by_name=str(actor)[:200]
        )

    payload = {"line": line, "month": first, "amount": amount, "evidence": evidence}
    return once(
        MoneyActual, actor=actor, command="money.actual", key=key, payload=payload, work=work
    )


def withdraw_actual(*, actor: Any, actual: UUID, reason: str) -> MoneyActual:
    """An amount entered by mistake no longer counts."""
    with recorded(actor=actor, command="money.withdraw", reason=reason[:400]):
        found = MoneyActual.objects.select_related("line").get(pk=actual)
        alive(found.line.project_id)
        return change(found, version=None, is_void=True, void_reason=reason[:400])


def _entered_or_measured(
    side: str, amount: Decimal | None, kpi: UUID | None, value: Decimal | None
) -> None:
    entered = amount is not None and kpi is None and value is None
    measured = amount is None and kpi is not None and value is not None and side == "benefit"
    if not (entered or measured):
        raise KintsugiError(
            "money.entered-or-measured",
            Text("填写每月金额;或对收益,填写指标和每单位价值。",
                 "Give an amount a month; or, for a benefit, a figure and the value of a unit."),
            Text("两种方式只选一种。", "Choose one of the two."),
            field="amount",
        )  # fmt: skip


def _cases(side: str, best: int, worst: int) -> None:
    sound = best <= 100 <= worst if side == "cost" else worst <= 100 <= best
    if not sound:
        raise KintsugiError(
            "money.cases",
            Text("最好情形应使成本更低、收益更高,最差相反。",
                 "The best case makes costs lower and benefits higher, the worst the reverse."),
            Text("基准是 100%;成本:最好 ≤ 100 ≤ 最差;收益:最差 ≤ 100 ≤ 最好。",
                 "The base is 100%. Costs: best ≤ 100 ≤ worst; benefits: worst ≤ 100 ≤ best."),
            field="best_pct",
        )  # fmt: skip


def _has_baseline(kpi: Kpi) -> None:
    if kpi.baseline is None:
        raise KintsugiError(
            "money.no-baseline",
            Text("这个指标没有基线,无法计算改善。", "The figure has no baseline to improve on."),
            Text("先填写基线及其来源。", "Give its baseline first."),
            field="kpi",
            kpi=kpi.code,
        )
