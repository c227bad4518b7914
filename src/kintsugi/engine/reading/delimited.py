"""CSV and its ruins into a snapshot table, in bounded memory.

Here the head of the text is studied (encoding, dialect, header) and its blocks are led through the
parsers of ``batches``, the sieve and the writer.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.compute as pc

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import Batch, Shape, parse_block
from kintsugi.engine.reading.dialect import detect_dialect
from kintsugi.engine.reading.encoding import Encoding, detect, survey
from kintsugi.engine.reading.fit import Fit, learn
from kintsugi.engine.reading.headers import HEAD_ROWS, Header, Line, find_header
from kintsugi.engine.reading.limits import ReadHints, ReadLimits
from kintsugi.engine.reading.mojibake import SUSPECT, repaired, scan
from kintsugi.engine.reading.records import Record, parse_records, split_lines
from kintsugi.engine.reading.sieve import Sieve
from kintsugi.engine.reading.textstream import TextStream
from kintsugi.engine.reading.writer import TableWriter
from kintsugi.engine.snapshot import Dialect, Note, SnapshotTable
from kintsugi.engine.text import Text


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
    """Width, header, first line of data of a delimited text, and what its columns hold."""

    width: int
    header: Header
    data_from: int
    fit: Fit


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
    line_end = (
        "CR" if seen.lf == 0 and seen.cr else "CRLF" if seen.crlf * 2 > seen.head_lf else "LF"
    )
    stream = TextStream(path, encoding, line_end, limits, file, seen.utf8)
    head = stream.head()
    if not head.strip():
        raise errors.empty(file)
    dialect = detect_dialect(head, line_end=line_end, delimiter=hints.delimiter)
    layout, dialect = _layout(head, dialect, limits)
    if layout.width > limits.max_columns:
        raise errors.too_many(
            file, Text("列", "columns"), count=layout.width, limit=limits.max_columns
        )
    stream = TextStream(path, encoding, line_end, limits, file, seen.utf8)
    shape = Shape(dialect, layout.width, layout.header, limits, layout.fit)
    reader = _Reader(stream, shape, layout, file)
    with TableWriter(into, 0, layout.width) as writer:
        reader.run(writer, careful_only=careful_only)
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
        )

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
    fit = learn((r.fields for r in filled if r.row >= data_from), width)
    return Layout(width, found, data_from, fit), dialect


def _modal_width(records: list[Record]) -> int:
    """The width most records have; of equals the larger, one column only if nothing else is."""
    widths = Counter(len(r.fields) for r in records if any(f.strip() for f in r.fields))
    wide = {w: n for w, n in widths.items() if w > 1}
    if not wide:
        return 1
    best = max(wide.items(), key=lambda item: (item[1], item[0]))
    return best[0] if best[1] * 4 >= widths.get(1, 0) else 1


class _Reader:
    """Runs one text through the parsers, the sieve and the writer."""

    def __init__(self, stream: TextStream, shape: Shape, layout: Layout, file: str) -> None:
        self.stream, self.shape, self.layout, self.file = stream, shape, layout, file
        self.sieve = Sieve(layout.header, delimiter=shape.dialect.delimiter or ",")
        self.used: set[int] = set()
        self.literal: list[int] = []
        self.lost = self.garbled = 0
        self._unnamed = [c.ordinal for c in layout.header.columns if not c.header_cells]

    def run(self, writer: TableWriter, *, careful_only: bool) -> None:
        limits = self.shape.limits
        rows = 0
        # One batch is written while the next is parsed.
        with ThreadPoolExecutor(1) as pool:
            pending: Future[None] | None = None
            for batch, data in self._batches(careful_only):
                kept, excluded, cells = self.sieve.part(batch.table)
                if may_be_garbled(data):
                    garbled = scan(kept)
                    self.garbled += len(garbled)
                    self.lost += sum(not c.value for c in garbled)
                    cells = cells + garbled
                self.literal += batch.literal
                self._note_used(kept)
                rows += kept.num_rows
                if rows > limits.max_rows:
                    raise errors.too_many(
                        self.file, Text("行", "rows"), count=rows, limit=limits.max_rows
                    )
                if pending is not None:
                    pending.result()
                aside = sorted(batch.aside + excluded)
                pending = pool.submit(writer.batch, kept, cells, aside)
            if pending is not None:
                pending.result()

    def _note_used(self, table: Any) -> None:
        for ordinal in list(self._unnamed):
            if pc.any(pc.not_equal(table[f"c{ordinal}"], "")).as_py():
                self.used.add(ordinal)
                self._unnamed.remove(ordinal)

    def _batches(self, careful_only: bool) -> Iterator[tuple[Batch, bytes]]:
        rest, row = b"", self.layout.data_from
        for first_row, block in self.stream.blocks():
            data = rest + self._after_header(first_row, block)
            if not data:
                continue
            batch = parse_block(
                data, first_row=row, shape=self.shape, final=False, careful_only=careful_only
            )
            yield batch, data
            rest, row = data[batch.used_bytes :], row + batch.used_lines
        if rest:
            batch = parse_block(
                rest, first_row=row, shape=self.shape, final=True, careful_only=careful_only
            )
            yield batch, rest

    def _after_header(self, first_row: int, block: bytes) -> bytes:
        skip = self.layout.data_from - first_row
        end = b"\r" if self.shape.dialect.line_end == "CR" else b"\n"
        at = 0
        for _ in range(skip):
            at = block.find(end, at) + 1
            if at == 0:
                return b""
        return block[at:]


def may_be_garbled(data: bytes) -> bool:
    """Whether a block may hold garbled text: a scan of its characters beyond ASCII only."""
    if data.isascii():
        return False
    codes = np.frombuffer(data, np.uint8)
    high = codes > 127
    high[1:] |= high[:-1].copy()  # what follows a run keeps it apart from the next
    text = pl.Series([codes[high].tobytes()], dtype=pl.Binary).cast(pl.String, strict=False)
    return bool(text.is_null()[0]) or bool(text.str.contains(SUSPECT)[0])


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
    if reader.literal:
        note(
            "quote.broken",
            "有行的引号未闭合，已按原样读取。",
            "Some lines have an unclosed quote; they were read as they stand.",
            lines=reader.literal[:20],
            count=len(reader.literal),
        )
    return notes
