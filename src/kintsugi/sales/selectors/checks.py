"""What the checks of an order say: each passes, or says why not and what to do."""

import datetime as dt
from collections.abc import Sequence

from kintsugi.core.verdicts import Verdict, failed
from kintsugi.engine.text import Text
from kintsugi.sales.models import Order, OrderLine

#: The only check that somebody may let pass although it failed: finance, with a reason.
CREDIT = "credit"


def judge(order: Order, *, on: dt.date) -> list[Verdict]:
    """All checks of an order as things stand on a day."""
    lines = list(
        order.lines.filter(is_void=False).select_related("product", "lot").order_by("line_no")
    )
    return [_contract_term(order, on), *_prices(lines)]


def lets_pass(order: Order, verdicts: Sequence[Verdict]) -> bool:
    """Whether the order may go on: no check fails, but credit where finance agreed."""
    stopping = failed(verdicts)
    return all(one.check == CREDIT and bool(order.credit_by_name) for one in stopping)


def _contract_term(order: Order, on: dt.date) -> Verdict:
    title = Text("合同有效期", "Term of the contract")
    version = order.contract_version
    if version is None:
        return Verdict(
            "contract-term", True, title, Text("未引用合同。", "It is ordered without a contract.")
        )
    number, begins, ends = version.contract.number, version.effective_on, version.expires_on
    inside = begins <= on and (ends is None or on <= ends)
    open_state = version.contract.status in ("effective", "changing")
    facts = {"contract": number, "from": begins, "to": ends, "status": version.contract.status}
    if inside and open_state:
        return Verdict(
            "contract-term", True, title,
            Text(f"合同 {number} 有效期 {begins} 至 {ends or '长期'}。",
                 f"Contract {number} runs from {begins} to {ends or 'an open end'}."),
            facts=facts,
        )  # fmt: skip
    return Verdict(
        "contract-term", False, title,
        Text(f"合同 {number} 在 {on} 不在有效期内(至 {ends or '长期'})。",
             f"Contract {number} does not run on {on} (until {ends or 'an open end'})."),
        Text("续签或变更合同,或改用其他合同。", "Renew or change it, or use another contract."),
        facts,
    )  # fmt: skip


def _prices(lines: Sequence[OrderLine]) -> list[Verdict]:
    """No line is sold below the list's lowest price: the floor is the list's, the contract's price
    was approved with the contract."""
    title = Text("价格", "Price")
    low = [
        line
        for line in lines
        if line.price_from != "contract"
        and line.floor_price is not None
        and line.price * (1 - line.discount) < line.floor_price
    ]
    if not low:
        return [
            Verdict("price", True, title,
                    Text("没有低于最低价的行。", "No line is below the lowest price."))
        ]  # fmt: skip
    said = "、".join(f"{one.line_no}" for one in low)
    return [
        Verdict(
            "price", False, title,
            Text(f"第 {said} 行低于最低价。", f"Below the lowest price: line {said}."),
            Text("提高价格,或按合同审批价格。",
                 "Raise the price, or agree to it in a contract, which is approved."),
            {"lines": [one.line_no for one in low]},
        )
    ]  # fmt: skip
