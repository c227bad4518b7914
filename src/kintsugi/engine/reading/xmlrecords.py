"""XML into snapshot tables: elements that repeat under one parent are the rows of a table.

Attributes and children become columns, nested ones ``a.b``; a child that repeats within a record
stays as JSON text, as lists of JSON do. Workbooks that Excel saved as XML are read as sheets.
Entities are refused; size and depth are bounded.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.batches import to_table
from kintsugi.engine.reading.delimited import Read
from kintsugi.engine.reading.headers import Merge
from kintsugi.engine.reading.limits import MIB, ReadHints, ReadLimits
from kintsugi.engine.reading.objects import Records, write_records
from kintsugi.engine.reading.sheetxml import Sheet
from kintsugi.engine.text import Text

_BYTES: Final = 256 * MIB
_DEPTH: Final = 60
_SHEET: Final = "urn:schemas-microsoft-com:office:spreadsheet"

Object = dict[str, Any]


def parse_xml(path: Path, *, file: str) -> Element:
    """The root element. Raises ``reading.too-large``, ``.damaged``, ``.xml-entities``."""
    size = path.stat().st_size
    if size > _BYTES:
        raise errors.too_large(file, size, _BYTES)
    try:
        root: Element | None = ElementTree.parse(path).getroot()
    except DefusedXmlException as error:
        raise errors.entities(file, type(error).__name__) from error
    except (ParseError, ValueError, LookupError) as error:
        raise errors.damaged(file, str(error)) from error
    if root is None:
        raise errors.empty(file)
    if _too_deep(root):
        raise errors.damaged(file, "nested too deeply")
    return root


def _too_deep(root: Element) -> bool:
    level = [root]
    for _ in range(_DEPTH):
        level = [child for one in level for child in one]
        if not level:
            return False
    return True


def is_workbook(root: Element) -> bool:
    """Whether this is a workbook that Excel saved as XML (2003)."""
    return root.tag == f"{{{_SHEET}}}Workbook"


def read_xml(
    root: Element, *, into: Path, name: str, file: str, limits: ReadLimits, hints: ReadHints
) -> Read:
    """Reads the records of a document. Raises ReadError where there are none."""
    found = _tables(root, name)
    wanted = [one for one in found if not hints.tables or one.name in hints.tables]
    if hints.tables and not wanted:
        raise errors.no_table(file, hints.tables[0], [one.name for one in found])
    if not any(one.columns for one in wanted):
        raise errors.empty(file)
    if len(wanted) > limits.max_tables:
        raise errors.too_many(
            file, Text("表", "tables"), count=len(wanted), limit=limits.max_tables
        )
    read = Read("xml")
    for index, table in enumerate(wanted):
        made, notes = write_records(table, into, index, file, limits)
        read.tables.append(made)
        read.notes += notes
    return read


def _tables(root: Element, name: str) -> list[Records]:
    """A table for each path of elements that repeat; the document as one record without any."""
    tables: dict[str, Records] = {}
    level = [("", root)]
    while level:
        below: list[tuple[str, Element]] = []
        for path, node in level:
            counts = Counter(child.tag for child in node)
            for child in node:
                place = f"{path}/{_tag(child)}"
                if counts[child.tag] > 1 and (len(child) or child.attrib):
                    table = tables.setdefault(place, Records(_tag(child)))
                    table.add(len(table.records) + 1, _flat(child))
                elif len(child):
                    below.append((place, child))
        level = below
    if tables:
        return list(tables.values())
    repeated = Counter(child.tag for child in root)
    alone = Records(name)
    if len(repeated) == 1 and len(root) > 1:
        for row, child in enumerate(root, 1):
            alone.add(row, {_tag(child): (child.text or "").strip()})
    else:
        alone.add(1, _flat(root))
    return [alone]


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _flat(element: Element, prefix: str = "") -> Object:
    """Attributes, children and text of a record, path by path."""
    record: Object = {}

    def put(key: str, value: Any) -> None:
        record[key if key not in record else f"@{key}"] = value

    for key, value in element.attrib.items():
        put(prefix + key.rpartition("}")[2], value)
    counts = Counter(child.tag for child in element)
    lists: dict[str, list[Any]] = {}
    for child in element:
        path = prefix + _tag(child)
        if counts[child.tag] > 1:
            lists.setdefault(path, []).append(_value(child))
        elif len(child) or child.attrib:
            for key, value in _flat(child, f"{path}.").items():
                put(key, value)
        else:
            put(path, (child.text or "").strip())
    record.update(lists)
    text = (element.text or "").strip()
    if text or not record:
        put(prefix.rstrip(".") or _tag(element), text)
    return record


def _value(element: Element) -> Any:
    if len(element) or element.attrib:
        return _flat(element)
    return (element.text or "").strip()


def workbook_sheets(root: Element, *, file: str, limits: ReadLimits) -> Iterator[Sheet]:
    """The sheets of a workbook saved as XML."""
    for sheet in root.iter(f"{{{_SHEET}}}Worksheet"):
        lines: dict[int, dict[int, str]] = {}
        merges: list[Merge] = []
        row = 0
        for line in sheet.iter(f"{{{_SHEET}}}Row"):
            row = _number(line, "Index", row + 1)
            cells = lines.setdefault(row, {})
            column = 0
            for cell in line.iter(f"{{{_SHEET}}}Cell"):
                column = _number(cell, "Index", column + 1)
                data = cell.find(f"{{{_SHEET}}}Data")
                cells[column] = "" if data is None else "".join(data.itertext())
                right = column + _number(cell, "MergeAcross", 0)
                bottom = row + _number(cell, "MergeDown", 0)
                if right > limits.max_columns:
                    raise errors.too_many(
                        file, Text("列", "columns"), count=right, limit=limits.max_columns, row=row
                    )
                if (right, bottom) != (column, row):
                    merges.append(Merge(row, column, bottom, right))
                column = right
        width = max((max(cells, default=0) for cells in lines.values()), default=0)
        rows = sorted(lines)
        texts = [[lines[r].get(i, "") for i in range(1, width + 1)] for r in rows]
        name = sheet.get(f"{{{_SHEET}}}Name") or "sheet"
        yield Sheet(name, to_table(rows, texts, width), [], merges)


def _number(element: Element, attribute: str, default: int) -> int:
    """A whole number of Excel's size in an attribute; the default for anything else."""
    text = element.get(f"{{{_SHEET}}}{attribute}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else default
