"""How a text file separates its fields, judged on its first lines.

Each candidate delimiter, with the quotes that stand beside it, is tried with the careful parser;
the one whose records have the most even width, with clean cells, wins. Signs that also occur
within values (space, colon …) must do better than the usual ones. Nothing is guessed from the
file's name.
"""

import re
import unicodedata
from collections import Counter
from typing import Final

from kintsugi.engine.reading.fit import kind_of
from kintsugi.engine.reading.records import bare, parse_records, split_lines
from kintsugi.engine.snapshot import Dialect

DELIMITERS: Final = (",", "\t", ";", "|")
SAMPLE_LINES: Final = 400
_SAMPLE_CHARS: Final = 1 << 18
#: What a delimiter is worth beside the usual ones: signs of texts, times and paths are worth less.
_WORTH: Final = {**dict.fromkeys(DELIMITERS, 1.0), " ": 0.75, ":": 0.8, "\\t": 0.9}
_RARE: Final = 0.9
_LONG: Final = 0.97
#: Signs that are part of numbers, dates, names, quotes or brackets.
_NEVER: Final = frozenset(
    "._-+/\"'`()[]{}<>%$£€¥@?!=\\&*#“”‘’«»，。、；：？！（）《》【】·…—–°²³µ®©™"
)
_QUOTES: Final = (('"', '"'), ("'", "'"), ("`", "`"), ("“", "”"))
_CLEAN: Final = re.compile(
    r"\s*(?:[-+]?[\d.,]+%?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|[^\t;|,]{0,80})\s*", re.DOTALL
)
_TIME: Final = re.compile(
    r"\s*(?:[\d/.-]+[ T])?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?\s*"
)
#: Quotes are counted in so many characters of text.
_EDGE_SAMPLE: Final = 1 << 16
#: Records over several lines are followed so far when dialects are compared.
_RECORD_CHARS: Final = 1 << 13
_ENOUGH_LINES: Final = 0.4
#: How even the records must be in other delimiters than the usual: those of texts, others.
_EVEN: Final = 0.85
_MOSTLY: Final = 0.4


def detect_dialect(sample: str, *, line_end: str, delimiter: str | None = None) -> Dialect:
    """The dialect of a text from its first lines (whole lines)."""
    lines = split_lines(sample[:_SAMPLE_CHARS], line_end)[:SAMPLE_LINES]
    if len(sample) > _SAMPLE_CHARS and len(lines) > 1:
        lines = lines[:-1] if len(lines) < SAMPLE_LINES else lines
    lines = [line for line in lines if bare(line, line_end).strip()]
    text = "".join(lines)
    best, best_score = _trial(lines, text, delimiter or ",", line_end), _whole(lines, line_end)
    for candidate in (delimiter,) if delimiter else _candidates(lines):
        trial = _trial(lines, text, candidate, line_end)
        score = _score(lines, trial) * _worth(candidate)
        if score > best_score + 1e-9:
            best, best_score = trial, score
    if delimiter is None:
        best = _longer(lines, best)
    return best.model_copy(update={"pad_short": _trimmed(lines, best)})


def evenness(sample: str, line_end: str) -> float:
    """The share of records that have the width most have, read in the best dialect."""
    lines = split_lines(sample[:_SAMPLE_CHARS], line_end)[:SAMPLE_LINES]
    lines = [line for line in lines if bare(line, line_end).strip()]
    widths = Counter(map(len, _widths(lines, detect_dialect(sample, line_end=line_end))))
    wide = {width: count for width, count in widths.items() if width > 1}
    return max(wide.values(), default=0) / max(1, len(lines))


def _worth(delimiter: str) -> float:
    if len(delimiter) > 1 and delimiter[0] in DELIMITERS:
        return _LONG
    return _WORTH.get(delimiter, _RARE)


def _candidates(lines: list[str]) -> list[str]:
    """The usual delimiters, then other signs that stand in most lines."""
    seen: Counter[str] = Counter()
    for line in lines:
        seen.update(set(line))
    odd = [
        sign
        for sign, count in sorted(seen.items())
        if count >= _ENOUGH_LINES * len(lines)
        and sign not in DELIMITERS
        and sign not in _NEVER
        and (sign in " \x01\x1c\x1d\x1e\x1f" or unicodedata.category(sign)[0] in "PS")
    ]
    odd = sorted(odd, key=lambda sign: (-_WORTH.get(sign, _RARE), sign))[:8]
    longer = [
        sign
        for one in DELIMITERS
        for sign in (one * 2, f"{one} ")
        if sum(sign in line for line in lines) >= _ENOUGH_LINES * len(lines)
    ]
    return [
        *DELIMITERS,
        *longer,
        *odd,
        *(["\\t"] if any("\\t" in line for line in lines[:20]) else []),
    ]


def _trial(lines: list[str], text: str, delimiter: str, line_end: str) -> Dialect:
    open_, close = _quote(text, delimiter)
    # A run of blanks beside a delimiter that is one would be searched from each of its places.
    blank = delimiter.endswith(" ")
    space = not blank and bool(re.search(re.escape(delimiter) + " +" + re.escape(open_), text))
    return Dialect(
        delimiter=delimiter,
        quote=open_,
        close=close if close != open_ else None,
        escape="\\" if _escaped(text, close, delimiter) else None,
        line_end=line_end,
        skip_space=space,
    )


def _quote(text: str, delimiter: str) -> tuple[str, str]:
    """The signs around fields; others than ``"`` count only where that encloses none."""
    wall, gap = re.escape(delimiter), "" if delimiter.endswith(" ") else " *"
    edge = rf"(?:^|{wall}){gap}{{o}}[^{{c}}\n]*{{c}}{gap}(?={wall}|[\r\n]|$)"
    text = text[:_EDGE_SAMPLE]
    for open_, close in _QUOTES:
        if open_ not in text:
            continue
        found = len(re.findall(edge.format(o=open_, c=close), text, re.MULTILINE))
        if found > (0 if open_ == '"' else 2):
            return open_, close
    return '"', '"'


def _escaped(text: str, close: str, delimiter: str) -> bool:
    inner, wall = re.escape(close), re.escape(delimiter)
    back = len(re.findall(rf"\\{inner}(?!{wall}|[,;\t|\r\n]|$)", text))
    doubled = len(re.findall(rf"[^,;\t|\r\n]{inner}{inner}[^,;\t|\r\n]", text))
    return back > doubled


def _widths(lines: list[str], dialect: Dialect) -> list[list[str]]:
    records = parse_records(
        lines, first_row=1, dialect=dialect, width=None, max_chars=_RECORD_CHARS
    )
    return [r.fields for r in records]


def _whole(lines: list[str], line_end: str) -> float:
    """What speaks for one column: lines that are a date, a time or a number as they stand."""
    if not lines:
        return -1.0
    texts = [bare(line, line_end) for line in lines]
    values = sum(
        kind_of(text) in ("number", "date") or bool(_TIME.fullmatch(text)) for text in texts
    )
    return 0.9 * values / len(texts) if values * 2 > len(texts) else -1.0


def _score(lines: list[str], dialect: Dialect) -> float:
    """Evenness of the widths times cleanness of the cells; one column scores least."""
    records = _widths(lines, dialect)
    if not records:
        return 0.0
    widths = Counter(len(r) for r in records)
    width, hits = max(widths.items(), key=lambda w: (w[1] * (w[0] > 1), w[0]))
    if width == 1 or (hits < 2 and len(records) > 2):
        return 0.01
    even = hits / len(records)
    if dialect.delimiter[0] not in DELIMITERS:
        quote = dialect.quote or '"'
        within = dialect.delimiter in " :"
        quoted = sum(line.lstrip().startswith(quote) for line in lines) * 3 > len(lines)
        least = _EVEN if within and not quoted else _MOSTLY
        if even < least or (width < 3 and within and not quoted):
            return 0.0
    cells = [c for r in records if len(r) == width for c in r][:4000]
    clean = sum(bool(_CLEAN.fullmatch(c)) for c in cells) / len(cells)
    filled = sum(bool(c.strip()) for c in cells) / len(cells)
    return even * even * (0.5 + 0.5 * clean) * (0.7 + 0.3 * filled) * (1 - 0.5 / width)


def _times(lines: list[str], sign: str) -> int:
    return sum(line.count(sign) for line in lines)


def _longer(lines: list[str], best: Dialect) -> Dialect:
    """A delimiter of several signs, where its first sign never stands alone."""
    one, quote, close = best.delimiter, best.quote or '"', best.close or best.quote or '"'
    inside = re.compile(f"{re.escape(quote)}[^{re.escape(close)}]*{re.escape(close)}")
    bare_lines = [inside.sub("Q", line.rstrip("\r\n")) for line in lines]
    if len(one) > 1 or _times(bare_lines, one) == 0:
        return best
    for longer in (one * 4, one * 3, one * 2, f" {one} ", f"{one} "):
        times = longer.count(one)
        if one == " " and times < 2:
            continue
        # One doubled comma a line is a blank column rather than a delimiter.
        if one == "," and times > 1 and _times(bare_lines, longer) < 2 * len(bare_lines):
            continue
        if all(line.count(longer) * times == line.count(one) for line in bare_lines):
            return best.model_copy(update={"delimiter": longer, "skip_space": False})
    return best


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
