"""Round trips over generated elements, and input that means harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.gs1 import Carrier, Element, GS1Error, Options, Scan, scan
from kintsugi.engine.gs1.dictionary import identifiers
from kintsugi.engine.gs1.elements import parse_bracketed, parse_unbracketed
from kintsugi.engine.gs1.link import parse_link
from kintsugi.engine.gs1.linters import check_digit
from kintsugi.engine.gs1.symbols import read_message, read_symbol

T = TypeVar("T")

CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
TRADE_ITEM = st.from_regex(r"[0-9]{13}", fullmatch=True).map(lambda body: body + check_digit(body))
DAYS = st.dates().map(lambda day: f"{day:%y%m%d}") | st.dates().map(lambda day: f"{day:%y%m}00")


def text(longest: int) -> st.SearchStrategy[str]:
    return st.text(CSET82, min_size=1, max_size=longest)


# What may stand beside a GTIN, (01) first: each with its own kind of value.
BESIDE = {
    "10": text(20), "11": DAYS, "13": DAYS, "15": DAYS, "16": DAYS, "17": DAYS, "21": text(20),
    "20": st.from_regex(r"[0-9]{2}", fullmatch=True), "22": text(20), "240": text(30),
    "30": st.from_regex(r"[0-9]{1,8}", fullmatch=True), "400": text(30),
    "3103": st.from_regex(r"[0-9]{6}", fullmatch=True), "710": text(20), "90": text(30),
    "91": text(90), "99": text(90),
}  # fmt: skip


@st.composite
def items(draw: st.DrawFn) -> Scan:
    chosen = draw(st.lists(st.sampled_from(sorted(BESIDE)), unique=True, max_size=6))
    pairs = [("01", draw(TRADE_ITEM)), *((code, draw(BESIDE[code])) for code in chosen)]
    known = identifiers()
    return Scan(tuple(Element(code, known[code].title, value) for code, value in pairs))


@given(items())
def test_what_is_written_as_a_symbol_is_read_again(item: Scan) -> None:
    for carrier in (Carrier.DATA_MATRIX, Carrier.QR, Carrier.GS1_128, Carrier.DOT_CODE):
        assert scan(item.data(carrier)) == Scan(item.elements, carrier)


@given(items())
def test_bracketed_and_unbracketed_texts_are_read_again(item: Scan) -> None:
    assert scan(item.bracketed()) == item
    assert scan(item.unbracketed()) == item


@given(items())
def test_a_link_says_the_same_as_the_brackets_it_came_from(item: Scan) -> None:
    link = scan(item.link(stem="https://example.com/shop"))
    assert sorted(link.elements) == sorted(item.elements)
    assert scan(link.bracketed()).link() == link.link()


def refused_or_read(read: Callable[[], T]) -> T | GS1Error:
    try:
        return read()
    except GS1Error as error:
        return error


ALPHABET = st.sampled_from([*"01289()^|]/\\%?&=#+-. \t", "\x1d", "\x00", "é", "中", "\U0001f600"])
STARTS = st.sampled_from(
    ["", "(01)", "^01", "]d2", "]Q1", "]E0", "]e0", "]", "https://", "https://a/01/", "]Q1http://",
     "(01)09506000134352", "https://a/01/09506000134352?", "01\x1d", "|"]
)  # fmt: skip


@settings(max_examples=600)
@given(STARTS, st.text(ALPHABET, max_size=60) | st.text(max_size=60), st.booleans())
def test_no_text_raises_anything_but_a_refusal(start: str, rest: str, loose: bool) -> None:
    options = Options(*[loose] * 3)
    outcome = refused_or_read(lambda: scan(start + rest, whole=False, options=options))
    if isinstance(outcome, GS1Error):
        assert outcome.message.zh
        assert outcome.remedy.zh
        assert len(str(outcome)) < 2000
    else:
        again = scan(outcome.bracketed(), whole=False, options=options)
        assert again.elements == outcome.elements


@pytest.mark.parametrize(
    "unit",
    ["(10)A", "(", "\\(", "\\", "^", "\x1d", "|", "]e0", "%41", "/", "&", "99A\x1d", "/01/1", "0",
     "(8110)0", "=", "?99=A&"],
)  # fmt: skip
def test_long_hostile_text_takes_linear_time(unit: str) -> None:
    """The readers below ``scan``, which itself refuses what no barcode can hold."""
    began = time.perf_counter()
    for start in ("", "(10)", "^99", "]C1", "]E0", "https://a/", "https://a/01/09506000134352?"):
        text = start + unit * (200_000 // len(unit))
        for read in (parse_bracketed, parse_unbracketed, parse_link, read_symbol, read_message):
            refused_or_read(lambda read=read, text=text: read(text))
        with pytest.raises(GS1Error, match="More than"):
            scan(text)
    assert time.perf_counter() - began < 10
