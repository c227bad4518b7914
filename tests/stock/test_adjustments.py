"""Scrapping and adjustments by hand: asked for by one person, approved by another, then posted."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.audit.services import recorded
from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.stock.counting.services_adjust import decide_adjustment, request_adjustment
from kintsugi.stock.models import Adjustment, Posting, Unit
from kintsugi.stock.typed import TypedLine
from tests.stock.house import House
from tests.stock.shop import AT, position
from tests.stock.truth import violations

pytestmark = pytest.mark.django_db


def asked(house: House, kind: str = "scrap", **line: Any) -> Adjustment:
    end = "target" if kind == "gain" else "source"
    given = {"product_code": house.gloves.product_code, "qty": Decimal(3), end: str(house.shelf)}
    return request_adjustment(
        actor=house.account, kind=kind, lines=[TypedLine(**{**given, **line})], reason="torn",
        key=uuid7().hex, at=AT,
    )  # fmt: skip


def decided(house: House, made: Adjustment, who: Any = None, **facts: Any) -> Adjustment:
    given = {"is_approved": True, "reason": "seen", "at": AT, **facts}
    return decide_adjustment(actor=who or house.checker, adjustment=made.pk, **given)


def test_nothing_moves_until_another_person_approves(house: House) -> None:
    made = asked(house)
    assert (made.status, house.on_hand(house.gloves, house.shelf)) == ("requested", 95)
    done = decided(house, made)
    assert done.posting is not None
    assert (done.status, done.posting.kind) == ("posted", "scrap")
    assert done.posting.document_no == made.number
    assert house.on_hand(house.gloves, house.shelf) == 92
    assert violations() == {}


def test_who_asks_does_not_approve_and_the_database_says_so_too(house: House) -> None:
    made = asked(house)
    with pytest.raises(KintsugiError) as caught:
        decided(house, made, house.account)
    assert caught.value.code == "stock.same-person"
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="adjustment_decided_by_another"),
        transaction.atomic(),
    ):
        Adjustment.objects.filter(pk=made.pk).update(decided_by=house.account.person)
    assert house.on_hand(house.gloves, house.shelf) == 95


def test_approving_twice_posts_once(house: House) -> None:
    made = asked(house)
    assert decided(house, made).posting == decided(house, made).posting
    with pytest.raises(IllegalTransition):
        decided(house, made, house.people["finance"], is_approved=False)
    with pytest.raises(IllegalTransition):  # nor does somebody else decide the same again
        decided(house, made, house.people["finance"])
    assert Adjustment.objects.get(pk=made.pk).decided_by_id == house.checker.person_id
    assert house.on_hand(house.gloves, house.shelf) == 92


def test_what_is_refused_is_not_posted(house: House) -> None:
    done = decided(house, asked(house), is_approved=False)
    assert (done.status, done.posting) == ("refused", None)
    with pytest.raises(IllegalTransition):
        decided(house, done)


def test_a_gain_and_a_loss_are_adjustments_against_stock_differences(house: House) -> None:
    up = decided(house, asked(house, "gain", qty=Decimal(7)))
    down = decided(house, asked(house, "loss", qty=Decimal(2)))
    for done, ends in ((up, ("loss", "bin")), (down, ("bin", "loss"))):
        assert done.posting is not None
        (move,) = done.posting.moves.all()
        assert (done.posting.kind, move.source.kind, move.target.kind) == ("adjustment", *ends)
    assert house.on_hand(house.gloves, house.shelf) == 100
    assert violations() == {}


def test_a_serial_that_nobody_knew_comes_in_when_it_is_approved(house: House) -> None:
    made = asked(house, "gain", product_code=house.monitor.product_code, serial_no="sn-x")
    unit = Unit.objects.get(serial_no="SN-X")
    assert position(unit.pk).kind == "loss"
    decided(house, made)
    assert position(unit.pk) == house.shelf


def test_more_than_there_is_is_refused_when_it_is_approved(house: House) -> None:
    made = asked(house, qty=Decimal(96))
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        decided(house, made)
    assert caught.value.code == "stock.not-enough"
    made.refresh_from_db()
    assert made.status == "requested"


def test_an_adjustment_concerns_one_warehouse(house: House) -> None:
    lines = [
        TypedLine(product_code=house.gloves.product_code, source=str(place))
        for place in (house.shelf, house.far)
    ]
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        request_adjustment(
            actor=house.account, kind="scrap", lines=lines, reason="x", key="k", at=AT
        )
    assert caught.value.code == "stock.several-warehouses"


def test_scrapping_without_a_paper_does_not_commit(house: House) -> None:
    from kintsugi.stock import services

    before = Posting.objects.count()
    for document in (None, services.Document("hand", "X"), services.Document("adjustment", "X")):
        with (
            pytest.raises(DatabaseError, match="was approved by nobody"),
            transaction.atomic(),
            recorded(actor="test", command="test"),
        ):
            house.move_and_commit("scrap", house.gloves, 3, house.shelf, services.world("scrap"),
                                  reason="x", document=document)  # fmt: skip
    assert Posting.objects.count() == before
