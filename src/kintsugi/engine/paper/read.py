"""A picture or a PDF to the tables of a snapshot: read page by page, joined, written.

``_row`` counts through the whole paper: each line of a table is a row, its header too, and so is a
line of text that stands above one; a form is two rows, its names and its values. Nothing is left
out of the count, so a row is found again by its mark's page and box.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.gs1 import combine
from kintsugi.engine.paper import upright
from kintsugi.engine.paper.barcodes import symbols_in
from kintsugi.engine.paper.forms import printed_pairs
from kintsugi.engine.paper.grid import Block, Form, Grid, Loose, Piece
from kintsugi.engine.paper.layout import blocks_of
from kintsugi.engine.paper.model import Array, Box, Page, Symbol, Word, around
from kintsugi.engine.paper.ocr import engine
from kintsugi.engine.paper.pdf import PdfPage, pdf_pages
from kintsugi.engine.paper.pictures import picture_pages
from kintsugi.engine.paper.records import Paper
from kintsugi.engine.paper.rules import Frame, cuts, frames_in
from kintsugi.engine.paper.write import write_paper
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.delimited import Read
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.text import Text

#: Less sure than this, a run of marks is no text.
_LEAST_SURE = 0.5


def read_paper(
    kind: str, path: Path, *, into: Path, name: str, file: str, limits: ReadLimits
) -> Read:
    """Reads a ``picture`` or a ``pdf`` into tables in ``into``.

    Raises ``reading.picture-broken``, ``.picture-too-large``, ``.pdf-encrypted``, ``.damaged``,
    ``.too-many`` or, when nothing at all was found, ``.illegible``.
    """
    paper = Paper()
    pages = pdf_pages if kind == "pdf" else picture_pages
    count = layered = 0
    for found in pages(path, file=file, limits=limits):
        count += 1
        if isinstance(found, PdfPage):
            layered += found.words is not None
            page, frames = _layered(found, count) if found.words else _seen(found.image, count)
        else:
            page, frames = _seen(found, count)
        _collect(paper, page, blocks_of(page.words, frames))
    if paper.blank:
        raise errors.illegible(file, pages=count, tried=_tried(kind))
    read = Read(kind)
    write_paper(paper, read, into=into, name=name, file=file, limits=limits)
    if layered < count:
        paper.note(
            "paper.ocr",
            Text(
                "文字由识别得出，关键内容须由人核对。",
                "The text was recognised from pictures; a person has to confirm what matters.",
            ),
            pages=count - layered,
        )
    read.notes += paper.notes
    return read


def _tried(kind: str) -> list[str]:
    tried = ["text in four directions", "skew up to 40 degrees", "barcodes"]
    return ["text layer", *tried] if kind == "pdf" else tried


# -- one page --------------------------------------------------------------------------------------


def _seen(image: Array, number: int) -> tuple[Page, list[Frame]]:
    """A page by what it looks like: made upright, its lines found, its text read."""
    ocr = engine()
    flat, step = upright.flattened(image)
    quads = ocr.detect(flat)
    level, quads, matrix = upright.straightened(flat, quads, ocr.recognise)
    matrix = matrix @ step
    grey = _grey(level)
    symbols = symbols_in(image, matrix)
    tall = _tall([upright.box_of(quad) for quad in quads])
    frames = frames_in(_without(grey, symbols), tall)
    quads = [part for quad in quads for part in _split(quad, cuts(frames, quad))]
    quads = [quad for quad in quads if not _on_symbol(upright.box_of(quad), symbols)]
    page = Page(
        number, _read_words(level, quads), symbols, grey,
        (level.shape[1], level.shape[0]), (image.shape[1], image.shape[0]), np.linalg.inv(matrix),
    )  # fmt: skip
    return page, frames


def _read_words(level: Array, quads: list[Array]) -> list[Word]:
    crops = [upright.cropped(level, quad) for quad in quads]
    words = []
    for quad, crop, (text, sure) in zip(quads, crops, engine().recognise(crops), strict=True):
        if crop.shape[0] > 2.5 * crop.shape[1] and len(text) != 1:
            # Text that runs down the page: read it turned, and keep what is surer.
            turned = engine().recognise([np.ascontiguousarray(np.rot90(crop))])[0]
            text, sure = max((text, sure), turned, key=lambda reading: reading[1])
        text = " ".join(text.split())
        if text and sure >= _LEAST_SURE:
            words.append(Word(text, upright.box_of(quad), sure))
    return words


def _layered(found: PdfPage, number: int) -> tuple[Page, list[Frame]]:
    """A page of a PDF by its own text; its lines and barcodes are looked for in its picture."""
    grey = _grey(found.image)
    size = (found.image.shape[1], found.image.shape[0])
    symbols = symbols_in(grey, np.eye(3))
    words = [w for w in found.words or [] if not _on_symbol(w.box, symbols)]
    frames = frames_in(_without(grey, symbols), _tall([w.box for w in words]))
    height, back, shown = size[1], np.eye(3), size
    for _ in range(found.turned):
        back = np.array([[0, -1, height], [1, 0, 0], [0, 0, 1]], float) @ back
        height, shown = shown[0], (shown[1], shown[0])
    return Page(number, words, symbols, grey, size, shown, back), frames


def _without(grey: Array, symbols: list[Symbol]) -> Array:
    """The page without its barcodes, whose edges look like lines of a table."""
    if not symbols:
        return grey
    out = grey.copy()
    for symbol in symbols:
        x0, y0, x1, y1 = (round(v) for v in symbol.box)
        out[max(0, y0 - 4) : y1 + 5, max(0, x0 - 4) : x1 + 5] = 255
    return out


def _tall(boxes: list[Box]) -> float:
    """The usual height of a line of text in pixels; 0 without any."""
    return float(np.median([box.height for box in boxes])) if boxes else 0.0


def _grey(image: Array) -> Array:
    import cv2

    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _split(quad: Array, at: list[float]) -> Iterator[Array]:
    """A run of text parted where vertical lines cross it."""
    if not at:
        yield quad
        return
    box = upright.box_of(quad)
    edges = [box.x0, *at, box.x1]
    for left, right in pairwise(edges):
        a, b = left + 3, right - 3
        if b - a > 4:
            yield np.array([[a, box.y0], [b, box.y0], [b, box.y1], [a, box.y1]])


def _on_symbol(box: Box, symbols: list[Symbol]) -> bool:
    """Whether what looks like text is a part of a barcode."""
    for symbol in symbols:
        its = symbol.box
        common = min(box.x1, its.x1) - max(box.x0, its.x0)
        if common < 0.6 * box.width:
            continue
        if its.holds(its.x, box.y) or box.y0 < its.y < box.y1:
            return True
    return False


# -- from pages to a paper -------------------------------------------------------------------------


def _collect(paper: Paper, page: Page, blocks: list[Block]) -> None:
    """Adds what stands on a page. Barcodes in a table belong to its rows, the others to the form
    of the page; with neither table nor form, the page is a label."""
    rest = list(page.symbols)
    rows: dict[int, list[tuple[Symbol, int]]] = {}
    for grid in (b for b in blocks if isinstance(b, Grid)):
        placed = [(s, at) for s in rest if (at := _row_of(grid, s)) is not None]
        rows[id(grid)] = placed
        taken = [s for s, _ in placed]
        rest = [s for s in rest if s not in taken]
    if not rows and (rest or _prints_names(blocks)):
        blocks = [_label(blocks, rest)]
    elif rest and not any(isinstance(b, Form) for b in blocks):
        blocks = [*blocks, Form([], rest[0].box)]
    for block in blocks:
        if isinstance(block, Loose):
            paper.loose(block.piece, page)
        elif isinstance(block, Grid):
            paper.grid(block, page, rows[id(block)])
        else:
            _add_form(paper, page, block, rest)
            rest = []


def _prints_names(blocks: list[Block]) -> bool:
    """Whether lines of text are names with values as labels print them."""
    lines = [b.piece.text for b in blocks if isinstance(b, Loose)]
    return sum(bool(printed_pairs(text)) for text in lines) >= 2


def _row_of(grid: Grid, symbol: Symbol) -> int | None:
    """The row of a grid that a barcode stands in, or right beside."""
    tall = float(np.median([high - low for low, high in grid.bands]))
    for at, (low, high) in enumerate(grid.bands):
        if low <= symbol.box.y < high:
            return at
    nearest = min(range(len(grid.bands)), key=lambda i: abs(sum(grid.bands[i]) / 2 - symbol.box.y))
    low, high = grid.bands[nearest]
    near = abs((low + high) / 2 - symbol.box.y) < max(tall, symbol.box.height)
    return nearest if near and grid.box.y0 <= symbol.box.y <= grid.box.y1 else None


def _label(blocks: list[Block], symbols: list[Symbol]) -> Form:
    """A page with barcodes and no table is a label: the names it prints, and the rest as text."""
    fields: list[tuple[Piece, Piece | None]] = []
    rest: list[Piece] = []
    for block in blocks:
        if isinstance(block, Form):
            fields += block.fields
        elif isinstance(block, Loose):
            piece = block.piece
            pairs = printed_pairs(piece.text, whole=bool(symbols))
            for name, value in pairs:
                label = Piece(name, piece.box, piece.confidence, piece.kind)
                fields.append((label, Piece(value, piece.box, piece.confidence, piece.kind)))
            if not pairs:
                rest.append(piece)
    if rest:
        box = around([p.box for p in rest])
        text = "\n".join(p.text for p in rest)
        sure = min(p.confidence for p in rest)
        fields.insert(0, (Piece("文字", box, 1.0), Piece(text, box, sure, rest[0].kind)))
    boxes = [s.box for s in symbols] or [label.box for label, _ in fields]
    return Form(fields, around(boxes))


def _add_form(paper: Paper, page: Page, form: Form, symbols: list[Symbol]) -> None:
    """The record of a form with its barcodes. Barcodes of several articles are a record each."""
    scans = [s.scan for s in symbols if s.scan is not None]
    try:
        if scans:
            combine(scans)
    except KintsugiError:
        if form.fields:
            paper.form(form, page, [])
        for symbol in symbols:
            paper.form(Form([], symbol.box), page, [symbol])
        return
    paper.form(form, page, symbols)
