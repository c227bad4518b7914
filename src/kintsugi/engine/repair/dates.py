"""Dates, times and durations written unlike the rest of their column, in the column's own form."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.missing import is_disguise
from kintsugi.engine.repair.model import ValueSignal

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH: Final = "|".join(f"{m[:3]}(?:{m[3:]})?" if len(m) > 3 else m for m in _MONTHS) + "|sept"
_TIME: Final = re.compile(
    r"(?P<h>\d{1,2})(?P<s>:)(?P<mi>\d{2})(?::(?P<se>\d{2})(?:\.\d+)?)?(?P<gap>\s*)"
    r"(?P<half>[ap]\.?m\.?)?(?![\w:])",
    re.IGNORECASE,
)
_NUMERIC: Final = re.compile(
    r"(?<![\w/.\-])(?P<a>\d{4}|\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<c>\d{4}|\d{1,2})(?![\w/.\-])"
)
_WORDED: Final = re.compile(
    rf"(?<!\w)(?:(?P<d1>\d{{1,2}})(?P<s1>[\s\-])(?P<m1>{_MONTH})\.?(?P<t1>,?[\s\-])(?P<y1>\d{{4}}|\d{{2}})"
    rf"|(?P<m2>{_MONTH})\.?(?P<s2>\s)(?P<d2>\d{{1,2}})(?P<t2>,?\s)(?P<y2>\d{{4}}))(?![\w])",
    re.IGNORECASE,
)
_DURATION: Final = re.compile(
    r"^(?:(?P<h>\d{1,3})\s*(?:h|hr|hrs|hour|hours)\.?)?\s*(?:(?P<m>\d{1,4})\s*(?:m|min|mins|minute|minutes)\.?)?$",
    re.IGNORECASE,
)
_MINUTES: Final = re.compile(r"^\d{1,4}(?P<unit>\s*[A-Za-z]+\.?)$")
_SHORT: Final = "|".join(m[:3] for m in _MONTHS)
_MANGLED: Final = re.compile(rf"^(?:(?:{_SHORT})-\d{{1,4}}|\d{{1,4}}-(?:{_SHORT}))$", re.IGNORECASE)
_DOMINANT: Final = 0.6
_MAX_DISTINCT: Final = 100_000


@dataclass(frozen=True)
class _Moment:
    """A text taken apart. ``form`` names how it was written, without how many digits a number has;
    ``short`` whether a one-digit number stands without a zero, ``zero`` whether one has it."""

    form: str
    date: tuple[int, int, int] | None
    time: tuple[int, int, int | None] | None
    short: bool
    zero: bool


def date_signals(column: Coded) -> list[ValueSignal]:
    """Other forms than the one most values have, rewritten where that can be done one way only."""
    if not 2 <= len(column.values) <= _MAX_DISTINCT:
        return []
    filled = sum(
        int(n)
        for v, n in zip(column.values, column.counts, strict=True)
        if v and not is_disguise(v)
    )
    return _moments(column, filled) + _durations(column, filled) + _mangled(column, filled)


def _moments(column: Coded, filled: int) -> list[ValueSignal]:
    day_first = _day_first(column)
    parsed = {
        code: moment
        for code, text in enumerate(column.values)
        if 4 <= len(text) <= 60 and (moment := _parse(text.strip(), day_first)) is not None
    }
    rows: dict[str, int] = defaultdict(int)
    for code, moment in parsed.items():
        rows[moment.form] += int(column.counts[code])
    total = sum(rows.values())
    if total < 10 or total < 0.5 * filled:
        return []
    top = max(rows, key=lambda f: (rows[f], f))
    if rows[top] < _DOMINANT * total:
        return []
    like = [(m, int(column.counts[c])) for c, m in parsed.items() if m.form == top]
    padded = sum(n for m, n in like if m.zero) > sum(n for m, n in like if m.short)
    found = []
    for code, moment in parsed.items():
        if moment.form == top:
            continue
        text = _render(top, moment, padded=padded)
        # Leaving out a date or a zone is a guess; another row of the group may confirm it.
        sure = 0.92 if _size(top) == _size(moment.form) or rows[top] >= 0.85 * total else 0.75
        found.append(ValueSignal(code, text, "date", sure, rows[top], total))
    return found


def _size(form: str) -> tuple[bool, bool]:
    return "D" in form, "T" in form


def _parse(text: str, day_first: bool | None) -> _Moment | None:
    """The moment and its form: D… for a date, T… for a time, other characters as they stand."""
    time = _TIME.search(text)
    rest, form_time, at = text, "", None
    short = zero = False
    if time:
        hour = int(time["h"])
        half = (time["half"] or "").replace(".", "").lower()
        if hour > 23 or int(time["mi"]) > 59 or (half and not 1 <= hour <= 12):
            return None
        at = (hour % 12 + (12 if half == "pm" else 0) if half else hour, int(time["mi"]),
              int(time["se"]) if time["se"] else None)  # fmt: skip
        style = ("." if "." in (time["half"] or "") else "") + (
            "U" if (time["half"] or "").isupper() else "l"
        )
        clock = "12" + style + ("_" if time["gap"] else "") if half else "24"
        form_time = f"T{'s' if time['se'] else ''}{clock}"
        short |= len(time["h"]) == 1
        zero |= time["h"].startswith("0") and len(time["h"]) == 2
        rest = text[: time.start()] + "\x00" + text[time.end() :]
    day = None
    if found := _NUMERIC.search(rest):
        day, form_date = _numeric(found, day_first)
        for part in (found["a"], found["b"], found["c"]):
            short |= len(part) == 1
            zero |= len(part) == 2 and part.startswith("0")
        rest = rest[: found.start()] + "\x01" + rest[found.end() :]
    elif found := _WORDED.search(rest):
        day, form_date = _worded(found)
        short |= len(found["d1"] or found["d2"]) == 1
        zero |= (found["d1"] or found["d2"]).startswith("0")
        rest = rest[: found.start()] + "\x01" + rest[found.end() :]
    else:
        form_date = ""
    if not (day or at) or (form_date and day is None) or re.search(r"[^\W_]", rest):
        return None
    form = rest.strip().replace("\x00", f"<{form_time}>").replace("\x01", f"<{form_date}>")
    return _Moment(form, day, at, short, zero)


def _numeric(
    found: re.Match[str], day_first: bool | None
) -> tuple[tuple[int, int, int] | None, str]:
    a, b, c = found["a"], found["b"], found["c"]
    sign = found["s"]
    if len(a) == 4:
        year, month, day, form = int(a), int(b), int(c), f"Dymd{sign}"
    elif day_first is None:
        return None, "D?"
    else:
        month, day = (int(b), int(a)) if day_first else (int(a), int(b))
        year = int(c) if len(c) == 4 else int(c) + (2000 if int(c) < 70 else 1900)
        form = f"D{'dm' if day_first else 'md'}{'Y' if len(c) == 4 else 'y'}{sign}"
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None, "D?"
    return (year, month, day), form


def _worded(found: re.Match[str]) -> tuple[tuple[int, int, int] | None, str]:
    word = found["m1"] or found["m2"]
    month = next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(word[:3].lower()))
    year = found["y1"] or found["y2"]
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
    day = int(found["d1"] or found["d2"])
    case = "U" if word.isupper() else "l" if word.islower() else "t"
    length = "3" if len(word) == 3 else "w"
    order = "d" if found["d1"] else "m"
    gap, then = (found["s1"], found["t1"]) if found["d1"] else (found["s2"], found["t2"])
    y = "Y" if len(year) == 4 else "y"
    return (
        (full, month, day) if 1 <= day <= 31 else None
    ), f"Dw{order}{case}{length}{y}{gap}|{then}"


def _day_first(column: Coded) -> bool | None:
    """What the column's 13ths and later say about the order of day and month; None if nothing."""
    first = second = 0
    for text, count in zip(column.values, column.counts.tolist(), strict=True):
        found = _NUMERIC.search(text[:60])
        if found and len(found["a"]) < 4:
            first += count if int(found["a"]) > 12 else 0
            second += count if int(found["b"]) > 12 else 0
    if not first and not second:
        return None
    return first > second


def _render(form: str, moment: _Moment, *, padded: bool) -> str | None:
    """The moment in a form; None where the form asks for what the moment has not."""
    missing = False

    def part(match: re.Match[str]) -> str:
        nonlocal missing
        spec = match[1]
        if (spec[0] == "D" and moment.date is None) or (spec[0] == "T" and moment.time is None):
            missing = True
            return ""
        return _date(spec, moment, padded) if spec[0] == "D" else _time(spec, moment, padded)

    text = re.sub(r"<([DT][^<>]*)>", part, form)
    return None if missing else text


def _date(spec: str, moment: _Moment, padded: bool) -> str:
    assert moment.date is not None
    year, month, day = moment.date
    m, d = (f"{month:02}", f"{day:02}") if padded else (str(month), str(day))
    if spec.startswith("Dymd"):
        return spec[-1].join((str(year), m, d))
    if spec[1] in "dm":
        y = str(year) if spec[3] == "Y" else f"{year % 100:02}"
        return spec[-1].join((*((d, m) if spec[1:3] == "dm" else (m, d)), y))
    word = _MONTHS[month - 1].capitalize()
    word = word[:3] if spec[4] == "3" else word
    word = {"U": word.upper(), "l": word.lower()}.get(spec[3], word)
    y = str(year) if spec[5] == "Y" else f"{year % 100:02}"
    gap, _, then = spec[6:].partition("|")
    return (d + gap + word if spec[2] == "d" else word + gap + d) + then + y


def _time(spec: str, moment: _Moment, padded: bool) -> str:
    assert moment.time is not None
    hour, minute, second = moment.time
    tail = f":{second or 0:02}" if spec.startswith("Ts") else ""
    if "12" not in spec:
        return f"{hour:02}:{minute:02}{tail}" if padded else f"{hour}:{minute:02}{tail}"
    half = "pm" if hour >= 12 else "am"
    if "." in spec:
        half = f"{half[0]}.m."
    if "U" in spec:
        half = half.upper()
    gap = " " if spec.endswith("_") else ""
    shown = f"{hour % 12 or 12:02}" if padded else str(hour % 12 or 12)
    return f"{shown}:{minute:02}{tail}{gap}{half}"


def _mangled(column: Coded, filled: int) -> list[ValueSignal]:
    """Jun-70 or 3-Mar in a column of numbers: a spreadsheet took 70-6 for a date. Which number
    stood first cannot be known."""
    plain = sum(
        int(n)
        for v, n in zip(column.values, column.counts, strict=True)
        if v and not any(c.isalpha() for c in v) and any(c.isdigit() for c in v)
    )
    if filled < 10 or plain < _DOMINANT * filled:
        return []
    return [
        ValueSignal(code, None, "date", 0.85, plain, filled)
        for code, text in enumerate(column.values)
        if len(text) <= 9 and _MANGLED.match(text.strip())
    ]


def _durations(column: Coded, filled: int) -> list[ValueSignal]:
    """Hours and minutes (1 hr 49 min) in a column of minutes (109 min)."""
    plain = {c: m["unit"] for c, v in enumerate(column.values) if (m := _MINUTES.match(v))}
    rows: dict[str, int] = defaultdict(int)
    for code, unit in plain.items():
        rows[unit] += int(column.counts[code])
    top = max(rows, key=lambda u: (rows[u], u), default="")
    if not top.strip().lower().startswith("min") or rows[top] < _DOMINANT * filled:
        return []
    found = []
    for code, text in enumerate(column.values):
        match = _DURATION.match(text.strip()) if 0 < len(text) <= 40 else None
        if match is None or not match["h"]:
            continue
        minutes = int(match["h"]) * 60 + int(match["m"] or 0)
        found.append(ValueSignal(code, f"{minutes}{top}", "date", 0.93, rows[top], filled))
    return found
