"""STOP's own road: to every open stream before it is an entry, and kept in a file while the node cannot enter it.

In:  a STOP whose signature holds.
Out: one event for each open stream; the file `stops`, a line a STOP, read again as soon as the node decides.
Refuses nothing. A repeat of the same bytes is relayed and kept once; past so many a minute of one party, later ones go
the way of all commands, so that nobody floods the others' streams; past so many of one party none is kept. Receivers
drop repeats by sender and id.
"""

import os
from base64 import urlsafe_b64decode
from collections import OrderedDict
from pathlib import Path
from typing import Final

import msgspec
import structlog

from wideberth.limits import STOPS_KEPT_MAX, STOPS_KEPT_PER_PARTY_MAX, STOPS_RELAYED_PER_MINUTE, TEXT_CHARACTERS_MAX
from wideberth.node.streams import Streams
from wideberth.party.command import Command, OperationState, RevokeKey, SetState, SignHead, Text, Withdraw
from wideberth.party.envelope import Attachment, Signed, command_digest
from wideberth.party.hotline import Acknowledge, AnswerCheck, AnswerMessage, CancelMessage, Stop
from wideberth.party.phrase import phrase_or_none
from wideberth.refusal import Refusal, refuse
from wideberth.sequencer import Sequencer, Submission
from wideberth.theatre.hotline import is_on_watch
from wideberth.theatre.shown import Shown, b64, id_text, time_text
from wideberth.theatre.state import State

SPOOL: Final = "stops"
MINUTE_US: Final = 60_000_000
STATES_ALWAYS: Final = (OperationState.NONCONFORMING, OperationState.CONTINGENT, OperationState.ENDED)
ESSENTIAL: Final = (
    *(Stop, Acknowledge, AnswerMessage, AnswerCheck, CancelMessage),
    *(SignHead, Withdraw, RevokeKey),
)


def essential(command: Command) -> bool:
    """What is decided on a full disk too: STOP, acknowledging, withdrawing, revoking, saying that a plan went wrong."""
    if isinstance(command, SetState):
        return command.state in STATES_ALWAYS
    return isinstance(command, ESSENTIAL)


class StopNow(Shown, frozen=True):
    """A STOP on its way: not in the ledger yet. `envelope` and `signature` prove whose it is."""

    sender: str
    message: str
    time: str
    phrase: str
    text: str | None
    drill: bool
    off_watch: bool
    envelope: str
    signature: str


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    signed: Signed
    attached: tuple[Attachment, ...]


class Stops:
    """What the node does with STOPs beside deciding them."""

    def __init__(self, folder: Path, state: State, streams: Streams) -> None:
        """What waits from an earlier run is in the file."""
        self._path, self._state, self._streams = folder / SPOOL, state, streams
        self._relayed: OrderedDict[bytes, None] = OrderedDict()
        self._minute: tuple[int, dict[str, int]] = (0, {})
        self.waits = self._path.exists()
        """Whether STOPs wait in the file to be entered."""
        self._held: dict[bytes, _Kept] = {}
        """What the file could not take, by digest."""
        self._kept: set[bytes] = set()
        """Digests of what is in the file: a sender asks again every few seconds."""
        self._count: dict[str, int] = {}

    def relay(self, submission: Submission, now_us: int) -> bool:
        """Show a STOP to every open stream, once; whether it was shown."""
        envelope = submission.envelope
        command, digest = envelope.command, command_digest(submission.signed.envelope)
        member = self._state.active(envelope.party)
        if not isinstance(command, Stop) or member is None or member.keys[envelope.keys[0]].revoked_us:
            return False
        if digest in self._relayed or submission.key in self._state.seen or envelope.not_after_us < now_us:
            return False
        if not self._may(envelope.party, now_us):
            return False
        self._relayed[digest] = None
        if len(self._relayed) > STOPS_KEPT_MAX:
            self._relayed.popitem(last=False)
        parts = (part for part, _ in submission.parts)
        texts = [p.text for p in parts if isinstance(p, Text) and len(p.text) <= TEXT_CHARACTERS_MAX]
        now = StopNow(
            envelope.party,
            id_text(command.message) if len(command.message) == 16 else command.message.hex(),
            time_text(now_us),
            phrase_or_none(command.phrase),
            texts[0] if texts else None,
            command.drill,
            not is_on_watch(self._state, member, envelope.keys[0], now_us),
            b64(submission.signed.envelope),
            b64(submission.signed.signatures[0]),
        )
        self._streams.shout(b"event: stop\ndata: " + msgspec.json.encode(now) + b"\n\n")
        return True

    def _may(self, party: str, now_us: int) -> bool:
        if self._minute[0] != now_us // MINUTE_US:
            self._minute = (now_us // MINUTE_US, {})
        said = self._minute[1][party] = self._minute[1].get(party, 0) + 1
        return said <= STOPS_RELAYED_PER_MINUTE

    def keep(self, submission: Submission, no: Refusal) -> Refusal:
        """Write a STOP that cannot be decided now into the file; the refusal says whether that was possible.

        What the file cannot take is held in memory until the node ends.
        """
        envelope, digest = submission.envelope, command_digest(submission.signed.envelope)
        said = f"{no.limit}; this STOP is kept and entered as soon as the node decides"
        if digest in self._kept:
            return refuse(no.reason, no.field, said)
        if digest not in self._held:
            count = self._count[envelope.party] = self._count.get(envelope.party, 0) + 1
            if count > STOPS_KEPT_PER_PARTY_MAX:
                return no
        kept = _Kept(submission.signed, submission.attached)
        self.waits = True
        try:
            self._write(kept)
        except OSError as error:
            self._held[digest] = kept
            structlog.get_logger().error("stop.held", sentence=str(error))
            said = f"{no.limit}; this STOP is held in memory alone: say it again until it is accepted"
        else:
            self._kept.add(digest)
            self._held.pop(digest, None)
        return refuse(no.reason, no.field, said)

    def _write(self, kept: _Kept) -> None:
        line = b"\n" + b64(msgspec.msgpack.encode(kept)).encode() + b"\n"  # before it may stand half a line
        with self._path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def take(self, sequencer: Sequencer) -> list[Submission]:
        """All that wait, in the order in which they came, admitted anew. They stay in the file until `done`."""
        self.waits = False
        every = ((k.signed.envelope, k.signed.signatures, k.attached) for k in (*self._read(), *self._held.values()))
        admitted = (sequencer.admit(*sent) for sent in every)
        return [submission for submission in admitted if not isinstance(submission, Refusal)]

    def _read(self) -> list[_Kept]:
        found = []
        for line in self._path.read_bytes().split() if self._path.exists() else ():
            try:
                data = urlsafe_b64decode(line + b"=" * (-len(line) % 4))
                found.append(msgspec.msgpack.decode(data, type=_Kept))
            except (ValueError, msgspec.DecodeError):
                structlog.get_logger().error("stop.torn", sentence=f"A line of {self._path} was cut off.")
        return found

    def done(self) -> None:
        """What was taken is in the ledger."""
        if not self.waits:
            self._held.clear()
            self._kept.clear()
            self._count.clear()
            self._path.unlink(missing_ok=True)
