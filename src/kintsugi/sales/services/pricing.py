"""What one of a product is promised at: the contract's price, the list's, or one that was typed."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.sales.models import ContractLine, ListPrice

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """A price with tax and where it comes from. ``listed`` and ``floor`` are the list's, if any."""

    price: Decimal
    tax_rate: Decimal
    discount: Decimal
    source: str
    reference: str
    listed: Decimal | None
    floor: Decimal | None


def amount(qty: Decimal, price: Decimal, discount: Decimal) -> Decimal:
    """What a line is worth with tax, to the cent."""
    return (qty * price * (1 - discount)).quantize(CENT, ROUND_HALF_UP)


def list_prices(
    *, products: Iterable[UUID], group: str, currency: str, on: dt.date
) -> Mapping[UUID, ListPrice]:
    """The list's price of each product on a day: that of the customer's group, else that of all."""
    rows = ListPrice.objects.filter(
        product__in=set(products), group__in={"", group}, currency=currency, is_void=False,
        valid_from__lte=on,
    ).exclude(valid_to__lt=on).order_by("group")  # fmt: skip
    return {one.product_id: one for one in rows}  # the group's own comes after "" and stays


def price_of(
    *,
    line_no: int,
    product_code: str,
    typed: Decimal | None,
    discount: Decimal | None,
    tax_rate: Decimal | None,
    contract: ContractLine | None,
    contract_no: str,
    listed: ListPrice | None,
    product_tax: Decimal | None = None,
) -> Price:
    """The price of a line. Raises KintsugiError ``sales.price-missing`` or ``sales.tax-missing``
    where neither contract nor list, product nor person says it."""
    if contract is not None:
        found, source, reference = contract.price, "contract", f"{contract_no}/{contract.line_no}"
    elif listed is not None:
        found, source, reference = listed.price, "list", f"{listed.valid_from:%Y-%m-%d}"
    elif typed is not None:
        found, source, reference = typed, "typed", ""
    else:
        raise KintsugiError(
            "sales.price-missing",
            Text(f"第 {line_no} 行 {product_code} 没有价格。",
                 f"Line {line_no}: nothing says what {product_code} costs."),
            Text("输入价格,或先维护价目表。", "Type a price, or add one to the price list."),
            field="price",
            line=line_no,
        )  # fmt: skip
    if typed is not None and typed != found:
        found, source, reference = typed, "typed", ""
    tax = tax_rate
    if tax is None and contract is not None:
        tax = contract.tax_rate
    if tax is None and listed is not None:
        tax = listed.tax_rate
    if tax is None:
        tax = product_tax
    if tax is None:
        raise KintsugiError(
            "sales.tax-missing",
            Text(f"第 {line_no} 行 {product_code} 没有税率。",
                 f"Line {line_no}: nothing says the tax rate of {product_code}."),
            Text("输入税率。", "Type the tax rate."),
            field="tax_rate",
            line=line_no,
        )  # fmt: skip
    if discount is None:
        discount = (
            contract.discount if contract is not None and source == "contract" else Decimal(0)
        )
    floor = listed.floor if listed else None
    if contract is not None:  # what was approved with the contract is its lowest price
        floor = contract.price * (1 - contract.discount)
    return Price(found, tax, discount, source, reference, listed.price if listed else None, floor)
