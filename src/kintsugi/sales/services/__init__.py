"""The only writers of contracts and orders."""

from kintsugi.sales.services.changing import (
    cancel_order,
    change_order,
    close_order,
    content_of,
    hold_order,
    reduce_order,
    resume_order,
)
from kintsugi.sales.services.contracts import (
    ContractLineWanted,
    Payment,
    Words,
    approve_contract,
    create_contract,
    drop_variation,
    end_contract,
    refuse_contract,
    submit_contract,
    vary_contract,
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
from kintsugi.sales.services.prices import end_price, set_price
from kintsugi.sales.services.reserving import (
    agree_choice,
    release_lapsed,
    release_order,
    reserve_order,
)

__all__ = [
    "ContractLineWanted",
    "Delivery",
    "LineWanted",
    "Payment",
    "Words",
    "agree_choice",
    "agree_credit",
    "approve_contract",
    "approve_order",
    "cancel_order",
    "change_order",
    "close_order",
    "content_of",
    "create_contract",
    "create_order",
    "drop_variation",
    "end_contract",
    "end_price",
    "hold_order",
    "reduce_order",
    "refuse_contract",
    "release_lapsed",
    "release_order",
    "reserve_order",
    "resume_order",
    "send_back",
    "set_price",
    "submit_contract",
    "submit_order",
    "vary_contract",
]
