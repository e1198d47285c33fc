"""What a party needs to verify the ledger by itself: the signed head, proofs, and the parts that it was given.

In:  positions and sizes of the ledger. Out: notes and proofs as `ledger` makes them; an export file.
Refuses: positions and sizes that the ledger does not have; more exports at once than a node makes.

What a party is given is in `evidence.given`; an auditor is given everything.
"""

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from wideberth.api.call import Call
from wideberth.evidence.given import held, parts_given
from wideberth.ledger.export import export_given, export_whole
from wideberth.ledger.store import Head
from wideberth.party.identity import Role
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.shown import Shown, b64

if TYPE_CHECKING:
    from wideberth.node.core import Node

EXPORTS_MAX: Final = 2
IN_MEMORY_BYTES: Final = 8_388_608
PIECE_BYTES: Final = 65_536
EXPORT_MEDIA: Final = "application/vnd.wideberth.export"


class Checkpoint(Shown, frozen=True):
    """The ledger's head: size, root, and the note (C2SP signed note) in which the node signed both."""

    size: int
    root: str
    note: str


class Inclusion(Shown, frozen=True):
    """A leaf's hash and its path to the root at a size, leaf level first (RFC 6962, 2.1.1)."""

    sequence: int
    size: int
    leaf_hash: str
    root: str
    proof: tuple[str, ...]


class Consistency(Shown, frozen=True):
    """That the ledger at `second` extends the one at `first` (RFC 6962, 2.1.2)."""

    first: int
    second: int
    first_root: str
    second_root: str
    proof: tuple[str, ...]


async def checkpoint(call: Call) -> Checkpoint | Refusal:
    """The signed head."""

    def find() -> Checkpoint:
        head: Head = call.node.ledger.head
        return Checkpoint(head.size, b64(head.root), head.note.decode())

    return await call.read(find)


async def inclusion(call: Call) -> Inclusion | Refusal:
    """That an entry stands where it is said to stand."""
    size = call.integer("size", call.node.ledger.head.size, call.node.ledger.head.size, 1)
    if isinstance(size, Refusal):
        return size
    sequence = call.integer("sequence", None, size - 1)
    if isinstance(sequence, Refusal):
        return sequence
    tree = call.node.ledger.tree

    def find() -> Inclusion:
        proof = tuple(b64(step) for step in tree.inclusion_proof(sequence, size))
        return Inclusion(sequence, size, b64(tree.leaf_hash(sequence)), b64(tree.root(size)), proof)

    return await call.read(find)


async def consistency(call: Call) -> Consistency | Refusal:
    """That nothing was rewritten between two sizes."""
    second = call.integer("second", call.node.ledger.head.size, call.node.ledger.head.size)
    if isinstance(second, Refusal):
        return second
    first = call.integer("first", None, second)
    if isinstance(first, Refusal):
        return first
    tree = call.node.ledger.tree

    def find() -> Consistency:
        proof = tuple(b64(step) for step in tree.consistency_proof(first, second))
        return Consistency(first, second, b64(tree.root(first)), b64(tree.root(second)), proof)

    return await call.read(find)


# the parts that one party was given


def write_export(node: "Node", party: str, role: Role, file: IO[bytes]) -> None:
    """Write a party's export; for a thread of its own."""
    ledger = node.ledger
    if role is Role.AUDITOR:
        export_whole(ledger, file)  # type: ignore[arg-type]
        return
    named = held(party, ledger.read()).commitments()
    export_given(ledger, file, party, lambda entry: parts_given(entry, party, named))  # type: ignore[arg-type]


async def export(call: Call) -> StreamingResponse | Refusal:
    """The parts of the ledger that the reader was given, as a file that `wideberth verify` checks."""
    running: set[str] = call.request.app.state.exporting
    if call.party in running or len(running) >= EXPORTS_MAX:
        limit = f"one export a party and {EXPORTS_MAX} a node at once"
        return refuse(Reason.TOO_MANY, "export", limit, "one more")
    running.add(call.party)
    file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  closed once it was sent
    try:
        await asyncio.to_thread(write_export, call.node, call.party, call.member.role, file)
    except BaseException:
        file.close()
        raise
    finally:
        running.discard(call.party)
    file.seek(0)
    headers = {"content-disposition": f'attachment; filename="{call.party}.wbx"'}
    return StreamingResponse(_pieces(file), 200, headers, EXPORT_MEDIA, BackgroundTask(file.close))


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := file.read(PIECE_BYTES):
            yield piece
    finally:
        file.close()
