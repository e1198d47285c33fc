"""From an outcome to an entry, and from an entry back into the state.

In:  `compose`: the state before, the signed bytes as they came, the outcome, the attached parts, and where salts come
     from. `replay`: an entry read from a ledger.
Out: the entry to append, with the notice chains carried on and their heads in the effects; or the state after it.
Order of the parts: see `theatre.outcome`.
"""

from collections.abc import Sequence

import msgspec

from wideberth.ledger.entry import Entry, Part, chain_notice, leaf_bytes
from wideberth.party.envelope import SALT_BYTES, Attachment, Signed, decode_envelope, encode
from wideberth.theatre.apply import apply
from wideberth.theatre.outcome import Head, Outcome, decode_decision
from wideberth.theatre.state import ZERO_HEAD, Draw, State

_decode_signed = msgspec.msgpack.Decoder(Signed).decode
_decode_leaf = msgspec.msgpack.Decoder(tuple[int, int, int, tuple[bytes, ...]]).decode


def compose(
    state: State,
    time_us: int,
    signed: Signed,
    outcome: Outcome,
    attached: Sequence[Attachment],
    draw: Draw,
) -> Entry:
    """The entry that records an outcome, at the end of the ledger that made `state`."""
    sequence = state.size
    notices, heads = _chain(state, sequence, time_us, outcome)
    contents: list[bytes] = []
    if outcome.effects is not None:
        effects = msgspec.structs.replace(outcome.effects, heads=heads)
        derived = [part for part in (effects, outcome.places, outcome.volumes) if part is not None]
        outcome.decision = msgspec.structs.replace(outcome.decision, derived=len(derived))
        contents = [encode(part) for part in derived]
    kept = attached[: outcome.decision.attached]
    fresh = [encode(signed), encode(outcome.decision)]
    salts = draw(SALT_BYTES * (len(fresh) + len(contents) + len(notices)))
    made = [
        Part(salts[i * SALT_BYTES : (i + 1) * SALT_BYTES], content)
        for i, content in enumerate([*fresh, *contents, *notices])
    ]
    parts = (*made[:2], *(Part(a.salt, a.content) for a in kept), *made[2:])
    return Entry(sequence, time_us, leaf_bytes(sequence, time_us, [p.commitment for p in parts]), parts)


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


def replay(state: State, entry: Entry) -> None:
    """Write one entry of a ledger into the state that its predecessors made."""
    parts = entry.parts
    first, second = parts[0], parts[1]
    assert first is not None, "envelopes are never destroyed"
    assert second is not None, "decisions are never destroyed"
    data = _decode_signed(first.content).envelope
    decision = decode_decision(second.content)
    last = 2 + decision.attached + decision.derived
    contents = [None if part is None else part.content for part in parts[2:last]]
    commitments = _decode_leaf(entry.leaf)[3]
    if entry.sequence == 0:
        state.genesis = entry.leaf_hash
    apply(state, entry.sequence, entry.time_us, decode_envelope(data), decision, contents, commitments[2:last])
