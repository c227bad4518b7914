"""One worksheet's XML to rows of text and remarkable cells, as a stream in bounded memory.

The XML is read with expat itself: only so do numbers keep their digits as written, and one pass
gives text, styles and merges. A document type declaration, which no workbook needs, is refused
before any entity could unfold. Regular rows are read a block at a time instead (`quickcells`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.formats import Style, cell_number
from kintsugi.engine.reading.headers import Merge
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.quickrows import MAX_ROW
from kintsugi.engine.reading.sharedstrings import SharedStrings, unescape
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.writer import data_schema
from kintsugi.engine.text import Text

_BATCH: Final = 20_000
_MAX_MERGES: Final = 1_000_000


@dataclass
class Sheet:
    """A sheet as read: an Arrow table ``_row, c1 … cn`` by sheet column, sidecar entries by sheet
    row and column, merged ranges; ``date1904``: its day numbers count from 1904-01-01."""

    name: str
    table: Any
    cells: list[Cell] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    hidden: bool = False
    date1904: bool = False


class SheetXml:
    """Expat handlers of one worksheet. ``row``: the number of the row last met."""

    def __init__(
        self,
        shared: SharedStrings,
        styles: Sequence[Style],
        *,
        date1904: bool,
        limits: ReadLimits,
        file: str,
        sheet: str,
    ) -> None:
        self.shared, self.styles, self.date1904 = shared, styles, date1904
        self.limits, self.file, self.sheet = limits, file, sheet
        self.cells: list[Cell] = []
        self.merges: list[Merge] = []
        self.hidden_columns: list[tuple[int, int]] = []
        self.width = 0
        self.mark = -1
        self.where: Any = int
        self._depth = self._floor = 0
        self.batch = _BATCH
        self._batches: list[Any] = []
        self._rows: list[int] = []
        self._values: list[dict[int, str]] = []
        self.row = self._col = 0
        self._line: dict[int, str] = {}
        self._letters: dict[str, int] = {}
        self._type = "n"
        self._style: Style | None = None
        self._default = Style()
        self._data = False
        self._mode = ""
        self._value: list[str] = []
        self._formula: list[str] | None = None
        self._phonetic = self._strike = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        self._depth += 1
        if name == "c" and self._data:
            self._open_cell(attributes)
        elif name == "v" and self._data:
            self._mode = "v"
        elif name == "row" and self._data:
            self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
            self._col, self._line = 0, {}
            if attributes.get("hidden", "0") in ("1", "true"):
                self.cells.append(Cell(self.row, 0, "hidden_row", ""))
        elif self._data:
            if name == "f":
                self._mode, self._formula = "f", []
            elif name == "t" and not self._phonetic:
                self._mode = "v"
            elif name == "rPh":
                self._phonetic = True
            elif name == "strike" and attributes.get("val", "1") not in ("0", "false"):
                self._strike = True
        elif name == "sheetData":
            self._data = True
            self._floor, self.mark = self._depth, self.where()
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden", "0") in ("1", "true"):
            self.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))

    def end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        self._depth -= 1
        if name == "v" or name == "f" or name == "t":
            self._mode = ""
        elif name == "c" and self._data:
            self._close_cell()
        elif name == "row" and self._data:
            if self._line:
                self._rows.append(self.row)
                self._values.append(self._line)
                if len(self._rows) >= self.batch:
                    self.flush()
            if self._depth == self._floor:
                self.mark = self.where()
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self._data = False
            self.mark = -1

    def text(self, data: str) -> None:
        if self._mode == "v":
            self._value.append(data)
        elif self._mode == "f" and self._formula is not None:
            self._formula.append(data)

    def _open_cell(self, attributes: dict[str, str]) -> None:
        ref = attributes.get("r")
        if ref is None:
            self._col += 1
        else:
            letters = ref.rstrip("0123456789")
            col = self._letters.get(letters)
            if col is None:
                col = self._letters[letters] = column_number(letters)
            self._col = col
        self._type = attributes.get("t", "n")
        number = attributes.get("s")
        self._style = None
        if number is not None and int(number) < len(self.styles):
            self._style = self.styles[int(number)]
        self._value, self._formula, self._strike = [], None, False

    def _close_cell(self) -> None:
        raw = "".join(self._value)
        kind, style = self._type, self._style or self._default
        strike = style.strike or self._strike
        if kind == "s" and raw:
            at = int(raw)
            if at >= len(self.shared.texts):
                raise errors.damaged(self.file, "shared string", sheet=self.sheet, row=self.row)
            strike = strike or at in self.shared.struck
            text = self.shared.texts[at]
        elif kind == "n" and raw:
            text = self._number(raw, style)
        elif kind == "e":
            self._mark("error", raw)
            text = ""
        elif kind == "b" and raw:
            text = truth_text(raw)
            self._mark("type", "boolean")
        elif kind == "d" and raw:
            text = date_text(raw)
            self._mark("type", "date")
        else:
            text = unescape(raw)
        if self._formula is not None and not raw and kind != "str":
            self._mark("formula_uncached", "=" + "".join(self._formula))
        if not text:
            return
        if strike:
            self._mark("strike", text)
        if self._col > self.limits.max_columns or len(text) > self.limits.max_cell_chars:
            self._refuse(len(text))
        if self.row > MAX_ROW or self.row < 1:
            raise errors.damaged(self.file, "row number", sheet=self.sheet, row=self.row)
        self.width = max(self.width, self._col)
        self._line[self._col] = text

    def _number(self, raw: str, style: Style) -> str:
        text, marks = cell_number(raw, style, date1904=self.date1904)
        for kind, value in marks:
            self._mark(kind, value)
        return text

    def _mark(self, kind: str, value: str) -> None:
        self.cells.append(Cell(self.row, self._col, kind, value))

    def _refuse(self, length: int) -> None:
        facts = {"sheet": self.sheet, "row": self.row, "column": self._col}
        if self._col > self.limits.max_columns:
            raise errors.too_many(
                self.file,
                Text("列", "columns"),
                count=self._col,
                limit=self.limits.max_columns,
                **facts,
            )
        raise errors.too_many(
            self.file,
            Text("单元格字符", "characters in a cell"),
            count=length,
            limit=self.limits.max_cell_chars,
            **facts,
        )

    def _merge(self, ref: str) -> None:
        if len(self.merges) >= _MAX_MERGES:
            return
        first, _, last = ref.partition(":")
        try:
            top, left = cell_place(first)
            bottom, right = cell_place(last or first)
        except ValueError:
            return
        if (top, left) != (bottom, right):
            self.merges.append(Merge(top, left, bottom, right))

    @property
    def waiting(self) -> int:
        """Rows read that are in no batch yet."""
        return len(self._rows)

    def flush(self) -> None:
        """The rows waiting become a batch."""
        if self._rows:
            self._batches.append(self._waiting())

    def add(self, table: Any, order: Any = None) -> None:
        """A batch of rows read elsewhere, and those waiting; ``order``: places in both, the
        waiting ones behind the others."""
        if table.num_rows:
            self.width = max(self.width, table.num_columns - 1)
        if self._rows:
            width = max(table.num_columns - 1, self.width)
            both = [_padded(table, width), _padded(self._waiting(), width)]
            table = pa.concat_tables(both).combine_chunks()
            table = table if order is None else table.take(pa.array(order))
        if table.num_rows:
            self._batches.append(table)

    def _waiting(self) -> Any:
        columns = [[line.get(i, "") for line in self._values] for i in range(1, self.width + 1)]
        arrays = [pa.array(self._rows, pa.int32()), *(pa.array(c, pa.string()) for c in columns)]
        self._rows, self._values = [], []
        return pa.Table.from_arrays(arrays, schema=data_schema(self.width))

    def table(self) -> Any:
        """All rows with content, as one Arrow table as wide as the widest."""
        self.flush()
        batches = [_padded(batch, self.width) for batch in self._batches]
        return pa.concat_tables([data_schema(self.width).empty_table(), *batches])


def _padded(table: Any, width: int) -> Any:
    """The table with blank columns up to this width."""
    if table.num_columns > width:
        return table
    columns = [*table.columns, *[blanks(table.num_rows)] * (width + 1 - table.num_columns)]
    return pa.Table.from_arrays(columns, schema=data_schema(width))


def blanks(count: int) -> Any:
    """Empty strings as an Arrow array."""
    offsets = pa.py_buffer(np.zeros(count + 1, np.int32))
    return pa.StringArray.from_buffers(count, offsets, pa.py_buffer(b""))


def truth_text(raw: str) -> str:
    """What a cell of truth shows."""
    return "TRUE" if raw in ("1", "true") else "FALSE"


def date_text(raw: str) -> str:
    """An ISO date and time as written, a midnight as its day."""
    return raw.removesuffix("T00:00:00").removesuffix("Z")


def column_number(letters: str) -> int:
    """AB → 28. Raises ValueError for anything but up to three capital letters."""
    if not letters.isalpha() or not letters.isascii() or len(letters) > 3:
        raise ValueError(letters)
    number = 0
    for c in letters.upper():
        number = number * 26 + ord(c) - 64
    return number


def cell_place(ref: str) -> tuple[int, int]:
    """(row, column) of a reference such as ``$B$12``. Raises ValueError."""
    ref = ref.replace("$", "")
    letters = ref.rstrip("0123456789")
    return int(ref[len(letters) :]), column_number(letters)
