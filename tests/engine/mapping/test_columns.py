"""Schema matching: names, values, the mapping of one to one and what must always hold."""

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.contract import load_contract
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping import (
    Matching,
    contract_columns,
    frame_columns,
    match_columns,
    score_columns,
)
from kintsugi.engine.mapping.assign import assigned
from kintsugi.engine.mapping.columns import dated, number, pattern
from kintsugi.engine.mapping.names import name_likeness, stem, word_likeness, words


def matched(source: pl.DataFrame, target: pl.DataFrame, **options: object) -> Matching:
    return match_columns(frame_columns(source), frame_columns(target), **options)  # type: ignore[arg-type]


def blank(*names: str) -> pl.DataFrame:
    return pl.DataFrame({name: [None] for name in names}, schema=dict.fromkeys(names, pl.String))


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("purchaseDate", ("purchase", "date")),
        ("Path_Stage-pT", ("path", "stage", "pt")),
        ("Height.cm", ("height", "cm")),
        ("UDICode", ("udi", "code")),
        ("qty of items", ("quantity", "items")),
        ("设备名称", ("设备", "备名", "名称")),
        ("", ()),
    ],
)
def test_words_of_a_header(header: str, parts: tuple[str, ...]) -> None:
    assert words(header) == parts


def test_forms_of_one_word_have_one_stem() -> None:
    assert len({stem(word) for word in ("number", "numbers")}) == 1
    assert len({stem(word) for word in ("pathologic", "pathological")}) == 1
    assert stem("device") != stem("date")


@pytest.mark.parametrize(
    ("short", "long", "least"),
    [("dept", "department", 0.6), ("qty", "quantity", 0.6), ("manuf", "manufacturer", 0.8),
     ("dt", "date", 0.6), ("kg", "weight", 0.6)],
)  # fmt: skip
def test_abbreviations(short: str, long: str, least: float) -> None:
    told = name_likeness([short], [[long], ["something else"]])
    assert told[0, 0] >= least * 0.9
    assert told[0, 1] < 0.3


def test_words_that_only_begin_alike_are_not_the_same() -> None:
    assert word_likeness(["date"], ["data"])[0, 0] < 1
    assert word_likeness(["12"], ["13"])[0, 0] == 0


def test_initials_stand_for_the_words_they_begin() -> None:
    told = name_likeness(["tnm"], [["tumor_node_metastasis"], ["total_amount"]])
    assert told[0, 0] > 0.7 > told[0, 1]


@pytest.mark.parametrize(
    ("header", "field"),
    [("出厂编号", "serial_no"), ("规格型号", "product_model"), ("购置日期", "purchase_date"),
     ("xuliehao", "serial_no"), ("dept", "department"), ("WarrantyEnd", "warranty_end"),
     ("购入金额(元)", "purchase_price"), ("mfg dt", "mfg_date")],
)  # fmt: skip
def test_headers_name_fields_of_a_contract(header: str, field: str) -> None:
    fields = contract_columns(load_contract("device"))
    assert match_columns(frame_columns(blank(header)), fields).columns[0].target == field


def test_values_decide_where_names_say_nothing() -> None:
    target = pl.DataFrame(
        {"colour": ["red", "green", "blue"], "shape": ["round", "square", "flat"]}
    )
    source = pl.DataFrame({"x1": ["Square", "flat "], "x2": ["BLUE", "red"]})
    assert matched(source, target).pairs == {"x1": "shape", "x2": "colour"}


def test_values_that_all_targets_hold_say_less_than_rare_ones() -> None:
    common = {f"q{i}": ["yes", "no", "unknown"] for i in range(8)}
    target = pl.DataFrame({**common, "grade": ["high", "low", "unknown"]})
    source = pl.DataFrame({"a": ["high", "unknown", "unknown"], "b": ["yes", "no", "no"]})
    scores = score_columns(frame_columns(source), frame_columns(target))
    assert scores[0].argmax() == 8
    assert scores[0].max() > scores[1].max()


def test_words_that_disagree_beat_a_name() -> None:
    target = pl.DataFrame(
        {"status": ["open", "closed", None], "stock_status": ["sealed", "broken", "worn"]}
    )
    source = pl.DataFrame({"status": ["sealed", "worn", "broken"]})
    first = matched(source, target).columns[0]
    assert first.candidates[0].target == "stock_status"


def test_codes_written_alike_find_each_other() -> None:
    target = pl.DataFrame({"k1": ["AB-1234-X", "CD-9876-Y"], "k2": ["2021/33/771", "2020/12/004"]})
    source = pl.DataFrame({"c": ["2019/45/120", "2018/01/333"]})
    assert matched(source, target).columns[0].candidates[0].target == "k2"


def test_one_target_for_one_column() -> None:
    found = matched(blank("date", "dates", "the_date"), blank("date", "place"))
    given = list(found.pairs.values())
    assert len(given) == len(set(given))
    assert found.pairs["date"] == "date"


def test_the_assignment_has_the_greatest_sum_and_leaves_what_is_far() -> None:
    # By hand: 0→1 and 1→0 give 0.85 + 0.9, 0→0 and 1→1 only 0.9 + 0.1.
    assert assigned(np.array([[0.9, 0.85], [0.9, 0.1]])).tolist() == [[0, 1], [1, 0]]
    # Row 1 would have to take 0.2 where 0.9 was its best: it stays without.
    assert assigned(np.array([[0.95, 0.1], [0.9, 0.2]])).tolist() == [[1, 0], [0, 0]]


def test_approved_pairs_come_first() -> None:
    found = matched(blank("x", "date"), blank("date", "place"), approved=[("date", "place")])
    assert found.pairs["date"] == "place"
    assert found.columns[1].candidates[0].score == 1
    assert found.columns[1].candidates[0].reasons[0].en == "approved before"


def test_reasons_name_shared_values_in_both_languages() -> None:
    target = pl.DataFrame({"gender": ["male", "female"], "age": ["3", "4"]})
    reasons = matched(pl.DataFrame({"g": ["Male", "female"]}), target).columns[0].candidates[0]
    told = " ".join(one.en for one in reasons.reasons)
    assert "female" in told
    assert any("值相符" in one.zh for one in reasons.reasons)


def test_numbers_dates_and_patterns() -> None:
    assert [number(t) for t in ("1,200.5", " 5 %", "", ".", "1e3", "a1")] == [
        1200.5, 5.0, None, None, 1000.0, None,
    ]  # fmt: skip
    assert [dated(t) for t in ("2021年3月2日", "2021-03-02", "20210302001")] == [True, True, False]
    assert pattern("MX-500/3 型") == "A-999/9 汉"


def test_without_columns_it_refuses() -> None:
    with pytest.raises(KintsugiError) as caught:
        match_columns([], frame_columns(blank("a")))
    assert caught.value.code == "map.no-columns"


def test_too_many_columns_are_refused() -> None:
    one = frame_columns(blank("a"))
    with pytest.raises(KintsugiError) as caught:
        match_columns(one * 1_500, one * 1_500)
    assert caught.value.code == "map.too-wide"


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": []}, schema={"a": pl.String}),
        blank("only"),
        pl.DataFrame({"": ["x" * 300_000], " ": ["\u202e\U0001f600"]}),
        pl.DataFrame({"𝔘𝔫𝔦": ["ＡＢ１", "\x00", "﷽"], "%": ["1e999", "-", "٣"]}),
    ],
    ids=["empty", "blank", "huge", "odd"],
)  # fmt: skip
def test_hostile_tables(frame: pl.DataFrame) -> None:
    for source, target in ((frame, blank("a", "b")), (blank("a", "b"), frame), (frame, frame)):
        found = matched(source, target)
        assert [one.source for one in found.columns] == source.columns


_names = st.lists(st.text(max_size=12), min_size=1, max_size=5, unique=True)
_cells = st.lists(st.none() | st.text(max_size=6), min_size=3, max_size=3)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    names = draw(_names)
    return pl.DataFrame({n: draw(_cells) for n in names}, schema=dict.fromkeys(names, pl.String))


@settings(max_examples=40, deadline=None)
@given(frames(), frames())
def test_what_always_holds(source: pl.DataFrame, target: pl.DataFrame) -> None:
    found = matched(source, target)
    assert found == matched(source, target)
    assert [one.source for one in found.columns] == source.columns
    assert len(set(found.pairs.values())) == len(found.pairs)
    assert set(found.pairs.values()) <= set(target.columns)
    for one in found.columns:
        scores = [c.score for c in one.candidates]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)


def test_a_table_finds_itself_whatever_the_order_and_the_headers() -> None:
    rng = random.Random(7)
    whole = {
        "serial": [f"SN{rng.randrange(10**6):06}" for _ in range(60)],
        "bought": [f"20{rng.randrange(10, 25)}-0{rng.randrange(1, 9)}-11" for _ in range(60)],
        "state": [rng.choice(["running", "stopped", "scrapped"]) for _ in range(60)],
        "ward": [rng.choice(["surgery", "pediatrics", "dental", "imaging"]) for _ in range(60)],
        "maker": [rng.choice(["Mindray", "Philips", "Dräger", "Getinge"]) for _ in range(60)],
    }
    target = pl.DataFrame(whole).head(30)
    columns = list(whole)
    rng.shuffle(columns)
    source = pl.DataFrame({f"f{i}": whole[name][30:] for i, name in enumerate(columns)})
    found = matched(source, target)
    right = {f"f{i}": name for i, name in enumerate(columns)}
    assert {one.source: one.candidates[0].target for one in found.columns} == right


def test_public_benchmark_stays_above_its_bars(shared_data: Path) -> None:
    from bench.quality_mapping import measure

    mean = measure(shared_data)["mean"]
    assert isinstance(mean, dict)
    assert mean["mrr"] >= 0.78
    assert mean["recall_at_gt"] >= 0.45
