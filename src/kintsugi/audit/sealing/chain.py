"""Is the chain of checkpoints whole: signed by known keys, each naming the one before, and none
missing that was once remembered outside the database."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from kintsugi.audit.findings import Finding
from kintsugi.audit.models import Checkpoint, Epoch, SealKey
from kintsugi.audit.sealing import notes
from kintsugi.audit.sealing.keys import fingerprint, is_signed, read_key, seal_key_file
from kintsugi.audit.sealing.memory import Memory
from kintsugi.core.errors import Text
from kintsugi.runtime.home import Home

CHECKPOINTS = "audit_checkpoint"


def about(kind: str, checkpoint: Checkpoint, zh: str, en: str, **facts: Any) -> Finding:
    """A finding about a checkpoint."""
    return Finding(
        "tree", f"tree.{kind}", CHECKPOINTS, str(checkpoint.number), checkpoint.at,
        Text(zh, en), facts,
    )  # fmt: skip


def check_keys(home: Home) -> Iterator[Finding]:
    """Every sealing key is endorsed by one before it, or begins an epoch; the newest is ours."""
    known: dict[str, SealKey] = {}
    first_of_epoch = {
        Checkpoint.objects.filter(epoch=number).order_by("number").values_list("key", flat=True)[0]
        for number in Epoch.objects.filter(checkpoint__isnull=False)
        .distinct()
        .values_list("number", flat=True)
    }
    newest: SealKey | None = None
    for key in SealKey.objects.filter(role="sealer").order_by("id"):
        newest = key
        signer = known.get(key.endorsed_by) if key.endorsed_by else key
        sound = (
            fingerprint(bytes(key.public)) == key.fingerprint
            and notes.parse(key.body).get("public") == bytes(key.public).hex()
            and signer is not None
            and is_signed(
                body=key.body, signature=key.endorsement or b"", public=bytes(signer.public)
            )
        )
        begins = not key.endorsed_by and (not known or key.fingerprint in first_of_epoch)
        known[key.fingerprint] = key
        if not sound or not (key.endorsed_by or begins):
            yield _about_key(
                "key-forged", key,
                "封存密钥没有得到前一个密钥的认可。",
                "A sealing key is not endorsed by the one before it.",
            )  # fmt: skip
    ours = read_key(seal_key_file(home))
    if newest is not None and ours is not None and ours.fingerprint != newest.fingerprint:
        yield _about_key(
            "key-foreign", newest,
            "数据库中最新的封存密钥不是本机的密钥。",
            "The newest sealing key in the database is not that of this machine.",
            ours=ours.fingerprint,
        )  # fmt: skip


def _about_key(kind: str, key: SealKey, zh: str, en: str, **facts: Any) -> Finding:
    return Finding(
        "tree", f"tree.{kind}", "audit_seal_key", key.fingerprint, key.at, Text(zh, en), facts
    )


def check_checkpoints(start: Checkpoint | None) -> Iterator[Finding]:
    """Every checkpoint says what was signed and follows the one before it, from ``start`` on."""
    keys = {key.fingerprint: key for key in SealKey.objects.filter(role="sealer")}
    epochs = {epoch.number: epoch for epoch in Epoch.objects.all()}
    before: Checkpoint | None = None
    number = start.number if start else 0
    for checkpoint in Checkpoint.objects.filter(number__gte=number).order_by("number").iterator():
        yield from _check_one(checkpoint, keys)
        if not (before is None and start is not None):
            yield from _check_step(before, checkpoint, epochs)
        before = checkpoint


def _check_one(checkpoint: Checkpoint, keys: Mapping[str, SealKey]) -> Iterator[Finding]:
    key = keys.get(checkpoint.key)
    if key is None or not is_signed(
        body=checkpoint.body, signature=checkpoint.signature, public=bytes(key.public)
    ):
        yield about(
            "checkpoint-forged", checkpoint,
            f"检查点 {checkpoint.number} 的签名不成立。",
            f"The signature of checkpoint {checkpoint.number} does not hold.",
            key=checkpoint.key,
        )  # fmt: skip
        return
    signed = notes.parse(checkpoint.body)
    told = {
        "title": notes.CHECKPOINT,
        "number": str(checkpoint.number),
        "epoch": str(checkpoint.epoch_id),
        "size": str(checkpoint.size),
        "root": checkpoint.root,
        "at": str(notes.micros(checkpoint.at)),
        "guard": checkpoint.guard,
        "key": checkpoint.key,
    }
    wrong = sorted(name for name, value in told.items() if signed.get(name) != value)
    if wrong or notes.hash_of(checkpoint.body) != checkpoint.fingerprint:
        yield about(
            "checkpoint-changed", checkpoint,
            f"检查点 {checkpoint.number} 的内容与其签名不符。",
            f"What checkpoint {checkpoint.number} says is not what was signed.",
            fields=wrong,
        )  # fmt: skip


def _check_step(
    before: Checkpoint | None, checkpoint: Checkpoint, epochs: Mapping[int, Epoch]
) -> Iterator[Finding]:
    """The step from one checkpoint to the next; a new epoch follows what it says was lost."""
    signed = notes.parse(checkpoint.body)
    begins = before is None or before.epoch_id != checkpoint.epoch_id
    if begins and before is not None:
        epoch = epochs[checkpoint.epoch_id]
        wanted = ((epoch.lost_number or 0) + 1, epoch.lost_hash)
        shrinks = epoch.lost_number is None or epoch.lost_number < before.number
    else:
        wanted = (before.number + 1, before.fingerprint) if before else (1, notes.NOTHING)
        shrinks = before is not None and checkpoint.size < before.size
    if (checkpoint.number, signed.get("previous")) != wanted:
        missing = checkpoint.number - wanted[0]
        kind = "checkpoint-missing" if missing > 0 else "chain-broken"
        yield about(
            kind, checkpoint,
            f"检查点 {checkpoint.number} 不接续它之前的检查点"
            + (f",缺少 {missing} 个。" if missing > 0 else "。"),
            f"Checkpoint {checkpoint.number} does not follow the one before it"
            + (f"; {missing} are missing." if missing > 0 else "."),
            wanted=wanted[0],
        )  # fmt: skip
    elif shrinks:
        yield about(
            "chain-broken", checkpoint,
            f"检查点 {checkpoint.number} 的日志比之前的短。",
            f"The log of checkpoint {checkpoint.number} is shorter than before it.",
        )  # fmt: skip


def check_memory(memory: Memory, *, verifier: str, since: dt.datetime | None) -> Iterator[Finding]:
    """Every checkpoint remembered outside the database is still in it. What an epoch declared
    lost is missing with a reason."""
    here = dict(Checkpoint.objects.values_list("number", "fingerprint"))
    newest = max(here, default=0)
    last = (memory.last() or {"number": 0})["number"]
    declared = [
        (
            Checkpoint.objects.filter(epoch__lt=epoch.number)
            .order_by("-number")
            .values_list("number", flat=True)
            .first()
            or 0,
            epoch.lost_number or 0,
        )
        for epoch in Epoch.objects.filter(number__gt=1)
    ]
    for entry in memory.entries():
        number = entry["number"]
        if here.get(number) == entry["hash"]:
            continue
        if any(low < number <= high for low, high in declared):
            continue
        at = notes.moment(int(notes.parse(entry["body"])["at"]))
        back = number > newest
        # A database that is behind is so now, whenever the lost part was sealed; and the newest
        # remembered one, through the chain of hashes, speaks for all before it.
        if since is not None and at < since and not back and number != last:
            continue
        yield Finding(
            verifier,
            f"{verifier}.{'rolled-back' if back else 'checkpoint-replaced'}",
            CHECKPOINTS,
            str(number),
            at,
            Text(
                f"数据库中没有检查点 {number}:数据库被回退或恢复过。",
                f"Checkpoint {number} is not in the database: it was rolled back or restored.",
            )
            if back
            else Text(
                f"检查点 {number} 与当初封存的不同:日志被改写过。",
                f"Checkpoint {number} is not the one that was sealed: the log was rewritten.",
            ),
            {"size": entry["size"], "hash": entry["hash"]},
        )


def check_system() -> Iterator[Finding]:
    """The database lives in the cluster that its epoch began in."""
    epoch = Epoch.objects.order_by("-number").first()
    if epoch is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("select system_identifier::text from pg_control_system()")
        system = cursor.fetchone()[0]
    if system != epoch.system:
        yield Finding(
            "tree",
            "tree.rolled-back",
            "audit_epoch",
            str(epoch.number),
            epoch.at,
            Text(
                "这是数据库的另一个副本:它被恢复到了另一个服务器。",
                "This is another copy of the database: it was restored into another server.",
            ),
            {"system": system, "expected": epoch.system},
        )
