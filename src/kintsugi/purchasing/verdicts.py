"""What the checks of an order find, each with its reason and what would make it pass."""

import datetime as dt

from kintsugi.core.errors import Text
from kintsugi.core.verdicts import Verdict
from kintsugi.purchasing.models import Order


def order_verdicts(order: Order, *, on: dt.date) -> list[Verdict]:
    """Whether the order may be placed on that day."""
    supplier = order.supplier
    is_supplier = "supplier" in (supplier.roles or []) and not supplier.is_void
    return [
        Verdict(
            "supplier",
            is_supplier,
            Text("供应商", "supplier"),
            Text(f"{supplier.name} 登记为供应商。", f"{supplier.name} is on record as a supplier.")
            if is_supplier
            else Text(f"{supplier.name} 不是供应商。", f"{supplier.name} is no supplier."),
            Text("更换供应商,或先登记其角色。", "Choose another, or record that role first."),
            {"supplier": supplier.pk, "on": on},
        )
    ]
