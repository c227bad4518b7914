"""Parties: the organisations and people a business deals with."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped


class Party(Scoped, BusinessModel):
    """An organisation or person in one or more roles.

    ``party_key`` is the identity: the credit code where one is known, otherwise the name without
    spelling differences, which is always kept in ``name_key`` too. Fields: contract ``party``.
    """

    party_key = models.CharField(max_length=220, unique=True)
    name = models.CharField(_("name"), max_length=300)
    name_key = models.CharField(max_length=220, blank=True, db_default="")
    name_sort = models.CharField(max_length=400, blank=True, db_default="")
    roles = ArrayField(models.CharField(max_length=30), default=list, blank=True, null=True)
    uscc = models.CharField(_("credit code"), max_length=18, null=True, blank=True)
    customer_type = models.CharField(max_length=30, null=True, blank=True)
    credit_limit = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    credit_days = models.IntegerField(null=True, blank=True)
    country = models.CharField(max_length=60, null=True, blank=True)
    region_code = models.CharField(max_length=20, null=True, blank=True)
    address = models.CharField(max_length=500, null=True, blank=True)
    contact = models.CharField(max_length=100, null=True, blank=True)
    phone = ArrayField(models.CharField(max_length=60), null=True, blank=True)
    email = models.CharField(max_length=254, null=True, blank=True)

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        indexes = [
            models.Index(fields=["name_sort", "id"], name="party_sorted"),
            models.Index(fields=["name_key"], name="party_name_key"),
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="party_name_trgm"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"],
                name="party_credit_code_once",
                condition=models.Q(uscc__isnull=False, is_void=False),
            ),
            models.CheckConstraint(
                condition=(Q(credit_limit__isnull=True) | Q(credit_limit__gte=0))
                & (Q(credit_days__isnull=True) | Q(credit_days__gte=0)),
                name="party_credit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Everybody's makers and suppliers, and the customers of the scope."""
        nobodys_customer = Q(roles__len__gt=0) & ~Q(roles__contains=["customer"])
        return nobodys_customer | customer_within(scope)


def customer_within(scope: Scope, path: str = "") -> Q:
    """The customers of a scope; ``path`` leads to the party, such as ``customer__``."""
    found = Q(**{f"{path}id__in": scope.customers})
    for region in sorted(scope.regions):
        found |= Q(**{f"{path}region_code__startswith": region})
    return found
