"""Reading a scan before anybody looks into the database: pure, and proof against any text."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kintsugi.engine import gs1
from kintsugi.engine.gs1 import Carrier
from kintsugi.engine.gs1.linters import check_digit
from kintsugi.engine.udi.hibcc import check_character
from kintsugi.stock.reading import own_item, own_place, read

TODAY = dt.date(2026, 11, 25)
GTIN = "09506000134352"


def codes(found: Any) -> list[str]:
    return [one.code for one in found.faults]


@given(st.text(max_size=300))
def test_any_text_is_read_and_none_raises(raw: str) -> None:
    found = read(raw, on=TODAY)
    assert all(one.what.zh and one.what.en and one.remedy.zh for one in found.faults)
    assert "\x00" not in found.plain


@given(
    st.lists(
        st.sampled_from(
            ["]d2", "]C1", "]Q3", "]e0", "]Z9", "(01)", "(10)", "01", "17", "21", "\x1d", "^", "|",
             "<GS>", GTIN, "ABC", "260500", "999999", "+", "*", "=/", "MA.156.M0.", "LOC:", "ITEM:",
             ";SN:", "%", "\n", "\t", "https://id.gs1.org/01/", "/10/", "?17=", "00", "(", ")"]
        ),
        max_size=14,
    )
)  # fmt: skip
@example(["(01)", "01", GTIN, "]d2"])
def test_broken_labels_are_read_and_none_raises(parts: list[str]) -> None:
    found = read("".join(parts), on=TODAY)
    assert all(one.code.startswith("scan.") for one in found.faults)


def gtins() -> st.SearchStrategy[str]:
    digits = st.text("0123456789", min_size=13, max_size=13)
    return digits.map(lambda body: body + check_digit(body))


VALUES = st.text("ABCXYZ0123456789-./_+*%&()", min_size=1, max_size=20)


@given(
    gtins(),
    VALUES,
    VALUES,
    st.dates(dt.date(2000, 1, 1), dt.date(2049, 12, 31)),
    st.sampled_from(
        ["bracketed", "link", Carrier.DATA_MATRIX, Carrier.QR, Carrier.GS1_128]
    ),
)  # fmt: skip
def test_what_the_writers_write_is_read_back(
    gtin: str, lot: str, serial: str, day: dt.date, form: Any
) -> None:
    escaped = [value.replace("(", "\\(") for value in (lot, serial)]
    scan = gs1.scan(f"(01){gtin}(17){day:%y%m%d}(10){escaped[0]}(21){escaped[1]}")
    written = {"bracketed": scan.bracketed, "link": scan.link}
    raw = written[form]() if form in written else scan.data(form)
    found = read(raw + "\r", on=TODAY)
    assert codes(found) == []
    assert (found.di, found.lot_no, found.serial_no) == (gtin, lot, serial)
    assert found.expiry_date == day


@given(st.text(min_size=1, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_our_own_labels_are_read_back(code: str, lot: str, serial: str) -> None:
    def sound(text: str) -> str:
        """As people type numbers: no line breaks, no lone surrogates, no blanks around."""
        kept = "".join(c for c in text if c.isprintable() and not 0xFF01 <= ord(c) <= 0xFF5E)
        return kept.replace("\u241d", "").replace("\u2194", "").strip() or "X"

    code, lot, serial = sound(code), sound(lot), sound(serial)
    found = read(own_item(code, lot_no=lot, serial_no=serial), on=TODAY)
    assert (found.code, found.lot_no, found.serial_no) == (code, lot, serial)
    if "\n" not in code:
        assert read(own_place(f"WH/{code}"), on=TODAY).place == f"WH/{code}"


@pytest.mark.parametrize(
    "separator", ["\x1d", "<GS>", "{GS}", "[GS]", "<FNC1>", "\\x1d", "\\u001d", "^]", "␝", "↔"]
)
def test_every_stand_in_for_the_separator_is_understood(separator: str) -> None:
    found = read(f"]d201{GTIN}10LOT1{separator}21S-9", on=TODAY)
    assert (found.lot_no, found.serial_no) == ("LOT1", "S-9")


@pytest.mark.parametrize(
    ("raw", "form", "di"),
    [
        ("9506000134352", "gtin", GTIN),
        ("]E09506000134352", "gs1", GTIN),
        ("]E0614141000036", "gs1", "00614141000036"),
        ("614141000036", "gtin", "00614141000036"),
        ("]I1" + GTIN, "gs1", GTIN),
        ("]C0SN-1", "plain", ""),
        ("]Q1https://id.gs1.org/01/09506000134352", "link", GTIN),
        ("=/A9999XYZ100T0944=,000025", "iccbba", "A9999XYZ100T0944"),
        ("MA.156.M0.100350.01004101.S001.L2106", "ma", "MA.156.M0.100350.01004101"),
    ],
)
def test_other_symbols_and_agencies(raw: str, form: str, di: str) -> None:
    found = read(raw, on=TODAY)
    assert (found.form, found.di, codes(found)) == (form, di, [])


def test_hibc_with_lot_expiry_and_quantity() -> None:
    # +A999 BJ5D6E7 unit of measure 1, $$9 quantity of five digits, 0526: through May 2026, lot L1.
    body = "+A999BJ5D6E71/$$9000120526L1"
    found = read(body + check_character(body), on=TODAY)
    assert (found.form, found.di, found.lot_no, found.count) == ("hibcc", "A999BJ5D6E71", "L1", 12)
    assert found.expiry_date == dt.date(2026, 5, 31)
    wrong = next(c for c in "ABC" if c != check_character(body))
    assert codes(read(body + wrong, on=TODAY)) == ["scan.check-digit"]


def test_day_zero_is_the_last_day_of_the_month() -> None:
    assert read(f"(01){GTIN}(17)280200", on=TODAY).expiry_date == dt.date(2028, 2, 29)


def test_a_number_that_only_looks_like_an_element_string_stays_a_number() -> None:
    # The last begins like a GTIN, whose check digit would be 2.
    for raw in ("10ABC", "2112345", "17SN", "010950600013435321SN"):
        found = read(raw, on=TODAY)
        assert (found.form, found.plain, found.lot_no) == ("plain", raw, "")
