"""Pages made upright: flattened, turned by quarters, deskewed. All by where their text stands."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from kintsugi.engine.paper.model import Array, Box, moved

Recognise = Callable[[Sequence[Array]], list[tuple[str, float]]]

#: Runs of text that are read both ways up, the longest ones.
_SAMPLE: Final = 8
#: Read this surely, a page needs no look at it upside down.
_SURE: Final = 0.9
_LEAST_SKEW: Final = 0.15  # degrees
_MOST_SKEW: Final = 40.0
#: A sheet on a darker ground is taken out if it covers this share of the picture.
_SHEET: Final = 0.3
_SHEET_MOST: Final = 0.97


def flattened(image: Array) -> tuple[Array, Array]:
    """A photo of a sheet on a darker ground: the sheet alone, as seen from above, and the matrix
    from the photo to it. Other pictures come back as they are."""
    corners = _sheet_corners(image)
    if corners is None:
        return image, np.eye(3)
    top, right, bottom, left = (
        float(np.linalg.norm(corners[i] - corners[(i + 1) % 4])) for i in range(4)
    )
    width, height = round(max(top, bottom)), round(max(left, right))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    flat = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC)
    return flat, np.asarray(matrix)


def _sheet_corners(image: Array) -> Array | None:
    height, width = image.shape[:2]
    if min(height, width) < 100:
        return None
    scale = 600 / max(height, width)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (7, 7), 0)
    level, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Only a sheet that differs plainly from its ground, and a ground that shows at the rim.
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if float(np.mean(rim < level)) < 0.5 or level > 235:
        return None
    bright = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((25, 25), np.uint8))
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    share = cv2.contourArea(outline) / (small.shape[0] * small.shape[1])
    hull = cv2.convexHull(outline)
    four = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
    if not _SHEET <= share <= _SHEET_MOST or len(four) != 4:
        return None
    points = four.reshape(4, 2).astype(float) / scale
    sums, differences = points.sum(axis=1), np.diff(points, axis=1).ravel()
    order = [sums.argmin(), differences.argmin(), sums.argmax(), differences.argmax()]
    return points[order] if len(set(order)) == 4 else None


def straightened(image: Array, quads: Array, recognise: Recognise) -> tuple[Array, Array, Array]:
    """The picture with its text upright and level, the corners in it, and the matrix from the
    picture as it was. ``recognise`` reads the samples that tell up from down."""
    matrix = np.eye(3)
    if not len(quads):
        return image, quads, matrix
    wide, high = _sides(quads)
    along, across = wide[wide > 1.5 * high].sum(), high[high > 1.5 * wide].sum()
    if across > along:
        image, quads, matrix = _turned(image, quads, matrix, 1)
    if _upside_down(image, quads, recognise):
        image, quads, matrix = _turned(image, quads, matrix, 2)
    angle = _skew(quads)
    if abs(angle) >= _LEAST_SKEW:
        image, quads, matrix = _levelled(image, quads, matrix, angle)
    return image, quads, matrix


def _sides(quads: Array) -> tuple[Array, Array]:
    edges = np.linalg.norm(quads - np.roll(quads, -1, axis=1), axis=2)
    return (edges[:, 0] + edges[:, 2]) / 2, (edges[:, 1] + edges[:, 3]) / 2


def _ordered(quads: Array) -> Array:
    """Corners with the top left first, clockwise, as they lie now."""
    out = np.empty_like(quads)
    for i, quad in enumerate(quads):
        centre = quad.mean(axis=0)
        by_angle = quad[np.argsort(np.arctan2(*(quad - centre).T[::-1]))]
        first = int(by_angle.sum(axis=1).argmin())
        out[i] = np.roll(by_angle, -first, axis=0)
    return out


def _turned(image: Array, quads: Array, matrix: Array, quarters: int) -> tuple[Array, Array, Array]:
    """Turned clockwise by quarters."""
    for _ in range(quarters):
        height = image.shape[0]
        step = np.array([[0, -1, height], [1, 0, 0], [0, 0, 1]], float)
        image = np.ascontiguousarray(np.rot90(image, -1))
        quads, matrix = moved(quads, step), step @ matrix
    return image, _ordered(quads), matrix


def _upside_down(image: Array, quads: Array, recognise: Recognise) -> bool:
    wide, high = _sides(quads)
    longest = np.argsort(-wide / np.maximum(high, 1))[:_SAMPLE]
    crops = [cropped(image, quads[i]) for i in longest]
    up = recognise(crops)
    if sum(score for _, score in up) >= _SURE * len(up) and any(_han(text) for text, _ in up):
        return False
    down = recognise([np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops])
    return _sense(down) > _sense(up) + 0.05 * len(crops)


def _han(text: str) -> bool:
    return any("\u3400" <= sign <= "\u9fff" for sign in text)


def _sense(readings: list[tuple[str, float]]) -> float:
    return sum(score * min(len(text.strip()), 4) / 4 for text, score in readings)


def _skew(quads: Array) -> float:
    """Degrees clockwise by which lines of text fall."""
    wide, high = _sides(quads)
    long = wide > 2.5 * high
    if not long.any():
        return 0.0
    run = quads[long]
    top, bottom = run[:, 1] - run[:, 0], run[:, 2] - run[:, 3]
    vectors = top + bottom
    angles = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
    weights = wide[long]
    order = np.argsort(angles)
    half = int(np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2))
    middle = float(angles[order][min(half, len(angles) - 1)])
    near = np.abs(angles - middle) < 3
    angle = float(np.average(angles[near], weights=weights[near] ** 2))
    return angle if abs(angle) <= _MOST_SKEW else 0.0


def _levelled(
    image: Array, quads: Array, matrix: Array, angle: float
) -> tuple[Array, Array, Array]:
    height, width = image.shape[:2]
    radians = math.radians(angle)
    cos, sin = abs(math.cos(radians)), abs(math.sin(radians))
    new_width, new_height = round(width * cos + height * sin), round(width * sin + height * cos)
    step = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), [0, 0, 1]])
    step[0, 2] += (new_width - width) / 2
    step[1, 2] += (new_height - height) / 2
    level = cv2.warpAffine(
        image, step[:2], (new_width, new_height), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return level, moved(quads, step), step @ matrix


def cropped(image: Array, quad: Array) -> Array:
    """One run of text cut out and made a rectangle."""
    edges = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    width = max(4, round(float(max(edges[0], edges[2]))))
    height = max(4, round(float(max(edges[1], edges[3]))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), target)
    return np.asarray(
        cv2.warpPerspective(
            image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    )


def box_of(quad: Array) -> Box:
    """The upright box around four corners."""
    (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))
