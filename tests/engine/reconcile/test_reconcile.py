"""Reconciling against truths worked out by hand, and against trying every choice."""

import itertools
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.reconcile import BREAKS, Plan, Reconciliation, reconcile


def table(names: str, *rows: str) -> pl.DataFrame:
    """Columns by blanks, cells by ``|``; an empty cell is null."""
    columns = names.split()
    cells = [[cell.strip() or None for cell in row.split("|")] for row in rows]
    return pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String), orient="row")


def kinds(found: Reconciliation) -> list[tuple[str, Any, Any]]:
    return [(one.kind, one.left, one.right) for one in (*found.matches, *found.breaks)]


ALL = Plan(key=("no", "no"), amount=("amount", "amount"), date=("day", "day"))


def test_the_same_rows_in_another_order_and_another_notation_match_exactly() -> None:
    left = table(
        "no day amount", "A1|2026-03-01|1,200.00", "A2|2026年3月2日|80", "A2|2026-03-02|80"
    )
    right = table("no day amount", "a2|2026/3/2|80.0", "A2|2026.3.2|80.00", "A1|2026-03-01|1200")
    found = reconcile(left, right, ALL)
    assert kinds(found) == [("exact", (0,), (2,)), ("exact", (1,), (0,)), ("exact", (2,), (1,))]
    assert (found.left_total, found.right_total) == (Decimal(1360), Decimal(1360))


def test_a_row_once_more_is_named_as_repeated() -> None:
    left = table("no day amount", "A1|2026-03-01|10", "A1|2026-03-01|10")
    found = reconcile(left, left[:1], ALL)
    assert kinds(found) == [("exact", (0,), (0,)), ("repeated-left", 1, None)]
    assert found.breaks[0].difference == Decimal(10)


def test_the_choice_is_the_best_in_all_and_not_the_nearest_first() -> None:
    # The nearest for 10.4 is 10.3; taking it would leave 10.0 with nothing within 0.35.
    left = table("amount", "10.0", "10.4")
    right = table("amount", "10.3", "10.7")
    plan = Plan(amount=("amount", "amount"), amount_tolerance=Decimal("0.35"))
    found = reconcile(left, right, plan)
    assert [(one.left, one.right, one.difference) for one in found.matches] == [
        ((0,), (0,), Decimal("-0.3")),
        ((1,), (1,), Decimal("-0.3")),
    ]
    assert found.breaks == ()


def test_dates_and_texts_have_their_tolerance() -> None:
    left = table("day amount who", "2026-03-01|500|Acme Medical Ltd", "2026-03-01|500|Beta GmbH")
    right = table("day amount who", "2026-03-03|500|beta gmbh", "2026-03-02|500|MEDICAL Acme Ltd.")
    plan = Plan(amount=("amount",) * 2, date=("day",) * 2, text=("who",) * 2, days=2)
    found = reconcile(left, right, plan)
    assert [(one.left, one.right, one.days) for one in found.matches] == [
        ((0,), (1,), 1),
        ((1,), (0,), 2),
    ]
    assert [one.likeness and one.likeness > 0.9 for one in found.matches] == [True, True]
    closer = reconcile(left, right, Plan(**{**vars(plan), "days": 1}))
    assert [one.kind for one in closer.breaks] == ["timing"]


def test_one_invoice_paid_in_three_parts_and_one_payment_for_two_invoices() -> None:
    invoices = table("no amount", "I1|300", "I2|70", "I3|55")
    payments = table("no amount", "I1|100", "I1|120", "I1|80", "|125")
    plan = Plan(key=("no", "no"), amount=("amount", "amount"))
    found = reconcile(invoices, payments, plan)
    assert kinds(found) == [
        ("one-to-many", (0,), (0, 1, 2)),
        ("only-left", 1, None),
        ("only-left", 2, None),
        ("only-right", None, 3),
    ]
    # Only amounts would be chance; with a day they are evidence.
    dated = [
        frame.with_columns(pl.lit("2026-01-05").alias("day")) for frame in (invoices, payments)
    ]
    found = reconcile(*dated, ALL)
    assert ("many-to-one", (1, 2), (3,)) in kinds(found)
    assert found.breaks == ()


def test_parts_that_could_be_others_are_not_guessed() -> None:
    left = table("day amount", "2026-01-01|100")
    right = table("day amount", *(f"2026-01-01|{n}" for n in (40, 60, 30, 70)))
    plan = Plan(amount=("amount",) * 2, date=("day",) * 2)
    found = reconcile(left, right, plan)
    assert found.matches == ()
    # Equal amounts stand for one another.
    right = table("day amount", *(f"2026-01-01|{n}" for n in (50, 50, 50)))
    assert kinds(reconcile(left, right, plan))[0] == ("one-to-many", (0,), (0, 1))


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        ("100.00", "100.03", "rounding"),
        ("1234", "-1234", "sign"),
        ("1234", "1243", "transposed"),
        ("1250", "12500", "shifted"),
        ("12.50", "1250", "shifted"),
        ("1234", "1284", "digit"),
        ("500", "340", "partial"),
        ("340", "517", "amount"),
        ("100", "-340", "amount"),
    ],
)
def test_a_difference_is_named_by_its_shape(left: str, right: str, kind: str) -> None:
    plan = Plan(key=("no", "no"), amount=("amount", "amount"))
    found = reconcile(table("no amount", f"A|{left}"), table("no amount", f"A|{right}"), plan)
    (only,) = found.breaks
    assert (only.kind, only.left, only.right) == (kind, 0, 0)
    assert only.difference == Decimal(left) - Decimal(right)


def test_a_ratio_that_several_share_is_a_pattern() -> None:
    net, gross = (100, 200, 310, 47), ("113", "226", "350.3", "999")
    left = table("no amount", *(f"A{n}|{value}" for n, value in enumerate(net)))
    right = table("no amount", *(f"A{n}|{value}" for n, value in enumerate(gross)))
    found = reconcile(left, right, Plan(key=("no", "no"), amount=("amount", "amount")))
    assert [one.kind for one in found.breaks] == ["ratio", "ratio", "ratio", "amount"]
    assert found.breaks[0].facts == {"ratio": "0.885"}
    fees = table("no amount", "A0|88.5", "A1|188.5", "A2|298.5", "A3|47")
    found = reconcile(left, fees, Plan(key=("no", "no"), amount=("amount", "amount")))
    assert [one.kind for one in found.breaks] == ["constant"] * 3
    assert found.breaks[0].facts == {"constant": "11.5"}


def test_what_cannot_be_read_is_a_break_and_nothing_else() -> None:
    left = table("no day amount", "A|2026-02-30|5", "B|2026-02-01|five", "C|2026-02-01|5")
    found = reconcile(left, left, ALL)
    assert [(side, row, text) for side, row, _column, text in found.unread] == [
        ("left", 0, "2026-02-30"), ("left", 1, "five"),
        ("right", 0, "2026-02-30"), ("right", 1, "five"),
    ]  # fmt: skip
    assert kinds(found)[0] == ("exact", (2,), (2,))
    assert [one.kind for one in found.breaks] == ["unread"] * 4


def test_a_plan_that_compares_nothing_or_another_column_is_refused() -> None:
    one = table("no", "A")
    with pytest.raises(KintsugiError) as refusal:
        reconcile(one, one, Plan(date=("no", "no")))
    assert refusal.value.code == "reconcile.nothing-to-compare"
    with pytest.raises(KintsugiError) as refusal:
        reconcile(one, one, Plan(key=("no", "number")))
    assert (refusal.value.code, refusal.value.facts["column"]) == ("reconcile.no-column", "number")


def test_tolerances_that_say_nothing_are_refused_before_the_work() -> None:
    many = pl.DataFrame({"amount": [str(n % 10) for n in range(6000)]})
    with pytest.raises(KintsugiError) as refusal:
        reconcile(many[:5000], many[:6000].with_columns(amount=pl.col("amount") + ".1"),
                  Plan(amount=("amount", "amount"), amount_tolerance=Decimal(10)))  # fmt: skip
    assert refusal.value.code == "reconcile.too-many-pairs"


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", None]),
        st.sampled_from(["1", "2", "2.5", "3", "10", "-2", "x", None]),
        st.sampled_from(["2026-01-01", "2026-01-02", "2026-01-09", None]),
    ),
    max_size=8,
)


def frame_of(rows: Any) -> pl.DataFrame:
    schema = dict.fromkeys(("no", "amount", "day"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, st.sampled_from(["0", "0.5", "2"]), st.integers(0, 3))
def test_every_row_is_in_one_match_or_break_and_the_totals_are_explained(
    left: Any, right: Any, tolerance: str, days: int
) -> None:
    plan = Plan(key=("no",) * 2, amount=("amount",) * 2, date=("day",) * 2, days=days,
                amount_tolerance=Decimal(tolerance))  # fmt: skip
    found = reconcile(frame_of(left), frame_of(right), plan)
    for side, rows in (("left", left), ("right", right)):
        seen = [row for one in found.matches for row in getattr(one, side)]
        seen += [getattr(b, side) for b in found.breaks if getattr(b, side) is not None]
        assert sorted(seen) == list(range(len(rows)))
    assert found.left_total is not None
    assert found.right_total is not None
    assert found.explained == found.left_total - found.right_total
    assert {one.kind for one in found.breaks} <= set(BREAKS)
    for one in found.matches:
        assert one.difference is not None
        assert abs(one.difference) <= Decimal(tolerance)
    again = reconcile(frame_of(left), frame_of(right), plan)
    assert again == found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_as_many_rows_as_can_be_are_matched_at_the_least_difference(
    left: list[int], right: list[int], reach: int
) -> None:
    plan = Plan(amount=("amount",) * 2, amount_tolerance=Decimal(reach), parts=1)
    found = reconcile(
        pl.DataFrame({"amount": list(map(str, left))}),
        pl.DataFrame({"amount": list(map(str, right))}),
        plan,
    )
    # Equal amounts are taken first; the optimum of the rest, by trying every choice.
    used = [one for one in found.matches if one.kind == "exact"]
    mine = [v for n, v in enumerate(left) if all(one.left != (n,) for one in used)]
    theirs = [v for n, v in enumerate(right) if all(one.right != (n,) for one in used)]
    best = max(
        (
            (count, -sum(abs(a - b) for a, b in zip(chosen, other, strict=True)))
            for count in range(min(len(mine), len(theirs)) + 1)
            for chosen in itertools.combinations(mine, count)
            for other in itertools.permutations(theirs, count)
            if all(abs(a - b) <= reach for a, b in zip(chosen, other, strict=True))
        ),
    )
    close = [one for one in found.matches if one.kind == "within-tolerance"]
    off = sum(abs(one.difference or Decimal(0)) for one in close)
    assert (len(close), -off) == best
