"""Key figures of a project, and the series of their measurements."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.engine.text import Text
from kintsugi.projects.models.plan import TEXT, Project, Titled

VALUE: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}


class Kpi(Titled, BusinessModel):
    """A key figure: what is measured, in which unit, from where to where.

    ``metric`` names what the system measures; empty means that people enter it. ``params`` are the
    metric's. A baseline that nobody knows is None, never 0.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="kpis")
    code = models.SlugField(_("code"), max_length=60)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    unit_zh = models.CharField(_("unit (Chinese)"), max_length=20, blank=True, db_default="")
    unit_en = models.CharField(_("unit (English)"), max_length=20, blank=True, db_default="")
    direction = models.CharField(_("direction"), max_length=4)
    baseline = models.DecimalField(_("baseline"), null=True, blank=True, **VALUE)
    target = models.DecimalField(_("target"), **VALUE)
    metric = models.CharField(_("measured by"), max_length=40, blank=True, db_default="")
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    owner_name = models.CharField(_("owner"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("key figure")
        verbose_name_plural = _("key figures")
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="kpi_once"),
            models.CheckConstraint(condition=Q(direction__in=("up", "down")), name="kpi_direction"),
        ]

    def __str__(self) -> str:
        return self.title_zh

    @property
    def unit(self) -> Text:
        """The unit."""
        return Text(self.unit_zh, self.unit_en)

    def reaches(self, value: object) -> bool | None:
        """Whether a value meets the target; None where it is unknown."""
        if value is None:
            return None
        return value >= self.target if self.direction == "up" else value <= self.target  # type: ignore[operator]


class Measurement(BusinessModel):
    """One value of a key figure at one moment; never changed. ``value`` None is "unknown", with
    ``why``. ``part`` of ``whole`` is what the value was made of."""

    kpi = models.ForeignKey(Kpi, models.PROTECT, related_name="measurements")
    at = models.DateTimeField(_("as of"))
    value = models.DecimalField(_("value"), null=True, blank=True, **VALUE)
    part = models.DecimalField(_("part"), null=True, blank=True, **VALUE)
    whole = models.DecimalField(_("whole"), null=True, blank=True, **VALUE)
    origin = models.CharField(_("origin"), max_length=10)
    why = models.JSONField(_("why unknown"), default=list, blank=True)
    evidence = models.CharField(_("source and evidence"), **TEXT)
    by_name = models.CharField(_("by"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")
        indexes = [models.Index(fields=["kpi", "-at"], name="measurement_newest")]
        constraints = [
            models.UniqueConstraint(fields=["kpi", "at"], name="measurement_once"),
            models.CheckConstraint(
                condition=Q(origin="measured")
                | Q(origin="hand", value__isnull=False) & ~Q(evidence="") & ~Q(by_name=""),
                name="measurement_by_hand_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kpi_id} {self.value}"
