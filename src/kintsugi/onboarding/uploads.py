"""Files on their way in: each upload in a folder of its own until it is imported or forgotten."""

import json
import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from kintsugi.core.errors import KintsugiError, Text

MANIFEST = "upload.json"
NAME_CHARS = 160
FILES_MAX = 50
#: An upload nobody imported is forgotten after a day.
KEEP_S = 24 * 3600

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069]')


def safe_name(name: str) -> str:
    """A file name without folders, control and direction characters; never empty or hidden."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    clean = _NOT_IN_NAMES.sub("_", last).strip(" .")
    if len(clean) > NAME_CHARS:
        stem, dot, ending = clean.rpartition(".")
        keep = ending if dot and len(ending) < 10 else ""
        clean = (stem or clean)[: NAME_CHARS - len(keep) - 1] + (f".{keep}" if keep else "")
    return clean or "file"


@dataclass
class Item:
    """One file of an upload: its snapshot's folder, or the error that left it without one."""

    name: str
    bytes: int
    snapshot: str = ""
    error: Mapping[str, Any] | None = None


@dataclass
class Batch:
    """The files of one upload, and who sent them."""

    id: str
    user: str
    items: list[Item] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return Path(settings.UPLOAD_ROOT) / self.id

    def free_name(self, name: str) -> str:
        """The safe name, numbered where the upload has it already."""
        clean = safe_name(name)
        stem, dot, ending = clean.rpartition(".")
        number, free = 2, clean
        while (self.folder / free).exists() or free == MANIFEST:
            free = f"{stem or clean} ({number}){dot}{ending if stem else ''}"
            number += 1
        return free

    def write(self) -> None:
        """Keep the list of files beside them."""
        temporary = self.folder / f"{MANIFEST}.tmp"
        content = {"user": self.user, "items": [asdict(item) for item in self.items]}
        temporary.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        temporary.rename(self.folder / MANIFEST)

    def discard(self) -> None:
        """Remove the files; their bytes stay in the snapshots that were taken."""
        shutil.rmtree(self.folder, ignore_errors=True)


def new_batch(user: str) -> Batch:
    """An empty upload with its folder."""
    batch = Batch(uuid4().hex, user)
    batch.folder.mkdir(parents=True, mode=0o700)
    return batch


def open_batch(batch_id: str, *, user: str) -> Batch | None:
    """The upload with this id that this person sent; None when there is none."""
    if not re.fullmatch(r"[0-9a-f]{32}", batch_id):
        return None
    try:
        path = Path(settings.UPLOAD_ROOT) / batch_id / MANIFEST
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if content["user"] != user:
        return None
    return Batch(batch_id, user, [Item(**item) for item in content["items"]])


def forget_old(*, now_s: float) -> None:
    """Remove uploads that nobody imported within a day."""
    root = Path(settings.UPLOAD_ROOT)
    if not root.is_dir():
        return
    for folder in root.iterdir():
        if folder.is_dir() and now_s - folder.stat().st_mtime > KEEP_S:
            shutil.rmtree(folder, ignore_errors=True)


class StoredFile(UploadedFile):  # type: ignore[type-arg]  # not generic at run time
    """An uploaded file that lies in its upload's folder already."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(None, path.name, None, size, None)
        self.path = path


class StoreHandler(FileUploadHandler):
    """Writes each file of a request straight into the upload's folder, up to the limit in all."""

    def __init__(self, request: Any, batch: Batch) -> None:
        super().__init__(request)
        self.batch = batch
        self.total = 0
        self.refused: KintsugiError | None = None
        self._file: BinaryIO | None = None
        self._path = Path()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open the next file under a safe name."""
        super().new_file(*args, **kwargs)
        self._path = self.batch.folder / self.batch.free_name(self.file_name or "")
        self._file = self._path.open("xb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write a chunk; stop the upload at the limit."""
        self.total += len(raw_data)
        if self.total > settings.UPLOAD_MAX_BYTES:
            self._stop(too_large())
        if start == 0 and is_program(raw_data):
            self._stop(a_program(self.file_name or ""))
        assert self._file is not None, "new_file comes first"
        self._file.write(raw_data)
        return None

    def _stop(self, refused: KintsugiError) -> NoReturn:
        self.refused = refused
        self._close()
        raise StopUpload(connection_reset=False)

    def file_complete(self, file_size: int) -> StoredFile:
        """The file as the form sees it."""
        self._close()
        return StoredFile(self._path, file_size)

    def upload_interrupted(self) -> None:
        """The connection ended in the middle."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def is_program(head: bytes) -> bool:
    """Whether a file's first bytes are those of an executable (PE, ELF, Mach-O): never a table, and
    not wanted on the server. What is no table otherwise is refused by the readers, by name."""
    if head[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        return True
    return head[:2] == b"MZ" and b"\0" in head[:64]  # a text may begin with MZ, too


def a_program(name: str) -> KintsugiError:
    """The refusal of an executable."""
    return KintsugiError(
        "upload.program",
        Text(f"“{safe_name(name)}”是可执行程序。", f"“{safe_name(name)}” is a program."),
        Text("请上传数据文件:CSV、Excel 或 SQLite。", "Upload data: CSV, Excel or SQLite."),
        file=safe_name(name),
    )


def too_large() -> KintsugiError:
    """The refusal of an upload beyond the limit."""
    limit = f"{settings.UPLOAD_MAX_BYTES / 1024**3:.1f} GiB"
    return KintsugiError(
        "upload.too-large",
        Text(f"上传超过 {limit} 的上限。", f"The upload exceeds the limit of {limit}."),
        Text(
            "请分批上传,或压缩为 .gz 后上传,或在服务器上用 kintsugi import 导入。",
            "Upload in parts, compress to .gz, or use kintsugi import on the server.",
        ),
        limit=settings.UPLOAD_MAX_BYTES,
    )


def nothing_chosen() -> KintsugiError:
    """The refusal of an upload without files."""
    return KintsugiError(
        "upload.no-file",
        Text("没有选择文件。", "No file was chosen."),
        Text("请选择至少一个文件。", "Choose at least one file."),
        field="files",
    )


def too_many(count: int) -> KintsugiError:
    """The refusal of more files than one page can show."""
    return KintsugiError(
        "upload.too-many-files",
        Text(f"一次最多上传 {FILES_MAX} 个文件。", f"At most {FILES_MAX} files at a time."),
        Text("请分批上传。", "Upload them in parts."),
        files=count,
    )
