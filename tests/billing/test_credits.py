"""Credit notes: tied to the lines of one invoice, approved by another person, never beyond it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.billing import services
from kintsugi.billing.models import Invoice, InvoiceLine, Match
from kintsugi.billing.services import Taken
from kintsugi.core.ids import uuid7
from kintsugi.sales.models import Delivery
from kintsugi.sales.selectors.checks import owed
from tests.billing.desk import AT, Desk, amounts
from tests.sales.market import refusal

pytestmark = pytest.mark.django_db


def credited(desk: Desk, made: Invoice, *lines: Taken, **facts: Any) -> Invoice:
    """A draft of a credit note by the clerk."""
    facts = {"actor": desk.clerk, "invoice": made.pk, "lines": lines, "reason": "价格有误",
             "key": uuid7().hex, "at": AT, **facts}  # fmt: skip
    return services.credit_invoice(**facts)


def test_a_settled_return_is_credited_and_covers_what_is_open(desk: Desk) -> None:
    """10 at 10.00 invoiced, 3 come back and 30.00 is credited: 26.55 net, 3.45 tax. 70.00 stays
    owed, and the 3 are not invoiced again."""
    desk.gloves_signed(10)
    delivery = Delivery.objects.get()
    made = desk.issued()
    back = desk.came_back(delivery, delivery.items.get(), 3, credit="30")
    facts = {"actor": desk.clerk, "returned": back.pk, "invoice": made.pk, "at": AT}
    note = services.credit_return(key="c", **facts)
    assert refusal(services.credit_return, key="again", **facts) in (
        "billing.return-credited", "billing.credit-beyond",
    )  # fmt: skip
    assert amounts(note.lines.all()) == [(Decimal("26.55"), Decimal("3.45"), Decimal("30"))]
    assert owed(desk.hospital.pk) == 100
    note = desk.issued(note)
    made.refresh_from_db()
    assert (made.status, made.settled, made.credited, made.open_amount) == ("part_paid", 30, 30, 70)
    assert (note.status, note.open_amount) == ("paid", 0)
    assert owed(desk.hospital.pk) == 70
    assert services.billable(desk.hospital.pk) == []


def test_a_return_of_goods_that_were_never_invoiced_needs_no_credit(desk: Desk) -> None:
    desk.gloves_signed(4)
    delivery = Delivery.objects.get()
    back = desk.came_back(delivery, delivery.items.get(), 1, credit="0")
    made = desk.issued()
    assert made.gross == 30
    desk.gloves_signed(2)
    other = desk.issued()
    assert refusal(
        services.credit_return, actor=desk.clerk, returned=back.pk, invoice=other.pk, key="c", at=AT
    ) == "billing.not-refunded"  # fmt: skip


def test_a_price_is_corrected_without_goods_and_the_rest_is_what_is_left(desk: Desk) -> None:
    """100.00: 15.00 off (13.27 net, 1.73 tax), then whatever is left: 85.00 = 75.23 + 9.77."""
    desk.gloves_signed(10)
    made = desk.issued()
    [line] = made.lines.all()
    first = desk.issued(credited(desk, made, Taken(line.pk, gross=Decimal(15))))
    assert (first.net, first.tax, first.gross) == (Decimal("13.27"), Decimal("1.73"), 15)
    assert refusal(credited, desk, made, Taken(line.pk, gross=Decimal("85.01"))) == (
        "billing.credit-beyond"
    )
    assert refusal(credited, desk, made, Taken(line.pk, qty=Decimal(11))) == (
        "billing.credit-beyond"
    )
    rest = desk.issued(credited(desk, made))
    assert (rest.net, rest.tax, rest.gross) == (Decimal("75.23"), Decimal("9.77"), 85)
    made.refresh_from_db()
    assert (made.status, made.open_amount) == ("reversed", 0)
    # The whole invoice was taken back: its goods can be invoiced again, rightly this time.
    assert [row["qty"] for row in services.billable(desk.hospital.pk)] == [10]
    assert refusal(credited, desk, made) == "billing.not-issued"


def test_two_drafts_together_do_not_go_beyond_the_original(desk: Desk) -> None:
    desk.gloves_signed(10)
    made = desk.issued()
    [line] = made.lines.all()
    credited(desk, made, Taken(line.pk, qty=Decimal(6)))
    assert refusal(credited, desk, made, Taken(line.pk, qty=Decimal(5))) == "billing.credit-beyond"


def test_the_database_refuses_a_credit_beyond_its_original(desk: Desk) -> None:
    desk.gloves_signed(10)
    made = desk.issued()
    [line] = made.lines.all()
    note = credited(desk, made, Taken(line.pk, qty=Decimal(10)))
    [old] = note.lines.all()
    values = {
        one.attname: getattr(old, one.attname)
        for one in InvoiceLine._meta.concrete_fields
        if one.attname not in ("id", "line_no")
    }
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        InvoiceLine.objects.create(line_no=2, **values)
    assert refused.value.__cause__.sqlstate == "KT162"  # type: ignore[union-attr]


def test_a_credit_says_why_and_another_person_agrees(desk: Desk) -> None:
    desk.gloves_signed(1)
    made = desk.issued()
    assert refusal(credited, desk, made, reason=" ") == "billing.reason-missing"
    note = credited(desk, made)
    assert refusal(
        services.approve_invoice, actor=desk.clerk, invoice=note.pk, key="a", at=AT
    ) == "billing.same-person"  # fmt: skip


def test_a_credit_for_a_paid_invoice_stays_on_account_and_is_paid_back(desk: Desk) -> None:
    desk.gloves_signed(10)
    made = desk.issued()
    desk.match("100", payment=desk.paid("100"), invoice=made)
    note = desk.issued(credited(desk, made))
    assert (note.status, note.open_amount, owed(desk.hospital.pk)) == ("issued", 100, -100)
    out = desk.paid("100", direction="out")
    desk.match("100", credit_note=note, paid_back=out)
    note.refresh_from_db()
    assert (note.status, owed(desk.hospital.pk)) == ("paid", 0)
    made.refresh_from_db()
    assert made.status == "reversed"
    assert Match.objects.count() == 2
