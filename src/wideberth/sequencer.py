"""The one that decides for a theatre: commands in, entries appended, answers out; no sockets, no clock of its own.

In:  submissions whose form and signatures were checked (`admit`), the time as the caller's clocks show it, a store.
Out: one `Answer` a submission, in order, after the group is durable; nothing shows before.
Refuses by `Answer`: what the theatre refuses, and everything while the clock cannot be trusted.
Raises what the store raises: then the process ends, and what was not answered may or may not have happened.

decide and apply run before the append, so a group of commands costs one fsync. A command for
which deciding or composing its entry fails is set aside and named; the state is untouched by then.
"""

import hashlib
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from wideberth.ledger.entry import Entry
from wideberth.ledger.store import Store
from wideberth.limits import CLOCK_STEP_US_MAX, GROUP_COMMANDS_MAX, ID_BYTES, STATE_DIGEST_ENTRIES, TICK_US
from wideberth.party.alerts import Warned
from wideberth.party.command import CommitState, Due, Erase, Genesis, NewEpoch, NodeCommand, Text, Tick, Volumes
from wideberth.party.envelope import (
    CONTEXT,
    SALT_BYTES,
    Attachment,
    Envelope,
    Signed,
    check_signatures,
    command_digest,
    decode_envelope,
    encode,
    open_envelope,
    open_parts,
)
from wideberth.party.hotline import Delivered
from wideberth.party.identity import public_key, sign_with, signing_key
from wideberth.party.standard import Vouch
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.apply import apply
from wideberth.theatre.applying import Meaning
from wideberth.theatre.decide import authenticate, decide, decide_node
from wideberth.theatre.dues import next_due
from wideberth.theatre.filing import Parts
from wideberth.theatre.outcome import (
    Accepted,
    Decision,
    Notice,
    Outcome,
    Ref,
    decode_decision,
    decode_effects,
    decode_notice,
)
from wideberth.theatre.record import compose
from wideberth.theatre.state import Draw, State
from wideberth.theatre.vouched import standing_answer

ANSWERS_KEPT: Final = 8_192
"""Answers kept for repeats before they are read from the store again."""
NODE_NOT_AFTER_US: Final = 60_000_000
IDLE_GAP_US_MAX: Final = 7 * 86_400 * 1_000_000
"""A clock that says the ledger lay still for longer than this must be confirmed by the operator."""


class Submission(msgspec.Struct):
    """An authenticated command on its way to be decided."""

    envelope: Envelope
    signed: Signed
    parts: Parts
    attached: tuple[Attachment, ...]

    @property
    def key(self) -> tuple[str, bytes]:
        """Ids are per party."""
        return self.envelope.party, self.envelope.command_id


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """What the node signs: this command stands there, with this leaf."""

    context: str
    genesis: bytes
    sequence: int
    time_us: int
    leaf_hash: bytes
    command_digest: bytes


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The answer to one command: the decision and where it stands, or a refusal that is no entry."""

    decision: Decision | Refusal
    entry: Entry | None = None
    digest: bytes = b""
    missing: tuple[Ref, ...] = ()
    """Intents that a supplier's key lacks."""

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, if it is one, wherever it stands."""
        outcome = self.decision if isinstance(self.decision, Refusal) else self.decision.outcome
        return outcome if isinstance(outcome, Refusal) else None

    @property
    def accepted(self) -> Accepted | None:
        """The acceptance, if it is one."""
        outcome = None if isinstance(self.decision, Refusal) else self.decision.outcome
        return outcome if isinstance(outcome, Accepted) else None


class Told(msgspec.Struct, frozen=True):
    """A party's notice, read from its entry."""

    party: str
    number: int
    head: bytes
    sequence: int
    time_us: int
    part: int
    notice: Notice | None
    """None where it was destroyed."""


class Clock:
    """Whether the wall clock may be believed: it must not leave the monotonic clock, nor lie behind the ledger."""

    def __init__(self, wall_us: int, mono_us: int, last_entry_us: int, trusted: bool = False) -> None:
        """`trusted`: the operator vouches for a long gap since the last entry."""
        self._last_entry_us, self._trusted = last_entry_us, trusted
        self._offset_us = wall_us - mono_us
        self.wrong = self._at_start(wall_us)
        self._believed = not self.wrong

    def _at_start(self, wall_us: int) -> str:
        gap = wall_us - self._last_entry_us
        if self._last_entry_us and gap < -CLOCK_STEP_US_MAX:
            return f"the clock is {-gap // 1_000_000} s behind the last entry"
        if self._last_entry_us and gap > IDLE_GAP_US_MAX and not self._trusted:
            return f"the clock is {gap // 86_400_000_000} days ahead of the last entry, and nobody vouched for it"
        return ""

    def check(self, wall_us: int, mono_us: int) -> str:
        """What is wrong with the clock now; empty when nothing is. A clock that comes back is believed again."""
        if not self._believed:
            self._offset_us = wall_us - mono_us
            self.wrong = self._at_start(wall_us)
            self._believed = not self.wrong
            return self.wrong
        step = wall_us - mono_us - self._offset_us
        self.wrong = f"the clock was stepped by {step / 1e6:+.1f} s" if abs(step) > CLOCK_STEP_US_MAX else ""
        if not self.wrong:
            self._offset_us += max(-100, min(100, step))
        return self.wrong


class Sequencer:
    """Joins state and store. One thread calls it."""

    def __init__(self, store: Store, node_seed: bytes, draw: Draw, state: State) -> None:
        """`state` is what the store's entries made (`load` replays them)."""
        assert state.size == store.head.size, (state.size, store.head.size)
        self.store, self.state = store, state
        self._key, self._draw = signing_key(node_seed), draw
        self.node_key = public_key(node_seed)
        self._answers: dict[int, Answer] = {}
        self.set_aside: Callable[[Submission, str], None] = lambda _submission, _trace: None

    def sign(self, data: bytes) -> bytes:
        """The node's signature."""
        return sign_with(self._key, data)

    # admitting

    def admit(
        self, data: bytes, signatures: tuple[bytes, ...], attached: tuple[Attachment, ...]
    ) -> Submission | Refusal:
        """Check form, parts, sender and signatures of a command; what is refused here is no entry.

        Of a command that was answered before only the signatures: who may speak may have changed since, even by it.
        """
        envelope = open_envelope(data)
        if isinstance(envelope, Refusal):
            return envelope
        first = self._first_answer((envelope.party, envelope.command_id))
        if first is not None and first.digest == command_digest(data):
            no = check_signatures(envelope, data, signatures)
        else:
            no = authenticate(self.state, envelope, lambda: check_signatures(envelope, data, signatures))
        if no is not None:
            return no
        opened = open_parts(envelope, attached)
        if isinstance(opened, Refusal):
            return opened
        parts = tuple(zip(opened, envelope.attached, strict=True))
        return Submission(envelope, Signed(data, signatures), parts, attached)

    def vouch(self, vouch: Vouch, parts: Sequence[Volumes | Text], wall_us: int) -> Submission:
        """The node's word for what a token brought."""
        attached = tuple(Attachment(self._draw(SALT_BYTES), encode(part)) for part in parts)
        named = tuple(part.commitment() for part in attached)
        not_after_us, keys = wall_us + NODE_NOT_AFTER_US, (self.node_key,)
        who, own_id = vouch.supplier.party, self._draw(ID_BYTES)
        envelope = Envelope(CONTEXT, self.state.genesis, who, keys, own_id, not_after_us, (0, b""), vouch, named)
        return Submission(envelope, self._sign(envelope), tuple(zip(parts, named, strict=True)), attached)

    def _sign(self, envelope: Envelope) -> Signed:
        data = encode(envelope)
        return Signed(data, (sign_with(self._key, data),))

    def repeated(self, submission: Submission) -> Answer | None:
        """The first answer to a command that was answered before, the same bytes; None for a new one.

        What a token brought is the same request, and its result still stands.
        """
        command = submission.envelope.command
        if isinstance(command, Vouch):
            sequence = standing_answer(self.state, command)
            return None if sequence is None else self._answer_at(sequence)
        answer = self._first_answer(submission.key)
        return answer if answer and answer.digest == command_digest(submission.signed.envelope) else None

    def _first_answer(self, key: tuple[str, bytes]) -> Answer | None:
        sequence = self.state.seen.get(key)
        return None if sequence is None else self._answer_at(sequence)

    def _answer_at(self, sequence: int) -> Answer:
        answer = self._answers.get(sequence)
        if answer is None:
            entry = next(self.store.read(sequence, 1))
            signed = msgspec.msgpack.decode(content_of(entry, 0), type=Signed)
            answer = self._answer(entry, command_digest(signed.envelope))
        return answer

    # deciding

    def decide_group(self, submissions: Sequence[Submission], wall_us: int) -> list[Answer]:
        """Decide, apply and append a group; the answers stand only when this returns."""
        size = self.state.size
        group: list[Entry] = []
        answers = [self.decide_one(submission, wall_us, group) for submission in submissions]
        self.append(group, size)
        return answers

    def decide_one(self, submission: Submission, wall_us: int, group: list[Entry]) -> Answer:
        """Decide and apply one command; its entry joins the group. The answer stands once the group is appended."""
        again = self.repeated(submission)
        if again is not None:
            return again
        time_us = max(self.state.time_us + 1, wall_us)
        sent = (submission.envelope, submission.signed, submission.attached)
        try:
            outcome = decide(self.state, submission.envelope, submission.parts, time_us, self, self._draw)
            composed = compose(self.state, time_us, sent, outcome, self._draw)
        except Exception:  # noqa: BLE001  the state is untouched, so whatever went wrong, the command alone is set aside
            self.set_aside(submission, traceback.format_exc())
            limit = f"command {submission.envelope.command_id.hex()} was set aside; the node's log names it"
            return Answer(refuse(Reason.SET_ASIDE, "command", limit))
        self._enter(composed, group)
        digest = command_digest(submission.signed.envelope)
        return self._keep(Answer(composed.decision, composed.entry, digest, outcome.missing))

    def _enter(self, composed: Meaning, group: list[Entry]) -> None:
        apply(self.state, composed)
        group.append(composed.entry)
        if self.state.size % STATE_DIGEST_ENTRIES == 0:
            self._say(CommitState(self.state.digest()), self.state.time_us, group)

    def append(self, group: list[Entry], size: int) -> None:
        """Make a group durable at the size before it, then destroy what its erasures name."""
        erasing = [command for entry in group if (command := erase_of(entry)) is not None]
        self.store.append(group, size)
        self.state.fold()
        for sequence, part in erasing:
            self.store.erase(sequence, part)

    def _say(self, command: NodeCommand, wall_us: int, group: list[Entry]) -> Decision:
        time_us = max(self.state.time_us + 1, wall_us)
        not_after = time_us + NODE_NOT_AFTER_US
        command_id = hashlib.sha256(self.state.size.to_bytes(8) + encode(command)).digest()[:16]
        keys = (self.node_key,)
        envelope = Envelope(CONTEXT, self.state.genesis, "", keys, command_id, not_after, (0, b""), command)
        outcome: Outcome = decide_node(self.state, command, time_us)
        composed = compose(self.state, time_us, (envelope, self._sign(envelope), ()), outcome, self._draw)
        self._enter(composed, group)
        return composed.decision

    def say(self, command: Genesis | NewEpoch | CommitState | Delivered | Warned, wall_us: int) -> None:
        """Append a command of the node's own."""
        size, group = self.state.size, list[Entry]()
        self._say(command, wall_us, group)
        self.append(group, size)

    def pass_time(self, wall_us: int) -> int:
        """Append the dues that have come, so many at a time, and every 5 s a tick; how many entries that were."""
        size, group = self.state.size, list[Entry]()
        while (due := next_due(self.state)) is not None and due[0] <= wall_us and len(group) < GROUP_COMMANDS_MAX:
            at_us, kind, subject = due
            decision = self._say(Due(kind, subject, at_us), wall_us, group)
            assert isinstance(decision.outcome, Accepted), decision
        if wall_us - self.state.time_us >= TICK_US or self._tick_is_due(wall_us):
            self._say(Tick(), wall_us, group)
            self._last_tick_us = wall_us
        self.append(group, size)
        return len(group)

    _last_tick_us = 0

    def _tick_is_due(self, wall_us: int) -> bool:
        return wall_us - self._last_tick_us >= TICK_US

    # answers and notices

    def _answer(self, entry: Entry, digest: bytes) -> Answer:
        part = entry.parts[1]
        assert part is not None, "decisions are never destroyed"
        return Answer(decode_decision(part.content), entry, digest)

    def _keep(self, answer: Answer) -> Answer:
        assert answer.entry is not None
        self._answers[answer.entry.sequence] = answer
        if len(self._answers) > ANSWERS_KEPT:
            for sequence in list(self._answers)[: ANSWERS_KEPT // 2]:
                del self._answers[sequence]
        return answer

    def receipt(self, answer: Answer) -> tuple[Receipt, bytes] | None:
        """The receipt of an answer that is an entry, and the node's signature over its canonical bytes."""
        if answer.entry is None:
            return None
        entry = answer.entry
        values = (self.state.genesis, entry.sequence, entry.time_us, entry.leaf_hash, answer.digest)
        receipt = Receipt("wideberth/receipt/1", *values)
        return receipt, sign_with(self._key, encode(receipt))

    def notices(self, party: str, after: int, limit: int) -> Iterator[Told]:
        """A party's notices above a number, in order, as they stand in the store."""
        where = self.state.notice_at.get(party)
        if where is None:
            return
        for sequence in where[after : after + limit]:
            told = notice_in(next(self.store.read(sequence, 1)), party)
            assert told is not None, f"entry {sequence} has a notice of {party}"
            yield told

    # history, for decide

    def root_at(self, size: int) -> bytes | None:
        """See `decide.History`."""
        return self.store.tree.root(size) if 0 < size <= self.store.head.size else None

    def head_at(self, party: str, number: int) -> bytes | None:
        """See `decide.History`."""
        told = next(self.notices(party, number - 1, 1), None)
        return told.head if told is not None else None

    def past(self, sequence: int) -> "PastEntry | None":
        """See `decide.History`."""
        if not 0 <= sequence < self.store.head.size:
            return None
        return PastEntry.read(next(self.store.read(sequence, 1)))


class PastEntry(msgspec.Struct, frozen=True):
    """What deciding may ask of an earlier entry."""

    party: str
    mover: str
    attached: int
    derived: int
    commitments: tuple[bytes, ...]

    @classmethod
    def read(cls, entry: Entry) -> "PastEntry":
        """Read it off an entry."""
        decision = decode_decision(content_of(entry, 1))
        commitments = msgspec.msgpack.decode(entry.leaf, type=tuple[int, int, int, tuple[bytes, ...]])[3]
        party = envelope_of(entry).party
        moved = decode_effects(content_of(entry, 2 + decision.attached)).moved if decision.derived else None
        return cls(party, party if moved is None else moved.ref[0], decision.attached, decision.derived, commitments)


def content_of(entry: Entry, index: int) -> bytes:
    """The content of a part that is never destroyed: envelope (0), decision (1) or effects."""
    part = entry.parts[index]
    assert part is not None, f"part {index} of entry {entry.sequence} is never destroyed"
    return part.content


def envelope_of(entry: Entry) -> Envelope:
    """The envelope of an entry."""
    return decode_envelope(msgspec.msgpack.decode(content_of(entry, 0), type=Signed).envelope)


def erase_of(entry: Entry) -> tuple[int, int] | None:
    """Sequence and part that an accepted erasure destroys, if the entry is one."""
    if b"erase" not in content_of(entry, 0):
        return None
    command = envelope_of(entry).command
    done = isinstance(decode_decision(content_of(entry, 1)).outcome, Accepted)
    return (command.sequence, command.part) if isinstance(command, Erase) and done else None


def notice_in(entry: Entry, party: str) -> Told | None:
    """The notice of a party in an entry, with its head, from the effects and the part that fits it."""
    decision = decode_decision(content_of(entry, 1))
    effects = decode_effects(content_of(entry, 2 + decision.attached))
    first = 2 + decision.attached + decision.derived
    for place, head in enumerate(effects.heads):
        if head.party == party:
            part = entry.parts[first + place]
            notice = None
            if part is not None:
                body = msgspec.msgpack.decode(part.content, type=tuple[str, str, int, bytes, int, int, bytes])[6]
                notice = decode_notice(body)
            return Told(party, head.number, head.head, entry.sequence, entry.time_us, first + place, notice)
    return None


def found(store: Store, node_seed: bytes, draw: Draw, genesis: Genesis, wall_us: int) -> Sequencer:
    """Open a new theatre in an empty store."""
    assert store.head.size == 0, "a theatre is founded once"
    sequencer = Sequencer(store, node_seed, draw, State())
    sequencer.say(genesis, wall_us)
    return sequencer
