"""Stocktakes with their counts, and adjustments by hand; the rules: ``sql/counting.sql``."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.stock.columns import KEPT, PERSON, choices, one_of, quantity
from kintsugi.stock.counting.states import (
    ADJUSTMENT,
    ADJUSTMENTS,
    LINE_STATES,
    REASONS,
    STOCKTAKE,
)
from kintsugi.stock.kinds import QUALITIES
from kintsugi.stock.whose import warehouse_within


class Stocktake(Scoped, BusinessModel):
    """A count of what lies in a warehouse, or in the part of it that ``zones``, ``places`` and
    ``products`` (codes; empty: all) say. ``snapshot_seq`` is the last move before it began."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    warehouse = models.ForeignKey("stock.Warehouse", **KEPT)
    status = models.CharField(_("state"), max_length=12, choices=STOCKTAKE.choices())
    zones = models.JSONField(default=list)
    places = models.JSONField(default=list)
    products = models.JSONField(default=list)
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")
    planned_by = models.ForeignKey(**PERSON)
    planned_by_name = models.CharField(max_length=200)
    planned_at = models.DateTimeField()
    snapshot_seq = models.BigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(**PERSON, null=True, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=400, blank=True, db_default="")
    posting = models.OneToOneField("stock.Posting", null=True, blank=True, **KEPT)

    class Meta:
        verbose_name = _("stocktake")
        verbose_name_plural = _("stocktakes")
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="posted")
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="stocktake_posted_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["posted", "cancelled"]) | ~Q(decision_reason=""),
                name="stocktake_decision_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the warehouses of the scope."""
        return warehouse_within(scope, "warehouse__")


class StocktakeLine(Scoped, BusinessModel):
    """One thing to count at one place: a lot of a product, or a serial unit.

    ``expected`` is what the ledger said when the stocktake began; what was not expected has 0. The
    columns from ``counts`` on follow from the counts (``sql/stocktake_judge.sql``).
    """

    stocktake = models.ForeignKey(Stocktake, models.PROTECT, related_name="lines")
    location = models.ForeignKey("stock.Location", **KEPT)
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    unit = models.ForeignKey("stock.Unit", null=True, blank=True, **KEPT)
    quality = models.CharField(_("quality"), max_length=12, choices=choices(QUALITIES))
    expected = quantity(_("expected"), default=0)
    counts = models.PositiveSmallIntegerField(_("counts"), default=0, db_default=0)
    counted = quantity(_("counted"), null=True, blank=True)
    book = quantity(_("in the ledger then"), null=True, blank=True)
    difference = quantity(_("difference"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=choices(LINE_STATES), default="open", db_default="open"
    )
    unit_cost = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    reason = models.CharField(
        _("reason"), max_length=12, choices=choices(REASONS), blank=True, db_default=""
    )
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("line of a stocktake")
        verbose_name_plural = _("lines of stocktakes")
        constraints = [
            models.UniqueConstraint(
                fields=["stocktake", "location", "product", "lot", "quality", "unit"],
                name="stocktake_line_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(expected__gte=0), name="stocktake_expected_sound"),
            one_of("state", LINE_STATES, "stocktake_line_state_known"),
            one_of("reason", ["", *REASONS], "stocktake_reason_known"),
            one_of("quality", QUALITIES, "stocktake_quality_known"),
        ]

    def __str__(self) -> str:
        return f"{self.stocktake} {self.location} {self.product}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the stocktakes of the scope."""
        return warehouse_within(scope, "stocktake__warehouse__")


class StocktakeCount(Scoped, BusinessModel):
    """How many one person found. ``book`` is what the ledger said at that moment: goods may move
    while a stocktake runs, and only what nobody moved is a difference."""

    line = models.ForeignKey(StocktakeLine, models.PROTECT, related_name="every_count")
    round = models.PositiveSmallIntegerField(_("round"))
    qty = quantity(_("counted"))
    book = quantity(_("in the ledger then"))
    difference = quantity(_("difference"))
    counted_by = models.ForeignKey(**PERSON)
    counted_by_name = models.CharField(_("counted by"), max_length=200)
    counted_at = models.DateTimeField(_("counted"))

    class Meta:
        verbose_name = _("count")
        verbose_name_plural = _("counts")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "counted_by"], name="stocktake_count_by_another"
            ),
            models.UniqueConstraint(fields=["line", "round"], name="stocktake_round_once"),
            models.CheckConstraint(condition=Q(qty__gte=0), name="stocktake_count_sound"),
            models.CheckConstraint(
                condition=Q(difference=F("qty") - F("book")), name="stocktake_difference_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.qty}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the stocktakes of the scope."""
        return warehouse_within(scope, "line__stocktake__warehouse__")


class Adjustment(Scoped, BusinessModel):
    """Goods to be scrapped, or a quantity to be put right by hand: one person asks, another one
    approves, and only then it is posted."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=choices(ADJUSTMENTS))
    warehouse = models.ForeignKey("stock.Warehouse", **KEPT)
    status = models.CharField(_("state"), max_length=12, choices=ADJUSTMENT.choices())
    reason = models.CharField(_("reason"), max_length=400)
    requested_by = models.ForeignKey(**PERSON)
    requested_by_name = models.CharField(_("asked by"), max_length=200)
    requested_at = models.DateTimeField(_("asked"))
    decided_by = models.ForeignKey(**PERSON, null=True, blank=True)
    decided_by_name = models.CharField(_("decided by"), max_length=200, blank=True, db_default="")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.CharField(max_length=400, blank=True, db_default="")
    posting = models.OneToOneField("stock.Posting", null=True, blank=True, **KEPT)

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = [
            one_of("kind", ADJUSTMENTS, "adjustment_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="adjustment_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status="requested")
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision_reason=""),
                name="adjustment_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="posted") | Q(posting__isnull=False),
                name="adjustment_posted_names_posting",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the warehouses of the scope."""
        return warehouse_within(scope, "warehouse__")


class AdjustmentLine(Scoped, BusinessModel):
    """What is to be taken out or put in."""

    adjustment = models.ForeignKey(Adjustment, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    location = models.ForeignKey("stock.Location", **KEPT)
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    unit = models.ForeignKey("stock.Unit", null=True, blank=True, **KEPT)
    quality = models.CharField(_("quality"), max_length=12, choices=choices(QUALITIES))
    qty = quantity(_("quantity"))

    class Meta:
        verbose_name = _("line of an adjustment")
        verbose_name_plural = _("lines of adjustments")
        constraints = [
            models.UniqueConstraint(fields=["adjustment", "line"], name="adjustment_line_once"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="adjustment_of_something"),
            one_of("quality", QUALITIES, "adjustment_quality_known"),
        ]

    def __str__(self) -> str:
        return f"{self.adjustment}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the adjustments of the scope."""
        return warehouse_within(scope, "adjustment__warehouse__")
