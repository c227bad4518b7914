"""Products, the UDI device identifiers of their package levels, their certificates, and the reviews
before first business."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.selectors import party_within
from kintsugi.products.kinds import CERTIFICATE_KINDS, OPEN_REVIEWS, REVIEW, REVIEW_ROLES

KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}


def _choices(names: dict[str, Any]) -> list[tuple[str, str]]:
    return [(code, text.en) for code, text in names.items()]


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
    item_kind = models.CharField(max_length=20, null=True, blank=True)
    near_expiry_days = models.IntegerField(null=True, blank=True)
    min_ship_remaining_days = models.IntegerField(null=True, blank=True)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    tax_code = models.CharField(max_length=19, null=True, blank=True)
    needs_install = models.BooleanField(null=True, blank=True)
    warranty_start_rule = models.CharField(max_length=20, null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

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
            models.CheckConstraint(
                condition=models.Q(near_expiry_days__isnull=True)
                | models.Q(near_expiry_days__gte=1),
                name="product_near_expiry_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(min_ship_remaining_days__isnull=True)
                | models.Q(min_ship_remaining_days__gte=0),
                name="product_remaining_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(tax_rate__isnull=True)
                | models.Q(tax_rate__gte=0, tax_rate__lte=1),
                name="product_tax_rate_a_fraction",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | models.Q(is_void=True),
                name="product_merged_is_void",
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


class Certificate(BusinessModel):
    """A registration certificate or a filing, and the products it is for.

    What was made within its validity may be sold until it expires, also after ``valid_to``. A
    filing has no end.
    """

    number = models.CharField(_("certificate number"), max_length=50)
    kind = models.CharField(_("kind"), max_length=20, choices=_choices(CERTIFICATE_KINDS))
    holder = models.ForeignKey("parties.Party", **KEPT)
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid through"), null=True, blank=True)
    revoked_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    revoke_reason = models.CharField(max_length=400, blank=True, db_default="")
    revoked_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    revoked_by_name = models.CharField(max_length=200, blank=True, db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    file_name = models.CharField(_("file"), max_length=200, blank=True, db_default="")
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        indexes = [models.Index(fields=["valid_to"], name="certificate_ends")]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], name="certificate_once", condition=Q(is_void=False)
            ),
            models.CheckConstraint(condition=~Q(number=""), name="certificate_has_number"),
            models.CheckConstraint(
                condition=Q(kind__in=list(CERTIFICATE_KINDS)), name="certificate_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="filing", valid_to__isnull=True)
                | Q(kind="registration", valid_to__gte=F("valid_from")),
                name="certificate_has_its_end",
            ),
            models.CheckConstraint(
                condition=Q(approved_on__isnull=True) | Q(approved_on__lte=F("valid_from")),
                name="certificate_approved_before_valid",
            ),
            models.CheckConstraint(
                condition=Q(revoked_on__isnull=True)
                | (~Q(revoke_reason="") & Q(revoked_at__isnull=False)),
                name="certificate_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CertificateProduct(BusinessModel):
    """A product that a certificate is for; void when it no longer is."""

    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="covered")
    product = models.ForeignKey(Product, models.PROTECT, related_name="certified")

    class Meta:
        verbose_name = _("product of a certificate")
        verbose_name_plural = _("products of certificates")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "certificate"],
                name="certificate_product_once",
                condition=Q(is_void=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.certificate} · {self.product}"


class AuthorisedProduct(Scoped, BusinessModel):
    """A product that an authorisation is for; void when it no longer is."""

    qualification = models.ForeignKey("parties.Qualification", **KEPT)
    product = models.ForeignKey(Product, models.PROTECT, related_name="authorised")

    class Meta:
        verbose_name = _("authorised product")
        verbose_name_plural = _("authorised products")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "qualification"],
                name="authorised_product_once",
                condition=Q(is_void=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.qualification} · {self.product}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the parties of the scope."""
        return party_within(scope, "qualification__party__")


class FirstReview(Scoped, BusinessModel):
    """The review before the first business (首营) with a supplier, a customer or a product.

    Asked for by one person, reviewed by another, approved by a third. It stands as long as what
    its checklist asks for is valid: the end of a licence locks, its renewal opens again.
    """

    number = models.CharField(_("number"), max_length=30, unique=True)
    role = models.CharField(_("kind"), max_length=10, choices=_choices(REVIEW_ROLES))
    party = models.ForeignKey("parties.Party", null=True, blank=True, **KEPT)
    product = models.ForeignKey(Product, null=True, blank=True, **KEPT)
    classes = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    status = models.CharField(_("status"), max_length=20, default="draft", choices=REVIEW.choices())
    reason = models.CharField(_("reason"), max_length=400)
    requested_by = models.ForeignKey("identity.Person", **KEPT)
    requested_by_name = models.CharField(_("requested by"), max_length=200)
    requested_at = models.DateTimeField(_("requested"))
    reviewed_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    reviewed_by_name = models.CharField(_("reviewed by"), max_length=200, blank=True, db_default="")
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    review_opinion = models.CharField(_("opinion"), max_length=400, blank=True, db_default="")
    approved_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    approved_by_name = models.CharField(_("approved by"), max_length=200, blank=True, db_default="")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    closed_by_name = models.CharField(max_length=200, blank=True, db_default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_reason = models.CharField(max_length=400, blank=True, db_default="")
    checklist = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("first review")
        verbose_name_plural = _("first reviews")
        indexes = [
            models.Index(fields=["party", "role"], name="first_review_of_party"),
            models.Index(fields=["product"], name="first_review_of_product"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(role="product", product__isnull=False, party__isnull=True))
                | Q(role__in=["supplier", "customer"], product__isnull=True, party__isnull=False),
                name="first_review_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(classes__contained_by=["I", "II", "III"]),
                name="first_review_classes_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(REVIEW.states)), name="first_review_status_known"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("requested_by")),
                name="first_review_by_another",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("requested_by")) & ~Q(approved_by=F("reviewed_by"))),
                name="first_review_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["in_approval", "effective", "replaced", "ended"])
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="first_review_was_reviewed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["effective", "replaced", "ended"])
                | Q(
                    approved_by__isnull=False, approved_at__isnull=False,
                    effective_from__isnull=False,
                ),
                name="first_review_was_approved",
            ),
            models.UniqueConstraint(
                fields=["role", "party", "product"],
                name="first_review_in_force_once",
                condition=Q(status="effective"),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["role", "party", "product"],
                name="first_review_open_once",
                condition=Q(status__in=OPEN_REVIEWS),
                nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of products, which are everybody's, and of the parties of the scope."""
        return Q(product__isnull=False) | party_within(scope, "party__")
