"""The verifiers ``tree`` and ``guard``."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Min

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.models import Change, Checkpoint, Guard
from kintsugi.audit.sealing import chain, notes
from kintsugi.audit.sealing.acceptance import accepted_texts
from kintsugi.audit.sealing.guard import guard_text, nearest, unexplained
from kintsugi.audit.sealing.leaves import LeafCheck
from kintsugi.audit.sealing.lines import quiet_planner
from kintsugi.audit.sealing.memory import sealer_memory
from kintsugi.audit.sealing.services import home
from kintsugi.audit.sealing.stamping import check_stamps
from kintsugi.core.errors import Text

NOT_SEALED = Text(
    "尚未封存任何更改;请先运行 kintsugi audit seal。",
    "Nothing is sealed yet; run kintsugi audit seal first.",
)


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything inside sees the database as it is at one moment."""
    with transaction.atomic():
        if len(connection.savepoint_ids) == 0:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        quiet_planner()
        yield


def start_of(since: dt.datetime | None) -> Checkpoint | None:
    """The newest checkpoint all of whose followers are from ``since`` on: what was sealed up to it
    is taken as it is. Found by number, since a clock may have stepped back."""
    if since is None:
        return None
    first = Checkpoint.objects.filter(at__gte=since).aggregate(first=Min("number"))["first"]
    before = Checkpoint.objects.select_related("epoch").order_by("-number")
    return (before if first is None else before.filter(number__lt=first)).first()


class TreeVerifier:
    """The changes still give the sealed tree, and its checkpoints form an unbroken signed chain."""

    name = "tree"

    def __init__(self) -> None:
        self._leaves = LeafCheck()

    @property
    def checked(self) -> int:
        """Changes that were read and hashed."""
        return self._leaves.checked

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Keys, memory outside the database, checkpoints, leaves; in this order."""
        place = home()
        with one_snapshot():
            start = start_of(since)
            yield from chain.check_system()
            yield from chain.check_keys(place)
            yield from chain.check_memory(sealer_memory(place), verifier=self.name, since=since)
            yield from chain.check_checkpoints(start)
            yield from check_stamps(start)
            yield from self._leaves.findings(start)
            sealed = Checkpoint.objects.exists()
            if not sealed and Change.objects.exists():
                raise Inconclusive(NOT_SEALED)


class GuardVerifier:
    """Triggers, functions, privileges and roles are those that somebody stands behind."""

    name = "guard"
    checked = 0

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Every change of them between checkpoints, and what differs now from the last one."""
        accepted = accepted_texts(home())
        start = start_of(since)
        text = ""
        needed: set[str] = set()
        steps = Checkpoint.objects.exclude(guard_text="").order_by("number")
        for one in steps:
            self.checked += 1
            if notes.hash_of(one.guard_text) != one.guard:
                yield chain.about(
                    "checkpoint-changed", one,
                    f"检查点 {one.number} 所记的触发器与函数被改动。",
                    f"The triggers and functions kept with checkpoint {one.number} were changed.",
                )  # fmt: skip
            elif one.guard not in accepted and (start is None or one.number > start.number):
                needed.add(one.guard)
                before = text or nearest(accepted.values(), one.guard_text)
                yield from self._differing(before, one.guard_text, one.at, first=one.number == 1)
            text = one.guard_text
        now = guard_text()
        self.checked += 1
        if notes.hash_of(now) not in accepted and now != text:
            needed.add(notes.hash_of(now))
            before = text or nearest(accepted.values(), now)
            yield from self._differing(before, now, None, first=not text)
        yield from self._forged(needed)
        if not text and not accepted:
            raise Inconclusive(NOT_SEALED)

    def _forged(self, needed: set[str]) -> Iterator[Finding]:
        """Rows that claim to accept what nobody accepted who works in the home folder."""
        for one in Guard.objects.filter(fingerprint__in=needed).order_by("fingerprint"):
            yield Finding(
                *(self.name, "guard.acceptance-forged", "audit_guard", one.fingerprint, one.at),
                Text(
                    "数据库称有人为此负责,安装的文件夹却不知道:该行是伪造的,或在另一台机器上迁移。",
                    "The database says that somebody stands behind this, and the home folder does "
                    "not know it: the row is forged, or another machine migrated.",
                ),
                {"actor": one.actor, "reason": one.reason},
            )

    def _differing(
        self, before: str, after: str, at: dt.datetime | None, *, first: bool = False
    ) -> Iterator[Finding]:
        verbs = {
            "added": ("新增了", "was added"),
            "removed": ("被移除", "was removed"),
            "changed": ("被改动", "was changed"),
        }
        for change, kind, name in unexplained(before, after, first=first):
            zh, en = verbs[change]
            table, _, key = (
                name.rpartition(".") if kind in ("trigger", "policy") else ("", "", name)
            )
            yield Finding(
                self.name,
                f"guard.{kind}-{change}",
                table or kind,
                key,
                at,
                Text(f"{zh}:{kind} {name}", f"{kind} {name} {en}"),
                {"kind": kind},
            )
