"""Who may trade what: each rule with a hand-worked truth, in Python and in the database alike."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.verdicts import failed
from kintsugi.parties import services as parties
from kintsugi.parties.models import Party, Qualification
from kintsugi.parties.services import LicenceFacts
from kintsugi.products import selectors
from kintsugi.products.models import Product
from kintsugi.products.selectors import Made
from tests.products.trade import AT, TODAY, Trade, day


def faults(party: Any, product: Any, role: str = "customer", on: dt.date = TODAY,
           region: str | None = None) -> list[str]:  # fmt: skip
    """What stands against a trade; both ways of asking must say the same."""
    found = selectors.trade_verdicts(
        party=party.pk, products=[product.pk], role=role, on=on, region=region
    )[product.pk]
    reasons = [str(one.facts["reason"]) for one in failed(found)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason from trade_faults(%s, %s, %s, %s, %s)",
            [party.pk, [product.pk], role, on, region],
        )
        assert sorted(row[0] for row in cursor.fetchall()) == sorted(reasons)
    return reasons


def lot(
    product: Any, made: str | None, expires: str | None = None, on: dt.date = TODAY
) -> list[str]:
    one = Made(product.pk, day(made) if made else None, day(expires) if expires else None)
    found = selectors.certificate_verdicts([one], on)[0]
    reasons = [str(v.facts["reason"]) for v in failed(found)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason from certificate_faults(%s, %s, %s, %s)",
            [[one.product], [one.mfg_date], [one.expiry_date], on],
        )
        assert sorted(row[0] for row in cursor.fetchall()) == sorted(reasons)
    return reasons


# -- the state of a licence on a day ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "state"),
    [
        ("2026-01-31", "not_yet"),
        ("2026-02-01", "valid"),  # its first day; 149 days before the end of June
        ("2026-04-01", "near_90"),  # 30 Jun is 90 days on: 29 + 31 + 30
        ("2026-03-31", "valid"),
        ("2026-05-01", "near_60"),  # 30 + 30
        ("2026-05-31", "near_30"),
        ("2026-06-30", "near_30"),  # the last day counts
        ("2026-07-01", "expired"),
    ],
)
@pytest.mark.django_db
def test_a_licence_is_usable_through_its_last_day_and_warns_in_three_steps(
    on: str, state: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select s, licence_is_usable(s) from licence_status(%s, %s, null, %s) s",
            [day("2026-02-01"), day("2026-06-30"), day(on)],
        )
        assert cursor.fetchone() == (state, state not in ("not_yet", "expired"))


@pytest.mark.django_db
def test_a_revoked_licence_is_revoked_from_that_day_on_and_a_long_term_one_never_ends() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select licence_status(d, null, r, o) from (values"
            " ('2026-01-01'::date, '2026-05-05'::date, '2026-05-04'::date),"
            " ('2026-01-01', '2026-05-05', '2026-05-05'), ('2026-01-01', null, '2099-01-01')"
            ") v (d, r, o)"
        )
        assert [row[0] for row in cursor.fetchall()] == ["valid", "revoked", "valid"]


# -- customers -------------------------------------------------------------------------------------


def test_a_hospital_with_its_permit_and_both_reviews_may_buy(trade: Trade) -> None:
    assert faults(trade.hospital(), trade.traded("P-1")) == []


def test_without_first_reviews_both_are_named(trade: Trade) -> None:
    hospital = trade.party("新医院", "customer", customer_type="hospital")
    trade.licence(hospital, "medical_institution_permit")
    product = trade.product("P-1")
    trade.certificate(product)
    assert faults(hospital, product) == ["review-missing", "product-not-reviewed"]


def test_a_hospital_s_permit_that_ended_yesterday_locks_and_says_which(trade: Trade) -> None:
    hospital = trade.party("医院", "customer", customer_type="hospital")
    trade.licence(hospital, "medical_institution_permit", "YL-1", until="2026-11-22")
    trade.approve("customer", hospital)
    product = trade.traded("P-1")
    assert faults(hospital, product) == []
    tomorrow = TODAY + dt.timedelta(days=1)
    assert faults(hospital, product, on=tomorrow) == ["review-locked", "licence-expired"]
    [_, licence] = failed(selectors.trade_verdicts(
        party=hospital.pk, products=[product.pk], role="customer", on=tomorrow
    )[product.pk])  # fmt: skip
    assert "YL-1" in licence.why.zh
    assert "2026-11-22" in licence.why.en
    assert licence.remedy.zh


def test_a_dealer_of_class_two_needs_a_filing_or_a_permit_for_it(trade: Trade) -> None:
    dealer = trade.party("经销商", "customer", customer_type="dealer")
    trade.licence(dealer, "business_licence", until=None)
    trade.licence(dealer, "operating_filing", until=None, classes=["II"], categories=["07-04"])
    trade.approve("customer", dealer, ("II",))
    assert faults(dealer, trade.traded("P-2", device_class="II")) == []
    three = trade.traded("P-3")
    # No permit for class III, and the review was not for it.
    assert faults(dealer, three) == ["review-class", "licence-missing"]


def test_a_permit_of_class_three_covers_class_two_only_where_it_says_so(trade: Trade) -> None:
    dealer = trade.party("经销商", "customer", customer_type="dealer")
    trade.licence(dealer, "business_licence", until=None)
    trade.licence(dealer, "operating_permit", classes=["III"])
    trade.licence(dealer, "operating_filing", until=None, classes=["II"], categories=["14"])
    trade.approve("customer", dealer, ("II", "III"))
    assert faults(dealer, trade.traded("P-2", device_class="II")) == ["scope-lacks"]
    assert faults(dealer, trade.traded("P-3")) == []


@pytest.mark.parametrize(
    ("categories", "category", "covered"),
    [
        (["07"], "07-04-01", True),
        (["07-04"], "07-04-01", True),
        (["07-04-01"], "070401", True),  # a hyphen more or less is no difference
        (["07-04-02"], "07-04-01", False),
        (["07-04-01"], "07-04", False),  # the part does not cover the whole
        (["6821"], "6821", True),
        (["02", "07"], "14-01", False),
    ],
)
def test_a_category_stands_for_all_below_it(
    trade: Trade, categories: list[str], category: str, covered: bool
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select licence_covers(%s, '{II,III}', %s, 'III'),"
            " licence_covers(%s, '{II}', %s, 'III')",
            [categories, category, categories, category],
        )
        assert cursor.fetchone() == (covered, False)


def test_class_one_asks_a_dealer_for_the_business_licence_alone(trade: Trade) -> None:
    dealer = trade.party("经销商", "customer", customer_type="dealer")
    trade.licence(dealer, "business_licence", until=None)
    trade.approve("customer", dealer, ("I",))
    assert faults(dealer, trade.traded("P-1", device_class="I")) == []


def test_individuals_buy_class_two_without_a_licence_and_never_class_three(trade: Trade) -> None:
    person = trade.party("张三", "customer", customer_type="individual")
    trade.approve("customer", person, ("I", "II"))
    assert faults(person, trade.traded("P-2", device_class="II")) == []
    assert faults(person, trade.traded("P-3")) == ["review-class", "class-not-sold"]


@pytest.mark.parametrize("kind", [None, "", "embassy"])
def test_an_unknown_customer_type_is_a_failure_that_names_the_field(
    trade: Trade, kind: str | None
) -> None:
    party = trade.party("某单位", "customer", customer_type=kind)
    found = selectors.trade_verdicts(
        party=party.pk, products=[trade.traded("P-1").pk], role="customer", on=TODAY
    )
    [data] = [one for verdicts in found.values() for one in verdicts if one.check == "data"]
    assert not data.passed
    assert data.facts["fields"] == ["customer_type"]
    assert "客户类型" in data.why.zh


def test_unknown_class_and_category_are_named_and_no_licence_is_guessed(trade: Trade) -> None:
    hospital = trade.hospital()
    product = trade.product("P-9", device_class=None, category_code=None)
    found = selectors.trade_verdicts(
        party=hospital.pk, products=[product.pk], role="customer", on=TODAY
    )[product.pk]
    [data] = [one for one in found if one.check == "data"]
    assert data.facts["fields"] == ["device_class", "category_code"]
    assert not [one for one in found if one.check in ("licence", "scope", "certificate")]


def test_a_service_without_a_class_asks_for_no_certificate_but_for_a_known_customer(
    trade: Trade,
) -> None:
    service = trade.product("S-1", device_class=None, category_code=None, item_kind="service")
    assert faults(trade.hospital(), service) == []
    nobody = trade.party("新医院", "customer", customer_type="hospital")
    assert faults(nobody, service) == ["review-missing"]


# -- suppliers -------------------------------------------------------------------------------------


def test_a_supplier_that_is_not_the_maker_needs_an_authorisation_for_the_product(
    trade: Trade,
) -> None:
    one, other = trade.traded("P-1"), trade.traded("P-2")
    supplier = trade.supplier("供应商", one)
    assert faults(supplier, one, "supplier") == []
    assert faults(supplier, other, "supplier") == ["authorisation-missing"]


def test_an_authorisation_for_a_province_is_not_for_another_nor_for_a_place_not_said(
    trade: Trade,
) -> None:
    from kintsugi.products.services import authorise_products

    product = trade.traded("P-1")
    supplier = trade.party("供应商", "supplier")
    for kind in ("business_licence", "quality_agreement", "sales_person_proxy",
                 "operating_permit"):  # fmt: skip
        trade.licence(supplier, kind)
    paper = trade.licence(supplier, "authorisation", territory=["440000"])
    authorise_products(actor=trade.asker, licence=paper.pk, products=[product.pk], key="a", at=AT)
    trade.approve("supplier", supplier)
    assert faults(supplier, product, "supplier", region="440304") == []
    assert faults(supplier, product, "supplier", region="110105") == ["authorisation-elsewhere"]
    assert faults(supplier, product, "supplier") == ["authorisation-elsewhere"]


def test_the_maker_itself_needs_no_authorisation(trade: Trade) -> None:
    product = trade.traded("P-1")
    for kind in ("business_licence", "quality_agreement", "sales_person_proxy",
                 "production_permit"):  # fmt: skip
        trade.licence(trade.maker, kind)
    trade.approve("supplier", trade.maker)
    assert faults(trade.maker, product, "supplier") == []


def test_the_end_of_the_quality_agreement_locks_a_supplier_whatever_else_is_valid(
    trade: Trade,
) -> None:
    product = trade.traded("P-1")
    supplier = trade.party("供应商", "supplier")
    for kind in ("business_licence", "sales_person_proxy", "operating_permit"):
        trade.licence(supplier, kind)
    trade.licence(supplier, "quality_agreement", "QA-7", until="2026-12-31")
    trade.approve("supplier", supplier)
    later = faults(supplier, product, "supplier", on=day("2027-01-01"))
    assert later == ["review-locked", "authorisation-missing"]


def test_what_is_out_of_distribution_is_not_bought_but_may_be_sold(trade: Trade) -> None:
    product = trade.traded("P-1", distribution_status="not_in_distribution")
    assert faults(trade.supplier("供应商", product), product, "supplier") == ["product-stopped"]
    assert faults(trade.hospital(), product) == []


# -- certificates and lots -------------------------------------------------------------------------


def test_a_lot_made_on_the_last_day_of_the_certificate_is_sold_later_one_made_after_is_not(
    trade: Trade,
) -> None:
    product = trade.product("P-1")
    trade.certificate(product, start="2021-06-01", until="2026-05-31")
    assert lot(product, "2026-05-31") == []
    assert lot(product, "2021-06-01") == []
    assert lot(product, "2026-06-01") == ["lot-outside"]
    assert lot(product, "2021-05-31") == ["lot-outside"]


def test_the_renewed_certificate_covers_what_the_first_one_does_not(trade: Trade) -> None:
    product = trade.product("P-1")
    trade.certificate(product, start="2021-06-01", until="2026-05-31")
    trade.certificate(product, start="2026-06-01", until="2031-05-31")
    assert lot(product, "2026-06-01") == []


def test_an_unknown_production_date_is_a_failure_and_expiry_counts_through_its_day(
    trade: Trade,
) -> None:
    product = trade.traded("P-1")
    assert lot(product, None) == ["mfg-date-missing"]
    assert lot(product, "2026-01-01", "2026-11-22") == []
    assert lot(product, "2026-01-01", "2026-11-21") == ["expired"]
    Product.objects.filter(pk=product.pk).update(expiry_in_udi=True)
    assert lot(product, "2026-01-01") == ["expiry-missing"]


def test_a_withdrawn_certificate_stops_what_was_made_under_it(trade: Trade) -> None:
    from kintsugi.products.services import withdraw_certificate

    product = trade.product("P-1")
    paper = trade.certificate(product)
    withdraw_certificate(
        actor=trade.reviewer, certificate=paper.pk, on=TODAY, reason="注销公告", at=AT
    )
    assert lot(product, "2025-01-01") == ["certificate-revoked"]
    assert lot(product, "2025-01-01", on=day("2026-11-21")) == []


def test_a_filing_has_no_end_and_a_product_without_paper_is_named(trade: Trade) -> None:
    one, bare = trade.product("P-1", device_class="I"), trade.product("P-2", device_class="I")
    trade.certificate(one, kind="filing", start="2015-01-01", until=None)
    assert lot(one, "2026-11-01") == []
    assert lot(bare, "2026-11-01") == ["certificate-missing"]


def test_two_thousand_products_are_judged_in_two_statements(
    trade: Trade, django_assert_num_queries: Any
) -> None:
    hospital, product = trade.hospital(), trade.traded("P-1")
    many = [product.pk, *(uuid4() for _ in range(1999))]
    with django_assert_num_queries(2):
        found = selectors.trade_verdicts(
            party=hospital.pk, products=many, role="customer", on=TODAY
        )
    assert len(found) == 2000
    assert failed(found[product.pk]) == []
    assert {str(v.facts["reason"]) for v in failed(found[many[1]])} == {
        "product-not-reviewed", "product-unknown",
    }  # fmt: skip


# -- licences as they are registered ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"number": "  "}, "licence.number-missing", "number"),
        ({"kind": "driving"}, "licence.kind-unknown", "kind"),
        ({"valid_to": None}, "licence.end-missing", "valid_to"),
        ({"valid_to": "2023-12-31"}, "licence.dates", "valid_to"),
        ({"categories": []}, "licence.scope-missing", "categories"),
        ({"classes": []}, "licence.scope-missing", "classes"),
        ({"categories": ["所有"]}, "licence.scope-unknown", "categories"),
        ({"categories": ["0"]}, "licence.scope-unknown", "categories"),
    ],
)
def test_a_licence_that_cannot_be_right_is_refused_at_its_field(
    trade: Trade, values: dict[str, Any], code: str, field: str
) -> None:
    given: dict[str, Any] = {
        "kind": "operating_permit", "number": "粤007", "valid_from": day("2024-01-01"),
        "valid_to": day("2028-12-31"), "categories": ["07"], "classes": ["III"],
    }  # fmt: skip
    given |= values
    if isinstance(given["valid_to"], str):
        given["valid_to"] = day(given["valid_to"])
    with pytest.raises(KintsugiError) as refused:
        parties.register_licence(
            actor=trade.asker, party=trade.maker.pk, facts=LicenceFacts(**given), key="k", at=AT
        )
    assert (refused.value.code, refused.value.facts.get("field")) == (code, field)


def test_one_number_is_one_licence_of_its_kind_and_the_same_key_the_same_licence(
    trade: Trade,
) -> None:
    facts = LicenceFacts(kind="quality_agreement", number="qa 1", valid_from=TODAY,
                         valid_to=day("2027-01-01"))  # fmt: skip
    first = parties.register_licence(
        actor=trade.asker, party=trade.maker.pk, facts=facts, key="k", at=AT
    )
    again = parties.register_licence(
        actor=trade.asker, party=trade.maker.pk, facts=facts, key="k", at=AT
    )
    assert first == again
    assert first.number == "QA1"
    with pytest.raises(KintsugiError, match="has this number already"):
        parties.register_licence(
            actor=trade.asker, party=trade.maker.pk, facts=facts, key="other", at=AT
        )
    assert Qualification.objects.filter(number="QA1").count() == 1


# -- unlocks ---------------------------------------------------------------------------------------


def _ended(trade: Trade) -> tuple[Party, Qualification]:
    hospital = trade.party("医院", "customer", customer_type="hospital")
    licence = trade.licence(hospital, "medical_institution_permit", until="2026-11-20")
    before = dt.datetime(2026, 11, 19, 9, tzinfo=dt.UTC)
    trade.approve("customer", hospital, at=before)
    return hospital, licence


def _unlock(trade: Trade, licence: Qualification, last: str) -> Any:
    return parties.request_unlock(
        actor=trade.asker, licence=licence.pk, first_day=TODAY, last_day=day(last),
        reason="换证中,已受理", key=uuid7().hex, at=AT,
    )  # fmt: skip


def test_an_unlock_by_two_persons_lets_trade_go_on_for_its_days_only(trade: Trade) -> None:
    hospital, licence = _ended(trade)
    product = trade.traded("P-1")
    assert faults(hospital, product) == ["review-locked", "licence-expired"]
    asked = _unlock(trade, licence, "2026-12-21")
    assert faults(hospital, product) == ["review-locked", "licence-expired"]
    parties.decide_unlock(
        actor=trade.approver, unlock=asked.pk, decision="approved", reason="同意", at=AT
    )
    assert faults(hospital, product) == []
    assert faults(hospital, product, on=day("2026-12-21")) == []
    assert faults(hospital, product, on=day("2026-12-22")) == ["review-locked", "licence-expired"]


def test_who_asks_for_an_unlock_does_not_approve_it_and_thirty_days_are_the_most(
    trade: Trade,
) -> None:
    _, licence = _ended(trade)
    with pytest.raises(KintsugiError) as refused:
        _unlock(trade, licence, "2026-12-22")  # the 31st day
    assert refused.value.code == "licence.unlock-too-long"
    asked = _unlock(trade, licence, "2026-12-21")
    with pytest.raises(KintsugiError) as refused:
        parties.decide_unlock(
            actor=trade.asker, unlock=asked.pk, decision="approved", reason="x", at=AT
        )
    assert refused.value.code == "licence.same-person"
    for statement in (
        "update parties_unlock set status = 'approved', decided_by_id = requested_by_id,"
        " decided_at = now()",
        "update parties_unlock set last_day = last_day + 1",
        "update parties_unlock set status = 'approved'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_licence_that_did_not_end_or_was_revoked_is_not_unlocked(trade: Trade) -> None:
    hospital = trade.hospital()
    licence = Qualification.objects.get(party=hospital)
    with pytest.raises(KintsugiError) as refused:
        _unlock(trade, licence, "2026-12-01")
    assert refused.value.code == "licence.not-ended"


# -- packages --------------------------------------------------------------------------------------


def test_a_case_holds_what_its_boxes_hold_and_a_ring_holds_nothing_known(trade: Trade) -> None:
    from kintsugi.products.models import UdiIdentifier

    product = trade.product("P-1", units_per_package=100)

    def identifier(
        di: str, kind: str = "package", inner: Any = None, holds: int | None = None
    ) -> Any:
        return UdiIdentifier.objects.create(
            device_identifier=di, issuer="GS1", kind=kind, product=product, contains=inner,
            contains_identifier=inner.device_identifier if inner else None, quantity=holds,
        )  # fmt: skip

    pack = identifier("PACK", "primary")
    box = identifier("BOX", inner=pack, holds=10)
    identifier("CASE", inner=box, holds=5)
    identifier("VAGUE", inner=box)
    identifier("USE", "unit_of_use")
    ring = identifier("RING-A", inner=pack, holds=2)
    other = identifier("RING-B", inner=ring, holds=3)
    UdiIdentifier.objects.filter(pk=ring.pk).update(contains=other, contains_identifier="RING-B")
    assert selectors.base_units(["PACK", "BOX", "CASE", "VAGUE", "USE", "RING-A", "NONE"]) == {
        "PACK": 1, "BOX": 10, "CASE": 50, "VAGUE": None, "USE": None, "RING-A": None,
    }  # fmt: skip
