"""What a signed thing is warranted for: the rule of its contract, else of its product. Facts only;
who keeps devices works out the days."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kintsugi.sales.models import ContractVersion, Delivery, DeliveryItem, OrderLine, Receipt

#: Where neither contract nor product says when a warranty begins.
FALLBACK = "delivery_signed"


def warranty_facts(
    delivery: Delivery, receipt: Receipt, items: Sequence[DeliveryItem]
) -> dict[UUID, dict[str, Any]]:
    """By delivery line: start rule, months, covers, and where it comes from. A line that replaces
    goods which came back says what it replaces and whether it inherits their warranty."""
    lines = {item.line_id: item.line for item in items}
    of_orders = [one.order_line_id for one in lines.values() if one.order_line_id]
    versions = {
        line.pk: line.order.contract_version
        for line in OrderLine._base_manager.filter(pk__in=of_orders).select_related(
            "order__contract_version__contract"
        )
    }
    products = {item.line_id: item.product for item in items}
    found: dict[UUID, dict[str, Any]] = {}
    for pk, line in lines.items():
        version = versions.get(line.order_line_id) if line.order_line_id else None
        found[pk] = _said(version, products[pk]) | _replaced(line)
    return found


def _said(version: ContractVersion | None, product: Any) -> dict[str, Any]:
    if version is not None and version.warranty_months:
        return {
            "from": f"{version.contract.number} v{version.no}", "rule": version.warranty_start,
            "months": version.warranty_months, "covers": list(version.warranty_covers),
            "contract_date": str(version.signed_on or version.effective_on),
        }  # fmt: skip
    return {
        "from": product.product_code,
        "rule": getattr(product, "warranty_start_rule", None) or FALLBACK,
        "months": product.warranty_months or 0, "covers": [], "contract_date": "",
    }  # fmt: skip


def _replaced(line: Any) -> dict[str, Any]:
    """What a line replaces; the contract of the first sale says whether warranty is inherited."""
    if line.return_line_id is None:
        return {}
    item = line.return_line.item
    order_line = item.line.order_line
    version = order_line.order.contract_version if order_line is not None else None
    return {
        "replaces": item.unit.serial_no if item.unit else "",
        "replaces_product": str(item.product_id),
        "inherits": version.exchange_inherits if version is not None else True,
    }
