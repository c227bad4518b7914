"""Payments, matches and bank statements: once by their reference, undone by another record."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from kintsugi.billing import services
from kintsugi.billing.models import BankStatement, Match, Payment
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.models import Event
from kintsugi.sales.selectors.checks import owed
from tests.billing.desk import ACCOUNT, AT, TODAY, Desk
from tests.sales.market import refusal

pytestmark = pytest.mark.django_db


def test_one_payment_covers_two_invoices_and_the_rest_stays_on_account(desk: Desk) -> None:
    """100 and 20 are open, 150 comes in: 30 on account."""
    desk.gloves_signed(10)
    first = desk.issued()
    desk.gloves_signed(2)
    second = desk.issued()
    money = desk.paid("150")
    pairs = [services.Pair(Decimal(100), payment=money.pk, invoice=first.pk),
             services.Pair(Decimal(20), payment=money.pk, invoice=second.pk)]  # fmt: skip
    services.match(actor=desk.clerk, pairs=pairs, key="m", at=AT)
    services.match(actor=desk.clerk, pairs=pairs, key="m", at=AT)  # sent twice
    money, first, second = map(desk.fresh_of, (money, first, second))
    assert (first.status, second.status) == ("paid", "paid")
    assert (money.state, money.open_amount) == ("part", 30)
    assert owed(desk.hospital.pk) == -30
    assert Event.objects.filter(type="billing.paid").count() == 2


def test_more_than_is_open_is_refused_on_either_side_and_nothing_is_matched(desk: Desk) -> None:
    desk.gloves_signed(10)
    made = desk.issued()
    money = desk.paid("60")
    assert refusal(desk.match, "60.01", payment=money, invoice=made) == "billing.too-much"
    rich = desk.paid("500")
    assert refusal(desk.match, "100.01", payment=rich, invoice=made) == "billing.too-much"
    assert refusal(desk.match, "0", payment=rich, invoice=made) == "billing.amount"
    assert not Match.objects.exists()


def test_a_match_is_undone_by_another_record_once(desk: Desk) -> None:
    desk.gloves_signed(10)
    made = desk.issued()
    money = desk.paid("100")
    one = desk.match("100", payment=money, invoice=made)
    assert desk.fresh_of(made).status == "paid"
    facts = {"actor": desk.clerk, "matched": one.pk, "reason": "对错了", "at": AT}
    undone = services.unmatch(key="u", **facts)
    assert (undone.amount, undone.undoes_id) == (-100, one.pk)
    assert desk.fresh_of(made).status == "issued"
    assert desk.fresh_of(money).state == "unmatched"
    assert refusal(services.unmatch, key="u2", **facts) == "billing.undone"
    for change in (Match.objects.update, Match.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(**({"amount": 1} if change.__name__ == "update" else {}))


def test_what_does_not_belong_together_is_not_matched(desk: Desk) -> None:
    desk.gloves_signed(10)
    draft = desk.draft()
    money = desk.paid("100")
    assert refusal(desk.match, "1", payment=money, invoice=draft) == "billing.not-together"
    made = desk.issued(draft)
    other = desk.paid("100", customer=desk.customer("另一家医院").pk)
    assert refusal(desk.match, "1", payment=other, invoice=made) == "billing.not-together"
    dollars = desk.paid("100", currency="USD")
    assert refusal(desk.match, "1", payment=dollars, invoice=made) == "billing.not-together"
    nobody_s = desk.paid("100", customer=None)
    assert refusal(desk.match, "1", payment=nobody_s, invoice=made) == "billing.nobody-s"


def test_a_proposal_follows_the_text_then_the_amount_then_the_age(desk: Desk) -> None:
    desk.gloves_signed(10)
    old = desk.issued(number="26440001")
    desk.gloves_signed(2)
    young = desk.issued(number="26440002")

    def proposed(amount: str, text: str = "") -> list[tuple[str, Decimal]]:
        found = services.propose(desk.paid(amount, text=text))
        return [(one.invoice.number, one.amount) for one in found]

    assert proposed("15", "货款 26440002") == [(young.number, 15)]
    assert proposed("20") == [(young.number, 20)]
    assert proposed("110") == [(old.number, 100), (young.number, 10)]


def test_a_bank_reference_is_recorded_once(desk: Desk) -> None:
    first = desk.paid("5", bank_ref="R1")
    assert desk.paid("5", bank_ref="R1").pk == first.pk
    assert refusal(desk.paid, "6", bank_ref="R1") == "billing.reference-taken"
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.filter(pk=first.pk).update(amount=9)


def test_a_payment_that_nobody_claimed_is_claimed_once(desk: Desk) -> None:
    made = desk.paid("5", customer=None)
    facts = {"actor": desk.clerk, "payment": made.pk, "at": AT}
    services.assign_payment(customer=desk.hospital.pk, key="a", **facts)
    assert owed(desk.hospital.pk) == -5
    other = desk.customer("另一家医院").pk
    assert refusal(services.assign_payment, customer=other, key="b", **facts) == (
        "billing.payment-fixed"
    )


STATEMENT = """日期,金额,流水号,对方户名,附言
2026-11-24,"1,000.50",B-1,示例市第一医院,货款
2026-11-25,-20.00,B-2,示例市第一医院,退款
2026-11-25,7,B-3,不认识的公司,
"""


def read(desk: Desk, text: str, key: str = "", **facts: object) -> BankStatement:
    """A statement uploaded by the clerk."""
    return services.read_statement(
        actor=desk.clerk, account=ACCOUNT, file_name="对账单.csv", key=key or uuid7().hex, at=AT,
        data=text.encode(facts.get("encoding", "utf-8")),  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_same_statement_twice_changes_nothing(desk: Desk) -> None:
    made = read(desk, STATEMENT)
    assert (made.row_count, made.new_count) == (3, 3)
    found = Payment.objects.order_by("number").values_list("direction", "amount", "customer_name")
    assert list(found) == [
        ("in", Decimal("1000.5"), "示例市第一医院"), ("out", 20, "示例市第一医院"), ("in", 7, ""),
    ]  # fmt: skip
    assert read(desk, STATEMENT).pk == made.pk
    longer = read(desk, STATEMENT + "2026-11-25,8,B-4,,\n", encoding="gb18030")
    assert (longer.row_count, longer.new_count, Payment.objects.count()) == (4, 1, 4)


def test_each_bad_cell_is_named_by_row_field_and_value_and_nothing_is_recorded(desk: Desk) -> None:
    bad = STATEMENT + "2026-13-01,5,B-5,,\n2026-11-25,=1+1,,,\n2026-11-25,1.005,B-1,,\n"
    with pytest.raises(KintsugiError) as refused, transaction.atomic():
        read(desk, bad)
    assert refused.value.code == "billing.statement"
    assert refused.value.facts["faults"] == [
        {"row": 5, "field": "date", "value": "2026-13-01"},
        {"row": 6, "field": "amount", "value": "=1+1"},
        {"row": 6, "field": "reference", "value": ""},
        {"row": 7, "field": "amount", "value": "1.005"},
    ]
    assert not Payment.objects.exists()
    for text in ("", "日期,金额\n", "a\x00b", '"', "日期,金额,流水号\n2999-01-01,1,B\n"):
        assert refusal(read, desk, text) == "billing.statement"
    assert refusal(read, desk, STATEMENT.replace("7,B-3", "7,B-1")) == "billing.statement"


def test_a_known_reference_with_another_amount_is_refused(desk: Desk) -> None:
    read(desk, STATEMENT)
    assert refusal(read, desk, STATEMENT.replace("-20.00", "-21.00")) == "billing.reference-taken"
    assert Payment.objects.get(bank_ref="B-2").paid_on == TODAY
