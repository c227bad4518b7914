"""Invoices from signed receipts: no more than was signed, not returned and not invoiced yet."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.billing import services
from kintsugi.billing.models import Instalment, Invoice, InvoiceLine
from kintsugi.billing.services import Billed
from kintsugi.billing.services.instalments import split_by_shares
from kintsugi.core.errors import IllegalTransition
from kintsugi.core.ids import uuid7
from kintsugi.core.models import Event
from kintsugi.sales.models import ReceiptLine
from kintsugi.sales.selectors.checks import exposure, owed, uninvoiced
from kintsugi.sales.services import Arrived
from tests.billing.desk import AT, TODAY, Desk, amounts, days
from tests.sales.market import refusal

pytestmark = pytest.mark.django_db


def test_what_was_signed_is_invoiced_at_the_orders_price_with_its_tax(desk: Desk) -> None:
    """3 pairs at 10.10 with 13 %: 30.30 gross, 30.30 / 1.13 = 26.814… = 26.81 net, 3.49 tax.
    7 at 9.99: 69.93, 61.8849… = 61.88, 8.05. Together 88.69 + 11.54 = 100.23."""
    order = desk.reserved(
        desk.line(desk.shop.gloves, 3, "10.10"), desk.line(desk.shop.stent, 7, "9.99")
    )
    desk.signed(desk.delivery(order))
    made = desk.draft()
    assert (made.number, made.status, made.customer_name) == (
        "IV-20261125-0001", "draft", "示例市第一医院",
    )  # fmt: skip
    assert sorted(amounts(made.lines.all())) == [
        (Decimal("26.81"), Decimal("3.49"), Decimal("30.30")),
        (Decimal("61.88"), Decimal("8.05"), Decimal("69.93")),
    ]
    made.refresh_from_db()
    assert (made.net, made.tax, made.gross) == (
        Decimal("88.69"), Decimal("11.54"), Decimal("100.23"),
    )  # fmt: skip
    assert services.billable(desk.hospital.pk) == []


@given(
    qty=st.decimals(min_value="0.0001", max_value="99999", places=4),
    price=st.decimals(min_value=0, max_value="99999", places=4),
    discount=st.decimals(min_value=0, max_value=1, places=4),
    rate=st.sampled_from([Decimal(x) for x in ("0", "0.01", "0.03", "0.06", "0.09", "0.13")]),
)
def test_net_and_tax_make_the_total_of_every_line_to_the_cent(
    qty: Decimal, price: Decimal, discount: Decimal, rate: Decimal
) -> None:
    found = services.worth(qty=qty, price=price, discount=discount, tax_rate=rate)
    assert found.net + found.tax == found.gross
    assert abs(found.gross - qty * price * (1 - discount)) <= Decimal("0.005")
    assert abs(found.net * (1 + rate) - found.gross) <= Decimal("0.005") * (1 + rate)
    assert all(part == round(part, 2) >= 0 for part in (found.net, found.tax, found.gross))


@given(
    cents=st.integers(min_value=0, max_value=10**12),
    parts=st.lists(st.integers(min_value=1, max_value=1000), min_size=1, max_size=12),
)
def test_instalments_make_the_total_to_the_cent_whatever_the_shares(
    cents: int, parts: list[int]
) -> None:
    total = Decimal(cents) / 100
    found = split_by_shares(total, [Decimal(one) / sum(parts) for one in parts])
    assert sum(found) == total
    assert all(one == round(one, 2) for one in found)


def test_half_a_cent_is_rounded_up_by_program_and_database_alike(desk: Desk) -> None:
    """1 at 10.005 is 10.01, not the 10.00 of banker's rounding; net 8.86, tax 1.15."""
    desk.gloves_signed(1, "10.005")
    [line] = desk.draft().lines.all()
    assert amounts([line]) == [(Decimal("8.86"), Decimal("1.15"), Decimal("10.01"))]


def test_a_part_is_invoiced_and_the_rest_later_and_never_more(desk: Desk) -> None:
    desk.gloves_signed(10)
    line = ReceiptLine.objects.get()
    desk.draft(lines=[Billed(line.pk, Decimal(4))])
    assert [row["qty"] for row in services.billable(desk.hospital.pk)] == [6]
    assert refusal(desk.draft, lines=[Billed(line.pk, Decimal(7))]) == "billing.more-than-signed"
    desk.draft(lines=[Billed(line.pk)])
    assert refusal(desk.draft) == "billing.nothing-billable"


def test_the_database_refuses_more_than_was_signed_whoever_writes(desk: Desk) -> None:
    """Invariant 24: 10 signed, 10 invoiced; one more by hand."""
    desk.gloves_signed(10)
    first = desk.draft().lines.get()
    other = Invoice.objects.create(
        number="X", kind="vat_general", status="draft", customer=desk.hospital, customer_name="x",
        written_by_name="x", written_at=AT,
    )  # fmt: skip
    copied = {
        name: getattr(first, name)
        for name in ("receipt_line_id", "root_item_id", "order_line_id", "product_id", "price",
                     "discount", "tax_rate")
    }  # fmt: skip
    money = services.worth(qty=Decimal(1), price=first.price, discount=Decimal(0),
                           tax_rate=first.tax_rate)  # fmt: skip
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        InvoiceLine.objects.create(
            invoice=other, line_no=1, qty=1, net=money.net, tax=money.tax, gross=money.gross,
            **copied,
        )  # fmt: skip
    assert refused.value.__cause__.sqlstate == "KT160"  # type: ignore[union-attr]


def test_what_came_back_before_the_invoice_is_not_asked_for(desk: Desk) -> None:
    order = desk.reserved(desk.line(desk.shop.gloves, 10, "10"))
    made = desk.delivery(order)
    desk.signed(made)
    desk.came_back(made, made.items.get(), 3, credit="0")
    assert [row["qty"] for row in services.billable(desk.hospital.pk)] == [7]
    line = ReceiptLine.objects.get(outcome="signed")
    assert refusal(desk.draft, lines=[Billed(line.pk, Decimal(8))]) == "billing.more-than-signed"


def test_only_what_was_signed_for_is_asked_for(desk: Desk) -> None:
    order = desk.reserved(desk.line(desk.shop.gloves, 10, "10"))
    made = desk.delivery(order)
    desk.shipped(made)
    assert services.billable(desk.hospital.pk) == []
    item = made.items.get()
    desk.sign(made, lines=[Arrived(item.pk, "signed", Decimal(6)),
                           Arrived(item.pk, "refused", Decimal(1), "破损")])  # fmt: skip
    assert [row["qty"] for row in services.billable(desk.hospital.pk)] == [6]


def test_who_wrote_an_invoice_does_not_approve_it(desk: Desk) -> None:
    desk.gloves_signed(1)
    made = desk.draft()
    command = services.approve_invoice
    facts = {"invoice": made.pk, "at": AT}
    assert refusal(command, actor=desk.clerk, key="a", **facts) == "billing.same-person"
    with pytest.raises(DatabaseError, match="invoice_approved_by_another"), transaction.atomic():
        Invoice.objects.filter(pk=made.pk).update(
            status="approved", approved_by=desk.clerk.person_id, approved_by_name="x",
            approved_at=AT,
        )  # fmt: skip
    done = command(actor=desk.finance, key="b", **facts)
    assert (done.status, done.approved_by_name) == ("approved", "赵财务")


def test_an_issued_invoice_has_its_number_and_is_never_edited(desk: Desk) -> None:
    desk.gloves_signed(1)
    made = desk.issued(number="2644 2000 0001")
    assert (made.status, made.tax_number, made.invoiced_on) == ("issued", "264420000001", TODAY)
    assert Event.objects.filter(type="billing.issued", subject=made.number).count() == 1
    for change in ({"tax_number": "9"}, {"customer_name": "x", "net": 0}, {"settled": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Invoice.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        InvoiceLine.objects.update(qty=2)
    with pytest.raises(IllegalTransition), transaction.atomic():
        services.void_invoice(actor=desk.clerk, invoice=made.pk, reason="x", key="v", at=AT)


def test_two_invoices_never_have_one_number(desk: Desk) -> None:
    desk.gloves_signed(1)
    desk.issued(number="26440001")
    desk.gloves_signed(1)
    assert refusal(desk.issued, number="26440001") == "billing.number-taken"


def test_a_voided_draft_gives_its_goods_back(desk: Desk) -> None:
    desk.gloves_signed(5)
    made = desk.draft()
    done = services.void_invoice(
        actor=desk.clerk, invoice=made.pk, reason="抬头有误", key="v", at=AT
    )
    assert (done.status, done.end_reason) == ("voided", "抬头有误")
    assert [row["qty"] for row in services.billable(desk.hospital.pk)] == [5]


def test_the_same_command_twice_makes_one_invoice(desk: Desk) -> None:
    desk.gloves_signed(5)
    assert desk.draft(key="once").pk == desk.draft(key="once").pk
    assert Invoice.objects.count() == 1


def test_without_a_contract_the_credit_term_says_when_it_is_due(desk: Desk) -> None:
    """30 days from 2026-11-25 is 2026-12-25."""
    type(desk.hospital).objects.filter(pk=desk.hospital.pk).update(credit_days=30)
    desk.gloves_signed(1)
    [part] = desk.issued().instalments.all()
    assert (part.rule, part.amount, part.due_on) == ("credit", 10, days("2026-12-25"))


def test_the_plan_of_the_contract_says_what_is_due_when_and_the_retention_comes_last(
    desk: Desk,
) -> None:
    """100.00 with 10 % kept back: 90.00 by the plan, 30 % after signing (2026-10-30 + 10 days) =
    27.00 and 70 % after delivery + 30 days = 63.00; 10.00 when the goods are accepted and the
    warranty is over: no day yet."""
    from kintsugi.sales.models import ContractVersion
    from kintsugi.sales.services import Payment as Node

    plan = [Node("预付款", Decimal("0.3"), "signed", 10),
            Node("到货款", Decimal("0.7"), "delivered", 30)]  # fmt: skip
    agreed = desk.contract([(desk.shop.gloves, 10, "10", "0")], payments=plan)
    ContractVersion.objects.filter(contract=agreed).update(retention_share="0.1")
    desk.put_in_force(agreed)
    made = desk.approved(desk.line(desk.shop.gloves, 10, None, contract_line=1),
                         contract=agreed.pk)  # fmt: skip
    desk.keep(made)
    desk.signed(desk.delivery(made))
    parts = list(desk.issued().instalments.order_by("line_no"))
    assert [(one.amount, one.due_on, one.is_retention) for one in parts] == [
        (27, days("2026-11-09"), False),
        (63, days("2026-12-25"), False),
        (10, None, True),
    ]
    done = services.set_due_day(
        actor=desk.clerk, instalment=parts[2].pk, due_on=days("2027-12-01"), reason="已验收",
        key="d", at=AT,
    )  # fmt: skip
    assert (done.due_on, done.reason) == (days("2027-12-01"), "已验收")
    assert Instalment.objects.count() == 3


def test_credit_counts_an_issued_invoice_until_it_is_paid(desk: Desk) -> None:
    """100 ordered and not invoiced; issued: 100 owed, nothing left to invoice; 60 paid: 40."""
    who = desk.hospital.pk
    desk.gloves_signed(10)
    assert (uninvoiced(who), owed(who)) == (100, 0)
    made = desk.issued()
    assert (uninvoiced(who), owed(who), exposure(who)) == (0, 100, 100)
    desk.match("60", payment=desk.paid("60"), invoice=made)
    assert exposure(who) == 40
    desk.paid("50")  # not matched, but it is theirs
    assert exposure(who) == -10


def test_a_key_of_another_persons_invoice_names_what_is_wrong(desk: Desk) -> None:
    assert refusal(desk.draft, customer=uuid7()) in ("not-found", "core.not-found")
    desk.gloves_signed(1)
    assert refusal(desk.draft, kind="credit") == "billing.unknown-kind"
    assert refusal(desk.draft, lines=[Billed(uuid7())]) == "billing.nothing-billable"
