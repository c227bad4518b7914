"""Labels for units, lots, products, locations and logistic units, from codes as they are scanned
or typed.

Goods whose maker gave them a GTIN get a GS1 DataMatrix. Others, and numbers that GS1's characters
cannot hold, get a QR code of ours that this installation reads back (``stock.reading``).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.printing import LABELS_MAX, Label, Symbol, Symbology
from kintsugi.engine import gs1
from kintsugi.products import selectors as products
from kintsugi.stock import selectors
from kintsugi.stock.reading import own_item, own_place
from kintsugi.stock.scanning import Scanned, understand_many
from kintsugi.stock.screens import place

_NAMES = {
    "model": Text("型号", "Model"),
    "lot": Text("批号", "Lot"),
    "serial": Text("序列号", "Serial no."),
    "made": Text("生产日期", "Made on"),
    "expiry": Text("有效期至", "Use by"),
    "qty": Text("数量", "Quantity"),
    "name": Text("名称", "Name"),
}


def labels_of(texts: Sequence[str], *, on: dt.date, language: str, copies: int = 1) -> list[Label]:
    """A label for each text, ``copies`` of it one after another.

    Raises KintsugiError ``label.unclear`` (facts: line, value) for a text that is nothing known or
    several things, and ``label.too-many``.
    """
    if len(texts) * copies > LABELS_MAX:
        raise KintsugiError(
            "label.too-many",
            Text(f"一次最多 {LABELS_MAX:,} 张标签,现有 {len(texts) * copies:,} 张。",
                 f"At most {LABELS_MAX:,} labels at a time; these are {len(texts) * copies:,}."),
            Text("分几次打印。", "Print them in several parts."),
            field="what",
            labels=len(texts) * copies,
            limit=LABELS_MAX,
        )  # fmt: skip
    found = understand_many(texts, on=on)
    for number, one in enumerate(found, 1):
        _check(number, one)
    gtins = products.gtins_of(one.product.pk for one in found if one.product is not None)
    made = [_label(one, gtins, language) for one in found]
    return [label for label in made for _ in range(copies)]


def place_codes_of(warehouse: UUID) -> list[str]:
    """Our own codes of every location of a warehouse within the scope at work, in their order; one
    more than fits is asked for, so that too many are noticed."""
    rows = selectors.locations().filter(warehouse=warehouse).order_by("code")
    return [own_place(str(one)) for one in rows[: LABELS_MAX + 1]]


def _check(number: int, one: Scanned) -> None:
    """Expired and blocked goods may be labelled; what is unclear may not."""
    unclear = ("scan.unknown", "scan.several", "scan.empty", "scan.too-long")
    if one.kind in ("goods", "location", "package") and (
        one.product is not None or one.location is not None or one.sscc
    ):
        return
    cause = next((f for f in one.faults if f.code in unclear), next(iter(one.faults), None))
    assert cause is not None, "what is no thing has a fault that says why"
    raise KintsugiError(
        "label.unclear",
        Text(f"第 {number} 行:{cause.what.zh}", f"Line {number}: {cause.what.en}"),
        cause.remedy,
        field="what",
        line=number,
        value=one.raw.strip()[:90],
        cause=cause.code,
    )


def _label(one: Scanned, gtins: dict[UUID, str], language: str) -> Label:
    if one.location is not None:
        code = own_place(str(one.location))
        return Label(
            Symbol(Symbology.QR, code),
            [str(one.location)],
            title=str(one.location),
            facts=_facts(language, name=place(one.location) if one.location.party_id else ""),
        )
    if one.sscc:
        number = Symbol(Symbology.GS1_128, f"(00){one.sscc}")
        facts = _goods_facts(one, language) if one.product is not None else []
        return Label(number, [f"(00){one.sscc}"], title=_title(one) or "SSCC", facts=facts)
    symbol, readable = _goods_symbol(one, gtins)
    return Label(symbol, readable, title=_title(one), facts=_goods_facts(one, language))


def _title(one: Scanned) -> str:
    return str(one.product.name) if one.product is not None else ""


def _dates(one: Scanned) -> tuple[dt.date | None, dt.date | None]:
    """Made on and expiry: of the unit, else of the lot, else as scanned."""
    things: list[Any] = [thing for thing in (one.unit, one.lot, one) if thing is not None]
    made = next((t.mfg_date for t in things if t.mfg_date), None)
    return made, next((t.expiry_date for t in things if t.expiry_date), None)


def _goods_facts(one: Scanned, language: str) -> list[tuple[str, str]]:
    made, expiry = _dates(one)
    assert one.product is not None, "goods have a product"
    many = one.qty is not None and one.qty != 1 and not one.serial_no
    return _facts(
        language,
        model=one.product.model or one.product.spec or one.product.product_code,
        lot=one.lot_no or (one.lot.lot_no if one.lot else ""),
        serial=one.serial_no,
        made=made.isoformat() if made else "",
        expiry=expiry.isoformat() if expiry else "",
        qty=f"{one.qty.normalize():f}" if many and one.qty is not None else "",
    )


def _facts(language: str, **values: str) -> list[tuple[str, str]]:
    return [(_NAMES[name].get(language), value) for name, value in values.items() if value]


def _goods_symbol(one: Scanned, gtins: dict[UUID, str]) -> tuple[Symbol, list[str]]:
    """The symbol of goods with its text: GS1's where it can be, else our own."""
    assert one.product is not None, "goods have a product"
    lot_no = one.lot_no or (one.lot.lot_no if one.lot else "")
    labelled = one.labelled.di if one.labelled and one.reading.issuer == "GS1" else ""
    gtin = labelled or gtins.get(one.product.pk, "")
    made, expiry = _dates(one)
    said = {
        "01": gtin,
        "11": f"{made:%y%m%d}" if made else "",
        "17": f"{expiry:%y%m%d}" if expiry else "",
        "10": lot_no,
        "21": one.serial_no,
    }
    if gtin:
        text = "".join(f"({ai}){v.replace('(', chr(92) + '(')}" for ai, v in said.items() if v)
        try:
            scan = gs1.scan(text)
        except KintsugiError:
            pass  # a number with characters, or a length, that GS1 does not allow
        else:
            return Symbol(Symbology.GS1_DATA_MATRIX, scan.bracketed()), scan.hri().split("\n")
    own = own_item(one.product.product_code, lot_no=lot_no, serial_no=one.serial_no)
    return Symbol(Symbology.QR, own), [own]
