"""People who invoice, credit, match and pay the same at the same moment."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tests.core.committed import committed
from tests.sales.test_concurrency import at_once

__all__ = ["committed"]

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]
WORKERS = 8


def test_two_people_who_invoice_the_same_goods_do_not_both_succeed() -> None:
    """Invariant 24: 20 gloves are signed for; eight people invoice 3 of them each: six succeed.
    Then eight match 20.00 each with one invoice of 30.00: one succeeds."""
    from kintsugi.audit.services import recorded
    from kintsugi.billing import services
    from kintsugi.billing.models import InvoiceLine
    from kintsugi.billing.services import Billed, Pair
    from kintsugi.sales.models import ReceiptLine
    from kintsugi.sales.selectors.checks import exposure, owed
    from tests.billing.desk import AT, Desk

    with recorded(actor="test", command="test"):
        desk = Desk()
        desk.gloves_signed(20)
        line = ReceiptLine.objects.get()
    connection.close()

    def invoice(number: int) -> None:
        services.create_invoice(
            actor=desk.clerk, customer=desk.hospital.pk, kind="vat_general", key=f"i-{number}",
            lines=[Billed(line.pk, Decimal(3))], at=AT,
        )  # fmt: skip

    answers = at_once(invoice, list(range(WORKERS)))
    assert sorted(answers) == ["billing.more-than-signed"] * 2 + ["done"] * 6
    assert sum(one.qty for one in InvoiceLine.objects.all()) == 18

    with recorded(actor="test", command="test"):
        drafts = [one.invoice for one in InvoiceLine.objects.select_related("invoice")]
        for one in drafts:
            services.approve_invoice(actor=desk.finance, invoice=one.pk, key=str(one.pk), at=AT)
        money = [desk.paid("20") for _ in range(WORKERS)]
    connection.close()

    def issue(one: Any) -> None:
        services.issue_invoice(
            actor=desk.clerk, invoice=one.pk, tax_number=one.number, invoiced_on=AT.date(),
            key=f"o-{one.pk}", at=AT,
        )  # fmt: skip

    assert at_once(issue, drafts) == ["done"] * 6
    # 6 invoices of 30.00 less 8 payments of 20.00; 2 pairs of gloves are not invoiced.
    assert (owed(desk.hospital.pk), exposure(desk.hospital.pk)) == (20, 40)

    def match(one: Any) -> None:
        pair = Pair(Decimal(20), payment=one.pk, invoice=drafts[0].pk)
        services.match(actor=desk.clerk, pairs=[pair], key=f"m-{one.pk}", at=AT)

    assert sorted(at_once(match, money)) == ["billing.too-much"] * 7 + ["done"]
    drafts[0].refresh_from_db()
    assert (drafts[0].status, drafts[0].settled) == ("part_paid", 20)
    assert owed(desk.hospital.pk) == 20
