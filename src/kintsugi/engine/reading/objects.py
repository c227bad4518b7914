"""JSON and NDJSON into snapshot tables: one row an object, one column a path.

- A list of objects is a table; an object whose members are lists of objects holds several.
- NDJSON (an object a line) is one table.
- Nested objects become columns ``a.b``; a list stays as JSON text.
- A dump of several kinds (every object has the same few members, one a short text that says the
  kind, one an object with the content) becomes a table a kind.

Numbers keep the digits they are written with. The row of a record is its place in its list, or its
line in NDJSON, counted from 1.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import to_table
from kintsugi.engine.reading.database import value_text
from kintsugi.engine.reading.delimited import Read
from kintsugi.engine.reading.encoding import Encoding, detect, survey
from kintsugi.engine.reading.headers import letter
from kintsugi.engine.reading.limits import MIB, ReadHints, ReadLimits
from kintsugi.engine.reading.mojibake import scan
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.writer import TableWriter
from kintsugi.engine.snapshot import HeaderCell, Note, SnapshotTable, SourceColumn
from kintsugi.engine.text import Text

#: A document is parsed as a whole; lines of NDJSON one by one.
_DOCUMENT_BYTES: Final = 512 * MIB
_BATCH: Final = 20_000
_DEPTH: Final = 8
#: The members of an object of a dump: its kind, its content, its key and little more.
_ENVELOPE: Final = 4
_KIND_CHARS: Final = 100

Object = dict[str, Any]


@dataclass
class Records:
    """Records with their rows, and the columns in the order they were met."""

    name: str
    records: list[tuple[int, Object]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)

    def add(self, row: int, flat: Object) -> None:
        self.records.append((row, flat))
        self.columns.update(dict.fromkeys(flat))


class _Number(str):
    """A number as it was written."""


def read_objects(
    path: Path, *, into: Path, name: str, file: str, limits: ReadLimits, hints: ReadHints
) -> Read:
    """Reads a JSON document or NDJSON into the folder. Raises ReadError for what is neither, holds
    no records or is beyond the limits."""
    size = path.stat().st_size
    if size > _DOCUMENT_BYTES:
        raise errors.too_large(file, size, _DOCUMENT_BYTES)
    encoding = _encoding(path, file, limits, hints)
    try:
        text = path.read_bytes()[encoding.bom_bytes :].decode(encoding.name)
    except UnicodeDecodeError:
        raise errors.undecodable(file, encoding.name) from None
    read = Read("json", encoding=encoding)
    found = _tables(text, name, file)
    wanted = [one for one in found if not hints.tables or one.name in hints.tables]
    if hints.tables and not wanted:
        raise errors.no_table(file, hints.tables[0], [one.name for one in found])
    if not any(one.records for one in wanted):
        raise errors.no_rows(file, tables=[one.name for one in found])
    if len(wanted) > limits.max_tables:
        raise errors.too_many(
            file, Text("表", "tables"), count=len(wanted), limit=limits.max_tables
        )
    for index, table in enumerate(wanted):
        made, notes = write_records(table, into, index, file, limits)
        read.tables.append(made)
        read.notes += notes
    return read


def _encoding(path: Path, file: str, limits: ReadLimits, hints: ReadHints) -> Encoding:
    """JSON is UTF-8 by its standard; what was exported in another encoding is told by its bytes.
    A document may be one endless line, which the survey of texts would refuse."""
    data = path.read_bytes()
    if hints.encoding is None:
        wide = json.detect_encoding(data[:16])
        try:
            data.decode(wide)
        except UnicodeDecodeError:
            pass
        else:
            return Encoding(wide, reason="RFC 8259")
    return detect(survey(path, limits=limits, file=file), hint=hints.encoding, file=file)


def _tables(text: str, name: str, file: str) -> list[Records]:
    try:
        document = _parse(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _by_kind([_lines(text, name, file)])
        raise errors.damaged(
            file, f"{error.msg}: line {error.lineno}, column {error.colno}",
            line=error.lineno, column=error.colno,
        ) from None  # fmt: skip
    except RecursionError:
        raise errors.damaged(file, "nested too deeply") from None
    if isinstance(document, list):
        return _by_kind([_list(document, name, file)])
    if not isinstance(document, dict):
        raise errors.no_rows(file, tables=[])
    lists = {key: value for key, value in document.items() if _is_records(value)}
    if lists:
        return _by_kind([_list(value, key, file) for key, value in lists.items()])
    return _by_kind([_list([document], name, file)])


def _parse(text: str) -> Any:
    return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _list(items: list[Any], name: str, file: str) -> Records:
    table = Records(name)
    for row, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise errors.damaged(file, f"record {row} is not an object", row=row)
        table.records.append((row, item))
    return table


def _lines(text: str, name: str, file: str) -> Records:
    table = Records(name)
    for row, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = _parse(line)
        except json.JSONDecodeError as error:
            raise errors.damaged(
                file, f"{error.msg}: line {row}, column {error.colno}", line=row, column=error.colno
            ) from None
        if not isinstance(item, dict):
            raise errors.damaged(file, f"line {row} is not an object", line=row)
        table.records.append((row, item))
    return table


def _by_kind(tables: list[Records]) -> list[Records]:
    """Each table with flat records; a dump of several kinds as a table a kind."""
    made: list[Records] = []
    for table in tables:
        envelope = _envelope([record for _, record in table.records])
        if envelope is None:
            flat = Records(table.name)
            for row, record in table.records:
                flat.add(row, _flat(record))
            made.append(flat)
            continue
        kind, content = envelope
        kinds: dict[str, Records] = {}
        for row, record in table.records:
            one = kinds.setdefault(record[kind], Records(record[kind]))
            outside = {k: v for k, v in record.items() if k not in (kind, content)}
            inside = {
                (f"{content}.{k}" if k in outside else k): v for k, v in record[content].items()
            }
            one.add(row, _flat(outside | inside))
        made += kinds.values()
    return made


def _envelope(records: list[Object]) -> tuple[str, str] | None:
    """The members that say the kind and hold the content, if these are records of a dump."""
    if len(records) < 2:
        return None
    keys = set(records[0])
    if len(keys) > _ENVELOPE or any(set(one) != keys for one in records):
        return None
    contents = [k for k in keys if all(isinstance(one[k], dict) for one in records)]
    kinds = [
        k
        for k in keys
        if all(
            isinstance(one[k], str)
            and not isinstance(one[k], _Number)
            and 0 < len(one[k]) <= _KIND_CHARS
            for one in records
        )
    ]
    if len(contents) != 1 or len(kinds) != 1:
        return None
    distinct = len({one[kinds[0]] for one in records})
    return (kinds[0], contents[0]) if 1 < distinct <= max(1, len(records) // 2) else None


def _flat(record: Object, prefix: str = "", depth: int = 0) -> Object:
    flat: Object = {}
    for key, value in record.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _DEPTH:
            flat.update(_flat(value, f"{path}.", depth + 1))
        else:
            flat[path] = value
    return flat


def write_records(
    table: Records, into: Path, index: int, file: str, limits: ReadLimits
) -> tuple[SnapshotTable, list[Note]]:
    """Writes flat records as table ``index`` of the snapshot folder ``into``."""
    names = list(table.columns)
    for what, count, limit in (
        (Text("列", "columns"), len(names), limits.max_columns),
        (Text("行", "rows"), len(table.records), limits.max_rows),
    ):
        if count > limit:
            raise errors.too_many(file, what, count=count, limit=limit, table=table.name)
    nested: set[str] = set()
    with TableWriter(into, index, len(names)) as writer:
        for batch in _batches(table.records):
            cells: list[Cell] = []
            texts = [_line(row, record, names, cells, nested) for row, record in batch]
            made = to_table([row for row, _ in batch], texts, len(names))
            writer.data(made)
            writer.cells(cells + scan(made))
    notes = []
    if nested:
        notes.append(
            Note(
                code="column.nested",
                message=Text(
                    "列表型的值按 JSON 文本读取。", "Values that are lists are read as JSON text."
                ),
                facts={"table": table.name, "columns": sorted(nested)},
            )
        )
    rows = [row for row, _ in table.records]
    return SnapshotTable(
        index=index, name=table.name, columns=_columns(names), rows=writer.rows,
        first_row=rows[0] if rows else 1, last_row=rows[-1] if rows else 1,
    ), notes  # fmt: skip


def _batches(records: list[tuple[int, Object]]) -> Iterator[list[tuple[int, Object]]]:
    for start in range(0, len(records), _BATCH):
        yield records[start : start + _BATCH]


def _line(
    row: int, record: Object, names: list[str], cells: list[Cell], nested: set[str]
) -> list[str]:
    line = []
    for ordinal, name in enumerate(names, 1):
        value = record.get(name, "")
        if isinstance(value, (list, dict)):
            nested.add(name)
            value = json.dumps(value, ensure_ascii=False) if value else ""
        text, kind = value_text(value)
        if kind is not None:
            cells.append(Cell(row, ordinal, "type", kind))
        line.append(text)
    return line


def _columns(names: list[str]) -> list[SourceColumn]:
    return [
        SourceColumn(ordinal=n, letter=letter(n), name=name, header_cells=[HeaderCell(0, n, name)])
        for n, name in enumerate(names, 1)
    ]
