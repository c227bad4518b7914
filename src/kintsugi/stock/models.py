"""Locations, lots, units, the ledger and its projections. The rules stand in ``sql/ledger.sql``."""

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.stock.columns import KEPT, choices, one_of, quantity
from kintsugi.stock.kinds import (
    BLOCK_KINDS,
    LOCATION_KINDS,
    POSTING_KINDS,
    QUALITIES,
    RESERVATION_STATES,
    TEMPERATURES,
    ZONES,
)
from kintsugi.stock.whose import place_within, things_within, units_within, warehouse_within


class NextMove(models.Func):
    """The next number of the ledger."""

    template = "nextval('stock_move_seq')"
    output_field = models.BigIntegerField()


class Warehouse(Scoped, BusinessModel):
    """A place with locations of its own; grants may be limited to warehouses."""

    code = models.CharField(_("warehouse code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=200)
    region_code = models.CharField(_("region"), max_length=20, blank=True, db_default="")
    address = models.CharField(_("address"), max_length=500, blank=True, db_default="")

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """The warehouses of the scope, by name or by region."""
        return warehouse_within(scope)


class Location(Scoped, BusinessModel):
    """Where things can be. ``kind`` says whose it is and whether it may go below nothing."""

    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="locations"
    )
    code = models.CharField(_("location code"), max_length=30)
    name = models.CharField(_("name"), max_length=200, blank=True, db_default="")
    kind = models.CharField(_("kind"), max_length=20, choices=choices(LOCATION_KINDS))
    zone = models.CharField(
        _("zone"), max_length=20, choices=choices(ZONES), blank=True, db_default=""
    )
    temp_zone = models.CharField(
        _("temperature"), max_length=20, choices=choices(TEMPERATURES), blank=True, db_default=""
    )
    party = models.ForeignKey("parties.Party", null=True, blank=True, **KEPT)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        indexes = [models.Index(fields=["party", "kind"], name="location_of_party")]
        constraints = [
            models.UniqueConstraint(
                fields=["warehouse", "code"], name="location_code_once", nulls_distinct=False
            ),
            one_of("kind", LOCATION_KINDS, "location_kind_known"),
            one_of("zone", {"": None, **ZONES}, "location_zone_known"),
            one_of("temp_zone", {"": None, **TEMPERATURES}, "location_temperature_known"),
            models.CheckConstraint(
                condition=~Q(kind="bin") | Q(warehouse__isnull=False) & ~Q(zone=""),
                name="location_bin_has_warehouse_and_zone",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["customer", "consignment"]) | Q(party__isnull=False),
                name="location_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse.code}/{self.code}" if self.warehouse else self.code

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """The places of these warehouses and customers, and the world outside."""
        return place_within(scope)


class Lot(BusinessModel):
    """Units of a product made together. Its dates are those of the label: never changed by a
    receipt that says otherwise."""

    product = models.ForeignKey("products.Product", **KEPT)
    lot_no = models.CharField(_("lot number"), max_length=60)
    mfg_date = models.DateField(_("made on"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry"), null=True, blank=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        indexes = [models.Index(fields=["lot_no"], name="lot_number")]
        constraints = [
            models.UniqueConstraint(fields=["product", "lot_no"], name="lot_once"),
            models.UniqueConstraint(fields=["id", "product"], name="lot_with_product"),
            models.CheckConstraint(
                condition=Q(mfg_date__isnull=True)
                | Q(expiry_date__isnull=True)
                | Q(mfg_date__lte=F("expiry_date")),
                name="lot_made_before_expiry",
            ),
        ]

    def __str__(self) -> str:
        return self.lot_no


class Unit(Scoped, BusinessModel):
    """One serialised thing. It is at exactly one location: the column is its position, and only
    the ledger moves it."""

    product = models.ForeignKey("products.Product", **KEPT)
    serial_no = models.CharField(_("serial number"), max_length=60)
    lot = models.ForeignKey(Lot, null=True, blank=True, **KEPT)
    mfg_date = models.DateField(_("made on"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry"), null=True, blank=True)
    location = models.ForeignKey(Location, **KEPT)
    quality = models.CharField(_("quality"), max_length=12, choices=choices(QUALITIES))

    class Meta:
        verbose_name = _("serial unit")
        verbose_name_plural = _("serial units")
        indexes = [
            models.Index(fields=["serial_no"], name="unit_serial"),
            models.Index(fields=["location", "product"], name="unit_at_location"),
            models.Index(fields=["lot"], name="unit_of_lot"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["product", "serial_no"], name="unit_serial_once"),
            models.UniqueConstraint(fields=["id", "product"], name="unit_with_product"),
            one_of("quality", QUALITIES, "unit_quality_known"),
        ]

    def __str__(self) -> str:
        return self.serial_no

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """What lies at these places, and what never came in."""
        return units_within(scope)


class Posting(Scoped, BusinessModel):
    """One business event of the ledger with its moves: posted whole or not at all, never changed.

    ``key`` is its effect: the same effect comes once, however often it is sent.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=choices(POSTING_KINDS))
    business_date = models.DateField(_("date"))
    posted_at = models.DateTimeField(_("posted"))
    document_kind = models.CharField(_("document"), max_length=40, blank=True, db_default="")
    document_no = models.CharField(_("document number"), max_length=80, blank=True, db_default="")
    document_id = models.UUIDField(null=True, blank=True)
    key = models.CharField(max_length=200, unique=True)
    reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")
    person = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    person_name = models.CharField(_("person"), max_length=200)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )

    class Meta:
        verbose_name = _("stock posting")
        verbose_name_plural = _("stock postings")
        indexes = [
            models.Index(fields=["-business_date", "-number"], name="posting_by_date"),
            models.Index(fields=["document_id"], name="posting_of_document"),
        ]
        constraints = [
            one_of("kind", POSTING_KINDS, "posting_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False)
                | ~Q(kind="reversal") & Q(reverses__isnull=True),
                name="posting_reversal_names_what",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["adjustment", "scrap", "reversal"]) | ~Q(reason=""),
                name="posting_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those with a line of the scope; one without lines is still being made."""
        lines = Move._base_manager.filter(posting=OuterRef("pk"))
        return Exists(lines.filter(Move.within(scope))) | ~Exists(lines)


class Move(Scoped, BusinessModel):
    """A line of the ledger: so much of a product from one location and quality to another.

    A unit moves alone with quantity 1. ``unit_cost`` is what one was worth when it moved.
    """

    seq = models.BigIntegerField(_("move"), unique=True, db_default=NextMove(), editable=False)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="moves")
    line = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey(Lot, null=True, blank=True, **KEPT)
    unit = models.ForeignKey(Unit, null=True, blank=True, **KEPT)
    source = models.ForeignKey(Location, **KEPT)
    target = models.ForeignKey(Location, **KEPT)
    source_quality = models.CharField(max_length=12, choices=choices(QUALITIES))
    target_quality = models.CharField(max_length=12, choices=choices(QUALITIES))
    qty = quantity(_("quantity"))
    unit_cost = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    document_line = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("stock move")
        verbose_name_plural = _("stock moves")
        indexes = [
            models.Index(fields=["lot", "seq"], name="move_of_lot"),
            models.Index(fields=["unit", "seq"], name="move_of_unit"),
            models.Index(fields=["product", "seq"], name="move_of_product"),
            models.Index(fields=["target", "seq"], name="move_into"),
            models.Index(fields=["document_line"], name="move_of_document_line"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["posting", "line"], name="move_line_once"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="move_of_something"),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) | Q(qty=1), name="move_unit_alone"
            ),
            models.CheckConstraint(
                condition=~Q(source=F("target")) | ~Q(source_quality=F("target_quality")),
                name="move_goes_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True) | Q(unit_cost__gte=0),
                name="move_cost_not_negative",
            ),
            one_of("source_quality", QUALITIES, "move_source_quality_known"),
            one_of("target_quality", QUALITIES, "move_target_quality_known"),
        ]

    def __str__(self) -> str:
        return f"{self.posting}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """What came from or went to places of the scope: both sides see the same line. No joins:
        the database hides the other end, and a join to it would drop the line."""
        places = Location._base_manager.filter(things_within(scope, "")).values("pk")
        return Q(source__in=places) | Q(target__in=places)


class Balance(Scoped, models.Model):
    """What is where: fold(ledger), written by the ledger's trigger in the same statement.

    No business row: it holds nothing that the moves and reservations do not.
    """

    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey(Lot, null=True, blank=True, **KEPT)
    location = models.ForeignKey(Location, **KEPT)
    quality = models.CharField(_("quality"), max_length=12, choices=choices(QUALITIES))
    on_hand = quantity(_("on hand"), default=0)
    reserved = quantity(_("reserved"), default=0)
    is_ours = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("stock balance")
        verbose_name_plural = _("stock balances")
        indexes = [models.Index(fields=["location", "product"], name="balance_at_location")]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "lot", "location", "quality"],
                name="balance_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(is_ours=False) | Q(on_hand__gte=0), name="balance_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(reserved=0) | Q(reserved__gt=0, reserved__lte=F("on_hand")),
                name="balance_reserved_is_there",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} @ {self.location}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """What lies at places of the scope."""
        return things_within(scope, "location__")


class Reservation(BusinessModel):
    """Goods kept for a line of a document, until it takes them, lets go of them, or too long."""

    document_kind = models.CharField(max_length=40)
    document_no = models.CharField(_("document number"), max_length=80)
    document_line = models.UUIDField()
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey(Lot, null=True, blank=True, **KEPT)
    location = models.ForeignKey(Location, **KEPT)
    unit = models.ForeignKey(Unit, null=True, blank=True, **KEPT)
    qty = quantity(_("quantity"))
    status = models.CharField(
        _("state"), max_length=12, choices=choices(RESERVATION_STATES), db_default="active"
    )
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        indexes = [
            models.Index(fields=["document_line"], name="reservation_of_line"),
            models.Index(
                fields=["expires_at"], name="reservation_expiring", condition=Q(status="active")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="reservation_of_something"),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) | Q(qty=1), name="reservation_unit_alone"
            ),
            models.UniqueConstraint(
                fields=["unit"],
                name="reservation_unit_once",
                condition=Q(status="active", unit__isnull=False),
            ),
            one_of("status", RESERVATION_STATES, "reservation_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.document_no}: {self.qty}"


class Block(Scoped, BusinessModel):
    """A hold or a recall on a product, a lot or a unit. While it stands nothing of it goes out,
    whoever asks."""

    kind = models.CharField(_("kind"), max_length=10, choices=choices(BLOCK_KINDS))
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey(Lot, null=True, blank=True, **KEPT)
    unit = models.ForeignKey(Unit, null=True, blank=True, **KEPT)
    reason = models.CharField(_("reason"), max_length=400)
    placed_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    placed_by_name = models.CharField(_("placed by"), max_length=200)
    placed_at = models.DateTimeField(_("placed"))
    released_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    released_by_name = models.CharField(_("released by"), max_length=200, blank=True, db_default="")
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    release_reason = models.CharField(max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        indexes = [
            models.Index(
                fields=["product"], name="block_standing", condition=Q(released_at__isnull=True)
            )
        ]
        constraints = [
            one_of("kind", BLOCK_KINDS, "block_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="block_has_reason"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | ~Q(release_reason=""),
                name="block_release_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("placed_by")),
                name="block_released_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.unit or self.lot or self.product}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """All but those on a single unit of others."""
        return Q(unit__isnull=True) | units_within(scope, "unit__")


class Period(BusinessModel):
    """A month that was closed: nothing is posted into it any more."""

    month = models.DateField(_("month"), unique=True)
    closed_at = models.DateTimeField(_("closed"))
    closed_by_name = models.CharField(_("closed by"), max_length=200)

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="period_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Cost(models.Model):
    """What a product's stock is worth: moving average, carried forward by the ledger's trigger."""

    product = models.OneToOneField("products.Product", primary_key=True, **KEPT)
    qty = quantity(_("quantity"), default=0)
    value = models.DecimalField(_("value"), max_digits=22, decimal_places=6, default=0)

    class Meta:
        verbose_name = _("stock value")
        verbose_name_plural = _("stock values")

    def __str__(self) -> str:
        return f"{self.product}: {self.value}"


from kintsugi.stock.counting.models import (  # noqa: E402  # Django looks for models here
    Adjustment,
    AdjustmentLine,
    Stocktake,
    StocktakeCount,
    StocktakeLine,
)
from kintsugi.stock.storing.models import (  # noqa: E402
    Excursion,
    Reading,
    Sensor,
    StorageCheck,
)
from kintsugi.stock.tracing.models import RecallDrill  # noqa: E402

__all__ = [
    "Adjustment",
    "AdjustmentLine",
    "Balance",
    "Block",
    "Cost",
    "Excursion",
    "Location",
    "Lot",
    "Move",
    "Period",
    "Posting",
    "Reading",
    "RecallDrill",
    "Reservation",
    "Sensor",
    "Stocktake",
    "StocktakeCount",
    "StocktakeLine",
    "StorageCheck",
    "Unit",
    "Warehouse",
]
