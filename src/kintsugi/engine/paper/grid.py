"""Cells made of words, and the grids and forms they stand in: what the layout finds on a page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kintsugi.engine.paper.model import OCR, Box, Page, PaperCell, Word, around

_WIDE: Final = re.compile(r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]")


@dataclass
class Piece:
    """The text of one cell and where it stands on the upright page."""

    text: str
    box: Box
    confidence: float
    kind: str = OCR
    facts: dict[str, Any] = field(default_factory=dict)

    def cell(self, page: Page) -> PaperCell:
        """The same with its place in the file's page."""
        return PaperCell(
            self.text, page.number, page.place(self.box), self.confidence, self.kind, self.facts
        )


@dataclass
class Grid:
    """A table on a page. ``edges``: left ends of the columns and the right end of the last, in
    pixels. ``merges``: first and last row and column of cells that are one, counted from 0."""

    rows: list[list[Piece | None]]
    bands: list[tuple[float, float]]
    edges: list[float]
    box: Box
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.edges) - 1


@dataclass
class Form:
    """Names with their values, in the order of reading."""

    fields: list[tuple[Piece, Piece | None]]
    box: Box


@dataclass
class Loose:
    """A line of text that belongs to no table and no form."""

    piece: Piece


Block = Grid | Form | Loose


def lines_of(words: Sequence[Word]) -> list[list[Word]]:
    """Words in lines from top to bottom, each from left to right. A line is followed from word to
    word, so one that falls a little is still one."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.box.x0):
        best, most = None, 0.5
        for line in lines:
            last = line[-1].box
            if word.box.x0 < last.x0 + 0.5 * last.width:
                continue
            common = min(last.y1, word.box.y1) - max(last.y0, word.box.y0)
            share = common / max(1.0, min(last.height, word.box.height))
            if share > most:
                best, most = line, share
        if best is None:
            lines.append([word])
        else:
            best.append(word)
    return sorted(lines, key=lambda line: sum(w.box.y for w in line) / len(line))


def joined(left: str, right: str) -> str:
    """Two parts of one text: Chinese needs no blank between, a hyphen at the end neither."""
    if not left or not right:
        return left + right
    if _WIDE.match(left[-1]) or _WIDE.match(right[0]) or left[-1] == "-":
        return left + right
    return f"{left} {right}"


def piece_of(words: Sequence[Word]) -> Piece | None:
    """All words of a cell as one text, line by line; as sure as the least sure of them."""
    if not words:
        return None
    text = ""
    for line in lines_of(words):
        for word in line:
            text = joined(text, word.text)
    kinds = {w.kind for w in words}
    return Piece(
        text,
        around([w.box for w in words]),
        min(w.confidence for w in words),
        OCR if OCR in kinds else words[0].kind,
    )
