"""Files within a file: the members of zip and tar archives and the attachments of a mail.

Each member is a name and its bytes, unpacked in bounded time and space, one after the other.
"""

import email
import email.errors
import email.policy
import errno
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Final

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import MIB, ReadLimits
from kintsugi.engine.reading.unpack import copy_bounded, guard
from kintsugi.engine.text import Text

_TABLES: Final = (
    ".csv", ".tsv", ".tab", ".txt", ".dat", ".prn", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods",
    ".db", ".sqlite", ".sqlite3", ".json", ".ndjson", ".jsonl", ".xml", ".html", ".htm", ".gz",
)  # fmt: skip
ARCHIVES: Final = (".zip", ".rar", ".7z", ".tar", ".tgz", ".tar.gz", ".eml")
_MAIL_BYTES: Final = 256 * MIB
_BROKEN_MAIL: Final = (
    ValueError, LookupError, TypeError, AttributeError, RecursionError, email.errors.MessageError,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A file within a file. ``path`` holds its bytes until the next one is asked for."""

    name: str
    path: Path


def members(
    kind: str, source: Path, target: Path, *, file: str, limits: ReadLimits, skipped: list[str]
) -> Iterator[Member]:
    """The members that may be tables, by the endings of their names; the names of the others go
    to ``skipped``. ``target`` takes the bytes. Raises ``reading.truncated``, ``.bomb``,
    ``.password``, ``.nested-archive``, ``.too-many``."""
    found = {"zip": _zipped, "tar": _tarred, "mail": _attached}[kind]
    yield from found(source, target, file, limits, skipped)


def is_table(name: str, skipped: list[str]) -> bool:
    """Whether a member's name speaks for a table; if not, it is noted in ``skipped``."""
    low = Path(name).name.lower()
    if low.startswith((".", "~$")) or name.startswith("__MACOSX/"):
        return False
    if low.endswith(_TABLES) and not low.endswith(ARCHIVES):
        return True
    skipped.append(name)
    return False


def _bounded(count: int, file: str, limits: ReadLimits) -> None:
    if count > limits.max_tables:
        raise errors.too_many(
            file, Text("压缩包中的文件", "files in the archive"), count=count,
            limit=limits.max_tables,
        )  # fmt: skip


def _zipped(
    source: Path, target: Path, file: str, limits: ReadLimits, skipped: list[str]
) -> Iterator[Member]:
    packed = unpacked = 0
    with zipfile.ZipFile(source) as archive:
        # Not is_dir(): it fails where a name is empty.
        named = [m for m in archive.infolist() if not m.filename.endswith("/")]
        wanted = [m for m in named if is_table(_name(m), skipped)]
        _bounded(len(wanted), file, limits)
        for member in wanted:
            name = _name(member)
            if member.flag_bits & 1:
                raise errors.password(file)
            packed += member.compress_size
            unpacked += member.file_size
            guard(file, packed, unpacked, limits, member=name)
            with _damage(file, name), archive.open(member) as stream, target.open("wb") as out:
                copy_bounded(stream, out, file=file, packed=packed, limits=limits)
            yield Member(name, target)


def _name(member: zipfile.ZipInfo) -> str:
    """The name as it was meant: without the mark of UTF-8 a Chinese system writes GB18030."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _tarred(
    source: Path, target: Path, file: str, limits: ReadLimits, skipped: list[str]
) -> Iterator[Member]:
    size, unpacked, count = source.stat().st_size, 0, 0
    with _damage(file, ""), tarfile.open(source, "r:") as archive:
        while True:
            with _damage(file, ""):
                member = archive.next()
            if member is None:
                return
            if not member.isfile() or not is_table(member.name, skipped):
                continue
            count += 1
            _bounded(count, file, limits)
            unpacked += member.size
            guard(file, size, unpacked, limits, member=member.name)
            with _damage(file, member.name):
                stream: IO[bytes] | None = archive.extractfile(member)
                if stream is None:
                    continue
                with target.open("wb") as out:
                    copy_bounded(stream, out, file=file, packed=size, limits=limits)
            yield Member(member.name, target)


def _attached(
    source: Path, target: Path, file: str, limits: ReadLimits, skipped: list[str]
) -> Iterator[Member]:
    size = source.stat().st_size
    if size > _MAIL_BYTES:
        raise errors.too_large(file, size, _MAIL_BYTES)
    try:
        message = email.message_from_bytes(source.read_bytes(), policy=email.policy.default)
        parts = list(message.walk())
    except _BROKEN_MAIL as error:
        raise errors.damaged(file, str(error)) from error
    count = 0
    for part in parts:
        try:
            name, data = _part(part)
        except _BROKEN_MAIL:
            skipped.append("?")
            continue
        if not data or not is_table(name, skipped):
            continue
        count += 1
        _bounded(count, file, limits)
        target.write_bytes(data)
        yield Member(name, target)


def _part(part: EmailMessage) -> tuple[str, bytes]:
    """Name and bytes of an attachment, or of a body that is a page with a table."""
    if part.is_multipart():
        return "", b""
    name = part.get_filename() or ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return "", b""
    if not name:
        page = part.get_content_type() == "text/html" and re.search(rb"<table", data, re.I)
        return ("mail.html", data) if page else ("", b"")
    return Path(name.replace("\\", "/")).name, data


@contextmanager
def _damage(file: str, member: str) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError,
        ValueError, RuntimeError,
    ) as error:  # fmt: skip
        raise errors.truncated(file, member=member, detail=str(error)[:300]) from error
    except OSError as error:
        # A directory of members that points outside of the file.
        if error.errno not in (errno.EINVAL, None):
            raise
        raise errors.truncated(file, member=member, detail=str(error)[:300]) from error
