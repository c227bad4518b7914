"""From words to tables, forms and lines: rows by overlap, columns by the gaps that rows share."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from kintsugi.engine.paper.forms import form_of, form_of_grid, is_pair
from kintsugi.engine.paper.grid import Block, Form, Grid, Loose, Piece, lines_of, piece_of
from kintsugi.engine.paper.model import Word, around
from kintsugi.engine.paper.rules import Frame, grid_of
from kintsugi.engine.reading.sieve import footer_like

#: Beneath a line this many times the usual distance, a new block begins.
_APART: Final = 2.2
#: The narrowest gap between columns, in heights of a line.
_GAP: Final = 0.35


def blocks_of(words: Sequence[Word], frames: Sequence[Frame]) -> list[Block]:
    """Everything on a page in the order of reading."""
    rest = list(words)
    blocks: list[Block] = []
    for frame in frames:
        inside = [w for w in rest if frame.box.holds(w.box.x, w.box.y)]
        if len(inside) < 2:
            continue
        taken = set(map(id, inside))
        rest = [w for w in rest if id(w) not in taken]
        grid = _trimmed(grid_of(frame, inside))
        if len(grid.rows) < 2 and grid.width < 3:
            rest += inside
            continue
        blocks.append(form_of_grid(grid) or grid)
    bounds = sorted(b.box.y for b in blocks if not isinstance(b, Loose))
    zones: dict[int, list[Word]] = {}
    for word in rest:
        zones.setdefault(int(np.searchsorted(bounds, word.box.y)), []).append(word)
    for zone in zones.values():
        blocks += _unruled(zone)
    return _footers(sorted(blocks, key=_top))


def _footers(blocks: list[Block]) -> list[Block]:
    """Names and values beneath a table that say who made it are its footer, not a form."""
    out: list[Block] = []
    for at, block in enumerate(blocks):
        last = not any(isinstance(b, Grid) for b in blocks[at + 1 :])
        beneath = any(isinstance(b, Grid) for b in blocks[:at])
        if (
            isinstance(block, Form)
            and last
            and beneath
            and all(footer_like(f"{label.text}:") for label, _ in block.fields)
        ):
            for label, value in block.fields:
                text = f"{label.text}: {value.text if value else ''}".strip()
                box = around([label.box, value.box]) if value else label.box
                sure = min(label.confidence, value.confidence if value else 1.0)
                out.append(Loose(Piece(text, box, sure, label.kind)))
        else:
            out.append(block)
    return out


def _top(block: Block) -> tuple[float, float]:
    box = block.piece.box if isinstance(block, Loose) else block.box
    return box.y0, box.x0


def _trimmed(grid: Grid) -> Grid:
    """Without rows that are blank throughout at the end, and without columns of no text."""
    keep = [
        c for c in range(grid.width)
        if any(row[c] for row in grid.rows)
    ]  # fmt: skip
    if not keep or len(keep) == grid.width:
        return grid
    at = {c: i for i, c in enumerate(keep)}
    edges = [grid.edges[c] for c in keep] + [grid.edges[keep[-1] + 1]]
    merges = []
    for top, left, bottom, right in grid.merges:
        inside = [at[c] for c in range(left, right + 1) if c in at]
        if inside and (top, inside[0]) != (bottom, inside[-1]):
            merges.append((top, inside[0], bottom, inside[-1]))
    rows = [[row[c] for c in keep] for row in grid.rows]
    return Grid(rows, grid.bands, edges, grid.box, merges)


def _unruled(words: Sequence[Word]) -> list[Block]:
    """Tables, forms and lines among words that no frame holds."""
    lines = lines_of(words)
    blocks: list[Block] = []
    run: list[list[Word]] = []
    usual = _pitch(lines)
    for line in lines:
        far = bool(run) and _centre(line) - _centre(run[-1]) > _APART * usual
        if run and (far or _kind(line) != _kind(run[-1])) and not _goes_on(run, line, usual):
            blocks += _of_run(run)
            run = []
        run.append(line)
    return blocks + _of_run(run)


def _kind(line: Sequence[Word]) -> str:
    pairs = sum(is_pair(w.text) for w in line)
    if pairs * 2 >= len(line):
        return "pairs"
    return "cells" if len(line) > 1 else "line"


def _goes_on(run: Sequence[Sequence[Word]], line: Sequence[Word], usual: float) -> bool:
    """Whether a line belongs to the run above although it looks otherwise: the second line of a
    cell, or a row of which only one cell is filled."""
    if _kind(run[-1]) == "pairs" or _kind(line) == "pairs":
        return False
    if _centre(line) - _centre(run[-1]) > 1.3 * usual or len(run) < 2:
        return False
    if _kind(run[0]) != "cells":
        return False
    # Beneath a cell, and no wider than it may be.
    (first, *_), box = line, around([w.box for w in line])
    return len(line) > 1 or any(
        abs(first.box.x0 - w.box.x0) < first.box.height and box.x1 < w.box.x1 + 2 * box.height
        for other in run
        for w in other
    )


def _centre(line: Sequence[Word]) -> float:
    return sum(w.box.y for w in line) / len(line)


def _pitch(lines: Sequence[Sequence[Word]]) -> float:
    """The usual distance of two lines."""
    steps = [_centre(b) - _centre(a) for a, b in pairwise(lines)]
    tall = median([w.box.height for line in lines for w in line]) if lines else 1.0
    return max(median(steps), tall) if steps else 2 * tall


def _of_run(run: Sequence[Sequence[Word]]) -> list[Block]:
    if not run:
        return []
    kind = _kind(run[0])
    if kind == "pairs":
        form = form_of(run)
        if form is not None:
            return [form]
    if kind == "cells" and len(run) >= 2:
        grid = _grid(run)
        if grid.width >= 2 and len(grid.rows) >= 2:
            return [form_of_grid(grid) or grid]
    return [_loose(line) for line in run]


def _loose(line: Sequence[Word]) -> Block:
    piece = piece_of(line)
    assert piece is not None
    return Loose(piece)


def _grid(run: Sequence[Sequence[Word]]) -> Grid:
    spans = _columns(run)
    rows: list[list[list[Word]]] = []
    for line in run:
        cells: list[list[Word]] = [[] for _ in spans]
        for word in line:
            cells[_column(word, spans)].append(word)
        rows.append(cells)
    rows = _wrapped(rows)
    bands, pieces = [], []
    for cells in rows:
        box = around([w.box for cell in cells for w in cell])
        bands.append((box.y0, box.y1))
        pieces.append([piece_of(cell) for cell in cells])
    edges = [spans[0][0]]
    edges += [(a[1] + b[0]) / 2 for a, b in pairwise(spans)]
    edges.append(spans[-1][1])
    whole = around([w.box for line in run for w in line])
    return Grid(pieces, bands, edges, whole)


def _columns(run: Sequence[Sequence[Word]]) -> list[tuple[float, float]]:
    """Left and right end of each column: stretches that rows cover, between gaps they share."""
    full = [line for line in run if len(line) > 1]
    tall = median([w.box.height for line in full for w in line])
    left = min(w.box.x0 for line in run for w in line)
    right = max(w.box.x1 for line in run for w in line)
    cover = np.zeros(int(right - left) + 2)
    for line in full:
        mine = np.zeros_like(cover, bool)
        for word in line:
            inset = min(0.15 * tall, word.box.width / 4)
            mine[int(word.box.x0 + inset - left) : int(word.box.x1 - inset - left) + 1] = True
        cover += mine
    # One row in eight may reach over a gap: a name that is longer than its column.
    bridged = len(full) // 8
    spans: list[list[float]] = []
    for at in np.flatnonzero(cover > bridged):
        x = float(at) + left
        if spans and x - spans[-1][1] <= max(2.0, _GAP * tall):
            spans[-1][1] = x
        else:
            spans.append([x, x])
    # A column that hardly any row fills is one all the same, where nothing else stands.
    for line in full:
        for word in line:
            if all(_common(word, s) <= 0 for s in spans):
                spans.append([word.box.x0, word.box.x1])
                spans.sort()
    return [(s[0], s[1]) for s in spans]


def _common(word: Word, span: Sequence[float]) -> float:
    return min(word.box.x1, span[1]) - max(word.box.x0, span[0])


def _column(word: Word, spans: Sequence[tuple[float, float]]) -> int:
    return max(range(len(spans)), key=lambda i: _common(word, spans[i]))


def _wrapped(rows: list[list[list[Word]]]) -> list[list[list[Word]]]:
    """Second lines of cells put to the row they belong to: nearer than rows are, and blank where
    rows begin."""
    centres = [_centre([w for cell in row for w in cell]) for row in rows]
    firsts = [c for c, row in zip(centres, rows, strict=True) if row[0]]
    steps = [b - a for a, b in pairwise(firsts)]
    usual = median(steps) if steps else 0.0
    out: list[list[list[Word]]] = []
    for row, centre, above in zip(rows, centres, [None, *centres], strict=False):
        near = above is not None and centre - above < 0.75 * usual
        if out and near and not row[0] and all(out[-1][i] for i, cell in enumerate(row) if cell):
            for mine, more in zip(out[-1], row, strict=True):
                mine.extend(more)
        else:
            out.append([list(cell) for cell in row])
    return out
