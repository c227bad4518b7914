"""Requests, orders and notices before the goods come; returns and invoices afterwards."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.parties import services as parties
from kintsugi.parties.models import Qualification
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.models import Invoice, Notice, Order, Receipt, Request, Return
from kintsugi.purchasing.services import InvoiceLineIn, NoticeLineIn, RequestLineIn, ReturnLineIn
from kintsugi.purchasing.services.invoices import matched
from kintsugi.stock import services as stock
from kintsugi.stock.models import Move
from tests.purchasing.depot import AT, TODAY, Depot, Placing, finding, typed

pytestmark = pytest.mark.django_db


def refused(work: Callable[[], Any]) -> KintsugiError:
    """The refusal of some work, which moves nothing."""
    before = Move.objects.count()
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        work()
    assert Move.objects.count() == before
    return caught.value


def key() -> str:
    """Another one each time."""
    return uuid7().hex


def licences_of(party: Any) -> Any:
    """The licences of a party."""
    return Qualification.objects.filter(party=party)


# -- request to order ------------------------------------------------------------------------------


def asked(depot: Depot) -> Request:
    """Twenty boxes of gloves, asked for by the keeper."""
    line = RequestLineIn(depot.gloves.pk, Decimal(20), dt.date(2026, 12, 1), "手术室")
    return services.make_request(
        actor=depot.keeper, warehouse=depot.main.pk, lines=[line], why="低于安全库存", key=key(),
        at=AT,
    )  # fmt: skip


def test_a_request_is_approved_by_another_person_and_ordered_once(depot: Depot) -> None:
    made = asked(depot)

    def decide(actor: Any) -> Request:
        return services.decide_request(actor=actor, request=made.pk, approve=True, key=key(), at=AT)

    assert refused(lambda: decide(depot.keeper)).code == "purchasing.same-person"
    assert decide(depot.chief).status == "approved"
    facts: dict[str, Any] = {
        "actor": depot.buyer, "supplier": depot.supplier, "warehouse": depot.main.pk, "at": AT,
        "lines": [depot.line(depot.gloves, 20)], "request": made.pk,
    }  # fmt: skip
    order = services.draft_order(key=key(), **facts)
    made.refresh_from_db()
    assert made.status == "ordered"
    with pytest.raises(IllegalTransition), transaction.atomic():
        services.draft_order(key=key(), **facts)
    services.cancel_order(actor=depot.buyer, order=order.pk, reason="改供应商", key=key())
    made.refresh_from_db()
    assert made.status == "approved"


def test_a_rejected_request_says_why(depot: Depot) -> None:
    made = asked(depot)
    facts: dict[str, Any] = {
        "actor": depot.chief, "request": made.pk, "approve": False, "key": key(), "at": AT
    }  # fmt: skip
    assert refused(lambda: services.decide_request(**facts)).code == "purchasing.reason-missing"
    assert services.decide_request(**facts, note="库存够用").status == "rejected"
    with pytest.raises(DatabaseError, match="request_decided_by_another"), transaction.atomic():
        Request.objects.filter(pk=made.pk).update(decided_by=depot.keeper.person)


def test_the_buyer_does_not_approve_his_own_order(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10), ordered=False)
    services.submit_order(actor=depot.buyer, order=order.pk, key=key(), at=AT)
    error = refused(
        lambda: services.approve_order(actor=depot.buyer, order=order.pk, key=key(), at=AT)
    )
    assert error.code == "purchasing.same-person"
    with pytest.raises(DatabaseError, match="purchase_approved_by_another"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(decided_by=depot.buyer.person)
    with pytest.raises(DatabaseError, match="purchase_is_approved"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status="ordered")
    sent = services.send_back_order(actor=depot.chief, order=order.pk, reason="价高", key=key())
    assert (sent.status, sent.decision_note) == ("draft", "价高")


def test_an_order_is_not_placed_without_the_suppliers_licence(depot: Depot) -> None:
    device = depot.trade.traded("PUMP", tracking="none")  # class III, category 07
    bare, good = depot.trade.supplier("无授权商"), depot.trade.supplier("有授权商", device)

    def submit(order: Order) -> Order:
        return services.submit_order(actor=depot.buyer, order=order.pk, key=key(), at=AT)

    lacking = depot.order(depot.line(device, 3), ordered=False, supplier=bare)
    error = refused(lambda: submit(lacking))
    assert error.code == "purchasing.not-passed"
    assert error.facts["checks"] == ["authorisation"]
    order = depot.order(depot.line(device, 3), ordered=False, supplier=good)
    assert submit(order).status == "submitted"
    permit = licences_of(good).get(kind="operating_permit")
    parties.revoke_licence(actor=depot.inspector, licence=permit.pk, on=TODAY, reason="吊销", at=AT)
    error = refused(
        lambda: services.approve_order(actor=depot.chief, order=order.pk, key=key(), at=AT)
    )
    assert error.code == "purchasing.not-passed"
    assert "licence" in error.facts["checks"]
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Order.objects.filter(pk=order.pk).update(
            status="ordered", decided_by_name="x", ordered_on=TODAY
        )
    assert caught.value.__cause__.sqlstate == "KT125"  # type: ignore[union-attr]


def test_lines_of_an_order_that_was_handed_in_stand(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10))
    with pytest.raises(DatabaseError, match="handed in"), transaction.atomic():
        order.lines.update(qty=20)
    with pytest.raises(DatabaseError, match="handed in"), transaction.atomic():
        order.lines.update(unit_price=1)


def test_an_order_goes_to_a_supplier_and_to_nobody_else(depot: Depot) -> None:
    error = refused(
        lambda: services.draft_order(
            actor=depot.buyer, supplier=depot.hospital, warehouse=depot.main.pk, key=key(), at=AT,
            lines=[depot.line(depot.gloves, 1)],
        )
    )  # fmt: skip
    assert error.code == "purchasing.not-a-supplier"


def test_the_same_order_sent_twice_is_one(depot: Depot) -> None:
    facts: dict[str, Any] = {
        "actor": depot.buyer, "supplier": depot.supplier, "warehouse": depot.main.pk, "at": AT,
        "lines": [depot.line(depot.gloves, 20)], "key": "once",
    }  # fmt: skip
    assert services.draft_order(**facts).pk == services.draft_order(**facts).pk
    assert refused(lambda: services.draft_order(**{**facts, "currency": "USD"})).code == (
        "core.key-reused"
    )


# -- notices ---------------------------------------------------------------------------------------


def announced(depot: Depot, order: Order, qty: int = 10, **facts: Any) -> Notice:
    """So many of the first line, tomorrow."""
    given: dict[str, Any] = {
        "shipment_no": "S-1", "lines": [NoticeLineIn(1, Decimal(qty))], "key": key(), "at": AT,
        "expected_on": TODAY + dt.timedelta(days=1), "actor": depot.buyer,
    }  # fmt: skip
    return services.announce(order=order.pk, **{**given, **facts})


def test_what_is_announced_is_on_its_way_until_it_is_received(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10))
    notice = announced(depot, order)
    assert [one.qty for one in selectors.in_transit()] == [10]
    assert Move.objects.count() == 0
    receipt = depot.received(order, typed(depot.gloves, 10), notice=notice.pk)
    notice.refresh_from_db()
    assert notice.status == "arrived"
    assert not selectors.in_transit()
    services.reverse_receipt(actor=depot.second, receipt=receipt.pk, reason="x", key=key(), at=AT)
    notice.refresh_from_db()
    assert notice.status == "announced"


def test_more_than_is_to_come_is_not_announced_nor_a_shipment_twice(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10))
    announced(depot, order, 6)
    assert refused(lambda: announced(depot, order, 1)).code == "purchasing.shipment-announced"
    error = refused(lambda: announced(depot, order, 5, shipment_no="S-2"))
    assert error.code == "purchasing.announced-too-much"
    assert error.facts["open"] == 4
    short = [NoticeLineIn(1, Decimal(2), serials=["A"])]
    error = refused(lambda: announced(depot, order, lines=short, shipment_no="S-3"))
    assert error.code == "purchasing.serials-and-quantity"
    stray = [NoticeLineIn(7, Decimal(2))]
    error = refused(lambda: announced(depot, order, lines=stray, shipment_no="S-3"))
    assert error.code == "purchasing.other-order"


def test_an_order_with_goods_on_their_way_is_not_cancelled(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10))
    notice = announced(depot, order)

    def cancel() -> Order:
        return services.cancel_order(actor=depot.buyer, order=order.pk, reason="x", key=key())

    error = refused(cancel)
    assert error.code == "purchasing.notice-open"
    assert notice.number in error.message.en
    services.cancel_notice(actor=depot.buyer, notice=notice.pk, reason="供应商撤回", key=key())
    assert cancel().status == "cancelled"


def test_an_order_that_is_being_received_is_not_closed(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10))
    depot.received(order, typed(depot.gloves, 4))
    receipt = depot.open(order)

    def close() -> Order:
        return services.close_order(actor=depot.buyer, order=order.pk, reason="余量不要", key=key())

    assert refused(close).code == "purchasing.receipt-open"
    services.cancel_receipt(actor=depot.keeper, receipt=receipt.pk, reason="误开", key=key())
    assert close().status == "closed"
    assert refused(lambda: depot.open(order)).code == "purchasing.order-not-open"


# -- returns ---------------------------------------------------------------------------------------


def shelved(depot: Depot) -> Receipt:
    """A hundred gloves at 10: 90 on A-01-01, 10 rejected."""
    order = depot.order(depot.line(depot.gloves, 100))
    receipt = depot.received(order, typed(depot.gloves, 100))
    depot.accept(receipt, finding(1, 90, 10))
    return depot.put_away(receipt, Placing(1, "A-01-01", Decimal(90)))


def back(
    depot: Depot, receipt: Receipt, place: str, quality: str, qty: int, **facts: Any
) -> Return:
    """A return asked for by the keeper."""
    line = ReturnLineIn(receipt.lines.get().pk, place, quality, Decimal(qty))
    given: dict[str, Any] = {"reason": "rejected", "why": "外包装破损", "key": key(), "at": AT}
    return services.request_return(actor=depot.keeper, lines=[line], **{**given, **facts})


def test_rejected_goods_go_back_when_another_person_agrees(depot: Depot) -> None:
    made = back(depot, shelved(depot), "REJECTED", "rejected", 10)

    def decide(actor: Any) -> Return:
        return services.decide_return(
            actor=actor, goods_return=made.pk, approve=True, key=key(), at=AT
        )

    def ship() -> Return:
        return services.ship_return(
            actor=depot.keeper, goods_return=made.pk, key=key(), at=AT, waybill="SF1"
        )

    with pytest.raises(IllegalTransition), transaction.atomic():
        ship()
    assert refused(lambda: decide(depot.keeper)).code == "purchasing.same-person"
    decide(depot.inspector)
    sent = ship()
    assert sent.credit_expected == Decimal("113.00")  # 10 × 10 × 1.13
    assert depot.on_hand(depot.gloves, depot.zone("REJECTED"), "rejected") == 0
    assert made.lines.get().receipt_line.returned == 10
    done = services.credit_return(
        actor=depot.payer, goods_return=made.pk, credit_no="C-1", credited_on=TODAY, key=key()
    )
    assert done.status == "credited"


def test_no_more_goes_back_than_came(depot: Depot) -> None:
    receipt = shelved(depot)
    back(depot, receipt, "A-01-01", "qualified", 60, reason="agreed")
    error = refused(lambda: back(depot, receipt, "A-01-01", "qualified", 41, reason="agreed"))
    assert error.code == "purchasing.returns-too-much"
    assert error.facts["open"] == 40


def test_goods_on_hold_go_back_to_the_supplier(depot: Depot) -> None:
    receipt = shelved(depot)
    stock.place_block(
        actor=depot.inspector, kind="hold", product=depot.gloves.pk, reason="异味", at=AT
    )
    made = back(depot, receipt, "A-01-01", "qualified", 90, reason="held")
    services.decide_return(actor=depot.chief, goods_return=made.pk, approve=True, key=key(), at=AT)
    services.ship_return(actor=depot.keeper, goods_return=made.pk, key=key(), at=AT)
    assert depot.on_hand(depot.gloves, depot.shelf) == 0


def test_what_goes_back_before_it_was_shelved_is_not_waited_for(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 100))
    receipt = depot.received(order, typed(depot.gloves, 100))
    depot.accept(receipt, finding(1, 100))
    depot.put_away(receipt, Placing(1, "A-01-01", Decimal(70)))
    made = back(depot, receipt, "RECEIVING", "qualified", 30, reason="agreed")
    services.decide_return(actor=depot.chief, goods_return=made.pk, approve=True, key=key(), at=AT)
    services.ship_return(actor=depot.keeper, goods_return=made.pk, key=key(), at=AT)
    receipt.refresh_from_db()
    assert receipt.status == "done"


# -- invoices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qty", "price", "open_", "result"),
    [
        ("90", "10", "90", "matched"),
        ("91", "10", "90", "quantity"),
        ("1", "10", "0", "not_received"),
        ("10", "10.05", "90", "matched"),  # 0.5 %, 0.50 over the line
        ("10", "10.06", "90", "price"),  # 0.6 %
        ("20", "10.05", "90", "matched"),  # 1.00 over the line
        ("21", "10.05", "90", "price"),  # 1.05 over the line
        ("10", "9.94", "90", "price"),  # too cheap is a difference, too
    ],
)
def test_a_line_matches_within_its_tolerances(
    qty: str, price: str, open_: str, result: str
) -> None:
    found = matched(
        qty=Decimal(qty), price=Decimal(price), qty_open=Decimal(open_), price_ordered=Decimal(10),
        percent=Decimal("0.5"), amount=Decimal(1),
    )  # fmt: skip
    assert found == result


def invoice(depot: Depot, order: Order, qty: int, price: str = "10", no: str = "F-1") -> Invoice:
    """An invoice for the first line, entered by the payer."""
    return services.enter_invoice(
        actor=depot.payer, order=order.pk, invoice_no=no, invoiced_on=TODAY, key=key(), at=AT,
        lines=[InvoiceLineIn(1, Decimal(qty), Decimal(price))],
    )  # fmt: skip


def approve(depot: Depot, made: Invoice, actor: Any = None) -> Invoice:
    """Approved by the second person of finance."""
    return services.decide_invoice(
        actor=actor or depot.auditing, invoice=made.pk, approve=True, key=key(), at=AT
    )


def test_what_was_accepted_may_be_invoiced_once(depot: Depot) -> None:
    order = shelved(depot).order
    made = invoice(depot, order, 90)
    assert made.lines.get().result == "matched"
    assert refused(lambda: approve(depot, made, depot.payer)).code == "purchasing.same-person"
    assert approve(depot, made).status == "approved"
    assert refused(lambda: invoice(depot, order, 1)).code == "purchasing.invoice-known"
    assert invoice(depot, order, 1, no="F-2").lines.get().result == "not_received"


def test_an_invoice_over_what_was_accepted_is_held_until_somebody_resolves_it(
    depot: Depot,
) -> None:
    made = invoice(depot, shelved(depot).order, 100)
    line = made.lines.get()
    assert (line.result, line.qty_open) == ("quantity", 90)
    assert refused(lambda: approve(depot, made)).code == "purchasing.differences-open"
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Invoice.objects.filter(pk=made.pk).update(
            status="approved", decided_by_name="x", decided_by=depot.auditing.person
        )
    assert caught.value.__cause__.sqlstate == "KT123"  # type: ignore[union-attr]
    services.resolve_difference(
        actor=depot.payer, line=line.pk, resolution="供应商补开红字发票", key=key(), at=AT
    )
    assert approve(depot, made).status == "approved"


def test_what_went_back_meanwhile_is_a_difference_at_approval(depot: Depot) -> None:
    receipt = shelved(depot)
    made = invoice(depot, receipt.order, 90)
    gone = back(depot, receipt, "A-01-01", "qualified", 5, reason="agreed")
    services.decide_return(actor=depot.chief, goods_return=gone.pk, approve=True, key=key(), at=AT)
    services.ship_return(actor=depot.keeper, goods_return=gone.pk, key=key(), at=AT)
    assert refused(lambda: approve(depot, made)).code == "purchasing.differences-open"


def test_an_invoice_sent_back_frees_its_number_and_its_quantity(depot: Depot) -> None:
    order = shelved(depot).order
    made = invoice(depot, order, 90, "12")
    services.decide_invoice(
        actor=depot.auditing, invoice=made.pk, approve=False, note="单价不符", key=key(), at=AT
    )
    assert invoice(depot, order, 90).lines.get().result == "matched"
