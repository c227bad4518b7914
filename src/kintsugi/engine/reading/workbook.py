"""XLSX and XLSM packages: their sheets, styles, shared strings and comments."""

import errno
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.formats import Style, style
from kintsugi.engine.reading.limits import MIB, ReadLimits
from kintsugi.engine.reading.quickcells import QuickSheet
from kintsugi.engine.reading.quickxml import careful_xml, quick_xml
from kintsugi.engine.reading.sharedstrings import SharedStrings, read_strings
from kintsugi.engine.reading.sheetxml import Sheet, SheetXml, cell_place
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.unpack import guard
from kintsugi.engine.text import Text

_T = TypeVar("_T")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_ODD: Final = (LookupError, ValueError, OverflowError, struct.error)


def check_package(path: Path, *, file: str, limits: ReadLimits) -> None:
    """Refuses a package whose parts unfold beyond the limits, before any is read."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    if len(parts) > 20_000:
        raise errors.bomb(file, parts=len(parts))
    guard(file, path.stat().st_size, sum(p.file_size for p in parts), limits)


def read_workbook(
    path: Path,
    *,
    file: str,
    limits: ReadLimits,
    wanted: tuple[str, ...] = (),
    careful_only: bool = False,
) -> Iterator[Sheet]:
    """The sheets of a workbook in order, hidden ones too. ``wanted`` names those to read;
    ``careful_only`` leaves all to expat, which gives the same."""
    try:
        check_package(path, file=file, limits=limits)
        with zipfile.ZipFile(path) as archive:
            package = _Package(archive, file, limits, careful_only=careful_only)
            yield from package.sheets(wanted)
    except _BROKEN as error:
        raise errors.damaged(file, str(error)) from error
    except _ODD as error:
        raise errors.damaged(file, f"{type(error).__name__}: {error}") from error
    except OSError as error:
        # A directory of parts that points outside of the file.
        if error.errno not in (errno.EINVAL, None):
            raise
        raise errors.damaged(file, str(error)) from error


class _Package:
    def __init__(
        self, archive: zipfile.ZipFile, file: str, limits: ReadLimits, *, careful_only: bool
    ) -> None:
        self.archive, self.file, self.limits = archive, file, limits
        self.careful_only = careful_only
        self.names = set(archive.namelist())

    def sheets(self, wanted: tuple[str, ...]) -> Iterator[Sheet]:
        book = self._tree("xl/workbook.xml")
        targets = self._relations("xl/workbook.xml")
        date1904 = False
        entries: list[tuple[str, str, str]] = []
        for node in book.iter():
            name = _local(node.tag)
            if name == "workbookPr":
                date1904 = node.get("date1904", "0") in ("1", "true")
            elif name == "sheet":
                link = next((v for k, v in node.attrib.items() if k.endswith("}id")), "")
                entries.append((node.get("name", ""), link, node.get("state", "visible")))
        known = [name for name, _, _ in entries]
        for name in wanted:
            if name not in known:
                raise errors.no_table(self.file, name, known)
        if len(entries) > self.limits.max_tables:
            raise errors.too_many(
                self.file,
                Text("工作表", "sheets"),
                count=len(entries),
                limit=self.limits.max_tables,
            )
        styles = self._styles()
        strings = next((t for t, kind in targets.values() if kind == "sharedStrings"), "")
        shared = self._either(lambda careful: self._strings(strings, careful))
        for name, link, state in entries:
            target, kind = targets.get(link, ("", ""))
            if kind != "worksheet" or target not in self.names or (wanted and name not in wanted):
                continue
            yield self._sheet(name, target, state, styles, shared, date1904)

    def _sheet(
        self,
        name: str,
        target: str,
        state: str,
        styles: list[Style],
        shared: SharedStrings,
        date1904: bool,
    ) -> Sheet:
        def read(careful: bool) -> SheetXml:
            xml = SheetXml(
                shared,
                styles,
                date1904=date1904,
                limits=self.limits,
                file=self.file,
                sheet=name,
            )
            with self.archive.open(target) as stream:
                if careful:
                    careful_xml(stream, xml, file=self.file, part=target)
                else:
                    quick_xml(stream, xml, QuickSheet(xml), file=self.file, part=target)
            return xml

        xml = self._either(read)
        cells = xml.cells + self._comments(target)
        for first, last in xml.hidden_columns:
            for col in range(first, min(last, xml.width) + 1):
                cells.append(Cell(0, col, "hidden_col", ""))
        return Sheet(name, xml.table(), cells, xml.merges, state != "visible", date1904)

    def _strings(self, part: str, careful: bool) -> SharedStrings:
        if part not in self.names:
            return SharedStrings()
        with self.archive.open(part) as stream:
            return read_strings(stream, file=self.file, part=part, careful_only=careful)

    def _either(self, read: Callable[[bool], _T]) -> _T:
        """What ``read`` gives: quickly, or carefully where that failed, so that a failure is the
        careful reading's own and names the right place."""
        if not self.careful_only:
            try:
                return read(False)
            except (KintsugiError, *_BROKEN, *_ODD, OSError):
                pass
        return read(True)

    def _comments(self, sheet: str) -> list[Cell]:
        found: list[Cell] = []
        for target, kind in self._relations(sheet).values():
            if kind != "comments" or target not in self.names:
                continue
            for node in self._tree(target).iter():
                if _local(node.tag) != "comment":
                    continue
                row, col = cell_place(node.get("ref", ""))
                parts = [t.text or "" for t in node.iter() if _local(t.tag) == "t"]
                found.append(Cell(row, col, "comment", "".join(parts).strip()))
        return found

    def _styles(self) -> list[Style]:
        if "xl/styles.xml" not in self.names:
            return []
        tree = self._tree("xl/styles.xml")
        codes: dict[int, str] = {}
        struck: list[bool] = []
        found: list[Style] = []
        for group in tree:
            name = _local(group.tag)
            if name == "numFmts":
                for node in group:
                    codes[int(node.get("numFmtId", "0"))] = node.get("formatCode", "")
            elif name == "fonts":
                for node in group:
                    marks = [m for m in node if _local(m.tag) == "strike"]
                    struck.append(any(m.get("val", "1") not in ("0", "false") for m in marks))
            elif name == "cellXfs":
                for node in group:
                    number = int(node.get("numFmtId", "0"))
                    font = int(node.get("fontId", "0"))
                    strike = font < len(struck) and struck[font]
                    found.append(style(number, codes.get(number), strike=strike))
        return found

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relations of a part: id → (path in the package, last word of the type)."""
        folder, name = posixpath.split(part)
        path = f"{folder}/_rels/{name}.rels"
        if path not in self.names:
            return {}
        found = {}
        for node in self._tree(path):
            target = node.get("Target", "")
            full = (
                target.lstrip("/")
                if target.startswith("/")
                else posixpath.normpath(posixpath.join(folder, target))
            )
            found[node.get("Id", "")] = (full, node.get("Type", "").rpartition("/")[2])
        return found

    def _tree(self, part: str) -> Any:
        info = self.archive.getinfo(part)
        if info.file_size > 64 * MIB:
            raise errors.bomb(self.file, part=part, unpacked_bytes=info.file_size)
        try:
            return ElementTree.fromstring(self.archive.read(part), forbid_dtd=True)
        except DefusedXmlException as error:
            raise errors.entities(self.file, part) from error
        except ElementTree.ParseError as error:
            raise errors.damaged(self.file, str(error), part=part) from error


def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
