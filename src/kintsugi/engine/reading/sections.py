"""Several tables in one text: blank lines part them, and each has a header of its own."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from kintsugi.engine.reading.fit import kind_of
from kintsugi.engine.reading.headers import HEAD_ROWS, Line, find_header
from kintsugi.engine.reading.records import Record

_MOST: Final = 50
#: The share of names that stand over figures of the table above; less, where no name is the same.
_CLASH: Final = 0.34
_SOME_CLASH: Final = 0.2


@dataclass
class _Block:
    """Records between blank lines: the header found in them, the usual number of fields, and the
    columns that hold numbers or dates."""

    records: list[Record]
    header: list[str] | None
    width: int
    values: frozenset[int]


def sections(records: list[Record]) -> list[tuple[int, int]]:
    """(first, last line) of each table in the head of a text; one of the whole when there is one.
    The last one goes on to the end of the text. ``records``: all of the head, blank ones too."""
    blocks = [_study(run) for run in _runs(records)]
    starts: list[int] = [1]
    current: _Block | None = None
    titles: int | None = None
    for block in blocks:
        if current is not None and _starts_table(block, current) and len(starts) < _MOST:
            starts.append(titles or block.records[0].row)
            current, titles = block, None
        elif block.header is None and all(_count(r) == 1 for r in block.records):
            titles = titles or block.records[0].row  # perhaps of the table below
        else:
            titles = None
            if current is None and block.header is not None:
                current = block
    ends = [start - 1 for start in starts[1:]] + [records[-1].row if records else 1]
    return list(zip(starts, ends, strict=True))


def _count(record: Record) -> int:
    return sum(bool(f.strip()) for f in record.fields)


def _runs(records: list[Record]) -> list[list[Record]]:
    runs: list[list[Record]] = [[]]
    for record in records:
        if _count(record):
            runs[-1].append(record)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _study(run: list[Record]) -> _Block:
    widths = Counter(len(r.fields) for r in run if _count(r) > 1)
    width = widths.most_common(1)[0][0] if widths else 1
    lines = [Line(r.row, r.fields) for r in run[:HEAD_ROWS]]
    found = find_header(lines, width=width) if width > 1 and len(run) > 1 else None
    if found is None or found.last is None or found.last >= run[-1].row:
        return _Block(run, None, width, frozenset())
    body = [r.fields for r in run if r.row > found.last][:200]
    values = set()
    for i in range(width):
        kinds = [kind_of(f[i]) for f in body if len(f) > i and f[i].strip()]
        if kinds and sum(k in ("number", "date") for k in kinds) * 5 >= len(kinds) * 4:
            values.add(i)
    return _Block(run, [c.strip() for c in found.lines[-1]], width, frozenset(values))


def _is_name(text: str) -> bool:
    """Whether a text may head a column: no figure but a year, no date."""
    kind = kind_of(text)
    if kind == "number":
        return text.isdigit() and len(text) == 4 and "1800" <= text <= "2200"
    return kind != "date" and any(c.isalpha() for c in text)


def _pairs(block: _Block) -> bool:
    """Whether a block is no table but names with values, as stand above a table."""
    colons = sum(r.fields[0].rstrip().endswith((":", "：")) for r in block.records)
    if len(block.records) < 2 or colons * 2 >= len(block.records):
        return True
    return block.width == 2 and not block.values


def _starts_table(block: _Block, current: _Block) -> bool:
    """Whether a block is a table of another kind than the one above it."""
    head, above = block.header, current.header
    if head is None or above is None or head == above or _pairs(current):
        return False
    filled = [i for i, c in enumerate(head) if c]
    if len(filled) < 2 or not all(_is_name(head[i]) for i in filled):
        return False
    if len(set(head) - {""}) < len(filled) * 0.9:
        return False
    if block.width != current.width:
        return bool(block.values) or bool(current.values) or len(block.records) > 2
    others = sum(1 for c in above if c)
    clash = sum(i in current.values and kind_of(head[i]) == "text" for i in filled) / len(filled)
    strange = not set(head) & (set(above) - {""}) and len(block.records) > 2 and block.values
    return clash >= (_CLASH if not strange else _SOME_CLASH) or (
        len(filled) != others and bool(block.values ^ current.values)
    )
