"""CSV and its ruins into a snapshot table, in bounded memory.

Here the head of the text is studied (encoding, dialect, header) and its blocks are led through the
parsers of ``batches``, the sieve and the writer.
"""

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow.compute as pc

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import Batch, Shape, parse_block, to_table
from kintsugi.engine.reading.dialect import detect_dialect, evenness
from kintsugi.engine.reading.encoding import Encoding, Survey, detect, survey
from kintsugi.engine.reading.fixedwidth import DELIMITER, as_delimited, find_columns
from kintsugi.engine.reading.headers import Header
from kintsugi.engine.reading.layout import Layout, study
from kintsugi.engine.reading.limits import ReadHints, ReadLimits
from kintsugi.engine.reading.mojibake import SUSPECT, repaired, scan
from kintsugi.engine.reading.records import parse_records, split_lines
from kintsugi.engine.reading.sections import sections
from kintsugi.engine.reading.sieve import Sieve
from kintsugi.engine.reading.tail import Tail
from kintsugi.engine.reading.textstream import TextStream
from kintsugi.engine.reading.unpack import remove
from kintsugi.engine.reading.writer import TableWriter
from kintsugi.engine.snapshot import Dialect, Note, SnapshotTable
from kintsugi.engine.text import Text

_SOME: Final = 0.5
_GAP: Final = re.compile(r"[\r\n][\s,;|\"]*[\r\n]")


@dataclass
class Read:
    """What a reader hands back: tables, notes, and for text the encoding and dialect."""

    kind: str
    tables: list[SnapshotTable] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    encoding: Encoding | None = None
    dialect: Dialect | None = None


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
    """Reads a text file of records into the snapshot folder ``into``: one table, or several that
    blank lines part and that have headers of their own.

    ``careful_only`` leaves the fast parser out; the result is the same.
    """
    seen = survey(path, limits=limits, file=file)
    if seen.size == 0:
        raise errors.empty(file)
    encoding = detect(seen, hint=hints.encoding, file=file)
    line_end = _line_end(seen, encoding)
    stream = TextStream(path, encoding, line_end, limits, file, seen.utf8)
    head = stream.head()
    if not head.strip():
        raise errors.empty(file)
    lines = split_lines(head, line_end)
    read = Read("text", encoding=encoding)
    columns = _fixed_columns(head, lines, line_end, hints)
    if columns:
        path = into / "columns"
        as_delimited(stream, columns, path)
        encoding, line_end, hints = Encoding("utf-8"), "LF", replace(hints, delimiter=DELIMITER)
        seen = survey(path, limits=limits, file=file)
        stream = TextStream(path, encoding, line_end, limits, file, seen.utf8)
        head = stream.head()
        lines = split_lines(head, line_end)
        read.notes.append(
            Note(
                code="text.fixed-width",
                message=Text(
                    "各列由固定位置的空白隔开。", "Columns are told by blanks in fixed places."
                ),
                facts={"columns": [start + 1 for start, _ in columns]},
            )
        )
    parts = _parts(head, lines, line_end, hints, limits)
    for index, (first, last) in enumerate(parts):
        text = TextStream(path, encoding, line_end, limits, file, seen.utf8)
        part = _Part(lines[first - 1 : last], first, last if index < len(parts) - 1 else None)
        table_name = name if not index else f"{name} #{index + 1}"
        table, notes, dialect = _read_part(
            text, part, into=into, index=index, name=table_name, hints=hints, careful=careful_only
        )
        read.tables.append(table)
        read.notes += notes
        read.dialect = read.dialect or dialect
    if len(parts) > 1:
        read.notes.append(
            Note(
                code="text.several-tables",
                message=Text(
                    "一个文本中有多个表格，已分开读取。",
                    "The text holds several tables; each was read on its own.",
                ),
                facts={"tables": len(parts)},
            )
        )
    if columns:
        remove(path)
    return read


def _fixed_columns(
    head: str, lines: list[str], line_end: str, hints: ReadHints
) -> list[tuple[int, int]]:
    """Columns of fixed width, where no delimiter parts the lines."""
    if hints.delimiter is not None or line_end == "CR" or "  " not in head:
        return []
    dialect = detect_dialect(head, line_end=line_end)
    if dialect.delimiter.strip() and evenness(head, line_end) > _SOME:
        return []
    if dialect.delimiter == " " and evenness(head, line_end) == 1.0:
        return []
    return find_columns(lines)


@dataclass(frozen=True)
class _Part:
    """One table of a text: its lines in the head, its first line, its last one (None: the end)."""

    lines: list[str]
    first: int
    last: int | None


def _parts(
    head: str, lines: list[str], line_end: str, hints: ReadHints, limits: ReadLimits
) -> list[tuple[int, int]]:
    """First and last line of each table in the head."""
    whole = [(1, len(lines))]
    if not _GAP.search(head):
        return whole
    dialect = detect_dialect(head, line_end=line_end, delimiter=hints.delimiter)
    records = parse_records(
        lines, first_row=1, dialect=dialect, width=None, max_chars=limits.max_cell_chars
    )
    found = sections(records)
    return [*found[:-1], (found[-1][0], len(lines))]


def _read_part(
    stream: TextStream,
    part: _Part,
    *,
    into: Path,
    index: int,
    name: str,
    hints: ReadHints,
    careful: bool,
) -> tuple[SnapshotTable, list[Note], Dialect]:
    limits, file = stream.limits, stream.file
    dialect = detect_dialect(
        "".join(part.lines), line_end=stream.line_end, delimiter=hints.delimiter
    )
    layout, dialect = study(part.lines, dialect, limits, first_row=part.first)
    if layout.width > limits.max_columns:
        raise errors.too_many(
            file, Text("列", "columns"), count=layout.width, limit=limits.max_columns
        )
    shape = Shape(dialect, layout.width, layout.header, limits, layout.fit)
    reader = _Reader(stream, shape, layout, file, part.last)
    with TableWriter(into, index, layout.width) as writer:
        reader.run(writer, careful_only=careful)
    table = SnapshotTable(
        index=index,
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
    notes = header_notes(layout.header, table) + _text_notes(stream, stream.encoding, reader)
    if table.read == 0:
        notes.append(no_rows_note(name))
    return table, notes, dialect


def _line_end(seen: Survey, encoding: Encoding) -> str:
    """LF, CRLF, CR; MIXED where lone carriage returns end records beside line feeds."""
    if seen.lf == 0 and seen.cr:
        return "CR"
    usual = "CRLF" if seen.crlf * 2 > seen.head_lf else "LF"
    head = seen.head[encoding.bom_bytes :].decode(encoding.name, "replace")
    head = head[: head.rfind("\n") + 1]
    if not re.search("\r(?!\n)", re.sub('"[^"]*"', "", head)):
        return usual
    as_one = head.replace("\r\n", "\n").replace("\r", "\n")
    return "MIXED" if evenness(as_one, "LF") >= evenness(head, usual) else usual


def _span(header: Header) -> tuple[int, int] | None:
    if header.first is None or header.last is None:
        return None
    return header.first, header.last


class _Reader:
    """Runs one text through the parsers, the sieve and the writer."""

    def __init__(
        self, stream: TextStream, shape: Shape, layout: Layout, file: str, last: int | None
    ) -> None:
        self.stream, self.shape, self.layout, self.file = stream, shape, layout, file
        self.last = last
        self.sieve = Sieve(layout.header, delimiter=shape.dialect.delimiter or ",")
        self.used: set[int] = set()
        self.literal: list[int] = []
        self.mended: list[tuple[int, str]] = []
        self.tail = Tail(shape.fit, lone_rows=layout.lone_rows)
        self.lost = self.garbled = 0
        self._unnamed = [c.ordinal for c in layout.header.columns if not c.header_cells]

    def run(self, writer: TableWriter, *, careful_only: bool) -> None:
        limits = self.shape.limits
        rows = 0
        # While a batch is sieved, the next one is parsed and the one before written.
        with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as parser:
            pending: Future[None] | None = None
            for batch, suspect in _ahead(self._batches(careful_only), parser):
                kept, excluded, cells = self.sieve.part(batch.table)
                if suspect:
                    garbled = scan(kept)
                    self.garbled += len(garbled)
                    self.lost += sum(not c.value for c in garbled)
                    cells = cells + garbled
                self.literal += batch.literal
                self.mended += batch.mended
                self._note_used(kept)
                rows += kept.num_rows
                if rows > limits.max_rows:
                    raise errors.too_many(
                        self.file, Text("行", "rows"), count=rows, limit=limits.max_rows
                    )
                if pending is not None:
                    pending.result()
                kept, aside = self.tail.pass_on(kept, sorted(batch.aside + excluded))
                pending = pool.submit(writer.batch, kept, cells, aside)
            if pending is not None:
                pending.result()
        kept, aside = self.tail.finish(to_table([], [], self.shape.width))
        writer.batch(kept, [], sorted(aside))

    def _note_used(self, table: Any) -> None:
        for ordinal in list(self._unnamed):
            if pc.any(pc.not_equal(table[f"c{ordinal}"], "")).as_py():
                self.used.add(ordinal)
                self._unnamed.remove(ordinal)

    def _batches(self, careful_only: bool) -> Iterator[tuple[Batch, bool]]:
        """The batches, and whether some of a block's text may be garbled."""
        rest, row = b"", self.layout.data_from
        for first_row, block in self.stream.blocks():
            if self.last is not None and first_row > self.last:
                break
            data = rest + self._own_lines(first_row, block)
            if not data:
                continue
            batch = parse_block(
                data, first_row=row, shape=self.shape, final=False, careful_only=careful_only
            )
            yield batch, may_be_garbled(data)
            rest, row = data[batch.used_bytes :], row + batch.used_lines
        if rest:
            batch = parse_block(
                rest, first_row=row, shape=self.shape, final=True, careful_only=careful_only
            )
            yield batch, may_be_garbled(rest)

    def _own_lines(self, first_row: int, block: bytes) -> bytes:
        """What of a block lies below the header and belongs to this table."""
        end = b"\r" if self.shape.dialect.line_end == "CR" else b"\n"
        start = _after(block, end, self.layout.data_from - first_row)
        if self.last is None or start < 0:
            return block[start:] if start >= 0 else b""
        stop = _after(block, end, self.last + 1 - first_row)
        return block[start:stop] if stop >= 0 else block[start:]


def _ahead(
    parts: Iterator[tuple[Batch, bool]], pool: ThreadPoolExecutor
) -> Iterator[tuple[Batch, bool]]:
    """The parts in order, each one made in ``pool`` while the one before is in use."""
    coming = pool.submit(next, parts, None)
    while (part := coming.result()) is not None:
        coming = pool.submit(next, parts, None)
        yield part


def _after(block: bytes, end: bytes, lines: int) -> int:
    """Where so many lines of a block are over, -1 when it has not so many."""
    at = 0
    for _ in range(lines):
        at = block.find(end, at) + 1
        if at == 0:
            return -1
    return at


def may_be_garbled(data: bytes) -> bool:
    """Whether a block may hold garbled text: a scan of its characters beyond ASCII only."""
    if data.isascii():
        return False
    codes = np.frombuffer(data, np.uint8)
    high = codes > 127
    high[1:] |= high[:-1].copy()  # what follows a run keeps it apart from the next
    text = pl.Series([codes[high].tobytes()], dtype=pl.Binary).cast(pl.String, strict=False)
    return bool(text.is_null()[0]) or bool(text.str.contains(SUSPECT)[0])


def no_rows_note(table: str) -> Note:
    """Says that a table is only a header."""
    return Note(
        code="table.no-rows",
        message=Text("只有表头，没有数据行。", "There is a header but no row of data."),
        facts={"table": table},
    )


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
    for how, zh, en in (
        ("padded", "部分行缺少字段，已在行末补空。",
         "Lines with too few fields got blanks at their end."),
        ("joined", "部分行的文字含有未加引号的分隔符，已合并。",
         "Texts with delimiters that nobody quoted were joined again."),
    ):  # fmt: skip
        rows = [row for row, done in reader.mended if done == how]
        if rows:
            note(f"row.{how}", zh, en, lines=rows[:20], count=len(rows))
    if reader.literal:
        note(
            "quote.broken",
            "有行的引号未闭合，已按原样读取。",
            "Some lines have an unclosed quote; they were read as they stand.",
            lines=reader.literal[:20],
            count=len(reader.literal),
        )
    return notes
