"""Loading frames: what goes in comes out, and three-way merging by its truth table."""

import itertools
import json
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kintsugi.audit.services import recorded
from kintsugi.core.bulk import copy_frame, fetch_frame, merge_frame
from kintsugi.core.ids import uuid7_series
from kintsugi.core.loading import _array_text
from kintsugi.parties.models import Party

pytestmark = pytest.mark.usefixtures("committed")
QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

#: Texts that text formats stumble over, besides whatever hypothesis thinks of.
NASTY = [
    "", " ", "\\N", "\\.", "a\n\\.\nb", "\\", '"', '""', "'", ",", "\n", "\r\n", "\r", "\t", "NULL",
    "null", "{}", '{"a"}', "监护仪", "🩺", "\U0001f469\u200d\u2695\ufe0f", "e\u0301", "\u00a0",
    "\ufeff", "\u2028", "\x01", "\x7f", "-- ;", "%s", "0", "00123",
]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12),
)
CELL = st.one_of(st.none(), TEXT)


def table(columns: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"create temporary table given ({columns}) on commit drop")


def stored(columns: str = "*") -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {columns} from given order by n")
        return list(cursor.fetchall())


# -- copy and fetch --------------------------------------------------------------------------------


@QUIET
@example([(cell, None) for cell in NASTY])
@example([(None, None), ("", ""), (None, "")])
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_texts_go_into_a_table_and_come_back_as_they_are(
    rows: list[tuple[str | None, str | None]],
) -> None:
    frame = pl.DataFrame(
        [(n, a, b) for n, (a, b) in enumerate(rows)],
        schema={"n": pl.Int64, "a": pl.String, "b": pl.String},
        orient="row",
    )
    with transaction.atomic():
        table("n int, a text, b text")
        assert copy_frame(table="given", frame=frame) == len(rows)
        assert stored("a, b") == rows
        back = fetch_frame("select a, b from given order by n")
    assert back.rows() == rows


@QUIET
@example([None])
@example([None, "", None, "x"])
@given(st.lists(CELL, min_size=1, max_size=6))
def test_a_single_column_keeps_its_nulls_too(cells: list[str | None]) -> None:
    frame = pl.DataFrame({"a": cells}, schema={"a": pl.String})
    with transaction.atomic():
        table("n serial, a text")
        copy_frame(table="given", frame=frame)
        assert [row[0] for row in stored("a")] == cells
        back = fetch_frame("select a from given order by n")
    assert back["a"].to_list() == cells


def test_more_rows_than_a_slice_arrive_in_order_in_one_statement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kintsugi.core.bulk.SLICE_ROWS", 7)
    frame = pl.DataFrame({"n": range(100), "a": [f"第{n}行" for n in range(100)]})
    with transaction.atomic():
        table("n int, a text")
        assert copy_frame(table="given", frame=frame) == 100
        assert stored("n, a") == frame.rows()


def test_no_rows_are_no_rows_and_keep_their_columns() -> None:
    with transaction.atomic():
        table("n int, a text")
        empty = pl.DataFrame(schema={"n": pl.Int64, "a": pl.String})
        assert copy_frame(table="given", frame=empty) == 0
        assert fetch_frame("select n, a from given").columns in (["n", "a"], [])
        assert fetch_frame("select n, a from given").height == 0


def test_a_refused_row_leaves_none_of_its_frame() -> None:
    frame = pl.DataFrame({"n": ["1", "2", "no number"], "a": ["x", "y", "z"]})
    with transaction.atomic():
        table("n int, a text")
        with pytest.raises(DatabaseError), transaction.atomic():
            copy_frame(table="given", frame=frame)
        assert stored() == []


def test_other_types_keep_their_values() -> None:
    import datetime as dt
    from decimal import Decimal

    frame = pl.DataFrame(
        {
            "n": [1, 2],
            "d": [dt.date(2024, 2, 29), None],
            "b": [True, None],
            "p": ["12345678901234.5678", "-0.0001"],
            "f": [0.1, None],
        }
    )
    with transaction.atomic():
        table("n int, d date, b boolean, p numeric(18,4), f double precision")
        copy_frame(table="given", frame=frame)
        assert stored("d, b, p, f") == [
            (dt.date(2024, 2, 29), True, Decimal("12345678901234.5678"), 0.1),
            (None, None, Decimal("-0.0001"), None),
        ]


@QUIET
@example([NASTY])
@example([[], None, [""], ["null", "NULL"], ['\\"', "\\n", "\\u0041", "\\\\"]])
@given(st.lists(st.one_of(st.none(), st.lists(TEXT, max_size=4)), min_size=1, max_size=5))
def test_lists_become_arrays_of_the_same_texts(lists: list[list[str] | None]) -> None:
    for ascii_only in (False, True):
        texts = [None if v is None else json.dumps(v, ensure_ascii=ascii_only) for v in lists]
        frame = pl.DataFrame(
            {"n": range(len(texts)), "a": texts}, schema_overrides={"a": pl.String}
        )
        with transaction.atomic():
            table("n int, a text[]")
            copy_frame(table="given", frame=frame.with_columns(_array_text(pl.col("a"))))
            assert [row[0] for row in stored("a")] == lists


# -- merge: ours, base, theirs ---------------------------------------------------------------------

VALUES = ("A", "B", "C", None)
CASES = list(itertools.product(VALUES, repeat=3))  # (base, theirs, ours)


def expected(base: Any, theirs: Any, ours: Any, keep_theirs: bool) -> tuple[Any, bool]:
    """The rule as the design states it: (the value that stands, whether it is a conflict)."""
    if ours == base:
        return theirs, False
    if theirs == base:
        return ours, False
    if theirs == ours:
        return theirs, False
    return (theirs if keep_theirs else ours), True


def test_the_rule_s_own_corner_stones() -> None:
    """The four sentences of the design, by hand, so that the table below is not its own truth."""
    assert expected("A", "B", "A", False) == ("B", False)  # the source says nothing new
    assert expected("A", "A", "C", True) == ("C", False)  # nobody edited: the source's value
    assert expected("A", "B", "B", False) == ("B", False)  # both came to the same
    assert expected("A", "B", "C", True) == ("B", True)
    assert expected("A", "B", "C", False) == ("C", True)
    assert expected("A", None, "C", True) == (None, True)  # a person emptied the field
    assert expected(None, "B", "C", False) == ("C", True)  # a person filled it first


@pytest.mark.parametrize("keep_theirs", [False, True])
def test_every_combination_of_base_theirs_and_ours_ends_as_the_design_says(
    keep_theirs: bool,
) -> None:
    ids = uuid7_series(len(CASES))
    column = "contact"
    tag = f"merge-{keep_theirs}"
    with recorded(actor="tester", command=tag):
        keys = [f"{tag}-{n}" for n in range(len(CASES))]
        frame = pl.DataFrame({"id": ids, "party_key": keys, "name": keys})
        theirs = pl.Series(column, [t for _, t, _ in CASES], dtype=pl.String)
        copy_frame(table="parties_party", frame=frame.with_columns(theirs))
        merged = merge_frame(
            table="parties_party",
            ours=pl.DataFrame({"id": ids, column: [o for _, _, o in CASES]}),
            base=pl.DataFrame({"id": ids, column: [b for b, _, _ in CASES]}),
            keep_theirs=frozenset({column}) if keep_theirs else frozenset(),
        )
    now = {str(party.pk): party for party in Party.objects.filter(pk__in=list(ids))}
    conflicts = {row["id"]: row for row in merged.conflicts.to_dicts()}
    written = 0
    for row_id, (base, before, ours) in zip(ids, CASES, strict=True):
        value, conflict = expected(base, before, ours, keep_theirs)
        party = now[row_id]
        assert party.contact == value, (base, before, ours)
        assert (row_id in conflicts) == conflict, (base, before, ours)
        assert party.version == (1 if value == before else 2), (base, before, ours)
        written += value != before
        if conflict:
            told = conflicts[row_id]
            assert told["kept"] == ("theirs" if keep_theirs else "ours")
            assert (told["field"], told["base"], told["theirs"], told["ours"]) == (
                column, base, before, ours,
            )  # fmt: skip
    assert (merged.rows, merged.cells) == (written, written)
    assert 0 < written < len(CASES)


def test_columns_of_one_row_are_merged_one_by_one() -> None:
    (row_id,) = uuid7_series(1)
    with recorded(actor="tester", command="test.merge"):
        copy_frame(
            table="parties_party",
            frame=pl.DataFrame(
                {"id": [row_id], "party_key": ["mm"], "name": ["旧名"], "contact": ["王"],
                 "address": ["人改的"], "email": ["a@example.org"]}
            ),
        )  # fmt: skip
        merged = merge_frame(
            table="parties_party",
            ours=pl.DataFrame(
                {"id": [row_id], "name": ["新名"], "contact": ["王"], "address": ["源改的"],
                 "email": [None]}, schema_overrides={"email": pl.String}
            ),
            base=pl.DataFrame(
                {"id": [row_id], "name": ["旧名"], "contact": ["李"], "address": ["旧址"],
                 "email": ["a@example.org"]}
            ),
            keep_theirs=frozenset({"address"}),
            derived=frozenset({"email"}),
        )  # fmt: skip
    party = Party.objects.get(pk=UUID(row_id))
    assert (party.name, party.contact, party.address, party.email) == ("新名", "王", "人改的", None)
    assert (party.version, merged.rows) == (2, 1)
    assert merged.cells == 1, "a derived column is written but not counted"
    assert [row["field"] for row in merged.conflicts.to_dicts()] == ["address"]


def test_rows_that_nobody_named_stay_as_they_are() -> None:
    one, two = uuid7_series(2)
    with recorded(actor="tester", command="test.merge"):
        copy_frame(
            table="parties_party",
            frame=pl.DataFrame({"id": [one, two], "party_key": ["n1", "n2"], "name": ["甲", "乙"]}),
        )
        merged = merge_frame(
            table="parties_party",
            ours=pl.DataFrame({"id": [one, uuid7_series(1)[0]], "name": ["丙", "无此行"]}),
            base=pl.DataFrame({"id": [one], "name": ["甲"]}),
        )
    assert merged.rows == 1
    names = {str(p.pk): p.name for p in Party.objects.filter(pk__in=[one, two])}
    assert names == {one: "丙", two: "乙"}


def test_nothing_to_merge_is_nothing() -> None:
    empty = pl.DataFrame(schema={"id": pl.String, "name": pl.String})
    with transaction.atomic():
        merged = merge_frame(table="parties_party", ours=empty, base=empty)
    assert (merged.rows, merged.cells, merged.conflicts.height) == (0, 0, 0)


def test_arrays_and_dates_merge_by_value_not_by_their_writing() -> None:
    (row_id,) = uuid7_series(1)
    with recorded(actor="tester", command="test.merge"):
        copy_frame(
            table="parties_party",
            frame=pl.DataFrame(
                {"id": [row_id], "party_key": ["arr"], "name": ["甲"], "phone": ['{"1","2"}']}
            ),
        )
        merged = merge_frame(
            table="parties_party",
            ours=pl.DataFrame({"id": [row_id], "phone": ["{1, 2}"]}),
            base=pl.DataFrame({"id": [row_id], "phone": ["{1}"]}),
        )
    assert (merged.rows, merged.conflicts.height) == (0, 0)
