"""Invoices and credit notes, and when what they ask for falls due. The rules stand in
``sql/invoices.sql``."""

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from kintsugi.billing.kinds import DUE_RULES, INVOICE, INVOICE_KINDS, ISSUED
from kintsugi.core.fields import KEPT, choices, fraction, money, one_of, quantity
from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.selectors import customer_within


class Totals(models.Model):
    """Net, tax, and both together, to the cent."""

    net = money(_("net"), default=0, db_default=0)
    tax = money(_("tax"), default=0, db_default=0)
    gross = money(_("total with tax"), default=0, db_default=0)

    class Meta:
        abstract = True


class Invoice(Scoped, BusinessModel, Totals):
    """What a customer is asked to pay for goods it signed for; of kind ``credit`` what is taken
    off. ``settled`` is what payments and credit notes cover of it, ``credited`` what credit notes
    take off; triggers write both. ``tax_number`` is that of the tax invoice, known once issued."""

    number = models.CharField(_("document number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=choices(INVOICE_KINDS))
    status = models.CharField(_("state"), max_length=10, choices=INVOICE.choices())
    customer = models.ForeignKey("parties.Party", **KEPT)
    customer_name = models.CharField(_("customer"), max_length=300)
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    tax_code = models.CharField(_("code of the tax invoice"), max_length=20, blank=True,
                                db_default="")  # fmt: skip
    tax_number = models.CharField(_("number of the tax invoice"), max_length=30, blank=True,
                                  db_default="")  # fmt: skip
    invoiced_on = models.DateField(_("invoiced on"), null=True, blank=True)
    settled = money(_("settled"), default=0, db_default=0)
    credited = money(_("credited"), default=0, db_default=0)
    original = models.ForeignKey("self", null=True, blank=True, **KEPT)
    returned = models.ForeignKey("sales.Return", null=True, blank=True, **KEPT)
    reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")
    written_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    written_by_name = models.CharField(_("written by"), max_length=200)
    written_at = models.DateTimeField(_("written"))
    approved_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    approved_by_name = models.CharField(_("approved by"), max_length=200, blank=True, db_default="")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    issued_by_name = models.CharField(_("issued by"), max_length=200, blank=True, db_default="")
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)
    end_reason = models.CharField(_("reason of the end"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        indexes = [
            models.Index(fields=["customer", "status"], name="invoice_of_customer"),
            models.Index(fields=["status", "-number"], name="invoice_by_state"),
        ]
        constraints = [
            one_of("kind", INVOICE_KINDS, "invoice_kind_known"),
            models.UniqueConstraint(
                fields=["tax_code", "tax_number"],
                name="invoice_tax_number_once",
                condition=~Q(tax_number=""),
            ),
            models.UniqueConstraint(
                fields=["returned"],
                name="invoice_return_credited_once",
                condition=Q(returned__isnull=False) & ~Q(status="voided"),
            ),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax"), gross__gte=0, net__gte=0, tax__gte=0),
                name="invoice_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(settled__gte=0, settled__lte=F("gross"))
                & Q(credited__gte=0, credited__lte=F("gross")),
                name="invoice_settled_within",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", original__isnull=False) & ~Q(reason="")
                | ~Q(kind="credit") & Q(original__isnull=True, returned__isnull=True),
                name="invoice_credit_says_what_and_why",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("written_by")),
                name="invoice_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "voided"])
                | Q(approved_at__isnull=False) & ~Q(approved_by_name=""),
                name="invoice_past_draft_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(ISSUED), invoiced_on__isnull=False,
                            issued_at__isnull=False)
                & ~Q(tax_number="")
                | ~Q(status__in=list(ISSUED)) & Q(invoiced_on__isnull=True, tax_number=""),
                name="invoice_issued_has_number",
            ),
            models.CheckConstraint(
                condition=~Q(status="voided") | ~Q(end_reason=""), name="invoice_voided_says_why"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the customers of the scope."""
        return customer_within(scope, "customer__")

    @property
    def open_amount(self) -> Any:
        """What is still to be paid, or of a credit note still to be given."""
        return self.gross - self.settled


def of_invoice(scope: Scope, field: str) -> Q:
    """Rows of invoices of the scope; ``field`` holds the invoice's id."""
    rows = Invoice._base_manager.filter(Invoice.within(scope), pk=OuterRef(field))
    return Q(Exists(rows))


class InvoiceLine(Scoped, BusinessModel, Totals):
    """So much of a line of a signed receipt, at the price of its order. Of a credit note: so much
    of a line of the original, with quantity 0 where only the price was wrong.

    Rounding: each line by itself, half up to the cent; gross from quantity, price and discount,
    net from gross and rate, tax the difference. The invoice is the sum of its lines.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField(_("line"))
    receipt_line = models.ForeignKey("sales.ReceiptLine", **KEPT)
    #: The thing that the order line was first served with; what replaced it is billed for it.
    root_item = models.ForeignKey("sales.DeliveryItem", **KEPT)
    order_line = models.ForeignKey("sales.OrderLine", **KEPT)
    product = models.ForeignKey("products.Product", **KEPT)
    original = models.ForeignKey("self", null=True, blank=True, **KEPT)
    qty = quantity(_("quantity"))
    price = money(_("price with tax"))
    discount = fraction(_("discount"), default=0, db_default=0)
    tax_rate = fraction(_("tax rate"))
    unit_cost = models.DecimalField(
        _("cost of one"), max_digits=20, decimal_places=6, null=True, blank=True
    )

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "line_no"], name="invoice_line_once"),
            models.UniqueConstraint(
                fields=["invoice", "receipt_line"],
                name="invoice_receipt_line_once",
                condition=Q(original__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(original__isnull=True, qty__gt=0)
                | Q(original__isnull=False, qty__gte=0),
                name="invoice_line_of_something",
            ),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax"), net__gte=0, tax__gte=0),
                name="invoice_line_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(original__isnull=False)
                | Q(
                    gross=Round(F("qty") * F("price") * (1 - F("discount")), 2),
                    net=Round(F("gross") / (1 + F("tax_rate")), 2),
                ),
                name="invoice_line_is_rounded_half_up",
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__gte=0, tax_rate__lte=1), name="invoice_line_tax_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}/{self.line_no}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of invoices of the scope."""
        return of_invoice(scope, "invoice_id")


class Instalment(Scoped, BusinessModel):
    """A part of an issued invoice and the day it falls due: none while that is not known (goods
    that are still to be accepted)."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="instalments")
    line_no = models.PositiveIntegerField(_("line"))
    name = models.CharField(_("payment"), max_length=100)
    rule = models.CharField(_("due"), max_length=20, choices=choices(DUE_RULES))
    amount = money(_("amount"))
    due_on = models.DateField(_("due on"), null=True, blank=True)
    is_retention = models.BooleanField(_("retention"), default=False, db_default=False)
    reason = models.CharField(_("reason of the day"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        indexes = [models.Index(fields=["due_on"], name="instalment_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "line_no"], name="instalment_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="instalment_not_negative"),
            one_of("rule", DUE_RULES, "instalment_rule_known"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.name}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of invoices of the scope."""
        return of_invoice(scope, "invoice_id")
