"""Stock over HTTP: what is where, the ledger, postings by hand, holds and recalls."""

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
from kintsugi.stock import api_scan, selectors, services, services_hand
from kintsugi.stock.counting.api import router as counting
from kintsugi.stock.kinds import BLOCK_KINDS, POSTING_KINDS, QUALITIES
from kintsugi.stock.lines import LINES_MAX
from kintsugi.stock.models import Balance, Block, Location, Move, Posting, Unit
from kintsugi.stock.schemas import KEY, Code, LineIn, PlaceOut, ProductRef, Reason, codes_in_words
from kintsugi.stock.screens import (
    BLOCKS,
    LOTS,
    MONTHS,
    MOVES,
    PLACES,
    POSTINGS,
    STOCK,
    UNITS,
    WAREHOUSES,
    WITHIN,
)
from kintsugi.stock.storing.api import router as storing
from kintsugi.stock.tracing.api import router as tracing
from kintsugi.stock.typed import TypedLine
from kintsugi.stock.valuing.api import router as valuing
from kintsugi.stock.views import now, today

router = Router(tags=["Stock"])
router.add_router("", api_scan.router)


class BalanceOut(Schema):
    """So much of a product, lot and quality at one place of ours."""

    product: ProductRef
    lot_id: UUID | None
    lot_no: str | None
    expiry_date: dt.date | None
    location: PlaceOut
    quality: str = Field(description=codes_in_words(QUALITIES))
    on_hand: Decimal
    reserved: Decimal
    free: Decimal = Field(description="what may be promised today")
    is_blocked: bool = Field(description="whether a hold or recall stands on product or lot")

    @staticmethod
    def resolve_lot_no(row: Balance) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_expiry_date(row: Balance) -> dt.date | None:
        """The lot's expiry."""
        return row.lot.expiry_date if row.lot else None


class LotOut(Schema):
    """Units made together."""

    id: UUID
    product: ProductRef
    lot_no: str
    mfg_date: dt.date | None
    expiry_date: dt.date | None = Field(description="usable through this day")


class UnitOut(Schema):
    """One serial unit and where it is."""

    id: UUID
    product: ProductRef
    serial_no: str
    lot_no: str | None
    mfg_date: dt.date | None
    expiry_date: dt.date | None
    location: PlaceOut
    quality: str

    @staticmethod
    def resolve_lot_no(row: Unit) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None


class PostingOut(Schema):
    """One event of the ledger."""

    id: UUID
    number: str = Field(examples=["ST-20261125-0001"])
    kind: str = Field(description=codes_in_words(POSTING_KINDS))
    business_date: dt.date
    posted_at: dt.datetime
    document_no: str
    reason: str
    person_name: str
    reverses: str | None = Field(description="number of the posting that this one reverses")

    @staticmethod
    def resolve_reverses(row: Posting) -> str | None:
        """The number of what it reverses."""
        return row.reverses.number if row.reverses else None


class MoveOut(Schema):
    """A line of the ledger. A place that the person asking does not see is null."""

    seq: int
    posting: str
    line: int
    product: ProductRef
    lot_no: str | None
    serial_no: str | None
    source: PlaceOut | None
    target: PlaceOut | None
    source_quality: str
    target_quality: str
    qty: Decimal

    @staticmethod
    def resolve_posting(row: Move) -> str:
        """The number of its posting."""
        return str(row.posting.number)

    @staticmethod
    def resolve_lot_no(row: Move) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_serial_no(row: Move) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None

    @staticmethod
    def resolve_source(row: Move) -> Location | None:
        """Where it came from."""
        return getattr(row, "source", None)

    @staticmethod
    def resolve_target(row: Move) -> Location | None:
        """Where it went."""
        return getattr(row, "target", None)


class PostingDetail(PostingOut):
    """A posting with its lines."""

    reversed_by: str | None = Field(description="number of the posting that reversed this one")
    lines: list[MoveOut]

    @staticmethod
    def resolve_reversed_by(row: Posting) -> str | None:
        """The number of its reversal."""
        found = selectors.reversal_of(row)
        return found.number if found else None

    @staticmethod
    def resolve_lines(row: Posting) -> list[Move]:
        """Its lines in order; those within the scope of the person asking."""
        return list(selectors.moves_of(row)[:LINES_MAX])


class BlockOut(Schema):
    """A hold or a recall."""

    id: UUID
    kind: str = Field(description=codes_in_words(BLOCK_KINDS))
    product: ProductRef
    lot_no: str | None = Field(description="null: all lots")
    serial_no: str | None = Field(description="null: all units")
    reason: str
    placed_by_name: str
    placed_at: dt.datetime
    released_by_name: str
    released_at: dt.datetime | None = Field(description="null while it is in force")
    release_reason: str

    @staticmethod
    def resolve_lot_no(row: Block) -> str | None:
        """The lot's number."""
        return row.lot.lot_no if row.lot else None

    @staticmethod
    def resolve_serial_no(row: Block) -> str | None:
        """The unit's serial number."""
        return row.unit.serial_no if row.unit else None


class WarehouseOut(Schema):
    """A warehouse."""

    id: UUID
    code: str
    name: str
    region_code: str
    address: str


class MonthOut(Schema):
    """A month into which nothing is posted any more."""

    month: dt.date = Field(description="its first day")
    closed_by_name: str
    closed_at: dt.datetime


class HolderOut(Schema):
    """Where some of a lot is now."""

    kind: str
    code: str
    warehouse: str | None
    party_id: UUID | None
    party: str | None
    quality: str
    on_hand: Decimal = Field(description="below 0 where more came back than was sent from here")


class Holders(Schema):
    """Everywhere a lot is."""

    items: list[HolderOut]


class ReceiverOut(Schema):
    """Who ever got some of a lot."""

    party_id: UUID
    party: str
    kind: str
    received: Decimal | None
    returned: Decimal
    first_on: dt.date
    last_on: dt.date


class Receivers(Schema):
    """Everybody who ever got any of a lot: for a recall."""

    items: list[ReceiverOut]


class PostingIn(Schema):
    """Moves to post whole or not at all."""

    kind: Literal["transfer", "opening"]
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)
    business_date: dt.date | None = Field(None, description="today where it is not given")
    reason: Reason = Field("", description="needed for an earlier day")
    document_no: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] = ""


class ReversalIn(Schema):
    """Why a posting is reversed."""

    reason: Reason = Field(min_length=1)


class BlockIn(Schema):
    """What is held or recalled, and why."""

    kind: Literal["hold", "recall"]
    product_code: Code = Field(min_length=1)
    lot_no: Code = Field("", description="empty: all lots of the product")
    serial_no: Code = Field("", description="empty: all units")
    reason: Reason = Field(min_length=1)


class PlaceIn(Schema):
    """What may be changed of a place."""

    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    zone: Literal[
        "", "receiving", "quarantine", "qualified", "rejected", "return", "shipping", "recall"
    ]
    temp_zone: Literal["", "normal", "cool", "cold", "frozen"]


class BlockReleaseIn(Schema):
    """What the release rests on."""

    reason: Reason = Field(min_length=1)


_WITHIN = (
    Literal[WITHIN] | None,
    Field(None, description="only what is `expired`, or expires within so many days from today"),
)


def _near(field: str) -> Any:
    def also(rows: QuerySet[Any], params: Any) -> QuerySet[Any]:
        if not params.within:
            return rows
        return selectors.expiring(rows, field, params.within, today=today())

    return also


add_list(
    router, "/balances", STOCK, BalanceOut, name="balances", summary="What is ours and where",
    extra={"within": _WITHIN}, also=_near("lot__expiry_date"),
)  # fmt: skip
add_list(
    router, "/lots", LOTS, LotOut, name="lots", summary="Lots",
    extra={"within": _WITHIN}, also=_near("expiry_date"),
)  # fmt: skip
add_list(
    router, "/units", UNITS, UnitOut, name="units", summary="Serial units and where they are",
    extra={"within": _WITHIN}, also=_near("expiry_date"),
)  # fmt: skip
add_list(router, "/postings", POSTINGS, PostingOut, name="postings", summary="Postings")
add_list(router, "/moves", MOVES, MoveOut, name="moves", summary="Lines of the ledger")
add_list(router, "/locations", PLACES, PlaceOut, name="locations", summary="Places")
add_list(router, "/warehouses", WAREHOUSES, WarehouseOut, name="warehouses", summary="Warehouses")
add_list(router, "/blocks", BLOCKS, BlockOut, name="blocks", summary="Holds and recalls")
add_list(router, "/months", MONTHS, MonthOut, name="months", summary="Closed months")


@router.post("/locations/{id}", response={200: PlaceOut, **WRITE}, summary="Change a place")
@requires("place.edit")
def change_place(request: HttpRequest, id: UUID, body: PlaceIn) -> Location:
    """409 where its temperature would contradict goods in it (`stock.goods-too-warm`)."""
    selectors.own_place(id)
    return services.change_location(actor=request.user, location=id, **body.model_dump())


@router.get("/lots/{id}/holders", response={200: Holders, **READ}, summary="Where a lot is now")
@requires("stock.read")
def holders(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Ours and customers', within the scope of the person asking."""
    selectors.lot(id)
    return {"items": selectors.holders_of_lot(id)}


@router.get(
    "/lots/{id}/receivers", response={200: Receivers, **READ}, summary="Who ever got some of a lot"
)
@requires("stock.read")
def receivers(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Also those who gave it back; within the scope of the person asking."""
    selectors.lot(id)
    return {"items": selectors.receivers_of_lot(id)}


@router.get("/postings/{id}", response={200: PostingDetail, **READ}, summary="One posting")
@requires("stock.read")
def posting(request: HttpRequest, id: UUID) -> Posting:
    """With its lines."""
    return selectors.posting(id)


@router.post("/postings", response={201: PostingDetail, **WRITE}, summary="Post moves by hand")
@requires("stock.create")
def post_moves(request: HttpRequest, body: PostingIn, key: str = KEY) -> Status[Posting]:
    """`transfer` between places of ours, or an `opening` balance; everything else belongs to a
    document that asks for a second person. 409 where the state forbids it (`stock.not-enough`,
    `stock.unit-elsewhere`, `stock.hold`, `stock.month-closed` and others, with line and thing in
    `facts`); 422 for a code nobody knows, and for a key that was used with another content. The
    same key and content give the same posting."""
    made = services_hand.post_by_hand(
        actor=request.user,
        kind=body.kind,
        lines=[TypedLine(**dict(line)) for line in body.lines],
        key=key,
        at=now(),
        reason=body.reason,
        business_date=body.business_date,
        document_no=body.document_no,
    )
    return Status(201, made)


@router.post(
    "/postings/{id}/reverse", response={201: PostingDetail, **WRITE}, summary="Reverse a posting"
)
@requires("stock.create")
def reverse_posting(
    request: HttpRequest, id: UUID, body: ReversalIn, key: str = KEY
) -> Status[Posting]:
    """The opposite of all its lines, at their own value. 403 for whoever posted it
    (`stock.own-posting`); 409 where it was reversed already or the goods moved on."""
    made = services_hand.reverse_by_hand(
        actor=request.user, posting=selectors.posting(id), reason=body.reason, key=key, at=now()
    )
    return Status(201, made)


@router.post("/blocks", response={201: BlockOut, **WRITE}, summary="Hold or recall")
@requires("block.create")
def place_block(request: HttpRequest, body: BlockIn) -> Status[Block]:
    """A product, one of its lots, or one unit: in force at once, for everybody."""
    made = services_hand.block_by_hand(actor=request.user, at=now(), **body.model_dump())
    return Status(201, selectors.block(made.pk))


@router.post(
    "/blocks/{id}/release", response={200: BlockOut, **WRITE}, summary="Release a hold or recall"
)
@requires("block.approve")
def release_block(request: HttpRequest, id: UUID, body: BlockReleaseIn) -> Block:
    """By a person other than the one who placed it (else 403); 409 when it is released already."""
    made = services.release_block(actor=request.user, block=id, reason=body.reason, at=now())
    return selectors.block(made.pk)


#: Everything below /api/v1/stock.
ROUTERS = (router, counting, tracing, valuing, storing)
