"""Provenance: every golden value of every device leads to a cell, and the original file, read by
another reader, has there the text that a person would understand as that value."""

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from kintsugi.devices.models import Device
from kintsugi.onboarding.explain import explain_record
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db(transaction=True)

PRODUCTS = """产品编码,产品名称,型号
P-1,监护仪,M1
P-2,呼吸机,V2
P-3,输液泵,I3
"""
#: GB18030, Chinese dates and prices.
HOSPITAL = [
    ["序列号", "产品编码", "使用单位", "科室", "采购日期", "采购价(万元)", "设备状态"],
    ["ＳＮ－００１", "P-1", "市一医院", "放射科", "2023年5月6日", "12.5", "在用"],
    ["SN-002", "P-2", "市二医院", "ICU", "2023.5", "8", "停用"],
    ["SN-003", "P-1", "市一医院", "", "", "", "在用"],
    ["SN-004", "P-3", "市二医院", "急诊", "2022/1/2", "", ""],
]
SERVICE = [
    ["serial number", "model", "hospital", "software version", "warranty end", "notes"],
    ["SN-001", "M1", "市一医院", "v2.1", "2026-05-06", "board replaced"],
    ["SN-003", "M1", "市一医院", "v1.9", "2025-12-31", ""],
    ["SN-005", "V2", "市三医院", "v3", "", "on loan"],
]
#: What a person reads in these cells.
MEANING = {
    "ＳＮ－００１": "SN-001", "SN-001": "SN-001", "SN-002": "SN-002", "SN-003": "SN-003",
    "SN-004": "SN-004", "SN-005": "SN-005", "P-1": "P-1", "P-2": "P-2", "P-3": "P-3",
    "M1": "P-1", "V2": "P-2", "市一医院": "市一医院", "市二医院": "市二医院",
    "市三医院": "市三医院", "放射科": "放射科", "ICU": "ICU", "急诊": "急诊",
    "2023年5月6日": "2023-05-06", "2023.5": "2023-05-01", "2022/1/2": "2022-01-02",
    "12.5": "125000.0000", "8": "80000.0000", "在用": "installed", "停用": "retired",
    "v2.1": "v2.1", "v1.9": "v1.9", "v3": "v3", "2026-05-06": "2026-05-06",
    "2025-12-31": "2025-12-31", "board replaced": "board replaced", "on loan": "on loan",
    "L-77": "L-77", "L-78": "L-78", "2020-02-03": "2020-02-03", "SN-002 ": "SN-002",
}  # fmt: skip


def write_stock(path: Path) -> None:
    """A workbook with a title above a header of two rows, one group merged over two columns."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("库存")
    sheet.merge_range(0, 0, 0, 3, "二〇二六年库存台账")
    sheet.merge_range(1, 0, 2, 0, "序列号")
    sheet.merge_range(1, 1, 2, 1, "产品编码")
    sheet.merge_range(1, 2, 1, 3, "生产信息")
    sheet.write(2, 2, "批号")
    sheet.write(2, 3, "生产日期")
    sheet.write_row(3, 0, ["SN-001", "P-1", "L-77", "2020-02-03"])
    sheet.write_row(4, 0, ["SN-002 ", "P-2", "L-78", ""])
    book.close()


def cell_of(folder: Path, cell: dict[str, Any]) -> str:
    """The text of a cell, by readers that know nothing of ours."""
    (column,) = cell["columns"]
    place = [ord(letter) - 64 for letter in column["letter"]]
    assert len(place) == 1
    path = folder / cell["file"]
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path)[cell["sheet"]]
        return str(sheet.cell(cell["row"], place[0]).value)
    delimiter, encoding = ("\t", "utf-8") if path.suffix == ".tsv" else (",", "gb18030")
    with path.open(encoding=encoding, newline="") as file:
        rows = list(csv.reader(file, delimiter=delimiter))
    return rows[cell["row"] - 1][place[0] - 1]


def shown(record: Device, name: str) -> str:
    """The golden value as text, references by what people call them."""
    value = getattr(record, name)
    if name == "product":
        return str(value.product_code)
    return str(value.name if name == "customer" else value)


def test_every_value_of_every_device_is_read_again_in_the_original_file(world: World) -> None:
    text = "\n".join(",".join(row) for row in HOSPITAL) + "\n"
    hospital = world.file("hospital.csv", text.encode("gb18030"))
    service = world.file("service.tsv", "\n".join("\t".join(row) for row in SERVICE) + "\n")
    stock = world.folder / "files" / "stock.xlsx"
    write_stock(stock)
    world.load(world.file("products.csv", PRODUCTS))
    world.load(hospital, source=("hospital", 50))
    world.load(service, source=("service", 60))
    world.load(stock, source=("stock", 40))
    assert sorted(Device.objects.values_list("serial_no", flat=True)) == [
        f"SN-00{n}" for n in range(1, 6)
    ]
    read, seen = 0, set()
    names = [f.name for f in Device._meta.get_fields() if f.name not in ("id", "version")]
    for record in Device.objects.select_related("product", "customer"):
        fields = {f["field"]: f for f in explain_record(kind="device", record=record)["fields"]}
        for name in names:
            value = getattr(record, name, None)
            if value is None or name in (
                "created_at", "updated_at", "is_void", "void_reason", "partial_dates", "currency",
            ):  # fmt: skip
                continue
            cell = fields[name]["cell"]
            assert cell is not None, (record.serial_no, name)
            raw = cell_of(world.folder / "files", cell)
            if name == "product_model":
                assert raw == value
            else:
                assert MEANING[raw] == shown(record, name), (record.serial_no, name, cell["place"])
            read += 1
            seen.add((cell["file"], name))
    assert read >= 30
    assert {file for file, _ in seen} == {"hospital.csv", "service.tsv", "stock.xlsx"}
    assert ("stock.xlsx", "lot_no") in seen
    assert ("service.tsv", "software_version") in seen
    assert ("hospital.csv", "purchase_price") in seen


def test_a_value_from_a_merged_group_names_the_whole_path_of_its_header(world: World) -> None:
    stock = world.file("stock.xlsx", "")
    write_stock(stock)
    world.load(world.file("products.csv", PRODUCTS), stock)
    record = Device.objects.get(serial_no="SN-001")
    fields = {f["field"]: f for f in explain_record(kind="device", record=record)["fields"]}
    cell = fields["lot_no"]["cell"]
    assert cell["columns"] == [{"letter": "C", "header": "生产信息/批号"}]
    assert cell["place"] == "stock.xlsx › 库存 › C4"
