"""The small interface that every store of a ledger has, and the store in memory.

In:  groups of entries, each at the size that the caller expects the ledger to have.
Out: the signed head, after the group is durable; entries in order; the tree, for proofs at any size.
Raises: `WrongSize` when another size was expected, `LedgerFull` when the disk is full and nothing was written,
`LedgerDamaged` when what is stored is not what was written, `LedgerFailed` for everything else that the environment
does. After `LedgerFailed` or `LedgerDamaged` the store takes no more groups: the caller ends the process.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from wideberth.ledger.checkpoint import Signer
from wideberth.ledger.entry import Entry, erased, misfitting_part, read_leaf
from wideberth.ledger.merkle import EMPTY_ROOT, Tree
from wideberth.refusal import Refusal


class LedgerFailed(Exception):
    """The environment failed the ledger. The text is one sentence for the operator."""


class LedgerFull(LedgerFailed):
    """The disk is full; nothing of the group was written, and the ledger goes on at its size."""


class LedgerDamaged(LedgerFailed):
    """What is stored is not what was written: `sequence` is the first entry that cannot be trusted."""

    def __init__(self, sequence: int, what: str) -> None:
        """`what` is the finding, without the final full stop."""
        super().__init__(f"The ledger is damaged from entry {sequence} on: {what}.")
        self.sequence = sequence
        self.what = what


class WrongSize(Exception):
    """The ledger has `size` entries, not `expected`: somebody else appended, or the caller lost count."""

    def __init__(self, expected: int, size: int) -> None:
        """Both are numbers of entries."""
        super().__init__(f"The ledger has {size} entries, {expected} were expected.")
        self.expected = expected
        self.size = size


class Head(msgspec.Struct, frozen=True):
    """What is durable: so many entries, the root over them, and the note in which the node signed both."""

    size: int
    root: bytes
    note: bytes


class Store(Protocol):
    """A ledger of one theatre. One writer; readers see only what is durable."""

    @property
    def head(self) -> Head:
        """The signed head of what is durable."""

    @property
    def tree(self) -> Tree:
        """The tree over what is durable, for roots and proofs at any size up to the head's. Not to be changed."""

    def append(self, group: Sequence[Entry], expected_size: int) -> Head:
        """Make a group durable, whole or not at all, and answer its signed head. An empty group changes nothing.

        Raises WrongSize, LedgerFull, LedgerFailed. Entries that are not contiguous, not later than the one before, or
        whose parts do not fit the leaf are a bug.
        """

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """Entries from a sequence on, in order, at most `limit`, up to the head as it is when reading begins.

        Each is checked against the tree and its commitments; LedgerDamaged names the first that does not fit.
        """

    def erase(self, sequence: int, part_index: int) -> bool:
        """Destroy salt and content of one part for good; True when they were there. The leaf stays as it is."""

    def close(self) -> None:
        """Give up the store; what was answered stays durable."""


def check_group(group: Sequence[Entry], size: int, last_time_us: int) -> None:
    """A group that follows `size` entries, the last of which has `last_time_us` (-1 before the first)."""
    for sequence, entry in enumerate(group, size):
        leaf = read_leaf(entry.leaf)
        assert not isinstance(leaf, Refusal), leaf
        assert entry.sequence == leaf.sequence == sequence, (entry.sequence, leaf.sequence, sequence)
        assert entry.time_us == leaf.time_us > last_time_us, (entry.time_us, leaf.time_us, last_time_us)
        assert misfitting_part(leaf.commitments, entry.parts) is None, "a part does not fit its commitment"
        last_time_us = entry.time_us


class MemoryStore:
    """A store that forgets at the end of the process: for simulation, tests and measurements."""

    def __init__(self, signer: Signer) -> None:
        """An empty ledger whose heads the signer signs."""
        self._signer = signer
        self._entries: list[Entry] = []
        self.tree = Tree()
        self.head = Head(0, EMPTY_ROOT, signer.note(0, EMPTY_ROOT))

    def append(self, group: Sequence[Entry], expected_size: int) -> Head:
        """See `Store.append`."""
        if expected_size != self.head.size:
            raise WrongSize(expected_size, self.head.size)
        if not group:
            return self.head
        check_group(group, self.head.size, self._entries[-1].time_us if self._entries else -1)
        self.tree.extend(entry.leaf_hash for entry in group)
        self._entries.extend(group)
        root = self.tree.root()
        self.head = Head(self.tree.size, root, self._signer.note(self.tree.size, root))
        return self.head

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """See `Store.read`."""
        end = self.head.size if limit is None else min(self.head.size, from_sequence + limit)
        for sequence in range(from_sequence, end):
            yield self._entries[sequence]

    def erase(self, sequence: int, part_index: int) -> bool:
        """See `Store.erase`."""
        entry = self._entries[sequence]
        if entry.parts[part_index] is None:
            return False
        self._entries[sequence] = erased(entry, part_index)
        return True

    def close(self) -> None:
        """See `Store.close`."""
