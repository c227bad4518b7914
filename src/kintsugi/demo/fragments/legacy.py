"""legacy_service.db: the service system of 2014, with columns only its author could read."""

import sqlite3
from pathlib import Path
from random import Random

from kintsugi.demo.fragments.common import (
    numbered,
    other_day,
    pick,
    reference,
    spoil_hospitals,
    spoil_serials,
)
from kintsugi.demo.truth import Plant, Row, Truth
from kintsugi.demo.world import Device, Hospital, World

FILE = "legacy_service.db"
DEVICES = "T_SBTZ"
CUSTOMERS = "T_KH"
DEVICE_COLUMNS = (
    "F_ID",
    "F_CPBH",
    "F_XLH",
    "KHID",
    "KHMC",
    "F_KS",
    "F_CCRQ",
    "F_GMRQ",
    "F_AZRQ",
    "F_BXRQ",
    "F_JE",
    "F_ZT",
    "F_BZ",
)
CUSTOMER_COLUMNS = ("KHID", "KHMC", "TYDM", "LXDH", "DZ", "KHLX", "SFQY")
#: The old system's codes: its manual says 0 在用, 1 维修, 2 停用/报废.
STATUS_CODES = {"installed": 0, "under_repair": 1, "retired": 2, "scrapped": 2}
SCHEMA = f"""
CREATE TABLE {CUSTOMERS} (KHID INTEGER PRIMARY KEY, KHMC TEXT, TYDM TEXT, LXDH TEXT, DZ TEXT,
  KHLX INTEGER, SFQY TEXT);
CREATE TABLE {DEVICES} (F_ID INTEGER PRIMARY KEY, F_CPBH TEXT, F_XLH TEXT,
  KHID INTEGER REFERENCES {CUSTOMERS}(KHID), KHMC TEXT, F_KS TEXT, F_CCRQ, F_GMRQ, F_AZRQ, F_BXRQ,
  F_JE TEXT, F_ZT, F_BZ TEXT);
"""
SWAPS = str.maketrans("0", "O")


def write_legacy(world: World, truth: Truth, out: Path) -> None:
    """SQLite. Row numbers in the truth count the records in order of the primary key from 1."""
    rng = world.rng("legacy")
    east = world.in_region("east")
    must = [d for d in east if d.tags & {"oh-zero", "two-makers"}]
    rest = [d for d in east if d not in must]
    chosen = must + rng.sample(rest, 180) + rng.sample(world.in_region("south"), 160)
    devices = numbered(chosen + world.in_region("legacy"))
    rng.shuffle(devices)
    rows = [_device_row(d, i, world, rng) for i, d in enumerate(devices)]
    _spoil_devices(rng, rows)
    customers = [_customer_row(h, i, rng) for i, h in enumerate(world.hospitals)]
    path = out / FILE
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA page_size=4096; PRAGMA journal_mode=OFF;" + SCHEMA)
    for table, columns, records in (
        (CUSTOMERS, CUSTOMER_COLUMNS, customers),
        (DEVICES, DEVICE_COLUMNS, rows),
    ):
        connection.execute("BEGIN")
        connection.executemany(
            f"INSERT INTO {table} VALUES ({','.join('?' * len(columns))})",
            [[r.cells[c] for c in columns] for r in records],
        )
        connection.execute("COMMIT")
        for number, row in enumerate(records, start=1):
            raws = {c: "" if row.cells[c] is None else str(row.cells[c]) for c in columns}
            truth.place(row, file=FILE, table=table, number=number, raws=raws)
    connection.execute("VACUUM")
    connection.close()


def _device_row(device: Device, i: int, world: World, rng: Random) -> Row:
    assert device.hospital is not None
    v = device.values
    days = {
        c: int(v[f].replace("-", ""))
        for c, f in (
            ("F_CCRQ", "mfg_date"),
            ("F_GMRQ", "purchase_date"),
            ("F_AZRQ", "install_accepted_on"),
            ("F_BXRQ", "warranty_end"),
        )
    }
    if device.region != "legacy" and rng.random() < 0.12:
        # The old system disagrees with the registers; the registers have the higher authority.
        days["F_GMRQ"] = int(f"{other_day(device.day('purchase_date'), rng):%Y%m%d}")
    known = device.region == "legacy" or rng.random() < 0.7
    row = Row(
        {
            "F_ID": i + 1,
            "F_CPBH": reference(device.product, world) if rng.random() < 0.7 else device.product.di,
            "F_XLH": device.serial,
            "KHID": world.hospitals.index(device.hospital) + 1,
            "KHMC": device.hospital.name,
            "F_KS": v["department"] if known else None,
            **days,
            "F_JE": v["purchase_price"] if known and "usd" not in device.tags else None,
            "F_ZT": STATUS_CODES[v["status"]],
            "F_BZ": None,
        },
        device,
    )
    if "oh-zero" in device.tags:
        wrong = device.serial[:3] + device.serial[3:].translate(SWAPS)
        row.plant(25, "F_XLH", wrong, correct=device.serial, expect="asked", field="serial_no")
        row.link = "candidate"
    elif "two-makers" in device.tags:
        row.plant(
            31, "F_XLH", device.serial, correct=device.serial, expect="fixed", field="serial_no"
        )
    return row


def _spoil_devices(rng: Random, rows: list[Row]) -> None:
    spoil_serials(rng, rows, "F_XLH", count=6)
    spoil_hospitals(rng, rows, "KHMC", count=30)
    for i, row in enumerate(pick(rng, rows, "F_BXRQ", 12)):
        row.plant(
            39,
            "F_BXRQ",
            ("0000-00-00", 0)[i % 2],
            correct=None,
            expect="fixed",
            field="warranty_end",
        )
    for i, row in enumerate(pick(rng, rows, "F_GMRQ", 4)):
        row.plant(
            38,
            "F_GMRQ",
            (20230230, 20211301, 20190631, 20220931)[i],
            correct=None,
            expect="asked",
            field="purchase_date",
        )
    for row in pick(rng, rows, "F_ZT", 5, lambda r: r.cells["F_ZT"] == 0 and r.link == "key"):
        row.plant(59, "F_ZT", 9, correct=None, expect="asked", field="status")
    for i, row in enumerate(pick(rng, rows, "F_KS", 6)):
        row.plant(
            60,
            "F_KS",
            ("不详", "/", "NULL")[i % 3],
            correct=None,
            expect="fixed",
            field="department",
        )
    for i, row in enumerate(pick(rng, rows, "F_XLH", 3, lambda r: r.link == "key")):
        row.plant(
            30,
            "F_XLH",
            ("000000", "无", "见铭牌")[i],
            correct=None,
            expect="quarantined",
            field="serial_no",
        )
        row.plants[-1].key = None
        row.device, row.fate = None, "quarantined"


def _customer_row(hospital: Hospital, i: int, rng: Random) -> Row:
    number = hospital.phones[0]
    row = Row(
        {
            "KHID": i + 1,
            "KHMC": hospital.name,
            "TYDM": hospital.uscc,
            "LXDH": None,
            "DZ": hospital.address,
            "KHLX": 1,
            "SFQY": rng.choice(("是", "Y", "1")),
        },
    )
    local = f"010-{number[5:]}"
    if i % 3 == 0:
        row.plants.append(Plant(56, "LXDH", number, "fixed", "phone", "party", hospital.uscc))
        row.cells["LXDH"] = f"{local}转{8000 + i}"
        row.plants[-1].correct = f"{number};ext={8000 + i}"
    elif i % 7 == 0:
        row.plants.append(Plant(60, "LXDH", None, "fixed", "phone", "party", hospital.uscc))
        row.cells["LXDH"] = "不详"
    else:
        row.cells["LXDH"] = local
    if i % 20 == 4:
        # A check character that is off by one place: the last two characters changed places.
        wrong = hospital.uscc[:16] + hospital.uscc[17] + hospital.uscc[16]
        if wrong != hospital.uscc:
            row.cells["TYDM"] = wrong
            row.plants.append(Plant(57, "TYDM", None, "asked", "uscc", "party", None))
    return row
