"""From a location to a finished snapshot directory, all or nothing.

Everything is written into ``.reading-<random>/`` beside the snapshots and renamed at the end. The
directory's lock file is held while its process lives, so what a killed process left is told from
what another one is writing, and is removed by the next reader.
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.delimited import Read, read_delimited
from kintsugi.engine.reading.encoding import detect, survey
from kintsugi.engine.reading.errors import ReadError
from kintsugi.engine.reading.grids import write_sheet
from kintsugi.engine.reading.htmltable import read_html
from kintsugi.engine.reading.limits import MIB, ReadHints, ReadLimits
from kintsugi.engine.reading.sheetxml import Sheet
from kintsugi.engine.reading.sniff import sniff
from kintsugi.engine.reading.unpack import gunzip, remove
from kintsugi.engine.reading.workbook import read_workbook
from kintsugi.engine.snapshot import MANIFEST, RAW, Note, Snapshot, open_snapshot
from kintsugi.engine.text import Text

PARSER_VERSION: Final = "3"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+]*://")
_REST: Final = re.compile(r"https?://", re.I)
_SURVEY_FIRST_BYTES: Final = 256 * MIB
#: Refusals that concern a whole archive, not one member of it.
_STOPS: Final = ("reading.bomb", "reading.disk-full", "reading.unwritable")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def read_source(
    location: str | Path,
    *,
    into: Path,
    limits: ReadLimits | None = None,
    hints: ReadHints | None = None,
) -> Snapshot:
    """Reads a file or a database address into ``<into>/<sha256>/`` and returns its snapshot.

    The same bytes (with the same hints and parser version) are not read twice. Raises ReadError
    (a KintsugiError) for whatever cannot be read; then nothing is left in ``into``.
    """
    limits, hints = limits or ReadLimits(), hints or ReadHints()
    text = str(location)
    try:
        into.mkdir(parents=True, exist_ok=True)
        clean(into)
        if _REST.match(text):
            return _read_rest(text, into, limits, hints)
        if _URL.match(text):
            return _read_url(text, into, limits, hints)
        return _read_file(Path(location), into, limits, hints)
    except OSError as error:
        name = "" if _URL.match(text) else text
        detail = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _FULL:
            raise errors.disk(name, detail, str(into)) from error
        raise errors.unwritable(name, detail, str(into)) from error


def _read_file(path: Path, into: Path, limits: ReadLimits, hints: ReadHints) -> Snapshot:
    file = path.name
    size = _check(path, limits)
    sha256 = _digest(path)
    folder = into / _folder_name(sha256, hints)
    known = _known(folder)
    if known is not None:
        return _renamed(known, path)
    if size > _SURVEY_FIRST_BYTES and sniff(path, file=file) == "text":
        # An endless line or binary data shall not cost a copy of the whole file.
        detect(survey(path, limits=limits, file=file), hint=hints.encoding, file=file)
    with _workplace(into) as work:
        if _copy(path, work / RAW) != sha256:
            raise errors.changed(file)
        read = _read_bytes(work / RAW, work, file, limits, hints, depth=0)
        snapshot = _of_bytes(read, sha256, size, location=str(path), file=file)
        return _renamed(_publish(work, folder, snapshot), path)


def _of_bytes(read: Read, sha256: str, size: int, *, location: str, file: str) -> Snapshot:
    return Snapshot(
        sha256=sha256,
        location=location,
        file_name=file,
        kind=read.kind,
        bytes=size,
        encoding=read.encoding.name if read.encoding else None,
        encoding_confidence=read.encoding.confidence if read.encoding else None,
        dialect=read.dialect,
        parser_version=PARSER_VERSION,
        tables=read.tables,
        notes=read.notes,
    )


def _read_rest(location: str, into: Path, limits: ReadLimits, hints: ReadHints) -> Snapshot:
    # Only addresses of the web need an HTTP client.
    from kintsugi.engine.reading import rest

    file = rest.file_name(location)
    with _workplace(into) as work:
        fetched = rest.fetch(location, work / RAW, headers=hints.headers, limits=limits)
        if fetched.bytes == 0:
            raise errors.empty(rest.shown(location))
        folder = into / _folder_name(fetched.sha256, hints)
        known = _known(folder)
        if known is not None:
            return known
        read = _read_bytes(work / RAW, work, file, limits, hints, depth=0)
        if fetched.pages > 1:
            read.notes.append(
                Note(
                    code="rest.pages",
                    message=Text(f"共 {fetched.pages} 页。", f"{fetched.pages} pages were read."),
                    facts={"pages": fetched.pages},
                )
            )
        snapshot = _of_bytes(
            read, fetched.sha256, fetched.bytes, location=rest.shown(location), file=file
        )
        return _publish(work, folder, snapshot)


def _read_url(location: str, into: Path, limits: ReadLimits, hints: ReadHints) -> Snapshot:
    # SQLAlchemy takes long to import; only databases need it.
    from kintsugi.engine.reading.database import parse_url, read_database, shown

    url = parse_url(location)
    with _workplace(into) as work:
        read, sha256 = read_database(
            url, into=work, shown_as=shown(url), limits=limits, hints=hints
        )
        folder = into / _folder_name(sha256, hints)
        known = _known(folder)
        if known is not None:
            return known
        snapshot = Snapshot(
            sha256=sha256,
            location=shown(url),
            file_name=url.database or "",
            kind="database",
            bytes=0,
            parser_version=PARSER_VERSION,
            tables=read.tables,
            notes=read.notes,
        )
        return _publish(work, folder, snapshot)


def _read_bytes(
    path: Path, work: Path, file: str, limits: ReadLimits, hints: ReadHints, *, depth: int
) -> Read:
    """Reads a file by what it is. ``depth`` counts the archives around it."""
    kind = sniff(path, file=file)
    if kind == "gzip":
        if depth:
            raise errors.nested(file)
        inner = work / "unpacked"
        gunzip(path, inner, file=file, limits=limits)
        if inner.stat().st_size == 0:
            raise errors.empty(file)
        read = _read_bytes(inner, work, file.removesuffix(".gz"), limits, hints, depth=1)
        remove(inner)
        return read
    if kind in ("zip", "tar", "mail"):
        if depth and not (kind == "tar" and depth == 1):
            raise errors.nested(file)
        return _read_members(kind, path, work, file, limits, hints)
    if kind == "text":
        return read_delimited(
            path, into=work, name=Path(file).stem, file=file, limits=limits, hints=hints
        )
    if kind in ("picture", "pdf"):
        # Pictures bring OCR and OpenCV; nothing else needs them.
        try:
            from kintsugi.engine.paper.read import read_paper
        except ImportError as error:
            raise errors.no_ocr(file, str(error)) from error
        return read_paper(kind, path, into=work, name=Path(file).stem, file=file, limits=limits)
    if kind == "json":
        from kintsugi.engine.reading.objects import read_objects

        return read_objects(
            path, into=work, name=Path(file).stem, file=file, limits=limits, hints=hints
        )
    if kind == "sqlite":
        from kintsugi.engine.reading.database import check_sqlite, read_database, sqlite_url

        check_sqlite(path, file=file)
        read, _ = read_database(
            sqlite_url(path.absolute()), into=work, shown_as=file, limits=limits, hints=hints
        )
        read.kind = "sqlite"
        return read
    if kind == "xml":
        from kintsugi.engine.reading import xmlrecords

        root = xmlrecords.parse_xml(path, file=file)
        if xmlrecords.is_workbook(root):
            sheets = xmlrecords.workbook_sheets(root, file=file, limits=limits)
            return _write_sheets(Read("xml"), sheets, work, file, limits)
        return xmlrecords.read_xml(
            root, into=work, name=Path(file).stem, file=file, limits=limits, hints=hints
        )
    return _read_sheets(kind, path, work, file, limits, hints)


def _read_members(
    kind: str, path: Path, work: Path, file: str, limits: ReadLimits, hints: ReadHints
) -> Read:
    """The tables of all members of an archive or mail, numbered through. One alone is read as if
    it had come by itself."""
    from kintsugi.engine.reading.archive import ARCHIVES, members

    whole, only, count = Read(kind), None, 0
    skipped: list[str] = []
    refused: list[ReadError] = []
    target, part = work / "member", work / "part"
    for member in members(kind, path, target, file=file, limits=limits, skipped=skipped):
        name, shown = Path(member.name).name, Path(member.name).with_suffix("").as_posix()
        part.mkdir()
        try:
            if target.stat().st_size == 0:
                raise errors.empty(name)
            only = _read_bytes(target, part, name, limits, hints, depth=2)
        except ReadError as error:
            if error.code in _STOPS:
                raise
            refused.append(error)
            skipped.append(member.name)
        else:
            count += 1
            _adopt(only, part, work, whole, shown, limits, file)
        shutil.rmtree(part)
        remove(target)
    if count == 0:
        if len(refused) == 1 and len(skipped) == 1:
            raise refused[0]
        if any(name.lower().endswith(ARCHIVES) for name in skipped):
            raise errors.nested(file, member=skipped[0])
        raise errors.archive_members(file, skipped)
    if count == 1 and only is not None:
        whole.kind, whole.encoding, whole.dialect = only.kind, only.encoding, only.dialect
        for table, plain in zip(whole.tables, only.tables, strict=True):
            table.name = plain.name
    if skipped:
        whole.notes.append(
            Note(
                code="archive.skipped",
                message=Text("有文件不是表格，未读取。", "Some files are no tables; not read."),
                facts={"files": skipped[:50], "count": len(skipped)},
            )
        )
    return whole


def _adopt(
    read: Read, part: Path, work: Path, whole: Read, shown: str, limits: ReadLimits, file: str
) -> None:
    """Moves the tables of one member behind those that are there already."""
    if len(whole.tables) + len(read.tables) > limits.max_tables:
        raise errors.too_many(
            file,
            Text("表", "tables"),
            count=len(whole.tables) + len(read.tables),
            limit=limits.max_tables,
        )
    for table in read.tables:
        index = len(whole.tables)
        for end in ("", ".cells", ".aside"):
            (part / f"t{table.index}{end}.parquet").rename(work / f"t{index}{end}.parquet")
        name = shown if len(read.tables) == 1 else f"{shown}/{table.name}"
        whole.tables.append(table.model_copy(update={"index": index, "name": name}))
    whole.notes += [
        n.model_copy(update={"facts": {**n.facts, "member": shown}}) for n in read.notes
    ]


def _read_sheets(
    kind: str, path: Path, work: Path, file: str, limits: ReadLimits, hints: ReadHints
) -> Read:
    read = Read(kind)
    sheets: Iterator[Sheet]
    if kind == "html":
        read.encoding, sheets = read_html(path, file=file, limits=limits, hints=hints)
    elif kind == "xlsx":
        sheets = read_workbook(path, file=file, limits=limits, wanted=hints.tables)
    else:
        # Calamine is only needed for formats that this package does not read itself.
        from kintsugi.engine.reading.legacy import read_legacy

        sheets = read_legacy(path, kind, file=file, limits=limits, wanted=hints.tables)
        read.notes.append(
            Note(
                code="workbook.plain",
                message=Text(
                    "该格式只读取单元格文字，不含合并、批注和隐藏行信息。",
                    "Of this format only cell texts are read: no merges, comments or hidden rows.",
                ),
                facts={"kind": kind},
            )
        )
    return _write_sheets(read, sheets, work, file, limits)


def _write_sheets(
    read: Read, sheets: Iterator[Sheet], work: Path, file: str, limits: ReadLimits
) -> Read:
    for sheet in sheets:
        tables, notes = write_sheet(
            sheet, into=work, index=len(read.tables), limits=limits, file=file
        )
        read.tables += tables
        read.notes += notes
    if not read.tables:
        raise errors.empty(file, sheets=[n.facts.get("sheet") for n in read.notes])
    return read


def _check(path: Path, limits: ReadLimits) -> int:
    """Size in bytes of a readable regular file; each other thing is refused by name."""
    name = str(path)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise errors.missing(name) from None
    except PermissionError:
        raise errors.forbidden(name) from None
    except (OSError, ValueError):
        raise errors.missing(name) from None
    if stat.S_ISDIR(status.st_mode):
        raise errors.is_folder(name)
    if not stat.S_ISREG(status.st_mode):
        raise errors.not_a_file(name)
    if not os.access(path, os.R_OK):
        raise errors.forbidden(name)
    if status.st_size == 0:
        raise errors.empty(name)
    if status.st_size > limits.max_bytes:
        raise errors.too_large(name, status.st_size, limits.max_bytes)
    return status.st_size


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except PermissionError:
        raise errors.forbidden(str(path)) from None


def _copy(source: Path, target: Path) -> str:
    """Copies the bytes and returns their sha256."""
    digest = hashlib.sha256()
    with source.open("rb") as stream, target.open("wb") as out:
        while block := stream.read(MIB):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def _folder_name(sha256: str, hints: ReadHints) -> str:
    mark = hints.digest()
    return f"{sha256}-{mark}" if mark else sha256


def _known(folder: Path) -> Snapshot | None:
    """The snapshot that is there already, if this version of the parser made it."""
    if not (folder / MANIFEST).exists():
        return None
    try:
        snapshot = open_snapshot(folder)
    except KintsugiError:
        return None
    return snapshot if snapshot.parser_version == PARSER_VERSION else None


def _renamed(snapshot: Snapshot, path: Path) -> Snapshot:
    """The same bytes under another name keep their snapshot; the answer bears the new name."""
    facts: dict[str, object] = {"location": str(path), "file_name": path.name}
    if snapshot.kind == "text" and path.name != snapshot.file_name:
        stem = Path(path.name.removesuffix(".gz")).stem
        facts["tables"] = [t.model_copy(update={"name": stem}) for t in snapshot.tables]
    return snapshot.model_copy(update=facts)


def _publish(work: Path, folder: Path, snapshot: Snapshot) -> Snapshot:
    """Makes the finished directory visible under its name, in one step."""
    with (work / MANIFEST).open("w", encoding="utf-8") as out:
        out.write(snapshot.model_dump_json(indent=1))
        out.flush()
        os.fsync(out.fileno())
    # One at a time: who finishes second must find the first one's directory, never take it from
    # under those who read in it already.
    with _alone_in(folder.parent):
        if known := _known(folder):
            return known
        if folder.exists():
            stale = work.with_name(f"{work.name}.stale")
            folder.rename(stale)
            shutil.rmtree(stale, ignore_errors=True)
        work.rename(folder)
    return snapshot.model_copy(update={"path": folder})


@contextmanager
def _alone_in(into: Path) -> Iterator[None]:
    """Holds the lock of the directory itself: no file of a lock is left in it."""
    held = os.open(into, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


@contextmanager
def _workplace(into: Path) -> Iterator[Path]:
    """A directory to write in; removed unless it was renamed away."""
    work = into / f".reading-{uuid.uuid4().hex}"
    lock = work.with_name(f"{work.name}.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            work.mkdir()
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            remove(lock)


def clean(into: Path) -> None:
    """Removes what killed readers left behind: work directories whose lock nobody holds."""
    for work in into.glob(".reading-*"):
        if not work.is_dir():
            continue
        lock = work.with_name(f"{work.name}.lock")
        try:
            with lock.open("a") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(work, ignore_errors=True)
                remove(lock)
        except BlockingIOError:
            continue
