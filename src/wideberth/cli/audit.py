"""The auditor: replays a ledger, checks every signature against the keys in force, and may decide everything again.

In:  entries in order, as `ledger.verify` hands them on.
Out: what is wrong with an entry, or None; the state after the last entry that could be replayed.
Nothing is trusted but the first entry, whose hash and node key the reader compares with what he was told.

Deciding again takes the recorded random ids and compares decision, effects, places and notices. A record is accepted
where it differs by no more than a millimetre, since another processor may round otherwise.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from wideberth.ledger.checkpoint import Verifier, origin_of
from wideberth.ledger.entry import Entry, read_notice
from wideberth.ledger.merkle import Tree
from wideberth.party.command import NODE_COMMANDS, CommitState, Genesis, NewEpoch, tag_of
from wideberth.party.envelope import Attachment, Envelope, Signed, check_signatures, open_envelope, open_parts
from wideberth.party.standard import Vouch
from wideberth.refusal import Refusal
from wideberth.sequencer import PastEntry, content_of
from wideberth.theatre.decide import authenticate, check_vouch, decide, decide_node
from wideberth.theatre.outcome import (
    DECIDE_VERSION,
    Accepted,
    Decision,
    Effects,
    Notice,
    Outcome,
    Places,
    Spots,
    decode_decision,
    decode_derived,
    decode_notice,
)
from wideberth.theatre.record import replay
from wideberth.theatre.rows import ZERO_HEAD
from wideberth.theatre.state import State

_decode_signed = msgspec.msgpack.Decoder(Signed).decode
LENGTHS: Final = frozenset(("horizontal_mm", "vertical_mm", "lower_mm", "upper_mm"))
TOLERANCE_MM: Final = 1
TOLERANCE_ND: Final = 100
"""A millimetre is 9 nanodegrees of latitude, and up to some tens of longitude in the latitudes where people live."""


class Audit:
    """One pass over a ledger. Hand `entry` to `ledger.verify.verify` as its `on_entry`."""

    def __init__(self, again: bool = False) -> None:
        """`again` decides every command anew."""
        self.state = State()
        self.signatures = self.decided = self.not_decided = 0
        self.digests = 0
        self.keys: list[Verifier] = []
        """The node's key of each epoch, by the origin that it signs for."""
        self.lost: int | None = None
        """The first entry that could not be replayed; nothing after it is known."""
        self._again = again
        self._record = _Record()

    def entry(self, entry: Entry) -> str | None:
        """Check one entry and write it into the state; what is wrong with it."""
        if self.lost is not None:
            return None
        if entry.sequence != self.state.size:
            self.lost = self.state.size
            return None
        try:
            return self._entry(entry)
        except (AssertionError, LookupError, ValueError, msgspec.MsgspecError) as error:
            self.lost = entry.sequence
            return f"it cannot be replayed ({type(error).__name__}: {error})"

    def _entry(self, entry: Entry) -> str | None:
        signed = _decode_signed(content_of(entry, 0))
        envelope = open_envelope(signed.envelope)
        if isinstance(envelope, Refusal):
            self.lost = entry.sequence
            return f"its envelope cannot be read: {envelope.sentence()}"
        decision = decode_decision(content_of(entry, 1))
        fault = self._signature(envelope, signed) or self._digest(envelope)
        if fault is None and self._again:
            fault = self._decide(entry, envelope, decision)
        replay(self.state, entry)
        if self._again:
            self._record.add(entry, decision)
        if isinstance(envelope.command, Genesis | NewEpoch):
            origin = origin_of(self.state.theatre, self.state.epoch)
            self.keys.append(Verifier(origin, self.state.node_key))
        return fault

    def _signature(self, envelope: Envelope, signed: Signed) -> str | None:
        """Who may have said it: a party by its keys in force, or the node by its own."""
        command = envelope.command
        self.signatures += len(signed.signatures)
        if not isinstance(command, NODE_COMMANDS):
            check = check_vouch if isinstance(command, Vouch) else authenticate
            no = check(self.state, envelope, lambda: check_signatures(envelope, signed.envelope, signed.signatures))
            return None if no is None else f"nobody is known to have said it: {no.sentence()}"
        if isinstance(command, Genesis) != (self.state.size == 0):
            return "a theatre is founded by its first entry and by no other"
        key = command.node_key if isinstance(command, Genesis | NewEpoch) else self.state.node_key
        genesis = ZERO_HEAD if isinstance(command, Genesis) else self.state.genesis
        if envelope.party or envelope.keys != (key,) or envelope.genesis != genesis:
            return f"its {tag_of(command)} is not by the node of this theatre"
        no = check_signatures(envelope, signed.envelope, signed.signatures)
        return None if no is None else no.sentence()

    def signature_alone(self, entry: Entry) -> str | None:
        """Whether an envelope is signed by the keys that it names, where the keys in force are not known."""
        signed = _decode_signed(content_of(entry, 0))
        envelope = open_envelope(signed.envelope)
        no = (
            envelope
            if isinstance(envelope, Refusal)
            else check_signatures(envelope, signed.envelope, signed.signatures)
        )
        self.signatures += len(signed.signatures)
        return None if no is None else f"Entry {entry.sequence}: {no.sentence()}"

    def _digest(self, envelope: Envelope) -> str | None:
        """A digest of the state stands there: it has to be that of the state replayed."""
        command = envelope.command
        if not isinstance(command, CommitState):
            return None
        self.digests += 1
        return None if command.digest == self.state.digest() else "its digest is not that of the state replayed"

    # deciding again

    def _decide(self, entry: Entry, envelope: Envelope, decision: Decision) -> str | None:
        attached = _attached(entry, envelope, decision)
        if attached is None or decision.decide_version != DECIDE_VERSION:
            self.not_decided += 1
            return None
        self.decided += 1
        recorded = _recorded(entry, decision)
        outcome = self._outcome(entry, envelope, attached, recorded)
        return None if outcome is None else compare(outcome, recorded)

    def _outcome(
        self, entry: Entry, envelope: Envelope, attached: tuple[Attachment, ...], recorded: "Recorded"
    ) -> Outcome | None:
        if isinstance(envelope.command, NODE_COMMANDS):
            return decide_node(self.state, envelope.command, entry.time_us)
        opened = open_parts(envelope, attached)
        assert not isinstance(opened, Refusal), opened
        parts = tuple(zip(opened, envelope.attached, strict=True))
        ids = recorded.ids()
        return decide(self.state, envelope, parts, entry.time_us, self._record, lambda size: next(ids, bytes(size)))


class Recorded(msgspec.Struct):
    """What an entry says was decided. `None` where a part is destroyed."""

    decision: Decision
    effects: Effects | None
    derived: list[Any]
    notices: list[tuple[str, Notice | None]]

    def ids(self) -> Iterator[bytes]:
        """The random ids that were drawn, in order."""
        return iter([opened.conflict for opened in self.effects.opened] if self.effects is not None else [])


def _attached(entry: Entry, envelope: Envelope, decision: Decision) -> tuple[Attachment, ...] | None:
    """The attached parts; None where they are destroyed, or were left out of a refusal's entry."""
    parts = entry.parts[2 : 2 + decision.attached]
    kept = [Attachment(part.salt, part.content) for part in parts if part is not None]
    return tuple(kept) if len(kept) == len(envelope.attached) else None


def _recorded(entry: Entry, decision: Decision) -> Recorded:
    first = 2 + decision.attached
    last = first + decision.derived
    derived = [None if part is None else decode_derived(part.content) for part in entry.parts[first:last]]
    effects = derived[0] if derived and isinstance(derived[0], Effects) else None
    notices: list[tuple[str, Notice | None]] = []
    heads = effects.heads if effects is not None else ()
    for head, part in zip(heads, entry.parts[last:], strict=True):
        link = None if part is None else read_notice(part.content)
        notices.append((head.party, None if link is None or isinstance(link, Refusal) else decode_notice(link.body)))
    return Recorded(decision, effects, derived[1:], notices)


def compare(outcome: Outcome, recorded: Recorded) -> str | None:
    """Where what is decided again differs from the record by more than a millimetre; None where it does not."""
    fresh = outcome.decision.outcome
    if not same(fresh, recorded.decision.outcome):
        said, now = _short(recorded.decision.outcome), _short(fresh)
        return f"decided again it reads otherwise: {now}, recorded is {said}"
    effects = outcome.effects
    if effects is not None and recorded.effects is not None:
        bare = msgspec.structs.replace(recorded.effects, heads=())
        if not same(effects, bare):
            return "decided again its effects are others"
    made = [part for part in (outcome.places, outcome.volumes) if part is not None]
    for new, old in zip(made, recorded.derived, strict=False):
        if old is not None and not same(new, old):
            return "decided again its places are others"
    if len(made) != len(recorded.derived):
        return "decided again it has other parts"
    if [party for party, _ in outcome.notices] != [party for party, _ in recorded.notices]:
        return "decided again other parties are told"
    for (party, new_notice), (_, old_notice) in zip(outcome.notices, recorded.notices, strict=True):
        if old_notice is not None and not same(new_notice, old_notice):
            return f"decided again {party} is told otherwise"
    return None


def same(new: Any, old: Any, name: str = "") -> bool:
    """Equal, figures of length and place within a millimetre."""
    if isinstance(new, Places | Spots):
        return type(new) is type(old) and same(new.each(), old.each())
    if isinstance(new, msgspec.Struct):
        fields = new.__struct_fields__
        return type(new) is type(old) and all(same(getattr(new, f), getattr(old, f), f) for f in fields)
    if isinstance(new, list | tuple):
        return len(new) == len(old) and all(same(a, b, name) for a, b in zip(new, old, strict=True))
    if isinstance(new, int) and isinstance(old, int):
        slack = TOLERANCE_MM if name in LENGTHS else TOLERANCE_ND if name in ("lat_nd", "lon_nd", "rings") else 0
        return abs(new - old) <= slack
    return bool(new == old)


def _short(outcome: Accepted | Refusal) -> str:
    if isinstance(outcome, Refusal):
        return f"refused ({outcome.reason.value})"
    return f"accepted with {len(outcome.conflicts)} conflicts"


class _Record:
    """The ledger behind the state, as deciding asks for it."""

    def __init__(self) -> None:
        self._tree = Tree()
        self._heads: dict[tuple[str, int], bytes] = {}
        self._past: list[PastEntry | None] = []

    def add(self, entry: Entry, decision: Decision) -> None:
        """An entry that was checked."""
        self._tree.append(entry.leaf_hash)
        self._past.append(PastEntry.read(entry))
        for part in entry.parts[2 + decision.attached + decision.derived :]:
            link = None if part is None else read_notice(part.content)
            if part is not None and link is not None and not isinstance(link, Refusal):
                self._heads[link.party, link.number] = sha256(part.content).digest()

    def root_at(self, size: int) -> bytes | None:
        """See `decide.History`."""
        return self._tree.root(size) if 0 < size <= self._tree.size else None

    def head_at(self, party: str, number: int) -> bytes | None:
        """See `decide.History`."""
        return self._heads.get((party, number))

    def past(self, sequence: int) -> PastEntry | None:
        """See `decide.History`."""
        return self._past[sequence] if 0 <= sequence < len(self._past) else None


def first_notice(entry: Entry) -> int:
    """Where in an entry the notices begin, by its decision."""
    decision = decode_decision(content_of(entry, 1))
    return 2 + decision.attached + decision.derived


def operations_by_state(state: State) -> dict[str, int]:
    """How many operations stand in each state, of those that the state still holds."""
    return _counted([thing.state.value for thing in state.things.values() if thing.what == "operation"])


def conflicts_by_state(state: State) -> dict[str, int]:
    """How many conflicts stand in each state, of those that the state still holds."""
    return _counted([conflict.state.value for conflict in state.conflicts.values()])


def _counted(values: Sequence[str]) -> dict[str, int]:
    return {value: values.count(value) for value in sorted(set(values))}
