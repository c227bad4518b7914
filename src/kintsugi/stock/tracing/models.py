"""The record of a recall that was drilled."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.stock.columns import KEPT, PERSON, quantity


class RecallDrill(BusinessModel):
    """A recall that was tried out: nothing was blocked. The figures are those of its moment and are
    not changed afterwards."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    serial_from = models.CharField(max_length=60, blank=True, db_default="")
    serial_to = models.CharField(max_length=60, blank=True, db_default="")
    reason = models.CharField(_("reason"), max_length=400)
    made_by = models.ForeignKey(**PERSON, null=True, blank=True)
    made_by_name = models.CharField(pgettext_lazy("drill", "made by"), max_length=200)
    made_at = models.DateTimeField(_("made"))
    taken_ms = models.PositiveIntegerField(_("took"))
    received = quantity(_("received"))
    found = quantity(_("found"))
    figures = models.JSONField()
    holders = models.JSONField()

    class Meta:
        verbose_name = _("drill of a recall")
        verbose_name_plural = _("drills of recalls")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="drill_has_reason"),
            models.CheckConstraint(
                condition=Q(serial_from="", serial_to="") | ~Q(serial_from="") & ~Q(serial_to=""),
                name="drill_range_has_two_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.number
