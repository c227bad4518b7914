"""Matching against small truths worked out by hand: who is whom, what a person's word does."""

import random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching import Decision, Plan, learn, match
from kintsugi.engine.matching.blocking import count_pairs
from kintsugi.engine.matching.clusters import cluster_ids, decided, join, one_to_one
from kintsugi.engine.matching.features import features, weigh
from kintsugi.engine.matching.learned import candidates
from kintsugi.engine.matching.model import LINKS

FIRST = [
    "anna", "bo", "carl", "dora", "emil", "frida", "georg", "hanna", "ivo", "jana", "kurt",
    "lena", "max", "nora", "otto", "paula",
]  # fmt: skip
LAST = [
    "adler", "bauer", "claus", "diehl", "ebert", "frank", "graf", "huber", "igel", "jung", "kern",
    "lang", "maier", "noll",
]  # fmt: skip
TOWNS = ["aachen", "berlin", "celle", "dresden", "essen", "fulda", "goslar", "hanau"]


def people(count: int = 240, seed: int = 7) -> tuple[pl.DataFrame, set[tuple[int, int]]]:
    """Invented people; every third is there again at the end with one letter or field wrong."""
    r = random.Random(seed)
    rows = [
        [r.choice(FIRST), r.choice(LAST), f"19{r.randrange(40, 99)}-{r.randrange(1, 13):02}-"
         f"{r.randrange(1, 29):02}", r.choice(TOWNS), f"0{r.randrange(10**8, 10**9)}"]
        for _ in range(count)
    ]  # fmt: skip
    truth = set()
    for number in range(0, count, 3):
        again = list(rows[number])
        wrong = r.randrange(5)
        at = r.randrange(1, len(again[wrong]))
        again[wrong] = again[wrong][:at] + again[wrong][at + 1 :] if number % 2 else ""
        truth.add((number, len(rows)))
        rows.append(again)
    names = ["first", "last", "born", "town", "phone"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"), truth


def clustered(labels: list[str]) -> set[tuple[int, int]]:
    return {
        (a, b)
        for b in range(len(labels))
        for a in range(b)
        if labels[a] == labels[b]
    }  # fmt: skip


def test_records_with_one_mistake_are_found_and_no_others() -> None:
    table, truth = people()
    found, why = match(table, Plan(), explain=3)
    assert clustered(found.clusters["cluster"].to_list()) == truth
    assert {one.column for one in found.compared} == set(table.columns)
    for one in why:
        link = found.links.filter((pl.col("left") == one.left) & (pl.col("right") == one.right))
        assert link["weight"].item() == pytest.approx(one.weight, abs=0.1)
        assert len(one.steps) == 5


@pytest.mark.parametrize(("count", "seed"), [(60, 1), (90, 7), (240, 3)])
def test_in_a_list_where_nobody_is_there_twice_nobody_is_joined(count: int, seed: int) -> None:
    # Without a single match there is nothing to learn from; that must not make strangers one.
    table, _ = people(count, seed)
    found, _ = match(table[:count], Plan())
    assert found.clusters["cluster"].n_unique() == count


def test_the_same_records_give_the_same_links() -> None:
    table, _ = people(90)
    first, second = (match(table, Plan())[0] for _ in range(2))
    assert first.links.equals(second.links)
    assert first.clusters.equals(second.clusters)


def test_two_lists_are_compared_across_only_and_one_to_one_where_asked() -> None:
    table, truth = people()
    found, _ = match(table, Plan(link=True, one_to_one=True), second=80)
    pairs = set(found.links.filter(pl.col("probability") >= 0.9).select("left", "right").rows())
    assert pairs == truth
    assert all(left < 240 <= right for left, right in pairs)


def test_a_persons_word_stands_above_the_model() -> None:
    table, truth = people(90)
    apart = min(truth)
    joined = (1, 2)
    plan = Plan(decisions=(Decision(*apart, "cannot"), Decision(*joined, "must")))
    found, _ = match(table, plan)
    labels = found.clusters["cluster"].to_list()
    assert labels[apart[0]] != labels[apart[1]]
    assert labels[1] == labels[2]
    assert clustered(labels) == (truth - {apart}) | {joined}


def test_serials_that_only_look_alike_are_for_a_person_and_never_joined() -> None:
    r = random.Random(5)
    rows = [
        [r.choice(["GE", "Philips"]), r.choice(["CT660", "N12"]),
         "SN" + "".join(r.choice("0123456789ACDEF") for _ in range(8)), r.choice(TOWNS)]
        for _ in range(200)
    ]  # fmt: skip
    wrong = [n for n in range(200) if "0" in rows[n][2]][:20]
    again = [[*rows[n][:2], rows[n][2].replace("0", "O", 1), rows[n][3]] for n in wrong]
    schema = dict.fromkeys(["maker", "model", "serial", "town"], pl.String)
    table = pl.DataFrame(rows + again, schema=schema, orient="row")
    found, _ = match(table, Plan())
    labels = found.clusters["cluster"].to_list()
    assert all(labels[n] != labels[200 + at] for at, n in enumerate(wrong))
    seen = found.links.filter(pl.col("by") == "look-alike")
    assert seen.height > 0
    assert seen["probability"].max() == 0.45
    # A person may say so all the same.
    said = Decision(wrong[0], 200, "must")
    labels = match(table, Plan(decisions=(said,)))[0].clusters["cluster"].to_list()
    assert labels[wrong[0]] == labels[200]


def links_of(*rows: tuple[int, int, float]) -> pl.DataFrame:
    full = [(a, b, 0.99, weight, "model") for a, b, weight in rows]
    return pl.DataFrame(full, schema=LINKS, orient="row")


def test_a_cannot_link_cuts_the_weakest_link_between_the_two() -> None:
    # 0–1–2–3 in a chain, the middle link weakest; 0 and 3 are not one.
    links = links_of((0, 1, 9.0), (1, 2, 4.0), (2, 3, 8.0))
    labels, issues = join(4, links, [Decision(0, 3, "cannot")], 0.9)
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert [(one.left, one.right, one.cut) for one in issues] == [(0, 3, ((1, 2),))]


def test_two_ways_round_are_both_cut() -> None:
    links = links_of((0, 1, 5.0), (1, 3, 9.0), (0, 2, 6.0), (2, 3, 4.0))
    labels, (issue,) = join(4, links, [Decision(0, 3, "cannot")], 0.9)
    assert labels[0] != labels[3]
    assert issue.cut == ((0, 1), (2, 3)) or issue.cut == ((2, 3), (0, 1))


def test_a_decision_replaces_the_link_of_its_pair() -> None:
    links = links_of((0, 1, 5.0), (1, 2, 6.0))
    found = decided(links, [Decision(0, 1, "cannot"), Decision(0, 2, "must")])
    assert [(r["left"], r["right"], r["by"]) for r in found.iter_rows(named=True)] == [
        (0, 2, "must"), (1, 2, "model"),
    ]  # fmt: skip


def test_one_to_one_takes_the_likeliest_choice_of_all() -> None:
    # 0–2 alone is the best pair; 0–3 with 1–2 is the best choice for both.
    rows = [(0, 2, 0.99), (0, 3, 0.95), (1, 2, 0.95)]
    links = pl.DataFrame([(a, b, p, 1.0, "model") for a, b, p in rows], schema=LINKS, orient="row")
    assert one_to_one(links).select("left", "right").rows() == [(0, 3), (1, 2)]


def test_clusters_keep_their_ids_and_new_ones_do_not_depend_on_the_order() -> None:
    keys = ["d", "a", "c", "b", "e"]
    labels = np.array([0, 1, 0, 1, 2])
    ids, _ = cluster_ids(labels, keys, [None] * 5)
    assert ids[0] == ids[2] != ids[1] == ids[3] != ids[4]
    turned, _ = cluster_ids(labels[::-1], keys[::-1], [None] * 5)
    assert turned[::-1] == ids
    # The cluster that most of its old members are in keeps the id; a stranger gets another.
    known = ["x", "y", "x", "x", None]
    kept, merged = cluster_ids(labels, keys, known)
    assert merged == []
    assert (kept[0], kept[2]) == ("x", "x")
    assert kept[1] == kept[3] == "y"
    assert kept[4] not in ("x", "y")


def test_new_records_join_the_clusters_there_are() -> None:
    table, truth = people(90)
    first, _ = match(table[:90], Plan())
    old = first.clusters["cluster"].to_list()
    later, _ = match(table, Plan(), known=[*old, *[None] * 30])
    labels = later.clusters["cluster"].to_list()
    assert labels[:90] == old
    assert all(labels[new] == old[was] for was, new in truth)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(0, 9)), max_size=14),
       st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=4))  # fmt: skip
def test_what_cannot_be_one_never_is_and_the_rest_is_transitive(
    edges: list[tuple[int, int, float]], apart: list[tuple[int, int]]
) -> None:
    links = links_of(*((min(a, b), max(a, b), w) for a, b, w in edges if a != b))
    cannot = [Decision(min(a, b), max(a, b), "cannot") for a, b in apart if a != b]
    labels, issues = join(8, decided(links, cannot), cannot, 0.9)
    for one in cannot:
        assert labels[one.left] != labels[one.right]
    cut = {pair for issue in issues for pair in issue.cut}
    forbidden = {(one.left, one.right) for one in cannot}
    for a, b, _ in edges:
        pair = (min(a, b), max(a, b))
        if a != b and pair not in forbidden and labels[a] != labels[b]:
            assert pair in cut


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=12), st.integers(0, 12))
def test_pairs_are_counted_without_making_them(values: list[str | None], split: int) -> None:
    table = pl.DataFrame({"k": values}, schema={"k": pl.String})
    both = [(a, b) for b in range(len(values)) for a in range(b)
            if values[a] is not None and values[a] == values[b]]  # fmt: skip
    assert count_pairs(table, ("k",), None) == len(both)
    sides = pl.Series([n >= split for n in range(len(values))], dtype=pl.Boolean)
    assert count_pairs(table, ("k",), sides) == sum(a < split <= b for a, b in both)


def products() -> tuple[pl.DataFrame, pl.DataFrame, list[bool]]:
    """Invented products; the same one said differently, and its neighbour in the series."""
    r = random.Random(3)
    left, right, same = [], [], []
    for number in range(120):
        maker, kind = r.choice(LAST), r.choice(["pump", "monitor", "ventilator", "lamp"])
        code, size = f"{maker[:2]}-{r.randrange(100, 999)}", r.choice(["7 inch", "10 inch"])
        left.append([f"{maker} {kind} {code} {size}", maker, f"{r.randrange(100, 900)}.00"])
        if number % 3 == 0:
            right.append([f"{kind} {code.replace('-', '')} by {maker}, {size} display", maker, ""])
        else:
            other = f"{maker[:2]}-{r.randrange(100, 999)}"
            right.append([f"{maker} {kind} {other} {size}", maker, left[-1][2]])
        same.append(number % 3 == 0)
    schema = dict.fromkeys(["title", "maker", "price"], pl.String)
    return (*(pl.DataFrame(rows, schema=schema, orient="row") for rows in (left, right)), same)


def test_products_are_told_apart_by_their_designation_after_some_answers() -> None:
    left, right, same = products()
    model = learn(left[:80], right[:80], same[:80], records=[left, right])
    said = model.probability(left[80:], right[80:]) >= 0.5
    assert said.tolist() == same[80:]
    assert model.f1 > 0.9
    table = pl.concat([left, right])
    sides = pl.Series([False] * 120 + [True] * 120)
    pairs = set(candidates(table, sides).rows())
    assert all((n, n + 120) in pairs for n, one in enumerate(same) if one)
    assert all(a < 120 <= b for a, b in pairs)


def test_too_few_answers_teach_nothing() -> None:
    left, right, _ = products()
    with pytest.raises(KintsugiError) as refusal:
        learn(left[:12], right[:12], [True] * 3 + [False] * 9)
    assert refusal.value.code == "match.few-labels"


@given(st.lists(st.tuples(st.text(max_size=20), st.one_of(st.none(), st.text(max_size=8))),
                min_size=1, max_size=6))  # fmt: skip
def test_any_texts_have_features_and_the_same_text_is_the_same(rows: list[Any]) -> None:
    table = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    found = features(table, table, weigh([table]))
    assert found.shape[0] == len(rows)
    assert not np.isinf(found).any()


@pytest.mark.parametrize(
    ("table", "plan", "code"),
    [
        (pl.DataFrame({"a": ["x"]}), Plan(), "match.size"),
        (pl.DataFrame({"a": ["x", "y"]}), Plan(columns=("b",)), "match.no-column"),
        (pl.DataFrame({"a": ["x", "y"]}), Plan(blocks=(("b",),)), "match.no-column"),
        (pl.DataFrame({"a": ["x", "x"]}), Plan(), "match.nothing-to-compare"),
        (pl.DataFrame({"a": [None, "无"]}), Plan(), "match.nothing-to-compare"),
        (pl.DataFrame({"a": ["x", "y"]}), Plan(blocks=(("a",),)), "match.no-blocks"),
        (pl.DataFrame({"a": ["x", "y"]}), Plan(link=True), "match.size"),
    ],
)
def test_what_cannot_be_matched_is_refused(table: pl.DataFrame, plan: Plan, code: str) -> None:
    with pytest.raises(KintsugiError) as refusal:
        match(table, plan)
    assert refusal.value.code == code
