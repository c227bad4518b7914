"""Orders: what a customer wants, what was checked, and what has happened to each line. The rules
stand in ``sql/orders.sql``."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.sales.kinds import HOLD_REASONS, ORDER, ORDER_KINDS, PRICE_SOURCES, QUANTITIES
from kintsugi.sales.models.contract import ContractLine, ContractVersion
from kintsugi.sales.models.fields import (
    KEPT,
    Amounts,
    amount_checks,
    choices,
    money,
    one_of,
    quantity,
)
from kintsugi.sales.models.whose import sent_from, sold_to


class Order(Scoped, BusinessModel):
    """An order of a customer. ``revision`` counts its changes; ``held_from`` is the state it had
    before it was put on hold."""

    number = models.CharField(_("order number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=choices(ORDER_KINDS))
    customer = models.ForeignKey("parties.Party", **KEPT)
    customer_name = models.CharField(_("customer"), max_length=300)
    customer_ref = models.CharField(
        _("order number of the customer"), max_length=80, blank=True, db_default=""
    )
    contract_version = models.ForeignKey(ContractVersion, null=True, blank=True, **KEPT)
    warehouse = models.ForeignKey("stock.Warehouse", null=True, blank=True, **KEPT)
    ship_to = models.CharField(_("delivery address"), max_length=500, blank=True, db_default="")
    ship_contact = models.CharField(_("receiver"), max_length=100, blank=True, db_default="")
    ship_phone = models.CharField(_("telephone"), max_length=60, blank=True, db_default="")
    department = models.CharField(_("department"), max_length=100, blank=True, db_default="")
    ordered_on = models.DateField(pgettext_lazy("date", "ordered"))
    wanted_on = models.DateField(_("wanted"))
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    total = money(_("total with tax"), default=0, db_default=0)
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")
    status = models.CharField(_("state"), max_length=12, choices=ORDER.choices())
    revision = models.PositiveIntegerField(_("revision"), default=1, db_default=1)
    seller = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    seller_name = models.CharField(_("seller"), max_length=200)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    approved_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    approved_by_name = models.CharField(_("approved by"), max_length=200, blank=True, db_default="")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approved_on = models.DateField(null=True, blank=True)
    credit_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    credit_by_name = models.CharField(
        _("credit agreed by"), max_length=200, blank=True, db_default=""
    )
    credit_reason = models.CharField(
        _("reason of the credit"), max_length=400, blank=True, db_default=""
    )
    held_from = models.CharField(max_length=12, blank=True, db_default="")
    hold_kind = models.CharField(
        _("hold"), max_length=12, choices=choices(HOLD_REASONS), blank=True, db_default=""
    )
    hold_reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")
    end_reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("sales order")
        verbose_name_plural = _("sales orders")
        indexes = [
            models.Index(fields=["customer", "status"], name="order_of_customer"),
            models.Index(fields=["status", "wanted_on"], name="order_by_state"),
            models.Index(fields=["-ordered_on", "-number"], name="order_by_date"),
            models.Index(fields=["warehouse", "status"], name="order_of_warehouse"),
        ]
        constraints = [
            one_of("kind", ORDER_KINDS, "order_kind_known"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("seller")),
                name="order_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "submitted", "cancelled", "on_hold"])
                | Q(approved_at__isnull=False, approved_on__isnull=False)
                & ~Q(approved_by_name=""),
                name="order_past_approval_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(credit_by__isnull=True) | ~Q(credit_by=F("seller")),
                name="order_credit_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(credit_by_name="") | ~Q(credit_reason=""),
                name="order_credit_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="on_hold") & ~Q(held_from="") & ~Q(hold_kind="")
                & ~Q(hold_reason="")
                | ~Q(status="on_hold") & Q(held_from=""),
                name="order_hold_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(end_reason=""),
                name="order_cancelled_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(hold_kind="") | Q(hold_kind__in=list(HOLD_REASONS)),
                name="order_hold_known",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the customers of the scope, and those its warehouses send."""
        return sent_from(scope) | sold_to(scope)


def of_order(scope: Scope, field: str) -> Q:
    """Rows of orders of the scope; ``field`` holds the order's id."""
    rows = Order._base_manager.filter(Order.within(scope), pk=OuterRef(field))
    return Q(Exists(rows))


class OrderLine(Scoped, BusinessModel, Amounts):
    """So much of a product, with the price it was promised at and what has happened to it.

    ``reserved`` is what is kept for it or already taken (picked); triggers keep it true. The
    others are net of what was undone: 0 ≤ returned ≤ signed, signed + refused ≤ shipped ≤ picked
    ≤ reserved ≤ qty.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey("products.Product", **KEPT)
    contract_line = models.ForeignKey(ContractLine, null=True, blank=True, **KEPT)
    list_price = money(_("list price"), null=True, blank=True)
    floor_price = money(_("lowest price"), null=True, blank=True)
    price_from = models.CharField(_("price from"), max_length=12, choices=choices(PRICE_SOURCES))
    price_ref = models.CharField(_("taken from"), max_length=120, blank=True, db_default="")
    min_remaining_days = models.PositiveIntegerField(
        _("remaining life, days"), default=0, db_default=0
    )
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    serials = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, verbose_name=_("serials wanted")
    )
    choice_reason = models.CharField(
        _("reason of the choice"), max_length=400, blank=True, db_default=""
    )
    choice_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    choice_by_name = models.CharField(_("agreed by"), max_length=200, blank=True, db_default="")
    choice_at = models.DateTimeField(_("agreed"), null=True, blank=True)
    deviates = models.BooleanField(_("not first expiring"), default=False, db_default=False)
    reserved = quantity(_("reserved"), default=0, db_default=0)
    picked = quantity(_("picked"), default=0, db_default=0)
    shipped = quantity(_("shipped"), default=0, db_default=0)
    refused = quantity(_("refused"), default=0, db_default=0)
    signed = quantity(_("signed"), default=0, db_default=0)
    returned = quantity(_("returned"), default=0, db_default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        indexes = [models.Index(fields=["product"], name="order_line_of_product")]
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no"], name="order_line_once"),
            models.CheckConstraint(
                condition=Q(**{f"{name}__gte": 0 for name in QUANTITIES}),
                name="order_line_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("signed")), name="order_line_returned_was_signed"
            ),
            models.CheckConstraint(
                condition=Q(shipped__gte=F("signed") + F("refused")),
                name="order_line_signed_was_shipped",
            ),
            models.CheckConstraint(
                condition=Q(shipped__lte=F("picked")), name="order_line_shipped_was_picked"
            ),
            models.CheckConstraint(
                condition=Q(picked__lte=F("reserved")), name="order_line_picked_was_reserved"
            ),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("qty")), name="order_line_reserved_was_ordered"
            ),
            models.CheckConstraint(
                condition=Q(lot__isnull=True, serials=[]) | ~Q(choice_reason=""),
                name="order_line_choice_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(deviates=False) | Q(choice_at__isnull=False) & ~Q(choice_by_name=""),
                name="order_line_deviation_agreed",
            ),
            one_of("price_from", PRICE_SOURCES, "order_line_price_from_known"),
            *amount_checks("order_line"),
        ]

    def __str__(self) -> str:
        return f"{self.order}/{self.line_no}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of orders of the scope."""
        return of_order(scope, "order_id")

    @property
    def open_qty(self) -> Any:
        """What still has to be shipped, in base units."""
        return self.qty - self.shipped


class OrderRevision(Scoped, BusinessModel):
    """How an order read before it was changed, and why it was; never changed itself."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="revisions")
    no = models.PositiveIntegerField(_("revision"))
    content = models.JSONField()
    reason = models.CharField(_("reason"), max_length=400)
    changed_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    changed_by_name = models.CharField(_("changed by"), max_length=200)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("order revision")
        verbose_name_plural = _("order revisions")
        constraints = [
            models.UniqueConstraint(fields=["order", "no"], name="order_revision_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="order_revision_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.order} r{self.no}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of orders of the scope."""
        return of_order(scope, "order_id")


class OrderJudgement(Scoped, BusinessModel):
    """What the checks of an order found at a moment, each passed or why not; never changed."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="judgements")
    revision = models.PositiveIntegerField(_("revision"))
    occasion = models.CharField(_("occasion"), max_length=20)
    verdicts = models.JSONField(default=list)
    passed = models.BooleanField(_("passed"))
    judged_by_name = models.CharField(_("by"), max_length=200)
    judged_at = models.DateTimeField(_("judged"))

    class Meta:
        verbose_name = _("order check")
        verbose_name_plural = _("order checks")
        indexes = [models.Index(fields=["order", "-judged_at"], name="judgement_of_order")]

    def __str__(self) -> str:
        return f"{self.order} {self.occasion}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of orders of the scope."""
        return of_order(scope, "order_id")
