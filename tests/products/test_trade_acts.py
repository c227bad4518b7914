"""What an approval rests on changes under two persons; duplicates are merged and taken apart."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.core.events import HANDLERS
from kintsugi.core.ids import uuid7
from kintsugi.core.models import Event
from kintsugi.core.verdicts import failed
from kintsugi.devices.models import Device
from kintsugi.identity.control import services as control
from kintsugi.identity.control.models import Act
from kintsugi.parties import services as parties
from kintsugi.parties.models import Merge, Party, Qualification
from kintsugi.parties.selectors import find_by_name
from kintsugi.products import selectors
from kintsugi.products.models import Certificate, FirstReview, Product
from kintsugi.products.services import close_first_review
from kintsugi.stock.models import Location
from tests.identity.control.people import account, decided, executed, verified
from tests.products.trade import AT, TODAY, Trade, day


class Hands:
    """An author, an approver and one who did neither."""

    def __init__(self) -> None:
        self.author, self.approver, self.third = account("甲"), account("乙"), account("丙")

    def draft(self, act_kind: str, subject: Any, /, **typed: str) -> Act:
        made = control.draft_typed(
            kind=act_kind, subject_id=subject.pk, typed=typed, reason="换证", account=self.author,
            at=timezone.now(), key=uuid7().hex,
        )  # fmt: skip
        return control.submit_act(act_id=made.pk, account=self.author, at=timezone.now())

    def carry_out(self, act: Act) -> Act:
        return executed(decided(act, self.approver), self.author)

    def do(self, act_kind: str, subject: Any, /, **typed: str) -> Act:
        return self.carry_out(self.draft(act_kind, subject, **typed))


@pytest.fixture
def hands(trade: Trade) -> Hands:
    return Hands()


def refused_by_database(statement: str, params: list[Any], code: str) -> None:
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
    assert error.value.__cause__.sqlstate == code  # type: ignore[union-attr]


# -- licences and certificates of what was approved ------------------------------------------------


def test_a_licence_of_an_approved_party_is_not_changed_or_added_by_one_person(
    trade: Trade,
) -> None:
    hospital = trade.hospital()
    with pytest.raises(KintsugiError) as refused:
        trade.licence(hospital, "quality_agreement")
    assert refused.value.code == "licence.needs-approval"
    licence = Qualification.objects.get(party=hospital)
    refused_by_database(
        "update parties_qualification set valid_to = '2040-01-01' where id = %s", [licence.pk],
        "KT115",
    )  # fmt: skip


def test_a_renewed_licence_takes_two_persons_and_ends_the_lock(trade: Trade, hands: Hands) -> None:
    hospital = trade.party("医院", "customer", customer_type="hospital")
    licence = trade.licence(hospital, "medical_institution_permit", until="2026-12-31")
    trade.approve("customer", hospital)
    product = trade.traded("P-1")

    def reasons(on: str) -> list[str]:
        found = selectors.trade_verdicts(
            party=hospital.pk, products=[product.pk], role="customer", on=day(on)
        )
        return [str(one.facts["reason"]) for one in failed(found[product.pk])]

    assert reasons("2027-01-01") == ["review-locked", "licence-expired"]
    act = hands.draft("licence.record", hospital, id=str(licence.pk), valid_to="2031-12-31")
    assert reasons("2027-01-01") == ["review-locked", "licence-expired"]
    done = hands.carry_out(act)
    assert done.status == "executed"
    assert reasons("2027-01-01") == []
    verified(done, hands.third)
    licence.refresh_from_db()
    assert (licence.valid_to, licence.version) == (day("2031-12-31"), 2)


def test_the_author_of_a_licence_request_does_not_approve_it(trade: Trade, hands: Hands) -> None:
    hospital = trade.hospital()
    act = hands.draft(
        "licence.record", hospital, kind="quality_agreement", number="QA-1",
        valid_from="2026-01-01", valid_to="2027-01-01",
    )  # fmt: skip
    with pytest.raises(KintsugiError) as refused:
        decided(act, hands.author)
    assert refused.value.code == "control.self-approval"
    assert hands.carry_out(act).status == "executed"
    assert Qualification.objects.filter(party=hospital, number="QA-1").exists()


def test_revoking_needs_one_person_only_since_it_locks(trade: Trade) -> None:
    hospital = trade.hospital()
    licence = Qualification.objects.get(party=hospital)
    parties.revoke_licence(
        actor=trade.reviewer, licence=licence.pk, on=TODAY, reason="吊销公告", at=AT
    )
    with pytest.raises(KintsugiError) as refused:
        parties.revoke_licence(
            actor=trade.reviewer, licence=licence.pk, on=TODAY, reason="again", at=AT
        )
    assert refused.value.code == "licence.stays-revoked"
    other = trade.licence(trade.maker, "quality_agreement")
    parties.revoke_licence(actor=trade.asker, licence=other.pk, on=TODAY, reason="x", at=AT)
    for licence_id, code in ((licence.pk, "KT115"), (other.pk, "KT111")):
        refused_by_database(
            "update parties_qualification set revoked_on = null where id = %s", [licence_id], code
        )


def test_a_certificate_of_an_approved_product_is_added_under_two_persons(
    trade: Trade, hands: Hands
) -> None:
    product = trade.traded("P-1")
    with pytest.raises(KintsugiError) as refused:
        trade.certificate(product, number="CERT-NEW")
    assert refused.value.code == "licence.needs-approval"
    done = hands.do(
        "certificate.record", product, kind="registration", number="CERT-NEW",
        valid_from="2028-01-01", valid_to="2032-12-31",
    )  # fmt: skip
    assert done.status == "executed"
    made = Certificate.objects.get(number="CERT-NEW")
    assert made.holder_id == trade.maker.pk
    changed = hands.do("certificate.record", product, id=str(made.pk), valid_to="2033-12-31")
    assert changed.status == "executed"
    made.refresh_from_db()
    assert made.valid_to == day("2033-12-31")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": "driving", "number": "1", "valid_from": "2026-01-01"}, "kind"),
        ({"kind": "quality_agreement", "number": "1", "valid_from": "yesterday"}, "valid_from"),
        ({"kind": "quality_agreement", "number": "1", "valid_from": ""}, "valid_from"),
        ({"kind": "quality_agreement", "number": "1", "valid_from": "2026-01-01",
          "products": "NOPE"}, "products"),
        ({"id": "x"}, "id"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_read_names_its_field(
    trade: Trade, hands: Hands, typed: dict[str, str], field: str
) -> None:
    with pytest.raises(KintsugiError) as refused:
        hands.draft("licence.record", trade.maker, **typed)
    assert refused.value.facts["field"] == field


# -- first reviews ---------------------------------------------------------------------------------


def test_an_incomplete_first_review_is_not_approved_by_anybody(trade: Trade) -> None:
    from kintsugi.products.services import review_first, submit_first_review

    hospital = trade.party("医院", "customer", customer_type="hospital")
    asked = trade.asked("customer", hospital)
    submit_first_review(actor=trade.asker, review=asked.pk, at=AT)
    with pytest.raises(KintsugiError) as refused:
        review_first(actor=trade.reviewer, review=asked.pk, opinion="ok", at=AT)
    assert refused.value.code == "review.incomplete"
    assert sorted(refused.value.facts["papers"]) == ["class-III", "medical_institution_permit"]
    refused_by_database(
        "update products_firstreview set status = 'in_approval', reviewed_by_id = %s,"
        " reviewed_at = now() where id = %s; update products_firstreview set status = 'effective',"
        " approved_by_id = %s, approved_at = now(), effective_from = '2026-11-22' where id = %s",
        [trade.reviewer.person_id, asked.pk, trade.approver.person_id, asked.pk], "KT113",
    )  # fmt: skip


def test_three_persons_take_part_and_the_database_counts_them_too(trade: Trade) -> None:
    from kintsugi.products.services import approve_first_review, review_first, submit_first_review

    hospital = trade.party("医院", "customer", customer_type="hospital")
    trade.licence(hospital, "medical_institution_permit")
    asked = trade.asked("customer", hospital)
    submit_first_review(actor=trade.asker, review=asked.pk, at=AT)
    for who in (trade.asker,):
        with pytest.raises(KintsugiError, match="different persons"):
            review_first(actor=who, review=asked.pk, opinion="ok", at=AT)
    review_first(actor=trade.reviewer, review=asked.pk, opinion="ok", at=AT)
    with pytest.raises(IllegalTransition):  # nobody takes the place of who reviewed it
        review_first(actor=trade.approver, review=asked.pk, opinion="ok", at=AT)
    for who in (trade.asker, trade.reviewer):
        with pytest.raises(KintsugiError, match="different persons"):
            approve_first_review(actor=who, review=asked.pk, reason="ok", at=AT)
        refused_by_database(
            "update products_firstreview set status = 'effective', approved_by_id = %s,"
            " approved_at = now(), effective_from = '2026-11-22' where id = %s",
            [who.person_id, asked.pk], "23514",
        )  # fmt: skip
    approve_first_review(actor=trade.approver, review=asked.pk, reason="ok", at=AT)


def test_a_later_review_replaces_the_one_before_and_an_ended_one_locks(trade: Trade) -> None:
    hospital, product = trade.hospital(), trade.traded("P-1")
    first = FirstReview.objects.get(party=hospital)
    second = trade.approve("customer", hospital, ("I", "II", "III"))
    first.refresh_from_db()
    assert (first.status, second.status) == ("replaced", "effective")
    close_first_review(
        actor=trade.reviewer, review=second.pk, outcome="ended", reason="终止合作", at=AT
    )
    found = selectors.trade_verdicts(
        party=hospital.pk, products=[product.pk], role="customer", on=TODAY
    )
    assert [v.facts["reason"] for v in failed(found[product.pk])] == ["review-missing"]
    assert selectors.standings(
        role="customer", subjects=[hospital.pk], on=TODAY
    )[hospital.pk].state == "stopped"  # fmt: skip


@pytest.mark.parametrize(
    ("on", "state"),
    [("2026-11-22", "near_expiry"), ("2026-12-31", "near_expiry"), ("2027-01-01", "expired")],
)
def test_where_a_party_stands_follows_from_the_earliest_end_of_its_papers(
    trade: Trade, on: str, state: str
) -> None:
    dealer = trade.party("经销商", "customer", customer_type="dealer")
    trade.licence(dealer, "business_licence", until="2030-01-01")
    trade.licence(dealer, "operating_permit", until="2026-12-31")
    trade.approve("customer", dealer)
    found = selectors.standings(role="customer", subjects=[dealer.pk], on=day(on))[dealer.pk]
    assert (found.state, found.ends_on) == (state, day("2026-12-31"))


# -- events ----------------------------------------------------------------------------------------


def test_each_end_is_told_of_once_at_each_distance(trade: Trade) -> None:
    assert "parties.licence-ending" not in HANDLERS
    trade.licence(trade.maker, "quality_agreement", "QA", until="2026-12-31")
    trade.licence(trade.maker, "sales_person_proxy", "FAR", until="2028-12-31")

    def told(at: str) -> list[tuple[str, int]]:
        parties.tell_ending(at=dt.datetime.fromisoformat(f"{at}T01:00:00+08:00"))
        found = Event.objects.filter(type__startswith="parties.licence-").order_by("at", "id")
        return [(one.type.removeprefix("parties.licence-"), one.facts["within_days"])
                for one in found]  # fmt: skip

    assert told("2026-10-01") == []  # 91 days before
    assert told("2026-10-02") == [("ending", 90)]
    assert told("2026-10-03") == [("ending", 90)]
    assert told("2026-11-01") == [("ending", 90), ("ending", 60)]
    assert told("2026-12-31") == [("ending", 90), ("ending", 60), ("ending", 30)]
    assert told("2027-01-01")[-1] == ("ended", 0)
    assert len(told("2027-01-02")) == 4


# -- merging ---------------------------------------------------------------------------------------


def _two_hospitals(trade: Trade) -> tuple[Party, Party, Product]:
    keep = trade.party("示例市第一人民医院", "customer", customer_type="hospital")
    drop = trade.party("示例市一院", "customer", customer_type="hospital")
    return keep, drop, trade.product("P-1")


def test_a_merge_moves_every_reference_and_undoing_puts_exactly_these_back(
    trade: Trade, hands: Hands
) -> None:
    from kintsugi.stock.services import place_of

    keep, drop, product = _two_hospitals(trade)
    own = Device.objects.create(serial_no="K-1", product=product, customer=keep)
    moved = [Device.objects.create(serial_no=f"D-{n}", product=product, customer=drop)
             for n in range(3)]  # fmt: skip
    licence = trade.licence(drop, "medical_institution_permit")
    places = [place_of(keep.pk), place_of(drop.pk)]

    act = hands.draft("party.merge", keep, drop="示例市一院")
    assert Device.objects.filter(customer=drop).count() == 3
    done = hands.carry_out(act)
    assert done.status == "executed", done.execution.result
    assert set(Device.objects.filter(customer=keep)) == {own, *moved}
    licence.refresh_from_db()
    assert licence.party_id == keep.pk
    assert set(Location.objects.filter(party=keep)) == set(places)
    drop.refresh_from_db()
    assert (drop.is_void, drop.merged_into_id) == (True, keep.pk)
    assert act.number in drop.void_reason
    verified(done, hands.third)

    undo = control.undo_act(
        act_id=done.pk, reason="并非同一家", account=hands.author, at=timezone.now(),
        key=uuid7().hex,
    )  # fmt: skip
    control.submit_act(act_id=undo.pk, account=hands.author, at=timezone.now())
    back = hands.carry_out(Act.objects.get(pk=undo.pk))
    assert back.status == "executed", back.execution.result
    assert list(Device.objects.filter(customer=keep)) == [own]
    assert set(Device.objects.filter(customer=drop)) == set(moved)
    drop.refresh_from_db()
    assert (drop.is_void, drop.merged_into_id) == (False, None)
    assert Location.objects.get(party=drop) == places[1]
    assert Merge.objects.get().undone_act == undo.number


def test_an_undo_names_what_points_elsewhere_by_now_and_changes_nothing(
    trade: Trade, hands: Hands
) -> None:
    keep, drop, product = _two_hospitals(trade)
    third = trade.party("第三家", "customer")
    device = Device.objects.create(serial_no="D-1", product=product, customer=drop)
    other = Device.objects.create(serial_no="D-2", product=product, customer=drop)
    done = hands.do("party.merge", keep, drop=str(drop.pk))
    Device.objects.filter(pk=device.pk).update(customer=third)
    undo = control.undo_act(
        act_id=done.pk, reason="x", account=hands.author, at=timezone.now(), key=uuid7().hex
    )
    control.submit_act(act_id=undo.pk, account=hands.author, at=timezone.now())
    back = hands.carry_out(Act.objects.get(pk=undo.pk))
    assert back.status == "failed"
    assert back.execution.result["error"]["code"] == "merge.changed"
    assert "devices_device.customer_id: 1" in back.execution.result["error"]["en"]
    other.refresh_from_db()
    drop.refresh_from_db()
    assert (other.customer_id, drop.is_void) == (keep.pk, True)


def test_nobody_merges_alone_not_even_by_sql(trade: Trade) -> None:
    keep, drop, _ = _two_hospitals(trade)
    refused_by_database(
        "update parties_party set merged_into_id = %s, is_void = true where id = %s",
        [keep.pk, drop.pk], "KT117",
    )  # fmt: skip


def test_a_product_in_the_ledger_is_not_merged_away_and_nothing_moves(
    trade: Trade, hands: Hands
) -> None:
    from kintsugi.stock import services as stock
    from kintsugi.stock.services import Line

    keep, drop = trade.product("KEEP"), trade.product("DROP", tracking="none")
    trade.certificate(drop)
    house = stock.open_warehouse(actor="test", code="W", name="仓")
    shelf = Location.objects.get(warehouse=house, code="QUARANTINE")
    line = Line(product=drop.pk, source=stock.world("opening").pk, target=shelf.pk, qty=5,
                source_quality="pending")  # fmt: skip
    stock.post(actor="test", kind="opening", lines=[line], key="x", at=AT, reason="x")
    done = hands.do("product.merge", keep, drop="DROP")
    assert done.status == "failed"
    assert done.execution.result["error"]["code"] == "merge.refused"
    drop.refresh_from_db()
    assert not drop.is_void
    assert not Merge.objects.exists()
    assert drop.certified.count() == 1


def test_products_without_goods_are_merged_with_identifiers_and_certificates(
    trade: Trade, hands: Hands
) -> None:
    keep, drop = trade.product("KEEP"), trade.product("DROP")
    certificate = trade.certificate(drop)
    done = hands.do("product.merge", keep, drop="drop")
    assert done.status == "executed", done.execution.result
    assert keep.certified.get().certificate == certificate
    drop.refresh_from_db()
    assert drop.merged_into_id == keep.pk


def test_what_was_merged_away_does_not_come_back_with_the_next_file(
    trade: Trade, hands: Hands
) -> None:
    import polars as pl

    keep, drop, _ = _two_hospitals(trade)
    hands.do("party.merge", keep, drop=str(drop.pk))
    found = find_by_name(pl.Series(["示例市一院"]))
    assert found["id"].to_list() == [str(keep.pk)]
