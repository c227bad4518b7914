"""Sales: contracts, orders, and what came of them."""

from kintsugi.sales.models.contract import (
    Contract,
    ContractLine,
    ContractVersion,
    ListPrice,
    PaymentNode,
)
from kintsugi.sales.models.order import Order, OrderJudgement, OrderLine, OrderRevision

__all__ = [
    "Contract",
    "ContractLine",
    "ContractVersion",
    "ListPrice",
    "Order",
    "OrderJudgement",
    "OrderLine",
    "OrderRevision",
    "PaymentNode",
]
