"""Reads of orders and of the price list."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from kintsugi.core.lookups import occurs, starts
from kintsugi.sales.models import ListPrice, Order, OrderJudgement, OrderLine, OrderRevision
from kintsugi.stock import selectors as stock

#: What the tabs of the list show: states, and what of a line is still to be done.
TABS = ("to_approve", "to_reserve", "to_ship", "on_hold")


def orders() -> QuerySet[Order]:
    """All orders within the scope at work."""
    return Order.objects.filter(is_void=False).select_related("contract_version__contract")


def order(pk: UUID) -> Order:
    """One order. Raises ``Order.DoesNotExist``."""
    return orders().get(pk=pk)


def orders_to_do(rows: QuerySet[Order], what: str) -> QuerySet[Order]:
    """Those that wait for approval, for goods, for shipment, or for somebody to release a hold."""
    if what == "to_approve":
        return rows.filter(status="submitted")
    if what == "on_hold":
        return rows.filter(status="on_hold")
    open_lines = OrderLine.objects.filter(is_void=False)
    if what == "to_reserve":
        lacking = open_lines.filter(qty__gt=F("reserved"))
        return rows.filter(
            status__in=["approved", "reserved", "picking", "part_shipped"],
            pk__in=lacking.values("order_id"),
        )
    waiting = open_lines.filter(reserved__gt=F("shipped"))
    return rows.filter(
        status__in=["reserved", "picking", "part_shipped"], pk__in=waiting.values("order_id")
    )


def found_orders(rows: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Orders by the beginning of their number or the customer's, by customer, or by product."""
    of_product = OrderLine.objects.filter(
        starts("product__product_code", text.upper()) | occurs("product__name", text)
    )
    return rows.filter(
        starts("number", text.upper())
        | starts("customer_ref", text)
        | occurs("customer_name", text)
        | Q(pk__in=of_product.values("order_id"))
    )


def lines_of(order: Order) -> QuerySet[OrderLine]:
    """The lines of an order that stand."""
    return (
        order.lines.filter(is_void=False)
        .select_related("product", "lot", "contract_line")
        .order_by("line_no")
    )


def kept_for(order: Order) -> QuerySet[Any]:
    """What is kept for an order and not taken yet."""
    ids: Sequence[UUID] = list(order.lines.values_list("pk", flat=True))
    return stock.reservations_of(ids)


def revisions_of(order: Order) -> QuerySet[OrderRevision]:
    """How it read before, the newest first."""
    return order.revisions.order_by("-no")


def judgements_of(order: Order) -> QuerySet[OrderJudgement]:
    """What its checks found, the newest first."""
    return order.judgements.order_by("-judged_at", "-pk")


def of_contract(contract: UUID) -> QuerySet[Order]:
    """Orders that call off a contract, through any of its versions; the newest first."""
    return orders().filter(contract_version__contract=contract).order_by("-number")


def of_customer(customer: UUID) -> QuerySet[Order]:
    """Orders of a customer, the newest first."""
    return orders().filter(customer=customer).order_by("-ordered_on", "-number")


def prices() -> QuerySet[ListPrice]:
    """The price list."""
    return ListPrice.objects.filter(is_void=False).select_related("product")


def price(pk: UUID) -> ListPrice:
    """One list price. Raises ``ListPrice.DoesNotExist``."""
    return prices().get(pk=pk)


def found_prices(rows: QuerySet[ListPrice], text: str) -> QuerySet[ListPrice]:
    """Prices of a product by code or name."""
    return rows.filter(
        starts("product__product_code", text.upper()) | occurs("product__name", text)
    )
