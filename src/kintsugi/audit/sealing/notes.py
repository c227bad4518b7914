"""The signed notes: what exactly is signed, as text that people and other programs read.

A note is lines ``name value``, the first of which says what it is; its hash is the SHA-256 of the
UTF-8 text. ``docs/explanation/log-format.md`` holds the format.
"""

import datetime as dt
import json
from hashlib import sha256

CHECKPOINT = "kintsugi checkpoint v1"
COSIGNATURE = "kintsugi cosignature v1"
KEY = "kintsugi key v1"
#: What the first checkpoint names as the one before it.
NOTHING = "0" * 64


def note(title: str, **values: object) -> str:
    """The text of a note; each value on one line."""
    lines = [title]
    for name, value in values.items():
        text = str(value)
        assert "\n" not in text, "a value takes one line"
        lines.append(f"{name} {text}")
    return "\n".join(lines) + "\n"


def parse(body: str) -> dict[str, str]:
    """The values of a note by name, and its first line as ``title``."""
    title, *lines = body.rstrip("\n").split("\n")
    return {"title": title, **dict(line.partition(" ")[::2] for line in lines)}


def hash_of(body: str) -> str:
    """The note's hash in hex."""
    return sha256(body.encode()).hexdigest()


def micros(at: dt.datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def moment(micros: int) -> dt.datetime:
    """The time of these microseconds."""
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)


def checkpoint_note(
    *,
    number: int,
    epoch: int,
    size: int,
    root: str,
    at: dt.datetime,
    system: str,
    horizon: int,
    guard: str,
    previous: str,
    key: str,
    reason: str = "",
) -> str:
    """What a checkpoint says; ``reason`` stands in the first one of a later epoch."""
    values: dict[str, object] = {
        "number": number,
        "epoch": epoch,
        "size": size,
        "root": root,
        "at": micros(at),
        "system": system,
        "horizon": horizon,
        "guard": guard,
        "previous": previous,
        "key": key,
    }
    if reason:
        values["reason"] = json.dumps(reason, ensure_ascii=False)
    return note(CHECKPOINT, **values)


def cosignature_note(*, checkpoint: str, epoch: int, size: int, at: dt.datetime, key: str) -> str:
    """What a witness says about a checkpoint, named by its hash."""
    return note(COSIGNATURE, checkpoint=checkpoint, epoch=epoch, size=size, at=micros(at), key=key)


def key_note(*, role: str, public: bytes, at: dt.datetime, endorsed_by: str) -> str:
    """What the older key says about the newer one; the first key of a role says it itself."""
    return note(KEY, role=role, public=public.hex(), at=micros(at), endorsed_by=endorsed_by or "-")
