"""What is found without labels, on tables small enough to know every answer."""

import polars as pl
import pytest

from kintsugi.engine.contract import load_contract
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.repair import RULES, coding, fields_of, mine, reason, repaired, study
from kintsugi.engine.repair.votes import vote
from tests.engine.repair.conftest import put


def test_a_typing_error_gets_the_value_of_its_group(shops, at):
    found = at(study(put(shops, 3, "town", "Bexgen")), 3, "town")
    assert (found["proposed"], found["rule"]) == ("Bergen", "dependency")
    assert found["confidence"] >= 0.9
    assert (found["support"], found["total"]) == (5, 5)


def test_an_empty_cell_of_a_full_group_is_filled(shops, at):
    found = at(study(put(shops, 8, "town", "")), 8, "town")
    assert (found["proposed"], found["confidence"] >= 0.9) == ("Molde", True)


def test_a_clean_table_is_left_alone(shops):
    assert study(shops).sure().is_empty()
    assert study(shops).detected().is_empty()


def test_one_against_one_says_not_which_is_wrong(at):
    table = pl.DataFrame(
        {"key": [f"k{i // 2}" for i in range(60)], "value": [f"v{i // 2 * 3}" for i in range(60)]}
    )
    # v0 is another group's value: rows 10 and 11 differ now, and either could be wrong.
    columns = coding.code_table(put(table, 10, "value", "v0"))
    votes = vote(columns, mine(columns), 1)
    assert votes is not None
    assert 0 < votes.chance[[10, 11]].max() < 0.5


def test_another_member_of_a_group_is_no_error():
    large = ["Otter", "Pelican", "Quail", "Raven", "Stork", "Toucan", "Wren", "Kestrel"]
    rows = [(f"town {i}", large[i]) for i in range(8) for _ in range(20)]
    rows += [(f"town {i}", f"{name} & Sons") for i, name in enumerate(["Zulu", "Fig", "Mango"])]
    table = pl.DataFrame(rows, schema=["town", "brewery"], orient="row")
    assert study(table).sure().is_empty()
    # The same place with a mistyped name is an error.
    assert study(put(table, 3, "brewery", "Ottxr")).sure()["proposed"].to_list() == ["Otter"]


def test_a_rare_state_with_its_own_rows_is_no_typing_error():
    rows = [(f"h{i}", "ak" if i < 10 else "al", f"z{i}") for i in range(60) for _ in range(8)]
    table = pl.DataFrame(rows, schema=["hospital", "state", "zip"], orient="row")
    table = put(put(table, 100, "state", "xl"), 300, "state", "ax")
    sure = study(table).sure().select("row", "value", "proposed").rows()
    assert sure == [(100, "xl", "al"), (300, "ax", "al")]


def _column(values: list[str], name: str = "c") -> pl.DataFrame:
    return pl.DataFrame({"id": [f"r{i}" for i in range(len(values))], name: values})


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        (["0.05"] * 30 + ["0.06"] * 20 + ["0.05%", "0.07%"], {50: "0.05", 51: "0.07"}),
        # A percentage a hundred times as large is another number: told, not changed.
        (["0.05"] * 30 + ["0.06"] * 20 + ["5%", "7%", "6%"], {}),
        (["12 oz", "12 oz.", "16 ounce"] * 10, None),
        (["350 ml"] * 20 + ["500 ml"] * 5 + ["500 milliliters"], {25: "500 ml"}),
        (["100%"] * 20 + ["97%"] * 9, {}),
        (["0.3"] * 20 + ["0.30000000000000004"], {20: "0.3"}),
        (["1234"] * 20 + ["98765"] * 10 + ["1,234"], {30: "1234"}),
        (["1,234"] * 20 + ["98,765"] * 10, {}),
        (["01907", "02139", "94110"] * 10 + ["1907"], {30: "01907"}),
        (["1907", "2139", "94110"] * 10, {}),
        (["109 min"] * 20 + ["95 min"] * 5 + ["1 hr 49 min"], {25: "109 min"}),
        (
            ["7:10 a.m.", "6:45 p.m."] * 20 + ["19:30", "12/13/2011 7:05 AM"],
            {40: "7:30 p.m.", 41: "7:05 a.m."},
        ),
        (["2020-01-02", "2021-11-30"] * 20 + ["March 4, 2020"], {40: "2020-03-04"}),
        # 05/06 may be May or June.
        (["2020-01-02", "2021-11-30"] * 20 + ["05/06/2020"], {}),
        (["15", "20", "31"] * 20 + ["N/A"], {60: ""}),
        (["15", "20", "31"] * 20 + ["unknown"], {}),
        (["yes", "no"] * 20 + [" yes"], {40: "yes"}),
        (
            [f"Name{c}" for c in "abcdefgh"] * 5 + ["Namea-*", "Nameb-*", "Namec-*", "Named-*"],
            {40: "Namea", 41: "Nameb", 42: "Namec", 43: "Named"},
        ),
        (["Denmark"] * 20 + ["Norway"] * 20 + ["Norwayy"], {40: "Norway"}),
        (["ＡＢ１２", "AB13"] + ["AB12"] * 30, {0: "AB12"}),
    ],
)  # fmt: skip
def test_forms(values, changes):
    table = _column(values)
    sure = {r["row"]: r["proposed"] for r in study(table).sure().iter_rows(named=True)}
    if changes is None:
        assert sure == {i: v.split()[0] for i, v in enumerate(values)}
    else:
        assert sure == changes


def test_what_runs_over_into_an_empty_neighbour_is_put_there():
    cities = [("Portland", "OR"), ("Denver", "CO"), ("Austin", "TX"), ("Reno", "NV")]
    rows = [(f"b{i}", *cities[i % 4]) for i in range(80)]
    for i in (4, 21, 42, 63):
        rows[i] = (rows[i][0], f"{rows[i][1]} {rows[i][2]}", "")
    table = pl.DataFrame(rows, schema=["name", "city", "state"], orient="row")
    after = repaired(table, study(table).findings)
    assert after.select("city", "state").rows() == [cities[i % 4] for i in range(80)]


def test_sources_that_contradict_each_other_are_outvoted():
    times = [f"{h}:{m:02} p.m." for h in range(1, 12) for m in (5, 20, 50)]
    rows = [(f"f{i}", f"s{j}", times[i], times[29 - i]) for i in range(30) for j in range(10)]
    table = pl.DataFrame(rows, schema=["flight", "source", "departs", "arrives"], orient="row")
    for i in range(30):
        table = put(table, 10 * i + i % 10, "departs", times[(i + 7) % 30])
        table = put(table, 10 * i + (i + 3) % 10, "departs", "")
    studied = study(table)
    after = repaired(table, studied.findings)
    assert after["departs"].to_list() == [r[2] for r in rows]


def test_numbers_that_a_spreadsheet_took_for_dates_are_doubted(at):
    table = _column([f"{i}-{i + 7}" for i in range(60)] + ["Jun-70"])
    found = at(study(table), 60, "c")
    assert found["detected"] >= 0.8
    assert study(table).sure().is_empty()


def test_of_two_cells_that_blame_each_other_neither_is_changed():
    rows = [(f"a{i}", f"b{i}") for i in range(30) for _ in range(10)]
    table = put(pl.DataFrame(rows, schema=["a", "b"], orient="row"), 0, "b", "b7")
    studied = study(table)
    assert studied.sure().is_empty()
    assert set(studied.detected().select("row", "column").rows()) == {(0, "a"), (0, "b")}


def test_columns_keep_their_order_and_unknown_characters(shops):
    table = put(shops, 0, "town", "Bérgen\u200b🙂")
    after = repaired(table, study(table).findings, threshold=1.01)
    assert after.columns == shops.columns
    assert after["town"][0] == "Bérgen\u200b🙂"


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame(),
        pl.DataFrame({"a": []}, schema={"a": pl.String}),
        pl.DataFrame({"a": [None, None]}, schema={"a": pl.String}),
        pl.DataFrame({"a": ["x"]}),
        pl.DataFrame({"a": ["x" * 1_000_000, "y"] * 20, "b": ["1", "2"] * 20}),
        pl.DataFrame({"a": ["\u202e\ud7ff", "\x00", "ﷺ"] * 20, "b": ["", None, "ß"] * 20}),
        pl.DataFrame({"a": [1, 2, 2], "b": [1.5, None, 2.5]}),
    ],
    ids=["nothing", "no rows", "all null", "one cell", "huge cell", "odd characters", "numbers"],
)
def test_hostile_tables(table):
    studied = study(table)
    after = repaired(table, studied.findings)
    assert after.shape == table.shape


def test_a_table_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(coding, "MAX_CELLS", 5)
    with pytest.raises(KintsugiError) as refused:
        study(pl.DataFrame({"a": ["1"] * 6}))
    assert refused.value.code == "repair.too-large"


def test_every_rule_says_its_reason_in_both_languages():
    for rule in RULES:
        said = reason({"rule": rule, "proposed": "P", "support": 3, "total": 9, "because": "B"})
        assert said.zh
        assert said.en
        assert "{" not in said.zh + said.en


def test_a_contract_field_is_written_as_it_asks():
    table = pl.DataFrame(
        {"采购日期": ["2020年1月2日", "2021-03-04"] * 20, "名称": ["泵", "刀"] * 20}
    )
    fields = fields_of(["到货日期", "名称"], load_contract("device"))
    assert all(f.name in load_contract("device").names for f in fields.values())
    dates = next(f for f in load_contract("device").fields if f.norm == "date")
    studied = study(table, fields={"采购日期": dates})
    sure = studied.sure().filter(pl.col("column") == "采购日期")
    assert set(sure.select("value", "proposed", "rule").rows()) == {
        ("2020年1月2日", "2020-01-02", "contract")
    }
