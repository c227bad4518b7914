"""How the eastern sheet looks: title, merged header, groups, merges, subtotals, footer."""

from collections.abc import Sequence
from random import Random
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from kintsugi.demo.fragments.workbook import cell_text, put
from kintsugi.demo.truth import Row, Truth
from kintsugi.demo.world import Device

FILE = "华东装机台账.xlsx"
SHEET = "装机台账"
HIDDEN_SHEET = "2019旧数据"
CUSTOMER = "客户信息/医院名称"
DEPT = "客户信息/科室"
PRODUCT = "设备信息/产品编码"
MODEL = "设备信息/型号"
MAKER = "设备信息/生产商"
SERIAL = "设备信息/序列号"
DATE = "采购信息/日期"
PRICE = "采购信息/金额(万元)"
INSTALLED = "安装日期"
TERMS = "保修信息/保修约定"
WARRANTY = "保修信息/到期日"
STATUS = "状态"
NOTE = "备注"
COLUMNS = (
    "序号",
    CUSTOMER,
    DEPT,
    PRODUCT,
    MODEL,
    MAKER,
    SERIAL,
    DATE,
    PRICE,
    INSTALLED,
    TERMS,
    WARRANTY,
    STATUS,
    NOTE,
)
HEADER_ROW = 3
FIRST_ROW = 5
#: Columns of the header groups that a final value can prove to have been read by their path.
PROOF = {CUSTOMER: "customer", SERIAL: "serial_no", DATE: "purchase_date", WARRANTY: "warranty_end"}


def lay_out(
    sheet: Worksheet, rows: Sequence[Row], truth: Truth, rng: Random, *, hidden_rows: list[int]
) -> None:
    """Write the register and record where everything came to stand."""
    sheet.cell(row=1, column=1, value="华东大区医疗设备装机台账(虚构示例数据)")
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(COLUMNS))
    sheet.cell(row=2, column=1, value="统计截止:2024-06-30")
    _header(sheet, HEADER_ROW)
    for column, field in PROOF.items():
        truth.note(
            file=FILE,
            table=SHEET,
            row=HEADER_ROW,
            column=column,
            dirt=7,
            raw=column.split("/")[0],
            correct=column,
            expect="fixed",
            field=field,
        )
    number = FIRST_ROW
    groups = _groups(rows)
    merged = set(rng.sample([i for i, g in enumerate(groups) if _mergeable(g)], 14))
    total = 0.0
    subtotal = 0.0
    for i, group in enumerate(groups):
        if i in merged:
            _merge(sheet, group, number)
        for row in group:
            raws = {name: cell_text(row.cells[name]) for name in COLUMNS}
            for ordinal, name in enumerate(COLUMNS, start=1):
                put(sheet, number, ordinal, row.cells[name])
            if id(row) in hidden_rows:
                sheet.row_dimensions[number].hidden = True
                truth.note(
                    file=FILE,
                    table=SHEET,
                    row=number,
                    column=None,
                    dirt=6,
                    raw=None,
                    correct=None,
                    expect="asked",
                    key=row.device.key if row.device else None,
                )
            truth.place(row, file=FILE, table=SHEET, number=number, raws=raws)
            price = row.cells[PRICE]
            if isinstance(price, int | float):
                subtotal += price
                total += price
            number += 1
        if i in (9, 19):
            number = _total(sheet, number, "小计", subtotal, truth)
            subtotal = 0.0
            number = _repeated_header(sheet, number, truth)
    number = _total(sheet, number, "合计", total, truth)
    _aside(sheet, number, {1: "制表人:资料员01", 7: "审核:经理01", 12: "2024-07-01"}, 11, truth)


def lay_out_old(sheet: Worksheet, devices: Sequence[Device]) -> None:
    """The hidden sheet: an old copy of the register, with states of 2019 that are wrong now."""
    for column, name in enumerate(("医院名称", "产品编码", "序列号", "状态"), start=1):
        sheet.cell(row=1, column=column, value=name)
    for number, device in enumerate(devices, start=2):
        assert device.hospital is not None
        for column, text in enumerate(
            (device.hospital.name, device.product.di, device.serial, "停用"), start=1
        ):
            sheet.cell(row=number, column=column, value=text)


def _header(sheet: Worksheet, top: int, *, merge: bool = True) -> None:
    column = 1
    while column <= len(COLUMNS):
        group, _, name = COLUMNS[column - 1].partition("/")
        sheet.cell(row=top, column=column, value=group)
        if not name:
            if merge:
                sheet.merge_cells(
                    start_row=top, start_column=column, end_row=top + 1, end_column=column
                )
            column += 1
            continue
        last = column
        while last <= len(COLUMNS) and COLUMNS[last - 1].startswith(f"{group}/"):
            sheet.cell(row=top + 1, column=last, value=COLUMNS[last - 1].partition("/")[2])
            last += 1
        if merge:
            sheet.merge_cells(start_row=top, start_column=column, end_row=top, end_column=last - 1)
        column = last


def _repeated_header(sheet: Worksheet, number: int, truth: Truth) -> int:
    """Dirt 10: the printed page's header, copied into the sheet with the rows."""
    _header(sheet, number)
    for row in (number, number + 1):
        truth.note(
            file=FILE,
            table=SHEET,
            row=row,
            column=None,
            dirt=10,
            raw=None,
            correct=None,
            expect="excluded",
        )
        truth.fate(file=FILE, table=SHEET, number=row, fate="excluded")
    return number + 2


def _total(sheet: Worksheet, number: int, word: str, amount: float, truth: Truth) -> int:
    """Dirt 11: a total between the data."""
    return _aside(sheet, number, {1: word, COLUMNS.index(PRICE) + 1: round(amount, 2)}, 11, truth)


def _aside(sheet: Worksheet, number: int, cells: dict[int, Any], dirt: int, truth: Truth) -> int:
    for column, value in cells.items():
        sheet.cell(row=number, column=column, value=value)
    truth.note(
        file=FILE,
        table=SHEET,
        row=number,
        column=None,
        dirt=dirt,
        raw=str(cells[1]),
        correct=None,
        expect="excluded",
    )
    truth.fate(file=FILE, table=SHEET, number=number, fate="excluded")
    return number + 1


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Neighbouring rows of the same hospital."""
    groups: list[list[Row]] = []
    for row in rows:
        hospital = row.device.hospital if row.device else None
        same = groups and (hospital is None or hospital == _hospital(groups[-1]))
        if same:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _hospital(group: Sequence[Row]) -> Any:
    return next((r.device.hospital for r in group if r.device), None)


def _mergeable(group: Sequence[Row]) -> bool:
    clean = [not any(p.column == CUSTOMER for p in r.plants) for r in group[:4]]
    return len(group) >= 4 and all(clean) and all(r.device for r in group[:4])


def _merge(sheet: Worksheet, group: Sequence[Row], number: int) -> None:
    """Dirt 12: the hospital's name stands once over four rows."""
    name = group[0].cells[CUSTOMER]
    for row in group[1:4]:
        row.plant(12, CUSTOMER, "", correct=name, expect="fixed", field="customer")
    column = COLUMNS.index(CUSTOMER) + 1
    sheet.merge_cells(start_row=number, start_column=column, end_row=number + 3, end_column=column)
