"""From an outcome to an entry, and from an entry back into the state.

In:  `compose`: the state before, the opened envelope, its signed bytes and parts as they came, the outcome, and where
     salts come from. `read` and `replay`: an entry of a ledger.
Out: the entry to append with what it means, the notice chains carried on and their heads in the effects; or the state
     after it. `apply` of what was composed, and `replay` of its entry, make the same state.
Order of the parts: see `theatre.outcome`.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from wideberth.ledger.entry import Entry, Part, chain_notice, leaf_bytes
from wideberth.party.envelope import SALT_BYTES, Attachment, Envelope, Signed, decode_envelope, encode
from wideberth.theatre.apply import apply
from wideberth.theatre.applying import Meaning
from wideberth.theatre.outcome import Decision, Effects, Head, Outcome, decode_decision, decode_effects
from wideberth.theatre.rows import ZERO_HEAD
from wideberth.theatre.state import Draw, State

_decode_signed = msgspec.msgpack.Decoder(Signed).decode
NO_EFFECTS = Effects()


def compose(
    state: State,
    time_us: int,
    sent: tuple[Envelope, Signed, Sequence[Attachment]],
    outcome: Outcome,
    draw: Draw,
) -> Meaning:
    """The entry that records an outcome, at the end of the ledger that made `state`."""
    envelope, signed, attached = sent
    sequence = state.size
    notices, heads = _chain(state, sequence, time_us, outcome)
    decision, effects, derived = _derive(outcome, heads)
    contents = [encode(signed), encode(decision), *derived, *notices]
    salts = draw(SALT_BYTES * len(contents))
    made = [
        Part(salts[at : at + SALT_BYTES], c) for at, c in zip(range(0, len(salts), SALT_BYTES), contents, strict=True)
    ]
    kept = [Part(a.salt, a.content) for a in attached[: decision.attached]]
    parts = (*made[:2], *kept, *made[2:])
    commitments = [sha256(part.salt + part.content).digest() for part in parts]
    entry = Entry(sequence, time_us, leaf_bytes(sequence, time_us, commitments), parts)
    return Meaning(entry, envelope, decision, effects, outcome.shapes)


def _derive(outcome: Outcome, heads: tuple[Head, ...]) -> tuple[Decision, Effects, list[bytes]]:
    """Decision and effects as they stand in the entry, and the contents of the derived parts."""
    if outcome.effects is None:
        return outcome.decision, NO_EFFECTS, []
    effects = msgspec.structs.replace(outcome.effects, heads=heads) if heads else outcome.effects
    derived = [encode(part) for part in (effects, outcome.places, outcome.volumes) if part is not None]
    told = outcome.decision
    return Decision(told.decide_version, told.outcome, told.attached, len(derived)), effects, derived


def _chain(state: State, sequence: int, time_us: int, outcome: Outcome) -> tuple[list[bytes], tuple[Head, ...]]:
    contents: list[bytes] = []
    heads: list[Head] = []
    for party, notice in outcome.notices:
        member = state.members.get(party)
        number, previous = (member.notices + 1, member.head) if member is not None else (1, ZERO_HEAD)
        content, head = chain_notice(party, number, previous, sequence, time_us, encode(notice))
        contents.append(content)
        heads.append(Head(party, number, head))
    return contents, tuple(heads)


def read(entry: Entry) -> Meaning:
    """An entry of a ledger with what its parts say."""
    first, second = entry.parts[0], entry.parts[1]
    assert first is not None, "envelopes are never destroyed"
    assert second is not None, "decisions are never destroyed"
    decision = decode_decision(second.content)
    effects = NO_EFFECTS
    if decision.derived:
        third = entry.parts[2 + decision.attached]
        assert third is not None, "effects are never destroyed"
        effects = decode_effects(third.content)
    envelope = decode_envelope(_decode_signed(first.content).envelope)
    return Meaning(entry, envelope, decision, effects)


def replay(state: State, entry: Entry) -> None:
    """Write one entry of a ledger into the state that its predecessors made."""
    apply(state, read(entry))
