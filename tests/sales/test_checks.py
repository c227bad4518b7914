"""What the checks of an order say, and that nobody goes past one that fails."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.parties.models import Party
from kintsugi.sales import services
from kintsugi.sales.models import Order, OrderJudgement
from kintsugi.sales.selectors.checks import exposure, judge
from kintsugi.stock import services as goods
from tests.sales.market import AT, TODAY, refusal

pytestmark = pytest.mark.django_db


def said(order: Order, check: str, on: dt.date = TODAY) -> tuple[bool, str]:
    """Whether a check passes, and why."""
    return next((one.passed, one.why.en) for one in judge(order, on=on) if one.check == check)


def limit(market: Any, amount: str | None) -> None:
    """The hospital's credit."""
    Party.objects.filter(pk=market.shop.hospital.pk).update(credit_limit=amount)


def test_credit_counts_what_is_open_and_this_order(market: Any) -> None:
    """Limit 1,000. 600 are approved, what is not does not count: 400 fit and 401 do not."""
    limit(market, "1000")
    market.approved(market.line(market.shop.gloves, 60))
    market.order(market.line(market.shop.gloves, 90))
    market.submitted(market.line(market.shop.gloves, 5))
    fits = market.order(market.line(market.shop.gloves, 40))
    assert exposure(market.shop.hospital.pk) == 600
    assert said(fits, "credit")[0]
    beyond = market.order(market.line(market.shop.gloves, 1, "401"))
    assert said(beyond, "credit") == (
        False,
        "0.00 owed, 600.00 ordered and not invoiced, 1,001.00 with this order:"
        " 1.00 above the limit 1,000.00.",
    )


def test_finance_lets_a_failed_credit_pass_with_a_reason_that_is_kept(market: Any) -> None:
    limit(market, "10")
    made = market.submitted(market.line(market.shop.gloves, 10))
    assert refusal(market.do, services.approve_order, made, by=market.quality) == (
        "sales.checks-failed"
    )
    assert refusal(market.do, services.agree_credit, made, reason="x") == "sales.same-person"
    assert refusal(market.do, services.agree_credit, made, by=market.finance, reason="") == (
        "sales.reason-missing"
    )
    market.do(services.agree_credit, made, by=market.finance, reason="年度框架,月底回款")
    done = market.do(services.approve_order, made, by=market.quality)
    assert (done.status, done.credit_by_name, done.credit_reason) == (
        "approved", "赵财务", "年度框架,月底回款",
    )  # fmt: skip
    kept = done.judgements.filter(occasion="approve").get()
    assert kept.passed
    assert [one["check"] for one in kept.verdicts if not one["passed"]] == ["credit"]


def test_no_other_failed_check_passes_by_finance(market: Any) -> None:
    market.price(market.shop.gloves, "10", floor="9")
    made = market.submitted(market.line(market.shop.gloves, 10, "8.99"))
    market.do(services.agree_credit, made, by=market.finance, reason="x")
    with pytest.raises(KintsugiError) as refused:
        market.do(services.approve_order, made, by=market.quality)
    assert refused.value.facts["failed"] == ["price"]


def test_the_database_refuses_an_approval_past_a_failed_check(market: Any) -> None:
    market.price(market.shop.gloves, "10", floor="9")
    made = market.submitted(market.line(market.shop.gloves, 10, "8.99"))
    approved = {
        "status": "approved", "approved_at": AT, "approved_on": TODAY, "approved_by_name": "x",
    }  # fmt: skip
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        Order.objects.filter(pk=made.pk).update(**approved)
    assert error.value.__cause__.sqlstate == "KT136"
    with pytest.raises(DatabaseError, match="approved_by_another"), transaction.atomic():
        Order.objects.filter(pk=made.pk).update(approved_by=market.seller.person)


def test_a_line_keeps_the_price_of_its_day(market: Any) -> None:
    market.price(market.shop.gloves, "10", floor="8", until="2026-12-31")
    made = market.order(market.line(market.shop.gloves, 3, None, tax_rate=None))
    line = made.lines.get()
    assert (line.price, line.price_from, line.tax_rate) == (10, "list", Decimal("0.13"))
    market.price(market.shop.gloves, "12", floor="11", since="2027-01-01")
    later = market.order(
        market.line(market.shop.gloves, 3, None), at=dt.datetime(2027, 1, 2, 2, tzinfo=dt.UTC)
    )
    assert (later.lines.get().price, made.lines.get().price) == (12, 10)


def test_the_price_of_the_customers_group_goes_before_that_of_all(market: Any) -> None:
    market.price(market.shop.gloves, "10", floor="8")
    market.price(market.shop.gloves, "6", floor="6", group="dealer")
    assert market.order(market.line(market.shop.gloves, 1, None)).lines.get().price == 10
    market.price(market.shop.gloves, "7", floor="6", group="hospital")
    assert market.order(market.line(market.shop.gloves, 1, None)).lines.get().price == 7


def test_two_list_prices_for_one_day_are_refused(market: Any) -> None:
    market.price(market.shop.gloves, "10", floor="8", until="2026-12-31")
    code = refusal(market.price, market.shop.gloves, "11", floor="8", since="2026-12-31")
    assert code == "sales.price-overlaps"
    market.price(market.shop.gloves, "11", floor="8", since="2027-01-01")


def test_a_price_that_nothing_says_is_asked_for(market: Any) -> None:
    assert refusal(market.order, market.line(market.shop.gloves, 1, None)) == "sales.price-missing"
    assert refusal(market.order, market.line(market.shop.gloves, 1, tax_rate=None)) == (
        "sales.tax-missing"
    )


def test_missing_goods_may_come_until_the_wanted_day_and_not_after(market: Any) -> None:
    market.shop.receive(market.shop.gloves, 4)
    made = market.order(market.line(market.shop.gloves, 10), wanted_on=TODAY + dt.timedelta(1))
    code = market.shop.gloves.product_code
    assert said(made, "stock") == (
        True, f"Missing today: {code} × 6; it has to come by 2026-11-26.",
    )  # fmt: skip
    assert said(made, "stock", on=TODAY + dt.timedelta(1)) == (False, f"Missing: {code} × 6.")


def test_a_recall_stops_and_a_hold_on_another_lot_does_not(market: Any) -> None:
    shop = market.shop
    one = shop.lot(shop.stent, "ONE", "2028-01-31")
    shop.receive(shop.stent, 5, lot=one)
    made = market.order(market.line(shop.stent, 5))
    hold = {"actor": market.quality, "product": shop.stent.pk, "reason": "x", "at": AT}
    other = shop.lot(shop.stent, "OTHER", "2028-01-31")
    goods.place_block(kind="hold", lot=other.pk, **hold)
    assert said(made, "blocks")[0]
    goods.place_block(kind="recall", **hold)
    assert said(made, "blocks") == (False, f"{shop.stent.product_code} (recall).")


def test_an_order_past_the_term_of_its_contract_fails(market: Any) -> None:
    made = market.in_force([(market.shop.gloves, 10, "5", "0")], expires_on=TODAY)
    order = market.order(market.line(market.shop.gloves, 1, None), contract=made.pk)
    assert said(order, "contract-term")[0]
    assert not said(order, "contract-term", on=TODAY + dt.timedelta(1))[0]
    assert said(order, "contract-quantity") == (True, "9 left of line 1.")


def test_a_device_that_the_customer_may_not_have_is_not_approved_by_anybody(market: Any) -> None:
    """A certified, reviewed stent of class III for a hospital whose permit ends on 2028-12-31."""
    stent = market.trade.traded("STENT-3", tracking="lot")
    made = market.submitted(market.line(stent, 1))
    assert said(made, "licence")[0]
    late = dt.datetime(2029, 1, 1, 2, tzinfo=dt.UTC)
    assert not said(made, "licence", on=late.date())[0]
    with pytest.raises(KintsugiError) as refused, transaction.atomic():
        market.do(services.approve_order, made, by=market.quality, at=late)
    assert "licence" in refused.value.facts["failed"]
    # Going round the checks: what was judged before passes, the day of approval does not.
    OrderJudgement.objects.create(
        order=made, revision=1, occasion="approve", verdicts=[], passed=True, judged_by_name="x",
        judged_at=late,
    )  # fmt: skip
    approved = {"status": "approved", "approved_at": late, "approved_by_name": "x"}
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        Order.objects.filter(pk=made.pk).update(approved_on=late.date(), **approved)
    assert error.value.__cause__.sqlstate == "KT139"
    assert market.do(services.approve_order, made, by=market.quality).status == "approved"


def test_a_product_without_certificate_or_review_names_what_is_missing(market: Any) -> None:
    bare = market.trade.product("BARE-1")
    made = market.submitted(market.line(bare, 1))
    with pytest.raises(KintsugiError) as refused:
        market.do(services.approve_order, made, by=market.quality)
    assert {"product-review", "certificate"} <= set(refused.value.facts["failed"])
    assert "BARE-1" in refused.value.message.en


def test_an_approved_order_whose_licence_ended_is_not_kept_goods_for(market: Any) -> None:
    stent = market.trade.traded("STENT-4", tracking="lot")
    market.shop.receive(stent, 5, lot=market.shop.lot(stent, "L4", "2030-01-31"))
    made = market.approved(market.line(stent, 1), wanted_on=dt.date(2029, 2, 1))
    late = dt.datetime(2029, 1, 1, 2, tzinfo=dt.UTC)
    assert refusal(market.do, services.reserve_order, made, at=late) == "sales.stopped"
    assert market.do(services.reserve_order, made).status == "reserved"


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_a_line_of_nothing_is_refused(market: Any, qty: str) -> None:
    assert refusal(market.order, market.line(market.shop.gloves, qty)) == "sales.quantity"
    assert refusal(market.order) == "sales.no-lines"
    assert refusal(market.order, market.line(market.shop.gloves, 1), customer=uuid7()) == (
        "core.not-found"
    )
