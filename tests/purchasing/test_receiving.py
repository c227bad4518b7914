"""Goods that arrive: for an order, scan by scan, posted whole, to be inspected."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.purchasing import services
from kintsugi.purchasing.models import OrderLine, Receipt, ReceiptLine, Scan
from kintsugi.stock import services as stock
from kintsugi.stock.models import Cost, Move, Unit
from tests.purchasing.depot import (
    AT,
    CASE,
    PIECE,
    TODAY,
    Depot,
    Reading,
    codes,
    day,
    finding,
    typed,
)

pytestmark = pytest.mark.django_db


def refused(work: Callable[[], Any]) -> KintsugiError:
    """The refusal of some work, which moves nothing."""
    before = Move.objects.count()
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        work()
    assert Move.objects.count() == before
    return caught.value


# -- what comes in ---------------------------------------------------------------------------------


def test_received_goods_wait_for_inspection_at_the_price_of_the_order(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 100, "2.5"))
    receipt = depot.received(order, typed(depot.gloves, 60))
    assert receipt.status == "received"
    assert depot.on_hand(depot.gloves, depot.zone("RECEIVING"), "pending") == 60
    assert Cost.objects.get(product=depot.gloves).value == Decimal("150")  # 60 × 2.5
    order.refresh_from_db()
    assert order.status == "part_received"


def test_partial_receipts_over_days_add_up_until_all_has_come(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 100))
    before = AT - dt.timedelta(days=2)
    first = depot.open(order, at=before)
    depot.scan(first, typed(depot.gloves, 30), at=before)
    depot.post_receipt(first, at=before)
    depot.received(order, typed(depot.gloves, 70))
    order.refresh_from_db()
    assert order.status == "received"
    assert OrderLine.objects.get(order=order).received == 100


def test_nothing_is_received_without_an_order(depot: Depot) -> None:
    error = refused(
        lambda: services.open_receipt(
            actor=depot.keeper, order_no="PO-20261125-9999", delivery_note="x", key="k", at=AT
        )
    )
    assert error.code == "purchasing.no-order"
    assert "purchasing" in error.remedy.en


def test_nothing_is_received_for_an_order_that_is_not_placed(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10), ordered=False)
    error = refused(lambda: depot.open(order))
    assert error.code == "purchasing.order-not-open"
    assert "draft" in error.message.en


def test_a_scan_of_a_case_counts_ten_and_a_scan_of_a_piece_counts_one(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 25))
    receipt = depot.open(order)
    assert depot.one(receipt, f"(01){CASE}").counted == 10
    assert depot.one(receipt, f"(01){PIECE}").counted == 1
    assert depot.one(receipt, f"(01){CASE}").counted == 10
    over = depot.one(receipt, f"(01){CASE}").refusal  # 21 + 10 > 25
    assert over is not None
    assert over.code == "purchasing.over-receipt"
    assert "4 of" in over.message.en
    assert sum(one.qty for one in Scan.objects.filter(receipt=receipt)) == 21


def test_every_scan_is_refused_on_its_own_and_the_others_stay(depot: Depot) -> None:
    order = depot.order(
        depot.line(depot.monitor, 5),
        depot.line(depot.stent, 20, min_remaining_days=180),
    )
    receipt = depot.open(order)
    outcomes = depot.scan(
        receipt,
        typed(depot.monitor, serial_no="SN-1"),
        typed(depot.monitor, serial_no="sn-1"),
        typed(depot.monitor),
        typed(depot.gloves, 1),
        Reading(product_code="NOBODY"),
        typed(depot.stent, 1),
        typed(depot.stent, 5, lot_no="L1", expiry_date=day("2026-11-24")),
        typed(depot.stent, 5, lot_no="L2", expiry_date=day("2027-05-23")),  # 179 days
        typed(depot.stent, 5, lot_no="L3", expiry_date=day("2027-05-24")),  # 180 days
        typed(depot.stent, 5, lot_no="L3", expiry_date=day("2027-06-24")),
        typed(depot.stent, 16, lot_no="L3"),
        typed(depot.stent, 15, lot_no="L3"),
        Reading(raw="(01)09999999999994"),
    )
    assert codes(outcomes) == [
        "", "purchasing.serial-doubled", "purchasing.serial-missing", "purchasing.not-ordered",
        "purchasing.unknown-product", "purchasing.lot-missing", "purchasing.expired",
        "purchasing.near-expiry", "", "purchasing.lot-differs", "purchasing.over-receipt", "",
        "purchasing.unknown-product",
    ]  # fmt: skip
    depot.post_receipt(receipt)
    lines = ReceiptLine.objects.filter(receipt=receipt).order_by("line")
    assert [(one.product_id, one.qty) for one in lines] == [
        (depot.monitor.pk, 1), (depot.stent.pk, 20),
    ]  # fmt: skip


def test_a_lot_known_with_another_expiry_is_refused_and_named(depot: Depot) -> None:
    depot.lot(depot.stent, "L7", "2028-01-31")
    receipt = depot.open(depot.order(depot.line(depot.stent, 20)))
    error = depot.one(receipt, product=depot.stent, lot_no="L7", expiry_date=day("2029-01-31"))
    assert error.refusal is not None
    assert error.refusal.code == "purchasing.lot-differs"
    assert "2028-01-31" in error.refusal.message.en
    assert "2029-01-31" in error.refusal.message.en


def test_a_serial_that_is_ours_already_is_refused_with_where_it_is(depot: Depot) -> None:
    [unit] = depot.units("SN-1")
    depot.move_units("receipt", [unit], depot.outside, depot.far)
    receipt = depot.open(depot.order(depot.line(depot.monitor, 5)))
    error = depot.one(receipt, product=depot.monitor, serial_no="SN-1").refusal
    assert error is not None
    assert error.code == "purchasing.serial-ours"
    assert "bin" in error.message.en


def test_a_serial_that_went_back_to_the_supplier_may_come_again(depot: Depot) -> None:
    [unit] = depot.units("SN-1")
    depot.move_units("receipt", [unit], depot.outside, depot.far)
    depot.move_units("supplier_return", [unit], depot.far, depot.outside)
    order = depot.order(depot.line(depot.monitor, 1))
    depot.received(order, typed(depot.monitor, serial_no="SN-1"))
    unit.refresh_from_db()
    assert (unit.location, unit.quality) == (depot.zone("RECEIVING"), "pending")


def test_a_recalled_lot_is_not_received(depot: Depot) -> None:
    lot = depot.lot(depot.stent, "BAD", "2028-01-31")
    stock.place_block(
        actor=depot.inspector, kind="recall", product=depot.stent.pk, lot=lot.pk, reason="召回",
        at=AT,
    )  # fmt: skip
    receipt = depot.open(depot.order(depot.line(depot.stent, 20)))
    error = depot.one(receipt, "BAD").refusal
    assert error is not None
    assert error.code == "scan.recalled"


def test_the_same_scan_sent_three_times_counts_once(depot: Depot) -> None:
    receipt = depot.open(depot.order(depot.line(depot.gloves, 100)))
    reading = typed(depot.gloves, 5)
    answers = [depot.scan(receipt, reading, key="scan-1") for _ in range(3)]
    assert [one.counted for [one] in answers] == [5, 5, 5]
    assert Scan.objects.get(receipt=receipt).qty == 5
    bad = Reading(product_code="NOBODY")
    twice = [codes(depot.scan(receipt, bad, key="scan-2")) for _ in range(2)]
    assert twice == [["purchasing.unknown-product"]] * 2


def test_the_same_receipt_posted_twice_comes_in_once(depot: Depot) -> None:
    receipt = depot.open(depot.order(depot.line(depot.gloves, 100)))
    depot.scan(receipt, typed(depot.gloves, 5))
    for _ in range(2):
        depot.post_receipt(receipt, key="post")
    assert depot.on_hand(depot.gloves, depot.zone("RECEIVING"), "pending") == 5
    error = refused(lambda: depot.post_receipt(receipt, key="again"))
    assert error.code == "purchasing.receipt-closed"


def test_a_scan_taken_out_stays_on_record_and_does_not_come_in(depot: Depot) -> None:
    receipt = depot.open(depot.order(depot.line(depot.monitor, 5)))
    depot.scan(receipt, *(typed(depot.monitor, serial_no=f"SN-{n}") for n in (1, 2)))
    wrong = Scan.objects.get(receipt=receipt, serial_no="SN-2")
    services.take_out(actor=depot.keeper, scan=wrong.pk, reason="扫错", key="k")
    assert depot.one(receipt, product=depot.monitor, serial_no="SN-2").refusal is None
    services.take_out(
        actor=depot.keeper, reason="again", key="k2",
        scan=Scan.objects.get(receipt=receipt, serial_no="SN-2", is_void=False).pk,
    )  # fmt: skip
    depot.post_receipt(receipt)
    assert list(Unit.objects.filter(product=depot.monitor).values_list("serial_no", flat=True)) == [
        "SN-1"
    ]


def test_a_tolerance_lets_that_much_more_come_and_no_more(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 100, over_percent=Decimal(5)))
    receipt = depot.open(order)
    assert depot.one(receipt, product=depot.gloves, qty=Decimal(105)).counted == 105
    assert codes(depot.scan(receipt, typed(depot.gloves, 1))) == ["purchasing.over-receipt"]
    depot.post_receipt(receipt)
    order.refresh_from_db()
    assert order.status == "received"


def test_one_product_on_two_lines_fills_them_in_turn(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10, "2"), depot.line(depot.gloves, 10, "3"))
    depot.received(order, typed(depot.gloves, 15))
    assert [one.received for one in order.lines.order_by("line")] == [10, 5]
    assert Cost.objects.get(product=depot.gloves).value == 35  # 10 × 2 + 5 × 3


# -- temperature, lateness -------------------------------------------------------------------------


def test_chilled_goods_need_temperature_and_hours(depot: Depot) -> None:
    order = depot.order(depot.line(depot.vaccine, 10))
    receipt = depot.open(order)
    depot.scan(receipt, typed(depot.vaccine, 10, lot_no="V1", expiry_date=day("2027-12-31")))
    error = refused(lambda: depot.post_receipt(receipt))
    assert error.code == "purchasing.temperature-missing"
    services.describe_arrival(
        actor=depot.keeper, receipt=receipt.pk, key="t", arrival_temp=Decimal("8"),
        transport_hours=Decimal("5.5"),
    )  # fmt: skip
    depot.post_receipt(receipt)
    assert depot.on_hand(depot.vaccine, depot.zone("RECEIVING"), "pending") == 10


def test_chilled_goods_that_arrive_warm_are_set_apart_with_the_finding(depot: Depot) -> None:
    order = depot.order(depot.line(depot.vaccine, 10), depot.line(depot.gloves, 10))
    receipt = depot.received(
        order,
        typed(depot.vaccine, 10, lot_no="V1", expiry_date=day("2027-12-31")),
        typed(depot.gloves, 10),
        arrival_temp=Decimal("8.1"), transport_hours=Decimal(5),
    )  # fmt: skip
    assert depot.on_hand(depot.vaccine, depot.zone("QUARANTINE"), "pending") == 10
    assert depot.on_hand(depot.gloves, depot.zone("RECEIVING"), "pending") == 10
    assert [one.finding for one in receipt.lines.order_by("line")] == ["8.1 °C", ""]


def test_goods_recorded_late_need_a_reason_and_keep_their_day(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10))
    before = TODAY - dt.timedelta(days=3)
    error = refused(lambda: depot.open(order, arrived_on=before))
    assert error.code == "purchasing.late-reason"
    receipt = depot.open(order, arrived_on=before, late_reason="周末到货")
    depot.scan(receipt, typed(depot.gloves, 10))
    posted = depot.post_receipt(receipt)
    assert posted.posting is not None
    assert posted.posting.business_date == before
    tomorrow = TODAY + dt.timedelta(days=1)
    assert refused(lambda: depot.open(order, arrived_on=tomorrow)).code == "purchasing.day-to-come"


# -- reversal --------------------------------------------------------------------------------------


def test_a_receipt_is_reversed_by_another_person_and_the_order_is_open_again(depot: Depot) -> None:
    order = depot.order(depot.line(depot.monitor, 2))
    receipt = depot.received(order, *(typed(depot.monitor, serial_no=f"SN-{n}") for n in (1, 2)))

    def undo(actor: Any) -> Receipt:
        return services.reverse_receipt(
            actor=actor, receipt=receipt.pk, reason="送错仓库", key=uuid7().hex, at=AT
        )

    assert refused(lambda: undo(depot.keeper)).code == "purchasing.same-person"
    assert undo(depot.second).status == "reversed"
    order.refresh_from_db()
    assert order.status == "ordered"
    assert OrderLine.objects.get(order=order).received == 0
    assert {one.location_id for one in Unit.objects.filter(product=depot.monitor)} == {
        depot.outside.pk
    }
    depot.received(order, *(typed(depot.monitor, serial_no=f"SN-{n}") for n in (1, 2)))


def test_a_receipt_of_which_something_was_accepted_is_not_reversed(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10), depot.line(depot.stent, 10))
    receipt = depot.received(
        order, typed(depot.gloves, 10), typed(depot.stent, 10, lot_no="L1")
    )  # fmt: skip
    depot.accept(receipt, finding(1, 10))
    error = refused(
        lambda: services.reverse_receipt(
            actor=depot.second, receipt=receipt.pk, reason="x", key="k", at=AT
        )
    )
    assert error.code == "purchasing.lines-moved-on"


# -- the database ----------------------------------------------------------------------------------


def test_the_database_counts_what_arrived_and_nobody_else(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 100))
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        OrderLine.objects.filter(order=order).update(received=5)
    assert caught.value.__cause__.sqlstate == "KT122"  # type: ignore[union-attr]


def test_the_database_refuses_more_than_was_ordered(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 100))
    receipt = depot.received(order, typed(depot.gloves, 100))
    first = receipt.lines.get()
    with pytest.raises(DatabaseError, match="purchase_not_over_received"), transaction.atomic():
        ReceiptLine.objects.bulk_create([
            ReceiptLine(
                receipt=receipt, line=2, order_line=first.order_line, product=depot.gloves,
                qty=1, unit_cost=1, location=first.location,
            )
        ])  # fmt: skip


# -- many ------------------------------------------------------------------------------------------


def _statements(depot: Depot, many: int, first: int) -> int:
    from django.test.utils import CaptureQueriesContext

    order = depot.order(depot.line(depot.monitor, many))
    receipt = depot.open(order)
    readings = [typed(depot.monitor, serial_no=f"SN-{first + n}") for n in range(many)]
    with CaptureQueriesContext(connection) as seen:
        assert not any(one.refusal for one in depot.scan(receipt, *readings))
        depot.post_receipt(receipt)
    return len(seen)


def test_two_thousand_serials_come_in_with_as_many_statements_as_two(depot: Depot) -> None:
    few = _statements(depot, 2, 0)
    many = _statements(depot, 2_000, 10)
    assert many <= few + 6, (few, many)  # rows are inserted in batches
    assert depot.on_hand(depot.monitor, depot.zone("RECEIVING"), "pending") == 2_002
