"""Reads of returns."""

from uuid import UUID

from django.db.models import Q, QuerySet

from kintsugi.core.lookups import occurs, starts
from kintsugi.sales.models import Return, ReturnLine


def returns() -> QuerySet[Return]:
    """All returns within the scope at work."""
    return Return.objects.filter(is_void=False).select_related("delivery")


def return_of(pk: UUID) -> Return:
    """One return. Raises ``Return.DoesNotExist``."""
    return returns().select_related("delivery").get(pk=pk)


def return_lines(found: UUID) -> QuerySet[ReturnLine]:
    """The lines of a return with the things they are about."""
    return (
        ReturnLine.objects.filter(return_of_id=found, is_void=False)
        .select_related("item__product", "item__lot", "item__unit", "item__line")
        .order_by("item__line__line_no", "pk")
    )


def returns_of(delivery: UUID) -> QuerySet[Return]:
    """The returns of a delivery."""
    return returns().filter(delivery_id=delivery).order_by("-number")


def found_returns(rows: QuerySet[Return], text: str) -> QuerySet[Return]:
    """By the beginning of their number or the delivery's, by customer, or by a serial or lot."""
    lines = ReturnLine.objects.filter(
        starts("item__unit__serial_no", text.upper()) | starts("item__lot__lot_no", text)
    )
    return rows.filter(
        starts("number", text.upper())
        | starts("delivery__number", text.upper())
        | occurs("customer_name", text)
        | Q(pk__in=lines.values("return_of_id"))
    )
