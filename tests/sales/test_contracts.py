"""Contracts: written, approved by somebody else, varied, and never exceeded by orders."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kintsugi.core.errors import IllegalTransition, KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.sales import services
from kintsugi.sales.models import ContractLine, ContractVersion, PaymentNode
from kintsugi.sales.selectors import contracts as selectors
from kintsugi.sales.services import Payment
from tests.sales.market import AT, refusal

pytestmark = pytest.mark.django_db


def test_a_contract_adds_up_and_its_payments_are_the_whole_to_the_cent(market: Any) -> None:
    """10 × 33.33 at 5 % off is 316.635, to the cent 316.64 (half up); three payments of which two
    are a third each: 105.55 + 105.55 + 105.54 = 316.64."""
    third = Decimal("0.333333")
    made = market.contract(
        [(market.shop.gloves, 10, "33.33", "0.05")],
        payments=[
            Payment("预付", third, "signed"),
            Payment("到货", third, "delivered", 30),
            Payment("质保金", Decimal("0.333334"), "warranty_end"),
        ],
    )
    version = made.versions.get()
    assert version.total == Decimal("316.64")
    assert [cents for _node, cents in selectors.payments_of(version)] == [
        Decimal("105.55"), Decimal("105.55"), Decimal("105.54"),
    ]  # fmt: skip


def test_a_plan_of_99_percent_is_refused_by_the_service_and_by_the_database(market: Any) -> None:
    with pytest.raises(KintsugiError) as refused:
        market.contract(
            [(market.shop.gloves, 1, "1", "0")], payments=[Payment("x", Decimal("0.99"), "signed")]
        )
    assert refused.value.code == "sales.plan-not-whole"
    made = market.contract([(market.shop.gloves, 1, "1", "0")])
    with transaction.atomic():
        PaymentNode.objects.update(share=Decimal("0.99"))
        with pytest.raises(DatabaseError) as error, transaction.atomic():
            _now()
        transaction.set_rollback(True)
    assert error.value.__cause__.sqlstate == "KT132"
    assert made.versions.get().payments.get().share == 1


def test_a_contract_is_approved_by_another_person_and_needs_its_signed_file(market: Any) -> None:
    made = market.contract([(market.shop.gloves, 10, "5", "0")], file_sha256="")
    services.submit_contract(actor=market.seller, contract=made.pk, key=uuid7().hex, at=AT)
    approve = {"contract": made.pk, "at": AT}
    with pytest.raises(KintsugiError) as same:
        services.approve_contract(actor=market.seller, key=uuid7().hex, **approve)
    assert same.value.code == "sales.same-person"
    with pytest.raises(KintsugiError, match="signed file") as unsigned:
        services.approve_contract(actor=market.finance, key=uuid7().hex, **approve)
    assert unsigned.value.facts["failed"] == ["signed-file"]
    # The database says the same to whoever goes round the service.
    version = ContractVersion.objects.filter(contract=made)
    with pytest.raises(DatabaseError, match="in_force_is_signed"), transaction.atomic():
        version.update(status="in_force", approved_at=AT, approved_by_name="x")
    with pytest.raises(DatabaseError, match="approved_by_another"), transaction.atomic():
        version.update(approved_by=market.seller.person)


def test_what_was_submitted_does_not_change_and_a_refused_draft_may(market: Any) -> None:
    made = market.contract([(market.shop.gloves, 10, "5", "0")])
    services.submit_contract(actor=market.seller, contract=made.pk, key=uuid7().hex, at=AT)
    for rows, columns in (
        (ContractLine.objects.all(), {"qty": 11, "amount": 55}),
        (ContractVersion.objects.all(), {"warranty_months": 99}),
    ):
        with pytest.raises(DatabaseError) as error, transaction.atomic():
            rows.update(**columns)
        assert error.value.__cause__.sqlstate == "KT131"
    services.refuse_contract(
        actor=market.finance, contract=made.pk, reason="价格偏低", key=uuid7().hex, at=AT
    )
    market.vary(made, [(market.shop.gloves, 10, "6", "0")])
    made.refresh_from_db()
    assert made.status == "draft"
    assert made.versions.get().total == 60


def test_a_variation_leaves_the_old_version_readable_and_says_what_changed(market: Any) -> None:
    made = market.in_force([(market.shop.gloves, 10, "5", "0")])
    first = made.versions.get(status="in_force")
    order = market.order(market.line(market.shop.gloves, 4, None), contract=made.pk)
    market.vary(made, [(market.shop.gloves, 20, "4.50", "0")], reason="客户追加", months=24)
    made.refresh_from_db()
    assert (made.status, made.version_no) == ("changing", 1)
    services.submit_contract(actor=market.seller, contract=made.pk, key=uuid7().hex, at=AT)
    services.approve_contract(actor=market.finance, contract=made.pk, key=uuid7().hex, at=AT)
    made.refresh_from_db()
    first.refresh_from_db()
    second = made.versions.get(no=2)
    assert (made.status, made.version_no, first.status) == ("effective", 2, "superseded")
    assert order.contract_version == first
    assert second.lines.get().called_off == 4
    said = [
        (title.en, before, after) for title, before, after in selectors.differences(first, second)
    ]
    assert ("Total with tax", "50", "90") in said
    assert ("Warranty, months", "12", "24") in said
    assert said[-2][0] == "Line 1"


def test_a_variation_below_what_was_called_off_does_not_come_into_force(market: Any) -> None:
    made = market.in_force([(market.shop.gloves, 10, "5", "0")])
    market.order(market.line(market.shop.gloves, 6, None), contract=made.pk)
    market.vary(made, [(market.shop.gloves, 5, "5", "0")], reason="减量")
    services.submit_contract(actor=market.seller, contract=made.pk, key=uuid7().hex, at=AT)
    with pytest.raises(KintsugiError) as refused:
        services.approve_contract(actor=market.finance, contract=made.pk, key=uuid7().hex, at=AT)
    assert refused.value.code == "sales.contract-exceeded"
    made.refresh_from_db()
    assert made.versions.get(status="in_force").no == 1


def test_orders_take_no_more_than_a_contract_line_has_and_give_back_when_cancelled(
    market: Any,
) -> None:
    made = market.in_force([(market.shop.gloves, 10, "5", "0")])
    first = market.order(market.line(market.shop.gloves, 7, None), contract=made.pk)
    assert first.lines.get().price == 5
    assert (first.lines.get().price_from, first.lines.get().price_ref) == (
        "contract", f"{made.number}/1",
    )  # fmt: skip
    assert market.called_off(made) == 7
    with pytest.raises(KintsugiError) as refused:
        market.order(market.line(market.shop.gloves, 4, None), contract=made.pk)
    assert refused.value.code == "sales.contract-exceeded"
    assert market.called_off(made) == 7
    services.cancel_order(
        actor=market.seller, order=first.pk, reason="客户取消", key=uuid7().hex, at=AT
    )
    assert market.called_off(made) == 0
    market.order(market.line(market.shop.gloves, 10, None), contract=made.pk)
    assert market.called_off(made) == 10


def test_nobody_goes_round_the_contract_with_plain_sql(market: Any) -> None:
    made = market.in_force([(market.shop.gloves, 10, "5", "0")])
    order = market.order(market.line(market.shop.gloves, 7, None), contract=made.pk)
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        order.lines.update(qty=11, amount=55)
    assert error.value.__cause__.sqlstate == "KT130"
    with pytest.raises(DatabaseError, match="not_exceeded"), transaction.atomic():
        ContractLine.objects.update(called_off=11)


def test_an_order_cannot_point_to_a_contract_of_another_customer_or_one_not_in_force(
    market: Any,
) -> None:
    draft = market.contract([(market.shop.gloves, 10, "5", "0")])
    with pytest.raises(KintsugiError) as refused:
        market.order(market.line(market.shop.gloves, 1, None), contract=draft.pk)
    assert refused.value.code == "sales.contract-not-in-force"
    other = market.customer("乙医院")
    made = market.in_force([(market.shop.gloves, 10, "5", "0")])
    with pytest.raises(KintsugiError) as stranger:
        market.order(market.line(market.shop.gloves, 1, None), contract=made.pk, customer=other.pk)
    assert stranger.value.code == "sales.contract-of-another"


def test_a_contract_ends_as_expired_only_after_its_last_day(market: Any) -> None:
    made = market.in_force([(market.shop.gloves, 10, "5", "0")], expires_on=dt.date(2026, 11, 25))
    end = {"actor": market.finance, "contract": made.pk, "how": "expired", "reason": "到期"}
    assert refusal(services.end_contract, key=uuid7().hex, at=AT, **end) == "sales.not-expired"
    done = services.end_contract(key=uuid7().hex, at=AT + dt.timedelta(days=1), **end)
    assert (done.status, done.ended_on) == ("expired", dt.date(2026, 11, 26))
    with pytest.raises(IllegalTransition):
        market.vary(made, [(market.shop.gloves, 10, "5", "0")], reason="晚了")


def test_the_same_command_again_gives_the_same_contract(market: Any) -> None:
    key = uuid7().hex
    one = market.contract([(market.shop.gloves, 10, "5", "0")], key=key)
    again = market.contract([(market.shop.gloves, 10, "5", "0")], key=key)
    assert one.pk == again.pk
    assert (
        refusal(market.contract, [(market.shop.gloves, 11, "5", "0")], key=key) == "core.key-reused"
    )


CALLS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["order", "cancel", "vary"])),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=CALLS)
def test_random_call_offs_never_exceed_the_contract(market: Any, calls: list[Any]) -> None:
    """Orders, cancellations and variations in any order: what is called off is what the orders that
    stand add up to, and never more than the version in force has."""
    point = transaction.savepoint()
    made = market.in_force([(market.shop.gloves, 10, "5", "0")])
    standing: list[Any] = []
    size = 10
    for number, what in calls:
        try:
            with transaction.atomic():
                if what == "order":
                    standing.append(
                        market.order(
                            market.line(market.shop.gloves, number, None), contract=made.pk
                        )
                    )
                elif what == "cancel" and standing:
                    gone = standing[number % len(standing)]
                    services.cancel_order(
                        actor=market.seller, order=gone.pk, reason="x", key=uuid7().hex, at=AT
                    )
                    standing.remove(gone)
                elif what == "vary":
                    market.vary(made, [(market.shop.gloves, number * 3, "5", "0")], reason="x")
                    market.put_in_force(made)
                    size = number * 3
        except KintsugiError as error:
            if error.code != "sales.contract-exceeded":
                raise
        taken = sum(int(one.lines.get().qty) for one in standing)
        assert market.called_off(made) == taken <= size
    transaction.savepoint_rollback(point)


def _now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
