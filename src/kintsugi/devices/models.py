"""Devices: the installed base."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.selectors import customer_within


class Device(Scoped, BusinessModel):
    """One physical, serialised unit. Fields and their meaning: contract ``device``.

    A serial number is unique within its product, never alone: two makers may use the same one.
    ``partial_dates`` lists date fields known to the month or year only; they hold the first day.
    """

    device_no = models.CharField(max_length=60, null=True, blank=True)
    serial_no = models.CharField(_("serial number"), max_length=60)
    product = models.ForeignKey("products.Product", on_delete=models.PROTECT, related_name="+")
    product_model = models.CharField(max_length=200, null=True, blank=True)
    udi_full = models.CharField(max_length=254, null=True, blank=True)
    lot_no = models.CharField(max_length=60, null=True, blank=True)
    mfg_date = models.DateField(null=True, blank=True)
    expiry_date = models.DateField(null=True, blank=True)
    purchase_date = models.DateField(null=True, blank=True)
    purchase_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, null=True, blank=True)
    supplier = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    customer = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    department = models.CharField(max_length=200, null=True, blank=True)
    install_site = models.CharField(max_length=300, null=True, blank=True)
    install_accepted_on = models.DateField(null=True, blank=True)
    warranty_start = models.DateField(null=True, blank=True)
    warranty_end = models.DateField(null=True, blank=True)
    warranty_terms = models.CharField(max_length=500, null=True, blank=True)
    status = models.CharField(max_length=20, null=True, blank=True)
    software_version = models.CharField(max_length=60, null=True, blank=True)
    risk_level = models.CharField(max_length=20, null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    partial_dates = ArrayField(models.CharField(max_length=40), null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        indexes = [
            models.Index(fields=["serial_no", "id"], name="device_serial"),
            # Serials of one product alike but for O/0, I/1, B/8 are found by this index.
            models.Index(
                "product",
                models.Func(
                    "serial_no", models.Value("OIB"), models.Value("018"), function="translate"
                ),
                name="device_lookalike",
            ),
            models.Index(fields=["customer", "id"], name="device_by_customer"),
            models.Index(fields=["device_no"], name="device_no"),
            models.Index(fields=["status", "id"], name="device_status"),
            GinIndex(fields=["serial_no"], opclasses=["gin_trgm_ops"], name="device_serial_trgm"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["product", "serial_no"], name="device_serial_once"),
            models.CheckConstraint(
                condition=models.Q(mfg_date__isnull=True)
                | models.Q(expiry_date__isnull=True)
                | models.Q(mfg_date__lte=models.F("expiry_date")),
                name="device_made_before_expiry",
            ),
            models.CheckConstraint(
                condition=models.Q(warranty_start__isnull=True)
                | models.Q(warranty_end__isnull=True)
                | models.Q(warranty_start__lte=models.F("warranty_end")),
                name="device_warranty_starts_before_end",
            ),
            models.CheckConstraint(
                condition=models.Q(purchase_price__isnull=True) | models.Q(purchase_price__gte=0),
                name="device_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.serial_no

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """The devices of the customers in the scope."""
        return customer_within(scope, "customer__")
