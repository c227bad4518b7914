"""The rows of a block of a worksheet that are regular, and where their cells' texts stand.

A row is regular when it begins ``<row r="N"`` and holds only cells that begin ``<c r="AB12"``,
their row the same N, their columns rising; when every piece of markup in it is one that Excel and
the libraries write (see `form_of`: a value, a plain inline string, a formula with or without its
value, nothing); and when its texts hold none of `Block.odd`. Markup comes in few distinct pieces,
so each is looked at once and no byte of a regular row is left unchecked.
"""

import re
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from kintsugi.engine.reading.quickxml import Block, cut, evens, texts_between, unit_of

MAX_ROW: Final = 1_048_576
_DIGITS: Final = 7
_KEYS: Final = 1 << 20
_KEPT: Final = 20_000
_ATTR: Final = rb' ([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)="([^"<>&\x00-\x1f\x7f-\xff]*)"'
_ATTRS: Final = rb"((?:" + re.sub(rb"(?<!\\)\((?!\?)", b"(?:", _ATTR) + rb")*) ?"
_ROW: Final = re.compile(rb'"' + _ATTRS + rb">")
# \x01 stands for a run of text, which is never empty.
_CELL: Final = re.compile(
    rb'"' + _ATTRS + rb"(?:/>|>"
    rb"(?:(?P<f><f)" + _ATTRS + rb"(?:/>|>(?P<ft>\x01)?</f>))?"
    rb"(?:<v" + _ATTRS + rb"(?:/>|>(?P<vt>\x01)?</v>)"
    rb"|<is><t" + _ATTRS + rb"(?:/>|>(?P<tt>\x01)?</t>)</is>)?"
    rb"</c>)"
)
_NUMBER: Final = re.compile(rb"[0-9]{1,6}")


class Form(NamedTuple):
    """What the markup of a cell says. ``kind``: its type attribute; ``style``: -1 for none;
    ``text``, ``formula``: which run of text within the cell is its value and its formula, -1 an
    empty one; ``formula`` is -2 where there is none."""

    kind: str
    style: int
    text: int
    formula: int


class Cells(NamedTuple):
    """The cells of regular rows in order. ``row``: the place of its row in the block; ``first``:
    the place of its first run of text; ``form``: the place of its form in ``forms``."""

    row: Any
    col: Any
    first: Any
    form: Any
    forms: list[Form]


class Rows(NamedTuple):
    """The rows of a block: their numbers, which are regular, which hidden; the ``cells`` of the
    regular ones; ``opens``, ``closes``: the runs of text, as places of their bytes."""

    starts: Any
    stops: Any
    regular: Any
    numbers: Any
    hidden: Any
    cells: Cells
    opens: Any
    closes: Any


class Judge:
    """Tells what pieces of markup mean, and remembers it."""

    def __init__(self) -> None:
        self._forms: dict[bytes, Form | None] = {}
        self._rows: dict[bytes, bool | None] = {}

    def form(self, markup: bytes) -> Form | None:
        if markup not in self._forms:
            if len(self._forms) > _KEPT:
                self._forms.clear()
            self._forms[markup] = form_of(markup)
        return self._forms[markup]

    def hidden(self, markup: bytes) -> bool | None:
        """Whether a row is hidden; None when its tag is not regular."""
        if markup not in self._rows:
            if len(self._rows) > _KEPT:
                self._rows.clear()
            match = _ROW.fullmatch(markup)
            names = _attributes(match[1]) if match else None
            hides = names is not None and names.get(b"hidden", b"0") in (b"1", b"true")
            self._rows[markup] = None if names is None or b"r" in names else hides
        return self._rows[markup]


def form_of(markup: bytes) -> Form | None:
    """What the markup of a cell says, from the quote that ends its reference on, each run of text
    written ``\\x01``. None when it is not one of the regular.

    >>> form_of(b'" s="3" t="s"><v>\\x01</v></c>')
    Form(kind='s', style=3, text=0, formula=-2)
    """
    match = _CELL.fullmatch(markup)
    if match is None:
        return None
    if any(group and _attributes(group) is None for group in match.group(3, 5, 7)):
        return None
    names = _attributes(match[1])
    if names is None or b"r" in names:
        return None
    style = names.get(b"s")
    if style is not None and not _NUMBER.fullmatch(style):
        return None
    formula = -2 if match["f"] is None else -1 if match["ft"] is None else 0
    valued = match["vt"] is not None or match["tt"] is not None
    text = -1 if not valued else formula + 1 if formula >= 0 else 0
    kind = names.get(b"t", b"n").decode()
    return Form(kind, -1 if style is None else int(style), text, formula)


def _attributes(text: bytes) -> dict[bytes, bytes] | None:
    """Attributes of a tag; None when a name comes twice."""
    found = re.findall(_ATTR, text)
    names = dict(found)
    return names if len(names) == len(found) else None


def rows_of(block: Block, judge: Judge) -> Rows | None:
    """The rows of a block, its cells told apart. None when nothing in it can be trusted."""
    if not block.sound():
        return None
    stops = _ends(block)
    starts = np.concatenate((np.zeros(1, np.int64), stops[:-1]))
    opens, closes, bad = texts_between(block, starts)
    odd = block.odd()
    if odd.size:
        bad[unit_of(starts, odd)] = True
    numbers, digits, lengths = _numbers(block.codes, starts, bad)
    cells = _starts_of_cells(block)
    row = unit_of(starts, cells)
    if bad.any():
        keep = ~bad[row]
        cells, row = cells[keep], row[keep]
    col, after = _columns(block.codes, cells, row, digits, lengths, bad)
    theirs = unit_of(starts, opens)
    bad[theirs[_astray(cells, row, opens, theirs)]] = True
    if bad.any():
        keep = ~bad[theirs]
        opens, closes = opens[keep], closes[keep]
        keep = ~bad[row]
        cells, row, col, after = cells[keep], row[keep], col[keep], after[keep]
    first = np.searchsorted(opens, cells)
    runs = np.append(first[1:], opens.size)[: cells.size] - first
    bad[row[runs > 2]] = True
    hidden = _hidden(block, starts, stops, lengths, cells, row, bad, judge)
    limits = np.append(cells[1:], stops[-1])[: cells.size]
    last = np.flatnonzero(np.diff(row, append=-1))
    limits[last] = stops[row[last]] - len(b"</row>")
    found = _forms(block, after, limits, runs, first, opens, closes, judge)
    if found is None:
        return None
    forms, form = found
    bad[row[form < 0]] = True
    if bad.any():
        keep = ~bad[row]
        row, col, first, form = row[keep], col[keep], first[keep], form[keep]
    return Rows(
        starts, stops, ~bad, numbers, hidden, Cells(row, col, first, form, forms), opens, closes
    )


def _ends(block: Block) -> Any:
    """Behind every ``</row>``."""
    codes = block.codes
    low = np.flatnonzero((codes[:-1] == 47) & (codes[1:] == 114)) - 1
    for ahead, sign in ((0, b"<"), (3, b"o"), (4, b"w"), (5, b">")):
        low = low[codes[low + ahead] == sign[0]]
    return low + 6


def _starts_of_cells(block: Block) -> Any:
    """Where every ``<c `` begins."""
    codes = block.codes[: block.size]
    mask = codes[:-2] == 60
    mask &= codes[1:-1] == 99
    mask &= codes[2:] == 32
    return np.flatnonzero(mask)


def _numbers(codes: Any, starts: Any, bad: Any) -> tuple[Any, list[Any], Any]:
    """(number, its digits as bytes, how many) of every row that begins ``<row r="``; the others
    are marked bad."""
    for ahead, sign in enumerate(b'<row r="'):
        bad |= codes[starts + ahead] != sign
    number = np.zeros(starts.size, np.int64)
    count = np.zeros(starts.size, np.int64)
    going = np.ones(starts.size, bool)
    digits = []
    for ahead in range(_DIGITS):
        digit = codes[starts + 8 + ahead]
        digits.append(digit)
        going &= (digit >= 48) & (digit <= 57)
        number = np.where(going, number * 10 + digit - 48, number)
        count += going
    bad |= (codes[starts + 8 + count] != 34) | (number < 1) | (number > MAX_ROW)
    bad |= digits[0] == 48
    return number, digits, count


def _columns(
    codes: Any, cells: Any, row: Any, digits: list[Any], lengths: Any, bad: Any
) -> tuple[Any, Any]:
    """(column number, place behind the reference) of every cell; a row is bad where a reference
    is not that of its row, or does not lie to the right of the one before."""
    wrong = np.zeros(cells.size, bool)
    for ahead, sign in enumerate(b'r="', start=3):
        wrong |= codes[cells + ahead] != sign
    signs = [codes[cells + 6 + ahead].astype(np.int32) - 64 for ahead in range(3)]
    letter = [(sign >= 1) & (sign <= 26) for sign in signs]
    letter[1] &= letter[0]
    letter[2] &= letter[1]
    wrong |= ~letter[0]
    col = signs[0]
    for sign, there in zip(signs[1:], letter[1:], strict=True):
        col = np.where(there, col * 26 + sign, col)
    at = cells + 6 + letter[0] + letter[1] + letter[2]
    count = lengths[row]
    for ahead in range(int(count.max()) if count.size else 0):
        wrong |= (codes[at + ahead] != digits[ahead][row]) & (count > ahead)
    after = at + count
    wrong |= codes[after] != 34
    wrong[1:] |= (row[1:] == row[:-1]) & (col[1:] <= col[:-1])
    bad[row[wrong]] = True
    return col, after


def _astray(cells: Any, row: Any, opens: Any, theirs: Any) -> Any:
    """Mask of the runs of text outside of the cells of their row. ``theirs``: that row."""
    if not cells.size:
        return np.ones(opens.size, bool)
    if cells.size == opens.size and (cells < opens).all() and (opens[:-1] < cells[1:]).all():
        return np.zeros(opens.size, bool)
    owner = np.searchsorted(cells, opens, side="right") - 1
    return (owner < 0) | (row[np.maximum(owner, 0)] != theirs)


def _hidden(
    block: Block,
    starts: Any,
    stops: Any,
    lengths: Any,
    cells: Any,
    row: Any,
    bad: Any,
    judge: Judge,
) -> Any:
    """Which rows are hidden; those whose tag is not regular are marked bad."""
    begins = stops - len(b"</row>")
    first = np.flatnonzero(np.diff(row, prepend=-1))
    begins[row[first]] = cells[first]
    good = np.flatnonzero(~bad)
    tags = cut(block.buffer, (starts + 8 + lengths)[good], begins[good], pa.binary())
    encoded = tags.take(evens(good.size)).dictionary_encode()
    means = [judge.hidden(tag) for tag in encoded.dictionary.to_pylist()]
    codes = np.asarray(encoded.indices)
    hidden = np.zeros(starts.size, bool)
    if means:
        bad[good[np.array([m is None for m in means])[codes]]] = True
        hidden[good] = np.array([bool(m) for m in means])[codes]
    return hidden


def _forms(
    block: Block,
    after: Any,
    limits: Any,
    runs: Any,
    first: Any,
    opens: Any,
    closes: Any,
    judge: Judge,
) -> tuple[list[Form], Any] | None:
    """(forms, form of every cell, -1 where it is not regular); None when there are too many."""
    some = runs > 0
    if some.all():
        heads, tails = (
            _encoded(block, after, opens[first]),
            _encoded(block, closes[first + runs - 1], limits),
        )
    else:
        stop, tail = limits.copy(), limits.copy()
        stop[some] = opens[first[some]]
        tail[some] = closes[(first + runs - 1)[some]]
        heads, tails = _encoded(block, after, stop), _encoded(block, tail, limits)
    two = runs == 2
    # 0: no text, 1: one run, 2 and more: the markup between two.
    middle = some.astype(np.int64)
    between: list[bytes] = []
    if two.any():
        between, codes = _encoded(block, closes[first[two]], opens[first[two] + 1])
        middle[two] = codes + 2
    wide, deep = len(tails[0]), len(between) + 2
    size = len(heads[0]) * wide * deep
    if size > _KEYS:
        return None
    key = (heads[1] * wide + tails[1]) * deep + middle
    lookup = np.full(size, -1, np.int64)
    known: dict[Form, int] = {}
    for one in np.flatnonzero(np.bincount(key, minlength=size)).tolist():
        head, rest = divmod(one, wide * deep)
        tail, kind = divmod(rest, deep)
        markup = heads[0][head]
        if kind:
            markup += b"\x01" + (between[kind - 2] + b"\x01" if kind > 1 else b"")
            markup += tails[0][tail]
        form = judge.form(markup)
        if form is not None:
            lookup[one] = known.setdefault(form, len(known))
    return list(known), lookup[key] if size else key


def _encoded(block: Block, starts: Any, stops: Any) -> tuple[list[bytes], Any]:
    """(distinct pieces, which of them each is) of pieces in order."""
    pieces = cut(block.buffer, starts, stops, pa.binary()).take(evens(starts.size))
    encoded = pieces.dictionary_encode()
    return encoded.dictionary.to_pylist(), np.asarray(encoded.indices).astype(np.int64)
