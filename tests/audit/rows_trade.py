"""One row of every table of licences, sales, stocktakes, storage and takeovers, by hand."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from kintsugi.core.ids import uuid7
from tests.audit.rows import _clock, insert, location, party, person, posting, product, warehouse


def licence() -> UUID:
    return insert(
        "parties_qualification", party_id=party(), kind="quality_agreement", number=uuid7().hex,
        categories="{}", classes="{}", territory="{}", valid_from="2024-01-01",
        valid_to="2026-11-20",
    )  # fmt: skip


def unlock(**values: Any) -> UUID:
    return insert(
        "parties_unlock", number=uuid7().hex[:30], qualification_id=licence(),
        ended_on="2026-11-20", first_day="2026-11-21", last_day="2026-12-01",
        requested_by_id=person(), decided_by_id=person(), decided_at=_clock(),
        **{"status": "requested", **values},
    )  # fmt: skip


def merge() -> UUID:
    return insert("parties_merge", keep_id=uuid7(), drop_id=uuid7(), act=uuid7().hex)


def certificate() -> UUID:
    return insert(
        "products_certificate", number=uuid7().hex, kind="filing", holder_id=party(),
        valid_from="2024-01-01",
    )  # fmt: skip


def first_review(**values: Any) -> UUID:
    """In every state what each asks for: three persons and their days."""
    return insert(
        "products_firstreview", number=uuid7().hex[:30], role="product", product_id=product(),
        classes="{}", checklist="[]", requested_by_id=person(), reviewed_by_id=person(),
        reviewed_at=_clock(), approved_by_id=person(), approved_at=_clock(),
        effective_from="2026-11-22", **{"status": "draft", **values},
    )  # fmt: skip


def takeover(**values: Any) -> UUID:
    return insert(
        "takeover_takeover",
        **{
            "number": uuid7().hex,
            "system": uuid7().hex[:20],
            "decided_at": "2026-11-26T08:00:00Z",
            **values,
        },
    )


def contract(status: str = "draft") -> UUID:
    return insert(
        "sales_contract", number=uuid7().hex, kind="framework", customer_id=party(), status=status,
        ended_on="2026-11-22", end_reason="x", version_no=1,
    )  # fmt: skip


def contract_version(status: str = "draft") -> UUID:
    return insert(
        "sales_contractversion", contract_id=contract(), no=1, status=status,
        warranty_covers="{}", verdicts="[]", signed_on="2026-11-22", file_sha256="0" * 64,
        approved_at="2026-11-22T08:00:00Z", approved_by_name="x",
    )  # fmt: skip


def contract_line() -> UUID:
    return insert(
        "sales_contractline", version_of_id=contract_version(), line_no=1, product_id=product(),
        qty=1, price=1, amount=1,
    )  # fmt: skip


def payment() -> UUID:
    return insert(
        "sales_paymentnode", version_of_id=contract_version(), line_no=1, name="x", share=1,
        due_rule="signed",
    )  # fmt: skip


def list_price() -> UUID:
    return insert(
        "sales_listprice", product_id=product(), price=2, floor=1, tax_rate=0, currency="CNY",
    )  # fmt: skip


def order(status: str = "draft") -> UUID:
    held = {"held_from": "draft", "hold_kind": "other"} if status == "on_hold" else {}
    return insert(
        "sales_order", number=uuid7().hex, kind="sale", customer_id=party(), status=status,
        approved_at="2026-11-22T08:00:00Z", approved_on="2026-11-22", approved_by_name="x",
        hold_reason="x", end_reason="x", **held,
    )  # fmt: skip


def order_line() -> UUID:
    return insert(
        "sales_orderline", order_id=order(), line_no=1, product_id=product(), qty=1, price=1,
        amount=1, price_from="typed", serials="{}",
    )  # fmt: skip


def stocktake(status: str = "planned") -> UUID:
    return insert(
        "stock_stocktake", number=uuid7().hex, warehouse_id=warehouse(), status=status, zones="[]",
        places="[]", products="[]", planned_by_id=person(), decided_by_id=person(),
        decided_at="2026-11-22T08:00:00Z", decision_reason="x",
    )  # fmt: skip


def stocktake_line(of: UUID | None = None) -> UUID:
    return insert(
        "stock_stocktakeline", stocktake_id=of or stocktake(), location_id=location("van"),
        product_id=product(), quality="qualified", expected=1, reason="",
    )  # fmt: skip


def stocktake_count() -> UUID:
    return insert(
        "stock_stocktakecount", round=1, line_id=stocktake_line(stocktake("counting")), qty=3,
        book=1, difference=2, counted_by_id=person(),
    )  # fmt: skip


def adjustment(status: str = "requested") -> UUID:
    return insert(
        "stock_adjustment", number=uuid7().hex, kind="loss", warehouse_id=warehouse(),
        status=status, requested_by_id=person(), decided_by_id=person(), posting_id=posting(),
        decided_at="2026-11-22T08:00:00Z", decision_reason="x",
    )  # fmt: skip


def adjustment_line() -> UUID:
    return insert(
        "stock_adjustmentline", adjustment_id=adjustment(), location_id=location("van"),
        product_id=product(), quality="qualified", qty=1,
    )  # fmt: skip


def drill() -> UUID:
    return insert(
        "stock_recalldrill", number=uuid7().hex, product_id=product(), received=1, found=1,
        serial_from="A", serial_to="B",
    )  # fmt: skip


def sensor() -> UUID:
    return insert(
        "stock_sensor", code=uuid7().hex, location_id=location("van"), low=2, high=8,
        gap_minutes=60,
    )  # fmt: skip


def reading() -> UUID:
    return insert("stock_reading", sensor_id=sensor(), temperature=5)


def excursion(status: str = "open") -> UUID:
    return insert(
        "stock_excursion", number=uuid7().hex, sensor_id=sensor(), kind="high", status=status,
        goods="[]", blocks="[]", decision="hold", judged_by_id=person(),
        judged_at="2026-11-22T08:00:00Z", reason="x",
    )  # fmt: skip


def storage_check() -> UUID:
    return insert(
        "stock_storagecheck", location_id=location("van"), finding="sound", checked_by_id=person()
    )


TRADE_ROWS: dict[str, Callable[..., UUID]] = {
    "parties_merge": merge,
    "parties_qualification": licence,
    "parties_unlock": unlock,
    "products_certificate": certificate,
    "products_firstreview": first_review,
    "sales_contract": contract,
    "sales_contractline": contract_line,
    "sales_contractversion": contract_version,
    "sales_listprice": list_price,
    "sales_order": order,
    "sales_orderline": order_line,
    "sales_paymentnode": payment,
    "stock_adjustment": adjustment,
    "stock_adjustmentline": adjustment_line,
    "stock_excursion": excursion,
    "stock_reading": reading,
    "stock_recalldrill": drill,
    "stock_sensor": sensor,
    "stock_stocktake": stocktake,
    "stock_stocktakecount": stocktake_count,
    "stock_stocktakeline": stocktake_line,
    "stock_storagecheck": storage_check,
    "takeover_statedlevel": lambda: insert(
        "takeover_statedlevel", item_ref=uuid7().hex, quantity=1
    ),
    "takeover_statedmovement": lambda: insert("takeover_statedmovement", movement_ref=uuid7().hex),
    "takeover_statedplace": lambda: insert("takeover_statedplace", code=uuid7().hex[:20]),
    "takeover_takeover": takeover,
}
