"""Text in columns of fixed width, told by the blanks that stand in the same places of all lines.

Places are counted as a screen shows them: a Chinese character takes two.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kintsugi.engine.reading.fit import kind_of
from kintsugi.engine.reading.textstream import TextStream

_SAMPLE: Final = 300
_LEAST_LINES: Final = 3
#: A line of dashes that rules the columns off.
_RULE: Final = re.compile(r"[-=]{2,}(?: +[-=]{2,})+")
_TYPED: Final = frozenset(("number", "date", "code"))
DELIMITER: Final = "\t"


def _cells(line: str) -> list[str]:
    """A character for each place; a wide one is followed by ''."""
    if line.isascii():
        return list(line)
    places: list[str] = []
    for c in line:
        places.append(c)
        if unicodedata.east_asian_width(c) in "WF":
            places.append("")
    return places


def find_columns(lines: Sequence[str]) -> list[tuple[int, int]]:
    """(first place, place after the last) of each column; none where the text has no such columns.

    The last column has no end: it is given as 0.
    """
    texts = [line.rstrip("\r\n").expandtabs() for line in lines if line.strip()][:_SAMPLE]
    if len(texts) < _LEAST_LINES:
        return []
    rule = next((t for t in texts[:5] if _RULE.fullmatch(t)), None)
    if rule is not None:
        starts = [m.start() for m in re.finditer(r"\S+", rule)]
        return list(zip(starts, [*starts[1:], 0], strict=True))
    rows = [_cells(t) for t in texts]
    width = max(map(len, rows))
    used = [False] * width
    for row in rows:
        for i, c in enumerate(row):
            if c != " ":
                used[i] = True
    starts = [i for i in range(width) if used[i] and (i == 0 or not used[i - 1])]
    starts = [i for i in starts if i == starts[0] or _begins(rows, i, used)]
    if len(starts) < 2:
        return []
    columns = list(zip(starts, [*starts[1:], 0], strict=True))
    cells = [[_cut(row, a, b) for a, b in columns] for row in rows]
    return columns if _plausible(cells, columns, used) else []


def _begins(rows: list[list[str]], start: int, used: list[bool]) -> bool:
    """Whether a column begins here: two blanks part it from the last, or most lines fill it."""
    if start > 1 and not used[start - 2]:
        return True
    stop = next((i for i in range(start, len(used)) if not used[i]), len(used))
    return sum(any(c != " " for c in row[start:stop]) for row in rows) * 2 > len(rows)


def _cut(row: list[str], first: int, after: int) -> str:
    return "".join(row[first : after or None]).strip()


def _plausible(cells: list[list[str]], columns: list[tuple[int, int]], used: list[bool]) -> bool:
    """Whether the columns are meant: most cells are filled, and they are wide apart or typed."""
    filled = sum(bool(c) for row in cells for c in row)
    if filled < 0.6 * len(cells) * len(columns):
        return False
    apart = 0
    typed = 0
    for i, (start, _) in enumerate(columns):
        apart += i > 0 and not used[start - 1] and not used[max(0, start - 2)]
        kinds = [kind_of(row[i]) for row in cells[1:] if row[i]]
        typed += bool(kinds) and sum(k in _TYPED for k in kinds) * 10 >= len(kinds) * 7
    between = len(columns) - 1
    return (apart == between and len(cells) >= _LEAST_LINES) or (
        len(cells) >= 2 * _LEAST_LINES and apart + typed >= between and typed > 0
    )


def as_delimited(stream: TextStream, columns: Sequence[tuple[int, int]], target: Path) -> None:
    """Writes the text line by line with tabs between its columns, as UTF-8."""
    with target.open("w", encoding="utf-8", newline="") as out:
        for _, block in stream.blocks():
            lines = io.StringIO()
            writer = csv.writer(lines, delimiter=DELIMITER, lineterminator="\n")
            text = block.decode("utf-8", "replace").removesuffix("\n")
            for line in text.split("\n"):
                row = _cells(line.rstrip("\r").expandtabs())
                if not line.strip() or not line.strip("-=+ \r\t"):
                    lines.write("\n")
                    continue
                writer.writerow([_cut(row, a, b) for a, b in columns])
            out.write(lines.getvalue())
