"""Deliveries from the shelf to the customer; see ``dispatch`` for what lies where."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.models import Event
from kintsugi.sales import services
from kintsugi.sales.models import CheckRecord, Delivery, DeliveryItem, Order, PickScan
from kintsugi.sales.selectors import deliveries as reads
from kintsugi.sales.services import Scan, Transport
from kintsugi.stock import services as goods
from kintsugi.stock.models import Location, Posting, Reservation, Unit
from tests.sales.dispatch import COLD, counts
from tests.sales.market import AT

pytestmark = pytest.mark.django_db


def ordered(dispatch: Any) -> Order:
    """2 monitors, 12 stents (10 EARLY, 2 LATE) and 30 gloves, kept for the hospital."""
    shop = dispatch.shop
    return dispatch.reserved(
        dispatch.line(shop.monitor, 2, "9000"),
        dispatch.line(shop.stent, 12, "800"),
        dispatch.line(shop.gloves, 30, "1"),
    )


def test_goods_go_from_the_shelf_to_the_customer_and_every_count_follows(dispatch: Any) -> None:
    shop = dispatch.shop
    order = ordered(dispatch)
    made = dispatch.delivery(order)
    assert (made.number, made.status) == ("DN-20261125-0001", "assigned")
    assert [line.qty for line in made.lines.order_by("line_no")] == [2, 12, 30]
    assert order.status == "reserved"

    dispatch.picked(made)
    order.refresh_from_db()
    assert order.status == "picking"
    assert counts(order) == [(2, 2, 0, 0, 0), (12, 12, 0, 0, 0), (30, 30, 0, 0, 0)]
    shipping = Location.objects.get(warehouse=shop.main, code="SHIPPING")
    assert shop.on_hand(shop.gloves, shipping) == 30
    assert shop.on_hand(shop.gloves, shop.shelf) == 70
    assert not Reservation.objects.filter(status="active").exists()

    dispatch.step("start_check", made, by=dispatch.checker)
    for raw in ("SN-01", "SN-02"):
        dispatch.check(made, raw)
    dispatch.check(made, "EARLY", qty=10)
    dispatch.check(made, "LATE", qty=2)
    dispatch.check(made, shop.gloves.product_code, qty=30)
    assert dispatch.step("pass_check", made, by=dispatch.checker).status == "checked"

    done = dispatch.step("ship_delivery", made, transport=Transport("carrier", "顺丰", "SF1"))
    assert (done.status, done.shipped_by_name, str(done.shipped_on)) == (
        "shipped", "王库管", "2026-11-25",
    )  # fmt: skip
    order.refresh_from_db()
    assert order.status == "shipped"
    assert shop.on_hand(shop.gloves, shipping) == 0
    assert shop.on_hand(shop.gloves, done.goes_to) == 30
    assert (done.goes_to.kind, done.goes_to.warehouse_id) == ("in_transit", shop.main.pk)

    receipt = dispatch.sign(made, rest="signed")
    assert receipt.number == "RC-20261125-0001"
    assert dispatch.fresh(made).status == "signed"
    order.refresh_from_db()
    assert order.status == "signed"
    assert counts(order) == [(2, 2, 2, 2, 0), (12, 12, 12, 12, 0), (30, 30, 30, 30, 0)]
    assert shop.on_hand(shop.gloves, shop.site) == 30
    assert Unit.objects.get(serial_no="SN-01").location == shop.site
    assert reads.ledger_differences([made.pk]) == []


def test_a_wrong_thing_stops_at_once_and_the_nearest_right_one_is_named(dispatch: Any) -> None:
    shop = dispatch.shop
    order = dispatch.reserved(dispatch.line(shop.stent, 12, "800"))
    made = dispatch.delivery(order)
    (answer,) = dispatch.scan(made, "SN-01")
    assert (answer["accepted"], answer["code"]) == (False, "sales.wrong-product")
    assert answer["remedy"]["en"] == f"Take EARLY at {shop.shelf}."
    (answer,) = dispatch.scan(made, "EARLY", qty=11, location=shop.shelf)
    assert answer["code"] == "sales.expires-later" or not answer["accepted"]
    (answer,) = dispatch.scan(made, "LATE", qty=13)
    assert answer["code"] == "sales.too-many"
    assert "12 of" in answer["said"]["en"]
    (answer,) = dispatch.scan(made, "nowhere")
    assert answer["code"] == "scan.unknown"
    assert made.items.count() == 0
    assert Posting.objects.filter(kind="pick").count() == 0
    kept = PickScan.objects.filter(delivery=made)
    assert [one.accepted for one in kept.order_by("pk")] == [False] * 4
    assert dispatch.fresh(made).status == "assigned"


def test_an_equal_thing_is_swapped_only_while_what_expires_first_goes_first(dispatch: Any) -> None:
    """Kept: SN-01, SN-02 and 10 EARLY. The monitors have no expiry: any free one does. LATE expires
    a year after EARLY and is refused; the other way round it is taken."""
    shop = dispatch.shop
    order = dispatch.reserved(
        dispatch.line(shop.monitor, 2, "9000"), dispatch.line(shop.stent, 10, "800")
    )
    made = dispatch.delivery(order)
    (answer,) = dispatch.scan(made, "SN-05")
    assert answer["accepted"]
    kept = Reservation.objects.filter(status="active", unit__isnull=False)
    assert [one.unit.serial_no for one in kept] in (["SN-01"], ["SN-02"])
    (answer,) = dispatch.scan(made, "LATE", qty=1)
    assert (answer["accepted"], answer["code"]) == (False, "sales.expires-later")
    assert "EARLY" in answer["remedy"]["en"]
    assert counts(order) == [(2, 1, 0, 0, 0), (10, 0, 0, 0, 0)]


def test_a_unit_that_is_kept_for_another_order_is_not_taken(dispatch: Any) -> None:
    shop = dispatch.shop
    first = dispatch.reserved(dispatch.line(shop.monitor, 1, "9000"))
    second = dispatch.reserved(dispatch.line(shop.monitor, 1, "9000"))
    made = dispatch.delivery(second)
    (answer,) = dispatch.scan(made, "SN-01")
    assert answer["code"] == "sales.kept-for-another"
    assert first.number in answer["said"]["en"]
    assert "SN-02" in answer["remedy"]["en"]


def test_a_scan_sent_again_gives_the_same_answer_and_takes_effect_once(dispatch: Any) -> None:
    """The network was lost after the scan: the same key again."""
    shop = dispatch.shop
    made = dispatch.delivery(dispatch.reserved(dispatch.line(shop.gloves, 30, "1")))
    first = dispatch.scan(made, shop.gloves.product_code, qty=10, key="phone-1")
    again = dispatch.scan(made, shop.gloves.product_code, qty=10, key="phone-1")
    assert again == first
    assert made.items.get().picked == 10
    assert PickScan.objects.filter(delivery=made).count() == 1
    with pytest.raises(KintsugiError) as refused:
        dispatch.scan(made, shop.gloves.product_code, qty=11, key="phone-1")
    assert refused.value.code == "core.key-reused"


def test_a_doubled_serial_and_one_too_many_are_refused(dispatch: Any) -> None:
    shop = dispatch.shop
    made = dispatch.delivery(dispatch.reserved(dispatch.line(shop.monitor, 1, "9000")))
    assert dispatch.scan(made, "SN-01")[0]["accepted"]
    assert dispatch.scan(made, "SN-01")[0]["code"] == "sales.doubled"
    assert dispatch.scan(made, "SN-02")[0]["code"] == "sales.too-many"


def test_a_unit_elsewhere_is_named_with_its_place(dispatch: Any) -> None:
    shop = dispatch.shop
    (far,) = shop.units("SN-FAR")
    shop.move_units("receipt", [far], shop.outside, shop.far)
    made = dispatch.delivery(dispatch.reserved(dispatch.line(shop.monitor, 1, "9000")))
    (answer,) = dispatch.scan(made, "SN-FAR")
    assert (answer["code"], str(shop.far) in answer["said"]["en"]) == ("sales.elsewhere", True)
    (answer,) = dispatch.scan(made, "SN-01", location=shop.shelf2)
    assert answer["code"] == "sales.elsewhere"


def test_held_goods_are_not_picked_and_a_hold_between_pick_and_shipment_stops_it(
    dispatch: Any,
) -> None:
    shop = dispatch.shop
    made = dispatch.delivery(
        dispatch.reserved(dispatch.line(shop.monitor, 1, "9000"), dispatch.line(shop.stent, 2, "8"))
    )
    block = goods.place_block(
        actor=dispatch.quality, kind="hold", product=shop.stent.pk, lot=dispatch.early.pk,
        reason="投诉", at=AT,
    )  # fmt: skip
    assert dispatch.scan(made, "EARLY", qty=2)[0]["code"] == "scan.held"
    goods.release_block(actor=dispatch.finance, block=block.pk, reason="澄清", at=AT)
    dispatch.checked(made)
    goods.place_block(
        actor=dispatch.quality, kind="recall", product=shop.monitor.pk, reason="召回", at=AT
    )
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("ship_delivery", made, transport=Transport())
    assert refused.value.code == "stock.recall"
    assert dispatch.fresh(made).status == "checked"
    assert not Posting.objects.filter(kind="ship").exists()


def test_what_is_put_back_lies_on_its_shelf_and_is_kept_again(dispatch: Any) -> None:
    shop = dispatch.shop
    order = dispatch.reserved(
        dispatch.line(shop.gloves, 30, "1"), dispatch.line(shop.monitor, 1, "9000")
    )
    made = dispatch.delivery(order)
    dispatch.scan(made, shop.gloves.product_code, qty=30)
    dispatch.scan(made, "SN-01")
    (answer,) = services.put_back_scan(
        actor=dispatch.picker, delivery=made.pk, key="back", at=AT,
        scans=[Scan(shop.gloves.product_code, Decimal(12))],
    )  # fmt: skip
    assert answer["accepted"]
    services.put_back_scan(
        actor=dispatch.picker, delivery=made.pk, key="back-2", at=AT, scans=[Scan("SN-01")]
    )
    assert counts(order) == [(30, 18, 0, 0, 0), (1, 0, 0, 0, 0)]
    assert shop.on_hand(shop.gloves, shop.shelf) == 82
    assert Unit.objects.get(serial_no="SN-01").location == shop.shelf
    assert reads.ledger_differences([made.pk]) == []
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("cancel_delivery", made, reason="客户改期")
    assert refused.value.code == "sales.put-back-first"
    services.put_back_scan(
        actor=dispatch.picker, delivery=made.pk, key="back-3", at=AT,
        scans=[Scan(shop.gloves.product_code, Decimal(18))],
    )  # fmt: skip
    assert dispatch.step("cancel_delivery", made, reason="客户改期").status == "cancelled"
    assert counts(order) == [(30, 0, 0, 0, 0), (1, 0, 0, 0, 0)]


def test_less_is_picked_only_with_a_reason_and_the_rest_waits_for_another_delivery(
    dispatch: Any,
) -> None:
    shop = dispatch.shop
    order = dispatch.reserved(dispatch.line(shop.gloves, 30, "1"))
    made = dispatch.delivery(order)
    dispatch.scan(made, shop.gloves.product_code, qty=20)
    with pytest.raises(KintsugiError, match=r"Still missing: GLV-.* × 10") as refused:
        dispatch.step("finish_picking", made)
    assert refused.value.code == "sales.not-all-picked"
    dispatch.step("finish_picking", made, short_reason="包装破损")
    rest = dispatch.delivery(order)
    assert [line.qty for line in rest.lines.all()] == [10]


def test_two_people_do_not_pick_one_delivery(dispatch: Any) -> None:
    made = dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 2, "9000")))
    with pytest.raises(KintsugiError) as refused:
        dispatch.scan(made, "SN-01", by=dispatch.driver)
    assert refused.value.code == "sales.picked-by-another"


def test_no_second_delivery_takes_what_another_is_about_to_pick(dispatch: Any) -> None:
    order = dispatch.reserved(dispatch.line(dispatch.shop.gloves, 30, "1"))
    dispatch.delivery(order)
    with pytest.raises(KintsugiError) as refused:
        dispatch.delivery(order)
    assert refused.value.code == "sales.nothing-reserved"


def test_a_wave_makes_a_delivery_for_each_customer_and_a_walk_through_the_shelves(
    dispatch: Any,
) -> None:
    shop = dispatch.shop
    ordered(dispatch)
    dispatch.reserved(dispatch.line(shop.monitor, 1, "9000"), wanted_on=AT.date())
    wave = services.create_wave(
        actor=dispatch.keeper, warehouse=shop.main.pk, key="w1", at=AT,
        picker=dispatch.picker.person_id,
    )  # fmt: skip
    assert (wave.number, wave.picker_name) == ("WV-20261125-0001", "王库管")
    (made,) = Delivery.objects.filter(wave=wave)
    assert made.status == "assigned"
    walk = reads.pick_list(Delivery.objects.filter(wave=wave))
    assert [one["location"].code for one in walk] == ["A-01-01"] * 5 + ["A-01-02"]
    assert sum(one["qty"] for one in walk) == 2 + 1 + 12 + 30
    with pytest.raises(KintsugiError) as refused:
        services.create_wave(
            actor=dispatch.keeper, warehouse=shop.main.pk, key="w2", at=AT, wanted_by=AT.date()
        )
    assert refused.value.code == "sales.nothing-reserved"


# -- the check -------------------------------------------------------------------------------------


def test_who_picked_does_not_check_and_the_database_says_so_too(dispatch: Any) -> None:
    made = dispatch.picked(dispatch.delivery(ordered(dispatch)))
    with pytest.raises(KintsugiError, match="cannot check") as refused:
        dispatch.step("start_check", made, by=dispatch.picker)
    assert refused.value.code == "sales.same-person"
    with (
        pytest.raises(DatabaseError, match="delivery_checked_by_another"),
        transaction.atomic(),
    ):
        Delivery.objects.filter(pk=made.pk).update(
            status="checking", checker_id=dispatch.picker.person_id, checker_name="x"
        )


def test_a_check_passes_only_when_what_was_scanned_is_what_was_picked(dispatch: Any) -> None:
    made = dispatch.picked(dispatch.delivery(ordered(dispatch)))
    dispatch.step("start_check", made, by=dispatch.checker)
    (answer,) = dispatch.check(made, "SN-01")
    assert answer["accepted"]
    assert "wanted" not in answer
    assert dispatch.check(made, "SN-01")[0]["code"] == "sales.doubled"
    assert dispatch.check(made, "SN-03")[0]["code"] == "sales.not-picked"
    assert dispatch.check(made, "EARLY", qty=11)[0]["code"] == "sales.more-than-picked"
    dispatch.check(made, "EARLY", qty=9)
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("pass_check", made, by=dispatch.checker)
    assert refused.value.code == "sales.check-differs"
    found = refused.value.facts["differences"]
    assert {(one["serial"] or one["lot"], one["picked"], one["scanned"]) for one in found} == {
        (None, "30.0000", "0"), ("SN-02", "1.0000", "0"),
        ("EARLY", "10.0000", "9.0000"), ("LATE", "2.0000", "0"),
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="scanned at the check"), transaction.atomic():  # noqa: PT012
        Delivery.objects.filter(pk=made.pk).update(status="checked", checked_at=AT)
        force()


def force() -> None:
    """Ask the rules that wait for the end of the transaction now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")


def test_a_failed_check_goes_back_to_the_picker_and_everything_is_scanned_anew(
    dispatch: Any,
) -> None:
    made = dispatch.picked(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 2, "9000")))
    )
    dispatch.step("start_check", made, by=dispatch.checker)
    dispatch.check(made, "SN-01")
    dispatch.step("fail_check", made, by=dispatch.checker, reason="外包装破损")
    dispatch.step("finish_picking", made)
    dispatch.step("start_check", made, by=dispatch.checker)
    assert dispatch.fresh(made).check_round == 2
    assert dispatch.check(made, "SN-01")[0]["accepted"]
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("pass_check", made, by=dispatch.checker)
    assert [one["serial"] for one in refused.value.facts["differences"]] == ["SN-02"]


def test_the_check_record_keeps_the_fields_that_distributors_must_keep(dispatch: Any) -> None:
    shop = dispatch.shop
    made = dispatch.checked(dispatch.delivery(dispatch.reserved(dispatch.line(shop.stent, 3, "8"))))
    kept = CheckRecord.objects.get(delivery=made)
    assert (kept.customer_name, kept.picker_name, kept.checker_name, kept.result) == (
        "示例市第一医院", "王库管", "孙复核", "qualified",
    )  # fmt: skip
    (row,) = kept.rows
    assert {name: row[name] for name in ("product", "lot_no", "expiry", "qty")} == {
        "product": "支架", "lot_no": "EARLY", "expiry": "2027-03-31", "qty": "3.0000",
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        CheckRecord.objects.update(checker_name="x")


# -- the shipment ----------------------------------------------------------------------------------


def test_unchecked_goods_do_not_leave(dispatch: Any) -> None:
    made = dispatch.picked(dispatch.delivery(ordered(dispatch)))
    with pytest.raises(IllegalTransition):
        dispatch.step("ship_delivery", made, transport=Transport())
    with pytest.raises(DatabaseError), transaction.atomic():
        Delivery.objects.filter(pk=made.pk).update(status="shipped")


def test_a_missing_serial_is_named_and_nothing_moves(dispatch: Any) -> None:
    made = dispatch.checked(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 3, "9000")))
    )
    with pytest.raises(KintsugiError) as refused:
        dispatch.step(
            "ship_delivery", made, transport=Transport(), serials=["SN-01", "sn-01", "SN-05"]
        )
    assert refused.value.code == "sales.serials-differ"
    facts = refused.value.facts
    assert (facts["missing"], facts["strange"], facts["doubled"]) == (
        ["SN-02", "SN-03"], ["SN-05"], ["SN-01"],
    )  # fmt: skip
    assert dispatch.fresh(made).status == "checked"
    assert not Posting.objects.filter(kind="ship").exists()
    done = dispatch.step(
        "ship_delivery", made, transport=Transport(), serials=["SN-03", "SN-02", "SN-01"]
    )
    assert done.status == "shipped"


def test_cold_goods_leave_cold_or_not_at_all(dispatch: Any) -> None:
    shop = dispatch.shop
    made = dispatch.checked(
        dispatch.delivery(dispatch.reserved(dispatch.line(shop.vaccine, 4, "50")))
    )
    assert made.needs_cold == "cold"
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("ship_delivery", made, transport=Transport("carrier", "顺丰"))
    assert refused.value.facts["missing"] == ["mode", "cold_box", "log_interval_min", "start_temp"]
    for warm in ("8.01", "1.99"):
        with pytest.raises(KintsugiError, match="is not within 2–8"):
            dispatch.step(
                "ship_delivery", made,
                transport=Transport("cold", "冷链", "", "B1", Decimal(warm), 5),
            )  # fmt: skip
    with pytest.raises(DatabaseError, match="begins_cold"), transaction.atomic():  # noqa: PT012
        made.items.update(shipped=F("picked"))
        Delivery.objects.filter(pk=made.pk).update(
            status="shipped", mode="self", shipped_at=AT, shipped_on=AT.date(),
            shipped_by_name="x", goes_to=shop.shelf,
        )  # fmt: skip
    assert dispatch.step("ship_delivery", made, transport=COLD).start_temp == Decimal("4.5")


def test_nothing_is_shipped_for_an_order_on_hold(dispatch: Any) -> None:
    order = dispatch.reserved(dispatch.line(dispatch.shop.gloves, 5, "1"))
    made = dispatch.checked(dispatch.delivery(order))
    Order.objects.filter(pk=order.pk).update(
        status="on_hold", held_from="picking", hold_kind="credit", hold_reason="逾期"
    )
    with pytest.raises(KintsugiError, match="is on hold") as refused:
        dispatch.step("ship_delivery", made, transport=Transport())
    assert refused.value.code == "sales.order-not-open"


def test_a_shipment_is_told_in_the_same_transaction(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 2, "9000")))
    )
    event = Event.objects.get(type="sales.shipped")
    assert event.subject == made.number
    assert [one["serial_no"] for one in event.facts["items"]] == ["SN-01", "SN-02"]


def test_a_shipment_is_reversed_by_another_person_and_checked_anew(dispatch: Any) -> None:
    shop = dispatch.shop
    order = dispatch.reserved(dispatch.line(shop.gloves, 30, "1"))
    made = dispatch.shipped(dispatch.delivery(order))
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("reverse_shipment", made, reason="发错车")
    assert refused.value.code == "sales.same-person"
    back = dispatch.step("reverse_shipment", made, by=dispatch.driver, reason="发错车")
    assert (back.status, back.shipped_on, back.checker_name) == ("picked", None, "")
    assert counts(order) == [(30, 30, 0, 0, 0)]
    assert (
        shop.on_hand(shop.gloves, Location.objects.get(warehouse=shop.main, code="SHIPPING")) == 30
    )
    assert reads.ledger_differences([made.pk]) == []
    dispatch.step("start_check", made, by=dispatch.checker)
    dispatch.check(made, shop.gloves.product_code, qty=30)
    dispatch.step("pass_check", made, by=dispatch.checker)
    assert dispatch.step("ship_delivery", made, transport=Transport()).status == "shipped"


def test_counts_are_counted_and_never_typed(dispatch: Any) -> None:
    order = dispatch.reserved(dispatch.line(dispatch.shop.gloves, 30, "1"))
    made = dispatch.delivery(order)
    dispatch.scan(made, dispatch.shop.gloves.product_code, qty=30)
    for rows, column in (
        (DeliveryItem.objects, "signed"), (made.lines, "shipped"), (order.lines, "picked"),
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="counted, not typed"), transaction.atomic():
            rows.update(**{column: 7})


def test_goods_moved_by_hand_out_of_the_shipping_zone_stop_the_delivery(dispatch: Any) -> None:
    """The ledger and the delivery must agree when it goes on."""
    shop = dispatch.shop
    made = dispatch.delivery(dispatch.reserved(dispatch.line(shop.gloves, 30, "1")))
    dispatch.scan(made, shop.gloves.product_code, qty=30)
    DeliveryItem.objects.filter(delivery=made).update(picked=29)
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("finish_picking", made, short_reason="x")
    assert refused.value.code == "sales.ledger-differs"


def test_many_serials_are_shipped_in_a_fixed_number_of_statements(dispatch: Any) -> None:
    """No more statements for 400 serials than for 2 but those of batched inserts."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    shop = dispatch.shop
    statements = []
    for count in (2, 400):
        serials = [f"B{count}-{n:04d}" for n in range(count)]
        units = shop.units(*serials)
        shop.move_units("receipt", units, shop.outside, shop.shelf)
        order = dispatch.approved(dispatch.line(shop.monitor, count, "1"))
        goods.reserve(
            document=goods.Document("sales.order", order.number, order.pk),
            document_line=order.lines.get().pk,
            picks=[
                {"product_id": u.product_id, "location_id": u.location_id, "unit_id": u.pk,
                 "qty": 1}
                for u in Unit.objects.filter(serial_no__in=serials)
            ],
        )  # fmt: skip
        made = dispatch.delivery(order)
        with CaptureQueriesContext(connection) as picking:
            answers = dispatch.scan(made, *serials)
        assert all(one["accepted"] for one in answers)
        dispatch.step("finish_picking", made)
        dispatch.step("start_check", made, by=dispatch.checker)
        with CaptureQueriesContext(connection) as checking:
            dispatch.check(made, *serials)
        dispatch.step("pass_check", made, by=dispatch.checker)
        with CaptureQueriesContext(connection) as shipping:
            dispatch.step("ship_delivery", made, transport=Transport(), serials=serials)
        with CaptureQueriesContext(connection) as signing:
            dispatch.sign(made, rest="signed")
        statements.append([len(one) for one in (picking, checking, shipping, signing)])
    small, large = statements
    # Rows are inserted in batches of the driver's size; nothing else grows.
    assert all(b - a <= 4 for a, b in zip(small, large, strict=True)), statements


def test_a_delivery_is_made_once_for_one_key(dispatch: Any) -> None:
    order = dispatch.reserved(dispatch.line(dispatch.shop.gloves, 5, "1"))
    facts = {
        "actor": dispatch.keeper, "orders": [order.pk], "warehouse": dispatch.shop.main.pk,
        "key": uuid7().hex, "at": AT,
    }  # fmt: skip
    assert services.create_delivery(**facts).pk == services.create_delivery(**facts).pk


def test_a_step_that_was_taken_is_not_taken_again_under_another_key(dispatch: Any) -> None:
    """Two people press the same button: the second one is told that it is done."""
    made = dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 1, "9000")))
    dispatch.checked(made)
    with pytest.raises(IllegalTransition):
        dispatch.step("pass_check", made, by=dispatch.checker)
    dispatch.step("ship_delivery", made, transport=Transport())
    with pytest.raises(IllegalTransition):
        dispatch.step("ship_delivery", made, transport=Transport())
    dispatch.step("reverse_shipment", made, by=dispatch.driver, reason="发错车")
    with pytest.raises(IllegalTransition):
        dispatch.step("reverse_shipment", made, by=dispatch.driver, reason="发错车")
    assert CheckRecord.objects.filter(delivery=made).count() == 1
    assert Posting.objects.filter(kind="ship").count() == 1


def test_what_a_delivery_posted_is_turned_round_by_the_delivery_alone(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 1, "9000")))
    )
    for posting in Posting.objects.filter(document_id=made.pk):
        with pytest.raises(KintsugiError) as refused:
            goods.reverse(
                actor=dispatch.finance, posting=posting.pk, reason="误", key=f"{posting.pk}", at=AT
            )
        assert refused.value.code == "stock.of-document"
    # Whoever goes round the service is refused by the database.
    shipment = Posting.objects.get(document_id=made.pk, kind="ship")

    def go_round() -> None:
        goods.reverse(
            actor=dispatch.finance, posting=shipment.pk, reason="误", key="round", at=AT,
            taken_back_by="sales.delivery",
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")

    with pytest.raises(DatabaseError, match="the ledger"), transaction.atomic():
        go_round()
    back = dispatch.step("reverse_shipment", made, by=dispatch.driver, reason="发错")
    assert back.status == "picked"


def test_a_step_is_taken_only_from_where_it_begins(dispatch: Any) -> None:
    """The state that a command leads to may be reached from elsewhere by another one."""
    made = dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.monitor, 2, "9000")))
    dispatch.scan(made, "SN-01")
    with pytest.raises(IllegalTransition):
        dispatch.step("reverse_shipment", made, by=dispatch.driver, reason="发错")
    dispatch.scan(made, "SN-02")
    dispatch.step("finish_picking", made)
    with pytest.raises(IllegalTransition):
        dispatch.scan(made, "SN-03")
    dispatch.step("start_check", made, by=dispatch.checker)
    with pytest.raises(IllegalTransition):
        dispatch.step("reopen_picking", made, reason="再看")
    with pytest.raises(IllegalTransition):
        dispatch.step("finish_picking", made)
