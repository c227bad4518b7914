"""Tables as files: what is in them reads back, what is not is beside them."""

import csv
import tempfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.export import TableFiles, chosen_tables, file_names, write_table
from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import Snapshot

LEDGER = '设备台账,,\n编号,科室,备注\n1,手术室,\n2,同上,"a, ""b""\n第二行"\n合计,2,\n'


def seen(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture
def ledger(tmp_path: Path) -> Snapshot:
    file = tmp_path / "台账.csv"
    file.write_bytes(LEDGER.encode("gb18030"))
    return read_source(file, into=tmp_path / "work")


def written(snapshot: Snapshot, path: Path, **more: object) -> TableFiles:
    return write_table(snapshot, snapshot.tables[0], path, **{"kind": "csv", **more})  # type: ignore[arg-type]


def test_rows_header_and_what_was_put_aside(ledger: Snapshot, tmp_path: Path) -> None:
    made = written(ledger, tmp_path / "out" / "t.csv")
    assert made.data.read_bytes().startswith("编号,科室,备注\r\n1,手术室,\r\n".encode())
    assert seen(made.data)[2] == ["2", "手术室", 'a, "b"\n第二行']
    assert made.aside is not None
    assert seen(made.aside) == [
        ["row", "disposition", "rule", "text"],
        ["6", "excluded", "row.total", "合计,2"],
    ]
    assert (made.rows, made.excluded, made.filled, made.rules) == (2, 1, 1, {"row.total": 1})
    assert made.preamble == ("设备台账",)
    assert made.cells is not None
    assert ["4", "2", "ditto", "手术室", "3", "2"] in seen(made.cells)
    # Nothing else is left lying about.
    assert {p.name for p in made.data.parent.iterdir()} == {"t.csv", "t.aside.csv", "t.cells.csv"}


def test_cells_that_stand_for_another_stay_as_written_if_asked(
    ledger: Snapshot, tmp_path: Path
) -> None:
    made = written(ledger, tmp_path / "t.csv", fill=False)
    assert seen(made.data)[2][1] == "同上"
    assert made.filled == 0


def test_parquet_tells_equal_names_apart_and_csv_keeps_them(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("名称,数量,名称\n泵,1,甲\n刀,2,乙\n", "utf-8")
    snapshot = read_source(file, into=tmp_path / "work")
    assert seen(written(snapshot, tmp_path / "t.csv").data)[0] == ["名称", "数量", "名称"]
    made = written(snapshot, tmp_path / "t.parquet", kind="parquet")
    frame = pl.read_parquet(made.data)
    assert frame.columns == ["名称", "数量", "名称 #2"]
    assert frame.rows() == [("泵", "1", "甲"), ("刀", "2", "乙")]
    assert made.aside is None


def test_a_column_alone_keeps_its_blank_cells(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('[{"编号": "1"}, {"编号": ""}, {"编号": "3"}]', "utf-8")
    snapshot = read_source(file, into=tmp_path / "work")
    assert len(seen(written(snapshot, tmp_path / "t.csv").data)) == 1 + snapshot.tables[0].rows


def test_a_table_is_chosen_by_name_or_number_and_another_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("设备", "配件"):
        sheet = book.create_sheet(name)
        sheet.append(["编号", "名称"])
        sheet.append([name[0], "x"])
    book.remove(book.worksheets[0])
    file = tmp_path / "两张.xlsx"
    book.save(file)
    snapshot = read_source(file, into=tmp_path / "work")
    assert [t.name for t in chosen_tables(snapshot)] == ["设备", "配件"]
    assert [t.name for t in chosen_tables(snapshot, ["2"])] == ["配件"]
    assert [t.name for t in chosen_tables(snapshot, ["配件", "1"])] == ["配件", "设备"]
    with pytest.raises(KintsugiError) as refused:
        chosen_tables(snapshot, ["3"])
    assert refused.value.code == "read.no-table"
    assert refused.value.facts["tables"] == ["1 设备", "2 配件"]
    names = file_names(["a/两张.xlsx", "b/两张.xlsx"], [snapshot.tables, snapshot.tables[:1]])
    assert names == [["两张.设备", "两张.配件"], ["两张"]]


def test_names_of_files_are_never_given_twice() -> None:
    class Table:
        def __init__(self, name: str) -> None:
            self.name = name

    one, two = Table("a/b"), Table("A:B")
    names = file_names(["x.csv", "X.csv.gz", ".csv"], [[one, two], [one], [two]])  # type: ignore[list-item]
    assert names == [["x.a_b", "x.A_B-2"], ["X"], ["csv"]]


def test_a_folder_that_takes_no_file_is_named(ledger: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(KintsugiError) as refused:
        written(ledger, tmp_path / "taken" / "t.csv")
    assert refused.value.code == "read.unwritable"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), min_size=3,
                 max_size=3),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_what_is_written_reads_back_as_what_was_read(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "a.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([["编号", "名称", "备注"], *rows])
        try:
            snapshot = read_source(file, into=folder / "work")
        except KintsugiError:
            return  # a head without rows, or only what is no data
        made = written(snapshot, folder / "t.csv")
        assert len(seen(made.data)) == made.rows + 1
        assert made.rows + made.excluded + made.quarantined == snapshot.tables[0].read
