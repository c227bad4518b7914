"""What goes back to the supplier, and what the supplier wants to be paid."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.purchasing.kinds import INVOICE, MATCHES, RETURN, RETURN_REASONS
from kintsugi.purchasing.models.inbound import ReceiptLine
from kintsugi.purchasing.models.orders import Order, OrderLine
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


class Return(OfWarehouse):
    """Goods that go back to the supplier who sent them; another person approves. Sent back, a
    credit note is expected."""

    status = models.CharField(_("state"), max_length=20, choices=RETURN.choices(),
                              db_default="submitted")  # fmt: skip
    supplier = models.ForeignKey("parties.Party", **KEPT)
    supplier_name = name(_("supplier"))
    reason = models.CharField(_("reason"), max_length=20, choices=codes(RETURN_REASONS))
    why = note(_("why"))
    requested_by = person()
    requested_by_name = name(_("requested by"))
    decided_by = person()
    decided_by_name = name(_("decided by"))
    decided_at = moment(_("decided"))
    decision_note = note(_("note"))
    carrier = models.CharField(_("carrier"), max_length=120, blank=True, db_default="")
    waybill = models.CharField(_("waybill"), max_length=80, blank=True, db_default="")
    shipped_on = models.DateField(_("sent back"), null=True, blank=True)
    posting = models.ForeignKey("stock.Posting", null=True, blank=True, **KEPT)
    credit_expected = money(_("credit expected"), db_default=0, default=0)
    credit_no = models.CharField(_("credit note"), max_length=80, blank=True, db_default="")
    credited_on = models.DateField(pgettext_lazy("date", "credited"), null=True, blank=True)

    class Meta:
        verbose_name = _("return to a supplier")
        verbose_name_plural = _("returns to suppliers")
        constraints = [
            one_of("reason", RETURN_REASONS, "purchase_return_reason_known"),
            two_people("requested_by", "decided_by", "return_decided_by_another"),
            decided(("approved", "shipped", "credited", "rejected"), "decided_by_name",
                    "return_is_decided"),
            models.CheckConstraint(
                condition=~Q(status="credited") | ~Q(credit_no=""), name="return_credit_has_number"
            ),
        ]  # fmt: skip


class ReturnLine(Scoped, BusinessModel):
    """So much of a line that arrived, from where it lies now."""

    goods_return = models.ForeignKey(Return, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    receipt_line = models.ForeignKey(ReceiptLine, models.PROTECT, related_name="returns")
    location = models.ForeignKey("stock.Location", **KEPT)
    quality = models.CharField(_("quality"), max_length=12)
    unit = models.ForeignKey("stock.Unit", null=True, blank=True, **KEPT)
    qty = quantity(_("quantity"))

    class Meta:
        verbose_name = _("line of a return to a supplier")
        verbose_name_plural = _("lines of returns to suppliers")
        constraints = [
            models.UniqueConstraint(
                fields=["goods_return", "line"], name="purchase_return_line_once"
            ),
            models.CheckConstraint(condition=Q(qty__gt=0), name="return_line_of_something"),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) | Q(qty=1), name="return_line_unit_alone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goods_return_id}/{self.line}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Lines of the returns of the scope."""
        return Q(goods_return__in=Return._base_manager.filter(Return.within(scope)))


class Invoice(BusinessModel):
    """A supplier's invoice for one order, held against its prices and what was accepted. Whole:
    no limits of rows, so only whoever has none reads it."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    status = models.CharField(_("state"), max_length=20, choices=INVOICE.choices(),
                              db_default="entered")  # fmt: skip
    supplier = models.ForeignKey("parties.Party", **KEPT)
    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    invoice_no = models.CharField(_("invoice number"), max_length=80)
    invoiced_on = models.DateField(_("date"))
    currency = models.CharField(_("currency"), max_length=3, db_default="CNY")
    price_tolerance_percent = models.DecimalField(_("price tolerance, %"), max_digits=5,
                                                  decimal_places=2)  # fmt: skip
    amount_tolerance = money(_("amount tolerance"))
    entered_by = person()
    entered_by_name = name(_("entered by"))
    decided_by = person()
    decided_by_name = name(_("approved by"))
    decided_at = moment(_("approved"))
    decision_note = note(_("note"))

    class Meta:
        verbose_name = _("supplier's invoice")
        verbose_name_plural = _("suppliers' invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "invoice_no"],
                name="supplier_invoice_once",
                condition=~Q(status="rejected"),
            ),
            two_people("entered_by", "decided_by", "supplier_invoice_approved_by_another"),
            decided(("approved", "rejected"), "decided_by_name", "supplier_invoice_is_decided"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class InvoiceLine(BusinessModel):
    """A line of the invoice and how it matches. ``unit_price`` is net."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField(_("line"))
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="invoice_lines")
    qty = quantity(_("quantity"))
    unit_price = money(_("net price"))
    tax_rate = models.DecimalField(_("tax rate"), max_digits=5, decimal_places=4)
    price_ordered = money(_("price ordered"))
    qty_open = quantity(_("accepted and not invoiced"))
    result = models.CharField(
        pgettext_lazy("invoice", "match"), max_length=20, choices=codes(MATCHES)
    )
    resolution = note(_("resolved as"))
    resolved_by = person()
    resolved_by_name = name(_("resolved by"))
    resolved_at = moment(_("resolved"))

    class Meta:
        verbose_name = _("line of a supplier's invoice")
        verbose_name_plural = _("lines of suppliers' invoices")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "line"], name="supplier_invoice_line_once"),
            models.UniqueConstraint(
                fields=["invoice", "order_line"], name="supplier_invoice_order_line_once"
            ),
            models.CheckConstraint(
                condition=Q(qty__gt=0, unit_price__gte=0, tax_rate__gte=0, tax_rate__lte=1),
                name="supplier_invoice_line_amounts",
            ),
            one_of("result", MATCHES, "supplier_invoice_match_known"),
            models.CheckConstraint(
                condition=Q(resolved_by_name="") | ~Q(resolution=""),
                name="supplier_invoice_resolution_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}/{self.line}"

    @property
    def net_amount(self) -> object:
        """Quantity times net price."""
        return self.qty * self.unit_price
