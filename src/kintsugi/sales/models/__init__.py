"""Sales: contracts, orders, and what came of them."""

from kintsugi.sales.models.contract import (
    Contract,
    ContractLine,
    ContractVersion,
    ListPrice,
    PaymentNode,
)
from kintsugi.sales.models.delivery import (
    CheckRecord,
    Delivery,
    DeliveryItem,
    DeliveryLine,
    PickScan,
    Wave,
)
from kintsugi.sales.models.order import Order, OrderJudgement, OrderLine, OrderRevision
from kintsugi.sales.models.receipt import Receipt, ReceiptLine
from kintsugi.sales.models.receivable import BilledLine, Receivable
from kintsugi.sales.models.returns import Return, ReturnLine

__all__ = [
    "BilledLine",
    "CheckRecord",
    "Contract",
    "ContractLine",
    "ContractVersion",
    "Delivery",
    "DeliveryItem",
    "DeliveryLine",
    "ListPrice",
    "Order",
    "OrderJudgement",
    "OrderLine",
    "OrderRevision",
    "PaymentNode",
    "PickScan",
    "Receipt",
    "ReceiptLine",
    "Receivable",
    "Return",
    "ReturnLine",
    "Wave",
]
