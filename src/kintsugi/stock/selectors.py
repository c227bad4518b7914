"""Reads of stock shared with other apps, and those of its pages."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from kintsugi.core.lookups import occurs, starts
from kintsugi.core.queries import query
from kintsugi.stock.kinds import BLOCK_KINDS as BLOCK_KINDS
from kintsugi.stock.kinds import LOCATION_KINDS as LOCATION_KINDS
from kintsugi.stock.kinds import OURS
from kintsugi.stock.kinds import QUALITIES as QUALITIES
from kintsugi.stock.models import (
    Balance,
    Block,
    Location,
    Lot,
    Move,
    Period,
    Posting,
    RecallDrill,
    Reservation,
    Unit,
    Warehouse,
)
from kintsugi.stock.scanning import Scanned as Scanned
from kintsugi.stock.scanning import understand_many as understand_many
from kintsugi.stock.selectors_taking import free_at as free_at
from kintsugi.stock.selectors_taking import holders_of_units as holders_of_units
from kintsugi.stock.selectors_taking import kept_goods as kept_goods
from kintsugi.stock.selectors_taking import signed_costs as signed_costs
from kintsugi.stock.valuing.selectors import CHECKS as CHECKS
from kintsugi.stock.valuing.selectors import broken as broken
from kintsugi.stock.whose import (
    warehouse_within as warehouse_within,
)  # for documents of a warehouse

#: Rows of stock looked at for one line of an order.
CANDIDATES_MAX = 5_000
HOLDERS_MAX = 10_000


def first_expiring(
    *,
    product: UUID,
    qty: Decimal,
    on: dt.date,
    warehouse: UUID | None = None,
    min_remaining_days: int = 0,
    by_unit: bool = False,
) -> list[dict[str, Any]]:
    """What to take for a quantity, first expiring first (FEFO): rows with product_id, lot_id,
    location_id, unit_id, qty. Together less than ``qty`` where there is not enough.

    ``min_remaining_days``: what a customer wants a thing to be usable after ``on``.
    """
    statement = query("stock", "free_units" if by_unit else "free_stock")
    found = _rows(
        statement,
        product=product,
        warehouse=warehouse,
        usable_on=on + dt.timedelta(days=min_remaining_days),
        limit=min(int(qty), CANDIDATES_MAX) if by_unit else CANDIDATES_MAX,
    )
    picks = []
    left = qty
    for row in found:
        if left <= 0:
            break
        taken = min(left, row["free"])
        picks.append({**row, "qty": taken})
        left -= taken
    return picks


def free_of(
    *,
    usable_on: Mapping[UUID, dt.date],
    warehouse: UUID | None = None,
    lots: Sequence[UUID] = (),
    serials: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """What is free of several products, first expiring first: rows with product_id, lot_id, lot_no,
    unit_id, serial_no, expiry_date, location_id, location, free. One query.

    ``usable_on``: each product with the day until which its goods must be usable. ``lots`` and
    ``serials`` are among the rows even where there is more than the 5,000 looked at of a product.
    """
    return _rows(
        query("stock", "free_for_products"),
        products=list(usable_on),
        usable=list(usable_on.values()),
        warehouse=warehouse,
        lots=list(lots),
        serials=list(serials),
        limit=CANDIDATES_MAX,
    )


def standing_blocks(products: Sequence[UUID]) -> QuerySet[Block]:
    """Holds and recalls in force on any of these products, their lots or units."""
    return blocks().filter(product__in=products, released_at=None).order_by("placed_at")


def reservations_of(lines: Sequence[UUID]) -> QuerySet[Reservation]:
    """What is kept now for these lines of documents."""
    return (
        Reservation.objects.filter(document_line__in=lines, status="active")
        .select_related("product", "lot", "unit", "location__warehouse", "location__party")
        .order_by("document_line", "lot__expiry_date", "pk")
    )


def lapsed_reservations(kind: str, *, at: dt.datetime) -> QuerySet[Reservation]:
    """Reservations for a kind of document that were to end by now."""
    return Reservation.objects.filter(
        document_kind=kind, status="active", expires_at__lte=at
    ).order_by("expires_at", "pk")


def holders_of_lot(lot: UUID) -> list[dict[str, Any]]:
    """Where a lot is now: kind, code, warehouse, party, quality and on_hand."""
    return _rows(query("stock", "holders_of_lot"), lot=lot, limit=HOLDERS_MAX)


def receivers_of_lot(lot: UUID) -> list[dict[str, Any]]:
    """Who ever got any of a lot, and how much came back."""
    return _rows(query("stock", "receivers_of_lot"), lot=lot, limit=HOLDERS_MAX)


def balances() -> QuerySet[Balance]:
    """What is where, without empty rows."""
    return Balance.objects.exclude(on_hand=0).select_related(
        "product", "lot", "location", "location__warehouse", "location__party"
    )


def stocked(*, today: dt.date) -> QuerySet[Balance]:
    """What is ours and where, with ``free``: what may be promised at ``today``, by the same rule as
    ``first_expiring``: qualified, on a shelf for qualified goods or in a van, not reserved, not
    blocked, not expired. ``is_blocked``: a hold or recall stands on the product or the lot."""
    standing = Block.objects.filter(released_at=None, is_void=False)
    whole = standing.filter(product=OuterRef("product"), unit=None).filter(
        Q(lot=None) | Q(lot=OuterRef("lot"))
    )
    reserved = Reservation.objects.filter(unit=OuterRef("pk"), status="active")
    nowhere = Value(UUID(int=0), output_field=UUIDField())
    # Units that are there and may not be taken: on hold, or past a date of their own.
    barred = (
        Unit.objects.annotate(lot_key=Coalesce("lot_id", nowhere))
        .filter(
            product=OuterRef("product"), location=OuterRef("location"), quality="qualified",
            lot_key=Coalesce(OuterRef("lot_id"), nowhere),
        )
        .filter(Exists(standing.filter(unit=OuterRef("pk"))) | Q(expiry_date__lt=today))
        .exclude(Exists(reserved))
        .order_by()
        .values("product")
        .annotate(n=Count("pk"))
        .values("n")
    )  # fmt: skip
    shelf = Q(location__kind="bin", location__zone="qualified") | Q(location__kind="van")
    usable = Q(lot__expiry_date=None) | Q(lot__expiry_date__gte=today)
    amount = DecimalField(max_digits=18, decimal_places=4)
    left = F("on_hand") - F("reserved") - Coalesce(Subquery(barred), 0, output_field=amount)
    return (
        balances()
        .filter(is_ours=True)
        .annotate(is_blocked=Exists(whole))
        .annotate(
            free=Case(
                When(shelf & usable & Q(quality="qualified", is_blocked=False), then=left),
                default=Value(0),
                output_field=amount,
            )
        )
    )


def expiring(rows: QuerySet[Any], field: str, within: str, *, today: dt.date) -> QuerySet[Any]:
    """Rows whose expiry lies before ``today`` (``expired``), or from today within so many days."""
    if within == "expired":
        return rows.filter(**{f"{field}__lt": today})
    last = today + dt.timedelta(days=int(within))
    return rows.filter(**{f"{field}__gte": today, f"{field}__lte": last})


def found_stock(rows: QuerySet[Balance], text: str) -> QuerySet[Balance]:
    """Balances of a product by code or name, of a lot by its number, or where a serial is."""
    at = Unit.objects.filter(
        serial_no=text.upper(), product=OuterRef("product"), location=OuterRef("location"),
        quality=OuterRef("quality"),
    )  # fmt: skip
    return rows.filter(
        starts("product__product_code", text.upper())
        | occurs("product__name", text)
        | starts("lot__lot_no", text)
        | Exists(at)
    )


def found_lots(rows: QuerySet[Lot], text: str) -> QuerySet[Lot]:
    """Lots by the beginning of their number, or of a product by code or name."""
    return rows.filter(
        starts("lot_no", text)
        | starts("product__product_code", text.upper())
        | occurs("product__name", text)
    )


def lots_numbered(text: str) -> QuerySet[Lot]:
    """Lots by the beginning of their number, in its order."""
    return lots().filter(starts("lot_no", text)).order_by("lot_no", "pk")


def units_numbered(text: str) -> QuerySet[Unit]:
    """Units by the beginning of their serial number, in its order."""
    return units().filter(starts("serial_no", text.upper())).order_by("serial_no", "pk")


def found_units(rows: QuerySet[Unit], text: str) -> QuerySet[Unit]:
    """Units by the beginning of their serial number, by lot, or of a product by code or name."""
    return rows.filter(
        starts("serial_no", text.upper())
        | starts("lot__lot_no", text)
        | starts("product__product_code", text.upper())
        | occurs("product__name", text)
    )


def units() -> QuerySet[Unit]:
    """Units that came in at least once, wherever they are now."""
    return (
        Unit.objects.filter(is_void=False)
        .exclude(location__kind__in=("opening", "loss"))
        .select_related("product", "lot", "location__warehouse", "location__party")
    )


def unit(pk: UUID) -> Unit:
    """One unit with its place. Raises ``Unit.DoesNotExist``."""
    return Unit.objects.select_related(
        "product", "lot", "location__warehouse", "location__party"
    ).get(pk=pk)


def lot(pk: UUID) -> Lot:
    """One lot. Raises ``Lot.DoesNotExist``."""
    return Lot.objects.select_related("product").get(pk=pk)


def blocks() -> QuerySet[Block]:
    """All holds and recalls, standing and released."""
    return Block.objects.filter(is_void=False).select_related("product", "lot", "unit")


def blocks_on(
    product: UUID, *, lot: UUID | None = None, unit: UUID | None = None
) -> QuerySet[Block]:
    """Holds and recalls that concern a lot or unit, ended ones too; the newest first."""
    found = blocks().filter(product_id=product)
    found = found.filter(Q(lot=None) | Q(lot_id=lot), Q(unit=None) | Q(unit_id=unit))
    return found.order_by("-placed_at")


def block(pk: UUID) -> Block:
    """One hold or recall. Raises ``Block.DoesNotExist``."""
    return blocks().get(pk=pk)


def posting(pk: UUID) -> Posting:
    """One posting with what it reverses. Raises ``Posting.DoesNotExist``."""
    return Posting.objects.select_related("reverses").get(pk=pk)


def reversal_of(posting: Posting) -> Posting | None:
    """What reversed it."""
    return Posting.objects.filter(reverses=posting).first()


def periods() -> QuerySet[Period]:
    """Closed months."""
    return Period.objects.all()


def warehouses() -> QuerySet[Warehouse]:
    """Warehouses within the scope at work."""
    return Warehouse.objects.filter(is_void=False)


def bins_for(
    product: UUID, *, lot: UUID | None, warehouse: UUID, limit: int = 5
) -> list[dict[str, Any]]:
    """Shelves that a product may be put on, the best first: where its lot lies, where the product
    lies, what is empty; the temperature fits. Rows with id, code, warehouse, same_lot,
    same_product, is_empty."""
    return _rows(
        query("stock", "bins_for"), product=product, lot=lot, warehouse=warehouse, limit=limit
    )


def tracking_of(products: Sequence[UUID]) -> dict[UUID, str]:
    """How units of these products are told apart: none, lot, serial, lot_and_serial."""
    with connection.cursor() as cursor:
        cursor.execute(query("stock", "tracking_of"), [list(products)])
        return dict(cursor.fetchall())


def own_place(pk: UUID) -> Location:
    """One place of ours. Raises ``Location.DoesNotExist``."""
    return locations().get(pk=pk, kind__in=OURS)


def warehouse_names(ids: Sequence[str]) -> dict[str, str]:
    """Code and name by id; whoever names a limit names it for all to see."""
    return {str(one.pk): str(one) for one in Warehouse.objects.filter(pk__in=list(ids))}


def warehouses_called(text: str) -> list[str]:
    """Ids of warehouses with exactly this code or name."""
    found = Warehouse.objects.filter(Q(code=text.strip().upper()) | Q(name=text.strip()))
    return [str(pk) for pk in found.order_by("code").values_list("pk", flat=True)[:20]]


def place_codes(*, limit: int) -> list[str]:
    """Places of ours within the scope at work, as people type them."""
    found = locations().filter(kind__in=OURS).order_by("warehouse__code", "code")
    return [str(one) for one in found[:limit]]


def postings() -> QuerySet[Posting]:
    """All postings."""
    return Posting.objects.select_related("reverses")


def moves() -> QuerySet[Move]:
    """Every line of the ledger within the scope at work. Places are fetched apart: a join would
    drop a line whose other end lies in a warehouse that the person does not see."""
    return Move.objects.select_related("posting", "product", "lot", "unit").prefetch_related(
        "source__warehouse", "target__warehouse", "source__party", "target__party"
    )


def moves_of(posting: Posting) -> QuerySet[Move]:
    """The lines of a posting."""
    return moves().filter(posting=posting).order_by("line")


def moves_of_unit(unit: UUID) -> QuerySet[Move]:
    """Where a unit has been, newest first."""
    return moves().filter(unit_id=unit).order_by("-seq")


def moves_of_lot(lot: UUID) -> QuerySet[Move]:
    """Every move of a lot, newest first."""
    return moves().filter(lot_id=lot).order_by("-seq")


def unit_of(product: UUID, serial_no: str) -> Unit | None:
    """The unit of a product with a serial number."""
    return (
        Unit.objects.filter(product_id=product, serial_no=serial_no)
        .select_related("location", "location__warehouse", "lot")
        .first()
    )


def blocks_of(
    product: UUID, *, lot: UUID | None = None, unit: UUID | None = None
) -> Sequence[Block]:
    """Blocks that stand on a thing: its own, its lot's and its product's."""
    found = Block.objects.filter(product_id=product, released_at=None, is_void=False)
    return [
        one
        for one in found.order_by("placed_at")
        if one.lot_id in (None, lot) and one.unit_id in (None, unit)
    ]


def lots() -> QuerySet[Lot]:
    """All lots."""
    return Lot.objects.filter(is_void=False).select_related("product")


def locations() -> QuerySet[Location]:
    """All places."""
    return Location.objects.filter(is_void=False).select_related("warehouse", "party")


def recall_figures(
    *, lots: Sequence[UUID], units: Sequence[UUID], limit: int
) -> list[dict[str, Any]]:
    """What came to and left each place of these things, with who can be told."""
    statement = query("stock", "recall_figures")
    return _rows(statement, lots=list(lots), units=list(units), limit=limit)


def drills() -> QuerySet[RecallDrill]:
    """Recalls that were tried out."""
    return RecallDrill.objects.filter(is_void=False).select_related("product", "lot")


def drill(pk: UUID) -> RecallDrill:
    """One of them. Raises ``RecallDrill.DoesNotExist``."""
    return drills().get(pk=pk)


def _rows(statement: str, **params: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
