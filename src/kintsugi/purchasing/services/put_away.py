"""Put-away: what was accepted goes from where it was put down to a shelf for qualified goods."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.purchasing.models import Receipt, ReceiptLine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.selectors import returned_unplaced, units_of
from kintsugi.purchasing.services.scanning import NAME
from kintsugi.purchasing.services.steps import change, check_lines, locked, once
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as ledger

PLACED = ("inspecting", "qualified", "part_qualified")
PLACES_MAX = 5_000


@dataclass(frozen=True)
class Placing:
    """So much of a line, by its number on the receipt, onto a shelf: ``place`` as its label says,
    WAREHOUSE/LOCATION or the code alone. Serial units may be named; else the next ones go."""

    line: int
    place: str
    qty: Decimal = Decimal(1)
    serials: Sequence[str] = ()


def put_away(
    *, actor: Any, receipt: UUID, placings: Sequence[Placing], key: str, at: dt.datetime
) -> Receipt:
    """Put accepted goods on shelves, all or none. When nothing is left, the receipt is done.

    Raises KintsugiError ``purchasing.wrong-place``, ``purchasing.nothing-to-put-away``,
    ``purchasing.not-of-line``, ``purchasing.not-to-inspect`` and those of the ledger
    (``stock.temperature`` for a shelf that is too warm).
    """
    check_lines(placings, PLACES_MAX)
    payload = {"receipt": receipt, "placings": list(placings)}

    def work() -> dict[str, Any]:
        found = locked(Receipt, receipt, NAME)
        if found.status not in PLACED:
            raise refuse("not-to-inspect", receipt=found.number)
        rows = ReceiptLine.objects.filter(receipt=found).order_by("line")
        lines = {one.line: one for one in rows.select_for_update(of=("self",))}
        shelves = shelves_of(found.warehouse_id, [one.place for one in placings])
        waiting = _waiting(list(lines.values()))
        gone = returned_unplaced([one.pk for one in lines.values()])
        placed: dict[int, Decimal] = defaultdict(Decimal)
        moves: list[ledger.Line] = []
        for one in placings:
            shelf = shelves.get(spelt(one.place))
            if shelf is None:
                raise refuse("wrong-place", place=one.place[:80], warehouse=found.warehouse.code,
                             field="place")  # fmt: skip
            line = lines.get(one.line)
            left = Decimal(0)
            if line is not None:
                left = line.qualified - line.put_away - gone.get(line.pk, Decimal(0))
                left -= placed[one.line]
            qty = Decimal(len(one.serials)) if one.serials else one.qty
            if line is None or qty > left:
                raise refuse("nothing-to-put-away", line=one.line, open=left, qty=qty, field="qty")
            moves += _moves(one, line, qty, shelf, waiting)
            placed[one.line] += qty
        ledger.post(
            actor=actor, kind="put_away", lines=moves, key=f"put away {found.pk} {key}", at=at,
            document=ledger.Document("purchasing.receipt", found.number, found.pk),
        )  # fmt: skip
        for number, qty in sorted(placed.items()):
            change(lines[number], put_away=lines[number].put_away + qty)
        finish(found)
        return {}

    once(actor=actor, command="put-away", key=key, payload=payload, work=work)
    return Receipt.objects.get(pk=receipt)


def finish(found: Receipt) -> None:
    """A locked receipt of which nothing waits for a shelf any more is done."""
    if found.status not in ("qualified", "part_qualified"):
        return
    rows = ReceiptLine.objects.filter(receipt=found).values_list("pk", "qualified", "put_away")
    lines = list(rows)
    gone = returned_unplaced([pk for pk, _, _ in lines])
    if all(placed + gone.get(pk, Decimal(0)) >= good for pk, good, placed in lines):
        change(found, status="done")


def spelt(place: str) -> str:
    """A place without blanks and without its warehouse, in capitals."""
    return "".join(place.split()).upper().removeprefix("LOC:").rpartition("/")[2]


def shelves_of(warehouse: UUID, places: Sequence[str]) -> dict[str, Any]:
    """Shelves for qualified goods of a warehouse by their code; one query. A label of another
    warehouse names none of them."""
    rows = stock.locations().filter(
        warehouse_id=warehouse, kind="bin", zone="qualified", code__in={spelt(p) for p in places}
    )
    found = {one.code: one for one in rows}
    for place in places:
        whose, slash, _ = "".join(place.split()).upper().removeprefix("LOC:").rpartition("/")
        shelf = found.get(spelt(place))
        if slash and shelf is not None and shelf.warehouse and shelf.warehouse.code != whose:
            del found[spelt(place)]
    return found


def _waiting(lines: Sequence[ReceiptLine]) -> dict[UUID, dict[str, UUID]]:
    """The serial units of each line that lie where they were put down, accepted."""
    units = units_of([one.pk for one in lines])
    ids = [pk for mine in units.values() for pk in mine.values()]
    if not ids:
        return {}
    rows = stock.units().filter(pk__in=ids, quality="qualified")
    lying = dict(rows.values_list("pk", "location_id"))
    return {
        one.pk: {
            serial: pk
            for serial, pk in units[one.pk].items()
            if lying.get(pk) == one.location_id
        }
        for one in lines
        if one.pk in units
    }  # fmt: skip


def _moves(
    one: Placing, line: ReceiptLine, qty: Decimal, shelf: Any,
    waiting: Mapping[UUID, dict[str, UUID]],
) -> list[ledger.Line]:  # fmt: skip
    def move(amount: Decimal, unit: UUID | None) -> ledger.Line:
        return ledger.Line(
            product=line.product_id, source=line.location_id, target=shelf.pk, qty=amount,
            lot=line.lot_id, unit=unit, source_quality="qualified", document_line=line.pk,
        )  # fmt: skip

    mine = waiting.get(line.pk)
    if mine is None:
        return [move(qty, None)]
    wanted = ["".join(serial.split()).upper() for serial in one.serials]
    for serial in wanted:
        if serial not in mine:
            raise refuse("not-of-line", serial_no=serial, line=line.line, field="serials")
    wanted = wanted or list(mine)[: int(qty)]
    if len(wanted) != qty:
        raise refuse("nothing-to-put-away", line=line.line, open=Decimal(len(mine)), qty=qty)
    return [move(Decimal(1), mine.pop(serial)) for serial in wanted]
