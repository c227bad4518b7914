"""Columns that slipped are named; columns in their place are not."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.contract import load_contract
from kintsugi.engine.mapping import column_fits, contract_fits, find_shifts, frame_columns
from kintsugi.engine.mapping.shift import MAX_ROWS, Fits

TARGET = pl.DataFrame(
    {
        "gender": ["male", "female"] * 5,
        "colour": ["white", "black"] * 5,
        "age": [str(20 + i) for i in range(10)],
    }
)
SAME = {name: name for name in TARGET.columns}


def fits() -> dict[str, Fits]:
    return {one.name: column_fits(one) for one in frame_columns(TARGET)}


def test_two_columns_changed_places() -> None:
    frame = pl.DataFrame(
        {"gender": ["White", "black", "white"], "colour": ["male", "Male", "female"],
         "age": ["21", "22", "23"]}
    )  # fmt: skip
    first, second = find_shifts(frame, SAME, fits())
    assert (first.source, first.neighbour, first.fits) == ("gender", "colour", "colour")
    assert (first.cells, first.filled, first.swapped) == (3, 3, True)
    assert (second.source, second.fits, second.swapped) == ("colour", "gender", True)


def test_some_rows_slipped_one_column_to_the_left() -> None:
    frame = pl.DataFrame(
        {
            "gender": ["male", "female", "white", "black", "white"],
            "colour": ["white", "black", "30", "31", "32"],
            "age": ["25", "26", None, None, None],
        }
    )
    first, second = find_shifts(frame, SAME, fits())
    assert (first.source, first.fits, first.rows) == ("gender", "colour", (3, 4, 5))
    assert (second.source, second.fits, second.examples) == ("colour", "age", ("30", "31", "32"))
    assert all("30" in said for said in second.message)


def test_columns_in_their_place_raise_nothing() -> None:
    assert find_shifts(TARGET, SAME, fits()) == []


def test_strange_values_that_fit_no_neighbour_are_no_shift() -> None:
    frame = pl.DataFrame({"gender": ["m?"] * 9, "colour": ["white"] * 9, "age": ["25"] * 9})
    assert find_shifts(frame, SAME, fits()) == []


def test_one_word_that_may_stand_in_both_is_no_shift() -> None:
    frame = pl.DataFrame({"gender": ["male"] * 6 + ["white"] * 6, "colour": ["white"] * 12})
    assert find_shifts(frame, SAME, fits()) == []


def test_a_column_that_takes_any_text_needs_an_exchange_within_the_row() -> None:
    contract = contract_fits(load_contract("device"))
    mapping = {"序列号": "serial_no", "生产日期": "mfg_date", "科室": "department"}
    frame = pl.DataFrame(
        {"序列号": ["2021-01-03", "2022-05-06", "2020-11-30"], "生产日期": ["S1", "S2", "S3"],
         "科室": ["ICU"] * 3}
    )  # fmt: skip
    (alarm,) = find_shifts(frame, mapping, contract)
    assert (alarm.source, alarm.fits, alarm.swapped) == ("序列号", "mfg_date", True)
    apart = frame.with_columns(生产日期=pl.Series(["2020-01-01", "2020-01-02", "2020-01-03"]))
    assert find_shifts(apart, mapping, contract) == []
    right = frame.select(序列号="生产日期", 生产日期="序列号", 科室="科室")
    assert find_shifts(right, mapping, contract) == []


def test_rows_of_a_long_table_are_its_own() -> None:
    size = MAX_ROWS * 3
    cells = ["male"] * (size // 2) + ["white", "black"] * (size // 4)
    frame = pl.DataFrame({"gender": cells, "colour": ["white"] * size})
    (alarm,) = find_shifts(frame, SAME, fits())
    assert all(cells[row - 1] != "male" for row in alarm.rows)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.none() | st.text(max_size=5), min_size=4, max_size=4), max_size=6))
def test_any_table_is_answered_the_same_twice(rows: list[list[str | None]]) -> None:
    schema = dict.fromkeys(("gender", "colour", "age", "odd"), pl.String)
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    once = find_shifts(frame, {**SAME, "odd": "nothing"}, fits())
    assert once == find_shifts(frame, {**SAME, "odd": "nothing"}, fits())
    assert all(0 < one.cells <= one.filled for one in once)
