"""What is learned from answered rows."""

import polars as pl
import pytest

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.repair import choose, learn, study
from kintsugi.engine.repair.transforms import learn_transforms


def _languages() -> tuple[pl.DataFrame, pl.DataFrame]:
    short = ["eng", "fre", "ger", "chi"]
    long = dict(zip(short, ["English", "French", "German", "Chinese"], strict=True))
    clean = pl.DataFrame(
        {"id": [f"p{i}" for i in range(200)], "language": [short[i % 4] for i in range(200)]}
    )
    spoilt = [long[v] if i % 10 == 3 else v for i, v in enumerate(clean["language"])]
    return clean.with_columns(pl.Series("language", spoilt)), clean


def _answered(clean: pl.DataFrame, rows: list[int]) -> pl.DataFrame:
    return clean[rows].with_columns(pl.Series("_row", rows))


def test_a_correction_is_carried_to_the_same_value_elsewhere():
    dirty, clean = _languages()
    assert study(dirty).sure().is_empty()  # nothing says what a language's code is
    learned = learn(study(dirty), _answered(clean, [3, 13, 23, 33, 0, 1, 2]))
    sure = learned.propose(0.9)
    assert set(sure.select("value", "proposed").rows()) == {("Chinese", "chi"), ("French", "fre")}
    assert sure.height == 20
    wrong = {i for i in range(200) if i % 10 == 3}
    assert set(learned.detect()["row"]) == wrong


def test_a_value_right_elsewhere_is_not_changed_everywhere():
    clean = pl.DataFrame(
        {"id": [f"p{i}" for i in range(90)], "town": ["Oslo", "Hamar", "Bodø"] * 30}
    )
    dirty = clean.with_columns(clean["town"].scatter(4, "Oslo"))
    learned = learn(study(dirty), _answered(clean, [4, 5, 7]))
    assert learned.propose(0.9).select("row", "proposed").rows() == [(4, "Hamar")]


def test_answers_hold_for_their_own_cells():
    dirty, clean = _languages()
    learned = learn(study(dirty), _answered(clean, [3]))
    row = learned.findings.filter((pl.col("row") == 3) & (pl.col("column") == "language"))
    assert row.select("proposed", "rule", "confidence").row(0) == ("chi", "answered", 1.0)


def test_rows_chosen_show_what_differs():
    dirty, _ = _languages()
    rows = choose(study(dirty), 4)
    assert len(set(rows)) == 4
    kinds = {dirty["language"][r][0].isupper() for r in rows}
    assert kinds == {True, False}
    assert rows == choose(study(dirty), 4)


@pytest.mark.parametrize("budget", [0, -1, 201])
def test_a_bad_budget_is_refused(budget):
    with pytest.raises(KintsugiError) as refused:
        choose(study(_languages()[0]), budget)
    assert refused.value.code == "repair.bad-budget"


@pytest.mark.parametrize(
    "answers",
    [
        pl.DataFrame({"_row": [0], "id": ["p0"]}),
        pl.DataFrame({"id": ["p0"], "language": ["eng"]}),
        pl.DataFrame({"_row": [900], "id": ["p0"], "language": ["eng"]}),
        pl.DataFrame({"_row": [-1], "id": ["p0"], "language": ["eng"]}),
        pl.DataFrame({"_row": [1, 1], "id": ["p1", "p1"], "language": ["fre", "fre"]}),
        pl.DataFrame({"_row": [None], "id": ["p1"], "language": ["fre"]}),
        pl.DataFrame(schema={"_row": pl.Int64, "id": pl.String, "language": pl.String}),
    ],
)
def test_answers_of_another_table_are_refused(answers):
    with pytest.raises(KintsugiError) as refused:
        learn(study(_languages()[0]), answers)
    assert refused.value.code == "repair.bad-answers"


@pytest.mark.parametrize(
    ("pairs", "text", "becomes"),
    [
        ([("12.0 oz", "12"), ("16.0 oz.", "16")], "19.2 ounce", "19.2"),
        ([("CHERRY-*", "CHERRY")], "LEMON-*", "LEMON"),
        ([("ref 12", "12")], "ref 99", "99"),
        ([("1907", "01907")], "2139", "02139"),
        ([("Smith, John", "Smith")], "Doe, Jane", "Doe"),
        ([("a", "A")], "b", "B"),
    ],
)
def test_a_change_is_found_that_explains_the_pairs(pairs, text, becomes):
    found = [one.apply(text) for one in learn_transforms(pairs, [])]
    assert becomes in found


def test_a_change_that_would_harm_a_right_value_is_left_out():
    pairs = [("12%", "12")]
    assert learn_transforms(pairs, ["40"])
    assert not [t for t in learn_transforms(pairs, ["97%"]) if t.apply("55%") == "55"]


def test_one_letter_for_another_is_no_rule():
    assert [t.apply("maxhem") for t in learn_transforms([("maxh", "math")], [])] in ([], [None])
