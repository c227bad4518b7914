"""The Merkle tree of RFC 6962 §2.1: growth without rehashing, inclusion and consistency proofs.

Pure arithmetic over hashes. A *complete subtree* of level ``l`` and number ``i`` covers the leaves
``i·2^l … (i+1)·2^l - 1``. A tree of any size is a row of complete subtrees of falling levels, its
*peaks*: one for each binary digit of the size.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

#: ``node(level, number)``: the root of a complete subtree.
NodeSource = Callable[[int, int], bytes]


def leaf_hash(line: bytes) -> bytes:
    """Hash of one entry of the log: SHA-256(0x00 ‖ line)."""
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Growth:
    """A tree that only grows: its size and peaks, which is all that adding leaves needs.

    ``kept_from`` is the lowest level whose new complete subtrees ``extend`` returns.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = (), *, kept_from: int = 8) -> None:
        levels = [level for level in range(size.bit_length()) if size >> level & 1]
        assert len(levels) == len(peaks), "a tree has one peak for each binary digit of its size"
        self.size = size
        self.kept_from = kept_from
        self._peaks = dict(zip(reversed(levels), peaks, strict=True))

    @property
    def peaks(self) -> list[bytes]:
        """Roots of the complete subtrees from left (largest) to right."""
        return [self._peaks[level] for level in sorted(self._peaks, reverse=True)]

    def root(self) -> bytes:
        """The tree's root hash; of the empty tree the hash of nothing."""
        found: bytes | None = None
        for level in sorted(self._peaks):
            found = self._peaks[level] if found is None else node_hash(self._peaks[level], found)
        return EMPTY_ROOT if found is None else found

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
        """Add leaf hashes; returns the new complete subtrees as (level, number, root).

        Works level by level, since one comprehension over a level is several times faster in
        Python than one call a leaf.
        """
        kept: list[tuple[int, int, bytes]] = []
        first, level, nodes = self.size, 0, list(leaves)
        self.size += len(nodes)
        while nodes:
            if level >= self.kept_from:
                kept.extend((level, first + place, node) for place, node in enumerate(nodes))
            if first & 1:
                nodes.insert(0, self._peaks.pop(level))
                first -= 1
            if len(nodes) & 1:
                self._peaks[level] = nodes.pop()
            nodes = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(nodes[::2], nodes[1::2], strict=True)
            ]
            first >>= 1
            level += 1
        return kept


def range_root(low: int, high: int, node: NodeSource) -> bytes:
    """Root over the leaves low … high - 1, where low is a multiple of the power of two that is
    not below the count: the shape of every right-hand part of a tree."""
    assert low < high, "a range holds at least one leaf"
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(count)
    return node_hash(range_root(low, middle, node), range_root(middle, high, node))


def inclusion_proof(index: int, size: int, node: NodeSource) -> list[bytes]:
    """The audit path of leaf ``index`` in a tree of ``size`` leaves (RFC 6962 §2.1.1)."""
    assert 0 <= index < size, "the leaf lies in the tree"
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(range_root(middle, high, node))
            high = middle
        else:
            path.append(range_root(low, middle, node))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: NodeSource) -> list[bytes]:
    """Shows that the tree of ``old`` leaves begins that of ``new`` (RFC 6962 §2.1.2)."""
    assert 0 <= old <= new, "a log only grows"
    if old in (0, new):
        return []
    path: list[bytes] = []
    low, high, whole = 0, new, True
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(range_root(middle, high, node))
            high = middle
        else:
            path.append(range_root(low, middle, node))
            low, whole = middle, False
    if not whole:
        path.append(range_root(low, high, node))
    return path[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this path leads to; None when the path cannot belong to such a leaf."""
    if not 0 <= index < size:
        return None
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        position >>= 1
        last >>= 1
    return found if last == 0 else None


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path shows that the older tree is the beginning of the newer one."""
    if old > new or (old in (0, new) and path):
        return False
    if old == 0:
        return old_root == EMPTY_ROOT
    if old == new:
        return old_root == new_root
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    was = now = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            now = node_hash(now, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and was == old_root and now == new_root


def _split(count: int) -> int:
    """The largest power of two below ``count`` (count ≥ 2)."""
    return 1 << (count - 1).bit_length() - 1
