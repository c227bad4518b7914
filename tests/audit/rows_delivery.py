"""One row of every table of deliveries and returns, by hand; a part of ``rows``."""

from collections.abc import Callable
from uuid import UUID

from kintsugi.core.ids import uuid7
from tests.audit.rows import insert, location, party, product, warehouse
from tests.audit.rows_trade import order_line


def delivery(status: str = "draft") -> UUID:
    """One that says everything that any state asks for."""
    moment = "2026-11-22T08:00:00Z"
    return insert(
        "sales_delivery", number=uuid7().hex, customer_id=party(), warehouse_id=warehouse(),
        status=status, picker_name="x", checker_name="y", checked_at=moment, mode="self",
        shipped_at=moment, shipped_on="2026-11-22", shipped_by_name="x",
        goes_to_id=location("in_transit"), end_reason="x", verdicts="[]",
    )  # fmt: skip


def delivery_line(of: UUID | None = None) -> UUID:
    return insert(
        "sales_deliveryline", delivery_id=of or delivery(), line_no=1, product_id=product(), qty=2,
        order_line_id=order_line(),
    )  # fmt: skip


def delivery_item(of: UUID | None = None) -> UUID:
    """Nothing is picked: a void one, since what lies there is counted from moves."""
    of = of or delivery()
    return insert(
        "sales_deliveryitem", delivery_id=of, line_id=delivery_line(of), product_id=product(),
        taken_from_id=location(), picked=0, is_void=True,
    )  # fmt: skip


def receipt(of: UUID | None = None) -> UUID:
    return insert(
        "sales_receipt", number=uuid7().hex, kind="delivery", delivery_id=of or delivery()
    )


def signed_item() -> tuple[UUID, UUID, UUID]:
    """A delivery of one pair of gloves that was signed for, with the line of its receipt; the
    ledger has them at the customer's."""
    customer, gloves = (
        party(),
        insert("products_product", product_code=uuid7().hex, name="手套", tracking="none"),
    )
    mark = uuid7().hex
    of = insert(
        "sales_delivery", number=mark, customer_id=customer, warehouse_id=warehouse(),
        status="draft", verdicts="[]",
    )  # fmt: skip
    line = insert(
        "sales_deliveryline", delivery_id=of, line_no=1, product_id=gloves, qty=1,
        order_line_id=order_line(),
    )  # fmt: skip
    item = insert(
        "sales_deliveryitem", delivery_id=of, line_id=line, product_id=gloves,
        taken_from_id=location(), picked=1, shipped=1,
    )  # fmt: skip
    moved = insert("stock_posting", number=mark, key=mark, kind="opening", document_id=of)
    site = insert("stock_location", code=mark[:30], kind="customer", party_id=customer)
    insert(
        "stock_move", posting_id=moved, product_id=gloves, source_id=location(), target_id=site,
        source_quality="qualified", target_quality="qualified", qty=1, document_line=line,
    )  # fmt: skip
    signed = insert(
        "sales_receiptline", delivery_id=of, receipt_id=receipt(of), item_id=item,
        outcome="signed", qty=1,
    )  # fmt: skip
    return of, item, signed


def return_(status: str = "requested") -> UUID:
    moment = "2026-11-22T08:00:00Z"
    return insert(
        "sales_return", number=uuid7().hex, delivery_id=delivery(), customer_id=party(),
        kind="refund", reason="quality", status=status, approved_at=moment, approved_by_name="x",
        inspected_at=moment, inspected_by_name="x", end_reason="x",
    )  # fmt: skip


def return_line() -> UUID:
    of, item, _signed = signed_item()
    asked = insert(
        "sales_return", number=uuid7().hex, delivery_id=of, customer_id=party(), kind="refund",
        reason="quality", status="requested",
    )  # fmt: skip
    return insert("sales_returnline", return_of_id=asked, item_id=item, qty=1)


DELIVERY_ROWS: dict[str, Callable[..., UUID]] = {
    "sales_checkrecord": lambda: insert(
        "sales_checkrecord", delivery_id=delivery(), rows="[]", result="qualified"
    ),
    "sales_delivery": delivery,
    "sales_deliveryitem": delivery_item,
    "sales_deliveryline": delivery_line,
    "sales_pickscan": lambda: insert(
        "sales_pickscan",
        delivery_id=delivery(),
        phase="pick",
        parsed="{}",
        said="{}",
        key=uuid7().hex,
    ),
    "sales_receipt": receipt,
    "sales_receiptline": lambda: signed_item()[2],
    "sales_return": return_,
    "sales_returnline": return_line,
    "sales_wave": lambda: insert("sales_wave", number=uuid7().hex, warehouse_id=warehouse()),
}
