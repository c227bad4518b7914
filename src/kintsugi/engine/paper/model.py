"""What stands on a page: words with their places, barcodes, and the way back to the file's page.

Boxes here are in pixels of the page made upright (turned and deskewed); ``Page.place`` gives a box
as fractions 0–1 of the page as the file shows it, which is what the snapshot keeps.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from kintsugi.engine.gs1 import Scan

#: Kinds of sidecar entries that tell where a cell of a paper comes from.
OCR: Final = "ocr"
TEXT_LAYER: Final = "textlayer"
BARCODE: Final = "barcode"
CONFIRMED: Final = "confirmed"
PAPER_KINDS: Final = (OCR, TEXT_LAYER, BARCODE, CONFIRMED)

Array = Any  # numpy arrays: their shapes say more than their types


class Box(NamedTuple):
    """Left, top, right, bottom."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def x(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def y(self) -> float:
        return (self.y0 + self.y1) / 2

    def holds(self, x: float, y: float) -> bool:
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of these."""
    return Box(
        min(b.x0 for b in boxes),
        min(b.y0 for b in boxes),
        max(b.x1 for b in boxes),
        max(b.y1 for b in boxes),
    )


@dataclass(frozen=True)
class Word:
    """A run of text in one line. ``confidence`` 0–1; ``kind``: ``ocr`` or ``textlayer``."""

    text: str
    box: Box
    confidence: float
    kind: str = OCR


@dataclass(frozen=True)
class Symbol:
    """A barcode: what it holds as text (GS as it is), its kind, and its GS1 elements if it is
    one."""

    box: Box
    format: str
    data: str
    scan: Scan | None


@dataclass
class Page:
    """One page made upright. ``back`` maps its pixels to those of the file's page, of size
    ``shown`` (width, height). ``image``: grey values, where there is something to look at."""

    number: int
    words: list[Word]
    symbols: list[Symbol]
    image: Array | None
    size: tuple[float, float]
    shown: tuple[float, float]
    back: Array = field(default_factory=lambda: np.eye(3))

    def place(self, box: Box) -> tuple[float, float, float, float]:
        """The box as fractions of the page as the file shows it."""
        corners = np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])
        points = moved(corners, self.back)
        width, height = self.shown
        return (
            _share(points[:, 0].min(), width),
            _share(points[:, 1].min(), height),
            _share(points[:, 0].max(), width),
            _share(points[:, 1].max(), height),
        )


def _share(value: float, whole: float) -> float:
    return round(float(min(max(value / whole, 0.0), 1.0)), 4)


def moved(points: Array, matrix: Array) -> Array:
    """Points (n × 2) through a 3 × 3 matrix."""
    flat = np.asarray(points, float).reshape(-1, 2)
    out = np.c_[flat, np.ones(len(flat))] @ np.asarray(matrix).T
    return (out[:, :2] / out[:, 2:3]).reshape(np.asarray(points).shape)


@dataclass
class PaperCell:
    """A cell of a table to be: its text and where it was read. ``box`` in fractions of the page;
    ``facts`` is what its mark says besides (the OCR's reading beneath a barcode)."""

    text: str
    page: int
    box: tuple[float, float, float, float]
    confidence: float
    kind: str = OCR
    facts: dict[str, Any] = field(default_factory=dict)

    def mark(self) -> str:
        """The value of the sidecar entry: compact JSON."""
        return mark_text(self.page, self.box, self.confidence, **self.facts)


def mark_text(page: int, box: Sequence[float], confidence: float, **facts: Any) -> str:
    """A sidecar entry's value: ``{"page":1,"box":[x0,y0,x1,y1],"confidence":0.93}``, and more."""
    body = {"page": page, "box": list(box), "confidence": round(confidence, 3), **facts}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
