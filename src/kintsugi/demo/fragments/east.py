"""华东装机台账.xlsx: the eastern region's register, kept by hand for eight years."""

from decimal import Decimal
from pathlib import Path
from random import Random

from openpyxl import Workbook

from kintsugi.demo.fragments.common import (
    PLACEHOLDER_SERIALS,
    STATUS_ZH,
    cn_day,
    cn_month,
    excel_serial,
    is_ambiguous,
    pick,
    reference,
    spoil_blanks,
    spoil_hospitals,
    spoil_serials,
)
from kintsugi.demo.fragments.east_layout import (
    CUSTOMER,
    DATE,
    DEPT,
    FILE,
    HIDDEN_SHEET,
    INSTALLED,
    MAKER,
    MODEL,
    NOTE,
    PRICE,
    PRODUCT,
    SERIAL,
    SHEET,
    STATUS,
    TERMS,
    WARRANTY,
    lay_out,
    lay_out_old,
)
from kintsugi.demo.fragments.workbook import Styled, save
from kintsugi.demo.truth import Plant, Row, Truth, is_free
from kintsugi.demo.world import MAKERS, Device, World

READINGS = {
    "东京产附件一套": "トウキョウ",
    "大阪产附件一套": "オオサカ",
    "横滨产附件一套": "ヨコハマ",
}


def write_east(world: World, truth: Truth, out: Path) -> None:
    """One visible sheet with a title, a two-row header, 小计/合计 and 制表人; one hidden sheet."""
    rng = world.rng("east")
    rows = [_row(d, i) for i, d in enumerate(world.in_region("east"))]
    _spoil_products(world, rng, rows)
    _spoil_serial_cells(rng, rows)
    _spoil_dates(rng, rows)
    _spoil_prices(rng, rows)
    _spoil_status(rng, rows)
    _spoil_places(rng, rows)
    for text, row in zip(READINGS, pick(rng, rows, STATUS, 3), strict=True):
        row.plant(16, NOTE, text, correct=text, expect="fixed", field="notes")
    _add_unkeyed(rng, rows)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = SHEET
    plain = [r for r in rows if r.device and all(p.dirt == 44 for p in r.plants)]
    hidden = rng.sample(plain, 4)
    lay_out(sheet, rows, truth, rng, hidden_rows=[id(r) for r in hidden])
    old = book.create_sheet(HIDDEN_SHEET)
    old.sheet_state = "hidden"
    lay_out_old(old, world.in_region("east")[:25])
    truth.note(
        file=FILE,
        table=HIDDEN_SHEET,
        row=None,
        column=None,
        dirt=6,
        raw=HIDDEN_SHEET,
        correct=None,
        expect="asked",
    )
    save(book, out / FILE, phonetic=READINGS)


def _row(device: Device, i: int) -> Row:
    assert device.hospital is not None
    v = device.values
    status = "installed" if "comment" in device.tags else v["status"]
    wan = Decimal(v["purchase_price"]) / 10000
    price = int(wan) if wan == int(wan) else float(wan)
    row = Row(
        {
            "序号": i + 1,
            CUSTOMER: device.hospital.name,
            DEPT: v["department"],
            PRODUCT: device.product.di,
            MODEL: device.product.spoken,
            MAKER: MAKERS[device.product.company][0],
            SERIAL: device.serial,
            DATE: device.day("purchase_date"),
            PRICE: None,
            INSTALLED: device.day("install_accepted_on"),
            TERMS: f"整机{v['warranty_months']}个月",
            WARRANTY: device.day("warranty_end"),
            STATUS: STATUS_ZH[status][i % len(STATUS_ZH[status])],
            NOTE: "",
        },
        device,
    )
    # Every price of this sheet stands in units of ten thousand, said by the header alone.
    row.plant(44, PRICE, price, correct=v["purchase_price"], expect="fixed", field="purchase_price")
    if "two-makers" in device.tags:
        row.plant(
            31, SERIAL, device.serial, correct=device.serial, expect="fixed", field="serial_no"
        )
    if "comment" in device.tags:
        row.plant(
            15,
            STATUS,
            Styled("在用", comment="2023年底已报废,待处置"),
            correct="scrapped",
            expect="asked",
            field="status",
        )
    return row


def _spoil_products(world: World, rng: Random, rows: list[Row]) -> None:
    for row in rows:
        assert row.device is not None
        if rng.random() < 0.15:
            row.cells[PRODUCT] = reference(row.device.product, world)
    for row in pick(rng, rows, PRODUCT, 30):
        assert row.device is not None
        row.cells[PRODUCT] = ""
        row.plant(
            51,
            MODEL,
            row.cells[MODEL],
            correct=row.device.product.di,
            expect="fixed",
            field="product",
        )
    unclear = [r for r in rows if r.device and is_ambiguous(r.device.product, world)]
    for row in pick(rng, unclear, PRODUCT, 6):
        assert row.device is not None
        row.cells[PRODUCT] = ""
        row.plant(
            51,
            MODEL,
            row.device.product.model,
            correct=row.device.product.di,
            expect="asked",
            field="product",
        )
        row.fate, row.link = "any", "held"
    for i, row in enumerate(pick(rng, rows, MAKER, 40)):
        assert row.device is not None
        names = MAKERS[row.device.product.company]
        row.plant(
            48,
            MAKER,
            names[i % len(names)],
            correct=row.device.product.company,
            expect="fixed",
            field="name",
        )
        row.plants[-1].entity, row.plants[-1].key = "party", None


def _spoil_serial_cells(rng: Random, rows: list[Row]) -> None:
    spoil_serials(rng, rows, SERIAL, count=14)

    def digits(low: int, high: int, zero: bool) -> list[Row]:
        return [
            r
            for r in rows
            if r.device
            and r.device.serial.isdigit()
            and low <= len(r.device.serial) <= high
            and (r.device.serial[0] == "0") == zero
        ]

    for row in pick(rng, digits(7, 12, True), SERIAL, 8):
        assert row.device is not None
        serial = row.device.serial
        cell = Styled(int(serial), number_format="0" * len(serial))
        row.plant(20, SERIAL, cell, correct=serial, expect="fixed", field="serial_no")
    for row in pick(rng, digits(18, 20, False), SERIAL, 4):
        assert row.device is not None
        row.plant(
            22,
            SERIAL,
            int(row.device.serial),
            correct=row.device.serial,
            expect="fixed",
            field="serial_no",
        )
    for row in pick(rng, rows, SERIAL, 4, lambda r: "comment" not in _device(r).tags):
        # A struck-out row: the register's way to say that the device is gone.
        serial = _device(row).serial
        row.plant(
            15, SERIAL, Styled(serial, strike=True), correct=None, expect="asked", field="status"
        )
    for i, row in enumerate(pick(rng, rows, SERIAL, 4)):
        serial = _device(row).serial
        row.plant(
            29,
            SERIAL,
            f"{serial}(主机)+P{i}{rng.randrange(10**5):05d}(附件)",
            correct=serial,
            expect="asked",
            field="serial_no",
        )
        row.fate, row.link = "any", "held"


def _spoil_dates(rng: Random, rows: list[Row]) -> None:
    for column, field, count in (
        (DATE, "purchase_date", 40),
        (INSTALLED, "install_accepted_on", 30),
    ):
        for i, row in enumerate(pick(rng, rows, column, count)):
            day = _device(row).day(field)
            row.plant(
                35, column, cn_day(day, i), correct=day.isoformat(), expect="fixed", field=field
            )
        for row in pick(rng, rows, column, 8):
            day = _device(row).day(field)
            row.plant(
                34, column, excel_serial(day), correct=day.isoformat(), expect="fixed", field=field
            )
    for i, row in enumerate(pick(rng, rows, DATE, 12)):
        day = _device(row).day("purchase_date")
        row.plant(
            36,
            DATE,
            cn_month(day, i),
            correct=f"{day:%Y-%m}",
            expect="fixed",
            field="purchase_date",
        )
    for i, row in enumerate(pick(rng, rows, DATE, 4)):
        word = ("2023-02-30", "2021年13月5日", "2022.6.31", "2019-02-29")[i]
        row.plant(38, DATE, word, correct=None, expect="asked", field="purchase_date")
    for i, row in enumerate(pick(rng, rows, WARRANTY, 8)):
        row.plant(
            39,
            WARRANTY,
            ("长期", "1900-01-00")[i % 2],
            correct=None,
            expect="fixed",
            field="warranty_end",
        )
    for row in pick(rng, rows, WARRANTY, 6):
        start, end = _device(row).day("install_accepted_on"), _device(row).day("warranty_end")
        row.plant(
            40,
            WARRANTY,
            f"{start.year}.{start.month}.{start.day}-{end.year}.{end.month}.{end.day}",
            correct=end.isoformat(),
            expect="fixed",
            field="warranty_end",
        )
    for i, row in enumerate(pick(rng, rows, WARRANTY, 5)):
        formula = "=NA()" if i == 4 else "=EDATE(J5,12)-1"
        row.plant(14, WARRANTY, formula, correct=None, expect="asked", field="warranty_end")
        row.plants[-1].raw = formula
    late = [r for r in rows if _device(r).values["warranty_end"] > "2025-01-01"]
    for row in pick(rng, late, TERMS, 4):
        row.plant(43, TERMS, "过保", correct=None, expect="asked", field="warranty_terms")


def _spoil_prices(rng: Random, rows: list[Row]) -> None:
    """Dirt 44 in words, and 14 and 60: prices that are none. Replaces the plain number."""
    chosen = rng.sample([r for r in rows if r.plants[0].dirt == 44], 24)
    for i, row in enumerate(chosen):
        first = row.plants[0]
        price = Decimal(_device(row).values["purchase_price"])
        if i < 14:
            wan = format((price / 10000).normalize(), "f")
            row.cells[PRICE] = f"{wan}万" if i % 2 else f"{wan}万元"
        elif i < 18:
            row.cells[PRICE] = "#N/A"
            row.plants[0] = Plant(14, PRICE, None, "asked", first.field, key=first.key)
        else:
            row.cells[PRICE] = ("不详", "/")[i % 2]
            row.plants[0] = Plant(60, PRICE, None, "fixed", first.field, key=first.key)


def _spoil_status(rng: Random, rows: list[Row]) -> None:
    spoil_blanks(rng, rows, DEPT, "department", count=8)
    for i, row in enumerate(pick(rng, rows, STATUS, 5)):
        word = ("待移机", "搬迁", "院方自管", "见附表", "转分院")[i]
        row.plant(59, STATUS, word, correct=None, expect="asked", field="status")
    for i, row in enumerate(pick(rng, rows, STATUS, 6, lambda r: _in_use(r))):
        row.plant(
            59,
            STATUS,
            ("使用中", "正常使用")[i % 2],
            correct="installed",
            expect="fixed",
            field="status",
        )


def _spoil_places(rng: Random, rows: list[Row]) -> None:
    for i, row in enumerate(pick(rng, rows, DEPT, 18)):
        department = _device(row).values["department"]
        row.plant(
            55,
            DEPT,
            f"{department}{i % 9 + 1}楼{('治疗室', '机房', '2号间')[i % 3]}",
            correct=department,
            expect="fixed",
            field="department",
        )
    spoil_hospitals(rng, rows, CUSTOMER, count=18)
    done = 0
    for row, above in zip(rows[1:], rows[:-1], strict=True):
        same = row.cells[DEPT] == above.cells[DEPT] and row.cells[CUSTOMER] == above.cells[CUSTOMER]
        if same and is_free(row, DEPT) and is_free(above, DEPT) and done < 25:
            row.plant(
                13,
                DEPT,
                ("同上", "〃")[done % 2],
                correct=_device(row).values["department"],
                expect="fixed",
                field="department",
            )
            done += 1


def _add_unkeyed(rng: Random, rows: list[Row]) -> None:
    """Dirt 30: rows of devices nobody can identify."""
    for i in range(6):
        at = rng.randrange(20, len(rows) - 20)
        while any(p.dirt == 13 for p in rows[at].plants):
            at += 1
        model = rows[at]
        word = PLACEHOLDER_SERIALS[i % len(PLACEHOLDER_SERIALS)]
        cells = {**rows[at - 1].cells, SERIAL: word, PRICE: None, NOTE: "铭牌磨损"}
        cells[CUSTOMER] = model.cells[CUSTOMER]
        lost = Row(cells, None, fate="quarantined")
        # Only the serial is told about here; the other cells must be clean.
        source = _device(model)
        lost.cells.update(
            {
                DEPT: source.values["department"],
                PRODUCT: source.product.di,
                MODEL: source.product.spoken,
                MAKER: MAKERS[source.product.company][0],
                DATE: source.day("purchase_date"),
                INSTALLED: source.day("install_accepted_on"),
                WARRANTY: source.day("warranty_end"),
                STATUS: "在用",
                TERMS: "",
            }
        )
        lost.plants.append(Plant(30, SERIAL, None, "quarantined", "serial_no"))
        rows.insert(at, lost)
    for i, row in enumerate(rows):
        row.cells["序号"] = i + 1


def _in_use(row: Row) -> bool:
    return _device(row).values["status"] == "installed"


def _device(row: Row) -> Device:
    assert row.device is not None
    return row.device
