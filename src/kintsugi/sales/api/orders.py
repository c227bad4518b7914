"""Orders and the price list over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.sales import services, typed
from kintsugi.sales.api.shapes import (
    KEY,
    Code,
    Currency,
    Line400,
    Money,
    Qty,
    SalesProductRef,
    SalesReasonIn,
    SalesVerdictOut,
    Share,
    codes,
)
from kintsugi.sales.kinds import GROUPS, HOLD_REASONS, ORDER, ORDER_KINDS, PRICE_SOURCES
from kintsugi.sales.models import ListPrice, Order, OrderLine
from kintsugi.sales.screens import ORDERS, PRICES
from kintsugi.sales.selectors import checks, orders
from kintsugi.sales.selectors.orders import TABS
from kintsugi.sales.services import Delivery
from kintsugi.sales.services.orders import LINES_MAX, SERIALS_MAX
from kintsugi.sales.views import now, today

router = Router()
HUNDRED = Decimal(100)


class SalesOrderOut(Schema):
    """An order and how far it is."""

    id: UUID
    number: str = Field(examples=["SO-20261125-0001"])
    kind: str = Field(description=codes(ORDER_KINDS))
    customer_id: UUID
    customer_name: str
    customer_ref: str
    contract: str | None = Field(description="number of the contract it calls off")
    contract_version: int | None
    status: str = Field(description=codes(dict(ORDER.states)))
    revision: int
    version: int = Field(description="to be sent along with a change")
    ordered_on: dt.date
    wanted_on: dt.date
    currency: str
    total: Decimal = Field(description="with tax")
    seller_name: str
    approved_by_name: str
    credit_by_name: str
    hold_kind: str = Field(description=f"empty, or {codes(HOLD_REASONS)}")
    hold_reason: str

    @staticmethod
    def resolve_contract(row: Order) -> str | None:
        """The contract's number."""
        return row.contract_version.contract.number if row.contract_version else None

    @staticmethod
    def resolve_contract_version(row: Order) -> int | None:
        """The number of its version."""
        return row.contract_version.no if row.contract_version else None


class SalesOrderLineOut(Schema):
    """A line: what was ordered and what has happened to it, in base units."""

    line_no: int
    product: SalesProductRef
    qty: Decimal
    price: Decimal = Field(description="of one, with tax, before the discount")
    discount: Decimal = Field(description="0.1 is 10 %")
    tax_rate: Decimal
    amount: Decimal
    price_from: str = Field(description=codes(PRICE_SOURCES))
    price_ref: str
    list_price: Decimal | None
    contract_line: int | None
    min_remaining_days: int
    lot_no: str | None = Field(description="the lot that the customer chose")
    serials: list[str] = Field(description="serials that the customer chose")
    choice_reason: str
    choice_by_name: str
    reserved: Decimal = Field(description="kept now, and what was picked")
    picked: Decimal
    shipped: Decimal
    refused: Decimal
    signed: Decimal
    returned: Decimal

    @staticmethod
    def resolve_contract_line(row: OrderLine) -> int | None:
        """Its line in the contract."""
        return row.contract_line.line_no if row.contract_line else None

    @staticmethod
    def resolve_lot_no(row: OrderLine) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None


class KeptOut(Schema):
    """Goods that are kept for an order."""

    product: SalesProductRef
    lot_no: str | None
    serial_no: str | None
    location: str
    qty: Decimal
    expires_at: dt.datetime | None

    @staticmethod
    def resolve_lot_no(row: Any) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_serial_no(row: Any) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None

    @staticmethod
    def resolve_location(row: Any) -> str:
        """The place as people type it."""
        return str(row.location)


class SalesOrderDetail(SalesOrderOut):
    """An order with its lines, its goods, and what its checks say today."""

    lines: list[SalesOrderLineOut]
    kept: list[KeptOut]
    checks: list[SalesVerdictOut]

    @staticmethod
    def resolve_lines(row: Order) -> list[OrderLine]:
        """Its lines in order."""
        return list(orders.lines_of(row)[:LINES_MAX])

    @staticmethod
    def resolve_kept(row: Order) -> list[Any]:
        """What is kept and not picked yet."""
        return list(orders.kept_for(row)[:SERIALS_MAX])

    @staticmethod
    def resolve_checks(row: Order) -> list[dict[str, Any]]:
        """Each passed, or why not."""
        return [one.kept() for one in checks.shown(row, on=today())]


class OrderLineIn(Schema):
    """A line as somebody orders it."""

    product_code: Code = Field(min_length=1)
    qty: Qty
    price: Money | None = Field(None, description="null: the contract's, else the list's")
    discount: Share | None = None
    tax_rate: Share | None = Field(None, description="null: as contract, list or product say")
    contract_line: int | None = Field(None, ge=1)
    min_remaining_days: int = Field(0, ge=0, le=3650)
    lot_no: Code = ""
    serials: list[Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")]] = Field(
        default_factory=list, max_length=SERIALS_MAX
    )
    choice_reason: Line400 = Field("", description="needed with a lot or serials")


class DeliveryWishIn(Schema):
    """Where it goes; what is empty is taken from the customer."""

    address: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""
    contact: Code = ""
    phone: Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")] = ""
    department: Code = ""


class SalesOrderIn(Schema):
    """An order to be taken as a draft."""

    customer_id: UUID
    wanted_on: dt.date
    lines: list[OrderLineIn] = Field(min_length=1, max_length=LINES_MAX)
    kind: Literal["sale", "consignment"] = "sale"
    contract: Code = Field("", description="number of the contract it calls off")
    warehouse_id: UUID | None = None
    customer_ref: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] = ""
    currency: Currency = "CNY"
    note: Line400 = ""
    delivery: DeliveryWishIn = Field(default_factory=DeliveryWishIn)


class OrderChangeIn(Schema):
    """The lines of an order written anew."""

    version: int = Field(ge=1, description="as it was read")
    lines: list[OrderLineIn] = Field(min_length=1, max_length=LINES_MAX)
    reason: Line400 = Field("", description="needed once it was submitted")
    wanted_on: dt.date | None = None
    warehouse_id: UUID | None = None
    note: Line400 | None = None


class ReserveIn(Schema):
    """What to keep, and until when."""

    lines: list[int] = Field(default_factory=list, max_length=LINES_MAX, description="empty: all")
    expires_at: dt.datetime | None = None


class SalesHoldIn(SalesReasonIn):
    """Why it is stopped."""

    kind: Literal["credit", "licence", "recall", "other"]


class LineNoIn(Schema):
    """Which line."""

    line: int = Field(ge=1)


class ReductionIn(Schema):
    """The smaller quantity of a line."""

    line: int = Field(ge=1)
    qty: Money


class ReduceIn(SalesReasonIn):
    """Quantities that go down, and why."""

    lines: list[ReductionIn] = Field(min_length=1, max_length=LINES_MAX)


class PriceOut(Schema):
    """What one of a product costs a group of customers, with tax."""

    id: UUID
    product: SalesProductRef
    group: str = Field(description=codes(GROUPS))
    currency: str
    price: Decimal
    floor: Decimal
    tax_rate: Decimal
    valid_from: dt.date
    valid_to: dt.date | None


class PriceIn(Schema):
    """A price to set."""

    product_code: Code = Field(min_length=1)
    group: Literal["", "hospital", "clinic", "dealer", "individual"] = ""
    currency: Currency = "CNY"
    price: Qty
    floor: Money
    tax_rate: Share
    valid_from: dt.date
    valid_to: dt.date | None = None


class PriceEndIn(Schema):
    """The last day of a price."""

    valid_to: dt.date


def _to_do(rows: QuerySet[Order], params: Any) -> QuerySet[Order]:
    return orders.orders_to_do(rows, params.to_do) if params.to_do else rows


add_list(
    router, "/orders", ORDERS, SalesOrderOut, name="orders", summary="Sales orders",
    extra={"to_do": (Literal[TABS] | None, Field(None, description="what is to be done"))},
    also=_to_do,
)  # fmt: skip
add_list(router, "/prices", PRICES, PriceOut, name="prices", summary="The price list")


@router.get("/orders/{id}", response={200: SalesOrderDetail, **READ}, summary="One sales order")
@requires("order.read")
def order(request: HttpRequest, id: UUID) -> Order:
    """With its lines, the goods kept for it, and what its checks say today."""
    return orders.order(id)


def _lines(given: list[OrderLineIn]) -> Any:
    """Lines by codes; shares become percents, as people type them."""
    rows = [
        {
            **one.model_dump(),
            "discount": None if one.discount is None else one.discount * HUNDRED,
            "tax_rate": None if one.tax_rate is None else one.tax_rate * HUNDRED,
            "serials": " ".join(one.serials),
        }
        for one in given
    ]
    return typed.order_lines(rows)


@router.post("/orders", response={201: SalesOrderDetail, **WRITE}, summary="Take an order")
@requires("order.create")
def take_order(request: HttpRequest, body: SalesOrderIn, key: str = KEY) -> Status[Order]:
    """As a draft, each line at the price of the day. 409 `sales.contract-exceeded` where the
    contract has less left; 422 for what nobody knows."""
    made = services.create_order(
        actor=request.user, customer=body.customer_id, lines=_lines(body.lines),
        wanted_on=body.wanted_on, kind=body.kind, contract=typed.contract(body.contract),
        warehouse=body.warehouse_id, delivery=Delivery(**body.delivery.model_dump()),
        customer_ref=body.customer_ref, currency=body.currency, note=body.note, key=key, at=now(),
    )  # fmt: skip
    return Status(201, orders.order(made.pk))


@router.post(
    "/orders/{id}/change", response={200: SalesOrderDetail, **WRITE}, summary="Change an order"
)
@requires("order.edit")
def change_order(request: HttpRequest, id: UUID, body: OrderChangeIn, key: str = KEY) -> Order:
    """Before anything was picked. How it read is kept as a revision; past submission it waits for
    approval again, and lets go of its goods."""
    orders.order(id)
    services.change_order(
        actor=request.user, order=id, lines=_lines(body.lines), reason=body.reason,
        version=body.version, wanted_on=body.wanted_on, warehouse=body.warehouse_id,
        note=body.note, key=key, at=now(),
    )  # fmt: skip
    return orders.order(id)


@router.post(
    "/orders/{id}/submit", response={200: SalesOrderDetail, **WRITE}, summary="Submit an order"
)
@requires("order.edit")
def submit_order(request: HttpRequest, id: UUID, key: str = KEY) -> Order:
    """It waits for approval; what its checks say now is kept."""
    orders.order(id)
    services.submit_order(actor=request.user, order=id, key=key, at=now())
    return orders.order(id)


@router.post(
    "/orders/{id}/approve", response={200: SalesOrderDetail, **WRITE}, summary="Approve an order"
)
@requires("order.approve")
def approve_order(request: HttpRequest, id: UUID, key: str = KEY) -> Order:
    """By somebody else than its seller (403 `sales.same-person`), while no check fails (409
    `sales.checks-failed` with `failed` in `facts`)."""
    orders.order(id)
    services.approve_order(actor=request.user, order=id, key=key, at=now())
    return orders.order(id)


@router.post(
    "/orders/{id}/send-back",
    response={200: SalesOrderDetail, **WRITE},
    summary="Send an order back",
)
@requires("order.approve")
def send_back(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Order:
    """It is a draft of its seller again."""
    orders.order(id)
    services.send_back(actor=request.user, order=id, reason=body.reason, key=key, at=now())
    return orders.order(id)


@router.post(
    "/orders/{id}/agree-credit",
    response={200: SalesOrderDetail, **WRITE},
    summary="Agree to the credit",
)
@requires("invoice.approve")
def agree_credit(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Order:
    """Finance lets the order pass a failed credit check; no other check passes so."""
    orders.order(id)
    services.agree_credit(actor=request.user, order=id, reason=body.reason, key=key, at=now())
    return orders.order(id)


@router.post(
    "/orders/{id}/agree-choice",
    response={200: SalesOrderDetail, **WRITE},
    summary="Agree to a choice",
)
@requires("order.approve")
def agree_choice(request: HttpRequest, id: UUID, body: LineNoIn, key: str = KEY) -> Order:
    """The lot or serials that the customer chose although others expire first."""
    orders.order(id)
    services.agree_choice(actor=request.user, order=id, line=body.line, key=key, at=now())
    return orders.order(id)


@router.post(
    "/orders/{id}/reserve", response={200: SalesOrderDetail, **WRITE}, summary="Reserve goods"
)
@requires("order.edit")
def reserve_order(request: HttpRequest, id: UUID, body: ReserveIn, key: str = KEY) -> Order:
    """First expiring first, as much as there is. 409 `sales.stopped` under a hold, a recall or an
    ended licence, `sales.deviation-not-agreed`, `sales.nothing-free`."""
    orders.order(id)
    services.reserve_order(
        actor=request.user, order=id, lines=body.lines, expires_at=body.expires_at, key=key,
        at=now(),
    )  # fmt: skip
    return orders.order(id)


@router.post(
    "/orders/{id}/release", response={200: SalesOrderDetail, **WRITE}, summary="Let go of the goods"
)
@requires("order.edit")
def release_order(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Order:
    """What is kept and not picked is free for others."""
    orders.order(id)
    services.release_order(actor=request.user, order=id, reason=body.reason, key=key, at=now())
    return orders.order(id)


@router.post("/orders/{id}/reduce", response={200: SalesOrderDetail, **WRITE}, summary="Order less")
@requires("order.edit")
def reduce_order(request: HttpRequest, id: UUID, body: ReduceIn, key: str = KEY) -> Order:
    """Down to what was picked; what remains is given up."""
    orders.order(id)
    services.reduce_order(
        actor=request.user, order=id, quantities={one.line: one.qty for one in body.lines},
        reason=body.reason, key=key, at=now(),
    )  # fmt: skip
    return orders.order(id)


@router.post(
    "/orders/{id}/cancel", response={200: SalesOrderDetail, **WRITE}, summary="Cancel an order"
)
@requires("order.edit")
def cancel_order(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Order:
    """Before anything was shipped; everything kept for it is free again."""
    orders.order(id)
    services.cancel_order(actor=request.user, order=id, reason=body.reason, key=key, at=now())
    return orders.order(id)


@router.post("/orders/{id}/hold", response={200: SalesOrderDetail, **WRITE}, summary="Put on hold")
@requires("order.edit")
def hold_order(request: HttpRequest, id: UUID, body: SalesHoldIn, key: str = KEY) -> Order:
    """From any state; what is kept for it becomes free."""
    orders.order(id)
    services.hold_order(
        actor=request.user, order=id, kind=body.kind, reason=body.reason, key=key, at=now()
    )
    return orders.order(id)


@router.post(
    "/orders/{id}/resume", response={200: SalesOrderDetail, **WRITE}, summary="Let it go on"
)
@requires("order.approve")
def resume_order(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Order:
    """From where its quantities say it is."""
    orders.order(id)
    services.resume_order(actor=request.user, order=id, reason=body.reason, key=key, at=now())
    return orders.order(id)


@router.post(
    "/orders/{id}/close", response={200: SalesOrderDetail, **WRITE}, summary="Close an order"
)
@requires("order.edit")
def close_order(request: HttpRequest, id: UUID, key: str = KEY) -> Order:
    """When everything is signed for."""
    orders.order(id)
    services.close_order(actor=request.user, order=id, key=key, at=now())
    return orders.order(id)


@router.post("/prices", response={201: PriceOut, **WRITE}, summary="Set a price")
@requires("contract.approve")
def set_price(request: HttpRequest, body: PriceIn, key: str = KEY) -> Status[ListPrice]:
    """One for a product, a group, a currency and a day; 409 `sales.price-overlaps` otherwise."""
    [product] = typed.products([{"product_code": body.product_code}])
    values = body.model_dump(exclude={"product_code"})
    made = services.set_price(actor=request.user, product=product, key=key, **values)
    return Status(201, orders.price(made.pk))


@router.post("/prices/{id}/end", response={200: PriceOut, **WRITE}, summary="End a price")
@requires("contract.approve")
def end_price(request: HttpRequest, id: UUID, body: PriceEndIn, key: str = KEY) -> ListPrice:
    """After that day nothing takes it; orders keep theirs."""
    services.end_price(actor=request.user, price=id, valid_to=body.valid_to, key=key)
    return orders.price(id)
