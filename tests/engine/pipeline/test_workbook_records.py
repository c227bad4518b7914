"""Whole way, from a workbook's bytes to records: what its sheet shows is what is loaded."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from kintsugi.engine.mapping import EntityMapping, Mapping, TableMapping
from kintsugi.engine.pipeline import PipelineResult, run_pipeline
from kintsugi.engine.reading import read_source

HEADERS = ["序列号", "产品编码", "效期", "采购价(万元)", "状态"]
COLUMNS = {
    "serial_no": "序列号",
    "product": "产品编码",
    "expiry_date": "效期",
    "purchase_price": "采购价(万元)",
    "status": "状态",
}


@pytest.fixture
def run_book(tmp_path: Path, contracts):
    """``run_book(build, **workbook options)``: sheet 台账 filled by ``build(book, sheet)``."""

    def go(build: Callable[[Any, Any], None], **options: Any) -> PipelineResult:
        path = tmp_path / "book.xlsx"
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, options) as book:
            sheet = book.add_worksheet("台账")
            sheet.write_row("A1", HEADERS)
            build(book, sheet)
        path.write_bytes(out.getvalue())
        device = EntityMapping(entity="device", columns=COLUMNS)
        return run_pipeline(
            snapshot=read_source(path, into=tmp_path / "snapshots"),
            mapping=Mapping(tables=(TableMapping(table="台账", entities=(device,)),)),
            contracts=contracts,
            workdir=tmp_path / "work",
        )

    return go


def issues_of(result: PipelineResult) -> list[tuple[Any, ...]]:
    frame = pl.read_parquet(result.entity("device").issues)
    return frame.select("_row", "field", "column", "rule", "severity", "proposal").rows()


def records_of(result: PipelineResult) -> list[dict[str, Any]]:
    return pl.read_parquet(result.entity("device").records).sort("_row").to_dicts()


@pytest.mark.parametrize(
    ("date1904", "expected"), [(False, dt.date(2022, 1, 30)), (True, dt.date(2026, 1, 31))]
)
def test_a_plain_day_number_counts_from_the_first_day_of_its_workbook(
    run_book, date1904: bool, expected: dt.date
) -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_row("A2", ["A100B7", "P1", 44591])

    (record,) = records_of(run_book(build, date_1904=date1904))
    assert record["expiry_date"] == expected


def test_an_amount_in_ten_thousands_is_exact_though_its_cell_is_a_binary_number(run_book) -> None:
    def build(_: Any, sheet: Any) -> None:
        # What sums of binary numbers leave where a person sees 8.55 and 9.8.
        sheet.write_row("A2", ["A100B7", "P1", None, 8.550000000000001])
        sheet.write_row("A3", ["A100B8", "P1", None, 9.800000000000001])

    first, second = records_of(run_book(build))
    assert (first["purchase_price"], second["purchase_price"]) == ("85500.00", "98000.00")


def test_the_status_of_a_row_marked_as_out_of_use_waits_while_its_other_fields_load(
    run_book,
) -> None:
    def build(book: Any, sheet: Any) -> None:
        struck = book.add_format({"font_strikeout": True})
        sheet.write("A2", "A100B7", struck)
        for row, serial in enumerate(["A100B8", "A100B9", "A100C1", "A100C2"], start=3):
            sheet.write(f"A{row}", serial)
        for row, status in enumerate(["在用", "在用", "报废", "在用", "在用"], start=2):
            sheet.write_row(f"B{row}", ["P1", "2026-01-31", 1.5])
            sheet.write(f"E{row}", status)
        sheet.write_comment("E3", "2023年底已报废,待处置")
        sheet.write_comment("C4", "已报废")
        sheet.write_comment("D5", "已停用")
        sheet.write_comment("D6", "见合同")

    result = run_book(build)
    records = records_of(result)
    # Row 4 says itself what its comment says; a comment on the price means nothing.
    assert [r["status"] for r in records] == [None, None, "scrapped", None, "installed"]
    assert {(r["expiry_date"], r["purchase_price"]) for r in records} == {
        (dt.date(2026, 1, 31), "15000.00")
    }
    assert issues_of(result) == [
        (2, "status", 1, "cell.out-of-use", "ask", "scrapped"),
        (3, "status", 5, "cell.out-of-use", "ask", "scrapped"),
        (5, "status", 4, "cell.out-of-use", "ask", "retired"),
    ]


def test_an_entity_without_a_status_is_asked_about_and_loaded_whole(
    make_snapshot, contracts, tmp_path
) -> None:
    cells = [{"row": 2, "col": 1, "kind": "strike", "value": "P1"}]
    snapshot = make_snapshot(["产品编码", "名称"], [["P1", "示例监护仪"]], cells=cells)
    product = EntityMapping(entity="product", columns={"product_code": "产品编码", "name": "名称"})
    result = run_pipeline(
        snapshot=snapshot,
        mapping=Mapping(tables=(TableMapping(table="sheet", entities=(product,)),)),
        contracts=contracts,
        workdir=tmp_path / "work",
    )
    (record,) = pl.read_parquet(result.entity("product").records).to_dicts()
    assert (record["product_code"], record["name"]) == ("P1", "示例监护仪")
    issues = pl.read_parquet(result.entity("product").issues)
    asked = issues.filter(pl.col("rule") == "cell.out-of-use")
    assert asked.select("_row", "field", "proposal").rows() == [(2, None, None)]


def test_hidden_rows_load_and_are_asked_about_and_a_hidden_sheet_is_only_asked_about(
    run_book,
) -> None:
    def build(book: Any, sheet: Any) -> None:
        for row in range(2, 5):
            sheet.write_row(f"A{row}", [f"A100B{row}", "P1"])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.write_row("A6", ["合计", "", "", 3])
        sheet.set_row(5, None, None, {"hidden": True})
        old = book.add_worksheet("旧数据")
        old.write_row("A1", HEADERS)
        old.write_row("A2", ["A100B9", "P1"])
        old.hide()

    result = run_book(build)
    assert [r["_row"] for r in records_of(result)] == [2, 3, 4]
    # Row 6 is hidden as well, but it is no data.
    assert [i for i in issues_of(result) if i[3] == "row.hidden"] == [
        (3, None, None, "row.hidden", "ask", None)
    ]
    (asked,) = result.table_issues
    assert (asked.table, asked.table_name, asked.rule, asked.severity) == (
        1, "旧数据", "sheet.hidden", "ask"
    )  # fmt: skip


def test_a_main_unit_with_its_part_in_one_cell_waits_under_the_main_units_serial(run_book) -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_row("A2", ["21046651(主机)+P200150(附件)", "P1"])
        sheet.write_row("A3", ["A100B8", "P1"])

    result = run_book(build)
    assert [r["serial_no"] for r in records_of(result)] == ["A100B8"]
    assert issues_of(result) == [(2, "serial_no", 1, "serial.composite", "block", "21046651")]
    assert result.entity("device").counts.quarantined == 1
