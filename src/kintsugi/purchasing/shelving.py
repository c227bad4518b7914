"""What waits for a shelf, where it may go, and which line a scan of goods means."""

from decimal import Decimal
from typing import Any

from kintsugi.purchasing import selectors
from kintsugi.purchasing.models import Receipt
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.services import Placing
from kintsugi.stock import selectors as stock

PROPOSED = 3


def open_lines(receipt: Receipt) -> list[Any]:
    """Lines of which accepted goods wait, each with ``open`` and its proposed ``bins``."""
    lines = list(selectors.receipt_lines(receipt))
    gone = selectors.returned_unplaced([one.pk for one in lines])
    waiting: list[Any] = []
    for line in lines:
        left = line.qualified - line.put_away - gone.get(line.pk, Decimal(0))
        if left > 0:
            found: Any = line
            found.open = left
            found.bins = stock.bins_for(
                line.product_id, lot=line.lot_id, warehouse=receipt.warehouse_id, limit=PROPOSED
            )
            waiting.append(found)
    return waiting


def placing_of(receipt: Receipt, shelf: str, meant: stock.Scanned) -> Placing:
    """The placing that a scan of goods means: the open line of its product and lot, or of its
    serial. Raises KintsugiError ``purchasing.no-shelf-yet``, ``purchasing.not-waiting`` and what is
    wrong with the scan itself."""
    if not shelf:
        raise refuse("no-shelf-yet")
    meant.sound(but=("scan.held", "scan.serial-quantity"))
    if meant.product is None:
        raise refuse("not-waiting", value=meant.raw[:60])
    lines = [one for one in open_lines(receipt) if one.product_id == meant.product.pk]
    lot_no = meant.lot_no or (meant.lot.lot_no if meant.lot else "")
    if lot_no:
        lines = [one for one in lines if one.lot and one.lot.lot_no == lot_no]
    if meant.serial_no:
        units = selectors.units_of([one.pk for one in lines])
        lines = [one for one in lines if meant.serial_no in units.get(one.pk, {})]
    if len(lines) != 1:
        raise refuse("several-lots" if lines else "not-waiting", value=meant.raw[:60])
    serials = (meant.serial_no,) if meant.serial_no else ()
    return Placing(lines[0].line, shelf, meant.qty or Decimal(1), serials)
