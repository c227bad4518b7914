"""Drills of recalls: who has what, how much of it is found, how long that took."""

import datetime as dt
import time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models.functions import Length
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.numbering import next_number
from kintsugi.stock.models import Lot, RecallDrill, Unit
from kintsugi.stock.selectors import recall_figures
from kintsugi.stock.typed import clean_lot_no, clean_serial, product_of, products_of, unknown

#: Units of one drill, and places that its record keeps.
UNITS_MAX, HOLDERS_MAX = 20_000, 10_000


def drill_recall(
    *,
    actor: Any,
    product_code: str,
    reason: str,
    key: str,
    at: dt.datetime,
    lot_no: str = "",
    serial_from: str = "",
    serial_to: str = "",
) -> RecallDrill:
    """Try out the recall of a lot, or of the serial numbers from … to (of the same length), and
    keep the outcome; nothing is blocked. Raises KintsugiError ``stock.unknown-*``, ``trace.range``
    or ``trace.too-much``."""
    began = time.perf_counter()
    product = product_of(product_code, products_of([product_code]))
    first, last = clean_serial(serial_from), clean_serial(serial_to or serial_from)
    lot = None
    units: list[UUID] = []
    if lot_no.strip():
        lot = Lot.objects.filter(product_id=product.pk, lot_no=clean_lot_no(lot_no)).first()
        if lot is None:
            raise unknown("lot_no", "批号", "lot", lot_no, 1)
    elif first:
        units = _range(product.pk, first, last)
    else:
        raise _no_range("lot_no")
    if not reason.strip():
        raise KintsugiError(
            "stock.reason-missing",
            Text("没有写明演练目的。", "No reason was given."),
            Text("写明演练的目的。", "Say what the drill is for."),
            field="reason",
        )

    def work() -> dict[str, Any]:
        rows = recall_figures(lots=[lot.pk] if lot else [], units=units, limit=HOLDERS_MAX)
        figures = summed(rows)
        made = RecallDrill.objects.create(
            number=next_number(prefix="YL", on=timezone.localtime(at).date()), product=product,
            lot=lot, serial_from="" if lot else first, serial_to="" if lot else last,
            reason=reason.strip(), made_by_id=getattr(actor, "person_id", None),
            made_by_name=str(actor), made_at=at, received=figures["received"],
            found=figures["found"], figures={name: str(n) for name, n in figures.items()},
            holders=[
                {name: str(value) if value is not None else "" for name, value in row.items()}
                for row in rows if row["there"] and row["kind"] not in ("opening", "supplier")
            ],
            taken_ms=round(1000 * (time.perf_counter() - began)),
        )  # fmt: skip
        return {"drill": str(made.pk)}

    payload = {"product": product_code, "lot": lot_no, "from": first, "to": last, "why": reason}
    own = f"{getattr(actor, 'person_id', None) or actor}:{key}"
    with recorded(actor=actor, command="stock.drill-recall", reason=reason[:400]):
        done = run_once(scope="recall-drill", key=own, payload=payload, work=work)
    return RecallDrill.objects.get(pk=done["drill"])


def summed(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The figures of a recall from what came to and left each place.

    ``received``: what ever came in from suppliers, opening balances and surpluses of stocktakes.
    ``found``: what is known to be somewhere or to have ended: in stock, in transit, with customers,
    scrapped, returned to the supplier. What was lost in stocktakes is not found; customers without
    telephone and mail are found but cannot be told (``unreachable``).
    """
    total: dict[str, Decimal] = dict.fromkeys(
        ("received", "in_stock", "in_transit", "with_customers", "back_from_customers", "scrapped",
         "returned_to_supplier", "lost", "unreachable"), Decimal(0),
    )  # fmt: skip
    for row in rows:
        kind, there = row["kind"], Decimal(row["there"])
        if kind == "supplier":
            total["received"] += row["gone"]
            total["returned_to_supplier"] += row["came"]
        elif kind == "opening":
            total["received"] -= there  # with what was reversed taken off
        elif kind == "loss":
            # What was lost and found again is neither; more found than lost came in from nowhere.
            total["lost" if there > 0 else "received"] += abs(there)
        elif kind in ("customer", "consignment"):
            total["with_customers"] += there
            total["back_from_customers"] += row["gone"]
            if not row["is_reachable"]:
                total["unreachable"] += there
        elif kind == "scrap":
            total["scrapped"] += there
        else:
            total["in_transit" if kind == "in_transit" else "in_stock"] += there
    total["found"] = (
        total["in_stock"] + total["in_transit"] + total["with_customers"] + total["scrapped"]
        + total["returned_to_supplier"]
    )  # fmt: skip
    return total


def _range(product: UUID, first: str, last: str) -> list[UUID]:
    if len(first) != len(last) or first > last:
        raise _no_range("serial_to")
    rows = (
        Unit.objects.annotate(chars=Length("serial_no"))
        .filter(product_id=product, chars=len(first), serial_no__gte=first, serial_no__lte=last)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    found = list(rows[: UNITS_MAX + 1])
    if not found:
        raise unknown("serial_from", "序列号", "serial number", f"{first}–{last}", 1)
    if len(found) > UNITS_MAX:
        raise KintsugiError(
            "trace.too-much",
            Text(f"一次演练最多 {UNITS_MAX:,} 台。", f"A drill has at most {UNITS_MAX:,} units."),
            Text("缩小序列号范围。", "Choose a smaller range."),
            field="serial_to", limit=UNITS_MAX,
        )  # fmt: skip
    return found


def _no_range(field: str) -> KintsugiError:
    return KintsugiError(
        "trace.range",
        Text("没有批号,也没有成立的序列号范围。",
             "There is neither a lot nor a range of serial numbers."),
        Text("填批号;或填等长的起止序列号。",
             "Give a lot, or the first and the last serial number, of the same length."),
        field=field,
    )  # fmt: skip
