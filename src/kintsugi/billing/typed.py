"""What people type into forms of billing, as services take it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.billing.models import Invoice
from kintsugi.billing.selectors import invoices
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.parties.selectors import by_name, parties
from kintsugi.sales.selectors import orders

SAME_NAME_MAX = 20


def customer(text: str) -> UUID:
    """The one customer of this name or credit code. Raises KintsugiError
    ``billing.customer-unknown``."""
    said = text.strip()
    named = by_name(said) or list(parties().filter(name=said)[:SAME_NAME_MAX])
    found = [one for one in named if "customer" in (one.roles or []) and not one.is_void]
    if len(found) != 1:
        count = len(found)
        raise KintsugiError(
            "billing.customer-unknown",
            Text(f"“{text[:80]}”对应 {count} 个客户。", f"{count} customers are “{text[:80]}”."),
            Text("输入全称或统一社会信用代码。", "Type the whole name or the credit code."),
            field="customer",
        )
    return UUID(str(found[0].pk))


def customer_names(*, limit: int = 300) -> list[str]:
    """Customers within the scope at work, offered while one types."""
    rows = parties().filter(roles__contains=["customer"]).order_by("name_sort", "pk")
    return list(rows.values_list("name", flat=True)[:limit])


def order(number: str) -> UUID | None:
    """The order of this number; None for nothing. Raises ``billing.order-unknown``."""
    said = "".join(number.split()).upper()
    if not said:
        return None
    found = orders.orders().filter(number=said).first()
    if found is None:
        raise _unknown("order", f"没有订单 {said}。", f"There is no order {said}.")
    return UUID(str(found.pk))


def invoice(number: str) -> Invoice:
    """The invoice of this document or tax number. Raises KintsugiError
    ``billing.invoice-unknown``."""
    said = "".join(number.split()).upper()
    rows = invoices.invoices()
    found = rows.filter(number=said).first() or (
        rows.filter(tax_number=said).first() if said else None
    )
    if found is None:
        raise _unknown("invoice", f"没有发票 {said}。", f"There is no invoice {said}.")
    return found


def one_of(rows: Any, number: str, field: str, zh: str, en: str) -> Any:
    """The row of this number. Raises KintsugiError ``billing.<field>-unknown``."""
    said = "".join(number.split()).upper()
    found = rows.filter(number=said).first()
    if found is None:
        raise _unknown(field, f"没有{zh} {said}。", f"There is no {en} {said}.")
    return found


def open_or(amount: Decimal | None, *sides: Decimal) -> Decimal:
    """The amount that was typed, else the smaller of what is open."""
    return amount if amount is not None else min(sides)


def no_line(number: int) -> KintsugiError:
    """The invoice has no such line."""
    return _unknown("line", f"没有第 {number} 行。", f"It has no line {number}.")


def _unknown(field: str, zh: str, en: str) -> KintsugiError:
    return KintsugiError(
        f"billing.{field}-unknown", Text(zh, en), Text("核对编号。", "Check the number."),
        field=field,
    )  # fmt: skip
