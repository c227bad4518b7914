"""Pages drawn for tests and measures of reading paper: tables, forms, labels, photos of them."""

import io
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

Row = Sequence[str]
Picture = Image.Image
#: Fonts with Simplified Chinese: parts of file names and the number of the face in the file.
_FONTS: Final = (
    ("NotoSansCJK-Regular", 2), ("NotoSansSC", 0), ("NotoSansCJKsc", 0), ("SourceHanSansSC", 0),
    ("SourceHanSansCN", 0), ("wqy-microhei", 0), ("wqy-zenhei", 0), ("simsun", 0), ("msyh", 0),
)  # fmt: skip


@cache
def chinese_font() -> tuple[Path, int] | None:
    """A font file with Chinese and its face; None where this machine has none."""
    named = os.environ.get("KINTSUGI_FONTS", "").split(os.pathsep)
    folders = [Path(p) for p in (*named, "/usr/share/fonts", "/usr/local/share/fonts") if p]
    files = [
        p for f in folders for p in f.rglob("*") if p.suffix.lower() in (".ttf", ".ttc", ".otf")
    ]
    for name, face in _FONTS:
        for path in sorted(files):
            if path.stem.lower().startswith(name.lower()):
                return path, face
    return None


@cache
def font(size: int) -> Any:
    """The font to draw with; without a Chinese one, Latin letters only."""
    found = chinese_font()
    if found is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(str(found[0]), size, index=found[1])


def sheet(width: int, height: int) -> tuple[Picture, ImageDraw.ImageDraw]:
    """A white page and the pen for it."""
    page = Image.new("RGB", (width, height), "white")
    return page, ImageDraw.Draw(page)


def ruled(
    rows: Sequence[Row], widths: Sequence[int], *, size: int = 18, title: str = "", step: int = 36
) -> Picture:
    """A table with lines around its cells."""
    top = 44 if title else 16
    page, pen = sheet(sum(widths) + 40, step * len(rows) + top + 20)
    if title:
        pen.text((page.width // 2 - 60, 8), title, font=font(size), fill="black")
    for at, row in enumerate(rows):
        x, y = 20, top + at * step
        for width, text in zip(widths, row, strict=True):
            pen.rectangle((x, y, x + width, y + step), outline="black", width=2)
            pen.text((x + 6, y + (step - size * 1.45) / 2), text, font=font(size), fill="black")
            x += width
    return page


def plain(
    rows: Sequence[Row], widths: Sequence[int], *, size: int = 18, above: Row = (), below: Row = ()
) -> Picture:
    """A table without lines, with lines of text above and below."""
    step = round(size * 1.9)
    page, pen = sheet(sum(widths) + 40, step * (len(rows) + len(above) + len(below) + 2))
    y = 12
    for line in above:
        pen.text((20, y), line, font=font(size), fill="black")
        y += step
    y += step // 3 if above else 0
    for row in rows:
        x = 20
        for width, text in zip(widths, row, strict=True):
            pen.text((x, y), text, font=font(size), fill="black")
            x += width
        y += step
    y += step // 3
    for line in below:
        pen.text((20, y), line, font=font(size), fill="black")
        y += step
    return page


def form(pairs: Sequence[tuple[str, str]], *, size: int = 18, across: int = 140) -> Picture:
    """Names with their values to the right."""
    page, pen = sheet(across + 320, 20 + len(pairs) * size * 2)
    for at, (name, value) in enumerate(pairs):
        y = 10 + at * size * 2
        pen.text((20, y), name, font=font(size), fill="black")
        pen.text((20 + across, y), value, font=font(size), fill="black")
    return page


def symbol(content: str, *, scale: int = 4, linear: bool = False) -> Picture:
    """A GS1 DataMatrix or GS1-128 of ``(01)…``."""
    kind = zxingcpp.Code128 if linear else zxingcpp.DataMatrix
    more = {} if linear else {"force_square": True}
    made = zxingcpp.create_barcode(content, kind, gs1=True, **more)
    drawn = zxingcpp.write_barcode_to_image(made, scale=scale, add_quiet_zones=True)
    return Image.fromarray(np.array(drawn)).convert("RGB")


def label(content: str, lines: Row, *, size: int = 18, linear: bool = False) -> Picture:
    """A label: the symbol at the left, lines of text at its right."""
    mark = symbol(content, linear=linear)
    page, pen = sheet(mark.width + 340, max(mark.height + 20, len(lines) * size * 2 + 20))
    page.paste(mark, (8, 8))
    for at, line in enumerate(lines):
        pen.text((mark.width + 24, 10 + at * size * 2), line, font=font(size), fill="black")
    return page


def turned(page: Picture, degrees: float) -> Picture:
    """The page turned counter-clockwise."""
    if degrees % 90 == 0:
        return page.rotate(degrees, expand=True)
    return page.rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)


def photo(page: Picture, *, seed: int = 1, tilt: float = 0.06, noise: float = 7) -> Picture:
    """The page as a photo of it: on a dark desk, seen at an angle, a shadow, blur and noise."""
    r = np.random.default_rng(seed)
    paper = np.asarray(page.convert("RGB"))
    height, width = paper.shape[:2]
    edge = 0.12 * min(height, width) + tilt * width
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    away = (r.uniform(-tilt, tilt, (4, 2)) * min(width, 2 * height) + edge).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, corners + away)
    size = (round(width + 2 * edge), round(height + 2 * edge))
    desk = np.full((size[1], size[0], 3), (70, 78, 92), np.uint8)
    seen = cv2.warpPerspective(paper, matrix, size, dst=desk, borderMode=cv2.BORDER_TRANSPARENT)
    seen = cv2.GaussianBlur(seen, (3, 3), 0.7).astype(float)
    seen *= np.linspace(0.75, 1.0, size[0])[None, :, None]
    seen += r.normal(0, noise, seen.shape)
    return Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8))


def encoded(page: Picture, kind: str = "PNG", **options: Any) -> bytes:
    """The page as the bytes of a file: PNG, JPEG, TIFF, WEBP, BMP or PDF."""
    out = io.BytesIO()
    page.save(out, kind, **options)
    return out.getvalue()


def joined_pdf(*parts: bytes) -> bytes:
    """The pages of several PDFs as one."""
    import pypdfium2

    whole = pypdfium2.PdfDocument.new()
    for part in parts:
        whole.import_pages(pypdfium2.PdfDocument(part))
    out = io.BytesIO()
    whole.save(out)
    whole.close()
    return out.getvalue()


def text_pdf(rows: Sequence[Row], *, columns: int, heading: str = "") -> bytes:
    """A PDF with a text layer: a heading and a ruled table."""
    import typst

    cells = ", ".join(f"[{cell}]" for row in rows for cell in row)
    found = chinese_font()
    head = f"= {heading}\n" if heading else ""
    source = f"#set page(width: 16cm, height: 9cm)\n{head}#table(columns: {columns}, {cells})\n"
    fonts = [str(found[0].parent)] if found else []
    made = typst.compile(source.encode(), font_paths=fonts)
    assert isinstance(made, bytes)
    return made
