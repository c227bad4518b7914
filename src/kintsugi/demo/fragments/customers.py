"""客户名单.xls: "Unicode text" that a spreadsheet saved under its own extension (UTF-16, tabs)."""

from pathlib import Path
from random import Random

from kintsugi.demo.fragments.text_files import write_delimited
from kintsugi.demo.truth import Plant, Row, Truth
from kintsugi.demo.world import Hospital, World

FILE = "客户名单.xls"
TABLE = "客户名单"
KEYS = (
    "客户编码",
    "客户名称",
    "统一社会信用代码",
    "客户类型",
    "联系人",
    "联系电话",
    "地址",
    "是否重点",
)


def write_customers(world: World, truth: Truth, out: Path) -> None:
    """All hospitals but five, UTF-16 little endian with a byte order mark, CRLF."""
    rng = world.rng("customers")
    absent = set(rng.sample(range(len(world.hospitals)), 5))
    kept = [h for i, h in enumerate(world.hospitals) if i not in absent]
    rows = [_row(h, i, rng) for i, h in enumerate(kept)]
    text = write_delimited(
        rows,
        headers=KEYS,
        keys=KEYS,
        delimiter="\t",
        newline="\r\n",
        file=FILE,
        table=TABLE,
        truth=truth,
    )
    truth.note(
        file=FILE,
        table=TABLE,
        row=None,
        column=None,
        dirt=4,
        raw="utf-16 text as .xls",
        correct=None,
        expect="fixed",
        entity="party",
    )
    (out / FILE).write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))


def _row(hospital: Hospital, i: int, rng: Random) -> Row:
    local = [_local(p) for p in hospital.phones]
    row = Row(
        {
            "客户编码": hospital.code,
            "客户名称": hospital.name,
            "统一社会信用代码": hospital.uscc,
            "客户类型": ("医院", "公立医院")[0],
            "联系人": f"联系人{i + 1:02d}",
            "联系电话": local[0],
            "地址": hospital.address,
            "是否重点": rng.choice(("是", "否", "√", "Y", "N", "")),
        }
    )
    if len(local) > 1:
        row.cells["联系电话"] = "、".join(local)
        row.plants.append(_plant(hospital, 56, "联系电话", "|".join(hospital.phones), "phone"))
    if i % 9 == 2:
        row.cells["客户名称"] = f"\u3000{hospital.name} "
        row.plants.append(_plant(hospital, 18, "客户名称", hospital.name, "name"))
    if i % 11 == 5:
        row.cells["客户名称"] = hospital.aliases[1]
        row.plants.append(_plant(hospital, 54, "客户名称", hospital.name, "name"))
    if i % 10 == 7:
        wide = "".join(chr(ord(c) + 0xFEE0) for c in hospital.uscc)
        row.cells["统一社会信用代码"] = wide
        row.plants.append(_plant(hospital, 17, "统一社会信用代码", hospital.uscc, "uscc"))
    if i % 13 == 6:
        row.cells["地址"] = ("不详", "/")[i % 2]
        row.plants.append(_plant(hospital, 60, "地址", None, "address"))
    return row


def _plant(hospital: Hospital, dirt: int, column: str, correct: str | None, field: str) -> Plant:
    return Plant(dirt, column, correct, "fixed", field, "party", hospital.uscc)


def _local(number: str) -> str:
    """An E.164 number as people write it: 010-55550001, 199 0000 0005."""
    if number.startswith("+8610"):
        return f"010-{number[5:]}"
    return f"{number[3:6]} {number[6:10]} {number[10:]}"
