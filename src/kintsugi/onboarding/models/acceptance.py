"""That what stands in the tables is what a source said, compared to the cell, and signed for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.models.runs import Run


class Acceptance(BusinessModel):
    """One comparison of a loaded run with the tables, and the act that accepted it.

    ``results``: per record stream the records and, per field, the cells that are the same and
    those that differ, by reason; sums of both sides; ``differences`` lists cells, bounded. What
    was compared does not change; only the act is added.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="acceptances")
    compared_at = models.DateTimeField(_("compared"))
    compared_by = models.CharField(_("person"), max_length=200)
    results = models.JSONField()
    sha256 = models.CharField(max_length=64)
    passes = models.BooleanField(_("passed"))
    act = models.CharField(_("act"), max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")
        indexes = [models.Index(fields=["run", "-compared_at"], name="acceptance_newest")]

    def __str__(self) -> str:
        return f"{self.run} {self.compared_at:%Y-%m-%d}"
