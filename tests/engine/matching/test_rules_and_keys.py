"""What is one before any model, groups that stay together, the threshold, and what records are
compared by; truths worked out by hand."""

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.engine.matching import Decision, Plan, match
from kintsugi.engine.matching.blocking import count_pairs, find_blocks, finer
from kintsugi.engine.matching.clusters import cluster_ids, one_to_one, rule_links, with_rules
from kintsugi.engine.matching.keys import Key, initials, keyed, pinyin, rare_words, sound, soundex
from kintsugi.engine.matching.model import LINKS, Compared
from kintsugi.engine.matching.prepare import compared_columns, folded
from kintsugi.engine.matching.same import identical, same_serials
from kintsugi.engine.matching.threshold import HIGHEST, LOWEST, best_cut, share_of_matches
from tests.engine.matching.test_matching import clustered, people


def frame(names: str, *rows: tuple[str | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names.split(), pl.String), orient="row")


def names(*columns: str) -> list[Compared]:
    return [Compared(column, "name", 9) for column in columns]


def labels_of(table: pl.DataFrame, plan: Plan = Plan(), **facts: object) -> list[str]:  # noqa: B008
    found, _ = match(table, plan, **facts)  # type: ignore[arg-type]
    return found.clusters["cluster"].to_list()


# One by rule: the same in every column.


def test_records_the_same_in_every_column_are_one_however_little_there_is_to_learn() -> None:
    # Twenty machines, each three times: once in capitals, once in full width.
    once = [(f"pump {n}", f"ward {n % 4}", f"2020-01-{n + 1:02}") for n in range(20)]
    loud = [tuple(text.upper() for text in row) for row in once]
    wide = [(f"pump {n}".replace(" ", "\u3000"), *row[1:]) for n, row in enumerate(once)]
    table = frame("what where since", *once, *loud, *wide)
    found, why = match(table, Plan(), explain=200)
    truth = {pair for n in range(20) for pair in ((n, n + 20), (n, n + 40), (n + 20, n + 40))}
    assert clustered(found.clusters["cluster"].to_list()) == truth
    same = found.links.filter(pl.col("by") == "same")
    assert set(same.select("left", "right").rows()) == {
        (n, n + more) for n in range(20) for more in (20, 40)
    }
    rules = [one.rule for one in why if one.rule is not None]
    assert [rule.en for rule in rules] == ["the same in every column"] * 40


def test_a_model_sees_records_that_are_the_same_once() -> None:
    plain = frame("a b", ("x", "1"), ("y", "2"), ("x", "1"), ("y", "3"), ("x", "1"))
    same = identical(plain, names("a", "b"), None, [], one_to_one=False)
    assert same.seen.tolist() == [0, 1, 3]
    assert same.links.select("left", "right").rows() == [(0, 2), (0, 4)]
    # Whom a person keeps apart the model sees, and the rule leaves alone.
    apart = [Decision(0, 2, "cannot")]
    same = identical(plain, names("a", "b"), None, apart, one_to_one=False)
    assert same.seen.tolist() == [0, 1, 2, 3]


def test_the_same_in_every_column_and_yet_not_one_if_a_person_says_so() -> None:
    table, _ = people(40)
    table = pl.concat([table[:40], table[:2]])
    labels = labels_of(table, Plan(decisions=(Decision(0, 40, "cannot"),)))
    assert labels[0] != labels[40]
    assert labels[1] == labels[41]


def test_blanks_do_not_make_records_the_same() -> None:
    # Anna is in half of the list: two of whom nothing else is known need not be one. Two with a
    # name and a phone that nobody else has are.
    rows: list[tuple[str | None, ...]] = [
        ("anna" if n % 2 else f"name {n}", f"town {n}", f"0{n}555") for n in range(40)
    ]
    alone, rare = ("anna", None, None), ("zora", None, "0777")
    plain = frame("first town phone", *rows, alone, alone, rare, rare)
    same = identical(plain, names("first", "town", "phone"), None, [], one_to_one=False)
    assert same.links.select("left", "right").rows() == [(42, 43)]


def test_across_two_lists_the_same_take_one_another_in_their_order() -> None:
    plain = frame("a b", ("x", "1"), ("x", "1"), ("y", "2"), ("x", "1"), ("x", "1"), ("x", "1"))
    sides = pl.Series([False] * 3 + [True] * 3)
    one = identical(plain, names("a", "b"), sides, [], one_to_one=True)
    assert one.links.select("left", "right").rows() == [(0, 3), (1, 4)]
    many = identical(plain, names("a", "b"), sides, [], one_to_one=False)
    pairs = set(many.links.select("left", "right").rows())
    assert pairs == {(0, 3), (0, 4), (0, 5), (1, 3)}
    assert many.seen.tolist() == list(range(6))


def test_a_rule_stands_before_a_likelier_choice_of_all() -> None:
    # 0 and 2 are the same; without the rule 0–3 with 1–2 would be two pairs instead of one.
    model = pl.DataFrame(
        [(0, 3, 0.95, 4.0, "model"), (1, 2, 0.95, 4.0, "model"), (1, 3, 0.6, 0.6, "model")],
        schema=LINKS, orient="row",
    )  # fmt: skip
    links = with_rules(model, rule_links([(2, 0)], "same", 1e7))
    assert one_to_one(links).select("left", "right").rows() == [(0, 2), (1, 3)]


# One by rule: the same maker and serial number.


def units(*rows: tuple[str | None, ...]) -> set[tuple[int, int]]:
    table = folded(frame("maker model serial_no ward", *rows))
    return set(same_serials(table, table.columns, None).select("left", "right").rows())


def test_one_maker_and_serial_number_is_one_unit_wherever_it_stands() -> None:
    a, b = ("Mindray", "N12", "SN20731", "A"), ("MINDRAY", "N12", "sn20731", "B")
    assert units(a, b) == {(0, 1)}
    assert units(a, ("Philips", *b[1:])) == set()
    # One is written in the other; two that are not contradict each other.
    assert units(a, ("Mindray", "BeneVision N12", "SN20731", "B")) == {(0, 1)}
    assert units(a, ("Mindray", "N15", "SN20731", "B")) == set()
    assert units(a, ("Mindray", None, "SN20731", "B")) == {(0, 1)}


@pytest.mark.parametrize("serial", ["00000", "12345", "SN54321", "77", "A-1", "无"])
def test_numbers_that_only_fill_a_field_make_nothing_one(serial: str) -> None:
    assert units(("Mindray", "N12", serial, "A"), ("Mindray", "N12", serial, "B")) == set()


def test_where_another_number_only_looks_like_it_a_person_decides() -> None:
    a, b = ("GE", "N12", "SN20731", "A"), ("GE", "N12", "SN20731", "B")
    assert units(a, b, ("GE", "N12", "SN2O731", "C")) == set()
    assert units(a, b, ("Philips", "N12", "SN2O731", "C")) == {(0, 1)}


def test_units_are_joined_in_a_list_although_all_else_differs() -> None:
    r = random.Random(3)
    rows = [
        (r.choice(["GE", "Philips"]), f"M{n % 7}", f"SN{r.randrange(10**5, 10**6)}7", f"ward {n}")
        for n in range(60)
    ]
    moved = [(*rows[n][:3], f"store {n}") for n in range(0, 60, 4)]
    table = frame("厂家 型号 序列号 科室", *rows, *moved)
    found, _ = match(table, Plan())
    assert clustered(found.clusters["cluster"].to_list()) == {(4 * at, 60 + at) for at in range(15)}
    assert found.links.filter(pl.col("by") == "serial").height == 15


def test_a_training_that_breaks_off_leaves_the_model_whole() -> None:
    r = random.Random(4)
    syllables = [a + b for a in "bcdfgklmnprst" for b in "aeiou"]
    stock = ["".join(r.choice(syllables) for _ in range(3)) for _ in range(300)]
    ours = [(" ".join(r.sample(stock, 5)), r.choice(["GE", "Philips"])) for _ in range(200)]
    # No title is there twice, so a training that blocks on titles breaks off. It must not take the
    # column out of the model: nothing would be left to compare.
    theirs = [(title.rpartition(" ")[0], maker) for title, maker in ours[:100]]
    both = frame("title maker", *ours, *theirs)
    found, _ = match(both, Plan(link=True, one_to_one=True), second=100)
    assert ("title ~words",) in found.blocks
    assert found.clusters.height == 300
    alone, _ = match(both, Plan(columns=("title",), link=True), second=100)
    assert alone.clusters.height == 300


# No matches.


def test_where_no_value_is_there_twice_there_are_no_matches() -> None:
    found, _ = match(frame("a b", ("x", "1"), ("y", "2"), ("z", "5")), Plan())
    assert found.clusters["cluster"].n_unique() == 3
    assert (found.links.height, found.pairs, found.blocks) == (0, 0, ())
    (note,) = found.notes
    assert "no matches" in note.en


def test_where_all_values_are_too_common_the_answer_says_so() -> None:
    # 40 × 40 combinations, each once: a column alone brings 40 · 780 pairs, both together none.
    rows = [(f"k{a}", f"m{b}") for a in range(40) for b in range(40)]
    found, _ = match(frame("a b", *rows, rows[7]), Plan())
    assert found.clusters["cluster"].n_unique() == 1600
    (note,) = found.notes
    assert "--block" in note.en


# The threshold.


def links_of(*rows: tuple[int, int, float]) -> pl.DataFrame:
    full = [(a, b, p, 0.0, "model") for a, b, p in rows]
    return pl.DataFrame(full, schema=LINKS, orient="row")


def test_the_threshold_is_where_the_groups_are_expected_best() -> None:
    # Two pairs apart, worth 1.55 pairs in all. Up to 0.6: 2 · 1.55 / (2 + 1.55) = 0.873; from
    # there to 0.95: 2 · 0.95 / (1 + 1.55) = 0.745. The middle from 0.5 to 0.6 is taken.
    apart = best_cut(links_of((0, 1, 0.95), (2, 3, 0.6)), None, 1.55)
    assert (apart.sure, apart.f1) == (0.55, 0.8732)
    # The same two in a chain: a third pair comes with them that nothing speaks for. Up to 0.6:
    # 2 · 1.55 / (3 + 1.55) = 0.681. The middle from 0.61 to 0.95 is taken.
    chain = best_cut(links_of((0, 1, 0.95), (1, 2, 0.6)), None, 1.55)
    assert (chain.sure, chain.f1) == (0.78, 0.7451)
    # Nothing speaks for a threshold above another where all links are sure.
    sure = best_cut(links_of((0, 1, 0.999), (2, 3, 0.999)), None, 1.998)
    assert (sure.sure, sure.f1) == (0.75, 0.9995)


def test_across_two_lists_only_pairs_across_count() -> None:
    # 0 and 1 in the first list, 2 in the second: both belong to 2, and no third pair comes.
    links = links_of((0, 2, 0.95), (1, 2, 0.6))
    sides = pl.Series([False, False, True])
    assert best_cut(links, sides, 1.55).sure == 0.55
    assert best_cut(links, None, 1.55).sure == 0.78


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0.1, 1)), max_size=9))
def test_the_threshold_is_within_its_bounds(rows: list[tuple[int, int, float]]) -> None:
    links = links_of(*((min(a, b), max(a, b), p) for a, b, p in rows if a != b))
    links = links.unique(["left", "right"], keep="first", maintain_order=True)
    cut = best_cut(links, None, float(links["probability"].sum()))
    assert LOWEST <= cut.sure <= HIGHEST
    assert 0 <= cut.f1 <= 1


def test_how_many_pairs_are_one_is_told_by_the_pairs() -> None:
    # Two pairs of a hundred that nobody can doubt, from whatever was supposed before.
    for prior in (0.001, 0.3):
        at = np.log2(prior / (1 - prior))
        weights = at + np.array([60.0, 60.0, -60.0, -60.0])
        assert share_of_matches(weights, prior, 100) == pytest.approx(0.02, rel=1e-3)
        assert share_of_matches(at - np.array([60.0]), prior, 100) == pytest.approx(0.005)
    # One pair of ten, thirty times as likely if it is one: with a share s it is one with
    # 30 s / (1 – s + 30 s) = 10 s, so 290 s = 20 and s = 2 / 29.
    weight = np.log2(30.0)  # before that: even odds
    assert share_of_matches(np.array([weight]), 0.5, 10) == pytest.approx(2 / 29, rel=1e-2)


def test_a_threshold_that_is_given_stands() -> None:
    table, truth = people(90)
    given_, _ = match(table, Plan(sure=0.8))
    assert (given_.sure, given_.f1) == (0.8, None)
    chosen, _ = match(table, Plan())
    assert LOWEST <= chosen.sure <= HIGHEST
    assert chosen.f1 is not None
    assert chosen.f1 > 0.9
    assert clustered(chosen.clusters["cluster"].to_list()) == truth


# Earlier clusters.


def test_an_earlier_cluster_is_held_together_although_its_records_are_not_alike() -> None:
    table, truth = people(90)
    # 1, 2 and 4 have nothing in common; a person, or an earlier list, made them one.
    known: list[str | None] = [None] * table.height
    known[1] = known[2] = known[4] = "c-old"
    labels = labels_of(table, known=known)
    assert labels[1] == labels[2] == labels[4] == "c-old"
    assert clustered(labels) == truth | {(1, 2), (1, 4), (2, 4)}
    # Unless a person parts them: 4 goes alone, for it hangs on 1 as 2 does, and later.
    labels = labels_of(table, Plan(decisions=(Decision(2, 4, "cannot"),)), known=known)
    assert labels[1] == labels[2] == "c-old"
    assert labels[4] not in ("c-old", labels[3])


def test_of_two_earlier_clusters_that_join_the_smaller_id_stays_and_the_answer_says_so() -> None:
    table, truth = people(90)
    left, right = min(truth)
    known: list[str | None] = [None] * table.height
    # The larger cluster does not win: c-9 is shorter, so it stays.
    known[left] = "c-9"
    known[right] = known[1] = known[2] = "c-10"
    found, _ = match(table, Plan(), known=known)
    labels = found.clusters["cluster"].to_list()
    assert {labels[row] for row in (left, right, 1, 2)} == {"c-9"}
    assert found.merged == (("c-10", "c-9"),)


def test_an_id_that_was_merged_is_given_to_nobody_and_a_parted_one_stays_with_most() -> None:
    ids, merged = cluster_ids(np.array([0, 0, 0, 1, 1]), list("abcde"), ["y", "x", "x", "x", None])
    assert ids[:3] == ["x"] * 3
    assert merged == [("y", "x")]
    assert ids[3] == ids[4]
    assert ids[3] not in ("x", "y")


def test_known_pairs_stand_in_a_choice_of_one_to_one() -> None:
    table, _ = people(60)
    again = table[:20]
    both = pl.concat([table[:60], again])
    known: list[str | None] = [None] * 80
    # Against all evidence record 0 was said to be the second list's number 1.
    known[0] = known[61] = "c-old"
    found, _ = match(both, Plan(link=True, one_to_one=True), second=20, known=known)
    labels = found.clusters["cluster"].to_list()
    assert labels[0] == labels[61] == "c-old"
    assert labels[0] != labels[60]


# What records are compared by.


@pytest.mark.parametrize(
    ("word", "code"),
    # The examples of the U.S. National Archives.
    [
        ("Robert", "R163"), ("Rupert", "R163"), ("Rubin", "R150"), ("Ashcraft", "A261"),
        ("Ashcroft", "A261"), ("Tymczak", "T522"), ("Pfister", "P236"), ("Honeyman", "H555"),
        ("Jackson", "J250"), ("Gutierrez", "G362"), ("VanDeusen", "V532"), ("Washington", "W252"),
        ("Lee", "L000"),
    ],
)  # fmt: skip
def test_soundex_is_as_published(word: str, code: str) -> None:
    table = pl.DataFrame({"w": [word.lower()]})
    assert table.select(soundex(pl.col("w"))).item() == code.lower()


def test_names_sound_alike_whatever_their_order_script_or_accents() -> None:
    table = frame("n", ("张三",), ("zhang san",), ("müller anna",), ("anna mueller",), ("zs",))
    found = table.select(
        sound(pl.col("n")).alias("sound"), pinyin(pl.col("n")).alias("pinyin"),
        initials(pl.col("n")).alias("initials"),
    )  # fmt: skip
    assert found["pinyin"][:2].to_list() == ["zhangsan"] * 2
    assert found["initials"].to_list() == ["zs", "zs", "ma", "am", "zs"]
    assert found["sound"].to_list() == [None, "s500 z520", "a500 m460", "a500 m460", "z000"]


def test_rare_words_are_those_that_few_others_have() -> None:
    texts = [f"device no {n} for ward" for n in range(100)]
    texts[3] += " zeta omega"
    texts[70] = "zeta only this once"
    lists = rare_words(pl.Series(texts))
    assert lists is not None
    shared = [n for n, found in enumerate(lists.to_list()) if found and "zeta" in found]
    assert shared == [3, 70]
    # Everybody's words bring nobody together; single words are the value itself.
    common = {"device", "no", "for", "ward"}
    assert not any(common & set(found or []) for found in lists.to_list())
    assert rare_words(pl.Series(["one", "two", "one"])) is None
    # Chinese has no blanks: every two characters are a word, at even places and odd ones.
    chinese = rare_words(pl.Series(["北京联影医疗", "联影北京", "京联"]))
    assert chinese is not None
    assert chinese.to_list() == [["京联", "北京", "联影"], ["北京", "联影"], ["京联"]]


def test_records_meet_by_sound_by_pinyin_and_by_a_rare_word() -> None:
    r = random.Random(11)
    letters = "bcdfglmnprst"
    filler = [
        ("".join(r.choice(letters) + r.choice("aeiou") for _ in range(4)), f"t{n} w{n}")
        for n in range(300)
    ]
    rows = [
        *filler, ("robert", "q1 q2"), ("rupert", "q3 q4"), ("张三", "q5 q6"),
        ("zhang san", "q7 q8"), ("qab", "lamp zeta ward"), ("xop", "zeta bed store"),
    ]  # fmt: skip
    han = [("李" + chr(0x4E00 + n), f"h{n} v{n}") for n in range(60)]
    table = folded(frame("name what", *rows, *han))
    found = keyed(table, compared_columns(table, Plan()))
    blocks, _pairs, note = find_blocks(found, None)
    assert note is None
    assert found.frame["name ~pinyin"][302:304].to_list() == ["zhangsan"] * 2
    met = {
        (a, b)
        for block in blocks
        for a in range(300, 306)
        for b in range(a + 1, 306)
        if count_pairs(found.frame[[a, b]], block, None)
    }
    assert {(300, 301), (302, 303), (304, 305)} <= met


def test_a_set_whose_pairs_another_brings_too_is_told() -> None:
    table = folded(frame("name born", ("anna", "1"), ("anne", "2"), ("bo", "1")))
    found = keyed(table, [Compared("name", "name", 3), Compared("born", "code", 2)])
    assert finer(found, ("name", "born"), ("name^",))
    assert finer(found, ("name", "born"), ("born", "name ~sound"))
    assert not finer(found, ("name^",), ("name",))
    assert not finer(found, ("name^",), ("name ~sound",))
    # Rare words are not all words: the whole name in common does not make one.
    assert not Key("name", "name", "whole").finer(Key("name ~words", "name", "words"))


@given(st.lists(st.lists(st.sampled_from("abc"), unique=True, max_size=3), max_size=10))
def test_pairs_of_lists_are_counted_once_for_each_value_in_common(rows: list[list[str]]) -> None:
    table = pl.DataFrame({"k": rows}, schema={"k": pl.List(pl.String)})
    common = [set(rows[a]) & set(rows[b]) for b in range(len(rows)) for a in range(b)]
    assert count_pairs(table, ("k",), None) == sum(map(len, common))
