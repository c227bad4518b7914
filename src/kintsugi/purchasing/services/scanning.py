"""Scans into a receipt: each is understood, checked and counted, or refused on its own; what was
counted before stays. A fixed number of statements, however many come at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.queries import query
from kintsugi.products import selectors as products
from kintsugi.purchasing.models import OrderLine, Receipt, Scan
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.services.steps import change, locked, need_reason, once
from kintsugi.stock import selectors as stock

NAME = Text("收货单", "goods receipt")
#: What the checks here say themselves, in the words of a receipt; goods on hold may come in, since
#: they go nowhere before they are inspected.
OWN_CHECKS = frozenset(
    f"scan.{code}"
    for code in (
        "expired", "dates-differ", "lot-differs", "held", "rejected", "serial-quantity",
        "unknown", "unknown-di", "unknown-product",
    )
)  # fmt: skip
SCANS_MAX = 5_000
RAW_MAX = 400


@dataclass(frozen=True)
class Reading:
    """One thing as it was read: a scanned UDI in ``raw``, or typed words, or both (typed words fill
    in what the label does not carry). ``qty`` counts packages of what was scanned, or pieces."""

    raw: str = ""
    product_code: str = ""
    lot_no: str = ""
    serial_no: str = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    qty: Decimal = Decimal(1)


@dataclass(frozen=True)
class Outcome:
    """What became of a reading: the product and how many base units were counted, or why not."""

    product_code: str = ""
    counted: Decimal = Decimal(0)
    refusal: KintsugiError | None = None


def scan(
    *, actor: Any, receipt: UUID, readings: Sequence[Reading], key: str, at: dt.datetime
) -> list[Outcome]:
    """Count readings into an open receipt, each on its own. The same ``key`` gives the same answer
    and counts nothing twice. Raises KintsugiError ``purchasing.receipt-closed``,
    ``purchasing.no-lines``, ``purchasing.too-many-lines``."""
    if not readings:
        raise refuse("no-lines", field="readings")
    if len(readings) > SCANS_MAX:
        raise refuse("too-many-lines", limit=SCANS_MAX)

    def work() -> dict[str, Any]:
        found = open_one(receipt)
        counter = Counter(found, readings)
        made: list[Scan] = []
        answers = []
        for one in readings:
            try:
                rows = counter.count(one)
            except KintsugiError as error:
                answers.append(_kept(error))
                continue
            made += rows
            answers.append({
                "product": counter.by_id[rows[0].product_id].product_code,
                "counted": str(sum(row.qty for row in rows)),
            })  # fmt: skip
        for row in made:
            row.scanned_at, row.scanned_by_name = at, str(actor)
        Scan.objects.bulk_create(made)
        return {"answers": answers}

    payload = {"receipt": receipt, "readings": list(readings)}
    done = once(actor=actor, command="scan", key=key, payload=payload, work=work)
    return [_outcome(one) for one in done["answers"]]


def take_out(*, actor: Any, scan: UUID, reason: str, key: str) -> Scan:
    """Take a scan out of an open receipt again; it stays on record, voided, with the reason."""
    reason = need_reason(reason)

    def work() -> dict[str, Any]:
        row = Scan.objects.filter(pk=scan).first()
        if row is None:
            raise NotFound(Text("扫描", "scan"), str(scan))
        open_one(row.receipt_id)
        change(row, is_void=True, void_reason=reason)
        return {}

    payload = {"scan": scan, "reason": reason}
    once(actor=actor, command="take-out", key=key, payload=payload, work=work, reason=reason)
    return Scan.objects.get(pk=scan)


def open_one(receipt: UUID) -> Receipt:
    """The receipt, locked, while it is being filled. Raises ``purchasing.receipt-closed``."""
    found = locked(Receipt, receipt, NAME)
    if found.status != "draft":
        raise refuse("receipt-closed", receipt=found.number)
    return found


class Counter:
    """What is known when scans come in: the order, what was counted, what is on record."""

    def __init__(self, receipt: Receipt, readings: Sequence[Reading]) -> None:
        self.receipt = receipt
        self.day = receipt.arrived_on
        rows = OrderLine.objects.filter(order_id=receipt.order_id).select_related("product")
        self.order_lines = list(rows.order_by("line"))
        self.by_id = {one.product_id: one.product for one in self.order_lines}
        self.tracking = stock.tracking_of(list(self.by_id))
        raws = list(dict.fromkeys(one.raw for one in readings if one.raw))
        meant = stock.understand_many(raws, on=receipt.arrived_on) if raws else []
        self.labels: dict[str, stock.Scanned] = dict(zip(raws, meant, strict=True))
        self.typed = products.by_codes(
            {code for one in readings for code in (one.product_code.strip(),
                                                   one.product_code.strip().upper()) if code}
        )  # fmt: skip
        mine = Scan.objects.filter(receipt=receipt, is_void=False)
        self.counted: dict[UUID, Decimal] = defaultdict(Decimal)
        for line, qty in mine.values_list("order_line").annotate(n=Sum("qty")):
            self.counted[line] = qty
        self.serials = set(mine.exclude(serial_no="").values_list("product_id", "serial_no"))
        self.dates = {
            (product, lot): expiry
            for product, lot, expiry in mine.exclude(lot_no="").exclude(expiry_date=None)
            .values_list("product_id", "lot_no", "expiry_date").distinct()
        }  # fmt: skip
        lots = stock.lots().filter(product_id__in=self.by_id)
        numbers = {lot_of(one, self.labels.get(one.raw)) for one in readings}
        for lot in lots.filter(lot_no__in=numbers - {""}):
            self.dates[lot.product_id, lot.lot_no] = lot.expiry_date
        self.known = self._known_serials(readings)

    def _known_serials(self, readings: Sequence[Reading]) -> dict[tuple[UUID, str], str]:
        serials = {serial_of(one, self.labels.get(one.raw)) for one in readings} - {""}
        pairs = [(product, serial) for product in self.by_id for serial in serials]
        if not pairs:
            return {}
        with connection.cursor() as cursor:
            columns = [list(one) for one in zip(*pairs, strict=True)]
            cursor.execute(query("purchasing", "known_serials"), columns)
            return {(product, serial): kind for product, serial, kind in cursor.fetchall()}

    def count(self, one: Reading) -> list[Scan]:
        """The rows that count a reading. Raises KintsugiError ``purchasing.*``, the first reason
        why it cannot be counted."""
        if one.qty <= 0:
            raise refuse("quantity", line=1, field="qty")
        label = self.labels.get(one.raw)
        product, per_package = self._product(one, label)
        lot_no, serial_no = lot_of(one, label), serial_of(one, label)
        mfg = (label.mfg_date if label else None) or one.mfg_date
        expiry = (label.expiry_date if label else None) or one.expiry_date
        qty = one.qty * per_package
        self._check_tracking(product, lot_no, serial_no, qty)
        expiry = self._check_dates(product, lot_no, mfg, expiry)
        if serial_no:
            self._check_serial(product, serial_no)
            qty = Decimal(1)
        rows = [
            Scan(
                id=uuid7(), receipt=self.receipt, order_line=line, product_id=product.pk,
                raw=one.raw[:RAW_MAX], lot_no=lot_no, serial_no=serial_no, mfg_date=mfg,
                expiry_date=expiry, qty=part,
            )
            for line, part in self._shared(product, qty, expiry)
        ]  # fmt: skip
        for row in rows:
            self.counted[row.order_line_id] += row.qty
        if serial_no:
            self.serials.add((product.pk, serial_no))
        if lot_no and expiry:
            self.dates[product.pk, lot_no] = expiry
        return rows

    def _product(self, one: Reading, label: stock.Scanned | None) -> tuple[Any, Decimal]:
        """The product, and how many base units one of what was read holds."""
        typed = one.product_code.strip()
        if label is not None and not (typed and label.kind == "several"):
            label.sound(but=OWN_CHECKS)
        if typed:
            found = self.typed.get(typed) or self.typed.get(typed.upper())
            if found is None:
                raise refuse("unknown-product", value=typed, field="product_code")
            if label is not None and label.product is not None and label.product.pk != found.pk:
                raise refuse("other-product", product_code=found.product_code,
                             labelled=label.product.product_code)  # fmt: skip
        elif label is None or label.product is None:
            raise refuse("unknown-product", value=one.raw.strip()[:90], field="raw")
        else:
            found = label.product
        if label is not None and label.product is not None and label.qty is None:
            raise refuse("package-size", product_code=found.product_code)
        held = label.qty if label is not None and label.qty is not None else Decimal(1)
        return self._ordered(found), held

    def _ordered(self, product: Any) -> Any:
        if product.pk not in self.by_id:
            raise refuse("not-ordered", order=self.receipt.order.number,
                         product_code=product.product_code)  # fmt: skip
        return self.by_id[product.pk]

    def _check_tracking(self, product: Any, lot_no: str, serial_no: str, qty: Decimal) -> None:
        tracking, code = self.tracking[product.pk], product.product_code
        if tracking in ("serial", "lot_and_serial"):
            if qty > 1:
                raise refuse("package-of-serials", product_code=code, qty=qty)
            if not serial_no:
                raise refuse("serial-missing", product_code=code, field="serial_no")
        if tracking in ("lot", "lot_and_serial") and not lot_no:
            raise refuse("lot-missing", product_code=code, field="lot_no")

    def _check_dates(
        self, product: Any, lot_no: str, mfg: dt.date | None, expiry: dt.date | None
    ) -> dt.date | None:
        known = self.dates.get((product.pk, lot_no)) if lot_no else None
        if known and expiry and known != expiry:
            raise refuse("lot-differs", lot_no=lot_no, known=known, read=expiry,
                         field="expiry_date")  # fmt: skip
        expiry = expiry or known
        if expiry is None and product.expiry_in_udi:
            raise refuse("expiry-missing", product_code=product.product_code, field="expiry_date")
        if mfg and expiry and mfg > expiry:
            raise refuse("made-after-expiry", field="mfg_date")
        if expiry and expiry < self.day:
            raise refuse("expired", expiry=expiry, product_code=product.product_code)
        return expiry

    def _check_serial(self, product: Any, serial_no: str) -> None:
        if (product.pk, serial_no) in self.serials:
            raise refuse("serial-doubled", serial_no=serial_no, field="serial_no")
        kind = self.known.get((product.pk, serial_no))
        if kind is None or kind == "supplier":  # new, or it went back to the supplier before
            return
        place = stock.LOCATION_KINDS[kind]
        raise refuse("serial-ours", serial_no=serial_no, where_zh=f"({place.zh})",
                     where_en=f" ({place.en})", field="serial_no")  # fmt: skip

    def _shared(
        self, product: Any, qty: Decimal, expiry: dt.date | None
    ) -> list[tuple[OrderLine, Decimal]]:
        """The quantity on the lines of the order, in their order."""
        left, parts, near = qty, [], None
        for line in self.order_lines:
            if line.product_id != product.pk or left <= 0:
                continue
            free = room(line) - self.counted[line.pk]
            if free <= 0:
                continue
            if expiry and (expiry - self.day).days < line.min_remaining_days:
                near = line
                continue
            taken = min(left, free)
            parts.append((line, taken))
            left -= taken
        if left > 0 and near is not None and expiry:
            raise refuse("near-expiry", days=(expiry - self.day).days,
                         least=near.min_remaining_days, expiry=expiry)  # fmt: skip
        if left > 0:
            raise refuse("over-receipt", product_code=product.product_code, qty=qty,
                         open=qty - left)  # fmt: skip
        return parts


def room(line: OrderLine) -> Decimal:
    """How many may still be received of a line, with what it may be over."""
    left: Decimal = line.qty * (100 + line.over_percent) / 100 - line.received
    return left


def lot_of(one: Reading, label: stock.Scanned | None) -> str:
    """The lot number, from the label or as typed, without needless blanks."""
    read = label.lot_no if label is not None else ""
    return " ".join((read or one.lot_no).split())


def serial_of(one: Reading, label: stock.Scanned | None) -> str:
    """The serial number, from the label or as typed, without blanks and in capitals."""
    read = label.serial_no if label is not None else ""
    return "".join((read or one.serial_no).split()).upper()


def _kept(error: KintsugiError) -> dict[str, Any]:
    """A refusal as JSON, for the answer to a repetition."""
    return {
        "refused": error.code,
        "message": [error.message.zh, error.message.en],
        "remedy": [error.remedy.zh, error.remedy.en],
        "facts": {name: str(value) for name, value in error.facts.items()},
    }


def _outcome(kept: Mapping[str, Any]) -> Outcome:
    if "refused" in kept:
        error = KintsugiError(
            kept["refused"], Text(*kept["message"]), Text(*kept["remedy"]), **kept["facts"]
        )
        return Outcome(refusal=error)
    return Outcome(kept["product"], Decimal(kept["counted"]))
