"""The small interface a table engine must offer. DuckDB implements it; Spark can.

The SQL that passes through it keeps to what both engines mean alike:

- text is never cast before a regular expression has guarded it: ``CAST('12.5' AS INT)`` is 13 in
  DuckDB and NULL in Spark, and ``'2023'`` as a date differs as well. The order is always regex
  guard → canonical text → cast; the cells of a *cleaned* table are canonical already;
- regular expressions are anchored with ``^…$`` only over text without line breaks, since ``$``
  before a final newline differs; there is no ``upper()`` on text that may hold ``ß``;
- no positional joins, no ``row_number() over ()``: row numbers are columns of the data.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl


class Backend(Protocol):
    """Executes SELECT text over registered Parquet files."""

    def register(self, table: str, files: Path | Sequence[Path]) -> None:
        """Make ``table`` stand for the rows of one or more Parquet files; replaces a former one."""
        ...

    def materialise(self, sql: str, into: Path) -> int:
        """Write the rows of a SELECT as Parquet, whole or not at all; returns the row count."""
        ...

    def frame(self, sql: str) -> pl.DataFrame:
        """All rows of a SELECT in memory: for results that are small by construction."""
        ...

    def rows(self, sql: str, *, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """At most ``limit`` rows of a SELECT from ``offset`` on."""
        ...

    def explain(self, sql: str) -> str:
        """The plan the engine would run."""
        ...

    def close(self) -> None:
        """Give back memory and temporary files. Calling it twice is harmless."""
        ...


def name(identifier: str) -> str:
    """An identifier quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"
