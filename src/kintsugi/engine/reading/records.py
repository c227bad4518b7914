"""Delimited lines to records, carefully: quotes that are broken never swallow what follows.

Rules, for a dialect with quote ``"``:

- a field that starts with the quote ends at a quote followed by the delimiter or the line end
  (spaces between are dropped); a doubled quote is one quote; another lone quote is literal;
- a quoted field may hold line ends, but a record of several lines counts only if it ends within
  ``MAX_RECORD_LINES`` and has the width of the table; otherwise its first line is taken alone,
  literally, and reading goes on with the next line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from kintsugi.engine.snapshot import Dialect

MAX_RECORD_LINES: Final = 200


class Record(NamedTuple):
    """Fields of one record; ``row`` is its first line, ``text`` the lines, ``literal`` says the
    quotes were broken and taken as they stand."""

    row: int
    fields: list[str]
    text: str
    literal: bool


@dataclass(frozen=True)
class Unclosed:
    """A quoted field was not closed; ``hopeless`` when more lines cannot mend it.

    The rest is how far reading came, so that more text need not be read from the beginning: the
    fields before, where the open one starts, its parts so far and where they end.
    """

    hopeless: bool
    fields: tuple[str, ...] = ()
    start: int = 0
    parts: tuple[str, ...] = ()
    at: int = 0


def split_lines(text: str, line_end: str) -> list[str]:
    """Lines with their ends, at ``\\n`` (or ``\\r``) only: other separators are content."""
    end = "\r" if line_end == "CR" else "\n"
    lines = [part + end for part in text.split(end)]
    last = lines.pop()[: -len(end)]
    if last:
        lines.append(last)
    return lines


def bare(line: str, line_end: str) -> str:
    """The line without its end."""
    if line_end == "CR":
        return line[:-1] if line.endswith("\r") else line
    if line.endswith("\n"):
        line = line[:-1]
        return line[:-1] if line.endswith("\r") else line
    return line


def _plain(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if delimiter else [text]


def split_fields(
    text: str, dialect: Dialect, so_far: Unclosed | None = None
) -> list[str] | Unclosed:
    """Fields of one record, or Unclosed when a quote stays open at its end; ``so_far`` is that
    answer for the beginning of the text."""
    delimiter, quote = dialect.delimiter, dialect.quote
    if quote is None or quote not in text:
        return _plain(text, delimiter)
    fields = list(so_far.fields) if so_far else []
    at, size = so_far.start if so_far else 0, len(text)
    while True:
        start = at
        if so_far is None and dialect.skip_space:
            while start < size and text[start] == " ":
                start += 1
            if not text.startswith(quote, start):
                start = at
        if text.startswith(quote, start):
            quoted = _quoted(text, start, dialect, so_far)
            so_far = None
            if isinstance(quoted, Unclosed):
                return replace(quoted, fields=tuple(fields))
            field, at = quoted
        else:
            stop = text.find(delimiter, at) if delimiter else size
            stop = size if stop < 0 else stop
            field, at = text[at:stop], stop
        fields.append(field)
        if at >= size:
            return fields
        at += len(delimiter)


def _quoted(
    text: str, start: int, dialect: Dialect, so_far: Unclosed | None
) -> tuple[str, int] | Unclosed:
    """The quoted field that starts at ``start``, and where its delimiter stands."""
    quote = dialect.close or dialect.quote or '"'
    escape, delimiter = dialect.escape, dialect.delimiter
    parts = list(so_far.parts) if so_far else []
    at, size = so_far.at if so_far else start + 1, len(text)
    while True:
        end = text.find(quote, at)
        if end < 0:
            return Unclosed(False, (), start, tuple(parts), at)
        if escape is not None:
            back = text.find(escape, at, end)
            if back >= 0 and back + 1 < size:
                parts += (text[at:back], text[back + 1])
                at = back + 2
                continue
        after = end + 1
        if text.startswith(quote, after):
            parts.append(text[at:after])
            at = after + 1
            continue
        while after < size and text[after] == " " and delimiter != " ":
            after += 1
        if after >= size or (delimiter and text.startswith(delimiter, after)):
            parts.append(text[at:end])
            return "".join(parts), after
        if "\n" in text[start:end] or "\r" in text[start:end]:
            return Unclosed(hopeless=True)
        parts.append(text[at : end + 1])
        at = end + 1


def parse_record(
    lines: Sequence[str],
    at: int,
    *,
    row: int,
    dialect: Dialect,
    width: int | None,
    max_chars: int,
    final: bool,
) -> tuple[Record, int] | None:
    """The record that starts at ``lines[at]`` (lines with their ends), and the line after it.

    ``width`` is the number of columns, None while it is unknown. None when the record may go on
    beyond the last line and there will be more lines (``final`` says there will not).
    """
    line = bare(lines[at], dialect.line_end)
    fields = split_fields(line, dialect)
    if not isinstance(fields, Unclosed):
        return Record(row, fields, line, False), at + 1
    longer = None if fields.hopeless else _over_lines(lines, at, dialect, max_chars, fields)
    if longer is None and not final and at + MAX_RECORD_LINES > len(lines):
        held = sum(len(lines[i]) for i in range(at, len(lines)))
        if held <= max_chars:
            return None
    if longer is not None and (width is None or len(longer[0]) == width):
        fields, stop = longer
        text = bare("".join(lines[at:stop]), dialect.line_end)
        return Record(row, fields, text, False), stop
    return Record(row, _plain(line, dialect.delimiter), line, True), at + 1


def parse_records(
    lines: Sequence[str], *, first_row: int, dialect: Dialect, width: int | None, max_chars: int
) -> list[Record]:
    """All records of some lines (with their ends)."""
    records: list[Record] = []
    at = 0
    while at < len(lines):
        found = parse_record(
            lines,
            at,
            row=first_row + at,
            dialect=dialect,
            width=width,
            max_chars=max_chars,
            final=True,
        )
        if found is None:
            raise AssertionError("final lines always end their record")
        record, at = found
        records.append(record)
    return records


def _over_lines(
    lines: Sequence[str], at: int, dialect: Dialect, max_chars: int, so_far: Unclosed
) -> tuple[list[str], int] | None:
    """A record that starts at ``lines[at]`` and closes on a later line, with the line after."""
    quote = dialect.close or dialect.quote or '"'
    text = lines[at]
    for stop in range(at + 1, min(len(lines), at + MAX_RECORD_LINES)):
        text += lines[stop]
        if len(text) > max_chars:
            return None
        if quote in lines[stop]:
            fields = split_fields(bare(text, dialect.line_end), dialect, so_far)
            if not isinstance(fields, Unclosed):
                return fields, stop + 1
            if fields.hopeless:
                return None
            so_far = fields
    return None
