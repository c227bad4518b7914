"""Whose value stands."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.contract import load_contracts
from kintsugi.engine.survivorship import survive

PARTY = load_contracts()["party"]
# As the contract declares them: name authority, address newest, roles most complete.
assert [PARTY.field(f).survivorship for f in ("name", "address", "roles")] == [
    "authority",
    "newest",
    "most_complete",
]
OLD, NEW = dt.datetime(2023, 1, 1), dt.datetime(2024, 1, 1)
SCHEMA = {
    "_gid": pl.String,
    "_source": pl.String,
    "_key": pl.String,
    "_authority": pl.Int32,
    "_observed": pl.Datetime,
    "name": pl.String,
    "address": pl.String,
    "roles": pl.String,
}


def records(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


CRM = ("g1", "crm", "k1", 5, OLD, "Mindray", "Old Street", '["supplier"]')
ERP = ("g1", "erp", "k9", 9, OLD, "迈瑞医疗", None, None)
CSV = ("g1", "csv", "k3", 1, NEW, "mindray ltd", "New Street", '["supplier", "manufacturer"]')


def test_authority_then_newest_then_most_complete_as_the_contract_says():
    golden, winners = survive(records(CRM, ERP, CSV), PARTY)
    assert golden.to_dicts() == [
        {
            "_gid": "g1",
            "name": "迈瑞医疗",
            "address": "New Street",
            "roles": '["supplier", "manufacturer"]',
        }
    ]
    assert {(w["_source"], tuple(w["fields"])) for w in winners.to_dicts()} == {
        ("erp", ("name",)),
        ("csv", ("roles", "address")),
        ("crm", ()),
    }


def test_a_pin_stands_above_every_authority():
    pins = pl.DataFrame({"_gid": ["g1"], "field": ["name"], "_source": ["csv"], "_key": ["k3"]})
    golden, _ = survive(records(CRM, ERP, CSV), PARTY, pins=pins)
    assert golden["name"].to_list() == ["mindray ltd"]


def test_a_flagged_value_stands_only_where_its_equals_are_not_sounder():
    flagged = pl.DataFrame({"_source": ["csv"], "_key": ["k3"], "field": ["address"]})
    golden, _ = survive(records(CRM, ERP, CSV), PARTY, flagged=flagged)
    assert golden["address"].to_list() == ["Old Street"]
    alone, _ = survive(records(ERP, CSV), PARTY, flagged=flagged)
    assert alone["address"].to_list() == ["New Street"]


def test_a_flag_does_not_outweigh_authority_but_decides_between_equals():
    flagged = pl.DataFrame({"_source": ["erp"], "_key": ["k9"], "field": ["name"]})
    golden, _ = survive(records(CRM, ERP), PARTY, flagged=flagged)
    assert golden["name"].to_list() == ["迈瑞医疗"]
    equal = (*CRM[:3], ERP[3], *CRM[4:])
    golden, _ = survive(records(equal, ERP), PARTY, flagged=flagged)
    assert golden["name"].to_list() == ["Mindray"]


def test_authority_may_differ_by_field():
    authority = pl.DataFrame(
        {"_source": ["csv"], "field": ["name"], "authority": pl.Series([99], dtype=pl.Int32)}
    )
    golden, _ = survive(records(CRM, ERP, CSV), PARTY, authority=authority)
    assert golden["name"].to_list() == ["mindray ltd"]


def test_a_blank_erases_only_where_it_is_declared():
    blank = ("g1", "erp", "k9", 9, NEW, "迈瑞医疗", None, None)
    kept, _ = survive(records(CRM, blank), PARTY)
    assert kept["address"].to_list() == ["Old Street"]
    erased, _ = survive(records(CRM, blank), PARTY, keep_blank=["address"])
    assert erased["address"].to_list() == [None]


def test_equal_claims_are_settled_by_source_and_key():
    a = ("g1", "a", "k", 1, OLD, "A", None, None)
    b = ("g1", "b", "k", 1, OLD, "B", None, None)
    for rows in ((a, b), (b, a)):
        golden, _ = survive(records(*rows), PARTY)
        assert golden["name"].to_list() == ["A"]


value = st.none() | st.sampled_from(["A", "B", "longer text"])
row = st.tuples(
    st.sampled_from(["g1", "g2", "g3"]),
    st.sampled_from(["s1", "s2", "s3"]),
    st.sampled_from(["k1", "k2"]),
    st.integers(0, 2),
    st.sampled_from([OLD, NEW, None]),
    value,
    value,
    value,
)
many = st.lists(row, min_size=1, max_size=12, unique_by=lambda r: (r[1], r[2]))


@settings(max_examples=30, deadline=None)
@given(many, st.randoms(use_true_random=False))
def test_the_order_of_the_records_never_shows(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = survive(records(*rows), PARTY), survive(records(*shuffled), PARTY)
    assert first[0].equals(second[0])
    assert first[1].equals(second[1])


@settings(max_examples=30, deadline=None)
@given(many)
def test_every_golden_value_stands_in_the_record_that_won_it(rows):
    source = records(*rows)
    golden, winners = survive(source, PARTY)
    assert golden["_gid"].to_list() == sorted(set(source["_gid"]))
    won = {
        (w["_gid"], f): (w["_source"], w["_key"]) for w in winners.to_dicts() for f in w["fields"]
    }
    held = {(r["_gid"], r["_source"], r["_key"]): r for r in source.to_dicts()}
    for g in golden.to_dicts():
        for field in ("name", "address", "roles"):
            if g[field] is None:
                assert all(r[field] is None for r in source.to_dicts() if r["_gid"] == g["_gid"])
            else:
                winner = won[g["_gid"], field]
                assert held[g["_gid"], *winner][field] == g[field]


@settings(max_examples=20, deadline=None)
@given(many)
def test_a_golden_record_survives_itself(rows):
    golden, _ = survive(records(*rows), PARTY)
    again = golden.select(
        "_gid",
        pl.lit("golden").alias("_source"),
        pl.col("_gid").alias("_key"),
        pl.lit(1, pl.Int32).alias("_authority"),
        pl.lit(OLD).alias("_observed"),
        "name",
        "address",
        "roles",
    )
    assert survive(again, PARTY)[0].equals(golden)
