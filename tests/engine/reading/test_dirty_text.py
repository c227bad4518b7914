"""Text files as the web has them: each kind of dirt with the table an expert would take from it."""

from pathlib import Path
from typing import Any

import pytest

from bench.pollution import clean_tables, polluted_files
from bench.quality_reading import judge, score
from kintsugi.engine.pipeline.export import write_table
from kintsugi.engine.reading import ReadError


def lines(read: Any, tmp_path: Path, text: str | bytes, table: int = 0) -> list[str]:
    """What ``kintsugi read`` writes: header and rows."""
    snapshot = read(text.encode() if isinstance(text, str) else text)
    path = tmp_path / "out.csv"
    write_table(snapshot, snapshot.tables[table], path, kind="csv")
    return path.read_bytes().decode().split("\r\n")[:-1]


ROWS = [("name", "city", "qty"), ("a b", "x", "1"), ("c", "y: z", "2"), ("d", "w", "3")]


@pytest.mark.parametrize("d", [":", " ", ", ", "; ", ";;", "||", "\t\t", "~", "^", "¬", "§", "\\t"])
def test_unusual_delimiters_are_found(read: Any, tmp_path: Path, d: str) -> None:
    text = "".join(d.join(f'"{c}"' for c in row) + "\n" for row in ROWS)
    assert lines(read, tmp_path, text) == [",".join(row) for row in ROWS]


@pytest.mark.parametrize(("o", "c"), ["''", "``", "“”"])
def test_unusual_quotes_are_found(read: Any, tmp_path: Path, o: str, c: str) -> None:
    text = "".join(",".join(f"{o}{x}{c}" for x in row) + "\n" for row in ROWS)
    assert lines(read, tmp_path, text) == [",".join(row) for row in ROWS]


def test_apostrophes_are_no_quotes(read: Any, tmp_path: Path) -> None:
    text = "a,b\n'tis so,x\ndon't,'y\n"
    assert lines(read, tmp_path, text) == text.split("\n")[:-1]


def test_times_and_dates_of_one_column_are_not_taken_apart(read: Any, tmp_path: Path) -> None:
    text = "10:15:01\n10:15:02\n10:15:03\n10:15:04\n"
    assert lines(read, tmp_path, text) == ["c1", *text.split("\n")[:-1]]


@pytest.mark.parametrize("ends", [("\r", "\n"), ("\n", "\r\n", "\r"), ("\r\r\n",)])
def test_mixed_line_ends(read: Any, tmp_path: Path, ends: tuple[str, ...]) -> None:
    body = ["a,b,c", *(f"{i},x{i},{i}.5" for i in range(9))]
    text = "".join(line + ends[i % len(ends)] for i, line in enumerate(body))
    assert lines(read, tmp_path, text) == body


def test_a_lone_carriage_return_within_quotes_stays(read: Any, look: Any) -> None:
    snapshot = read(b'a,b\n1,"x\ry"\n2,z\n')
    assert look.rows(snapshot)[0]["b"] == "x\ry"


def test_only_a_header_gives_an_empty_table(read: Any, tmp_path: Path, look: Any) -> None:
    snapshot = read("名称,型号\n".encode())
    assert ([c.name for c in snapshot.tables[0].columns], snapshot.tables[0].rows) == (
        ["名称", "型号"], 0
    )  # fmt: skip
    assert "table.no-rows" in look.notes(snapshot)
    assert lines(read, tmp_path, "名称,型号\n") == ["名称,型号"]
    with pytest.raises(ReadError) as refused:
        read(b"", "empty.csv")
    assert refused.value.code == "reading.empty"


def test_no_header_loses_no_record(read: Any, tmp_path: Path) -> None:
    for body in (
        ["Leeds,open,good", "York,open,bad", "Leeds,closed,good", "Hull,open,good"],
        ["SN-1,2020-01-01,3.5", "SN-2,2020-01-02,4.5", "SN-3,2020-01-03,5.5"],
        ["1,2,3", "3,4,5", "7,8,1"],
    ):
        assert lines(read, tmp_path, "\n".join(body)) == ["c1,c2,c3", *body]


@pytest.mark.parametrize(
    "head", ["Region,2001,2002,2003", "id,Q101,Q102,Q103", "Site,01/01/2013,02/01/2013,03/01/2013"]
)
def test_years_codes_and_dates_over_figures_are_a_header(
    read: Any, tmp_path: Path, head: str
) -> None:
    body = [head, "N,1,5,3", "S,4,4,2"]
    assert lines(read, tmp_path, "\n".join(body)) == body


def test_blank_headers_stay_blank(read: Any, tmp_path: Path) -> None:
    body = [",b,,d,", "1,2,,4,", "5,6,,8,"]
    assert lines(read, tmp_path, "\n".join(body)) == body
    body = ["a,b,,", "1,2,3,", "4,5,6,", "7,8,9,"]
    assert lines(read, tmp_path, "a,b\n" + "\n".join(body[1:])) == body


def test_a_header_wider_than_the_rows_is_kept(read: Any, tmp_path: Path) -> None:
    text = "a,b,c,d,e\n1,2,3\n4,5,6\n7,8,9\n"
    assert lines(read, tmp_path, text) == ["a,b,c,d,e", "1,2,3,,", "4,5,6,,", "7,8,9,,"]


COLUMNS = "no,name,bought,price\n" + "".join(
    f"{i},pump {i},2020-01-0{i},{i}.50\n" for i in range(1, 9)
)


def test_an_unquoted_delimiter_is_joined_where_one_place_fits(
    read: Any, look: Any, tmp_path: Path
) -> None:
    found = lines(read, tmp_path, COLUMNS + "9,pump, large, red,2020-02-01,9.50\n")
    assert found[-1] == '9,"pump, large, red",2020-02-01,9.50'
    snapshot = read((COLUMNS + "9,pump, large, red,2020-02-01,9.50\n").encode())
    assert "row.joined" in look.notes(snapshot)


def test_a_line_without_one_meaning_is_put_aside(read: Any, look: Any) -> None:
    short = "9,2020-02-01,9.50\n"  # the name is missing: padding would shift
    long = "9,pump,2020-02-01,9.50,8.50,7.50\n"
    snapshot = read((COLUMNS + short + long + "10,pump,2020-03-01,1.50\n").encode())
    assert look.aside(snapshot) == [
        (10, "quarantined", "row.ragged"),
        (11, "quarantined", "row.ragged"),
    ]


def test_what_stands_alone_below_the_last_record_is_a_footnote(read: Any, look: Any) -> None:
    for foot in (
        "Figures are provisional\nRounded to the nearest ten\n",
        "Figures are provisional,,,\nRounded to the nearest ten,,,\n",
    ):
        snapshot = read((COLUMNS + foot).encode(), f"{len(foot)}.csv")
        assert look.aside(snapshot) == [
            (10, "excluded", "row.footer"),
            (11, "excluded", "row.footer"),
        ]
        assert snapshot.tables[0].rows == 8
    last = read((COLUMNS + "PU-9,,,\n").encode())
    assert (last.tables[0].rows, look.aside(last)) == (9, [])


def test_two_tables_of_one_text(read: Any, look: Any, tmp_path: Path) -> None:
    text = (
        "Stock\nname,qty,price\npump,1,2.5\nvalve,2,3.5\n\n"
        "Staff\nperson,ward,since,grade\nAnn,A1,2020-01-01,3\nBob,B2,2021-01-01,4\n"
    )
    snapshot = read(text.encode())
    assert [t.name for t in snapshot.tables] == ["a", "a #2"]
    assert look.numbers(snapshot, 0) == [3, 4]
    assert look.numbers(snapshot, 1) == [8, 9]
    assert [c.text for c in snapshot.tables[1].preamble] == ["Staff"]
    assert lines(read, tmp_path, text, 1)[1] == "Ann,A1,2020-01-01,3"
    assert "text.several-tables" in look.notes(snapshot)


def test_a_blank_line_or_the_facts_of_a_logger_part_no_table(read: Any, look: Any) -> None:
    rows = "".join(f"2013-01-01,10:0{i},{i}.5,4\n" for i in range(9))
    text = "Device:,Logger 5\nSerial:,12345\n\nDate,Time,Temp,RH\n" + rows + "\n" + rows
    snapshot = read(text.encode())
    assert (len(snapshot.tables), snapshot.tables[0].rows) == (1, 18)


def test_columns_of_fixed_width(read: Any, look: Any, tmp_path: Path) -> None:
    text = (
        "设备名称    型号      数量\n监护仪      iMEC8       12\n"
        "呼吸机      SV300        3\n超声诊断仪  M7          10\n"
    )
    assert lines(read, tmp_path, text) == [
        "设备名称,型号,数量", "监护仪,iMEC8,12", "呼吸机,SV300,3", "超声诊断仪,M7,10"
    ]  # fmt: skip
    ruled = (
        "NAME         QTY   PRICE\n------------ ----- ------\n"
        "Pump            12   3.50\nVentilator X     3 120.00\n"
    )
    snapshot = read(ruled.encode())
    assert [list(r.values()) for r in look.rows(snapshot)] == [
        ["Pump", "12", "3.50"], ["Ventilator X", "3", "120.00"]
    ]  # fmt: skip
    assert look.numbers(snapshot) == [3, 4]
    assert "text.fixed-width" in look.notes(snapshot)


def test_prose_is_one_column_and_keeps_every_line(read: Any, tmp_path: Path) -> None:
    text = "apple\nbanana\ncherry, ripe\ndate\n"
    assert [x.strip('"') for x in lines(read, tmp_path, text)] == text.split("\n")[:-1]


def test_the_score_of_the_loading_benchmark_on_a_worked_case() -> None:
    truth = clean_tables()[6]  # code,label and three rows
    right = [list(truth.header), *map(list, truth.rows)]
    assert sum(score([truth], [right]).values()) == 10
    one_lost = score([truth], [right[:-1]])
    assert one_lost["record_precision"] == pytest.approx(2 / 3)  # over the truth
    assert (one_lost["record_recall"], one_lost["cell_f1"]) == (1.0, pytest.approx(0.8))


def test_dirty_files_of_every_kind_are_read_well() -> None:
    """A part of the benchmark; all of it: ``python -m bench.quality_reading``."""
    files = [f for f in polluted_files() if f.tables[0].name == "spending"]
    got = [judge(file) for file in files]
    total = sum(sum(one.values()) for one in got) / len(got)
    assert total >= 9.9, [f.kind for f, g in zip(files, got, strict=True) if sum(g.values()) < 9]
