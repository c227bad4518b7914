"""The layout of a delimited text by its first lines: width, header, and what its columns hold."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from kintsugi.engine.reading.fit import Fit, learn
from kintsugi.engine.reading.headers import HEAD_ROWS, Header, Line, find_header
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.mojibake import repaired
from kintsugi.engine.reading.records import Record, parse_records
from kintsugi.engine.snapshot import Dialect

_LINES: Final = 2_000


@dataclass
class Layout:
    """Width, header, first line of data of a delimited text, what its columns hold, and whether
    records with a first field only stand among the others."""

    width: int
    header: Header
    data_from: int
    fit: Fit
    lone_rows: bool = False


def study(
    lines: list[str], dialect: Dialect, limits: ReadLimits, *, first_row: int = 1
) -> tuple[Layout, Dialect]:
    """The layout of the table in these lines (with their ends), and the dialect: a text of one
    column has no delimiter. ``first_row`` is the number of the first line."""
    lines = lines[:_LINES]

    def parse(width: int | None) -> list[Record]:
        return parse_records(
            lines,
            first_row=first_row,
            dialect=dialect,
            width=width,
            max_chars=limits.max_cell_chars,
        )

    width = _modal_width(parse(None))
    if width == 1:
        dialect = dialect.model_copy(update={"delimiter": ""})
    records = parse(width)
    filled = [r for r in records if any(f.strip() for f in r.fields)]
    if dialect.pad_short:
        width = max(len(r.fields) for r in filled)
    texts = {t: fixed for r in filled[:HEAD_ROWS] for t in r.fields if (fixed := repaired(t))}
    top = [Line(r.row, r.fields) for r in filled[:HEAD_ROWS]]
    found = find_header(top, width=width, repair=texts)
    wider = _wider(filled, found, width)
    if wider > width:
        width = wider
        found = find_header(top, width=width, repair=texts)
    above = found.last or max((c.row for c in found.preamble), default=first_row - 1)
    upper = next((r for r in filled if r.row == above), None)
    end = "\r" if dialect.line_end == "CR" else "\n"
    data_from = above + 1 + (upper.text.count(end) if upper is not None else 0)
    fit = learn((r.fields for r in filled if r.row >= data_from), width)
    alone = [_reach(r.fields) == 1 for r in filled if r.row >= data_from and len(r.fields) > 1]
    while alone and alone[-1]:
        alone.pop()
    return Layout(width, found, data_from, fit, any(alone)), dialect


def _wider(records: list[Record], header: Header, width: int) -> int:
    """The width with the header's own surplus columns, and with that of many longer rows."""
    heads = [r.fields for r in records if header.last is not None and r.row == header.last]
    body = [r.fields for r in records if header.last is None or r.row > header.last]
    reach = max((_reach(f) for f in heads), default=0)
    widths = Counter(_reach(f) for f in body)
    longer = sum(n for w, n in widths.items() if w > width)
    if longer >= max(2, 0.1 * len(body)):
        reach = max(reach, *(w for w, n in widths.items() if w > width and n * 20 >= longer))
    return max(width, reach)


def _reach(fields: list[str]) -> int:
    """The number of fields up to the last filled one."""
    return max((i for i, f in enumerate(fields, 1) if f.strip()), default=0)


def _modal_width(records: list[Record]) -> int:
    """The width most records have; of equals the larger, one column only if nothing else is."""
    widths = Counter(len(r.fields) for r in records if any(f.strip() for f in r.fields))
    wide = {w: n for w, n in widths.items() if w > 1}
    if not wide:
        return 1
    best = max(wide.items(), key=lambda item: (item[1], item[0]))
    alone = widths.get(1, 0)
    return best[0] if best[1] * 4 >= alone and (best[1] > 1 or alone < 3) else 1
