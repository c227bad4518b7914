"""How the sealed log stands: for the command line, the API and the page."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.db import connection

from kintsugi.audit.models import (
    Checkpoint,
    Cosignature,
    Epoch,
    SealKey,
    TimeStamp,
    Verification,
)
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.acceptance import is_accepted
from kintsugi.audit.sealing.lines import LAST
from kintsugi.audit.sealing.memory import sealer_memory, witness_storage
from kintsugi.audit.sealing.store import last_checkpoint
from kintsugi.audit.sealing.witness import storage_facts
from kintsugi.core.queries import query


def seal_status() -> dict[str, Any]:
    """The newest checkpoint, what is not sealed yet, witness, epochs, keys and the last
    verification; a bounded number of queries whatever the log's size."""
    last = last_checkpoint()
    waiting, oldest = unsealed(last)
    witness = Cosignature.objects.order_by("-checkpoint_id").first()
    stamp = TimeStamp.objects.order_by("-checkpoint_id").first()
    verified = Verification.objects.order_by("-at").first()
    return {
        "checkpoint": _checkpoint(last) if last else None,
        "unsealed": waiting,
        "unsealed_since": oldest,
        "rolled_back": _rolled_back(),
        "guard_accepted": is_accepted(services.home()),
        "witness": {
            "checkpoint": witness.checkpoint_id,
            "at": witness.at,
            "key": witness.key,
            "behind": (last.number if last else 0) - witness.checkpoint_id,
        }
        if witness
        else None,
        "time_stamp": {
            "checkpoint": stamp.checkpoint_id,
            "at": stamp.at,
            "authority": stamp.authority,
        }
        if stamp
        else None,
        "epochs": [
            {"number": e.number, "at": e.at, "actor": e.actor, "reason": e.reason}
            for e in Epoch.objects.order_by("number")[:50]
        ],
        "keys": [
            {"role": k.role, "fingerprint": k.fingerprint, "at": k.at}
            for k in SealKey.objects.order_by("role", "id")[:50]
        ],
        "verification": {
            "at": verified.at,
            "since": verified.since,
            "state": verified.state,
            "verdicts": verified.verdicts,
        }
        if verified
        else None,
    }


def witness_here(storage: Path | None = None) -> dict[str, Any] | None:
    """What a witness on this machine knows, None where there is none."""
    return storage_facts(storage or witness_storage(services.home()))


def recent_checkpoints(limit: int = 20) -> list[dict[str, Any]]:
    """The newest checkpoints, each with whether a witness has cosigned it."""
    found = Checkpoint.objects.select_related("epoch").order_by("-number")[:limit]
    cosigned = set(
        Cosignature.objects.filter(checkpoint__in=[one.number for one in found]).values_list(
            "checkpoint_id", flat=True
        )
    )
    return [{**_checkpoint(one), "cosigned": one.number in cosigned} for one in found]


def unsealed(last: Checkpoint | None) -> tuple[int, dt.datetime | None]:
    """How many changes are not sealed yet, and the time of the oldest."""
    place = {"xid": -1, "change": LAST, "after": 0}
    if last is not None:
        place = {
            "xid": last.cursor_xid,
            "change": last.cursor_change,
            "after": last.epoch.after_change,
        }
    with connection.cursor() as cursor:
        cursor.execute(query("audit", "unsealed"), place)
        count, oldest = cursor.fetchone()
    return count, oldest


def _checkpoint(one: Checkpoint) -> dict[str, Any]:
    return {
        "number": one.number,
        "epoch": one.epoch_id,
        "size": one.size,
        "root": one.root,
        "at": one.at,
        "key": one.key,
        "fingerprint": one.fingerprint,
    }


def _rolled_back() -> bool:
    """Whether the home folder remembers a checkpoint that the database does not have."""
    known = sealer_memory(services.home()).last()
    if known is None:
        return False
    here = Checkpoint.objects.filter(number=known["number"]).first()
    return here is None or here.fingerprint != known["hash"]
