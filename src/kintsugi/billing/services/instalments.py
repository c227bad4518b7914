"""When an issued invoice falls due: the payment plan of its contract, the retention, or the
customer's credit term."""

import calendar
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kintsugi.billing.models import Invoice
from kintsugi.billing.services.common import CENT, NOTHING, rows_of


def plan_of(invoice: Invoice) -> list[dict[str, Any]]:
    """Name, rule, amount and day of each instalment; the amounts make the invoice's total.

    A share of the plan is rounded half up to the cent and the last takes the rest. Where the
    contract keeps a share back (质保金) and its plan has no payment after the warranty, that share
    of the invoice is due after the warranty and the plan's shares are of what is left.
    """
    found: list[dict[str, Any]] = []
    for row in rows_of("plan_of_lines", [invoice.pk]):
        gross = Decimal(row["gross"])
        nodes = json.loads(row["nodes"])  # Django leaves json of a query as text
        if row["version"] is None or not nodes:
            found.append(_by_term(invoice, gross))
        else:
            found += _by_plan(invoice, gross, row, nodes)
    return [one for one in found if one["amount"] > NOTHING]


def split_by_shares(total: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """The total by shares that make 1, each half up to the cent; the last takes the rest."""
    parts = [(total * share).quantize(CENT, ROUND_HALF_UP) for share in shares]
    parts[-1] += total - sum(parts)
    return parts


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months later; the last of the month where that has no such day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _by_term(invoice: Invoice, gross: Decimal) -> dict[str, Any]:
    assert invoice.invoiced_on is not None, "an issued invoice has its day"
    days = invoice.customer.credit_days or 0
    return {"name": f"T+{days}", "rule": "credit", "amount": gross,
            "due_on": invoice.invoiced_on + dt.timedelta(days=days)}  # fmt: skip


def _by_plan(
    invoice: Invoice, gross: Decimal, row: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    kept = NOTHING
    if all(node["rule"] != "warranty_end" for node in nodes):
        kept = (gross * row["retention_share"]).quantize(CENT, ROUND_HALF_UP)
    amounts = split_by_shares(gross - kept, [Decimal(str(node["share"])) for node in nodes])
    found = [
        {
            "name": node["name"], "rule": node["rule"], "amount": amount,
            "due_on": _day(node, row), "is_retention": node["rule"] == "warranty_end",
        }
        for node, amount in zip(nodes, amounts, strict=True)
    ]  # fmt: skip
    if kept:
        last = {"rule": "warranty_end", "days": 0}
        found.append({"name": "质保金", "rule": "warranty_end", "amount": kept,
                      "due_on": _day(last, row), "is_retention": True})  # fmt: skip
    return found


def _day(node: Mapping[str, Any], row: Mapping[str, Any]) -> dt.date | None:
    """The day a payment falls due, None while it is not known (goods to be accepted)."""
    if node["rule"] == "date":
        return dt.date.fromisoformat(node["due_on"])
    begins: dict[str, dt.date | None] = {
        "signed": row["signed_on"],
        "shipped": row["shipped_on"],
        "delivered": row["delivered_on"],
    }
    if node["rule"] == "warranty_end":
        starts = {"contract_date": row["signed_on"], "shipped": row["shipped_on"]}
        start = starts.get(row["warranty_start"], row["delivered_on"])
        if row["warranty_start"] == "install_accept" or start is None:
            return None
        # The last day is start + months − 1; the payment is due after it.
        begins["warranty_end"] = months_later(start, row["warranty_months"] or 0)
    start = begins.get(node["rule"])
    return None if start is None else start + dt.timedelta(days=int(node["days"]))
