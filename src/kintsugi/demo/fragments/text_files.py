"""Writing delimited text, and knowing on which physical line each record starts."""

from collections.abc import Sequence

from kintsugi.demo.truth import Row, Truth


def delimited_line(values: Sequence[str], delimiter: str) -> str:
    """One record; a value is quoted only where it must be, as simple exporters do."""
    return delimiter.join(
        '"' + v.replace('"', '""') + '"' if any(c in v for c in (delimiter, '"', "\n")) else v
        for v in values
    )


def write_delimited(
    rows: Sequence[Row],
    *,
    headers: Sequence[str],
    keys: Sequence[str],
    delimiter: str,
    newline: str,
    file: str,
    table: str,
    truth: Truth,
) -> str:
    """The text of a delimited file, with each row's truth placed at the line it starts on.

    ``keys``: the names under which rows hold their cells (duplicate headers carry an ordinal).
    A row with a cell under ``""`` is written as that raw line, whatever it looks like.
    """
    lines = [delimited_line(headers, delimiter)]
    number = 2
    for row in rows:
        raw = row.cells.get("")
        line = delimited_line([row.cells[k] for k in keys], delimiter) if raw is None else raw
        texts = {k: str(row.cells.get(k, "")) for k in keys}
        truth.place(row, file=file, table=table, number=number, raws=texts)
        lines.append(line)
        number += 1 + line.count("\n")
    return newline.join(lines) + newline
