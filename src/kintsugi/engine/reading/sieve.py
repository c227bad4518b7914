"""Parts the rows of a table: data stays, repeated headers, totals and footers go aside.

Every reader passes its rows through here in batches, so a rule means the same everywhere. Rows
are narrowed down by column expressions; only the few candidates are looked at one by one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import polars as pl
import pyarrow as pa

from kintsugi.engine.reading.headers import Header

_TOTAL_CORE: Final = r"合计|小计|总计|共计|累计|总和|合計|小計|總計|共計"
_TOTAL: Final = re.compile(
    rf"(?:.{{0,20}}?(?:{_TOTAL_CORE})|(?:grand|sub)?-?totals?|sum|overalltotal)[:：]?"
    r"(?P<figure>[-+¥￥$€\d.,()%]*(?:元|万元|台|件|套|个|pcs)?)",
    re.IGNORECASE,
)
_FOOTER: Final = re.compile(
    r"\s*(?:制\s*表|填\s*表|填\s*报|制\s*单|审\s*核|复\s*核|经\s*办|打\s*印|导\s*出|统\s*计)"
    r"\s*(?:人|员|时间|日期|部门|单位|科室|者)?\s*(?:[:：]|$)"
    r"|\s*(?:备\s*注|说\s*明|注|数据来源|单位负责人|负责人|领导签字|签字|盖章|第\s*\d+\s*页)\s*(?:[:：]|$|[,，/共])"
    r"|\s*(?:prepared|printed|generated|exported|approved|checked|reviewed|created)\s+"
    r"(?:by|on|at|from)\b"
    r"|\s*page\s+\d+(?:\s+of\s+\d+)?\s*$|\s*(?:end of (?:report|file)|notes?:|remarks?:|source:)",
    re.IGNORECASE,
)
# One pattern to find rows worth a second look by their first filled cell.
_LEADS: Final = (
    r"(?i)^\s*(?:制|填|审|复|经|打|导|统|备|说|注|数据来源|单位负责|负责人|领导|签|盖|第"
    r"|prepared|printed|generated|exported|approved|checked|reviewed|created|page|end of|note"
    r"|remark|source|(?:grand\s*|sub-?\s*)?totals?\s*[:：\d]*\s*$|sum\s*[:：]?\s*$|overall)"
    r"|[计計和]\s*[:：]?\s*[-+¥￥$€\d.,()%]*\s*(?:元|万元|台|件|套|个)?\s*$"
)
_FIGURE: Final = re.compile(
    r"\s*[-+(]?[¥￥$€]?\s*\d[\d,.\s]*%?\)?\s*(?:元|万元|台|件|套|个|种|条|pcs|rows|records)?\s*"
    r"|\s*[-—/]*\s*",
    re.IGNORECASE,
)
DITTO: Final = frozenset(
    ("同上", "同前", "〃", "″", "ditto", "Ditto", "DITTO", "do.", "Do.", "DO.", "''", "“", "”", '"')
)
_DITTO_FORMS: Final = [
    before + mark + after
    for mark in sorted(DITTO)
    for before in ("", " ", "　")
    for after in ("", " ", "　")
]


class Aside(NamedTuple):
    """A row that is not data: why, its text, its cells."""

    row: int
    disposition: str
    rule: str
    text: str
    values: list[str]


class Cell(NamedTuple):
    """A sidecar entry; ``row`` and ``col`` as in the snapshot's documentation."""

    row: int
    col: int
    kind: str
    value: str
    anchor_row: int | None = None
    anchor_col: int | None = None


class Fill(NamedTuple):
    """What stands in a blank or ditto cell, and the cell it came from."""

    value: str
    row: int
    col: int


def row_text(values: Sequence[str], delimiter: str = ",") -> str:
    """A row as one line of text, quoted where needed, trailing blanks left out."""
    cells = list(values)
    while cells and not cells[-1]:
        cells.pop()
    return delimiter.join(
        '"' + c.replace('"', '""') + '"' if delimiter in c or '"' in c or "\n" in c else c
        for c in cells
    )


def footer_like(text: str) -> bool:
    """Whether a text is what stands beneath a table: who made it, when it was printed."""
    return bool(_FOOTER.match(text))


def judge_cells(values: Sequence[str], header: Header, *, section: bool = False) -> str | None:
    """The rule under which a row is no data, ``blank`` for a blank one, None for data."""
    filled = [v.strip() for v in values if v.strip()]
    if not filled:
        return "blank"
    for line in header.lines:
        theirs = [c.strip() for c in line]
        ours = [v.strip() for v in values]
        ours += [""] * (len(theirs) - len(ours))
        if ours[: len(theirs)] == theirs and not any(ours[len(theirs) :]) and any(theirs):
            return "row.header-repeated"
    if header.lines and len(filled) > 1 and filled == [c.strip() for c in header.lines[-1] if c]:
        return "row.header-repeated"
    width = header.width
    if len(filled) == 1 and any(filled[0] == c.text.strip() for c in header.preamble):
        return "row.title-repeated"
    total = _TOTAL.fullmatch(re.sub(r"\s", "", filled[0]))
    if total is not None and (width > 1 or total["figure"] == ""):
        rest = filled[1:]
        if all(_FIGURE.fullmatch(c) or _TOTAL.fullmatch(re.sub(r"\s", "", c)) for c in rest):
            return "row.total"
    if width > 1 and _FOOTER.match(filled[0]) and len(filled) <= max(1, width // 2):
        return "row.footer"
    if width > 1 and len(filled) > 1 and all(_FOOTER.match(c) for c in filled):
        return "row.footer"
    if section and len(filled) == 1 and width > 2:
        return "row.section"
    return None


class Sieve:
    """Parts batches of one table. ``sections`` are rows that one merged cell spans; ``fills``
    are values merged ranges put into blank cells, by (row, ordinal)."""

    def __init__(
        self,
        header: Header,
        *,
        delimiter: str = ",",
        sections: Iterable[int] = (),
        fills: Mapping[tuple[int, int], Fill] | None = None,
    ) -> None:
        self.header = header
        self.delimiter = delimiter
        self.sections = frozenset(sections)
        self.fills = fills or {}
        self.above: list[Fill | None] = [None] * header.width
        self._carry: dict[int, Fill] = {}
        self._known = {
            next(c.strip() for c in line if c.strip()) for line in header.lines if any(line)
        } | {c.text.strip() for c in header.preamble}

    def part(self, table: Any) -> tuple[Any, list[Aside], list[Cell]]:
        """(data rows, rows put aside, ditto fills) of an Arrow table ``_row, c1 … cn``."""
        aside: list[Aside] = []
        drop: list[int] = []
        frame = pl.DataFrame(pl.from_arrow(table))
        for at in self._candidates(frame):
            values = [str(v) for v in frame.row(at)[1:]]
            row = int(frame["_row"][at])
            rule = judge_cells(values, self.header, section=row in self.sections)
            if rule is None:
                continue
            drop.append(at)
            if rule != "blank":
                text = row_text(values, self.delimiter)
                aside.append(Aside(row, "excluded", rule, text, values))
        if drop:
            keep = pl.Series("keep", [True] * frame.height)
            keep[drop] = False
            frame = frame.filter(keep)
            table = table.filter(pa.array(keep.to_list()))
        cells = self._ditto(frame)
        if frame.height:
            self._remember(frame)
        return table, aside, cells

    def _candidates(self, frame: pl.DataFrame) -> list[int]:
        """Places of rows that may not be data."""
        keys = frame.columns[1:]
        if not keys:
            return []
        first = pl.col(keys[0]).str.strip_chars()
        blank = frame.select((first == "").alias("b"))["b"]
        work = frame.with_row_index("_at")
        lead = work.select("_at", "_row", first.alias("lead"))
        if blank.any():
            some = work.filter(blank)
            texts = [pl.col(k).str.strip_chars() for k in keys]
            filled = pl.coalesce([pl.when(t != "").then(t) for t in texts]).fill_null("")
            lead = pl.concat(
                [lead.filter(~blank), some.select("_at", "_row", filled.alias("lead"))]
            )
        wanted = (
            (pl.col("lead") == "")
            | pl.col("lead").is_in(list(self._known))
            | pl.col("lead").str.contains(_LEADS)
        )
        if self.sections:
            wanted = wanted | pl.col("_row").is_in(list(self.sections))
        return sorted(lead.filter(wanted)["_at"].to_list())

    def _ditto(self, frame: pl.DataFrame) -> list[Cell]:
        """Fills for ditto marks: the value above in the same column, with its own origin."""
        cells: list[Cell] = []
        rows: list[int] | None = None
        keys = frame.columns[1:]
        if not keys or not frame.height:
            return cells
        hits = frame.select(pl.col(keys).is_in(_DITTO_FORMS).any()).row(0)
        for ordinal, key in enumerate(keys, start=1):
            if not hits[ordinal - 1]:
                continue
            column = frame[key]
            found = column.is_in(_DITTO_FORMS).arg_true().to_list()
            rows = rows if rows is not None else frame["_row"].to_list()
            known: dict[int, Fill] = {}
            for at in found:
                above = self.above[ordinal - 1] if at == 0 else known.get(at - 1)
                if at > 0 and above is None:
                    above = self._standing(rows[at - 1], ordinal, str(column[at - 1]))
                if above is None or not above.value.strip() or above.value.strip() in DITTO:
                    continue
                known[at] = above
                cells.append(Cell(rows[at], ordinal, "ditto", above.value, above.row, above.col))
            if frame.height - 1 in known:
                self._carry[ordinal] = known[frame.height - 1]
        return cells

    def _standing(self, row: int, ordinal: int, text: str) -> Fill:
        return self.fills.get((row, ordinal)) or Fill(text, row, ordinal)

    def _remember(self, frame: pl.DataFrame) -> None:
        last = frame.row(frame.height - 1)
        self.above = [
            self._carry.get(i) or self._standing(int(last[0]), i, str(text))
            for i, text in enumerate(last[1:], start=1)
        ]
        self._carry = {}
