"""ICCBBA (ISBT 128), MA (IDcode, ZIIOT) and AHM (Ali Health) identifiers.

Sources: ISBT 128 Standard, data structures 034, 025, 004/005, 008/009, 035 (ST-011); handbook of
the MA coding of medical devices: ``MA.156.M0.`` six-character registrant, then packaging digit,
item code and check character, then production units ``.S .M .L .D .E .V .C``. The algorithm of the
MA check character is not public any more, and AHM publishes no structure but manufacturer plus
product code: for both only the form is checked.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

# Facility code, facility product code, product description code.
ICCBBA_DI_RE = re.compile(r"[A-NP-Z1-9][0-9]{4}[A-Z0-9]{6}[A-Z][0-9]{4}")
MA_DI_RE = re.compile(r"MA\.[0-9]{3}\.M0\.[A-Z0-9]{6}\.[A-Z0-9]{8,20}")
AHM_DI_RE = re.compile(r"(?:AHM[.\-]?)?8[0-9]{19}|AHM[.\-]?[A-Z0-9.\-]{6,34}")


class CodeError(ValueError):
    """A string that does not have the form of its agency."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of an identifier of these agencies."""

    di: str
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None
    mfg: date | None = None


def _century_day(text: str) -> date:
    """``cyyjjj``: c is the last digit of the century counted from 1000 years (0 = 2000–2099)."""
    year = (
        2000 if text[0] == "0" else 1900 if text[0] == "9" else 2000 + 100 * int(text[0])
    ) + int(text[1:3])
    day = int(text[3:6])
    if not 1 <= day <= 365 + calendar.isleap(year):
        raise CodeError(f"no such day: {text}")
    return date(year, 1, 1) + timedelta(days=day - 1)


# Data identifier, length of its data, what it is.
_ISBT = (
    ("=/", 16, "di"),
    ("=,", 6, "serial"),
    ("=>", 6, "expiry"),
    ("=}", 6, "mfg"),
    ("&>", 10, "expiry"),
    ("&}", 10, "mfg"),
    ("&,1", 18, "lot"),
    ("=+", 5, "header"),
    ("=", 15, "donation"),
)


def parse_iccbba(text: str) -> Parts:
    """ISBT 128 data structures one after another. Raises CodeError."""
    rest, found = text, {}
    while rest:
        for mark, length, what in _ISBT:
            if rest.startswith(mark):
                data = rest[len(mark) : len(mark) + length]
                if len(data) < length:
                    raise CodeError(f"{mark} is cut off")
                found[what] = data
                rest = rest[len(mark) + length :]
                break
        else:
            raise CodeError(f"unknown data identifier: {rest[:3]}")
    di = found.get("di")
    if di is None or not ICCBBA_DI_RE.fullmatch(di):
        raise CodeError("no device identifier")
    return Parts(
        di=di,
        lot=found["lot"].lstrip("0") if "lot" in found else None,
        serial=found.get("serial"),
        expiry=_century_day(found["expiry"]) if "expiry" in found else None,
        mfg=_century_day(found["mfg"]) if "mfg" in found else None,
    )


def _ma_day(text: str) -> date:
    full = text if len(text) == 8 else "20" + text
    try:
        return date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        raise CodeError(f"no such day: {text}") from None


def parse_ma(text: str) -> Parts:
    """``MA.156.M0.100350.01004101.S001.M210628.L2106.E220628.C3``. Raises CodeError.

    V (valid until) serves where E (expires) is missing; older labels write P for M.
    """
    pieces = text.split(".")
    di = ".".join(pieces[:5])
    if not MA_DI_RE.fullmatch(di.upper()):
        raise CodeError("no device identifier")
    found: dict[str, str] = {}
    for piece in pieces[5:]:
        key, data = piece[:1].upper(), piece[1:]
        if key not in set("SMPLDEVC") or not data or key in found:
            raise CodeError(f"unknown production unit: {piece}")
        if key in "MPEV" and not re.fullmatch(r"[0-9]{6}|[0-9]{8}", data):
            raise CodeError(f"no such day: {piece}")
        found[key] = data
    made, ends = found.get("M") or found.get("P"), found.get("E") or found.get("V")
    return Parts(
        di=di.upper(),
        lot=found.get("L"),
        serial=found.get("S"),
        expiry=_ma_day(ends) if ends else None,
        mfg=_ma_day(made) if made else None,
    )
