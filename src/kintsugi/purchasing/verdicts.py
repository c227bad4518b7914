"""What the checks of an order find, each with its reason and what would make it pass."""

import datetime as dt

from kintsugi.core.verdicts import Verdict
from kintsugi.products import selectors as products
from kintsugi.purchasing.models import Order


def order_verdicts(order: Order, *, on: dt.date) -> list[Verdict]:
    """Whether an order may be placed on that day: the supplier's licences, scope, authorisation and
    first review, and each product's. What is said of several products alike is said once. The
    database asks the same before an order is placed."""
    wanted = list(order.lines.order_by("line").values_list("product_id", flat=True))
    found = products.trade_verdicts(
        party=order.supplier_id, products=wanted, role="supplier", on=on,
        region=order.warehouse.region_code or None,
    )  # fmt: skip
    said = {
        (one.check, one.passed, one.why): one for verdicts in found.values() for one in verdicts
    }
    return list(said.values())
