"""The ledger: every serial in one place, balances that follow, nothing half done, nothing undone.

Quantities, places and values are worked out by hand in each test.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.stock import selectors, services
from kintsugi.stock.models import Balance, Block, Cost, Move, Posting, Unit
from tests.stock.shop import AT, TODAY, Shop, position

pytestmark = pytest.mark.django_db


def refused(work: Callable[[], Any]) -> KintsugiError:
    """The refusal of some work, which leaves nothing behind."""
    before = Move.objects.count(), Posting.objects.count()
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        work()
    assert (Move.objects.count(), Posting.objects.count()) == before
    return caught.value


# -- positions and balances ------------------------------------------------------------------------


def test_received_goods_are_on_the_shelf_and_nowhere_else(shop: Shop) -> None:
    shop.receive(shop.gloves, 100)
    shop.move("transfer", shop.gloves, 30, shop.shelf, shop.far)
    assert shop.on_hand(shop.gloves, shop.shelf) == 70
    assert shop.on_hand(shop.gloves, shop.far) == 30
    assert not Balance.objects.filter(location=shop.outside).exists()


def test_a_unit_is_at_exactly_one_place(shop: Shop) -> None:
    (unit,) = shop.units("SN-1")
    shop.move_units("receipt", [unit], shop.outside, shop.shelf)
    shop.move_units("transfer", [unit], shop.shelf, shop.far)
    assert position(unit.pk) == shop.far
    assert shop.on_hand(shop.monitor, shop.shelf) == 0
    assert shop.on_hand(shop.monitor, shop.far) == 1


def test_a_unit_that_is_elsewhere_is_named_with_its_place(shop: Shop) -> None:
    (unit,) = shop.units("SN-1")
    shop.move_units("receipt", [unit], shop.outside, shop.far)
    error = refused(lambda: shop.move_units("ship", [unit], shop.shelf, shop.site))
    assert error.code == "stock.unit-elsewhere"
    assert error.facts["serial_no"] == "SN-1"
    assert error.facts["at"] == "B-01-01"
    assert "A-01-01" in error.message.en
    assert position(unit.pk) == shop.far


def test_the_same_serial_of_two_products_is_two_units(shop: Shop) -> None:
    other = shop._product("MON-2", "除颤仪", tracking="serial")
    (unit,) = shop.units("SN-1")
    found = services.register_units(product=other.pk, serials=["SN-1"], outside=shop.outside)
    assert found["SN-1"].pk != unit.pk


def test_a_serial_twice_in_one_posting_is_refused(shop: Shop) -> None:
    (unit,) = shop.units("SN-1")
    error = refused(lambda: shop.move_units("receipt", [unit, unit], shop.outside, shop.shelf))
    assert error.code == "stock.unit-twice"
    assert position(unit.pk) == shop.outside


def test_of_a_hundred_units_one_in_the_wrong_place_stops_all(shop: Shop) -> None:
    units = shop.units(*(f"SN-{n}" for n in range(100)))
    shop.move_units("receipt", units[:99], shop.outside, shop.shelf)
    shop.move_units("receipt", units[99:], shop.outside, shop.far)
    error = refused(lambda: shop.move_units("ship", units, shop.shelf, shop.site))
    assert error.facts["serial_no"] == "SN-99"
    assert shop.on_hand(shop.monitor, shop.shelf) == 99
    assert shop.on_hand(shop.monitor, shop.site) == 0


def test_more_than_there_is_does_not_leave(shop: Shop) -> None:
    shop.receive(shop.gloves, 10)
    error = refused(lambda: shop.move("ship", shop.gloves, 11, shop.shelf, shop.site))
    assert error.code == "stock.not-enough"
    assert Decimal(str(error.facts["on_hand"])) == 10
    assert shop.on_hand(shop.gloves, shop.shelf) == 10


def test_what_is_tracked_by_lot_or_serial_does_not_move_without(shop: Shop) -> None:
    assert refused(lambda: shop.receive(shop.stent, 1)).code == "stock.not-tracked"
    error = refused(lambda: shop.receive(shop.monitor, 1))
    assert error.code == "stock.not-tracked"
    assert "serial" in error.message.en


def test_a_lot_of_another_product_is_refused_by_the_database(shop: Shop) -> None:
    lot = shop.lot(shop.stent, "L1")
    with pytest.raises(DatabaseError, match="move_lot_of_product"), transaction.atomic():
        shop.receive(shop.vaccine, 1, lot=lot, to=shop.fridge)


def test_a_customer_may_give_back_what_was_sold_before_the_ledger(shop: Shop) -> None:
    shop.move("return_in", shop.gloves, 5, shop.site, shop.shelf)
    assert shop.on_hand(shop.gloves, shop.site) == -5
    assert shop.on_hand(shop.gloves, shop.shelf) == 5


# -- blocks, expiry, storage -----------------------------------------------------------------------


def test_a_lot_is_usable_through_its_expiry_date_and_not_a_day_longer(shop: Shop) -> None:
    last, gone = (
        shop.lot(shop.stent, "LAST", "2026-11-25"),
        shop.lot(shop.stent, "GONE", "2026-11-24"),
    )
    for lot in (last, gone):
        shop.receive(shop.stent, 2, lot=lot)
    shop.move("ship", shop.stent, 1, shop.shelf, shop.site, lot=last)
    error = refused(lambda: shop.move("ship", shop.stent, 1, shop.shelf, shop.site, lot=gone))
    assert error.code == "stock.expired"
    assert error.facts["lot_no"] == "GONE"
    shop.move("scrap", shop.stent, 2, shop.shelf, services.world("scrap"), lot=gone, reason="过期")


@pytest.mark.parametrize(("kind", "code"), [("recall", "stock.recall"), ("hold", "stock.hold")])
def test_a_blocked_lot_goes_out_for_nobody_and_back_to_the_supplier(
    shop: Shop, kind: str, code: str
) -> None:
    lot = shop.lot(shop.stent, "L1", "2028-01-01")
    shop.receive(shop.stent, 5, lot=lot)
    services.place_block(
        actor=shop.account, kind=kind, product=shop.stent.pk, lot=lot.pk, reason="厂家通知", at=AT
    )
    for way in ("ship", "pick", "issue", "transfer"):
        error = refused(lambda w=way: shop.move(w, shop.stent, 1, shop.shelf, shop.far, lot=lot))
        assert error.code == code
    shop.move("transfer", shop.stent, 5, shop.shelf, shop.quarantine, lot=lot)
    shop.move("supplier_return", shop.stent, 5, shop.quarantine, shop.outside, lot=lot)
    assert shop.on_hand(shop.stent, shop.quarantine) == 0


def test_a_recall_of_a_product_reaches_every_lot_and_unit(shop: Shop) -> None:
    (unit,) = shop.units("SN-1")
    shop.move_units("receipt", [unit], shop.outside, shop.shelf)
    services.place_block(
        actor=shop.account, kind="recall", product=shop.monitor.pk, reason="电池起火", at=AT
    )
    assert (
        refused(lambda: shop.move_units("ship", [unit], shop.shelf, shop.site)).code
        == "stock.recall"
    )


def test_a_block_is_released_by_another_person_only(shop: Shop) -> None:
    block = services.place_block(
        actor=shop.account, kind="hold", product=shop.gloves.pk, reason="抽检", at=AT
    )
    error = refused(
        lambda: services.release_block(actor=shop.account, block=block.pk, reason="好了", at=AT)
    )
    assert error.code == "stock.same-person"
    with pytest.raises(DatabaseError, match="block_released_by_another"), transaction.atomic():
        Block.objects.filter(pk=block.pk).update(
            released_by=shop.account.person, released_at=AT, release_reason="x"
        )


def test_rejected_goods_leave_only_where_they_do_no_harm(shop: Shop) -> None:
    shop.receive(shop.gloves, 3)
    shop.move("acceptance", shop.gloves, 3, shop.shelf, shop.shelf, to_quality="rejected")
    error = refused(
        lambda: shop.move("ship", shop.gloves, 1, shop.shelf, shop.site, quality="rejected")
    )
    assert error.code == "stock.rejected"
    shop.move("supplier_return", shop.gloves, 3, shop.shelf, shop.outside, quality="rejected")


def test_cold_goods_are_not_put_on_a_warm_shelf(shop: Shop) -> None:
    lot = shop.lot(shop.vaccine, "R1", "2027-01-01")
    error = refused(lambda: shop.receive(shop.vaccine, 1, lot=lot, to=shop.shelf))
    assert error.code == "stock.temperature"
    shop.receive(shop.vaccine, 1, lot=lot, to=shop.fridge)


def test_the_label_of_a_known_lot_is_not_overwritten(shop: Shop) -> None:
    shop.lot(shop.stent, "L1", "2028-01-01")
    error = refused(lambda: shop.lot(shop.stent, "L1", "2029-01-01"))
    assert error.code == "stock.lot-differs"
    assert error.facts["known"] == dt.date(2028, 1, 1)


# -- once, reversed, in time -----------------------------------------------------------------------


def test_the_same_scan_sent_three_times_takes_effect_once(shop: Shop) -> None:
    shop.receive(shop.gloves, 10)
    posted = {
        shop.move("ship", shop.gloves, 4, shop.shelf, shop.site, key="scan-1").pk for _ in range(3)
    }
    assert len(posted) == 1
    assert shop.on_hand(shop.gloves, shop.shelf) == 6
    error = refused(lambda: shop.move("ship", shop.gloves, 5, shop.shelf, shop.site, key="scan-1"))
    assert error.code == "core.key-reused"


def test_a_reversal_brings_everything_back_once(shop: Shop) -> None:
    units = shop.units("SN-1", "SN-2")
    shop.move_units("receipt", units, shop.outside, shop.shelf)
    shipped = shop.move_units("ship", units, shop.shelf, shop.site)
    services.reverse(actor=shop.account, posting=shipped.pk, reason="发错医院", key="r1", at=AT)
    assert {position(u.pk) for u in units} == {shop.shelf}
    assert shop.on_hand(shop.monitor, shop.site) == 0
    error = refused(
        lambda: services.reverse(
            actor=shop.account, posting=shipped.pk, reason="再来", key="r2", at=AT
        )
    )
    assert error.code == "stock.reversed"


def test_what_has_moved_on_is_not_reversed(shop: Shop) -> None:
    (unit,) = shop.units("SN-1")
    received = shop.move_units("receipt", [unit], shop.outside, shop.shelf)
    shop.move_units("ship", [unit], shop.shelf, shop.site)
    error = refused(
        lambda: services.reverse(
            actor=shop.account, posting=received.pk, reason="退单", key="r1", at=AT
        )
    )
    assert error.code == "stock.unit-elsewhere"


def test_the_past_is_open_until_its_month_is_closed_and_needs_a_reason(shop: Shop) -> None:
    october = dt.date(2026, 10, 31)
    error = refused(lambda: shop.receive(shop.gloves, 1, business_date=october))
    assert error.code == "stock.backdated"
    shop.receive(shop.gloves, 1, business_date=october, reason="单据迟到")
    services.close_month(actor=shop.account, month=october, at=AT)
    error = refused(lambda: shop.receive(shop.gloves, 1, business_date=october, reason="又迟到"))
    assert error.code == "stock.month-closed"
    assert (
        refused(lambda: services.close_month(actor=shop.account, month=TODAY, at=AT)).code
        == "stock.month-running"
    )


def test_a_day_to_come_is_refused(shop: Shop) -> None:
    error = refused(
        lambda: shop.receive(shop.gloves, 1, business_date=dt.date(2099, 1, 1), reason="x")
    )
    assert error.code == "stock.day-to-come"


# -- value -----------------------------------------------------------------------------------------


def test_the_moving_average_is_carried_forward(shop: Shop) -> None:
    shop.receive(shop.gloves, 10, cost="2.00")
    shop.receive(shop.gloves, 30, cost="4.00")  # (10·2 + 30·4) / 40 = 3.50
    shipped = shop.move("ship", shop.gloves, 20, shop.shelf, shop.site)
    assert shipped.moves.get().unit_cost == Decimal("3.5")
    shop.receive(shop.gloves, 20, cost="5.00")  # (20·3.5 + 20·5) / 40 = 4.25
    worth = Cost.objects.get(product=shop.gloves)
    assert (worth.qty, worth.value) == (40, 170)
    shop.move("transfer", shop.gloves, 20, shop.shelf, shop.far)
    assert Cost.objects.get(product=shop.gloves).value == 170
    services.reverse(actor=shop.account, posting=shipped.pk, reason="错", key="r", at=AT)
    worth = Cost.objects.get(product=shop.gloves)  # what went out at 3.50 comes back at 3.50
    assert (worth.qty, worth.value) == (60, 240)


# -- reservations ----------------------------------------------------------------------------------


def _reserve(shop: Shop, qty: int, line: Any) -> Any:
    pick = {"product_id": shop.gloves.pk, "location_id": shop.shelf.pk, "qty": Decimal(qty)}
    return services.reserve(
        document=services.Document("order", "SO-1"), document_line=line, picks=[pick]
    )


def test_what_is_reserved_goes_to_nobody_else(shop: Shop) -> None:
    shop.receive(shop.gloves, 10)
    line = shop.hospital.pk
    _reserve(shop, 7, line)
    assert refused(lambda: _reserve(shop, 4, shop.supplier.pk)).code == "stock.not-enough"
    error = refused(lambda: shop.move("ship", shop.gloves, 4, shop.shelf, shop.site))
    assert error.code == "stock.not-enough"
    services.end_reservations(document_line=line, status="consumed")
    shop.move("ship", shop.gloves, 7, shop.shelf, shop.site)
    assert shop.on_hand(shop.gloves, shop.shelf) == 3


# -- raw SQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "update stock_balance set on_hand = on_hand + 3",
        "delete from stock_balance",
        "update stock_move set qty = 1",
        "delete from stock_move",
        "truncate stock_move cascade",
        "update stock_posting set business_date = '2020-01-01'",
        "update stock_cost set value = 0",
        "update stock_unit set location_id = (select id from stock_location limit 1)",
    ],
)
def test_nobody_writes_past_the_ledger(shop: Shop, statement: str) -> None:
    (unit,) = shop.units("SN-1")
    shop.move_units("receipt", [unit], shop.outside, shop.shelf)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert position(unit.pk) == shop.shelf
    assert shop.on_hand(shop.monitor, shop.shelf) == 1


def test_a_unit_is_not_born_on_a_shelf(shop: Shop) -> None:
    with pytest.raises(DatabaseError, match="begins outside"), transaction.atomic():
        Unit.objects.create(
            product=shop.monitor, serial_no="GHOST", location=shop.shelf, quality="qualified"
        )


def test_moves_written_by_hand_obey_the_same_rules(shop: Shop) -> None:
    posting = shop.receive(shop.gloves, 5)
    with pytest.raises(DatabaseError, match="Not enough"), transaction.atomic():
        Move.objects.create(
            posting=posting, line=2, product=shop.gloves, source=shop.shelf, target=shop.site,
            source_quality="qualified", target_quality="qualified", qty=6,
        )  # fmt: skip


def test_a_reversal_by_hand_that_is_not_one_is_refused(shop: Shop) -> None:
    first = shop.receive(shop.gloves, 5)

    def forge() -> None:
        head = Posting.objects.create(
            number="FORGED-1", kind="reversal", business_date=TODAY, posted_at=AT, key="f",
            reason="x", person_name="x", reverses=first,
        )  # fmt: skip
        Move.objects.create(
            posting=head, line=1, product=shop.gloves, source=shop.shelf, target=shop.outside,
            source_quality="qualified", target_quality="qualified", qty=4,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")

    with pytest.raises(DatabaseError, match="does not reverse"), transaction.atomic():
        forge()


def test_two_thousand_serials_cost_no_more_queries_than_two(
    shop: Shop, django_assert_max_num_queries: Any
) -> None:
    few = shop.units("F-1", "F-2")
    many = shop.units(*(f"M-{n}" for n in range(2000)))
    with django_assert_max_num_queries(40) as small:
        shop.move_units("receipt", few, shop.outside, shop.shelf)
    with django_assert_max_num_queries(40) as large:
        shop.move_units("receipt", many, shop.outside, shop.shelf)
    assert len(large) <= len(small) + 2
    assert shop.on_hand(shop.monitor, shop.shelf) == 2002


def test_one_unit_after_thousands_does_not_read_them_all(shop: Shop) -> None:
    # What a connection planned for the large posting it keeps for the small ones after it.
    units = shop.units(*(f"L-{n}" for n in range(2000)))
    with connection.cursor() as cursor:
        cursor.execute("discard plans")
        shop.move_units("receipt", units, shop.outside, shop.shelf)
        asked = "select seq_tup_read from pg_stat_xact_user_tables where relname = 'stock_unit'"
        cursor.execute(asked)
        (before,) = cursor.fetchone()
        shop.move_units("ship", units[:1], shop.shelf, shop.site)
        cursor.execute(asked)
        assert cursor.fetchone() == (before,)


# -- first expiring first, and who has it ----------------------------------------------------------


def test_what_expires_first_goes_first_and_what_may_not_go_is_passed_over(shop: Shop) -> None:
    june, march, gone, held = (
        shop.lot(shop.stent, number, day)
        for number, day in (
            ("JUNE", "2027-06-30"),
            ("MARCH", "2027-03-31"),
            ("GONE", "2026-11-24"),
            ("HELD", "2027-01-31"),
        )
    )
    for lot in (june, march, gone, held):
        shop.receive(shop.stent, 4, lot=lot)
    shop.receive(shop.stent, 9, lot=june, to=shop.far)
    services.place_block(
        actor=shop.account, kind="hold", product=shop.stent.pk, lot=held.pk, reason="抽检", at=AT
    )
    picks = selectors.first_expiring(product=shop.stent.pk, qty=Decimal(6), on=TODAY)
    assert [(one["lot_no"], one["qty"]) for one in picks] == [("MARCH", 4), ("JUNE", 2)]
    picks = selectors.first_expiring(
        product=shop.stent.pk, qty=Decimal(6), on=TODAY, warehouse=shop.main.pk,
        min_remaining_days=180,
    )  # fmt: skip
    assert [(one["lot_no"], one["qty"]) for one in picks] == [("JUNE", 4)]


def test_serials_are_picked_one_by_one_and_not_twice(shop: Shop) -> None:
    units = shop.units("SN-1", "SN-2", "SN-3")
    shop.move_units("receipt", units, shop.outside, shop.shelf)
    first = selectors.first_expiring(
        product=shop.monitor.pk, qty=Decimal(2), on=TODAY, by_unit=True
    )
    assert [one["serial_no"] for one in first] == ["SN-1", "SN-2"]
    services.reserve(
        document=services.Document("order", "SO-1"), document_line=shop.hospital.pk, picks=first
    )
    second = selectors.first_expiring(
        product=shop.monitor.pk, qty=Decimal(2), on=TODAY, by_unit=True
    )
    assert [one["serial_no"] for one in second] == ["SN-3"]
    error = refused(lambda: shop.move_units("ship", units[:1], shop.shelf, shop.site))
    assert error.code == "stock.unit-reserved"
    assert error.facts["document_no"] == "SO-1"


def test_a_lot_is_found_at_everybody_who_has_or_had_it(shop: Shop) -> None:
    lot = shop.lot(shop.stent, "L1", "2028-01-01")
    shop.receive(shop.stent, 10, lot=lot)
    shop.move("ship", shop.stent, 6, shop.shelf, shop.site, lot=lot)
    shop.move("return_in", shop.stent, 2, shop.site, shop.quarantine, lot=lot)
    now = {(one["kind"], one["code"]): one["on_hand"] for one in selectors.holders_of_lot(lot.pk)}
    assert now == {
        ("bin", "A-01-01"): 4,
        ("bin", "QUARANTINE"): 2,
        ("customer", shop.site.code): 4,
    }
    (one,) = selectors.receivers_of_lot(lot.pk)
    assert (one["party"], one["received"], one["returned"]) == ("示例市第一医院", 6, 2)
