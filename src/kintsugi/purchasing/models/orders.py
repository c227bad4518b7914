"""What is asked for, what is ordered, and what the supplier says is on its way."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.purchasing.kinds import NOTICE, ORDER, REQUEST, SOURCES
from kintsugi.purchasing.models.parts import (
    KEPT,
    OfWarehouse,
    codes,
    decided,
    moment,
    money,
    name,
    note,
    one_of,
    person,
    quantity,
    two_people,
)

SERIALS_MAX = 5_000


class Request(OfWarehouse):
    """Somebody needs something bought; another person approves."""

    status = models.CharField(_("state"), max_length=20, choices=REQUEST.choices(),
                              db_default="submitted")  # fmt: skip
    source = models.CharField(_("source"), max_length=20, choices=codes(SOURCES))
    source_ref = models.CharField(_("from document"), max_length=80, blank=True, db_default="")
    why = note(_("why"))
    requested_by = person()
    requested_by_name = name(_("requested by"))
    decided_by = person()
    decided_by_name = name(_("decided by"))
    decided_at = moment(_("decided"))
    decision_note = note(_("note"))

    class Meta:
        verbose_name = _("purchase request")
        verbose_name_plural = _("purchase requests")
        constraints = [
            one_of("source", SOURCES, "request_source_known"),
            two_people("requested_by", "decided_by", "request_decided_by_another"),
            decided(("approved", "ordered", "rejected"), "decided_by_name", "request_is_decided"),
        ]


class RequestLine(Scoped, BusinessModel):
    """So much of a product, by a day, and why."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey("products.Product", **KEPT)
    qty = quantity(_("quantity"))
    wanted_by = models.DateField(_("wanted by"), null=True, blank=True)
    why = note(_("why"))

    class Meta:
        verbose_name = _("line of a purchase request")
        verbose_name_plural = _("lines of purchase requests")
        constraints = [
            models.UniqueConstraint(fields=["request", "line"], name="request_line_once"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="request_line_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Lines of the requests of the scope."""
        return Q(request__in=Request._base_manager.filter(Request.within(scope)))


class Order(OfWarehouse):
    """A purchase order. ``verdicts``: what its checks found when it was approved."""

    status = models.CharField(_("state"), max_length=20, choices=ORDER.choices(),
                              db_default="draft")  # fmt: skip
    supplier = models.ForeignKey("parties.Party", **KEPT)
    #: As it was called then; a keeper who may not read about the party can read his order.
    supplier_name = name(_("supplier"))
    request = models.ForeignKey(Request, models.PROTECT, null=True, blank=True,
                                related_name="orders")  # fmt: skip
    currency = models.CharField(_("currency"), max_length=3, db_default="CNY")
    expected_on = models.DateField(pgettext_lazy("date", "expected"), null=True, blank=True)
    terms = note(_("terms"))
    ordered_on = models.DateField(pgettext_lazy("date", "ordered"), null=True, blank=True)
    buyer = person()
    buyer_name = name(_("buyer"))
    decided_by = person()
    decided_by_name = name(_("approved by"))
    decided_at = moment(_("approved"))
    decision_note = note(_("note"))
    ended_by_name = name(_("ended by"))
    end_reason = note(_("why it ended"))
    verdicts = models.JSONField(default=list, db_default=[], blank=True)

    class Meta:
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        indexes = [models.Index(fields=["supplier", "status"], name="purchase_of_supplier")]
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="purchase_currency_is_a_code"
            ),
            two_people("buyer", "decided_by", "purchase_approved_by_another"),
            decided(("ordered", "part_received", "received", "closed"), "decided_by_name",
                    "purchase_is_approved"),
        ]  # fmt: skip


class OrderLine(Scoped, BusinessModel):
    """A product of an order. ``unit_price`` is net, for one base unit. ``received`` is counted by
    the database from the lines of receipts and stays within what was ordered and ``over_percent``.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey("products.Product", **KEPT)
    qty = quantity(_("ordered"))
    unit_price = money(_("net price"))
    tax_rate = models.DecimalField(_("tax rate"), max_digits=5, decimal_places=4)
    expected_on = models.DateField(pgettext_lazy("date", "expected"), null=True, blank=True)
    over_percent = models.DecimalField(_("may be over, %"), max_digits=5, decimal_places=2,
                                       db_default=0, default=0)  # fmt: skip
    min_remaining_days = models.PositiveIntegerField(_("days to expiry at least"), db_default=0,
                                                     default=0)  # fmt: skip
    received = quantity(_("received"), db_default=0, default=0)

    class Meta:
        verbose_name = _("line of a purchase order")
        verbose_name_plural = _("lines of purchase orders")
        constraints = [
            models.UniqueConstraint(fields=["order", "line"], name="purchase_line_once"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="purchase_line_of_something"),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0), name="purchase_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__gte=0, tax_rate__lte=1), name="purchase_tax_rate"
            ),
            models.CheckConstraint(
                condition=Q(over_percent__gte=0, over_percent__lte=100), name="purchase_over"
            ),
            models.CheckConstraint(
                condition=Q(received__gte=0)
                & Q(received__lte=F("qty") * (100 + F("over_percent")) / 100),
                name="purchase_not_over_received",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Lines of the orders of the scope."""
        return Q(order__in=Order._base_manager.filter(Order.within(scope)))


class Notice(OfWarehouse):
    """An advance shipping notice: the supplier says what is on its way. Information: the ledger
    knows of nothing before it is received."""

    status = models.CharField(_("state"), max_length=20, choices=NOTICE.choices(),
                              db_default="announced")  # fmt: skip
    order = models.ForeignKey(Order, models.PROTECT, related_name="notices")
    shipment_no = models.CharField(_("supplier's shipment number"), max_length=80)
    carrier = models.CharField(_("carrier"), max_length=120, blank=True, db_default="")
    waybill = models.CharField(_("waybill"), max_length=80, blank=True, db_default="")
    shipped_on = models.DateField(pgettext_lazy("date", "shipped"), null=True, blank=True)
    expected_on = models.DateField(pgettext_lazy("date", "expected"))
    announced_by_name = name(_("recorded by"))
    end_reason = note(_("why it ended"))

    class Meta:
        verbose_name = _("advance notice")
        verbose_name_plural = _("advance notices")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "shipment_no"],
                name="notice_of_shipment_once",
                condition=~Q(status="cancelled"),
            )
        ]


class NoticeLine(Scoped, BusinessModel):
    """What is on its way of a line of the order."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="announced")
    qty = quantity(_("quantity"))
    lot_no = models.CharField(_("lot"), max_length=60, blank=True, db_default="")
    mfg_date = models.DateField(_("made on"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry"), null=True, blank=True)
    serials = ArrayField(
        models.CharField(max_length=60), default=list, db_default=[], blank=True, size=SERIALS_MAX
    )

    class Meta:
        verbose_name = _("line of an advance notice")
        verbose_name_plural = _("lines of advance notices")
        constraints = [
            models.UniqueConstraint(fields=["notice", "line"], name="notice_line_once"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="notice_line_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Lines of the notices of the scope."""
        return Q(notice__in=Notice._base_manager.filter(Notice.within(scope)))
