"""Deliveries: what is picked, checked and shipped, and every scan on the way. The rules stand in
``sql/deliveries.sql``."""

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.sales.kinds_delivery import BEFORE_SHIPPED, DELIVERY, MODES, PHASES
from kintsugi.sales.models.fields import KEPT, choices, one_of, quantity
from kintsugi.sales.models.order import OrderLine
from kintsugi.sales.models.whose import sent_from, sold_to


class Wave(Scoped, BusinessModel):
    """Deliveries of a warehouse that one person picks on one walk."""

    number = models.CharField(_("wave number"), max_length=40, unique=True)
    warehouse = models.ForeignKey("stock.Warehouse", **KEPT)
    picker = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    picker_name = models.CharField(_("picker"), max_length=200, blank=True, db_default="")
    wanted_by = models.DateField(pgettext_lazy("wave", "wanted by"), null=True, blank=True)
    region = models.CharField(_("region"), max_length=20, blank=True, db_default="")
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        indexes = [models.Index(fields=["warehouse", "-made_at"], name="wave_of_warehouse")]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the warehouses of the scope."""
        return sent_from(scope)


class Delivery(Scoped, BusinessModel):
    """Goods of one customer that leave a warehouse together. ``needs_cold`` is what they ask of the
    way; ``check_round`` counts the checks; ``goes_to`` is where they are when shipped."""

    number = models.CharField(_("delivery number"), max_length=40, unique=True)
    customer = models.ForeignKey("parties.Party", **KEPT)
    customer_name = models.CharField(_("customer"), max_length=300)
    warehouse = models.ForeignKey("stock.Warehouse", **KEPT)
    wave = models.ForeignKey(Wave, models.PROTECT, null=True, blank=True, related_name="deliveries")
    is_consignment = models.BooleanField(_("consignment"), default=False, db_default=False)
    ship_to = models.CharField(_("delivery address"), max_length=500, blank=True, db_default="")
    ship_contact = models.CharField(_("receiver"), max_length=100, blank=True, db_default="")
    ship_phone = models.CharField(_("telephone"), max_length=60, blank=True, db_default="")
    department = models.CharField(_("department"), max_length=100, blank=True, db_default="")
    wanted_on = models.DateField(_("wanted"))
    status = models.CharField(_("state"), max_length=12, choices=DELIVERY.choices())
    needs_cold = models.CharField(_("cold chain"), max_length=10, blank=True, db_default="")
    picker = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    picker_name = models.CharField(_("picker"), max_length=200, blank=True, db_default="")
    short_reason = models.CharField(
        _("reason why less was picked"), max_length=400, blank=True, db_default=""
    )
    picked_at = models.DateTimeField(_("picked"), null=True, blank=True)
    checker = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    checker_name = models.CharField(_("checker"), max_length=200, blank=True, db_default="")
    check_round = models.PositiveIntegerField(_("check"), default=0, db_default=0)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    mode = models.CharField(
        _("transport"), max_length=10, choices=choices(MODES), blank=True, db_default=""
    )
    carrier = models.CharField(_("carrier"), max_length=200, blank=True, db_default="")
    waybill = models.CharField(_("waybill"), max_length=80, blank=True, db_default="")
    cold_box = models.CharField(_("cold box"), max_length=80, blank=True, db_default="")
    start_temp = models.DecimalField(
        _("temperature at departure, °C"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    log_interval_min = models.PositiveIntegerField(
        _("logging interval, min"), null=True, blank=True
    )
    goes_to = models.ForeignKey("stock.Location", null=True, blank=True, **KEPT)
    shipped_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    shipped_by_name = models.CharField(_("shipped by"), max_length=200, blank=True, db_default="")
    shipped_at = models.DateTimeField(pgettext_lazy("time", "shipped"), null=True, blank=True)
    shipped_on = models.DateField(_("shipped on"), null=True, blank=True)
    left_at = models.DateTimeField(_("taken over by the carrier"), null=True, blank=True)
    verdicts = models.JSONField(default=list, blank=True)
    end_reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["customer", "status"], name="delivery_of_customer"),
            models.Index(fields=["warehouse", "status"], name="delivery_of_warehouse"),
            models.Index(fields=["status", "wanted_on"], name="delivery_by_state"),
            models.Index(fields=["-number"], name="delivery_by_number"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("picker")),
                name="delivery_checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | ~Q(picker_name=""),
                name="delivery_assigned_has_picker",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[*BEFORE_SHIPPED, "cancelled"])
                | Q(checked_at__isnull=False) & ~Q(checker_name=""),
                name="delivery_shipped_was_checked",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[*BEFORE_SHIPPED, "cancelled"])
                | Q(
                    shipped_at__isnull=False, shipped_on__isnull=False, goes_to__isnull=False,
                    mode__in=list(MODES),
                ) & ~Q(shipped_by_name=""),
                name="delivery_shipped_says_how",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["", "self"]) | ~Q(carrier=""),
                name="delivery_carrier_named",
            ),
            models.CheckConstraint(
                condition=Q(needs_cold="")
                | Q(status__in=[*BEFORE_SHIPPED, "cancelled"])
                | Q(mode="cold", log_interval_min__gt=0) & ~Q(cold_box="")
                & (
                    Q(needs_cold="cold", start_temp__gte=2, start_temp__lte=8)
                    | Q(needs_cold="frozen", start_temp__lte=-15)
                ),
                name="delivery_cold_chain_begins_cold",
            ),
            models.CheckConstraint(
                condition=Q(needs_cold__in=["", "cold", "frozen"]), name="delivery_cold_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(end_reason=""),
                name="delivery_cancelled_has_reason",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those to the customers of the scope, and those its warehouses send."""
        return sent_from(scope) | sold_to(scope)


def of_delivery(scope: Scope, field: str) -> Q:
    """Rows of deliveries of the scope; ``field`` holds the delivery's id."""
    rows = Delivery._base_manager.filter(Delivery.within(scope), pk=OuterRef(field))
    return Q(Exists(rows))


class Counted(models.Model):
    """What has happened to goods: the fold of items and receipts, written by triggers alone.
    0 ≤ returned ≤ signed; signed + refused + lost ≤ shipped ≤ picked; what is left of shipped is on
    its way."""

    picked = quantity(_("picked"), default=0, db_default=0)
    shipped = quantity(_("shipped"), default=0, db_default=0)
    signed = quantity(_("signed"), default=0, db_default=0)
    refused = quantity(_("refused"), default=0, db_default=0)
    lost = quantity(_("lost"), default=0, db_default=0)
    returned = quantity(_("returned"), default=0, db_default=0)

    class Meta:
        abstract = True

    @property
    def on_the_way(self) -> Any:
        """Shipped and neither signed for, refused nor lost."""
        return self.shipped - self.signed - self.refused - self.lost


def counted_checks(name: str) -> list[models.CheckConstraint]:
    """Nothing below zero, nothing more than there was before it (invariants 13 and 14)."""
    columns = ("picked", "shipped", "signed", "refused", "lost", "returned")
    return [
        models.CheckConstraint(
            condition=Q(**{f"{column}__gte": 0 for column in columns}), name=f"{name}_not_negative"
        ),
        models.CheckConstraint(
            condition=Q(shipped__lte=F("picked")), name=f"{name}_shipped_was_picked"
        ),
        models.CheckConstraint(
            condition=Q(shipped__gte=F("signed") + F("refused") + F("lost")),
            name=f"{name}_arrived_was_shipped",
        ),
        models.CheckConstraint(
            condition=Q(returned__lte=F("signed")), name=f"{name}_returned_was_signed"
        ),
    ]


class DeliveryLine(Scoped, BusinessModel, Counted):
    """So much of an order's line in one delivery; ``return_line`` instead where it replaces goods
    that came back."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField(_("line"))
    order_line = models.ForeignKey(OrderLine, null=True, blank=True, **KEPT)
    return_line = models.ForeignKey("sales.ReturnLine", null=True, blank=True, **KEPT)
    product = models.ForeignKey("products.Product", **KEPT)
    qty = quantity(_("quantity"))

    class Meta:
        verbose_name = _("delivery line")
        verbose_name_plural = _("delivery lines")
        indexes = [
            models.Index(fields=["order_line"], name="delivery_line_of_order"),
            models.Index(fields=["product"], name="delivery_line_of_product"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "line_no"], name="delivery_line_once"),
            models.UniqueConstraint(
                fields=["delivery", "order_line"],
                name="delivery_order_line_once",
                condition=Q(order_line__isnull=False, is_void=False),
            ),
            models.CheckConstraint(condition=Q(qty__gt=0), name="delivery_line_of_something"),
            models.CheckConstraint(
                condition=Q(picked__lte=F("qty")), name="delivery_line_not_too_much"
            ),
            models.CheckConstraint(
                condition=Q(order_line__isnull=False, return_line__isnull=True)
                | Q(order_line__isnull=True, return_line__isnull=False),
                name="delivery_line_says_for_what",
            ),
            *counted_checks("delivery_line"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery}/{self.line_no}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")

    @property
    def kept_for(self) -> Any:
        """The line of a document for which goods are reserved."""
        return self.order_line_id or self.pk


class DeliveryItem(Scoped, BusinessModel, Counted):
    """A thing in a delivery: one serial unit, or so much of a lot from one place. ``picked`` lies
    in the shipping zone or left with it; void when it was put back."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="items")
    line = models.ForeignKey(DeliveryLine, models.PROTECT, related_name="items")
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    unit = models.ForeignKey("stock.Unit", null=True, blank=True, **KEPT)
    taken_from = models.ForeignKey("stock.Location", **KEPT)
    box_no = models.CharField(_("box"), max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("delivered item")
        verbose_name_plural = _("delivered items")
        indexes = [
            models.Index(fields=["lot"], name="delivery_item_of_lot"),
            models.Index(fields=["unit"], name="delivery_item_of_unit"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "product", "lot", "unit", "taken_from", "box_no"],
                name="delivery_item_once",
                condition=Q(is_void=False),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["delivery", "unit"],
                name="delivery_unit_once",
                condition=Q(is_void=False, unit__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) | Q(picked__lte=1), name="delivery_unit_alone"
            ),
            models.CheckConstraint(
                condition=Q(is_void=True, picked=0) | Q(is_void=False, picked__gt=0),
                name="delivery_item_is_there",
            ),
            *counted_checks("delivery_item"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery}: {self.unit or self.lot or self.product}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")


class PickScan(Scoped, BusinessModel):
    """One scan of a picker or checker and what the server said to it; never changed. ``round`` is
    the check it belongs to."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="scans")
    phase = models.CharField(_("phase"), max_length=10, choices=choices(PHASES))
    round = models.PositiveIntegerField(default=0, db_default=0)
    key = models.CharField(max_length=200)
    raw = models.CharField(pgettext_lazy("text", "scanned"), max_length=500)
    parsed = models.JSONField(default=dict)
    line = models.ForeignKey(DeliveryLine, null=True, blank=True, **KEPT)
    product = models.ForeignKey("products.Product", null=True, blank=True, **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    unit = models.ForeignKey("stock.Unit", null=True, blank=True, **KEPT)
    location = models.ForeignKey("stock.Location", null=True, blank=True, **KEPT)
    qty = quantity(_("quantity"), default=0, db_default=0)
    accepted = models.BooleanField(_("accepted"))
    code = models.CharField(_("result"), max_length=60)
    said = models.JSONField(default=dict)
    person = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    person_name = models.CharField(_("person"), max_length=200)
    device = models.CharField(_("device"), max_length=120, blank=True, db_default="")
    scanned_at = models.DateTimeField(_("scanned at"))

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        indexes = [models.Index(fields=["delivery", "phase", "round"], name="scan_of_delivery")]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "phase", "key"], name="scan_once"),
            one_of("phase", PHASES, "scan_phase_known"),
            models.CheckConstraint(
                condition=Q(accepted=False) | Q(qty__gt=0, product__isnull=False)
                | Q(location__isnull=False, product__isnull=True),
                name="scan_accepted_is_something",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.delivery}: {self.raw}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")


class CheckRecord(Scoped, BusinessModel):
    """The record of a check that passed, with the fields the GSP asks for, as they read then; never
    changed. ``rows`` has one line per thing."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="check_records")
    round = models.PositiveIntegerField(_("check"))
    customer_name = models.CharField(_("customer"), max_length=300)
    rows = models.JSONField(default=list)
    result = models.CharField(_("result"), max_length=100)
    picker_name = models.CharField(_("picker"), max_length=200)
    checker_name = models.CharField(_("checker"), max_length=200)
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        verbose_name = _("check record")
        verbose_name_plural = _("check records")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "round"], name="check_record_once")
        ]

    def __str__(self) -> str:
        return f"{self.delivery} {self.round}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")
