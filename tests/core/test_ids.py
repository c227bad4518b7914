"""Identifiers: UUID version 7, ordered, and never twice."""

import time
import uuid

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.core import ids
from kintsugi.core.ids import uuid7, uuid7_series

MANY = 200_000


@pytest.fixture(scope="module")
def many() -> pl.Series:
    return uuid7_series(MANY)


def test_200000_ids_of_a_load_are_different_and_strictly_increasing(many: pl.Series) -> None:
    assert len(many) == MANY == many.n_unique()
    assert (many.slice(1) > many.slice(0, MANY - 1)).all()


def test_single_ids_increase_too_also_when_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [uuid7() for _ in range(5_000)]
    now = time.time_ns()
    monkeypatch.setattr(ids.time, "time_ns", lambda: now - 3_600_000_000_000)
    made += [uuid7() for _ in range(5_000)]
    assert made == sorted(set(made), key=lambda one: one.bytes)
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_their_order_as_text_is_the_database_s_order_of_bytes(many: pl.Series) -> None:
    some = [uuid.UUID(text) for text in many.gather_every(997)]
    assert [one.bytes for one in some] == sorted(one.bytes for one in some)
    assert [str(one) for one in some] == many.gather_every(997).to_list()


def test_every_id_has_the_version_and_variant_bits_of_rfc_9562(many: pl.Series) -> None:
    assert many.str.contains(
        r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
    ).all()
    one = uuid.UUID(many[MANY // 2])
    assert (one.version, one.variant) == (7, uuid.RFC_4122)


def test_the_first_48_bits_are_the_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    made = [uuid7(), *map(uuid.UUID, uuid7_series(3))]
    after = time.time_ns() // 1_000_000
    assert all(before <= one.int >> 80 <= after for one in made)


def test_two_loads_in_one_millisecond_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_795_334_400_000_000_000)
    both = pl.concat([uuid7_series(100_000), uuid7_series(100_000)])
    assert both.n_unique() == 200_000


def test_beyond_two_to_the_26_the_next_millisecond_is_borrowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = (1 << 26) - 2
    monkeypatch.setattr(
        ids.np, "arange", lambda count, dtype: np.array(range(start, start + count), dtype=dtype)
    )
    made = uuid7_series(4)
    assert made.is_sorted()
    assert made.n_unique() == 4
    stamps = [uuid.UUID(one).int >> 80 for one in made]
    assert [stamp - stamps[0] for stamp in stamps] == [0, 0, 1, 1]
    assert {uuid.UUID(one).version for one in made} == {7}


@settings(max_examples=20, deadline=None)
@given(count=st.integers(0, 50))
def test_as_many_as_asked_for(count: int) -> None:
    assert len(uuid7_series(count)) == count


def test_single_ids_are_version_7_and_different() -> None:
    made = {uuid7() for _ in range(10_000)}
    assert len(made) == 10_000
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}
