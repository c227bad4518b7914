"""维修工单导出.csv: the service desk's export, GB18030 without a byte order mark."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

from kintsugi.demo.fragments.common import (
    PLACEHOLDER_SERIALS,
    is_ambiguous,
    numbered,
    pick,
    spoil_blanks,
    spoil_hospitals,
    spoil_serials,
)
from kintsugi.demo.fragments.text_files import delimited_line, write_delimited
from kintsugi.demo.truth import Plant, Row, Truth
from kintsugi.demo.world import AS_OF, Device, World

FILE = "维修工单导出.csv"
TABLE = "维修工单导出"
SERIAL = "设备序列号"
MODEL = "设备型号"
HOSPITAL = "医院"
DEPT = "科室"
KEYS = (
    "工单号",
    SERIAL,
    MODEL,
    HOSPITAL,
    DEPT,
    "故障描述",
    "处理措施",
    "技师",
    "报修日期",
    "完成日期",
    "是否修复",
    "备注",
    "备注 #2",
)
HEADERS = tuple(k.removesuffix(" #2") for k in KEYS)
ORDERS = 900
FAULTS = (
    "开机自检报错 E{n}",
    "报警:压力低",
    "屏幕无显示",
    "漏气",
    "噪音大",
    "温度偏差",
    "打印机卡纸",
    "年度保养",
)
ACTIONS = ("更换传感器", "清洁校准", "更换主板", "复位后正常", "更换密封圈")


def write_orders(world: World, truth: Truth, out: Path) -> None:
    """900 work orders, CRLF; some devices are known from here alone."""
    rng = world.rng("orders")
    own = world.in_region("orders")
    others = world.in_region("east", "south", "legacy")
    devices = numbered(own) + rng.choices(rng.sample(others, 420), k=ORDERS - len(own))
    opened = sorted(date(2022, 1, 3) + timedelta(days=rng.randrange(900)) for _ in devices)
    rng.shuffle(devices)
    rows = [_row(d, day, i, rng) for i, (d, day) in enumerate(zip(devices, opened, strict=True))]
    _spoil(world, rng, rows)
    rows = _with_broken_lines(rng, rows)
    text = write_delimited(
        rows,
        headers=HEADERS,
        keys=KEYS,
        delimiter=",",
        newline="\r\n",
        file=FILE,
        table=TABLE,
        truth=truth,
    )
    for name in ("备注", "备注 #2"):
        truth.note(
            file=FILE,
            table=TABLE,
            row=1,
            column=name,
            dirt=8,
            raw="备注",
            correct=name,
            expect="fixed",
        )
    truth.note(
        file=FILE,
        table=TABLE,
        row=None,
        column=None,
        dirt=1,
        raw="gb18030",
        correct=None,
        expect="fixed",
    )
    (out / FILE).write_bytes(text.encode("gb18030"))


def _row(device: Device, day: date, i: int, rng: Random) -> Row:
    assert device.hospital is not None
    fault = rng.choice(FAULTS).format(n=rng.randrange(10, 99))
    if i % 29 == 0:
        fault += "\n已电话指导,未解决"
    if i % 31 == 0:
        fault += ',院方称"很急"'
    done = min(day + timedelta(days=rng.randrange(0, 12)), AS_OF)
    return Row(
        {
            "工单号": f"WO-{day:%Y%m%d}-{i + 1:04d}",
            SERIAL: device.serial,
            MODEL: device.product.spoken,
            HOSPITAL: device.hospital.name,
            DEPT: device.values["department"],
            "故障描述": fault,
            "处理措施": rng.choice(ACTIONS),
            "技师": f"技师{rng.randrange(1, 13):02d}" + ("(离职)" if i % 97 == 5 else ""),
            "报修日期": f"{day:%Y-%m-%d}",
            "完成日期": f"{done:%Y-%m-%d}",
            "是否修复": rng.choice(("是", "√", "Y", "")),
            "备注": "配件待到货" if i % 41 == 0 else "",
            "备注 #2": "",
        },
        device,
    )


def _spoil(world: World, rng: Random, rows: list[Row]) -> None:
    spoil_serials(rng, rows, SERIAL, count=15)
    for row in rows:
        device = _device(row)
        clean = not any(p.column == SERIAL for p in row.plants)
        if clean and len(device.serial) == 20 and rng.random() < 0.5:
            shown = f"{int(device.serial):.5E}"
            row.plant(19, SERIAL, shown, correct=None, expect="quarantined", field="serial_no")
            row.fate, row.link = "quarantined", "held"
    for row in pick(rng, rows, SERIAL, 10, lambda r: _device(r).serial.isdigit()):
        serial = _device(row).serial
        # A spreadsheet's trick to keep zeros, exported together with the value.
        row.plant(24, SERIAL, f'="{serial}"', correct=serial, expect="fixed", field="serial_no")
    for row in pick(rng, rows, SERIAL, 5, lambda r: _device(r).serial.isdigit()):
        serial = _device(row).serial
        row.plant(24, SERIAL, f"'{serial}", correct=serial, expect="fixed", field="serial_no")
    for row in pick(rng, rows, MODEL, 8, lambda r: is_ambiguous(_device(r).product, world)):
        device = _device(row)
        row.plant(
            51,
            MODEL,
            device.product.model,
            correct=device.product.di,
            expect="asked",
            field="product",
        )
        row.fate, row.link = "any", "held"
    for row in pick(rng, rows, MODEL, 40, lambda r: not is_ambiguous(_device(r).product, world)):
        device = _device(row)
        row.plant(
            51,
            MODEL,
            device.product.model,
            correct=device.product.di,
            expect="fixed",
            field="product",
        )
    spoil_hospitals(rng, rows, HOSPITAL, count=48)
    for row in pick(rng, rows, HOSPITAL, 4):
        lost = "锟斤拷锟斤拷" + row.cells[HOSPITAL][-2:]
        row.plant(3, HOSPITAL, lost, correct=None, expect="asked", field="customer")
    for row in pick(rng, rows, HOSPITAL, 5, lambda r: _garbled(r.cells[HOSPITAL]) is not None):
        name = row.cells[HOSPITAL]
        row.plant(3, HOSPITAL, _garbled(name), correct=name, expect="fixed", field="customer")
    spoil_blanks(rng, rows, DEPT, "department", count=9)


def _garbled(name: str) -> str | None:
    """UTF-8 bytes once read as GB18030, where that can be undone; None where it cannot."""
    data = name.encode("utf-8")
    try:
        wrong = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    return wrong if wrong.encode("gb18030") == data else None


def _with_broken_lines(rng: Random, rows: list[Row]) -> list[Row]:
    """Unkeyed orders, exact repeats, and lines that do not have the header's number of fields."""
    out = list(rows)
    plain = [r for r in rows if not r.plants]
    for i, row in enumerate(rng.sample(plain, 12)):
        word = PLACEHOLDER_SERIALS[i % len(PLACEHOLDER_SERIALS)]
        row.plant(30, SERIAL, word, correct=None, expect="quarantined", field="serial_no")
        row.device, row.fate = None, "quarantined"
        row.plants[-1].key = None
    plain = [r for r in rows if not r.plants]
    for row in rng.sample(plain, 5):
        again = Row(dict(row.cells), row.device)
        again.plants.append(Plant(63, None, None, "fixed", key=_device(row).key))
        out.insert(out.index(row) + 1, again)
    for i, row in enumerate(rng.sample([r for r in plain if "\n" not in r.cells["故障描述"]], 7)):
        values = [str(row.cells[k]) for k in KEYS]
        if i % 2:
            values[5] = "按键失灵"
            # Only with a filled last column does the shift reach beyond the header.
            values[-1] = "已回访" if i == 3 else ""
            line = (
                delimited_line(values[:6], ",") + ",报警灯常亮," + delimited_line(values[6:], ",")
            )
        else:
            line = delimited_line(values[:7], ",")
        broken = Row({"": line}, None, fate="quarantined")
        broken.plants.append(Plant(5, None, None, "quarantined", raw=line))
        out.insert(out.index(row) + 1, broken)
    return out


def _device(row: Row) -> Device:
    assert row.device is not None
    return row.device
