"""The witness: another key, another folder, in production another machine and person.

It cosigns a checkpoint only when that continues the ones it has seen, and keeps every checkpoint
and every leaf hash in files of its own. So a log that was rewritten by somebody who holds the
sealing key still differs from what the witness remembers, row by row.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.models import Checkpoint, Cosignature, LeafRun, SealKey
from kintsugi.audit.sealing import chain, notes, services, tree
from kintsugi.audit.sealing.keys import Key, fingerprint, is_signed, make_key, read_key
from kintsugi.audit.sealing.leaves import compare
from kintsugi.audit.sealing.lines import lines
from kintsugi.audit.sealing.memory import Memory, remembered, witness_memory, witness_storage
from kintsugi.audit.sealing.store import Nodes, leaf_hashes, place_of, split
from kintsugi.audit.sealing.verifiers import one_snapshot, start_of
from kintsugi.core.errors import KintsugiError, Text

#: Checkpoints that one call looks at.
MOST = 10_000


@dataclass(frozen=True)
class Watched:
    """What one call of ``watch`` did."""

    fingerprint: str
    cosigned: int
    last: dict[str, Any] | None


@dataclass
class Witness:
    """A witness with its storage folder; ``accept`` names what a person has compared by hand:
    fingerprints of unendorsed keys, numbers of new epochs (``epoch-2``)."""

    storage: Path
    accept: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        self.memory: Memory = witness_memory(self.storage)

    def watch(self, *, at: dt.datetime) -> Watched:
        """Look at every new checkpoint and cosign those that continue the known ones.

        Raises KintsugiError ``witness.key-replaced``, ``witness.refused`` (facts: checkpoint,
        why); what was refused stays uncosigned, and the refusal is kept in the storage.
        """
        self.storage.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = self._key(at)
        last = self.memory.last()
        self._still_there(last, at)
        cosigned = 0
        newer = Checkpoint.objects.filter(number__gt=last["number"] if last else 0)
        for checkpoint in newer.order_by("number")[:MOST]:
            self._judge(checkpoint, last, at)
            peaks = self._keep_leaves(checkpoint, last, at)
            entry = remembered(
                body=checkpoint.body, key=checkpoint.key, signature=bytes(checkpoint.signature)
            ) | {"peaks": b"".join(peaks).hex()}
            self.memory.append(entry)
            last = entry
            self._cosign(checkpoint, key, at)
            cosigned += 1
        if last is not None and not cosigned:
            # A witness that died between its own file and the database says it again.
            self._cosign(Checkpoint.objects.get(pk=last["number"]), key, at)
        return Watched(key.fingerprint, cosigned, last)

    def leaves_file(self, epoch: int) -> Path:
        """The leaf hashes of an epoch, 32 bytes each."""
        return self.storage / f"epoch-{epoch}.leaves"

    def _key(self, at: dt.datetime) -> Key:
        """The witness's own key. It is made once; a storage or a database that knows another one
        is refused, since a replaced witness would forget."""
        path = self.storage / "witness-key"
        pinned = self.storage / "witness-key.fingerprint"
        begun = pinned.exists() or self.memory.path.exists()
        key = read_key(path) if begun else make_key(path)
        expected = pinned.read_text("ascii").strip() if pinned.exists() else None
        if key is None or (expected is not None and key.fingerprint != expected):
            raise _key_replaced(expected, key.fingerprint if key else None)
        known = set(SealKey.objects.filter(role="witness").values_list("fingerprint", flat=True))
        if known and key.fingerprint not in known and key.fingerprint not in self.accept:
            raise _key_replaced(", ".join(sorted(known)), key.fingerprint)
        if expected is None:
            pinned.write_text(key.fingerprint + "\n", "ascii")
        if key.fingerprint not in known:
            body = notes.key_note(role="witness", public=key.public, at=at, endorsed_by="")
            services.add_witness_key(public=key.public, at=at, body=body, signature=key.sign(body))
        return key

    def _still_there(self, last: dict[str, Any] | None, at: dt.datetime) -> None:
        """What was cosigned must still be in the database, unless an epoch says it was lost."""
        if last is None:
            return
        here = Checkpoint.objects.filter(number=last["number"]).first()
        if here is not None and here.fingerprint == last["hash"]:
            return
        follower = Checkpoint.objects.filter(number=last["number"] + 1).first()
        if (
            here is None
            and follower is not None
            and notes.parse(follower.body).get("previous") == last["hash"]
        ):
            return
        newest = Checkpoint.objects.order_by("-number").first()
        if here is None and (newest is None or newest.number < last["number"]):
            self._refuse(last["number"], "rolled-back", at)
        self._refuse(last["number"], "rewritten", at)

    def _judge(self, checkpoint: Checkpoint, last: dict[str, Any] | None, at: dt.datetime) -> None:
        """Refuse a checkpoint that is forged or does not continue the last one."""
        number = checkpoint.number
        signed = notes.parse(checkpoint.body)
        public = self._trusted(checkpoint.key)
        if public is None:
            self._refuse(number, "unknown-key", at, key=checkpoint.key)
        elif (
            not is_signed(body=checkpoint.body, signature=checkpoint.signature, public=public)
            or signed["key"] != checkpoint.key
        ):
            self._refuse(number, "forged", at)
        told = (int(signed["number"]), int(signed["epoch"]), int(signed["size"]), signed["root"])
        if told != (number, checkpoint.epoch_id, checkpoint.size, checkpoint.root):
            self._refuse(number, "forged", at)
        wanted = (last["number"] + 1, last["hash"]) if last else (1, notes.NOTHING)
        if (number, signed["previous"]) != wanted:
            self._refuse(number, "chain-broken", at)
        if last is None or last["epoch"] == checkpoint.epoch_id:
            old, old_root = (last["size"], notes.parse(last["body"])["root"]) if last else (0, "")
            if old and not self._continues(old, old_root, checkpoint):
                self._refuse(number, "inconsistent", at)
        elif f"epoch-{checkpoint.epoch_id}" not in self.accept:
            self._refuse(number, "new-epoch", at, epoch=checkpoint.epoch_id)

    def _continues(self, old: int, old_root: str, checkpoint: Checkpoint) -> bool:
        """Whether the consistency proof from the last checkpoint holds."""
        if checkpoint.size < old:
            return False
        try:
            path = tree.consistency_proof(old, checkpoint.size, Nodes(checkpoint.epoch_id))
        except KintsugiError:
            return False
        return tree.is_consistent(
            old, bytes.fromhex(old_root), checkpoint.size, bytes.fromhex(checkpoint.root), path
        )

    def _trusted(self, name: str) -> bytes | None:
        """The public key of this name if we know it: the first one seen, one endorsed by a known
        one, or one that a person accepted. Kept in the storage, so that it cannot be swapped."""
        keys = Memory(self.storage / "seal-keys.jsonl")
        known = {entry["fingerprint"]: bytes.fromhex(entry["public"]) for entry in keys.entries()}
        if name in known:
            return known[name]
        row = SealKey.objects.filter(fingerprint=name, role="sealer").first()
        if row is None or notes.parse(row.body).get("public") != bytes(row.public).hex():
            return None
        signer = known.get(row.endorsed_by)
        endorsed = signer is not None and is_signed(
            body=row.body, signature=row.endorsement or b"", public=signer
        )
        if not (endorsed or not known or name in self.accept):
            return None
        public = bytes(row.public)
        keys.append({"fingerprint": fingerprint(public), "public": public.hex()})
        return public if fingerprint(public) == name else None

    def _keep_leaves(
        self, checkpoint: Checkpoint, last: dict[str, Any] | None, at: dt.datetime
    ) -> list[bytes]:
        """Append the new leaf hashes, after making sure that they give the signed root; returns
        the peaks of the tree, from which the next call goes on."""
        same = last is not None and last["epoch"] == checkpoint.epoch_id
        peaks = split(bytes.fromhex(last["peaks"])) if same and last else []
        growth = tree.Growth(last["size"] if same and last else 0, peaks)
        descriptor = os.open(self.leaves_file(checkpoint.epoch_id), os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            # What a crash left behind the last checkpoint goes.
            file.seek(file.truncate(growth.size * tree.HASH_BYTES))
            for block in leaf_hashes(checkpoint.epoch_id, growth.size, checkpoint.size):
                growth.extend(split(block))
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if (growth.size, growth.root().hex()) != (checkpoint.size, checkpoint.root):
            self._refuse(checkpoint.number, "inconsistent", at)
        return growth.peaks

    def _cosign(self, checkpoint: Checkpoint, key: Key, at: dt.datetime) -> None:
        if Cosignature.objects.filter(checkpoint=checkpoint, key=key.fingerprint).exists():
            return
        body = notes.cosignature_note(
            checkpoint=checkpoint.fingerprint,
            epoch=checkpoint.epoch_id,
            size=checkpoint.size,
            at=at,
            key=key.fingerprint,
        )
        services.add_cosignature(
            checkpoint=checkpoint, key=key.fingerprint, at=at, body=body, signature=key.sign(body)
        )

    def _refuse(self, number: int, why: str, at: dt.datetime, **facts: Any) -> None:
        """Keep the refusal, then raise it."""
        entry = {"checkpoint": number, "why": why, "at": at.isoformat(), **facts}
        refusals = Memory(self.storage / "refusals.jsonl")
        before = refusals.last()
        if before is None or {**before, "at": ""} != {**entry, "at": ""}:
            refusals.append(entry)
        zh, en = REFUSED[why]
        raise KintsugiError(
            "witness.refused",
            Text(
                f"见证方拒绝检查点 {number}:{zh}。",
                f"The witness refuses checkpoint {number}: {en}.",
            ),
            REMEDY,
            checkpoint=number,
            why=why,
            **facts,
        )


REFUSED = {
    "rolled-back": (
        "数据库中已没有它见证过的检查点",
        "what it cosigned is no longer in the database",
    ),
    "rewritten": ("它见证过的检查点被替换", "what it cosigned was replaced"),
    "unknown-key": (
        "签名密钥未经已知密钥认可",
        "its key is not endorsed by a key that is known",
    ),
    "forged": ("签名不成立", "its signature does not hold"),
    "chain-broken": ("它不接续上一个检查点", "it does not follow the last one"),
    "inconsistent": ("日志的旧内容被改写", "what was sealed before was rewritten"),
    "new-epoch": ("新纪元须由人确认", "a new epoch needs a person's word"),
}
REMEDY = Text(
    "请查明原因;若确已恢复数据库或更换密钥,核对指纹后用 kintsugi witness --accept epoch-N"
    "(或密钥指纹)确认。",
    "Find out why. If the database was restored or the key replaced, compare the fingerprints and "
    "say so with kintsugi witness --accept epoch-N (or the key's fingerprint).",
)


def _key_replaced(expected: str | None, found: str | None) -> KintsugiError:
    return KintsugiError(
        "witness.key-replaced",
        Text("见证密钥与先前的不同或已丢失。", "The witness's key is not the one before, or lost."),
        Text(
            "请从备份恢复见证方的文件夹;若确要换用新的见证方,用 --accept 给出其密钥指纹。",
            "Restore the witness's folder from its backup; to take a new witness on purpose, give "
            "its key's fingerprint with --accept.",
        ),
        expected=expected,
        found=found,
    )


class WitnessVerifier:
    """What the witness remembers is still in the database, and its cosignatures hold."""

    name = "witness"

    def __init__(self, storage: Path | None = None) -> None:
        self.storage = storage or witness_storage(services.home())
        self.checked = 0

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Its checkpoints, its leaf hashes against the changes themselves, its cosignatures."""
        witness = Witness(self.storage)
        with one_snapshot():
            start = start_of(since)
            last = witness.memory.last()
            if last is None and not Cosignature.objects.exists():
                if not Checkpoint.objects.exists():
                    return
                raise Inconclusive(NO_WITNESS)
            yield from chain.check_memory(witness.memory, verifier=self.name, since=since)
            yield from self._cosignatures(start)
            yield from self._refusals(since)
            if last is not None:
                yield from self._leaves(witness, last, start)

    def _cosignatures(self, start: Checkpoint | None) -> Iterator[Finding]:
        keys = {k.fingerprint: bytes(k.public) for k in SealKey.objects.filter(role="witness")}
        pinned = self.storage / "witness-key.fingerprint"
        if pinned.exists() and pinned.read_text("ascii").strip() not in keys:
            yield Finding(
                *(self.name, "witness.key-replaced", "audit_seal_key"),
                pinned.read_text("ascii").strip(),
                None,
                Text("见证密钥已不在数据库中。", "The witness's key is no longer in the database."),
            )
        rows = Cosignature.objects.select_related("checkpoint").order_by("checkpoint_id")
        for one in rows.filter(checkpoint__number__gt=start.number if start else 0).iterator():
            public = keys.get(one.key)
            says = notes.parse(one.body).get("checkpoint")
            sound = public is not None and is_signed(
                body=one.body, signature=one.signature, public=public
            )
            if not sound or says != one.checkpoint.fingerprint:
                yield Finding(
                    *(self.name, "witness.cosignature-forged", "audit_cosignature"),
                    str(one.checkpoint_id),
                    one.at,
                    Text(
                        f"检查点 {one.checkpoint_id} 的见证签名不成立。",
                        f"The cosignature of checkpoint {one.checkpoint_id} does not hold.",
                    ),
                )

    def _refusals(self, since: dt.datetime | None) -> Iterator[Finding]:
        """A refusal stands until a later checkpoint was cosigned."""
        refused = Memory(self.storage / "refusals.jsonl").last()
        last = witness_memory(self.storage).last()
        if refused is None or (last and last["number"] > refused["checkpoint"]):
            return
        if last and last["number"] == refused["checkpoint"]:
            here = Checkpoint.objects.filter(number=last["number"]).first()
            if here is not None and here.fingerprint == last["hash"]:
                return
        zh, en = REFUSED[refused["why"]]
        yield Finding(
            *(self.name, f"witness.{refused['why']}", chain.CHECKPOINTS),
            str(refused["checkpoint"]),
            dt.datetime.fromisoformat(refused["at"]),
            Text(f"见证方拒绝了检查点:{zh}。", f"The witness refused a checkpoint: {en}."),
        )

    def _leaves(
        self, witness: Witness, last: dict[str, Any], start: Checkpoint | None
    ) -> Iterator[Finding]:
        """Every change against the hash that the witness keeps of it."""
        numbers = range(start.epoch_id if start else 1, last["epoch"] + 1)
        for epoch in numbers:
            path = witness.leaves_file(epoch)
            if not path.exists():
                continue
            first = start.size if start is not None and start.epoch_id == epoch else 0
            with path.open("rb") as file:
                for run in LeafRun.objects.filter(epoch=epoch, first__gte=first).iterator(64):
                    file.seek(run.first * tree.HASH_BYTES)
                    kept = file.read(run.count * tree.HASH_BYTES)
                    self.checked += len(kept) // tree.HASH_BYTES
                    if kept == bytes(run.hashes[: len(kept)]):
                        continue  # the tree's verifier holds the run against the changes
                    found = [line for some in lines(place_of(run)) for line in some]
                    yield from compare(split(kept), found, run, verifier=self.name)


NO_WITNESS = Text(
    "没有见证方:在另一台机器上以另一账户运行 kintsugi witness。",
    "There is no witness: run kintsugi witness on another machine under another account.",
)


def storage_facts(storage: Path) -> dict[str, Any] | None:
    """The witness's last checkpoint and last refusal, None where it has none on this machine."""
    last = witness_memory(storage).last()
    if last is None:
        return None
    refused = Memory(storage / "refusals.jsonl").last()
    return {"last": json.loads(json.dumps(last)), "refused": refused}
