"""One row of every table of billing, by hand; a part of ``rows``."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.ids import uuid7

MOMENT = "2026-11-22T08:00:00Z"
DAY = "2026-11-22"


def _rows() -> Any:
    """The other makers; they load this file."""
    from tests.audit import rows

    return rows


def _one(statement: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0] if cursor.description else None


def invoice(status: str = "draft", customer: UUID | None = None) -> UUID:
    """One that says everything that its state asks for."""
    was = status in ("issued", "part_paid", "paid", "reversed")
    issued = {"tax_number": uuid7().hex[:30], "invoiced_on": DAY, "issued_at": MOMENT}
    return _rows().insert(
        "billing_invoice", number=uuid7().hex, kind="vat_general", status=status,
        customer_id=customer or _rows().party(), approved_at=MOMENT, approved_by_name="x",
        end_reason="x", **(issued if was else {}),
    )  # fmt: skip


def billed_line() -> UUID:
    from tests.audit.rows_trade import order_line

    return _rows().insert("sales_billedline", order_line_id=order_line(), qty=0)


def invoice_line() -> UUID:
    """One pair of gloves at 1.00 without tax, in a draft."""
    from tests.audit.rows_delivery import signed_item

    _of, item, signed = signed_item()
    ordered = _one(
        "select l.order_line_id from sales_deliveryitem i"
        " join sales_deliveryline l on l.id = i.line_id where i.id = %s",
        item,
    )
    customer = _one(
        "select o.customer_id from sales_orderline l join sales_order o on o.id = l.order_id"
        " where l.id = %s",
        ordered,
    )
    gloves = _one("select product_id from sales_deliveryitem where id = %s", item)
    return _rows().insert(
        "billing_invoiceline", invoice_id=invoice(customer=customer), line_no=1,
        receipt_line_id=signed, root_item_id=item, order_line_id=ordered, product_id=gloves,
        qty=1, price=1, tax_rate=0, net=1, tax=0, gross=1,
    )  # fmt: skip


def instalment() -> UUID:
    return _rows().insert(
        "billing_instalment", invoice_id=invoice(), line_no=1, rule="credit", amount=1
    )


def payment(customer: UUID | None = None) -> UUID:
    mark = uuid7().hex
    return _rows().insert(
        "billing_payment", number=mark, direction="in", amount=1, bank_ref=mark,
        customer_id=customer or _rows().party(),
    )  # fmt: skip


def match() -> UUID:
    """A payment of 1.00 that covers an issued invoice."""
    found = _one("select invoice_id from billing_invoiceline where id = %s", invoice_line())
    _one("update billing_invoice set status = 'approved' where id = %s", found)
    _one(
        "update billing_invoice set status = 'issued', tax_number = %s, invoiced_on = %s,"
        " issued_at = %s where id = %s",
        uuid7().hex[:30], DAY, MOMENT, found,
    )  # fmt: skip
    customer = _one("select customer_id from billing_invoice where id = %s", found)
    return _rows().insert(
        "billing_match", customer_id=customer, payment_id=payment(customer), invoice_id=found,
        amount=1,
    )  # fmt: skip


def journal_line() -> UUID:
    """One side of an entry whose other side is there too."""
    document = uuid7()
    same = {"document_kind": "payment", "document_id": document, "currency": "CNY"}
    _rows().insert("billing_journalline", line_no=1, role="bank", debit=1, **same)
    return _rows().insert("billing_journalline", line_no=2, role="suspense", credit=1, **same)


def account() -> UUID:
    """A role that has no account yet."""
    role = _one(
        "select r from unnest(%s::text[]) r where r not in (select role from"
        " billing_ledgeraccount) limit 1",
        ["receivable", "revenue", "vat_output", "inventory", "cogs", "bank", "suspense"],
    )
    return _rows().insert("billing_ledgeraccount", role=role)


ROWS: dict[str, Callable[..., UUID]] = {
    "billing_bankstatement": lambda: _rows().insert(
        "billing_bankstatement", number=uuid7().hex, sha256=uuid7().hex * 2
    ),
    "billing_instalment": instalment,
    "billing_invoice": invoice,
    "billing_invoiceline": invoice_line,
    "billing_journalbatch": lambda: _rows().insert(
        "billing_journalbatch", number=uuid7().hex, debit=1, credit=1
    ),
    "billing_journalline": journal_line,
    "billing_ledgeraccount": account,
    "billing_match": match,
    "billing_payment": payment,
    "sales_billedline": billed_line,
    "sales_receivable": lambda: _rows().insert("sales_receivable", customer_id=_rows().party()),
}
