"""Units and dated rates against truths worked out by hand or fixed by standards.

Factors: 1 in = 25.4 mm and 1 lb/in² from 0.45359237 kg and 9.80665 m/s² (international yard and
pound, standard gravity); 760 mmHg = 101.325 kPa to four places; °F = °C × 9/5 + 32.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.convert import Conversion, convert
from kintsugi.engine.values import norm
from kintsugi.engine.values.rates import Rate, convert_money, read_rates
from kintsugi.engine.values.units import converted, unit_of


@pytest.mark.parametrize(
    ("number", "unit", "into", "wanted"),
    [
        ("1500", "g", "kg", "1.5"),
        ("1", "in", "mm", "25.4"),
        ("98.6", "°F", "°C", "37"),
        ("-40", "°C", "°F", "-40"),
        ("0", "°C", "K", "273.15"),
        ("60", "L/min", "mL/h", "3600000"),
        ("7", "d", "h", "168"),
        ("1", "T", "mT", "1000"),
        ("1.5", "m³", "L", "1500"),
        ("12345678901234567890.125", "kg", "g", "12345678901234567890125"),
    ],
)
def test_a_measure_in_another_unit_is_exact(number: str, unit: str, into: str, wanted: str) -> None:
    assert converted(Decimal(number), unit, into) == Decimal(wanted)


def test_pressures_agree_with_the_standards_as_far_as_those_go() -> None:
    found = converted(Decimal(760), "mmHg", "kPa")
    assert found is not None
    assert round(found, 4) == Decimal("101.3250")
    found = converted(Decimal(1), "psi", "kPa")
    assert found is not None
    assert round(found, 9) == Decimal("6.894757293")


@pytest.mark.parametrize(
    ("unit", "into"), [("kg", "m"), ("台", "个"), ("kVA", "kW"), ("T", "t"), ("套", "kg")]
)
def test_what_does_not_measure_the_same_is_never_converted(unit: str, into: str) -> None:
    assert converted(Decimal(1), unit, into) is None


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("公斤", "kg"), ("MHZ", "MHz"), ("mW", "mW"), ("MW", "MW"), ("T", "T"), ("t", "t"),
        ("℃", "°C"), ("升/分", "L/min"), ("cmh2o", "cmH2O"), ("EA", "个"), ("m2", "m²"),
        ("匹", None), ("kg kg kg", None), ("x" * 400, None), ("__import__('os')", None),
        ("m**9**9**9", None), ("", None),
    ],
)  # fmt: skip
def test_units_are_known_as_people_write_them(written: str, symbol: str | None) -> None:
    assert unit_of(written) == symbol


def test_a_quantity_with_a_digit_in_its_unit_is_read() -> None:
    found = norm("quantity", "30cmH2O", unit="mmHg")
    assert (found.unit, found.rule) == ("mmHg", "number.unit")
    assert round(Decimal(str(found.value)), 3) == Decimal("22.067")
    assert norm("quantity", "10x20").issue == "number.unreadable"


# -- rates: the figures are made up, the products worked out by hand -------------------------------

RATES = [
    Rate("USD", "CNY", dt.date(2024, 3, 15), Decimal("7.0975"), 1, "list 1"),
    Rate("USD", "CNY", dt.date(2024, 3, 18), Decimal("7.0943"), 1, "list 2"),
    Rate("JPY", "CNY", dt.date(2024, 3, 15), Decimal("4.7836"), 100),
    Rate("EUR", "USD", dt.date(2024, 3, 15), Decimal("1.09")),
]


def rows_of(*rows: tuple[str | None, str, str], **more: Any) -> list[tuple[str | None, ...]]:
    amounts, currencies, days = (pl.Series(list(c), dtype=pl.Utf8) for c in zip(*rows, strict=True))
    found = convert_money(
        amounts, into="CNY", rates=RATES, days=days, currencies=currencies, **more
    )
    return found.select("converted", "rate", "rate_day", "issue").rows()


def test_each_amount_takes_the_rate_of_its_own_day() -> None:
    assert rows_of(
        ("US$ 1,200", "", "2024-03-16"),  # a Saturday: Friday's rate. 1200 × 7.0975
        ("100", "美元", "2024年3月18日"),
        ("1000", "JPY", "2024-03-20"),  # 47.836, up
        ("0.01", "USD", "2024-03-15"),  # 0.070975
        ("-0.5 USD", "", "2024-03-18"),  # -3.54715, away from zero
        ("12.5万", "CNY", ""),  # nothing to convert: no day needed
    ) == [
        ("8517.00", "7.0975", "2024-03-15", None),
        ("709.43", "7.0943", "2024-03-18", None),
        ("47.84", "0.047836", "2024-03-15", None),
        ("0.07", "7.0975", "2024-03-15", None),
        ("-3.55", "7.0943", "2024-03-18", None),
        ("125000.00", None, None, None),
    ]


def test_what_cannot_be_converted_says_why_and_an_empty_cell_says_nothing() -> None:
    found = rows_of(
        ("5", "GBP", "2024-03-20"),
        ("5", "USD", "2024-03-14"),  # before the first rate
        ("5", "USD", "2024-04-19"),  # 32 days after the last
        ("5", "USD", ""),
        ("5", "USD", "2024-02-30"),
        ("5", "", "2024-03-20"),
        ("many", "USD", "2024-03-20"),
        ("1" * 30, "USD", "2024-03-20"),
        (None, "USD", "2024-03-20"),
        ("5", "EUR", "2024-03-20"),  # there is a rate, but into dollars
    )
    assert [one[3] for one in found] == [
        "money.no-rate", "money.no-rate", "money.rate-old", "money.no-day", "date.invalid",
        "money.no-currency", "number.unreadable", "number.range", None, "money.no-rate",
    ]  # fmt: skip
    assert {one[0] for one in found} == {None}


def test_half_a_fen_goes_away_from_zero_and_nothing_is_a_binary_number() -> None:
    rate = [Rate("USD", "CNY", dt.date(2024, 1, 1), Decimal("7.5"))]
    found = convert_money(
        pl.Series(["0.67 USD", "-0.67 USD", "99999999999999.99 USD"]),
        into="CNY", rates=rate, days=dt.date(2024, 1, 1),
    )  # fmt: skip
    # 0.67 × 7.5 = 5.025
    assert found["converted"].to_list() == ["5.03", "-5.03", "749999999999999.93"]


@pytest.mark.parametrize(
    ("text", "code", "line", "field"),
    [
        ("currency,into,since\n", "rates.unreadable", 1, "currency, into, since, rate"),
        ("currency,into,since,rate\nXXX,CNY,2024-01-01,7\n", "rates.unreadable", 2, "currency"),
        ("currency,into,since,rate\nUSD,CNY,1.1.24,7\n", "rates.unreadable", 2, "since"),
        ("currency,into,since,rate\nUSD,CNY,2024-01-01,-7\n", "rates.unreadable", 2, "rate, per"),
        ("currency,into,since,rate,per\nUSD,CNY,2024-01-01,7,3\n", "rates.unreadable", 2,
         "rate, per"),
        ("currency,into,since,rate\nUSD,CNY,2024-01-01,NaN\n", "rates.unreadable", 2, "rate, per"),
        ("currency,into,since,rate\nUSD,CNY,2024-01-01,7\n美元,CNY,2024-01-01,7.1\n",
         "rates.twice", 3, None),
    ],
)  # fmt: skip
def test_a_book_of_rates_that_cannot_be_read_names_line_and_field(
    tmp_path: Path, text: str, code: str, line: int, field: str | None
) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(KintsugiError) as refused:
        read_rates(path)
    facts = refused.value.facts
    assert (refused.value.code, facts["line"], facts.get("field")) == (code, line, field)


def test_a_column_is_converted_beside_what_stood_there() -> None:
    frame = pl.DataFrame({"重量": ["15公斤", "1500 g", None, "3台"], "n": ["1", "2", "3", "4"]})
    found = convert(frame, Conversion("重量", "kg"))
    assert found.frame.columns == ["重量", "n", "重量 kg"]
    assert found.frame["重量 kg"].to_list() == ["15", "1.5", None, None]
    assert found.frame["重量"].to_list() == frame["重量"].to_list()
    assert (found.done, found.left.rows()) == (2, [(3, "3台", "number.unit")])


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Conversion("x", "kg"), "convert.no-column"),
        (Conversion("a", "nonsense"), "convert.no-unit"),
        (Conversion("a", "CNY", RATES), "convert.no-day"),
        (Conversion("a", "CNY", RATES, "a", dt.date(2024, 1, 1)), "convert.no-day"),
        (Conversion("a", "SEK", RATES, "a"), "convert.no-rates"),
    ],
)
def test_a_conversion_that_cannot_be_is_refused_before_anything_is_done(
    wanted: Conversion, code: str
) -> None:
    with pytest.raises(KintsugiError) as refused:
        convert(pl.DataFrame({"a": ["1"]}), wanted)
    assert refused.value.code == code
