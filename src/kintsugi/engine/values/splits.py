"""Several things in one cell: serial numbers in lists and ranges, and zeros that were lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kintsugi.engine.values.base import prepared

MOST_SERIALS = 1000


class Split(NamedTuple):
    """Serial numbers of one cell. ``rule`` is ``serial.split`` when it was taken apart; ``issue``
    ``serial.count`` when the number of parts contradicts the quantity."""

    parts: list[str]
    rule: str | None = None
    issue: str | None = None


_RANGE = re.compile(
    r"(?P<head>.*?)(?P<from>[0-9]+)\s*(?:~|～|〜|至|到|--+|—+|\bto\b)\s*(?P<again>\D*?)(?P<to>[0-9]+)",
    re.I,
)
_HYPHEN = re.compile(r"(?P<head>.*?)(?P<from>[0-9]+)\s*-\s*(?P<again>\D*?)(?P<to>[0-9]+)")
_LIST = re.compile(r"\s*(?:[,;、\n|]|\s和\s|和(?=[A-Z0-9])|以及|\s&\s)\s*", re.I)
_SLASH = re.compile(r"(?P<head>.*?)(?P<first>[0-9]{2,})(?P<rest>(?:\s*/\s*[0-9]+)+)")
_NAMED = re.compile(r"(?P<name>[一-鿿]{1,8})\s*[::]?\s*(?P<serial>[A-Z0-9][A-Z0-9\-./]{2,})", re.I)
_PARTED = re.compile(r"\s*[+、,;\n]\s*|\s+(?=[一-鿿]{1,8}\s*:?\s*[A-Z0-9])")
_LABELLED = re.compile(
    r"(?:(?P<before>[一-鿿]{1,8}|[A-Z]{3,12}(?: UNIT)?(?=\s*:))\s*:?\s*)?"
    r"(?P<serial>[A-Z0-9][A-Z0-9\-./_]{2,})"
    r"\s*(?:[(\[【](?P<after>[^()\[\]【】]{1,20})[)\]】])?",
    re.I,
)
_MAIN = re.compile(r"主机|主单元|主体|机身|整机|(?:main|host|base)(?: ?unit)?|console", re.I)
_PART = re.compile(
    r"附件|配件|部件|备件|组件|探头|球管|电池|模块|线圈|手柄|导管|显示器|适配器|镜|泵头"
    r"|accessor(?:y|ies)|probe|part|battery|module|coil|tube|handle|display|monitor|adapter",
    re.I,
)


class Composite(NamedTuple):
    """A main unit and its parts in one cell: their serial numbers."""

    main: str
    parts: tuple[str, ...]


def composite(text: str) -> Composite | None:
    """``21046651(主机)+P200150(附件)`` and ``主机A1234 探头P9981`` → main unit and parts.

    One of the numbers is called the main unit, or it is the only one without a name while the
    others are called parts. ``text`` is half-width. None for anything else.
    """
    found = [_LABELLED.fullmatch(part) for part in _PARTED.split(text) if part]
    if len(found) < 2 or not all(found):
        return None
    named = [(m["serial"], f"{m['before'] or ''} {m['after'] or ''}".strip()) for m in found if m]
    mains = [serial for serial, label in named if _MAIN.search(label)]
    if not mains:
        mains = [serial for serial, label in named if not label]
        if not all(_PART.search(label) for _, label in named if label):
            return None
    others = tuple(serial for serial, _ in named if serial not in mains)
    return Composite(mains[0], others) if len(mains) == 1 and others else None


def _range(match: re.Match[str]) -> list[str] | None:
    """The serial numbers from first to last; None if it is no range (other heads, not rising)."""
    head, first, last = match["head"], match["from"], match["to"]
    if match["again"] and match["again"].strip() != head:
        return None
    # SN100~05 means 100 to 105: a shorter end repeats the tail of the start.
    if len(last) < len(first):
        last = first[: len(first) - len(last)] + last
    count = int(last) - int(first) + 1
    if len(last) != len(first) or not 2 <= count <= MOST_SERIALS:
        return None
    return [f"{head}{number:0{len(first)}}" for number in range(int(first), int(last) + 1)]


def _slashes(match: re.Match[str]) -> list[str] | None:
    """``SN123/124`` and ``SN123/4``: each tail replaces the end of the first and must rise."""
    head, first = match["head"], match["first"]
    numbers = [first]
    for tail in re.findall(r"[0-9]+", match["rest"]):
        if len(tail) > len(first):
            return None
        number = first[: len(first) - len(tail)] + tail
        if int(number) <= int(numbers[-1]):
            return None
        numbers.append(number)
    return [head + number for number in numbers]


def _parts(text: str, quantity: int | None) -> list[str] | None:
    if match := _RANGE.fullmatch(text):
        return _range(match)
    if match := _SLASH.fullmatch(text):
        return _slashes(match)
    named = [m["serial"] for m in _NAMED.finditer(text)]
    if len(named) > 1 and re.fullmatch(r"[\s+,;、/]*", _NAMED.sub("", text)):
        return named
    listed = [part for part in _LIST.split(text) if part]
    if len(listed) > 1:
        inner = [_parts(part, None) or [part] for part in listed]
        flat = [serial for group in inner for serial in group]
        # 123、124 after a lettered first: the letters belong to all.
        lead = re.match(r"\D+", flat[0])
        if lead and all(re.fullmatch(r"[0-9]+", s) for s in flat[1:]):
            flat = [flat[0], *(lead[0] + s for s in flat[1:])]
        return flat
    # A hyphen is part of many serial numbers: a range only if the quantity says so.
    if quantity and quantity > 1 and (match := _HYPHEN.fullmatch(text)):
        found = _range(match)
        return found if found and len(found) == quantity else None
    return None


def split_serials(raw: str, *, quantity: int | None = None) -> Split:
    """Serial numbers written in one cell, judged by the quantity of the row.

    ``SN123/124`` with quantity 2 → two, ``SN001~005`` with 5 → five; without a quantity they are
    split as well, for the caller to ask. A count that contradicts the quantity gives the issue
    ``serial.count`` and leaves the text whole. At most 1,000 from one range.
    """
    text = prepared(raw) if "\n" not in raw else "\n".join(map(prepared, raw.splitlines()))
    if not text:
        return Split([], None, "serial.count" if quantity else None)
    parts = _parts(text, quantity)
    if parts is None:
        wrong = quantity is not None and quantity > 1
        return Split([text], None, "serial.count" if wrong else None)
    if quantity is not None and len(parts) != quantity:
        return Split([text], None, "serial.count")
    return Split(parts, "serial.split")


def propose_padding(values: Iterable[str | None]) -> dict[str, str]:
    """Values of a digit column that may have lost leading zeros → the padded form to approve.

    Only where at least nine tenths of the column's all-digit values have one length, some of them
    start with a zero (so zeros belong there), and the short one lacks at most five digits.
    """
    numbers = [v for v in values if v and v.isascii() and v.isdigit()]
    if len(numbers) < 10:
        return {}
    (width, count), *_ = Counter(map(len, numbers)).most_common(1)
    if count < 0.9 * len(numbers):
        return {}
    if not any(n.startswith("0") for n in numbers if len(n) == width):
        return {}
    return {n: n.zfill(width) for n in numbers if width - 5 <= len(n) < width}
