"""Device identifiers of all agencies. Examples are those the agencies and the FDA publish."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from kintsugi.engine.udi import (
    UdiError,
    check,
    check_identifiers,
    gs1,
    gtin_mask,
    hibcc,
    identify,
    parse_udi,
)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("629104150021", "3"),  # worked example of the GS1 web site
        ("0690123456789", "2"),
        ("0084151810000", "0"),  # by hand: 50 → 0
        ("0084011810540", "8"),  # by hand: 62 → 8
        ("001396467205", "3"),  # by hand: 87 → 3
        ("7", "9"),
    ],
)
def test_the_check_digit_is_the_one_worked_out_by_hand(body: str, digit: str) -> None:
    assert gs1.check_digit(body) == digit


@pytest.mark.parametrize(
    ("di", "issuer", "rule", "expected", "proposal"),
    [
        ("00841518100000", None, None, None, None),
        ("00841518100003", None, "udi.check-digit", "0", None),
        ("00840118105406", "GS1", "udi.check-digit", "8", None),
        # 13 digits whose check digit agrees: a lost zero, not a wrong digit.
        ("0013964672053", "GS1", "udi.gtin-length", None, "00013964672053"),
        ("0013964672054", "GS1", "udi.gtin-length", None, None),
        ("844588018923", None, "udi.gtin-length", None, "00844588018923"),
        ("123456789", "GS1", "udi.gtin-length", None, None),
        # A sound GTIN called HIBCC: the form contradicts, the check digit is right.
        ("00841523106431", "HIBCC", "udi.issuer-form", None, None),
        ("00841523106430", "HIBCC", "udi.issuer-form", None, None),
        ("A123BJC5D6E71", "HIBCC", None, None, None),
        ("A123BJC5D6E71", "GS1", "udi.issuer-form", None, None),
        ("+A123BJC5D6E71G", None, None, None, None),
        ("+A123BJC5D6E71H", None, "udi.check-digit", "G", None),
        ("A9999XYZ100T0944", "ICCBBA", None, None, None),
        ("MA.156.M0.100204.13351764", "MA", None, None, None),
        ("MA.156.M0.100204", "MA", "udi.form", None, None),
        ("06901234567892", "MA", "udi.issuer-form", None, None),
        ("产品一", None, "udi.form", None, None),
        ("产品一", "GS1", "udi.form", None, None),
    ],
)
def test_each_verdict_names_the_right_rule(
    di: str, issuer: str | None, rule: str | None, expected: str | None, proposal: str | None
) -> None:
    verdict = check(di, issuer)
    assert verdict == (rule is None, rule, expected, proposal)


def test_the_form_tells_the_issuer() -> None:
    assert identify("06901234567892") == ("GS1",)
    assert identify("MA.156.M0.100204.13351764") == ("MA",)
    assert identify("A9999XYZ100T0944")[0] == "ICCBBA"
    assert identify("A123BJC5D6E71") == ("HIBCC",)
    assert identify("81234567890123456789") == ("AHM",)
    assert identify("x") == ()


def test_a_gs1_string_is_the_same_with_brackets_and_as_scanned() -> None:
    printed = "(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234"
    for text in (printed, parse_udi(printed).canonical, "]d2" + _scanned(printed)):
        udi = parse_udi(text)
        assert udi.di == "51022222233336"
        assert (udi.lot, udi.serial) == ("A213B1", "1234")
        assert (udi.mfg, udi.expiry) == (date(2014, 12, 31), date(2015, 7, 7))
        assert udi.canonical == printed
        assert udi.issue is None


def _scanned(printed: str) -> str:
    return gs1.parse_bracketed(printed).scanned()


def test_day_zero_means_the_last_day_of_the_month() -> None:
    assert parse_udi("(01)06901234567892(17)260500").expiry == date(2026, 5, 31)
    assert parse_udi("(01)06901234567892(17)240200").expiry == date(2024, 2, 29)
    assert gs1.day_of("260230") is None


def test_the_century_of_a_year_follows_the_window_around_today() -> None:
    assert gs1.day_of("991231", today_year=2026) == date(1999, 12, 31)
    assert gs1.day_of("760101", today_year=2026) == date(2076, 1, 1)
    assert gs1.day_of("770101", today_year=2026) == date(1977, 1, 1)
    assert gs1.day_of("100101", today_year=2095) == date(2110, 1, 1)


def test_a_udi_with_a_wrong_check_digit_is_read_and_reported() -> None:
    udi = parse_udi("(01)06901234567893(21)A1")
    assert (udi.serial, udi.issue, udi.expected_check) == ("A1", "udi.check-digit", "2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "(21)A1",
        "(01)0690123456789",
        "(01)06901234567892(17)261301",
        "(01)06901234567892(10)",
        "(01)06901234567892(10)" + "A" * 21,
        "(01)06901234567892(10)A~B",
        "(01)06901234567892(98765)1",
        "(01)06901234567892(21)A(21)B",
        "+1234",
        "=/A9999XYZ",
        "MA.156.M0.100204",
        "MA.156.M0.100204.13351764.Q1",
        "MA.156.M0.100204.13351764.E260230",
    ],
)
def test_what_breaks_the_standard_is_refused(text: str) -> None:
    with pytest.raises(UdiError):
        parse_udi(text)


def test_the_hibc_examples_of_the_standard_are_read() -> None:
    assert hibcc.check_character("+A123BJC5D6E71") == "G"
    assert parse_udi("+A99912345/$$52001510X33").expiry == date(2020, 1, 15)
    udi = parse_udi("*+A99912345/$$52001510X3/16D20111212/S77DEFG457*")
    assert (udi.issuer, udi.di, udi.issue) == ("HIBCC", "A99912345", None)
    assert (udi.lot, udi.serial) == ("10X3", "77DEFG45")
    assert (udi.expiry, udi.mfg) == (date(2020, 1, 15), date(2011, 12, 12))
    assert parse_udi(udi.canonical) == replace(udi, raw=udi.canonical)


def test_the_hibc_example_of_the_fda_is_read_although_its_check_character_is_made_up() -> None:
    udi = parse_udi(
        "*+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C*"
    )
    assert udi.di == "H123PARTNO1234567890120"
    assert (udi.lot, udi.serial) == ("LOT123456789012345", "XYZ456789012345678")
    assert (udi.expiry, udi.mfg) == (date(2020, 2, 2), date(2013, 2, 2))
    assert (udi.issue, udi.expected_check) == ("udi.check-digit", "H")


@pytest.mark.parametrize(
    ("secondary", "lot", "serial", "expiry"),
    [
        ("$LOT9", "LOT9", None, None),
        ("$+S77", None, "S77", None),
        ("$$0928LOT9", "LOT9", None, date(2028, 9, 30)),
        ("$$2092128LOT9", "LOT9", None, date(2028, 9, 21)),
        ("$$3280921LOT9", "LOT9", None, date(2028, 9, 21)),
        ("$$528265LOT9", "LOT9", None, date(2028, 9, 21)),
        ("$$7LOT9", "LOT9", None, None),
        ("$$+3280921S77", None, "S77", date(2028, 9, 21)),
        ("$$8243280921LOT9", "LOT9", None, date(2028, 9, 21)),
        ("28265LOT9", "LOT9", None, date(2028, 9, 21)),
    ],
)
def test_secondary_data_of_hibc(
    secondary: str, lot: str | None, serial: str | None, expiry: date | None
) -> None:
    body = f"+A123BJC5D6E71/{secondary}"
    udi = parse_udi(body + hibcc.check_character(body))
    assert (udi.lot, udi.serial, udi.expiry, udi.issue) == (lot, serial, expiry, None)


def test_the_iccbba_example_of_the_fda_is_read() -> None:
    udi = parse_udi(
        "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123"
    )
    assert (udi.issuer, udi.di, udi.serial) == ("ICCBBA", "A9999XYZ100T0944", "000025")
    assert (udi.expiry, udi.mfg, udi.lot) == (date(2014, 2, 1), date(2013, 2, 1), "XYZ123")


def test_an_ma_code_is_read_part_by_part() -> None:
    udi = parse_udi("MA.156.M0.100761.21234561.Sx00008.M220117.L20220117.D20220118.E220130.C3")
    assert (udi.issuer, udi.di) == ("MA", "MA.156.M0.100761.21234561")
    assert (udi.serial, udi.lot) == ("x00008", "20220117")
    assert (udi.mfg, udi.expiry) == (date(2022, 1, 17), date(2022, 1, 30))


def test_a_column_gets_the_same_verdicts_as_its_single_values() -> None:
    rows = [
        ("06901234567892", "GS1"),
        ("06901234567893", "GS1"),
        ("00841523106431", "HIBCC"),
        ("06901234567892", None),
        ("6901234567892", None),
        ("A123BJC5D6E71", "HIBCC"),
    ]
    table = check_identifiers(
        pl.Series([r[0] for r in rows] + [None]), pl.Series([r[1] for r in rows] + [None])
    )
    assert table.height == len(rows)
    for di, issuer, *verdict in table.iter_rows():
        assert tuple(verdict) == check(di, issuer)


def test_the_mask_knows_fourteen_digits_and_nothing_else() -> None:
    values = [
        "06901234567892",
        "06901234567893",
        "6901234567892",
        "",
        None,
        "٠6901234567892",
        "0690123456789X",
        "00000000000000",
    ]
    expected = [True, False, False, False, False, False, False, True]
    assert gtin_mask(pl.Series(values)).to_list() == expected
