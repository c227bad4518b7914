"""The only writers of contracts and orders."""

from kintsugi.sales.services.orders import (
    Delivery,
    LineWanted,
    agree_credit,
    approve_order,
    create_order,
    send_back,
    submit_order,
)

__all__ = [
    "Delivery",
    "LineWanted",
    "agree_credit",
    "approve_order",
    "create_order",
    "send_back",
    "submit_order",
]
