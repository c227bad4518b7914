"""What a scanned or typed label says: which product, how many base units, lot, serial, dates."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from kintsugi.engine.udi import UdiError, parse_udi
from kintsugi.products import selectors as products
from kintsugi.purchasing.refusals import refuse


@dataclass(frozen=True)
class Label:
    """A label understood: the products that carry its identifier, each with the number of base
    units that the package holds."""

    value: str
    products: Mapping[UUID, Decimal]
    lot_no: str = ""
    serial_no: str = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None


def understand(raw: str, known: dict[str, Mapping[UUID, Decimal]]) -> Label:
    """The label of a full UDI (GS1, HIBC and the others). ``known`` remembers identifiers that were
    looked up already. Raises KintsugiError ``purchasing.unreadable``, ``purchasing.check-digit``."""
    try:
        udi = parse_udi(raw)
    except UdiError:
        raise refuse("unreadable", raw=raw[:120], field="raw") from None
    if udi.issue:
        raise refuse("check-digit", raw=raw[:120], field="raw")
    if udi.di not in known:
        known[udi.di] = products.in_packages([udi.di]).get(udi.di, {})
    return Label(
        udi.di, known[udi.di], udi.lot or "", (udi.serial or "").upper(), udi.mfg, udi.expiry
    )

