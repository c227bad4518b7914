"""The tree against the RFC's definition written down naively, and against published roots."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.audit.sealing import tree

#: The eight entries and the roots of the trees over the first 0 … 8 of them that the reference
#: implementations of Certificate Transparency publish.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of §2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of §2.1.2."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_consistency(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_consistency(m - k, leaves[k:], False), naive_root(leaves[:k])]


def numbered(count: int) -> list[bytes]:
    return [tree.leaf_hash(b"%d" % number) for number in range(count)]


def source(leaves: list[bytes]) -> tree.NodeSource:
    return lambda level, i: naive_root(leaves[i << level : (i + 1) << level])


@pytest.mark.parametrize("count", range(9))
def test_roots_are_those_that_certificate_transparency_publishes(count: int) -> None:
    leaves = [tree.leaf_hash(entry) for entry in ENTRIES[:count]]
    growth = tree.Growth()
    growth.extend(leaves)
    assert growth.root().hex() == ROOTS[count]


@given(st.lists(st.integers(0, 700), max_size=6), st.integers(0, 4))
def test_a_tree_grown_in_any_pieces_is_the_naive_tree(pieces: list[int], kept_from: int) -> None:
    leaves = numbered(sum(pieces))
    growth, done, kept = tree.Growth(kept_from=kept_from), 0, {}
    for piece in pieces:
        new = growth.extend(leaves[done : done + piece])
        assert not {(level, i) for level, i, _ in new} & set(kept)
        kept |= {(level, i): node for level, i, node in new}
        done += piece
        growth = tree.Growth(growth.size, growth.peaks, kept_from=kept_from)  # as after a restart
    assert growth.root() == naive_root(leaves)
    complete = {
        (level, i)
        for level in range(kept_from, len(leaves).bit_length())
        for i in range(len(leaves) >> level)
    }
    assert set(kept) == complete
    for (level, i), node in list(kept.items())[:50]:
        assert node == naive_root(leaves[i << level : (i + 1) << level])


def test_every_inclusion_proof_up_to_64_leaves_is_the_naive_one_and_leads_to_the_root() -> None:
    for size in range(1, 65):
        leaves = numbered(size)
        root = naive_root(leaves)
        for index in range(size):
            path = tree.inclusion_proof(index, size, source(leaves))
            assert path == naive_path(index, leaves)
            assert tree.root_of_inclusion(leaves[index], index, size, path) == root
            assert tree.root_of_inclusion(leaves[index], index, size, [*path, root]) is None
            if path:
                assert tree.root_of_inclusion(leaves[index], index, size, path[:-1]) is None
                other = leaves[(index + 1) % size]
                assert tree.root_of_inclusion(other, index, size, path) != root


def test_every_consistency_proof_up_to_64_leaves_is_the_naive_one_and_holds() -> None:
    leaves = numbered(64)
    roots = [naive_root(leaves[:size]) for size in range(65)]
    for new in range(65):
        for old in range(new + 1):
            path = tree.consistency_proof(old, new, source(leaves))
            assert path == (naive_consistency(old, leaves[:new]) if old else [])
            assert tree.is_consistent(old, roots[old], new, roots[new], path)
            if 0 < old < new:
                assert not tree.is_consistent(old, roots[old - 1], new, roots[new], path)
                assert not tree.is_consistent(old, roots[old], new, roots[new - 1], path)
                assert not tree.is_consistent(old, roots[old], new, roots[new], path[:-1])
                assert not tree.is_consistent(old, roots[old], new, roots[new], [*path, path[0]])


def test_a_shorter_tree_is_never_consistent_with_a_longer_one_before_it() -> None:
    leaves = numbered(3)
    assert not tree.is_consistent(3, naive_root(leaves), 2, naive_root(leaves[:2]), [])
