"""When runs load: windows, waves of a prepared run, and the point each began from."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.models.runs import Run


class LoadWindow(BusinessModel):
    """Hours in which runs may load, and how hard they may work.

    ``hours``: ``{"days": [0..6], "from": "22:00", "to": "06:00"}``, Monday is 0; a window that
    ends before it begins ends on the next day. Without hours it is always open. ``blackouts``:
    ``{"from": moment, "to": moment, "why": text}`` in ISO 8601; they win. ``rows_a_second`` 0
    is as fast as it goes. ``limits``: share of a run's records, per outcome, above which it
    pauses by itself.
    """

    code = models.SlugField(_("code"), max_length=60, unique=True, allow_unicode=True)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    time_zone = models.CharField(_("time zone"), max_length=60)
    hours = models.JSONField(default=list, blank=True)
    blackouts = models.JSONField(default=list, blank=True)
    at_once = models.PositiveSmallIntegerField(_("runs at once"), default=1)
    rows_a_second = models.PositiveIntegerField(_("rows a second"), default=0)
    limits = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("load window")
        verbose_name_plural = _("load windows")
        constraints = [
            models.CheckConstraint(
                condition=Q(at_once__gte=1, at_once__lte=16), name="window_runs_at_once"
            )
        ]

    def __str__(self) -> str:
        return self.name_zh


class Wave(BusinessModel):
    """A part of a prepared run that is loaded by a run of its own.

    ``rule`` chooses source rows; see ``services.selection``. A record belongs to the first wave
    that loads it: later waves leave it out. ``kind``: pilot, widened or full.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="wave")
    number = models.PositiveSmallIntegerField(_("wave"))
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("stage"), max_length=10)
    rule = models.JSONField()
    rows = models.PositiveIntegerField(_("source rows"))

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("pilot", "widened", "full")), name="wave_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name


class RestorePoint(BusinessModel):
    """Where the tables stood when a run began to load: what a full rollback must come back to.

    ``position`` is the last entry of the change log; ``tables`` are rows and checksum of each
    onboarded table, as ``kintsugi checksum`` gives them.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="restore_point")
    at = models.DateTimeField(_("at"))
    position = models.BigIntegerField()
    tables = models.JSONField()

    class Meta:
        verbose_name = _("restore point")
        verbose_name_plural = _("restore points")

    def __str__(self) -> str:
        return str(self.run)
