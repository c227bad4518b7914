"""Columns that business tables share: quantities, amounts, shares, and one of listed values."""

from typing import Any

from django.db import models
from django.db.models import Q

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
