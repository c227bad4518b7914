"""Numbers written unlike the rest of their column: units, percent signs, separators, zeros."""

import re
from collections import defaultdict
from typing import Final

import numpy as np

from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.missing import is_disguise
from kintsugi.engine.repair.model import ValueSignal

_NUMBER: Final = re.compile(
    r"^(?P<p>[$€£¥￥#])?\s*(?P<n>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*"
    r"(?P<u>[^\d\s.,+\-].{0,30})?$"
)
_OUT_OF: Final = re.compile(r"^/\s*\d+$")
_RESIDUE: Final = re.compile(r"\.\d*?(0{6,}|9{6,})\d{0,3}$")
_MOSTLY: Final = 0.9
_DOMINANT: Final = 0.6
_MAX_DISTINCT: Final = 200_000

# Spellings of one unit; only those that ordinary tables mix.
_UNITS: Final = [
    ("oz", "ounce", "ounces", "盎司"), ("g", "gr", "gram", "grams", "克"),
    ("kg", "kgs", "kilogram", "kilograms", "公斤", "千克"), ("lb", "lbs", "pound", "pounds", "磅"),
    ("ml", "milliliter", "milliliters", "millilitre", "毫升"),
    ("l", "liter", "liters", "litre", "litres", "升"),
    ("mm", "millimeter", "millimetre", "毫米"), ("cm", "centimeter", "centimetre", "厘米"),
    ("m", "meter", "meters", "metre", "metres", "米"),
    ("km", "kilometer", "kilometers", "kilometre", "公里", "千米"),
    ("in", "inch", "inches", '"', "英寸"), ("ft", "foot", "feet", "英尺"),
    ("s", "sec", "secs", "second", "seconds", "秒"),
    ("min", "mins", "minute", "minutes", "分钟"), ("h", "hr", "hrs", "hour", "hours", "小时"),
    ("d", "day", "days", "天"), ("month", "months", "个月"),
    ("y", "yr", "yrs", "year", "years", "年"), ("%", "pct", "percent", "per cent", "%"),
    ("$", "usd", "dollar", "dollars", "美元"), ("元", "rmb", "cny", "人民币"),
    ("pc", "pcs", "piece", "pieces", "件", "个"), ("box", "boxes", "盒"),
]  # fmt: skip
_STEM: Final = {spelling: names[0] for names in _UNITS for spelling in names}


def number_signals(column: Coded) -> list[ValueSignal]:
    """What is wrong with the numbers of a column that holds (nearly) only numbers."""
    if len(column.values) > _MAX_DISTINCT:
        return []
    parsed = {}
    words = 0
    for code, text in enumerate(column.values):
        if text.strip() == "" or is_disguise(text):
            continue
        match = _NUMBER.match(text.strip())
        if match:
            parsed[code] = (match["n"], (match["u"] or match["p"] or "").strip())
        else:
            words += int(column.counts[code])
    words += _drop_accidents(column, parsed)
    total = sum(int(column.counts[c]) for c in parsed)
    if total < 10 or total < _MOSTLY * (total + words):
        return []
    return _units(column, parsed, total) + _written(column, parsed, total) + _zeros(column, parsed)


def _drop_accidents(column: Coded, parsed: dict[int, tuple[str, str]]) -> int:
    """Take out what only looks like a unit: one that stands behind fewer than three numbers and is
    no known spelling, or behind codes that are as long with it as others without. Returns rows."""
    users: dict[str, int] = defaultdict(int)
    rows: dict[str, int] = defaultdict(int)
    lengths: dict[int, int] = defaultdict(int)
    for code, (number, unit) in parsed.items():
        users[unit] += 1
        rows[unit] += int(column.counts[code])
        if not unit and number.isdigit():
            lengths[len(number)] += int(column.counts[code])
    filled = sum(rows.values())
    bare = sum(lengths.values())
    fixed = max(lengths, key=lambda k: (lengths[k], k)) if lengths else 0
    is_fixed = bare > 0 and lengths[fixed] >= 0.9 * bare and fixed >= 3
    wrong = [
        code
        for code, (number, unit) in parsed.items()
        if unit
        and (
            (_stem(unit) not in _STEM and (users[unit] < 3 or rows[unit] < 0.01 * filled))
            or (is_fixed and len(number) != fixed)
            or (any(c.isdigit() for c in unit) and not _OUT_OF.match(unit))
        )
    ]
    for code in wrong:
        del parsed[code]
    return sum(int(column.counts[c]) for c in wrong)


def _stem(unit: str) -> str:
    # The first word is the unit; what follows tells of something else (the packing).
    plain = (unit.lower().split() or [""])[0].strip(" .,;()[]")
    return _STEM.get(plain, plain)


def _units(column: Coded, parsed: dict[int, tuple[str, str]], total: int) -> list[ValueSignal]:
    """A sign or unit behind some numbers only, or one unit in several spellings."""
    spelt: dict[str, int] = defaultdict(int)
    for code, (_, unit) in parsed.items():
        spelt[unit] += int(column.counts[code])
    if len(spelt) < 2:
        return []
    bare = spelt.get("", 0)
    rows_of: dict[str, int] = defaultdict(int)
    for unit, rows in spelt.items():
        rows_of[_stem(unit) if unit else ""] += rows
    stems = {stem for stem, rows in rows_of.items() if stem and rows >= 0.02 * total}
    top = max(spelt, key=lambda u: (spelt[u], u))
    if len(stems) > 1 and bare < _DOMINANT * total:
        return []
    if spelt[top] >= _DOMINANT * total and top:
        # The column's own spelling stands; others of the same unit are brought to it.
        return [
            ValueSignal(code, _respelt(column, parsed, code, top), "unit", 0.92, spelt[top], total)
            for code, (_, unit) in parsed.items()
            if unit not in (top, "") and _stem(unit) == _stem(top)
        ]
    if bare and bare < 0.5 * total:
        return []
    comparable = _comparable(column, parsed)
    sure = 0.95 if comparable else 0.6
    keeps_zeros = any(not u and "." in n and n.endswith("0") for n, u in parsed.values())
    return [
        ValueSignal(
            code,
            (number.replace(",", "") if keeps_zeros else _shortest(number)) if comparable else None,
            "unit",
            sure if len(stems) == 1 else sure - 0.1,
            total - spelt[unit],
            total,
        )
        for code, (number, unit) in parsed.items()
        if unit
    ]


def _respelt(column: Coded, parsed: dict[int, tuple[str, str]], code: int, top: str) -> str:
    like = next(c for c, (_, unit) in parsed.items() if unit == top)
    gap = column.values[like].strip().removeprefix(parsed[like][0])
    return parsed[code][0] + gap


def _comparable(column: Coded, parsed: dict[int, tuple[str, str]]) -> bool:
    """Whether numbers with and without a unit are of one size: else the unit means a conversion."""
    sides: tuple[list[float], list[float]] = ([], [])
    for code, (number, unit) in parsed.items():
        value = abs(float(number.replace(",", "")))
        sides[bool(unit)].extend([value] * min(int(column.counts[code]), 50))
    if not sides[0] or not sides[1]:
        return True
    bare, dressed = (float(np.median(side)) for side in sides)
    return bare == dressed or (
        min(bare, dressed) > 0 and max(bare, dressed) < 8 * min(bare, dressed)
    )


def _shortest(number: str) -> str:
    """The number without separators, residue of floating point and zeros that say nothing."""
    plain = number.replace(",", "")
    if _RESIDUE.search(plain):
        plain = repr(round(float(plain), 10))
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain


def _written(column: Coded, parsed: dict[int, tuple[str, str]], total: int) -> list[ValueSignal]:
    """Thousands separators that few have, and floating-point residue (0.30000000000000004)."""
    comma = sum(int(column.counts[c]) for c, (n, _) in parsed.items() if "," in n)
    # Only numbers long enough for a separator say how the column writes them.
    long = sum(
        int(column.counts[c])
        for c, (n, u) in parsed.items()
        if not u and "," not in n and len(n.split(".")[0].lstrip("+-")) > 3
    )
    found = []
    for code, (number, unit) in parsed.items():
        if unit:
            continue
        if _RESIDUE.search(number) and len(number) >= 12:
            found.append(ValueSignal(code, _shortest(number), "number", 0.95, total, total))
        elif "," in number and comma < 0.4 * (comma + long):
            plain = number.replace(",", "")
            found.append(ValueSignal(code, plain, "number", 0.93, long, comma + long))
    return found


def _zeros(column: Coded, parsed: dict[int, tuple[str, str]]) -> list[ValueSignal]:
    """Codes of one length, some with leading zeros, beside shorter ones: zeros were lost."""
    digits = {c: n for c, (n, u) in parsed.items() if not u and n.isdigit()}
    rows: dict[int, int] = defaultdict(int)
    zero_led = 0
    for code, number in digits.items():
        rows[len(number)] += int(column.counts[code])
        zero_led += int(column.counts[code]) if number.startswith("0") and len(number) > 1 else 0
    whole = sum(rows.values())
    if not whole:
        return []
    length = max(rows, key=lambda k: (rows[k], k))
    longer = sum(n for k, n in rows.items() if k > length)
    if length < 3 or rows[length] < 0.8 * whole or longer or not zero_led:
        return []
    return [
        ValueSignal(code, number.zfill(length), "padding", 0.93, rows[length], whole)
        for code, number in digits.items()
        if length > len(number) >= length - 2 and not number.startswith("0")
    ]
