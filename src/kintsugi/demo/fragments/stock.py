"""库存盘点.xlsx: the warehouses' count, in a workbook that once was made on an old Mac (1904)."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from kintsugi.demo.excerpt import gtin_is_sound
from kintsugi.demo.fragments.common import excel_serial, reference, spoil_serials
from kintsugi.demo.fragments.workbook import cell_text, put, save
from kintsugi.demo.truth import Expect, Plant, Row, Truth
from kintsugi.demo.world import IMPLANT_MAKERS, Device, World

FILE = "库存盘点.xlsx"
SCANNED = "扫码库存"
MANUAL = "手工库存"
LOTS = "批次库存"
SCANNED_COLUMNS = ("仓库", "货位", "UDI条码", "品名", "数量", "状态", "盘点人")
MANUAL_COLUMNS = (
    "仓库",
    "货位",
    "产品编码",
    "品名",
    "批号",
    "序列号",
    "数量",
    "效期",
    "状态",
    "备注",
)
LOT_COLUMNS = ("仓库", "货位", "产品编码", "品名", "批号", "数量", "效期")
WAREHOUSES = ("东部仓(示例)", "南部仓(示例)")


def write_stock(world: World, truth: Truth, out: Path) -> None:
    """Three sheets: scanned UDIs, lines typed by hand, and lots without serials."""
    rng = world.rng("stock")
    devices = [d for d in world.in_region("stock") if gtin_is_sound(d.product.di)]
    rng.shuffle(devices)
    implants = [d for d in devices if d.product.company in IMPLANT_MAKERS]
    machines = [d for d in devices if d.product.company not in IMPLANT_MAKERS]
    cut = len(implants) - 40
    scanned = _scanned(rng, implants[:cut])
    manual = _manual(world, rng, implants[cut:], machines)
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.title = SCANNED
    for name, columns, rows in (
        (SCANNED, SCANNED_COLUMNS, scanned),
        (MANUAL, MANUAL_COLUMNS, manual),
        (LOTS, LOT_COLUMNS, _lots(world, rng)),
    ):
        if name != SCANNED:
            sheet = book.create_sheet(name)
        for column, header in enumerate(columns, start=1):
            sheet.cell(row=1, column=column, value=header)
        for number, row in enumerate(rows, start=2):
            for column, header in enumerate(columns, start=1):
                put(sheet, number, column, row.cells[header])
            if name != LOTS:
                raws = {c: cell_text(row.cells[c]) for c in columns}
                truth.place(row, file=FILE, table=name, number=number, raws=raws)
        last = len(rows) + 2
        sheet.cell(row=last, column=1, value="合计")
        quantity = sum(r.cells["数量"] for r in rows if isinstance(r.cells["数量"], int))
        sheet.cell(row=last, column=columns.index("数量") + 1, value=quantity)
        if name != LOTS:
            truth.note(
                file=FILE,
                table=name,
                row=last,
                column=None,
                dirt=11,
                raw="合计",
                correct=None,
                expect="excluded",
            )
            truth.fate(file=FILE, table=name, number=last, fate="excluded")
    save(book, out / FILE)


def _scanned(rng: Random, devices: list[Device]) -> list[Row]:
    rows = []
    for i, device in enumerate(devices):
        v = device.values
        expiry = date.fromisoformat(v["expiry_date"])
        row = Row(
            {
                "仓库": WAREHOUSES[i % 2],
                "货位": f"A-{i % 12 + 1:02d}-{i % 5 + 1}",
                "UDI条码": f"(01){device.product.di}(17){expiry:%y%m%d}(10){v['lot_no']}"
                f"(21){device.serial}",
                "品名": device.product.brand,
                "数量": 1,
                "状态": "在库",
                "盘点人": f"库管{i % 4 + 1:02d}",
            },
            device,
        )
        if i % 4 == 1:
            # Day 00 means the last day of the month (GS1 General Specifications).
            end = (expiry.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            v["expiry_date"] = end.isoformat()
            row.plant(
                32,
                "UDI条码",
                f"(01){device.product.di}(17){end:%y%m}00(10){v['lot_no']}(21){device.serial}",
                correct=end.isoformat(),
                expect="fixed",
                field="expiry_date",
            )
        elif i % 30 == 7:
            broken = device.product.di[:-1] + str((int(device.product.di[-1]) + 3) % 10)
            row.plant(
                32,
                "UDI条码",
                row.cells["UDI条码"].replace(device.product.di, broken),
                correct=None,
                expect="asked",
                field="udi_full",
            )
            row.fate, row.link = "any", "held"
        rows.append(row)
    return rows


def _manual(world: World, rng: Random, implants: list[Device], machines: list[Device]) -> list[Row]:
    rows = [_manual_row(world, d, i) for i, d in enumerate(implants + machines)]
    digits = [r for r in rows if _device(r).serial.isdigit()]
    for i, row in enumerate(rng.sample(digits, 10)):
        serial = _device(row).serial
        row.plant(
            24,
            "序列号",
            f'="{serial}"' if i % 2 else f"'{serial}",
            correct=serial,
            expect="fixed",
            field="serial_no",
        )
    dated = [r for r in rows if isinstance(r.cells["效期"], date)]
    for row in rng.sample(dated, 6):
        day = _device(row).day("expiry_date")
        row.plant(
            34,
            "效期",
            excel_serial(day, epoch_1904=True),
            correct=day.isoformat(),
            expect="fixed",
            field="expiry_date",
        )
    spoil_serials(rng, rows, "序列号", count=5)
    # Goods that have long been installed, still on the warehouse's list.
    gone = rng.sample([d for d in world.in_region("east", "south") if not d.tags], 25)
    rows += [_manual_row(world, d, i) for i, d in enumerate(gone)]
    rng.shuffle(rows)
    return rows + _serial_lists(world, rng)


def _serial_lists(world: World, rng: Random) -> list[Row]:
    """Dirt 26, 27 and 28: one line, several units."""
    rows = []
    products = [p for p in world.equipment if p.company == "INVACARE CORPORATION"]
    for i in range(12):
        product = rng.choice(products)
        stem = f"LS{i}{rng.randrange(10**3):03d}"
        kind = i % 4
        first = rng.randrange(100, 900)
        units = [f"{stem}{first + k}" for k in range(5)]
        choices: tuple[tuple[str, int, list[str], int, Expect], ...] = (
            (f"{units[0]}~{first + 4}", 5, units, 27, "fixed"),
            (f"{units[0]}/{first + 1}", 2, units[:2], 26, "fixed"),
            (f"{units[0]}/{first + 1}", 3, [], 26, "asked"),
            (units[0], 3, [], 28, "asked"),
        )
        text, quantity, serials, dirt, expect = choices[kind]
        row = Row(
            {
                "仓库": WAREHOUSES[i % 2],
                "货位": "C-01-1",
                "产品编码": product.di,
                "品名": product.brand,
                "批号": "",
                "序列号": text,
                "数量": quantity,
                "效期": "",
                "状态": "在库",
                "备注": "",
            },
            None,
            fate="any",
        )
        row.plants.append(
            Plant(
                dirt,
                "序列号",
                "|".join(serials) or None,
                expect,
                "serial_no",
                key="|".join([product.di, *serials]) if serials else None,
            )
        )
        rows.append(row)
    return rows


def _manual_row(world: World, device: Device, i: int) -> Row:
    v = device.values
    expiry: Any = device.day("expiry_date") if "expiry_date" in v else ""
    return Row(
        {
            "仓库": WAREHOUSES[i % 2],
            "货位": f"B-{i % 9 + 1:02d}-{i % 4 + 1}",
            "产品编码": reference(device.product, world) if i % 3 == 0 else device.product.di,
            "品名": device.product.brand,
            "批号": v.get("lot_no", ""),
            "序列号": device.serial,
            "数量": 1,
            "效期": expiry,
            "状态": "在库",
            "备注": "",
        },
        device,
    )


def _lots(world: World, rng: Random) -> list[Row]:
    """Lots without serials: no devices. The sheet is in the file, and no source reads it."""
    products = [p for p in world.products if p not in world.equipment and p not in world.implants]
    return [
        Row(
            {
                "仓库": WAREHOUSES[i % 2],
                "货位": f"D-{i % 20 + 1:02d}-1",
                "产品编码": p.di,
                "品名": p.brand,
                "批号": f"B{rng.randrange(10**6):06d}",
                "数量": rng.randrange(1, 60),
                "效期": f"{rng.randrange(2025, 2028)}-{rng.randrange(1, 13):02d}",
            }
        )
        for i, p in enumerate(rng.sample(products, 120))
    ]


def _device(row: Row) -> Device:
    assert row.device is not None
    return row.device
