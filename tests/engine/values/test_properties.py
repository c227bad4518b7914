"""What must hold for every value: nothing is lost by doing it twice, guards agree with Python."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.contract import load_contracts
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.udi import gs1, parse_udi
from kintsugi.engine.values import (
    ACTIONS,
    KINDS,
    RULES,
    kernel,
    norm,
    normalise,
    normalise_column,
    numerals,
)
from kintsugi.engine.values.base import NULL_WORDS
from kintsugi.engine.values.kernel import SCHEMA, _canonical

# Texts of the characters in which the readers' branches lie.
DIRTY = st.text(
    alphabet=st.sampled_from(
        "0123456789.,-/~()（）年月日万元整一二三十〇壹"
        "AaNnXxSs+:：;、 \u3000\u200b\t\n'\"=#TP中械注准字第号%"
    ),
    max_size=24,
)
ANY = st.one_of(
    DIRTY, st.text(max_size=40), st.from_regex(r"[A-Z]{0,3}-?[0-9]{1,14}", fullmatch=True)
)
ARGS: dict[str, dict[str, object]] = {
    "list": {"item": "code", "separators": ["|", ";"]},
    "enum": {"allowed": {"installed": ["在用"], "x": ["年"], "sn": ["一"]}},
    "text": {"max_length": 30},
    "code": {"max_length": 30},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=60, deadline=None)
@given(raw=ANY)
def test_a_normalised_value_stays_as_it_is_when_normalised_again(kind: str, raw: str) -> None:
    first = norm(kind, raw, **ARGS.get(kind, {}))
    if first.value is None:
        return
    again = norm(kind, first.value, **ARGS.get(kind, {}))
    assert again.value == first.value
    # What is wrong with a value that stays is still wrong the second time.
    if first.issue and kind != "phone":
        assert again.issue == first.issue


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=60, deadline=None)
@given(raw=ANY)
def test_every_outcome_is_explained_and_an_issue_that_asks_leaves_no_value(
    kind: str, raw: str
) -> None:
    result = norm(kind, raw, **ARGS.get(kind, {}))
    assert result.rule is None or result.rule in ACTIONS
    if result.issue:
        assert RULES[result.issue].severity == "warn" or result.value is None
    elif result.value is None and raw.strip():
        # No value, no issue: only with a reason, or because nothing visible stands there.
        assert result.rule or not re.search(r"[^\W_]", raw) or kind in ("code", "list")
    assert 0 <= result.confidence <= 1


GUARDED = ["text", "code", "serial", "di", "date", "boolean", "enum", "integer", "decimal", "money"]


@pytest.mark.parametrize("kind", GUARDED)
@settings(max_examples=40, deadline=None)
@given(raws=st.lists(ANY, max_size=30))
def test_what_the_guard_lets_pass_python_returns_unchanged(kind: str, raws: list[str]) -> None:
    args = {**ARGS.get(kind, {}), "minimum": 0}
    raws = [
        *raws,
        "2023-05-06",
        "2023-02-30",
        "06901234567892",
        "true",
        "installed",
        "AB-120045",
        "n / a",
        "ｎａ",
        "0.50",
        "1.5",
        "7",
        "-1",
        "-0.00",
        "SN",
        "TEST1",
        "11111111",
        "12345678",
        "1E+17",
        "123.0",
        "无",
        "ABCDE",
        "a b",
        "a\u00a0b",
        "－－",
        "00",
        "0",
        "1900-01-01",
    ]
    distinct = pl.DataFrame({"raw": pl.Series(raws, dtype=pl.Utf8)}).unique()
    mask = _canonical(kind, distinct, args)
    assert mask is not None
    for raw in distinct.filter(mask)["raw"]:
        result = norm(kind, raw, **args)
        assert (result.value, result.rule, result.issue) == (raw, None, None), raw


@settings(max_examples=30, deadline=None)
@given(raws=st.lists(st.one_of(st.none(), ANY), max_size=30))
def test_a_column_says_the_same_as_its_values(raws: list[str | None]) -> None:
    for kind in ("text", "date", "money", "serial"):
        table = normalise(kind, pl.Series(raws, dtype=pl.Utf8))
        assert table.schema == SCHEMA
        assert sorted(table["raw"]) == sorted({raw for raw in raws if raw is not None})
        for row in table.to_dicts():
            single = norm(kind, row["raw"])
            assert row["value"] == single.value
            assert row["issue"] == single.issue
            assert json.loads(row["more"] or "{}") == dict(single.more)


@settings(max_examples=200, deadline=None)
@given(day=st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_a_day_is_the_same_however_it_is_written(day: date) -> None:
    y, m, d = day.year, day.month, day.day
    serial = (day - date(1899, 12, 30)).days
    forms = [
        f"{y}-{m}-{d}",
        f"{y}/{m:02}/{d:02}",
        f"{y}.{m}.{d}",
        f"{y}年{m}月{d}日",
        f"{y}{m:02}{d:02}",
        f"{d} {day:%B} {y}",
        f"{y}-{m:02}-{d:02} 08:30:00",
    ]
    if 18_000 <= serial <= 73_050:
        forms.append(str(serial))
    for form in forms:
        assert norm("date", form).value == day.isoformat(), form
    assert norm("date", f"{d}/{m}/{y}", order="dmy").value == day.isoformat()
    assert norm("date", f"{m}/{d}/{y}", order="mdy").value == day.isoformat()
    assert norm("date", day.isoformat()).rule is None


@settings(max_examples=200, deadline=None)
@given(cents=st.integers(-(10**12), 10**12))
def test_an_amount_is_exact_in_every_form(cents: int) -> None:
    amount = Decimal(cents) / 100
    plain = f"{amount:.2f}"
    assert norm("money", plain).value == plain.replace("-0.00", "0.00")
    assert norm("money", f"{amount:,.2f}元").value == norm("money", plain).value
    assert norm("money", f"¥{abs(amount)}").value == f"{abs(amount):.2f}"
    shifted = amount.scaleb(-4)
    assert norm("money", f"{shifted:f}万").value == norm("money", plain).value
    if cents > 0:
        assert norm("money", f"({plain})").value == f"-{plain}"


@settings(max_examples=300, deadline=None)
@given(number=st.integers(0, 10**12))
def test_chinese_numerals_read_back_what_was_written(number: int) -> None:
    assert numerals.integer(_written(number)) == number


def _written(number: int) -> str:
    """A number in Chinese, written the long way, independent of the reader."""
    if number >= 10**8:
        head, tail = divmod(number, 10**8)
        return _written(head) + "亿" + _tail(tail, 10**7)
    if number >= 10**4:
        head, tail = divmod(number, 10**4)
        return _written(head) + "万" + _tail(tail, 10**3)
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if zero and text else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        else:
            zero = True
    return text or "零"


def _tail(number: int, full: int) -> str:
    if number == 0:
        return ""
    return ("零" if number < full else "") + _written(number)


CSET = "".join(chr(c) for c in range(33, 127) if re.match(gs1.CSET82, chr(c)))


@settings(max_examples=200, deadline=None)
@given(
    body=st.from_regex(r"[0-9]{13}", fullmatch=True),
    lot=st.none() | st.text(alphabet=CSET, min_size=1, max_size=20),
    serial=st.none() | st.text(alphabet=CSET, min_size=1, max_size=20),
    expiry=st.none() | st.dates(date(2000, 1, 1), date(2049, 12, 31)),
)
def test_a_udi_prints_and_parses_to_the_same_parts(
    body: str, lot: str | None, serial: str | None, expiry: date | None
) -> None:
    di = body + gs1.check_digit(body)
    elements = [("01", di)]
    elements += [("17", f"{expiry:%y%m%d}")] if expiry else []
    elements += [("10", lot)] if lot else []
    elements += [("21", serial)] if serial else []
    string = gs1.ElementString(tuple(elements))
    udi = parse_udi(string.scanned() if len(elements) > 1 else string.bracketed())
    assert (udi.di, udi.lot, udi.serial, udi.expiry) == (di, lot, serial, expiry)
    again = parse_udi(udi.canonical)
    assert (again.di, again.lot, again.serial, again.expiry) == (di, lot, serial, expiry)
    assert again.canonical == udi.canonical


def test_no_word_for_nothing_has_a_digit_that_the_guard_relies_on() -> None:
    assert not [word for word in NULL_WORDS if re.search("[1-9]", word)]


def test_every_rule_speaks_both_languages_and_shows_the_value() -> None:
    for rule_id, rule in RULES.items():
        assert rule_id == rule.id
        assert all((*rule.title, *rule.remedy))
        assert re.search("[一-鿿]", rule.title.zh + rule.remedy.zh)
        assert "{v}" in rule.describe("{v}").en or "{value}" not in rule.title.en


def test_every_kind_a_contract_names_exists() -> None:
    for contract in load_contracts().values():
        for field in contract.fields:
            assert field.norm in KINDS, (contract.entity, field.name)
            norm(field.norm, "一", **field.norm_args)


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(KintsugiError) as refusal:
        norm("horoscope", "x")
    assert refusal.value.code == "values.unknown-kind"


def test_days_before_and_after_a_leap_day_follow_each_other() -> None:
    days = [norm("date", str(45350 + n)).value for n in range(3)]
    assert days == [(date(2024, 2, 28) + timedelta(days=n)).isoformat() for n in range(3)]


HEADERS = st.sampled_from(["", "单价", "单价(万元)", "price (USD)"])


@pytest.mark.parametrize("kind", ["serial", "code", "text", "date", "money", "decimal", "integer"])
@settings(max_examples=60, deadline=None)
@given(raws=st.lists(st.one_of(st.none(), ANY, st.dates().map(str)), max_size=30), header=HEADERS)
def test_a_column_of_many_values_is_read_as_each_value_is(
    kind: str, raws: list[str | None], header: str
) -> None:
    """With values that differ, the column is looked at row by row; with few, once per value."""
    told: dict[str, object] = {"header": header} if kind in ("money", "decimal") and header else {}
    column = pl.Series(raws, dtype=pl.Utf8)
    wanted = [(n.value, n.issue) for n in (norm(kind, raw, **told) for raw in raws)]
    for many in (-1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "_MANY", many)
            assert normalise_column(kind, column, told).rows() == wanted
