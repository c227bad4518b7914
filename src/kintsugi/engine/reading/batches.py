"""Blocks of whole lines to batches of rows: regular lines by Arrow, the rest carefully.

A line is *regular* when every quote in it opens a field right after a delimiter, closes one right
before a delimiter, or is doubled (RFC 4180), when it has exactly as many fields as the table, and
when it holds no stray carriage return or escape. Which lines are regular is told for all lines of
a block at once; only the others, and the lines their records go on to, meet the careful parser.
Both parsers agree on regular lines, so the rows are the same as with the careful one alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from kintsugi.engine.reading.fit import Fit
from kintsugi.engine.reading.headers import Header
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.mend import joined, padded
from kintsugi.engine.reading.records import Record, parse_record
from kintsugi.engine.reading.sieve import Aside, judge_cells
from kintsugi.engine.reading.writer import data_schema
from kintsugi.engine.snapshot import Dialect

_TEXT_KEPT: Final = 32_000
_UNIT: Final = b"\x1f"


@dataclass(frozen=True)
class Shape:
    """What every line of a text is read by."""

    dialect: Dialect
    width: int
    header: Header
    limits: ReadLimits
    fit: Fit


class Batch(NamedTuple):
    """Rows ``_row, c1 … cn`` in order, lines put aside, lines whose quotes were broken, lines
    ``padded`` or ``joined`` to the width, and how many bytes and lines of the block were used."""

    table: Any
    aside: list[Aside]
    literal: list[int]
    mended: list[tuple[int, str]]
    used_bytes: int
    used_lines: int


class _Lines(Sequence[str]):
    """The lines of a block with their ends, decoded only when looked at."""

    def __init__(self, data: bytes, starts: Any, stops: Any) -> None:
        self.data, self.starts, self.stops = data, starts, stops

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        return self.data[self.starts[at] : self.stops[at]].decode("utf-8", "surrogatepass")


def parse_block(
    data: bytes, *, first_row: int, shape: Shape, final: bool, careful_only: bool = False
) -> Batch:
    """The records of a block of UTF-8 lines. What may go on in the next block is left unused,
    unless this is the final one."""
    codes = np.frombuffer(data, np.uint8)
    starts, stops = _lines_of(codes, shape.dialect)
    blank = _contents(codes, starts, stops) == 0
    block = None if careful_only else _fast_block(data, codes, starts, stops, shape)
    regular = blank if block is None else blank | block.regular
    lines = _Lines(data, starts, stops)
    records: list[Record] = []
    fast = regular & ~blank
    at, end = 0, len(lines)
    for i in np.flatnonzero(~regular).tolist():
        if i < at:
            continue
        found = parse_record(
            lines,
            i,
            row=first_row + i,
            dialect=shape.dialect,
            width=shape.width,
            max_chars=shape.limits.max_cell_chars,
            final=final,
        )
        if found is None:
            end = i
            break
        record, at = found
        records.append(record)
        fast[i:at] = False
    fast[end:] = False
    table, aside, literal, mended = _aligned(records, shape)
    if block is not None and fast.any():
        quick = _arrow(block.codes, block.starts, block.stops, fast, first_row, block.shape)
        table = _merged(table, quick, shape.width)
    used = int(starts[end]) if end < len(lines) else len(data)
    return Batch(table, aside, literal, mended, used, end)


class _Fast(NamedTuple):
    """A block as Arrow reads it: its bytes, lines and shape, and which lines are regular."""

    codes: Any
    starts: Any
    stops: Any
    shape: Shape
    regular: Any


def _lines_of(codes: Any, dialect: Dialect) -> tuple[Any, Any]:
    """Where each line starts and where the next one does."""
    stops = np.flatnonzero(codes == (13 if dialect.line_end == "CR" else 10)) + 1
    if codes.size and (stops.size == 0 or stops[-1] != codes.size):
        stops = np.append(stops, codes.size)
    starts = np.concatenate((np.zeros(1, np.int64), stops[:-1])) if stops.size else stops
    return starts, stops


def _fast_block(data: bytes, codes: Any, starts: Any, stops: Any, shape: Shape) -> _Fast | None:
    """The block for Arrow, which wants delimiter and quote of one byte: another delimiter is
    replaced in the lines without quotes. None where that cannot be."""
    dialect = shape.dialect
    signs = (dialect.delimiter, dialect.quote or "", dialect.escape or "")
    if dialect.close is None and all(len(s) < 2 and s.isascii() for s in signs):
        return _Fast(codes, starts, stops, shape, _regular(codes, starts, stops, shape))
    if _UNIT in data or dialect.line_end == "CR":
        return None
    mapped = data.replace(dialect.delimiter.encode(), _UNIT)
    plain = Dialect(delimiter=_UNIT.decode(), quote=None, line_end=dialect.line_end)
    shape = replace(shape, dialect=plain)
    codes = np.frombuffer(mapped, np.uint8)
    starts, stops = _lines_of(codes, plain)
    regular = _regular(codes, starts, stops, shape)
    quote = (dialect.quote or "").encode()
    if quote:
        quotes = np.flatnonzero(codes == quote[0])
        regular[np.searchsorted(stops, quotes, side="right")] = False
    return _Fast(codes, starts, stops, shape, regular)


def _contents(codes: Any, starts: Any, stops: Any) -> Any:
    """Bytes of each line without its end."""
    lengths = stops - starts
    for mark in (10, 13):
        last = codes[np.maximum(starts + lengths - 1, 0)]
        lengths = lengths - ((lengths > 0) & (last == mark))
    return lengths


def _regular(codes: Any, starts: Any, stops: Any, shape: Shape) -> Any:
    """Mask of the lines that Arrow and the careful parser read alike."""
    dialect = shape.dialect
    count = starts.size
    if dialect.line_end == "CR":
        return np.zeros(count, bool)
    bad = stops - starts > shape.limits.max_cell_chars
    returns = np.flatnonzero(codes == 13)
    if returns.size:
        after = codes[np.minimum(returns + 1, codes.size - 1)]
        stray = returns[(after != 10) | (returns + 1 >= codes.size)]
        bad[np.searchsorted(stops, stray, side="right")] = True
    if dialect.escape is not None:
        escapes = np.flatnonzero(codes == ord(dialect.escape))
        bad[np.searchsorted(stops, escapes, side="right")] = True
    wall = ord(dialect.delimiter) if dialect.delimiter else 31
    walls = np.flatnonzero(codes == wall)
    # Lines follow each other: where one stops, the next one starts.
    fields = np.diff(np.searchsorted(walls, stops), prepend=0)
    if dialect.quote is not None:
        quotes = np.flatnonzero(codes == ord(dialect.quote))
        if quotes.size:
            inside = _quoted_walls(codes, starts, stops, quotes, walls, wall, bad)
            fields = fields - inside
    return ~bad & (fields == shape.width - 1)


def _quoted_walls(
    codes: Any, starts: Any, stops: Any, quotes: Any, walls: Any, wall: int, bad: Any
) -> Any:
    """Delimiters inside quotes per line; marks lines with quotes in odd places as bad."""
    mark = codes[quotes[0]]
    bad |= np.diff(np.searchsorted(quotes, stops), prepend=0) % 2 == 1
    line = np.searchsorted(stops, quotes, side="right")
    sound = ~bad[line]
    quotes, line = quotes[sound], line[sound]
    # With odd lines left out, opening and closing quotes alternate.
    opens, closes, line = quotes[0::2], quotes[1::2], line[0::2]
    before = np.where(opens > 0, codes[np.maximum(opens - 1, 0)], 10)
    after = np.where(closes + 1 < codes.size, codes[np.minimum(closes + 1, codes.size - 1)], 10)
    odd = ~((before == wall) | (before == 10) | (before == mark))
    odd |= ~((after == wall) | (after == 10) | (after == 13) | (after == mark))
    # A doubled quote must be inside a field: its neighbour is the other quote of this line.
    bad[line[odd]] = True
    between = np.searchsorted(walls, closes) - np.searchsorted(walls, opens)
    return np.bincount(line, weights=between, minlength=starts.size).astype(np.int64)


def _arrow(codes: Any, starts: Any, stops: Any, fast: Any, first_row: int, shape: Shape) -> Any:
    """The regular lines as an Arrow table."""
    width, dialect = shape.width, shape.dialect
    rows = np.flatnonzero(fast) + first_row
    lines = codes if fast.all() else codes[np.repeat(fast, stops - starts)]
    names = [f"c{i}" for i in range(1, width + 1)]
    table = pacsv.read_csv(
        pa.py_buffer(lines),
        read_options=pacsv.ReadOptions(column_names=names, block_size=1 << 20),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter or "\x1f",
            quote_char=dialect.quote or False,
            double_quote=bool(dialect.quote),
            escape_char=False,
            newlines_in_values=False,
            ignore_empty_lines=True,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    if table.num_rows != rows.size:
        raise AssertionError("regular lines must be one record each")
    return table.add_column(0, pa.field("_row", pa.int32()), pa.array(rows, pa.int32()))


def _merged(some: Any, others: Any, width: int) -> Any:
    """Two tables as one in order of ``_row``."""
    if some.num_rows == 0:
        return others
    both = pa.concat_tables([some.cast(data_schema(width)), others.cast(data_schema(width))])
    return both.take(pc.sort_indices(both["_row"]))


def _aligned(
    records: list[Record], shape: Shape
) -> tuple[Any, list[Aside], list[int], list[tuple[int, str]]]:
    rows: list[int] = []
    cells: list[list[str]] = []
    aside: list[Aside] = []
    literal: list[int] = []
    mended: list[tuple[int, str]] = []
    for record in records:
        fields, how, put_aside = _align(record, shape)
        if put_aside is not None:
            aside.append(put_aside)
        elif fields is not None:
            if record.literal:
                literal.append(record.row)
            if how:
                mended.append((record.row, how))
            rows.append(record.row)
            cells.append(fields)
    return to_table(rows, cells, shape.width), aside, literal, mended


def _align(record: Record, shape: Shape) -> tuple[list[str] | None, str, Aside | None]:
    """The fields brought to the width of the table and how, or the reason why they cannot be."""
    width, fields, how = shape.width, record.fields, ""
    surplus = fields[width:]
    if surplus and not any(f.strip() for f in surplus) and not shape.fit.shifted(fields):
        fields = fields[:width]
    if len(fields) < width and not any(f.strip() for f in fields):
        return None, "", None
    text = record.text[:_TEXT_KEPT]
    rule = judge_cells(fields, shape.header) if len(fields) < width else None
    if len(fields) != width and rule is None:
        made = _mended(fields, shape, literal=record.literal)
        if made is not None:
            fields, how = made
    if len(fields) != width:
        disposition = "excluded" if rule else "quarantined"
        kept = [f[:_TEXT_KEPT] for f in fields[: shape.limits.max_columns]]
        return None, "", Aside(record.row, disposition, rule or "row.ragged", text, kept)
    if any(len(f) > shape.limits.max_cell_chars for f in fields):
        short = [f[:200] for f in fields]
        return None, "", Aside(record.row, "quarantined", "row.cell-too-long", text, short)
    return fields, how, None


def _mended(fields: list[str], shape: Shape, *, literal: bool) -> tuple[list[str], str] | None:
    """The fields at the width of the table, and what was done: '' where that is the rule here."""
    if len(fields) < shape.width and shape.dialect.pad_short:
        return fields + [""] * (shape.width - len(fields)), ""
    if literal:
        return None
    if len(fields) < shape.width:
        made, how = padded(fields, shape.fit), "padded"
    else:
        made, how = joined(fields, shape.fit, shape.dialect.delimiter), "joined"
    return None if made is None else (made, how)


def to_table(rows: list[int], cells: list[list[str]], width: int) -> Any:
    """Rows of text as an Arrow table ``_row, c1 … cn``."""
    columns = list(zip(*cells, strict=True)) if cells else [()] * width
    arrays = [pa.array(rows, pa.int32()), *(pa.array(c, pa.string()) for c in columns)]
    return pa.Table.from_arrays(arrays, schema=data_schema(width))
