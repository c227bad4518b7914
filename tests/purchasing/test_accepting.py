"""Acceptance by somebody else, and the way to the shelf."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.purchasing.kinds import sample_size
from kintsugi.purchasing.models import Acceptance, AcceptanceLine, Receipt
from kintsugi.stock import selectors as stock
from kintsugi.stock.models import Move, Unit
from tests.purchasing.depot import AT, Depot, Placing, day, finding, typed

pytestmark = pytest.mark.django_db


def refused(work: Callable[[], Any]) -> KintsugiError:
    """The refusal of some work, which moves nothing."""
    before = Move.objects.count(), Acceptance.objects.count()
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        work()
    assert (Move.objects.count(), Acceptance.objects.count()) == before
    return caught.value


def gloves(depot: Depot, qty: int = 100) -> Receipt:
    """A receipt of gloves to be inspected."""
    return depot.received(depot.order(depot.line(depot.gloves, qty)), typed(depot.gloves, qty))


def monitors(depot: Depot, *serials: str) -> Receipt:
    """A receipt of monitors to be inspected."""
    order = depot.order(depot.line(depot.monitor, len(serials)))
    return depot.received(order, *(typed(depot.monitor, serial_no=one) for one in serials))


# -- who -------------------------------------------------------------------------------------------


def test_the_buyer_does_not_accept_what_he_bought(depot: Depot) -> None:
    receipt = gloves(depot)
    error = refused(lambda: depot.accept(receipt, finding(1, 100), actor=depot.buyer))
    assert error.code == "purchasing.bought-it"


def test_the_receiver_does_not_accept_what_he_received(depot: Depot) -> None:
    receipt = gloves(depot)
    error = refused(lambda: depot.accept(receipt, finding(1, 100), actor=depot.keeper))
    assert error.code == "purchasing.received-it"


@pytest.mark.parametrize("who", ["buyer", "keeper"])
def test_the_database_refuses_such_an_inspector_too(depot: Depot, who: str) -> None:
    receipt = gloves(depot)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Acceptance.objects.create(
            number="QA-X", warehouse=depot.main, receipt=receipt, inspected_at=AT,
            inspected_on=AT.date(), inspector=getattr(depot, who).person,
        )  # fmt: skip
    assert caught.value.__cause__.sqlstate == "KT120"  # type: ignore[union-attr]


# -- what ------------------------------------------------------------------------------------------


def test_qualified_and_rejected_are_what_arrived(depot: Depot) -> None:
    receipt = gloves(depot)
    for good, bad in ((90, 9), (100, 1), (101, 0), (0, 0)):
        error = refused(lambda g=good, b=bad: depot.accept(receipt, finding(1, g, b)))  # type: ignore[misc]
        assert error.code == "purchasing.sum-differs"
        assert error.facts["arrived"] == 100
    depot.accept(receipt, finding(1, 90, 10))
    receipt.refresh_from_db()
    assert receipt.status == "part_qualified"
    assert depot.on_hand(depot.gloves, depot.zone("RECEIVING"), "qualified") == 90
    assert depot.on_hand(depot.gloves, depot.zone("REJECTED"), "rejected") == 10
    assert depot.on_hand(depot.gloves, depot.zone("RECEIVING"), "pending") == 0


def test_the_database_refuses_a_sum_that_differs_and_another_line(depot: Depot) -> None:
    receipt, other = gloves(depot), gloves(depot, 7)
    made = Acceptance.objects.create(
        number="QA-X", warehouse=depot.main, receipt=receipt, inspected_at=AT,
        inspected_on=AT.date(), inspector=depot.inspector.person,
    )  # fmt: skip
    facts = {"acceptance": made, "sample_planned": 5, "sample_size": 5, "checks": {}}

    def write(**values: Any) -> None:
        with transaction.atomic():
            AcceptanceLine.objects.create(**facts, **values)

    line = receipt.lines.get()
    with pytest.raises(DatabaseError, match=r"(sum|accepted)_is_arrived"):
        write(receipt_line=line, arrived=100, qualified=90, rejected=9, reject_reason="damaged")
    with pytest.raises(DatabaseError, match="not what arrived"):
        write(receipt_line=line, arrived=90, qualified=90, rejected=0)
    with pytest.raises(DatabaseError, match="not what arrived"):
        write(receipt_line=other.lines.get(), arrived=7, qualified=7, rejected=0)
    write(receipt_line=line, arrived=100, qualified=100, rejected=0)
    with pytest.raises(DatabaseError, match="stands"), transaction.atomic():
        AcceptanceLine.objects.filter(acceptance=made).update(qualified=0, rejected=100)


def test_pending_goods_do_not_become_qualified_by_another_door(depot: Depot) -> None:
    gloves(depot)
    place = depot.zone("RECEIVING")

    def qualify() -> None:
        depot.move("transfer", depot.gloves, 5, place, depot.shelf, quality="pending",
                   to_quality="qualified")  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("set constraints check_qualified immediate")  # as at the commit

    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        qualify()
    assert caught.value.__cause__.sqlstate == "KT124"  # type: ignore[union-attr]


def test_what_was_rejected_goes_to_its_zone_serial_by_serial(depot: Depot) -> None:
    receipt = monitors(depot, "A", "B", "C")
    assert refused(lambda: depot.accept(receipt, finding(1, 2, 1))).code == (
        "purchasing.serials-rejected"
    )
    wrong = finding(1, 2, 1, rejected_serials=["X"])
    assert refused(lambda: depot.accept(receipt, wrong)).code == "purchasing.not-of-line"
    depot.accept(receipt, finding(1, 2, 1, rejected_serials=["b"]))
    lying = {one.serial_no: (one.location.code, one.quality) for one in
             Unit.objects.select_related("location").filter(product=depot.monitor)}  # fmt: skip
    assert lying == {
        "A": ("RECEIVING", "qualified"), "B": ("REJECTED", "rejected"),
        "C": ("RECEIVING", "qualified"),
    }  # fmt: skip


def test_lines_may_be_inspected_one_after_the_other_but_each_once(depot: Depot) -> None:
    order = depot.order(depot.line(depot.gloves, 10), depot.line(depot.stent, 4))
    receipt = depot.received(order, typed(depot.gloves, 10), typed(depot.stent, 4, lot_no="L1"))
    depot.accept(receipt, finding(2, 4))
    receipt.refresh_from_db()
    assert receipt.status == "inspecting"
    assert refused(lambda: depot.accept(receipt, finding(2, 4))).code == (
        "purchasing.inspected-already"
    )
    both = (finding(1, 10), finding(1, 10))
    assert refused(lambda: depot.accept(receipt, *both)).code == "purchasing.inspected-already"
    depot.accept(receipt, finding(1, 10))
    receipt.refresh_from_db()
    assert receipt.status == "qualified"


def test_samples_follow_the_plan_and_implants_are_looked_at_one_by_one(depot: Depot) -> None:
    # The plan's steps: 8 → 2, 9 → 3, 100 → 20, 1,000 → 80; never more than there is.
    planned = [sample_size(Decimal(n), every_piece=False) for n in (1, 8, 9, 100, 1_000)]
    assert planned == [1, 2, 3, 20, 80]
    order = depot.order(depot.line(depot.gloves, 100), depot.line(depot.stent, 50))
    receipt = depot.received(order, typed(depot.gloves, 100), typed(depot.stent, 50, lot_no="L1"))
    less = finding(1, 100, sample=Decimal(10))
    assert refused(lambda: depot.accept(receipt, less)).code == "purchasing.sample"
    implants = finding(2, 50, sample=Decimal(10), sample_reason="赶时间")
    assert refused(lambda: depot.accept(receipt, implants)).code == "purchasing.sample"
    made = depot.accept(
        receipt, finding(1, 100, sample=Decimal(10), sample_reason="同批已检"), finding(2, 50)
    )
    assert [(one.sample_planned, one.sample_size) for one in
            made.lines.order_by("receipt_line__line")] == [(20, 10), (50, 50)]  # fmt: skip


def test_every_check_is_answered_and_a_failed_one_has_a_consequence(depot: Depot) -> None:
    receipt = gloves(depot)
    checks = dict(finding(1, 100).checks)
    missing = finding(1, 100, checks={"label": "pass"})
    assert refused(lambda: depot.accept(receipt, missing)).code == "purchasing.checks-missing"
    failed = finding(1, 100, checks={**checks, "label": "fail"})
    assert refused(lambda: depot.accept(receipt, failed)).code == "purchasing.failed-but-qualified"
    unsaid = finding(1, 90, 10, reject_reason="")
    assert refused(lambda: depot.accept(receipt, unsaid)).code == "purchasing.reject-reason"
    depot.accept(receipt, finding(1, 100, checks={**checks, "label": "fail"}, note="标签略皱"))


def test_what_arrived_warm_is_qualified_only_with_a_word_about_it(depot: Depot) -> None:
    order = depot.order(depot.line(depot.vaccine, 10))
    receipt = depot.received(
        order, typed(depot.vaccine, 10, lot_no="V1", expiry_date=day("2027-12-31")),
        arrival_temp=Decimal(12), transport_hours=Decimal(3),
    )  # fmt: skip
    error = refused(lambda: depot.accept(receipt, finding(1, 10)))
    assert error.code == "purchasing.finding-unanswered"
    assert "12 °C" in error.message.en
    depot.accept(receipt, finding(1, 0, 10, reject_reason="temperature"))
    assert depot.on_hand(depot.vaccine, depot.zone("REJECTED"), "rejected") == 10


# -- put-away --------------------------------------------------------------------------------------


def test_accepted_goods_go_to_the_shelf_and_the_receipt_is_done(depot: Depot) -> None:
    receipt = gloves(depot)
    early = Placing(1, "A-01-01", Decimal(10))
    assert refused(lambda: depot.put_away(receipt, early)).code == "purchasing.not-to-inspect"
    depot.accept(receipt, finding(1, 90, 10))
    depot.put_away(receipt, Placing(1, "A-01-01", Decimal(50)))
    assert refused(lambda: depot.put_away(receipt, Placing(1, "A-01-02", Decimal(41)))).code == (
        "purchasing.nothing-to-put-away"
    )
    done = depot.put_away(receipt, Placing(1, f"{depot.main.code}/A-01-02", Decimal(40)))
    assert done.status == "done"
    assert depot.on_hand(depot.gloves, depot.shelf) == 50
    assert depot.on_hand(depot.gloves, depot.shelf2) == 40
    assert depot.on_hand(depot.gloves, depot.zone("RECEIVING")) == 0


def test_goods_are_not_put_into_another_house_nor_onto_no_shelf(depot: Depot) -> None:
    receipt = gloves(depot)
    depot.accept(receipt, finding(1, 100))
    for place in (f"{depot.other.code}/B-01-01", "B-01-01", "REJECTED", "NOWHERE", ""):
        error = refused(lambda p=place: depot.put_away(receipt, Placing(1, p, Decimal(1))))  # type: ignore[misc]
        assert error.code == "purchasing.wrong-place"


def test_chilled_goods_are_not_put_on_a_warm_shelf(depot: Depot) -> None:
    order = depot.order(depot.line(depot.vaccine, 10))
    receipt = depot.received(
        order, typed(depot.vaccine, 10, lot_no="V1", expiry_date=day("2027-12-31")),
        arrival_temp=Decimal(5), transport_hours=Decimal(3),
    )  # fmt: skip
    depot.accept(receipt, finding(1, 10))
    error = refused(lambda: depot.put_away(receipt, Placing(1, "A-01-01", Decimal(10))))
    assert error.code == "stock.temperature"
    depot.put_away(receipt, Placing(1, "C-01-01", Decimal(10)))


def test_serials_are_put_away_by_name_or_the_next_ones(depot: Depot) -> None:
    receipt = monitors(depot, "A", "B", "C")
    depot.accept(receipt, finding(1, 2, 1, rejected_serials=["B"]))
    bad = Placing(1, "A-01-01", serials=["B"])
    assert refused(lambda: depot.put_away(receipt, bad)).code == "purchasing.not-of-line"
    depot.put_away(receipt, Placing(1, "A-01-01", serials=["C"]))
    done = depot.put_away(receipt, Placing(1, "A-01-02", Decimal(1)))
    assert done.status == "done"
    assert {one.serial_no: one.location for one in Unit.objects.filter(quality="qualified")} == {
        "C": depot.shelf, "A": depot.shelf2,
    }  # fmt: skip


def test_the_shelf_where_the_lot_lies_is_proposed_first_then_an_empty_one(depot: Depot) -> None:
    old, new = depot.lot(depot.stent, "OLD", "2028-01-31"), depot.lot(depot.stent, "NEW")
    depot.bin("A-00-00", depot.main)  # empty, first by its code
    depot.receive(depot.stent, 3, lot=old, to=depot.shelf)
    depot.receive(depot.stent, 3, lot=new, to=depot.shelf2)
    depot.receive(depot.gloves, 3, to=depot.bin("A-02-01", depot.main))
    found = stock.bins_for(depot.stent.pk, lot=new.pk, warehouse=depot.main.pk, limit=9)
    assert [one["code"] for one in found] == [
        "A-01-02", "A-01-01", "A-00-00", "C-01-01", "A-02-01",
    ]  # fmt: skip
    cold = stock.bins_for(depot.vaccine.pk, lot=None, warehouse=depot.main.pk)
    assert [one["code"] for one in cold] == ["C-01-01"]


def test_an_acceptance_sent_twice_takes_effect_once(depot: Depot) -> None:
    receipt = gloves(depot)
    key = uuid7().hex
    first = depot.accept(receipt, finding(1, 100), key=key)
    assert depot.accept(receipt, finding(1, 100), key=key).pk == first.pk
    assert Acceptance.objects.filter(receipt=receipt).count() == 1
