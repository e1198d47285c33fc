"""The rows of a theatre's tables.

In:  written by `apply`, and by nothing else.
Out: plain values. Contents that may be destroyed (volumes, descriptions, texts) are `Held`.
"""

from typing import Final

import msgspec

from wideberth.party.alerts import AlertKind, Side, Stage, Warning_
from wideberth.party.charter import Charter
from wideberth.party.command import OperationState
from wideberth.party.identity import KeyGrant, Role, RootSet
from wideberth.party.standard import Availability, Kind, Standard
from wideberth.theatre.lifecycle import ConflictState, InvitationState, MovementState, ProposalState
from wideberth.theatre.outcome import Ref

ZERO_HEAD: Final = bytes(32)


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
    hits: int = 0
    """How many of the day's checks of plans that were not filed met something hidden."""
    watching: int = 0
    """Live subscriptions of a supplier."""
    issuer: str = ""
    """Of the tokens by which a supplier came in; empty for all others."""
    contacts: "Held | None" = None
    """Whom the others may call."""


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
    steps: int = 0
    """How often its owner has declared another state."""
    key: bytes = b""
    """By which its owner filed this version; empty where a settlement moved it."""
    flags: tuple[str, ...] = ()
    """Of a protected place: "single-source", "disputed"."""
    origin: Held | None = None
    aircraft: Held | None = None
    """By what its aircraft are known to feeds."""

    @property
    def ref(self) -> Ref:
        """Its owner and id."""
        return self.owner, self.id

    @property
    def shown_version(self) -> int:
        """What suppliers know an open thing by: a new one with each change of its volumes or of its state."""
        return self.version + self.steps

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
    def changes(self) -> int:
        """How often its places were drawn: when it opened, and with each new version of either side since."""
        return sum(line.what in ("opened", "changed") for line in self.said)

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


class Movement(msgspec.Struct, gc=False):
    """What a protected movement is beside the thing of the same owner and id."""

    owner: str
    id: bytes
    itinerary: Held
    details: Held
    stops: tuple[tuple[int, int], ...]
    """Time and tolerance of each checkpoint."""
    emergency: bool
    late: bool
    """It was notified nearer to its start than the charter's lead time."""
    state: MovementState = MovementState.NOTIFIED
    next: int = 0
    passed: tuple[int, ...] = ()
    """When each checkpoint was passed; 0: it was gone by without a word."""
    due_us: int = 0
    fix: Held | None = None
    """Where it was last."""
    fix_us: int = 0

    @property
    def ref(self) -> Ref:
        """Its owner and id."""
        return self.owner, self.id

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.state in (MovementState.ARRIVED, MovementState.ENDED)


class Draft(msgspec.Struct):
    """A charter that was proposed, and who concurred."""

    charter: Charter
    by: str
    time_us: int
    concurred: tuple[Word, ...] = ()


class EncounterRow(msgspec.Struct, gc=False):
    """An encounter as a party filed it."""

    party: str
    id: bytes
    digest: bytes
    grade: str
    at_us: int
    to: tuple[str, ...]
    time_us: int
    text: Held | None = None

    @property
    def ref(self) -> Ref:
        """Who filed it, and its id."""
        return self.party, self.id


class AlertRow(msgspec.Struct, gc=False):
    """What the live watch warned of, at its last stage."""

    id: bytes
    kind: AlertKind
    stage: Stage
    sides: tuple[Side, ...]
    since_us: int
    at_us: int
    closest_us: int
    horizontal_mm: int
    vertical_mm: int
    doubtful: bool = False
    acknowledged: tuple[str, ...] = ()
    """The parties that have taken it up."""

    def warning(self) -> Warning_:
        """The same as the node said it."""
        measured = (self.closest_us, self.horizontal_mm, self.vertical_mm, self.doubtful)
        return Warning_(self.id, self.kind, self.stage, self.sides, self.at_us, *measured)
