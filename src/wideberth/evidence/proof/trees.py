"""The tree over the leaves of a ledger: what an inclusion proof and a consistency proof show.

In:  sizes, indices, hashes of 32 bytes. Out: yes or no.
Sources: RFC 6962 section 2.1 for the hashes; RFC 9162 sections 2.1.3.2 and 2.1.4.2 for verifying proofs.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at an index of the tree of this size and root; the proof begins at the leaf."""
    if not 0 <= index < size or any(len(step) != 32 for step in (leaf, root, *proof)):
        return False
    node, at, last = leaf, index, size - 1
    for step in proof:
        if not last:
            return False
        if at % 2 or at == last:
            node = _node(step, node)
            while at and not at % 2:
                at //= 2
                last //= 2
        else:
            node = _node(node, step)
        at //= 2
        last //= 2
    return not last and node == root


def extends(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `second` leaves goes on from that of `first` with nothing in it rewritten."""
    if not 0 <= first <= second or any(len(step) != 32 for step in (first_root, second_root, *proof)):
        return False
    if first in (0, second):
        return not proof and first_root == (second_root if first == second else EMPTY_ROOT)
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not proof:
        return False
    at, last = first - 1, second - 1
    while at % 2:
        at //= 2
        last //= 2
    old = new = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        if at % 2 or at == last:
            old, new = _node(step, old), _node(step, new)
            while at and not at % 2:
                at //= 2
                last //= 2
        else:
            new = _node(new, step)
        at //= 2
        last //= 2
    return not last and old == first_root and new == second_root
