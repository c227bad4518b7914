"""The tables and forms of a whole paper: pages whose columns agree are one table."""

from dataclasses import dataclass, field
from typing import Any, Final

from kintsugi.engine.paper.grid import Form, Grid, Piece
from kintsugi.engine.paper.model import BARCODE, Page, PaperCell, Symbol
from kintsugi.engine.paper.precedence import Difference, apply
from kintsugi.engine.reading.headers import Line, find_header, tidy
from kintsugi.engine.snapshot import Note
from kintsugi.engine.text import Text

#: Columns of two pages agree if their edges differ by less than this share of the page's width.
_SHIFT: Final = 0.03
Row = list[PaperCell | None]


@dataclass
class PaperTable:
    """A table: its rows with their merged ranges (counted from 0), lines of text ``above`` it, and
    lines that stand between its parts, each with the number of rows before it."""

    rows: list[Row]
    edges: list[float]
    page: int
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    above: list[PaperCell] = field(default_factory=list)
    aside: list[tuple[int, PaperCell]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return max(len(row) for row in self.rows)


@dataclass
class PaperForm:
    """Records of one form: the names, and the values of each."""

    names: list[PaperCell]
    records: list[Row]
    page: int
    above: list[PaperCell] = field(default_factory=list)


class Paper:
    """What was found on the pages so far."""

    def __init__(self) -> None:
        self.parts: list[PaperTable | PaperForm] = []
        self.notes: list[Note] = []
        self._loose: list[PaperCell] = []

    @property
    def blank(self) -> bool:
        return not self.parts and not self._loose

    @property
    def left(self) -> list[PaperCell]:
        """Lines beneath the last table or form."""
        return self._loose

    def loose(self, line: Piece, page: Page) -> None:
        """A line of text; it stands above the table or form that follows."""
        self._loose.append(line.cell(page))

    def grid(self, grid: Grid, page: Page, symbols: list[tuple[Symbol, int]]) -> None:
        """A table of a page; it goes on with that of the page before if their columns agree."""
        rows = self._with_symbols(grid, page, symbols) if symbols else grid.rows
        cells = [[p.cell(page) if p is not None else None for p in row] for row in rows]
        wide = page.size[0] or 1.0
        table = PaperTable(cells, [x / wide for x in grid.edges], page.number, list(grid.merges))
        last = self.parts[-1] if self.parts else None
        if isinstance(last, PaperTable) and page.number > last.page and _goes_on(last, table):
            self._join(last, table)
        else:
            table.above, self._loose = self._loose, []
            self.parts.append(table)

    def form(self, form: Form, page: Page, symbols: list[Symbol]) -> None:
        """A form of a page with the barcodes in it: a record; one of the same names is a further
        record of the same table."""
        names = [label for label, _ in form.fields]
        values = [value for _, value in form.fields]
        texts = [tidy(label.text) for label in names]
        beside, differences = apply(texts, values, symbols)
        self._differ(differences, page)
        for name, value in beside:
            if name in texts:  # two barcodes that say the same
                continue
            texts.append(name)
            names.append(Piece(name, value.box, 1.0, BARCODE))
            values.append(value)
        heads = [name.cell(page) for name in names]
        record = [v.cell(page) if v is not None else None for v in values]
        last = self.parts[-1] if self.parts else None
        if isinstance(last, PaperForm) and [tidy(n.text) for n in last.names] == texts:
            last.records.append(record)
            last.page = page.number
            last.above += self._loose
        else:
            self.parts.append(PaperForm(heads, [record], page.number, self._loose))
        self._loose = []

    def note(self, code: str, message: Text, **facts: Any) -> None:
        self.notes.append(Note(code=code, message=message, facts=facts))

    def _differ(self, differences: list[Difference], page: Page) -> None:
        for one in differences:
            self.note(
                "paper.barcode-differs",
                Text(
                    f"“{one.column}”印的是“{one.printed}”，条码为“{one.barcode}”；以条码为准。",
                    f"“{one.column}” reads “{one.printed}”, its barcode says “{one.barcode}”; the "
                    "barcode counts.",
                ),
                page=page.number,
                column=one.column,
                printed=one.printed,
                barcode=one.barcode,
            )

    def _with_symbols(
        self, grid: Grid, page: Page, symbols: list[tuple[Symbol, int]]
    ) -> list[list[Piece | None]]:
        """The rows with their barcodes. What no cell takes gets columns at the right."""
        width = grid.width
        names, head = _names(grid)
        rows: list[list[Piece | None]] = []
        added: dict[str, int] = {}
        for at, row in enumerate(grid.rows):
            mine, cells = [s for s, r in symbols if r == at], list(row)
            beside, differences = apply(names, cells, mine)
            self._differ(differences, page)
            for name, piece in beside:
                column = added.setdefault(name, width + len(added))
                cells += [None] * (column + 1 - len(cells))
                cells[column] = piece
            rows.append(cells)
        for cells in rows:
            cells += [None] * (width + len(added) - len(cells))
        for name, column in added.items():
            low, high = grid.bands[head]
            box = grid.box._replace(x0=grid.box.x1, y0=low, y1=high)
            rows[head][column] = Piece(name, box, 1.0, BARCODE)
        return rows

    def _join(self, table: PaperTable, more: PaperTable) -> None:
        start = len(table.rows)
        table.aside += [(start, line) for line in self._loose]
        self._loose = []
        table.rows += more.rows
        table.merges += [(t + start, x, b + start, y) for t, x, b, y in more.merges]
        table.page = more.page


def _names(grid: Grid) -> tuple[list[str], int]:
    """The names of a grid's columns, and the row they stand in."""
    lines = [
        Line(at, [p.text if p is not None else "" for p in row])
        for at, row in enumerate(grid.rows, start=1)
    ]
    found = find_header(lines, width=grid.width)
    return [column.name for column in found.columns], (found.last or 1) - 1


def _goes_on(table: PaperTable, more: PaperTable) -> bool:
    """Whether a table of the next page has the columns of this one: the same header, or edges
    that agree."""
    if table.width != more.width:
        return False
    first, other = (
        [tidy(c.text) if c is not None else "" for c in part.rows[0]] for part in (table, more)
    )
    if first == other:
        return True
    if len(table.edges) != len(more.edges):
        return False
    inner = list(zip(table.edges[1:-1], more.edges[1:-1], strict=True))
    return bool(inner) and all(abs(a - b) <= _SHIFT for a, b in inner)
