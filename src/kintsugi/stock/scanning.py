"""What a scan is: the thing, its lot and unit, where it lies, and what is wrong with it.

``understand_many`` answers any number of scans with the same few queries. Nothing is guessed: a
text that may mean two things lists both. What a limited person may not see is not found.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.queries import query
from kintsugi.engine.gs1 import Element
from kintsugi.products import selectors as products
from kintsugi.products.selectors import Labelled
from kintsugi.stock import scan_faults as faults
from kintsugi.stock.models import Block, Location, Lot, Unit
from kintsugi.stock.reading import NOTE, STOP, WARN, Fault, Reading, read
from kintsugi.stock.typed import clean_lot_no, clean_serial, places_of

__all__ = ["NOTE", "STOP", "WARN", "Candidate", "Fault", "Scanned", "understand", "understand_many"]

#: A row of products: their models belong to another app.
Product = Any

#: Scans of one pasted block.
SCANS_MAX = 5_000
#: What one text may mean; beyond that it is no identification.
CANDIDATES_MAX = 20
NEAR_DAYS = 90


@dataclass(frozen=True)
class Candidate:
    """One thing that a text may mean: ``kind`` is product, lot, unit or location."""

    kind: str
    product: Product | None = None
    lot: Lot | None = None
    unit: Unit | None = None
    location: Location | None = None

    @property
    def key(self) -> UUID:
        """The id of the thing itself."""
        thing = self.unit or self.lot or self.location or self.product
        assert thing is not None, "a candidate is something"
        return UUID(str(thing.pk))

    @property
    def name(self) -> Text:
        """The thing in one line."""
        product = f"{self.product.product_code} {self.product}" if self.product else ""
        if self.unit:
            return Text(f"序列号 {self.unit} · {product}", f"Serial {self.unit} · {product}")
        if self.lot:
            return Text(f"批号 {self.lot} · {product}", f"Lot {self.lot} · {product}")
        if self.location:
            return Text(f"库位 {self.location}", f"Location {self.location}")
        return Text(f"产品 {product}", f"Product {product}")


@dataclass(frozen=True)
class Scanned:
    """A scan understood. ``kind``: goods, location, package (an SSCC), several (see
    ``candidates``) or unknown. ``qty`` is in the product's base unit; None when the package's
    content is not known. ``location`` is a place that was scanned; where a unit lies is
    ``unit.location``. ``lot`` and ``unit`` are None for what is not registered (yet)."""

    reading: Reading
    kind: str
    product: Product | None = None
    tracking: str = "none"
    labelled: Labelled | None = None
    lot_no: str = ""
    serial_no: str = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    qty: Decimal | None = None
    lot: Lot | None = None
    unit: Unit | None = None
    location: Location | None = None
    blocks: tuple[Block, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def raw(self) -> str:
        """The text as it came."""
        return self.reading.raw

    @property
    def sscc(self) -> str:
        """The number of a logistic unit, or empty."""
        return self.reading.sscc

    @property
    def elements(self) -> tuple[Element, ...]:
        """What the text holds, as parsed."""
        return self.reading.elements

    def stops(self) -> list[Fault]:
        """What forbids using it; empty when nothing does."""
        return [one for one in self.faults if one.weight == STOP]

    def fault(self, code: str) -> Fault | None:
        """The fault with this code, such as ``scan.expired``."""
        return next((one for one in self.faults if one.code == code), None)

    def sound(self, *, but: Iterable[str] = ()) -> "Scanned":
        """Itself. Raises KintsugiError for its first ``stop``; ``but`` names codes that this
        command lets pass (an expired thing may go back to the supplier)."""
        passed = frozenset(but)
        for one in self.stops():
            if one.code not in passed:
                raise one.refusal()
        return self


def understand(raw: str, *, on: dt.date, near_days: int = NEAR_DAYS) -> Scanned:
    """One scan as of a business day. ``near_days`` before its expiry a thing is near it."""
    return understand_many([raw], on=on, near_days=near_days)[0]


def understand_many(
    raws: Sequence[str], *, on: dt.date, near_days: int = NEAR_DAYS
) -> list[Scanned]:
    """Scans in their order, the same number of queries for one as for 5,000.

    Raises KintsugiError ``scan.too-many``; whatever is wrong with one scan is a fault of its own.
    """
    if len(raws) > SCANS_MAX:
        raise KintsugiError(
            "scan.too-many",
            Text(f"一次最多 {SCANS_MAX:,} 条扫描,现有 {len(raws):,} 条。",
                 f"At most {SCANS_MAX:,} scans at a time; these are {len(raws):,}."),
            Text("分几次提交。", "Send them in several parts."),
            scans=len(raws),
            limit=SCANS_MAX,
        )  # fmt: skip
    readings = [read(raw, on=on) for raw in raws]
    found = _Found(readings)
    last = on + dt.timedelta(days=near_days)
    return [_judged(found.meant(one), found, on, last) for one in readings]


class _Found:
    """Everything that the readings name, fetched at once."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        plains = sorted({one.plain for one in readings if one.plain})
        self.labelled = products.labelled(
            {one.di for one in readings if one.di} | {*plains, *(p.upper() for p in plains)}
        )
        self.named = _look_up(plains)
        named = [pair for pairs in self.named.values() for pair in pairs]
        lots = Lot.objects.filter(is_void=False).select_related("product__manufacturer")
        units = Unit.objects.filter(is_void=False).select_related(
            "product__manufacturer", "lot", "location__warehouse", "location__party"
        )
        by_label = {hit.product_id for hits in self.labelled.values() for hit in hits}
        codes = {one.code for one in readings if one.code}
        codes |= {code.upper() for code in codes}
        ids = by_label | {key for kind, key in named if kind == "product"}
        catalogue = products.by_ids_or_codes(ids, codes)
        self.products = {one.pk: one for one in catalogue}
        self.coded = {one.product_code: one for one in catalogue}
        lot_nos = {clean_lot_no(one.lot_no) for one in readings if one.lot_no}
        serials = {clean_serial(one.serial_no) for one in readings if one.serial_no}
        known = list(self.products)
        lot_ids = [key for kind, key in named if kind == "lot"]
        unit_ids = [key for kind, key in named if kind == "unit"]
        some_lots = lots.filter(product_id__in=known, lot_no__in=lot_nos)
        self.lots = {one.pk: one for one in [*some_lots, *lots.filter(pk__in=lot_ids)]}
        some_units = units.filter(product_id__in=known, serial_no__in=serials)
        self.units = {one.pk: one for one in [*some_units, *units.filter(pk__in=unit_ids)]}
        self.lot_of = {(one.product_id, one.lot_no): one for one in self.lots.values()}
        self.unit_of = {(one.product_id, one.serial_no): one for one in self.units.values()}
        for lot in self.lots.values():
            self.products.setdefault(lot.product_id, lot.product)
        for unit in self.units.values():
            self.products.setdefault(unit.product_id, unit.product)
        self.places = places_of(
            spelt for one in readings for spelt in (one.place, one.place.upper()) if one.place
        )
        place_ids = [key for kind, key in named if kind == "location"]
        self.places_by_id = {
            one.pk: one
            for one in Location.objects.filter(pk__in=place_ids).select_related(
                "warehouse", "party"
            )
        }
        self.blocks: dict[UUID, list[Block]] = {}
        standing = Block.objects.filter(
            product_id__in=list(self.products), released_at=None, is_void=False
        )
        for block in standing.order_by("placed_at"):
            self.blocks.setdefault(block.product_id, []).append(block)
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "tracking_of"), [list(self.products)])
            self.tracking: dict[UUID, str] = dict(cursor.fetchall())

    def meant(self, reading: Reading) -> Scanned:
        """What one reading means, its rows found."""
        if reading.faults and any(one.weight == STOP for one in reading.faults):
            return self._faulty(reading)
        own = self._own(reading)
        others = self._candidates(reading) if reading.plain else []
        if own is not None and own.product is not None:
            others = [one for one in others if one.kind != "product" or one.product != own.product]
            if not others:
                return own
            mine = Candidate("product", product=own.product)
            return self._several(reading, [mine, *others])
        if len(others) > 1:
            return self._several(reading, others)
        if others:
            return self._of_candidate(reading, others[0])
        return own or Scanned(reading, "unknown", faults=(faults.unknown(reading.raw),))

    def _faulty(self, reading: Reading) -> Scanned:
        """A text with something wrong in it: its number may still be ours as it stands."""
        others = self._candidates(reading) if reading.plain else []
        if len(others) == 1:
            return self._of_candidate(reading, others[0])
        if others:
            return self._several(reading, others)
        known = self.labelled.get(reading.di, [])
        product = self.products.get(known[0].product_id) if len(known) == 1 else None
        return Scanned(
            reading,
            "goods" if product else "unknown",
            product=product,
            lot_no=clean_lot_no(reading.lot_no),
            serial_no=clean_serial(reading.serial_no),
            mfg_date=reading.mfg_date,
            expiry_date=reading.expiry_date,
            faults=reading.faults,
        )

    def _own(self, reading: Reading) -> Scanned | None:
        """The reading by what it says itself; None where it says nothing."""
        if reading.place:
            place = self.places.get(reading.place) or self.places.get(reading.place.upper())
            found = () if place else (faults.unknown_place(reading.place),)
            return Scanned(reading, "location", location=place, faults=found)
        if reading.code:
            product = self.coded.get(reading.code) or self.coded.get(reading.code.upper())
            if product is None:
                return Scanned(reading, "goods", faults=(faults.unknown_product(reading.code),))
            return self._goods(reading, product, Decimal(1))
        if reading.di:
            hits = self.labelled.get(reading.di, [])
            if not hits:
                return Scanned(
                    reading,
                    "package" if reading.sscc else "goods",
                    lot_no=clean_lot_no(reading.lot_no),
                    serial_no=clean_serial(reading.serial_no),
                    mfg_date=reading.mfg_date,
                    expiry_date=reading.expiry_date,
                    faults=(faults.unknown_di(reading.di, reading.issuer),),
                )
            if len(hits) > 1:
                choice = [Candidate("product", product=self.products[h.product_id]) for h in hits]
                return self._several(reading, choice)
            return self._goods(reading, self.products[hits[0].product_id], None, hits[0])
        if reading.sscc:
            return Scanned(reading, "package")
        if reading.is_goods or reading.expiry_date or reading.mfg_date or reading.elements:
            return Scanned(
                reading,
                "unknown",
                lot_no=clean_lot_no(reading.lot_no),
                serial_no=clean_serial(reading.serial_no),
                mfg_date=reading.mfg_date,
                expiry_date=reading.expiry_date,
                faults=(faults.no_item(),),
            )
        return None

    def _goods(
        self,
        reading: Reading,
        product: Product,
        base_units: Decimal | None,
        hit: Labelled | None = None,
    ) -> Scanned:
        lot_no, serial_no = clean_lot_no(reading.lot_no), clean_serial(reading.serial_no)
        each = hit.base_units if hit else base_units
        count = reading.count if reading.count is not None else Decimal(1)
        unit = self.unit_of.get((product.pk, serial_no)) if serial_no else None
        lot = self.lot_of.get((product.pk, lot_no)) if lot_no else None
        return Scanned(
            reading,
            "package" if reading.sscc else "goods",
            product=product,
            tracking=self.tracking.get(product.pk, "none"),
            labelled=hit,
            lot_no=lot_no,
            serial_no=serial_no,
            mfg_date=reading.mfg_date,
            expiry_date=reading.expiry_date,
            qty=each * count if each is not None else None,
            lot=lot or (unit.lot if unit and not lot_no else None),
            unit=unit,
        )

    def _candidates(self, reading: Reading) -> list[Candidate]:
        """Everything that the bare text names; a product by its code or as device identifier."""
        found: dict[tuple[str, UUID], Candidate] = {}
        for spelt in (reading.plain, reading.plain.upper()):
            for hit in self.labelled.get(spelt, []):
                one = Candidate("product", product=self.products[hit.product_id])
                found["product", hit.product_id] = one
        for kind, key in self.named.get(reading.plain, []):
            if kind == "product" and key in self.products:
                found[kind, key] = Candidate("product", product=self.products[key])
            elif kind == "lot" and key in self.lots:
                lot = self.lots[key]
                found[kind, key] = Candidate("lot", product=lot.product, lot=lot)
            elif kind == "unit" and key in self.units:
                unit = self.units[key]
                found[kind, key] = Candidate("unit", product=unit.product, unit=unit, lot=unit.lot)
            elif kind == "location" and key in self.places_by_id:
                found[kind, key] = Candidate("location", location=self.places_by_id[key])
        return list(found.values())

    def _several(self, reading: Reading, choice: list[Candidate]) -> Scanned:
        return Scanned(
            reading,
            "several",
            lot_no=clean_lot_no(reading.lot_no),
            serial_no=clean_serial(reading.serial_no),
            candidates=tuple(choice[:CANDIDATES_MAX]),
            faults=(faults.several(reading.raw, [one.name for one in choice]),),
        )

    def _of_candidate(self, reading: Reading, one: Candidate) -> Scanned:
        """The only thing that a bare text names."""
        if one.location is not None:
            return Scanned(reading, "location", location=one.location)
        assert one.product is not None, "goods have a product"
        hits = [
            hit
            for spelt in (reading.plain, reading.plain.upper())
            for hit in self.labelled.get(spelt, [])
            if one.kind == "product" and hit.product_id == one.product.pk
        ]
        return Scanned(
            reading,
            "goods",
            product=one.product,
            tracking=self.tracking.get(one.product.pk, "none"),
            labelled=hits[0] if hits else None,
            lot_no=one.lot.lot_no if one.lot else "",
            serial_no=one.unit.serial_no if one.unit else "",
            qty=hits[0].base_units if hits else Decimal(1),
            lot=one.lot,
            unit=one.unit,
        )


def _judged(one: Scanned, found: _Found, on: dt.date, last: dt.date) -> Scanned:
    """The same with its blocks, dates and everything that is wrong with it."""
    if one.kind not in ("goods", "package") or one.product is None or one.faults:
        return one
    lot_id = one.lot.pk if one.lot else None
    unit_id = one.unit.pk if one.unit else None
    blocks = tuple(
        block
        for block in found.blocks.get(one.product.pk, [])
        if block.lot_id in (None, lot_id) and block.unit_id in (None, unit_id)
    )
    return replace(one, blocks=blocks, faults=tuple(faults.judge(one, blocks, on, last)))


def _look_up(plains: Sequence[str]) -> dict[str, list[tuple[str, UUID]]]:
    """Kind and id of everything that bare texts name."""
    places = ["".join(text.split()) for text in plains]
    split = [place.rpartition("/") for place in places]
    params: dict[str, Any] = {
        "texts": list(plains),
        "codes": [text.upper() for text in plains],
        "lots": [clean_lot_no(text) for text in plains],
        "serials": [clean_serial(text) for text in plains],
        "warehouses": [warehouse.upper() for warehouse, _, _ in split],
        "places": [code.upper() for _, _, code in split],
        "most": CANDIDATES_MAX + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(query("stock", "look_up"), params)
        rows = cursor.fetchall()
    named: dict[str, list[tuple[str, UUID]]] = {}
    for said, kind, key in rows:
        named.setdefault(said, []).append((kind, key))
    return named
