"""CSV and its ruins: each kind of dirt with a truth worked by hand."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kintsugi.engine.reading import ReadError, ReadHints

HEAD = "名称,型号,序列号"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
    ],
)
def test_simplified_chinese_is_decoded_in_every_encoding(
    read: Any, look: Any, encoding: str, expected: str
) -> None:
    text = f"{HEAD}\n监护仪,iMEC8,00123\n呼吸机,SV300,00124\n"
    snapshot = read(text.encode(encoding))
    assert snapshot.encoding == expected
    assert [r["名称"] for r in look.rows(snapshot)] == ["监护仪", "呼吸机"]
    assert look.numbers(snapshot) == [2, 3]


@pytest.mark.parametrize("word", ["设备", "姓名", "飞利浦", "迈瑞", "探头", "柯惠", "锅炉", "嘉兴"])
def test_gb18030_is_sure_on_two_characters(read: Any, look: Any, word: str) -> None:
    snapshot = read(f"id,x\n1,{word}\n2,b\n".encode("gb18030"))
    assert snapshot.encoding == "gb18030"
    assert look.rows(snapshot)[0]["x"] == word


def test_four_byte_gb18030_characters_survive(read: Any, look: Any) -> None:
    snapshot = read("名称,科室\n㐂和医院𠮷,放射科\n".encode("gb18030"))
    assert look.rows(snapshot)[0]["名称"] == "㐂和医院𠮷"


@pytest.mark.parametrize(
    "text",
    [
        "名稱,型號\n超音波掃描儀,LOGIQ\n呼吸器,SV\n",
        "廠商,x\n飛利浦,1\n",
        "地址,x\n臺北市中正區,1\n",
    ],
)
def test_big5_is_told_from_gb18030(read: Any, look: Any, text: str) -> None:
    snapshot = read(text.encode("big5"))
    assert snapshot.encoding == "big5"
    first = text.splitlines()[1].split(",")[0]
    assert next(iter(look.rows(snapshot)[0].values())) == first


@pytest.mark.parametrize(
    "text",
    [
        "name,city\nMüller,Köln\nJosé,A Coruña\n",
        "nom,prix\nÉtuve à café,12 €\n",
        "n,t\nGlucose,5 °C\n",
    ],
)
def test_western_european_text_is_not_taken_for_chinese(read: Any, look: Any, text: str) -> None:
    snapshot = read(text.encode("cp1252"))
    assert snapshot.encoding == "cp1252"
    assert list(look.rows(snapshot)[0].values()) == text.splitlines()[1].split(",")


def test_lines_of_another_encoding_are_decoded_on_their_own(read: Any, look: Any) -> None:
    lines = [f"{i},上海市第一人民医院".encode() for i in range(20)]
    lines[7] = "7,放射科设备".encode("gb18030")
    snapshot = read("编号,名称\n".encode() + b"\n".join(lines) + b"\n")
    assert snapshot.encoding == "utf-8"
    assert look.rows(snapshot)[7]["名称"] == "放射科设备"
    assert "encoding.mixed" in look.notes(snapshot)


def test_garbled_text_is_marked_and_restored_where_the_bytes_are_there(
    read: Any, look: Any
) -> None:
    as_gbk = "广州医院".encode().decode("gbk")
    as_latin = "广州医院".encode().decode("latin-1")
    text = f"id,名称\n1,锟斤拷\n2,{as_gbk}\n3,{as_latin}\n4,正常医院\n5,Café é\n6,caf\ufffd\n"
    snapshot = read(text.encode())
    assert look.cells(snapshot, "mojibake") == {
        (2, 2): "",
        (3, 2): "广州医院",
        (4, 2): "广州医院",
        (7, 2): "",
    }
    assert {"mojibake.lost", "mojibake.reversible"} <= look.notes(snapshot)


def test_a_garbled_header_is_restored_and_its_cell_kept(read: Any, look: Any) -> None:
    garbled = "序列号".encode().decode("cp1252", "replace").replace("\ufffd", "\x90")
    garbled = "".join(bytes([b]).decode("latin-1") for b in "序列号".encode())
    snapshot = read(f"id,{garbled}\n1,A1\n".encode())
    column = snapshot.tables[0].columns[1]
    assert (column.name, column.header_cells[0].text) == ("序列号", garbled)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read: Any, look: Any, delimiter: str) -> None:
    lines = [["name", "price", "note"], ["CT, big", "1.5", "a"], ["MR", "2.5", "b"]]
    text = "\n".join(delimiter.join(f'"{c}"' if "," in c else c for c in r) for r in lines)
    snapshot = read(text.encode())
    assert snapshot.dialect.delimiter == delimiter
    assert look.rows(snapshot)[0] == {"name": "CT, big", "price": "1.5", "note": "a"}


def test_semicolons_win_over_decimal_commas(read: Any, look: Any) -> None:
    snapshot = read(b"a;b;c\n1,5;2,5;x\n2,5;3,5;y\n")
    assert look.rows(snapshot)[1] == {"a": "2,5", "b": "3,5", "c": "y"}


def test_backslash_escapes_and_spaces_before_quotes(read: Any, look: Any) -> None:
    snapshot = read(b'a, "b", c\n1, "say \\"hi\\" now", x\n2, "one, two", y\n')
    assert [r["b"] for r in look.rows(snapshot)] == ['say "hi" now', "one, two"]


def test_line_ends_of_old_macs_and_windows(read: Any, look: Any) -> None:
    for end in (b"\r", b"\r\n"):
        snapshot = read(end.join([b"a,b", b"1,2", b"", b"3,4", b""]))
        assert look.rows(snapshot) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
        assert look.numbers(snapshot) == [2, 4]


def test_a_record_over_several_lines_has_the_number_of_its_first(read: Any, look: Any) -> None:
    snapshot = read(b'a,b\n1,"x\ny\nz"\n2,w\n')
    assert look.rows(snapshot)[0]["b"] == "x\ny\nz"
    assert look.numbers(snapshot) == [2, 5]


def test_a_line_inside_a_quoted_cell_is_no_row_though_it_looks_like_one(
    read: Any, look: Any
) -> None:
    snapshot = read(b'a,b,c\n1,"x\np,q,r\ny",3\n4,5,6\n')
    assert [list(r.values()) for r in look.rows(snapshot)] == [
        ["1", "x\np,q,r\ny", "3"],
        ["4", "5", "6"],
    ]


def test_a_broken_quote_swallows_nothing(read: Any, look: Any) -> None:
    snapshot = read(b'a,b,c\n1,"open,3\n2,x,4\n3,"fine, really",5\n4,y,6\n')
    assert [r["a"] for r in look.rows(snapshot)] == ["1", "2", "3", "4"]
    assert look.rows(snapshot)[0]["b"] == '"open'
    assert look.rows(snapshot)[2]["b"] == "fine, really"
    assert "quote.broken" in look.notes(snapshot)


def test_inch_marks_are_text(read: Any, look: Any) -> None:
    snapshot = read(b'a,b\n1,5" probe\n2,"5" probe"\n3,x\n')
    assert [r["b"] for r in look.rows(snapshot)] == ['5" probe', '5" probe', "x"]


def test_a_short_line_is_padded_and_a_long_one_without_one_meaning_is_quarantined(
    read: Any, look: Any
) -> None:
    """A short line keeps its cells (it was put aside before): nothing in it contradicts."""
    from kintsugi.engine.snapshot import aside_frame

    snapshot = read(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,,\n13,14,15\n")
    assert [list(r.values()) for r in look.rows(snapshot)] == [
        ["1", "2", "3"], ["4", "5", ""], ["10", "11", "12"], ["13", "14", "15"]
    ]  # fmt: skip
    assert look.aside(snapshot) == [(4, "quarantined", "row.ragged")]
    assert aside_frame(snapshot, 0).collect()["text"].to_list() == ["6,7,8,9"]
    table = snapshot.tables[0]
    assert (table.read, table.rows, table.quarantined) == (5, 4, 1)
    assert [n.facts["lines"] for n in snapshot.notes if n.code == "row.padded"] == [[3]]


def test_a_surplus_blank_at_the_end_is_dropped_only_where_no_field_was_shifted(
    read: Any, look: Any
) -> None:
    text = (
        "工单号,故障,处理,技师,报修日期,修复,备注\n"
        "WO-1,漏气,更换密封圈,技师01,2023-05-01,√,\n"
        "WO-2,噪音大,复位,技师02,2023-05-02,√,已回访\n"
        "WO-3,按键失灵,清洁,技师03,2023-05-03,,\n"
        "WO-4,按键失灵,报警灯常亮,更换密封圈,技师04,2023-05-04,√,\n"  # an unquoted comma
        "WO-5,漏气,清洁,技师05,2023-05-05,√,,\n"  # one comma too many at the end
        "WO-6,漏气,清洁,技师06,2023-05-06,√,,,,\n"
        "WO-7,,,,,,,,\n"
    )
    snapshot = read(text.encode())
    assert [r["工单号"] for r in look.rows(snapshot)] == [
        "WO-1", "WO-2", "WO-3", "WO-5", "WO-6", "WO-7"
    ]  # fmt: skip
    assert look.aside(snapshot) == [(5, "quarantined", "row.ragged")]


def test_title_two_row_header_repeated_header_totals_and_footer(read: Any, look: Any) -> None:
    text = (
        "协和医院设备台账\n"
        "单位：万元,打印日期：2023-05-06\n"
        "名称,采购信息,,科室\n"
        ",日期,金额,\n"
        "CT,2023-01-02,12.5,放射科\n"
        "MR,2023-01-03,20.0,放射科\n"
        "小计,,32.5,\n"
        "名称,采购信息,,科室\n"
        ",日期,金额,\n"
        "B超,2023-02-01,3.0,超声科\n"
        "合  计,,35.5万元,\n"
        "制表人：张三,审核人：李四,,\n"
        "打印时间：2023-06-01\n"
    )
    snapshot = read(text.encode("gb18030"))
    table = snapshot.tables[0]
    assert [c.name for c in table.columns] == ["名称", "采购信息/日期", "采购信息/金额", "科室"]
    assert table.header_rows == (3, 4)
    assert look.numbers(snapshot) == [5, 6, 10]
    assert look.aside(snapshot) == [
        (7, "excluded", "row.total"),
        (8, "excluded", "row.header-repeated"),
        (9, "excluded", "row.header-repeated"),
        (11, "excluded", "row.total"),
        (12, "excluded", "row.footer"),
        (13, "excluded", "row.footer"),
    ]
    assert table.read == 9


def test_a_product_called_total_is_no_total(read: Any, look: Any) -> None:
    snapshot = read(
        b"name,model,qty\nTotal Knee System,K1,2\nTotal,Hip X,1\nsum,S-1,3\n"
        b"Total,,6\nPage 1 of 2,,\n"
    )
    assert [r["name"] for r in look.rows(snapshot)] == ["Total Knee System", "Total", "sum"]
    assert look.aside(snapshot) == [(5, "excluded", "row.total"), (6, "excluded", "row.footer")]


def test_ditto_marks_are_filled_from_above_with_their_origin(read: Any, look: Any) -> None:
    snapshot = read(
        "名称,厂家,型号\n同上,GE,A\nCT,〃,B\n同上,ditto,〃\n,,C\n同上,同上,D\n".encode()
    )
    assert look.fills(snapshot) == {
        (3, 2): ("GE", 2, 2),
        (4, 1): ("CT", 3, 1),
        (4, 2): ("GE", 2, 2),
        (4, 3): ("B", 3, 3),
    }
    assert look.rows(snapshot)[2] == {"名称": "同上", "厂家": "ditto", "型号": "〃"}


def test_duplicate_headers_get_an_ordinal_and_a_note(read: Any, look: Any) -> None:
    snapshot = read(b"name,date,date,date\nx,2020-01-01,2021-01-01,2022-01-01\n")
    names = [c.name for c in snapshot.tables[0].columns]
    assert names == ["name", "date", "date #2", "date #3"]
    assert "header.duplicate" in look.notes(snapshot)


def test_a_blank_trailing_column_is_left_out_and_one_with_data_is_named(
    read: Any, look: Any
) -> None:
    blank = read(b"a,b,\n1,2,\n3,4,\n", "blank.csv")
    assert [c.name for c in blank.tables[0].columns] == ["a", "b"]
    used = read(b"a,b,\n1,2,x\n3,4,\n", "used.csv")
    assert [c.name for c in used.tables[0].columns] == ["a", "b", "#3"]
    assert "header.unnamed" in look.notes(used)


def test_a_file_without_header_keeps_its_first_row(read: Any, look: Any) -> None:
    snapshot = read(b"1001,2020-01-01,3.5\n1002,2020-01-02,4.5\n1003,2020-01-03,5.5\n")
    assert snapshot.tables[0].header_rows is None
    assert look.numbers(snapshot) == [1, 2, 3]
    assert "header.none" in look.notes(snapshot)


def test_a_list_of_one_column(read: Any, look: Any) -> None:
    snapshot = read("序列号\nSN-1\nSN-2\n".encode())
    assert look.rows(snapshot) == [{"序列号": "SN-1"}, {"序列号": "SN-2"}]


def test_text_stays_exactly_as_it_is(read: Any, look: Any) -> None:
    snapshot = read(b'a,b,c\n="00123",  x ,1.0\nNA,null,1E5\n')
    assert [list(r.values()) for r in look.rows(snapshot)] == [
        ['="00123"', "  x ", "1.0"],
        ["NA", "null", "1E5"],
    ]


def test_a_person_may_name_encoding_and_delimiter(read: Any, look: Any) -> None:
    data = "a:b\n中:1\n".encode("gb18030")
    snapshot = read(data, hints=ReadHints(encoding="gb18030", delimiter=":"))
    assert look.rows(snapshot) == [{"a": "中", "b": "1"}]
    with pytest.raises(ReadError) as refused:
        read(data, hints=ReadHints(encoding="klingon"))
    assert refused.value.code == "reading.encoding"


def test_gzip_is_opened(read: Any, look: Any) -> None:
    snapshot = read(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"), "x.csv.gz")
    assert look.rows(snapshot) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


# Two truths handed out do not describe the bytes beside them: one record was replaced by another,
# and the CRLF file came with plain line feeds.
_OTHER_BYTES = {
    "location_coordinates": {"1234567890": "2095257564"},
    "newlines_crlf": {"Once upon \r\na time": "Once upon \na time"},
}


def test_csv_spectrum(read: Any, look: Any, shared_data: Path) -> None:
    files = sorted((shared_data / "csv-spectrum" / "csvs").glob("*.csv"))
    assert len(files) == 12
    for file in files:
        truth = json.loads(
            (shared_data / "csv-spectrum" / "json" / f"{file.stem}.json").read_text()
        )
        truth = truth if isinstance(truth, list) else [truth]
        text = file.read_bytes().decode()
        for wrong, right in _OTHER_BYTES.get(file.stem, {}).items():
            if wrong not in text:
                truth = [{k: v.replace(wrong, right) for k, v in r.items()} for r in truth]
        assert look.rows(read(file)) == truth, file.name


def test_csv_spectrum_crlf_files_as_they_were_meant(
    read: Any, look: Any, shared_data: Path
) -> None:
    file = shared_data / "csv-spectrum" / "csvs" / "newlines.csv"
    data = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert look.rows(read(data))[1]["a"] == "Once upon \r\na time"


@pytest.mark.parametrize(
    ("name", "rows"),
    [("gudid_devices_1_25000.csv.gz", 25_000), ("gudid_identifiers_1_25000.csv.gz", 25_394)],
)
def test_gudid_files_are_read_whole(
    read: Any, look: Any, shared_data: Path, name: str, rows: int
) -> None:
    table = read(shared_data / "gudid" / name).tables[0]
    assert (table.rows, table.excluded, table.quarantined) == (rows, 0, 0)
