"""Where the header of a table is: found by structure first, by usual words second.

A header row is well filled, of short distinct texts without figures, above columns that hold
figures. Rows above it are preamble. A header of several rows shows by merged cells or by blanks
that the row above or below fills; its names become paths such as "采购信息/日期".
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kintsugi.engine.reading.fit import kind_of
from kintsugi.engine.snapshot import HeaderCell, SourceColumn

HEAD_ROWS: Final = 120
#: How far below the first full row a header is looked for, and what each row of that costs.
_BELOW_FULL: Final = 25
_LATER: Final = 0.05
_MAX_HEADER_ROWS: Final = 4
_VALUE: Final = re.compile(
    r"\s*(?:[-+(]?[¥￥$€]?\s*\d[\d,. ]*%?\)?"  # numbers and money
    r"|\d{2,4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}.*|月.*)?"  # dates
    r"|\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?"  # times
    r"|(?=\S*\d{3})[\w./()+#-]*)\s*",  # codes with three digits or more
    re.DOTALL,
)
_WORDS: Final = re.compile(
    r"名称|型号|规格|编号|编码|号$|号码|日期|时间|数量|金额|单价|价格|原值|单位|科室|部门|地点|地址|位置"
    r"|厂家|厂商|品牌|供应商|状态|备注|序号|联系人|电话|类型|类别|分类|负责人|保修|合同|注册证|批次|信息|情况"
    r"|名稱|型號|規格|編號|數量|金額|單位|廠商|狀態|備註|序號|電話|類別"
    r"|\b(?:name|date|no|number|code|serial|model|type|qty|quantity|price|amount|status|vendor"
    r"|manufacturer|id|desc|description|brand|address|phone|unit|email|version|lot|expiry|key"
    r"|category|department|location|city|state|country|remark|remarks|notes?|maker|value)\b",
    re.IGNORECASE,
)
_VALUE_CHARS: Final = 200
_NAME_CHARS: Final = 40
_WHOLE: Final = re.compile(r"-?\d{1,9}", re.ASCII)
_LETTER: Final = re.compile(r"[^\W\d_]")
_HAN: Final = "[\u3400-\u9fff]"
_GAP: Final = re.compile(rf"(?<={_HAN})\s+(?={_HAN})")


class Line(NamedTuple):
    """One row as read: its sheet row or line, its cells from the first column on."""

    row: int
    cells: list[str]


class Merge(NamedTuple):
    """A merged range: 1-based sheet rows and columns, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Header:
    """What stands above the data. ``first`` and ``last`` are sheet rows, None without a header;
    ``columns`` names every column up to the width of the table."""

    first: int | None
    last: int | None
    columns: list[SourceColumn]
    preamble: list[HeaderCell] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.columns)


def letter(column: int) -> str:
    """The spreadsheet letters of a 1-based column: 1 → A, 28 → AB."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def is_value(text: str) -> bool:
    """Whether a text looks like a figure, a date or a code rather than a name."""
    text = text.strip()
    return len(text) <= _VALUE_CHARS and bool(_VALUE.fullmatch(text))


def names_something(text: str) -> bool:
    """Whether a short text has a word that usually names a column or a field."""
    return len(text) <= _NAME_CHARS and bool(_WORDS.search(text))


def tidy(text: str) -> str:
    """A header text without breaks and padding: "采购\\n日 期" → "采购日期"."""
    return _GAP.sub("", " ".join(text.split()))


def find_header(
    lines: Sequence[Line],
    *,
    width: int,
    merges: Sequence[Merge] = (),
    left: int = 1,
    repair: Mapping[str, str] | None = None,
) -> Header:
    """The header of the table that starts in ``lines`` (its first rows, blank ones left out).

    ``width`` is the number of columns, ``left`` the sheet column of the first cell. ``repair``
    maps garbled header texts to what they were.
    """
    rows = [_padded(line, width) for line in lines[:HEAD_ROWS]]
    best = _best_row(rows, merges)
    if best is None:
        columns = [
            SourceColumn(ordinal=i, letter=letter(left + i - 1), name=f"#{i}")
            for i in range(1, width + 1)
        ]
        start = _first_full(rows)
        return Header(None, None, columns, _preamble(rows[:start], left))
    first, last = _grow(rows, best, merges)
    columns, duplicates = _columns(rows[first : last + 1], width, merges, left, repair or {})
    return Header(
        rows[first].row,
        rows[last].row,
        columns,
        _preamble(rows[:first], left),
        [rows[i].cells for i in range(first, last + 1)],
        duplicates,
    )


def _padded(line: Line, width: int) -> Line:
    cells = line.cells[:width]
    return Line(line.row, cells + [""] * (width - len(cells)))


def _filled(line: Line) -> list[str]:
    return [c for c in line.cells if c.strip()]


def _first_full(rows: Sequence[Line]) -> int:
    peak = max((len(_filled(r)) for r in rows), default=0)
    return next((i for i, r in enumerate(rows) if len(_filled(r)) * 2 >= peak), 0)


def _preamble(rows: Sequence[Line], left: int) -> list[HeaderCell]:
    return [
        HeaderCell(r.row, left + i, c) for r in rows for i, c in enumerate(r.cells) if c.strip()
    ]


def _best_row(rows: Sequence[Line], merges: Sequence[Merge]) -> int | None:
    """Index of the row most like a header, None when the first full row is data already."""
    if not rows:
        return None
    peak = max(len(_filled(r)) for r in rows)
    full = next((i for i, r in enumerate(rows) if len(_filled(r)) >= 0.8 * peak), 0)
    last = min(len(rows), full + _BELOW_FULL) if peak > 1 else 1
    ranked = [
        (header_score(rows, i, peak) - _LATER * max(0, i - full) - 0.5 * (i > full), -i)
        for i in range(last)
    ]
    _, negative = max(ranked)
    best = -negative
    return None if _is_data(rows, best) else best


def header_score(rows: Sequence[Line], index: int, peak: int) -> float:
    """How much a row looks like a header above the rows that follow it."""
    cells = rows[index].cells
    filled = [c.strip() for c in cells if c.strip()]
    if len(filled) < min(2, peak):
        return -1.0
    count = len(filled)
    series = series_of(rows, index)
    below = rows[index + 1 : index + 21]
    like = [_like_below(c, i, below) and i not in series for i, c in enumerate(cells)]
    values = sum(like) / count
    words = sum(bool(_WORDS.search(c)) and len(c) <= 40 for c in filled) / count
    colons = sum(c.rstrip(":： ").count(":") + c.rstrip(":： ").count("：") > 0 for c in filled)
    repeated = 1 - len(set(filled)) / count
    long = sum(len(c) > 60 for c in filled) / count
    contrast = 0
    for i, c in enumerate(cells):
        if c.strip() and not like[i]:
            under = [r.cells[i] for r in below if r.cells[i].strip()]
            contrast += bool(under) and sum(map(is_value, under)) * 2 > len(under)
    return (
        count / peak
        + 0.8 * words
        + 0.8 * contrast / count
        - 2 * values
        - colons / count
        - 0.5 * repeated
        - long
    )


def _like_below(text: str, column: int, below: Sequence[Line]) -> bool:
    """Whether a cell is a figure, date or code among its like: a code or a date over plain numbers
    is their name."""
    if not text.strip() or not is_value(text):
        return False
    kind = kind_of(text)
    under = Counter(kind_of(r.cells[column]) for r in below if r.cells[column].strip())
    if not under or kind == "number":
        return True
    usual, hits = under.most_common(1)[0]
    return usual == kind or hits * 10 < under.total() * 7


def series_of(rows: Sequence[Line], index: int) -> frozenset[int]:
    """Columns of a row whose whole numbers rise by one step, as years over a table do and those
    of its neighbours do not."""
    cells = rows[index].cells
    steps = _steps(cells)
    others = [*rows[max(0, index - 5) : index], *rows[index + 1 : index + 6]]
    beside = [_steps(r.cells) for r in others]
    found = set()
    for i, step in steps.items():
        again = sum(other.get(i) == step for other in beside)
        year = 1800 <= int(cells[i].strip()) <= 2200
        if again * 2 <= len(beside) if year else again == 0:
            found.add(i)
    return frozenset(found)


def _steps(cells: Sequence[str]) -> dict[int, int]:
    """Column → step, for columns in runs of three or more whole numbers of one step."""
    found: dict[int, int] = {}
    whole = [int(c) if _WHOLE.fullmatch(c) else None for c in map(str.strip, cells)]
    for i in range(len(whole) - 2):
        first, second, third = whole[i : i + 3]
        if first is not None and second is not None and third is not None:
            step = second - first
            if step and third - second == step:
                found.update(dict.fromkeys((i, i + 1, i + 2), step))
    return found


def _is_data(rows: Sequence[Line], index: int) -> bool:
    """Whether a row is one of the data below it: its cells are of the kinds of their columns, or
    its texts stand in them again."""
    series = series_of(rows, index)
    below = [r for r in rows[index + 1 : index + 41] if r.cells != rows[index].cells]
    data = names = 0.0
    for i, c in enumerate(rows[index].cells):
        text = c.strip()
        if not text:
            continue
        kind = kind_of(text)
        under = [r.cells[i].strip() for r in below if r.cells[i].strip()]
        kinds = Counter(map(kind_of, under))
        usual, hits = kinds.most_common(1)[0] if kinds else ("", 0)
        sure = hits * 10 >= len(under) * 7
        if i in series:
            names += 1
        elif not under:
            data += kind in ("number", "date") and not below
            names += kind in ("text", "code")
        elif kind in ("number", "date"):
            data += kind == usual or not sure
        elif sure and usual in ("number", "date"):
            names += 2
        elif kind == "code" and usual == "code":
            data += shape_of(text) in map(shape_of, under)
        else:
            data += 0.5 * (text in under)
        names += 0.5 * (len(text) <= 40 and bool(_WORDS.search(text)))
    return data > names


def shape_of(text: str) -> str:
    """What a code looks like: letters as A, figures as 9."""
    return _LETTER.sub("A", re.sub(r"\d", "9", text))


def _grow(rows: Sequence[Line], best: int, merges: Sequence[Merge]) -> tuple[int, int]:
    first = last = best
    while first > 0 and last - first + 1 < _MAX_HEADER_ROWS and _grouped(rows, first - 1, merges):
        first -= 1
    while (
        last + 1 < len(rows)
        and last - first + 1 < _MAX_HEADER_ROWS
        and _grouped(rows, last, merges)
    ):
        last += 1
    return first, last


def _grouped(rows: Sequence[Line], top: int, merges: Sequence[Merge]) -> bool:
    """Whether rows ``top`` and ``top + 1`` are two levels of one header."""
    upper, lower = rows[top], rows[top + 1]
    if lower.row != upper.row + 1:
        return False
    over, under = _filled(upper), _filled(lower)
    if len(over) < 2 or not under or any(is_value(c) for c in under):
        return False
    if any(is_value(c) or re.search("[:：].", c.strip()) for c in over):
        return False
    for merge in merges:
        spans_both = merge.top <= upper.row and merge.bottom >= lower.row
        wide = merge.top <= upper.row <= merge.bottom < lower.row and merge.right > merge.left
        beneath = sum(bool(c.strip()) for c in lower.cells)
        if (spans_both or wide) and beneath:
            return True
    gaps = [i for i, c in enumerate(upper.cells) if not c.strip() and lower.cells[i].strip()]
    holes = [i for i, c in enumerate(lower.cells) if not c.strip() and upper.cells[i].strip()]
    if merges or not gaps or gaps[0] == 0:
        return False
    after = rows[top + 2 : top + 12]
    if not after or len(set(under)) < len(under) * 0.5:
        return False
    fill_below = max(len(_filled(r)) for r in after)
    if fill_below < len(gaps) + len(over):
        return False
    words = sum(bool(_WORDS.search(c)) for c in under) / len(under)
    return (bool(holes) and words >= 0.3) or words >= 0.6


def _columns(
    rows: Sequence[Line],
    width: int,
    merges: Sequence[Merge],
    left: int,
    repair: Mapping[str, str],
) -> tuple[list[SourceColumn], list[str]]:
    grid = [_spread(rows, i, merges, left) for i in range(len(rows))]
    taken: dict[str, int] = {}
    duplicates: list[str] = []
    columns: list[SourceColumn] = []
    for i in range(width):
        cells: list[HeaderCell] = []
        parts: list[str] = []
        for level in grid:
            cell = level.get(i)
            if cell is None:
                continue
            if cell not in cells:
                cells.append(cell)
            part = tidy(repair.get(cell.text, cell.text))
            if part and (not parts or parts[-1] != part):
                parts.append(part)
        name = "/".join(parts) or f"#{i + 1}"
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            duplicates.append(name)
            name = f"{name} #{taken[name]}"
            taken[name] = 1
        columns.append(
            SourceColumn(ordinal=i + 1, letter=letter(left + i), name=name, header_cells=cells)
        )
    return columns, duplicates


def _spread(
    rows: Sequence[Line], index: int, merges: Sequence[Merge], left: int
) -> dict[int, HeaderCell]:
    """Header cell over each column on one level, groups spread over their columns."""
    line = rows[index]
    level = {i: HeaderCell(line.row, left + i, c) for i, c in enumerate(line.cells) if c.strip()}
    spread = dict(level)
    for merge in merges:
        if merge.top <= line.row <= merge.bottom:
            at = merge.left - left
            anchor = next((r for r in rows if r.row == merge.top), None)
            if anchor is None or not 0 <= at < len(line.cells) or not anchor.cells[at].strip():
                continue
            cell = HeaderCell(anchor.row, merge.left, anchor.cells[at])
            for i in range(at, min(merge.right - left + 1, len(line.cells))):
                spread.setdefault(i, cell)
    if not merges and index + 1 < len(rows):
        carried: HeaderCell | None = None
        for i in range(len(line.cells)):
            if i in level:
                carried = level[i]
            elif carried is not None and rows[index + 1].cells[i].strip():
                spread[i] = carried
    return spread


def header_like(lines: Sequence[Line], at: int, kinds: Mapping[int, bool]) -> bool:
    """Whether ``lines[at]`` starts another table below one whose columns hold values or names
    (``kinds``: column index → mostly values). Used to split tables that stand under each other."""
    cells = lines[at].cells
    filled = [(i, c) for i, c in enumerate(cells) if c.strip()]
    if len(filled) < 2 or any(is_value(c) for _, c in filled):
        return False
    if len({c.strip() for _, c in filled}) < len(filled) or at + 1 >= len(lines):
        return False
    words = sum(bool(_WORDS.search(c)) and len(c) <= 40 for _, c in filled) / len(filled)
    clash = sum(kinds.get(i, False) for i, _ in filled) / len(filled)
    return words >= 0.5 or (clash >= 0.34 and words > 0)


def iter_lines(rows: Sequence[int], columns: Sequence[Sequence[str]]) -> Iterator[Line]:
    """Columns of text turned into lines."""
    for row, cells in zip(rows, zip(*columns, strict=True), strict=True):
        yield Line(row, list(cells))
