"""Documents of purchasing, from the request to the supplier's invoice."""

from kintsugi.purchasing.models.inbound import (
    Acceptance,
    AcceptanceLine,
    Receipt,
    ReceiptLine,
    Scan,
)
from kintsugi.purchasing.models.orders import (
    Notice,
    NoticeLine,
    Order,
    OrderLine,
    Request,
    RequestLine,
)
from kintsugi.purchasing.models.settling import Invoice, InvoiceLine, Return, ReturnLine

__all__ = [
    "Acceptance",
    "AcceptanceLine",
    "Invoice",
    "InvoiceLine",
    "Notice",
    "NoticeLine",
    "Order",
    "OrderLine",
    "Receipt",
    "ReceiptLine",
    "Request",
    "RequestLine",
    "Return",
    "ReturnLine",
    "Scan",
]
