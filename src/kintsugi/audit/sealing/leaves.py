"""Do the changes still give the sealed tree; where not, which row was touched."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from django.db import connection

from kintsugi.audit.findings import Finding
from kintsugi.audit.models import Checkpoint, Epoch, LeafRun, Node
from kintsugi.audit.sealing import chain, notes
from kintsugi.audit.sealing.lines import LAST, Place, hashed, lines, position
from kintsugi.audit.sealing.store import growth_at, place_of, split
from kintsugi.audit.sealing.tree import Growth
from kintsugi.core.errors import Text
from kintsugi.core.queries import query

#: Runs that are read with one query.
GROUP = 48


@dataclass
class LeafCheck:
    """Goes through the runs of leaf hashes beside the changes; ``checked`` counts the changes."""

    checked: int = 0
    #: Per epoch, the highest change id that its places can hold.
    _upto: dict[int, int] = field(default_factory=dict)

    def findings(self, start: Checkpoint | None) -> Iterator[Finding]:
        """Everything that differs in what was sealed after ``start`` (None: ever)."""
        for epoch in Epoch.objects.filter(number__gte=start.epoch_id if start else 0).order_by(
            "number"
        ):
            last = Checkpoint.objects.filter(epoch=epoch).order_by("-number").first()
            later = Epoch.objects.filter(number__gt=epoch.number).exists()
            self._upto[epoch.number] = last.upto_change if last and later else LAST
            begun = start if start is not None and start.epoch_id == epoch.number else None
            yield from self._epoch(epoch, begun)
        yield from self._outside(start)

    def _epoch(self, epoch: Epoch, start: Checkpoint | None) -> Iterator[Finding]:
        growth = growth_at(start)
        if start is not None and growth.root().hex() != start.root:
            yield chain.about(
                "peaks-changed", start,
                f"检查点 {start.number} 的子树与其签名不符。",
                f"The subtrees of checkpoint {start.number} are not what was signed.",
            )  # fmt: skip
        checkpoints = Checkpoint.objects.filter(epoch=epoch).order_by("number")
        if start is not None:
            checkpoints = checkpoints.filter(number__gt=start.number)
        runs = _Runs(epoch.number, growth.size)
        for some in _batches(checkpoints.iterator()):
            ours = [(one, runs.of(one)) for one in some]
            stored = [run for _, of_one in ours for run in of_one]
            actual = dict(self._actual(stored))
            for checkpoint, of_one in ours:
                yield from self._checkpoint(checkpoint, of_one, growth, actual)
                if growth.root().hex() != checkpoint.root or growth.size != checkpoint.size:
                    # Go on from what was signed, so that later checkpoints are judged alone.
                    growth = growth_at(checkpoint)

    def _checkpoint(
        self,
        checkpoint: Checkpoint,
        runs: Sequence[LeafRun],
        growth: Growth,
        actual: dict[int, list[Finding]],
    ) -> Iterator[Finding]:
        """The runs of one checkpoint against its signed root, its peaks and its nodes."""
        differing = [finding for run in runs for finding in actual.get(run.first, [])]
        before = Growth(growth.size, growth.peaks)
        nodes: list[tuple[int, int, bytes]] = []
        for run in runs:
            nodes += growth.extend(split(run.hashes))
        if growth.root().hex() == checkpoint.root and growth.size == checkpoint.size:
            yield from differing
            if bytes(checkpoint.peaks) != b"".join(growth.peaks):
                yield chain.about(
                    "peaks-changed", checkpoint,
                    f"检查点 {checkpoint.number} 的子树与其签名不符。",
                    f"The subtrees of checkpoint {checkpoint.number} are not what was signed.",
                )  # fmt: skip
            yield from _check_nodes(checkpoint, nodes)
            return
        fresh = [h for run in runs for some in lines(place_of(run)) for h in hashed(some)]
        before.extend(fresh)
        if before.root().hex() == checkpoint.root and before.size == checkpoint.size:
            yield chain.about(
                "hashes-changed", checkpoint,
                f"检查点 {checkpoint.number} 所存的叶哈希被改动;更改本身完好。",
                f"The leaf hashes kept for checkpoint {checkpoint.number} were changed; the "
                "changes themselves are whole.",
            )  # fmt: skip
            return
        yield from differing
        first = growth.size - sum(run.count for run in runs)
        yield chain.about(
            "root-differs", checkpoint,
            f"检查点 {checkpoint.number} 所封存的更改被改写过。",
            f"The changes that checkpoint {checkpoint.number} sealed were rewritten.",
            first_leaf=first,
            leaves=len(fresh),
            sealed=checkpoint.size - first,
            changes=_span(runs),
        )  # fmt: skip

    def _actual(self, runs: Sequence[LeafRun]) -> Iterator[tuple[int, list[Finding]]]:
        """Reads the changes of these runs, group by group; findings by the run's first leaf."""
        for group in _groups(runs):
            wide = replace(
                place_of(group[0]),
                to_xid=group[-1].to_xid,
                to_change=group[-1].to_change,
                upto_change=self._upto[group[0].epoch],
            )
            expected = b"".join(bytes(run.hashes) for run in group)
            count = sum(run.count for run in group)
            self.checked += count
            done, same = 0, True
            # To its end: a COPY that is left half-way ends its transaction.
            for some in lines(wide):
                if same:
                    joined = b"".join(hashed(some))
                    same = expected[done : done + len(joined)] == joined
                    done += len(joined)
            if not same or done != len(expected):
                yield from self._differing(group, wide)

    def _differing(
        self, group: Sequence[LeafRun], wide: Place
    ) -> Iterator[tuple[int, list[Finding]]]:
        seen: set[int] = set()
        for run in group:
            found = [line for some in lines(place_of(run)) for line in some]
            seen.update(position(line)[1] for line in found)
            findings = list(compare(split(run.hashes), found, run))
            if findings:
                yield run.first, findings
        late = [line for some in lines(wide) for line in some if position(line)[1] not in seen]
        if late:
            yield group[-1].first, [_about_line("leaf-added", line) for line in late]

    def _outside(self, start: Checkpoint | None) -> Iterator[Finding]:
        """Changes that no place of a run can hold."""
        epoch = Epoch.objects.order_by("-number").first()
        last = Checkpoint.objects.order_by("-number").first()
        with connection.cursor() as cursor:
            cursor.execute(query("audit", "orphan_changes"), [start.upto_change if start else 0])
            for change, table, row in cursor.fetchall():
                yield _about_row(
                    "transaction-missing", table, row, None, change,
                    "更改所属的事务记录已被删除。", "The transaction of a change was deleted.",
                )  # fmt: skip
            if epoch is None or last is None:
                return
            cursor.execute(query("audit", "impossible_changes"), [epoch.after_change])
            for change, table, row, at in cursor.fetchall():
                yield _about_row(
                    "transaction-impossible", table, row, at, change,
                    "更改的事务号尚未使用过:记录是伪造的。",
                    "A change bears a transaction number not yet given out: it is forged.",
                )  # fmt: skip
            if start is not None and start.epoch_id == epoch.number:
                cursor.execute(
                    query("audit", "late_changes"),
                    [start.upto_change, start.cursor_xid, start.cursor_change],
                )
                for change, table, row, at in cursor.fetchall():
                    yield _about_row("leaf-added", table, row, at, change, *ADDED)


ADDED = ("封存之后添加的更改。", "A change was added after its place was sealed.")
CHANGED = ("更改在封存之后被改动。", "A change was altered after it was sealed.")
MISSING = ("封存过的更改被删除。", "A sealed change was deleted.")
WORDS = {"leaf-added": ADDED, "leaf-changed": CHANGED}


class _Runs:
    """The runs of an epoch, dealt out to its checkpoints in order."""

    def __init__(self, epoch: int, first: int) -> None:
        self._runs = (
            LeafRun.objects.filter(epoch=epoch, first__gte=first).order_by("first").iterator(64)
        )
        self._waiting: LeafRun | None = next(self._runs, None)

    def of(self, checkpoint: Checkpoint) -> list[LeafRun]:
        found = []
        while self._waiting is not None and self._waiting.checkpoint_id <= checkpoint.number:
            found.append(self._waiting)
            self._waiting = next(self._runs, None)
        return found


def _batches(checkpoints: Iterator[Checkpoint]) -> Iterator[list[Checkpoint]]:
    """Checkpoints together until they hold enough changes for a query of their own."""
    batch: list[Checkpoint] = []
    begun: int | None = None
    for one in checkpoints:
        begun = one.size if begun is None else begun
        batch.append(one)
        if one.size - begun > GROUP * 1024 or len(batch) >= 1000:
            yield batch
            batch, begun = [], one.size
    if batch:
        yield batch


def _groups(runs: Sequence[LeafRun]) -> Iterator[list[LeafRun]]:
    """Neighbouring runs whose places join to one."""
    group: list[LeafRun] = []
    for run in runs:
        if group:
            last = group[-1]
            joins = (run.from_xid, run.from_change, run.after_change) == (
                last.to_xid,
                last.to_change,
                last.after_change,
            )
            if not joins or sum(one.count for one in group) >= GROUP * 4096:
                yield group
                group = []
        group.append(run)
    if group:
        yield group


def compare(
    expected: list[bytes], found: list[bytes], run: LeafRun, *, verifier: str = "tree"
) -> Iterator[Finding]:
    """Names what differs between sealed hashes and the lines that are there."""
    actual = hashed(found)
    if expected == actual:
        return
    matcher = SequenceMatcher(None, expected, actual, autojunk=False)
    for how, was, was_end, now, now_end in matcher.get_opcodes():
        if how == "equal":
            continue
        both = min(was_end - was, now_end - now)
        for place in range(both):
            yield _about_line(
                "leaf-changed", found[now + place], verifier, leaf=run.first + was + place
            )
        for place in range(now + both, now_end):
            yield _about_line("leaf-added", found[place], verifier)
        if was_end - was > both:
            yield _missing(found, now + both, run, was + both, was_end, verifier)


def _missing(
    found: list[bytes], place: int, run: LeafRun, was: int, was_end: int, verifier: str
) -> Finding:
    """Deleted changes between two neighbours; their ids are known where the gap tells them."""
    before = position(found[place - 1]) if place else (run.from_xid, run.from_change)
    after = position(found[place]) if place < len(found) else (run.to_xid, run.to_change + 1)
    count = was_end - was
    gap = range(before[1] + 1, after[1])
    told = before[0] == after[0] and len(gap) == count
    ids = list(gap) if told else []
    at = _time(found[place - 1] if place else found[place]) if found else None
    key = ", ".join(map(str, ids[:20])) if told else f"leaf {run.first + was}"
    return Finding(
        verifier, f"{verifier}.leaf-missing", "audit_change", key, at, Text(*MISSING),
        {
            "count": count, "leaf": run.first + was, "ids": ids[:100],
            "after": {"xid": before[0], "id": before[1]},
            "before": {"xid": after[0], "id": after[1]},
        },
    )  # fmt: skip


def _time(line: bytes) -> dt.datetime:
    return notes.moment(json.loads(line)["transaction"]["at"])


def _about_line(kind: str, line: bytes, verifier: str = "tree", **facts: Any) -> Finding:
    leaf = json.loads(line)
    facts |= {
        "change": leaf["id"],
        "op": leaf["op"],
        "actor": leaf["transaction"]["actor"],
        "command": leaf["transaction"]["command"],
    }
    return Finding(
        verifier, f"{verifier}.{kind}", leaf["table"], leaf["row"],
        notes.moment(leaf["transaction"]["at"]), Text(*WORDS[kind]), facts,
    )  # fmt: skip


def _about_row(
    kind: str, table: str, row: Any, at: dt.datetime | None, change: int, zh: str, en: str
) -> Finding:
    return Finding("tree", f"tree.{kind}", table, str(row), at, Text(zh, en), {"change": change})


def _span(runs: Sequence[LeafRun]) -> dict[str, int]:
    if not runs:
        return {}
    return {"from": runs[0].from_change, "to": runs[-1].to_change}


def _check_nodes(
    checkpoint: Checkpoint, nodes: Sequence[tuple[int, int, bytes]]
) -> Iterator[Finding]:
    """The kept subtrees are those of the leaves; proofs depend on them."""
    if not nodes:
        return
    by_level: dict[int, list[int]] = {}
    for level, number, _ in nodes:
        by_level.setdefault(level, []).append(number)
    known = {
        (level, number): bytes(value)
        for level, numbers in by_level.items()
        for number, value in Node.objects.filter(
            epoch=checkpoint.epoch_id,
            level=level,
            number__gte=numbers[0],
            number__lte=numbers[-1],
        ).values_list("number", "hash")
    }
    wrong = [
        f"{level}/{number}" for level, number, node in nodes if known.get((level, number)) != node
    ]
    if wrong:
        yield chain.about(
            "nodes-changed", checkpoint,
            f"检查点 {checkpoint.number} 的 {len(wrong)} 个子树节点被改动。",
            f"{len(wrong)} subtree nodes of checkpoint {checkpoint.number} were changed.",
            nodes=wrong[:20],
        )  # fmt: skip
