"""Scans worked out by hand from the GS1 General Specifications and the Digital Link standard."""

from __future__ import annotations

from datetime import date

import pytest

from kintsugi.engine.gs1 import Carrier, Element, GS1Error, Options, combine, faults, scan
from kintsugi.engine.gs1.coupons import couponcode
from kintsugi.engine.gs1.dictionary import identifiers, matches, release, unknown
from kintsugi.engine.gs1.linters import LINTERS, check_digit, check_pair
from kintsugi.engine.gs1.symbols import write_symbol

# GTIN-14 of the General Specifications' examples; its check digit by hand: 3·(0+5+6+0+1+4+5)=63,
# 9+0+0+0+3+3 = 15, together 78, up to 80: 2.
GTIN = "09506000134352"
ELEMENTS = [("01", GTIN), ("17", "260500"), ("10", "ABC1"), ("21", "S-9")]
BRACKETED = f"(01){GTIN}(17)260500(10)ABC1(21)S-9"
RAW = f"01{GTIN}17260500" + "10ABC1\x1d21S-9"


def pairs(text: str, **rules: bool) -> list[tuple[str, str]]:
    return [(e.ai, e.value) for e in scan(text, **rules).elements]


def refusal(text: str, **rules: bool) -> GS1Error:
    with pytest.raises(GS1Error) as caught:
        scan(text, **rules)
    return caught.value


@pytest.mark.parametrize(
    ("text", "carrier"),
    [
        (BRACKETED, None),
        ("^" + RAW.replace("\x1d", "^"), None),
        (RAW, None),
        ("\x1d" + RAW, None),
        (RAW + "\r\n", None),
        ("]C1" + RAW, Carrier.GS1_128),
        ("]d2" + RAW, Carrier.DATA_MATRIX),
        ("]Q3" + RAW, Carrier.QR),
        ("]J1" + RAW, Carrier.DOT_CODE),
        ("]e0" + RAW, Carrier.DATABAR_EXPANDED),
        ("]d2" + RAW + "\x1d", Carrier.DATA_MATRIX),
        # Superfluous separators behind predefined lengths are let pass.
        (f"]d201{GTIN}\x1d17260500\x1d10ABC1\x1d21S-9", Carrier.DATA_MATRIX),
    ],
)
def test_one_label_is_the_same_in_every_form(text: str, carrier: Carrier | None) -> None:
    assert pairs(text) == ELEMENTS
    assert scan(text).carrier is carrier


def test_a_scan_writes_itself_in_every_form() -> None:
    one = scan(BRACKETED)
    assert one.elements[0] == Element("01", "GTIN", GTIN)
    assert (one.gtin14, one.lot, one.serial) == (GTIN, "ABC1", "S-9")
    assert one.expiry() == date(2026, 5, 31)
    assert one.bracketed() == BRACKETED
    assert one.unbracketed() == f"^01{GTIN}17260500" + "10ABC1^21S-9"
    assert one.data(Carrier.DATA_MATRIX) == "]d2" + RAW
    assert one.data(Carrier.GS1_128) == "]C1" + RAW
    assert one.link() == f"https://id.gs1.org/01/{GTIN}/10/ABC1/21/S-9?17=260500"
    assert one.hri() == f"(01){GTIN}\n(17)260500\n(10)ABC1\n(21)S-9"
    assert sorted(pairs(one.link())) == sorted(ELEMENTS)


def test_the_century_of_an_expiry_follows_the_year_it_is_read_in() -> None:
    old = scan(f"(01){GTIN}(17)760101")
    assert old.expiry(today_year=2026) == date(2076, 1, 1)
    assert old.expiry() == date(1976, 1, 1)
    assert scan(f"(01){GTIN}(7003)2605312359").expiry() == date(2026, 5, 31)
    assert scan(f"(01){GTIN}").expiry() is None


@pytest.mark.parametrize(
    ("text", "gtin14"),
    [
        ("2112345678900", "02112345678900"),
        ("416000336108", "00416000336108"),
        ("02345673", "00000002345673"),
        (GTIN, GTIN),
        ("]E02112345678900", "02112345678900"),
        ("]E402345673", "00000002345673"),
        ("]I1" + GTIN, GTIN),
    ],
)
def test_a_bare_gtin_is_padded_to_fourteen_digits(text: str, gtin14: str) -> None:
    assert pairs(text) == [("01", gtin14)]


def test_a_composite_symbol_is_read_with_both_parts() -> None:
    expected = [("01", "02112345678900"), ("10", "ABC"), ("99", "X")]
    assert pairs("]E02112345678900|]e010ABC\x1d99X") == expected
    assert pairs("2112345678900|^10ABC^99X") == expected
    assert pairs("^0102112345678900|^10ABC^99X") == expected


@pytest.mark.parametrize(
    ("text", "code", "fact"),
    [
        ("", "gs1.empty", None),
        (" \r\n", "gs1.empty", None),
        ("^", "gs1.empty", None),
        ("]d2", "gs1.empty", None),
        ("hello", "gs1.not-gs1", None),
        ("+A123BJC5D6E71G", "gs1.not-gs1", None),
        ("]Q1hello", "gs1.not-gs1", None),
        ("]C0123", "gs1.symbology", ("identifier", "]C0")),
        ("2112345678901", "gs1.lint.incorrect-check-digit", ("position", 14)),
        ("]E02112345678", "gs1.not-a-gtin", ("digits", 13)),
        ("(01)" + GTIN[:-1] + "3", "gs1.lint.incorrect-check-digit", ("position", 14)),
        ("(01)" + GTIN[:-1], "gs1.value-too-short", ("ai", "01")),
        ("(01)" + GTIN + "1", "gs1.value-too-long", ("ai", "01")),
        ("(17)261301", "gs1.lint.illegal-month", ("marked", "(17)26|13|01")),
        ("(17)260431", "gs1.lint.illegal-day", ("marked", "(17)2604|31|")),
        ("(4326)260400", "gs1.lint.illegal-day", ("linter", "yymmdd")),
        ("(10)A~B", "gs1.lint.invalid-cset82-character", ("position", 2)),
        ("(10)", "gs1.value-too-short", ("ai", "10")),
        ("(89)A", "gs1.unknown-ai", ("ai", "89")),
        ("(1)A", "gs1.brackets", ("position", 1)),
        ("(10)A(B", "gs1.brackets", ("position", 6)),
        ("10" + "A" * 21, "gs1.value-too-long", ("ai", "10")),
        (f"01{GTIN}\x1d\x1d10A", "gs1.unknown-ai", None),
        (f"(01){GTIN}(21)A(21)B", "gs1.repeated", ("values", ["A", "B"])),
        (f"(01){GTIN}(02){GTIN}(37)5(00)123456789012345675", "gs1.exclusive", ("ai", "01")),
        ("(21)A", "gs1.required", ("needs", ["01", "03", "8006"])),
        (f"(01){GTIN}(8030)ABC", "gs1.required", ("ai", "8030")),
        ("(253)9506000134369(8030)ABC", "gs1.signature-without-serial", ("ai", "253")),
        ("(10)" + "A" * 8000, "gs1.too-long", ("length", 8004)),
        ("https://example.com/", "gs1.link-without-key", None),
        ("https://example.com/news/2026", "gs1.link-without-key", None),
        ("https://id.gs1.org/ARFKk4XBoCCnsCd2iA", "gs1.link-compressed", None),
        (f"https://a/01/{GTIN}/21/A/10/B", "gs1.link", ("key", "01")),
        (f"https://a/01/{GTIN}?10=B", "gs1.link", ("ai", "10")),
        (f"https://a/01/{GTIN}?8200=B", "gs1.link", ("ai", "8200")),
        (f"https://a b/01/{GTIN}", "gs1.link", ("character", " ")),
        (f"https://a:70000/01/{GTIN}", "gs1.link", ("text", "a:70000")),
        ("https://a/01/9506000134352", "gs1.value-too-short", ("ai", "01")),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_place(
    text: str, code: str, fact: tuple[str, object] | None
) -> None:
    error = refusal(text)
    assert error.code == code
    if fact:
        assert error.facts[fact[0]] == fact[1]
    for sentence in (error.message, error.remedy):
        assert sentence.en.endswith(".")
        assert sentence.zh.endswith("。")


def test_a_value_that_swallowed_the_next_element_points_to_the_scanner() -> None:
    """Without GS the lot takes in the serial number."""
    error = refusal(f"01{GTIN}10ABC123456" + "21SERIAL123456789")
    assert error.code == "gs1.value-too-long"
    assert "GS" in error.remedy.en
    assert "GS" in error.remedy.zh


def test_the_symbols_of_one_label_are_judged_together() -> None:
    first, second = scan(f"]C101{GTIN}"), scan("]C11726050010ABC1", whole=False)
    assert [e.ai for e in combine([first, second]).elements] == ["01", "17", "10"]
    with pytest.raises(GS1Error) as caught:
        combine([second])
    assert caught.value.code == "gs1.required"
    with pytest.raises(GS1Error) as caught:
        combine([first, scan("(01)00416000336108")])
    assert caught.value.code == "gs1.repeated"


def test_an_unassigned_identifier_passes_only_when_asked_to() -> None:
    kind = Options(unknown_ais=True)
    assert scan("(89)A", options=kind).get("89") == "A"
    assert scan(f"https://a/01/{GTIN}?89=A", options=kind).get("89") == "A"
    assert refusal("(891)A").code == "gs1.unknown-ai"
    # 3199 is free; its first two digits say six digits of data and no separator.
    free = scan(f"^01{GTIN}3199000001" + "10A", options=kind)
    assert [(e.ai, e.value) for e in free.elements][1:] == [("3199", "000001"), ("10", "A")]
    with pytest.raises(GS1Error):
        scan("(31990)1", options=kind)
    assert unknown("3199").predefined


def test_former_link_names_and_short_gtins_pass_only_when_asked_to() -> None:
    kind = Options(names=True, short_gtins=True)
    link = "https://a/gtin/9506000134352/lot/B?exp=260531"
    assert scan(link, options=kind).bracketed() == f"(01){GTIN}(10)B(17)260531"
    assert refusal(link).code == "gs1.link-without-key"


def test_a_bracket_inside_a_value_is_escaped_and_back() -> None:
    one = scan(f"(01){GTIN}(10)A\\(21)B")
    assert one.lot == "A(21)B"
    assert scan(one.bracketed()) == one


@pytest.mark.parametrize(
    ("linter", "data", "fault", "start"),
    [
        ("csum", "", "too-short-for-check-digit", 0),
        ("csum", "0", None, 0),
        ("csumalpha", "1987654Ad4X4bL5ttr2310c1K", "invalid-cset32-character", 23),
        ("csumalpha", "A" * 100, "too-long-for-check-pair-implementation", 0),
        ("cset64", "12=", None, 0),
        ("cset64", "===", "invalid-cset64-padding", 0),
        ("gcppos1", "950", "too-short-for-gcp", 0),
        ("gcppos1", "95A6", "invalid-gcp-prefix", 2),
        ("gcppos2", "", "too-short-for-gcp", 0),
        ("hasnondigit", "", "requires-non-digit-character", 0),
        ("zero", "", "not-zero", 0),
        ("hyphen", "--", None, 0),
        ("iban", "GB82WEST12345698765432", None, 0),
        ("iban", "GB82WEST12345698765433", "incorrect-iban-checksum", 2),
        ("iso3166", "156", None, 0),
        ("iso3166", "891", "not-iso3166", 0),
        ("iso3166999", "156", None, 0),
        ("iso3166alpha2", "XK", "not-iso3166-alpha2", 0),
        ("iso4217", "978", None, 0),
        ("iso4217", "975", "not-iso4217", 0),
        ("latitude", "180000000x", "non-digit-character", 9),
        ("longitude", "3600000000", None, 0),
        ("longitude", "360000001", "longitude-invalid-length", 0),
        ("mediatype", "11", "invalid-media-type", 0),
        ("nozeroprefix", "", None, 0),
        ("packagetype", "PX", None, 0),
        ("pcenc", "100%", "invalid-percent-sequence", 3),
        ("pieceoftotal", "", "invalid-length-for-piece-of-total", 0),
        ("posinseqslash", "10/9", "position-exceeds-end", 0),
        ("winding", "9", None, 0),
        ("yymmdd", "260500", "illegal-day", 4),
        ("yymmd0", "260500", None, 0),
        ("yymmd0", "000229", None, 0),
        ("yyyymmd0", "19000229", "illegal-day", 6),
        ("yyyymmd0", "20260200", None, 0),
        ("hhmi", "2359", None, 0),
        ("hh", "1", "hour-too-short", 0),
        ("ss", "60", "illegal-second", 0),
        ("couponposoffer", "", "coupon-missing-format-code", 0),
    ],
)
def test_a_linter_names_the_fault_and_its_place(
    linter: str, data: str, fault: str | None, start: int
) -> None:
    found = LINTERS[linter](data)
    assert (found and found.fault) == fault
    if found:
        assert found.start == start
        assert faults.fault(found.fault).message.zh


def test_check_characters_are_those_of_the_general_specifications() -> None:
    assert check_digit(GTIN[:-1]) == "2"
    assert check_digit("37610425002123456") == "9"
    # The example of the General Specifications for alphanumeric keys.
    assert check_pair("1987654Ad4X4bL5ttr2310c") == "2K"
    with pytest.raises(ValueError, match="only digits"):
        check_digit("")


def test_every_fault_of_a_coupon_has_its_sentences() -> None:
    """Cut anywhere, and with each digit made wrong, the coupon names a fault that can be told."""
    coupon = "106141416543213150110120100233110123110123" + "3991231" + "4200101"
    coupon += "50123456" + "611234567" + "92000"
    told = set()
    for at in range(len(coupon)):
        for text in (coupon[:at], *(coupon[:at] + d + coupon[at + 1 :] for d in "0123456789")):
            found = couponcode(text)
            if found:
                told.add(faults.fault(found.fault).message.en)
    assert len(told) > 15
    assert not [sentence for sentence in told if "{" in sentence]


def test_the_dictionary_is_whole_and_consistent() -> None:
    known = identifiers()
    assert len(known) == 541
    assert release() == "2026-01-27"
    assert {name for ai in known.values() for c in ai.components for name in c.linters} <= set(
        LINTERS
    )
    for ai in known.values():
        patterns = [*ai.exclusive, *(p for need in ai.required for group in need for p in group)]
        for pattern in patterns:
            assert any(matches(code, pattern) for code in known), (ai.code, pattern)
        # No identifier begins another: the first digits alone tell which one it is.
        assert [code for code in known if code.startswith(ai.code)] == [ai.code]


def test_a_pattern_means_identifiers_of_its_own_length() -> None:
    assert matches("3103", "31nn")
    assert matches("01", "0n")
    assert not matches("310", "31nn")
    assert not matches("8002", "80n")
    assert not matches("01", "nn")


def test_a_symbol_refuses_what_it_cannot_hold() -> None:
    for carrier, message in [
        (Carrier.EAN_13, BRACKETED),
        (Carrier.EAN_13, f"^01{GTIN}" + "10A"),
        (Carrier.EAN_8, f"^01{GTIN}"),
        (Carrier.DATABAR_LIMITED, "^0120000000000004"),
        (Carrier.GS1_128, "text"),
        (Carrier.QR, "https://example.com/"),
    ]:
        with pytest.raises(GS1Error):
            write_symbol(carrier, message)
    assert write_symbol(Carrier.ITF_14, f"^01{GTIN}") == "]I1" + GTIN
    assert write_symbol(Carrier.EAN_13, GTIN[1:13], add_check_digit=True) == "]E0" + GTIN[1:]
