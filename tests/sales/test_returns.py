"""Goods that come back: only what a delivery brought, only once, never straight onto a shelf."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.devices.models import Device
from kintsugi.sales import services
from kintsugi.sales.models import DeliveryLine, Return
from kintsugi.sales.selectors import deliveries as reads
from kintsugi.sales.services import Arrived, Asked, Back, Decision
from kintsugi.stock import services as goods
from kintsugi.stock.models import Location, Posting, Unit
from tests.sales.dispatch import counts, told
from tests.sales.market import AT

pytestmark = pytest.mark.django_db


def ask(dispatch: Any, made: Any, *asked: tuple[Any, int], **facts: Any) -> Return:
    """The seller asks for goods to come back."""
    facts = {"kind": "refund", "reason": "quality", **facts}
    return services.request_return(
        actor=dispatch.seller, delivery=made.pk, key=uuid7().hex, at=AT,
        lines=[Asked(one.pk, Decimal(qty)) for one, qty in asked], **facts,
    )  # fmt: skip


def do(name: str, made: Return, by: Any, **facts: Any) -> Any:
    """A command about a return."""
    facts = {"key": uuid7().hex, "at": AT, **facts}
    return getattr(services, name)(actor=by, return_of=made.pk, **facts)


def received(dispatch: Any, made: Return, *scans: Any) -> Return:
    """Approved by quality, received by the keeper."""
    do("approve_return", made, dispatch.quality)
    backs = [Back(one) if isinstance(one, str) else Back(one[0], Decimal(one[1])) for one in scans]
    return do("receive_return", made, dispatch.keeper, scans=backs)


def sold(dispatch: Any) -> Any:
    """A signed delivery of SN-01 and SN-02, and 30 gloves."""
    shop = dispatch.shop
    order = dispatch.reserved(
        dispatch.line(shop.monitor, 2, "9000"), dispatch.line(shop.gloves, 30, "1")
    )
    made = dispatch.delivery(order)
    dispatch.signed(made)
    things = {(one.unit.serial_no if one.unit else "gloves"): one for one in made.items.all()}
    return order, dispatch.fresh(made), things


def test_goods_come_back_through_inspection_and_every_count_follows(dispatch: Any) -> None:
    shop = dispatch.shop
    order, made, things = sold(dispatch)
    asked = ask(dispatch, made, (things["SN-01"], 1), (things["gloves"], 10))
    assert (asked.number, asked.status) == ("RT-20261125-0001", "requested")
    with pytest.raises(KintsugiError) as refused:
        do("approve_return", asked, dispatch.seller)
    assert refused.value.code == "sales.same-person"
    back = received(dispatch, asked, "SN-01", (shop.gloves.product_code, 8))
    assert back.status == "received"
    place = Location.objects.get(warehouse=shop.main, code="RETURN")
    unit = Unit.objects.get(serial_no="SN-01")
    assert (unit.location, unit.quality) == (place, "pending")
    assert shop.on_hand(shop.gloves, place, "pending") == 8
    assert counts(order) == [(2, 2, 2, 2, 1), (30, 30, 30, 30, 8)]
    assert reads.ledger_differences([made.pk]) == []

    lines = {one.item_id: one.pk for one in back.lines.all()}
    decisions = [
        Decision(lines[things["SN-01"].pk], "restock", "未拆封,完好", shop.shelf2.pk),
        Decision(lines[things["gloves"].pk], "refund", "包装破损"),
    ]
    with pytest.raises(KintsugiError) as refused:
        do("inspect_return", back, dispatch.seller, decisions=decisions)
    assert refused.value.code == "sales.same-person"
    done = do("inspect_return", back, dispatch.quality, decisions=decisions)
    assert done.status == "inspected"
    unit.refresh_from_db()
    assert (unit.location, unit.quality) == (shop.shelf2, "qualified")
    rejected = Location.objects.get(warehouse=shop.main, code="REJECTED")
    assert shop.on_hand(shop.gloves, rejected, "rejected") == 8
    with pytest.raises(KintsugiError) as refused:
        do("close_return", back, dispatch.quality)
    assert refused.value.code == "sales.credit-missing"
    assert do("close_return", back, dispatch.quality, credit_amount=Decimal(8)).status == "closed"


def test_only_what_a_delivery_brought_comes_back_and_only_once(dispatch: Any) -> None:
    _order, made, things = sold(dispatch)
    with pytest.raises(KintsugiError) as refused:
        ask(dispatch, made, (things["gloves"], 31))
    assert refused.value.code == "sales.return-too-much"
    ask(dispatch, made, (things["gloves"], 20))
    with pytest.raises(KintsugiError, match=r"10 of .* can come back, 11 was asked"):
        ask(dispatch, made, (things["gloves"], 11))
    first = ask(dispatch, made, (things["SN-01"], 1))
    received(dispatch, first, "SN-01")
    with pytest.raises(KintsugiError) as refused:
        ask(dispatch, made, (things["SN-01"], 1))
    assert refused.value.code == "sales.return-too-much"


def test_something_else_than_was_asked_back_is_named_and_nothing_is_received(
    dispatch: Any,
) -> None:
    _order, made, things = sold(dispatch)
    asked = ask(dispatch, made, (things["SN-01"], 1))
    do("approve_return", asked, dispatch.quality)
    for wrong in ("SN-02", "SN-05", "nothing"):
        with pytest.raises(KintsugiError) as refused:
            do("receive_return", asked, dispatch.keeper, scans=[Back("SN-01"), Back(wrong)])
        assert refused.value.code == "sales.return-strange"
    with pytest.raises(KintsugiError):
        do("receive_return", asked, dispatch.keeper, scans=[Back("SN-01"), Back("SN-01")])
    assert not Posting.objects.filter(kind="return_in").exists()


def test_expired_and_recalled_goods_come_in_but_do_not_go_back_to_a_shelf(dispatch: Any) -> None:
    shop = dispatch.shop
    order = dispatch.reserved(dispatch.line(shop.stent, 5, "800"))
    made = dispatch.delivery(order)
    dispatch.signed(made)
    goods.place_block(
        actor=dispatch.quality, kind="recall", product=shop.stent.pk, reason="召回", at=AT
    )
    asked = ask(dispatch, made, (made.items.get(), 5), reason="recall")
    do("approve_return", asked, dispatch.quality)
    after_expiry = AT + dt.timedelta(days=150)
    with transaction.atomic():
        back = do(
            "receive_return", asked, dispatch.keeper, scans=[Back("EARLY", Decimal(5))],
            at=after_expiry - dt.timedelta(days=150),
        )  # fmt: skip
    assert Posting.objects.get(document_no=asked.number).kind == "recall_return"
    (line,) = back.lines.all()
    shelf = [Decision(line.pk, "restock", "外观完好", shop.shelf.pk)]
    with pytest.raises(KintsugiError) as refused:
        do("inspect_return", back, dispatch.quality, decisions=shelf)
    assert refused.value.code == "stock.recall"
    scrap = [Decision(line.pk, "scrap", "召回销毁")]
    assert do("inspect_return", back, dispatch.quality, decisions=scrap).status == "inspected"


def test_an_exchange_ships_another_unit_which_inherits_the_warranty(dispatch: Any) -> None:
    shop = dispatch.shop
    type(shop.monitor).objects.filter(pk=shop.monitor.pk).update(warranty_months=12)
    _order, made, things = sold(dispatch)
    told()
    asked = ask(dispatch, made, (things["SN-01"], 1), kind="exchange")
    back = received(dispatch, asked, "SN-01")
    (line,) = back.lines.all()
    do("inspect_return", back, dispatch.quality, decisions=[Decision(line.pk, "exchange", "黑屏")])
    with pytest.raises(KintsugiError) as refused:
        do("close_return", back, dispatch.quality)
    assert refused.value.code == "sales.not-exchanged"
    new = do("exchange", back, dispatch.keeper)
    with pytest.raises(KintsugiError) as refused:
        do("exchange", back, dispatch.keeper)
    assert refused.value.code == "sales.exchanged"
    assert DeliveryLine.objects.get(delivery=new).return_line_id == line.pk
    new = dispatch.step("assign_delivery", new, picker=dispatch.picker.person_id)
    later = AT + dt.timedelta(days=1)
    dispatch.shipped(new)
    services.sign_delivery(
        actor=dispatch.driver, delivery=new.pk, key="x", at=later, rest="signed",
        signature=services.Signature("吴", later),
    )  # fmt: skip
    told()
    replaced = Device.objects.get(serial_no="SN-01")
    fresh = Device.objects.get(serial_no="SN-03")
    assert (replaced.status, replaced.customer_id) == ("returned", None)
    assert (str(fresh.warranty_start), str(fresh.warranty_end)) == ("2026-11-25", "2027-11-24")
    assert fresh.customer_id == shop.hospital.pk
    assert do("close_return", back, dispatch.quality).status == "closed"


def test_the_database_refuses_one_person_for_asking_and_approving(dispatch: Any) -> None:
    _order, made, things = sold(dispatch)
    asked = ask(dispatch, made, (things["SN-01"], 1))
    with (
        pytest.raises(DatabaseError, match="return_approved_by_another"),
        transaction.atomic(),
    ):
        Return.objects.filter(pk=asked.pk).update(
            status="awaited", approved_by_id=dispatch.seller.person_id, approved_by_name="x",
            approved_at=AT,
        )  # fmt: skip


def test_a_rejected_return_frees_what_it_asked_for(dispatch: Any) -> None:
    _order, made, things = sold(dispatch)
    asked = ask(dispatch, made, (things["gloves"], 30))
    do("reject_return", asked, dispatch.quality, reason="超过退货期")
    assert ask(dispatch, made, (things["gloves"], 30)).status == "requested"


def test_what_nobody_signed_for_waits_for_quality_and_is_neither_paid_back_nor_exchanged(
    dispatch: Any,
) -> None:
    """A monitor is refused and 4 of 30 gloves are damaged: a return opens by itself. Quality puts
    the monitor back and rejects the gloves; what was signed for stays 26 gloves."""
    shop = dispatch.shop
    order = dispatch.reserved(
        dispatch.line(shop.monitor, 1, "9000"), dispatch.line(shop.gloves, 30, "1")
    )
    made = dispatch.shipped(dispatch.delivery(order))
    things = {(one.unit.serial_no if one.unit else "gloves"): one for one in made.items.all()}
    dispatch.sign(
        made, rest="signed",
        lines=[
            Arrived(things["SN-01"].pk, "refused", Decimal(1), "型号不符"),
            Arrived(things["gloves"].pk, "damaged", Decimal(4), "受潮"),
        ],
    )  # fmt: skip
    back = Return.objects.get()
    assert (back.kind, back.reason, back.status) == ("unsigned", "refused", "received")
    assert back.note == "型号不符; 受潮"
    assert {one.item.product_id: one.received for one in back.lines.all()} == {
        shop.monitor.pk: 1, shop.gloves.pk: 4,
    }  # fmt: skip
    lines = {one.item_id: one.pk for one in back.lines.all()}
    monitor, gloves = lines[things["SN-01"].pk], lines[things["gloves"].pk]

    def decided(how: str) -> list[Decision]:
        return [
            Decision(monitor, "restock", "未开箱", shop.shelf2.pk),
            Decision(gloves, how, "受潮变形"),
        ]

    for by, how, code in (
        (dispatch.driver, "reject", "sales.same-person"),
        (dispatch.quality, "refund", "sales.unknown-choice"),
        (dispatch.quality, "exchange", "sales.unknown-choice"),
    ):
        with pytest.raises(KintsugiError) as refused:
            do("inspect_return", back, by, decisions=decided(how))
        assert refused.value.code == code
    do("inspect_return", back, dispatch.quality, decisions=decided("reject"))
    unit = Unit.objects.get(serial_no="SN-01")
    assert (unit.location, unit.quality) == (shop.shelf2, "qualified")
    rejected = Location.objects.get(warehouse=shop.main, code="REJECTED")
    assert shop.on_hand(shop.gloves, rejected, "rejected") == 4
    assert do("close_return", back, dispatch.quality).status == "closed"
    assert counts(order) == [(1, 1, 1, 0, 0), (30, 30, 30, 26, 0)]
    assert reads.ledger_differences([made.pk]) == []
    with pytest.raises(KintsugiError) as refused:
        ask(dispatch, made, (things["gloves"], 27))
    assert refused.value.code == "sales.return-too-much"
    assert ask(dispatch, made, (things["gloves"], 26)).status == "requested"


def test_no_more_comes_back_unsigned_than_was_refused(dispatch: Any) -> None:
    made = dispatch.shipped(
        dispatch.delivery(dispatch.reserved(dispatch.line(dispatch.shop.gloves, 30, "1")))
    )
    thing = made.items.get()
    dispatch.sign(made, rest="signed", lines=[Arrived(thing.pk, "refused", Decimal(2), "多发")])
    back = Return.objects.get()
    with (
        pytest.raises(DatabaseError, match=r"2\.0+ signed, 0 asked back before, 3"),
        transaction.atomic(),
    ):
        back.lines.update(qty=3)
    with pytest.raises(KintsugiError) as refused:
        services.request_return(
            actor=dispatch.seller, delivery=made.pk, kind="unsigned", reason="quality",
            lines=[Asked(thing.pk, Decimal(1))], key="x", at=AT,
        )  # fmt: skip
    assert refused.value.code == "sales.unknown-choice"
