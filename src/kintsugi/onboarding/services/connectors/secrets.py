"""Secrets of connectors: kept outside the database, named in it.

``env:KINTSUGI_SOURCE_X`` is an environment variable (only of this prefix: a connector must not
carry off others), ``file:x`` the file ``secrets/x`` of the installation's home.
"""

import os
import re
from pathlib import Path

from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text

PREFIX = "KINTSUGI_SOURCE_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_BYTES_MAX = 16 * 1024


def check_reference(reference: str) -> None:
    """Raise KintsugiError ``connector.secret`` for what names no secret."""
    kind, _, name = reference.partition(":")
    right = bool(_NAME.fullmatch(name)) and kind in ("env", "file")
    if not right or (kind == "env" and not name.startswith(PREFIX)):
        raise _refusal(
            Text("密钥须以引用给出,不能直接填写。", "A secret is given by reference, not itself.")
        )


def resolve(reference: str) -> str:
    """The secret itself; empty for an empty reference. Raises KintsugiError ``connector.secret``;
    no message holds the secret."""
    if not reference:
        return ""
    check_reference(reference)
    kind, _, name = reference.partition(":")
    if kind == "env":
        if name not in os.environ:
            raise _refusal(Text(f"没有环境变量 {name}。", f"There is no variable {name}."))
        return os.environ[name]
    path = folder() / name
    try:
        if path.is_symlink():
            raise OSError("a link")
        with path.open("rb") as stream:
            return stream.read(_BYTES_MAX).decode().strip()
    except (OSError, UnicodeDecodeError):
        raise _refusal(
            Text(f"读不到密钥文件 secrets/{name}。", f"The file secrets/{name} cannot be read.")
        ) from None


def keep_secret(name: str, value: str) -> str:
    """Write a secret into the home, readable for its owner only; its reference."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    path, fresh = folder() / name, folder() / f".{name}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(value)
    fresh.replace(path)
    return f"file:{name}"


def folder() -> Path:
    """Where secrets lie."""
    return Path(settings.HOME) / "secrets"


def _refusal(message: Text) -> KintsugiError:
    return KintsugiError(
        "connector.secret",
        message,
        Text(
            f"写成 env:{PREFIX}名称 或 file:文件名(位于 KINTSUGI_HOME/secrets)。",
            f"Write env:{PREFIX}NAME, or file:NAME for a file in KINTSUGI_HOME/secrets.",
        ),
        field="secret",
    )
