"""Dates as sources write them, read without guessing.

Guard → groups → calendar check → ISO text. A month stays a month (``2023-05``, precision month);
a day that does not exist is an issue, never the nearest one; 05/06/2023 is decided by the column's
vote (``vote_date_order``, arg ``order``) or stays an issue.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from kintsugi.engine.values import numerals
from kintsugi.engine.values.base import EMPTY, Norm, is_null_word, prepared

Order = Literal["dmy", "mdy", "ymd"]

EARLIEST_YEAR, LATEST_YEAR = 1950, 2150

_OPEN = re.compile(
    r"长期(?:有效)?|永久(?:有效)?|无(?:固定)?期限|无限期|不限期?|终身|9999[-/.]12[-/.]31.*"
    r"|long[ -]?term|permanent|indefinite|open[ -]?ended|no expiry|never|lifetime",
    re.I,
)
_ZERO = re.compile(
    r"(?:0000|1899|1900|0001)[-/.](?:0?0|0?1|12)[-/.](?:0?0|30|31)(?:[ T].*)?"
    r"|0?0[-/.]0?0[-/.](?:00)?00"
    r"|1900[-/.]0?1[-/.]0?[01](?:[ T]0?0:00(?::00)?(?:\.0+)?)?|0+"
)
_NOISE = re.compile(r"\s*(?:\(?(?:星期|周|礼拜)[一二三四五六日天]\)?|[上下]午|\(.*?\))\s*")
_TIME = re.compile(
    r"(?P<date>.*?[0-9日号])(?:[T ]+|(?<=日)|(?<=号))"
    r"(?P<time>[0-9]{1,2}[:时点][0-9]{0,2}(?:[:分][0-9]{0,2})?(?:\.[0-9]+)?秒?\s*(?:[AP]M)?)\s*(?:Z|UTC|GMT|[+\-][0-9]{2}:?[0-9]{2})?",
    re.I,
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_YMD = re.compile(
    r"([0-9]{4}) ?([-/.年\\,_ ]) ?([0-9]{1,2}) ?[-/.月\\,_ ] ?([0-9]{1,2}) ?[日号]?\.?"
)
_YM = re.compile(
    r"([0-9]{4}) ?[-/.年] ?([0-9]{1,2}) ?[月.]?(?P<about> ?(?:份|初|中旬|中|上旬|下旬|旬|底|末))?"
)
_Y = re.compile(r"((?:19|20|21)[0-9]{2}) ?年?")
_MY = re.compile(r"([0-9]{1,2}) ?[-/] ?((?:19|20|21)[0-9]{2})")
_SHORT_CN = re.compile(r"([0-9]{2}) ?年 ?([0-9]{1,2}) ?月(?: ?([0-9]{1,2}) ?[日号])?")
_MINGUO = re.compile(r"民国 ?([0-9]{1,3}) ?[年./-] ?([0-9]{1,2}) ?[月./-] ?([0-9]{1,2}) ?[日号]?")
_PARTS = re.compile(r"([0-9]{1,4}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?([0-9]{1,4})")
_CN = re.compile(
    rf"(?P<y>[{numerals.DIGIT}]{{2,4}})年(?:(?P<m>[{numerals.NUMERAL}]{{1,3}})月(?:(?P<d>[{numerals.NUMERAL}]{{1,3}})[日号])?)?"
)
_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): i for i, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DMONY = re.compile(
    rf"([0-9]{{1,2}})(?:st|nd|rd|th)?[ \-./]*({_MONTH})\.?[ ,\-./]*([0-9]{{4}}|[0-9]{{2}})", re.I
)
_MONDY = re.compile(rf"({_MONTH})\.?[ \-]*([0-9]{{1,2}})(?:st|nd|rd|th)?[ ,]+([0-9]{{4}})", re.I)
_YMOND = re.compile(rf"([0-9]{{4}})[ \-./]*({_MONTH})\.?[ \-./]*([0-9]{{1,2}})", re.I)
_MONY = re.compile(rf"({_MONTH})\.?[ ,\-/]*([0-9]{{4}}|[0-9]{{2}})", re.I)
_PERIOD_SEP = re.compile(
    r"\s*(?:~|至|到|—+|--+|–|\bto\b|\buntil\b|起至|(?<=[0-9月日])\s*-\s*(?=(?:19|20)[0-9]{2}))\s*",
    re.I,
)


def _year(text: str) -> int:
    """A two-digit year is 1970–2069."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 70 else 1900)


def _day(year: int, month: int, day: int, rule: str, confidence: float = 1.0) -> Norm:
    try:
        value = date(year, month, day)
    except ValueError:
        return Norm(None, issue="date.invalid")
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return Norm(None, issue="date.implausible", more={"proposal": value.isoformat()})
    return Norm(value.isoformat(), rule, confidence=confidence, precision="day")


def _month(year: int, month: int, rule: str, confidence: float = 1.0) -> Norm:
    if not 1 <= month <= 12:
        return Norm(None, issue="date.invalid")
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return Norm(None, issue="date.implausible")
    return Norm(f"{year:04}-{month:02}", rule, confidence=confidence, precision="month")


def norm_date(raw: str, **args: object) -> Norm:
    """A day ``YYYY-MM-DD`` or month ``YYYY-MM`` from any of the ways sources write one.

    Args: ``order`` dmy, mdy or ymd for all-digit dates; ``date1904`` for serial days of a 1904
    workbook; ``end_of_month`` writes a month as its last day (precision stays month); ``part``
    start or end takes that side of a period.
    """
    text = prepared(raw)
    if not text:
        return EMPTY
    if match := _ISO.fullmatch(text):
        result = _day(int(match[1]), int(match[2]), int(match[3]), "date.iso")
        if result.value == text:
            return Norm(text, None, precision="day")
    if _OPEN.fullmatch(text):
        return Norm(None, "date.open-ended", more={"open_ended": "true"})
    if _ZERO.fullmatch(text):
        return Norm(None, "date.zero")
    if is_null_word(text):
        return Norm(None, "null-word")
    result = _read(text, args)
    if result.issue in ("date.unreadable", "date.invalid") and (sides := _sides(text, args)):
        return _period(sides, args)
    return _finished(result, args)


def _finished(result: Norm, args: dict[str, object]) -> Norm:
    """With ``end_of_month``, a month as its last day."""
    if result.precision != "month" or not args.get("end_of_month") or result.value is None:
        return result
    year, month = map(int, result.value.split("-"))
    last = calendar.monthrange(year, month)[1]
    return Norm(
        f"{result.value}-{last}", "date.month-end", confidence=result.confidence, precision="month"
    )


def _read(text: str, args: dict[str, object]) -> Norm:
    text = _NOISE.sub(" ", text).strip() or text
    timed = _TIME.fullmatch(text)
    if timed:
        inner = _read(timed["date"], args)
        if inner.value and inner.precision == "day":
            zero = not re.search(r"[1-9]", timed["time"]) or re.fullmatch(
                r"12:00(:00)? ?AM", timed["time"], re.I
            )
            rule = inner.rule if zero else "date.time-dropped"
            return Norm(inner.value, rule, confidence=inner.confidence, precision="day")
        return inner
    if match := _YMD.fullmatch(text):
        rule = (
            "date.cn"
            if match[2] == "年"
            else "date.iso"
            if _ISO.fullmatch(text)
            else "date.separated"
        )
        return _day(int(match[1]), int(match[3]), int(match[4]), rule)
    if match := _YM.fullmatch(text):
        about = match["about"] and match["about"].strip() != "份"
        rule = "date.about" if about else "date.cn" if "年" in text else "date.separated"
        return _month(int(match[1]), int(match[2]), rule, 0.8 if about else 1.0)
    if match := _MY.fullmatch(text):
        return _month(int(match[2]), int(match[1]), "date.separated")
    if text.isascii() and re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return _digits(text, args)
    for reader in (_chinese, _english):
        if result := reader(text):
            return result
    if match := _PARTS.fullmatch(text):
        return _three_parts(match[1], match[3], match[4], args)
    return Norm(None, issue="date.unreadable")


def _digits(text: str, args: dict[str, object]) -> Norm:
    """All digits: a compact date, a month, a spreadsheet's serial day, or a year."""
    whole, _, fraction = text.partition(".")
    if len(whole) == 8 and not fraction:
        if EARLIEST_YEAR <= int(whole[:4]) <= LATEST_YEAR:
            return _day(int(whole[:4]), int(whole[4:6]), int(whole[6:]), "date.compact")
        if args.get("order") in ("dmy", "mdy"):
            return _three_parts(whole[:2], whole[2:4], whole[4:], args)
    if len(whole) == 6 and not fraction:
        if 1 <= int(whole[4:]) <= 12 and whole[:2] in ("19", "20"):
            return _month(int(whole[:4]), int(whole[4:]), "date.compact", 0.8)
        return _day(_year(whole[:2]), int(whole[2:4]), int(whole[4:]), "date.yymmdd", 0.7)
    if len(whole) == 4 and not fraction and _Y.fullmatch(text):
        return Norm(None, issue="date.year-only", more={"year": whole})
    # 20000 is 1954, 73050 is 2099: outside of that it is hardly a date.
    if len(whole) == 5 and 18_000 <= int(whole) <= 73_050:
        # Day 60 is the 29 February 1900 that never was, so counting starts on 30 December 1899.
        epoch = date(1904, 1, 1) if args.get("date1904") else date(1899, 12, 30)
        day = epoch + timedelta(days=int(whole))
        rule = "date.time-dropped" if fraction.strip("0") else "date.excel-serial"
        return Norm(day.isoformat(), rule, confidence=0.95, precision="day")
    return Norm(None, issue="date.unreadable")


def _chinese(text: str) -> Norm | None:
    compact = text.replace(" ", "")
    if match := _SHORT_CN.fullmatch(text):
        year, month = _year(match[1]), int(match[2])
        if match[3]:
            return _day(year, month, int(match[3]), "date.two-digit-year", 0.9)
        return _month(year, month, "date.two-digit-year", 0.9)
    if match := _MINGUO.fullmatch(text):
        return _day(1911 + int(match[1]), int(match[2]), int(match[3]), "date.minguo")
    # A keyboard's 0 among Chinese numerals: 二0二三年.
    if match := _CN.fullmatch(re.sub(r"(?<=[一-龥])0|0(?=[一-龥])", "零", compact)):
        year_digits = numerals.digits(match["y"])
        if year_digits is None or len(year_digits) == 3:
            return None
        if match["m"] is None:
            return Norm(None, issue="date.year-only", more={"year": year_digits})
        month_number = numerals.integer(match["m"])
        day_number = numerals.integer(match["d"]) if match["d"] else 1
        if month_number is None or day_number is None:
            return Norm(None, issue="date.unreadable")
        if match["d"]:
            return _day(_year(year_digits), month_number, day_number, "date.cn-numerals")
        return _month(_year(year_digits), month_number, "date.cn-numerals")
    if re.fullmatch(r"(?:19|20|21)[0-9]{2} ?年", text):
        return Norm(None, issue="date.year-only", more={"year": text[:4]})
    return None


def _english(text: str) -> Norm | None:
    if match := _DMONY.fullmatch(text):
        confidence = 1.0 if len(match[3]) == 4 else 0.95
        return _day(
            _year(match[3]), _MONTHS[match[2].lower()], int(match[1]), "date.english", confidence
        )
    if match := _MONDY.fullmatch(text):
        return _day(int(match[3]), _MONTHS[match[1].lower()], int(match[2]), "date.english")
    if match := _YMOND.fullmatch(text):
        return _day(int(match[1]), _MONTHS[match[2].lower()], int(match[3]), "date.english")
    if match := _MONY.fullmatch(text):
        confidence = 1.0 if len(match[2]) == 4 else 0.8
        return _month(_year(match[2]), _MONTHS[match[1].lower()], "date.english", confidence)
    return None


def _three_parts(a: str, b: str, c: str, args: dict[str, object]) -> Norm:
    """Three numbers whose order is to be found: by what is possible, then by ``order``."""
    readings: dict[str, tuple[int, int, int]] = {}
    if len(c) in (2, 4) and len(a) <= 2:
        readings["dmy"] = (_year(c), int(b), int(a))
        readings["mdy"] = (_year(c), int(a), int(b))
    if len(a) == 2 and len(c) <= 2:
        readings["ymd"] = (_year(a), int(b), int(c))
    possible: dict[str, date] = {}
    for name, (y, m, d) in readings.items():
        try:
            possible[name] = date(y, m, d)
        except ValueError:
            continue
    if not possible:
        return Norm(None, issue="date.invalid" if readings else "date.unreadable")
    order = str(args.get("order") or "")
    if len(set(possible.values())) == 1:
        day, rule, confidence = next(iter(possible.values())), "date.order-known", 1.0
    elif order in possible:
        day, rule, confidence = possible[order], "date.order-vote", 0.9
    else:
        more = {name: day.isoformat() for name, day in possible.items()}
        return Norm(None, issue="date.ambiguous", more=more)
    return _day(day.year, day.month, day.day, rule, confidence)


def vote_date_order(values: Iterable[str | None]) -> Order | None:
    """The order of a column of all-digit dates with the year last, by its unambiguous members.

    05/06/2023 says nothing, 13/06/2023 votes for dmy, 05/16/2023 for mdy. An order wins without
    opposition or by 20 to 1 (a few typing errors do not unseat a column); else None.
    """
    dmy = mdy = 0
    for value in values:
        match = _PARTS.match(prepared(value)) if value else None
        if not match or len(match[1]) > 2 or len(match[4]) == 3 or int(match[1]) > 31:
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12 >= second > 0 and len(match[4]) == 4:
            dmy += 1
        elif 0 < first <= 12 < second <= 31:
            mdy += 1
    if dmy > 20 * mdy:
        return "dmy"
    if mdy > 20 * dmy:
        return "mdy"
    return None


def _sides(text: str, args: dict[str, object]) -> tuple[Norm, Norm] | None:
    parts = _PERIOD_SEP.split(text)
    if len(parts) != 2:
        return None
    start = _read(parts[0].strip(), args)
    end_text = parts[1].strip().removesuffix("止").strip()
    if _OPEN.fullmatch(end_text):
        end = Norm(None, "date.open-ended", more={"open_ended": "true"})
    else:
        end = _read(end_text, args)
    if start.value is None or (end.value is None and end.rule != "date.open-ended"):
        return None
    return start, end


def split_period(raw: str, **args: object) -> tuple[Norm, Norm] | None:
    """``2023.5-2026.5`` → its start and end; None if the text is no period.

    A month as the end stays a month; pass ``end_of_month`` to have its last day.
    """
    sides = _sides(prepared(raw), args)
    return (sides[0], _finished(sides[1], args)) if sides else None


def _period(sides: tuple[Norm, Norm], args: dict[str, object]) -> Norm:
    start, end = sides
    part = args.get("part")
    if part in ("start", "end"):
        chosen = _finished(start if part == "start" else end, args)
        if chosen.value is None:
            return chosen
        return Norm(
            chosen.value, f"date.period-{part}", confidence=0.95, precision=chosen.precision
        )
    more = {"start": start.value or "", "end": end.value or ""}
    return Norm(None, issue="date.period", more=more)


def end_of_term(start: date, term: str) -> date:
    """The last day of a term that starts on ``start``, inclusive: P36M → +36 months − 1 day.

    ``term`` is P<n>M or P<n>D. A start on the 31st ends on the month's last day − 0: months are
    added with the day capped to the target month's length.
    """
    match = re.fullmatch(r"P([0-9]+)([MD])", term)
    if not match:
        raise ValueError(f"no term: {term}")
    number = int(match[1])
    if match[2] == "D":
        return start + timedelta(days=number - 1)
    months = start.year * 12 + start.month - 1 + number
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    if start.day > last:
        return date(year, month + 1, last)
    return date(year, month + 1, start.day) - timedelta(days=1)
