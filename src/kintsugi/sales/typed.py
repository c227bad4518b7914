"""What people type becomes what services take: customers by name, products by code, percents."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.parties.selectors import by_name, parties
from kintsugi.products.selectors import by_codes
from kintsugi.sales.models import Contract
from kintsugi.sales.services import ContractLineWanted, LineWanted, Payment
from kintsugi.stock import selectors as stock

HUNDRED = Decimal(100)
SAME_NAME_MAX = 20


def customer(text: str) -> UUID:
    """The customer of this name or credit code. Raises KintsugiError ``sales.customer-unknown`` or
    ``sales.customer-ambiguous``."""
    said = text.strip()
    named = by_name(said) or list(parties().filter(name=said)[:SAME_NAME_MAX])
    found = [one for one in named if "customer" in (one.roles or []) and not one.is_void]
    if len(found) == 1:
        return found[0].pk
    if found:
        raise KintsugiError(
            "sales.customer-ambiguous",
            Text(
                f"“{text}”对应 {len(found)} 个客户。",
                f"{len(found)} customers are called “{text}”.",
            ),
            Text("输入统一社会信用代码。", "Type the credit code."),
            field="customer",
        )
    raise KintsugiError(
        "sales.customer-unknown",
        Text(f"没有客户“{text}”。", f"No customer is called “{text}”."),
        Text("输入全称或统一社会信用代码。", "Type the whole name or the credit code."),
        field="customer",
    )


def customer_names(*, limit: int = 300) -> list[str]:
    """Customers within the scope at work, offered while one types."""
    rows = parties().filter(roles__contains=["customer"]).order_by("name_sort", "pk")
    return list(rows.values_list("name", flat=True)[:limit])


def contract(number: str) -> UUID | None:
    """The contract of this number; None for nothing. Raises KintsugiError."""
    said = "".join(number.split()).upper()
    if not said:
        return None
    found = Contract.objects.filter(number=said, is_void=False).first()
    if found is None:
        raise KintsugiError(
            "sales.contract-unknown",
            Text(f"没有合同 {said}。", f"There is no contract {said}."),
            Text("核对合同号。", "Check the number."),
            field="contract",
        )
    return found.pk


def warehouse(text: str) -> UUID | None:
    """The warehouse that was chosen; None for any."""
    return UUID(text) if text else None


def products(rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """The product of each row by its code, as it was typed or in capitals; one query. Raises
    KintsugiError ``sales.product-unknown`` (facts: line, field)."""
    typed = [str(row["product_code"]).strip() for row in rows]
    known = by_codes([*typed, *(code.upper() for code in typed)])
    found = []
    for number, code in enumerate(typed, 1):
        one = known.get(code) or known.get(code.upper())
        if one is None:
            raise KintsugiError(
                "sales.product-unknown",
                Text(f"第 {number} 行:没有产品 {code}。", f"Line {number}: no product {code}."),
                Text("核对产品编码。", "Check the product code."),
                field="product_code",
                line=number,
            )
        found.append(one.pk)
    return found


def part(percent: Decimal | None) -> Decimal | None:
    """A share out of a percentage; None stays None."""
    return None if percent is None else percent / HUNDRED


def order_lines(rows: Sequence[Mapping[str, Any]]) -> list[LineWanted]:
    """Lines as services take them: products by code, percents as shares, lots by number.

    Raises KintsugiError ``sales.product-unknown`` or ``sales.lot-unknown`` (facts: line, field).
    """
    found = []
    for number, (product, row) in enumerate(zip(products(rows), rows, strict=True), 1):
        found.append(
            LineWanted(
                product=product, qty=row["qty"], price=row.get("price"),
                discount=part(row.get("discount")), tax_rate=part(row.get("tax_rate")),
                contract_line=row.get("contract_line"),
                min_remaining_days=row.get("min_remaining_days") or 0,
                lot=_lot(product, row.get("lot_no") or "", number),
                serials=tuple((row.get("serials") or "").replace(",", " ").split()),
                choice_reason=row.get("choice_reason") or "",
            )
        )  # fmt: skip
    return found


def _lot(product: UUID, lot_no: str, number: int) -> UUID | None:
    if not lot_no.strip():
        return None
    found = stock.lots().filter(product=product, lot_no=lot_no.strip()).first()
    if found is None:
        raise KintsugiError(
            "sales.lot-unknown",
            Text(f"第 {number} 行:没有批号 {lot_no}。", f"Line {number}: no lot {lot_no}."),
            Text("核对批号,或留空。", "Check the lot, or leave it empty."),
            field="lot_no",
            line=number,
        )
    return found.pk


def contract_lines(rows: Sequence[Mapping[str, Any]]) -> list[ContractLineWanted]:
    """Lines of a contract as services take them."""
    return [
        ContractLineWanted(
            product=product, qty=row["qty"],
            price=row["price"], tax_rate=row["tax_rate"] / HUNDRED,
            discount=(row.get("discount") or Decimal(0)) / HUNDRED, due_on=row.get("due_on"),
        )
        for product, row in zip(products(rows), rows, strict=True)
    ]  # fmt: skip


def payments(rows: Sequence[Mapping[str, Any]]) -> list[Payment]:
    """The payment plan as services take it. A fixed day needs the date. Raises KintsugiError
    ``sales.due-day``."""
    found = []
    for number, row in enumerate(rows, 1):
        day: dt.date | None = row.get("due_on")
        if (row["due_rule"] == "date") != (day is not None):
            raise KintsugiError(
                "sales.due-day",
                Text(f"第 {number} 期付款:“固定日期”须填日期,其他不填。",
                     f"Payment {number}: a date belongs to “on a date”, and only there."),
                Text("补上或去掉日期。", "Add the date, or take it out."),
                field="payments",
            )  # fmt: skip
        found.append(
            Payment(
                name=row["name"], share=row["share"] / HUNDRED, due_rule=row["due_rule"],
                due_days=row.get("due_days") or 0, due_on=day,
            )
        )  # fmt: skip
    return found
