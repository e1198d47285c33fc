"""What deciding yields, as it stands in an entry: the parts after the envelope.

In:  built by `decide` and its rooms; decoded again by `apply`, by replay and by an auditor.
Out: frozen values with canonical bytes.

    part 1        Decision   what the sender is told: accepted, with the conflicts it opened, or refused
    parts 2..     as the envelope attaches them (left out of a refusal's entry)
    then          Effects    all that apply writes, for the node and auditors: who conflicts with whom, notice heads
    then          Places     where and how near, if any; may be destroyed when all in it has ended
    then          volumes    of an operation that a settlement moved, if any
    then          notices    one a party

Only `Decision` and the party's own notice ever leave the node for a party.
"""

from itertools import chain, repeat
from struct import iter_unpack
from typing import Final

import msgspec

from wideberth.party.command import Volumes
from wideberth.party.struct import Struct
from wideberth.refusal import Refusal
from wideberth.space.shapes import Shapes
from wideberth.theatre.alert_items import AlertItem, EncounterItem
from wideberth.theatre.hotline_items import (
    DoubtItem,
    EchoItem,
    HandedItem,
    HotlineEffects,
    LineItem,
    MessageItem,
    MessageStateItem,
    ReachItem,
    ReplyItem,
    RungItem,
    WatchItem,
)
from wideberth.theatre.register_items import MovementItem, OwnItem, ProbedItem, RegisterEffects, RegisterItem

DECIDE_VERSION: Final = 1

Ref = tuple[str, bytes]
"""An owner's code and the 16-byte id of its operation, constraint or protected place: ids are per party."""


class Subscriber(Struct, frozen=True):
    """Subscriptions at one address that hear of a write, each with its notification index."""

    url: str
    subscriptions: tuple[tuple[bytes, int], ...]


class Written(Struct, frozen=True):
    """What a supplier is told of a reference or subscription that it wrote."""

    ovn: str
    """Of an intent or constraint; the version of a service area or subscription."""
    version: int
    state: str
    start_us: int
    end_us: int
    url: str
    subscription: bytes | None = None
    """The subscription of an intent."""
    subscribers: tuple[Subscriber, ...] = ()


class Accepted(Struct, frozen=True, tag="accepted"):
    """The command took effect. `version` is that of the thing it concerns, 0 where it concerns none."""

    version: int = 0
    conflicts: tuple[bytes, ...] = ()
    """Conflicts that it opened or reopened, by their random ids."""
    late: bool = False
    """Filed inside the charter's lead time."""
    checked: tuple[int, ...] = ()
    """Horizontal and vertical minimum in mm against each class, in the order of the classes; empty if unchecked."""
    written: Written | None = None
    """What came in through a standard's door."""


class Decision(Struct, frozen=True, tag="decision"):
    """What the theatre answers, and which parts follow."""

    decide_version: int
    outcome: Accepted | Refusal
    attached: int
    derived: int


class Near(Struct, frozen=True):
    """One pair of volumes that are nearer than the minima: positions in the two lists, and how near."""

    first: int
    second: int
    horizontal_mm: int
    vertical_mm: int
    start_us: int
    end_us: int
    lower_mm: int
    upper_mm: int
    lat_nd: int
    lon_nd: int


class Opened(Struct, frozen=True):
    """A conflict that this entry opened. `first` is the thing that the command concerns."""

    conflict: bytes
    first: Ref
    second: Ref
    minima_mm: tuple[int, int]
    severity: str
    settle_by_us: int


class Kept(Struct, frozen=True):
    """A conflict that was there before and still is; `void` says whether what was agreed fell."""

    conflict: bytes
    void: bool
    severity: str
    settle_by_us: int


class Moved(Struct, frozen=True):
    """A thing's new version as apply writes it; its volumes are in the attached or derived part."""

    ref: Ref
    version: int
    contained: bool
    """It lies inside its predecessor, so nothing that was agreed falls."""
    boxes: bytes
    """int64, eight a volume: see `space.volume.boxes`."""
    claim_m2_s: int
    confirm_by_us: int
    """0: needs no confirmation."""
    missing: tuple[str, ...]
    """Parties whose concurrence the charter asks for."""
    falls_back: bool = False
    """It was activated, and reaches out to where it must be activated again: it is Accepted now."""


class Head(Struct, frozen=True):
    """The head of a party's notice chain after this entry."""

    party: str
    number: int
    head: bytes


class Effects(Struct, frozen=True, tag="effects"):
    """All that apply writes and cannot read off the command."""

    moved: Moved | None = None
    opened: tuple[Opened, ...] = ()
    kept: tuple[Kept, ...] = ()
    closed: tuple[bytes, ...] = ()
    spent_m2_s: int = 0
    """Taken from the sender's checking budget."""
    payer: str = ""
    """Whose budget, where it is not the sender's."""
    met: tuple[str, ...] = ()
    """Owners of hidden plans that the check met."""
    ended: tuple[Ref, ...] = ()
    """Things that end: by their owner's word, by a deadline, or because a party left."""
    reopened: tuple[bytes, ...] = ()
    """Conflicts in which an agreement fell because a key was revoked."""
    in_force: bool = False
    """The charter concurred with has its quorum."""
    heads: tuple[Head, ...] = ()
    heard: tuple[bytes, ...] = ()
    """Subscriptions that hear of it: their indices rise."""
    watched: bytes = b""
    """int64, eight a volume, of the subscription or service area that it makes: see `space.volume.boxes`."""
    hotline: HotlineEffects | None = None
    register: RegisterEffects | None = None


class Places(Struct, frozen=True, tag="places"):
    """Where the opened and kept conflicts are, in the order: opened, kept."""

    ends: tuple[int, ...]
    """Conflict i has the rows from ends[i - 1] (or 0) to ends[i]."""
    rows: bytes
    """int64, little-endian, ten a row: the fields of `Near`."""

    def each(self) -> tuple[tuple[Near, ...], ...]:
        """The pairs of each conflict."""
        rows = [Near(*row) for row in iter_unpack("<10q", self.rows)]
        return tuple(tuple(rows[begin:end]) for begin, end in zip((0, *self.ends), self.ends, strict=False))


class Notice(Struct, frozen=True, tag="notice"):
    """What an entry means for one other party: items of a closed set of kinds."""

    items: tuple["Item", ...]


SHOWS: Final = ("overlap", "own-part", "cell")
"""What the outline of a place may be: of both, the reader's own volume inside the minima, or a cell."""


class Place(Struct, frozen=True):
    """A place of a conflict as its reader may see it."""

    shows: str
    """One of `SHOWS`."""
    rings: tuple[tuple[int, ...], ...]
    """Flat latitude, longitude in nanodegrees; empty past the limit of outlines of one entry."""
    lower_mm: int
    upper_mm: int
    start_us: int
    end_us: int
    horizontal_mm: int
    vertical_mm: int
    lat_nd: int
    lon_nd: int


class Spots(Struct, frozen=True):
    """Places of a conflict, column by column."""

    shows: bytes
    """A byte a place: which of `SHOWS`."""
    rings: tuple[tuple[tuple[int, ...], ...], ...]
    """Of the first places, as far as outlines were drawn."""
    rows: bytes
    """int64, little-endian, eight a place: the figures of `Place`."""

    def each(self) -> tuple[Place, ...]:
        """Place by place."""
        rings = chain(self.rings, repeat(()))
        rows = zip(self.shows, rings, iter_unpack("<8q", self.rows), strict=False)
        return tuple(Place(SHOWS[shows], drawn, *row) for shows, drawn, row in rows)


class ConflictItem(Struct, frozen=True, tag="conflict"):
    """A conflict opened, kept or reopened, as this reader may see it."""

    conflict: bytes
    what: str
    """"opened", "changed" (the peer's plan did, what was agreed fell) or "moved" (it did, inside its predecessor)."""
    mine: bytes
    mine_version: int
    party: str | None
    """None where the peer's plan is private."""
    other: str
    """"operation", "constraint" or "protected"."""
    shared: bytes | None
    """Commitment of the text that the peer lets go along."""
    minima_mm: tuple[int, int]
    severity: str
    settle_by_us: int
    blocks: str
    """Whose activation it blocks: "mine", "other" or "none"."""
    places: Spots


class StateItem(Struct, frozen=True, tag="state"):
    """A conflict of the reader's has another state, and by what event."""

    conflict: bytes
    state: str
    event: str


class TalkItem(Struct, frozen=True, tag="talk"):
    """Somebody spoke in a conflict: what, about which proposal, in which words."""

    conflict: bytes
    what: str
    party: str | None
    proposal: bytes
    change: tuple[str, str, int, int] | None
    """Kind, whose ("mine" is the reader's), start shift us, altitude shift mm."""
    text: bytes | None
    """Commitment of the text part."""


class AskedItem(Struct, frozen=True, tag="asked"):
    """A plan needs the reader's concurrence in an area; only what lies inside the area is shown."""

    party: str
    operation: bytes
    version: int
    area: str
    shared: bytes | None
    places: tuple[Place, ...]


class AnswerItem(Struct, frozen=True, tag="answer"):
    """A party concurred with, objected to or took back its word on the reader's plan."""

    party: str
    operation: bytes
    version: int
    what: str
    text: bytes | None


class DueItem(Struct, frozen=True, tag="due"):
    """A deadline of the reader's passed: "settle", "lapsed", "ended", "review", "invitation"."""

    kind: str
    thing: bytes


class MemberItem(Struct, frozen=True, tag="member"):
    """The membership or the charter changed: "invited", "joined", "declined", "left", "key", "charter"."""

    what: str
    party: str


class LateItem(Struct, frozen=True, tag="late"):
    """A plan of another's was filed inside the lead time and meets the reader's; said beside the conflict."""

    conflict: bytes
    start_us: int


class OverlapItem(Struct, frozen=True, tag="overlap"):
    """What a plan that nobody filed comes too near to, as far as its asker may see it: as in a conflict."""

    plan: bytes
    party: str | None
    """None where the peer's plan is private."""
    other: str
    """"operation", "constraint" or "protected"."""
    minima_mm: tuple[int, int]
    severity: str
    places: Spots


Item = (
    ConflictItem
    | AlertItem
    | EncounterItem
    | StateItem
    | TalkItem
    | AskedItem
    | AnswerItem
    | DueItem
    | MemberItem
    | LateItem
    | MessageItem
    | ReachItem
    | EchoItem
    | RungItem
    | ReplyItem
    | MessageStateItem
    | DoubtItem
    | LineItem
    | WatchItem
    | HandedItem
    | RegisterItem
    | OwnItem
    | MovementItem
    | ProbedItem
    | OverlapItem
)

Derived = Effects | Places | Volumes


class Outcome(msgspec.Struct):
    """What `decide` returns: the parts in order, and the notices by party."""

    decision: Decision
    effects: Effects | None = None
    places: Places | None = None
    volumes: Volumes | None = None
    notices: list[tuple[str, Notice]] = []
    shapes: Shapes | None = None
    """What the effects move, measured: no part of the entry, but at hand for `apply`."""
    missing: tuple[Ref, ...] = ()
    """Intents that a key lacks, for the answer; the refusal has their digest."""

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, if it is one."""
        outcome = self.decision.outcome
        return outcome if isinstance(outcome, Refusal) else None


decode_decision = msgspec.msgpack.Decoder(Decision).decode
decode_effects = msgspec.msgpack.Decoder(Effects).decode
decode_derived = msgspec.msgpack.Decoder(Derived).decode
decode_notice = msgspec.msgpack.Decoder(Notice).decode


def accepted(outcome: Accepted, effects: Effects, attached: int = 0) -> Outcome:
    """An acceptance with its effects; places, volumes and notices are added by the caller."""
    return Outcome(Decision(DECIDE_VERSION, outcome, attached, 1), effects)


def refused(refusal: Refusal) -> Outcome:
    """A refusal: no attached parts, no effects."""
    return Outcome(Decision(DECIDE_VERSION, refusal, 0, 0))
