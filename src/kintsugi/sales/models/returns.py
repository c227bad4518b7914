"""Returns: goods of a delivery that come back, and what quality decides about them."""

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.sales.kinds_delivery import DECISIONS, RETURN, RETURN_KINDS, RETURN_REASONS
from kintsugi.sales.models.delivery import Delivery, DeliveryItem, of_delivery
from kintsugi.sales.models.fields import KEPT, choices, money, one_of, quantity


class Return(Scoped, BusinessModel):
    """A return or exchange (RMA) of goods of one delivery."""

    number = models.CharField(_("return number"), max_length=40, unique=True)
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="returns")
    customer = models.ForeignKey("parties.Party", **KEPT)
    customer_name = models.CharField(_("customer"), max_length=300)
    kind = models.CharField(_("kind"), max_length=10, choices=choices(RETURN_KINDS))
    reason = models.CharField(_("reason"), max_length=20, choices=choices(RETURN_REASONS))
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")
    status = models.CharField(_("state"), max_length=12, choices=RETURN.choices())
    requested_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    requested_by_name = models.CharField(_("requested by"), max_length=200)
    requested_at = models.DateTimeField(_("requested"))
    approved_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    approved_by_name = models.CharField(_("approved by"), max_length=200, blank=True, db_default="")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    received_at = models.DateTimeField(_("came back"), null=True, blank=True)
    received_by_name = models.CharField(_("received by"), max_length=200, blank=True, db_default="")
    inspected_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    inspected_by_name = models.CharField(
        _("inspected by"), max_length=200, blank=True, db_default=""
    )
    inspected_at = models.DateTimeField(_("inspected"), null=True, blank=True)
    credit_amount = money(_("credit"), null=True, blank=True)
    end_reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        indexes = [
            models.Index(fields=["status", "-number"], name="return_by_state"),
            models.Index(fields=["customer", "status"], name="return_of_customer"),
        ]
        constraints = [
            one_of("kind", RETURN_KINDS, "return_kind_known"),
            one_of("reason", RETURN_REASONS, "return_reason_known"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="return_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(inspected_by__isnull=True) | ~Q(inspected_by=F("requested_by")),
                name="return_inspected_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "rejected"])
                | Q(approved_at__isnull=False) & ~Q(approved_by_name=""),
                name="return_awaited_is_approved",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["inspected", "closed"])
                | Q(inspected_at__isnull=False) & ~Q(inspected_by_name=""),
                name="return_settled_is_inspected",
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | ~Q(end_reason=""),
                name="return_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(credit_amount__isnull=True) | Q(credit_amount__gte=0),
                name="return_credit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")


def _of_return(scope: Scope, field: str) -> Q:
    rows = Return._base_manager.filter(Return.within(scope), pk=OuterRef(field))
    return Q(Exists(rows))


class ReturnLine(Scoped, BusinessModel):
    """So much of an item that comes back. ``received`` is what came; ``decision`` what quality
    found right for it."""

    return_of = models.ForeignKey(Return, models.PROTECT, related_name="lines")
    item = models.ForeignKey(DeliveryItem, models.PROTECT, related_name="return_lines")
    qty = quantity(_("quantity"))
    received = quantity(_("came back"), default=0, db_default=0)
    decision = models.CharField(
        _("decision"), max_length=10, choices=choices(DECISIONS), blank=True, db_default=""
    )
    finding = models.CharField(
        pgettext_lazy("inspection", "finding"), max_length=400, blank=True, db_default=""
    )

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        constraints = [
            models.UniqueConstraint(fields=["return_of", "item"], name="return_line_once"),
            models.CheckConstraint(
                condition=Q(qty__gt=0, received__gte=0) & Q(received__lte=F("qty")),
                name="return_line_received_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(decision="") | Q(decision__in=list(DECISIONS)) & ~Q(finding=""),
                name="return_decision_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.return_of}: {self.item}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of returns of the scope."""
        return _of_return(scope, "return_of_id")
