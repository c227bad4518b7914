"""Key rings of an installation: what is signed or encrypted with, outside database and repository.

A ring is a file with one key a line, the newest first: the first key signs and encrypts, every key
still verifies and decrypts. Rotating puts a new key in front and keeps so many of the old ones that
nothing made with them is lost at once.
"""

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.runtime import faults

KEPT_AFTER_ROTATION = 2


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class Ring:
    """One kind of key: its file below the home, the environment variable that replaces the file
    (keys separated by commas), and how a key is made."""

    file: str
    variable: str
    make: Callable[[], str]
    purpose: Text


RINGS = {
    "signing": Ring(
        "secret_key",
        "KINTSUGI_SECRET",
        lambda: secrets.token_urlsafe(64),
        Text(
            "签名会话、CSRF 令牌与消息。", "signs sessions, CSRF tokens and messages between pages."
        ),
    ),
    "second-factor": Ring(
        "second_factor_keys",
        "KINTSUGI_SECOND_FACTOR_KEYS",
        _fernet_key,
        Text(
            "加密保存动态口令密钥与恢复码。",
            "encrypts the secrets of authenticator apps and recovery codes at rest.",
        ),
    ),
}


def keys(home: Path, name: str) -> list[str]:
    """The keys of a ring, the newest first; the first is made when there is none."""
    ring = RINGS[name]
    if given := os.environ.get(ring.variable):
        return [key.strip() for key in given.split(",") if key.strip()]
    path = home / ring.file
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process made it in the same moment
            return path.read_text("ascii").split()
        with os.fdopen(handle, "w") as file:
            file.write(ring.make())
    return path.read_text("ascii").split()


def rotate(home: Path, name: str) -> list[str]:
    """Put a new key in front and keep the two before it. Returns the ring.

    Raises KintsugiError ``secrets.unknown`` for a name that is no ring and ``secrets.from-outside``
    when the environment holds the keys: then they are rotated where they are kept.
    """
    ring = RINGS.get(name)
    if ring is None:
        raise KintsugiError(
            "secrets.unknown",
            Text(f"没有名为“{name}”的密钥。", f"There is no secret “{name}”."),
            Text(f"可选:{'、'.join(RINGS)}。", f"Choose one of {', '.join(RINGS)}."),
            name=name,
        )
    if os.environ.get(ring.variable):
        raise KintsugiError(
            "secrets.from-outside",
            Text(
                f"此密钥由环境变量 {ring.variable} 提供。",
                f"This secret is given by the environment variable {ring.variable}.",
            ),
            Text(
                "请在其保管处轮换:新密钥放在最前面,用逗号与旧密钥分开。",
                "Rotate it where it is kept: the new key first, then the old ones, after commas.",
            ),
            name=name,
            variable=ring.variable,
        )
    path = home / ring.file
    kept = [ring.make(), *keys(home, name)[:KEPT_AFTER_ROTATION]]
    with faults.os_refusals(path):
        draft = path.with_name(f".{path.name}.new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(kept) + "\n")
        draft.replace(path)  # never half a ring
    return kept
