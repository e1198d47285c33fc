"""A party's client: says signed commands, reads, and follows its notices.

In:  a base address, a party, the seed of its watch key; commands of the closed set and their parts.
Out: an `Answer` with its verified receipt, or a `Problem`; typed reads; a stream of notices that resumes by itself.
Raises `Fork` where the node's history does not extend the one known (an alarm), `BadReceipt` where a receipt does not
hold, `Unanswered` where nobody answered a command: it may or may not stand, and `repeat` asks again by its id.
"""

import os
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final
from uuid import UUID

import httpx
import msgspec

from wideberth.client.connection import Connection, Unreachable, problem
from wideberth.client.history import Fork, History, Known
from wideberth.client.roster import Theatre
from wideberth.client.wire import (
    About,
    Answer,
    Base64,
    Conflict,
    Notices,
    Operation,
    Options,
    Problem,
    Receipt,
    View,
    Wire,
    b64,
    read,
)
from wideberth.ledger.checkpoint import Checkpoint, Verifier
from wideberth.limits import ID_BYTES
from wideberth.party import command as words
from wideberth.party.alerts import Aircraft, SetAircraft
from wideberth.party.envelope import CONTEXT, SALT_BYTES, Attachment, Envelope, Signed, command_digest, encode, seal
from wideberth.party.identity import public_key, signature_holds
from wideberth.space.units import m_to_mm, time_to_us
from wideberth.space.volume import Volume4D

NOT_AFTER_S: Final = 600.0
"""How long a command may still be decided after it was sealed."""
RECEIPT: Final = "wideberth/receipt/1"

Part = words.Part
Id = bytes | UUID


class BadReceipt(Exception):
    """A node's receipt does not hold for the command that it answers: an alarm for people."""


class Sealed(msgspec.Struct, frozen=True):
    """A command ready to be sent, as often as it takes."""

    command_id: bytes
    signed: Signed
    parts: tuple[Attachment, ...]

    def body(self) -> dict[str, Any]:
        """As `POST /v1/commands` takes it."""
        parts = [{"salt": b64(p.salt), "content": b64(p.content)} for p in self.parts]
        signatures = [b64(s) for s in self.signed.signatures]
        return {"envelope": b64(self.signed.envelope), "signatures": signatures, "parts": parts}


class Unanswered(Unreachable):
    """Nobody answered a command: it may or may not stand. `Client.repeat(error.sealed)` asks again."""

    def __init__(self, text: str, sealed: Sealed) -> None:
        """`sealed` is the command as it was sent."""
        super().__init__(text)
        self.sealed = sealed


class _Note(Wire, frozen=True):
    note: str


class _Proof(Wire, frozen=True):
    proof: tuple[Base64, ...]


class Client:
    """One party's way to one node. For one thread at a time."""

    def __init__(
        self,
        url: str,
        party: str,
        seed: bytes,
        *,
        history: History | None = None,
        transport: httpx.BaseTransport | None = None,
        patience_s: float = 60.0,
        timeout_s: float = 10.0,
        verify: bool | ssl.SSLContext = True,
        draw: Callable[[int], bytes] = os.urandom,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`history` is what earlier runs were told (`history.load`); without one, the first answer is trusted.

        `verify` is an SSL context where the node's certificate is not one that the system knows.
        """
        self.party, self._seed, self._draw, self._now = party, seed, draw, now
        more: dict[str, Any] = {"patience_s": patience_s, "timeout_s": timeout_s, "now": now, "sleep": sleep}
        self.connection = Connection(url, party, seed, transport=transport, verify=verify, **more)
        self._history = history
        self.receipts: list[Receipt] = []
        """Receipts of this run, each verified."""

    def __enter__(self) -> "Client":
        """For `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give up the connection."""
        self.connection.close()

    # reading

    def about(self) -> About:
        """Which theatre this is."""
        return self.connection.about()

    @property
    def history(self) -> History:
        """What this party was told so far."""
        if self._history is None:
            self._history = History(Known(self.party, bytes(self.about().genesis)))
        self._history.check_theatre(bytes(self.about().genesis))
        return self._history

    def theatre(self) -> Theatre | Problem:
        """The charter and the parties."""
        return self.connection.get("/v1/theatre", Theatre)

    def view(self) -> View | Problem:
        """Everything that this party may see now."""
        return self.connection.get("/v1/view", View)

    def operation(self, operation: Id) -> Operation | Problem:
        """One operation."""
        return self.connection.get(f"/v1/operations/{_uuid(operation)}", Operation)

    def conflict(self, conflict: Id) -> Conflict | Problem:
        """One conflict."""
        return self.connection.get(f"/v1/conflicts/{_uuid(conflict)}", Conflict)

    def options(self, conflict: Id) -> Options | Problem:
        """What would clear a conflict, tested against own and open plans."""
        return self.connection.get(f"/v1/conflicts/{_uuid(conflict)}/options", Options)

    def notices(self, after: int = 0, limit: int = 100) -> Notices | Problem:
        """A page of notices."""
        return self.connection.get("/v1/notices", Notices, after=after, limit=limit)

    def checkpoint(self) -> Checkpoint | Problem:
        """The node's signed checkpoint, once it is proven to extend the last one known; raises Fork."""
        about = self.about()
        answer = self.connection.get("/v1/checkpoint", _Note)
        if isinstance(answer, Problem):
            return answer
        return self.history.checkpoint(answer.note, Verifier(about.origin, bytes(about.node_key)), self.consistency)

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """The proof that the ledger at `second` extends that at `first`; empty where it is refused."""
        answer = self.connection.get("/v1/proofs/consistency", _Proof, first=first, second=second)
        return () if isinstance(answer, Problem) else tuple(bytes(step) for step in answer.proof)

    def export(self, file: BinaryIO) -> int | Problem:
        """Write what this party was given into a file that `wideberth verify` checks; how many bytes."""
        with self.connection.http.stream("GET", "/v1/export", headers=self.connection.headers()) as answer:
            if answer.status_code != 200:
                answer.read()
                return problem(answer)
            return sum(file.write(piece) for piece in answer.iter_bytes())

    # saying

    def new_id(self) -> bytes:
        """A fresh random id of 16 bytes."""
        return self._draw(ID_BYTES)

    def seal(
        self,
        command: words.Command,
        parts: Sequence[Part] = (),
        *,
        command_id: bytes = b"",
        seeds: tuple[bytes, ...] = (),
    ) -> Sealed:
        """Sign a command for this theatre, by the watch key or by `seeds` (a root's)."""
        attached = tuple(Attachment(self._draw(SALT_BYTES), encode(part)) for part in parts)
        signing = seeds or (self._seed,)
        command_id = command_id or self.new_id()
        envelope = Envelope(
            CONTEXT,
            bytes(self.about().genesis),
            self.party,
            tuple(public_key(seed) for seed in signing),
            command_id,
            time_to_us(self._now()) + int(NOT_AFTER_S * 1_000_000),
            self.history.seen,
            command,
            tuple(part.commitment() for part in attached),
        )
        return Sealed(command_id, seal(envelope, signing), attached)

    def say(
        self,
        command: words.Command,
        parts: Sequence[Part] = (),
        *,
        command_id: bytes = b"",
        seeds: tuple[bytes, ...] = (),
    ) -> Answer | Problem:
        """Seal a command and send it until it is answered."""
        return self.repeat(self.seal(command, parts, command_id=command_id, seeds=seeds))

    def repeat(self, sealed: Sealed) -> Answer | Problem:
        """Send a sealed command, again if need be: the same id gets the first answer."""
        try:
            response = self.connection.request("POST", "/v1/commands", json=sealed.body())
        except Unreachable as error:
            raise Unanswered(str(error), sealed) from error
        answer = read(response.content, Answer) if response.status_code == 200 else problem(response)
        if isinstance(answer, Problem) and answer.reason == "forked":
            raise Fork(f"The node does not know the history that {self.party} was shown: {answer.sentence()}")
        if answer.receipt is not None:
            self._check_receipt(answer.receipt, sealed)
            self.receipts.append(answer.receipt)
        return answer

    def _check_receipt(self, receipt: Receipt, sealed: Sealed) -> None:
        about = self.about()
        if receipt.context != RECEIPT or receipt.genesis != about.genesis:
            raise BadReceipt("The receipt is of another theatre.")
        if receipt.command_digest != command_digest(sealed.signed.envelope):
            raise BadReceipt("The receipt is for another command.")
        stated = (receipt.sequence, receipt.time_us, bytes(receipt.leaf_hash), bytes(receipt.command_digest))
        signed = encode((receipt.context, bytes(receipt.genesis), *stated))
        if not signature_holds(bytes(about.node_key), signed, bytes(receipt.signature)):
            raise BadReceipt("The receipt is not signed by the node of this theatre.")

    # what a watch says

    def plan(
        self,
        operation: Id,
        volumes: Sequence[Volume4D],
        *,
        replaces: int = 0,
        priority: int = 0,
        domain: words.Domain = words.Domain.AIR,
        crewed: bool = True,
        activity: words.Activity = words.Activity.OTHER,
        disclosure: words.Disclosure = words.Disclosure.CONFLICT_ONLY,
        label: str = "",
        note: str = "",
        contact: str = "",
        shared: str = "",
        language: str = "en",
    ) -> Answer | Problem:
        """A new operation (`new_id`), or its next version."""
        parts: list[Part] = [words.Volumes(tuple(volumes))]
        about = _attach(parts, words.About(label, note, contact) if label or note or contact else None)
        goes_along = _attach(parts, words.Text(language, shared) if shared else None)
        what = (priority, domain, crewed, activity, disclosure, about, goes_along)
        return self.say(words.Plan(_bytes(operation), replaces, 0, *what), parts)

    def constrain(
        self,
        constraint: Id,
        kind: words.ConstraintKind,
        volumes: Sequence[Volume4D],
        *,
        replaces: int = 0,
        label: str = "",
        note: str = "",
    ) -> Answer | Problem:
        """A constraint, open to all."""
        parts: list[Part] = [words.Volumes(tuple(volumes))]
        about = _attach(parts, words.About(label, note) if label or note else None)
        return self.say(words.Constrain(_bytes(constraint), replaces, kind, 0, about), parts)

    def protect(
        self,
        place: Id,
        kind: words.PlaceKind,
        volumes: Sequence[Volume4D],
        *,
        verifier: str,
        verified: datetime,
        review_by: datetime,
        replaces: int = 0,
        label: str = "",
        note: str = "",
        contact: str = "",
    ) -> Answer | Problem:
        """A protected place or movement."""
        parts: list[Part] = [words.Volumes(tuple(volumes))]
        about = _attach(parts, words.About(label, note, contact) if label or note or contact else None)
        dates = (time_to_us(verified), time_to_us(review_by))
        return self.say(words.Protect(_bytes(place), replaces, kind, 0, verifier, *dates, about), parts)

    def confirm(self, operation: Id, version: int) -> Answer | Problem:
        """The plan still stands."""
        return self.say(words.Confirm(_bytes(operation), version))

    def set_state(self, operation: Id, version: int, state: words.OperationState) -> Answer | Problem:
        """Along the transition table."""
        return self.say(words.SetState(_bytes(operation), version, state))

    def set_aircraft(
        self, operation: Id, addresses: Sequence[str] = (), callsigns: Sequence[str] = ()
    ) -> Answer | Problem:
        """Which aircraft fly the plan, by what feeds call them; with neither, nobody knows again."""
        parts: list[Part] = []
        known = Aircraft(tuple(addresses), tuple(callsigns)) if addresses or callsigns else None
        return self.say(SetAircraft(_bytes(operation), _attach(parts, known)), parts)

    def lift(self, thing: Id, version: int) -> Answer | Problem:
        """End a constraint or a protection."""
        return self.say(words.Lift(_bytes(thing), version))

    # settling

    def propose_shift(
        self,
        conflict: Id,
        whose: str,
        *,
        start_s: float = 0,
        altitude_m: float = 0,
        note: str = "",
        proposal: bytes = b"",
        language: str = "en",
    ) -> Answer | Problem:
        """Propose to move "mine" or "other" as a whole, in time and height."""
        change = words.Shift(whose, round(start_s * 1_000_000), m_to_mm(altitude_m))
        return self._propose(conflict, change, note, proposal, language)

    def propose_procedure(
        self, conflict: Id, text: str, *, proposal: bytes = b"", language: str = "en"
    ) -> Answer | Problem:
        """Propose a measure in words that both keep."""
        command = words.Propose(_bytes(conflict), proposal or self.new_id(), words.Procedure(0))
        return self.say(command, [words.Text(language, text)])

    def propose_reroute(
        self, conflict: Id, volumes: Sequence[Volume4D], *, note: str = "", proposal: bytes = b"", language: str = "en"
    ) -> Answer | Problem:
        """Propose new volumes for one's own operation."""
        parts: list[Part] = [words.Volumes(tuple(volumes))]
        index = _attach(parts, words.Text(language, note) if note else None)
        return self.say(words.Propose(_bytes(conflict), proposal or self.new_id(), words.Reroute(0), index), parts)

    def _propose(
        self, conflict: Id, change: words.Shift, note: str, proposal: bytes, language: str
    ) -> Answer | Problem:
        parts: list[Part] = []
        index = _attach(parts, words.Text(language, note) if note else None)
        return self.say(words.Propose(_bytes(conflict), proposal or self.new_id(), change, index), parts)

    def concur(self, subject: words.Subject) -> Answer | Problem:
        """Agree with a proposal, a plan or a charter."""
        return self.say(words.Concur(subject))

    def object(self, subject: words.Subject, reason: str = "", *, language: str = "en") -> Answer | Problem:
        """Disagree with a proposal or a plan."""
        parts: list[Part] = []
        index = _attach(parts, words.Text(language, reason) if reason else None)
        return self.say(words.Object(subject, index), parts)

    def withdraw(self, subject: words.Subject) -> Answer | Problem:
        """Take back one's own proposal, concurrence or acceptance."""
        return self.say(words.Withdraw(subject))

    def accept_risk(self, conflict: Id, reason: str, *, language: str = "en") -> Answer | Problem:
        """Live with a conflict, for a stated reason."""
        return self.say(words.AcceptRisk(_bytes(conflict), 0), [words.Text(language, reason)])

    def sign_head(self) -> Answer | Problem | None:
        """Sign for all notices received so far; None where there is none to sign for."""
        known = self.history.known
        return self.say(words.SignHead(known.number, known.head)) if known.number else None


def proposal_subject(conflict: Id, proposal: Id) -> words.ProposalSubject:
    """A proposal in a conflict, to be concurred with, objected to or withdrawn."""
    return words.ProposalSubject(_bytes(conflict), _bytes(proposal))


def plan_subject(party: str, operation: Id, version: int) -> words.PlanSubject:
    """A plan that asks for concurrence."""
    return words.PlanSubject(party, _bytes(operation), version)


def _attach(parts: list[Part], part: Part | None) -> int | None:
    if part is None:
        return None
    parts.append(part)
    return len(parts) - 1


def _bytes(thing: Id) -> bytes:
    return thing.bytes if isinstance(thing, UUID) else thing


def _uuid(thing: Id) -> str:
    return str(thing if isinstance(thing, UUID) else UUID(bytes=thing))
