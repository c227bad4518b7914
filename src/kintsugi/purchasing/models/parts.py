"""What the documents of purchasing are made of: fields, whose they are, conditions."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.engine.text import Text
from kintsugi.stock.selectors import warehouse_within

KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}


def quantity(title: Any, **options: Any) -> Any:
    """A quantity in the product's base unit: 18 digits, four of them decimals."""
    return models.DecimalField(title, max_digits=18, decimal_places=4, **options)


def money(title: Any, **options: Any) -> Any:
    """An amount of money or a price, in the document's currency."""
    return models.DecimalField(title, max_digits=18, decimal_places=4, **options)


def note(title: Any) -> Any:
    """A sentence or two; may be empty."""
    return models.CharField(title, max_length=400, blank=True, db_default="")


def person() -> Any:
    """Who did something; None where a job of the system did."""
    return models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)


def name(title: Any = "") -> Any:
    """The printed name of who did something; empty before it was done."""
    return models.CharField(title, max_length=200, blank=True, db_default="")


def moment(title: Any = "") -> Any:
    """When something was done; None before."""
    return models.DateTimeField(title, null=True, blank=True)


def one_of(field: str, names: dict[str, Text], name_: str) -> models.CheckConstraint:
    """The field holds one of these codes."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": list(names)}), name=name_)


def codes(names: dict[str, Text]) -> list[tuple[str, str]]:
    """Django choices."""
    return [(code, text.en) for code, text in names.items()]


def two_people(first: str, second: str, constraint: str) -> models.CheckConstraint:
    """Who did the second thing is not who did the first."""
    return models.CheckConstraint(
        condition=Q(**{f"{second}__isnull": True})
        | Q(**{f"{first}__isnull": True})
        | ~Q(**{second: models.F(first)}),
        name=constraint,
    )


def decided(names: tuple[str, ...], decider: str, constraint: str) -> models.CheckConstraint:
    """In these states somebody is named as having decided."""
    return models.CheckConstraint(
        condition=~Q(status__in=names) | ~Q(**{decider: ""}), name=constraint
    )


class OfWarehouse(Scoped, BusinessModel):
    """A document of a warehouse: whoever is limited to others does not see it."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    warehouse = models.ForeignKey("stock.Warehouse", **KEPT)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Documents of the warehouses of the scope."""
        return warehouse_within(scope, "warehouse__")
