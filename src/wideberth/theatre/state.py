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
from wideberth.party.envelope import decode_volumes
from wideberth.party.standard import Kind, Standard, uuid4_of
from wideberth.space.volume import Volume4D
from wideberth.theatre.digest import Multiset
from wideberth.theatre.hotline_rows import DoubtRow, Line, Message, Obligation, Tree, Watch
from wideberth.theatre.occupied import EXACT, Margin, MinimaRow, Occupied
from wideberth.theatre.outcome import Near, Places, Ref, decode_derived
from wideberth.theatre.rows import (
    ZERO_HEAD,
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

WATCHED: Final = (Standard.F3548.value, Standard.F3411.value, Kind.SERVICE_AREA.value)


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
        self.movements: dict[Ref, Movement] = {}
        """By the ref of the thing that they are in space."""
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
        self.trees: dict[str, Tree] = {}
        self.paths: dict[tuple[str, str], Held] = {}
        """Routes by party and cell."""
        self.messages: dict[Ref, Message] = {}
        """By sender and id."""
        self.obligations: dict[bytes, Obligation] = {}
        self.owing: dict[Ref, list[bytes]] = {}
        """The obligations of a message."""
        self.doubts: dict[Ref, DoubtRow] = {}
        """By who doubts, and id."""
        self.lines: dict[bytes, Line] = {}
        self.watches: dict[tuple[str, str], Watch] = {}
        """By party and cell."""
        self.alerts: dict[bytes, AlertRow] = {}
        self.encounters: dict[Ref, EncounterRow] = {}
        """By who filed it, and id."""
        self.passing: list[tuple[int, Ref]] = []
        """A heap of messages that are over, and when they are forgotten."""
        self.open_ids: dict[bytes, Ref] = {}
        """Open things of the theatre's own parties by the id under which suppliers know them."""
        self.open_version = 0
        self.supplied_changed = False
        self.occupied = Occupied(self.volumes_of)
        self._charters: dict[str, Charter] = {}
        self._rows = Multiset(self._tables(), _digest_encode)
        self.fold = self._rows.fold
        """Have the digest follow, between two groups of entries."""
        self.touch = self._rows.touch
        """Note that a row of a table, by its key, was written or dropped."""

    def _tables(self) -> dict[str, dict[Any, Any]]:
        return {
            "member": self.members,
            "invitation": self.invitations,
            "thing": self.things,
            "movement": self.movements,
            "conflict": self.conflicts,
            "draft": self.drafts,
            "reference": self.references,
            "subscription": self.subscriptions,
            "availability": self.availability,
            "tree": self.trees,
            "path": self.paths,
            "message": self.messages,
            "obligation": self.obligations,
            "doubt": self.doubts,
            "line": self.lines,
            "watch": self.watches,
            "alert": self.alerts,
            "encounter": self.encounters,
            "charter": self._charters,
        }

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

    def message_volumes(self, message: Message) -> tuple[Volume4D, ...]:
        """Where a message is about; none where it has no geometry, or that was erased."""
        content = message.volumes.content if message.volumes is not None else None
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
