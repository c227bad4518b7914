"""The only writer of purchasing's documents; what each may do, keyword by keyword."""

from kintsugi.purchasing.services.acceptance import Finding, accept
from kintsugi.purchasing.services.invoices import (
    InvoiceLineIn,
    decide_invoice,
    enter_invoice,
    match_again,
    resolve_difference,
)
from kintsugi.purchasing.services.notices import NoticeLineIn, announce, cancel_notice
from kintsugi.purchasing.services.orders import (
    OrderLineIn,
    approve_order,
    cancel_order,
    close_order,
    draft_order,
    send_back_order,
    submit_order,
)
from kintsugi.purchasing.services.put_away import Placing, put_away
from kintsugi.purchasing.services.receiving import (
    cancel_receipt,
    describe_arrival,
    open_receipt,
    post_receipt,
    reverse_receipt,
)
from kintsugi.purchasing.services.requests import (
    RequestLineIn,
    cancel_request,
    decide_request,
    make_request,
)
from kintsugi.purchasing.services.returns import (
    ReturnLineIn,
    cancel_return,
    credit_return,
    decide_return,
    request_return,
    ship_return,
)
from kintsugi.purchasing.services.scanning import Reading, scan, take_out

__all__ = [
    "Finding",
    "InvoiceLineIn",
    "NoticeLineIn",
    "OrderLineIn",
    "Placing",
    "Reading",
    "RequestLineIn",
    "ReturnLineIn",
    "accept",
    "announce",
    "approve_order",
    "cancel_notice",
    "cancel_order",
    "cancel_receipt",
    "cancel_request",
    "cancel_return",
    "close_order",
    "credit_return",
    "decide_invoice",
    "decide_request",
    "decide_return",
    "describe_arrival",
    "draft_order",
    "enter_invoice",
    "make_request",
    "match_again",
    "open_receipt",
    "post_receipt",
    "put_away",
    "request_return",
    "resolve_difference",
    "reverse_receipt",
    "scan",
    "send_back_order",
    "ship_return",
    "submit_order",
    "take_out",
]
