"""Ruled tables: the lines drawn on a page, and the cells they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from kintsugi.engine.paper.grid import Grid, Piece, piece_of
from kintsugi.engine.paper.model import Array, Box, Word

#: A line counts if it is this share of the frame's width or height long, all its parts together.
_LONG: Final = 0.12
#: A border between two cells is there if this share of it is drawn.
_DRAWN: Final = 0.5
_MOST_LINES: Final = 400


@dataclass(frozen=True)
class Frame:
    """The lines of one table: positions of the horizontal and vertical ones, and their pixels."""

    xs: list[float]
    ys: list[float]
    level: Array
    upright: Array

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def frames_in(grey: Array, tall: float = 0.0) -> list[Frame]:
    """The ruled frames of an upright page with at least two cells, from top to bottom. ``tall`` is
    the usual height of a line of text: strokes of letters are shorter than lines of tables."""
    height, width = grey.shape
    if min(height, width) < 40:
        return []
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12
    )
    # Text is no line: what is shorter than a few letters goes. Gaps of a pixel or two are closed.
    reach = max(16, round(1.25 * tall)) if tall else max(24, round(min(height, width) / 30))
    level = _opened(cv2.dilate(dark, np.ones((3, 1), np.uint8)), (1, reach))
    upright = _opened(cv2.dilate(dark, np.ones((1, 3), np.uint8)), (reach, 1))
    both = cv2.dilate(level | upright, np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(both)
    frames = []
    for left, top, wide, high, _area in stats[1:count]:
        if wide < 3 * reach or high < 24:
            continue
        xs = _positions(upright[top : top + high, left : left + wide], 0)
        ys = _positions(level[top : top + high, left : left + wide], 1)
        if 2 <= len(xs) <= _MOST_LINES and 2 <= len(ys) <= _MOST_LINES and len(xs) + len(ys) > 4:
            frames.append(
                Frame([x + float(left) for x in xs], [y + float(top) for y in ys], level, upright)
            )
    outer = [f for f in frames if not any(_within(f, other) for other in frames if other is not f)]
    return sorted(outer, key=lambda f: f.box.y0)


def _opened(dark: Array, shape: tuple[int, int]) -> Array:
    kernel = np.ones(shape, np.uint8)
    small = np.ones((shape[0] // 4 or 1, shape[1] // 4 or 1), np.uint8)
    return cv2.morphologyEx(cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, small)


def _within(inner: Frame, outer: Frame) -> bool:
    a, b = inner.box, outer.box
    return b.x0 <= a.x and a.x <= b.x1 and b.y0 <= a.y and a.y <= b.y1 and a.width < b.width


def _positions(mask: Array, axis: int) -> list[float]:
    """Where lines stand across ``axis``; those nearer than half the thinnest cell are one line."""
    whole = mask.shape[axis]
    # A line that falls a little covers several rows of pixels: they count together.
    drawn = (mask > 0).sum(axis=axis).astype(float)
    near = max(3, round(whole / 250))
    summed = np.convolve(drawn, np.ones(near), "same")
    strong = summed >= _LONG * whole
    found: list[float] = []
    start: int | None = None
    for at, on in enumerate([*strong, False]):
        if on and start is None:
            start = at
        elif not on and start is not None:
            weights = drawn[start:at]
            centre = float(np.average(np.arange(start, at), weights=weights + 1e-6))
            if found and centre - found[-1] < 10:
                found[-1] = (found[-1] + centre) / 2
            else:
                found.append(centre)
            start = None
    return found


def grid_of(frame: Frame, words: Sequence[Word]) -> Grid:
    """The cells of a frame with the words in them. Cells without a border between are one."""
    xs, ys = frame.xs, frame.ys
    height, width = len(ys) - 1, len(xs) - 1
    leader = _joined_cells(frame)
    inside: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        row = int(np.searchsorted(ys, word.box.y)) - 1
        col = int(np.searchsorted(xs, word.box.x)) - 1
        place = (min(max(row, 0), height - 1), min(max(col, 0), width - 1))
        inside.setdefault(leader.get(place, place), []).append(word)
    rows: list[list[Piece | None]] = [
        [piece_of(inside.get((r, c), [])) for c in range(width)] for r in range(height)
    ]
    merges: dict[tuple[int, int], tuple[int, int]] = {}
    for place, first in leader.items():
        last = merges.get(first, first)
        merges[first] = (max(last[0], place[0]), max(last[1], place[1]))
    return Grid(
        rows,
        [(ys[r], ys[r + 1]) for r in range(height)],
        list(xs),
        frame.box,
        [(r, c, *last) for (r, c), last in sorted(merges.items()) if (r, c) != last],
    )


def _joined_cells(frame: Frame) -> dict[tuple[int, int], tuple[int, int]]:
    """For cells that are parts of a larger one: the first of its cells."""
    height, width = len(frame.ys) - 1, len(frame.xs) - 1
    parent = {(r, c): (r, c) for r in range(height) for c in range(width)}

    def root(place: tuple[int, int]) -> tuple[int, int]:
        while parent[place] != place:
            place = parent[place]
        return place

    for r in range(height):
        for c in range(width):
            if c + 1 < width and not _border(frame, r, c, beside=True):
                parent[max(root((r, c)), root((r, c + 1)))] = min(root((r, c)), root((r, c + 1)))
            if r + 1 < height and not _border(frame, r, c, beside=False):
                parent[max(root((r, c)), root((r + 1, c)))] = min(root((r, c)), root((r + 1, c)))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place in parent:
        groups.setdefault(root(place), []).append(place)
    out = {}
    for first, places in groups.items():
        rows, cols = [p[0] for p in places], [p[1] for p in places]
        area = (max(rows) - min(rows) + 1) * (max(cols) - min(cols) + 1)
        # What is no rectangle is a border drawn badly, not a larger cell.
        if len(places) > 1 and area == len(places) and area < height * width:
            out.update(dict.fromkeys(places, first))
    return out


def _border(frame: Frame, r: int, c: int, *, beside: bool) -> bool:
    """Whether the line to the right of a cell (``beside``) or beneath it is drawn."""
    if beside:
        low, high, at, mask = frame.ys[r], frame.ys[r + 1], frame.xs[c + 1], frame.upright
    else:
        low, high, at, mask = frame.xs[c], frame.xs[c + 1], frame.ys[r + 1], frame.level
    inset = (high - low) * 0.15
    along = slice(int(low + inset), max(int(low + inset) + 1, int(high - inset)))
    across = slice(max(0, int(at) - 6), int(at) + 7)
    part = mask[along, across] if beside else mask[across, along].T
    if part.size == 0:
        return True
    return float((part > 0).any(axis=1).mean()) >= _DRAWN


def cuts(frames: Sequence[Frame], quad: Array) -> list[float]:
    """Where vertical lines part a run of text that was found as one: x of each."""
    x0, x1 = float(quad[:, 0].min()), float(quad[:, 0].max())
    y0, y1 = float(quad[:, 1].min()), float(quad[:, 1].max())
    tall = y1 - y0
    found = []
    for frame in frames:
        if not frame.box.holds((x0 + x1) / 2, (y0 + y1) / 2):
            continue
        for x in frame.xs:
            if x0 + 0.4 * tall < x < x1 - 0.4 * tall:
                middle = slice(int(y0 + 0.2 * tall), max(int(y0 + 0.2 * tall) + 1, int(y1)))
                part = frame.upright[middle, max(0, int(x) - 5) : int(x) + 6]
                if part.size and float((part > 0).any(axis=1).mean()) >= _DRAWN:
                    found.append(x)
    return found
