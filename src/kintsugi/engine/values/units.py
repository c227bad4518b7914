"""Numbers with units: what is written, and the same in another unit, exact to the digit.

Pint knows the units and how they are converted, with ``Decimal`` for every factor. This file knows
how people write them: Chinese names, capitals left out, and goods that are counted. Temperatures
have an offset (°F = °C × 9 ∕ 5 + 32), which pint takes into account.
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any, Final

from kintsugi.engine.values.base import EMPTY, Norm, is_null_word, prepared
from kintsugi.engine.values.numbers import bare_number, bounded, plain

#: Unit as people write it (in lower case) → pint's symbol. A symbol written as it should be is
#: taken as that (mW and MW are two units); this is for Chinese names and capitals left out.
_WRITTEN: Final[dict[str, str]] = {
    name: symbol
    for symbol, names in {
        "kg": "kg 公斤 千克 kgs", "g": "g 克", "mg": "毫克", "µg": "微克 ug mcg", "t": "吨 公吨",
        "m": "m 米", "cm": "cm 厘米 公分", "mm": "mm 毫米", "µm": "微米 um", "km": "千米 公里",
        "in": "英寸 吋 inch", "V": "v 伏 伏特 vac vdc", "kV": "kv 千伏", "mV": "毫伏",
        "A": "a 安 安培", "mA": "ma 毫安", "W": "w 瓦 瓦特", "kW": "kw 千瓦", "VA": "va 伏安",
        "kVA": "kva 千伏安", "Hz": "hz 赫兹 赫", "kHz": "khz 千赫", "MHz": "mhz 兆赫",
        "GHz": "ghz 吉赫", "T": "特斯拉 tesla", "L": "l 升 公升", "mL": "ml 毫升 cc",
        "°C": "°c ℃ 度 摄氏度", "°F": "°f ℉ 华氏度", "K": "开尔文", "%": "% 百分之 ％",
        "h": "h 小时 hrs hr 时", "min": "分钟 分", "s": "秒 sec", "d": "天 日", "ms": "毫秒",
        "Pa": "帕 帕斯卡", "kPa": "kpa 千帕", "MPa": "兆帕", "mmHg": "mmhg 毫米汞柱",
        "cmH2O": "cmh2o 厘米水柱", "bar": "巴", "psi": "psi", "N": "牛 牛顿", "J": "焦 焦耳",
        "dB": "db 分贝", "Gy": "戈瑞", "Sv": "希沃特", "mSv": "毫希", "Bq": "贝克勒尔",
        "rpm": "转/分 r/min 转每分", "bpm": "次/分", "L/min": "l/min 升/分 升/分钟 lpm",
        "mL/h": "ml/h 毫升/小时 毫升/时", "m²": "平方米 ㎡ m2", "m³": "立方米 m3",
        "cm²": "平方厘米 cm2", "cm³": "立方厘米 cm3", "Ω": "欧 欧姆 ohm", "lx": "勒克斯 lux",
    }.items()
    for name in names.split()
}  # fmt: skip
_SYMBOLS: Final = frozenset(_WRITTEN.values())
#: Counted goods: no unit of measure, each its own.
_COUNTED: Final[dict[str, str]] = {
    "台": "台", **dict.fromkeys(("个", "只", "件", "枚", "pcs", "pc", "ea"), "个"), "套": "套",
    "盒": "盒",
    "箱": "箱", "支": "支", "瓶": "瓶", "包": "包", "副": "副", "卷": "卷", "袋": "袋",
}  # fmt: skip
#: What may be shown to pint: letters with a power behind, one quotient or product.
_ASKED: Final = re.compile(
    r"[A-Za-zµμΩ°℃℉%]{1,24}(?:\^?-?[23]|[²³])?(?:[/·*][A-Za-zµμΩ°]{1,24}(?:\^?[23]|[²³])?)?|[cm]mH2O"
)
_QUANTITY: Final = re.compile(
    r"([+\-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+))\s*"
    r"(\D*|[cm]mH2O|[A-Za-z]{1,4}[23](?:/\D+)?|\D+/[A-Za-z]{1,4}[23])",
    re.IGNORECASE,
)


_DIGITS: Final = 120
_MEASURED: Final = 15


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # a third of a second that most commands need not wait for

    registry: Any = pint.UnitRegistry(non_int_type=Decimal, cache_folder=None)
    # Apparent power is not real power: kVA is never turned into kW without the load's factor.
    registry.define("VA = [apparent_power]")
    registry.define("bpm = 1 / minute")
    return registry


@lru_cache(maxsize=4096)
def unit_of(written: str) -> str | None:
    """The symbol of a unit as written, None for what is no unit.

    >>> unit_of("公斤"), unit_of("MHZ"), unit_of("台"), unit_of("horses of mine")
    ('kg', 'MHz', '台', None)
    """
    written = written.strip()
    if written in _SYMBOLS:
        return written
    folded = written.lower()
    known = _COUNTED.get(folded) or _WRITTEN.get(folded)
    if known is not None:
        return known
    if not _ASKED.fullmatch(written):
        return None
    try:
        unit = _registry().parse_units(_for_pint(written))
    except Exception:  # whatever pint's parser raises, it is no unit
        return None
    return f"{unit:~P}" or None


def _for_pint(symbol: str) -> str:
    names = {"%": "percent", "°C": "degC", "°F": "degF", "mmHg": "mmHg", "cmH2O": "cmH2O"}
    return names.get(symbol, symbol).replace("²", "**2").replace("³", "**3").replace("^", "**")


def same_kind(one: str, other: str) -> bool:
    """Whether two units (as :func:`unit_of` says them) measure the same."""
    if one == other:
        return True
    counted = set(_COUNTED.values())
    if one in counted or other in counted:
        return False
    registry = _registry()
    a, b = registry.parse_units(_for_pint(one)), registry.parse_units(_for_pint(other))
    return bool(a.is_compatible_with(b))


def converted(number: Decimal, unit: str, into: str) -> Decimal | None:
    """The number in another unit, None where they do not measure the same.

    >>> converted(Decimal("98.6"), "°F", "°C")
    Decimal('37')
    """
    if unit == into:
        return number
    if not same_kind(unit, into):
        return None
    with localcontext(prec=_DIGITS) as exact:
        quantity = _registry().Quantity(number, _for_pint(unit)).to(_for_pint(into))
        value = Decimal(quantity.magnitude).normalize()
        # A fraction without end (a ninth of a degree) stops at more digits than anybody measures.
        if len(value.as_tuple().digits) > len(number.as_tuple().digits) + _MEASURED:
            exact.prec = len(number.as_tuple().digits) + _MEASURED - 3
            value = (+value).normalize()
    return value


def norm_quantity(raw: str, **args: object) -> Norm:
    """A number and its unit: ``15公斤`` → 15 with unit kg; with arg ``unit`` it is converted.

    ``T`` is tesla in capitals (1.5T); a tonne is written 吨. Another dimension than that of
    ``unit`` is an issue.
    """
    text = prepared(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    match = _QUANTITY.fullmatch(text)
    if not match:
        return Norm(None, issue="number.unreadable")
    read = bare_number(match[1])
    if read.number is None:
        return Norm(None, issue=read.issue)
    wanted, written = args.get("unit"), match[2].strip()
    if not written:
        unit = str(wanted) if wanted else None
        return bounded(Norm(plain(read.number), read.rule, unit=unit), read.number, args)
    symbol = unit_of(written)
    if symbol is None:
        return Norm(None, issue="number.unit")
    number: Decimal | None = read.number
    if wanted:
        target = unit_of(str(wanted))
        number = converted(read.number, symbol, target) if target is not None else None
        symbol = str(wanted)
    if number is None:
        return Norm(None, issue="number.unit")
    return bounded(Norm(plain(number), "number.unit", unit=symbol), number, args)
