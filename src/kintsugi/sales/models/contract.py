"""Contracts, their versions, and prices. The rules stand in ``sql/contracts.sql``."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.selectors import customer_within
from kintsugi.sales.kinds import (
    CONTRACT,
    CONTRACT_KINDS,
    CONTRACT_VERSION,
    COVERS,
    DUE_RULES,
    GROUPS,
    WARRANTY_STARTS,
)
from kintsugi.sales.models.fields import (
    KEPT,
    Amounts,
    amount_checks,
    choices,
    fraction,
    money,
    one_of,
    quantity,
)


class Contract(Scoped, BusinessModel):
    """What was agreed with a customer. Its words stand in its versions; ``version_no`` is the one
    in force, 0 before the first."""

    number = models.CharField(_("contract number"), max_length=60, unique=True)
    title = models.CharField(_("subject"), max_length=200, blank=True, db_default="")
    kind = models.CharField(_("kind"), max_length=20, choices=choices(CONTRACT_KINDS))
    customer = models.ForeignKey("parties.Party", **KEPT)
    customer_name = models.CharField(_("customer"), max_length=300)
    status = models.CharField(_("state"), max_length=12, choices=CONTRACT.choices())
    version_no = models.PositiveIntegerField(_("version in force"), default=0, db_default=0)
    seller = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    seller_name = models.CharField(_("seller"), max_length=200)
    ended_on = models.DateField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        indexes = [
            models.Index(fields=["customer", "status"], name="contract_of_customer"),
            models.Index(fields=["status", "-number"], name="contract_by_state"),
        ]
        constraints = [
            one_of("kind", CONTRACT_KINDS, "contract_kind_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["effective", "changing"]) | Q(version_no__gte=1),
                name="contract_in_force_has_a_version",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["fulfilled", "expired", "terminated"])
                | Q(ended_on__isnull=False),
                name="contract_end_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status="terminated") | ~Q(end_reason=""),
                name="contract_termination_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the customers of the scope."""
        return customer_within(scope, "customer__")


def _of_contract(scope: Scope, field: str) -> Q:
    rows = Contract._base_manager.filter(Contract.within(scope), pk=OuterRef(field))
    return Q(Exists(rows))


class ContractVersion(Scoped, BusinessModel):
    """One wording of a contract. Once submitted it does not change; a variation is another one."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="versions")
    no = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("state"), max_length=12, choices=CONTRACT_VERSION.choices())
    reason = models.CharField(_("reason of the change"), max_length=400, blank=True, db_default="")
    signed_on = models.DateField(_("signed"), null=True, blank=True)
    effective_on = models.DateField(_("effective from"))
    expires_on = models.DateField(_("expires"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    total = money(_("total with tax"), default=0, db_default=0)
    delivery_terms = models.TextField(_("delivery terms"), blank=True, db_default="")
    acceptance_terms = models.TextField(_("acceptance terms"), blank=True, db_default="")
    warranty_start = models.CharField(
        _("warranty begins"), max_length=20, choices=choices(WARRANTY_STARTS),
        default="install_accept", db_default="install_accept",
    )  # fmt: skip
    warranty_months = models.PositiveIntegerField(_("warranty, months"), default=0, db_default=0)
    warranty_covers = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("covers")
    )
    exchange_inherits = models.BooleanField(
        _("an exchanged unit inherits the rest of the warranty"), default=True, db_default=True
    )
    retention_share = fraction(_("retention"), default=0, db_default=0)
    file_name = models.CharField(_("signed file"), max_length=300, blank=True, db_default="")
    file_sha256 = models.CharField(_("hash of the file"), max_length=64, blank=True, db_default="")
    written_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    written_by_name = models.CharField(_("written by"), max_length=200)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    approved_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    approved_by_name = models.CharField(_("approved by"), max_length=200, blank=True, db_default="")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    decision_reason = models.CharField(_("decision"), max_length=400, blank=True, db_default="")
    verdicts = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("contract version")
        verbose_name_plural = _("contract versions")
        constraints = [
            models.UniqueConstraint(fields=["contract", "no"], name="contract_version_once"),
            models.UniqueConstraint(
                fields=["contract"],
                name="contract_version_in_force_once",
                condition=Q(status="in_force"),
            ),
            models.UniqueConstraint(
                fields=["contract"],
                name="contract_version_written_once",
                condition=Q(status__in=["draft", "submitted", "refused"]),
            ),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("effective_on")),
                name="contract_version_expires_later",
            ),
            models.CheckConstraint(
                condition=Q(retention_share__gte=0, retention_share__lte=1),
                name="contract_version_retention_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(warranty_covers__contained_by=list(COVERS)),
                name="contract_version_covers_known",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("written_by")),
                name="contract_version_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["in_force", "superseded"])
                | ~Q(file_sha256="")
                & Q(signed_on__isnull=False, approved_at__isnull=False)
                & ~Q(approved_by_name=""),
                name="contract_version_in_force_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(no=1) | ~Q(reason=""), name="contract_variation_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(file_sha256="") | Q(file_sha256__regex="^[0-9a-f]{64}$"),
                name="contract_version_hash_is_one",
            ),
            one_of("warranty_start", WARRANTY_STARTS, "contract_version_warranty_start_known"),
        ]

    def __str__(self) -> str:
        return f"{self.contract} v{self.no}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of contracts of the scope."""
        return _of_contract(scope, "contract_id")


class ContractLine(Scoped, BusinessModel, Amounts):
    """So much of a product at a price. ``line_no`` stays the same through the versions;
    ``called_off`` is what orders took of it, written by a trigger."""

    version_of = models.ForeignKey(ContractVersion, models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey("products.Product", **KEPT)
    due_on = models.DateField(_("due"), null=True, blank=True)
    called_off = quantity(_("called off"), default=0, db_default=0)

    class Meta:
        verbose_name = _("contract line")
        verbose_name_plural = _("contract lines")
        constraints = [
            models.UniqueConstraint(fields=["version_of", "line_no"], name="contract_line_once"),
            models.CheckConstraint(
                condition=Q(called_off__gte=0, called_off__lte=F("qty")),
                name="contract_line_not_exceeded",
            ),
            *amount_checks("contract_line"),
        ]

    def __str__(self) -> str:
        return f"{self.version_of}/{self.line_no}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of contracts of the scope."""
        return _of_contract(scope, "version_of__contract_id")


class PaymentNode(Scoped, BusinessModel):
    """A share of the price and when it is due. The shares of a version make 1."""

    version_of = models.ForeignKey(ContractVersion, models.PROTECT, related_name="payments")
    line_no = models.PositiveIntegerField(_("line"))
    name = models.CharField(_("payment"), max_length=100)
    share = fraction(_("share"))
    due_rule = models.CharField(_("due"), max_length=20, choices=choices(DUE_RULES))
    due_days = models.PositiveIntegerField(_("days"), default=0, db_default=0)
    due_on = models.DateField(_("date"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payment plan")
        constraints = [
            models.UniqueConstraint(fields=["version_of", "line_no"], name="payment_node_once"),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=1), name="payment_node_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(due_rule="date", due_on__isnull=False)
                | ~Q(due_rule="date") & Q(due_on__isnull=True),
                name="payment_node_date_or_rule",
            ),
            one_of("due_rule", DUE_RULES, "payment_node_rule_known"),
        ]

    def __str__(self) -> str:
        return f"{self.version_of}: {self.name}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of contracts of the scope."""
        return _of_contract(scope, "version_of__contract_id")


class ListPrice(BusinessModel):
    """What one of a product costs a group of customers, from a day to a day, both included;
    below ``floor`` somebody else agrees."""

    product = models.ForeignKey("products.Product", **KEPT)
    group = models.CharField(
        _("customers"), max_length=20, choices=choices(GROUPS), blank=True, db_default=""
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    price = money(_("price with tax"))
    floor = money(_("lowest price"))
    tax_rate = fraction(_("tax rate"))
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("list price")
        verbose_name_plural = _("price list")
        indexes = [
            models.Index(fields=["product", "group", "valid_from"], name="list_price_of_product")
        ]
        constraints = [
            one_of("group", GROUPS, "list_price_group_known"),
            models.CheckConstraint(condition=Q(price__gt=0), name="list_price_of_something"),
            models.CheckConstraint(
                condition=Q(floor__gte=0, floor__lte=F("price")), name="list_price_floor_is_lower"
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__gte=0, tax_rate__lte=1), name="list_price_tax_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="list_price_ends_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.price} {self.currency}"
