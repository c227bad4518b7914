"""What somebody typed or scanned: which lots, units, documents, parties and places it may mean."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.udi import parse_udi
from kintsugi.engine.udi.parse import UdiError
from kintsugi.parties import selectors as parties
from kintsugi.products import selectors as products
from kintsugi.stock import selectors
from kintsugi.stock.models import Location, Lot, Posting, Unit
from kintsugi.stock.screens import place
from kintsugi.stock.typed import clean_lot_no, clean_serial, places_of

#: Meanings offered for one text, of each kind.
MEANINGS_MAX = 12
KINDS: dict[str, Text] = {
    "unit": Text("序列号", "serial number"),
    "lot": Text("批次", "lot"),
    "posting": Text("过账", "posting"),
    "document": Text("单据", "document"),
    "party": Text("单位", "customer or supplier"),
    "place": Text("库位", "location"),
}


@dataclass(frozen=True)
class Subject:
    """Something that can be traced. ``id`` is a document's number, else the record's id."""

    kind: str
    id: str
    title: str
    about: str = ""


def of_unit(one: Unit) -> Subject:
    """A serial unit."""
    return Subject("unit", str(one.pk), one.serial_no, str(one.product))


def of_lot(one: Lot) -> Subject:
    """A lot."""
    return Subject("lot", str(one.pk), one.lot_no, str(one.product))


def _by_label(text: str) -> list[Subject]:
    """What a scanned UDI names: its serial, else its lot."""
    try:
        label = parse_udi(text)
    except UdiError:
        return []
    ids = products.product_ids_by_di(label.di)
    if label.serial:
        units = selectors.units().filter(product__in=ids, serial_no=clean_serial(label.serial))
        if found := [of_unit(one) for one in units[:MEANINGS_MAX]]:
            return found
    lots = selectors.lots().filter(product__in=ids, lot_no=clean_lot_no(label.lot or ""))
    return [of_lot(one) for one in lots[:MEANINGS_MAX]]


def meanings(text: str) -> list[Subject]:
    """Everything within the scope at work that is called so; exact numbers, names in part."""
    text = " ".join(text.split())
    if not text:
        return []
    if found := _by_label(text):
        return found
    units = selectors.units().filter(serial_no=clean_serial(text))[:MEANINGS_MAX]
    lots = selectors.lots().filter(lot_no__in={text, text.upper()})[:MEANINGS_MAX]
    number = text.upper()
    postings = selectors.postings().filter(number=number)[:1]
    papers = (
        selectors.postings()
        .filter(document_no__in={text, number})
        .order_by("document_no")
        .values_list("document_no", flat=True)
        .distinct()[:MEANINGS_MAX]
    )
    known = parties.searched(parties.parties(), text).order_by("name")[:MEANINGS_MAX]
    places = {one.pk: one for one in places_of([text, number]).values()}
    return [
        *(of_unit(one) for one in units),
        *(of_lot(one) for one in lots),
        *(Subject("posting", str(one.pk), one.number, one.document_no) for one in postings),
        *(Subject("document", one, one) for one in papers),
        *(Subject("party", str(one.pk), one.name) for one in known),
        *(Subject("place", str(one.pk), place(one), one.name) for one in places.values()),
    ]


def subject(kind: str, key: str) -> Subject:
    """A subject by its kind and id. Raises KintsugiError ``trace.unknown``."""
    try:
        found = _FIND[kind](key)
    except (KeyError, ValueError):
        found = None
    if found is None:
        raise KintsugiError(
            "trace.unknown",
            Text("找不到要追溯的对象。", "There is nothing of that kind to trace."),
            Text("重新输入或扫描。", "Type or scan it again."),
            field="q", value=key[:80],
        )  # fmt: skip
    return found


def _unit(key: str) -> Subject | None:
    one = selectors.units().filter(pk=UUID(key)).first()
    return of_unit(one) if one else None


def _lot(key: str) -> Subject | None:
    one = selectors.lots().filter(pk=UUID(key)).first()
    return of_lot(one) if one else None


def _posting(key: str) -> Subject | None:
    one = Posting.objects.filter(pk=UUID(key)).first()
    return Subject("posting", key, one.number, one.document_no) if one else None


def _document(key: str) -> Subject | None:
    known = Posting.objects.filter(document_no=key[:80]).exists() if key else False
    return Subject("document", key, key) if known else None


def _party(key: str) -> Subject | None:
    one = parties.parties().filter(pk=UUID(key)).first()
    return Subject("party", key, one.name) if one else None


def _place(key: str) -> Subject | None:
    one = Location.objects.select_related("warehouse", "party").filter(pk=UUID(key)).first()
    return Subject("place", key, place(one), one.name) if one else None


_FIND: dict[str, Callable[[str], Subject | None]] = {
    "unit": _unit, "lot": _lot, "posting": _posting, "document": _document, "party": _party,
    "place": _place,
}  # fmt: skip
