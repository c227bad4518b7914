"""Reads of the sealed tree: checkpoints, leaf hashes, nodes, and proofs made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kintsugi.audit.models import Checkpoint, Epoch, LeafRun, Node
from kintsugi.audit.sealing import tree
from kintsugi.audit.sealing.lines import RUN, Place, lines, position
from kintsugi.core.errors import KintsugiError, Text

#: Complete subtrees from this level on are kept; those below are hashed from their leaves.
KEPT_FROM = 8


def last_checkpoint() -> Checkpoint | None:
    """The newest checkpoint, with its epoch."""
    return Checkpoint.objects.select_related("epoch").order_by("-number").first()


def last_epoch() -> Epoch | None:
    """The epoch that runs."""
    return Epoch.objects.order_by("-number").first()


def growth_at(checkpoint: Checkpoint | None) -> tree.Growth:
    """The tree as it was at a checkpoint, ready to grow; None gives the empty tree."""
    if checkpoint is None:
        return tree.Growth(kept_from=KEPT_FROM)
    return tree.Growth(checkpoint.size, split(checkpoint.peaks), kept_from=KEPT_FROM)


def split(hashes: bytes | memoryview) -> list[bytes]:
    """Hashes that stand one behind the other."""
    whole = bytes(hashes)
    return [whole[i : i + tree.HASH_BYTES] for i in range(0, len(whole), tree.HASH_BYTES)]


def place_of(run: LeafRun) -> Place:
    """Where the changes of a run are found."""
    return Place(
        run.from_xid,
        run.from_change,
        run.to_xid,
        run.to_change,
        run.after_change,
        run.upto_change,
    )


def leaf_hashes(epoch: int, low: int, high: int) -> Iterator[bytes]:
    """Sealed hashes of the leaves low … high - 1, run by run joined to single bytes objects."""
    runs = LeafRun.objects.filter(epoch=epoch, first__lt=high, first__gt=low - RUN)
    for first, hashes in runs.order_by("first").values_list("first", "hashes").iterator():
        whole = bytes(hashes)
        begin = max(0, low - first) * tree.HASH_BYTES
        end = (high - first) * tree.HASH_BYTES
        if begin < len(whole):
            yield whole[begin:end]


@dataclass
class Nodes:
    """A source of complete subtrees' roots of one epoch, read once each."""

    epoch: int
    _known: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def __call__(self, level: int, number: int) -> bytes:
        """The root of a complete subtree. Raises KintsugiError ``audit.tree-incomplete``."""
        if (level, number) not in self._known:
            if level >= KEPT_FROM:
                self._read_kept(level, number)
            else:
                self._hash_block(number << level >> KEPT_FROM)
        try:
            return self._known[level, number]
        except KeyError:
            raise incomplete(self.epoch, level, number) from None

    def _read_kept(self, level: int, number: int) -> None:
        found = Node.objects.filter(epoch=self.epoch, level=level, number=number).first()
        if found is not None:
            self._known[level, number] = bytes(found.hash)

    def _hash_block(self, block: int) -> None:
        low = block << KEPT_FROM
        row = split(b"".join(leaf_hashes(self.epoch, low, low + (1 << KEPT_FROM))))
        for level in range(KEPT_FROM + 1):
            first = low >> level
            self._known |= {(level, first + place): node for place, node in enumerate(row)}
            row = [
                tree.node_hash(left, right)
                for left, right in zip(row[::2], row[1::2], strict=False)
            ]


def incomplete(epoch: int, level: int, number: int) -> KintsugiError:
    """The tables of the tree lack a part that a checkpoint covers."""
    return KintsugiError(
        "audit.tree-incomplete",
        Text("封存树缺少一部分。", "A part of the sealed tree is missing."),
        Text(
            "请运行 kintsugi audit verify 查明被改动之处。",
            "Run kintsugi audit verify to see what was changed.",
        ),
        epoch=epoch,
        level=level,
        number=number,
    )


@dataclass(frozen=True)
class Inclusion:
    """One change's place in the tree of a checkpoint, and the path that proves it."""

    line: bytes
    index: int
    checkpoint: Checkpoint
    path: Sequence[bytes]


def inclusion_of(change_id: int) -> Inclusion:
    """The proof that a change is sealed, under the newest checkpoint of its epoch.

    Raises KintsugiError ``audit.no-such-change``, ``audit.not-sealed-yet``,
    ``audit.tree-incomplete``.
    """
    run, index, line = _find_leaf(change_id)
    newest = Checkpoint.objects.filter(epoch=run.epoch).order_by("-number")[0]
    path = tree.inclusion_proof(index, newest.size, Nodes(run.epoch))
    return Inclusion(line, index, newest, path)


def _find_leaf(change_id: int) -> tuple[LeafRun, int, bytes]:
    """The run, leaf number and line of a change."""
    from kintsugi.audit.models import Change

    change = Change.objects.select_related("transaction").filter(pk=change_id).first()
    if change is None:
        raise KintsugiError(
            "audit.no-such-change",
            Text(f"没有编号为 {change_id} 的更改。", f"No change has the number {change_id}."),
            Text(
                "更改编号见记录的更改历史。",
                "A record's history shows the numbers of its changes.",
            ),
            change=change_id,
        )
    xid = change.transaction.xid
    # The first run that ends at or behind the change; a restore may have left several orders.
    runs = LeafRun.objects.filter(
        after_change__lt=change_id, upto_change__gte=change_id, to_xid__gte=xid, from_xid__lte=xid
    )
    for run in runs.order_by("epoch", "first").iterator():
        if (run.from_xid, run.from_change) < (xid, change_id) <= (run.to_xid, run.to_change):
            found = [line for some in lines(place_of(run)) for line in some]
            for offset, line in enumerate(found):
                if position(line)[1] == change_id:
                    return run, run.first + offset, line
    raise KintsugiError(
        "audit.not-sealed-yet",
        Text(f"更改 {change_id} 尚未封存。", f"Change {change_id} is not sealed yet."),
        Text(
            "封存每分钟进行一次;也可运行 kintsugi audit seal。",
            "Sealing runs once a minute; kintsugi audit seal does it at once.",
        ),
        change=change_id,
    )
