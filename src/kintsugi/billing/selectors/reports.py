"""What is due, how late it is, and what was earned."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.billing.kinds import AGES, GROUPINGS
from kintsugi.billing.services.common import rows_of

#: Rows of a report.
ROWS_MAX = 5_000


def due_list(*, on: dt.date, customer: UUID | None = None) -> list[dict[str, Any]]:
    """Open instalments of issued invoices with their age on a day, the oldest first; what was
    settled covers the oldest. Rows: number, tax_number, customer, name, rule, amount, due_on,
    open_amount, age, days_late; at most 5,000."""
    return rows_of("due_list", {"on": on, "customer": customer, "limit": ROWS_MAX})


def ageing(*, on: dt.date) -> list[dict[str, Any]]:
    """What each customer owes by age on a day: the bands of ``AGES`` and ``total``, in one
    currency a row; who owes most comes first."""
    found: dict[tuple[UUID, str], dict[str, Any]] = {}
    for row in due_list(on=on):
        key = (row["customer_id"], row["currency"])
        line = found.setdefault(
            key,
            {
                "customer_id": row["customer_id"], "customer_name": row["customer_name"],
                "currency": row["currency"], "total": Decimal(0),
                **dict.fromkeys(AGES, Decimal(0)),
            },
        )  # fmt: skip
        line[row["age"]] += row["open_amount"]
        line["total"] += row["open_amount"]
    return sorted(found.values(), key=lambda one: (-one["total"], one["customer_name"]))


def margin(
    *, by: str, since: dt.date | None = None, until: dt.date | None = None, currency: str = "CNY"
) -> list[dict[str, Any]]:
    """Revenue without tax, cost and margin by customer, order or product, the most revenue first;
    ``unknown`` counts lines whose cost the ledger did not know. At most 5,000 rows."""
    assert by in GROUPINGS, by
    params: Mapping[str, Any] = {"by": by, "since": since, "until": until, "currency": currency,
                                 "limit": ROWS_MAX}  # fmt: skip
    return rows_of("margin", params)
