"""The only writer of the risk register."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.projects.kinds import LIMITS, RISK
from kintsugi.projects.models import Kpi, Measurement, Risk, RiskReview
from kintsugi.projects.services.writing import alive, change, once


def add_risk(
    *, actor: Any, project: UUID, key: str, title_zh: str, title_en: str, category: str,
    probability: int, impact: int, response: str, at: dt.datetime, **more: Any,
) -> Risk:  # fmt: skip
    """A risk with the next number. ``more``: trigger, plan, owner, review_on, kpi with limit and
    threshold. Raises ``risk.off-the-scale``, ``risk.threshold-half``."""
    _on_the_scale(probability, impact)
    _whole_threshold(more)

    def work() -> Risk:
        found = alive(project)
        made = Risk.objects.create(
            project=found, number=found.risks.count() + 1, title_zh=title_zh, title_en=title_en,
            category=category, probability=probability, impact=impact, response=response, **more,
        )  # fmt: skip
        _note(made, at, str(actor), Text("登记", "entered"))
        return made

    payload = {"project": project, "zh": title_zh, "p": probability, "i": impact,
               **{name: str(value) for name, value in more.items()}}  # fmt: skip
    return once(Risk, actor=actor, command="risk.add", key=key, payload=payload, work=work)


def edit_risk(*, actor: Any, risk: UUID, version: int | None, **values: Any) -> Risk:
    """Change its texts, owner, response or threshold; how likely and how bad it is, by an
    assessment."""
    with recorded(actor=actor, command="risk.edit"):
        found = Risk.objects.get(pk=risk)
        alive(found.project_id)
        _whole_threshold(
            {name: values.get(name, getattr(found, name)) for name in ("kpi", "limit", "threshold")}
        )
        return change(found, version=version, **values)


def assess_risk(
    *, actor: Any, risk: UUID, version: int | None, probability: int, impact: int, status: str,
    note: str, at: dt.datetime, review_on: dt.date | None = None,
) -> Risk:  # fmt: skip
    """Judge it anew; each assessment is kept. An alert that a value raised is answered by it.

    Raises ``risk.off-the-scale``, IllegalTransition, StaleVersion.
    """
    _on_the_scale(probability, impact)
    with recorded(actor=actor, command="risk.assess", reason=note[:400]):
        found = Risk.objects.select_for_update().get(pk=risk)
        alive(found.project_id)
        RISK.check(found.status, status)
        changed = change(
            found, version=version, probability=probability, impact=impact, status=status,
            review_on=review_on, raised_at=None,
        )  # fmt: skip
        _note(changed, at, str(actor), Text(note, note))
        return changed


def raise_risks(kpi: Kpi, measured: Measurement) -> list[Risk]:
    """Raise the risks whose threshold this value crosses: beyond it now, and not at the value
    before. An unknown value raises nothing. Inside ``recorded``."""
    if measured.value is None:
        return []
    earlier = (
        kpi.measurements.filter(is_void=False, at__lt=measured.at, value__isnull=False)
        .order_by("-at")
        .first()
    )
    raised = []
    for risk in kpi.risks.filter(is_void=False, raised_at__isnull=True):
        assert risk.threshold is not None, "a threshold comes with its figure"
        if not _beyond(risk, measured.value):
            continue
        if earlier and earlier.value is not None and _beyond(risk, earlier.value):
            continue
        status = "open" if risk.status == "closed" else risk.status
        change(risk, version=None, raised_at=measured.at, status=status)
        value, limit = measured.value.normalize(), risk.threshold.normalize()
        words = LIMITS[risk.limit]
        _note(
            risk,
            measured.at,
            "system",
            Text(f"{kpi.title_zh} {value:f} {words.zh}阈值 {limit:f}",
                 f"{kpi.title_en} {value:f} is {words.en} the threshold {limit:f}"),
        )  # fmt: skip
        events.emit(
            "projects.risk-raised", subject=f"{risk.project.code}/{risk}",
            facts={"kpi": kpi.code, "value": f"{value:f}", "threshold": f"{limit:f}"},
            at=measured.at,
        )  # fmt: skip
        raised.append(risk)
    return raised


def _beyond(risk: Risk, value: Decimal) -> bool:
    assert risk.threshold is not None, "a threshold comes with its figure"
    return value > risk.threshold if risk.limit == "above" else value < risk.threshold


def _note(risk: Risk, at: dt.datetime, by: str, words: Text) -> None:
    RiskReview.objects.create(
        risk=risk, at=at, probability=risk.probability, impact=risk.impact, status=risk.status,
        note=list(words), by_name=by[:200],
    )  # fmt: skip


def _on_the_scale(probability: int, impact: int) -> None:
    if not (1 <= probability <= 5 and 1 <= impact <= 5):
        raise KintsugiError(
            "risk.off-the-scale",
            Text("可能性和影响都取 1–5。", "Probability and impact go from 1 to 5."),
            Text("改为 1–5 的整数。", "Give a whole number from 1 to 5."),
            field="probability",
        )


def _whole_threshold(values: dict[str, Any]) -> None:
    given = [
        bool(values.get("kpi")),
        bool(values.get("limit")),
        values.get("threshold") is not None,
    ]
    if any(given) and not all(given):
        raise KintsugiError(
            "risk.threshold-half",
            Text("自动告警需要指标、方向和阈值三项。",
                 "An alert needs a figure, a direction and a threshold."),
            Text("三项都填,或都留空。", "Give all three or none."),
            field="threshold",
        )  # fmt: skip
