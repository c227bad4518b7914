"""GS1 element strings as device labels have them: looser than the standard where labels are.

What an identifier may hold comes from ``kintsugi.engine.gs1``. A label is read more kindly than
``gs1.scan`` reads a symbol: brackets inside a value need no escape, separators may have stand-ins,
a wrong check digit can be let through for the caller to report, and what GS1 asks of combinations
is checked only for one value per repeated identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kintsugi.engine.gs1.dates import day_of
from kintsugi.engine.gs1.dictionary import identifiers
from kintsugi.engine.gs1.elements import GS, check_value
from kintsugi.engine.gs1.errors import GS1Error
from kintsugi.engine.gs1.linters import CSET39, CSET82, check_digit, has_check_digit

__all__ = [
    "AIS",
    "CSET39",
    "CSET82",
    "FNC1",
    "ElementString",
    "Gs1Error",
    "check_digit",
    "check_element",
    "day_of",
    "has_check_digit",
    "parse_bracketed",
    "parse_scanned",
]

FNC1 = GS
AIS = identifiers()
_CHECK_DIGIT = "gs1.lint.incorrect-check-digit"


class Gs1Error(ValueError):
    """An element string that breaks the standard. ``at`` is the AI, or None."""

    def __init__(self, reason: str, at: str | None = None) -> None:
        super().__init__(f"({at}) {reason}" if at else reason)
        self.reason = reason
        self.at = at


def check_element(code: str, data: str, *, lenient: bool = False) -> None:
    """Refuse data that the AI does not allow. Raises Gs1Error naming the reason.

    ``lenient`` lets a wrong check digit pass.
    """
    ai = AIS.get(code)
    if ai is None:
        raise Gs1Error("unknown application identifier", code)
    try:
        check_value(ai, data)
    except GS1Error as error:
        if not (lenient and error.code == _CHECK_DIGIT):
            raise Gs1Error(error.message.en, code) from None


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
            out.append(code + data + ("" if last or AIS[code].predefined else FNC1))
        return "".join(out)


def _checked(elements: Iterable[tuple[str, str]], *, lenient: bool) -> ElementString:
    seen: dict[str, str] = {}
    kept: list[tuple[str, str]] = []
    for code, data in elements:
        check_element(code, data, lenient=lenient)
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
        if ai.predefined:
            data, rest = rest[: ai.longest], rest[ai.longest :]
            # A separator after a predefined length is superfluous, yet scanners pass it on.
            rest = rest.removeprefix(FNC1)
        else:
            data, _, rest = rest.partition(FNC1)
        elements.append((code, data))
    return _checked(elements, lenient=lenient)
