"""What billing tells sales, for the credit check: what was invoiced of order lines, and what a
customer owes. Billing writes it by ``services.set_billed`` and ``services.set_receivable``."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.selectors import customer_within
from kintsugi.sales.models.fields import money, quantity
from kintsugi.sales.models.order import OrderLine, of_order


class Receivable(Scoped, BusinessModel):
    """What a customer owes on issued invoices, less what it has on account; below zero where it has
    more on account than it owes."""

    customer = models.OneToOneField("parties.Party", models.PROTECT, related_name="+")
    amount = money(_("owed"), default=0, db_default=0)

    class Meta:
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")

    def __str__(self) -> str:
        return f"{self.customer}: {self.amount}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the customers of the scope."""
        return customer_within(scope, "customer__")


class BilledLine(Scoped, BusinessModel):
    """How much of an order line stands on issued invoices, less what credit notes took back."""

    order_line = models.OneToOneField(OrderLine, models.PROTECT, related_name="billed")
    qty = quantity(_("invoiced"))

    class Meta:
        verbose_name = _("invoiced order line")
        verbose_name_plural = _("invoiced order lines")
        constraints = [
            models.CheckConstraint(condition=Q(qty__gte=0), name="billed_line_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.order_line}: {self.qty}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of orders of the scope."""
        return of_order(scope, "order_line__order_id")
