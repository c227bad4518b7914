"""One row of every table of purchasing, by hand; part of ``rows``."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from kintsugi.core.ids import uuid7
from tests.audit import rows


def purchase_request(**values: Any) -> UUID:
    given = {"status": "submitted", "source": "manual", "decided_by_name": "x", **values}
    return rows.insert(
        "purchasing_request", number=uuid7().hex, warehouse_id=rows.warehouse(), **given
    )


def purchase_order(**values: Any) -> UUID:
    given = {"status": "draft", "decided_by_name": "x", **values}
    return rows.insert(
        "purchasing_order", number=uuid7().hex, warehouse_id=rows.warehouse(),
        supplier_id=rows.party(),
        **given,
    )  # fmt: skip


def purchase_line(order: UUID | None = None) -> UUID:
    return rows.insert(
        "purchasing_orderline", order_id=order or purchase_order(), line=1,
        product_id=rows.product(),
        qty=10, unit_price=1, tax_rate=0,
    )  # fmt: skip


def notice(**values: Any) -> UUID:
    given = {"status": "announced", **values}
    return rows.insert(
        "purchasing_notice", number=uuid7().hex, warehouse_id=rows.warehouse(),
        order_id=purchase_order(), shipment_no=uuid7().hex, **given,
    )  # fmt: skip


def goods_receipt(**values: Any) -> UUID:
    given = {"status": "draft", "warehouse_id": rows.warehouse(), **values}
    return rows.insert("purchasing_receipt", number=uuid7().hex, order_id=purchase_order(), **given)


def receipt_line(receipt: UUID | None = None) -> UUID:
    return rows.insert(
        "purchasing_receiptline", receipt_id=receipt or goods_receipt(), line=1,
        order_line_id=purchase_line(), product_id=rows.product(), qty=2, unit_cost=1,
        location_id=rows.location("van"),
    )  # fmt: skip


def acceptance() -> UUID:
    house = rows.warehouse()
    return rows.insert(
        "purchasing_acceptance", number=uuid7().hex, warehouse_id=house,
        receipt_id=goods_receipt(status="received", warehouse_id=house),
    )  # fmt: skip


def acceptance_line() -> UUID:
    house = rows.warehouse()
    paper = goods_receipt(status="received", warehouse_id=house)
    line = receipt_line(paper)
    made = rows.insert(
        "purchasing_acceptance", number=uuid7().hex, warehouse_id=house, receipt_id=paper
    )
    return rows.insert(
        "purchasing_acceptanceline", acceptance_id=made, receipt_line_id=line, arrived=2,
        qualified=2, rejected=0, sample_planned=1, sample_size=1,
    )  # fmt: skip


def goods_return(**values: Any) -> UUID:
    given = {"status": "submitted", "decided_by_name": "x", "credit_no": "x", **values}
    return rows.insert(
        "purchasing_return", number=uuid7().hex, warehouse_id=rows.warehouse(),
        supplier_id=rows.party(),
        reason="agreed", **given,
    )  # fmt: skip


def supplier_invoice(**values: Any) -> UUID:
    given = {"status": "entered", "decided_by_name": "x", **values}
    return rows.insert(
        "purchasing_invoice", number=uuid7().hex, supplier_id=rows.party(),
        order_id=purchase_order(),
        invoice_no=uuid7().hex, price_tolerance_percent=0, amount_tolerance=0, **given,
    )  # fmt: skip


ROWS: dict[str, Callable[..., UUID]] = {
    "purchasing_request": purchase_request,
    "purchasing_requestline": lambda: rows.insert(
        "purchasing_requestline", request_id=purchase_request(), product_id=rows.product(), qty=1
    ),
    "purchasing_order": purchase_order,
    "purchasing_orderline": purchase_line,
    "purchasing_notice": notice,
    "purchasing_noticeline": lambda: rows.insert(
        "purchasing_noticeline", notice_id=notice(), order_line_id=purchase_line(), qty=1
    ),
    "purchasing_receipt": goods_receipt,
    "purchasing_scan": lambda: rows.insert(
        "purchasing_scan", receipt_id=goods_receipt(), order_line_id=purchase_line(),
        product_id=rows.product(), qty=1,
    ),
    "purchasing_receiptline": receipt_line,
    "purchasing_acceptance": acceptance,
    "purchasing_acceptanceline": acceptance_line,
    "purchasing_return": goods_return,
    "purchasing_returnline": lambda: rows.insert(
        "purchasing_returnline", goods_return_id=goods_return(), receipt_line_id=receipt_line(),
        location_id=rows.location("van"), quality="qualified", qty=1,
    ),
    "purchasing_invoice": supplier_invoice,
    "purchasing_invoiceline": lambda: rows.insert(
        "purchasing_invoiceline", invoice_id=supplier_invoice(), order_line_id=purchase_line(),
        qty=1, unit_price=1, tax_rate=0, price_ordered=1, qty_open=1, result="matched",
    ),
}  # fmt: skip
