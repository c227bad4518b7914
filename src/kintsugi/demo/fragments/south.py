"""install_base_south.tsv: the southern region's register, in English, from another spreadsheet."""

from datetime import date
from pathlib import Path
from random import Random

from kintsugi.demo.fragments.common import (
    PLACEHOLDER_SERIALS,
    WIDE_SPACE,
    pick,
    reference,
    spoil_blanks,
    spoil_hospitals,
    spoil_serials,
)
from kintsugi.demo.fragments.text_files import write_delimited
from kintsugi.demo.truth import Plant, Row, Truth
from kintsugi.demo.world import MAKERS, Device, World

FILE = "install_base_south.tsv"
TABLE = "install_base_south"
KEYS = (
    "Hospital",
    "Department",
    "Product Ref",
    "Maker",
    "S/N",
    "Mfg Date",
    "Ship Date",
    "Install Date",
    "Warranty End",
    "Price",
    "Status",
    "Remarks",
    "Remarks #2",
)
HEADERS = tuple(k.removesuffix(" #2") for k in KEYS)
STATUS_EN = {"installed": "In use", "under_repair": "In repair", "retired": "Out of service"}


def write_south(world: World, truth: Truth, out: Path) -> None:
    """UTF-8, tab separated, LF. Ship Date mixes US and ISO dates; its US dates vote clearly."""
    rng = world.rng("south")
    rows = [_row(d, i) for i, d in enumerate(world.in_region("south"))]
    _thin_out(rng, world, rows)
    _spoil_dates(rng, rows)
    _spoil_identifiers(rng, rows)
    _spoil_words(rng, rows)
    rows = _with_repeats(world, rows)
    text = write_delimited(
        rows,
        headers=HEADERS,
        keys=KEYS,
        delimiter="\t",
        newline="\n",
        file=FILE,
        table=TABLE,
        truth=truth,
    )
    for name in ("Remarks", "Remarks #2"):
        truth.note(
            file=FILE,
            table=TABLE,
            row=1,
            column=name,
            dirt=8,
            raw="Remarks",
            correct=name,
            expect="fixed",
            field="notes",
        )
    (out / FILE).write_bytes(text.encode("utf-8"))


def _thin_out(rng: Random, world: World, rows: list[Row]) -> None:
    """References by other numbers, gaps, foreign amounts and shared serials."""
    for row in rows:
        device = row.device
        assert device is not None
        if rng.random() < 0.35:
            row.cells["Product Ref"] = reference(device.product, world)
        # A register is never complete.
        for column in ("Price", "Warranty End", "Department"):
            if rng.random() < 0.08 and "usd" not in device.tags:
                row.cells[column] = ""
        if "usd" in device.tags:
            amount = float(device.values["purchase_price"])
            row.plant(
                45,
                "Price",
                f"USD {amount:,.2f}",
                correct=device.values["purchase_price"],
                expect="fixed",
                field="purchase_price",
            )
        if "two-makers" in device.tags:
            row.plant(
                31, "S/N", device.serial, correct=device.serial, expect="fixed", field="serial_no"
            )


def _spoil_dates(rng: Random, rows: list[Row]) -> None:
    """Dates in other forms, in doubt, and impossible ones."""
    for row in pick(rng, rows, "Ship Date", 140):
        day = _day(row, "purchase_date")
        row.plant(
            37,
            "Ship Date",
            f"{day:%m/%d/%Y}",
            correct=day.isoformat(),
            expect="fixed",
            field="purchase_date",
        )
    few_days = [r for r in rows if _ambiguous(_day(r, "mfg_date"))]
    for row in rng.sample(few_days, 8):
        day = _day(row, "mfg_date")
        row.cells["Mfg Date"] = "filled"
        # Every filled cell of this column reads both ways: no vote is possible.
        row.plant(
            37,
            "Mfg Date",
            f"{day:%m/%d/%Y}",
            correct=day.isoformat(),
            expect="asked",
            field="mfg_date",
        )
    for row in pick(rng, rows, "Install Date", 30):
        day = _day(row, "install_accepted_on")
        row.plant(
            35,
            "Install Date",
            f"{day:%d-%b-%Y}",
            correct=day.isoformat(),
            expect="fixed",
            field="install_accepted_on",
        )
    for i, row in enumerate(pick(rng, rows, "Install Date", 4)):
        word = ("2023-02-30", "2022-13-05", "31-Apr-2021", "2019-06-31")[i]
        row.plant(
            38, "Install Date", word, correct=None, expect="asked", field="install_accepted_on"
        )


def _spoil_identifiers(rng: Random, rows: list[Row]) -> None:
    """Serials with noise and references that lost their zeros."""
    spoil_serials(rng, rows, "S/N", count=12)
    digits = pick(rng, rows, "S/N", 5, lambda r: _short_digits(r.device))
    for row in digits:
        assert row.device is not None
        row.plant(
            21,
            "S/N",
            f"{row.device.serial}.0",
            correct=row.device.serial,
            expect="fixed",
            field="serial_no",
        )
    for row in pick(rng, rows, "Product Ref", 6, lambda r: len(r.cells["Product Ref"]) == 14):
        di = row.cells["Product Ref"]
        row.plant(23, "Product Ref", di.lstrip("0"), correct=di, expect="asked", field="product")
        row.link = "either"


def _spoil_words(rng: Random, rows: list[Row]) -> None:
    """Hospitals, departments, states and ends of warranty as people write them."""
    spoil_hospitals(rng, rows, "Hospital", count=24)
    _ditto(rng.sample(range(1, len(rows)), 60), rows)
    spoil_blanks(rng, rows, "Department", "department", count=6)
    for i, row in enumerate(pick(rng, rows, "Status", 7)):
        unknown = ("with vendor", "see ticket", "moved", "pending check")
        if i < 4:
            row.plant(59, "Status", unknown[i], correct=None, expect="asked", field="status")
        else:
            word = ("TBD", "??", "N/A")[i - 4]
            row.plant(60, "Status", word, correct=None, expect="fixed", field="status")
    for row in pick(rng, rows, "Warranty End", 4):
        row.plant(
            39, "Warranty End", "1900-01-00", correct=None, expect="fixed", field="warranty_end"
        )
    for i, row in enumerate(pick(rng, rows, "Hospital", 5)):
        name = row.cells["Hospital"]
        row.plant(
            18,
            "Hospital",
            f"{WIDE_SPACE}{name} " if i % 2 else f"{name}\u00a0",
            correct=name,
            expect="fixed",
            field="customer",
        )


def _row(device: Device, i: int) -> Row:
    assert device.hospital is not None
    v = device.values
    price = v["purchase_price"]
    return Row(
        {
            "Hospital": device.hospital.name,
            "Department": v["department"],
            "Product Ref": device.product.di,
            "Maker": MAKERS[device.product.company][i % 2 + 1],
            "S/N": device.serial,
            "Mfg Date": "",
            "Ship Date": v["purchase_date"],
            "Install Date": v["install_accepted_on"],
            "Warranty End": v["warranty_end"],
            "Price": price if i % 3 else f"{float(price):,.2f}",
            "Status": STATUS_EN[v["status"]],
            "Remarks": "annual service contract offered" if i % 17 == 0 else "",
            "Remarks #2": "checked 2024" if i % 23 == 0 else "",
        },
        device,
    )


def _ditto(places: list[int], rows: list[Row]) -> None:
    """Dirt 13: ditto marks where the row above says the same."""
    done = 0
    for i in sorted(places):
        row, above = rows[i], rows[i - 1]
        clean = not any(p.column == "Hospital" for p in row.plants + above.plants)
        if clean and row.cells["Hospital"] == above.cells["Hospital"] and done < 12:
            row.plant(
                13,
                "Hospital",
                ("ditto", "〃", '"')[done % 2],
                correct=above.cells["Hospital"],
                expect="fixed",
                field="customer",
            )
            done += 1


def _with_repeats(world: World, rows: list[Row]) -> list[Row]:
    """Exact repeats of rows, and rows whose serial is a placeholder."""
    rng = world.rng("south-repeats")
    out = list(rows)
    for row in rng.sample([r for r in rows if not r.plants], 7):
        again = Row(dict(row.cells), row.device)
        again.plants.append(Plant(63, None, None, "fixed", key=_key(row)))
        out.insert(out.index(row) + rng.randrange(1, 9), again)
    for i, row in enumerate(rng.sample([r for r in rows if not r.plants], 6)):
        word = PLACEHOLDER_SERIALS[i % 5]
        lost = Row({**row.cells, "S/N": word}, None, fate="quarantined")
        lost.plants.append(Plant(30, "S/N", None, "quarantined", "serial_no"))
        out.insert(out.index(row) + 1, lost)
    return _no_ditto_after_insert(out)


def _no_ditto_after_insert(rows: list[Row]) -> list[Row]:
    """Rows put in between must not change what a ditto mark repeats."""
    hospital = ""
    for row in rows:
        mark = next((p for p in row.plants if p.dirt == 13), None)
        if mark is None:
            hospital = row.cells["Hospital"]
        elif mark.correct != hospital:
            row.cells["Hospital"] = mark.correct
            row.plants.remove(mark)
    return rows


def _key(row: Row) -> str:
    assert row.device is not None
    return row.device.key


def _day(row: Row, name: str) -> date:
    assert row.device is not None
    return row.device.day(name)


def _ambiguous(day: date) -> bool:
    return day.day <= 12 and day.day != day.month


def _short_digits(device: Device | None) -> bool:
    return (
        device is not None
        and device.serial.isdigit()
        and device.serial[0] != "0"
        and len(device.serial) < 12
    )
