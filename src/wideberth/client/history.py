"""What a party has been told so far: its notice chain and the last checkpoint, to be extended and never rewritten.

In:  notices, checkpoints (signed notes) and consistency proofs as a node sends them.
Out: the same, once they extend what was known.
Raises `Fork` where they do not: the node shows another history than before, or shows different parties different ones.
That is an alarm for people, never something to retry.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from wideberth.client.wire import NoticeRow
from wideberth.ledger.checkpoint import Checkpoint, Verifier, verify_note
from wideberth.ledger.entry import NO_HEAD, read_notice
from wideberth.ledger.merkle import EMPTY_ROOT, verify_consistency
from wideberth.refusal import Refusal


class Fork(Exception):
    """The history that a node shows does not extend the one that it showed before. The text is for people."""


class Known(msgspec.Struct):
    """What a client keeps between runs."""

    party: str
    genesis: bytes
    number: int = 0
    head: bytes = NO_HEAD
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""


Prove = Callable[[int, int], Sequence[bytes]]
"""Gives the consistency proof between two sizes of the ledger, from the node."""


class History:
    """Checks that everything new extends everything old."""

    def __init__(self, known: Known) -> None:
        """`known` is what earlier runs were told; a fresh one for the first."""
        self.known = known

    @property
    def seen(self) -> tuple[int, bytes]:
        """The last checkpoint as envelopes name it: size and root; (0, b"") before the first."""
        return (self.known.size, self.known.root) if self.known.size else (0, b"")

    def check_theatre(self, genesis: bytes) -> None:
        """The theatre is the one that this history belongs to."""
        if genesis != self.known.genesis:
            raise Fork(f"The node serves another theatre: genesis {genesis.hex()[:16]}, known was {self._theatre()}.")

    def notice(self, row: NoticeRow) -> bool:
        """Take the next notice of the chain; False for one that is known already."""
        known = self.known
        if row.number <= known.number:
            if row.number == known.number and row.head != known.head:
                raise Fork(f"Notice {row.number} of {known.party} has another head than the one received before.")
            return False
        if row.number != known.number + 1:
            raise Fork(f"Notice {row.number} of {known.party} follows {known.number}: one or more are missing.")
        if row.content is not None:
            self._check_content(row, bytes(row.content))
        known.number, known.head = row.number, bytes(row.head)
        return True

    def _check_content(self, row: NoticeRow, content: bytes) -> None:
        known = self.known
        if sha256(content).digest() != row.head:
            raise Fork(f"Notice {row.number} of {known.party} is not the one that its head names.")
        notice = read_notice(content)
        if isinstance(notice, Refusal):
            raise Fork(f"Notice {row.number} of {known.party} cannot be read: {notice.sentence()}")
        stated = (notice.party, notice.number, notice.previous_head, notice.sequence)
        if stated != (known.party, row.number, known.head, row.position):
            raise Fork(f"Notice {row.number} of {known.party} does not follow the notice before it.")

    def checkpoint(self, note: str, node: Verifier, prove: Prove) -> Checkpoint:
        """Take a checkpoint that the node signed; a later one needs a proof that it extends the last."""
        verified = verify_note(note.encode(), (node,))
        if isinstance(verified, Refusal):
            raise Fork(f"The checkpoint is not signed by the node of this theatre: {verified.sentence()}")
        new, known = verified.checkpoint, self.known
        if new.size < known.size:
            raise Fork(f"The ledger has {new.size} entries; {known.size} were shown before.")
        if new.size == known.size:
            if known.size and new.root != known.root:
                raise Fork(f"The ledger's first {new.size} entries are not those shown before.")
        elif known.size and not verify_consistency(
            known.size, new.size, known.root, new.root, prove(known.size, new.size)
        ):
            raise Fork(f"The ledger of {new.size} entries does not extend the one of {known.size} shown before.")
        known.size, known.root, known.note = new.size, new.root, note
        return new

    def _theatre(self) -> str:
        return self.known.genesis.hex()[:16]


def load(path: Path, party: str, genesis: bytes) -> History:
    """The history kept in a file, or a fresh one; Fork where the file belongs to another party or theatre."""
    if not path.exists():
        return History(Known(party, genesis))
    history = History(msgspec.json.decode(path.read_bytes(), type=Known))
    if history.known.party != party:
        raise Fork(f"{path} keeps what {history.known.party} was told, not {party}.")
    history.check_theatre(genesis)
    return history


def save(path: Path, history: History) -> None:
    """Keep a history in a file, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(msgspec.json.encode(history.known))
    fresh.replace(path)
