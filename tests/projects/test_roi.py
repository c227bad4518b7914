"""Cost and benefit: values worked by hand, and what must hold for all of them."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.projects.roi import Line, months_from, npv, payback, roi_pct, summary

D = Decimal
JAN = dt.date(2027, 1, 1)
amounts = st.decimals(min_value=0, max_value=10_000_000, places=2)
flows = st.lists(st.decimals(min_value=-1_000_000, max_value=1_000_000, places=2), max_size=60)
rates = st.decimals(min_value=0, max_value=100, places=3)


def test_present_value_of_a_year_ahead_is_divided_by_the_years_rate() -> None:
    """1 120 in twelve months at 12 % a year is 1 000 today; 1 000 spent now leaves nothing."""
    later = [D(-1000), *[D(0)] * 11, D(1120)]
    assert npv(later, D(12)) == D("0.00")
    assert npv([D(0), *[D(0)] * 11, D(1120)], D(12)) == D("1000.00")


def test_two_years_ahead_counts_twice_and_no_rate_is_a_sum() -> None:
    """1 210 in 24 months at 10 %: 1 210 ÷ 1.21 = 1 000."""
    assert npv([D(0)] * 24 + [D(1210)], D(10)) == D("1000.00")
    assert npv([D("-100.10"), D("50.05"), D("60.10")], D(0)) == D("10.05")
    assert npv([], D(8)) == D("0.00")


@pytest.mark.parametrize(
    ("given_flows", "month"),
    [
        ([-100, 60, 40, 5], 3),  # −100, −40, 0: back in the third month
        ([-100, 60, 30], None),  # −10 at the end
        ([-100, 150, -80, 40], 4),  # 50 in month 2, −30 in month 3, 10 in month 4: for good there
        ([100, 20], None),  # nothing was ever spent
        ([], None),
    ],
)  # fmt: skip
def test_payback_is_the_month_from_which_the_sum_stays_up(given_flows, month) -> None:
    assert payback([D(one) for one in given_flows]) == month


def test_return_on_investment_by_hand() -> None:
    assert roi_pct(D(200), D(250)) == D("25.0")
    assert roi_pct(D(300), D(200)) == D("-33.3")
    assert roi_pct(D(0), D(200)) is None, "nothing spent has no return"


def test_a_small_project_adds_up_in_all_three_cases() -> None:
    """Cost 300 in January; benefit 100 a month January to April. Base: 400 − 300 = 100, 33.3 %,
    back in March. Worst: cost 390, benefit 60 a month = 240: −150, never back. Best: cost 270,
    benefit 120 a month = 480: 210, back in March (−150, −30, +90)."""
    lines = [
        Line("cost", {JAN: D(300)}, best_pct=90, worst_pct=130),
        Line("benefit", dict.fromkeys(months_from(JAN, 4), D(100)), best_pct=120, worst_pct=60),
    ]
    base = summary(lines, rate_pct=D(0))
    assert base is not None
    assert (base.cost, base.benefit, base.net) == (D(300), D(400), D(100))
    assert (base.roi_pct, base.payback, base.npv) == (D("33.3"), 3, D(100))
    assert base.flows == [D(-200), D(100), D(100), D(100)]
    worst = summary(lines, rate_pct=D(0), case="worst")
    best = summary(lines, rate_pct=D(0), case="best")
    assert worst is not None
    assert best is not None
    assert (worst.cost, worst.benefit, worst.payback) == (D(390), D(240), None)
    assert (best.cost, best.benefit, best.payback) == (D(270), D(480), 3)


def test_what_nobody_knows_is_counted_and_not_taken_for_nothing() -> None:
    found = summary([Line("benefit", {JAN: None, dt.date(2027, 2, 1): D(5)})], rate_pct=D(0))
    assert found is not None
    assert (found.benefit, found.unknown) == (D(5), 1)
    assert summary([], rate_pct=D(0)) is None


def test_months_go_over_the_end_of_a_year() -> None:
    assert months_from(dt.date(2026, 11, 1), 3) == [
        dt.date(2026, 11, 1), dt.date(2026, 12, 1), dt.date(2027, 1, 1)
    ]  # fmt: skip


@given(flows)
def test_without_a_rate_present_value_is_the_sum(found: list[Decimal]) -> None:
    assert npv(found, D(0)) == sum(found, D(0))


@given(st.lists(amounts, min_size=1, max_size=60), rates, rates)
def test_income_is_worth_less_the_higher_the_rate(found, one, two) -> None:
    low, high = sorted((one, two))
    assert npv(found, low) >= npv(found, high) >= 0


@given(flows, rates)
def test_present_value_of_the_opposite_is_the_opposite(found, rate) -> None:
    assert npv([-flow for flow in found], rate) == -npv(found, rate)


@given(flows)
def test_payback_means_the_sum_is_up_from_there_on_and_was_not_just_before(found) -> None:
    month = payback(found)
    sums = [sum(found[: n + 1], D(0)) for n in range(len(found))]
    if month is None:
        assert not any(f < 0 for f in found) or sums[-1] < 0
    else:
        assert all(total >= 0 for total in sums[month - 1 :])
        assert month == 1 or sums[month - 2] < 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cost", "benefit"]), amounts, st.integers(1, 36),
            st.integers(0, 100), st.integers(100, 300),
        ),
        min_size=1, max_size=6,
    ),
    rates,
)  # fmt: skip
def test_best_is_never_worse_than_base_nor_base_than_worst(rows, rate) -> None:
    lines = [
        Line(
            side, dict.fromkeys(months_from(JAN, count), amount),
            best_pct=low if side == "cost" else high, worst_pct=high if side == "cost" else low,
        )
        for side, amount, count, low, high in rows
    ]  # fmt: skip
    worst, base, best = (summary(lines, rate_pct=rate, case=c) for c in ("worst", "base", "best"))
    assert worst is not None
    assert base is not None
    assert best is not None
    cent = D("0.02")
    assert best.npv + cent >= base.npv
    assert base.npv + cent >= worst.npv
    assert best.net + cent >= base.net >= worst.net - cent


@given(amounts.filter(lambda a: a > 0), amounts, st.integers(2, 50))
def test_return_does_not_depend_on_the_scale(cost, benefit, times) -> None:
    assert roi_pct(cost * times, benefit * times) == roi_pct(cost, benefit)
