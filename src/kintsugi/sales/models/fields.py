"""Columns that the tables of sales share."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}


def choices(names: dict[str, Any]) -> list[tuple[str, str]]:
    """Django's choices of names in two languages; screens show both."""
    return [(code, text.en) for code, text in names.items()]


def one_of(field: str, names: dict[str, Any], name: str) -> models.CheckConstraint:
    """Only these values."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": list(names)}), name=name)


def quantity(title: Any, **options: Any) -> Any:
    """A quantity in the product's base unit: 18 digits, four of them decimals."""
    return models.DecimalField(title, max_digits=18, decimal_places=4, **options)


def money(title: Any, **options: Any) -> Any:
    """An amount in the document's currency: 18 digits, four of them decimals."""
    return models.DecimalField(title, max_digits=18, decimal_places=4, **options)


def fraction(title: Any, **options: Any) -> Any:
    """A part of one: 0.13 is 13 %."""
    return models.DecimalField(title, max_digits=7, decimal_places=6, **options)


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
