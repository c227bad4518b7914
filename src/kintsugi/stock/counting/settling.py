"""Differences of a stocktake as moves of the ledger."""

from decimal import Decimal

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.stock.counting.states import LEFT_ALONE
from kintsugi.stock.kinds import OURS
from kintsugi.stock.lines import Line
from kintsugi.stock.models import Location, Stocktake, StocktakeLine, Unit


def settled(stocktake: Stocktake, loss: Location) -> list[Line]:
    """The moves that make the ledger say what was found. A unit that was missed at one place and
    found at another one moves between the two; it is neither lost nor gained.

    Raises KintsugiError ``stocktake.with-customer`` where a unit was found that is a customer's or
    scrapped: its return is a document of its own.
    """
    rows = (
        StocktakeLine.objects.filter(stocktake=stocktake, state="confirmed")
        .exclude(reason=LEFT_ALONE)
        .select_related("unit__location")
        .order_by("pk")
    )
    found: list[StocktakeLine] = []
    missing: list[StocktakeLine] = []
    made: list[Line] = []
    for row in rows:
        if row.unit_id is None:
            made.append(_of_quantity(row, loss))
        else:
            (found if row.difference > 0 else missing).append(row)
    lines: list[Line] = []
    elsewhere = set()
    for row in found:
        unit = row.unit
        assert unit is not None, "a found serial has its unit"
        if unit.location_id == row.location_id:
            continue  # it came here after it was counted
        _refuse_outside(unit)
        elsewhere.add(unit.pk)
        lines.append(_of_unit(row, unit.location_id, row.location_id, unit))
    for row in missing:
        unit = row.unit
        assert unit is not None, "a missed serial has its unit"
        if unit.pk not in elsewhere and unit.location_id == row.location_id:
            lines.append(_of_unit(row, row.location_id, loss.pk, unit))
    return [*made, *lines]


def _of_quantity(row: StocktakeLine, loss: Location) -> Line:
    more = row.difference > 0
    return Line(
        product=row.product_id, lot=row.lot_id, qty=abs(Decimal(row.difference)),
        source=loss.pk if more else row.location_id, target=row.location_id if more else loss.pk,
        source_quality=row.quality, document_line=row.pk,
    )  # fmt: skip


def _of_unit(row: StocktakeLine, source: object, target: object, unit: Unit) -> Line:
    return Line(
        product=row.product_id, lot=unit.lot_id, unit=unit.pk, source=source, target=target,  # type: ignore[arg-type]
        source_quality=unit.quality, document_line=row.pk,
    )  # fmt: skip


def _refuse_outside(unit: Unit) -> None:
    if unit.location.kind in (*OURS, "loss", "opening", "supplier"):
        return
    raise KintsugiError(
        "stocktake.with-customer",
        Text(f"序列号 {unit.serial_no} 在账上已发给客户或已报废,却在库中盘到。",
             f"Serial {unit.serial_no} was found, but the ledger says it is a customer's or "
             "scrapped."),
        Text("先办退货或冲销;此行原因选“由其他单据处理”。",
             "Record its return or reverse the posting, and choose “another document settles it”."),
        serial_no=unit.serial_no,
    )  # fmt: skip
