"""Checks of what is stored, sensors with their readings, and excursions. The rules stand in
``sql/storing.sql``."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.stock.columns import KEPT, PERSON, choices, one_of
from kintsugi.stock.storing.rules import DECISIONS, EXCURSION, EXCURSION_KINDS, FINDINGS
from kintsugi.stock.whose import warehouse_within


def _degrees(title: Any = "", **options: Any) -> Any:
    """A temperature in °C, to a hundredth."""
    return models.DecimalField(title, max_digits=5, decimal_places=2, **options)


class StorageCheck(Scoped, BusinessModel):
    """Somebody looked at goods at a place: what he saw and what was done. ``block``: the hold that
    the finding placed."""

    location = models.ForeignKey("stock.Location", **KEPT)
    product = models.ForeignKey("products.Product", null=True, blank=True, **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    checked_on = models.DateField(_("date"))
    temperature = _degrees(_("temperature"), null=True, blank=True)
    humidity = _degrees(_("humidity"), null=True, blank=True)
    finding = models.CharField(_("finding"), max_length=12, choices=choices(FINDINGS))
    action = models.CharField(_("what was done"), max_length=400, blank=True, db_default="")
    checked_by = models.ForeignKey(**PERSON)
    checked_by_name = models.CharField(_("checked by"), max_length=200)
    block = models.ForeignKey("stock.Block", null=True, blank=True, **KEPT)

    class Meta:
        verbose_name = _("storage check")
        verbose_name_plural = _("storage checks")
        indexes = [models.Index(fields=["location", "-checked_on"], name="check_of_location")]
        constraints = [
            one_of("finding", FINDINGS, "check_finding_known"),
            models.CheckConstraint(
                condition=Q(finding="sound") | ~Q(action=""), name="check_finding_has_action"
            ),
            models.CheckConstraint(
                condition=Q(humidity__isnull=True) | Q(humidity__gte=0, humidity__lte=100),
                name="check_humidity_sound",
            ),
            models.CheckConstraint(
                condition=Q(lot__isnull=True) | Q(product__isnull=False),
                name="check_lot_of_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.location} {self.checked_on}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of places in the warehouses of the scope."""
        return warehouse_within(scope, "location__warehouse__")


class Sensor(Scoped, BusinessModel):
    """A thermometer at a place. Longer than ``gap_minutes`` without a reading is an excursion of
    its own kind."""

    code = models.CharField(_("sensor"), max_length=40, unique=True)
    location = models.ForeignKey("stock.Location", **KEPT)
    low = _degrees(_("not below"), null=True, blank=True)
    high = _degrees(_("not above"), null=True, blank=True)
    gap_minutes = models.PositiveIntegerField(_("longest gap, minutes"), default=60)

    class Meta:
        verbose_name = _("sensor")
        verbose_name_plural = _("sensors")
        constraints = [
            models.CheckConstraint(
                condition=Q(low__isnull=True) | Q(high__isnull=True) | Q(low__lt=F("high")),
                name="sensor_range_sound",
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False), name="sensor_has_a_limit"
            ),
            models.CheckConstraint(
                condition=Q(gap_minutes__gte=1, gap_minutes__lte=1440), name="sensor_gap_sound"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of places in the warehouses of the scope."""
        return warehouse_within(scope, "location__warehouse__")


class Reading(Scoped, BusinessModel):
    """What a sensor read at an instant: once, and never changed."""

    sensor = models.ForeignKey(Sensor, **KEPT)
    at = models.DateTimeField(_("time"))
    temperature = _degrees(_("temperature"))
    humidity = _degrees(_("humidity"), null=True, blank=True)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [
            models.UniqueConstraint(fields=["sensor", "at"], name="reading_once"),
            models.CheckConstraint(
                condition=Q(temperature__gte=-100, temperature__lte=100), name="reading_sound"
            ),
            models.CheckConstraint(
                condition=Q(humidity__isnull=True) | Q(humidity__gte=0, humidity__lte=100),
                name="reading_humidity_sound",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sensor} {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of sensors in the warehouses of the scope."""
        return warehouse_within(scope, "sensor__location__warehouse__")


class Excursion(Scoped, BusinessModel):
    """A time in which a sensor was out of its range, or silent. ``goods``: what lay there, by the
    ledger; ``blocks``: ids of the holds it placed. Judged by another person than who loaded it."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    sensor = models.ForeignKey(Sensor, **KEPT)
    kind = models.CharField(_("kind"), max_length=8, choices=choices(EXCURSION_KINDS))
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("to"))
    minutes = models.PositiveIntegerField(_("minutes outside"))
    worst = _degrees(_("furthest"), null=True, blank=True)
    deviation = _degrees(_("beyond the limit"), null=True, blank=True)
    status = models.CharField(_("state"), max_length=8, choices=EXCURSION.choices())
    goods = models.JSONField(default=list)
    blocks = models.JSONField(default=list)
    loaded_by = models.ForeignKey(**PERSON, null=True, blank=True)
    loaded_by_name = models.CharField(_("loaded by"), max_length=200)
    decision = models.CharField(
        _("decision"), max_length=8, choices=choices(DECISIONS), blank=True, db_default=""
    )
    reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")
    judged_by = models.ForeignKey(**PERSON, null=True, blank=True)
    judged_by_name = models.CharField(_("judged by"), max_length=200, blank=True, db_default="")
    judged_at = models.DateTimeField(_("judged"), null=True, blank=True)

    class Meta:
        verbose_name = _("excursion")
        verbose_name_plural = _("excursions")
        constraints = [
            models.UniqueConstraint(fields=["sensor", "kind", "started_at"], name="excursion_once"),
            one_of("kind", EXCURSION_KINDS, "excursion_kind_known"),
            one_of("decision", ["", *DECISIONS], "excursion_decision_known"),
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at")), name="excursion_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(status="open")
                | Q(judged_by__isnull=False, judged_at__isnull=False)
                & ~Q(decision="")
                & ~Q(reason=""),
                name="excursion_judged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(judged_by__isnull=True)
                | Q(loaded_by__isnull=True)
                | ~Q(judged_by=F("loaded_by")),
                name="excursion_judged_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of sensors in the warehouses of the scope."""
        return warehouse_within(scope, "sensor__location__warehouse__")
