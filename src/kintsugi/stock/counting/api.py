"""Stocktakes and adjustments over HTTP. While a stocktake is counted nothing here says what the
ledger expects."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.stock import selectors as stock
from kintsugi.stock.counting import selectors, services, services_adjust
from kintsugi.stock.counting.screens import (
    ADJUSTMENT_LIST,
    LINES,
    SHEET,
    STOCKTAKE_LIST,
    WORK,
)
from kintsugi.stock.counting.services_found import Found
from kintsugi.stock.counting.states import ADJUSTMENTS, LINE_STATES, REASONS, STOCKTAKE
from kintsugi.stock.models import Adjustment, AdjustmentLine, Stocktake, StocktakeLine
from kintsugi.stock.schemas import KEY, Code, LineIn, PlaceOut, ProductRef, Reason, codes_in_words
from kintsugi.stock.typed import TypedLine
from kintsugi.stock.views import now

router = Router(tags=["Stock"])
ID: dict[str, Any] = {"pk": UUID}


class StocktakeOut(Schema):
    """A stocktake."""

    id: UUID
    number: str = Field(examples=["PD-20261126-0001"])
    status: str = Field(description=codes_in_words(STOCKTAKE.states))
    warehouse: str
    zones: list[str]
    places: list[str]
    products: list[str]
    note: str
    planned_by_name: str
    planned_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    decided_by_name: str
    decided_at: dt.datetime | None
    decision_reason: str
    posting: str | None = Field(description="number of the posting of its differences")

    @staticmethod
    def resolve_warehouse(row: Stocktake) -> str:
        """The warehouse's code."""
        return str(row.warehouse.code)

    @staticmethod
    def resolve_posting(row: Stocktake) -> str | None:
        """The posting's number."""
        return row.posting.number if row.posting else None


class StocktakeDetail(StocktakeOut):
    """A stocktake and how far it is."""

    progress: dict[str, int] = Field(
        description="lines that are open, to recount, matched, confirmed; unexplained differences"
    )

    @staticmethod
    def resolve_progress(row: Stocktake) -> dict[str, int]:
        """Lines by state."""
        return selectors.progress(row.pk)


class SheetOut(Schema):
    """Something to count; never how much of it is expected."""

    location: PlaceOut
    product: ProductRef
    lot_no: str | None
    work: str = Field(description=codes_in_words(WORK))

    @staticmethod
    def resolve_lot_no(row: StocktakeLine) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None


class LineOut(SheetOut):
    """A line with its result; listed once counting is over."""

    id: UUID
    serial_no: str | None
    quality: str
    expected: Decimal
    book: Decimal | None = Field(description="what the ledger said when it was counted")
    counted: Decimal | None
    difference: Decimal | None
    state: str = Field(description=codes_in_words(LINE_STATES))
    unit_cost: Decimal | None
    value: Decimal | None = Field(description="of the difference, at the average cost")
    reason: str = Field(description=codes_in_words(REASONS))
    note: str
    work: str = Field("done", description="always `done`")

    @staticmethod
    def resolve_serial_no(row: StocktakeLine) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None

    @staticmethod
    def resolve_work(row: StocktakeLine) -> str:
        """Nothing is left to count."""
        return "done"


class StocktakePlanIn(Schema):
    """Which part of a warehouse is counted; nothing named: all of it."""

    warehouse: Code = Field(min_length=1, description="its code")
    zones: list[Code] = Field(default_factory=list, max_length=20)
    places: list[Code] = Field(default_factory=list, max_length=500)
    products: list[Code] = Field(default_factory=list, max_length=500)
    note: Reason = ""


class FoundIn(Schema):
    """Some of a product, or one serial unit."""

    product_code: Code
    qty: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)] = Decimal(1)
    lot_no: Code = ""
    serial_no: Code = ""
    quality: Literal["", "pending", "qualified", "rejected"] = Field(
        "", description="empty: the unit's own, else as the zone says"
    )


class CountIn(Schema):
    """What one person found at one place."""

    place: Code = Field(min_length=1, description="WAREHOUSE/LOCATION, or the code alone")
    found: list[FoundIn] = Field(default_factory=list, max_length=services.ENTRIES_MAX)
    is_complete: bool = Field(False, description="this is all there is; the rest counts as nothing")


class CountedOut(Schema):
    """How many lines were counted."""

    lines: int


class ExplainIn(Schema):
    """Why a line differs."""

    reason: Annotated[str, StringConstraints(pattern=f"^({'|'.join(REASONS)})$")] = Field(
        description=codes_in_words(REASONS)
    )
    note: Reason = ""


class CountDecisionIn(Schema):
    """What a decision rests on."""

    reason: Reason = Field(min_length=1)


add_list(router, "/stocktakes", STOCKTAKE_LIST, StocktakeOut, name="stocktakes",
         summary="Stocktakes")  # fmt: skip
add_list(router, "/stocktakes/{pk}/sheet", SHEET, SheetOut, name="stocktake_sheet",
         summary="What is to be counted, blindly", arguments=ID)  # fmt: skip
add_list(router, "/stocktakes/{pk}/lines", LINES, LineOut, name="stocktake_lines",
         summary="The result, line by line, once counting is over", arguments=ID)  # fmt: skip


@router.get("/stocktakes/{pk}", response={200: StocktakeDetail, **READ}, summary="One stocktake")
@requires("stocktake.read")
def stocktake(request: HttpRequest, pk: UUID) -> Stocktake:
    """With how far it is."""
    return selectors.stocktake(pk)


@router.post("/stocktakes", response={201: StocktakeDetail, **WRITE}, summary="Plan a stocktake")
@requires("stocktake.create")
def plan_stocktake(
    request: HttpRequest, body: StocktakePlanIn, key: str = KEY
) -> Status[Stocktake]:
    """Of a warehouse, or of zones, places and products in it."""
    house = stock.warehouses().get(code=body.warehouse.strip().upper())
    plan = services.Plan(zones=body.zones, places=body.places, products=body.products)
    made = services.plan_stocktake(
        actor=request.user, warehouse=house, plan=plan, key=key, at=now(), note=body.note
    )
    return Status(201, selectors.stocktake(made.pk))


@router.post("/stocktakes/{pk}/start", response={200: StocktakeDetail, **WRITE},
             summary="Freeze what the ledger says")  # fmt: skip
@requires("stocktake.create")
def start_stocktake(request: HttpRequest, pk: UUID) -> Stocktake:
    """In one statement; again nothing happens."""
    services.start_stocktake(actor=request.user, stocktake=pk, at=now())
    return selectors.stocktake(pk)


@router.post("/stocktakes/{pk}/counts", response={201: CountedOut, **WRITE},
             summary="Record what was found at a place")  # fmt: skip
@requires("stocktake.create")
def count_place(
    request: HttpRequest, pk: UUID, body: CountIn, key: str = KEY
) -> Status[dict[str, int]]:
    """A person counts a line once; another one counts again what differs. The answer does not say
    whether it does."""
    lines = services.record_counts(
        actor=request.user, stocktake=pk, place=body.place, key=key, at=now(),
        found=[Found(**one.model_dump()) for one in body.found], is_complete=body.is_complete,
    )  # fmt: skip
    return Status(201, {"lines": lines})


@router.post("/stocktakes/{pk}/finish", response={200: StocktakeDetail, **WRITE},
             summary="Counting is over")  # fmt: skip
@requires("stocktake.create")
def finish_stocktake(request: HttpRequest, pk: UUID) -> Stocktake:
    """422 while lines are open or wait for another person (`stocktake.open`)."""
    services.finish_counting(actor=request.user, stocktake=pk, at=now())
    return selectors.stocktake(pk)


@router.post("/stocktake-lines/{pk}/explain", response={200: LineOut, **WRITE},
             summary="Say why a line differs")  # fmt: skip
@requires("stocktake.create")
def explain_difference(request: HttpRequest, pk: UUID, body: ExplainIn) -> StocktakeLine:
    """While the stocktake waits for approval."""
    made = services.explain_difference(
        actor=request.user, line=pk, reason=body.reason, note=body.note
    )
    return selectors.lines_of(made.stocktake_id).get(pk=pk)


@router.post("/stocktakes/{pk}/approve", response={200: StocktakeDetail, **WRITE},
             summary="Approve, and post the differences")  # fmt: skip
@requires("stocktake.approve")
def approve_stocktake(
    request: HttpRequest, pk: UUID, body: CountDecisionIn, key: str = KEY
) -> Stocktake:
    """By somebody who counted nothing of it (`stocktake.counter`)."""
    services.approve_stocktake(
        actor=request.user, stocktake=pk, reason=body.reason, key=key, at=now()
    )
    return selectors.stocktake(pk)


@router.post("/stocktakes/{pk}/cancel", response={200: StocktakeDetail, **WRITE},
             summary="Give a stocktake up")  # fmt: skip
@requires("stocktake.create")
def cancel_stocktake(request: HttpRequest, pk: UUID, body: CountDecisionIn) -> Stocktake:
    """Its counts stay in the record; nothing is posted."""
    services.cancel_stocktake(actor=request.user, stocktake=pk, reason=body.reason, at=now())
    return selectors.stocktake(pk)


# -- adjustments -----------------------------------------------------------------------------------


class AdjustmentOut(Schema):
    """Goods to be scrapped, or a quantity to be put right."""

    id: UUID
    number: str = Field(examples=["TZ-20261126-0001"])
    kind: str = Field(description=codes_in_words(ADJUSTMENTS))
    status: str
    warehouse: str
    reason: str
    requested_by_name: str
    requested_at: dt.datetime
    decided_by_name: str
    decided_at: dt.datetime | None
    decision_reason: str
    posting: str | None

    @staticmethod
    def resolve_warehouse(row: Adjustment) -> str:
        """The warehouse's code."""
        return str(row.warehouse.code)

    @staticmethod
    def resolve_posting(row: Adjustment) -> str | None:
        """The posting's number."""
        return row.posting.number if row.posting else None


class AdjustmentLineOut(Schema):
    """One line of it."""

    line: int
    product: ProductRef
    lot_no: str | None
    serial_no: str | None
    location: PlaceOut
    quality: str
    qty: Decimal

    @staticmethod
    def resolve_lot_no(row: AdjustmentLine) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_serial_no(row: AdjustmentLine) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None


class AdjustmentDetail(AdjustmentOut):
    """An adjustment with its lines."""

    lines: list[AdjustmentLineOut]

    @staticmethod
    def resolve_lines(row: Adjustment) -> list[AdjustmentLine]:
        """In order."""
        return list(selectors.adjustment_lines(row))


class AdjustmentIn(Schema):
    """What is asked for: `scrap` and `loss` name the source, `gain` the target."""

    kind: Literal["scrap", "loss", "gain"]
    lines: list[LineIn] = Field(min_length=1, max_length=1_000)
    reason: Reason = Field(min_length=1)


class DecideIn(CountDecisionIn):
    """Approved or refused."""

    is_approved: bool


add_list(router, "/adjustments", ADJUSTMENT_LIST, AdjustmentOut, name="adjustments",
         summary="Scrapping and adjustments")  # fmt: skip


@router.get("/adjustments/{pk}", response={200: AdjustmentDetail, **READ}, summary="One adjustment")
@requires("stocktake.read")
def adjustment(request: HttpRequest, pk: UUID) -> Adjustment:
    """With its lines."""
    return selectors.adjustment(pk)


@router.post("/adjustments", response={201: AdjustmentDetail, **WRITE},
             summary="Ask to scrap or adjust")  # fmt: skip
@requires("stocktake.create")
def request_adjustment(
    request: HttpRequest, body: AdjustmentIn, key: str = KEY
) -> Status[Adjustment]:
    """Nothing moves until another person approves."""
    made = services_adjust.request_adjustment(
        actor=request.user, kind=body.kind, reason=body.reason, key=key, at=now(),
        lines=[TypedLine(**dict(line)) for line in body.lines],
    )  # fmt: skip
    return Status(201, selectors.adjustment(made.pk))


@router.post("/adjustments/{pk}/decide", response={200: AdjustmentDetail, **WRITE},
             summary="Approve and post, or refuse")  # fmt: skip
@requires("stocktake.approve")
def decide_adjustment(request: HttpRequest, pk: UUID, body: DecideIn) -> Adjustment:
    """By another person than who asked (else `stock.same-person`)."""
    services_adjust.decide_adjustment(
        actor=request.user, adjustment=pk, is_approved=body.is_approved, reason=body.reason,
        at=now(),
    )  # fmt: skip
    return selectors.adjustment(pk)
