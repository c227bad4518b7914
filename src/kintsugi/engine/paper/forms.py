"""Forms: names with their values, to the right or beneath, with a colon or in ruled boxes."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kintsugi.engine.paper.barcodes import element_name
from kintsugi.engine.paper.grid import Form, Grid, Piece, joined
from kintsugi.engine.paper.model import Box, Word, around
from kintsugi.engine.reading.headers import is_value, names_something

_LABEL_CHARS: Final = 24
# Times and addresses have colons too.
_COLON: Final = re.compile(r"(?<!\d)[:：](?!//)|[:：](?!\d|//)|(?<=\d)：")
# Names that labels print without a colon.
_PRINTED: Final = re.compile(
    r"(LOT|S/?N|REF|EXP|MFG|MFD|UDI|QTY|批号|生产批号|序列号|型号|规格型号|规格|货号|有效期至|有效期|失效日期"
    r"|生产日期|数量|注册证编号|注册证号)[\s.。]*(?=[^\s.。])(.*\d.*)",
    re.IGNORECASE,
)
_ELEMENT: Final = re.compile(r"[(（](\d{2,4})[)）]\s*([^()（）\s]+)")


def _pairs(text: str) -> list[tuple[str, str]]:
    """Names and values of one text: ``单号:A1 日期:2026-01-02`` has two. Empty for other text."""
    parts = [part.strip() for part in _COLON.split(text)]
    if len(parts) < 2:
        return []
    names, values = [parts[0]], []
    for part in parts[1:-1]:
        value, name = _last_name(part)
        names.append(name)
        values.append(value)
    values.append(parts[-1])
    fit = all(len(n) <= _LABEL_CHARS and any(c.isalpha() for c in n) for n in names)
    return list(zip(names, values, strict=True)) if fit else []


def _last_name(part: str) -> tuple[str, str]:
    """The value of one name and the next name, from what stands between two colons: the last word,
    and the one before it where it goes on in small letters (``Received on``)."""
    words = part.split(" ")
    at = len(words) - 1
    while at > 1 and words[at][:1].islower() and words[at - 1].isalpha():
        at -= 1
    return " ".join(words[:at]), " ".join(words[at:])


def printed_pairs(text: str, *, whole: bool = False) -> list[tuple[str, str]]:
    """Names and values as labels print them: ``LOT A1``, ``(10)A1``, and with colons. ``whole``:
    the text of a barcode stays one value, UDI, for the barcode itself gives its elements."""
    elements = [(element_name(ai, f"AI {ai}"), value) for ai, value in _ELEMENT.findall(text)]
    if elements:
        return [("UDI", text)] if whole else elements
    if pairs := _pairs(text):
        return pairs
    printed = _PRINTED.fullmatch(text.strip())
    return [(printed[1], printed[2].strip())] if printed else []


def is_pair(text: str) -> bool:
    """Whether a run of text is, or begins, a name with a value."""
    return bool(_pairs(text))


def form_of(lines: Sequence[Sequence[Word]]) -> Form | None:
    """The names and values of lines with colons. A name without a value takes the text to its
    right, else what stands beneath it; None without any name."""
    fields: list[tuple[Piece, Piece | None]] = []
    for line in lines:
        for word in line:
            pairs = _pairs(word.text)
            if not pairs:
                _add_value(fields, word)
                continue
            for name, value, place in _placed(word, pairs):
                label = Piece(name, place[0], word.confidence, word.kind)
                filled = Piece(value, place[1], word.confidence, word.kind) if value else None
                fields.append((label, filled))
    if not fields:
        return None
    return Form(fields, around([w.box for line in lines for w in line]))


def _add_value(fields: list[tuple[Piece, Piece | None]], word: Word) -> None:
    """Text without a name: the value of the name before it on its line, or above it."""
    mine = Piece(word.text, word.box, word.confidence, word.kind)
    for at in range(len(fields) - 1, -1, -1):
        label, value = fields[at]
        beside = value.box if value else label.box
        level = min(word.box.y1, beside.y1) - max(word.box.y0, beside.y0)
        if level > 0.5 * min(word.box.height, beside.height):
            fields[at] = (label, _more(value, mine))
            return
    for at in range(len(fields) - 1, -1, -1):
        label, value = fields[at]
        above = value.box if value else label.box
        overlap = min(word.box.x1, max(above.x1, label.box.x1)) - max(word.box.x0, label.box.x0)
        if above.y < word.box.y and overlap > 0:
            fields[at] = (label, _more(value, mine))
            return
    if fields:
        fields[-1] = (fields[-1][0], _more(fields[-1][1], mine))


def _more(value: Piece | None, more: Piece) -> Piece:
    if value is None:
        return more
    return Piece(
        joined(value.text, more.text),
        around([value.box, more.box]),
        min(value.confidence, more.confidence),
        value.kind,
    )


def _placed(
    word: Word, pairs: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str, tuple[Box, Box]]]:
    """Each name and value with its share of the word's box, by the number of letters: nearly what
    stands there, for letters of one line are of much the same width."""
    at = 0
    for name, value in pairs:
        start = word.text.find(name, at)
        middle = start + len(name)
        begin = word.text.find(value, middle) if value else middle
        end = begin + len(value)
        yield name, value, (_part(word, start, middle + 1), _part(word, begin, end))
        at = end


def _weights(text: str) -> list[float]:
    return [2.0 if ord(sign) > 0x2E7F else 1.0 for sign in text]


def _part(word: Word, start: int, end: int) -> Box:
    weights = _weights(word.text)
    total, box = sum(weights) or 1.0, word.box
    return Box(
        box.x0 + box.width * sum(weights[:start]) / total, box.y0,
        box.x0 + box.width * sum(weights[:end]) / total, box.y1,
    )  # fmt: skip


def form_of_grid(grid: Grid) -> Form | None:
    """A grid that is no table but a form in boxes: in each row a name, a value, a name, a value."""
    merged = {(top, left): right for top, left, _, right in grid.merges}
    cells: list[list[Piece | None]] = []
    for r, row in enumerate(grid.rows):
        mine: list[Piece | None] = []
        c = 0
        while c < grid.width:
            mine.append(row[c])
            c = merged.get((r, c), c) + 1
        cells.append(mine)
    colons = [p for row in cells for p in row if p is not None]
    if colons and sum(is_pair(p.text) for p in colons) * 2 >= len(colons):
        words = [
            [Word(p.text, p.box, p.confidence, p.kind) for p in row if p is not None]
            for row in cells
        ]
        return form_of([line for line in words if line])
    body = [row for row in cells if len(row) > 1]
    if not body or len(cells) - len(body) > 1 or any(len(row) % 2 for row in body):
        return None
    names = [p for row in body for p in row[::2]]
    values = [p for row in body for p in row[1::2]]
    labels = [p for p in names if p is not None and _label(p.text)]
    if len(labels) < 0.8 * len(names) or len({p.text for p in labels}) < len(labels):
        return None
    known = sum(names_something(p.text) for p in labels)
    if known * 2 < len(labels) or sum(_named(p) for p in values) * 3 > len(values):
        return None
    if grid.width == 2 and len(body) >= 2 and _named(values[0]):
        return None  # two columns with a header over them
    fields = [
        (Piece(name.text.rstrip(":："), name.box, name.confidence, name.kind), value)
        for row in body
        for name, value in zip(row[::2], row[1::2], strict=True)
        if name is not None
    ]
    return Form(fields, grid.box)


def _label(text: str) -> bool:
    return len(text) <= _LABEL_CHARS and not is_value(text)


def _named(piece: Piece | None) -> bool:
    return piece is not None and names_something(piece.text) and not is_value(piece.text)
