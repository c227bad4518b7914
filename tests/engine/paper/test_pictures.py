"""Photos and scans become tables: ruled or not, askew, turned, photographed."""

from typing import Any

import pytest

from bench import paper_pages as draw
from kintsugi.engine.snapshot import cell_with_neighbours

needs_chinese = pytest.mark.skipif(
    draw.chinese_font() is None, reason="no Chinese font on this machine to draw the pages with"
)
HEAD = ["序号", "名称", "型号", "批号", "数量", "有效期"]
STOCK = [
    ["1", "输液器", "IV-20", "240315A", "120", "2026-03-14"],
    ["2", "血压计", "HEM-7136", "LT7731", "15", "2027-12-31"],
    ["3", "医用口罩", "M95", "K0019", "2000", "2025-11-30"],
]
WIDTHS = [60, 120, 130, 110, 80, 140]


def ruled() -> draw.Picture:
    return draw.ruled([HEAD, *STOCK], WIDTHS, title="库存清单")


@needs_chinese
def test_a_ruled_table_is_read_cell_by_cell_with_its_places(read: Any, seen: Any) -> None:
    snapshot = read(draw.encoded(ruled()))
    assert snapshot.kind == "picture"
    (table,) = snapshot.tables
    assert (seen.head(snapshot), seen.rows(snapshot)) == (HEAD, STOCK)
    assert [cell.text for cell in table.preamble] == ["库存清单"]
    assert table.header_rows == (2, 2)
    marks = seen.marks(snapshot, "ocr")
    # 批号 of the second row: drawn at x 336 of 680, y 44 + 2 * 36 of 208.
    mark = marks[4, 4]
    x0, y0, x1, y1 = mark["box"]
    assert mark["page"] == 1
    assert 0.5 < mark["confidence"] <= 1
    assert (x0, y0) == pytest.approx((336 / 680, 120 / 208), abs=0.04)
    assert x0 < x1 < (336 + 110) / 680
    assert y0 < y1 < y0 + 0.2
    near = cell_with_neighbours(snapshot, 0, 4, 4, around=1)
    (here,) = [c for line in near for c in line["cells"] if c["here"]]
    assert here["text"] == "LT7731"
    assert [m["kind"] for m in here["marks"]] == ["ocr"]
    assert '"confidence":' in here["marks"][0]["value"]


@needs_chinese
@pytest.mark.parametrize("degrees", [2, 90])
def test_a_page_askew_or_turned_is_made_upright(read: Any, seen: Any, degrees: float) -> None:
    snapshot = read(draw.encoded(draw.turned(ruled(), degrees)))
    assert (seen.head(snapshot), seen.rows(snapshot)) == (HEAD, STOCK)
    if degrees == 90:
        # Turned counter-clockwise, the first column stands at the bottom of the file's page.
        marks = seen.marks(snapshot, "ocr")
        assert marks[3, 1]["box"][1] > 0.85
        assert marks[3, 6]["box"][3] < 0.3


@needs_chinese
def test_a_photo_at_an_angle_with_shadow_and_noise(read: Any, seen: Any) -> None:
    page = draw.photo(draw.ruled([HEAD, *STOCK], [w * 4 // 3 for w in WIDTHS], size=24, step=48))
    snapshot = read(draw.encoded(page, "JPEG", quality=85), "photo.jpg")
    assert (seen.head(snapshot), seen.rows(snapshot)) == (HEAD, STOCK)


@needs_chinese
def test_a_table_without_lines_beneath_a_form_and_above_a_footer(read: Any, seen: Any) -> None:
    page = draw.plain(
        [HEAD[1:], *(row[1:] for row in STOCK)], WIDTHS[1:],
        above=["单号: CK-2024   日期: 2024-05-01"], below=["制单人: 王芳"],
    )  # fmt: skip
    snapshot = read(draw.encoded(page, "WEBP", lossless=True), "out.webp")
    assert len(snapshot.tables) == 2
    assert seen.head(snapshot, 0) == ["单号", "日期"]
    assert seen.rows(snapshot, 0) == [["CK-2024", "2024-05-01"]]
    assert seen.head(snapshot, 1) == HEAD[1:]
    assert seen.rows(snapshot, 1) == [row[1:] for row in STOCK]
    assert seen.aside(snapshot, 1) == [("excluded", "row.footer", "制单人: 王芳")]
    table = snapshot.tables[1]
    assert (table.read, table.rows, table.excluded) == (4, 3, 1)


@needs_chinese
def test_a_form_is_one_record(read: Any, seen: Any) -> None:
    pairs = [("产品名称:", "监护仪"), ("序列号:", "SN-20240099"), ("安装日期:", "2024-05-06")]
    snapshot = read(draw.encoded(draw.form(pairs), "BMP"), "form.bmp")
    assert seen.head(snapshot) == ["产品名称", "序列号", "安装日期"]
    assert seen.rows(snapshot) == [["监护仪", "SN-20240099", "2024-05-06"]]


def test_pages_of_a_tiff_whose_columns_agree_are_one_table(read: Any, seen: Any) -> None:
    head = ["Name", "Model", "Qty"]
    first = draw.ruled([head, ["Pump", "P-100", "12"], ["Monitor", "M-20", "340"]], [120, 110, 90])
    second = draw.ruled([head, ["Valve", "V-77", "25"]], [120, 110, 90])
    data = draw.encoded(first, "TIFF", save_all=True, append_images=[second])
    snapshot = read(data, "scan.tif")
    (table,) = snapshot.tables
    assert seen.head(snapshot) == head
    wanted = [["Pump", "P-100", "12"], ["Monitor", "M-20", "340"], ["Valve", "V-77", "25"]]
    assert seen.rows(snapshot) == wanted
    assert seen.aside(snapshot)[0][:2] == ("excluded", "row.header-repeated")
    assert {m["page"] for m in seen.marks(snapshot, "ocr").values()} == {1, 2}
    assert table.read == 4
