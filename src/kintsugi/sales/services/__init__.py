"""The only writers of contracts and orders."""

from kintsugi.sales.services.checking import check_scan, fail_check, pass_check, start_check
from kintsugi.sales.services.delivering import (
    assign_delivery,
    cancel_delivery,
    create_delivery,
    create_wave,
)
from kintsugi.sales.services.orders import (
    Delivery,
    LineWanted,
    agree_credit,
    approve_order,
    create_order,
    send_back,
    submit_order,
)
from kintsugi.sales.services.picking import (
    Scan,
    finish_picking,
    pick_scan,
    put_back_scan,
    reopen_picking,
)
from kintsugi.sales.services.receiving import (
    Arrived,
    Signature,
    report_use,
    sign_delivery,
    take_back,
)
from kintsugi.sales.services.returning import (
    Asked,
    Back,
    Decision,
    approve_return,
    close_return,
    exchange,
    inspect_return,
    receive_return,
    reject_return,
    request_return,
)
from kintsugi.sales.services.shipping import (
    Transport,
    hand_over,
    reverse_shipment,
    ship_delivery,
)

__all__ = [
    "Arrived",
    "Asked",
    "Back",
    "Decision",
    "Delivery",
    "LineWanted",
    "Scan",
    "Signature",
    "Transport",
    "agree_credit",
    "approve_order",
    "approve_return",
    "assign_delivery",
    "cancel_delivery",
    "check_scan",
    "close_return",
    "create_delivery",
    "create_order",
    "create_wave",
    "exchange",
    "fail_check",
    "finish_picking",
    "hand_over",
    "inspect_return",
    "pass_check",
    "pick_scan",
    "put_back_scan",
    "receive_return",
    "reject_return",
    "reopen_picking",
    "report_use",
    "request_return",
    "reverse_shipment",
    "send_back",
    "ship_delivery",
    "sign_delivery",
    "start_check",
    "submit_order",
    "take_back",
]
