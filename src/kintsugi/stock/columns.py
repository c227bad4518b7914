"""Columns and constraints that the tables of stock share."""

from typing import Any

from django.db import models
from django.db.models import Q

#: What points to master data keeps it: nothing that was ever named is removed.
KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}
PERSON: dict[str, Any] = {"to": "identity.Person", **KEPT}


def choices(names: dict[str, Any]) -> list[tuple[str, str]]:
    """Django choices of codes; the screens translate them through the same mapping."""
    return [(code, text.en) for code, text in names.items()]


def one_of(field: str, names: Any, name: str) -> models.CheckConstraint:
    """The column holds one of these codes."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": list(names)}), name=name)


def quantity(title: Any = "", **options: Any) -> Any:
    """A quantity in the product's base unit: 18 digits, four of them decimals."""
    return models.DecimalField(title, max_digits=18, decimal_places=4, **options)
