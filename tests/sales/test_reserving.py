"""Goods kept for orders: first expiring first, never more than there is, and let go of again."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.core.ids import uuid7
from kintsugi.sales import services
from kintsugi.sales.models import Order, OrderLine
from kintsugi.stock import services as goods
from kintsugi.stock.models import Reservation
from tests.sales.market import AT, refusal
from tests.stock.truth import violations

pytestmark = pytest.mark.django_db


def kept(order: Order) -> list[tuple[str, str, int]]:
    """(lot, serial, quantity) of what is kept for an order."""
    lines = order.lines.values_list("pk", flat=True)
    rows = Reservation.objects.filter(document_line__in=lines, status="active")
    return sorted(
        (str(one.lot or ""), str(one.unit or ""), int(one.qty))
        for one in rows.select_related("lot", "unit")
    )


def numbers(order: Order) -> list[tuple[int, int]]:
    """(ordered, reserved) of each line."""
    return [(int(one.qty), int(one.reserved)) for one in order.lines.order_by("line_no")]


@pytest.fixture
def stocked(market: Any) -> Any:
    """10 stents of SOON (2027-01-31), 20 of LATE (2028-01-31), 30 gloves, three monitors."""
    shop = market.shop
    shop.receive(shop.stent, 10, lot=shop.lot(shop.stent, "SOON", "2027-01-31"))
    shop.receive(shop.stent, 20, lot=shop.lot(shop.stent, "LATE", "2028-01-31"))
    shop.receive(shop.gloves, 30)
    shop.move_units("receipt", shop.units("SN-1", "SN-2", "SN-3"), shop.outside, shop.shelf)
    return market


def test_first_expiring_is_kept_first_and_the_state_follows(stocked: Any) -> None:
    order = stocked.approved(
        stocked.line(stocked.shop.stent, 12), stocked.line(stocked.shop.monitor, 2)
    )
    done = stocked.do(services.reserve_order, order)
    assert kept(done) == [("", "SN-1", 1), ("", "SN-2", 1), ("LATE", "", 2), ("SOON", "", 10)]
    assert done.status == "reserved"
    assert numbers(done) == [(12, 12), (2, 2)]
    assert violations() == {}


def test_what_is_not_there_stays_open_and_is_kept_when_it_comes(stocked: Any) -> None:
    order = stocked.approved(stocked.line(stocked.shop.gloves, 50))
    assert numbers(stocked.do(services.reserve_order, order)) == [(50, 30)]
    assert refusal(stocked.do, services.reserve_order, order) == "sales.nothing-free"
    stocked.shop.receive(stocked.shop.gloves, 25)
    assert numbers(stocked.do(services.reserve_order, order)) == [(50, 50)]
    assert refusal(stocked.do, services.reserve_order, order) == "sales.nothing-to-reserve"


def test_two_lines_of_one_product_share_what_there_is(stocked: Any) -> None:
    order = stocked.approved(
        stocked.line(stocked.shop.gloves, 20), stocked.line(stocked.shop.gloves, 20)
    )
    assert numbers(stocked.do(services.reserve_order, order)) == [(20, 20), (20, 10)]


def test_a_customer_who_wants_a_year_of_life_gets_the_later_lot(stocked: Any) -> None:
    order = stocked.approved(stocked.line(stocked.shop.stent, 5, min_remaining_days=365))
    assert kept(stocked.do(services.reserve_order, order)) == [("LATE", "", 5)]


def test_another_lot_than_the_first_expiring_needs_a_reason_and_another_person(
    stocked: Any,
) -> None:
    late = stocked.shop.lot(stocked.shop.stent, "LATE").pk
    line = stocked.line(stocked.shop.stent, 5, lot=late)
    assert refusal(stocked.order, line) == "sales.choice-reason-missing"
    order = stocked.approved(
        stocked.line(stocked.shop.stent, 5, lot=late, choice_reason="招标指定批号")
    )
    assert refusal(stocked.do, services.reserve_order, order) == "sales.deviation-not-agreed"
    assert refusal(stocked.do, services.agree_choice, order, line=1) == "sales.same-person"
    stocked.do(services.agree_choice, order, by=stocked.quality, line=1)
    assert kept(stocked.do(services.reserve_order, order)) == [("LATE", "", 5)]
    assert order.lines.get().deviates
    # The database holds it too.
    with pytest.raises(DatabaseError, match="deviation_agreed"), transaction.atomic():
        order.lines.update(choice_at=None)
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        order.lines.update(choice_by=stocked.seller.person)
    assert error.value.__cause__.sqlstate == "KT138"


def test_a_wanted_lot_that_is_the_first_expiring_needs_no_agreement(stocked: Any) -> None:
    soon = stocked.shop.lot(stocked.shop.stent, "SOON").pk
    order = stocked.approved(
        stocked.line(stocked.shop.stent, 5, lot=soon, choice_reason="客户要求")
    )
    assert kept(stocked.do(services.reserve_order, order)) == [("SOON", "", 5)]
    assert not order.lines.get().deviates


def test_a_serial_that_the_customer_chose_is_the_one_kept(stocked: Any) -> None:
    order = stocked.approved(
        stocked.line(stocked.shop.monitor, 1, serials=("sn-3",), choice_reason="试用机")
    )
    assert kept(stocked.do(services.reserve_order, order)) == [("", "SN-3", 1)]
    other = stocked.approved(stocked.line(stocked.shop.monitor, 3))
    assert kept(stocked.do(services.reserve_order, other)) == [("", "SN-1", 1), ("", "SN-2", 1)]


def test_nothing_is_kept_before_approval_on_hold_or_under_a_recall(stocked: Any) -> None:
    order = stocked.submitted(stocked.line(stocked.shop.stent, 5))
    assert refusal(stocked.do, services.reserve_order, order) == "sales.not-to-reserve"
    order = stocked.do(services.approve_order, order, by=stocked.quality)
    goods.place_block(
        actor=stocked.quality, kind="recall", product=stocked.shop.stent.pk, reason="召回", at=AT
    )
    assert refusal(stocked.do, services.reserve_order, order) == "sales.stopped"


def test_a_recalled_lot_is_passed_over(stocked: Any) -> None:
    soon = stocked.shop.lot(stocked.shop.stent, "SOON").pk
    order = stocked.approved(stocked.line(stocked.shop.stent, 5))
    goods.place_block(
        actor=stocked.quality, kind="hold", product=stocked.shop.stent.pk, lot=soon, reason="x",
        at=AT,
    )  # fmt: skip
    assert kept(stocked.do(services.reserve_order, order)) == [("LATE", "", 5)]


def test_a_reservation_that_was_to_end_frees_its_goods(stocked: Any) -> None:
    order = stocked.approved(stocked.line(stocked.shop.gloves, 10))
    end = AT + dt.timedelta(days=3)
    stocked.do(services.reserve_order, order, expires_at=end)
    assert services.release_lapsed(actor="system", at=end - dt.timedelta(seconds=1)) == 0
    assert services.release_lapsed(actor="system", at=end) == 1
    order.refresh_from_db()
    assert (order.status, numbers(order)) == ("approved", [(10, 0)])
    assert violations() == {}


def test_no_quantity_goes_beyond_the_one_before_it(stocked: Any) -> None:
    order = stocked.do(
        services.reserve_order, stocked.approved(stocked.line(stocked.shop.gloves, 10))
    )
    line = OrderLine.objects.filter(order=order)
    # As the delivery does: what was kept is taken, and then it is picked.
    goods.end_reservations(document_line=order.lines.get().pk, status="consumed")
    line.update(picked=4)
    for columns, rule in (
        ({"picked": 11}, "reserved_was_ordered"),
        ({"shipped": 5}, "shipped_was_picked"),
        ({"shipped": 4, "signed": 3, "refused": 2}, "signed_was_shipped"),
        ({"shipped": 4, "signed": 3, "returned": 4}, "returned_was_signed"),
        ({"refused": -1}, "not_negative"),
    ):
        with pytest.raises(DatabaseError, match=rule), transaction.atomic():
            line.update(**columns)
    # What is kept is counted, whatever somebody writes.
    line.update(reserved=9)
    assert line.get().reserved == 4


def test_the_state_is_what_the_quantities_say_and_nothing_else(stocked: Any) -> None:
    order = stocked.do(
        services.reserve_order, stocked.approved(stocked.line(stocked.shop.gloves, 10))
    )
    line = OrderLine.objects.filter(order=order)

    def state() -> str:
        return Order.objects.get(pk=order.pk).status

    goods.end_reservations(document_line=order.lines.get().pk, status="consumed")
    steps = (
        ({"picked": 10}, "picking"),
        ({"shipped": 6}, "part_shipped"),
        ({"signed": 6}, "part_shipped"),
        ({"shipped": 10}, "part_signed"),
        ({"signed": 10}, "signed"),
        ({"signed": 9}, "part_signed"),
        ({"signed": 0}, "shipped"),
        ({"shipped": 0, "picked": 0}, "approved"),
    )
    for columns, wanted in steps:
        line.update(**columns)
        assert state() == wanted
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status="shipped")
    assert error.value.__cause__.sqlstate == "KT135"


def test_an_order_of_many_lines_is_kept_in_as_many_statements_as_one_of_few(
    market: Any, django_assert_max_num_queries: Any
) -> None:
    shop = market.shop
    for product in (shop.gloves, shop.stent):
        lot = shop.lot(shop.stent, "L", "2028-01-31") if product is shop.stent else None
        shop.receive(product, 1_000, lot=lot)
    many = market.approved(
        *(market.line(one, 2) for _ in range(100) for one in (shop.gloves, shop.stent))
    )
    with django_assert_max_num_queries(45):
        done = market.do(services.reserve_order, many)
    assert numbers(done) == [(2, 2)] * 200


def test_a_repeated_reservation_keeps_once(stocked: Any) -> None:
    order = stocked.approved(stocked.line(stocked.shop.gloves, 10))
    key = uuid7().hex
    stocked.do(services.reserve_order, order, key=key)
    stocked.do(services.reserve_order, order, key=key)
    assert numbers(order) == [(10, 10)]
    assert Reservation.objects.filter(status="active").count() == 1
    assert Decimal(10) == sum(one.qty for one in Reservation.objects.all())
