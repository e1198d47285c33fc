"""What a party needs to verify the ledger by itself: the signed head, proofs, and the parts that it was given.

In:  positions and sizes of the ledger. Out: notes and proofs as `ledger` makes them; an export file.
Refuses: positions and sizes that the ledger does not have; more exports at once than a node makes.

A party is given: its own commands with their decisions and parts; its notices and the texts that they name; the volumes
and descriptions of open plans and constraints; the founding entries. An auditor is given everything.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from wideberth.api.call import Call
from wideberth.ledger.entry import DECISION, ENVELOPE, Entry
from wideberth.ledger.export import export_given, export_whole
from wideberth.ledger.store import Head
from wideberth.party.command import Constrain, Disclosure, Genesis, NewEpoch, Plan
from wideberth.party.identity import Role
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import content_of, envelope_of, notice_in
from wideberth.theatre.outcome import (
    Accepted,
    AnswerItem,
    AskedItem,
    ConflictItem,
    Decision,
    Item,
    TalkItem,
    decode_decision,
    decode_effects,
)
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


def named_texts(item: Item) -> bytes | None:
    """The commitment of the text that an item of a notice names."""
    match item:
        case TalkItem(text=text) | AnswerItem(text=text):
            return text
        case ConflictItem(shared=shared) | AskedItem(shared=shared):
            return shared
    return None


def parts_given(entry: Entry, party: str, texts: Collection[bytes]) -> set[int]:
    """The places of an entry's parts that a party was given; `texts` are commitments that its notices name."""
    envelope, decision = envelope_of(entry), decode_decision(content_of(entry, DECISION))
    attached = range(DECISION + 1, DECISION + 1 + decision.attached)
    seen: set[int] = set()
    if envelope.party == party or isinstance(envelope.command, Genesis | NewEpoch):
        seen |= {ENVELOPE, DECISION, *attached}
    command = envelope.command
    is_open = isinstance(command, Plan) and command.disclosure is Disclosure.OPEN
    if isinstance(command, Constrain) or (isinstance(command, Plan) and is_open):
        seen |= {DECISION + 1 + i for i in (command.volumes, command.about) if i is not None and i < decision.attached}
    seen |= {i for i in attached if (part := entry.parts[i]) is not None and part.commitment in texts}
    if isinstance(decision.outcome, Accepted) and decision.derived:
        seen |= _told(entry, party, decision)
    return seen


def _told(entry: Entry, party: str, decision: Decision) -> set[int]:
    """The party's notice, and the volumes of a plan of its own that a settlement moved."""
    effects_at = DECISION + 1 + decision.attached
    last = effects_at + decision.derived - 1
    effects = decode_effects(content_of(entry, effects_at))
    told = notice_in(entry, party)
    seen = {told.part} if told is not None else set()
    moved = effects.moved
    has_places = bool(effects.opened or effects.kept)
    is_moved = moved is not None and moved.ref[0] == party and decision.derived > 1 + has_places
    return seen | ({last} if is_moved else set())


def write_export(node: "Node", party: str, role: Role, sequences: list[int], file: IO[bytes]) -> None:
    """Write a party's export; for a thread of its own."""
    ledger = node.ledger
    if role is Role.AUDITOR:
        export_whole(ledger, file)  # type: ignore[arg-type]
        return
    texts: set[bytes] = set()
    for sequence in sequences:
        told = notice_in(next(ledger.read(sequence, 1)), party)
        items = told.notice.items if told is not None and told.notice is not None else ()
        texts |= {text for item in items if (text := named_texts(item)) is not None}
    export_given(ledger, file, party, lambda entry: parts_given(entry, party, texts))  # type: ignore[arg-type]


async def export(call: Call) -> StreamingResponse | Refusal:
    """The parts of the ledger that the reader was given, as a file that `wideberth verify` checks."""
    running: set[str] = call.request.app.state.exporting
    if call.party in running or len(running) >= EXPORTS_MAX:
        limit = f"one export a party and {EXPORTS_MAX} a node at once"
        return refuse(Reason.TOO_MANY, "export", limit, "one more")
    sequences = await call.read(lambda: list(call.node.state.notice_at.get(call.party, ())))
    if isinstance(sequences, Refusal):
        return sequences
    running.add(call.party)
    file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  closed once it was sent
    try:
        await asyncio.to_thread(write_export, call.node, call.party, call.member.role, sequences, file)
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
