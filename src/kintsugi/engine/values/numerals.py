"""Chinese numerals, exactly: 三十六, 二〇二三, 壹拾贰万伍仟元整. Malformed ones are refused."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True)),
    **dict(zip("壱弐参肆伍陸漆捌玖", range(1, 10), strict=True)),
    "〇": 0,
    "○": 0,
    "Ｏ": 0,
    "两": 2,
    "俩": 2,
    "贰": 2,
    "貳": 2,
    "参": 3,
    "參": 3,
    "叄": 3,
    "陸": 6,
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}

NUMERAL = "".join({*_DIGITS, *_SMALL, *_LARGE, "廿", "卅"})
DIGIT = "".join(_DIGITS)


def digits(text: str) -> str | None:
    """Digit by digit: 二〇二三 → 2023. None if any character is no digit."""
    try:
        return "".join(str(_DIGITS[c]) for c in text) if text else None
    except KeyError:
        return None


def _section(text: str) -> int | None:
    """A number below 10,000 with units: 三百零五, 十二, 二十."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not text:
        return None
    total, digit, ceiling, zero = 0, None, 10_000, False
    for c in text:
        if c in _DIGITS:
            value = _DIGITS[c]
            if value == 0:
                if digit is not None or zero:
                    return None
                zero = True
                continue
            if digit is not None:
                return None
            digit = value
        elif c in _SMALL:
            unit = _SMALL[c]
            if unit >= ceiling or (digit is None and not (unit == 10 and total == 0)):
                return None
            total += (digit if digit is not None else 1) * unit
            ceiling, digit, zero = unit, None, False
        else:
            return None
    if digit is not None:
        # 一百五 means 150 in speech: not exact, refused; after a zero or ten it is the ones place.
        if ceiling not in (10_000, 10) and not zero:
            return None
        total += digit
    elif zero and total == 0 and len(text) > 1:
        return None
    return total


def integer(text: str) -> int | None:
    """A whole number with units up to 亿; a single digit also. None if malformed."""
    if not text or any(c not in NUMERAL for c in text):
        return None
    for mark in ("亿", "億", "万", "萬"):
        if mark in text:
            head, _, tail = text.rpartition(mark) if mark in "亿億" else text.partition(mark)
            high = integer(head)
            tail = tail.removeprefix("零").removeprefix("〇")
            low = integer(tail) if tail else 0
            if high is None or low is None or high == 0 or low >= _LARGE[mark]:
                return None
            return high * _LARGE[mark] + low
    return _section(text)


_MONEY_RE = re.compile(
    rf"(?P<yuan>[{NUMERAL}]+)(?:[元圆圓])"
    rf"(?:零?(?P<jiao>[{DIGIT}])角)?(?:零?(?P<fen>[{DIGIT}])分)?[整正]?"
)


def money(text: str) -> Decimal | None:
    """An amount in yuan: 壹拾贰万伍仟元整, 叁佰元零伍分. None if malformed."""
    match = _MONEY_RE.fullmatch(text)
    if not match:
        return None
    yuan = integer(match["yuan"])
    if yuan is None:
        return None
    jiao = _DIGITS[match["jiao"]] if match["jiao"] else 0
    fen = _DIGITS[match["fen"]] if match["fen"] else 0
    return Decimal(yuan) + Decimal(jiao) / 10 + Decimal(fen) / 100
