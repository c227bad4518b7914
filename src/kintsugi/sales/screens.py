"""Lists of sales: orders, contracts, prices."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Action, Column, Empty, Filter, ListScreen
from kintsugi.engine.text import Text
from kintsugi.sales.kinds import (
    CONTRACT,
    CONTRACT_KINDS,
    GROUPS,
    ORDER,
    ORDER_KINDS,
    TONES,
)
from kintsugi.sales.models import Contract, ListPrice, Order
from kintsugi.sales.selectors import contracts, orders
from kintsugi.stock import selectors as stock

KIND = _("Kind")
#: Not ``_``: elsewhere the same English words mean something else in Chinese.
CUSTOMER = Text("客户", "Customer")
TOTAL = Text("含税总额", "Total with tax")
QUANTITY = Text("数量", "Quantity")
ORDER_WORD = Text("订单", "Order")
SIGNED = Text("签订日", "Signed")
NOTE = Text("备注", "Note")
WAREHOUSE = Text("仓库", "Warehouse")
DUE = Text("到期", "Due")


def order_url(row: Order) -> str:
    """The order's page."""
    return reverse("sales:order", args=[row.pk])


def contract_url(row: Contract) -> str:
    """The contract's page."""
    return reverse("sales:contract", args=[row.pk])


def customer_url(row: Any) -> str:
    """The page of the customer."""
    return reverse("parties:detail", args=[row.customer_id])


def product_url(row: Any) -> str:
    """The page of the product."""
    return reverse("products:detail", args=[row.product_id])


def contract_no(row: Order) -> str:
    """The number of the contract that an order calls off."""
    return row.contract_version.contract.number if row.contract_version else ""


def contract_of(row: Order) -> str:
    """The page of the contract that an order calls off."""
    return contract_url(row.contract_version.contract) if row.contract_version else ""


def _warehouses(_user: Any) -> list[tuple[str, str]]:
    return [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:500]]


def order_rows(_user: Any, todo: str = "") -> QuerySet[Order]:
    """Orders; with ``todo`` those for which that is to be done."""
    rows = orders.orders()
    return orders.orders_to_do(rows, todo) if todo else rows


def order_tabs(_request: HttpRequest, todo: str = "") -> dict[str, Any]:
    """What is to be done with orders."""
    names = {
        "": gettext("All"),
        "to_approve": gettext("Wait for approval"),
        "to_reserve": gettext("Lack goods"),
        "to_ship": gettext("Wait for shipment"),
        "on_hold": gettext("On hold"),
    }
    return {
        "tabs": [
            {
                "label": name,
                "url": reverse("sales:orders-to-do", args=[code])
                if code
                else reverse("sales:orders"),
                "active": code == todo,
            }
            for code, name in names.items()
        ]
    }


ORDER_COLUMNS = (
    Column("number", label=ORDER_WORD, kind="code", link=order_url),
    Column("customer_name", label=CUSTOMER, link=customer_url),
    Column("status", label=_("State"), kind="state", choices=ORDER, tones=TONES),
    Column("ordered_on", label=_("Ordered"), kind="date"),
    Column("wanted_on", label=_("Wanted"), kind="date"),
    Column("total", label=TOTAL, kind="number"),
    Column("currency", label=_("Currency")),
    Column("kind", label=KIND, choices=ORDER_KINDS),
    Column("contract", label=_("Contract"), kind="code", value=contract_no, link=contract_of),
    Column("customer_ref", label=_("Their number"), kind="code"),
    Column("seller_name", label=_("Seller")),
)
ORDERS = ListScreen(
    name="orders",
    title=_("Sales orders"),
    subtitle=_("What customers want, and how far each order is."),
    rows=order_rows,
    permission="order.read",
    export_permission="order.export",
    columns=ORDER_COLUMNS,
    find=orders.found_orders,
    search_hint=_("Number, customer, product"),
    filters=(
        Filter("status", label=_("State"), choices=ORDER),
        Filter("kind", label=KIND, choices=ORDER_KINDS),
        Filter("warehouse", choices_of=_warehouses, label=_("Ships from")),
        Filter("wanted_on", kind="days", label=_("Wanted")),
        Filter("ordered_on", kind="days", label=_("Ordered")),
    ),
    order=("-ordered_on", "-number"),
    page=order_tabs,
    actions=(Action(_("Take an order"), lambda _r: reverse("sales:take-order"), "plus", True),),
    empty=Empty(
        _("No orders yet"),
        _("Take one: customer, what they want, until when."),
        icon="clipboard-list",
        action=_("Take an order"),
        url=lambda: reverse("sales:take-order"),
    ),
)

CONTRACTS = ListScreen(
    name="contracts",
    title=_("Sales contracts"),
    subtitle=_("What was agreed, in all its versions, and how much of it was called off."),
    rows=lambda _user: contracts.contracts(),
    permission="contract.read",
    export_permission="contract.export",
    columns=(
        Column("number", label=_("Contract"), kind="code", link=contract_url),
        Column("title", label=_("Subject")),
        Column("customer_name", label=CUSTOMER, link=customer_url),
        Column("kind", label=KIND, choices=CONTRACT_KINDS),
        Column("status", label=_("State"), kind="state", choices=CONTRACT, tones=TONES),
        Column("version_no", label=_("Version in force"), kind="number"),
        Column("seller_name", label=_("Seller")),
    ),
    find=contracts.found_contracts,
    search_hint=_("Number, customer, subject"),
    filters=(
        Filter("status", label=_("State"), choices=CONTRACT),
        Filter("kind", label=KIND, choices=CONTRACT_KINDS),
    ),
    order=("-number",),
    actions=(
        Action(_("Write a contract"), lambda _r: reverse("sales:write-contract"), "plus", True),
    ),
    empty=Empty(
        _("No contracts yet"),
        _("Write one, or take orders without."),
        icon="file-text",
        action=_("Write a contract"),
        url=lambda: reverse("sales:write-contract"),
    ),
)


def end_price_url(row: ListPrice) -> str:
    """Where a price is ended."""
    return reverse("sales:end-price", args=[row.pk])


PRICES = ListScreen(
    name="prices",
    title=_("Price list"),
    subtitle=_("With tax, from a day to a day. Orders keep the price of their day."),
    rows=lambda _user: orders.prices(),
    permission="order.read",
    export_permission="order.export",
    columns=(
        Column("product__product_code", label=_("Product code"), kind="code", link=product_url),
        Column("product__name", label=_("Product"), sort=("product__name_sort",)),
        Column("group", label=_("Customers"), choices=GROUPS,
               value=lambda row: GROUPS[row.group], sort=("group",)),
        Column("price", label=_("Price with tax"), kind="number"),
        Column("floor", label=_("Lowest price"), kind="number",
               help=_("Below it an order is not approved.")),
        Column("currency", label=_("Currency")),
        Column("valid_from", label=_("From"), kind="date"),
        Column("valid_to", label=_("To"), kind="date", link=end_price_url,
               value=lambda row: row.valid_to or gettext("open"), sort=("valid_to",)),
    ),
    find=orders.found_prices,
    search_hint=_("Product code or name"),
    filters=(
        Filter("group", label=_("Customers"),
               choices={code: name for code, name in GROUPS.items() if code}),
        Filter("valid_from", kind="days", label=_("From")),
    ),
    order=("product__product_code", "group", "-valid_from"),
    actions=(Action(_("Set a price"), lambda _r: reverse("sales:set-price"), "plus", True),),
    empty=Empty(
        _("No prices yet"),
        _("Orders without a contract take their price from here."),
        icon="tags",
        action=_("Set a price"),
        url=lambda: reverse("sales:set-price"),
    ),
)  # fmt: skip
