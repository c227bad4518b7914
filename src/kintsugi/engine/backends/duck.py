"""DuckDB as the table engine: in process, bounded memory, spills to the working directory."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kintsugi.engine.backends.base import literal, name
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

# A page is for eyes; whoever wants all rows reads the Parquet file.
MAX_PAGE_ROWS = 10_000


Settings = dict[str, str | bool | int | float | list[str]]


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory that prints nothing: a bar of its own would stand amid the JSON of
    whoever calls this from a notebook or with ``python -c``."""
    made = duckdb.connect(":memory:", config=settings)
    made.execute("SET enable_progress_bar = false")
    return made


class DuckDbBackend:
    """One connection to an in-memory DuckDB.

    ``memory_limit_mb`` bounds what DuckDB holds before it spills to ``temp_directory``.
    Extensions are neither installed nor loaded from outside: nothing leaves the process.
    """

    def __init__(
        self,
        *,
        threads: int = 2,
        memory_limit_mb: int = 600,
        temp_directory: Path | None = None,
    ) -> None:
        settings: Settings = {
            "threads": threads,
            "memory_limit": f"{memory_limit_mb}MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if temp_directory is not None:
            settings["temp_directory"] = str(temp_directory)
        self._connection: duckdb.DuckDBPyConnection | None = connect(settings)

    def __enter__(self) -> "DuckDbBackend":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _open(self) -> duckdb.DuckDBPyConnection:
        assert self._connection is not None, "the backend was closed"
        return self._connection

    def register(self, table: str, files: Path | Sequence[Path]) -> None:
        paths = [files] if isinstance(files, Path) else list(files)
        listed = ", ".join(literal(str(path)) for path in paths)
        self._open.execute(
            f"CREATE OR REPLACE VIEW {name(table)} AS SELECT * FROM read_parquet([{listed}])"
        )

    def materialise(self, sql: str, into: Path) -> int:
        partial = into.with_name(f".{into.name}.{os.getpid()}.partial")
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            # Uncompressed dictionary pages cost more to write than lz4 costs to make.
            answer = self._open.execute(
                f"COPY ({sql}) TO {literal(str(partial))} (FORMAT parquet, COMPRESSION lz4_raw)"
            ).fetchone()
            os.replace(partial, into)
        except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
            raise out_of_room(into, error) from error
        finally:
            with suppress(OSError):
                partial.unlink()
        assert answer is not None
        return int(answer[0])

    def frame(self, sql: str) -> pl.DataFrame:
        return _frame(self._open.sql(sql))

    def rows(self, sql: str, *, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        limit = max(0, min(limit, MAX_PAGE_ROWS))
        offset = max(0, offset)
        page = f"SELECT * FROM ({sql}) LIMIT {limit} OFFSET {offset}"
        return _frame(self._open.sql(page)).to_dicts()

    def explain(self, sql: str) -> str:
        return "\n".join(str(row[-1]) for row in self._open.execute(f"EXPLAIN {sql}").fetchall())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _frame(answer: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    frame = pl.from_arrow(answer.to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


class OutOfRoom(KintsugiError):
    """The working directory cannot take the step's file."""

    retryable = True


def out_of_room(path: Path, error: Exception) -> OutOfRoom:
    """The refusal for a full or unwritable disk, or memory that ran out."""
    return OutOfRoom(
        "pipeline.no-room",
        Text(
            f"无法写入步骤文件 {path.name}:磁盘或内存不足,或目录不可写。",
            f"The step file {path.name} could not be written: disk or memory is short, "
            "or the directory cannot be written to.",
        ),
        Text(
            "请释放空间后重新运行;已完成的步骤不会重做。",
            "Free some space and run again; finished steps are not repeated.",
        ),
        path=str(path),
        reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
    )
