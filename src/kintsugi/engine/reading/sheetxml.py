"""One worksheet's XML to rows of text and remarkable cells, as a stream in bounded memory.

The XML is read with expat itself: only so do numbers keep their digits as written, and one pass
gives text, styles and merges. A document type declaration, which no workbook needs, is refused
before any entity could unfold.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final
from xml.parsers import expat

import pyarrow as pa

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.formats import Style, number_text, serial_text
from kintsugi.engine.reading.headers import Merge
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.writer import data_schema
from kintsugi.engine.text import Text

_BATCH: Final = 20_000
_MAX_ROW: Final = 1_048_576
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


class _Entities(Exception):
    """A document type declaration was met."""


def parse_xml(stream: IO[bytes], handlers: Any, *, file: str, part: str) -> None:
    """Feeds a stream to ``handlers.start/end/text``. Raises ``reading.xml-entities`` or
    ``reading.damaged``."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = False

    def refuse(*_: object) -> None:
        raise _Entities

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.text
    try:
        while block := stream.read(1 << 18):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except _Entities:
        raise errors.entities(file, part) from None
    except expat.ExpatError as error:
        raise errors.damaged(file, str(error), part=part) from error


class SharedStrings:
    """The table of shared strings; phonetic runs are left out, struck-out ones remembered."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.struck: set[int] = set()
        self._parts: list[str] = []
        self._take = False
        self._phonetic = 0
        self._strike = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            self._parts, self._strike = [], False
        elif name == "rPh":
            self._phonetic += 1
        elif name == "t":
            self._take = self._phonetic == 0
        elif name == "strike" and attributes.get("val", "1") not in ("0", "false"):
            self._strike = True

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "t":
            self._take = False
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "si":
            if self._strike:
                self.struck.add(len(self.texts))
            self.texts.append(unescape("".join(self._parts)))

    def text(self, data: str) -> None:
        if self._take:
            self._parts.append(data)


def unescape(text: str) -> str:
    """Excel writes control characters as ``_x000D_``; line ends become one line feed."""
    if "_x000" in text:
        text = text.replace("_x000D_", "\r").replace("_x000A_", "\n").replace("_x0009_", "\t")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class SheetXml:
    """Expat handlers of one worksheet."""

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
        self._batches: list[Any] = []
        self._rows: list[int] = []
        self._values: list[dict[int, str]] = []
        self._row = self._col = 0
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
        if name == "c" and self._data:
            self._open_cell(attributes)
        elif name == "v" and self._data:
            self._mode = "v"
        elif name == "row" and self._data:
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._col, self._line = 0, {}
            if attributes.get("hidden", "0") in ("1", "true"):
                self.cells.append(Cell(self._row, 0, "hidden_row", ""))
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
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden", "0") in ("1", "true"):
            self.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))

    def end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "v" or name == "f" or name == "t":
            self._mode = ""
        elif name == "c" and self._data:
            self._close_cell()
        elif name == "row" and self._data:
            if self._line:
                self._rows.append(self._row)
                self._values.append(self._line)
                if len(self._rows) >= _BATCH:
                    self._flush()
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self._data = False

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
                raise errors.damaged(self.file, "shared string", sheet=self.sheet, row=self._row)
            strike = strike or at in self.shared.struck
            text = self.shared.texts[at]
        elif kind == "n" and raw:
            text = self._number(raw, style)
        elif kind == "e":
            self._mark("error", raw)
            text = ""
        elif kind == "b" and raw:
            text = "TRUE" if raw in ("1", "true") else "FALSE"
            self._mark("type", "boolean")
        elif kind == "d" and raw:
            text = raw.removesuffix("T00:00:00").removesuffix("Z")
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
        if self._row > _MAX_ROW or self._row < 1:
            raise errors.damaged(self.file, "row number", sheet=self.sheet, row=self._row)
        self.width = max(self.width, self._col)
        self._line[self._col] = text

    def _number(self, raw: str, style: Style) -> str:
        if style.kind in ("date", "time", "duration"):
            text = serial_text(raw, style.kind, date1904=self.date1904)
            if text is not None:
                self._mark("type", style.kind)
                if self.date1904:
                    self._mark("date1904", raw)
                return text
        text, lost = number_text(raw)
        if lost:
            self._mark("precision_lost", raw)
        if style.note:
            self._mark("number_format", style.note)
        if style.kind == "pad" and text.isdigit():
            return text.zfill(style.pad)
        return text

    def _mark(self, kind: str, value: str) -> None:
        self.cells.append(Cell(self._row, self._col, kind, value))

    def _refuse(self, length: int) -> None:
        facts = {"sheet": self.sheet, "row": self._row, "column": self._col}
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

    def _flush(self) -> None:
        columns = [[line.get(i, "") for line in self._values] for i in range(1, self.width + 1)]
        arrays = [pa.array(self._rows, pa.int32()), *(pa.array(c, pa.string()) for c in columns)]
        self._batches.append(pa.Table.from_arrays(arrays, schema=data_schema(self.width)))
        self._rows, self._values = [], []

    def table(self) -> Any:
        """All rows with content, as one Arrow table as wide as the widest."""
        self._flush()
        padded = []
        for batch in self._batches:
            for i in range(batch.num_columns, self.width + 1):
                blank = pa.array([""] * batch.num_rows, pa.string())
                batch = batch.append_column(f"c{i}", blank)
            padded.append(batch)
        return pa.concat_tables(padded)


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
