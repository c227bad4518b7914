"""The fast and the careful parser are one: hypothesis writes the files."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.reading import ReadError, ReadHints, ReadLimits
from kintsugi.engine.reading.delimited import read_delimited
from kintsugi.engine.reading.records import Unclosed, split_fields
from kintsugi.engine.reading.textstream import TextStream
from kintsugi.engine.snapshot import Dialect, Snapshot, aside_frame, cells_frame, table_frame

# fmt: off
PIECE = st.sampled_from(
    ["a", "1", "12.5", ",", ";", '"', '""', '","', "\n", "\r\n", "\r", " ", "", "同上", "合计", "é",
     "锟斤拷", "x,y", 'b"c', "name", "total", "\\", '\\"', "'", "\n\n", '"x\ny"',
     "制表人：", "2023-01-02", "p,q,r\n", '1,"s\n', 't",2\n']
)
# fmt: on
RUIN = st.lists(PIECE, min_size=1, max_size=60).map("".join)
CELL = st.text(st.sampled_from('ab1,"\n 同上é;'), max_size=6)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=12)


def outcome(text: str, *, careful_only: bool) -> tuple[object, ...]:
    """Everything a reading gives, as comparable values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(text.encode())
        try:
            read = read_delimited(
                path,
                into=Path(folder),
                name="a",
                file="a.csv",
                limits=ReadLimits(),
                hints=ReadHints(),
                careful_only=careful_only,
            )
        except ReadError as error:
            return (error.code,)
        snapshot = Snapshot(
            sha256="", location="", file_name="", kind="text", bytes=0, parser_version="",
            tables=read.tables, path=Path(folder),
        )  # fmt: skip
        places = range(len(read.tables))
        return (
            read.tables,
            [row for i in places for row in table_frame(snapshot, i).collect().rows()],
            [
                row
                for i in places
                for row in cells_frame(snapshot, i).collect().sort("row", "col", "kind").rows()
            ],
            [row for i in places for row in aside_frame(snapshot, i).collect().sort("_row").rows()],
            [n.code for n in read.notes],
        )


@settings(max_examples=80, deadline=None)
@given(RUIN)
def test_fast_and_careful_parsing_agree_on_ruins(text: str) -> None:
    text = "name,model,qty\nx,y,1\nx,y,2\n" + text
    assert outcome(text, careful_only=False) == outcome(text, careful_only=True)


@settings(max_examples=60, deadline=None)
@given(RUIN, st.sampled_from([", ", ";;", "¬"]))
def test_fast_and_careful_parsing_agree_on_long_delimiters(text: str, delimiter: str) -> None:
    rows = "".join(
        delimiter.join(row) + "\n" for row in (["name", "model", "qty"], ["x", "y", "1"])
    )
    text = rows + rows.split("\n", 1)[1] * 3 + text.replace(",", delimiter)
    assert outcome(text, careful_only=False) == outcome(text, careful_only=True)


@settings(max_examples=60, deadline=None)
@given(RUIN)
def test_the_size_of_the_blocks_does_not_matter(text: str) -> None:
    text = "name,model,qty\n" + "".join(f"x,y,{i}\n" for i in range(5)) + text + '\n"a","b","c"\n'
    whole = outcome(text, careful_only=False)
    blocks = TextStream.blocks
    try:
        TextStream.blocks = lambda self, size=64: blocks(self, size)  # type: ignore[method-assign]
        assert outcome(text, careful_only=False) == whole
    finally:
        TextStream.blocks = blocks  # type: ignore[method-assign]


@settings(max_examples=50, deadline=None)
@given(TABLE, st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_wrote_comes_back(rows: list[list[str]], end: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["name", "model", "note"])
    writer.writerow(["n0", "m0", "t0"])
    writer.writerows([f"n{i}", *row[1:]] for i, row in enumerate(rows, start=1))
    found = outcome(out.getvalue(), careful_only=False)
    expected = [("n0", "m0", "t0")] + [(f"n{i}", *r[1:]) for i, r in enumerate(rows, start=1)]
    assert [row[1:] for row in found[1]] == expected  # type: ignore[attr-defined]


@settings(max_examples=80, deadline=None)
@given(RUIN)
def test_no_line_with_content_is_lost(text: str) -> None:
    """Every line is preamble, header, a row, put aside, or part of a record of several lines."""
    full = "name,model,qty\nx,y,1\nx,y,2\n" + text
    found = outcome(full, careful_only=False)
    if len(found) == 1:
        return
    tables, rows, aside = found[0], found[1], found[3]
    heads = [c.text for t in tables for c in t.preamble]  # type: ignore[attr-defined]
    heads += [c.text for t in tables for col in t.columns for c in col.header_cells]  # type: ignore[attr-defined]
    kept = "".join(heads) + "".join("".join(r[1:]) for r in rows) + "".join(r[3] for r in aside)  # type: ignore[attr-defined]
    for mark in ("1", "2", "5", "x", "y", "b", "é"):
        assert kept.count(mark) >= full.count(mark)


@settings(max_examples=400, deadline=None)
@given(
    text=st.text(st.sampled_from('a" ,;\\\n'), max_size=30),
    cut=st.integers(0, 30),
    dialect=st.builds(
        Dialect,
        delimiter=st.sampled_from([",", ";", " "]),
        escape=st.sampled_from([None, "\\"]),
        skip_space=st.booleans(),
    ),
)
def test_an_open_field_goes_on_where_it_was_left_as_if_read_from_the_beginning(
    text: str, cut: int, dialect: Dialect
) -> None:
    begun = split_fields(text[:cut], dialect)
    if isinstance(begun, Unclosed) and not begun.hopeless:
        assert split_fields(text, dialect, begun) == split_fields(text, dialect)
