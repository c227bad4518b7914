"""The first writer of orders: taken, submitted, approved or sent back.

What is kept of the goods lies in ``reserving``; changes, holds and ends in ``changing``.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.parties.selectors import parties
from kintsugi.products.selectors import products
from kintsugi.sales.kinds import ORDER
from kintsugi.sales.models import (
    Contract,
    ContractLine,
    ContractVersion,
    Order,
    OrderJudgement,
    OrderLine,
)
from kintsugi.sales.selectors.checks import judge, lets_pass
from kintsugi.sales.services.common import (
    locked_order,
    must_step,
    need_another,
    need_reason,
    once,
    person_of,
)
from kintsugi.sales.services.pricing import amount, list_prices, price_of

#: Lines of one order; beyond that it is several.
LINES_MAX = 500
SERIALS_MAX = 2_000


@dataclass(frozen=True)
class LineWanted:
    """A line as somebody orders it. ``price`` is that of one with tax; None takes the contract's or
    the list's. ``contract_line`` is its number in the contract; None looks for the product there.
    ``min_remaining_days`` only raises what the product asks for. ``lot`` and ``serials`` are what
    the customer chose; that needs ``choice_reason``."""

    product: UUID
    qty: Decimal
    price: Decimal | None = None
    discount: Decimal | None = None
    tax_rate: Decimal | None = None
    contract_line: int | None = None
    min_remaining_days: int = 0
    lot: UUID | None = None
    serials: tuple[str, ...] = ()
    choice_reason: str = ""


@dataclass(frozen=True)
class Delivery:
    """Where an order goes; what is empty is taken from the customer."""

    address: str = ""
    contact: str = ""
    phone: str = ""
    department: str = ""


def create_order(
    *,
    actor: Any,
    customer: UUID,
    lines: Sequence[LineWanted],
    wanted_on: dt.date,
    key: str,
    at: dt.datetime,
    kind: str = "sale",
    contract: UUID | None = None,
    warehouse: UUID | None = None,
    delivery: Delivery | None = None,
    customer_ref: str = "",
    currency: str = "CNY",
    note: str = "",
) -> Order:
    """Take an order as a draft, each line at the price of the day.

    Raises NotFound for customer, product or contract, KintsugiError ``sales.no-lines``,
    ``sales.quantity``, ``sales.price-missing``, ``sales.contract-exceeded`` and the like, each with
    the line.
    """
    check_lines(lines)
    payload = {
        "customer": customer, "lines": list(lines), "wanted_on": wanted_on, "kind": kind,
        "contract": contract, "warehouse": warehouse, "delivery": delivery,
        "customer_ref": customer_ref, "currency": currency, "note": note,
    }  # fmt: skip
    day = timezone.localtime(at).date()

    def work() -> dict[str, Any]:
        buyer = parties().filter(pk=customer, roles__contains=["customer"]).first()
        if buyer is None:
            raise NotFound(Text("客户", "customer"), str(customer))
        version = version_in_force(contract, buyer.pk) if contract else None
        where = delivery or Delivery()
        made = Order.objects.create(
            number=next_number(prefix="SO", on=day), kind=kind, customer=buyer,
            customer_name=buyer.name, customer_ref=" ".join(customer_ref.split()),
            contract_version=version, warehouse_id=warehouse,
            ship_to=where.address.strip() or buyer.address or "",
            ship_contact=where.contact.strip() or buyer.contact or "",
            ship_phone=where.phone.strip() or next(iter(buyer.phone or []), ""),
            department=where.department.strip(), ordered_on=day, wanted_on=wanted_on,
            currency=version.currency if version else currency, note=note.strip(), status="draft",
            seller_id=person_of(actor), seller_name=str(actor),
        )  # fmt: skip
        OrderLine.objects.bulk_create(built_lines(made, lines, group=buyer.customer_type or ""))
        return {"order": str(made.pk)}

    done = once(actor=actor, command="create-order", key=key, payload=payload, work=work)
    return Order.objects.get(pk=done["order"])


def submit_order(*, actor: Any, order: UUID, key: str, at: dt.datetime) -> Order:
    """Ask for approval; what the checks say now is kept with the order.

    Raises IllegalTransition unless it is a draft.
    """

    def work() -> dict[str, Any]:
        found = locked_order(order)
        must_step(ORDER, found.status, "submitted")
        keep_judgement(actor, found, "submit", at)
        step(found, "submitted", submitted_at=at)
        return {"order": str(found.pk)}

    return _done(actor, "submit-order", key, {"order": order}, work)


def send_back(*, actor: Any, order: UUID, reason: str, key: str, at: dt.datetime) -> Order:
    """Give a submitted order back to its seller, with the reason."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_order(order)
        must_step(ORDER, found.status, "draft")
        step(found, "draft", end_reason=said[:400])
        return {"order": str(found.pk)}

    return _done(actor, "send-back-order", key, {"order": order, "reason": said}, work, said)


def approve_order(*, actor: Any, order: UUID, key: str, at: dt.datetime) -> Order:
    """Approve a submitted order, by somebody else than its seller, while no check fails.

    Raises KintsugiError ``sales.same-person`` or ``sales.checks-failed`` (facts: failed).
    """

    def work() -> dict[str, Any]:
        found = locked_order(order)
        must_step(ORDER, found.status, "approved")
        need_another(
            actor, found.seller_id, zh="接单人不能批准自己的订单。",
            en="Who took an order cannot approve it.",
        )  # fmt: skip
        # Two orders of one customer are judged one after the other: both count for its credit.
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 139))", [str(found.customer_id)]
            )
        kept = keep_judgement(actor, found, "approve", at)
        if not kept.passed:
            raise checks_failed(found, kept)
        step(
            found, "approved", approved_by_id=person_of(actor), approved_by_name=str(actor),
            approved_at=at, approved_on=timezone.localtime(at).date(),
        )  # fmt: skip
        events.emit("sales.order-approved", subject=found.number, at=at,
                    facts={"order": str(found.pk), "revision": found.revision})  # fmt: skip
        return {"order": str(found.pk)}

    return _done(actor, "approve-order", key, {"order": order}, work)


def agree_credit(*, actor: Any, order: UUID, reason: str, key: str, at: dt.datetime) -> Order:
    """Finance lets an order pass its credit check, with a reason that is kept; not the seller.
    No other failed check can be passed so."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_order(order)
        if found.status != "submitted":
            must_step(ORDER, found.status, "approved")
        need_another(
            actor, found.seller_id, zh="接单人不能为自己的订单放行信用。",
            en="Who took an order cannot agree to its credit.",
        )  # fmt: skip
        step(found, found.status, credit_by_id=person_of(actor), credit_by_name=str(actor),
             credit_reason=said)  # fmt: skip
        return {"order": str(found.pk)}

    return _done(actor, "agree-credit", key, {"order": order, "reason": said}, work, said)


# -- shared with the other services of orders ------------------------------------------------------


def keep_judgement(actor: Any, order: Order, occasion: str, at: dt.datetime) -> OrderJudgement:
    """Judge an order and keep what was found with its revision."""
    found = judge(order, on=timezone.localtime(at).date())
    return OrderJudgement.objects.create(
        order=order, revision=order.revision, occasion=occasion,
        verdicts=[one.kept() for one in found], passed=lets_pass(order, found),
        judged_by_name=str(actor), judged_at=at,
    )  # fmt: skip


def checks_failed(order: Order, kept: OrderJudgement) -> KintsugiError:
    """The refusal that names each failed check and what would make it pass."""
    failed = [one for one in kept.verdicts if not one["passed"]]
    if order.credit_by_name:
        failed = [one for one in failed if one["check"] != "credit"]
    return KintsugiError(
        "sales.checks-failed",
        Text(
            "检查未通过:" + " ".join(one["why"]["zh"] for one in failed),
            "Checks fail: " + " ".join(one["why"]["en"] for one in failed),
        ),
        Text(
            " ".join(dict.fromkeys(one["remedy"]["zh"] for one in failed)),
            " ".join(dict.fromkeys(one["remedy"]["en"] for one in failed)),
        ),
        order=order.number,
        failed=[one["check"] for one in failed],
    )


def step(order: Order, status: str, **columns: Any) -> None:
    """Write a state and what goes with it; the row is locked."""
    Order.objects.filter(pk=order.pk).update(status=status, version=order.version + 1, **columns)
    order.refresh_from_db()


def check_lines(lines: Sequence[LineWanted]) -> None:
    """One line at least, not too many, more than nothing of each, and as many serials as asked."""
    if not lines or len(lines) > LINES_MAX:
        raise KintsugiError(
            "sales.no-lines" if not lines else "sales.too-many-lines",
            Text(f"订单须有 1 至 {LINES_MAX} 行,现有 {len(lines)} 行。",
                 f"An order has 1 to {LINES_MAX} lines; this one has {len(lines)}."),
            Text("加一行,或分成几张订单。", "Add a line, or make several orders of it."),
            field="lines",
        )  # fmt: skip
    for number, line in enumerate(lines, 1):
        serials = len(set(line.serials))
        if (
            line.qty <= 0
            or serials != len(line.serials)
            or serials > min(int(line.qty), SERIALS_MAX)
        ):
            raise KintsugiError(
                "sales.quantity",
                Text(f"第 {number} 行的数量 {line.qty:f} 或序列号不成立。",
                     f"Line {number}: the quantity {line.qty:f} or the serials cannot be."),
                Text("数量须大于 0,指定的序列号不重复且不多于数量。",
                     "Give more than 0, and no more serials than that, each once."),
                field="qty",
                line=number,
            )  # fmt: skip
        if (line.lot or line.serials) and not line.choice_reason.strip():
            raise KintsugiError(
                "sales.choice-reason-missing",
                Text(f"第 {number} 行指定了批号或序列号,未写原因。",
                     f"Line {number} asks for a lot or serials without saying why."),
                Text("写明为何指定。", "Say why they were chosen."),
                field="choice_reason",
                line=number,
            )  # fmt: skip


def version_in_force(contract: UUID, customer: UUID) -> ContractVersion:
    """The version of a contract that orders point to; the contract stays locked. Raises NotFound
    or KintsugiError ``sales.contract-not-in-force`` or ``sales.contract-of-another``."""
    found = Contract.objects.select_for_update(of=("self",)).filter(pk=contract).first()
    if found is None:
        raise NotFound(Text("合同", "contract"), str(contract))
    version = found.versions.filter(status="in_force").first()
    if found.customer_id != customer:
        raise KintsugiError(
            "sales.contract-of-another",
            Text(f"合同 {found.number} 属于 {found.customer_name}。",
                 f"Contract {found.number} is with {found.customer_name}."),
            Text("选择该客户的合同。", "Choose a contract of this customer."),
            field="contract",
        )  # fmt: skip
    if version is None or found.status not in ("effective", "changing"):
        raise KintsugiError(
            "sales.contract-not-in-force",
            Text(f"合同 {found.number} 未生效或已结束。",
                 f"Contract {found.number} is not in force."),
            Text("等合同生效,或不引用合同。", "Wait until it is, or order without it."),
            field="contract",
            status=found.status,
        )  # fmt: skip
    return version


def built_lines(
    order: Order, lines: Sequence[LineWanted], *, group: str, first_no: int = 1
) -> list[OrderLine]:
    """The rows of lines as somebody wants them, priced; four queries whatever their number."""
    wanted = {line.product for line in lines}
    known = {one.pk: one for one in products().filter(pk__in=wanted)}
    listed = list_prices(products=wanted, group=group, currency=order.currency, on=order.ordered_on)
    contracted = _contract_lines(order.contract_version)
    by_no = {one.line_no: one for one in contracted}
    by_product = {one.product_id: one for one in reversed(contracted)}
    rows = []
    for number, line in enumerate(lines, first_no):
        product = known.get(line.product)
        if product is None:
            raise NotFound(Text("产品", "product"), str(line.product), line=number)
        of_contract = by_product.get(line.product)
        if line.contract_line is not None:
            of_contract = by_no.get(line.contract_line)
            if of_contract is None or of_contract.product_id != line.product:
                raise NotFound(
                    Text("合同行", "contract line"), str(line.contract_line), line=number
                )
        price = price_of(
            line_no=number, product_code=product.product_code, typed=line.price,
            discount=line.discount, tax_rate=line.tax_rate, contract=of_contract,
            contract_no=order.contract_version.contract.number if order.contract_version else "",
            product_tax=product.tax_rate, listed=listed.get(line.product),
        )  # fmt: skip
        rows.append(
            OrderLine(
                order=order, line_no=number, product=product, contract_line=of_contract,
                qty=line.qty, price=price.price, discount=price.discount, tax_rate=price.tax_rate,
                amount=amount(line.qty, price.price, price.discount), list_price=price.listed,
                floor_price=price.floor, price_from=price.source, price_ref=price.reference,
                min_remaining_days=max(
                    line.min_remaining_days, product.min_ship_remaining_days or 0
                ),
                lot_id=line.lot,
                serials=[one.strip().upper() for one in line.serials],
                choice_reason=line.choice_reason.strip(),
            )
        )  # fmt: skip
    return rows


def _contract_lines(version: ContractVersion | None) -> list[ContractLine]:
    if version is None:
        return []
    return list(version.lines.filter(is_void=False).order_by("line_no"))


def _done(
    actor: Any, command: str, key: str, payload: dict[str, Any], work: Any, reason: str = ""
) -> Order:
    answer = once(actor=actor, command=command, key=key, payload=payload, work=work, reason=reason)
    return Order.objects.get(pk=answer["order"])
