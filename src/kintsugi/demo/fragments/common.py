"""What the fragments share: picking rows to spoil, and spellings."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from kintsugi.demo.truth import Row, is_free
from kintsugi.demo.world import Device, Product, World, fold

ZERO_WIDTH = "\u200b"
NBSP = "\u00a0"
WIDE_SPACE = "\u3000"

STATUS_ZH = {
    "installed": ("在用", "正常"),
    "under_repair": ("维修中", "在修"),
    "retired": ("停用", "封存"),
    "scrapped": ("报废",),
    "in_stock": ("在库",),
}
PLACEHOLDER_SERIALS = ("无", "见铭牌", "111111", "待查", "N/A")
CN_DIGITS = "〇一二三四五六七八九"


def pick(
    rng: random.Random,
    rows: Sequence[Row],
    column: str,
    count: int,
    where: Callable[[Row], bool] = lambda row: True,
) -> list[Row]:
    """``count`` rows whose cell is filled and still clean, at random.

    Raises ValueError when there are too few: a fragment must not silently carry less dirt.
    """
    fit = [
        r
        for r in rows
        if r.device is not None
        and r.cells.get(column) not in (None, "")
        and is_free(r, column)
        and where(r)
    ]
    return rng.sample(fit, count)


def wide(text: str) -> str:
    """Full-width letters, digits and hyphens, as a Chinese input method writes them."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def excel_serial(day: date, *, epoch_1904: bool = False) -> int:
    """The day number of a date in a workbook of the 1900 or the 1904 system."""
    return (day - (date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30))).days


def cn_number(n: int) -> str:
    """1–31 in Chinese: 十二, 二十三."""
    tens, ones = divmod(n, 10)
    if tens == 0:
        return CN_DIGITS[ones]
    return ("" if tens == 1 else CN_DIGITS[tens]) + "十" + (CN_DIGITS[ones] if ones else "")


def cn_day(day: date, form: int) -> str:
    """A full date in one of the forms Chinese registers use."""
    forms = (
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        "".join(CN_DIGITS[int(c)] for c in str(day.year))
        + f"年{cn_number(day.month)}月{cn_number(day.day)}日",
    )
    return forms[form % len(forms)]


def cn_month(day: date, form: int) -> str:
    """A date known to the month only."""
    forms = (
        f"{day.year}年{day.month}月",
        "".join(CN_DIGITS[int(c)] for c in str(day.year)) + f"年{cn_number(day.month)}月",
        f"{day.year}.{day.month:02d}",
    )
    return forms[form % len(forms)]


def other_day(day: date, rng: random.Random) -> date:
    """A date near another one: how a second register contradicts the first."""
    return day + timedelta(days=rng.choice((-3, -1, 1, 2, 7)))


def is_ambiguous(product: Product, world: World) -> bool:
    """Whether the model alone names several products of the catalogue."""
    return fold(product.model) not in world.unique_refs


def reference(product: Product, world: World) -> str:
    """A catalogue or model number that names exactly this product."""
    for ref in (product.catalog, product.model):
        if ref and world.unique_refs.get(fold(ref)) == product.di:
            return ref
    return product.di


def numbered(devices: Iterable[Device]) -> list[Device]:
    return sorted(devices, key=lambda d: d.number)


def spoil_serials(rng: random.Random, rows: Sequence[Row], column: str, *, count: int) -> None:
    """Dirt 17 and 18 in ``count`` serials each: widths, letter case, invisible characters."""
    for i, row in enumerate(pick(rng, rows, column, count)):
        serial = _serial(row)
        form = wide(serial) if i % 3 else serial.lower()
        if form == serial:
            form = wide(serial)
        row.plant(17, column, form, correct=serial, expect="fixed", field="serial_no")
    for i, row in enumerate(pick(rng, rows, column, count)):
        serial = _serial(row)
        form = (
            f"{serial}{NBSP}",
            f"{WIDE_SPACE}{serial}",
            f"{serial[:3]}{ZERO_WIDTH}{serial[3:]}",
        )[i % 3]
        row.plant(18, column, form, correct=serial, expect="fixed", field="serial_no")


def spoil_blanks(
    rng: random.Random, rows: Sequence[Row], column: str, field: str, *, count: int
) -> None:
    """Dirt 60: a word that means nothing is known."""
    for i, row in enumerate(pick(rng, rows, column, count)):
        word = ("不详", "N/A", "/")[i % 3]
        row.plant(60, column, word, correct=None, expect="fixed", field=field)


def spoil_hospitals(rng: random.Random, rows: Sequence[Row], column: str, *, count: int) -> None:
    """Dirt 54: spellings a steward has confirmed, and short ones that only a city makes clear."""
    for i, row in enumerate(pick(rng, rows, column, count)):
        hospital = _device(row).hospital
        assert hospital is not None
        row.plant(
            54,
            column,
            hospital.aliases[i % 3],
            correct=hospital.name,
            expect="fixed",
            field="customer",
        )
    for row in pick(rng, rows, column, max(3, count // 6)):
        hospital = _device(row).hospital
        assert hospital is not None
        row.plant(
            54, column, hospital.short, correct=hospital.name, expect="asked", field="customer"
        )


def _device(row: Row) -> Device:
    assert row.device is not None
    return row.device


def _serial(row: Row) -> str:
    return _device(row).serial
