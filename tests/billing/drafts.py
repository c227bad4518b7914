"""A draft of an invoice and a payment for each of some customers, for tests of who sees what."""

import datetime as dt
from typing import Any


def drafts(customers: dict[str, Any], *, at: dt.datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ids of an invoice and of a payment by the mark of the customer; inside ``recorded``."""
    from kintsugi.billing.models import Invoice, Payment

    invoices, payments = {}, {}
    for mark, customer in customers.items():
        whose = {"customer_id": customer, "customer_name": mark}
        invoices[mark] = Invoice.objects.create(
            number=f"IV-{mark}", kind="vat_general", status="draft", written_by_name="test",
            written_at=at, **whose,
        ).pk  # fmt: skip
        payments[mark] = Payment.objects.create(
            number=f"PM-{mark}", direction="in", amount=1, paid_on=at.date(), account="1",
            bank_ref=mark, recorded_by_name="test", recorded_at=at, **whose,
        ).pk  # fmt: skip
    return invoices, payments
