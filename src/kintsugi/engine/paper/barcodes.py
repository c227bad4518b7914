"""Barcodes in a picture, as text and, where they are GS1's, as checked elements."""

from typing import Final

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.gs1 import Scan, scan
from kintsugi.engine.paper.model import Array, Box, Symbol, moved

#: What a symbol's element is called as a column.
NAMES: Final = {
    "01": "UDI-DI (01)",
    "02": "内装 GTIN (02)",
    "10": "批号 (10)",
    "11": "生产日期 (11)",
    "17": "有效期 (17)",
    "21": "序列号 (21)",
    "30": "数量 (30)",
    "37": "件数 (37)",
    "240": "型号 (240)",
    "241": "货号 (241)",
    "00": "SSCC (00)",
}
#: The column of barcodes that are not GS1's.
OTHER: Final = "条码"


def symbols_in(image: Array, matrix: Array) -> list[Symbol]:
    """The barcodes of a picture (grey or BGR), top to bottom; ``matrix`` takes their places to
    the upright page."""
    import zxingcpp

    found = []
    for one in zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain):
        if not one.valid or not one.text:
            continue
        at = one.position
        corners = [(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]
        points = moved(corners, matrix)
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        box = Box(float(x0), float(y0), float(x1), float(y1))
        data = str(one.text)
        found.append(Symbol(box, str(one.format), data, _scan(one.symbology_identifier, data)))
    return sorted(found, key=lambda s: (s.box.y0, s.box.x0))


def _scan(identifier: str, data: str) -> Scan | None:
    """The checked elements, None for what is not GS1's or breaks its rules."""
    try:
        return scan(identifier + data, whole=False)
    except KintsugiError:
        return None


def element_name(ai: str, title: str) -> str:
    """The column of an element: ``批号 (10)``."""
    return NAMES.get(ai) or f"{title} ({ai})"
