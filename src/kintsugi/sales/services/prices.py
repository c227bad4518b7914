"""The price list: a price from a day on, and its end."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.products.selectors import products
from kintsugi.sales.models import ListPrice
from kintsugi.sales.services.common import once


def set_price(
    *,
    actor: Any,
    product: UUID,
    price: Decimal,
    floor: Decimal,
    tax_rate: Decimal,
    valid_from: dt.date,
    key: str,
    valid_to: dt.date | None = None,
    group: str = "",
    currency: str = "CNY",
) -> ListPrice:
    """Set what one of a product costs a group of customers from a day on, tax included.

    Raises NotFound, KintsugiError ``sales.price-wrong`` or ``sales.price-overlaps``.
    """
    values = {
        "price": price, "floor": floor, "tax_rate": tax_rate, "valid_from": valid_from,
        "valid_to": valid_to, "group": group, "currency": currency,
    }  # fmt: skip
    if not 0 <= floor <= price or price == 0 or not 0 <= tax_rate <= 1:
        raise KintsugiError(
            "sales.price-wrong",
            Text("价格须大于 0,最低价不高于价格,税率在 0 与 1 之间。",
                 "A price is more than 0, its floor not above it, the tax between 0 and 1."),
            Text("核对价格、最低价和税率。", "Check price, floor and tax."),
            field="price",
        )  # fmt: skip
    if valid_to is not None and valid_to < valid_from:
        raise _ends_before(valid_from)

    def work() -> dict[str, Any]:
        if not products().filter(pk=product).exists():
            raise NotFound(Text("产品", "product"), str(product))
        return {"price": str(ListPrice.objects.create(product_id=product, **values).pk)}

    payload = {"product": product, **values}
    done = once(actor=actor, command="set-price", key=key, payload=payload, work=work)
    return ListPrice.objects.get(pk=done["price"])


def end_price(*, actor: Any, price: UUID, valid_to: dt.date, key: str) -> ListPrice:
    """Let a list price end on a day, that day included. Orders taken before keep theirs."""

    def work() -> dict[str, Any]:
        found = ListPrice.objects.select_for_update().filter(pk=price, is_void=False).first()
        if found is None:
            raise NotFound(Text("价格", "price"), str(price))
        if valid_to < found.valid_from:
            raise _ends_before(found.valid_from)
        ListPrice.objects.filter(pk=price).update(valid_to=valid_to, version=found.version + 1)
        return {"price": str(found.pk)}

    payload = {"price": price, "valid_to": valid_to}
    done = once(actor=actor, command="end-price", key=key, payload=payload, work=work)
    return ListPrice.objects.get(pk=done["price"])


def _ends_before(day: dt.date) -> KintsugiError:
    return KintsugiError(
        "sales.price-wrong",
        Text(f"不能早于 {day} 结束。", f"It cannot end before {day}."),
        Text("改结束日期。", "Choose a later day."),
        field="valid_to",
    )
