"""What a general ledger is told: balanced, each line once, the same bytes ever; and margin."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.billing import services
from kintsugi.billing.models import JournalLine
from kintsugi.billing.selectors import reports
from kintsugi.core.ids import uuid7
from kintsugi.sales.models import Delivery
from tests.billing.desk import AT, TODAY, Desk, days
from tests.sales.market import refusal

pytestmark = pytest.mark.django_db


def sides(number: str) -> list[tuple[str, Decimal, Decimal, str]]:
    rows = JournalLine.objects.filter(document_no=number).order_by("document_kind", "line_no")
    return [(one.role, one.debit, one.credit, one.tax_code) for one in rows]


def with_cost(desk: Desk) -> Any:
    """10 pairs of gloves at 10.00, all signed for. 100 lie there that cost nothing; 100 more come
    in at 8.00, so that the average is 4.00."""
    desk.shop.receive(desk.shop.gloves, 100, cost="8")
    return desk.gloves_signed(10)


def test_an_invoice_is_receivable_revenue_tax_and_cost(desk: Desk) -> None:
    """100.00 with 13 %: 88.50 + 11.50; 10 at a cost of 4.00."""
    with_cost(desk)
    made = desk.issued()
    assert sides(made.number) == [
        ("receivable", 100, 0, ""), ("revenue", 0, Decimal("88.5"), "VAT13"),
        ("vat_output", 0, Decimal("11.5"), "VAT13"), ("cogs", 40, 0, ""), ("inventory", 0, 40, ""),
    ]  # fmt: skip


def test_a_credit_turns_the_sides_and_money_goes_to_the_bank(desk: Desk) -> None:
    with_cost(desk)
    delivery = Delivery.objects.get()
    made = desk.issued()
    back = desk.came_back(delivery, delivery.items.get(), 3, credit="30")
    note = services.credit_return(
        actor=desk.clerk, returned=back.pk, invoice=made.pk, key="c", at=AT
    )
    note = desk.issued(note)
    assert sides(note.number) == [
        ("receivable", 0, 30, ""), ("revenue", Decimal("26.55"), 0, "VAT13"),
        ("vat_output", Decimal("3.45"), 0, "VAT13"), ("cogs", 0, 12, ""), ("inventory", 12, 0, ""),
    ]  # fmt: skip
    money = desk.paid("70")
    assert sides(money.number) == [("bank", 70, 0, ""), ("receivable", 0, 70, "")]
    found = desk.paid("9", customer=None)
    services.assign_payment(
        actor=desk.clerk, payment=found.pk, customer=desk.hospital.pk, key="a", at=AT
    )
    assert sides(found.number) == [
        ("suspense", 9, 0, ""), ("receivable", 0, 9, ""), ("bank", 9, 0, ""),
        ("suspense", 0, 9, ""),
    ]  # fmt: skip


def test_a_batch_takes_each_line_once_and_gives_the_same_bytes_ever_after(desk: Desk) -> None:
    desk.gloves_signed(10)
    desk.issued()
    desk.paid("40")
    export = services.export_journal
    made = export(actor=desk.clerk, until=TODAY, key="x", at=AT)
    assert export(actor=desk.clerk, until=TODAY, key="x", at=AT).pk == made.pk
    data = services.batch_file(made.pk)
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert len(rows) == made.line_count == JournalLine.objects.count()
    assert data.count(b"\r\n") == len(rows) + 1
    assert {row["batch"] for row in rows} == {made.number}
    assert [row["account"] for row in rows if row["role"] == "receivable"] == ["1122", "1122"]
    for number in {row["document_no"] for row in rows}:
        of_it = [row for row in rows if row["document_no"] == number]
        assert sum(Decimal(r["debit"]) for r in of_it) == sum(Decimal(r["credit"]) for r in of_it)
    # Another account from now on; what left stays as it was.
    services.set_account(actor=desk.clerk, role="receivable", account="1122.01", key="r")
    desk.paid("1")
    assert services.batch_file(made.pk) == data
    second = export(actor=desk.clerk, until=TODAY, key="y", at=AT)
    assert b"1122.01" in services.batch_file(second.pk)
    assert refusal(export, actor=desk.clerk, until=TODAY, key="z", at=AT) == (
        "billing.nothing-to-export"
    )


def test_the_database_refuses_sides_that_differ_and_changes_of_what_left(desk: Desk) -> None:
    desk.paid("40")
    services.export_journal(actor=desk.clerk, until=TODAY, key="x", at=AT)
    for change in ({"debit": 41}, {"account": "x"}, {"batch": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            JournalLine.objects.filter(role="bank").update(**change)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        JournalLine.objects.create(
            document_kind="payment", document_id=uuid7(), document_no="X", line_no=1,
            booked_on=TODAY, role="bank", debit=1, currency="CNY",
        )  # fmt: skip
    assert refused.value.__cause__.sqlstate == "KT168"  # type: ignore[union-attr]


def test_an_account_is_a_code(desk: Desk) -> None:
    for account in ("", "=1+1", "a b", "x" * 41, "科目"):
        assert refusal(
            services.set_account, actor=desk.clerk, role="bank", account=account, key=uuid7().hex
        ) == "billing.account"  # fmt: skip


def test_margin_is_revenue_without_tax_less_the_ledgers_cost(desk: Desk) -> None:
    """88.50 − 40.00 = 48.50, whichever way it is grouped."""
    order = with_cost(desk)
    desk.issued()
    for by, name in (("customer", "示例市第一医院"), ("order", order.number),
                     ("product", desk.shop.gloves.product_code)):  # fmt: skip
        [row] = reports.margin(by=by)
        assert (row["name"], row["revenue"], row["cost"], row["margin"], row["unknown"]) == (
            name, Decimal("88.5"), 40, Decimal("48.5"), 0,
        )  # fmt: skip
    assert reports.margin(by="order", until=days("2026-11-24")) == []


def test_what_is_due_is_told_by_age_and_what_is_paid_covers_the_oldest(desk: Desk) -> None:
    """100 due 2026-11-25 at 0 days: 60 paid. On 2026-12-25 40 are 30 days late, a day later 31."""
    desk.gloves_signed(10)
    made = desk.issued()
    desk.match("60", payment=desk.paid("60"), invoice=made)
    ages = {
        "2026-11-25": "not_due", "2026-11-26": "d30", "2026-12-25": "d30", "2026-12-26": "d60",
        "2027-02-23": "d90", "2027-02-24": "older",
    }  # fmt: skip
    for on, age in ages.items():
        [row] = reports.due_list(on=days(on))
        assert (row["age"], row["open_amount"]) == (age, 40), on
    [customer] = reports.ageing(on=days("2026-12-26"))
    assert (customer["d60"], customer["total"]) == (40, 40)
