"""What arrived: the receipt with its scans, the acceptance, and what was put on the shelf."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.purchasing.kinds import RECEIPT, REJECT_REASONS
from kintsugi.purchasing.models.orders import SERIALS_MAX, Notice, Order, OrderLine
from kintsugi.purchasing.models.parts import (
    KEPT,
    OfWarehouse,
    codes,
    money,
    name,
    note,
    one_of,
    person,
    quantity,
)


class Receipt(OfWarehouse):
    """Goods that arrived for an order. While it is a draft it gathers scans; posting it makes the
    lines and moves the goods in, to be inspected."""

    status = models.CharField(_("state"), max_length=20, choices=RECEIPT.choices(),
                              db_default="draft")  # fmt: skip
    order = models.ForeignKey(Order, models.PROTECT, related_name="receipts")
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, blank=True,
                               related_name="receipts")  # fmt: skip
    delivery_note = models.CharField(_("delivery note"), max_length=80)
    arrived_on = models.DateField(_("arrived"))
    arrival_temp = models.DecimalField(_("temperature on arrival, °C"), max_digits=5,
                                       decimal_places=2, null=True, blank=True)  # fmt: skip
    transport_hours = models.DecimalField(_("transport, h"), max_digits=6, decimal_places=1,
                                          null=True, blank=True)  # fmt: skip
    late_reason = note(_("why it is recorded late"))
    receiver = person()
    receiver_name = name(_("received by"))
    posting = models.ForeignKey("stock.Posting", null=True, blank=True, **KEPT)
    reversal = models.ForeignKey("stock.Posting", null=True, blank=True, **KEPT)

    class Meta:
        verbose_name = _("goods receipt")
        verbose_name_plural = _("goods receipts")
        constraints = [
            models.CheckConstraint(
                condition=Q(transport_hours__isnull=True) | Q(transport_hours__gte=0),
                name="receipt_transport_hours",
            )
        ]


class Scan(Scoped, BusinessModel):
    """One thing counted into a receipt: what was read, and what it was understood to be."""

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="scans")
    order_line = models.ForeignKey(OrderLine, **KEPT)
    product = models.ForeignKey("products.Product", **KEPT)
    raw = models.CharField(_("read"), max_length=400, blank=True, db_default="")
    lot_no = models.CharField(_("lot"), max_length=60, blank=True, db_default="")
    serial_no = models.CharField(_("serial number"), max_length=60, blank=True, db_default="")
    mfg_date = models.DateField(_("made on"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry"), null=True, blank=True)
    qty = quantity(_("quantity"))
    scanned_at = models.DateTimeField(pgettext_lazy("time", "scanned"))
    scanned_by_name = name(_("scanned by"))

    class Meta:
        verbose_name = _("scan of a receipt")
        verbose_name_plural = _("scans of receipts")
        indexes = [models.Index(fields=["receipt", "-scanned_at"], name="scan_of_receipt")]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "product", "serial_no"],
                name="scan_of_serial_once",
                condition=Q(is_void=False) & ~Q(serial_no=""),
            ),
            models.CheckConstraint(condition=Q(qty__gt=0), name="scan_of_something"),
            models.CheckConstraint(
                condition=Q(serial_no="") | Q(qty=1), name="scan_of_serial_alone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.lot_no} {self.serial_no}".strip()

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Scans of the receipts of the scope."""
        return Q(receipt__in=Receipt._base_manager.filter(Receipt.within(scope)))


class ReceiptLine(Scoped, BusinessModel):
    """So much of a product and lot that arrived. Its serial units are the moves that name it.

    ``finding``: why it was set apart on arrival. ``location``: where it was put down.
    """

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="receipt_lines")
    product = models.ForeignKey("products.Product", **KEPT)
    lot = models.ForeignKey("stock.Lot", null=True, blank=True, **KEPT)
    mfg_date = models.DateField(_("made on"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry"), null=True, blank=True)
    qty = quantity(_("arrived"))
    unit_cost = money(_("net price"))
    location = models.ForeignKey("stock.Location", **KEPT)
    finding = note(pgettext_lazy("receipt", "finding"))
    qualified = quantity(_("qualified"), db_default=0, default=0)
    rejected = quantity(_("rejected"), db_default=0, default=0)
    put_away = quantity(_("put away"), db_default=0, default=0)
    returned = quantity(pgettext_lazy("to supplier", "returned"), db_default=0, default=0)

    class Meta:
        verbose_name = _("line of a goods receipt")
        verbose_name_plural = _("lines of goods receipts")
        indexes = [models.Index(fields=["lot"], name="receipt_of_lot")]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "line"], name="purchase_receipt_line_once"),
            models.CheckConstraint(
                condition=Q(qty__gt=0), name="purchase_receipt_line_of_something"
            ),
            models.CheckConstraint(
                condition=Q(qualified__gte=0, rejected__gte=0)
                & (Q(qualified=0, rejected=0) | Q(qty=F("qualified") + F("rejected"))),
                name="receipt_accepted_is_arrived",
            ),
            models.CheckConstraint(
                condition=Q(put_away__gte=0, put_away__lte=F("qualified")),
                name="receipt_put_away_is_qualified",
            ),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("qty")),
                name="receipt_returned_has_arrived",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Lines of the receipts of the scope."""
        return Q(receipt__in=Receipt._base_manager.filter(Receipt.within(scope)))


class Acceptance(OfWarehouse):
    """The inspection of lines of a receipt, by somebody who neither bought nor received them."""

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="acceptances")
    inspector = person()
    inspector_name = name(_("inspected by"))
    inspected_at = models.DateTimeField(_("inspected"))
    inspected_on = models.DateField(_("day"))
    note = note(_("note"))
    posting = models.ForeignKey("stock.Posting", null=True, blank=True, **KEPT)

    class Meta:
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")


class AcceptanceLine(Scoped, BusinessModel):
    """What was found of a line that arrived: every piece of it is either qualified or rejected."""

    acceptance = models.ForeignKey(Acceptance, models.PROTECT, related_name="lines")
    receipt_line = models.OneToOneField(ReceiptLine, models.PROTECT, related_name="inspection")
    arrived = quantity(_("arrived"))
    sample_planned = quantity(_("sample by the plan"))
    sample_size = quantity(_("sample"))
    sample_reason = note(_("why another sample"))
    checks = models.JSONField(_("checks"), default=dict)
    qualified = quantity(_("qualified"))
    rejected = quantity(_("rejected"))
    reject_reason = models.CharField(_("reason"), max_length=20, blank=True, db_default="",
                                     choices=codes(REJECT_REASONS))  # fmt: skip
    rejected_serials = ArrayField(
        models.CharField(max_length=60), default=list, db_default=[], blank=True, size=SERIALS_MAX
    )
    note = note(_("note"))

    class Meta:
        verbose_name = _("line of an acceptance")
        verbose_name_plural = _("lines of acceptances")
        constraints = [
            models.CheckConstraint(
                condition=Q(qualified__gte=0, rejected__gte=0)
                & Q(arrived=F("qualified") + F("rejected")),
                name="acceptance_sum_is_arrived",
            ),
            models.CheckConstraint(
                condition=Q(sample_size__gt=0, sample_size__lte=F("arrived")),
                name="acceptance_sample_within",
            ),
            models.CheckConstraint(
                condition=Q(sample_size=F("sample_planned")) | ~Q(sample_reason=""),
                name="acceptance_sample_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(rejected=0) | ~Q(reject_reason=""), name="acceptance_reject_has_reason"
            ),
            one_of("reject_reason", {"": REJECT_REASONS["quality"], **REJECT_REASONS},
                   "acceptance_reason_known"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.acceptance_id}/{self.receipt_line_id}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Lines of the acceptances of the scope."""
        return Q(acceptance__in=Acceptance._base_manager.filter(Acceptance.within(scope)))
