"""HTML tables, as many systems sell them under the name of .xls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import to_table
from kintsugi.engine.reading.encoding import Encoding, detect, survey
from kintsugi.engine.reading.headers import Merge
from kintsugi.engine.reading.limits import ReadHints, ReadLimits
from kintsugi.engine.reading.sheetxml import Sheet
from kintsugi.engine.reading.textstream import TextStream
from kintsugi.engine.text import Text

_MAX_SPAN: Final = 10_000
_SILENT: Final = frozenset(("script", "style", "head", "title"))


@dataclass
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    taken: dict[int, dict[int, bool]] = field(default_factory=dict)


class _Tables(HTMLParser):
    """Collects the innermost tables; a layout table around them yields nothing of its own."""

    def __init__(self, limits: ReadLimits, file: str) -> None:
        super().__init__(convert_charrefs=True)
        self.limits, self.file = limits, file
        self.done: list[_Table] = []
        self.open: list[_Table] = []
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            if len(self.open) > 50 or len(self.done) > self.limits.max_tables:
                raise errors.too_many(
                    self.file,
                    Text("表格", "tables"),
                    count=len(self.done),
                    limit=self.limits.max_tables,
                )
            self._close_cell()
            self.open.append(_Table())
        elif not self.open:
            return
        elif tag == "tr":
            self._close_cell()
            self.open[-1].rows.append([])
        elif tag in ("td", "th"):
            self._close_cell()
            facts = dict(attrs)
            self._span = (_number(facts.get("rowspan")), _number(facts.get("colspan")))
            self._cell = []
            if not self.open[-1].rows:
                self.open[-1].rows.append([])
        elif tag in ("br", "p") and self._cell:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th", "tr"):
            self._close_cell()
        elif tag == "table" and self.open:
            self._close_cell()
            self._finish(self.open.pop())

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def close(self) -> None:
        super().close()
        self._close_cell()
        while self.open:
            self._finish(self.open.pop())

    def _finish(self, table: _Table) -> None:
        if sum(any(row) for row in table.rows) > 0:
            self.done.append(table)

    def _close_cell(self) -> None:
        if self._cell is None or not self.open:
            return
        lines = [" ".join(part.split()) for part in "".join(self._cell).split("\n")]
        text = "\n".join(part for part in lines if part).replace("\xa0", " ")
        table = self.open[-1]
        row = table.rows[-1]
        number = len(table.rows)
        taken = table.taken.get(number, {})
        while len(row) + 1 in taken:
            row.append("")
        column = len(row) + 1
        height, width = self._span
        if column + width > self.limits.max_columns:
            raise errors.too_many(
                self.file,
                Text("列", "columns"),
                count=column + width,
                limit=self.limits.max_columns,
                row=number,
            )
        row.append(text)
        row.extend([""] * (width - 1))
        if height > 1 or width > 1:
            table.merges.append(Merge(number, column, number + height - 1, column + width - 1))
        for below in range(number + 1, number + height):
            table.taken.setdefault(below, {}).update(
                dict.fromkeys(range(column, column + width), True)
            )
        self._cell = None


def _number(text: str | None) -> int:
    """A span attribute within bounds; a wrong one counts as 1."""
    try:
        return max(1, min(int(text or "1"), _MAX_SPAN))
    except ValueError:
        return 1


def read_html(
    path: Path, *, file: str, limits: ReadLimits, hints: ReadHints
) -> tuple[Encoding, Iterator[Sheet]]:
    """The encoding and the tables of an HTML file. Raises ``reading.wrong-type`` without any."""
    seen = survey(path, limits=limits, file=file)
    encoding = detect(seen, hint=hints.encoding, file=file)
    stream = TextStream(path, encoding, "LF", limits, file, seen.utf8)
    parser = _Tables(limits, file)
    for _, block in stream.blocks():
        parser.feed(block.decode("utf-8", "replace"))
    parser.close()
    if not parser.done:
        raise errors.wrong_type(file, Text("没有表格的网页", "a web page without a table"))
    return encoding, (_sheet(i, t) for i, t in enumerate(parser.done, start=1))


def _sheet(number: int, table: _Table) -> Sheet:
    width = max(len(row) for row in table.rows)
    cells = [row + [""] * (width - len(row)) for row in table.rows]
    rows = list(range(1, len(cells) + 1))
    return Sheet(f"table {number}", to_table(rows, cells, width), [], table.merges)
