"""Columns that the tables of sales share."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from kintsugi.core.fields import KEPT, choices, fraction, money, one_of, quantity

__all__ = [
    "KEPT",
    "Amounts",
    "amount_checks",
    "choices",
    "fraction",
    "money",
    "one_of",
    "quantity",
]


class Amounts(models.Model):
    """What a line is worth. ``price`` is that of one, with tax, before the discount."""

    qty = quantity(_("quantity"))
    price = money(_("price with tax"))
    discount = fraction(_("discount"), default=0, db_default=0)
    tax_rate = fraction(_("tax rate"), default=0, db_default=0)
    amount = money(_("amount with tax"))

    class Meta:
        abstract = True


def amount_checks(name: str) -> list[models.CheckConstraint]:
    """Whole sums: more than nothing, shares within one, and the amount is their product."""
    worth = models.F("qty") * models.F("price") * (1 - models.F("discount"))
    rounded = Round(worth, 2)
    return [
        models.CheckConstraint(condition=Q(qty__gt=0), name=f"{name}_of_something"),
        models.CheckConstraint(condition=Q(price__gte=0), name=f"{name}_price_not_negative"),
        models.CheckConstraint(
            condition=Q(discount__gte=0, discount__lte=1), name=f"{name}_discount_is_a_share"
        ),
        models.CheckConstraint(
            condition=Q(tax_rate__gte=0, tax_rate__lte=1), name=f"{name}_tax_is_a_share"
        ),
        models.CheckConstraint(condition=Q(amount=rounded), name=f"{name}_amount_is_the_product"),
    ]
