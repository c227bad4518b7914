"""Clean tables of several shapes, and the dirt CSV files of the web come with, each with its truth.

Every polluted file is bytes beside the tables a reader should find in it. Seeded; nothing is read.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

SEED: Final = 20_260_101
ROWS: Final = 60


@dataclass(frozen=True)
class Clean:
    """A table as it should come out: its header (empty when it has none) and its rows."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        return len(self.header) or len(self.rows[0])


@dataclass(frozen=True)
class Polluted:
    """A file, the kind of its dirt, and the tables in it."""

    kind: str
    data: bytes
    tables: tuple[Clean, ...]


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    delimiter: str = ","
    open: str = '"'
    close: str = '"'
    escape: str = '"'
    end: str = "\r\n"
    quote_all: bool = False

    def cell(self, text: str) -> str:
        marks = (self.delimiter, self.open, self.close, "\n", "\r")
        if not self.quote_all and not any(m in text for m in marks):
            return text
        return self.open + text.replace(self.close, self.escape + self.close) + self.close

    def line(self, cells: tuple[str, ...]) -> str:
        return self.delimiter.join(map(self.cell, cells)) + self.end


def write(table: Clean, style: Style) -> str:
    """The table as text."""
    lines = ([table.header] if table.header else []) + list(table.rows)
    return "".join(map(style.line, lines))


# -- clean tables ----------------------------------------------------------------------------------


def _spending(r: random.Random) -> Clean:
    header = ("Department", "Supplier", "Date", "Expense Type", "Invoice No", "Amount (£)", "Memo")
    firms = ("Northern Gas", "Smith & Sons, Ltd", "ACME", "Town Print", 'The "Blue" Company')
    rows = [
        (
            r.choice(("Health", "Transport", "Education")),
            r.choice(firms),
            f"{r.randint(1, 28):02}/{r.randint(1, 12):02}/2013",
            r.choice(("Rent", "Legal fees", "Travel")),
            str(r.randint(100_000, 999_999)),
            f"{r.randint(25_000, 9_000_000):,}.{r.randint(0, 99):02}",
            r.choice(("", "", "see note", "paid late")),
        )
        for _ in range(ROWS)
    ]
    return Clean("spending", header, tuple(rows))


def _measured(r: random.Random) -> Clean:
    header = ("t", "x", "y", "z", "temperature")
    rows = [
        (str(i), *(f"{r.gauss(0, 5):.4f}" for _ in range(3)), f"{r.uniform(18, 25):.1f}")
        for i in range(ROWS)
    ]
    return Clean("measured", header, tuple(rows))


def _years(r: random.Random) -> Clean:
    header = ("Region", *map(str, range(2001, 2012)))
    rows = [
        (
            f"{r.choice(('North', 'South', 'East'))} {i}",
            *(str(r.randint(50, 900)) for _ in range(11)),
        )
        for i in range(25)
    ]
    return Clean("years", header, tuple(rows))


def _answers(r: random.Random) -> Clean:
    header = ("ID", "Gender", *(f"Q{i}" for i in range(1, 21)))
    rows = [
        (f"P{i:03}", r.choice("MF"), *(str(r.randint(1, 5)) for _ in range(20)))
        for i in range(ROWS)
    ]
    return Clean("answers", header, tuple(rows))


def _wide(r: random.Random) -> Clean:
    header = tuple(f"feature_{i}" for i in range(150))
    rows = [tuple(f"{r.random():.3f}" for _ in header) for _ in range(20)]
    return Clean("wide", header, tuple(rows))


def _words(r: random.Random) -> Clean:
    header = ("Title", "Author", "Comment", "Place")
    bag = [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "the",
        "of",
        "and,",
        "great;",
        "poor:",
        "quick",
        "(ok)",
        "isn't",
        "o'clock",
    ]

    def say(count: int) -> str:
        return " ".join(r.choice(bag) for _ in range(count))

    rows = [(say(4), f"{say(1)} {say(1)}", say(r.randint(5, 40)), say(1)) for _ in range(ROWS)]
    return Clean("words", header, tuple(rows))


def _short(r: random.Random) -> Clean:
    del r
    return Clean("short", ("code", "label"), (("A1", "first"), ("B2", "second"), ("C3", "third")))


def _chinese(r: random.Random) -> Clean:
    header = ("设备名称", "型号", "序列号", "科室", "启用日期", "原值", "备注")
    rows = [
        (
            r.choice(("监护仪", "呼吸机", "超声诊断仪", "输液泵")),
            r.choice(("iMEC8", "SV300", "M7")),
            f"SN{r.randint(10_000, 99_999)}",
            r.choice(("放射科", "急诊科", "手术室")),
            f"2019-0{r.randint(1, 9)}-1{r.randint(0, 9)}",
            f"{r.randint(1_000, 90_000)}.00",
            r.choice(("", "已报修", "外壳破损，待更换")),
        )
        for _ in range(ROWS)
    ]
    return Clean("chinese", header, tuple(rows))


def _places(r: random.Random) -> Clean:
    header = ("Name", "Street", "Town", "Postcode", "Phone", "Website", "Opened", "Open?")
    rows = [
        (
            f"{r.choice(('Oak', 'Elm', 'Ash'))} Clinic {i}",
            f"{r.randint(1, 90)} {r.choice(('High St', 'Mill Lane'))}",
            r.choice(("Leeds", "York", "Hull")),
            f"LS{r.randint(1, 29)} {r.randint(1, 9)}AB",
            f"0113 {r.randint(100, 999)} {r.randint(1000, 9999)}",
            f"http://clinic{i}.example.org",
            f"{r.randint(1980, 2015)}-05-01 09:{r.randint(10, 59)}:00",
            r.choice(("Yes", "No")),
        )
        for i in range(ROWS)
    ]
    return Clean("places", header, tuple(rows))


MAKERS: Final[tuple[Callable[[random.Random], Clean], ...]] = (
    _spending, _measured, _years, _answers, _wide, _words, _short, _chinese, _places,
)  # fmt: skip


def clean_tables(seed: int = SEED) -> list[Clean]:
    """The tables before anything is done to them."""
    return [make(random.Random(seed + n)) for n, make in enumerate(MAKERS)]


# -- dirt ------------------------------------------------------------------------------------------


def polluted_files(seed: int = SEED) -> Iterator[Polluted]:
    """Every kind of dirt on every clean table."""
    tables = clean_tables(seed)
    for number, table in enumerate(tables):
        other = tables[(number + 2) % len(tables)]
        for kind, data, found in _all(table, other, random.Random(seed * 7 + number)):
            yield Polluted(kind, data, found)


def mixed_files(count: int, seed: int = SEED) -> Iterator[Polluted]:
    """Files with several kinds of dirt at once, drawn at random, as real ones have them."""
    tables = clean_tables(seed + 1)
    for number in range(count):
        r = random.Random(seed * 11 + number)
        yield _mixed(r.choice(tables), r)


def _mixed(table: Clean, r: random.Random) -> Polluted:
    kinds: list[str] = []

    def some(kind: str, share: float) -> bool:
        if r.random() < share:
            kinds.append(kind)
            return True
        return False

    table = replace(table, rows=table.rows[: r.choice((3, 8, 20, ROWS))])
    delimiter = r.choice((",", ",", ",", ";", "\t", "|", ":", " ", ", ", "~"))
    mark = r.choice(('"', '"', '"', "'"))
    escape = "\\" if mark == '"' and some("escape", 0.15) else mark
    all_quoted = some("all quoted", 0.4) or delimiter in " :" or mark == "'"
    kinds += [f"{delimiter!r}", mark]
    style = Style(delimiter, mark, mark, escape, r.choice(("\n", "\r\n", "\r\n", "\r")), all_quoted)
    if some("delimiter at line ends", 0.15):
        table = replace(
            table, header=(*table.header, ""), rows=tuple((*row, "") for row in table.rows)
        )
    if some("first header blank", 0.1) and table.width > 2:
        table = replace(table, header=("", *table.header[1:]))
    head, body = style.line(table.header), [style.line(row) for row in table.rows]
    if some("no header", 0.1):
        head, table = "", replace(table, header=())
    if some("short rows", 0.2) and table.width > 3:
        at = r.randrange(len(body))
        cut = r.randint(1, 2)
        body[at] = style.line(table.rows[at][:-cut])
        row = (*table.rows[at][:-cut], *[""] * cut)
        table = replace(table, rows=(*table.rows[:at], row, *table.rows[at + 1 :]))
    if some("blank lines", 0.2):
        body.insert(r.randrange(len(body)), style.end)
    pad = ("",) * (table.width - 1)
    wide = r.random() < 0.5
    titles = ["Annual return", "Figures for 2012, by site", "Published 3 May 2013: revised"]
    notes = ["Source: the yearly survey", "Some figures were rounded, see the notes"]

    def around(texts: list[str]) -> str:
        return "".join(style.line((t, *pad) if wide else (t,)) for t in texts)

    before = after = ""
    if some("preamble", 0.3):
        before = around(titles[: r.randint(1, 3)]) + (style.end if r.random() < 0.5 else "")
    if some("footnote", 0.3):
        after = (style.end if r.random() < 0.5 else "") + around(notes[: r.randint(1, 2)])
    text = before + head + "".join(body) + after
    if some("no last line end", 0.3):
        text = text.removesuffix(style.end)
    name = r.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252", "gb18030"))
    try:
        data = text.encode(name)
    except UnicodeEncodeError:
        data = text.encode()
    return Polluted(" + ".join(kinds), data, (table,))


_Found = tuple[str, bytes, tuple[Clean, ...]]


def _all(table: Clean, other: Clean, r: random.Random) -> Iterator[_Found]:
    one = (table,)
    for kind, text in _dialects(table):
        yield kind, text.encode(), one
    plain = write(table, Style())
    for name in ("utf-8-sig", "utf-16", "cp1252", "gb18030"):
        try:
            yield f"encoding {name}", plain.encode(name), one
        except UnicodeEncodeError:
            continue
    yield "no last line end", plain.removesuffix("\r\n").encode(), one
    yield "two last line ends", (plain + "\r\n").encode(), one
    yield from ((k, t.encode(), f) for k, t, f in _headers(table))
    yield from ((k, t.encode(), f) for k, t, f in _around(table))
    yield from ((k, t.encode(), f) for k, t, f in _rows(table, r))
    yield from ((k, t.encode(), f) for k, t, f in _ends(table))
    two = write(table, Style()) + "\r\n" + write(other, Style())
    yield "two tables", two.encode(), (table, other)


def _dialects(table: Clean) -> Iterator[tuple[str, str]]:
    for d in (
        ",",
        ";",
        "\t",
        "|",
        ":",
        " ",
        ", ",
        "; ",
        ";;",
        "||",
        "\t\t",
        "~",
        "^",
        "¬",
        "§",
        "\\t",
    ):
        yield f"delimiter {d!r}", write(table, Style(delimiter=d))
        yield f"delimiter {d!r} all quoted", write(table, Style(delimiter=d, quote_all=True))
    for o, c in (("'", "'"), ("“", "”"), ('" ', ' "'), ("`", "`")):
        if o == '" ':
            text = "".join(
                ",".join(f'"{x.replace(chr(34), chr(34) * 2)}" ' for x in line) + "\r\n"
                for line in (table.header, *table.rows)
            )
            yield "quote then space", text
        else:
            yield f"quote {o}{c}", write(table, Style(open=o, close=c, escape=c, quote_all=True))
    yield "escape backslash", write(table, Style(escape="\\", quote_all=True))
    yield "escape backslash where needed", write(table, Style(escape="\\"))
    yield "all quoted", write(table, Style(quote_all=True))


def _headers(table: Clean) -> Iterator[tuple[str, str, tuple[Clean, ...]]]:
    s = Style()
    head, body = table.header, table.rows
    yield "no header", write(replace(table, header=()), s), (replace(table, header=()),)
    yield "header only", write(replace(table, rows=()), s), (replace(table, rows=()),)
    same = (head[0], head[0], *head[2:])
    for kind, names in (
        ("two headers the same", same),
        ("first header blank", ("", *head[1:])),
        ("last header blank", (*head[:-1], "")),
        ("odd header", ("HEAD/%R", *head[1:])),
        ("long header", ("HEADER" * 2_000, *head[1:])),
    ):
        changed = replace(table, header=names)
        yield kind, write(changed, s), (changed,)
    if len(head) > 3:
        cut = replace(table, header=(*head[:-2], "", ""))
        yield (
            "header of some columns",
            s.line(head[:-2]) + write(replace(table, header=()), s),
            (cut,),
        )
    one = replace(table, rows=body[:1])
    yield "one row", write(one, s), (one,)
    blank = replace(
        table,
        header=(*head[:1], "", *head[1:]),
        rows=tuple((*row[:1], "", *row[1:]) for row in body),
    )
    yield "blank column", write(blank, s), (blank,)
    last = replace(table, header=(*head, ""), rows=tuple((*row, "") for row in body))
    yield "delimiter at line ends", write(last, s), (last,)


def _around(table: Clean) -> Iterator[tuple[str, str, tuple[Clean, ...]]]:
    s, one, text = Style(), (table,), write(table, Style())
    pad = ("",) * (table.width - 1)
    for kind, title in (
        ("word", ["PREAMBLE"] * 3),
        (
            "title",
            ["Table 3: figures by region", "Source: the survey of 2011", "Released 1 May 2012"],
        ),
    ):
        for blank in (False, True):
            gap = "\r\n" if blank else ""
            wide_gap = s.line(("", *pad)) if blank else ""
            tail = " then blank" if blank else ""
            bare = "".join(s.line((t,)) for t in title)
            wide = "".join(s.line((t, *pad)) for t in title)
            yield f"preamble {kind}{tail}", bare + gap + text, one
            yield f"preamble {kind} delimited{tail}", wide + wide_gap + text, one
            yield f"footnote {kind}{tail}", text + gap + bare, one
            yield f"footnote {kind} delimited{tail}", text + wide_gap + wide, one
    lines = (
        text.splitlines(keepends=True) if not any("\n" in c for x in table.rows for c in x) else []
    )
    if lines:
        at = len(lines) // 2
        yield "blank line", "".join([*lines[:at], "\r\n", *lines[at:]]), one
        yield "blank row", "".join([*lines[:at], s.line(("", *pad)), *lines[at:]]), one
        yield "blank line under header", "".join([lines[0], "\r\n", *lines[1:]]), one
        yield "comments", "# made by a program\r\n# version 3\r\n" + text, one


def _rows(table: Clean, r: random.Random) -> Iterator[tuple[str, str, tuple[Clean, ...]]]:
    """Dirt in single rows: the first of the data, one in the middle, the last."""
    s = Style()
    n = len(table.rows)
    for place, at in (("first", 0), ("middle", n // 2), ("last", n - 1)):
        row = table.rows[at]

        def with_line(
            line: str, truth: tuple[str, ...] | None, at: int = at
        ) -> tuple[str, tuple[Clean, ...]]:
            lines = [s.line(x) for x in table.rows]
            lines[at] = line
            rows = [*table.rows[:at], *([truth] if truth else []), *table.rows[at + 1 :]]
            return s.line(table.header) + "".join(lines), (replace(table, rows=tuple(rows)),)

        if table.width > 3:
            short = row[: table.width - 2]
            yield f"{place} row too short", *with_line(s.line(short), (*short, "", ""))
        yield f"{place} row with blank extras", *with_line(s.line((*row, "", "")), row)
        yield f"{place} row without fields", *with_line("\r\n", None)
        if r.random() < 2 and table.width > 2:
            inner = (*row[:1], f"{row[1]}\r\nand more", *row[2:])
            yield f"{place} row with a line end in quotes", *with_line(s.line(inner), inner)
            loud = (*row[:1], f'a "word" in it {place}', *row[2:])
            raw = ",".join(loud[i] if i == 1 else s.cell(c) for i, c in enumerate(loud)) + "\r\n"
            yield f"{place} row with bare quotes", *with_line(raw, loud)
            bad = ",".join(f'"{c}"' if i == 1 else s.cell(c) for i, c in enumerate(loud)) + "\r\n"
            yield f"{place} row with quotes not escaped", *with_line(bad, loud)
            opened = ",".join(
                '"' + row[1].replace(",", "") if i == 1 else s.cell(c) for i, c in enumerate(row)
            )
            truth = (row[0], '"' + row[1].replace(",", ""), *row[2:])
            yield f"{place} row with an open quote", *with_line(opened + "\r\n", truth)
        yield f"{place} row ends with LF", *with_line(s.line(row).replace("\r\n", "\n"), row)
        long = (*row[:-1], "x" * 30_000)
        yield f"{place} row with a long cell", *with_line(s.line(long), long)
    if table.width > 3 and n > 10:
        rows = [x[: table.width - r.randint(1, 2)] if r.random() < 0.3 else x for x in table.rows]
        full = tuple((*x, *[""] * (table.width - len(x))) for x in rows)
        text = s.line(table.header) + "".join(s.line(x) for x in rows)
        yield "many short rows", text, (replace(table, rows=full),)


def _ends(table: Clean) -> Iterator[tuple[str, str, tuple[Clean, ...]]]:
    one = (table,)
    for end in ("\n", "\r"):
        yield f"line end {end!r}", write(table, Style(end=end)), one
    lines = [table.header, *table.rows]
    for kind, ends in (
        ("CRLF LF", ("\r\n", "\n")),
        ("CR LF", ("\r", "\n")),
        ("all", ("\n", "\r\n", "\r")),
    ):
        text = "".join(Style(end=ends[i % len(ends)]).line(x) for i, x in enumerate(lines))
        yield f"line ends mixed {kind}", text, one
