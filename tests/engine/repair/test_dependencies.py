"""Who determines whom: scores worked out by hand, and what only looks like a dependency."""

import numpy as np
import polars as pl
import pytest

from kintsugi.engine.repair.coding import code_table
from kintsugi.engine.repair.dependencies import (
    at_home,
    claimed,
    decisive,
    group,
    left_codes,
    mine,
    score,
    spread,
)


def test_the_score_is_the_agreement_of_two_rows_corrected_for_chance():
    left, right = code_table(pl.DataFrame({"a": list("xxxyy"), "b": list("11233")}))
    value, agree, shared = score(group(left_codes([left, right], (0,)), right), right)
    # In x two rows of three agree (1/2, 1/2, 0), in y both; rows weigh 1/sqrt(rows of the group).
    x, y = 1 / 3**0.5, 1 / 2**0.5
    by_hand = (x * 1.0 + y * 2.0) / (x * 3 + y * 2)
    chance = (2 * 1 + 1 * 0 + 2 * 1) / (5 * 4)
    assert agree == pytest.approx(by_hand)
    assert value == pytest.approx((by_hand - chance) / (1 - chance))
    assert shared == 1.0


def test_groups_name_the_row_s_own_count_and_its_rival():
    columns = code_table(pl.DataFrame({"a": list("xxxxy"), "b": ["1", "1", "2", "", "3"]}))
    found = group(left_codes(columns, (0,)), columns[1])
    assert found.own.tolist() == [1, 1, 0, 0, 0]
    assert found.size.tolist() == [2, 2, 2, 3, 0]
    assert [columns[1].values[c] if c >= 0 else None for c in found.other] == [
        "2", "2", "1", "1", None
    ]  # fmt: skip
    assert found.rival.tolist() == [1, 1, 2, 2, 0]


def test_small_groups_of_independent_columns_score_nothing():
    rng = np.random.default_rng(5)
    table = pl.DataFrame(
        {
            "a": [str(v) for v in rng.integers(0, 400, 900)],
            "b": [str(v) for v in rng.integers(0, 30, 900)],
        }
    )
    columns = code_table(table)
    value, _, _ = score(group(left_codes(columns, (0,)), columns[1]), columns[1])
    assert abs(value) < 0.03  # a plain g3 or pdep would be about 0.5 here
    assert mine(columns) == []


def test_a_state_does_not_determine_its_three_area_codes():
    rng = np.random.default_rng(6)
    states = rng.integers(0, 20, 2000)
    codes = states * 3 + rng.integers(0, 3, 2000)
    columns = code_table(
        pl.DataFrame({"state": [f"s{v}" for v in states], "area": [f"{v + 200}" for v in codes]})
    )
    left = left_codes(columns, (0,))
    assert decisive(group(left, columns[1]), left, columns[1]) < 0.1
    assert [(d.left, d.right) for d in mine(columns)] == [((1,), 0)]


def test_rows_of_a_group_that_share_their_deviation_are_a_tendency():
    # Every maker has one usual size and, for a quarter of its goods, another.
    def goods(other: int) -> list[tuple[str, str]]:
        sizes = [
            (i, j, i if j < 9 else (i + other * (j - 8)) % 30) for i in range(30) for j in range(12)
        ]
        return [(f"m{i}", f"{size}") for i, _, size in sizes]

    noise = code_table(pl.DataFrame(goods(7), schema=["maker", "size"], orient="row"))
    assert [d.belief > 0.8 for d in mine(noise) if d.right == 1] == [True]
    shared = [
        (m, s if j % 12 < 9 else f"{(j // 12 + 5) % 30}") for j, (m, s) in enumerate(goods(7))
    ]
    columns = code_table(pl.DataFrame(shared, schema=["maker", "size"], orient="row"))
    assert not [d for d in mine(columns) if d.right == 1]


def test_a_pair_determines_what_neither_column_does():
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 12, 1500), rng.integers(0, 12, 1500)
    price = [f"{(x * 31 + y * 17) % 97}" for x, y in zip(a, b, strict=True)]
    table = pl.DataFrame({"a": [f"a{v}" for v in a], "b": [f"b{v}" for v in b], "price": price})
    found = [d for d in mine(code_table(table)) if d.right == 2]
    assert [(d.left, round(d.score, 3)) for d in found] == [((0, 1), 1.0)]


def test_spread_counts_equally_frequent_values():
    (even, one) = code_table(pl.DataFrame({"e": list("aabbcc"), "o": ["a", "a", "a", "a", "", ""]}))
    assert spread(even) == pytest.approx(3.0)
    assert spread(one) == pytest.approx(1.0)


def test_a_value_is_at_home_where_its_rows_stay_together():
    table = pl.DataFrame(
        {"g": list("aaaabbbb"), "v": ["al", "al", "al", "xl", "ak", "ak", "ak", "al"]}
    )
    columns = code_table(table)
    home = at_home(group(left_codes(columns, (0,)), columns[1]), columns[1])
    by_value = dict(zip(columns[1].values, home.tolist(), strict=True))
    assert by_value == {"ak": 1.0, "al": 0.75, "xl": 0.0}


def test_sources_and_what_they_make_claims_about_are_told_from_things_with_attributes():
    crossed = [(f"s{i}", f"f{j}", f"{j * 7}:{i % 3}") for i in range(8) for j in range(40)]
    columns = code_table(pl.DataFrame(crossed, schema=["source", "flight", "time"], orient="row"))
    assert claimed(columns, [0, 1, 2]) == {1: 0}
    # Hospitals by measures are crossed too, but a hospital has a name.
    named = [(*row, f"name of {row[0]}") for row in crossed]
    columns = code_table(pl.DataFrame(named, schema=["h", "m", "score", "name"], orient="row"))
    assert 1 not in claimed(columns, [0, 1, 2, 3])
