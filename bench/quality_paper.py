"""How well paper is read: cells of drawn pages against the texts they were drawn from.

Three lists, hand-written below, each as a page with lines, one without, one askew, one turned, one
in small print, two photos and a page of a PDF as text; forms and labels with barcodes besides.
``python -m bench.quality_paper`` prints JSON; ``--wrong`` the cells that were misread too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import paper_pages as draw
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.paper.confirm import to_confirm
from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import Snapshot, table_frame

Table = list[list[str]]

STOCK: Final[Table] = [
    ["序号", "产品名称", "型号", "批号", "数量", "单价", "有效期"],
    ["1", "一次性使用输液器", "IV-20", "20240315A", "1200", "3.50", "2026-03-14"],
    ["2", "电子血压计", "HEM-7136", "LT77310", "15", "268.00", "2027-12-31"],
    ["3", "医用外科口罩", "M95-B", "K00I9O", "20,000", "0.85", "2025-11-30"],
    ["4", "一次性注射器", "5ml", "S5-2208", "600", "1.20", "2026-08-01"],
    ["5", "心电电极片", "ECG-50", "B8Z2S5", "3500", "0.66", "2026-01-19"],
    ["6", "血糖试纸", "GT-1640", "0O1lI7", "48", "79.90", "2025-10-07"],
]
DEVICES: Final[Table] = [
    ["资产编号", "设备名称", "序列号", "科室", "启用日期"],
    ["ZC-000187", "多参数监护仪", "SN20230187X", "重症医学科", "2023-02-06"],
    ["ZC-000188", "呼吸机", "V60-4471-B", "急诊科", "2022-11-18"],
    ["ZC-000204", "除颤仪", "DF8816Q2", "手术室", "2021-07-30"],
    ["ZC-000219", "输液泵", "P7-003355", "儿科病房", "2024-04-01"],
    ["ZC-000233", "彩色超声诊断仪", "US90081D", "超声科", "2020-09-15"],
]
ORDER: Final[Table] = [
    ["Item", "Description", "Model", "Serial", "Qty", "Price"],
    ["10", "Patient monitor", "iMEC8", "KN-71009831", "4", "12,500.00"],
    ["20", "Infusion pump", "BeneFusion VP1", "VP1-88213Z", "12", "3,980.00"],
    ["30", "Pulse oximeter", "PC-60B", "Q8S5B0O1", "25", "219.50"],
    ["40", "Suction unit", "SU-100", "1I7l0031", "2", "1,045.75"],
    ["50", "ECG cable 5-lead", "EC-5A", "EC5A20241", "30", "88.00"],
]
LISTS: Final[dict[str, Table]] = {"stock": STOCK, "devices": DEVICES, "order": ORDER}
FORMS: Final[dict[str, list[tuple[str, str]]]] = {
    "record": [
        ("设备名称：", "多参数监护仪"), ("规格型号：", "iPM-9800"), ("序列号：", "CM-61002774"),
        ("安装日期：", "2024-05-06"), ("使用科室：", "心内科"), ("合同金额：", "128,000.00"),
    ],
    "receipt": [
        ("Order no:", "PO-2024-00917"), ("Supplier:", "Northwind Medical"),
        ("Received on:", "2024-06-21"), ("Boxes:", "14"), ("Checked by:", "A. Lee"),
    ],
}  # fmt: skip
#: What the barcode holds, what is printed beside it, and the record that has to come of both.
LABELS: Final[dict[str, tuple[str, list[str], dict[str, str]]]] = {
    "right": (
        "(01)09506000134352(17)270131(10)ABC123",
        ["Infusion set", "LOT ABC123", "EXP 2027-01-31"],
        {"LOT": "ABC123", "EXP": "2027-01-31", "UDI-DI (01)": "09506000134352"},
    ),
    "misprinted": (
        "(01)09506000134352(10)B8O0I1(21)S5Z2",
        ["REF IV-20", "LOT B80011", "SN S5Z2"],
        {"REF": "IV-20", "LOT": "B8O0I1", "SN": "S5Z2", "UDI-DI (01)": "09506000134352"},
    ),
}  # fmt: skip


class Page(NamedTuple):
    """A page to read: what it shows, how it was made, its bytes and the cells it was made from."""

    name: str
    kind: str
    file: str
    data: bytes
    cells: list[str]


def _widths(table: Table, size: int) -> list[int]:
    def wide(text: str) -> float:
        return sum(1.05 if ord(sign) > 0x2E7F else 0.62 for sign in text)

    return [round(size * (max(wide(row[i]) for row in table) + 1.5)) for i in range(len(table[0]))]


def pages() -> Iterator[Page]:
    """All pages, one after the other."""
    for name, table in LISTS.items():
        cells = [cell for row in table for cell in row]
        lined = draw.ruled(table, _widths(table, 22), size=22, step=46, title="List 清单")
        small = draw.ruled(table, _widths(table, 13), size=13, step=26)
        bare = draw.plain(table, _widths(table, 22), size=22)
        drawn: list[tuple[str, draw.Picture]] = [
            ("ruled", lined),
            ("unruled", bare),
            ("2 degrees", draw.turned(lined, 2)),
            ("unruled, -3 degrees", draw.turned(bare, -3)),
            ("90 degrees", draw.turned(lined, 90)),
            ("180 degrees", draw.turned(bare, 180)),
            ("small print", small),
            ("photo", draw.photo(lined, seed=3)),
            ("photo, unruled", draw.photo(bare, seed=4, tilt=0.03)),
        ]
        for kind, page in drawn:
            jpeg = kind.startswith("photo")
            data = draw.encoded(page, "JPEG", quality=80) if jpeg else draw.encoded(page)
            yield Page(name, kind, "page.jpg" if jpeg else "page.png", data, cells)
        text = draw.text_pdf(table, columns=len(table[0]))
        yield Page(name, "PDF with text", "page.pdf", text, cells)
    for name, pairs in FORMS.items():
        cells = [part.rstrip(":：") for pair in pairs for part in pair]
        page = draw.form(pairs, size=22, across=200)
        yield Page(name, "form", "form.png", draw.encoded(page), cells)
    for name, (content, lines, record) in LABELS.items():
        page = draw.label(content, lines, size=22)
        cells = [part for pair in record.items() for part in pair]
        yield Page(name, "label", "label.png", draw.encoded(page), cells)


def cells_of(snapshot: Snapshot) -> list[str]:
    """The texts of all headers and data cells."""
    found = []
    for table in snapshot.tables:
        found += [column.name for column in table.columns]
        frame = table_frame(snapshot, table.index).collect().drop("_row")
        found += [str(text) for row in frame.iter_rows() for text in row if text]
    return found


class Judged(NamedTuple):
    """Of one page: cells it was made from, cells found, cells in both, misread ones, and those of
    the misread that no person would be asked about."""

    wanted: int
    found: int
    right: int
    wrong: list[str]
    unseen: list[str]


def judge(page: Page) -> Judged:
    """Reads a page and holds its cells against those it was made from."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / page.file
        path.write_bytes(page.data)
        try:
            snapshot = read_source(path, into=Path(folder) / "snapshots")
        except KintsugiError:
            return Judged(len(page.cells), 0, 0, list(page.cells), [])
        found = cells_of(snapshot)
        asked = {one.text for one in to_confirm(snapshot)}
    want, got = Counter(page.cells), Counter(found)
    # A label's other text is no cell that was asked for.
    extra = list((got - want).elements()) if page.kind != "label" else []
    right = (want & got).total()
    wrong = list((want - got).elements())
    counted = len(found) if page.kind != "label" else right
    return Judged(len(page.cells), counted, right, wrong, [t for t in extra if t not in asked])


def measure(
    data: Path | None = None, *, told: Callable[[str], object] | None = None
) -> dict[str, object]:
    """The figures. ``data`` is not needed: all pages are drawn here. ``told`` gets a line a page.

    ``unseen``: texts that stand on no page and that nobody would be asked to confirm.
    """
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    began, count = time.perf_counter(), 0
    for page in pages():
        got = judge(page)
        count += 1
        for kind in (page.kind, "all"):
            for i, value in enumerate((got.wanted, got.found, got.right, len(got.unseen))):
                sums[kind][i] += value
        if told is not None:
            told(f"{page.name} {page.kind}: {got.right}/{got.wanted} {got.wrong} {got.unseen}")
    seconds = time.perf_counter() - began
    wanted, found, right, unseen = sums.pop("all")
    return {
        "pages": count,
        "cells": wanted,
        "cell_precision": round(right / max(found, 1), 4),
        "cell_recall": round(right / wanted, 4),
        "cell_f1": round(2 * right / (wanted + found), 4),
        "unseen": unseen,
        "kinds": {kind: _shares(values) for kind, values in sums.items()},
        "seconds_per_page": round(seconds / count, 2),
    }


def _shares(values: Sequence[int]) -> dict[str, float]:
    wanted, found, right, unseen = values
    return {"cell_f1": round(2 * right / (wanted + found), 4), "unseen": unseen}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="the misread cells too")
    parser.add_argument("data", nargs="?", help="not needed: every page is drawn")
    asked: Any = parser.parse_args()
    told = (lambda line: print(line, file=sys.stderr)) if asked.wrong else None
    if draw.chinese_font() is None:
        raise SystemExit("no Chinese font on this machine to draw the pages with")
    print(json.dumps(measure(told=told), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
