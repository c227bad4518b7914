"""A profile against tables whose facts were counted by hand."""

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.profiling import DRIFTS, Profile, drift, from_dict, profile_table
from kintsugi.engine.profiling.page import html_page

AT = dt.date(2026, 11, 27)


def profiled(frame: pl.DataFrame, **facts: Any) -> Profile:
    rows = pl.Series("row", range(2, frame.height + 2))
    return profile_table(frame, rows, source="t.csv", table="t", at=AT, **facts)


def column(*values: str | None, name: str = "c") -> Any:
    found = profiled(pl.DataFrame({name: list(values)}, schema={name: pl.String})).column(name)
    assert found is not None
    return found


def test_cells_are_counted_once_each() -> None:
    found = column("A", "B", "A", None, "不详", "N/A", " A ", "C", "/")
    assert (found.rows, found.blank, found.nothing, found.filled) == (9, 1, 3, 5)
    assert (found.distinct, found.once) == (3, 2)
    assert found.top == (("A", 3), ("B", 1), ("C", 1))


@pytest.mark.parametrize(
    ("values", "type_", "least", "most"),
    [
        (["3", "12", "7"], "integer", "3", "12"),
        (["1,200.50", "8", "-2"], "decimal", "-2", "1200.5"),
        (["2024-01-05", "2023年5月6日", "2023.5.7"], "date", "2023-05-06", "2024-01-05"),
        (["是", "否", "是"], "boolean", "否", "是"),
        (["00123", "00456", "99999"], "text", "00123", "99999"),
        (["6901234567892", "6901234567893"], "text", "6901234567892", "6901234567893"),
        (["泵", "刀"], "text", "刀", "泵"),
        ([None, "无"], "empty", None, None),
    ],
)
def test_the_type_of_a_column(
    values: list[str | None], type_: str, least: str | None, most: str | None
) -> None:
    found = column(*values)
    assert (found.type, found.least, found.most) == (type_, least, most)


def test_what_is_not_of_the_type_is_named_with_its_row() -> None:
    found = column(*map(str, range(40)), "12a", "x")
    assert found.type == "integer"
    assert [(odd.why, odd.value, odd.first_row) for odd in found.odd] == [
        ("type", "12a", 42), ("type", "x", 43),
    ]  # fmt: skip


def test_patterns_are_classes_with_run_lengths() -> None:
    found = column("SN-00123", "SN-00999", "ab1 汉字", "Q2")
    assert found.patterns == (("A{2}-9{5}", 2), ("A9", 1), ("a{2}9 汉{2}", 1))
    many = column(*(f"SN{n:04d}" for n in range(200)), "SN-1")
    assert [(odd.why, odd.value, odd.first_row) for odd in many.odd] == [("pattern", "SN-1", 202)]


def test_numbers_and_dates_far_from_the_rest() -> None:
    found = column(*(str(n) for n in range(100, 160)), "9000")
    assert [(odd.why, odd.value) for odd in found.odd] == [("far", "9000")]
    days = column(*("2024-01-01",) * 30, "1909-01-01", "2041-01-01")
    assert [(odd.why, odd.value) for odd in days.odd] == [
        ("type", "1909-01-01"), ("late", "2041-01-01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("x", ["(01)09506000134352(10)AB(21)C1", "(01)09506000134376(21)C2"], "udi"),
        ("x", ["09506000134352", "09506000134376"], "gtin"),
        ("x", ["91350100M000100Y43", "9144030071526726XG"], "credit_code"),
        ("x", ["a@example.org", "b.c@example.com"], "email"),
        ("x", ["010-62345678", "13800138000"], "phone"),
        ("联系电话", ["62345678", "65432100"], "phone"),
        ("x", ["¥1,200.00", "￥35"], "money"),
        ("采购金额", ["1200", "35.5"], "money"),
        ("x", ["深圳示例医疗有限公司", "示例市第一医院"], "organisation"),
        ("x", ["Example Medical Ltd.", "Sample Hospital"], "organisation"),
        ("x", ["张伟", "王秀英", "欧阳锋"], "person"),
        ("engineer", ["Jane Roe", "John Q. Doe"], "person"),
        ("出厂编号", ["SN20391", "SN20392", "SX-10777"], "serial"),
        ("规格型号", ["CT660", "CT660", "CT-750"], "model"),
        ("x", ["12%", "99.5%"], "percent"),
        ("x", ["red", "green"], None),
        ("x", ["Red Wine", "Old Ale"], None),
        ("序号", ["1", "2", "3"], None),
    ],
)
def test_what_a_column_is_about(name: str, values: list[str], kind: str | None) -> None:
    found = column(*values, name=name)
    assert (found.meaning.kind if found.meaning else None) == kind


def test_wrong_check_digits_make_accuracy_and_nothing_else_does() -> None:
    codes = ["09506000134352", "09506000134376", "09506000134353"]
    frame = pl.DataFrame({"gtin": codes, "name": ["a", "b", "c"]})
    scores = {one.name: one for one in profiled(frame).scores}
    # The third ends in 3 where 2 is right.
    assert (scores["accuracy"].counted, scores["accuracy"].of) == (2, 3)
    plain = {one.name: one.value for one in profiled(frame.select("name")).scores}
    assert (plain["accuracy"], plain["timeliness"]) == (None, None)
    assert plain["completeness"] == 100.0


def _orders() -> pl.DataFrame:
    """60 lines; line 10 has a wrong total, line 20 ends before it starts, line 30 another city."""
    city = {"A": "北京", "B": "上海", "C": "广州"}
    rows = []
    for n in range(60):
        hospital = "ABC"[n % 3]
        qty, price = n % 7 + 2, 10 + n % 11
        total = qty * price + (1 if n == 10 else 0)
        start = dt.date(2026, 1, 1) + dt.timedelta(days=3 * n)
        end = start + dt.timedelta(days=-5 if n == 20 else 40 + n % 9)
        rows.append((f"L{n:03d}", hospital, "深圳" if n == 30 else city[hospital],
                     *map(str, (qty, price, total, start, end, n // 6, n % 6))))  # fmt: skip
    names = ["line", "hospital", "city", "qty", "price", "total", "starts", "ends", "order", "pos"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def test_keys_dependences_and_rules_with_their_exceptions() -> None:
    found = profiled(_orders())
    keys = {key.columns for key in found.keys if key.repeated == 0}
    assert ("line",) in keys
    assert ("order", "pos") in keys
    assert not any({"line"} < set(key) for key in keys)
    rules = {(rule.kind, rule.columns): rule for rule in found.rules}
    product = rules[("product", ("qty", "price", "total"))]
    assert (product.held, product.rows, product.first_rows) == (59, 60, (12,))
    order = rules[("order", ("starts", "ends"))]
    assert (order.held, order.rows, order.first_rows) == (59, 60, (22,))
    (city,) = [d for d in found.dependences if (d.left, d.right) == (("hospital",), "city")]
    assert (city.exceptions, city.first_rows) == (1, (32,))
    # Filled cells of typed columns (7 × 60), two rules, and the dependences that are sure.
    consistency = next(one for one in found.scores if one.name == "consistency")
    assert consistency.of - consistency.counted >= 3
    assert found.risks[0].value > 0


def test_a_number_that_two_rows_share_is_shown_as_nearly_a_key() -> None:
    serials = [f"SN{n:05d}" for n in range(500)] + ["SN00007"]
    found = profiled(pl.DataFrame({"serial": serials}))
    assert [(k.columns, k.repeated, k.first_rows) for k in found.keys] == [
        (("serial",), 2, (9, 502))
    ]


def test_timeliness_is_measured_where_asked() -> None:
    frame = pl.DataFrame({"seen": ["2026-11-26", "2026-11-01", "2026-01-01", None, "2027-01-01"]})
    found = profiled(frame, dated_by="seen", within_days=30)
    (score,) = [one for one in found.scores if one.name == "timeliness"]
    # Two of four dated rows: one is too old, one has not come yet.
    assert (score.counted, score.of, score.value) == (2, 4, 50.0)
    with pytest.raises(KintsugiError) as refusal:
        profiled(frame, dated_by="gone")
    assert refusal.value.code == "profile.no-column"


def kinds(earlier: pl.DataFrame, later: pl.DataFrame) -> list[tuple[str, str | None]]:
    return [(one.kind, one.column) for one in drift(profiled(earlier), profiled(later))]


def test_nothing_changed_is_no_drift() -> None:
    assert kinds(_orders(), _orders()) == []
    shuffled = _orders().sample(fraction=1, shuffle=True, seed=7)
    assert kinds(_orders(), shuffled) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: f.drop("city"), ("column-gone", "city")),
        (lambda f: f.rename({"hospital": "医院"}), ("column-renamed", "hospital")),
        (lambda f: f.with_columns(pl.lit("x").alias("extra")), ("column-new", "extra")),
        (lambda f: f.with_columns(qty=pl.lit("many")), ("type", "qty")),
        (lambda f: f.with_columns(line=pl.lit("L001")), ("key-lost", "line")),
        (lambda f: f.head(20), ("rows-shrunk", None)),
        (lambda f: f.with_columns(city=pl.when(pl.int_range(60) < 30).then("city")),
         ("blanks", "city")),
        (lambda f: f.with_columns(line="N-" + pl.col("line")), ("patterns", "line")),
        (lambda f: f.with_columns(price=pl.col("price") + "00"), ("spread", "price")),
        (lambda f: f.with_columns(hospital=pl.lit("D")), ("values-new", "hospital")),
        (lambda f: f.select(reversed(f.columns)), ("order", None)),
    ],
)  # fmt: skip
def test_each_change_is_seen(change: Any, expected: tuple[str, str | None]) -> None:
    found = kinds(_orders(), change(_orders()))
    assert expected in found
    assert all(kind in DRIFTS for kind, _ in found)


def test_a_profile_is_read_back_as_it_was_written() -> None:
    found = profiled(_orders())
    assert from_dict(json.loads(json.dumps(found.as_dict()))) == found
    with pytest.raises((KeyError, ValueError)):
        from_dict({"version": 1})
    with pytest.raises(ValueError, match="version"):
        from_dict({"version": 99})


def test_the_page_shows_texts_and_runs_none_of_them() -> None:
    hostile = pl.DataFrame({"<script>alert(1)</script>": ["<img src=x onerror=alert(1)>", "b&c"]})
    for language in ("zh", "en"):
        page = html_page(profiled(hostile), [], language)
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;img src=x" in page


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(max_size=12)),
            st.one_of(st.none(), st.sampled_from(["1", "2024-01-01", "", " ", "无", "9" * 400])),
        ),
        max_size=25,
    )
)
def test_any_table_is_profiled_and_its_counts_add_up(rows: list[tuple[Any, Any]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    found = profiled(frame.with_columns(pl.all().replace("", None)))
    for one in found.columns:
        assert one.blank + one.nothing + one.filled == frame.height
        assert one.once <= one.distinct <= one.filled
    for score in found.scores:
        assert score.value is None or 0 <= score.value <= 100
    html_page(found, drift(found, found), "en")
    assert drift(found, found) == []


def test_a_few_whole_numbers_have_a_step_each_and_no_gap_between_them() -> None:
    numbers = column(*(str(1 + n % 9) for n in range(90))).numbers
    assert numbers is not None
    assert numbers.counts == (10,) * 9
    assert (numbers.edges[0], numbers.edges[-1]) == (0.5, 9.5)
