"""GS1: check digits, application identifiers (AI) and element strings, strictly.

Source: GS1 General Specifications sections 3 and 7.9 (check digit), 7.11 (character set 82), 7.12
(dates). Lengths, characters and check digits of every AI listed here are enforced; what GS1 asks
of combinations of AIs only where a device label depends on it (one value per repeated AI).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

FNC1 = "\x1d"
GTIN_LENGTHS = (8, 12, 13, 14)

# GS1 General Specifications, figure 7.11-1: the 82 characters of alphanumeric AIs.
CSET82 = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
CSET39 = r"[#\-/0-9A-Z]"


class Gs1Error(ValueError):
    """An element string that breaks the standard. ``at`` is the AI, or None."""

    def __init__(self, reason: str, at: str | None = None) -> None:
        super().__init__(f"({at}) {reason}" if at else reason)
        self.reason = reason
        self.at = at


def check_digit(body: str) -> str:
    """Modulo-10 check digit of ``body``, the digits before it (GTIN, SSCC, GLN)."""
    if not (body.isascii() and body.isdigit()):
        raise ValueError("only digits have a GS1 check digit")
    weighted = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body)))
    return str(-weighted % 10)


def has_check_digit(number: str) -> bool:
    """Whether the last digit of an all-digit number is the check digit of the others."""
    if len(number) < 2 or not (number.isascii() and number.isdigit()):
        return False
    return check_digit(number[:-1]) == number[-1]


class Ai(NamedTuple):
    """One application identifier. ``kind`` N digits, X set 82, Y set 39; lengths inclusive."""

    code: str
    kind: str
    shortest: int
    longest: int
    lint: str = ""

    @property
    def fixed(self) -> bool:
        """Whether its length is predefined, so that no separator follows it."""
        return self.code[:2] in _PREDEFINED


# The first two digits of AIs whose total length is predefined (figure 7.8.5-2).
_PREDEFINED = {
    *(f"{n:02}" for n in range(5)),
    *(f"{n:02}" for n in range(11, 21)),
    *(f"{n:02}" for n in range(31, 37)),
    "41",
}


def _table() -> dict[str, Ai]:
    rows: list[Ai] = [
        Ai("00", "N", 18, 18, "csum"),
        *(Ai(c, "N", 14, 14, "csum") for c in ("01", "02", "03")),
        Ai("10", "X", 1, 20),
        *(Ai(c, "N", 6, 6, "yymmd0") for c in ("11", "12", "13", "15", "16", "17")),
        Ai("20", "N", 2, 2),
        *(Ai(c, "X", 1, 20) for c in ("21", "22", "243", "254")),
        Ai("235", "X", 1, 28),
        *(Ai(c, "X", 1, 30) for c in ("240", "241", "250", "251", "400", "403")),
        Ai("242", "N", 1, 6),
        Ai("30", "N", 1, 8),
        Ai("37", "N", 1, 8),
        Ai("402", "N", 17, 17, "csum"),
        *(Ai(f"41{n}", "N", 13, 13, "csum") for n in range(8)),
        Ai("420", "X", 1, 20),
        Ai("7003", "N", 10, 10, "yymmddhhmm"),
        Ai("7230", "X", 3, 30),
        *(Ai(f"71{n}", "X", 1, 20) for n in range(8)),
        Ai("8005", "N", 6, 6),
        Ai("8012", "X", 1, 20),
        Ai("8020", "X", 1, 25),
        Ai("90", "X", 1, 30),
        *(Ai(str(n), "X", 1, 90) for n in range(91, 100)),
    ]
    for n in [*range(310, 317), *range(320, 338), *range(340, 358), *range(360, 370)]:
        rows += [Ai(f"{n}{places}", "N", 6, 6) for places in range(6)]
    return {ai.code: ai for ai in rows}


AIS = _table()


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


def check_element(code: str, data: str) -> None:
    """Refuse data that the AI does not allow. Raises Gs1Error naming the reason."""
    ai = AIS.get(code)
    if ai is None:
        raise Gs1Error("unknown application identifier", code)
    if not ai.shortest <= len(data) <= ai.longest:
        raise Gs1Error("wrong length", code)
    allowed = {"N": r"[0-9]", "X": CSET82, "Y": CSET39}[ai.kind]
    if not re.fullmatch(f"{allowed}+", data):
        raise Gs1Error("character not allowed", code)
    if ai.lint == "csum" and not has_check_digit(data):
        raise Gs1Error("wrong check digit", code)
    if ai.lint == "yymmd0" and day_of(data) is None:
        raise Gs1Error("no such day", code)
    if ai.lint == "yymmddhhmm" and (
        day_of(data[:6]) is None or data[4:6] == "00" or data[6:8] > "23" or data[8:] > "59"
    ):
        raise Gs1Error("no such moment", code)


@dataclass(frozen=True, slots=True)
class ElementString:
    """AI and data pairs in the order they stand on the label."""

    elements: tuple[tuple[str, str], ...]

    def get(self, code: str) -> str | None:
        """The data of an AI, or None."""
        return next((data for ai, data in self.elements if ai == code), None)

    def bracketed(self) -> str:
        """Human-readable form, ``(01)…(17)…``."""
        return "".join(f"({code}){data}" for code, data in self.elements)

    def scanned(self) -> str:
        """Data as a symbol carries it: a separator after each variable AI but the last."""
        out: list[str] = []
        for i, (code, data) in enumerate(self.elements):
            last = i == len(self.elements) - 1
            out.append(code + data + ("" if last or AIS[code].fixed else FNC1))
        return "".join(out)


def _checked(elements: Iterable[tuple[str, str]], *, lenient: bool) -> ElementString:
    seen: dict[str, str] = {}
    kept: list[tuple[str, str]] = []
    for code, data in elements:
        try:
            check_element(code, data)
        except Gs1Error as error:
            if not (lenient and error.reason == "wrong check digit"):
                raise
        if seen.setdefault(code, data) != data:
            raise Gs1Error("two different values", code)
        kept.append((code, data))
    if not kept:
        raise Gs1Error("no element")
    return ElementString(tuple(kept))


_BRACKETED = re.compile(r"\(([0-9]{2,4})\)")


def parse_bracketed(text: str, *, lenient: bool = False) -> ElementString:
    """``(01)06901234567892(17)260500(21)S1`` → elements.

    A bracket inside data is data unless it holds digits of a known AI; ``\\(`` is always data.
    ``lenient`` lets a wrong check digit pass, for the caller to report. Raises Gs1Error.
    """
    escaped = text.replace("\\(", "\x00")
    if not escaped.startswith("("):
        raise Gs1Error("does not start with an application identifier")
    marks = list(_BRACKETED.finditer(escaped))
    if not marks or marks[0].start() != 0:
        raise Gs1Error("does not start with an application identifier")
    unknown = [m[1] for m in marks if m[1] not in AIS]
    if unknown:
        raise Gs1Error("unknown application identifier", unknown[0])
    ends = [m.start() for m in marks[1:]] + [len(escaped)]
    return _checked(
        (
            (m[1], escaped[m.end() : end].replace("\x00", "(").strip())
            for m, end in zip(marks, ends, strict=True)
        ),
        lenient=lenient,
    )


def parse_scanned(text: str, *, lenient: bool = False) -> ElementString:
    """Data as a scanner sends it, with or without symbology identifier and leading FNC1.

    Separators are GS (0x1D) and the stand-ins ``^``, ``<GS>``, ``{GS}``, ``|``. Raises Gs1Error.
    """
    rest = re.sub(r"^\](?:C1|d2|Q3|e0|J1)", "", text)
    rest = re.sub(r"<GS>|\{GS\}|\[GS\]|<FNC1>|[\^|\x1d\u241d]", FNC1, rest).removeprefix(FNC1)
    elements: list[tuple[str, str]] = []
    while rest:
        code = next((rest[:n] for n in (2, 3, 4) if rest[:n] in AIS), None)
        if code is None:
            raise Gs1Error("unknown application identifier", rest[:4])
        rest = rest[len(code) :]
        ai = AIS[code]
        if ai.fixed:
            data, rest = rest[: ai.longest], rest[ai.longest :]
            # A separator after a predefined length is superfluous, yet scanners pass it on.
            rest = rest.removeprefix(FNC1)
        else:
            data, _, rest = rest.partition(FNC1)
        elements.append((code, data))
    return _checked(elements, lenient=lenient)
