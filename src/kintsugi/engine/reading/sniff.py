"""What a file is, by its first bytes and never by its name."""

import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Final

from kintsugi.engine.reading import errors
from kintsugi.engine.text import Text

_MAGIC: Final = (
    (b"GIF8", Text("GIF 图片", "a GIF picture")),
    (b"MZ", Text("Windows 程序", "a Windows program")),
    (b"\x7fELF", Text("Linux 程序", "a Linux program")),
    (b"Rar!", Text("RAR 压缩包", "a RAR archive")),
    (b"7z\xbc\xaf", Text("7-Zip 压缩包", "a 7-Zip archive")),
    (b"BZh", Text("bzip2 压缩文件", "a bzip2 file")),
    (b"\xfd7zXZ", Text("xz 压缩文件", "an xz file")),
    (b"\x28\xb5\x2f\xfd", Text("zstd 压缩文件", "a zstd file")),
    (b"PAR1", Text("Parquet 文件", "a Parquet file")),
    (b"{\\rtf", Text("RTF 文档", "an RTF document")),
)
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
# What zipfile raises for archives that are damaged in one way or another.
BROKEN_ZIP: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    OSError,
)
_XML: Final = re.compile(rb"<(?:\?xml|!--|!doctype|[a-z_][\w.:-]*[\s/>])")
_MAIL: Final = re.compile(rb"(?:From [^\n]*\n)?[A-Za-z][A-Za-z0-9-]*:[ \t]")
_MAIL_FIELD: Final = re.compile(
    rb"^(from|to|subject|date|received|mime-version|message-id|content-type|return-path):",
    re.IGNORECASE | re.MULTILINE,
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sniff(path: Path, *, file: str) -> str:
    """text, html, json, xml, xlsx, xlsb, xls, ods, sqlite, gzip, zip, tar, mail, picture or pdf.
    Raises ``reading.wrong-type``, ``.password`` or ``.damaged``."""
    with path.open("rb") as stream:
        head = stream.read(8192)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(path, file)
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head.startswith(_OLE):
        return _ole(path, file)
    if head[257:262] == b"ustar":
        return "tar"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if _picture(head):
        return "picture"
    for mark, found in _MAGIC:
        if head.startswith(mark) and (len(mark) > 2 or b"\0" in head[:64]):
            raise errors.wrong_type(file, found)
    return _text(head, file)


def _picture(head: bytes) -> bool:
    """PNG, JPEG, TIFF, WebP or BMP: two letters alone are no BMP, its reserved bytes are."""
    return (
        head.startswith(_PICTURES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == bytes(4) and len(head) > 26)
    )


def _text(head: bytes, file: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    if wide:
        start = head[2:].replace(b"\0", b"").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head")) or (
        start.startswith(b"<")
        and b"<table" in start
        and b"urn:schemas-microsoft" not in start[:200]
    ):
        return "html"
    if start.startswith(b"<"):
        if b"<html" in start and b"<table" in start:
            return "html"
        return "xml" if _XML.match(start) else "text"
    if start.startswith((b'{"', b'[{"', b"{\n", b"[\n", b"[{")) and b'":' in start:
        return "json"
    return "mail" if _MAIL.match(head) and len(set(_MAIL_FIELD.findall(head))) > 2 else "text"


def _zip(path: Path, file: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mime = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mime = archive.read("mimetype")
    except BROKEN_ZIP as error:
        raise errors.damaged(file, str(error)) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if mime.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    for part, found in (
        ("word/document.xml", Text("Word 文档", "a Word document")),
        ("ppt/presentation.xml", Text("PowerPoint 文档", "a PowerPoint document")),
    ):
        if part in names:
            raise errors.wrong_type(file, found)
    return "zip"


def _ole(path: Path, file: str) -> str:
    """Old Office files: the directory of streams tells a workbook from the rest."""
    data = path.read_bytes()[: 64 << 20]

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        raise errors.password(file)
    if holds("Workbook") or holds("Book"):
        return "xls"
    found = (
        Text("Word 文档", "a Word document")
        if holds("WordDocument")
        else Text("旧版 Office 文件", "an old Office file")
    )
    raise errors.wrong_type(file, found)
