"""Element strings: application identifiers and their values, read and written.

Three forms of the same: bracketed ``(01)…(10)…`` as printed, unbracketed ``^01…10…`` with ``^``
for the separator FNC1, and the data of a symbol with GS (0x1D) for it. Source: GS1 General
Specifications section 7.8 (concatenation) and the syntax dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kintsugi.engine.gs1.dictionary import (
    Ai,
    Component,
    code_lengths,
    identifiers,
    predefined_lengths,
    unknown,
)
from kintsugi.engine.gs1.errors import RESCAN, GS1Error
from kintsugi.engine.gs1.faults import fault
from kintsugi.engine.gs1.linters import LINTERS
from kintsugi.engine.text import Text

FNC1 = "^"
GS = "\x1d"

_SEPARATOR = Text(
    "多半是扫描枪没有传送分隔符 GS（0x1D）：请在扫描枪设置中打开，再扫描一次。",
    "Most likely the scanner does not send the separator GS (0x1D): switch it on in the scanner's "
    "settings and scan again.",
)
# A refusal shows no more of a value than this: no allowed value is longer.
LONGEST_SHOWN = 90

_BRACKETED = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]+|\\\(?)*)")


class Options(NamedTuple):
    """What may pass although the standard does not provide for it.

    ``unknown_ais``: identifiers GS1 has not assigned. ``short_gtins``: in a Digital Link, a GTIN
    without its leading zeros. ``names``: in a Digital Link, the former names ``gtin``, ``lot``, …
    instead of digits.
    """

    unknown_ais: bool = False
    short_gtins: bool = False
    names: bool = False


STRICT = Options()


class Element(NamedTuple):
    """One application identifier with its value; ``title`` is GS1's data title."""

    ai: str
    title: str
    value: str


def entry(code: str, options: Options, *, scanned: bool = False) -> Ai:
    """The dictionary's entry of an identifier. Raises GS1Error ``gs1.unknown-ai``."""
    known = identifiers().get(code)
    if known:
        return known
    may_be_one = code.isascii() and code.isdigit() and code_lengths().get(code[:2], 2) == len(code)
    if options.unknown_ais and may_be_one:
        return unknown(code)
    raise GS1Error(
        "gs1.unknown-ai",
        Text("没有这个应用标识符。", "There is no such application identifier."),
        _SEPARATOR if scanned else RESCAN,
        ai=code,
    )


def _refusal(code: str, message: Text, remedy: Text, ai: str, value: str) -> GS1Error:
    return GS1Error(code, message, remedy, ai=ai, value=value[:LONGEST_SHOWN], length=len(value))


def _too_long(ai: Ai, value: str, *, scanned: bool) -> GS1Error:
    return _refusal(
        "gs1.value-too-long",
        Text(
            f"（{ai.code}）的值最多 {ai.longest} 位。",
            f"A value of ({ai.code}) has at most {ai.longest} characters.",
        ),
        _SEPARATOR if scanned and not ai.predefined else RESCAN,
        ai.code,
        value,
    )


def _too_short(ai: Ai, value: str) -> GS1Error:
    return _refusal(
        "gs1.value-too-short",
        Text(
            f"（{ai.code}）的值缺少字符。",
            f"The value of ({ai.code}) lacks characters.",
        ),
        RESCAN,
        ai.code,
        value,
    )


def _check_component(ai: Ai, value: str, start: int, component: Component) -> int:
    """Checks the part of the value that begins at ``start``; the place behind it."""
    end = start + component.longest
    part = value[start:end]
    if len(part) < component.shortest:
        raise _too_short(ai, value)
    for name in component.linters:
        found = LINTERS[name](part)
        if found:
            known = fault(found.fault)
            first = start + found.start
            last = first + found.length
            raise GS1Error(
                known.code,
                known.message,
                known.remedy,
                ai=ai.code,
                value=value[:LONGEST_SHOWN],
                linter=name,
                position=first + 1,
                marked=f"({ai.code}){value[:first]}|{value[first:last]}|{value[last:end]}",
            )
    return start + len(part)


def check_value(ai: Ai, value: str, *, scanned: bool = False) -> None:
    """Refuses a value that the identifier does not allow: length, characters, content.

    ``scanned`` says that the value came without brackets: then a missing separator is the likely
    cause of a value that is too long. Raises GS1Error.
    """
    if not value:
        raise _too_short(ai, value)
    at = 0
    for component in ai.components:
        if component.optional and at == len(value):
            break
        at = _check_component(ai, value, at, component)
    if at < len(value):
        raise _too_long(ai, value, scanned=scanned)


def element(code: str, value: str, options: Options = STRICT, *, scanned: bool = False) -> Element:
    """A checked element. Raises GS1Error."""
    ai = entry(code, options, scanned=scanned)
    check_value(ai, value, scanned=scanned)
    return Element(ai.code, ai.title, value)


def _empty() -> GS1Error:
    return GS1Error("gs1.empty", Text("没有任何数据。", "There is no data."), RESCAN)


def parse_bracketed(text: str, options: Options = STRICT) -> tuple[Element, ...]:
    r"""Elements of ``(01)09506000134352(10)ABC``; an opening bracket inside a value is ``\(``.

    Every value is checked by itself; what the elements ask of each other is the business of
    ``associations``. Raises GS1Error.
    """
    if not text:
        raise _empty()
    elements: list[Element] = []
    at = 0
    while at < len(text):
        match = _BRACKETED.match(text, at)
        if match is None:
            raise GS1Error(
                "gs1.brackets",
                Text(
                    "括号内应为两到四位的应用标识符。",
                    "Brackets must hold an application identifier of two to four digits.",
                ),
                Text(
                    r"请写作 (01)…(10)…；值本身含左括号时写作 \(。",
                    r"Write (01)…(10)…; an opening bracket inside a value is written \(.",
                ),
                position=at + 1,
                text=text[at : at + 20],
            )
        elements.append(element(match[1], match[2].replace("\\(", "("), options))
        at = match.end()
    return tuple(elements)


def split(text: str, separator: str, options: Options = STRICT) -> tuple[Element, ...]:
    """Elements of the text behind the first FNC1. Raises GS1Error.

    A separator behind a value of predefined length is superfluous; scanners pass it on, and
    the official engine lets it pass, too.
    """
    if not text:
        raise _empty()
    elements: list[Element] = []
    at, lengths = 0, code_lengths()
    while at < len(text):
        behind = at + lengths.get(text[at : at + 2], 2)
        ai = entry(text[at:behind], options, scanned=True)
        end = text.find(separator, behind)
        end = len(text) if end < 0 else end
        if ai.predefined:
            end = min(end, behind + ai.longest)
        elements.append(element(ai.code, text[behind:end], options, scanned=True))
        at = end + (text[end : end + 1] == separator)
    return tuple(elements)


def parse_unbracketed(text: str, options: Options = STRICT) -> tuple[Element, ...]:
    """Elements of ``^0109506000134352^10ABC``. Raises GS1Error."""
    if not text.startswith(FNC1):
        raise GS1Error(
            "gs1.no-fnc1",
            Text("开头没有 FNC1（^）。", "There is no FNC1 (^) at the beginning."),
            Text("请写作 ^01…^10…。", "Write ^01…^10…."),
            text=text[:20],
        )
    return split(text[1:], FNC1, options)


def bracketed(elements: Iterable[Element]) -> str:
    """The canonical form with brackets; reading it gives the same elements."""
    return "".join(f"({e.ai}){e.value.replace('(', chr(92) + '(')}" for e in elements)


def unbracketed(elements: Sequence[Element]) -> str:
    """The form with ``^``: in front, and behind every value but the last whose length is open."""
    return FNC1 + joined(elements, FNC1)


def joined(elements: Sequence[Element], separator: str) -> str:
    """Identifiers and values as a symbol carries them, without the first FNC1."""
    open_ended = [e.ai[:2] not in predefined_lengths() for e in elements]
    return "".join(
        e.ai + e.value + (separator if is_open and index < len(elements) - 1 else "")
        for index, (e, is_open) in enumerate(zip(elements, open_ended, strict=True))
    )


def hri(elements: Iterable[Element]) -> str:
    """Human readable interpretation, as printed beside a symbol: one line each."""
    return "\n".join(f"({e.ai}){e.value}" for e in elements)
