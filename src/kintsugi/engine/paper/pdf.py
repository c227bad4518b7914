"""Pages of a PDF: their own text with its places, or a picture of them where there is none."""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from kintsugi.engine.paper.model import TEXT_LAYER, Array, Box, Word
from kintsugi.engine.paper.pictures import check_pixels
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.text import Text

DPI: Final = 200
#: Less text than this over a picture that fills the page is a stamp of the scanner, not the page.
_STAMP: Final = 200
_FILLS: Final = 0.5
#: A gap of this many times the height of the letters parts two words of different cells.
_GAP: Final = 0.9
_INVISIBLE: Final = 3  # the text render mode of other programs' OCR


@dataclass
class PdfPage:
    """A page as rendered at ``DPI`` (BGR), and its words in the pixels of that; None without a
    text layer of its own. ``turned``: clockwise quarters from this picture to the page as the file
    shows it, for text that runs up or down the page is rendered upright."""

    image: Array
    words: list[Word] | None
    turned: int = 0


def pdf_pages(path: Path, *, file: str, limits: ReadLimits) -> Iterator[PdfPage]:
    """The pages in order. Raises ``reading.pdf-encrypted``, ``reading.damaged``,
    ``reading.too-many`` or ``reading.picture-too-large``."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD or "assword" in str(error):
            raise errors.pdf_encrypted(file) from error
        raise errors.damaged(file, str(error)) from error
    try:
        count = len(document)
        if count > limits.max_pages:
            raise errors.too_many(file, Text("页", "pages"), count=count, limit=limits.max_pages)
        if count == 0:
            raise errors.damaged(file, "no pages")
        for number in range(count):
            yield _page(document, number, file, limits)
    except pypdfium2.PdfiumError as error:
        raise errors.damaged(file, str(error)) from error
    finally:
        document.close()


def _page(document: Any, number: int, file: str, limits: ReadLimits) -> PdfPage:
    page = document[number]
    try:
        scale = DPI / 72
        width, height = page.get_size()
        check_pixels(width * scale, height * scale, file=file, page=number + 1, limits=limits)
        shown = page.get_rotation() // 90
        upright = _upright(page) if _own_text(page) else None
        if upright is not None:
            page.set_rotation(upright * 90)
        image = _rendered(page, scale)
        words = _words(page, image.shape[1], image.shape[0]) if upright is not None else None
        if not words and upright is not None:
            page.set_rotation(shown * 90)
            return PdfPage(_rendered(page, scale), None)
    finally:
        page.close()
    return PdfPage(image, words or None, (shown - (upright or 0)) % 4 if words else 0)


def _rendered(page: Any, scale: float) -> Array:
    image = np.asarray(page.render(scale=scale).to_numpy())
    if image.ndim == 2 or image.shape[2] == 1:
        image = np.dstack([image.reshape(image.shape[:2])] * 3)
    return np.ascontiguousarray(image[:, :, :3])


def _upright(page: Any) -> int:
    """Clockwise quarters by which the page has to be turned for most of its letters to stand."""
    import pypdfium2.raw as pdfium

    texts = page.get_textpage()
    count = texts.count_chars()
    step = max(1, count // 400)
    turns = Counter(
        round(pdfium.FPDFText_GetCharAngle(texts, at) / (math.pi / 2)) % 4
        for at in range(0, count, step)
    )
    return (4 - turns.most_common(1)[0][0]) % 4 if turns else 0


def _own_text(page: Any) -> bool:
    """Whether the page's text is what it shows: not the unseen text of another program's OCR, nor
    a line over a scan."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    seen, covered = False, 0.0
    for piece in page.get_objects(max_depth=3):
        if piece.type == pdfium.FPDF_PAGEOBJ_TEXT:
            seen = seen or pdfium.FPDFTextObj_GetTextRenderMode(piece) != _INVISIBLE
        elif piece.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = piece.get_bounds()
            covered = max(covered, abs(right - left) * abs(top - bottom) / (width * height))
    if not seen:
        return False
    text = page.get_textpage().get_text_bounded()
    letters = sum(not sign.isspace() for sign in text)
    # Fonts without a table of letters give signs that mean nothing.
    lost = sum(sign in "\ufffd\ufffe" or "\ue000" <= sign <= "\uf8ff" for sign in text)
    if lost * 10 > letters:
        return False
    return letters >= (_STAMP if covered >= _FILLS else 1)


def _words(page: Any, width: int, height: int) -> list[Word]:
    """Runs of letters that stand close together, from the letters' own boxes."""
    import pypdfium2.raw as pdfium

    texts = page.get_textpage()
    count = texts.count_chars()
    whole = texts.get_text_range(0, -1) if count else ""
    found: list[Word] = []
    run: list[tuple[str, Box]] = []

    def end() -> None:
        text = " ".join("".join(sign for sign, _ in run).split())
        if text:
            boxes = [box for sign, box in run if sign.strip()]
            box = Box(
                min(b.x0 for b in boxes), min(b.y0 for b in boxes),
                max(b.x1 for b in boxes), max(b.y1 for b in boxes),
            )  # fmt: skip
            found.append(Word(text, box, 1.0, TEXT_LAYER))
        run.clear()

    for at in range(count):
        code = pdfium.FPDFText_GetUnicode(texts, at)
        sign = chr(code) if code and code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""
        if code >= 0xD800 and code <= 0xDFFF and len(whole) == count:
            sign = whole[at]
        if sign in ("\r", "\n", ""):
            end()
            continue
        left, bottom, right, top = texts.get_charbox(at, loose=True)
        box = _on_page(page, (left, top), (right, bottom), width, height)
        last = next((b for s, b in reversed(run) if s.strip()), None)
        if last is not None and not sign.isspace():
            tall = max(last.height, box.height, 1.0)
            apart = box.x0 - last.x1
            level = min(last.y1, box.y1) - max(last.y0, box.y0)
            if (
                apart > _GAP * tall
                or apart < -2 * tall
                or level < 0.3 * min(last.height, box.height)
            ):
                end()
        if run or not sign.isspace():
            run.append((sign, box))
    end()
    return found


def _on_page(
    page: Any, first: tuple[float, float], second: tuple[float, float], width: int, height: int
) -> Box:
    """A box of the page's own space, in pixels: rotation and cropping of the page included."""
    import pypdfium2.raw as pdfium

    # Sixteen times the size, since the answer is in whole pixels.
    points = []
    for x, y in (first, second):
        px, py = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, width * 16, height * 16, 0, x, y, px, py)
        points.append((px.value / 16, py.value / 16))
    (xa, ya), (xb, yb) = points
    return Box(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
