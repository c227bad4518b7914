"""Signing keys (Ed25519, RFC 8032) in files that only their owner reads."""

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.runtime.home import Home

SEAL_KEY = "seal-key"


@dataclass(frozen=True)
class Key:
    """A private key; ``public`` has 32 bytes, ``fingerprint`` is its SHA-256 in hex."""

    private: Ed25519PrivateKey
    public: bytes
    fingerprint: str

    def sign(self, body: str) -> bytes:
        """The signature over a note's body, 64 bytes."""
        return self.private.sign(body.encode())


def fingerprint(public: bytes) -> str:
    """The name of a public key: what people write down and compare."""
    return sha256(public).hexdigest()


def is_signed(*, body: str, signature: bytes | memoryview, public: bytes) -> bool:
    """Whether this key signed this body."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes(public)).verify(bytes(signature), body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(path: Path) -> Key | None:
    """The key in a file, None where there is none. Raises KintsugiError ``audit.bad-key``."""
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error
    try:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
    except ValueError as error:
        raise _unreadable(path) from error
    public = private.public_key().public_bytes_raw()
    return Key(private, public, fingerprint(public))


def make_key(path: Path) -> Key:
    """A new key in a new file of mode 0600, or the one that is there: the first maker wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    made = read_key(path)
    assert made is not None, "the key was written a moment ago"
    return made


def seal_key_file(home: Home) -> Path:
    """Where the sealer's key lies."""
    return home.secrets / SEAL_KEY


def next_key_file(home: Home) -> Path:
    """Where a key waits that is endorsed but not yet in use."""
    return home.secrets / f"{SEAL_KEY}.next"


def _unreadable(path: Path) -> KintsugiError:
    return KintsugiError(
        "audit.bad-key",
        Text("签名密钥文件无法读取。", "The file of the signing key cannot be read."),
        Text(
            "请从备份恢复该文件(权限 0600);若已丢失,用 kintsugi audit new-epoch 开始新纪元。",
            "Restore it from a backup (mode 0600); if it is lost, begin a new epoch with kintsugi "
            "audit new-epoch.",
        ),
        file=str(path),
    )
