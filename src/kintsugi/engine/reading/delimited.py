"""CSV and its ruins into a snapshot table, in bounded memory.

The text comes in blocks of whole lines. A block that is plainly regular (quotes as RFC 4180 wants
them, one line a record, the same width throughout) is parsed by Arrow; any other is cut into
pieces, and only the pieces with trouble go through the careful parser. Both give the same rows.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.dialect import detect_dialect
from kintsugi.engine.reading.encoding import Encoding, TextStream, detect, survey
from kintsugi.engine.reading.headers import HEAD_ROWS, Header, Line, find_header
from kintsugi.engine.reading.limits import ReadHints, ReadLimits
from kintsugi.engine.reading.mojibake import repaired, scan
from kintsugi.engine.reading.records import Record, parse_records, split_lines
from kintsugi.engine.reading.sieve import DITTO_BYTES, Aside, Sieve, judge_cells
from kintsugi.engine.reading.writer import TableWriter, data_schema
from kintsugi.engine.snapshot import Dialect, Note, SnapshotTable
from kintsugi.engine.text import Text

_PIECE_CHARS: Final = 128 * 1024
_HEAD_CHARS: Final = 1 << 20


@dataclass
class Read:
    """What a reader hands back: tables, notes, and for text the encoding and dialect."""

    kind: str
    tables: list[SnapshotTable] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    encoding: Encoding | None = None
    dialect: Dialect | None = None


@dataclass
class Layout:
    """Width, header and the first line of data of a delimited text."""

    width: int
    header: Header
    data_from: int


def read_delimited(
    path: Path,
    *,
    into: Path,
    name: str,
    file: str,
    limits: ReadLimits,
    hints: ReadHints,
    careful_only: bool = False,
) -> Read:
    """Reads a text file of records into table 0 of the snapshot folder ``into``.

    ``careful_only`` leaves the fast parser out; the result is the same.
    """
    seen = survey(path, limits=limits, file=file)
    if seen.size == 0:
        raise errors.empty(file)
    encoding = detect(seen, hint=hints.encoding, file=file)
    line_end = "CR" if seen.lf == 0 and seen.cr else "CRLF" if seen.crlf * 2 > seen.lf else "LF"
    stream = TextStream(path, encoding, line_end, limits, file)
    head = next(iter(stream.blocks()), (1, ""))[1][:_HEAD_CHARS]
    if not head.strip():
        raise errors.empty(file)
    dialect = detect_dialect(head, line_end=line_end, delimiter=hints.delimiter)
    layout, dialect = _layout(head, dialect, limits)
    if layout.width > limits.max_columns:
        raise errors.too_many(
            file, Text("列", "columns"), count=layout.width, limit=limits.max_columns
        )
    stream = TextStream(path, encoding, line_end, limits, file)
    reader = _Reader(stream, dialect, layout, limits, file, careful_only)
    with TableWriter(into, 0, layout.width) as writer:
        reader.run(writer)
    table = SnapshotTable(
        index=0,
        name=name,
        header_rows=_span(layout.header),
        columns=[c for c in layout.header.columns if c.header_cells or c.ordinal in reader.used],
        rows=writer.rows,
        excluded=writer.excluded,
        quarantined=writer.quarantined,
        first_row=writer.first_row or layout.data_from,
        last_row=writer.last_row or layout.data_from,
        preamble=layout.header.preamble,
    )
    if table.read == 0:
        raise errors.no_rows(file, header=[c.name for c in table.columns])
    notes = header_notes(layout.header, table) + _text_notes(stream, encoding, reader)
    return Read("text", [table], notes, encoding, dialect)


def _span(header: Header) -> tuple[int, int] | None:
    if header.first is None or header.last is None:
        return None
    return header.first, header.last


def _layout(head: str, dialect: Dialect, limits: ReadLimits) -> tuple[Layout, Dialect]:
    lines = split_lines(head, dialect.line_end)[:2000]

    def parse(width: int | None) -> list[Record]:
        return parse_records(
            lines,
            first_row=1,
            dialect=dialect,
            width=width,
            max_chars=limits.max_cell_chars,
            final=True,
        ).records

    width = _modal_width(parse(None))
    if width == 1:
        dialect = dialect.model_copy(update={"delimiter": ""})
    records = parse(width)
    filled = [r for r in records if any(f.strip() for f in r.fields)]
    if dialect.pad_short:
        width = max(len(r.fields) for r in filled)
    texts = {t: fixed for r in filled[:HEAD_ROWS] for t in r.fields if (fixed := repaired(t))}
    found = find_header(
        [Line(r.row, r.fields) for r in filled[:HEAD_ROWS]], width=width, repair=texts
    )
    above = found.last or max((c.row for c in found.preamble), default=0)
    upper = next((r for r in filled if r.row == above), None)
    end = "\r" if dialect.line_end == "CR" else "\n"
    data_from = above + 1 + (upper.text.count(end) if upper is not None else 0)
    return Layout(width, found, data_from), dialect


def _modal_width(records: list[Record]) -> int:
    """The width most records have; of equals the larger, one column only if nothing else is."""
    widths = Counter(len(r.fields) for r in records if any(f.strip() for f in r.fields))
    wide = {w: n for w, n in widths.items() if w > 1}
    if not wide:
        return 1
    best = max(wide.items(), key=lambda item: (item[1], item[0]))
    return best[0] if best[1] * 4 >= widths.get(1, 0) else 1


class _Reader:
    """Runs one text through fast or careful parsing, the sieve and the writer."""

    def __init__(
        self,
        stream: TextStream,
        dialect: Dialect,
        layout: Layout,
        limits: ReadLimits,
        file: str,
        careful_only: bool,
    ) -> None:
        self.stream = stream
        self.dialect = dialect
        self.layout = layout
        self.limits = limits
        self.file = file
        self.careful_only = careful_only
        self.sieve = Sieve(layout.header, delimiter=dialect.delimiter or ",")
        self.used: set[int] = set()
        self.literal: list[int] = []
        self.literal_count = 0
        self.lost = self.garbled = 0
        self._unnamed = [c.ordinal for c in layout.header.columns if not c.header_cells]

    def run(self, writer: TableWriter) -> None:
        for table, aside, text in self._batches():
            data, excluded, cells = self.sieve.part(
                table, ditto=bool(DITTO_BYTES.search(text.encode("utf-8", "replace")))
            )
            if not text.isascii():
                garbled = scan(data)
                self.garbled += len(garbled)
                self.lost += sum(not c.value for c in garbled)
                cells = cells + garbled
            self._note_used(data)
            writer.data(data)
            writer.cells(cells)
            writer.aside(sorted(aside + excluded))
            if writer.rows > self.limits.max_rows:
                raise errors.too_many(
                    self.file, Text("行", "rows"), count=writer.rows, limit=self.limits.max_rows
                )

    def _note_used(self, data: Any) -> None:
        for ordinal in list(self._unnamed):
            column = data[f"c{ordinal}"]
            if any(
                chunk.get_total_buffer_size() and any(chunk.to_pylist()) for chunk in column.chunks
            ):
                self.used.add(ordinal)
                self._unnamed.remove(ordinal)

    def _batches(self) -> Iterator[tuple[Any, list[Aside], str]]:
        carry, carry_row = "", self.layout.data_from
        for first_row, block in self.stream.blocks():
            text, row = self._after_header(first_row, block)
            if not text:
                continue
            if carry:
                text, row, carry = carry + text, carry_row, ""
            whole = None if self.careful_only else self._fast(text, row)
            if whole is not None:
                yield whole, [], text
                continue
            for piece_row, piece in self._pieces(text, row):
                if carry:
                    piece, piece_row, carry = carry + piece, carry_row, ""
                table = None if self.careful_only else self._fast(piece, piece_row)
                if table is not None:
                    yield table, [], piece
                    continue
                table, aside, carry, carry_row = self._careful(piece, piece_row, final=False)
                yield table, aside, piece
        if carry:
            table, aside, _, _ = self._careful(carry, carry_row, final=True)
            yield table, aside, carry

    def _after_header(self, first_row: int, block: str) -> tuple[str, int]:
        skip = self.layout.data_from - first_row
        if skip <= 0:
            return block, first_row
        end = "\r" if self.dialect.line_end == "CR" else "\n"
        at = 0
        for _ in range(skip):
            at = block.find(end, at) + 1
            if at == 0:
                return "", first_row
        return block[at:], self.layout.data_from

    def _pieces(self, text: str, row: int) -> Iterator[tuple[int, str]]:
        end = "\r" if self.dialect.line_end == "CR" else "\n"
        at = 0
        while at < len(text):
            stop = text.find(end, min(len(text), at + _PIECE_CHARS)) + 1 or len(text)
            piece = text[at:stop]
            yield row, piece
            row += piece.count(end)
            at = stop

    def _fast(self, text: str, row: int) -> Any | None:
        return fast_batch(
            text,
            first_row=row,
            dialect=self.dialect,
            width=self.layout.width,
            max_chars=self.limits.max_cell_chars,
        )

    def _careful(self, text: str, row: int, *, final: bool) -> tuple[Any, list[Aside], str, int]:
        lines = split_lines(text, self.dialect.line_end)
        width = self.layout.width
        parsed = parse_records(
            lines,
            first_row=row,
            dialect=self.dialect,
            width=width,
            max_chars=self.limits.max_cell_chars,
            final=final,
        )
        rows: list[int] = []
        cells: list[list[str]] = []
        aside: list[Aside] = []
        for record in parsed.records:
            fields, put_aside = self._align(record)
            if put_aside is not None:
                aside.append(put_aside)
            elif fields is not None:
                if record.literal:
                    self.literal_count += 1
                    self.literal = (self.literal + [record.row])[:100]
                rows.append(record.row)
                cells.append(fields)
        table = to_table(rows, cells, width)
        return table, aside, "".join(lines[parsed.consumed :]), row + parsed.consumed

    def _align(self, record: Record) -> tuple[list[str] | None, Aside | None]:
        """The fields brought to the width of the table, or the reason why they cannot be."""
        width, fields = self.layout.width, record.fields
        if len(fields) > width and not any(f.strip() for f in fields[width:]):
            fields = fields[:width]
        if len(fields) < width and not any(f.strip() for f in fields):
            return None, None
        if len(fields) < width and self.dialect.pad_short:
            fields = fields + [""] * (width - len(fields))
        if len(fields) != width:
            rule = judge_cells(fields, self.layout.header) if len(fields) < width else None
            disposition = "excluded" if rule else "quarantined"
            return None, Aside(
                record.row, disposition, rule or "row.ragged", record.text[:32_000], fields
            )
        if any(len(f) > self.limits.max_cell_chars for f in fields):
            short = [f[:200] for f in fields]
            return None, Aside(
                record.row, "quarantined", "row.cell-too-long", record.text[:32_000], short
            )
        return fields, None


def to_table(rows: list[int], cells: list[list[str]], width: int) -> Any:
    """Rows of text as an Arrow table ``_row, c1 … cn``."""
    columns = list(zip(*cells, strict=True)) if cells else [()] * width
    arrays = [pa.array(rows, pa.int32()), *(pa.array(c, pa.string()) for c in columns)]
    return pa.Table.from_arrays(arrays, schema=data_schema(width))


def fast_batch(
    text: str, *, first_row: int, dialect: Dialect, width: int, max_chars: int
) -> Any | None:
    """Whole lines parsed by Arrow, or None when they are not plainly regular.

    Plainly regular: line feeds only end records; every quote opens a field right after a
    delimiter, closes one right before a delimiter, or is doubled; no line is longer than a cell
    may be; each line has ``width`` fields or is blank.
    """
    quote, delimiter = dialect.quote, dialect.delimiter
    if dialect.line_end == "CR" or not text:
        return None
    if dialect.escape is not None and dialect.escape in text:
        return None
    data = text.encode("utf-8", "surrogatepass")
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    codes = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(codes == 10)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    lengths = lengths - ((lengths > 0) & (codes[np.maximum(ends - 1, 0)] == 13))
    if int(lengths.max()) > max_chars:
        return None
    if quote and quote.encode() in data and not _regular_quotes(codes, ends, quote, delimiter):
        return None
    rows = np.flatnonzero(lengths > 0) + first_row
    if rows.size == 0:
        return to_table([], [], width)
    try:
        table = pacsv.read_csv(
            pa.py_buffer(data),
            read_options=pacsv.ReadOptions(
                column_names=[f"c{i}" for i in range(1, width + 1)], block_size=1 << 20
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter or "\x1f",
                quote_char=quote or False,
                double_quote=bool(quote),
                escape_char=False,
                newlines_in_values=False,
                ignore_empty_lines=True,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={f"c{i}": pa.string() for i in range(1, width + 1)},
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    if table.num_rows != rows.size:
        return None
    return table.add_column(0, pa.field("_row", pa.int32()), pa.array(rows, pa.int32()))


def _regular_quotes(codes: Any, ends: Any, quote: str, delimiter: str) -> bool:
    """Whether all quotes pair up within their line and stand where RFC 4180 has them."""
    mark = ord(quote)
    quotes = np.flatnonzero(codes == mark)
    if quotes.size % 2 or (np.searchsorted(quotes, ends) % 2).any():
        return False
    opens, closes = quotes[0::2], quotes[1::2]
    wall = ord(delimiter) if delimiter else 10
    before = np.where(opens > 0, codes[np.maximum(opens - 1, 0)], 10)
    after = np.where(closes + 1 < codes.size, codes[np.minimum(closes + 1, codes.size - 1)], 10)
    open_ok = (before == wall) | (before == 10) | (before == mark)
    close_ok = (after == wall) | (after == 10) | (after == 13) | (after == mark)
    return bool(open_ok.all() and close_ok.all())


def header_notes(header: Header, table: SnapshotTable) -> list[Note]:
    """Notes on duplicate, missing and unnamed headers of a table."""
    notes = [
        Note(
            code="header.duplicate",
            message=Text(
                f"表头“{name}”重复，已加序号区分。",
                f'The header "{name}" stands more than once; a number was added.',
            ),
            facts={"table": table.name, "header": name, "row": header.last},
        )
        for name in dict.fromkeys(header.duplicates)
    ]
    if header.first is None:
        notes.append(
            Note(
                code="header.none",
                message=Text(
                    "没有找到表头，列以序号命名。", "No header was found; columns are numbered."
                ),
                facts={"table": table.name},
            )
        )
        return notes
    notes += [
        Note(
            code="header.unnamed",
            message=Text("有数据的列没有表头。", "A column with data has no header."),
            facts={"table": table.name, "column": c.letter, "name": c.name},
        )
        for c in table.columns
        if not c.header_cells
    ]
    raw = {c.text for column in header.columns for c in column.header_cells}
    notes += [
        Note(
            code="header.mojibake",
            message=Text("表头是乱码，已还原。", "A garbled header was restored."),
            facts={"table": table.name, "value": text, "repaired": fixed},
        )
        for text in sorted(raw)
        if (fixed := repaired(text))
    ]
    return notes


def _text_notes(stream: TextStream, encoding: Encoding, reader: _Reader) -> list[Note]:
    notes: list[Note] = []

    def note(code: str, zh: str, en: str, **facts: object) -> None:
        notes.append(Note(code=code, message=Text(zh, en), facts=facts))

    if encoding.confidence < 0.75:
        note(
            "encoding.uncertain",
            "编码判断把握不大，请核对文字。",
            "The encoding is not certain; check the text.",
            encoding=encoding.name,
            confidence=encoding.confidence,
            alternative=encoding.alternative,
        )
    if stream.repaired_count:
        note(
            "encoding.mixed",
            "部分行使用了另一种编码，已分别解码。",
            "Some lines are in another encoding and were decoded on their own.",
            lines=stream.repaired[:20],
            count=stream.repaired_count,
        )
    if stream.broken_count:
        note(
            "encoding.broken",
            "部分行含有无法解码的字节。",
            "Some lines hold bytes that no encoding explains.",
            lines=stream.broken[:20],
            count=stream.broken_count,
        )
    if reader.lost:
        note(
            "mojibake.lost",
            "有乱码单元格，原文不可恢复。",
            "Some cells are garbled beyond recovery.",
            cells=reader.lost,
        )
    if reader.garbled > reader.lost:
        note(
            "mojibake.reversible",
            "有乱码单元格，可以还原。",
            "Some cells are garbled but can be restored.",
            cells=reader.garbled - reader.lost,
        )
    if reader.literal_count:
        note(
            "quote.broken",
            "有行的引号未闭合，已按原样读取。",
            "Some lines have an unclosed quote; they were read as they stand.",
            lines=reader.literal[:20],
            count=reader.literal_count,
        )
    return notes
