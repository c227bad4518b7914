"""What people type and scan, turned into lines of the ledger: codes become rows, or a refusal that
names the code. A bounded number of queries whatever the number of lines."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.products import selectors as products
from kintsugi.stock.kinds import OURS
from kintsugi.stock.lines import Line
from kintsugi.stock.models import Location, Lot, Unit
from kintsugi.stock.services import register_lot, register_units, world

#: Postings by hand. The others belong to documents (orders, deliveries, inspections, counts,
#: adjustments) that ask for more than one person.
HAND_KINDS = ("transfer", "opening")
#: What lines are typed for, with the place outside that they come from or go to.
OUTSIDE = {
    "transfer": "in_transit", "opening": "opening", "scrap": "scrap", "loss": "loss",
    "gain": "loss",
}  # fmt: skip
INWARD, OUTWARD = ("opening", "gain"), ("scrap", "loss")
#: Where they may put something: consignment and repair are handed over by a document.
HAND_TARGETS = ("bin", "van", "in_transit")


@dataclass(frozen=True)
class TypedLine:
    """One move in the words of its label. Places as ``WAREHOUSE/LOCATION``, or the code alone for
    a place without a warehouse. ``quality`` empty: the unit's own, else qualified."""

    product_code: str
    qty: Decimal = Decimal(1)
    lot_no: str = ""
    serial_no: str = ""
    source: str = ""
    target: str = ""
    quality: str = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    unit_cost: Decimal | None = None


def unknown(field: str, zh: str, en: str, value: str, line: int) -> KintsugiError:
    """The refusal of a code that names nothing here."""
    return KintsugiError(
        f"stock.unknown-{field.replace('_', '-')}",
        Text(f"{zh}“{value}”不存在,或不在您的权限范围。",
             f"There is no {en} “{value}” within your reach."),
        Text("核对输入,或用搜索查找。", "Check what was typed, or look for it with search."),
        field=field,
        line=line,
        value=value,
    )  # fmt: skip


def _product_code(text: str) -> str:
    return text.strip().upper()


def clean_lot_no(text: str) -> str:
    """A lot number as lots are registered: runs of blanks are one."""
    return " ".join(text.split())


def clean_serial(text: str) -> str:
    """A serial number as units are registered: without blanks, in capitals."""
    return "".join(text.split()).upper()


def product_of(code: str, known: dict[str, Any], line: int = 1, field: str = "product_code") -> Any:
    """A product by its code. Raises KintsugiError ``stock.unknown-product-code``."""
    found = known.get(code.strip()) or known.get(_product_code(code))
    if found is None:
        raise unknown(field, "产品", "product", code, line)
    return found


def products_of(codes: Iterable[str]) -> dict[str, Any]:
    """Products by code, as typed or in capitals."""
    given = list(codes)
    return products.by_codes({*(c.strip() for c in given), *map(_product_code, given)})


def places_of(codes: Iterable[str]) -> dict[str, Location]:
    """Places by ``WAREHOUSE/LOCATION`` or code alone; within the scope at work."""
    split = [code.partition("/") for code in codes]
    inside = {(wh, code) for wh, slash, code in split if slash}
    alone = {wh for wh, slash, _ in split if not slash}
    found = Location.objects.filter(is_void=False).select_related("warehouse", "party")
    made = {
        str(one): one
        for one in found.filter(
            warehouse__code__in={wh for wh, _ in inside}, code__in={code for _, code in inside}
        )
    }
    made.update((one.code, one) for one in found.filter(warehouse__isnull=True, code__in=alone))
    return made


def place_named(text: str, field: str, line: int = 1) -> Location:
    """One place as typed, in capitals or not. Raises KintsugiError ``stock.unknown-<field>``."""
    spelt = ("".join(text.split()), clean_serial(text))
    known = places_of(spelt)
    found = known.get(spelt[1]) or known.get(spelt[0])
    if found is None:
        raise unknown(field, "库位", "location", text, line)
    return found


class Reader:
    """Reads typed lines of one kind; what is new with an opening balance is registered, so this
    happens inside a recorded transaction."""

    def __init__(self, kind: str, typed: Sequence[TypedLine]) -> None:
        assert kind in OUTSIDE, f"nobody types lines of {kind}"
        self.kind = kind
        self.typed = typed
        self.products = products_of(one.product_code for one in typed)
        self.places = places_of(
            spelt
            for one in typed
            for place in (one.source, one.target)
            for spelt in ("".join(place.split()), clean_serial(place))
        )
        ids = [one.pk for one in self.products.values()]
        lots = Lot.objects.filter(
            product_id__in=ids,
            lot_no__in={clean_lot_no(one.lot_no) for one in typed},
            is_void=False,
        )
        self.lots = {(one.product_id, one.lot_no): one for one in lots}
        units = Unit.objects.filter(
            product_id__in=ids, serial_no__in={clean_serial(one.serial_no) for one in typed}
        )
        self.units = {(one.product_id, one.serial_no): one for one in units}

    def lines(self) -> list[Line]:
        """The lines. Raises KintsugiError ``stock.unknown-*`` or ``stock.place-not-ours``."""
        outside = world(OUTSIDE[self.kind])
        if self.kind in INWARD:
            self._register(outside)
        return [self._line(one, number, outside) for number, one in enumerate(self.typed, 1)]

    def _line(self, one: TypedLine, number: int, outside: Location) -> Line:
        product = product_of(one.product_code, self.products, number)
        if self.kind in INWARD:
            source, target = outside, self._place(one.target, "target", number)
        elif self.kind in OUTWARD:
            source, target = self._place(one.source, "source", number), outside
        else:
            source = self._place(one.source, "source", number)
            target = self._place(one.target, "target", number)
        unit = self._unit(product.pk, one, number)
        lot = self._lot(product.pk, one, number)
        quality = one.quality or (unit.quality if unit else "qualified")
        return Line(
            product=product.pk,
            source=source.pk,
            target=target.pk,
            qty=Decimal(1) if unit else one.qty,
            lot=unit.lot_id if unit else (lot.pk if lot else None),
            unit=unit.pk if unit else None,
            source_quality=quality,
            unit_cost=one.unit_cost if self.kind == "opening" else None,
        )

    def _place(self, text: str, field: str, line: int) -> Location:
        found = self.places.get(clean_serial(text)) or self.places.get("".join(text.split()))
        if found is None:
            raise unknown(field, "库位", "location", text, line)
        if found.kind not in (HAND_TARGETS if field == "target" else OURS):
            raise KintsugiError(
                "stock.place-not-ours",
                Text(f"不能手工移动到 {text} 或从中移出。",
                     f"Nothing is moved to or from {text} by hand."),
                Text("发货、寄售、送修请用相应单据。",
                     "Shipment, consignment and repair have documents of their own."),
                field=field,
                line=line,
                value=text,
            )  # fmt: skip
        return found

    def _lot(self, product: UUID, one: TypedLine, line: int) -> Lot | None:
        number = clean_lot_no(one.lot_no)
        if not number:
            return None
        found = self.lots.get((product, number))
        if found is None:
            raise unknown("lot_no", "批号", "lot", number, line)
        return found

    def _unit(self, product: UUID, one: TypedLine, line: int) -> Unit | None:
        number = clean_serial(one.serial_no)
        if not number:
            return None
        found = self.units.get((product, number))
        if found is None:
            raise unknown("serial_no", "序列号", "serial number", number, line)
        lot = self._lot(product, one, line)
        if lot is not None and found.lot_id != lot.pk:
            raise KintsugiError(
                "stock.unit-of-other-lot",
                Text(f"序列号 {number} 不属于批号 {lot.lot_no}。",
                     f"Serial {number} is not of lot {lot.lot_no}."),
                Text("核对标签;批号可留空。", "Look at the label; the lot may stay empty."),
                field="lot_no",
                line=line,
                serial_no=number,
            )  # fmt: skip
        return found

    def _register(self, outside: Location) -> None:
        """Lots and units that an opening balance names for the first time."""
        groups: dict[tuple[UUID, str, str], list[TypedLine]] = {}
        for number, one in enumerate(self.typed, 1):
            product = product_of(one.product_code, self.products, number)
            quality = one.quality or "qualified"
            groups.setdefault((product.pk, clean_lot_no(one.lot_no), quality), []).append(one)
        for (product, lot_no, quality), members in groups.items():
            lot = None
            for dates in {(one.mfg_date, one.expiry_date) for one in members} if lot_no else ():
                lot = register_lot(
                    product=product, lot_no=lot_no, mfg_date=dates[0], expiry_date=dates[1]
                )
            if lot is not None:
                self.lots[product, lot.lot_no] = lot
            serials = [one.serial_no for one in members if one.serial_no]
            if serials:
                found = register_units(
                    product=product, serials=serials, outside=outside, lot=lot, quality=quality,
                    mfg_date=members[0].mfg_date, expiry_date=members[0].expiry_date,
                )  # fmt: skip
                self.units.update(((product, serial), unit) for serial, unit in found.items())
