"""Products and the UDI device identifiers of their package levels."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel


class Product(BusinessModel):
    """A product at the level of specification and model. Fields: contract ``product``."""

    product_code = models.CharField(_("product code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=300)
    name_en = models.CharField(max_length=300, null=True, blank=True)
    name_sort = models.CharField(max_length=400, blank=True, db_default="")
    spec = models.CharField(max_length=200, null=True, blank=True)
    model = models.CharField(_("model"), max_length=200, null=True, blank=True)
    catalog_number = models.CharField(max_length=120, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    manufacturer = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    mah = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    device_class = models.CharField(max_length=4, null=True, blank=True)
    category_code = models.CharField(max_length=20, null=True, blank=True)
    is_implant = models.BooleanField(null=True, blank=True)
    is_ivd = models.BooleanField(null=True, blank=True)
    storage_condition = models.CharField(max_length=20, null=True, blank=True)
    base_uom = models.CharField(max_length=20, null=True, blank=True)
    tracking = models.CharField(max_length=20, null=True, blank=True)
    lot_in_udi = models.BooleanField(null=True, blank=True)
    serial_in_udi = models.BooleanField(null=True, blank=True)
    mfg_date_in_udi = models.BooleanField(null=True, blank=True)
    expiry_in_udi = models.BooleanField(null=True, blank=True)
    prescription_use = models.BooleanField(null=True, blank=True)
    over_the_counter = models.BooleanField(null=True, blank=True)
    sterile = models.BooleanField(null=True, blank=True)
    mri_safety = models.CharField(max_length=30, null=True, blank=True)
    gmdn_terms = ArrayField(models.CharField(max_length=300), null=True, blank=True)
    fda_product_codes = ArrayField(models.CharField(max_length=40), null=True, blank=True)
    premarket_submissions = ArrayField(models.CharField(max_length=60), null=True, blank=True)
    units_per_package = models.IntegerField(null=True, blank=True)
    identifier_count = models.IntegerField(null=True, blank=True)
    primary_di = models.CharField(_("primary UDI-DI"), max_length=40, null=True, blank=True)
    issuing_agency = models.CharField(max_length=10, null=True, blank=True)
    distribution_status = models.CharField(max_length=30, null=True, blank=True)
    published_on = models.DateField(null=True, blank=True)
    distribution_end_on = models.DateField(null=True, blank=True)
    registration_no = models.CharField(max_length=100, null=True, blank=True)
    warranty_months = models.IntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        indexes = [
            models.Index(fields=["name_sort", "id"], name="product_sorted"),
            models.Index(fields=["manufacturer", "id"], name="product_by_maker"),
            models.Index(fields=["model"], name="product_model"),
            models.Index(fields=["catalog_number"], name="product_catalog"),
            models.Index(fields=["primary_di"], name="product_primary_di"),
            GinIndex(
                fields=["name", "model"],
                opclasses=["gin_trgm_ops", "gin_trgm_ops"],
                name="product_trgm",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(units_per_package__isnull=True)
                | models.Q(units_per_package__gte=1),
                name="product_units_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(warranty_months__isnull=True) | models.Q(warranty_months__gte=0),
                name="product_warranty_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.model or ''}".strip()


class UdiIdentifier(BusinessModel):
    """A device identifier (UDI-DI) of a product at one package level.

    ``contains`` links a package to the identifier it holds ``quantity`` of. Fields: contract
    ``udi_identifier``.
    """

    device_identifier = models.CharField(max_length=40)
    issuer = models.CharField(max_length=10)
    kind = models.CharField(max_length=20, null=True, blank=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="identifiers")
    contains_identifier = models.CharField(max_length=40, null=True, blank=True)
    contains = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="contained_in"
    )
    quantity = models.IntegerField(null=True, blank=True)
    package_status = models.CharField(max_length=30, null=True, blank=True)
    pack_level = models.CharField(max_length=20, null=True, blank=True)

    class Meta:
        verbose_name = _("UDI identifier")
        verbose_name_plural = _("UDI identifiers")
        indexes = [
            models.Index(fields=["device_identifier"], name="udi_identifier_di"),
            models.Index(
                fields=["contains_identifier"],
                name="udi_identifier_contains",
                condition=models.Q(contains_identifier__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "device_identifier"], name="udi_identifier_once"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__isnull=True) | models.Q(quantity__gte=1),
                name="udi_identifier_quantity_positive",
            ),
            models.CheckConstraint(
                condition=~models.Q(contains=models.F("id")), name="udi_identifier_not_in_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} {self.device_identifier}"
