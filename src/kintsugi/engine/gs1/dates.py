"""Dates and times in element strings.

Source: GS1 General Specifications section 7.12 (century of a two-digit year) and the formats
of the dictionary's date linters. ``day_of`` is the one place where a GS1 date becomes a day.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date

from kintsugi.engine.gs1.finding import Finding, first_bad, whole

_DIGITS = re.compile(r"[0-9]*")


def day_of(text: str, *, today_year: int | None = None) -> date | None:
    """The day a six-digit YYMMDD means; DD = 00 is the last day of the month. None: no such day.

    The century follows section 7.12: a year 51 or more ahead of ``today_year`` is last century's,
    50 or more behind is next century's. Without ``today_year`` 00–50 is 20xx and 51–99 is 19xx.
    """
    if not re.fullmatch(r"[0-9]{6}", text):
        return None
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    if today_year is None:
        year += 2000 if year <= 50 else 1900
    else:
        gap = year - today_year % 100
        century = today_year // 100 + (-1 if gap >= 51 else 1 if gap <= -50 else 0)
        year += century * 100
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def _date(year_digits: int, *, day_may_be_zero: bool) -> Callable[[str], Finding | None]:
    length = year_digits + 4

    def check(data: str) -> Finding | None:
        if len(data) != length:
            return whole("date-too-short" if len(data) < length else "date-too-long", data)
        if bad := first_bad("non-digit-character", _DIGITS, data):
            return bad
        year, month, day = data[:year_digits], data[-4:-2], data[-2:]
        if not "01" <= month <= "12":
            return Finding("illegal-month", year_digits, 2)
        # Which century makes no difference for leap years: 00 is 2000 for all of section 7.12.
        last = calendar.monthrange(int(year) + (2000 if year_digits == 2 else 0), int(month))[1]
        if int(day) > last or (day == "00" and not day_may_be_zero):
            return Finding("illegal-day", year_digits + 2, 2)
        return None

    return check


yymmdd = _date(2, day_may_be_zero=False)
yymmd0 = _date(2, day_may_be_zero=True)
yyyymmdd = _date(4, day_may_be_zero=False)
yyyymmd0 = _date(4, day_may_be_zero=True)


def _clock(name: str, *parts: tuple[str, int]) -> Callable[[str], Finding | None]:
    length = 2 * len(parts)

    def check(data: str) -> Finding | None:
        if len(data) != length:
            return whole(f"{name}-too-short" if len(data) < length else f"{name}-too-long", data)
        if bad := first_bad("non-digit-character", _DIGITS, data):
            return bad
        for index, (part, highest) in enumerate(parts):
            if int(data[2 * index : 2 * index + 2]) > highest:
                return Finding(f"illegal-{part}", 2 * index, 2)
        return None

    return check


hh = _clock("hour", ("hour", 23))
mi = _clock("minute", ("minute", 59))
ss = _clock("second", ("second", 59))
hhmi = _clock("hour-with-minute", ("hour", 23), ("minute", 59))
