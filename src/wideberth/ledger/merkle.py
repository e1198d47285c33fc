"""The Merkle tree over the leaves (RFC 6962, SHA-256): roots, inclusion proofs, consistency proofs.

In:  leaf hashes in order (`entry.leaf_hash`), sizes and indices.
Out: roots and proofs as 32-byte hashes; the two verifying functions answer yes or no.
Refuses: nothing as a value. Asking a `Tree` for more leaves than it has is a bug; a bad proof is answered with False.

A `Tree` keeps the hash of every complete subtree, 64 bytes a leaf in all, so a root or proof at any size up to the
present costs O(log n) look-ups and never rehashes the leaves.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves, RFC 6962 section 2.1."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), RFC 6962 section 2.1."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree. Level k holds, one after another, the hashes of the complete subtrees of 2^k leaves."""

    def __init__(self) -> None:
        """A tree without leaves."""
        self._levels: list[bytearray] = [bytearray()]
        self._edge: tuple[tuple[int, int], bytes] = ((0, 0), EMPTY_ROOT)
        """The last range that was not complete: neighbouring proofs ask for the same one, and it never changes."""
        self.size = 0
        """How many leaves the tree has."""

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf; on average one further hash is made."""
        assert len(leaf_hash) == HASH_BYTES, len(leaf_hash)
        levels, index, level = self._levels, self.size, 0
        levels[0] += leaf_hash
        while index & 1:
            node = sha256(b"\x01" + levels[level][-2 * HASH_BYTES :]).digest()
            level += 1
            index >>= 1
            if level == len(levels):
                levels.append(bytearray())
            levels[level] += node
        self.size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add many leaves in order."""
        for leaf_hash in leaf_hashes:
            self.append(leaf_hash)

    def leaf_hash(self, index: int) -> bytes:
        """Hash of the leaf at `index`."""
        assert 0 <= index < self.size, (index, self.size)
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` leaves, all of them by default (RFC 6962 section 2.1)."""
        size = self.size if size is None else size
        assert 0 <= size <= self.size, (size, self.size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """PATH(index, D[size]), leaf level first (RFC 6962 section 2.1.1)."""
        size = self.size if size is None else size
        assert 0 <= index < size <= self.size, (index, size, self.size)
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return tuple(reversed(path))

    def consistency_proof(self, first: int, second: int | None = None) -> tuple[bytes, ...]:
        """PROOF(first, D[second]), 0 <= first <= second; empty for 0 and for equal sizes (RFC 6962 section 2.1.2)."""
        second = self.size if second is None else second
        assert 0 <= first <= second <= self.size, (first, second, self.size)
        if first in (0, second):
            return ()
        path, low, high, known = [], 0, second, True
        while first != high:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, known = middle, False
        if not known:
            path.append(self._range(low, high))
        return tuple(reversed(path))

    def _node(self, level: int, index: int) -> bytes:
        at = index * HASH_BYTES
        return bytes(self._levels[level][at : at + HASH_BYTES])

    def _range(self, low: int, high: int) -> bytes:
        """MTH of the leaves low..high, where low is a multiple of a power of two not below high - low."""
        if (low, high) == self._edge[0]:
            return self._edge[1]
        node, asked, hashed = b"", (low, high), 0
        while high > low:
            level = ((high - low) & (low - high)).bit_length() - 1
            high -= 1 << level
            complete = self._node(level, high >> level)
            node, hashed = (node_hash(complete, node), hashed + 1) if node else (complete, 0)
        if hashed > 2:
            self._edge = (asked, node)
        return node


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf stands at `index` of the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _hashes(leaf_hash, root, *proof):
        return False
    at, last, node = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `second` leaves extends the tree of `first` (RFC 9162 section 2.1.4.2).

    Every tree extends the empty one: with `first` 0 the first root must be the empty root and the proof empty.
    """
    if not 0 <= first <= second or not _hashes(first_root, second_root, *proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path or not proof:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
