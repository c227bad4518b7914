"""Lengths of time: 三年, 36个月, 2年半, and several of them in one text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from kintsugi.engine.values import numerals
from kintsugi.engine.values.base import EMPTY, Norm, is_null_word, prepared

_N = rf"[0-9]+(?:\.[0-9]+)?|[{numerals.NUMERAL}]+|半"
_EN = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "ten": "10",
    "twelve": "12",
}
_TERM = re.compile(
    rf"(?:(?P<y>{_N})\s*(?:周?年|years?|yrs?|y)(?P<half>半)?)?\s*(?:零|又|,|and)?\s*"
    rf"(?:(?P<m>{_N})\s*(?:个?月|months?|mths?|mos?|m)(?P<mhalf>半)?)?\s*"
    rf"(?:(?P<d>{_N})\s*(?:天|日|days?|d))?(?:\s*(?:整|保修|质保|免费保修|免保|warranty))?",
    re.I,
)
_OPEN = re.compile(r"终身(?:保修|质保)?|终生|永久|lifetime(?: warranty)?", re.I)


def _number(text: str | None) -> Decimal | None:
    if text is None:
        return Decimal(0)
    if text == "半":
        return Decimal("0.5")
    if text[0].isdigit() and text.isascii():
        return Decimal(text)
    whole = numerals.integer(text)
    return None if whole is None else Decimal(whole)


def _term(text: str) -> str | None:
    """``P<n>M`` or ``P<n>D`` of one term; None if unreadable. 1.5 years are 18 months."""
    text = re.sub(rf"\b({'|'.join(_EN)})\b", lambda m: _EN[m[1].lower()], text.strip(), flags=re.I)
    text = re.sub(
        r"^(?:(?:原厂|厂家|整机|全保|免费|标准)*(?:保修|质保|维保)?期?|warranty)\s*[:为]?\s*",
        "",
        text,
        flags=re.I,
    )
    match = re.fullmatch(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?", text)
    if match and (match[1] or match[2]):
        return f"P{int(match[1] or 0) * 12 + int(match[2] or 0)}M"
    if re.fullmatch(r"P[0-9]+D", text):
        return text
    match = _TERM.fullmatch(text)
    if not match or not any(match[k] for k in "ymd"):
        return None
    years, months, days = (_number(match[k]) for k in "ymd")
    if years is None or months is None or days is None:
        return None
    total = years * 12 + months + (6 if match["half"] else 0)
    if match["mhalf"]:
        return None
    if total and days:
        return None
    if days:
        return f"P{int(days)}D" if days == int(days) else None
    return f"P{int(total)}M" if total == int(total) else None


_PART = re.compile(
    rf"\s*(?P<what>[^0-9\s,;、]*?)\s*(?:保修|质保|:|为)?\s*"
    rf"(?P<term>(?:{_N})\s*(?:个月|月|年|天|日)(?:半|零?(?:{_N})个?月)?)"
)


def split_terms(raw: str) -> list[tuple[str, str]]:
    """``整机一年球管两年`` → [("整机", "P12M"), ("球管", "P24M")]; empty if not several."""
    text = re.sub(r"[,;、。/\n+]", " ", prepared(raw))
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(text.rstrip()):
        match = _PART.match(text, position)
        term = _term(match["term"]) if match else None
        if match is None or term is None:
            return []
        found.append((match["what"], term))
        position = match.end()
    return found if len(found) > 1 and all(what for what, _ in found) else []


def norm_duration(raw: str, **args: object) -> Norm:
    """A term as ``P36M`` or ``P90D``. A bare number counts in arg ``unit`` (month, year, day)."""
    text = prepared(raw)
    if not text:
        return EMPTY
    if _OPEN.fullmatch(text):
        return Norm(None, "date.open-ended", more={"open_ended": "true"})
    if is_null_word(text):
        return Norm(None, "null-word")
    unit = str(args.get("unit") or "")
    if unit and re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        text += {"month": "个月", "year": "年", "day": "天"}.get(unit, "")
    term = _term(text)
    if term:
        rule = "duration.days" if term.endswith("D") else "duration.months"
        return Norm(term, None if term == raw else rule)
    parts = split_terms(text)
    if parts:
        return Norm(None, issue="duration.many", more=dict(parts))
    return Norm(None, issue="duration.unreadable")


def norm_duration_months(raw: str, **args: object) -> Norm:
    """A term as a whole number of months; days are an issue. A bare number is months."""
    result = norm_duration(raw, **{"unit": "month", **args})
    if result.value is None:
        return result
    if result.value.endswith("D"):
        return Norm(None, issue="duration.not-months")
    months = result.value[1:-1]
    low, high = args.get("minimum"), args.get("maximum")
    if (low is not None and int(months) < float(str(low))) or (
        high is not None and int(months) > float(str(high))
    ):
        return Norm(None, issue="number.range")
    return Norm(months, None if months == raw else "duration.months")


def warranty_conflict(text: str, end: date | None, *, as_of: date) -> bool:
    """Whether a text says out of warranty (过保, 脱保, expired) while the end lies ahead."""
    said = re.search(r"(?<![未不])(?:过保|脱保|出保)|保外|out of warranty|expired", text, re.I)
    return bool(said) and end is not None and end >= as_of
