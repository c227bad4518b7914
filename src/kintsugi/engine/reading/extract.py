"""Statements of extracts: a table from a watermark on, the first rows of a query."""

import re

import sqlalchemy as sa


def from_watermark(url: sa.URL, table: str, column: str, last: str | None) -> str:
    """All rows from the watermark on. The last ones come again: two may share a moment, and one of
    them may have been written after the other was read."""
    dialect = url.get_dialect()()
    quoted = dialect.identifier_preparer.quote_identifier
    place = ".".join(quoted(part) for part in table.split("."))
    text = f"select * from {place}"
    if not column:
        return text
    if last is not None:
        number = re.fullmatch(r"-?\d{1,30}(\.\d{1,10})?", last)
        literal = last if number else "'" + last.replace("\\", "").replace("'", "''") + "'"
        text += f" where {quoted(column)} >= {literal}"
    return f"{text} order by {quoted(column)}"


def first_rows(url: sa.URL, query: str, rows: int) -> str:
    """The first rows of a query, in the words of one kind of database."""
    name = url.get_backend_name()
    if name == "mssql":
        return f"select top {rows} * from ({query}) sample"
    if name == "oracle":
        return f"select * from ({query}) where rownum <= {rows}"
    return f"select * from ({query}) sample limit {rows}"
