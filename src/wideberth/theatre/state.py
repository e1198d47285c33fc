"""The theatre as its entries have made it.

In:  rows written by `apply`, and by nothing else.
Out: tables to read, the index of live volumes, the deadlines ahead, and a digest of it all.
Contents that may be destroyed (volumes, descriptions, texts) are `Held`: digests cover their commitment alone, so a
ledger replays to the same digest after an erasure.
"""

import heapq
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final

import msgspec

from wideberth.party.charter import CLASSES, Charter
from wideberth.party.command import OperationState
from wideberth.party.envelope import decode_volumes
from wideberth.party.identity import KeyGrant, Role, RootSet
from wideberth.party.standard import Availability, Kind, Standard, uuid4_of
from wideberth.space.volume import Volume4D
from wideberth.theatre.digest import Multiset
from wideberth.theatre.lifecycle import ConflictState, InvitationState, ProposalState
from wideberth.theatre.occupied import EXACT, Margin, MinimaRow, Occupied
from wideberth.theatre.outcome import Near, Places, Ref, decode_derived

ZERO_HEAD: Final = bytes(32)
WATCHED: Final = (Standard.F3548.value, Standard.F3411.value, Kind.SERVICE_AREA.value)


class Held:
    """Content that may be destroyed, beside the commitment that stays."""

    __slots__ = ("commitment", "content")

    def __init__(self, commitment: bytes, content: bytes | None) -> None:
        self.commitment = commitment
        self.content = content


class KeyRow(msgspec.Struct):
    """A watch key, and since when it is revoked or suspected (0: not)."""

    grant: KeyGrant
    revoked_us: int = 0
    suspected_us: int = 0


class Member(msgspec.Struct):
    """A party of the theatre, its keys, its notice chain and its accounts."""

    party: str
    name: str
    role: Role
    root: RootSet
    keys: dict[bytes, KeyRow]
    languages: tuple[str, ...]
    since_us: int
    since_seq: int
    left_us: int = 0
    notices: int = 0
    head: bytes = ZERO_HEAD
    signed: int = 0
    refusals: int = 0
    live: int = 0
    claim_m2_s: int = 0
    day: int = 0
    spent_m2_s: int = 0
    checks: int = 0
    peers: list[str] = []
    watching: int = 0
    """Live subscriptions of a supplier."""
    issuer: str = ""
    """Of the tokens by which a supplier came in; empty for all others."""


class Invitation(msgspec.Struct):
    """An invitation and where it stands."""

    party: str
    root: bytes
    role: Role
    by: str
    until_us: int
    state: InvitationState = InvitationState.PENDING


class Word(msgspec.Struct, frozen=True, gc=False):
    """A party's concurrence or acceptance: when, and by which key, for revocations."""

    party: str
    time_us: int
    key: bytes


class Thing(msgspec.Struct, gc=False):
    """What occupies or protects space: an operation, a constraint or a protected place."""

    owner: str
    id: bytes
    what: str
    kind: str
    """The activity of an operation, else the kind of constraint or place."""
    version: int
    state: OperationState
    class_number: int
    priority: int
    disclosure: str
    volumes: Held
    about: Held | None
    shared: Held | None
    planned_us: int
    planned_seq: int
    """The entry of this version."""
    later_seq: int
    """The entry that counts for 'planned later': of the last version that did not lie inside its predecessor."""
    start_us: int
    end_us: int
    claim_m2_s: int
    domain: str = ""
    crewed: bool = True
    confirm_by_us: int = 0
    ended_us: int = 0
    missing: tuple[str, ...] = ()
    concurred: tuple[Word, ...] = ()
    objected: tuple[str, ...] = ()
    verifier: str = ""
    verified_us: int = 0
    review_by_us: int = 0
    review_told: bool = False

    @property
    def ref(self) -> Ref:
        """Its owner and id."""
        return self.owner, self.id

    @property
    def live(self) -> bool:
        """Whether it occupies its volumes."""
        return self.state is not OperationState.ENDED

    @property
    def lacking(self) -> tuple[str, ...]:
        """Parties whose concurrence the charter asks for and that have not concurred."""
        given = {word.party for word in self.concurred}
        return tuple(party for party in self.missing if party not in given)


class Proposal(msgspec.Struct):
    """A way to settle a conflict, as one side proposed it."""

    id: bytes
    by: str
    kind: str
    whose: str
    """The owner whose operation would move; empty for a procedure."""
    start_us: int
    altitude_mm: int
    volumes: Held | None
    text: Held | None
    time_us: int
    state: ProposalState = ProposalState.OPEN
    concurred: Word | None = None


class Said(msgspec.Struct, frozen=True, gc=False):
    """One line of what was said in a conflict. `text` is held apart, in `Conflict.texts`."""

    time_us: int
    sequence: int
    party: str
    what: str
    text: int = -1


class Conflict(msgspec.Struct, gc=False):
    """Two things that come nearer than the charter allows."""

    id: bytes
    first: Ref
    second: Ref
    versions: tuple[int, int]
    minima_mm: tuple[int, int]
    state: ConflictState
    severity: str
    opened_us: int
    opened_seq: int
    settle_by_us: int
    places: Held
    places_index: int
    overdue: bool = False
    cleared_us: int = 0
    accepted: tuple[Word, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    said: tuple[Said, ...] = ()
    texts: tuple[Held, ...] = ()

    def other(self, ref: Ref) -> Ref:
        """The side across from `ref`."""
        return self.second if ref == self.first else self.first

    def side_of(self, party: str) -> Ref | None:
        """The thing that `party` has in it, the first if both are its own."""
        if self.first[0] == party:
            return self.first
        return self.second if self.second[0] == party else None

    @property
    def procedures(self) -> int:
        """How many procedures both keep."""
        return sum(p.kind == "procedure" and p.state is ProposalState.CONCURRED for p in self.proposals)

    @property
    def own_pair(self) -> bool:
        """Whether both plans are one party's."""
        return self.first[0] == self.second[0]


class Reference(msgspec.Struct, gc=False):
    """What a supplier has: where it is stands with the thing of the same owner and id, or here for a service area."""

    kind: Kind
    id: bytes
    owner: str
    version: int
    ovn: str
    url: str
    request: bytes
    """The request that wrote this version, and the entry that answered it."""
    sequence: int
    start_us: int
    end_us: int
    volumes: Held
    subscription: bytes = b""
    dropped_us: int = 0

    @property
    def deleted(self) -> bool:
        """Whether its owner ended it, before its time did."""
        return 0 < self.dropped_us < self.end_us

    @property
    def key(self) -> tuple[str, bytes]:
        """Its place in the table."""
        return self.kind, self.id


class Subscription(msgspec.Struct, gc=False):
    """Who wants to hear of what is near where."""

    standard: Standard
    id: bytes
    owner: str
    version: str
    url: str
    hears: tuple[Kind, ...]
    request: bytes
    sequence: int
    start_us: int
    end_us: int
    volumes: Held
    implicit: bool = False
    index: int = 0
    dependents: tuple[bytes, ...] = ()
    """Intents that rest on it."""
    dropped_us: int = 0

    @property
    def deleted(self) -> bool:
        """Whether its owner ended it, before its time did."""
        return 0 < self.dropped_us < self.end_us


class Arbitrated(msgspec.Struct, frozen=True):
    """What an arbiter said of a supplier's availability."""

    availability: Availability
    version: str
    until_us: int
    request: bytes
    sequence: int


class Draft(msgspec.Struct):
    """A charter that was proposed, and who concurred."""

    charter: Charter
    by: str
    time_us: int
    concurred: tuple[Word, ...] = ()


def _public(value: Any) -> Any:
    assert isinstance(value, Held)
    return value.commitment


_digest_encode = msgspec.msgpack.Encoder(enc_hook=_public).encode


class State:
    """All tables of one theatre."""

    def __init__(self) -> None:
        self.size = 0
        self.time_us = 0
        self.theatre = ""
        self.epoch = 0
        self.exercise = True
        self.genesis = ZERO_HEAD
        self.node_key = b""
        self._charter: Charter | None = None
        self.awareness = EXACT
        """How near to a subscription it hears of something."""
        self.minima: tuple[MinimaRow, ...] = ()
        """By class number, the charter's minima against every class."""
        self.members: dict[str, Member] = {}
        self.invitations: dict[str, Invitation] = {}
        self.things: dict[Ref, Thing] = {}
        self.conflicts: dict[bytes, Conflict] = {}
        self.by_thing: dict[Ref, list[bytes]] = {}
        """Conflicts that are not cleared, by thing."""
        self.drafts: dict[bytes, Draft] = {}
        self.seen: dict[tuple[str, bytes], int] = {}
        """The entry that answers a command, by party and id."""
        self.seen_until: dict[int, list[tuple[str, bytes]]] = {}
        """Keys of `seen` by the hour in which their not_after lies."""
        self.dues: list[tuple[int, str, Ref]] = []
        self.fading: deque[tuple[int, Ref | bytes]] = deque()
        self.notice_at: dict[str, array[int]] = {}
        """By party, the entry of each of its notices: number n stands at n - 1."""
        self.references: dict[tuple[str, bytes], Reference] = {}
        self.subscriptions: dict[bytes, Subscription] = {}
        self.availability: dict[str, Arbitrated] = {}
        """By the subject of a supplier's tokens."""
        self.dropping: list[tuple[int, str, bytes]] = []
        """A heap of references and subscriptions that ended, kept a while for those who ask again."""
        self.watched = {name: Occupied(self.watched_volumes) for name in WATCHED}
        """Subscriptions by their standard, and service areas; a ref is one of `WATCHED` and an id."""
        self.open_ids: dict[bytes, Ref] = {}
        """Open things of the theatre's own parties by the id under which suppliers know them."""
        self.open_version = 0
        self.supplied_changed = False
        self.occupied = Occupied(self.volumes_of)
        self._charters: dict[str, Charter] = {}
        tables: dict[str, dict[Any, Any]] = {
            "member": self.members,
            "invitation": self.invitations,
            "thing": self.things,
            "conflict": self.conflicts,
            "draft": self.drafts,
            "reference": self.references,
            "subscription": self.subscriptions,
            "availability": self.availability,
            "charter": self._charters,
        }
        self._rows = Multiset(tables, _digest_encode)
        self.fold = self._rows.fold
        """Have the digest follow, between two groups of entries."""
        self.touch = self._rows.touch
        """Note that a row of a table, by its key, was written or dropped."""

    @property
    def charter(self) -> Charter:
        """The rules in force."""
        assert self._charter is not None, "a theatre begins with its charter"
        return self._charter

    @charter.setter
    def charter(self, charter: Charter) -> None:
        self._charter = self._charters[""] = charter
        self.awareness = Margin(*charter.awareness_mm)
        self.minima = tuple(MinimaRow(charter, own) for own in range(len(CLASSES)))

    def volumes_of(self, ref: Ref) -> tuple[Volume4D, ...]:
        """A thing's volumes; none where they were erased, which only an ended thing's may be."""
        content = self.things[ref].volumes.content
        return decode_volumes(content).volumes if content is not None else ()

    def watched_volumes(self, ref: Ref) -> tuple[Volume4D, ...]:
        """The volumes of a subscription or service area that lives."""
        content = self.watched_row(ref).volumes.content
        return decode_volumes(content).volumes if content is not None else ()

    def watched_row(self, ref: Ref) -> "Reference | Subscription":
        """A subscription or service area by its ref among what is watched."""
        return self.references[ref] if ref[0] == Kind.SERVICE_AREA else self.subscriptions[ref[1]]

    def open_id(self, thing: Thing) -> bytes:
        """The id under which suppliers know an open thing of the theatre's own parties."""
        return uuid4_of("open", self.genesis, thing.owner, thing.id)

    def reveal(self, thing: Thing) -> None:
        """What is open has changed. Of suppliers' intents, which are many, readers hear with the next tick."""
        if thing.disclosure != "open":
            return
        if self.members[thing.owner].issuer:
            self.supplied_changed = True
        else:
            self.open_version += 1

    def show(self, thing: Thing) -> None:
        """Have a thing found by that id while it is live and open."""
        if self.members[thing.owner].issuer:
            return
        if thing.live and thing.disclosure == "open":
            self.open_ids[self.open_id(thing)] = thing.ref
        elif self.open_ids:
            self.open_ids.pop(self.open_id(thing), None)

    def places_of(self, conflict: Conflict) -> tuple[Near, ...]:
        """The pairs of volumes of a conflict; none where they were erased."""
        if conflict.places.content is None:
            return ()
        return decode_places(conflict.places.content).each()[conflict.places_index]

    # deadlines

    def expect(self, at_us: int, kind: str, ref: Ref) -> None:
        """Remember a deadline; whether it still stands is asked when it comes."""
        heapq.heappush(self.dues, (at_us, kind, ref))

    # digest

    def digest(self) -> bytes:
        """SHA-256 over the multiset hash of all rows, the size, the epoch and the time."""
        fixed = _digest_encode((self.size, self.time_us, self.theatre, self.epoch, self.exercise, self.genesis))
        return sha256(fixed + self._rows.sum()).digest()

    # reading

    def conflicts_of(self, ref: Ref) -> Iterator[Conflict]:
        """The conflicts of a thing that are not cleared."""
        for conflict_id in self.by_thing.get(ref, ()):
            yield self.conflicts[conflict_id]

    def active(self, party: str) -> Member | None:
        """The member, unless it is unknown or has left."""
        member = self.members.get(party)
        return member if member is not None and not member.left_us else None


def class_name(number: int) -> str:
    """The traffic class of an index kind."""
    return CLASSES[number].value


def decode_places(content: bytes) -> Places:
    """A places part."""
    value = decode_derived(content)
    assert isinstance(value, Places)
    return value


Draw = Callable[[int], bytes]
"""Gives so many random bytes: `os.urandom` in a node, a seeded source in a simulation."""
