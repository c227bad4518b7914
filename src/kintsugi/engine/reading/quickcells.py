"""The texts and sidecar entries of the regular rows of a worksheet, a block at a time.

Every kind of cell is treated at once for all cells of a block, distinct values once each; texts
stay where they stand in the XML until the columns are taken from there.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kintsugi.engine.reading.formats import Style, cell_number
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.quicknumbers import bytes_of, number_texts, odd_numbers, offsets_of
from kintsugi.engine.reading.quickrows import Cells, Form, Judge, Rows, rows_of
from kintsugi.engine.reading.quickxml import Block, Muddle
from kintsugi.engine.reading.sharedstrings import SharedStrings, texts_of, unescaped
from kintsugi.engine.reading.sheetxml import SheetXml, blanks, date_text, truth_text
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.writer import data_schema

_MOST_BYTES: Final = 1 << 28
_COLS: Final = 1 << 15
_KEPT: Final = 50_000
_DAY_DIGITS: Final = 5
_ODD_DAYS: Final = 60  # up to the 29 February 1900 that never was
_DAY_1900: Final = -25_569  # 1899-12-30 in days of 1970
_DAY_1904: Final = -24_107
_PLAIN: Final = Style()
# In which order the entries of one cell come.
_FIRST, _SECOND, _FORMULA, _STRIKE = range(4)

_Shown = tuple[str, list[tuple[str, str]]]


@dataclass
class _Marks:
    """Sidecar entries in the making: where they belong, kinds and values."""

    keys: list[Any] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def add(self, row: Any, col: Any, rank: int, kind: str, values: Sequence[str]) -> None:
        """Entries of one kind, for cells given by the places of their rows and their columns."""
        self.keys.append((row.astype(np.int64) * _COLS + col) * 4 + rank)
        self.kinds += [kind] * len(values)
        self.values += values

    def cells(self, numbers: Any) -> tuple[list[Cell], Any]:
        """(entries in order, the places of their rows)."""
        if not self.kinds:
            return [], np.zeros(0, np.int64)
        keys = np.concatenate(self.keys)
        order = np.argsort(keys, kind="stable")
        row = keys[order] // (4 * _COLS)
        cols = (keys[order] // 4 % _COLS).tolist()
        kinds, values, places = self.kinds, self.values, order.tolist()
        named = [kinds[at] for at in places]
        found = map(Cell, numbers[row].tolist(), cols, named, [values[at] for at in places])
        return list(found), row


class _Read(NamedTuple):
    """A block as read: ``table`` of the regular rows with text, ``rows`` their places in the
    block; ``marks`` and the places of their rows."""

    starts: Any
    stops: Any
    regular: Any
    numbers: Any
    table: Any
    rows: Any
    marks: list[Cell]
    marked: Any


class QuickSheet:
    """Takes the regular rows of a worksheet; ``xml`` reads the others, and gets all in order."""

    opening = re.compile(rb"<sheetData[^<>]*>")
    end = b"</row>"

    def __init__(self, xml: SheetXml) -> None:
        self.xml = xml
        self._judge = Judge()
        # What numbers of a style show, for all blocks: days come again and again.
        self._known: dict[Style, dict[str, _Shown]] = {}
        self._read: list[tuple[int, int, int]] = []
        self._since = 0
        self._batch = xml.batch

    def look(self, block: Block) -> _Read | None:
        """Which rows are regular, and what is in them."""
        xml = self.xml
        xml.flush()
        self._read, self._since = [], len(xml.cells)
        rows = rows_of(block, self._judge)
        if rows is None:
            return None
        building = _Building(block, rows, xml, self._known)
        table, places = building.table()
        marks, marked = building.marks.cells(rows.numbers)
        # Rows that expat reads now must wait for those read here.
        xml.batch = sys.maxsize
        return _Read(
            rows.starts, rows.stops, rows.regular, rows.numbers, table, places, marks, marked
        )

    def before(self, found: _Read, at: int) -> None:
        """Rows that expat reads next follow those before the place ``at``."""
        if at > 0 and found.regular[at - 1]:
            self.xml.row = int(found.numbers[at - 1])
        self._read.append((at, self.xml.waiting, len(self.xml.cells)))

    def take(self, found: _Read) -> None:
        """Adds the block's rows and entries in order."""
        xml, table, rows, regular = self.xml, found.table, found.rows, found.regular
        marks, marked = found.marks, found.marked
        xml.batch = self._batch
        if not regular[rows].all():
            table = _trimmed(table.filter(pa.array(regular[rows])))
            rows = rows[regular[rows]]
        if not regular[marked].all():
            marks = [m for m, keep in zip(marks, regular[marked].tolist(), strict=True) if keep]
            marked = marked[regular[marked]]
        if regular[-1]:
            xml.row = int(found.numbers[-1])
        if not self._read:
            xml.cells += marks
            xml.add(table)
            return
        others = xml.cells[self._since :]
        keys = np.full(len(others), -1, np.int64)
        lines = np.full(xml.waiting, -1, np.int64)
        for at, line, cell in self._read:
            keys[cell - self._since :] = at
            lines[line:] = at
        both = marks + others
        order = np.argsort(np.concatenate((marked, keys)), kind="stable").tolist()
        xml.cells[self._since :] = [both[at] for at in order]
        xml.add(table, np.argsort(np.concatenate((rows, lines)), kind="stable"))


class _Building:
    """The texts of a block's cells, by places in a pool of strings; entries as they come up."""

    def __init__(
        self, block: Block, rows: Rows, xml: SheetXml, known: dict[Style, dict[str, _Shown]]
    ) -> None:
        self.block, self.rows, self.xml = block, rows, xml
        self._known = known
        self.limits: ReadLimits = xml.limits
        self.shared: SharedStrings = xml.shared
        self.cells: Cells = rows.cells
        self.marks = _Marks()
        self._raw, self._place = texts_of(block, rows.opens, rows.closes)
        self._plain = unescaped(block, self._raw, self._place, rows.opens)
        self._pool = [self._plain[0]]
        self._size = len(self._pool[0])
        self._at = np.full(self.cells.row.size, -1, np.int64)
        hidden = np.flatnonzero(rows.hidden & rows.regular)
        self.marks.add(hidden, 0, _FIRST, "hidden_row", [""] * hidden.size)

    def table(self) -> tuple[Any, Any]:
        """(rows with text as an Arrow table, their places in the block)."""
        cells, limits = self.cells, self.limits
        if cells.col.size and cells.col.max() > limits.max_columns:
            raise Muddle
        self._kinds()
        blank = self._size
        pool = pa.concat_arrays([*self._pool, pa.array([""], pa.string())])
        sizes = np.diff(offsets_of(pool))
        at = np.where(self._at < 0, blank, self._at)
        filled = sizes[at] > 0
        if filled.any() and sizes[at].max() > limits.max_cell_chars:
            raise Muddle
        width = int(cells.col[filled].max()) if filled.any() else 0
        places = cells.row[filled]
        places = places[np.diff(places, prepend=-1) > 0]
        line = np.zeros(self.rows.starts.size, np.int64)
        line[places] = np.arange(places.size)
        line = line[cells.row]
        order = np.flatnonzero(filled)
        order = order[np.argsort(cells.col[order].astype(np.uint16), kind="stable")]
        bounds = np.searchsorted(cells.col[order], np.arange(1, width + 2))
        columns = []
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            if start == stop:
                columns.append(blanks(places.size))
                continue
            index = np.full(places.size, blank, np.int32)
            index[line[order[start:stop]]] = at[order[start:stop]]
            columns.append(pool.take(pa.array(index)))
        numbers = pa.array(self.rows.numbers[places].astype(np.int32))
        return pa.Table.from_arrays([numbers, *columns], schema=data_schema(width)), places

    def _kinds(self) -> None:
        cells = self.cells
        present = np.bincount(cells.form, minlength=len(cells.forms))
        for number in np.flatnonzero(present).tolist():
            form = cells.forms[number]
            which = slice(None) if present[number] == cells.form.size else None
            at = np.arange(cells.form.size) if which else np.flatnonzero(cells.form == number)
            if form.text < 0:
                self._empty(form, at)
            else:
                self._filled(form, at, cells.first[at] + form.text)

    def _empty(self, form: Form, at: Any) -> None:
        if form.kind == "e":
            self._mark(at, _FIRST, "error", [""] * at.size)
        if form.formula == -2 or form.kind == "str":
            return
        texts = [""] * at.size
        if form.formula >= 0:
            run = self.cells.first[at] + form.formula
            texts = self._raw.take(pa.array(self._place[run])).to_pylist()
        self._mark(at, _FORMULA, "formula_uncached", ["=" + text for text in texts])

    def _filled(self, form: Form, at: Any, run: Any) -> None:
        """Cells with a value in the run of text ``run``."""
        styles = self.xml.styles
        style = styles[form.style] if 0 <= form.style < len(styles) else _PLAIN
        struck = None
        if form.kind == "s":
            struck = self._shared(at, run)
        elif form.kind == "n":
            self._numbers(style, at, run)
        elif form.kind == "e":
            texts = self._raw.take(pa.array(self._place[run]))
            self._mark(at, _FIRST, "error", texts.to_pylist())
            return
        elif form.kind in ("b", "d"):
            change = truth_text if form.kind == "b" else date_text
            self._distinct(at, run, lambda raw: (change(raw), []))
            kind = "boolean" if form.kind == "b" else "date"
            self._mark(at, _FIRST, "type", [kind] * at.size)
        else:
            self._at[at] = self._plain[1][run]
        if style.strike:
            self._strike(at)
        elif struck is not None and struck.any():
            self._strike(at[struck])

    def _shared(self, at: Any, run: Any) -> Any:
        """Which of the shared strings meant are struck out."""
        texts = self._raw.take(pa.array(self._place[run]))
        codes = bytes_of(texts)
        sizes = np.diff(offsets_of(texts))
        if codes.min() < 48 or codes.max() > 57 or sizes.max() > 9 or self.shared.array is None:
            raise Muddle
        places = np.asarray(texts.cast(pa.int32()))
        if places.max() >= len(self.shared.array):
            raise Muddle
        lengths = np.diff(offsets_of(self.shared.array))
        if lengths[places].sum() > _MOST_BYTES:
            raise Muddle
        self._put(at, self.shared.array.take(pa.array(places)))
        return self.shared.strike_mask(places)

    def _numbers(self, style: Style, at: Any, run: Any) -> None:
        if style.kind in ("date", "time"):
            at, run = self._days(style, at, run)
            if not at.size:
                return
        if style.kind != "number" or style.note:
            date1904 = self.xml.date1904
            known = self._known.setdefault(style, {})
            if len(known) > _KEPT:
                known.clear()

            def change(raw: str) -> _Shown:
                found = known.get(raw)
                if found is None:
                    found = known[raw] = cell_number(raw, style, date1904=date1904)
                return found

            self._distinct(at, run, change)
            return
        self._at[at] = place = self._place[run]
        texts = self._raw.take(pa.array(place))
        odd = np.flatnonzero(odd_numbers(texts))
        if odd.size:
            raw = texts.take(pa.array(odd))
            shown, lost = number_texts(raw)
            self._put(at[odd], shown)
            if lost.any():
                values = raw.filter(pa.array(lost)).to_pylist()
                self._mark(at[odd[lost]], _FIRST, "precision_lost", values)

    def _days(self, style: Style, at: Any, run: Any) -> tuple[Any, Any]:
        """Writes the whole days, and gives back the cells that hold anything else."""
        texts = self._raw.take(pa.array(self._place[run]))
        offsets, codes = offsets_of(texts), bytes_of(texts)
        whole = np.diff(offsets) <= _DAY_DIGITS
        other = np.flatnonzero((codes < 48) | (codes > 57))
        whole[np.searchsorted(offsets, other, side="right") - 1] = False
        raw = texts.filter(pa.array(whole))
        days = np.asarray(raw.cast(pa.int32()))
        late = days > _ODD_DAYS
        if not late.all():
            whole[np.flatnonzero(whole)[~late]] = False
            raw, days = raw.filter(pa.array(late)), days[late]
        start = _DAY_1904 if self.xml.date1904 else _DAY_1900
        self._put(at[whole], pa.array(days + start, pa.date32()).cast(pa.string()))
        self._mark(at[whole], _FIRST, "type", [style.kind] * days.size)
        if self.xml.date1904:
            self._mark(at[whole], _SECOND, "date1904", raw.to_pylist())
        return at[~whole], run[~whole]

    def _distinct(self, at: Any, run: Any, change: Any) -> None:
        """Texts that ``change`` gives for each distinct value, with the entries it names."""
        encoded = self._raw.take(pa.array(self._place[run])).dictionary_encode()
        made = [change(raw) for raw in encoded.dictionary.to_pylist()]
        if sum(len(text) for text, _ in made) > _MOST_BYTES:
            raise Muddle
        self._put(at, pa.array([text for text, _ in made], pa.string()).take(encoded.indices))
        codes = np.asarray(encoded.indices)
        for rank in (_FIRST, _SECOND):
            named: list[Any] = [m[rank] if len(m) > rank else None for _, m in made]
            for kind in sorted({mark[0] for mark in named if mark}):
                has = np.array([mark is not None and mark[0] == kind for mark in named])
                which = np.flatnonzero(has[codes])
                values = [named[code][1] for code in codes[which].tolist()]
                self._mark(at[which], rank, kind, values)

    def _strike(self, at: Any) -> None:
        pool = pa.concat_arrays(self._pool)
        texts = pool.take(pa.array(self._at[at])).to_pylist()
        some = np.array([bool(text) for text in texts])
        self._mark(at[some], _STRIKE, "strike", [text for text in texts if text])

    def _put(self, at: Any, texts: Any) -> None:
        self._at[at] = self._size + np.arange(len(texts))
        self._pool.append(texts)
        self._size += len(texts)

    def _mark(self, at: Any, rank: int, kind: str, values: Sequence[str]) -> None:
        self.marks.add(self.cells.row[at], self.cells.col[at], rank, kind, values)


def _trimmed(table: Any) -> Any:
    """The table without blank columns at its right."""
    width = table.num_columns
    while width > 1 and not pc.any(pc.not_equal(table.column(width - 1), "")).as_py():
        width -= 1
    return table.select(range(width))
