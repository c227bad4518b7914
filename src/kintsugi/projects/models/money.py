"""Costs and benefits of a project, month by month: planned, and what became of it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.projects.models.figures import Kpi
from kintsugi.projects.models.plan import TEXT, Project, Titled

AMOUNT: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}


class MoneyLine(Titled, BusinessModel):
    """A cost or a benefit of so many months from ``first_month`` (its first day).

    Entered: ``amount`` a month. Measured: the way of ``kpi`` from its baseline × ``unit_value`` a
    month. ``best_pct`` and ``worst_pct`` say what the best and the worst case make of it.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="money")
    side = models.CharField(_("side"), max_length=8)
    category = models.CharField(_("category"), max_length=20)
    first_month = models.DateField(_("first month"))
    months = models.PositiveSmallIntegerField(_("months"), default=1)
    amount = models.DecimalField(_("amount a month"), null=True, blank=True, **AMOUNT)
    kpi = models.ForeignKey(Kpi, models.PROTECT, null=True, blank=True, related_name="money")
    unit_value = models.DecimalField(
        _("value of one unit a month"), null=True, blank=True, **AMOUNT
    )
    best_pct = models.PositiveSmallIntegerField(_("best case, %"), default=100)
    worst_pct = models.PositiveSmallIntegerField(_("worst case, %"), default=100)
    basis = models.CharField(_("basis of the estimate"), **TEXT)

    class Meta:
        verbose_name = _("cost or benefit")
        verbose_name_plural = _("costs and benefits")
        constraints = [
            models.CheckConstraint(
                condition=Q(months__gte=1, months__lte=120), name="money_months"
            ),
            models.CheckConstraint(
                condition=Q(kpi__isnull=True, unit_value__isnull=True, amount__gte=0)
                | Q(kpi__isnull=False, unit_value__gte=0, amount__isnull=True, side="benefit"),
                name="money_entered_or_measured",
            ),
            # Best is never worse than worst: costs the other way round.
            models.CheckConstraint(
                condition=Q(side="cost", best_pct__lte=100, worst_pct__gte=100)
                | Q(side="benefit", best_pct__gte=100, worst_pct__lte=100),
                name="money_cases_in_order",
            ),
            models.CheckConstraint(condition=Q(first_month__day=1), name="money_first_of_month"),
        ]

    def __str__(self) -> str:
        return self.title_zh


class MoneyActual(BusinessModel):
    """What a line came to in a month, with its evidence; entered by a person, never changed."""

    line = models.ForeignKey(MoneyLine, models.PROTECT, related_name="actuals")
    month = models.DateField(_("month"))
    amount = models.DecimalField(_("amount"), **AMOUNT)
    evidence = models.CharField(_("source and evidence"), max_length=400)
    by_name = models.CharField(_("by"), max_length=200)

    class Meta:
        verbose_name = _("actual amount")
        verbose_name_plural = _("actual amounts")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "month"], condition=Q(is_void=False), name="money_actual_once"
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="money_actual_has_evidence"),
            models.CheckConstraint(condition=Q(month__day=1), name="money_actual_first_of_month"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.month:%Y-%m}"
