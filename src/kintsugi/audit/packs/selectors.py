"""Reads of the register of packs."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

from kintsugi.audit.packs.models import EvidencePack
from kintsugi.audit.packs.services import pack_path, progress_key
from kintsugi.core.access import PERSONAL, require
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.lookups import by_number


def packs() -> QuerySet[EvidencePack]:
    """All packs that stand, newest first."""
    return EvidencePack.objects.filter(is_void=False).order_by("-asked_at")


def pack_by_number(number: str) -> EvidencePack:
    """A pack by its number or id. Raises NotFound."""
    found = by_number(packs(), number)
    if found is None:
        raise NotFound(Text("证据包", "evidence pack"), number)
    return found


def progress_of(pack: EvidencePack) -> dict[str, Any] | None:
    """What is being done right now: ``done, total, zh, en``; None when nothing is known."""
    told = cache.get(progress_key(pack))
    return told if isinstance(told, dict) else None


def pack_file(pack: EvidencePack) -> Path:
    """The file of a pack, compared with its hash in the register.

    Raises AccessDenied for a pack that shows personal data to whoever may not read it, and
    KintsugiError ``pack.not-ready``, ``pack.file-gone`` or ``pack.file-changed``.
    """
    if pack.shows_personal:
        require(PERSONAL)
    if pack.status != "ready":
        raise KintsugiError(
            "pack.not-ready",
            Text(f"证据包 {pack.number} 尚未完成。", f"Evidence pack {pack.number} is not ready."),
            Text("请稍后再下载。", "Download it when it is."),
            pack=pack.number,
            status=pack.status,
        )
    path = pack_path(pack.number)
    again = Text("请重新生成一份。", "Make another one.")
    if not path.is_file():
        raise KintsugiError(
            "pack.file-gone",
            Text(
                f"证据包 {pack.number} 的文件已不在服务器上。",
                f"The file of evidence pack {pack.number} is no longer on the server.",
            ),
            again,
            pack=pack.number,
        )
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != pack.file_sha256:
        raise KintsugiError(
            "pack.file-changed",
            Text(
                f"证据包 {pack.number} 的文件与登记册中的哈希不符,拒绝交付。",
                f"The file of evidence pack {pack.number} is not the one in the register; it is "
                "not handed out.",
            ),
            Text(
                "保留该文件供调查,并重新生成一份。",
                "Keep the file for the inquiry and make another pack.",
            ),
            pack=pack.number,
            registered=pack.file_sha256,
            found=sha256,
        )
    return path
