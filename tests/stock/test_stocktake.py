"""Stocktakes: counted blindly, again by another person, approved by a third, posted by difference.

The house (tests/stock/house.py) has at A-01-01 of the main warehouse: 95 gloves, monitor SN-A, 10
stents of lot SOON. Gloves cost nothing; where a value is wanted they are bought at 2.00.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.audit.services import recorded
from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.stock.counting import services as counting
from kintsugi.stock.counting.services import Plan
from kintsugi.stock.counting.services_found import Found
from kintsugi.stock.models import (
    Move,
    Posting,
    Reservation,
    Stocktake,
    StocktakeCount,
    StocktakeLine,
    Unit,
)
from kintsugi.stock.services import Document
from tests.stock.house import House
from tests.stock.shop import AT, position
from tests.stock.truth import violations

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(house: House) -> Stocktake:
    """A stocktake of the main warehouse, frozen."""
    return begun(house)


def begun(house: House, **plan: Any) -> Stocktake:
    made = counting.plan_stocktake(
        actor=house.account, warehouse=house.main, plan=Plan(**plan), key=uuid7().hex, at=AT
    )
    return counting.start_stocktake(actor=house.account, stocktake=made.pk, at=AT)


def count(house: House, take: Stocktake, who: Any, *found: Found, place: str = "A-01-01",
          **more: Any) -> int:  # fmt: skip
    given = {"is_complete": True, "key": uuid7().hex, "at": AT, **more}
    return counting.record_counts(actor=who, stocktake=take.pk, place=place, found=found, **given)


def gloves(house: House, qty: int | str) -> Found:
    return Found(house.gloves.product_code, Decimal(qty))


def stents(house: House, qty: int, lot: str = "SOON") -> Found:
    return Found(house.stent.product_code, Decimal(qty), lot_no=lot)


def monitor(house: House, serial: str) -> Found:
    return Found(house.monitor.product_code, serial_no=serial)


def all_there(house: House) -> list[Found]:
    return [gloves(house, 95), monitor(house, "SN-A"), stents(house, 10)]


def line_of(take: Stocktake, product: Any, **more: Any) -> StocktakeLine:
    return StocktakeLine.objects.get(stocktake=take, product=product, **more)


def explained(house: House, take: Stocktake, reason: str = "picking") -> None:
    counting.finish_counting(actor=house.account, stocktake=take.pk, at=AT)
    for line in take.lines.filter(state="confirmed"):
        counting.explain_difference(actor=house.account, line=line.pk, reason=reason, note="x")


def approved(house: House, take: Stocktake, who: Any = None) -> Stocktake:
    return counting.approve_stocktake(
        actor=who or house.checker, stocktake=take.pk, reason="seen", key=uuid7().hex, at=AT
    )


def code_of(caught: Any) -> str:
    return str(caught.value.code)


def test_what_the_ledger_says_is_frozen_line_by_line(take: Stocktake, house: House) -> None:
    frozen = {
        (line.product_id, line.lot_id, line.unit_id): line.expected for line in take.lines.all()
    }
    assert frozen == {
        (house.gloves.pk, None, None): 95,
        (house.stent.pk, house.soon.pk, None): 10,
        (house.monitor.pk, None, house.sn_a.pk): 1,
    }
    assert take.status == "counting"
    again = counting.start_stocktake(actor=house.account, stocktake=take.pk, at=AT)
    assert again.lines.count() == 3


def test_a_stocktake_covers_only_what_was_planned(house: House) -> None:
    take = begun(house, products=[house.gloves.product_code])
    assert [line.product_id for line in take.lines.all()] == [house.gloves.pk]
    with pytest.raises(KintsugiError) as caught:
        count(house, take, house.account, stents(house, 10))
    assert code_of(caught) == "stocktake.not-in-plan"
    with pytest.raises(KintsugiError) as caught:
        begun(house, places=["A-01-02"])
    assert code_of(caught) == "stocktake.nothing"


def test_what_agrees_is_counted_once_and_nothing_is_posted(take: Stocktake, house: House) -> None:
    assert count(house, take, house.account, *all_there(house)) == 3
    assert set(take.lines.values_list("state", flat=True)) == {"matched"}
    explained(house, take)
    done = approved(house, take)
    assert (done.status, done.posting) == ("posted", None)


def test_a_difference_is_confirmed_by_another_person_and_posted(
    take: Stocktake, house: House
) -> None:
    found = [gloves(house, 92), monitor(house, "SN-A"), stents(house, 12)]
    count(house, take, house.account, *found)
    assert line_of(take, house.gloves).state == "recount"
    with pytest.raises(KintsugiError) as caught:
        counting.finish_counting(actor=house.account, stocktake=take.pk, at=AT)
    assert (code_of(caught), caught.value.facts["lines"]) == ("stocktake.open", 2)
    count(house, take, house.second, gloves(house, 92), stents(house, 12))
    line = line_of(take, house.gloves)
    assert (line.state, line.difference, line.counts) == ("confirmed", -3, 2)
    explained(house, take)
    done = approved(house, take)
    assert done.posting is not None
    moved = {m.product_id: (m.source.kind, m.target.kind, m.qty) for m in done.posting.moves.all()}
    assert moved == {house.gloves.pk: ("bin", "loss", 3), house.stent.pk: ("loss", "bin", 2)}
    assert house.on_hand(house.gloves, house.shelf) == 92
    assert house.on_hand(house.stent, house.shelf) == 12
    assert violations() == {}


def test_a_wrong_first_count_is_put_right_by_the_second(take: Stocktake, house: House) -> None:
    count(house, take, house.account, gloves(house, 59), monitor(house, "SN-A"), stents(house, 10))
    count(house, take, house.second, gloves(house, 95), is_complete=False)
    assert line_of(take, house.gloves).state == "matched"


def test_two_counts_that_differ_from_each_other_ask_for_a_third(
    take: Stocktake, house: House
) -> None:
    third = house.people["warehouse"]
    assert third == house.account
    count(house, take, house.account, gloves(house, 90), is_complete=False)
    count(house, take, house.second, gloves(house, 91), is_complete=False)
    assert line_of(take, house.gloves).state == "recount"
    count(house, take, house.limited, gloves(house, 91), is_complete=False)
    line = line_of(take, house.gloves)
    assert (line.state, line.difference) == ("confirmed", -4)


def test_the_same_person_does_not_count_a_line_twice(take: Stocktake, house: House) -> None:
    count(house, take, house.account, gloves(house, 90), is_complete=False)
    with pytest.raises(KintsugiError) as caught:
        count(house, take, house.account, gloves(house, 95), is_complete=False)
    assert code_of(caught) == "stocktake.counted-already"
    # The database refuses it as well.
    first = StocktakeCount.objects.get()
    again = StocktakeCount(
        line=first.line, round=2, qty=95, book=95, difference=0, counted_by=first.counted_by,
        counted_by_name="x", counted_at=AT,
    )  # fmt: skip
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="stocktake_count_by_another"),
        transaction.atomic(),
    ):
        again.save(force_insert=True)


def test_the_same_count_sent_twice_counts_once(take: Stocktake, house: House) -> None:
    for _ in range(2):
        count(house, take, house.account, gloves(house, 90), is_complete=False, key="k1")
    assert StocktakeCount.objects.count() == 1


def test_goods_that_move_while_it_runs_are_no_difference(take: Stocktake, house: House) -> None:
    """95 frozen, 20 taken away, then 75 found: the ledger said 75 at that moment."""
    with recorded(actor="test", command="test"):
        house.move("transfer", house.gloves, 20, house.shelf, house.far)
    count(house, take, house.account, gloves(house, 75), is_complete=False)
    line = line_of(take, house.gloves)
    assert (line.expected, line.book, line.difference, line.state) == (95, 75, 0, "matched")


def test_goods_that_move_after_the_count_change_nothing_of_the_difference(
    take: Stocktake, house: House
) -> None:
    for who in (house.account, house.second):
        count(house, take, who, gloves(house, 92), monitor(house, "SN-A"), stents(house, 10))
    with recorded(actor="test", command="test"):
        house.move("transfer", house.gloves, 20, house.shelf, house.far)
    explained(house, take)
    approved(house, take)
    assert house.on_hand(house.gloves, house.shelf) == 72
    assert violations() == {}


def test_a_missing_serial_is_lost_and_an_unknown_one_gained(take: Stocktake, house: House) -> None:
    for who in (house.account, house.second):
        count(house, take, who, gloves(house, 95), stents(house, 10), monitor(house, "sn-new"))
    explained(house, take, "unposted")
    approved(house, take)
    assert position(house.sn_a.pk).kind == "loss"
    assert position(Unit.objects.get(serial_no="SN-NEW").pk) == house.shelf
    assert violations() == {}


def test_a_serial_found_at_another_place_moves_and_is_not_doubled(
    take: Stocktake, house: House
) -> None:
    """SN-B is in the other warehouse's books, SN-A one shelf further."""
    rest = [gloves(house, 95), stents(house, 10)]
    for who in (house.account, house.second):
        count(house, take, who, *rest)
        count(house, take, who, monitor(house, "SN-A"), monitor(house, "SN-B"), place="A-01-02")
    explained(house, take, "put_away")
    done = approved(house, take)
    assert position(house.sn_a.pk) == position(house.sn_b.pk) == house.shelf2
    assert done.posting is not None
    assert {(m.source_id, m.target_id) for m in done.posting.moves.all()} == {
        (house.shelf.pk, house.shelf2.pk),
        (house.far.pk, house.shelf2.pk),
    }
    assert violations() == {}


def test_a_serial_that_was_sold_and_is_found_waits_for_its_return(
    take: Stocktake, house: House
) -> None:
    with recorded(actor="test", command="test"):
        house.move_units("ship", [house.sn_b], house.far, house.site)
    for who in (house.account, house.second):
        count(house, take, who, *all_there(house), monitor(house, "SN-B"))
    explained(house, take)
    with pytest.raises(KintsugiError) as caught:
        approved(house, take)
    assert (code_of(caught), caught.value.facts["serial_no"]) == (
        "stocktake.with-customer", "SN-B",
    )  # fmt: skip
    line = line_of(take, house.monitor, unit=house.sn_b)
    counting.explain_difference(actor=house.account, line=line.pk, reason="document", note="RMA 7")
    assert approved(house, take).posting is None
    assert position(house.sn_b.pk) == house.site


def test_who_counted_does_not_approve_and_the_database_says_so_too(
    take: Stocktake, house: House
) -> None:
    count(house, take, house.checker, *all_there(house))
    explained(house, take)
    with pytest.raises(KintsugiError) as caught:
        approved(house, take)
    assert code_of(caught) == "stocktake.counter"
    facts = {"status": "posted", "decided_by": house.checker.person, "decided_at": AT,
             "decision_reason": "x"}  # fmt: skip
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="has counted in it"),
        transaction.atomic(),
    ):
        Stocktake.objects.filter(pk=take.pk).update(**facts)
    assert approved(house, take, house.people["finance"]).status == "posted"


def test_a_difference_without_a_reason_is_not_posted(take: Stocktake, house: House) -> None:
    for who in (house.account, house.second):
        count(house, take, who, gloves(house, 92), monitor(house, "SN-A"), stents(house, 10))
    counting.finish_counting(actor=house.account, stocktake=take.pk, at=AT)
    with pytest.raises(KintsugiError) as caught:
        approved(house, take)
    assert code_of(caught) == "stocktake.not-ready"
    with pytest.raises(KintsugiError) as caught:
        counting.explain_difference(
            actor=house.account, line=line_of(take, house.gloves).pk, reason="unknown"
        )
    assert code_of(caught) == "stocktake.note-missing"


def test_what_is_reserved_is_not_counted_away(take: Stocktake, house: House) -> None:
    from kintsugi.stock import services

    pick = {"product_id": house.gloves.pk, "location_id": house.shelf.pk, "qty": Decimal(95)}
    with recorded(actor="test", command="test"):
        services.reserve(document=Document("order", "SO-1"), document_line=uuid7(), picks=[pick])
    for who in (house.account, house.second):
        count(house, take, who, gloves(house, 92), monitor(house, "SN-A"), stents(house, 10))
    explained(house, take)
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        approved(house, take)
    assert code_of(caught) == "stock.not-enough"
    assert Reservation.objects.get().status == "active"
    assert Stocktake.objects.get(pk=take.pk).status == "review"


def test_the_value_of_a_difference_is_its_average_cost(house: House) -> None:
    """10 probes at 3.00 and 30 at 5.00 are 4.50 each; 2 missing are 9.00."""
    with recorded(actor="test", command="test"):
        probe = house._product(f"PRB-{uuid7().hex[-8:]}", "探头", tracking="none")
        house.receive(probe, 10, cost="3")
        house.receive(probe, 30, cost="5")
    take = begun(house, products=[probe.product_code])
    for who in (house.account, house.second):
        count(house, take, who, Found(probe.product_code, Decimal(38)))
    counting.finish_counting(actor=house.account, stocktake=take.pk, at=AT)
    line = line_of(take, probe)
    assert line.unit_cost == Decimal("4.5")
    counting.explain_difference(actor=house.account, line=line.pk, reason="lost")
    done = approved(house, take)
    assert done.posting is not None
    (move,) = done.posting.moves.all()
    assert (move.qty, move.unit_cost) == (2, Decimal("4.5"))
    assert violations() == {}


def test_a_gain_comes_in_at_the_average_and_the_value_stays_the_sum_of_moves(
    house: House,
) -> None:
    with recorded(actor="test", command="test"):
        probe = house._product(f"PRB-{uuid7().hex[-8:]}", "探头", tracking="none")
        house.receive(probe, 10, cost="3")
    take = begun(house, products=[probe.product_code])
    for who in (house.account, house.second):
        count(house, take, who, Found(probe.product_code, Decimal(12)))
    explained(house, take)
    approved(house, take)
    assert Move.objects.filter(product=probe).latest("seq").unit_cost == 3
    assert violations() == {}


def test_an_approval_is_not_given_again_by_somebody_else(take: Stocktake, house: House) -> None:
    rows = all_there(house)
    for who in (house.account, house.people["finance"]):
        count(house, take, who, Found(house.gloves.product_code, Decimal(90)), *rows[1:])
    explained(house, take)
    approved(house, take)
    with pytest.raises(IllegalTransition):
        approved(house, take, house.people["quality"])
    assert Stocktake.objects.get(pk=take.pk).decided_by_id == house.checker.person_id
    assert Posting.objects.filter(document_no=take.number).count() == 1


def test_a_finished_or_cancelled_stocktake_is_counted_no_more(
    take: Stocktake, house: House
) -> None:
    counting.cancel_stocktake(actor=house.account, stocktake=take.pk, reason="wrong day", at=AT)
    first = Stocktake.objects.get(pk=take.pk)
    again = counting.cancel_stocktake(
        actor=house.account, stocktake=take.pk, reason="twice", at=AT + timedelta(days=1)
    )
    assert (again.version, again.decision_reason) == (first.version, "wrong day")
    with pytest.raises(KintsugiError) as caught:
        count(house, take, house.account, *all_there(house))
    assert code_of(caught) == "stocktake.not-counting"
    with pytest.raises(IllegalTransition):
        counting.start_stocktake(actor=house.account, stocktake=take.pk, at=AT)


def test_the_frozen_figures_are_not_changed_by_hand(take: Stocktake, house: House) -> None:
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="stays as it was frozen"),
        transaction.atomic(),
    ):
        take.lines.filter(product=house.gloves).update(expected=92)
    count(house, take, house.account, *all_there(house))
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("update stock_stocktakecount set qty = 1")


def test_a_count_posting_that_nobody_approved_does_not_commit(house: House) -> None:
    from kintsugi.stock import services

    before = Posting.objects.count()
    with (
        pytest.raises(DatabaseError, match="was approved by nobody"),
        transaction.atomic(),
        recorded(actor="test", command="test"),
    ):
        house.move_and_commit("count", house.gloves, 3, house.shelf, services.world("loss"))
    assert Posting.objects.count() == before


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"product_code": "NOBODY"}, "stock.unknown-product-code"),
        ({"qty": Decimal(-1)}, "stock.quantity"),
        ({"product": "monitor"}, "stock.not-tracked"),
        ({"product": "stent"}, "stock.not-tracked"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_counted(
    take: Stocktake, house: House, found: dict[str, Any], code: str
) -> None:
    product = getattr(house, found.pop("product", "gloves"))
    given = Found(**{"product_code": product.product_code, "qty": Decimal(1), **found})
    with pytest.raises(KintsugiError) as caught, transaction.atomic():
        count(house, take, house.account, gloves(house, 95), given)
    assert (code_of(caught), caught.value.facts["line"]) == (code, 2)
    assert not StocktakeCount.objects.exists()


def test_units_of_a_product_that_is_not_tracked_by_serial_are_counted_once(house: House) -> None:
    """Cables are not tracked; 5 lie there, 2 of them with a serial number: 3 and 1 and 1."""
    from kintsugi.stock import services

    with recorded(actor="test", command="test"):
        cable = house._product(f"CBL-{uuid7().hex[-8:]}", "导线", tracking="none")
        house.receive(cable, 3)
        units = services.register_units(
            product=cable.pk, serials=["C-1", "C-2"], outside=house.outside, quality="qualified"
        )
        house.move_units("receipt", list(units.values()), house.outside, house.shelf)
    take = begun(house, products=[cable.product_code])
    assert sorted(take.lines.values_list("expected", flat=True)) == [1, 1, 3]
    found = [Found(cable.product_code, Decimal(3)), Found(cable.product_code, serial_no="C-1"),
             Found(cable.product_code, serial_no="C-2")]  # fmt: skip
    count(house, take, house.account, *found)
    assert set(take.lines.values_list("state", flat=True)) == {"matched"}
