"""The keys that authenticate transaction contexts; kept in the home folder, never in the database.

One file, ``secrets/context-keys`` (mode 0600): a list of keys, each with an id made of its hash and
the time it was made. The last one makes tokens, all of them check them. Where several machines
write to one database they share this file.
"""

import datetime as dt
import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.runtime.home import Home

FILE = "context-keys"
LOCK_TIMEOUT_S = 30


@dataclass(frozen=True)
class ContextKey:
    """One key: ``key_id`` stands in every token it made, ``secret`` nowhere but in the file."""

    key_id: str
    secret: bytes
    made_at: dt.datetime


def context_keys() -> Sequence[ContextKey]:
    """All keys, oldest first; the first is made on first use.

    Read again only when the file changed, so that a rotation reaches running processes.
    """
    path = key_file()
    try:
        seen = path.stat()
    except FileNotFoundError:
        _make_first(path)
        seen = path.stat()
    return _read(path, seen.st_mtime_ns, seen.st_ino)


def known_keys() -> Sequence[ContextKey]:
    """All keys, oldest first; none where this machine has no key file. Makes nothing."""
    return context_keys() if key_file().exists() else ()


def rotate(*, at: dt.datetime) -> ContextKey:
    """Add a new key and return it; tokens of older ones stay valid for the time before ``at``."""
    home = Home(settings.HOME)
    with home.locked(LOCK_TIMEOUT_S):
        keys = [*context_keys(), _new_key(at)]
        path = key_file()
        _write(_draft_of(path), keys).replace(path)
    return keys[-1]


def key_file() -> Path:
    """Where the keys are."""
    return Home(settings.HOME).secrets / FILE


def _new_key(at: dt.datetime) -> ContextKey:
    secret = secrets.token_bytes(32)
    return ContextKey(hashlib.sha256(secret).hexdigest()[:8], secret, at)


def _make_first(path: Path) -> None:
    """The first key. It counts from the epoch: there is no earlier one it took over from."""
    Home(settings.HOME).prepare()
    draft = _write(_draft_of(path), [_new_key(dt.datetime.fromtimestamp(0, dt.UTC))])
    try:
        with suppress(FileExistsError):
            os.link(draft, path)  # the first of two makers wins, and never half a file
    finally:
        draft.unlink(missing_ok=True)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}-{uuid.uuid4().hex}")


def _write(path: Path, keys: Sequence[ContextKey]) -> Path:
    body = [
        {"id": key.key_id, "secret": key.secret.hex(), "made_at": key.made_at.isoformat()}
        for key in keys
    ]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        json.dump(body, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    return path


@lru_cache(maxsize=4)
def _read(path: Path, _changed_ns: int, _inode: int) -> Sequence[ContextKey]:
    try:
        kept: list[dict[str, Any]] = json.loads(path.read_text("ascii"))
        keys = tuple(
            ContextKey(one["id"], bytes.fromhex(one["secret"]), _moment(one["made_at"]))
            for one in kept
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    if not keys or any(len(key.secret) < 32 for key in keys):
        raise _damaged(path)
    return keys


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _damaged(path: Path) -> KintsugiError:
    return KintsugiError(
        "audit.context-keys-damaged",
        Text("上下文密钥文件已损坏。", "The file of context keys is damaged."),
        Text(
            "请从备份恢复该文件;若无备份,把它移开,系统会生成新密钥,旧事务的令牌将无法核验。",
            "Restore the file from a backup. Without one, move it away: a new key is made, and the "
            "tokens of earlier transactions can no longer be checked.",
        ),
        path=str(path),
    )
