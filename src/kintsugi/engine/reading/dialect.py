"""How a text file separates its fields, judged on its first lines.

Each candidate delimiter is tried with the careful parser; the one whose records have the most
even width, with clean cells, wins. Nothing is guessed from the file's name.
"""

import re
from collections import Counter
from typing import Final

from kintsugi.engine.reading.records import bare, parse_records, split_lines
from kintsugi.engine.snapshot import Dialect

DELIMITERS: Final = (",", "\t", ";", "|")
SAMPLE_LINES: Final = 400
_CLEAN: Final = re.compile(
    r"\s*(?:[-+]?[\d.,]+%?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|[^\t;|,]{0,80})\s*", re.DOTALL
)


def detect_dialect(sample: str, *, line_end: str, delimiter: str | None = None) -> Dialect:
    """The dialect of a text from its first lines (whole lines)."""
    lines = split_lines(sample, line_end)[:SAMPLE_LINES]
    lines = [line for line in lines if bare(line, line_end).strip()]
    quote = _quote(sample)
    escape = "\\" if _escaped(sample, quote) else None
    best, best_score = Dialect(delimiter=delimiter or ",", quote=quote, line_end=line_end), -1.0
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        space = bool(re.search(re.escape(candidate) + r" +" + re.escape(quote), sample))
        trial = Dialect(
            delimiter=candidate,
            quote=quote,
            escape=escape,
            line_end=line_end,
            skip_space=space and candidate != " ",
        )
        score = _score(lines, trial)
        if score > best_score + 1e-9:
            best, best_score = trial, score
    return best.model_copy(update={"pad_short": _trimmed(lines, best)})


def _quote(sample: str) -> str:
    """Single quotes count only where they enclose fields and double quotes do not."""
    edge = r"(?:^|[,;\t|])\s*{q}[^{q}\n]*{q}\s*(?=[,;\t|\r\n]|$)"
    double = len(re.findall(edge.format(q='"'), sample, re.MULTILINE))
    single = len(re.findall(edge.format(q="'"), sample, re.MULTILINE))
    return "'" if single > 2 and not double else '"'


def _escaped(sample: str, quote: str) -> bool:
    inner = re.escape(quote)
    back = len(re.findall(rf"\\{inner}(?![,;\t|\r\n]|$)", sample))
    doubled = len(re.findall(rf"[^,;\t|\r\n]{inner}{inner}[^,;\t|\r\n]", sample))
    return back > doubled


def _widths(lines: list[str], dialect: Dialect) -> list[list[str]]:
    records = parse_records(lines, first_row=1, dialect=dialect, width=None, max_chars=1 << 17)
    return [r.fields for r in records]


def _score(lines: list[str], dialect: Dialect) -> float:
    """Evenness of the widths times cleanness of the cells; one column scores least."""
    records = _widths(lines, dialect)
    if not records:
        return 0.0
    widths = Counter(len(r) for r in records)
    width, hits = max(widths.items(), key=lambda w: (w[1] * (w[0] > 1), w[0]))
    if width == 1:
        return 0.01
    even = hits / len(records)
    cells = [c for r in records if len(r) == width for c in r][:4000]
    clean = sum(bool(_CLEAN.fullmatch(c)) for c in cells) / len(cells)
    filled = sum(bool(c.strip()) for c in cells) / len(cells)
    return even * even * (0.5 + 0.5 * clean) * (0.7 + 0.3 * filled) * (1 - 0.5 / width)


def _trimmed(lines: list[str], dialect: Dialect) -> bool:
    """Whether the writer leaves out trailing blanks: many short lines of several widths, none
    of which ends with the delimiter."""
    records = [r for r in _widths(lines, dialect) if len(r) > 1]
    if len(records) < 10:
        return False
    width = len(records[0])
    short = [r for r in records[1:] if len(r) < width]
    kinds = {len(r) for r in short}
    blank_ends = sum(r[-1].strip() == "" for r in records[1:])
    return len(short) >= len(records) * 0.1 and len(kinds) > 1 and blank_ends == 0
