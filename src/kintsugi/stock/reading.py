"""What a scanned or typed text says by itself, before anybody looks into the database.

Strict GS1 first, then the kinder reading of labels (``engine.udi``), then HIBC, ISBT 128, MA and
our own codes. A text that says in itself what it is (symbology identifier, brackets, separator,
web address, ``LOC:``) is read as that and nothing else; what does not is also kept as ``plain``,
to be looked up as a code, lot or serial number. Nothing raises: what cannot be read is a fault.
"""

import contextlib
import datetime as dt
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from kintsugi.core.errors import Text
from kintsugi.engine import gs1, udi
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.gs1.dates import day_of
from kintsugi.engine.gs1.elements import GS, LONGEST_SHOWN, Element
from kintsugi.engine.gs1.linters import check_digit
from kintsugi.engine.udi import hibcc

#: A symbol holds no more; several symbols of one label stand on lines of their own.
LONGEST = 7_089
SYMBOLS_MAX = 8
#: What nobody uses as a code, lot or serial number is longer than this.
PLAIN_MAX = 60

STOP, WARN, NOTE = "stop", "warn", "note"


@dataclass(frozen=True)
class Fault:
    """Something about a scan that a person must know. ``weight``: ``stop`` (it is wrong, do not
    use it), ``warn`` (look first: near expiry, something missing), ``note`` (for information)."""

    code: str
    weight: str
    what: Text
    remedy: Text
    facts: dict[str, Any] = field(default_factory=dict)

    def refusal(self) -> KintsugiError:
        """The same as an error, for a command that cannot go on."""
        return KintsugiError(self.code, self.what, self.remedy, **self.facts)


@dataclass(frozen=True)
class Reading:
    """The content of one text. ``count`` is how many of the identified package; ``plain`` is the
    text where it may also be a bare code or number; ``place`` names a location of ours, ``code`` a
    product of ours."""

    raw: str
    form: str = "plain"
    elements: tuple[Element, ...] = ()
    di: str = ""
    issuer: str = ""
    code: str = ""
    place: str = ""
    sscc: str = ""
    lot_no: str = ""
    serial_no: str = ""
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    count: Decimal | None = None
    plain: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def is_goods(self) -> bool:
        """Whether it names, or may belong to, a thing rather than a place or a package."""
        return bool(self.di or self.code or self.lot_no or self.serial_no)


# -- our own codes ---------------------------------------------------------------------------------

_OWN = re.compile(r"(LOC|ITEM):(.+)", re.IGNORECASE | re.DOTALL)
_SAFE = "/ -_.+()#*"


def own_place(place: str) -> str:
    """The code of a location's label: ``LOC:WAREHOUSE/LOCATION``."""
    return f"LOC:{place}"


def own_item(product_code: str, *, lot_no: str = "", serial_no: str = "") -> str:
    """The code of a label for goods whose maker gave them no device identifier:
    ``ITEM:CODE;LOT:…;SN:…``; semicolons and per cent signs in a value are per-cent encoded."""
    parts = [("ITEM", product_code), ("LOT", lot_no), ("SN", serial_no)]
    return ";".join(f"{key}:{quote(value, safe=_SAFE + ':')}" for key, value in parts if value)


def _own(text: str) -> Reading | None:
    match = _OWN.fullmatch(text)
    if match is None:
        return None
    if match[1].upper() == "LOC":
        return Reading(text, "own", place=match[2].strip())
    first, *others = match[2].split(";")
    found = {"ITEM": unquote(first).strip()}
    for part in others:
        key, colon, value = part.partition(":")
        if not colon or key.upper() not in ("LOT", "SN") or key.upper() in found:
            return None
        found[key.upper()] = unquote(value).strip()
    return Reading(
        text, "own", code=found["ITEM"], lot_no=found.get("LOT", ""), serial_no=found.get("SN", "")
    )


# -- standards -------------------------------------------------------------------------------------

# How scanners and keyboards write the separator that a keyboard cannot type.
_STAND_INS = re.compile(
    r"<GS>|\{GS\}|\[GS\]|<FNC1>|\{FNC1\}|\\x1[dD]|\\u001[dD]|\^\]|\u241d|\u2194"
)
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# Symbols that hold GS1 data by their kind. Others (Code 39, plain Code 128, plain QR, …) hold any
# text, so what follows their identifier is read like text that was typed.
_GS1_SYMBOLS = ("]C1", "]d2", "]Q3", "]e0", "]J1", "]E0", "]E4", "]I1")
_GTINS = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_SSCC = re.compile(r"(?:00)?([0-9]{18})")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def _tidy(text: str) -> str:
    """As a symbol holds it: separators restored, full-width characters (an input method that was
    on) made narrow, the Enter or Tab of the keyboard dropped. GS itself is data."""
    return _STAND_INS.sub(GS, text.strip(" \t\r\n\u3000").translate(_WIDE))


def _says_gs1(text: str) -> bool:
    """Whether the text says of itself that it is GS1's."""
    return (
        text.startswith(("(", "^", GS, *_GS1_SYMBOLS))
        or GS in text
        or re.match(r"https?://", text, re.IGNORECASE) is not None
    )


def _looks_gs1(text: str) -> bool:
    """Whether it begins like an element string: a key of full length, check digit right."""
    match = re.match(r"(?:0[12]([0-9]{14})|00([0-9]{18}))(.*)", text, re.DOTALL)
    if match is None:
        return False
    key = match[1] or match[2]
    return check_digit(key[:-1]) == key[-1]


def _of_gs1(text: str, scan: gs1.Scan, on: dt.date) -> Reading:
    form = "link" if re.match(r"https?://|\][QdJ][0-9]https?://", text, re.IGNORECASE) else "gs1"
    made = scan.get("11")
    counted = scan.get("37") or scan.get("30")
    return Reading(
        text,
        form,
        elements=scan.elements,
        di=scan.gtin14 or scan.get("02") or "",
        issuer="GS1",
        sscc=scan.get("00") or "",
        lot_no=scan.lot or "",
        serial_no=scan.serial or "",
        mfg_date=day_of(made, today_year=on.year) if made else None,
        expiry_date=scan.expiry(today_year=on.year),
        count=Decimal(counted) if counted else None,
    )


def _of_udi(text: str, one: udi.Udi) -> Reading:
    parts = (("UDI-DI", one.di), ("LOT", one.lot), ("SN", one.serial))
    faults: tuple[Fault, ...] = ()
    if one.issue:
        faults = (bad_check(one.di, one.expected_check or ""),)
    return Reading(
        text,
        "gs1" if one.issuer == "GS1" else one.issuer.lower(),
        elements=tuple(Element("", title, value) for title, value in parts if value),
        di=one.di,
        issuer=one.issuer,
        lot_no=one.lot or "",
        serial_no=one.serial or "",
        mfg_date=one.mfg,
        expiry_date=one.expiry,
        faults=faults,
    )


def bad_check(value: str, expected: str) -> Fault:
    """A check digit or character that does not agree."""
    return Fault(
        "scan.check-digit",
        STOP,
        Text(f"“{value}”的校验位不对,应为 {expected}。",
             f"The check digit of “{value}” is wrong; it would be {expected}."),
        Text("重新扫描;手工输入的请与标签核对。",
             "Scan it again; compare with the label if it was typed."),
        {"value": value, "expected": expected},
    )  # fmt: skip


def _of_error(text: str, error: KintsugiError) -> Reading:
    fault = Fault(
        f"scan.{error.code.replace('.', '-')}", STOP, error.message, error.remedy,
        {name: value for name, value in error.facts.items() if value is not None},
    )  # fmt: skip
    return Reading(text, "gs1", faults=(fault,))


def _gs1(text: str, on: dt.date) -> Reading:
    """A text that says it is GS1's: strictly, else as labels have it, else the strict refusal."""
    try:
        return _of_gs1(text, gs1.scan(text, whole=False), on)
    except KintsugiError as error:
        strict = error
    if strict.code in ("gs1.brackets", "gs1.lint.incorrect-check-digit") or "^" in text:
        try:
            found = udi.parse_udi(text, today_year=on.year)
        except udi.UdiError:
            pass
        else:
            if found.issuer == "GS1":
                return _of_udi(text, found)
    return _of_error(text, strict)


def _hibc(text: str) -> Reading | None:
    try:
        one = hibcc.parse(text.upper())
    except hibcc.HibcError:
        return None
    parts = (("UDI-DI", one.di), ("LOT", one.lot), ("SN", one.serial))
    return Reading(
        text,
        "hibcc",
        elements=tuple(Element("", title, value) for title, value in parts if value),
        di=one.di or "",
        issuer="HIBCC",
        lot_no=one.lot or "",
        serial_no=one.serial or "",
        mfg_date=one.mfg,
        expiry_date=one.expiry,
        count=Decimal(one.quantity) if one.quantity is not None else None,
        faults=() if one.check_ok else (bad_check(text, one.expected_check),),
    )


def _weak(text: str, on: dt.date) -> Reading:
    """A text that may be a standard's or just a number: read, and kept as plain too."""
    found = Reading(text)
    if _looks_gs1(text):
        try:
            found = _of_gs1(text, gs1.scan(text, whole=False), on)
        except KintsugiError as error:
            found = _of_error(text, error)
    elif _GTINS.fullmatch(text) and check_digit(text[:-1]) == text[-1]:
        gtin = text.zfill(14)
        found = Reading(text, "gtin", (Element("01", "GTIN", gtin),), di=gtin, issuer="GS1")
    elif (match := _SSCC.fullmatch(text)) and check_digit(match[1][:-1]) == match[1][-1]:
        found = Reading(text, "gs1", (Element("00", "SSCC", match[1]),), sscc=match[1])
    elif text.startswith(("+", "*+")):
        found = _hibc(text) or found
    elif text.startswith(("=", "&")) or text.upper().startswith("MA."):
        with contextlib.suppress(udi.UdiError):
            found = _of_udi(text, udi.parse_udi(text, today_year=on.year))
    plain = text if len(text) <= PLAIN_MAX and text.isprintable() else ""
    return replace(found, plain=plain)


def _symbol(text: str, on: dt.date) -> Reading:
    if _SYMBOLOGY.match(text) and not text.startswith(_GS1_SYMBOLS):
        text = text[3:]
    if text.startswith("]E0") and len(text) == 15:
        text = f"]E0{text[3:].zfill(13)}"  # a UPC-A that is sent without its leading zero
    if own := _own(text):
        return own
    return _gs1(text, on) if _says_gs1(text) else _weak(text, on)


def _joined(readings: list[Reading], raw: str) -> Reading:
    """One label out of its symbols; two that contradict each other are a fault."""
    whole = readings[0]
    for one in readings[1:]:
        changes: dict[str, Any] = {}
        for name in ("di", "issuer", "code", "sscc", "lot_no", "serial_no", "mfg_date",
                     "expiry_date", "count", "place"):  # fmt: skip
            mine, its = getattr(whole, name), getattr(one, name)
            if its and mine and its != mine:
                fault = Fault(
                    "scan.symbols-differ",
                    STOP,
                    Text(f"两个条码不一致:{mine} 与 {its}。",
                         f"The two barcodes differ: {mine} and {its}."),
                    Text("它们不是同一个标签上的;请逐个扫描。",
                         "They are not of one label; scan one thing at a time."),
                    {"field": name, "first": str(mine), "second": str(its)},
                )  # fmt: skip
                whole = replace(whole, faults=(*whole.faults, fault))
            elif its:
                changes[name] = its
        whole = replace(
            whole,
            **changes,
            form=whole.form if whole.form != "plain" else one.form,
            elements=tuple(dict.fromkeys((*whole.elements, *one.elements))),
            faults=(*whole.faults, *one.faults),
            plain="",
        )
    return replace(whole, raw=raw)


def _faulty(raw: str, code: str, what: Text, remedy: Text, **facts: Any) -> Reading:
    return Reading(raw[:LONGEST_SHOWN], faults=(Fault(code, STOP, what, remedy, facts),))


def read(raw: str, *, on: dt.date) -> Reading:
    """Reads one text as scanned, typed or printed; never raises. ``on`` decides the century of
    two-digit years. Several symbols of one label come on lines of their own."""
    if len(raw) > LONGEST:
        return _faulty(
            raw,
            "scan.too-long",
            Text(f"超过 {LONGEST:,} 个字符,没有条码能容纳。",
                 f"More than {LONGEST:,} characters: no barcode holds that much."),
            Text("请逐个扫描条码。", "Scan one barcode at a time."),
            length=len(raw),
        )  # fmt: skip
    # NUL reaches no column of the database, lone surrogates no connection.
    sound = raw.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    texts = [tidy for one in sound.split("\n") if (tidy := _tidy(one))][:SYMBOLS_MAX]
    if not texts:
        return _faulty(
            raw,
            "scan.empty",
            Text("没有扫到内容。", "There is nothing in this scan."),
            Text("再扫描一次,或手工输入。", "Scan again, or type it."),
        )
    readings = [_symbol(text, on) for text in texts]
    return replace(readings[0], raw=raw) if len(readings) == 1 else _joined(readings, raw)
