"""The log as a file that verifies without the product, and the proof of one change."""

import base64
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kintsugi.audit.models import Checkpoint, Cosignature, LeafRun, SealKey
from kintsugi.audit.sealing import verify_export
from kintsugi.audit.sealing.lines import lines
from kintsugi.audit.sealing.refusals import nothing_sealed
from kintsugi.audit.sealing.store import inclusion_of, last_checkpoint, place_of
from kintsugi.audit.sealing.verifiers import one_snapshot, start_of


def export_log(path: Path, *, since: dt.datetime | None, at: dt.datetime) -> dict[str, Any]:
    """Write all sealed changes (``since``: those of the checkpoints from then on) into a file.

    Returns how many changes and checkpoints it holds. The file appears whole or not at all.
    Raises KintsugiError ``audit.nothing-sealed``.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    told = {"changes": 0, "checkpoints": 0}
    try:
        with one_snapshot(), draft.open("wb") as out:
            for line in _lines(since, at, told):
                out.write(line)
                out.write(b"\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return told


def _lines(since: dt.datetime | None, at: dt.datetime, told: dict[str, int]) -> Iterator[bytes]:
    """The file line by line: header, keys, then each checkpoint behind its changes."""
    start, last = start_of(since), last_checkpoint()
    if last is None:
        raise nothing_sealed()
    header = {
        "format": verify_export.FORMAT,
        "at": at.isoformat(),
        "from": start.number if start else None,
        "last": last.number,
    }
    yield _mark("kintsugi", header)
    for key in SealKey.objects.order_by("role", "id"):
        yield _mark("key", _key(key))
    if start is not None:
        peaks = base64.b64encode(bytes(start.peaks)).decode()
        yield _mark("from", {"size": start.size, "peaks": peaks, "checkpoint": _signed(start)})
    epoch = start.epoch_id if start else None
    newer = Checkpoint.objects.filter(number__gt=start.number if start else 0)
    for checkpoint in newer.order_by("number").iterator():
        if checkpoint.epoch_id != epoch:
            epoch = checkpoint.epoch_id
            yield _mark("epoch", {"number": epoch})
        for run in LeafRun.objects.filter(checkpoint=checkpoint).order_by("first").iterator(16):
            for some in lines(place_of(run)):
                yield from some
                told["changes"] += len(some)
            hashes = base64.b64encode(bytes(run.hashes)).decode()
            yield _mark("hashes", {"first": run.first, "count": run.count, "hashes": hashes})
        told["checkpoints"] += 1
        yield _mark("checkpoint", {**_signed(checkpoint), "cosignatures": _cosigned(checkpoint)})
    yield _mark("end", {"changes": told["changes"]})


def proof_of(change_id: int) -> dict[str, Any]:
    """The proof that a change is sealed, as JSON that ``verify_export.py`` reads.

    Raises KintsugiError as ``store.inclusion_of`` does.
    """
    with one_snapshot():
        found = inclusion_of(change_id)
        return {
            "format": verify_export.PROOF,
            "line": found.line.decode(),
            "index": found.index,
            "path": [one.hex() for one in found.path],
            "checkpoint": _signed(found.checkpoint),
            "cosignatures": _cosigned(found.checkpoint),
            "keys": [_key(key) for key in SealKey.objects.order_by("role", "id")],
        }


def _mark(name: str, value: dict[str, Any]) -> bytes:
    """A line that is no change."""
    return f"#{name} {json.dumps(value, ensure_ascii=False)}".encode()


def _signed(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"body": checkpoint.body, "signature": bytes(checkpoint.signature).hex()}


def _cosigned(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    return [
        {"key": one.key, "body": one.body, "signature": bytes(one.signature).hex()}
        for one in Cosignature.objects.filter(checkpoint=checkpoint).order_by("pk")
    ]


def _key(key: SealKey) -> dict[str, Any]:
    return {
        "role": key.role,
        "fingerprint": key.fingerprint,
        "public": bytes(key.public).hex(),
        "body": key.body,
        "endorsed_by": key.endorsed_by,
        "endorsement": bytes(key.endorsement or b"").hex(),
    }
