"""The whole state as bytes, and back: so that a restart need not replay everything.

In:  `dump`: a state. `load`: bytes that `dump` made.
Out: the same state, or a Refusal where the bytes are not a snapshot of this format, or not of the digest they name.
A snapshot proves nothing by itself: whoever loads one compares its digest with the `CommitState` entry that stands in
the ledger at its size, and replays from there. The index is built anew from the boxes that stand in it.
"""

from array import array
from collections import deque
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

import msgspec

from wideberth.party.charter import Charter
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.hotline_rows import DoubtRow, Line, Message, Obligation, Tree, Watch
from wideberth.theatre.outcome import Ref
from wideberth.theatre.rows import (
    AlertRow,
    Arbitrated,
    Conflict,
    Draft,
    EncounterRow,
    Held,
    Invitation,
    Member,
    Movement,
    Reference,
    Subscription,
    Thing,
)
from wideberth.theatre.state import State

FORMAT: Final = "wideberth/snapshot/7"


class Rows(msgspec.Struct, array_like=True):
    """Everything a state holds, in the order of its tables."""

    format: str
    digest: bytes
    size: int
    time_us: int
    theatre: str
    epoch: int
    exercise: bool
    genesis: bytes
    node_key: bytes
    charter: Charter
    open_version: int
    members: list[Member]
    invitations: list[Invitation]
    things: list[Thing]
    boxes: list[tuple[Ref, bytes]]
    conflicts: list[Conflict]
    by_thing: list[tuple[Ref, list[bytes]]]
    drafts: list[tuple[bytes, Draft]]
    seen: list[tuple[tuple[str, bytes], int]]
    seen_until: list[tuple[int, list[tuple[str, bytes]]]]
    dues: list[tuple[int, str, Ref]]
    fading: list[tuple[int, Ref | bytes]]
    notice_at: list[tuple[str, bytes]]
    references: list[Reference]
    subscriptions: list[Subscription]
    availability: list[tuple[str, Arbitrated]]
    dropping: list[tuple[int, str, bytes]]
    watched: list[tuple[Ref, bytes]]
    trees: list[tuple[str, Tree]]
    paths: list[tuple[tuple[str, str], Held]]
    messages: list[Message]
    obligations: list[Obligation]
    doubts: list[DoubtRow]
    lines: list[Line]
    watches: list[Watch]
    movements: list[Movement]
    alerts: list[AlertRow]
    encounters: list[EncounterRow]
    passing: list[tuple[int, Ref]]


def _held(value: Any) -> Any:
    assert isinstance(value, Held)
    return (value.commitment, value.content)


def _hold(kind: type, value: Any) -> Any:
    assert kind is Held
    return Held(*value)


_encode = msgspec.msgpack.Encoder(enc_hook=_held).encode
_decode = msgspec.msgpack.Decoder(Rows, dec_hook=_hold).decode


def dump(state: State) -> bytes:
    """SHA-256 of what follows, then the state as one MessagePack array, its digest among it."""
    rows = _encode(
        Rows(
            FORMAT,
            state.digest(),
            state.size,
            state.time_us,
            state.theatre,
            state.epoch,
            state.exercise,
            state.genesis,
            state.node_key,
            state.charter,
            state.open_version,
            list(state.members.values()),
            list(state.invitations.values()),
            list(state.things.values()),
            list(state.occupied.boxes()),
            list(state.conflicts.values()),
            list(state.by_thing.items()),
            list(state.drafts.items()),
            list(state.seen.items()),
            list(state.seen_until.items()),
            state.dues,
            list(state.fading),
            [(party, where.tobytes()) for party, where in state.notice_at.items()],
            list(state.references.values()),
            list(state.subscriptions.values()),
            list(state.availability.items()),
            state.dropping,
            [row for watched in state.watched.values() for row in watched.boxes()],
            list(state.trees.items()),
            list(state.paths.items()),
            list(state.messages.values()),
            list(state.obligations.values()),
            list(state.doubts.values()),
            list(state.lines.values()),
            list(state.watches.values()),
            list(state.movements.values()),
            list(state.alerts.values()),
            list(state.encounters.values()),
            state.passing,
        )
    )
    return sha256(rows).digest() + rows


def load(data: bytes) -> State | Refusal:
    """The state behind the bytes, when its digest is the one that they name."""
    if sha256(data[32:]).digest() != data[:32]:
        return refuse(Reason.MALFORMED, "snapshot", "bytes that fit their SHA-256", f"{len(data)} bytes")
    try:
        rows = _decode(data[32:])
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        return refuse(Reason.MALFORMED, "snapshot", f"a snapshot of {FORMAT}", str(error))
    if rows.format != FORMAT:
        return refuse(Reason.MALFORMED, "snapshot.format", FORMAT, rows.format)
    state = _state(rows)
    if state.digest() != rows.digest:
        return refuse(Reason.MALFORMED, "snapshot.digest", rows.digest.hex(), state.digest().hex())
    return state


def _state(rows: Rows) -> State:
    state = State()
    state.size, state.time_us, state.theatre, state.epoch = rows.size, rows.time_us, rows.theatre, rows.epoch
    state.exercise, state.genesis, state.node_key = rows.exercise, rows.genesis, rows.node_key
    state.charter, state.open_version = rows.charter, rows.open_version
    state.touch("charter", "")
    tables: tuple[tuple[str, dict[Any, Any], Iterable[tuple[Any, Any]]], ...] = (
        ("member", state.members, ((m.party, m) for m in rows.members)),
        ("invitation", state.invitations, ((i.party, i) for i in rows.invitations)),
        ("thing", state.things, ((t.ref, t) for t in rows.things)),
        ("conflict", state.conflicts, ((c.id, c) for c in rows.conflicts)),
        ("draft", state.drafts, rows.drafts),
        ("reference", state.references, ((r.key, r) for r in rows.references)),
        ("subscription", state.subscriptions, ((s.id, s) for s in rows.subscriptions)),
        ("availability", state.availability, rows.availability),
        ("tree", state.trees, rows.trees),
        ("path", state.paths, rows.paths),
        ("message", state.messages, ((m.key, m) for m in rows.messages)),
        ("obligation", state.obligations, ((o.id, o) for o in rows.obligations)),
        ("doubt", state.doubts, ((d.ref, d) for d in rows.doubts)),
        ("line", state.lines, ((line.id, line) for line in rows.lines)),
        ("watch", state.watches, (((w.party, w.cell), w) for w in rows.watches)),
        ("movement", state.movements, ((m.ref, m) for m in rows.movements)),
        ("alert", state.alerts, ((a.id, a) for a in rows.alerts)),
        ("encounter", state.encounters, ((e.ref, e) for e in rows.encounters)),
    )
    for name, table, keyed in tables:
        for key, row in keyed:
            table[key] = row
            state.touch(name, key)
    for ref, boxes in rows.boxes:
        thing = state.things[ref]
        state.occupied.add(ref, thing.class_number, thing.planned_seq, boxes)
    for thing in rows.things:
        state.show(thing)
    for ref, boxes in rows.watched:
        state.watched[ref[0]].add(ref, 0, state.watched_row(ref).sequence, boxes)
    state.dropping, state.passing = rows.dropping, rows.passing
    for owed in rows.obligations:
        state.owing.setdefault(owed.message_key, []).append(owed.id)
    state.by_thing = dict(rows.by_thing)
    state.seen, state.seen_until = dict(rows.seen), dict(rows.seen_until)
    state.dues, state.fading = rows.dues, deque(rows.fading)
    state.notice_at = {party: array("Q", where) for party, where in rows.notice_at}
    return state
