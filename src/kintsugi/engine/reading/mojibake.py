"""Garbled text: told from sound text, and restored where the bytes are still there.

- 锟斤拷 is UTF-8's replacement mark read as GBK; U+FFFD and 烫烫烫 are no better: lost for good.
- "å¹¿å·ž" is UTF-8 read as Latin-1 or CP1252, "骞垮窞" UTF-8 read as GBK: both can be undone, and
  strict UTF-8 decoding of the bytes regained is proof enough.
"""

import re
from typing import Any, Final

import polars as pl

from kintsugi.engine.reading.encoding import COMMON
from kintsugi.engine.reading.sieve import Cell


def _gbk_leads() -> str:
    """Characters that GBK makes of the first two bytes of a Chinese character in UTF-8."""
    found = []
    for first in range(0xE4, 0xEA):
        for second in range(0x80, 0xC0):
            try:
                found.append(bytes((first, second)).decode("gbk"))
            except UnicodeDecodeError:
                continue
    return "".join(found)


_LOST: Final = "\ufffd|锟斤|烫烫烫|屯屯屯"
_HIGH: Final = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
SUSPECT: Final = f"{_LOST}|[\u00c2-\u00f4][{_HIGH}]|[{_gbk_leads()}]"
_LOST_RE: Final = re.compile(_LOST)


def repaired(text: str) -> str | None:
    """What a garbled text was; '' when it cannot be regained, None when the text is sound.

    >>> repaired("骞垮窞")
    '广州'
    """
    if _LOST_RE.search(text):
        return ""
    for data in (_latin_bytes(text), _gbk_bytes(text)):
        if data is None or data.isascii():
            continue
        try:
            plain = data.decode("utf-8")
        except UnicodeDecodeError:
            loose = data.decode("utf-8", "replace")
            sound = sum(c in COMMON for c in loose)
            if sound >= 2 and sound >= len(loose) * 0.6:
                return ""
            continue
        if len(plain) < len(text) and _sensible(plain, text):
            return plain
    return None


def _sensible(plain: str, text: str) -> bool:
    """Han text regained must be more usual than what stood there; Latin text just decodes."""
    han = [c for c in plain if "\u3400" <= c <= "\u9fff"]
    if not han:
        return not any("\u3400" <= c <= "\u9fff" for c in text) and plain.isprintable()
    usual = sum(c in COMMON for c in han) / len(han)
    old = [c for c in text if "\u3400" <= c <= "\u9fff"]
    before = sum(c in COMMON for c in old) / len(old) if old else 0.0
    return usual > before or (not old)


def _latin_bytes(text: str) -> bytes | None:
    parts = bytearray()
    for c in text:
        if ord(c) < 0x100:
            parts.append(ord(c))
            continue
        try:
            parts += c.encode("cp1252")
        except UnicodeEncodeError:
            return None
    return bytes(parts)


def _gbk_bytes(text: str) -> bytes | None:
    try:
        return text.encode("gb18030")
    except UnicodeEncodeError:
        return None


def scan(table: Any) -> list[Cell]:
    """Sidecar entries ``mojibake`` (value: the text regained, '' when lost) of an Arrow table."""
    frame = pl.DataFrame(pl.from_arrow(table))
    keys = frame.columns[1:]
    hits = frame.select(pl.col(keys).str.contains(SUSPECT).any()).row(0) if keys else ()
    cells: list[Cell] = []
    for ordinal, (key, hit) in enumerate(zip(keys, hits, strict=True), start=1):
        if not hit:
            continue
        found = frame.select("_row", key).filter(pl.col(key).str.contains(SUSPECT))
        for row, text in found.iter_rows():
            value = repaired(text)
            if value is not None:
                cells.append(Cell(row, ordinal, "mojibake", value))
    return cells
