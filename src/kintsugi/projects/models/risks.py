"""The risk register and the history of its assessments."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.engine.text import Text
from kintsugi.projects.kinds import RISK
from kintsugi.projects.models.figures import VALUE, Kpi
from kintsugi.projects.models.plan import TEXT, Project, Titled


class Risk(Titled, BusinessModel):
    """What may go wrong. ``exposure`` is probability × impact, computed by the database. With
    ``kpi``, ``limit`` and ``threshold`` a measured value beyond it raises the risk by itself."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="risks")
    number = models.PositiveSmallIntegerField(_("number"))
    category = models.CharField(_("category"), max_length=20)
    trigger_zh = models.CharField(_("trigger (Chinese)"), **TEXT)
    trigger_en = models.CharField(_("trigger (English)"), **TEXT)
    probability = models.PositiveSmallIntegerField(_("probability"))
    impact = models.PositiveSmallIntegerField(_("impact"))
    exposure = models.GeneratedField(
        expression=F("probability") * F("impact"),
        output_field=models.PositiveSmallIntegerField(_("exposure")),
        db_persist=True,
    )
    response = models.CharField(_("response"), max_length=10)
    plan_zh = models.CharField(_("measures (Chinese)"), **TEXT)
    plan_en = models.CharField(_("measures (English)"), **TEXT)
    owner_name = models.CharField(_("owner"), max_length=200, blank=True, db_default="")
    status = models.CharField(
        _("state"), max_length=10, choices=RISK.choices(), db_default="open", default="open"
    )
    review_on = models.DateField(_("next review"), null=True, blank=True)
    kpi = models.ForeignKey(Kpi, models.PROTECT, null=True, blank=True, related_name="risks")
    limit = models.CharField(_("raised when"), max_length=6, blank=True, db_default="")
    threshold = models.DecimalField(_("threshold"), null=True, blank=True, **VALUE)
    raised_at = models.DateTimeField(_("raised by a value"), null=True, blank=True)

    class Meta:
        verbose_name = _("risk")
        verbose_name_plural = _("risks")
        indexes = [models.Index(fields=["project", "-exposure"], name="risk_of_project")]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="risk_number_once"),
            models.CheckConstraint(
                condition=Q(probability__gte=1, probability__lte=5, impact__gte=1, impact__lte=5),
                name="risk_in_the_matrix",
            ),
            models.CheckConstraint(
                condition=Q(kpi__isnull=True, limit="", threshold__isnull=True)
                | Q(kpi__isnull=False, limit__in=("above", "below"), threshold__isnull=False),
                name="risk_threshold_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"R-{self.number:02d}"

    @property
    def trigger(self) -> Text:
        """What shows that it is coming."""
        return Text(self.trigger_zh, self.trigger_en)

    @property
    def plan(self) -> Text:
        """What is done about it."""
        return Text(self.plan_zh, self.plan_en)


class RiskReview(BusinessModel):
    """One assessment of a risk; never changed."""

    risk = models.ForeignKey(Risk, models.PROTECT, related_name="reviews")
    at = models.DateTimeField(_("at"))
    probability = models.PositiveSmallIntegerField(_("probability"))
    impact = models.PositiveSmallIntegerField(_("impact"))
    status = models.CharField(_("state"), max_length=10)
    note = models.JSONField(_("note"), default=list)
    by_name = models.CharField(_("by"), max_length=200)

    class Meta:
        verbose_name = _("review of a risk")
        verbose_name_plural = _("reviews of risks")
        indexes = [models.Index(fields=["risk", "-at"], name="risk_review_newest")]

    def __str__(self) -> str:
        return f"{self.risk_id} {self.at:%Y-%m-%d}"
