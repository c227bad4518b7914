"""What the customer signed for, what came back from the way, what was lost; and devices."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.models import Event
from kintsugi.devices.models import Device
from kintsugi.devices.services_trade import last_day
from kintsugi.sales import services
from kintsugi.sales.models import Delivery, DeliveryItem, Receipt, ReceiptLine
from kintsugi.sales.selectors import deliveries as reads
from kintsugi.sales.services import Arrived, Signature
from kintsugi.stock.models import Location, Posting, Unit
from tests.sales.dispatch import COLD, counts, told
from tests.sales.market import AT

pytestmark = pytest.mark.django_db


def item(made: Delivery, what: str = "") -> DeliveryItem:
    """A thing of a delivery by its serial or lot; the only one without either."""
    for one in made.items.select_related("unit", "lot"):
        if what == (one.unit.serial_no if one.unit else one.lot.lot_no if one.lot else ""):
            return one
    raise AssertionError(what)


def test_what_was_shipped_is_signed_refused_lost_or_still_on_its_way(dispatch: Any) -> None:
    """Of 3 monitors SN-01 is signed, SN-02 refused, SN-03 stays on the way; of 30 gloves 20 signed,
    4 damaged, 1 lost, 5 on the way. Then the rest arrives."""
    shop = dispatch.shop
    order = dispatch.reserved(
        dispatch.line(shop.monitor, 3, "9000"), dispatch.line(shop.gloves, 30, "1")
    )
    made = dispatch.shipped(dispatch.delivery(order))
    gloves = item(made).pk
    dispatch.sign(
        made,
        lines=[
            Arrived(item(made, "SN-01").pk, "signed", Decimal(1)),
            Arrived(item(made, "SN-02").pk, "refused", Decimal(1), "外箱压坏"),
            Arrived(gloves, "signed", Decimal(20)),
            Arrived(gloves, "damaged", Decimal(4), "受潮"),
            Arrived(gloves, "lost", Decimal(1), "少一盒"),
        ],
    )
    assert dispatch.fresh(made).status == "part_signed"
    assert counts(order) == [(3, 3, 3, 1, 0), (30, 30, 30, 20, 0)]
    back = Location.objects.get(warehouse=shop.main, code="RETURN")
    assert Unit.objects.get(serial_no="SN-02").location == back
    assert shop.on_hand(shop.gloves, back, "pending") == 4
    assert shop.on_hand(shop.gloves, dispatch.fresh(made).goes_to) == 5
    assert reads.ledger_differences([made.pk]) == []

    dispatch.sign(made, rest="signed")
    assert dispatch.fresh(made).status == "part_signed"  # some of it never arrived
    assert counts(order) == [(3, 3, 3, 2, 0), (30, 30, 30, 25, 0)]
    line = made.lines.get(product=shop.gloves)
    assert (line.shipped, line.signed, line.refused, line.lost) == (30, 25, 4, 1)
    with pytest.raises(KintsugiError) as refused:
        dispatch.sign(made, lines=[Arrived(gloves, "signed", Decimal(1))])
    assert refused.value.code == "sales.more-than-shipped"


def test_a_delivery_that_is_refused_whole_comes_back_to_be_inspected(dispatch: Any) -> None:
    shop = dispatch.shop
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(shop.monitor, 1, "9000")))
    )
    dispatch.sign(made, lines=[Arrived(item(made, "SN-01").pk, "refused", Decimal(1), "未订货")])
    assert dispatch.fresh(made).status == "refused"
    assert Unit.objects.get(serial_no="SN-01").quality == "pending"
    assert not Event.objects.filter(type="sales.signed").exists()


def test_a_difference_says_why(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.gloves, 3, "1")))
    )
    with pytest.raises(KintsugiError) as refused:
        dispatch.sign(made, lines=[Arrived(item(made).pk, "lost", Decimal(1))])
    assert refused.value.code == "sales.reason-missing"
    assert not Receipt.objects.exists()


def test_cold_goods_that_arrive_warm_are_not_signed_for_as_good(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.vaccine, 4, "50"))), COLD
    )
    for temperature in (None, Decimal("9.5")):
        with pytest.raises(KintsugiError) as refused:
            dispatch.sign(made, rest="signed", arrival_temp=temperature)
        assert refused.value.code == "sales.arrival-temperature"
    lines = [Arrived(item(made, "COLD1").pk, "refused", Decimal(4), "到货 9.5 °C")]
    dispatch.sign(made, lines=lines, arrival_temp=Decimal("9.5"))
    assert dispatch.fresh(made).status == "refused"


def test_a_receipt_stays_as_it_was_written(dispatch: Any) -> None:
    dispatch.signed(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.gloves, 3, "1")))
    )
    for model in (Receipt, ReceiptLine):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            model.objects.update(version=2)


def test_more_than_was_shipped_is_refused_by_the_database(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.gloves, 3, "1")))
    )
    kept = dispatch.sign(made, lines=[Arrived(item(made).pk, "signed", Decimal(2))])
    with pytest.raises(DatabaseError, match="arrived_was_shipped"), transaction.atomic():
        ReceiptLine.objects.create(
            receipt=kept, delivery=made, item=item(made), outcome="lost", qty=2, reason="x"
        )


def test_a_receipt_sent_twice_counts_once(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.gloves, 3, "1")))
    )
    facts = {
        "actor": dispatch.driver, "delivery": made.pk, "signature": Signature("吴", AT),
        "rest": "signed", "key": "truck-7", "at": AT,
    }  # fmt: skip
    assert services.sign_delivery(**facts).pk == services.sign_delivery(**facts).pk
    assert Posting.objects.filter(kind="sign").count() == 1


# -- devices ---------------------------------------------------------------------------------------


def test_every_signed_serial_is_a_device_with_its_warranty(dispatch: Any) -> None:
    """The contract says 12 months, installation accepted; without one the product's 24 from the
    signed delivery: 2026-11-25 to 2028-11-24."""
    shop = dispatch.shop
    type(shop.monitor).objects.filter(pk=shop.monitor.pk).update(warranty_months=24)
    order = dispatch.reserved(
        dispatch.line(shop.monitor, 2, "9000"), dispatch.line(shop.gloves, 3, "1")
    )
    dispatch.signed(dispatch.delivery(order))
    told()
    found = Device.objects.order_by("serial_no")
    assert [(one.serial_no, one.product_id, one.customer_id) for one in found] == [
        ("SN-01", shop.monitor.pk, shop.hospital.pk), ("SN-02", shop.monitor.pk, shop.hospital.pk),
    ]  # fmt: skip
    assert (str(found[0].warranty_start), str(found[0].warranty_end)) == (
        "2026-11-25",
        "2028-11-24",
    )


def test_an_event_delivered_twice_registers_one_device(dispatch: Any) -> None:
    shop = dispatch.shop
    Device.objects.create(product=shop.monitor, serial_no="SN-01", software_version="2.1")
    dispatch.signed(dispatch.delivery(dispatch.reserved(dispatch.line(shop.monitor, 1, "9000"))))
    told()
    Event.objects.update(handled_at=None)
    told()
    one = Device.objects.get(serial_no="SN-01")
    assert (one.customer_id, one.software_version, one.version) == (shop.hospital.pk, "2.1", 2)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-11-25", 12, "2027-11-24"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-12-01", 1, "2026-12-31"),
    ],
)
def test_a_warranty_ends_the_day_before_the_same_day(start: str, months: int, end: str) -> None:
    assert last_day(dt.date.fromisoformat(start), months) == dt.date.fromisoformat(end)


# -- consignment -----------------------------------------------------------------------------------


def test_goods_on_consignment_are_ours_until_they_are_used(dispatch: Any) -> None:
    """10 stents at the hospital; 3 used, 2 taken back, 5 remain ours there."""
    shop = dispatch.shop
    order = dispatch.reserved(dispatch.line(shop.stent, 10, "800"), kind="consignment")
    made = dispatch.shipped(dispatch.delivery(order))
    assert (made.goes_to.kind, made.goes_to.party_id) == ("consignment", shop.hospital.pk)
    with pytest.raises(KintsugiError) as refused:
        dispatch.sign(made, rest="signed")
    assert refused.value.code == "sales.on-consignment"
    stents = item(made, "EARLY").pk
    facts = {"actor": dispatch.driver, "delivery": made.pk, "at": AT}
    services.report_use(
        **facts, key="u1", signature=Signature("手术室", AT),
        lines=[Arrived(stents, "signed", Decimal(3))],
    )  # fmt: skip
    services.take_back(
        **facts, key="u2", signature=Signature("手术室", AT),
        lines=[Arrived(stents, "refused", Decimal(2), "近效期")],
    )  # fmt: skip
    assert counts(order) == [(10, 10, 10, 3, 0)]
    assert shop.on_hand(shop.stent, made.goes_to) == 5
    assert shop.on_hand(shop.stent, shop.site) == 3
    assert dispatch.fresh(made).status == "part_signed"
    with pytest.raises(KintsugiError) as refused:
        services.report_use(
            **facts, key=uuid7().hex, signature=Signature("手术室", AT),
            lines=[Arrived(stents, "signed", Decimal(6))],
        )  # fmt: skip
    assert refused.value.code == "sales.more-than-shipped"


def test_what_is_lost_with_a_customer_it_was_lent_to_leaves_the_stock(dispatch: Any) -> None:
    shop = dispatch.shop
    order = dispatch.reserved(dispatch.line(shop.stent, 10, "800"), kind="consignment")
    made = dispatch.shipped(dispatch.delivery(order))
    thing = made.items.get()
    services.report_use(
        actor=dispatch.driver, delivery=made.pk, signature=Signature("手术室", AT), key="u", at=AT,
        lines=[Arrived(thing.pk, "lost", Decimal(2), "盘点缺失")],
    )  # fmt: skip
    assert shop.on_hand(shop.stent, made.goes_to) == 8
    assert reads.ledger_differences([made.pk]) == []
