"""The sealer: the one writer of the sealed log."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from kintsugi.audit.models import (
    Checkpoint,
    Cosignature,
    Epoch,
    Guard,
    LeafRun,
    Node,
    SealKey,
    TimeStamp,
    Verification,
)
from kintsugi.audit.sealing import notes, refusals
from kintsugi.audit.sealing.acceptance import begin_memory, keep_acceptance
from kintsugi.audit.sealing.guard import guard_text
from kintsugi.audit.sealing.keys import (
    Key,
    fingerprint,
    make_key,
    next_key_file,
    read_key,
    seal_key_file,
)
from kintsugi.audit.sealing.lines import LAST, Place, hashed, lines, quiet_planner
from kintsugi.audit.sealing.memory import (
    remembered,
    sealer_memory,
    witness_memory,
    witness_storage,
)
from kintsugi.audit.sealing.store import growth_at, last_checkpoint, last_epoch
from kintsugi.core.queries import query
from kintsugi.runtime.home import Home

#: Any number, the same in all processes: one sealer at a time.
SEAL_LOCK = 5_052_027
#: Roles of the database that add to the sealed log.
SEALER, WITNESS = "kintsugi_sealer", "kintsugi_witness"
#: Leaves of one checkpoint: 64 MB of hashes in memory.
MOST = 2_000_000


@dataclass(frozen=True)
class Sealed:
    """What one call of ``seal`` did: the newest checkpoint, how many changes it added, and
    whether there are more below the horizon than one checkpoint takes."""

    checkpoint: Checkpoint | None
    added: int
    more: bool = False


@dataclass(frozen=True)
class _State:
    """What the sealer starts from, read under its lock in one snapshot."""

    home: Home
    key: Key
    epoch: Epoch
    last: Checkpoint | None
    previous: tuple[int, str]  # number and hash of the checkpoint before
    guard: str
    horizon: int
    system: str


def home() -> Home:
    """The home folder of this installation."""
    return Home(settings.HOME)


def seal(*, at: dt.datetime, most: int = MOST) -> Sealed:
    """Seal all finished changes that are not sealed yet under one new checkpoint.

    Finished means: of a transaction below the horizon, so that none can follow that belongs before
    them. Writes nothing where nothing is new. Everything is one transaction: a sealer that dies
    leaves what was there before. Raises KintsugiError ``audit.sealer-busy`` (retryable),
    ``audit.rolled-back``, ``audit.seal-key-lost``, ``audit.bad-key``.
    """
    with _sealer() as place:
        state = _start(place, at)
        pieces = [_regular(state.epoch, state.last, state.horizon)]
        made, added = _extend(state, pieces, at=at, most=most)
    begin_memory(place)
    if made is None:
        _catch_up(place, state.last)
        return Sealed(state.last, 0)
    _remember(place, made)
    return Sealed(made, added, more=added == most)


def new_epoch(*, actor: str, reason: str, at: dt.datetime) -> Checkpoint:
    """Begin the next epoch after a restore, a roll-back or the loss of the key.

    Its first checkpoint follows the last one known anywhere (database, home folder, witness on
    this machine), carries the reason, and seals whatever the epoch before left unsealed. Raises
    KintsugiError ``audit.no-reason``, ``audit.no-epoch``, ``audit.sealer-busy``.
    """
    if not reason.strip():
        raise refusals.no_reason()
    with _sealer(as_owner=True) as place:
        was, last = last_epoch(), last_checkpoint()
        if was is None or last is None:
            raise refusals.nothing_to_renew()
        key = _new_epochs_key(place, at)
        number, fingerprint_ = _last_known(place, last)
        with connection.cursor() as cursor:
            # Wait for those who write and hold off those who begin: whatever change is there now
            # belongs before the epoch, whatever comes later into it.
            cursor.execute("lock table audit_transaction, audit_change in share mode")
        floor, newest = horizon(), _newest_change()
        epoch = Epoch.objects.create(
            number=was.number + 1,
            at=at,
            actor=actor,
            reason=reason.strip(),
            system=_system(),
            floor_xid=floor,
            after_change=newest,
            lost_number=number,
            lost_hash=fingerprint_,
        )
        state = _State(
            *(place, key, epoch, None, (number, fingerprint_)),
            *(guard_text(), floor, epoch.system),
        )
        made, _ = _extend(
            state, _carried(was, last, newest), at=at, most=LAST, reason=reason.strip()
        )
        assert made is not None, "an epoch begins with a checkpoint"
    _remember(place, made)
    return made


def rotate_key(*, at: dt.datetime) -> SealKey:
    """Take a new sealing key, endorsed by the one so far; later checkpoints carry the new one.

    The new key waits in its own file until the database has it, so that a crash in between loses
    neither. Raises KintsugiError as ``seal`` does.
    """
    with _sealer() as place:
        state = _start(place, at)
        new = make_key(next_key_file(place))
        made = _register(new, at=at, endorser=state.key)
    _finish_rotation(place)
    return made


def accept_guard(*, actor: str, reason: str, using: str = "default") -> bool:
    """Stand behind the triggers, functions and privileges as they are now, in the database and in
    the home folder; False when somebody already does. Raises KintsugiError ``audit.no-reason``."""
    if not reason.strip():
        raise refusals.no_reason()
    text = guard_text(using=using)
    name = notes.hash_of(text)
    begin_memory(home(), using=using)
    _, made = Guard.objects.using(using).get_or_create(
        fingerprint=name,
        defaults={"text": text, "actor": actor, "reason": reason.strip()},
    )
    return keep_acceptance(home(), name, actor=actor, reason=reason.strip()) or made


def add_cosignature(
    *, checkpoint: Checkpoint, key: str, at: dt.datetime, body: str, signature: bytes
) -> Cosignature:
    """Keep what a witness said; once a key and checkpoint."""
    with transaction.atomic():
        work_as(WITNESS)
        made, _ = Cosignature.objects.get_or_create(
            checkpoint=checkpoint,
            key=key,
            defaults={"at": at, "body": body, "signature": signature},
        )
    return made


def add_witness_key(*, public: bytes, at: dt.datetime, body: str, signature: bytes) -> SealKey:
    """Keep a witness's public key, with its own signature over it."""
    with transaction.atomic():
        work_as(WITNESS)
        made, _ = SealKey.objects.get_or_create(
            fingerprint=fingerprint(public),
            defaults={
                "role": "witness",
                "public": public,
                "at": at,
                "body": body,
                "endorsement": signature,
            },
        )
    return made


def add_time_stamp(
    *, checkpoint: Checkpoint, at: dt.datetime, authority: str, response: bytes
) -> TimeStamp:
    """Keep an authority's time stamp over a checkpoint."""
    with transaction.atomic():
        work_as(SEALER)
        return TimeStamp.objects.create(
            checkpoint=checkpoint, at=at, authority=authority, response=response
        )


def keep_verification(
    *,
    at: dt.datetime,
    since: dt.datetime | None,
    actor: str,
    state: str,
    verdicts: list[dict[str, Any]],
) -> Verification:
    """Keep what the verifiers said, for people to see."""
    return Verification.objects.create(
        at=at, since=since, actor=actor, state=state, verdicts=verdicts
    )


# -- the sealer's steps ---------------------------------------------------------------------------


@contextmanager
def _sealer(*, as_owner: bool = False) -> Iterator[Home]:
    """One transaction of the only sealer, with no other rights than it needs unless it has to
    hold off those who write. Raises ``audit.sealer-busy``."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
            if not cursor.fetchone()[0]:
                raise refusals.busy()
        quiet_planner()
        if not as_owner:
            work_as(SEALER)
        yield home()


def work_as(role: str) -> None:
    """Go on with the rights of this role until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(query("audit", "work_as"), [role])


def _start(place: Home, at: dt.datetime) -> _State:
    """Everything the sealer needs, after making sure that the database is the one it knows."""
    last, epoch = last_checkpoint(), last_epoch()
    system = _system()
    _refuse_rolled_back(place, epoch, system)
    below = horizon()
    if epoch is None:
        epoch = Epoch.objects.create(
            number=1, at=at, actor="system", reason="first", system=system,
            floor_xid=0, after_change=0,
        )  # fmt: skip
    key = _current_key(place, at)
    previous = (last.number, last.fingerprint) if last else (0, notes.NOTHING)
    return _State(place, key, epoch, last, previous, guard_text(), below, system)


def _refuse_rolled_back(place: Home, epoch: Epoch | None, system: str) -> None:
    """A database that others know to have been further on, or that is another one."""
    if epoch is not None and epoch.system != system:
        raise refusals.rolled_back(system=system, expected=epoch.system)
    for name, memory in (
        ("home", sealer_memory(place)),
        ("witness", witness_memory(witness_storage(place))),
    ):
        known = memory.last()
        if known is None:
            continue
        here = Checkpoint.objects.filter(number=known["number"]).first()
        if here is None or here.fingerprint != known["hash"]:
            newest = last_checkpoint()
            raise refusals.rolled_back(
                known_by=name,
                known=known["number"],
                database=newest.number if newest else None,
            )


def _current_key(place: Home, at: dt.datetime) -> Key:
    """The key in the home folder, which must be the log's newest; the first is made here."""
    _finish_rotation(place)
    newest = _newest_key("sealer")
    if newest is None:
        key = make_key(seal_key_file(place))
        _register(key, at=at, endorser=None)
        return key
    found = read_key(seal_key_file(place))
    if found is None or found.fingerprint != newest.fingerprint:
        raise refusals.key_lost(
            expected=newest.fingerprint, found=found.fingerprint if found else None
        )
    return found


def _new_epochs_key(place: Home, at: dt.datetime) -> Key:
    """The key of a new epoch: the home's, known already or without anybody's endorsement."""
    _finish_rotation(place)
    key = make_key(seal_key_file(place))
    if not SealKey.objects.filter(fingerprint=key.fingerprint).exists():
        _register(key, at=at, endorser=None)
    return key


def _newest_key(role: str) -> SealKey | None:
    return SealKey.objects.filter(role=role).order_by("-id").first()


def _register(key: Key, *, at: dt.datetime, endorser: Key | None) -> SealKey:
    """Add a public key, signed by the key before it or by itself."""
    body = notes.key_note(
        role="sealer",
        public=key.public,
        at=at,
        endorsed_by=endorser.fingerprint if endorser else "",
    )
    return SealKey.objects.create(
        fingerprint=key.fingerprint,
        role="sealer",
        public=key.public,
        at=at,
        body=body,
        endorsed_by=endorser.fingerprint if endorser else "",
        endorsement=(endorser or key).sign(body),
    )


def _finish_rotation(place: Home) -> None:
    """Put a waiting key into use once the database names it as the newest."""
    waiting = read_key(next_key_file(place))
    newest = _newest_key("sealer")
    if waiting is not None and newest is not None and waiting.fingerprint == newest.fingerprint:
        next_key_file(place).replace(seal_key_file(place))


def _regular(epoch: Epoch, last: Checkpoint | None, horizon: int) -> Place:
    """The finished changes behind the last sealed one."""
    if last is not None and last.epoch_id == epoch.number:
        begin = (last.cursor_xid, last.cursor_change)
    else:
        begin = (epoch.floor_xid - 1, LAST)
    return Place(*begin, horizon - 1, LAST, epoch.after_change)


def _carried(was: Epoch, last: Checkpoint, newest: int) -> list[Place]:
    """What the epoch before had not sealed: later in its order, or added out of its order by a
    cluster whose transaction ids began anew."""
    cursor = (last.cursor_xid, last.cursor_change)
    behind = Place(*cursor, LAST, LAST, was.after_change, newest)
    added = Place(-1, LAST, *cursor, max(last.upto_change, was.after_change), newest)
    return [behind, added]


def _extend(
    state: _State, pieces: list[Place], *, at: dt.datetime, most: int, reason: str = ""
) -> tuple[Checkpoint | None, int]:
    """Add the changes of these places to the tree and sign it; None where nothing is new."""
    same_epoch = state.last is not None and state.last.epoch_id == state.epoch.number
    growth = growth_at(state.last if same_epoch else None)
    before, upto = growth.size, _newest_change()
    runs: list[LeafRun] = []
    nodes: list[tuple[int, int, bytes]] = []
    for piece in pieces:
        rest = piece
        for some in lines(piece, most=most - (growth.size - before)):
            hashes = hashed(some)
            here = rest.until(some[-1])
            runs.append(_run(state.epoch, growth.size, hashes, here, upto))
            nodes += growth.extend(hashes)
            rest = rest.since(some[-1])
    added = growth.size - before
    guard = notes.hash_of(state.guard)
    if not added and not reason and (state.last is None or state.last.guard == guard):
        return None, 0
    end = _end_of(state, pieces, runs)
    body = notes.checkpoint_note(
        number=state.previous[0] + 1,
        epoch=state.epoch.number,
        size=growth.size,
        root=growth.root().hex(),
        at=at,
        system=state.system,
        horizon=state.horizon,
        guard=guard,
        previous=state.previous[1],
        key=state.key.fingerprint,
        reason=reason,
    )
    known = state.last is not None and state.last.guard == guard
    made = Checkpoint.objects.create(
        number=state.previous[0] + 1,
        epoch=state.epoch,
        size=growth.size,
        root=growth.root().hex(),
        at=at,
        guard=guard,
        guard_text="" if known else state.guard,
        body=body,
        fingerprint=notes.hash_of(body),
        key=state.key.fingerprint,
        signature=state.key.sign(body),
        peaks=b"".join(growth.peaks),
        cursor_xid=end[0],
        cursor_change=end[1],
        upto_change=upto,
    )
    for run in runs:
        run.checkpoint = made
    LeafRun.objects.bulk_create(runs, batch_size=64)
    Node.objects.bulk_create(
        (
            Node(epoch=state.epoch.number, level=level, number=number, hash=node)
            for level, number, node in nodes
        ),
        batch_size=2000,
    )
    return made, added


def _end_of(state: _State, pieces: list[Place], runs: list[LeafRun]) -> tuple[int, int]:
    """Where the next changes begin."""
    same_epoch = state.last is not None and state.last.epoch_id == state.epoch.number
    if len(pieces) > 1:  # the first checkpoint of a later epoch
        return state.epoch.floor_xid - 1, LAST
    if runs:
        return runs[-1].to_xid, runs[-1].to_change
    if same_epoch and state.last is not None:
        return state.last.cursor_xid, state.last.cursor_change
    return state.epoch.floor_xid - 1, LAST


def _run(epoch: Epoch, first: int, hashes: list[bytes], here: Place, upto: int) -> LeafRun:
    return LeafRun(
        epoch=epoch.number,
        first=first,
        count=len(hashes),
        hashes=b"".join(hashes),
        from_xid=here.from_xid,
        from_change=here.from_change,
        to_xid=here.to_xid,
        to_change=here.to_change,
        after_change=here.after_change,
        upto_change=min(here.upto_change, upto),
    )


def horizon() -> int:
    """The lowest id of a transaction that may still change something here."""
    with connection.cursor() as cursor:
        cursor.execute(query("audit", "horizon"))
        return int(cursor.fetchone()[0])


def _newest_change() -> int:
    """The highest id of a change that can be seen; none below the horizon has a higher one."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id), 0) from audit_change")
        return int(cursor.fetchone()[0])


def _system() -> str:
    """The cluster's own number, which a restored copy in another cluster does not share."""
    with connection.cursor() as cursor:
        cursor.execute("select system_identifier::text from pg_control_system()")
        return str(cursor.fetchone()[0])


def _last_known(place: Home, last: Checkpoint) -> tuple[int, str]:
    """Number and hash of the furthest checkpoint that the database, the home folder or the
    witness on this machine knows."""
    known = [(last.number, last.fingerprint)]
    for memory in (sealer_memory(place), witness_memory(witness_storage(place))):
        entry = memory.last()
        if entry is not None:
            known.append((entry["number"], entry["hash"]))
    return max(known, key=lambda one: one[0])


def _remember(place: Home, made: Checkpoint) -> None:
    """Write a committed checkpoint into the home's file."""
    sealer_memory(place).append(
        remembered(body=made.body, key=made.key, signature=bytes(made.signature))
    )


def _catch_up(place: Home, last: Checkpoint | None) -> None:
    """A sealer died between its commit and the file: write what the file lacks."""
    known = sealer_memory(place).last()
    if last is not None and (known is None or known["number"] < last.number):
        _remember(place, last)


def storage_of(given: Path | None) -> Path:
    """The folder of a witness on this machine, unless another is given."""
    return given or witness_storage(home())
