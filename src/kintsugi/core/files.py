"""Papers that people hand in: kept by their content under ``KINTSUGI_HOME/files``, never changed.

A row keeps hash and name; the same bytes are kept once. What is read back is checked again.
"""

import hashlib
import os
import re
from pathlib import Path

from django.conf import settings

from kintsugi.core.errors import KintsugiError, NotFound, Text

#: Below what a request may bring along.
FILE_MAX_BYTES = 4 * 1024 * 1024
#: How a file of these begins; anything else is no paper.
BEGINNINGS = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
}
PAPER = Text("文件", "file")


def kind_of(content: bytes) -> str:
    """The media type by how the bytes begin; "" for what is no paper."""
    for kind, beginnings in BEGINNINGS.items():
        if content.startswith(beginnings):
            return kind
    return ""


def keep(content: bytes) -> str:
    """Keep the bytes of a PDF, PNG or JPEG and return their SHA-256; safe to repeat.

    Raises KintsugiError ``file.too-large`` (4 MiB), ``file.kind`` or ``file.empty``.
    """
    if not content:
        raise KintsugiError(
            "file.empty",
            Text("文件是空的。", "The file is empty."),
            Text("重新扫描或另选文件。", "Scan it again or choose another file."),
            field="file",
        )
    if len(content) > FILE_MAX_BYTES:
        raise KintsugiError(
            "file.too-large",
            Text("文件超过 4 MB。", "The file is larger than 4 MB."),
            Text("降低扫描分辨率,或拆分文件。", "Scan it with less resolution, or split it."),
            field="file",
            bytes=len(content),
        )
    if not kind_of(content):
        raise KintsugiError(
            "file.kind",
            Text("只接受 PDF、PNG 或 JPEG。", "Only PDF, PNG and JPEG are taken."),
            Text("转换格式后再上传。", "Convert it and hand it in again."),
            field="file",
        )
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    return sha256


def read(sha256: str) -> bytes:
    """The bytes of this hash. Raises NotFound, or KintsugiError ``file.damaged``."""
    path = _path(sha256)
    if not path.is_file():
        raise NotFound(PAPER, sha256)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise KintsugiError(
            "file.damaged",
            Text("存放的文件已损坏。", "The stored file is damaged."),
            Text("从备份恢复,或重新上传原件。",
                 "Restore it from the backup, or hand the original in again."),
            sha256=sha256,
        )  # fmt: skip
    return content


def clean_name(name: str) -> str:
    """A file's name without folders and control characters, at most 200 characters."""
    bare = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in bare if c.isprintable() and c not in '"<>|:*?').strip()[-200:]


def _path(sha256: str) -> Path:
    assert re.fullmatch(r"[0-9a-f]{64}", sha256), "a file is named by its hash"
    return Path(settings.FILE_ROOT) / sha256[:2] / sha256
