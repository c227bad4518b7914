"""Workbooks: what a sheet shows, and what its plain text hides. Files are built here."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font

from kintsugi.engine.reading import ReadError, ReadHints
from kintsugi.engine.reading.formats import number_text, serial_text, style


def book(build: Callable[[Any, Any], None], **options: Any) -> bytes:
    """A workbook with one sheet "台账" that ``build(workbook, sheet)`` fills."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as workbook:
        build(workbook, workbook.add_worksheet("台账"))
    return out.getvalue()


def patched(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The package with one part's XML changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == part else text)
    return out.getvalue()


def simple(*rows: list[Any]) -> bytes:
    def build(_: Any, sheet: Any) -> None:
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)

    return book(build)


def test_title_and_two_row_merged_header_become_paths(read: Any, look: Any) -> None:
    def build(workbook: Any, sheet: Any) -> None:
        sheet.merge_range("A1:E1", "设备台账")
        sheet.merge_range("A2:A3", "名称")
        sheet.merge_range("B2:C2", "采购信息")
        sheet.write_row("B3", ["日期", "金额"])
        sheet.merge_range("D2:D3", "序列\n号")
        sheet.merge_range("E2:E3", "科室")
        sheet.write_row("A4", ["CT", "2023-01-02", 12.5, "S1", "放射科"])
        sheet.write_row("A5", ["MR", "2023-01-03", 20, "S2", "放射科"])
        sheet.write_row("A6", ["合计", "", 32.5])

    snapshot = read(book(build), "a.xlsx")
    table = snapshot.tables[0]
    assert [c.name for c in table.columns] == [
        "名称",
        "采购信息/日期",
        "采购信息/金额",
        "序列号",
        "科室",
    ]
    assert [c.letter for c in table.columns] == list("ABCDE")
    assert table.columns[2].header_cells == [(2, 2, "采购信息"), (3, 3, "金额")]
    assert (table.header_rows, table.rows, table.excluded) == ((2, 3), 2, 1)
    assert table.preamble == [(1, 1, "设备台账")]
    assert look.aside(snapshot) == [(6, "excluded", "row.total")]


def test_merged_data_cells_are_fills_with_their_anchor(read: Any, look: Any) -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["科室", "名称", "型号"])
        sheet.merge_range("A2:A4", "放射科")
        for row, name in enumerate(["CT", "MR", "DR"], start=2):
            sheet.write_row(f"B{row}", [name, f"M{row}"])
        sheet.write_row("A5", ["同上", "B超", "M5"])

    snapshot = read(book(build), "a.xlsx")
    assert look.fills(snapshot) == {
        (3, 1): ("放射科", 2, 1),
        (4, 1): ("放射科", 2, 1),
        (5, 1): ("放射科", 2, 1),
    }
    assert [r["科室"] for r in look.rows(snapshot)] == ["放射科", "", "", "同上"]


def test_a_title_across_the_table_is_a_section_not_data(read: Any, look: Any) -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["名称", "型号", "数量"])
        sheet.merge_range("A2:C2", "一、放射科")
        sheet.write_row("A3", ["CT", "M1", 1])
        sheet.merge_range("A4:C4", "二、超声科")
        sheet.write_row("A5", ["B超", "M2", 2])

    snapshot = read(book(build), "a.xlsx")
    assert look.numbers(snapshot) == [3, 5]
    assert look.fills(snapshot) == {}
    assert {rule for _, _, rule in look.aside(snapshot)} == {"row.section"}


def test_hidden_sheets_rows_and_columns_are_read_and_named(read: Any, look: Any) -> None:
    def build(workbook: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["名称", "型号", "数量"])
        for row in range(2, 6):
            sheet.write_row(f"A{row}", [f"N{row}", f"M{row}", row])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column("B:B", None, None, {"hidden": True})
        other = workbook.add_worksheet("旧数据")
        other.write_row("A1", ["名称", "型号"])
        other.write_row("A2", ["X", "Y1"])
        other.hide()

    snapshot = read(book(build), "a.xlsx")
    assert [(t.name, t.hidden, t.rows) for t in snapshot.tables] == [
        ("台账", False, 4),
        ("旧数据", True, 1),
    ]
    assert list(look.cells(snapshot, "hidden_row")) == [(3, 0)]
    assert list(look.cells(snapshot, "hidden_col")) == [(0, 2)]
    assert "sheet.hidden" in look.notes(snapshot)


def test_struck_out_and_commented_cells_are_marked(read: Any, look: Any) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["名称", "状态码"], ["CT", "A1"], ["MR", "A2"]):
        sheet.append(row)
    sheet["A2"].font = Font(strike=True)
    from openpyxl.comments import Comment

    sheet["B3"].comment = Comment("已报废", "张三")
    out = io.BytesIO()
    workbook.save(out)
    snapshot = read(out.getvalue(), "a.xlsx")
    assert look.cells(snapshot, "strike") == {(2, 1): "CT"}
    assert look.cells(snapshot, "comment") == {(3, 2): "已报废"}


def test_error_cells_and_formulas_without_value_are_not_blank_in_silence(
    read: Any, look: Any
) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["名称", "合价"], ["CT", "=1+1"], ["MR", "#N/A"], ["DR", 3]):
        sheet.append(row)
    sheet["B3"].data_type = "e"
    out = io.BytesIO()
    workbook.save(out)
    snapshot = read(out.getvalue(), "a.xlsx")
    assert [r["合价"] for r in look.rows(snapshot)] == ["", "", "3"]
    assert look.cells(snapshot, "formula_uncached") == {(2, 2): "=1+1"}
    assert look.cells(snapshot, "error") == {(3, 2): "#N/A"}


@pytest.mark.parametrize(("date1904", "expected"), [(False, "2023-03-27"), (True, "2027-03-28")])
def test_serial_45012_by_the_date_system_of_the_book(
    read: Any, look: Any, date1904: bool, expected: str
) -> None:
    def build(workbook: Any, sheet: Any) -> None:
        day = workbook.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
        sheet.write_row("A1", ["名称", "日期", "时刻"])
        sheet.write("A2", "CT")
        sheet.write("B2", 45012, day)
        sheet.write("C2", 45012.75, workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"}))

    snapshot = read(book(build, date_1904=date1904), "a.xlsx")
    assert look.rows(snapshot) == [{"名称": "CT", "日期": expected, "时刻": f"{expected}T18:00:00"}]
    assert look.cells(snapshot, "type") == {(2, 2): "date", (2, 3): "date"}
    assert bool(look.cells(snapshot, "date1904")) is date1904


@pytest.mark.parametrize(
    ("serial", "kind", "text"),
    [
        ("0", "date", "1900-01-00"),
        ("1", "date", "1900-01-01"),
        ("59", "date", "1900-02-28"),
        ("60", "date", "1900-02-29"),
        ("61", "date", "1900-03-01"),
        ("45012.0000001", "date", "2023-03-27"),
        ("0.5", "time", "12:00:00"),
        ("1.25", "duration", "30:00:00"),
        ("-1", "date", None),
        ("99999999", "date", None),
    ],
)
def test_serial_dates(serial: str, kind: str, text: str | None) -> None:
    assert serial_text(serial, kind, date1904=False) == text


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"),
        ("m/d/yy h:mm", "date"),
        ('[$-804]yyyy"年"m"月"', "date"),
        ("h:mm:ss", "time"),
        ("[h]:mm", "duration"),
        ("000000", "pad"),
        ("0.00", "number"),
        ("General", "number"),
        ('0.00"万元"', "number"),
        ("[Red]#,##0;[Blue]-#,##0", "number"),
        ('#,##0.00" d"', "number"),
    ],
)
def test_number_formats_are_understood(code: str, kind: str) -> None:
    assert style(164, code).kind == kind


def test_long_numbers_keep_their_digits_and_lost_ones_are_named(read: Any, look: Any) -> None:
    data = simple(["名称", "号码"], ["a", 1], ["b", 2], ["c", 3], ["d", 4], ["e", 5])
    digits = {
        "1": "12345678901234567890",
        "2": "1.23457E+17",
        "3": "123456789012345000",
        "4": "0.1",
        "5": "123",
    }

    def change(xml: str) -> str:
        return re.sub(r'(<c r="B[2-6]"><v>)(\d)(</v>)', lambda m: m[1] + digits[m[2]] + m[3], xml)

    snapshot = read(patched(data, "xl/worksheets/sheet1.xml", change), "a.xlsx")
    assert [r["号码"] for r in look.rows(snapshot)] == list(digits.values())
    assert set(look.cells(snapshot, "precision_lost")) == {(3, 2), (4, 2)}


@pytest.mark.parametrize(
    ("lexical", "expected"),
    [
        ("123", ("123", False)),
        ("123.0", ("123.0", False)),
        ("1E3", ("1000", False)),
        ("1.5E-3", ("0.0015", False)),
        # What 8.55 and 9.8 look like as binary numbers of 17 digits; the sheet shows 15.
        ("8.5500000000000007", ("8.55", False)),
        ("9.800000000000001", ("9.8", False)),
        ("-0.10000000000000001", ("-0.1", False)),
        ("2.9999999999999996", ("3", False)),
        ("1.2340000000000001E-3", ("0.001234", False)),
        ("123456.789012345", ("123456.789012345", False)),
        # Digits before the point name something; they are never rounded away.
        ("12345678901234567.5", ("12345678901234567.5", False)),
        ("1.234567890123457E+19", ("1.234567890123457E+19", True)),
        ("123456789012345678", ("123456789012345678", False)),
    ],
)
def test_numbers_are_written_plainly(lexical: str, expected: tuple[str, bool]) -> None:
    assert number_text(lexical) == expected


def test_zero_padded_format_pads_and_says_so(read: Any, look: Any) -> None:
    def build(workbook: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["编号", "名称", "折扣"])
        sheet.write("A2", 123, workbook.add_format({"num_format": "000000"}))
        sheet.write("B2", "CT")
        sheet.write("C2", 0.85, workbook.add_format({"num_format": "0%"}))

    snapshot = read(book(build), "a.xlsx")
    assert look.rows(snapshot) == [{"编号": "000123", "名称": "CT", "折扣": "0.85"}]
    assert look.cells(snapshot, "number_format") == {(2, 1): "000000", (2, 3): "0%"}


def test_phonetic_runs_are_left_out(read: Any, look: Any) -> None:
    data = simple(["名称", "型号"], ["东京", "A1"])

    def change(xml: str) -> str:
        return xml.replace(
            "<t>东京</t>",
            '<r><t>东</t></r><r><t>京</t></r><rPh sb="0" eb="2"><t>トウキョウ</t></rPh>',
        )

    snapshot = read(patched(data, "xl/sharedStrings.xml", change), "a.xlsx")
    assert look.rows(snapshot)[0]["名称"] == "东京"


def test_repeated_header_total_and_blank_rows_in_a_sheet(read: Any, look: Any) -> None:
    rows: list[list[Any]] = [
        ["名称", "型号", "数量"],
        ["CT", "M1", 1],
        ["小计", "", 1],
        [],
        ["名称", "型号", "数量"],
        ["MR", "M2", 2],
        [],
        ["合计", None, 3],
        ["制表人：张三"],
    ]
    snapshot = read(simple(*rows), "a.xlsx")
    assert len(snapshot.tables) == 1
    assert look.numbers(snapshot) == [2, 6]
    assert [rule for _, _, rule in look.aside(snapshot)] == [
        "row.total",
        "row.header-repeated",
        "row.total",
        "row.footer",
    ]


def test_tables_under_each_other_are_told_apart(read: Any, look: Any) -> None:
    snapshot = read(
        simple(
            ["设备台账"],
            ["名称", "型号", "数量"],
            ["CT", "M1", 1],
            ["MR", "M2", 2],
            [],
            ["备件库存"],
            ["备件名称", "批号", "库位", "数量"],
            ["球管", "L1", "A-1", 3],
            ["探头", "L2", "A-2", 4],
        ),
        "a.xlsx",
    )
    assert [(t.name, t.rows, t.header_rows) for t in snapshot.tables] == [
        ("台账", 2, (2, 2)),
        ("台账 #2", 2, (7, 7)),
    ]
    assert look.rows(snapshot, 1)[0] == {
        "备件名称": "球管",
        "批号": "L1",
        "库位": "A-1",
        "数量": "3",
    }


def test_tables_side_by_side_are_told_apart(read: Any, look: Any) -> None:
    left = [["名称", "型号"]] + [[f"N{i}", f"M{i}"] for i in range(10)]
    right = [["备件", "库存", "批次"], ["球管", 1, "L1"], ["探头", 2, "L2"]]
    rows = [a + [None] + (right[i] if i < len(right) else []) for i, a in enumerate(left)]
    snapshot = read(simple(*rows), "a.xlsx")
    assert [(t.rows, [c.letter for c in t.columns]) for t in snapshot.tables] == [
        (10, ["A", "B"]),
        (2, ["D", "E", "F"]),
    ]
    assert look.rows(snapshot, 1)[1] == {"备件": "探头", "库存": "2", "批次": "L2"}


def test_a_spacer_column_does_not_part_one_table(read: Any, look: Any) -> None:
    snapshot = read(
        simple(
            ["名称", "型号", None, "数量", "单价"],
            ["CT", "M1", None, 1, 2.5],
            ["MR", "M2", None, 3, 4.5],
        ),
        "a.xlsx",
    )
    assert len(snapshot.tables) == 1
    assert [c.letter for c in snapshot.tables[0].columns] == ["A", "B", "D", "E"]


def test_a_table_that_starts_at_c3_keeps_its_letters(read: Any, look: Any) -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_row("C3", ["名称", "型号"])
        sheet.write_row("C4", ["CT", "M1"])

    snapshot = read(book(build), "a.xlsx")
    assert [(c.letter, c.key) for c in snapshot.tables[0].columns] == [("C", "c1"), ("D", "c2")]
    assert look.numbers(snapshot) == [4]


def test_sheets_can_be_chosen(read: Any, look: Any) -> None:
    def build(workbook: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["名称", "型号"])
        sheet.write_row("A2", ["CT", "M1"])
        other = workbook.add_worksheet("另一张")
        other.write_row("A1", ["名称", "型号"])
        other.write_row("A2", ["MR", "M2"])

    data = book(build)
    assert [t.name for t in read(data, "a.xlsx", hints=ReadHints(tables=("另一张",))).tables] == [
        "另一张"
    ]
    with pytest.raises(ReadError) as refused:
        read(data, "a.xlsx", hints=ReadHints(tables=("没有",)))
    assert refused.value.facts["tables"] == ["台账", "另一张"]


HTML = """<html><head><meta charset="gb2312"><style>td {x}</style></head><body>
<table><tr><th rowspan=2>名称</th><th colspan=2>采购信息</th></tr>
<tr><th>日期</th><th>金额</th></tr>
<tr><td>CT&amp;MR<td>2023-01-02<td>12.5</tr>
<tr><td rowspan=2>B超</td><td>2023-02-01</td><td>3</td></tr><tr><td>2023-02-02</td><td>4</td></tr>
</table></body></html>"""


def test_an_xls_that_is_html_is_read_as_a_table(read: Any, look: Any) -> None:
    snapshot = read(HTML.encode("gb18030"), "report.xls")
    assert (snapshot.kind, snapshot.encoding) == ("html", "gb18030")
    assert [list(r.values()) for r in look.rows(snapshot)] == [
        ["CT&MR", "2023-01-02", "12.5"],
        ["B超", "2023-02-01", "3"],
        ["", "2023-02-02", "4"],
    ]
    names = [c.name for c in snapshot.tables[0].columns]
    assert names == ["名称", "采购信息/日期", "采购信息/金额"]
    assert look.fills(snapshot) == {(5, 1): ("B超", 4, 1)}


def test_an_xls_that_is_csv_is_read_as_text(read: Any, look: Any) -> None:
    snapshot = read("名称\t型号\nCT\tM1\n".encode("gb18030"), "report.xls")
    assert (snapshot.kind, look.rows(snapshot)) == ("text", [{"名称": "CT", "型号": "M1"}])


def test_a_real_xls_is_read(read: Any, look: Any, shared_data: Path) -> None:
    snapshot = read(shared_data / "peer-openboxes" / "persons.xls")
    assert snapshot.kind == "xls"
    assert snapshot.tables[0].rows > 0
    assert "workbook.plain" in look.notes(snapshot)
