"""What the checks of an order say: each passes, or says why not and what to do."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Sum, When
from django.db.models.functions import Coalesce, Greatest, Round

from kintsugi.core.verdicts import Verdict, failed, from_kept
from kintsugi.engine.text import Text
from kintsugi.parties.selectors import parties_seen
from kintsugi.sales.kinds import ENDED, OPEN
from kintsugi.sales.models import Order, OrderLine, Receivable
from kintsugi.sales.selectors.trading import may_trade
from kintsugi.stock import selectors as stock

#: The only check that somebody may let pass although it failed: finance, with a reason.
CREDIT = "credit"
NAMED_MAX = 5


def judge(order: Order, *, on: dt.date) -> list[Verdict]:
    """All checks of an order as things stand on a day."""
    lines = _lines(order)
    return [
        _credit(order),
        *_trade(order, lines, on),
        _stock(order, lines, on),
        _blocks(lines),
        _prices(lines),
        _contract_term(order, on),
        _contract_left(order, lines),
    ]


def shown(order: Order, *, on: dt.date) -> list[Verdict]:
    """What the checks say today; of an order that ended, or to somebody whose limits leave its
    customer out (the keeper of a warehouse), what they said last."""
    if order.status in ENDED or not parties_seen([order.customer_id]):
        last = order.judgements.order_by("-judged_at", "-pk").first()
        return from_kept(last.verdicts) if last else []
    return judge(order, on=on)


def stops(order: Order, *, on: dt.date) -> list[Verdict]:
    """What stands against going on with an approved order: licences that ended, holds, recalls.
    Derived when it is asked for; nothing is flipped when a licence ends overnight."""
    lines = _lines(order)
    return failed([*_trade(order, lines, on), _blocks(lines)])


def lets_pass(order: Order, verdicts: Sequence[Verdict]) -> bool:
    """Whether the order may go on: no check fails, but credit where finance agreed."""
    stopping = failed(verdicts)
    return all(one.check == CREDIT and bool(order.credit_by_name) for one in stopping)


def _lines(order: Order) -> list[OrderLine]:
    rows = order.lines.filter(is_void=False).select_related("product", "lot", "contract_line")
    return list(rows.order_by("line_no"))


def uninvoiced(customer: UUID, *, but: UUID | None = None) -> Decimal:
    """What a customer ordered and was not asked to pay yet, with tax: of open orders everything but
    what came back, of closed ones what was signed for."""
    rows = OrderLine.objects.filter(
        order__customer=customer, order__status__in=(*OPEN, "closed"), order__is_void=False,
        is_void=False,
    )  # fmt: skip
    if but is not None:
        rows = rows.exclude(order=but)
    wanted = Case(When(order__status="closed", then=F("signed")), default=F("qty"))
    left = Greatest(wanted - F("returned") - Coalesce(F("billed__qty"), Decimal(0)), Decimal(0))
    worth = Round(left * F("price") * (1 - F("discount")), 2)
    return Decimal(rows.aggregate(n=Sum(worth))["n"] or 0)


def owed(customer: UUID) -> Decimal:
    """What a customer owes on issued invoices, less what it has on account, as billing said."""
    found = Receivable.objects.filter(customer=customer).values_list("amount", flat=True).first()
    return Decimal(found or 0)


def exposure(customer: UUID, *, but: UUID | None = None) -> Decimal:
    """What is open with a customer, with tax: ordered and not invoiced, and invoiced and not
    paid."""
    return uninvoiced(customer, but=but) + owed(customer)


def _credit(order: Order) -> Verdict:
    title = Text("信用额度", "Credit")
    limit, days = order.customer.credit_limit, order.customer.credit_days
    if limit is None:
        return Verdict(
            CREDIT, True, title,
            Text("该客户未设信用额度。", "No credit limit is set for this customer."),
        )  # fmt: skip
    ordered, debt = uninvoiced(order.customer_id, but=order.pk), owed(order.customer_id)
    total = ordered + debt + order.total
    facts = {"limit": limit, "open": ordered + debt, "not_invoiced": ordered, "owed": debt,
             "order": order.total, "days": days}  # fmt: skip
    zh = f"未收发票 {debt:,.2f},未开票订单 {ordered:,.2f},加本单共 {total:,.2f}"
    en = f"{debt:,.2f} owed, {ordered:,.2f} ordered and not invoiced, {total:,.2f} with this order"
    if total <= limit:
        return Verdict(
            CREDIT, True, title,
            Text(f"{zh},额度 {limit:,.2f}。", f"{en}; the limit is {limit:,.2f}."),
            facts=facts,
        )  # fmt: skip
    return Verdict(
        CREDIT, False, title,
        Text(f"{zh},超出额度 {limit:,.2f} 计 {total - limit:,.2f}。",
             f"{en}: {total - limit:,.2f} above the limit {limit:,.2f}."),
        Text("等货款到账,或由财务写明原因放行。",
             "Wait for payments, or finance agrees to it with a reason."),
        facts,
    )  # fmt: skip


def _trade(order: Order, lines: Sequence[OrderLine], on: dt.date) -> list[Verdict]:
    """Licence, scope, first review, product status and certificate."""
    products = {line.product_id: line.product.product_code for line in lines}
    return may_trade(order.customer_id, products, on=on)


def _stock(order: Order, lines: Sequence[OrderLine], on: dt.date) -> Verdict:
    """Whether there is enough for what is not kept yet; what is missing may come until the wanted
    day, and from that day on it fails."""
    title = Text("库存", "Stock")
    short = []
    usable: dict[UUID, dt.date] = {}
    for line in lines:
        day = on + dt.timedelta(days=line.min_remaining_days)
        usable[line.product_id] = min(usable.get(line.product_id, day), day)
    free: dict[UUID, list[dict[str, Any]]] = {}
    for row in stock.free_of(usable_on=usable, warehouse=order.warehouse_id):
        free.setdefault(row["product_id"], []).append(row)
    for line in lines:
        left = line.qty - line.reserved
        day = on + dt.timedelta(days=line.min_remaining_days)
        for row in free.get(line.product_id, []):
            if row["expiry_date"] and row["expiry_date"] < day:
                continue
            taken = min(left, Decimal(row["free"]))
            row["free"] -= taken
            left -= taken
        if left > 0:
            short.append((line, left))
    if not short:
        return Verdict("stock", True, title, Text("全部有货或已预留。", "All of it is there."))
    said = _listed(f"{line.product.product_code} × {left.normalize():f}" for line, left in short)
    facts = {"short": {line.product.product_code: f"{left:f}" for line, left in short}}
    if order.wanted_on > on:
        return Verdict(
            "stock", True, title,
            Text(f"现缺 {said};须在 {order.wanted_on} 前到货。",
                 f"Missing today: {said}; it has to come by {order.wanted_on}."),
            facts=facts,
        )  # fmt: skip
    return Verdict(
        "stock", False, title,
        Text(f"缺 {said}。", f"Missing: {said}."),
        Text("推迟要求日期、减少数量,或等待到货。",
             "Agree on a later day, order less, or wait for goods."),
        facts,
    )  # fmt: skip


def _blocks(lines: Sequence[OrderLine]) -> Verdict:
    """Holds and recalls on the products, and on the lots and units that are kept or wanted."""
    title = Text("冻结与召回", "Holds and recalls")
    kept = list(stock.reservations_of([one.pk for one in lines]))
    lots = {one.lot_id for one in kept} | {one.lot_id for one in lines}
    units = {one.unit_id for one in kept}
    found = [
        one
        for one in stock.standing_blocks([line.product_id for line in lines])
        if (one.lot_id is None or one.lot_id in lots)
        and (one.unit_id is None or one.unit_id in units)
    ]
    if not found:
        return Verdict("blocks", True, title, Text("没有。", "None stands."))
    zh = _listed(
        f"{one.unit or one.lot or one.product.product_code} {stock.BLOCK_KINDS[one.kind].zh}"
        for one in found
    )
    en = _listed(
        f"{one.unit or one.lot or one.product.product_code} ({stock.BLOCK_KINDS[one.kind].en})"
        for one in found
    )
    return Verdict(
        "blocks", False, title,
        Text(f"{zh}。", f"{en}."),
        Text("换批次或序列号,或等质量解除。", "Take other lots or units, or wait for the release."),
        {"blocks": [str(one.pk) for one in found]},
    )  # fmt: skip


def _prices(lines: Sequence[OrderLine]) -> Verdict:
    """No line is sold below the list's lowest price, or below its contract."""
    title = Text("价格", "Price")
    low = [
        line
        for line in lines
        if line.floor_price is not None and line.price * (1 - line.discount) < line.floor_price
    ]
    if not low:
        return Verdict(
            "price", True, title,
            Text("没有低于最低价的行。", "No line is below the lowest price."),
        )  # fmt: skip
    said = "、".join(str(one.line_no) for one in low)
    return Verdict(
        "price", False, title,
        Text(f"第 {said} 行低于最低价。", f"Below the lowest price: line {said}."),
        Text("提高价格,或在合同中约定(合同须审批)。",
             "Raise the price, or agree to it in a contract, which is approved."),
        {"lines": [one.line_no for one in low]},
    )  # fmt: skip


def _contract_term(order: Order, on: dt.date) -> Verdict:
    title = Text("合同有效期", "Term of the contract")
    version = order.contract_version
    if version is None:
        return Verdict(
            "contract-term", True, title, Text("未引用合同。", "It is ordered without a contract.")
        )
    number, begins, ends = version.contract.number, version.effective_on, version.expires_on
    inside = begins <= on and (ends is None or on <= ends)
    in_force = version.contract.status in ("effective", "changing")
    facts = {"contract": number, "from": begins, "to": ends, "status": version.contract.status}
    zh, en = ends or "长期", ends or "an open end"
    if inside and in_force:
        return Verdict(
            "contract-term", True, title,
            Text(f"合同 {number} 有效期 {begins} 至 {zh}。",
                 f"Contract {number} runs from {begins} to {en}."),
            facts=facts,
        )  # fmt: skip
    return Verdict(
        "contract-term", False, title,
        Text(f"合同 {number} 在 {on} 无效(有效期 {begins} 至 {zh})。",
             f"Contract {number} does not run on {on} (it runs from {begins} to {en})."),
        Text("续签或变更合同,或改用其他合同。", "Renew or change it, or use another contract."),
        facts,
    )  # fmt: skip


def _contract_left(order: Order, lines: Sequence[OrderLine]) -> Verdict:
    """What is called off of each line of the contract, this order included; the database holds
    it, so this says how much is left."""
    title = Text("合同数量", "Quantity of the contract")
    wanted = {one.contract_line.line_no for one in lines if one.contract_line}
    if order.contract_version is None or not wanted:
        return Verdict(
            "contract-quantity", True, title,
            Text("没有引用合同行。", "No line of a contract is called off."),
        )  # fmt: skip
    rows = order.contract_version.contract.versions.filter(status="in_force").values_list(
        "lines__line_no", "lines__qty", "lines__called_off"
    )
    left = {no: qty - taken for no, qty, taken in rows if no in wanted}
    gone = sorted(wanted - set(left))
    if gone:
        said = "、".join(map(str, gone))
        return Verdict(
            "contract-quantity", False, title,
            Text(f"合同现行版本没有第 {said} 行。",
                 f"The contract in force has no line {said} any more."),
            Text("按现行版本变更订单。", "Change the order to the version in force."),
        )  # fmt: skip
    zh = ";".join(f"第 {no} 行还剩 {qty.normalize():f}" for no, qty in sorted(left.items()))
    en = "; ".join(f"{qty.normalize():f} left of line {no}" for no, qty in sorted(left.items()))
    return Verdict("contract-quantity", True, title, Text(f"{zh}。", f"{en}."))


def _listed(parts: Any) -> str:
    """At most five of them, and how many more there are."""
    found = list(parts)
    more = f" … (+{len(found) - NAMED_MAX})" if len(found) > NAMED_MAX else ""
    return ", ".join(found[:NAMED_MAX]) + more
