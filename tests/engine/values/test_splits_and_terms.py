"""Several things in one cell, votes of a column, and terms of time."""

from __future__ import annotations

from datetime import date

import pytest

from kintsugi.engine.values import (
    end_of_term,
    norm,
    propose_padding,
    split_period,
    split_serials,
    split_terms,
    vote_date_order,
    warranty_conflict,
)


@pytest.mark.parametrize(
    ("raw", "quantity", "parts", "issue"),
    [
        ("SN123/124", 2, ["SN123", "SN124"], None),
        ("SN123/4", 2, ["SN123", "SN124"], None),
        ("SN123/124", 3, ["SN123/124"], "serial.count"),
        ("SN001~005", 5, ["SN001", "SN002", "SN003", "SN004", "SN005"], None),
        ("SN001～SN003", 3, ["SN001", "SN002", "SN003"], None),
        ("SN001至003", 3, ["SN001", "SN002", "SN003"], None),
        ("SN098-100", 3, ["SN098", "SN099", "SN100"], None),
        ("SN098-100", 1, ["SN098-100"], None),
        ("SN098-100", None, ["SN098-100"], None),
        ("SN001~005", 4, ["SN001~005"], "serial.count"),
        ("AB001", 3, ["AB001"], "serial.count"),
        ("AB001", 1, ["AB001"], None),
        ("A12、A13,A14", 3, ["A12", "A13", "A14"], None),
        ("主机A1234+探头P9981", 2, ["A1234", "P9981"], None),
        ("2015/0123", None, ["2015/0123"], None),
    ],
)
def test_serials_in_one_cell_are_split_only_when_the_quantity_agrees(
    raw: str, quantity: int | None, parts: list[str], issue: str | None
) -> None:
    split = split_serials(raw, quantity=quantity)
    assert (split.parts, split.issue) == (parts, issue)


@pytest.mark.parametrize(
    ("raw", "main"),
    [
        ("21046651(主机)+P200150(附件)", "21046651"),
        ("P200150（探头）＋an-21046651（主机）", "AN-21046651"),
        ("主机:A1234 探头:P9981 电池:B77", "A1234"),
        ("A1234+P9981(probe)", "A1234"),
        ("host: A1234, probe: P9981", "A1234"),
    ],
)
def test_of_a_main_unit_with_its_parts_the_main_units_serial_is_proposed(
    raw: str, main: str
) -> None:
    result = norm("serial", raw)
    assert (result.value, result.issue, result.more["proposal"]) == (None, "serial.composite", main)


@pytest.mark.parametrize(
    "raw",
    ["A1234+P9981", "SN-2046(2015)", "A1234(主机)", "A1234(主机)+A1235(主机)", "US-2013/0187"],
)
def test_without_a_main_unit_and_a_part_nothing_is_taken_for_the_main_unit(raw: str) -> None:
    assert norm("serial", raw).issue != "serial.composite"


def test_a_range_of_millions_is_not_split() -> None:
    assert split_serials("SN0000001~9999999").parts == ["SN0000001~9999999"]


def test_a_column_votes_for_its_order_and_a_contradiction_decides_nothing() -> None:
    assert vote_date_order(["05/06/2023", "25/06/2023"]) == "dmy"
    assert vote_date_order(["05/06/2023", "06/25/2023", None, ""]) == "mdy"
    assert vote_date_order(["05/06/2023"]) is None
    assert vote_date_order(["25/06/2023", "06/25/2023"]) is None
    assert vote_date_order(["25/06/2023"] * 21 + ["06/25/2023"]) == "dmy"
    assert vote_date_order(["2023/06/25"]) is None


def test_zeros_are_proposed_back_only_where_the_column_shows_they_belong() -> None:
    column = [f"00{n}" for n in range(1000, 1020)] + ["731"]
    assert propose_padding(column) == {"731": "000731"}
    assert propose_padding([str(n) for n in range(100000, 100020)] + ["731"]) == {}


def test_a_period_gives_its_start_and_end() -> None:
    sides = split_period("2023.5-2026.5", end_of_month=True)
    assert sides is not None
    assert [s.value for s in sides] == ["2023-05", "2026-05-31"]
    open_ended = split_period("2023年5月1日至长期")
    assert open_ended is not None
    assert (open_ended[0].value, open_ended[1].rule) == ("2023-05-01", "date.open-ended")
    assert split_period("2023-05-06") is None


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        (date(2023, 5, 6), "P36M", date(2026, 5, 5)),
        (date(2023, 1, 1), "P12M", date(2023, 12, 31)),
        (date(2023, 1, 31), "P1M", date(2023, 2, 28)),
        (date(2024, 2, 29), "P12M", date(2025, 2, 28)),
        (date(2023, 5, 6), "P90D", date(2023, 8, 3)),
    ],
)
def test_a_term_ends_the_day_before_its_anniversary(start: date, term: str, end: date) -> None:
    assert end_of_term(start, term) == end


def test_two_terms_in_one_text_are_two_terms() -> None:
    assert split_terms("整机一年球管两年") == [("整机", "P12M"), ("球管", "P24M")]
    assert split_terms("主机36个月,探头12个月") == [("主机", "P36M"), ("探头", "P12M")]
    assert split_terms("三年") == []


def test_out_of_warranty_with_a_future_end_is_a_conflict() -> None:
    today = date(2024, 1, 1)
    assert warranty_conflict("已过保", date(2025, 1, 1), as_of=today)
    assert not warranty_conflict("已过保", date(2023, 1, 1), as_of=today)
    assert not warranty_conflict("未过保", date(2025, 1, 1), as_of=today)
    assert not warranty_conflict("已过保", None, as_of=today)
