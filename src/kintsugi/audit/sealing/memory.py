"""A file of checkpoints outside the database: what was once sealed cannot be unsaid by it.

One JSON object a line, flushed to the disk before anybody relies on it, only ever appended to.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kintsugi.audit.sealing.notes import hash_of, parse
from kintsugi.runtime.home import Home

CHUNK_BYTES = 1 << 16


class Memory:
    """The append-only file at ``path``; a half-written last line counts as not written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one line and wait until the disk has it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                # A line that a crash cut off: end it, so that ours begins on a line of its own.
                text = b"\n" + text
            os.write(descriptor, text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All lines from the first on."""
        try:
            with self.path.open("rb") as file:
                for line in file:
                    if (entry := _read(line)) is not None:
                        yield entry
        except FileNotFoundError:
            return

    def last(self) -> dict[str, Any] | None:
        """The newest line; reads the end of the file only."""
        try:
            with self.path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                tail = b""
                while end > 0:
                    begin = max(0, end - CHUNK_BYTES)
                    file.seek(begin)
                    tail = file.read(end - begin) + tail
                    end = begin
                    for line in reversed(tail.split(b"\n")[1 if begin else 0 :]):
                        if (entry := _read(line)) is not None:
                            return entry
        except FileNotFoundError:
            pass
        return None


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def remembered(*, body: str, key: str, signature: bytes) -> dict[str, Any]:
    """A checkpoint as one line of such a file."""
    values = parse(body)
    return {
        "number": int(values["number"]),
        "epoch": int(values["epoch"]),
        "size": int(values["size"]),
        "hash": hash_of(body),
        "body": body,
        "key": key,
        "signature": signature.hex(),
    }


def sealer_memory(home: Home) -> Memory:
    """The sealer's own file of checkpoints."""
    return Memory(home.root / "seal" / "checkpoints.jsonl")


def witness_memory(storage: Path) -> Memory:
    """A witness's file of the checkpoints it cosigned."""
    return Memory(storage / "checkpoints.jsonl")


def witness_storage(home: Home) -> Path:
    """Where a witness on this machine keeps its things."""
    return home.root / "witness"
