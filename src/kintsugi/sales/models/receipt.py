"""Receipts: what the customer got of a delivery, and what became of the rest; of goods on
consignment, what was used and what was taken back. Never changed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.sales.kinds_delivery import OUTCOMES, RECEIPT_KINDS
from kintsugi.sales.models.delivery import Delivery, DeliveryItem, of_delivery
from kintsugi.sales.models.fields import KEPT, choices, one_of, quantity

_HASH = "^[0-9a-f]{64}$"


class Receipt(Scoped, BusinessModel):
    """What a person at the customer's signed for, with hashes of the photo and the signature."""

    number = models.CharField(_("receipt number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=choices(RECEIPT_KINDS))
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="receipts")
    signer = models.CharField(_("signed by"), max_length=100)
    signed_at = models.DateTimeField(_("signed at"))
    signed_on = models.DateField(_("signed on"))
    arrival_temp = models.DecimalField(
        _("temperature at arrival, °C"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    photo_sha256 = models.CharField(_("photo"), max_length=64, blank=True, db_default="")
    signature_sha256 = models.CharField(_("signature"), max_length=64, blank=True, db_default="")
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")
    recorded_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    recorded_by_name = models.CharField(_("recorded by"), max_length=200)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            one_of("kind", RECEIPT_KINDS, "receipt_kind_known"),
            models.CheckConstraint(condition=~Q(signer=""), name="receipt_is_signed"),
            models.CheckConstraint(
                condition=(Q(photo_sha256="") | Q(photo_sha256__regex=_HASH))
                & (Q(signature_sha256="") | Q(signature_sha256__regex=_HASH)),
                name="receipt_hash_is_one",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")


class ReceiptLine(Scoped, BusinessModel):
    """What became of so much of an item; a trigger adds it up in the item."""

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="lines")
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="+")
    item = models.ForeignKey(DeliveryItem, models.PROTECT, related_name="receipt_lines")
    outcome = models.CharField(_("outcome"), max_length=10, choices=choices(OUTCOMES))
    qty = quantity(_("quantity"))
    reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "item", "outcome"], name="receipt_line_once"
            ),
            one_of("outcome", OUTCOMES, "receipt_outcome_known"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="receipt_line_of_something"),
            models.CheckConstraint(
                condition=Q(outcome="signed") | ~Q(reason=""), name="receipt_difference_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt}: {self.qty}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of deliveries of the scope."""
        return of_delivery(scope, "delivery_id")
