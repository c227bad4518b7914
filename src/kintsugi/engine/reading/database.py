"""Tables and queries of databases, read only, as exact text.

Names go to the database quoted; values come from the driver as they are (reflected column types
would refuse the loose dates of an old SQLite file). No message ever holds the password.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import to_table
from kintsugi.engine.reading.delimited import Read
from kintsugi.engine.reading.headers import letter
from kintsugi.engine.reading.limits import ReadHints, ReadLimits
from kintsugi.engine.reading.mojibake import scan
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.writer import TableWriter
from kintsugi.engine.snapshot import HeaderCell, Note, SnapshotTable, SourceColumn
from kintsugi.engine.text import Text

_BATCH: Final = 20_000
_EXACT_FLOAT: Final = 2**53  # beyond it a double no longer holds every whole number
#: Kind of database → the driver that is meant by it.
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql",
    "mssql": "mssql+pymssql", "sqlserver": "mssql+pymssql", "oracle": "oracle+oracledb",
}  # fmt: skip
#: What a driver calls the seconds it waits for a connection.
_WAITS: Final = {
    "postgresql": "connect_timeout", "mysql": "connect_timeout", "mssql": "login_timeout",
    "oracle": "tcp_connect_timeout",
}  # fmt: skip
_LOGIN: Final = ("28P01", "28000", "1045", "1044", "18456", "authentication", "Access denied",
                 "ORA-01017")  # fmt: skip


def parse_url(location: str) -> URL:
    """The address. Raises ``reading.bad-url`` without repeating it (it may hold a password)."""
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        raise errors.bad_url(location.partition("://")[0] + "://…") from None
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def shown(url: URL) -> str:
    """The address without its password."""
    return url.set(password=None).render_as_string(hide_password=True)


def sqlite_url(path: Path) -> URL:
    """A SQLite file that nobody may write through this address."""
    query = {"mode": "ro", "uri": "true"}
    return URL.create("sqlite", database=f"file:{path.as_posix()}", query=query)


def read_database(
    url: URL, *, into: Path, shown_as: str, limits: ReadLimits, hints: ReadHints
) -> tuple[Read, str]:
    """Reads tables or queries into the folder; the second value is the sha256 of all rows."""
    engine = _engine(url, hints)
    legacy: list[int] = []
    try:
        with _connected(engine, url, shown_as, legacy) as connection:
            jobs = _jobs(connection, shown_as, hints)
            if not jobs:
                raise errors.empty(shown_as, tables=[])
            if len(jobs) > limits.max_tables:
                raise errors.too_many(
                    shown_as, Text("表", "tables"), count=len(jobs), limit=limits.max_tables
                )
            digest = hashlib.sha256()
            read = Read("database")
            for index, job in enumerate(jobs):
                reading = _TableReading(connection, job, shown_as, limits, digest, url)
                table, notes = reading.write(into, index)
                read.tables.append(table)
                read.notes += notes
    finally:
        engine.dispose()
    if not any(t.read for t in read.tables):
        raise errors.no_rows(shown_as, tables=[t.name for t in read.tables])
    if legacy:
        read.notes.append(
            Note(
                code="encoding.mixed",
                message=Text(
                    "数据库中有非 UTF-8 文字，已按 GB18030 解码。",
                    "The database holds text that is not UTF-8; it was decoded as GB18030.",
                ),
                facts={"count": len(legacy)},
            )
        )
    return read, digest.hexdigest()


def _engine(url: URL, hints: ReadHints) -> sa.Engine:
    waits = _WAITS.get(url.get_backend_name())
    arguments: dict[str, Any] = {waits: hints.connect_timeout_s} if waits else {}
    if url.get_backend_name() == "sqlite" and not (url.database or "").startswith("file:"):
        target = Path(url.database or "")
        if not target.is_file():
            raise errors.missing(str(target))
        url = sqlite_url(target.absolute())
    try:
        return sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
    except (NoSuchModuleError, ModuleNotFoundError, ImportError) as error:
        raise errors.no_driver(shown(url), url.drivername) from error


@contextmanager
def _connected(
    engine: sa.Engine, url: URL, shown_as: str, legacy: list[int]
) -> Iterator[sa.Connection]:
    """A read-only connection in one transaction."""
    if engine.dialect.name == "sqlite":

        def prepare(connection: Any, _: object) -> None:
            connection.text_factory = lambda data: _sqlite_text(data, legacy)
            connection.execute("pragma query_only = 1")

        sa.event.listen(engine, "connect", prepare)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        detail = _clean(error, url)
        if any(mark in detail for mark in _LOGIN):
            raise errors.refused(shown_as, url.username) from None
        if engine.dialect.name == "sqlite":
            raise errors.damaged(shown_as, detail) from None
        raise errors.unreachable(shown_as, detail) from None
    except (SQLAlchemyError, OSError, ValueError) as error:
        raise errors.unreachable(shown_as, type(error).__name__) from None
    with connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("set transaction isolation level repeatable read read only")
        elif engine.dialect.name == "mysql":
            connection.rollback()
            connection.exec_driver_sql("set session transaction read only")
        elif engine.dialect.name == "oracle":
            connection.exec_driver_sql("set transaction read only")
        yield connection
        connection.rollback()


def _sqlite_text(data: bytes, legacy: list[int]) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        legacy.append(1)
        return data.decode("gb18030", "replace")


def _clean(error: Exception, url: URL) -> str:
    text = str(getattr(error, "orig", None) or error).replace("\n", " ")
    if url.password:
        text = text.replace(str(url.password), "***")
    return text[:300]


class _Job:
    """One statement and what it is called; ``columns`` None for a query."""

    def __init__(self, name: str, statement: str, binary: tuple[str, ...] = ()) -> None:
        self.name, self.statement, self.binary = name, statement, binary
        self.ordered = True


def _jobs(connection: sa.Connection, shown_as: str, hints: ReadHints) -> list[_Job]:
    inspector = sa.inspect(connection)
    try:
        known = [*inspector.get_table_names(), *inspector.get_view_names()]
    except SQLAlchemyError as error:
        raise errors.damaged(shown_as, str(getattr(error, "orig", error))) from None
    jobs = [_Job(name, text) for name, text in hints.queries.items()]
    wanted = list(hints.tables)
    if not wanted and not jobs:
        wanted = [t for t in inspector.get_table_names() if not t.startswith("sqlite_")]
    for number, name in enumerate(wanted, start=1):
        if name.lstrip().lower().startswith(("select ", "select\n", "with ")):
            jobs.append(_Job(f"query {number}", name))
            continue
        schema, _, table = name.rpartition(".")
        if name in known:
            schema, table = "", name
        elif not schema or not inspector.has_table(table, schema=schema):
            raise errors.no_table(shown_as, name, known)
        jobs.append(_table_job(connection, inspector, name, table, schema or None))
    return jobs


def _table_job(
    connection: sa.Connection, inspector: Any, name: str, table: str, schema: str | None
) -> _Job:
    """All columns but binary ones, in the order of the primary key or of all columns."""
    columns = inspector.get_columns(table, schema=schema)
    keys = inspector.get_pk_constraint(table, schema=schema).get("constrained_columns") or []
    return table_job(connection.dialect, columns, keys, name=name, table=table, schema=schema)


def table_job(
    dialect: sa.Dialect,
    columns: Sequence[Any],
    keys: Sequence[str],
    *,
    name: str,
    table: str,
    schema: str | None,
) -> _Job:
    """The statement that reads a table, in the words of one kind of database. ``columns`` as
    SQLAlchemy's inspector gives them."""
    binary = tuple(c["name"] for c in columns if isinstance(c["type"], sa.LargeBinary))
    names = [c["name"] for c in columns if c["name"] not in binary]
    sortable = [c["name"] for c in columns if c["name"] in names and _sortable(c["type"], dialect)]
    order = [k for k in keys if k in names] or sortable

    def quote(plain: str) -> str:
        # Oracle's DEVICES is told as devices; between quotes it must have its capitals again.
        own = dialect.denormalize_name(plain) if dialect.requires_name_normalize else plain
        return dialect.identifier_preparer.quote_identifier(own)

    place = (quote(schema) + "." if schema else "") + quote(table)
    statement = f"select {', '.join(map(quote, names))} from {place}"
    if order:
        statement += f" order by {', '.join(map(quote, order))}"
    job = _Job(name, statement, binary)
    job.ordered = bool(keys)
    return job


def _sortable(kind: Any, dialect: sa.Dialect) -> bool:
    """Whether rows can be sorted by it: long texts and documents cannot everywhere."""
    if dialect.name not in ("mssql", "oracle"):
        return True
    long = isinstance(kind, sa.Text | sa.JSON) or getattr(kind, "length", None) == "max"
    return not long and kind.__class__.__name__.upper() not in ("XML", "XMLTYPE", "SQL_VARIANT")


class _TableReading:
    def __init__(
        self,
        connection: sa.Connection,
        job: _Job,
        shown_as: str,
        limits: ReadLimits,
        digest: Any,
        url: URL,
    ) -> None:
        self.connection, self.job, self.shown_as = connection, job, shown_as
        self.limits, self.digest, self.url = limits, digest, url
        self.binary: dict[int, int] = {}

    def write(self, into: Path, index: int) -> tuple[SnapshotTable, list[Note]]:
        name = self.job.name
        try:
            stream = self.connection.execution_options(stream_results=True, max_row_buffer=_BATCH)
            statement = sa.text(self.job.statement.replace(":", r"\:"))
            result = stream.execute(statement)
            headers = list(result.keys())
            if len(headers) > self.limits.max_columns:
                raise errors.too_many(
                    self.shown_as,
                    Text("列", "columns"),
                    count=len(headers),
                    limit=self.limits.max_columns,
                    table=name,
                )
            self.digest.update(repr((name, headers)).encode())
            with TableWriter(into, index, len(headers)) as writer:
                while rows := result.fetchmany(_BATCH):
                    self._batch(rows, len(headers), writer)
        except SQLAlchemyError as error:
            raise errors.query_failed(self.shown_as, name, _clean(error, self.url)) from None
        table = SnapshotTable(
            index=index,
            name=name,
            columns=_columns(headers),
            rows=writer.rows,
            first_row=1,
            last_row=max(1, writer.rows),
        )
        return table, self._notes(headers)

    def _batch(self, rows: Any, width: int, writer: TableWriter) -> None:
        first = writer.rows + 1
        if first + len(rows) > self.limits.max_rows:
            raise errors.too_many(
                self.shown_as,
                Text("行", "rows"),
                count=first + len(rows),
                limit=self.limits.max_rows,
                table=self.job.name,
            )
        texts: list[list[str]] = []
        cells: list[Cell] = []
        for number, row in enumerate(rows, start=first):
            line = []
            for ordinal, value in enumerate(row, start=1):
                text, kind = value_text(value)
                if isinstance(value, float) and abs(value) >= _EXACT_FLOAT:
                    cells.append(Cell(number, ordinal, "precision_lost", repr(value)))
                if kind is not None:
                    cells.append(Cell(number, ordinal, "type", kind))
                    if kind == "binary":
                        self.binary[ordinal] = self.binary.get(ordinal, 0) + 1
                line.append(text)
            texts.append(line)
        table = to_table(list(range(first, first + len(rows))), texts, width)
        self.digest.update(repr(texts).encode("utf-8", "surrogatepass"))
        writer.data(table)
        writer.cells(cells + scan(table))

    def _notes(self, headers: list[str]) -> list[Note]:
        notes = []
        binary = [*self.job.binary, *(headers[i - 1] for i in self.binary)]
        if binary:
            notes.append(
                Note(
                    code="column.binary",
                    message=Text("二进制列未读取。", "Binary columns were not read."),
                    facts={"table": self.job.name, "columns": binary},
                )
            )
        if not self.job.ordered:
            notes.append(
                Note(
                    code="table.no-key",
                    message=Text(
                        "该表没有主键，按全部列排序编号。",
                        "The table has no primary key; rows are numbered in order of all columns.",
                    ),
                    facts={"table": self.job.name},
                )
            )
        return notes


def _columns(headers: list[str]) -> list[SourceColumn]:
    seen: dict[str, int] = {}
    columns = []
    for ordinal, header in enumerate(headers, start=1):
        seen[header] = seen.get(header, 0) + 1
        name = header if seen[header] == 1 else f"{header} #{seen[header]}"
        cell = HeaderCell(0, ordinal, header)
        columns.append(
            SourceColumn(ordinal=ordinal, letter=letter(ordinal), name=name, header_cells=[cell])
        )
    return columns


def value_text(value: Any) -> tuple[str, str | None]:
    """(exact text, type for the sidecar): null, binary and boolean are told apart from text.

    Dates are ISO; a time of day follows after ``T`` only when it is not midnight.
    """
    if isinstance(value, str):
        return value, None
    if value is None:
        return "", "null"
    if isinstance(value, bool):
        return ("true" if value else "false"), "boolean"
    if isinstance(value, int):
        return str(value), None
    if isinstance(value, Decimal):
        return format(value, "f"), None
    if isinstance(value, float):
        return _float_text(value), None
    if isinstance(value, datetime):
        plain = value.time() == time(0) and value.tzinfo is None
        return (value.date().isoformat() if plain else value.isoformat()), "date"
    if isinstance(value, date):
        return value.isoformat(), "date"
    if isinstance(value, time):
        return value.isoformat(), "time"
    if isinstance(value, timedelta):
        return str(value), "duration"
    if isinstance(value, bytes | bytearray | memoryview):
        return "", "binary"
    return str(value), None


def _float_text(value: float) -> str:
    """The shortest digits that give the same number, without exponent where that is possible."""
    text = repr(value)
    if "e" in text and abs(value) < 1e30:
        return format(Decimal(text), "f")
    return text[:-2] if text.endswith(".0") else text


def check_sqlite(path: Path, *, file: str) -> None:
    """Raises ``reading.damaged`` when the file is no sound SQLite database."""
    try:
        connection = sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)
        try:
            connection.execute("select count(*) from sqlite_master").fetchone()
        finally:
            connection.close()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # The text of an error may quote what is damaged, and be no text itself.
        raise errors.damaged(file, str(error)) from error
